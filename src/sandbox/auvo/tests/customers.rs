//! Point 7 and the customers of point 8: how a PUT finds and merges, how a customer reads.

use serde_json::{Value, json};

use super::*;

fn aurora() -> Value {
    json!({ "externalId": "OMIE-9001", "name": "Padaria Aurora Ltda", "legalName": "Padaria Aurora Ltda",
        "cpfCnpj": "11.222.333/0001-81", "phoneNumber": ["(62) 3000-1000"], "email": ["contato@aurora.example"],
        "address": "Rua das Acácias, 10 - Centro, Goiânia - GO" })
}

#[test]
fn a_customer_reads_as_the_sheet_has_it() {
    let mut desk = Desk::new();
    desk.at("2026-02-10T12:05:00Z");
    let made = desk.good("PUT /customers/", aurora());
    let (latitude, longitude) = (made["latitude"].as_f64().unwrap(), made["longitude"].as_f64().unwrap());
    assert!(latitude < 0.0 && longitude < 0.0);
    let expected = json!({ "id": made["id"], "externalId": "OMIE-9001", "description": "Padaria Aurora Ltda",
        "cpfCnpj": "11222333000181", "phoneNumber": ["6230001000"], "email": ["contato@aurora.example"],
        "manager": "", "managerJobPosition": "", "note": "", "address": "Rua das Acácias, 10 - Centro, Goiânia - GO",
        "adressComplement": "", "latitude": latitude, "longitude": longitude, "maximumVisitTime": 0,
        "unitMaximumTime": 1, "groupsId": [], "managerTeamsId": [], "managersId": [], "segmentId": 0, "active": true,
        "legalName": "Padaria Aurora Ltda", "creationDate": "2026-02-10T09:05:00",
        "dateLastUpdate": "2026-02-10T09:05:00", "contacts": [], "uriAttachments": [] });
    assert_eq!(made, expected);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(desk.get(&format!("/customers/{id}")), expected);
    assert_eq!(desk.get("/customers")["entityList"], json!([expected]));
}

#[test]
fn spellings_differ_from_account_to_account() {
    let mut desk = Desk::new();
    desk.good("PUT /customers/", aurora());
    desk.auvo.switches.customer_portal_names = true;
    desk.auvo.switches.legal_name_shown = false;
    let row = desk.get("/customers")["entityList"][0].clone();
    assert!(row["customerId"].is_i64() && row["name"] == "Padaria Aurora Ltda", "{row}");
    assert!(["id", "description", "legalName"].iter().all(|name| row.get(name).is_none()), "{row}");
    desk.auvo.switches.digits_only = false;
    let raw = desk.good("POST /customers", json!({ "name": " x ", "cpfCnpj": "1-2", "phoneNumber": ["(62) 3"] }));
    assert_eq!(
        (&raw["cpfCnpj"], &raw["phoneNumber"], &raw["name"]),
        (&json!("1-2"), &json!(["(62) 3"]), &json!(" x "))
    );
}

#[test]
fn a_put_finds_by_id_then_external_id_then_document_with_its_flag() {
    let mut desk = Desk::new();
    let first = desk.good("PUT /customers", aurora())["id"].clone();
    let second = desk.good("PUT /customers", json!({ "externalId": "B", "name": "B" }))["id"].clone();
    let found = |desk: &mut Desk, body: Value| {
        let (status, told) = desk.call("PUT /customers", &body);
        (status, told["result"]["id"].clone())
    };
    assert_eq!(
        found(&mut desk, json!({ "id": second, "externalId": "OMIE-9001", "name": "x" })),
        (200, second.clone())
    );
    assert_eq!(
        found(&mut desk, json!({ "externalId": "OMIE-9001", "cpfCnpj": "11222333000181", "name": "y" })).1,
        first
    );
    desk.good(
        &format!("PUT /customers?of={first}"),
        json!({ "id": first, "externalId": "A", "cpfCnpj": "11222333000181" }),
    );
    let by_document =
        json!({ "externalId": "new", "cpfCnpj": "11.222.333/0001-81", "name": "z", "identifierBycpfCnpj": true });
    assert_eq!(found(&mut desk, by_document), (200, first));
    let (status, third) = found(&mut desk, json!({ "externalId": "other", "cpfCnpj": "11222333000181", "name": "z" }));
    assert!(status == 201 && third != second);
    assert_eq!(found(&mut desk, json!({ "id": 1, "name": "z" })).0, 404);
    assert_eq!(found(&mut desk, json!({ "id": 0, "externalId": "other", "name": "z" })), (200, third));
}

#[test]
fn a_put_clears_what_it_leaves_out_unless_told_to_merge() {
    let mut desk = Desk::new();
    let mut full = aurora();
    full["note"] = json!("n");
    full["active"] = json!(false);
    let id = desk.good("PUT /customers", full)["id"].clone();
    let put = |desk: &mut Desk, mut more: Value| {
        more["id"] = id.clone();
        desk.good("PUT /customers", more)
    };
    let merged = put(&mut desk, json!({ "replaceData": false, "email": ["a@b.example"] }));
    assert_eq!((&merged["note"], &merged["email"]), (&json!("n"), &json!(["a@b.example"])));
    let replaced = put(&mut desk, json!({ "name": "Nova" }));
    let cleared = ["note", "cpfCnpj", "phoneNumber", "email", "address"].map(|name| replaced[name].clone());
    assert_eq!(cleared, [json!(""), json!(""), json!([]), json!([]), json!("")]);
    // The key, the legal name and the activity stay.
    let kept = ["externalId", "legalName", "active"].map(|name| replaced[name].clone());
    assert_eq!(kept, [json!("OMIE-9001"), json!("Padaria Aurora Ltda"), json!(false)]);
    assert_eq!(put(&mut desk, json!({ "legalName": "" }))["legalName"], "Padaria Aurora Ltda");
    assert_eq!(put(&mut desk, json!({ "legalName": "", "allowLegalNameClear": true }))["legalName"], "");
    put(&mut desk, json!({ "note": "again" }));
    desk.auvo.switches.replace_data = false;
    assert_eq!(put(&mut desk, json!({ "name": "Mais nova" }))["note"], "again");
}

