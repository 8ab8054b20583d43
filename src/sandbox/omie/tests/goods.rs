//! Products, stock and services: what listings hide, what is always zero, what a day held.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::Desk;
use crate::sandbox::omie::Level;
use crate::sandbox::{Request, Sandbox};

impl Desk {
    /// A call of any service.
    pub(super) fn ask(&mut self, service: &str, call: &str, param: &Value) -> (u16, Value) {
        let body = json!({ "call": call, "app_key": "demo-key", "app_secret": "demo-secret", "param": [param] });
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/api/v1/{service}/"),
            body: body.to_string().into_bytes(),
            ..Request::default()
        };
        let answer = self.omie.answer(self.now, &request);
        self.now += self.step_ms.milliseconds();
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// A call that goes well.
    pub(super) fn done(&mut self, service: &str, call: &str, param: Value) -> Value {
        let (status, body) = self.ask(service, call, &param);
        assert_eq!(status, 200, "{call}: {body}");
        body
    }

    /// The text of a refusal without what every text begins with.
    pub(super) fn refused(&mut self, service: &str, call: &str, param: Value) -> String {
        let (status, body) = self.ask(service, call, &param);
        assert_eq!(status, 500, "{call}: {body}");
        let (code, text) = (body["faultcode"].as_str().unwrap(), body["faultstring"].as_str().unwrap());
        format!("{} {}", code.replace("SOAP-ENV:Client-", ""), text.replace("ERROR: ", ""))
    }

    /// A product that a person enters; tells its number.
    pub(super) fn product(&mut self, sku: &str, price: f64) -> i64 {
        let product = json!({ "codigo": sku, "descricao": format!("FILTRO & {sku}"), "unidade": "UN", "ncm": "39232190",
            "valor_unitario": price });
        self.omie.person_adds_product(self.now, &product).unwrap()
    }

    /// A service that a person enters; tells its number.
    pub(super) fn catalogued(&mut self, name: &str, price: f64) -> i64 {
        let head = json!({ "cDescricao": name, "cCodigo": "S-1", "nPrecoUnit": price, "cCodLC116": "14.01",
            "cIdTrib": "01", "cCodServMun": "1401" });
        self.omie.person_adds_service(self.now, &json!({ "cabecalho": head })).unwrap()
    }

    fn products(&mut self, param: Value) -> Vec<i64> {
        let (status, body) = self.ask("geral/produtos", "ListarProdutos", &param);
        if status == 500 {
            assert!(body["faultcode"].as_str().unwrap().ends_with("Client-5113"), "{body}");
            return Vec::new();
        }
        let rows = body["produto_servico_cadastro"].as_array().unwrap();
        rows.iter().map(|row| row["codigo_produto"].as_i64().unwrap()).collect()
    }

    fn positions(&mut self, mut param: Value) -> Vec<Value> {
        param["nPagina"] = json!(1);
        let (status, body) = self.ask("estoque/consulta", "ListarPosEstoque", &param);
        assert!(status == 200 || body["faultcode"].as_str().unwrap().ends_with("Client-5113"), "{body}");
        body["produtos"].as_array().cloned().unwrap_or_default()
    }

    fn services(&mut self, param: Value) -> usize {
        let (status, body) = self.ask("servicos/servico", "ListarCadastroServico", &param);
        assert!(status == 200 || body["faultcode"].as_str().unwrap().ends_with("Client-5113"), "{body}");
        body["cadastros"].as_array().map_or(0, Vec::len)
    }
}

fn level(physical: f64, reserved: f64) -> Level {
    Level { physical, reserved, pending: 2.0, least: 5.0, cost: 21.5 }
}

#[test]
fn a_listing_hides_products_unless_asked_not_to() {
    let mut desk = Desk::new();
    let plain = desk.product("A-1", 10.0);
    let sold = desk.product("B-1", 10.0);
    let at_counter = json!({ "recomendacoes_fiscais": { "cupom_fiscal": "S" } });
    desk.omie.person_edits_product(desk.now, sold, &at_counter).unwrap();
    assert_eq!(desk.products(json!({})), [sold]);
    assert_eq!(desk.products(json!({ "filtrar_apenas_omiepdv": "S" })), [sold]);
    assert_eq!(desk.products(json!({ "filtrar_apenas_omiepdv": "N" })), [plain, sold]);
    desk.omie.switches.trade.point_of_sale_only = false;
    assert_eq!(desk.products(json!({})), [plain, sold]);
}

