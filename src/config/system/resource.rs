//! From the written resource to the compiled one: its id, its shape, its marks and its calls.

use std::collections::BTreeMap;

use super::call::{self, Role};
use super::idle::complain_resource;
use super::lower::{Whole, path, paths, word};
use super::shape::shapes;
use super::{Author, Call, Changed, Form, Join, Load, Ours, Resource};
use crate::config::located::{Located, Word};
use crate::config::template::Template;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::path::Path;

const LOADS: [(&str, Load); 2] = [("all", Load::All), ("by_key", Load::ByKey)];

/// What the calls of a resource need to know of it.
pub(super) struct Around<'a> {
    pub(super) name: &'a str,
    pub(super) path: Option<Template>,
    pub(super) records: Option<Path>,
}

/// Lowers one resource.
pub(super) fn resource(
    name: &Word,
    written: &Located,
    whole: &Whole<'_>,
    complaints: &mut Diagnostics,
) -> Option<Resource> {
    let mut entries = written.entries(complaints)?;
    let title = entries.take("title").and_then(|at| at.text(complaints));
    let id = entries.need("id", complaints).and_then(|at| path(at, complaints));
    let names = entries.take("names").map(|at| names(at, complaints)).unwrap_or_default();
    let reference = entries.take("reference").and_then(|at| word(at, &LOADS, complaints)).unwrap_or(Load::ByKey);
    let shape = entries.take("shape").map(|at| shapes(at, complaints)).unwrap_or_default();
    let integration = entries.take("integration").and_then(|at| path(at, complaints));
    let changed = entries.take("changed").and_then(|at| changed(at, complaints));
    let author = entries.take("author").and_then(|at| author(at, complaints));
    let around = Around {
        name: &name.text,
        path: entries.take("path").and_then(|at| Template::lower(at, whole.host, whole.names(call::NAMES), complaints)),
        records: entries.take("records").and_then(|at| path(at, complaints)).or_else(|| whole.records.clone()),
    };
    let mut lower = |key: &'static str, role: Role, complaints: &mut Diagnostics| {
        entries.take(key).and_then(|at| call::call(at, role, &around, whole, complaints))
    };
    let list = lower("list", Role::List, complaints);
    let fetch = lower("fetch", Role::Fetch, complaints);
    let create = lower("create", Role::Create, complaints);
    let update = lower("update", Role::Update, complaints);
    let find = entries.take("find").map(|at| finds(at, &around, whole, complaints)).unwrap_or_default();
    let joins = entries.take("join").map(|at| joins(at, complaints)).unwrap_or_default();
    entries.finish(complaints);
    if let (Some(join), Some(_)) = (joins.first(), list.as_ref().and_then(|list| list.window.as_ref())) {
        let sentence = "a resource with a `join` is listed whole: its `window` never acts";
        complaints.push(Diagnostic::new(Code::UnreachableOption, &join.place, sentence).hint("drop one of them"));
    }
    if list.as_ref().is_some_and(|list| list.thin) && fetch.is_none() {
        let sentence = "a `thin` list needs a `fetch` that reads the whole record";
        complaints.push(Diagnostic::new(Code::MissingKey, &name.place, sentence));
    }
    let place = name.place.clone();
    let found = Resource {
        name: name.text.clone(),
        title,
        id: id?,
        names,
        reference,
        shape,
        integration,
        changed,
        author,
        joins,
        list,
        fetch,
        find,
        create,
        update,
        place,
    };
    complain_resource(&found, written, complaints);
    Some(found)
}

fn finds(at: &Located, around: &Around<'_>, whole: &Whole<'_>, complaints: &mut Diagnostics) -> BTreeMap<String, Call> {
    let map = at.map(complaints).unwrap_or_default().to_vec();
    map.iter()
        .filter_map(|(key, value)| {
            call::call(value, Role::Find, around, whole, complaints).map(|call| (key.text.clone(), call))
        })
        .collect()
}

fn joins(at: &Located, complaints: &mut Diagnostics) -> Vec<Join> {
    let mut found = Vec::new();
    for (word, value) in at.map(complaints).unwrap_or_default().to_vec() {
        let Some(mut entries) = value.entries(complaints) else { continue };
        let of = entries.need("of", complaints).and_then(|at| at.text(complaints));
        let by = entries.need("by", complaints).map(|at| paths(at, complaints)).filter(|by| !by.is_empty());
        entries.finish(complaints);
        if let (Some(of), Some(by)) = (of, by) {
            found.push(Join { at: word.text, of, by, place: word.place });
        }
    }
    found
}

fn names(at: &Located, complaints: &mut Diagnostics) -> Vec<(String, String)> {
    let map = at.map(complaints).unwrap_or_default();
    map.iter().filter_map(|(word, value)| Some((word.text.clone(), value.text(complaints)?))).collect()
}

fn changed(at: &Located, complaints: &mut Diagnostics) -> Option<Changed> {
    let mut entries = at.entries(complaints)?;
    let paths = entries.need("at", complaints).map(|at| paths(at, complaints));
    let pattern = entries.take("form").and_then(|at| at.text(complaints));
    entries.finish(complaints);
    Some(Changed { at: paths?, form: pattern.map_or(Form::Iso, Form::Pattern) })
}

fn author(at: &Located, complaints: &mut Diagnostics) -> Option<Author> {
    let mut entries = at.entries(complaints)?;
    let paths = entries.need("at", complaints).map(|at| paths(at, complaints));
    let ours = entries.take("ours").and_then(|at| at.text(complaints));
    entries.finish(complaints);
    Some(Author { at: paths?, ours: ours.map_or(Ours::Learned, Ours::Is) })
}
