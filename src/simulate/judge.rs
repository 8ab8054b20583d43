//! What must hold when a history has come to rest: who is there twice, what was lost, what nobody
//! typed, what flowed against an arrow.
//!
//! The judge reads both sides as the systems show them, through the mapping's own lines but without
//! its memory, and compares them with what people did. It knows no system and no store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::Broken;
use super::company::Deed;
use super::wire::Ours;
use crate::link::Link;
use crate::mapping::Mapping;
use crate::mapping::field::{Field, Fields, is_empty, is_unresolved};
use crate::record::{Side, Sides};
use crate::reference::{References, folded, scalar_text};
use crate::store::{Conflict, Waiting};
use crate::sync::merge::same;
use crate::sync::plan::UNHEEDED;

/// What is known of one mapping in the end.
pub(super) struct Evidence<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) references: Arc<References>,
    /// Every record there is, by id.
    pub(super) records: Sides<BTreeMap<String, Value>>,
    pub(super) links: Vec<Link>,
    pub(super) waiting: BTreeMap<(Side, String), Waiting>,
    pub(super) conflicts: Vec<Conflict>,
    /// What people and other mappings did, in the order of time.
    pub(super) deeds: Vec<Deed>,
    /// Members that systems fill themselves.
    pub(super) fills: Sides<&'static [&'static str]>,
    /// Members that systems keep up themselves.
    pub(super) keeps: Sides<&'static [&'static str]>,
    /// What calls did to records.
    pub(super) ours: &'a Ours,
    /// The midnight before the first cycle, in milliseconds since 1970.
    pub(super) first_day_ms: i64,
    /// A system blocks whoever lists a side: nobody gets a twin there.
    pub(super) shut_out: bool,
    /// The clock had once been further from the truth than lists look back.
    pub(super) blind: bool,
    /// Members that no fetch shows: rows of other resources that records carry along.
    pub(super) carried: Sides<BTreeSet<String>>,
}

/// A deed on one field.
pub(super) struct Change<'a> {
    pub(super) at_ms: i64,
    pub(super) before: &'a Value,
    pub(super) after: &'a Value,
    /// What stands there stands in for an empty value, or cannot be told from one that does.
    pub(super) borrowed: bool,
}

/// One record of a pair: how it was after each deed, and how it is.
pub(super) struct Life {
    pub(super) id: String,
    /// Moment, fields before, fields after.
    pub(super) deeds: Vec<(i64, Fields, Fields)>,
    pub(super) last: Fields,
}

