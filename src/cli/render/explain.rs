//! How a record stands and why, in words: the one reason first, then what is known besides.

use std::io;

use serde_json::{Value, json};

use super::link::{as_json as link_json, base, heading, ids, name_in, name_of, resource};
use super::reason::{Said, chain, said};
use super::value::{value, wrapped};
use super::{Paint, Screen, conflict, journal, origin, quarantine, reason};
use crate::cli::explain::reason::Reason;
use crate::cli::explain::{Because, Known, Standing};
use crate::config::mapping::Arrow;
use crate::engine::crew::Scope;
use crate::mapping::Mapping;
use crate::mapping::field::{At, Field};
use crate::record::Side;
use crate::rules::Rule;
use crate::workspace::Workspace;

/// Lines of the journal that people are shown.
const JOURNAL: usize = 10;
/// Columns of running text.
const WIDTH: usize = 94;

/// `system.resource` of a side.
pub fn resource_of(mapping: &Mapping, side: Side) -> String {
    resource(mapping, side)
}

/// Where a field sits on a side, as written.
pub fn path_of(field: &Field, side: Side) -> &str {
    match &field.ends.get(side).at {
        At::Path(path) => path.text(),
        At::Member { name, .. } => name,
    }
}

/// Explains one record of one scope, or one field of it, with the reason why it does not move.
///
/// # Errors
/// When nobody reads any more.
pub fn record(
    screen: &mut Screen,
    (scope, workspace): (&Scope, &Workspace),
    known: &Known,
    field: Option<usize>,
    (reason, because): (&Reason, &[Because]),
) -> io::Result<()> {
    let mapping = &scope.mapping;
    let only = field.and_then(|index| mapping.fields.get(index));
    if screen.is_json() {
        let reason = json!({
            "reason": reason::as_json((scope, workspace), known, reason, because),
            "value": field.map(|index| origin::as_json(mapping, known, index, reason)),
        });
        let mut told = as_json(scope, known, only);
        if let (Value::Object(told), Value::Object(reason)) = (&mut told, reason) {
            told.extend(reason);
        }
        return screen.json(&told);
    }
    heading(screen, scope)?;
    let paint = screen.paint();
    let record = format!("{} {}", resource(mapping, known.side), paint.name(&known.id));
    let name = name(mapping, known).map(|name| format!("  {}", paint.bold(name))).unwrap_or_default();
    screen.line(&format!("  {record}{name}"))?;
    if let Some(link) = known.link.as_ref() {
        screen.line(&format!("  linked: {}", ids(mapping, link, Paint { colour: false })))?;
    }
    if let (Some(index), Some(only)) = (field, only) {
        line_of(screen, scope, workspace, only)?;
        origin::held(mapping, known, index, reason, paint).iter().try_for_each(|line| screen.line(line))?;
        let lines = origin::lines(mapping, known, only);
        lines.iter().try_for_each(|line| indented(screen, line))?;
    }
    because_of(screen, &said(scope, workspace, known, reason), &chain(workspace, because, 0))?;
    if only.is_none() {
        waits(screen, mapping, known, reason)?;
        if let Some(link) = &known.link {
            base(screen, mapping, link, None)?;
        }
    }
    past(screen, scope, known, only)
}

/// A line in columns that people read, the next ones a little further in.
fn indented(screen: &mut Screen, line: &str) -> io::Result<()> {
    let depth = line.len() - line.trim_start().len() + 2;
    let mut rows = wrapped(line, WIDTH).into_iter();
    let first = rows.next().unwrap_or_default();
    screen.line(&format!("{}{first}", " ".repeat(depth)))?;
    rows.try_for_each(|row| screen.line(&format!("{}{row}", " ".repeat(depth + 2))))
}

