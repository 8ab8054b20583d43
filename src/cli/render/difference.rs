//! How the plans of two versions of a mapping differ, as people and programs read it.
//!
//! The difference is a pure function of two plans: record by record what only one of them would send,
//! part by part of the bodies, and what only one of them holds back.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use serde_json::{Value, json};

use super::link::resource;
use super::plan::{heading, outcome};
use super::preview::{Preview, preview};
use super::table::Table;
use super::value::{count, length, value, wrapped};
use super::{Paint, Screen};
use crate::engine::compare::Made;
use crate::engine::price::Price;
use crate::mapping::{LATER, Mapping};
use crate::record::Sides;
use crate::sync::Plan;
use crate::sync::plan::{Act, Origin, Planned};

/// Columns of a reason.
const WIDTH: usize = 92;

/// One version with its plan.
pub struct Version<'a> {
    /// The mapping.
    pub mapping: &'a Mapping,
    /// What was planned.
    pub made: &'a Made,
    /// What it costs to send it.
    pub price: Price,
}

/// Two versions, planned on one reading.
pub struct Compared<'a> {
    /// The account.
    pub account: &'a str,
    /// Where the other version is.
    pub dir: &'a str,
    /// The present version.
    pub here: Version<'a>,
    /// The other one.
    pub there: Version<'a>,
    /// Calls that read what both needed.
    pub reads: u64,
    /// What they read otherwise.
    pub notes: Vec<String>,
}

/// One record of which the two versions would not make the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Shift {
    /// What people call it.
    pub name: String,
    /// The ids that are known.
    pub ids: Sides<Option<String>>,
    /// What differs, in the order of its words.
    pub changes: Vec<Change>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What: `create in crm.contacts`, `held Email`, `link`.
    pub what: String,
    /// The part of a body, where it is one.
    pub part: Option<String>,
    /// What the other version has; nothing when it has no such thing.
    pub there: Option<Value>,
    /// What the present version has.
    pub here: Option<Value>,
}

/// What a plan intends for one record: by what and part.
type Facts = BTreeMap<(String, Option<String>), Value>;

/// What a plan intends for each record.
type Records = BTreeMap<(Option<String>, Option<String>), (String, Facts)>;

/// The records of which two plans would not make the same.
pub fn difference((here, one): (&Mapping, &Plan), (there, other): (&Mapping, &Plan)) -> Vec<Shift> {
    let (mut here, mut there) = (records(here, one), records(there, other));
    let keys: Vec<_> = here.keys().chain(there.keys()).cloned().collect();
    let mut shifts = Vec::new();
    for key in keys {
        let (present, past) = (here.remove(&key), there.remove(&key));
        let name = present.as_ref().or(past.as_ref()).map(|(name, _)| name.clone()).unwrap_or_default();
        let changes = changes(present.map(|one| one.1).unwrap_or_default(), past.map(|one| one.1).unwrap_or_default());
        if !changes.is_empty() {
            shifts.push(Shift { name, ids: Sides::new(key.0, key.1), changes });
        }
    }
    shifts
}

fn changes(here: Facts, mut there: Facts) -> Vec<Change> {
    let mut changed = Vec::new();
    for ((what, part), value) in here {
        let past = there.remove(&(what.clone(), part.clone()));
        if past.as_ref() != Some(&value) {
            changed.push(Change { what, part, there: past, here: Some(value) });
        }
    }
    changed.extend(there.into_iter().map(|((what, part), value)| Change {
        what,
        part,
        there: Some(value),
        here: None,
    }));
    changed.sort_by(|one, other| (&one.what, &one.part).cmp(&(&other.what, &other.part)));
    changed
}

fn records(mapping: &Mapping, plan: &Plan) -> Records {
    let mut records = Records::new();
    for row in &plan.rows {
        let key = (Some(row.reference.clone()), Some(row.value.clone()));
        let facts = Facts::from([((format!("make the row in {}", row.reference), None), Value::Bool(true))]);
        records.insert(key, (row.value.clone(), facts));
    }
    for planned in &plan.pairs {
        let facts = facts(mapping, planned);
        if !facts.is_empty() {
            records.insert((planned.ids.left.clone(), planned.ids.right.clone()), (planned.name.clone(), facts));
        }
    }
    let ambiguous = plan.ambiguous.iter().map(|one| (one.side, &one.id, "ambiguous", &one.reason));
    let unreadable = plan.unreadable.iter().map(|(side, id, trouble)| (*side, id, "unreadable", &trouble.reason));
    for (side, id, what, reason) in ambiguous.chain(unreadable) {
        let mut ids = Sides::new(None, None);
        *ids.get_mut(side) = Some(id.clone());
        let facts = Facts::from([((what.to_owned(), None), Value::from(reason.as_str()))]);
        records.insert((ids.left, ids.right), (String::new(), facts));
    }
    records
}

