//! What `doctor` asks an account of each system, answered by sandboxes that are one way and the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use depara::clock::Clock;
use depara::config::files;
use depara::connector::transport::{Answering, Transport, WireAnswer};
use depara::connector::{Connector, Credentials};
use depara::engine::doctor::Doctor;
use depara::engine::reference::Cache;
use depara::sandbox::auvo::{OverCap, PriceForm, SortKey};
use depara::sandbox::people::{self, fieldwork};
use depara::sandbox::{Auvo, Omie, Ploomes, Request, Sandbox as _};
use serde_json::json;

use crate::house::workspace;
use crate::trio::Trio;

/// What an account answers, each line with its word.
async fn answers(system: &str, prepare: impl FnOnce(&mut Omie, &mut Ploomes, &mut Auvo, &Clock)) -> String {
    answers_with(system, &[], prepare).await
}

/// The same, with what is read of it before.
async fn answers_with(
    system: &str,
    references: &[&str],
    prepare: impl FnOnce(&mut Omie, &mut Ploomes, &mut Auvo, &Clock),
) -> String {
    let trio = Trio::build("{ omie-ploomes/clientes: {} }", prepare);
    let mut doctor = Doctor::new(trio.connectors.clone(), Cache::default(), trio.clock.clone());
    let references = references.iter().map(|one| (*one).to_owned()).collect();
    let found = doctor.system(system, &references).await;
    trio.assert_kept();
    found.into_iter().map(|one| format!("{}: {}\n", one.is.word(), one.text)).collect()
}

#[track_caller]
fn says(found: &str, lines: &[&str]) {
    for line in lines {
        assert!(found.contains(line), "`{line}` is not in\n{found}");
    }
}

#[tokio::test(start_paused = true)]
async fn omie_answers_both_ways() {
    let usual = answers("omie", |omie, _, _, clock| {
        people::crowd(omie, 1, 120, clock.now()).unwrap();
    });
    says(
        &usual.await,
        &[
            "ok: How many clients does a page hold at most? 100: more are cut in silence.",
            "ok: Are ids numbers or texts? Numbers.",
            "ok: Does one CPF or CNPJ stand in one client alone? Yes, among 100.",
            "note: How many products does a page hold at most? It cannot be told: there are too few.",
            "note: By which day are sales orders filtered? By the day they were made or changed, or none",
        ],
    );
    let other = answers("omie", |omie, _, _, clock| {
        (omie.switches.page_cap, omie.switches.ids_as_text) = (500, true);
        omie.switches.trade.orders_filtered_by_expectation = true;
        people::crowd(omie, 1, 120, clock.now()).unwrap();
        omie.switches.unique_document = false;
        for name in ["Aurora", "Aurora Filial"] {
            let client = json!({ "razao_social": name, "nome_fantasia": name, "cnpj_cpf": "11222333000181" });
            omie.person_adds(clock.now(), &client).unwrap();
        }
        order(omie, clock, "10/11/2026");
        products(omie, clock);
    });
    says(
        &other.await,
        &[
            "ok: How many clients does a page hold at most? More than 100: 122 came.",
            "ok: Are ids numbers or texts? Texts.",
            "warning: Does one CPF or CNPJ stand in one client alone? No, not 11.222.333/0001-81: twins",
            "ok: How many products does a page hold at most? More than 100: 121 came.",
            "warning: By which day are sales orders filtered? By the day they are expected: ",
        ],
    );
    let third = answers("omie", |omie, _, _, clock| {
        people::crowd(omie, 1, 1, clock.now()).unwrap();
        order(omie, clock, "10/11/2026");
        products(omie, clock);
    });
    says(
        &third.await,
        &[
            "ok: How many products does a page hold at most? 100: more are cut in silence.",
            "note: By which day are sales orders filtered? By the day they were made or changed, or none",
        ],
    );
    let empty = answers("omie", |_, _, _, _| {}).await;
    assert_eq!(empty.matches("note: ").count(), 4, "{empty}");
}

fn products(omie: &mut Omie, clock: &Clock) {
    for number in 0..120 {
        product(omie, clock, number);
    }
}

