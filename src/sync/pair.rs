//! Which records are one thing: links first, then keys in the order written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Snapshot;
use crate::link::Link;
use crate::mapping::field::{Fields, is_empty};
use crate::mapping::{Mapping, print_of};
use crate::record::{Side, Sides};

/// Keys of records that are linked already, and whose they are. Kept as prints: there may be many.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    ids: HashMap<u64, Box<str>>,
    /// Of those whose twin is gone: what it was called.
    bereft: HashMap<Box<str>, Box<str>>,
}

/// The key that newborns of ours carry, beside the keys of the mapping.
const INTEGRATION: usize = usize::MAX;

impl Taken {
    /// Whose key this is.
    pub fn get(&self, key: usize, form: &str) -> Option<&str> {
        self.ids.get(&print_of(&(key, form))).map(|id| &**id)
    }

    /// Notes whose key this is.
    pub fn insert(&mut self, key: usize, form: &str, id: &str) {
        self.ids.insert(print_of(&(key, form)), id.into());
    }

    /// Notes whose keys these fields hold.
    pub fn insert_all(&mut self, mapping: &Mapping, fields: &Fields, id: &str) {
        for key in &mapping.keys {
            if let Some(form) = key_form(mapping, *key, fields) {
                self.insert(*key, &form, id);
            }
        }
    }

    /// True when it knows nobody.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Who holds one of the keys of these fields.
    pub fn holder(&self, mapping: &Mapping, fields: &Fields) -> Option<&str> {
        mapping.keys.iter().find_map(|key| self.get(*key, &key_form(mapping, *key, fields)?))
    }
}

/// What pairing found.
#[derive(Debug, Default)]
pub struct Pairs {
    /// Pairs found by a key, or by the key of a birth; both records are there.
    pub matched: Vec<Sides<String>>,
    /// Records that no key joins to another.
    pub alone: Sides<Vec<String>>,
    /// Records that a key joins to more than one, with the reason.
    pub ambiguous: Vec<Ambiguous>,
}

/// A record of which nobody can say what it is the twin of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambiguous {
    /// The side it lives on.
    pub side: Side,
    /// Its id.
    pub id: String,
    /// One sentence.
    pub reason: String,
}

/// The form of a record's key; nothing when it has no value there.
pub fn key_form(mapping: &Mapping, key: usize, fields: &Fields) -> Option<String> {
    let field = mapping.fields.get(key)?;
    let value = fields.value(key);
    if is_empty(value) || value.is_object() {
        return None;
    }
    Some(field.canon.form(value)).filter(|form| !form.is_empty())
}

/// Notes the keys of a link, as its base knows them.
pub fn take_keys(mapping: &Mapping, link: &Link, taken: &mut Sides<Taken>) {
    for side in Side::BOTH.into_iter().filter(|side| !link.gone.get(*side)) {
        let (id, twin) = (link.ids.get(side), link.ids.get(side.other()));
        if *link.gone.get(side.other()) {
            taken.get_mut(side).bereft.insert(id.as_str().into(), twin.as_str().into());
        }
        if mapping.sides.get(side).integration.is_some() {
            let carried = mapping.integration_key(side, twin);
            taken.get_mut(side).insert(INTEGRATION, &carried, id);
        }
        for key in &mapping.keys {
            let Some(field) = mapping.fields.get(*key) else { continue };
            let Some(value) = link.base.get(side).fields.get(&field.key) else { continue };
            let form = field.canon.form(value);
            if !is_empty(value) && !form.is_empty() {
                taken.get_mut(side).insert(*key, &form, id);
            }
        }
    }
}

/// Joins unlinked records by their keys. `fields` holds those of every unlinked record, `carried` what stands in them
/// where newborns of ours carry their key.
pub fn pair(
    mapping: &Mapping,
    snapshot: &Snapshot,
    fields: &Sides<BTreeMap<String, Fields>>,
    carried: &Sides<BTreeMap<String, String>>,
) -> Pairs {
    let mut pairs = Pairs::default();
    if fields.left.is_empty() && fields.right.is_empty() {
        return pairs;
    }
    let mut free: Sides<BTreeSet<&String>> = Sides::each(|side| fields.get(side).keys().collect());
    for side in Side::BOTH {
        by_birth((mapping, snapshot), side, carried.get(side), &mut free, &mut pairs);
    }
    // Who has just met holds its keys as one that is linked does.
    let mut met = linked_keys(mapping, snapshot);
    pairs.matched.iter().for_each(|ids| meet(mapping, ids, fields, &mut met));
    for key in &mapping.keys {
        let forms = Sides::each(|side| forms_of(mapping, *key, free.get(side), fields.get(side)));
        let all: BTreeSet<&String> = forms.left.keys().chain(forms.right.keys()).collect();
        for form in all {
            let found = Sides::each(|side| forms.get(side).get(form).map(Vec::as_slice).unwrap_or_default());
            let held = Sides::each(|side| snapshot.taken.get(side).get(*key, form).or(met.get(side).get(*key, form)));
            let unique = found.left.len() <= 1 && found.right.len() <= 1;
            match (found.left, found.right, held.left.or(held.right)) {
                ([left], [right], None) => {
                    let ids = Sides::new((*left).clone(), (*right).clone());
                    free.left.remove(left);
                    free.right.remove(right);
                    meet(mapping, &ids, fields, &mut met);
                    pairs.matched.push(ids);
                }
                (_, _, None) if unique => {}
                _ => {
                    let label = mapping.fields.get(*key).map_or("", |field| field.label.as_str());
                    ambiguous((mapping, snapshot), (label, form), (&found, &held), &mut free, &mut pairs);
                }
            }
        }
    }
    pairs.alone = free.map(|ids| ids.into_iter().cloned().collect());
    pairs
}

