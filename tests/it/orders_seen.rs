//! Tasks and quotations of the field becoming orders of the books, between the sandboxes: what moves,
//! when, and what never does.

use depara::engine::{Options, Report};
use depara::sandbox::{Omie, Sandbox};
use serde_json::{Value, json};

use crate::trio::Trio;

/// A small company: one client, two products, two services, known on both sides.
struct Field {
    trio: Trio,
    customer: i64,
    /// The first product in Omie.
    sold: i64,
    products: Vec<Value>,
    services: Vec<String>,
}

/// Every mapping with the field.
fn mappings() -> String {
    let order = format!("categoria: '1.01.02', conta_corrente: {}", Omie::new(1).current_account());
    let goods = "omie-auvo/clientes: {}, omie-auvo/produtos: {}, omie-auvo/servicos: {}";
    format!(
        "{{ omie-ploomes/clientes: {{}}, {goods}, omie-auvo/tarefas-os: {{ {order}, status: [Aberta] }}, \
         omie-auvo/tarefas-pedido: {{ {order} }}, omie-auvo/orcamentos-os: {{ {order} }}, \
         omie-auvo/orcamentos-pedido: {{ {order} }} }}"
    )
}

fn product(code: &str, price: f64) -> Value {
    json!({
        "codigo": code, "codigo_produto_integracao": code, "descricao": format!("Produto {code}"),
        "unidade": "UN", "ncm": "84212300", "valor_unitario": price,
    })
}

fn service(code: &str, price: f64) -> Value {
    let heading = json!({
        "cDescricao": format!("Serviço {code}"), "cCodigo": code, "nPrecoUnit": price, "cIdTrib": "01",
        "cCodLC116": "14.01", "cCodServMun": "1401",
    });
    json!({ "cCodIntServ": code, "cabecalho": heading })
}

impl Field {
    async fn new() -> Self {
        let mut sold = Vec::new();
        let trio = Trio::build(&mappings(), |omie, _, _, clock| {
            let now = clock.now();
            let client = json!({
                "razao_social": "Aurora Ltda", "nome_fantasia": "Aurora", "cnpj_cpf": "11222333000181",
                "estado": "SP", "cidade": "SAO PAULO (SP)",
            });
            omie.person_adds(now, &client).unwrap();
            for (code, price) in [("F1", 45.9), ("F2", 80.0)] {
                sold.push(omie.person_adds_product(now, &product(code, price)).unwrap());
            }
            for (code, price) in [("S1", 350.0), ("S2", 100.0)] {
                omie.person_adds_service(now, &service(code, price)).unwrap();
            }
        });
        trio.settle().await;
        let auvo = trio.auvo.lock().unwrap();
        let customer = auvo.records("customers")[0].parse().unwrap();
        let mut products: Vec<Value> =
            auvo.records("products").iter().map(|id| auvo.record("products", id).unwrap()).collect();
        products.sort_by_key(|row| row["externalId"].to_string());
        let mut services = auvo.records("services");
        services.sort_by_key(|id| auvo.record("services", id).unwrap()["title"].to_string());
        drop(auvo);
        Self { trio, customer, sold: sold[0], products, services }
    }

    fn person_adds(&self, resource: &str, record: &Value) -> String {
        self.trio.auvo.lock().unwrap().person_adds(self.trio.clock.now(), resource, record).unwrap()
    }

    fn person_edits(&self, resource: &str, id: &str, patch: &Value) {
        self.trio.auvo.lock().unwrap().person_edits(self.trio.clock.now(), resource, id, patch).unwrap();
    }

    /// A task with two of the first product and one of the first service.
    fn task(&self, customer: i64, date: &str) -> String {
        let product = &self.products[0]["productId"];
        self.person_adds(
            "tasks",
            &json!({
                "customerId": customer, "taskDate": date, "orientation": "Preventiva mensal",
                "taskProducts": [{ "productId": product, "quantity": 2, "value": 45.9 }],
                "taskServices": [{ "serviceId": self.services[0], "quantity": 1, "value": 350.0 }],
            }),
        )
    }

    fn service_orders(&self) -> Vec<Value> {
        self.trio.omie.lock().unwrap().service_orders().collect()
    }

    fn sales_orders(&self) -> Vec<Value> {
        self.trio.omie.lock().unwrap().sales_orders().collect()
    }
}

fn of<'a>(reports: &'a [Report], mapping: &str) -> &'a Report {
    reports.iter().rfind(|report| report.mapping == mapping).unwrap()
}

