//! From outcomes to memory: what the store must hold after the steps of one pair.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::carry::Carried;
use super::execute::Work;
use super::gather::record_of;
use super::tell::{is_done, kept};
use super::waiting::refused;
use super::{Error, Report, Runner};
use crate::connector::{Outcome, Row};
use crate::flaw::{self, Flaw};
use crate::link::Link;
use crate::record::{Record, Side, Sides};
use crate::store::{Change, Conflict as StoredConflict, Wait, Waiting};
use crate::sync::Snapshot;
use crate::sync::merge::{Why, same};
use crate::sync::plan::{Act, Conflict, Origin, Planned, Step};
use crate::sync::settle::{self, Image};
use crate::sync::unheeded;

impl Runner {
    /// What a side is known to hold.
    pub(super) fn image(&self, side: Side, record: &Record, snapshot: &Snapshot) -> Option<Image> {
        let fields = self.mapping.read(side, &record.id, &record.body.value(), &snapshot.references).ok()?;
        Some(Image { fields, print: record.body.print(self.mapping.print), changed_ms: record.changed_ms })
    }

    /// What both sides were seen to hold when the pair was planned.
    pub(super) fn images(&self, planned: &Planned, snapshot: &Snapshot) -> Sides<Image> {
        Sides::each(|side| {
            let record = planned.ids.get(side).as_ref().and_then(|id| snapshot.records.get(side).get(id));
            let image = |record: &Record| Image {
                fields: planned.now.get(side).clone(),
                print: record.body.print(self.mapping.print),
                changed_ms: record.changed_ms,
            };
            record.map(image).unwrap_or_default()
        })
    }

    /// What must be remembered of a pair although nothing is sent.
    pub(super) fn remember(&self, work: &mut Work, planned: &Planned, report: &mut Report) -> Vec<Change> {
        let mut changes = Vec::new();
        if let Some(link) = planned.link.as_ref().filter(|_| flaw::is(Flaw::TombstoneForgotten))
            && planned.origin == Origin::Gone
        {
            changes.push(Change::RemoveLink(link.ids.clone()));
        } else if let Some(link) = planned.link.as_ref().filter(|_| planned.remember) {
            changes.push(Change::PutLink(link.clone()));
        }
        let ids = planned.ids.clone();
        match planned.origin {
            Origin::Matched if planned.remember => {
                report.linked += 1;
                changes.push(self.entry(work.cycle, ids.clone(), "RecordsLinked", "a key joins them"));
            }
            Origin::Gone => {
                report.gone += 1;
                let told = planned.held.iter().map(|held| held.reason.as_str());
                changes.extend(told.map(|why| self.entry(work.cycle, ids.clone(), "RecordGone", why)));
            }
            Origin::Matched | Origin::Linked | Origin::Unseen | Origin::Born | Origin::LeftOut => {}
        }
        for held in &planned.held {
            let at = held.field.and_then(|index| Some((index, self.mapping.fields.get(index)?)));
            let Some((index, field)) = at else { continue };
            report.held += 1;
            // Told once: as long as the link remembers the same reason, nothing new happened.
            let left = ids.left.as_ref().filter(|_| planned.origin == Origin::Linked);
            let known = left.and_then(|left| self.ledger.link(Side::Left, left).ok().flatten());
            if known.is_none_or(|known| known.held.get(&field.name) != Some(&held.reason)) {
                changes.push(self.field_held((work.cycle, &work.snapshot), (planned, held), (index, field)));
            }
        }
        changes.extend(self.close_conflicts(work, planned));
        for conflict in &planned.conflicts {
            report.conflicts += 1;
            // What was decided and waits is not settled.
            if conflict.winner.is_none() || is_held(planned, conflict.field) {
                changes.extend(self.keep_conflict(work, planned, conflict, true));
            } else if !planned.carries(conflict) {
                changes.extend(self.keep_conflict(work, planned, conflict, false));
            }
        }
        changes
    }

