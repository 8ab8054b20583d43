//! Sales orders: what they must have, what an alteration must not send, what the account sums up.

use serde_json::{Value, json};

use super::{Desk, with};

const ORDERS: &str = "produtos/pedido";

/// An account with a client and a product, and a good order of them.
fn ready() -> (Desk, Value) {
    let mut desk = Desk::new();
    let (client, product) = (desk.include(json!({ "codigo_cliente_integracao": "C1" })), desk.product("FLT-01", 50.0));
    let order = json!({
        "cabecalho": { "codigo_cliente": client, "codigo_pedido_integracao": "PLOO-D9", "data_previsao": "30/10/2026",
            "etapa": "10", "codigo_parcela": "000" },
        "det": [{ "ide": { "codigo_item_integracao": "1" },
            "produto": { "codigo_produto": product, "quantidade": 2, "valor_unitario": 50, "tipo_desconto": "V", "valor_desconto": 10 } }],
        "frete": { "modalidade": "9" },
        "informacoes_adicionais": { "codigo_categoria": "1.01.01", "codigo_conta_corrente": desk.omie.current_account(),
            "consumidor_final": "S", "enviar_email": "N" },
        "observacoes": { "obs_venda": "tarefa 55" },
    });
    (desk, order)
}

#[test]
fn an_order_is_included_and_summed_up_by_the_account() {
    let (mut desk, order) = ready();
    let told = desk.done(ORDERS, "IncluirPedido", order);
    let id = told["codigo_pedido"].as_i64().unwrap();
    assert_eq!(
        told,
        json!({ "codigo_pedido": id, "codigo_pedido_integracao": "PLOO-D9", "codigo_status": "0",
        "descricao_status": "Pedido cadastrado com sucesso!", "numero_pedido": "101" })
    );
    let shown = desk.done(ORDERS, "ConsultarPedido", json!({ "codigo_pedido_integracao": "PLOO-D9" }));
    let order = &shown["pedido_venda_produto"];
    assert_eq!(
        (&order["cabecalho"]["quantidade_itens"], &order["cabecalho"]["origem_pedido"]),
        (&json!(1), &json!("API"))
    );
    assert_eq!(
        order["total_pedido"],
        json!({ "valor_mercadorias": 100.0, "valor_descontos": 10.0, "valor_total_pedido": 90.0 })
    );
    let line = &order["det"][0]["produto"];
    assert_eq!(
        (&line["valor_total"], &line["descricao"], &line["unidade"]),
        (&json!(90.0), &json!("FILTRO & FLT-01"), &json!("UN"))
    );
    assert!(order["det"][0]["ide"]["codigo_item"].is_i64());
    assert_eq!(
        (&order["infoCadastro"]["uInc"], &order["infoCadastro"]["cancelado"]),
        (&json!("WEBSERVICE"), &json!("N"))
    );
    // What is empty is left out here and shown in a listing.
    assert!(order.get("lista_parcelas").is_none() && order["cabecalho"].get("bloqueado").is_none());
    let listed = desk.omie.sales_order(id).unwrap();
    assert_eq!((&listed["lista_parcelas"], &listed["cabecalho"]["bloqueado"]), (&json!({}), &json!("")));
}

#[test]
fn an_integration_code_is_taken_once_and_the_refusal_names_the_order() {
    let (mut desk, order) = ready();
    let id = desk.done(ORDERS, "IncluirPedido", order.clone())["codigo_pedido"].clone();
    let text = desk.refused(ORDERS, "IncluirPedido", order);
    assert_eq!(
        text,
        format!("102 Pedido já cadastrado para o Código de Integração [PLOO-D9], Código [{id}] e Número [101] !")
    );
    assert_eq!(
        desk.refused(ORDERS, "ConsultarPedido", json!({ "codigo_pedido": 1 })),
        "105 Pedido não cadastrado para o Código [1] !"
    );
    assert_eq!(desk.omie.sales_orders().count(), 1);
}

