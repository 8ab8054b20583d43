//! The envelope: credentials, `param`, unknown tags, escapes, counts, ids.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Desk;
use crate::sandbox::omie::Omie;
use crate::sandbox::{Request, Sandbox};

#[test]
fn credentials_stand_in_the_body() {
    let mut desk = Desk::new();
    desk.omie.credentials.app_secret = "other".to_owned();
    let body = json!({ "call": "ListarClientes", "app_key": "demo-key", "app_secret": "demo-secret", "param": [{}] });
    let answer = desk.raw("clientes", &body);
    let fault: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &fault["faultcode"]), (403, &json!("SOAP-ENV:Server")));
}

#[test]
fn param_is_a_list_of_exactly_one_object() {
    let mut desk = Desk::new();
    let mut ask = |call: &str, param: Value| {
        let body = json!({ "call": call, "app_key": "demo-key", "app_secret": "demo-secret", "param": param });
        let answer = desk.raw("clientes", &body);
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    for (call, param, text) in [
        ("ListarClientes", json!({}), "Invalid JSON Object"),
        ("ListarClientes", json!([{}, {}]), "Invalid JSON Object"),
        ("ConsultarCliente", json!([]), "WS_PARAMS"),
        ("ConsultarCliente", json!([{}]), "Client-71"),
        // Nothing is mandatory in a listing: it gets as far as finding no client.
        ("ListarClientes", json!([{}]), "Client-5113"),
        ("InventarCliente", json!([{}]), "not exists"),
    ] {
        let (status, body) = ask(call, param);
        assert!(status == 500 && body.contains(text), "{call}: {body}");
    }
}

#[test]
fn the_path_ends_in_a_slash_and_only_post_calls() {
    let mut omie = Omie::new(1);
    let mut ask = |method: &str, path: &str| {
        let (method, path) = (method.to_owned(), path.to_owned());
        let request = Request { method, path, body: b"{".to_vec(), ..Request::default() };
        let answer = omie.answer(Timestamp::UNIX_EPOCH, &request);
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    assert_eq!(ask("POST", "/api/v1/geral/clientes").0, 301);
    assert!(ask("GET", "/api/v1/geral/clientes/").1.contains("<html>"));
    assert!(ask("POST", "/geral/clientes/").1.contains("SyntaxError"));
}

#[test]
fn an_unknown_tag_is_refused_by_name_also_inside() {
    let mut desk = Desk::new();
    let fault = desk.fault("ConsultarCliente", json!({ "cnpj_cpf": "1" }));
    let text = "Client-5001 ERROR: Tag [CNPJ_CPF] não faz parte da estrutura do tipo complexo \
                [clientes_cadastro_chave]!";
    assert_eq!(fault, text);
    let fault = desk.fault("IncluirCliente", json!({ "enderecoEntrega": { "entPais": "x" } }));
    assert!(fault.contains("[ENTPAIS]") && fault.contains("[enderecoEntrega]"), "{fault}");
    let fault = desk.fault("ListarClientes", json!({ "clientesFiltro": { "fax": "x" } }));
    assert!(fault.contains("[FAX]") && fault.contains("[clientesFiltro]"), "{fault}");
    let fault = desk.fault("ListarClientes", json!({ "clientesPorCodigo": [1] }));
    assert!(fault.starts_with("Client-1000"), "{fault}");
}

#[test]
fn answers_are_ascii_with_escaped_slashes() {
    let mut desk = Desk::new();
    desk.include(json!({ "razao_social": "Ação 😀 1/2" }));
    let body = json!({ "call": "ListarClientes", "app_key": "demo-key", "app_secret": "demo-secret", "param": [{}] });
    let text = String::from_utf8(desk.raw("clientes", &body).body).unwrap();
    assert!(text.contains(r"A\u00e7\u00e3o \ud83d\ude00 1\/2"), "{text}");
}

#[test]
fn the_tally_counts_calls_and_writes_that_took_effect() {
    let mut desk = Desk::new();
    desk.include(json!({}));
    desk.fault("IncluirCliente", json!({ "razao_social": "" }));
    let tally = desk.omie.tally();
    assert_eq!((tally.calls["IncluirCliente"], tally.writes["IncluirCliente"]), (2, 1));
    assert!(tally.broken.is_empty());
}

#[test]
fn the_same_seed_makes_the_same_ids() {
    let ids = |seed| {
        let mut omie = Omie::new(seed);
        let client = json!({ "razao_social": "A" });
        let mut add = || omie.person_adds(Timestamp::UNIX_EPOCH, &client).unwrap();
        [add(), add()]
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
    assert!(ids(3).iter().all(|id| id.to_string().len() == 10));
}