/// The keys that linked records at hand show and their base does not know: a person has just typed them, or nobody has
/// compared the records yet, because their creation was answered with the one that was there.
fn linked_keys(mapping: &Mapping, snapshot: &Snapshot) -> Sides<Taken> {
    let mut met: Sides<Taken> = Sides::default();
    for link in &snapshot.links {
        for side in Side::BOTH.into_iter().filter(|side| !link.gone.get(*side)) {
            let id = link.ids.get(side);
            let Some(record) = snapshot.records.get(side).get(id) else { continue };
            let Ok(fields) = mapping.read(side, id, &record.body.value(), &snapshot.references) else { continue };
            met.get_mut(side).insert_all(mapping, &fields, id);
        }
    }
    met
}

/// Notes the keys of two records that have just met.
fn meet(mapping: &Mapping, ids: &Sides<String>, fields: &Sides<BTreeMap<String, Fields>>, met: &mut Sides<Taken>) {
    for side in Side::BOTH {
        let id = ids.get(side);
        if let Some(fields) = fields.get(side).get(id) {
            met.get_mut(side).insert_all(mapping, fields, id);
        }
    }
}

/// Joins the records that carry the key of a newborn of ours to those they were made from. Who carries the
/// key of one that is linked already is a double: a creation that was delivered twice, or a person's copy.
fn by_birth(
    (mapping, snapshot): (&Mapping, &Snapshot),
    side: Side,
    carried: &BTreeMap<String, String>,
    free: &mut Sides<BTreeSet<&String>>,
    pairs: &mut Pairs,
) {
    let (other, taken) = (side.other(), snapshot.taken.get(side));
    let Some(path) = &mapping.sides.get(side).integration else { return };
    let givers: HashMap<String, &String> =
        free.get(other).iter().map(|id| (mapping.integration_key(side, id), *id)).collect();
    if givers.is_empty() && taken.ids.is_empty() {
        return;
    }
    let mut carriers: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for id in free.get(side) {
        if let Some(form) = carried.get(*id) {
            carriers.entry(form).or_default().push(id);
        }
    }
    for (form, found) in carriers {
        let (holder, giver) = (taken.get(INTEGRATION, form), givers.get(form));
        if let ([one], Some(giver), None) = (found.as_slice(), giver, holder) {
            let mut ids = Sides::new((*one).clone(), (*one).clone());
            (*giver).clone_into(ids.get_mut(other));
            pairs.matched.push(ids);
            free.get_mut(side).remove(one);
            free.get_mut(other).remove(giver);
        } else if holder.is_some() || giver.is_some() {
            let givers: Vec<&String> = giver.into_iter().copied().collect();
            let all = Sides::each(|on| if on == side { found.as_slice() } else { givers.as_slice() });
            let held = Sides::each(|on| holder.filter(|_| on == side));
            ambiguous((mapping, snapshot), (path.text(), form), (&all, &held), free, pairs);
        }
    }
}

fn forms_of<'a>(
    mapping: &Mapping,
    key: usize,
    free: &BTreeSet<&'a String>,
    fields: &BTreeMap<String, Fields>,
) -> BTreeMap<String, Vec<&'a String>> {
    let mut forms: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for id in free {
        if let Some(form) = fields.get(*id).and_then(|fields| key_form(mapping, key, fields)) {
            forms.entry(form).or_default().push(id);
        }
    }
    forms
}

fn ambiguous<'a>(
    (mapping, snapshot): (&Mapping, &Snapshot),
    (label, form): (&str, &str),
    (found, held): (&Sides<&[&'a String]>, &Sides<Option<&str>>),
    free: &mut Sides<BTreeSet<&'a String>>,
    pairs: &mut Pairs,
) {
    let mut others: Vec<String> = Vec::new();
    let named = |side: Side, id: &str| {
        let side = mapping.sides.get(side);
        format!("{}.{} {id}", side.system, side.resource)
    };
    for side in Side::BOTH {
        others.extend(found.get(side).iter().map(|id| named(side, id)));
        others.extend(held.get(side).iter().map(|id| match snapshot.taken.get(side).bereft.get(*id) {
            Some(twin) => {
                let twin = named(side.other(), twin);
                format!(
                    "{} (linked to {twin}, which is gone; `depara links forget {id}` sets it free)",
                    named(side, id)
                )
            }
            None => format!("{} (linked)", named(side, id)),
        }));
    }
    let reason = format!("{label} `{form}` is shared by {}", others.join(", "));
    for side in Side::BOTH {
        for id in *found.get(side) {
            free.get_mut(side).remove(id);
            pairs.ambiguous.push(Ambiguous { side, id: (*id).clone(), reason: reason.clone() });
        }
    }
}
