//! `depara check --laws`: what comes back of the values that each line carries, and whether the engine
//! comes to rest on them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arguments::{CheckArguments, ScopeArguments};
use super::open;
use super::pace::Notes;
use super::render::{Screen, laws as drawn, progress};
use super::runners::{block_on, runners};
use crate::cases::laws::{Live, laws};
use crate::clock::Clock;
use crate::config::files::Files;
use crate::diagnostic::Diagnostics;
use crate::engine::crew::Crew;
use crate::workspace::Workspace;

/// Tries the laws of a workspace without errors, and shows them; gives the complaints.
pub(super) fn run(
    (dir, files): (&Path, &Files),
    arguments: &CheckArguments,
    screen: &mut Screen,
) -> anyhow::Result<Diagnostics> {
    // Without records of an account nothing is sent, and no secret need be set.
    let env = if arguments.live { &open::environment as &dyn Fn(&str) -> Option<String> } else { &open::anything };
    let workspace = open::compiled(files, env, Diagnostics::default(), screen)?;
    let only = arguments.mapping.as_deref();
    if let Some(wanted) = only.filter(|wanted| !workspace.mappings.contains_key(*wanted)) {
        let known: Vec<&str> = workspace.mappings.keys().map(String::as_str).collect();
        return Err(open::unknown("mapping", wanted, &known));
    }
    let live = if arguments.live { live(dir, &workspace, arguments)? } else { BTreeMap::new() };
    let (reports, found) = laws(&workspace, only, &live);
    drawn::reports(screen, &reports)?;
    Ok(found)
}

/// A page of the records of each side, as the accounts hold them. Sends only reads.
fn live(dir: &Path, workspace: &Workspace, arguments: &CheckArguments) -> anyhow::Result<BTreeMap<String, Vec<Live>>> {
    let accounts = open::accounts(dir, workspace)?;
    let store = open::store_untouched(dir, accounts)?;
    let chosen = ScopeArguments { mapping: arguments.mapping.clone(), account: arguments.account.clone() };
    let scopes = open::scopes(accounts, workspace, &store, &chosen)?;
    let mut notes = Notes::beside(dir, accounts);
    block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let Crew { runners, connectors } = runners(workspace, scopes, &Clock::machine(), &stop, &notes)?;
        let mut found: BTreeMap<String, Vec<Live>> = BTreeMap::new();
        for runner in runners {
            let (name, own) = (format!("records of {}", runner.account), runner.connectors.clone());
            let sample =
                notes.during(&connectors, &stop, progress::during(&name, &own, Box::pin(runner.sample()))).await??;
            let mapping = Arc::clone(&runner.mapping);
            let live = Live { mapping, records: sample.records, rows: sample.rows, today: sample.today };
            found.entry(live.mapping.name.clone()).or_default().push(live);
        }
        Ok(found)
    })
}