#[tokio::test]
async fn a_task_becomes_both_orders_row_by_row() {
    let field = Field::new().await;
    let task = field.task(field.customer, "2026-11-03T14:00:00");
    field.trio.settle().await;
    let (os, pedido) = (field.service_orders(), field.sales_orders());
    assert_eq!((os.len(), pedido.len()), (1, 1));
    let (os, pedido) = (&os[0], &pedido[0]);
    assert_eq!(os["Cabecalho"]["dDtPrevisao"], "03/11/2026");
    assert_eq!(os["InformacoesAdicionais"]["cCodCateg"], "1.01.02");
    assert_eq!(
        (&os["ServicosPrestados"][0]["nQtde"], &os["ServicosPrestados"][0]["nValUnit"]),
        (&json!(1.0), &json!(350.0))
    );
    let used = &os["produtosUtilizados"]["produtoUtilizado"];
    assert_eq!((used.as_array().unwrap().len(), &used[0]["nQtdePU"]), (1, &json!(2.0)));
    for notes in [&os["Observacoes"]["cObsOS"], &pedido["observacoes"]["obs_venda"]] {
        let notes = notes.as_str().unwrap();
        for part in [task.as_str(), "Preventiva mensal", "03/11/2026 14:00", "informacoes/tarefa"] {
            assert!(notes.contains(part), "{part} is not in {notes}");
        }
    }
    let (header, line) = (&pedido["cabecalho"], &pedido["det"][0]["produto"]);
    assert_eq!(
        (&header["data_previsao"], &header["codigo_cliente"]),
        (&json!("03/11/2026"), &os["Cabecalho"]["nCodCli"])
    );
    assert_eq!((&line["quantidade"], &line["valor_total"]), (&json!(2.0), &json!(91.8)));
    field.trio.assert_kept();
}

#[tokio::test]
async fn a_plan_tells_a_forecast_as_it_is_sent() {
    let field = Field::new().await;
    field.task(field.customer, "2026-10-05T14:00:00");
    field.trio.clock.skip_ms(600_000);
    let runner = field.trio.runner("omie-auvo/tarefas-pedido").await;
    let prepared = runner.lock().await.plan(Options::default()).await.unwrap();
    let moves: Vec<_> = prepared.plan.pairs.iter().flat_map(|pair| &pair.steps).flat_map(|step| &step.moves).collect();
    let told: Vec<_> = moves.iter().filter_map(|one| one.becomes.clone()).collect();
    field.trio.settle().await;
    let sent = field.sales_orders()[0]["cabecalho"]["data_previsao"].clone();
    assert!(sent != json!("05/10/2026") && told.contains(&sent), "{told:?} is told, {sent} is sent");
}

#[tokio::test]
async fn a_client_that_is_not_linked_yet_is_synchronized_first() {
    let field = Field::new().await;
    let newcomer = json!({ "name": "Boreal Ltda", "cpfCnpj": "11444777000161" });
    let customer = field.person_adds("customers", &newcomer).parse().unwrap();
    field.task(customer, "2026-11-03T15:00:00");
    field.trio.clock.skip_ms(60_000);
    let reports = field.trio.turn("omie-auvo/tarefas-os").await;
    let names: Vec<&str> = reports.iter().map(|report| report.mapping.as_str()).collect();
    assert_eq!(names, ["omie-auvo/tarefas-os", "omie-auvo/clientes", "omie-auvo/tarefas-os"]);
    assert_eq!((reports[0].held, reports[1].created["omie"], reports[2].created["omie"]), (1, 1, 1));
    let client = &field.service_orders()[0]["Cabecalho"]["nCodCli"];
    assert_eq!(
        field.trio.omie.lock().unwrap().client(client.as_i64().unwrap()).unwrap()["razao_social"],
        "Boreal Ltda"
    );
}

