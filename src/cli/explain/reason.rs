//! The one reason why a record, or one field of it, does not move.
//!
//! Pure, and judged from memory alone: the link, what waits, the conflicts, the intents, the watermark
//! and the journal. The nearest reason counts: what keeps this field, then what keeps this record, then
//! which way the line points, then what became of the whole cycle, and at last how far was read.

use serde_json::Value;

use super::Known;
use crate::config::mapping::Span;
use crate::link::Link;
use crate::mapping::Mapping;
use crate::record::Side;
use crate::store::{Entry, Wait, Waiting};

/// Why nothing moves.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// One of the two is gone.
    Gone {
        /// Where.
        side: Side,
        /// Since when, as far as the journal reaches back.
        since_ms: Option<i64>,
    },
    /// It waits.
    Waits {
        /// How.
        kind: Wait,
        /// The side of the record that waits: the one asked for, or its twin.
        side: Side,
        /// The field, by index, when only one waits.
        field: Option<usize>,
        /// In the words of the rule or of the system.
        words: String,
        /// `file:line` of the rule or line that keeps it.
        place: Option<String>,
        /// Since when, as far as the journal reaches back.
        since_ms: Option<i64>,
    },
    /// Both sides changed it, and a person has not answered yet.
    Conflict {
        /// The name of the conflict.
        id: String,
        /// The field, as people call it.
        label: String,
        /// Since when.
        since_ms: i64,
        /// Whose value a person chose; the next cycle carries it out.
        answered: Option<Side>,
    },
    /// It was sent, and nothing has confirmed it yet.
    UnderWay {
        /// To which side.
        to: Side,
        /// When.
        since_ms: i64,
        /// It is a birth.
        birth: bool,
    },
    /// The line is told at birth only.
    Once {
        /// `file:line`.
        place: String,
    },
    /// Nothing flows from this side.
    OneWay {
        /// `file:line` of the line, or the file of the mapping.
        place: String,
    },
    /// The last cycle did not come to its end.
    Cycle {
        /// How it ended.
        ended: Ended,
        /// Its number; zero when it got none.
        cycle: u64,
        /// When.
        since_ms: i64,
        /// Why, in words.
        words: String,
    },
    /// What the journal told last is no movement.
    Told {
        /// What was told.
        event: String,
        /// When.
        since_ms: i64,
        /// Why, in words.
        words: String,
        /// `file:line` of the rule that says so.
        place: Option<String>,
    },
    /// The mapping was edited since the last cycle, and nobody knows yet what it makes of the record.
    Edited,
    /// No cycle has ever come to its end, and none has failed.
    NeverRan,
    /// This side is not listed: its records are only read for their twins.
    Unlisted,
    /// No list has shown it.
    Unseen {
        /// From when on changes were read; nothing stands for the last midnight.
        from_ms: Option<i64>,
        /// Until when.
        read_ms: i64,
        /// When everything was last compared.
        full_ms: Option<i64>,
        /// When everything is compared again.
        due_ms: Option<i64>,
    },
    /// Nothing waits: all that was read agrees.
    Settled {
        /// Until when changes were read.
        read_ms: Option<i64>,
    },
}

/// How a cycle ended that did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A guard refused its plan.
    Halted,
    /// A system could not be read.
    Failed,
    /// Something was left over.
    Unfinished,
}

impl Reason {
    /// The word for it, as programs know it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Gone { .. } => "gone",
            Self::Waits { kind: Wait::Held, .. } => "held",
            Self::Waits { kind: Wait::Deferred, .. } => "deferred",
            Self::Waits { kind: Wait::Quarantined, .. } => "quarantined",
            Self::Waits { kind: Wait::Ambiguous, .. } => "ambiguous",
            Self::Waits { kind: Wait::LeftOut, .. } => "left_out",
            Self::Conflict { .. } => "conflict",
            Self::UnderWay { .. } => "under_way",
            Self::Once { .. } => "once",
            Self::OneWay { .. } => "one_way",
            Self::Cycle { ended: Ended::Halted, .. } => "guard",
            Self::Cycle { ended: Ended::Failed, .. } => "cycle_failed",
            Self::Cycle { ended: Ended::Unfinished, .. } => "cycle_unfinished",
            Self::Told { .. } => "told",
            Self::Edited => "edited",
            Self::NeverRan => "never_ran",
            Self::Unlisted => "unlisted",
            Self::Unseen { .. } => "unseen",
            Self::Settled { .. } => "settled",
        }
    }

    /// Since when, where that is known.
    pub const fn since_ms(&self) -> Option<i64> {
        match self {
            Self::Gone { since_ms, .. } | Self::Waits { since_ms, .. } => *since_ms,
            Self::Conflict { since_ms, .. }
            | Self::UnderWay { since_ms, .. }
            | Self::Cycle { since_ms, .. }
            | Self::Told { since_ms, .. } => Some(*since_ms),
            Self::Once { .. }
            | Self::OneWay { .. }
            | Self::Edited
            | Self::NeverRan
            | Self::Unlisted
            | Self::Unseen { .. }
            | Self::Settled { .. } => None,
        }
    }

    /// `file:line` of what says so, where that is one.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Waits { place, .. } | Self::Told { place, .. } => place.as_deref(),
            Self::Once { place } | Self::OneWay { place } => Some(place),
            Self::Gone { .. }
            | Self::Conflict { .. }
            | Self::UnderWay { .. }
            | Self::Cycle { .. }
            | Self::Edited
            | Self::NeverRan
            | Self::Unlisted
            | Self::Unseen { .. }
            | Self::Settled { .. } => None,
        }
    }
}

