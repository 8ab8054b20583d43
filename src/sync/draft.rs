//! Planning while rows are still being looked up: what wanted nothing is not planned again.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use super::pair::pair;
use super::plan::{Planner, Seen};
use super::{Plan, Snapshot, linked_pair};
use crate::mapping::Mapping;
use crate::mapping::field::{Fields, Trouble};
use crate::record::{Side, Sides, Unpacked};
use crate::reference::{Want, scalar_text};

/// So many things may wait before what they want is looked up, for many want the same; each time, four times as many.
const PATIENCE: usize = 100;

/// The part of a plan that is made, of one mapping and one snapshot in which only references change.
#[derive(Debug, Default)]
pub struct Draft {
    /// Of each link of the snapshot.
    linked: Vec<Option<Plan>>,
    /// What was read of unlinked records, by id; of those that cannot be read, their keys.
    read: Sides<BTreeMap<String, Fields>>,
    unreadable: Sides<BTreeMap<String, Trouble>>,
    /// Those of them that wanted something.
    open: Sides<BTreeSet<String>>,
    /// What stands in them where newborns of ours carry their key.
    carried: Sides<BTreeMap<String, String>>,
    /// Of pairs that a key joins, and of records alone.
    unlinked: BTreeMap<Sides<Option<String>>, Plan>,
    /// Rounds that ended because too much waited.
    cut_short: u32,
}

/// What one round of planning wants.
struct Round<'a> {
    mapping: &'a Mapping,
    snapshot: &'a Snapshot,
    wanted: BTreeSet<Want>,
    /// Things that may still wait.
    patience: usize,
}

impl Round<'_> {
    /// Notes what was wanted since it was noted last, and says whether that is nothing.
    ///
    /// # Errors
    /// All that is wanted, when part of it is read as a whole, for what else there is to want shows only then; and when
    /// much waits already.
    fn is_settled(&mut self) -> Result<bool, BTreeSet<Want>> {
        let wanted = self.snapshot.references.take_wanted();
        if wanted.is_empty() {
            return Ok(true);
        }
        let is_whole = wanted.iter().any(|want| self.mapping.whole.contains(&want.reference));
        self.wanted.extend(wanted);
        self.patience = self.patience.saturating_sub(1);
        if is_whole || self.patience == 0 { Err(mem::take(&mut self.wanted)) } else { Ok(false) }
    }

    /// Plans one thing; nothing when it wants something first. What looked for a row of which nobody could say whether
    /// there is one is left as it is.
    fn part(
        &mut self,
        ids: impl FnOnce() -> Sides<Option<String>>,
        plan: impl FnOnce(&mut Planner<'_>) -> Plan,
    ) -> Result<Option<Plan>, BTreeSet<Want>> {
        let mut planner = Planner { mapping: self.mapping, snapshot: self.snapshot, rows: Vec::new() };
        self.silence();
        let part = plan(&mut planner);
        let part = match self.silence() {
            Some(trouble) => Plan { unreadable: told_of(ids(), &trouble).collect(), ..Plan::default() },
            None => Plan { rows: planner.rows, ..part },
        };
        Ok(self.is_settled()?.then_some(part))
    }

    /// Why nobody could say whether there is a row that was looked for since this was asked last.
    fn silence(&self) -> Option<Trouble> {
        let reason = self.snapshot.references.take_silence()?;
        Some(Trouble { reason, place: self.mapping.file.to_string() })
    }
}

/// The records of a pair, with what keeps one of them.
fn told_of(ids: Sides<Option<String>>, trouble: &Trouble) -> impl Iterator<Item = (Side, String, Trouble)> {
    let Sides { left, right } = ids;
    let both = [(Side::Left, left), (Side::Right, right)];
    both.into_iter().filter_map(|(side, id)| Some((side, id?, trouble.clone())))
}

impl Draft {
    /// Makes the rest of the plan.
    ///
    /// # Errors
    /// The rows nobody knows yet; fetch them into the snapshot's references and ask again.
    pub fn finish(&mut self, mapping: &Mapping, snapshot: &Snapshot) -> Result<Plan, BTreeSet<Want>> {
        let patience = PATIENCE.saturating_mul(4_usize.saturating_pow(self.cut_short));
        let mut round = Round { mapping, snapshot, wanted: BTreeSet::new(), patience };
        let made = self.make(&mut round);
        self.cut_short += u32::from(round.patience == 0);
        made
    }

