//! From the shared shape to what a system takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::field::{At, End, Field, Fields, Lookup, Trouble, View, is_empty, is_unresolved, raw_of};
use super::read::{member_value, read_value, seen_by};
use super::shape::{same_wire, shape_value, shaped};
use super::{AtBirth, Mapping};
use crate::config::line::Missing;
use crate::flaw::{self, Flaw};
use crate::record::Side;
use crate::reference::{References, folded, scalar_text};
use crate::rules::Given;

/// The key that marks a value which is only known once another step is done.
pub const LATER: &str = "$later";

/// What became of one field on its way to a side.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// It is in the body; with what the side will hold, where that is not what was given.
    Written(Option<Value>),
    /// The side already holds it, or as much of it as it can.
    Nothing,
    /// It has no twin on the side, which keeps what it holds until there is one.
    Kept,
    /// It waits, with the reason and the place of the rule or line that says so.
    Held(Trouble),
}

/// What a set of values becomes on one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The body to send: only what differs from what the side holds.
    pub body: Value,
    /// What became of each field, by index.
    pub sent: BTreeMap<usize, Sent>,
    /// What the other members of the groups that are written will read as, by index.
    pub along: BTreeMap<usize, Value>,
    /// What stands in the members of groups that the body empties, as the side shows it; else null.
    pub emptied: Value,
    /// Rows of references that must be made first.
    pub rows: Vec<NewRow>,
}

/// A row of a reference that nobody has yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRow {
    /// `system.resource`.
    pub reference: String,
    /// The value it is known by.
    pub value: String,
    /// What makes it.
    pub body: Value,
}

/// Where a record stands before a write: its body and its fields; nothing for a birth.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The body as the system shows it.
    pub body: &'a Value,
    /// The same in the shared shape.
    pub fields: &'a Fields,
    /// Fields that meet for the first time: a value without a twin wipes nothing of theirs.
    pub first: &'a BTreeSet<usize>,
    /// What the other side held when the two last agreed, by the key of a field; nothing where nobody says.
    pub agreed: Option<&'a BTreeMap<String, Value>>,
}

/// Why a draft came to nothing.
struct Stuck {
    trouble: Trouble,
    /// The fields without which it would do; none where it is about the record.
    fields: Vec<usize>,
}

impl<T: Into<Trouble>> From<T> for Stuck {
    fn from(trouble: T) -> Self {
        Self { trouble: trouble.into(), fields: Vec::new() }
    }
}

impl Stuck {
    fn over(fields: Vec<usize>) -> impl FnOnce(Trouble) -> Self {
        |trouble| Self { trouble, fields }
    }
}

impl Mapping {
    /// Says what a side must be sent so that it holds these values, all of them.
    ///
    /// # Errors
    /// Trouble when the record cannot move at all: a rule failed, a text is too long, a value that
    /// the system requires is missing.
    pub fn write(
        &self,
        side: Side,
        values: &BTreeMap<usize, Value>,
        standing: Option<Standing<'_>>,
        references: &Arc<References>,
    ) -> Result<Draft, Trouble> {
        self.draft(side, values, standing, references).map_err(|stuck| stuck.trouble)
    }

    /// Says what a record must be sent so that it holds these values, but for those that cannot stand there: such a
    /// one waits, with those that win or lose together with it, and holds no other up.
    ///
    /// # Errors
    /// Trouble when the record cannot move at all, as where a rule failed.
    pub fn update(
        &self,
        side: Side,
        values: &BTreeMap<usize, Value>,
        standing: Standing<'_>,
        references: &Arc<References>,
    ) -> Result<Draft, Trouble> {
        let (mut fitting, mut held) = (values.clone(), BTreeMap::new());
        loop {
            match self.draft(side, &fitting, Some(standing), references) {
                Ok(mut draft) => {
                    draft.sent.extend(held);
                    return Ok(draft);
                }
                Err(Stuck { trouble, fields }) => {
                    let bound = fields.iter().flat_map(|field| self.together(field));
                    let left_out: Vec<usize> = bound.copied().filter(|at| fitting.remove(at).is_some()).collect();
                    if left_out.is_empty() {
                        return Err(trouble);
                    }
                    held.extend(left_out.into_iter().map(|at| (at, Sent::Held(trouble.clone()))));
                }
            }
        }
    }

