//! A system as its file describes it: how to speak with one remote API, and what it holds.
//!
//! The written form is lowered straight into the compiled one; whatever is wrong with the file is
//! said all at once. Nothing here sends anything.

mod call;
mod habit;
mod idle;
mod login;
mod lower;
mod probe;
mod resource;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use regex::Regex;
use serde_json::Value;

use crate::config::located;
use crate::config::template::{Host, Template};
use crate::diagnostic::{Diagnostics, Place};
use crate::path::Path;

pub use call::{Call, Method, On, Paging, Window};
pub use habit::Habit;
pub use login::Login;

/// One remote API.
#[derive(Clone, Debug)]
pub struct System {
    /// The name mappings call it by.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The file that describes it.
    pub file: Arc<str>,
    /// Where it is reached, without a slash at the end.
    pub base_url: String,
    /// The secrets an account must give.
    pub secrets: Vec<String>,
    /// The zone of its dates that carry no offset.
    pub zone: TimeZone,
    /// How an empty value is written, where a shape does not say otherwise.
    pub empty: Value,
    /// How its texts are written.
    pub text: TextForm,
    /// How long and how much one answer may be.
    pub limits: Limits,
    /// How often a call is tried.
    pub retry: Retry,
    /// How fast it may be asked.
    pub pace: Pace,
    /// How to get the token that requests carry, where they carry one.
    pub login: Option<Login>,
    /// What all requests have in common.
    pub frame: Frame,
    /// What answers mean, first match first.
    pub outcomes: Vec<Pattern>,
    /// Where an answer says its reason.
    pub message: Vec<Path>,
    /// What it holds.
    pub resources: BTreeMap<String, Resource>,
    /// What only an account of it knows.
    pub probes: Vec<Probe>,
    /// Computes the templates.
    pub host: Arc<Host>,
}

/// How the texts of a system are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// As they are.
    Plain,
    /// With HTML entities, decoded once on reading.
    Html,
}

/// How long and how much one answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for a whole answer.
    pub timeout_ms: u64,
    /// Longest wait for a connection.
    pub connect_ms: u64,
    /// Most bytes of an answer.
    pub body_max: u64,
    /// Most pages of one listing.
    pub pages_max: u64,
}

/// How often a call is tried when it is sure, or without harm, that nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all.
    pub attempts: u32,
    /// The first wait is at most this; it doubles each time.
    pub first_ms: u64,
    /// No single wait is longer; a system that names more has blocked us.
    pub longest_ms: u64,
}

/// How fast a system may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// So many calls in so long a time, all of them at once in force.
    pub windows: Vec<Rate>,
    /// Most calls of one kind under way together.
    pub at_once_call: Option<usize>,
    /// Most calls under way together.
    pub at_once_all: Option<usize>,
    /// Least time between two calls of one kind.
    pub spacing_call_ms: u64,
    /// Least time between any two calls.
    pub spacing_all_ms: u64,
    /// Least time between two calls that are alike to the letter.
    pub same_call_ms: u64,
    /// Failing answers after which a kind of call is left in peace.
    pub failures: Option<Rate>,
}

/// So many in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub calls: usize,
    /// In how long.
    pub per_ms: u64,
    /// What is counted together.
    pub by: By,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Calls of one kind.
    Call,
    /// All calls of an account.
    All,
    /// All calls to an address, whichever account makes them.
    Address,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Call, Self::All, Self::Address];
}

/// What all requests of a system have in common.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The method of every call that names none.
    pub method: Option<Method>,
    /// Headers of every call.
    pub headers: Vec<(String, Template)>,
    /// Query parameters of every call.
    pub query: Vec<(String, Template)>,
    /// What is put around the body of every call.
    pub body: Option<Template>,
}