    fn make(&mut self, round: &mut Round<'_>) -> Result<Plan, BTreeSet<Want>> {
        let (mapping, snapshot) = (round.mapping, round.snapshot);
        self.linked.resize_with(snapshot.links.len(), || None);
        for (link, part) in snapshot.links.iter().zip(&mut self.linked).filter(|(_, part)| part.is_none()) {
            let giving = if mapping.flows_to(Side::Right) { Side::Left } else { Side::Right };
            let ids = || Sides::each(|side| (side == giving).then(|| link.ids.get(side).clone()));
            *part = round.part(ids, |planner| linked_pair(planner, link))?;
        }
        self.read(round)?;
        let pairs = pair(mapping, snapshot, &self.read, &self.carried);
        // Pairing reads linked records too: what they want is wanted now, not in the next round.
        round.is_settled()?;
        let is_open = |side: Side, id: &String| snapshot.open.get(side).contains(id);
        let (open, matched): (Vec<_>, Vec<_>) =
            pairs.matched.into_iter().partition(|ids| Side::BOTH.into_iter().any(|side| is_open(side, ids.get(side))));
        let mut order: Vec<Sides<Option<String>>> = matched.into_iter().map(|ids| ids.map(Some)).collect();
        for ids in &order {
            self.plan_unlinked(round, ids)?;
        }
        // A record that nothing may be born from is nobody's business while it is alone.
        for side in Side::BOTH.into_iter().filter(|side| mapping.flows_to(side.other())) {
            for id in pairs.alone.get(side).iter().filter(|id| !is_open(side, id)) {
                let mut ids = Sides::new(None, None);
                *ids.get_mut(side) = Some(id.clone());
                self.plan_unlinked(round, &ids)?;
                order.push(ids);
            }
        }
        if !round.wanted.is_empty() {
            return Err(mem::take(&mut round.wanted));
        }
        // The twin of one that cannot be read waits with it: alone, it would be born a second time.
        for ids in &order {
            let Some(trouble) = self.trouble(ids) else { continue };
            for (side, id, trouble) in told_of(ids.clone(), &trouble) {
                self.unreadable.get_mut(side).entry(id).or_insert(trouble);
            }
        }
        let mut plan = Plan::default();
        mem::take(&mut self.linked).into_iter().flatten().for_each(|part| plan.add(part));
        for side in Side::BOTH {
            let unreadable = mem::take(self.unreadable.get_mut(side));
            let told = unreadable.into_iter().filter(|(id, _)| !is_open(side, id));
            plan.unreadable.extend(told.map(|(id, trouble)| (side, id, trouble)));
        }
        plan.ambiguous = pairs.ambiguous.into_iter().filter(|one| !is_open(one.side, &one.id)).collect();
        plan.open = open;
        for ids in &order {
            let Some(mut part) = self.unlinked.remove(ids) else { continue };
            for planned in &mut part.pairs {
                planned.now = Sides::each(|side| {
                    let id = ids.get(side).as_ref();
                    id.and_then(|id| self.read.get_mut(side).remove(id)).unwrap_or_default()
                });
            }
            plan.add(part);
        }
        Ok(plan)
    }

    /// Reads the unlinked records.
    fn read(&mut self, round: &mut Round<'_>) -> Result<(), BTreeSet<Want>> {
        let (mapping, snapshot) = (round.mapping, round.snapshot);
        for side in Side::BOTH {
            let linked: BTreeSet<&str> = snapshot.links.iter().map(|link| link.ids.get(side).as_str()).collect();
            let (read, unreadable) = (self.read.get_mut(side), self.unreadable.get_mut(side));
            let (open, carried) = (self.open.get_mut(side), self.carried.get_mut(side));
            let integration = mapping.sides.get(side).integration.as_ref();
            for (id, record) in snapshot.records.get(side).iter().filter(|(id, _)| !linked.contains(id.as_str())) {
                if read.contains_key(id) && !open.remove(id) {
                    continue;
                }
                let body = record.body.value();
                if let Some(key) = integration.and_then(|path| scalar_text(&path.get(&body)?)) {
                    carried.insert(id.clone(), key);
                }
                round.silence();
                let found = mapping.read(side, id, &body, &snapshot.references);
                let silence = round.silence().map_or(Ok(()), Err);
                let fields = match silence.and(found) {
                    Ok(fields) => {
                        unreadable.remove(id);
                        fields
                    }
                    Err(trouble) => {
                        unreadable.insert(id.clone(), trouble);
                        mapping.read_keys(side, id, &body, &snapshot.references)
                    }
                };
                read.insert(id.clone(), fields);
                let settled = round.is_settled();
                if settled != Ok(true) {
                    open.insert(id.clone());
                }
                settled?;
            }
        }
        Ok(())
    }

    /// What keeps one of these records from being read.
    fn trouble(&self, ids: &Sides<Option<String>>) -> Option<Trouble> {
        Side::BOTH.into_iter().find_map(|side| self.unreadable.get(side).get(ids.get(side).as_ref()?).cloned())
    }

    /// Plans a pair that a key joins, or a record alone.
    fn plan_unlinked(&mut self, round: &mut Round<'_>, ids: &Sides<Option<String>>) -> Result<(), BTreeSet<Want>> {
        if self.unlinked.contains_key(ids) || self.trouble(ids).is_some() {
            return Ok(());
        }
        let snapshot = round.snapshot;
        let found = Sides::each(|side| {
            let id = ids.get(side).as_ref()?;
            let record = snapshot.records.get(side).get(id)?;
            Some((record, Unpacked::from(&record.body), self.read.get(side).get(id)?))
        });
        let seen = found.as_ref().map(|found| {
            let (record, body, fields) = found.as_ref()?;
            Some(Seen { record, body, fields })
        });
        let part = round.part(
            || ids.clone(),
            |planner| {
                let planned = match (seen.left, seen.right) {
                    (Some(left), Some(right)) => planner.joined(None, Sides::new(left, right)),
                    (Some(left), None) => Some(planner.alone(Side::Left, left)),
                    (None, Some(right)) => Some(planner.alone(Side::Right, right)),
                    (None, None) => None,
                };
                Plan::of(planned)
            },
        )?;
        let is_open = |side: Side| ids.get(side).as_ref().is_some_and(|id| self.open.get(side).contains(id));
        if let Some(part) = part.filter(|_| !Side::BOTH.into_iter().any(is_open)) {
            self.unlinked.insert(ids.clone(), part);
        }
        Ok(())
    }
}
