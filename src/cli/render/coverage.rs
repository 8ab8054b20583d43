//! What the cases touch of each file, and the lines that none of them does.

use std::io;

use serde_json::json;

use super::Screen;
use crate::cases::coverage::Covered;

/// Prints the untouched lines of each file, and the counts of all.
///
/// # Errors
/// When nobody reads any more.
pub fn files(screen: &mut Screen, files: &[Covered]) -> io::Result<()> {
    let (mut lines, mut touched) = (0, 0);
    for covered in files {
        let mine = covered.lines - covered.untouched.len();
        lines += covered.lines;
        touched += mine;
        if screen.is_json() {
            continue;
        }
        let paint = screen.paint();
        let counts = format!("{:>5} of {:<5} {}", mine, covered.lines, covered.file);
        screen.line(&if covered.untouched.is_empty() { paint.good(counts) } else { paint.bad(counts) })?;
    }
    for (place, lack) in files.iter().flat_map(|covered| covered.untouched.values()) {
        if screen.is_json() {
            screen.json(&json!({ "place": place.to_string(), "lack": lack }))?;
        } else {
            screen.line(&format!("{} {place}: {lack}", screen.paint().dim("-->")))?;
        }
    }
    if screen.is_json() {
        let each = files.iter().map(|covered| {
            json!({ "file": covered.file, "lines": covered.lines, "touched": covered.lines - covered.untouched.len() })
        });
        return screen.json(&json!({ "lines": lines, "touched": touched, "files": each.collect::<Vec<_>>() }));
    }
    let paint = screen.paint();
    let text = format!("the cases touch {touched} of {lines} lines");
    screen.line(&if touched == lines { paint.good(text) } else { paint.bad(text) })
}
