//! Laws: what comes back of a value that goes to the other side, line by line.
//!
//! A value is read on one side, written to the other, read there as its system shows it, written back
//! and read again. What must hold of it is said by a [`Law`]; the line's verdict is the worst that any
//! value found. Then the engine itself runs on the same records, and must be done with one write.

mod home;
mod settle;
mod stage;
mod tally;
mod trip;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::Case;
use crate::config::line::Law;
use crate::config::mapping::Arrow;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::mapping::Mapping;
use crate::mapping::field::At;
use crate::record::{Rows, Side, Sides};
use crate::workspace::Workspace;
use settle::Bench;
use stage::Stage;
use tally::Tally;
pub use tally::{Aside, Cause, Way, Witness};

/// What the laws say of one mapping.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its name.
    pub mapping: String,
    /// Its name for people.
    pub title: String,
    /// The names of the two systems, for people.
    pub systems: Sides<String>,
    /// Which way it points.
    pub arrow: Arrow,
    /// Its lines, in the order written.
    pub lines: Vec<Line>,
    /// Records that values were taken from.
    pub records: usize,
    /// Runs of the engine.
    pub runs: usize,
    /// Runs that were not done with one write.
    pub unsettled: Vec<Unsettled>,
}

/// What the laws say of one line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name for people.
    pub label: String,
    /// The group it belongs to, because of a rule or of conflicts.
    pub group: Option<String>,
    /// Which way it points.
    pub arrow: Arrow,
    /// Where it is written.
    pub place: Place,
    /// What becomes of values that go to a side; nothing where none do.
    pub ways: Sides<Option<Way>>,
    /// Sides on which the rule of its group gave it no value, of any record, while others of the group had one.
    pub unread: Sides<bool>,
}

/// A run of the engine that was not done with one write.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsettled {
    /// The side whose record was new or changed.
    pub from: Side,
    /// The line that is written again, by index.
    pub field: usize,
    /// What that record showed there.
    pub given: Value,
    /// The side that is written again, and with what.
    pub again: (Side, Value),
}

/// Records that an account really holds.
pub struct Live {
    /// The mapping, with the account's parameters.
    pub mapping: Arc<Mapping>,
    /// The records.
    pub records: Sides<Vec<Value>>,
    /// What they look into.
    pub rows: Rows,
    /// The day they were read.
    pub today: Option<String>,
}

/// Says of each mapping whose name is `only`, or of all, what becomes of its values: those of its cases,
/// generated ones, and those of live records where there are any. Tells which lines break a promise.
pub fn laws(
    workspace: &Workspace,
    only: Option<&str>,
    live: &BTreeMap<String, Vec<Live>>,
) -> (Vec<Report>, Diagnostics) {
    let cases = super::read(workspace, &mut Diagnostics::default());
    let wanted = workspace.mappings.values().filter(|one| only.is_none_or(|name| name == one.name));
    let reports = wanted.map(|mapping| {
        let own: Vec<&Case> = cases.iter().filter(|case| case.mapping.name == mapping.name).collect();
        let mut stages = stage::of_cases(&own);
        stages.extend(stage::generated(workspace, mapping, &own));
        let live = live.get(&mapping.name).into_iter().flatten();
        stages.extend(
            live.filter_map(|one| Stage::new(&one.mapping, one.rows.clone(), one.today.clone(), one.records.clone())),
        );
        report(workspace, mapping, &stages)
    });
    told(workspace, reports.collect())
}

fn report(workspace: &Workspace, mapping: &Mapping, stages: &[Stage]) -> Report {
    let mut tallies: Vec<Sides<Tally>> = mapping.fields.iter().map(|_| Sides::default()).collect();
    let mut seen = BTreeSet::new();
    let mut bench = Bench::new(Sides::each(|side| values::required(workspace, mapping, side, stages)));
    let mut records = 0;
    for stage in stages {
        for side in Side::BOTH {
            for body in stage.records.get(side) {
                records += 1;
                trip::take(stage, side, body, &mut seen, &mut tallies);
                home::take(stage, side, body, &mut seen, &mut tallies);
            }
            bench.run(stage, side);
        }
    }
    let system = |side: Side| {
        let name = &mapping.sides.get(side).system;
        workspace.project.systems.get(name).map_or_else(|| name.clone(), |system| system.title.clone())
    };
    let unread = unread(mapping, &tallies);
    let lines = mapping.fields.iter().zip(tallies).zip(unread).map(|((field, tally), unread)| {
        let way = |side: Side| field.flows_to(side).then(|| tally.get(side).way(field.law.get(side).clone()));
        Line {
            label: field.label.clone(),
            group: mapping.group_of(field).map(str::to_owned),
            arrow: field.arrow,
            place: field.place.clone(),
            ways: Sides::each(way),
            unread,
        }
    });
    Report {
        mapping: mapping.name.clone(),
        title: mapping.title.clone(),
        systems: Sides::each(system),
        arrow: mapping.arrow,
        lines: lines.collect(),
        records,
        runs: bench.runs,
        unsettled: bench.unsettled,
    }
}

