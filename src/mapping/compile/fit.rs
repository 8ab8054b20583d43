//! Whether what a line carries fits where it goes: the values of its table, the length of its texts;
//! and options that could only act on something else.

use super::{Builder, fields_of};
use crate::config::line::{FieldSpec, TablePairs, TableSpec};
use crate::config::mapping::Arrow;
use crate::config::system::{Kind, Shape};
use crate::diagnostic::{Code, Diagnostic};
use crate::mapping::canon::Canon;
use crate::mapping::field::{At, Field};
use crate::record::{Side, Sides};

impl Builder<'_> {
    pub(super) fn fits(&mut self) {
        let mut found = Vec::new();
        for (spec, field) in self.sources.iter().zip(&self.fields) {
            let table = self.pairs(spec);
            if let Some(table) = table {
                self.pair_misfits(field, table, &mut found);
            }
            // What a line does not say may be what could not be read.
            if !spec.torn && !self.spec.lost {
                found.extend(self.no_list(spec, field));
                found.extend(self.no_lead(spec, field));
                table.into_iter().for_each(|table| back_misfits(table, &mut found));
                found.extend(table.and_then(|table| self.open_table(spec, field, table)));
                let sides = Side::BOTH.into_iter().filter(|side| field.flows_to(*side));
                found.extend(sides.filter_map(|side| self.too_long(spec, field, side)));
            }
        }
        for spec in self.spec.lines.iter().flat_map(fields_of) {
            never_acting(spec, &mut found);
        }
        found.into_iter().for_each(|one| self.complaints.push(one));
    }

    fn pairs<'s>(&'s self, spec: &'s FieldSpec) -> Option<&'s TablePairs> {
        match spec.table.as_ref()? {
            TableSpec::Pairs(table) => Some(table),
            TableSpec::Named((name, _)) => self.known.project.tables.get(name),
        }
    }

    /// What is known of the value that travels at one end: that of the row where it looks one up.
    fn shape_of(&self, field: &Field, side: Side) -> Option<&Shape> {
        let (system, resource) = *self.resources.get(side);
        let end = field.ends.get(side);
        if let Some(lookup) = &end.lookup {
            let (_, of) = lookup.reference.split_once('.')?;
            return system.resources.get(of)?.shape.get(&lookup.by);
        }
        match &end.at {
            At::Path(path) => resource.shape.get(path.text()),
            At::Member { view, name } => {
                let held = self.views.get(*view)?.of.iter().any(|(path, _)| path.text() == name);
                held.then(|| resource.shape.get(name)).flatten()
            }
        }
    }

    fn pair_misfits(&self, field: &Field, table: &TablePairs, found: &mut Vec<Diagnostic>) {
        for side in Side::BOTH {
            let end = field.ends.get(side);
            let ruled = end.read.is_some() || end.write.is_some();
            let Some(shape) = self.shape_of(field, side).filter(|_| !ruled) else { continue };
            for (left, right) in &table.pairs {
                let (text, place) = if side == Side::Left { left } else { right };
                if let Some(why) = misfit(shape, text) {
                    let sentence = format!("`{text}` can never stand in `{}`, {why}", shape.path);
                    let plain = Diagnostic::new(Code::TableMisfit, place, sentence);
                    found.push(plain.related(&shape.place, "declared here"));
                }
            }
        }
    }

    /// A set is read from a list, or from what a rule makes of something else.
    fn no_list(&self, spec: &FieldSpec, field: &Field) -> Option<Diagnostic> {
        let single = Side::BOTH.into_iter().filter(|_| field.set).find_map(|side| {
            let end = field.ends.get(side);
            let At::Path(path) = &end.at else { return None };
            let shape = self.resources.get(side).1.shape.get(path.text())?;
            let ruled = end.read.is_some() || end.write.is_some();
            (!ruled && !matches!(shape.kind, Kind::List | Kind::Any)).then_some(shape)
        });
        let complain = |shape: &Shape| {
            let sentence = format!("`set` never acts: `{}` is no list, and nothing is read from it", shape.path);
            Diagnostic::new(Code::UnreachableOption, &spec.key.1, sentence)
                .related(&shape.place, "declared here")
                .hint("drop it, or name a rule that reads a list from what stands there")
        };
        single.map(complain)
    }

    /// What falls together is settled by the policy of its first line.
    fn no_lead(&self, spec: &FieldSpec, field: &Field) -> Option<Diagnostic> {
        let group = spec.on_conflict.as_ref().and(field.together)?;
        let lead = self.fields.iter().find(|one| one.together == Some(group))?;
        let sentence =
            format!("`on_conflict` never acts here: what `{}` says settles all that fall together", lead.name);
        let plain = Diagnostic::new(Code::UnreachableOption, &spec.key.1, sentence);
        (lead.name != field.name).then(|| plain.related(&lead.place, "the first of them").hint("write it there"))
    }

    /// A table that leaves values out must say what becomes of them.
    fn open_table(&self, spec: &FieldSpec, field: &Field, table: &TablePairs) -> Option<Diagnostic> {
        let all = |side: Side| {
            let has = |text: &str| {
                table.pairs.iter().any(|pair| if side == Side::Left { pair.0.0 == text } else { pair.1.0 == text })
            };
            self.shape_of(field, side).is_some_and(|shape| match shape.kind {
                Kind::Bool => has("true") && has("false"),
                Kind::Text | Kind::Integer | Kind::Number | Kind::List | Kind::Map | Kind::Any => {
                    !shape.values.is_empty() && shape.values.iter().all(|text| has(text))
                }
            })
        };
        let from = Side::BOTH.into_iter().find(|side| field.flows_to(side.other()) && !all(*side))?;
        let here = |one: &Diagnostic| {
            one.place.as_ref().is_some_and(|at| at.line == spec.key.1.line && at.file == table.place.file)
        };
        let told = self.complaints.list.iter().any(|one| one.code == Code::TableWayBack && here(one));
        let open = spec.missing.is_none() && !told;
        open.then(|| {
            let name = self.side_word(from);
            let sentence = format!("a value of `{name}` that stands in none of these pairs keeps its record waiting");
            Diagnostic::new(Code::TableOpen, &table.place, sentence)
                .hint("say so with `missing: hold`, or write `missing: keep` or `missing: empty`")
        })
    }

    /// A text that its side can hold and the other cannot.
    fn too_long(&self, spec: &FieldSpec, field: &Field, side: Side) -> Option<Diagnostic> {
        let (from, to) = (field.ends.get(side.other()), field.ends.get(side));
        let changed = from.read.is_some() || to.write.is_some() || to.lookup.is_some() || spec.table.is_some();
        let shrinks = match field.canon {
            Canon::Plain | Canon::Text | Canon::Email | Canon::City | Canon::Url => false,
            Canon::Digits | Canon::DocumentBr | Canon::PhoneBr | Canon::Cep | Canon::Money => true,
        };
        if changed || shrinks || field.set || spec.cut.get(side).is_some() {
            return None;
        }
        let to = self.shape_of(field, side).filter(|shape| shape.kind == Kind::Text)?;
        let lender = field.ends.get(side).if_empty.and_then(|index| self.fields.get(index));
        let sources = std::iter::once(field).chain(lender).filter_map(|field| self.shape_of(field, side.other()));
        let (max, longest) = (to.max?, sources.max_by_key(|shape| shape.max)?);
        let length = longest.max.filter(|length| *length > max && longest.kind == Kind::Text)?;
        let sentence =
            format!("`{}` holds {length} characters, `{}` takes {max}: a longer text waits", longest.path, to.path);
        let name = self.side_word(side);
        Some(Diagnostic::new(Code::TooLong, &spec.key.1, sentence).related(&to.place, "declared here").hint(format!(
            "write `cut: {{ {name}: true }}` to have it cut, or `cut: {{ {name}: false }}` when it shall wait"
        )))
    }

    /// How a mapping calls a side.
    fn side_word(&self, side: Side) -> String {
        let names: Sides<&str> = self.spec.link.as_ref().map(|end| end.system.as_str());
        if names.left == names.right { side.to_string() } else { (*names.get(side)).to_owned() }
    }
}

