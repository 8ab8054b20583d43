//! What a case touches of its mapping and of the scripts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::Case;
use super::parts::{Part, What, parts};
use super::world::World;
use crate::diagnostic::Place;
use crate::mapping::Mapping;
use crate::mapping::field::{At, Fields, is_empty, is_unresolved};
use crate::path::Path;
use crate::record::{Side, Sides};
use crate::reference::{References, scalar_text};
use crate::rules::mark::Marks;
use crate::sync::Plan;
use crate::sync::plan::Origin;
use crate::workspace::Workspace;

/// What every case of a workspace touches.
pub(super) struct Touches {
    /// The statements of the scripts.
    pub(super) marks: Marks,
    /// The parts of each mapping.
    pub(super) parts: BTreeMap<String, Vec<Part>>,
    /// What each case touches, in their order.
    pub(super) by_case: Vec<Touched>,
}

/// What one case touches, by index.
pub(super) struct Touched {
    pub(super) spots: BTreeSet<usize>,
    pub(super) parts: BTreeSet<usize>,
}

/// Runs every case once more and looks at what it comes to.
pub(super) fn touches(workspace: &Workspace, cases: &[Case]) -> Touches {
    let (rules, marks) = workspace.rules.marked();
    let rules = Arc::new(rules);
    let project = &workspace.project;
    let of_each = project.mappings.iter().map(|spec| (spec.name.clone(), parts(spec, &project.tables)));
    let parts: BTreeMap<_, _> = of_each.collect();
    let none = Vec::new();
    let by_case = cases.iter().map(|case| {
        case.on(Arc::new(Mapping { rules: Arc::clone(&rules), ..(*case.mapping).clone() })).run();
        let spots = marks.take();
        let called = spots.iter().filter_map(|spot| marks.spots.get(*spot)).map(|spot| spot.function.as_str());
        let seen = Seen::of(case, called.collect());
        let mine = parts.get(&case.mapping.name).unwrap_or(&none).iter().enumerate();
        let parts = mine.filter(|(_, part)| seen.touches(&part.what)).map(|(at, _)| at).collect();
        Touched { spots, parts }
    });
    let by_case = by_case.collect();
    Touches { marks, parts, by_case }
}

/// A case as it was read and planned.
struct Seen<'a> {
    mapping: &'a Mapping,
    bodies: Sides<Vec<Value>>,
    /// Each body of a side with its fields.
    fields: Sides<Vec<(Value, Fields)>>,
    references: Arc<References>,
    plan: Plan,
    called: BTreeSet<&'a str>,
}

impl<'a> Seen<'a> {
    fn of(case: &'a Case, called: BTreeSet<&'a str>) -> Self {
        let mapping = &*case.mapping;
        let world = World::of(case).ok();
        let references = world.as_ref().map(World::references).unwrap_or_default();
        let plan = world.and_then(|world| world.plan().ok()).unwrap_or_default();
        let read = |side: Side| case.bodies(side);
        let fields = Sides::each(|side| {
            let bodies = read(side).into_iter();
            let both = bodies.filter_map(|body| {
                let id = mapping.sides.get(side).id.get(&body).as_ref().and_then(scalar_text)?;
                let fields = mapping.read(side, &id, &body, &references).ok()?;
                Some((body, fields))
            });
            both.collect::<Vec<_>>()
        });
        let mut bodies = Sides::each(read);
        for step in plan.pairs.iter().flat_map(|planned| &planned.steps) {
            bodies.get_mut(step.side).push(step.body.value());
        }
        Self { mapping, bodies, fields, references, plan, called }
    }

    fn field(&self, name: &str) -> Option<usize> {
        self.mapping.fields.iter().position(|field| field.name == name)
    }

