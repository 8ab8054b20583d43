//! Service orders: what they must have, how items are addressed, what the account fills itself.

use serde_json::{Value, json};

use super::{Desk, with};
use crate::sandbox::omie::Refused;

const OS: &str = "servicos/os";

/// An account with a client, a service and a product, and a good order of them.
fn ready() -> (Desk, Value) {
    let mut desk = Desk::new();
    let client = desk.include(json!({ "codigo_cliente_integracao": "C1" }));
    let (service, product) = (desk.catalogued("VISITA", 350.0), desk.product("FLT-01", 50.0));
    let order = json!({
        "Cabecalho": { "cCodIntOS": "AUVO-55", "nCodCli": client, "dDtPrevisao": "20/10/2026", "cEtapa": "10",
            "cCodParc": "000", "nQtdeParc": 1 },
        "InformacoesAdicionais": { "cCodCateg": "1.01.02", "nCodCC": desk.omie.current_account() },
        "Observacoes": { "cObsOS": "tarefa 55" }, "Departamentos": [],
        "ServicosPrestados": [{ "nCodServico": service, "nQtde": 2, "nValUnit": 300.0 }],
        "produtosUtilizados": { "cAcaoProdUtilizados": "EST",
            "produtoUtilizado": [{ "nCodProdutoPU": product, "nQtdePU": 2 }] },
    });
    (desk, order)
}

#[test]
fn an_order_is_included_with_a_padded_number_and_totals_of_the_accounts_own() {
    let (mut desk, mut order) = ready();
    order["Cabecalho"]["nValorTotal"] = json!(1);
    // Tags in another case are the same tags.
    let head = order["Cabecalho"].take();
    order.as_object_mut().unwrap().remove("Cabecalho");
    order["cabecalho"] = head;
    let told = desk.done(OS, "IncluirOS", order);
    let id = told["nCodOS"].as_i64().unwrap();
    assert_eq!(
        told,
        json!({ "cCodIntOS": "AUVO-55", "nCodOS": id, "cNumOS": "000000000000101", "cCodStatus": "0",
        "cDescStatus": "Ordem de Serviço cadastrado com sucesso!" })
    );
    let shown = desk.done(OS, "ConsultarOS", json!({ "cCodIntOS": "AUVO-55" }));
    assert_eq!(Some(&shown), desk.omie.service_order(id).as_ref());
    let head = &shown["Cabecalho"];
    assert_eq!((&head["cNumOS"], &head["nValorTotal"], &head["cEtapa"]), (&json!("101"), &json!(600.0), &json!("10")));
    let item = &shown["ServicosPrestados"][0];
    assert_eq!(
        (&item["nSeqItem"], &item["cDescServ"], &item["cCodServLC116"]),
        (&json!(1), &json!("VISITA"), &json!("14.01"))
    );
    assert!(item["nIdItem"].is_i64() && shown["produtosUtilizados"]["produtoUtilizado"][0]["nIdItemPU"].is_i64());
    let info = &shown["InfoCadastro"];
    assert_eq!(
        (&info["uInc"], &info["cFaturada"], &info["cCancelada"]),
        (&json!("WEBSERVICE"), &json!("N"), &json!("N"))
    );
    assert!(info.get("dDtFat").is_none());
}

#[test]
fn an_integration_code_is_taken_once_and_the_refusal_names_the_order() {
    let (mut desk, order) = ready();
    let id = desk.done(OS, "IncluirOS", order.clone())["nCodOS"].as_i64().unwrap();
    let text = desk.refused(OS, "IncluirOS", order.clone());
    assert_eq!(
        text,
        format!("102 OS já cadastrada para o Código de Integração [AUVO-55], Código [{id}] e Número [101] !")
    );
    desk.done(OS, "ExcluirOS", json!({ "nCodOS": id }));
    desk.done(OS, "IncluirOS", order);
    assert_eq!(desk.omie.service_orders().count(), 1);
    let text = desk.refused(OS, "ConsultarOS", json!({ "cCodIntOS": "x" }));
    assert_eq!(text, "103 OS não cadastrada para o Código de Integração [x] !");
    assert_eq!(desk.refused(OS, "ConsultarOS", json!({ "nCodOS": 5 })), "105 OS não cadastrada para o Código [5] !");
    let shown = desk.done(OS, "ConsultarOS", json!({ "cNumOS": "000000000000101" }));
    assert_eq!(shown["Cabecalho"]["cCodIntOS"], "AUVO-55");
}

