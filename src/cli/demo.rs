//! `depara demo`: the main job on two sandboxes, shown from the first look to the last word.
//!
//! Its clock jumps over every wait that the systems' limits ask for: the limits are kept, and nobody
//! waits for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::arguments::{DemoArguments, Global, ScopeArguments};
use super::pace::Notes;
use super::render::{Screen, demo, progress, report};
use super::runners::{block_on, runners};
use super::signal::Signals;
use super::{Exit, init, open, sandbox};
use crate::clock::Clock;
use crate::config::files::{self, ACCOUNT_FILE, Files};
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
    open::need_folder(&global.dir)?;
    block_on(async {
        let clock = Clock::machine().skipping();
        let town = Town::build(arguments.seed, arguments.records, clock.now()).map_err(anyhow::Error::msg)?;
        let (served, addresses) = sandbox::open(&town, &clock, 0, |_| true).await?;
        let (workspace, files) = workspace(&global.dir, &town, &addresses, screen)?;
        let kept = if arguments.keep { Some(keep(&files)?) } else { None };
        let settled = {
            let store: Arc<dyn Store> = match &kept {
                Some(folder) => Arc::new(SledStore::open(&folder.join(".depara"))?),
                None => Arc::new(MemoryStore::new()),
            };
            let accounts = open::accounts(&global.dir, &workspace)?;
            let scopes = open::scopes(accounts, &workspace, &store, &ScopeArguments::default())?;
            let stop = Arc::new(AtomicBool::new(false));
            let mut opened = runners(&workspace, scopes, &clock, &stop, &Notes::default())?;
            show(&mut opened.runners, &town, &clock, screen).await?
        };
        let folder = kept.as_ref().map(|folder| folder.display().to_string());
        if screen.is_json() {
            screen.json(&json!({ "settled": settled, "addresses": addresses, "workspace": folder }))?;
        }
        demo::farewell(screen, settled, folder.as_deref())?;
        if let Some(folder) = &folder {
            // Whoever plays with them now has a clock that does not jump.
            town.lift_limits();
            Signals::listen()?.told().await;
            screen.note(&format!("\nthe sandboxes are stopped; the workspace stays in {folder}"))?;
        }
        drop(served);
        Ok(if settled { Exit::Done } else { Exit::Failed })
    })
}

/// The workspace with an account file that reaches the sandboxes.
fn workspace(
    dir: &Path,
    town: &Town,
    addresses: &BTreeMap<&'static str, String>,
    screen: &mut Screen,
) -> anyhow::Result<(Workspace, Files)> {
    let mut met = Diagnostics::default();
    let mut files = files::workspace(dir, &mut met);
    files.remove(ACCOUNT_FILE);
    let workspace = open::compiled(&files, &open::environment, met, screen)?;
    let imitated = |system: &str| town.members().iter().any(|member| member.name == system);
    let mappings = workspace
        .mappings
        .values()
        .filter(|mapping| imitated(&mapping.sides.left.system) && imitated(&mapping.sides.right.system));
    files.insert(ACCOUNT_FILE.to_owned(), town.account_file(addresses, mappings.map(|mapping| mapping.name.as_str())));
    Ok((open::compiled(&files, &open::environment, Diagnostics::default(), screen)?, files))
}

/// The three acts: the first meeting, the edits of people, one more cycle.
async fn show(runners: &mut [Runner], town: &Town, clock: &Clock, screen: &mut Screen) -> anyhow::Result<bool> {
    let mut all = Vec::new();
    demo::opening(screen, &town.shows())?;
    demo::act(screen, "The first cycles: twins are recognised, the others are born on the other side.")?;
    until_quiet(runners, clock, &mut all, screen).await?;
    demo::waiting(screen, runners)?;
    demo::act(screen, "Now people edit on both sides:")?;
    for edit in town.edit(clock.now()).map_err(anyhow::Error::msg)? {
        demo::edit(screen, &edit)?;
    }
    until_quiet(runners, clock, &mut all, screen).await?;
    demo::act(screen, "One more cycle:")?;
    let last = once(runners, clock, &mut all, screen).await?;
    demo::summary(screen, runners, &all)?;
    Ok(last.iter().all(|report| report.is_quiet() && report.failed.is_none() && report.halted.is_none()))
}

async fn until_quiet(
    runners: &mut [Runner],
    clock: &Clock,
    all: &mut Vec<Report>,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    for _ in 0..CYCLES_MAX {
        if once(runners, clock, all, screen).await?.iter().all(Report::is_quiet) {
            break;
        }
    }
    Ok(())
}

async fn once(
    runners: &mut [Runner],
    clock: &Clock,
    all: &mut Vec<Report>,
    screen: &mut Screen,
) -> anyhow::Result<Vec<Report>> {
    clock.skip_ms(TURN_MS);
    let mut reports = Vec::new();
    for runner in runners {
        let connectors = runner.connectors.clone();
        let done = progress::during("a cycle", &connectors, runner.cycle(Options::default())).await;
        if screen.is_json() {
            report::cycle(screen, &runner.mapping.title, &done)?;
        } else {
            demo::cycle(screen, &done)?;
        }
        all.push(done.clone());
        reports.push(done);
    }
    Ok(reports)
}

/// Writes a workspace of its own, to be edited and run by the other commands.
fn keep(files: &Files) -> anyhow::Result<PathBuf> {
    let name = |at: u32| std::env::temp_dir().join(format!("depara-demo-{}", std::process::id().wrapping_add(at)));
    let folder = (0..).map(name).find(|folder| !folder.exists()).unwrap_or_else(|| name(0));
    init::write_all(&folder, files)?;
    Ok(folder)
}