impl Evidence<'_> {
    /// Everything that does not hold.
    pub(super) fn judge(&self) -> Vec<Broken> {
        let mut broken = self.doubles();
        for link in &self.links {
            let there = |side: Side| self.records.get(side).contains_key(link.ids.get(side));
            if there(Side::Left) && there(Side::Right) {
                let pair = Sides::each(|side| self.life(side, link.ids.get(side)));
                if let (Some(left), Some(right)) = (pair.left, pair.right)
                    && !Side::BOTH.iter().any(|side| self.is_kept_out(*side, link.ids.get(*side)))
                {
                    let pair = Sides::new(left, right);
                    if link.gone != Sides::default() {
                        let sentence = format!("{} count as gone and are both there", self.named(&pair));
                        let concerns = Side::BOTH.map(|side| link.ids.get(side).clone()).to_vec();
                        broken.push(Broken { invariant: "I3", sentence, concerns });
                    }
                    self.judge_pair(link, &pair, &mut broken);
                }
            }
        }
        self.alone(&mut broken);
        self.unspoken(&mut broken);
        broken
    }

    /// A record through all that people did to it. Nothing when a rule cannot read it.
    fn life(&self, side: Side, id: &str) -> Option<Life> {
        let place = self.mapping.sides.get(side).name();
        let read = |body: &Option<Value>| match body {
            Some(body) => self.fields(side, id, body),
            None => Some(Fields { values: vec![Value::Null; self.mapping.fields.len()], borrowed: Vec::new() }),
        };
        let mut own: Vec<(i64, Fields, Fields)> = Vec::new();
        let mut stood: Option<&Option<Value>> = None;
        for deed in self.deeds.iter().filter(|deed| deed.place == place && deed.id == id) {
            // Mostly nobody touched it since the last deed.
            let known = own.last().filter(|_| stood == Some(&deed.before)).map(|(_, _, after)| after.clone());
            let before = match known {
                Some(known) => known,
                None => read(&deed.before)?,
            };
            own.push((deed.at_ms, before, read(&deed.after)?));
            stood = Some(&deed.after);
        }
        let last = self.records.get(side).get(id).and_then(|body| self.fields(side, id, body))?;
        Some(Life { id: id.to_owned(), deeds: own, last })
    }

    pub(super) fn fields(&self, side: Side, id: &str, body: &Value) -> Option<Fields> {
        self.mapping.read(side, id, &self.mapping.project(side, body).value(), &self.references).ok()
    }

    fn judge_pair(&self, link: &Link, pair: &Sides<Life>, broken: &mut Vec<Broken>) {
        for (index, field) in self.mapping.fields.iter().enumerate().filter(|(_, field)| !self.waits(link, field)) {
            let found = if let Some(of) = Side::BOTH.into_iter().find(|side| field.ends.get(*side).is_id) {
                self.id_of(of, pair, (index, field))
            } else if field.set {
                self.set_of(link, pair, (index, field))
            } else {
                self.value_of(link, pair, (index, field))
            };
            let found = found.into_iter().chain(self.untouched(pair, (index, field)));
            broken.extend(found.map(|(invariant, sentence)| Broken {
                invariant,
                sentence: format!("{} of {}: {sentence}", field.label, self.named(pair)),
                concerns: Side::BOTH.map(|side| pair.get(side).id.clone()).to_vec(),
            }));
        }
    }

    /// I4 for a line that carries the id of a record into its twin: no other one's stands there, unless a
    /// person typed it.
    fn id_of(&self, of: Side, pair: &Sides<Life>, (index, field): (usize, &Field)) -> Vec<(&'static str, String)> {
        let holder = pair.get(of.other());
        let value = holder.last.value(index);
        if alike(field, value, &Value::from(pair.get(of).id.as_str())) {
            return Vec::new();
        }
        let typed = changes((index, field), of.other(), holder);
        if is_empty(value) {
            let cleared = typed.last().is_some_and(|change| is_empty(change.after));
            return if cleared {
                Vec::new()
            } else {
                vec![("I3", "its id never arrived there, or is lost".to_owned())]
            };
        }
        let known = typed.iter().any(|change| alike(field, change.after, value));
        if known { Vec::new() } else { vec![("I4", format!("nobody typed {value}, which is no id of its twin"))] }
    }

    fn named(&self, pair: &Sides<Life>) -> String {
        let one = |side: Side| format!("{} {}", self.mapping.sides.get(side).name(), pair.get(side).id);
        format!("{} and {}", one(Side::Left), one(Side::Right))
    }

    /// True when the pair, or this field of it, waits for a reason that people can read.
    pub(super) fn waits(&self, link: &Link, field: &Field) -> bool {
        let name = field.key.split('#').next().unwrap_or_default();
        link.held.keys().any(|held| held == &field.key || held == &field.name || held.split('#').next() == Some(name))
            || Side::BOTH.iter().any(|side| self.waiting.contains_key(&(*side, link.ids.get(*side).clone())))
    }

    /// True when people can read of a conflict that this value lost, or that nobody has won yet. A null asks
    /// for any conflict of the field that the side did not win.
    pub(super) fn is_told(&self, link: &Link, index: usize, side: Side, value: &Value) -> bool {
        let together = self.mapping.together(&index);
        self.conflicts.iter().any(|conflict| {
            // Of what a side kept instead of what it was sent both values are told, and neither arrives.
            let kept = conflict.policy == UNHEEDED;
            let won = conflict.answered.as_ref().map(|answer| answer.side).or(conflict.winner) == Some(side) && !kept;
            let pair = Side::BOTH.iter().any(|side| conflict.ids.get(*side).as_ref() == Some(link.ids.get(*side)));
            let name = conflict.field.split('#').next();
            let of = together.iter().filter_map(|at| self.mapping.fields.get(*at));
            let mut of = of.filter(|field| field.key.split('#').next() == name);
            // What nobody could translate just then is told as it stood.
            let told = conflict.values.get(side);
            let says = |field: &Field| value.is_null() || is_unresolved(told) || alike(field, told, value);
            pair && !won && of.next().is_some_and(says)
        })
    }

    /// True when people can read that a side has made this of what it was sent, for it kept some of what it had.
    fn is_told_as_kept(&self, link: &Link, field: &Field, side: Side, value: &Value) -> bool {
        let name = field.key.split('#').next();
        let mut told = self.conflicts.iter().filter(|conflict| {
            conflict.policy == UNHEEDED && conflict.winner == Some(side) && conflict.field.split('#').next() == name
        });
        let is_of = |ids: &Sides<Option<String>>| ids.get(side).as_ref() == Some(link.ids.get(side));
        told.any(|conflict| is_of(&conflict.ids) && alike(field, conflict.values.get(side), value))
    }

    /// True when a rule says that a record takes no part: out of sight nobody remembers why.
    pub(super) fn is_kept_out(&self, side: Side, id: &str) -> bool {
        let Some(rule) = &self.mapping.sides.get(side).keep else { return false };
        let Some(body) = self.records.get(side).get(id) else { return false };
        let body = self.mapping.project(side, body).value();
        let answer = self.mapping.rules.call(rule, [(&body).into()], &self.references);
        answer.is_ok_and(|reason| !is_empty(&reason))
    }

    /// I3 and I4 for one value.
    fn value_of(
        &self,
        link: &Link,
        pair: &Sides<Life>,
        (index, field): (usize, &Field),
    ) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let changes = Sides::each(|side| changes((index, field), side, pair.get(side)));
        let last = Sides::each(|side| told(&pair.get(side).last, index));
        let (Some(left), Some(right)) = (last.left, last.right) else { return found };
        let last = Sides::new(left, right);
        let kin = self.kin(index);
        let raced = Side::BOTH.into_iter().any(|side| self.is_raced(index, side, pair.get(side)));
        for side in Side::BOTH.into_iter().filter(|side| field.flows_to(side.other()) && !raced) {
            let Some(change) = self.lasting((index, field), pair.get(side.other()), changes.get(side)) else {
                continue;
            };
            if self.is_no_order((side, pair), (index, field), change) {
                continue;
            }
            let everywhere = || {
                Side::BOTH.iter().all(|side| {
                    alike(field, change.after, last.get(*side))
                        || self.stands(change, &kin, &pair.get(*side).last)
                        || self.holds(index, (*side, pair.get(*side)), change.after)
                        || self.is_uncovered((index, field), (*side, pair.get(*side)), change)
                })
            };
            let seen_there = || {
                let mut later = changes.get(side.other()).iter().filter(|other| other.at_ms >= change.at_ms);
                later.any(|other| alike(field, other.before, change.after))
                    || self.is_typed_over_mixed((side.other(), pair), changes.get(side.other()), change.at_ms)
                    || Side::BOTH.into_iter().any(|of| self.is_taken_away(change, &kin, pair.get(of)))
                    || self.was_held(index, (side.other(), pair.get(side.other())), change)
                    || self.is_outlived(index, change.at_ms, (side.other(), pair.get(side.other())))
                    || self.is_typed_over(index, (side, pair), change)
                    || self.is_unheeded((index, field), (side.other(), pair.get(side.other())), change)
            };
            let came_forward = || {
                let (now, life) = (*last.get(side.other()), pair.get(side.other()));
                is_empty(change.after)
                    && !alike(field, change.before, now)
                    && self.is_typed_behind(field, now, (side.other(), life))
            };
            let refilled = is_empty(change.after) && Side::BOTH.iter().any(|side| self.fills_itself(*side, field));
            let free = || {
                field.once
                    || refilled
                    || self.is_derived(pair, (index, field))
                    || (!field.put_back && field.one_way_from() == Some(side))
                    || came_forward()
                    || self.is_doubled((index, field), (side, pair), change)
            };
            let twin = || has_twin(&self.references, field, side.other(), change.after);
            if !everywhere() && twin() && !seen_there() && !free() && !self.is_told(link, index, side, change.after) {
                let held = format!("{} on the left, {} on the right", last.left, last.right);
                found.push(("I3", format!("{} was typed on the {side} and is lost: {held}", change.after)));
            }
        }
        found.extend(self.gifts(link, pair, (index, field)));
        found.extend(self.apart(link, pair, (index, field)));
        if let Some(from) = field.one_way_from().filter(|_| field.put_back && !field.once)
            && self.mapping.arrow.flows_to(from.other())
            && !alike(field, last.left, last.right)
            && !is_empty(last.get(from))
        {
            found.push(("I5", format!("it is {} on the left and {} on the right", last.left, last.right)));
        }
        found
    }

    /// I4 for one value: what stands there and nobody typed.
    fn gifts(&self, link: &Link, pair: &Sides<Life>, (index, field): (usize, &Field)) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let last = Sides::each(|side| pair.get(side).last.value(index));
        let of_kin = |at: &usize| self.mapping.fields.get(*at).map(|field| (*at, field));
        let of_kin: Vec<Change<'_>> = self
            .kin(index)
            .iter()
            .filter_map(of_kin)
            .flat_map(|one| Side::BOTH.iter().flat_map(move |side| self::changes(one, *side, pair.get(*side))))
            .collect();
        for side in Side::BOTH {
            let value = *last.get(side);
            let stands_in = pair.get(side).last.is_borrowed(index);
            let agreed = alike(field, last.left, last.right)
                && Side::BOTH.iter().any(|side| self.is_carried(*side, field) || self.fills_itself(*side, field));
            let given = !field.flows_to(side) && self.fills_itself(side, field);
            if stands_in || agreed || given || is_empty(value) {
                continue;
            }
            let lent = self.lent(field, side, pair);
            let known = lent.iter().chain(&of_kin).any(|change| {
                alike(field, change.after, value)
                    || self.holds(index, (side, pair.get(side)), change.after)
                    || self.is_made_of((index, field), side, (change.after, value))
            });
            // On the other side it may be read of what people typed there in other words.
            let given = || alike(field, last.left, last.right);
            let read = || {
                let reads = |of: Side| self.reads_as_typed((index, field), of, &pair.get(of).id);
                reads(side) || (given() && reads(side.other()))
            };
            let behind = |of: Side| self.is_typed_behind(field, value, (of, pair.get(of)));
            let another = || self.is_of_another((index, field), pair, value);
            let kept = || self.is_told_as_kept(link, field, side, value);
            let unlooked = || self.is_read_unlooked((index, field), (side.other(), pair), value);
            if !(known || read() || Side::BOTH.into_iter().any(behind) || another() || kept() || unlooked()) {
                found.push(("I4", format!("nobody typed {value}, which stands on the {side}")));
            }
        }
        found
    }

    /// I1 for what flows both ways: the two sides say the same, or people can read why not.
    fn apart(
        &self,
        link: &Link,
        pair: &Sides<Life>,
        (index, field): (usize, &Field),
    ) -> Option<(&'static str, String)> {
        let now = Sides::each(|side| pair.get(side).last.value(index));
        if field.one_way_from().is_some() || alike(field, now.left, now.right) || field.once {
            return None;
        }
        let moved_up = |side: Side| {
            let last = changes((index, field), side, pair.get(side)).pop();
            last.is_some_and(|change| self.has_moved_up((side, pair), index, &change))
        };
        let excused = Side::BOTH.into_iter().any(|side| {
            let life = pair.get(side);
            let last = changes((index, field), side, life).pop();
            is_unresolved(now.get(side))
                || !has_twin(&self.references, field, side.other(), now.get(side))
                || self.is_told(link, index, side, &Value::Null)
                || self.kin(index).iter().any(|at| self.is_told(link, *at, side, now.get(side)))
                || (self.is_read_of_typed(field, side, &life.id) && self.is_cleared(index, (side.other(), pair)))
                || (self.is_typed_behind(field, now.get(side), (side, life))
                    && (moved_up(side.other()) || self.is_cleared(index, (side.other(), pair))))
                || self.holds(index, (side, life), now.get(side.other()))
                || self.stands_twice(index, (side, pair))
                || life.last.is_borrowed(index)
                || self.is_raced(index, side, life)
                || last.is_some_and(|change| self.is_cleared_unmet(pair, &change))
        });
        let apart = !excused && !self.is_derived(pair, (index, field));
        apart.then(|| ("I1", format!("it rests at {} on the left and {} on the right", now.left, now.right)))
    }

    /// I5 for what nobody but people may change: what the giving side of a one-way line holds, and the
    /// members of a list that never travel.
    fn untouched(&self, pair: &Sides<Life>, (index, field): (usize, &Field)) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let shown = |from: &Side| !field.set && !self.fills_itself(*from, field) && !self.is_carried(*from, field);
        if let Some(from) = field.one_way_from().filter(shown) {
            let now = pair.get(from).last.value(index);
            let left = pair.get(from).deeds.last().map(|(_, _, after)| after.value(index));
            if let Some(left) = left.filter(|left| !alike(field, left, now)) {
                found.push(("I5", format!("the {from} only gives it, was left with {left} and holds {now}")));
            }
        }
        for side in Side::BOTH.into_iter().filter(|_| field.set) {
            found.extend(self.kept_back(side, &pair.get(side).id, field));
        }
        found
    }

    /// I3 for whole records: what a person made and has no twin waits for a reason.
    fn alone(&self, broken: &mut Vec<Broken>) {
        let told = |side: &Side| self.mapping.flows_to(side.other()) && self.mapping.is_listed(*side) && !self.shut_out;
        for side in Side::BOTH.into_iter().filter(told) {
            let linked: BTreeSet<&String> = self.links.iter().map(|link| link.ids.get(side)).collect();
            let name = self.mapping.sides.get(side).name();
            for id in self.records.get(side).keys().filter(|id| !linked.contains(id)) {
                let waits = self.waiting.contains_key(&(side, id.clone()));
                if !waits && !self.is_kept_out(side, id) && !self.is_old(side, id) {
                    broken.push(Broken {
                        invariant: "I3",
                        sentence: format!("{name} {id} has no twin and no reason to have none"),
                        concerns: vec![id.clone()],
                    });
                }
            }
        }
    }
}