    fn draft(
        &self,
        side: Side,
        values: &BTreeMap<usize, Value>,
        standing: Option<Standing<'_>>,
        references: &Arc<References>,
    ) -> Result<Draft, Stuck> {
        let body = if standing.is_none() { self.newborn(side) } else { Value::Object(Map::new()) };
        let mut draft = Draft { body, ..Draft::default() };
        let mut views: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, value) in values {
            let Some(field) = self.fields.get(*index) else { continue };
            let end = field.ends.get(side);
            if let Some(held) = self.held(end, (*index, value), standing, references)? {
                draft.sent.insert(*index, Sent::Held(held));
            } else if end.slot.read_only || (end.is_id && standing.is_none()) {
                draft.sent.insert(*index, Sent::Nothing);
            } else if let At::Member { view, .. } = &end.at {
                views.entry(*view).or_default().push(*index);
            } else {
                let sent = self.write_field((side, *index), value, standing, references, &mut draft)?;
                draft.sent.insert(*index, sent);
            }
        }
        for (view, members) in views {
            self.write_view(view, &members, values, standing, (references, &mut draft))?;
        }
        if standing.is_none() {
            self.complain_missing(side, &draft)?;
        }
        Ok(draft)
    }

    /// True when a side has a word for a value: a pair of its table, a row of its lookup.
    pub fn has_twin(&self, side: Side, index: usize, value: &Value, references: &Arc<References>) -> bool {
        let Some(field) = self.fields.get(index) else { return false };
        let end = field.ends.get(side);
        match (&end.lookup, value) {
            _ if is_empty(value) => true,
            (Some(lookup), Value::Array(members)) if field.set => {
                lookup.create.is_some() || members.iter().all(|one| id_of(lookup, one, references).is_some())
            }
            (None, _) if field.set => true,
            _ => wire_of(field, end, value, references).is_ok(),
        }
    }

    /// What a record born on a side holds besides its fields.
    fn newborn(&self, side: Side) -> Value {
        let mut body = Value::Object(Map::new());
        for AtBirth { path, value, .. } in &self.sides.get(side).birth {
            let value = with_parameters(value, &self.parameters);
            if !is_empty(&value) {
                path.set(&mut body, value);
            }
        }
        body
    }

    /// Why a value waits; one that stands there already does not.
    fn held(
        &self,
        end: &End,
        (index, value): (usize, &Value),
        standing: Option<Standing<'_>>,
        references: &Arc<References>,
    ) -> Result<Option<Trouble>, Trouble> {
        let stands = |there: Standing<'_>| there.fields.value(index) == value && !there.fields.is_borrowed(index);
        let Some(rule) = end.hold.as_ref().filter(|_| !standing.is_some_and(stands)) else { return Ok(None) };
        let record = standing.map_or(&Value::Null, |standing| standing.body);
        let reason = self.rules.reason(rule, [value.into(), record.into()], references)?;
        Ok(reason.map(|reason| Trouble { reason, place: rule.place.clone() }))
    }

    fn write_field(
        &self,
        (side, index): (Side, usize),
        value: &Value,
        standing: Option<Standing<'_>>,
        references: &Arc<References>,
        draft: &mut Draft,
    ) -> Result<Sent, Stuck> {
        let Some(field) = self.fields.get(index) else { return Ok(Sent::Nothing) };
        let end = field.ends.get(side);
        let At::Path(path) = &end.at else { return Ok(Sent::Nothing) };
        let old = standing.and_then(|standing| path.get(standing.body)).unwrap_or_default();
        let (translated, members) = if field.set {
            match write_set(field, end, value, &old, (references, draft)) {
                Ok(Some((rows, members))) => (Wire::Value(rows), members),
                Ok(None) => return Ok(Sent::Nothing),
                Err(reason) => (Wire::Hold(Trouble::at(&field.place, reason)), None),
            }
        } else {
            (translate(field, end, (index, value), standing, references), None)
        };
        let wire = match translated {
            Wire::Value(wire) => wire,
            Wire::Keep => return Ok(Sent::Kept),
            Wire::Hold(trouble) if standing.is_some() => return Ok(Sent::Held(trouble)),
            Wire::Hold(trouble) => return Err(trouble.into()),
        };
        let wire = match &end.write {
            Some(rule) => self.rules.call(rule, [(&wire).into(), (&old).into()], references)?,
            None => wire,
        };
        let (wire, becomes) = match field.set {
            true => (wire, members),
            false => shaped(field, end, value, wire).map_err(Stuck::over(vec![index]))?,
        };
        if same_wire(&wire, &old, &end.slot) || (standing.is_none() && is_empty(&wire)) {
            return Ok(Sent::Nothing);
        }
        let reads_as = |rule| self.rules.call(rule, [(&wire).into()], references).ok();
        let read = end.write.as_ref().and(end.read.as_ref()).filter(|_| becomes.is_none()).and_then(reads_as);
        let read = read.map(|raw| read_value(field, end, raw, &Value::Null, references));
        path.set(&mut draft.body, wire);
        Ok(Sent::Written(becomes.or_else(|| other_words(field, value, read?))))
    }

    fn write_view(
        &self,
        index: usize,
        members: &[usize],
        values: &BTreeMap<usize, Value>,
        standing: Option<Standing<'_>>,
        (references, draft): (&Arc<References>, &mut Draft),
    ) -> Result<(), Stuck> {
        let Some(view) = self.views.get(index) else { return Ok(()) };
        let old = || standing.map_or_else(|| Given::from(&Value::Null), |standing| seen_by(view, standing.body));
        // What stays as it is goes to the rule as it is shown, not as it was shared: nobody asked to write it otherwise.
        let shown = match standing {
            Some(_) => self.rules.call(&view.read, [old()], references)?,
            None => Value::Null,
        };
        let mut new = Map::new();
        let mut written = Vec::new();
        let mut others = Vec::new();
        for (at, field) in self.fields.iter().enumerate() {
            let end = field.ends.get(view.side);
            let At::Member { view: of, name } = &end.at else { continue };
            if *of != index {
                continue;
            }
            others.extend((!members.contains(&at)).then_some((at, field, name)));
            let mut wire = shown.get(name).map(|shown| raw_of(shown).unwrap_or(shown)).cloned().unwrap_or_default();
            let value = values.get(&at).filter(|_| members.contains(&at));
            let stands = |value| {
                let read = read_value(field, end, wire.clone(), &Value::Null, references);
                !field.set && field.canon.same(&read, value)
            };
            if standing.is_some() && value.is_some_and(stands) {
                written.push((at, None));
            } else if let Some(value) = value {
                match translate(field, end, (at, value), standing, references) {
                    Wire::Value(given) => {
                        let (given, becomes) = shaped(field, end, value, given).map_err(Stuck::over(vec![at]))?;
                        wire = given;
                        written.push((at, becomes));
                    }
                    Wire::Keep => drop(draft.sent.insert(at, Sent::Kept)),
                    Wire::Hold(trouble) if standing.is_some() => drop(draft.sent.insert(at, Sent::Held(trouble))),
                    Wire::Hold(trouble) => return Err(trouble.into()),
                }
            }
            new.insert(name.clone(), wire);
        }
        let Some(rule) = &view.write else { return Ok(()) };
        let new = Value::Object(new);
        let answer = if view.sees_agreed {
            let agreed = self.agreed(index, view.side, standing, references);
            self.rules.call(rule, [(&new).into(), old(), (&agreed).into()], references)?
        } else {
            self.rules.call(rule, [(&new).into(), old()], references)?
        };
        let wrote = place_view(view, &answer, standing, draft).map_err(Stuck::over(members.to_vec()))?;
        let read = if wrote { self.read_again(view, &answer, standing, references) } else { Value::Null };
        for (member, becomes) in written {
            let becomes = becomes.or_else(|| self.in_other_words((view.side, member), values, &read, references));
            draft.sent.insert(member, if wrote { Sent::Written(becomes) } else { Sent::Nothing });
        }
        if read.is_object() {
            draft.along.extend(others.into_iter().map(|(at, field, name)| {
                let wire = read.get(name).cloned().unwrap_or_default();
                (at, read_value(field, field.ends.get(view.side), wire, &Value::Null, references))
            }));
        }
        Ok(())
    }

    /// What the other side held when the two last agreed, as a group's rule takes it; nothing where they never did.
    fn agreed(&self, index: usize, side: Side, standing: Option<Standing<'_>>, references: &Arc<References>) -> Value {
        let Some(known) = standing.and_then(|standing| standing.agreed) else { return Value::Null };
        let mut agreed = Map::new();
        for (at, field) in self.fields.iter().enumerate() {
            let end = field.ends.get(side);
            let At::Member { view, name } = &end.at else { continue };
            let Some(value) = known.get(&field.key).filter(|_| *view == index) else { continue };
            if let Wire::Value(wire) = translate(field, end, (at, value), standing, references) {
                agreed.insert(name.clone(), wire);
            }
        }
        if agreed.is_empty() { Value::Null } else { Value::Object(agreed) }
    }

    /// What a group reads as once it was written.
    fn read_again(
        &self,
        view: &View,
        answer: &Value,
        standing: Option<Standing<'_>>,
        references: &Arc<References>,
    ) -> Value {
        let mut body = standing.map_or_else(|| Value::Object(Map::new()), |standing| standing.body.clone());
        for (path, _) in &view.of {
            if let Some(given) = answer.get(path.text()) {
                path.set(&mut body, given.clone());
            }
        }
        // What cannot be read again is known once the system shows it.
        self.rules.call(&view.read, [seen_by(view, &body)], references).unwrap_or_default()
    }

    /// What a member of a group reads as, where its rule writes it in other words.
    fn in_other_words(
        &self,
        (side, member): (Side, usize),
        values: &BTreeMap<usize, Value>,
        read: &Value,
        references: &Arc<References>,
    ) -> Option<Value> {
        let (field, value) = (self.fields.get(member)?, values.get(&member)?);
        let end = field.ends.get(side);
        let At::Member { name, .. } = &end.at else { return None };
        other_words(field, value, read_value(field, end, read.get(name)?.clone(), &Value::Null, references))
    }

    /// A birth needs every value that the system requires.
    fn complain_missing(&self, side: Side, draft: &Draft) -> Result<(), Trouble> {
        for (path, place) in &self.sides.get(side).required {
            if path.get(&draft.body).is_none_or(|value| is_empty(&value)) {
                let line = self.fields.iter().find(|field| match &field.ends.get(side).at {
                    At::Path(at) => at.text() == path.text(),
                    At::Member { .. } => false,
                });
                let place = line.map_or(place, |field| &field.place);
                return Err(Trouble::at(place, format!("`{path}` is required and nothing fills it")));
            }
        }
        Ok(())
    }
}

