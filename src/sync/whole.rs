//! Groups that count as a whole, where a side holds one that the other side does not show.
//!
//! What we wrote may uncover another whole: once the first address is cleared, the second one is read. Nobody
//! who edits the empty side has seen it, so an edit there is written beside it, as into a record without it, and
//! an edit of it moves all of it.

use std::borrow::Cow;

use serde_json::Value;

use super::merge::{Verdict, Why};
use super::plan::Planner;
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
