//! A play of two sides: a tiny imitation of two systems around the pure core, on generated mappings.

use std::fmt::Write as _;
use std::sync::Arc;

use depara::config::files::Files;
use depara::diagnostic::Diagnostics;
use depara::link::Link;
use depara::mapping::Mapping;
use depara::mapping::field::Fields;
use depara::record::{Record, Side, Sides};
use depara::reference::References;
use depara::sync::plan::{Act, Planned};
use depara::sync::settle::{self, Image};
use depara::sync::{Plan, Snapshot, pair, reconcile};
use depara::workspace::Workspace;
use serde_json::{Value, json};

/// What a line carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text(&'static str),
    Set,
    Table,
    Lookup,
}

/// Which way a line points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Both,
    ToBeta,
    ToAlpha,
}

/// One generated line, `a3 <=> b3` and its options.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) kind: Kind,
    pub(crate) way: Way,
    pub(crate) once: bool,
    pub(crate) missing: &'static str,
    pub(crate) if_empty: Option<&'static str>,
    pub(crate) policy: Option<&'static str>,
    pub(crate) cut: bool,
    pub(crate) grouped: bool,
}

/// A generated mapping and its mirror.
pub(crate) struct Pair {
    pub(crate) lines: Vec<Line>,
    pub(crate) text: String,
    pub(crate) straight: Arc<Mapping>,
    pub(crate) mirrored: Arc<Mapping>,
}

const CANONS: [&str; 9] = ["plain", "text", "digits", "email", "phone_br", "cep", "money", "city", "url"];
const POLICIES: [&str; 4] = ["newest", "alpha", "beta", "ask"];
/// Fields a mapping has beside its key.
pub(crate) const LINES: usize = 6;

fn line(rng: &mut fastrand::Rng, at: usize) -> Line {
    let kind = match rng.u8(0..8) {
        _ if at == 0 => Kind::Text("plain"),
        0 => Kind::Set,
        1 => Kind::Table,
        2 | 3 => Kind::Lookup,
        _ => Kind::Text(CANONS[rng.usize(..CANONS.len())]),
    };
    let way = match rng.u8(0..8) {
        _ if at == 0 => Way::Both,
        0 => Way::ToBeta,
        1 => Way::ToAlpha,
        _ => Way::Both,
    };
    let text = matches!(kind, Kind::Text(_));
    let lends = at > 0 && text && way == Way::Both && rng.u8(0..5) == 0;
    Line {
        kind,
        way,
        once: way != Way::Both && rng.bool(),
        missing: ["empty", "keep", "hold"][rng.usize(..3)],
        if_empty: lends.then(|| ["alpha", "beta"][rng.usize(..2)]),
        policy: (rng.u8(0..4) == 0).then(|| POLICIES[rng.usize(..4)]),
        cut: text && rng.bool(),
        grouped: false,
    }
}

impl Line {
    /// A line both ways, with nothing but its canon.
    pub(crate) fn plain(canon: &'static str) -> Self {
        let (kind, way) = (Kind::Text(canon), Way::Both);
        Self { kind, way, once: false, missing: "hold", if_empty: None, policy: None, cut: false, grouped: false }
    }
}

fn line_text(line: &Line, at: usize, mirrored: bool) -> String {
    let arrow = match (line.way, mirrored) {
        (Way::Both, _) => "<=>",
        (Way::ToBeta, false) | (Way::ToAlpha, true) => "=>",
        (Way::ToAlpha, false) | (Way::ToBeta, true) => "<=",
    };
    let (left, right) = if mirrored { ("b", "a") } else { ("a", "b") };
    let mut options = vec![format!("label: F{at}")];
    match line.kind {
        Kind::Text(canon) => options.push(format!("canon: {canon}")),
        Kind::Set => options.push("canon: text, set: { alpha: tag, beta: Tag }, except: { alpha: [Sys] }".to_owned()),
        Kind::Table if mirrored => options.push("table: { on: S, off: N }".to_owned()),
        Kind::Table => options.push("table: { S: on, N: off }".to_owned()),
        Kind::Lookup => {
            options.push("canon: email, lookup: { alpha: people by mail, beta: users by Mail }".to_owned());
        }
    }
    if matches!(line.kind, Kind::Table | Kind::Lookup) {
        options.push(format!("missing: {}", line.missing));
    }
    if let Some(side) = line.if_empty {
        options.push(format!("if_empty: {{ {side}: {left}0 }}"));
    }
    if line.once {
        options.push("once: true".to_owned());
    }
    if let Some(policy) = line.policy.filter(|_| line.way == Way::Both) {
        options.push(format!("on_conflict: {policy}"));
    }
    if line.cut {
        let cut = match line.way {
            Way::Both => "cut: { alpha: true, beta: true }",
            Way::ToBeta => "cut: { beta: true }",
            Way::ToAlpha => "cut: { alpha: true }",
        };
        options.push(cut.to_owned());
    }
    format!("{left}{at} {arrow} {right}{at}: {{ {} }}", options.join(", "))
}

