//! The connector against the sandboxes, in process, under paused time.
//!
//! The sandboxes share nothing with the connector and count every limit a client breaks: what they
//! say here was not arranged by the system files they are asked with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use depara::clock::Clock;
use depara::config::system::System;
use depara::connector::{Cause, Connector, Credentials, Listing, Outcome, Row};
use depara::diagnostic::Diagnostics;
use depara::sandbox::omie::{Forgiven, Refused};
use depara::sandbox::{Fault, Omie, Ploomes, Sandbox, people};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::house::transport;

struct House {
    omie: Arc<Mutex<Omie>>,
    ploomes: Arc<Mutex<Ploomes>>,
    left: Connector,
    right: Connector,
    clock: Clock,
}

fn system(name: &str) -> Arc<System> {
    let file = format!("mappings/systems/{name}.yaml");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
    let mut complaints = Diagnostics::default();
    let system = System::load(&file, &text, &mut complaints);
    assert!(complaints.is_clean(), "{complaints}");
    Arc::new(system.unwrap())
}

pub(crate) fn open<S: Sandbox + 'static>(
    sandbox: &Arc<Mutex<S>>,
    clock: &Clock,
    secrets: &[(&str, &str)],
) -> Connector {
    let system = system(sandbox.lock().unwrap().name());
    let transport = transport(Arc::clone(sandbox), clock.clone());
    let secrets = secrets.iter().map(|(name, secret)| ((*name).to_owned(), SecretString::from(*secret))).collect();
    Connector::open_with(transport, system, Credentials { secrets, base_url: None }, clock.clone(), 1).unwrap()
}

fn house(records: usize) -> House {
    let clock = Clock::starting_at("2026-10-10T12:00:00-03:00".parse::<Timestamp>().unwrap());
    let (mut omie, mut ploomes) = (Omie::new(1), Ploomes::new(1));
    people::populate(&mut omie, &mut ploomes, 1, records, clock.now()).unwrap();
    let (omie, ploomes) = (Arc::new(Mutex::new(omie)), Arc::new(Mutex::new(ploomes)));
    let left = open(&omie, &clock, &[("app_key", "demo-key"), ("app_secret", "demo-secret")]);
    let right = open(&ploomes, &clock, &[("user_key", "demo-user-key")]);
    House { omie, ploomes, left, right, clock }
}

impl House {
    /// No limit of any system was broken.
    fn assert_kept(&self) {
        let none = BTreeMap::new();
        assert_eq!(self.omie.lock().unwrap().tally().broken, none);
        assert_eq!(self.ploomes.lock().unwrap().tally().broken, none);
    }
}

pub(crate) async fn list(connector: &Connector, resource: &str, since_ms: Option<i64>) -> (Vec<Row>, Listing) {
    let mut rows = Vec::new();
    let listing = connector.list(resource, since_ms, &mut |page| rows.extend(page)).await.unwrap();
    (rows, listing)
}

fn ids(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().map(|row| row.id.clone()).collect()
}

fn client(key: &str) -> Value {
    json!({
        "codigo_cliente_integracao": key, "razao_social": "NOVA LTDA", "nome_fantasia": "NOVA",
        "cnpj_cpf": "11444777000161", "email": "n@ex.com"
    })
}

#[tokio::test(start_paused = true)]
async fn both_lists_are_read_whole_without_breaking_a_limit() {
    let house = house(900);
    let (clients, listing) = list(&house.left, "clientes", None).await;
    assert_eq!((listing.complete, clients.len()), (true, house.omie.lock().unwrap().client_count()));
    assert_eq!(listing.pages, listing.rows.div_ceil(100));
    let (contacts, listing) = list(&house.right, "contacts", None).await;
    assert_eq!((listing.complete, contacts.len()), (true, house.ploomes.lock().unwrap().contacts().count()));
    // The last moment of a page is read once more, so a page brings 299 new contacts at least.
    assert!(listing.pages <= 1 + (listing.rows - 300).div_ceil(299), "{listing:?}");
    assert!(clients.iter().chain(&contacts).all(|row| row.changed_ms.is_some()));
    for resource in ["vendedores", "paises"] {
        assert!(list(&house.left, resource, None).await.1.complete, "{resource}");
    }
    for resource in ["users", "tags", "phone_types", "contact_status", "states", "countries"] {
        let (rows, listing) = list(&house.right, resource, None).await;
        assert!(listing.complete && !rows.is_empty(), "{resource}");
    }
    house.assert_kept();
}

