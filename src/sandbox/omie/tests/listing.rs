//! What listings show, page, filter and how faults bend them.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::Desk;
use crate::sandbox::Sandbox;

#[test]
fn an_empty_page_is_a_fault_for_clients_and_a_list_for_sellers() {
    let mut desk = Desk::new();
    let none = |page| format!("Client-5113 ERROR: Não existem registros para a página [{page}]!");
    assert_eq!(desk.fault("ListarClientes", json!({})), none(1));
    desk.include(json!({}));
    assert_eq!(desk.fault("ListarClientes", json!({ "pagina": 2 })), none(2));
    let (status, body) = desk.service("vendedores", "ListarVendedores", &json!({ "pagina": 3 }));
    assert_eq!((status, &body["cadastro"], &body["total_de_registros"]), (200, &json!([]), &json!(0)));
}

#[test]
fn pages_hold_fifty_rows_or_as_asked_and_never_more_than_a_hundred() {
    let mut desk = Desk::new();
    for _ in 0..230 {
        let client = json!({ "razao_social": "A", "nome_fantasia": "A" });
        desk.omie.person_adds(desk.now, &client).unwrap();
    }
    let all: Vec<i64> = desk.omie.clients().map(|it| it["codigo_cliente_omie"].as_i64().unwrap()).collect();
    assert!(all.is_sorted_by(|a, b| a < b));
    assert_eq!(desk.listed(json!({ "pagina": 0 })), all[..50]);
    let page = desk.good("ListarClientes", json!({ "pagina": "3", "registros_por_pagina": 500 }));
    let numbers = ["pagina", "total_de_paginas", "registros", "total_de_registros"];
    assert_eq!(numbers.map(|key| page[key].as_i64().unwrap()), [3, 3, 30, 230]);
    assert_eq!(page["cDesStatus"], " Elapsed time: 0.07");
    assert_eq!(page["clientes_cadastro"][29]["codigo_cliente_omie"], json!(all[229]));
}

#[test]
fn a_record_is_shown_in_the_shape_of_omie() {
    let mut desk = Desk::new();
    desk.omie.add_seller(desk.now, "ANA", "ana@ex.com", false);
    let code = desk.include(json!({
        "razao_social": "Água & \"Óleo\" S/A", "cnpj_cpf": "11444777000161", "cidade": "São Paulo",
        "cep": "01310-100", "observacao": "nota", "telefone1_ddd": "11", "telefone2_ddd": "",
        "tags": [{ "tag": "Cliente" }], "caracteristicas": [{ "campo": "Cor", "conteudo": "Azul" }],
    }));
    let page = desk.good("ListarClientes", json!({ "registros_por_pagina": 1 }));
    let expected = json!({
        "bairro": "", "bloquear_faturamento": "N", "cep": "01310100", "cidade": "SAO PAULO (SP)",
        "cidade_ibge": "3550308", "cnpj_cpf": "11.444.777/0001-61", "codigo_cliente_integracao": "",
        "codigo_cliente_omie": code, "codigo_pais": "1058", "complemento": "",
        "dadosBancarios": { "agencia": "", "cChavePix": "", "codigo_banco": "", "conta_corrente": "",
            "doc_titular": "", "nome_titular": "", "transf_padrao": "N" },
        "email": "", "endereco": "", "enderecoEntrega": {}, "endereco_numero": "", "estado": "SP",
        "exterior": "N", "inativo": "N",
        "info": { "cImpAPI": "S", "dAlt": "01/10/2026", "dInc": "01/10/2026", "hAlt": "09:00:00",
            "hInc": "09:00:00", "uAlt": "WEBSERVICE", "uInc": "WEBSERVICE" },
        "inscricao_estadual": "", "inscricao_municipal": "", "nome_fantasia": "UM LTDA",
        "pessoa_fisica": "N", "razao_social": "Água &amp; &quot;Óleo&quot; S/A", "recomendacoes": {},
        "tags": [{ "tag": "Cliente" }], "telefone1_ddd": "11",
    });
    assert_eq!(page["clientes_cadastro"][0], expected);
    let extras = json!({ "exibir_obs": "S", "exibir_caracteristicas": "S" });
    let with_extras = desk.good("ListarClientes", extras)["clientes_cadastro"][0].clone();
    assert_eq!(with_extras["observacao"], "nota");
    assert_eq!(desk.good("ConsultarCliente", json!({ "codigo_cliente_omie": code.to_string() })), with_extras);
}

