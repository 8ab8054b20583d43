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
pub(super) type Edits = &'static [(&'static str, &'static str)];

/// Histories that a mistake may take to be noticed.
const WITHIN: u64 = 40;

/// What must be noticed.
struct Alarm {
    /// The mistake; nothing when it is in the files of the workspace.
    flaw: Option<Flaw>,
    /// Texts of the workspace, and what stands in their place.
    edits: Edits,
    faults: Severity,
    accounts: usize,
    /// The power fails during the first cycles.
    power_cut: bool,
    /// What strikes all systems from the first call on.
    strike: Option<&'static str>,
    /// The seed to begin with.
    first: u64,
    /// One of the invariants that break.
    breaks: &'static str,
}

impl Alarm {
    const fn of(flaw: Flaw, breaks: &'static str, first: u64) -> Self {
        let (faults, edits) = (Severity::Mild, &[]);
        Self { flaw: Some(flaw), edits, faults, accounts: 1, power_cut: false, strike: None, first, breaks }
    }

    const fn harsh(flaw: Flaw, breaks: &'static str, first: u64) -> Self {
        Self { faults: Severity::Harsh, ..Self::of(flaw, breaks, first) }
    }

    const fn edited(edits: Edits, breaks: &'static str, first: u64) -> Self {
        let faults = Severity::Mild;
        Self { flaw: None, edits, faults, accounts: 1, power_cut: false, strike: None, first, breaks }
    }

    fn named(&self) -> String {
        self.flaw.map_or_else(|| format!("{:?}", self.edits), |flaw| format!("{flaw:?}"))
    }

    fn history(&self, stage: &Stage, seed: u64) -> BTreeSet<&'static str> {
        let mut script = script(seed, &Setting { faults: self.faults, accounts: self.accounts, ..Setting::default() });
        let cut = What::Crash { steps: 10 + seed, power: true, down_ms: 60_000 };
        let cut = self.power_cut.then_some(Act { number: 0, at_ms: 0, seed, what: cut });
        let strike = self.strike.into_iter().flat_map(|rule| (0..4).map(move |seed| (rule, seed)));
        let strike = strike.map(|(rule, seed)| Act { number: 0, at_ms: 0, seed, what: What::Strike(rule.to_owned()) });
        script.acts.splice(0..0, cut.into_iter().chain(strike));
        let outcome = history(stage, &script);
        let left_over = outcome.counts.get(LEFT_OVER).is_some_and(|times| *times > 0);
        outcome.broken.iter().map(|one| one.invariant).chain(left_over.then_some(LEFT_OVER)).collect()
    }
}

/// The mapping of clients that is last by name, in a workspace with these edits.
pub(super) fn stage(edits: Edits) -> Stage {
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
    (alarm.first..alarm.first + WITHIN).find(|seed| {
        let on = alarm.flaw.map(Flaw::on);
        let broken = breaks(wrong, *seed);
        drop(on);
        broken && !breaks(sound, *seed)
    })
}

// Twins are then known by their documents alone, and not every one has a document.
const NAMELESS: Edits = &[("CPF or CNPJ.\nmatch:\n  - ", "CPF or CNPJ.\nmatch:\n  # ")];

const ALARMS: &[Alarm] = &[
    Alarm::harsh(Flaw::MarkOnFailure, LEFT_OVER, 96),
    Alarm::harsh(Flaw::TwoAtOnce, "I8", 41),
    Alarm::of(Flaw::BaseAtSend, "I3", 45),
    Alarm { power_cut: true, edits: NAMELESS, ..Alarm::of(Flaw::IntentNotFlushed, "I2", 22) },
    Alarm::harsh(Flaw::NothingFlushed, "I3", 81),
    Alarm::of(Flaw::EchoIsEdit, "I3", 20),
    Alarm::of(Flaw::OneBase, "I1", 1),
    Alarm::of(Flaw::AbsenceIsDeath, "I3", 1),
    Alarm::of(Flaw::ListReplaced, "I5", 16),
    Alarm::harsh(Flaw::FallbackComesBack, "I4", 235),
    Alarm { strike: Some("lose-answer:*:20%"), edits: NAMELESS, ..Alarm::of(Flaw::LostCreateForgotten, "I2", 14) },
    Alarm { strike: Some("lose-answer:*:20%"), edits: NAMELESS, ..Alarm::of(Flaw::LostCreateRepeated, "I2", 1) },
    Alarm::of(Flaw::LoserNotTold, "I3", 4),
    Alarm::of(Flaw::TombstoneForgotten, "I3", 1),
    Alarm::of(Flaw::PaceForgotten, "I6", 29),
    Alarm::of(Flaw::RemovedReturns, "I3", 25),
    Alarm::of(Flaw::OneWayBack, "I5", 62),
    Alarm::of(Flaw::RestEmptied, "I5", 1),
    Alarm::of(Flaw::EmptyWins, "I3", 1),
    Alarm::of(Flaw::ClearedNotSent, "I3", 2),
    Alarm::of(Flaw::PlanWrites, "I8", 17),
    Alarm::of(Flaw::RefusedAgain, "I1", 2),
    Alarm::of(Flaw::HaltIgnored, "I9", 12),
    Alarm { strike: Some("stale-list:*:40%:900"), ..Alarm::of(Flaw::StaleAccepted, "I3", 10) },
    Alarm::of(Flaw::MappingEditUnnoticed, LEFT_OVER, 136),
    Alarm { accounts: 2, ..Alarm::of(Flaw::AccountForgotten, "I2", 1) },
    Alarm::edited(&[("at_once: { call: 1, all: 4 }", "at_once: { call: 2, all: 4 }")], "I6", 1),
    Alarm::edited(&[("same_call: 61s", "same_call: 59s")], "I6", 12),
];

#[test]
fn every_mistake_is_noticed() {
    let (plain, queue) = (stage(&[]), Mutex::new(ALARMS.iter()));
    let missed = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap().next();
    let work = || {
        while let Some(alarm) = next() {
            let found = noticed(alarm, &plain);
            println!("{} {found:?}", alarm.named());
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

/// Whose twin a list with holes did not show is born twice. It takes short pages, of which not every system has any.
#[test]
fn who_is_born_in_a_hole_is_noticed() {
    let files = carried();
    let name = files.keys().find(|name| name.ends_with("/clientes.yaml")).unwrap();
    let mapping = name.trim_start_matches("mappings/").trim_end_matches(".yaml");
    let stage = Stage::open(&files, Some(mapping)).unwrap();
    let alarm = Alarm { strike: Some("shift-pages:*:50%:3"), ..Alarm::of(Flaw::BornInHoles, "I2", 117) };
    let found = noticed(&alarm, &stage);
    println!("{} {found:?}", alarm.named());
    assert!(found.is_some());
}

/// Two mappings write one record in one cycle: the first must carry on what the second one wrote. So it must with what
/// another application wrote, for which some systems sign as for us.
#[test]
fn who_signs_as_we_do_is_not_always_us() {
    let stage = Stage::open(&carried(), None).unwrap();
    let rare = Setting { every: Some(240), faults: Severity::Harsh, records: 30, days: 2, ..Setting::default() };
    for (flaw, seed) in [(Flaw::SiblingIsEcho, 640_296), (Flaw::SignatureIsEnough, 640_075)] {
        let broken = || history(&stage, &script(seed, &rare)).broken;
        assert_eq!(broken(), [], "seed {seed}");
        let on = Flaw::on(flaw);
        assert!(broken().iter().any(|one| one.invariant == "I3"), "{flaw:?}");
        drop(on);
    }
}
