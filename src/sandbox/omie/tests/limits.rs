//! Limits on consumption and faults that hit any call.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::Desk;
use crate::sandbox::omie::Forgiven;
use crate::sandbox::{People, Sandbox};

#[test]
fn a_repeated_read_waits_out_its_minute() {
    let mut desk = Desk::new();
    desk.include(json!({}));
    desk.step_ms = 17_000;
    desk.good("ListarClientes", json!({ "pagina": 1 }));
    let text = "Client-6 ERROR: Consumo redundante detectado. Aguarde 43 segundos para tentar \
                novamente (REDUNDANT).";
    assert_eq!(desk.fault("ListarClientes", json!({ "pagina": 1 })), text);
    desk.good("ListarClientes", json!({ "pagina": "1" }));
    desk.now += 9.seconds();
    desk.good("ListarClientes", json!({ "pagina": 1 }));
    assert_eq!(desk.omie.tally().broken["redundant"], 1);
    desk.omie.switches.limits_enforced = false;
    desk.good("ListarClientes", json!({ "pagina": 1 }));
    assert_eq!(desk.omie.tally().broken["redundant"], 2, "counted though not enforced");
}

#[test]
fn too_many_calls_in_a_minute_are_refused() {
    let mut desk = Desk::new();
    desk.step_ms = 100;
    desk.omie.person_adds(desk.now, &json!({ "razao_social": "A" })).unwrap();
    let page = |number: usize| {
        json!({ "registros_por_pagina": 1 + number % 90, "pagina": 1,
        "ordenar_por": number.to_string() })
    };
    for number in 0..240 {
        desk.good("ListarClientes", page(number));
    }
    assert_eq!(desk.call("ListarClientes", page(240)).0, 429);
    assert_eq!(desk.service("vendedores", "ListarVendedores", &json!({})).0, 200);
    desk.now += 60.seconds();
    desk.good("ListarClientes", page(241));
    assert_eq!(desk.omie.tally().broken["rate"], 1);
}

#[test]
fn one_call_of_a_method_at_a_time() {
    let mut desk = Desk::new();
    desk.omie.faults().add_text("delay:IncluirCliente:1:5000").unwrap();
    desk.step_ms = 1_000;
    let client = |name| json!({ "razao_social": name, "nome_fantasia": name });
    desk.good("IncluirCliente", client("A"));
    assert!(desk.fault("IncluirCliente", client("B")).starts_with("Client-1880 "));
    desk.good("ListarClientes", json!({}));
    desk.now += 2.seconds();
    desk.good("IncluirCliente", client("B"));
}

#[test]
fn the_tenth_failed_call_brings_a_block_that_calls_prolong() {
    let mut desk = Desk::new();
    desk.include(json!({}));
    for code in 1..=10 {
        desk.fault("ConsultarCliente", json!({ "codigo_cliente_omie": code }));
    }
    desk.now -= 61.seconds();
    desk.step_ms = 0;
    desk.now += 1_700.seconds();
    let ask = json!({ "codigo_cliente_omie": 11 });
    let (status, body) = desk.call("ConsultarCliente", ask.clone());
    assert_eq!((status, &body["faultcode"]), (425, &json!("MISUSE_API_PROCESS")));
    let text = "ERROR: API bloqueada por consumo indevido. Tente novamente em 160 segundos.";
    assert_eq!(body["faultstring"], text);
    desk.good("ListarClientes", json!({}));
    desk.now += 159.seconds();
    assert_eq!(desk.call("ConsultarCliente", ask.clone()).0, 425);
    desk.now += 61.seconds();
    assert_eq!(desk.call("ConsultarCliente", ask).0, 500);
    let broken = &desk.omie.tally().broken;
    assert_eq!((broken["misuse"], broken["blocked"]), (1, 1), "who is told for the first time could not know");
}

#[test]
fn failures_are_forgiven_as_switched() {
    let mut desk = Desk::new();
    desk.omie.switches.forgiven = Forgiven::AfterSuccess;
    let code = desk.include(json!({}));
    for missing in 1..=30 {
        desk.fault("ConsultarCliente", json!({ "codigo_cliente_omie": missing }));
        if missing % 9 == 0 {
            desk.good("ConsultarCliente", json!({ "codigo_cliente_omie": code }));
        }
    }
    desk.omie.switches.forgiven = Forgiven::AfterSeconds(300);
    for missing in 31..=60 {
        desk.fault("ConsultarCliente", json!({ "codigo_cliente_omie": missing }));
    }
    assert_eq!(desk.omie.tally().broken.get("misuse"), None);
}

