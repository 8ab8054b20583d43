//! Three-way merge of the fields of one pair.
//!
//! Pure: the answer depends on these values and on nothing else. Who wins a conflict is the
//! mapping's decision and is taken in `plan`, never here. A field has moved on a side when that side
//! differs from *its own half* of the base: a system that upper-cases, cuts or maps many to one has
//! not edited anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::flaw::{self, Flaw};
use crate::link::{Half, UnderWay};
use crate::mapping::Mapping;
use crate::mapping::field::{Field, Fields, is_empty};
use crate::record::{Side, Sides};

/// How a field stands after both sides were compared with their halves of the base.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing to do, nothing to remember.
    Unchanged,
    /// Nothing to send, but the base must move to what both sides now hold.
    Agreed,
    /// One side is what the other must become.
    Follow {
        /// The side whose value counts.
        from: Side,
        /// Why.
        why: Why,
    },
    /// Both sides changed members of a set: each gets what it lacks.
    Union {
        /// The set both must hold.
        value: Value,
        /// Why.
        why: Why,
    },
    /// Both sides left the base, for different values.
    Conflict {
        /// They meet for the first time.
        first: bool,
    },
}

/// Why a value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody changed it.
    Changed,
    /// The two meet for the first time and one side had nothing.
    Filled,
    /// The two meet for the first time and the line points one way.
    First,
    /// Somebody changed it on the receiving side of a one-way line.
    PutBack,
    /// Both sides changed it and this side won.
    Won,
    /// A person settled a conflict.
    Answered,
    /// The record is new on that side.
    Born,
}

impl Why {
    /// The word for it, as the journal keeps it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Filled => "filled",
            Self::First => "first",
            Self::PutBack => "put back",
            Self::Won => "won",
            Self::Answered => "answered",
            Self::Born => "born",
        }
    }
}

/// Compares two sides, each with its own half. No half means that they meet for the first time.
pub fn merge(mapping: &Mapping, base: Option<Sides<&Half>>, now: Sides<&Fields>) -> Vec<Verdict> {
    mapping
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let known = Sides::each(|side| base.and_then(|base| base.get(side).fields.get(&field.key)));
            let was = known
                .left
                .zip(known.right)
                .map(|(left, right)| Sides::new(left, if flaw::is(Flaw::OneBase) { left } else { right }));
            let is = now.map(|fields| fields.value(index));
            let borrowed = now.map(|fields| fields.is_borrowed(index));
            let typed = Sides::each(|side| {
                let stood_in = base.is_some_and(|base| base.get(side).borrowed.contains(&field.key));
                stood_in && !borrowed.get(side)
            });
            if let Some(from) = outvoting(field, known, is) {
                return Verdict::Follow { from, why: Why::Filled };
            }
            merge_field(field, was, is, (borrowed, typed))
        })
        .collect()
}