/// Why a record, or one field of it, does not move.
pub fn why(mapping: &Mapping, known: &Known, field: Option<usize>, now_ms: i64) -> Reason {
    let near = match &known.link {
        Some(link) => linked(mapping, known, link, field),
        None => alone(known),
    };
    near.or_else(|| one_way(mapping, known, field))
        .or_else(|| cycle(known))
        .or_else(|| edited(mapping, known))
        .or_else(|| last_told(known))
        .unwrap_or_else(|| unseen(mapping, known, now_ms))
}

/// What keeps a record without a twin.
fn alone(known: &Known) -> Option<Reason> {
    known.waiting.as_ref().map(|waiting| waits(known, waiting)).or_else(|| {
        let intent = known.intent.as_ref()?;
        Some(Reason::UnderWay { to: intent.side, since_ms: intent.at_ms, birth: true })
    })
}

fn waits(known: &Known, waiting: &Waiting) -> Reason {
    // What an older depara wrote without a place may have one in the journal.
    let told = known.journal.iter().find(|entry| text(entry, "why") == waiting.reason);
    let place = waiting.place.clone().or_else(|| told.map(|entry| text(entry, "place").to_owned()));
    Reason::Waits {
        kind: waiting.kind,
        side: waiting.side,
        field: None,
        words: waiting.reason.clone(),
        place: place.filter(|place| !place.is_empty()),
        since_ms: Some(waiting.since_ms),
    }
}

/// What keeps a record that has a twin, or one field of it.
fn linked(mapping: &Mapping, known: &Known, link: &Link, field: Option<usize>) -> Option<Reason> {
    if let Some(side) = Side::BOTH.into_iter().find(|side| *link.gone.get(*side)) {
        let since_ms = known.journal.iter().find(|entry| entry.event == "RecordGone").map(|entry| entry.at_ms);
        return Some(Reason::Gone { side, since_ms });
    }
    let asked = field.and_then(|index| mapping.fields.get(index));
    let of_field = |name: &str| asked.is_none_or(|field| name.is_empty() || field.name == name);
    if let Some((name, words)) = link.held.iter().find(|(name, _)| of_field(name)) {
        return Some(field_held(mapping, known, name, words));
    }
    let waiting = known.waiting.as_ref().or(known.twin_waiting.as_ref());
    if let Some(waiting) = waiting.filter(|_| asked.is_none_or(|field| refused(known, &field.label))) {
        return Some(waits(known, waiting));
    }
    let open = known.conflicts.iter().filter(|one| one.open && one.winner.is_none());
    if let Some(one) = open.into_iter().find(|one| asked.is_none_or(|field| field.label == one.label)) {
        return Some(Reason::Conflict {
            id: one.id.clone(),
            label: one.label.clone(),
            since_ms: one.at_ms,
            answered: one.answered.as_ref().map(|answer| answer.side),
        });
    }
    // What was answered has moved, whether it was seen there or not.
    Side::BOTH.into_iter().find_map(|to| {
        let half = link.base.get(to);
        let sent = half.under_way.iter().filter(|(key, _)| !half.expected.contains(*key));
        let mut sent = sent.filter(|(key, _)| asked.is_none_or(|field| field.key == **key));
        sent.next().map(|(_, sent)| Reason::UnderWay { to, since_ms: sent.at_ms, birth: false })
    })
}

