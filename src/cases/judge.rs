//! From a plan to facts, and from facts to failures.

use serde_json::Value;

use super::{Case, Fact, Failure, Kind};
use crate::mapping::{LATER, Mapping};
use crate::record::Side;
use crate::sync::Plan;
use crate::sync::plan::{Act, Origin, Planned, Step};

/// All that a plan does.
pub(super) fn facts(mapping: &Mapping, plan: &Plan) -> Vec<Fact> {
    let mut facts = Vec::new();
    for row in &plan.rows {
        facts.push(Fact::found(Kind::NewRow, format!("new row {}", row.reference), Value::from(row.value.as_str())));
    }
    for planned in &plan.pairs {
        pair_facts(mapping, planned, &mut facts);
    }
    for (side, _, trouble) in &plan.unreadable {
        let reason = format!("{} ({})", trouble.reason, trouble.place);
        facts.push(Fact::found(Kind::Held, format!("unreadable {}", system(mapping, *side)), Value::from(reason)));
    }
    if !plan.ambiguous.is_empty() {
        facts.push(Fact::found(Kind::Ambiguous, "ambiguous", Value::from(plan.ambiguous.len())));
    }
    facts
}

fn pair_facts(mapping: &Mapping, planned: &Planned, facts: &mut Vec<Fact>) {
    if planned.origin == Origin::Matched {
        facts.push(Fact::found(Kind::Linked, "linked", Value::Bool(true)));
    }
    if planned.quarantined {
        facts.push(Fact::found(Kind::Quarantined, "quarantined", Value::Bool(true)));
    }
    facts.extend(planned.steps.iter().map(|step| step_fact(mapping, step)));
    for held in &planned.held {
        let place = held.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        let what = match held.field.and_then(|field| mapping.fields.get(field)) {
            Some(field) => format!("waits {}", field.label),
            None => format!("held {}", system(mapping, held.side)),
        };
        facts.push(Fact::found(Kind::Held, what, Value::from(format!("{}{place}", held.reason))));
    }
    for conflict in &planned.conflicts {
        let label = mapping.fields.get(conflict.field).map_or("", |field| field.label.as_str());
        let winner = conflict.winner.map_or("nobody", |side| system(mapping, side));
        facts.push(Fact::found(Kind::Conflict, format!("conflict {label}"), Value::from(winner)));
    }
}

fn step_fact(mapping: &Mapping, step: &Step) -> Fact {
    let (kind, word) = match step.act {
        Act::Create { .. } => (Kind::Create { whole: false }, "create"),
        Act::Update => (Kind::Update, "update"),
        Act::Stamp => (Kind::Stamp, "stamp"),
    };
    Fact::found(kind, format!("{word} {}", system(mapping, step.side)), shown(step.body.value()))
}

/// The name of a side's system; the side itself when both are the same.
pub(super) fn system(mapping: &Mapping, side: Side) -> &str {
    let name = mapping.sides.get(side).system.as_str();
    let same = name == mapping.sides.get(side.other()).system;
    match side {
        Side::Left if same => "left",
        Side::Right if same => "right",
        Side::Left | Side::Right => name,
    }
}

/// A body as a case writes it: what is only known later stands as `{id}` or `{vip}`.
fn shown(body: Value) -> Value {
    match body {
        Value::Object(map) => match map.get(LATER) {
            Some(later) => {
                let name = later.get("value").and_then(Value::as_str).unwrap_or("id");
                Value::from(format!("{{{name}}}"))
            }
            None => Value::Object(map.into_iter().map(|(key, value)| (key, shown(value))).collect()),
        },
        Value::Array(list) => list.into_iter().map(shown).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body,
    }
}

/// What was otherwise than expected.
pub(super) fn compare(case: &Case, mut found: Vec<Fact>) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut missed = Vec::new();
    for expected in &case.expected {
        match found.iter().position(|fact| expected.accepts(fact)) {
            Some(at) => drop(found.remove(at)),
            None => missed.push(expected),
        }
    }
    for expected in missed {
        let near = found.iter().position(|fact| fact.what == expected.what).map(|at| found.remove(at));
        failures.push(Failure {
            what: expected.what.clone(),
            expected: expected.text(),
            found: near.map_or_else(|| "nothing".to_owned(), |fact| fact.text()),
            place: expected.place.clone().unwrap_or_else(|| case.place.clone()),
        });
    }
    for fact in found.into_iter().filter(|fact| fact.kind != Kind::Stamp) {
        failures.push(case.failure(&fact.what, "nothing", fact.text()));
    }
    failures
}