/// The side whose value won and found no twin: the other side's half alone is known, and what it held then
/// stands there still.
fn outvoting(field: &Field, was: Sides<Option<&Value>>, is: Sides<&Value>) -> Option<Side> {
    let (side, was) = match (was.left, was.right) {
        (Some(left), None) => (Side::Left, left),
        (None, Some(right)) => (Side::Right, right),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    let stands = same(field, was, is.get(side)) && !same(field, is.left, is.right);
    (stands && !field.set && field.one_way_from().is_none()).then_some(side.other())
}

/// Compares one field. `borrowed` tells where its value only stands in for an empty one, `typed` where it did and
/// does not any more: it was typed since, even if the letters are the same.
pub fn merge_field(
    field: &Field,
    was: Option<Sides<&Value>>,
    is: Sides<&Value>,
    (borrowed, typed): (Sides<bool>, Sides<bool>),
) -> Verdict {
    // Two people may fix the same typo: that is agreement, not a conflict.
    if same(field, is.left, is.right) {
        let settled = typed == Sides::default() && was.is_some_and(|was| was.left == is.left && was.right == is.right);
        // What was typed on one side is no copy, even where it equals what stands in for nothing on the other.
        let is_own = |from: &Side| {
            let stands_in = *borrowed.get(from.other()) && !borrowed.get(*from) && field.one_way_from().is_none();
            stands_in && was.is_some_and(|was| !same(field, was.get(*from), is.get(*from)))
        };
        return match Side::BOTH.into_iter().find(is_own) {
            Some(from) => Verdict::Follow { from, why: Why::Changed },
            None if settled => Verdict::Unchanged,
            None => Verdict::Agreed,
        };
    }
    if field.set && field.one_way_from().is_none() {
        return merge_set(field, was, is);
    }
    match (field.one_way_from(), was) {
        (Some(_), Some(_)) if field.once => Verdict::Unchanged,
        (Some(_), Some(was)) if flaw::is(Flaw::OneWayBack) => merge_known(field, was, is, (borrowed, typed)),
        (Some(from), Some(was)) => enforce(field, from, was, is),
        // Nobody typed the emptiness of the giving side: it wipes nothing.
        (Some(from), None) if field.once || is_empty(is.get(from)) => Verdict::Agreed,
        (Some(from), None) => Verdict::Follow { from, why: Why::First },
        (None, Some(was)) => merge_known(field, was, is, (borrowed, typed)),
        (None, None) => meet(is, borrowed),
    }
}

/// True when two values of a field mean the same.
pub fn same(field: &Field, one: &Value, other: &Value) -> bool {
    if field.set {
        one == other || members(field, one).keys().eq(members(field, other).keys())
    } else {
        field.canon.same(one, other)
    }
}

fn enforce(field: &Field, from: Side, was: Sides<&Value>, is: Sides<&Value>) -> Verdict {
    let gave = !same(field, is.get(from), was.get(from));
    let got = !same(field, is.get(from.other()), was.get(from.other()));
    match (gave, got) {
        (true, _) => Verdict::Follow { from, why: Why::Changed },
        // What the giving side never said is no order: nobody typed that emptiness.
        (false, true) if is_empty(is.get(from)) && !same(field, was.left, was.right) => Verdict::Agreed,
        (false, true) if !field.put_back => Verdict::Agreed,
        (false, true) => Verdict::Follow { from, why: Why::PutBack },
        (false, false) => retry(field, is).unwrap_or(Verdict::Unchanged),
    }
}

fn merge_known(
    field: &Field,
    was: Sides<&Value>,
    is: Sides<&Value>,
    (borrowed, typed): (Sides<bool>, Sides<bool>),
) -> Verdict {
    let left_moved = typed.left || !same(field, is.left, was.left);
    let right_moved = typed.right || !same(field, is.right, was.right);
    let follow = |from| Verdict::Follow { from, why: Why::Changed };
    match (left_moved, right_moved) {
        // Unequal yet unmoved: a lossy field, equal as far as it can be.
        (false, false) => retry(field, is).unwrap_or(Verdict::Unchanged),
        (true, false) => follow(Side::Left),
        (false, true) => follow(Side::Right),
        // A value that only stands in for an empty one never wins against a typed one.
        (true, true) if borrowed.right && !borrowed.left => follow(Side::Left),
        (true, true) if borrowed.left && !borrowed.right => follow(Side::Right),
        (true, true) => Verdict::Conflict { first: false },
    }
}

/// A value that had no twin when it was last looked at may have one now.
fn retry(field: &Field, is: Sides<&Value>) -> Option<Verdict> {
    let from = match (is_empty(is.left), is_empty(is.right)) {
        (false, true) => Side::Left,
        (true, false) => Side::Right,
        (false, false) | (true, true) => return None,
    };
    (field.looks_up() && field.flows_to(from.other())).then_some(Verdict::Follow { from, why: Why::Filled })
}

/// Two full records meet for the first time: one fills what the other lacks.
fn meet(is: Sides<&Value>, borrowed: Sides<bool>) -> Verdict {
    let weak = Sides::each(|side| is_empty(is.get(side)) || *borrowed.get(side));
    match (weak.left, weak.right) {
        (false, false) => Verdict::Conflict { first: true },
        (false, true) if flaw::is(Flaw::EmptyWins) => Verdict::Follow { from: Side::Right, why: Why::Changed },
        (true, false) if flaw::is(Flaw::EmptyWins) => Verdict::Follow { from: Side::Left, why: Why::Changed },
        (false, true) => Verdict::Follow { from: Side::Left, why: Why::Filled },
        (true, false) => Verdict::Follow { from: Side::Right, why: Why::Filled },
        (true, true) if is_empty(is.left) => Verdict::Follow { from: Side::Right, why: Why::Filled },
        (true, true) => Verdict::Follow { from: Side::Left, why: Why::Filled },
    }
}

/// Members are added and removed one by one: two people who tag one client are not in conflict.
fn merge_set(field: &Field, was: Option<Sides<&Value>>, is: Sides<&Value>) -> Verdict {
    let now = is.map(|value| members(field, value));
    let mut all = now.right.clone();
    all.extend(now.left.clone());
    let Some(was) = was else {
        return Verdict::Union { value: all.into_values().collect(), why: Why::Filled };
    };
    let before = was.map(|value| members(field, value));
    if before.left.keys().eq(now.left.keys()) && before.right.keys().eq(now.right.keys()) {
        return Verdict::Unchanged;
    }
    for side in Side::BOTH.into_iter().filter(|_| !flaw::is(Flaw::RemovedReturns)) {
        for form in before.get(side).keys().filter(|form| !now.get(side).contains_key(*form)) {
            all.remove(form);
        }
    }
    let value = if all.is_empty() { Value::Null } else { all.into_values().collect() };
    Verdict::Union { value, why: Why::Changed }
}

/// What a side is known to hold of a set while the two differ: the members on which both agree as they are now, and of
/// the others what was known, but for those that the other side has yet to get. Nothing where that is nothing new.
pub(super) fn agreed_members(field: &Field, side: Side, was: Sides<&Value>, now: Sides<&Value>) -> Option<Value> {
    let [was, now] = [was, now].map(|values| values.map(|value| members(field, value)));
    let (other, own) = (side.other(), was.get(side));
    let is_agreed = |form: &String| now.left.contains_key(form) == now.right.contains_key(form);
    let has_yet_to_go = |form: &String| now.get(side).contains_key(form) && !was.get(other).contains_key(form);
    let mut known = own.clone();
    known.retain(|form, _| !is_agreed(form) && !has_yet_to_go(form));
    known.extend(now.get(side).clone().into_iter().filter(|(form, _)| is_agreed(form)));
    (!known.keys().eq(own.keys())).then(|| known.into_values().collect())
}

/// True when a set shows all that a write was to change in it, whatever else it holds.
pub(super) fn has_taken(field: &Field, sent: &UnderWay, now: &Value) -> bool {
    let [before, becomes, now] = [&sent.before, &sent.becomes, now].map(|value| members(field, value));
    let changed = |form: &&String| before.contains_key(*form) != becomes.contains_key(*form);
    let mut changed = before.keys().chain(becomes.keys()).filter(changed).peekable();
    changed.peek().is_some() && changed.all(|form| now.contains_key(form) == becomes.contains_key(form))
}

/// What a side is known to hold of a set once a write to either has arrived: the giving side had what it gave, and what
/// each of them still lacks is news until both have got it.
pub(super) fn had_by_both(field: &Field, was: Option<&Value>, sent: &UnderWay) -> Value {
    let nothing = Value::Null;
    let all = [was.unwrap_or(&nothing), &sent.before, &sent.becomes, sent.given.as_ref().unwrap_or(&nothing)];
    let [mut known, before, becomes, given] = all.map(|value| members(field, value));
    known.retain(|form, _| becomes.contains_key(form) || !before.contains_key(form));
    known.extend(becomes.into_iter().filter(|(form, _)| given.contains_key(form)));
    known.into_values().collect()
}

/// The members of a set, by the form that tells them apart.
pub(super) fn members(field: &Field, value: &Value) -> BTreeMap<String, Value> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|member| (field.canon.form(member), member.clone())).collect()
}
