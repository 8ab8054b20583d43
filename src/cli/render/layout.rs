//! What `fmt` made of each file.

use std::io;

use serde_json::json;

use super::Screen;
use super::value::count;
use crate::editor::layout::Refusal;

/// What became of a file.
pub enum Became {
    /// It is laid out as it should be.
    Same,
    /// It was laid out anew.
    Laid,
    /// It would be laid out anew.
    Otherwise,
    /// It is left as it is.
    Left(Refusal),
}

/// Says what became of one file; people are told of those that matter.
///
/// # Errors
/// When nobody reads any more.
pub fn file(screen: &mut Screen, file: &str, became: &Became) -> io::Result<()> {
    let (word, why) = match became {
        Became::Same => ("unchanged", None),
        Became::Laid => ("laid out", None),
        Became::Otherwise => ("would change", None),
        Became::Left(refusal) => ("left", Some(reason(refusal))),
    };
    if screen.is_json() {
        return screen.json(&json!({ "file": file, "became": word, "reason": why }));
    }
    let paint = screen.paint();
    match (became, why) {
        (Became::Same, _) => Ok(()),
        (_, Some(why)) => screen.line(&format!("  {} {}: {why}", paint.bad("left as it is"), paint.name(file))),
        (_, None) => screen.line(&format!("  {word} {}", paint.name(file))),
    }
}

fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Broken(one) => {
            let line = one.place.as_ref().map(|place| format!("line {}: ", place.line)).unwrap_or_default();
            format!("{line}{}", one.sentence)
        }
        Refusal::Unsure => "another layout might say something else".to_owned(),
    }
}

/// How many files there were, and what became of them.
///
/// # Errors
/// When nobody reads any more.
pub fn verdict(screen: &mut Screen, (all, changed, left): (usize, usize, usize), check: bool) -> io::Result<()> {
    if screen.is_json() {
        return Ok(());
    }
    let done = if check { "would change" } else { "laid out" };
    let left = if left > 0 { format!(", {left} left as they are") } else { String::new() };
    screen.line(&format!("{}, {changed} {done}{left}", count(all, "file")))
}
