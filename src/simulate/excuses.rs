//! What explains that a value stands where it does, or stands there no more: what systems fill and derive
//! themselves, what people moved or cleared, what was told, and what no cycle could see.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use super::company::Deed;
use super::judge::{Change, Evidence, Life, alike, changes, comes_of, says_as_much};
use super::wire::{EMPTY_LIST, OLD_NEWS, PATIENCE_MS};
use crate::config::mapping::Span as Window;
use crate::mapping::field::{At, Field, Fields, is_empty, is_unresolved};
use crate::mapping::{Draft, Sent, Standing};
use crate::record::{Side, Sides};
use crate::reference::{References, folded, scalar_text};
use crate::sync::merge::same;
use crate::sync::settle::{CLOCKS_MS, ON_ITS_WAY_MS};
use crate::sync::unheeded::empties;

impl Evidence<'_> {
    /// True when a cycle could not see how a field, or one of its group, was last changed and wrote the record.
    pub(super) fn is_raced(&self, index: usize, side: Side, life: &Life) -> bool {
        let field = |at: usize| self.mapping.fields.get(at).map(|field| (at, field));
        let all = self.kin(index).into_iter().chain(self.mapping.together(&index).iter().copied()).filter_map(field);
        let mut last = all.filter_map(|one| changes(one, side, life).pop());
        last.any(|change| self.raced(side, &life.id, change.at_ms))
    }

    /// True when a cycle could not see what was typed at a moment and wrote the record, or cannot tell it from what it
    /// wrote.
    pub(super) fn raced(&self, side: Side, id: &str, at_ms: i64) -> bool {
        self.ours.raced(&self.mapping.name, &self.mapping.sides.get(side).name(), id, at_ms)
            || self.is_signed_as_ours(side, id, at_ms)
    }

    /// True for what another application did that signs as we do, in the moments after a write, or longer after one
    /// whose answer nobody heard, before any cycle had read that back; and for what a person did just before it.
    fn is_signed_as_ours(&self, side: Side, id: &str, at_ms: i64) -> bool {
        let place = self.mapping.sides.get(side).name();
        let signed = |deed: &&Deed| deed.signed_as_ours && deed.place == place && deed.id == id;
        let is_known = |write_ms: i64| {
            let mut own = self.ours.cycles.iter().filter(|cycle| cycle.done && cycle.is_of(&self.mapping.name));
            let unheard = self.ours.unheard.iter().any(|(unheard_ms, _)| *unheard_ms == write_ms);
            !unheard && own.any(|cycle| (cycle.from_ms..=cycle.to_ms).contains(&write_ms))
        };
        let hides = |deed: &Deed| {
            let is_close = |write_ms: &i64| {
                let late_ms = if is_known(*write_ms) { 0 } else { ON_ITS_WAY_MS };
                deed.at_ms - write_ms <= (CLOCKS_MS + late_ms).saturating_add_unsigned(PATIENCE_MS)
            };
            self.unread((side, id), deed.at_ms).filter(is_close).is_some()
                && !self.ours.ran_between(&self.mapping.name, at_ms, deed.at_ms)
        };
        self.deeds.iter().filter(|deed| deed.at_ms >= at_ms).filter(signed).any(hides)
    }

    /// True for a person who took back what a write had just brought, before anybody knew that it had arrived:
    /// that looks like a write that never did, which is made again.
    pub(super) fn is_undone(&self, side: Side, life: &Life, at_ms: i64, is_back: impl Fn(&Fields) -> bool) -> bool {
        let place = self.mapping.sides.get(side).name();
        self.ours.forgot(&self.mapping.name, &place, &life.id, at_ms).is_some_and(|write_ms| {
            let record = (place.clone(), life.id.clone());
            let before = life.deeds.iter().rev().find(|(deed_ms, ..)| *deed_ms < write_ms);
            // Of one that we made, or wrote once more since then, nobody knows what it had been.
            before.is_none_or(|(deed_ms, _, after)| {
                is_back(after) || self.ours.writes_to(&record).any(|ms| *deed_ms < ms && ms < write_ms)
            })
        })
    }

    /// When a record was last written before a moment, if no cycle had read it back by then.
    pub(super) fn unread(&self, (side, id): (Side, &str), at_ms: i64) -> Option<i64> {
        let record = (self.mapping.sides.get(side).name(), id.to_owned());
        let made_ms = self.ours.births.get(&record).copied();
        let last = self.ours.writes_to(&record).chain(made_ms).filter(|write_ms| *write_ms <= at_ms).max();
        last.filter(|write_ms| !self.ours.ran_between(&self.mapping.name, *write_ms, at_ms))
    }

    /// When a cycle last broke off before a moment and may have sent something to a record that never came there, if
    /// no other one has looked since.
    fn unsent(&self, (side, id): (Side, &str), at_ms: i64) -> Option<i64> {
        let record = (self.mapping.sides.get(side).name(), id.to_owned());
        let mut before = self.ours.writes_to(&record).filter(|write_ms| *write_ms <= at_ms);
        let broke_ms = self.ours.unfinished(&self.mapping.name).filter(|broke_ms| *broke_ms <= at_ms).max()?;
        let came = before.any(|write_ms| !self.ours.ran_between(&self.mapping.name, write_ms, broke_ms));
        (!came && !self.ours.ran_between(&self.mapping.name, broke_ms, at_ms)).then_some(broke_ms)
    }

    /// True for what was typed and never arrived because the other system kept what it had, which nobody could see:
    /// its line was gone from the mapping when the record was read back.
    fn is_kept_unseen(
        &self,
        (side, pair): (Side, &Sides<Life>),
        (index, field): (usize, &Field),
        change: &Change<'_>,
    ) -> bool {
        let record = (self.mapping.sides.get(side.other()).name(), pair.get(side.other()).id.clone());
        let written = self.ours.writes_to(&record).find(|write_ms| *write_ms >= change.at_ms);
        written.is_some_and(|write_ms| self.ours.first_lacked(&self.mapping.name, &field.key, write_ms))
            && Side::BOTH.into_iter().all(|side| alike(field, change.before, pair.get(side).last.value(index)))
    }

    /// True for a person who typed what a write had sent to the record, but for its letters, before any cycle had
    /// read it back: that looks like the write, for systems make letters small or large and leave values unheeded.
    fn is_as_sent(
        &self,
        (side, pair): (Side, &Sides<Life>),
        (index, field): (usize, &Field),
        change: &Change<'_>,
    ) -> bool {
        let text = |value: &Value| scalar_text(value).map(|text| folded(&text));
        let other = changes((index, field), side.other(), pair.get(side.other()));
        let is_sent = |write_ms: i64| {
            let sent = other.iter().rev().find(|sent| sent.at_ms <= write_ms);
            sent.filter(|sent| !self.ours.ran_between(&self.mapping.name, sent.at_ms, write_ms))
                .is_some_and(|sent| text(sent.after) == text(change.after))
        };
        let record = (side, pair.get(side).id.as_str());
        let letters = || text(change.before) == text(change.after);
        self.unread(record, change.at_ms).is_some_and(|write_ms| letters() || is_sent(write_ms))
            || self.unsent(record, change.at_ms).is_some_and(is_sent)
    }

    /// True for a change that asks nothing of the other side: nobody can translate it, it stands in for nothing,
    /// or gives way to what nobody knew of yet.
    pub(super) fn is_no_order(
        &self,
        (side, pair): (Side, &Sides<Life>),
        (index, field): (usize, &Field),
        change: &Change<'_>,
    ) -> bool {
        let is_back = |then: &Fields| alike(field, then.value(index), change.after);
        is_unresolved(change.after)
            || change.borrowed
            || self.has_moved_up((side, pair), index, change)
            || self.is_typed_beside((side, pair), index, change)
            || self.is_pushed_behind(field, (side, pair.get(side)), change)
            || self.is_kept_behind((index, field), (side.other(), pair.get(side.other())), change)
            || self.raced(side, &pair.get(side).id, change.at_ms)
            || self.is_cleared_unmet(pair, change)
            || self.is_kept_unseen((side, pair), (index, field), change)
            || self.is_as_sent((side, pair), (index, field), change)
            || self.is_undone(side, pair.get(side), change.at_ms, is_back)
    }

    /// True for what a system fills from what belongs to it, when that was changed alone: of an address the
    /// city, and the state follows it where the system knows cities.
    pub(super) fn is_derived(&self, pair: &Sides<Life>, (index, field): (usize, &Field)) -> bool {
        let last = |at: usize, side: Side| changes((at, self.mapping.fields.get(at)?), side, pair.get(side)).pop();
        let lasts = |at: usize| Side::BOTH.into_iter().filter_map(move |side| last(at, side));
        let now = |side: Side| pair.get(side).last.value(index);
        let agreed = alike(field, now(Side::Left), now(Side::Right));
        let moved_ms = self.mapping.together(&index).iter().flat_map(|at| lasts(*at)).map(|one| one.at_ms).max();
        let is_left = |side: Side, typed: &Change<'_>| {
            (agreed || alike(field, now(side), typed.after)) && moved_ms.is_some_and(|moved_ms| moved_ms > typed.at_ms)
        };
        let filled = |side: &Side| self.fills_itself(*side, field) && !is_empty(now(*side));
        Side::BOTH
            .iter()
            .filter(|side| filled(side))
            .any(|side| lasts(index).any(|typed| is_left(side.other(), &typed)))
    }

    /// True for a value that people typed in a record that is gone, when we made both of these: one is a creation that
    /// was delivered twice or whose answer told nothing, or the list was said to be empty when it was searched for;
    /// nobody knew any more of whom it came. The one that a creation came of that was delivered twice may be there
    /// still, with the other twin.
    pub(super) fn is_of_another(&self, (index, field): (usize, &Field), pair: &Sides<Life>, value: &Value) -> bool {
        let made_by_us = |side: Side| !self.is_made_by_people(&self.mapping.sides.get(side).name(), &pair.get(side).id);
        let lied = |side: Side| self.ours.lies_of(&[EMPTY_LIST], &self.mapping.sides.get(side).system).next().is_some();
        let record = |side: Side| (self.mapping.sides.get(side).name(), pair.get(side).id.clone());
        let is_double = |side: Side| self.ours.doubles.contains(&record(side));
        let is_any_double = Side::BOTH.into_iter().any(is_double);
        let unheard = |side: Side| {
            let birth_ms = self.ours.births.get(&record(side));
            birth_ms.is_some_and(|birth_ms| self.ours.unheard.iter().any(|(write_ms, _)| write_ms == birth_ms))
        };
        let typed = |side: Side| {
            let place = self.mapping.sides.get(side).name();
            let own = self.deeds.iter().filter(|deed| deed.place == place);
            let others = own.filter(|deed| is_any_double || !self.records.get(side).contains_key(&deed.id));
            let bodies = others.flat_map(|deed| [&deed.before, &deed.after].map(|body| (&deed.id, body)));
            let mut read = bodies.filter_map(|(id, body)| self.fields(side, id, body.as_ref()?));
            read.any(|fields| alike(field, fields.value(index), value))
        };
        Side::BOTH.into_iter().all(made_by_us)
            && (is_any_double || Side::BOTH.into_iter().any(|side| lied(side) || unheard(side)))
            && Side::BOTH.into_iter().any(typed)
    }

    /// True when people cleared a field on a side, or what belongs to it or may stand in its place, and did not fill
    /// it again.
    pub(super) fn is_cleared(&self, index: usize, (side, pair): (Side, &Sides<Life>)) -> bool {
        let field = |at: usize| self.mapping.fields.get(at).map(|field| (at, field));
        let own = field(index).and_then(|one| changes(one, side, pair.get(side)).pop());
        let all = self.mapping.together(&index).iter().copied().chain(self.kin(index)).filter_map(field);
        let mut all = all.flat_map(|one| changes(one, side, pair.get(side)));
        own.is_none_or(|last| is_empty(last.after)) && all.any(|change| is_empty(change.after))
    }

    /// The last change that had something to move: what was changed and changed back before a cycle ran and
    /// the other side got to know of it was never there.
    pub(super) fn lasting<'c, 'v>(
        &self,
        (index, field): (usize, &Field),
        other: &Life,
        mut changes: &'c [Change<'v>],
    ) -> Option<&'c Change<'v>> {
        let past = left_by_us((index, field), other);
        // What people left there themselves agrees with it, or has nothing to do with it.
        let typed = |value: &Value| other.deeds.iter().any(|(_, _, after)| same(field, after.value(index), value));
        let is_it = |one: &Change<'_>, value: &Value| {
            same(field, one.after, value) || (!typed(value) && comes_of(field, one.after, value))
        };
        let saw = |from_ms, to_ms| self.ours.saw_between(&self.mapping.name, &field.key, from_ms, to_ms);
        // What people typed there as well is agreed on once it was seen.
        let agreed = |one: &Change<'_>, until_ms: i64| {
            let mut there = other.deeds.iter().filter(|(_, _, after)| is_there(after));
            there.any(|(at_ms, _, after)| is_it(one, after.value(index)) && saw(*at_ms, until_ms))
        };
        let arrived = |one: &Change<'_>, until_ms| past.iter().any(|value| is_it(one, value)) || agreed(one, until_ms);
        while let Some((last, before)) = changes.split_last() {
            let ran = |one: &Change<'_>| saw(one.at_ms, last.at_ms);
            // What a write put in its place had been seen.
            let replaced = |at: usize, one: &Change<'_>| {
                changes.get(at + 1).is_some_and(|next| !same(field, one.after, next.before))
            };
            let is_seen =
                |(at, one): &(usize, &Change<'_>)| ran(one) && (arrived(one, last.at_ms) || replaced(*at, one));
            let seen = before.iter().enumerate().rev().find(is_seen).map_or(0, |(at, _)| at + 1);
            let (before, burst) = changes.split_at(seen);
            if burst.first().is_none_or(|first| !same(field, first.before, last.after)) {
                // It counts from when it was typed, though it was changed and changed back since.
                return burst.iter().find(|one| same(field, one.after, last.after));
            }
            changes = before;
        }
        None
    }

    /// True when a value was cleared before the two had met: at a first meeting what is empty gives way.
    pub(super) fn is_cleared_unmet(&self, pair: &Sides<Life>, change: &Change<'_>) -> bool {
        is_empty(change.after) && !self.have_met(pair, change.at_ms)
    }

    /// True when a cycle had seen two records together at a moment.
    pub(super) fn have_met(&self, pair: &Sides<Life>, at_ms: i64) -> bool {
        let born_ms = |side: Side| {
            let (place, id) = (self.mapping.sides.get(side).name(), &pair.get(side).id);
            let made = self.deeds.iter().find(|deed| deed.place == place && deed.id == *id && deed.before.is_none());
            made.map(|deed| deed.at_ms).or_else(|| self.ours.births.get(&(place, id.clone())).copied())
        };
        let together_ms = Side::BOTH.into_iter().filter_map(born_ms).max().unwrap_or_default();
        let systems = [&self.mapping.sides.left.system, &self.mapping.sides.right.system].map(String::as_str);
        self.ours.ran_truly_between(&self.mapping.name, systems, together_ms, at_ms) && self.has_stamped(pair, at_ms)
    }

    /// False when two records that people made, and of which one is to carry the other's id, had not met at a
    /// moment: nothing had been written to either.
    fn has_stamped(&self, pair: &Sides<Life>, at_ms: i64) -> bool {
        let stamps = self.mapping.fields.iter().any(|field| Side::BOTH.iter().any(|side| field.ends.get(*side).is_id));
        let touched = |side: Side| {
            let slot = (self.mapping.sides.get(side).name(), pair.get(side).id.clone());
            let writes = self.ours.writes.get(&slot).map_or(&[][..], Vec::as_slice);
            // The newest record counts as born by a write, also where a person had just made it.
            let made =
                self.deeds.iter().any(|deed| deed.before.is_none() && (&deed.place, &deed.id) == (&slot.0, &slot.1));
            (!made && self.ours.births.contains_key(&slot))
                || writes.iter().any(|(write_ms, by)| *write_ms <= at_ms && **by == *self.mapping.name)
        };
        !stamps || Side::BOTH.into_iter().any(touched)
    }

    /// True when people changed on a side, after a moment, what a write had made of what they typed while it was on its
    /// way: in what is written in parts it stands mixed with theirs.
    pub(super) fn is_typed_over_mixed(
        &self,
        (side, pair): (Side, &Sides<Life>),
        changes: &[Change<'_>],
        at_ms: i64,
    ) -> bool {
        changes.windows(2).any(|two| {
            let [one, next] = two else { return false };
            next.at_ms >= at_ms && self.raced(side, &pair.get(side).id, one.at_ms)
        })
    }

    /// True when a rule that writes a side would have nothing to write: that says the same in other words.
    pub(super) fn holds(&self, index: usize, (side, life): (Side, &Life), value: &Value) -> bool {
        let Some(end) = self.mapping.fields.get(index).map(|field| field.ends.get(side)) else { return false };
        let by_rule = end.write.is_some() || matches!(end.at, At::Member { .. });
        let body = self.records.get(side).get(&life.id);
        by_rule && body.is_some_and(|body| self.is_held_by(index, (side, body, &life.last), value))
    }

    /// How the record stood each time somebody changed the field there since a moment, and when.
    fn typed_over<'b>(
        &'b self,
        index: usize,
        (side, life): (Side, &'b Life),
        at_ms: i64,
    ) -> impl Iterator<Item = (&'b Value, &'b Fields, i64)> {
        let place = self.mapping.sides.get(side).name();
        let own = self.deeds.iter().filter(move |deed| deed.place == place && deed.id == life.id);
        let later = own.zip(&life.deeds).filter(move |(deed, _)| deed.at_ms >= at_ms);
        later.filter_map(move |(deed, (_, before, after))| {
            let field = self.mapping.fields.get(index)?;
            let moved = !same(field, before.value(index), after.value(index));
            deed.before.as_ref().filter(|_| moved).map(|body| (body, before, deed.at_ms))
        })
    }

    /// True when the other side had said the same in its own words before somebody changed it there.
    pub(super) fn was_held(&self, index: usize, (side, life): (Side, &Life), change: &Change<'_>) -> bool {
        let mut over = self.typed_over(index, (side, life), change.at_ms);
        over.any(|(body, fields, _)| self.is_held_by(index, (side, body, fields), change.after))
    }

    pub(super) fn is_held_by(
        &self,
        index: usize,
        (side, body, fields): (Side, &Value, &Fields),
        value: &Value,
    ) -> bool {
        if is_empty(value) {
            return false;
        }
        let draft = self.would_be_sent(index, (side, body, fields), value);
        says_as_much(value, fields.value(index))
            && draft.is_some_and(|draft| draft.sent.get(&index) == Some(&Sent::Nothing))
    }

    /// What a record would be sent so that it holds a value.
    fn would_be_sent(
        &self,
        index: usize,
        (side, body, fields): (Side, &Value, &Fields),
        value: &Value,
    ) -> Option<Draft> {
        let body = self.mapping.project(side, body).value();
        let standing = Standing { body: &body, fields, first: &BTreeSet::new(), agreed: None };
        self.mapping.write(side, &BTreeMap::from([(index, value.clone())]), Some(standing), &self.references).ok()
    }

    /// True when the rule of a one-way line made of what was typed what stands there, on some day since
    /// the first one. What goes both ways must be read back as what was written.
    pub(super) fn is_made_of(
        &self,
        (index, field): (usize, &Field),
        side: Side,
        (typed, stands): (&Value, &Value),
    ) -> bool {
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

    /// True for what a rule makes of a record when it looks up rows and finds none, and the list of them was said to be
    /// empty.
    pub(super) fn is_read_unlooked(
        &self,
        (index, field): (usize, &Field),
        (side, pair): (Side, &Sides<Life>),
        value: &Value,
    ) -> bool {
        let end = self.mapping.sides.get(side);
        let lied = self.ours.lies_of(&[EMPTY_LIST], &end.system).next().is_some();
        let id = &pair.get(side).id;
        let Some(body) = self.records.get(side).get(id).filter(|_| lied) else { return false };
        let bare = Arc::new(References::of(self.references.parameters.clone(), self.references.today.clone()));
        let read = self.mapping.read(side, id, &self.mapping.project(side, body).value(), &bare);
        read.is_ok_and(|fields| alike(field, fields.value(index), value))
    }

    /// The days of the history.
    pub(super) fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let first = Timestamp::from_millisecond(self.first_day_ms).unwrap_or_default();
        let last = self.references.today.as_ref().and_then(|day| day.parse::<Date>().ok());
        let first = first.to_zoned(TimeZone::UTC).date();
        first.series(Span::new().days(1)).take_while(move |day| last.is_some_and(|last| *day <= last))
    }

    /// True when people change a field where no fetch of the record shows it.
    pub(super) fn is_carried(&self, side: Side, field: &Field) -> bool {
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
    pub(super) fn kin(&self, index: usize) -> Vec<usize> {
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
    pub(super) fn stands(&self, change: &Change<'_>, kin: &[usize], last: &Fields) -> bool {
        let fields = || kin.iter().filter_map(|at| Some((self.mapping.fields.get(*at)?, last.value(*at))));
        fields().any(|(field, value)| alike(field, change.after, value))
            || (is_empty(change.after) && !fields().any(|(field, value)| alike(field, change.before, value)))
    }

    /// True when a person took what was typed away where it stood later, in its place or in one of its kin.
    pub(super) fn is_taken_away(&self, change: &Change<'_>, kin: &[usize], life: &Life) -> bool {
        let shows = |then: &Fields| {
            let mut fields = kin.iter().filter_map(|at| Some((self.mapping.fields.get(*at)?, then.value(*at))));
            fields.any(|(field, value)| alike(field, change.after, value))
        };
        let mut later = life.deeds.iter().filter(|(at_ms, ..)| *at_ms >= change.at_ms && !is_empty(change.after));
        later.any(|(_, before, after)| shows(before) && !shows(after))
    }

    /// True when what belongs together was typed anew on the other side after a whole cycle had carried
    /// over what was typed before.
    pub(super) fn is_outlived(&self, index: usize, at_ms: i64, (side, life): (Side, &Life)) -> bool {
        let members = self.mapping.together(&index);
        members.len() > 1
            && members.iter().filter_map(|at| Some((*at, self.mapping.fields.get(*at)?))).any(|one| {
                changes(one, side, life)
                    .iter()
                    .any(|later| self.ours.ran_between(&self.mapping.name, at_ms, later.at_ms))
            })
    }

    /// True for what was cleared, told to a system that takes nothing empty, and typed over there; and for what was told in
    /// parts, of which it kept those that were to be emptied.
    pub(super) fn is_unheeded(
        &self,
        (index, field): (usize, &Field),
        (side, life): (Side, &Life),
        change: &Change<'_>,
    ) -> bool {
        let record = (self.mapping.sides.get(side).name(), life.id.clone());
        let told =
            |until_ms| self.ours.writes_to(&record).any(|write_ms| (change.at_ms..=until_ms).contains(&write_ms));
        if !is_empty(change.after) {
            let mut over = self.typed_over(index, (side, life), change.at_ms);
            return over.any(|(body, fields, at_ms)| {
                let draft = self.would_be_sent(index, (side, body, fields), change.after);
                told(at_ms) && draft.is_some_and(|draft| empties(&draft.body, body) == Some(true))
            });
        }
        let later = changes((index, field), side, life);
        let mut over = later.iter().filter(|later| alike(field, later.before, change.before));
        over.any(|later| told(later.at_ms))
    }

    /// True when a person on the other side typed over what belongs together and had come from here, though this part
    /// of it had not arrived.
    pub(super) fn is_typed_over(&self, index: usize, (side, pair): (Side, &Sides<Life>), change: &Change<'_>) -> bool {
        let over = |at: &usize| {
            let Some(field) = self.mapping.fields.get(*at).filter(|_| *at != index) else { return false };
            let given = changes((*at, field), side, pair.get(side)).pop().filter(|one| !is_empty(one.after));
            let later = changes((*at, field), side.other(), pair.get(side.other()));
            let mut later = later.iter().filter(|one| one.at_ms >= change.at_ms);
            given.is_some_and(|given| later.any(|one| alike(field, one.before, given.after)))
        };
        self.mapping.together(&index).iter().any(over)
    }

    /// True for what a system fills on its side where nobody says anything.
    pub(super) fn fills_itself(&self, side: Side, field: &Field) -> bool {
        let name = match &field.ends.get(side).at {
            At::Path(path) => path.root().unwrap_or_default(),
            At::Member { name, .. } => name,
        };
        self.fills.get(side).contains(&name)
    }

    /// What people did to the fields that may stand in for this one.
    pub(super) fn lent<'b>(&self, field: &Field, side: Side, pair: &'b Sides<Life>) -> Vec<Change<'b>> {
        let lender = field.ends.get(side).if_empty.and_then(|at| Some((at, self.mapping.fields.get(at)?)));
        let lives = Side::BOTH.iter().map(|side| pair.get(*side));
        lender.into_iter().flat_map(|lender| lives.clone().flat_map(move |life| changes(lender, side, life))).collect()
    }

    /// True when the mapping speaks of no day before the first one, and nobody touched a record since; or when the
    /// first list since was one of before, and no later one speaks of that day.
    pub(super) fn is_old(&self, side: Side, id: &str) -> bool {
        if self.mapping.schedule.window != Window::Today {
            return false;
        }
        let end = self.mapping.sides.get(side);
        let place = end.name();
        let touched = self.deeds.iter().filter(|deed| deed.place == place && deed.id == id).map(|deed| deed.at_ms);
        let Some(last_ms) = touched.max().filter(|last_ms| *last_ms >= self.first_day_ms) else { return true };
        let mut lies = self.ours.lies_of(&OLD_NEWS, &end.system).filter(|lie_ms| *lie_ms >= last_ms);
        lies.any(|lie_ms| !self.ours.ran_between(&self.mapping.name, last_ms, lie_ms))
    }
}

/// A record that was not there yet, or is gone, shows no emptiness.
fn is_there(then: &Fields) -> bool {
    !then.values.iter().all(is_empty)
}

/// What a record held of a field when people came to it, and holds now, but for what people had left there themselves.
fn left_by_us<'v>((index, field): (usize, &Field), life: &'v Life) -> Vec<&'v Value> {
    let found = life.deeds.iter().map(|(_, before, _)| before).chain([&life.last]);
    let left = iter::once(None).chain(life.deeds.iter().map(|(_, _, after)| Some(after)));
    let theirs = |then: &Fields, left: Option<&Fields>| {
        left.is_some_and(|left| same(field, left.value(index), then.value(index)))
    };
    let ours = found.zip(left).filter(|(then, left)| is_there(then) && !theirs(then, *left));
    ours.map(|(then, _)| then.value(index)).collect()
}
