//! Carrying out a plan: rows first, then memory, then the writes, at last the watermark.

use std::collections::BTreeSet;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::Value;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::carry::{Carried, Carrier, Rows};
use super::conclude::{Departed, Kept, OpenConflicts};
use super::newcomers::Newcomers;
use super::waiting::{Waits, planned_waits};
use super::{Error, Prepared, Report, Runner, Sibling};
use crate::connector::Outcome;
use crate::flaw::{self, Flaw};
use crate::link::Link;
use crate::record::{Side, Sides};
use crate::reference::folded;
use crate::store::{Change, Intent, Mark, Waiting};
use crate::sync::Plan;
use crate::sync::plan::{Act, Planned, Step};
use crate::sync::settle::{self, Image};

/// Pairs under way together, about a page: their intents are made durable in one flush.
const GROUP: usize = 100;
/// Changes of one batch.
const BATCH: usize = 500;
/// Settled conflicts that are kept.
const CONFLICTS_MAX: usize = 10_000;

/// What one execution carries along.
pub(super) struct Work {
    pub(super) cycle: u64,
    pub(super) snapshot: Kept,
    pub(super) waits: Waits,
    pub(super) open_conflicts: OpenConflicts,
    /// Records that are not done with: what is known of them stays.
    pub(super) kept: BTreeSet<(Side, String)>,
    /// Anything that keeps the watermark where it is.
    pub(super) loose_ends: u64,
    /// The first loose end that the reading left, in words.
    pub(super) loose: Option<String>,
    /// The first reason a step did not go out.
    pub(super) trouble: Option<String>,
    /// The records that creations of this cycle were answered with.
    pub(super) born: BTreeSet<(Side, String)>,
    /// The moment the lists were read at.
    read_ms: Sides<i64>,
    /// Who has come since.
    pub(super) newcomers: Sides<Newcomers>,
    /// The moment from which they are read again if they do not count.
    from_ms: Option<Sides<i64>>,
}

impl Work {
    pub(super) fn refuse(&mut self, waiting: Waiting) {
        self.waits.insert((waiting.side, waiting.id.clone()), waiting);
    }

    /// The pair is not done with: what waits of it is looked at in the next cycle.
    pub(super) fn keep(&mut self, planned: &Planned) {
        for side in Side::BOTH {
            self.kept.extend(planned.ids.get(side).clone().map(|id| (side, id)));
        }
    }

    /// The pair is left to the next cycle.
    pub(super) fn put_off(&mut self, planned: &Planned, why: String, report: &mut Report) {
        self.keep(planned);
        self.loose_ends += 1;
        self.loose.get_or_insert(why);
        report.deferred += 1;
    }

    pub(super) fn fail(&mut self, text: &str) {
        self.trouble.get_or_insert_with(|| text.to_owned());
    }
}

impl Runner {
    /// Carries out a plan.
    pub(super) async fn execute(&self, prepared: Prepared, report: &mut Report) -> Result<(), Error> {
        let Prepared { snapshot, plan, full, doubt, read_ms, from_ms, loose_ends, loose, .. } = prepared;
        let waits = planned_waits(&self.mapping, &snapshot, &plan, self.clock.now_ms());
        let mut work = Work {
            cycle: self.ledger.next_cycle(self.mapping.ends())?,
            waits,
            open_conflicts: self.open_conflicts()?,
            kept: BTreeSet::new(),
            loose_ends,
            loose,
            trouble: None,
            born: BTreeSet::new(),
            read_ms,
            newcomers: Newcomers::since(read_ms),
            from_ms,
            snapshot: Arc::new(snapshot),
        };
        report.deferred += loose_ends + u64::from(doubt);
        report.late = u64::try_from(plan.late.len()).unwrap_or(u64::MAX);
        let rows = self.make_rows(&mut work, &plan, report).await?;
        self.remember_all(&mut work, &plan, report)?;
        self.send_all(&mut work, &plan, rows, report).await?;
        self.settle_waits(&mut work, &plan, report)?;
        self.report_refusals(work.cycle).await?;
        self.close(&work, (full, doubt))?;
        report.failed = work.trouble.map(|text| format!("some steps wait: {text}"));
        Ok(())
    }

