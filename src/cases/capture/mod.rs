//! From a record and its twin as they stand to a case that tells nobody whose they are.
//!
//! All is masked before anything is planned: what the case expects is what the mapping does with the
//! masks. What is written is read again and run; a case that would not pass is never handed out.

mod expect;
mod mask;
mod vocabulary;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::judge::{facts, system};
use super::world::{World, overlaid};
use super::{Case, read_one};
use crate::config::located;
use crate::diagnostic::{Diagnostics, Place};
use crate::link::Link;
use crate::mapping::Mapping;
use crate::mapping::canon::Canon;
use crate::mapping::field::{At, Field, is_empty};
use crate::record::{Rows, Side, Sides};
use crate::reference::{is_links, scalar_text};
use crate::sync::merge::same;
use crate::sync::{Plan, Snapshot};
use crate::workspace::Workspace;
pub use mask::Key;
use mask::Mask;

/// A record and its twin as they stand.
#[derive(Clone, Copy)]
pub struct Life<'a> {
    /// The mapping, with the parameters of the account.
    pub mapping: &'a Arc<Mapping>,
    /// The record that was asked for, its twin and their link.
    pub snapshot: &'a Snapshot,
    /// What a cycle would do with them.
    pub plan: &'a Plan,
    /// The rows of references that this looks at.
    pub rows: &'a Rows,
    /// Fields, by index, whose values are told as they are.
    pub keep: &'a [usize],
    /// The record shares a key with others, which are not told.
    pub ambiguous: bool,
}

impl Life<'_> {
    /// What a side holds, as far as the mapping speaks of it.
    fn body(&self, side: Side) -> Option<Value> {
        self.snapshot.records.get(side).values().next().map(|record| record.body.value())
    }
}

/// Writes the case of a pair, or of a record alone.
///
/// # Errors
/// Why there can be no such case.
pub fn written(workspace: &Workspace, life: &Life<'_>, key: Key) -> Result<String, String> {
    let mapping = life.mapping;
    let mask = vocabulary::mask(workspace, life, key);
    let mut case = masked(life, &mask);
    let mut notes = Vec::new();
    case.base = life.snapshot.links.first().map(|link| base(&case, link, &mask, &mut notes)).transpose()?;
    slim(&mut case, &vocabulary::columns(workspace, mapping))?;
    let plan = World::of(&case)?.plan()?;
    let found = facts(mapping, &plan);
    if notes.is_empty() {
        notes = expect::otherwise(&facts(mapping, life.plan), &found);
    }
    case.settles = effects(&case).is_some_and(|all| all.later.is_empty());
    if !case.settles {
        notes.push("a second plan would send something: see whether that is meant".to_owned());
    }
    if life.ambiguous {
        notes.push("in life nothing is done, for others share a key of this record; here it stands alone".to_owned());
    }
    let text = yaml::text(&head(mapping, &notes), &entries(workspace, &case, expect::tree(&found)));
    let failures = run(workspace, &text)?;
    if failures.is_empty() { Ok(text) } else { Err(format!("the masked case does not pass: {}", failures.join("; "))) }
}

