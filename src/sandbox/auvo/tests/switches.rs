//! Each switch that no other test turns: what the account does at both of its positions.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_minute_holds_as_many_requests_as_the_account_says() {
    let mut desk = Desk::new();
    desk.auvo.switches.requests_per_minute = 3;
    desk.now += 60.seconds();
    let statuses = [0, 1, 2, 3].map(|_| desk.call("GET /users", &Value::Null).0);
    assert_eq!(statuses, [200, 200, 200, 403]);
}

#[test]
fn a_page_holds_as_many_rows_as_the_account_caps_it_at_where_there_is_a_cap() {
    let mut desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.customer(name);
        desk.product(name, 1.0);
    }
    let rows = |desk: &mut Desk, path: &str| desk.get(path)["entityList"].as_array().unwrap().len();
    desk.auvo.switches.page_cap = 2;
    assert_eq!((rows(&mut desk, "/customers?pageSize=100"), rows(&mut desk, "/products?pageSize=100")), (2, 3));
    desk.auvo.switches.uncapped = vec!["customers".to_owned()];
    assert_eq!((rows(&mut desk, "/customers?pageSize=100"), rows(&mut desk, "/products?pageSize=100")), (3, 2));
}

#[test]
fn an_answer_to_a_write_spells_the_name_of_a_customer_as_the_account_does() {
    let mut desk = Desk::new();
    for (says_name, shown, hidden) in [(true, "name", "description"), (false, "description", "name")] {
        desk.auvo.switches.customer_answer_says_name = says_name;
        let made = desk.good("POST /customers", json!({ "name": "Aurora" }));
        assert!(made[shown] == "Aurora" && made.get(hidden).is_none(), "{made}");
        let (_, patched) = desk.patch(&format!("/customers/{}", made["id"]), "name", json!("Nova"));
        assert!(patched["result"][shown] == "Nova" && patched["result"].get(hidden).is_none(), "{patched}");
    }
}

#[test]
fn listeners_without_https_are_taken_where_the_account_takes_them() {
    let mut desk = Desk::new();
    let body = json!({ "entity": 7, "action": 1, "targetUrl": "http://127.0.0.1/h" });
    assert_eq!(desk.call("POST /webHooks", &body).0, 400);
    desk.auvo.switches.hooks_over_https = false;
    assert_eq!(desk.call("POST /webHooks", &body).0, 201);
    desk.customer("Aurora");
    assert_eq!(desk.auvo.due_hooks(desk.now)[0].url, "http://127.0.0.1/h");
}
