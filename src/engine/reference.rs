//! Reading references, where a plan looks into them: whole ones at once, others value by value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use super::{Error, Runner};
use crate::connector::{Cause, Row};
use crate::link::Link;
use crate::mapping::print_of;
use crate::record::{Side, Sides};
use crate::reference::{References, Table, Want};
use crate::store::Ledger;
use crate::sync::{Draft, Plan, Snapshot};

/// A whole reference stays good for this long: asking sooner would be asking the same again.
const FRESH_MS: i64 = 60_000;
/// Rows that were found value by value stay good for this long. They are asked for one by one, so it is longer.
const FOUND_FRESH_MS: i64 = 600_000;
/// Rounds of looking up, beside one for each whole reference, before the mapping is taken to be going in circles.
const ROUNDS_MAX: usize = 12;

/// References read before. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    shelf: Arc<Mutex<BTreeMap<String, Shelved>>>,
}

#[derive(Clone, Debug, Default)]
struct Shelved {
    table: Arc<Table>,
    /// When all of it was read, in milliseconds since 1970; nothing when it was read value by value.
    read_ms: Option<i64>,
    /// When the first of what was read value by value was.
    found_ms: Option<i64>,
    /// Fields and values that were asked for, found or not, and when.
    asked: BTreeMap<(String, String), i64>,
}

impl Shelved {
    /// True when all of it was read, not long ago.
    fn is_fresh(&self, now_ms: i64) -> bool {
        self.read_ms.is_some_and(|read_ms| now_ms.saturating_sub(read_ms) < FRESH_MS)
    }

    /// What was asked for just now, found or not: asking again would be asking the same.
    fn asked(self, now_ms: i64) -> impl Iterator<Item = (String, String)> {
        let fresh = move |asked_ms: i64| now_ms.saturating_sub(asked_ms) < FRESH_MS;
        self.asked.into_iter().filter(move |(_, asked_ms)| fresh(*asked_ms)).map(|(pair, _)| pair)
    }

    /// True for rows that were found value by value, not long ago.
    fn is_found(&self, now_ms: i64) -> bool {
        self.found_ms.is_some_and(|found_ms| now_ms.saturating_sub(found_ms) < FOUND_FRESH_MS)
    }
}

impl Cache {
    fn shelf(&self) -> MutexGuard<'_, BTreeMap<String, Shelved>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, name: &str) -> Option<Shelved> {
        self.shelf().get(name).cloned()
    }

    /// Puts what is known of a reference where a plan looks.
    fn put_into(&self, references: &mut References, name: &str, now_ms: i64) {
        let Some(shelved) = self.get(name) else { return };
        let whole = shelved.is_fresh(now_ms);
        if whole || shelved.is_found(now_ms) {
            references.put(name, Arc::clone(&shelved.table), whole);
            references.put_found(name, Vec::new(), shelved.asked(now_ms));
        }
    }

    pub(super) fn keep_whole(&self, name: &str, read_ms: i64, table: &Arc<Table>) {
        let shelved = Shelved { table: Arc::clone(table), read_ms: Some(read_ms), ..Shelved::default() };
        self.shelf().insert(name.to_owned(), shelved);
    }

    /// Forgets a reference, because somebody added to it.
    pub(super) fn forget(&self, name: &str) {
        self.shelf().remove(name);
    }

    /// Keeps rows that were found, and what was asked for. A miss is soon forgotten: the row may be made tomorrow.
    fn keep_found(&self, name: &str, now_ms: i64, rows: Vec<Value>, asked: impl Iterator<Item = (String, String)>) {
        let mut shelf = self.shelf();
        let shelved = shelf.entry(name.to_owned()).or_default();
        if !shelved.is_fresh(now_ms) && !shelved.is_found(now_ms) {
            *shelved = Shelved { found_ms: Some(now_ms), ..Shelved::default() };
        }
        shelved.asked.extend(asked.map(|pair| (pair, now_ms)));
        if !rows.is_empty() {
            shelved.table = Arc::new(shelved.table.with(rows));
        }
    }
}

