//! Cases: written examples of what a mapping must do, run for `depara test` and `cargo test` alike.
//!
//! A case gives records, and says what the plan must be. What the plan does and the case does not
//! expect is a failure. After a pass the planned bodies are applied, as the systems would hold them,
//! and the second plan must send nothing.

pub mod capture;
pub mod coverage;
mod expect;
mod judge;
pub mod mutants;
mod parts;
mod read;
mod touched;
mod world;

use std::sync::Arc;

use serde_json::Value;

use crate::config::located::Located;
use crate::diagnostic::{Diagnostics, Place};
use crate::mapping::Mapping;
use crate::record::{Rows, Side, Sides};
use crate::workspace::Workspace;
use expect::{Fact, Kind};
use world::World;

/// What became of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseOutcome {
    /// The file.
    pub file: String,
    /// `case:`, its title.
    pub title: String,
    /// Where it begins.
    pub place: Place,
    /// What was otherwise than expected; a case without any passed.
    pub failures: Vec<Failure>,
}

/// One thing that was otherwise than expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What it is about, such as `update crm`.
    pub what: String,
    /// What the case expects.
    pub expected: String,
    /// What the plan does.
    pub found: String,
    /// Where the case says so.
    pub place: Place,
}

/// The outcomes of all cases, and complaints about those that cannot be read.
#[derive(Debug, Default)]
pub struct Tested {
    /// The outcomes, in the order of the files.
    pub outcomes: Vec<CaseOutcome>,
    /// What is wrong with cases as written.
    pub complaints: Diagnostics,
}

impl Tested {
    /// True when every case could be read and passed.
    pub fn is_clean(&self) -> bool {
        self.complaints.is_clean() && self.outcomes.iter().all(|outcome| outcome.failures.is_empty())
    }
}

/// A case, ready to run.
#[derive(Clone)]
pub struct Case {
    file: String,
    title: String,
    place: Place,
    mapping: Arc<Mapping>,
    /// The day it plays on.
    today: Option<String>,
    lookups: Rows,
    records: Sides<Vec<Value>>,
    /// What the first record of each side held at the last agreement, where that differs from now.
    base: Option<Sides<Value>>,
    changed_ms: Sides<Option<i64>>,
    /// What the first record of a side held when its write was refused, where that differs from now.
    quarantined: Sides<Option<Value>>,
    answers: Vec<(usize, Side)>,
    expected: Vec<Fact>,
    settles: bool,
}

/// Runs the cases of a workspace whose file or title holds `filter`.
pub fn run(workspace: &Workspace, filter: Option<&str>) -> Tested {
    let mut tested = Tested::default();
    let cases = read(workspace, &mut tested.complaints);
    let wanted = |case: &&Case| filter.is_none_or(|word| case.file.contains(word) || case.title.contains(word));
    tested.outcomes = cases.iter().filter(wanted).map(Case::run).collect();
    tested
}

/// Reads the cases of a workspace; complains about every one that cannot be run.
pub fn read(workspace: &Workspace, complaints: &mut Diagnostics) -> Vec<Case> {
    let written = &workspace.project.cases;
    written.iter().filter_map(|(file, tree)| read_one(file, tree, workspace, complaints)).collect()
}

fn read_one(file: &str, tree: &Located, workspace: &Workspace, complaints: &mut Diagnostics) -> Option<Case> {
    read::case(file, tree, workspace, complaints)
}

impl Case {
    /// Plans, compares with what is expected, applies the plan and plans again.
    pub fn run(&self) -> CaseOutcome {
        let failures =
            World::of(self).map_or_else(|why| vec![self.failure("read", "a plan", why)], |world| self.judge(&world));
        CaseOutcome { file: self.file.clone(), title: self.title.clone(), place: self.place.clone(), failures }
    }

    /// The same case for another mapping of the same lines.
    fn on(&self, mapping: Arc<Mapping>) -> Self {
        Self { mapping, ..self.clone() }
    }

    /// What the records of a side hold, and what the first of them held at the last agreement.
    fn bodies(&self, side: Side) -> Vec<Value> {
        let now = self.records.get(side);
        let before = self.base.as_ref().map(|base| base.get(side)).zip(now.first());
        let then = before.map(|(base, first)| world::overlaid(first, base));
        now.iter().cloned().chain(then).collect()
    }

    fn judge(&self, world: &World) -> Vec<Failure> {
        let plan = match world.plan() {
            Ok(plan) => plan,
            Err(why) => return vec![self.failure("plan", "a plan", why)],
        };
        let mut failures = judge::compare(self, judge::facts(&self.mapping, &plan));
        if failures.is_empty() && self.settles {
            // Once with systems that answer a write with the record, once with systems that do not.
            for tells in [true, false] {
                let sent = match world.after(&plan, tells).and_then(|after| after.plan()) {
                    Ok(second) => judge::facts(&self.mapping, &second),
                    Err(why) => return vec![self.failure("second plan", "a plan", why)],
                };
                let sent = sent.into_iter().filter(|fact| fact.kind.sends());
                failures.extend(sent.map(|fact| {
                    let told = if tells { "" } else { ", when answers tell only the id" };
                    self.failure(&format!("second plan{told}: {}", fact.what), "nothing to send", fact.text())
                }));
            }
        }
        failures
    }

    fn failure(&self, what: &str, expected: &str, found: String) -> Failure {
        Failure { what: what.to_owned(), expected: expected.to_owned(), found, place: self.place.clone() }
    }
}
