//! The little world of one case: its records, its link, its references; and what they are after a
//! plan was carried out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Case;
use crate::link::{Half, Link};
use crate::mapping::field::At;
use crate::mapping::{LATER, Mapping, NewRow};
use crate::record::{Record, Rows, Side, Sides};
use crate::reference::{References, folded, scalar_text};
use crate::sync::plan::{Act, Planned, Step};
use crate::sync::settle::{self, Image};
use crate::sync::{Answers, Plan, Snapshot, pair, reconcile};

/// The first id of what is born in a case.
const NEWBORN: u64 = 900_001;
/// How much later a write of ours is.
const STEP_MS: i64 = 60_000;

/// What there is.
#[derive(Clone)]
pub(super) struct World {
    mapping: Arc<Mapping>,
    rows: Rows,
    records: Sides<BTreeMap<String, Record>>,
    links: Vec<Link>,
    blocked: Sides<BTreeMap<String, u64>>,
    answers: Answers,
    today: Option<String>,
    next: u64,
}

impl World {
    /// The world as a case gives it.
    pub(super) fn of(case: &Case) -> Result<Self, String> {
        let mapping = Arc::clone(&case.mapping);
        let mut world = Self {
            rows: case.lookups.clone(),
            records: Sides::default(),
            links: Vec::new(),
            blocked: Sides::default(),
            answers: BTreeMap::new(),
            today: case.today.clone(),
            next: NEWBORN,
            mapping,
        };
        for name in &world.mapping.references {
            world.rows.entry(name.clone()).or_default();
        }
        for side in Side::BOTH {
            for body in case.records.get(side) {
                let record = world.record(side, body, *case.changed_ms.get(side), false);
                world.records.get_mut(side).insert(record.id.clone(), record);
            }
            if let (Some(then), Some(now)) = (case.quarantined.get(side), case.records.get(side).first()) {
                let refused = world.record(side, &overlaid(now, then), None, false);
                world.blocked.get_mut(side).insert(refused.id, refused.body.print(world.mapping.print));
            }
        }
        let first = Sides::new(case.records.left.first(), case.records.right.first());
        if let (Some(base), Some(left), Some(right)) = (&case.base, first.left, first.right) {
            let bodies = Sides::new(overlaid(left, &base.left), overlaid(right, &base.right));
            let link = world.link(&bodies)?;
            for (field, side) in &case.answers {
                let name = world.mapping.fields.get(*field).map(|field| field.name.clone()).unwrap_or_default();
                world.answers.insert((link.ids.left.clone(), name), (*side, None));
            }
            world.links.push(link);
        }
        Ok(world)
    }

    fn record(&self, side: Side, body: &Value, changed_ms: Option<i64>, ours: bool) -> Record {
        let id = self.mapping.sides.get(side).id.get(body).as_ref().and_then(scalar_text).unwrap_or_default();
        Record { id, changed_ms, ours, sibling: false, author: None, body: self.mapping.project(side, body) }
    }

    /// The link of two records that held these bodies when they last agreed.
    fn link(&self, bodies: &Sides<Value>) -> Result<Link, String> {
        let references = self.references();
        let half = |side: Side| {
            let record = self.record(side, bodies.get(side), None, false);
            let read = self.mapping.read(side, &record.id, bodies.get(side), &references);
            let fields = read.map_err(|trouble| format!("{} ({})", trouble.reason, trouble.place))?;
            let values = self.mapping.fields.iter().zip(fields.values);
            let fields: BTreeMap<_, _> = values.map(|(field, value)| (field.key.clone(), value)).collect();
            Ok::<_, String>((record.id, Half { fields: fields.into(), ..Half::default() }))
        };
        let (left, right) = (half(Side::Left)?, half(Side::Right)?);
        Ok(Link {
            ids: Sides::new(left.0, right.0),
            base: Sides::new(left.1, right.1),
            gone: Sides::default(),
            held: BTreeMap::new(),
        })
    }

    /// What its rules and lookups look into.
    pub(super) fn references(&self) -> Arc<References> {
        let mut references = References::of(self.mapping.parameters.clone(), self.today.clone());
        for (name, rows) in &self.rows {
            references.put_whole(name, rows.clone());
        }
        Arc::new(references)
    }

