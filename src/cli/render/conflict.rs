//! Fields that both sides changed, with both values.

use std::io;

use serde_json::{Value, json};

use super::Screen;
use super::link::{heading, name_of, resource};
use super::table::Table;
use super::value::{count, moment, value};
use crate::engine::crew::Scope;
use crate::record::Side;
use crate::store::Conflict;

/// Lists conflicts of one scope; `waiting` is how many wait for a person or for their answer.
///
/// # Errors
/// When nobody reads any more.
pub fn list(
    screen: &mut Screen,
    scope: &Scope,
    conflicts: &[Conflict],
    (total, waiting): (usize, usize),
) -> io::Result<()> {
    if screen.is_json() {
        return conflicts.iter().try_for_each(|one| screen.json(&as_json(scope, one)));
    }
    heading(screen, scope)?;
    let (paint, sides) = (screen.paint(), &scope.mapping.sides);
    for one in conflicts {
        let who = name(scope, one);
        screen.line(&format!("  {}  {}  {}", paint.name(&one.id), paint.dim(moment(one.at_ms)), paint.bold(who)))?;
        let [left, right] = [&one.values.left, &one.values.right].map(value);
        let held = format!("{} {left}, {} {right}", sides.left.system, sides.right.system);
        screen.line(&format!("    {}: {held} · {}", one.label, settled(scope, one)))?;
    }
    let more = if conflicts.len() < total { format!(" of {total} (--limit shows more)") } else { String::new() };
    screen.note(&format!("  {} shown{more}, {waiting} open", count(conflicts.len(), "conflict")))
}

/// What people call the pair, as its link knows it; else the ids.
fn name(scope: &Scope, one: &Conflict) -> String {
    let link = one.ids.left.as_ref().and_then(|id| scope.ledger.link(Side::Left, id).ok().flatten());
    let name = link.and_then(|link| name_of(&scope.mapping, &link));
    name.unwrap_or_else(|| {
        let ids = one.ids.as_ref().map(|id| id.as_deref().unwrap_or("–"));
        format!("{} ⇔ {}", ids.left, ids.right)
    })
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
    let mut object = json!({ "account": scope.account.name, "mapping": scope.mapping.name, "name": name(scope, one) });
    if let (Some(into), Ok(Value::Object(form))) = (object.as_object_mut(), serde_json::to_value(one)) {
        into.extend(form);
    }
    object
}
