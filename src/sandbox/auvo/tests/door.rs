//! Points 1 to 3: the login, the rate, paths, verbs and content types.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::auvo::LoginForm;

#[test]
fn a_login_tells_a_bearer_and_moments_of_brasilia() {
    let mut desk = Desk::new();
    for call in ["GET /login/?apiKey=demo-key&apiToken=demo-token", "GET /LOGIN?APIKEY=demo-key&apitoken=demo-token"] {
        let told = desk.good(call, Value::Null);
        assert_eq!((&told["authenticated"], &told["message"]), (&json!(true), &json!("OK")));
    }
    desk.at("2026-02-10T12:00:00Z");
    let told = desk.good("POST /login/", json!({ "apiKey": "demo-key", "apiToken": "demo-token" }));
    assert_eq!((&told["created"], &told["expiration"]), (&json!("2026-02-10 09:00:00"), &json!("2026-02-10 09:30:00")));
    desk.auvo.switches.login_form = LoginForm::Zoned;
    let told = desk.good("POST /login/", json!({ "apiKey": "demo-key", "apiToken": "demo-token" }));
    assert!(told.get("authenticated").is_none() && told["expiration"] == "2026-02-10T12:30:01Z", "{told}");
    assert_eq!((desk.auvo.tally().calls["GET login"], desk.auvo.tally().calls["POST login"]), (4, 2));
}

#[test]
fn a_login_without_keys_is_400_and_with_wrong_ones_404() {
    let mut desk = Desk::new();
    let (status, told) = desk.call("GET /login/?apiToken=x", &Value::Null);
    assert_eq!((status, told), (400, json!({ "apiKey": ["The value '\"\"' is not valid."] })));
    assert_eq!(desk.call("GET /login/?apiKey=demo-key&apiToken=", &Value::Null).0, 400);
    let wrong = "GET /login/?apiKey=demo-key&apiToken=wrong";
    let answer = desk.raw(wrong, &[], "");
    assert_eq!((answer.status, answer.body.len()), (404, 0));
    desk.auvo.switches.unknown_keys_status = 401;
    assert_eq!(desk.raw(wrong, &[], "").status, 401);
}

#[test]
fn a_bearer_lives_thirty_minutes() {
    let mut desk = Desk::new();
    let start = desk.now;
    desk.now = start + 1_798.seconds();
    assert_eq!(desk.call("GET /users", &Value::Null).0, 200);
    assert_eq!(desk.call("GET /users", &Value::Null).0, 401);
    desk.log_in();
    assert_eq!(desk.call("GET /users", &Value::Null).0, 200);
    desk.auvo.revoke_bearers();
    assert_eq!(desk.call("GET /users", &Value::Null).0, 401);
    for wrong in ["", "Bearer", "Bearer x", "Basic x"] {
        assert_eq!(desk.raw("GET /users", &[("authorization", wrong)], "").status, 401, "{wrong}");
    }
    assert_eq!(desk.call("POST /customers", &json!({ "name": "x" })).0, 401);
    assert!(desk.auvo.records("customers").is_empty());
}

#[test]
fn request_401_of_a_minute_is_403_and_counted() {
    let mut desk = Desk::new();
    let start = desk.now + 60.seconds();
    for _ in 0..400 {
        desk.now = start;
        assert_eq!(desk.call("GET /users", &Value::Null).0, 200);
    }
    desk.now = start + 59.seconds();
    let answer = desk.raw("GET /users", &[], "");
    assert_eq!((answer.status, answer.headers.get("retry-after")), (403, None));
    assert_eq!(answer.body, br#"{"error":"Rate limit temporarily exceeded"}"#);
    assert_eq!(desk.auvo.tally().broken["rate"], 1);
    desk.now = start + 59.seconds();
    desk.auvo.switches.rate_status = 429;
    assert_eq!(desk.call("GET /users", &Value::Null).0, 429);
    desk.now = start + 59.seconds();
    desk.auvo.switches.limits_enforced = false;
    assert_eq!(desk.call("GET /users", &Value::Null).0, 200);
    assert_eq!(desk.auvo.tally().broken["rate"], 3);
    desk.auvo.switches.limits_enforced = true;
    desk.now = start + 60.seconds();
    assert_eq!(desk.call("GET /users", &Value::Null).0, 200);
}

#[test]
fn paths_and_query_names_are_read_in_any_case() {
    let mut desk = Desk::new();
    let path = "/TASKTYPES/?ParamFilter=%7B%22DESCRIPTION%22%3A%22preventiva%22%7D&PAGE=1&PageSize=5";
    let found = desk.get(path);
    assert_eq!(found["entityList"][0]["description"], "Preventiva");
    assert_eq!(found["pagedSearchReturnData"]["pageSize"], 5);
    assert_eq!(desk.get("/tasktypes"), desk.get("/taskTypes/"));
    assert_eq!(desk.call("GET /budgets", &Value::Null).0, 404);
}

#[test]
fn writes_say_that_they_are_json() {
    let mut desk = Desk::new();
    let id = desk.customer("x");
    let body = json!([{ "op": "replace", "path": "note", "value": "y" }]).to_string();
    let path = format!("PATCH /customers/{id}");
    for call in ["POST /customers", "PUT /customers", &path] {
        assert_eq!(desk.raw(call, &[], &body).status, 415, "{call}");
        assert_eq!(desk.raw(call, &[("content-type", "text/plain")], &body).status, 415, "{call}");
    }
    assert_eq!(desk.raw(&path, &[("content-type", "application/json; charset=utf-8")], &body).status, 200);
    assert_eq!(desk.call("POST /customers", &Value::Null).0, 400);
}

#[test]
fn a_verb_that_is_not_there_is_405() {
    let mut desk = Desk::new();
    let group = desk.auvo.named("customerGroups", "Contratos").unwrap();
    let kind = desk.auvo.named("taskTypes", "Preventiva").unwrap();
    let calls = [
        format!("GET /customerGroups/{group}"),
        format!("PATCH /customerGroups/{group}"),
        format!("DELETE /taskTypes/{kind}"),
        "PUT /segments".to_owned(),
        "POST /quotations".to_owned(),
        "PATCH /quotations/1".to_owned(),
        "DELETE /customers".to_owned(),
        "DELETE /login".to_owned(),
    ];
    for call in calls {
        assert_eq!(desk.call(&call, &json!({})).0, 405, "{call}");
    }
}

#[test]
fn ids_differ_from_seed_to_seed_and_calls_do_not_move_them() {
    let made = |seed, asks: usize| {
        let mut desk = Desk::new();
        desk.auvo = Auvo::new(seed);
        desk.log_in();
        (0..asks).for_each(|_| drop(desk.get("/users")));
        (desk.customer("x"), desk.product("y", 1.0))
    };
    assert_eq!(made(1, 0), made(1, 3));
    let (one, other) = (made(1, 0), made(2, 0));
    assert!(one.0 != other.0 && one.1.0 != other.1.0 && one.1.1 != other.1.1);
}