/// A field, or all of a linked record, that a rule, a line or a missing value keeps.
fn field_held(mapping: &Mapping, known: &Known, name: &str, words: &str) -> Reason {
    let index = mapping.field_named(name).filter(|_| !name.is_empty());
    let field = index.and_then(|index| mapping.fields.get(index));
    let told = known
        .journal
        .iter()
        .find(|entry| text(entry, "why") == words && field.is_none_or(|field| text(entry, "field") == field.label));
    let place = told.map(|entry| text(entry, "place").to_owned()).filter(|place| !place.is_empty());
    let line = || field.map(|field| format!("{}:{}", field.place.file, field.place.line));
    Reason::Waits {
        kind: Wait::Held,
        side: known.side,
        field: index,
        words: words.to_owned(),
        place: place.or_else(line),
        since_ms: told.map(|entry| entry.at_ms),
    }
}

/// True when the last refusal of a record was one of this field, or nobody knows of which.
fn refused(known: &Known, label: &str) -> bool {
    let last = known.journal.iter().find(|entry| entry.event == "RecordRefused");
    let fields = last.and_then(|entry| entry.details.get("fields")).and_then(Value::as_object);
    fields.is_none_or(|fields| fields.is_empty() || fields.contains_key(label))
}

/// Which way the line, or the whole mapping, points.
fn one_way(mapping: &Mapping, known: &Known, field: Option<usize>) -> Option<Reason> {
    if let Some(field) = field.and_then(|index| mapping.fields.get(index)).filter(|_| known.link.is_some()) {
        let place = format!("{}:{}", field.place.file, field.place.line);
        let away = field.flows_to(known.side.other());
        return match (field.once, away) {
            (true, true) => Some(Reason::Once { place }),
            (_, false) => Some(Reason::OneWay { place }),
            (false, true) => None,
        };
    }
    let away = mapping.flows_to(known.side.other());
    (known.link.is_none() && !away).then(|| Reason::OneWay { place: mapping.file.to_string() })
}

/// What became of the last cycle, when it did not come to its end.
fn cycle(known: &Known) -> Option<Reason> {
    let ended_ms = known.mark.as_ref().map_or(i64::MIN, |mark| *mark.read_ms.get(known.side));
    known.cycles.iter().filter(|entry| entry.at_ms > ended_ms).find_map(|entry| {
        let ended = match entry.event.as_str() {
            "CycleHalted" => Ended::Halted,
            "CycleFailed" => Ended::Failed,
            "CycleUnfinished" => Ended::Unfinished,
            _ => return None,
        };
        let words = text(entry, "why").to_owned();
        Some(Reason::Cycle { ended, cycle: entry.cycle, since_ms: entry.at_ms, words })
    })
}

/// The mapping says something else than it did in the last cycle.
fn edited(mapping: &Mapping, known: &Known) -> Option<Reason> {
    known.mark.as_ref().is_some_and(|mark| mark.mapping != mapping.print).then_some(Reason::Edited)
}

/// The last word of the journal on a record that has no twin and does not wait.
fn last_told(known: &Known) -> Option<Reason> {
    let last = known.journal.first().filter(|_| known.link.is_none())?;
    let place = Some(text(last, "place").to_owned()).filter(|place| !place.is_empty());
    Some(Reason::Told { event: last.event.clone(), since_ms: last.at_ms, words: text(last, "why").to_owned(), place })
}

/// How far was read: all that is left to say.
fn unseen(mapping: &Mapping, known: &Known, now_ms: i64) -> Reason {
    let read_ms = known.mark.as_ref().map(|mark| *mark.read_ms.get(known.side));
    if known.link.is_some() {
        return Reason::Settled { read_ms };
    }
    let (Some(mark), Some(read_ms)) = (&known.mark, read_ms) else { return Reason::NeverRan };
    if !mapping.is_listed(known.side) {
        return Reason::Unlisted;
    }
    let schedule = mapping.schedule;
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    let from_ms = match schedule.window {
        Span::Last(ms) => {
            let window = now_ms.saturating_sub(signed(ms));
            Some(read_ms.saturating_sub(signed(schedule.overlap_ms)).min(window))
        }
        Span::Today => None,
    };
    let due_ms = schedule.full_ms.zip(mark.full_ms).map(|(every, last)| last.saturating_add(signed(every)));
    Reason::Unseen { from_ms, read_ms, full_ms: mark.full_ms.filter(|_| from_ms.is_some()), due_ms }
}

/// A text among the facts of an entry.
pub fn text<'a>(entry: &'a Entry, key: &str) -> &'a str {
    entry.details.get(key).and_then(Value::as_str).unwrap_or_default()
}