/// The links of another mapping, as rows: the id of each side under the name of its system.
#[derive(Clone)]
pub struct Links {
    /// Where they live.
    pub ledger: Ledger,
    /// The names of the two systems.
    pub systems: Sides<String>,
}

impl Links {
    /// The links whose id in a system is one of these.
    fn rows(&self, system: &str, ids: &[String]) -> Result<Vec<Value>, Error> {
        let Some(side) = Side::BOTH.into_iter().find(|side| self.systems.get(*side) == system) else {
            return Ok(Vec::new());
        };
        let mut rows = Vec::new();
        for id in ids {
            let link = self.ledger.link(side, id)?;
            let alive = link.filter(|link| link.gone == Sides::default());
            rows.extend(alive.map(|link| self.row(&link)));
        }
        Ok(rows)
    }

    /// A link as a row.
    pub(crate) fn row(&self, link: &Link) -> Value {
        let cell = |side: Side| (self.systems.get(side).clone(), Value::from(link.ids.get(side).as_str()));
        Value::Object(Side::BOTH.map(cell).into_iter().collect())
    }
}

impl Runner {
    /// What is known of the references that the mapping looks into.
    pub(crate) fn references(&self) -> Result<References, Error> {
        let mut references = References::of(self.mapping.parameters.clone(), self.today()?);
        let now_ms = self.clock.now_ms();
        for name in &self.mapping.references {
            self.cache.put_into(&mut references, name, now_ms);
        }
        Ok(references)
    }

    /// Reads a whole reference. One that had rows and suddenly shows none is not believed: what refers
    /// to it would lose its values.
    async fn whole(&self, name: &str, known: &BTreeMap<String, u64>) -> Result<Arc<Table>, Error> {
        let now_ms = self.clock.now_ms();
        // Another mapping may have read it meanwhile.
        if let Some(shelved) = self.cache.get(name).filter(|shelved| shelved.is_fresh(now_ms)) {
            return Ok(shelved.table);
        }
        let (system, resource) = name.split_once('.').unwrap_or((name, ""));
        let mut rows = Vec::new();
        let mut take = |page: Vec<Row>| rows.extend(page.into_iter().map(|row| row.body));
        if !self.connector(system)?.list(resource, None, &mut take).await?.complete {
            return Err(Error::Torn { reference: name.to_owned() });
        }
        if rows.is_empty() && known.get(name).is_some_and(|rows| *rows > 0) {
            return Err(Error::Vanished { reference: name.to_owned() });
        }
        let table = Arc::new(Table::of(rows));
        self.cache.keep_whole(name, now_ms, &table);
        Ok(table)
    }

    /// The day, where the left system is.
    fn today(&self) -> Result<Option<String>, Error> {
        let zone = self.end(Side::Left)?.0.system().zone.clone();
        let moment = Timestamp::from_millisecond(self.clock.now_ms()).ok();
        Ok(moment.map(|moment| moment.to_zoned(zone).date().to_string()))
    }

    /// Plans, looking up what the plan wants to know until it wants nothing more. `known` says how many
    /// rows whole references had.
    pub(super) async fn reconcile(
        &self,
        snapshot: &mut Snapshot,
        known: &BTreeMap<String, u64>,
    ) -> Result<Plan, Error> {
        let mut draft = Draft::default();
        for _ in 0..ROUNDS_MAX + self.mapping.whole.len() {
            let wanted = match draft.finish(&self.mapping, snapshot) {
                Ok(plan) => return Ok(plan),
                Err(wanted) => wanted,
            };
            self.look_up(wanted, snapshot, known).await?;
        }
        Err(Error::Lookups { mapping: self.mapping.name.clone() })
    }

