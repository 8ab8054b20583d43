//! One interpreter for all system files: lists, fetches, finds, creates and updates records.
//!
//! A connector speaks with one system for one account. It keeps the system's pace, tries again
//! where that does no harm, and says what came of a call as a value. It never decides what to do
//! about it, never sends a write again whose effect is not known, and never shows a secret.

mod ask;
mod auth;
mod content;
pub mod exchange;
mod join;
mod memory;
mod outcome;
mod pace;
mod paging;
mod probe;
mod request;
mod response;
mod row;
pub mod transport;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

pub use auth::Credentials;
pub use memory::Memory;
pub use outcome::{Cause, Failure, Listing, Outcome, Row, Sent};
pub use probe::Probed;

use ask::Answered;

use crate::clock::Clock;
use crate::config::system::{Call, Meaning, Resource, System, TextForm};
use crate::config::template::Inputs;
use crate::flaw::{self, Flaw};
use auth::{Keys, Token};
use pace::Gate;
use paging::Pager;
use transport::Transport;

/// A record as its system shows it, with its texts and names read as the system writes them.
pub fn plain(system: &System, resource: &str, mut body: Value) -> Value {
    if system.text == TextForm::Html {
        row::decode(&mut body);
    }
    if let Some(resource) = system.resources.get(resource) {
        row::rename(resource, &mut body);
    }
    body
}

/// True for a record that shows as its author what stands for every application.
pub fn is_signed_as_ours(system: &System, resource: &str, body: &Value) -> bool {
    let author = system.resources.get(resource).and_then(|resource| resource.author.as_ref());
    author.is_some_and(|author| row::is_ours(author, None, row::author_of(author, body).as_deref()))
}

/// Takes what was asked for, and the records that answer it.
pub type Answers<'a> = &'a mut (dyn FnMut(&[String], Vec<Row>) + Send);

/// Speaks with one system for one account. Copies share pace and counts.
#[derive(Clone)]
pub struct Connector {
    inner: Arc<Inner>,
    transport: Transport,
    /// Counts of calls by kind; the last one is its own.
    counts: Vec<Arc<Mutex<BTreeMap<String, u64>>>>,
}

struct Inner {
    system: Arc<System>,
    base_url: String,
    /// The print of the credentials.
    login: u64,
    keys: Keys,
    token: Token,
    clock: Clock,
    gate: Gate,
    random: Mutex<fastrand::Rng>,
    learned: Mutex<Option<String>>,
    joined: Mutex<join::Shelf>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({})", self.inner.system.name)
    }
}

/// Why a connector could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The account does not give all secrets.
    #[error("`{system}` needs `{}`", names.join("`, `"))]
    MissingSecrets {
        /// The system.
        system: String,
        /// What is missing.
        names: Vec<String>,
    },
    /// The account gives an address that is none.
    #[error("`{base_url}` is no address of `{system}`: it begins neither with `https://` nor with `http://`")]
    BadAddress {
        /// The system.
        system: String,
        /// The address.
        base_url: String,
    },
    /// This machine cannot speak HTTP.
    #[error("the HTTP client cannot start: {text}")]
    NoTransport {
        /// Why.
        text: String,
    },
}

/// How many records one call of a resource takes, so that a plan can be priced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batches {
    /// Rows of a page of the list.
    pub page: Option<u64>,
    /// Ids of one fetch.
    pub fetch: Option<usize>,
    /// Values of one find, by the key.
    pub find: BTreeMap<String, usize>,
}

impl Connector {
    /// Opens a connector over the network.
    ///
    /// # Errors
    /// When a secret is missing, the address is none, or HTTP cannot start.
    pub fn open(system: Arc<System>, credentials: Credentials, clock: Clock, seed: u64) -> Result<Self, Error> {
        let base_url = credentials.base_url.as_ref().unwrap_or(&system.base_url);
        let transport = Transport::http(base_url, &system.limits).map_err(|text| Error::NoTransport { text })?;
        Self::open_with(transport, system, credentials, clock, seed)
    }

