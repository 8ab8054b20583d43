//! The one clock of the edge: what time it is, and waiting.
//!
//! Nothing else asks the machine for the time. A clock may *skip*: a wait then moves the time
//! forward instead of passing, so that the demo obeys the systems' limits without making anybody
//! wait. Copies of a clock share its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// A clock and its copies.
#[derive(Clone, Debug)]
pub struct Clock {
    epoch_ms: i64,
    started: Instant,
    skipped_ms: Arc<AtomicI64>,
    skips: bool,
    machine: bool,
}

impl Clock {
    /// The machine's own clock. It runs evenly and never back, whatever is done to the machine's
    /// date; [`Clock::catch_up`] takes it over the time the machine slept.
    pub fn machine() -> Self {
        Self { machine: true, ..Self::starting_at(machine_now()) }
    }

    /// A clock that shows `start` now and runs with tokio's time, paused or not.
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            epoch_ms: start.as_millisecond(),
            started: Instant::now(),
            skipped_ms: Arc::new(AtomicI64::new(0)),
            skips: false,
            machine: false,
        }
    }

    /// The same clock, on which waiting moves the time instead of passing it.
    #[must_use]
    pub const fn skipping(mut self) -> Self {
        self.skips = true;
        self.machine = false;
        self
    }

    /// Moves the machine's clock forward to the machine's date when it lags behind, as after a
    /// suspend, and never back. Any other clock keeps its time.
    pub fn catch_up(&self) {
        if self.machine {
            self.catch_up_with(machine_now());
        }
    }

    fn catch_up_with(&self, date: Timestamp) {
        let behind_ms = date.as_millisecond().saturating_sub(self.now_ms());
        self.skip_ms(u64::try_from(behind_ms).unwrap_or(0));
    }

    /// True when waiting costs nobody any time.
    pub const fn is_skipping(&self) -> bool {
        self.skips
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        let run = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.epoch_ms.saturating_add(run).saturating_add(self.skipped_ms.load(Ordering::SeqCst))
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).unwrap_or(Timestamp::MAX)
    }

    /// Waits.
    pub async fn sleep_ms(&self, length_ms: u64) {
        if self.skips {
            self.skip_ms(length_ms);
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_millis(length_ms)).await;
        }
    }

    /// Moves the time forward.
    pub fn skip_ms(&self, length_ms: u64) {
        let length = i64::try_from(length_ms).unwrap_or(i64::MAX);
        self.skipped_ms.fetch_add(length, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_skipping_clock_moves_without_waiting_and_its_copies_with_it() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH).skipping();
        let copy = clock.clone();
        clock.sleep_ms(60_000).await;
        assert_eq!(copy.now_ms(), 60_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_plain_clock_runs_with_the_runtime() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        clock.sleep_ms(1_500).await;
        assert_eq!(clock.now_ms(), 1_500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_is_caught_up_with_and_a_date_set_back_is_not() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        clock.catch_up_with("1970-01-01T08:00:00Z".parse().unwrap());
        assert_eq!(clock.now_ms(), 28_800_000);
        clock.catch_up_with("1970-01-01T07:00:00Z".parse().unwrap());
        assert_eq!(clock.now_ms(), 28_800_000);
    }
}
