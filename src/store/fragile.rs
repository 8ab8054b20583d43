//! A store in memory whose process may die at any write and whose power may fail: for simulations.
//!
//! Every life of a process opens the store anew over one [`Disk`]. Before and after each write and
//! flush the life is asked whether it goes on; once it is over, nothing reaches the disk any more.
//! What was written since the last flush can be taken back, the newest batch first, as a power cut
//! would.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::Writes;
use super::{Batch, Error, MemoryStore, Pair, Store, Tree, Turn};
use crate::flaw::{self, Flaw};

/// What outlives a process.
#[derive(Debug, Default)]
pub struct Disk {
    store: MemoryStore,
    /// What each batch since the last flush replaced, oldest first.
    undo: Mutex<Vec<Writes>>,
}

impl Disk {
    /// An empty one.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What it holds, to be looked at.
    pub fn store(&self) -> &dyn Store {
        &self.store
    }

    /// Batches that a power cut could take back.
    pub fn unflushed(&self) -> usize {
        self.undo().len()
    }

    /// The power fails: of what was not flushed, only the oldest `kept` batches stay.
    pub fn cut_power(&self, kept: usize) {
        let mut undo = self.undo();
        while undo.len() > kept {
            let Some(before) = undo.pop() else { break };
            self.store.replace(before);
        }
        undo.clear();
    }

    fn undo(&self) -> MutexGuard<'_, Vec<Writes>> {
        self.undo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says at each step on the way to the disk whether the process goes on; false ends it for good.
pub type Lives = Arc<dyn Fn() -> bool + Send + Sync>;

/// The store as one life of a process holds it.
pub struct FragileStore {
    disk: Arc<Disk>,
    lives: Lives,
}

impl FragileStore {
    /// Opens the store for one life.
    pub fn open(disk: &Arc<Disk>, lives: Lives) -> Self {
        Self { disk: Arc::clone(disk), lives }
    }

    fn alive(&self) -> Result<(), Error> {
        if (self.lives)() {
            return Ok(());
        }
        let source = std::io::Error::other("the process has died");
        Err(Error::Write { dir: PathBuf::from("memory"), source })
    }
}

impl Store for FragileStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.disk.store.get(tree, key)
    }

    fn scan(&self, tree: Tree, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        self.disk.store.scan(tree, prefix, after, limit)
    }

    fn scan_back(&self, tree: Tree, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        self.disk.store.scan_back(tree, prefix, before, limit)
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
        self.alive()?;
        let before = self.disk.store.replace(batch.writes);
        self.disk.undo().push(before);
        self.alive()
    }

    fn flush(&self) -> Result<(), Error> {
        self.alive()?;
        if !flaw::is(Flaw::NothingFlushed) {
            self.disk.undo().clear();
        }
        self.alive()
    }

    fn turn(&self) -> Turn<'_> {
        self.disk.store.turn()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A life of so many steps.
    fn life(steps: usize) -> Lives {
        let left = AtomicUsize::new(steps);
        Arc::new(move || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok())
    }

    fn put(store: &FragileStore, value: u8) -> bool {
        let mut batch = Batch::default();
        batch.put(Tree::Meta, b"key", vec![value]);
        store.write(batch).is_ok()
    }

    fn read(disk: &Disk) -> Option<u8> {
        disk.store().get(Tree::Meta, b"key").unwrap().map(|bytes| bytes[0])
    }

    #[test]
    fn what_was_not_flushed_goes_with_the_power() {
        let disk = Disk::new();
        let store = FragileStore::open(&disk, Arc::new(|| true));
        assert!(put(&store, 1) && store.flush().is_ok() && put(&store, 2) && put(&store, 3));
        assert_eq!((disk.unflushed(), read(&disk)), (2, Some(3)));
        disk.cut_power(1);
        assert_eq!((disk.unflushed(), read(&disk)), (0, Some(2)));
        assert!(put(&store, 4));
        disk.cut_power(0);
        assert_eq!(read(&disk), Some(2));
    }

    #[test]
    fn a_process_dies_before_a_write_or_after_it() {
        for (steps, stands) in [(2, Some(1)), (3, Some(2))] {
            let disk = Disk::new();
            let store = FragileStore::open(&disk, life(steps));
            assert!(put(&store, 1) && !put(&store, 2) && !put(&store, 3) && store.flush().is_err());
            assert_eq!(read(&disk), stands);
        }
    }
}
