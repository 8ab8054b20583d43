//! Points 6 and 10: what writes answer, JSON Patch, writes without effect, moving dates.

use serde_json::{Value, json};

use super::*;

#[test]
fn each_write_answers_in_its_own_way() {
    let mut desk = Desk::new();
    let (status, told) = desk.call("POST /customers/", &json!({ "name": "Aurora", "Unheard": 1 }));
    assert_eq!((status, &told["result"]["name"]), (201, &json!("Aurora")));
    let id = told["result"]["id"].as_i64().unwrap();
    let (status, told) = desk.call("PUT /customers/", &json!({ "externalId": "E-1", "description": "Nova" }));
    assert_eq!((status, &told["result"]["description"]), (201, &json!("Nova")));
    assert_eq!(desk.call("PUT /customers/", &json!({ "externalId": "E-1", "name": "Nova" })).0, 200);
    assert_eq!(desk.patch(&format!("/customers/{id}"), "note", json!("x")).0, 200);
    let answer = desk.raw(&format!("DELETE /customers/{id}"), &[], "");
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(desk.call(&format!("GET /customers/{id}"), &Value::Null), (404, Value::Null));
    assert_eq!(desk.call(&format!("DELETE /customers/{id}"), &Value::Null).0, 404);
    let writes = &desk.auvo.tally().writes;
    let counted = ["POST customers", "PUT customers", "PATCH customers", "DELETE customers"].map(|kind| writes[kind]);
    assert_eq!(counted, [1, 2, 1, 1]);
}

#[test]
fn a_patch_is_an_array_and_takes_paths_with_or_without_a_slash() {
    let mut desk = Desk::new();
    let id = desk.customer("Aurora");
    let path = format!("/customers/{id}");
    let both = json!([{ "op": "replace", "path": "/note", "value": "n" }, { "op": "Replace", "path": "MANAGER", "value": "m" }]);
    let told = desk.good(&format!("PATCH {path}"), both);
    assert_eq!((&told["note"], &told["manager"], &told["name"]), (&json!("n"), &json!("m"), &json!("Aurora")));
    assert_eq!(desk.call(&format!("PATCH {path}"), &json!({ "note": "x" })).0, 400);
    for (member, value) in
        [("estimatedDuration", json!("x")), ("id", json!(5)), ("contacts", json!([])), ("note/0", json!("x"))]
    {
        let (status, told) = desk.patch(&path, member, value);
        let text = format!("The target location specified by path segment '{member}' was not found.");
        assert_eq!((status, &told["message"]), (400, &json!(text)));
    }
    // One bad operation keeps the good ones from happening.
    let mixed =
        json!([{ "op": "replace", "path": "note", "value": "x" }, { "op": "replace", "path": "z", "value": 1 }]);
    assert_eq!(desk.call(&format!("PATCH {path}"), &mixed).0, 400);
    let remove = json!([{ "op": "remove", "path": "note" }]);
    assert_eq!(desk.call(&format!("PATCH {path}"), &remove).0, 400);
    assert_eq!(desk.get(&path)["note"], "n");
    desk.auvo.switches.patch_replaces_only = false;
    assert_eq!(desk.good(&format!("PATCH {path}"), remove)["note"], "");
}

#[test]
fn some_patches_answer_200_and_store_nothing() {
    let mut desk = Desk::new();
    let kind = desk.auvo.named("taskTypes", "Preventiva").unwrap();
    let user = desk.auvo.named("users", "Técnica Um").unwrap();
    let (status, told) = desk.patch(&format!("/taskTypes/{kind}"), "description", json!("Outra"));
    assert_eq!((status, &told["result"]["description"]), (200, &json!("Preventiva")));
    assert_eq!(desk.patch(&format!("/taskTypes/{kind}"), "active", json!(false)).1["result"]["active"], false);
    let (status, told) = desk.patch(&format!("/users/{user}"), "name", json!("Outra"));
    assert_eq!((status, &told["result"]["name"]), (200, &json!("Técnica Um")));
    assert!(!desk.auvo.tally().writes.contains_key("PATCH users"));
    let id = desk.customer("Aurora");
    desk.auvo.switches.patch_ignored = vec!["customers.active".to_owned()];
    assert_eq!(desk.patch(&format!("/customers/{id}"), "active", json!(false)).1["result"]["active"], true);
    assert_eq!(desk.patch(&format!("/users/{user}"), "name", json!("Outra")).1["result"]["name"], "Outra");
}

#[test]
fn every_accepted_change_moves_the_date_of_the_last_update() {
    let mut desk = Desk::new();
    desk.at("2026-02-10T12:00:00Z");
    let id = desk.customer("Aurora");
    let dates = |row: &Value| [row["creationDate"].clone(), row["dateLastUpdate"].clone()];
    let born = json!("2026-02-10T09:00:00");
    let path = format!("/customers/{id}");
    assert_eq!(dates(&desk.get(&path)), [born.clone(), born.clone()]);
    desk.at("2026-02-10T12:05:00Z");
    let (_, told) = desk.patch(&path, "note", json!("x"));
    assert_eq!(dates(&told["result"]), [born, json!("2026-02-10T09:05:00")]);
    // Also one that changes nothing, unless switched off.
    let (_, told) = desk.patch(&path, "note", json!("x"));
    assert_eq!(told["result"]["dateLastUpdate"], "2026-02-10T09:05:01");
    desk.auvo.switches.idle_write_moves_date = false;
    let (_, told) = desk.patch(&path, "note", json!("x"));
    assert_eq!(told["result"]["dateLastUpdate"], "2026-02-10T09:05:01");
    desk.auvo.person_edits(desk.now, "customers", &id.to_string(), &json!({ "note": "y" })).unwrap();
    assert_eq!(desk.get(&path)["dateLastUpdate"], "2026-02-10T09:05:03");
    assert_eq!(desk.call(&format!("PATCH {path}"), &json!([{ "op": "replace", "path": "z" }])).0, 400);
    assert_eq!(desk.get(&path)["dateLastUpdate"], "2026-02-10T09:05:03");
}

#[test]
fn values_of_the_wrong_type_or_length_are_refused_by_name() {
    let mut desk = Desk::new();
    let refused = |desk: &mut Desk, body: Value| {
        let (status, told) = desk.call("POST /customers", &body);
        assert_eq!(status, 400, "{told}");
        told.as_object().unwrap().keys().next().unwrap().clone()
    };
    assert_eq!(refused(&mut desk, json!({ "name": "x", "active": "S" })), "active");
    assert_eq!(refused(&mut desk, json!({ "name": "x", "phoneNumber": "6230001000" })), "phoneNumber");
    assert_eq!(refused(&mut desk, json!({ "name": "x", "segmentId": "1" })), "segmentId");
    assert_eq!(refused(&mut desk, json!({ "name": "x", "legalName": "y".repeat(101) })), "legalName");
    assert_eq!(refused(&mut desk, json!({ "name": " " })), "description");
    assert_eq!(desk.call("POST /customers", &json!([])).0, 400);
    assert_eq!(desk.call("GET /customers/x", &Value::Null), (400, json!({ "id": ["The value 'x' is not valid."] })));
    assert!(desk.auvo.records("customers").is_empty());
}
