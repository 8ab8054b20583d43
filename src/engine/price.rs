//! What a plan costs: which calls, how many of each, and how long they take at the limits of the account.
//!
//! Pure: plan and limits in, numbers out. A limit counts as a rate, as it does for whoever asks without a
//! pause; the time that the systems take to answer is not in it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::system::{By, Pace, System};
use crate::mapping::Mapping;
use crate::sync::Plan;
use crate::sync::plan::Act;

/// Calls by system and kind.
pub type Calls = BTreeMap<String, BTreeMap<String, u64>>;

/// What a cycle costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Price {
    /// Of each system that is asked anything.
    pub systems: BTreeMap<String, Share>,
    /// Calls in all.
    pub calls: u64,
    /// How long it takes, in milliseconds: the systems are asked side by side.
    pub ms: u64,
}

/// What one system is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Calls in all.
    pub calls: u64,
    /// How long they take at its limits, in milliseconds.
    pub ms: u64,
    /// Kind by kind, as the system file calls them.
    pub kinds: Vec<Kind>,
}

/// Calls of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// Its name.
    pub call: String,
    /// How many read: the plan itself has made them.
    pub reads: u64,
    /// How many write.
    pub writes: u64,
    /// How long they alone take at the limits, in milliseconds.
    pub ms: u64,
}

/// The calls that carry a plan: a call for each row that is made and for each step.
pub fn writes<'a>(mapping: &Mapping, plan: &Plan, system_of: impl Fn(&str) -> Option<&'a System>) -> Calls {
    let mut calls = Calls::new();
    let mut add = |system: &str, resource: &str, birth: bool| {
        let described = system_of(system).and_then(|system| system.resources.get(resource));
        let call = described.and_then(|one| if birth { one.create.as_ref() } else { one.update.as_ref() });
        let word = if birth { "create" } else { "update" };
        let name = call.map_or_else(|| format!("{word} {resource}"), |call| call.name.clone());
        *calls.entry(system.to_owned()).or_default().entry(name).or_default() += 1;
    };
    for row in &plan.rows {
        let (system, resource) = row.reference.split_once('.').unwrap_or((&row.reference, ""));
        add(system, resource, true);
    }
    for step in plan.pairs.iter().flat_map(|planned| &planned.steps) {
        let end = mapping.sides.get(step.side);
        add(&end.system, &end.resource, matches!(step.act, Act::Create { .. }));
    }
    calls
}

/// The calls made since others were counted.
pub fn since(before: &Calls, mut now: Calls) -> Calls {
    for (system, kinds) in &mut now {
        for (call, number) in kinds.iter_mut() {
            let made = before.get(system).and_then(|kinds| kinds.get(call)).copied().unwrap_or(0);
            *number = number.saturating_sub(made);
        }
    }
    now
}

/// What reads and writes cost together. `pace_of` gives the limits of a system.
pub fn price<'a>(reads: &Calls, writes: &Calls, pace_of: impl Fn(&str) -> Option<&'a Pace>) -> Price {
    let mut price = Price::default();
    for (system, (reads, writes)) in both(reads, writes) {
        let slow = pace_of(&system);
        let mut share = Share::default();
        for (call, (reads, writes)) in both_kinds(reads, writes) {
            let calls = reads + writes;
            let ms = slow.map_or(0, |pace| alone_ms(pace, calls));
            share.calls += calls;
            share.ms = share.ms.max(ms);
            share.kinds.push(Kind { call, reads, writes, ms });
        }
        share.ms = share.ms.max(slow.map_or(0, |pace| together_ms(pace, share.calls)));
        price.calls += share.calls;
        price.ms = price.ms.max(share.ms);
        if share.calls > 0 {
            price.systems.insert(system, share);
        }
    }
    price
}

/// How long calls of one kind take when no other is made.
fn alone_ms(pace: &Pace, calls: u64) -> u64 {
    let windows =
        pace.windows.iter().filter(|rate| rate.by == By::Call).map(|rate| rated(calls, rate.calls, rate.per_ms));
    let spaced = calls.saturating_mul(pace.spacing_call_ms);
    windows.max().unwrap_or(0).max(spaced).max(together_ms(pace, calls))
}

/// How long calls of any kind take together.
fn together_ms(pace: &Pace, calls: u64) -> u64 {
    let windows =
        pace.windows.iter().filter(|rate| rate.by != By::Call).map(|rate| rated(calls, rate.calls, rate.per_ms));
    windows.max().unwrap_or(0).max(calls.saturating_mul(pace.spacing_all_ms))
}