/// What a value reads as once it was written, where that is another one.
fn other_words(field: &Field, value: &Value, read: Value) -> Option<Value> {
    let other = !field.set && scalar_text(&read).is_some() && !field.canon.same(&read, value);
    other.then_some(read)
}

/// Puts into the body what a group's rule gave and the side does not hold yet.
fn place_view(view: &View, answer: &Value, standing: Option<Standing<'_>>, draft: &mut Draft) -> Result<bool, Trouble> {
    let mut wrote = false;
    let is_known = |key: &&String| view.of.iter().any(|(path, _)| path.text() == key.as_str());
    if let Some(key) = answer.as_object().into_iter().flat_map(Map::keys).find(|key| !is_known(key)) {
        return Err(Trouble::at(
            &view.place,
            format!("the rule of {} gives `{key}`, which is not under its `of:`", view.group),
        ));
    }
    for (path, slot) in &view.of {
        let Some(given) = answer.get(path.text()) else { continue };
        let wire = if given.is_object() || given.is_array() {
            given.clone()
        } else {
            shape_value(given.clone(), slot, None)
                .map_err(|reason| Trouble::at(&view.place, format!("`{path}` of {} {reason}", view.group)))?
        };
        let before = standing.and_then(|standing| path.look(standing.body)).unwrap_or_default();
        if same_wire(&wire, &before, slot) || (standing.is_none() && is_empty(&wire)) {
            continue;
        }
        if is_empty(&wire) && !is_empty(&before) {
            path.set(&mut draft.emptied, before.into_owned());
        }
        path.set(&mut draft.body, wire);
        wrote = true;
    }
    Ok(wrote)
}

