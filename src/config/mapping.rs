//! One mapping, as written.
//!
//! Nothing is looked up here: whether a path, a rule or a lookup exists is for `mapping::compile`
//! to say. What cannot be read as the language of mappings is said here, all of it at once.

use std::sync::Arc;

use serde_json::Value;

use super::line::{self, LineSpec};
use super::located::{Entries, Located, Node, Word};
use super::parameter::{self, Parameter};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::record::{Side, Sides};

/// Something written, and where.
pub type Written = (String, Place);

/// A mapping, as written.
#[derive(Clone, Debug)]
pub struct MappingSpec {
    /// The file.
    pub file: Arc<str>,
    /// `mapping:`, its name.
    pub name: String,
    /// `title:`, for people; the name when absent.
    pub title: String,
    /// `link:`, the two resources.
    pub link: Sides<ResourceName>,
    /// The arrow of `link:`, on which sides records are born and written.
    pub arrow: Arrow,
    /// `put_back:`, whether an edit on the receiving side of a one-way link is put back.
    pub put_back: bool,
    /// `parameters:`, what it leaves to each account.
    pub parameters: Vec<Parameter>,
    /// `birth:`, what a record born on a side holds besides its fields: paths and templates.
    pub birth: Sides<Vec<(Written, Value)>>,
    /// `scripts:`, where its rules are looked for, in order.
    pub scripts: Vec<Written>,
    /// `schedule:`.
    pub schedule: Schedule,
    /// Where it was written, if it was.
    pub scheduled: Option<Place>,
    /// `on_conflict:`.
    pub on_conflict: PolicySpec,
    /// Where that was written, if it was.
    pub on_conflict_at: Option<Place>,
    /// `limits:`.
    pub limits: Limits,
    /// `match:`, the keys in order.
    pub keys: Vec<KeySpec>,
    /// `rules: { keep: … }`: does this record take part?
    pub keep: Sides<Option<HookSpec>>,
    /// `rules: { create: … }`: may a record be born on that side?
    pub create: Sides<Option<HookSpec>>,
    /// `fields:`.
    pub lines: Vec<LineSpec>,
    /// True when something in the file could not be read: what is not there is no second mistake.
    pub torn: bool,
    /// True when a whole line may be among that.
    pub lost: bool,
    /// `refused:`, where a refusal of that side is reported.
    pub refused: Sides<Option<ReportSpec>>,
    /// The whole file as JSON; its print tells an edited mapping from the old one.
    pub json: Value,
    /// The whole file with its places.
    pub tree: Located,
}

/// A resource named in a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceName {
    /// The system.
    pub system: String,
    /// The resource.
    pub resource: String,
    /// Where it was named.
    pub place: Place,
}

/// When a mapping runs and how far back it looks; all in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From the start of one cycle to the start of the next.
    pub every_ms: u64,
    /// How far back a listing looks at least.
    pub window: Span,
    /// A listing looks back this much further than the watermark.
    pub overlap_ms: u64,
    /// How often everything is compared; never by the clock when `None`.
    pub full_ms: Option<u64>,
}

/// How far back a listing looks at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// So many milliseconds. What is older is read once, at the first cycle and when everything is
    /// compared.
    Last(u64),
    /// Since midnight. What is older is no business of the mapping, unless a stop made it late.
    Today,
}

impl Span {
    /// The longest it can be, in milliseconds.
    pub const fn longest_ms(self) -> u64 {
        match self {
            Self::Last(ms) => ms,
            Self::Today => 86_400_000,
        }
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self { every_ms: 600_000, window: Span::Last(18_000_000), overlap_ms: 600_000, full_ms: None }
    }
}

/// More than this in one plan halts the mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records born.
    pub creates: u64,
    /// Records changed.
    pub updates: u64,
    /// Records gone.
    pub gone: u64,
    /// Records read on one side.
    pub records: u64,
    /// How long a creation without an answer may still be under way, in milliseconds.
    pub unknown_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { creates: 5_000, updates: 5_000, gone: 20, records: 500_000, unknown_ms: 60_000 }
    }
}

/// How a conflict is settled, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySpec {
    /// The record that changed last wins.
    Newest,
    /// One side always wins.
    Wins(Side),
    /// A person decides.
    Ask,
    /// A rule decides: `fn rule(left, right)` gives `"left"`, `"right"` or `()`.
    Rule(Written),
}

/// A match key, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// The paths.
    pub paths: Sides<String>,
    /// Where it was written.
    pub place: Place,
}

/// A rule that looks at a whole record, as written: `name`, or `{ name: name, of: [path, …] }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSpec {
    /// The rule.
    pub rule: Written,
    /// `of:`, what it sees of the record besides what the lines speak of.
    pub of: Vec<Written>,
}

