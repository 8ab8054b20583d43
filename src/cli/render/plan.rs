//! What a cycle would send, drawn.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::preview::{Clash, Entry, Note, Preview, Write, preview};
use super::table::Table;
use super::value::{value, wrapped};
use super::{Paint, Screen};
use crate::mapping::Mapping;
use crate::reference::{folded, scalar_text};
use crate::sync::guard::Halt;
use crate::sync::{Plan, Snapshot};

/// Records named for one reason.
const NAMED: usize = 5;
/// Columns of a reason.
const WIDTH: usize = 92;

/// Prints a plan; as one JSON object on one line for programs.
///
/// # Errors
/// When nobody reads any more.
pub fn plan(
    screen: &mut Screen,
    (mapping, account): (&Mapping, &str),
    snapshot: &Snapshot,
    plan: &Plan,
    halt: Option<&Halt>,
) -> io::Result<()> {
    let seen = preview(mapping, account, snapshot, plan, halt);
    if screen.is_json() {
        return screen.json(&seen);
    }
    let paint = screen.paint();
    heading(screen, mapping, account)?;
    for row in &seen.rows {
        screen.line(&format!("{} make {} {}", paint.good("+"), row.reference, paint.bold(&row.value)))?;
    }
    let (moving, waiting): (Vec<&Entry>, Vec<&Entry>) = seen.records.iter().partition(|entry| entry.moves());
    for entry in moving {
        record(mapping, entry, paint).iter().try_for_each(|line| screen.line(line))?;
    }
    if !waiting.is_empty() {
        screen.line(&format!("\n{}", paint.bold("waits, nothing is sent")))?;
        idle(mapping, &waiting, paint).iter().try_for_each(|line| screen.line(line))?;
    }
    if !seen.records.is_empty() {
        screen.line("")?;
    }
    totals(&seen, paint).iter().try_for_each(|line| screen.line(line))
}

/// Prints why there is no plan.
///
/// # Errors
/// When nobody reads any more.
pub fn failed(screen: &mut Screen, (mapping, account): (&Mapping, &str), reason: &str) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&json!({ "mapping": mapping.name, "account": account, "failed": reason }));
    }
    let paint = screen.paint();
    heading(screen, mapping, account)?;
    screen.line(&format!("  {}: {reason}", paint.bad("failed")))
}

fn heading(screen: &mut Screen, mapping: &Mapping, account: &str) -> io::Result<()> {
    let paint = screen.paint();
    screen.line(&format!("{}  {}", paint.bold(&mapping.title), paint.dim(format!("{account} · {}", mapping.name))))
}

/// What people call a record, and its ids.
fn who(mapping: &Mapping, entry: &Entry, paint: Paint) -> String {
    let ids: Vec<String> = [(&mapping.sides.left, &entry.ids.left), (&mapping.sides.right, &entry.ids.right)]
        .into_iter()
        .filter_map(|(end, id)| id.as_ref().map(|id| format!("{}.{} {id}", end.system, end.resource)))
        .collect();
    let name = if entry.name.is_empty() { String::new() } else { format!("{}  ", paint.bold(&entry.name)) };
    format!("{name}{}", paint.dim(ids.join(" ⇔ ")))
}

/// Records of which nothing is sent: one paragraph for each reason.
fn idle(mapping: &Mapping, waiting: &[&Entry], paint: Paint) -> Vec<String> {
    let mut reasons: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for entry in waiting {
        let who = who(mapping, entry, paint);
        for lines in entry.notes.iter().map(|one| note(one, paint)) {
            match reasons.iter_mut().find(|(known, _)| *known == lines) {
                Some((_, all)) => all.push(who.clone()),
                None => reasons.push((lines, vec![who.clone()])),
            }
        }
    }
    reasons.into_iter().flat_map(|(lines, all)| [lines, some(&all, paint)].concat()).collect()
}

/// Names one under the other, and how many more there are.
fn some(all: &[String], paint: Paint) -> Vec<String> {
    let mut lines: Vec<String> = all.iter().take(NAMED).map(|who| format!("      {who}")).collect();
    if all.len() > NAMED {
        lines.push(paint.dim(format!("      and {} more; `--format json` names them all", all.len() - NAMED)));
    }
    lines
}

/// The lines of one record: who it is, then what is done to it.
fn record(mapping: &Mapping, entry: &Entry, paint: Paint) -> Vec<String> {
    let mut lines = vec![String::new(), who(mapping, entry, paint)];
    if entry.linked {
        lines.push(format!("  {} link: a key joins them", paint.name("=")));
    }
    for one in &entry.writes {
        write(mapping, one, paint, &mut lines);
    }
    lines.extend(entry.conflicts.iter().map(|one| clash(mapping, one, paint)));
    lines.extend(entry.notes.iter().flat_map(|one| note(one, paint)));
    lines
}