/// The case with everything masked, and nothing expected yet.
fn masked(life: &Life<'_>, mask: &Mask) -> Case {
    let (mapping, snapshot) = (life.mapping, life.snapshot);
    let bodies = Sides::each(|side| {
        let record = snapshot.records.get(side).values().next()?;
        let mut body = masked_body(mapping, side, &record.body.value(), mask);
        let id = &mapping.sides.get(side).id;
        if id.get(&body).is_none() {
            let plain = record.id.parse::<u64>().map_or_else(|_| Value::from(record.id.as_str()), Value::from);
            id.set(&mut body, mask.value(&plain, mask::Place::Any));
        }
        Some(body)
    });
    let blocked = |side: Side| {
        let record = snapshot.records.get(side).values().next()?;
        let print = *snapshot.blocked.get(side).get(&record.id)?;
        (print == record.body.print(mapping.print)).then(|| json!({}))
    };
    let mut lookups: Rows = Rows::new();
    for (name, rows) in life.rows {
        lookups.insert(name.clone(), rows.iter().map(|row| mask.value(row, mask::Place::Any)).collect());
    }
    for side in Side::BOTH {
        bodies.get(side).iter().for_each(|body| carried(mapping, side, body, &mut lookups));
    }
    let place = Place::file(&mapping.file);
    Case {
        file: String::new(),
        title: String::new(),
        place,
        mapping: Arc::clone(mapping),
        today: snapshot.references.today.clone(),
        lookups,
        records: bodies.map(|body| body.into_iter().collect()),
        base: None,
        changed_ms: Sides::each(|side| snapshot.records.get(side).values().next().and_then(|one| one.changed_ms)),
        quarantined: Sides::each(blocked),
        answers: Vec::new(),
        expected: Vec::new(),
        settles: true,
    }
}

/// Adds the rows that a record carries along: after a write they are looked for.
fn carried(mapping: &Mapping, side: Side, body: &Value, lookups: &mut Rows) {
    for field in &mapping.fields {
        let end = field.ends.get(side);
        let Some((lookup, inside)) = end.lookup.as_ref().and_then(|one| Some((one, one.inside.as_ref()?))) else {
            continue;
        };
        let list = match (&end.at, field.set) {
            (At::Path(path), true) => path.get(body).and_then(|list| list.as_array().cloned()).unwrap_or_default(),
            (At::Path(_) | At::Member { .. }, _) => vec![body.clone()],
        };
        let known = lookups.entry(lookup.reference.clone()).or_default();
        for row in list.iter().filter_map(|one| inside.get(one)).filter(Value::is_object) {
            if !known.iter().any(|one| one.get(&lookup.id) == row.get(&lookup.id)) {
                known.push(row);
            }
        }
    }
    lookups.retain(|_, rows| !rows.is_empty());
}

fn masked_body(mapping: &Mapping, side: Side, body: &Value, mask: &Mask) -> Value {
    let mut masked = mask.value(body, mask::Place::Any);
    for path in vocabulary::phones(mapping, side) {
        if let Some(value) = path.get(body) {
            path.set(&mut masked, mask.value(&value, mask::Place::Phone));
        }
    }
    // A postcode that is kept as a number has lost its zeros.
    for field in mapping.fields.iter().filter(|field| field.canon == Canon::Cep) {
        if let At::Path(path) = &field.ends.get(side).at
            && let Some(value) = path.get(body).filter(Value::is_number)
        {
            let whole = mask.text(&field.canon.form(&value), mask::Place::Any);
            path.set(&mut masked, whole.parse::<u64>().map_or(value, Value::from));
        }
    }
    masked
}

/// What each side held at the last agreement, where that differs from now.
fn base(case: &Case, link: &Link, mask: &Mask, notes: &mut Vec<String>) -> Result<Sides<Value>, String> {
    let (mapping, world) = (&case.mapping, World::of(case)?);
    let references = world.references();
    let mut base = Sides::new(json!({}), json!({}));
    for side in Side::BOTH {
        let Some(body) = case.records.get(side).first() else { continue };
        let read = |body: &Value| mapping.read(side, &id_of(mapping, side, body), body, &references);
        let now = read(body).map_err(|trouble| trouble.reason)?;
        let then = link.base.get(side).fields.iter().filter_map(|(key, value)| {
            let (at, field) = mapping.keyed(key)?;
            let value = mask.value(value, place_of(field));
            (!field.ends.get(side).is_id && !same(field, &value, now.value(at))).then_some((at, value))
        });
        let then: BTreeMap<usize, Value> = then.collect();
        if then.is_empty() {
            continue;
        }
        let mut before = mapping.restored(side, (body, &now), &then, &references).unwrap_or_else(|_| json!({}));
        // The rows that a body carries along are those of the ids it held.
        let held = world.carrying(side, overlaid(body, &before), &before);
        for lookup in then.keys().filter_map(|at| mapping.fields.get(*at)?.ends.get(side).lookup.as_ref()) {
            if let Some((path, row)) = lookup.inside.as_ref().and_then(|path| Some((path, path.get(&held)?))) {
                path.set(&mut before, row);
            }
        }
        let again = read(&overlaid(body, &before)).map_err(|trouble| trouble.reason)?;
        for (at, value) in &then {
            let Some(field) = mapping.fields.get(*at).filter(|field| !same(field, value, again.value(*at))) else {
                continue;
            };
            let system = system(mapping, side);
            let label = &field.label;
            notes.push(format!("what {system} held before of {label} cannot be told, so here that has not changed"));
        }
        *base.get_mut(side) = before;
    }
    Ok(base)
}

