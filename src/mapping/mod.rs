//! The compiled mapping: what reads a record into the shared shape and writes it back. Pure.

pub mod canon;
pub mod compile;
pub mod field;
mod read;
mod restore;
mod shape;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fnv::FnvHasher;
use serde_json::{Map, Value};

use crate::config::mapping::{Arrow, Limits, Schedule};
use crate::config::parameter::Parameter;
use crate::config::system::Habit;
use crate::diagnostic::Place;
use crate::path::Path;
use crate::record::{Body, Side, Sides};
use crate::rules::Rule;
use field::{At, Field, Group, Policy, Rules, View};
pub use write::{Draft, LATER, NewRow, Sent, Standing, filled};

/// The joining of one left resource and one right resource.
#[derive(Clone)]
pub struct Mapping {
    /// Its name.
    pub name: String,
    /// For people.
    pub title: String,
    /// On which sides records are born and written.
    pub arrow: Arrow,
    /// An edit on the receiving side of a one-way link is put back; otherwise that side is not even
    /// listed, and a field is written again only when it changes on the giving side.
    pub put_back: bool,
    /// What it leaves to each account.
    pub declared: Vec<Parameter>,
    /// The parameters of one account; the defaults before [`Mapping::of_account`].
    pub parameters: Map<String, Value>,
    /// The file it was written in.
    pub file: Arc<str>,
    /// The two resources.
    pub sides: Sides<End>,
    /// The fields, in the order written.
    pub fields: Vec<Field>,
    /// Groups whose fields win or lose together.
    pub groups: Vec<Group>,
    /// Rules that read and write groups.
    pub views: Vec<View>,
    /// The fields by which unlinked records are recognised as one thing, in order.
    pub keys: Vec<usize>,
    /// How conflicts are settled.
    pub policy: Policy,
    /// When it runs.
    pub schedule: Schedule,
    /// What halts it.
    pub limits: Limits,
    /// Changes with every edit of the mapping, its tables and its scripts.
    pub print: u64,
    /// The references it looks into.
    pub references: BTreeSet<String>,
    /// Those of them that are read as a whole.
    pub whole: BTreeSet<String>,
    /// The rules of the workspace.
    pub rules: Rules,
}

/// What a record holds besides its fields when it is born.
#[derive(Debug, Clone)]
pub struct AtBirth {
    /// Where.
    pub path: Path,
    /// What; `{name}` stands for a parameter.
    pub value: Value,
    /// The place in the YAML.
    pub place: Place,
}

/// One resource of a mapping.
#[derive(Clone, Debug)]
pub struct End {
    /// The system.
    pub system: String,
    /// The resource.
    pub resource: String,
    /// Where a record holds its id.
    pub id: Path,
    /// Keys of the body that the mapping speaks of.
    pub roots: BTreeSet<String>,
    /// What a newborn record must hold, and where the system file says so.
    pub required: Vec<(Path, Place)>,
    /// Where a newborn record carries our own key.
    pub integration: Option<Path>,
    /// What a newborn record holds besides its fields: paths and values with `{parameter}` inside.
    pub birth: Vec<AtBirth>,
    /// What a creation must not carry: it is sent in an update right after the birth.
    pub without: Vec<Path>,
    /// Does this record take part? `fn rule(record)` gives `()` or a reason.
    pub keep: Option<Rule>,
    /// What the system makes of what it is given: where, in what order, and how many characters fit.
    pub habits: Vec<(Path, Vec<Habit>, Option<usize>)>,
    /// May a record be born on this side? `fn rule(record of the other side)` gives `()` or a reason.
    pub create: Option<Rule>,
    /// Where a refusal of this side is reported.
    pub report: Option<Report>,
}

impl End {
    /// `system.resource`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.system, self.resource)
    }

    /// Makes of a body what the system shows once it was sent: its habits act on what was.
    pub fn take_habits(&self, body: &mut Value, sent: &Value) {
        for (path, habits, max) in &self.habits {
            if path.peek(sent).is_none() {
                continue;
            }
            if let Some(given) = path.peek(body).cloned() {
                path.set(body, habits.iter().fold(given, |value, habit| habit.shown(value, *max)));
            }
        }
    }
}

/// Where a refusal is reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The system.
    pub system: String,
    /// The resource a report is created in.
    pub resource: String,
    /// The body, with `{id}` and `{reason}` inside.
    pub body: Value,
}

impl Mapping {
    /// The resources it joins, as `link:` names them, left and right.
    pub fn ends(&self) -> [String; 2] {
        Side::BOTH.map(|side| {
            let End { system, resource, .. } = self.sides.get(side);
            format!("{system}.{resource}")
        })
    }

