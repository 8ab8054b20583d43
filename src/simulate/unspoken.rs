//! I5: what no line writes on a side changes by people alone, members of every kind and those of lists
//! that never travel.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Broken;
use super::judge::Evidence;
use crate::mapping::field::{At, Field, is_empty};
use crate::path::Path;
use crate::record::Side;
use crate::reference::{folded, scalar_text};

impl Evidence<'_> {
    /// Compares how every deed left a record with how the next one found it, and how it is in the end.
    pub(super) fn unspoken(&self, broken: &mut Vec<Broken>) {
        for side in Side::BOTH {
            let place = self.mapping.sides.get(side).name();
            let mut left: BTreeMap<&String, Value> = BTreeMap::new();
            for deed in self.deeds.iter().filter(|deed| deed.place == place) {
                let before = deed.before.as_ref().map(|body| self.bare(side, body));
                broken.extend(self.moved(side, &deed.id, left.get(&deed.id), before.as_ref()));
                match &deed.after {
                    Some(after) => drop(left.insert(&deed.id, self.bare(side, after))),
                    None => drop(left.remove(&deed.id)),
                }
            }
            for (id, left) in left {
                let now = self.records.get(side).get(id).map(|body| self.bare(side, body));
                broken.extend(self.moved(side, id, Some(&left), now.as_ref()));
            }
        }
    }

    fn moved(&self, side: Side, id: &str, left: Option<&Value>, found: Option<&Value>) -> Option<Broken> {
        let (name, was, is) = difference("", left?, found?)?;
        let place = self.mapping.sides.get(side).name();
        let sentence = format!("no line writes `{name}` of {place} {id}, which was left with {was} and holds {is}");
        Some(Broken { invariant: "I5", sentence, concerns: vec![id.to_owned()] })
    }

    /// A record without what the mapping writes there and what the system itself keeps up.
    fn bare(&self, side: Side, body: &Value) -> Value {
        let mut body = body.clone();
        for path in self.written(side) {
            path.take(&mut body);
        }
        for name in self.keeps.get(side).iter().copied().chain(self.carried.get(side).iter().map(String::as_str)) {
            take(&mut body, name);
        }
        body
    }

    /// Where the mapping writes on a side.
    fn written(&self, side: Side) -> impl Iterator<Item = &Path> {
        let end = self.mapping.sides.get(side);
        let fields = self.mapping.fields.iter().filter(move |field| field.flows_to(side));
        let plain = fields.filter_map(move |field| field.ends.get(side).at.path());
        let views = self.mapping.views.iter().filter(move |view| view.side == side && view.write.is_some());
        let views = views.flat_map(|view| view.of.iter().map(|(path, _)| path));
        plain.chain(views).chain(&end.integration)
    }

    /// Members of a list that never travel and are gone.
    pub(super) fn kept_back(&self, side: Side, id: &str, field: &Field) -> Vec<(&'static str, String)> {
        let place = self.mapping.sides.get(side).name();
        let mut deeds = self.deeds.iter().rev().filter(|deed| deed.place == place && deed.id == *id);
        // What was typed between a read and the write that followed it is overwritten.
        let last = deeds.next().filter(|deed| !self.raced(side, id, deed.at_ms));
        let left = last.and_then(|deed| deed.after.as_ref()).map(|body| kept_back(field, side, body));
        let now = self.records.get(side).get(id).map(|body| kept_back(field, side, body)).unwrap_or_default();
        let left = left.unwrap_or_default();
        let gone = left.difference(&now);
        gone.map(|member| ("I5", format!("no line speaks of `{member}` on the {side}, and it is gone"))).collect()
    }
}

/// The first member in which two values differ, but for what is empty in both.
fn difference<'a>(name: &str, one: &'a Value, other: &'a Value) -> Option<(String, &'a Value, &'a Value)> {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            names.into_iter().find_map(|member| {
                let inner = |map: &'a serde_json::Map<String, Value>| map.get(member).unwrap_or(&Value::Null);
                let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
                difference(&name, inner(left), inner(right))
            })
        }
        (Value::Object(map), _) if is_empty(other) => {
            map.iter().find_map(|(member, value)| difference(&format!("{name}.{member}"), value, other))
        }
        (_, Value::Object(map)) if is_empty(one) => {
            map.iter().find_map(|(member, value)| difference(&format!("{name}.{member}"), one, value))
        }
        (one, other) => (one != other && !(is_empty(one) && is_empty(other))).then(|| (name.to_owned(), one, other)),
    }
}

/// Takes out the member at a path of names.
fn take(body: &mut Value, path: &str) {
    let Some(members) = body.as_object_mut() else { return };
    match path.split_once('.') {
        None => drop(members.remove(path)),
        Some((first, rest)) => {
            if let Some(inner) = members.get_mut(first) {
                take(inner, rest);
            }
        }
    }
}

/// The members of a list that never travel, folded.
fn kept_back(field: &Field, side: Side, body: &Value) -> BTreeSet<String> {
    let end = field.ends.get(side);
    let At::Path(path) = &end.at else { return BTreeSet::new() };
    let list = path.get(body).unwrap_or_default();
    let rows = list.as_array().map_or(&[][..], Vec::as_slice).iter();
    let members = rows.filter_map(|row| end.member.as_ref().map_or(Some(row), |member| row.get(member)));
    members.filter_map(scalar_text).map(|text| folded(&text)).filter(|text| end.except.contains(text)).collect()
}