/// Prints the one reason, with the words of who gave it, what it waits for and what can be done.
fn because_of(screen: &mut Screen, said: &Said, chain: &[String]) -> io::Result<()> {
    let paint = screen.paint();
    indented(screen, &said.sentence)?;
    for row in wrapped(said.words.as_deref().unwrap_or_default(), WIDTH) {
        screen.line(&format!("    {}", paint.warn(row)))?;
    }
    if let Some(rule) = &said.rule {
        wrapped(&format!("the rule: {rule}"), WIDTH).iter().try_for_each(|row| screen.note(&format!("    {row}")))?;
    }
    chain.iter().try_for_each(|line| indented(screen, line))?;
    match &said.hint {
        Some(hint) => wrapped(hint, WIDTH).iter().try_for_each(|row| screen.note(&format!("  {row}"))),
        None => Ok(()),
    }
}

/// Whom a sentence speaks of: resource, id, and the name that is known.
pub(super) fn who(mapping: &Mapping, known: &Known) -> String {
    let name = name(mapping, known).map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{} {}{name}", resource(mapping, known.side), known.id)
}

/// What people call the record: as its link knows it, or as it was when it was kept back.
fn name(mapping: &Mapping, known: &Known) -> Option<String> {
    known.link.as_ref().and_then(|link| name_of(mapping, link)).or_else(|| {
        let body = known.waiting.as_ref()?.body.as_ref()?.value();
        name_in(mapping, known.side, &known.id, &body)
    })
}

/// What waits besides the one reason: fields that are held, and conflicts without an answer.
fn waits(screen: &mut Screen, mapping: &Mapping, known: &Known, reason: &Reason) -> io::Result<()> {
    let paint = screen.paint();
    let told = if let Reason::Waits { field, .. } = reason { Some(*field) } else { None };
    let held = known.link.iter().flat_map(|link| &link.held);
    for (name, words) in held.filter(|(name, _)| told != Some(mapping.field_named(name))) {
        let field = mapping.field_named(name).and_then(|at| mapping.fields.get(at));
        let label = field.map_or("the record", |field| &field.label);
        let place = field.map(|field| format!(" · {}:{}", field.place.file, field.place.line)).unwrap_or_default();
        screen.line(&format!("  {} {label}", paint.warn("held")))?;
        let rows = wrapped(&format!("{words}{place}"), WIDTH);
        rows.iter().try_for_each(|row| screen.line(&format!("    {row}")))?;
    }
    for one in known.conflicts.iter().filter(|one| one.open) {
        let values = format!("left {}, right {}", value(&one.values.left), value(&one.values.right));
        screen.line(&format!("  {} {}: {values} ({})", paint.warn("conflict"), one.label, one.id))?;
    }
    Ok(())
}

/// The line of the mapping that makes a field, and the rules it calls.
fn line_of(screen: &mut Screen, scope: &Scope, workspace: &Workspace, field: &Field) -> io::Result<()> {
    let paint = screen.paint();
    let arrow = match field.arrow {
        Arrow::Both => "<=>",
        Arrow::ToRight => "=>",
        Arrow::ToLeft => "<=",
    };
    let paths = format!("{} {arrow} {}", path_of(field, Side::Left), path_of(field, Side::Right));
    let place = paint.dim(format!(" · {}:{}", field.place.file, field.place.line));
    screen.line(&format!("  {}: {paths}{place}", paint.bold(&field.label)))?;
    if let Some(way) = way(&scope.mapping, field) {
        screen.line(&format!("    {way}"))?;
    }
    let views = scope.mapping.views.iter().enumerate();
    let mut rules: Vec<&Rule> = Vec::new();
    for side in Side::BOTH {
        let end = field.ends.get(side);
        rules.extend([&end.read, &end.write, &end.hold].into_iter().flatten());
        if let At::Member { view, .. } = &end.at {
            rules.extend(
                views
                    .clone()
                    .filter(|(at, _)| at == view)
                    .flat_map(|(_, view)| std::iter::once(&view.read).chain(&view.write)),
            );
        }
    }
    rules.dedup();
    rules.iter().try_for_each(|rule| {
        indented(screen, &format!("  by rule {}", rule_words(workspace, &scope.mapping, &rule.place)))
    })
}

