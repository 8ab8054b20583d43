//! The engine on the records that were tried: a plan, one write, and a second plan that sends nothing.
//!
//! No system holds a record without what it requires of one, so what a case leaves out is filled in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Unsettled;
use super::stage::Stage;
use crate::cases::world::World;
use crate::mapping::field::is_empty;
use crate::path::Path;
use crate::record::{Side, Sides};
use crate::sync::Plan;

/// What the runs came to.
pub(super) struct Bench {
    pub(super) runs: usize,
    pub(super) unsettled: Vec<Unsettled>,
    seen: BTreeSet<String>,
    required: Sides<Vec<(Path, Value)>>,
}

impl Bench {
    /// Without any run; `required` is what every record of a side holds at least.
    pub(super) const fn new(required: Sides<Vec<(Path, Value)>>) -> Self {
        Self { runs: 0, unsettled: Vec::new(), seen: BTreeSet::new(), required }
    }

    /// Runs the engine on each record of a side: newborn, and changed from the one before it.
    pub(super) fn run(&mut self, stage: &Stage, side: Side) {
        let mut before = json!({});
        for body in stage.records.get(side) {
            let body = self.possible(stage, side, body);
            let print = format!("{} {side} {before} {body}", stage.mapping.name);
            if self.seen.insert(print) {
                self.newborn(stage, side, &body);
                self.changed(stage, side, &before, &body);
            }
            before = body;
        }
    }

    fn newborn(&mut self, stage: &Stage, side: Side, body: &Value) {
        let alone = Some(body.clone());
        let world = match side {
            Side::Left => stage.world_of(alone, None),
            Side::Right => stage.world_of(None, alone),
        };
        self.settles(stage, (side, body), world);
    }

    fn changed(&mut self, stage: &Stage, side: Side, before: &Value, body: &Value) {
        let (then, other) = (self.possible(stage, side, before), self.possible(stage, side.other(), &json!({})));
        let world = match side {
            Side::Left => stage.world_of(Some(then), Some(other)),
            Side::Right => stage.world_of(Some(other), Some(then)),
        };
        let edited = world.map(|mut world| {
            world.edit(side, body);
            world
        });
        self.settles(stage, (side, body), edited);
    }

    /// Once with systems that answer a write with the record, once with systems that do not.
    fn settles(&mut self, stage: &Stage, (from, body): (Side, &Value), world: Option<World>) {
        // What cannot be planned at all is told by the plan.
        let Some((world, plan)) = world.and_then(|world| world.plan().ok().map(|plan| (world, plan))) else { return };
        self.runs += 1;
        if !writes(&plan) {
            return;
        }
        for tells in [true, false] {
            let second = world.after(&plan, tells).and_then(|after| after.plan());
            let Ok(second) = second else { continue };
            for step in second.pairs.iter().flat_map(|planned| &planned.steps) {
                let shown = stage.mapping.shown(from, "7", body, &stage.references).unwrap_or_default();
                for one in &step.moves {
                    let given = shown.get(one.field).cloned().unwrap_or_default();
                    let found = Unsettled { from, field: one.field, given, again: (step.side, step.body.value()) };
                    self.add(found);
                }
            }
        }
    }

    /// A record as its system may hold it: under the one id that its side has, with what is required.
    fn possible(&self, stage: &Stage, side: Side, body: &Value) -> Value {
        let mut body = body.clone();
        for (path, value) in self.required.get(side) {
            if path.get(&body).is_none_or(|value| is_empty(&value)) {
                path.set(&mut body, value.clone());
            }
        }
        let ids = Sides::new(7, 10);
        stage.mapping.sides.get(side).id.set(&mut body, Value::from(*ids.get(side)));
        body
    }

    /// One witness for each line and side.
    fn add(&mut self, found: Unsettled) {
        let known =
            |one: &&mut Unsettled| one.from == found.from && one.field == found.field && one.again.0 == found.again.0;
        match self.unsettled.iter_mut().find(known) {
            Some(old) if super::tally::size(&found.given) < super::tally::size(&old.given) => *old = found,
            Some(_) => {}
            None => self.unsettled.push(found),
        }
    }
}

fn writes(plan: &Plan) -> bool {
    plan.pairs.iter().any(|planned| !planned.steps.is_empty())
}
