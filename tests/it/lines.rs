//! Laws of single lines in the life of a pair: what a set keeps, what `once` forbids, what one way
//! means for whoever types on the receiving side.

use std::collections::BTreeSet;

use depara::link::Link;
use depara::mapping::field::{Field, Fields, is_empty};
use depara::record::{Side, Sides};
use depara::sync::Plan;
use depara::sync::merge::same;
use depara::sync::plan::Act;
use proptest::prelude::*;

use crate::laws::{Story, at, both, config, has_twin, plain_habits, settle, speaks_of, story};
use crate::play::{Kind, Play, Way};

/// A pair that met, settled, was edited on both sides and settled again.
struct Life {
    play: Play,
    met: Vec<Plan>,
    /// As it stood when people began to type, when they had typed, and in the end.
    base: Sides<Fields>,
    then: Sides<Fields>,
    now: Sides<Fields>,
    plans: Vec<Plan>,
    link: Link,
}

fn live(story: &Story) -> Result<Option<Life>, TestCaseError> {
    let mut play = story.begin(false);
    let met = settle(&mut play, 100)?;
    let Some(link) = play.link.clone() else { return Ok(None) };
    let base = both(&play);
    story.edit(&mut play);
    let then = both(&play);
    let plans = settle(&mut play, 3_001)?;
    let now = both(&play);
    Ok(Some(Life { play, met, base, then, now, plans, link }))
}

/// The members of a set, in the form in which they are compared.
fn forms(field: &Field, fields: &Fields, index: usize) -> BTreeSet<String> {
    let list = fields.value(index).as_array().cloned().unwrap_or_default();
    // `Sys` never travels.
    list.iter().map(|member| field.canon.form(member)).filter(|form| form != "sys").collect()
}

/// Law: what was added on one side is on both, what was taken from one is on neither, the rest stays.
fn set_keeps(life: &Life, line: usize) -> Result<(), TestCaseError> {
    let index = at(&life.play, line);
    let field = &life.play.mapping.fields[index];
    if speaks_of(&life.plans, &[index]) {
        return Ok(());
    }
    let stood = |all: &Sides<Fields>| Sides::each(|side| forms(field, all.get(side), index));
    let (base, then, now) = (stood(&life.base), stood(&life.then), stood(&life.now));
    for side in Side::BOTH {
        let other = side.other();
        for form in then.get(side).difference(base.get(side)) {
            let taken = base.get(other).contains(form) && !then.get(other).contains(form);
            let kept = now.left.contains(form) && now.right.contains(form);
            prop_assert!(taken || kept, "F{line}: `{form}` was added on the {side} and is lost: {now:?}");
        }
        for form in base.get(side).difference(then.get(side)) {
            let untouched = base.get(other).contains(form) && then.get(other).contains(form);
            let gone = !now.left.contains(form) && !now.right.contains(form);
            prop_assert!(!untouched || gone, "F{line}: `{form}` was taken on the {side} and is back: {now:?}");
        }
        for form in base.get(side).intersection(then.get(side)) {
            let both = base.get(other).contains(form) && then.get(other).contains(form);
            prop_assert!(!both || now.get(side).contains(form), "F{line}: `{form}` stood still and is gone: {now:?}");
        }
    }
    Ok(())
}

/// Law: a line that is written once is in no change of a record, only in its birth.
fn once_is_once(life: &Life, line: usize) -> Result<(), TestCaseError> {
    let paths = [format!("a{line}"), format!("b{line}")];
    for step in life.met.iter().chain(&life.plans).flat_map(|plan| &plan.pairs).flat_map(|planned| &planned.steps) {
        let body = step.body.value();
        let named = paths.iter().any(|path| body.get(path).is_some());
        prop_assert!(!named || matches!(step.act, Act::Create { .. }), "F{line} is written again: {body}");
    }
    Ok(())
}

/// Law: a one-way line ends as its giving side has it, whoever typed what on the other.
fn one_way_is_kept(story: &Story, life: &Life, number: usize) -> Result<(), TestCaseError> {
    let (line, index) = (&story.pair().lines[number], at(&life.play, number));
    let field = &life.play.mapping.fields[index];
    let Some(from) = field.one_way_from() else { return Ok(()) };
    let given = life.then.get(from).value(index);
    let agreed = |side: Side| life.link.base.get(side).fields.contains_key(&field.key);
    let waits = line.if_empty.is_some() || speaks_of(&life.plans, &[index]);
    if waits || !agreed(Side::Left) || !agreed(Side::Right) || is_empty(given) || !has_twin(line, given) {
        return Ok(());
    }
    let (has, got) = (life.now.get(from).value(index), life.now.get(from.other()).value(index));
    prop_assert!(same(field, has, given), "F{number}: the giving side was changed from {given} to {has}");
    let cut = line.cut && given.as_str().zip(got.as_str()).is_some_and(|(given, got)| given.trim().starts_with(got));
    prop_assert!(cut || same(field, got, given), "F{number}: {given} is given and {got} stands");
    Ok(())
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn a_line_keeps_its_promise(story in story(plain_habits())) {
        let run = || -> Result<(), TestCaseError> {
            let Some(life) = live(&story)? else { return Ok(()) };
            for (number, line) in story.pair().lines.iter().enumerate() {
                if line.once {
                    once_is_once(&life, number)?;
                } else if line.kind == Kind::Set && line.way == Way::Both {
                    set_keeps(&life, number)?;
                } else if line.kind != Kind::Set {
                    one_way_is_kept(&story, &life, number)?;
                }
            }
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(format!("{error}\n{}\n{story:#?}", story.pair().text)))?;
    }
}
