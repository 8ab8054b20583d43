//! Whether a write that was never answered arrived: what it was to change bears witness.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::merge::same;
use super::plan::Seen;
use super::settle::{expect, explains, is_all_given, is_ours, is_ours_since, know, taken};
use crate::link::Link;
use crate::mapping::Mapping;
use crate::record::{Side, Sides};

/// What is seen of the fields that went in one call: 1 for one that shows what was sent, -1 for one that stands as it
/// was, 0 for one in which a person has typed something else since.
#[derive(Default)]
struct Witnesses {
    /// The other record's id. Nobody but us writes it down.
    stamp: i32,
    /// Fields by their group: who types one of them types the others as well, and some of those as they would have come.
    groups: BTreeMap<usize, Vec<i32>>,
}

impl Witnesses {
    /// True when more shows the write than does not.
    fn have_seen_it(&self) -> bool {
        let agreed = |all: &Vec<i32>| all.iter().min().filter(|least| Some(*least) == all.iter().max()).copied();
        let by_groups = || self.groups.values().filter_map(agreed).sum();
        (if self.stamp == 0 { by_groups() } else { self.stamp }) > 0
    }
}

/// Takes note of writes that are seen to have arrived. What of them stands as before was left as it was, or a person has
/// put it back. Otherwise a person has typed what shows it, and the write never came: it is made again.
pub(super) fn arrived<'a>(mapping: &Mapping, link: &'a Link, seen: &Sides<Seen<'_>>) -> Cow<'a, Link> {
    let mut link = Cow::Borrowed(link);
    for side in Side::BOTH {
        let (half, one) = (link.base.get(side), seen.get(side));
        let (wrote_ms, ours) = (half.wrote_ms, is_ours(half, one));
        let unheard = half.under_way.iter().filter(|(key, _)| !half.expected.contains(*key));
        let unheard: Vec<_> = unheard
            .filter_map(|(key, sent)| {
                let (index, field) = mapping.keyed(key).filter(|(_, field)| is_all_given(field, sent))?;
                let now = one.fields.value(index);
                let is_known = half.fields.get(key).is_some_and(|was| same(field, was, now));
                Some((key.clone(), sent.clone(), (index, field), (now, is_known)))
            })
            .collect();
        let mut calls: BTreeMap<i64, Witnesses> = BTreeMap::new();
        for (key, sent, (index, field), (now, is_known)) in &unheard {
            let is_before = **now == sent.before;
            let arrived = !is_before && taken(field, is_ours_since(sent, wrote_ms, ours), sent, now).is_some();
            let word = i32::from(arrived) - i32::from(is_before);
            let call = calls.entry(sent.at_ms).or_default();
            if field.ends.get(side.other()).is_id {
                call.stamp = word;
            } else {
                let group = mapping.together(index).iter().min().copied();
                call.groups.entry(group.unwrap_or(*index)).or_default().push(word);
            }
            // Nobody can tell whether it arrived where what stood there before reads as what was sent.
            let is_told = word != 0 && !(is_before && explains(field, false, &sent.becomes, &sent.before));
            if is_told {
                continue;
            }
            // Where neither shows any more, a giving side that shows something else than it gave has moved as well, and be
            // it back to what it had before; so has this one.
            let moved = |given: &&Value| !same(field, given, seen.get(side.other()).fields.value(*index));
            if let Some(given) = sent.given.as_ref().filter(moved) {
                know(link.to_mut().base.get_mut(side.other()), key, given.clone());
            }
            if *is_known {
                link.to_mut().base.get_mut(side).set(key, sent.before.clone());
            }
        }
        for (key, sent, _, (now, _)) in unheard {
            if *now == sent.before && calls.get(&sent.at_ms).is_some_and(Witnesses::have_seen_it) {
                let base = &mut link.to_mut().base;
                know(base.get_mut(side.other()), &key, sent.given.unwrap_or_default());
                expect(base.get_mut(side), &key, sent.becomes);
            }
        }
    }
    link
}
