//! The checklist of the fact sheet, point by point, through the door a client uses.
//!
//! Each test has an account of its own and a clock that only the test moves.

mod catalogue;
mod customers;
mod door;
mod faults;
mod hooks;
mod listing;
mod quotations;
mod switches;
mod tasks;
mod writing;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::Auvo;
use crate::sandbox::{Answer, Request, Sandbox};

/// An account and a client of it, whose clock moves one second with each call.
struct Desk {
    auvo: Auvo,
    now: Timestamp,
    bearer: String,
}

impl Desk {
    /// A client that is logged in; it is nine o'clock in Brasília.
    fn new() -> Self {
        let now = "2026-02-10T12:00:00Z".parse().unwrap();
        let mut desk = Self { auvo: Auvo::new(7), now, bearer: String::new() };
        desk.log_in();
        desk
    }

    fn log_in(&mut self) {
        let (status, told) = self.call("GET /login/?apiKey=demo-key&apiToken=demo-token", &Value::Null);
        assert_eq!(status, 200, "{told}");
        self.bearer = told["result"]["accessToken"].as_str().unwrap().to_owned();
    }

    /// Moves the clock, and logs in again: the bearer may have died meanwhile.
    fn at(&mut self, moment: &str) {
        self.now = moment.parse().unwrap();
        self.log_in();
        self.now = moment.parse().unwrap();
    }

    fn raw(&mut self, call: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, url) = call.split_once(' ').unwrap();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut all = BTreeMap::from([("authorization".to_owned(), format!("Bearer {}", self.bearer))]);
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let request = Request {
            method: method.to_owned(),
            path: format!("/v2{path}"),
            query: query.to_owned(),
            headers: all,
            body: body.as_bytes().to_vec(),
        };
        let answer = self.auvo.answer(self.now, &request);
        self.now += 1.second();
        answer
    }

    /// A call with a JSON body, and the whole answer; null where it is no JSON.
    fn call(&mut self, call: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.raw(call, &[("content-type", "application/json")], &body);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// A call that goes well, and what stands in `result`.
    fn good(&mut self, call: &str, body: Value) -> Value {
        let (status, mut told) = self.call(call, &body);
        assert!((200..300).contains(&status), "{call}: {status} {told}");
        told["result"].take()
    }

    fn get(&mut self, path: &str) -> Value {
        self.good(&format!("GET {path}"), Value::Null)
    }

    /// The rows of a list; none when it answers 404.
    fn rows(&mut self, path: &str, filter: &Value) -> Vec<Value> {
        let call = format!("GET {path}?paramFilter={}&pageSize=100", encoded(&filter.to_string()));
        let (status, told) = self.call(&call, &Value::Null);
        if status == 404 {
            return Vec::new();
        }
        assert_eq!(status, 200, "{call}: {told}");
        told["result"]["entityList"].as_array().unwrap().clone()
    }

    fn count(&mut self, path: &str, filter: &Value) -> usize {
        self.rows(path, filter).len()
    }

    /// A PATCH that replaces one member.
    fn patch(&mut self, path: &str, member: &str, value: Value) -> (u16, Value) {
        self.call(&format!("PATCH {path}"), &json!([{ "op": "replace", "path": member, "value": value }]))
    }

    /// A customer with a name; tells its id.
    fn customer(&mut self, name: &str) -> i64 {
        self.good("POST /customers", json!({ "name": name }))["id"].as_i64().unwrap()
    }

    /// A product with a price; tells its GUID and its code.
    fn product(&mut self, name: &str, price: f64) -> (String, i64) {
        let made = self.good("POST /products", json!({ "name": name, "externalId": format!("P-{name}") }));
        let code = made["code"].as_i64().unwrap();
        assert_eq!(self.patch(&format!("/products/{code}"), "unitaryValue", json!(price)).0, 200);
        (made["productId"].as_str().unwrap().to_owned(), code)
    }

    /// A service with a price; tells its GUID.
    fn service(&mut self, title: &str, price: f64) -> String {
        let made = self.good("POST /services", json!({ "title": title, "price": price }));
        made["id"].as_str().unwrap().to_owned()
    }

    /// A task of the API for a customer, zero for none; tells its id.
    fn task(&mut self, customer: i64, date: &str) -> i64 {
        let from = self.auvo.integration_user_id();
        let body = json!({ "idUserFrom": from, "orientation": "Visita", "priority": 2, "customerId": customer,
            "taskDate": date });
        self.good("POST /tasks", body)["taskID"].as_i64().unwrap()
    }
}

/// All time.
fn ever() -> Value {
    json!({ "startDate": "2020-01-01T00:00:00", "endDate": "2099-12-31T23:59:59" })
}

/// All time, and one more filter.
fn ever_and(key: &str, value: Value) -> Value {
    let mut filter = ever();
    filter[key] = value;
    filter
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}
