//! What explains a value that is read from several places: it stands in another of them, came to light there, or
//! was typed there in other words.

use serde_json::Value;

use super::judge::{Change, Evidence, Life, alike, changes};
use crate::mapping::field::{At, Field, Fields, is_empty};
use crate::path::Path;
use crate::record::{Side, Sides};
use crate::sync::merge::same;

impl Evidence<'_> {
    /// True for a place that is empty because what stood there moved up: of two phones the first was cleared.
    pub(super) fn has_moved_up(&self, (side, pair): (Side, &Sides<Life>), index: usize, change: &Change<'_>) -> bool {
        let kin = self.kin(index);
        let times = |then: &Fields| {
            let fields = kin.iter().filter_map(|at| Some((self.mapping.fields.get(*at)?, then.value(*at))));
            fields.filter(|(field, value)| alike(field, change.before, value)).count()
        };
        let mut own = pair.get(side).deeds.iter().filter(|(at_ms, ..)| *at_ms == change.at_ms);
        is_empty(change.after) && own.any(|(_, before, after)| times(before) == times(after))
    }

    /// True for a value that also stands in the place of one of its kin, on both sides.
    pub(super) fn stands_twice(&self, index: usize, (side, pair): (Side, &Sides<Life>)) -> bool {
        let value = pair.get(side).last.value(index);
        let is_there = |field: &Field, at: usize| {
            Side::BOTH.into_iter().all(|side| alike(field, pair.get(side).last.value(at), value))
        };
        let mut kin = self.kin(index).into_iter().filter(|at| *at != index);
        !is_empty(value) && kin.any(|at| self.mapping.fields.get(at).is_some_and(|field| is_there(field, at)))
    }

    /// True for what was cleared on one side while it was typed on the other one in the place of one of its kin, before
    /// a cycle had seen either: it stands there then.
    pub(super) fn is_typed_beside(
        &self,
        (side, pair): (Side, &Sides<Life>),
        index: usize,
        change: &Change<'_>,
    ) -> bool {
        let other = side.other();
        let typed = |at: &usize| {
            let Some(field) = self.mapping.fields.get(*at).filter(|_| *at != index) else { return false };
            changes((*at, field), other, pair.get(other)).iter().any(|one| {
                let (first_ms, then_ms) = (one.at_ms.min(change.at_ms), one.at_ms.max(change.at_ms));
                alike(field, one.after, change.before) && !self.ours.ran_between(&self.mapping.name, first_ms, then_ms)
            })
        };
        is_empty(change.after) && self.kin(index).iter().any(typed)
    }

    /// True for a value that people typed where a group looks for it, though it did not count there at first:
    /// the fourth of three phones.
    pub(super) fn is_typed_behind(&self, field: &Field, value: &Value, (side, life): (Side, &Life)) -> bool {
        self.left_bodies(side, life).any(|(_, body)| self.reads_from(field, side, body, value))
    }

    /// True for a value that does not count any more because something was typed before it: it stands there still.
    pub(super) fn is_pushed_behind(&self, field: &Field, (side, life): (Side, &Life), change: &Change<'_>) -> bool {
        is_empty(change.after) && self.was_left(field, (side, life), change.at_ms, change.before)
    }

    /// True for what was cleared while people put another value before it on this side: it stands behind that one, and
    /// comes forward when that one gives way.
    pub(super) fn is_kept_behind(
        &self,
        (index, field): (usize, &Field),
        (side, life): (Side, &Life),
        change: &Change<'_>,
    ) -> bool {
        let before_it = |one: &Change<'_>| alike(field, one.before, change.before) && !is_empty(one.after);
        let is_behind = |one: &Change<'_>| self.was_left(field, (side, life), one.at_ms, change.before);
        is_empty(change.after) && changes((index, field), side, life).iter().any(|one| before_it(one) && is_behind(one))
    }

    /// True when people left a value, at a moment, anywhere that a group reads a field from.
    fn was_left(&self, field: &Field, (side, life): (Side, &Life), at_ms: i64, value: &Value) -> bool {
        let mut then = self.left_bodies(side, life).filter(|(left_ms, _)| *left_ms == at_ms);
        then.any(|(_, body)| self.reads_from(field, side, body, value))
    }

    /// How people left a record, and when.
    fn left_bodies(&self, side: Side, life: &Life) -> impl Iterator<Item = (i64, &Value)> {
        let place = self.mapping.sides.get(side).name();
        let own = self.deeds.iter().filter(move |deed| deed.place == place && deed.id == life.id);
        own.filter_map(|deed| Some((deed.at_ms, deed.after.as_ref()?)))
    }

    /// True when a value stands anywhere that a group reads a field from.
    fn reads_from(&self, field: &Field, side: Side, body: &Value, value: &Value) -> bool {
        let At::Member { view, .. } = &field.ends.get(side).at else { return false };
        let paths = self.mapping.views.get(*view).into_iter().flat_map(|view| &view.of);
        let mut typed = paths.filter_map(|(path, _)| path.look(body));
        !is_empty(value) && typed.any(|typed| has_leaf(&typed, &|leaf| same(field, leaf, value)))
    }

    /// True when people typed, there and in these places, all that a group reads a value from: when one
    /// place of it was cleared, it may read what stands in another.
    pub(super) fn is_read_of_typed(&self, field: &Field, side: Side, id: &str) -> bool {
        self.untyped(field, side, id).is_some_and(|places| places.is_empty())
    }

    /// True when people typed, there and in these places, all of them that this one value is read from.
    pub(super) fn reads_as_typed(&self, (index, field): (usize, &Field), side: Side, id: &str) -> bool {
        let Some(body) = self.records.get(side).get(id) else { return false };
        let read = |body: &Value| self.fields(side, id, body).map(|fields| fields.value(index).clone());
        let is_without = |path: &&Path| {
            let mut without = body.clone();
            path.take(&mut without).is_some() && read(&without) == read(body)
        };
        self.untyped(field, side, id).is_some_and(|places| places.iter().all(is_without))
    }

    /// The places of a group that hold something that nobody left in them; nothing for what is read of no group.
    fn untyped(&self, field: &Field, side: Side, id: &str) -> Option<Vec<&Path>> {
        let At::Member { view, .. } = &field.ends.get(side).at else { return None };
        let (view, body) = (self.mapping.views.get(*view)?, self.records.get(side).get(id)?);
        let place = self.mapping.sides.get(side).name();
        let own = self.deeds.iter().filter(|deed| deed.place == place && deed.id == id);
        let typed: Vec<&Value> = own.filter_map(|deed| deed.after.as_ref()).collect();
        let places = view.of.iter().map(|(path, _)| path).filter(|path| {
            let stands = path.look(body);
            stands.as_deref().is_some_and(|value| !is_empty(value))
                && !typed.iter().any(|after| path.look(after) == stands)
        });
        Some(places.collect())
    }

    /// True for what came to light when it was cleared: of the places that a group reads, one in which people had
    /// typed what was read holds nothing any more, and the others hold what they typed there.
    pub(super) fn is_uncovered(
        &self,
        (index, field): (usize, &Field),
        (side, life): (Side, &Life),
        change: &Change<'_>,
    ) -> bool {
        let At::Member { view, .. } = &field.ends.get(side).at else { return false };
        let (Some(view), Some(now)) = (self.mapping.views.get(*view), self.records.get(side).get(&life.id)) else {
            return false;
        };
        let place = self.mapping.sides.get(side).name();
        let own = self.deeds.iter().filter(|deed| deed.place == place && deed.id == life.id);
        let mut past =
            own.zip(&life.deeds).filter_map(|(deed, (_, _, read))| Some((deed.after.as_ref()?, read.value(index))));
        let is_gone = |(then, read): (&Value, &Value)| {
            let held = |path: &Path| {
                path.look(then)
                    .is_some_and(|value| has_leaf(&value, &|leaf| !is_empty(leaf) && same(field, leaf, read)))
            };
            view.of.iter().any(|(path, _)| held(path) && path.look(now).as_deref().is_none_or(is_empty))
        };
        is_empty(change.after) && past.any(is_gone) && self.is_read_of_typed(field, side, &life.id)
    }

    /// True for what was cleared, and typed anew, while it stood in two places that a group reads it from: whether the
    /// one was emptied and the other came to light, or nothing was emptied, reads the same.
    pub(super) fn is_doubled(
        &self,
        (index, field): (usize, &Field),
        (side, pair): (Side, &Sides<Life>),
        change: &Change<'_>,
    ) -> bool {
        let cleared = |side: Side| changes((index, field), side, pair.get(side)).iter().any(|one| is_empty(one.after));
        let value = if is_empty(change.after) { change.before } else { change.after };
        let is_it = |leaf: &Value| leaf.is_string() && same(field, leaf, value);
        let twice = |of: Side| {
            let At::Member { view, .. } = &field.ends.get(of).at else { return false };
            let paths = || self.mapping.views.get(*view).into_iter().flat_map(|view| &view.of);
            let life = pair.get(of);
            let past = self.left_bodies(of, life).map(|(_, body)| body);
            let mut bodies = past.chain(self.records.get(of).get(&life.id));
            bodies.any(|body| {
                let read = paths().filter_map(|(path, _)| path.look(body));
                read.map(|one| count_leaves(&one, &is_it)).sum::<usize>() > 1
            })
        };
        !is_empty(value) && (is_empty(change.after) || cleared(side.other())) && Side::BOTH.into_iter().any(twice)
    }
}

/// True when a text or number somewhere in a value is such a one.
pub(super) fn has_leaf(value: &Value, is: &impl Fn(&Value) -> bool) -> bool {
    count_leaves(value, is) > 0
}

/// How many texts and numbers in a value are such.
fn count_leaves(value: &Value, is: &impl Fn(&Value) -> bool) -> usize {
    match value {
        Value::Array(all) => all.iter().map(|one| count_leaves(one, is)).sum(),
        Value::Object(all) => all.values().map(|one| count_leaves(one, is)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => usize::from(is(value)),
    }
}