#[test]
fn what_an_order_lacks_is_named() {
    let (mut desk, order) = ready();
    desk.omie.switches.limits_enforced = false;
    for pointer in [
        "/cabecalho/codigo_pedido_integracao",
        "/cabecalho/codigo_cliente",
        "/cabecalho/data_previsao",
        "/cabecalho/etapa",
        "/cabecalho/codigo_parcela",
        "/informacoes_adicionais/codigo_categoria",
        "/informacoes_adicionais/codigo_conta_corrente",
        "/det/0/ide/codigo_item_integracao",
        "/det/0/produto/codigo_produto",
        "/det/0/produto/quantidade",
        "/det/0/produto/valor_unitario",
        "/det",
    ] {
        let tag = pointer.rsplit('/').next().unwrap();
        let text = desk.refused(ORDERS, "IncluirPedido", with(&order, pointer, Value::Null));
        assert_eq!(text, format!("1000 O preenchimento da tag [{tag}] é obrigatório!"), "{pointer}");
    }
    for (pointer, value, text) in [
        ("/cabecalho/codigo_cliente", json!(5), "105 Cliente não cadastrado para o Código [5] !"),
        ("/cabecalho/etapa", json!("60"), "[etapa] é inválido"),
        ("/cabecalho/data_previsao", json!("30/09/2026"), "data de hoje"),
        ("/cabecalho/codigo_parcela", json!("999"), "[qtde_parcelas]"),
        ("/frete", json!({ "placa": "ABC" }), "[modalidade]"),
        ("/informacoes_adicionais/codigo_categoria", json!("9"), "[9]"),
        ("/informacoes_adicionais/codigo_conta_corrente", json!(9), "[9]"),
        ("/det/0/produto/codigo_produto", json!(9), "Produto não cadastrado para o Código [9] !"),
        ("/det/0/produto/nome", json!("x"), "5001 Tag [NOME] não faz parte da estrutura do tipo complexo [produto]!"),
    ] {
        let refused = desk.refused(ORDERS, "IncluirPedido", with(&order, pointer, value));
        assert!(refused.contains(text), "{pointer}: {refused}");
    }
    desk.omie.switches.trade.past_expectation_refused = false;
    desk.done(ORDERS, "IncluirPedido", with(&order, "/cabecalho/data_previsao", json!("30/09/2026")));
}

#[test]
fn a_quotation_may_do_without_a_client_until_it_becomes_an_order() {
    let (mut desk, order) = ready();
    let quotation = with(&with(&order, "/cabecalho/codigo_cliente", json!(0)), "/cabecalho/etapa", json!("00"));
    let id = desk.done(ORDERS, "IncluirPedido", quotation)["codigo_pedido"].clone();
    let text = desk.refused(ORDERS, "TrocarEtapaPedido", json!({ "codigo_pedido": id, "etapa": "10" }));
    assert!(text.contains("[codigo_cliente]"), "{text}");
    let named = json!({ "cabecalho": { "codigo_pedido": id, "codigo_cliente_integracao": "C1", "etapa": "10" } });
    desk.done(ORDERS, "AlterarPedidoVenda", named);
    let shown = desk.omie.sales_order(id.as_i64().unwrap()).unwrap();
    assert_eq!(shown["cabecalho"]["codigo_cliente"], order["cabecalho"]["codigo_cliente"]);
}

#[test]
fn instalments_of_ones_own_must_be_whole() {
    let (mut desk, order) = ready();
    let mut own = with(&order, "/cabecalho/codigo_parcela", json!("999"));
    own["cabecalho"]["qtde_parcelas"] = json!(1);
    assert!(desk.refused(ORDERS, "IncluirPedido", own.clone()).contains("[lista_parcelas]"));
    own["lista_parcelas"] = json!({ "parcela": [{ "numero_parcela": 1, "valor": 90, "percentual": 100 }] });
    assert!(desk.refused(ORDERS, "IncluirPedido", own.clone()).contains("[data_vencimento]"));
    own["lista_parcelas"]["parcela"][0]["data_vencimento"] = json!("30/11/2026");
    desk.done(ORDERS, "IncluirPedido", own);
}

#[test]
fn an_alteration_sends_nothing_of_the_accounts_own() {
    let (mut desk, order) = ready();
    let id = desk.done(ORDERS, "IncluirPedido", order)["codigo_pedido"].clone();
    let change = json!({ "cabecalho": { "codigo_pedido": id }, "det": [{ "ide": { "codigo_item_integracao": "1" } }] });
    for (pointer, value) in [
        ("/cabecalho/numero_pedido", json!("101")),
        ("/cabecalho/sequencial", json!("1")),
        ("/det/0/ide/codigo_item", json!(5)),
        ("/total_pedido", json!({ "valor_total_pedido": 1 })),
        ("/infoCadastro", json!({ "cancelado": "N" })),
    ] {
        let tag = pointer.rsplit('/').next().unwrap();
        let text = desk.refused(ORDERS, "AlterarPedidoVenda", with(&change, pointer, value));
        assert_eq!(text, format!("1000 A tag [{tag}] não deve ser enviada na alteração!"));
    }
}

