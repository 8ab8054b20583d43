//! A copy of a store's folder, for whoever must leave the store as it is: sled writes into its files
//! even when it is only opened.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, io, process};

use super::sled::WITNESS;

/// How the name of a copy begins; the number of its process follows.
const NAME: &str = "depara-copy-";

/// The copy. It goes when it is dropped, and the original stays locked until then.
pub(super) struct Copy {
    folder: PathBuf,
    #[expect(dead_code, reason = "held, not read")]
    original: File,
}

impl Copy {
    /// Copies a folder of which the lock is held.
    pub(super) fn of(dir: &Path, original: File) -> io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        sweep(&env::temp_dir());
        let folder = loop {
            let name = format!("{NAME}{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
            let folder = env::temp_dir().join(name);
            // Nobody else may look into it, wherever temporary files are.
            match DirBuilder::new().mode(0o700).create(&folder) {
                // Somebody of this number was killed before the copy went.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => break made.map(|()| folder)?,
            }
        };
        let copy = Self { folder, original };
        fill(dir, &copy.folder)?;
        Ok(copy)
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "a copy of the store could not be removed");
        }
    }
}

/// Removes the copies of processes that were killed: they are no more, and hold no lock.
fn sweep(temporary: &Path) {
    let alive = Path::new("/proc");
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for folder in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|_| alive.join("self").exists()) {
        let name = folder.file_name().and_then(OsStr::to_str).and_then(|name| name.strip_prefix(NAME));
        let Some(process) = name.and_then(|name| name.split('-').next()) else { continue };
        let witness = folder.join(WITNESS);
        // A pipe of somebody else's would never open.
        let is_file = witness.symlink_metadata().is_ok_and(|about| about.is_file());
        let is_left = || File::open(&witness).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_file && !alive.join(process).exists() && is_left() {
            // Somebody else's, or gone by now: not ours to complain about.
            drop(fs::remove_dir_all(&folder));
        }
    }
}

fn fill(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            fill(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
