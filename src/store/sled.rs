//! The engine on disk: one sled database in a folder of its own.
//!
//! # Guarantees
//!
//! sled's own `flush` writes the log but does not fsync it on Linux, and after a power cut the
//! whole log may be gone. So [`Store::flush`] also syncs the file `db`, through a handle opened
//! once, and the files that sled spills large values to. sled's own flusher thread is off: it would
//! write at moments we do not choose, without that sync.
//!
//! sled panics when its files are damaged, and takes an emptied file for a new database. Every call
//! into it is therefore fenced, and the file `store` beside it tells a lost store from a new one:
//! it is written, durably, once the database has its version.
//!
//! The file `store` is also the lock. The folder must be on a local disk.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use sled::{Config, Db};

use super::{Batch, Error, Pair, Store, Tree, Turn, VERSION, key};

/// How much sled may keep of what it read. Small: a cycle reads each link about once.
const CACHE_BYTES: u64 = 16 << 20;

/// Where the version lies in [`Tree::Meta`]. No scope's key is like it: those hold a zero byte.
const VERSION_KEY: &[u8] = b"version";

/// The file that is the lock and says that a store was born here.
const BIRTH: &str = "store";

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
    turn: Mutex<()>,
    /// Held as long as the store; released last.
    lock: File,
}

impl SledStore {
    /// Opens the store in a folder, and makes both when they are not there.
    ///
    /// # Errors
    /// [`Error::InUse`] when someone else holds it, [`Error::Newer`] when a newer depara wrote it,
    /// [`Error::Broken`] when it is there and cannot be trusted, [`Error::Open`] for the rest.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let fail = |source| Error::Open { dir: dir.into(), source };
        fs::create_dir_all(dir).map_err(fail)?;
        let lock = lock(dir)?;
        let born = lock.metadata().map_err(fail)?.len() > 0;

        let config = Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = match fenced(|| config.open()) {
            Ok(Ok(db)) => db,
            Ok(Err(error)) => return Err(refused(dir, error)),
            Err(reason) => return Err(broken(dir, reason)),
        };
        let log = File::open(dir.join("db")).map_err(fail)?;
        let store = Self {
            dir: dir.into(),
            db: Some(db),
            log,
            spilled: Mutex::default(),
            broken: AtomicBool::new(false),
            turn: Mutex::default(),
            lock,
        };
        match store.get(Tree::Meta, VERSION_KEY)? {
            Some(version) if version == VERSION.to_string().as_bytes() => {}
            Some(version) => {
                return Err(Error::Newer { dir: dir.into(), found: String::from_utf8_lossy(&version).into_owned() });
            }
            None if born => return Err(broken(dir, "what it held is gone")),
            None => store.be_born()?,
        }
        Ok(store)
    }

    /// Gives a new store its version, and makes it and its folder durable. The birth is told last,
    /// so that a process killed here leaves a store that is simply born again.
    fn be_born(&self) -> Result<(), Error> {
        let mut batch = Batch::default();
        batch.put(Tree::Meta, VERSION_KEY, VERSION.to_string().into_bytes());
        self.write(batch)?;
        self.flush()?;
        let tell = || {
            sync(&self.dir.join("conf"))?;
            writeln!(&self.lock, "a depara store, version {VERSION}")?;
            self.lock.sync_all()?;
            sync(&self.dir)?;
            sync(&self.dir.join(".."))
        };
        tell().map_err(|source| Error::Flush { dir: self.dir.clone(), source })
    }

    /// Calls sled behind the fence.
    fn call<T>(
        &self,
        operation: impl FnOnce(&Db) -> Result<T, sled::Error>,
        fail: impl FnOnce(PathBuf, io::Error) -> Error,
    ) -> Result<T, Error> {
        if self.broken.load(Ordering::Acquire) {
            return Err(broken(&self.dir, "an earlier call failed; start depara again"));
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
        self.call(|db| db.range(places).take(limit).map(pair).collect(), read)
    }

    fn scan_back(&self, tree: Tree, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        let Some(places) = key::places(tree, prefix, None, before) else { return Ok(Vec::new()) };
        self.call(|db| db.range(places).rev().take(limit).map(pair).collect(), read)
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
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
        self.change(|db| db.flush(), |dir, source| Error::Flush { dir, source })?;
        // A failed sync may drop the pages it could not write: trying again would succeed and lie.
        self.sync_spilled().and_then(|()| self.log.sync_data()).map_err(|source| {
            self.broken.store(true, Ordering::Release);
            Error::Flush { dir: self.dir.clone(), source }
        })
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
    let file = File::options().read(true).append(true).create(true).open(dir.join(BIRTH)).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.into() }),
        Err(TryLockError::Error(source)) => Err(fail(source)),
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
fn pair(found: sled::Result<(sled::IVec, sled::IVec)>) -> sled::Result<Pair> {
    found.map(|(place, value)| (key::unplace(&place).to_vec(), value.to_vec()))
}

/// Makes a file or a folder durable.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

thread_local! {
    /// True while this thread is behind the fence, where a panic becomes an error.
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Turns a panic of sled into its message, and keeps it off the terminal.
fn fenced<T>(operation: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !FENCED.get() {
                usual(info);
            }
        }));
    });
    let outer = FENCED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(operation));
    FENCED.set(outer);
    result.map_err(|payload| message(payload.as_ref()))
}

/// The words of a panic.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("sled panicked").to_owned()
}
