//! Clients both ways between the books and the field, goods one way: every row between the sandboxes.

use depara::engine::Report;
use serde_json::{Value, json};

use crate::trio::Trio;

const MAPPINGS: &str = "{ omie-auvo/clientes: {}, omie-auvo/produtos: {}, omie-auvo/servicos: {} }";

/// Omie's own record of a company.
fn company() -> Value {
    json!({
        "razao_social": "Aurora Comércio Ltda", "nome_fantasia": "Aurora", "cnpj_cpf": "11222333000181",
        "telefone1_ddd": "11", "telefone1_numero": "3222-1000", "email": "a@aurora.example,b@aurora.example",
        "endereco": "Rua das Acácias", "endereco_numero": "10", "bairro": "Centro", "cidade": "CAMPINAS (SP)",
        "estado": "SP", "cep": "13010000", "complemento": "sala 2",
    })
}

fn only(trio: &Trio, resource: &str) -> Value {
    let auvo = trio.auvo.lock().unwrap();
    let ids = auvo.records(resource);
    assert_eq!(ids.len(), 1, "{resource}");
    auvo.record(resource, &ids[0]).unwrap()
}

fn holds(record: &Value, wanted: &Value) {
    for (key, value) in wanted.as_object().unwrap() {
        assert_eq!(&record[key], value, "{key} of {record}");
    }
}

#[tokio::test]
async fn a_client_goes_to_the_field_and_every_row_moves_both_ways() {
    let mut code = 0;
    let trio = Trio::build(MAPPINGS, |omie, _, _, clock| code = omie.person_adds(clock.now(), &company()).unwrap());
    trio.settle().await;
    let customer = only(&trio, "customers");
    holds(
        &customer,
        &json!({
            "description": "Aurora Comércio Ltda", "cpfCnpj": "11222333000181", "phoneNumber": ["1132221000"],
            "email": ["a@aurora.example", "b@aurora.example"], "adressComplement": "sala 2", "active": true,
            "externalId": code.to_string(), "address": "Rua das Acácias, 10 - Centro, CAMPINAS - SP, 13010-000",
        }),
    );

    let id = customer["id"].to_string();
    let edit = json!({
        "name": "Aurora Serviços Ltda", "phoneNumber": ["11988887777"], "email": ["c@aurora.example"],
        "address": "Rua das Acácias, 12 - Centro, Campinas - SP, 13010-000", "adressComplement": "sala 3", "active": false,
    });
    trio.auvo.lock().unwrap().person_edits(trio.clock.now(), "customers", &id, &edit).unwrap();
    trio.settle().await;
    let client = trio.omie.lock().unwrap().client(code).unwrap();
    holds(
        &client,
        &json!({
            "razao_social": "Aurora Serviços Ltda", "nome_fantasia": "Aurora", "telefone1_ddd": "11",
            "telefone1_numero": "98888-7777", "email": "c@aurora.example", "endereco": "Rua das Acácias",
            "endereco_numero": "12", "bairro": "Centro", "cidade": "CAMPINAS (SP)", "cep": "13010000",
            "complemento": "sala 3", "inativo": "S", "cnpj_cpf": "11.222.333/0001-81",
        }),
    );

    let edit = json!({ "bairro": "Cambuí", "inativo": "N", "telefone1_numero": "3222-2000" });
    trio.omie.lock().unwrap().person_edits(trio.clock.now(), code, &edit).unwrap();
    trio.settle().await;
    holds(
        &only(&trio, "customers"),
        &json!({
            "address": "Rua das Acácias, 12 - Cambuí, CAMPINAS - SP, 13010-000", "active": true,
            "phoneNumber": ["1132222000"],
        }),
    );
    trio.assert_kept();
}

/// An Omie that empties nothing keeps the parts of an address that are over. Who touches the record before it is read
/// again has not typed them; who types one of them has.
#[tokio::test]
async fn parts_of_an_address_that_stayed_are_told_though_a_person_wrote_last() {
    for (typed, address, told) in [
        (json!({ "inativo": "S" }), "Rua Nova, 13010-000", vec!["Endereço"]),
        (json!({ "cep": "01310100" }), "Rua Nova, 01310-100", vec![]),
    ] {
        let mut code = 0;
        let trio = Trio::build(MAPPINGS, |omie, _, _, clock| {
            omie.switches.empty_clears = false;
            let mut street = company();
            for part in ["endereco_numero", "bairro", "cidade", "estado"] {
                street[part] = json!("");
            }
            code = omie.person_adds(clock.now(), &street).unwrap();
        });
        trio.settle().await;
        let id = only(&trio, "customers")["id"].to_string();
        let edit = json!({ "address": "Rua Nova" });
        trio.auvo.lock().unwrap().person_edits(trio.clock.now(), "customers", &id, &edit).unwrap();
        trio.round().await;
        trio.omie.lock().unwrap().person_edits(trio.clock.now(), code, &typed).unwrap();
        trio.settle().await;
        assert_eq!(only(&trio, "customers")["address"], address, "{typed}");
        let runner = trio.runner("omie-auvo/clientes").await;
        let conflicts = runner.lock().await.ledger.conflicts(None, usize::MAX).unwrap();
        assert_eq!(conflicts.iter().map(|one| one.label.as_str()).collect::<Vec<_>>(), told, "{typed}");
    }
}

