//! `depara run`: the service. Cycles by schedule, a graceful stop, and a new start of the mappings
//! when the workspace was edited and checks clean.
//!
//! It speaks through the log, one line for each cycle; with `--format json` each report is printed as
//! well.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::arguments::{Global, ScopeArguments};
use super::pace::Notes;
use super::render::{Screen, report};
use super::runners::{block_on, runners};
use super::signal::{self, Signals};
use super::{Exit, open};
use crate::clock::Clock;
use crate::config::files::{self, Files};
use crate::connector::Connector;
use crate::diagnostic::Diagnostics;
use crate::engine::crew::{Crew, Scope, Way};
use crate::engine::schedule::serve;
use crate::engine::turn::Shared;
use crate::engine::{Report, Runner};
use crate::store::{self, Store, Tree};
use crate::workspace::Workspace;

/// How often the files are looked at, in milliseconds.
const LOOK_MS: u64 = 1_000;

/// What lasts as long as the service.
struct Service<'a> {
    global: &'a Global,
    chosen: &'a ScopeArguments,
    store: Arc<dyn Store>,
    store_name: String,
    clock: Clock,
    stopping: Arc<AtomicBool>,
    signals: Signals,
    notes: Notes,
}

/// One state of the workspace, ready to be served.
struct Ready {
    files: Files,
    opened: Crew,
}

/// What was seen of the files since a state of the workspace is served.
#[derive(Default)]
struct Looks {
    last: Files,
    /// What had complaints.
    rejected: Files,
}

impl Looks {
    /// Whether a state has come to rest and was not rejected. A file that is away for a moment, while it is saved or
    /// checked out, is no edit: a state counts when it is seen twice in a row.
    fn show(&mut self, now: &Files) -> bool {
        let rests = self.last == *now;
        if !rests {
            self.last.clone_from(now);
        }
        rests && self.rejected != *now
    }
}

/// The files that a state of the workspace is made of: a case is not in force.
fn in_force(mut files: Files) -> Files {
    files.retain(|file, _| !file.starts_with("tests/"));
    files
}

/// A file that said something of its own and is away, so that the carried one would stand in its place.
fn gone<'a>(known: &'a Files, on_disk: &Files, carried: &Files) -> Option<&'a String> {
    let is_own = |file: &String, text: &String| carried.get(file).is_some_and(|carried| carried != text);
    known.iter().find(|(file, text)| is_own(file, text) && !on_disk.contains_key(*file)).map(|(file, _)| file)
}

/// Why a state of the workspace is served no more.
enum Ended {
    Stopped,
    Edited(Box<Ready>),
    Cut,
}

/// Runs until it is told to stop.
pub(super) fn run(global: &Global, chosen: &ScopeArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let (workspace, files) = open::workspace_and_files(global, screen)?;
    let files = in_force(files);
    let accounts = open::accounts(&global.dir, &workspace)?;
    let store = open::store(&global.dir, accounts)?;
    let (store_name, notes) = (accounts.store.clone(), Notes::beside(&global.dir, accounts));
    block_on(async {
        let (clock, stopping) = (Clock::machine(), Arc::new(AtomicBool::new(false)));
        let signals = Signals::listen()?;
        let mut service = Service { global, chosen, store, store_name, clock, stopping, signals, notes };
        let mut ready = service.ready(&workspace, files)?;
        loop {
            match service.serve(ready, screen).await? {
                Ended::Stopped => return Ok(Exit::Done),
                Ended::Cut => return Ok(Exit::Failed),
                Ended::Edited(next) => ready = *next,
            }
        }
    })
}

