//! What the engine on disk does about locks, births, damage and large values.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::sled::{VERSION_KEY, WITNESS};
use super::{Batch, Error, Ledger, SledStore, Store, Tree};

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
fn a_store_killed_while_it_was_being_born_is_born_again() {
    let dir = TempDir::new().unwrap();
    drop(SledStore::open(dir.path()).unwrap());
    let settings = fs::read(dir.path().join("conf")).unwrap();
    for written in 0..settings.len() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("conf"), &settings[..written]).unwrap();
        let store = SledStore::open(dir.path()).unwrap_or_else(|error| panic!("{written} bytes: {error:?}"));
        put(&store, b"value");
        store.flush().unwrap();
        drop(store);
        drop(SledStore::open(dir.path()).unwrap());
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
    let inside = refusal(&file.join("inside"));
    assert!(matches!(inside, Error::Open { .. }), "{inside:?}");
    assert!(inside.hint().unwrap().contains("may be written to"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_may_not_be_written_to_is_an_error_for_everybody() {
    // No bits of permission hold the superuser back; nobody makes a folder here.
    let error = refusal(Path::new("/sys/depara-store"));
    assert!(matches!(error, Error::Open { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("may be written to"));
}

#[test]
fn a_newer_form_is_refused() {
    let dir = TempDir::new().unwrap();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(dir.path()).unwrap());
    let mut batch = Batch::default();
    batch.put(Tree::Links, b"acme/x\0" as &[u8], br#"{"v":2,"form":{"new":1}}"#.to_vec());
    store.write(batch).unwrap();
    let error = Ledger::new(store, "acme/x").links(None, 9).unwrap_err();
    assert!(matches!(error, Error::NewerForm { found: 2, .. }), "{error:?}");
    assert!(error.hint().unwrap().starts_with("use the depara that wrote it"));
}

/// Every file below a folder, with its length.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push((entry.path(), entry.metadata().unwrap().len()));
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for (file, _) in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

#[test]
fn a_file_cut_short_is_an_error_or_nothing_is_missing() {
    let whole = TempDir::new().unwrap();
    let value = |number: u8| match number {
        0 => (0..2 << 20).map(|at: u32| at.to_le_bytes()[1]).collect(),
        _ => vec![number; 900],
    };
    let key = |number: u8| [b'k', number];
    let store = SledStore::open(whole.path()).unwrap();
    for number in 0..60 {
        let mut batch = Batch::default();
        batch.put(Tree::Links, &key(number), value(number));
        store.write(batch).unwrap();
        if number % 20 == 19 {
            store.flush().unwrap();
        }
    }
    drop(store);
    let (mut refused, mut opened) = (0, 0);
    for (file, length) in files(whole.path()) {
        let quarters = (0..4).map(|quarter| length * quarter / 4);
        for cut in quarters.chain([1, 7, 40, 4096, length.saturating_sub(1)]).filter(|cut| *cut < length) {
            let dir = TempDir::new().unwrap();
            copy(whole.path(), dir.path());
            let name = file.strip_prefix(whole.path()).unwrap();
            File::options().write(true).open(dir.path().join(name)).unwrap().set_len(cut).unwrap();
            let seen = SledStore::open(dir.path()).and_then(|store| {
                let all = (0..60).map(|number| Ok(store.get(Tree::Links, &key(number))? == Some(value(number))));
                all.collect::<Result<Vec<bool>, Error>>()
            });
            match seen {
                Ok(there) => {
                    opened += 1;
                    assert!(
                        there.iter().all(|one| *one),
                        "{} cut at {cut} of {length}: values are gone",
                        name.display()
                    );
                }
                Err(error) => {
                    refused += 1;
                    let trusted = matches!(error, Error::Open { .. } | Error::Read { .. } | Error::Broken { .. });
                    assert!(
                        trusted && error.hint().is_some(),
                        "{} cut at {cut} of {length}: {error:?}",
                        name.display()
                    );
                }
            }
        }
    }
    assert!(refused > 5 && opened > 5, "{refused} refused, {opened} opened");
}

#[test]
fn a_copy_that_finds_no_room_names_the_place_of_copies() {
    let error = Error::Copy { dir: "/tmp".into(), source: io::ErrorKind::StorageFull.into() };
    assert_eq!(error.to_string(), "copy the store into `/tmp`");
    assert!(error.hint().unwrap().contains("TMPDIR"));
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