#[test]
fn stamps_are_local_and_the_window_is_inclusive_by_include_or_alter() {
    let mut desk = Desk::new();
    desk.now = "2026-10-02T02:59:59.900Z".parse().unwrap();
    let old = desk.include(json!({}));
    desk.now = "2026-10-05T12:00:00Z".parse().unwrap();
    let new = desk.include(json!({}));
    desk.now = "2026-10-05T13:00:00Z".parse().unwrap();
    desk.omie.person_edits(desk.now, old, &json!({ "contato": "Ana" })).unwrap();
    let info = desk.omie.client(old).unwrap()["info"].clone();
    assert_eq!([&info["dInc"], &info["hInc"], &info["uInc"]], ["01/10/2026", "23:59:59", "WEBSERVICE"]);
    assert_eq!([&info["dAlt"], &info["hAlt"], &info["uAlt"]], ["05/10/2026", "10:00:00", "P004321007"]);

    desk.now += 1.hour();
    let day = |from: &str, until: &str| json!({ "filtrar_por_data_de": from, "filtrar_por_data_ate": until });
    assert_eq!(desk.listed(day("01/10/2026", "01/10/2026")), [old]);
    assert!(desk.listed(day("02/10/2026", "04/10/2026")).is_empty());
    assert_eq!(desk.listed(day("05/10/2026", "")), [old, new]);
    let mut included = day("05/10/2026", "");
    included["filtrar_apenas_inclusao"] = json!("S");
    assert_eq!(desk.listed(included), [new]);
    let mut hour = day("05/10/2026", "05/10/2026");
    hour["filtrar_por_hora_de"] = json!("10:00:00");
    hour["filtrar_apenas_alteracao"] = json!("S");
    assert_eq!(desk.listed(hour.clone()), [old]);
    hour["filtrar_por_hora_de"] = json!("10:00:01");
    assert!(desk.listed(hour).is_empty());
    let fault = desk.fault("ListarClientes", day("01/01/1900", ""));
    assert!(fault.starts_with("Client-104 ") && fault.contains("[filtrar_por_data_de]"), "{fault}");
}

#[test]
fn some_filters_work_and_some_are_ignored() {
    let mut desk = Desk::new();
    let one = desk.include(json!({ "cnpj_cpf": "00394460000141", "razao_social": "Fazenda Boa",
        "codigo_cliente_integracao": "A1", "estado": "SP", "tags": [{ "tag": "VIP" }] }));
    let person = json!({ "razao_social": "B", "nome_fantasia": "B", "inativo": "S" });
    let two = desk.omie.person_adds(desk.now, &person).unwrap();
    let mut by = |filter: Value| desk.listed(json!({ "clientesFiltro": filter }));
    assert_eq!(by(json!({ "cnpj_cpf": "394460000141" })), [one]);
    assert_eq!(by(json!({ "cnpj_cpf": "00.394.460/0001-41" })), [one]);
    assert_eq!(by(json!({ "razao_social": "boa" })), [one]);
    assert_eq!(by(json!({ "inativo": "S" })), [two]);
    assert_eq!(by(json!({ "tags": [{ "tag": "vip" }] })), [one]);
    assert_eq!(by(json!({ "codigo_cliente_omie": two.to_string() })), [two]);
    assert_eq!(by(json!({ "estado": "RJ", "email": "no@one" })), [one, two]);
    let keys = json!([{ "codigo_cliente_omie": two }, { "codigo_cliente_integracao": "A1" }]);
    assert_eq!(desk.listed(json!({ "clientesPorCodigo": keys })), [one, two]);
    assert_eq!(desk.listed(json!({ "apenas_importado_api": "S" })), [one]);
    assert_eq!(desk.listed(json!({ "ordem_descrescente": "S" })), [two, one]);
}

#[test]
fn cities_and_countries_are_found() {
    let mut desk = Desk::new();
    let ask = json!({ "filtrar_por_cidade": "Cascavel", "filtrar_por_uf": "PR" });
    let (_, body) = desk.service("cidades", "PesquisarCidades", &ask);
    let city = &body["lista_cidades"][0];
    assert_eq!([&city["cCod"], &city["nCodIBGE"]], ["CASCAVEL (PR)", "4104808"]);
    let (_, body) = desk.service("paises", "ListarPaises", &json!({ "filtrar_por_codigo_iso": "BR" }));
    let country = json!({ "cCodigo": "1058", "cDescricao": "BRASIL", "cCodigoISO": "BR" });
    assert_eq!(body["lista_paises"], json!([country]));
}

#[test]
fn injected_faults_bend_listings() {
    let mut desk = Desk::new();
    desk.step_ms = 10_000;
    let first = desk.include(json!({ "contato": "old" }));
    let codes: Vec<i64> = (0..3).map(|_| desk.include(json!({}))).collect();
    desk.now += 5.minutes();
    let last = desk.include(json!({}));
    desk.omie.person_edits(desk.now, first, &json!({ "contato": "new" })).unwrap();

    desk.omie.faults().add_text("stale-list:Listar:1:60").unwrap();
    let page = desk.good("ListarClientes", json!({ "pagina": 1 }));
    assert_eq!(page["total_de_registros"], 4);
    assert_eq!(page["clientes_cadastro"][0]["contato"], "old");

    let page = |number: usize| json!({ "pagina": number, "registros_por_pagina": 2 });
    desk.omie.faults().add_text("shift-pages:Listar:3:1").unwrap();
    assert_eq!(desk.listed(page(1)), [first, codes[0]]);
    assert_eq!(desk.listed(page(2)), [codes[2], last], "one row was missed");
    assert!(desk.listed(page(3)).is_empty());
    desk.now += 61.seconds();
    desk.omie.faults().add_text("shift-pages:Listar:1:-1").unwrap();
    assert_eq!(desk.listed(page(2)), [codes[0], codes[1]], "one row was repeated");
    desk.omie.faults().add_text("empty-list:Listar").unwrap();
    assert!(desk.listed(json!({ "registros_por_pagina": 90 })).is_empty());
    assert_eq!(desk.listed(json!({ "registros_por_pagina": 91 })).len(), 5);
}
