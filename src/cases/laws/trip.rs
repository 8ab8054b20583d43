//! There and back: a value of one side on the other, and again on its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::stage::{Stage, bundles};
use super::tally::{Cause, Tally, Witness};
use crate::config::line::Law;
use crate::mapping::field::{At, Field, Fields, is_empty, is_unresolved};
use crate::mapping::{Draft, Sent, Standing};
use crate::record::{Side, Sides};
use crate::reference::{References, scalar_text};
use crate::sync::merge::same;

/// The id of a record that is tried.
const ID: &str = "7";

/// What a side shows of a record that was given some values, and what of them did not go.
struct Leg {
    /// What the record shows, line by line, and as shared values.
    shown: Vec<Value>,
    fields: Fields,
    /// The same, if the system had no habits.
    plain: Fields,
    sent: BTreeMap<usize, Sent>,
    references: Arc<References>,
}

/// Takes every value of a record to the other side and back, and notes what became of it. What was tried
/// before is in `seen`.
pub(super) fn take(stage: &Stage, from: Side, body: &Value, seen: &mut BTreeSet<String>, tallies: &mut [Sides<Tally>]) {
    let mapping = &stage.mapping;
    let id = mapping.sides.get(from).id.get(body).as_ref().and_then(scalar_text).unwrap_or_else(|| ID.to_owned());
    let read = mapping.read(from, &id, body, &stage.references);
    let shown = mapping.shown(from, &id, body, &stage.references);
    // A record that cannot be read is told by the plan; no value of it travels.
    let (Ok(fields), Ok(shown)) = (read, shown) else { return };
    for bundle in bundles(mapping) {
        let going = going(stage, from.other(), &bundle, &fields);
        if going.values().all(is_empty) {
            continue;
        }
        let raw: Vec<&Value> = bundle.iter().filter_map(|index| shown.get(*index)).collect();
        // What has a twin depends on the rows of a case.
        let twins = going.iter().all(|(index, value)| has_twin(stage, from, *index, value));
        if !seen.insert(format!("{from} {bundle:?} {} {} {twins}", json!(raw), json!(going))) {
            continue;
        }
        Trip { stage, from, fields: &fields, shown: &shown, going }.go(tallies);
    }
}

/// The values of a bundle that go to a side. What stands in for an empty one was typed by nobody.
fn going(stage: &Stage, to: Side, bundle: &[usize], fields: &Fields) -> BTreeMap<usize, Value> {
    let flows = |index: &&usize| stage.mapping.fields.get(**index).is_some_and(|field| field.flows_to(to));
    let typed = |index: &&usize| !fields.is_borrowed(**index);
    bundle.iter().filter(flows).filter(typed).map(|index| (*index, fields.value(*index).clone())).collect()
}

fn has_twin(stage: &Stage, from: Side, index: usize, value: &Value) -> bool {
    !is_unresolved(value) && stage.mapping.has_twin(from.other(), index, value, &stage.references)
}

struct Trip<'a> {
    stage: &'a Stage,
    from: Side,
    fields: &'a Fields,
    shown: &'a [Value],
    going: BTreeMap<usize, Value>,
}

