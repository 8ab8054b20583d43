//! The limits on consumption: rate, one at a time, no repetition within a minute, no misuse.
//!
//! Only remembers and tells; whether a broken limit is answered with a refusal is the caller's
//! choice. All moments are milliseconds.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::Forgiven;

/// Calls a minute, over all methods.
const RATE_TOTAL: usize = 960;
/// Calls a minute, one method.
const RATE_METHOD: usize = 240;
/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;
/// Failed calls of one method that bring the block.
const FAILURES_MAX: usize = 10;
/// How long a block lasts, in seconds.
pub(super) const BLOCK_S: i64 = 1_800;
/// By how much a call during the block prolongs it, in seconds.
const PROLONG_S: i64 = 60;

/// What a client did lately.
#[derive(Debug, Default)]
pub(super) struct Limits {
    all: VecDeque<i64>,
    methods: BTreeMap<String, Method>,
    seen: HashMap<String, i64>,
    seen_order: VecDeque<(i64, String)>,
}

#[derive(Debug, Default)]
struct Method {
    calls: VecDeque<i64>,
    failures: VecDeque<i64>,
    busy_until: i64,
    blocked_until: i64,
    /// The block was answered once.
    told: bool,
    /// The block came of lists that had nothing to show.
    barren: bool,
}

/// A limit that a call breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Too many calls of all methods in a minute.
    RateTotal,
    /// Too many calls of one method in a minute.
    Rate,
    /// Another call of the method is under way.
    Serialised,
    /// The same call was answered less than a minute ago; seconds to wait.
    Redundant(i64),
}

impl Broken {
    /// The name it is counted under.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RateTotal => "rate_total",
            Self::Rate => "rate",
            Self::Serialised => "serialised",
            Self::Redundant(_) => "redundant",
        }
    }
}

impl Limits {
    /// Seconds left of a block of the method, and whether the client was told of it before; a call
    /// during a block prolongs it.
    pub(super) fn blocked(&mut self, now: i64, method: &str) -> Option<(i64, bool)> {
        let method = self.methods.get_mut(method)?;
        let left = method.blocked_until - now;
        if left <= 0 {
            return None;
        }
        let left = (left + PROLONG_S * 1_000).min(BLOCK_S * 1_000);
        method.blocked_until = now + left;
        Some((seconds(left), std::mem::replace(&mut method.told, true)))
    }

    /// Shuts the method for so many seconds.
    pub(super) fn block(&mut self, now: i64, method: &str, seconds: i64) {
        let method = self.method(method);
        method.blocked_until = now + seconds * 1_000;
        method.told = false;
        method.barren = false;
        method.failures.clear();
    }

    /// Notes that the last block came of lists that had nothing to show.
    pub(super) fn note_barren(&mut self, method: &str) {
        self.method(method).barren = true;
    }

    /// True when no good answer has come since a block of lists that had nothing to show.
    pub(super) fn is_barren(&self, method: &str) -> bool {
        self.methods.get(method).is_some_and(|method| method.barren)
    }

    /// Tells the first limit that a call breaks; counts the call.
    ///
    /// `repeated` is what makes two calls the same, where a repetition matters.
    pub(super) fn check(&mut self, now: i64, method: &str, repeated: Option<String>) -> Option<Broken> {
        forget(&mut self.all, now - MINUTE);
        let entry = self.methods.entry(method.to_owned()).or_default();
        forget(&mut entry.calls, now - MINUTE);
        let broken = if self.all.len() >= RATE_TOTAL {
            Some(Broken::RateTotal)
        } else if entry.calls.len() >= RATE_METHOD {
            Some(Broken::Rate)
        } else {
            self.all.push_back(now);
            entry.calls.push_back(now);
            (now < entry.busy_until).then_some(Broken::Serialised)
        };
        broken.or_else(|| self.repeats(now, repeated?))
    }

    /// Notes that the method is under way until then.
    pub(super) fn busy(&mut self, method: &str, until: i64) {
        let method = self.method(method);
        method.busy_until = method.busy_until.max(until);
    }

    /// Notes a call that went well.
    pub(super) fn succeeded(&mut self, method: &str, forgiven: Forgiven) {
        self.method(method).barren = false;
        match forgiven {
            Forgiven::AfterSuccess => self.method(method).failures.clear(),
            Forgiven::AfterSeconds(_) => {}
        }
    }

    /// Notes a failed call; tells whether it is one too many, and how long it took to come to that.
    pub(super) fn failed(&mut self, now: i64, method: &str, forgiven: Forgiven) -> Option<i64> {
        let method = self.method(method);
        match forgiven {
            Forgiven::AfterSuccess => {}
            Forgiven::AfterSeconds(seconds) => forget(&mut method.failures, now - seconds * 1_000),
        }
        method.failures.push_back(now);
        let first = method.failures.front().copied().unwrap_or(now);
        (method.failures.len() >= FAILURES_MAX).then_some(now - first)
    }

    fn method(&mut self, name: &str) -> &mut Method {
        self.methods.entry(name.to_owned()).or_default()
    }

    fn repeats(&mut self, now: i64, what: String) -> Option<Broken> {
        while self.seen_order.front().is_some_and(|(at, _)| *at <= now - MINUTE) {
            if let Some((_, old)) = self.seen_order.pop_front() {
                self.seen.remove(&old);
            }
        }
        if let Some(at) = self.seen.get(&what) {
            return Some(Broken::Redundant(seconds(at + MINUTE - now)));
        }
        self.seen_order.push_back((now, what.clone()));
        self.seen.insert(what, now);
        None
    }
}

/// Whole seconds, rounded up: waiting so long is always enough.
fn seconds(ms: i64) -> i64 {
    (ms + 999) / 1_000
}

fn forget(moments: &mut VecDeque<i64>, until: i64) {
    while moments.front().is_some_and(|at| *at <= until) {
        moments.pop_front();
    }
}
