//! Records that wait: refused, held, deferred or ambiguous.

use std::io;

use serde_json::{Value, json};

use super::Screen;
use super::link::{heading, name_in, name_of, resource};
use super::preview::UNANSWERED;
use super::table::Table;
use super::value::{count, moment, wrapped};
use crate::engine::crew::Scope;
use crate::link::Link;
use crate::record::Body;
use crate::store::{Intent, Wait, Waiting};

/// Columns of a reason.
const WIDTH: usize = 92;

/// Lists what waits in one scope, records, creations without an answer and then fields of linked records: how many there
/// are, and whether all kinds were asked for.
///
/// # Errors
/// When nobody reads any more.
pub fn list(
    screen: &mut Screen,
    scope: &Scope,
    (waiting, intents, links): (&[Waiting], &[Intent], &[Link]),
    (total, all): (usize, bool),
) -> io::Result<()> {
    let fields: Vec<Value> = links.iter().flat_map(|link| held_fields(scope, link)).collect();
    if screen.is_json() {
        waiting.iter().try_for_each(|one| screen.json(&as_json(scope, one, false)))?;
        intents.iter().try_for_each(|intent| screen.json(&unanswered(scope, intent)))?;
        return fields.iter().try_for_each(|field| screen.json(field));
    }
    heading(screen, scope)?;
    let mut table = Table::default();
    let mut reasons = Vec::new();
    for one in waiting {
        let record = format!("{} {}", resource(&scope.mapping, one.side), one.id);
        let state = if is_asked_again(one) { "to be tried again" } else { word(one.kind) };
        let name = name_of_waiting(scope, one).unwrap_or_default();
        table.row([state.to_owned(), record, moment(one.since_ms), name]);
        reasons.push(one.reason.clone());
    }
    for intent in intents {
        let record = format!("{} {}", resource(&scope.mapping, intent.side.other()), intent.from);
        table.row(["unanswered".to_owned(), record, moment(intent.at_ms), String::new()]);
        reasons.push(UNANSWERED.to_owned());
    }
    for field in &fields {
        let text = |key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default();
        let record = format!("{}.{} {}", text("system"), text("resource"), text("id"));
        table.row([word(Wait::Held).to_owned(), record, String::new(), text("name").to_owned()]);
        reasons.push(format!("{}: {}", text("field"), text("reason")));
    }
    let paint = screen.paint();
    for (line, reason) in table.lines(2, paint).iter().zip(reasons) {
        screen.line(line)?;
        wrapped(&reason, WIDTH).iter().try_for_each(|row| screen.line(&format!("    {}", paint.dim(row))))?;
    }
    let listed = waiting.len() + intents.len() + fields.len();
    let what = if all { "waiting" } else { "refused record" };
    let shown = if listed < total { format!(", {listed} shown; --limit shows more") } else { String::new() };
    let total = if all { format!("{total} {what}") } else { count(total, what) };
    screen.note(&format!("  {total}{shown}"))
}

/// What a creation without an answer was made from, as an object.
fn unanswered(scope: &Scope, intent: &Intent) -> Value {
    let end = scope.mapping.sides.get(intent.side.other());
    json!({
        "account": scope.account.name,
        "mapping": scope.mapping.name,
        "system": end.system,
        "resource": end.resource,
        "id": intent.from,
        "kind": "unanswered",
        "reason": UNANSWERED,
        "since_ms": intent.at_ms,
    })
}

/// The fields of a linked record that wait, each as an object.
fn held_fields(scope: &Scope, link: &Link) -> Vec<Value> {
    let (mapping, end) = (&scope.mapping, &scope.mapping.sides.left);
    let field = |(name, reason): (&String, &String)| {
        let field = mapping.field_named(name).and_then(|at| mapping.fields.get(at));
        json!({
            "account": scope.account.name,
            "mapping": mapping.name,
            "system": end.system,
            "resource": end.resource,
            "id": link.ids.left,
            "name": name_of(mapping, link),
            "kind": word(Wait::Held),
            "field": field.map(|field| field.label.as_str()),
            "reason": reason,
        })
    };
    link.held.iter().map(field).collect()
}

/// Shows one record that waits, with the system's words and the record as it was.
///
/// # Errors
/// When nobody reads any more.
pub fn show(screen: &mut Screen, scope: &Scope, one: &Waiting) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&as_json(scope, one, true));
    }
    heading(screen, scope)?;
    let paint = screen.paint();
    let record = format!("{} {}", resource(&scope.mapping, one.side), paint.name(&one.id));
    screen.line(&format!("  {record}  {}", paint.warn(word(one.kind))))?;
    screen.line(&format!("  reason   {}", one.reason))?;
    for (label, text) in [("said", &one.outcome), ("by", &one.place)] {
        if let Some(text) = text.as_ref().filter(|text| **text != one.reason && *text != word(one.kind)) {
            screen.line(&format!("  {label:<8} {text}"))?;
        }
    }
    screen.line(&format!("  since    {}, last tried {}, {}", moment(one.since_ms), moment(one.last_ms), tries(one)))?;
    if let Some(body) = &one.body {
        let body = serde_json::to_string_pretty(&body.value()).map_err(io::Error::other)?;
        screen.line(&format!("  {}", paint.dim("the record as it was:")))?;
        body.lines().try_for_each(|line| screen.line(&format!("    {line}")))?;
    }
    Ok(())
}

/// Says what is tried again.
///
/// # Errors
/// When nobody reads any more.
pub fn freed(screen: &mut Screen, list: &[&Waiting]) -> io::Result<()> {
    if screen.is_json() {
        let ids: Vec<&str> = list.iter().map(|one| one.id.as_str()).collect();
        return screen.json(&json!({ "retry": ids }));
    }
    screen.line(&format!("{} will be tried again in the next cycle", count(list.len(), "record")))
}

/// The kind of waiting in one word.
pub(super) const fn word(kind: Wait) -> &'static str {
    match kind {
        Wait::Held => "held",
        Wait::Deferred => "deferred",
        Wait::Quarantined => "refused",
        Wait::Ambiguous => "ambiguous",
        Wait::LeftOut => "left out",
    }
}

/// True when a person asked to try a refused record again, which the next cycle does.
fn is_asked_again(one: &Waiting) -> bool {
    one.kind == Wait::Quarantined && one.print == 0
}

/// What people call a record that waits.
fn name_of_waiting(scope: &Scope, one: &Waiting) -> Option<String> {
    name_in(&scope.mapping, one.side, &one.id, &one.body.as_ref()?.value())
}

fn tries(one: &Waiting) -> String {
    let asked = if is_asked_again(one) { ", to be tried again" } else { "" };
    format!("tried {}{asked}", if one.tries == 1 { "once".to_owned() } else { format!("{} times", one.tries) })
}

/// A waiting record as an object; with the record as it was when `whole`.
pub(super) fn as_json(scope: &Scope, one: &Waiting, whole: bool) -> Value {
    let end = scope.mapping.sides.get(one.side);
    json!({
        "account": scope.account.name,
        "mapping": scope.mapping.name,
        "system": end.system,
        "resource": end.resource,
        "id": one.id,
        "name": name_of_waiting(scope, one),
        "kind": one.kind,
        "reason": one.reason,
        "outcome": one.outcome,
        "place": one.place,
        "since_ms": one.since_ms,
        "last_ms": one.last_ms,
        "tries": one.tries,
        "body": if whole { one.body.as_ref().map(Body::value) } else { None },
    })
}