enum Wire {
    Value(Value),
    Keep,
    Hold(Trouble),
}

/// One shared value as the side writes it.
fn translate(
    field: &Field,
    end: &End,
    (index, value): (usize, &Value),
    standing: Option<Standing<'_>>,
    references: &Arc<References>,
) -> Wire {
    if is_empty(value) {
        return Wire::Value(end.slot.empty.clone());
    }
    match wire_of(field, end, value, references) {
        Ok(wire) => Wire::Value(wire),
        Err(reason) => match end.missing {
            Missing::Hold => Wire::Hold(Trouble::at(&field.place, reason)),
            Missing::Empty if standing.is_none_or(|standing| !standing.first.contains(&index)) => {
                Wire::Value(end.slot.empty.clone())
            }
            Missing::Empty | Missing::Keep => Wire::Keep,
        },
    }
}

/// A filled shared value as the side writes it, or why it has no twin there.
fn wire_of(field: &Field, end: &End, value: &Value, references: &Arc<References>) -> Result<Value, String> {
    if is_unresolved(value) {
        return Err(format!("{} has no known value on the other side", field.label));
    }
    let value = back_through_table(field, end, value)
        .ok_or_else(|| format!("the table of {} has no pair for `{}`", field.label, plain(value)))?;
    let Some(lookup) = &end.lookup else { return Ok(value) };
    id_of(lookup, &value, references).ok_or_else(|| no_twin(lookup, &value))
}

fn plain(value: &Value) -> String {
    scalar_text(value).unwrap_or_else(|| value.to_string())
}

