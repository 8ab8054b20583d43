//! What an answer may have left out: keys of records, before anything is born beside them, and values that they had,
//! before they count as cleared.

use std::collections::BTreeSet;
use std::mem;

use serde_json::Value;

use super::gather::{Gathered, leave_unlinked, record_of};
use super::{Error, Runner};
use crate::link::Link;
use crate::mapping::Mapping;
use crate::mapping::field::{At, Field, is_empty};
use crate::path::Path;
use crate::record::{Record, Side};
use crate::sync::{Plan, Snapshot};

/// So many records without a key are asked for one by one.
const LACKING_MAX: usize = 10;

/// So many are asked for where more came without one.
const SAMPLE: usize = 3;

/// So many that are barely linked are asked for in one cycle. There are more where links without values were taken up,
/// and those are compared when everything is.
const BARELY_LINKED_MAX: usize = 100;

impl Runner {
    /// Asks for records of a side that came without a key, before anything is born there: one that was left out of an
    /// answer would be made twice. Few are asked for one by one, of many some. Where those have it, or linked ones had
    /// it that came without it now, the answer left it out, and all that is not linked waits for the next cycle; else
    /// the system leaves out what is empty. True when there was any.
    pub(super) async fn look_closer(&self, gathered: &mut Gathered, plan: &Plan) -> Result<bool, Error> {
        let mut any = false;
        for side in Side::BOTH.into_iter().filter(|side| plan.pairs.iter().any(|planned| planned.bears(*side))) {
            let snapshot = &mut gathered.snapshot;
            let keys = self.mapping.keys.iter().filter_map(|key| self.mapping.fields.get(*key));
            let keys = keys.filter(|field| !field.ends.get(side).is_id);
            let keys: Vec<(&Field, &Path)> =
                keys.filter_map(|field| Some((field, field.ends.get(side).at.path()?))).collect();
            let (asked, mut lacking) = lacking(snapshot, side, &keys);
            if lacking.is_empty() {
                continue;
            }
            let is_left_out = keys.iter().any(|key| is_left_out(snapshot, side, *key));
            let (many, can_fetch) = (lacking.len() > LACKING_MAX, self.can_fetch(side)?);
            let mut hides = is_left_out && (many || !can_fetch);
            if !hides && can_fetch && (!many || asked.is_empty()) {
                any = true;
                lacking.truncate(if many { SAMPLE } else { LACKING_MAX });
                let missed = self.fetch(snapshot, side, lacking.clone()).await?;
                snapshot.open.get_mut(side).extend(missed);
                let records = snapshot.records.get(side);
                let still =
                    lacking.iter().filter_map(|id| records.get(id)).filter(|record| lacks(record, &keys)).count();
                hides = if many { still < lacking.len() } else { is_left_out && still > 0 };
            }
            if hides {
                leave_unlinked(snapshot);
                let name = self.mapping.sides.get(side).name();
                gathered.loose_ends += 1;
                let why = || format!("the list of {name} leaves out what its records are known by");
                gathered.loose.get_or_insert_with(why);
                return Ok(true);
            }
        }
        Ok(any)
    }

    /// Asks for linked records that came without a member that they had, before it counts as cleared: few one by one, of
    /// many some. Where those have it, the answer left it out, and all that lack it wait for the next cycle. So do, where
    /// there are many, those that by the time of their last change nobody has touched: no person cleared them. True when
    /// there was any.
    pub(super) async fn look_behind_absences(&self, gathered: &mut Gathered) -> Result<bool, Error> {
        let mut any = false;
        for side in Side::BOTH {
            let snapshot = &mut gathered.snapshot;
            let (asked, lacking) = lost_a_member(&self.mapping, snapshot, side);
            if lacking.is_empty() {
                continue;
            }
            let (many, can_fetch) = (asked.len() + lacking.len() > LACKING_MAX, self.can_fetch(side)?);
            let mut left_out = BTreeSet::new();
            if can_fetch && (!many || asked.is_empty()) {
                any = true;
                let ids: Vec<String> = lacking.iter().take(if many { SAMPLE } else { LACKING_MAX }).cloned().collect();
                left_out = self.fetch(snapshot, side, ids.clone()).await?;
                self.beside(snapshot)?;
                let (still, rest) = lost_a_member(&self.mapping, snapshot, side);
                if many && ids.iter().any(|id| !still.contains(id)) {
                    left_out.extend(rest);
                }
            }
            if many || !can_fetch {
                let (asked, lacking) = lost_a_member(&self.mapping, snapshot, side);
                left_out.extend(asked.into_iter().chain(lacking).filter(|id| stands_still(snapshot, side, id)));
            }
            if !left_out.is_empty() {
                any = true;
                leave_linked(snapshot, side, &left_out);
                let name = self.mapping.sides.get(side).name();
                gathered.loose_ends += 1;
                let why = || format!("an answer of {name} leaves out what its records hold");
                gathered.loose.get_or_insert_with(why);
            }
        }
        Ok(any)
    }

