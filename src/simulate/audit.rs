//! The end of a history: everything is read once more, without faults and limits, and judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Broken;
use super::company::{Company, Deed, named};
use super::judge::{Evidence, has_twin};
use super::life::Life;
use super::wire::{Ours, held};
use super::world::{DAWN, World};
use crate::engine::{Error, Options, Runner};
use crate::mapping::Mapping;
use crate::record::{Body, Side, Sides};
use crate::reference::References;
use crate::sandbox::People;
use crate::store::{Ledger, MemoryStore, Store};
use crate::sync::Snapshot;

/// Long enough for no read to be the repetition of an earlier one and for every block to end, in milliseconds.
const PAUSE_MS: u64 = 2_400_000;

/// Rounds of looking up at most.
const LOOKS_MAX: usize = 6;

/// What both sides of every mapping hold in the end, in words that do not tell one id from another.
pub(super) type Truth = BTreeMap<String, u64>;

impl World<'_> {
    /// Judges the end of the history.
    pub(super) async fn audit(&mut self) -> Result<Truth, String> {
        let mut broken = Vec::new();
        let mut truth = Truth::new();
        let mut linked: BTreeSet<(String, String, String)> = BTreeSet::new();
        self.each_evidence(|company, evidence| {
            let mut belongs = |side: Side, id: &str| {
                let place = evidence.mapping.sides.get(side).name();
                linked.insert((company.account.clone(), place, id.to_owned()));
            };
            for link in &evidence.links {
                Side::BOTH.into_iter().for_each(|side| belongs(side, link.ids.get(side)));
            }
            let excused = |side: Side| evidence.records.get(side).keys().map(move |id| (side, id));
            let excused = Side::BOTH
                .into_iter()
                .flat_map(excused)
                .filter(|(side, id)| evidence.is_told_double(*side, id) || evidence.is_of_one_removed(*side, id));
            excused.for_each(|(side, id)| belongs(side, id));
            broken.extend(evidence.judge().into_iter().map(|one| one.of(&company.prefix)));
            evidence.tell(&company.prefix, &mut truth);
        })
        .await?;
        for company in &self.companies {
            let is_linked =
                |place: &str, id: &str| linked.contains(&(company.account.clone(), place.to_owned(), id.to_owned()));
            broken.extend(company.orphans(is_linked).into_iter().map(|one| one.of(&company.prefix)));
        }
        for one in broken {
            self.tell(&format!("{} is broken: {}", one.invariant, one.sentence));
            self.broken.push(one);
        }
        Ok(truth)
    }

    /// Shows what is known in the end of one mapping after the other, of each account.
    pub(super) async fn each_evidence(
        &mut self,
        mut look: impl FnMut(&Company<'_>, Evidence<'_>),
    ) -> Result<(), String> {
        self.companies.iter().for_each(|company| company.town.lift_limits());
        tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
        let ours: Vec<Ours> =
            self.companies.iter().map(|company| std::mem::take(&mut *held(&company.wire.ours))).collect();
        let copy = MemoryStore::copy_of(self.disk.store()).map_err(|error| error.to_string())?;
        let copy: Arc<dyn Store> = Arc::new(copy);
        let clock = self.clock.clone();
        let crew = self.crew(0, &copy, &clock, &Arc::new(Life::default()))?;
        for mut runner in crew.runners {
            let ledger = runner.ledger.clone();
            // Without memory nothing is left out as unchanged.
            runner.ledger = Ledger::new(Arc::new(MemoryStore::new()), ledger.scope());
            let own = self.companies.iter().zip(&ours).find(|(company, _)| company.account == runner.account);
            if let Some((company, ours)) = own {
                look(company, company.evidence(&mut runner, &ledger, (ours, self.skew_most_ms)).await?);
            }
        }
        Ok(())
    }
}

