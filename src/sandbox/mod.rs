//! Imitation systems: each a plain state machine that answers a request at a moment.
//!
//! A sandbox holds no socket and reads no clock: `answer` gets the moment as an argument, so that a
//! test can put it behind a socket, call it in process, or move its time. It shares no code and no
//! YAML with the engine it tests. It counts every call and every limit a client broke.

pub mod auvo;
mod document;
pub mod fault;
pub mod folk;
pub mod hook;
mod memory;
pub mod omie;
pub mod people;
pub mod places;
pub mod ploomes;
pub mod serve;
pub mod town;

use std::collections::BTreeMap;

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

pub use auvo::Auvo;
pub use fault::{CallKind, Counts, Fault, Faults, Strike};
pub use folk::People;
pub use hook::{Delivery, Hook};
pub use omie::Omie;
pub use ploomes::Ploomes;

/// One HTTP request as a sandbox sees it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Upper-case method.
    pub method: String,
    /// Path without query, percent-decoded by nobody yet.
    pub path: String,
    /// Raw query without `?`.
    pub query: String,
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Raw body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request for an address; which host it names does not matter.
    pub fn to<'h>(
        method: &str,
        url: &str,
        headers: impl IntoIterator<Item = &'h (String, String)>,
        body: Vec<u8>,
    ) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.splitn(4, '/').nth(3).map(|inner| format!("/{inner}")).unwrap_or_default();
        let headers = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        Self { method: method.to_owned(), path, query: query.to_owned(), headers, body }
    }
}

/// What a sandbox answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Raw body.
    pub body: Vec<u8>,
    /// How long the answer takes, in milliseconds; the effect is already there.
    pub delay_ms: u64,
    /// The connection closes without an answer, after the effect.
    pub lost: bool,
}

impl Answer {
    /// With the header every web server sends along (RFC 9110, 6.6.1).
    fn dated(mut self, now: Timestamp) -> Self {
        let at = now + SignedDuration::from_millis(i64::try_from(self.delay_ms).unwrap_or(0));
        if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&at) {
            self.headers.insert("date".to_owned(), date);
        }
        self
    }
}

/// What a client did to a sandbox.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Calls by kind (`ListarClientes`, `GET Contacts`), refused ones included.
    pub calls: BTreeMap<String, u64>,
    /// Writes by kind that took effect.
    pub writes: BTreeMap<String, u64>,
    /// Limits a client broke, by name (`redundant`, `rate`, `serialised`, `blocked`, …).
    pub broken: BTreeMap<String, u64>,
}

/// A system imitated.
pub trait Sandbox: Send {
    /// The name under which it is served (`omie`, `ploomes`).
    fn name(&self) -> &'static str;
    /// Answers one request at the moment `now`.
    fn answer(&mut self, now: Timestamp, request: &Request) -> Answer;
    /// Answers one request as often as it is delivered on its way: once, or twice where a fault says so.
    /// The answer says when it was given, by the clock of the system.
    fn deliver(&mut self, now: Timestamp, request: &Request) -> Answer {
        let first = self.answer(now, request);
        let Some(counts) = self.faults().begin_second() else { return first.dated(now) };
        let second = self.answer(now, request);
        self.faults().end_second();
        let answer = match counts {
            Counts::First => first,
            Counts::Second => Answer { delay_ms: first.delay_ms, ..second },
        };
        answer.dated(now)
    }
    /// What clients did so far.
    fn tally(&self) -> &Tally;
    /// The faults it injects.
    fn faults(&mut self) -> &mut Faults;
    /// The calls to listeners that are due; each is given once, and again when it failed and the
    /// system tries again.
    fn due_hooks(&mut self, _now: Timestamp) -> Vec<Hook> {
        Vec::new()
    }
    /// A person registers a listener by hand; false where the system has calls of its own for it.
    fn register_hook(&mut self, _url: &str) -> bool {
        false
    }
    /// Hears how a listener answered.
    fn hook_answered(&mut self, _now: Timestamp, _hook: &Hook, _well: bool) {}
}
