//! What writes do, refuse and answer.

use serde_json::{Value, json};

use super::Desk;
use crate::sandbox::omie::OverLength;

#[test]
fn the_document_tells_the_kind_of_person() {
    let mut desk = Desk::new();
    let code = desk.include(json!({ "cnpj_cpf": "529.982.247-25" }));
    assert_eq!(desk.omie.client(code).unwrap()["pessoa_fisica"], "S");
    desk.omie.person_edits(desk.now, code, &json!({ "cnpj_cpf": "11.444.777/0001-61" })).unwrap();
    assert_eq!(desk.omie.client(code).unwrap()["pessoa_fisica"], "N");
    desk.omie.person_edits(desk.now, code, &json!({ "cnpj_cpf": "" })).unwrap();
    assert_eq!(desk.omie.client(code).unwrap()["pessoa_fisica"], "N");
}

#[test]
fn duplicates_are_refused_and_name_the_existing_client() {
    let mut desk = Desk::new();
    let twin = json!({ "razao_social": "A", "nome_fantasia": "A", "cnpj_cpf": "11444777000161",
        "codigo_cliente_integracao": "A1" });
    let code = desk.include(twin.clone());
    let fault = desk.fault("IncluirCliente", twin.clone());
    let text = "Client-102 ERROR: Cliente já cadastrado para o Código de Integração [A1] !";
    assert!(fault.starts_with(text) && fault.contains(&format!("Id [{code}]")), "{fault}");
    let mut other = twin;
    other["codigo_cliente_integracao"] = json!("A2");
    let text = format!(
        "Client-102 ERROR: Cliente já cadastrado para o CPF/CNPJ [11.444.777/0001-61] com o Id \
         [{code}] e código de integração [A1] ! (add)"
    );
    assert_eq!(desk.fault("IncluirCliente", other.clone()), text);
    desk.omie.switches.unique_document = false;
    desk.include(other);
    assert_eq!(desk.omie.client_count(), 2);
}

#[test]
fn an_alteration_is_partial_and_answers_only_its_status() {
    let mut desk = Desk::new();
    let code = desk.include(json!({ "email": "a@x", "codigo_cliente_integracao": "A1" }));
    let done = desk.good("AlterarCliente", json!({ "codigo_cliente_omie": code, "contato": "ANA" }));
    let status = json!({ "codigo_cliente_omie": code, "codigo_cliente_integracao": "A1",
        "codigo_status": "0", "descricao_status": "Cliente alterado com sucesso!" });
    assert_eq!(done, status);
    let client = desk.omie.client(code).unwrap();
    assert_eq!([&client["email"], &client["contato"]], ["a@x", "ANA"]);
    assert_ne!(client["info"]["hAlt"], client["info"]["hInc"]);

    let fault = desk.fault("AlterarCliente", json!({ "codigo_cliente_omie": code, "razao_social": "" }));
    assert!(fault.contains("O preenchimento da tag [razao_social] é obrigatório!"), "{fault}");
    let both = json!({ "codigo_cliente_omie": code, "codigo_cliente_integracao": "B1", "contato": "X" });
    let fault = desk.fault("AlterarCliente", both);
    assert!(fault.starts_with("Client-103"), "the integration code goes first: {fault}");
}

#[test]
fn an_alteration_of_nothing_moves_the_stamp_as_switched() {
    let mut desk = Desk::new();
    let code = desk.include(json!({ "email": "a@x" }));
    let same = json!({ "codigo_cliente_omie": code, "email": "a@x" });
    let hour = |desk: &Desk| desk.omie.client(code).unwrap()["info"]["hAlt"].clone();
    let before = hour(&desk);
    desk.omie.switches.noop_moves_stamp = false;
    desk.good("AlterarCliente", same.clone());
    assert_eq!(hour(&desk), before);
    desk.omie.switches.noop_moves_stamp = true;
    desk.good("AlterarCliente", same);
    assert_ne!(hour(&desk), before);
}

#[test]
fn clients_are_not_found_associated_and_excluded_by_their_keys() {
    let mut desk = Desk::new();
    let code = desk.include(json!({}));
    let key =
        |code: i64, integration: &str| json!({ "codigo_cliente_omie": code, "codigo_cliente_integracao": integration });
    desk.good("AssociarCodIntCliente", key(code, "Z9"));
    let shown = desk.good("ConsultarCliente", key(0, "Z9"));
    assert_eq!(shown["codigo_cliente_omie"], json!(code));
    desk.good("ExcluirCliente", key(code, ""));
    let text = "Client-105 ERROR: Cliente não cadastrado para o Código [1] !";
    assert_eq!(desk.fault("ConsultarCliente", key(1, "")), text);
    let text = "Client-103 ERROR: Cliente não cadastrado para o Código de Integração [Z9] !";
    assert_eq!(desk.fault("ConsultarCliente", key(0, "Z9")), text);
    assert!(desk.fault("ExcluirCliente", key(0, "")).contains("é obrigatório"));
}

#[test]
fn an_upsert_alters_by_its_key_or_includes() {
    let mut desk = Desk::new();
    let client = json!({ "razao_social": "A", "nome_fantasia": "A", "cnpj_cpf": "11444777000161",
        "codigo_cliente_integracao": "A1" });
    desk.good("UpsertCliente", client.clone());
    desk.good("UpsertCliente", client);
    let by_document = json!({ "cnpj_cpf": "11.444.777/0001-61", "contato": "ANA" });
    desk.good("UpsertClienteCpfCnpj", by_document);
    assert_eq!(desk.omie.client_count(), 1);
    assert_eq!(desk.omie.clients().next().unwrap()["contato"], "ANA");
}

