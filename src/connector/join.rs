//! Rows of other resources that records carry along.
//!
//! They are read whole before the records are listed; records that are read one by one get those of
//! the last listing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use serde_json::Value;

use super::outcome::{Cause, Failure, Row};
use super::paging::Pager;
use super::row::text_of;
use super::{Connector, Inputs};
use crate::config::system::{Join, Resource};

/// The rows of a join, by the id of the record they belong to.
type Joined = HashMap<String, Vec<Value>>;

/// The joined rows that were read last, by resource and member.
pub(super) type Shelf = BTreeMap<(String, String), Arc<Joined>>;

impl Connector {
    /// Reads the joined rows of a resource anew. While some are missing no record is given: it would
    /// read as if there were none.
    pub(super) async fn join(&self, resource: &Resource) -> Result<(), Failure> {
        for join in &resource.joins {
            let (other, call) = self.call(&join.of, "list", |other| other.list.as_ref())?;
            let mut rows: BTreeMap<Vec<String>, Value> = BTreeMap::new();
            let mut give = |page: Vec<Row>| {
                rows.extend(page.into_iter().filter_map(|row| Some((names(join, &row.body)?, row.body))));
            };
            let pager = self.pages(other, call, Pager::new(&call.paging, None), Inputs::new(), &mut give).await?;
            if !pager.is_complete(u64::try_from(rows.len()).unwrap_or(u64::MAX)) {
                let text = format!("`{}` showed fewer rows than it announced", join.of);
                return Err(self.failure(&call.name, Cause::Unreachable { text }));
            }
            let mut joined = Joined::new();
            for (mut names, row) in rows {
                joined.entry(names.swap_remove(0)).or_default().push(row);
            }
            let mut shelf = self.inner.joined.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.insert((resource.name.clone(), join.at.clone()), Arc::new(joined));
        }
        Ok(())
    }

    /// Reads the joined rows of a resource, where nobody has yet.
    pub(super) async fn join_once(&self, resource: &Resource) -> Result<(), Failure> {
        let known = |join: &Join| self.joined(resource, join).is_some();
        if resource.joins.iter().all(known) { Ok(()) } else { self.join(resource).await }
    }

    /// Gives a record its joined rows: an empty list where others have some, nothing where nobody has.
    pub(super) fn attach(&self, resource: &Resource, row: &mut Row) {
        for join in &resource.joins {
            let Some(joined) = self.joined(resource, join).filter(|joined| !joined.is_empty()) else { continue };
            let rows = joined.get(&row.id).cloned().unwrap_or_default();
            if let Some(map) = row.body.as_object_mut() {
                map.insert(join.at.clone(), Value::Array(rows));
            }
        }
    }

    /// The join that was read and showed no row at all, if there is one. Of records that carry such rows along, that is
    /// no answer: they would all read as if they had none.
    pub(super) fn bare_join<'a>(&self, resource: &'a Resource) -> Option<&'a Join> {
        resource.joins.iter().find(|join| self.joined(resource, join).is_some_and(|joined| joined.is_empty()))
    }

    fn joined(&self, resource: &Resource, join: &Join) -> Option<Arc<Joined>> {
        let shelf = self.inner.joined.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.get(&(resource.name.clone(), join.at.clone())).cloned()
    }
}

/// What tells a row from others, the record's id first.
fn names(join: &Join, row: &Value) -> Option<Vec<String>> {
    join.by.iter().map(|path| path.peek(row).and_then(text_of)).collect()
}
