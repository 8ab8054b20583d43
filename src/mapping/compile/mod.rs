//! From a mapping as written to a mapping that runs; complains about every name that leads nowhere.

mod feed;
mod fit;
pub(crate) mod known;
mod lookup;
mod moment;
mod side;
mod sight;
mod table;

use std::collections::BTreeSet;

use super::canon::Canon;
use super::field::{At, End as FieldEnd, Field, Group, Policy, Rules, Slot, View};
use super::{Mapping, print_of};
use crate::config::Project;
use crate::config::line::{FieldSpec, GroupSpec, LineSpec, Missing, TablePairs};
use crate::config::mapping::{Arrow, MappingSpec, PolicySpec, ResourceName, Written};
use crate::config::system::{Resource, System};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, Weight, nearest};
use crate::path::Path;
use crate::record::{Side, Sides};
use crate::reference::folded;
use crate::rules::Rule;
use crate::rules::reach::Named;
use known::Use;
use table::pairs_of;

/// What a mapping may refer to.
pub struct Known<'a> {
    /// The files as written.
    pub project: &'a Project,
    /// The rules of the workspace.
    pub rules: &'a Rules,
}

/// Compiles one mapping. Gives `None` when a complaint makes it unusable.
pub fn compile(spec: &MappingSpec, known: &Known<'_>, complaints: &mut Diagnostics) -> Option<Mapping> {
    let before = complaints.count(Weight::Error);
    let resources = Sides::new(
        find_resource(&spec.link.left, known, complaints),
        find_resource(&spec.link.right, known, complaints),
    );
    let scripts = find_scripts(spec, known, complaints);
    let (Some(left), Some(right)) = (resources.left, resources.right) else {
        // A side by its right name is no side of a link that misspells it.
        let at_link = |one: &Diagnostic| one.place.as_ref().is_some_and(|at| at.span == spec.link.left.place.span);
        complaints.list.retain(|one| {
            let here = one.place.as_ref().is_some_and(|at| *at.file == *spec.file);
            !here || one.code != Code::UnknownSystem || at_link(one)
        });
        return None;
    };
    side::complain_directions(spec, complaints);
    let agreed = side::agreed(spec);
    if agreed.is_none() {
        side::complain_idle(spec, complaints);
    }
    let spec = agreed.as_ref().unwrap_or(spec);
    let mut builder = Builder {
        spec,
        known,
        scripts,
        resources: Sides::new(left, right),
        fields: Vec::new(),
        sources: Vec::new(),
        unknown: Sides::default(),
        called: Vec::new(),
        scriptless: false,
        groups: Vec::new(),
        views: Vec::new(),
        references: BTreeSet::new(),
        complaints,
    };
    builder.lines();
    builder.fallbacks();
    builder.script_references();
    let keys = builder.keys();
    let policy = builder.policy(&spec.on_conflict);
    let sides = Sides::each(|side| builder.side(side));
    builder.fits();
    builder.feeds();
    builder.sights(&sides);
    builder.moments();
    builder.parameters();
    let print = builder.print();
    let whole = builder.whole();
    let Builder { fields, groups, views, references, .. } = builder;
    (complaints.count(Weight::Error) == before).then(|| Mapping {
        name: spec.name.clone(),
        title: spec.title.clone(),
        arrow: spec.arrow,
        put_back: spec.put_back,
        declared: spec.parameters.clone(),
        parameters: spec.parameters.iter().map(|one| (one.name.clone(), one.default.clone())).collect(),
        file: spec.file.clone(),
        sides,
        fields,
        groups,
        views,
        keys,
        policy: policy.unwrap_or(Policy::Newest),
        schedule: spec.schedule,
        limits: spec.limits,
        print,
        references,
        whole,
        rules: known.rules.clone(),
    })
}