#[test]
fn a_write_cannot_set_an_inactive_or_unknown_seller() {
    let mut desk = Desk::new();
    let seller = desk.omie.add_seller(desk.now, "ANA", "ana@ex.com", false);
    let code = desk.include(json!({ "recomendacoes": { "codigo_vendedor": seller } }));
    assert!(desk.omie.set_seller_inactive(desk.now, seller, true));
    // A seller who stays is not looked at.
    let stays = json!({ "codigo_cliente_omie": code, "recomendacoes": { "codigo_vendedor": seller } });
    desk.good("AlterarCliente", stays);
    let mut client = json!({ "razao_social": "B", "nome_fantasia": "B",
        "recomendacoes": { "codigo_vendedor": seller } });
    let fault = desk.fault("IncluirCliente", client.clone());
    assert!(fault.ends_with("O vendedor está inativo! - tag: [codigo_vendedor]"), "{fault}");
    client["recomendacoes"]["codigo_vendedor"] = json!(1);
    assert!(desk.fault("IncluirCliente", client.clone()).contains("não foi encontrado"));
    desk.omie.switches.inactive_seller_refused = false;
    client["recomendacoes"]["codigo_vendedor"] = json!(seller);
    desk.include(client);
    let (_, body) = desk.service("vendedores", "ListarVendedores", &json!({ "filtrar_por_email": "ANA@ex.com" }));
    let row = json!({ "codInt": "", "codigo": seller, "comissao": 0, "email": "ana@ex.com",
        "fatura_pedido": "N", "inativo": "S", "nome": "ANA", "visualiza_pedido": "N" });
    assert_eq!(body["cadastro"], json!([row]));
}

#[test]
fn an_account_may_require_more_and_takes_or_cuts_long_text() {
    let mut desk = Desk::new();
    desk.omie.switches.required_on_include.push("email".to_owned());
    let long = "x".repeat(61);
    let mut client = json!({ "razao_social": long, "nome_fantasia": "A" });
    let fault = desk.fault("IncluirCliente", client.clone());
    assert!(fault.contains("[razao_social]"), "{fault}");
    desk.omie.switches.over_length = OverLength::Cut;
    let fault = desk.fault("IncluirCliente", client.clone());
    assert!(fault.ends_with("ERROR: O preenchimento da tag [email] é obrigatório!"), "{fault}");
    client["email"] = json!("a@x");
    let code = desk.include(client);
    assert_eq!(desk.omie.client(code).unwrap()["razao_social"].as_str().unwrap().len(), 60);
}

#[test]
fn labels_come_and_go_one_by_one() {
    let mut desk = Desk::new();
    let code = desk.include(json!({ "tags": [{ "tag": "Cliente" }] }));
    let labels = |names: &[&str]| {
        let tags: Vec<Value> = names.iter().map(|name| json!({ "tag": name })).collect();
        json!({ "nCodCliente": code, "tags": tags })
    };
    desk.service("clientetag", "IncluirTags", &labels(&["VIP", "cliente"]));
    assert_eq!(desk.omie.client(code).unwrap()["tags"], json!([{ "tag": "Cliente" }, { "tag": "VIP" }]));
    let (status, body) = desk.service("clientetag", "ExcluirTags", &labels(&["vip"]));
    assert_eq!((status, &body["cCodStatus"]), (200, &json!("0")));
    let (_, body) = desk.service("clientetag", "ListarTags", &json!({ "nCodCliente": code }));
    assert_eq!(body["tagsLista"][0]["tag"], "Cliente");
    assert_eq!(body["tagsLista"].as_array().unwrap().len(), 1);
}

#[test]
fn a_document_is_checked_when_it_changes_and_only_then() {
    let mut desk = Desk::new();
    let twin = json!({ "razao_social": "A", "cnpj_cpf": "11444777000161" });
    let codes = [0, 1].map(|_| desk.omie.person_adds(desk.now, &twin).unwrap());
    // Twins that people made may be altered, as long as their document stays.
    let mut patch = json!({ "codigo_cliente_omie": codes[1], "cnpj_cpf": "11.444.777/0001-61" });
    desk.good("AlterarCliente", patch.clone());
    patch["codigo_cliente_omie"] = json!(desk.include(json!({})));
    let fault = desk.fault("AlterarCliente", patch);
    assert!(fault.contains(&format!("com o Id [{}]", codes[0])), "{fault}");
}

#[test]
fn two_keys_must_mean_one_client() {
    let mut desk = Desk::new();
    let one = desk.include(json!({ "codigo_cliente_integracao": "A1" }));
    let two = desk.include(json!({ "codigo_cliente_integracao": "A2" }));
    let both = |code: i64| json!({ "codigo_cliente_omie": code, "codigo_cliente_integracao": "A1" });
    desk.good("ConsultarCliente", both(one));
    assert!(desk.fault("ConsultarCliente", both(two)).contains("não pertence"));
    assert!(desk.fault("AssociarCodIntCliente", both(two)).contains(&format!("Id [{one}]")));
}

#[test]
fn a_client_abroad_says_so() {
    let mut desk = Desk::new();
    let code = desk.include(json!({ "codigo_pais": "2496" }));
    assert_eq!(desk.omie.client(code).unwrap()["exterior"], "S");
}