/// True when a value can be said on a side: through its table, and in the reference it lives in.
pub(super) fn has_twin(references: &References, field: &Field, side: Side, value: &Value) -> bool {
    let end = field.ends.get(side);
    let Some(text) = scalar_text(value).filter(|_| !is_empty(value)) else { return true };
    let told = end.table.is_empty() || end.table.iter().any(|(_, shared)| *shared == text);
    let here = end.lookup.as_ref().is_none_or(|lookup| {
        lookup.create.is_some() || references.find(&lookup.reference, &lookup.by, &text).is_some()
    });
    told && here
}

/// The value of a field; nothing when nobody can tell what it is.
pub(super) fn told(fields: &Fields, index: usize) -> Option<&Value> {
    Some(fields.value(index)).filter(|value| !is_unresolved(value))
}

/// What people did to one field of a record.
pub(super) fn changes<'a>((index, field): (usize, &Field), side: Side, life: &'a Life) -> Vec<Change<'a>> {
    let lender = field.ends.get(side).if_empty;
    let moved = life.deeds.iter().filter(|(_, before, after)| {
        // Who types what stood in for an empty value makes it a value of its own.
        before.is_borrowed(index) != after.is_borrowed(index) || !same(field, before.value(index), after.value(index))
    });
    let all = moved.map(|(at_ms, before, after)| {
        let (before, value) = (before.value(index), after.value(index));
        let copied = lender.is_some_and(|lender| same(field, after.value(lender), value));
        Change { at_ms: *at_ms, before, after: value, borrowed: copied || after.is_borrowed(index) }
    });
    all.collect()
}