struct Builder<'a> {
    spec: &'a MappingSpec,
    known: &'a Known<'a>,
    scripts: Vec<String>,
    resources: Sides<(&'a System, &'a Resource)>,
    fields: Vec<Field>,
    /// The lines the fields come from, in their order.
    sources: Vec<&'a FieldSpec>,
    /// Paths that were complained about: what they lead to is no second mistake.
    unknown: Sides<Vec<String>>,
    /// Every rule that was found.
    called: Vec<Rule>,
    /// A rule was asked for, there is no script, and that was complained about.
    scriptless: bool,
    groups: Vec<Group>,
    views: Vec<View>,
    references: BTreeSet<String>,
    complaints: &'a mut Diagnostics,
}

fn find_resource<'a>(
    name: &ResourceName,
    known: &Known<'a>,
    complaints: &mut Diagnostics,
) -> Option<(&'a System, &'a Resource)> {
    let Some(system) = known.project.systems.get(&name.system) else {
        if known.project.is_torn(&name.system) {
            return None;
        }
        let plain = Diagnostic::new(Code::UnknownSystem, &name.place, format!("no system is named `{}`", name.system));
        let near = plain.did_you_mean(&name.system, known.project.systems.keys().map(String::as_str));
        complaints.push(near.because(format!("name {}", name.system)));
        return None;
    };
    let found = system.resources.get(&name.resource);
    if found.is_none() {
        let sentence = format!("`{}` has no resource `{}`", name.system, name.resource);
        let plain = Diagnostic::new(Code::UnknownResource, &name.place, sentence);
        let near = plain.did_you_mean(&name.resource, system.resources.keys().map(String::as_str));
        complaints.push(near.because(format!("name {}.{}", name.system, name.resource)));
    }
    found.map(|resource| (&**system, resource))
}

fn find_scripts(spec: &MappingSpec, known: &Known<'_>, complaints: &mut Diagnostics) -> Vec<String> {
    let mut found = Vec::new();
    for (name, place) in &spec.scripts {
        if known.rules.has_script(name) {
            found.push(name.clone());
        } else if !complaints.list.iter().any(|one| one.code == Code::RhaiSyntax) {
            let plain =
                Diagnostic::new(Code::UnknownScript, place, format!("there is no script `scripts/{name}.rhai`"));
            complaints.push(plain.did_you_mean(name, known.rules.script_names()));
        }
    }
    found
}

impl<'a> Builder<'a> {
    fn lines(&mut self) {
        let spec = self.spec;
        for line in &spec.lines {
            match line {
                LineSpec::Field(field) => self.field(field, None, Sides::new(None, None)),
                LineSpec::Group(group) => self.group(group),
            }
        }
    }

    fn group(&mut self, group: &'a GroupSpec) {
        if group.fields.is_empty() && !group.torn {
            let (name, place) = &group.name;
            let plain = Diagnostic::new(Code::UnreachableOption, place, format!("`{name}` never acts: it has no line"));
            self.complaints.push(plain.hint("write its lines under `fields:`, or drop it"));
            return;
        }
        let views = Sides::new(self.view(group, Side::Left), self.view(group, Side::Right));
        let first = self.fields.len();
        let together = group.together.then_some(self.groups.len());
        if !Side::BOTH.into_iter().any(|side| self.is_blurred(group, views, side)) {
            group.fields.iter().for_each(|field| self.field(field, together, views));
        }
        if group.together {
            self.groups.push(Group { name: group.name.0.clone(), fields: (first..self.fields.len()).collect() });
        }
    }

    fn view(&mut self, group: &GroupSpec, side: Side) -> Option<usize> {
        let spec = group.views.get(side).as_ref()?;
        let flows = group.fields.iter().any(|field| field.arrow.flows_to(side));
        // The rule of a group may also ask for what the two last agreed on.
        let sees_agreed = self.known.rules.parameters_of(&self.scripts, &format!("write_{}", spec.name.0)) == Some(3);
        let (read, write) = self.both_ways(&spec.name, flows.then_some(if sees_agreed { 3 } else { 2 }));
        let mut of = Vec::new();
        for (text, place) in &spec.of {
            if let Some(path) = self.known_path(side, text, place, Use::of(flows)) {
                let slot = self.slot(side, &path);
                of.push((path, slot));
            }
        }
        let read = read?;
        if flows && write.is_none() {
            return None;
        }
        let place = spec.name.1.clone();
        self.views.push(View { group: group.name.0.clone(), side, place, of, read, write, sees_agreed });
        Some(self.views.len() - 1)
    }

