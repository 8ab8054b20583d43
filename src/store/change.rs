//! What can be changed in a ledger, and how changes become one batch with every index true.

use super::form::{Conflict, Entry, Intent, Mark, Tally, Waiting, unpack};
use super::ledger::put;
use super::{Batch, Error, Store, Tree, key};
use crate::link::Link;
use crate::record::{Side, Sides};

/// One change of a ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Puts a link in the place of the one with its left id, if there is one.
    PutLink(Link),
    /// Removes the link of these ids; to bury a record, put a link with a dead side instead.
    RemoveLink(Sides<String>),
    /// Moves the watermark.
    PutMark(Mark),
    /// Notes that a record waits.
    PutWaiting(Waiting),
    /// Notes that a record no longer waits.
    RemoveWaiting {
        /// The side the record lives on.
        side: Side,
        /// Its id.
        id: String,
    },
    /// Writes a conflict, new or changed.
    PutConflict(Conflict),
    /// Forgets a conflict.
    RemoveConflict {
        /// Its id.
        id: String,
    },
    /// Notes a create before it leaves the house.
    PutIntent(Intent),
    /// Notes that a create has an outcome.
    RemoveIntent {
        /// Its key.
        key: String,
    },
    /// Writes a line of the journal.
    Journal(Entry),
}

/// A batch in the making. It reads through its own writes, so that a change sees those before it.
pub(super) struct Draft<'a> {
    store: &'a dyn Store,
    prefix: &'a [u8],
    tally: Tally,
    batch: Batch,
}

impl<'a> Draft<'a> {
    /// An empty draft. The caller holds the turn.
    pub(super) fn new(store: &'a dyn Store, prefix: &'a [u8], tally: Tally) -> Self {
        Self { store, prefix, tally, batch: Batch::default() }
    }

    /// Adds a change.
    pub(super) fn add(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::PutLink(link) => self.put_link(&link),
            Change::RemoveLink(ids) => self.remove_link(&ids),
            Change::PutMark(mark) => put(&mut self.batch, Tree::Marks, self.prefix, &mark),
            Change::PutWaiting(waiting) => {
                let at = key::waiting(self.prefix, waiting.side, &waiting.id);
                put(&mut self.batch, Tree::Waiting, &at, &waiting)
            }
            Change::RemoveWaiting { side, id } => {
                self.batch.remove(Tree::Waiting, &key::waiting(self.prefix, side, &id));
                Ok(())
            }
            Change::PutConflict(conflict) => {
                let at = key::id(self.prefix, &conflict.id);
                put(&mut self.batch, Tree::Conflicts, &at, &conflict)
            }
            Change::RemoveConflict { id } => {
                self.batch.remove(Tree::Conflicts, &key::id(self.prefix, &id));
                Ok(())
            }
            Change::PutIntent(intent) => {
                let at = key::id(self.prefix, &intent.key);
                put(&mut self.batch, Tree::Intents, &at, &intent)
            }
            Change::RemoveIntent { key } => {
                self.batch.remove(Tree::Intents, &key::id(self.prefix, &key));
                Ok(())
            }
            Change::Journal(entry) => self.journal(&entry),
        }
    }

    /// The batch, with the tally: a scope that was ever written to has one.
    pub(super) fn finish(mut self) -> Result<Batch, Error> {
        put(&mut self.batch, Tree::Meta, &key::tally(self.prefix), &self.tally)?;
        Ok(self.batch)
    }

    /// Puts a link, and moves its entry in the index when its right id changed. The entry is asked
    /// first: where it is right already, as nearly always, the old link need not be read.
    fn put_link(&mut self, link: &Link) -> Result<(), Error> {
        let Sides { left, right } = &link.ids;
        let entry = key::id(self.prefix, right);
        match self.read(Tree::Index, &entry)? {
            Some(other) if other != left.as_bytes() => {
                let other = String::from_utf8_lossy(&other).into_owned();
                return Err(Error::Linked { left: left.clone(), right: right.clone(), other });
            }
            Some(_) => {}
            None => {
                self.unindex(left)?;
                self.batch.put(Tree::Index, &entry, left.clone().into_bytes());
            }
        }
        put(&mut self.batch, Tree::Links, &key::id(self.prefix, left), link)
    }

    /// Removes a link with its entry in the index. A link that has another right id by now is not
    /// the one that was meant, and stays.
    fn remove_link(&mut self, ids: &Sides<String>) -> Result<(), Error> {
        let entry = key::id(self.prefix, &ids.right);
        if self.read(Tree::Index, &entry)?.is_some_and(|left| left == ids.left.as_bytes()) {
            self.batch.remove(Tree::Index, &entry);
            self.batch.remove(Tree::Links, &key::id(self.prefix, &ids.left));
        }
        Ok(())
    }

    /// Removes the entry that the link of a left id has in the index.
    fn unindex(&mut self, left: &str) -> Result<(), Error> {
        let at = key::id(self.prefix, left);
        if let Some(bytes) = self.read(Tree::Links, &at)? {
            let old: Link = unpack(Tree::Links, &at, &bytes)?;
            self.batch.remove(Tree::Index, &key::id(self.prefix, &old.ids.right));
        }
        Ok(())
    }

    /// Writes a line of the journal and the trails that lead to it.
    fn journal(&mut self, entry: &Entry) -> Result<(), Error> {
        let at = [self.prefix, &key::sequence(entry.at_ms, self.tally.next)].concat();
        // What a damaged store counts may be anything; around the end, numbers still differ.
        self.tally.next = self.tally.next.wrapping_add(1);
        self.tally.kept = self.tally.kept.saturating_add(1);
        for trail in key::trails(self.prefix, &entry.ids, &at) {
            self.batch.put(Tree::Trail, &trail, Vec::new());
        }
        put(&mut self.batch, Tree::Journal, &at, entry)
    }

    /// What lies under a key once the draft is written.
    fn read(&self, tree: Tree, at: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.batch.seen(tree, at) {
            Some(value) => Ok(value.map(<[u8]>::to_vec)),
            None => self.store.get(tree, at),
        }
    }
}
