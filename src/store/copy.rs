//! A copy of a store's folder, for whoever must leave the store as it is: sled writes into its files
//! even when it is only opened.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, io, process};

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
        let folder = loop {
            let name = format!("depara-copy-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
            let folder = env::temp_dir().join(name);
            match fs::create_dir(&folder) {
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
