//! Point 11: what goes wrong on demand, and what it leaves behind.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_fault_leaves_an_effect_or_not_as_it_says() {
    let mut desk = Desk::new();
    let mut strike = |fault: &str, effect: usize| {
        let before = desk.auvo.records("customers").len();
        desk.auvo.faults().add_text(fault).unwrap();
        let body = json!({ "name": "x" }).to_string();
        let answer = desk.raw("POST /customers", &[("content-type", "application/json")], &body);
        assert_eq!(desk.auvo.records("customers").len() - before, effect, "{fault}");
        (answer.status, answer.lost, String::from_utf8(answer.body).unwrap())
    };
    assert!(strike("lose-answer:POST customers", 1).1);
    assert!(strike("drop-before:POST customers", 0).1);
    let gateway = strike("bad-gateway:POST customers", 0);
    assert!(gateway.0 == 502 && gateway.2.starts_with("<html>"), "{gateway:?}");
    assert_eq!(strike("broken-after-commit:POST customers", 1), (500, false, String::new()));
    let cut = strike("truncate:POST customers", 1);
    assert!(cut.0 == 201 && serde_json::from_str::<Value>(&cut.2).is_err(), "{cut:?}");
    let refused = strike("refuse:POST customers:1:Licença: vencida", 0);
    assert!(refused.0 == 400 && refused.2.contains("\"message\":\"Licença: vencida\""), "{refused:?}");
    let throttled = strike("throttle:POST customers", 0);
    assert!(throttled.0 == 403 && throttled.2.contains("Rate limit"), "{throttled:?}");
    assert_eq!(desk.auvo.faults().injected().len(), 7);
}

#[test]
fn a_block_is_broken_by_who_knows_of_it_and_does_not_wait_a_minute() {
    let mut desk = Desk::new();
    let person = json!({ "name": "x" });
    let ask = |wait_s: i64, desk: &mut Desk| {
        desk.now += wait_s.seconds();
        let status = desk.call("POST /customers", &person).0;
        (status, desk.auvo.tally().broken.get("blocked").copied())
    };
    desk.auvo.faults().add_text("block:POST customers:1:150").unwrap();
    assert_eq!(ask(0, &mut desk), (403, None));
    assert_eq!(ask(0, &mut desk), (403, None), "it left before the first refusal came back");
    assert_eq!(ask(50, &mut desk), (403, Some(1)));
    assert_eq!(ask(60, &mut desk), (403, Some(1)), "who waits for a minute does not know that it lasts longer");
    assert_eq!(ask(90, &mut desk), (201, Some(1)));
}

#[test]
fn answers_are_late_and_gateways_and_resources_fail_as_switched() {
    let mut desk = Desk::new();
    desk.auvo.switches.latency_ms = 100;
    desk.auvo.faults().add_text("delay:GET tasks:1:25000").unwrap();
    assert_eq!(desk.raw("GET /tasks", &[], "").delay_ms, 25_100);
    assert_eq!(desk.raw("GET /users", &[], "").delay_ms, 100);
    desk.auvo.switches.gateway_status = 503;
    desk.auvo.faults().add_text("bad-gateway:GET users").unwrap();
    assert_eq!(desk.raw("GET /users", &[], "").status, 503);
    desk.auvo.switches.broken_resources = vec!["segments".to_owned()];
    assert_eq!(desk.raw("GET /segments", &[], "").status, 500);
    assert_eq!(desk.raw("GET /keywords", &[], "").status, 200);
    desk.auvo.faults().add_text("bad-gateway:login").unwrap();
    assert_eq!(desk.raw("GET /login?apiKey=demo-key&apiToken=demo-token", &[], "").status, 503);
}

#[test]
fn lists_lag_shift_and_come_back_empty() {
    let mut desk = Desk::new();
    for number in 0..5 {
        desk.customer(&format!("C{number}"));
    }
    let all = desk.rows("/customers", &json!({}));
    desk.now += 300.seconds();
    let id = all[0]["id"].clone();
    desk.patch(&format!("/customers/{id}"), "note", json!("new"));
    desk.customer("C5");
    desk.auvo.faults().add_text("stale-list:GET customers:1:60").unwrap();
    assert_eq!(desk.rows("/customers", &json!({})), all);
    assert_eq!(desk.count("/customers", &json!({})), 6);
    let page = |desk: &mut Desk, page| desk.get(&format!("/customers?page={page}&pageSize=2"))["entityList"].clone();
    desk.auvo.faults().add_text("shift-pages:GET customers:2:1").unwrap();
    assert_eq!(page(&mut desk, 1)[1]["id"], all[1]["id"]);
    assert_eq!(page(&mut desk, 2)[0]["id"], all[3]["id"]);
    assert_eq!(page(&mut desk, 2)[0]["id"], all[2]["id"]);
    desk.auvo.faults().add_text("empty-list:GET customers").unwrap();
    assert_eq!(desk.count("/customers", &json!({})), 0);
    assert_eq!(desk.auvo.records("customers").len(), 6);
}

#[test]
fn pages_of_html_lost_members_and_repeated_answers() {
    let mut desk = Desk::new();
    let first = desk.customer("C1");
    desk.auvo.faults().add_text("html:customers:2").unwrap();
    let page = desk.raw("GET /customers", &[], "");
    assert!(page.status == 200 && page.body.starts_with(b"<html>"));
    let body = json!({ "name": "x" }).to_string();
    assert_eq!(desk.raw("POST /customers", &[("content-type", "application/json")], &body).status, 200);
    assert_eq!(desk.auvo.records("customers").len(), 1, "nothing was written");

    let all = desk.rows("/customers", &json!({}));
    for number in 0..20 {
        desk.auvo.faults().add_text(&format!("missing-field:GET customers:1:{number}")).unwrap();
        let rows = desk.rows("/customers", &json!({}));
        let (thin, whole) = (rows[0].as_object().unwrap(), all[0].as_object().unwrap());
        assert_eq!((thin.len(), thin.get("id")), (whole.len() - 1, whole.get("id")));
    }

    desk.auvo.faults().add_text("repeat-answer:GET customers").unwrap();
    assert_eq!(desk.rows("/customers", &json!({})), all, "nothing was kept yet");
    desk.patch(&format!("/customers/{first}"), "note", json!("new"));
    assert_eq!(desk.rows("/customers", &json!({})), all);
    assert_eq!(desk.rows("/customers", &json!({}))[0]["note"], "new");
}
