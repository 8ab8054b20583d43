//! What the journal is told: what happened, to which records, and all that `explain` answers from.
//!
//! A line says what was known when it was written, since nobody asks a system again: what moved, from
//! what to what, why, by which line and rules, who had touched the records, and the call that carried it.

use serde_json::{Map, Value, json};

use super::carry::Carried;
use super::{Error, Runner};
use crate::connector::Outcome;
use crate::mapping::field::Field;
use crate::mapping::print_of;
use crate::record::{Side, Sides};
use crate::store::{Change, Entry};
use crate::sync::Snapshot;
use crate::sync::merge::Why;
use crate::sync::plan::{Act, Held, Planned, Step};
use crate::sync::settle::Image;

/// Longest value that the journal keeps whole, in bytes: with it a line is bounded, and so is the journal.
const VALUE_MAX: usize = 2_000;

impl Runner {
    /// A line of the journal.
    pub(super) fn entry(&self, cycle: u64, ids: Sides<Option<String>>, event: &str, why: &str) -> Change {
        self.entry_of(cycle, ids, event, json!({ "why": why }))
    }

    pub(super) fn entry_of(&self, cycle: u64, ids: Sides<Option<String>>, event: &str, details: Value) -> Change {
        Change::Journal(Entry { at_ms: self.clock.now_ms(), cycle, ids, event: event.to_owned(), details })
    }

    /// The line of a step that did what it should.
    pub(super) fn told(
        &self,
        (cycle, snapshot): (u64, &Snapshot),
        ids: &Sides<Option<String>>,
        planned: &Planned,
        carried: &Carried,
        now: &Sides<Image>,
    ) -> Change {
        let event = match carried.step.act {
            Act::Create { .. } => "RecordCreated",
            Act::Update => "RecordUpdated",
            Act::Stamp => "RecordStamped",
        };
        self.entry_of(cycle, ids.clone(), event, Value::Object(self.facts(snapshot, planned, carried, now)))
    }

    /// The line of a step that did not.
    pub(super) fn untold(
        &self,
        (cycle, snapshot): (u64, &Snapshot),
        (event, why): (&str, &str),
        planned: &Planned,
        carried: &Carried,
        now: &Sides<Image>,
    ) -> Change {
        let mut details = self.facts(snapshot, planned, carried, now);
        details.insert("why".to_owned(), Value::from(why));
        self.entry_of(cycle, planned.ids.clone(), event, Value::Object(details))
    }

