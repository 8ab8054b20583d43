//! `depara test`: the cases of a workspace.

use std::path::Path;

use serde_json::json;

use super::arguments::Global;
use super::render::Screen;
use super::render::diagnostic::{Weight, complaints};
use super::{Exit, open};
use crate::cases;

/// Runs the cases.
pub(super) fn run(
    global: &Global,
    folder: Option<&Path>,
    filter: Option<&str>,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let mut place = global.clone();
    if let Some(folder) = folder {
        folder.clone_into(&mut place.dir);
    }
    let workspace = open::offline(&place, screen)?;
    let tested = cases::run(&workspace, filter);
    if !tested.complaints.is_clean() {
        complaints(screen, Weight::Error, &tested.complaints)?;
    }
    let mut failed = 0;
    for outcome in &tested.outcomes {
        failed += usize::from(!outcome.failures.is_empty());
        for failure in &outcome.failures {
            let (at, title, what) = (failure.place.to_string(), &outcome.title, &failure.what);
            if screen.is_json() {
                let (expected, found) = (&failure.expected, &failure.found);
                let told = json!({ "place": at, "case": title, "what": what, "expected": expected, "found": found });
                screen.json(&told)?;
            } else {
                screen.line(&format!("{title}\n  --> {at}: {what}"))?;
                screen.line(&format!("  expected {}\n  found    {}", failure.expected, failure.found))?;
            }
        }
    }
    let passed = tested.outcomes.len() - failed;
    if screen.is_json() {
        screen.json(&json!({ "passed": passed, "failed": failed }))?;
    } else {
        screen.line(&format!("{passed} cases passed, {failed} failed"))?;
    }
    Ok(if tested.is_clean() { Exit::Done } else { Exit::Failed })
}
