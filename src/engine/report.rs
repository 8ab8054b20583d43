//! What one cycle did, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::reference::Want;

/// What one cycle did.
#[derive(Serialize, Clone, Default, Debug, PartialEq, Eq)]
pub struct Report {
    /// The mapping.
    pub mapping: String,
    /// The account.
    pub account: String,
    /// Everything was compared, not only what changed.
    pub full: bool,
    /// Records read, by system.
    pub read: BTreeMap<String, u64>,
    /// Records born, by system.
    pub created: BTreeMap<String, u64>,
    /// Records changed, by system.
    pub updated: BTreeMap<String, u64>,
    /// Calls made, by system.
    pub calls: BTreeMap<String, u64>,
    /// Pairs newly recognised as one thing.
    pub linked: u64,
    /// Fields edited where the mapping does not let them be edited, and put back.
    pub put_back: u64,
    /// Records and fields that a rule or a missing value keeps from moving.
    pub held: u64,
    /// Records that a rule says take no part.
    pub left_out: u64,
    /// Writes that wait for something that is not there yet.
    pub deferred: u64,
    /// Fields that both sides changed.
    pub conflicts: u64,
    /// Records that a system refused.
    pub quarantined: u64,
    /// Records that could be the twin of several.
    pub ambiguous: u64,
    /// Linked records that are no more.
    pub gone: u64,
    /// Pairs of which a late image was left aside.
    pub late: u64,
    /// Linked records that were seen and had not changed.
    pub unchanged: u64,
    /// What was looked for in the links of other mappings and is not linked yet.
    #[serde(skip)]
    pub unlinked: BTreeSet<Want>,
    /// Why a guard refused the plan.
    pub halted: Option<String>,
    /// Why the cycle did not end well.
    pub failed: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

impl Report {
    /// True when nothing was written to any system.
    pub fn is_quiet(&self) -> bool {
        let sum = |numbers: &BTreeMap<String, u64>| numbers.values().sum::<u64>();
        sum(&self.created) + sum(&self.updated) == 0
    }
}
