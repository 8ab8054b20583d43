//! The alarm works: engines that are wrong on purpose are noticed, each within so many histories, and
//! the right one lives through the same histories.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use super::world::LEFT_OVER;
use super::*;
use crate::config::files::carried;
use crate::flaw::Flaw;

/// Texts of files, and what stands in their place.
type Edits = &'static [(&'static str, &'static str)];

/// Histories that a mistake may take to be noticed.
const WITHIN: usize = 120;

/// What must be noticed.
struct Alarm {
    /// The mistake; nothing when it is in the files of the workspace.
    flaw: Option<Flaw>,
    /// Texts of the workspace, and what stands in their place.
    edits: Edits,
    faults: Severity,
    /// The power fails during the first cycles.
    power_cut: bool,
    /// What strikes a system from the first moment on.
    strike: Option<&'static str>,
    /// The seed to begin with, and how far it is to the next: every fourth history is rough.
    first: u64,
    step: usize,
    /// One of the invariants that break.
    breaks: &'static str,
}

impl Alarm {
    const fn of(flaw: Flaw, breaks: &'static str, first: u64) -> Self {
        Self {
            flaw: Some(flaw),
            edits: &[],
            faults: Severity::Mild,
            power_cut: false,
            strike: None,
            first,
            step: 1,
            breaks,
        }
    }

    const fn rough(flaw: Flaw, breaks: &'static str, first: u64) -> Self {
        Self { step: 4, ..Self::of(flaw, breaks, first) }
    }

    const fn struck(flaw: Flaw, strike: &'static str, breaks: &'static str, first: u64) -> Self {
        Self { strike: Some(strike), ..Self::of(flaw, breaks, first) }
    }

    const fn edited(edits: Edits, breaks: &'static str, first: u64) -> Self {
        Self { flaw: None, edits, faults: Severity::Mild, power_cut: false, strike: None, first, step: 1, breaks }
    }

    fn named(&self) -> String {
        self.flaw.map_or_else(|| format!("{:?}", self.edits), |flaw| format!("{flaw:?}"))
    }

    fn history(&self, stage: &Stage, seed: u64) -> BTreeSet<&'static str> {
        let mut script = script(seed, &Setting { faults: self.faults, ..Setting::default() });
        let cut = What::Crash { steps: 10 + seed, power: true, down_ms: 60_000 };
        let cut = self.power_cut.then_some(Act { number: 0, at_ms: 0, seed, what: cut });
        let strike = self.strike.map(|rule| Act { number: 0, at_ms: 0, seed, what: What::Strike(rule.to_owned()) });
        script.acts.splice(0..0, cut.into_iter().chain(strike));
        let outcome = history(stage, &script);
        let left_over = outcome.counts.get(LEFT_OVER).is_some_and(|times| *times > 0);
        outcome.broken.iter().map(|one| one.invariant).chain(left_over.then_some(LEFT_OVER)).collect()
    }
}

/// The mapping of clients that is last by name, in a workspace with these edits.
fn stage(edits: Edits) -> Stage {
    let mut files = carried();
    let name = files.keys().rfind(|name| name.ends_with("/clientes.yaml")).cloned().unwrap();
    for (from, to) in edits {
        assert!(files.values().any(|text| text.contains(from)), "nobody writes `{from}`");
        files.values_mut().for_each(|text| *text = text.replace(from, to));
    }
    let mapping = name.trim_start_matches("mappings/").trim_end_matches(".yaml");
    Stage::open(&files, Some(mapping)).unwrap()
}

/// The first seed in which a mistake breaks what it must, and the right engine does not.
fn noticed(alarm: &Alarm, plain: &Stage) -> Option<u64> {
    let edited = (!alarm.edits.is_empty()).then(|| stage(alarm.edits));
    let wrong = edited.as_ref().unwrap_or(plain);
    let sound = if alarm.flaw.is_some() { wrong } else { plain };
    let breaks = |stage: &Stage, seed: u64| alarm.history(stage, seed).contains(alarm.breaks);
    (alarm.first..).step_by(alarm.step).take(WITHIN).find(|seed| {
        let on = alarm.flaw.map(Flaw::on);
        let broken = breaks(wrong, *seed);
        drop(on);
        broken && !breaks(sound, *seed)
    })
}

// Twins are then known by their documents alone, and not every one has a document.
const NAMELESS: Edits = &[("CPF or CNPJ.\nmatch:\n  - ", "CPF or CNPJ.\nmatch:\n  # ")];

const ALARMS: &[Alarm] = &[
    Alarm::struck(Flaw::LostCreateForgotten, "lose-answer:*:40%", "I6", 1),
    Alarm::struck(Flaw::LostCreateForgotten, "lose-answer:*:40%", "I2", 1),
    Alarm::struck(Flaw::LostCreateRepeated, "lose-answer:*:40%", "I6", 1),
    Alarm::struck(Flaw::LostCreateRepeated, "lose-answer:*:40%", "I2", 1),
    Alarm::struck(Flaw::BornInHoles, "shift-pages:*:60%:1", "I2", 1),
    Alarm::struck(Flaw::BornInHoles, "empty-list:GET:60%", "I2", 1),
    Alarm::struck(Flaw::StaleAccepted, "stale-list:*:60%:900", "I3", 1),
    Alarm::struck(Flaw::StaleAccepted, "stale-list:*:60%:900", "I4", 1),
    Alarm::struck(Flaw::MarkOnFailure, "bad-gateway:*:30%", LEFT_OVER, 1),
    Alarm::struck(Flaw::NothingFlushed, "delay:*:20%:2500", "I3", 1),
];

#[test]
fn every_mistake_is_noticed() {
    let (plain, queue) = (stage(&[]), Mutex::new(ALARMS.iter()));
    let missed = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap().next();
    let work = || {
        while let Some(alarm) = next() {
            let found = noticed(alarm, &plain);
            println!("{} {} {found:?}", alarm.named(), alarm.breaks);
            if found.is_none() {
                missed.lock().unwrap().push(alarm.named());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            thread::Builder::new().stack_size(8 << 20).spawn_scoped(scope, work).unwrap();
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "not noticed: {missed:?}");
}
