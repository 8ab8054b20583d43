//! The ordered writes a cycle intends, as plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::arrived::arrived;
use super::merge::{Verdict, Why, agreed_members, merge, same};
use super::{Snapshot, settle, unheeded, whole};
use crate::flaw::{self, Flaw};
use crate::link::{Half, Link};
use crate::mapping::field::{Field, Fields, Policy, Trouble, is_empty};
use crate::mapping::{Mapping, NewRow, Sent, Standing};
use crate::record::{Body, Record, Side, Sides, Unpacked};
use crate::reference::{folded, scalar_text};

/// What a cycle intends for one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The ids that are known.
    pub ids: Sides<Option<String>>,
    /// What people call it.
    pub name: String,
    /// How the two came together.
    pub origin: Origin,
    /// The link as it must be remembered before anything is sent; nothing for a birth.
    pub link: Option<Link>,
    /// True when `link` differs from what the store holds.
    pub remember: bool,
    /// The writes, left before right; a birth's stamp after the birth.
    pub steps: Vec<Step>,
    /// What both sides changed.
    pub conflicts: Vec<Conflict>,
    /// What waits.
    pub held: Vec<Held>,
    /// A write that the system refused before and that nobody changed since.
    pub quarantined: bool,
    /// What the records of both sides held; nothing where they were not compared.
    pub now: Sides<Fields>,
}

impl Planned {
    /// True when a record is to be born on a side.
    pub fn bears(&self, side: Side) -> bool {
        self.steps.iter().any(|step| step.side == side && matches!(step.act, Act::Create { .. }))
    }

    /// True when a step carries the value that won a conflict to the side that lost it.
    pub fn carries(&self, conflict: &Conflict) -> bool {
        let writes = |step: &&Step| Some(step.side) == conflict.loser();
        self.steps.iter().filter(writes).flat_map(|step| &step.moves).any(|one| one.field == conflict.field)
    }
}

/// How two records came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// They were linked before.
    Linked,
    /// They were linked before, and one of them was not shown when it was asked for: nothing was compared.
    Unseen,
    /// A key joined them now.
    Matched,
    /// One of them is about to be born.
    Born,
    /// One of them is gone.
    Gone,
    /// A rule says that it takes no part.
    LeftOut,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The side that is written.
    pub side: Side,
    /// What is done.
    pub act: Act,
    /// The exact body. What is only known later stands as `{"$later": …}`.
    pub body: Body,
    /// The fields it moves.
    pub moves: Vec<Move>,
    /// What other fields of the record will read as after it, by index.
    pub along: BTreeMap<usize, Value>,
    /// What stands in the members of groups that it empties, as the side shows it; else null.
    pub emptied: Value,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A record is born; it carries this key where the system has a place for it.
    Create {
        /// Our deterministic key.
        key: String,
    },
    /// A record changes.
    Update,
    /// The giving record gets the id of the newborn.
    Stamp,
}

/// A field that a step moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The field, by index.
    pub field: usize,
    /// Why.
    pub why: Why,
    /// What the written side will hold, when that is not what the giving side holds.
    pub becomes: Option<Value>,
}

/// A field that both sides changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The field, by index.
    pub field: usize,
    /// What each side holds.
    pub values: Sides<Value>,
    /// What each side held before.
    pub base: Sides<Option<Value>>,
    /// The side that wins; nobody until a person decides.
    pub winner: Option<Side>,
    /// What names the winner.
    pub by: Decision,
}

impl Conflict {
    /// A value that did not arrive: the side kept what it had.
    pub fn unheeded(field: usize, side: Side, values: Sides<&Value>) -> Self {
        let values = values.map(Clone::clone);
        Self { field, values, base: Sides::new(None, None), winner: Some(side), by: Decision::Unheeded }
    }

    /// The side that a write of this plan carries the winner's value to.
    pub fn loser(&self) -> Option<Side> {
        self.winner.filter(|_| self.by != Decision::Unheeded).map(Side::other)
    }
}

