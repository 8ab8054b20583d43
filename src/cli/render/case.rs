//! Cases that failed: what was expected beside what was found.

use std::io;

use serde_json::json;

use super::value::{count, wrapped};
use super::{Paint, Screen};
use crate::cases::{CaseOutcome, Failure};

/// Columns of each of the two texts.
const WIDTH: usize = 46;

/// Prints what was otherwise than a case expects.
///
/// # Errors
/// When nobody reads any more.
pub fn failures(screen: &mut Screen, outcome: &CaseOutcome) -> io::Result<()> {
    for failure in &outcome.failures {
        let Failure { what, expected, found, place } = failure;
        if screen.is_json() {
            let (case, place) = (&outcome.title, place.to_string());
            screen
                .json(&json!({ "place": place, "case": case, "what": what, "expected": expected, "found": found }))?;
        } else {
            let paint = screen.paint();
            screen.line(&format!("{}\n  {} {place}: {what}", paint.bold(&outcome.title), paint.dim("-->")))?;
            beside(expected, found, paint).iter().try_for_each(|line| screen.line(&format!("  {line}")))?;
            screen.line("")?;
        }
    }
    Ok(())
}

/// Ends a test with its counts; those of files that hold no sound case only where there are any.
///
/// # Errors
/// When nobody reads any more.
pub fn verdict(screen: &mut Screen, passed: usize, failed: usize, unread: usize) -> io::Result<()> {
    if screen.is_json() {
        let counts = json!({ "passed": passed, "failed": failed });
        let with_unread = json!({ "passed": passed, "failed": failed, "unread": unread });
        return screen.json(if unread == 0 { &counts } else { &with_unread });
    }
    let paint = screen.paint();
    let mut text = format!("{} passed, {failed} failed", count(passed, "case"));
    if unread > 0 {
        text.push_str(&format!(", {} not run", count(unread, "file")));
    }
    screen.line(&if failed + unread == 0 { paint.good(text) } else { paint.bad(text) })
}

/// Two texts side by side; lines that differ are marked.
fn beside(expected: &str, found: &str, paint: Paint) -> Vec<String> {
    let (left, right) = (rows(expected), rows(found));
    let width = left.iter().map(|row| row.chars().count()).max().unwrap_or(0).max("expected".len());
    let mut lines = vec![paint.dim(format!("  {:<width$}  found", "expected"))];
    for at in 0..left.len().max(right.len()) {
        let [one, other] = [&left, &right].map(|rows| rows.get(at).map_or("", String::as_str));
        let line = format!("{one:<width$}  {other}");
        let line = line.trim_end();
        lines.push(if one == other { format!("  {line}") } else { format!("{} {line}", paint.bad("≠")) });
    }
    lines
}

/// A text in rows that fit into their column, each with the indent of its line.
fn rows(text: &str) -> Vec<String> {
    let row = |line: &str| {
        let indent = " ".repeat(line.len() - line.trim_start().len());
        let rows = wrapped(line, WIDTH.saturating_sub(indent.len()));
        rows.into_iter().map(|row| format!("{indent}{row}")).collect::<Vec<_>>()
    };
    text.lines().flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_stands_beside_found_and_what_differs_is_marked() {
        let (expected, found) = ("{\n  \"Name\": \"Aurora\",\n  \"Email\": null\n}", "{\n  \"Name\": \"Aurora\"\n}");
        let shown = beside(expected, found, Paint { colour: false }).join("\n");
        insta::assert_snapshot!(shown, @r#"
          expected             found
          {                    {
        ≠   "Name": "Aurora",    "Name": "Aurora"
        ≠   "Email": null      }
        ≠ }
        "#);
    }
}