fn id_of(mapping: &Mapping, side: Side, body: &Value) -> String {
    let id = mapping.sides.get(side).id.get(body);
    id.as_ref().and_then(scalar_text).unwrap_or_default()
}

fn place_of(field: &Field) -> mask::Place {
    if field.canon == Canon::PhoneBr { mask::Place::Phone } else { mask::Place::Any }
}

/// All that comes of a case.
#[derive(PartialEq)]
struct Effects {
    now: Vec<(String, Value)>,
    /// What a second plan would send.
    later: Vec<(String, Value)>,
}

fn effects(case: &Case) -> Option<Effects> {
    let world = World::of(case).ok()?;
    let plan = world.plan().ok()?;
    let mut later = Vec::new();
    for tells in [true, false] {
        let second = world.after(&plan, tells).and_then(|after| after.plan()).ok()?;
        later.extend(facts(&case.mapping, &second).into_iter().filter(|fact| fact.kind.sends()));
    }
    let told = |facts: Vec<super::Fact>| facts.into_iter().map(|fact| (fact.what, fact.value)).collect();
    Some(Effects { now: told(facts(&case.mapping, &plan)), later: told(later) })
}

/// Leaves out what makes no difference: the day, moments, columns of rows that nothing is found by, empty
/// values.
fn slim(case: &mut Case, needed: &BTreeMap<String, BTreeSet<String>>) -> Result<(), String> {
    let whole = effects(case).ok_or("no plan can be made of it")?;
    let (lookups, records) = (case.lookups.clone(), case.records.clone());
    let mut attempt = |change: &dyn Fn(&mut Case)| {
        let mut other = case.clone();
        change(&mut other);
        let same = effects(&other).is_some_and(|found| found == whole);
        if same {
            *case = other;
        }
        same
    };
    attempt(&|case| case.today = None);
    attempt(&|case| case.changed_ms = Sides::default());
    for (name, rows) in lookups.iter().filter(|(name, _)| !is_links(name)) {
        let spare = |key: &&String| needed.get(name).is_none_or(|keys| !keys.contains(*key));
        let keys: BTreeSet<&String> =
            rows.iter().filter_map(Value::as_object).flat_map(Map::keys).filter(spare).collect();
        let without = |case: &mut Case, keys: &BTreeSet<&String>| {
            let rows = case.lookups.get_mut(name).into_iter().flatten();
            rows.filter_map(Value::as_object_mut).for_each(|row| row.retain(|key, _| !keys.contains(key)));
        };
        if !attempt(&|case| without(case, &keys)) {
            for key in keys {
                attempt(&|case| without(case, &BTreeSet::from([key])));
            }
        }
    }
    for side in Side::BOTH {
        let all = attempt(&|case| case.records.get_mut(side).iter_mut().for_each(without_empty));
        let filled = records.get(side).iter().filter_map(Value::as_object).flatten().filter(|_| !all);
        for (key, _) in filled.filter(|(_, value)| is_empty(value)) {
            attempt(&|case| {
                let bodies = case.records.get_mut(side).iter_mut();
                bodies.filter_map(Value::as_object_mut).for_each(|body| drop(body.remove(key)));
            });
        }
    }
    Ok(())
}

