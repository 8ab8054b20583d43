//! What a mapping writes on a side, taken together: no place twice, and everything a newborn record
//! must have.

use std::collections::BTreeSet;

use super::{Builder, fields_of};
use crate::config::system::Shape;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::mapping::field::At;
use crate::path::Path;
use crate::record::{Side, Sides};

/// Something that writes a place.
struct Writer {
    text: String,
    keys: Vec<String>,
    place: Place,
}

impl Writer {
    fn of(path: &Path, place: &Place) -> Self {
        let keys = path.keys().into_iter().map(str::to_owned).collect();
        Self { text: path.text().to_owned(), keys, place: place.clone() }
    }

    /// True when one of the two places is the other or lies inside it.
    fn meets(&self, other: &Self) -> bool {
        // Of rows of a list, only the same row is surely the same place.
        if self.text.contains('[') || other.text.contains('[') {
            return self.text == other.text;
        }
        self.keys.starts_with(&other.keys) || other.keys.starts_with(&self.keys)
    }
}

impl<'a> Builder<'a> {
    pub(super) fn feeds(&mut self) {
        for side in Side::BOTH {
            let writers = self.writers(side);
            self.complain_twice(side, &writers);
        }
        self.complain_unborn();
        self.complain_unfed();
    }

    /// Everything that surely writes on a side. What a group's rule may write is told by the keys its
    /// script spells out.
    fn writers(&self, side: Side) -> Vec<Writer> {
        let mut writers = Vec::new();
        for field in self.fields.iter().filter(|field| field.flows_to(side)) {
            let end = field.ends.get(side);
            match &end.at {
                At::Path(path) => writers.push(Writer::of(path, &field.place)),
                At::Member { view, name } => writers.push(Writer {
                    text: name.clone(),
                    keys: vec![format!("the member {name} of view {view}")],
                    place: field.place.clone(),
                }),
            }
        }
        for view in self.views.iter().filter(|view| view.side == side) {
            let given = view.write.as_ref().map(|rule| self.known.rules.keys_given(rule)).unwrap_or_default();
            let written = view.of.iter().filter(|(path, _)| given.contains(path.text()));
            writers.extend(written.map(|(path, _)| Writer::of(path, &view.place)));
        }
        for ((text, place), _) in self.spec.birth.get(side) {
            writers.extend(Path::parse(text, place).ok().map(|path| Writer::of(&path, place)));
        }
        writers
    }

    fn complain_twice(&mut self, side: Side, writers: &[Writer]) {
        let (system, resource) = *self.resources.get(side);
        let mut told = BTreeSet::new();
        for (at, writer) in writers.iter().enumerate() {
            let earlier = writers.iter().take(at).find(|one| one.meets(writer));
            if let Some(first) = earlier.filter(|_| told.insert(writer.text.clone())) {
                let sentence = format!("`{}` of `{}.{}` is written twice", writer.text, system.name, resource.name);
                self.complaints.push(
                    Diagnostic::new(Code::WrittenTwice, &writer.place, sentence)
                        .related(&first.place, "also written here")
                        .hint("let one of the two write it: drop the other, or turn its arrow"),
                );
            }
        }
    }

    /// True when a line was complained about and is not there.
    pub(super) fn has_lost_lines(&self) -> bool {
        self.spec.lost || self.sources.len() != self.spec.lines.iter().flat_map(fields_of).count()
    }

    /// What a new record of a side must have, and nothing gives it, with where it is declared.
    fn unfed(&self, side: Side) -> Vec<(&'a str, &'a Place)> {
        let (_, resource) = *self.resources.get(side);
        if self.has_lost_lines()
            || resource.create.is_none()
            || !self.spec.arrow.flows_to(side)
            || !self.unknown.get(side).is_empty()
        {
            return Vec::new();
        }
        let fields = self.fields.iter().filter(|field| field.flows_to(side));
        let lines = fields.filter_map(|field| match &field.ends.get(side).at {
            At::Path(path) => Some(Writer::of(path, &field.place)),
            At::Member { .. } => None,
        });
        let views = self.views.iter().filter(|view| view.side == side && view.write.is_some());
        let views = views.flat_map(|view| view.of.iter().map(|(path, _)| Writer::of(path, &view.place)));
        let birth = self.spec.birth.get(side).iter();
        let birth = birth.filter_map(|((text, place), _)| Some(Writer::of(&Path::parse(text, place).ok()?, place)));
        let given = resource.integration.iter().map(|path| Writer::of(path, &resource.place));
        let writers: Vec<Writer> = lines.chain(views).chain(birth).chain(given).collect();
        let required = resource.shape.iter().filter(|(_, shape)| shape.required && !shape.read_only);
        let unfed = |shape: &Shape| !writers.iter().any(|writer| writer.meets(&Writer::of(&shape.path, &shape.place)));
        required.filter(|(_, shape)| unfed(shape)).map(|(text, shape)| (text.as_str(), &shape.place)).collect()
    }

    /// A mapping bears records on each side that its link flows to.
    fn complain_unborn(&mut self) {
        for side in Side::BOTH.into_iter().filter(|side| self.spec.arrow.flows_to(*side)) {
            let (system, resource) = *self.resources.get(side);
            if resource.create.is_some() {
                continue;
            }
            let name = format!("{}.{}", system.name, resource.name);
            let sentence = format!("records are born in `{name}`, and the system file describes no `create` of it");
            let plain = Diagnostic::new(Code::ReadOnlyPath, &self.spec.link.get(side).place, sentence);
            let hint = "turn the arrow, or describe the call in the system file";
            self.complaints.push(plain.related(&resource.place, "described here").hint(hint));
        }
    }

    fn complain_unfed(&mut self) {
        let unfed = Sides::each(|side| self.unfed(side));
        let name = |side: Side| {
            let (system, resource) = *self.resources.get(side);
            format!("{}.{}", system.name, resource.name)
        };
        let place = &self.spec.link.left.place;
        let mut found = Vec::new();
        // Both sides lack one: it is the line that would join the two.
        if let ([(left, at)], [(right, _)]) = (&unfed.left[..], &unfed.right[..]) {
            let (here, there) = (name(Side::Left), name(Side::Right));
            let sentence = format!(
                "a new record of `{here}` must have `{left}`, one of `{there}` `{right}`, and nothing gives them"
            );
            let plain = Diagnostic::new(Code::RequiredUnfed, place, sentence).related(at, "required here");
            let hint = format!("add the line `{left} <=> {right}`, or give them under `birth:`");
            found.push(plain.hint(hint).because(self.lack_of(left)));
        } else {
            for side in Side::BOTH {
                for (text, at) in unfed.get(side) {
                    let sentence = format!("a new record of `{}` must have `{text}`, and nothing gives it", name(side));
                    let plain = Diagnostic::new(Code::RequiredUnfed, place, sentence).related(at, "required here");
                    let hint = format!("add a line that flows to `{text}`, or give it under `birth:`");
                    found.push(plain.hint(hint).because(self.lack_of(text)));
                }
            }
        }
        found.into_iter().for_each(|one| self.complaints.push(one));
    }

    /// The mistake of a field that no line maps.
    pub(super) fn lack_of(&self, field: &str) -> String {
        format!("no line of {} for {field}", self.spec.file)
    }
}