    fn open_conflicts(&self) -> Result<OpenConflicts, Error> {
        let open = self.ledger.open_conflicts()?;
        Ok(open
            .into_iter()
            .map(|conflict| {
                let name = conflict.field.split('#').next().unwrap_or_default().to_owned();
                ((conflict.ids.left.clone().unwrap_or_default(), name), conflict)
            })
            .collect())
    }

    /// Makes the reference rows that the plan needs.
    async fn make_rows(&self, work: &mut Work, plan: &Plan, report: &mut Report) -> Result<Rows, Error> {
        let mut made = Rows::new();
        for row in &plan.rows {
            let (system, resource) = row.reference.split_once('.').unwrap_or((&row.reference, ""));
            let connector = self.connector(system)?;
            let outcome = connector.create(resource, &row.body).await;
            self.cache.forget(&row.reference);
            match outcome {
                Outcome::Done { id: Some(id), row: answer } => {
                    let path = connector.system().resources.get(resource).map(|resource| &resource.id);
                    let typed = answer.zip(path).and_then(|(answer, path)| path.get(&answer.body));
                    let id = typed.unwrap_or_else(|| id.parse::<i64>().map_or_else(|_| id.into(), Value::from));
                    made.insert((row.reference.clone(), folded(&row.value)), Ok(id));
                    let why = format!("`{}` in {}", row.value, row.reference);
                    self.ledger.write(vec![self.entry(work.cycle, Sides::default(), "RowCreated", &why)])?;
                }
                Outcome::Refused { text } => {
                    made.insert((row.reference.clone(), folded(&row.value)), Err(text));
                }
                outcome @ (Outcome::Done { id: None, .. }
                | Outcome::Empty
                | Outcome::Unknown { .. }
                | Outcome::Gone { .. }
                | Outcome::Stale { .. }
                | Outcome::Duplicate { .. }
                | Outcome::Throttled { .. }
                | Outcome::Blocked { .. }
                | Outcome::Unauthorised { .. }
                | Outcome::Failed { .. }) => {
                    let text = outcome.text().unwrap_or("the answer names no id").to_owned();
                    work.fail(&format!("`{}` in {}: {text}", row.value, row.reference));
                    work.loose_ends += 1;
                    report.deferred += 1;
                }
            }
        }
        Ok(made)
    }

    /// Remembers what needs no call: agreements, twins, tombstones, conflicts that wait for a person.
    fn remember_all(&self, work: &mut Work, plan: &Plan, report: &mut Report) -> Result<(), Error> {
        let mut changes = Vec::new();
        for planned in &plan.pairs {
            changes.extend(self.remember(work, planned, report));
            if changes.len() >= BATCH {
                self.ledger.write(std::mem::take(&mut changes))?;
            }
        }
        self.ledger.write(changes)?;
        Ok(())
    }