#[test]
fn what_an_order_lacks_is_named() {
    let (mut desk, order) = ready();
    let category = "É obrigatório informar o código da Categoria, tag [cCodCateg], na inclusão!";
    for (pointer, value, text) in [
        ("/InformacoesAdicionais/cCodCateg", Value::Null, category),
        ("/InformacoesAdicionais/nCodCC", Value::Null, "tag [nCodCC]"),
        ("/InformacoesAdicionais/cCodCateg", json!("9.99"), "[9.99]"),
        ("/Cabecalho/nCodCli", json!(5), "Cliente não cadastrado para o Código [5] !"),
        ("/Cabecalho/dDtPrevisao", Value::Null, "[dDtPrevisao] é obrigatório"),
        ("/Cabecalho/dDtPrevisao", json!("2026-10-20"), "[dDtPrevisao]"),
        ("/Cabecalho/cEtapa", json!("60"), "Valores válidos: [00], [10]"),
        ("/Cabecalho/nCodVend", json!(5), "vendedor"),
        ("/ServicosPrestados/0/nQtde", Value::Null, "[nQtde] é obrigatório"),
        ("/ServicosPrestados/0/nCodServico", json!(5), "Serviço não cadastrado para o Código [5]"),
        ("/ServicosPrestados/0/nIdItem", json!(5), "[nIdItem] não deve ser enviada na inclusão"),
        ("/produtosUtilizados/cAcaoProdUtilizados", Value::Null, "[cAcaoProdUtilizados] é obrigatório"),
        ("/produtosUtilizados/cAcaoProdUtilizados", json!("XXX"), "Valores válidos: [EST], [REM], [PED]"),
        ("/produtosUtilizados/cAcaoProdUtilizados", json!("REM"), "[cCodCategRem] é obrigatório"),
        ("/produtosUtilizados/produtoUtilizado/0/nQtdePU", Value::Null, "[nQtdePU] é obrigatório"),
        ("/produtosUtilizados/produtoUtilizado/0/nCodProdutoPU", json!(5), "Produto não cadastrado"),
        ("/Cabecalho/xyz", json!(5), "Tag [XYZ] não faz parte da estrutura do tipo complexo [Cabecalho]!"),
    ] {
        desk.omie.switches.limits_enforced = false;
        let refused = desk.refused(OS, "IncluirOS", with(&order, pointer, value));
        assert!(refused.contains(text), "{pointer}: {refused}");
    }
    let bare = with(&order, "/ServicosPrestados/0/nCodServico", Value::Null);
    assert!(
        desk.refused(OS, "IncluirOS", bare.clone())
            .contains("É obrigatório o Código do Serviço LC116, tag [cCodServLC116], na inclusão!")
    );
    let mut told = with(&bare, "/ServicosPrestados/0/cCodServLC116", json!("14.01"));
    assert!(
        desk.refused(OS, "IncluirOS", told.clone())
            .contains("É obrigatório o Tipo de Tributação de serviço, tag [cTribServ], na inclusão!")
    );
    for (tag, value) in [("cTribServ", "01"), ("cCodServMun", "1401"), ("cDescServ", "VISITA")] {
        told["ServicosPrestados"][0][tag] = json!(value);
    }
    desk.done(OS, "IncluirOS", told);
}

#[test]
fn demands_differ_from_account_to_account() {
    let (mut desk, order) = ready();
    desk.omie.switches.trade.taxation_told_again = true;
    assert!(desk.refused(OS, "IncluirOS", order.clone()).contains("LC116"));
    desk.omie.switches.trade.taxation_told_again = false;
    desk.omie.switches.trade.service_order_needs_service = true;
    let idle = with(&order, "/ServicosPrestados", json!([]));
    assert!(desk.refused(OS, "IncluirOS", idle.clone()).contains("ao menos um serviço"));
    desk.omie.switches.trade.service_order_needs_service = false;
    desk.omie.switches.trade.service_order_needs_account = false;
    let id = desk.done(OS, "IncluirOS", with(&idle, "/InformacoesAdicionais/nCodCC", Value::Null))["nCodOS"].as_i64();
    assert_eq!(desk.omie.service_order(id.unwrap()).unwrap()["Cabecalho"]["nValorTotal"].to_string(), "0.0");
}

