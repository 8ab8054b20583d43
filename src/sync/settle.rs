//! What is remembered, and when: the base moves only to what a side is known to hold.
//!
//! Pure. The executor reports how a system answered; these functions say what the link becomes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::merge::{had_by_both, has_taken, same};
use super::plan::{Act, Move, Planned, Seen, Step};
use crate::flaw::{self, Flaw};
use crate::link::{Half, Link, UnderWay};
use crate::mapping::Mapping;
use crate::mapping::field::{At, Field, Fields, is_empty};
use crate::record::{Side, Sides};
use crate::reference::folded;

/// What became of a write is asked for so long although its line is gone from the mapping: it may come back.
const LINE_GONE_MS: i64 = 7 * 86_400_000;

/// So much later than the answer to our last write the stamp of that write may be: the clocks of one system's machines
/// differ by less. What was changed later, somebody else changed, whoever signs.
pub const CLOCKS_MS: i64 = 10_000;

/// So long after its trace was written a write may leave, for others go before it, and arrive.
pub const ON_ITS_WAY_MS: i64 = 900_000;

/// No listing lags longer.
const LAG_MS: i64 = 86_400_000;

/// What a side is known to hold at some moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// The values.
    pub fields: Fields,
    /// The print of the body they were read from.
    pub print: u64,
    /// When the record had last changed then.
    pub changed_ms: Option<i64>,
}

/// Remembers a confirmed value: one that somebody typed, until it is seen to stand in for an empty one.
pub(super) fn know(half: &mut Half, key: &str, value: Value) {
    half.expected.remove(key);
    half.borrowed.remove(key);
    half.set(key, value);
}

/// Forgets what was known of a value: it has yet to move.
pub(super) fn forget(half: &mut Half, key: &str) {
    half.expected.remove(key);
    half.under_way.remove(key);
    half.borrowed.remove(key);
    half.unset(key);
}

/// Remembers a value that was sent and that no answer confirmed.
pub(super) fn expect(half: &mut Half, key: &str, value: Value) {
    half.expected.insert(key.to_owned());
    half.set(key, value);
}

/// True for the stamp of an image that was there before one we saw. A day after or before that one, no listing lags so
/// far: the clock of the system was put back.
const fn lags(changed_ms: i64, seen_ms: i64, now_ms: i64) -> bool {
    changed_ms < seen_ms && now_ms.abs_diff(seen_ms) < LAG_MS.unsigned_abs()
}

