//! What happened in a history: a print of all of it, counts, and on demand every line.

use std::collections::BTreeMap;
use std::hash::Hasher as _;

use fnv::FnvHasher;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// What a line tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The process, the systems, the workspace.
    Event,
    /// A person's work on a record.
    Deed,
    /// A call that changed nothing.
    Read,
    /// A call that changed something.
    Write,
    /// A call that went wrong.
    Failed,
    /// A cycle that did something, or could not.
    Cycle,
    /// A cycle that had nothing to do.
    Idle,
}

/// One line of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Of what it tells.
    pub kind: Kind,
    /// What.
    pub text: String,
    /// More of it, in which records are looked for; the story shows a piece of it.
    pub detail: String,
}

/// Letters of a detail that are shown.
const DETAIL_MAX: usize = 300;

/// Letters of them that stand before the record looked for.
const LEAD_MAX: usize = 60;

impl Line {
    fn speaks_of(&self, ids: &[String]) -> bool {
        ids.iter().any(|id| self.detail.contains(id.as_str()) || self.text.contains(id.as_str()))
    }

    /// The line as people read it: of a long detail the piece that speaks of one of these records.
    fn shown(&self, ids: &[String]) -> String {
        let moment = Timestamp::from_millisecond(self.at_ms).unwrap_or_default();
        let moment = moment.to_zoned(TimeZone::fixed(Offset::UTC));
        let line = format!("{}  {}", moment.strftime("%d %H:%M:%S%.3f"), self.text);
        if self.detail.is_empty() {
            return line;
        }
        let found = ids.iter().filter_map(|id| self.detail.find(id.as_str())).min().unwrap_or_default();
        let before = self.detail.get(..found).unwrap_or_default().chars().count();
        let skipped = if before + LEAD_MAX < DETAIL_MAX { 0 } else { before - LEAD_MAX };
        let piece: String = self.detail.chars().skip(skipped).take(DETAIL_MAX).collect();
        let cut = |cut: bool| if cut { "…" } else { "" };
        let rest = self.detail.chars().nth(skipped + DETAIL_MAX).is_some();
        format!("{line}  {}{piece}{}", cut(skipped > 0), cut(rest))
    }
}

/// The lines of a story that tell how records came to be what they are, or, when no record is concerned,
/// all in which something happened. A read is told where it follows something that was told.
pub fn about(lines: &[Line], concerns: &[String]) -> Vec<String> {
    let (mut told, mut news) = (Vec::new(), true);
    for line in lines {
        let concerned = concerns.is_empty() || line.speaks_of(concerns);
        let tells = match line.kind {
            Kind::Event => true,
            Kind::Deed | Kind::Write | Kind::Failed => concerned,
            Kind::Read => concerned && news && !concerns.is_empty(),
            Kind::Cycle => concerned || news,
            Kind::Idle => false,
        };
        if tells {
            news = !matches!(line.kind, Kind::Read | Kind::Cycle);
            told.push(line.shown(concerns));
        }
    }
    told
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
    pub(super) fn note(&mut self, at_ms: i64, kind: Kind, parts: &[&[u8]], line: impl FnOnce() -> (String, String)) {
        self.print.write_i64(at_ms);
        for part in parts {
            self.print.write(part);
        }
        if let Some(lines) = &mut self.lines {
            let (text, detail) = line();
            lines.push(Line { at_ms, kind, text, detail });
        }
    }

    /// The process, the systems or the workspace did something.
    pub(super) fn tell(&mut self, at_ms: i64, text: &str) {
        self.note(at_ms, Kind::Event, &[text.as_bytes()], || (text.to_owned(), String::new()));
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