#[test]
fn an_inactive_product_or_seller_is_refused() {
    let (mut desk, order) = ready();
    let product = order["produtosUtilizados"]["produtoUtilizado"][0]["nCodProdutoPU"].as_i64().unwrap();
    desk.omie.person_edits_product(desk.now, product, &json!({ "inativo": "S" })).unwrap();
    let text = desk.refused(OS, "IncluirOS", order.clone());
    assert_eq!(text, format!("115 O produto [FLT-01] está inativo !(Id: [{product}] / Integração: [])"));
    desk.omie.person_edits_product(desk.now, product, &json!({ "inativo": "N" })).unwrap();
    let seller = desk.omie.add_seller(desk.now, "ANA", "ana@x", true);
    let text = desk.refused(OS, "IncluirOS", with(&order, "/Cabecalho/nCodVend", json!(seller)));
    assert_eq!(text, "115 O vendedor está inativo! - tag: [codVend]");
}

#[test]
fn an_alteration_merges_and_addresses_items_one_by_one() {
    let (mut desk, order) = ready();
    let id = desk.done(OS, "IncluirOS", order.clone())["nCodOS"].as_i64().unwrap();
    let service = order["ServicosPrestados"][0]["nCodServico"].clone();
    let items = json!([{ "nSeqItem": 1, "nQtde": 1 },
        { "cAcaoItem": "I", "nCodServico": service, "nQtde": 1, "cTpDesconto": "V", "nValorDesconto": 50 }]);
    let change = json!({ "Cabecalho": { "cCodIntOS": "AUVO-55", "cEtapa": "20" }, "ServicosPrestados": items });
    let told = desk.done(OS, "AlterarOS", change);
    assert_eq!((&told["nCodOS"], &told["cDescStatus"]), (&json!(id), &json!("Ordem de Serviço alterada com sucesso!")));
    let shown = desk.omie.service_order(id).unwrap();
    let head = &shown["Cabecalho"];
    assert_eq!(
        (&head["cEtapa"], &head["nValorTotal"], &head["dDtPrevisao"]),
        (&json!("20"), &json!(600.0), &json!("20/10/2026"))
    );
    assert_eq!(
        (&shown["ServicosPrestados"][0]["nValUnit"], &shown["ServicosPrestados"][1]["nSeqItem"]),
        (&json!(300.0), &json!(2))
    );
    assert_eq!(shown["Observacoes"]["cObsOS"], "tarefa 55");
    let keyed = |items: Value| json!({ "Cabecalho": { "nCodOS": id }, "ServicosPrestados": items });
    desk.done(OS, "AlterarOS", keyed(json!([{ "nSeqItem": 1, "cAcaoItem": "E" }])));
    assert_eq!(desk.omie.service_order(id).unwrap()["ServicosPrestados"].as_array().unwrap().len(), 1);
    assert!(desk.refused(OS, "AlterarOS", keyed(json!([{ "nQtde": 1 }]))).contains("[nSeqItem] é obrigatório"));
    assert!(desk.refused(OS, "AlterarOS", keyed(json!([{ "nSeqItem": 9, "nQtde": 1 }]))).contains("Item [9]"));
    let used = shown["produtosUtilizados"]["produtoUtilizado"][0]["nIdItemPU"].clone();
    let products = json!({ "produtoUtilizado": [{ "nIdItemPU": used, "nQtdePU": 5 }] });
    desk.done(OS, "AlterarOS", json!({ "Cabecalho": { "nCodOS": id }, "produtosUtilizados": products }));
    let products = desk.omie.service_order(id).unwrap()["produtosUtilizados"].clone();
    assert_eq!(
        (&products["cAcaoProdUtilizados"], &products["produtoUtilizado"][0]["nQtdePU"]),
        (&json!("EST"), &json!(5.0))
    );
}

#[test]
fn an_invoiced_or_cancelled_order_takes_no_change() {
    let (mut desk, order) = ready();
    let id = desk.done(OS, "IncluirOS", order.clone())["nCodOS"].as_i64().unwrap();
    let other =
        desk.done(OS, "IncluirOS", with(&order, "/Cabecalho/cCodIntOS", json!("B")))["nCodOS"].as_i64().unwrap();
    assert!(desk.omie.person_invoices(desk.now, id) && desk.omie.person_cancels(desk.now, other));
    let change = |id: i64| json!({ "Cabecalho": { "nCodOS": id }, "Observacoes": { "cObsOS": "x" } });
    assert!(desk.refused(OS, "AlterarOS", change(id)).contains("já está faturada"));
    assert!(desk.refused(OS, "AlterarOS", change(other)).contains("já está cancelada"));
    assert!(desk.refused(OS, "ExcluirOS", json!({ "nCodOS": id })).contains("já está faturada"));
    assert!(desk.omie.person_edits_service_order(desk.now, id, &json!({ "Observacoes": { "cObsOS": "x" } })).is_err());
    let status = desk.done(OS, "StatusOS", json!({ "nCodOS": id }));
    assert_eq!(
        (&status["cFaturada"], &status["cEtapa"], &status["nValorTot"]),
        (&json!("S"), &json!("60"), &json!(600.0))
    );
    let info = desk.omie.service_order(other).unwrap()["InfoCadastro"].clone();
    assert!(info["cCancelada"] == "S" && info["dDtCanc"].is_string() && info.get("dDtFat").is_none());
}