#[test]
fn a_product_reads_with_a_mask_and_a_stock_of_zero() {
    let mut desk = Desk::new();
    let id = desk.product("FLT-01", 50.5);
    desk.omie.person_counts_stock(desk.now, id, None, level(10.0, 3.0));
    let page = desk.done("geral/produtos", "ListarProdutos", json!({ "filtrar_apenas_omiepdv": "N", "pagina": 1 }));
    assert_eq!((&page["total_de_registros"], &page["registros"]), (&json!(1), &json!(1)));
    let row = &page["produto_servico_cadastro"][0];
    assert_eq!(
        (&row["codigo"], &row["ncm"], &row["descricao"]),
        (&json!("FLT-01"), &json!("3923.21.90"), &json!("FILTRO &amp; FLT-01"))
    );
    assert_eq!(
        (&row["quantidade_estoque"], &row["valor_unitario"], &row["inativo"]),
        (&json!(0), &json!(50.5), &json!("N"))
    );
    assert_eq!((&row["info"]["uInc"], &row["info"]["dInc"]), (&json!("P004321007"), &json!("01/10/2026")));
    assert!(row.get("imagens").is_none());
    for key in [json!({ "codigo_produto": id }), json!({ "codigo": "FLT-01" })] {
        let shown = desk.done("geral/produtos", "ConsultarProduto", key);
        assert_eq!(
            (&shown["imagens"], &shown["videos"], &shown["codigo_produto"]),
            (&json!([]), &Value::Null, &json!(id))
        );
    }
    let text = desk.refused("geral/produtos", "ConsultarProduto", json!({ "codigo_produto": 1 }));
    assert_eq!(text, "105 Produto não cadastrado para o Código [1] !");
    let text = desk.refused("geral/produtos", "ConsultarProduto", json!({ "codigo_produto_integracao": "x" }));
    assert_eq!(text, "103 Produto não cadastrado para o Código de Integração [x] !");
}

#[test]
fn products_are_found_by_window_name_state_and_code() {
    let mut desk = Desk::new();
    let first = desk.product("AAA", 1.0);
    desk.now += 1.hours();
    let second = desk.product("BBB", 1.0);
    desk.omie.person_edits_product(desk.now, first, &json!({ "inativo": "S" })).unwrap();
    let mut found = |mut param: Value| {
        param["filtrar_apenas_omiepdv"] = json!("N");
        desk.products(param)
    };
    assert_eq!(found(json!({ "ordem_decrescente": "S" })), [second, first]);
    assert_eq!(found(json!({ "inativo": "S" })), [first]);
    assert_eq!(found(json!({ "filtrar_apenas_descricao": "%bbb" })), [second]);
    assert_eq!(found(json!({ "filtrar_apenas_descricao": "filtro" })), Vec::<i64>::new());
    assert_eq!(found(json!({ "filtrar_apenas_descricao": "filtro%" })), [first, second]);
    assert_eq!(found(json!({ "produtosPorCodigo": [{ "codigo": "AAA" }, { "codigo_produto": 5 }] })), [first]);
    assert_eq!(found(json!({ "ncm": "3923.21.90", "apenas_importado_api": "S" })), Vec::<i64>::new());
    let late = json!({ "filtrar_por_data_de": "01/10/2026", "filtrar_por_hora_de": "10:00:00" });
    assert_eq!(found(late.clone()), [first, second]);
    let mut only_new = late;
    only_new["filtrar_apenas_inclusao"] = json!("S");
    assert_eq!(found(only_new), [second]);
    let text = desk.refused("geral/produtos", "ListarProdutos", json!({ "filtrar_apenas_descricao": "%ab%" }));
    assert!(text.starts_with("1010 "), "{text}");
    let text = desk.refused("geral/produtos", "ListarProdutos", json!({ "nome": "x" }));
    assert_eq!(text, "5001 Tag [NOME] não faz parte da estrutura do tipo complexo [produto_servico_list_request]!");
}

