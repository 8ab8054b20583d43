//! Webhooks: who may listen, what they hear, how it gets lost.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::Delivery;

impl Desk {
    /// Registers a listener for each action of an entity.
    fn listen(&mut self, entity: Value) {
        for action in 1..=3 {
            let url = format!("https://hooks.firma.example/{action}");
            self.good("POST /webHooks/", json!({ "id": 0, "entity": entity, "action": action, "targetUrl": url }));
        }
    }

    fn heard(&mut self) -> Vec<Value> {
        let hooks = self.auvo.due_hooks(self.now);
        hooks.iter().map(|hook| serde_json::from_str(&hook.body).unwrap()).collect()
    }
}

#[test]
fn a_listener_is_registered_once_for_each_entity_and_action() {
    let mut desk = Desk::new();
    desk.at("2026-02-10T12:00:00Z");
    let body =
        json!({ "id": 0, "entity": 4, "action": 2, "targetUrl": "https://hooks.firma.example/a", "active": true });
    let (status, told) = desk.call("POST /webHooks/", &body);
    let expected = json!({ "id": told["result"]["id"], "userId": desk.auvo.integration_user_id(), "entity": "Task",
        "action": "Alteracao", "urlResponse": "https://hooks.firma.example/a", "creationDate": "2026-02-10 09:00:00",
        "deleteDate": null, "active": true });
    assert_eq!((status, &told["result"]), (201, &expected));
    let (status, refused) = desk.call("POST /webHooks/", &body);
    assert_eq!((status, &refused["errorCode"]), (400, &json!(1026)));
    let id = told["result"]["id"].clone();
    let change =
        json!({ "id": id, "entity": "task", "action": "inclusao", "targetUrl": "https://hooks.firma.example/b" });
    let (status, told) = desk.call("POST /webHooks/", &change);
    assert_eq!((status, &told["result"]["action"], &told["result"]["id"]), (200, &json!("Inclusao"), &id));
    for (name, value) in [("targetUrl", json!("http://x.example")), ("entity", json!(5)), ("action", json!("x"))] {
        let mut wrong = body.clone();
        wrong[name] = value;
        assert_eq!(desk.call("POST /webHooks/", &wrong).0, 400, "{name}");
    }
    let equipment = json!({ "entity": 27, "action": 1, "targetUrl": "https://hooks.firma.example/c" });
    assert_eq!(desk.good("POST /webHooks/", equipment)["entity"], "27");
    assert_eq!(desk.count("/webhooks", &json!({})), 2);
    assert_eq!(desk.call(&format!("DELETE /webHooks/{id}"), &Value::Null).0, 204);
    assert_eq!(desk.count("/webhooks", &json!({})), 1);
}

#[test]
fn a_listener_hears_what_happened_with_the_record_in_it() {
    let mut desk = Desk::new();
    desk.customer("before");
    desk.listen(json!(7));
    desk.at("2026-02-10T12:00:00Z");
    let id = desk.customer("Aurora");
    desk.auvo.person_edits(desk.now, "customers", &id.to_string(), &json!({ "note": "x" })).unwrap();
    desk.task(id, "2026-02-12");
    assert_eq!(desk.call(&format!("DELETE /customers/{id}"), &Value::Null).0, 204);
    let heard = desk.heard();
    let actions: Vec<&Value> = heard.iter().map(|told| &told["result"]["Action"]).collect();
    assert_eq!(actions, ["Inclusao", "Alteracao", "Exclusao"]);
    let told = &heard[1]["result"];
    assert_eq!(
        (&told["EntityType"], &told["EntityId"], &told["Date"]),
        (&json!("Cliente"), &json!(id), &json!("2026-02-10T09:00:01"))
    );
    assert_eq!((&told["Entities"][0]["note"], &told["Entities"][0]["description"]), (&json!("x"), &json!("Aurora")));
    assert!(desk.heard().is_empty());
    // Nobody listens to products.
    desk.product("Filtro", 1.0);
    assert!(desk.heard().is_empty());
}

#[test]
fn the_newer_body_only_names_the_record() {
    let mut desk = Desk::new();
    desk.auvo.switches.hooks_in_portal_form = true;
    desk.listen(json!(4));
    let customer = desk.customer("Aurora");
    desk.at("2026-02-10T12:00:00Z");
    let task = desk.task(customer, "2026-02-12");
    desk.auvo.person_deletes(desk.now, "tasks", &task.to_string());
    let heard = desk.heard();
    assert_eq!(
        (&heard[0]["event"], &heard[1]["event"], heard.len()),
        (&json!("task.created"), &json!("task.deleted"), 2)
    );
    assert_eq!(heard[0]["data"], json!({ "taskId": task, "customerId": customer }));
    assert_eq!(heard[0]["occurredAt"], "2026-02-10T12:00:00Z");
    assert_ne!(heard[0]["deliveryId"], heard[1]["deliveryId"]);
}

#[test]
fn calls_get_lost_doubled_and_out_of_order() {
    let mut desk = Desk::new();
    desk.listen(json!("Customer"));
    let names = |desk: &mut Desk, delivery| {
        desk.auvo.switches.hook_delivery = delivery;
        desk.customer("a");
        desk.customer("b");
        let heard = desk.heard();
        heard
            .iter()
            .map(|told| told["result"]["Entities"][0]["description"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&mut desk, Delivery::Twice), ["a", "a", "b", "b"]);
    assert_eq!(names(&mut desk, Delivery::Backwards), ["b", "a"]);
    assert!(names(&mut desk, Delivery::Never).is_empty());
    assert_eq!(names(&mut desk, Delivery::Once), ["a", "b"]);
    let listeners = desk.auvo.records("webHooks");
    assert_eq!(listeners.len(), 3);
}
