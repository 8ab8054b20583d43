//! Before anything is born on a side: who is there whose keys its list did not tell.

use std::collections::BTreeSet;

use super::gather::{Gathered, leave_unlinked, record_of};
use super::{Error, Runner};
use crate::mapping::field::{Field, is_empty};
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
