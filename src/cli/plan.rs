//! `depara plan`: what the next cycle of each chosen mapping would send.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arguments::{CycleArguments, Global};
use super::pace::Notes;
use super::render::{Screen, plan, progress};
use super::runners::{block_on, runners};
use super::{Exit, open};
use crate::clock::Clock;
use crate::engine::Options;
use crate::engine::crew::Crew;

/// Shows what cycles would send; sends only reads and leaves the store as it is. An account that
/// cannot be read keeps no other from being shown.
pub(super) fn run(global: &Global, arguments: &CycleArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let workspace = open::workspace(global, screen)?;
    let accounts = open::accounts(&global.dir, &workspace)?;
    let store = open::store_untouched(&global.dir, accounts)?;
    let scopes = open::scopes(accounts, &workspace, &store, &arguments.scope)?;
    let mut notes = Notes::beside(&global.dir, accounts);
    block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let Crew { runners, connectors } = runners(&workspace, scopes, &Clock::machine(), &stop, &notes)?;
        let mut exit = Exit::Done;
        for mut runner in runners {
            let (name, own) = (format!("plan of {}", runner.account), runner.connectors.clone());
            let before = runner.calls_by_kind();
            let options = Options { full: arguments.full, accept: false };
            let work = progress::during(&name, &own, runner.plan(options));
            let made = notes.during(&connectors, &stop, Box::pin(work)).await?;
            let whose = (&*runner.mapping, runner.account.as_str());
            match made {
                Ok(made) => {
                    let price = runner.price(&before, &made.plan);
                    plan::plan(screen, whose, &made.snapshot, (&made.plan, made.halt.as_ref()), &price)?;
                    exit = exit.and(if made.halt.is_some() { Exit::Halted } else { Exit::Done });
                }
                Err(error) => {
                    plan::failed(screen, whose, &error.told())?;
                    exit = exit.and(Exit::Failed);
                }
            }
        }
        Ok(exit)
    })
}