    /// The filled values of a field, with the side that gives them and its record.
    fn values(&self, index: usize) -> impl Iterator<Item = (Side, &Value, &Value)> {
        let gives = move |side: &Side| self.mapping.fields.get(index).is_some_and(|field| field.flows_to(side.other()));
        Side::BOTH.into_iter().filter(gives).flat_map(move |side| {
            let all = self.fields.get(side).iter().map(move |(body, fields)| (side, body, fields.value(index)));
            all.filter(|(_, _, value)| !is_empty(value))
        })
    }

    fn touches(&self, what: &What) -> bool {
        match what {
            What::Always => true,
            What::Lines(names) => {
                names.iter().filter_map(|name| self.field(name)).any(|index| self.values(index).next().is_some())
            }
            What::Pair(name, pair) => self.field(name).is_some_and(|index| self.looks_up(index, pair)),
            What::Missing(name) => self.field(name).is_some_and(|index| self.lacks_twin(index)),
            What::Fallback(name) => {
                let index = self.field(name);
                let lent = |fields: &Fields| index.is_some_and(|index| fields.is_borrowed(index));
                Side::BOTH.into_iter().any(|side| self.fields.get(side).iter().any(|(_, fields)| lent(fields)))
            }
            What::Conflict(name) => {
                let index = name.as_ref().and_then(|name| self.field(name));
                let mut all = self.plan.pairs.iter().flat_map(|planned| &planned.conflicts);
                all.any(|conflict| name.is_none() || Some(conflict.field) == index)
            }
            What::Key(paths) => self.is_known_by(paths),
            What::Rule(names) => names.iter().any(|name| self.called.contains(name.as_str())),
            What::Path(side, text) => {
                let Ok(path) = Path::parse(text, &Place::file("")) else { return true };
                let there = |body: &Value| path.look(body).is_some_and(|value: Cow<'_, Value>| !is_empty(&value));
                self.bodies.get(*side).iter().any(there)
            }
            What::Birth(side) => self.plan.pairs.iter().any(|planned| planned.bears(*side)),
            What::Parameter(name) => self.mapping.parameters.get(name).is_some_and(|value| !is_empty(value)),
        }
    }

    fn looks_up(&self, index: usize, pair: &Sides<String>) -> bool {
        self.values(index).any(|(side, body, value)| {
            let shared = scalar_text(value).as_ref() == Some(&pair.right);
            let path = self.mapping.fields.get(index).map(|field| &field.ends.left.at);
            match path {
                Some(At::Path(path)) if side == Side::Left => {
                    path.get(body).as_ref().and_then(scalar_text).as_ref() == Some(&pair.left)
                }
                Some(_) | None => shared,
            }
        })
    }

    fn lacks_twin(&self, index: usize) -> bool {
        let Some(field) = self.mapping.fields.get(index) else { return false };
        self.values(index).any(|(side, _, value)| {
            let to = field.ends.get(side.other());
            let text = scalar_text(value);
            let found = to
                .lookup
                .as_ref()
                .zip(text.as_ref())
                .map(|(lookup, text)| self.references.find(&lookup.reference, &lookup.by, text).is_some());
            let paired = to.table.is_empty() || to.table.iter().any(|(_, shared)| Some(shared) == text.as_ref());
            is_unresolved(value) || found == Some(false) || !paired
        })
    }

    fn is_known_by(&self, paths: &Sides<String>) -> bool {
        let Some(index) = self.field(&paths.left) else { return false };
        let Some(field) = self.mapping.fields.get(index) else { return false };
        let value_of = |side: Side, id: &Option<String>| {
            let mine = self
                .fields
                .get(side)
                .iter()
                .find(|(body, _)| self.mapping.sides.get(side).id.get(body).as_ref().and_then(scalar_text) == *id);
            mine.map(|(_, fields)| fields.value(index)).filter(|value| !is_empty(value))
        };
        self.plan.pairs.iter().filter(|planned| planned.origin == Origin::Matched).any(|planned| {
            let both = value_of(Side::Left, &planned.ids.left).zip(value_of(Side::Right, &planned.ids.right));
            both.is_some_and(|(left, right)| field.canon.same(left, right))
        })
    }
}