#[tokio::test]
async fn a_changed_task_changes_its_orders_and_what_people_type_in_them_stays() {
    let field = Field::new().await;
    let task = field.task(field.customer, "2026-11-03T14:00:00");
    field.trio.settle().await;
    let order = field.service_orders()[0]["Cabecalho"]["nCodOS"].as_i64().unwrap();
    let typed = json!({ "Cabecalho": { "cEtapa": "20" }, "Observacoes": { "cObsOS": "combinado com o cliente" } });
    field.trio.omie.lock().unwrap().person_edits_service_order(field.trio.clock.now(), order, &typed).unwrap();
    field.trio.settle().await;
    assert_eq!(field.service_orders()[0]["Observacoes"]["cObsOS"], "combinado com o cliente");
    let services = json!([{ "serviceId": field.services[1], "quantity": 4, "value": 100 }]);
    field.person_edits("tasks", &task, &json!({ "taskServices": services, "taskDate": "2026-11-05T09:00:00" }));
    field.trio.settle().await;
    let orders = field.service_orders();
    let (order, lines) = (&orders[0], orders[0]["ServicosPrestados"].as_array().unwrap());
    assert_eq!((orders.len(), &order["Cabecalho"]["dDtPrevisao"]), (1, &json!("05/11/2026")));
    let last = lines.last().unwrap();
    assert_eq!((&last["nQtde"], &last["nValUnit"]), (&json!(4.0), &json!(100.0)));
    assert_eq!(order["Cabecalho"]["cEtapa"], "20", "the stage is people's");
    assert_eq!(field.sales_orders()[0]["cabecalho"]["data_previsao"], "05/11/2026");
    field.trio.assert_kept();
}

#[tokio::test]
async fn an_invoiced_order_is_refused_and_a_deleted_task_leaves_its_order_alone() {
    let field = Field::new().await;
    let task = field.task(field.customer, "2026-11-03T14:00:00");
    field.trio.settle().await;
    let order = field.service_orders()[0]["Cabecalho"]["nCodOS"].as_i64().unwrap();
    assert!(field.trio.omie.lock().unwrap().person_invoices(field.trio.clock.now(), order));
    field.person_edits("tasks", &task, &json!({ "orientation": "Depois de faturada" }));
    let first = field.trio.round().await;
    assert_eq!(of(&first, "omie-auvo/tarefas-os").quarantined, 1);
    assert_eq!(of(&first, "omie-auvo/tarefas-pedido").updated["omie"], 1);
    let writes = field.trio.omie.lock().unwrap().tally().writes.clone();
    field.trio.round().await;
    assert_eq!(field.trio.omie.lock().unwrap().tally().writes, writes, "it is not tried again until it changes");
    assert!(field.trio.auvo.lock().unwrap().person_deletes(field.trio.clock.now(), "tasks", &task));
    for _ in 0..3 {
        field.trio.clock.skip_ms(86_400_000);
        field.trio.round().await;
    }
    assert_eq!((field.service_orders().len(), field.sales_orders().len()), (1, 1));
    field.trio.assert_kept();
}

#[tokio::test]
async fn what_happened_while_the_engine_stood_still_moves_and_history_does_not() {
    let trio = Trio::build(&mappings(), |_, _, auvo, clock| {
        let past = clock.now() - jiff::SignedDuration::from_hours(72);
        auvo.person_adds(past, "tasks", &json!({ "orientation": "Antiga", "taskDate": "2026-10-31T09:00:00" }))
            .unwrap();
    });
    let first = trio.round().await;
    assert_eq!((of(&first, "omie-auvo/tarefas-os").read["auvo"], of(&first, "omie-auvo/tarefas-os").held), (0, 0));
    drop(trio);
    let field = Field::new().await;
    field.trio.round().await;
    // Late in the evening; the engine comes back three days later.
    field.trio.clock.skip_ms(10 * 3_600_000);
    field.task(field.customer, "2026-11-03T23:00:00");
    field.trio.clock.skip_ms(3 * 86_400_000);
    field.trio.settle().await;
    assert_eq!(field.service_orders().len(), 1);
}

/// An Auvo that does not know how to list quotations by their last update lists all there ever were.
#[tokio::test]
async fn history_does_not_move_where_the_system_lists_it_all_the_same() {
    let field = Field::new().await;
    let approved = |days: i64| {
        let past = field.trio.clock.now() - jiff::SignedDuration::from_hours(24 * days);
        let mut auvo = field.trio.auvo.lock().unwrap();
        let line = json!({ "serviceId": field.services[0], "amount": 1.0, "unitaryValue": 350.0 });
        let quotation = json!({ "customerId": field.customer, "requestDate": "2026-10-01", "services": [line] });
        let id = auvo.person_adds(past, "quotations", &quotation).unwrap();
        auvo.person_moves_quotation(past, &id, "Aprovado").unwrap();
        id
    };
    field.trio.auvo.lock().unwrap().switches.quotation_update_filter = false;
    let old = approved(30);
    field.trio.settle().await;
    assert_eq!(field.service_orders().len(), 0);
    let new = approved(0);
    field.trio.settle().await;
    assert_eq!(field.service_orders().len(), 1);
    let said = field.service_orders()[0]["Observacoes"]["cObsOS"].as_str().unwrap().to_owned();
    assert!(said.contains(&new) && !said.contains(&old), "{said}");
}