/// How long calls take of which so many may be made in so long.
fn rated(calls: u64, most: usize, per_ms: u64) -> u64 {
    let most = u64::try_from(most).unwrap_or(u64::MAX).max(1);
    calls.saturating_mul(per_ms).div_ceil(most)
}

type Kinds = BTreeMap<String, u64>;

/// The systems of either, each with its kinds.
fn both<'a>(reads: &'a Calls, writes: &'a Calls) -> BTreeMap<String, (Option<&'a Kinds>, Option<&'a Kinds>)> {
    let names = reads.keys().chain(writes.keys());
    names.map(|name| (name.clone(), (reads.get(name), writes.get(name)))).collect()
}

/// The kinds of either, each with how many read and how many write.
fn both_kinds(reads: Option<&Kinds>, writes: Option<&Kinds>) -> BTreeMap<String, (u64, u64)> {
    let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (call, number) in reads.into_iter().flatten() {
        found.entry(call.clone()).or_default().0 += number;
    }
    for (call, number) in writes.into_iter().flatten() {
        found.entry(call.clone()).or_default().1 += number;
    }
    found.retain(|_, (reads, writes)| *reads + *writes > 0);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::system::Rate;

    fn calls(of: &[(&str, &[(&str, u64)])]) -> Calls {
        let kinds = |kinds: &[(&str, u64)]| kinds.iter().map(|(kind, number)| ((*kind).to_owned(), *number)).collect();
        of.iter().map(|(system, all)| ((*system).to_owned(), kinds(all))).collect()
    }

    #[test]
    fn a_limit_counts_as_a_rate() {
        let pace = Pace { windows: vec![Rate { calls: 120, per_ms: 60_000, by: By::All }], ..Pace::default() };
        let price =
            price(&calls(&[("crm", &[("list contacts", 2)])]), &calls(&[("crm", &[("create contacts", 410)])]), |_| {
                Some(&pace)
            });
        assert_eq!((price.calls, price.ms), (412, 206_000), "3 min 26 s");
        let kinds: Vec<_> =
            price.systems["crm"].kinds.iter().map(|one| (one.call.as_str(), one.reads, one.writes, one.ms)).collect();
        assert_eq!(kinds, [("create contacts", 0, 410, 205_000), ("list contacts", 2, 0, 1_000)]);
    }

    #[test]
    fn the_slowest_limit_of_each_kind_and_of_all_decides() {
        let windows =
            vec![Rate { calls: 60, per_ms: 60_000, by: By::Call }, Rate { calls: 100, per_ms: 60_000, by: By::All }];
        let pace = Pace { windows, spacing_call_ms: 300, ..Pace::default() };
        let of = |kinds: &[(&str, u64)]| price(&Calls::new(), &calls(&[("erp", kinds)]), |_| Some(&pace)).ms;
        assert_eq!(of(&[("a", 50)]), 50_000, "one kind is held to its own window");
        assert_eq!(of(&[("a", 50), ("b", 50)]), 60_000, "together they are held to that of all");
        assert_eq!(of(&[("a", 50), ("b", 10)]), 50_000);
        let spaced = Pace { spacing_call_ms: 300, spacing_all_ms: 100, ..Pace::default() };
        let of = |kinds: &[(&str, u64)]| price(&Calls::new(), &calls(&[("erp", kinds)]), |_| Some(&spaced)).ms;
        assert_eq!((of(&[("a", 10)]), of(&[("a", 10), ("b", 10), ("c", 10), ("d", 10)])), (3_000, 4_000));
    }

    #[test]
    fn what_was_asked_before_is_not_counted() {
        let before = calls(&[("crm", &[("list", 3)])]);
        let now = calls(&[("crm", &[("list", 5), ("find", 1)]), ("erp", &[("list", 1)])]);
        let made = calls(&[("crm", &[("list", 2), ("find", 1)]), ("erp", &[("list", 1)])]);
        assert_eq!(since(&before, now), made);
    }

    #[test]
    fn systems_are_asked_side_by_side_and_one_without_limits_costs_no_time() {
        let slow = Pace { spacing_all_ms: 1_000, ..Pace::default() };
        let fast = Pace::default();
        let both = calls(&[("crm", &[("a", 5)]), ("erp", &[("b", 7)]), ("idle", &[("c", 0)])]);
        let price = price(&Calls::new(), &both, |system| Some(if system == "crm" { &slow } else { &fast }));
        assert_eq!((price.calls, price.ms, price.systems.len()), (12, 5_000, 2));
        assert_eq!(super::price(&Calls::new(), &Calls::new(), |_| None), Price::default());
    }
}