/// Drops what holds nothing, at any depth.
fn without_empty(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(without_empty);
            map.retain(|_, value| !is_empty(value));
        }
        Value::Array(list) => list.iter_mut().for_each(without_empty),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The comments above a case.
fn head(mapping: &Mapping, notes: &[String]) -> String {
    let up = "../".repeat(2 + mapping.name.split('/').count());
    let mut head = format!("# yaml-language-server: $schema={up}schema/case.json\n");
    head.push_str("# From life: names, documents, e-mails, phones and ids are masks.\n");
    for note in notes {
        let line = note.split_whitespace().collect::<Vec<_>>().join(" ");
        head.push_str(&format!("# Note: {line}.\n"));
    }
    head
}

/// A case as it is written.
fn entries(workspace: &Workspace, case: &Case, expected: Value) -> Vec<(&'static str, Value)> {
    let mapping = &case.mapping;
    let by_system = |sides: Sides<Option<Value>>| -> Value {
        let both = Side::BOTH.into_iter().zip([sides.left, sides.right]);
        both.filter_map(|(side, value)| Some((system(mapping, side).to_owned(), value?))).collect::<Map<_, _>>().into()
    };
    let mut all = vec![("case", Value::from(title(case, &expected))), ("mapping", Value::from(mapping.name.as_str()))];
    let plain = workspace.mappings.get(&mapping.name).map(|plain| &plain.parameters);
    let given =
        mapping.parameters.iter().filter(|(name, value)| plain.and_then(|plain| plain.get(*name)) != Some(value));
    all.push(("parameters", given.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()));
    all.push(("today", case.today.clone().map_or(Value::Null, Value::from)));
    all.push(("lookups", json!(case.lookups)));
    let moment = |ms: i64| Timestamp::from_millisecond(ms).ok().map(|moment| Value::from(moment.to_string()));
    all.push(("changed", by_system(case.changed_ms.map(|ms| ms.and_then(moment)))));
    for side in Side::BOTH {
        all.push((if side == Side::Left { "left" } else { "right" }, json!(case.records.get(side).first())));
    }
    let base = case.base.clone().map(|base| by_system(base.map(|half| Some(half).filter(|half| !is_empty(half)))));
    all.push(("quarantined", by_system(case.quarantined.clone())));
    all.retain(|(_, value)| !is_empty(value));
    all.extend(base.map(|base| ("base", base)));
    all.extend((!case.settles).then_some(("settles", Value::Bool(false))));
    all.push(("expect", expected));
    all
}

/// What happens, to which record.
fn title(case: &Case, expected: &Value) -> String {
    let name = |side: Side| {
        let body = case.records.get(side).first()?;
        Some(format!("{} {}", case.mapping.sides.get(side).name(), id_of(&case.mapping, side, body)))
    };
    let records = Side::BOTH.into_iter().filter_map(name).collect::<Vec<_>>().join(" and ");
    let doings = expected.as_object().into_iter().flat_map(Map::keys).filter(|key| *key != "exactly");
    format!("from life: {records}: {}", doings.map(String::as_str).collect::<Vec<_>>().join(", ").replace('_', " "))
}

/// What is otherwise than a written case expects.
fn run(workspace: &Workspace, text: &str) -> Result<Vec<String>, String> {
    let mut complaints = Diagnostics::default();
    let tree = located::parse("captured.yaml", text, &mut complaints);
    let case = tree.and_then(|tree| read_one("captured.yaml", &tree, workspace, &mut complaints));
    let case = case.ok_or_else(|| format!("the masked case cannot be read: {complaints}"))?;
    let failures = case.run().failures.into_iter();
    Ok(failures.map(|one| format!("{}: expected {}, found {}", one.what, one.expected, one.found)).collect())
}
