//! Where values are tried: records of both sides, and what their rules and lookups look into.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::values;
use crate::cases::Case;
use crate::cases::world::World;
use crate::diagnostic::Place;
use crate::mapping::Mapping;
use crate::mapping::field::At;
use crate::record::{Rows, Side, Sides};
use crate::reference::{References, folded, scalar_text};
use crate::workspace::Workspace;

/// Records that are tried with the same references and parameters.
pub(super) struct Stage {
    pub(super) mapping: Arc<Mapping>,
    pub(super) world: World,
    pub(super) references: Arc<References>,
    pub(super) records: Sides<Vec<Value>>,
    /// A case without records, to make worlds of.
    frame: Case,
}

impl Stage {
    /// A stage; nothing where its records cannot even be laid out.
    pub(super) fn new(
        mapping: &Arc<Mapping>,
        rows: Rows,
        today: Option<String>,
        records: Sides<Vec<Value>>,
    ) -> Option<Self> {
        let frame = Case {
            file: String::new(),
            title: String::new(),
            place: Place::file(&mapping.file),
            mapping: Arc::clone(mapping),
            today,
            lookups: rows,
            records: Sides::default(),
            base: None,
            changed_ms: Sides::default(),
            quarantined: Sides::default(),
            answers: Vec::new(),
            expected: Vec::new(),
            settles: true,
        };
        let world = World::of(&frame).ok()?;
        Some(Self { mapping: Arc::clone(mapping), references: world.references(), world, records, frame })
    }

    /// A world of these records, which agreed when there are two.
    pub(super) fn world_of(&self, left: Option<Value>, right: Option<Value>) -> Option<World> {
        let both = left.is_some() && right.is_some();
        let case = Case {
            records: Sides::new(left, right).map(|body| body.into_iter().collect()),
            base: both.then(Sides::default),
            ..self.frame.clone()
        };
        World::of(&case).ok()
    }
}

/// One stage for each case: what its records hold and held.
pub(super) fn of_cases(cases: &[&Case]) -> Vec<Stage> {
    let stage = |case: &&Case| {
        let shown = |side: Side, mut body: Value| {
            let sent = body.clone();
            case.mapping.sides.get(side).take_habits(&mut body, &sent);
            body
        };
        let records = Sides::each(|side| case.bodies(side).into_iter().map(|body| shown(side, body)).collect());
        Stage::new(&case.mapping, case.lookups.clone(), case.today.clone(), records)
    };
    cases.iter().filter_map(stage).collect()
}

/// A stage of generated records. They look into all rows that the cases give, and have the parameters of
/// the first case.
pub(super) fn generated(workspace: &Workspace, mapping: &Arc<Mapping>, cases: &[&Case]) -> Option<Stage> {
    let mut rows = Rows::new();
    for (name, more) in cases.iter().flat_map(|case| &case.lookups) {
        let all = rows.entry(name.clone()).or_default();
        for row in more {
            if !all.iter().any(|one| is_known(mapping, name, one, row)) {
                all.push(row.clone());
            }
        }
    }
    let first = cases.first();
    let mapping = first.map_or(mapping, |case| &case.mapping);
    twins(mapping, &mut rows);
    let today = first.and_then(|case| case.today.clone()).or_else(|| Some("2026-03-02".to_owned()));
    let records = Sides::each(|side| {
        let seen: Vec<Value> = cases.iter().flat_map(|case| case.bodies(side)).collect();
        values::bodies(workspace, mapping, side, (&seen, &rows))
    });
    let mut stage = Stage::new(mapping, rows, today, Sides::default())?;
    let world = &stage.world;
    stage.records =
        Sides::each(|side| records.get(side).iter().map(|body| world.given(side, body.clone()).0).collect());
    Some(stage)
}

/// True for a row that another stands for already: each case has its own seller 7, and here is one.
fn is_known(mapping: &Mapping, reference: &str, one: &Value, row: &Value) -> bool {
    let ends = mapping.fields.iter().flat_map(|field| [&field.ends.left, &field.ends.right]);
    let mut lookups = ends.filter_map(|end| end.lookup.as_ref()).filter(|lookup| lookup.reference == reference);
    let same = |key: &str| {
        let cell = |row: &Value| row.get(key).and_then(scalar_text).map(|text| folded(&text));
        cell(row).is_some() && cell(one) == cell(row)
    };
    one == row || lookups.any(|lookup| same(&lookup.id) || same(&lookup.by))
}

/// Rows for lookups that no case gives any: two that both sides know, and one that each knows alone.
fn twins(mapping: &Mapping, rows: &mut Rows) {
    for (at, field) in mapping.fields.iter().enumerate() {
        for side in Side::BOTH {
            let Some(lookup) = &field.ends.get(side).lookup else { continue };
            let own = rows.entry(lookup.reference.clone()).or_default();
            if own.iter().any(|row| row.get(&lookup.id).is_some() && row.get(&lookup.by).is_some()) {
                continue;
            }
            let alone = if side == Side::Left { "left" } else { "right" };
            for (number, word) in ["one", "two", alone].into_iter().enumerate() {
                let id = 100 * (at + 1) + number + usize::from(side == Side::Right) * 10;
                let mut row = serde_json::Map::new();
                row.insert(lookup.by.clone(), Value::from(format!("{word}@ex.com")));
                row.insert(lookup.id.clone(), Value::from(id));
                own.push(Value::Object(row));
            }
        }
    }
}

/// Fields that one rule reads or writes, or that belong together: they are tried at once.
pub(super) fn bundles(mapping: &Mapping) -> Vec<Vec<usize>> {
    let mut bundles: Vec<(BTreeSet<String>, Vec<usize>)> = Vec::new();
    for (index, field) in mapping.fields.iter().enumerate() {
        let mut ties: BTreeSet<String> = BTreeSet::new();
        for side in Side::BOTH {
            if let At::Member { view, .. } = &field.ends.get(side).at {
                ties.insert(format!("view {view}"));
            }
        }
        ties.extend(field.together.map(|group| format!("group {group}")));
        match bundles.iter_mut().find(|(known, _)| !known.is_disjoint(&ties)) {
            Some((known, members)) => {
                known.extend(ties);
                members.push(index);
            }
            None => bundles.push((ties, vec![index])),
        }
    }
    bundles.into_iter().map(|(_, members)| members).collect()
}
