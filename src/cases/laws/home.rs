//! At home: what a group's rule does to the record it was read from.
//!
//! When one line of a group changes on the other side, its rule writes all of them. What did not change must
//! stay then: what was read of a record, written back over it, leaves the record as it was. Asked of groups
//! of several lines that flow both ways; a line alone is only written when it changes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::stage::Stage;
use super::tally::{Cause, Tally, Witness};
use super::trip::is_alike;
use crate::mapping::Standing;
use crate::mapping::field::{At, Fields, View, is_empty, is_unresolved};
use crate::record::{Side, Sides};

/// The id of a record that is tried.
const ID: &str = "7";

/// Writes back what each group's rule read of a record, over that record.
pub(super) fn take(stage: &Stage, side: Side, body: &Value, seen: &mut BTreeSet<String>, tallies: &mut [Sides<Tally>]) {
    let read = stage.mapping.read(side, ID, body, &stage.references);
    let raw = stage.mapping.shown(side, ID, body, &stage.references);
    let (Ok(fields), Ok(raw)) = (read, raw) else { return };
    for (index, view) in stage.mapping.views.iter().enumerate().filter(|(_, view)| view.side == side) {
        let shown = seen_of(view, body);
        if !seen.insert(format!("{side} home {index} {shown}")) {
            continue;
        }
        let values = members(stage, (index, side), &fields, &raw);
        let changed = written_back(stage, view, (body, &fields), &values);
        let line = changed.as_ref().and_then(|(path, ..)| line_of(stage, index, path, &values));
        if let (Some((path, before, after)), Some(tally)) = (changed, line.and_then(|line| tallies.get_mut(line))) {
            let (given, held) = (json!({ path.as_str(): before }), json!({ path: after }));
            let witness = Witness { given, held, back: None, cause: Cause::Home };
            tally.get_mut(side).lost(witness.held.to_string(), witness);
        }
    }
}

/// What the rule of a group sees of a record.
fn seen_of(view: &View, body: &Value) -> Value {
    let seen = view.of.iter().filter_map(|(path, _)| Some((path.text().to_owned(), path.get(body)?)));
    Value::Object(seen.collect::<Map<_, _>>())
}

/// The values of a group that its side would be given back. None where one of them means nothing, waits or
/// has no twin: what becomes of such a value is said elsewhere.
fn members(stage: &Stage, (view, side): (usize, Side), fields: &Fields, raw: &[Value]) -> BTreeMap<usize, Value> {
    let mut values = BTreeMap::new();
    for (index, field) in stage.mapping.fields.iter().enumerate() {
        if !matches!(&field.ends.get(side).at, At::Member { view: of, .. } if *of == view) {
            continue;
        }
        let value = fields.value(index);
        let means = !is_empty(value) || raw.get(index).is_none_or(is_empty);
        let returns = means && !is_unresolved(value) && stage.mapping.has_twin(side, index, value, &stage.references);
        if !returns || !field.flows_to(side) || !field.flows_to(side.other()) {
            return BTreeMap::new();
        }
        values.insert(index, value.clone());
    }
    if values.len() > 1 { values } else { BTreeMap::new() }
}

/// The first path that is otherwise once a group was written back over the record it was read from.
fn written_back(
    stage: &Stage,
    view: &View,
    (body, fields): (&Value, &Fields),
    values: &BTreeMap<usize, Value>,
) -> Option<(String, Value, Value)> {
    let standing = Standing { body, fields, first: &BTreeSet::new(), agreed: None };
    // A value that waits is told by the trip to this side.
    let draft = stage.mapping.write(view.side, values, Some(standing), &stage.references).ok()?;
    view.of.iter().find_map(|(path, _)| {
        let after = path.get(&draft.body)?;
        let before = path.get(body).unwrap_or_default();
        (!keeps(&before, &after)).then(|| (path.text().to_owned(), before, after))
    })
}

/// The line that tells of a path: the member of its name, else the first one.
fn line_of(stage: &Stage, view: usize, path: &str, values: &BTreeMap<usize, Value>) -> Option<usize> {
    let side = stage.mapping.views.get(view)?.side;
    let named = |index: &&usize| {
        let end = stage.mapping.fields.get(**index).map(|field| field.ends.get(side));
        matches!(end.map(|end| &end.at), Some(At::Member { name, .. }) if name == path)
    };
    values.keys().find(named).or_else(|| values.keys().next()).copied()
}

/// True when a value that is sent leaves what is there as it is. Members of a row that are not sent stay.
fn keeps(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| keeps(old, new))
        }
        (Value::Object(old), Value::Object(new)) => {
            new.iter().all(|(key, new)| keeps(old.get(key).unwrap_or(&Value::Null), new))
        }
        _ => (is_empty(before) && is_empty(after)) || is_alike(before, after),
    }
}
