//! `depara explain`: where a value came from, or the one reason why a record did not move.
//!
//! Answers from the store and its journal alone: nothing is asked of any system, nothing is run again.

pub mod origin;
pub mod reason;

use std::sync::Arc;

use self::reason::Reason;
use super::arguments::{Global, ScopeArguments};
use super::conflicts;
use super::open::remembered;
use super::render::{Screen, explain};
use super::{Exit, Stop};
use crate::clock::Clock;
use crate::diagnostic::nearest;
use crate::engine::crew::Scope;
use crate::link::Link;
use crate::mapping::Mapping;
use crate::mapping::field::At;
use crate::record::{Body, Side};
use crate::reference::scalar_text;
use crate::store::{Conflict, Entry, Intent, Mark, Wait, Waiting};
use crate::workspace::Workspace;

/// Lines of the journal that are looked at.
const JOURNAL: usize = 1_000;
/// Lines on cycles that are looked at.
const CYCLES: usize = 100;
/// How far one record that waits for another is followed.
const CHAIN: usize = 3;
/// Conflicts that are shown.
const CONFLICTS: usize = 20;

/// What the store knows of one record in one scope.
pub struct Known {
    /// The side it lives on.
    pub side: Side,
    /// Its id.
    pub id: String,
    /// Its link, alive or a tombstone.
    pub link: Option<Link>,
    /// Why it waits, if it does.
    pub waiting: Option<Waiting>,
    /// Why its twin waits, if that does.
    pub twin_waiting: Option<Waiting>,
    /// A creation from it, or of it, without an answer.
    pub intent: Option<Intent>,
    /// Fields that both sides changed, the newest first.
    pub conflicts: Vec<Conflict>,
    /// What happened to it, the newest first.
    pub journal: Vec<Entry>,
    /// What the journal tells of cycles, the newest first.
    pub cycles: Vec<Entry>,
    /// How far all was seen.
    pub mark: Option<Mark>,
}

/// Another record that a record waits for, and why that one does not move.
pub struct Because {
    /// What the waiting record calls it.
    pub label: String,
    /// Its own mapping.
    pub scope: Scope,
    /// What is known of it.
    pub known: Known,
    /// Why it does not move.
    pub reason: Reason,
    /// What it waits for itself.
    pub because: Vec<Self>,
}

/// How a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has a twin, and both live.
    Linked,
    /// It had a twin; one of the two is gone.
    Tombstone,
    /// It waits.
    Waiting(Wait),
    /// Its twin is about to be born, or was and nobody knows.
    UnderWay,
    /// It was seen, and is neither linked nor waiting.
    Seen,
    /// Nothing is known of it.
    NeverSeen,
}

impl Known {
    /// How the record stands. What keeps it from moving weighs more than its link.
    pub fn standing(&self) -> Standing {
        match (&self.link, &self.waiting) {
            (Some(link), _) if link.is_tombstone() => Standing::Tombstone,
            (Some(_), _) => Standing::Linked,
            (None, Some(waiting)) => Standing::Waiting(waiting.kind),
            (None, None) if self.intent.is_some() => Standing::UnderWay,
            (None, None) if self.journal.is_empty() => Standing::NeverSeen,
            (None, None) => Standing::Seen,
        }
    }
}

/// Explains a record, or one field of it.
pub(super) fn run(
    global: &Global,
    chosen: &ScopeArguments,
    (resource, id, field): (&str, &str, Option<&str>),
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let (workspace, scopes) = remembered(global, chosen, screen)?;
    let fitting: Vec<(&Scope, Side)> =
        scopes.iter().filter_map(|scope| Some((scope, end_of(scope, resource)?))).collect();
    if fitting.is_empty() {
        return Err(not_enabled(&workspace, resource));
    }
    let fitting = with_field(&fitting, field)?;
    let mut known = Vec::new();
    for (scope, side, field) in fitting {
        known.push((scope, gather(scope, side, id)?, field));
    }
    // Where one scope knows the record, those that never saw it have nothing to say.
    let any = known.iter().any(|(_, one, _)| one.standing() != Standing::NeverSeen);
    let now_ms = Clock::machine().now_ms();
    for (scope, one, field) in known.iter().filter(|(_, one, _)| !any || one.standing() != Standing::NeverSeen) {
        let reason = reason::why(&scope.mapping, one, *field, now_ms);
        let because = waits_for(&workspace, scope, one, now_ms, CHAIN)?;
        explain::record(screen, (scope, &workspace), one, *field, (&reason, &because))?;
    }
    Ok(Exit::Done)
}

/// The side of a mapping that is this resource.
pub(super) fn end_of(scope: &Scope, resource: &str) -> Option<Side> {
    Side::BOTH.into_iter().find(|side| explain::resource_of(&scope.mapping, *side) == resource)
}

