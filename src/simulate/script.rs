//! What happens in a history, drawn from its seed before it begins. Pure.
//!
//! Acts carry seeds of their own, so that leaving one out changes nothing about the others: that is how
//! a history that broke is made shorter.

use std::sync::Arc;

use fastrand::Rng;

use crate::config::mapping::Span;
use crate::mapping::Mapping;

/// How much goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// Nothing but people.
    None,
    /// Now and then.
    #[default]
    Mild,
    /// All the time.
    Harsh,
}

/// What histories are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Simulated days of each history, before it comes to rest.
    pub days: u32,
    /// Records that people have made in each system before the first cycle, at most.
    pub records: usize,
    /// Accounts that one process serves side by side, over one store.
    pub accounts: usize,
    /// How much goes wrong.
    pub faults: Severity,
    /// Minutes between two cycles, whatever the mappings say: the rarer they are, the more happens in each.
    pub every: Option<u64>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { days: 1, records: 8, accounts: 1, faults: Severity::Mild, every: None }
    }
}

impl Setting {
    /// About how long mappings wait between two cycles, in milliseconds.
    fn poll_ms(&self) -> u64 {
        self.every.map_or(POLL_MS, |minutes| minutes * MINUTE_MS)
    }
}

/// One history, before it happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// Its seed.
    pub seed: u64,
    /// Which of the casts plays, as a number to be taken modulo how many there are.
    pub cast: usize,
    /// Records that people made in each system before the first cycle.
    pub records: usize,
    /// Accounts that the process serves.
    pub accounts: usize,
    /// What happens, in the order of time.
    pub acts: Vec<Act>,
    /// When acts end and rest begins, in milliseconds since the start.
    pub rest_ms: u64,
    /// Edits come one by one with long pauses, so that crashes must not change the end.
    pub calm: bool,
    /// How narrow the mappings are.
    pub reins: Reins,
    /// Minutes between two cycles, whatever the mappings say.
    pub every: Option<u64>,
}

/// How narrow mappings are, whatever they say themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reins {
    /// As they say.
    AsWritten,
    /// One birth in a plan; more of them halt it until the rest.
    OneBirth,
    /// Lists look back so many minutes, and so many further than the watermark.
    Back {
        /// The window.
        minutes: u64,
        /// The overlap.
        further: u64,
    },
}

impl Script {
    /// A mapping as this history runs it.
    pub(super) fn on(&self, mapping: &Arc<Mapping>) -> Arc<Mapping> {
        let mut mapping = Arc::clone(mapping);
        if let Some(minutes) = self.every {
            Arc::make_mut(&mut mapping).schedule.every_ms = minutes * MINUTE_MS;
        }
        match self.reins {
            Reins::AsWritten => {}
            Reins::OneBirth => Arc::make_mut(&mut mapping).limits.creates = 1,
            Reins::Back { minutes, further } => {
                let schedule = &mut Arc::make_mut(&mut mapping).schedule;
                if schedule.window != Span::Today {
                    schedule.window = Span::Last(minutes * MINUTE_MS);
                    schedule.overlap_ms = further * MINUTE_MS;
                    schedule.full_ms = None;
                }
            }
        }
        mapping
    }
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Its number in the script.
    pub number: usize,
    /// When, in milliseconds since the start.
    pub at_ms: u64,
    /// Where its own chance comes from.
    pub seed: u64,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A person makes a record.
    Add,
    /// A person edits one.
    Edit,
    /// A person puts back what stood there before the last edit.
    ChangeBack,
    /// A person deletes a record.
    Remove,
    /// From now on calls to one system meet this fault, written as fault rules are.
    Strike(String),
    /// Nothing strikes calls any more.
    Calm,
    /// The process dies so many steps from now, with or without the power, and starts again later.
    Crash {
        /// Steps of the process: calls that leave or are answered, writes to the store.
        steps: u64,
        /// What was not flushed may go as well.
        power: bool,
        /// How long it stays down, in milliseconds.
        down_ms: u64,
    },
    /// The workspace is edited and taken over.
    Reload,
    /// Somebody asks for a cycle beside the schedule.
    Trigger {
        /// It compares everything.
        full: bool,
    },
    /// Somebody looks at the plan.
    Look,
    /// Every token ends.
    Expire,
    /// The clock of the machine is set, by so many milliseconds.
    SetClock(i64),
}

