//! The lines of a mapping, as written: fields and groups.

use serde_json::Value;

use super::located::{Entries, Located, Node, Word};
use super::mapping::{
    Arrow, PolicySpec, SideNames, Written, complain_arrow, read_policy, spaced_arrow, split_arrow, written,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::record::Sides;

/// One entry of `fields:`.
#[derive(Clone, Debug)]
pub enum LineSpec {
    /// A field of its own.
    Field(Box<FieldSpec>),
    /// Fields that a rule reads and writes at once, or that belong together.
    Group(Box<GroupSpec>),
}

/// A group, as written.
#[derive(Clone, Debug)]
pub struct GroupSpec {
    /// Its name.
    pub name: Written,
    /// `group: true`: its fields win or lose a conflict together.
    pub together: bool,
    /// `rule:`, what reads and writes the group on a side.
    pub views: Sides<Option<ViewSpec>>,
    /// Its fields.
    pub fields: Vec<FieldSpec>,
    /// True when something of it beside its fields, or one of them, could not be read.
    pub torn: bool,
}

/// A rule that reads and writes a group, as written.
#[derive(Clone, Debug)]
pub struct ViewSpec {
    /// The rule: `read_<name>` and `write_<name>` in the scripts.
    pub name: Written,
    /// `of:`, the paths of the record it sees and may write.
    pub of: Vec<Written>,
}

/// A field, as written.
#[derive(Clone, Debug)]
pub struct FieldSpec {
    /// The key of the line.
    pub key: Written,
    /// The line as JSON; its print tells an edited line from the old one.
    pub json: Value,
    /// True when something of it could not be read: what it does not say is no second mistake.
    pub torn: bool,
    /// Which way it points.
    pub arrow: Arrow,
    /// The paths.
    pub paths: Sides<String>,
    /// `label:`, for people.
    pub label: Option<String>,
    /// `canon:`.
    pub canon: Option<Written>,
    /// `set:`, the member of a list's rows that counts, per side.
    pub set: Option<Sides<Option<Written>>>,
    /// `except:`, members of a set that stay on that side and never travel.
    pub except: Sides<Vec<String>>,
    /// `table:`.
    pub table: Option<TableSpec>,
    /// `lookup:`.
    pub lookup: Sides<Option<LookupSpec>>,
    /// `rule:`, `read_<name>` and `write_<name>` for one value.
    pub rule: Sides<Option<Written>>,
    /// `missing:`, what a value without a twin becomes.
    pub missing: Option<Missing>,
    /// `if_empty:`, the field whose value is sent to that side when this one is empty.
    pub if_empty: Sides<Option<Written>>,
    /// `hold:`, a rule that may keep this field from being written on that side.
    pub hold: Sides<Option<Written>>,
    /// `once: true`: only at birth.
    pub once: Option<Place>,
    /// `cut:`, whether a text may be cut to the length a side takes; nothing where the line does not say.
    pub cut: Sides<Option<bool>>,
    /// `on_conflict:` of this field alone.
    pub on_conflict: Option<PolicySpec>,
    /// `law:`, what is expected of what goes to that side, and where the line says so.
    pub law: Sides<Option<(Law, Place)>>,
}

/// What becomes of the values that go to a side, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// They come back to the letter.
    Exact,
    /// What comes back means the same.
    Canon,
    /// Some of them arrive as something else.
    Loses,
    /// None of them arrives: the line is one-way in truth.
    Never,
}

impl Law {
    /// Every law with its word.
    pub const ALL: [(&'static str, Self); 4] =
        [("exact", Self::Exact), ("canon", Self::Canon), ("loses", Self::Loses), ("never", Self::Never)];

    /// As people write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Canon => "canon",
            Self::Loses => "loses",
            Self::Never => "never",
        }
    }
}

/// What a value without a twin on the other side becomes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Empty.
    Empty,
    /// Whatever is there stays.
    Keep,
    /// The field waits, and so does a record that would be born without it.
    Hold,
}

/// A table, as written.
#[derive(Clone, Debug)]
pub enum TableSpec {
    /// The name of a file in `mappings/tables`.
    Named(Written),
    /// Pairs written in place.
    Pairs(TablePairs),
}

/// Left value and right value, in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePairs {
    /// The pairs.
    pub pairs: Vec<(Written, Written)>,
    /// `back:`, which left value a right value becomes when several do.
    pub back: Vec<(String, String)>,
    /// Where it was written.
    pub place: Place,
}

/// A lookup, as written: `users by Email in Owner`.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupSpec {
    /// The resource of that side's system, or a mapping whose links are followed.
    pub of: String,
    /// The field of its rows that is the shared value; empty for a mapping.
    pub by: String,
    /// Where the record itself carries the row.
    pub inside: Option<String>,
    /// The body that makes a row nobody has yet, with `{value}` inside.
    pub create: Option<Value>,
    /// Where it was written.
    pub place: Place,
}

