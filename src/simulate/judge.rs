//! What must hold when a history has come to rest: who is there twice, what was lost, what nobody
//! typed, what flowed against an arrow.
//!
//! The judge reads both sides as the systems show them, through the mapping's own lines but without
//! its memory, and compares them with what people did. It knows no system and no store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use super::Broken;
use super::wire::Ours;
use super::world::Deed;
use crate::config::mapping::Span as Window;
use crate::link::Link;
use crate::mapping::field::{At, Field, Fields, is_empty, is_unresolved};
use crate::mapping::{Mapping, Sent, Standing};
use crate::record::{Side, Sides};
use crate::reference::{References, folded, scalar_text};
use crate::store::{Conflict, Waiting};
use crate::sync::merge::same;

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
    /// Members that no fetch shows: rows of other resources that records carry along.
    pub(super) carried: Sides<BTreeSet<String>>,
}

/// A deed on one field.
struct Change<'a> {
    at_ms: i64,
    before: &'a Value,
    after: &'a Value,
    /// What stands there stands in for an empty value, or cannot be told from one that does.
    borrowed: bool,
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
        let own = self.deeds.iter().filter(|deed| deed.place == place && deed.id == id);
        let deeds: Option<Vec<_>> =
            own.map(|deed| Some((deed.at_ms, read(&deed.before)?, read(&deed.after)?))).collect();
        let last = self.records.get(side).get(id).and_then(|body| self.fields(side, id, body))?;
        Some(Life { id: id.to_owned(), deeds: deeds?, last })
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
        for side in Side::BOTH.into_iter().filter(|side| field.flows_to(side.other())) {
            let Some(change) = changes.get(side).last() else { continue };
            if is_unresolved(change.after) || change.borrowed || self.is_cleared_unmet(pair, change) {
                continue;
            }
            let everywhere = Side::BOTH.iter().all(|side| {
                alike(field, change.after, last.get(*side))
                    || self.stands(change, &kin, &pair.get(*side).last)
                    || self.holds(index, (*side, pair.get(*side)), change.after)
            });
            let seen_there = || {
                let mut later = changes.get(side.other()).iter().filter(|other| other.at_ms >= change.at_ms);
                later.any(|other| alike(field, other.before, change.after))
                    || self.was_held(index, (side.other(), pair.get(side.other())), change)
                    || self.is_outlived(index, change.at_ms, (side.other(), pair.get(side.other())))
            };
            let refilled = is_empty(change.after) && Side::BOTH.iter().any(|side| self.fills_itself(*side, field));
            let free = field.once
                || refilled
                || self.is_derived(pair, (index, field))
                || (!field.put_back && field.one_way_from() == Some(side));
            let place = self.mapping.sides.get(side).name();
            if self.ours.raced(&self.mapping.name, &place, &pair.get(side).id, change.at_ms) {
                continue;
            }
            let twin = has_twin(&self.references, field, side.other(), change.after);
            if twin && !everywhere && !seen_there() && !free && !self.is_told(link, index, side, change.after) {
                let held = format!("{} on the left, {} on the right", last.left, last.right);
                found.push(("I3", format!("{} was typed on the {side} and is lost: {held}", change.after)));
            }
        }
        let of_kin = |at: &usize| self.mapping.fields.get(*at).map(|field| (*at, field));
        let of_kin: Vec<Change<'_>> = kin
            .iter()
            .filter_map(of_kin)
            .flat_map(|one| Side::BOTH.iter().flat_map(move |side| self::changes(one, *side, pair.get(*side))))
            .collect();
        for side in Side::BOTH {
            let value = last.get(side);
            let lent = self.lent(field, side, pair);
            let known = lent.iter().chain(&of_kin);
            let stands_in = pair.get(side).last.is_borrowed(index);
            let known = known.into_iter().any(|change| {
                alike(field, change.after, value)
                    || self.holds(index, (side, pair.get(side)), change.after)
                    || self.is_made_of((index, field), side, (change.after, value))
            });
            let known = known || self.is_read_of_typed(field, side, &pair.get(side).id);
            let alike = alike(field, last.left, last.right)
                && Side::BOTH.iter().any(|side| self.is_carried(*side, field) || self.fills_itself(*side, field));
            let given = !field.flows_to(side) && self.fills_itself(side, field);
            if !(known || stands_in || alike || given || is_empty(value)) {
                found.push(("I4", format!("nobody typed {value}, which stands on the {side}")));
            }
        }
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

    /// I1 for what flows both ways: the two sides say the same, or people can read why not.
    fn apart(
        &self,
        link: &Link,
        pair: &Sides<Life>,
        (index, field): (usize, &Field),
    ) -> Option<(&'static str, String)> {
        let now = Sides::each(|side| pair.get(side).last.value(index));
        let excused = Side::BOTH.into_iter().any(|side| {
            let life = pair.get(side);
            let place = self.mapping.sides.get(side).name();
            let last = changes((index, field), side, life).pop();
            is_unresolved(now.get(side))
                || !has_twin(&self.references, field, side.other(), now.get(side))
                || self.is_told(link, index, side, &Value::Null)
                || self.kin(index).iter().any(|at| self.is_told(link, *at, side, now.get(side)))
                || (self.is_read_of_typed(field, side, &life.id) && self.is_cleared(index, (side.other(), pair)))
                || self.holds(index, (side, life), now.get(side.other()))
                || life.last.is_borrowed(index)
                || last.is_some_and(|change| {
                    self.is_cleared_unmet(pair, &change)
                        || self.ours.raced(&self.mapping.name, &place, &life.id, change.at_ms)
                })
        });
        let excused = excused || field.once || self.is_derived(pair, (index, field));
        let apart = field.one_way_from().is_none() && !alike(field, now.left, now.right) && !excused;
        apart.then(|| ("I1", format!("it rests at {} on the left and {} on the right", now.left, now.right)))
    }

    /// True for what a system fills from what belongs to it, when that was changed alone: of an address the
    /// city, and the state follows it where the system knows cities.
    fn is_derived(&self, pair: &Sides<Life>, (index, field): (usize, &Field)) -> bool {
        let last = |at: usize| {
            let field = self.mapping.fields.get(at)?;
            let all = Side::BOTH.iter().flat_map(|side| changes((at, field), *side, pair.get(*side)));
            all.max_by_key(|one| one.at_ms)
        };
        let Some(typed) = last(index) else { return false };
        let now = |side: Side| pair.get(side).last.value(index);
        let stands = |side: Side| alike(field, now(side), typed.after) && !is_empty(now(side.other()));
        let filled = Side::BOTH.iter().any(|side| self.fills_itself(*side, field) && stands(side.other()));
        filled && self.mapping.together(&index).iter().filter_map(|at| last(*at)).any(|one| one.at_ms > typed.at_ms)
    }

    /// True when people typed, there and in these places, all that a group reads a value from: when one
    /// place of it was cleared, it may read what stands in another.
    fn is_read_of_typed(&self, field: &Field, side: Side, id: &str) -> bool {
        let At::Member { view, .. } = &field.ends.get(side).at else { return false };
        let (Some(view), Some(body)) = (self.mapping.views.get(*view), self.records.get(side).get(id)) else {
            return false;
        };
        let place = self.mapping.sides.get(side).name();
        let typed: Vec<&Value> = self
            .deeds
            .iter()
            .filter(|deed| deed.place == place && deed.id == id)
            .filter_map(|deed| deed.after.as_ref())
            .collect();
        view.of.iter().all(|(path, _)| {
            let stands = path.look(body);
            stands.as_deref().is_none_or(is_empty) || typed.iter().any(|after| path.look(after) == stands)
        })
    }

    /// True when the last that people did on a side to a field, or to what belongs to it, was to clear it.
    fn is_cleared(&self, index: usize, (side, pair): (Side, &Sides<Life>)) -> bool {
        let last = |at: &usize| changes((*at, self.mapping.fields.get(*at)?), side, pair.get(side)).pop();
        self.mapping.together(&index).iter().filter_map(last).any(|change| is_empty(change.after))
    }

    /// True when a value was cleared before the two had met: at a first meeting what is empty gives way.
    fn is_cleared_unmet(&self, pair: &Sides<Life>, change: &Change<'_>) -> bool {
        let born_ms = |side: Side| {
            let (place, id) = (self.mapping.sides.get(side).name(), &pair.get(side).id);
            let made = self.deeds.iter().find(|deed| deed.place == place && deed.id == *id && deed.before.is_none());
            made.map(|deed| deed.at_ms).or_else(|| self.ours.births.get(&(place, id.clone())).copied())
        };
        let together_ms = Side::BOTH.into_iter().filter_map(born_ms).max().unwrap_or_default();
        is_empty(change.after) && !self.ours.ran_between(&self.mapping.name, together_ms, change.at_ms)
    }

    /// True when a rule that writes a side would have nothing to write: that says the same in other words.
    fn holds(&self, index: usize, (side, life): (Side, &Life), value: &Value) -> bool {
        let Some(end) = self.mapping.fields.get(index).map(|field| field.ends.get(side)) else { return false };
        let by_rule = end.write.is_some() || matches!(end.at, At::Member { .. });
        let body = self.records.get(side).get(&life.id);
        by_rule && body.is_some_and(|body| self.is_held_by(index, (side, body, &life.last), value))
    }

    /// True when the other side had said the same in its own words before somebody changed it there.
    fn was_held(&self, index: usize, (side, life): (Side, &Life), change: &Change<'_>) -> bool {
        let place = self.mapping.sides.get(side).name();
        let mut own = self.deeds.iter().filter(|deed| deed.place == place && deed.id == life.id);
        let mut later = own.by_ref().zip(&life.deeds).filter(|(deed, _)| deed.at_ms >= change.at_ms);
        later.any(|(deed, (_, before, after))| {
            let moved = self
                .mapping
                .fields
                .get(index)
                .is_some_and(|field| !same(field, before.value(index), after.value(index)));
            let body = deed.before.as_ref().filter(|_| moved);
            body.is_some_and(|body| self.is_held_by(index, (side, body, before), change.after))
        })
    }

    fn is_held_by(&self, index: usize, (side, body, fields): (Side, &Value, &Fields), value: &Value) -> bool {
        if is_empty(value) {
            return false;
        }
        let body = self.mapping.project(side, body).value();
        let standing = Standing { body: &body, fields, first: &BTreeSet::new() };
        let values = BTreeMap::from([(index, value.clone())]);
        let draft = self.mapping.write(side, &values, Some(standing), &self.references);
        says_as_much(value, fields.value(index))
            && draft.is_ok_and(|draft| draft.sent.get(&index) == Some(&Sent::Nothing))
    }

    /// True when the rule of a one-way line made of what was typed what stands there, on some day since
    /// the first one. What goes both ways must be read back as what was written.
    fn is_made_of(&self, (index, field): (usize, &Field), side: Side, (typed, stands): (&Value, &Value)) -> bool {
        let end = field.ends.get(side);
        let rule = end.write.as_ref().filter(|_| field.one_way_from().is_some());
        let (Some(rule), At::Path(path)) = (rule, &end.at) else { return false };
        self.days().any(|day| {
            let references = Arc::new(References::of(self.references.parameters.clone(), Some(day.to_string())));
            let Ok(made) = self.mapping.rules.call(rule, [typed.into(), (&Value::Null).into()], &references) else {
                return false;
            };
            let mut body = Value::Object(serde_json::Map::new());
            path.set(&mut body, made);
            let read = self.mapping.read(side, "", &body, &self.references);
            read.is_ok_and(|read| alike(field, read.value(index), stands))
        })
    }

    /// The days of the history.
    fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let first = Timestamp::from_millisecond(self.first_day_ms).unwrap_or_default();
        let last = self.references.today.as_ref().and_then(|day| day.parse::<Date>().ok());
        let first = first.to_zoned(TimeZone::UTC).date();
        first.series(Span::new().days(1)).take_while(move |day| last.is_some_and(|last| *day <= last))
    }

    /// True when people change a field where no fetch of the record shows it.
    fn is_carried(&self, side: Side, field: &Field) -> bool {
        let carried = self.carried.get(side);
        match &field.ends.get(side).at {
            At::Path(path) => path.root().is_some_and(|root| carried.contains(root)),
            At::Member { view, .. } => self.mapping.views.get(*view).is_some_and(|view| {
                view.of.iter().any(|(path, _)| path.root().is_some_and(|root| carried.contains(root)))
            }),
        }
    }

    /// Fields of one kind that a rule reads together, where each may stand in another one's place: of three
    /// phones the first may go. Fields that win or lose as a whole keep their places.
    fn kin(&self, index: usize) -> Vec<usize> {
        let alone = vec![index];
        let Some(field) = self.mapping.fields.get(index).filter(|_| self.mapping.together(&index).len() < 2) else {
            return alone;
        };
        let view_of = |field: &Field, side: Side| match &field.ends.get(side).at {
            At::Member { view, .. } => Some(*view),
            At::Path(_) => None,
        };
        let Some((side, view)) = Side::BOTH.into_iter().find_map(|side| Some((side, view_of(field, side)?))) else {
            return alone;
        };
        let all = self.mapping.fields.iter().enumerate();
        let kin =
            all.filter(|(_, one)| view_of(one, side) == Some(view) && one.canon == field.canon && one.set == field.set);
        kin.map(|(at, _)| at).collect()
    }

    /// True when what a person made of a field shows in a record, in its place or in one of its kin.
    fn stands(&self, change: &Change<'_>, kin: &[usize], last: &Fields) -> bool {
        let fields = || kin.iter().filter_map(|at| Some((self.mapping.fields.get(*at)?, last.value(*at))));
        fields().any(|(field, value)| alike(field, change.after, value))
            || (is_empty(change.after) && !fields().any(|(field, value)| alike(field, change.before, value)))
    }

    /// True when what belongs together was typed anew on the other side after a whole cycle had carried
    /// over what was typed before.
    fn is_outlived(&self, index: usize, at_ms: i64, (side, life): (Side, &Life)) -> bool {
        let members = self.mapping.together(&index);
        members.len() > 1
            && members.iter().filter_map(|at| Some((*at, self.mapping.fields.get(*at)?))).any(|one| {
                changes(one, side, life)
                    .iter()
                    .any(|later| self.ours.ran_between(&self.mapping.name, at_ms, later.at_ms))
            })
    }

    /// True for what a system fills on its side where nobody says anything.
    fn fills_itself(&self, side: Side, field: &Field) -> bool {
        let name = match &field.ends.get(side).at {
            At::Path(path) => path.root().unwrap_or_default(),
            At::Member { name, .. } => name,
        };
        self.fills.get(side).contains(&name)
    }

    /// What people did to the fields that may stand in for this one.
    fn lent<'b>(&self, field: &Field, side: Side, pair: &'b Sides<Life>) -> Vec<Change<'b>> {
        let lender = field.ends.get(side).if_empty.and_then(|at| Some((at, self.mapping.fields.get(at)?)));
        let lives = Side::BOTH.iter().map(|side| pair.get(*side));
        lender.into_iter().flat_map(|lender| lives.clone().flat_map(move |life| changes(lender, side, life))).collect()
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

    /// True when people can read of a conflict that this value lost, or that nobody has won yet. A null asks
    /// for any conflict of the field that the side did not win.
    pub(super) fn is_told(&self, link: &Link, index: usize, side: Side, value: &Value) -> bool {
        let together = self.mapping.together(&index);
        self.conflicts.iter().any(|conflict| {
            let won = conflict.answered.as_ref().map(|answer| answer.side).or(conflict.winner) == Some(side);
            let pair = Side::BOTH.iter().any(|side| conflict.ids.get(*side).as_ref() == Some(link.ids.get(*side)));
            let name = conflict.field.split('#').next();
            let of = together.iter().filter_map(|at| self.mapping.fields.get(*at));
            let mut of = of.filter(|field| field.key.split('#').next() == name);
            pair && !won
                && of.next().is_some_and(|field| value.is_null() || alike(field, conflict.values.get(side), value))
        })
    }

    /// True when a rule says that a record takes no part: out of sight nobody remembers why.
    fn is_kept_out(&self, side: Side, id: &str) -> bool {
        let Some(rule) = &self.mapping.sides.get(side).keep else { return false };
        let Some(body) = self.records.get(side).get(id) else { return false };
        let body = self.mapping.project(side, body).value();
        let answer = self.mapping.rules.call(rule, [(&body).into()], &self.references);
        answer.is_ok_and(|reason| !is_empty(&reason))
    }

    /// True when the mapping speaks of no day before the first one, and nobody touched a record since.
    fn is_old(&self, side: Side, id: &str) -> bool {
        let place = self.mapping.sides.get(side).name();
        let mut own = self.deeds.iter().filter(|deed| deed.place == place && deed.id == id);
        self.mapping.schedule.window == Window::Today && own.all(|deed| deed.at_ms < self.first_day_ms)
    }

    /// I3 for whole records: what a person made and has no twin waits for a reason.
    fn alone(&self, broken: &mut Vec<Broken>) {
        for side in
            Side::BOTH.into_iter().filter(|side| self.mapping.flows_to(side.other()) && self.mapping.is_listed(*side))
        {
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
fn told(fields: &Fields, index: usize) -> Option<&Value> {
    Some(fields.value(index)).filter(|value| !is_unresolved(value))
}

/// What people did to one field of a record.
fn changes<'a>((index, field): (usize, &Field), side: Side, life: &'a Life) -> Vec<Change<'a>> {
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

/// True when two values say the same, but for what systems make of texts: case, accents, a cut.
pub(super) fn alike(field: &Field, one: &Value, other: &Value) -> bool {
    if same(field, one, other) {
        return true;
    }
    let (Some(one), Some(other)) = (scalar_text(one), scalar_text(other)) else {
        return is_empty(one) && is_empty(other);
    };
    let (one, other) = (folded(&one), folded(&other));
    let (short, long) = if one.len() < other.len() { (&one, &other) } else { (&other, &one) };
    one == other || (short.len() >= CUT_MIN && long.starts_with(short.trim_end()))
}

/// True when every word of what stands somewhere was typed, and every long word that was typed stands
/// there: signs, masks and their places may differ.
fn says_as_much(typed: &Value, stands: &Value) -> bool {
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