    /// What a cycle would intend.
    pub(super) fn plan(&self) -> Result<Plan, String> {
        let mut snapshot = Snapshot {
            links: self.links.clone(),
            records: self.records.clone(),
            blocked: self.blocked.clone(),
            answers: self.answers.clone(),
            references: self.references(),
            ..Snapshot::default()
        };
        for link in &self.links {
            pair::take_keys(&self.mapping, link, &mut snapshot.taken);
        }
        reconcile(&self.mapping, &snapshot).map_err(|wanted| format!("rows nobody gave: {wanted:?}"))
    }

    /// What there is after a plan was carried out. `tells` says whether the systems answer a write
    /// with the record as it now is.
    pub(super) fn after(&self, plan: &Plan, tells: bool) -> Result<Self, String> {
        let mut world = self.clone();
        world.make_rows(&plan.rows);
        for planned in &plan.pairs {
            world.carry(planned, tells)?;
        }
        Ok(world)
    }

    /// Makes rows of references that nobody has yet.
    pub(super) fn make_rows(&mut self, rows: &[NewRow]) {
        for row in rows {
            let mut body = row.body.clone();
            let lookups = self.mapping.fields.iter().flat_map(|field| [&field.ends.left, &field.ends.right]);
            let lookup = lookups.filter_map(|end| end.lookup.as_ref()).find(|lookup| lookup.reference == row.reference);
            if let (Some(map), Some(lookup)) = (body.as_object_mut(), lookup) {
                map.insert(lookup.id.clone(), Value::from(self.next));
                self.next += 1;
            }
            self.rows.entry(row.reference.clone()).or_default().push(body);
        }
    }

    /// What a system shows of a record that was given this body and nothing else; and what it would show
    /// without its habits.
    pub(super) fn given(&self, side: Side, body: Value) -> (Value, Value) {
        let sent = self.filled(body, &Sides::new(None, None));
        let plain = self.carrying(side, sent.clone(), &sent);
        (self.held_by_system(side, sent.clone(), &sent), plain)
    }

    /// Somebody changes a record.
    pub(super) fn edit(&mut self, side: Side, body: &Value) {
        let record = self.record(side, body, None, false);
        self.records.get_mut(side).insert(record.id.clone(), record);
    }

    fn carry(&mut self, planned: &Planned, tells: bool) -> Result<(), String> {
        let mut ids = planned.ids.clone();
        let mut link = planned.link.clone();
        let mut now: Sides<Image> = Sides::default();
        for side in Side::BOTH {
            if let Some(record) = ids.get(side).as_ref().and_then(|id| self.records.get(side).get(id)) {
                *now.get_mut(side) = self.image(side, record)?;
            }
        }
        for step in &planned.steps {
            let id = self.write(step, &mut ids, &planned.ids);
            let record = self.records.get(step.side).get(&id).ok_or("a step writes to nobody")?;
            let image = self.image(step.side, record)?;
            let answer = tells.then_some(&image);
            link = match (&step.act, link) {
                (Act::Create { .. }, _) => {
                    let giving = now.get(step.side.other());
                    Some(settle::born(&self.mapping, planned, step, (&id, giving), answer))
                }
                (Act::Update, Some(link)) => Some(settle::updated(&self.mapping, &link, step, now.as_ref(), answer)),
                (Act::Stamp, Some(link)) => Some(settle::stamped(&self.mapping, &link, step, answer)),
                (Act::Update | Act::Stamp, None) => return Err("a step without a link".to_owned()),
            };
        }
        if let Some(link) = link {
            self.links.retain(|one| one.ids != link.ids);
            self.links.push(link);
        }
        Ok(())
    }

    /// Carries out one step; gives the id of the record.
    fn write(&mut self, step: &Step, ids: &mut Sides<Option<String>>, before: &Sides<Option<String>>) -> String {
        let side = step.side;
        if matches!(step.act, Act::Create { .. }) {
            *ids.get_mut(side) = Some(self.next.to_string());
            self.next += 1;
        }
        let id = ids.get(side).clone().unwrap_or_default();
        let sent = self.filled(step.body.value(), ids);
        let old = self.records.get(side).get(&id);
        let mut body = old.map_or_else(|| json!({}), |record| record.body.value());
        if before.get(side).is_none() && old.is_none() {
            let number = id.parse::<u64>().map_or_else(|_| Value::from(id.as_str()), Value::from);
            self.mapping.sides.get(side).id.set(&mut body, number);
        }
        let changed_ms = old.and_then(|record| record.changed_ms).map(|moment| moment.saturating_add(STEP_MS));
        let body = self.held_by_system(side, overlaid(&body, &sent), &sent);
        let record = Record { id: id.clone(), ..self.record(side, &body, changed_ms, true) };
        self.records.get_mut(side).insert(id.clone(), record);
        id
    }

