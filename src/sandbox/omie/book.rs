//! Records that Omie numbers and that applications may give a code of their own.
//!
//! Products, services, service orders and sales orders are kept alike: by number, findable by the
//! integration code, with the version before the last change for listings that lag.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::page::Page;
use super::record::Stamp;
use super::refusal::Refusal;
use super::schema::{Fields, is_empty};
use super::{Ask, wire};

/// A record.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: i64,
    pub(super) fields: Fields,
    pub(super) created: Stamp,
    pub(super) changed: Stamp,
    /// When it was invoiced.
    pub(super) billed: Option<Stamp>,
    /// When it was cancelled.
    pub(super) cancelled: Option<Stamp>,
    /// The version before the last change.
    before: Option<Box<(Fields, Stamp)>>,
}

impl Entry {
    /// The record as it was at a moment: nothing before its birth.
    fn at(&self, moment_ms: i64) -> Option<Self> {
        if self.created.at_ms > moment_ms {
            return None;
        }
        let mut then = self.clone();
        if let (true, Some(before)) = (self.changed.at_ms > moment_ms, &self.before) {
            (then.fields, then.changed) = (**before).clone();
        }
        Some(then)
    }
}

/// Records of one kind.
#[derive(Debug)]
pub(super) struct Book {
    rows: BTreeMap<i64, Entry>,
    integrated: HashMap<String, i64>,
    /// Where the integration code stands.
    code: fn(&Fields) -> &str,
    last: i64,
}

impl Book {
    /// An empty book, whose numbers follow the one given.
    pub(super) fn new(last: i64, code: fn(&Fields) -> &str) -> Self {
        Self { rows: BTreeMap::new(), integrated: HashMap::new(), code, last }
    }

    /// All records, by number.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Entry> {
        self.rows.values()
    }

    pub(super) fn get(&self, id: i64) -> Option<&Entry> {
        self.rows.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: i64) -> Option<&mut Entry> {
        self.rows.get_mut(&id)
    }

    /// The number under an integration code.
    pub(super) fn integrated(&self, code: &str) -> Option<i64> {
        self.integrated.get(code).copied()
    }

    /// The next number, a few beyond the last.
    pub(super) fn next(&mut self, step: i64) -> i64 {
        self.last += step;
        self.last
    }

    /// Adds a record.
    pub(super) fn add(&mut self, id: i64, fields: Fields, created: Stamp) {
        self.enter(id, &fields);
        let changed = created;
        self.rows.insert(id, Entry { id, fields, created, changed, billed: None, cancelled: None, before: None });
    }

    /// Replaces the fields of a record.
    pub(super) fn change(&mut self, id: i64, fields: Fields, changed: Stamp) {
        if let Some(mut row) = self.rows.remove(&id) {
            self.leave(&row);
            self.enter(id, &fields);
            let old = std::mem::replace(&mut row.fields, fields);
            row.before = Some(Box::new((old, row.changed)));
            row.changed = changed;
            self.rows.insert(id, row);
        }
    }

    /// Takes a record out; tells whether it was there.
    pub(super) fn remove(&mut self, id: i64) -> bool {
        let gone = self.rows.remove(&id);
        gone.inspect(|row| self.leave(row)).is_some()
    }

    /// Takes a record out that is neither invoiced nor cancelled; tells whether it is gone.
    pub(super) fn remove_open(&mut self, id: i64) -> bool {
        let open = self.rows.get(&id).is_some_and(|row| row.billed.is_none() && row.cancelled.is_none());
        open && self.remove(id)
    }

    fn enter(&mut self, id: i64, fields: &Fields) {
        let code = (self.code)(fields);
        if !code.is_empty() {
            self.integrated.insert(code.to_owned(), id);
        }
    }

    fn leave(&mut self, row: &Entry) {
        let code = (self.code)(&row.fields);
        if self.integrated.get(code) == Some(&row.id) {
            self.integrated.remove(code);
        }
    }

    /// The records that a listing may show, as they were when it lags.
    pub(super) fn fitting(&self, ask: &Ask, fits: impl Fn(&Entry) -> bool) -> Vec<Cow<'_, Entry>> {
        if ask.disturbed.empty {
            return Vec::new();
        }
        let stale_ms = ask.disturbed.stale_ms;
        let then = self.rows.values().filter_map(|row| match stale_ms {
            Some(moment_ms) => row.at(moment_ms).map(Cow::Owned),
            None => Some(Cow::Borrowed(row)),
        });
        then.filter(|row| fits(row)).collect()
    }
}

