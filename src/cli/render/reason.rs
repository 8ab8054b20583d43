//! The one reason why a record or a field does not move, in words.

use serde_json::{Value, json};

use super::explain::{comment_of, who};
use super::journal;
use super::link::resource;
use super::value::moment;
use crate::cli::explain::reason::{Ended, Reason};
use crate::cli::explain::{Because, Known, Standing};
use crate::engine::crew::Scope;
use crate::store::Wait;
use crate::workspace::Workspace;

/// A reason in words.
pub(super) struct Said {
    /// One sentence.
    pub(super) sentence: String,
    /// The words of the rule or of the system.
    pub(super) words: Option<String>,
    /// What the author of the rule wrote above it.
    pub(super) rule: Option<String>,
    /// What can be done about it.
    pub(super) hint: Option<String>,
}

impl Said {
    fn of(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), words: None, rule: None, hint: None }
    }

    fn words(self, words: &str) -> Self {
        Self { words: Some(words.to_owned()).filter(|words| !words.is_empty()), ..self }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Says why a record does not move.
pub(super) fn said(scope: &Scope, workspace: &Workspace, known: &Known, reason: &Reason) -> Said {
    let mapping = &scope.mapping;
    let here = resource(mapping, known.side);
    let system = |side| mapping.sides.get(side).system.as_str();
    match reason {
        Reason::Gone { side, since_ms } => {
            let since = since_ms.map(|ms| format!(" since {}", moment(ms))).unwrap_or_default();
            let system = system(*side);
            Said::of(format!("gone in {system}{since}: the link is kept, so that the other is not taken for new"))
        }
        Reason::Waits { .. } => waits(scope, workspace, known, reason),
        Reason::Conflict { id, label, since_ms, answered: None } => {
            let sentence = format!("waits for an answer since {}: both sides changed {label}", moment(*since_ms));
            let (left, right) = (&mapping.sides.left.system, &mapping.sides.right.system);
            Said::of(sentence).hint(format!("`depara conflicts answer {id} {left}` or `… {right}` settles it"))
        }
        Reason::Conflict { label, answered: Some(side), .. } => {
            Said::of(format!("a person chose what {} holds of {label}; the next cycle carries it out", system(*side)))
        }
        Reason::UnderWay { to, since_ms, birth } => {
            let next = if *birth { "searches for it there" } else { "that sees it there tells what became of it" };
            let (to, at) = (system(*to), moment(*since_ms));
            Said::of(format!("sent to {to} at {at}, the answer is not known: the next cycle {next}"))
        }
        Reason::Once { place } => Said::of(format!("told at birth only: what changes later does not move ({place})")),
        Reason::OneWay { place } => Said::of(format!("one way: nothing flows from {} ({place})", system(known.side))),
        Reason::Cycle { .. } => cycle(known, reason),
        Reason::Told { since_ms, .. } => {
            let systems = mapping.sides.as_ref().map(|end| end.system.as_str());
            let told = known.journal.first().map(|entry| journal::happened(entry, systems)).unwrap_or_default();
            let sentence =
                format!("neither linked nor waiting; the last that is known, of {}: {told}", moment(*since_ms));
            Said::of(sentence)
        }
        Reason::Edited => Said::of("the mapping was edited since the last cycle: the next one compares everything")
            .hint("`depara plan` shows what it would send"),
        Reason::NeverRan => {
            Said::of("never seen: no cycle of this mapping has ever come to its end").hint("`depara sync` runs one")
        }
        Reason::Unlisted => Said::of(format!(
            "never seen: {here} is not listed (`put_back: false`), its records are only read for their twins"
        )),
        Reason::Unseen { .. } => unseen(scope, &here, reason),
        Reason::Settled { read_ms } => {
            let until = read_ms.map(|ms| format!(", until {}", moment(ms))).unwrap_or_default();
            Said::of(format!("nothing waits: as far as changes were read{until}, all that moves has moved"))
        }
    }
}

/// A record or a field that waits.
fn waits(scope: &Scope, workspace: &Workspace, known: &Known, reason: &Reason) -> Said {
    let Reason::Waits { kind, side, field, words, place, since_ms } = reason else { return Said::of(String::new()) };
    let mapping = &scope.mapping;
    let other = &mapping.sides.get(side.other()).system;
    let since = since_ms.map(|ms| format!(" since {}", moment(ms))).unwrap_or_default();
    let by = match place.as_deref() {
        Some(place) if place.contains(".rhai:") => format!(" by the rule at {place}"),
        Some(place) => format!(" by the line at {place}"),
        None => String::new(),
    };
    let label = field.and_then(|index| mapping.fields.get(index)).map(|field| format!("{} is ", field.label));
    let label = label.unwrap_or_default();
    let said = match kind {
        Wait::Held if known.link.is_some() => Said::of(format!("{label}held{by}{since}, because")),
        Wait::Held => Said::of(format!("held{by}{since}, not sent to {other}, because")),
        Wait::LeftOut => Said::of(format!("left out{by}{since}: it takes no part, because")),
        Wait::Deferred => Said::of(format!("deferred{since}: it is compared in the next cycle, because")),
        Wait::Ambiguous => Said::of(format!(
            "ambiguous{since}: it could be the twin of several, and nothing is done until one is left, because"
        ))
        .hint("a record that is deleted is missed when everything is compared: `depara sync --full` does so now"),
        Wait::Quarantined => Said::of(format!("in quarantine{since}, refused by {other}, in its own words:")).hint(
            format!("it is sent again when it or the mapping changes, or after `depara quarantine retry {}`", known.id),
        ),
    };
    let rule = place.as_deref().and_then(|place| comment_of(workspace, mapping, place)).map(str::to_owned);
    Said { rule, ..said.words(words) }
}

/// What became of the last cycle.
fn cycle(known: &Known, reason: &Reason) -> Said {
    let Reason::Cycle { ended, cycle, since_ms, words } = reason else { return Said::of(String::new()) };
    let at = moment(*since_ms);
    let never = if known.standing() == Standing::NeverSeen { "never seen: " } else { "" };
    let number = if *cycle > 0 { format!(" {cycle}") } else { String::new() };
    let said = match ended {
        Ended::Halted => Said::of(format!("{never}a guard refused the plan of cycle{number} at {at}, because"))
            .hint("`depara plan` shows it; `depara sync --accept` carries it out all the same, this once"),
        Ended::Failed => Said::of(format!("{never}no cycle has come to its end since {at}, because"))
            .hint("what was read by then is looked at again in the next cycle"),
        Ended::Unfinished => Said::of(format!("{never}cycle{number} of {at} did not come to its end, because"))
            .hint("what is left over is looked at again in the next cycle"),
    };
    said.words(words)
}

/// How far was read.
fn unseen(scope: &Scope, here: &str, reason: &Reason) -> Said {
    let Reason::Unseen { from_ms, read_ms, full_ms, due_ms } = reason else { return Said::of(String::new()) };
    let read = moment(*read_ms);
    let Some(from) = from_ms.map(moment) else {
        let sentence =
            format!("never seen: lists of {here} begin at midnight (`window: today`), the last one at {read}");
        return Said::of(sentence).hint(
            "a record changed before is no business of the mapping; one changed since is seen in the next cycle",
        );
    };
    let full = full_ms.map_or_else(String::new, |ms| format!(" it was compared as a whole at {}, and", moment(ms)));
    let due = due_ms.map(|ms| format!(", due at {}", moment(ms))).unwrap_or_default();
    Said::of(format!("never seen: no list of {here} has shown it;{full} changes were read until {read}")).hint(format!(
        "changed after that, it is seen in the next cycle; changed before {from}, it is out of the window until \
         `depara sync --full` compares everything{due}; or {here} holds no such id in the account `{}`",
        scope.account.name
    ))
}

/// What a record waits for, one line for each.
pub(super) fn chain(workspace: &Workspace, because: &[Because], depth: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for one in because {
        let Said { sentence, words, .. } = said(&one.scope, workspace, &one.known, &one.reason);
        let itself = words.map_or_else(|| sentence.clone(), |words| format!("{sentence} {words}"));
        let name = who(&one.scope.mapping, &one.known);
        let which = if depth > 0 { "which waits for" } else { "waits for" };
        lines.push(format!("{which} its {}, {name}, which is {itself}", one.label));
        lines.extend(chain(workspace, &one.because, depth + 1));
    }
    lines
}

/// A reason as an object.
pub(super) fn as_json(
    (scope, workspace): (&Scope, &Workspace),
    known: &Known,
    reason: &Reason,
    because: &[Because],
) -> Value {
    let Said { sentence, words, hint, .. } = said(scope, workspace, known, reason);
    let because = because.iter().map(|one| {
        json!({
            "label": one.label,
            "mapping": one.scope.mapping.name,
            "resource": resource(&one.scope.mapping, one.known.side),
            "id": one.known.id,
            "reason": as_json((&one.scope, workspace), &one.known, &one.reason, &one.because),
        })
    });
    json!({
        "kind": reason.word(),
        "sentence": sentence,
        "words": words,
        "hint": hint,
        "place": reason.place(),
        "since_ms": reason.since_ms(),
        "waits_for": because.collect::<Vec<_>>(),
    })
}
