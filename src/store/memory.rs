//! The engine that forgets: a sorted map behind a lock.
//!
//! For dry runs over a copy of the real store, for simulations and for tests. It keeps every
//! promise of [`Store`] but the one about power cuts.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Batch, Error, Pair, Store, Tree, Turn, each_pair, key};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    pairs: Mutex<Pairs>,
    turn: Mutex<()>,
}

/// New values by place; nothing removes.
pub(super) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Values by place.
type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store with the contents of another, to be changed without changing that one.
    ///
    /// # Errors
    /// When the other store cannot be read.
    pub fn copy_of(store: &dyn Store) -> Result<Self, Error> {
        let mut pairs = Pairs::new();
        for tree in Tree::ALL {
            each_pair(store, tree, &[], |(key, value)| {
                pairs.insert(key::place(tree, &key), value);
                Ok(())
            })?;
        }
        Ok(Self { pairs: Mutex::new(pairs), turn: Mutex::new(()) })
    }

    /// Writes by place; gives what stood there before.
    pub(super) fn replace(&self, writes: Writes) -> Writes {
        let mut pairs = self.pairs();
        let replaced = writes.into_iter().map(|(place, value)| {
            let before = match value {
                Some(value) => pairs.insert(place.clone(), value),
                None => pairs.remove(&place),
            };
            (place, before)
        });
        replaced.collect()
    }

    /// The map. Every change to it is one call that cannot panic half-way, so a poisoned lock
    /// guards a whole map.
    fn pairs(&self) -> MutexGuard<'_, Pairs> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.pairs().get(&key::place(tree, key)).cloned())
    }

    fn scan(&self, tree: Tree, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        let Some(places) = key::places(tree, prefix, after, None) else { return Ok(Vec::new()) };
        Ok(self.pairs().range(places).take(limit).map(pair).collect())
    }

    fn scan_back(&self, tree: Tree, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        let Some(places) = key::places(tree, prefix, None, before) else { return Ok(Vec::new()) };
        Ok(self.pairs().range(places).rev().take(limit).map(pair).collect())
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
        self.replace(batch.writes);
        Ok(())
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    fn turn(&self) -> Turn<'_> {
        Turn::wait(&self.turn)
    }
}

/// A pair without its tree.
fn pair((place, value): (&Vec<u8>, &Vec<u8>)) -> Pair {
    (key::unplace(place).to_vec(), value.clone())
}