fn mapping_text(name: &str, lines: &[Line], policy: &str, mirrored: bool) -> String {
    let (link, key) = if mirrored {
        ("beta.items <=> alpha.things", "Key <=> key")
    } else {
        ("alpha.things <=> beta.items", "key <=> Key")
    };
    let mut text = format!("mapping: {name}\nlink: {link}\non_conflict: {policy}\nmatch: [{key}]\nfields:\n");
    for (at, line) in lines.iter().enumerate() {
        let first = line.grouped && (at == 0 || !lines[at - 1].grouped);
        if first {
            writeln!(text, "  together{at}:\n    group: true\n    fields:").unwrap();
        }
        let indent = if line.grouped { "      " } else { "  " };
        writeln!(text, "{indent}{}", line_text(line, at, mirrored)).unwrap();
    }
    writeln!(text, "  {key}: {{ label: Key, canon: digits }}").unwrap();
    text
}

const ALPHA: &str = "system: alpha\nbase_url: https://alpha.example.com\nempty: \"\"\nresources:\n  things: { id: id, path: /t, list: { records: rows }, create: { answer: { id: id } }, shape: { key: any, a0: any, a3: any, a4: any, a5: any, a1: text 8, a2: text } }\n  people: { id: id, path: /p, list: { records: rows } }\n";
const BETA: &str = "system: beta\nbase_url: https://beta.example.com\nempty: null\nresources:\n  items: { id: Id, path: /i, list: { records: rows }, create: { answer: { id: Id } }, shape: { Key: any, b0: any, b3: any, b4: any, b5: any, b2: text 8, b1: text } }\n  users: { id: Id, path: /u, list: { records: rows } }\n";

/// Many mappings, the same in every run.
pub(crate) fn mappings(count: usize) -> Vec<Pair> {
    let mut rng = fastrand::Rng::with_seed(11);
    let mut made = Vec::new();
    for _ in 0..count {
        let mut lines: Vec<Line> = (0..LINES).map(|at| line(&mut rng, at)).collect();
        for line in lines.iter_mut().skip(1).take(2).filter(|line| matches!(line.kind, Kind::Set)) {
            // Those two are texts of a length.
            line.kind = Kind::Text("text");
        }
        if rng.bool() {
            let from = rng.usize(1..LINES - 2);
            for line in &mut lines[from..from + 3] {
                line.grouped = !matches!(line.kind, Kind::Set) && line.way == Way::Both;
                line.if_empty = line.if_empty.filter(|_| !line.grouped);
                line.policy = line.policy.filter(|_| !line.grouped);
            }
        }
        made.push((lines, POLICIES[rng.usize(..4)]));
    }
    compiled(made)
}