#[test]
fn a_stage_moves_and_orders_are_listed_by_it() {
    let (mut desk, order) = ready();
    let id = desk.done(OS, "IncluirOS", order.clone())["nCodOS"].as_i64().unwrap();
    let told = desk.done(OS, "TrocarEtapaOS", json!({ "cCodIntOS": "AUVO-55", "cEtapa": "50" }));
    assert_eq!(
        (&told["nCodOS"], &told["codigo_status"], &told["cNumOS"]),
        (&json!(id), &json!("0"), &json!("000000000000101"))
    );
    assert!(desk.refused(OS, "TrocarEtapaOS", json!({ "nCodOS": id, "cEtapa": "60" })).contains("[cEtapa]"));
    desk.done(OS, "IncluirOS", with(&order, "/Cabecalho/cCodIntOS", json!("B")));
    let page = desk.done(OS, "ListarOS", json!({ "filtrar_por_etapa": "50" }));
    assert_eq!((&page["total_de_registros"], &page["osCadastro"][0]["Cabecalho"]["nCodOS"]), (&json!(1), &json!(id)));
    assert!(page["osCadastro"][0].get("produtosUtilizados").is_none());
    let page =
        desk.done(OS, "ListarOS", json!({ "cExibirProdutos": "S", "filtrar_por_codigo": [{ "cCodIntOS": "B" }] }));
    assert!(page["osCadastro"][0]["produtosUtilizados"].is_object() && page["registros"] == 1);
    assert_eq!(desk.done(OS, "ListarOS", json!({ "filtrar_por_status": "N" }))["registros"], 2);
    assert!(desk.refused(OS, "ListarOS", json!({ "filtrar_por_status": "F" })).starts_with("5113 "));
    let hours = json!({ "filtrar_por_data_de": "01/10/2026", "filtrar_por_hora_de": "00:00:00" });
    assert!(desk.refused(OS, "ListarOS", hours).starts_with("5001 Tag [FILTRAR_POR_HORA_DE]"));
}

#[test]
fn ids_are_numbers_or_texts_and_both_are_taken() {
    let (mut desk, order) = ready();
    let id = desk.done(OS, "IncluirOS", order.clone())["nCodOS"].as_i64().unwrap();
    desk.omie.switches.ids_as_text = true;
    let shown = desk.done(OS, "ConsultarOS", json!({ "nCodOS": id.to_string() }));
    let client = order["Cabecalho"]["nCodCli"].to_string();
    assert_eq!(
        (&shown["Cabecalho"]["nCodOS"], &shown["Cabecalho"]["nCodCli"]),
        (&json!(id.to_string()), &json!(client))
    );
    assert_eq!(
        (&shown["Cabecalho"]["nValorTotal"], &shown["ServicosPrestados"][0]["nSeqItem"]),
        (&json!(600.0), &json!(1))
    );
}

#[test]
fn a_refusal_may_come_as_a_status_in_the_words_of_its_service() {
    let (mut desk, order) = ready();
    let id = desk.done(OS, "IncluirOS", order.clone())["nCodOS"].clone();
    desk.omie.person_invoices(desk.now, id.as_i64().unwrap());
    desk.omie.switches.refused = Refused::StatusWithin200;
    let told = desk.done(OS, "IncluirOS", order);
    assert_eq!((&told["nCodOS"], &told["cCodStatus"]), (&json!(0), &json!("102")));
    assert!(told["cDescStatus"].as_str().unwrap().starts_with("OS já cadastrada para o Código de Integração"));
    let told = desk.done(OS, "TrocarEtapaOS", json!({ "nCodOS": id, "cEtapa": "50" }));
    assert_eq!((&told["codigo_status"], told.get("cCodStatus")), (&json!("1000"), None));
    let told = desk.done("produtos/pedido", "ExcluirPedido", json!({ "codigo_pedido": 5 }));
    assert_eq!((&told["codigo_pedido"], &told["codigo_status"]), (&json!(0), &json!("105")));
    // Reads know no status.
    assert!(desk.refused(OS, "ConsultarOS", json!({ "nCodOS": 5 })).starts_with("105 "));
}
