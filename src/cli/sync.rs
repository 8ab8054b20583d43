//! `depara sync`: one cycle of each chosen mapping.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arguments::{CycleArguments, Global, ScopeArguments};
use super::pace::Notes;
use super::render::{Screen, progress, report};
use super::runners::{block_on, runners};
use super::{Exit, open};
use crate::clock::Clock;
use crate::engine::crew::Crew;
use crate::engine::turn::{Shared, turn};
use crate::engine::{Options, Report};

/// Runs one cycle of each mapping.
pub(super) fn run(
    global: &Global,
    arguments: &CycleArguments,
    accept: bool,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let workspace = open::workspace(global, screen)?;
    let accounts = open::accounts(&global.dir, &workspace)?;
    let store = open::store(&global.dir, accounts)?;
    let chosen = open::scopes(accounts, &workspace, &store, &arguments.scope)?;
    let chosen: Vec<String> = chosen.iter().map(|scope| scope.ledger.scope().to_owned()).collect();
    // The others are there to be asked for links.
    let scopes = open::scopes(accounts, &workspace, &store, &ScopeArguments::default())?;
    let mut notes = Notes::beside(&global.dir, accounts);
    block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let Crew { runners, connectors } = runners(&workspace, scopes, &Clock::machine(), &stop, &notes)?;
        let (mut exit, mut waiting, mut conflicts) = (Exit::Done, false, false);
        let all: Vec<Arc<Shared>> = runners.into_iter().map(Shared::of).collect();
        for shared in &all {
            let (scope, name, own) = {
                let runner = shared.lock().await;
                (runner.ledger.scope().to_owned(), format!("sync of {}", runner.account), runner.connectors.clone())
            };
            if !chosen.contains(&scope) {
                continue;
            }
            let options = Options { full: arguments.full, accept };
            let work = progress::during(&name, &own, turn(shared, &all, options));
            let reports = notes.during(&connectors, &stop, Box::pin(work)).await?;
            for done in &reports {
                let title = workspace.mappings.get(&done.mapping).map_or("", |mapping| mapping.title.as_str());
                report::cycle(screen, title, done)?;
                exit = exit.and(ended(done));
                waiting |= done.held + done.quarantined + done.ambiguous > 0;
                conflicts |= done.conflicts > 0;
            }
        }
        if waiting {
            screen.note("`depara quarantine list --all` says what waits, and why")?;
        }
        if conflicts {
            screen.note("`depara conflicts` says what both sides changed, and what became of it")?;
        }
        Ok(exit)
    })
}

/// How a cycle ended.
const fn ended(report: &Report) -> Exit {
    match (&report.failed, &report.halted) {
        (Some(_), _) => Exit::Failed,
        (None, Some(_)) => Exit::Halted,
        (None, None) => Exit::Done,
    }
}
