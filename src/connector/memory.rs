//! What was asked of a system lately, and what it said of our pace.
//!
//! A system counts on when a process ends: whoever speaks with it next must know what was asked before.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::response::BLOCK_MS;
use crate::config::system::{By, Rate};

/// What is known, by kind of call, of all calls together, and of all accounts at one address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The print of the credentials; nothing where none were told.
    pub(super) login: Option<u64>,
    pub(super) all: Log,
    pub(super) calls: BTreeMap<String, Log>,
    /// Of all accounts at one address, which share it.
    pub(super) address: Arc<Mutex<Log>>,
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
    /// The same by the print of their requests, until an answer to one is heard: it tells what the others were.
    pub(super) lost_of: BTreeMap<u64, Vec<i64>>,
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
    /// Works on what is remembered together with a kind of call.
    pub(super) fn with<T>(&mut self, by: By, call: &str, work: impl FnOnce(&mut Log) -> T) -> T {
        match by {
            By::Call => work(self.calls.entry(call.to_owned()).or_default()),
            By::All => work(&mut self.all),
            By::Address => work(&mut lock(&self.address)),
        }
    }

    /// What counts for a login: another one owes nothing but what its address does.
    pub(super) fn of_login(self, login: u64) -> Self {
        if self.login.is_none_or(|other| other == login) {
            return self;
        }
        Self { address: self.address, ..Self::default() }
    }

    /// Takes up what another account did at the same address.
    pub fn learn(&mut self, other: &Self) {
        if !Arc::ptr_eq(&self.address, &other.address) {
            let log = lock(&other.address).clone();
            lock(&self.address).learn(log);
        }
    }

    /// Forgets what lies in the future: a clock that ran ahead wrote it. A rest is kept, at its longest.
    pub(super) fn leave_future(&mut self, now_ms: i64) {
        for log in self.calls.values_mut().chain([&mut self.all, &mut *lock(&self.address)]) {
            log.leave_future(now_ms);
        }
        self.made.retain(|_, at| *at <= now_ms);
    }
}

impl Log {
    fn times(&mut self) -> [&mut VecDeque<i64>; 4] {
        [&mut self.sent, &mut self.failed, &mut self.lost, &mut self.sought]
    }

    fn leave_future(&mut self, now_ms: i64) {
        for times in self.times() {
            times.retain(|at| *at <= now_ms);
        }
        self.lost_of.values_mut().for_each(|times| times.retain(|at| *at <= now_ms));
        if let Some(rest) = &mut self.rest {
            rest.until_ms = rest.until_ms.min(now_ms.saturating_add_unsigned(BLOCK_MS));
        }
    }

    /// Takes note of a failing answer. What was lost of the same request had been one as well, and a good answer to
    /// another one since then does not change that.
    pub(super) fn fail(&mut self, print: Option<u64>, now_ms: i64, rate: Rate) {
        self.in_a_row += 1;
        let before = print.and_then(|print| self.lost_of.remove(&print)).unwrap_or_default();
        self.lost.retain(|at| !before.contains(at));
        for at in before.into_iter().chain([now_ms]) {
            push(&mut self.failed, at, usize::MAX);
        }
        self.failed.make_contiguous().sort_unstable();
        self.failed.drain(..self.failed.len().saturating_sub(rate.calls));
    }

    /// Takes note of an answer that was lost.
    pub(super) fn lose(&mut self, print: Option<u64>, now_ms: i64, rate: Rate) {
        self.unheard += 1;
        push(&mut self.lost, now_ms, rate.calls);
        let horizon = now_ms.saturating_sub_unsigned(rate.per_ms);
        self.lost_of.values_mut().for_each(|times| times.retain(|at| *at > horizon));
        self.lost_of.retain(|_, times| !times.is_empty());
        if let Some(print) = print {
            self.lost_of.entry(print).or_default().push(now_ms);
        }
    }

    /// Takes up what is told of the same calls elsewhere: what both tell was one and the same.
    fn learn(&mut self, mut other: Self) {
        for (own, news) in self.times().into_iter().zip(other.times()) {
            for at in &*own {
                if let Some(known) = news.iter().position(|other| other == at) {
                    news.remove(known);
                }
            }
            own.append(news);
            own.make_contiguous().sort_unstable();
        }
        for (own, other) in [
            (&mut self.in_a_row, other.in_a_row),
            (&mut self.unheard, other.unheard),
            (&mut self.in_vain, other.in_vain),
        ] {
            *own = other.max(*own);
        }
        self.lost_of.extend(other.lost_of);
        let until_ms = |rest: &Option<Rest>| rest.as_ref().map(|rest| rest.until_ms);
        if until_ms(&other.rest) > until_ms(&self.rest) {
            self.rest = other.rest;
        }
    }
}

/// What all accounts at an address did.
pub(super) fn lock(address: &Mutex<Log>) -> MutexGuard<'_, Log> {
    address.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a moment down, and forgets the oldest of more than `most`.
pub(super) fn push(times: &mut VecDeque<i64>, at_ms: i64, most: usize) {
    times.push_back(at_ms);
    while times.len() > most {
        times.pop_front();
    }
}
