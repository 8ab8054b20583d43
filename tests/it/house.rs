//! A whole house in one process: two sandboxes, an engine, a clock that skips.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use depara::clock::Clock;
use depara::config::files::{self, Files};
use depara::connector::transport::{Transport, WireAnswer, WireRequest};
use depara::connector::{Connector, Credentials};
use depara::diagnostic::Diagnostics;
use depara::engine::{Options, Report, Runner};
use depara::sandbox::{Omie, Ploomes, Request, Sandbox};
use depara::store::{Ledger, MemoryStore, Store};
use depara::workspace::Workspace;
use serde_json::Value;

/// What the binary carries, compiled once for all houses.
static WORKSPACE: OnceLock<Workspace> = OnceLock::new();

/// How long an answer is waited for.
const TIMEOUT_MS: u64 = 60_000;

/// Two sandboxes and an engine between them.
pub(crate) struct House {
    pub(crate) omie: Arc<Mutex<Omie>>,
    pub(crate) ploomes: Arc<Mutex<Ploomes>>,
    pub(crate) clock: Clock,
    pub(crate) runner: Runner,
}

pub(crate) fn transport<S: Sandbox + 'static>(sandbox: Arc<Mutex<S>>, clock: Clock) -> Transport {
    Transport::InProcess(Arc::new(move |wire: WireRequest| {
        let body = wire.body.clone().unwrap_or_default();
        let request = Request::to(wire.method.text(), &wire.url, &wire.headers, body);
        let answer = sandbox.lock().unwrap().deliver(clock.now(), &request);
        let clock = clock.clone();
        Box::pin(async move {
            if answer.delay_ms > 0 {
                clock.sleep_ms(answer.delay_ms.min(TIMEOUT_MS)).await;
            }
            if answer.delay_ms > TIMEOUT_MS {
                return WireAnswer::Timeout;
            }
            if answer.lost {
                return WireAnswer::Lost { text: "the connection was closed".to_owned() };
            }
            WireAnswer::Answer {
                status: answer.status,
                headers: answer.headers.into_iter().collect(),
                body: answer.body,
            }
        })
    }))
}

/// The files of a workspace, compiled.
pub(crate) fn workspace(files: &Files) -> Workspace {
    let opened = Workspace::compile(files, &|_| None, Diagnostics::default());
    opened.unwrap_or_else(|complaints| panic!("{complaints}"))
}

impl House {
    /// Builds a house; `prepare` fills the sandboxes.
    pub(crate) fn build(prepare: impl FnOnce(&mut Omie, &mut Ploomes, &Clock)) -> Self {
        Self::build_on(WORKSPACE.get_or_init(|| workspace(&files::carried())), prepare)
    }

    /// Builds a house on a workspace of its own.
    pub(crate) fn build_on(workspace: &Workspace, prepare: impl FnOnce(&mut Omie, &mut Ploomes, &Clock)) -> Self {
        Self::build_through(workspace, prepare, |transport| transport)
    }

    /// Builds a house in which something stands before Ploomes.
    pub(crate) fn build_before(
        prepare: impl FnOnce(&mut Omie, &mut Ploomes, &Clock),
        before: impl FnOnce(Transport) -> Transport,
    ) -> Self {
        Self::build_through(WORKSPACE.get_or_init(|| workspace(&files::carried())), prepare, before)
    }

    fn build_through(
        workspace: &Workspace,
        prepare: impl FnOnce(&mut Omie, &mut Ploomes, &Clock),
        before: impl FnOnce(Transport) -> Transport,
    ) -> Self {
        let clock = Clock::starting_at("2026-11-02T12:00:00Z".parse().unwrap()).skipping();
        let (mut omie, mut ploomes) = (Omie::new(1), Ploomes::new(1));
        prepare(&mut omie, &mut ploomes, &clock);
        let (omie, ploomes) = (Arc::new(Mutex::new(omie)), Arc::new(Mutex::new(ploomes)));
        let open = |name: &str, transport: Transport, secrets: &[(&str, &str)]| {
            let secrets = secrets.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
            let credentials = Credentials { secrets, base_url: None };
            let system = workspace.project.systems.get(name).unwrap().clone();
            Connector::open_with(transport, system, credentials, clock.clone(), 1).unwrap()
        };
        let left = transport(Arc::clone(&omie), clock.clone());
        let right = before(transport(Arc::clone(&ploomes), clock.clone()));
        let connectors = BTreeMap::from([
            ("omie".to_owned(), open("omie", left, &[("app_key", "demo-key"), ("app_secret", "demo-secret")])),
            ("ploomes".to_owned(), open("ploomes", right, &[("user_key", "demo-user-key")])),
        ]);
        let store = Arc::new(MemoryStore::new());
        let mapping = workspace.mappings.get("omie-ploomes/clientes").unwrap().clone();
        let ledger = Ledger::new(store as Arc<dyn Store>, "acme/omie-ploomes/clientes");
        let runner = Runner::alone(mapping, "acme", connectors, ledger, clock.clone());
        Self { omie, ploomes, clock, runner }
    }

    /// One cycle, ten minutes after the last.
    pub(crate) async fn cycle(&mut self) -> Report {
        self.clock.skip_ms(600_000);
        self.runner.cycle(Options::default()).await
    }

    fn writes(&self) -> [BTreeMap<String, u64>; 2] {
        [self.omie.lock().unwrap().tally().writes.clone(), self.ploomes.lock().unwrap().tally().writes.clone()]
    }