/// Lowers `fields:`; true when a line is missing among them that could not be read.
pub fn read_lines(value: &Located, names: &SideNames<'_>, complaints: &mut Diagnostics) -> (Vec<LineSpec>, bool) {
    let mut lines = Vec::new();
    let mut lost = false;
    let mut before: Option<Word> = None;
    for (word, value) in value.map(complaints).unwrap_or_default().to_vec() {
        if let Some(group) = before.replace(word.clone()).filter(|_| word.text == "fields") {
            complain_beside(&group, &word, complaints);
            lost = true;
        } else if is_group(&word, &value) {
            let group = read_group(&word, &value, names, complaints);
            lost |= group.as_ref().is_none_or(|group| group.torn);
            lines.extend(group.map(|group| LineSpec::Group(Box::new(group))));
        } else {
            let field = read_field(&word, &value, names, complaints);
            lost |= field.is_none();
            lines.extend(field.map(|field| LineSpec::Field(Box::new(field))));
        }
    }
    (lines, lost)
}

/// The lines of a group that stand beside it make neither of the two readable: that is one mistake.
fn complain_beside(group: &Word, fields: &Word, complaints: &mut Diagnostics) {
    complaints.list.retain(|one| one.code != Code::BadArrow || one.place.as_ref() != Some(&group.place));
    let sentence = format!("`fields` stands beside `{}`, not under it", group.text);
    let hint = format!("write `fields:` and its lines further right than `{}:`", group.text);
    complaints.push(Diagnostic::new(Code::BadArrow, &fields.place, sentence).hint(hint));
}

fn is_group(word: &Word, value: &Located) -> bool {
    let has_fields = matches!(&value.node, Node::Map(map) if map.iter().any(|(key, _)| key.text == "fields"));
    has_fields && split_arrow(&word.text).is_none()
}

fn read_group(word: &Word, value: &Located, names: &SideNames<'_>, complaints: &mut Diagnostics) -> Option<GroupSpec> {
    let before = complaints.list.len();
    let mut entries = value.entries(complaints)?;
    let together = entries.take("group").and_then(|value| value.boolean(complaints)).unwrap_or(false);
    let views = entries.take("rule").map(|value| names.read(value, complaints, read_view)).unwrap_or_default();
    let inner = entries.take("fields")?;
    entries.finish(complaints);
    let inner = inner.map(complaints).unwrap_or_default().to_vec();
    let mut torn = complaints.list.len() > before;
    let mut fields = Vec::new();
    for (word, value) in inner {
        let field = read_field(&word, &value, names, complaints);
        torn |= field.is_none();
        fields.extend(field);
    }
    Some(GroupSpec { name: (word.text.clone(), word.place.clone()), together, views, fields, torn })
}

fn read_view(value: &Located, complaints: &mut Diagnostics) -> Option<ViewSpec> {
    let mut entries = value.entries(complaints)?;
    let name = entries.need("name", complaints).and_then(|value| written(value, complaints));
    let of = entries.need("of", complaints).map(|value| value.texts(complaints));
    entries.finish(complaints);
    Some(ViewSpec { name: name?, of: of? })
}

fn read_field(word: &Word, value: &Located, names: &SideNames<'_>, complaints: &mut Diagnostics) -> Option<FieldSpec> {
    let Some((paths, arrow)) = split_arrow(&word.text) else {
        complain_arrow(&word.text, &word.place, complaints);
        return None;
    };
    let mut field = FieldSpec {
        // Blanks around an arrow make no other line of it.
        key: (spaced_arrow(&word.text).unwrap_or_else(|| word.text.clone()), word.place.clone()),
        json: value.json(),
        torn: false,
        arrow,
        paths,
        label: None,
        canon: None,
        set: None,
        except: Sides::default(),
        table: None,
        lookup: Sides::default(),
        rule: Sides::default(),
        missing: None,
        if_empty: Sides::default(),
        hold: Sides::default(),
        once: None,
        cut: Sides::default(),
        on_conflict: None,
        law: Sides::default(),
    };
    if value.node == Node::Null {
        return Some(field);
    }
    let before = complaints.list.len();
    let mut entries = value.entries(complaints)?;
    read_values(&mut field, &mut entries, names, complaints);
    read_conduct(&mut field, &mut entries, names, complaints);
    entries.finish(complaints);
    field.torn = complaints.list.len() > before;
    Some(field)
}

/// What the values look like.
fn read_values(field: &mut FieldSpec, entries: &mut Entries<'_>, names: &SideNames<'_>, complaints: &mut Diagnostics) {
    field.label = entries.take("label").and_then(|value| value.text(complaints));
    field.canon = entries.take("canon").and_then(|value| written(value, complaints));
    field.set = entries.take("set").map(|value| names.read(value, complaints, written));
    if let Some(value) = entries.take("except") {
        field.except = names
            .read(value, complaints, |value, complaints| Some(value.texts(complaints)))
            .map(|found| found.unwrap_or_default().into_iter().map(|(text, _)| text).collect());
    }
    field.table = entries.take("table").and_then(|value| read_table(value, complaints));
    if let Some(value) = entries.take("lookup") {
        field.lookup = names.read(value, complaints, read_lookup);
    }
    if let Some(value) = entries.take("rule") {
        field.rule = names.read(value, complaints, written);
    }
}