fn facts(mapping: &Mapping, planned: &Planned) -> Facts {
    let mut facts = Facts::new();
    if planned.origin == Origin::Matched && planned.remember {
        facts.insert(("link".to_owned(), None), Value::Bool(true));
    }
    for step in &planned.steps {
        let act = match step.act {
            Act::Create { .. } => "create in",
            Act::Update => "update",
            Act::Stamp => "note the new id in",
        };
        let what = format!("{act} {}", resource(mapping, step.side));
        facts.insert((what.clone(), None), Value::Bool(true));
        parts(&step.body.value(), "", &mut |part, value| {
            facts.insert((what.clone(), Some(part)), value);
        });
    }
    let label = |field: usize| mapping.fields.get(field).map_or("", |field| field.label.as_str());
    for held in &planned.held {
        let word = match planned.origin {
            Origin::Gone => "gone",
            Origin::LeftOut => "left out",
            Origin::Linked | Origin::Unseen | Origin::Matched | Origin::Born => "held",
        };
        let what = held.field.map_or_else(|| word.to_owned(), |field| format!("{word} {}", label(field)));
        facts.insert((what, None), Value::from(held.reason.as_str()));
    }
    for conflict in &planned.conflicts {
        let winner = conflict.winner.map_or("nobody", |side| mapping.sides.get(side).system.as_str());
        let policy = conflict.by.word(mapping.policy_of(conflict.field));
        facts.insert((format!("conflict {}", label(conflict.field)), None), format!("{winner} wins ({policy})").into());
    }
    if planned.quarantined {
        facts.insert(("refused before, and not sent again".to_owned(), None), Value::Bool(true));
    }
    facts
}

/// The parts of a body, each with its path.
fn parts(body: &Value, at: &str, tell: &mut dyn FnMut(String, Value)) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    if let Some(later) = body.get(LATER) {
        return tell(at.to_owned(), Value::from(later_words(later)));
    }
    match body {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(name, inner)| parts(inner, &below(name), tell));
        }
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(index, inner)| parts(inner, &format!("{at}[{index}]"), tell));
        }
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            tell(at.to_owned(), body.clone());
        }
    }
}

/// What stands for a value that is only known once another step is done.
fn later_words(later: &Value) -> String {
    let text = |key: &str| later.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("reference") {
        "" => "(the id of the newborn)".to_owned(),
        reference => format!("(the id of the new row {} in {reference})", text("value")),
    }
}

/// Tells how two versions differ; true when they do.
///
/// # Errors
/// When nobody reads any more.
pub fn told(screen: &mut Screen, compared: &Compared<'_>) -> io::Result<bool> {
    let Compared { account, dir, here, there, reads, notes } = compared;
    let shifts = difference((here.mapping, &here.made.plan), (there.mapping, &there.made.plan));
    let seen = |version: &Version<'_>| {
        let made = version.made;
        preview((version.mapping, account), &made.snapshot, (&made.plan, made.halt.as_ref()), &version.price)
    };
    let (present, past) = (seen(here), seen(there));
    let differs = !shifts.is_empty() || present.halted != past.halted;
    if screen.is_json() {
        let version = |seen: &Preview| json!({ "totals": seen.totals, "price": seen.price, "halted": seen.halted });
        screen.json(&json!({
            "mapping": here.mapping.name,
            "account": account,
            "against": dir,
            "differs": differs,
            "records": shifts,
            "here": version(&present),
            "there": version(&past),
            "reads": reads,
            "notes": notes,
        }))?;
        return Ok(differs);
    }
    heading(screen, here.mapping, account)?;
    let paint = screen.paint();
    screen.line(&format!("against {}", paint.name(dir)))?;
    for shift in &shifts {
        shown(here.mapping, shift, paint).iter().try_for_each(|line| screen.line(line))?;
    }
    screen.line("")?;
    if differs {
        for (word, seen) in [("here", &present), ("there", &past)] {
            screen.line(&format!("{word:<6} {}", paint.bold(intended(seen))))?;
            let halted = seen.halted.iter().map(|reason| format!("       {}: {reason}", paint.bad("halted")));
            halted.into_iter().try_for_each(|line| screen.line(&line))?;
        }
    } else {
        screen.line(&paint.good("no difference: both versions would send the same"))?;
    }
    let cost = |price: &Price| {
        format!("{}, {}", count(usize::try_from(price.calls).unwrap_or(usize::MAX), "call"), length(price.ms))
    };
    screen.line(&format!(
        "price  {} here, {} there; {reads} calls read for both",
        cost(&here.price),
        cost(&there.price)
    ))?;
    notes.iter().try_for_each(|note| screen.note(&format!("note: {note}")))?;
    Ok(differs)
}

/// How many of each kind a version would send.
fn intended(seen: &Preview) -> String {
    let parts = outcome(&seen.totals);
    if parts.is_empty() { "nothing to send".to_owned() } else { parts.join(" · ") }
}