/// True when two values say the same, but for what systems make of texts: case, accents, a cut; and for the order of
/// lines, which some keep as it is.
pub(super) fn alike(field: &Field, one: &Value, other: &Value) -> bool {
    if same(field, one, other) {
        return true;
    }
    if let (Some(one), Some(other)) = (one.as_array(), other.as_array()) {
        let mut rest: Vec<&Value> = other.iter().collect();
        let found =
            one.iter().all(|line| rest.iter().position(|there| *there == line).map(|at| rest.remove(at)).is_some());
        return found && rest.is_empty();
    }
    let (Some(one), Some(other)) = (scalar_text(one), scalar_text(other)) else {
        return is_empty(one) && is_empty(other);
    };
    let (one, other) = (folded(&one), folded(&other));
    is_cut_of(&one, &other) || is_cut_of(&other, &one)
}

/// True when what stands somewhere may be what a system made of what was typed: [`alike`], and no longer than that.
pub(super) fn comes_of(field: &Field, typed: &Value, stands: &Value) -> bool {
    let cut = match (scalar_text(typed), scalar_text(stands)) {
        (Some(typed), Some(stands)) => is_cut_of(&folded(&stands), &folded(&typed)),
        (Some(_) | None, _) => is_empty(typed) && is_empty(stands),
    };
    cut || same(field, typed, stands)
}

fn is_cut_of(short: &str, long: &str) -> bool {
    short == long || (short.len() >= CUT_MIN && long.starts_with(short.trim_end()))
}

/// True when every word of what stands somewhere was typed, and every long word that was typed stands
/// there: signs, masks and their places may differ.
pub(super) fn says_as_much(typed: &Value, stands: &Value) -> bool {
    let (Some(typed), Some(stands)) = (scalar_text(typed), scalar_text(stands)) else { return true };
    let plain = |text: &str| folded(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let all = |of: &str, within: &str, least: usize| {
        let within = plain(within);
        of.split_whitespace().map(plain).filter(|word| word.len() >= least).all(|word| within.contains(&word))
    };
    all(&stands, &typed, 1) && all(&typed, &stands, WORD_MIN)
}

/// Shorter words only say what stands next to them: `nº`, `CEP`.
const WORD_MIN: usize = 4;

/// No system cuts texts shorter than this.
const CUT_MIN: usize = 20;
