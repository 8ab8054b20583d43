//! Where the value of a field came from, as the journal tells it, and what both sides hold.
//!
//! Pure. The newest line of the journal that speaks of the field counts; a birth and a first meeting
//! speak of all of them.

use std::sync::Arc;

use serde_json::Value;

use super::Known;
use super::reason::{Reason, text};
use crate::mapping::Mapping;
use crate::mapping::field::{Field, is_unresolved, raw_of};
use crate::record::{Side, Sides};
use crate::store::Entry;

/// Where a value came from.
pub struct Origin<'a> {
    /// The line of the journal.
    pub entry: &'a Entry,
    /// What it says of the field, when it moved; nothing for a birth or a first meeting.
    pub change: Option<&'a Value>,
    /// The side that was written; nothing for a first meeting.
    pub to: Option<Side>,
    /// The side whose record somebody had touched, when it moved.
    pub mover: Option<Side>,
}

/// Where the value of a field came from; nothing when the journal does not reach back so far.
pub fn of<'a>(mapping: &Mapping, known: &'a Known, field: &Field) -> Option<Origin<'a>> {
    known.journal.iter().find_map(|entry| {
        let to = Side::BOTH.into_iter().find(|side| mapping.sides.get(*side).system == text(entry, "in"));
        let change = entry.details.get("fields").and_then(|fields| fields.get(&field.label));
        match entry.event.as_str() {
            "RecordUpdated" => {
                let back = change?.get("why").and_then(Value::as_str) == Some("put back");
                let mover = to.map(|to| if back { to } else { to.other() });
                Some(Origin { entry, change, to, mover })
            }
            "RecordCreated" => Some(Origin { entry, change: None, to, mover: to.map(Side::other) }),
            "RecordsLinked" | "LinkImported" => Some(Origin { entry, change: None, to: None, mover: None }),
            _ => None,
        }
    })
}

/// What each side held when it was last seen, as far as memory tells. Where nothing waits that is the
/// base: what both were left with.
pub fn last_seen(mapping: &Mapping, known: &Known, index: usize, reason: &Reason) -> Sides<Option<Value>> {
    let Some(field) = mapping.fields.get(index) else { return Sides::new(None, None) };
    let Some(link) = &known.link else { return alone(mapping, known, index) };
    let base = Sides::each(|side| link.base.get(side).fields.get(&field.key).cloned());
    let waits = matches!(reason, Reason::Waits { .. } | Reason::Conflict { .. } | Reason::UnderWay { .. });
    let told = known.journal.iter().filter(|_| waits).find_map(|entry| told_of(mapping, entry, field));
    let told = told.unwrap_or_default();
    Sides::new(told.left.or(base.left), told.right.or(base.right))
}

/// What an entry tells of both sides of a field.
fn told_of(mapping: &Mapping, entry: &Entry, field: &Field) -> Option<Sides<Option<Value>>> {
    let of = |key: &str| entry.details.get(key).cloned();
    if matches!(entry.event.as_str(), "FieldHeld" | "ConflictFound" | "ConflictSettled") {
        return (text(entry, "field") == field.label).then(|| Sides::new(of("left"), of("right")));
    }
    let change = entry.details.get("fields")?.get(&field.label)?;
    let written = Side::BOTH.into_iter().find(|side| mapping.sides.get(*side).system == text(entry, "in"))?;
    let gave = change.get("given").or_else(|| change.get("new")).cloned();
    // What was refused or put off left the written side as it was.
    let holds = change.get(if entry.event == "RecordUpdated" { "new" } else { "old" }).cloned();
    let mut found = Sides::new(gave.clone(), gave);
    *found.get_mut(written) = holds;
    Some(found)
}

/// What a record without a twin held when it was kept back. Nothing is looked up.
fn alone(mapping: &Mapping, known: &Known, index: usize) -> Sides<Option<Value>> {
    let mut found = Sides::new(None, None);
    let body = known.waiting.as_ref().and_then(|waiting| waiting.body.as_ref()).map(crate::record::Body::value);
    let fields = body.and_then(|body| mapping.read(known.side, &known.id, &body, &Arc::default()).ok());
    let value = fields.map(|fields| fields.value(index).clone());
    let plain = |value: Value| if is_unresolved(&value) { raw_of(&value).cloned().unwrap_or(value) } else { value };
    *found.get_mut(known.side) = value.map(plain);
    found
}
