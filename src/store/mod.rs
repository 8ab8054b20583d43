//! What must outlive the process: links with their bases, watermarks, what waits, conflicts,
//! intents and the journal.
//!
//! Two storeys. Below, [`Store`] keeps bytes in trees and is the one trait of the house, with two
//! engines: [`SledStore`] on disk and [`MemoryStore`] for dry runs and simulations. Above,
//! [`Ledger`] speaks of links and conflicts, knows the stored forms and keeps every index true.
//!
//! # Guarantees
//!
//! - A batch is written whole or not at all, also when the process is killed in the middle.
//! - What was written before a [`Store::flush`] that succeeded survives a power cut.
//! - A store that cannot be trusted is an [`Error`], never a panic and never an empty store.
//! - Every stored form carries a version, so a newer store is refused, not misread.
//!
//! Nothing here knows a system, a mapping or the clock.

mod change;
mod copy;
#[cfg(test)]
mod disk;
mod fence;
mod form;
mod fragile;
mod key;
mod ledger;
mod memory;
mod sled;
#[cfg(test)]
mod suite;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::change::Change;
pub use self::form::{Answer, Conflict, Entry, Intent, Mark, Wait, Waiting};
pub use self::fragile::{Disk, FragileStore, Lives};
pub use self::ledger::Ledger;
pub use self::memory::MemoryStore;
pub use self::sled::SledStore;

/// The version of the layout: which trees there are and how keys are built.
pub const VERSION: u32 = 1;

/// How many entries one reading of a long list takes at a time.
const PAGE: usize = 128;