impl Company<'_> {
    async fn evidence<'a>(
        &'a self,
        runner: &'a mut Runner,
        ledger: &Ledger,
        (ours, skew_ms): (&'a Ours, u64),
    ) -> Result<Evidence<'a>, String> {
        let gathered = runner.gather(Options { full: true, accept: true }).await.map_err(|error| error.to_string())?;
        let mut records = Sides::each(|side| self.records(&runner.mapping, side));
        let carried = Sides::each(|side| carry_along(&runner.mapping, side, &gathered.snapshot, records.get_mut(side)));
        let deeds = self.deeds_beside(&runner.mapping, ours);
        let bodies = Sides::each(|side| bodies(&runner.mapping, side, records.get(side), &deeds));
        let references = whole(runner, gathered.snapshot, &bodies).await.map_err(|error| error.to_string())?;
        let schedule = &runner.mapping.schedule;
        // How far a list looks back behind the one before.
        let behind_ms = schedule.window.longest_ms().saturating_sub(schedule.every_ms).max(schedule.overlap_ms);
        let mut evidence = Evidence {
            references,
            records,
            carried,
            blind: skew_ms > behind_ms,
            shut_out: self.is_shut_out(&runner.mapping),
            first_day_ms: self.first_day_ms(&runner.mapping),
            mapping: &runner.mapping,
            links: Vec::new(),
            waiting: BTreeMap::new(),
            conflicts: Vec::new(),
            deeds,
            ours,
            fills: Sides::each(|side| self.told_of(&runner.mapping, side, |one, resource| one.fills(resource))),
            keeps: Sides::each(|side| self.told_of(&runner.mapping, side, |one, resource| one.keeps(resource))),
        };
        let read = ledger.each_link(|link| evidence.links.push(link));
        read.map_err(|error| error.to_string())?;
        let read = ledger.each_waiting(|one| drop(evidence.waiting.insert((one.side, one.id.clone()), one)));
        read.map_err(|error| error.to_string())?;
        evidence.conflicts = ledger.conflicts(None, usize::MAX).map_err(|error| error.to_string())?;
        Ok(evidence)
    }

    /// What people did, and what other mappings did where this one looks: to it they are people like any.
    /// Whether they may have done it, their own audit asks.
    fn deeds_beside(&self, mapping: &Mapping, ours: &Ours) -> Vec<Deed> {
        let mut deeds = self.deeds.clone();
        for side in Side::BOTH {
            let end = mapping.sides.get(side);
            let place = end.name();
            let read = |body: &Value| self.plain((&end.system, &end.resource), body.clone());
            let others = ours.effects.iter().filter(|one| *one.mapping != *mapping.name && one.record.0 == place);
            deeds.extend(others.map(|one| Deed {
                at_ms: one.at_ms,
                place: place.clone(),
                id: one.record.1.clone(),
                before: one.before.as_ref().map(read),
                after: one.after.as_ref().map(read),
                signed_as_ours: false,
            }));
        }
        deeds.sort_by_key(|deed| deed.at_ms);
        deeds
    }

    /// Every record of a side, as it stands.
    fn records(&self, mapping: &Mapping, side: Side) -> BTreeMap<String, Value> {
        let end = mapping.sides.get(side);
        let Some(member) = self.members.get(end.system.as_str()) else { return BTreeMap::new() };
        let member = held(member);
        let ids = member.ids(&end.resource).into_iter();
        ids.filter_map(|id| {
            let body = self.plain((&end.system, &end.resource), member.shown(&end.resource, &id)?);
            Some((id, body))
        })
        .collect()
    }

    /// The midnight before the first cycle, where the giving side is.
    fn first_day_ms(&self, mapping: &Mapping) -> i64 {
        let giving = if mapping.flows_to(Side::Left) { Side::Right } else { Side::Left };
        let system = self.stage.state(0).and_then(|state| state.project.systems.get(&mapping.sides.get(giving).system));
        let Some(system) = system else { return 0 };
        let dawn: Timestamp = DAWN.parse().unwrap_or_default();
        let midnight = dawn.to_zoned(system.zone.clone()).start_of_day();
        midnight.map_or(0, |midnight| midnight.timestamp().as_millisecond())
    }

    /// True when a system blocks whoever lists a side of a mapping that holds nothing any more.
    pub(super) fn is_shut_out(&self, mapping: &Mapping) -> bool {
        let mut listed = Side::BOTH.into_iter().filter(|side| mapping.is_listed(*side));
        listed.any(|side| {
            let end = mapping.sides.get(side);
            self.members.get(end.system.as_str()).is_some_and(|member| held(member).shuts_out(&end.resource))
        })
    }

    /// What a system says of its own members.
    fn told_of(
        &self,
        mapping: &Mapping,
        side: Side,
        members: impl Fn(&dyn People, &str) -> &'static [&'static str],
    ) -> &'static [&'static str] {
        let end = mapping.sides.get(side);
        self.members.get(end.system.as_str()).map_or(&[], |member| members(&*held(member), &end.resource))
    }

    /// I2: every record that we made belongs to somebody.
    fn orphans(&self, is_linked: impl Fn(&str, &str) -> bool) -> Vec<Broken> {
        let mut broken = Vec::new();
        for place in &self.places {
            let name = named(place);
            let Some(member) = self.members.get(place.0) else { continue };
            let ids = held(member).ids(&place.1);
            for id in ids {
                let by_people =
                    self.deeds.iter().any(|deed| deed.place == name && deed.id == id && deed.before.is_none());
                if !by_people && !is_linked(&name, &id) {
                    broken.push(Broken {
                        invariant: "I2",
                        sentence: format!("{name} {id} was made by us and belongs to nobody"),
                        concerns: vec![id],
                    });
                }
            }
        }
        broken
    }
}

