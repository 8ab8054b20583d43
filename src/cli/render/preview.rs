//! A plan as people and programs read it: record by record, field by field, with its price.
//!
//! Only what will be sent is a change here; what waits, and why, is a note beside it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::link::{name_in, resource};
use crate::engine::price::Price;
use crate::mapping::Mapping;
use crate::mapping::field::{Field, Fields, is_empty};
use crate::record::{Side, Sides};
use crate::sync::guard::Halt;
use crate::sync::merge::Why;
use crate::sync::plan::{Act, Conflict, Held, Move, Origin, Planned, Step};
use crate::sync::{Plan, Snapshot};

/// A whole plan.
#[derive(Debug, Serialize)]
pub struct Preview {
    /// The mapping.
    pub mapping: String,
    /// The account.
    pub account: String,
    /// Why it must not be carried out as it is.
    pub halted: Option<String>,
    /// Rows of references that are made first.
    pub rows: Vec<Row>,
    /// The records.
    pub records: Vec<Entry>,
    /// What it costs in calls, and how long they take at the limits.
    pub price: Price,
    /// How many of each kind.
    pub totals: Totals,
}

/// A row of a reference that is made first.
#[derive(Debug, Serialize)]
pub struct Row {
    /// `system.resource`.
    pub reference: String,
    /// The value it is known by.
    pub value: String,
}

/// One record or pair.
#[derive(Debug, Default, Serialize)]
pub struct Entry {
    /// What people call it.
    pub name: String,
    /// The ids that are known.
    pub ids: Sides<Option<String>>,
    /// The two are recognised as one thing now.
    pub linked: bool,
    /// The writes.
    pub writes: Vec<Write>,
    /// Fields that both sides changed.
    pub conflicts: Vec<Clash>,
    /// What waits, and why.
    pub notes: Vec<Note>,
}

impl Entry {
    /// True when something becomes of it.
    pub fn moves(&self) -> bool {
        self.linked || !self.writes.is_empty() || !self.conflicts.is_empty()
    }
}

/// One write.
#[derive(Debug, Serialize)]
pub struct Write {
    /// What is done: `create`, `update` or `stamp`.
    pub act: &'static str,
    /// `system.resource`.
    pub to: String,
    /// Field by field.
    pub fields: Vec<Change>,
}

/// One field of a write.
#[derive(Debug, Serialize)]
pub struct Change {
    /// The field.
    pub field: String,
    /// The field for people.
    pub label: String,
    /// What stands there.
    pub old: Value,
    /// What will stand there.
    pub new: Value,
    /// Why, in one word.
    pub cause: &'static str,
    /// Why, in few words.
    pub why: String,
    /// The line of the mapping that says so.
    pub place: String,
}

/// A field that both sides changed.
#[derive(Debug, Serialize)]
pub struct Clash {
    /// The field for people.
    pub label: String,
    /// What each side holds.
    pub values: Sides<Value>,
    /// Who wins; nobody until a person decides.
    pub winner: Option<String>,
    /// How it is settled.
    pub policy: String,
}

/// Something that waits.
#[derive(Debug, Serialize)]
pub struct Note {
    /// `held`, `refused`, `gone`, `left out`, `ambiguous`, `unreadable` or `unanswered`.
    pub kind: &'static str,
    /// `system.resource` it would move to, or lives in.
    pub at: String,
    /// The field for people, when only one waits.
    pub label: Option<String>,
    /// Why.
    pub reason: String,
    /// `file:line` of what says so.
    pub place: Option<String>,
}

/// How many of each kind.
#[derive(Debug, Default, Serialize)]
pub struct Totals {
    /// Records born, by system.
    pub create: BTreeMap<String, u64>,
    /// Records changed, by system.
    pub update: BTreeMap<String, u64>,
    /// Pairs recognised.
    pub link: u64,
    /// What a rule or a missing value keeps.
    pub held: u64,
    /// Fields that both sides changed.
    pub conflicts: u64,
    /// Writes that were refused before and that nobody changed since.
    pub quarantined: u64,
    /// Records that could be the twin of several.
    pub ambiguous: u64,
    /// Linked records that are no more.
    pub gone: u64,
    /// Creations whose answer is not known: the next cycle settles them before it reads.
    pub unanswered: u64,
}