/// Where a refusal is reported, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportSpec {
    /// The resource a report is created in.
    pub to: ResourceName,
    /// The body, with `{id}` and `{reason}` inside.
    pub body: Value,
    /// Where it was written.
    pub place: Place,
}

/// Which way a line points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    /// `<=>`
    Both,
    /// `=>`
    ToRight,
    /// `<=`
    ToLeft,
}

impl Arrow {
    /// True when something may flow to a side.
    pub const fn flows_to(self, side: Side) -> bool {
        matches!((self, side), (Self::Both, _) | (Self::ToRight, Side::Right) | (Self::ToLeft, Side::Left))
    }
}

const MARKS: [(&str, Arrow); 6] = [
    ("<=>", Arrow::Both),
    ("⇔", Arrow::Both),
    ("=>", Arrow::ToRight),
    ("⇒", Arrow::ToRight),
    ("<=", Arrow::ToLeft),
    ("⇐", Arrow::ToLeft),
];

/// The two ends of `left <=> right`, the mark between them and what it means.
fn cut_arrow(text: &str) -> Option<(&str, &'static str, &str, Arrow)> {
    let cut = |(mark, arrow): (&'static str, Arrow)| {
        text.split_once(mark).map(|(left, right)| (left.trim(), mark, right.trim(), arrow))
    };
    MARKS.into_iter().find_map(cut).filter(|(left, _, right, _)| !left.is_empty() && !right.is_empty())
}

/// Splits `left <=> right`.
pub fn split_arrow(text: &str) -> Option<(Sides<String>, Arrow)> {
    let (left, _, right, arrow) = cut_arrow(text)?;
    Some((Sides::new(left.to_owned(), right.to_owned()), arrow))
}

/// A text with an arrow, with one blank on each side of it.
pub fn spaced_arrow(text: &str) -> Option<String> {
    cut_arrow(text).map(|(left, mark, right, _)| format!("{left} {mark} {right}"))
}

/// JSON in which no key is told from another by the blanks around its arrow.
pub fn spaced_keys(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let spaced = |(key, value): (&String, &Value)| {
                (spaced_arrow(key).unwrap_or_else(|| key.clone()), spaced_keys(value))
            };
            Value::Object(map.iter().map(spaced).collect())
        }
        Value::Array(list) => list.iter().map(spaced_keys).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Complains about an arrow that cannot be read.
pub fn complain_arrow(word: &str, place: &Place, complaints: &mut Diagnostics) {
    complaints.push(
        Diagnostic::new(Code::BadArrow, place, format!("`{word}` has no readable arrow"))
            .hint("write `left <=> right`, `left => right` or `left <= right`"),
    );
}

/// Which side a word such as `erp:` speaks of.
pub struct SideNames<'a> {
    names: Sides<&'a str>,
}

impl<'a> SideNames<'a> {
    /// The names of the two systems.
    pub fn of(link: &'a Sides<ResourceName>) -> Self {
        Self { names: Sides::new(&link.left.system, &link.right.system) }
    }

    /// The side of a word; `left` and `right` always work, a system's name when the two differ.
    pub fn side(&self, word: &str) -> Option<Side> {
        match word {
            "left" => Some(Side::Left),
            "right" => Some(Side::Right),
            _ if self.names.left == self.names.right => None,
            _ => Side::BOTH.into_iter().find(|side| *self.names.get(*side) == word),
        }
    }

    /// Reads a map whose keys are sides.
    pub fn read<T>(
        &self,
        value: &Located,
        complaints: &mut Diagnostics,
        mut one: impl FnMut(&Located, &mut Diagnostics) -> Option<T>,
    ) -> Sides<Option<T>> {
        let mut found = Sides::new(None, None);
        let hint = format!("say for which side: `{{ {}: … }}` or `{{ {}: … }}`", self.names.left, self.names.right);
        let entries: &[(Word, Located)] = value.map_hinting(&hint, complaints).unwrap_or_default();
        let here = &value.place;
        for (word, value) in entries {
            match self.side(&word.text) {
                Some(side) => *found.get_mut(side) = one(value, complaints),
                None => complaints.push(
                    Diagnostic::new(
                        Code::UnknownSystem,
                        &word.place,
                        format!("`{}` is no side of this link", word.text),
                    )
                    .hint(format!("the sides are `{}` and `{}`", self.names.left, self.names.right))
                    .because(format!("sides at {here}")),
                ),
            }
        }
        found
    }
}

/// A text with its place.
pub fn written(value: &Located, complaints: &mut Diagnostics) -> Option<Written> {
    value.text(complaints).map(|text| (text, value.place.clone()))
}

