//! One life of the process: it goes on step by step, and may end at any of them.
//!
//! A step is a call that leaves, an answer that comes, a write to the store or its flush. Once the life
//! is over, nothing of it has any effect: its calls never return, its writes fail.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// Whether a process lives, and for how many steps.
#[derive(Debug, Default)]
pub(super) struct Life {
    over: AtomicBool,
    /// Steps left; zero for a life without an end in sight.
    left: AtomicU64,
    died: Notify,
}

impl Life {
    /// Lets the process die at the step that comes so many steps from now.
    pub(super) fn end_in(&self, steps: u64) {
        self.left.store(steps.max(1), Ordering::SeqCst);
    }

    /// Goes one step; false when there is none to go any more.
    pub(super) fn step(&self) -> bool {
        if self.over.load(Ordering::SeqCst) {
            return false;
        }
        let fewer = |left: u64| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer) == Ok(1) {
            self.end();
            return false;
        }
        true
    }

    /// Ends it now.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Waits for its end.
    pub(super) async fn died(&self) {
        self.died.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_without_an_end_in_sight_goes_on() {
        let life = Life::default();
        assert!((0..100).all(|_| life.step()));
    }

    #[tokio::test]
    async fn it_ends_at_the_step_it_was_told_and_for_good() {
        let life = Life::default();
        life.end_in(3);
        let steps: Vec<bool> = (0..5).map(|_| life.step()).collect();
        assert_eq!(steps, [true, true, false, false, false]);
        life.died().await;
    }
}
