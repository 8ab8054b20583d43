//! `depara capture`: a record and its twin as a case, with all that tells of people masked.
//!
//! Masks are made under a key of the workspace, which lies beside the store: captures of one workspace
//! mask one person alike, and who only sees the case cannot try all documents there are.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher as _;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::arguments::{CaptureArguments, Global};
use super::explain::{end_of, field_index, not_enabled};
use super::open;
use super::pace::Notes;
use super::render::{Screen, capture};
use super::runners::{block_on, runners};
use super::{Exit, Stop};
use crate::cases::capture::{Key, Life, written};
use crate::clock::Clock;
use crate::config::account::AccountFile;
use crate::diagnostic::nearest;
use crate::engine::capture::Capture;
use crate::engine::crew::{Crew, Scope};
use crate::mapping::Mapping;
use crate::record::Side;
use crate::workspace::Workspace;

/// Captures one record.
pub(super) fn run(global: &Global, asked: &CaptureArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let workspace = open::workspace(global, screen)?;
    let accounts = open::accounts(&global.dir, &workspace)?;
    if let Some(file) = asked.out.as_deref().filter(|file| file.exists() && !asked.force) {
        return Err(in_the_way(file));
    }
    let store = open::store_untouched(&global.dir, accounts)?;
    let scopes = open::scopes(accounts, &workspace, &store, &asked.scope)?;
    let (scope, side) = chosen(&workspace, scopes, asked)?;
    if scope.ledger.link(side, &asked.id)?.is_some_and(|link| link.is_tombstone()) {
        let sentence = format!("the twin of `{}` in {} is gone, and no case can say so", asked.id, asked.resource);
        return Err(Stop::failed(sentence, "`depara explain` tells what became of it"));
    }
    let keep = kept(&scope.mapping, side, &asked.keep)?;
    let name = scope.mapping.name.clone();
    let key = key(&global.dir, accounts)?;
    let text = case_of(&workspace, scope, (side, &asked.id), &keep, (key, Notes::beside(&global.dir, accounts)))?;
    if let Some(file) = &asked.out {
        write(file, &text, asked.force)?;
    }
    capture::written(screen, &name, &text, asked.out.as_deref())?;
    Ok(Exit::Done)
}

/// Reads the record, its twin and what their plan looks into.
fn case_of(
    workspace: &Workspace,
    scope: Scope,
    (side, id): (Side, &str),
    keep: &[usize],
    (key, mut notes): (Key, Notes),
) -> anyhow::Result<String> {
    let stop = Arc::new(AtomicBool::new(false));
    let taken = block_on(async {
        let Crew { runners, connectors } = runners(workspace, vec![scope], &Clock::machine(), &stop, &notes)?;
        let Some(runner) = runners.into_iter().next() else { return Ok(None) };
        let taken = notes.during(&connectors, &stop, runner.capture(side, id)).await?;
        let taken = taken.map_err(|error| Stop::failed(error.told(), "nothing was written"))?;
        Ok(Some((runner.mapping, taken)))
    })?;
    let Some((mapping, taken)) = taken else { return Ok(String::new()) };
    let Capture { snapshot, plan, rows, ambiguous } = &taken;
    let life = Life { mapping: &mapping, snapshot, plan, rows, keep, ambiguous: *ambiguous };
    written(workspace, &life, key)
        .map_err(|why| Stop::failed(why, "`--keep FIELD` tells a field as it is; a mask of it may be in the way"))
}

/// The one mapping that is meant: where several speak of the record, the one that has a link of it.
fn chosen(workspace: &Workspace, scopes: Vec<Scope>, asked: &CaptureArguments) -> anyhow::Result<(Scope, Side)> {
    let mut fitting: Vec<(Scope, Side)> = Vec::new();
    for scope in scopes {
        fitting.extend(end_of(&scope, &asked.resource).map(|side| (scope, side)));
    }
    let mut linked = Vec::new();
    for (scope, side) in &fitting {
        linked.push(scope.ledger.link(*side, &asked.id)?.is_some());
    }
    let names: Vec<String> =
        fitting.iter().map(|(scope, _)| Scope::name(&scope.account.name, &scope.mapping.name)).collect();
    let several = linked.iter().filter(|linked| **linked).count();
    let mut fitting: Vec<_> = fitting.into_iter().zip(linked).collect();
    if several > 0 {
        fitting.retain(|(_, linked)| *linked);
    }
    match (fitting.pop(), fitting.is_empty()) {
        (None, _) => Err(not_enabled(workspace, &asked.resource)),
        (Some((found, _)), true) => Ok(found),
        (Some(_), false) => {
            let sentence = format!("several mappings speak of `{}`: {}", asked.resource, names.join(", "));
            Err(Stop::usage(sentence, "name one with --mapping, and its account with --account"))
        }
    }
}

/// The fields that are told as they are.
fn kept(mapping: &Mapping, side: Side, words: &[String]) -> anyhow::Result<Vec<usize>> {
    let index = |word: &String| {
        let found = field_index(mapping, side, word).or_else(|| field_index(mapping, side.other(), word));
        found.ok_or_else(|| {
            let labels: Vec<&str> = mapping.fields.iter().map(|field| field.label.as_str()).collect();
            let near = nearest(word, labels.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let hint = near.unwrap_or_else(|| format!("known: {}", labels.join(", ")));
            Stop::usage(format!("no field is named `{word}`"), hint)
        })
    };
    words.iter().map(index).collect()
}

/// The key of the workspace, made when there is none.
fn key(dir: &Path, accounts: &AccountFile) -> anyhow::Result<Key> {
    let path = dir.join(format!("{}.salt", accounts.store));
    let failed = |error: &io::Error| {
        let sentence = format!("failed to keep the key of masks in `{}`: {error}", path.display());
        Stop::failed(sentence, "see that the folder may be written to and that the disk is not full")
    };
    match fs::read_to_string(&path) {
        Ok(text) => read_key(&text).ok_or_else(|| {
            let sentence = format!("`{}` holds no key", path.display());
            Stop::failed(sentence, "delete it: the next capture makes another, and other masks")
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // The seeds that the system gives to hash maps.
            let key = [RandomState::new().hash_one(1_u8), RandomState::new().hash_one(2_u8)];
            let text = format!("{:016x}{:016x}\n", key[0], key[1]);
            create(&path, &text, false, 0o600).map_err(|error| failed(&error))?;
            Ok(key)
        }
        Err(error) => Err(failed(&error)),
    }
}

fn read_key(text: &str) -> Option<Key> {
    let (one, other) = text.trim().split_at_checked(16)?;
    Some([u64::from_str_radix(one, 16).ok()?, u64::from_str_radix(other, 16).ok()?])
}

fn write(file: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    create(file, text, force, 0o666).map_err(|error| {
        // Whoever made the file since we looked keeps it.
        if error.kind() == ErrorKind::AlreadyExists {
            return in_the_way(file);
        }
        let sentence = format!("failed to write `{}`: {error}", file.display());
        Stop::failed(sentence, "see that the folder may be written to and that the disk is not full")
    })
}

/// Writes a file with the rights it is made with.
fn create(file: &Path, text: &str, force: bool, mode: u32) -> io::Result<()> {
    let folder: PathBuf = file.parent().map(Path::to_path_buf).unwrap_or_default();
    if !folder.as_os_str().is_empty() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.write(true).mode(mode).open(file)?.write_all(text.as_bytes())
}

fn in_the_way(file: &Path) -> anyhow::Error {
    Stop::failed(
        format!("`{}` is there already; nothing was written", file.display()),
        "name another file, or add --force",
    )
}