impl MappingSpec {
    /// Lowers one file; complains about all that is wrong and gives `None` when the frame is missing.
    pub fn read(tree: &Located, file: &str, complaints: &mut Diagnostics) -> Option<Self> {
        let before = complaints.list.len();
        let mut entries = tree.entries(complaints)?;
        let name = entries.need("mapping", complaints).and_then(|value| value.text(complaints));
        let title = entries.take("title").and_then(|value| value.text(complaints));
        let link = entries.need("link", complaints).and_then(|value| read_link(value, complaints));
        let (Some(name), Some((link, arrow))) = (name, link) else {
            return None;
        };
        let names = SideNames::of(&link);
        let scripts = entries.take("scripts").map(|value| value.texts(complaints)).unwrap_or_default();
        let timed = entries.take("schedule");
        let schedule = timed.map_or_else(Schedule::default, |value| read_schedule(value, complaints));
        let policy = entries.take("on_conflict");
        let on_conflict_at = policy.map(|value| value.place.clone());
        let on_conflict = policy.and_then(|value| read_policy(value, &names, complaints)).unwrap_or(PolicySpec::Newest);
        let limits = entries.take("limits").map_or_else(Limits::default, |value| read_limits(value, complaints));
        let keys = entries.take("match").map(|value| read_keys(value, complaints)).unwrap_or_default();
        let [keep, create] = entries.take("rules").map(|v| read_rules(v, &names, complaints)).unwrap_or_default();
        let ahead = complaints.list.len();
        let (lines, gone) = entries
            .need("fields", complaints)
            .map_or_else(|| (Vec::new(), true), |value| line::read_lines(value, &names, complaints));
        let behind = complaints.list.len();
        let put_back =
            entries.take("put_back").and_then(|value| read_put_back(value, arrow, complaints)).unwrap_or(true);
        let parameters = entries.take("parameters").map(|at| parameter::declared(at, complaints)).unwrap_or_default();
        let birth = entries.take("birth").map(|value| names.read(value, complaints, read_birth)).unwrap_or_default();
        let refused =
            entries.take("refused").map(|value| names.read(value, complaints, read_report)).unwrap_or_default();
        entries.finish(complaints);
        // What means nothing where it stands hides no line; what stands where nobody reads may.
        let hides = |(at, one): (usize, &Diagnostic)| !(ahead..behind).contains(&at) && one.code != Code::BadValue;
        let lost = gone || complaints.list.iter().enumerate().skip(before).any(hides);
        Some(Self {
            file: file.into(),
            title: title.unwrap_or_else(|| name.clone()),
            name,
            scripts,
            schedule,
            scheduled: timed.map(|value| value.place.clone()),
            on_conflict,
            on_conflict_at,
            limits,
            keys,
            keep,
            create,
            lines,
            torn: complaints.list.len() > before,
            lost,
            refused,
            json: spaced_keys(&tree.json()),
            tree: tree.clone(),
            link: link.clone(),
            arrow,
            put_back,
            parameters,
            birth: birth.map(Option::unwrap_or_default),
        })
    }
}

fn read_link(value: &Located, complaints: &mut Diagnostics) -> Option<(Sides<ResourceName>, Arrow)> {
    let text = value.text(complaints)?;
    let Some((sides, arrow)) = split_arrow(&text) else {
        complain_arrow(&text, &value.place, complaints);
        return None;
    };
    let left = resource_name(&sides.left, &value.place, complaints)?;
    let right = resource_name(&sides.right, &value.place, complaints)?;
    Some((Sides::new(left, right), arrow))
}

fn read_put_back(value: &Located, arrow: Arrow, complaints: &mut Diagnostics) -> Option<bool> {
    let flag = value.boolean(complaints)?;
    if arrow == Arrow::Both {
        complaints.push(
            Diagnostic::new(Code::UnreachableOption, &value.place, "`put_back` never acts under `<=>`")
                .hint("point `link` one way, or drop `put_back`"),
        );
    }
    Some(flag)
}

fn read_birth(value: &Located, complaints: &mut Diagnostics) -> Option<Vec<(Written, Value)>> {
    let entries = value.map(complaints)?;
    Some(entries.iter().map(|(word, value)| ((word.text.clone(), word.place.clone()), value.json())).collect())
}

/// Reads `system.resource`.
pub fn resource_name(text: &str, place: &Place, complaints: &mut Diagnostics) -> Option<ResourceName> {
    let found = text.split_once('.').filter(|(system, resource)| !system.is_empty() && !resource.is_empty());
    if found.is_none() {
        complaints.push(
            Diagnostic::new(Code::BadValue, place, format!("`{text}` names no resource"))
                .hint("write `system.resource`"),
        );
    }
    let (system, resource) = found?;
    Some(ResourceName { system: system.to_owned(), resource: resource.to_owned(), place: place.clone() })
}

