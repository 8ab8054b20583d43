//! `depara test`: the cases of a workspace, and what they are worth.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::thread;
use std::time::Instant;

use super::arguments::{Global, TestArguments};
use super::render::diagnostic::complaints;
use super::render::{Screen, case, coverage, mutant};
use super::{Exit, Stop, open};
use crate::cases::coverage::coverage;
use crate::cases::mutants::mutants;
use crate::cases::{self, Tested};
use crate::diagnostic::{Diagnostics, Weight};
use crate::workspace::Workspace;

/// Runs the cases, and says what they touch when that is asked.
pub(super) fn run(global: &Global, arguments: &TestArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let mut place = global.clone();
    // A word that is no folder is the filter.
    let filter = match &arguments.folder {
        Some(word) if arguments.filter.is_none() && !word.is_dir() => word.to_str(),
        Some(folder) => {
            folder.clone_into(&mut place.dir);
            arguments.filter.as_deref()
        }
        None => arguments.filter.as_deref(),
    };
    open::need_files(&place.dir)?;
    if arguments.mutants {
        return mutated(&place, arguments, filter, screen);
    }
    let workspace = open::offline(&place, screen)?;
    if arguments.coverage {
        return covered(&workspace, filter, screen);
    }
    let tested = cases::run(&workspace, filter);
    if let Some(word) = filter.filter(|_| tested.outcomes.is_empty() && tested.complaints.is_clean()) {
        let sentence = format!("no case holds `{word}` in its file or its title");
        return Err(Stop::usage(sentence, "`depara test` alone runs them all"));
    }
    told(&tested, screen)?;
    Ok(if tested.is_clean() { Exit::Done } else { Exit::Failed })
}

fn told(tested: &Tested, screen: &mut Screen) -> anyhow::Result<()> {
    if !tested.complaints.is_clean() {
        complaints(screen, &tested.complaints)?;
    }
    let failed = tested.outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    for outcome in &tested.outcomes {
        case::failures(screen, outcome)?;
    }
    let errors = tested.complaints.list.iter().filter(|one| one.weight == Weight::Error);
    let unread: BTreeSet<&str> = errors.filter_map(|one| Some(&*one.place.as_ref()?.file)).collect();
    case::verdict(screen, tested.outcomes.len() - failed, failed, unread.len())?;
    Ok(())
}

fn covered(workspace: &Workspace, filter: Option<&str>, screen: &mut Screen) -> anyhow::Result<Exit> {
    let mut met = Diagnostics::default();
    let cases = cases::read(workspace, &mut met);
    if !met.is_clean() {
        complaints(screen, &met)?;
    }
    let files = coverage(workspace, &cases, filter);
    if files.is_empty() {
        return Err(no_file(filter));
    }
    let whole = files.iter().all(|covered| covered.untouched.is_empty());
    coverage::files(screen, &files)?;
    Ok(if whole && met.is_clean() { Exit::Done } else { Exit::Failed })
}

fn mutated(
    place: &Global,
    arguments: &TestArguments,
    filter: Option<&str>,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let (workspace, files) = open::offline_and_files(place, screen)?;
    let threads = arguments.threads.or_else(|| thread::available_parallelism().ok().map(NonZero::get)).unwrap_or(1);
    let began = Instant::now();
    let line = mutant::Line::draw();
    let tried = mutants(&workspace, &files, filter, threads, &|done, all| line.show(done, all));
    line.clear();
    let tried = match tried {
        Ok(tried) => tried,
        Err(tested) => {
            told(&tested, screen)?;
            return Err(Stop::failed("mutants are tried on cases that all pass", "repair these first"));
        }
    };
    if tried.mutants == 0 {
        return Err(no_file(filter));
    }
    mutant::tried(screen, &tried, began.elapsed())?;
    Ok(if tried.is_clean() { Exit::Done } else { Exit::Failed })
}

fn no_file(filter: Option<&str>) -> anyhow::Error {
    let sentence = format!("no mapping and no script has a file that holds `{}`", filter.unwrap_or_default());
    Stop::usage(sentence, "without a word all of them are looked at")
}