    /// True when a group has a rule on a side, or may have one, and nothing is known of it: then its
    /// members may be anything.
    fn is_blurred(&self, group: &GroupSpec, views: Sides<Option<usize>>, side: Side) -> bool {
        views.get(side).is_none() && (group.views.get(side).is_some() || group.torn || self.spec.lost)
    }

    fn field(&mut self, spec: &'a FieldSpec, together: Option<usize>, views: Sides<Option<usize>>) {
        let name = spec.paths.left.clone();
        if let Some(twin) = self.fields.iter().find(|field| field.name == name) {
            let sentence = format!("the field `{name}` is mapped twice");
            let plain = Diagnostic::new(Code::DuplicateName, &spec.key.1, sentence);
            self.complaints.push(plain.related(&twin.place.clone(), "first mapped here"));
            return;
        }
        let canon = self.canon(spec);
        let table = self.table(spec);
        let left = self.end(spec, Side::Left, views, table.as_ref());
        let right = self.end(spec, Side::Right, views, table.as_ref());
        self.complain_unreachable(spec);
        let policy = spec.on_conflict.as_ref().and_then(|policy| self.policy(policy));
        let (Some(left), Some(right)) = (left, right) else { return };
        let ends = Sides::new(left, right);
        let functions = self.functions_of(&ends, views);
        let asked = self.known.rules.parameters_asked(&functions);
        self.sources.push(spec);
        self.fields.push(Field {
            key: Field::key(&name, self.line_print(spec, &ends, views, &functions)),
            asks: asked.map(|asked| asked.into_iter().map(|(name, _)| name).collect()),
            label: spec.label.clone().unwrap_or_else(|| name.clone()),
            name,
            place: spec.key.1.clone(),
            arrow: spec.arrow,
            canon,
            set: spec.set.is_some(),
            once: spec.once.is_some(),
            put_back: self.spec.put_back,
            policy,
            together,
            law: spec.law.clone(),
            ends,
        });
    }

    fn canon(&mut self, spec: &FieldSpec) -> Canon {
        let Some((word, place)) = &spec.canon else { return Canon::Plain };
        Canon::named(word).unwrap_or_else(|| {
            let words = Canon::ALL.iter().map(|(name, _)| *name);
            let plain = Diagnostic::new(Code::UnknownCanon, place, format!("no canon is named `{word}`"));
            let near = plain.did_you_mean(word, words.clone());
            let list = words.collect::<Vec<_>>().join(", ");
            self.complaints.push(if near.hint.is_none() { near.hint(format!("known: {list}")) } else { near });
            Canon::Plain
        })
    }

