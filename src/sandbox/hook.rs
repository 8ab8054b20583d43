//! Webhooks: the calls a sandbox makes to whoever listens.
//!
//! A sandbox holds no socket, so it only says what is due; `serve` carries it out and tells how the
//! listener answered. Never reads a clock.

use std::collections::VecDeque;

/// One call to a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Whose call it is, in the numbering of the sandbox.
    pub listener: i64,
    /// Where it goes.
    pub url: String,
    /// Its headers beside the usual.
    pub headers: Vec<(String, String)>,
    /// Its JSON body.
    pub body: String,
}

/// What happens to calls on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Each goes once, in order.
    #[default]
    Once,
    /// Each goes twice.
    Twice,
    /// The newest goes first.
    Backwards,
    /// None goes.
    Never,
}

/// Calls that wait.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Hook>,
    /// The first one is under way.
    under_way: bool,
    /// Until when the first one rests after a failure, in milliseconds.
    rests_until: i64,
}

impl Outbox {
    /// Takes a call in.
    pub(super) fn push(&mut self, hook: Hook, delivery: Delivery) {
        match delivery {
            Delivery::Once => self.waiting.push_back(hook),
            Delivery::Twice => self.waiting.extend([hook.clone(), hook]),
            Delivery::Backwards => self.waiting.push_front(hook),
            Delivery::Never => {}
        }
    }

    /// Gives all calls away.
    pub(super) fn take(&mut self) -> Vec<Hook> {
        self.waiting.drain(..).collect()
    }

    /// Gives the first call, which stays until it is answered well: no other overtakes it.
    pub(super) fn first(&mut self, now: i64) -> Option<Hook> {
        if self.under_way || now < self.rests_until {
            return None;
        }
        let first = self.waiting.front()?.clone();
        self.under_way = true;
        Some(first)
    }

    /// Takes note of how the first call was answered; a failed one rests for so many milliseconds.
    pub(super) fn answered(&mut self, now: i64, well: bool, rest_ms: i64) {
        self.under_way = false;
        if well {
            self.waiting.pop_front();
        } else {
            self.rests_until = now.saturating_add(rest_ms);
        }
    }
}
