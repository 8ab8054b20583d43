//! The end of a history: people stop, faults stop, and the schedule runs on until all is done.

use tokio::time::Instant;

use super::super::company::of_account;
use super::super::wire::{held, times};
use super::{HALTED, LEFT_OVER, World};

/// Rests of three cycles that a budget may take until it is enough, beside one for each record that waits.
const PATIENCE: usize = 3;

/// Refusals that a system bears at the least before it must be left in peace for a while.
const REFUSALS: usize = 8;

/// Lies after which nobody can know what a system counts: a good answer is given up after so many.
const LIES: u64 = 3;

/// Calls delivered twice that spend what is left of a budget where depara stops: of two refusals it knows one.
const DOUBLES: u64 = 2;

/// Delays that one call may meet and be under way still when the next one of its kind leaves.
const DELAYS: u64 = 2;

impl World<'_> {
    /// Nothing happens any more but the schedule, until all is done; then nothing may be written.
    pub(super) async fn rest(&mut self) -> Result<(), String> {
        self.calm();
        if self.process.is_none() {
            self.up_at = Some(Instant::now());
        }
        if let Some(process) = &self.process {
            process.life.end_in(0);
        }
        self.reload(0);
        self.retry()?;
        let poll_ms = self.poll_ms();
        let mut at_ms = self.script.rest_ms + 9 * poll_ms;
        self.until(at_ms).await?;
        let before = self.writes();
        at_ms = self.compare_all(at_ms).await?;
        // Not wrong by itself: a list may have lagged by more than it looks back.
        self.add_to(LEFT_OVER, u64::from(before != self.writes()));
        self.retry()?;
        at_ms = self.until_none_fails(at_ms).await?;
        if self.is_unconfirmed()? {
            // A write that left no trace is believed in for as long as lists look back.
            at_ms += self.window_ms();
            self.until(at_ms).await?;
            at_ms = self.compare_all(at_ms).await?;
        }
        let before = self.writes();
        self.failed.clear();
        at_ms += 3 * poll_ms;
        self.until(at_ms).await?;
        let after = self.writes();
        if before != after {
            self.breaks("I1", format!("it still writes long after the last edit: {before:?} became {after:?}"));
        }
        for ((account, mapping), reason) in std::mem::take(&mut self.failed) {
            if !self.is_shut_out(&account, &mapping) {
                self.breaks("I1", format!("cycles of {mapping} still fail long after the last fault: {reason}"));
            }
        }
        self.break_limits();
        self.stop().await;
        Ok(())
    }

    /// Everything is compared, and what that brings about settles; plans that are halted are looked at
    /// once for every system that a record may reach through another, and as often as refusals spend a budget.
    async fn compare_all(&mut self, mut at_ms: u64) -> Result<u64, String> {
        for _ in 0..self.members().len() + self.script.records.div_euclid(REFUSALS) {
            let halted = self.count(HALTED);
            if let Some(process) = &mut self.process {
                process.trigger(None, true);
            }
            at_ms += 5 * self.poll_ms();
            self.until(at_ms).await?;
            if self.count(HALTED) == halted {
                break;
            }
        }
        Ok(at_ms)
    }

    /// Waits until a budget that refusals spend is enough for what there is to do.
    async fn until_none_fails(&mut self, mut at_ms: u64) -> Result<u64, String> {
        for _ in 0..PATIENCE + self.waiting()? {
            self.failed.clear();
            at_ms += 3 * self.poll_ms();
            self.until(at_ms).await?;
            if self.failed.is_empty() {
                break;
            }
        }
        Ok(at_ms)
    }

    /// How many records wait: each may be refused once more.
    fn waiting(&self) -> Result<usize, String> {
        let mut count = 0;
        for scope in self.scopes() {
            scope.ledger.each_waiting(|_| count += 1).map_err(|error| error.to_string())?;
        }
        Ok(count)
    }

    /// True while a write waits to be seen.
    fn is_unconfirmed(&self) -> Result<bool, String> {
        let mut waits = false;
        for scope in self.scopes() {
            let found = scope.ledger.each_link(|link| {
                waits |= !link.base.left.expected.is_empty() || !link.base.right.expected.is_empty();
            });
            found.map_err(|error| error.to_string())?;
        }
        Ok(waits)
    }

    fn window_ms(&self) -> u64 {
        let windows = self.mappings().map(|mapping| mapping.schedule.window.longest_ms());
        windows.max().unwrap_or(0) + self.poll_ms()
    }

    /// True for a mapping of which a system blocks whoever lists a side, because it holds nothing any more.
    fn is_shut_out(&self, account: &str, mapping: &str) -> bool {
        let mut own = self.mappings().filter(|one| one.name == mapping);
        of_account(&self.companies, account).is_some_and(|company| own.any(|one| company.is_shut_out(one)))
    }

    /// I6: what the systems count.
    fn break_limits(&mut self) {
        for (name, member) in self.members() {
            let mut member = held(&member);
            // A process whose clock is set between two lives cannot know how long ago it asked.
            let clock = |limit: &str| self.script.sets_clock() && limit == "redundant";
            // Nor can a system that lies about having no records be asked for a good answer, or one know what it
            // refused twice.
            let twice = times(&mut *member, "deliver-twice");
            let deceived = twice >= DOUBLES || times(&mut *member, "empty-list") + twice >= LIES;
            // One call that is delayed twice is under way for longer than it is waited for.
            let slow = times(&mut *member, "delay") >= DELAYS;
            let excused = |limit: &str| match limit {
                "serialised" => slow,
                "misuse" => deceived,
                // The second delivery of the call that spends the budget meets the block, and nobody hears of it.
                "blocked" => twice > 0,
                _ => clock(limit),
            };
            let broken = member.tally().broken.iter().filter(|(limit, _)| !excused(limit));
            let broken: Vec<String> = broken.map(|(limit, times)| format!("{limit}, {times} times")).collect();
            drop(member);
            if !broken.is_empty() {
                self.breaks("I6", format!("{name} counts limits that were broken: {}", broken.join("; ")));
            }
        }
    }
}
