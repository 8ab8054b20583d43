//! How fast we ask: every window, every spacing, every rest, on the injected clock.
//!
//! A window is a log of what was sent, not a bucket that refills: no stretch of its length ever
//! holds more calls than it allows. Nobody holds a turn while waiting for time to pass.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::memory::{Log, Memory, Rest, lock, push};
use super::response::Heard;
use crate::clock::Clock;
use crate::config::system::{By, Pace, Rate};

/// A wait of this length is told to people, in milliseconds.
const TOLD_MS: i64 = 3_000;

/// How often a good answer is sought where none comes.
const SOUGHT_MAX: usize = 3;

/// Lets calls through when they may go.
#[derive(Debug)]
pub(super) struct Gate {
    system: String,
    pace: Pace,
    clock: Clock,
    all: Option<Arc<Semaphore>>,
    state: Mutex<State>,
    closed: watch::Sender<bool>,
}

/// A turn under way; dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct Turn {
    _call: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Default)]
struct State {
    known: Memory,
    turns: BTreeMap<String, Arc<Semaphore>>,
    /// Until when a kind of call is known to wait.
    told: BTreeMap<String, i64>,
}

/// What is remembered of a call and of those it is counted with.
struct Logs<'a> {
    call: &'a Log,
    all: &'a Log,
    address: &'a Log,
}

impl Logs<'_> {
    const fn by(&self, by: By) -> &Log {
        match by {
            By::Call => self.call,
            By::All => self.all,
            By::Address => self.address,
        }
    }
}

/// What a call is told at the gate.
enum Told {
    Go,
    Wait(i64, &'static str),
    Rest(Rest),
}

impl Gate {
    /// A gate that has let nothing through yet.
    pub(super) fn new(system: &str, pace: Pace, clock: Clock) -> Self {
        let all = pace.at_once_all.map(|most| Arc::new(Semaphore::new(most)));
        let closed = watch::Sender::new(false);
        Self { system: system.to_owned(), pace, clock, all, state: Mutex::new(State::default()), closed }
    }

