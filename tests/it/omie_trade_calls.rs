//! The trade of an Omie account through the shipped system file: products with their stock, services, orders.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use depara::clock::Clock;
use depara::connector::{Connector, Outcome, Row};
use depara::sandbox::omie::Level;
use depara::sandbox::{Omie, Sandbox as _};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::connectors::{list, open};

struct Shop {
    omie: Arc<Mutex<Omie>>,
    connector: Connector,
    clock: Clock,
    product: i64,
    service: i64,
}

fn shop() -> Shop {
    let clock = Clock::starting_at("2026-10-10T12:00:00-03:00".parse::<Timestamp>().unwrap());
    let mut omie = Omie::new(1);
    let mut product = 0;
    for number in 0..120 {
        let body = json!({ "codigo": format!("{number}"), "descricao": format!("FILTRO {number}"), "unidade": "UN",
            "ncm": "39232190", "valor_unitario": 50 });
        product = omie.person_adds_product(clock.now(), &body).unwrap();
    }
    let head = json!({ "cDescricao": "VISITA", "cCodigo": "S-1", "nPrecoUnit": 350, "cCodLC116": "14.01",
        "cIdTrib": "01", "cCodServMun": "1401" });
    let service = omie.person_adds_service(clock.now(), &json!({ "cabecalho": head })).unwrap();
    let omie = Arc::new(Mutex::new(omie));
    let connector = open(&omie, &clock, &[("app_key", "demo-key"), ("app_secret", "demo-secret")]);
    Shop { omie, connector, clock, product, service }
}

impl Shop {
    fn count(&self, physical: f64) {
        let level = Level { physical, reserved: 3.0, ..Level::default() };
        self.omie.lock().unwrap().person_counts_stock(self.clock.now(), self.product, None, level);
    }

    async fn client(&self) -> Value {
        let body = json!({ "codigo_cliente_integracao": "C1", "razao_social": "UM", "nome_fantasia": "UM" });
        json!(number(&born(self.connector.create("clientes", &body).await)))
    }

    fn assert_kept(&self) {
        assert_eq!(self.omie.lock().unwrap().tally().broken, BTreeMap::new());
    }
}

fn born(outcome: Outcome) -> String {
    let Outcome::Done { id: Some(id), .. } = outcome else { panic!("{outcome:?}") };
    id
}

fn number(id: &str) -> i64 {
    id.parse().unwrap()
}