#[test]
fn a_product_is_written_with_what_it_must_have() {
    let mut desk = Desk::new();
    let product = json!({ "codigo": "A", "codigo_produto_integracao": "X1", "descricao": "FILTRO", "unidade": "UN",
        "ncm": "39232190", "valor_unitario": "12.5", "inativo": "S" });
    for tag in ["codigo", "descricao", "unidade", "ncm", "valor_unitario"] {
        let mut lacking = product.clone();
        lacking.as_object_mut().unwrap().remove(tag);
        let text = desk.refused("geral/produtos", "IncluirProduto", lacking);
        assert_eq!(text, format!("1000 O preenchimento da tag [{tag}] é obrigatório!"));
        desk.now += 1.hours();
    }
    let told = desk.done("geral/produtos", "IncluirProduto", product.clone());
    let id = told["codigo_produto"].as_i64().unwrap();
    assert_eq!((&told["codigo_produto_integracao"], &told["codigo_status"]), (&json!("X1"), &json!("0")));
    let text = desk.refused("geral/produtos", "IncluirProduto", product);
    assert_eq!(text, format!("102 Produto já cadastrado para o Código de Integração [X1], Código [{id}] !"));
    let twin = json!({ "codigo": "A", "descricao": "B", "unidade": "UN", "ncm": "1", "valor_unitario": 1 });
    assert!(desk.refused("geral/produtos", "IncluirProduto", twin).contains("Código [A]"));
    desk.done(
        "geral/produtos",
        "AlterarProduto",
        json!({ "codigo_produto_integracao": "X1", "valor_unitario": 13, "inativo": "S" }),
    );
    let shown = desk.omie.product(id).unwrap();
    // Only people make a product inactive.
    assert_eq!(
        (&shown["valor_unitario"], &shown["descricao"], &shown["inativo"]),
        (&json!(13.0), &json!("FILTRO"), &json!("N"))
    );
    assert_eq!(shown["info"]["uInc"], "WEBSERVICE");
    desk.omie.person_counts_stock(desk.now, id, None, level(1.0, 0.0));
    let text = desk.refused("geral/produtos", "ExcluirProduto", json!({ "codigo_produto": id }));
    assert!(text.contains("movimentação de estoque"), "{text}");
    let other = desk.product("C", 1.0);
    desk.done("geral/produtos", "ExcluirProduto", json!({ "codigo_produto": other }));
    assert_eq!(desk.omie.product(other), None);
}