    /// Puts in what is only known when a step is carried out.
    fn filled(&self, body: Value, ids: &Sides<Option<String>>) -> Value {
        match body {
            Value::Object(map) => match map.get(LATER) {
                Some(later) => self.later(later, ids),
                None => Value::Object(map.into_iter().map(|(key, value)| (key, self.filled(value, ids))).collect()),
            },
            Value::Array(list) => list.into_iter().map(|value| self.filled(value, ids)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body,
        }
    }

    fn later(&self, later: &Value, ids: &Sides<Option<String>>) -> Value {
        let text = |key: &str| later.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("reference").is_empty() {
            let side = if text("id") == "left" { Side::Left } else { Side::Right };
            return Value::from(ids.get(side).clone().unwrap_or_default());
        }
        let rows = self.rows.get(text("reference")).map(Vec::as_slice).unwrap_or_default();
        let named = |row: &&Value| {
            row.as_object()
                .is_some_and(|map| map.values().filter_map(scalar_text).any(|cell| folded(&cell) == text("value")))
        };
        let ends = self.mapping.fields.iter().flat_map(|field| [&field.ends.left, &field.ends.right]);
        let lookup = ends.filter_map(|end| end.lookup.as_ref()).find(|one| one.reference == text("reference"));
        let row = rows.iter().find(named);
        row.zip(lookup).and_then(|(row, lookup)| row.get(&lookup.id)).cloned().unwrap_or_default()
    }

    /// A body as its system shows it after a write: its habits act on what was sent, and rows it carries
    /// along are those of the ids that were.
    fn held_by_system(&self, side: Side, body: Value, sent: &Value) -> Value {
        let mut body = self.carrying(side, body, sent);
        self.mapping.sides.get(side).take_habits(&mut body, sent);
        body
    }

    /// A body with the rows of the ids that were sent.
    pub(super) fn carrying(&self, side: Side, mut body: Value, sent: &Value) -> Value {
        for field in &self.mapping.fields {
            let end = field.ends.get(side);
            let At::Path(path) = &end.at else { continue };
            let Some(lookup) = end.lookup.as_ref().filter(|_| path.get(sent).is_some()) else { continue };
            let Some(inside) = &lookup.inside else { continue };
            if let (true, Some(Value::Array(mut rows))) = (field.set, path.get(&body)) {
                for row in &mut rows {
                    let id = end.member.as_ref().and_then(|member| row.get(member)).cloned().unwrap_or_default();
                    if let Some(found) = self.row(&lookup.reference, &lookup.id, &id) {
                        inside.set(row, found);
                    }
                }
                path.set(&mut body, Value::Array(rows));
            } else if !field.set {
                let id = path.get(&body).unwrap_or_default();
                inside.set(&mut body, self.row(&lookup.reference, &lookup.id, &id).unwrap_or_default());
            }
        }
        body
    }

    fn row(&self, reference: &str, field: &str, id: &Value) -> Option<Value> {
        let text = scalar_text(id)?;
        let rows = self.rows.get(reference)?;
        rows.iter().find(|row| row.get(field).and_then(scalar_text).as_ref() == Some(&text)).cloned()
    }

    fn image(&self, side: Side, record: &Record) -> Result<Image, String> {
        let read = self.mapping.read(side, &record.id, &record.body.value(), &self.references());
        let fields = read.map_err(|trouble| format!("{} ({})", trouble.reason, trouble.place))?;
        Ok(Image { fields, print: record.body.print(self.mapping.print), changed_ms: record.changed_ms })
    }
}

/// A body with the members of another laid over it.
pub(super) fn overlaid(body: &Value, over: &Value) -> Value {
    match (body, over) {
        (Value::Object(body), Value::Object(over)) => {
            let mut both = body.clone();
            for (key, value) in over {
                let laid = both.get(key).map_or_else(|| value.clone(), |old| overlaid(old, value));
                both.insert(key.clone(), laid);
            }
            Value::Object(both)
        }
        // Nothing laid over a body leaves it as it is.
        (Value::Object(_), Value::Null) => body.clone(),
        _ => over.clone(),
    }
}
