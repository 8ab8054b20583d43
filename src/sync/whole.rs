//! Groups whose fields win or lose together: whether they clash, and where a side holds a whole that the other
//! side does not show.
//!
//! What we wrote may uncover another whole: once the first address is cleared, the second one is read. Nobody
//! who edits the empty side has seen it, so an edit there is written beside it, as into a record without it, and
//! an edit of it moves all of it.

use std::borrow::Cow;

use serde_json::Value;

use super::merge::{Verdict, Why};
use super::plan::{Planner, Seen};
use super::settle;
use crate::link::Half;
use crate::mapping::Mapping;
use crate::mapping::field::{At, Field, is_empty};
use crate::record::{Side, Sides};

impl Planner<'_> {
    /// What is edited of a group moves as a whole where one side holds another whole.
    pub(super) fn move_whole(&self, verdicts: &mut [Verdict], members: &[usize], base: Option<Sides<&Half>>) {
        let all = || members.iter().filter_map(|index| self.mapping.fields.get(*index));
        if base.is_none_or(|base| !Side::BOTH.into_iter().any(|side| is_another(base, side, all()))) {
            return;
        }
        let of = |side: Side| Verdict::Follow { from: side, why: Why::Changed };
        let from = |side: &Side| members.iter().any(|index| verdicts.get(*index) == Some(&of(*side)));
        let edited: Vec<Side> = Side::BOTH.into_iter().filter(from).collect();
        let [from] = edited[..] else { return };
        for index in members {
            if let Some(verdict) = verdicts.get_mut(*index).filter(|one| !matches!(one, Verdict::Conflict { .. })) {
                *verdict = of(from);
            }
        }
    }

    /// A part that had no twin before is not filled into what is another whole on that side: a city
    /// of one address and the street of another are nobody's.
    pub(super) fn leave_whole(&self, verdicts: &mut [Verdict], members: &[usize], seen: &Sides<Seen<'_>>) {
        let is_filled = |verdict: &Verdict| matches!(verdict, Verdict::Follow { why: Why::Filled, .. });
        let is_torn = members.iter().any(|index| {
            let (field, verdict) = (self.mapping.fields.get(*index), verdicts.get(*index));
            // What a system writes in capitals is the same whole.
            let [left, right] = Side::BOTH.map(|side| seen.get(side).fields.value(*index));
            let differs = |field| !settle::explains(field, false, left, right);
            verdict == Some(&Verdict::Unchanged) && field.is_some_and(differs)
        });
        for index in members.iter().filter(|_| is_torn) {
            if let Some(verdict) = verdicts.get_mut(*index).filter(|verdict| is_filled(verdict)) {
                *verdict = Verdict::Unchanged;
            }
        }
    }
}

/// Whether fields that belong together changed on both sides; and whether they meet for the first time.
pub(super) fn clash(verdicts: &[Verdict], members: &[usize], is_known: impl Fn(usize) -> bool) -> Option<bool> {
    let mut follows = Sides::new(false, false);
    let (mut conflict, mut first) = (false, true);
    for (index, verdict) in members.iter().filter_map(|index| Some((*index, verdicts.get(*index)?))) {
        match verdict {
            Verdict::Follow { why: Why::Filled, .. } if is_known(index) => {}
            Verdict::Conflict { first: met } => {
                conflict = true;
                first &= met;
            }
            Verdict::Follow { from, why } => {
                *follows.get_mut(*from) = true;
                first &= matches!(why, Why::Filled | Why::First);
            }
            Verdict::Unchanged | Verdict::Agreed | Verdict::Union { .. } => {}
        }
    }
    (conflict || (!first && follows.left && follows.right)).then_some(first)
}

/// A record without the groups in which it holds another whole than the other side knows.
pub(super) fn without_others<'a>(
    mapping: &Mapping,
    base: Option<Sides<&Half>>,
    side: Side,
    body: &'a Value,
) -> Cow<'a, Value> {
    let mut body = Cow::Borrowed(body);
    for (at, view) in mapping.views.iter().enumerate().filter(|(_, view)| view.side == side) {
        let is_in = |field: &&Field| matches!(&field.ends.get(side).at, At::Member { view, .. } if *view == at);
        let members = || mapping.fields.iter().filter(is_in);
        let whole = members().all(|field| field.together.is_some());
        if whole && base.is_some_and(|base| is_another(base, side, members())) {
            for (path, _) in &view.of {
                path.take(body.to_mut());
            }
        }
    }
    body
}

/// True when a side is known to hold something of a group, and the other one nothing.
fn is_another<'a>(base: Sides<&Half>, side: Side, mut members: impl Iterator<Item = &'a Field> + Clone) -> bool {
    let known = |of: Side, field: &Field| base.get(of).fields.get(&field.key).map(|value| !is_empty(value));
    members.clone().all(|field| known(side.other(), field) == Some(false))
        && members.any(|field| known(side, field) == Some(true))
}
