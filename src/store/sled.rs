//! The engine on disk: one sled database in a folder of its own.
//!
//! # Guarantees
//!
//! sled's own `flush` writes the log but does not fsync it on Linux, and after a power cut the
//! whole log may be gone. So [`Store::flush`] also syncs the file `db`, through a handle opened
//! once, and the files that sled spills large values to. sled's own flusher thread is off: it would
//! write at moments we do not choose, without that sync.
//!
//! sled panics when its files are damaged, so every call into it is fenced. Worse, it often opens a
//! damaged file in silence, as it was some batches ago, or empty. So writes are numbered: the last
//! number lies in the database, in the same batch, and after each flush also in the file `store`
//! beside it, the witness. A database that is behind its witness has lost something. The witness
//! itself need not be synced: after a power cut it is behind, never ahead.
//!
//! The file `store` is also the lock. The folder must be on a local disk.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sled::{Config, Db};

use super::copy::Copy;
use super::fence::fenced;
use super::{Batch, Error, Pair, Store, Tree, Turn, VERSION, key};

/// How much sled may keep of what it read. Small: a cycle reads each link about once.
const CACHE_BYTES: u64 = 16 << 20;

/// Where the version lies in [`Tree::Meta`]. No scope's key is like it: those hold a zero byte.
pub(super) const VERSION_KEY: &[u8] = b"version";

/// Where the number of the last write lies in [`Tree::Meta`].
const WRITES_KEY: &[u8] = b"writes";

/// The file that is the lock and the witness.
pub(super) const WITNESS: &str = "store";

/// A store on disk.
pub struct SledStore {
    dir: PathBuf,
    /// `None` only while dropping.
    db: Option<Db>,
    /// The file that `flush` syncs.
    log: File,
    /// Files of large values that are already synced.
    spilled: Mutex<BTreeSet<OsString>>,
    /// Set when a write failed or sled panicked: what it holds in memory is no longer to be trusted.
    broken: AtomicBool,
    /// The number of the last write.
    writes: Mutex<u64>,
    turn: Mutex<()>,
    /// The lock, held as long as the store and released last, and the witness.
    witness: File,
    /// The last number in the witness since the store was opened.
    told: Mutex<u64>,
    /// Set when this is a copy.
    copy: Option<Copy>,
}

