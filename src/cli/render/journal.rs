//! Lines of the journal in words.

use serde_json::Value;

use super::value::{moment, value};
use crate::record::Sides;
use crate::store::Entry;

/// One line of the journal: the moment, what happened, and field by field what moved. `systems` are
/// the names of the two sides.
pub(super) fn lines(entry: &Entry, systems: Sides<&str>, only: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", moment(entry.at_ms), happened(entry, systems))];
    for (label, change) in fields(entry).filter(|(label, _)| only.is_none_or(|only| only == *label)) {
        let of = |key: &str| change.get(key).unwrap_or(&Value::Null);
        let word = |key: &str| of(key).as_str().unwrap_or_default().to_owned();
        let moved = format!("{} → {}", value(of("old")), value(of("new")));
        lines.push(format!("    {label}: {moved} ({}, {})", word("why"), word("place")));
    }
    lines
}

/// True when a line speaks of a field. A birth and a first meeting speak of all of them.
pub(super) fn speaks_of(entry: &Entry, label: &str) -> bool {
    let all = matches!(entry.event.as_str(), "RecordCreated" | "RecordsLinked");
    all || fields(entry).any(|(one, _)| one == label) || text(entry, "field") == label
}

fn fields(entry: &Entry) -> impl Iterator<Item = (&str, &Value)> {
    let map = entry.details.get("fields").and_then(Value::as_object);
    map.into_iter().flatten().map(|(label, change)| (label.as_str(), change))
}

fn text<'a>(entry: &'a Entry, key: &str) -> &'a str {
    entry.details.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What happened, in words. An event that this release does not know is named as it is.
pub(super) fn happened(entry: &Entry, systems: Sides<&str>) -> String {
    let (system, why, field) = (text(entry, "in"), text(entry, "why"), text(entry, "field"));
    let ending = if why.is_empty() { String::new() } else { format!(": {why}") };
    match entry.event.as_str() {
        "RecordCreated" => format!("created in {system}"),
        "RecordUpdated" => format!("updated in {system}"),
        "RecordStamped" => format!("the id of its twin noted in {system}"),
        "RecordsLinked" => format!("linked{ending}"),
        "RecordGone" => format!("gone{ending}"),
        "RecordHeld" => format!("held{ending}"),
        "FieldHeld" => match text(entry, "place") {
            "" => format!("{field} held{ending}"),
            place => format!("{field} held{ending} ({place})"),
        },
        "RecordAmbiguous" => format!("ambiguous{ending}"),
        "RecordLeftOut" => format!("left out{ending}"),
        "RecordRefused" => format!("refused{ending}"),
        "RefusalReported" => format!("the refusal was reported to people{ending}"),
        "RetryAsked" => "a person asked to try again".to_owned(),
        "StepDeferred" => format!("put off{ending}"),
        "OutcomeLost" => format!("sent, the answer was lost{ending}"),
        "LinkImported" => "linked by an import".to_owned(),
        "LinkForgotten" => "a person had the link forgotten".to_owned(),
        "ConflictFound" | "ConflictSettled" => {
            let of = |key: &str| entry.details.get(key).map_or_else(|| "–".to_owned(), value);
            let ending = match entry.event.as_str() {
                "ConflictFound" if entry.details.get("void").is_some() => {
                    "waits for an answer: the one given before was to other values"
                }
                "ConflictFound" => "waits for an answer",
                _ => text(entry, "policy"),
            };
            format!(
                "{field} changed on both sides: {} {}, {} {} ({ending})",
                systems.left,
                of("left"),
                systems.right,
                of("right")
            )
        }
        "ConflictAnswered" => {
            let side = if text(entry, "side") == "right" { systems.right } else { systems.left };
            format!("a person chose what {side} holds")
        }
        other => format!("{other}{ending}"),
    }
}
