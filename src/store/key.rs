//! How keys are built.
//!
//! Every key of a scope starts with the scope and a zero byte, so that a scope's entries lie
//! together and no scope is the beginning of another. Numbers are big-endian, so that the order of
//! keys is the order of time.

use std::ops::Bound;

use super::Tree;
use crate::record::{Side, Sides};

/// Where the tally of a scope lies in [`Tree::Meta`], behind the scope and the zero byte.
const TALLY: &[u8] = b"tally";

/// Stands in a trail where that of a record has its side.
const CYCLES: u8 = b'c';

/// The length of what [`sequence`] makes.
const SEQUENCE: usize = 16;

/// Where a key of a tree lies in an engine, which has one ordered space for all trees: behind the
/// number of the tree. One space, so that a batch over several trees is one batch of the engine.
pub(super) fn place(tree: Tree, key: &[u8]) -> Vec<u8> {
    [&[tree.number()], key].concat()
}

/// The key that lies at a place.
pub(super) fn unplace(place: &[u8]) -> &[u8] {
    place.get(1..).unwrap_or_default()
}

/// The places of the keys of a tree that start with `prefix`, behind `after` and before `before`;
/// `None` when there can be none, since engines dislike a range that ends before it starts.
pub(super) fn places(tree: Tree, prefix: &[u8], after: Option<&[u8]>, before: Option<&[u8]>) -> Option<Places> {
    let first = place(tree, prefix);
    let behind = successor(&first);
    let start = match after {
        Some(after) if after >= prefix => Bound::Excluded(place(tree, after)),
        Some(_) | None => Bound::Included(first),
    };
    let end = before.map(|before| place(tree, before)).filter(|end| *end < behind).unwrap_or(behind);
    let room = match &start {
        Bound::Included(start) | Bound::Excluded(start) => *start < end,
        Bound::Unbounded => true,
    };
    room.then_some((start, Bound::Excluded(end)))
}

/// From where to where.
pub(super) type Places = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The first place behind all that start with this one. There is one: trees have small numbers.
fn successor(place: &[u8]) -> Vec<u8> {
    let mut next = place.to_vec();
    while let Some(last) = next.pop() {
        if let Some(higher) = last.checked_add(1) {
            next.push(higher);
            break;
        }
    }
    next
}

/// The beginning of all keys of a scope, and the whole key of what a scope has only one of.
pub(super) fn scope(scope: &str) -> Vec<u8> {
    let mut key = scope.as_bytes().to_vec();
    key.push(0);
    key
}

/// The key of an id: of a link by its left id, of the index by the right one, of a conflict, of an
/// intent.
pub(super) fn id(prefix: &[u8], id: &str) -> Vec<u8> {
    [prefix, id.as_bytes()].concat()
}

/// The key of the tally.
pub(super) fn tally(prefix: &[u8]) -> Vec<u8> {
    [prefix, TALLY].concat()
}

/// The scope whose tally lies under a key of [`Tree::Meta`].
pub(super) fn scope_of_tally(key: &[u8]) -> Option<String> {
    let scope = key.strip_suffix(TALLY)?.strip_suffix(&[0])?;
    String::from_utf8(scope.to_vec()).ok()
}

/// The key of a record that waits.
pub(super) fn waiting(prefix: &[u8], on: Side, id: &str) -> Vec<u8> {
    [prefix, &[side(on)], id.as_bytes()].concat()
}

/// A moment and a number, in the order of time; also before 1970.
pub(super) fn sequence(at_ms: i64, number: u64) -> Vec<u8> {
    let moment = at_ms.cast_unsigned() ^ (1 << 63);
    [moment.to_be_bytes(), number.to_be_bytes()].concat()
}

/// The beginning of the trail of a record. The length of the id stands before the id, so that no
/// id is the beginning of another.
pub(super) fn trail(prefix: &[u8], on: Side, id: &str) -> Vec<u8> {
    let length = u32::try_from(id.len()).unwrap_or(u32::MAX).to_be_bytes();
    [prefix, &[side(on)], &length, id.as_bytes()].concat()
}

/// The beginning of the trail of what speaks of no record: of cycles.
pub(super) fn trail_of_cycles(prefix: &[u8]) -> Vec<u8> {
    [prefix, &[CYCLES]].concat()
}

/// The keys that lead from the records of a journal entry to the entry; of one that speaks of none,
/// the one that leads from the cycles.
pub(super) fn trails(prefix: &[u8], ids: &Sides<Option<String>>, entry: &[u8]) -> Vec<Vec<u8>> {
    let sides = Side::BOTH.into_iter().filter_map(|on| Some((on, ids.get(on).as_ref()?)));
    let mut trails: Vec<_> = sides.map(|(on, id)| [&trail(prefix, on, id), sequence_of(entry)].concat()).collect();
    if trails.is_empty() {
        trails.push([&trail_of_cycles(prefix), sequence_of(entry)].concat());
    }
    trails
}

/// The key of the journal entry that a trail leads to.
pub(super) fn entry(prefix: &[u8], trail: &[u8]) -> Vec<u8> {
    [prefix, sequence_of(trail)].concat()
}

/// The sequence at the end of a key of the journal or of a trail.
fn sequence_of(key: &[u8]) -> &[u8] {
    key.len().checked_sub(SEQUENCE).and_then(|at| key.get(at..)).unwrap_or_default()
}

/// A key as people can read it in a message.
pub(super) fn show(tree: Tree, key: &[u8]) -> String {
    format!("{tree:?}/{}", key.escape_ascii())
}

/// One byte for a side, left before right.
const fn side(side: Side) -> u8 {
    match side {
        Side::Left => b'l',
        Side::Right => b'r',
    }
}