#[test]
fn a_list_of_nothing_is_blocked_and_nobody_is_blamed() {
    let mut desk = Desk::new();
    desk.omie.switches.forgiven = Forgiven::AfterSuccess;
    let listed = |desk: &mut Desk| {
        desk.now += 600.seconds();
        desk.call("ListarClientes", json!({})).0
    };
    assert_eq!((0..10).map(|_| listed(&mut desk)).collect::<Vec<_>>(), [500; 10]);
    assert!(desk.omie.shuts_out("clientes") && !desk.omie.shuts_out("servicos"));
    assert_eq!(listed(&mut desk), 425);
    assert_eq!(desk.omie.tally().broken.get("misuse"), None);
    desk.include(json!({}));
    assert!(!desk.omie.shuts_out("clientes"), "it holds something now");
}

#[test]
fn injected_faults_take_effect_or_not_as_they_say() {
    let mut desk = Desk::new();
    let client = json!({ "razao_social": "A", "nome_fantasia": "A" });
    let keys = json!({ "call": "IncluirCliente", "app_key": "demo-key", "app_secret": "demo-secret",
        "param": [client] });
    let mut strike = |fault: &str, effect: usize| {
        let before = desk.omie.client_count();
        desk.omie.faults().add_text(fault).unwrap();
        let answer = desk.raw("clientes", &keys);
        assert_eq!(desk.omie.client_count() - before, effect, "{fault}");
        (answer.status, answer.lost, String::from_utf8(answer.body).unwrap())
    };
    assert!(strike("lose-answer:Incluir", 1).1);
    assert!(strike("drop-before:Incluir", 0).1);
    assert!(strike("bad-gateway:Incluir", 0).2.starts_with("<html>"));
    let broken = strike("broken-after-commit:Incluir", 1);
    assert!(broken.0 == 500 && broken.2.contains("Broken response"), "{broken:?}");
    let cut = strike("truncate:Incluir", 1);
    assert!(cut.0 == 200 && serde_json::from_str::<Value>(&cut.2).is_err(), "{cut:?}");
    assert!(strike("refuse:Incluir:1:ERROR: x: y", 0).2.contains("ERROR: x: y"));
    assert_eq!(strike("throttle:Incluir", 0).0, 429);
    assert!(strike("throttle:Incluir:1:20", 0).2.contains("Aguarde 20 segundos"));
    assert_eq!(strike("block:Incluir:1:90", 0).0, 425);
}

#[test]
fn pages_of_html_lost_members_and_repeated_answers() {
    let mut desk = Desk::new();
    let code = desk.include(json!({ "email": "a@x.example" }));
    desk.omie.faults().add_text("html:*:2").unwrap();
    assert_eq!(desk.call("ListarClientes", json!({})), (200, Value::Null));
    let written = desk.call("AlterarCliente", json!({ "codigo_cliente_omie": code, "email": "b@x.example" }));
    assert_eq!(written, (200, Value::Null));
    let all = desk.good("ListarClientes", json!({}))["clientes_cadastro"].clone();
    assert_eq!(all[0]["email"], "a@x.example", "nothing was written");

    for number in 0..20 {
        desk.omie.faults().add_text(&format!("missing-field:ListarClientes:1:{number}")).unwrap();
        let rows = desk.good("ListarClientes", json!({}))["clientes_cadastro"].clone();
        let (thin, whole) = (rows[0].as_object().unwrap(), all[0].as_object().unwrap());
        assert_eq!((thin.len(), &rows[0]["codigo_cliente_omie"]), (whole.len() - 1, &json!(code)));
    }

    desk.omie.faults().add_text("repeat-answer:ConsultarCliente").unwrap();
    let mut email = || desk.good("ConsultarCliente", json!({ "codigo_cliente_omie": code }))["email"].clone();
    assert_eq!(email(), "a@x.example");
    desk.good("AlterarCliente", json!({ "codigo_cliente_omie": code, "email": "b@x.example" }));
    let mut email = || desk.good("ConsultarCliente", json!({ "codigo_cliente_omie": code }))["email"].clone();
    assert_eq!([email(), email()], ["a@x.example", "b@x.example"]);
}