impl Service<'_> {
    /// Opens all that a state of the workspace needs. Asks nothing of any system.
    fn ready(&self, workspace: &Workspace, files: Files) -> anyhow::Result<Ready> {
        let accounts = open::accounts(&self.global.dir, workspace)?;
        if accounts.store != self.store_name {
            tracing::warn!(store = self.store_name, "another store is opened at the next start only");
        }
        let scopes = open::scopes(accounts, workspace, &self.store, self.chosen)?;
        self.open(workspace, files, scopes)
    }

    /// Opens these scopes of a state of the workspace.
    fn open(&self, workspace: &Workspace, files: Files, scopes: Vec<Scope>) -> anyhow::Result<Ready> {
        let opened = runners(workspace, scopes, &self.clock, &self.stopping, &self.notes)?;
        Ok(Ready { files, opened })
    }

    /// Serves one state of the workspace.
    async fn serve(&mut self, ready: Ready, screen: &mut Screen) -> anyhow::Result<Ended> {
        let Ready { files, opened: Crew { runners, connectors } } = ready;
        for Runner { mapping, account, .. } in &runners {
            let (mapping, every_s) = (&mapping.name, mapping.schedule.every_ms / 1_000);
            tracing::info!(mapping, account, every_s, "a mapping is served");
        }
        let (stop, stopped) = watch::channel(false);
        let (reports, mut arriving) = mpsc::channel(16);
        // Where nothing is served, it is waited for an edit.
        let idle = runners.is_empty().then(|| reports.clone());
        let service = tokio::spawn(serve(runners.into_iter().map(Shared::of).collect(), stopped, reports));
        let mut looks = Looks::default();
        let ended = loop {
            tokio::select! {
                () = self.signals.told() => {
                    self.stop(&connectors);
                    break Ended::Stopped;
                }
                report = arriving.recv() => match report {
                    Some(report) => {
                        self.tell(&report, screen)?;
                        self.notes.keep(&connectors);
                        if self.store_is_stopped() {
                            tracing::error!("the store takes no call any more: start depara again once it can be written");
                            self.stop(&connectors);
                            break Ended::Cut;
                        }
                    }
                    None => break Ended::Stopped,
                },
                () = self.clock.sleep_ms(LOOK_MS) => {
                    self.notes.keep(&connectors);
                    if let Some(next) = self.edited(&files, &mut looks) {
                        tracing::info!("the workspace was edited and checks clean: cycles under way end first");
                        break Ended::Edited(Box::new(next));
                    }
                }
            }
        };
        drop(idle);
        stop.send_replace(true);
        let ended = self.last_reports(ended, (&mut arriving, service), &connectors, screen).await?;
        self.notes.keep(&connectors);
        self.take_over(ended, files)
    }

    /// What is served next. The cycles under way may have taken long: an edit that was taken back meanwhile is none.
    fn take_over(&self, ended: Ended, files: Files) -> anyhow::Result<Ended> {
        let Ended::Edited(mut next) = ended else { return Ok(ended) };
        if self.files_now(&mut Diagnostics::default()) == next.files {
            tracing::info!("the workspace was edited and checks clean: it is in force now");
        } else {
            tracing::info!("the workspace was edited again meanwhile: as it was, it stays in force until it rests");
            *next = self.again(files)?;
        }
        // The last cycle went on asking after these were opened.
        next.opened.connectors.iter().for_each(|(way, connector)| self.notes.tell(way, connector));
        Ok(Ended::Edited(next))
    }

    /// The files that a state of the workspace is made of, as they are now.
    fn files_now(&self, complaints: &mut Diagnostics) -> Files {
        in_force(files::workspace(&self.global.dir, complaints))
    }

    /// Opens a state of the workspace once more that was served already.
    fn again(&self, files: Files) -> anyhow::Result<Ready> {
        let compiled = Workspace::compile(&files, &open::environment, Diagnostics::default());
        let workspace = compiled.map_err(|found| anyhow::anyhow!("{found}"))?;
        self.ready(&workspace, files)
    }

    /// True when the store takes no call any more, whatever is tried.
    fn store_is_stopped(&self) -> bool {
        matches!(self.store.get(Tree::Meta, b"any"), Err(store::Error::Stopped { .. }))
    }

    /// From now on no call is made but what is in hand.
    fn stop(&self, connectors: &BTreeMap<Way, Connector>) {
        self.stopping.store(true, Ordering::SeqCst);
        signal::wind_down(connectors.values());
    }

    /// Hears the cycles under way to their end. Who tells twice to stop does not want to wait.
    async fn last_reports(
        &mut self,
        mut ended: Ended,
        (arriving, service): (&mut mpsc::Receiver<Report>, JoinHandle<()>),
        connectors: &BTreeMap<Way, Connector>,
        screen: &mut Screen,
    ) -> anyhow::Result<Ended> {
        loop {
            tokio::select! {
                report = arriving.recv() => match report {
                    Some(report) => self.tell(&report, screen)?,
                    None => break,
                },
                () = self.signals.told() => {
                    if !self.stopping.load(Ordering::SeqCst) {
                        self.stop(connectors);
                        ended = Ended::Stopped;
                        continue;
                    }
                    tracing::warn!("told to stop at once: what is under way is searched for at the next start");
                    service.abort();
                    return Ok(Ended::Cut);
                }
            }
        }
        service.await.context("the service broke off")?;
        Ok(ended)
    }

    /// The workspace as it is now, when it was edited and checks clean. A state that does not is
    /// complained about once.
    fn edited(&self, known: &Files, looks: &mut Looks) -> Option<Ready> {
        let mut complaints = Diagnostics::default();
        let now = self.files_now(&mut complaints);
        if !looks.show(&now) || now == *known {
            return None;
        }
        let on_disk = files::disk(&self.global.dir, &mut Diagnostics::default());
        if let Some(file) = gone(known, &on_disk, &files::carried()) {
            tracing::warn!(
                file,
                "a file is gone, and the one that depara carries is not put in its place while it runs"
            );
            looks.rejected = now;
            return None;
        }
        let compiled = Workspace::compile(&now, &open::environment, complaints).map_err(|found| found.to_string());
        let opened = compiled.and_then(|fresh| {
            let idle = fresh.project.accounts.as_ref().is_some_and(|file| !file.runs_any());
            if idle {
                tracing::warn!("no account runs any mapping any more: nothing is served until one does");
            }
            let opened =
                if idle { self.open(&fresh, now.clone(), Vec::new()) } else { self.ready(&fresh, now.clone()) };
            opened.map_err(|error| format!("{error:#}"))
        });
        match opened {
            Ok(ready) => Some(ready),
            Err(complaints) => {
                tracing::warn!(complaints, "an edit has complaints: the workspace as it was stays in force");
                looks.rejected = now;
                None
            }
        }
    }

    /// Says what a cycle did.
    fn tell(&self, report: &Report, screen: &mut Screen) -> anyhow::Result<()> {
        let (mapping, account, ms) = (report.mapping.as_str(), report.account.as_str(), report.ms);
        if self.stopping.load(Ordering::SeqCst) && report.failed.is_some() {
            tracing::info!(mapping, account, ms, "the cycle was broken off, the next start goes on");
        } else if let Some(reason) = &report.failed {
            tracing::error!(mapping, account, reason, ms, "the cycle failed and is tried again at its next turn");
        } else if let Some(reason) = &report.halted {
            tracing::error!(mapping, account, reason, ms, "a guard halted the cycle");
        } else {
            let [read, created, updated, calls] =
                [&report.read, &report.created, &report.updated, &report.calls].map(|of| of.values().sum::<u64>());
            let (linked, held, deferred, refused) = (report.linked, report.held, report.deferred, report.quarantined);
            let (conflicts, ambiguous, gone) = (report.conflicts, report.ambiguous, report.gone);
            tracing::info!(
                mapping,
                account,
                read,
                created,
                updated,
                linked,
                held,
                deferred,
                refused,
                conflicts,
                ambiguous,
                gone,
                calls,
                ms,
                "the cycle ended"
            );
        }
        if screen.is_json() {
            report::cycle(screen, "", report)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_away_for_a_moment_is_no_edit() {
        let [whole, torn] = ["all", "half"].map(|text| Files::from([("a.yaml".to_owned(), text.to_owned())]));
        let mut looks = Looks::default();
        for (now, counts) in [(&whole, false), (&torn, false), (&whole, false), (&torn, false), (&torn, true)] {
            assert_eq!(looks.show(now), counts);
        }
        looks.rejected = torn.clone();
        assert!(!looks.show(&torn), "it is complained about once");
    }

    #[test]
    fn a_carried_file_does_not_take_the_place_of_one_that_is_away() {
        let files = |texts: &[(&str, &str)]| {
            texts.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect::<Files>()
        };
        let carried = files(&[("a.yaml", "carried"), ("b.yaml", "carried")]);
        let known = files(&[("a.yaml", "own"), ("b.yaml", "carried"), ("c.yaml", "own")]);
        assert_eq!(gone(&known, &files(&[]), &carried).map(String::as_str), Some("a.yaml"));
        assert_eq!(gone(&known, &files(&[("a.yaml", "carried")]), &carried), None, "somebody put it back");
    }
}
