//! `depara run`: the service. Cycles by schedule, a graceful stop, and a new start of the mappings
//! when the workspace was edited and checks clean.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::arguments::{Global, ScopeArguments};
use super::render::{Screen, report};
use super::runners::{block_on, runners};
use super::{Exit, open};
use crate::clock::Clock;
use crate::config::files::{self, Files};
use crate::diagnostic::Diagnostics;
use crate::engine::schedule::serve;
use crate::mapping::Mappings;
use crate::store::Store;
use crate::workspace::Workspace;

/// How often the files are looked at, in milliseconds.
const LOOK_MS: u64 = 2_000;

/// Why a turn of the service ended.
enum Ended {
    Stopped,
    Edited(Box<Workspace>),
}

/// Runs until it is told to stop.
pub(super) fn run(global: &Global, scope: &ScopeArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let mut workspace = open::workspace(global, screen)?;
    let store = open::store(&global.dir, open::accounts(&global.dir, &workspace)?)?;
    block_on(async {
        loop {
            match turn(global, scope, (&workspace, &store), screen).await? {
                Ended::Stopped => return Ok(Exit::Done),
                Ended::Edited(fresh) => {
                    tracing::info!("the workspace was edited and checks clean: it is in force now");
                    workspace = *fresh;
                }
            }
        }
    })
}

/// Serves one state of the workspace.
async fn turn(
    global: &Global,
    chosen: &ScopeArguments,
    (workspace, store): (&Workspace, &Arc<dyn Store>),
    screen: &mut Screen,
) -> anyhow::Result<Ended> {
    let clock = Clock::machine();
    let accounts = open::accounts(&global.dir, workspace)?;
    let scopes = open::scopes(accounts, workspace, store, chosen)?;
    let stopping = Arc::new(AtomicBool::new(false));
    let runners = runners(workspace, scopes, &clock, &stopping)?;
    let mappings: Mappings =
        runners.iter().map(|runner| (runner.mapping.name.clone(), Arc::clone(&runner.mapping))).collect();
    let (stop, stopped) = watch::channel(false);
    let (reports, mut arriving) = mpsc::channel(16);
    let service = tokio::spawn(serve(runners, stopped, stopping, reports));
    let ended = tokio::select! {
        ended = until_told(global, &clock) => ended?,
        told = tell(&mut arriving, &mappings, screen) => { told?; Ended::Stopped }
    };
    // The step in hand is finished, no other is begun.
    stop.send_replace(true);
    tell(&mut arriving, &mappings, screen).await?;
    service.await?;
    Ok(ended)
}

async fn tell(
    arriving: &mut mpsc::Receiver<crate::engine::Report>,
    mappings: &Mappings,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    while let Some(done) = arriving.recv().await {
        if let Some(mapping) = mappings.get(&done.mapping) {
            report::cycle(screen, &mapping.title, &done)?;
        }
    }
    Ok(())
}

/// Waits for a signal, or for an edit that checks clean.
async fn until_told(global: &Global, clock: &Clock) -> anyhow::Result<Ended> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let known = read(global);
    let mut complained = Files::new();
    loop {
        tokio::select! {
            _ = term.recv() => return Ok(Ended::Stopped),
            _ = interrupt.recv() => return Ok(Ended::Stopped),
            () = clock.sleep_ms(LOOK_MS) => {}
        }
        let now = read(global);
        if now == known || now == complained {
            continue;
        }
        match Workspace::compile(&now, &open::environment, Diagnostics::default()) {
            Ok(workspace) => return Ok(Ended::Edited(Box::new(workspace))),
            Err(complaints) => {
                tracing::warn!(%complaints, "an edit has complaints: the workspace as it was stays in force");
                complained = now;
            }
        }
    }
}

fn read(global: &Global) -> Files {
    files::workspace(&global.dir, &mut Diagnostics::default())
}