/// How the field behaves.
fn read_conduct(field: &mut FieldSpec, entries: &mut Entries<'_>, names: &SideNames<'_>, complaints: &mut Diagnostics) {
    field.missing = entries.take("missing").and_then(|value| read_missing(value, complaints));
    let mut by_side = |key| entries.take(key).map(|value| names.read(value, complaints, written)).unwrap_or_default();
    field.if_empty = by_side("if_empty");
    field.hold = by_side("hold");
    if let Some(value) = entries.take("once") {
        field.once = value.boolean(complaints).filter(|flag| *flag).map(|_| value.place.clone());
    }
    if let Some(value) = entries.take("cut") {
        field.cut = names.read(value, complaints, Located::boolean);
    }
    field.on_conflict = entries.take("on_conflict").and_then(|value| read_policy(value, names, complaints));
    if let Some(value) = entries.take("law") {
        field.law = match &value.node {
            Node::Map(_) => names.read(value, complaints, read_law),
            Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::Text(_) | Node::List(_) => {
                let law = read_law(value, complaints);
                Sides::each(|side| law.clone().filter(|_| field.arrow.flows_to(side)))
            }
        };
    }
}

fn read_law(value: &Located, complaints: &mut Diagnostics) -> Option<(Law, Place)> {
    let text = value.text(complaints)?;
    let found = Law::ALL.into_iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let plain = Diagnostic::new(Code::BadValue, &value.place, format!("`{text}` is no law"));
        let near = plain.did_you_mean(&text, Law::ALL.map(|(word, _)| word));
        let hint = "write `exact`, `canon`, `loses` or `never`, for both sides or for one: `{ system: loses }`";
        complaints.push(if near.hint.is_none() { near.hint(hint) } else { near });
    }
    found.map(|(_, law)| (law, value.place.clone()))
}

fn read_missing(value: &Located, complaints: &mut Diagnostics) -> Option<Missing> {
    let text = value.text(complaints)?;
    match text.as_str() {
        "empty" => Some(Missing::Empty),
        "keep" => Some(Missing::Keep),
        "hold" => Some(Missing::Hold),
        _ => {
            complaints.push(
                Diagnostic::new(
                    Code::BadValue,
                    &value.place,
                    format!("`{text}` is nothing a missing value can become"),
                )
                .hint("write `empty`, `keep` or `hold`"),
            );
            None
        }
    }
}

fn read_table(value: &Located, complaints: &mut Diagnostics) -> Option<TableSpec> {
    if let Node::Text(name) = &value.node {
        return Some(TableSpec::Named((name.clone(), value.place.clone())));
    }
    read_pairs(value, complaints).map(TableSpec::Pairs)
}

/// Reads `{ left: right, …, back: { right: left } }`.
pub fn read_pairs(value: &Located, complaints: &mut Diagnostics) -> Option<TablePairs> {
    let mut table = TablePairs { pairs: Vec::new(), back: Vec::new(), place: value.place.clone() };
    for (word, value) in value.map(complaints)? {
        if word.text == "back" && matches!(value.node, Node::Map(_)) {
            for (right, left) in value.map(complaints).unwrap_or_default().to_vec() {
                table.back.extend(left.text(complaints).map(|left| (right.text, left)));
            }
        } else if let Some(right) = written(value, complaints) {
            table.pairs.push(((word.text.clone(), word.place.clone()), right));
        }
    }
    Some(table)
}

fn read_lookup(value: &Located, complaints: &mut Diagnostics) -> Option<LookupSpec> {
    let place = value.place.clone();
    if let Node::Text(text) = &value.node {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (of, by, inside) = match words.as_slice() {
            [of] if of.contains('/') => (*of, "", None),
            [of, "by", by] => (*of, *by, None),
            [of, "by", by, "in", inside] => (*of, *by, Some((*inside).to_owned())),
            _ => {
                complaints.push(
                    Diagnostic::new(Code::BadValue, &value.place, format!("`{text}` is no lookup"))
                        .hint("write `resource by field`, `resource by field in path`, or the name of a mapping whose links it follows"),
                );
                return None;
            }
        };
        return Some(LookupSpec { of: of.to_owned(), by: by.to_owned(), inside, create: None, place });
    }
    let mut entries = value.entries(complaints)?;
    let of = entries.need("of", complaints).and_then(|value| value.text(complaints));
    let by = entries.need("by", complaints).and_then(|value| value.text(complaints));
    let inside = entries.take("in").and_then(|value| value.text(complaints));
    let create = entries.take("create").map(Located::json);
    entries.finish(complaints);
    Some(LookupSpec { of: of?, by: by?, inside, create, place })
}