/// The mappings of these lines, each with its policy.
pub(crate) fn compiled(made: Vec<(Vec<Line>, &str)>) -> Vec<Pair> {
    let mut files = Files::new();
    files.insert("mappings/systems/alpha.yaml".to_owned(), ALPHA.to_owned());
    files.insert("mappings/systems/beta.yaml".to_owned(), BETA.to_owned());
    for (number, (lines, policy)) in made.iter().enumerate() {
        for (kind, mirrored) in [("straight", false), ("mirrored", true)] {
            let name = format!("laws/{kind}{number}");
            files.insert(format!("mappings/{name}.yaml"), mapping_text(&name, lines, policy, mirrored));
        }
    }
    let workspace = Workspace::compile(&files, &|_| None, Diagnostics::default());
    let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
    let found = |name: String| workspace.mappings[&name].clone();
    made.into_iter()
        .enumerate()
        .map(|(number, (lines, _))| Pair {
            lines,
            text: files[&format!("mappings/laws/straight{number}.yaml")].clone(),
            straight: found(format!("laws/straight{number}")),
            mirrored: found(format!("laws/mirrored{number}")),
        })
        .collect()
}

/// What a system makes of the texts it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    Keeps,
    UpperCases,
    Cuts,
    /// It says that all is well, leaves texts as they were and takes nothing out of a list.
    Unheeding,
}

/// How the two systems behave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// They answer a write with the record as it now is.
    pub(crate) tells: bool,
    pub(crate) alpha: Habit,
    pub(crate) beta: Habit,
}

/// Two sides and their link.
#[derive(Clone)]
pub(crate) struct Play {
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) records: Sides<Option<Record>>,
    pub(crate) link: Option<Link>,
    manners: Manners,
    references: Arc<References>,
}

impl Play {
    /// Two records that never met. `alpha` and `beta` are bodies.
    pub(crate) fn new(
        mapping: &Arc<Mapping>,
        manners: Manners,
        alpha: Option<&Value>,
        beta: Option<&Value>,
        stamps: (i64, i64),
    ) -> Self {
        let mut references = References::default();
        let people = [(1, "a@x"), (2, "b@x"), (3, "c@x")];
        let users = [(11, "A@x"), (12, "b@X"), (14, "d@x")];
        references
            .put_whole("alpha.people", people.iter().map(|(id, mail)| json!({ "id": id, "mail": mail })).collect());
        references.put_whole("beta.users", users.iter().map(|(id, mail)| json!({ "Id": id, "Mail": mail })).collect());
        let mut play = Self {
            mapping: Arc::clone(mapping),
            records: Sides::default(),
            link: None,
            manners,
            references: Arc::new(references),
        };
        for (system, body, stamp) in [("alpha", alpha, stamps.0), ("beta", beta, stamps.1)] {
            if let Some(body) = body {
                let side = play.side(system);
                *play.records.get_mut(side) = Some(play.record(side, body, stamp, false));
            }
        }
        play
    }

    /// The side a system stands on.
    pub(crate) fn side(&self, system: &str) -> Side {
        if self.mapping.sides.left.system == system { Side::Left } else { Side::Right }
    }

    fn record(&self, side: Side, body: &Value, changed_ms: i64, ours: bool) -> Record {
        let id = if self.mapping.sides.get(side).system == "alpha" { "1" } else { "2" };
        let body = self.mapping.project(side, body);
        Record { id: id.to_owned(), changed_ms: Some(changed_ms), ours, sibling: false, author: None, body }
    }

    /// The body of a system's record.
    pub(crate) fn body(&self, system: &str) -> Value {
        self.records.get(self.side(system)).as_ref().map(|record| record.body.value()).unwrap_or_default()
    }

    /// The shared values of a system's record.
    pub(crate) fn fields(&self, system: &str) -> Fields {
        let side = self.side(system);
        let record = self.records.get(side).clone();
        record.map(|record| self.image(side, &record).fields).unwrap_or_default()
    }

    /// A person edits a record, if it is there.
    pub(crate) fn edit(&mut self, system: &str, patch: &Value, changed_ms: i64) {
        let side = self.side(system);
        if self.records.get(side).is_none() {
            return;
        }
        let mut body = self.body(system);
        for (path, value) in patch.as_object().unwrap() {
            body[path] = self.stored(side, value.clone(), &Value::Null);
        }
        *self.records.get_mut(side) = Some(self.record(side, &body, changed_ms, false));
    }