fn product(omie: &mut Omie, clock: &Clock, number: u32) -> i64 {
    let body = json!({ "codigo": format!("{number}"), "descricao": format!("FILTRO {number}"), "unidade": "UN",
        "ncm": "39232190", "valor_unitario": 50 });
    omie.person_adds_product(clock.now(), &body).unwrap()
}

/// An order of the first client that is expected on this day.
fn order(omie: &mut Omie, clock: &Clock, day: &str) {
    let client = omie.clients().next().unwrap()["codigo_cliente_omie"].clone();
    let line = json!({ "ide": { "codigo_item_integracao": "1" }, "produto": {
        "codigo_produto": product(omie, clock, 999), "quantidade": 1, "valor_unitario": 50 } });
    let head = json!({ "codigo_cliente": client, "codigo_pedido_integracao": "D9", "data_previsao": day,
        "etapa": "10", "codigo_parcela": "000" });
    let account = omie.current_account();
    let order = json!({ "cabecalho": head, "det": [line], "informacoes_adicionais": {
        "codigo_categoria": "1.01.01", "codigo_conta_corrente": account, "consumidor_final": "S", "enviar_email": "N" } });
    let body = json!({ "call": "IncluirPedido", "app_key": "demo-key", "app_secret": "demo-secret", "param": [order] });
    let request = Request {
        method: "POST".to_owned(),
        path: "/api/v1/produtos/pedido/".to_owned(),
        body: body.to_string().into_bytes(),
        ..Request::default()
    };
    let answer = omie.answer(clock.now(), &request);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[tokio::test(start_paused = true)]
async fn ploomes_answers_both_ways() {
    let usual = answers("ploomes", |_, ploomes, _, clock| {
        people::crowd_of_contacts(ploomes, 1, 310, clock.now()).unwrap();
    });
    says(
        &usual.await,
        &[
            "ok: How many contacts does a page hold at most? 300: more are cut in silence.",
            "ok: Which type of phone is a fax? That with the Id ",
            "ok: Do filters mind upper and lower case? No.",
            "ok: How many contacts come where no size is asked for? 300; a size is always asked for.",
            "ok: Does a page name the next one? No.",
            "ok: Is one contact read by its id in the path? No, so a filter reads it. The answer: HTTP 404: ",
            "note: Do filters mind accents? Yes, or no state is called São Paulo.",
        ],
    );
    let other = answers("ploomes", |_, ploomes, _, clock| {
        people::crowd_of_contacts(ploomes, 1, 310, clock.now()).unwrap();
        (ploomes.switches.page_max, ploomes.switches.case_sensitive) = (1_000, true);
        (ploomes.switches.page_default, ploomes.switches.next_link) = (20, true);
        (ploomes.switches.get_by_key, ploomes.switches.accents_ignored) = (true, true);
        assert!(ploomes.drop_phone_type("fax"));
    });
    says(
        &other.await,
        &[
            "ok: How many contacts does a page hold at most? More than 300.",
            "note: Do filters mind upper and lower case? Yes, or no type",
            "warning: Which type of phone is a fax? None: there are Comercial, Celular, ",
            "ok: How many contacts come where no size is asked for? 20; a size is always asked for.",
            "ok: Does a page name the next one? Yes, in `@odata.nextLink`",
            "ok: Is one contact read by its id in the path? Yes; the answer holds @odata.context, value.",
            "ok: Do filters mind accents? No.",
        ],
    );
    let empty = answers("ploomes", |_, _, _, _| {});
    says(
        &empty.await,
        &[
            "note: How many contacts come where no size is asked for? It cannot be told: all 0 came.",
            "note: Does a page name the next one? It cannot be told: there are too few.",
            "note: Is one contact read by its id in the path? It cannot be told: no row of contacts serves to ask it.",
        ],
    );
}

/// Customers, goods and quotations.
fn field(omie: &mut Omie, ploomes: &mut Ploomes, auvo: &mut Auvo, clock: &Clock) {
    let story = people::populate(omie, ploomes, 1, 0, clock.now()).unwrap();
    fieldwork::equip(omie, auvo, &story, (1, 0), clock.now()).unwrap();
    for number in 0..110 {
        let customer = json!({ "name": format!("Cliente {number}"), "externalId": format!("x{number}") });
        auvo.person_adds(clock.now(), "customers", &customer).unwrap();
    }
}

/// More tasks than a page holds.
fn tasks(auvo: &mut Auvo, clock: &Clock) {
    for number in 0..110 {
        let task = json!({ "idUserFrom": auvo.person_id(), "orientation": format!("Visita {number}"), "priority": 1 });
        auvo.person_adds(clock.now(), "tasks", &task).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn auvo_answers_in_all_its_ways() {
    let usual = answers("auvo", field).await;
    says(
        &usual,
        &[
            "ok: How many customers does a page hold at most? 100: more are cut in silence.",
            "ok: Under which names are customers shown? `id` and `description`.",
            "ok: Is an externalId one customer's alone? Yes, among 100.",
            "ok: How are prices written? As texts, such as `",
            "ok: Which stages do quotations have? ",
            "ok: Do rows of the list hold their lines? Yes.",
            "ok: Do lists come in the order of ids? Yes.",
            "ok: How exactly does `dateLastUpdate` filter? By the second.",
            "ok: How exactly is the last update of a quotation told? By the day, such as `2026-",
            "ok: Are quotations listed by their last update? Yes.",
            "note: How many tasks does a page hold at most? It cannot be told: there are too few.",
            "ok: Does an `endDate` without a time take in its day? No: it ends when the day begins.",
            "ok: Is what lies on an `endDate` listed? Yes.",
        ],
    );
    assert!(usual.contains("Aprovado"), "{usual}");
    let other = answers("auvo", |omie, ploomes, auvo, clock| {
        field(omie, ploomes, auvo, clock);
        (auvo.switches.over_cap, auvo.switches.product_price) = (OverCap::Refuse, PriceForm::Number);
        (auvo.switches.quotation_rows_thin, auvo.switches.quotation_old_names) = (true, true);
        (auvo.switches.quotation_moments, auvo.switches.quotation_update_filter) = (true, false);
        (auvo.switches.bare_end_takes_day, auvo.switches.end_inclusive) = (true, false);
        (auvo.switches.sort, auvo.switches.dates_by_day) = (SortKey::Scattered, true);
        tasks(auvo, clock);
    });
    let other = other.await;
    says(
        &other,
        &[
            "ok: How many customers does a page hold at most? 100: more are refused.",
            "ok: How are prices written? As numbers, such as ",
            "ok: Do rows of the list hold their lines? No; each is read by itself.",
            "note: Do lists come in the order of ids? No: ",
            "ok: How exactly does `dateLastUpdate` filter? By the day: ",
            "ok: How exactly is the last update of a quotation told? With the time of day, such as `2026-",
            "warning: Are quotations listed by their last update? No: each cycle reads all of them.",
            "ok: How many tasks does a page hold at most? 100: more are refused.",
            "ok: Does an `endDate` without a time take in its day? Yes.",
        ],
    );
    assert!(other.contains("Aprovado"), "{other}");
    let third = answers("auvo", |omie, ploomes, auvo, clock| {
        (auvo.switches.over_cap, auvo.switches.customer_portal_names) = (OverCap::Allow, true);
        for name in ["Um", "Outro"] {
            auvo.person_adds(clock.now(), "customers", &json!({ "name": name, "externalId": "x1" })).unwrap();
        }
        field(omie, ploomes, auvo, clock);
        auvo.switches.end_inclusive = false;
        tasks(auvo, clock);
    });
    says(
        &third.await,
        &[
            "ok: How many customers does a page hold at most? More than 100.",
            "ok: Under which names are customers shown? `customerId` and `name`",
            "warning: Is an externalId one customer's alone? No, not x1: twins",
            "ok: Do lists come in the order of ids? Yes.",
            "ok: How many tasks does a page hold at most? More than 100.",
            "ok: Is what lies on an `endDate` listed? No: the end is left out.",
        ],
    );
    let fourth = answers("auvo", |_, _, auvo, clock| tasks(auvo, clock));
    says(&fourth.await, &["ok: How many tasks does a page hold at most? 100: more are cut in silence."]);
    let empty = answers("auvo", |_, _, _, _| {}).await;
    assert_eq!(empty.matches("no row of tasks serves to ask it").count(), 2, "{empty}");
}

/// A doctor who sees one system alone, and how often it was asked; each answer comes from its address.
fn alone(name: &str, secrets: &[&str], answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Alone {
    let workspace = workspace(&files::carried());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let transport = Transport::InProcess(Arc::new(move |wire| -> Answering {
        count.fetch_add(1, Ordering::Relaxed);
        let (status, body) = answer(&wire.url);
        Box::pin(async move { WireAnswer::Answer { status, headers: Vec::new(), body: body.into_bytes() } })
    }));
    let system = workspace.project.systems.get(name).unwrap().clone();
    let secrets = secrets.iter().map(|one| ((*one).to_owned(), "wrong-wrong".into())).collect();
    let clock = Clock::starting_at("2026-11-03T12:00:00Z".parse().unwrap()).skipping();
    let credentials = Credentials { secrets, base_url: None };
    let connector = Connector::open_with(transport, system, credentials, clock.clone(), 1).unwrap();
    let connectors = BTreeMap::from([(name.to_owned(), connector)]);
    Alone { doctor: Doctor::new(connectors, Cache::default(), clock), asked }
}

struct Alone {
    doctor: Doctor,
    asked: Arc<AtomicUsize>,
}

/// No mapping uses the system, so that the first probe is the first call.
#[tokio::test(start_paused = true)]
async fn bad_credentials_are_told_once_and_no_probe_follows() {
    for (name, secrets) in
        [("omie", &["app_key", "app_secret"][..]), ("ploomes", &["user_key"]), ("auvo", &["api_key", "api_token"])]
    {
        let Alone { mut doctor, asked } = alone(name, secrets, |_| (401, "No such key".to_owned()));
        let found = doctor.system(name, &BTreeSet::new()).await;
        let [one] = &found[..] else { panic!("{name}: {found:?}") };
        assert!(one.text.starts_with("the credentials are not good: "), "{name}: {}", one.text);
        assert!(one.text.contains("No such key"), "{name}: {}", one.text);
        assert_eq!((one.is.word(), asked.load(Ordering::Relaxed)), ("failure", 1), "{name}");
        assert!(doctor.shut(&BTreeSet::from([name.to_owned()])).is_some(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_key_may_not_read_is_told_by_name_and_the_rest_is_looked_at() {
    let found = answers_with("ploomes", &["ploomes.contact_status", "ploomes.users"], |_, ploomes, _, _| {
        ploomes.faults().add_text("block:GET Users:1:9000").unwrap();
    });
    says(
        &found.await,
        &[
            "ok: the credentials are good; read: ",
            "failure: cannot be read: `list users` of `ploomes` was refused: Your request has been forbidden",
            "How many contacts does a page hold at most?",
        ],
    );
}

/// Here what a key may not read is said with the status of a wrong key; the token tells the two apart.
#[tokio::test(start_paused = true)]
async fn a_closed_list_behind_a_good_login_closes_nothing_else() {
    let told = |closed: &'static str, references: &'static [&str]| async move {
        let Alone { mut doctor, .. } = alone("auvo", &["api_key", "api_token"], move |url| match url {
            _ if url.contains("/login") => (200, json!({ "result": { "accessToken": "a-token-of-ours" } }).to_string()),
            _ if url.contains(closed) => (403, "Not for this user".to_owned()),
            _ => (404, String::new()),
        });
        let references = references.iter().map(|one| (*one).to_owned()).collect();
        let found = doctor.system("auvo", &references).await;
        assert_eq!(doctor.shut(&BTreeSet::from(["auvo".to_owned()])), None);
        found.into_iter().map(|one| format!("{}: {}\n", one.is.word(), one.text)).collect::<String>()
    };
    // The first that is read, and the last.
    for (closed, call) in [("/taskTypes/", "list task_types"), ("/users/", "list users")] {
        says(
            &told(closed, &["auvo.task_types", "auvo.users"]).await,
            &[
                "ok: the credentials are good; read: 0 ",
                &format!("failure: cannot be read: `{call}` of `auvo` is not authorised: HTTP 403: Not for this user"),
                "How many customers does a page hold at most? It cannot be told",
            ],
        );
    }
    // The first that is probed.
    says(
        &told("/customers/", &[]).await,
        &[
            "warning: How many customers does a page hold at most? cannot be asked: HTTP 403: Not for this user",
            "How many tasks does a page hold at most? It cannot be told",
        ],
    );
}
