//! From a case as written to one that runs; complains about every key and name that leads nowhere.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::judge::system;
use super::{Case, Fact, Kind};
use crate::config::located::{Entries, Located, Node};
use crate::config::mapping::SideNames;
use crate::config::parameter;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::mapping::compile::known::complain_unknown;
use crate::mapping::{End, Mapping};
use crate::path::Path;
use crate::record::{Rows, Side, Sides};
use crate::workspace::Workspace;

/// Reads one case.
pub(super) fn case(file: &str, tree: &Located, workspace: &Workspace, complaints: &mut Diagnostics) -> Option<Case> {
    let before = complaints.list.len();
    let mut entries = tree.entries(complaints)?;
    let title = entries.need("case", complaints).and_then(|at| at.text(complaints));
    let mapping = entries.need("mapping", complaints).and_then(|at| find_mapping(at, workspace, complaints))?;
    let spec = workspace.project.mappings.iter().find(|spec| spec.name == mapping.name)?;
    let given = entries.take("parameters");
    let nothing = Located { node: Node::Null, place: tree.place.clone() };
    let written = given.unwrap_or(&nothing);
    let parameters = parameter::overlay(&spec.name, &spec.parameters, written, complaints);
    let mapping = Arc::new(mapping.of_account(parameters));
    let reader = Reader { mapping: &mapping, names: SideNames::of(&spec.link), workspace };
    let mut case = Case {
        file: file.to_owned(),
        title: title.unwrap_or_default(),
        place: tree.place.clone(),
        today: entries.take("today").and_then(|at| day(at, complaints)),
        lookups: entries.take("lookups").map(|at| reader.lookups(at, complaints)).unwrap_or_default(),
        records: reader.records(&mut entries, complaints),
        base: entries.take("base").map(|at| reader.bodies(at, complaints).map(Option::unwrap_or_default)),
        changed_ms: entries.take("changed").map(|at| reader.moments(at, complaints)).unwrap_or_default(),
        quarantined: entries.take("quarantined").map(|at| reader.bodies(at, complaints)).unwrap_or_default(),
        answers: entries.take("answers").map(|at| reader.answers(at, complaints)).unwrap_or_default(),
        settles: entries.take("settles").and_then(|at| at.boolean(complaints)).unwrap_or(true),
        expected: Vec::new(),
        mapping: Arc::clone(&mapping),
    };
    if let Some(at) = entries.need("expect", complaints) {
        case.expected = reader.expect(at, complaints);
    }
    complain_records(&case, &reader, complaints);
    entries.finish(complaints);
    (complaints.list.len() == before).then_some(case)
}

fn find_mapping(at: &Located, workspace: &Workspace, complaints: &mut Diagnostics) -> Option<Arc<Mapping>> {
    let name = at.text(complaints)?;
    let found = workspace.mappings.get(&name);
    if found.is_none() {
        let plain = Diagnostic::new(Code::UnknownMapping, &at.place, format!("no mapping is named `{name}`"));
        complaints.push(plain.did_you_mean(&name, workspace.mappings.keys().map(String::as_str)));
    }
    found.cloned()
}

/// Every record must say who it is; a pair that agreed before needs both.
fn complain_records(case: &Case, reader: &Reader<'_>, complaints: &mut Diagnostics) {
    if case.records == Sides::default() {
        let place = &case.place;
        complaints.push(
            Diagnostic::new(Code::MissingKey, place, "this case has no record: nothing can come of it")
                .hint("write one under `left:`, `right:` or the name of its system"),
        );
        return;
    }
    for side in Side::BOTH {
        let (id, name) = (&case.mapping.sides.get(side).id, system(reader.mapping, side));
        if case.records.get(side).iter().any(|body| id.get(body).is_none()) {
            let sentence = format!("a record of {name} has no `{id}`");
            complaints.push(Diagnostic::new(Code::MissingKey, &case.place, sentence));
        }
        if case.base.is_some() && case.records.get(side).is_empty() {
            let sentence = format!("`base` speaks of a pair, and there is no record of {name}");
            complaints.push(Diagnostic::new(Code::MissingKey, &case.place, sentence));
        }
    }
}

/// A day as `today()` gives it.
fn day(at: &Located, complaints: &mut Diagnostics) -> Option<String> {
    let text = at.text(complaints)?;
    if text.parse::<Date>().is_ok_and(|day| day.to_string() == text) {
        return Some(text);
    }
    let plain = Diagnostic::new(Code::BadValue, &at.place, format!("`{text}` is no day"));
    complaints.push(plain.hint("write it like `2026-03-02`"));
    None
}

struct Reader<'a> {
    mapping: &'a Mapping,
    names: SideNames<'a>,
    workspace: &'a Workspace,
}

