//! I2: who is there twice, and who made the double.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Broken;
use super::judge::Evidence;
use super::wire::LIES;
use crate::mapping::field::is_empty;
use crate::record::Side;
use crate::reference::{folded, scalar_text};
use crate::store::Wait;
use crate::sync::merge::same;

/// A cycle that creates what it found missing may last as long.
const CYCLE_MS: i64 = 600_000;

impl Evidence<'_> {
    /// I2: nobody is there twice.
    pub(super) fn doubles(&self) -> Vec<Broken> {
        let mut broken = Vec::new();
        for side in Side::BOTH {
            let end = self.mapping.sides.get(side);
            let mut by_key: BTreeMap<(usize, String), Vec<&String>> = BTreeMap::new();
            for (id, body) in self.records.get(side) {
                let Some(fields) = self.fields(side, id, body) else { continue };
                for key in self
                    .mapping
                    .keys
                    .iter()
                    .filter(|key| self.mapping.fields.get(**key).is_some_and(|field| !field.ends.get(side).is_id))
                {
                    let text = scalar_text(fields.value(*key)).map(|text| folded(&text)).unwrap_or_default();
                    if !text.is_empty() {
                        by_key.entry((*key, text)).or_default().push(id);
                    }
                }
            }
            for ((key, value), mut ids) in by_key.into_iter().filter(|(_, ids)| ids.len() > 1) {
                let all = ids.clone();
                ids.retain(|id| !self.is_double_of_people(&end.name(), id, &all) && !self.is_told_double(side, id));
                let ours = ids.iter().filter(|id| !self.is_made_by_people(&end.name(), id)).count();
                let label = self.mapping.fields.get(key).map_or("", |field| field.label.as_str());
                if ids.len() > 1 && ours > 0 && !self.is_key_edited(key, side, &ids) {
                    broken.push(Broken {
                        invariant: "I2",
                        sentence: format!("{} has {ids:?} with one {label}, `{value}`", end.name()),
                        concerns: ids.into_iter().cloned().collect(),
                    });
                }
            }
        }
        broken
    }

    /// True for what a creation made that was delivered twice, or beside which a person made another before its answer
    /// was known, when people can read that it is there.
    pub(super) fn is_told_double(&self, side: Side, id: &str) -> bool {
        let record = (self.mapping.sides.get(side).name(), id.to_owned());
        let ambiguous = |id: &str| self.waiting.get(&(side, id.to_owned())).filter(|one| one.kind == Wait::Ambiguous);
        let Some(told) = ambiguous(id) else { return false };
        let mut beside = self
            .records
            .get(side)
            .keys()
            .filter(|other| ambiguous(other).is_some_and(|other| other.reason == told.reason));
        self.ours.doubles.contains(&record)
            || beside.any(|other| self.is_double_of_people(&record.0, other, &[&record.1]))
    }

    /// True for a record that shares a key with one on the other side that people have removed since, or carries the key of
    /// its birth: it may have been gone before anybody knew that this one had been made of it.
    pub(super) fn is_of_one_removed(&self, side: Side, id: &str) -> bool {
        let place = self.mapping.sides.get(side.other()).name();
        let Some(body) = self.records.get(side).get(id) else { return false };
        let Some(fields) = self.fields(side, id, body) else { return false };
        let removed = self.deeds.iter().filter(|deed| deed.place == place && deed.after.is_none());
        let birth = self.mapping.sides.get(side).integration.as_ref().and_then(|path| scalar_text(&path.get(body)?));
        let of = |gone: &str| birth.as_deref() == Some(&self.mapping.integration_key(side, gone));
        if removed.clone().any(|deed| of(&deed.id)) {
            return true;
        }
        let mut removed = removed.filter_map(|deed| self.fields(side.other(), &deed.id, deed.before.as_ref()?));
        removed.any(|gone| {
            let keys = self.mapping.keys.iter().filter_map(|key| Some((*key, self.mapping.fields.get(*key)?)));
            let mut keys = keys.filter(|(key, _)| !is_empty(fields.value(*key)));
            keys.any(|(key, field)| same(field, fields.value(key), gone.value(key)))
        })
    }

    /// True when a person made a record although one of the others was there already, or was under way: nobody
    /// can ask a system between its answer and the next call. Or it was there, and the list was said to be empty, was
    /// one of before, or looked back from a wrong clock.
    fn is_double_of_people(&self, place: &str, id: &str, others: &[&String]) -> bool {
        let made = self.deeds.iter().find(|deed| deed.place == place && deed.id == id && deed.before.is_none());
        let Some(made) = made else { return false };
        let system = place.split('.').next().unwrap_or_default();
        let lied = |birth_ms: i64| {
            let mut lies = self.ours.lies_of(&LIES, system);
            lies.any(|lie_ms| (made.at_ms.max(birth_ms - CYCLE_MS)..=birth_ms).contains(&lie_ms))
        };
        others.iter().filter(|other| **other != id).any(|other| {
            let birth_ms = self.ours.births.get(&(place.to_owned(), (*other).clone()));
            birth_ms.is_some_and(|birth_ms| self.blind || *birth_ms <= made.at_ms + CYCLE_MS || lied(*birth_ms))
        })
    }

    pub(super) fn is_made_by_people(&self, place: &str, id: &str) -> bool {
        self.deeds.iter().any(|deed| deed.place == place && deed.id == id && deed.before.is_none())
    }

    /// True when people changed the key of one of these records, or of its twin, after its birth: then they
    /// made the double themselves.
    fn is_key_edited(&self, key: usize, side: Side, ids: &[&String]) -> bool {
        let Some(field) = self.mapping.fields.get(key) else { return false };
        let twins = self.links.iter().filter(|link| ids.contains(&link.ids.get(side)));
        let twins: Vec<&String> = twins.map(|link| link.ids.get(side.other())).collect();
        [(side, ids), (side.other(), &twins)].into_iter().any(|(side, ids)| {
            let place = self.mapping.sides.get(side).name();
            self.deeds.iter().filter(|deed| deed.place == place && ids.contains(&&deed.id)).any(|deed| {
                let read = |body: &Value| self.fields(side, &deed.id, body).map(|fields| fields.value(key).clone());
                let (Some(before), Some(after)) = (&deed.before, &deed.after) else { return false };
                !same(field, &read(before).unwrap_or_default(), &read(after).unwrap_or_default())
            })
        })
    }
}
