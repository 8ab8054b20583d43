//! Reading references: whole ones once a minute at most, others value by value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use super::{Error, Runner};
use crate::config::system::Load;
use crate::record::{Side, Sides};
use crate::reference::{References, Want};
use crate::store::Ledger;
use crate::sync::{Plan, Snapshot, reconcile};

/// Rows of whole references stay good for this long: asking sooner would be asking the same again.
const FRESH_MS: i64 = 60_000;
/// Rounds of looking up before the mapping is taken to be going in circles.
const ROUNDS_MAX: usize = 6;

/// References read a moment ago. Copies share their rows.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Debug, Default)]
struct Shelf {
    whole: BTreeMap<String, (i64, Vec<Value>)>,
    found: BTreeMap<String, Found>,
}

#[derive(Debug, Default)]
struct Found {
    rows: Vec<Value>,
    asked: BTreeSet<(String, String)>,
}

impl Cache {
    fn whole(&self, name: &str, now_ms: i64) -> Option<Vec<Value>> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.whole.get(name).filter(|(at_ms, _)| now_ms - at_ms < FRESH_MS).map(|(_, rows)| rows.clone())
    }

    fn keep_whole(&self, name: &str, now_ms: i64, rows: &[Value]) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.whole.insert(name.to_owned(), (now_ms, rows.to_vec()));
    }

    /// Forgets a whole reference, because somebody added to it.
    pub(super) fn forget(&self, name: &str) {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner).whole.remove(name);
    }

    fn keep_found(&self, name: &str, rows: &[Value], asked: &[(String, String)]) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let found = shelf.found.entry(name.to_owned()).or_default();
        // A miss is not kept: the row may be made tomorrow.
        if !rows.is_empty() {
            found.asked.extend(asked.iter().cloned());
        }
        for row in rows {
            if !found.rows.contains(row) {
                found.rows.push(row.clone());
            }
        }
    }

    fn put_found(&self, name: &str, references: &mut References) {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = shelf.found.get(name) {
            references.put_found(name, found.rows.clone(), found.asked.iter().cloned());
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
            rows.extend(alive.map(|link| {
                let cell = |side: Side| (self.systems.get(side).clone(), Value::from(link.ids.get(side).as_str()));
                Value::Object(Side::BOTH.map(cell).into_iter().collect())
            }));
        }
        Ok(rows)
    }
}

impl Runner {
    /// Reads the whole references that the mapping looks into. One that had rows and suddenly shows
    /// none is not believed: what refers to it would lose its values.
    pub(crate) async fn references(&self, known: &BTreeMap<String, u64>) -> Result<References, Error> {
        let mut references = References::of(self.mapping.parameters.clone(), self.today()?);
        for name in &self.mapping.references {
            let Some((system, resource)) = name.split_once('.') else { continue };
            let connector = self.connector(system)?;
            match connector.system().resources.get(resource).map(|resource| resource.reference) {
                Some(Load::All) => {
                    let now_ms = self.clock.now_ms();
                    let rows = match self.cache.whole(name, now_ms) {
                        Some(rows) => rows,
                        None => {
                            let mut rows = Vec::new();
                            let mut take = |page: Vec<crate::connector::Row>| {
                                rows.extend(page.into_iter().map(|row| row.body));
                            };
                            if !connector.list(resource, None, &mut take).await?.complete {
                                return Err(Error::Torn { reference: name.clone() });
                            }
                            if rows.is_empty() && known.get(name).is_some_and(|rows| *rows > 0) {
                                return Err(Error::Vanished { reference: name.clone() });
                            }
                            self.cache.keep_whole(name, now_ms, &rows);
                            rows
                        }
                    };
                    references.put_whole(name, rows);
                }
                Some(Load::ByKey) | None => self.cache.put_found(name, &mut references),
            }
        }
        Ok(references)
    }

    /// The day, where the left system is.
    fn today(&self) -> Result<Option<String>, Error> {
        let zone = self.end(Side::Left)?.0.system().zone.clone();
        let moment = Timestamp::from_millisecond(self.clock.now_ms()).ok();
        Ok(moment.map(|moment| moment.to_zoned(zone).date().to_string()))
    }

    /// Plans, looking up what the plan wants to know until it wants nothing more.
    pub(super) async fn reconcile(&self, snapshot: &mut Snapshot) -> Result<Plan, Error> {
        for _ in 0..ROUNDS_MAX {
            let wanted = match reconcile(&self.mapping, snapshot) {
                Ok(plan) => return Ok(plan),
                Err(wanted) => wanted,
            };
            self.look_up(wanted, snapshot).await?;
        }
        Err(Error::Lookups { mapping: self.mapping.name.clone() })
    }

    /// Asks for what was wanted, and puts it into the references of a snapshot.
    pub(crate) async fn look_up(&self, wanted: BTreeSet<Want>, snapshot: &mut Snapshot) -> Result<(), Error> {
        let mut questions: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for want in wanted {
            questions.entry((want.reference, want.field)).or_default().push(want.value);
        }
        for ((reference, field), values) in questions {
            if let Some(links) = self.links.get(&reference) {
                let rows = links.rows(&field, &values)?;
                let asked = values.into_iter().map(|value| (field.clone(), value));
                if let Some(references) = Arc::get_mut(&mut snapshot.references) {
                    references.put_found(&reference, rows, asked);
                }
                continue;
            }
            let (system, resource) = reference.split_once('.').unwrap_or((&reference, ""));
            let connector = self.connector(system)?;
            let known = connector.system().resources.get(resource);
            let by_id = known.is_some_and(|one| one.id.text() == field && !one.find.contains_key(&field));
            let found = if by_id {
                connector.fetch(resource, &values).await?
            } else {
                connector.find(resource, &field, &values).await?
            };
            let rows: Vec<Value> = found.into_iter().map(|row| row.body).collect();
            let asked: Vec<(String, String)> = values.into_iter().map(|value| (field.clone(), value)).collect();
            self.cache.keep_found(&reference, &rows, &asked);
            if let Some(references) = Arc::get_mut(&mut snapshot.references) {
                references.put_found(&reference, rows, asked);
            }
        }
        Ok(())
    }
}
