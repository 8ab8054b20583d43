//! One record and its twin as they stand, with all that a plan of them looks into.
//!
//! Sends only reads, and leaves the store as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gather::record_of;
use super::{Error, Runner};
use crate::record::{Rows, Side};
use crate::store::Wait;
use crate::sync::merge::same;
use crate::sync::pair::take_keys;
use crate::sync::{Plan, Snapshot};

/// Rounds of looking up what was, after what is.
const ROUNDS_MAX: usize = 6;

/// What was captured.
#[derive(Debug)]
pub struct Capture {
    /// The record, its twin, and their link.
    pub snapshot: Snapshot,
    /// What a cycle would do with them.
    pub plan: Plan,
    /// The rows of references that were looked at.
    pub rows: Rows,
    /// The record shares a key with others, which are not read.
    pub ambiguous: bool,
}

impl Runner {
    /// Reads a record and, where it has a link, its twin; plans the two.
    ///
    /// # Errors
    /// When a system cannot be read, the store does not work, or one of the two is not there.
    pub async fn capture(&self, side: Side, id: &str) -> Result<Capture, Error> {
        let mut snapshot = Snapshot { now_ms: self.clock.now_ms(), ..Snapshot::default() };
        let link = self.ledger.link(side, id)?;
        self.read_one(side, id, &mut snapshot).await?;
        if let Some(link) = link {
            self.read_one(side.other(), link.ids.get(side.other()), &mut snapshot).await?;
            take_keys(&self.mapping, &link, &mut snapshot.taken);
            snapshot.links.push(link);
        }
        snapshot.references = Arc::new(self.references()?.noting());
        let known = BTreeMap::new();
        let mut plan = self.reconcile(&mut snapshot, &known).await?;
        for _ in 0..ROUNDS_MAX {
            self.look_back(&snapshot);
            let wanted = snapshot.references.take_wanted();
            if wanted.is_empty() {
                break;
            }
            self.look_up(wanted, &mut snapshot, &known).await?;
            plan = self.reconcile(&mut snapshot, &known).await?;
        }
        let rows = snapshot.references.given();
        let ambiguous = self.ledger.waiting(side, id)?.is_some_and(|waiting| waiting.kind == Wait::Ambiguous);
        Ok(Capture { snapshot, plan, rows, ambiguous })
    }

    async fn read_one(&self, side: Side, id: &str, snapshot: &mut Snapshot) -> Result<(), Error> {
        let (connector, resource) = self.end(side)?;
        let rows = connector.fetch(resource, &[id.to_owned()]).await?;
        let Some(row) = rows.into_iter().find(|row| row.id == id) else {
            return Err(Error::Absent { resource: self.mapping.sides.get(side).name(), id: id.to_owned() });
        };
        let record = record_of(&self.mapping, side, row);
        let waiting = self.ledger.waiting(side, id)?;
        if let Some(waiting) = waiting.filter(|waiting| waiting.kind == Wait::Quarantined) {
            snapshot.blocked.get_mut(side).insert(record.id.clone(), waiting.print);
        }
        snapshot.records.get_mut(side).insert(record.id.clone(), record);
        Ok(())
    }

    /// Looks at what the two held at the last agreement, so that the rows of that are known too.
    fn look_back(&self, snapshot: &Snapshot) {
        let Some(link) = snapshot.links.first() else { return };
        for side in Side::BOTH {
            let Some(record) = snapshot.records.get(side).get(link.ids.get(side)) else { continue };
            let body = record.body.value();
            let Ok(fields) = self.mapping.read(side, &record.id, &body, &snapshot.references) else { continue };
            let keyed = link.base.get(side).fields.iter().filter_map(|(key, value)| {
                let (at, field) = self.mapping.keyed(key)?;
                (!same(field, value, fields.value(at))).then(|| (at, value.clone()))
            });
            // What cannot be put back is told when the case is written.
            let before = self.mapping.restored(side, (&body, &fields), &keyed.collect(), &snapshot.references);
            if let Ok(before) = before {
                drop(self.mapping.read(side, &record.id, &before, &snapshot.references));
            }
        }
    }
}