impl What {
    /// Its kind, for counts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Edit => "edit",
            Self::ChangeBack => "change-back",
            Self::Remove => "remove",
            Self::Strike(_) => "strike",
            Self::Calm => "calm",
            Self::Crash { power: false, .. } => "crash",
            Self::Crash { power: true, .. } => "power-cut",
            Self::Reload => "reload",
            Self::Trigger { .. } => "trigger",
            Self::Look => "look",
            Self::Expire => "expire",
            Self::SetClock(_) => "set-clock",
        }
    }

    /// True for what people do to records.
    pub const fn is_human(&self) -> bool {
        matches!(self, Self::Add | Self::Edit | Self::ChangeBack | Self::Remove)
    }
}

/// Between two cycles of the shipped mappings, in milliseconds; acts like to happen while one runs.
const POLL_MS: u64 = 600_000;
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 86_400_000;

/// Faults that strike calls, and how hard, as fault rules; `{n}` is a chance in per cent.
const STRIKES: [&str; 20] = [
    "refuse:*:{n}%",
    "delay:*:{n}%:2500",
    "delay:*:{n}%:61000",
    "throttle:*:{n}%:7",
    "throttle:*:{n}%",
    "block:*:1:120",
    "lose-answer:*:{n}%",
    "drop-before:*:{n}%",
    "bad-gateway:*:{n}%",
    "broken-after-commit:*:{n}%",
    "truncate:*:{n}%",
    "stale-list:*:{n}%:900",
    "shift-pages:*:{n}%:1",
    "shift-pages:*:{n}%:-1",
    "empty-list:*:{n}%",
    "html:*:{n}%",
    "missing-field:*:{n}%",
    "repeat-answer:*:{n}%",
    "deliver-twice:*:3:1",
    "deliver-twice:*:3:2",
];

/// Draws a history.
pub fn script(seed: u64, setting: &Setting) -> Script {
    let mut random = Rng::with_seed(seed);
    let days = u64::from(setting.days.max(1));
    let rough = setting.faults != Severity::None && seed.is_multiple_of(4);
    let calm = !rough && random.u8(0..6) == 0;
    let rest_ms = days * DAY_MS;
    let mut draw = Draw { random: &mut random, rest_ms, poll_ms: setting.poll_ms(), rough, acts: Vec::new() };
    if calm {
        draw.calmly(setting.faults);
    } else {
        draw.people(days);
        draw.trouble(setting.faults, days);
    }
    let mut acts = draw.acts;
    acts.sort_by_key(|act| act.at_ms);
    for (number, act) in acts.iter_mut().enumerate() {
        act.number = number;
    }
    let records = 1 + random.usize(0..setting.records.max(1));
    let cast = random.usize(..);
    let reins = match random.u8(0..4) {
        0 if rough => Reins::OneBirth,
        1 if rough => Reins::Back { minutes: 1, further: 1 },
        2 if rough => Reins::Back { minutes: 20, further: 5 },
        _ => Reins::AsWritten,
    };
    let accounts = setting.accounts.max(1);
    Script { seed, cast, records, accounts, acts, rest_ms, calm, reins, every: setting.every }
}

struct Draw<'a> {
    random: &'a mut Rng,
    rest_ms: u64,
    poll_ms: u64,
    /// Trouble begins while nothing is known yet.
    rough: bool,
    acts: Vec<Act>,
}