#[test]
fn contacts_are_changed_by_id_and_added_without() {
    let mut desk = Desk::new();
    let id = desk.good("PUT /customers", aurora())["id"].clone();
    let put = |desk: &mut Desk, contacts: Value| {
        let body = json!({ "id": id, "replaceData": false, "contacts": contacts });
        desk.call("PUT /customers", &body)
    };
    let (_, told) = put(&mut desk, json!([{ "name": "Ana ", "email": "ana@x.example" }]));
    let ana = told["result"]["contacts"][0].clone();
    assert_eq!((&ana["name"], &ana["jobPosition"], &ana["phone"]), (&json!("Ana "), &json!(""), &json!("")));
    let (_, told) = put(&mut desk, json!([{ "id": ana["id"], "phone": "62" }, { "name": "Beto" }]));
    let contacts = told["result"]["contacts"].as_array().unwrap();
    assert_eq!((contacts.len(), &contacts[0]["name"], &contacts[0]["phone"]), (2, &json!("Ana "), &json!("62")));
    assert_eq!(put(&mut desk, json!([{ "email": "x" }])).0, 400);
    assert_eq!(put(&mut desk, json!([{ "id": 5, "name": "x" }])).0, 400);
    assert_eq!(put(&mut desk, json!("x")).0, 400);
}

#[test]
fn references_must_lead_somewhere_and_a_lost_segment_is_refused_without_a_word() {
    let mut desk = Desk::new();
    let answer = desk.call("POST /customers", &json!({ "name": "x", "segmentId": 1 }));
    assert_eq!(answer, (400, Value::Null));
    for name in ["groupsId", "managerTeamsId", "managersId"] {
        let (status, told) = desk.call("POST /customers", &json!({ "name": "x", name: [1] }));
        assert_eq!((status, &told["message"]), (400, &json!(format!("The {name} 1 was not found."))));
    }
    let segment: i64 = desk.auvo.named("segments", "Comércio").unwrap().parse().unwrap();
    assert_eq!(desk.call("POST /customers", &json!({ "name": "x", "segmentId": segment })).0, 201);
}

#[test]
fn keys_may_be_unique_and_documents_checked() {
    let mut desk = Desk::new();
    for _ in 0..2 {
        assert_eq!(desk.call("POST /customers", &aurora()).0, 201);
    }
    desk.auvo.switches.unique_external_id = true;
    assert_eq!(desk.call("POST /customers", &aurora()).0, 400);
    desk.auvo.switches.document_checked = true;
    assert_eq!(desk.call("POST /customers", &json!({ "name": "x", "cpfCnpj": "11222333000182" })).0, 400);
    for good in ["11222333000181", "52998224725", ""] {
        assert_eq!(desk.call("POST /customers", &json!({ "name": "x", "cpfCnpj": good })).0, 201, "{good}");
    }
}

#[test]
fn a_group_takes_in_its_customers_and_lists_them() {
    let mut desk = Desk::new();
    let (one, _two) = (desk.customer("a"), desk.customer("b"));
    let told = desk.good("POST /customerGroups", json!({ "description": "Contratos A", "clientsId": [one] }));
    let group = told["clientGroupSearchReturn"]["id"].as_i64().unwrap();
    assert_eq!(desk.get(&format!("/customers/{one}"))["groupsId"], json!([group]));
    let clients = desk.get(&format!("/customerGroups/{group}/clients/"));
    assert_eq!((clients["entityList"].as_array().unwrap().len(), &clients["entityList"][0]["id"]), (1, &json!(one)));
    assert_eq!(desk.count("/customers", &json!({ "groupId": group })), 1);
    assert_eq!(desk.call(&format!("DELETE /customerGroups/{group}"), &Value::Null).0, 204);
    assert_eq!(desk.call(&format!("GET /customerGroups/{group}/clients/"), &Value::Null).0, 404);
    desk.auvo.switches.group_answer_nested = false;
    assert!(desk.good("POST /customerGroups", json!({ "description": "B" }))["id"].is_i64());
}

#[test]
fn a_person_in_the_application_leaves_other_defaults() {
    let mut desk = Desk::new();
    let id = desk.auvo.person_adds(desk.now, "customers", &json!({ "name": "Aurora" })).unwrap();
    let row = desk.auvo.record("customers", &id).unwrap();
    assert_eq!((&row["maximumVisitTime"], &row["unitMaximumTime"]), (&json!(1), &json!(3)));
    assert_eq!(desk.auvo.records("customers"), std::slice::from_ref(&id));
    assert!(
        desk.auvo.person_deletes(desk.now, "customers", &id) && !desk.auvo.person_deletes(desk.now, "customers", &id)
    );
    assert!(desk.auvo.person_adds(desk.now, "customers", &json!({})).is_err());
    assert!(desk.auvo.person_adds(desk.now, "budgets", &json!({})).is_err());
    assert!(desk.auvo.person_edits(desk.now, "customers", &id, &json!({ "note": "x" })).is_err());
    assert!(desk.auvo.tally().writes.is_empty());
}