/// True for an image older than one we saw: a listing that lags. While a write of ours waits to be
/// seen, an image as old as the one before the write that shows nothing of it is late as well, for
/// as long as any listing may lag; one that was asked for by its id only while writes are on their way.
pub(super) fn is_late(mapping: &Mapping, half: &Half, (one, fetched): (&Seen<'_>, bool), now_ms: i64) -> bool {
    let (Some(seen), Some(changed)) = (half.seen_ms, one.record.changed_ms) else { return false };
    if flaw::is(Flaw::StaleAccepted) {
        return false;
    }
    if changed != seen || !half.expected.iter().any(|key| mapping.keyed(key).is_some()) {
        return lags(changed, seen, now_ms);
    }
    let patience_ms = if fetched { i64::try_from(mapping.limits.unknown_ms).unwrap_or(i64::MAX) } else { LAG_MS };
    let sent = half.under_way.iter().filter(|(key, _)| half.expected.contains(*key));
    let sent: Vec<_> = sent.filter_map(|(key, sent)| Some((mapping.keyed(key)?, sent))).collect();
    if sent.is_empty() {
        return !one.record.ours;
    }
    let untouched = |index: usize, sent: &UnderWay| *one.fields.value(index) == sent.before;
    sent.iter().all(|((index, _), sent)| untouched(*index, sent))
        && sent.iter().any(|((index, field), sent)| {
            now_ms.saturating_sub(sent.at_ms) < patience_ms
                && !explains(field, false, &sent.becomes, one.fields.value(*index))
        })
}

/// True when what a side holds is what its system made of a value we sent: the write's author or the
/// field's canon explains the difference, or it is one that systems make and people hardly do, of
/// case, accents and spaces.
pub(super) fn explains(field: &Field, ours: bool, sent: &Value, now: &Value) -> bool {
    let folds = || match (sent, now) {
        (Value::String(sent), Value::String(now)) => folded(sent) == folded(now),
        _ => false,
    };
    !flaw::is(Flaw::EchoIsEdit) && (ours || folds()) || same(field, sent, now)
}

/// True for a write that leaves the written side with what the other one gave, and no more. One that only touched a
/// value, or a set that got what it lacks and has more of its own, leaves something that its author does not explain.
pub(super) fn is_all_given(field: &Field, sent: &UnderWay) -> bool {
    sent.given.as_ref().is_some_and(|given| !field.set || same(field, given, &sent.becomes))
}

/// What a side is known to hold where a write shows: all that stands there, or of a set what was sent, when people
/// changed other members since.
pub(super) fn taken(field: &Field, ours: bool, sent: &UnderWay, now: &Value) -> Option<Value> {
    let all_given = is_all_given(field, sent);
    if explains(field, ours && all_given, &sent.becomes, now) {
        return Some(now.clone());
    }
    (field.set && all_given && has_taken(field, sent, now)).then(|| sent.becomes.clone())
}

/// Takes over what the systems made of the values we sent; any other difference is a person's edit
/// and stays one.
pub(super) fn adopt<'a>(mapping: &Mapping, link: &'a Link, seen: &Sides<Seen<'_>>, now_ms: i64) -> Cow<'a, Link> {
    let is_quiet = |half: &Half| !half.waits() && !half.missed;
    if link.gone == Sides::default() && is_quiet(&link.base.left) && is_quiet(&link.base.right) {
        return Cow::Borrowed(link);
    }
    let mut link = link.clone();
    for side in Side::BOTH {
        let one = seen.get(side);
        let retyped = retyped(mapping, link.base.get(side), side, one);
        let half = link.base.get_mut(side);
        let ours = is_ours(half, one);
        half.missed = false;
        for key in std::mem::take(&mut half.expected) {
            let Some((index, field)) = mapping.keyed(&key) else {
                // It had arrived. Once the line is back nobody can tell who has touched its value in between.
                if half.under_way.contains_key(&key) && (ours || stands_still(half, one)) {
                    half.expected.insert(key);
                } else {
                    half.under_way.remove(&key);
                }
                continue;
            };
            let sent = half.under_way.remove(&key);
            let now = one.fields.value(index);
            let was = half.fields.get(&key).unwrap_or(&Value::Null);
            // Of what a write only touched its author explains nothing: a person may have typed it a moment before.
            let ours = ours && sent.is_none_or(|sent| is_all_given(field, &sent));
            if !retyped.contains(&key) && explains(field, ours || stands_still(half, one), was, now) {
                half.set(&key, now.clone());
            }
        }
        arrive(mapping, &mut link, (side, one, ours), &retyped, now_ms);
    }
    link.gone = Sides::default();
    Cow::Owned(link)
}

/// Copies of another value that we sent, where a person has changed that value since and the copy reads
/// otherwise: a system that writes all in capitals may have made that of it, but so may the person, for legal
/// names are written so. What may have been typed is not lost.
fn retyped(mapping: &Mapping, half: &Half, side: Side, one: &Seen<'_>) -> BTreeSet<String> {
    let sent = |field: &Field| {
        let under_way = half.under_way.get(&field.key).map(|sent| &sent.becomes);
        under_way.or_else(|| half.fields.get(&field.key))
    };
    let copies = mapping.fields.iter().enumerate().filter(|(index, field)| {
        let Some(at) = field.ends.get(side).if_empty.filter(|_| !is_ours(half, one) && !stands_still(half, one)) else {
            return false;
        };
        let (Some(lender), Some(copy)) = (mapping.fields.get(at), sent(field)) else { return false };
        sent(lender).is_some_and(|original| {
            same(field, copy, original)
                && !same(field, copy, one.fields.value(*index))
                && !explains(lender, false, original, one.fields.value(at))
        })
    });
    copies.map(|(_, field)| field.key.clone()).collect()
}

/// True when nobody but this mapping has changed a record last, as far as its author and its time tell: where all
/// applications sign alike, the time tells more.
pub(super) fn is_ours(half: &Half, one: &Seen<'_>) -> bool {
    let is_later = match (half.written_by_ms, one.record.changed_ms) {
        (Some(by_ms), Some(changed_ms)) => changed_ms > by_ms.saturating_add(CLOCKS_MS),
        (None, _) | (_, None) => false,
    };
    one.record.ours && !one.record.sibling && (!is_later || flaw::is(Flaw::SignatureIsEnough))
}

/// Notes that a write leaves, and how late it may come.
pub fn leaves(half: &mut Half, at_ms: i64) {
    half.written_by_ms = half.written_by_ms.max(Some(at_ms.saturating_add(ON_ITS_WAY_MS)));
}

/// Notes that a write was answered, and when, where the system tells. While another one is on its way it may still come
/// later.
pub fn arrives(half: &mut Half, served_ms: Option<i64>) {
    if half.under_way.keys().all(|key| half.expected.contains(key)) {
        half.written_by_ms = served_ms;
    }
}

/// True when nobody has changed a record since a write of ours left that was never answered. A later one that was makes
/// us the author as well, whoever came between.
pub(super) fn is_ours_since(sent: &UnderWay, wrote_ms: Option<i64>, ours: bool) -> bool {
    ours && wrote_ms.is_none_or(|wrote_ms| wrote_ms < sent.at_ms)
}

/// True for a record that nobody has touched since it was last seen: not even our own write since.
fn stands_still(half: &Half, one: &Seen<'_>) -> bool {
    half.seen_ms.is_some() && half.seen_ms == one.record.changed_ms
}

/// Sees what became of the writes of a side that were never answered. One that left no trace may
/// still be on its way for a while; after that it never happened.
fn arrive(
    mapping: &Mapping,
    link: &mut Link,
    (side, one, ours): (Side, &Seen<'_>, bool),
    retyped: &BTreeSet<String>,
    now_ms: i64,
) {
    let unknown_ms = i64::try_from(mapping.limits.unknown_ms).unwrap_or(i64::MAX);
    let wrote_ms = link.base.get(side).wrote_ms;
    for (key, sent) in std::mem::take(&mut link.base.get_mut(side).under_way) {
        let Some((index, field)) = mapping.keyed(&key) else {
            let half = link.base.get_mut(side);
            if now_ms.saturating_sub(sent.at_ms) < LINE_GONE_MS {
                half.under_way.insert(key, sent);
            } else {
                half.expected.remove(&key);
            }
            continue;
        };
        let now = one.fields.value(index);
        if *now == sent.before {
            if now_ms.saturating_sub(sent.at_ms) < unknown_ms {
                link.base.get_mut(side).under_way.insert(key, sent);
            } else if let Some(given) = sent.given {
                has_yet_to_move(mapping, link, (index, side), &given);
            }
        } else if field.set && !is_all_given(field, &sent) {
            if sent.given.is_some() && has_taken(field, &sent, now) {
                link.base.get_mut(side).wrote_ms = Some(now_ms);
                for half in [&mut link.base.left, &mut link.base.right] {
                    let known = had_by_both(field, half.fields.get(&key), &sent);
                    know(half, &key, known);
                }
            }
        } else if let Some(known) =
            taken(field, is_ours_since(&sent, wrote_ms, ours), &sent, now).filter(|_| !retyped.contains(&key))
        {
            link.base.get_mut(side).wrote_ms = Some(now_ms);
            know(link.base.get_mut(side), &key, known);
            if let Some(given) = sent.given {
                know(link.base.get_mut(side.other()), &key, given);
            }
        }
    }
}

/// Takes note of a value that did not arrive. On the side that gave it another field may read it by now, one that
/// was emptied in the same cycle and whose place it took: that was no edit then, and has yet to move as well.
fn has_yet_to_move(mapping: &Mapping, link: &mut Link, (index, to): (usize, Side), given: &Value) {
    let half = link.base.get_mut(to.other());
    let view = mapping.fields.get(index).and_then(|field| view_of(field, to.other()));
    let kin = mapping.fields.iter().enumerate();
    let kin = kin.filter(|(at, field)| *at != index && view.is_some() && view_of(field, to.other()) == view);
    for (_, field) in kin.filter(|_| !is_empty(given)) {
        if half.fields.get(&field.key).is_some_and(|known| same(field, known, given)) {
            forget(half, &field.key);
        }
    }
}

/// True when a side holds nothing that still has to move.
fn is_settled(mapping: &Mapping, half: &Half, fields: &Fields) -> bool {
    mapping.fields.iter().enumerate().all(|(index, field)| {
        let typed = half.borrowed.contains(&field.key) && !fields.is_borrowed(index);
        !typed && half.fields.get(&field.key).is_some_and(|was| same(field, was, fields.value(index)))
    })
}

/// True when a value waits for its twin: it has none today and may have one tomorrow.
fn lacks_twin(mapping: &Mapping, base: &Sides<Half>) -> bool {
    mapping.fields.iter().filter(|field| field.looks_up()).any(|field| {
        let empty = |side: Side| base.get(side).fields.get(&field.key).is_none_or(is_empty);
        Side::BOTH.into_iter().any(|side| empty(side) && !empty(side.other()) && field.flows_to(side))
    })
}

/// Notes which image a side was seen in, what of it only stands in for something empty, and its print when
/// nothing of it has to move.
fn see(
    mapping: &Mapping,
    base: &mut Sides<Half>,
    (side, fields): (Side, &Fields),
    print: u64,
    changed_ms: Option<i64>,
) {
    let lacks_twin = lacks_twin(mapping, base);
    let half = base.get_mut(side);
    half.seen_ms = half.seen_ms.max(changed_ms);
    for (index, field) in mapping.fields.iter().enumerate().filter(|(index, _)| fields.is_borrowed(*index)) {
        if half.fields.get(&field.key).is_some_and(|was| same(field, was, fields.value(index))) {
            half.borrowed.insert(field.key.clone());
        }
    }
    let quiet = !half.waits() && is_settled(mapping, half, fields);
    half.print = if quiet && !lacks_twin { print } else { 0 };
}

/// Notes what the answer to a write shows; without one, that nothing was seen since.
fn answered(mapping: &Mapping, base: &mut Sides<Half>, side: Side, answer: Option<&Image>) {
    match answer {
        Some(image) => see(mapping, base, (side, &image.fields), image.print, image.changed_ms),
        None => base.get_mut(side).print = 0,
    }
}

/// Closes a planned pair: prints, and what waits.
pub(super) fn finish(mapping: &Mapping, planned: &mut Planned, seen: &Sides<Seen<'_>>) {
    let Some(link) = &mut planned.link else { return };
    for side in Side::BOTH {
        let one = seen.get(side);
        let print = one.record.body.print(mapping.print);
        see(mapping, &mut link.base, (side, one.fields), print, one.record.changed_ms);
    }
    let mut waiting = BTreeMap::new();
    for held in &planned.held {
        let name = held.field.and_then(|field| mapping.fields.get(field)).map_or("", |field| field.name.as_str());
        waiting.insert(name.to_owned(), held.reason.clone());
    }
    link.held = waiting;
}

/// The link while updates are under way: what they were to do is remembered beside the base.
#[must_use]
pub fn under_way(mapping: &Mapping, link: &Link, steps: &[Step], now: Sides<&Image>, at_ms: i64) -> Link {
    let mut link = link.clone();
    for step in steps.iter().filter(|step| step.act == Act::Update) {
        let before = now.get(step.side);
        for effect in effects(mapping, &link, step, now) {
            if flaw::is(Flaw::BaseAtSend) {
                know(link.base.get_mut(step.side), &effect.key, effect.becomes.clone());
                know(link.base.get_mut(step.side.other()), &effect.key, effect.given.unwrap_or(effect.becomes));
                continue;
            }
            let before = before.fields.value(effect.index).clone();
            let is_spread = mapping.fields.get(effect.index).is_some_and(|field| view_of(field, step.side).is_some());
            let emptied = if is_spread { step.emptied.clone() } else { Value::Null };
            let sent = UnderWay { before, becomes: effect.becomes, given: effect.given, emptied, at_ms };
            link.base.get_mut(step.side).under_way.insert(effect.key, sent);
        }
        leaves(link.base.get_mut(step.side), at_ms);
        link.base.get_mut(step.side).print = 0;
    }
    link
}

/// The link after an update that certainly did not happen: as if it had never left.
#[must_use]
pub fn not_sent(mapping: &Mapping, link: &Link, planned: &Link, step: &Step, giving: &Image) -> Link {
    let mut link = link.clone();
    link.base.get_mut(step.side).under_way.clone_from(&planned.base.get(step.side).under_way);
    for one in &step.moves {
        has_yet_to_move(mapping, &mut link, (one.field, step.side), giving.fields.value(one.field));
    }
    link
}

/// The link after a step that updated a record. `answer` is what the system's answer shows of it.
#[must_use]
pub fn updated(mapping: &Mapping, link: &Link, step: &Step, now: Sides<&Image>, answer: Option<&Image>) -> Link {
    let mut after = link.clone();
    let giving = now.get(step.side.other());
    for effect in effects(mapping, link, step, now) {
        if let Some(given) = effect.given.clone() {
            let half = after.base.get_mut(step.side.other());
            if effect.awaited { expect(half, &effect.key, given) } else { know(half, &effect.key, given) }
        }
        let half = after.base.get_mut(step.side);
        // What was held before stays known until the write is seen: it tells a late image.
        if answer.is_some() {
            half.under_way.remove(&effect.key);
        }
        match (answer, effect.given.clone()) {
            // Each side of a set gets what it lacks. Until the giving side has got its part as well, what
            // this side now has over it is news, whatever becomes of that other step.
            (Some(_), Some(given)) if effect.union => know(half, &effect.key, given),
            (None, Some(given)) if effect.union => expect(half, &effect.key, given),
            // What the write only touched and reads as nobody foresaw, a person may have typed a moment before.
            (Some(image), None) if !effect.foresees(mapping, image) => {}
            (Some(image), _) if !flaw::is(Flaw::EchoIsEdit) => {
                know(half, &effect.key, image.fields.value(effect.index).clone());
            }
            (Some(_) | None, _) => expect(half, &effect.key, effect.becomes),
        }
    }
    answered(mapping, &mut after.base, step.side, answer);
    see(mapping, &mut after.base, (step.side.other(), &giving.fields), giving.print, giving.changed_ms);
    after
}

/// What an update does to one field.
struct Effect {
    index: usize,
    key: String,
    /// What the giving side held; nothing where the field only reads otherwise along with others.
    given: Option<Value>,
    /// The giving side was written as well, and no answer has confirmed yet what it holds now.
    awaited: bool,
    /// What the written side is to hold.
    becomes: Value,
    /// It is a set that takes what it lacks and has something over the giving side's.
    union: bool,
}

impl Effect {
    /// True when an answer shows what was to be expected.
    fn foresees(&self, mapping: &Mapping, answer: &Image) -> bool {
        let now = answer.fields.value(self.index);
        mapping.fields.get(self.index).is_some_and(|field| explains(field, false, &self.becomes, now))
    }
}

fn effects(mapping: &Mapping, link: &Link, step: &Step, now: Sides<&Image>) -> Vec<Effect> {
    let giving = now.get(step.side.other());
    let mut found = Vec::new();
    for one in &step.moves {
        let Some(field) = mapping.fields.get(one.field) else { continue };
        let shown = || (giving.fields.value(one.field).clone(), false);
        let (given, awaited) =
            lent(mapping, link.base.get(step.side.other()), step.side, one, giving).unwrap_or_else(shown);
        let becomes = one.becomes.clone().unwrap_or_else(|| given.clone());
        let apart = field.set && !same(field, &given, &becomes);
        // Once the giving side has got its part of a set, both hold all of it.
        let held = now.get(step.side).fields.value(one.field);
        let got = apart && has_got(link.base.get(step.side.other()), field, held);
        let (given, awaited) = if got { (becomes.clone(), true) } else { (given, awaited) };
        let union = apart && !got;
        found.push(Effect { index: one.field, key: field.key.clone(), given: Some(given), awaited, becomes, union });
    }
    let half = link.base.get(step.side);
    for one in companions(mapping, step, now.get(step.side)) {
        let was = now.get(step.side).fields.value(one.index);
        if half.fields.get(&one.field.key).is_some_and(|known| same(one.field, known, was)) {
            let becomes = one.becomes(step, giving).unwrap_or(was).clone();
            let key = one.field.key.clone();
            found.push(Effect { index: one.index, key, given: None, awaited: false, becomes, union: false });
        }
    }
    found
}

/// True when a step before gave a side of a set what the other held: it knows that as agreed.
fn has_got(half: &Half, field: &Field, held: &Value) -> bool {
    half.fields.get(&field.key).is_some_and(|agreed| same(field, agreed, held))
}

/// What a value that stands in for an empty one reads as when its lender was written a step before;
/// and whether an answer has yet to confirm it.
fn lent(mapping: &Mapping, half: &Half, side: Side, one: &Move, giving: &Image) -> Option<(Value, bool)> {
    one.becomes.as_ref().filter(|_| giving.fields.is_borrowed(one.field))?;
    let at = mapping.fields.get(one.field)?.ends.get(side).if_empty?;
    let lender = mapping.fields.get(at)?;
    let value = half.fields.get(&lender.key)?;
    let moved = !same(lender, value, giving.fields.value(at));
    moved.then(|| (value.clone(), half.expected.contains(&lender.key)))
}

/// A field that a step does not move and that may read otherwise after it.
struct Companion<'a> {
    index: usize,
    field: &'a Field,
    lender: Option<usize>,
}

impl Companion<'_> {
    /// What it reads as then: one that stands in for an empty value reads as its lender.
    fn becomes<'a>(&self, step: &'a Step, giving: &'a Image) -> Option<&'a Value> {
        let Some(moved) = step.moves.iter().find(|one| Some(one.field) == self.lender) else {
            return step.along.get(&self.index);
        };
        Some(moved.becomes.as_ref().unwrap_or_else(|| giving.fields.value(moved.field)))
    }
}

