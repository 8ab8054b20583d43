//! The compiled form of a mapping's lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::canon::Canon;
use super::print_of;
use crate::config::line::{Law, Missing};
use crate::config::mapping::Arrow;
use crate::config::system::Kind;
use crate::diagnostic::Place;
use crate::path::Path;
use crate::record::{Side, Sides};
use crate::rules::Rule;

/// One shared name that a path on the left and a path on the right both speak of.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name: what stands left of the arrow.
    pub name: String,
    /// Its key in a base: the name and the print of the line, the parameters it asks for among it.
    pub key: String,
    /// The parameters that its rules ask for; nothing when that is not written out.
    pub asks: Option<BTreeSet<String>>,
    /// For people.
    pub label: String,
    /// Where it was written.
    pub place: Place,
    /// Which way it points.
    pub arrow: Arrow,
    /// How values are compared.
    pub canon: Canon,
    /// True when the value is a set of texts.
    pub set: bool,
    /// Only at birth.
    pub once: bool,
    /// One way: an edit on the receiving side is put back.
    pub put_back: bool,
    /// Its own policy.
    pub policy: Option<Policy>,
    /// The group whose fields win or lose together with this one.
    pub together: Option<usize>,
    /// What is expected of the values that go to a side, and where the line says so.
    pub law: Sides<Option<(Law, Place)>>,
    /// What it is on each side.
    pub ends: Sides<End>,
}

impl Field {
    /// Other parameters make it another line, where its rules ask for them.
    pub(super) fn change_with(&mut self, before: &Map<String, Value>, after: &Map<String, Value>) {
        let all = || before.keys().chain(after.keys()).cloned().collect();
        let asked = self.asks.clone().unwrap_or_else(all);
        let changed = asked.into_iter().filter(|name| before.get(name) != after.get(name));
        let changed: BTreeMap<String, String> =
            changed.map(|name| (name.clone(), after.get(&name).unwrap_or(&Value::Null).to_string())).collect();
        if !changed.is_empty() {
            self.key = Self::key(&self.name, print_of(&(&self.key, changed)));
        }
    }

    /// What a line is known by in a base.
    pub(super) fn key(name: &str, print: u64) -> String {
        format!("{name}#{:08x}", print & 0xffff_ffff)
    }

    /// True when values may flow to a side.
    pub const fn flows_to(&self, side: Side) -> bool {
        self.arrow.flows_to(side)
    }

    /// True when its value is translated through a reference, so that it may have no twin today.
    pub const fn looks_up(&self) -> bool {
        self.ends.left.lookup.is_some() || self.ends.right.lookup.is_some()
    }

    /// The side it is one-way from, if it is.
    pub const fn one_way_from(&self) -> Option<Side> {
        match self.arrow {
            Arrow::Both => None,
            Arrow::ToRight => Some(Side::Left),
            Arrow::ToLeft => Some(Side::Right),
        }
    }
}

/// What a field is on one side.
#[derive(Clone, Debug)]
pub struct End {
    /// Where its value sits.
    pub at: At,
    /// The record's own id.
    pub is_id: bool,
    /// The member of a list's rows that counts.
    pub member: Option<String>,
    /// Folded members of a set that never travel.
    pub except: Vec<String>,
    /// Value pairs: this side's value first.
    pub table: Vec<(String, String)>,
    /// A value translated through a reference.
    pub lookup: Option<Lookup>,
    /// The rule that reads the value.
    pub read: Option<Rule>,
    /// The rule that writes the value.
    pub write: Option<Rule>,
    /// The rule that may keep it from being written.
    pub hold: Option<Rule>,
    /// The field whose value is sent here when the other side's is empty.
    pub if_empty: Option<usize>,
    /// A text may be cut to the length the system takes.
    pub cut: bool,
    /// What a value without a twin becomes.
    pub missing: Missing,
    /// What the system takes here.
    pub slot: Slot,
}