fn back_through_table(field: &Field, end: &End, value: &Value) -> Option<Value> {
    if end.table.is_empty() {
        return Some(value.clone());
    }
    let text = scalar_text(value)?;
    let means = |shared: &str| field.canon.same(&Value::from(shared), value);
    let exact = end.table.iter().find(|(_, shared)| *shared == text);
    let here = exact.or_else(|| end.table.iter().find(|(_, shared)| means(shared)));
    here.map(|(here, _)| Value::from(here.as_str()))
}

fn id_of(lookup: &Lookup, value: &Value, references: &Arc<References>) -> Option<Value> {
    let row = references.find(&lookup.reference, &lookup.by, &scalar_text(value)?)?;
    row.get(&lookup.id).cloned()
}

/// The list a side must hold: its rows that never travel, and a row for each member; with the members, where some have
/// no row there and the line says to leave those out. `None` when it holds just that; an error when one has to wait.
fn write_set(
    field: &Field,
    end: &End,
    value: &Value,
    old: &Value,
    (references, draft): (&Arc<References>, &mut Draft),
) -> Result<Option<(Value, Option<Value>)>, String> {
    let mut rows: Vec<Value> = Vec::new();
    let mut held: BTreeMap<String, Value> = BTreeMap::new();
    for row in old.as_array().map(Vec::as_slice).unwrap_or_default() {
        // A row nobody can read is none the mapping speaks of: it stays.
        let form = member_value(end, row, references).map(|member| field.canon.form(&member));
        match form.filter(|form| !form.is_empty() && !end.except.contains(&folded(form))) {
            Some(form) => drop(held.entry(form).or_insert_with(|| slim(end, row))),
            None if flaw::is(Flaw::ListReplaced) => {}
            None => rows.push(slim(end, row)),
        }
    }
    let members = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut becomes = Vec::new();
    let mut wanted = BTreeSet::new();
    for member in members {
        let form = field.canon.form(member);
        if let Some(row) = held.get(&form) {
            rows.push(row.clone());
        } else {
            let cell = match &end.lookup {
                None => Some(member.clone()),
                Some(lookup) => id_of(lookup, member, references).or_else(|| new_row(lookup, member, draft)),
            };
            match (cell, &end.lookup) {
                (Some(cell), _) => rows.push(wrap(end, cell)),
                (None, Some(lookup)) if end.missing == Missing::Hold => return Err(no_twin(lookup, member)),
                (None, _) => continue,
            }
        }
        wanted.insert(form);
        becomes.push(member.clone());
    }
    if wanted.iter().eq(held.keys()) {
        return Ok(None);
    }
    let less = becomes.len() < members.len();
    Ok(Some((Value::Array(rows), less.then_some(Value::Array(becomes)))))
}

/// Why a value waits that no row of a lookup has.
fn no_twin(lookup: &Lookup, value: &Value) -> String {
    format!("no {} has {} `{}`", lookup.reference, lookup.by, plain(value))
}

/// A row with only the member that counts.
fn slim(end: &End, row: &Value) -> Value {
    match &end.member {
        Some(member) => wrap(end, row.get(member).cloned().unwrap_or_default()),
        None => row.clone(),
    }
}

fn wrap(end: &End, cell: Value) -> Value {
    match &end.member {
        Some(member) => Value::Object(std::iter::once((member.clone(), cell)).collect()),
        None => cell,
    }
}

fn new_row(lookup: &Lookup, member: &Value, draft: &mut Draft) -> Option<Value> {
    let template = lookup.create.as_ref()?;
    let value = scalar_text(member)?;
    let row = NewRow { reference: lookup.reference.clone(), body: filled(template, "value", &value), value };
    let later = json!({ LATER: { "reference": row.reference, "value": folded(&row.value) } });
    if !draft.rows.contains(&row) {
        draft.rows.push(row);
    }
    Some(later)
}

/// A template with its parameters put in; one that is a parameter and nothing else keeps its kind.
fn with_parameters(template: &Value, parameters: &Map<String, Value>) -> Value {
    let Value::String(text) = template else { return template.clone() };
    let only = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(value) = only.and_then(|name| parameters.get(name)) {
        return value.clone();
    }
    let mut filled = text.clone();
    for (name, value) in parameters {
        filled = filled.replace(&format!("{{{name}}}"), &scalar_text(value).unwrap_or_default());
    }
    Value::from(filled)
}

/// A template with `{name}` replaced by a text, everywhere inside.
pub fn filled(template: &Value, name: &str, text: &str) -> Value {
    match template {
        Value::String(pattern) => Value::from(pattern.replace(&format!("{{{name}}}"), text)),
        Value::Array(list) => list.iter().map(|item| filled(item, name, text)).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), filled(value, name, text))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    }
}
