//! Runners over the network for the chosen mappings.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;

use super::pace::Notes;
use crate::clock::Clock;
use crate::config::account::{Access, Account};
use crate::connector::{Connector, Credentials};
use crate::engine::crew::{Crew, Scope, crew};
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
    notes: &Notes,
) -> anyhow::Result<Crew> {
    crew(&workspace.mappings, scopes, clock, stop, |account, name, access| {
        connector(workspace, account, (name, access), clock, notes)
    })
}

/// Opens a connector of an account; nothing for a system that no file describes.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn connector(
    workspace: &Workspace,
    account: &Account,
    (name, access): (&str, &Access),
    clock: &Clock,
    notes: &Notes,
) -> anyhow::Result<Option<Connector>> {
    let Some(system) = workspace.project.systems.get(name) else { return Ok(None) };
    let credentials = Credentials { secrets: access.secrets.clone(), base_url: access.base_url.clone() };
    // Jitter differs from process to process and never decides anything.
    let seed = u64::try_from(clock.now_ms()).unwrap_or(0);
    let connector = Connector::open(Arc::clone(system), credentials, clock.clone(), seed)
        .with_context(|| format!("failed to open the account `{}`", account.name))?;
    notes.tell(&(account.name.clone(), name.to_owned()), &connector);
    Ok(Some(connector))
}
