//! Links: which records are known to be one thing, and what each side held.

use std::io;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::import::Taken;
use super::table::Table;
use super::value::{count, value};
use super::{Paint, Screen};
use crate::engine::crew::Scope;
use crate::link::{Half, Link};
use crate::mapping::Mapping;
use crate::mapping::field::{End, Field};
use crate::record::{Side, Sides};
use crate::reference::scalar_text;

/// Says whose list follows.
///
/// # Errors
/// When nobody reads any more.
pub fn heading(screen: &mut Screen, scope: &Scope) -> io::Result<()> {
    if screen.is_json() {
        return Ok(());
    }
    let paint = screen.paint();
    screen.line(&format!("{}  {}", paint.bold(&scope.mapping.title), paint.dim(whose(scope))))
}

/// Account and mapping in few words.
pub(super) fn whose(scope: &Scope) -> String {
    format!("{} · {}", scope.account.name, scope.mapping.name)
}

/// Lists links of one scope; `total` is how many there are.
///
/// # Errors
/// When nobody reads any more.
pub fn list(screen: &mut Screen, scope: &Scope, links: &[Link], total: usize) -> io::Result<()> {
    if screen.is_json() {
        return links.iter().try_for_each(|link| screen.json(&as_json(scope, link, false)));
    }
    heading(screen, scope)?;
    let mapping = &scope.mapping;
    let (left, right) = (resource(mapping, Side::Left), resource(mapping, Side::Right));
    let mut table = Table::new(&[&left, &right, "name", ""]);
    for link in links {
        let name = name_of(mapping, link).unwrap_or_default();
        table.row([link.ids.left.clone(), link.ids.right.clone(), name, state(mapping, link)]);
    }
    if !links.is_empty() {
        let paint = screen.paint();
        table.lines(2, paint).iter().try_for_each(|line| screen.line(line))?;
    }
    let shown =
        if links.len() < total { format!(", {} shown; --limit shows more", links.len()) } else { String::new() };
    screen.note(&format!("  {}{shown}", count(total, "link")))
}

/// Shows one link, with both halves of its base.
///
/// # Errors
/// When nobody reads any more.
pub fn show(screen: &mut Screen, scope: &Scope, link: &Link) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&as_json(scope, link, true));
    }
    heading(screen, scope)?;
    let paint = screen.paint();
    screen.line(&format!("  {}", ids(&scope.mapping, link, paint)))?;
    let state = state(&scope.mapping, link);
    if !state.is_empty() {
        screen.line(&format!("  {}", paint.warn(state)))?;
    }
    base(screen, &scope.mapping, link, None)
}

/// The two ends of a link.
pub(super) fn ids(mapping: &Mapping, link: &Link, paint: Paint) -> String {
    let end = |side: Side| format!("{} {}", resource(mapping, side), paint.name(link.ids.get(side)));
    format!("{}  ⇔  {}", end(Side::Left), end(Side::Right))
}

/// What both sides held at the last agreement; of one field when it is named.
pub(super) fn base(screen: &mut Screen, mapping: &Mapping, link: &Link, only: Option<usize>) -> io::Result<()> {
    let (left, right) = (&mapping.sides.left.system, &mapping.sides.right.system);
    let mut table = Table::new(&["field", left, right]);
    for (_, field) in mapping.fields.iter().enumerate().filter(|(index, _)| only.is_none_or(|one| one == *index)) {
        let half = |side: Side| base_of(link.base.get(side), &field.key);
        table.row([field.label.clone(), half(Side::Left), half(Side::Right)]);
    }
    let paint = screen.paint();
    screen.line(&format!("  {}", paint.dim("what each side held at the last agreement:")))?;
    table.lines(4, paint).iter().try_for_each(|line| screen.line(line))
}

/// What a half of the base holds under a key; a value that no answer has confirmed yet is marked.
pub(super) fn base_of(half: &Half, key: &str) -> String {
    let sent = if half.expected.contains(key) { " (sent)" } else { "" };
    half.fields.get(key).map_or_else(|| "–".to_owned(), |held| format!("{}{sent}", value(held)))
}

/// `system.resource` of a side.
pub(super) fn resource(mapping: &Mapping, side: Side) -> String {
    let end = mapping.sides.get(side);
    format!("{}.{}", end.system, end.resource)
}

