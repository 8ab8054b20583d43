//! Where a value came from, and what both sides hold, in words.

use serde_json::{Map, Value, json};

use super::Paint;
use super::link::base_of;
use super::table::Table;
use super::value::{moment, value};
use crate::cli::explain::Known;
use crate::cli::explain::origin::{self, Origin};
use crate::cli::explain::reason::{Reason, text};
use crate::mapping::Mapping;
use crate::mapping::field::Field;
use crate::record::{Side, Sides};

/// What both sides hold of a field: as last seen, and in both halves of the base.
pub(super) fn held(mapping: &Mapping, known: &Known, index: usize, reason: &Reason, paint: Paint) -> Vec<String> {
    let seen = origin::last_seen(mapping, known, index, reason);
    let mut table = Table::new(&["", &mapping.sides.left.system, &mapping.sides.right.system]);
    let shown = |held: Option<&Value>| held.map_or_else(|| "–".to_owned(), value);
    table.row(["last seen".to_owned(), shown(seen.left.as_ref()), shown(seen.right.as_ref())]);
    if let (Some(link), Some(field)) = (&known.link, mapping.fields.get(index)) {
        let half = |side: Side| base_of(link.base.get(side), &field.key);
        table.row(["last agreed".to_owned(), half(Side::Left), half(Side::Right)]);
    }
    table.lines(4, paint)
}

/// Where the value came from: who changed it, when, by which line, rules and policy, in which call.
pub(super) fn lines(mapping: &Mapping, known: &Known, field: &Field) -> Vec<String> {
    let Some(origin) = origin::of(mapping, known, field) else {
        let link = known.link.is_some();
        return if link {
            vec!["the journal does not reach back to where it came from".to_owned()]
        } else {
            Vec::new()
        };
    };
    let systems = mapping.sides.as_ref().map(|end| end.system.as_str());
    let mut lines = vec![origin.mover.map_or_else(|| met(&origin), |mover| moved(&origin, mover, systems))];
    let Some(to) = origin.to else { return lines };
    let of = |key: &str| origin.change.and_then(|change| change.get(key));
    let when = format!("in cycle {} at {}", origin.entry.cycle, moment(origin.entry.at_ms));
    lines.push(match (of("old"), of("new")) {
        (Some(old), Some(new)) => format!("  {}: {} → {}, {when}", systems.get(to), value(old), value(new)),
        _ => format!("  born in {} with all its fields, {when}", systems.get(to)),
    });
    if let Some(given) = of("given") {
        lines.push(format!("  from {} in {}", value(given), systems.get(to.other())));
    }
    if let Some(place) = of("place").and_then(Value::as_str) {
        let rules: Vec<&str> =
            of("rules").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let rules = if rules.is_empty() { String::new() } else { format!(", through {}", rules.join(" and ")) };
        lines.push(format!("  by the line {place}{rules}"));
    }
    if let Some(policy) = of("policy").and_then(Value::as_str) {
        lines.push(format!("  both sides had changed it; decided by the policy `{}`", policy_word(policy, systems)));
    }
    lines.extend(call(&origin).map(|call| format!("  carried by {call}")));
    lines
}

/// Who touched the record whose value moved, and when, as its system says.
fn moved(origin: &Origin<'_>, mover: Side, systems: Sides<&str>) -> String {
    let why = origin.change.and_then(|change| change.get("why")).and_then(Value::as_str).unwrap_or("born");
    let (from, to) = (systems.get(mover), systems.get(mover.other()));
    let what = match why {
        "changed" => format!("changed in {from}"),
        "filled" => format!("{to} had nothing, and got what {from} held"),
        "first" => format!("at the first meeting the line gave {to} what {from} held"),
        "put back" => format!("an edit in {from} was put back: only {to} decides it"),
        "won" => format!("both sides had changed it, and {from} won"),
        "answered" => format!("both sides had changed it, and a person chose {from}"),
        _ => format!("born of the record in {from}"),
    };
    let seen = origin.entry.details.get("seen").and_then(|seen| seen.get(mover.to_string()));
    let of = |key: &str| seen.and_then(|seen| seen.get(key));
    let at = of("changed_ms").and_then(Value::as_i64).map(moment);
    let ours = of("ours").and_then(Value::as_bool) == Some(true);
    let by = of("author")
        .and_then(Value::as_str)
        .map(|author| if ours { format!("{author}, which is our name there too,") } else { author.to_owned() });
    match (by, at) {
        (Some(by), Some(at)) => format!("{what}; {from} says that {by} touched the record last, at {at}"),
        (None, Some(at)) => format!("{what}; {from} says that the record was touched last at {at}, not by whom"),
        (Some(by), None) => format!("{what}; {from} says that {by} touched the record last, not when"),
        (None, None) => format!("{what}; by whom and when is not known"),
    }
}

/// A first meeting.
fn met(origin: &Origin<'_>) -> String {
    let why = Some(text(origin.entry, "why")).filter(|why| !why.is_empty()).unwrap_or("by an import");
    format!("it never moved: both sides held the same when they were linked at {} ({why})", moment(origin.entry.at_ms))
}

/// The call that carried it, and how it was answered.
fn call(origin: &Origin<'_>) -> Option<String> {
    let call = origin.entry.details.get("call")?;
    let name = call.get("name").and_then(Value::as_str)?;
    let outcome = call.get("outcome").and_then(Value::as_str).unwrap_or("–");
    let tries = match call.get("tries").and_then(Value::as_u64) {
        Some(1) => "at the first try".to_owned(),
        Some(tries) => format!("after {tries} tries"),
        None => return Some(format!("{name}: {outcome}")),
    };
    Some(format!("{name}: {outcome}, {tries}"))
}

/// The policy as people write it: a side is called by its system.
fn policy_word<'a>(policy: &'a str, systems: Sides<&'a str>) -> &'a str {
    match policy {
        "left" => systems.left,
        "right" => systems.right,
        other => other,
    }
}

/// What is known of a value, as an object.
pub(super) fn as_json(mapping: &Mapping, known: &Known, index: usize, reason: &Reason) -> Value {
    let Some(field) = mapping.fields.get(index) else { return Value::Null };
    let seen = origin::last_seen(mapping, known, index, reason);
    let half = |side: Side| known.link.as_ref().and_then(|link| link.base.get(side).fields.get(&field.key));
    let expected =
        |side: Side| known.link.as_ref().is_some_and(|link| link.base.get(side).expected.contains(&field.key));
    let found = origin::of(mapping, known, field).map(|origin| {
        let mut told = Map::new();
        told.extend(origin.change.and_then(Value::as_object).cloned().unwrap_or_default());
        let details = &origin.entry.details;
        let who = origin.mover.and_then(|mover| details.get("seen").and_then(|seen| seen.get(mover.to_string())));
        let system = |side: Option<Side>| side.map(|side| mapping.sides.get(side).system.clone());
        for (key, value) in [
            ("event", json!(origin.entry.event)),
            ("at_ms", json!(origin.entry.at_ms)),
            ("cycle", json!(origin.entry.cycle)),
            ("from", json!(system(origin.mover))),
            ("to", json!(system(origin.to))),
            ("who", json!(who)),
            ("call", json!(details.get("call"))),
        ] {
            told.insert(key.to_owned(), value);
        }
        Value::Object(told)
    });
    json!({
        "last_seen": { "left": seen.left, "right": seen.right },
        "base": { "left": half(Side::Left), "right": half(Side::Right) },
        "expected": { "left": expected(Side::Left), "right": expected(Side::Right) },
        "origin": found,
    })
}
