//! Records that wait: what is kept of them, and what people are told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::execute::Work;
use super::{Error, Report, Runner};
use crate::connector::Outcome;
use crate::mapping::{Mapping, filled, print_of};
use crate::record::{Side, Sides};
use crate::store::{Change, Wait, Waiting};
use crate::sync::plan::Origin;
use crate::sync::{Plan, Snapshot};

/// What waits after a cycle, by side and id.
pub(super) type Waits = BTreeMap<(Side, String), Waiting>;

/// A record kept back, with its body and print.
fn kept(
    mapping: &Mapping,
    snapshot: &Snapshot,
    (side, id): (Side, &str),
    (kind, reason): (Wait, &str),
    now_ms: i64,
) -> Waiting {
    let record = snapshot.records.get(side).get(id);
    Waiting {
        side,
        id: id.to_owned(),
        kind,
        reason: reason.to_owned(),
        place: None,
        since_ms: now_ms,
        last_ms: now_ms,
        body: record.map(|record| record.body.clone()),
        changed_ms: record.and_then(|record| record.changed_ms),
        print: record.map_or(0, |record| record.body.print(mapping.print)),
        reported: BTreeSet::new(),
        tries: 1,
        outcome: None,
    }
}

/// The quarantine entry of a refused write, kept with the record it came from.
pub(super) fn refused(
    mapping: &Mapping,
    (ids, refusing): (&Sides<Option<String>>, Side),
    snapshot: &Snapshot,
    text: &str,
    now_ms: i64,
) -> Waiting {
    let side = refusing.other();
    let id = ids.get(side).clone().unwrap_or_default();
    let mut waiting = kept(mapping, snapshot, (side, &id), (Wait::Quarantined, text), now_ms);
    waiting.outcome = Some("refused".to_owned());
    waiting
}

/// What a plan keeps from moving.
pub(super) fn planned_waits(mapping: &Mapping, snapshot: &Snapshot, plan: &Plan, now_ms: i64) -> Waits {
    let mut waits = Waits::new();
    for one in &plan.ambiguous {
        let waiting = kept(mapping, snapshot, (one.side, &one.id), (Wait::Ambiguous, &one.reason), now_ms);
        waits.insert((one.side, one.id.clone()), waiting);
    }
    for (side, id, trouble) in &plan.unreadable {
        let mut waiting = kept(mapping, snapshot, (*side, id), (Wait::Held, &trouble.reason), now_ms);
        waiting.place = Some(trouble.place.clone());
        waits.insert((*side, id.clone()), waiting);
    }
    for planned in plan.pairs.iter().filter(|planned| planned.origin != Origin::Gone) {
        for held in planned.held.iter().filter(|held| held.field.is_none()) {
            let side = held.side.other();
            let Some(id) = planned.ids.get(side) else { continue };
            let out = planned.origin == Origin::LeftOut;
            let kind = if out { Wait::LeftOut } else { Wait::Held };
            let mut waiting = kept(mapping, snapshot, (side, id), (kind, &held.reason), now_ms);
            waiting.place.clone_from(&held.place);
            // What takes no part is looked at again when it changes, and not before.
            waiting.body = waiting.body.filter(|_| !out);
            waits.insert((side, id.clone()), waiting);
        }
    }
    waits
}

