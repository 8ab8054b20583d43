//! The check on a whole plan, and its refusal.

use super::plan::{Act, Origin};
use super::{Plan, Snapshot};
use crate::mapping::Mapping;
use crate::record::Side;

/// Why a plan must not be carried out before a person has looked at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// One sentence.
    pub reason: String,
}

/// Refuses a plan that goes beyond the mapping's limits, or a side that suddenly shows nothing.
pub fn guard(mapping: &Mapping, snapshot: &Snapshot, plan: &Plan) -> Option<Halt> {
    let limits = mapping.limits;
    let counts = plan.counts();
    let gone = plan.pairs.iter().filter(|planned| planned.origin == Origin::Gone).count();
    for side in Side::BOTH {
        let end = mapping.sides.get(side);
        let name = format!("{}.{}", end.system, end.resource);
        if *snapshot.complete.get(side) && *snapshot.listed.get(side) == 0 && snapshot.linked > 0 {
            return Some(Halt { reason: format!("{name} shows no record at all, {} are linked", snapshot.linked) });
        }
        if *snapshot.listed.get(side) > limits.records {
            return Some(over(&format!("{name} shows"), *snapshot.listed.get(side), "records", limits.records));
        }
        if *counts.creates.get(side) > limits.creates {
            return Some(over(&format!("{name} would get"), *counts.creates.get(side), "new records", limits.creates));
        }
        if *counts.updates.get(side) > limits.updates {
            return Some(over(&format!("{name} would get"), *counts.updates.get(side), "changes", limits.updates));
        }
    }
    let gone = u64::try_from(gone).unwrap_or(u64::MAX);
    (gone > limits.gone).then(|| over("the systems lost", gone, "linked records", limits.gone))
}

fn over(what: &str, number: u64, of: &str, limit: u64) -> Halt {
    Halt { reason: format!("{what} {number} {of}, the limit is {limit}") }
}

/// How many writes a plan holds, by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records born.
    pub creates: crate::record::Sides<u64>,
    /// Records changed.
    pub updates: crate::record::Sides<u64>,
}

impl Plan {
    /// Counts the writes; a newborn's stamp counts with its birth.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in self.pairs.iter().flat_map(|planned| &planned.steps) {
            match step.act {
                Act::Create { .. } => *counts.creates.get_mut(step.side) += 1,
                Act::Update => *counts.updates.get_mut(step.side) += 1,
                Act::Stamp => {}
            }
        }
        counts
    }
}
