//! The files of a workspace: those on disk over those the binary carries.
//!
//! Paths are relative to the workspace and use `/`. A file on disk takes the place of the carried
//! one of the same path; everything else of the carried set stays, so that the binary works alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};

static MAPPINGS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/mappings");
static SCRIPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scripts");
static CASES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/cases");
static MUTANTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/mutants");

/// Folders a workspace consists of.
pub const FOLDERS: [&str; 4] = ["mappings", "scripts", "tests/cases", "tests/mutants"];

/// How files end that are meant to be read. Those that end otherwise, or stand where they mean nothing,
/// are complained about later.
const ENDINGS: [&str; 3] = ["yaml", "rhai", "yml"];
/// Largest file that is read, in bytes.
const FILE_MAX: u64 = 4 * 1024 * 1024;
/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 8;

/// The account file.
pub const ACCOUNT_FILE: &str = "depara.yaml";

/// Texts by path.
pub type Files = BTreeMap<String, String>;

/// The files the binary carries.
pub fn carried() -> Files {
    let mut files = Files::new();
    for (folder, dir) in FOLDERS.into_iter().zip([&MAPPINGS, &SCRIPTS, &CASES, &MUTANTS]) {
        collect_carried(folder, dir, &mut files);
    }
    files
}

fn collect_carried(folder: &str, dir: &Dir<'_>, files: &mut Files) {
    for file in dir.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.insert(format!("{folder}/{}", path.replace('\\', "/")), text.to_owned());
        }
    }
    for inner in dir.dirs() {
        collect_carried(folder, inner, files);
    }
}

/// The files of a workspace on disk, over the carried ones.
pub fn workspace(root: &Path, complaints: &mut Diagnostics) -> Files {
    let mut files = carried();
    files.append(&mut disk(root, complaints));
    files
}

/// The files of a workspace on disk alone.
pub fn disk(root: &Path, complaints: &mut Diagnostics) -> Files {
    let mut files = Files::new();
    for folder in FOLDERS {
        collect_disk(root, &root.join(folder), 0, &mut files, complaints);
    }
    let account = root.join(ACCOUNT_FILE);
    if account.is_file() {
        read_file(root, &account, &mut files, complaints);
    }
    files
}

fn collect_disk(root: &Path, folder: &Path, depth: usize, files: &mut Files, complaints: &mut Diagnostics) {
    if !folder.is_dir() || depth > DEPTH_MAX {
        return;
    }
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) => {
            complain_unreadable(root, folder, &error.to_string(), complaints);
            return;
        }
    };
    let mut paths: Vec<PathBuf> = listing.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect_disk(root, &path, depth + 1, files, complaints);
        } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|one| ending.eq_ignore_ascii_case(one))) {
            read_file(root, &path, files, complaints);
        }
    }
}

fn read_file(root: &Path, path: &Path, files: &mut Files, complaints: &mut Diagnostics) {
    let about = std::fs::metadata(path);
    if about.as_ref().is_ok_and(|about| !about.is_file()) {
        // A pipe, for one, would never end.
        complain_unreadable(root, path, "it is no file", complaints);
        return;
    }
    let size = about.map_or(0, |about| about.len());
    if size > FILE_MAX {
        complain_unreadable(root, path, &format!("{size} bytes, at most {FILE_MAX} are read"), complaints);
        return;
    }
    match std::fs::read_to_string(path) {
        Ok(text) => {
            files.insert(relative(root, path), text);
        }
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            let place = Place::file(&relative(root, path));
            let plain = Diagnostic::new(Code::Unreadable, &place, "cannot be read: it is no UTF-8 text");
            complaints.push(plain.hint("save the file as UTF-8; most editors offer it under `save with encoding`"));
        }
        Err(error) => complain_unreadable(root, path, &error.to_string(), complaints),
    }
}

fn complain_unreadable(root: &Path, path: &Path, why: &str, complaints: &mut Diagnostics) {
    let name = relative(root, path);
    complaints.push(Diagnostic::new(Code::Unreadable, &Place::file(&name), format!("cannot be read: {why}")));
}

fn relative(root: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(root).unwrap_or(path);
    inner.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("mappings")).unwrap();
        std::os::unix::fs::symlink("/dev/null", root.path().join("mappings/a.yaml")).unwrap();
        let mut complaints = Diagnostics::default();
        let files = disk(root.path(), &mut complaints);
        assert!(files.is_empty());
        assert!(complaints.to_string().contains("it is no file"), "{complaints}");
    }
}