impl SledStore {
    /// Opens the store in a folder, and makes both when they are not there.
    ///
    /// # Errors
    /// [`Error::InUse`] when someone else holds it, [`Error::Newer`] when a newer depara wrote it,
    /// [`Error::Broken`] when it is there and cannot be trusted, [`Error::Open`] for the rest.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let fail = |source| Error::Open { dir: dir.into(), source };
        // What is known of customers is for nobody else on the machine.
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fail)?;
        let witness = lock(dir)?;
        let seen = testimony(dir, &witness)?;
        if seen.is_none() {
            leave_settings(dir).map_err(fail)?;
        }
        leave_torn_snapshots(dir).map_err(fail)?;

        let store = Self {
            dir: dir.into(),
            db: Some(open_db(dir)?),
            log: File::options().read(true).write(true).open(dir.join("db")).map_err(fail)?,
            spilled: Mutex::default(),
            broken: AtomicBool::new(false),
            writes: Mutex::default(),
            turn: Mutex::default(),
            witness,
            told: Mutex::default(),
            copy: None,
        };
        match (store.meta(VERSION_KEY)?, seen) {
            (Some(found), _) if found != VERSION.to_string() => return Err(Error::Newer { dir: dir.into(), found }),
            (None, Some(_)) => return Err(broken(dir, "what it held is gone")),
            (Some(_), Some(seen)) => store.check(seen)?,
            (Some(_) | None, None) => {
                store.check(0)?;
                store.be_born()?;
            }
        }
        Ok(store)
    }

    /// Opens a copy of the store in a folder: what is written there is gone with it, and the store
    /// itself stays as it is, byte for byte. Nobody else can open the store meanwhile.
    ///
    /// # Errors
    /// As [`SledStore::open`].
    pub fn open_copy(dir: &Path) -> Result<Self, Error> {
        let copy = Copy::of(dir, lock(dir)?).map_err(|source| Error::Copy { dir: env::temp_dir(), source })?;
        let mut store = Self::open(copy.folder())?;
        store.copy = Some(copy);
        Ok(store)
    }

    /// Compares the database with its witness, and takes up the number of the last write.
    fn check(&self, seen: u64) -> Result<(), Error> {
        let writes = self.meta(WRITES_KEY)?.and_then(|number| number.parse().ok()).unwrap_or_default();
        if writes < seen {
            return Err(broken(&self.dir, format!("its last {} writes are gone", seen - writes)));
        }
        *self.writes.lock().unwrap_or_else(PoisonError::into_inner) = writes;
        Ok(())
    }

    /// Gives a new store its version, and makes it and its folder durable. The witness comes last,
    /// so that a process killed here leaves a store that is simply born again.
    fn be_born(&self) -> Result<(), Error> {
        let mut batch = Batch::default();
        batch.put(Tree::Meta, VERSION_KEY, VERSION.to_string().into_bytes());
        self.write(batch)?;
        let writes = self.settle()?;
        let tell = || {
            sync(&self.dir.join("conf"))?;
            self.testify(writes)?;
            self.witness.sync_all()?;
            sync(&self.dir)?;
            sync(&self.dir.join(".."))
        };
        tell().map_err(|source| self.unflushed(source))
    }

    /// Makes every write so far survive a power cut; returns the number of the last.
    fn settle(&self) -> Result<u64, Error> {
        let writes = *self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        self.change(|db| db.flush(), |dir, source| Error::Flush { dir, source })?;
        self.sync_spilled().and_then(|()| self.log.sync_data()).map_err(|source| self.unflushed(source))?;
        Ok(writes)
    }

    /// Writes into the witness up to where the database is whole. The text has one length, so that
    /// a new one covers the old.
    fn testify(&self, writes: u64) -> io::Result<()> {
        // Two at once must neither write behind each other nor put an older number over a newer one.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if writes >= *told {
            self.witness.write_all_at(format!("a depara store, whole up to write {writes:020}\n").as_bytes(), 0)?;
            *told = writes;
        }
        Ok(())
    }

    /// A failure to make durable. A failed sync may drop the pages it could not write, and would
    /// succeed and lie when asked again.
    fn unflushed(&self, source: io::Error) -> Error {
        self.broken.store(true, Ordering::Release);
        Error::Flush { dir: self.dir.clone(), source }
    }

    /// A text of the store's own in [`Tree::Meta`].
    fn meta(&self, key: &[u8]) -> Result<Option<String>, Error> {
        Ok(self.get(Tree::Meta, key)?.map(|value| String::from_utf8_lossy(&value).into_owned()))
    }

    /// Calls sled behind the fence.
    fn call<T>(
        &self,
        operation: impl FnOnce(&Db) -> Result<T, sled::Error>,
        fail: impl FnOnce(PathBuf, io::Error) -> Error,
    ) -> Result<T, Error> {
        if self.broken.load(Ordering::Acquire) {
            return Err(Error::Stopped { dir: self.dir.clone() });
        }
        let Some(db) = &self.db else { return Err(broken(&self.dir, "it is closed")) };
        match fenced(|| operation(db)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error @ sled::Error::Corruption { .. })) => Err(broken(&self.dir, error)),
            Ok(Err(error)) => Err(fail(self.dir.clone(), error.into())),
            Err(reason) => {
                self.broken.store(true, Ordering::Release);
                Err(broken(&self.dir, reason))
            }
        }
    }

    /// Calls sled to change something. After a failure nobody knows what sled holds in memory, so
    /// nothing may be done with it but to open it again.
    fn change<T>(
        &self,
        operation: impl FnOnce(&Db) -> Result<T, sled::Error>,
        fail: impl FnOnce(PathBuf, io::Error) -> Error,
    ) -> Result<T, Error> {
        self.call(operation, fail).inspect_err(|_| self.broken.store(true, Ordering::Release))
    }

    /// Syncs the files of large values that were not synced yet, and forgets those that are gone.
    fn sync_spilled(&self) -> io::Result<()> {
        let folder = self.dir.join("blobs");
        let mut now = BTreeSet::new();
        for entry in fs::read_dir(&folder)? {
            now.insert(entry?.file_name());
        }
        let mut spilled = self.spilled.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = false;
        for name in now.difference(&spilled) {
            fresh = true;
            match sync(&folder.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        if fresh {
            sync(&folder)?;
        }
        *spilled = now;
        Ok(())
    }
}

impl Store for SledStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let found = self.call(|db| db.get(key::place(tree, key)), read)?;
        Ok(found.map(|value| value.to_vec()))
    }

    fn scan(&self, tree: Tree, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        let Some(places) = key::places(tree, prefix, after, None) else { return Ok(Vec::new()) };
        self.call(|db| db.range(places).take(limit).map(|found| pair(db, found)).collect(), read)
    }

    fn scan_back(&self, tree: Tree, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        let Some(places) = key::places(tree, prefix, None, before) else { return Ok(Vec::new()) };
        self.call(|db| db.range(places).rev().take(limit).map(|found| pair(db, found)).collect(), read)
    }

    fn write(&self, mut batch: Batch) -> Result<(), Error> {
        let mut number = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        *number += 1;
        batch.put(Tree::Meta, WRITES_KEY, number.to_string().into_bytes());
        let mut writes = sled::Batch::default();
        for (place, value) in batch.writes {
            match value {
                Some(value) => writes.insert(place, value),
                None => writes.remove(place),
            }
        }
        self.change(|db| db.apply_batch(writes), |dir, source| Error::Write { dir, source })
    }

    fn flush(&self) -> Result<(), Error> {
        let writes = self.settle()?;
        self.testify(writes).map_err(|source| self.unflushed(source))
    }

    fn turn(&self) -> Turn<'_> {
        Turn::wait(&self.turn)
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // sled flushes while it is dropped, and may panic as anywhere else.
        let db = self.db.take();
        if let Err(reason) = fenced(|| drop(db)) {
            tracing::error!(reason, "The store could not be closed.");
        }
    }
}