    /// Asks for the records of a side that are linked, were never compared and are not at hand, before anything is born
    /// there: nobody else knows their keys. True when there was any.
    pub(super) async fn look_who_is_barely_linked(&self, snapshot: &mut Snapshot, plan: &Plan) -> Result<bool, Error> {
        let mut any = false;
        for side in Side::BOTH.into_iter().filter(|side| plan.pairs.iter().any(|planned| planned.bears(*side))) {
            let known =
                |id: &&String| snapshot.records.get(side).contains_key(*id) || snapshot.fetched.get(side).contains(*id);
            let all = snapshot.barely_linked.get(side).iter().take(BARELY_LINKED_MAX);
            let ids: Vec<String> = all.filter(|id| !known(id)).cloned().collect();
            if ids.is_empty() || !self.can_fetch(side)? {
                continue;
            }
            any = true;
            for record in self.ask_for(side, &ids).await?.into_iter().map(|row| record_of(&self.mapping, side, row)) {
                if let Some(image) = self.image(side, &record, snapshot) {
                    snapshot.taken.get_mut(side).insert_all(&self.mapping, &image.fields, &record.id);
                }
            }
            snapshot.fetched.get_mut(side).extend(ids);
        }
        Ok(any)
    }
}

/// Linked records that came without a member that they had: those that were asked for by their ids, and the others.
fn lost_a_member(mapping: &Mapping, snapshot: &Snapshot, side: Side) -> (BTreeSet<String>, BTreeSet<String>) {
    let lost = snapshot.links.iter().filter(|link| {
        let Some(record) = snapshot.records.get(side).get(link.ids.get(side)) else { return false };
        let had = |field: &Field| link.base.get(side).fields.get(&field.key).is_some_and(|value| !is_empty(value));
        let counts = |field: &&Field| (field.flows_to(side.other()) || field.put_back) && had(field);
        let mut had = mapping.fields.iter().filter(counts).peekable();
        had.peek().is_some() && {
            let body = record.body.value();
            had.any(|field| !shows(mapping, &field.ends.get(side).at, &body))
        }
    });
    lost.map(|link| link.ids.get(side).clone()).partition(|id| snapshot.fetched.get(side).contains(id))
}

/// True when a body has the member a value sits in, be it empty.
fn shows(mapping: &Mapping, at: &At, body: &Value) -> bool {
    match at {
        At::Path(path) => has(path, body),
        At::Member { view, .. } => {
            mapping.views.get(*view).is_none_or(|view| view.of.iter().any(|(path, _)| has(path, body)))
        }
    }
}

fn has(path: &Path, body: &Value) -> bool {
    let mut at = body;
    for key in path.keys() {
        let Some(members) = at.as_object() else { return true };
        let Some(value) = members.get(key) else { return false };
        at = value;
    }
    true
}

/// True for a linked record that nobody has touched since it was last seen, by the time of its last change.
fn stands_still(snapshot: &Snapshot, side: Side, id: &str) -> bool {
    let seen = snapshot.links.iter().find(|link| link.ids.get(side) == id).and_then(|link| link.base.get(side).seen_ms);
    seen.is_some() && snapshot.records.get(side).get(id).is_some_and(|record| record.changed_ms == seen)
}

/// Leaves linked records out of this cycle, with their twins.
fn leave_linked(snapshot: &mut Snapshot, side: Side, ids: &BTreeSet<String>) {
    let links = mem::take(&mut snapshot.links);
    let (left, rest): (Vec<Link>, Vec<Link>) = links.into_iter().partition(|link| ids.contains(link.ids.get(side)));
    snapshot.links = rest;
    for link in left {
        for side in Side::BOTH {
            snapshot.records.get_mut(side).remove(link.ids.get(side));
        }
    }
}

/// Who is not linked and came without a key: those that were asked for by their ids, and the others.
fn lacking(snapshot: &Snapshot, side: Side, keys: &[(&Field, &Path)]) -> (Vec<String>, Vec<String>) {
    let linked: BTreeSet<&String> = snapshot.links.iter().map(|link| link.ids.get(side)).collect();
    let all = snapshot.records.get(side).iter();
    let all = all.filter(|(id, record)| !linked.contains(id) && lacks(record, keys));
    all.map(|(id, _)| id.clone()).partition(|id| snapshot.fetched.get(side).contains(id))
}

fn lacks(record: &Record, keys: &[(&Field, &Path)]) -> bool {
    let body = record.body.value();
    keys.iter().any(|(_, path)| path.look(&body).is_none())
}

/// True when all linked records of a list lack a key that they had.
fn is_left_out(snapshot: &Snapshot, side: Side, (field, key): (&Field, &Path)) -> bool {
    let listed = snapshot.links.iter().filter(|link| !snapshot.fetched.get(side).contains(link.ids.get(side)));
    let had = listed.filter(|link| link.base.get(side).fields.get(&field.key).is_some_and(|key| !is_empty(key)));
    let mut had = had.filter_map(|link| snapshot.records.get(side).get(link.ids.get(side))).peekable();
    had.peek().is_some() && had.all(|record| lacks(record, &[(field, key)]))
}