    /// What is known of a step: what it moves, who had touched the records, the call that carried it.
    fn facts(
        &self,
        snapshot: &Snapshot,
        planned: &Planned,
        carried: &Carried,
        now: &Sides<Image>,
    ) -> Map<String, Value> {
        let Carried { step, outcome, sent } = carried;
        let system = &self.mapping.sides.get(step.side).system;
        let call = json!({ "name": sent.call, "outcome": outcome.word(), "tries": sent.tries });
        let facts = [
            ("in", Value::from(system.as_str())),
            ("name", Value::from(planned.name.as_str())),
            ("fields", Value::Object(self.moved(planned, step, now))),
            ("seen", seen(planned, snapshot)),
        ];
        let call = (!sent.call.is_empty()).then_some(("call", call));
        facts.into_iter().chain(call).map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// Field by field what an update changes: from what, to what, why, by which line and rules. All fields
    /// of a birth are news: their lines are in the mapping, their values in the base.
    fn moved(&self, planned: &Planned, step: &Step, now: &Sides<Image>) -> Map<String, Value> {
        let mut fields = Map::new();
        if step.act != Act::Update {
            return fields;
        }
        for one in &step.moves {
            let Some(field) = self.mapping.fields.get(one.field) else { continue };
            let given = now.get(step.side.other()).fields.value(one.field);
            let becomes = one.becomes.as_ref().filter(|becomes| *becomes != given);
            let rules: Vec<&str> =
                self.mapping.carriers(field, step.side).into_iter().map(|rule| rule.place.as_str()).collect();
            let told = [
                ("old", kept(now.get(step.side).fields.value(one.field))),
                ("new", kept(becomes.unwrap_or(given))),
                ("why", Value::from(one.why.word())),
                ("place", Value::from(format!("{}:{}", field.place.file, field.place.line))),
            ];
            let given = becomes.map(|_| ("given", kept(given)));
            let rules = (!rules.is_empty()).then(|| ("rules", Value::from(rules)));
            let policy = self.decided(planned, one.field, one.why).map(|policy| ("policy", Value::from(policy)));
            let told = told.into_iter().chain(given).chain(rules).chain(policy);
            let detail = Value::Object(told.map(|(key, value)| (key.to_owned(), value)).collect());
            fields.insert(field.label.clone(), detail);
        }
        fields
    }

    /// The policy that named the winner, where there was a conflict.
    fn decided(&self, planned: &Planned, field: usize, why: Why) -> Option<String> {
        let found = planned.conflicts.iter().find(|conflict| conflict.field == field)?;
        matches!(why, Why::Won | Why::Answered).then(|| found.by.word(self.mapping.policy_of(field)))
    }

    /// The line of a field that waits, with what both sides held meanwhile.
    pub(super) fn field_held(
        &self,
        (cycle, snapshot): (u64, &Snapshot),
        (planned, held): (&Planned, &Held),
        (index, field): (usize, &Field),
    ) -> Change {
        let now = self.images(planned, snapshot);
        let details = json!({
            "field": field.label, "why": held.reason, "place": held.place,
            "left": kept(now.left.fields.value(index)), "right": kept(now.right.fields.value(index)),
            "seen": seen(planned, snapshot),
        });
        self.entry_of(cycle, planned.ids.clone(), "FieldHeld", details)
    }

    /// Notes that a cycle did not come to its end, and why; once for as long as nothing else happens.
    pub(super) fn tell_of_cycle(&self, cycle: u64, event: &str, why: &str) -> Result<(), Error> {
        let ended_ms = self.ledger.mark()?.map_or(i64::MIN, |mark| mark.read_ms.left.max(mark.read_ms.right));
        let last = self.ledger.journal_of_cycles(1)?.pop();
        let known = |last: &Entry| {
            let of = |details: &Value| print_of(&details.get("why").and_then(Value::as_str).map(str::to_owned));
            last.event == event && last.at_ms > ended_ms && of(&last.details) == of(&json!({ "why": why }))
        };
        if !last.as_ref().is_some_and(known) {
            self.ledger.write(vec![self.entry(cycle, Sides::default(), event, why)])?;
        }
        Ok(())
    }
}

/// Who had touched the records last, and when, as their systems say.
fn seen(planned: &Planned, snapshot: &Snapshot) -> Value {
    let mut seen = Map::new();
    for side in Side::BOTH {
        let record = planned.ids.get(side).as_ref().and_then(|id| snapshot.records.get(side).get(id));
        let Some(record) = record.filter(|record| record.changed_ms.is_some() || record.author.is_some()) else {
            continue;
        };
        let told = json!({ "changed_ms": record.changed_ms, "author": record.author, "ours": record.ours });
        seen.insert(side.to_string(), told);
    }
    Value::Object(seen)
}

/// A value as the journal keeps it: a very long one is cut.
pub(super) fn kept(value: &Value) -> Value {
    let text = match value {
        Value::String(text) if text.len() > VALUE_MAX => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return value.clone(),
    };
    if text.len() <= VALUE_MAX {
        return value.clone();
    }
    let mut cut: String = text
        .chars()
        .scan(0, |length, c| {
            *length += c.len_utf8();
            (*length <= VALUE_MAX).then_some(c)
        })
        .collect();
    cut.push('…');
    Value::from(cut)
}

/// True when a step did what it should.
pub(super) const fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. } | Outcome::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_very_long_value_is_cut_and_any_other_is_kept_as_it_is() {
        for whole in [json!(null), json!(7), json!("é".repeat(1_000)), json!(["a", "b"])] {
            assert_eq!(kept(&whole), whole);
        }
        let cut = kept(&json!("é".repeat(1_001)));
        assert_eq!(cut.as_str().unwrap().chars().count(), 1_001, "1,000 letters of two bytes, and the sign");
        assert!(kept(&json!([["x".repeat(3_000)]])).as_str().unwrap().len() < VALUE_MAX + 9);
    }
}
