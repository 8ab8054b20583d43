//! `depara plan --against DIR`: what another version of the workspace would send, and how the two differ.
//!
//! The present workspace says which accounts there are, how they are reached and where the store is; the
//! systems are read once, and both versions plan on what was read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arguments::{CycleArguments, Global, ScopeArguments};
use super::pace::Notes;
use super::render::difference::{self, Compared};
use super::render::{Screen, plan, progress};
use super::runners::{block_on, runners};
use super::{Exit, open};
use crate::clock::Clock;
use crate::config::account::Account;
use crate::config::files::Files;
use crate::engine::Runner;
use crate::engine::compare::{Made, Version, reads_differ};
use crate::engine::crew::{Crew, links};
use crate::engine::price::{Calls, price, since, writes};
use crate::mapping::Mapping;
use crate::record::Side;
use crate::workspace::Workspace;

/// The other version of the workspace.
struct There {
    workspace: Workspace,
    name: String,
    /// Its system files are not those of the present one.
    other_systems: bool,
}

/// Plans both versions and says how they differ.
pub(super) fn run(
    global: &Global,
    arguments: &CycleArguments,
    dir: &Path,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let (workspace, files) = open::workspace_and_files(global, screen)?;
    let there = other(dir, &files, screen)?;
    let accounts = open::accounts(&global.dir, &workspace)?;
    let store = open::store_untouched(&global.dir, accounts)?;
    let scopes = open::scopes(accounts, &workspace, &store, &arguments.scope)?;
    let mut notes = Notes::beside(&global.dir, accounts);
    block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let Crew { runners, connectors } = runners(&workspace, scopes, &Clock::machine(), &stop, &notes)?;
        let mut exit = Exit::Done;
        for mut runner in runners {
            let all = connectors.iter().filter(|((account, _), _)| *account == runner.account);
            runner.connectors = all.map(|((_, system), one)| (system.clone(), one.clone())).collect();
            let work = one(screen, (&workspace, &there), &runner);
            exit = exit.and(notes.during(&connectors, &stop, Box::pin(work)).await??);
        }
        for account in &accounts.accounts {
            let lost = lost(&there, account, &arguments.scope);
            if !lost.is_empty() {
                difference::lost(screen, &account.name, &there.name, &lost)?;
                exit = exit.and(Exit::Differs);
            }
        }
        Ok(exit)
    })
}

/// Opens the other version. It needs no secret: whatever is sent, the present one sends.
fn other(dir: &Path, here: &Files, screen: &mut Screen) -> anyhow::Result<There> {
    open::need_files(dir)?;
    let (workspace, files) = open::offline_at(dir, screen)?;
    let systems = |files: &Files| -> Files {
        let found = files.iter().filter(|(path, _)| path.starts_with("mappings/systems/"));
        found.map(|(path, text)| (path.clone(), text.clone())).collect()
    };
    let other_systems = systems(here) != systems(&files);
    Ok(There { workspace, name: dir.display().to_string(), other_systems })
}

/// The mappings of an account, among those that were asked for, that only the other version runs.
fn lost(there: &There, account: &Account, chosen: &ScopeArguments) -> Vec<String> {
    let asked = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name);
    let other = there.workspace.project.accounts.iter().flat_map(|file| &file.accounts);
    let other = other.filter(|one| one.name == account.name && asked(&chosen.account, &one.name));
    let names = other.flat_map(|one| &one.mappings).map(|enabled| &enabled.name.0);
    let here = |name: &&String| account.mappings.iter().any(|enabled| enabled.name.0 == **name);
    names.filter(|name| asked(&chosen.mapping, name) && !here(name)).cloned().collect()
}

/// Compares the two versions of one mapping of one account.
async fn one(screen: &mut Screen, (here, there): (&Workspace, &There), runner: &Runner) -> anyhow::Result<Exit> {
    let whose = (&*runner.mapping, runner.account.as_str());
    let Some(version) = version(there, runner) else {
        difference::alone(screen, whose, &there.name)?;
        return Ok(Exit::Differs);
    };
    let joins = |mapping: &Mapping| Side::BOTH.map(|side| mapping.sides.get(side).name());
    if joins(&version.mapping) != joins(&runner.mapping) {
        difference::stranger(screen, whose, (&version.mapping, &there.name))?;
        return Ok(Exit::Differs);
    }
    let (other, before) = (Arc::clone(&version.mapping), runner.calls_by_kind());
    let name = format!("plans of {}", runner.account);
    let made = progress::during(&name, &runner.connectors, runner.plan_both(version)).await;
    let [present, past] = match made {
        Ok(made) => made,
        Err(error) => {
            plan::failed(screen, whose, &error.told())?;
            return Ok(Exit::Failed);
        }
    };
    let mut notes = reads_differ(&runner.mapping, &other);
    if there.other_systems {
        notes.push("the system files differ: the systems were read as the present workspace says".to_owned());
    }
    let compared = Compared {
        account: &runner.account,
        dir: &there.name,
        here: version_of(&runner.mapping, &present, here),
        there: version_of(&other, &past, &there.workspace),
        reads: since(&before, runner.calls_by_kind()).values().flat_map(BTreeMap::values).sum(),
        notes,
    };
    Ok(if difference::told(screen, &compared)? { Exit::Differs } else { Exit::Done })
}

/// What the other version of the workspace makes of a mapping; nothing when it does not run it.
fn version(there: &There, runner: &Runner) -> Option<Version> {
    let name = &runner.mapping.name;
    let mapping = there.workspace.mappings.get(name)?;
    let account = there.workspace.project.accounts.as_ref();
    let account = account.and_then(|file| file.accounts.iter().find(|one| one.name == runner.account));
    // Where it does not speak of the account, what the account gives counts for both.
    let parameters = match account {
        Some(account) => account.mappings.iter().find(|enabled| enabled.name.0 == *name)?.parameters.clone(),
        None => runner.mapping.parameters.clone(),
    };
    let mapping = Arc::new(mapping.of_account(parameters));
    let links = links(&there.workspace.mappings, &runner.account, &mapping, &runner.ledger);
    Some(Version { mapping, links, connectors: BTreeMap::new() })
}

/// One version with its plan and what it costs to send it.
fn version_of<'a>(mapping: &'a Mapping, made: &'a Made, workspace: &Workspace) -> difference::Version<'a> {
    let system = |name: &str| workspace.project.systems.get(name).map(|system| &**system);
    let writes = writes(mapping, &made.plan, system);
    let price = price(&Calls::new(), &writes, |name| system(name).map(|system| &system.pace));
    difference::Version { mapping, made, price }
}
