//! Point 9 and the products, services and small registries of point 8.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::auvo::{PostedNumber, PriceForm};

#[test]
fn a_product_has_a_guid_and_a_code() {
    let mut desk = Desk::new();
    let category: i64 = desk.auvo.named("productCategories", "Peças").unwrap().parse().unwrap();
    let body = json!({ "name": "Filtro G4", "externalId": "OMIE-P-77", "categoryId": category, "totalStock": 12 });
    let made = desk.good("POST /products/", body);
    let code = made["code"].as_i64().unwrap();
    let expected = json!({ "productId": made["productId"], "id": code, "externalId": "OMIE-P-77", "code": code,
        "name": "Filtro G4", "description": "", "associatedEquipmentId": 0, "categoryId": category,
        "unitaryValue": "0,00", "unitaryCost": "0,00", "minimumStock": 0.0, "totalStock": 12.0, "active": true,
        "imageUrl": "", "uriAttachments": [], "productSpecifications": [], "employeesStock": [] });
    assert_eq!(made, expected);
    assert_eq!(made["productId"].as_str().unwrap().len(), 36);
    assert_eq!(desk.get(&format!("/products/{code}")), expected);
    assert_eq!(desk.rows("/products", &json!({ "id": code, "externalId": "OMIE-P-77" })), [expected]);
    desk.auvo.switches.product_code_text = true;
    desk.auvo.switches.product_id_shown = false;
    let shown = desk.get(&format!("/products/{code}"));
    assert!(shown["code"] == json!(code.to_string()) && shown.get("id").is_none(), "{shown}");
    // There is nothing that tells when a product changed.
    assert!(shown.as_object().unwrap().keys().all(|name| !name.to_lowercase().contains("date")));
    let guid = made["productId"].as_str().unwrap();
    assert_eq!(desk.call(&format!("GET /products/{guid}"), &Value::Null).0, 400);
}

#[test]
fn prices_are_shown_as_texts_of_the_culture() {
    let mut desk = Desk::new();
    let (_, code) = desk.product("Filtro", 1045.9);
    let shown = |desk: &mut Desk, form| {
        desk.auvo.switches.product_price = form;
        desk.get(&format!("/products/{code}"))["unitaryValue"].clone()
    };
    let forms = [PriceForm::Comma, PriceForm::Dollar, PriceForm::Dot, PriceForm::Number];
    let texts = forms.map(|form| shown(&mut desk, form));
    assert_eq!(texts, [json!("1.045,90"), json!("$1,045.90"), json!("1045.90"), json!(1045.9)]);
}

#[test]
fn a_posted_number_is_stored_tenfold_and_a_patched_one_right() {
    let mut desk = Desk::new();
    let post = |desk: &mut Desk, price: Value| {
        let body = json!({ "name": "x", "unitaryValue": price, "unitaryCost": 2 });
        let made = desk.good("POST /products", body);
        (made["code"].as_i64().unwrap(), made["unitaryValue"].clone(), made["unitaryCost"].clone())
    };
    let (code, price, cost) = post(&mut desk, json!(45.9));
    assert_eq!((&price, &cost), (&json!("459,00"), &json!("20,00")));
    assert_eq!(post(&mut desk, json!("45,90")).1, "45,90");
    let (_, told) = desk.patch(&format!("/products/{code}"), "unitaryValue", json!(45.9));
    assert_eq!(told["result"]["unitaryValue"], "45,90");
    let (_, told) = desk.patch(&format!("/products/{code}"), "unitaryValue", json!("1.012,50"));
    assert_eq!(told["result"]["unitaryValue"], "1.012,50");
    desk.auvo.switches.posted_number = PostedNumber::PointLost;
    assert_eq!(post(&mut desk, json!(45.9)).1, "459,00");
    desk.auvo.switches.posted_number = PostedNumber::Right;
    assert_eq!(post(&mut desk, json!(45.9)).1, "45,90");
    assert_eq!(desk.call("POST /products", &json!({ "name": "x", "unitaryValue": "caro" })).0, 400);
    // People are not caught in it.
    desk.auvo.switches.posted_number = PostedNumber::TimesTen;
    let id = desk.auvo.person_adds(desk.now, "products", &json!({ "name": "y", "unitaryValue": 45.9 })).unwrap();
    assert_eq!(desk.get(&format!("/products/{id}"))["unitaryValue"], "45,90");
}