/// What an answer of a certain look means.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Any of these status codes, each a range; none given means every one.
    pub status: Vec<(u16, u16)>,
    /// Found in the reason. May capture `id`, `seconds` and `time` (of day).
    pub text: Option<Regex>,
    /// Each found in the value at its path.
    pub fields: Vec<(Path, Regex)>,
    /// Only for reads, or only for writes.
    pub on: Option<On>,
    /// Only for this kind of call.
    pub call: Option<String>,
    /// What it means.
    pub is: Meaning,
    /// Whether it counts as a failing answer; by default a status of 400 or more does.
    pub counts: Option<bool>,
    /// How long to wait when the answer does not say.
    pub wait_ms: Option<u64>,
    /// Whether the wait binds this kind of call, or all.
    pub by: By,
    /// Where it was written.
    pub place: Place,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It worked.
    Done,
    /// There is nothing of the kind.
    Empty,
    /// The record is no more.
    Gone,
    /// The record has changed since it was read.
    Stale,
    /// There is one already.
    Duplicate,
    /// The system does not want this record.
    Refused,
    /// Too fast; nothing happened.
    Throttled,
    /// Not now, and not soon; nothing happened.
    Blocked,
    /// The credentials are not good.
    Unauthorised,
    /// It did not work, and certainly nothing happened.
    Failed,
    /// It may or may not have worked.
    Unknown,
}

impl Meaning {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Empty => "empty",
            Self::Gone => "gone",
            Self::Stale => "stale",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Blocked => "blocked",
            Self::Unauthorised => "unauthorised",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// One collection of records.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The name mappings call it by.
    pub name: String,
    /// Its name for people.
    pub title: Option<String>,
    /// Where a record holds its id.
    pub id: Path,
    /// Members that some answers call otherwise: as the mappings call them, as those answers do.
    pub names: Vec<(String, String)>,
    /// How it is read when a lookup refers to it.
    pub reference: Load,
    /// What is known of the values, by the text of their paths.
    pub shape: BTreeMap<String, Shape>,
    /// The field of a new record that carries a key of ours.
    pub integration: Option<Path>,
    /// Where and how a record says when it changed.
    pub changed: Option<Changed>,
    /// Where and how a record says who changed it.
    pub author: Option<Author>,
    /// Rows of other resources that each record carries along.
    pub joins: Vec<Join>,
    /// Reads all, or all that changed.
    pub list: Option<Call>,
    /// Reads some by their ids.
    pub fetch: Option<Call>,
    /// Reads some by other keys.
    pub find: BTreeMap<String, Call>,
    /// Makes one.
    pub create: Option<Call>,
    /// Changes one.
    pub update: Option<Call>,
    /// Where it was written.
    pub place: Place,
}

/// Rows of another resource that each record carries along, so that a change of theirs is a change of
/// the record. A resource with a join is always listed whole.
#[derive(Clone, Debug)]
pub struct Join {
    /// The member of the record that holds the rows.
    pub at: String,
    /// The other resource, of the same system.
    pub of: String,
    /// Where a row names the record; with what else tells it from other rows.
    pub by: Vec<Path>,
    /// Where it was written.
    pub place: Place,
}

/// A read that answers questions which nobody can answer but an account of the system.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The resource that is listed.
    pub resource: String,
    /// What is asked with, out of the rows of the list as it is.
    pub known: Option<Template>,
    /// Its list, with other parameters.
    pub call: Call,
    /// What its first page answers.
    pub questions: Vec<Question>,
}

/// A question to an account.
#[derive(Clone, Debug)]
pub struct Question {
    /// The question, in words.
    pub ask: String,
    /// What may come back, first match first.
    pub answers: Vec<Answer>,
}

/// What the answer to a question means.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When it is this one; always, when not said.
    pub when: Option<Template>,
    /// Whether anybody need care.
    pub is: Health,
    /// The answer, in words.
    pub say: Template,
}

/// Whether anybody need care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// All is well.
    Well,
    /// Worth knowing.
    Note,
    /// Works, and should be looked at.
    Warning,
    /// Does not work.
    Failure,
}

impl Health {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// How a resource is read when a lookup refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// The whole of it.
    All,
    /// The rows asked for.
    ByKey,
}

