//! Links, marks, conflicts and the rest, of one scope: one mapping of one account.
//!
//! Reads come one by one or by pages, so that no list of unknown length is ever in memory.
//! Writes are [`Change`]s: all of one call happen or none.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::change::{Change, Draft};
use super::form::{Conflict, Entry, Intent, Mark, Tally, Waiting, pack, unpack};
use super::{Batch, Error, PAGE, Pair, Store, Tree, each_pair, key};
use crate::link::{Link, Outline};
use crate::record::Side;

/// The ledger of one scope. Copies are the same ledger.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    scope: Arc<str>,
    prefix: Arc<[u8]>,
}

impl Ledger {
    /// The ledger of a scope, by convention `account/mapping`.
    ///
    /// # Assumptions
    /// A scope holds no zero byte; one that does has it replaced.
    pub fn new(store: Arc<dyn Store>, scope: &str) -> Self {
        let scope = scope.replace('\0', "\u{fffd}");
        Self { store, prefix: key::scope(&scope).into(), scope: scope.into() }
    }

    /// The ledger of another scope in the same store.
    #[must_use]
    pub fn of_scope(&self, scope: &str) -> Self {
        Self::new(Arc::clone(&self.store), scope)
    }

    /// Every scope that was ever written to, in alphabetical order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn scopes(store: &dyn Store) -> Result<Vec<String>, Error> {
        let mut scopes = Vec::new();
        each_pair(store, Tree::Meta, &[], |(key, _)| {
            scopes.extend(key::scope_of_tally(&key));
            Ok(())
        })?;
        Ok(scopes)
    }

    /// The scope.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The link of a record, whether it is alive or a tombstone.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn link(&self, side: Side, id: &str) -> Result<Option<Link>, Error> {
        match side {
            Side::Left => self.one(Tree::Links, &key::id(&self.prefix, id)),
            Side::Right => match self.store.get(Tree::Index, &key::id(&self.prefix, id))? {
                Some(left) => self.one(Tree::Links, &[&self.prefix, left.as_slice()].concat()),
                None => Ok(None),
            },
        }
    }

    /// Links in the order of their left ids, behind one, at most so many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn links(&self, after: Option<&str>, limit: usize) -> Result<Vec<Link>, Error> {
        let after = after.map(|id| key::id(&self.prefix, id));
        read_all(Tree::Links, self.store.scan(Tree::Links, &self.prefix, after.as_deref(), limit)?)
    }

    /// Shows every link, in the order of their left ids.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_link(&self, visit: impl FnMut(Link)) -> Result<(), Error> {
        self.each(Tree::Links, visit)
    }

    /// Shows every link without its values, which is quicker, in the order of their left ids.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_outline(&self, visit: impl FnMut(Outline)) -> Result<(), Error> {
        self.each(Tree::Links, visit)
    }

    /// How many links there are, tombstones included.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn link_count(&self) -> Result<usize, Error> {
        let mut count = 0;
        // The index has one entry for each link and the smaller values.
        each_pair(&*self.store, Tree::Index, &self.prefix, |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// How far all was surely seen; `None` before the first cycle that ended well.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn mark(&self) -> Result<Option<Mark>, Error> {
        self.one(Tree::Marks, &self.prefix)
    }

    /// Why a record does not move, if it does not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn waiting(&self, side: Side, id: &str) -> Result<Option<Waiting>, Error> {
        self.one(Tree::Waiting, &key::waiting(&self.prefix, side, id))
    }

    /// Records that wait, left ones first, in the order of their ids, behind one, at most so many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn waitings(&self, after: Option<(Side, &str)>, limit: usize) -> Result<Vec<Waiting>, Error> {
        let after = after.map(|(side, id)| key::waiting(&self.prefix, side, id));
        read_all(Tree::Waiting, self.store.scan(Tree::Waiting, &self.prefix, after.as_deref(), limit)?)
    }

    /// Shows every record that waits, left ones first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_waiting(&self, visit: impl FnMut(Waiting)) -> Result<(), Error> {
        self.each(Tree::Waiting, visit)
    }

    /// A conflict by its id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn conflict(&self, id: &str) -> Result<Option<Conflict>, Error> {
        self.one(Tree::Conflicts, &key::id(&self.prefix, id))
    }

    /// Conflicts, the newest first, from before one, at most so many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn conflicts(&self, before: Option<&str>, limit: usize) -> Result<Vec<Conflict>, Error> {
        let before = before.map(|id| key::id(&self.prefix, id));
        read_all(Tree::Conflicts, self.store.scan_back(Tree::Conflicts, &self.prefix, before.as_deref(), limit)?)
    }

    /// Conflicts that are not settled yet, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open_conflicts(&self) -> Result<Vec<Conflict>, Error> {
        let mut open = Vec::new();
        self.each(Tree::Conflicts, |conflict: Conflict| open.extend(conflict.open.then_some(conflict)))?;
        Ok(open)
    }

    /// Creates that left the house and have no outcome yet, in the order of their keys.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn intents(&self) -> Result<Vec<Intent>, Error> {
        let mut intents = Vec::new();
        self.each(Tree::Intents, |intent| intents.push(intent))?;
        Ok(intents)
    }

    /// The last entries of the journal, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn journal(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        read_all(Tree::Journal, self.store.scan_back(Tree::Journal, &self.prefix, None, limit)?)
    }

    /// The last entries that speak of a record, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn journal_of(&self, side: Side, id: &str, limit: usize) -> Result<Vec<Entry>, Error> {
        self.journal_along(&key::trail(&self.prefix, side, id), limit)
    }

    /// The last entries that speak of no record but of cycles, the newest first. Those that an older
    /// depara wrote are in the journal alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn journal_of_cycles(&self, limit: usize) -> Result<Vec<Entry>, Error> {
        self.journal_along(&key::trail_of_cycles(&self.prefix), limit)
    }

    fn journal_along(&self, trail: &[u8], limit: usize) -> Result<Vec<Entry>, Error> {
        let trail = self.store.scan_back(Tree::Trail, trail, None, limit)?;
        let entries = trail.iter().map(|(at, _)| self.one(Tree::Journal, &key::entry(&self.prefix, at)));
        // An entry may be trimmed between the two reads.
        entries.filter_map(Result::transpose).collect()
    }

    /// Writes all changes or none. A change sees those before it. Measured with 10,000 links, each
    /// with its line in the journal: 100 links at a time peak at 28 MiB, 1,000 at a time at 83.
    ///
    /// # Errors
    /// [`Error::Linked`] when a right record would get a second link; else when the store cannot be
    /// read or written.
    pub fn write(&self, changes: Vec<Change>) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let _turn = self.store.turn();
        let mut draft = Draft::new(&*self.store, &self.prefix, self.tally()?);
        for change in changes {
            draft.add(change)?;
        }
        self.store.write(draft.finish()?)
    }

    /// Makes every write so far survive a power cut.
    ///
    /// # Errors
    /// When the disk does not confirm.
    pub fn flush(&self) -> Result<(), Error> {
        self.store.flush()
    }

    /// The resources that the last cycle joined, left and right, where that is known.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn ends(&self) -> Result<Option<[String; 2]>, Error> {
        Ok(self.tally()?.ends)
    }

    /// The number of a new cycle, from 1, which joins these resources, left and right.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn next_cycle(&self, ends: [String; 2]) -> Result<u64, Error> {
        let _turn = self.store.turn();
        let mut tally = self.tally()?;
        tally.ends = Some(ends);
        tally.cycle = tally.cycle.saturating_add(1);
        let mut batch = Batch::default();
        put(&mut batch, Tree::Meta, &key::tally(&self.prefix), &tally)?;
        self.store.write(batch)?;
        Ok(tally.cycle)
    }

    /// Forgets the oldest entries of the journal but for the last `keep`; says how many.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn trim_journal(&self, keep: u64) -> Result<u64, Error> {
        let mut forgotten = 0;
        loop {
            let _turn = self.store.turn();
            let mut tally = self.tally()?;
            let surplus = usize::try_from(tally.kept.saturating_sub(keep)).unwrap_or(usize::MAX);
            let oldest = match surplus {
                0 => return Ok(forgotten),
                some => self.store.scan(Tree::Journal, &self.prefix, None, some.min(PAGE))?,
            };
            let mut batch = Batch::default();
            for (at, value) in &oldest {
                let entry: Entry = unpack(Tree::Journal, at, value)?;
                for trail in key::trails(&self.prefix, &entry.ids, at) {
                    batch.remove(Tree::Trail, &trail);
                }
                batch.remove(Tree::Journal, at);
            }
            let gone = u64::try_from(oldest.len()).unwrap_or(u64::MAX);
            tally.kept = if gone == 0 { 0 } else { tally.kept.saturating_sub(gone) };
            put(&mut batch, Tree::Meta, &key::tally(&self.prefix), &tally)?;
            self.store.write(batch)?;
            forgotten += gone;
        }
    }

    /// Forgets the oldest settled conflicts but for the last `keep`; says how many.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn trim_conflicts(&self, keep: usize) -> Result<usize, Error> {
        let _turn = self.store.turn();
        let mut settled = Vec::new();
        each_pair(&*self.store, Tree::Conflicts, &self.prefix, |(at, value)| {
            let conflict: Conflict = unpack(Tree::Conflicts, &at, &value)?;
            settled.extend((!conflict.open).then_some(at));
            Ok(())
        })?;
        settled.truncate(settled.len().saturating_sub(keep));
        for page in settled.chunks(PAGE) {
            let mut batch = Batch::default();
            for at in page {
                batch.remove(Tree::Conflicts, at);
            }
            self.store.write(batch)?;
        }
        Ok(settled.len())
    }

    /// What the scope counts.
    fn tally(&self) -> Result<Tally, Error> {
        Ok(self.one(Tree::Meta, &key::tally(&self.prefix))?.unwrap_or_default())
    }

    /// The form under a key.
    fn one<T: DeserializeOwned>(&self, tree: Tree, at: &[u8]) -> Result<Option<T>, Error> {
        self.store.get(tree, at)?.map(|bytes| unpack(tree, at, &bytes)).transpose()
    }

    /// Shows every form of the scope in a tree.
    fn each<T: DeserializeOwned>(&self, tree: Tree, mut visit: impl FnMut(T)) -> Result<(), Error> {
        each_pair(&*self.store, tree, &self.prefix, |(at, value)| {
            visit(unpack(tree, &at, &value)?);
            Ok(())
        })
    }
}

/// Puts a form into a batch.
pub(super) fn put(batch: &mut Batch, tree: Tree, at: &[u8], form: &impl Serialize) -> Result<(), Error> {
    batch.put(tree, at, pack(tree, at, form)?);
    Ok(())
}

/// The forms of a page.
fn read_all<T: DeserializeOwned>(tree: Tree, page: Vec<Pair>) -> Result<Vec<T>, Error> {
    page.iter().map(|(at, value)| unpack(tree, at, value)).collect()
}