/// What a field does not do, when it does not go both ways at all times.
fn way(mapping: &Mapping, field: &Field) -> Option<String> {
    let receiving = match field.arrow {
        Arrow::Both => return None,
        Arrow::ToRight => Side::Right,
        Arrow::ToLeft => Side::Left,
    };
    let system = &mapping.sides.get(receiving).system;
    Some(if field.once {
        format!("told at birth only: what changes later does not move to {system}")
    } else {
        let edit = if field.put_back { "is put back" } else { "stays, until the other side changes" };
        format!("one way: an edit in {system} {edit}")
    })
}

/// Where a rule stands and what its author wrote above it.
fn rule_words(workspace: &Workspace, mapping: &Mapping, place: &str) -> String {
    comment_of(workspace, mapping, place).map_or_else(|| place.to_owned(), |comment| format!("{place} ({comment})"))
}

/// What the author of a rule wrote above it.
pub(super) fn comment_of<'a>(workspace: &'a Workspace, mapping: &Mapping, place: &str) -> Option<&'a str> {
    let rule = mapping.called().find(|rule| rule.place == place)?;
    Some(workspace.rules.comment_of(rule)).filter(|comment| !comment.is_empty())
}

/// What happened to the record, the newest first.
fn past(screen: &mut Screen, scope: &Scope, known: &Known, only: Option<&Field>) -> io::Result<()> {
    let label = only.map(|field| field.label.as_str()).filter(|_| known.link.is_some());
    let of = known.journal.iter().filter(|entry| label.is_none_or(|label| journal::speaks_of(entry, label)));
    let entries: Vec<_> = of.take(JOURNAL).collect();
    if entries.is_empty() {
        if known.standing() != Standing::NeverSeen {
            screen.note("  the journal says nothing about it")?;
        }
        return Ok(());
    }
    let paint = screen.paint();
    let systems = scope.mapping.sides.as_ref().map(|end| end.system.as_str());
    screen.line(&format!("  {}", paint.dim("the journal, the newest first:")))?;
    let lines = entries.iter().flat_map(|entry| journal::lines(entry, systems, label));
    lines.into_iter().try_for_each(|line| screen.line(&format!("    {line}")))?;
    let settled = known.conflicts.iter().filter(|one| !one.open).count();
    if settled > 0 && only.is_none() {
        screen.note(&format!("  {settled} settled conflicts: `depara conflicts --mapping {}`", scope.mapping.name))?;
    }
    Ok(())
}

fn as_json(scope: &Scope, known: &Known, only: Option<&Field>) -> Value {
    let end = scope.mapping.sides.get(known.side);
    let standing = match known.standing() {
        Standing::Linked => "linked",
        Standing::Tombstone => "gone",
        Standing::Waiting(kind) => quarantine::word(kind),
        Standing::UnderWay => "under way",
        Standing::Seen => "seen",
        Standing::NeverSeen => "never seen",
    };
    let label = only.map(|field| field.label.as_str());
    let journal = known.journal.iter().filter(|entry| label.is_none_or(|label| journal::speaks_of(entry, label)));
    let conflicts = known.conflicts.iter().filter(|one| label.is_none_or(|label| one.label == label));
    json!({
        "account": scope.account.name,
        "mapping": scope.mapping.name,
        "system": end.system,
        "resource": end.resource,
        "id": known.id,
        "standing": standing,
        "field": only.map(|field| json!({
            "name": field.name,
            "label": field.label,
            "left": path_of(field, Side::Left),
            "right": path_of(field, Side::Right),
            "place": format!("{}:{}", field.place.file, field.place.line),
        })),
        "link": known.link.as_ref().map(|link| link_json(scope, link, true)),
        "waiting": known.waiting.as_ref().map(|one| quarantine::as_json(scope, one, false)),
        "conflicts": conflicts.map(|one| conflict::as_json(scope, one)).collect::<Vec<_>>(),
        "read_ms": known.mark.as_ref().map(|mark| *mark.read_ms.get(known.side)),
        "journal": journal.collect::<Vec<_>>(),
    })
}