impl Runner {
    /// Brings the store's waiting records up to date.
    pub(super) fn settle_waits(&self, work: &mut Work, plan: &Plan, report: &mut Report) -> Result<(), Error> {
        let stored = self.stored_waits()?;
        let aside: Sides<BTreeSet<&str>> = Sides::each(|side| {
            let late = plan.late.iter().map(|late| &late.ids);
            late.chain(&plan.open).map(|ids| ids.get(side).as_str()).collect()
        });
        let blocked: BTreeSet<(Side, &str)> = plan
            .pairs
            .iter()
            .filter(|planned| planned.quarantined)
            .flat_map(|planned| Side::BOTH.map(|side| (side, planned.ids.get(side).as_deref().unwrap_or_default())))
            .collect();
        // What a creation under way was made from stays as it was, until its outcome is known.
        work.kept.extend(self.ledger.intents()?.into_iter().map(|intent| (intent.side.other(), intent.from)));
        let mut changes = Vec::new();
        for ((side, id), old) in &stored {
            let slot = (*side, id.clone());
            if work.waits.contains_key(&slot) || work.kept.contains(&slot) {
                continue;
            }
            let seen = work.snapshot.records.get(*side).contains_key(id);
            let kept = aside.get(*side).contains(id.as_str())
                || (old.kind == Wait::Quarantined && blocked.contains(&(*side, id.as_str())));
            // Out of sight, a record that takes no part need not be known.
            let forgotten = old.kind == Wait::LeftOut && !seen;
            let vanished = *work.snapshot.complete.get(*side) && !seen && old.body.is_some();
            let gone = self.ledger.link(*side, id)?.is_some_and(|link| *link.gone.get(*side));
            if (seen && !kept) || vanished || forgotten || gone {
                changes.push(Change::RemoveWaiting { side: *side, id: id.clone() });
            }
        }
        for (slot, mut waiting) in std::mem::take(&mut work.waits) {
            if let Some(old) = stored.get(&slot) {
                let same = old.kind == waiting.kind && old.reason == waiting.reason;
                if same && old.print == waiting.print {
                    continue;
                }
                waiting.since_ms = if old.kind == waiting.kind { old.since_ms } else { waiting.since_ms };
                waiting.tries = old.tries.saturating_add(1);
                waiting.reported.clone_from(&old.reported);
            }
            if waiting.kind != Wait::Quarantined {
                let ids = one_side(slot.0, &slot.1);
                let event = match waiting.kind {
                    Wait::Ambiguous => "RecordAmbiguous",
                    Wait::LeftOut => "RecordLeftOut",
                    Wait::Held | Wait::Deferred | Wait::Quarantined => "RecordHeld",
                };
                let details = json!({ "why": waiting.reason, "place": waiting.place });
                changes.push(self.entry_of(work.cycle, ids, event, details));
            }
            changes.push(Change::PutWaiting(waiting));
        }
        self.ledger.write(changes)?;
        for waiting in self.stored_waits()?.into_values() {
            match waiting.kind {
                Wait::Held => report.held += 1,
                Wait::Quarantined => report.quarantined += 1,
                Wait::Ambiguous => report.ambiguous += 1,
                Wait::LeftOut => report.left_out += 1,
                Wait::Deferred => {}
            }
        }
        Ok(())
    }

    fn stored_waits(&self) -> Result<Waits, Error> {
        let mut stored = Waits::new();
        self.ledger.each_waiting(|waiting| {
            stored.insert((waiting.side, waiting.id.clone()), waiting);
        })?;
        Ok(stored)
    }

    /// Tells people about refusals, where they work: once for each distinct refusal.
    pub(super) async fn report_refusals(&self, cycle: u64) -> Result<(), Error> {
        for (slot, mut waiting) in self.stored_waits()? {
            let refusing = waiting.side.other();
            let Some(report) = &self.mapping.sides.get(refusing).report else { continue };
            let print = print_of(&waiting.reason);
            if waiting.kind != Wait::Quarantined || waiting.reported.contains(&print) || self.is_stopping() {
                continue;
            }
            // Told at most once: what is on its way is remembered before it leaves.
            waiting.reported.insert(print);
            self.ledger.write(vec![Change::PutWaiting(waiting.clone())])?;
            self.ledger.flush()?;
            let body = filled(&filled(&report.body, "id", &waiting.id), "reason", &waiting.reason);
            let outcome = self.connector(&report.system)?.create(&report.resource, &numbered(body)).await;
            let ids = one_side(slot.0, &slot.1);
            match &outcome {
                Outcome::Done { .. } | Outcome::Empty | Outcome::Unknown { .. } => {
                    self.ledger.write(vec![self.entry(cycle, ids, "RefusalReported", &waiting.reason)])?;
                }
                other @ (Outcome::Gone { .. }
                | Outcome::Stale { .. }
                | Outcome::Duplicate { .. }
                | Outcome::Refused { .. }
                | Outcome::Throttled { .. }
                | Outcome::Blocked { .. }
                | Outcome::Unauthorised { .. }
                | Outcome::Failed { .. }) => {
                    let text = other.text().unwrap_or_default();
                    tracing::warn!(mapping = self.mapping.name, reason = text, "a refusal could not be reported");
                    waiting.reported.remove(&print);
                    self.ledger.write(vec![Change::PutWaiting(waiting)])?;
                }
            }
        }
        Ok(())
    }
}

/// One side's id alone.
pub(super) fn one_side(side: Side, id: &str) -> Sides<Option<String>> {
    let mut ids = Sides::new(None, None);
    *ids.get_mut(side) = Some(id.to_owned());
    ids
}

/// A text that is nothing but digits stands for an id: it goes as a number.
fn numbered(body: Value) -> Value {
    match body {
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, numbered(value))).collect()),
        Value::String(text) => text.parse::<i64>().map_or_else(|_| Value::String(text), Value::from),
        Value::Array(list) => list.into_iter().map(numbered).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => body,
    }
}