    /// Opens a connector over a transport of the caller's.
    ///
    /// # Errors
    /// When a secret is missing or the address is none.
    pub fn open_with(
        transport: Transport,
        system: Arc<System>,
        credentials: Credentials,
        clock: Clock,
        seed: u64,
    ) -> Result<Self, Error> {
        let login = credentials.print();
        let base_url = credentials.base_url.unwrap_or_else(|| system.base_url.clone());
        if !(base_url.starts_with("https://") || base_url.starts_with("http://")) {
            return Err(Error::BadAddress { system: system.name.clone(), base_url });
        }
        let keys = Keys::new(&system.secrets, credentials.secrets)
            .map_err(|names| Error::MissingSecrets { system: system.name.clone(), names })?;
        let gate = Gate::new(&system.name, system.pace.clone(), clock.clone());
        let inner = Inner {
            base_url: base_url.trim_end_matches('/').to_owned(),
            system,
            login,
            keys,
            token: Token::default(),
            clock,
            gate,
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            learned: Mutex::new(None),
            joined: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner), transport, counts: vec![Arc::default()] })
    }

    /// The same connector over another transport: pace, token and counts stay shared.
    #[must_use]
    pub fn through(&self, transport: Transport) -> Self {
        Self { transport, ..self.clone() }
    }

    /// The same connector for somebody who asks how many calls were made through it alone; whoever it was made
    /// from counts them too.
    #[must_use]
    pub fn counting_apart(&self) -> Self {
        let mut apart = self.clone();
        apart.counts.push(Arc::default());
        apart
    }

    /// The system spoken with.
    pub fn system(&self) -> &System {
        &self.inner.system
    }

    /// Makes no call any more, for good: the process is asked to stop. A write under way is heard to
    /// its end, everything else ends at once.
    pub fn close(&self) {
        self.inner.gate.close();
    }

    /// What is worth knowing for whoever speaks with the system next.
    pub fn memory(&self) -> Memory {
        Memory { login: Some(self.inner.login), ..self.inner.gate.memory() }
    }

    /// Takes up what was asked of the system before, with these credentials.
    pub fn recall(&self, memory: Memory) {
        if !flaw::is(Flaw::PaceForgotten) {
            self.inner.gate.recall(memory.of_login(self.inner.login));
        }
    }

    /// Counts together with another account of the same system, where both are at one address.
    pub fn share(&self, other: &Self) {
        if self.inner.system.name == other.inner.system.name && self.inner.base_url == other.inner.base_url {
            self.inner.gate.share(&other.inner.gate);
        }
    }

    /// Calls made through it since it was opened, by kind.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        let own = self.counts.last().map(|own| own.lock().unwrap_or_else(PoisonError::into_inner).clone());
        own.unwrap_or_default()
    }

    /// How many records one call of a resource takes.
    pub fn calls_per(&self, resource: &str) -> Batches {
        self.inner.system.resources.get(resource).map_or_else(Batches::default, |resource| Batches {
            page: resource.list.as_ref().and_then(|call| call.paging.size()),
            fetch: resource.fetch.as_ref().map(|call| call.many),
            find: resource.find.iter().map(|(by, call)| (by.clone(), call.many)).collect(),
        })
    }

    /// Reads a resource page by page, all of it or what changed since a moment. A record that
    /// moved from page to page comes once, and once more only when it changed meanwhile.
    ///
    /// # Errors
    /// When a page could not be read; the pages before it were given.
    pub async fn list(
        &self,
        resource: &str,
        since_ms: Option<i64>,
        page: &mut (dyn FnMut(Vec<Row>) + Send),
    ) -> Result<Listing, Failure> {
        let (resource, call) = self.call(resource, "list", |resource| resource.list.as_ref())?;
        let mut seen = Seen::default();
        let mut give = |rows| {
            let fresh = seen.fresh(rows);
            if !fresh.is_empty() {
                page(fresh);
            }
        };
        self.join(resource).await?;
        let since_ms = since_ms.filter(|_| resource.can_list_changes());
        if since_ms.is_some() {
            self.seek_success(resource, &call.name).await;
        }
        let pager = Pager::new(&call.paging, since_ms);
        let pager = self.pages(resource, call, pager, Inputs::new(), &mut give).await?;
        let rows = u64::try_from(seen.moments.len()).unwrap_or(u64::MAX);
        Ok(Listing { complete: pager.is_complete(rows), rows, pages: pager.read() })
    }

    /// Reads the first page of a resource; nothing of one without a list.
    ///
    /// # Errors
    /// When it could not be read.
    pub async fn sample(&self, resource: &str) -> Result<Vec<Row>, Failure> {
        if self.inner.system.resources.get(resource).is_some_and(|resource| !resource.can_list()) {
            return Ok(Vec::new());
        }
        let (resource, call) = self.call(resource, "list", |resource| resource.list.as_ref())?;
        self.join(resource).await?;
        let mut pager = Pager::new(&call.paging, None);
        self.page(resource, call, &mut pager, &Inputs::new()).await
    }

    /// Asks for a page of all records, for the sake of a good answer alone: where an answer that shows nothing counts
    /// as a failing one, a quiet system, or a search in vain, would soon be one that failed too often in a row.
    async fn seek_success(&self, resource: &Resource, name: &str) {
        let Some(call) = resource.list.as_ref().filter(|list| list.name == name) else { return };
        if !self.inner.gate.seeks_success(name) {
            return;
        }
        let inputs = self.now(Pager::new(&call.paging, None).inputs());
        // Whatever comes of it, what was wanted is asked for next.
        if let Answered::Verdict(verdict) = self.ask(call, inputs).await
            && verdict.meaning == Meaning::Empty
        {
            self.inner.gate.sought_in_vain(&call.name);
        }
    }

    /// Reads records by their ids; those that are not there are left out.
    ///
    /// # Errors
    /// When a call could not be made or answered.
    pub async fn fetch(&self, resource: &str, ids: &[String]) -> Result<Vec<Row>, Failure> {
        let (resource, call) = self.call(resource, "fetch", |resource| resource.fetch.as_ref())?;
        self.some(resource, call, "ids", ids).await
    }

    /// Reads records by another key. The answer may hold more than was asked for, as far as the
    /// system compares more loosely than the caller.
    ///
    /// # Errors
    /// When a call could not be made or answered.
    pub async fn find(&self, resource: &str, by: &str, values: &[String]) -> Result<Vec<Row>, Failure> {
        let (resource, call) = self.call(resource, by, |resource| resource.find.get(by))?;
        self.some(resource, call, "values", values).await
    }

    /// Reads the records whose field holds one of these values, by their ids or by another key, in the order given; each
    /// answer is handed over as it comes, with what it answers. What is not named any more was not answered.
    ///
    /// # Errors
    /// When a call could not be made or answered.
    pub async fn look_up(
        &self,
        resource: &str,
        field: &str,
        values: &[String],
        answered: Answers<'_>,
    ) -> Result<(), Failure> {
        let known = self.inner.system.resources.get(resource);
        let by_id = known.is_some_and(|one| one.id.text() == field && !one.find.contains_key(field));
        let (resource, call) = if by_id {
            self.call(resource, "fetch", |resource| resource.fetch.as_ref())?
        } else {
            self.call(resource, field, |resource| resource.find.get(field))?
        };
        self.each(resource, call, (if by_id { "ids" } else { "values" }, values), answered).await
    }

    /// Makes a record.
    pub async fn create(&self, resource: &str, body: &Value) -> Outcome {
        self.make(resource, body).await.0
    }

    /// Makes a record, and says which call carried it.
    pub async fn make(&self, resource: &str, body: &Value) -> (Outcome, Sent) {
        let found = self.call(resource, "create", |resource| resource.create.as_ref());
        self.write(found, None, Inputs::from([("body", body.clone())])).await
    }

    /// Changes a record.
    pub async fn update(&self, resource: &str, id: &str, body: &Value) -> Outcome {
        self.change(resource, id, body).await.0
    }

    /// Changes a record, and says which call carried it.
    pub async fn change(&self, resource: &str, id: &str, body: &Value) -> (Outcome, Sent) {
        let found = self.call(resource, "update", |resource| resource.update.as_ref());
        self.write(found, Some(id), Inputs::from([("body", body.clone()), ("id", Value::from(id))])).await
    }

    async fn write(
        &self,
        found: Result<(&Resource, &Call), Failure>,
        id: Option<&str>,
        inputs: Inputs,
    ) -> (Outcome, Sent) {
        let (resource, call) = match found {
            Ok(found) => found,
            Err(failure) => return (Outcome::Failed { text: failure.to_string() }, Sent::default()),
        };
        let answered = self.ask(call, inputs).await;
        let (tries, served_ms) = match &answered {
            Answered::Verdict(verdict) => (verdict.tries, verdict.served_ms),
            Answered::Rest(_) | Answered::Unasked(_) => (0, None),
        };
        (self.outcome(resource, call, id, answered), Sent { call: call.name.clone(), tries, served_ms })
    }

    fn call<'a>(
        &'a self,
        resource: &str,
        what: &str,
        pick: impl FnOnce(&'a Resource) -> Option<&'a Call>,
    ) -> Result<(&'a Resource, &'a Call), Failure> {
        let found = self.inner.system.resources.get(resource);
        found.and_then(|found| pick(found).map(|call| (found, call))).ok_or_else(|| {
            let text = format!("the system file describes no `{what}` of `{resource}`");
            self.failure(what, Cause::Unasked { text })
        })
    }

    async fn some(
        &self,
        resource: &Resource,
        call: &Call,
        name: &'static str,
        values: &[String],
    ) -> Result<Vec<Row>, Failure> {
        let mut wanted = values.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut found: BTreeMap<String, Row> = BTreeMap::new();
        let mut answered =
            |_: &[String], rows: Vec<Row>| found.extend(rows.into_iter().map(|row| (row.id.clone(), row)));
        self.each(resource, call, (name, &wanted), &mut answered).await?;
        Ok(found.into_values().collect())
    }

    async fn each(
        &self,
        resource: &Resource,
        call: &Call,
        (name, values): (&'static str, &[String]),
        answered: Answers<'_>,
    ) -> Result<(), Failure> {
        self.join_once(resource).await?;
        // An empty value names no record.
        let wanted: Vec<String> = values.iter().filter(|value| !value.trim().is_empty()).cloned().collect();
        if !wanted.is_empty() {
            self.seek_success(resource, &call.name).await;
        }
        for batch in wanted.chunks(call.many.max(1)) {
            let asked = self.fitting(call, name, batch);
            let mut found = Vec::new();
            if !asked.is_empty() {
                let inputs = Inputs::from([(name, Value::from(asked))]);
                let pager = Pager::new(&call.paging, None);
                self.pages(resource, call, pager, inputs, &mut |rows| found.extend(rows)).await?;
            }
            answered(batch, found);
        }
        Ok(())
    }

    /// The values of a batch that can be asked for: a word where the system wants a number is the
    /// value of no record, and must not keep the others from being found.
    fn fitting(&self, call: &Call, name: &'static str, batch: &[String]) -> Vec<String> {
        let inner = &self.inner;
        let fits = |values: &[String]| {
            let mut inputs = self.now(Pager::new(&call.paging, None).inputs());
            inputs.insert(name, Value::from(values));
            let built =
                request::build(&inner.system, &inner.base_url, &inner.keys, (&inner.system.frame, call), inputs);
            !built.is_err_and(|error| error.is_misfit())
        };
        if fits(batch) {
            return batch.to_vec();
        }
        batch.iter().filter(|value| fits(std::slice::from_ref(*value))).cloned().collect()
    }

    /// Reads page after page, one at a time.
    async fn pages<'a>(
        &self,
        resource: &Resource,
        call: &Call,
        mut pager: Pager<'a>,
        inputs: Inputs,
        page: &mut (dyn FnMut(Vec<Row>) + Send),
    ) -> Result<Pager<'a>, Failure> {
        while !pager.is_over() {
            if pager.read() >= self.inner.system.limits.pages_max {
                pager.stop();
                break;
            }
            page(self.page(resource, call, &mut pager, &inputs).await?);
        }
        Ok(pager)
    }

    /// Reads the page that comes next, and turns to the one behind it.
    async fn page(
        &self,
        resource: &Resource,
        call: &Call,
        pager: &mut Pager<'_>,
        inputs: &Inputs,
    ) -> Result<Vec<Row>, Failure> {
        let mut asked = self.now(pager.inputs());
        asked.extend(inputs.clone());
        let Some(verdict) = self.read(call, self.ask(call, asked).await)? else {
            pager.nothing();
            return Ok(Vec::new());
        };
        let rows = self.rows(resource, call, verdict.rows)?;
        pager.turn(&verdict.body, &rows);
        if call.thin { self.whole(resource, &rows).await } else { Ok(rows) }
    }

    /// Adds the moment of the call to what its templates see.
    fn now(&self, mut inputs: Inputs) -> Inputs {
        inputs.insert("now", Value::from(self.inner.clock.now_ms()));
        inputs
    }

    /// The records of rows that hold less; one that is gone meanwhile is left out.
    async fn whole(&self, resource: &Resource, rows: &[Row]) -> Result<Vec<Row>, Failure> {
        let Some(call) = &resource.fetch else { return Ok(Vec::new()) };
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        Box::pin(self.some(resource, call, "ids", &ids)).await
    }

    fn rows(&self, resource: &Resource, call: &Call, bodies: Vec<Value>) -> Result<Vec<Row>, Failure> {
        if let Some(join) = self.bare_join(resource).filter(|_| !bodies.is_empty()) {
            let text = format!("`{}` showed no row at all, though there are records of `{}`", join.of, resource.name);
            return Err(self.failure(&call.name, Cause::Unreachable { text }));
        }
        let learned = self.learned();
        let rows: Option<Vec<Row>> =
            bodies.into_iter().map(|body| row::row(&self.inner.system, resource, learned.as_deref(), body)).collect();
        let rows = rows.map(|mut rows| {
            rows.iter_mut().for_each(|row| self.attach(resource, row));
            rows
        });
        rows.ok_or_else(|| {
            let text = format!("a row has no id at `{}`", resource.id);
            self.failure(&call.name, Cause::Unreachable { text })
        })
    }
}

/// What a listing has given so far.
#[derive(Default)]
struct Seen {
    moments: HashMap<String, Option<i64>>,
}

impl Seen {
    /// The rows that are new, or newer than when they were first seen.
    fn fresh(&mut self, rows: Vec<Row>) -> Vec<Row> {
        rows.into_iter()
            .filter(|row| match self.moments.get_mut(&row.id) {
                Some(before) if *before >= row.changed_ms => false,
                Some(before) => {
                    *before = row.changed_ms;
                    true
                }
                None => {
                    self.moments.insert(row.id.clone(), row.changed_ms);
                    true
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
