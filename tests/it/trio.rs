//! Three sandboxes and one account that runs mappings between them, under a clock that skips.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use depara::clock::Clock;
use depara::config::account::{Access, Account};
use depara::config::files;
use depara::connector::transport::Transport;
use depara::connector::{Connector, Credentials};
use depara::engine::crew::{Crew, Scope, crew};
use depara::engine::turn::{Shared, in_order, turn};
use depara::engine::{Options, Report};
use depara::sandbox::{Auvo, Omie, Ploomes, Sandbox};
use depara::store::{MemoryStore, Store};

use crate::house::{transport, workspace};

/// Three sandboxes and an engine between them.
pub(crate) struct Trio {
    pub(crate) omie: Arc<Mutex<Omie>>,
    pub(crate) ploomes: Arc<Mutex<Ploomes>>,
    pub(crate) auvo: Arc<Mutex<Auvo>>,
    pub(crate) clock: Clock,
    /// By system.
    pub(crate) connectors: BTreeMap<String, Connector>,
    runners: Vec<Arc<Shared>>,
}

impl Trio {
    /// An account that runs some mappings, given as in `depara.yaml`: a flow map of names and parameters.
    pub(crate) fn build(mappings: &str, prepare: impl FnOnce(&mut Omie, &mut Ploomes, &mut Auvo, &Clock)) -> Self {
        let clock = Clock::starting_at("2026-11-03T12:00:00Z".parse().unwrap()).skipping();
        let (mut omie, mut ploomes, mut auvo) = (Omie::new(1), Ploomes::new(1), Auvo::new(1));
        prepare(&mut omie, &mut ploomes, &mut auvo, &clock);
        let (omie, ploomes, auvo) =
            (Arc::new(Mutex::new(omie)), Arc::new(Mutex::new(ploomes)), Arc::new(Mutex::new(auvo)));
        let mut files = files::carried();
        let systems = "omie: { app_key: demo-key, app_secret: demo-secret }, ploomes: { user_key: demo-user-key }, \
                       auvo: { api_key: demo-key, api_token: demo-token }";
        let account = format!("accounts:\n  - account: acme\n    systems: {{ {systems} }}\n    mappings: {mappings}\n");
        files.insert(files::ACCOUNT_FILE.to_owned(), account);
        let workspace = workspace(&files);
        let account = workspace.project.accounts.as_ref().unwrap().accounts.first().unwrap();
        let reach = |name: &str| -> Transport {
            match name {
                "omie" => transport(Arc::clone(&omie), clock.clone()),
                "ploomes" => transport(Arc::clone(&ploomes), clock.clone()),
                _ => transport(Arc::clone(&auvo), clock.clone()),
            }
        };
        let open = |_: &Account, name: &str, access: &Access| {
            let credentials = Credentials { secrets: access.secrets.clone(), base_url: None };
            let system = workspace.project.systems.get(name).unwrap().clone();
            Connector::open_with(reach(name), system, credentials, clock.clone(), 1).map(Some)
        };
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let scopes = Scope::of(account, &workspace.mappings, &store).collect();
        let Crew { runners, connectors } = crew(&workspace.mappings, scopes, &clock, &Arc::default(), open).unwrap();
        let runners = in_order(runners, |one| &one.mapping.name, |one, other| one.mapping.references.contains(other));
        let connectors = connectors.into_iter().map(|((_, system), one)| (system, one)).collect();
        Self { omie, ploomes, auvo, clock, connectors, runners: runners.into_iter().map(Shared::of).collect() }
    }

    /// The runner of one mapping.
    pub(crate) async fn runner(&self, mapping: &str) -> Arc<Shared> {
        for runner in &self.runners {
            if runner.lock().await.mapping.name == mapping {
                return Arc::clone(runner);
            }
        }
        panic!("the account does not run {mapping}");
    }

    /// One turn of one mapping, now.
    pub(crate) async fn turn(&self, mapping: &str) -> Vec<Report> {
        turn(&*self.runner(mapping).await, &self.runners, Options::default()).await
    }

    /// One turn of every mapping, ten minutes after the last.
    pub(crate) async fn round(&self) -> Vec<Report> {
        self.clock.skip_ms(600_000);
        let mut reports = Vec::new();
        for runner in &self.runners {
            reports.extend(turn(runner, &self.runners, Options::default()).await);
        }
        reports
    }

    /// Rounds until one writes nothing. Every cycle must end well.
    pub(crate) async fn settle(&self) {
        for _ in 0..8 {
            let reports = self.round().await;
            for report in &reports {
                assert_eq!((&report.failed, &report.halted), (&None, &None), "{}", report.mapping);
            }
            if reports.iter().all(Report::is_quiet) {
                return;
            }
        }
        panic!("never settles");
    }

    /// No limit of any system was broken.
    pub(crate) fn assert_kept(&self) {
        let broken = [
            self.omie.lock().unwrap().tally().broken.clone(),
            self.ploomes.lock().unwrap().tally().broken.clone(),
            self.auvo.lock().unwrap().tally().broken.clone(),
        ];
        assert_eq!(broken, [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()]);
    }
}

#[tokio::test]
async fn two_accounts_at_one_address_count_together_what_it_counts() {
    let clock = Clock::starting_at("2026-11-03T12:00:00Z".parse().unwrap()).skipping();
    let auvo = Arc::new(Mutex::new(Auvo::new(1)));
    let account = |name: &str| {
        let secrets = "{ omie: { app_key: k, app_secret: s }, auvo: { api_key: demo-key, api_token: demo-token } }";
        format!("  - {{ account: {name}, systems: {secrets}, mappings: {{ omie-auvo/servicos: {{}} }} }}\n")
    };
    let mut files = files::carried();
    files.insert(files::ACCOUNT_FILE.to_owned(), format!("accounts:\n{}{}", account("acme"), account("other")));
    let workspace = workspace(&files);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let accounts = &workspace.project.accounts.as_ref().unwrap().accounts;
    let scopes = accounts.iter().flat_map(|account| Scope::of(account, &workspace.mappings, &store)).collect();
    let open = |_: &Account, name: &str, access: &Access| {
        let credentials = Credentials { secrets: access.secrets.clone(), base_url: None };
        let system = workspace.project.systems.get(name).unwrap().clone();
        Connector::open_with(transport(Arc::clone(&auvo), clock.clone()), system, credentials, clock.clone(), 1)
            .map(Some)
    };
    let crew = crew(&workspace.mappings, scopes, &clock, &Arc::default(), open).unwrap();
    let of = |account: &str| &crew.connectors[&(account.to_owned(), "auvo".to_owned())];
    of("acme").list("services", None, &mut |_| ()).await.unwrap();
    let memory = |account: &str| serde_json::to_value(of(account).memory()).unwrap();
    assert_eq!(memory("acme")["address"]["sent"].as_array().unwrap().len(), 2, "a login and a page");
    assert_eq!(memory("other")["address"], memory("acme")["address"]);
    assert_ne!(memory("other")["all"], memory("acme")["all"]);
}