#[tokio::test]
async fn a_customer_of_the_field_is_born_in_the_books_once_and_twins_are_known() {
    let mut codes = Vec::new();
    let trio = Trio::build(MAPPINGS, |omie, _, auvo, clock| {
        let now = clock.now();
        for document in ["11222333000181", "11444777000161"] {
            let client = json!({ "razao_social": "Gêmea", "nome_fantasia": "Gêmea", "cnpj_cpf": document });
            codes.push(omie.person_adds(now, &client).unwrap());
        }
        for customer in [
            json!({ "name": "Pelo código", "externalId": codes[0].to_string() }),
            json!({ "name": "Pelo documento", "cpfCnpj": "11.444.777/0001-61" }),
            json!({ "name": "Nova", "cpfCnpj": "52998224725" }),
        ] {
            auvo.person_adds(now, "customers", &customer).unwrap();
        }
    });
    trio.settle().await;
    let (omie, auvo) = (trio.omie.lock().unwrap(), trio.auvo.lock().unwrap());
    assert_eq!((omie.client_count(), auvo.records("customers").len()), (3, 3));
    let external = |id: &String| auvo.record("customers", id).unwrap()["externalId"].as_str().unwrap().to_owned();
    let external: Vec<String> = auvo.records("customers").iter().map(external).collect();
    assert_eq!(external[..2], [codes[0].to_string(), codes[1].to_string()]);
    let born = omie.client(external[2].parse().unwrap()).unwrap();
    holds(&born, &json!({ "razao_social": "Nova", "nome_fantasia": "Nova", "pessoa_fisica": "S" }));
}

#[tokio::test]
async fn goods_go_to_the_field_row_by_row_and_nothing_comes_back() {
    let mut ids = (0, 0);
    let trio = Trio::build(MAPPINGS, |omie, _, _, clock| {
        let product = json!({
            "codigo": "FLT-01", "codigo_produto_integracao": "FLT-01", "descricao": "Filtro G4", "unidade": "UN",
            "ncm": "84212300", "valor_unitario": 1045.9,
        });
        let heading = json!({ "cDescricao": "Visita", "cCodigo": "V", "nPrecoUnit": 350.5, "cIdTrib": "01", "cCodLC116": "14.01", "cCodServMun": "1401" });
        let product = omie.person_adds_product(clock.now(), &product).unwrap();
        let service =
            omie.person_adds_service(clock.now(), &json!({ "cCodIntServ": "V", "cabecalho": heading })).unwrap();
        ids = (product, service);
    });
    trio.settle().await;
    let expected = json!({ "name": "Filtro G4", "externalId": "FLT-01", "active": true, "unitaryValue": "1.045,90" });
    holds(&only(&trio, "products"), &expected);
    holds(&only(&trio, "services"), &json!({ "title": "Visita", "price": "350.50" }));

    let (product, service) = (only(&trio, "products")["code"].to_string(), only(&trio, "services")["id"].clone());
    {
        let mut auvo = trio.auvo.lock().unwrap();
        let now = trio.clock.now();
        auvo.person_edits(now, "products", &product, &json!({ "name": "Outro", "unitaryValue": "9,00" })).unwrap();
        auvo.person_edits(now, "services", service.as_str().unwrap(), &json!({ "title": "Outra" })).unwrap();
    }
    trio.settle().await;
    holds(&only(&trio, "products"), &expected);
    holds(&only(&trio, "services"), &json!({ "title": "Visita" }));

    {
        let mut omie = trio.omie.lock().unwrap();
        let now = trio.clock.now();
        omie.person_edits_product(now, ids.0, &json!({ "valor_unitario": 12.5, "inativo": "S" })).unwrap();
        omie.person_edits_service(now, ids.1, &json!({ "cabecalho": { "nPrecoUnit": 400.0 } })).unwrap();
    }
    trio.settle().await;
    holds(&only(&trio, "products"), &json!({ "unitaryValue": "12,50", "active": false }));
    holds(&only(&trio, "services"), &json!({ "price": "400.00" }));
    assert!(trio.round().await.iter().all(Report::is_quiet));
    trio.assert_kept();
}