    /// Runs cycles until one writes nothing at all; says what went wrong.
    pub(crate) async fn settle(&mut self) -> Result<(), String> {
        for turn in 0..10 {
            let before = self.writes();
            let report = self.cycle().await;
            if let Some(failed) = report.failed.or(report.halted) {
                return Err(format!("cycle {turn} failed: {failed}"));
            }
            if turn > 0 && self.writes() == before {
                return Ok(());
            }
        }
        Err(format!("never settles: {:?}", self.writes()))
    }

    /// What waits, by id, with the reason.
    pub(crate) fn waiting(&self) -> BTreeMap<String, String> {
        let mut waiting = BTreeMap::new();
        self.runner.ledger.each_waiting(|one| drop(waiting.insert(one.id, one.reason))).unwrap();
        waiting
    }
}

/// Tags of a contact or a client, in lower case and order.
pub(crate) fn tags(record: &Value) -> Vec<String> {
    let list = record.get("Tags").or_else(|| record.get("tags")).and_then(Value::as_array).cloned().unwrap_or_default();
    let name = |row: &Value| row.pointer("/Tag/Name").or_else(|| row.get("tag")).cloned().unwrap_or_default();
    let mut names: Vec<String> = list.iter().map(|row| name(row).as_str().unwrap().to_lowercase()).collect();
    names.sort();
    names
}

/// Every name and document that stands on a side, and how often.
pub(crate) fn census(omie: &Omie, ploomes: &Ploomes) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    let digits =
        |value: &Value| -> String { value.as_str().unwrap_or_default().chars().filter(char::is_ascii_digit).collect() };
    let clients =
        omie.clients().map(|client| format!("omie {} {}", client["nome_fantasia"], digits(&client["cnpj_cpf"])));
    let contacts = ploomes.contacts().filter_map(|id| ploomes.contact(id));
    let contacts = contacts.map(|contact| format!("ploomes {} {}", contact["Name"], digits(&contact["Register"])));
    for who in clients.chain(contacts) {
        *counted.entry(who.to_lowercase()).or_default() += 1;
    }
    counted
}

/// What both sides of a pair must say alike in the end, each in its own words.
fn told(values: [&Value; 6], tags: BTreeSet<String>) -> (Vec<String>, BTreeSet<String>) {
    let plain = |value: &Value| match value {
        Value::String(text) => text.replace("&amp;", "&").replace("&quot;", "\"").to_lowercase(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    (values.map(plain).to_vec(), tags)
}

/// Pairs that differ, and keys that two contacts carry.
pub(crate) fn differences(omie: &Omie, ploomes: &Ploomes, waiting: &BTreeMap<String, String>) -> Vec<String> {
    let own = ["cliente", "fornecedor", "transportadora"];
    let mut wrong = Vec::new();
    let mut keys = BTreeSet::new();
    for contact in ploomes.contacts().filter_map(|id| ploomes.contact(id)) {
        let Some(key) = contact["Key"].as_str().filter(|key| !key.is_empty()) else { continue };
        if !keys.insert(key.to_owned()) {
            wrong.push(format!("two contacts carry {key}"));
        }
        if waiting.contains_key(key) || waiting.contains_key(&contact["Id"].to_string()) {
            continue;
        }
        let Some(client) = omie.client(key.parse().unwrap()) else { continue };
        let names = |list: &Value, name: fn(&Value) -> &Value| -> BTreeSet<String> {
            let rows = list.as_array().into_iter().flatten();
            let names = rows.map(|row| name(row).as_str().unwrap_or_default().to_lowercase());
            names.filter(|name| !own.contains(&name.as_str())).collect()
        };
        // The first address entered may be the one of delivery.
        let address = |main: &str, delivery: &str| {
            let both = [&client[main], &client["enderecoEntrega"][delivery]];
            let filled = both.into_iter().find(|value| value.as_str().is_some_and(|text| !text.is_empty()));
            filled.cloned().unwrap_or_default()
        };
        let (number, state) = (address("endereco_numero", "entNumero"), address("estado", "entEstado"));
        let cep = contact["ZipCode"].as_i64().map_or_else(String::new, |cep| format!("{cep:08}"));
        let left = told(
            [
                &client["nome_fantasia"],
                &client["email"],
                &client["homepage"],
                &number,
                &state,
                &address("cep", "entCEP"),
            ],
            names(&client["tags"], |row| &row["tag"]),
        );
        let right = told(
            [
                &contact["Name"],
                &contact["Email"],
                &contact["Website"],
                &contact["StreetAddressNumber"],
                &contact["State"]["Short"],
                &Value::from(cep),
            ],
            names(&contact["Tags"], |row| &row["Tag"]["Name"]),
        );
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let known = contact["Phones"].as_array().into_iter().flatten();
        let known: Vec<String> = known.map(|row| digits(row["PhoneNumber"].as_str().unwrap())).collect();
        for slot in ["telefone1", "telefone2", "fax"] {
            let part = |name: &str| digits(client[format!("{slot}_{name}")].as_str().unwrap_or_default());
            let number = format!("{}{}", part("ddd"), part("numero"));
            if !number.is_empty() && !known.contains(&number) {
                wrong.push(format!("client {key} has {slot} {number}, contact {} only {known:?}", contact["Id"]));
            }
        }
        if left != right {
            wrong.push(format!("client {key} and contact {}: {left:?} {right:?}", contact["Id"]));
        }
    }
    wrong
}