/// Where the rule of a group gave a line nothing, while it gave others of the group something.
fn unread(mapping: &Mapping, tallies: &[Sides<Tally>]) -> Vec<Sides<bool>> {
    let given = |index: usize, side: Side| tallies.get(index).is_some_and(|tally| tally.get(side.other()).is_met());
    let view = |index: usize, side: Side| match &mapping.fields.get(index)?.ends.get(side).at {
        At::Member { view, .. } => Some(*view),
        At::Path(_) => None,
    };
    let all = 0..mapping.fields.len();
    let is_unread = |index: usize, side: Side| {
        let flows = mapping.fields.get(index).is_some_and(|field| field.flows_to(side.other()));
        let beside = |other: usize| view(other, side) == view(index, side) && given(other, side);
        view(index, side).is_some() && flows && !given(index, side) && all.clone().any(beside)
    };
    all.clone().map(|index| Sides::each(|side| is_unread(index, side))).collect()
}

/// Complains of every line that breaks its promise, or loses values and does not say so.
fn told(workspace: &Workspace, reports: Vec<Report>) -> (Vec<Report>, Diagnostics) {
    let mut found = Diagnostics { list: Vec::new(), sources: workspace.warnings.sources.clone() };
    for report in &reports {
        for line in &report.lines {
            for side in Side::BOTH {
                // That none arrives there either is the same mistake.
                let never = line.ways.get(side).as_ref().is_some_and(|way| way.law == Some(Law::Never));
                if *line.unread.get(side) && !never {
                    let system = report.systems.get(side);
                    let sentence = format!(
                        "{} gets no value of {system} from any record, while others of its group get theirs",
                        line.label
                    );
                    let hint = "see that the rule gives it under this name, and that some case shows it";
                    found.push(Diagnostic::new(Code::LawUnsaid, &line.place, sentence).hint(hint));
                }
                if let Some(way) = line.ways.get(side) {
                    complain(report.systems.get(side), line, way, &mut found);
                }
            }
        }
        for one in &report.unsettled {
            let Some(line) = report.lines.get(one.field) else { continue };
            let (from, to) = (report.systems.get(one.from), report.systems.get(one.again.0));
            let sentence = format!(
                "{} does not come to rest: with `{}` in {from} it is written to {to} a second time, as `{}`",
                line.label, one.given, one.again.1
            );
            let hint = "see which other line or rule changes it again: one write must be enough";
            found.push(Diagnostic::new(Code::NeverAtRest, &line.place, sentence).hint(hint));
        }
    }
    found.sort();
    (reports, found)
}

fn complain(system: &str, line: &Line, way: &Way, found: &mut Diagnostics) {
    let Some(law) = way.law else { return complain_untried(system, line, way, found) };
    let shown = way.witness.as_ref().map(|witness| format!(": {}", witness.told())).unwrap_or_default();
    match &way.stated {
        Some((stated, place)) if law > *stated => {
            let sentence = format!(
                "{} promises `{}` of what goes to {system}, and it is `{}`{shown}",
                line.label,
                stated.word(),
                law.word()
            );
            let hint = "correct the line or its rule, or promise less";
            found.push(
                Diagnostic::new(Code::LawBroken, place, sentence).related(&line.place, "of this line").hint(hint),
            );
        }
        Some(_) => {}
        None if law > Law::Canon => {
            let word = if law == Law::Never { "never arrives in" } else { "loses detail to" };
            let sentence = format!("{} {word} {system}, and does not say so{shown}", line.label);
            let hint = match (law, line.arrow) {
                (Law::Never, Arrow::Both) => "point the line one way, or correct what keeps its values from arriving",
                _ => "correct the line or its rule, or say so with `law: { system: loses }`",
            };
            found.push(Diagnostic::new(Code::LawUnsaid, &line.place, sentence).hint(hint));
        }
        None => {}
    }
}

/// A promise that no value could show is not kept.
fn complain_untried(system: &str, line: &Line, way: &Way, found: &mut Diagnostics) {
    let Some((stated, place)) = &way.stated else { return };
    let waits = way.waiting.example.as_ref().map(|(value, reason)| format!(": `{value}` waits: {reason}"));
    let sentence = format!(
        "{} promises `{}` of what goes to {system}, and no value came there to show it{}",
        line.label,
        stated.word(),
        waits.unwrap_or_default()
    );
    let hint = "see what keeps values from arriving, or write a case in which one goes there";
    found.push(Diagnostic::new(Code::LawBroken, place, sentence).related(&line.place, "of this line").hint(hint));
}
