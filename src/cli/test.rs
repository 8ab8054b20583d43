//! `depara test`: the cases of a workspace.

use std::path::Path;

use super::arguments::Global;
use super::render::diagnostic::complaints;
use super::render::{Screen, case};
use super::{Exit, Stop, open};
use crate::cases;

/// Runs the cases.
pub(super) fn run(
    global: &Global,
    folder: Option<&Path>,
    filter: Option<&str>,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let mut place = global.clone();
    // A word that is no folder is the filter.
    let filter = match folder {
        Some(word) if filter.is_none() && !word.is_dir() => word.to_str(),
        Some(folder) => {
            folder.clone_into(&mut place.dir);
            filter
        }
        None => filter,
    };
    open::need_files(&place.dir)?;
    let workspace = open::offline(&place, screen)?;
    let tested = cases::run(&workspace, filter);
    if let Some(word) = filter.filter(|_| tested.outcomes.is_empty() && tested.complaints.is_clean()) {
        let sentence = format!("no case holds `{word}` in its file or its title");
        return Err(Stop::usage(sentence, "`depara test` alone runs them all"));
    }
    if !tested.complaints.is_clean() {
        complaints(screen, &tested.complaints)?;
    }
    let failed = tested.outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    for outcome in &tested.outcomes {
        case::failures(screen, outcome)?;
    }
    case::verdict(screen, tested.outcomes.len() - failed, failed)?;
    Ok(if tested.is_clean() { Exit::Done } else { Exit::Failed })
}
