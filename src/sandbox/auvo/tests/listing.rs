//! Points 4 and 5: pages, envelopes, empty lists, `paramFilter`.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::auvo::{OverCap, SortKey};

fn with_customers(count: usize) -> Desk {
    let mut desk = Desk::new();
    for number in 0..count {
        let record = json!({ "name": format!("Cliente {number:03}"), "externalId": format!("X-{number}") });
        desk.auvo.person_adds(desk.now, "customers", &record).unwrap();
    }
    desk
}

fn ids(list: &Value) -> Vec<i64> {
    list["entityList"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[test]
fn a_page_holds_ten_rows_unless_asked_and_its_envelope_tells_the_rest() {
    let mut desk = with_customers(25);
    let first = desk.get("/customers/");
    assert_eq!(first["entityList"].as_array().unwrap().len(), 10);
    assert_eq!(first["pagedSearchReturnData"], json!({ "order": 0, "pageSize": 10, "page": 1, "totalItems": 25 }));
    assert_eq!(
        first["links"],
        json!([
            { "href": "https://api.auvo.com.br/v2/Customers/?Page=1&PageSize=10&Order=Asc", "rel": "self", "method": "GET" },
            { "href": "https://api.auvo.com.br/v2/Customers/?Page=2&PageSize=10&Order=Asc", "rel": "nextPage", "method": "GET" },
        ])
    );
    let last = desk.get("/customers?page=3&order=1");
    assert_eq!(last["pagedSearchReturnData"]["order"], 1);
    assert_eq!(last["links"].as_array().unwrap().len(), 1);
    let mut all: Vec<i64> = (1..=3).flat_map(|page| ids(&desk.get(&format!("/customers?page={page}")))).collect();
    assert!(all.len() == 25 && all.is_sorted());
    all.reverse();
    assert_eq!(ids(&last), all[20..]);
}

#[test]
fn a_page_is_cut_at_a_hundred_or_as_the_switch_says() {
    let mut desk = with_customers(105);
    let size = |desk: &mut Desk| desk.call("GET /customers?pageSize=9999999", &Value::Null);
    let (_, clamped) = size(&mut desk);
    assert_eq!(ids(&clamped["result"]).len(), 100);
    assert_eq!(clamped["result"]["pagedSearchReturnData"]["pageSize"], 100);
    desk.auvo.switches.over_cap = OverCap::Refuse;
    assert_eq!(size(&mut desk), (400, json!({ "pageSize": ["The value '9999999' is not valid."] })));
    desk.auvo.switches.over_cap = OverCap::Allow;
    assert_eq!(ids(&size(&mut desk).1["result"]).len(), 105);
    assert_eq!(desk.get("/users?pageSize=9999999")["pagedSearchReturnData"]["pageSize"], 9_999_999);
}

#[test]
fn an_empty_list_and_a_page_past_the_last_are_404() {
    let mut desk = with_customers(10);
    for path in ["/customers?page=2", "/products", "/services", "/quotations"] {
        let answer = desk.raw(&format!("GET {path}"), &[], "");
        assert_eq!((answer.status, answer.body.len()), (404, 0), "{path}");
    }
    desk.auvo.switches.empty_is_404 = false;
    let empty = desk.get("/customers?page=2");
    assert_eq!((&empty["entityList"], &empty["pagedSearchReturnData"]["totalItems"]), (&json!([]), &json!(10)));
}

#[test]
fn groups_come_all_at_once_without_paging() {
    let mut desk = Desk::new();
    for number in 0..12 {
        desk.good("POST /customerGroups", json!({ "description": format!("G{number}") }));
    }
    let all = desk.get("/customerGroups?page=5&pageSize=1");
    assert_eq!(all["entityList"].as_array().unwrap().len(), 14);
    assert!(all.get("pagedSearchReturnData").is_none() && all.get("links").is_none());
}

#[test]
fn the_order_may_follow_nothing() {
    let mut desk = with_customers(30);
    desk.auvo.switches.sort = SortKey::Scattered;
    let shuffled = ids(&desk.get("/customers?pageSize=50"));
    assert!(!shuffled.is_sorted());
    assert_eq!(ids(&desk.get("/customers?pageSize=50")), shuffled);
}

#[test]
fn selected_members_alone_are_shown() {
    let mut desk = with_customers(1);
    let row = desk.get("/customers?selectFields=ID,externalId")["entityList"][0].clone();
    assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), ["externalId", "id"]);
    desk.product("p", 1.0);
    assert!(desk.get("/products?selectfields=name")["entityList"][0]["code"].is_i64());
}

#[test]
fn filters_are_read_in_any_case_and_unknown_ones_are_not() {
    let mut desk = with_customers(12);
    assert_eq!(desk.count("/customers", &json!({ "ExternalID": "X-3, x-11,nobody" })), 2);
    assert_eq!(desk.count("/customers", &json!({ "description": "CLIENTE 00" })), 10);
    assert_eq!(desk.count("/customers", &json!({ "active": false })), 0);
    assert_eq!(desk.count("/customers", &json!({ "unheard": 1, "description": "", "segmentId": 0, "id": null })), 12);
    let id = desk.rows("/customers", &json!({ "externalId": "X-3" }))[0]["id"].clone();
    assert_eq!(desk.count("/customers", &json!({ "id": id })), 1);
}

#[test]
fn a_filter_that_cannot_be_read_is_400() {
    let mut desk = with_customers(1);
    for filter in ["%7B", "%5B%5D", "x"] {
        let (status, told) = desk.call(&format!("GET /customers?paramFilter={filter}"), &Value::Null);
        assert_eq!(
            (status, &told["message"], &told["errorCode"]),
            (400, &json!("The paramFilter is required as ParamCustomerFilter string json."), &json!(0))
        );
    }
    let (status, told) = desk.call(&format!("GET /customers?paramFilter={}", encoded("{\"id\":\"x\"}")), &Value::Null);
    assert_eq!((status, told), (400, json!({ "paramFilter.id": ["The value 'x' is not valid."] })));
    assert_eq!(desk.call("GET /users", &Value::Null).0, 200);
    desk.auvo.switches.filter_optional = false;
    assert_eq!(desk.call("GET /users", &Value::Null).0, 400);
}

#[test]
fn customers_are_found_by_the_date_of_their_last_update() {
    let mut desk = Desk::new();
    desk.at("2026-02-10T12:00:00Z");
    let (first, second) = (desk.customer("a"), desk.customer("b"));
    let since = |desk: &mut Desk, moment: &str| {
        let rows = desk.rows("/customers", &json!({ "dateLastUpdate": moment }));
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(since(&mut desk, "2026-02-10T09:00:00"), [first, second]);
    assert_eq!(since(&mut desk, "2026-02-10T09:00:01"), [second]);
    assert_eq!(since(&mut desk, "2026-02-10"), [first, second]);
    assert!(since(&mut desk, "2026-02-11").is_empty());
    desk.auvo.switches.dates_by_day = true;
    assert_eq!(since(&mut desk, "2026-02-10T23:00:00"), [first, second]);
    let wrong = json!({ "dateLastUpdate": "2026-02-10T09:00:00Z" }).to_string();
    assert_eq!(desk.call(&format!("GET /customers?paramFilter={}", encoded(&wrong)), &Value::Null).0, 400);
}