/// How a listing names its page: in snakes or in Hungarian.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dialect {
    Snake,
    Hungarian,
}

/// The answer of a listing; a page without rows is a refusal.
pub(super) fn paged<T>(
    page: Page,
    (dialect, list): (Dialect, &str),
    (ask, rows): (&Ask, &[T]),
    shape: impl Fn(&T) -> Value,
) -> Result<String, Refusal> {
    let range = page.range(rows.len(), ask.disturbed.shift);
    let shown: Vec<Value> = rows.get(range).unwrap_or_default().iter().map(shape).collect();
    if shown.is_empty() {
        return Err(Refusal::no_rows(page.number));
    }
    let (pages, count, total) = (page.pages(rows.len()), shown.len(), rows.len());
    let mut body = match dialect {
        Dialect::Snake => json!({ "pagina": page.number, "total_de_paginas": pages, "registros": count,
            "total_de_registros": total }),
        Dialect::Hungarian => json!({ "nPagina": page.number, "nTotPaginas": pages, "nRegistros": count,
            "nTotRegistros": total }),
    };
    put(&mut body, list, Value::Array(shown));
    Ok(wire::text(&body))
}

/// One block of a record; null where there is none.
pub(super) fn block<'a>(fields: &'a Fields, name: &str) -> &'a Value {
    fields.get(name).unwrap_or(&Value::Null)
}

/// The items of a list.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text inside a block, empty when absent.
pub(super) fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number inside a block, 0 when absent.
pub(super) fn whole(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// A number inside a block, 0 when absent.
pub(super) fn decimal(value: &Value, name: &str) -> f64 {
    value.get(name).and_then(Value::as_f64).unwrap_or_default()
}

/// Puts a member into an object.
pub(super) fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value.into());
    }
}

/// A sum of money to the cent.
pub(super) fn cents(sum: f64) -> f64 {
    // Zero has one sign only: the sum of nothing is a negative one.
    (sum * 100.0).round() / 100.0 + 0.0
}

/// Merges an object into another: what is not named stays, what is named empty goes, as switched.
pub(super) fn merged(old: &Value, sent: &Value, empty_clears: bool) -> Value {
    let mut merged: Map<String, Value> = old.as_object().cloned().unwrap_or_default();
    for (name, value) in sent.as_object().into_iter().flatten() {
        if value.is_object() {
            let inner = self::merged(merged.get(name).unwrap_or(&Value::Null), value, empty_clears);
            merged.insert(name.clone(), inner);
        } else if !is_empty(value) {
            merged.insert(name.clone(), value.clone());
        } else if empty_clears {
            merged.remove(name);
        }
    }
    Value::Object(merged)
}

/// Which blocks and tags of an order a write merges in its own way.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The block of the keys.
    pub(super) head: &'static str,
    /// Tags of the head that the account fills itself.
    pub(super) own: &'static [&'static str],
    /// The integration code, which nothing empties.
    pub(super) code: &'static str,
    /// Blocks that are read item by item, or not at all.
    pub(super) apart: &'static [&'static str],
}

impl Blocks {
    /// Merges the plain blocks of what was sent into an order; lists come whole.
    pub(super) fn merge(&self, order: &mut Fields, sent: &Fields, empty_clears: bool) {
        for (tag, value) in sent.iter().filter(|(tag, _)| !self.apart.contains(tag)) {
            let mut value = value.clone();
            if let Some(head) = value.as_object_mut().filter(|_| *tag == self.head) {
                head.retain(|tag, value| {
                    let kept = tag == self.code && is_empty(value);
                    !kept && !self.own.contains(&tag.as_str())
                });
            }
            if value.is_object() {
                value = merged(block(order, tag), &value, empty_clears);
            }
            order.insert(tag, value);
        }
    }
}

/// A block without what is empty.
pub(super) fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().map(|(name, value)| (name.clone(), without_empty(value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(without_empty).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