/// Every image of a side that there ever was.
fn bodies(mapping: &Mapping, side: Side, records: &BTreeMap<String, Value>, deeds: &[Deed]) -> Vec<(String, Body)> {
    let place = mapping.sides.get(side).name();
    let own = deeds.iter().filter(|deed| deed.place == place);
    let past = own.flat_map(|deed| [&deed.before, &deed.after].into_iter().flatten().map(|body| (&deed.id, body)));
    let mut all: Vec<(String, Body)> =
        records.iter().chain(past).map(|(id, body)| (id.clone(), mapping.project(side, body))).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.dedup();
    all
}

/// References in which everything is found that any image of a record ever held, and be it gone by now.
async fn whole(
    runner: &Runner,
    mut snapshot: Snapshot,
    bodies: &Sides<Vec<(String, Body)>>,
) -> Result<Arc<References>, Error> {
    let mut references = runner.references()?;
    for (name, links) in &runner.links {
        let (mut alive, mut gone) = (Vec::new(), Vec::new());
        links.ledger.each_link(|link| {
            let row = links.row(&link);
            if link.gone == Sides::default() { alive.push(row) } else { gone.push(row) }
        })?;
        alive.extend(gone);
        references.put_whole(name, alive);
    }
    snapshot.references = Arc::new(references);
    let open = |side: Side| bodies.get(side).iter().map(move |(id, body)| (side, id, body));
    let mut open: Vec<(Side, &String, &Body)> = Side::BOTH.into_iter().flat_map(open).collect();
    for _ in 0..LOOKS_MAX {
        let mut wanted = BTreeSet::new();
        open.retain(|(side, id, body)| {
            // What a rule cannot read is nobody's evidence.
            let read = runner.mapping.read(*side, id, &body.value(), &snapshot.references);
            for (field, value) in read.iter().flat_map(|fields| runner.mapping.fields.iter().zip(&fields.values)) {
                has_twin(&snapshot.references, field, side.other(), value);
            }
            let more = snapshot.references.take_wanted();
            let is_open = !more.is_empty();
            wanted.extend(more);
            is_open
        });
        if wanted.is_empty() {
            break;
        }
        runner.look_up(wanted, &mut snapshot, &BTreeMap::new()).await?;
    }
    Ok(snapshot.references)
}

/// Gives records what lists show of them and no fetch does; tells which members that is.
fn carry_along(
    mapping: &Mapping,
    side: Side,
    snapshot: &Snapshot,
    records: &mut BTreeMap<String, Value>,
) -> BTreeSet<String> {
    let mut carried = BTreeSet::new();
    for (id, record) in snapshot.records.get(side) {
        let (Value::Object(seen), Some(Value::Object(body))) = (record.body.value(), records.get_mut(id)) else {
            continue;
        };
        for (name, value) in seen.into_iter().filter(|(name, _)| mapping.sides.get(side).roots.contains(name)) {
            if !body.contains_key(&name) {
                carried.insert(name.clone());
                body.insert(name, value);
            }
        }
    }
    carried
}

impl Evidence<'_> {
    /// Counts what both sides say, without ids.
    fn tell(&self, prefix: &str, truth: &mut Truth) {
        for side in Side::BOTH {
            for (id, body) in self.records.get(side) {
                let body = self.mapping.project(side, body).value();
                let Ok(fields) = self.mapping.read(side, id, &body, &self.references) else { continue };
                let shared = self.mapping.fields.iter().enumerate();
                let shared = shared.filter(|(_, field)| Side::BOTH.iter().all(|side| !field.ends.get(*side).is_id));
                let said: Vec<String> = shared.map(|(at, field)| field.canon.form(fields.value(at))).collect();
                let place = self.mapping.sides.get(side).name();
                *truth.entry(format!("{prefix}{place} {}", said.join(" | "))).or_default() += 1;
            }
        }
    }
}