/// What becomes of a creation whose answer is not known.
pub(super) const UNANSWERED: &str = "its creation was sent and the answer is not known: the next cycle searches for it, and sends \
                          it again if it is not there";

/// Says what a plan will do.
pub fn preview(
    (mapping, account): (&Mapping, &str),
    snapshot: &Snapshot,
    (plan, halt): (&Plan, Option<&Halt>),
    price: &Price,
) -> Preview {
    let mut seen = Preview {
        mapping: mapping.name.clone(),
        account: account.to_owned(),
        halted: halt.map(|halt| halt.reason.clone()),
        rows: Vec::new(),
        records: Vec::new(),
        price: price.clone(),
        totals: Totals::default(),
    };
    for row in &plan.rows {
        seen.rows.push(Row { reference: row.reference.clone(), value: row.value.clone() });
    }
    for planned in &plan.pairs {
        count(mapping, planned, &mut seen);
        let entry = entry(mapping, snapshot, planned);
        if entry.linked || !entry.writes.is_empty() || !entry.conflicts.is_empty() || !entry.notes.is_empty() {
            seen.records.push(entry);
        }
    }
    let aside = plan.ambiguous.iter().map(|one| (one.side, &one.id, "ambiguous", one.reason.clone(), None));
    let unreadable = plan
        .unreadable
        .iter()
        .map(|(side, id, trouble)| (*side, id, "unreadable", trouble.reason.clone(), Some(trouble.place.clone())));
    let unanswered = snapshot.unanswered.iter();
    let unanswered = unanswered.map(|(side, id)| (*side, id, "unanswered", UNANSWERED.to_owned(), None));
    for (side, id, kind, reason, place) in aside.chain(unreadable).chain(unanswered) {
        let body = snapshot.records.get(side).get(id).map(|record| record.body.value());
        let name = body.and_then(|body| name_in(mapping, side, id, &body)).unwrap_or_default();
        let mut entry = Entry { name, ..Entry::default() };
        *entry.ids.get_mut(side) = Some(id.clone());
        entry.notes.push(Note { kind, at: resource(mapping, side), label: None, reason, place });
        seen.records.push(entry);
    }
    seen.totals.ambiguous = u64::try_from(plan.ambiguous.len()).unwrap_or(u64::MAX);
    seen.totals.held += u64::try_from(plan.unreadable.len()).unwrap_or(u64::MAX);
    seen.totals.unanswered = u64::try_from(snapshot.unanswered.len()).unwrap_or(u64::MAX);
    seen
}

fn count(mapping: &Mapping, planned: &Planned, seen: &mut Preview) {
    for step in &planned.steps {
        let system = mapping.sides.get(step.side).system.clone();
        match step.act {
            Act::Create { .. } => *seen.totals.create.entry(system).or_default() += 1,
            Act::Update => *seen.totals.update.entry(system).or_default() += 1,
            // A stamp belongs to its birth.
            Act::Stamp => {}
        }
    }
    let gone = planned.origin == Origin::Gone;
    seen.totals.link += u64::from(planned.origin == Origin::Matched && planned.remember);
    seen.totals.gone += u64::from(gone);
    seen.totals.quarantined += u64::from(planned.quarantined);
    let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    seen.totals.held += if gone || planned.origin == Origin::LeftOut { 0 } else { number(planned.held.len()) };
    seen.totals.conflicts += number(planned.conflicts.len());
}

fn entry(mapping: &Mapping, snapshot: &Snapshot, planned: &Planned) -> Entry {
    let fields = Sides::each(|side| {
        let record = planned.ids.get(side).as_ref().and_then(|id| snapshot.records.get(side).get(id))?;
        mapping.read(side, &record.id, &record.body.value(), &snapshot.references).ok()
    });
    let mut notes: Vec<Note> = planned.held.iter().map(|held| note(mapping, planned, held)).collect();
    if planned.quarantined {
        let side = planned.steps.first().map_or(Side::Left, |step| step.side);
        notes.push(Note {
            kind: "refused",
            at: resource(mapping, side),
            label: None,
            reason: "was refused before and did not change since".to_owned(),
            place: None,
        });
    }
    Entry {
        name: planned.name.clone(),
        ids: planned.ids.clone(),
        linked: planned.origin == Origin::Matched && planned.remember,
        writes: planned.steps.iter().map(|step| write(mapping, &fields, step)).collect(),
        conflicts: planned.conflicts.iter().map(|one| clash(mapping, one)).collect(),
        notes,
    }
}

