//! Many histories at once, one thread for each core.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::{io, thread};

use super::{Broken, Counts, Setting, Stage, history, script};

/// Stack of a thread that plays: deep rules must not overflow it.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// What came of many histories.
#[derive(Clone, Debug, Default)]
pub struct Total {
    /// Histories played.
    pub histories: u64,
    /// Days they lasted, all together.
    pub days: u64,
    /// What happened in them, by name.
    pub counts: Counts,
    /// Seeds of histories in which something broke, and what.
    pub broken: Vec<(u64, Vec<Broken>)>,
    /// A print of all of them, in whatever order they were played.
    pub print: u64,
}

/// Plays the histories of a range of seeds on so many threads. `seen` hears of each and says whether
/// to go on.
///
/// # Errors
/// When the machine gives no thread.
pub fn many(
    stage: &Stage,
    setting: &Setting,
    seeds: Range<u64>,
    threads: usize,
    mut seen: impl FnMut(&Total) -> bool,
) -> io::Result<Total> {
    let (next, over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let mut total = Total::default();
    thread::scope(|scope| {
        let (sender, played) = mpsc::channel();
        for _ in 0..threads.max(1) {
            let (sender, next, over, end) = (sender.clone(), &next, &over, seeds.end);
            let work = move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end || over.load(Ordering::SeqCst) {
                        return;
                    }
                    if sender.send((seed, history(stage, &script(seed, setting)))).is_err() {
                        return;
                    }
                }
            };
            thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work)?;
        }
        drop(sender);
        for (seed, outcome) in played {
            total.histories += 1;
            total.days += u64::from(setting.days);
            total.print ^= outcome.print.wrapping_mul(seed | 1);
            for (name, count) in outcome.counts {
                *total.counts.entry(name).or_default() += count;
            }
            if !outcome.broken.is_empty() {
                total.broken.push((seed, outcome.broken));
            }
            if !seen(&total) {
                over.store(true, Ordering::SeqCst);
            }
        }
        Ok::<(), io::Error>(())
    })?;
    total.broken.sort_by_key(|(seed, _)| *seed);
    Ok(total)
}

impl Total {
    /// Which invariants broke.
    pub fn invariants(&self) -> BTreeSet<&'static str> {
        self.broken.iter().flat_map(|(_, broken)| broken).map(|one| one.invariant).collect()
    }
}
