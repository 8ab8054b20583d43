//! Rows of another resource that a record carries with it: read whole, grouped by their key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use serde_json::Value;

use super::outcome::{Cause, Failure, Row};
use super::paging::Pager;
use super::row::text_of;
use super::{Connector, Inputs};
use crate::config::system::{Join, Resource};

/// What was last read of the rows that a resource carries, for each of its joins by the text of the key.
pub(super) type Joined = Vec<HashMap<String, Vec<Value>>>;

/// The last whole reading, by the name of the resource that carries it.
pub(super) type LastJoined = BTreeMap<String, Arc<Joined>>;

impl Connector {
    /// Reads what a resource carries, and keeps it; nothing when a row may have been missed.
    pub(super) async fn join_afresh(&self, resource: &Resource) -> Result<Option<Arc<Joined>>, Failure> {
        let mut joined = Joined::new();
        for join in &resource.joins {
            let Some(rows) = self.rows_of_join(join).await? else { return Ok(None) };
            joined.push(rows);
        }
        let joined = Arc::new(joined);
        let mut last = self.inner.joined.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(resource.name.clone(), Arc::clone(&joined));
        Ok(Some(joined))
    }

    /// What was read last.
    pub(super) fn last_joined(&self, resource: &Resource) -> Option<Arc<Joined>> {
        self.inner.joined.lock().unwrap_or_else(PoisonError::into_inner).get(&resource.name).cloned()
    }

    /// Gives rows that were read by themselves what was read last, or is read now for the first time.
    pub(super) async fn join_to(&self, resource: &Resource, rows: &mut [Row]) -> Result<(), Failure> {
        if resource.joins.is_empty() || rows.is_empty() {
            return Ok(());
        }
        let joined = match self.last_joined(resource) {
            Some(joined) => joined,
            None => self.join_afresh(resource).await?.ok_or_else(|| {
                let text = format!("what `{}` carries could not be read whole", resource.name);
                self.failure(&resource.name, Cause::Unreachable { text })
            })?,
        };
        attach(resource, &joined, rows);
        Ok(())
    }

    /// Several rows may share an id here, so a row that comes twice is known by all it holds.
    async fn rows_of_join(&self, join: &Join) -> Result<Option<HashMap<String, Vec<Value>>>, Failure> {
        let (resource, call) = self.call(&join.of, "list", |resource| resource.list.as_ref())?;
        let (mut seen, mut grouped) = (BTreeSet::new(), HashMap::<String, Vec<Value>>::new());
        let mut give = |rows: Vec<Row>| {
            for row in rows {
                if seen.insert(row.body.to_string())
                    && let Some(key) = join.by.peek(&row.body).and_then(text_of)
                {
                    grouped.entry(key).or_default().push(row.body);
                }
            }
        };
        let pager = self.pages(resource, call, Pager::new(&call.paging, None), Inputs::new(), &mut give).await?;
        let complete = pager.is_complete(u64::try_from(seen.len()).unwrap_or(u64::MAX));
        Ok(complete.then_some(grouped))
    }
}

/// Gives each record the rows at its id; an empty list where there are none.
pub(super) fn attach(resource: &Resource, joined: &Joined, rows: &mut [Row]) {
    for row in rows {
        for (join, grouped) in resource.joins.iter().zip(joined) {
            let found = grouped.get(&row.id).cloned().unwrap_or_default();
            join.at.set(&mut row.body, Value::Array(found));
        }
    }
}
