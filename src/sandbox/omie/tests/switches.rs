//! Each switch that no other test turns: what the account does at both of its positions.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::Desk;
use crate::sandbox::Sandbox;
use crate::sandbox::omie::{Duplicate, Refused};

const DOCUMENT: &str = "11444777000161";

#[test]
fn a_page_holds_as_many_rows_as_the_account_caps_it_at() {
    let mut desk = Desk::new();
    for name in ["A", "B", "C"] {
        desk.omie.person_adds(desk.now, &json!({ "razao_social": name, "nome_fantasia": name })).unwrap();
    }
    for (cap, pages) in [(100, 1), (2, 2), (500, 1)] {
        desk.omie.switches.page_cap = cap;
        let page = desk.good("ListarClientes", json!({ "registros_por_pagina": 500 }));
        assert_eq!((&page["total_de_paginas"], &page["registros"]), (&json!(pages), &json!(cap.min(3))));
    }
}

#[test]
fn texts_and_names_come_back_as_the_account_writes_them() {
    let mut desk = Desk::new();
    let client = || json!({ "razao_social": "Ação & Cia", "endereco": "Rua Um", "email": "a@x" });
    let plain = desk.include(client());
    assert_eq!(desk.omie.client(plain).unwrap()["razao_social"], "Ação &amp; Cia");
    (desk.omie.switches.html_names, desk.omie.switches.upper_case_text) = (false, true);
    let upper = desk.include(client());
    let shown = desk.omie.client(upper).unwrap();
    assert_eq!([&shown["razao_social"], &shown["endereco"], &shown["email"]], ["AÇÃO & CIA", "RUA UM", "a@x"]);
    assert_eq!(desk.omie.client(plain).unwrap()["razao_social"], "Ação & Cia");
}

#[test]
fn ids_are_numbers_or_texts() {
    let mut desk = Desk::new();
    let seller = desk.omie.add_seller(desk.now, "ANA", "ana@x", false);
    let code = desk.include(json!({ "recomendacoes": { "codigo_vendedor": seller } }));
    for as_text in [false, true] {
        desk.omie.switches.ids_as_text = as_text;
        let id = |code: i64| if as_text { json!(code.to_string()) } else { json!(code) };
        let client = desk.good("ListarClientes", json!({}))["clientes_cadastro"][0].clone();
        assert_eq!(
            [&client["codigo_cliente_omie"], &client["recomendacoes"]["codigo_vendedor"]],
            [&id(code), &id(seller)]
        );
        let (_, sellers) = desk.service("vendedores", "ListarVendedores", &json!({}));
        assert_eq!(sellers["cadastro"][0]["codigo"], id(seller));
        let done = desk.good("AlterarCliente", json!({ "codigo_cliente_omie": code, "contato": "A" }));
        assert_eq!(done["codigo_cliente_omie"], id(code));
    }
}

#[test]
fn an_address_takes_a_number_as_long_as_the_account_says() {
    let mut desk = Desk::new();
    let long = json!({ "endereco_numero": "km 12 da estrada", "enderecoEntrega": { "entNumero": "km 12 da estrada" } });
    desk.include(long.clone());
    desk.omie.switches.number_max = 10;
    let mut client = long;
    (client["razao_social"], client["nome_fantasia"]) = (json!("A"), json!("A"));
    let fault = desk.fault("IncluirCliente", client);
    assert!(
        fault.contains("[entNumero] excede o limite de 10") || fault.contains("[endereco_numero] excede"),
        "{fault}"
    );
}

#[test]
fn an_altered_client_must_hold_what_the_account_requires() {
    let mut desk = Desk::new();
    let code = desk.include(json!({}));
    let patch = json!({ "codigo_cliente_omie": code, "contato": "ANA" });
    desk.good("AlterarCliente", patch.clone());
    desk.omie.switches.required_on_alter.push("email".to_owned());
    assert!(desk.fault("AlterarCliente", patch).ends_with("O preenchimento da tag [email] é obrigatório!"));
    desk.good("AlterarCliente", json!({ "codigo_cliente_omie": code, "email": "a@x" }));
}

#[test]
fn a_repeated_write_is_redundant_where_the_account_says_so() {
    let mut desk = Desk::new();
    let code = desk.include(json!({}));
    let same = json!({ "codigo_cliente_omie": code, "contato": "ANA" });
    desk.step_ms = 1_000;
    desk.good("AlterarCliente", same.clone());
    desk.good("AlterarCliente", same.clone());
    desk.omie.switches.redundant_writes = true;
    desk.good("AlterarCliente", same.clone());
    assert!(desk.fault("AlterarCliente", same).starts_with("Client-6 "));
}

#[test]
fn a_slow_account_answers_late_and_takes_one_call_at_a_time() {
    let mut desk = Desk::new();
    desk.include(json!({}));
    desk.omie.switches.latency_ms = 2_000;
    desk.step_ms = 1_000;
    let body = |page: i64| json!({ "call": "ListarClientes", "app_key": "demo-key", "app_secret": "demo-secret", "param": [{ "registros_por_pagina": page }] });
    assert_eq!(desk.raw("clientes", &body(1)).delay_ms, 2_000);
    assert!(String::from_utf8(desk.raw("clientes", &body(2)).body).unwrap().contains("Client-1880"));
    desk.now += 1.second();
    assert_eq!(desk.raw("clientes", &body(3)).status, 200);
}

#[test]
fn a_refusal_is_dressed_as_the_account_dresses_it_and_counts_in_any_dress() {
    for (refused, status) in [(Refused::Fault, 500), (Refused::FaultWithin200, 200), (Refused::StatusWithin200, 200)] {
        let mut desk = Desk::new();
        desk.omie.switches.refused = refused;
        let (found, body) = desk.call("IncluirCliente", json!({ "razao_social": "A" }));
        let reason = "O preenchimento da tag [nome_fantasia] é obrigatório!";
        let key = if refused == Refused::StatusWithin200 { "descricao_status" } else { "faultstring" };
        assert_eq!((found, body[key].as_str().unwrap().ends_with(reason)), (status, true), "{body}");
        let within = refused == Refused::StatusWithin200;
        assert_eq!(body["codigo_status"], if within { json!("1000") } else { Value::Null });
        // A read has no status to say it with, and a caller's mistake is a fault everywhere.
        let (found, body) = desk.call("ConsultarCliente", json!({ "codigo_cliente_omie": 1 }));
        assert_eq!(found, if refused == Refused::FaultWithin200 { 200 } else { 500 }, "{body}");
        assert_eq!(desk.call("IncluirCliente", json!({ "cor": "azul" })).0, 500);
        desk.step_ms = 1_000;
        for _ in 0..8 {
            desk.call("IncluirCliente", json!({ "razao_social": "A" }));
        }
        assert_eq!(desk.call("IncluirCliente", json!({ "razao_social": "A" })).0, 425);
        assert_eq!(desk.omie.tally().broken["misuse"], 1);
    }
}

#[test]
fn a_duplicate_is_told_in_new_words_or_in_old_ones() {
    let mut desk = Desk::new();
    let twin = json!({ "razao_social": "A", "nome_fantasia": "A", "cnpj_cpf": DOCUMENT });
    let code = desk.include(twin.clone());
    assert!(desk.fault("IncluirCliente", twin.clone()).starts_with("Client-102 ERROR: "));
    desk.omie.switches.duplicate = Duplicate::Older;
    let text = format!("Client-101 Cliente já cadastrado para o código [{code}]");
    assert_eq!(desk.fault("IncluirCliente", twin), text);
}
