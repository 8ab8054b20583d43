//! What a cycle would send, drawn.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::preview::{Clash, Entry, Note, Preview, Totals, Write, preview};
use super::table::Table;
use super::value::{count, length, value, wrapped};
use super::{Paint, Screen};
use crate::engine::price::Price;
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
    (plan, halt): (&Plan, Option<&Halt>),
    price: &Price,
) -> io::Result<()> {
    let seen = preview((mapping, account), snapshot, (plan, halt), price);
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
    screen.line(&totals(&seen, paint))?;
    cost(price, paint).iter().try_for_each(|line| screen.line(line))?;
    halted(&seen, paint).iter().try_for_each(|line| screen.line(line))
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

pub(super) fn heading(screen: &mut Screen, mapping: &Mapping, account: &str) -> io::Result<()> {
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

/// How many of each kind.
fn totals(seen: &Preview, paint: Paint) -> String {
    let mut parts = outcome(&seen.totals);
    let sends = !seen.rows.is_empty() || seen.records.iter().any(|entry| !entry.writes.is_empty());
    if !sends && seen.totals.unanswered == 0 {
        parts.insert(0, paint.good("nothing to send"));
    }
    paint.bold(parts.join(" · "))
}

/// How many of each kind there are.
pub(super) fn outcome(totals: &Totals) -> Vec<String> {
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
        ("unanswered", totals.unanswered),
    ];
    parts.extend(kinds.iter().filter(|(_, number)| *number > 0).map(|(word, number)| format!("{word} {number}")));
    parts
}

/// What it costs: kind by kind, each system's in all, and how long it takes at their limits.
pub(super) fn cost(price: &Price, paint: Paint) -> Vec<String> {
    if price.calls == 0 {
        return Vec::new();
    }
    let reads: u64 = price.systems.values().flat_map(|share| &share.kinds).map(|kind| kind.reads).sum();
    let made = if reads > 0 { format!("; the {reads} that read are made already") } else { String::new() };
    let calls = count(usize::try_from(price.calls).unwrap_or(usize::MAX), "call");
    let mut table = Table::default().right([2, 3]);
    for (system, share) in &price.systems {
        let mut name = system.clone();
        for kind in &share.kinds {
            let calls = (kind.reads + kind.writes).to_string();
            table.row([std::mem::take(&mut name), kind.call.clone(), calls, length(kind.ms)]);
        }
        if share.kinds.len() > 1 {
            table.row([String::new(), "in all".to_owned(), share.calls.to_string(), length(share.ms)]);
        }
    }
    let mut lines = vec![format!("price: {calls}, {} at the limits{made}", length(price.ms))];
    lines.extend(table.lines(2, paint).into_iter().map(|line| paint.dim(line)));
    lines
}

/// Why it must not be carried out, if it must not.
fn halted(seen: &Preview, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(reason) = &seen.halted {
        lines.push(format!("{}: {reason}", paint.bad("halted")));
        lines.push(paint.dim("  `depara sync --accept` carries it out all the same, this once"));
    }
    lines
}