fn read_schedule(value: &Located, complaints: &mut Diagnostics) -> Schedule {
    let mut schedule = Schedule::default();
    let Some(mut entries) = value.entries(complaints) else { return schedule };
    let mut take = |key, into: &mut u64| {
        let found = entries.take(key).and_then(|value: &Located| value.duration_ms(complaints));
        *into = found.unwrap_or(*into);
    };
    take("every", &mut schedule.every_ms);
    take("overlap", &mut schedule.overlap_ms);
    schedule.window = entries.take("window").and_then(|at| read_span(at, complaints)).unwrap_or(schedule.window);
    schedule.full_ms = entries.take("full").and_then(|value| value.duration_ms(complaints));
    entries.finish(complaints);
    schedule
}

fn read_span(value: &Located, complaints: &mut Diagnostics) -> Option<Span> {
    if value.node == Node::Text("today".to_owned()) {
        return Some(Span::Today);
    }
    value.duration_ms(complaints).map(Span::Last)
}

fn read_limits(value: &Located, complaints: &mut Diagnostics) -> Limits {
    let mut limits = Limits::default();
    let Some(mut entries) = value.entries(complaints) else { return limits };
    let mut take = |key, into: &mut u64| {
        let found = entries.take(key).and_then(|value: &Located| value.count(complaints));
        *into = found.unwrap_or(*into);
    };
    take("creates", &mut limits.creates);
    take("updates", &mut limits.updates);
    take("gone", &mut limits.gone);
    take("records", &mut limits.records);
    if let Some(value) = entries.take("unknown") {
        limits.unknown_ms = value.duration_ms(complaints).unwrap_or(limits.unknown_ms);
    }
    entries.finish(complaints);
    limits
}

/// Reads a policy: a side's name, `newest`, `ask` or `{ rule: name }`.
pub fn read_policy(value: &Located, names: &SideNames<'_>, complaints: &mut Diagnostics) -> Option<PolicySpec> {
    if let Node::Map(_) = &value.node {
        let mut entries: Entries<'_> = value.entries(complaints)?;
        let rule = entries.need("rule", complaints).and_then(|value| written(value, complaints));
        entries.finish(complaints);
        return rule.map(PolicySpec::Rule);
    }
    let text = value.text(complaints)?;
    match text.as_str() {
        "newest" => Some(PolicySpec::Newest),
        "ask" => Some(PolicySpec::Ask),
        word => {
            let side = names.side(word).map(PolicySpec::Wins);
            if side.is_none() {
                let known = ["newest", "ask", names.names.left, names.names.right];
                complaints.push(
                    Diagnostic::new(Code::BadValue, &value.place, format!("`{word}` is no policy"))
                        .hint(format!("a policy is one of: {}, or {{ rule: name }}", known.join(", "))),
                );
            }
            side
        }
    }
}

fn read_keys(value: &Located, complaints: &mut Diagnostics) -> Vec<KeySpec> {
    let mut keys = Vec::new();
    for item in value.list(complaints).unwrap_or_default().to_vec() {
        let Some(text) = item.text(complaints) else { continue };
        match split_arrow(&text) {
            Some((paths, Arrow::Both)) => keys.push(KeySpec { paths, place: item.place }),
            Some((_, Arrow::ToLeft | Arrow::ToRight)) | None => complain_arrow(&text, &item.place, complaints),
        }
    }
    keys
}

fn read_rules(value: &Located, names: &SideNames<'_>, complaints: &mut Diagnostics) -> [Sides<Option<HookSpec>>; 2] {
    let Some(mut entries) = value.entries(complaints) else { return Default::default() };
    let keep = entries.take("keep").map(|value| names.read(value, complaints, read_hook)).unwrap_or_default();
    let create = entries.take("create").map(|value| names.read(value, complaints, read_hook)).unwrap_or_default();
    entries.finish(complaints);
    [keep, create]
}

fn read_hook(value: &Located, complaints: &mut Diagnostics) -> Option<HookSpec> {
    if !matches!(value.node, Node::Map(_)) {
        return written(value, complaints).map(|rule| HookSpec { rule, of: Vec::new() });
    }
    let mut entries = value.entries(complaints)?;
    let rule = entries.need("name", complaints).and_then(|value| written(value, complaints));
    let of = entries.take("of").map(|value| value.texts(complaints)).unwrap_or_default();
    entries.finish(complaints);
    Some(HookSpec { rule: rule?, of })
}

fn read_report(value: &Located, complaints: &mut Diagnostics) -> Option<ReportSpec> {
    let mut entries = value.entries(complaints)?;
    let to = entries.need("report", complaints).and_then(|value| {
        let text = value.text(complaints)?;
        resource_name(&text, &value.place, complaints)
    });
    let body = entries.need("body", complaints).map(Located::json);
    entries.finish(complaints);
    Some(ReportSpec { to: to?, body: body?, place: value.place.clone() })
}
