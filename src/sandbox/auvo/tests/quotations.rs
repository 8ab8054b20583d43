//! The quotations of points 5 and 8: people write them, the API reads them.

use serde_json::{Value, json};

use super::*;

/// An account with a quotation of one product and one service; tells its id.
fn quoted() -> (Desk, String, i64) {
    let mut desk = Desk::new();
    let (customer, (_, code), service) =
        (desk.customer("Aurora"), desk.product("Filtro", 45.9), desk.service("Limpeza", 100.0));
    desk.at("2026-02-10T12:00:00Z");
    let task = desk.task(customer, "2026-02-12");
    let body = json!({ "customerId": customer, "taskIds": [task], "expireDate": "2026-03-10",
        "products": [{ "productId": code, "amount": 2, "unitaryDiscount": { "type": "Percentual", "value": 50 } }],
        "services": [{ "serviceId": service, "amount": 1, "unitaryValue": 90.0 }] });
    let id = desk.auvo.person_adds(desk.now, "quotations", &body).unwrap();
    (desk, id, code)
}

#[test]
fn a_quotation_reads_as_the_sheet_has_it() {
    let (mut desk, id, code) = quoted();
    let row = desk.get(&format!("/quotations/{id}"));
    assert_eq!(row["publicId"].to_string(), id);
    assert_eq!(
        row["products"],
        json!([{ "productId": code, "externalCode": "P-Filtro", "amount": 2.0, "unitaryValue": "45.90",
            "unitaryDiscount": { "type": "Percentual", "value": 50 } }])
    );
    assert_eq!(
        (&row["services"][0]["name"], &row["services"][0]["unitaryValue"]),
        (&json!("Limpeza"), &json!("90.00"))
    );
    assert_eq!(row["services"][0]["serviceId"].as_str().unwrap().len(), 36);
    assert_eq!((&row["summary"]["grossTotalValue"], &row["summary"]["netTotalValue"]), (&json!(181.8), &json!(135.9)));
    assert_eq!(row["currentStage"]["description"], "Em elaboração");
    assert_eq!((&row["customerName"], &row["taskId"]), (&json!("Aurora"), &row["taskIds"][0]));
    for name in ["payment", "leadName", "internalNote"] {
        assert_eq!(row.get(name), Some(&Value::Null), "{name}");
    }
    let days = ["registerDate", "requestDate", "expireDate", "lastUpdateDate"].map(|name| row[name].clone());
    assert_eq!(days, ["2026-02-10", "2026-02-10", "2026-03-10", "2026-02-10"].map(Value::from));
    assert_eq!((&row["descount"], &row["aditionalCosts"]), (&json!("0.00"), &json!([])));
    assert_eq!(desk.get("/quotations")["entityList"], json!([row]));
}

#[test]
fn rows_may_be_thin_names_old_and_dates_moments() {
    let (mut desk, id, _) = quoted();
    desk.auvo.switches.quotation_rows_thin = true;
    let listed = desk.get("/quotations")["entityList"][0].clone();
    assert!(listed.get("products").is_none() && listed["currentStage"].is_object(), "{listed}");
    desk.auvo.switches.quotation_old_names = true;
    desk.auvo.switches.quotation_moments = true;
    let row = desk.get(&format!("/quotations/{id}"));
    assert!(row["taskID"].is_i64() && row["CurrentStage"].is_object() && row.get("currentStage").is_none(), "{row}");
    assert_eq!((&row["products"][0]["amout"], &row["products"][0]["UnitaryValue"]), (&json!(2.0), &json!("45.90")));
    assert_eq!(row["requestDate"], "2026-02-10T09:00:01");
}

#[test]
fn approval_is_a_stage_of_the_accounts_naming() {
    let (mut desk, id, _) = quoted();
    let approved = json!({ "currentStage": "Aprovado,Fechado" });
    assert_eq!(desk.count("/quotations", &approved), 0);
    desk.at("2026-02-11T12:00:00Z");
    desk.auvo.person_moves_quotation(desk.now, &id, "Aprovado").unwrap();
    let row = desk.rows("/quotations", &approved).remove(0);
    let stage = &row["currentStage"];
    assert_eq!(
        (&stage["changeStock"], &stage["isCancelled"], &stage["position"]),
        (&json!(true), &json!(false), &json!(3))
    );
    assert_eq!(row["lastUpdateDate"], "2026-02-11");
    assert!(desk.auvo.person_moves_quotation(desk.now, &id, "Ganho").is_err());
    desk.auvo.add_stage("Ganho", true, false);
    desk.auvo.person_moves_quotation(desk.now, &id, "Ganho").unwrap();
    assert_eq!(desk.get(&format!("/quotations/{id}"))["currentStage"]["description"], "Ganho");
}

#[test]
fn quotations_are_found_by_update_request_customer_and_product() {
    let (mut desk, id, code) = quoted();
    let row = desk.get(&format!("/quotations/{id}"));
    let count = |desk: &mut Desk, filter: Value| desk.count("/quotations", &filter);
    assert_eq!(count(&mut desk, json!({ "customersId": [row["customerId"], 5], "productsId": [code] })), 1);
    assert_eq!(count(&mut desk, json!({ "productsId": [5] })), 0);
    let person = desk.auvo.person_id();
    assert_eq!(count(&mut desk, json!({ "usersId": [person] })), 1);
    assert_eq!(
        count(&mut desk, json!({ "requestStartDate": "2026-02-10", "requestEndDate": "2026-02-10T23:59:59" })),
        1
    );
    assert_eq!(count(&mut desk, json!({ "requestStartDate": "2026-02-11" })), 0);
    assert_eq!(count(&mut desk, json!({ "lastUpdateStartDate": "2026-02-11" })), 0);
    desk.auvo.switches.quotation_update_filter = false;
    assert_eq!(count(&mut desk, json!({ "lastUpdateStartDate": "2026-02-11" })), 1);
    assert!(desk.auvo.person_deletes(desk.now, "quotations", &id));
    assert_eq!(count(&mut desk, json!({})), 0);
}