    async fn send_all(&self, work: &mut Work, plan: &Plan, rows: Rows, report: &mut Report) -> Result<(), Error> {
        let ends = Sides::new(self.end(Side::Left)?, self.end(Side::Right)?);
        let carrier = Carrier {
            ends: ends.map(|(connector, resource)| (connector.clone(), resource.into())),
            keys: Sides::each(|side| {
                let path = self.mapping.sides.get(side).integration.as_ref();
                path.map(|path| path.text().into())
            }),
            rows: Arc::new(rows),
            closed: Sides::each(|_| Arc::new(AtomicBool::new(false))),
            stop: Arc::clone(&self.stop),
        };
        self.forget_lists(plan).await;
        let busy: Vec<&Planned> = plan.pairs.iter().filter(|planned| !planned.steps.is_empty()).collect();
        for group in busy.chunks(GROUP) {
            if self.is_stopping() {
                work.loose_ends += 1;
                work.fail("the process was asked to stop");
                break;
            }
            let group = self.not_overtaken(work, group, report)?;
            let group = self.not_forestalled(work, group, report).await?;
            let group = self.depart(work, &group)?;
            let mut under_way: JoinSet<(usize, Vec<Carried>)> = JoinSet::new();
            for (index, Departed { planned, .. }) in group.iter().enumerate() {
                let (carrier, ids, steps) = (carrier.clone(), planned.ids.clone(), planned.steps.clone());
                #[cfg(test)]
                let steps = if flaw::is(Flaw::RestEmptied) { self.without_rest(steps) } else { steps };
                under_way.spawn(async move { (index, carrier.carry(ids, steps).await) }.in_current_span());
            }
            // A write that has left is heard to its end, whatever becomes of another one.
            let mut ended_well = Ok(());
            while let Some(first) = under_way.join_next().await {
                // What was answered meanwhile is remembered with it, in one batch.
                let mut changes = Vec::new();
                for ended in iter::once(first).chain(iter::from_fn(|| under_way.try_join_next())) {
                    let Ok((index, carried)) = ended else {
                        work.loose_ends += 1;
                        continue;
                    };
                    let Some(departed) = group.get(index) else { continue };
                    match self.conclude(work, departed, carried, report) {
                        Ok(more) => changes.extend(more),
                        Err(error) => ended_well = ended_well.and(Err(error)),
                    }
                }
                ended_well = ended_well.and(self.ledger.write(changes).map_err(Error::from));
            }
            ended_well?;
        }
        // Who has read one meanwhile did not see all that was written.
        self.forget_lists(plan).await;
        self.ledger.flush()?;
        Ok(())
    }

    /// Ends what is shared of the lists that a plan writes to.
    async fn forget_lists(&self, plan: &Plan) {
        for side in Side::BOTH {
            if plan.pairs.iter().flat_map(|planned| &planned.steps).any(|step| step.side == side) {
                self.listings.forget(&self.mapping.sides.get(side).name()).await;
            }
        }
    }

    /// The steps, updates with what the mapping does not speak of emptied.
    #[cfg(test)]
    fn without_rest(&self, mut steps: Vec<Step>) -> Vec<Step> {
        for step in steps.iter_mut().filter(|step| step.act == Act::Update) {
            let (mapped, Ok((connector, resource))) = (self.mapping.sides.get(step.side), self.end(step.side)) else {
                continue;
            };
            let shape = connector.system().resources.get(resource).map(|resource| resource.shape.clone());
            let rest = shape.into_iter().flatten().filter(|(name, shape)| {
                !(shape.read_only || shape.required || name.contains('.') || mapped.roots.contains(name))
                    && matches!(shape.kind, crate::config::system::Kind::Text)
            });
            let mut body = step.body.value();
            for (name, _) in rest {
                body[name] = connector.system().empty.clone();
            }
            step.body = crate::record::Body::pack(&body);
        }
        steps
    }

