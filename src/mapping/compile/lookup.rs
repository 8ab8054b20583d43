//! What a line or a script looks into: reference resources and the links of other mappings.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Builder;
use super::known::{Use, complain_unknown};
use crate::config::line::{FieldSpec, LookupSpec};
use crate::config::mapping::Written;
use crate::config::system::{Load, Resource, System};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::mapping::field::Lookup;
use crate::path::Path;
use crate::record::Side;
use crate::rules::Consulted;

impl Builder<'_> {
    pub(super) fn lookup(&mut self, spec: &LookupSpec, side: Side, line: &FieldSpec) -> Option<Lookup> {
        let (system, _) = *self.resources.get(side);
        if spec.by.is_empty() {
            return self.link_lookup(spec, &system.name);
        }
        if spec.create.is_some() && !line.arrow.flows_to(side) {
            let sentence = format!("`create` never acts here: nothing flows to the {side} side");
            let plain = Diagnostic::new(Code::UnreachableOption, &spec.place, sentence);
            self.complaints.push(plain.hint("drop it, or turn the arrow"));
        }
        let Some(resource) = system.resources.get(&spec.of) else {
            let sentence = format!("`{}` has no resource `{}` to look into", system.name, spec.of);
            let plain = Diagnostic::new(Code::UnknownLookup, &spec.place, sentence);
            let near = plain.did_you_mean(&spec.of, system.resources.keys().map(String::as_str));
            self.complaints.push(near.because(format!("name {}.{}", system.name, spec.of)));
            return None;
        };
        let reference = format!("{}.{}", system.name, spec.of);
        self.references.insert(reference.clone());
        self.row_field(&reference, resource, &spec.by, &spec.place);
        if let Some(Value::Object(body)) = &spec.create {
            let given: Vec<String> = body.keys().cloned().collect();
            self.body_of((&system.name, resource), &given, &spec.place);
            let says = |value: &Value| value.as_str().is_some_and(|text| text.contains("{value}"));
            if !body.values().any(says) {
                let sentence = "`create` never says `{value}`: all missing rows would be made alike";
                let plain = Diagnostic::new(Code::UnreachableOption, &spec.place, sentence);
                self.complaints.push(plain.hint(format!("write `{}: \"{{value}}\"` into it", spec.by)));
            }
        }
        let inside = match &spec.inside {
            // Inside a row of a list, nobody declares what there is.
            Some(text) if line.set.is_some() => Some(self.path(text, &spec.place, Use::Read)?),
            Some(text) => Some(self.known_path(side, text, &spec.place, Use::Read)?),
            None => None,
        };
        let id = resource.id.text().to_owned();
        Some(Lookup { reference, id, by: spec.by.clone(), inside, create: spec.create.clone() })
    }

    /// A lookup through the links of another mapping: an id of this side becomes the id it is linked to.
    fn link_lookup(&mut self, spec: &LookupSpec, system: &str) -> Option<Lookup> {
        let Some(other) = self.known.project.mappings.iter().find(|one| one.name == spec.of) else {
            if self.known.project.has_torn_mapping() {
                return None;
            }
            let plain =
                Diagnostic::new(Code::UnknownMapping, &spec.place, format!("no mapping is named `{}`", spec.of));
            let names = self.known.project.mappings.iter().map(|one| one.name.as_str());
            self.complaints.push(plain.did_you_mean(&spec.of, names).because(format!("name {}", spec.of)));
            return None;
        };
        let ends = other.link.as_ref().map(|end| end.system.as_str());
        let by = match (ends.left == system, ends.right == system) {
            (true, false) => ends.right,
            (false, true) => ends.left,
            _ => {
                let sentence = format!("`{}` does not link `{system}` to another system", spec.of);
                self.complaints.push(Diagnostic::new(Code::UnknownLookup, &spec.place, sentence));
                return None;
            }
        };
        self.references.insert(spec.of.clone());
        let (reference, id) = (spec.of.clone(), system.to_owned());
        Some(Lookup { reference, id, by: by.to_owned(), inside: None, create: None })
    }

    /// The references that are read as a whole.
    pub(super) fn whole(&self) -> BTreeSet<String> {
        let systems = &self.known.project.systems;
        let resource = |name: &str| {
            let (system, resource) = name.split_once('.')?;
            systems.get(system)?.resources.get(resource)
        };
        let is_whole = |name: &&String| resource(name).is_some_and(|found| found.reference == Load::All);
        self.references.iter().filter(is_whole).cloned().collect()
    }

    pub(super) fn script_references(&mut self) {
        for Consulted { name, field, place } in self.known.rules.references_of(&self.scripts) {
            let known = self.known.project.mappings.iter().any(|one| one.name == name)
                || name.split_once('.').is_some_and(|(system, resource)| {
                    self.known.project.systems.get(system).is_some_and(|one| one.resources.contains_key(resource))
                });
            if known {
                self.link_field(&name, field.as_ref());
                if let (Some((system, resource)), Some((field, at))) = (name.split_once('.'), field)
                    && let Some(found) = self.known.project.systems.get(system)
                    && let Some(resource) = found.resources.get(resource)
                {
                    self.row_field(&name, resource, &field, &at);
                }
                self.references.insert(name);
            } else if name
                .split_once('.')
                .map_or(self.known.project.has_torn_mapping(), |(system, _)| self.known.project.is_torn(system))
            {
                continue;
            } else {
                let sentence = format!("`{name}` is no resource to look into");
                let project = self.known.project;
                let of_system = |system: &Arc<System>| {
                    system.resources.keys().map(|resource| format!("{}.{resource}", system.name)).collect::<Vec<_>>()
                };
                let all: Vec<String> = project.systems.values().flat_map(of_system).collect();
                let mappings = project.mappings.iter().map(|one| one.name.as_str());
                // A system that is gone takes all that stands in it with it.
                let gone =
                    name.split_once('.').map(|(system, _)| system).filter(|one| !project.systems.contains_key(*one));
                let plain = Diagnostic::new(Code::UnknownLookup, &place, sentence);
                let near = plain.did_you_mean(&name, all.iter().map(String::as_str).chain(mappings));
                self.complaints.push(near.because(format!("name {}", gone.unwrap_or(&name))));
            }
        }
    }

    /// The links of a mapping are rows with two fields: the systems.
    fn link_field(&mut self, name: &str, field: Option<&Written>) {
        let Some(spec) = self.known.project.mappings.iter().find(|one| one.name == name) else { return };
        let ends = [&spec.link.left.system, &spec.link.right.system];
        if let Some((field, place)) = field.filter(|(field, _)| !ends.contains(&field)) {
            let plain = Diagnostic::new(Code::UnknownPath, place, format!("the links of `{name}` have no `{field}`"));
            let near = plain.did_you_mean(field, ends.map(String::as_str));
            let hint = format!("they have `{}` and `{}`", ends[0], ends[1]);
            self.complaints.push(if near.hint.is_none() { near.hint(hint) } else { near });
        }
    }

    /// The field that rows are looked for by: there must be one, and it should tell rows apart.
    fn row_field(&mut self, reference: &str, resource: &Resource, field: &str, place: &Place) {
        let Ok(path) = Path::parse(field, place) else { return };
        let system = reference.split('.').next().unwrap_or_default();
        if !resource.knows(&path) {
            complain_unknown(system, resource, field, place, self.complaints);
            return;
        }
        let keys = [Some(&resource.id), resource.integration.as_ref()];
        let tells_apart = resource.shape.get(field).is_none_or(|shape| shape.unique)
            || keys.into_iter().flatten().any(|key| key.text() == field);
        if !tells_apart {
            let sentence = format!("several rows of `{reference}` may have the same `{field}`: the first one is taken");
            self.complaints.push(Diagnostic::new(Code::LookupNotUnique, place, sentence).hint(format!(
                "look by a field that is `unique`, or declare that `{field}` is, in {}",
                resource.place.file
            )));
        }
    }

    /// The keys of a body that makes a record: the resource has them all, and what it requires is among
    /// them.
    pub(super) fn body_of(&mut self, (system, resource): (&str, &Resource), given: &[String], place: &Place) {
        let before = self.complaints.list.len();
        for text in given {
            if Path::parse(text, place).is_ok_and(|path| !resource.knows(&path)) {
                complain_unknown(system, resource, text, place, self.complaints);
            }
        }
        if self.complaints.list.len() > before {
            return;
        }
        for (text, shape) in resource.shape.iter().filter(|(_, shape)| shape.required && !shape.read_only) {
            if !given.iter().any(|key| shape.path.keys().first() == Some(&key.as_str())) {
                let sentence =
                    format!("`{system}.{}` requires `{text}`, and this body does not give it", resource.name);
                let plain = Diagnostic::new(Code::RequiredUnfed, place, sentence);
                self.complaints
                    .push(plain.related(&shape.place, "required here").hint(format!("add `{text}` to the body")));
            }
        }
    }
}
