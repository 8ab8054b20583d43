//! What a system said that it took and did not: people must hear of it.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::merge::{members, same};
use super::plan::{Seen, Step};
use super::settle::{Image, explains, view_of};
use crate::link::{Link, UnderWay};
use crate::mapping::field::{Field, is_empty, is_unresolved};
use crate::mapping::{Mapping, Sent, Standing};
use crate::record::{Side, Sides};
use crate::reference::{References, folded, scalar_text};

/// Fields that a side left as they were although it said that it took what we sent, as the record
/// shows now. What was typed on the other side has not arrived, and people must hear of it.
pub(super) fn found(
    mapping: &Mapping,
    link: &Link,
    seen: &Sides<Seen<'_>>,
    references: &Arc<References>,
) -> Vec<(usize, Side)> {
    let mut found = Vec::new();
    for side in Side::BOTH {
        let (half, one) = (link.base.get(side), seen.get(side));
        for (key, sent) in &half.under_way {
            let Some((index, field)) = mapping.keyed(key) else { continue };
            // One that was never answered and left no trace may not have arrived at all.
            let (answered, now) = (half.expected.contains(key), one.fields.value(index));
            let is_half_taken = || is_half_taken(mapping, (index, side), sent, (one, references));
            if (answered && is_unheeded(field, sent, now)) || ((answered || *now != sent.before) && is_half_taken()) {
                found.push((index, side));
            }
        }
    }
    found
}

/// The same, as the answer to a step shows.
#[must_use]
pub fn shown_by(mapping: &Mapping, link: &Link, step: &Step, answer: &Image) -> Vec<usize> {
    let half = link.base.get(step.side);
    let moved = step.moves.iter().filter_map(|one| Some((one.field, mapping.fields.get(one.field)?)));
    let left = moved.filter(|(index, field)| {
        half.under_way.get(&field.key).is_some_and(|sent| is_unheeded(field, sent, answer.fields.value(*index)))
    });
    left.map(|(index, _)| index).collect()
}

/// True when what we sent left no trace: what stood there before stands there still, and is not what
/// the system may have made of it, cut to its length at the most.
fn is_unheeded(field: &Field, sent: &UnderWay, now: &Value) -> bool {
    let is_cut = match (&sent.becomes, now) {
        (Value::String(sent), Value::String(now)) => !now.trim().is_empty() && sent.starts_with(now.trim_end()),
        _ => false,
    };
    // Of what nobody can translate nobody can say whether it is what was sent.
    let is_same = same(field, &sent.before, now) || (field.set && is_half_heeded(field, sent, now));
    is_same && !is_cut && !is_unresolved(now) && !explains(field, false, &sent.becomes, now)
}

/// True for a set that took what it got and kept what was to go.
fn is_half_heeded(field: &Field, sent: &UnderWay, now: &Value) -> bool {
    let [before, becomes, now] = [&sent.before, &sent.becomes, now].map(|value| members(field, value));
    let mut gone = before.keys().filter(|form| !becomes.contains_key(*form)).peekable();
    gone.peek().is_some() && gone.all(|form| now.contains_key(form))
}

/// True for a value that is written to several places of which some kept what was to be emptied: written again, it would
/// empty them once more, and change nothing else. Where a person wrote last, each must hold what stood in it before: a
/// person may have added the part that is over.
fn is_half_taken(
    mapping: &Mapping,
    (index, side): (usize, Side),
    sent: &UnderWay,
    (one, references): (&Seen<'_>, &Arc<References>),
) -> bool {
    let Some(field) = mapping.fields.get(index).filter(|field| view_of(field, side).is_some()) else { return false };
    if explains(field, false, &sent.becomes, one.fields.value(index)) {
        return false;
    }
    let standing = Standing { body: one.body, fields: one.fields, first: &BTreeSet::new(), agreed: None };
    let values = BTreeMap::from([(index, sent.becomes.clone())]);
    let draft = mapping.write(side, &values, Some(standing), references);
    let is_sent = |sent: Option<&Sent>| matches!(sent, Some(Sent::Written(_)));
    // Where another mapping wrote what is over, this is told for nothing.
    draft.is_ok_and(|draft| {
        is_sent(draft.sent.get(&index))
            && empties(&draft.body, one.body) == Some(true)
            && (one.record.ours || stood_before(&draft.body, (one.body, &sent.emptied)))
    })
}

/// Whether a body empties anything that stands there, however deep; nothing when it says something else than what
/// stands there, but for case and accents.
pub fn empties(body: &Value, stands: &Value) -> Option<bool> {
    match (body, stands) {
        (Value::Object(parts), _) => {
            let mut parts = parts.iter().map(|(name, part)| empties(part, stands.get(name).unwrap_or(&Value::Null)));
            parts.try_fold(false, |any, part| part.map(|part| any || part))
        }
        (Value::String(text), Value::String(stands)) if folded(text) == folded(stands) => Some(false),
        (Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {
            is_empty(body).then_some(true)
        }
    }
}

/// Whether all that a body would empty stands as it stood before, but for case and accents.
fn stood_before(body: &Value, (stands, stood): (&Value, &Value)) -> bool {
    let alike = || scalar_text(stands).zip(scalar_text(stood)).is_some_and(|(now, was)| folded(&now) == folded(&was));
    match body {
        Value::Object(parts) => parts.iter().all(|(name, part)| {
            let [stands, stood] = [stands, stood].map(|body| body.get(name).unwrap_or(&Value::Null));
            stood_before(part, (stands, stood))
        }),
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            !is_empty(body) || alike()
        }
    }
}
