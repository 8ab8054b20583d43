//! Mutants: mappings, tables and scripts with one thing changed, and whether a case notices.
//!
//! A change that no case notices is a behaviour that nobody asked for: either a case is missing, or the
//! change means nothing. The latter is said, with its reason, in a file under `tests/mutants`.

mod bench;
mod edit;
mod explained;
mod skeleton;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Tested;
use crate::config::files::Files;
use crate::diagnostic::{Diagnostics, Place};
use crate::workspace::Workspace;
use bench::{Bench, Fate, Mutant};
pub use explained::{Explained, explained};

/// Stack of a thread that runs cases: deep rules must not overflow it.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// What became of all mutants.
#[derive(Debug, Default)]
pub struct Tried {
    /// How many there were that a compiler took.
    pub mutants: usize,
    /// What no case noticed.
    pub survivors: Vec<Survivor>,
    /// Explanations of what does not survive, or is not there.
    pub stale: Vec<Explained>,
}

/// A change that no case noticed.
#[derive(Clone, Debug)]
pub struct Survivor {
    /// Where.
    pub place: Place,
    /// The line as it is written.
    pub line: String,
    /// What was changed, in words.
    pub words: String,
    /// How many cases come to the line.
    pub reached: usize,
    /// Why it need not be noticed, where somebody says so.
    pub reason: Option<String>,
    /// A case that could notice it, to be finished by its author.
    pub skeleton: String,
}

impl Tried {
    /// True when every survivor is explained, and every explanation is needed.
    pub fn is_clean(&self) -> bool {
        self.stale.is_empty() && self.survivors.iter().all(|one| one.reason.is_some())
    }
}

/// Tries every mutant of the files whose name holds `filter`. `show` is told how far it is: how many of
/// how many.
///
/// # Errors
/// What the cases say, when they do not all pass as it is.
pub fn mutants(
    workspace: &Workspace,
    files: &Files,
    filter: Option<&str>,
    threads: usize,
    show: &(dyn Fn(usize, usize) + Sync),
) -> Result<Tried, Tested> {
    let tested = super::run(workspace, None);
    if !tested.is_clean() {
        return Err(tested);
    }
    let mut complaints = Diagnostics::default();
    let mut reasons = explained(workspace, &mut complaints);
    if !complaints.is_clean() {
        return Err(Tested { complaints, ..Tested::default() });
    }
    reasons.retain(|one| wanted(filter, &one.file));
    let bench = Bench::of(workspace);
    let mutants = bench.mutants(filter);
    let fates = tried(&bench, &mutants, threads, show);
    Ok(summed(&bench, files, reasons, fates))
}

fn wanted(filter: Option<&str>, file: &str) -> bool {
    filter.is_none_or(|word| file.contains(word))
}

fn tried<'b>(
    bench: &Bench<'_>,
    mutants: &'b [Mutant<'b>],
    threads: usize,
    show: &(dyn Fn(usize, usize) + Sync),
) -> Vec<(&'b Mutant<'b>, Fate)> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let fates: Mutex<BTreeMap<usize, Fate>> = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(at) else { return };
            let fate = bench.fate(mutant);
            fates.lock().unwrap_or_else(PoisonError::into_inner).insert(at, fate);
            show(done.fetch_add(1, Ordering::Relaxed) + 1, mutants.len());
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            if thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).is_err() {
                work();
            }
        }
    });
    let fates = fates.into_inner().unwrap_or_else(PoisonError::into_inner);
    mutants.iter().zip(fates.into_values()).collect()
}

fn summed(bench: &Bench<'_>, files: &Files, reasons: Vec<Explained>, fates: Vec<(&Mutant<'_>, Fate)>) -> Tried {
    let mut tried = Tried::default();
    let mut needed: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (mutant, fate) in fates {
        tried.mutants += usize::from(fate != Fate::Refused);
        let Fate::Survived(reached) = fate else { continue };
        let file = files.get(&*mutant.place.file).map_or("", String::as_str);
        let line = file.lines().nth(mutant.place.line.saturating_sub(1)).unwrap_or_default().trim().to_owned();
        let mut why = reasons
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((at, one.explains(&mutant.place, &line, &mutant.words)?, one)));
        let reason = why.next().map(|(at, change, one)| {
            needed.insert((at, change));
            one.reason.clone()
        });
        let skeleton = skeleton::of(bench, files, mutant, &reached);
        let (place, words) = (mutant.place.clone(), mutant.words.clone());
        tried.survivors.push(Survivor { place, line, words, reached: reached.len(), reason, skeleton });
    }
    for (at, one) in reasons.into_iter().enumerate() {
        let idle = one.changes.iter().enumerate().filter(|(change, _)| !needed.contains(&(at, *change)));
        let changes: Vec<String> = idle.map(|(_, change)| change.clone()).collect();
        if !changes.is_empty() {
            tried.stale.push(Explained { changes, ..one });
        }
    }
    tried
}