    /// What a cycle would intend.
    pub(crate) fn plan(&self) -> Plan {
        let list = |record: &Option<Record>| record.iter().map(|one| (one.id.clone(), one.clone())).collect();
        let mut snapshot = Snapshot {
            links: self.link.iter().cloned().collect(),
            records: Sides::new(list(&self.records.left), list(&self.records.right)),
            // Long after whatever was sent.
            now_ms: 1_000_000_000_000,
            references: Arc::clone(&self.references),
            ..Snapshot::default()
        };
        if let Some(link) = &self.link {
            pair::take_keys(&self.mapping, link, &mut snapshot.taken);
        }
        reconcile(&self.mapping, &snapshot).unwrap()
    }

    /// Carries out a plan at some moment.
    pub(crate) fn carry(&mut self, plan: &Plan, moment: i64) {
        for planned in &plan.pairs {
            self.carry_one(planned, moment);
        }
    }

    fn carry_one(&mut self, planned: &Planned, moment: i64) {
        let mut link = planned.link.clone();
        let now: Sides<Image> = Sides::each(|side| {
            self.records.get(side).as_ref().map(|record| self.image(side, record)).unwrap_or_default()
        });
        link = link.map(|link| settle::under_way(&self.mapping, &link, &planned.steps, now.as_ref(), moment));
        for step in &planned.steps {
            let side = step.side;
            let mut body = self.records.get(side).as_ref().map(|record| record.body.value()).unwrap_or(json!({}));
            for (path, value) in step.body.value().as_object().unwrap() {
                let stored = self.stored(side, value.clone(), &body[path]);
                body[path] = stored;
            }
            // No two moments are one: a tie would go to the left.
            let moment = moment + i64::from(self.mapping.sides.get(side).system == "beta");
            let record = self.record(side, &body, moment, true);
            let image = self.image(side, &record);
            let answer = self.manners.tells.then_some(&image);
            link = match (&step.act, link) {
                (Act::Create { .. }, _) => {
                    let giving = now.get(side.other());
                    Some(settle::born(&self.mapping, planned, step, (&record.id, giving), answer))
                }
                (Act::Update, Some(link)) => Some(settle::updated(&self.mapping, &link, step, now.as_ref(), answer)),
                (Act::Stamp, Some(link)) => Some(settle::stamped(&self.mapping, &link, step, answer)),
                (Act::Update | Act::Stamp, None) => panic!("a step without a link"),
            };
            *self.records.get_mut(side) = Some(record);
        }
        self.link = link.or(self.link.take());
    }

    fn image(&self, side: Side, record: &Record) -> Image {
        let fields = self.mapping.read(side, &record.id, &record.body.value(), &self.references).unwrap();
        Image { fields, print: record.body.print(self.mapping.print), changed_ms: record.changed_ms }
    }

    /// A value as the system keeps it.
    fn stored(&self, side: Side, value: Value, before: &Value) -> Value {
        let alpha = self.mapping.sides.get(side).system == "alpha";
        let habit = if alpha { self.manners.alpha } else { self.manners.beta };
        match (habit, value) {
            (Habit::UpperCases, Value::String(text)) => Value::from(text.to_uppercase()),
            (Habit::Cuts, Value::String(text)) => Value::from(text.chars().take(6).collect::<String>()),
            (Habit::Unheeding, Value::String(text)) if before.is_null() => Value::from(text),
            (Habit::Unheeding, Value::String(_)) => before.clone(),
            (Habit::Unheeding, Value::Array(rows)) if rows.is_empty() => before.clone(),
            (_, value) => value,
        }
    }
}

/// A plan in words that do not tell left from right.
pub(crate) fn told(mapping: &Mapping, plan: &Plan) -> Vec<String> {
    let system = |side: Side| mapping.sides.get(side).system.as_str();
    let label = |index: usize| mapping.fields[index].label.as_str();
    let mut lines = Vec::new();
    for planned in &plan.pairs {
        for step in &planned.steps {
            lines.push(format!("{} {:?} {}", system(step.side), step.act, step.body.text()));
        }
        for held in &planned.held {
            lines.push(format!("held to {} {:?}", system(held.side), held.field.map(label)));
        }
        for one in &planned.conflicts {
            lines.push(format!("conflict {} {:?}", label(one.field), one.winner.map(system)));
        }
    }
    lines.sort();
    lines
}
