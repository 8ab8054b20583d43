//! `depara plan`: what the next cycle of each chosen mapping would send.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arguments::{CycleArguments, Global};
use super::render::{Screen, plan};
use super::runners::{block_on, runners};
use super::{Exit, open};
use crate::clock::Clock;
use crate::engine::Options;

/// Shows what cycles would send; sends only reads and leaves the store as it is.
pub(super) fn run(global: &Global, arguments: &CycleArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let workspace = open::workspace(global, screen)?;
    let accounts = open::accounts(&global.dir, &workspace)?;
    let store = open::store_to_read(&global.dir, accounts)?;
    let scopes = open::scopes(accounts, &workspace, &store, &arguments.scope)?;
    block_on(async {
        let mut exit = Exit::Done;
        for mut runner in runners(&workspace, scopes, &Clock::machine(), &Arc::new(AtomicBool::new(false)))? {
            let made = runner.plan(Options { full: arguments.full, accept: false }).await?;
            plan::plan(screen, (&runner.mapping, &runner.account), &made.snapshot, &made.plan, made.halt.as_ref())?;
            if made.halt.is_some() {
                exit = Exit::Halted;
            }
        }
        Ok(exit)
    })
}