/// The view whose rule reads a field on a side.
pub(super) fn view_of(field: &Field, side: Side) -> Option<usize> {
    match field.ends.get(side).at {
        At::Member { view, .. } => Some(view),
        At::Path(_) => None,
    }
}

/// Fields read by the same rule as a moved one, and empty ones that a moved one stands in for.
fn companions<'a>(mapping: &'a Mapping, step: &Step, now: &Image) -> Vec<Companion<'a>> {
    let moves = |index: usize| step.moves.iter().any(|one| one.field == index);
    let moved = step.moves.iter().filter_map(|one| mapping.fields.get(one.field));
    let moved_views: Vec<usize> = moved.filter_map(|field| view_of(field, step.side)).collect();
    let mut found = Vec::new();
    for (index, field) in mapping.fields.iter().enumerate().filter(|(index, _)| !moves(*index)) {
        let lender = field.ends.get(step.side.other()).if_empty;
        let lender = lender.filter(|lender| moves(*lender) && now.fields.is_borrowed(index));
        if lender.is_some() || view_of(field, step.side).is_some_and(|view| moved_views.contains(&view)) {
            found.push(Companion { index, field, lender });
        }
    }
    found
}

/// The link of a newborn. Its stamped fields have no base until the stamp is confirmed.
#[must_use]
pub fn born(
    mapping: &Mapping,
    planned: &Planned,
    step: &Step,
    (id, giving): (&str, &Image),
    answer: Option<&Image>,
) -> Link {
    let side = step.side;
    let mut ids = planned.ids.clone().map(Option::unwrap_or_default);
    id.clone_into(ids.get_mut(side));
    let mut link = Link { ids, base: Sides::default(), gone: Sides::default(), held: BTreeMap::new() };
    let waits = |index: usize| planned.held.iter().any(|held| held.field == Some(index));
    for (index, field) in mapping.fields.iter().enumerate() {
        // What only flows the other way is told to the giving record once it is read from the newborn.
        if field.ends.get(side).is_id || waits(index) || !field.flows_to(side) {
            continue;
        }
        let given = giving.fields.value(index).clone();
        let sent = step.moves.iter().find(|one| one.field == index);
        // A value that was not sent for want of a twin is sent once there is one.
        if sent.is_none() && !is_empty(&given) {
            continue;
        }
        let becomes = sent.map(|one| one.becomes.clone().unwrap_or_else(|| given.clone())).unwrap_or_default();
        know(link.base.get_mut(side.other()), &field.key, given);
        let half = link.base.get_mut(side);
        match answer {
            Some(image) if !flaw::is(Flaw::EchoIsEdit) => know(half, &field.key, image.fields.value(index).clone()),
            Some(_) | None => expect(half, &field.key, becomes),
        }
    }
    answered(mapping, &mut link.base, side, answer);
    see(mapping, &mut link.base, (side.other(), &giving.fields), giving.print, giving.changed_ms);
    link
}

