//! Settling what an earlier life left open: creations that left the house and have no answer.
//!
//! The outcome of such a creation is unknown. It is searched for by the key it carries; found, the
//! two are linked as if the answer had come; found by no search of two cycles, when nothing can still
//! be under way, it never happened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Error, Runner};
use crate::connector::Row;
use crate::link::{Half, Link};
use crate::mapping::field::Field;
use crate::path::Path;
use crate::record::{Side, Sides};
use crate::reference::scalar_text;
use crate::store::Change;
use crate::store::{Intent, Wait, Waiting};

/// As many linked records stand witness for a search that finds nothing.
const WITNESSES: usize = 3;

/// What last changed so long before a creation left is older than it. No two clocks differ by more.
const OLDER_MS: i64 = 600_000;

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
        let witnesses = self.witnesses(side, &search)?;
        let sent = intents.iter().map(|intent| search.sent(intent)).filter(|value| !value.is_empty());
        let values: BTreeSet<String> = sent.chain(witnesses.iter().cloned()).collect();
        let mut found: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in connector.find(resource, search.by.text(), &Vec::from_iter(values)).await? {
            found.entry(search.found_in(&row.body)).or_default().push(row);
        }
        let heard = witnesses.is_empty() || witnesses.iter().any(|one| found.contains_key(one));
        for intent in intents {
            let key = search.key_of(intent);
            let rows = found.get(&key).filter(|_| !key.is_empty()).map_or(&[][..], Vec::as_slice);
            let changes = match (rows, &search.what) {
                // Whoever carries the key may have been made by a person: the two meet as if for the first time.
                ([row], What::Key(_)) => self.adopt(intent, row, Sides::default())?,
                ([row, ..], What::Integration | What::OtherId) => {
                    let base = if is_older(row, intent.at_ms) { Sides::default() } else { intent.base.clone() };
                    self.adopt(intent, row, base)?
                }
                // Of several the next listing tells.
                ([_, ..], What::Key(_)) => vec![never(intent)],
                ([], _) if old(intent) && heard && intent.missed => vec![never(intent)],
                ([], _) if old(intent) && heard => {
                    vec![Change::PutIntent(Intent { missed: true, ..(*intent).clone() })]
                }
                ([], _) => Vec::new(),
            };
            self.ledger.write(changes)?;
        }
        Ok(())
    }

    /// Keys of linked records that a search has to show: where it shows none of them, it proves nothing.
    fn witnesses(&self, side: Side, search: &Search<'_>) -> Result<Vec<String>, Error> {
        let mut witnesses = Vec::new();
        if matches!(search.what, What::OtherId) {
            self.ledger.each_outline(|link| {
                if witnesses.len() < WITNESSES && link.gone == Sides::default() {
                    witnesses.push(link.ids.get(side.other()).clone());
                }
            })?;
        }
        Ok(witnesses)
    }

    fn unknown_ms(&self) -> i64 {
        i64::try_from(self.mapping.limits.unknown_ms).unwrap_or(i64::MAX)
    }

    /// Links the creation that was found.
    fn adopt(&self, intent: &Intent, row: &Row, base: Sides<Half>) -> Result<Vec<Change>, Error> {
        let mut ids = Sides::new(intent.from.clone(), intent.from.clone());
        row.id.clone_into(ids.get_mut(intent.side));
        let mut changes = vec![Change::RemoveIntent { key: intent.key.clone() }];
        changes.extend(self.join(intent.side, ids, base, "the creation had taken effect")?);
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
        // Else by the field that carries the other side's id, or by a key that the system can search by.
        let mut carriers = self.mapping.fields.iter().filter(|field| field.ends.get(side.other()).is_id);
        if let Some(by) = carriers.find_map(|field| field.ends.get(side).at.path()) {
            return Some(Search { by, what: What::OtherId });
        }
        let (connector, resource) = self.end(side).ok()?;
        let finds = &connector.system().resources.get(resource)?.find;
        let keys = self.mapping.keys.iter().filter_map(|key| self.mapping.fields.get(*key));
        let mut keys = keys.filter_map(|field| Some((field.ends.get(side).at.path()?, field)));
        let (by, field) = keys.find(|(by, _)| finds.contains_key(by.text()))?;
        Some(Search { by, what: What::Key(field) })
    }
}

/// True for a record that nobody has changed since long before a creation was made: it holds nothing of what was sent.
pub(super) fn is_older(row: &Row, made_ms: i64) -> bool {
    row.changed_ms.is_some_and(|changed_ms| changed_ms < made_ms.saturating_sub(OLDER_MS))
}

/// By what a newborn record is found again.
pub(super) struct Search<'a> {
    by: &'a Path,
    what: What<'a>,
}

enum What<'a> {
    Integration,
    OtherId,
    /// A field by which records are recognised as one thing: anybody's may carry it.
    Key(&'a Field),
}

impl Search<'_> {
    /// What the newborn of an intent was given there.
    fn sent(&self, intent: &Intent) -> String {
        match self.what {
            What::Integration => intent.integration.clone().unwrap_or_default(),
            What::OtherId => intent.from.clone(),
            What::Key(_) => self.by.peek(&intent.body.value()).and_then(scalar_text).unwrap_or_default(),
        }
    }

    /// The same, as it is found.
    pub(super) fn key_of(&self, intent: &Intent) -> String {
        self.form(self.sent(intent))
    }

    /// What a record carries there.
    pub(super) fn found_in(&self, body: &Value) -> String {
        self.form(self.by.peek(body).and_then(scalar_text).unwrap_or_default())
    }

    fn form(&self, value: String) -> String {
        match self.what {
            What::Integration | What::OtherId => value,
            What::Key(field) => field.canon.form(&Value::from(value)),
        }
    }
}
