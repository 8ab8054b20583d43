//! The demo's story in the field, value by value: what the first load makes of goods, customers, tasks
//! and quotations, and what becomes of every edit of its second act, in three systems at once.

use depara::sandbox::Omie;
use depara::sandbox::people::fieldwork::{self, Fieldwork, Job};
use depara::sandbox::people::{self, Shows, Story, Systems};
use serde_json::{Value, json};

use crate::trio::Trio;

/// Three systems that know each other's records.
struct Told {
    trio: Trio,
    story: Story,
    fieldwork: Fieldwork,
}

fn mappings() -> String {
    let order = format!("categoria: \"1.01.02\", conta_corrente: {}", Omie::new(1).current_account());
    format!(
        "{{ omie-ploomes/clientes: {{}}, omie-auvo/clientes: {{}}, omie-auvo/produtos: {{}}, omie-auvo/servicos: {{}}, \
         omie-auvo/tarefas-os: {{ {order}, status: [Finalizada] }}, \
         omie-auvo/tarefas-pedido: {{ {order}, status: [Finalizada], tipos: [Instalação] }}, \
         omie-auvo/orcamentos-os: {{ {order} }}, omie-auvo/orcamentos-pedido: {{ {order} }} }}"
    )
}

/// After the first load.
async fn loaded() -> Told {
    let mut told = None;
    let trio = Trio::build(&mappings(), |omie, ploomes, auvo, clock| {
        let story = people::populate(omie, ploomes, 1, 30, clock.now()).unwrap();
        let fieldwork = fieldwork::equip(omie, auvo, &story, (1, 30), clock.now()).unwrap();
        told = Some((story, fieldwork));
    });
    let (story, fieldwork) = told.unwrap();
    trio.settle().await;
    Told { trio, story, fieldwork }
}

/// A value inside a record; null where there is none.
fn at<'a>(record: &'a Value, pointer: &str) -> &'a Value {
    record.pointer(pointer).unwrap_or(&Value::Null)
}

impl Told {
    fn job(&self, job: Job) -> i64 {
        self.fieldwork.jobs[&job]
    }

    /// The service order of a task or quotation: its integration code ends with the id.
    fn service_order(&self, job: Job) -> Option<Value> {
        let tail = format!("-{}", self.job(job));
        let orders: Vec<Value> = self.trio.omie.lock().unwrap().service_orders().collect();
        orders.into_iter().find(|order| at(order, "/Cabecalho/cCodIntOS").as_str().unwrap_or_default().ends_with(&tail))
    }

    /// The sales order of a task or quotation.
    fn sales_order(&self, job: Job) -> Option<Value> {
        let tail = format!("-{}", self.job(job));
        let orders: Vec<Value> = self.trio.omie.lock().unwrap().sales_orders().collect();
        let code = "/cabecalho/codigo_pedido_integracao";
        orders.into_iter().find(|order| at(order, code).as_str().unwrap_or_default().ends_with(&tail))
    }

    fn orders(&self, job: Job) -> (bool, bool) {
        (self.service_order(job).is_some(), self.sales_order(job).is_some())
    }

    /// A product of Auvo by the code that both systems show.
    fn product(&self, code: &str) -> Value {
        let auvo = self.trio.auvo.lock().unwrap();
        let mut all = auvo.records("products").into_iter().filter_map(|id| auvo.record("products", &id));
        all.find(|row| row["externalId"] == code).unwrap_or_else(|| panic!("Auvo has no product {code}"))
    }

    fn customer(&self, id: i64) -> Value {
        self.trio.auvo.lock().unwrap().record("customers", &id.to_string()).unwrap()
    }

    /// The client of Omie that a customer of Auvo says it is.
    fn client_of(&self, customer: i64) -> Option<Value> {
        let code = self.customer(customer)["externalId"].as_str().unwrap().parse().ok()?;
        self.trio.omie.lock().unwrap().client(code)
    }

    /// Products that a service order uses, and how many of each.
    fn used(&self, job: Job) -> Vec<(i64, f64)> {
        let order = self.service_order(job).unwrap();
        let lines = at(&order, "/produtosUtilizados/produtoUtilizado").as_array().cloned().unwrap_or_default();
        let line = |line: &Value| (line["nCodProdutoPU"].as_i64().unwrap(), line["nQtdePU"].as_f64().unwrap());
        lines.iter().map(line).collect()
    }

    async fn edit(&self) {
        {
            let (mut omie, mut ploomes, mut auvo) =
                (self.trio.omie.lock().unwrap(), self.trio.ploomes.lock().unwrap(), self.trio.auvo.lock().unwrap());
            let systems = Systems { omie: &mut omie, ploomes: &mut ploomes, auvo: &mut auvo };
            people::field_round(systems, &self.story, &self.fieldwork, self.trio.clock.now()).unwrap();
        }
        self.trio.settle().await;
        self.trio.settle().await;
    }
}