    /// Keeps a conflict with both values; one that is open already keeps its name while it waits for a person. What
    /// was decided stays open until the write that carries it is answered, and is told then.
    pub(super) fn keep_conflict(
        &self,
        work: &mut Work,
        planned: &Planned,
        conflict: &Conflict,
        open: bool,
    ) -> Vec<Change> {
        let Some(field) = self.mapping.fields.get(conflict.field) else { return Vec::new() };
        if flaw::is(Flaw::LoserNotTold) && conflict.winner.is_some() {
            return Vec::new();
        }
        let slot = (planned.ids.left.clone().unwrap_or_default(), field.name.clone());
        // What was decided may have been written: it stays told beside what came after it.
        let is_over = |before: &&StoredConflict| before.winner.is_some() && before.values != conflict.values;
        let before = work.open_conflicts.get(&slot);
        let over = before.filter(is_over).cloned();
        let before = before.filter(|before| !is_over(before));
        if before.is_some_and(|before| before.open == open && before.values == conflict.values) {
            return Vec::new();
        }
        let at_ms = self.clock.now_ms();
        let id =
            before.map_or_else(|| StoredConflict::name(at_ms, &planned.ids, &field.name), |before| before.id.clone());
        let policy = self.mapping.policy_of(conflict.field);
        let stored = StoredConflict {
            id,
            at_ms: before.map_or(at_ms, |before| before.at_ms),
            ids: planned.ids.clone(),
            field: field.key.clone(),
            label: field.label.clone(),
            values: conflict.values.clone(),
            base: conflict.base.clone(),
            winner: conflict.winner,
            policy: conflict.by.word(policy),
            // An answer is one to the values that the person saw.
            answered: before.filter(|before| before.values == conflict.values).and_then(|one| one.answered.clone()),
            open: true,
        };
        let mut changes = over.map(|over| self.settled(work.cycle, over)).unwrap_or_default();
        if !open {
            work.open_conflicts.remove(&slot);
            changes.extend(self.settled(work.cycle, stored));
            return changes;
        }
        if conflict.winner.is_none() {
            let mut facts = facts_of(&stored);
            // An answer that was given to other values is void, and that is told.
            let void = before.is_some_and(|before| before.answered.is_some() && before.values != conflict.values);
            if let Some(facts) = facts.as_object_mut().filter(|_| void) {
                facts.insert("void".to_owned(), json!(true));
            }
            changes.push(self.entry_of(work.cycle, planned.ids.clone(), "ConflictFound", facts));
        }
        work.open_conflicts.insert(slot, stored.clone());
        changes.push(Change::PutConflict(stored));
        changes
    }

    /// Closes a conflict and tells both values.
    fn settled(&self, cycle: u64, conflict: StoredConflict) -> Vec<Change> {
        let told = self.entry_of(cycle, conflict.ids.clone(), "ConflictSettled", facts_of(&conflict));
        vec![Change::PutConflict(StoredConflict { open: false, ..conflict }), told]
    }

    /// Closes the open conflicts of a pair that is not in conflict any more: people agreed by hand, the write that
    /// settled it had arrived although its answer was lost, or one of the two is gone.
    fn close_conflicts(&self, work: &mut Work, planned: &Planned) -> Vec<Change> {
        let is_looked_at = match planned.origin {
            Origin::Linked => planned.held.iter().all(|held| held.field.is_some()),
            Origin::Gone => true,
            Origin::Matched | Origin::Unseen | Origin::Born | Origin::LeftOut => false,
        };
        let Some(left) = planned.ids.left.as_ref().filter(|_| is_looked_at) else { return Vec::new() };
        let names = |conflict: &Conflict| self.mapping.fields.get(conflict.field).map(|field| field.name.as_str());
        let still: Vec<&str> = planned.conflicts.iter().filter_map(names).collect();
        let over: Vec<(String, String)> = work
            .open_conflicts
            .range((left.clone(), String::new())..)
            .take_while(|(slot, _)| slot.0 == *left)
            .map(|(slot, _)| slot.clone())
            .filter(|(_, name)| !still.contains(&name.as_str()))
            .collect();
        let over = over.iter().filter_map(|slot| work.open_conflicts.remove(slot)).collect::<Vec<_>>();
        // An answer that nothing was decided by was never carried out.
        let carried_out =
            |one: StoredConflict| StoredConflict { answered: one.answered.filter(|_| one.winner.is_some()), ..one };
        over.into_iter().map(carried_out).flat_map(|conflict| self.settled(work.cycle, conflict)).collect()
    }