/// A key with its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Bytes in trees, ordered by key. Calls are short and never wait for a network.
pub trait Store: Send + Sync {
    /// The value under a key.
    ///
    /// # Errors
    /// When the engine cannot read.
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Pairs whose key starts with `prefix`, in key order, from behind `after`, at most `limit`.
    ///
    /// # Errors
    /// When the engine cannot read.
    fn scan(&self, tree: Tree, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error>;

    /// The same backwards: from before `before`, the last key first.
    ///
    /// # Errors
    /// When the engine cannot read.
    fn scan_back(&self, tree: Tree, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error>;

    /// Writes all of the batch or nothing of it, also when the process is killed meanwhile. A power
    /// cut may take it back until the next [`Store::flush`]. An engine may hold several times the
    /// batch in memory until it is written: some hundred changes are a good batch, thousands are not.
    ///
    /// # Errors
    /// When the engine cannot write; nothing may be written after that.
    fn write(&self, batch: Batch) -> Result<(), Error>;

    /// Makes every write so far survive a power cut.
    ///
    /// # Errors
    /// When the disk does not confirm.
    fn flush(&self) -> Result<(), Error>;

    /// Waits for the right to read, decide and write with nobody between. Whoever writes what
    /// depends on what was read holds it for so long.
    fn turn(&self) -> Turn<'_>;
}

/// The right to read, decide and write with nobody between.
#[must_use]
pub struct Turn<'a>(#[expect(dead_code, reason = "held, not read")] MutexGuard<'a, ()>);

impl<'a> Turn<'a> {
    /// Waits for the lock of an engine. It guards no value, so a thread that died holding it left
    /// nothing half done.
    fn wait(lock: &'a Mutex<()>) -> Self {
        Self(lock.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The trees of a store. The number of a tree is part of the stored form: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tree {
    /// The version of the store, and the tally of each scope.
    Meta = 1,
    /// Left id → link.
    Links = 2,
    /// Right id → left id.
    Index = 3,
    /// The watermark of each scope.
    Marks = 4,
    /// Side and id → what did not move, and why.
    Waiting = 5,
    /// Id → conflict.
    Conflicts = 6,
    /// Key → create that left the house and has no outcome yet.
    Intents = 7,
    /// Moment and number → journal entry.
    Journal = 8,
    /// Side, id, moment and number → nothing: which journal entries speak of a record, and which of none.
    Trail = 9,
}

impl Tree {
    /// Every tree, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Meta,
        Self::Links,
        Self::Index,
        Self::Marks,
        Self::Waiting,
        Self::Conflicts,
        Self::Intents,
        Self::Journal,
        Self::Trail,
    ];

    /// The number of the tree.
    const fn number(self) -> u8 {
        self as u8
    }
}

/// Writes that happen together, by place. A later write to the same place replaces an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    /// Puts a value under a key.
    pub fn put(&mut self, tree: Tree, key: &[u8], value: Vec<u8>) {
        self.writes.insert(key::place(tree, key), Some(value));
    }

    /// Removes a key.
    pub fn remove(&mut self, tree: Tree, key: &[u8]) {
        self.writes.insert(key::place(tree, key), None);
    }

    /// True when nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// What this batch would leave under a key; `None` when it does not touch it.
    fn seen(&self, tree: Tree, key: &[u8]) -> Option<Option<&[u8]>> {
        self.writes.get(&key::place(tree, key)).map(Option::as_deref)
    }
}

/// A print of everything in a store: equal contents have equal prints. For the tests that a dry
/// run left no trace.
///
/// # Errors
/// When the store cannot be read.
pub fn print(store: &dyn Store) -> Result<u64, Error> {
    let mut hasher = DefaultHasher::new();
    for tree in Tree::ALL {
        each_pair(store, tree, &[], |pair| {
            (tree, pair).hash(&mut hasher);
            Ok(())
        })?;
    }
    Ok(hasher.finish())
}

/// Shows every pair whose key starts with `prefix`, in key order, holding one page at a time.
fn each_pair(
    store: &dyn Store,
    tree: Tree,
    prefix: &[u8],
    mut visit: impl FnMut(Pair) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(tree, prefix, after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        page.into_iter().try_for_each(&mut visit)?;
    }
}

/// What failed. Each reads well behind "failed to".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process, or another store of this one, holds the folder.
    #[error("open the store in `{}`: it is in use by another process", dir.display())]
    InUse {
        /// The folder of the store.
        dir: PathBuf,
    },
    /// The store was written by a newer depara.
    #[error("open the store in `{}`: it has version {found}, this depara knows version {VERSION} and older", dir.display())]
    Newer {
        /// The folder of the store.
        dir: PathBuf,
        /// The version it has.
        found: String,
    },
    /// The store is there, and cannot be trusted.
    #[error("use the store in `{}`: it is damaged ({reason})", dir.display())]
    Broken {
        /// The folder of the store.
        dir: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It took no call since one failed: what was under way is not known, and what was flushed is whole.
    #[error("use the store in `{}`: an earlier call failed, and nothing is read or written since", dir.display())]
    Stopped {
        /// The folder of the store.
        dir: PathBuf,
    },
    /// The folder cannot be made or opened.
    #[error("open the store in `{}`", dir.display())]
    Open {
        /// The folder of the store.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder could not be copied, for whoever must leave it as it is.
    #[error("copy the store into `{}`", dir.display())]
    Copy {
        /// Where copies are made.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The engine could not read.
    #[error("read the store in `{}`", dir.display())]
    Read {
        /// The folder of the store.
        dir: PathBuf,
        /// What the engine said.
        source: io::Error,
    },
    /// The engine could not write.
    #[error("write to the store in `{}`", dir.display())]
    Write {
        /// The folder of the store.
        dir: PathBuf,
        /// What the engine said.
        source: io::Error,
    },
    /// The disk did not confirm.
    #[error("make the store in `{}` durable", dir.display())]
    Flush {
        /// The folder of the store.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A stored form that cannot be read, or a value that has none.
    #[error("convert what the store holds under `{key}`")]
    Form {
        /// Tree and key.
        key: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A stored form written by a newer depara.
    #[error(
        "read what the store holds under `{key}`: it has form {found}, this depara knows form {} and older",
        form::FORM
    )]
    NewerForm {
        /// Tree and key.
        key: String,
        /// The version it has.
        found: u32,
    },
    /// Broken invariant: a right record has one link.
    #[error("link `{left}` with `{right}`: `{right}` is already linked with `{other}`")]
    Linked {
        /// The left id of the link to write.
        left: String,
        /// The right id of both.
        right: String,
        /// The left id it is linked with.
        other: String,
    },
}

impl Error {
    /// What a person can do about it.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::InUse { .. } => {
                Some("stop the other depara (`depara run`?), or give this one a store of its own in `depara.yaml`")
            }
            Self::Newer { .. } | Self::NewerForm { .. } => Some("use the depara that wrote it, or a newer one"),
            Self::Broken { .. } | Self::Form { .. } => Some(
                "put the folder of the store back from a backup; or move it away, take up an export with `depara links \
                 --import`, or run `depara plan`: records find their twins again by the keys of the mapping, and \
                 nothing is sent before you agree",
            ),
            Self::Stopped { .. } => {
                Some("see what failed first and that the disk is not full, then start depara again: nothing is lost")
            }
            Self::Open { .. } | Self::Write { .. } | Self::Flush { .. } => {
                Some("see that the folder may be written to and that the disk is not full")
            }
            Self::Copy { .. } => {
                Some("see that there is room for a copy of the store there, or name another folder by TMPDIR")
            }
            Self::Read { .. } => Some("see that the disk is well"),
            Self::Linked { .. } => Some("remove the other link first"),
        }
    }
}