/// What is known of one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Where it sits.
    pub path: Path,
    /// Its type on the wire.
    pub kind: Kind,
    /// Most characters.
    pub max: Option<usize>,
    /// All texts it can be; any when empty.
    pub values: Vec<String>,
    /// How an empty value is written here; the system's way when not said.
    pub empty: Option<Value>,
    /// The system writes it; we never do.
    pub read_only: bool,
    /// A new record must have it.
    pub required: bool,
    /// No two records share it.
    pub unique: bool,
    /// What the system makes of a value, one after the other.
    pub habits: Vec<Habit>,
    /// Where it was written.
    pub place: Place,
}

impl Shape {
    /// A value of a kind, of which nothing else is known.
    pub const fn of(kind: Kind, path: Path, place: Place) -> Self {
        Self {
            path,
            kind,
            max: None,
            values: Vec::new(),
            empty: None,
            read_only: false,
            required: false,
            unique: false,
            habits: Vec::new(),
            place,
        }
    }
}

/// The type of a value on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// A list; what its rows hold is not said.
    List,
    /// A map; what it holds is not said.
    Map,
    /// Anything: all that is said is that it is there.
    Any,
}

/// Where and how a record says when it changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The values, joined by a space.
    pub at: Vec<Path>,
    /// How they are written.
    pub form: Form,
}

/// How a moment is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// ISO 8601; without an offset it is in the system's zone.
    Iso,
    /// A strftime pattern, in the system's zone.
    Pattern(String),
}

/// Where and how a record says who changed it.
#[derive(Clone, Debug)]
pub struct Author {
    /// The first of these that holds anything.
    pub at: Vec<Path>,
    /// How we know ourselves.
    pub ours: Ours,
}

/// How we know ourselves in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ours {
    /// By this text.
    Is(String),
    /// By what stands there in the answer to a write of ours.
    Learned,
}

impl System {
    /// Reads a system file; complains about all that is wrong with it.
    pub fn load(file: &str, text: &str, complaints: &mut Diagnostics) -> Option<Self> {
        let before = complaints.list.len();
        let written = located::parse(file, text, complaints)?;
        let system = lower::system(file, &written, complaints)?;
        (complaints.list.len() == before).then_some(system)
    }
}

impl Resource {
    /// True when all its records can be read.
    pub const fn can_list(&self) -> bool {
        self.list.is_some()
    }

    /// True when its list can be asked for what changed alone. What is joined may have moved although the record
    /// has not: a window would not show it.
    pub fn can_list_changes(&self) -> bool {
        self.list.as_ref().is_some_and(|call| call.window.is_some()) && self.joins.is_empty()
    }

    /// True when a record can be made.
    pub const fn can_create(&self) -> bool {
        self.create.is_some()
    }

    /// True when a record can be changed.
    pub const fn can_update(&self) -> bool {
        self.update.is_some()
    }

    /// True when records can be read by their ids.
    pub const fn can_fetch(&self) -> bool {
        self.fetch.is_some()
    }

    /// Its calls.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        [&self.list, &self.fetch, &self.create, &self.update].into_iter().flatten().chain(self.find.values())
    }

    /// True when its records have something at a path, as far as its shape says. Inside a list or a map whose members
    /// are not declared there may be anything.
    pub fn knows(&self, path: &Path) -> bool {
        let sought = path.keys();
        let has = |known: &Path, open: bool| {
            let known = known.keys();
            known.starts_with(&sought) || (open && sought.starts_with(&known))
        };
        self.shape.is_empty()
            || has(&self.id, false)
            || self.integration.iter().any(|path| has(path, false))
            || self.joins.iter().any(|join| sought.first() == Some(&join.at.as_str()))
            || self
                .shape
                .values()
                .any(|shape| has(&shape.path, matches!(shape.kind, Kind::List | Kind::Map | Kind::Any)))
    }
}

#[cfg(test)]
mod tests;