/// What stands in place of a policy where a side kept what it had: neither value arrives.
pub const UNHEEDED: &str = "it took the change and kept what it had";

/// What names the winner of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The mapping's policy.
    Policy,
    /// A person.
    Answer,
    /// The winner itself: it said that it took what was sent and kept what it had.
    Unheeded,
}

impl Decision {
    /// The word for it, as people and the store know it.
    pub fn word(self, policy: &Policy) -> String {
        match self {
            Self::Policy => policy.word(),
            Self::Answer => "answered".to_owned(),
            Self::Unheeded => UNHEEDED.to_owned(),
        }
    }
}

/// Something that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The side it would move to.
    pub side: Side,
    /// The field, when only one waits.
    pub field: Option<usize>,
    /// Why, in the words of the rule.
    pub reason: String,
    /// `file:line` of what holds it, when known.
    pub place: Option<String>,
}

/// Plans one mapping's pairs, one by one.
pub struct Planner<'a> {
    /// The mapping.
    pub mapping: &'a Mapping,
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// Rows of references to make first; each once.
    pub rows: Vec<NewRow>,
}

/// A record as a plan sees it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) record: &'a Record,
    pub(super) body: &'a Unpacked<'a>,
    pub(super) fields: &'a Fields,
}

impl Planner<'_> {
    /// Plans a pair of which both records are there.
    pub(super) fn joined(&mut self, link: Option<&Link>, seen: Sides<Seen<'_>>) -> Option<Planned> {
        let now = seen.map(|one| one.fields);
        let arrived = link.map(|link| arrived(self.mapping, link, &seen));
        let adopted = arrived.as_deref().map(|link| settle::adopt(self.mapping, link, &seen, self.snapshot.now_ms));
        let base = adopted.as_deref().map(|link| link.base.as_ref());
        let mut verdicts = merge(self.mapping, base, now);
        let mut planned = self.start(link, adopted.as_deref(), &seen);
        if let Some(held) = self.kept_out(&seen) {
            planned.held.push(held);
            return Some(planned);
        }
        match self.decide(&mut verdicts, base, &seen) {
            Ok(conflicts) => planned.conflicts = conflicts,
            Err(trouble) => {
                planned.held.push(held(Side::Right, trouble));
                return Some(planned);
            }
        }
        self.unlend(&mut verdicts, (link, base), now);
        planned.conflicts.extend(self.unheeded(&verdicts, arrived.as_deref(), &seen));
        self.agree(&mut planned, &verdicts, now);
        for side in Side::BOTH {
            self.send(&mut planned, side, &verdicts, &seen, base);
        }
        settle::finish(self.mapping, &mut planned, &seen);
        planned.remember = planned.link.as_ref() != link;
        let idle = planned.steps.is_empty() && planned.conflicts.is_empty() && planned.held.is_empty();
        (planned.remember || planned.quarantined || !idle).then_some(planned)
    }

    fn start(&self, link: Option<&Link>, adopted: Option<&Link>, seen: &Sides<Seen<'_>>) -> Planned {
        let ids = seen.map(|one| one.record.id.clone());
        let fresh = || Link { ids: ids.clone(), base: Sides::default(), gone: Sides::default(), held: BTreeMap::new() };
        Planned {
            ids: ids.clone().map(Some),
            name: self.name_of(seen.left.fields).or_else(|| self.name_of(seen.right.fields)).unwrap_or_default(),
            origin: if link.is_some() { Origin::Linked } else { Origin::Matched },
            link: Some(adopted.cloned().unwrap_or_else(fresh)),
            remember: false,
            steps: Vec::new(),
            conflicts: Vec::new(),
            held: Vec::new(),
            quarantined: false,
            now: Sides::default(),
        }
    }

    /// What people call a record: its first plain text.
    pub(super) fn name_of(&self, fields: &Fields) -> Option<String> {
        let plain = |side: &crate::mapping::field::End| !side.is_id && side.lookup.is_none() && side.table.is_empty();
        let index = self
            .mapping
            .fields
            .iter()
            .position(|field| !field.set && plain(&field.ends.left) && plain(&field.ends.right))?;
        scalar_text(fields.value(index))
    }

    fn kept_out(&self, seen: &Sides<Seen<'_>>) -> Option<Held> {
        Side::BOTH.into_iter().find_map(|side| self.keep(side, *seen.get(side)))
    }

    pub(super) fn keep(&self, side: Side, seen: Seen<'_>) -> Option<Held> {
        let rule = self.mapping.sides.get(side).keep.as_ref()?;
        let place = Some(rule.place.clone());
        let field = None;
        match self.mapping.rules.reason(rule, [(&**seen.body).into()], &self.snapshot.references) {
            Ok(reason) => Some(Held { side: side.other(), field, reason: reason?, place }),
            Err(error) => Some(held(side.other(), error.into())),
        }
    }

    /// True when two have met in a field before: what is filled there now had no twin then, and nobody typed it.
    pub(super) fn is_known(&self, base: Option<Sides<&Half>>, index: usize) -> bool {
        let known = |field: &Field| {
            base.is_some_and(|base| Side::BOTH.iter().any(|side| base.get(*side).fields.contains_key(&field.key)))
        };
        self.mapping.fields.get(index).is_some_and(known)
    }

    /// At a first meeting a value may equal one that only stands in for an empty one over there. Where it
    /// differs from its own lender, or did until we wrote that one, it is no copy: it is filled in, for the lender
    /// over there may give way.
    fn unlend(
        &self,
        verdicts: &mut [Verdict],
        (link, base): (Option<&Link>, Option<Sides<&Half>>),
        now: Sides<&Fields>,
    ) {
        for (index, field) in self.mapping.fields.iter().enumerate() {
            let known = base.is_some_and(|base| base.left.fields.contains_key(&field.key));
            if known || verdicts.get(index) != Some(&Verdict::Agreed) {
                continue;
            }
            for side in Side::BOTH.into_iter().filter(|side| now.get(*side).is_borrowed(index)) {
                let typed = now.get(side.other());
                let lender = field.ends.get(side.other()).if_empty;
                let written = |lender: usize| {
                    let key = &self.mapping.fields.get(lender)?.key;
                    link?.base.get(side.other()).under_way.get(key).map(|sent| &sent.before)
                };
                let lent = lender.map(|lender| written(lender).unwrap_or_else(|| typed.value(lender)));
                let is_own = lent.is_some_and(|lent| !same(field, lent, typed.value(index)));
                if let Some(verdict) = verdicts.get_mut(index).filter(|_| is_own && !typed.is_borrowed(index)) {
                    *verdict = Verdict::Follow { from: side.other(), why: Why::Filled };
                }
            }
        }
    }

    /// What a system says it took and left as it was: people are told what did not arrive. Sending it
    /// again would be in vain; back it goes only where a person has touched the record since, who may
    /// have typed what stood there before.
    fn unheeded(&self, verdicts: &[Verdict], link: Option<&Link>, seen: &Sides<Seen<'_>>) -> Vec<Conflict> {
        let found =
            link.map(|link| unheeded::found(self.mapping, link, seen, &self.snapshot.references)).unwrap_or_default();
        let unmoved = found.into_iter().filter(|(field, side)| match verdicts.get(*field) {
            Some(Verdict::Unchanged) => true,
            Some(Verdict::Follow { from, .. }) => from == side,
            // A member that did not go is back with the others.
            Some(Verdict::Union { .. }) => true,
            Some(Verdict::Agreed | Verdict::Conflict { .. }) | None => false,
        });
        unmoved.map(|(field, side)| Conflict::unheeded(field, side, seen.map(|one| one.fields.value(field)))).collect()
    }

    /// Moves the base where both sides already agree, of a set for each member.
    fn agree(&self, planned: &mut Planned, verdicts: &[Verdict], now: Sides<&Fields>) {
        let Some(link) = &mut planned.link else { return };
        for (index, verdict) in verdicts.iter().enumerate() {
            let Some(field) = self.mapping.fields.get(index) else { continue };
            if *verdict == Verdict::Agreed {
                for side in Side::BOTH {
                    let value = now.get(side).value(index).clone();
                    settle::know(link.base.get_mut(side), &field.key, value);
                }
            } else if matches!(verdict, Verdict::Union { .. }) {
                let now = now.map(|fields| fields.value(index));
                let is_quiet = |half: &Half| !half.under_way.contains_key(&field.key);
                let was = |half: &Half| half.fields.get(&field.key).filter(|_| is_quiet(half)).cloned();
                let (Some(left), Some(right)) = (was(&link.base.left), was(&link.base.right)) else { continue };
                for side in Side::BOTH {
                    if let Some(known) = agreed_members(field, side, Sides::new(&left, &right), now) {
                        link.base.get_mut(side).set(&field.key, known);
                    }
                }
            }
        }
    }

    /// Adds the write one side needs, if any.
    fn send(
        &mut self,
        planned: &mut Planned,
        side: Side,
        verdicts: &[Verdict],
        seen: &Sides<Seen<'_>>,
        base: Option<Sides<&Half>>,
    ) {
        let (values, whys) = self.wanted(side, verdicts, seen);
        if values.is_empty() {
            return;
        }
        let target = *seen.get(side);
        let source = *seen.get(side.other());
        let first: BTreeSet<usize> =
            values.keys().copied().filter(|index| !self.has_met(planned.link.as_ref(), *index)).collect();
        let body = whole::without_others(self.mapping, base, side, target.body);
        let agreed = base.map(|base| &*base.get(side.other()).fields);
        let standing = Standing { body: &body, fields: target.fields, first: &first, agreed };
        match self.mapping.update(side, &values, standing, &self.snapshot.references) {
            Err(trouble) => planned.held.push(held(side, trouble)),
            Ok(draft) => {
                let mut moves = Vec::new();
                for (index, sent) in &draft.sent {
                    let (Some(value), Some(why)) = (values.get(index), whys.get(index)) else { continue };
                    let looks_up = self.mapping.fields.get(*index).is_some_and(Field::looks_up);
                    match sent {
                        Sent::Held(trouble) => {
                            planned.held.push(Held { field: Some(*index), ..held(side, trouble.clone()) });
                        }
                        Sent::Kept if matches!(why, Why::Won | Why::Answered) => {
                            self.give_way(planned, (side, *index), seen);
                        }
                        // What is empty is filled once there is a twin.
                        Sent::Kept if looks_up && is_empty(target.fields.value(*index)) => {
                            self.agree_as_is(planned, (side, *index), seen);
                        }
                        // The base stays, so that it goes once there is a twin.
                        Sent::Kept => {}
                        Sent::Nothing => self.agree_as_is(planned, (side, *index), seen),
                        Sent::Written(becomes) => {
                            let given = source.fields.value(*index);
                            let becomes = becomes.clone().or_else(|| (given != value).then(|| value.clone()));
                            moves.push(Move { field: *index, why: *why, becomes });
                        }
                    }
                }
                if moves.is_empty() {
                    return;
                }
                // What was refused before the two met was a birth: a change is another thing.
                if planned.origin == Origin::Linked && self.is_blocked(side.other(), source.record) {
                    planned.quarantined = true;
                    return;
                }
                add_rows(&mut self.rows, draft.rows);
                planned.steps.push(Step {
                    side,
                    act: Act::Update,
                    body: Body::pack(&draft.body),
                    moves,
                    along: draft.along,
                    emptied: draft.emptied,
                });
            }
        }
    }

    /// True when both sides' halves know the field.
    fn has_met(&self, link: Option<&Link>, index: usize) -> bool {
        let known =
            |half: &Half| self.mapping.fields.get(index).is_some_and(|field| half.fields.contains_key(&field.key));
        link.is_some_and(|link| known(&link.base.left) && known(&link.base.right))
    }

    /// The side already holds all it can: the base moves without a write.
    fn agree_as_is(&self, planned: &mut Planned, (side, index): (Side, usize), seen: &Sides<Seen<'_>>) {
        let (Some(link), Some(field)) = (&mut planned.link, self.mapping.fields.get(index)) else { return };
        for each in [side, side.other()] {
            settle::know(link.base.get_mut(each), &field.key, seen.get(each).fields.value(index).clone());
        }
    }

    /// The conflict is settled, and what the side would hold has no twin yet. Its half alone is known, so that
    /// the winner's value goes once there is one, whoever is the newest then.
    fn give_way(&self, planned: &mut Planned, (side, index): (Side, usize), seen: &Sides<Seen<'_>>) {
        let (Some(link), Some(field)) = (&mut planned.link, self.mapping.fields.get(index)) else { return };
        settle::know(link.base.get_mut(side), &field.key, seen.get(side).fields.value(index).clone());
        settle::forget(link.base.get_mut(side.other()), &field.key);
    }

    /// The values one side must become, and why.
    fn wanted(
        &self,
        side: Side,
        verdicts: &[Verdict],
        seen: &Sides<Seen<'_>>,
    ) -> (BTreeMap<usize, Value>, BTreeMap<usize, Why>) {
        let (mut values, mut whys) = (BTreeMap::new(), BTreeMap::new());
        for (index, verdict) in verdicts.iter().enumerate() {
            let Some(field) = self.mapping.fields.get(index) else { continue };
            let (value, why) = match verdict {
                Verdict::Follow { from, why } if *from != side => {
                    let Some(value) = self.given(side, index, verdicts, seen) else { continue };
                    (value, *why)
                }
                Verdict::Union { value, why } if !same(field, value, seen.get(side).fields.value(index)) => {
                    (value.clone(), *why)
                }
                Verdict::Unchanged
                | Verdict::Agreed
                | Verdict::Conflict { .. }
                | Verdict::Follow { .. }
                | Verdict::Union { .. } => continue,
            };
            if flaw::is(Flaw::ClearedNotSent) && is_empty(&value) {
                continue;
            }
            values.insert(index, value);
            whys.insert(index, why);
        }
        (values, whys)
    }

    /// What the other side gives. A value that stands in for an empty one is what its lender will be; nothing when
    /// that is empty, for nobody emptied the value itself.
    fn given(&self, side: Side, index: usize, verdicts: &[Verdict], seen: &Sides<Seen<'_>>) -> Option<Value> {
        let from = seen.get(side.other()).fields;
        let lender = self.mapping.fields.get(index).and_then(|field| field.ends.get(side).if_empty);
        let Some(lender) = lender.filter(|_| from.is_borrowed(index)) else { return Some(from.value(index).clone()) };
        match verdicts.get(lender) {
            Some(Verdict::Follow { from: winner, .. }) => {
                Some(seen.get(*winner).fields.value(lender).clone()).filter(|value| !is_empty(value))
            }
            Some(Verdict::Unchanged | Verdict::Agreed | Verdict::Union { .. } | Verdict::Conflict { .. }) | None => {
                Some(from.value(index).clone())
            }
        }
    }

    pub(super) fn is_blocked(&self, side: Side, record: &Record) -> bool {
        let refused = self.snapshot.blocked.get(side).get(&record.id);
        !flaw::is(Flaw::RefusedAgain) && refused.is_some_and(|print| *print == record.body.print(self.mapping.print))
    }
}

/// Adds rows that are to be made, each once.
pub(super) fn add_rows(rows: &mut Vec<NewRow>, more: Vec<NewRow>) {
    for row in more {
        let known = |one: &NewRow| one.reference == row.reference && folded(&one.value) == folded(&row.value);
        if !rows.iter().any(known) {
            rows.push(row);
        }
    }
}

pub(super) fn held(side: Side, trouble: Trouble) -> Held {
    Held { side, field: None, reason: trouble.reason, place: Some(trouble.place) }
}

/// References shared by everything that reads in one reconciliation.
pub(super) type References = Arc<crate::reference::References>;