impl Reader<'_> {
    fn lookups(&self, at: &Located, complaints: &mut Diagnostics) -> Rows {
        let mut rows = Rows::new();
        for (word, value) in at.map(complaints).unwrap_or_default() {
            let known = &self.mapping.references;
            if !known.contains(&word.text) {
                let sentence = format!("this mapping looks into no `{}`", word.text);
                let plain = Diagnostic::new(Code::UnknownLookup, &word.place, sentence);
                complaints.push(plain.did_you_mean(&word.text, known.iter().map(String::as_str)));
            }
            let list = value.list(complaints).unwrap_or_default();
            if let Some((system, resource)) = word.text.split_once('.') {
                list.iter().for_each(|row| self.members((system, resource), row, complaints));
            }
            rows.insert(word.text.clone(), list.iter().map(Located::json).collect());
        }
        rows
    }

    /// `left:`, `right:` or the names of the systems; one record or a list.
    fn records(&self, entries: &mut Entries<'_>, complaints: &mut Diagnostics) -> Sides<Vec<Value>> {
        let mut records: Sides<Vec<Value>> = Sides::default();
        for (word, value) in entries.take_where(|word| self.names.side(word).is_some()) {
            let Some(side) = self.names.side(&word.text) else { continue };
            let list = match &value.node {
                Node::List(list) => &list[..],
                Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::Text(_) | Node::Map(_) => {
                    std::slice::from_ref(value)
                }
            };
            records.get_mut(side).extend(list.iter().filter_map(|one| self.body(side, one, complaints)));
        }
        records
    }

    fn bodies(&self, at: &Located, complaints: &mut Diagnostics) -> Sides<Option<Value>> {
        let written = self.names.read(at, complaints, |value, _| Some(value.clone()));
        Sides::each(|side| written.get(side).as_ref().and_then(|value| self.body(side, value, complaints)))
    }

    /// A body, or a part of one; what it speaks of must be there.
    fn body(&self, side: Side, at: &Located, complaints: &mut Diagnostics) -> Option<Value> {
        let End { system, resource, .. } = self.mapping.sides.get(side);
        at.map(complaints)?;
        self.members((system, resource), at, complaints);
        Some(at.json())
    }

    /// Complains about members that no record of a resource has.
    fn members(&self, (system, resource): (&str, &str), at: &Located, complaints: &mut Diagnostics) {
        let of = self.workspace.project.systems.get(system);
        let Some(resource) = of.and_then(|system| system.resources.get(resource)) else { return };
        for (word, _) in at.map(complaints).unwrap_or_default() {
            if Path::parse(&word.text, &word.place).is_ok_and(|path| !resource.knows(&path)) {
                complain_unknown(system, resource, &word.text, &word.place, complaints);
            }
        }
    }

    fn moments(&self, at: &Located, complaints: &mut Diagnostics) -> Sides<Option<i64>> {
        self.names.read(at, complaints, |value, complaints| {
            let text = value.text(complaints)?;
            let moment = text.parse::<Timestamp>().ok();
            if moment.is_none() {
                complaints.push(
                    Diagnostic::new(Code::BadValue, &value.place, format!("`{text}` is no moment"))
                        .hint("write it like `2026-03-02T10:00:00Z`"),
                );
            }
            moment.map(Timestamp::as_millisecond)
        })
    }

    fn answers(&self, at: &Located, complaints: &mut Diagnostics) -> Vec<(usize, Side)> {
        let mut answers = Vec::new();
        for (word, value) in at.map(complaints).unwrap_or_default() {
            let field = self.field(&word.text, &word.place, complaints);
            let side = value.text(complaints).and_then(|text| self.names.side(&text));
            if side.is_none() {
                complaints.push(Diagnostic::new(Code::UnknownSystem, &value.place, "this is no side of the link"));
            }
            answers.extend(field.zip(side));
        }
        answers
    }

    fn field(&self, word: &str, place: &Place, complaints: &mut Diagnostics) -> Option<usize> {
        let found = self.mapping.field_named(word);
        if found.is_none() {
            let plain = Diagnostic::new(Code::UnknownField, place, format!("no line is labelled `{word}`"));
            complaints.push(plain.did_you_mean(word, self.mapping.fields.iter().map(|field| field.label.as_str())));
        }
        found
    }

    fn expect(&self, at: &Located, complaints: &mut Diagnostics) -> Vec<Fact> {
        let Some(mut entries) = at.entries(complaints) else { return Vec::new() };
        let mut facts = Vec::new();
        let before = complaints.list.len();
        let whole = entries.take("exactly").and_then(|at| at.boolean(complaints)).unwrap_or(false);
        for (key, kind) in [
            ("create", Kind::Create { whole }),
            ("update", Kind::Update),
            ("stamp", Kind::Stamp),
            ("held", Kind::Held),
            ("unreadable", Kind::Held),
        ] {
            if let Some(at) = entries.take(key) {
                self.by_side((key, kind), at, &mut facts, complaints);
            }
        }
        for (key, kind) in [("waits", Kind::Held), ("conflict", Kind::Conflict)] {
            if let Some(at) = entries.take(key) {
                self.by_field((key, kind), at, &mut facts, complaints);
            }
        }
        if let Some(at) = entries.take("new_rows") {
            self.new_rows(at, &mut facts, complaints);
        }
        let mut said = |key: &'static str, kind, value: Option<(Value, &Place)>| {
            facts.extend(value.map(|(value, place)| Fact {
                kind,
                what: key.to_owned(),
                value,
                place: Some(place.clone()),
            }));
        };
        // What is not expected must not be found: to say so adds nothing, and yet it is something.
        let mut absent = false;
        let number = entries.take("ambiguous").and_then(|at| Some((at.count(complaints)?, &at.place)));
        absent |= number.is_some_and(|(number, _)| number == 0);
        let number = number.filter(|(number, _)| *number > 0);
        said("ambiguous", Kind::Ambiguous, number.map(|(number, place)| (Value::from(number), place)));
        for (key, kind) in [("linked", Kind::Linked), ("quarantined", Kind::Quarantined)] {
            let flag = entries.take(key).and_then(|at| Some((at.boolean(complaints)?, &at.place)));
            absent |= flag.is_some_and(|(flag, _)| !flag);
            said(key, kind, flag.filter(|(flag, _)| *flag).map(|(flag, place)| (Value::Bool(flag), place)));
        }
        let nothing = entries.take("nothing").and_then(|at| Some((at.boolean(complaints)?, at)));
        let is_misread = complaints.list.len() > before;
        if !(nothing.is_none() && (absent || is_misread)) {
            complain_nothing(nothing, at, &facts, complaints);
        }
        entries.finish(complaints);
        facts
    }

    fn by_side(&self, (key, kind): (&str, Kind), at: &Located, facts: &mut Vec<Fact>, complaints: &mut Diagnostics) {
        let found = self.names.read(at, complaints, |value, _| Some(value.clone()));
        for side in Side::BOTH {
            let Some(value) = found.get(side) else { continue };
            let items = match &value.node {
                Node::List(list) => list.clone(),
                Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::Text(_) | Node::Map(_) => {
                    vec![value.clone()]
                }
            };
            for item in items {
                let what = format!("{key} {}", system(self.mapping, side));
                facts.push(Fact { kind, what, value: item.json(), place: Some(item.place.clone()) });
            }
        }
    }

    fn by_field(&self, (key, kind): (&str, Kind), at: &Located, facts: &mut Vec<Fact>, complaints: &mut Diagnostics) {
        for (word, value) in at.map(complaints).unwrap_or_default() {
            let field = self.field(&word.text, &word.place, complaints);
            let Some(field) = field.and_then(|index| self.mapping.fields.get(index)) else { continue };
            let Some(text) = value.text(complaints) else { continue };
            let side = self.names.side(&text).filter(|_| kind == Kind::Conflict);
            let text = side.map_or(text, |side| system(self.mapping, side).to_owned());
            let what = format!("{key} {}", field.label);
            facts.push(Fact { kind, what, value: Value::from(text), place: Some(value.place.clone()) });
        }
    }

    fn new_rows(&self, at: &Located, facts: &mut Vec<Fact>, complaints: &mut Diagnostics) {
        for (word, value) in at.map(complaints).unwrap_or_default() {
            for (text, place) in value.texts(complaints) {
                let what = format!("new row {}", word.text);
                facts.push(Fact { kind: Kind::NewRow, what, value: Value::from(text), place: Some(place) });
            }
        }
    }
}

/// `nothing: true` stands alone, and nothing else stands for nothing.
fn complain_nothing(nothing: Option<(bool, &Located)>, at: &Located, facts: &[Fact], complaints: &mut Diagnostics) {
    match nothing {
        Some((true, here)) if !facts.is_empty() => complaints.push(
            Diagnostic::new(Code::UnreachableOption, &here.place, "`nothing` stands beside something that is expected")
                .hint("drop one of them"),
        ),
        None | Some((false, _)) if facts.is_empty() => complaints.push(
            Diagnostic::new(Code::MissingKey, &at.place, "the case expects nothing at all")
                .hint("write `nothing: true` when nothing must happen"),
        ),
        Some(_) | None => {}
    }
}
