//! Lists that several mappings of an account read: read once, and shared for a minute.
//!
//! Systems refuse, or count, the same question asked twice. Who comes while a list is being read
//! waits for it; a write of ours ends what is shared, and the watermark of who takes a shared list is
//! the moment it was read at.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

use crate::connector::{Listing, Row};
use crate::record::Body;

/// A list stays good for this long.
const FRESH_MS: i64 = 60_000;
/// A longer list is not kept: everybody reads it for himself.
const ROWS_MAX: usize = 100_000;

/// The lists that are shared, by `system.resource`. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct Listings {
    slots: Arc<BTreeMap<String, Mutex<Option<Read>>>>,
}

/// A list as it was read.
#[derive(Debug)]
pub(super) struct Read {
    at_ms: i64,
    since_ms: Option<i64>,
    listing: Listing,
    rows: Vec<Kept>,
}

/// A row whose body is packed.
#[derive(Debug)]
struct Kept {
    id: String,
    changed_ms: Option<i64>,
    ours: bool,
    author: Option<Box<str>>,
    body: Body,
}

impl Listings {
    /// Shares the lists of these resources.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self { slots: Arc::new(names.into_iter().map(|name| (name, Mutex::default())).collect()) }
    }

    /// The place of a list, when it is shared. Others wait until it is given back.
    pub(super) async fn hold(&self, name: &str) -> Option<MutexGuard<'_, Option<Read>>> {
        match self.slots.get(name) {
            Some(slot) => Some(slot.lock().await),
            None => None,
        }
    }

    /// Ends what is shared of a list: we have written to it.
    pub(super) async fn forget(&self, name: &str) {
        if let Some(mut slot) = self.hold(name).await {
            *slot = None;
        }
    }
}

impl Read {
    /// Before the first page.
    pub(super) const fn begin(at_ms: i64, since_ms: Option<i64>) -> Self {
        let listing = Listing { complete: false, rows: 0, pages: 0 };
        Self { at_ms, since_ms, listing, rows: Vec::new() }
    }

    /// Keeps a page.
    pub(super) fn keep(&mut self, page: &[Row]) {
        let kept = page.iter().map(|row| Kept {
            id: row.id.clone(),
            changed_ms: row.changed_ms,
            ours: row.ours,
            author: row.author.clone(),
            body: Body::pack(&row.body),
        });
        self.rows.extend(kept);
    }

    /// The whole list, when it may be shared: one with holes is nobody's.
    pub(super) fn end(self, listing: Listing) -> Option<Self> {
        (listing.complete && self.rows.len() <= ROWS_MAX).then_some(Self { listing, ..self })
    }

    /// True when it shows all that a list from `since_ms` on would show now, or would have a moment ago.
    pub(super) fn serves(&self, now_ms: i64, since_ms: Option<i64>) -> bool {
        let far_enough = match (self.since_ms, since_ms) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(read), Some(wanted)) => read <= wanted,
        };
        far_enough && now_ms.saturating_sub(self.at_ms) < FRESH_MS
    }

    /// When it was read, in milliseconds since 1970, and how that went.
    pub(super) const fn told(&self) -> (i64, Listing) {
        (self.at_ms, self.listing)
    }

    /// Its rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.rows.iter().map(|kept| Row {
            id: kept.id.clone(),
            changed_ms: kept.changed_ms,
            ours: kept.ours,
            author: kept.author.clone(),
            body: kept.body.value(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(since_ms: Option<i64>, complete: bool) -> Option<Read> {
        let mut read = Read::begin(1_000, since_ms);
        let body = json!({"id": 1, "name": "a"});
        read.keep(&[Row { id: "1".to_owned(), changed_ms: Some(5), ours: true, author: None, body }]);
        read.end(Listing { complete, rows: 1, pages: 1 })
    }

    #[test]
    fn a_list_serves_who_looks_back_no_further_for_a_minute() {
        let recent = read(Some(500), true).unwrap();
        assert!(recent.serves(1_000, Some(500)) && recent.serves(60_999, Some(900)));
        assert!(!recent.serves(61_000, Some(500)) && !recent.serves(1_000, Some(499)) && !recent.serves(1_000, None));
        let all = read(None, true).unwrap();
        assert!(all.serves(1_000, None) && all.serves(1_000, Some(0)));
        let row = all.rows().next().unwrap();
        assert_eq!((row.id.as_str(), row.changed_ms, row.ours, &row.body["name"]), ("1", Some(5), true, &json!("a")));
    }

    #[test]
    fn a_list_with_holes_is_not_shared() {
        assert!(read(None, false).is_none());
    }
}
