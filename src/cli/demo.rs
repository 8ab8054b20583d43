//! `depara demo`: the main job on two sandboxes, shown from the first look to the last word.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::arguments::{DemoArguments, Global, ScopeArguments};
use super::render::{Screen, report};
use super::runners::{block_on, runners};
use super::{Exit, open, sandbox};
use crate::clock::Clock;
use crate::config::files::{self, ACCOUNT_FILE};
use crate::diagnostic::Diagnostics;
use crate::engine::{Options, Report, Runner};
use crate::sandbox::town::Town;
use crate::store::{MemoryStore, SledStore, Store};
use crate::workspace::Workspace;

/// Between two cycles of the demo, in milliseconds of its own time.
const TURN_MS: u64 = 600_000;
/// More cycles than this would mean that the two sides never settle.
const CYCLES_MAX: usize = 8;

/// Shows the main job.
pub(super) fn run(global: &Global, arguments: &DemoArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    block_on(async {
        let clock = Clock::machine().skipping();
        let town = Town::build(arguments.seed, arguments.records, clock.now()).map_err(anyhow::Error::msg)?;
        let (served, addresses) = sandbox::open(&town, &clock, 0, |_| true).await?;
        let mut complaints = Diagnostics::default();
        let mut files = files::workspace(&global.dir, &mut complaints);
        files.remove(ACCOUNT_FILE);
        let workspace = compile(files.clone(), screen)?;
        let account = town.account_file(&addresses, workspace.mappings.keys().map(String::as_str));
        files.insert(ACCOUNT_FILE.to_owned(), account.clone());
        let workspace = compile(files, screen)?;
        let kept = if arguments.keep { Some(keep(&account)?) } else { None };
        let settled = {
            let store: Arc<dyn Store> = match &kept {
                Some(folder) => Arc::new(SledStore::open(&folder.join(".depara"))?),
                None => Arc::new(MemoryStore::new()),
            };
            let accounts = open::accounts(&global.dir, &workspace)?;
            let chosen = ScopeArguments { mapping: None, account: None };
            let scopes = open::scopes(accounts, &workspace, &store, &chosen)?;
            let mut all = runners(&workspace, scopes, &clock, &Arc::new(AtomicBool::new(false)))?;
            show(&mut all, &town, &clock, screen).await?
        };
        if screen.is_json() {
            screen.json(&json!({ "settled": settled, "addresses": addresses }))?;
        }
        farewell(settled, kept.as_ref(), screen)?;
        if let Some(folder) = &kept {
            screen.note(&format!("workspace: {}; Ctrl-C stops the sandboxes.", folder.display()))?;
            tokio::signal::ctrl_c().await?;
        }
        drop(served);
        Ok(if settled { Exit::Done } else { Exit::Failed })
    })
}

fn compile(files: files::Files, screen: &mut Screen) -> anyhow::Result<Workspace> {
    match Workspace::compile(&files, &open::environment, Diagnostics::default()) {
        Ok(workspace) => Ok(workspace),
        Err(found) => {
            super::render::diagnostic::complaints(screen, super::render::diagnostic::Weight::Error, &found)?;
            Err(super::Stop::Told(Exit::Failed).into())
        }
    }
}

/// The three acts: the first meeting, the edits of people, one more cycle.
async fn show(runners: &mut [Runner], town: &Town, clock: &Clock, screen: &mut Screen) -> anyhow::Result<bool> {
    told(screen, "Two systems, filled with sample clients:")?;
    for (what, count) in town.shows() {
        told(screen, &format!("  {count:>4}  {what}"))?;
    }
    told(screen, "\nThe first cycles: twins are recognised, the others are born on the other side.")?;
    until_quiet(runners, clock, screen).await?;
    told(screen, "\nNow people edit on both sides:")?;
    for edit in town.edit(clock.now()).map_err(anyhow::Error::msg)? {
        told(screen, &format!("  - {edit}"))?;
    }
    until_quiet(runners, clock, screen).await?;
    told(screen, "\nOne more cycle:")?;
    let last = once(runners, clock, screen).await?;
    for runner in runners.iter() {
        waiting(runner, screen)?;
    }
    Ok(last.iter().all(|report| report.is_quiet() && report.failed.is_none() && report.halted.is_none()))
}

async fn until_quiet(runners: &mut [Runner], clock: &Clock, screen: &mut Screen) -> anyhow::Result<()> {
    for _ in 0..CYCLES_MAX {
        if once(runners, clock, screen).await?.iter().all(Report::is_quiet) {
            break;
        }
    }
    Ok(())
}

async fn once(runners: &mut [Runner], clock: &Clock, screen: &mut Screen) -> anyhow::Result<Vec<Report>> {
    clock.skip_ms(TURN_MS);
    let mut reports = Vec::new();
    for runner in runners {
        let done = runner.cycle(Options::default()).await;
        report::cycle(screen, &runner.mapping.title, &done)?;
        reports.push(done);
    }
    Ok(reports)
}

/// What did not move, and why.
fn waiting(runner: &Runner, screen: &mut Screen) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    runner.ledger.each_waiting(|one| {
        let end = runner.mapping.sides.get(one.side);
        lines.push(format!("  {}.{} {}: {}", end.system, end.resource, one.id, one.reason));
    })?;
    if !lines.is_empty() {
        told(screen, "\nWhat waits, and why:")?;
    }
    for line in lines {
        told(screen, &line)?;
    }
    Ok(())
}

/// For people only: programs read the reports.
fn told(screen: &mut Screen, text: &str) -> anyhow::Result<()> {
    if !screen.is_json() {
        screen.line(text)?;
    }
    Ok(())
}

fn keep(account: &str) -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("depara-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(ACCOUNT_FILE), account)?;
    Ok(folder)
}

fn farewell(settled: bool, kept: Option<&PathBuf>, screen: &mut Screen) -> anyhow::Result<()> {
    let last =
        if settled { "One more cycle wrote nothing: the two sides agree." } else { "The two sides did not settle." };
    told(screen, &format!("\n{last}\n\nNext:"))?;
    let next = match kept {
        Some(folder) => vec![
            format!("depara plan --dir {}", folder.display()),
            format!("depara links --dir {}", folder.display()),
            format!("depara quarantine --dir {}", folder.display()),
        ],
        None => vec![
            "depara demo --keep        leaves the sandboxes running for the other commands".to_owned(),
            "depara init my-workspace  writes mappings, scripts and cases to edit".to_owned(),
            "depara check              finds every mistake in them at once".to_owned(),
        ],
    };
    for line in next {
        told(screen, &format!("  {line}"))?;
    }
    Ok(())
}