fn saldo(rows: &[Row], id: i64) -> Vec<Value> {
    let row = rows.iter().find(|row| row.id == id.to_string()).unwrap();
    row.body["estoque"].as_array().unwrap().iter().map(|row| row["nSaldo"].clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn products_are_listed_whole_with_their_stock() {
    let shop = shop();
    shop.count(10.0);
    // Whatever the window: stock moves and the product does not.
    let later = Some(shop.clock.now_ms() + 3_600_000);
    let (rows, listing) = list(&shop.connector, "produtos", later).await;
    assert_eq!((rows.len(), listing.complete), (120, true));
    assert_eq!(saldo(&rows, shop.product), [json!(7.0)]);
    shop.clock.skip_ms(61_000);
    shop.count(12.0);
    let (again, _) = list(&shop.connector, "produtos", later).await;
    assert_eq!(saldo(&again, shop.product), [json!(9.0)]);
    let moved: Vec<&Row> = again.iter().filter(|row| !rows.contains(row)).collect();
    assert_eq!(moved.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), [shop.product.to_string()]);
    let fetched = shop.connector.fetch("produtos", &[shop.product.to_string(), "1".to_owned()]).await.unwrap();
    assert_eq!((fetched.len(), saldo(&fetched, shop.product)), (1, vec![json!(9.0)]));
    shop.assert_kept();
}

#[tokio::test(start_paused = true)]
async fn services_are_listed_and_consulted() {
    let shop = shop();
    let (rows, listing) = list(&shop.connector, "servicos", Some(shop.clock.now_ms() - 60_000)).await;
    assert_eq!((rows.len(), listing.complete), (1, true));
    let fetched = shop.connector.fetch("servicos", &[shop.service.to_string(), "1".to_owned()]).await.unwrap();
    assert_eq!(fetched, rows);
    shop.assert_kept();
}

/// Made, changed, found by both keys, refused twice and refused when invoiced.
async fn order(shop: &Shop, (resource, key): (&str, &str), body: Value, patch: Value, at: &str) {
    let id = born(shop.connector.create(resource, &body).await);
    let outcome = shop.connector.create(resource, &body).await;
    assert!(matches!(&outcome, Outcome::Duplicate { id: Some(other), .. } if *other == id), "{outcome:?}");
    assert_eq!(born(shop.connector.update(resource, &id, &patch).await), id);
    let row = seen(shop, (resource, key), &id).await;
    assert_eq!(row.body.pointer(at), patch.pointer(at));
    closed(shop, resource, (&id, &patch)).await;
    shop.assert_kept();
}

/// The one order, read in every way.
async fn seen(shop: &Shop, (resource, key): (&str, &str), id: &str) -> Row {
    let mut fetched = shop.connector.fetch(resource, &[id.to_owned(), "1".to_owned()]).await.unwrap();
    let found = shop.connector.find(resource, key, &["K-1".to_owned(), "K-2".to_owned()]).await.unwrap();
    assert_eq!((fetched.len(), &found), (1, &fetched));
    let (listed, listing) = list(&shop.connector, resource, Some(shop.clock.now_ms() - 60_000)).await;
    assert_eq!((listed.len(), listing.complete), (1, true));
    fetched.remove(0)
}

/// One that is not there is gone, and one that is invoiced takes no change.
async fn closed(shop: &Shop, resource: &str, (id, patch): (&str, &Value)) {
    assert!(matches!(shop.connector.update(resource, "1", patch).await, Outcome::Gone { .. }));
    assert!(shop.omie.lock().unwrap().person_invoices(shop.clock.now(), number(id)));
    let outcome = shop.connector.update(resource, id, patch).await;
    assert!(matches!(&outcome, Outcome::Refused { text } if text.contains("faturad")), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_order_is_made_changed_and_found() {
    let shop = shop();
    let account = shop.omie.lock().unwrap().current_account();
    let body = json!({
        "Cabecalho": { "cCodIntOS": "K-1", "nCodCli": shop.client().await, "dDtPrevisao": "20/10/2026", "cEtapa": "10",
            "cCodParc": "000" },
        "InformacoesAdicionais": { "cCodCateg": "1.01.02", "nCodCC": account },
        "ServicosPrestados": [{ "nCodServico": shop.service, "nQtde": 2, "nValUnit": 300 }],
        "produtosUtilizados": { "cAcaoProdUtilizados": "EST",
            "produtoUtilizado": [{ "nCodProdutoPU": shop.product, "nQtdePU": 2 }] },
    });
    let patch = json!({ "Observacoes": { "cObsOS": "outra" } });
    order(&shop, ("ordens_servico", "Cabecalho.cCodIntOS"), body, patch, "/Observacoes/cObsOS").await;
    let id = shop.omie.lock().unwrap().service_orders().next().unwrap()["Cabecalho"]["nCodOS"].to_string();
    shop.clock.skip_ms(61_000);
    let row = shop.connector.fetch("ordens_servico", &[id]).await.unwrap().remove(0);
    assert_eq!(row.body["produtosUtilizados"]["produtoUtilizado"][0]["nQtdePU"], json!(2.0));
}

#[tokio::test(start_paused = true)]
async fn a_sales_order_is_made_changed_and_found() {
    let shop = shop();
    let account = shop.omie.lock().unwrap().current_account();
    let body = json!({
        "cabecalho": { "codigo_cliente": shop.client().await, "codigo_pedido_integracao": "K-1",
            "data_previsao": "30/10/2026", "etapa": "10", "codigo_parcela": "000" },
        "det": [{ "ide": { "codigo_item_integracao": "1" },
            "produto": { "codigo_produto": shop.product, "quantidade": 2, "valor_unitario": 50 } }],
        "informacoes_adicionais": { "codigo_categoria": "1.01.01", "codigo_conta_corrente": account },
    });
    let patch = json!({ "cabecalho": { "data_previsao": "31/10/2026" } });
    let names = ("pedidos", "cabecalho.codigo_pedido_integracao");
    order(&shop, names, body, patch, "/cabecalho/data_previsao").await;
}
