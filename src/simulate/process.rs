//! The process as a history runs it: the service with its runners, from one start to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::company::{Company, of_account};
use super::life::Life;
use super::script::Script;
use crate::clock::Clock;
use crate::config::account::Account;
use crate::connector::transport::Transport;
use crate::connector::{Connector, Credentials, Memory};
use crate::engine::crew::{Crew, Scope, Way, crew};
use crate::engine::schedule::serve;
use crate::engine::turn::{Shared, turn};
use crate::engine::{Options, Report};
#[cfg(test)]
use crate::flaw::{self, Flaw};
use crate::store::{self, Store};
use crate::workspace::Workspace;

/// Jitter never decides anything.
const JITTER: u64 = 1;

/// What the runners of a process are made of.
pub(super) struct Kit<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) script: &'a Script,
    pub(super) accounts: &'a [Account],
    pub(super) companies: &'a [Company<'a>],
    /// What the systems were asked lately.
    pub(super) memory: &'a BTreeMap<Way, Memory>,
}

impl Kit<'_> {
    /// The runners over a store, under a clock, for one life.
    pub(super) fn crew(&self, store: &Arc<dyn Store>, clock: &Clock, life: &Arc<Life>) -> Result<Crew, String> {
        let scopes = self.accounts.iter().flat_map(|account| Scope::of(account, &self.workspace.mappings, store));
        let scopes = scopes.map(|scope| Scope { mapping: self.script.on(&scope.mapping), ..scope }).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let opened = crew(&self.workspace.mappings, scopes, clock, &stop, |account, name, access| {
            let system = self.workspace.project.systems.get(name);
            let (Some(system), Some(transport)) = (system, self.way((&account.name, name), life, "")) else {
                return Ok(None);
            };
            let credentials = Credentials { secrets: access.secrets.clone(), base_url: access.base_url.clone() };
            let opened = Connector::open_with(transport, Arc::clone(system), credentials, clock.clone(), JITTER);
            let connector = opened.map_err(|error| error.to_string())?;
            if let Some(memory) = self.memory.get(&(account.name.clone(), name.to_owned())) {
                connector.recall(memory.clone());
            }
            Ok(Some(connector))
        });
        // Each mapping gets a way of its own, so that the judge knows whose a write was; pace and token stay one.
        opened.map(|mut crew| {
            for runner in &mut crew.runners {
                for (name, connector) in &mut runner.connectors {
                    if let Some(transport) = self.way((&runner.account, name), life, &runner.mapping.name) {
                        *connector = connector.through(transport);
                    }
                }
            }
            crew
        })
    }

    /// The way of a mapping to a system of an account.
    fn way(&self, (account, system): (&str, &str), life: &Arc<Life>, mapping: &str) -> Option<Transport> {
        let company = of_account(self.companies, account)?;
        Some(company.wire.to(company.members.get(system)?, life, mapping))
    }
}

/// What a process says.
pub(super) enum Said {
    /// A cycle ended.
    Cycle(Box<Report>),
    /// Something that must hold does not.
    Broken(&'static str, String),
    /// It died.
    Died,
    /// All it was doing is done.
    Ended,
}

/// A running process.
pub(super) struct Process {
    pub(super) life: Arc<Life>,
    pub(super) clock: Clock,
    connectors: BTreeMap<Way, Connector>,
    runners: Vec<Arc<Shared>>,
    stop: watch::Sender<bool>,
    service: Option<JoinHandle<()>>,
    /// What people asked for beside the schedule.
    asked: JoinSet<()>,
    reports: mpsc::Receiver<Report>,
    say: mpsc::UnboundedSender<Said>,
    said: mpsc::UnboundedReceiver<Said>,
}

impl Process {
    /// Starts it.
    pub(super) fn start(crew: Crew, clock: Clock, life: Arc<Life>) -> Self {
        #[cfg(test)]
        let beside = flaw::is(Flaw::TwoAtOnce).then(|| crew.runners.iter().cloned().map(Shared::of).collect());
        let served: Vec<Arc<Shared>> = crew.runners.into_iter().map(Shared::of).collect();
        let runners = served.clone();
        #[cfg(test)]
        let runners: Vec<Arc<Shared>> = beside.unwrap_or(runners);
        let (stop, stopped) = watch::channel(false);
        let (sender, reports) = mpsc::channel(16);
        let (say, said) = mpsc::unbounded_channel();
        let service = Some(tokio::spawn(serve(served, stopped, sender)));
        let connectors = crew.connectors;
        Self { life, clock, connectors, runners, stop, service, asked: JoinSet::new(), reports, say, said }
    }

    /// What it says next. Its end is heard only when it was told to stop.
    pub(super) async fn next(&mut self, stopping: bool) -> Said {
        tokio::select! {
            biased;
            () = self.life.died() => Said::Died,
            Some(said) = self.said.recv() => said,
            Some(report) = self.reports.recv() => Said::Cycle(Box::new(report)),
            () = ended(&mut self.service, &mut self.asked), if stopping => Said::Ended,
        }
    }

    /// Asks for a cycle of one mapping, or of all one after the other, whose plans are looked at.
    pub(super) fn trigger(&mut self, which: Option<usize>, full: bool) {
        let chosen: Vec<Arc<Shared>> = match which.and_then(|which| which.checked_rem(self.runners.len())) {
            Some(at) => self.runners.get(at).cloned().into_iter().collect(),
            None => self.runners.clone(),
        };
        let (all, say) = (self.runners.clone(), self.say.clone());
        let options = Options { full, accept: which.is_none() };
        self.asked.spawn(async move {
            for runner in chosen {
                for report in turn(&runner, &all, options).await {
                    // Nobody listens to a process that is gone.
                    drop(say.send(Said::Cycle(Box::new(report))));
                }
            }
        });
    }

    /// Looks at the plan of the one mapping there is: it sends only reads and leaves the store as it is.
    pub(super) fn look(&mut self, store: Arc<dyn Store>, writes: impl Fn() -> u64 + Send + 'static) {
        let [runner] = self.runners.as_slice() else { return };
        let (runner, say) = (Arc::clone(runner), self.say.clone());
        self.asked.spawn(async move {
            let mut runner = runner.lock().await;
            let before = (store::print(&*store).ok(), writes());
            let planned = runner.plan(Options::default()).await;
            let after = (store::print(&*store).ok(), writes());
            if before != after {
                let how = if planned.is_ok() { "a plan" } else { "a plan that failed" };
                drop(say.send(Said::Broken("I8", format!("{how} wrote: {before:?} became {after:?}"))));
            }
        });
    }

    /// Tells it to stop with the cycles in hand.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// What it knows of the pace of the systems.
    pub(super) fn memory(&self) -> BTreeMap<Way, Memory> {
        self.connectors.iter().map(|(way, connector)| (way.clone(), connector.memory())).collect()
    }

    /// Calls it made.
    pub(super) fn calls(&self) -> u64 {
        self.connectors.values().flat_map(|connector| connector.calls().into_values()).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.life.end();
        if let Some(service) = &self.service {
            service.abort();
        }
    }
}

/// Waits until the service and what was asked beside it are done. May be given up and asked again.
async fn ended(service: &mut Option<JoinHandle<()>>, asked: &mut JoinSet<()>) {
    if let Some(running) = service {
        // One that broke off has said so in its log.
        drop(running.await);
        *service = None;
    }
    while asked.join_next().await.is_some() {}
}