    /// What the store must hold after the steps of a pair were answered.
    pub(super) fn conclude(
        &self,
        work: &mut Work,
        departed: &Departed<'_>,
        carried: Vec<Carried>,
        report: &mut Report,
    ) -> Result<Vec<Change>, Error> {
        let Departed { planned, now, link: before } = departed;
        let mut changes = Vec::new();
        let mut link = before.clone();
        let mut ids = planned.ids.clone();
        let arrived = arrived(&carried);
        for one in carried {
            let step = &one.step;
            match &one.outcome {
                Outcome::Done { id, row } => {
                    let answer = self.answer(step.side, row.clone(), &work.snapshot);
                    changes.extend(self.tell_unheeded(work, departed, step, answer.as_ref()));
                    let done = self.done(planned, &one, (id.clone(), answer.as_ref()), link.as_ref(), now);
                    let Some(next) = done else {
                        self.unknown(work, planned, report);
                        break;
                    };
                    if let Some(text) = self.taken(work, step, &next)? {
                        let outcome = Outcome::Duplicate { id: None, key: None, text };
                        let refused = Carried { step: step.clone(), outcome, sent: one.sent.clone() };
                        changes.extend(self.undone(work, (departed, &ids), &refused, report)?);
                        break;
                    }
                    if let Act::Create { key } = &step.act {
                        *ids.get_mut(step.side) = Some(next.ids.get(step.side).clone());
                        changes.push(Change::RemoveIntent { key: key.clone() });
                    }
                    changes.extend(self.still_refused(planned, step, now.get(step.side), answer.as_ref())?);
                    self.count(step, report);
                    changes.push(self.told((work.cycle, &work.snapshot), &ids, planned, &one, now));
                    link = Some(next);
                }
                Outcome::Empty => {
                    let done = self.done(planned, &one, (None, None), link.as_ref(), now);
                    link = done.or(link);
                }
                Outcome::Unknown { .. }
                | Outcome::Gone { .. }
                | Outcome::Stale { .. }
                | Outcome::Duplicate { .. }
                | Outcome::Refused { .. }
                | Outcome::Throttled { .. }
                | Outcome::Blocked { .. }
                | Outcome::Unauthorised { .. }
                | Outcome::Failed { .. } => {
                    link = link.map(|link| self.unmoved(link, departed, step, &one.outcome));
                    changes.extend(self.undone(work, (departed, &ids), &one, report)?);
                }
            }
        }
        for conflict in planned.conflicts.iter().filter(|conflict| planned.carries(conflict)) {
            let arrived = conflict.loser().is_some_and(|loser| *arrived.get(loser));
            if arrived && !is_held(planned, conflict.field) {
                changes.extend(self.keep_conflict(work, planned, conflict, false));
            }
        }
        changes.extend(link.filter(|link| before.as_ref() != Some(link)).map(Change::PutLink));
        Ok(changes)
    }

    /// What we write ourselves is no change that a refused record waits for, unless the answer shows
    /// that a person changed it meanwhile.
    fn still_refused(
        &self,
        planned: &Planned,
        step: &Step,
        before: &Image,
        answer: Option<&Image>,
    ) -> Result<Option<Change>, Error> {
        let ours = |image: &&Image| {
            self.mapping.fields.iter().enumerate().all(|(index, field)| {
                step.moves.iter().any(|one| one.field == index)
                    || same(field, before.fields.value(index), image.fields.value(index))
            })
        };
        let answer = answer.filter(|_| planned.quarantined).filter(ours);
        let (Some(image), Some(id)) = (answer, planned.ids.get(step.side)) else { return Ok(None) };
        let waiting = self.ledger.waiting(step.side, id)?.filter(|waiting| waiting.kind == Wait::Quarantined);
        Ok(waiting.map(|waiting| Change::PutWaiting(Waiting { print: image.print, ..waiting })))
    }

