//! Births: may a record be born on the other side, and with what.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::merge::Why;
use super::plan::{Act, Held, Move, Origin, Planned, Planner, Seen, Step, add_rows, held};
use crate::flaw::{self, Flaw};
use crate::mapping::field::{At, Trouble, is_empty};
use crate::mapping::{LATER, Sent};
use crate::record::{Body, Side, Sides};

impl Planner<'_> {
    /// Plans a record that nothing joins to another: may it be born on the other side?
    pub(super) fn alone(&mut self, from: Side, seen: Seen<'_>) -> Planned {
        let side = from.other();
        let mut ids = Sides::new(None, None);
        *ids.get_mut(from) = Some(seen.record.id.clone());
        let mut planned = Planned {
            ids,
            name: self.name_of(seen.fields).unwrap_or_default(),
            origin: Origin::Born,
            link: None,
            remember: false,
            steps: Vec::new(),
            conflicts: Vec::new(),
            held: Vec::new(),
            quarantined: false,
            now: Sides::default(),
        };
        if let Some(out) = self.keep(from, seen) {
            planned.origin = Origin::LeftOut;
            planned.held.push(out);
        } else if let Some(held) = self.may_be_born(side, seen) {
            planned.held.push(held);
        } else if self.is_blocked(from, seen.record) {
            planned.quarantined = true;
        } else if let Err(trouble) = self.bear(&mut planned, side, seen) {
            planned.held.push(held(side, trouble));
        }
        planned
    }

    fn may_be_born(&self, side: Side, seen: Seen<'_>) -> Option<Held> {
        let rule = self.mapping.sides.get(side).create.as_ref()?;
        let place = Some(rule.place.clone());
        match self.mapping.rules.reason(rule, [(&**seen.body).into()], &self.snapshot.references) {
            Ok(reason) => Some(Held { side, field: None, reason: reason?, place }),
            Err(error) => Some(held(side, error.into())),
        }
    }

    fn bear(&mut self, planned: &mut Planned, side: Side, seen: Seen<'_>) -> Result<(), Trouble> {
        let mut values = BTreeMap::new();
        for (index, field) in self.mapping.fields.iter().enumerate() {
            let lender = field.ends.get(side).if_empty.filter(|_| flaw::is(Flaw::FallbackComesBack));
            let value = lender.map_or_else(|| seen.fields.value(index), |lender| seen.fields.value(lender));
            if field.flows_to(side) && !is_empty(value) {
                values.insert(index, value.clone());
            }
        }
        let draft = self.mapping.write(side, &values, None, &self.snapshot.references)?;
        let mut body = draft.body;
        let key = self.mapping.integration_key(side, &seen.record.id);
        if let Some(path) = &self.mapping.sides.get(side).integration {
            path.set(&mut body, Value::from(key.as_str()));
        }
        let (mut moves, mut later) = (Vec::new(), Vec::new());
        for (index, sent) in &draft.sent {
            match sent {
                Sent::Written(becomes) => {
                    let one = Move { field: *index, why: Why::Born, becomes: becomes.clone() };
                    if self.comes_later(side, *index) { later.push(one) } else { moves.push(one) }
                }
                Sent::Nothing => moves.push(Move { field: *index, why: Why::Born, becomes: Some(Value::Null) }),
                Sent::Kept => {}
                Sent::Held(trouble) => {
                    planned.held.push(Held { field: Some(*index), ..held(side, trouble.clone()) });
                }
            }
        }
        add_rows(&mut self.rows, draft.rows);
        let rest = self.take_later(side, &mut body);
        planned.steps.push(Step {
            side,
            act: Act::Create { key },
            body: Body::pack(&body),
            moves,
            along: BTreeMap::new(),
            emptied: Value::Null,
        });
        if !later.is_empty() {
            planned.steps.push(Step {
                side,
                act: Act::Update,
                body: Body::pack(&rest),
                moves: later,
                along: BTreeMap::new(),
                emptied: Value::Null,
            });
        }
        planned.steps.extend(self.stamp(side));
        Ok(())
    }

    /// The giving record gets the newborn's id, where a line says so.
    fn stamp(&self, born: Side) -> Option<Step> {
        let side = born.other();
        let mut body = Value::Object(serde_json::Map::new());
        let mut moves = Vec::new();
        for (index, field) in self.mapping.fields.iter().enumerate() {
            if let At::Path(path) = &field.ends.get(side).at
                && field.ends.get(born).is_id
                && field.flows_to(side)
            {
                let kind = field.ends.get(side).slot.kind;
                let text = kind != Some(crate::config::system::Kind::Integer);
                path.set(&mut body, json!({ LATER: { "id": born, "text": text } }));
                moves.push(Move { field: index, why: Why::Born, becomes: None });
            }
        }
        (!moves.is_empty()).then(|| Step {
            side,
            act: Act::Stamp,
            body: Body::pack(&body),
            moves,
            along: BTreeMap::new(),
            emptied: Value::Null,
        })
    }

    /// True when a creation must not carry the field: it is sent right after.
    fn comes_later(&self, side: Side, index: usize) -> bool {
        let Some(field) = self.mapping.fields.get(index) else { return false };
        let at = match &field.ends.get(side).at {
            At::Path(path) => path.text(),
            At::Member { name, .. } => name,
        };
        self.mapping.sides.get(side).without.iter().any(|path| path.text() == at)
    }

    /// Takes out of a body what a creation must not carry.
    fn take_later(&self, side: Side, body: &mut Value) -> Value {
        let mut rest = Value::Object(serde_json::Map::new());
        for path in &self.mapping.sides.get(side).without {
            if let Some(value) = path.take(body) {
                path.set(&mut rest, value);
            }
        }
        rest
    }
}
