//! How a record stands and why, in words.

use std::io;

use serde_json::{Value, json};

use super::link::{as_json as link_json, base, heading, ids, name_in, name_of, resource};
use super::value::{moment, value, wrapped};
use super::{Screen, conflict, journal, quarantine};
use crate::cli::explain::{Known, Standing};
use crate::config::mapping::Arrow;
use crate::engine::crew::Scope;
use crate::mapping::Mapping;
use crate::mapping::field::{At, Field};
use crate::record::Side;
use crate::rules::Rule;
use crate::store::Wait;
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

/// Explains one record of one scope, or one field of it.
///
/// # Errors
/// When nobody reads any more.
pub fn record(
    screen: &mut Screen,
    (scope, workspace): (&Scope, &Workspace),
    known: &Known,
    field: Option<usize>,
) -> io::Result<()> {
    let only = field.and_then(|index| scope.mapping.fields.get(index));
    if screen.is_json() {
        return screen.json(&as_json(scope, known, only));
    }
    heading(screen, scope)?;
    let paint = screen.paint();
    let record = format!("{} {}", resource(&scope.mapping, known.side), paint.name(&known.id));
    let name = name(&scope.mapping, known).map(|name| format!("  {}", paint.bold(name))).unwrap_or_default();
    screen.line(&format!("  {record}{name}"))?;
    for line in standing(scope, workspace, known) {
        for (at, row) in wrapped(&line, WIDTH).iter().enumerate() {
            screen.line(&format!("  {}{row}", if at > 0 { "  " } else { "" }))?;
        }
    }
    waits(screen, &scope.mapping, known, only)?;
    if let Some(only) = only {
        line_of(screen, scope, workspace, only)?;
    }
    if let Some(link) = &known.link {
        base(screen, &scope.mapping, link, field)?;
    }
    past(screen, scope, known, only)
}

/// What people call the record: as its link knows it, or as it was when it was kept back.
fn name(mapping: &Mapping, known: &Known) -> Option<String> {
    known.link.as_ref().and_then(|link| name_of(mapping, link)).or_else(|| {
        let body = known.waiting.as_ref()?.body.as_ref()?.value();
        name_in(mapping, known.side, &known.id, &body)
    })
}

/// How the record stands, in sentences.
fn standing(scope: &Scope, workspace: &Workspace, known: &Known) -> Vec<String> {
    let mapping = &scope.mapping;
    let other = &mapping.sides.get(known.side.other()).system;
    match known.standing() {
        Standing::Linked | Standing::Tombstone => {
            let Some(link) = &known.link else { return Vec::new() };
            let mut lines = vec![format!("linked: {}", ids(mapping, link, super::Paint { colour: false }))];
            for side in Side::BOTH.into_iter().filter(|side| *link.gone.get(*side)) {
                let system = &mapping.sides.get(side).system;
                lines.push(format!("gone in {system}: the link is kept, so that the other is not taken for new"));
            }
            lines
        }
        Standing::Waiting(Wait::Held) => vec![format!("held, not sent to {other} until the reason is gone")],
        Standing::Waiting(Wait::LeftOut) => vec!["left out: a rule says that it takes no part".to_owned()],
        Standing::Waiting(Wait::Deferred) => vec![format!("deferred: what it refers to is not in {other} yet")],
        Standing::Waiting(Wait::Quarantined) => vec![
            format!("refused by {other}, in its own words below"),
            "it is sent again when it or the mapping changes, or after `depara quarantine retry`".to_owned(),
        ],
        Standing::Waiting(Wait::Ambiguous) => {
            vec!["ambiguous: it could be the twin of several; nothing is done until one is left".to_owned()]
        }
        Standing::UnderWay => {
            vec![format!("sent to {other}, the answer is not known: the next cycle searches for it there")]
        }
        Standing::Seen => vec!["neither linked nor waiting now; what is known of it is below".to_owned()],
        Standing::NeverSeen => never_seen(scope, workspace, known),
    }
}

/// Why nothing is known of a record, most likely.
fn never_seen(scope: &Scope, workspace: &Workspace, known: &Known) -> Vec<String> {
    let (mapping, here) = (&scope.mapping, resource(&scope.mapping, known.side));
    let mut lines = vec!["never seen; most likely because".to_owned()];
    match &known.mark {
        None => lines.push("- no cycle of this mapping has ended well yet: `depara sync` runs one".to_owned()),
        Some(mark) => {
            let full = mark.full_ms.map_or_else(|| "never".to_owned(), moment);
            let read = moment(*mark.read_ms.get(known.side));
            lines.push(format!("- it is out of the window: changes were read up to {read}, everything was last compared {full}; `depara sync --full` compares everything"));
        }
    }
    if let Some(rule) = &mapping.sides.get(known.side).keep {
        lines.push(format!("- a rule keeps it out: {}", rule_words(workspace, rule)));
    }
    lines.push(format!(
        "- {here} holds no such id in the account `{}`, or the listing does not show it",
        scope.account.name
    ));
    lines
}

/// What waits, and why.
fn waits(screen: &mut Screen, mapping: &Mapping, known: &Known, only: Option<&Field>) -> io::Result<()> {
    let paint = screen.paint();
    if let Some(waiting) = &known.waiting {
        let place = waiting.place.as_ref().map(|place| paint.dim(format!("by {place}"))).unwrap_or_default();
        let rows = wrapped(&waiting.reason, WIDTH);
        rows.iter().try_for_each(|row| screen.line(&format!("    {}", paint.warn(row))))?;
        if !place.is_empty() {
            screen.line(&format!("    {place}"))?;
        }
        screen.line(&format!("    since {}, last looked at {}", moment(waiting.since_ms), moment(waiting.last_ms)))?;
    }
    let held = known.link.iter().flat_map(|link| &link.held);
    for (name, reason) in held {
        let field = mapping.field_named(name).and_then(|at| mapping.fields.get(at));
        if only.is_some_and(|only| field.is_none_or(|field| field.name != only.name)) {
            continue;
        }
        let label = field.map_or("the record", |field| &field.label);
        let place = field.map(|field| format!(" · {}:{}", field.place.file, field.place.line)).unwrap_or_default();
        screen.line(&format!("  {} {label}", paint.warn("held")))?;
        let rows = wrapped(&format!("{reason}{place}"), WIDTH);
        rows.iter().try_for_each(|row| screen.line(&format!("    {row}")))?;
    }
    let open = known.conflicts.iter().filter(|one| one.open && only.is_none_or(|only| one.label == only.label));
    for one in open {
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
    rules.iter().try_for_each(|rule| screen.line(&format!("    by rule {}", rule_words(workspace, rule))))
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
        format!("one way: an edit in {system} is put back")
    })
}

/// Where a rule stands and what its author wrote above it.
fn rule_words(workspace: &Workspace, rule: &Rule) -> String {
    let comment = workspace.rules.comment_of(rule);
    if comment.is_empty() { rule.place.clone() } else { format!("{} ({comment})", rule.place) }
}

/// What happened to the record, the newest first.
fn past(screen: &mut Screen, scope: &Scope, known: &Known, only: Option<&Field>) -> io::Result<()> {
    let label = only.map(|field| field.label.as_str());
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