    /// Tells what a system says it took and shows as it was.
    fn tell_unheeded(
        &self,
        work: &mut Work,
        Departed { planned, now, link }: &Departed<'_>,
        step: &Step,
        answer: Option<&Image>,
    ) -> Vec<Change> {
        let (Some(link), Some(image)) = (link, answer) else { return Vec::new() };
        let mut changes = Vec::new();
        for field in unheeded::shown_by(&self.mapping, link, step, image) {
            let values = Sides::each(|side| if side == step.side { image } else { now.get(side) }.fields.value(field));
            let conflict = Conflict::unheeded(field, step.side, values);
            changes.extend(self.keep_conflict(work, planned, &conflict, false));
        }
        changes
    }

    fn answer(&self, side: Side, row: Option<Row>, snapshot: &Snapshot) -> Option<Image> {
        row.and_then(|row| self.image(side, &record_of(&self.mapping, side, row), snapshot))
    }

    fn done(
        &self,
        planned: &Planned,
        Carried { step, sent, .. }: &Carried,
        (id, answer): (Option<String>, Option<&Image>),
        link: Option<&Link>,
        now: &Sides<Image>,
    ) -> Option<Link> {
        let mut link = match (&step.act, link) {
            (Act::Create { .. }, _) => {
                let giving = now.get(step.side.other());
                settle::born(&self.mapping, planned, step, (&id?, giving), answer)
            }
            (Act::Update, Some(link)) => settle::updated(&self.mapping, link, step, now.as_ref(), answer),
            (Act::Stamp, Some(link)) => settle::stamped(&self.mapping, link, step, answer),
            (Act::Update | Act::Stamp, None) => return None,
        };
        let half = link.base.get_mut(step.side);
        half.wrote_ms = Some(self.clock.now_ms());
        settle::arrives(half, sent.served_ms);
        Some(link)
    }

    fn count(&self, step: &Step, report: &mut Report) {
        let system = self.mapping.sides.get(step.side).system.clone();
        match step.act {
            Act::Create { .. } => *report.created.entry(system).or_default() += 1,
            // What a creation must not carry belongs to its birth as well.
            Act::Update if step.moves.iter().all(|one| one.why == Why::Born) => {}
            Act::Update => {
                *report.updated.entry(system).or_default() += 1;
                let put_back = step.moves.iter().filter(|one| one.why == Why::PutBack).count();
                report.put_back += u64::try_from(put_back).unwrap_or(u64::MAX);
            }
            // A stamp belongs to its birth.
            Act::Stamp => {}
        }
    }

    /// Why what a creation was answered with is no newborn: it is the twin of another record, and stays that.
    fn taken(&self, work: &mut Work, step: &Step, next: &Link) -> Result<Option<String>, Error> {
        if !matches!(step.act, Act::Create { .. }) {
            return Ok(None);
        }
        let id = next.ids.get(step.side);
        let is_twin = self.ledger.link(step.side, id)?.is_some_and(|link| link.ids != next.ids);
        let is_new = work.born.insert((step.side, id.clone()));
        Ok((is_twin || !is_new).then(|| format!("the answer names `{id}`, which is linked already")))
    }

    /// The link after a step that did not do what it should.
    fn unmoved(&self, link: Link, departed: &Departed<'_>, step: &Step, outcome: &Outcome) -> Link {
        match (outcome, &departed.planned.link) {
            // Nobody knows whether it arrived: that shows when the record next passes by.
            (Outcome::Unknown { .. }, _) => link,
            (Outcome::Gone { .. }, _) => settle::gone(&link, step.side),
            (_, Some(before)) if step.act == Act::Update => {
                settle::not_sent(&self.mapping, &link, before, step, departed.now.get(step.side.other()))
            }
            (_, _) => link,
        }
    }