/// What a system takes at one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slot {
    /// The kind of value; any when the system file does not say.
    pub kind: Option<Kind>,
    /// Most characters of a text.
    pub max: Option<usize>,
    /// How an empty value is written.
    pub empty: Value,
    /// The system fills it itself.
    pub read_only: bool,
}

/// Where a field's value sits on one side.
#[derive(Clone, Debug)]
pub enum At {
    /// At a path of the record.
    Path(Path),
    /// A member of what a group's rule gives.
    Member {
        /// The view, by index.
        view: usize,
        /// The member.
        name: String,
    },
}

impl At {
    /// The path, where the value sits at one.
    pub const fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Member { .. } => None,
        }
    }
}

/// A value translated through a key of a reference resource.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// `system.resource`.
    pub reference: String,
    /// The field of a row that the record holds.
    pub id: String,
    /// The field of a row that is the shared value.
    pub by: String,
    /// Where the record itself carries the row.
    pub inside: Option<Path>,
    /// The body that makes a row nobody has yet.
    pub create: Option<Value>,
}

/// A rule that reads and writes a group on one side.
#[derive(Clone, Debug)]
pub struct View {
    /// The group's name.
    pub group: String,
    /// The side.
    pub side: Side,
    /// Where it was written.
    pub place: Place,
    /// What it sees and may write.
    pub of: Vec<(Path, Slot)>,
    /// `read_<name>(values)`.
    pub read: Rule,
    /// `write_<name>(new, old)`; nothing where no field flows to the side.
    pub write: Option<Rule>,
    /// It is `write_<name>(new, old, agreed)`.
    pub sees_agreed: bool,
}

/// Fields that win or lose a conflict together.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its fields, by index.
    pub fields: Vec<usize>,
}

/// How a conflict is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The record that changed last wins.
    Newest,
    /// One side always wins.
    Wins(Side),
    /// A person decides.
    Ask,
    /// A rule decides.
    Rule(Rule),
}

impl Policy {
    /// The policy as people write it.
    pub fn word(&self) -> String {
        match self {
            Self::Newest => "newest".to_owned(),
            Self::Wins(side) => side.to_string(),
            Self::Ask => "ask".to_owned(),
            Self::Rule(rule) => rule.place.clone(),
        }
    }
}

/// The values of one record in the shared shape, one for each field of the mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// Empty is null. A value without a twin in its reference is a map `{"unresolved": raw}`.
    pub values: Vec<Value>,
    /// Values that stand in for an empty one (`if_empty`); they never win against a typed one.
    pub borrowed: Vec<bool>,
}

impl Fields {
    /// The value of a field.
    pub fn value(&self, field: usize) -> &Value {
        self.values.get(field).unwrap_or(&Value::Null)
    }

    /// True when the value stands in for an empty one.
    pub fn is_borrowed(&self, field: usize) -> bool {
        self.borrowed.get(field).copied().unwrap_or(false)
    }
}

/// Marks a value whose row nobody finds.
pub fn unresolved(raw: &Value) -> Value {
    serde_json::json!({ "unresolved": raw })
}

/// What the record holds in place of a value whose row nobody finds.
pub fn raw_of(value: &Value) -> Option<&Value> {
    value.as_object().and_then(|map| map.get("unresolved"))
}

/// True for a value whose row nobody finds.
pub fn is_unresolved(value: &Value) -> bool {
    value.is_object()
}

/// True when nothing stands here.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Why a record cannot move: a rule that failed, a text that is too long, a value that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One sentence.
    pub reason: String,
    /// `file:line` of the rule or line that says so.
    pub place: String,
}

impl Trouble {
    /// Trouble at a line of the mapping.
    pub fn at(place: &Place, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: format!("{}:{}", place.file, place.line) }
    }
}

impl From<crate::rules::Error> for Trouble {
    fn from(error: crate::rules::Error) -> Self {
        Self { place: format!("{}:{}:{}", error.file, error.line, error.column), reason: error.message }
    }
}

/// Scripts shared by everything compiled from one workspace.
pub type Rules = Arc<crate::rules::RuleSet>;