fn write(mapping: &Mapping, one: &Write, paint: Paint, lines: &mut Vec<String>) {
    let born = one.act == "create";
    let (sign, act) = match one.act {
        "create" => (paint.good("+"), "create in"),
        "stamp" => (paint.warn("~"), "then note the new id in"),
        _ => (paint.warn("~"), "update"),
    };
    lines.push(format!("  {sign} {act} {}", one.to));
    let mut table = Table::default();
    for field in &one.fields {
        let place = field.place.strip_prefix(&format!("mappings/{}.yaml:", mapping.name));
        let place = place.map_or_else(|| field.place.clone(), |line| format!("line {line}"));
        let why = if born { place } else { format!("{} · {place}", field.why) };
        let new = if born { value(&field.new) } else { change(&field.old, &field.new) };
        table.row([field.label.clone(), new, paint.dim(why)]);
    }
    lines.extend(table.lines(6, paint));
}

/// What becomes of a value: members that come and go, or old and new.
fn change(old: &Value, new: &Value) -> String {
    let (Some(had), Some(gets)) = (old.as_array(), new.as_array()) else {
        return format!("{} → {}", value(old), value(new));
    };
    let form = |one: &Value| folded(&scalar_text(one).unwrap_or_default());
    let only = |list: &[Value], other: &[Value], sign: &str| {
        let lacks = |one: &&Value| !other.iter().any(|known| form(known) == form(one));
        list.iter().filter(lacks).map(|one| format!("{sign}{}", value(one))).collect::<Vec<_>>()
    };
    [only(gets, had, "+"), only(had, gets, "−")].concat().join(", ")
}

fn clash(mapping: &Mapping, one: &Clash, paint: Paint) -> String {
    let (left, right) = (&mapping.sides.left.system, &mapping.sides.right.system);
    let ending = match &one.winner {
        Some(winner) => format!("{winner} wins ({})", one.policy),
        None => format!("waits for an answer ({})", one.policy),
    };
    let values = format!("{left} {}, {right} {}", value(&one.values.left), value(&one.values.right));
    format!("  {} {}: {values}; {ending}", paint.warn("! conflict"), one.label)
}

fn note(one: &Note, paint: Paint) -> Vec<String> {
    let label = one.label.as_ref().map(|label| format!(" {label}")).unwrap_or_default();
    let way = if one.kind == "held" { format!(" on its way to {}", one.at) } else { String::new() };
    let place = one.place.as_ref().map(|place| format!(" · {place}")).unwrap_or_default();
    let text = wrapped(&format!("{}{place}", one.reason), WIDTH);
    let mut lines = vec![format!("  {}{label}{way}", paint.warn(format!("! {}", one.kind)))];
    lines.extend(text.iter().map(|line| format!("    {line}")));
    lines
}

/// The last lines: how many of each kind, and the price.
fn totals(seen: &Preview, paint: Paint) -> Vec<String> {
    let totals = &seen.totals;
    let by = |verb: &str, numbers: &BTreeMap<String, u64>| {
        numbers.iter().map(|(system, number)| format!("{verb} {number} in {system}")).collect::<Vec<_>>()
    };
    let mut parts = by("create", &totals.create);
    parts.extend(by("update", &totals.update));
    let kinds = [
        ("link", totals.link),
        ("held", totals.held),
        ("conflicts", totals.conflicts),
        ("refused before", totals.quarantined),
        ("ambiguous", totals.ambiguous),
        ("gone", totals.gone),
    ];
    parts.extend(kinds.iter().filter(|(_, number)| *number > 0).map(|(word, number)| format!("{word} {number}")));
    let mut lines = Vec::new();
    if seen.price.values().all(|calls| *calls == 0) {
        parts.insert(0, paint.good("nothing to send"));
    }
    lines.push(paint.bold(parts.join(" · ")));
    let price: Vec<String> =
        seen.price.iter().filter(|(_, calls)| **calls > 0).map(|(system, calls)| format!("{system} {calls}")).collect();
    if !price.is_empty() {
        lines.push(paint.dim(format!("price in calls: {} (what had to be read was read)", price.join(", "))));
    }
    if let Some(reason) = &seen.halted {
        lines.push(format!("{}: {reason}", paint.bad("halted")));
        lines.push(paint.dim("  `depara sync --accept` carries it out all the same, this once"));
    }
    lines
}
