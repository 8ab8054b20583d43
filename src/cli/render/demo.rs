//! The demo as people read it. Programs read the reports instead, and are told nothing here.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;

use super::Screen;
use super::link::{name_in, name_of, resource};
use super::quarantine::word;
use super::report::counts;
use super::table::Table;
use super::value::{count, length, value, wrapped};
use crate::engine::Report;
use crate::engine::crew::Scope;
use crate::record::{Body, Side};
use crate::store::Wait;

/// Groups of sample records with more members than this get a line of their own.
const MANY: usize = 4;
/// Columns of running text.
const WIDTH: usize = 96;

/// Numbers of a report, by system.
type Numbers = fn(&Report) -> &BTreeMap<String, u64>;

/// Says what the sandboxes hold.
///
/// # Errors
/// When nobody reads any more.
pub fn opening(screen: &mut Screen, systems: &str, shows: &[(&'static str, usize)]) -> io::Result<()> {
    if screen.is_json() {
        return Ok(());
    }
    let (many, few): (Vec<_>, Vec<_>) = shows.iter().partition(|(_, count)| *count > MANY);
    let title = screen.paint().bold(format!("{systems} imitation systems, filled with sample records:"));
    screen.line(&title)?;
    many.iter().try_for_each(|(what, count)| screen.line(&format!("  {count:>4}  {what}")))?;
    let few: Vec<&str> = few.iter().map(|(what, _)| *what).collect();
    let text = format!("and a few of each: {}.", few.join("; "));
    wrapped(&text, WIDTH - 8).iter().try_for_each(|line| screen.line(&format!("        {line}")))?;
    screen.note("The clock of the demo jumps over the waits that the systems' limits ask for.")
}

/// Begins an act.
///
/// # Errors
/// When nobody reads any more.
pub fn act(screen: &mut Screen, title: &str) -> io::Result<()> {
    if screen.is_json() {
        return Ok(());
    }
    let title = screen.paint().bold(title);
    screen.line(&format!("\n{title}"))
}

/// Says what somebody did in one of the systems.
///
/// # Errors
/// When nobody reads any more.
pub fn edit(screen: &mut Screen, what: &str) -> io::Result<()> {
    if screen.is_json() { Ok(()) } else { screen.line(&format!("  - {what}")) }
}

/// One cycle of every mapping, each with its title. Of several mappings those that wrote something are
/// told one by one.
///
/// # Errors
/// When nobody reads any more.
pub fn round(screen: &mut Screen, reports: &[(&str, &Report)]) -> io::Result<()> {
    if let [(_, report)] = reports {
        return cycle(screen, report);
    }
    let is_still = |report: &Report| report.is_quiet() && report.halted.is_none() && report.failed.is_none();
    let (still, loud): (Vec<_>, Vec<_>) = reports.iter().partition(|(_, report)| is_still(report));
    for (title, report) in loud {
        screen.line(&format!("  {}", screen.paint().name(title)))?;
        cycle(screen, report)?;
    }
    if still.is_empty() {
        return Ok(());
    }
    let calls: u64 = still.iter().flat_map(|(_, report)| report.calls.values()).sum();
    screen.line(&format!("  {} wrote nothing, {calls} calls", count(still.len(), "cycle")))
}

/// One cycle in few words.
fn cycle(screen: &mut Screen, report: &Report) -> io::Result<()> {
    let paint = screen.paint();
    let of = |map: &BTreeMap<String, u64>, system: &str| map.get(system).copied().unwrap_or(0);
    let side = |(system, calls): (&String, &u64)| {
        let parts = [("created", of(&report.created, system)), ("updated", of(&report.updated, system))];
        let parts = parts.iter().filter(|(_, number)| *number > 0).map(|(word, number)| format!("{number} {word}, "));
        format!("{system} {}{calls} calls", parts.collect::<String>())
    };
    let asked = |(system, calls): &(&String, &u64)| **calls > 0 || of(&report.created, system) > 0;
    let sides: Vec<String> = report.calls.iter().filter(asked).map(side).collect();
    screen.line(&format!("  cycle  {}", sides.join("  ·  ")))?;
    if let Some(counts) = counts(report, paint) {
        screen.line(&format!("         {counts}"))?;
    }
    for (word, reason) in [("halted", &report.halted), ("failed", &report.failed)] {
        if let Some(reason) = reason {
            screen.line(&format!("         {}: {reason}", paint.bad(word)))?;
        }
    }
    Ok(())
}

/// All that was done, by what it was.
///
/// # Errors
/// When nobody reads any more.
pub fn summary(screen: &mut Screen, scopes: &[Scope], reports: &[Report]) -> io::Result<()> {
    if screen.is_json() {
        return Ok(());
    }
    let paint = screen.paint();
    let sum = |of: Numbers, system: &str| -> u64 { reports.iter().filter_map(|report| of(report).get(system)).sum() };
    let systems: BTreeSet<&str> = reports.iter().flat_map(|one| one.calls.keys().map(String::as_str)).collect();
    let systems: Vec<&str> = systems.into_iter().collect();
    let mut table = Table::new(&[&["In all"], systems.as_slice()].concat()).right(1..=systems.len());
    let rows: [(&str, Numbers); 3] =
        [("created", |one| &one.created), ("updated", |one| &one.updated), ("calls spent", |one| &one.calls)];
    for (word, of) in rows {
        let numbers = systems.iter().map(|system| sum(of, system).to_string());
        table.row(std::iter::once(word.to_owned()).chain(numbers));
    }
    screen.line("")?;
    table.lines(2, paint).iter().try_for_each(|line| screen.line(line))?;
    let total = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    screen.line(&format!("  twins linked  {}", total(|one| one.linked)))?;
    let conflicts = total(|one| one.conflicts);
    if conflicts > 0 {
        screen.line(&format!("  conflicts     {conflicts}; both values of each are kept: `depara conflicts`"))?;
    }
    let back = scopes.iter().map(put_back).collect::<io::Result<Vec<_>>>()?;
    let mut head = format!("put back      {}; ", back.iter().map(Vec::len).sum::<usize>());
    for example in back.iter().filter_map(|of_mapping| of_mapping.first()) {
        screen.line(&format!("  {head}{example}"))?;
        head = " ".repeat(head.chars().count());
    }
    let real = length(total(|one| one.ms));
    screen.line(&paint.dim(format!("  At the pace the systems allow, these cycles take {real}.")))?;
    fates(screen, scopes)?;
    waiting(screen, scopes.iter().filter(|scope| scope.mapping.put_back))
}

/// What became of each record that only gives, where people on the receiving side have the last word.
fn fates(screen: &mut Screen, scopes: &[Scope]) -> io::Result<()> {
    let mut all: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for Scope { mapping, ledger, .. } in scopes.iter().filter(|scope| !scope.mapping.put_back) {
        let giving = if mapping.flows_to(Side::Right) { Side::Left } else { Side::Right };
        let to = &mapping.sides.get(giving.other()).resource;
        let mut own: BTreeMap<String, String> = BTreeMap::new();
        let each = ledger.each_link(|link| {
            let held = link.held.values().map(|reason| format!(", {}: {reason}", word(Wait::Held)));
            let fate = format!("{to} {}{}", link.ids.get(giving.other()), held.collect::<String>());
            own.insert(link.ids.get(giving).clone(), fate);
        });
        each.map_err(io::Error::other)?;
        let each = ledger.each_waiting(|one| {
            if one.side == giving {
                let fate = own.entry(one.id.clone()).or_insert_with(|| format!("no {to}"));
                fate.push_str(&format!(", {}: {}", word(one.kind), one.reason));
            }
        });
        each.map_err(io::Error::other)?;
        let of = all.entry(resource(mapping, giving)).or_default();
        own.into_iter().for_each(|(id, fate)| of.entry(id).or_default().push(fate));
    }
    for (from, records) in all.into_iter().filter(|(_, records)| !records.is_empty()) {
        screen.line(&format!("\n{}", screen.paint().bold(format!("What became of {from}:"))))?;
        for (id, fates) in records {
            let lines = fates.iter().flat_map(|fate| wrapped(fate, WIDTH - 14));
            for (at, line) in lines.enumerate() {
                screen.line(&format!("  {:>10}  {line}", if at == 0 { id.as_str() } else { "" }))?;
            }
        }
    }
    Ok(())
}

/// What was put back, as the journal tells it.
fn put_back(scope: &Scope) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let all = scope.ledger.journal(JOURNAL).map_err(io::Error::other)?;
    for entry in all.iter().filter(|entry| entry.event == "RecordUpdated") {
        let text = |key: &str| entry.details.get(key).and_then(Value::as_str).unwrap_or_default();
        let fields = entry.details.get("fields").and_then(Value::as_object);
        for (label, change) in fields.into_iter().flatten() {
            if change.get("why").and_then(Value::as_str) == Some("put back") {
                let of = |key: &str| value(change.get(key).unwrap_or(&Value::Null));
                found.push(format!("{label} of {} in {}: {} → {}", text("name"), text("in"), of("old"), of("new")));
            }
        }
    }
    Ok(found)
}

/// Lines of the journal that are looked at.
const JOURNAL: usize = 100_000;

/// What waits: each kind with its number, and one of them with its reason.
///
/// # Errors
/// When nobody reads any more.
pub fn waiting<'a>(screen: &mut Screen, scopes: impl Iterator<Item = &'a Scope>) -> io::Result<()> {
    if screen.is_json() {
        return Ok(());
    }
    let mut kinds: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    let mut take = |kind: &'static str, example: String| {
        kinds.entry(kind).and_modify(|(number, _)| *number += 1).or_insert((1, example));
    };
    for Scope { mapping, ledger, .. } in scopes {
        let each = ledger.each_waiting(|one| {
            let body = one.body.as_ref().map(Body::value);
            let id = format!("{} {}", resource(mapping, one.side), one.id);
            let name = body.and_then(|body| name_in(mapping, one.side, &one.id, &body));
            let who = name.map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
            take(word(one.kind), format!("{who}: {}", one.reason));
        });
        each.map_err(io::Error::other)?;
        let each = ledger.each_link(|link| {
            for (field, reason) in &link.held {
                let field = mapping.field_named(field).and_then(|at| mapping.fields.get(at));
                let label = field.map_or("it", |field| field.label.as_str());
                let name = name_of(mapping, &link).unwrap_or_else(|| link.ids.get(Side::Left).clone());
                take(word(Wait::Held), format!("{label} of {name}: {reason}"));
            }
        });
        each.map_err(io::Error::other)?;
    }
    if kinds.is_empty() {
        return Ok(());
    }
    let paint = screen.paint();
    screen.line(&format!("\n{}", paint.bold("What waits, and why:")))?;
    for (kind, (number, example)) in kinds {
        let such = if number > 1 { "such as " } else { "" };
        let lines = wrapped(&format!("{such}{example}"), WIDTH - 18);
        for (at, line) in lines.iter().enumerate() {
            let head = if at == 0 { format!("{number:>4} {kind:<10}") } else { " ".repeat(15) };
            screen.line(&format!("  {head} {line}"))?;
        }
    }
    Ok(())
}

