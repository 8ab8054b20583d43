//! Before anything is born on a side: who is there whose keys its list did not tell.

use std::collections::BTreeSet;

use super::gather::{Gathered, leave_unlinked, record_of};
use super::{Error, Runner};
use crate::mapping::field::{Field, is_empty};
use crate::path::Path;
use crate::record::Side;
use crate::sync::{Plan, Snapshot};

/// So many records without a key are asked for one by one.
const LACKING_MAX: usize = 10;

/// So many that are barely linked are asked for in one cycle. There are more where links without values were taken up,
/// and those are compared when everything is.
const BARELY_LINKED_MAX: usize = 100;

impl Runner {
    /// Asks for the few records of a side that came without a key, before anything is born there: one that was left out
    /// of an answer would be made twice. Where many came without it, the system leaves out what is empty, unless linked
    /// ones that had it came without it too: then all that is not linked waits for the next cycle. True when there was
    /// any.
    pub(super) async fn look_closer(&self, gathered: &mut Gathered, plan: &Plan) -> Result<bool, Error> {
        let mut any = false;
        for side in Side::BOTH.into_iter().filter(|side| plan.pairs.iter().any(|planned| planned.bears(*side))) {
            let snapshot = &mut gathered.snapshot;
            let linked: BTreeSet<&str> = snapshot.links.iter().map(|link| link.ids.get(side).as_str()).collect();
            let known = |id: &str| linked.contains(id) || snapshot.fetched.get(side).contains(id);
            let keys = self.mapping.keys.iter().filter_map(|key| self.mapping.fields.get(*key));
            let keys = keys.filter(|field| !field.ends.get(side).is_id);
            let keys: Vec<(&Field, &Path)> =
                keys.filter_map(|field| Some((field, field.ends.get(side).at.path()?))).collect();
            let all = snapshot.records.get(side).iter().filter(|(id, _)| !known(id));
            let lacking = all.filter(|(_, record)| {
                let body = record.body.value();
                keys.iter().any(|(_, path)| path.look(&body).is_none())
            });
            let lacking: Vec<String> = lacking.map(|(id, _)| id.clone()).take(LACKING_MAX + 1).collect();
            if lacking.len() > LACKING_MAX && keys.iter().any(|key| is_left_out(snapshot, side, *key)) {
                leave_unlinked(snapshot);
                let name = self.mapping.sides.get(side).name();
                gathered.loose_ends += 1;
                let why = || format!("the list of {name} leaves out what its records are known by");
                gathered.loose.get_or_insert_with(why);
                return Ok(true);
            }
            if lacking.is_empty() || lacking.len() > LACKING_MAX || !self.can_fetch(side)? {
                continue;
            }
            any = true;
            let hidden = self.fetch(snapshot, side, lacking).await?;
            snapshot.open.get_mut(side).extend(hidden);
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

/// True when all linked records of a list lack a key that they had.
fn is_left_out(snapshot: &Snapshot, side: Side, (field, key): (&Field, &Path)) -> bool {
    let listed = snapshot.links.iter().filter(|link| !snapshot.fetched.get(side).contains(link.ids.get(side)));
    let had = listed.filter(|link| link.base.get(side).fields.get(&field.key).is_some_and(|key| !is_empty(key)));
    let mut had = had.filter_map(|link| snapshot.records.get(side).get(link.ids.get(side))).peekable();
    had.peek().is_some() && had.all(|record| key.look(&record.body.value()).is_none())
}