    /// Asks for what was wanted, and puts it into the references of a snapshot.
    pub(crate) async fn look_up(
        &self,
        wanted: BTreeSet<Want>,
        snapshot: &mut Snapshot,
        known: &BTreeMap<String, u64>,
    ) -> Result<(), Error> {
        let Some(references) = Arc::get_mut(&mut snapshot.references) else { return Ok(()) };
        // What else must be looked up may depend on what these hold, so they come first.
        let whole: BTreeSet<&String> =
            wanted.iter().map(|want| &want.reference).filter(|name| self.mapping.whole.contains(*name)).collect();
        for name in &whole {
            references.put(name, self.whole(name, known).await?, true);
        }
        if !whole.is_empty() {
            return Ok(());
        }
        let mut questions: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for want in wanted {
            questions.entry((want.reference, want.field)).or_default().push(want.value);
        }
        for ((reference, field), values) in questions {
            if let Some(links) = self.links.get(&reference) {
                let rows = links.rows(&field, &values)?;
                references.put_found(&reference, rows, values.into_iter().map(|value| (field.clone(), value)));
            } else {
                self.put_answers((&reference, &field), values, references).await?;
            }
        }
        Ok(())
    }

    /// Asks a system for the rows whose field holds one of these values. Where such calls must rest, what is left stays
    /// unanswered, and only what looks for it waits. Each cycle asks in another order, so that values which use up what a
    /// system grants do not stand before all others for ever.
    async fn put_answers(
        &self,
        (reference, field): (&str, &str),
        mut values: Vec<String>,
        references: &mut References,
    ) -> Result<(), Error> {
        let (system, resource) = reference.split_once('.').unwrap_or((reference, ""));
        let now_ms = self.clock.now_ms();
        values.sort_by_cached_key(|value| print_of(&(now_ms, value)));
        let mut left: BTreeSet<String> = values.iter().cloned().collect();
        let pair = |value: String| (field.to_owned(), value);
        let mut answered = |asked: &[String], rows: Vec<Row>| {
            let rows: Vec<Value> = rows.into_iter().map(|row| row.body).collect();
            self.cache.keep_found(reference, now_ms, rows.clone(), asked.iter().cloned().map(pair));
            references.put_found(reference, rows, asked.iter().cloned().map(pair));
            left.retain(|value| !asked.contains(value));
        };
        let ended = self.connector(system)?.look_up(resource, field, &values, &mut answered).await;
        match ended {
            Ok(()) => references.put_found(reference, Vec::new(), left.into_iter().map(pair)),
            Err(failure) if matches!(failure.cause, Cause::Blocked { .. }) && !self.is_stopping() => {
                references.put_unanswered(reference, left.into_iter().map(pair), &failure.to_string());
            }
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_that_were_found_are_asked_for_again_after_a_while() {
        let cache = Cache::default();
        let row = |name: &str| vec![json!({ "id": 7, "name": name })];
        let known = |name: &str, now_ms: i64| {
            let mut references = References::default();
            cache.put_into(&mut references, name, now_ms);
            let found = ["7", "8"].map(|id| references.find(name, "id", id).map(|row| row["name"].clone()));
            (found, references.take_wanted().into_iter().map(|want| want.value).collect::<Vec<_>>())
        };
        let asked = || ["7", "8"].into_iter().map(|id| ("id".to_owned(), id.to_owned()));
        cache.keep_found("aa.groups", 0, row("comum"), asked());
        let found = |name: &str| [Some(json!(name)), None];
        assert_eq!(known("aa.groups", FRESH_MS - 1), (found("comum"), vec![]), "a miss is known for a while");
        assert_eq!(known("aa.groups", FRESH_MS), (found("comum"), vec!["8".to_owned()]));
        assert_eq!(known("aa.groups", FOUND_FRESH_MS).0, [None, None]);
        cache.keep_found("aa.groups", FOUND_FRESH_MS, row("vip"), asked());
        assert_eq!(known("aa.groups", FOUND_FRESH_MS), (found("vip"), vec![]));
    }
}