    fn end(
        &mut self,
        spec: &FieldSpec,
        side: Side,
        views: Sides<Option<usize>>,
        table: Option<&TablePairs>,
    ) -> Option<FieldEnd> {
        let text = spec.paths.get(side);
        let (_, resource) = *self.resources.get(side);
        let flows_here = spec.arrow.flows_to(side);
        let at = match *views.get(side) {
            Some(view) => At::Member { view, name: text.clone() },
            None => At::Path(self.known_path(side, text, &spec.key.1, Use::of(flows_here))?),
        };
        let is_id = matches!(&at, At::Path(path) if path.text() == resource.id.text());
        let slot = match &at {
            At::Path(path) => self.slot(side, path),
            At::Member { view, name } => self.member_slot(*view, name),
        };
        if flows_here && slot.read_only && matches!(at, At::Path(_)) {
            self.complain_read_only(side, text, &spec.key.1);
        }
        let (read, write) =
            spec.rule.get(side).as_ref().map(|rule| self.both_ways(rule, flows_here.then_some(2))).unwrap_or_default();
        let hold = spec.hold.get(side).clone().and_then(|rule| self.reason(&rule, 2));
        let lookup = spec.lookup.get(side).as_ref().and_then(|lookup| self.lookup(lookup, side, spec));
        Some(FieldEnd {
            is_id,
            member: spec.set.as_ref().and_then(|set| set.get(side).clone()).map(|(member, _)| member),
            except: Side::BOTH.iter().flat_map(|side| spec.except.get(*side)).map(|word| folded(word)).collect(),
            table: table.map(|table| pairs_of(table, side)).unwrap_or_default(),
            lookup,
            read,
            write,
            hold,
            if_empty: None,
            cut: spec.cut.get(side).unwrap_or(false),
            missing: spec.missing.unwrap_or(Missing::Hold),
            slot,
            at,
        })
    }

    fn slot(&self, side: Side, path: &Path) -> Slot {
        let (system, resource) = *self.resources.get(side);
        let shape = resource.shape.get(path.text());
        Slot {
            kind: shape.map(|shape| shape.kind),
            max: shape.and_then(|shape| shape.max),
            empty: shape.and_then(|shape| shape.empty.clone()).unwrap_or_else(|| system.empty.clone()),
            read_only: shape.is_some_and(|shape| shape.read_only),
        }
    }

    /// A member called like one of the paths its rule writes takes what that path takes.
    fn member_slot(&self, view: usize, name: &str) -> Slot {
        let paths = self.views.get(view).map(|view| view.of.as_slice()).unwrap_or_default();
        paths.iter().find(|(path, _)| path.text() == name).map(|(_, slot)| slot.clone()).unwrap_or_default()
    }

    /// The two halves of a rule, where it writes with so many parameters. A word that leads to neither is one mistake.
    fn both_ways(&mut self, (name, place): &Written, writes: Option<usize>) -> (Option<Rule>, Option<Rule>) {
        let before = self.complaints.list.len();
        let read = self.rule(&(format!("read_{name}"), place.clone()), 1);
        let told = self.complaints.list.len() > before;
        let write = writes.filter(|_| !told).and_then(|parameters| {
            let name = format!("write_{name}");
            self.rule(&(name, place.clone()), parameters)
        });
        (read, write)
    }

    fn rule(&mut self, (name, place): &Written, parameters: usize) -> Option<Rule> {
        match self.known.rules.find(&self.scripts, name, parameters, place) {
            Ok(rule) => {
                self.called.push(rule.clone());
                Some(rule)
            }
            Err(diagnostic) => {
                // A script that is not there, or does not parse, was complained about already.
                let lost = if self.scripts.is_empty() {
                    // Without any script, every rule would be told.
                    self.spec.torn || !self.spec.scripts.is_empty() || std::mem::replace(&mut self.scriptless, true)
                } else {
                    self.scripts.len() < self.spec.scripts.len()
                };
                if !lost && !self.complaints.list.iter().any(|one| one.code == Code::RhaiSyntax) {
                    self.complaints.push(*diagnostic);
                }
                None
            }
        }
    }

    fn complain_unreachable(&mut self, spec: &FieldSpec) {
        let mut complain = |place: &Place, sentence: &str, hint: &str| {
            self.complaints.push(Diagnostic::new(Code::UnreachableOption, place, sentence).hint(hint));
        };
        if let Some(place) = spec.once.as_ref().filter(|_| spec.arrow == Arrow::Both) {
            complain(place, "`once` never acts under `<=>`", "point the line one way, or drop `once`");
        }
        for side in Side::BOTH {
            let flows = spec.arrow.flows_to(side);
            if let Some((_, place)) = spec.law.get(side).as_ref().filter(|_| !flows) {
                let sentence = format!("`law` never acts here: nothing flows to the {side} side");
                complain(place, &sentence, "name the other side, or turn the arrow");
            }
            for (option, written) in [("if_empty", &spec.if_empty), ("hold", &spec.hold)] {
                if let Some((_, place)) = written.get(side).as_ref().filter(|_| !flows) {
                    let sentence = format!("`{option}` never acts here: nothing flows to the {side} side");
                    complain(place, &sentence, "name the other side, or turn the arrow");
                }
            }
        }
    }