fn note(mapping: &Mapping, planned: &Planned, held: &Held) -> Note {
    Note {
        kind: match planned.origin {
            Origin::Gone => "gone",
            Origin::LeftOut => "left out",
            Origin::Linked | Origin::Unseen | Origin::Matched | Origin::Born => "held",
        },
        at: resource(mapping, held.side),
        label: held.field.and_then(|index| mapping.fields.get(index)).map(|field| field.label.clone()),
        reason: held.reason.clone(),
        place: held.place.clone(),
    }
}

fn clash(mapping: &Mapping, one: &Conflict) -> Clash {
    let field = mapping.fields.get(one.field);
    Clash {
        label: field.map(|field| field.label.clone()).unwrap_or_default(),
        values: one.values.clone(),
        winner: one.winner.map(|side| mapping.sides.get(side).system.clone()),
        policy: one.by.word(mapping.policy_of(one.field)),
    }
}

fn write(mapping: &Mapping, fields: &Sides<Option<Fields>>, step: &Step) -> Write {
    Write {
        act: match step.act {
            Act::Create { .. } => "create",
            Act::Update => "update",
            Act::Stamp => "stamp",
        },
        to: resource(mapping, step.side),
        fields: at_birth(mapping, step)
            .chain(step.moves.iter().filter_map(|one| change(mapping, fields, step, one)))
            .collect(),
    }
}

/// What a newborn record holds besides its fields.
fn at_birth<'a>(mapping: &'a Mapping, step: &Step) -> impl Iterator<Item = Change> + use<'a> {
    let body = step.body.value();
    let is_birth = matches!(step.act, Act::Create { .. });
    let all = mapping.sides.get(step.side).birth.iter().filter(move |_| is_birth);
    all.filter_map(move |one| {
        Some(Change {
            field: one.path.text().to_owned(),
            label: one.path.text().to_owned(),
            old: Value::Null,
            new: one.path.get(&body)?,
            cause: Why::Born.word(),
            why: "told at birth".to_owned(),
            place: format!("{}:{}", one.place.file, one.place.line),
        })
    })
}

/// One field of a write; `None` for what the new side fills by itself.
fn change(mapping: &Mapping, fields: &Sides<Option<Fields>>, step: &Step, one: &Move) -> Option<Change> {
    let field = mapping.fields.get(one.field)?;
    let held = |side: Side| fields.get(side).as_ref().map(|fields| fields.value(one.field).clone());
    // What only stands in for an empty value is not there.
    let stands_in = fields.get(step.side).as_ref().is_some_and(|fields| fields.is_borrowed(one.field));
    let old = held(step.side).filter(|_| !stands_in).unwrap_or_default();
    let stamp = step.act == Act::Stamp;
    let given = if stamp { Some(Value::from("(the new id)")) } else { held(step.side.other()) };
    let new = one.becomes.clone().or(given).unwrap_or_default();
    if one.why == Why::Born && is_empty(&new) {
        return None;
    }
    Some(Change {
        field: field.name.clone(),
        label: field.label.clone(),
        old,
        new,
        cause: one.why.word(),
        why: why(mapping, field, step.side, one),
        place: format!("{}:{}", field.place.file, field.place.line),
    })
}

/// Why a value moves, in few words.
fn why(mapping: &Mapping, field: &Field, to: Side, one: &Move) -> String {
    let here = &mapping.sides.get(to).system;
    let giver = &mapping.sides.get(to.other()).system;
    let policy = || field.policy.as_ref().unwrap_or(&mapping.policy).word();
    match one.why {
        // Members come and go one by one: the other side may have lost some as well.
        Why::Changed if field.set => "members changed".to_owned(),
        Why::Filled if field.set => format!("members that {here} lacks"),
        Why::Changed => format!("changed in {giver}"),
        Why::Filled => format!("empty in {here}"),
        Why::First => format!("first meeting, {giver} gives"),
        Why::PutBack => format!("changed in {here}, only {giver} may: put back"),
        Why::Won => format!("both changed, {giver} wins ({})", policy()),
        Why::Answered => format!("both changed, a person chose {giver}"),
        Why::Born => format!("new in {here}"),
    }
}