fn shown(mapping: &Mapping, shift: &Shift, paint: Paint) -> Vec<String> {
    let ids = [(&mapping.sides.left, &shift.ids.left), (&mapping.sides.right, &shift.ids.right)];
    let ids: Vec<String> =
        ids.into_iter().filter_map(|(end, id)| id.as_ref().map(|id| format!("{} {id}", end.name()))).collect();
    let is_row = shift.changes.iter().any(|change| change.what.starts_with("make the row"));
    let ids = if is_row { String::new() } else { paint.dim(ids.join(" ⇔ ")) };
    let mut lines = vec![String::new(), format!("{}  {ids}", paint.bold(&shift.name)).trim_end().to_owned()];
    let mut table = Table::default();
    let mut what = "";
    for change in &shift.changes {
        if change.what != what {
            lines.extend(std::mem::take(&mut table).lines(6, paint));
            what = &change.what;
            lines.extend(act(shift, change, paint));
        }
        if let Some(part) = &change.part {
            let side = |held: &Option<Value>| held.as_ref().map_or_else(|| "–".to_owned(), value);
            table.row([part.clone(), format!("{} → {}", side(&change.there), side(&change.here))]);
        }
    }
    lines.extend(table.lines(6, paint));
    lines
}

/// The line of what differs, with its reason where it has one.
fn act(shift: &Shift, change: &Change, paint: Paint) -> Vec<String> {
    // What both versions do comes first among the facts of a record, and differs in its parts alone.
    let whole = shift.changes.iter().find(|one| one.what == change.what && one.part.is_none());
    let sign = match whole.map(|one| (&one.there, &one.here)) {
        Some((None, Some(_))) => paint.good("+"),
        Some((Some(_), None)) => paint.bad("−"),
        Some(_) | None => paint.warn("~"),
    };
    let text = |held: &Option<Value>| held.as_ref().and_then(Value::as_str).map(str::to_owned);
    let reason = whole.and_then(|one| match (text(&one.there), text(&one.here)) {
        (Some(there), Some(here)) => Some(format!("{there} → {here}")),
        (there, here) => there.or(here),
    });
    let mut lines = vec![format!("  {sign} {}", change.what)];
    let reason = wrapped(reason.as_deref().unwrap_or_default(), WIDTH);
    lines.extend(reason.into_iter().map(|row| format!("      {row}")));
    lines
}

/// Says that the other version does not run a mapping.
///
/// # Errors
/// When nobody reads any more.
pub fn alone(screen: &mut Screen, (mapping, account): (&Mapping, &str), dir: &str) -> io::Result<()> {
    apart(screen, (mapping, account), dir, "the other version does not run this mapping")
}

/// Says which mappings only the other version runs.
///
/// # Errors
/// When nobody reads any more.
pub fn lost(screen: &mut Screen, account: &str, dir: &str, names: &[String]) -> io::Result<()> {
    let text = "only the other version runs this mapping";
    for name in names {
        if screen.is_json() {
            screen.json(&json!({
                "mapping": name, "account": account, "against": dir, "differs": true, "notes": [text],
            }))?;
        } else {
            screen.line(&format!("{account} · {name}: {text}"))?;
        }
    }
    Ok(())
}

/// Says that the other version joins other resources.
///
/// # Errors
/// When nobody reads any more.
pub fn stranger(
    screen: &mut Screen,
    (mapping, account): (&Mapping, &str),
    (other, dir): (&Mapping, &str),
) -> io::Result<()> {
    let [left, right] = [&other.sides.left, &other.sides.right].map(crate::mapping::End::name);
    apart(
        screen,
        (mapping, account),
        dir,
        &format!("the other version joins {left} and {right}: nothing can be compared"),
    )
}

fn apart(screen: &mut Screen, (mapping, account): (&Mapping, &str), dir: &str, text: &str) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&json!({
            "mapping": mapping.name, "account": account, "against": dir, "differs": true, "notes": [text],
        }));
    }
    heading(screen, mapping, account)?;
    let paint = screen.paint();
    screen.line(&format!("against {}", paint.name(dir)))?;
    screen.line(&format!("  {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_falls_into_its_parts() {
        let later = |what: Value| json!({ LATER: what });
        let body = json!({
            "Name": "Ana", "City": {}, "Phones": [{ "Number": "1" }, { "Number": "2" }],
            "Key": later(json!({ "id": "left" })), "Tags": [{ "TagId": later(json!({ "reference": "crm.tags", "value": "vip" })) }],
        });
        let mut found = Vec::new();
        parts(&body, "", &mut |part, held| found.push(format!("{part} {}", value(&held))));
        found.sort();
        assert_eq!(
            found,
            [
                "City (empty)",
                "Key (the id of the newborn)",
                "Name Ana",
                "Phones[0].Number 1",
                "Phones[1].Number 2",
                "Tags[0].TagId (the id of the new row vip in crm.tags)",
            ]
        );
    }
}