    /// Something is left over: the watermark stays, and so does what is known of both records.
    fn unknown(&self, work: &mut Work, planned: &Planned, report: &mut Report) {
        work.loose_ends += 1;
        work.keep(planned);
        report.deferred += 1;
    }

    /// What must be remembered of a step that did not do what it should.
    fn undone(
        &self,
        work: &mut Work,
        (Departed { planned, now, .. }, ids): (&Departed<'_>, &Sides<Option<String>>),
        one: &Carried,
        report: &mut Report,
    ) -> Result<Vec<Change>, Error> {
        let Carried { step, outcome, .. } = one;
        let tell =
            |event: &str, text: &str| self.untold((work.cycle, &work.snapshot), (event, text), planned, one, now);
        let intent = match &step.act {
            Act::Create { key } => Some(Change::RemoveIntent { key: key.clone() }),
            Act::Update | Act::Stamp => None,
        };
        let mut changes = Vec::new();
        match outcome {
            // Nobody knows whether it happened: the intent stays and is searched for.
            Outcome::Unknown { text } => {
                changes.push(tell("OutcomeLost", text));
                self.unknown(work, planned, report);
                changes.extend(intent.filter(|_| flaw::is(Flaw::LostCreateForgotten)));
                return Ok(changes);
            }
            Outcome::Duplicate { id: Some(id), text, .. } => {
                let mut both = planned.ids.clone().map(Option::unwrap_or_default);
                id.clone_into(both.get_mut(step.side));
                let joined = self.join(step.side, both, Sides::default(), text)?;
                if joined.is_empty() {
                    changes.push(tell("RecordRefused", text));
                    work.refuse(refused(&self.mapping, (ids, step.side), &work.snapshot, text, self.clock.now_ms()));
                } else {
                    report.linked += 1;
                    work.keep(planned);
                }
                changes.extend(joined);
            }
            Outcome::Refused { text } | Outcome::Duplicate { id: None, text, .. } => {
                changes.push(tell("RecordRefused", text));
                work.refuse(refused(&self.mapping, (ids, step.side), &work.snapshot, text, self.clock.now_ms()));
            }
            Outcome::Gone { text } => {
                changes.push(tell("RecordGone", text));
                report.gone += 1;
            }
            Outcome::Stale { text }
            | Outcome::Throttled { text, .. }
            | Outcome::Blocked { text, .. }
            | Outcome::Unauthorised { text }
            | Outcome::Failed { text } => {
                changes.push(tell("StepDeferred", text));
                work.fail(text);
                self.unknown(work, planned, report);
            }
            Outcome::Done { .. } | Outcome::Empty => {}
        }
        changes.extend(intent);
        Ok(changes)
    }
}

/// A pair whose steps are about to leave.
pub(super) struct Departed<'a> {
    pub(super) planned: &'a Planned,
    /// What both sides held.
    pub(super) now: Sides<Image>,
    /// The link as the store holds it meanwhile.
    pub(super) link: Option<Link>,
}

/// On which sides a step did what it should.
fn arrived(carried: &[Carried]) -> Sides<bool> {
    Sides::each(|side| carried.iter().any(|one| one.step.side == side && is_done(&one.outcome)))
}

/// What the journal is told of a conflict.
fn facts_of(conflict: &StoredConflict) -> serde_json::Value {
    json!({
        "field": conflict.label, "left": kept(&conflict.values.left), "right": kept(&conflict.values.right),
        "winner": conflict.winner, "policy": conflict.policy,
    })
}

/// True when a field of a pair waits.
fn is_held(planned: &Planned, field: usize) -> bool {
    planned.held.iter().any(|held| held.field == Some(field))
}

/// Open conflicts by left id and field name.
pub(super) type OpenConflicts = BTreeMap<(String, String), StoredConflict>;

/// A snapshot that outlives its plan.
pub(super) type Kept = Arc<Snapshot>;
