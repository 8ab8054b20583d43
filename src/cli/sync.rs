//! `depara sync`: one cycle of each chosen mapping.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arguments::{CycleArguments, Global};
use super::render::{Screen, report};
use super::runners::{block_on, runners};
use super::{Exit, open};
use crate::clock::Clock;
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
    let scopes = open::scopes(accounts, &workspace, &store, &arguments.scope)?;
    block_on(async {
        let clock = Clock::machine();
        let mut exit = Exit::Done;
        for mut runner in runners(&workspace, scopes, &clock, &Arc::new(AtomicBool::new(false)))? {
            let done = runner.cycle(Options { full: arguments.full, accept }).await;
            report::cycle(screen, &runner.mapping.title, &done)?;
            exit = worse(exit, &done);
        }
        Ok(exit)
    })
}

/// The worse of two ends.
pub(super) const fn worse(exit: Exit, report: &Report) -> Exit {
    if report.failed.is_some() {
        Exit::Failed
    } else if report.halted.is_some() && !matches!(exit, Exit::Failed) {
        Exit::Halted
    } else {
        exit
    }
}