    /// Every rule it calls.
    pub fn called(&self) -> impl Iterator<Item = &Rule> {
        let policies = self.fields.iter().filter_map(|field| field.policy.as_ref()).chain([&self.policy]);
        let deciding = policies.filter_map(|policy| match policy {
            Policy::Rule(rule) => Some(rule),
            Policy::Newest | Policy::Wins(_) | Policy::Ask => None,
        });
        let ends = self.fields.iter().flat_map(|field| [&field.ends.left, &field.ends.right]);
        let valued = ends.flat_map(|end| [&end.read, &end.write, &end.hold]).flatten();
        let hooked =
            [&self.sides.left, &self.sides.right].into_iter().flat_map(|end| [&end.keep, &end.create]).flatten();
        let seen = self.views.iter().flat_map(|view| std::iter::once(&view.read).chain(&view.write));
        deciding.chain(valued).chain(hooked).chain(seen)
    }

    /// The mapping with the parameters of an account. Others make it another mapping.
    #[must_use]
    pub fn of_account(&self, parameters: Map<String, Value>) -> Self {
        let mut own = self.clone();
        if parameters != self.parameters {
            for field in &mut own.fields {
                field.change_with(&self.parameters, &parameters);
            }
            own.print = print_of(&(self.print, Value::Object(parameters.clone()).to_string()));
            own.parameters = parameters;
        }
        own
    }

    /// Every system it speaks with: its two sides, what it looks into, where it reports.
    pub fn systems(&self) -> BTreeSet<String> {
        let sides = Side::BOTH.into_iter().map(|side| self.sides.get(side));
        let reports = sides.clone().filter_map(|end| end.report.as_ref()).map(|report| report.system.clone());
        let looked =
            self.references.iter().filter_map(|name| name.split_once('.')).map(|(system, _)| system.to_owned());
        sides.map(|end| end.system.clone()).chain(reports).chain(looked).collect()
    }

    /// True when records may be born and written on a side.
    pub const fn flows_to(&self, side: Side) -> bool {
        self.arrow.flows_to(side)
    }

    /// True when a side is read by lists; otherwise its records are only fetched for their twins.
    pub const fn is_listed(&self, side: Side) -> bool {
        self.put_back || !self.flows_to(side)
    }

    /// The part of a body that the mapping speaks of: what is compared, printed and kept.
    pub fn project(&self, side: Side, body: &Value) -> Body {
        match body {
            Value::Object(map) => Body::pack_part(map, &self.sides.get(side).roots),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Body::pack(body),
        }
    }

    /// The index of a field by its name or label.
    pub fn field_named(&self, word: &str) -> Option<usize> {
        let folded = crate::reference::folded(word);
        self.fields.iter().position(|field| {
            field.name == word || crate::reference::folded(&field.label) == folded || field.key == word
        })
    }

    /// The field of a key of a base, with its index.
    pub fn keyed(&self, key: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.key == key)
    }

    /// The group whose fields win or lose together with this one, or the field alone.
    pub fn together<'a>(&'a self, field: &'a usize) -> &'a [usize] {
        let group = self.fields.get(*field).and_then(|field| field.together);
        group.and_then(|group| self.groups.get(group)).map_or(std::slice::from_ref(field), |group| &group.fields)
    }

    /// The name of the group a field belongs to, because of a rule or of conflicts.
    pub fn group_of(&self, field: &Field) -> Option<&str> {
        let view = Side::BOTH.into_iter().find_map(|side| self.view_of(&field.ends.get(side).at));
        let together = field.together.and_then(|group| self.groups.get(group));
        view.map(|view| view.group.as_str()).or_else(|| together.map(|group| group.name.as_str()))
    }

    /// The policy that settles a conflict of a field: that of the first of those that fall together.
    pub fn policy_of(&self, field: usize) -> &Policy {
        let lead = self.together(&field).first().copied().unwrap_or(field);
        self.fields.get(lead).and_then(|field| field.policy.as_ref()).unwrap_or(&self.policy)
    }

    /// The rules that a value goes through on its way to a side: what reads it there, what writes it here.
    pub fn carriers<'a>(&'a self, field: &'a Field, side: Side) -> Vec<&'a Rule> {
        let (giving, written) = (field.ends.get(side.other()), field.ends.get(side));
        let read = giving.read.as_ref().or_else(|| Some(&self.view_of(&giving.at)?.read));
        let write = written.write.as_ref().or_else(|| self.view_of(&written.at)?.write.as_ref());
        read.into_iter().chain(write).collect()
    }

    /// The view that a value sits in, when it sits in one.
    fn view_of(&self, at: &At) -> Option<&View> {
        match at {
            At::Member { view, .. } => self.views.get(*view),
            At::Path(_) => None,
        }
    }

    /// The deterministic key a record born on `side` from the record `id` carries.
    pub fn integration_key(&self, side: Side, id: &str) -> String {
        let from = self.sides.get(side.other());
        format!("{}-{}-{id}", from.system, from.resource)
    }
}

/// A print of anything that hashes: equal things have equal prints, in this release and the next.
pub fn print_of(thing: &impl Hash) -> u64 {
    let mut hasher = FnvHasher::default();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// Every compiled mapping of a workspace, by name.
pub type Mappings = BTreeMap<String, Arc<Mapping>>;