    /// `if_empty` names another field of the same mapping.
    fn fallbacks(&mut self) {
        let specs: Vec<&FieldSpec> = self.spec.lines.iter().flat_map(fields_of).collect();
        for spec in &specs {
            for side in Side::BOTH {
                let Some((word, place)) = spec.if_empty.get(side) else { continue };
                let lender = self.fields.iter().position(|field| field.name == *word);
                let known = self.spec.lost || specs.iter().any(|one| one.paths.left == *word);
                if lender.is_none() && !known && !self.was_misspelt(word, Side::Left) {
                    let plain = Diagnostic::new(Code::UnknownField, place, format!("no line maps `{word}`"));
                    let plain = plain.hint("name the line by what stands left of its arrow");
                    let meant = specs.iter().find(|one| one.paths.right == *word || one.label.as_ref() == Some(word));
                    let near = match meant {
                        Some(meant) => plain.hint(format!("the line is named `{}`", meant.paths.left)),
                        None => plain.did_you_mean(word, specs.iter().map(|one| one.paths.left.as_str())),
                    };
                    self.complaints.push(near.because(self.lack_of(word)));
                }
                if let Some(field) = self.fields.iter_mut().find(|field| field.name == spec.paths.left) {
                    field.ends.get_mut(side).if_empty = lender;
                }
            }
        }
        for spec in &specs {
            for side in Side::BOTH {
                let Some((word, place)) = spec.if_empty.get(side) else { continue };
                if self.borrows(word, &spec.paths.left) {
                    let sentence = match &spec.paths.left {
                        itself if itself == word => format!("`{word}` stands in for itself"),
                        own => format!("`{own}` and `{word}` stand in for each other"),
                    };
                    let hint = "let one lend and the other borrow: else nobody can tell what was typed in which";
                    self.complaints.push(Diagnostic::new(Code::UnreachableOption, place, sentence).hint(hint));
                }
            }
        }
    }

    /// Whether the one line borrows from the other, itself or through lines between them.
    fn borrows(&self, borrower: &str, lender: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut next: Vec<usize> = self.fields.iter().position(|field| field.name == borrower).into_iter().collect();
        while let Some(field) = next.pop().and_then(|at| seen.insert(at).then(|| self.fields.get(at)).flatten()) {
            if field.name == lender {
                return true;
            }
            next.extend([field.ends.left.if_empty, field.ends.right.if_empty].into_iter().flatten());
        }
        false
    }

    fn keys(&mut self) -> Vec<usize> {
        let mut keys = Vec::new();
        for key in &self.spec.keys {
            let carried = self.fields.iter().position(|field| {
                Side::BOTH.into_iter().all(|side| match &field.ends.get(side).at {
                    At::Path(path) => path.text() == key.paths.get(side),
                    At::Member { name, .. } => name == key.paths.get(side),
                })
            });
            match carried {
                Some(index) => keys.push(index),
                // The line of the key has a complaint of its own.
                None if self.spec.lost || self.has_line(&key.paths) => {}
                None if Side::BOTH.into_iter().any(|side| self.was_misspelt(key.paths.get(side), side)) => {}
                None => self.complaints.push(
                    Diagnostic::new(
                        Code::UnmatchedKey,
                        &key.place,
                        format!("no field maps `{}` and `{}` to each other", key.paths.left, key.paths.right),
                    )
                    .hint("a key must be one of the lines under `fields:`"),
                ),
            }
        }
        keys
    }