    /// Leaves out the pairs of which another mapping has written a record since it was read: what it wrote is news here,
    /// and the next cycle sees it.
    fn not_overtaken<'a>(
        &self,
        work: &mut Work,
        group: &[&'a Planned],
        report: &mut Report,
    ) -> Result<Vec<&'a Planned>, Error> {
        let mut rest = Vec::with_capacity(group.len());
        for planned in group.iter().copied() {
            let Some(by) = self.overtaken_by(planned, work.read_ms)? else {
                rest.push(planned);
                continue;
            };
            work.put_off(planned, format!("{by} was written by another mapping since it was read"), report);
        }
        Ok(rest)
    }

    fn overtaken_by(&self, planned: &Planned, read_ms: Sides<i64>) -> Result<Option<String>, Error> {
        for step in planned.steps.iter().filter(|step| step.act == Act::Update) {
            let Some(id) = planned.ids.get(step.side) else { continue };
            for Sibling { ledger, there, .. } in self.siblings.iter().filter(|one| one.side == step.side) {
                let written = |link: Link| link.base.get(*there).is_written_after(*read_ms.get(step.side));
                if ledger.link(*there, id)?.is_some_and(written) {
                    return Ok(Some(format!("{} {id}", self.mapping.sides.get(step.side).name())));
                }
            }
        }
        Ok(None)
    }

    /// Every write leaves a durable trace before it leaves the house: a birth its intent, an update
    /// what it was to change, a conflict that it settles both values. The same flush makes durable
    /// what the group before was answered.
    fn depart<'a>(&self, work: &mut Work, group: &[&'a Planned]) -> Result<Vec<Departed<'a>>, Error> {
        let at_ms = self.clock.now_ms();
        let mut changes = Vec::new();
        let mut departed = Vec::with_capacity(group.len());
        for planned in group.iter().copied() {
            let now = self.images(planned, &work.snapshot);
            for step in &planned.steps {
                changes.extend(self.intent(planned, step, &now, at_ms).map(Change::PutIntent));
            }
            let link = planned.link.as_ref();
            let link = link.map(|link| settle::under_way(&self.mapping, link, &planned.steps, now.as_ref(), at_ms));
            changes.extend(link.clone().map(Change::PutLink));
            for conflict in planned.conflicts.iter().filter(|conflict| planned.carries(conflict)) {
                changes.extend(self.keep_conflict(work, planned, conflict, true));
            }
            departed.push(Departed { planned, now, link });
        }
        self.ledger.write(changes)?;
        if !flaw::is(Flaw::IntentNotFlushed) {
            self.ledger.flush()?;
        }
        Ok(departed)
    }

    /// The trace of a birth: the key it is found again by, and what both sides are to hold.
    fn intent(&self, planned: &Planned, step: &Step, now: &Sides<Image>, at_ms: i64) -> Option<Intent> {
        let Act::Create { key } = &step.act else { return None };
        let end = self.mapping.sides.get(step.side);
        let mut born = settle::born(&self.mapping, planned, step, ("", now.get(step.side.other())), None);
        settle::leaves(born.base.get_mut(step.side), at_ms);
        Some(Intent {
            key: key.clone(),
            side: step.side,
            from: planned.ids.get(step.side.other()).clone().unwrap_or_default(),
            integration: end.integration.as_ref().map(|_| key.clone()),
            body: step.body.clone(),
            at_ms,
            place: Some(format!("{}.{}", end.system, end.resource)),
            base: born.base,
            missed: false,
        })
    }

    /// The watermark moves last, and only when nothing is left over.
    fn close(&self, work: &Work, (full, doubt): (bool, bool)) -> Result<(), Error> {
        let done = work.loose_ends == 0 && work.trouble.is_none() && !self.is_stopping();
        if done || flaw::is(Flaw::MarkOnFailure) {
            let before = self.ledger.mark()?;
            // A cycle that looked at nothing read no reference.
            let mut rows = before.as_ref().map(|mark| mark.rows.clone()).unwrap_or_default();
            rows.extend(work.snapshot.references.whole());
            let read_ms = work.read_ms;
            let shows = |side: Side| *work.snapshot.listed.get(side) > 0;
            // An empty list proves nothing: the next one looks back as far.
            let back_to_ms = Sides::each(|side| {
                let from_ms = work.from_ms.filter(|_| !shows(side)).unwrap_or(read_ms);
                *from_ms.get(side)
            });
            let mark = Mark {
                rows,
                read_ms,
                back_to_ms: Some(back_to_ms),
                mapping: self.mapping.print,
                full_ms: if full {
                    // A side that shows nothing is compared once more before that is believed.
                    let believed = before.as_ref().is_some_and(|mark| mark.full_ms.is_none());
                    let all_show = Side::BOTH.into_iter().all(|side| shows(side) || !self.mapping.is_listed(side));
                    (all_show || believed).then_some(read_ms.left.min(read_ms.right))
                } else {
                    before.and_then(|mark| mark.full_ms).filter(|_| !doubt)
                },
            };
            // Everything before the mark is on the disk before the mark is.
            self.ledger.flush()?;
            self.ledger.write(vec![Change::PutMark(mark)])?;
        } else {
            let why = work.trouble.as_ref().or(work.loose.as_ref()).map_or("some steps wait", String::as_str);
            self.tell_of_cycle(work.cycle, "CycleUnfinished", why)?;
        }
        self.ledger.flush()?;
        self.ledger.trim_journal(self.journal_max)?;
        self.ledger.trim_conflicts(CONFLICTS_MAX)?;
        Ok(())
    }
}
