//! Fields that both sides changed, with both values.

use std::io;

use serde_json::{Value, json};

use super::Screen;
use super::link::{heading, resource};
use super::table::Table;
use super::value::{count, moment, value};
use crate::cli::open::Scope;
use crate::record::Side;
use crate::store::Conflict;

/// Lists conflicts of one scope; `waiting` is how many wait for a person or for their answer.
///
/// # Errors
/// When nobody reads any more.
pub fn list(screen: &mut Screen, scope: &Scope, conflicts: &[Conflict], waiting: usize) -> io::Result<()> {
    if screen.is_json() {
        return conflicts.iter().try_for_each(|one| screen.json(&as_json(scope, one)));
    }
    heading(screen, scope)?;
    let sides = &scope.mapping.sides;
    let mut table = Table::new(&["conflict", "when", "field", &sides.left.system, &sides.right.system, "settled"]);
    for one in conflicts {
        table.row([
            one.id.clone(),
            moment(one.at_ms),
            one.label.clone(),
            value(&one.values.left),
            value(&one.values.right),
            settled(scope, one),
        ]);
    }
    if !conflicts.is_empty() {
        let paint = screen.paint();
        table.lines(2, paint).iter().try_for_each(|line| screen.line(line))?;
    }
    screen.note(&format!("  {} shown, {waiting} open", count(conflicts.len(), "conflict")))
}

/// Shows one conflict.
///
/// # Errors
/// When nobody reads any more.
pub fn show(screen: &mut Screen, scope: &Scope, one: &Conflict) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&as_json(scope, one));
    }
    heading(screen, scope)?;
    let paint = screen.paint();
    screen.line(&format!("  {}  {}  {}", paint.name(&one.id), paint.bold(&one.label), moment(one.at_ms)))?;
    let mut table = Table::new(&["record", "had held", "held"]);
    for side in Side::BOTH {
        let id = one.ids.get(side).as_deref().unwrap_or("–");
        let before = one.base.get(side).as_ref().map_or_else(|| "–".to_owned(), value);
        table.row([format!("{} {id}", resource(&scope.mapping, side)), before, value(one.values.get(side))]);
    }
    table.lines(4, paint).iter().try_for_each(|line| screen.line(line))?;
    screen.line(&format!("  {}", settled(scope, one)))?;
    if one.open && one.answered.is_none() {
        let (left, right) = (&scope.mapping.sides.left.system, &scope.mapping.sides.right.system);
        screen.note(&format!("  `depara conflicts answer {} {left}` or `… {right}` settles it", one.id))?;
    }
    Ok(())
}

/// Says that an answer is noted.
///
/// # Errors
/// When nobody reads any more.
pub fn answered(screen: &mut Screen, scope: &Scope, one: &Conflict) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&as_json(scope, one));
    }
    screen.line(&format!("{}: {}", one.label, settled(scope, one)))
}

/// How a conflict was settled, or is to be.
fn settled(scope: &Scope, one: &Conflict) -> String {
    let system = |side: Side| scope.mapping.sides.get(side).system.as_str();
    match (&one.answered, one.winner, one.open) {
        (Some(answer), _, true) => format!("{} was answered; the next cycle carries it out", system(answer.side)),
        (Some(answer), _, false) => format!("{}, as answered", system(answer.side)),
        (None, Some(side), _) => format!("{} won ({})", system(side), one.policy),
        (None, None, true) => "waits for an answer".to_owned(),
        (None, None, false) => format!("nobody won ({})", one.policy),
    }
}

/// A conflict as an object.
pub(super) fn as_json(scope: &Scope, one: &Conflict) -> Value {
    let mut object = json!({ "account": scope.account.name, "mapping": scope.mapping.name });
    if let (Some(into), Ok(Value::Object(form))) = (object.as_object_mut(), serde_json::to_value(one)) {
        into.extend(form);
    }
    object
}
