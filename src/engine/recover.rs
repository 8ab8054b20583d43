//! Settling what an earlier life left open: creations that left the house and have no answer.
//!
//! The outcome of such a creation is unknown. It is searched for by the key it carries; found, the
//! two are linked as if the answer had come; not found, and old enough that nothing can still be
//! under way, it never happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Error, Runner};
use crate::connector::Row;
use crate::link::{Half, Link};
use crate::mapping::field::At;
use crate::path::Path;
use crate::record::{Side, Sides};
use crate::reference::scalar_text;
use crate::store::Change;
use crate::store::{Intent, Wait, Waiting};

impl Runner {
    /// Searches for every creation without an answer.
    pub(super) async fn recover(&self) -> Result<(), Error> {
        let intents = self.ledger.intents()?;
        for side in Side::BOTH {
            let open: Vec<&Intent> = intents.iter().filter(|intent| intent.side == side).collect();
            if !open.is_empty() {
                self.search(side, &open).await?;
            }
        }
        if !intents.is_empty() {
            self.ledger.flush()?;
        }
        Ok(())
    }

    async fn search(&self, side: Side, intents: &[&Intent]) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        let old = |intent: &Intent| now_ms.saturating_sub(intent.at_ms) >= self.unknown_ms();
        let never = |intent: &Intent| Change::RemoveIntent { key: intent.key.clone() };
        let Some(search) = self.search_by(side) else {
            // What came of it is in the next listing, and recognised by the keys of the mapping.
            tracing::warn!(mapping = self.mapping.name, "a creation without an answer cannot be searched for");
            self.ledger.write(intents.iter().filter(|intent| old(intent)).map(|intent| never(intent)).collect())?;
            return Ok(());
        };
        let (connector, resource) = self.end(side)?;
        let keys: BTreeMap<String, &Intent> = intents.iter().map(|intent| (search.key_of(intent), *intent)).collect();
        let values: Vec<String> = keys.keys().filter(|key| !key.is_empty()).cloned().collect();
        let mut found: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in connector.find(resource, search.by.text(), &values).await? {
            found.entry(search.found_in(&row.body)).or_default().push(row);
        }
        for (key, intent) in keys {
            let rows = found.remove(&key).unwrap_or_default();
            let changes = match rows.first() {
                Some(row) => self.adopt(intent, row)?,
                None if old(intent) => vec![never(intent)],
                None => Vec::new(),
            };
            self.ledger.write(changes)?;
        }
        Ok(())
    }

    fn unknown_ms(&self) -> i64 {
        i64::try_from(self.mapping.limits.unknown_ms).unwrap_or(i64::MAX)
    }

    /// Links the creation that was found.
    fn adopt(&self, intent: &Intent, row: &Row) -> Result<Vec<Change>, Error> {
        let mut ids = Sides::new(intent.from.clone(), intent.from.clone());
        row.id.clone_into(ids.get_mut(intent.side));
        let mut changes = vec![Change::RemoveIntent { key: intent.key.clone() }];
        changes.extend(self.join(intent.side, ids, intent.base.clone(), "the creation had taken effect")?);
        Ok(changes)
    }

    /// Joins two records that are known to be one thing, unless one of them is linked already. Without
    /// a base they meet as if for the first time.
    pub(super) fn join(
        &self,
        side: Side,
        ids: Sides<String>,
        base: Sides<Half>,
        why: &str,
    ) -> Result<Vec<Change>, Error> {
        for each in Side::BOTH {
            if self.ledger.link(each, ids.get(each))?.is_some() {
                return Ok(Vec::new());
            }
        }
        let now_ms = self.clock.now_ms();
        let from = side.other();
        let waiting = Waiting {
            side: from,
            id: ids.get(from).clone(),
            kind: Wait::Deferred,
            reason: why.to_owned(),
            place: None,
            since_ms: now_ms,
            last_ms: now_ms,
            body: None,
            changed_ms: None,
            print: 0,
            reported: BTreeSet::new(),
            tries: 0,
            outcome: None,
        };
        let entry = self.entry(0, ids.clone().map(Some), "RecordsLinked", why);
        let link = Link { ids, base, gone: Sides::default(), held: BTreeMap::new() };
        Ok(vec![Change::PutLink(link), Change::PutWaiting(waiting), entry])
    }

    /// By what a newborn record of a side can be found again.
    pub(super) fn search_by(&self, side: Side) -> Option<Search<'_>> {
        let end = self.mapping.sides.get(side);
        if let Some(path) = &end.integration {
            return Some(Search { by: path, what: What::Integration });
        }
        // Else by the field that carries the other side's id.
        self.mapping.fields.iter().find_map(|field| match &field.ends.get(side).at {
            At::Path(path) if field.ends.get(side.other()).is_id => Some(Search { by: path, what: What::OtherId }),
            At::Path(_) | At::Member { .. } => None,
        })
    }
}

/// By what a newborn record is found again.
pub(super) struct Search<'a> {
    by: &'a Path,
    what: What,
}

enum What {
    Integration,
    OtherId,
}

impl Search<'_> {
    /// What the newborn of an intent carries there.
    pub(super) fn key_of(&self, intent: &Intent) -> String {
        match self.what {
            What::Integration => intent.integration.clone().unwrap_or_default(),
            What::OtherId => intent.from.clone(),
        }
    }

    /// What a record carries there.
    pub(super) fn found_in(&self, body: &Value) -> String {
        self.by.peek(body).and_then(scalar_text).unwrap_or_default()
    }
}
