//! What the engine on disk does about locks, births, damage and large values.

use std::fs::{self, File};
use std::path::Path;

use tempfile::TempDir;

use super::sled::{VERSION_KEY, WITNESS};
use super::{Batch, Error, SledStore, Store as _, Tree};

const KEY: &[u8] = b"key";

fn put(store: &SledStore, value: &[u8]) {
    let mut batch = Batch::default();
    batch.put(Tree::Links, KEY, value.to_vec());
    store.write(batch).unwrap();
}

/// Something that happens to the folder of a store.
type Damage = fn(&Path);

/// What opening says; the store itself has no `Debug`.
fn refusal(dir: &Path) -> Error {
    SledStore::open(dir).map(drop).unwrap_err()
}

#[test]
fn what_was_written_is_there_when_opened_again_and_again() {
    let dir = TempDir::new().unwrap();
    for round in 0..20_u8 {
        let store = SledStore::open(dir.path()).unwrap();
        let before = store.get(Tree::Links, KEY).unwrap();
        assert_eq!(before, round.checked_sub(1).map(|last| vec![last]));
        put(&store, &[round]);
        if round % 2 == 0 {
            store.flush().unwrap();
        }
    }
}

#[test]
fn large_values_spill_into_files_and_come_back() {
    let dir = TempDir::new().unwrap();
    let large: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(2 << 20).collect();
    let store = SledStore::open(dir.path()).unwrap();
    put(&store, &large);
    store.flush().unwrap();
    assert!(fs::read_dir(dir.path().join("blobs")).unwrap().next().is_some());
    drop(store);
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(store.get(Tree::Links, KEY).unwrap(), Some(large));
}

#[test]
fn a_store_in_use_is_refused_in_plain_words_and_free_again_when_closed() {
    let dir = TempDir::new().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let error = refusal(dir.path());
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    assert!(error.to_string().ends_with("it is in use by another process"), "{error}");
    assert!(error.hint().unwrap().starts_with("stop the other depara"));
    drop(store);
    SledStore::open(dir.path()).unwrap();
}

#[test]
fn a_newer_store_is_refused() {
    let dir = TempDir::new().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let mut batch = Batch::default();
    batch.put(Tree::Meta, VERSION_KEY, b"2".to_vec());
    store.write(batch).unwrap();
    drop(store);
    let error = refusal(dir.path());
    assert!(matches!(&error, Error::Newer { found, .. } if found == "2"), "{error:?}");
}

#[test]
fn a_birth_cut_short_is_begun_again() {
    let dir = TempDir::new().unwrap();
    drop(SledStore::open(dir.path()).unwrap());
    File::create(dir.path().join(WITNESS)).unwrap();
    fs::write(dir.path().join("db"), b"").unwrap();
    drop(SledStore::open(dir.path()).unwrap());
    assert!(fs::metadata(dir.path().join(WITNESS)).unwrap().len() > 0);
}

#[test]
fn a_damaged_store_is_an_error_and_never_an_empty_store() {
    let damages: [(&str, Damage); 5] = [
        ("db emptied", |dir| fs::write(dir.join("db"), b"").unwrap()),
        ("db zeroed", |dir| fs::write(dir.join("db"), vec![0; 1 << 20]).unwrap()),
        ("db overwritten", |dir| fs::write(dir.join("db"), vec![0xa5; 1 << 20]).unwrap()),
        ("db removed", |dir| fs::remove_file(dir.join("db")).unwrap()),
        ("all but the witness removed", |dir| {
            fs::remove_file(dir.join("db")).unwrap();
            fs::remove_file(dir.join("conf")).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let dir = TempDir::new().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        put(&store, &[7; 4096]);
        store.flush().unwrap();
        drop(store);
        damage(dir.path());
        let error = refusal(dir.path());
        assert!(matches!(error, Error::Broken { .. }), "{name}: {error:?}");
        assert!(error.hint().unwrap().contains("backup"), "{name}");
        // It stays an error: the attempt repaired nothing away.
        assert!(matches!(refusal(dir.path()), Error::Broken { .. }), "{name}, again");
    }
}

#[test]
fn the_file_conf_may_be_lost() {
    for damage in [&b""[..], b"nonsense"] {
        let dir = TempDir::new().unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        put(&store, b"here");
        drop(store);
        fs::write(dir.path().join("conf"), damage).unwrap();
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(store.get(Tree::Links, KEY).unwrap().as_deref(), Some(&b"here"[..]));
    }
}

#[test]
fn a_folder_that_cannot_be_is_an_error() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"x").unwrap();
    let error = refusal(&file);
    assert!(matches!(error, Error::Open { .. }), "{error:?}");
}
#[test]
fn a_database_behind_its_witness_is_refused() {
    let (dir, old) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let files = |from: &Path, to: &Path| {
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let name = entry.file_name();
            if entry.file_type().unwrap().is_file() && name != WITNESS {
                fs::copy(entry.path(), to.join(name)).unwrap();
            }
        }
    };
    let store = SledStore::open(dir.path()).unwrap();
    put(&store, b"old");
    store.flush().unwrap();
    drop(store);
    files(dir.path(), old.path());
    let store = SledStore::open(dir.path()).unwrap();
    put(&store, b"new");
    put(&store, b"newer");
    store.flush().unwrap();
    drop(store);

    for entry in fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("snap") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    files(old.path(), dir.path());
    let error = refusal(dir.path());
    assert!(error.to_string().ends_with("it is damaged (its last 2 writes are gone)"), "{error}");
}