impl Trip<'_> {
    fn go(&self, tallies: &mut [Sides<Tally>]) {
        let to = self.from.other();
        let there = match leg(self.stage, to, &self.going, &self.stage.references) {
            Ok(there) => there,
            Err(reason) => {
                for (index, value) in self.going.iter().filter(|(_, value)| !is_empty(value)) {
                    let shown = self.shown.get(*index).unwrap_or(value);
                    if let Some(tally) = tallies.get_mut(*index) {
                        tally.get_mut(to).waiting.add(shown, &reason);
                    }
                }
                return;
            }
        };
        let members: Vec<usize> = self.going.keys().copied().collect();
        let returning = going(self.stage, self.from, &members, &there.fields);
        let back = leg(self.stage, self.from, &returning, &there.references);
        for (index, value) in self.going.iter().filter(|(_, value)| !is_empty(value)) {
            let (Some(field), Some(tally)) = (self.stage.mapping.fields.get(*index), tallies.get_mut(*index)) else {
                continue;
            };
            self.judge((*index, field), value, &there, back.as_ref().ok(), tally);
            if let (Err(reason), true) = (&back, field.flows_to(self.from)) {
                let held = there.shown.get(*index).filter(|held| !is_empty(held));
                held.into_iter().for_each(|held| tally.get_mut(self.from).waiting.add(held, reason));
            }
        }
    }

    /// Notes what became of one value.
    fn judge(
        &self,
        (index, field): (usize, &Field),
        value: &Value,
        there: &Leg,
        back: Option<&Leg>,
        tally: &mut Sides<Tally>,
    ) {
        let to = self.from.other();
        let given = self.shown.get(index).cloned().unwrap_or_default();
        if !has_twin(self.stage, self.from, index, value) {
            return tally.get_mut(to).twinless.add(&given, "");
        }
        match there.sent.get(&index) {
            Some(Sent::Held(trouble)) => return tally.get_mut(to).waiting.add(&given, &trouble.reason),
            Some(Sent::Kept) => return tally.get_mut(to).twinless.add(&given, ""),
            Some(Sent::Written(_) | Sent::Nothing) | None => {}
        }
        let arrived = there.fields.value(index);
        let held = there.shown.get(index).cloned().unwrap_or_default();
        let form = |value: &Value| if is_empty(value) { String::new() } else { field.canon.form(value) };
        // A text that has no form in the canon is not the same as none.
        if !same(field, value, arrived) || is_empty(arrived) {
            let plain = there.plain.value(index);
            let cause = if !is_empty(plain) && same(field, value, plain) {
                Cause::Habit
            } else if is_alike(&given, &held) {
                Cause::Reading
            } else if field.ends.get(to).cut && is_beginning(value, arrived) {
                Cause::Cut
            } else {
                Cause::Line
            };
            return tally.get_mut(to).note(
                Law::Loses,
                false,
                form(arrived),
                Witness { given, held, back: None, cause },
            );
        }
        // The row that a record carries along need not be one that can be looked up.
        let returns =
            field.flows_to(self.from) && self.stage.mapping.has_twin(self.from, index, arrived, &there.references);
        let law = if is_alike(value, arrived) { Law::Exact } else { Law::Canon };
        let went = Witness { given, held, back: None, cause: Cause::Form };
        let Some(back) = back.filter(|back| returns && arrives(back.sent.get(&index))) else {
            return tally.get_mut(to).note(law, true, form(arrived), went);
        };
        let home = back.fields.value(index);
        let shown = back.shown.get(index).cloned().unwrap_or_default();
        if !same(field, arrived, home) || is_empty(home) {
            let plain = back.plain.value(index);
            let cause = if !is_empty(plain) && same(field, arrived, plain) { Cause::Habit } else { Cause::Line };
            tally
                .get_mut(self.from)
                .lost(form(home), Witness { given: went.held.clone(), held: shown, back: None, cause });
            return tally.get_mut(to).note(law, true, form(arrived), went);
        }
        let (law, cause) = self.form_of((index, field), &went.given, &shown, home);
        tally.get_mut(to).note(law, true, form(arrived), Witness { back: Some(shown), cause, ..went });
    }

    /// Whether a value that came home is written as it was.
    fn form_of(&self, (index, field): (usize, &Field), given: &Value, shown: &Value, home: &Value) -> (Law, Cause) {
        let end = field.ends.get(self.from);
        if is_alike(given, shown) || (field.set && self.fields.value(index) == home) {
            return (Law::Exact, Cause::Form);
        }
        // Another row of the same value is another value; so is a text of which less was read.
        let path = matches!(end.at, At::Path(_)) && !field.set;
        let differs = if end.lookup.is_some() || !end.table.is_empty() {
            scalar_text(given) != scalar_text(shown)
        } else {
            end.read.is_some() && !field.canon.same(given, shown)
        };
        if path && differs { (Law::Loses, Cause::Reading) } else { (Law::Canon, Cause::Form) }
    }
}

/// The same to the letter, blanks around aside, whether it is shown as a text or as a number.
pub(super) fn is_alike(one: &Value, other: &Value) -> bool {
    let text = |value: &Value| scalar_text(value).map(|text| text.trim().to_owned());
    let number = |value: &Value| value.as_f64().map(f64::to_bits);
    let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    one == other || same(text(one), text(other)) || (number(one).is_some() && number(one) == number(other))
}

const fn arrives(sent: Option<&Sent>) -> bool {
    match sent {
        Some(Sent::Held(_) | Sent::Kept) => false,
        Some(Sent::Written(_) | Sent::Nothing) | None => true,
    }
}

fn is_beginning(whole: &Value, start: &Value) -> bool {
    scalar_text(whole).zip(scalar_text(start)).is_some_and(|(whole, start)| whole.trim().starts_with(start.trim()))
}

/// Gives values to an empty record, and reads it.
fn leg(stage: &Stage, to: Side, values: &BTreeMap<usize, Value>, references: &Arc<References>) -> Result<Leg, String> {
    let (mapping, nothing) = (&stage.mapping, json!({}));
    let fields = mapping.read(to, ID, &nothing, references).unwrap_or_default();
    let standing = Standing { body: &nothing, fields: &fields, first: &BTreeSet::new(), agreed: None };
    let draft = mapping.update(to, values, standing, references).map_err(|trouble| trouble.reason)?;
    let Draft { body, sent, rows, .. } = draft;
    let mut world = stage.world.clone();
    let mut references = Arc::clone(references);
    if !rows.is_empty() {
        world.make_rows(&rows);
        references = world.references();
    }
    let (held, bare) = world.given(to, body);
    let read = |body: &Value| mapping.read(to, ID, body, &references).map_err(|trouble| trouble.reason);
    let (fields, plain) = (read(&held)?, read(&bare)?);
    let shown = mapping.shown(to, ID, &held, &references).map_err(|trouble| trouble.reason)?;
    Ok(Leg { shown, fields, plain, sent, references })
}