/// Takes the lock of a folder.
fn lock(dir: &Path) -> Result<File, Error> {
    let fail = |source| Error::Open { dir: dir.into(), source };
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).truncate(false).open(dir.join(WITNESS)).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.into() }),
        Err(TryLockError::Error(source)) => Err(fail(source)),
    }
}

/// Up to which write the database was whole; `None` when no store was born here yet.
fn testimony(dir: &Path, mut witness: &File) -> Result<Option<u64>, Error> {
    let mut text = String::new();
    witness.read_to_string(&mut text).map_err(|error| broken(dir, error))?;
    match text.split_whitespace().next_back().map(str::parse) {
        Some(Ok(writes)) => Ok(Some(writes)),
        Some(Err(_)) => Err(broken(dir, format!("its file `{WITNESS}` cannot be understood"))),
        None => Ok(None),
    }
}

/// Takes away the settings of sled where no store was born yet: it writes them in two pieces, and a process
/// killed between the two leaves a file that it does not read. It writes the same ones again.
fn leave_settings(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join("conf")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Takes away snapshots that were never finished: sled writes one under this name, gives it its own once it is whole,
/// and would take a torn one for the newest. What it holds stands in the log as well.
fn leave_torn_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Opens the database. The witness is locked by now, so nobody has the database but perhaps a
/// thread of sled that outlived an earlier store by a moment: that one is waited for.
fn open_db(dir: &Path) -> Result<Db, Error> {
    let config = Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let mut patience = 200;
    loop {
        let refusal = match fenced(|| config.open()) {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(error)) => refused(dir, error),
            Err(reason) => broken(dir, reason),
        };
        if patience == 0 || !matches!(refusal, Error::InUse { .. }) {
            return Err(refusal);
        }
        patience -= 1;
        thread::park_timeout(Duration::from_millis(10));
    }
}

