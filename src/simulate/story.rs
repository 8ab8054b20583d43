//! What happened in a history: a print of all of it, counts, and on demand every line.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher as _;

use fnv::FnvHasher;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// One line of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub text: String,
    /// More of it, in which records are looked for; the story shows only its beginning.
    pub detail: String,
}

/// Letters of a detail that are shown.
const DETAIL_MAX: usize = 300;

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = Timestamp::from_millisecond(self.at_ms).unwrap_or_default();
        let moment = moment.to_zoned(TimeZone::fixed(Offset::UTC));
        write!(f, "{}  {}", moment.strftime("%d %H:%M:%S%.3f"), self.text)?;
        if self.detail.is_empty() {
            return Ok(());
        }
        let shown: String = self.detail.chars().take(DETAIL_MAX).collect();
        write!(f, "  {shown}{}", if shown.len() < self.detail.len() { "…" } else { "" })
    }
}

/// Counts of what happened, by name.
pub type Counts = BTreeMap<String, u64>;

/// What happened so far.
#[derive(Default)]
pub(super) struct Story {
    print: FnvHasher,
    lines: Option<Vec<Line>>,
}

impl Story {
    /// A story that keeps every line.
    pub(super) fn told() -> Self {
        Self { lines: Some(Vec::new()), ..Self::default() }
    }

    /// Something happened.
    pub(super) fn note(&mut self, at_ms: i64, parts: &[&[u8]], line: impl FnOnce() -> (String, String)) {
        self.print.write_i64(at_ms);
        for part in parts {
            self.print.write(part);
        }
        if let Some(lines) = &mut self.lines {
            let (text, detail) = line();
            lines.push(Line { at_ms, text, detail });
        }
    }

    /// A print of all that happened: equal histories have equal prints.
    pub(super) fn print(&self) -> u64 {
        self.print.finish()
    }

    /// The lines, when they were kept.
    pub(super) fn into_lines(self) -> Vec<Line> {
        self.lines.unwrap_or_default()
    }
}
