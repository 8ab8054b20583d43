//! What came of simulated histories.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Screen;
use super::value::count;
use crate::simulate::{Broken, INVARIANTS, Line as Told, Total, about};

/// How far it is, on the terminal of standard error.
pub struct Line(ProgressBar);

impl Line {
    /// A line for so many histories.
    pub fn draw(histories: u64) -> Self {
        let bar = ProgressBar::new(histories);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} histories, {per_sec}, {eta} left {msg}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So far it is.
    pub fn show(&self, total: &Total) {
        self.0.set_position(total.histories);
        if !total.broken.is_empty() {
            self.0.set_message(format!("{} broke", total.broken.len()));
        }
    }

    /// It is done.
    pub fn clear(self) {
        self.0.finish_and_clear();
    }
}

/// The numbers of all histories.
///
/// # Errors
/// When nobody reads any more.
pub fn total(screen: &mut Screen, total: &Total, took: Duration) -> anyhow::Result<()> {
    let seconds = took.as_secs_f64();
    let per_second = |count: u64| if seconds > 0.0 { rounded(count, seconds) } else { 0.0 };
    let (faults, rest): (Vec<_>, Vec<_>) = total.counts.iter().partition(|(name, _)| name.starts_with("fault "));
    let faults: Vec<(&str, u64)> =
        faults.into_iter().map(|(name, times)| (name.trim_start_matches("fault "), *times)).collect();
    if screen.is_json() {
        let broken = total.broken.iter().flat_map(|(seed, broken)| broken.iter().map(move |one| (seed, one)));
        let broken =
            broken.map(|(seed, one)| json!({ "seed": seed, "invariant": one.invariant, "sentence": one.sentence }));
        screen.json(&json!({
            "histories": total.histories,
            "days": total.days,
            "seconds": seconds,
            "histories_per_second": per_second(total.histories),
            "days_per_second": per_second(total.days),
            "counts": rest.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "faults": faults.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "broken": broken.collect::<Vec<_>>(),
            "print": format!("{:016x}", total.print),
        }))?;
        return Ok(());
    }
    screen.line(&format!(
        "{} of {} in {seconds:.1} s: {:.1} histories and {:.1} days a second",
        histories(total.histories),
        count(usize::try_from(total.days).unwrap_or(usize::MAX), "day"),
        per_second(total.histories),
        per_second(total.days)
    ))?;
    let line = |name: &str, each: Vec<(&str, u64)>| {
        let each: Vec<String> = each.into_iter().map(|(name, times)| format!("{name} {times}")).collect();
        format!("  {name}: {}", each.join(", "))
    };
    screen.line(&line("happened", rest.into_iter().map(|(name, times)| (name.as_str(), *times)).collect()))?;
    screen.line(&line("faults", faults))?;
    if total.broken.is_empty() {
        screen.line("all that must hold held in every one")?;
    } else {
        let broken = histories(u64::try_from(total.broken.len()).unwrap_or(u64::MAX));
        let which: Vec<&str> = total.invariants().into_iter().collect();
        screen.line(&screen.paint().bad(format!("{broken} broke: {}", which.join(", "))))?;
    }
    Ok(())
}

fn histories(number: u64) -> String {
    if number == 1 { "1 history".to_owned() } else { format!("{number} histories") }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rounded(count: u64, seconds: f64) -> f64 {
    (count as f64 / seconds * 10.0).round() / 10.0
}

/// A history in which nothing broke.
///
/// # Errors
/// When nobody reads any more.
pub fn sound(screen: &mut Screen, seed: u64) -> anyhow::Result<()> {
    if screen.is_json() {
        screen.json(&json!({ "seed": seed, "invariant": null }))?;
    } else {
        screen.line(&format!("seed {seed} with these acts: all that must hold holds"))?;
    }
    Ok(())
}

/// The story of a history that broke, and the command that plays it again.
///
/// # Errors
/// When nobody reads any more.
pub fn story(screen: &mut Screen, seed: u64, broken: &Broken, lines: &[Told], replay: &str) -> anyhow::Result<()> {
    let rule = INVARIANTS.iter().find(|(name, _)| *name == broken.invariant).map_or("", |(_, rule)| rule);
    if screen.is_json() {
        screen.json(&json!({
            "seed": seed,
            "invariant": broken.invariant,
            "sentence": broken.sentence,
            "story": about(lines, &broken.concerns),
            "replay": replay,
        }))?;
        return Ok(());
    }
    let paint = screen.paint();
    screen.line(&format!("\nseed {seed} breaks {}: {}", paint.bold(broken.invariant), broken.sentence))?;
    screen.line(&paint.dim(format!("  {rule}")))?;
    for line in about(lines, &broken.concerns) {
        screen.line(&format!("  {line}"))?;
    }
    screen.line(&format!("  replay: {replay}"))?;
    Ok(())
}
