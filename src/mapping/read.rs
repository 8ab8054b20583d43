//! From a record as its system shows it to the shared shape.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Mapping;
use super::field::{At, End, Field, Fields, Trouble, View, is_empty, unresolved};
use crate::flaw::{self, Flaw};
use crate::record::Side;
use crate::reference::{References, folded, scalar_text};
use crate::rules::Given;

impl Mapping {
    /// Reads a record's fields. `id` is the record's id; `body` holds at least what the mapping speaks of.
    ///
    /// # Errors
    /// Trouble when a rule fails.
    pub fn read(&self, side: Side, id: &str, body: &Value, references: &Arc<References>) -> Result<Fields, Trouble> {
        let views = self.read_views(side, body, references)?;
        let mut fields =
            Fields { values: Vec::with_capacity(self.fields.len()), borrowed: vec![false; self.fields.len()] };
        for field in &self.fields {
            fields.values.push(self.read_field(field, side, (id, body), &views, references)?);
        }
        self.borrow(side, &mut fields);
        Ok(fields)
    }

    /// A record's keys, as far as they can be read, and no other field: where a rule fails, the record is still known by
    /// the keys that need no such rule.
    pub fn read_keys(&self, side: Side, id: &str, body: &Value, references: &Arc<References>) -> Fields {
        let of_side = self.views.iter().enumerate().filter(|(_, view)| view.side == side);
        let views = of_side
            .filter_map(|(index, view)| {
                Some((index, self.rules.call(&view.read, [seen_by(view, body)], references).ok()?))
            })
            .collect();
        let key = |(index, field)| {
            let read = || self.read_field(field, side, (id, body), &views, references).ok();
            self.keys.contains(&index).then(read).flatten().unwrap_or_default()
        };
        let values: Vec<Value> = self.fields.iter().enumerate().map(key).collect();
        Fields { borrowed: vec![false; values.len()], values }
    }

    /// What a record shows of each field, before its canon, table or lookup makes a shared value of it.
    ///
    /// # Errors
    /// Trouble when a rule fails.
    pub fn shown(
        &self,
        side: Side,
        id: &str,
        body: &Value,
        references: &Arc<References>,
    ) -> Result<Vec<Value>, Trouble> {
        let views = self.read_views(side, body, references)?;
        let of = |field: &Field| match &field.ends.get(side).at {
            _ if field.ends.get(side).is_id => Value::from(id),
            At::Path(path) => path.get(body).unwrap_or_default(),
            At::Member { view, name } => views.get(view).and_then(|given| given.get(name)).cloned().unwrap_or_default(),
        };
        Ok(self.fields.iter().map(of).collect())
    }

    fn read_views(
        &self,
        side: Side,
        body: &Value,
        references: &Arc<References>,
    ) -> Result<BTreeMap<usize, Value>, Trouble> {
        let mut views = BTreeMap::new();
        for (index, view) in self.views.iter().enumerate().filter(|(_, view)| view.side == side) {
            views.insert(index, self.rules.call(&view.read, [seen_by(view, body)], references)?);
        }
        Ok(views)
    }

    fn read_field(
        &self,
        field: &Field,
        side: Side,
        (id, body): (&str, &Value),
        views: &BTreeMap<usize, Value>,
        references: &Arc<References>,
    ) -> Result<Value, Trouble> {
        let end = field.ends.get(side);
        if end.is_id {
            return Ok(Value::from(id));
        }
        let raw = match &end.at {
            At::Path(path) => path.get(body).unwrap_or_default(),
            At::Member { view, name } => views.get(view).and_then(|given| given.get(name)).cloned().unwrap_or_default(),
        };
        if field.set {
            return Ok(read_set(field, end, &raw, references));
        }
        let value = match &end.read {
            Some(rule) => self.rules.call(rule, [(&raw).into()], references)?,
            None => raw,
        };
        Ok(read_value(field, end, value, body, references))
    }

    /// Fills what is empty here with the value that would be sent in its stead.
    fn borrow(&self, side: Side, fields: &mut Fields) {
        if flaw::is(Flaw::FallbackComesBack) {
            return;
        }
        for (index, field) in self.fields.iter().enumerate() {
            let Some(lender) = field.ends.get(side.other()).if_empty else { continue };
            if is_empty(fields.value(index)) && !is_empty(fields.value(lender)) {
                let value = fields.value(lender).clone();
                if let (Some(slot), Some(flag)) = (fields.values.get_mut(index), fields.borrowed.get_mut(index)) {
                    *slot = value;
                    *flag = true;
                }
            }
        }
    }
}

/// What the rule of a view sees of a body: a map keyed by the paths' texts.
pub(super) fn seen_by(view: &View, body: &Value) -> Given<'static> {
    Given::named(view.of.iter().map(|(path, _)| (path.text(), path.look(body))))
}

pub(super) fn read_value(field: &Field, end: &End, raw: Value, body: &Value, references: &Arc<References>) -> Value {
    let blank = is_empty(&raw) || end.slot.empty == raw;
    if blank {
        return Value::Null;
    }
    let value = look_up(end, raw, body, references);
    if value.is_object() {
        return value;
    }
    let value = through_table(field, end, value);
    if value.is_object() { value } else { field.canon.carry(value) }
}

/// The shared value of what a record holds, through its row.
fn look_up(end: &End, raw: Value, body: &Value, references: &Arc<References>) -> Value {
    let Some(lookup) = &end.lookup else { return raw };
    let carried = lookup.inside.as_ref().and_then(|path| path.peek(body)).and_then(|row| row.get(&lookup.by));
    if let Some(value) = carried.filter(|value| !is_empty(value)) {
        return value.clone();
    }
    let row = scalar_text(&raw).and_then(|text| references.find(&lookup.reference, &lookup.id, &text));
    match row.as_ref().and_then(|row| row.get(&lookup.by)).filter(|value| !is_empty(value)) {
        Some(value) => value.clone(),
        None => unresolved(&raw),
    }
}

fn through_table(field: &Field, end: &End, value: Value) -> Value {
    if end.table.is_empty() {
        return value;
    }
    let Some(text) = scalar_text(&value) else { return unresolved(&value) };
    let means = |here: &str| field.canon.same(&Value::from(here), &value);
    let exact = end.table.iter().find(|(here, _)| *here == text);
    let shared = exact.or_else(|| end.table.iter().find(|(here, _)| means(here)));
    shared.map_or_else(|| unresolved(&value), |(_, shared)| Value::from(shared.as_str()))
}

/// The members of a set, sorted, each once, without those that never travel.
fn read_set(field: &Field, end: &End, raw: &Value, references: &Arc<References>) -> Value {
    let Some(list) = raw.as_array() else { return Value::Null };
    let mut members: BTreeMap<String, Value> = BTreeMap::new();
    for row in list {
        let Some(value) = member_value(end, row, references) else { continue };
        let form = field.canon.form(&value);
        if !form.is_empty() && !end.except.contains(&folded(&form)) {
            members.entry(form).or_insert(value);
        }
    }
    if members.is_empty() { Value::Null } else { members.into_values().collect() }
}

/// The shared value of one row of a list.
pub(super) fn member_value(end: &End, row: &Value, references: &Arc<References>) -> Option<Value> {
    let raw = match &end.member {
        Some(member) => row.get(member)?.clone(),
        None => row.clone(),
    };
    let value = look_up(end, raw, row, references);
    scalar_text(&value).map(|text| Value::from(text.trim()))
}