fn gather(scope: &Scope, side: Side, id: &str) -> anyhow::Result<Known> {
    let ledger = &scope.ledger;
    let mut found = Vec::new();
    conflicts::each(scope, |one| {
        found.extend((one.ids.get(side).as_deref() == Some(id)).then_some(one));
        found.len() < CONFLICTS
    })?;
    let intents = ledger.intents()?;
    let link = ledger.link(side, id)?;
    let twin_waiting = match &link {
        Some(link) => ledger.waiting(side.other(), link.ids.get(side.other()))?,
        None => None,
    };
    Ok(Known {
        side,
        id: id.to_owned(),
        link,
        waiting: ledger.waiting(side, id)?,
        twin_waiting,
        intent: intents.into_iter().find(|intent| intent.side == side.other() && intent.from == id),
        conflicts: found,
        journal: ledger.journal_of(side, id, JOURNAL)?,
        cycles: ledger.journal_of_cycles(CYCLES)?,
        mark: ledger.mark()?,
    })
}

/// The records that a waiting one refers to and that have no twin themselves, each with its reason.
fn waits_for(
    workspace: &Workspace,
    scope: &Scope,
    known: &Known,
    now_ms: i64,
    depth: usize,
) -> anyhow::Result<Vec<Because>> {
    let body = known.waiting.as_ref().filter(|_| depth > 0).and_then(|waiting| waiting.body.as_ref());
    let Some(body) = body.map(Body::value) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for field in &scope.mapping.fields {
        let end = field.ends.get(known.side);
        let (At::Path(path), Some(lookup)) = (&end.at, &end.lookup) else { continue };
        let Some(other) = workspace.mappings.get(&lookup.reference) else { continue };
        let Some(id) = path.get(&body).as_ref().and_then(scalar_text).filter(|id| !id.is_empty()) else { continue };
        let system = &scope.mapping.sides.get(known.side).system;
        let Some(side) = Side::BOTH.into_iter().find(|side| other.sides.get(*side).system == *system) else { continue };
        let ledger = scope.ledger.of_scope(&Scope::name(&scope.account.name, &other.name));
        let scope = Scope { account: scope.account.clone(), mapping: Arc::clone(other), ledger };
        let known = gather(&scope, side, &id)?;
        if known.link.is_none() {
            let reason = reason::why(&scope.mapping, &known, None, now_ms);
            let because = waits_for(workspace, &scope, &known, now_ms, depth - 1)?;
            found.push(Because { label: field.label.clone(), scope, known, reason, because });
        }
    }
    Ok(found)
}

type Asked<'a> = (&'a Scope, Side, Option<usize>);

/// The scopes whose mapping has the field, by name, label or path on the record's own side.
fn with_field<'a>(fitting: &[(&'a Scope, Side)], field: Option<&str>) -> anyhow::Result<Vec<Asked<'a>>> {
    let Some(word) = field else {
        return Ok(fitting.iter().map(|(scope, side)| (*scope, *side, None)).collect());
    };
    let found: Vec<Asked<'a>> = fitting
        .iter()
        .filter_map(|(scope, side)| Some((*scope, *side, Some(field_index(&scope.mapping, *side, word)?))))
        .collect();
    if found.is_empty() {
        let fields = || fitting.iter().flat_map(|(scope, _)| &scope.mapping.fields);
        let known = fields().flat_map(|field| [field.name.as_str(), field.label.as_str()]);
        let hint = match nearest(word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                // Several mappings may speak of the record, and call fields alike.
                let mut labels: Vec<&str> = Vec::new();
                for field in fields() {
                    if !labels.contains(&field.label.as_str()) {
                        labels.push(&field.label);
                    }
                }
                format!("known: {}", labels.join(", "))
            }
        };
        return Err(Stop::usage(format!("no field is named `{word}`"), hint));
    }
    Ok(found)
}

pub(super) fn field_index(mapping: &Mapping, side: Side, word: &str) -> Option<usize> {
    mapping.field_named(word).or_else(|| mapping.fields.iter().position(|field| explain::path_of(field, side) == word))
}

/// Why no mapping that runs speaks of a resource.
pub(super) fn not_enabled(workspace: &Workspace, resource: &str) -> anyhow::Error {
    let speaks = |mapping: &Mapping| Side::BOTH.into_iter().any(|side| explain::resource_of(mapping, side) == resource);
    if let Some(mapping) = workspace.mappings.values().find(|mapping| speaks(mapping)) {
        let sentence = format!("no chosen account runs a mapping of `{resource}`");
        return Stop::failed(sentence, format!("enable `{}` under `mappings:` in depara.yaml", mapping.name));
    }
    let all: Vec<String> = workspace
        .mappings
        .values()
        .flat_map(|mapping| Side::BOTH.map(|side| explain::resource_of(mapping, side)))
        .collect();
    let hint = match nearest(resource, all.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("mapped: {}", if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }),
    };
    Stop::usage(format!("no mapping speaks of `{resource}`"), hint)
}
