//! What was asked of a system lately, and what it said of our pace.
//!
//! A system counts on when a process ends: whoever speaks with it next must know what was asked before.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::response::BLOCK_MS;
use crate::config::system::By;

/// What is known, by kind of call and of all calls together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub(super) all: Log,
    pub(super) calls: BTreeMap<String, Log>,
    /// When a call was last made, by the print of its request.
    #[serde(rename = "reads")]
    pub(super) made: HashMap<u64, i64>,
}

/// What is remembered of one kind of call, or of all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Log {
    pub(super) sent: VecDeque<i64>,
    pub(super) failed: VecDeque<i64>,
    /// Answers that were never heard since the last good one: beside failing ones they may have been such as well.
    pub(super) lost: VecDeque<i64>,
    /// Failing answers since the last good one.
    pub(super) in_a_row: usize,
    /// Answers since then that were never heard, or said neither.
    pub(super) unheard: usize,
    /// When a good one was sought since then.
    pub(super) sought: VecDeque<i64>,
    /// How often what was sought was said not to be there.
    pub(super) in_vain: usize,
    pub(super) rest: Option<Rest>,
}

/// Not now, and not soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rest {
    /// Why.
    pub(super) text: String,
    /// Until when.
    pub(super) until_ms: i64,
}

impl Memory {
    /// What is remembered together with a kind of call.
    pub(super) fn log(&mut self, by: By, call: &str) -> &mut Log {
        match by {
            By::All => &mut self.all,
            By::Call => self.calls.entry(call.to_owned()).or_default(),
        }
    }

    /// Forgets what lies in the future: a clock that ran ahead wrote it. A rest is kept, at its longest.
    pub(super) fn leave_future(&mut self, now_ms: i64) {
        let passed = |at: &i64| *at <= now_ms;
        for log in self.calls.values_mut().chain([&mut self.all]) {
            for times in [&mut log.sent, &mut log.failed, &mut log.lost, &mut log.sought] {
                times.retain(passed);
            }
            if let Some(rest) = &mut log.rest {
                rest.until_ms = rest.until_ms.min(now_ms.saturating_add_unsigned(BLOCK_MS));
            }
        }
        self.made.retain(|_, at| passed(at));
    }
}

/// Writes a moment down, and forgets the oldest of more than `most`.
pub(super) fn push(times: &mut VecDeque<i64>, at_ms: i64, most: usize) {
    times.push_back(at_ms);
    while times.len() > most {
        times.pop_front();
    }
}