#[test]
fn items_are_changed_added_and_taken_away_by_their_integration_code() {
    let (mut desk, order) = ready();
    let id = desk.done(ORDERS, "IncluirPedido", order.clone())["codigo_pedido"].as_i64().unwrap();
    let product = order["det"][0]["produto"]["codigo_produto"].clone();
    let details = json!([
        { "ide": { "codigo_item_integracao": "1" }, "produto": { "quantidade": 3 } },
        { "ide": { "codigo_item_integracao": "2" }, "produto": { "codigo_produto": product, "quantidade": 1, "valor_unitario": 7 } },
    ]);
    let keyed = |details: Value| json!({ "cabecalho": { "codigo_pedido_integracao": "PLOO-D9" }, "det": details });
    desk.done(ORDERS, "AlterarPedidoVenda", keyed(details));
    let shown = desk.omie.sales_order(id).unwrap();
    assert_eq!(
        (&shown["total_pedido"]["valor_total_pedido"], &shown["cabecalho"]["quantidade_itens"]),
        (&json!(147.0), &json!(2))
    );
    desk.done(
        ORDERS,
        "AlterarPedidoVenda",
        keyed(json!([{ "ide": { "codigo_item_integracao": "1", "acao_item": "E" } }])),
    );
    let shown = desk.omie.sales_order(id).unwrap();
    assert_eq!(
        (&shown["total_pedido"]["valor_total_pedido"], shown["det"].as_array().unwrap().len()),
        (&json!(7.0), 1)
    );
    assert_eq!(shown["observacoes"]["obs_venda"], "tarefa 55");
}

#[test]
fn an_invoiced_or_cancelled_order_takes_no_change_and_cancelling_keeps_the_stage() {
    let (mut desk, order) = ready();
    let id = desk.done(ORDERS, "IncluirPedido", order.clone())["codigo_pedido"].as_i64().unwrap();
    let other = with(&order, "/cabecalho/codigo_pedido_integracao", json!("B"));
    let other = desk.done(ORDERS, "IncluirPedido", other)["codigo_pedido"].as_i64().unwrap();
    assert!(desk.omie.person_invoices(desk.now, id) && desk.omie.person_cancels(desk.now, other));
    assert!(!desk.omie.person_invoices(desk.now, 5));
    let change = |id: i64| json!({ "cabecalho": { "codigo_pedido": id }, "observacoes": { "obs_venda": "x" } });
    assert!(desk.refused(ORDERS, "AlterarPedidoVenda", change(id)).contains("já está faturado"));
    assert!(desk.refused(ORDERS, "AlterarPedidoVenda", change(other)).contains("já está cancelado"));
    assert!(desk.refused(ORDERS, "ExcluirPedido", json!({ "codigo_pedido": id })).contains("já está faturado"));
    let cancelled = desk.omie.sales_order(other).unwrap();
    assert_eq!(
        (&cancelled["cabecalho"]["etapa"], &cancelled["infoCadastro"]["cancelado"]),
        (&json!("10"), &json!("S"))
    );
    assert_eq!(desk.omie.sales_order(id).unwrap()["cabecalho"]["etapa"], "60");
    for (state, found) in [("FATURADO", id), ("CANCELADO", other)] {
        let page = desk.done(ORDERS, "ListarPedidos", json!({ "status_pedido": state }));
        assert_eq!(page["pedido_venda_produto"][0]["cabecalho"]["codigo_pedido"], found);
    }
}

#[test]
fn a_listing_has_ways_of_its_own() {
    let (mut desk, order) = ready();
    desk.done(ORDERS, "IncluirPedido", order.clone());
    desk.now += jiff::SignedDuration::from_hours(24);
    desk.done(ORDERS, "IncluirPedido", with(&order, "/cabecalho/codigo_pedido_integracao", json!("B")));
    let found = |desk: &mut Desk, param: Value| {
        let page = desk.done(ORDERS, "ListarPedidos", param);
        let rows = page["pedido_venda_produto"].as_array().unwrap();
        rows.iter().map(|row| row["cabecalho"]["numero_pedido"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut desk, json!({ "ordem_descrescente": "S" })), ["102", "101"]);
    assert_eq!(found(&mut desk, json!({ "numero_pedido_de": 102 })), ["102"]);
    // An end without a start starts today.
    assert_eq!(found(&mut desk, json!({ "filtrar_por_data_ate": "31/12/2026" })), ["102"]);
    assert_eq!(found(&mut desk, json!({ "filtrar_por_data_de": "01/01/2026", "etapa": "10" })), ["101", "102"]);
    desk.omie.switches.trade.orders_filtered_by_expectation = true;
    let between = json!({ "filtrar_por_data_de": "30/10/2026", "filtrar_por_data_ate": "30/10/2026" });
    assert_eq!(found(&mut desk, between), ["101", "102"]);
    let page = desk.done(ORDERS, "ListarPedidos", json!({ "apenas_resumo": "S" }));
    assert!(page["pedido_venda_produto"][0].get("det").is_none() && page["total_de_registros"] == 2);
    let text = desk.refused(ORDERS, "ListarPedidos", json!({ "ordem_decrescente": "S" }));
    assert!(text.starts_with("5001 Tag [ORDEM_DECRESCENTE]"), "{text}");
    assert!(desk.refused(ORDERS, "ListarPedidos", json!({ "etapa": "80" })).starts_with("5113 "));
    let code = json!({ "codigo_pedido_integracao": "B", "etapa": "20" });
    assert_eq!(desk.done(ORDERS, "TrocarEtapaPedido", code)["codigo_status"], "0");
    assert_eq!(found(&mut desk, json!({ "etapa": "20" })), ["102"]);
}
