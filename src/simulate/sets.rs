//! I3 and I4 for sets: each member came from somebody, and none is lost.

use std::collections::BTreeSet;

use serde_json::Value;

use super::judge::{Evidence, Life};
use crate::link::Link;
use crate::mapping::field::{Field, Fields};
use crate::record::{Side, Sides};
use crate::reference::folded;

impl Evidence<'_> {
    /// I3 and I4 for each member of a set.
    pub(super) fn set_of(
        &self,
        link: &Link,
        pair: &Sides<Life>,
        (index, field): (usize, &Field),
    ) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let history = |side: Side| {
            let deeds = pair.get(side).deeds.iter();
            let deeds = deeds.map(|(at_ms, before, after)| {
                (*at_ms, members(field, before.value(index)), members(field, after.value(index)))
            });
            deeds.collect::<Vec<_>>()
        };
        let deeds = Sides::each(history);
        let last = Sides::each(|side| members(field, pair.get(side).last.value(index)));
        let all: BTreeSet<&String> = Side::BOTH
            .iter()
            .flat_map(|side| deeds.get(*side))
            .flat_map(|(_, before, after)| before.union(after))
            .collect();
        for member in &all {
            let lasting = Sides::each(|side| {
                let moved = deeds.get(side).iter().filter_map(|(at_ms, before, after)| {
                    let (was, is) = (before.contains(*member), after.contains(*member));
                    (was != is).then_some((*at_ms, was, is))
                });
                self.lasting_moves((side, &pair.get(side).id), moved)
            });
            // Nobody knows whether a cycle saw it that was under way.
            let unsure = lasting.left.1 || lasting.right.1;
            let moves = lasting.map(|(moves, _)| moves);
            let judged = Side::BOTH.into_iter().filter(|side| field.flows_to(side.other()) && !unsure);
            for side in judged {
                let Some((at_ms, _, there)) = moves.get(side).last() else { continue };
                let everywhere = Side::BOTH.iter().all(|side| last.get(*side).contains(*member) == *there);
                // Who does what a write had just done cannot be told from it.
                let is_as_sent = |at_ms: i64, there: bool| {
                    self.unread((side, &pair.get(side).id), at_ms).is_some_and(|write_ms| {
                        let mut other = moves.get(side.other()).iter().rev();
                        other.find(|(other_ms, ..)| *other_ms <= write_ms).is_some_and(|(_, _, sent)| *sent == there)
                    })
                };
                let is_back = |then: &Fields| members(field, then.value(index)).contains(*member) == *there;
                if self.raced(side, &pair.get(side).id, *at_ms)
                    || self.is_undone(side, pair.get(side), *at_ms, is_back)
                    || (!there && !self.have_met(pair, *at_ms))
                    || is_as_sent(*at_ms, *there)
                {
                    continue;
                }
                let later = moves.get(side.other()).iter().any(|(other_ms, _, _)| other_ms >= at_ms);
                let told = self.is_told(link, index, side, &Value::Null);
                if !everywhere && !later && !told {
                    let how = if *there { "added" } else { "taken out" };
                    found.push(("I3", format!("`{member}` was {how} on the {side} and that is lost: {last:?}")));
                }
            }
        }
        for side in Side::BOTH {
            for member in last.get(side).iter().filter(|member| !all.contains(member)) {
                found.push(("I4", format!("nobody typed `{member}`, which stands on the {side}")));
            }
        }
        found
    }

    /// The moves of a member, when, from and to, but for those that were taken back before a cycle ran or wrote: they were
    /// never there. And whether one of those may have been seen after all, by a cycle under way.
    fn lasting_moves(&self, (side, id): (Side, &str), moved: impl Iterator<Item = Move>) -> (Vec<Move>, bool) {
        let record = (self.mapping.sides.get(side).name(), id.to_owned());
        let (mut lasting, mut unsure) = (Vec::new(), false);
        for (at_ms, was, is) in moved {
            let unseen = |last: &mut Move| {
                last.1 == is
                    && !self.ours.began_between(&self.mapping.name, last.0, at_ms)
                    && !self.ours.writes_to(&record).any(|write_ms| (last.0..=at_ms).contains(&write_ms))
            };
            if let Some((first_ms, ..)) = lasting.pop_if(unseen) {
                unsure |= self.ours.may_have_seen_between(&self.mapping.name, first_ms, at_ms);
            } else {
                lasting.push((at_ms, was, is));
            }
        }
        (lasting, unsure)
    }
}

/// When a member came or went, whether it was there, and whether it is.
type Move = (i64, bool, bool);

/// The members of a set, folded.
fn members(field: &Field, value: &Value) -> BTreeSet<String> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|member| folded(&field.canon.form(member))).collect()
}