    /// True when a path much like this one was complained about.
    fn was_misspelt(&self, word: &str, side: Side) -> bool {
        nearest(word, self.unknown.get(side).iter().map(String::as_str)).is_some()
    }

    fn has_line(&self, paths: &Sides<String>) -> bool {
        self.spec.lines.iter().flat_map(fields_of).any(|line| line.paths == *paths)
    }

    /// A rule that says why not: one that never can never acts.
    fn reason(&mut self, written: &Written, parameters: usize) -> Option<Rule> {
        let rule = self.rule(written, parameters)?;
        let here = self.known.rules.place_of(&rule);
        let told = |one: &Diagnostic| {
            one.code == Code::RuleSilent && one.related.as_ref().is_some_and(|(place, _)| *place == here)
        };
        // Other mappings that ask it make it no other mistake.
        if !self.known.rules.may_give_text(&rule) && !self.complaints.list.iter().any(told) {
            let sentence = format!("rule `{}` never gives a reason", written.0);
            self.complaints.push(
                Diagnostic::new(Code::RuleSilent, &written.1, sentence)
                    .related(&here, "written here")
                    .hint("give `()` to let a record pass, and a text that says why to stop it"),
            );
        }
        Some(rule)
    }

    fn policy(&mut self, spec: &PolicySpec) -> Option<Policy> {
        match spec {
            PolicySpec::Newest => Some(Policy::Newest),
            PolicySpec::Wins(side) => Some(Policy::Wins(*side)),
            PolicySpec::Ask => Some(Policy::Ask),
            PolicySpec::Rule(rule) => self.rule(rule, 2).map(Policy::Rule),
        }
    }

    fn print(&self) -> u64 {
        let keys: Vec<&str> = self.fields.iter().map(|field| field.key.as_str()).collect();
        print_of(&(self.spec.json.to_string(), keys))
    }

    /// Changes when the line, its table, what a rule of its sees, or a function that the rules come to changes; not
    /// with its label, nor with what it promises.
    fn line_print(
        &self,
        spec: &FieldSpec,
        ends: &Sides<FieldEnd>,
        views: Sides<Option<usize>>,
        functions: &BTreeSet<Named>,
    ) -> u64 {
        let mut json = spec.json.clone();
        if let Some(map) = json.as_object_mut() {
            map.remove("label");
            map.remove("on_conflict");
            map.remove("law");
        }
        let views = views.map(|view| view.and_then(|view| self.views.get(view)));
        let seen = views.map(|view| {
            let of = |view: &View| view.of.iter().map(|(path, _)| path.text().to_owned()).collect::<Vec<_>>();
            view.map(|view| (view.read.function.clone(), of(view)))
        });
        let words = self.known.rules.words_of(functions);
        print_of(&(&spec.key.0, json.to_string(), &ends.left.table, &ends.right.table, (seen.left, seen.right), words))
    }

    /// The functions that the rules of a line come to.
    fn functions_of(&self, ends: &Sides<FieldEnd>, views: Sides<Option<usize>>) -> BTreeSet<Named> {
        let rules = Side::BOTH.into_iter().flat_map(|side| {
            let end = ends.get(side);
            let view = views.get(side).and_then(|view| self.views.get(view));
            [
                end.read.as_ref(),
                end.write.as_ref(),
                view.map(|view| &view.read),
                view.and_then(|view| view.write.as_ref()),
            ]
        });
        self.known.rules.reached(rules.flatten())
    }
}

fn fields_of_mut(line: &mut LineSpec) -> &mut [FieldSpec] {
    match line {
        LineSpec::Field(field) => std::slice::from_mut(&mut **field),
        LineSpec::Group(group) => &mut group.fields,
    }
}

fn fields_of(line: &LineSpec) -> &[FieldSpec] {
    match line {
        LineSpec::Field(field) => std::slice::from_ref(&**field),
        LineSpec::Group(group) => &group.fields,
    }
}