    /// Lets no call through any more; whoever waits is told so at once.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Waits until the gate is closed, for as long as it takes.
    pub(super) async fn closing(&self) {
        // An error would say that the gate is gone, and with it whoever asks.
        if self.closed.subscribe().wait_for(|closed| *closed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What a closed gate says.
    pub(super) fn rest_of_closed(&self) -> Rest {
        Rest { text: "the process was asked to stop".to_owned(), until_ms: self.clock.now_ms() }
    }

    /// Waits, and tells people when that takes long. A gate that closes ends the wait.
    pub(super) async fn pause(&self, call: &str, length_ms: i64, why: &str) {
        if length_ms >= TOLD_MS && !self.clock.is_skipping() && self.is_news(call, length_ms) {
            let (system, seconds) = (&self.system, (length_ms + 999) / 1_000);
            tracing::warn!(system, call, seconds, why, "waiting before the next call");
        }
        tokio::select! {
            () = self.clock.sleep_ms(u64::try_from(length_ms).unwrap_or(1).max(1)) => {}
            () = self.closing() => {}
        }
    }

    /// True for the first of many that wait for the same moment.
    fn is_news(&self, call: &str, length_ms: i64) -> bool {
        let until_ms = self.clock.now_ms().saturating_add(length_ms);
        let mut state = self.lock();
        let known = state.told.get(call).is_some_and(|told_ms| until_ms < told_ms + TOLD_MS);
        if !known {
            state.told.insert(call.to_owned(), until_ms);
        }
        !known
    }

    /// Waits until a call may go. `print` is that of a request that is not to be made twice; a rest of at most
    /// `patience_ms` is waited for, a longer one is told at once.
    pub(super) async fn enter(&self, call: &str, print: Option<u64>, patience_ms: u64) -> Result<Turn, Rest> {
        loop {
            let turn = tokio::select! {
                biased;
                () = self.closing() => return Err(self.rest_of_closed()),
                turn = self.turn(call) => turn,
            };
            match self.ask(call, print, patience_ms) {
                Told::Go => return Ok(turn),
                Told::Rest(rest) => return Err(rest),
                Told::Wait(length_ms, why) => {
                    drop(turn);
                    self.pause(call, length_ms, why).await;
                }
            }
        }
    }

    /// Takes note of an answer.
    pub(super) fn leave(&self, call: &str, print: Option<u64>, heard: Heard) {
        let now_ms = self.clock.now_ms();
        let mut state = self.lock();
        // The system counts from when it saw the request; the answer is a safe later bound.
        if let Some(print) = print
            && self.pace.same_call_ms > 0
        {
            state.known.made.insert(print, now_ms);
        }
        if let Some(failures) = self.pace.failures {
            state.known.with(failures.by, call, |log| match heard {
                Heard::Good => {
                    (log.in_a_row, log.unheard, log.in_vain) = (0, 0, 0);
                    log.sought.clear();
                    log.lost.clear();
                    print.and_then(|print| log.lost_of.remove(&print));
                }
                Heard::Failing => log.fail(print, now_ms, failures),
                Heard::Nothing => log.lose(print, now_ms, failures),
                Heard::Neither => log.unheard += 1,
            });
        }
    }

    /// True when failing answers to a kind of call have come in a row for so long that few more may
    /// follow: nobody says whether a system counts them within a time or until a good one. What was
    /// never heard may have been one, and a call that is tried again may add four more. Where there
    /// is nothing to be given it is given up after three; where none comes for another reason, for as
    /// long as failing answers are counted.
    pub(super) fn seeks_success(&self, call: &str) -> bool {
        let Some(failures) = self.pace.failures else { return false };
        let now_ms = self.clock.now_ms();
        let few = failures.calls.saturating_sub(4);
        self.lock().known.with(failures.by, call, |log| {
            let sought = log.sought.front().filter(|_| log.sought.len() == SOUGHT_MAX);
            let seeks = log.in_a_row > 0
                && log.in_vain < SOUGHT_MAX
                && log.in_a_row + log.unheard >= few
                && sought.is_none_or(|sought_ms| now_ms - sought_ms > signed(failures.per_ms));
            if seeks {
                push(&mut log.sought, now_ms, SOUGHT_MAX);
            }
            seeks
        })
    }

    /// Takes note that there was nothing to be given where a good answer was sought.
    pub(super) fn sought_in_vain(&self, call: &str) {
        let Some(failures) = self.pace.failures else { return };
        self.lock().known.with(failures.by, call, |log| log.in_vain += 1);
    }

    /// Lets a kind of call, or all, rest.
    pub(super) fn rest(&self, call: &str, by: By, rest: Rest) {
        self.lock().known.with(by, call, |log| {
            if log.rest.as_ref().is_none_or(|before| before.until_ms < rest.until_ms) {
                log.rest = Some(rest);
            }
        });
    }

    /// What is worth knowing for whoever speaks with the system next.
    pub(super) fn memory(&self) -> Memory {
        self.lock().known.clone()
    }

    /// Takes up what was asked before.
    pub(super) fn recall(&self, mut memory: Memory) {
        memory.leave_future(self.clock.now_ms());
        let mut state = self.lock();
        state.known.learn(&memory);
        memory.address = Arc::clone(&state.known.address);
        state.known = memory;
    }

    /// Counts together with another gate what is counted by address.
    pub(super) fn share(&self, other: &Self) {
        let mut shared = other.memory();
        let mut state = self.lock();
        shared.learn(&state.known);
        state.known.address = shared.address;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn turn(&self, call: &str) -> Turn {
        let own = self.pace.at_once_call.map(|most| {
            let mut state = self.lock();
            Arc::clone(state.turns.entry(call.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(most))))
        });
        Turn { _call: acquire(own).await, _all: acquire(self.all.clone()).await }
    }

    /// Writes the call down when it may go now; else says how long to wait.
    fn ask(&self, call: &str, print: Option<u64>, patience_ms: u64) -> Told {
        let now_ms = self.clock.now_ms();
        let mut state = self.lock();
        let (none, address) = (Log::default(), Arc::clone(&state.known.address));
        let mut address = lock(&address);
        let known = &state.known;
        let logs = Logs { call: known.calls.get(call).unwrap_or(&none), all: &known.all, address: &address };
        let patience_ms = signed(patience_ms);
        let tired = By::ALL.into_iter().filter_map(|by| self.tired(logs.by(by), by));
        for rest in tired.chain(By::ALL.into_iter().filter_map(|by| logs.by(by).rest.clone())) {
            let left = rest.until_ms - now_ms;
            if left > patience_ms {
                return Told::Rest(rest);
            }
            if left > 0 {
                return Told::Wait(left, "it asked for a rest");
            }
        }
        let alike = print.and_then(|print| known.made.get(&print)).map(|last| last + signed(self.pace.same_call_ms));
        let [crowded, alike] =
            [self.crowded_until_ms(&logs), alike].map(|until_ms| until_ms.map_or(0, |until_ms| until_ms - now_ms));
        if alike > crowded && alike > 0 {
            return Told::Wait(alike, "the same was asked a moment ago");
        }
        if crowded > 0 {
            return Told::Wait(crowded, "its limits");
        }
        push(&mut address.sent, now_ms, self.most());
        self.note(&mut state.known, call, print, now_ms);
        Told::Go
    }

    /// Until when a window or a spacing lets no call through.
    fn crowded_until_ms(&self, logs: &Logs<'_>) -> Option<i64> {
        let windows = self.pace.windows.iter().map(|rate| room(&logs.by(rate.by).sent, *rate));
        let spacing = [(logs.call, self.pace.spacing_call_ms), (logs.all, self.pace.spacing_all_ms)]
            .map(|(log, spacing_ms)| log.sent.back().map(|last| last + signed(spacing_ms)));
        windows.chain(spacing).flatten().max()
    }

    /// As many calls are written down.
    fn most(&self) -> usize {
        self.pace.windows.iter().map(|rate| rate.calls).max().unwrap_or(1).max(1)
    }

    fn note(&self, known: &mut Memory, call: &str, print: Option<u64>, now_ms: i64) {
        push(&mut known.all.sent, now_ms, self.most());
        push(&mut known.calls.entry(call.to_owned()).or_default().sent, now_ms, self.most());
        if let Some(print) = print
            && self.pace.same_call_ms > 0
        {
            let horizon = now_ms - signed(self.pace.same_call_ms);
            known.made.retain(|_, last| *last > horizon);
            known.made.insert(print, now_ms);
        }
    }

    /// The rest that failing answers ask for.
    fn tired(&self, log: &Log, by: By) -> Option<Rest> {
        let failures = self.pace.failures.filter(|rate| rate.by == by)?;
        let mut counted: VecDeque<i64> = log.failed.clone();
        if !counted.is_empty() {
            counted.extend(&log.lost);
            counted.make_contiguous().sort_unstable();
        }
        let until_ms = room(&counted, failures)?;
        let (calls, minutes) = (failures.calls, failures.per_ms / 60_000);
        let text = format!("{calls} failing answers within {minutes} minutes, the rest of the budget is kept");
        Some(Rest { text, until_ms })
    }
}

async fn acquire(semaphore: Option<Arc<Semaphore>>) -> Option<OwnedSemaphorePermit> {
    // A semaphore that nobody closes always gives a permit in the end.
    match semaphore {
        Some(semaphore) => semaphore.acquire_owned().await.ok(),
        None => None,
    }
}

/// From when a window has room for one more: when the oldest of its last calls has left it.
fn room(log: &VecDeque<i64>, rate: Rate) -> Option<i64> {
    let oldest = log.get(log.len().checked_sub(rate.calls)?)?;
    // One more millisecond, so that a window that includes both of its ends holds no more either.
    Some(oldest + signed(rate.per_ms) + 1)
}

fn signed(length_ms: u64) -> i64 {
    i64::try_from(length_ms).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use tokio::task::JoinSet;

    fn gate(pace: Pace) -> (Arc<Gate>, Clock) {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        (Arc::new(Gate::new("erp", pace, clock.clone())), clock)
    }

    fn rate(calls: usize, per_ms: u64, by: By) -> Rate {
        Rate { calls, per_ms, by }
    }

    /// Sends many calls at once, each taking `length_ms`, and gives when each left, by kind.
    async fn send(gate: &Arc<Gate>, clock: &Clock, kinds: &[&'static str], length_ms: u64) -> Vec<(i64, &'static str)> {
        let mut set = JoinSet::new();
        for kind in kinds.iter().copied() {
            let (gate, clock) = (Arc::clone(gate), clock.clone());
            set.spawn(async move {
                let turn = gate.enter(kind, None, 60_000).await.unwrap();
                let at = clock.now_ms();
                clock.sleep_ms(length_ms).await;
                drop(turn);
                (at, kind)
            });
        }
        let mut left = set.join_all().await;
        left.sort_unstable();
        left
    }

    fn most_within(times: &[i64], per_ms: i64) -> usize {
        let within = |start: i64| times.iter().filter(|at| (start..=start + per_ms).contains(at)).count();
        times.iter().map(|start| within(*start)).max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn no_stretch_of_a_window_ever_holds_more_than_it_allows() {
        let pace = Pace {
            windows: vec![rate(5, 1_000, By::Call), rate(8, 1_000, By::All), rate(20, 10_000, By::All)],
            ..Pace::default()
        };
        let (gate, clock) = gate(pace);
        let kinds: Vec<_> = (0..60).map(|n| ["list", "create", "fetch"][n % 3]).collect();
        let left = send(&gate, &clock, &kinds, 7).await;
        assert_eq!(left.len(), 60);
        let all: Vec<i64> = left.iter().map(|(at, _)| *at).collect();
        assert!(most_within(&all, 1_000) <= 8 && most_within(&all, 10_000) <= 20, "{all:?}");
        for kind in ["list", "create", "fetch"] {
            let own: Vec<i64> = left.iter().filter(|(_, name)| *name == kind).map(|(at, _)| *at).collect();
            assert!(most_within(&own, 1_000) <= 5, "{own:?}");
        }
        // And no time is wasted: sixty calls at twenty in ten seconds.
        assert!(all.last().unwrap() < &22_100, "{all:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_counted_by_address_is_counted_for_all_accounts_there() {
        let pace = Pace { windows: vec![rate(3, 1_000, By::Call), rate(5, 1_000, By::Address)], ..Pace::default() };
        let (first, clock) = gate(pace.clone());
        let second = Arc::new(Gate::new("erp", pace.clone(), clock.clone()));
        drop(second.enter("list", None, 0).await.unwrap());
        second.share(&first);
        let (one, other) =
            tokio::join!(send(&first, &clock, &["list"; 12], 7), send(&second, &clock, &["list"; 12], 7));
        let all: Vec<i64> = [(0, "list")].iter().chain(&one).chain(&other).map(|(at, _)| *at).collect();
        assert_eq!(most_within(&all, 1_000), 5, "{all:?}");
        assert_eq!(most_within(&one.iter().map(|(at, _)| *at).collect::<Vec<_>>(), 1_000), 3, "{one:?}");
        // A rest as well; and whoever opens either of them next knows all of it once.
        second.rest("list", By::Address, Rest { text: "too often".to_owned(), until_ms: 5_000_000 });
        assert_eq!(first.enter("list", None, 0).await.unwrap_err().text, "too often");
        let text = serde_json::to_string(&[first.memory(), second.memory()]).unwrap();
        let [mut memory, other]: [Memory; 2] = serde_json::from_str(&text).unwrap();
        memory.learn(&other);
        let next = Gate::new("erp", pace, clock);
        next.recall(memory);
        assert_eq!(lock(&next.memory().address).sent, lock(&first.memory().address).sent);
        assert_eq!(next.enter("other", None, 0).await.unwrap_err().text, "too often");
        second.recall(serde_json::from_str("{}").unwrap());
        assert_eq!(second.enter("other", None, 0).await.unwrap_err().text, "too often");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_one_kind_take_turns_and_keep_their_distance() {
        let pace = Pace { at_once_call: Some(1), at_once_all: Some(2), spacing_call_ms: 300, ..Pace::default() };
        let (gate, clock) = gate(pace);
        let left = send(&gate, &clock, &["a", "a", "a", "b", "c"], 1_000).await;
        let own: Vec<i64> = left.iter().filter(|(_, kind)| *kind == "a").map(|(at, _)| *at).collect();
        assert!(own.windows(2).all(|two| two[1] - two[0] >= 1_000), "{own:?}");
        let all: Vec<i64> = left.iter().map(|(at, _)| *at).collect();
        assert!(most_within(&all, 999) <= 2, "{all:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_that_is_alike_waits_and_any_other_does_not() {
        let (gate, clock) = gate(Pace { same_call_ms: 61_000, ..Pace::default() });
        for (print, at) in [(1, 0), (2, 0), (1, 61_000)] {
            drop(gate.enter("list", Some(print), 0).await.unwrap());
            gate.leave("list", Some(print), Heard::Good);
            assert_eq!(clock.now_ms(), at);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_too_many_failing_answers_a_kind_of_call_rests_and_only_that_kind() {
        let (gate, clock) = gate(Pace { failures: Some(rate(8, 1_800_000, By::Call)), ..Pace::default() });
        for _ in 0..8 {
            drop(gate.enter("create", None, 60_000).await.unwrap());
            gate.leave("create", None, Heard::Failing);
            clock.skip_ms(1_000);
        }
        let rest = gate.enter("create", None, 60_000).await.unwrap_err();
        assert_eq!(rest.until_ms, 1_800_001);
        assert!(gate.enter("list", None, 60_000).await.is_ok());
        clock.skip_ms(1_800_000 - 8_000 + 1);
        assert!(gate.enter("create", None, 60_000).await.is_ok(), "the first failure has left the window");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_lost_beside_failing_ones_is_counted_as_one() {
        let (gate, _) = gate(Pace { failures: Some(rate(4, 1_800_000, By::Call)), ..Pace::default() });
        for (heard, rests) in [
            ([Heard::Nothing; 4], false),
            ([Heard::Failing, Heard::Nothing, Heard::Good, Heard::Nothing], false),
            ([Heard::Failing, Heard::Failing, Heard::Neither, Heard::Neither], true),
        ] {
            for one in heard {
                gate.leave("create", None, one);
            }
            assert_eq!(gate.enter("create", None, 60_000).await.is_err(), rests, "{heard:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_lost_of_a_request_that_fails_when_it_is_heard_had_failed_as_well() {
        let (gate, clock) = gate(Pace { failures: Some(rate(4, 60_000, By::Call)), ..Pace::default() });
        let leave = |print: u64, heard: Heard| {
            clock.skip_ms(1_000);
            gate.leave("list", Some(print), heard);
        };
        for (print, heard) in [(1, Heard::Nothing); 3].into_iter().chain([(2, Heard::Nothing), (2, Heard::Good)]) {
            leave(print, heard);
        }
        assert!(gate.enter("list", None, 0).await.is_ok(), "it may have been heard and have been good");
        leave(1, Heard::Failing);
        assert_eq!(gate.enter("list", None, 0).await.unwrap_err().until_ms, 61_001, "from the first of them on");
    }

    #[test]
    fn a_good_answer_is_wanted_before_a_row_of_failing_ones_is_too_long() {
        let (gate, _) = gate(Pace { failures: Some(rate(7, 1_000, By::Call)), ..Pace::default() });
        let mut wanted = Vec::new();
        for counts in [true, true, true, true, false, true, true, true] {
            gate.leave("list", None, if counts { Heard::Failing } else { Heard::Good });
            wanted.push(gate.seeks_success("list"));
        }
        assert_eq!(wanted, [false, false, true, true, false, false, false, true]);
        assert!(!gate.seeks_success("other"));
    }

    #[test]
    fn a_good_answer_that_never_comes_is_sought_three_times_within_the_time_of_the_budget() {
        let (gate, clock) = gate(Pace { failures: Some(rate(3, 60_000, By::Call)), ..Pace::default() });
        let seek = || {
            gate.leave("list", None, Heard::Failing);
            clock.skip_ms(10_000);
            gate.seeks_success("list")
        };
        assert_eq!([(); 7].map(|()| seek()), [true, true, true, false, false, false, false]);
        assert_eq!([(); 4].map(|()| seek()), [true, true, true, false]);
    }

    #[test]
    fn a_good_answer_is_not_sought_any_more_where_there_is_nothing_to_be_given() {
        let (gate, clock) = gate(Pace { failures: Some(rate(3, 60_000, By::Call)), ..Pace::default() });
        let seek = || {
            gate.leave("list", None, Heard::Failing);
            clock.skip_ms(100_000);
            let seeks = gate.seeks_success("list");
            if seeks {
                gate.sought_in_vain("list");
            }
            seeks
        };
        assert_eq!([(); 6].map(|()| seek()), [true, true, true, false, false, false]);
        gate.leave("list", None, Heard::Good);
        assert!(seek());
    }

    #[test]
    fn what_was_never_heard_may_have_been_a_failing_answer() {
        let (gate, _) = gate(Pace { failures: Some(rate(8, 1_000, By::Call)), ..Pace::default() });
        let leave = |heard: Heard| {
            gate.leave("list", None, heard);
            gate.seeks_success("list")
        };
        let unheard = [Heard::Nothing; 6].map(leave);
        assert_eq!(unheard, [false; 6], "a system that cannot be reached is asked no more than before");
        assert!(leave(Heard::Failing));
        assert!(!leave(Heard::Good), "a good answer makes all of them forgotten");
        let row = [Heard::Failing, Heard::Failing, Heard::Nothing, Heard::Nothing];
        assert_eq!(row.map(leave), [false, false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_rest_is_waited_for_and_a_long_one_is_told() {
        let (gate, clock) = gate(Pace::default());
        gate.rest("list", By::Call, Rest { text: "busy".to_owned(), until_ms: 5_000 });
        drop(gate.enter("list", None, 60_000).await.unwrap());
        assert_eq!(clock.now_ms(), 5_000);
        gate.rest("list", By::All, Rest { text: "blocked".to_owned(), until_ms: 5_000_000 });
        assert_eq!(gate.enter("other", None, 60_000).await.unwrap_err().text, "blocked");
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_that_closes_lets_nobody_through_and_keeps_nobody_waiting() {
        let (gate, clock) = gate(Pace { at_once_call: Some(1), same_call_ms: 61_000, ..Pace::default() });
        let turn = gate.enter("list", Some(1), 0).await.unwrap();
        let others = [("list", Some(2)), ("fetch", Some(1))].map(|(call, print)| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.enter(call, print, 0).await.unwrap_err().text })
        });
        clock.sleep_ms(1_000).await;
        gate.close();
        for other in others {
            assert_eq!(other.await.unwrap(), "the process was asked to stop");
        }
        drop(turn);
        assert!(gate.enter("list", None, 0).await.is_err());
        assert_eq!(clock.now_ms(), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_next_knows_what_was_asked_before() {
        let pace = Pace { same_call_ms: 61_000, failures: Some(rate(2, 600_000, By::Call)), ..Pace::default() };
        let (before, clock) = gate(pace.clone());
        for print in [1, 2] {
            drop(before.enter("list", Some(print), 0).await.unwrap());
            before.leave("list", Some(print), if print == 2 { Heard::Failing } else { Heard::Good });
        }
        let text = serde_json::to_string(&before.memory()).unwrap();
        let next = Gate::new("erp", pace.clone(), clock.clone());
        next.recall(serde_json::from_str(&text).unwrap());
        drop(next.enter("list", Some(1), 0).await.unwrap());
        assert_eq!(clock.now_ms(), 61_000, "a like read waits");
        next.leave("list", Some(1), Heard::Failing);
        assert_eq!(next.enter("list", Some(3), 0).await.unwrap_err().until_ms, 600_001, "failures are counted on");
        // A clock that runs behind must not wait for what it takes for the future.
        let early = Gate::new("erp", pace, Clock::starting_at(Timestamp::UNIX_EPOCH));
        early.recall(next.memory());
        drop(early.enter("list", Some(1), 0).await.unwrap());
        // Nor for a rest that was asked for in a time to come: no rest is longer than half an hour.
        next.rest("list", By::Call, Rest { text: "wait".to_owned(), until_ms: 86_400_000 });
        let early = Gate::new("erp", Pace::default(), Clock::starting_at(Timestamp::UNIX_EPOCH));
        early.recall(next.memory());
        assert_eq!(early.enter("list", None, 0).await.unwrap_err().until_ms, 1_800_000);
    }

    #[tokio::test(start_paused = true)]
    async fn many_that_wait_for_one_moment_are_told_once() {
        let (gate, clock) = gate(Pace::default());
        assert!(gate.is_news("create", 20_000));
        clock.sleep_ms(50).await;
        assert!(!gate.is_news("create", 20_000));
        assert!(!gate.is_news("create", 19_000));
        assert!(gate.is_news("list", 20_000));
        clock.sleep_ms(20_000).await;
        assert!(gate.is_news("create", 20_000));
    }
}
