//! What a cycle did: one JSON object on one line, or a summary.

use std::io;

use super::table::Table;
use super::value::length;
use super::{Paint, Screen};
use crate::engine::Report;

/// Prints what one cycle did; `title` is the mapping's own, for people.
///
/// # Errors
/// When nobody reads any more.
pub fn cycle(screen: &mut Screen, title: &str, report: &Report) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(report);
    }
    let paint = screen.paint();
    let how = if report.full { "everything compared" } else { "changes only" };
    let facts = format!("{} · {} · {how} · {}", report.account, report.mapping, length(report.ms));
    screen.line(&format!("{}  {}", paint.bold(title), paint.dim(facts)))?;
    systems(report).lines(2, paint).iter().try_for_each(|line| screen.line(line))?;
    if let Some(counts) = counts(report, paint) {
        screen.line(&format!("  {counts}"))?;
    }
    if let Some(reason) = &report.halted {
        screen.line(&format!("  {}: {reason}", paint.bad("halted")))?;
        screen.note("  `depara plan` shows what would be sent; `depara sync --accept` sends it, this once")?;
    }
    if let Some(reason) = &report.failed {
        screen.line(&format!("  {}: {reason}", paint.bad("failed")))?;
    }
    Ok(())
}

fn systems(report: &Report) -> Table {
    let mut table = Table::new(&["", "read", "created", "updated", "calls"]).right(1..5);
    let mut names: Vec<&String> = [&report.read, &report.created, &report.updated, &report.calls]
        .into_iter()
        .flat_map(|map| map.keys())
        .collect();
    names.sort();
    names.dedup();
    for name in names {
        let of = [&report.read, &report.created, &report.updated, &report.calls];
        let numbers = of.map(|map| map.get(name).copied().unwrap_or(0).to_string());
        table.row(std::iter::once(name.clone()).chain(numbers));
    }
    table
}

/// What happened besides, in the order people care; what did not happen is not said.
pub(super) fn counts(report: &Report, paint: Paint) -> Option<String> {
    let counts = [
        ("linked", report.linked),
        ("put back", report.put_back),
        ("unchanged", report.unchanged),
        ("held", report.held),
        ("left out", report.left_out),
        ("deferred", report.deferred),
        ("refused", report.quarantined),
        ("conflicts", report.conflicts),
        ("ambiguous", report.ambiguous),
        ("gone", report.gone),
        ("late", report.late),
    ];
    let parts: Vec<String> =
        counts.iter().filter(|(_, number)| *number > 0).map(|(word, number)| format!("{word} {number}")).collect();
    let ended = report.halted.is_none() && report.failed.is_none();
    match (parts.is_empty(), ended && report.is_quiet()) {
        (true, true) => Some(paint.good("nothing to do")),
        (true, false) => None,
        (false, true) => Some(format!("{} · {}", paint.good("nothing written"), parts.join(" · "))),
        (false, false) => Some(parts.join(" · ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Format;

    fn report() -> Report {
        let by = |left, right| [("crm".to_owned(), left), ("erp".to_owned(), right)].into();
        Report {
            mapping: "erp-crm/clients".into(),
            account: "acme".into(),
            read: by(12, 1_300),
            created: by(1, 0),
            updated: by(0, 30),
            calls: by(4, 44),
            held: 2,
            ms: 1_250,
            ..Report::default()
        }
    }

    #[test]
    fn a_cycle_is_a_small_table_for_people() {
        let (mut screen, told) = Screen::captured(Format::Human);
        cycle(&mut screen, "Clients", &report()).unwrap();
        insta::assert_snapshot!(told.text(), @r"
        Clients  acme · erp-crm/clients · changes only · 1.2 s
               read  created  updated  calls
          crm    12        1        0      4
          erp  1300        0       30     44
          held 2
        ");
    }

    #[test]
    fn a_cycle_is_one_line_for_programs() {
        let (mut screen, told) = Screen::captured(Format::Json);
        cycle(&mut screen, "Clients", &report()).unwrap();
        assert_eq!(told.text().lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&told.text()).unwrap();
        assert_eq!(read["read"]["erp"], 1_300);
        assert_eq!(read["halted"], serde_json::Value::Null);
    }
}