/// The link after the giving record got the newborn's id.
#[must_use]
pub fn stamped(mapping: &Mapping, link: &Link, step: &Step, answer: Option<&Image>) -> Link {
    let mut link = link.clone();
    let born = step.side.other();
    let id = Value::from(link.ids.get(born).as_str());
    for one in &step.moves {
        let Some(field) = mapping.fields.get(one.field) else { continue };
        know(link.base.get_mut(born), &field.key, id.clone());
        let half = link.base.get_mut(step.side);
        match answer {
            Some(image) => know(half, &field.key, image.fields.value(one.field).clone()),
            None => expect(half, &field.key, id.clone()),
        }
    }
    answered(mapping, &mut link.base, step.side, answer);
    link
}

/// The link after one side was confirmed gone: a tombstone.
#[must_use]
pub fn gone(link: &Link, side: Side) -> Link {
    let mut link = link.clone();
    *link.gone.get_mut(side) = true;
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_image_lags_for_a_day_and_no_longer() {
        let now = 10 * LAG_MS;
        for (changed, seen, late) in [
            (now - 60_000, now, true),
            (now, now, false),
            (now - LAG_MS, now - LAG_MS + 1, true),
            (now - LAG_MS - 1, now - LAG_MS, false),
            (now, now + 60_000, true),
            (now, now + LAG_MS, false),
        ] {
            assert_eq!(lags(changed, seen, now), late, "{changed} after {seen}");
        }
    }
}
