//! `depara demo`: the main job on sandboxes, shown from the first look to the last word.
//!
//! Its clock jumps over every wait that the systems' limits ask for: the limits are kept, and nobody
//! waits for them.

use std::path::PathBuf;
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
use crate::engine::crew::Scope;
use crate::engine::turn::{Shared, turn};
use crate::engine::{Options, Report};
use crate::record::Side;
use crate::sandbox::town::Town;
use crate::simulate::account_file;
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
        // Who reads the work of the day shall find some.
        clock.skip_ms(Town::opens_in_ms(clock.now()));
        let mut met = Diagnostics::default();
        let mut files = files::workspace(&global.dir, &mut met);
        files.remove(ACCOUNT_FILE);
        let workspace = open::compiled(&files, &open::environment, met, screen)?;
        let town = Town::build(arguments.seed, arguments.records, clock.now(), |system| speaks_of(&workspace, system))
            .map_err(anyhow::Error::msg)?;
        let (served, addresses) = sandbox::open(&town, &clock, 0, |_| true).await?;
        files.insert(ACCOUNT_FILE.to_owned(), account_file(&town, &workspace, &addresses));
        let workspace = open::compiled(&files, &open::environment, Diagnostics::default(), screen)?;
        let kept = if arguments.keep { Some(keep(&files)?) } else { None };
        let settled = {
            let store: Arc<dyn Store> = match &kept {
                Some(folder) => Arc::new(SledStore::open(&folder.join(".depara"))?),
                None => Arc::new(MemoryStore::new()),
            };
            let accounts = open::accounts(&global.dir, &workspace)?;
            let scopes = || open::scopes(accounts, &workspace, &store, &ScopeArguments::default());
            let stop = Arc::new(AtomicBool::new(false));
            let opened = runners(&workspace, scopes()?, &clock, &stop, &Notes::default())?;
            let runners = opened.runners.into_iter().map(Shared::of).collect();
            let mut show = Show { runners, scopes: scopes()?, clock: clock.clone(), reports: Vec::new() };
            show.run(&town, screen).await?
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

/// True when a mapping of the workspace speaks of a system.
fn speaks_of(workspace: &Workspace, system: &str) -> bool {
    let mut mappings = workspace.mappings.values();
    mappings.any(|mapping| Side::BOTH.iter().any(|side| mapping.sides.get(*side).system == system))
}

/// What is shown.
struct Show {
    runners: Vec<Arc<Shared>>,
    /// What is remembered of each.
    scopes: Vec<Scope>,
    clock: Clock,
    /// Of all cycles so far.
    reports: Vec<Report>,
}

impl Show {
    /// The three acts: the first meeting, the edits of people, one more cycle.
    async fn run(&mut self, town: &Town, screen: &mut Screen) -> anyhow::Result<bool> {
        let systems = if town.members().len() == 2 { "Two" } else { "Three" };
        demo::opening(screen, systems, &town.shows())?;
        demo::act(screen, "The first cycles: twins are recognised, the others are born on the other side.")?;
        self.until_quiet(screen).await?;
        demo::waiting(screen, self.scopes.iter())?;
        demo::act(screen, "Now people edit:")?;
        for edit in town.edit(self.clock.now()).map_err(anyhow::Error::msg)? {
            demo::edit(screen, &edit)?;
        }
        self.until_quiet(screen).await?;
        demo::act(screen, "One more cycle:")?;
        let last = self.once(screen).await?;
        demo::summary(screen, &self.scopes, &self.reports)?;
        Ok(last.iter().all(|report| report.is_quiet() && report.failed.is_none() && report.halted.is_none()))
    }

    async fn until_quiet(&mut self, screen: &mut Screen) -> anyhow::Result<()> {
        for _ in 0..CYCLES_MAX {
            if self.once(screen).await?.iter().all(Report::is_quiet) {
                break;
            }
        }
        Ok(())
    }

    /// One turn of every mapping.
    async fn once(&mut self, screen: &mut Screen) -> anyhow::Result<Vec<Report>> {
        self.clock.skip_ms(TURN_MS);
        let mut round = Vec::new();
        for runner in &self.runners {
            let connectors = runner.lock().await.connectors.clone();
            let work = turn(runner, &self.runners, Options::default());
            round.extend(progress::during("a cycle", &connectors, work).await);
        }
        let title = |report: &Report| {
            let scope = self.scopes.iter().find(|scope| scope.mapping.name == report.mapping);
            scope.map_or("", |scope| scope.mapping.title.as_str())
        };
        if screen.is_json() {
            round.iter().try_for_each(|report| report::cycle(screen, title(report), report))?;
        } else {
            let told: Vec<(&str, &Report)> = round.iter().map(|report| (title(report), report)).collect();
            demo::round(screen, &told)?;
        }
        self.reports.extend(round.iter().cloned());
        Ok(round)
    }
}

/// Writes a workspace of its own, to be edited and run by the other commands.
fn keep(files: &Files) -> anyhow::Result<PathBuf> {
    let name = |at: u32| std::env::temp_dir().join(format!("depara-demo-{}", std::process::id().wrapping_add(at)));
    let folder = (0..).map(name).find(|folder| !folder.exists()).unwrap_or_else(|| name(0));
    init::write_all(&folder, files)?;
    Ok(folder)
}