#[test]
fn products_are_put_by_external_id_and_stock_is_absolute() {
    let mut desk = Desk::new();
    let (_, code) = desk.product("Filtro", 1.0);
    let (status, told) =
        desk.call("PUT /products", &json!({ "externalId": "P-Filtro", "totalStock": 3, "minimumStock": "5" }));
    assert_eq!((status, &told["result"]["code"], &told["result"]["name"]), (200, &json!(code), &json!("Filtro")));
    assert_eq!(desk.count("/products", &json!({ "lowerThanMinimumStock": true })), 1);
    let (_, told) = desk.patch(&format!("/products/{code}"), "totalStock", json!(7.5));
    assert_eq!(told["result"]["totalStock"], 7.5);
    assert_eq!(desk.count("/products", &json!({ "lowerThanMinimumStock": true })), 0);
    assert_eq!(desk.count("/products", &json!({ "lowerThanMinimumStock": false })), 1);
    assert_eq!(desk.call("PUT /products", &json!({ "externalId": "new" })).0, 400);
    assert_eq!(desk.call("PUT /products", &json!({ "externalId": "new", "name": "n" })).0, 201);
    assert_eq!(desk.call(&format!("DELETE /products/{code}"), &Value::Null).0, 204);
    assert_eq!(desk.count("/products", &json!({})), 1);
}

#[test]
fn a_service_has_a_guid_alone_and_a_code_of_its_own() {
    let mut desk = Desk::new();
    let body =
        json!({ "title": "Manutenção preventiva", "price": 250.0, "externalCode": "OMIE-S-12", "externalId": "x" });
    let made = desk.good("POST /services/", body);
    let id = made["id"].as_str().unwrap().to_owned();
    let expected = json!({ "id": id, "title": "Manutenção preventiva", "description": "", "price": "250.00",
        "active": true, "externalCode": "OMIE-S-12", "fiscalServiceId": null });
    assert_eq!(made, expected);
    assert_eq!(desk.get(&format!("/services/{}", id.to_uppercase())), expected);
    let (status, told) = desk.patch(&format!("/services/{id}"), "price", json!("12.5"));
    assert_eq!((status, &told["result"]["price"]), (200, &json!("12.50")));
    assert_eq!(desk.call("POST /services", &json!({ "title": "y", "externalCode": "OMIE-S-12" })).0, 400);
    assert_eq!(desk.call("PUT /services", &json!({ "externalCode": "OMIE-S-12", "title": "z" })).0, 200);
    assert_eq!(desk.call("PUT /services", &json!({ "id": id, "active": false })).0, 200);
    assert_eq!(desk.count("/services", &json!({ "externalCode": "omie-s-12", "active": false })), 1);
    desk.auvo.switches.service_price = PriceForm::Number;
    assert_eq!(desk.get(&format!("/services/{id}"))["price"], 12.5);
    assert_eq!(desk.call("GET /services/nobody", &Value::Null).0, 404);
    assert_eq!(desk.auvo.records("services"), [id]);
}

#[test]
fn small_registries_read_as_the_sheet_has_them() {
    let mut desk = Desk::new();
    desk.at("2026-02-10T12:00:00Z");
    let made = desk.good("POST /taskTypes/", json!({ "description": "Vistoria", "standardTime": "01:30:00" }));
    assert_eq!((&made["standartTime"], &made["active"]), (&json!("01:30:00"), &json!(true)));
    assert_eq!(
        (&made["creatorId"], &made["creationDate"]),
        (&json!(desk.auvo.integration_user_id()), &json!("2026-02-10T09:00:00"))
    );
    assert_eq!(made["requirements"]["minimumNumberOfPhotos"], 0);
    let users = desk.rows("/users", &json!({ "name": "técnica" }));
    let user = &users[0];
    assert!(user["userID"].is_i64() && user["smartPhoneNumber"].is_string() && user.get("active").is_none(), "{user}");
    assert_eq!((&user["culture"], &user["userType"]["userTypeId"]), (&json!("pt-BR"), &json!(1)));
    assert!(user.as_object().unwrap().keys().all(|name| !name.starts_with('_')));
    assert_eq!(desk.rows("/users", &json!({ "userType": 3 }))[0]["userID"], desk.auvo.integration_user_id());
    let teams = desk.get("/teams")["entityList"][0].clone();
    assert_eq!(
        (&teams["teamUsers"], &teams["teamManagers"]),
        (&json!(["Técnica Um", "Técnico Dois"]), &json!(["Paula Prado"]))
    );
    let made = desk.good("POST /keywords", json!({ "description": "vip" }));
    let id = made["id"].as_i64().unwrap();
    assert_eq!(desk.patch(&format!("/keywords/{id}"), "description", json!("VIP")).1["result"]["description"], "VIP");
    assert_eq!(desk.call(&format!("DELETE /keywords/{id}"), &Value::Null).0, 204);
    let category = desk.call("PUT /productCategories", &json!({ "externalId": "C", "description": "Filtros" }));
    assert_eq!((category.0, &category.1["result"]["externalId"]), (201, &json!("C")));
}

#[test]
fn no_seat_is_free_for_another_user() {
    let mut desk = Desk::new();
    let body = json!({ "name": "x", "smartPhoneNumber": "1", "culture": "pt-BR", "jobPosition": "x", "login": "x", "email": "x" });
    let before = desk.auvo.records("users").len();
    let (status, told) = desk.call("POST /users", &body);
    assert_eq!((status, &told["errorCode"]), (400, &json!(56)));
    assert_eq!(desk.call("POST /users", &json!({ "name": "x" })).0, 400);
    assert_eq!(desk.auvo.records("users").len(), before);
}
