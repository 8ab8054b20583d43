//! Runners for the chosen mappings: connectors opened once for each account.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::open::Scope;
use crate::clock::Clock;
use crate::config::account::Account;
use crate::connector::{Connector, Credentials};
use crate::engine::Runner;
use crate::engine::reference::Cache;
use crate::workspace::Workspace;

/// Stack of the engine's threads: deep rules must not overflow it.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs a future to its end.
///
/// # Errors
/// When the runtime cannot start, or what the future says.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK_BYTES).enable_all().build()?;
    runtime.block_on(work)
}

/// Opens what each scope needs.
///
/// # Errors
/// When a connector cannot be opened.
pub(super) fn runners(
    workspace: &Workspace,
    scopes: Vec<Scope>,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<Vec<Runner>> {
    let mut opened: BTreeMap<String, (BTreeMap<String, Connector>, Cache)> = BTreeMap::new();
    let mut runners = Vec::new();
    for Scope { account, mapping, ledger } in scopes {
        if !opened.contains_key(&account.name) {
            let connectors = connectors(workspace, &account, clock)?;
            opened.insert(account.name.clone(), (connectors, Cache::default()));
        }
        let (connectors, cache) = opened.get(&account.name).cloned().unwrap_or_default();
        runners.push(Runner {
            mapping,
            account: account.name,
            connectors,
            cache,
            ledger,
            clock: clock.clone(),
            stop: Arc::clone(stop),
        });
    }
    Ok(runners)
}

fn connectors(workspace: &Workspace, account: &Account, clock: &Clock) -> anyhow::Result<BTreeMap<String, Connector>> {
    let mut connectors = BTreeMap::new();
    for (name, access) in &account.systems {
        let Some(system) = workspace.project.systems.get(name) else { continue };
        let credentials = Credentials { secrets: access.secrets.clone(), base_url: access.base_url.clone() };
        // Jitter differs from process to process and never decides anything.
        let seed = u64::try_from(clock.now_ms()).unwrap_or(0);
        let connector = Connector::open(Arc::clone(system), credentials, clock.clone(), seed)?;
        connectors.insert(name.clone(), connector);
    }
    Ok(connectors)
}
