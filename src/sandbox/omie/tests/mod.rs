//! One test for each point of behaviour that clients of Omie rely on or stumble over.
//!
//! Each has an account of its own and a clock that only the test moves.

mod envelope;
mod goods;
mod hooks;
mod limits;
mod listing;
mod sales_orders;
mod service_orders;
mod switches;
mod writing;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::Omie;
use crate::sandbox::{Answer, Request, Sandbox};

/// An account and a client of it, whose clock moves on by itself.
struct Desk {
    omie: Omie,
    now: Timestamp,
    step_ms: i64,
}

impl Desk {
    /// A call every 61 seconds breaks no limit.
    fn new() -> Self {
        let now = "2026-10-01T12:00:00Z".parse().unwrap();
        Self { omie: Omie::new(7), now, step_ms: 61_000 }
    }

    fn raw(&mut self, service: &str, body: &Value) -> Answer {
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/api/v1/geral/{service}/"),
            body: body.to_string().into_bytes(),
            ..Request::default()
        };
        let answer = self.omie.answer(self.now, &request);
        self.now += self.step_ms.milliseconds();
        answer
    }

    fn service(&mut self, service: &str, call: &str, param: &Value) -> (u16, Value) {
        let keys = self.omie.credentials.clone();
        let (key, secret) = (keys.app_key, keys.app_secret);
        let body = json!({ "call": call, "app_key": key, "app_secret": secret, "param": [param] });
        let answer = self.raw(service, &body);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn call(&mut self, call: &str, param: Value) -> (u16, Value) {
        self.service("clientes", call, &param)
    }

    fn good(&mut self, call: &str, param: Value) -> Value {
        let (status, body) = self.call(call, param);
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The text of a fault that must come with HTTP 500.
    fn fault(&mut self, call: &str, param: Value) -> String {
        let (status, body) = self.call(call, param);
        assert_eq!(status, 500, "{body}");
        let word = |key: &str| body[key].as_str().unwrap().to_owned();
        format!("{} {}", word("faultcode").replace("SOAP-ENV:", ""), word("faultstring"))
    }

    fn include(&mut self, mut client: Value) -> i64 {
        for tag in ["razao_social", "nome_fantasia"] {
            if client.get(tag).is_none() {
                client[tag] = json!("UM LTDA");
            }
        }
        self.good("IncluirCliente", client)["codigo_cliente_omie"].as_i64().unwrap()
    }

    fn listed(&mut self, param: Value) -> Vec<i64> {
        let (status, body) = self.call("ListarClientes", param);
        if status == 500 {
            assert!(body["faultcode"].as_str().unwrap().ends_with("Client-5113"), "{body}");
            return Vec::new();
        }
        let rows = body["clientes_cadastro"].as_array().unwrap();
        rows.iter().map(|row| row["codigo_cliente_omie"].as_i64().unwrap()).collect()
    }
}

/// A body with another value at a pointer; without it when the value is null.
fn with(order: &Value, pointer: &str, value: Value) -> Value {
    let mut order = order.clone();
    let (parent, tag) = pointer.rsplit_once('/').unwrap();
    let parent = order.pointer_mut(parent).unwrap();
    if value.is_null() {
        parent.as_object_mut().unwrap().remove(tag);
    } else {
        parent[tag] = value;
    }
    order
}