#[test]
fn stock_moves_without_the_product_and_reads_by_day_and_location() {
    let mut desk = Desk::new();
    let (id, _still) = (desk.product("FLT-01", 50.0), desk.product("OUT", 1.0));
    let info = desk.omie.product(id).unwrap()["info"].clone();
    desk.omie.person_counts_stock(desk.now, id, None, level(10.0, 3.0));
    let usual = desk.omie.stock_locations()[0];
    let rows = desk.positions(json!({ "dDataPosicao": "01/10/2026", "cExibeTodos": "N" }));
    let expected = json!({ "nCodProd": id, "cCodInt": "", "cCodigo": "FLT-01", "cDescricao": "FILTRO & FLT-01",
        "nPrecoUnitario": 50.0, "nSaldo": 7.0, "nCMC": 21.5, "nPendente": 2.0, "estoque_minimo": 5.0,
        "codigo_local_estoque": usual, "reservado": 3.0, "fisico": 10.0 });
    assert_eq!(rows, [expected]);
    assert_eq!(desk.omie.product(id).unwrap()["info"], info, "the record does not change");
    let other = desk.omie.add_stock_location();
    desk.now += 24.hours();
    desk.omie.person_counts_stock(desk.now, id, None, level(4.0, 5.0));
    desk.omie.person_counts_stock(desk.now, id, Some(other), level(1.5, 0.0));
    let mut saldo = |param: Value| {
        desk.now += 61.seconds();
        desk.positions(param).iter().map(|row| row["nSaldo"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(saldo(json!({})), [-1.0]);
    assert_eq!(saldo(json!({ "dDataPosicao": "01/10/2026" })), [7.0]);
    assert_eq!(saldo(json!({ "dDataPosicao": "30/09/2026" })), [0.0; 0]);
    assert_eq!(saldo(json!({ "lista_local_estoque": "TODOS" })), [-1.0, 1.5]);
    assert_eq!(saldo(json!({ "codigo_local_estoque": other })), [1.5]);
    assert_eq!(saldo(json!({ "cExibeTodos": "S" })), [-1.0, 0.0]);
    assert_eq!(saldo(json!({ "lista_produtos": [{ "cCodigo": "FLT-01" }], "cExibeTodos": "S" })), [-1.0]);
    desk.omie.switches.trade.stock_of_all_locations = true;
    assert_eq!(desk.positions(json!({})).len(), 2);
    for (param, start) in [
        (json!({ "codigo_local_estoque": 5 }), "1070 "),
        (json!({ "codigo_local_estoque": other, "lista_local_estoque": "TODOS" }), "1073 "),
        (json!({ "nCodProd": id }), "5001 Tag [NCODPROD]"),
    ] {
        let text = desk.refused("estoque/consulta", "ListarPosEstoque", param);
        assert!(text.starts_with(start), "{text}");
    }
    let one = desk.done("estoque/consulta", "PosicaoEstoque", json!({ "id_prod": id, "data": "02/10/2026" }));
    assert_eq!((&one["saldo"], &one["fisico"], &one["reservado"]), (&json!(0.5), &json!(5.5), &json!(5.0)));
    assert!(desk.refused("estoque/consulta", "PosicaoEstoque", json!({ "id_prod": id })).contains("[data]"));
}

#[test]
fn stock_is_paged_in_hungarian_and_by_fifty_when_all_is_shown() {
    let mut desk = Desk::new();
    for number in 0..60 {
        desk.product(&format!("P-{number}"), 1.0);
    }
    let page = desk.done(
        "estoque/consulta",
        "ListarPosEstoque",
        json!({ "nPagina": 2, "nRegPorPagina": 100, "cExibeTodos": "S" }),
    );
    let head = ["nPagina", "nTotPaginas", "nRegistros", "nTotRegistros"].map(|name| page[name].as_i64().unwrap());
    assert_eq!((head, page["dDataPosicao"].as_str().unwrap()), ([2, 2, 10, 60], "01/10/2026"));
    let past = json!({ "nPagina": 3, "cExibeTodos": "S" });
    assert!(desk.refused("estoque/consulta", "ListarPosEstoque", past).starts_with("5113 "));
}

#[test]
fn a_service_reads_in_blocks_and_is_inactive_in_its_info() {
    let mut desk = Desk::new();
    let id = desk.catalogued("VISITA TÉCNICA", 350.0);
    let page = desk.done("servicos/servico", "ListarCadastroServico", json!({ "nPagina": 1, "nRegPorPagina": 50 }));
    assert_eq!((&page["nTotRegistros"], &page["nTotPaginas"]), (&json!(1), &json!(1)));
    let row = &page["cadastros"][0];
    assert_eq!(
        (&row["intListar"]["nCodServ"], &row["cabecalho"]["nPrecoUnit"], &row["info"]["inativo"]),
        (&json!(id), &json!(350.0), &json!("N"))
    );
    desk.now += 1.hours();
    desk.omie
        .person_edits_service(desk.now, id, &json!({ "inativo": "S", "cabecalho": { "nPrecoUnit": 400 } }))
        .unwrap();
    let shown = desk.done("servicos/servico", "ConsultarCadastroServico", json!({ "nCodServ": id }));
    assert_eq!((&shown["info"]["inativo"], &shown["cabecalho"]["nPrecoUnit"]), (&json!("S"), &json!(400.0)));
    assert_eq!(shown["cabecalho"]["cDescricao"], "VISITA TÉCNICA");
    assert_eq!(desk.services(json!({ "inativo": "N" })), 0);
    assert_eq!(desk.services(json!({ "cDescricao": "visita" })), 1);
    assert_eq!(desk.services(json!({ "dAlteracaoInicial": "01/10/2026", "hAlteracaoInicial": "10:00:00" })), 1);
    assert_eq!(desk.services(json!({ "dInclusaoInicial": "01/10/2026", "hInclusaoInicial": "10:00:00" })), 0);
    let text = desk.refused("servicos/servico", "ConsultarCadastroServico", json!({ "cCodIntServ": "x" }));
    assert_eq!(text, "5002 Serviço não cadastrado para o Código de integração do Serviço [x] ! Tag [cCodIntServ]!");
}

#[test]
fn listings_of_goods_lag_and_come_back_empty_like_others() {
    let mut desk = Desk::new();
    let id = desk.product("A", 1.0);
    desk.now += 1.hours();
    desk.omie.person_edits_product(desk.now, id, &json!({ "valor_unitario": 2 })).unwrap();
    desk.product("B", 1.0);
    let price = |desk: &mut Desk| {
        let page = desk.done("geral/produtos", "ListarProdutos", json!({ "filtrar_apenas_omiepdv": "N" }));
        (
            page["total_de_registros"].as_i64().unwrap(),
            page["produto_servico_cadastro"][0]["valor_unitario"].as_f64().unwrap(),
        )
    };
    desk.omie.faults().add_text("stale-list:ListarProdutos:1:60").unwrap();
    assert_eq!(price(&mut desk), (1, 1.0));
    assert_eq!(price(&mut desk), (2, 2.0));
    desk.omie.faults().add_text("empty-list:ListarProdutos").unwrap();
    assert_eq!(desk.products(json!({ "filtrar_apenas_omiepdv": "N" })), Vec::<i64>::new());
}
