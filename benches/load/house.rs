//! The processes behind a line: the systems that are served, and the engine between them.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use depara::clock::Clock;
use depara::config::files;
use depara::config::system::{Pace, System};
use depara::connector::transport::Transport;
use depara::connector::{Connector, Credentials};
use depara::diagnostic::Diagnostics;
use depara::engine::{Options, Report, Runner};
use depara::sandbox::serve::{self, Shared};
use depara::sandbox::{Omie, Ploomes, people};
use depara::store::{Ledger, SledStore, Store};
use depara::workspace::Workspace;
use jiff::SignedDuration;
use serde_json::json;

/// The e-mail of everybody's seller and user.
const SELLER: &str = "ana.lima@aurora.example";

/// Serves both systems, filled, until the input ends.
pub(crate) async fn serve(clients: usize, contacts: usize) {
    let clock = Clock::machine();
    let began = clock.now() - SignedDuration::from_hours(24 * 30);
    let later = |at: usize| began + SignedDuration::from_millis(i64::try_from(at * 20).unwrap());
    let (mut omie, mut ploomes) = (Omie::new(1), Ploomes::new(1));
    omie.switches.limits_enforced = false;
    ploomes.switches.limits_enforced = false;
    let seller = omie.add_seller(began, "Ana", SELLER, false);
    ploomes.add_user("Ana", SELLER, false);
    for (at, code) in people::crowd(&mut omie, 7, clients, began).unwrap().into_iter().enumerate() {
        omie.person_edits(later(at), code, &json!({ "recomendacoes": { "codigo_vendedor": seller } })).unwrap();
    }
    for (at, id) in people::crowd_of_contacts(&mut ploomes, 7, contacts, began).unwrap().into_iter().enumerate() {
        ploomes.person_edits(later(at), id, &json!({ "Owner": SELLER })).unwrap();
    }
    let now: serve::Clock = Arc::new(move || clock.now());
    let mut served = Vec::new();
    for (sandbox, base) in [(Arc::new(Mutex::new(omie)) as Shared, "/api/v1"), (Arc::new(Mutex::new(ploomes)), "")] {
        let one = serve::serve(sandbox, (Ipv4Addr::LOCALHOST, 0).into(), Arc::clone(&now)).await.unwrap();
        println!("{}{base}", one.url());
        served.push(one);
    }
    // The runtime's own threads go on serving meanwhile.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Runs cycles that compare everything, and tells of the quickest and of the last.
pub(crate) async fn cycles(store: &Path, runs: usize, addresses: [&str; 2]) {
    let store: Arc<dyn Store> = Arc::new(SledStore::open(store).unwrap());
    let mut runner = runner(store, addresses, |transport| transport);
    let mut best = f64::INFINITY;
    let mut report = Report::default();
    let mut calls = BTreeMap::new();
    for _ in 0..runs {
        let before = calls_of(&runner);
        let started = Instant::now();
        report = cycle(&mut runner).await;
        best = best.min(started.elapsed().as_secs_f64() * 1_000.0);
        calls = calls_of(&runner);
        for (kind, count) in before {
            *calls.entry(kind).or_default() -= count;
        }
        calls.retain(|_, count| *count > 0);
    }
    let sent: u64 = calls.values().sum();
    let told = json!({
        "ms": best, "peak_kb": peak_kb(), "calls": calls, "sent": sent,
        "created": report.created, "linked": report.linked, "unchanged": report.unchanged,
    });
    println!("{told}");
}

/// One cycle that compares everything and must end well.
pub(crate) async fn cycle(runner: &mut Runner) -> Report {
    let report = runner.cycle(Options { full: true, accept: true }).await;
    assert_eq!((&report.failed, &report.halted), (&None, &None));
    report
}

/// A runner of the shipped mapping without what makes calls wait.
pub(crate) fn runner(store: Arc<dyn Store>, addresses: [&str; 2], wrap: impl Fn(Transport) -> Transport) -> Runner {
    let clock = Clock::machine();
    let workspace = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
    let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
    let open = |name: &str, address: &str, secrets: &[(&str, &str)]| {
        let mut system = System::clone(workspace.project.systems.get(name).unwrap());
        let Pace { at_once_call, at_once_all, .. } = system.pace;
        system.pace = Pace { at_once_call, at_once_all, ..Pace::default() };
        let transport = wrap(Transport::http(address, &system.limits).unwrap());
        let secrets = secrets.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        let credentials = Credentials { secrets, base_url: Some(address.to_owned()) };
        (name.to_owned(), Connector::open_with(transport, Arc::new(system), credentials, clock.clone(), 1).unwrap())
    };
    let [left, right] = addresses;
    let connectors = BTreeMap::from([
        open("omie", left, &[("app_key", "demo-key"), ("app_secret", "demo-secret")]),
        open("ploomes", right, &[("user_key", depara::sandbox::ploomes::USER_KEY)]),
    ]);
    let mapping = workspace.mappings.get("omie-ploomes/clientes").unwrap().clone();
    Runner::alone(mapping, "acme", connectors, Ledger::new(store, "acme/omie-ploomes/clientes"), clock)
}

fn calls_of(runner: &Runner) -> BTreeMap<String, u64> {
    let named = |(system, connector): (&String, &Connector)| {
        connector.calls().into_iter().map(|(kind, count)| (format!("{system} {kind}"), count)).collect::<Vec<_>>()
    };
    runner.connectors.iter().flat_map(named).collect()
}

/// The most memory this process ever held.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
