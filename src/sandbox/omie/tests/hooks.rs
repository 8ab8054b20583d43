//! Webhooks: the ping, the order, the tries, the doubles.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::Desk;
use crate::sandbox::{Hook, Sandbox};

impl Desk {
    /// Gives the next call and answers it.
    fn told(&mut self, well: bool) -> Option<Value> {
        let hook: Hook = self.omie.due_hooks(self.now).pop()?;
        assert!(self.omie.due_hooks(self.now).is_empty(), "one after the other");
        self.omie.hook_answered(self.now, &hook, well);
        Some(serde_json::from_str(&hook.body).unwrap())
    }
}

#[test]
fn a_listener_is_pinged_and_then_told_of_every_change_in_order() {
    let mut desk = Desk::new();
    desk.include(json!({}));
    assert_eq!(desk.told(true), None, "nobody listens yet");
    desk.omie.person_registers_hook("http://x/h");
    assert_eq!(desk.told(true), Some(json!({ "ping": "omie" })));
    let code = desk.include(json!({ "cnpj_cpf": "11444777000161", "codigo_cliente_integracao": "A1" }));
    desk.good("AlterarCliente", json!({ "codigo_cliente_omie": code, "contato": "ANA" }));
    desk.omie.person_edits(desk.now, code, &json!({ "contato": "BIA" })).unwrap();
    desk.good("ExcluirCliente", json!({ "codigo_cliente_omie": code }));
    let heard: Vec<Value> = std::iter::from_fn(|| desk.told(true)).collect();
    let topics: Vec<&str> = heard.iter().map(|told| told["topic"].as_str().unwrap()).collect();
    let [included, altered, excluded] =
        ["Incluido", "Alterado", "Excluido"].map(|word| format!("ClienteFornecedor.{word}"));
    assert_eq!(topics, [&included, &altered, &altered, &excluded]);
    let event = &heard[0]["event"];
    assert_eq!([&event["cnpj_cpf"], &event["codigo_cliente_integracao"]], ["11.444.777/0001-61", "A1"]);
    assert_eq!((&heard[0]["author"]["userId"], &heard[0]["appKey"]), (&json!(89), &json!("demo-key")));
    assert_eq!((&heard[2]["event"]["contato"], &heard[2]["author"]["userId"]), (&json!("BIA"), &json!(4_321_007)));
    assert_ne!(heard[1]["messageId"], heard[2]["messageId"]);
}

#[test]
fn a_call_that_was_not_taken_holds_up_the_others_and_goes_again() {
    let mut desk = Desk::new();
    desk.omie.person_registers_hook("http://x/h");
    desk.told(true);
    let code = desk.include(json!({}));
    desk.good("AlterarCliente", json!({ "codigo_cliente_omie": code, "contato": "ANA" }));
    let first = desk.told(false).unwrap();
    assert_eq!(desk.told(true), None, "it rests");
    desk.now += 60.seconds();
    assert_eq!(desk.told(true), Some(first));
    assert_eq!(desk.told(true).unwrap()["topic"], "ClienteFornecedor.Alterado");
    desk.omie.switches.hooks_twice = true;
    desk.include(json!({ "razao_social": "B" }));
    let both = [desk.told(true).unwrap(), desk.told(true).unwrap()];
    assert_eq!(both[0]["messageId"], both[1]["messageId"]);
    desk.omie.switches.hook_retry_s = 0;
    desk.include(json!({ "razao_social": "C" }));
    assert_eq!(desk.told(false), desk.told(true));
}