/// What keeps a link from being alive and still.
pub(super) fn state(mapping: &Mapping, link: &Link) -> String {
    let gone = Side::BOTH.into_iter().filter(|side| *link.gone.get(*side));
    let gone = gone.map(|side| format!("gone in {}", mapping.sides.get(side).system));
    let held = link.held.iter().map(|(name, reason)| {
        let label = mapping.field_named(name).and_then(|at| mapping.fields.get(at)).map(|field| field.label.as_str());
        label.map_or_else(|| format!("held: {reason}"), |label| format!("{label} held: {reason}"))
    });
    gone.chain(held).collect::<Vec<_>>().join("; ")
}

/// What people call the record: its first plain text, as the base knows it.
pub(super) fn name_of(mapping: &Mapping, link: &Link) -> Option<String> {
    let key = &mapping.fields.get(naming(mapping)?)?.key;
    let half = |side: Side| link.base.get(side).fields.get(key).and_then(scalar_text);
    half(Side::Left).or_else(|| half(Side::Right)).map(|text| super::value::short(&text))
}

/// What people call a record of which the body is known. Looks nothing up.
pub(super) fn name_in(mapping: &Mapping, side: Side, id: &str, body: &Value) -> Option<String> {
    let fields = mapping.read(side, id, body, &Arc::default()).ok()?;
    scalar_text(fields.value(naming(mapping)?)).map(|text| super::value::short(&text))
}

/// The field that people call a record by: the first plain one, better one that no rule makes of
/// something else, such as a day of a moment.
fn naming(mapping: &Mapping) -> Option<usize> {
    let plain = |end: &End| !end.is_id && end.lookup.is_none() && end.table.is_empty();
    let names = |field: &Field| !field.set && plain(&field.ends.left) && plain(&field.ends.right);
    let made = |field: &Field| field.ends.left.read.is_some() || field.ends.right.read.is_some();
    let first = mapping.fields.iter().position(|field| names(field) && !made(field));
    first.or_else(|| mapping.fields.iter().position(names))
}

/// A link as an object; with the halves of its base when `whole`.
pub(super) fn as_json(scope: &Scope, link: &Link, whole: bool) -> Value {
    let mapping = &scope.mapping;
    let end = |side: Side| {
        let end = mapping.sides.get(side);
        let mut map = Map::new();
        map.insert("system".to_owned(), json!(end.system));
        map.insert("resource".to_owned(), json!(end.resource));
        map.insert("id".to_owned(), json!(link.ids.get(side)));
        map.insert("gone".to_owned(), json!(link.gone.get(side)));
        if whole {
            let half = link.base.get(side);
            let held = mapping
                .fields
                .iter()
                .filter_map(|field| half.fields.get(&field.key).map(|value| (field.name.clone(), value.clone())));
            map.insert("base".to_owned(), Value::Object(held.collect()));
        }
        Value::Object(map)
    };
    let ends: Sides<Value> = Sides::each(end);
    json!({
        "account": scope.account.name,
        "mapping": mapping.name,
        "name": name_of(mapping, link),
        "left": ends.left,
        "right": ends.right,
        "held": link.held,
    })
}

/// Says that a link was forgotten.
///
/// # Errors
/// When nobody reads any more.
pub fn forgotten(screen: &mut Screen, scope: &Scope, link: &Link) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&json!({ "forgotten": as_json(scope, link, false) }));
    }
    let paint = screen.paint();
    screen.line(&format!("forgot {}", ids(&scope.mapping, link, paint)))?;
    screen.note(if link.is_tombstone() {
        "the next cycle compares everything: what is left of the two counts as new, and may be born on the other side"
    } else {
        "neither record was touched; the next cycle compares everything, and they meet again by the mapping's keys"
    })
}

/// Says that links were written into a file.
///
/// # Errors
/// When nobody reads any more.
pub fn exported(screen: &mut Screen, links: usize, file: &Path) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&json!({ "exported": links, "file": file.display().to_string() }));
    }
    screen.line(&format!("wrote {} into {}", count(links, "link"), file.display()))?;
    screen.note("the file holds what the records said: keep it as you keep the store")
}

/// Says that links were taken up.
///
/// # Errors
/// When nobody reads any more.
pub fn imported(screen: &mut Screen, taken: &Taken) -> io::Result<()> {
    if screen.is_json() {
        return screen.json(&json!(taken));
    }
    let there = (taken.there > 0).then(|| format!(", {} were there and stay as they are", taken.there));
    let others = (taken.others > 0).then(|| format!(", {} of others were passed over", taken.others));
    let rest = [there, others].into_iter().flatten().collect::<String>();
    screen.line(&format!("took up {}{rest}", count(taken.imported, "link")))?;
    screen.note("nothing was sent; `depara plan` shows what the next cycle makes of them")
}
