//! What comes back from a system, as values: rows, listings, outcomes of writes, failures of reads.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// One record as a system shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The system's own id, as text.
    pub id: String,
    /// When it last changed, in milliseconds since 1970.
    pub changed_ms: Option<i64>,
    /// Its last author is this integration, as far as the system tells.
    pub ours: bool,
    /// Its last author, as the system names people.
    pub author: Option<Box<str>>,
    /// The record.
    pub body: Value,
}

/// The call that carried a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The kind of call, as it is paced and counted; empty when none was made.
    pub call: String,
    /// How often it was sent until the answer that counts.
    pub tries: u32,
    /// When it was answered, by the clock of the system, in milliseconds since 1970: the answer's `Date` (RFC 9110,
    /// 6.6.1). Nothing for an answer without one.
    pub served_ms: Option<i64>,
}

/// How a listing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Every record that was there when it began has been seen.
    pub complete: bool,
    /// Records seen, each counted once.
    pub rows: u64,
    /// Pages read.
    pub pages: u64,
}

/// How a system answered a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It worked.
    Done {
        /// The id of the record, when known.
        id: Option<String>,
        /// The record as it now is, when the answer carried it.
        row: Option<Row>,
    },
    /// There was nothing to do it to, and that is no fault.
    Empty,
    /// The record is no more.
    Gone {
        /// The system's words.
        text: String,
    },
    /// The record has changed since it was read.
    Stale {
        /// The system's words.
        text: String,
    },
    /// There is one already.
    Duplicate {
        /// Its id, when the system named it.
        id: Option<String>,
        /// The key that it carries in the place of ours, when the system named it.
        key: Option<String>,
        /// The system's words.
        text: String,
    },
    /// The system does not want this record.
    Refused {
        /// The system's words.
        text: String,
    },
    /// Too fast, and the retries are spent; nothing happened.
    Throttled {
        /// The system's words.
        text: String,
        /// When to ask again, in milliseconds since 1970.
        until_ms: i64,
    },
    /// This kind of call must rest; nothing happened.
    Blocked {
        /// The system's words, or ours.
        text: String,
        /// When to ask again, in milliseconds since 1970.
        until_ms: i64,
    },
    /// The credentials are not good; nothing happened.
    Unauthorised {
        /// The system's words.
        text: String,
    },
    /// It did not work, and certainly nothing happened.
    Failed {
        /// Why.
        text: String,
    },
    /// It may or may not have happened: the answer is lost or makes no sense.
    Unknown {
        /// Why.
        text: String,
    },
}

impl Outcome {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Empty => "empty",
            Self::Gone { .. } => "gone",
            Self::Stale { .. } => "stale",
            Self::Duplicate { .. } => "duplicate",
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::Blocked { .. } => "blocked",
            Self::Unauthorised { .. } => "unauthorised",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The reason, when there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Done { .. } | Self::Empty => None,
            Self::Gone { text }
            | Self::Stale { text }
            | Self::Duplicate { text, .. }
            | Self::Refused { text }
            | Self::Throttled { text, .. }
            | Self::Blocked { text, .. }
            | Self::Unauthorised { text }
            | Self::Failed { text }
            | Self::Unknown { text } => Some(text),
        }
    }
}

/// A read that did not work, after all retries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{call}` of `{system}` {cause}")]
pub struct Failure {
    /// The system.
    pub system: String,
    /// The kind of call.
    pub call: String,
    /// What went wrong.
    pub cause: Cause,
}

/// Why a read did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The credentials are not good.
    #[error("is not authorised: {text}")]
    Unauthorised {
        /// The system's words.
        text: String,
    },
    /// This kind of call must rest.
    #[error("is blocked until {}: {text}", clock_time(*until_ms))]
    Blocked {
        /// The system's words, or ours.
        text: String,
        /// When to ask again, in milliseconds since 1970.
        until_ms: i64,
    },
    /// Too fast, and the retries are spent.
    #[error("is throttled: {text}")]
    Throttled {
        /// The system's words.
        text: String,
        /// When to ask again, in milliseconds since 1970.
        until_ms: i64,
    },
    /// No answer, or none of any use, and the retries are spent.
    #[error("got no usable answer: {text}")]
    Unreachable {
        /// Why.
        text: String,
    },
    /// The system does not take this request.
    #[error("was refused: {text}")]
    Refused {
        /// The system's words.
        text: String,
    },
    /// The system file does not describe such a call, or cannot put it together.
    #[error("cannot be asked: {text}")]
    Unasked {
        /// Why.
        text: String,
    },
}

/// A moment of today or tomorrow, in the zone of the machine.
fn clock_time(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

impl Cause {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unauthorised { .. } => "unauthorised",
            Self::Blocked { .. } => "blocked",
            Self::Throttled { .. } => "throttled",
            Self::Unreachable { .. } => "unreachable",
            Self::Refused { .. } => "refused",
            Self::Unasked { .. } => "unasked",
        }
    }

    /// The reason.
    pub fn text(&self) -> &str {
        match self {
            Self::Unauthorised { text }
            | Self::Blocked { text, .. }
            | Self::Throttled { text, .. }
            | Self::Unreachable { text }
            | Self::Refused { text }
            | Self::Unasked { text } => text,
        }
    }
}
