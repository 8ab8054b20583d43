//! What the laws say of each line: a table for each mapping, and more about the lines that deserve it.

use std::io;

use serde_json::{Value, json};

use super::Screen;
use super::table::Table;
use super::value::count;
use crate::cases::laws::{Aside, Line, Report, Way, Witness};
use crate::cli::arguments::Format;
use crate::config::line::Law;
use crate::record::{Side, Sides};

/// Longest text of a value in a cell.
const CELL: usize = 26;
/// Longest text of a value in a sentence.
const SENTENCE: usize = 90;

/// Prints what was found; complaints are told apart.
///
/// # Errors
/// When nobody reads any more.
pub fn reports(screen: &mut Screen, reports: &[Report]) -> io::Result<()> {
    match screen.format() {
        Format::Human => reports.iter().try_for_each(|report| human(screen, report)),
        Format::Json => reports.iter().try_for_each(|report| for_programs(screen, report)),
        // They take complaints alone.
        Format::Github | Format::Sarif => Ok(()),
    }
}

fn human(screen: &mut Screen, report: &Report) -> io::Result<()> {
    let paint = screen.paint();
    screen.line(&format!("{}  {}", paint.bold(&report.title), paint.dim(&report.mapping)))?;
    let to = Sides::each(|side| format!("to {}", report.systems.get(side)));
    let mut table = Table::new(&["line", &to.left, &to.right, "values", "for example"]).right([3]);
    let mut within: Option<&str> = None;
    for line in &report.lines {
        if line.group.as_deref() != within
            && let Some(name) = &line.group
        {
            let members = || report.lines.iter().filter(|one| one.group == line.group);
            let worst = |side: Side| members().filter_map(|one| one.ways.get(side).as_ref()?.law).max();
            let told = |side: Side| worst(side).map_or_else(String::new, |law| word(law).to_owned());
            table.row([name.clone(), told(Side::Left), told(Side::Right), String::new(), String::new()]);
        }
        within = line.group.as_deref();
        let ways = line.ways.as_ref().map(|way| cell(way.as_ref()));
        let all = [&line.ways.left, &line.ways.right];
        let tried: usize = all.into_iter().flatten().map(|way| way.tried).sum();
        let indent = if line.group.is_some() { "↳ " } else { "" };
        table.row([format!("{indent}{}", line.label), ways.left, ways.right, tried.to_string(), example(line)]);
    }
    table.lines(2, paint).iter().try_for_each(|line| screen.line(line))?;
    for line in &report.lines {
        expanded(screen, report, line)?;
    }
    let (records, runs) = (count(report.records, "record"), count(report.runs, "run"));
    let rest = match report.unsettled.len() {
        0 => "each at rest after one write".to_owned(),
        some => format!("{some} not at rest after one write"),
    };
    screen.line(&format!("  {}\n", paint.dim(format!("{records}, {runs} of the engine, {rest}"))))
}

/// The worst of a way, in words.
const fn word(law: Law) -> &'static str {
    match law {
        Law::Exact => "exact",
        Law::Canon => "equal after canon",
        Law::Loses => "loses detail",
        Law::Never => "one-way in truth",
    }
}

fn cell(way: Option<&Way>) -> String {
    match way {
        None => "–".to_owned(),
        Some(way) => way.law.map_or("untried", word).to_owned(),
    }
}

/// The witness of the worse way.
fn example(line: &Line) -> String {
    let ways = [&line.ways.left, &line.ways.right].into_iter().flatten();
    let worst = ways.filter(|way| way.witness.is_some()).max_by_key(|way| way.law);
    worst.and_then(|way| way.witness.as_ref()).map(|witness| arrows(witness, CELL)).unwrap_or_default()
}

fn arrows(witness: &Witness, most: usize) -> String {
    let values = [Some(&witness.given), Some(&witness.held), witness.back.as_ref()];
    values.into_iter().flatten().map(|value| brief(value, most)).collect::<Vec<_>>().join(" → ")
}

/// A value as JSON, cut where it is long.
fn brief(value: &Value, most: usize) -> String {
    let text = value.to_string();
    if text.chars().count() <= most {
        return text;
    }
    let start: String = text.chars().take(most - 1).collect();
    format!("{start}…")
}

/// More about a line that loses values, or of which some do not go at all.
fn expanded(screen: &mut Screen, report: &Report, line: &Line) -> io::Result<()> {
    let paint = screen.paint();
    for side in Side::BOTH {
        let Some(way) = line.ways.get(side) else { continue };
        let (to, from) = (report.systems.get(side), report.systems.get(side.other()));
        if let (Some(law), Some(witness)) = (way.law.filter(|law| *law > Law::Canon), &way.witness) {
            let promised = if way.stated.is_some() { ", as it says" } else { "" };
            let head = match law {
                Law::Never => format!("{} never arrives in {to}{promised}", line.label),
                Law::Exact | Law::Canon | Law::Loses => format!("{} loses detail to {to}{promised}", line.label),
            };
            screen.line(&format!("  {}", paint.warn(head)))?;
            let values = arrows(witness, SENTENCE);
            screen.line(&format!("    from {from}: {values}: {}", witness.cause.told()))?;
        }
        let waits = way.tried == 0 || way.law > Some(Law::Canon);
        aside(screen, (&line.label, to), &way.waiting, "waits", waits)?;
        aside(screen, (&line.label, to), &way.twinless, "has no twin", waits)?;
    }
    Ok(())
}

fn aside(
    screen: &mut Screen,
    (label, to): (&str, &str),
    aside: &Aside,
    words: &str,
    interesting: bool,
) -> io::Result<()> {
    let Some((value, reason)) = aside.example.as_ref().filter(|_| interesting) else { return Ok(()) };
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let more = if aside.count > 1 { format!(" ({} such values)", aside.count) } else { String::new() };
    let text = format!("{label} to {to}: {} {words}{why}{more}", brief(value, SENTENCE));
    screen.line(&format!("    {}", screen.paint().dim(text)))
}

fn for_programs(screen: &mut Screen, report: &Report) -> io::Result<()> {
    for line in &report.lines {
        let ways = line.ways.as_ref().map(|way| way.as_ref().map(way_for_programs));
        screen.json(&json!({
            "mapping": report.mapping,
            "line": line.label,
            "group": line.group,
            "place": line.place.to_string(),
            "to_left": ways.left,
            "to_right": ways.right,
        }))?;
    }
    let unsettled = report.unsettled.iter().map(|one| {
        json!({
            "from": one.from,
            "line": report.lines.get(one.field).map(|line| line.label.as_str()),
            "given": one.given,
            "again": one.again.1,
        })
    });
    screen.json(&json!({
        "mapping": report.mapping,
        "records": report.records,
        "runs": report.runs,
        "unsettled": unsettled.collect::<Vec<_>>(),
    }))
}

fn way_for_programs(way: &Way) -> Value {
    let aside = |aside: &Aside| {
        let (value, reason) = aside.example.clone().unzip();
        json!({ "values": aside.count, "example": value, "reason": reason.filter(|reason| !reason.is_empty()) })
    };
    let witness = way.witness.as_ref().map(|witness| {
        json!({
            "given": witness.given,
            "held": witness.held,
            "back": witness.back,
            "cause": witness.cause.told(),
        })
    });
    json!({
        "law": way.law.map(Law::word),
        "promised": way.stated.as_ref().map(|(law, _)| law.word()),
        "values": way.tried,
        "witness": witness,
        "waiting": aside(&way.waiting),
        "twinless": aside(&way.twinless),
    })
}