/// What sled's refusal to open means.
fn refused(dir: &Path, error: sled::Error) -> Error {
    match error {
        // sled says this in words only.
        sled::Error::Io(source) if source.to_string().starts_with("could not acquire lock") => {
            Error::InUse { dir: dir.into() }
        }
        sled::Error::Io(source) if source.kind() != io::ErrorKind::Other => Error::Open { dir: dir.into(), source },
        other @ (sled::Error::Io(_)
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. }) => broken(dir, other),
    }
}

/// A store that cannot be trusted.
fn broken(dir: &Path, reason: impl ToString) -> Error {
    Error::Broken { dir: dir.into(), reason: reason.to_string() }
}

/// A failure to read.
fn read(dir: PathBuf, source: io::Error) -> Error {
    Error::Read { dir, source }
}

/// A pair without its tree.
///
/// sled looks at what its cache holds only after some ten thousand accesses, and a walk over a page
/// of many pairs is one access: a long scan would hold everything it saw. Asking once more for each
/// key makes it look in time. Measured over 100,000 links: 45 MiB instead of 166, for a third more
/// time.
fn pair(db: &Db, found: sled::Result<(sled::IVec, sled::IVec)>) -> sled::Result<Pair> {
    let (place, value) = found?;
    db.contains_key(&place)?;
    Ok((key::unplace(&place).to_vec(), value.to_vec()))
}

/// Makes a file or a folder durable.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A store that has flushed a value.
    fn filled(dir: &TempDir) -> SledStore {
        let store = SledStore::open(dir.path()).unwrap();
        let mut batch = Batch::default();
        batch.put(Tree::Links, b"key", b"value".to_vec());
        store.write(batch).unwrap();
        store.flush().unwrap();
        store
    }

    #[test]
    fn after_a_failed_change_nothing_is_written_any_more() {
        let dir = TempDir::new().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        let failed: Result<(), Error> = store.change(|_| panic!("disk on fire"), |_, _| unreachable!());
        assert!(failed.unwrap_err().to_string().contains("disk on fire"));
        assert!(matches!(store.flush(), Err(Error::Stopped { .. })));
        assert!(matches!(store.get(Tree::Links, b"key"), Err(Error::Stopped { .. })));
    }

    #[test]
    fn a_snapshot_that_was_never_finished_damages_nothing() {
        let dir = TempDir::new().unwrap();
        drop(filled(&dir));
        for torn in ["", "half of one"] {
            fs::write(dir.path().join("snap.00000000FFFFFFFF.generating"), torn).unwrap();
            let store = SledStore::open(dir.path()).unwrap();
            assert_eq!(store.get(Tree::Links, b"key").unwrap().as_deref(), Some(&b"value"[..]));
        }
    }

    #[test]
    fn a_full_disk_is_said_and_what_was_flushed_is_there_when_there_is_room_again() {
        let dir = TempDir::new().unwrap();
        let store = filled(&dir);
        let full = || sled::Error::Io(io::ErrorKind::StorageFull.into());
        let failed: Result<(), Error> = store.change(|_| Err(full()), |dir, source| Error::Write { dir, source });
        let error = failed.unwrap_err();
        assert!(
            matches!(&error, Error::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull),
            "{error:?}"
        );
        assert!(error.hint().unwrap().contains("the disk is not full"));
        drop(store);
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(store.get(Tree::Links, b"key").unwrap().as_deref(), Some(&b"value"[..]));
    }
}
