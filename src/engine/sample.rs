//! A few records as they are, to try something on: a page of each side, and what their rules and lookups
//! look into. Sends only reads and leaves the store as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gather::record_of;
use super::{Error, Runner};
use crate::record::{Rows, Side, Sides};
use crate::sync::Snapshot;

/// A page of each side.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The records, as far as the mapping speaks of them.
    pub records: Sides<Vec<serde_json::Value>>,
    /// The rows of references that they look into.
    pub rows: Rows,
    /// The day it was read.
    pub today: Option<String>,
}

impl Runner {
    /// Reads a page of each side that has a list.
    ///
    /// # Errors
    /// When a system cannot be read.
    pub async fn sample(&self) -> Result<Sample, Error> {
        let mut snapshot = Snapshot { now_ms: self.clock.now_ms(), ..Snapshot::default() };
        for side in Side::BOTH {
            let (connector, resource) = self.end(side)?;
            for row in connector.sample(resource).await? {
                let record = record_of(&self.mapping, side, row);
                snapshot.records.get_mut(side).insert(record.id.clone(), record);
            }
        }
        let references = self.references()?;
        let today = references.today.clone();
        snapshot.references = Arc::new(references);
        // What a plan would look up is what its values need.
        self.reconcile(&mut snapshot, &BTreeMap::new()).await?;
        let records = snapshot.records.map(|all| all.into_values().map(|record| record.body.value()).collect());
        Ok(Sample { records, rows: snapshot.references.all(), today })
    }
}