impl Draw<'_> {
    fn put(&mut self, at_ms: u64, what: What) {
        let seed = self.random.u64(..);
        self.acts.push(Act { number: 0, at_ms: at_ms.min(self.rest_ms - 1), seed, what });
    }

    /// A moment, often one at which a cycle has just begun.
    fn moment(&mut self) -> u64 {
        let at_ms = self.random.u64(0..self.rest_ms);
        if self.random.u8(0..5) < 2 { at_ms - at_ms % self.poll_ms + self.random.u64(0..4_000) } else { at_ms }
    }

    fn human(&mut self) -> What {
        match self.random.u8(0..20) {
            0..=2 => What::Add,
            3 => What::Remove,
            4..=6 => What::ChangeBack,
            _ => What::Edit,
        }
    }

    fn people(&mut self, days: u64) {
        let count = self.random.u64(3..=14 * days);
        for _ in 0..count {
            let (at_ms, what) = (self.moment(), self.human());
            self.put(at_ms, what);
            // Somebody else may be at it at the same time.
            for _ in 0..self.random.u8(0..3) {
                let after_ms = self.random.u64(0..5_000);
                let what = self.human();
                self.put(at_ms + after_ms, what);
            }
        }
    }

    fn trouble(&mut self, faults: Severity, days: u64) {
        for _ in 0..self.random.u64(0..=2 * days) {
            let what = match self.random.u8(0..4) {
                0 => What::Reload,
                1 => What::Look,
                _ => What::Trigger { full: self.random.u8(0..4) == 0 },
            };
            let at_ms = self.moment();
            self.put(at_ms, what);
        }
        let most = match faults {
            Severity::None => return,
            Severity::Mild => 2 * days,
            Severity::Harsh => 10 * days,
        };
        for _ in 0..self.random.u64(0..=most) {
            let first = self.rough && self.random.bool();
            let at_ms = if first { 0 } else { self.moment() };
            let rule = self.rule(faults);
            // A first list that says of itself that nothing is there cannot be told from an empty one.
            let rule = if first { rule.replace("empty-list:*", "empty-list:GET") } else { rule };
            self.put(at_ms, What::Strike(rule));
            let lasts_ms = self.random.u64(1..=12) * self.poll_ms;
            self.put(at_ms + lasts_ms, What::Calm);
        }
        for _ in 0..self.random.u64(0..=most) {
            let at_ms = self.moment();
            let what = match self.random.u8(0..8) {
                0 => What::Expire,
                1 => What::SetClock(self.random.i64(-90_000..=90_000)),
                _ => self.crash(),
            };
            self.put(at_ms, what);
        }
    }

    fn crash(&mut self) -> What {
        What::Crash {
            steps: self.random.u64(1..60),
            power: self.random.bool(),
            down_ms: self.random.u64(1_000..3 * self.poll_ms),
        }
    }

    fn rule(&mut self, faults: Severity) -> String {
        let most = if faults == Severity::Harsh { 60 } else { 15 };
        let strike = self.random.choice(STRIKES).unwrap_or_default();
        strike.replace("{n}", &self.random.u8(1..=most).to_string())
    }

    /// One edit at a time, each long done before the next; what a crash may do in between.
    fn calmly(&mut self, faults: Severity) {
        let pause_ms = 4 * self.poll_ms;
        let mut at_ms = pause_ms;
        while at_ms + pause_ms < self.rest_ms {
            let what = if self.random.u8(0..6) == 0 { What::Add } else { What::Edit };
            self.put(at_ms, what);
            if faults != Severity::None && self.random.bool() {
                let within_ms = self.random.u64(0..self.poll_ms);
                let what = self.crash();
                self.put(at_ms + within_ms, what);
            }
            at_ms += pause_ms + self.random.u64(0..2 * pause_ms);
        }
    }
}

impl Script {
    /// The same history with only these acts.
    #[must_use]
    pub fn only(&self, numbers: &[usize]) -> Self {
        let kept = self.acts.iter().filter(|act| numbers.contains(&act.number));
        Self { acts: kept.cloned().collect(), ..self.clone() }
    }

    /// True when the clock of the machine is set in it.
    pub fn sets_clock(&self) -> bool {
        self.acts.iter().any(|act| matches!(act.what, What::SetClock(_)))
    }

    /// The same history in which the process never dies.
    #[must_use]
    pub fn without_crashes(&self) -> Self {
        let kept = self.acts.iter().filter(|act| !matches!(act.what, What::Crash { .. }));
        Self { acts: kept.cloned().collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_history_and_another_seed_another() {
        let setting = Setting { days: 2, faults: Severity::Harsh, ..Setting::default() };
        assert_eq!(script(7, &setting), script(7, &setting));
        assert_ne!(script(7, &setting), script(8, &setting));
        let kinds: std::collections::BTreeSet<&str> =
            (0..300).flat_map(|seed| script(seed, &setting).acts).map(|act| act.what.name()).collect();
        assert_eq!(kinds.len(), 13, "{kinds:?}");
    }

    #[test]
    fn acts_come_in_the_order_of_time_and_end_with_the_rest() {
        for seed in 0..200 {
            let script = script(seed, &Setting::default());
            assert!(script.acts.is_sorted_by_key(|act| act.at_ms));
            assert!(script.acts.iter().enumerate().all(|(at, act)| act.number == at && act.at_ms < script.rest_ms));
        }
    }

    #[test]
    fn without_faults_only_people_act() {
        let setting = Setting { faults: Severity::None, ..Setting::default() };
        for seed in 0..200 {
            let quiet = |what: &What| !matches!(what, What::Strike(_) | What::Crash { .. } | What::SetClock(_));
            assert!(script(seed, &setting).acts.iter().all(|act| quiet(&act.what)));
        }
    }

    #[test]
    fn what_is_left_out_changes_nothing_about_the_rest() {
        let whole = script(3, &Setting::default());
        let some = whole.only(&[0, 2]);
        assert_eq!(some.acts, [whole.acts[0].clone(), whole.acts[2].clone()]);
    }
}
