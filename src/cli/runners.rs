//! Runners for the chosen mappings: connectors opened once for each account.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;

use super::open::{Scope, scope_name};
use super::pace::{Notes, Way};
use crate::clock::Clock;
use crate::config::account::Account;
use crate::connector::{Connector, Credentials};
use crate::engine::Runner;
use crate::engine::listing::Listings;
use crate::engine::reference::{Cache, Links};
use crate::mapping::Mapping;
use crate::record::Side;
use crate::store::Ledger;
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

/// Runners, and the connectors they share.
pub(super) struct Opened {
    /// The runners, in the order of the account file.
    pub(super) runners: Vec<Runner>,
    /// The connectors, by account and system.
    pub(super) connectors: BTreeMap<Way, Connector>,
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
    notes: &Notes,
) -> anyhow::Result<Opened> {
    let mut connectors = BTreeMap::new();
    let mut caches: BTreeMap<String, (Cache, Listings)> = BTreeMap::new();
    let lists = lists(&scopes);
    let mut runners = Vec::new();
    for Scope { account, mapping, ledger } in scopes {
        if !caches.contains_key(&account.name) {
            open(workspace, &account, clock, notes, &mut connectors)?;
        }
        let (cache, listings) = caches.entry(account.name.clone()).or_insert_with(|| {
            let shared = lists.iter().filter(|((of, _), readers)| *of == account.name && **readers > 1);
            (Cache::default(), Listings::of(shared.map(|((_, name), _)| name.clone())))
        });
        let systems = mapping.systems();
        let own = connectors.iter().filter(|((of, name), _)| *of == account.name && systems.contains(name));
        runners.push(Runner {
            connectors: own.map(|((_, system), connector)| (system.clone(), connector.clone())).collect(),
            listings: listings.clone(),
            links: links(workspace, &account.name, &mapping, &ledger),
            mapping,
            cache: cache.clone(),
            account: account.name,
            ledger,
            clock: clock.clone(),
            last: None,
            stop: Arc::clone(stop),
        });
    }
    Ok(Opened { runners, connectors })
}

/// How many mappings of an account read each list.
fn lists(scopes: &[Scope]) -> BTreeMap<(String, String), usize> {
    let mut found = BTreeMap::new();
    for Scope { account, mapping, .. } in scopes {
        for side in Side::BOTH.into_iter().filter(|side| mapping.is_listed(*side)) {
            *found.entry((account.name.clone(), mapping.sides.get(side).name())).or_default() += 1;
        }
    }
    found
}

/// The links that a mapping looks into, where the account keeps them.
fn links(workspace: &Workspace, account: &str, mapping: &Mapping, ledger: &Ledger) -> BTreeMap<String, Links> {
    let others = mapping.references.iter().filter_map(|name| workspace.mappings.get(name));
    others
        .map(|other| {
            let ledger = ledger.of_scope(&scope_name(account, &other.name));
            (other.name.clone(), Links { ledger, systems: other.sides.as_ref().map(|end| end.system.clone()) })
        })
        .collect()
}

fn open(
    workspace: &Workspace,
    account: &Account,
    clock: &Clock,
    notes: &Notes,
    connectors: &mut BTreeMap<Way, Connector>,
) -> anyhow::Result<()> {
    for (name, access) in &account.systems {
        let Some(system) = workspace.project.systems.get(name) else { continue };
        let credentials = Credentials { secrets: access.secrets.clone(), base_url: access.base_url.clone() };
        // Jitter differs from process to process and never decides anything.
        let seed = u64::try_from(clock.now_ms()).unwrap_or(0);
        let connector = Connector::open(Arc::clone(system), credentials, clock.clone(), seed)
            .with_context(|| format!("failed to open the account `{}`", account.name))?;
        let way = (account.name.clone(), name.clone());
        notes.tell(&way, &connector);
        connectors.insert(way, connector);
    }
    Ok(())
}
