//! The changes that no case notices, each with a case that could.

use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Screen;
use crate::cases::mutants::{Survivor, Tried};

/// How far it is, on the terminal of standard error.
pub struct Line(ProgressBar);

impl Line {
    /// A line for mutants that are not counted yet.
    pub fn draw() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} mutants, {per_sec}, {eta} left") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So far it is.
    pub fn show(&self, done: usize, all: usize) {
        self.0.set_length(u64::try_from(all).unwrap_or(u64::MAX));
        self.0.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }

    /// It is done.
    pub fn clear(self) {
        self.0.finish_and_clear();
    }
}

/// Prints what survived and is not explained, what is explained in vain, and the counts.
///
/// # Errors
/// When nobody reads any more.
pub fn tried(screen: &mut Screen, tried: &Tried, took: Duration) -> io::Result<()> {
    let (explained, open): (Vec<_>, Vec<_>) = tried.survivors.iter().partition(|one| one.reason.is_some());
    for survivor in if screen.is_json() { tried.survivors.iter().collect() } else { open.clone() } {
        one(screen, survivor)?;
    }
    for stale in &tried.stale {
        let changes = stale.changes.join("`, `");
        let sentence = format!("explains what does not survive `{}` of {}: {changes}", stale.line, stale.file);
        if screen.is_json() {
            screen.json(&json!({ "place": stale.place.to_string(), "stale": stale.changes }))?;
        } else {
            screen.line(&format!("{} {}: {sentence}", screen.paint().dim("-->"), stale.place))?;
        }
    }
    let killed = tried.mutants - tried.survivors.len();
    if screen.is_json() {
        return screen.json(&json!({
            "mutants": tried.mutants,
            "killed": killed,
            "explained": explained.len(),
            "survivors": open.len(),
            "stale": tried.stale.len(),
            "seconds": took.as_secs_f64(),
        }));
    }
    let paint = screen.paint();
    let share = per_cent(killed, tried.mutants);
    let text = format!(
        "{killed} of {} mutants killed ({share}) in {:.1} s; {} explained, {} survive",
        tried.mutants,
        took.as_secs_f64(),
        explained.len(),
        open.len()
    );
    screen.line(&if tried.is_clean() { paint.good(text) } else { paint.bad(text) })
}

fn one(screen: &mut Screen, survivor: &Survivor) -> io::Result<()> {
    let Survivor { place, line, words, reached, reason, skeleton } = survivor;
    if screen.is_json() {
        return screen.json(&json!({
            "place": place.to_string(),
            "line": line,
            "change": words,
            "cases": reached,
            "reason": reason,
            "skeleton": skeleton,
        }));
    }
    let paint = screen.paint();
    let cases = match reached {
        0 => "no case comes here".to_owned(),
        1 => "the one case that comes here still passes".to_owned(),
        many => format!("all {many} cases that come here still pass"),
    };
    screen.line(&format!("{} {place}\n  {}", paint.dim("-->"), paint.dim(line)))?;
    screen.line(&format!("  {}: {cases}", paint.bold(words)))?;
    for line in skeleton.lines() {
        screen.line(format!("    {line}").trim_end())?;
    }
    screen.line("")
}

/// A share in per cent with one digit behind the point, rounded down: 100 % is all.
fn per_cent(part: usize, whole: usize) -> String {
    let tenths = part.saturating_mul(1000) / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}
