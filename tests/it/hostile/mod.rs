//! Hostile input: whatever a file, a system or a store says, depara answers with a value: no panic, and
//! no more time or memory than its budgets allow.
//!
//! Every input that is kept under `fuzz/corpus` runs once. Beside them each way in hears inputs made of
//! the kept ones: lines and words dropped, doubled, swapped, cut short, nested, or made huge.

mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::{fmt, fs};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use targets::TARGETS;

use crate::laws::config;

/// How many made inputs each way in hears.
const MADE: u32 = 200;
/// The longest input of which others are made.
const BASE_MAX: usize = 4_000;

/// What is kept of a way in: names and bytes.
fn kept(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut found: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    found.sort();
    found
}

#[test]
fn everything_kept_is_survived() {
    let mut fallen = Vec::new();
    for (target, run) in TARGETS {
        let kept = kept(target);
        assert!(kept.len() >= 20, "{target} keeps only {} inputs", kept.len());
        for (name, bytes) in kept {
            if catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err() {
                fallen.push(format!("{target}/{name}"));
            }
        }
    }
    assert!(fallen.is_empty(), "{}", fallen.join("\n"));
}

/// One change to an input: what, where, and how much of it.
type Change = (u8, u16, u16);

/// Parts at which an input may be cut: words with what stands between them.
fn words(text: &[u8]) -> Vec<&[u8]> {
    let kind = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | 128.. => 1,
        b' ' | b'\t' => 2,
        other => 3 + u16::from(*other),
    };
    text.chunk_by(|one, next| kind(one) == kind(next)).collect()
}

/// Values that readers stumble over.
const ODD: [&[u8]; 16] = [
    b"99999999999999999999999999",
    b"-9223372036854775808",
    b"1e309",
    b"\"\"",
    b"null",
    b"{}",
    b"[]",
    b"\xff\xfe",
    b"\0",
    b"\xc3",
    "\u{202e}\u{1f600}".as_bytes(),
    b"<html>",
    b"&#x110000;",
    b"'",
    b"{",
    b"${",
];

fn changed(base: &[u8], (kind, at, size): Change) -> Vec<u8> {
    let lines: Vec<&[u8]> = base.split_inclusive(|byte| *byte == b'\n').collect();
    let by_lines = kind % 2 == 0;
    let mut parts = if by_lines { lines } else { words(base) };
    if parts.is_empty() {
        return ODD[usize::from(at) % ODD.len()].to_vec();
    }
    let (at, other) = (usize::from(at) % parts.len(), usize::from(size) % parts.len());
    let part = parts[at];
    match kind / 2 % 7 {
        0 => drop(parts.remove(at)),
        1 => parts.insert(other, part),
        2 => parts.swap(at, other),
        3 => parts.truncate(at),
        4 => parts[at] = ODD[usize::from(size) % ODD.len()],
        // Doubled and doubled again.
        5 => {
            let many = vec![part; 1 << (size % 10)];
            parts.splice(at..at, many);
        }
        _ => {
            let (open, close): (&[u8], &[u8]) =
                [(&b"["[..], &b"]"[..]), (b"{a: ", b"}"), (b"{\"a\":", b"}"), (b"(", b")")][usize::from(size % 4)];
            let deep = usize::from(size) % 2_000;
            let nested = [open.repeat(deep).as_slice(), part, close.repeat(deep).as_slice()].concat();
            let (before, after) = (parts[..at].concat(), parts[at + 1..].concat());
            return [before, nested, after].concat();
        }
    }
    parts.concat()
}

/// An input that shows as text.
struct Made(Vec<u8>);

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

fn made(target: &str) -> impl Strategy<Value = Made> {
    let bases: Vec<Vec<u8>> =
        kept(target).into_iter().map(|(_, bytes)| bytes).filter(|bytes| bytes.len() <= BASE_MAX).collect();
    let changes = prop::collection::vec(any::<Change>(), 1..6);
    (prop::sample::select(bases), changes)
        .prop_map(|(base, changes)| Made(changes.into_iter().fold(base, |base, change| changed(&base, change))))
}

/// Runs one way in on made inputs.
fn hears(name: &str) {
    let run = TARGETS.iter().find(|(target, _)| *target == name).unwrap().1;
    let outcome = TestRunner::new(config(MADE)).run(&made(name), |Made(bytes)| {
        run(&bytes);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
}

#[test]
fn a_broken_workspace_is_told() {
    hears("workspace");
}

#[test]
fn a_broken_answer_is_an_outcome() {
    hears("answer");
}

#[test]
fn a_broken_rule_is_an_error() {
    hears("rule");
}

#[test]
fn a_broken_path_is_a_complaint() {
    hears("path");
}

#[test]
fn a_broken_template_is_a_complaint() {
    hears("template");
}

#[test]
fn a_broken_store_is_an_error() {
    hears("stored");
}
