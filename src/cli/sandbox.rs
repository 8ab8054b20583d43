//! `depara sandbox`: serves the imitation systems until it is told to stop.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError};

use serde_json::json;

use super::arguments::{Global, SandboxArguments, Switch};
use super::render::Screen;
use super::runners::block_on;
use super::signal::Signals;
use super::{Exit, Stop, open as open_workspace};
use crate::clock::Clock;
use crate::diagnostic::nearest;
use crate::sandbox::serve::{self, Served};
use crate::sandbox::town::Town;
use crate::simulate::account_file;

/// Serves the sandboxes.
pub(super) fn run(global: &Global, arguments: &SandboxArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let workspace = open_workspace::without_accounts(global, screen)?;
    block_on(async {
        let clock = Clock::machine();
        let town = Town::build(arguments.seed, arguments.records, clock.now(), |_| true).map_err(anyhow::Error::msg)?;
        if arguments.limits == Switch::Off {
            town.lift_limits();
        }
        complain(&town, &arguments.systems)?;
        for member in town.members() {
            let mut sandbox = member.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
            for rule in &arguments.faults {
                let added = sandbox.faults().add_text(rule);
                added.map_err(|error| Stop::usage(error.to_string(), "`depara sandbox --help` shows the kinds"))?;
            }
        }
        let chosen = |name: &str| arguments.systems.is_empty() || arguments.systems.iter().any(|one| one == name);
        let mut signals = Signals::listen()?;
        let (served, addresses) = open(&town, &clock, arguments.port, chosen).await?;
        if screen.is_json() {
            screen.json(&json!({ "addresses": addresses }))?;
        } else {
            // The whole is an account file as it stands.
            screen.line("# The sandboxes are served. This account file reaches them:")?;
            screen.text(&account_file(&town, &workspace, &addresses))?;
            screen.line("# `GET /_sandbox` tells what clients did. They are served until Ctrl-C.")?;
        }
        signals.told().await;
        drop(served);
        Ok(Exit::Done)
    })
}

fn complain(town: &Town, systems: &[String]) -> anyhow::Result<()> {
    let known: Vec<&str> = town.members().iter().map(|member| member.name).collect();
    match systems.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let near = nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let hint = near.unwrap_or_else(|| format!("known: {}", known.join(", ")));
            Err(Stop::usage(format!("there is no sandbox of `{name}`"), hint))
        }
    }
}

/// Serves the chosen members on loopback, one port after the other; port 0 takes any that is free.
pub(super) async fn open(
    town: &Town,
    clock: &Clock,
    port: u16,
    chosen: impl Fn(&str) -> bool,
) -> anyhow::Result<(Vec<Served>, BTreeMap<&'static str, String>)> {
    let (mut served, mut addresses) = (Vec::new(), BTreeMap::new());
    for (member, offset) in town.members().into_iter().zip(0_u16..) {
        if !chosen(member.name) {
            continue;
        }
        let port = if port == 0 { Some(0) } else { port.checked_add(offset) };
        let port =
            port.ok_or_else(|| Stop::usage("no port is left for the last system", "--port names a lower one"))?;
        let time = clock.clone();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let one = serve::serve(member.sandbox, address, Arc::new(move || time.now())).await.map_err(|error| {
            let sentence = format!("failed to serve `{}` at {address}: {error}", member.name);
            Stop::failed(sentence, "another sandbox may be served already; --port names other ports, 0 takes any")
        })?;
        addresses.insert(member.name, one.url());
        served.push(one);
    }
    Ok((served, addresses))
}