fn back_misfits(table: &TablePairs, found: &mut Vec<Diagnostic>) {
    for (right, left) in &table.back {
        let known = |text: &String, side: Side| {
            table.pairs.iter().any(|pair| if side == Side::Left { pair.0.0 == *text } else { pair.1.0 == *text })
        };
        for (text, side) in [(right, Side::Right), (left, Side::Left)] {
            if !known(text, side) {
                let sentence = format!("`back` speaks of `{text}`, which stands in no pair on the {side} side");
                found.push(Diagnostic::new(Code::TableMisfit, &table.place, sentence));
            }
        }
    }
}

/// Why a text can never stand at a place.
fn misfit(shape: &Shape, text: &str) -> Option<String> {
    if !shape.values.is_empty() && !shape.values.iter().any(|value| value == text) {
        return Some(format!("which is one of {}", shape.values.join(", ")));
    }
    match shape.kind {
        Kind::Text => {
            let max = shape.max.filter(|max| text.chars().count() > *max)?;
            Some(format!("which takes {max} character{}", if max == 1 { "" } else { "s" }))
        }
        Kind::Integer => text.parse::<i64>().is_err().then(|| "which is a whole number".to_owned()),
        Kind::Number => text.parse::<f64>().is_err().then(|| "which is a number".to_owned()),
        Kind::Bool => (!["true", "false"].contains(&text)).then(|| "which is true or false".to_owned()),
        Kind::Any => None,
        Kind::List | Kind::Map => Some("which holds no single value".to_owned()),
    }
}

fn never_acting(spec: &FieldSpec, found: &mut Vec<Diagnostic>) {
    let mut complain = |sentence: String, hint: &str| {
        found.push(Diagnostic::new(Code::UnreachableOption, &spec.key.1, sentence).hint(hint));
    };
    let translates = spec.table.is_some() || Side::BOTH.iter().any(|side| spec.lookup.get(*side).is_some());
    if spec.missing.is_some() && !translates {
        complain(
            "`missing` never acts: every value is its own twin here".to_owned(),
            "drop it, or add a `table` or a `lookup`",
        );
    }
    if spec.set.is_none() && Side::BOTH.iter().any(|side| !spec.except.get(*side).is_empty()) {
        complain("`except` never acts: this is no set".to_owned(), "drop it, or add `set`");
    }
    if spec.on_conflict.is_some() && spec.arrow != Arrow::Both {
        complain(
            "`on_conflict` never acts here: what goes one way meets nothing".to_owned(),
            "drop it, or let the line go both ways",
        );
    }
    for side in Side::BOTH.into_iter().filter(|side| spec.arrow.flows_to(*side)) {
        if spec.set.is_none() && spec.lookup.get(side).as_ref().is_some_and(|lookup| lookup.create.is_some()) {
            complain(
                "`create` never acts: rows are made for members of sets alone".to_owned(),
                "drop it, or add `set`",
            );
        }
    }
    for side in Side::BOTH.into_iter().filter(|side| !spec.arrow.flows_to(*side)) {
        if spec.cut.get(side).is_some() {
            let sentence = format!("`cut` never acts here: nothing flows to the {side} side");
            complain(sentence, "name the other side, or turn the arrow");
        }
    }
}
