//! A whole house in one process: two sandboxes, an engine, a clock that skips.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use depara::clock::Clock;
use depara::config::files;
use depara::connector::transport::{Transport, WireAnswer, WireRequest};
use depara::connector::{Connector, Credentials};
use depara::diagnostic::Diagnostics;
use depara::engine::{Options, Report, Runner};
use depara::sandbox::{Omie, Ploomes, Request, Sandbox};
use depara::store::{Ledger, MemoryStore, Store};
use depara::workspace::Workspace;

/// Two sandboxes and an engine between them.
pub(crate) struct House {
    pub(crate) omie: Arc<Mutex<Omie>>,
    pub(crate) ploomes: Arc<Mutex<Ploomes>>,
    pub(crate) clock: Clock,
    pub(crate) runner: Runner,
}

fn transport<S: Sandbox + 'static>(sandbox: Arc<Mutex<S>>, clock: Clock) -> Transport {
    Transport::InProcess(Arc::new(move |wire: WireRequest| {
        let (path, query) = wire.url.split_once('?').unwrap_or((&wire.url, ""));
        let path = path.splitn(4, '/').nth(3).map(|inner| format!("/{inner}")).unwrap_or_default();
        let request = Request {
            method: wire.method.text().to_owned(),
            path,
            query: query.to_owned(),
            headers: wire.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect(),
            body: wire.body.clone().unwrap_or_default(),
        };
        let answer = sandbox.lock().unwrap().answer(clock.now(), &request);
        let clock = clock.clone();
        Box::pin(async move {
            if answer.delay_ms > 0 {
                clock.sleep_ms(answer.delay_ms).await;
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

impl House {
    /// Builds a house; `prepare` fills the sandboxes.
    pub(crate) fn build(prepare: impl FnOnce(&mut Omie, &mut Ploomes, &Clock)) -> Self {
        let clock = Clock::starting_at("2026-11-02T12:00:00Z".parse().unwrap()).skipping();
        let (mut omie, mut ploomes) = (Omie::new(1), Ploomes::new(1));
        prepare(&mut omie, &mut ploomes, &clock);
        let (omie, ploomes) = (Arc::new(Mutex::new(omie)), Arc::new(Mutex::new(ploomes)));
        let workspace = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
        let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
        let open = |name: &str, transport: Transport, secrets: &[(&str, &str)]| {
            let secrets = secrets.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
            let credentials = Credentials { secrets, base_url: None };
            let system = workspace.project.systems.get(name).unwrap().clone();
            Connector::open_with(transport, system, credentials, clock.clone(), 1).unwrap()
        };
        let left = transport(Arc::clone(&omie), clock.clone());
        let right = transport(Arc::clone(&ploomes), clock.clone());
        let connectors = BTreeMap::from([
            ("omie".to_owned(), open("omie", left, &[("app_key", "demo-key"), ("app_secret", "demo-secret")])),
            ("ploomes".to_owned(), open("ploomes", right, &[("user_key", "demo-user-key")])),
        ]);
        let store = Arc::new(MemoryStore::new());
        let runner = Runner {
            mapping: workspace.mappings.get("omie-ploomes/clientes").unwrap().clone(),
            account: "acme".to_owned(),
            connectors,
            cache: depara::engine::reference::Cache::default(),
            ledger: Ledger::new(store as Arc<dyn Store>, "acme/omie-ploomes/clientes"),
            clock: clock.clone(),
            stop: Arc::new(AtomicBool::new(false)),
        };
        Self { omie, ploomes, clock, runner }
    }

    /// One cycle, ten minutes after the last.
    pub(crate) async fn cycle(&mut self) -> Report {
        self.clock.skip_ms(600_000);
        self.runner.cycle(Options::default()).await
    }
}