#[tokio::test]
async fn the_first_load_makes_orders_of_what_is_finished_and_approved() {
    let told = loaded().await;
    for (job, orders) in [
        (Job::Finished, (true, true)),
        (Job::Closed, (true, false)),
        (Job::AtNewCustomer, (true, true)),
        (Job::OwnProduct, (false, false)),
        (Job::OwnService, (false, false)),
        (Job::NoDocument, (false, false)),
        (Job::NoCustomer, (false, false)),
        (Job::Open, (false, false)),
        (Job::OnTheWay, (false, false)),
        (Job::CheckedIn, (false, false)),
        (Job::Paused, (false, false)),
        (Job::CheckedOut, (false, false)),
        (Job::Yesterday, (false, false)),
        (Job::Draft, (false, false)),
        (Job::Sent, (false, false)),
        (Job::Approved, (true, true)),
        (Job::ApprovedOwnProduct, (false, false)),
        (Job::Declined, (false, false)),
    ] {
        assert_eq!(told.orders(job), orders, "{job:?}");
    }
    let product = |code: &str| told.fieldwork.products[code];
    assert_eq!(told.used(Job::Finished), [(product("F-100"), 2.0), (product("M-200"), 1.0)]);
    let order = told.service_order(Job::Finished).unwrap();
    assert_eq!(at(&order, "/Cabecalho/dDtPrevisao"), "03/11/2026");
    assert_eq!(at(&order, "/Cabecalho/nCodCli"), told.fieldwork.twins[0].0);
    let notes = at(&order, "/Observacoes/cObsOS").as_str().unwrap();
    for words in [&told.job(Job::Finished).to_string(), "Verificar o equipamento", "Técnica Um", "Paula Prado"] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    let sale = told.sales_order(Job::Finished).unwrap();
    assert_eq!(at(&sale, "/det").as_array().unwrap().len(), 2);
    // The client was born before the order that is for it.
    let client = told.client_of(told.fieldwork.alone[0]).unwrap();
    let order = told.service_order(Job::AtNewCustomer).unwrap();
    assert_eq!(at(&order, "/Cabecalho/nCodCli"), &client["codigo_cliente_omie"]);
    told.trio.assert_kept();
    // What goes on waiting for a link does not run the other mapping in every turn.
    told.trio.clock.skip_ms(600_000);
    assert_eq!(told.trio.turn("omie-auvo/tarefas-os").await.len(), 1);
}

#[tokio::test]
async fn the_first_load_takes_goods_to_the_field_and_knows_twins() {
    let told = loaded().await;
    let stock = ["F-100", "F-110", "G-400", "K-700"].map(|code| told.product(code)["totalStock"].clone());
    assert_eq!(stock, [120.0, 64.0, 0.0, 50.0].map(Value::from), "in all places together, and less what is reserved");
    let motor = told.product("M-200");
    assert_eq!((&motor["name"], &motor["unitaryValue"]), (&json!("Motor 1/4 CV"), &json!("389,00")));
    assert_eq!((&told.product("S-800")["active"], &motor["active"]), (&json!(false), &json!(true)));
    let auvo = told.trio.auvo.lock().unwrap();
    assert!(auvo.named("services", "Visita técnica").is_some());
    drop(auvo);
    for (code, id) in &told.fieldwork.twins {
        assert_eq!(told.customer(*id)["externalId"], code.to_string());
    }
}

#[tokio::test]
async fn the_second_act_reaches_all_that_it_concerns() {
    let told = loaded().await;
    told.edit().await;
    assert_eq!(told.product("F-110")["totalStock"], 59.0, "though the product's own record did not change");
    assert_eq!(told.product("C-300")["unitaryValue"], "1.199,00");
    assert_eq!(told.product("M-200")["name"], "Motor 1/4 CV", "put back");

    let client = told.client_of(told.fieldwork.twins[0].1).unwrap();
    assert_eq!((&client["telefone1_ddd"], &client["telefone1_numero"]), (&json!("11"), &json!("98888-7777")));
    let nobody = *told.fieldwork.alone.last().unwrap();
    assert!(told.client_of(nobody).is_some());
    let contact = told.story.shown[&Shows::OnlyPloomes].ploomes[1];
    let key = told.trio.ploomes.lock().unwrap().contact(contact).unwrap()["Key"].as_str().unwrap().to_owned();
    let auvo = told.trio.auvo.lock().unwrap();
    let customers: Vec<Value> =
        auvo.records("customers").into_iter().filter_map(|id| auvo.record("customers", &id)).collect();
    drop(auvo);
    let customer = customers.iter().find(|row| row["externalId"] == key.as_str()).unwrap();
    assert_eq!(customer["email"], json!(["obras@caminho.example"]), "from Ploomes through Omie");

    for (job, orders) in [
        (Job::Open, (true, true)),
        (Job::OwnService, (true, false)),
        (Job::OwnProduct, (true, false)),
        (Job::NoDocument, (true, false)),
        (Job::AtNewCustomer, (true, true)),
        (Job::Sent, (true, true)),
        (Job::Draft, (false, false)),
        (Job::NoCustomer, (false, false)),
    ] {
        assert_eq!(told.orders(job), orders, "{job:?}");
    }
    let service = |job| at(&told.service_order(job).unwrap(), "/ServicosPrestados/0").clone();
    let hours = service(Job::OwnService);
    assert_eq!((&hours["nQtde"], &hours["nValUnit"]), (&json!(3.0), &json!(95.5)));
    assert_eq!(hours["nCodServico"], told.fieldwork.services["Hora técnica"]);
    assert_eq!(service(Job::Open)["nCodServico"], told.fieldwork.services["Visita técnica"]);
    assert_eq!(told.used(Job::Finished), [(told.fieldwork.products["M-200"], 3.0)]);
    let invoiced = told.service_order(Job::Closed).unwrap();
    assert!(!at(&invoiced, "/Observacoes/cObsOS").as_str().unwrap().contains("quadro elétrico"), "{invoiced}");
    told.trio.assert_kept();
}
