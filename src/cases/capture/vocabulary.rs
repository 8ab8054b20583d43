//! What of a capture is masked in what way: the words that rules know stay, ids are renamed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Life;
use super::mask::{Key, Mask, digits};
use crate::mapping::Mapping;
use crate::mapping::canon::Canon;
use crate::mapping::field::At;
use crate::path::Path;
use crate::record::Side;
use crate::reference::{is_links, scalar_text};
use crate::workspace::Workspace;

/// Longer texts of scripts are what they say, not what they know.
const WORDS_MAX: usize = 2;

/// The mask of a capture.
pub(super) fn mask(workspace: &Workspace, life: &Life<'_>, key: Key) -> Mask {
    let mut mask = Mask { key, ids: ids(workspace, life), ..Mask::default() };
    let mapping = life.mapping;
    for end in mapping.fields.iter().flat_map(|field| [&field.ends.left, &field.ends.right]) {
        end.table.iter().flat_map(|(one, other)| [one, other]).chain(&end.except).for_each(|word| mask.keep(word));
    }
    for end in [&mapping.sides.left, &mapping.sides.right] {
        mask.keep(&end.system);
        mask.keep(&end.resource);
    }
    each_text(&Value::Object(mapping.parameters.clone()), &mut |text| mask.keep(text));
    let texts = workspace.rules.texts_of(&scripts(workspace, mapping)).into_iter();
    texts.filter(|text| text.split_whitespace().count() <= WORDS_MAX).for_each(|text| mask.keep(text));
    for system in mapping.systems().iter().filter_map(|name| workspace.project.systems.get(name)) {
        let shapes = system.resources.values().flat_map(|resource| resource.shape.values());
        shapes.flat_map(|shape| &shape.values).for_each(|word| mask.keep(word));
    }
    keep_fields(life, &mut mask);
    mask
}

/// The scripts that a mapping names.
fn scripts(workspace: &Workspace, mapping: &Mapping) -> Vec<String> {
    let spec = workspace.project.mappings.iter().find(|spec| spec.name == mapping.name);
    spec.iter().flat_map(|spec| &spec.scripts).map(|(name, _)| name.clone()).collect()
}

/// The columns by which rows are found, by reference.
pub(super) fn columns(workspace: &Workspace, mapping: &Mapping) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let ends = mapping.fields.iter().flat_map(|field| [&field.ends.left, &field.ends.right]);
    for lookup in ends.filter_map(|end| end.lookup.as_ref()) {
        found.entry(lookup.reference.clone()).or_default().extend([lookup.id.clone(), lookup.by.clone()]);
    }
    for consulted in workspace.rules.references_of(&scripts(workspace, mapping)) {
        found.entry(consulted.name).or_default().extend(consulted.field.map(|(field, _)| field));
    }
    found
}

/// Keeps what the chosen fields hold and held.
fn keep_fields(life: &Life<'_>, mask: &mut Mask) {
    let (mapping, snapshot) = (life.mapping, life.snapshot);
    for side in Side::BOTH {
        let Some(body) = life.body(side) else { continue };
        let read = mapping.read(side, "", &body, &snapshot.references).unwrap_or_default();
        for at in life.keep {
            let Some(field) = mapping.fields.get(*at) else { continue };
            let base = snapshot.links.first().and_then(|link| link.base.get(side).fields.get(&field.key));
            let raw = match &field.ends.get(side).at {
                At::Path(path) => path.get(&body),
                At::Member { .. } => None,
            };
            for value in [Some(read.value(*at)), base, raw.as_ref()].into_iter().flatten() {
                each_text(value, &mut |text| {
                    mask.keep(text);
                    mask.kept.insert(digits(text));
                });
            }
        }
    }
}

fn each_text(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| each_text(one, visit)),
        Value::Object(map) => map.values().for_each(|one| each_text(one, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            scalar_text(value).iter().for_each(|text| visit(text));
        }
    }
}

/// The ids of the records, and of the rows they refer to, as far as they are numbers.
fn ids(workspace: &Workspace, life: &Life<'_>) -> BTreeSet<String> {
    let (mapping, snapshot) = (life.mapping, life.snapshot);
    let records = Side::BOTH.into_iter().flat_map(|side| snapshot.records.get(side).keys());
    let mut ids: BTreeSet<String> = records.cloned().collect();
    for (name, rows) in life.rows {
        if is_links(name) {
            rows.iter().for_each(|row| each_text(row, &mut |id| ids.extend([id.to_owned()])));
            continue;
        }
        let known = name.split_once('.').and_then(|(system, resource)| {
            workspace.project.systems.get(system).and_then(|system| system.resources.get(resource))
        });
        let paths = known.into_iter().map(|resource| &resource.id);
        let found = paths.flat_map(|path| rows.iter().filter_map(|row| path.get(row)));
        ids.extend(found.filter_map(|id| scalar_text(&id)));
    }
    for side in Side::BOTH {
        let Some(body) = life.body(side) else { continue };
        for field in &mapping.fields {
            let end = field.ends.get(side);
            let (At::Path(path), true) = (&end.at, end.lookup.is_some()) else { continue };
            let Some(value) = path.get(&body) else { continue };
            let member =
                |row: &Value| end.member.as_ref().map_or_else(|| Some(row.clone()), |name| row.get(name).cloned());
            let all = match &value {
                Value::Array(list) => list.iter().filter_map(member).collect(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
            };
            ids.extend(all.iter().filter_map(scalar_text));
        }
    }
    // Small numbers tell nothing, and may be anything else as well.
    ids.retain(|id| id.len() > 2 && id.bytes().all(|digit| digit.is_ascii_digit()));
    ids
}

/// Where a side holds phones: a field compared as one, or the paths of a group of them.
pub(super) fn phones(mapping: &Mapping, side: Side) -> Vec<&Path> {
    let mut found = Vec::new();
    let is_phone = |at: &At| {
        let same = mapping.fields.iter().filter(|field| match (&field.ends.get(side).at, at) {
            (At::Member { view, .. }, At::Member { view: other, .. }) => view == other,
            (At::Path(_), At::Path(_)) | (At::Path(_), At::Member { .. }) | (At::Member { .. }, At::Path(_)) => false,
        });
        same.fold((0, true), |(count, all), field| (count + 1, all && field.canon == Canon::PhoneBr)).1
    };
    for field in mapping.fields.iter().filter(|field| field.canon == Canon::PhoneBr) {
        let at = &field.ends.get(side).at;
        match at {
            At::Path(path) => found.push(path),
            At::Member { view, .. } if is_phone(at) => {
                found
                    .extend(mapping.views.get(*view).into_iter().flat_map(|view| view.of.iter().map(|(path, _)| path)));
            }
            At::Member { .. } => {}
        }
    }
    found
}
