//! What a mapping says of a side as a whole: its rules, its births, what it speaks of; and whether
//! the arrows agree with that of the link.

use std::collections::BTreeSet;

use serde_json::Value;

use super::known::Use;
use super::{Builder, fields_of, fields_of_mut, find_resource};
use crate::config::line::FieldSpec;
use crate::config::mapping::{Arrow, MappingSpec};
use crate::config::parameter::named;
use crate::config::system::{Habit, Resource};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::mapping::field::At;
use crate::mapping::{AtBirth, End, Report};
use crate::path::Path;
use crate::record::Side;

/// What a report of a refusal may speak of.
const NEWS: [&str; 2] = ["id", "reason"];

impl Builder<'_> {
    pub(super) fn side(&mut self, side: Side) -> End {
        let (system, resource) = *self.resources.get(side);
        let keep = self.spec.keep.get(side).clone().and_then(|hook| self.reason(&hook.rule, 1));
        let create = self.spec.create.get(side).clone().and_then(|hook| self.reason(&hook.rule, 1));
        let mut required = Vec::new();
        for (text, shape) in resource.shape.iter().filter(|(_, shape)| shape.required && !shape.read_only) {
            required.extend(Path::parse(text, &shape.place).ok().map(|path| (path, shape.place.clone())));
        }
        let report = self.spec.refused.get(side).clone().and_then(|report| {
            let (system, resource) = find_resource(&report.to, self.known, self.complaints)?;
            if let Value::Object(body) = &report.body {
                let given: Vec<String> = body.keys().cloned().collect();
                self.body_of((&system.name, resource), &given, &report.place);
            }
            self.complain_unknown_news(&report.body, &report.place);
            Some(Report { system: report.to.system, resource: report.to.resource, body: report.body })
        });
        End {
            system: system.name.clone(),
            resource: resource.name.clone(),
            id: resource.id.clone(),
            roots: self.roots(side),
            required,
            integration: resource.integration.clone(),
            birth: self.birth(side),
            without: resource.create.as_ref().map(|call| call.without.clone()).unwrap_or_default(),
            habits: habits(resource),
            keep,
            create,
            report,
        }
    }

    /// The keys of a body that the mapping speaks of.
    fn roots(&mut self, side: Side) -> BTreeSet<String> {
        let (_, resource) = *self.resources.get(side);
        let mut roots = BTreeSet::new();
        roots.extend(resource.integration.as_ref().and_then(Path::root).map(str::to_owned));
        for field in &self.fields {
            let end = field.ends.get(side);
            if let At::Path(path) = &end.at {
                roots.extend(path.root().map(str::to_owned));
            }
            let inside = end.lookup.as_ref().filter(|_| !field.set).and_then(|lookup| lookup.inside.as_ref());
            roots.extend(inside.and_then(Path::root).map(str::to_owned));
        }
        let hooks = [self.spec.keep.get(side), self.spec.create.get(side.other())];
        for (text, place) in hooks.into_iter().flatten().flat_map(|hook| hook.of.clone()).collect::<Vec<_>>() {
            roots.extend(
                self.known_path(side, &text, &place, Use::Read).and_then(|path| path.root().map(str::to_owned)),
            );
        }
        for view in self.views.iter().filter(|view| view.side == side) {
            roots.extend(view.of.iter().filter_map(|(path, _)| path.root().map(str::to_owned)));
        }
        roots
    }

    /// What a record born here holds besides its fields. Every `{name}` must be a parameter.
    fn birth(&mut self, side: Side) -> Vec<AtBirth> {
        let mut birth = Vec::new();
        for ((text, place), value) in self.spec.birth.get(side).clone() {
            self.complain_unknown_parameters(&value, &place);
            let path = self.known_path(side, &text, &place, Use::Birth);
            if self.resources.get(side).1.shape.get(&text).is_some_and(|shape| shape.read_only) {
                self.complain_read_only(side, &text, &place);
            }
            birth.extend(path.map(|path| AtBirth { path, value, place }));
        }
        birth
    }

    /// A report may speak of the record and of the reason, and of nothing else.
    fn complain_unknown_news(&mut self, body: &Value, place: &Place) {
        match body {
            Value::String(text) => {
                for name in named(text).filter(|name| !NEWS.contains(name)) {
                    let plain = Diagnostic::new(Code::UnknownParameter, place, format!("a report knows no `{name}`"));
                    let near = plain.did_you_mean(name, NEWS);
                    let hint = "it may say `{id}` and `{reason}`";
                    self.complaints.push(if near.hint.is_none() { near.hint(hint) } else { near });
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| self.complain_unknown_news(inner, place)),
            Value::Object(map) => map.values().for_each(|inner| self.complain_unknown_news(inner, place)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn complain_unknown_parameters(&mut self, value: &Value, place: &Place) {
        let Value::String(text) = value else { return };
        if self.spec.torn {
            return;
        }
        for name in named(text).filter(|name| !self.spec.parameters.iter().any(|one| one.name == *name)) {
            let plain = Diagnostic::new(Code::UnknownParameter, place, format!("no parameter is named `{name}`"));
            let known = self.spec.parameters.iter().map(|one| one.name.as_str());
            self.complaints.push(plain.did_you_mean(name, known));
        }
    }
}

/// What is said to a side that nothing flows to, or of a meeting that never comes.
pub(super) fn complain_idle(spec: &MappingSpec, complaints: &mut Diagnostics) {
    let Some(closed) = closed(spec.arrow) else { return };
    let policy =
        spec.on_conflict_at.iter().map(|place| (place, "`on_conflict` never acts: what goes one way meets nothing"));
    let report = spec.refused.get(closed).iter();
    let report = report.map(|report| (&report.place, "`refused` never acts here: nothing is sent to this side"));
    for (place, sentence) in policy.chain(report) {
        let complaint = Diagnostic::new(Code::UnreachableOption, place, sentence);
        complaints.push(complaint.hint("drop it, or write `<=>` in `link:`"));
    }
}

/// Under a one-way link nothing points the other way, and nothing is born there. Several lines that do
/// are one mistake: that of the link.
pub(super) fn complain_directions(spec: &MappingSpec, complaints: &mut Diagnostics) {
    let Some(closed) = closed(spec.arrow) else { return };
    let lines = spec.lines.iter().flat_map(fields_of).filter(|line| line.arrow.flows_to(closed));
    let flows = lines.map(|line| (&line.key.1, "flows to"));
    let births = spec.birth.get(closed).iter().map(|((_, place), _)| place);
    let births = births.chain(spec.create.get(closed).iter().map(|hook| &hook.rule.1));
    let all: Vec<(&Place, &str)> = flows.chain(births.map(|place| (place, "is born on"))).collect();
    let told = if let [(place, what)] = &all[..] {
        let sentence = format!("nothing {what} the {closed} side: `link` points one way");
        Diagnostic::new(Code::UnreachableOption, place, sentence).hint("turn the arrow, or write `<=>` in `link:`")
    } else if let Some((first, _)) = all.first() {
        let link = &spec.link.left.place;
        let sentence = format!("`link` points one way, and {} places here need the other", all.len());
        let mut told = Diagnostic::new(Code::UnreachableOption, link, sentence)
            .related(first, format!("nothing comes to the {closed} side"))
            .hint("write `<=>`, or turn it; or turn the arrows of those lines");
        told.also.extend(all.iter().skip(1).map(|(place, _)| (*place).clone()));
        told
    } else {
        return;
    };
    complaints.push(told);
}

/// The side to which a one-way link lets nothing flow.
const fn closed(link: Arrow) -> Option<Side> {
    match link {
        Arrow::Both => None,
        Arrow::ToRight => Some(Side::Left),
        Arrow::ToLeft => Some(Side::Right),
    }
}

/// The mapping with arrows that agree, so that nothing else is said of one that does not: a single line is
/// taken to point as the link does, and the link as the lines do when there are several.
pub(super) fn agreed(spec: &MappingSpec) -> Option<MappingSpec> {
    let closed = closed(spec.arrow)?;
    let mut agreed = spec.clone();
    let mut lines: Vec<&mut FieldSpec> = agreed.lines.iter_mut().flat_map(fields_of_mut).collect();
    let births = spec.birth.get(closed).len() + usize::from(spec.create.get(closed).is_some());
    let astray = lines.iter().filter(|line| line.arrow.flows_to(closed)).count();
    let all_open = lines.iter().all(|line| !line.arrow.flows_to(closed.other()));
    match (astray, births) {
        (0, _) => return None,
        (1, 0) => lines.iter_mut().filter(|line| line.arrow.flows_to(closed)).for_each(|line| line.arrow = spec.arrow),
        _ if all_open && closed == Side::Left => agreed.arrow = Arrow::ToLeft,
        _ if all_open => agreed.arrow = Arrow::ToRight,
        _ => agreed.arrow = Arrow::Both,
    }
    Some(agreed)
}

/// What the system makes of the values of a resource.
fn habits(resource: &Resource) -> Vec<(Path, Vec<Habit>, Option<usize>)> {
    let shapes = resource.shape.values().filter(|shape| !shape.habits.is_empty());
    shapes.map(|shape| (shape.path.clone(), shape.habits.clone(), shape.max)).collect()
}