#[tokio::test]
async fn a_list_that_is_said_to_be_empty_hides_no_task() {
    let field = Field::new().await;
    field.trio.clock.skip_ms(10 * 3_600_000);
    field.trio.round().await;
    field.task(field.customer, "2026-11-03T23:00:00");
    field.trio.auvo.lock().unwrap().faults().add_text("empty-list:GET tasks:1").unwrap();
    field.trio.clock.skip_ms(3_600_000);
    field.trio.round().await;
    assert_eq!(field.service_orders().len(), 0);
    // On the next day nothing else would look back.
    field.trio.clock.skip_ms(6 * 3_600_000);
    field.trio.settle().await;
    assert_eq!(field.service_orders().len(), 1);
}

#[tokio::test]
async fn the_first_day_is_the_one_on_which_it_was_first_tried() {
    let trio = Trio::build(&mappings(), |omie, _, auvo, _| {
        omie.faults().add_text("bad-gateway:*:*").unwrap();
        auvo.faults().add_text("bad-gateway:*:*").unwrap();
    });
    trio.round().await;
    let task = json!({ "orientation": "Do primeiro dia", "taskDate": "2026-11-03T14:00:00" });
    trio.auvo.lock().unwrap().person_adds(trio.clock.now(), "tasks", &task).unwrap();
    trio.clock.skip_ms(86_400_000);
    trio.omie.lock().unwrap().faults().clear();
    trio.auvo.lock().unwrap().faults().clear();
    let told = trio.round().await;
    assert_eq!(of(&told, "omie-auvo/tarefas-os").read["auvo"], 1);
}

#[tokio::test]
async fn nothing_is_born_beside_a_list_of_all_that_is_said_to_be_empty() {
    let field = Field::new().await;
    field.trio.omie.lock().unwrap().person_adds_product(field.trio.clock.now(), &product("F3", 9.5)).unwrap();
    field.person_adds("products", &json!({ "name": "Produto F3", "externalId": "F3" }));
    field.trio.auvo.lock().unwrap().faults().add_text("empty-list:GET products:1").unwrap();
    let told = field.trio.round().await;
    assert_eq!(of(&told, "omie-auvo/produtos").deferred, 1);
    field.trio.settle().await;
    assert_eq!(field.trio.auvo.lock().unwrap().records("products").len(), 3);
}

