//! The judge judged: the end of sound histories is tampered with, one thing at a time, and the judge must
//! notice. What it lets pass is what its excuses are too wide for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::alarm_tests::stage;
use super::judge::{Evidence, alike};
use super::*;
use crate::mapping::field::{At, Field, Fields, is_empty};
use crate::path::Path;
use crate::record::{Side, Sides};

/// Histories that are tampered with.
const SEEDS: u64 = 3;

/// Of each way to tamper: how often the judge noticed, and what it let pass.
type Noticed = BTreeMap<&'static str, (usize, Vec<String>)>;

/// A place of a record that may be tampered with.
struct Place<'a> {
    side: Side,
    id: String,
    index: usize,
    field: &'a Field,
    path: Path,
    /// Where the record shows the row of which it holds the id.
    row: Option<Path>,
}

/// What stands at a place: the value, and the row beside it.
type Image = (Value, Value);

impl Place<'_> {
    fn of(&self, body: &Value) -> Image {
        let row = self.row.as_ref().and_then(|row| row.get(body)).unwrap_or_default();
        (self.path.get(body).unwrap_or_default(), row)
    }
}

impl<'a> Evidence<'a> {
    /// Where values may flow to, in both records of every link that lives, but for what waits with a reason
    /// and for what is told only once.
    fn places(&self) -> Vec<Place<'a>> {
        let mut places = Vec::new();
        for link in self.links.iter().filter(|link| link.gone == Sides::default()) {
            let fields = self.mapping.fields.iter().enumerate();
            for (index, field) in fields.filter(|(_, field)| !field.once && !field.set && !self.waits(link, field)) {
                for side in Side::BOTH.into_iter().filter(|side| field.flows_to(*side)) {
                    let end = field.ends.get(side);
                    if let (At::Path(path), None, false) = (&end.at, &end.write, end.is_id) {
                        let row = end.lookup.as_ref().and_then(|lookup| lookup.inside.clone());
                        let id = link.ids.get(side).clone();
                        places.push(Place { side, id, index, field, path: path.clone(), row });
                    }
                }
            }
        }
        places
    }

    /// Whether the judge notices that something else stands at a place; nothing when that says the same.
    fn notices(&mut self, at: &Place<'_>, (value, row): Image) -> Option<bool> {
        let sound = self.records.get(at.side).get(&at.id)?.clone();
        let mut body = sound.clone();
        at.path.set(&mut body, value);
        if let Some(path) = &at.row {
            path.set(&mut body, row);
        }
        let read = |body: &Value| self.fields(at.side, &at.id, body);
        let (was, is) = (read(&sound)?, read(&body)?);
        let says = |fields: &Fields, index: usize| alike(at.field, was.value(at.index), fields.value(index));
        // Nor can anybody tell a copy that stands in for an empty value from that value.
        let lender = at.field.ends.get(at.side).if_empty;
        if says(&is, at.index) || lender.is_some_and(|lender| says(&was, lender)) {
            return None;
        }
        self.records.get_mut(at.side).insert(at.id.clone(), body);
        let noticed = !self.judge().is_empty();
        self.records.get_mut(at.side).insert(at.id.clone(), sound);
        Some(noticed)
    }

    fn tamper_with(&mut self, at: &Place<'_>, put: &mut impl FnMut(&'static str, String, Option<bool>)) {
        let records = self.records.get(at.side);
        let Some(now) = records.get(&at.id).map(|body| at.of(body)) else { return };
        let place = format!("{} {} {}: {}", at.side, at.id, at.path.text(), now.0);
        let others = records.iter().filter(|(id, _)| **id != at.id).map(|(_, body)| at.of(body));
        let strange = others.into_iter().find(|(value, _)| *value != now.0 && !is_empty(value));
        let name = self.mapping.sides.get(at.side).name();
        let own = self.deeds.iter().rev().filter(|deed| deed.place == name && deed.id == at.id);
        let mut own = own.filter_map(|deed| Some((at.of(deed.before.as_ref()?), at.of(deed.after.as_ref()?))));
        let last = own.find(|(before, after)| before != after).filter(|(_, after)| *after == now);
        if let Some(strange) = strange {
            let told = format!("{place} became {}", strange.0);
            put("another one's value", told, self.notices(at, strange));
        }
        if !is_empty(&now.0) {
            put("nothing", place.clone(), self.notices(at, Image::default()));
        }
        if let Some((before, _)) = last {
            let told = format!("{place} became {} again", before.0);
            put("what stood before the last edit", told, self.notices(at, before));
        }
    }

    fn tamper(&mut self, mut put: impl FnMut(&'static str, String, Option<bool>)) {
        for at in self.places() {
            self.tamper_with(&at, &mut put);
        }
        for number in 0..self.links.len() {
            let link = self.links.remove(number);
            put("a link less", format!("{:?}", link.ids), Some(!self.judge().is_empty()));
            self.links.insert(number, link.clone());
            for side in Side::BOTH {
                let records = self.records.get_mut(side);
                let Some(body) = records.get(link.ids.get(side)).cloned() else { continue };
                records.insert("double".to_owned(), body);
                put("a double", format!("{side} {}", link.ids.get(side)), Some(!self.judge().is_empty()));
                self.records.get_mut(side).remove("double");
            }
        }
    }
}

async fn tampered(stage: &Stage, seed: u64, noticed: &mut Noticed) {
    let script = script(seed, &Setting::default());
    let mut world = World::new(stage, &script, Story::default()).unwrap();
    world.play().await.unwrap();
    world
        .each_evidence(|_, mut evidence| {
            assert_eq!(evidence.judge(), []);
            evidence.tamper(|kind, told, found| {
                let (times, passed) = noticed.entry(kind).or_default();
                match found {
                    Some(true) => *times += 1,
                    Some(false) => passed.push(format!("seed {seed}: {told}")),
                    None => {}
                }
            });
        })
        .await
        .unwrap();
}

#[test]
fn what_is_tampered_with_is_noticed() {
    let stage = stage(&[]);
    let mut noticed = Noticed::new();
    for seed in 1..=SEEDS {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(tampered(&stage, seed, &mut noticed));
    }
    for (kind, (times, passed)) in &noticed {
        println!("{kind}: {times} noticed");
        assert_eq!(passed, &[""; 0], "{kind}: {times} noticed");
        assert!(*times >= 10, "{kind}: {times}");
    }
    assert_eq!(noticed.len(), 5, "{:?}", noticed.keys());
}
