//! One turn of a mapping: its cycle; and where something of it waits for a link of another mapping,
//! a cycle of that one, and its own once more.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

use super::{Options, Report, Runner};
use crate::reference::Want;

/// A runner that several may ask for a cycle; it runs one at a time.
pub struct Shared {
    account: String,
    mapping: String,
    runner: Mutex<Runner>,
}

impl Shared {
    /// Shares a runner.
    pub fn of(runner: Runner) -> Arc<Self> {
        let (account, mapping) = (runner.account.clone(), runner.mapping.name.clone());
        Arc::new(Self { account, mapping, runner: Mutex::new(runner) })
    }

    /// The runner, once nobody else has it.
    pub async fn lock(&self) -> MutexGuard<'_, Runner> {
        self.runner.lock().await
    }
}

/// A cycle has no news for those that follow its links so soon after it began, in milliseconds.
const FRESH_MS: i64 = 60_000;

/// How the last cycle of a runner went.
#[derive(Clone, Debug)]
pub struct Last {
    began_ms: i64,
    ended_ms: i64,
    /// It linked records, or made some.
    linked: bool,
    /// What it missed in the links of other mappings.
    unlinked: BTreeSet<Want>,
}

/// Runs one turn. `all` holds the runners that may be asked for links. Gives the reports in the order
/// of their cycles.
pub async fn turn(runner: &Shared, all: &[Arc<Shared>], options: Options) -> Vec<Report> {
    // What was missed before is looked for when its own mapping runs, and not once more for each turn.
    let missed = runner.lock().await.last.as_ref().map(|last| last.unlinked.clone()).unwrap_or_default();
    let (began_ms, first) = cycle(runner, options).await;
    let new: BTreeSet<&str> = first.unlinked.difference(&missed).map(|want| want.reference.as_str()).collect();
    let wanted = |other: &&Arc<Shared>| {
        other.account == runner.account && other.mapping != runner.mapping && new.contains(other.mapping.as_str())
    };
    let (mut others, mut linked) = (Vec::new(), false);
    for other in all.iter().filter(wanted) {
        let mut other = other.lock().await;
        if other.is_stopping() {
            break;
        }
        // One that ran meanwhile, or a moment ago, need not run again.
        if other.last.as_ref().is_none_or(|last| began_ms.saturating_sub(last.began_ms) >= FRESH_MS) {
            others.push(ran(&mut other, Options::default()).await);
        }
        linked |= other.last.as_ref().is_some_and(|last| last.linked && last.ended_ms >= began_ms);
    }
    let again = if linked { Some(cycle(runner, options).await.1) } else { None };
    std::iter::once(first).chain(others).chain(again).collect()
}

async fn cycle(runner: &Shared, options: Options) -> (i64, Report) {
    let mut runner = runner.lock().await;
    let report = ran(&mut runner, options).await;
    (runner.last.as_ref().map_or(0, |last| last.began_ms), report)
}

async fn ran(runner: &mut Runner, options: Options) -> Report {
    let began_ms = runner.clock.now_ms();
    let report = runner.cycle(options).await;
    let linked = report.linked + report.created.values().sum::<u64>() > 0;
    let ended_ms = runner.clock.now_ms();
    runner.last = Some(Last { began_ms, ended_ms, linked, unlinked: report.unlinked.clone() });
    report
}

/// Sorts mappings so that those whose links others look into come first.
pub fn in_order<T>(mut rest: Vec<T>, name: impl Fn(&T) -> &str, looks_into: impl Fn(&T, &str) -> bool) -> Vec<T> {
    let mut sorted = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let free = |one: &T| !rest.iter().any(|other| name(other) != name(one) && looks_into(one, name(other)));
        // Mappings that look into each other's links come as they were written.
        let at = rest.iter().position(free).unwrap_or(0);
        sorted.push(rest.remove(at));
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_links_are_looked_into_comes_first() {
        let looks_into =
            |one: &&str, other: &str| matches!((*one, other), ("tasks", "clients") | ("clients", "sellers"));
        assert_eq!(
            in_order(vec!["tasks", "clients", "goods", "sellers"], |one| one, looks_into),
            ["goods", "sellers", "clients", "tasks"]
        );
        let round = |one: &&str, other: &str| *one != other;
        assert_eq!(in_order(vec!["a", "b"], |one| one, round), ["a", "b"]);
    }
}