/// The last word, and what to try next.
///
/// # Errors
/// When nobody reads any more.
pub fn farewell(screen: &mut Screen, settled: bool, kept: Option<&str>) -> io::Result<()> {
    if screen.is_json() {
        return Ok(());
    }
    let paint = screen.paint();
    let last = if settled {
        paint.good("One more cycle wrote nothing: all sides agree.")
    } else {
        paint.bad("They did not settle.")
    };
    screen.line(&format!("\n{last}\n\nNext:"))?;
    let next: Vec<(String, &str)> = match kept {
        Some(dir) => [
            ("links", "which records are one thing"),
            ("quarantine list --all", "what waits, and why"),
            ("conflicts", "what both sides changed, with both values"),
            ("plan", "what the next cycle would send"),
            ("sync", "sends it; edit a line under mappings/ first, and see"),
        ]
        .map(|(verb, what)| (format!("depara --dir {dir} {verb}"), what))
        .into(),
        None => [
            ("depara demo --keep", "the same, and the sandboxes stay for the other commands"),
            ("depara init my-workspace", "writes mappings, scripts and cases to edit"),
            ("depara check my-workspace", "finds every mistake in them at once"),
            ("depara test my-workspace", "runs the cases"),
        ]
        .map(|(command, what)| (command.to_owned(), what))
        .into(),
    };
    let width = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    for (command, what) in next {
        screen.line(&format!("  {command:<width$}  {}", paint.dim(what)))?;
    }
    match kept {
        Some(_) => screen.note("\nThe sandboxes go on, without limits, until Ctrl-C."),
        None => Ok(()),
    }
}