#[tokio::test]
async fn a_customer_is_not_made_twice_behind_a_search_that_shows_nobody() {
    let field = Field::new().await;
    field.trio.auvo.lock().unwrap().faults().add_text("lose-answer:POST customers:1").unwrap();
    let client = json!({ "razao_social": "Hotel Aurora", "nome_fantasia": "Hotel Aurora" });
    field.trio.omie.lock().unwrap().person_adds(field.trio.clock.now(), &client).unwrap();
    field.trio.round().await;
    // The search, and the list.
    field.trio.auvo.lock().unwrap().faults().add_text("empty-list:GET customers:2").unwrap();
    let told = field.trio.round().await;
    assert_eq!(of(&told, "omie-auvo/clientes").deferred, 1);
    field.trio.settle().await;
    assert_eq!(field.trio.auvo.lock().unwrap().records("customers").len(), 2);
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_not_made_twice() {
    let field = Field::new().await;
    for call in ["IncluirOS", "IncluirPedido"] {
        field.trio.omie.lock().unwrap().faults().add_text(&format!("lose-answer:{call}:1")).unwrap();
    }
    field.task(field.customer, "2026-11-03T14:00:00");
    for _ in 0..4 {
        field.trio.round().await;
    }
    assert_eq!((field.service_orders().len(), field.sales_orders().len()), (1, 1));
    let (os, pedido) = (field.trio.round().await, field.sales_orders());
    assert!(os.iter().all(|report| report.is_quiet() && report.deferred == 0), "{pedido:?}");
}

#[tokio::test]
async fn a_quotation_moves_once_it_is_approved_and_its_codes_lead_to_the_same_product() {
    let field = Field::new().await;
    field.trio.auvo.lock().unwrap().switches.quotation_rows_thin = true;
    let code = &field.products[0]["code"];
    let quotation = field.person_adds(
        "quotations",
        &json!({
            "customerId": field.customer, "requestDate": "2026-11-03",
            "products": [{ "productId": code, "amount": 2.0, "unitaryValue": 45.9 }],
            "services": [{ "serviceId": field.services[0], "amount": 1.0, "unitaryValue": 350.0 }],
        }),
    );
    let reports = field.trio.round().await;
    assert_eq!((of(&reports, "omie-auvo/orcamentos-os").left_out, field.service_orders().len()), (1, 0));
    field.trio.auvo.lock().unwrap().person_moves_quotation(field.trio.clock.now(), &quotation, "Aprovado").unwrap();
    field.trio.settle().await;
    let (orders, sales) = (field.service_orders(), field.sales_orders());
    assert_eq!((orders.len(), sales.len()), (1, 1));
    let used = &orders[0]["produtosUtilizados"]["produtoUtilizado"][0];
    assert_eq!(used["nCodProdutoPU"], sales[0]["det"][0]["produto"]["codigo_produto"]);
    assert!(orders[0]["Observacoes"]["cObsOS"].as_str().unwrap().contains(&quotation));
}

#[tokio::test]
async fn an_edit_in_the_sales_desk_reaches_the_field_within_two_rounds_and_nothing_swings_back() {
    let field = Field::new().await;
    let contact = field.trio.ploomes.lock().unwrap().contacts().next().unwrap();
    let edit = json!({ "Email": "novo@aurora.example" });
    field.trio.ploomes.lock().unwrap().person_edits(field.trio.clock.now(), contact, &edit).unwrap();
    for _ in 0..2 {
        field.trio.round().await;
    }
    let customer = field.trio.auvo.lock().unwrap().record("customers", &field.customer.to_string()).unwrap();
    assert_eq!(customer["email"], json!(["novo@aurora.example"]));
    for _ in 0..6 {
        assert!(field.trio.round().await.iter().all(Report::is_quiet));
    }
    field.trio.assert_kept();
}

#[tokio::test]
async fn a_stock_that_is_said_to_be_empty_empties_no_product() {
    let field = Field::new().await;
    let level = depara::sandbox::omie::Level { physical: 12.0, ..Default::default() };
    field.trio.omie.lock().unwrap().person_counts_stock(field.trio.clock.now(), field.sold, None, level);
    field.trio.settle().await;
    field.trio.omie.lock().unwrap().faults().add_text("empty-list:ListarPosEstoque:1").unwrap();
    let told = field.trio.round().await;
    let why = of(&told, "omie-auvo/produtos").failed.clone().unwrap_or_default();
    assert!(why.contains("`estoque` showed no row at all"), "{why}");
    field.trio.settle().await;
    let auvo = field.trio.auvo.lock().unwrap();
    let stock = |product: &Value| auvo.record("products", &product["code"].to_string()).unwrap()["totalStock"].clone();
    assert_eq!(stock(&field.products[0]), 12.0);
}

#[tokio::test]
async fn stock_that_moves_is_seen_although_the_product_stays_as_it_is() {
    let field = Field::new().await;
    let level = depara::sandbox::omie::Level { physical: 12.0, reserved: 2.0, ..Default::default() };
    field.trio.omie.lock().unwrap().person_counts_stock(field.trio.clock.now(), field.sold, None, level);
    field.trio.settle().await;
    let auvo = field.trio.auvo.lock().unwrap();
    let stock = |product: &Value| auvo.record("products", &product["code"].to_string()).unwrap()["totalStock"].clone();
    assert_eq!(field.products.iter().map(stock).collect::<Vec<_>>(), [json!(10.0), json!(0.0)]);
}

#[tokio::test]
async fn a_list_that_two_mappings_read_is_read_once() {
    let field = Field::new().await;
    let calls = || {
        let (omie, auvo) = (field.trio.omie.lock().unwrap(), field.trio.auvo.lock().unwrap());
        let of = |calls: &std::collections::BTreeMap<String, u64>, kind: &str| calls.get(kind).copied().unwrap_or(0);
        [of(&omie.tally().calls, "ListarClientes"), of(&auvo.tally().calls, "GET tasks")]
    };
    field.trio.round().await;
    let before = calls();
    field.trio.round().await;
    assert_eq!(calls(), before.map(|calls| calls + 1));
}
