//! Who wins where both sides changed, or where two meet for the first time.

use std::collections::BTreeSet;

use serde_json::Value;

use super::merge::{Verdict, Why, same};
use super::plan::{Conflict, Decision, Planner, Seen};
use super::whole;
use crate::link::Half;
use crate::mapping::field::{Policy, Trouble, is_empty};
use crate::record::{Side, Sides};

/// In milliseconds.
const SECOND_MS: i64 = 1_000;

impl Planner<'_> {
    /// Takes the mapping's decision on every conflict; fields that belong together fall together.
    pub(super) fn decide(
        &self,
        verdicts: &mut [Verdict],
        base: Option<Sides<&Half>>,
        seen: &Sides<Seen<'_>>,
    ) -> Result<Vec<Conflict>, Trouble> {
        let mut conflicts = Vec::new();
        let mut done: BTreeSet<usize> = BTreeSet::new();
        for index in 0..verdicts.len() {
            let members = self.mapping.together(&index);
            if members.len() > 1 && !done.insert(members.first().copied().unwrap_or(index)) {
                continue;
            }
            if members.len() > 1 {
                self.move_whole(verdicts, members, base);
            }
            if let Some(first) = whole::clash(verdicts, members, |index| self.is_known(base, index)) {
                self.fall(verdicts, (members, first), base, seen, &mut conflicts)?;
            } else if members.len() > 1 {
                self.leave_whole(verdicts, members, seen);
            }
        }
        Ok(conflicts)
    }

    fn fall(
        &self,
        verdicts: &mut [Verdict],
        (members, first): (&[usize], bool),
        base: Option<Sides<&Half>>,
        seen: &Sides<Seen<'_>>,
        conflicts: &mut Vec<Conflict>,
    ) -> Result<(), Trouble> {
        let alone = members.len() == 1;
        let is_at_odds = |index: &usize| {
            let [left, right] = Side::BOTH.map(|side| seen.get(side).fields.value(*index));
            let rests = matches!(verdicts.get(*index), Some(Verdict::Unchanged | Verdict::Agreed));
            !rests && self.mapping.fields.get(*index).is_some_and(|field| !same(field, left, right))
        };
        let at_odds: Vec<usize> = members.iter().copied().filter(is_at_odds).collect();
        let decided = self.decided(&at_odds, seen);
        let answer = decided.filter(|(_, by)| *by == Decision::Answer);
        for index in at_odds {
            let (Some(field), Some(verdict)) = (self.mapping.fields.get(index), verdicts.get_mut(index)) else {
                continue;
            };
            let values = seen.map(|one| one.fields.value(index));
            let winner = match decided {
                Some((side, _)) => Some(side),
                None => self.winner(members, index, seen)?,
            };
            let half = |side: Side| base.and_then(|base| base.get(side).fields.get(&field.key)).cloned();
            conflicts.push(Conflict {
                field: index,
                values: values.map(Clone::clone),
                base: Sides::each(half),
                winner,
                by: if answer.is_some() { Decision::Answer } else { Decision::Policy },
            });
            let why = if answer.is_some() { Why::Answered } else { Why::Won };
            *verdict = match winner {
                None => Verdict::Unchanged,
                // Empty is not delete: at a first meeting nobody typed the emptiness. What belongs together
                // is one value, though: half an address of one and half of the other is nobody's.
                Some(from) if first && alone && is_empty(values.get(from)) => Verdict::Agreed,
                Some(from) => Verdict::Follow { from, why },
            };
        }
        Ok(())
    }

    fn winner(&self, members: &[usize], index: usize, seen: &Sides<Seen<'_>>) -> Result<Option<Side>, Trouble> {
        let rule = match self.mapping.policy_of(index) {
            Policy::Wins(side) => return Ok(Some(*side)),
            Policy::Ask => return Ok(None),
            Policy::Newest => return Ok(Some(newest(seen.map(|one| one.record.changed_ms)))),
            Policy::Rule(rule) => rule,
        };
        let lead = members.first().copied().unwrap_or(index);
        let values = seen.map(|one| one.fields.value(lead));
        let answer =
            self.mapping.rules.call(rule, [values.left.into(), values.right.into()], &self.snapshot.references)?;
        match answer.as_str() {
            Some("left") => Ok(Some(Side::Left)),
            Some("right") => Ok(Some(Side::Right)),
            None if answer.is_null() => Ok(None),
            _ => {
                let reason =
                    format!("`{}` gave {answer}: `on_conflict` wants \"left\", \"right\" or ()", rule.function);
                Err(Trouble { reason, place: rule.place.clone() })
            }
        }
    }

    /// Who wins among fields that fall together and are at odds, where that was settled before. A person's answer to
    /// any of them is one to all, for the values that they saw. What the policy decided holds for as long as it was
    /// about all of them, with these values: our own writes make nobody newer.
    pub(super) fn decided(&self, at_odds: &[usize], seen: &Sides<Seen<'_>>) -> Option<(Side, Decision)> {
        let slot = |index: usize| Some((seen.left.record.id.clone(), self.mapping.fields.get(index)?.name.clone()));
        let is_still = |index: usize, then: &Sides<Value>| then.as_ref() == seen.map(|one| one.fields.value(index));
        let answer = at_odds.iter().find_map(|index| {
            let (side, then) = self.snapshot.answers.get(&slot(*index)?)?;
            then.as_ref().is_none_or(|then| is_still(*index, then)).then_some(*side)
        });
        if let Some(side) = answer {
            return Some((side, Decision::Answer));
        }
        let sides = at_odds.iter().map(|index| {
            let (side, then) = self.snapshot.decided.get(&slot(*index)?)?;
            is_still(*index, then).then_some(*side)
        });
        let sides = sides.collect::<Option<Vec<Side>>>()?;
        let first = *sides.first()?;
        sides.iter().all(|side| *side == first).then_some((first, Decision::Policy))
    }
}

/// The side that changed last, as far as the coarser of two stamps tells: one of whole seconds says no
/// more than that. A record without a stamp is older than any with one, and a tie goes to the left.
fn newest(changed_ms: Sides<Option<i64>>) -> Side {
    let whole = |ms: &Option<i64>| ms.is_some_and(|ms| ms % SECOND_MS == 0);
    let unit = if Side::BOTH.iter().any(|side| whole(changed_ms.get(*side))) { SECOND_MS } else { 1 };
    let at = changed_ms.map(|ms| ms.map(|ms| ms.div_euclid(unit)));
    if at.right > at.left { Side::Right } else { Side::Left }
}