#[tokio::test(start_paused = true)]
async fn a_window_holds_what_changed_and_nothing_else() {
    let house = house(90);
    let now_ms = house.clock.now_ms();
    assert_eq!(
        list(&house.left, "clientes", Some(now_ms - 1_000)).await.1,
        Listing { complete: true, rows: 0, pages: 1 }
    );
    assert_eq!(list(&house.right, "contacts", Some(now_ms + 1)).await.1, Listing { complete: true, rows: 0, pages: 1 });
    house.clock.skip_ms(60_000);
    let Outcome::Done { id: Some(left), .. } = house.left.create("clientes", &client("dp-1")).await else { panic!() };
    let contact = json!({"TypeId": 1, "Name": "Nova"});
    let Outcome::Done { id: Some(right), .. } = house.right.create("contacts", &contact).await else { panic!() };
    let (rows, _) = list(&house.left, "clientes", Some(now_ms + 30_000)).await;
    assert_eq!((ids(&rows), rows[0].ours), (BTreeSet::from([left]), true));
    let (rows, _) = list(&house.right, "contacts", Some(now_ms + 30_000)).await;
    assert_eq!((ids(&rows), rows[0].ours), (BTreeSet::from([right]), true));
    house.assert_kept();
}

#[tokio::test(start_paused = true)]
async fn records_are_fetched_and_found_in_batches() {
    let house = house(300);
    let (clients, _) = list(&house.left, "clientes", None).await;
    let (contacts, _) = list(&house.right, "contacts", None).await;
    let wanted: Vec<String> = clients.iter().take(70).map(|row| row.id.clone()).chain(["1".to_owned()]).collect();
    let found = house.left.fetch("clientes", &wanted).await.unwrap();
    assert_eq!(found.len(), 70);
    let wanted: Vec<String> = contacts.iter().take(70).map(|row| row.id.clone()).chain(["1".to_owned()]).collect();
    assert_eq!(house.right.fetch("contacts", &wanted).await.unwrap().len(), 70);
    let documents: Vec<String> =
        contacts.iter().filter_map(|row| row.body["Register"].as_str().map(str::to_owned)).take(40).collect();
    assert!(house.right.find("contacts", "Register", &documents).await.unwrap().len() >= 40);
    let document = clients.iter().find_map(|row| row.body["cnpj_cpf"].as_str().filter(|text| !text.is_empty()));
    assert!(!house.left.find("clientes", "cnpj_cpf", &[document.unwrap().to_owned()]).await.unwrap().is_empty());
    let codes: Vec<String> =
        clients.iter().filter_map(|row| row.body["cidade_ibge"].as_str().map(str::to_owned)).take(30).collect();
    assert!(!house.right.find("cities", "IBGECode", &codes).await.unwrap().is_empty());
    let city = clients.iter().find_map(|row| row.body["cidade"].as_str().filter(|text| !text.is_empty())).unwrap();
    assert!(ids(&house.left.find("cidades", "cCod", &[city.to_owned()]).await.unwrap()).contains(city));
    house.assert_kept();
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_unknown_and_is_found_by_its_key() {
    // The longest delay is longer than anybody waits: the effect is there all the same.
    for fault in [Fault::LoseAnswer, Fault::BrokenAfterCommit, Fault::Truncate, Fault::Delay(130_000)] {
        let house = house(30);
        house.omie.lock().unwrap().faults().next(fault.clone(), "IncluirCliente", 1);
        let outcome = house.left.create("clientes", &client("dp-1")).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{fault:?}: {outcome:?}");
        let found = house.left.find("clientes", "codigo_cliente_integracao", &["dp-1".to_owned()]).await.unwrap();
        assert_eq!(found.len(), 1, "{fault:?}");
        assert_eq!(house.left.calls()["IncluirCliente"], 1, "never sent again");
        let again = house.left.create("clientes", &client("dp-1")).await;
        assert!(matches!(&again, Outcome::Duplicate { key: Some(key), .. } if key == "dp-1"), "{again:?}");

        house.ploomes.lock().unwrap().faults().next(fault.clone(), "POST Contacts", 1);
        let outcome = house.right.create("contacts", &json!({"TypeId": 1, "Name": "Nova", "Key": "77"})).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{fault:?}: {outcome:?}");
        assert_eq!(house.right.find("contacts", "Key", &["77".to_owned()]).await.unwrap().len(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_that_pass_are_waited_for() {
    for fault in [Fault::Throttle(20), Fault::Throttle(0), Fault::BadGateway, Fault::DropBefore, Fault::Delay(500)] {
        let house = house(30);
        house.omie.lock().unwrap().faults().next(fault.clone(), "ListarClientes", 1);
        house.ploomes.lock().unwrap().faults().next(fault.clone(), "GET Contacts", 1);
        assert!(list(&house.left, "clientes", None).await.1.complete, "{fault:?}");
        assert!(list(&house.right, "contacts", None).await.1.complete, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_is_obeyed_without_another_call() {
    let house = house(30);
    house.omie.lock().unwrap().faults().next(Fault::Block(1_800), "ListarClientes", 1);
    for _ in 0..3 {
        let failure = house.left.list("clientes", None, &mut |_| {}).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Blocked { .. }), "{failure}");
    }
    assert_eq!(house.left.calls()["ListarClientes"], 1);
    house.clock.skip_ms(1_801_000);
    assert!(list(&house.left, "clientes", None).await.1.complete);
}

#[tokio::test(start_paused = true)]
async fn a_header_that_names_hours_does_not_silence_us_for_hours() {
    let house = house(30);
    house.ploomes.lock().unwrap().faults().next(Fault::Throttle(36_000), "GET Users", 1);
    for _ in 0..2 {
        let failure = house.right.list("users", None, &mut |_| {}).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Throttled { .. } | Cause::Blocked { .. }), "{failure}");
    }
    assert_eq!(house.right.calls()["list users"], 1);
    house.clock.skip_ms(1_801_000);
    assert!(list(&house.right, "users", None).await.1.complete);
}

#[tokio::test(start_paused = true)]
async fn refusals_come_in_the_words_of_the_system_and_stop_before_the_block() {
    // Whatever dress a refusal wears, it counts.
    for refused in [Refused::Fault, Refused::FaultWithin200, Refused::StatusWithin200] {
        let house = house(30);
        house.omie.lock().unwrap().switches.refused = refused;
        let bare = json!({"razao_social": "SEM DOCUMENTO", "nome_fantasia": "SEM"});
        for _ in 0..8 {
            let outcome = house.left.create("clientes", &bare).await;
            let Outcome::Refused { text } = outcome else { panic!("{outcome:?}") };
            assert!(text.contains("cnpj_cpf"), "{text}");
        }
        assert!(matches!(house.left.create("clientes", &bare).await, Outcome::Blocked { .. }), "{refused:?}");
        house.assert_kept();
    }
    let house = house(30);
    let outcome = house.right.create("contacts", &json!({"TypeId": 1, "Name": "A", "ZipCode": "01310-100"})).await;
    assert_eq!(outcome, Outcome::Refused { text: "Your request has a wrong format".to_owned() });
    house.assert_kept();
}

#[tokio::test(start_paused = true)]
async fn searches_in_vain_stop_before_the_block_that_only_a_good_answer_ends() {
    let house = house(30);
    house.omie.lock().unwrap().switches.forgiven = Forgiven::AfterSuccess;
    for at in 0..12 {
        let found = house.left.find("clientes", "codigo_cliente_integracao", &[format!("dp-{at}")]).await;
        assert_eq!(found.unwrap(), []);
        house.clock.skip_ms(1_800_000);
    }
    house.assert_kept();
}

#[tokio::test(start_paused = true)]
async fn updates_reach_the_record_and_a_missing_one_is_gone() {
    let house = house(30);
    let (clients, _) = list(&house.left, "clientes", None).await;
    let id = &clients[0].id;
    let outcome = house.left.update("clientes", id, &json!({"email": "novo@ex.com"})).await;
    assert_eq!(outcome, Outcome::Done { id: Some(id.clone()), row: None });
    assert!(matches!(house.left.update("clientes", "1", &json!({"email": "a@b.c"})).await, Outcome::Gone { .. }));
    let (contacts, _) = list(&house.right, "contacts", None).await;
    let id = &contacts[0].id;
    let outcome = house.right.update("contacts", id, &json!({"Name": "Outro"})).await;
    let Outcome::Done { row: Some(row), .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((&row.id, row.ours, &row.body["Name"]), (id, true, &json!("Outro")));
    assert!(row.body["Phones"].is_array() && row.body["Tags"].is_array());
    let outcome = house.right.update("contacts", "1", &json!({"Name": "X"})).await;
    assert!(matches!(outcome, Outcome::Gone { .. }), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_shifts_is_never_taken_for_complete_when_rows_are_missing() {
    for rows in [2, -2] {
        let house = house(900);
        house.omie.lock().unwrap().faults().next(Fault::ShiftPages(rows), "ListarClientes", 100);
        house.ploomes.lock().unwrap().faults().next(Fault::ShiftPages(rows), "GET Contacts", 100);
        let (clients, listing) = list(&house.left, "clientes", None).await;
        let all = house.omie.lock().unwrap().client_count();
        assert_eq!(ids(&clients).len(), clients.len(), "none twice");
        assert!(clients.len() == all || !listing.complete, "{rows}: {} of {all}, {listing:?}", clients.len());
        let (contacts, listing) = list(&house.right, "contacts", None).await;
        let all = house.ploomes.lock().unwrap().contacts().count();
        assert_eq!(ids(&contacts).len(), contacts.len(), "none twice");
        assert!(contacts.len() == all || !listing.complete, "{rows}: {} of {all}, {listing:?}", contacts.len());
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_stop_at_once() {
    let house = house(30);
    let wrong = open(&house.omie, &house.clock, &[("app_key", "demo-key"), ("app_secret", "not-this")]);
    let failure = wrong.list("clientes", None, &mut |_| {}).await.unwrap_err();
    assert!(matches!(failure.cause, Cause::Unauthorised { .. }), "{failure}");
    let wrong = open(&house.ploomes, &house.clock, &[("user_key", "not-this")]);
    let outcome = wrong.create("contacts", &json!({"TypeId": 1, "Name": "A"})).await;
    assert!(matches!(outcome, Outcome::Unauthorised { .. }), "{outcome:?}");
    assert_eq!(wrong.calls()["create contacts"], 1);
}
