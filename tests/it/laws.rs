//! Laws of the pure core, on generated mappings and records.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use depara::link::Link;
use depara::mapping::field::{Fields, is_empty};
use depara::record::{Side, Sides};
use depara::sync::Plan;
use depara::sync::merge::same;
use depara::sync::plan::Decision;
use depara::sync::settle::{self as settling, Image};
use depara::sync::unheeded;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::play::{Habit, Kind, LINES, Line, Manners, Pair, Play, Way, compiled, mappings, told};

static MAPPINGS: LazyLock<Vec<Pair>> = LazyLock::new(|| mappings(160));

/// What a person may type into a field of a kind.
fn typed(kind: Kind, alpha: bool, pick: u8) -> Value {
    let texts: &[&str] = match kind {
        Kind::Text("digits") => &["", "1-2", "12", "345", "6", "0012"],
        Kind::Text("email") => &["", "A@x.ex", "a@X.ex", "b@x.ex", "c@y.ex"],
        Kind::Text("phone_br") => &["", "(11) 3000-1000", "1130001000", "11 98000-1000", "30001000"],
        Kind::Text("cep") => &["", "01310-100", "1310100", "80420090", "00000000"],
        Kind::Text("money") => &["", "10", "10.00", "7.5", "x"],
        Kind::Text("city") => &["", "SAO PAULO (SP)", "São Paulo", "Recife", "RECIFE (PE)"],
        Kind::Text("url") => &["", "http://x.ex/", "X.ex", "y.ex", "https://y.ex"],
        Kind::Text(_) => &["", "x", "X", "Éva", " eva ", "comprido demais", "z"],
        Kind::Table if alpha => &["", "S", "N", "?"],
        Kind::Table => &["", "on", "off", "??"],
        Kind::Lookup => {
            let ids: [i64; 5] = if alpha { [0, 1, 2, 3, 9] } else { [0, 11, 12, 14, 19] };
            let id = ids[usize::from(pick) % ids.len()];
            return if id == 0 { Value::Null } else { json!(id) };
        }
        Kind::Set => {
            let all = ["vip", "VIP", "Feira", "só", "SO", "Sys"];
            let member = if alpha { "tag" } else { "Tag" };
            let rows = all.iter().enumerate().filter(|(at, _)| pick & (1 << at) != 0);
            return rows.map(|(_, name)| json!({ member: name })).collect();
        }
    };
    match texts[usize::from(pick) % texts.len()] {
        "" if pick.is_multiple_of(2) => Value::Null,
        text => json!(text),
    }
}

fn body(lines: &[Line], alpha: bool, picks: &[u8], touched: u8) -> BTreeMap<String, Value> {
    let prefix = if alpha { "a" } else { "b" };
    let touched = lines.iter().enumerate().filter(|(at, _)| touched & (1 << at) != 0);
    touched.map(|(at, line)| (format!("{prefix}{at}"), typed(line.kind, alpha, picks[at]))).collect()
}

/// All that one run of a law is made from.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    mapping: usize,
    tells: bool,
    habits: (Habit, Habit),
    /// Which sides have a record at first.
    pub(crate) present: (bool, bool),
    pub(crate) first: [Vec<u8>; 2],
    edits: [(Vec<u8>, u8); 2],
    alpha_is_newer: bool,
}

pub(crate) fn story(habits: impl Strategy<Value = Habit> + Clone + 'static) -> impl Strategy<Value = Story> {
    let picks = || prop::collection::vec(any::<u8>(), LINES);
    let present = prop_oneof![4 => Just((true, true)), 1 => Just((true, false)), 1 => Just((false, true))];
    let edit = move || (picks(), any::<u8>(), any::<u8>()).prop_map(|(picks, one, two)| (picks, one & two));
    (
        (0..MAPPINGS.len(), any::<bool>(), (habits.clone(), habits), present),
        (picks(), picks(), edit(), edit(), any::<bool>()),
    )
        .prop_map(|((mapping, tells, habits, present), (left, right, one, two, alpha_is_newer))| Story {
            mapping,
            tells,
            habits,
            present,
            first: [left, right],
            edits: [one, two],
            alpha_is_newer,
        })
}

pub(crate) fn plain_habits() -> impl Strategy<Value = Habit> + Clone {
    Just(Habit::Keeps)
}

pub(crate) fn any_habits() -> impl Strategy<Value = Habit> + Clone {
    prop_oneof![2 => Just(Habit::Keeps), 1 => Just(Habit::UpperCases), 1 => Just(Habit::Cuts)]
}

impl Story {
    fn is_two_way(&self, line: usize) -> bool {
        self.pair().lines[line].way == Way::Both
    }

    /// True when both systems keep what they are given.
    pub(crate) fn is_plain(&self) -> bool {
        self.habits == (Habit::Keeps, Habit::Keeps)
    }

    pub(crate) fn pair(&self) -> &'static Pair {
        &MAPPINGS[self.mapping]
    }

    pub(crate) fn begin(&self, mirrored: bool) -> Play {
        let pair = self.pair();
        let whole = |alpha: bool, picks: &[u8]| {
            let mut body = body(&pair.lines, alpha, picks, u8::MAX);
            body.insert(if alpha { "key" } else { "Key" }.to_owned(), json!("77"));
            json!(body)
        };
        let (alpha, beta) = (whole(true, &self.first[0]), whole(false, &self.first[1]));
        let mapping = if mirrored { &pair.mirrored } else { &pair.straight };
        let manners = Manners { tells: self.tells, alpha: self.habits.0, beta: self.habits.1 };
        let stamps = if self.alpha_is_newer { (20, 10) } else { (10, 20) };
        let (alpha, beta) = (self.present.0.then_some(&alpha), self.present.1.then_some(&beta));
        Play::new(mapping, manners, alpha, beta, stamps)
    }

    pub(crate) fn edit(&self, play: &mut Play) {
        let stamps = if self.alpha_is_newer { (2_000, 1_000) } else { (1_000, 2_000) };
        for (alpha, (picks, touched), stamp) in [(true, &self.edits[0], stamps.0), (false, &self.edits[1], stamps.1)] {
            let patch = body(&self.pair().lines, alpha, picks, *touched);
            if !patch.is_empty() {
                play.edit(if alpha { "alpha" } else { "beta" }, &json!(patch), stamp);
            }
        }
    }
}

/// Rounds until a plan sends nothing: at most three that do. Gives all plans but the last. `from` is no
/// whole second: a stamp of one says less than the other side's, and the two would tie.
pub(crate) fn settle(play: &mut Play, from: i64) -> Result<Vec<Plan>, TestCaseError> {
    let mut plans = Vec::new();
    for round in 0..4 {
        let plan = play.plan();
        let busy = plan.pairs.iter().any(|planned| !planned.steps.is_empty());
        prop_assert!(!busy || round < 3, "never settles: {:#?}", told(&play.mapping, &plan));
        play.carry(&plan, from + 60 * round);
        plans.push(plan);
        if !busy {
            let again = play.plan();
            let quiet = again.pairs.iter().all(|planned| planned.steps.is_empty());
            prop_assert!(quiet, "a quiet plan is followed by {:#?}", told(&play.mapping, &again));
            break;
        }
    }
    Ok(plans)
}

/// How a field stands in both records.
pub(crate) fn both(play: &Play) -> Sides<Fields> {
    Sides::each(|side| play.fields(play.mapping.sides.get(side).system.as_str()))
}

/// The field of a line.
pub(crate) fn at(play: &Play, line: usize) -> usize {
    let label = format!("F{line}");
    play.mapping.fields.iter().position(|field| field.label == label).unwrap()
}

/// True when a plan tells of a field, or keeps the whole record from moving.
pub(crate) fn speaks_of(plans: &[Plan], fields: &[usize]) -> bool {
    plans.iter().flat_map(|plan| &plan.pairs).any(|planned| {
        let told = planned.held.iter().any(|held| held.field.is_none_or(|field| fields.contains(&field)));
        told || planned.conflicts.iter().any(|one| fields.contains(&one.field))
    })
}

/// The same stories in every run, so that one that fails fails again; `PROPTEST_RNG_SEED` tells others.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let ours = ProptestConfig::default();
    let rng_seed = if ours.rng_seed == RngSeed::Random { RngSeed::Fixed(11) } else { ours.rng_seed };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 20_000, rng_seed, ..ours }
}

/// True when the other side has a word for a value.
pub(crate) fn has_twin(line: &Line, value: &Value) -> bool {
    match line.kind {
        Kind::Table => ["on", "off"].contains(&value.as_str().unwrap_or_default()),
        Kind::Lookup => ["a@x", "b@x"].contains(&value.as_str().unwrap_or_default().to_lowercase().as_str()),
        Kind::Text(_) | Kind::Set => true,
    }
}

/// Law: no value that only one side changed is lost, and none that nobody typed appears.
fn nothing_lost(
    story: &Story,
    play: &Play,
    (link, base): (&Link, &Sides<Fields>),
    then: &Sides<Fields>,
    plans: &[Plan],
) -> Result<(), TestCaseError> {
    let now = both(play);
    for (number, line) in story.pair().lines.iter().enumerate() {
        let index = at(play, number);
        let field = &play.mapping.fields[index];
        let group = play.mapping.together(&index);
        if line.if_empty.is_some() || line.once || line.kind == Kind::Set || speaks_of(plans, group) {
            continue;
        }
        // Sides that never agreed on a field still meet for the first time.
        let agreed = |side: Side| link.base.get(side).fields.contains_key(&field.key);
        if !agreed(Side::Left) || !agreed(Side::Right) {
            continue;
        }
        let moved = Sides::each(|side| !same(field, base.get(side).value(index), then.get(side).value(index)));
        let from = match (moved.left, moved.right) {
            (true, false) => Side::Left,
            (false, true) => Side::Right,
            // Two people typed: the same, or the plan tells both values.
            (true, true) if story.is_two_way(number) => {
                let (left, right) = (then.left.value(index), then.right.value(index));
                prop_assert!(same(field, left, right), "F{number}: {left} and {right} met without a word");
                continue;
            }
            (true, true) | (false, false) => continue,
        };
        let given = then.get(from).value(index);
        let got = now.get(from.other()).value(index);
        if !field.flows_to(from.other()) {
            prop_assert!(
                same(field, got, then.get(from.other()).value(index)),
                "F{number} was written against its arrow"
            );
            // What the giving side never said is no order: an edit is not put back to nothing.
            let (order, kept) = (base.get(from.other()).value(index), now.get(from).value(index));
            let silent = is_empty(order) && !is_empty(base.get(from).value(index));
            prop_assert!(!silent || same(field, kept, given), "F{number}: {given} was put back to {kept}");
            continue;
        }
        // A value without a twin becomes what the line says.
        if !(is_empty(given) || has_twin(line, given)) {
            continue;
        }
        let long = line.cut && given.as_str().is_some_and(|text| text.trim().chars().count() > 8);
        let cut = long && got.as_str().is_some_and(|got| !got.is_empty() && given.as_str().unwrap().contains(got));
        prop_assert!(cut || same(field, got, given), "F{number}: {given} ended as {got}");
    }
    Ok(())
}

/// Law: every value was on some side before.
pub(crate) fn nothing_given(story: &Story, play: &Play, then: &Sides<Fields>) -> Result<(), TestCaseError> {
    let now = both(play);
    for (number, line) in story.pair().lines.iter().enumerate() {
        let (index, lender) = (at(play, number), at(play, 0));
        let field = &play.mapping.fields[index];
        for side in Side::BOTH {
            let value = now.get(side).value(index);
            let known: Vec<&Value> = Side::BOTH
                .into_iter()
                .flat_map(|side| [then.get(side).value(index), then.get(side).value(lender)])
                .enumerate()
                .filter(|(at, _)| at % 2 == 0 || line.if_empty.is_some())
                .map(|(_, value)| value)
                .collect();
            if line.kind == Kind::Set {
                let forms = |value: &Value| -> Vec<String> {
                    let list = value.as_array().cloned().unwrap_or_default();
                    list.iter().map(|member| field.canon.form(member)).collect()
                };
                let all: Vec<String> = known.iter().flat_map(|value| forms(value)).collect();
                prop_assert!(
                    forms(value).iter().all(|form| all.contains(form)),
                    "F{number}: a tag from nowhere in {value}"
                );
                continue;
            }
            let cut = line.cut && known.iter().any(|one| one.as_str().is_some_and(|text| text.chars().count() > 8));
            let found = cut || is_empty(value) || known.iter().any(|one| same(field, one, value));
            prop_assert!(found, "F{number}: {value} was nowhere: {known:?}");
        }
    }
    Ok(())
}

/// Law: a body names only paths of lines that point there; equal values are in no conflict.
pub(crate) fn nothing_foreign(
    story: &Story,
    play: &Play,
    then: &Sides<Fields>,
    plan: &Plan,
) -> Result<(), TestCaseError> {
    for planned in &plan.pairs {
        for step in &planned.steps {
            let system = play.mapping.sides.get(step.side).system.as_str();
            for path in step.body.value().as_object().unwrap().keys() {
                let Some(number) = path.get(1..).and_then(|text| text.parse::<usize>().ok()) else {
                    prop_assert!(path.to_lowercase() == "key", "{system} got {path}");
                    continue;
                };
                let way = story.pair().lines[number].way;
                let against = if system == "alpha" { Way::ToBeta } else { Way::ToAlpha };
                prop_assert!(way != against, "{system} got {path} against its arrow");
            }
        }
        for one in &planned.conflicts {
            let field = &play.mapping.fields[one.field];
            let differ = !same(field, then.left.value(one.field), then.right.value(one.field));
            prop_assert!(differ, "{} is equal and in conflict", field.label);
        }
    }
    Ok(())
}

/// Law: when two records meet, emptiness wipes nothing.
fn nothing_wiped(story: &Story, play: &Play, then: &Sides<Fields>, plans: &[Plan]) -> Result<(), TestCaseError> {
    let now = both(play);
    for (number, line) in story.pair().lines.iter().enumerate() {
        let index = at(play, number);
        let group = play.mapping.together(&index);
        if line.grouped && speaks_of(plans, group) {
            continue;
        }
        for side in Side::BOTH {
            let (had, other) = (then.get(side).value(index), then.get(side.other()).value(index));
            if !is_empty(had) && !then.get(side).is_borrowed(index) && is_empty(other) {
                let has = now.get(side).value(index);
                prop_assert!(same(&play.mapping.fields[index], had, has), "F{number}: {had} was wiped to {has}");
            }
        }
    }
    Ok(())
}

fn whole_life(story: &Story) -> Result<(), TestCaseError> {
    let mut play = story.begin(false);
    let met = both(&play);
    nothing_foreign(story, &play, &met, &play.plan())?;
    let plans = settle(&mut play, 100)?;
    if story.present == (true, true) {
        nothing_wiped(story, &play, &met, &plans)?;
    }
    nothing_given(story, &play, &met)?;
    let Some(link) = play.link.clone() else { return Ok(()) };
    let base = both(&play);
    story.edit(&mut play);
    let then = both(&play);
    nothing_foreign(story, &play, &then, &play.plan())?;
    let plans = settle(&mut play, 3_001)?;
    nothing_given(story, &play, &then)?;
    nothing_lost(story, &play, (&link, &base), &then, &plans)?;
    Ok(())
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn nothing_is_lost_wiped_given_or_written_against_an_arrow(story in story(plain_habits())) {
        let told = format!("{}\n{story:#?}", story.pair().text);
        whole_life(&story).map_err(|error| TestCaseError::fail(format!("{error}\n{told}")))?;
    }

    #[test]
    fn two_sides_settle_whatever_the_systems_make_of_texts(story in story(any_habits())) {
        let run = || -> Result<(), TestCaseError> {
            let mut play = story.begin(false);
            settle(&mut play, 100)?;
            story.edit(&mut play);
            settle(&mut play, 3_001)?;
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(format!("{error}\n{}\n{story:#?}", story.pair().text)))?;
    }

    #[test]
    fn swapped_sides_swap_the_plan(story in story(any_habits())) {
        let (mut straight, mut mirrored) = (story.begin(false), story.begin(true));
        for phase in 0..2_i64 {
            for round in 0..3 {
                let plans = (straight.plan(), mirrored.plan());
                let (one, other) = (told(&straight.mapping, &plans.0), told(&mirrored.mapping, &plans.1));
                prop_assert_eq!(one, other, "{}\n{:?}", story.pair().text, story);
                straight.carry(&plans.0, 101 + phase * 3_000 + 60 * round);
                mirrored.carry(&plans.1, 101 + phase * 3_000 + 60 * round);
                for system in ["alpha", "beta"] {
                    prop_assert_eq!(straight.body(system), mirrored.body(system), "{}", story.pair().text);
                }
            }
            story.edit(&mut straight);
            story.edit(&mut mirrored);
        }
    }
}

/// The name changes on both sides, the copy of it follows the one that won; and what a system makes
/// of the winner's letters is no edit of the copy.
#[test]
fn a_copy_whose_name_lost_is_no_edit() {
    let lines = vec![Line::plain("plain"), Line { if_empty: Some("beta"), ..Line::plain("plain") }];
    let pair = compiled(vec![(lines, "newest")]).remove(0);
    for tells in [true, false] {
        for mapping in [&pair.straight, &pair.mirrored] {
            let manners = Manners { tells, alpha: Habit::UpperCases, beta: Habit::Keeps };
            let (alpha, beta) = (json!({ "key": "7", "a0": "eva", "a1": "" }), json!({ "Key": "7", "b0": "Éva" }));
            let mut play = Play::new(mapping, manners, Some(&alpha), Some(&beta), (10, 20));
            let plan = play.plan();
            play.carry(&plan, 100);
            assert_eq!(
                (play.body("alpha")["a0"].clone(), play.body("beta")["b1"].clone()),
                (json!("ÉVA"), json!("Éva"))
            );
            assert_eq!(told(mapping, &play.plan()), Vec::<String>::new(), "tells: {tells}");
        }
    }
}

/// What a system says it took and left as it was is told to people, and nothing is written for it any
/// more: neither again, nor back over what was typed.
#[test]
fn what_a_system_does_not_heed_is_told_once() {
    let pair = compiled(vec![(vec![Line::plain("plain")], "newest")]).remove(0);
    for mapping in [&pair.straight, &pair.mirrored] {
        let manners = Manners { tells: false, alpha: Habit::Unheeding, beta: Habit::Keeps };
        let (alpha, beta) = (json!({ "key": "7", "a0": "eva" }), json!({ "Key": "7", "b0": "eva" }));
        let mut play = Play::new(mapping, manners, Some(&alpha), Some(&beta), (10, 20));
        let plan = play.plan();
        play.carry(&plan, 100);
        play.edit("beta", &json!({ "b0": "ana" }), 200);
        let plan = play.plan();
        // An answer that shows the record says so at once.
        let (side, steps) = (play.side("alpha"), &plan.pairs[0].steps);
        let now =
            Sides::each(|each| Image { fields: play.fields(&mapping.sides.get(each).system), ..Image::default() });
        let sent = settling::under_way(mapping, play.link.as_ref().unwrap(), steps, now.as_ref(), 300);
        assert_eq!(unheeded::shown_by(mapping, &sent, &steps[0], now.get(side)), [0]);
        assert_eq!(unheeded::shown_by(mapping, &sent, &steps[0], now.get(side.other())), [0; 0]);
        play.carry(&plan, 300);
        let plan = play.plan();
        assert_eq!(told(mapping, &plan), ["conflict F0 Some(\"alpha\")"]);
        assert_eq!(plan.pairs[0].conflicts[0].by, Decision::Unheeded);
        play.carry(&plan, 400);
        assert_eq!((&play.body("alpha")["a0"], &play.body("beta")["b0"]), (&json!("eva"), &json!("ana")));
        assert_eq!(told(mapping, &play.plan()), Vec::<String>::new());
    }
}

/// At a first meeting a value may equal a copy of the name over there and be none itself: it goes there,
/// whether or not the name arrives, so that it stays when that name gives way.
#[test]
fn what_equals_a_copy_and_is_none_is_filled_in() {
    let lines = vec![Line::plain("plain"), Line { if_empty: Some("alpha"), ..Line::plain("plain") }];
    let pair = compiled(vec![(lines, "newest")]).remove(0);
    for (mapping, arrives) in [(&pair.straight, true), (&pair.mirrored, true), (&pair.straight, false)] {
        let manners = Manners { tells: true, alpha: Habit::Keeps, beta: Habit::Keeps };
        let (alpha, beta) = (json!({ "key": "7", "a0": "eva", "a1": "ana" }), json!({ "Key": "7", "b0": "ana" }));
        let mut play = Play::new(mapping, manners, Some(&alpha), Some(&beta), (10, 20));
        let plan = play.plan();
        if arrives {
            play.carry(&plan, 100);
        } else {
            play.link.clone_from(&plan.pairs[0].link);
        }
        play.edit("alpha", &json!({ "a0": "eva" }), 200);
        let plan = play.plan();
        play.carry(&plan, 300);
        assert_eq!((&play.body("beta")["b0"], &play.body("beta")["b1"]), (&json!("eva"), &json!("ana")));
        assert_eq!(told(mapping, &play.plan()), Vec::<String>::new());
    }
}

/// A member that one side does not let go comes back to the other, and people are told.
#[test]
fn a_member_that_does_not_go_is_told() {
    let set = Line { kind: Kind::Set, ..Line::plain("text") };
    let pair =
        compiled(vec![(vec![Line::plain("plain"), Line::plain("text"), Line::plain("text"), set], "newest")]).remove(0);
    for mapping in [&pair.straight, &pair.mirrored] {
        let manners = Manners { tells: false, alpha: Habit::Unheeding, beta: Habit::Keeps };
        let alpha = json!({ "key": "7", "a0": "eva", "a3": [{ "tag": "VIP" }] });
        let beta = json!({ "Key": "7", "b0": "eva", "b3": [{ "Tag": "vip" }] });
        let mut play = Play::new(mapping, manners, Some(&alpha), Some(&beta), (10, 20));
        let plan = play.plan();
        play.carry(&plan, 100);
        play.edit("beta", &json!({ "b3": [] }), 200);
        let plan = play.plan();
        play.carry(&plan, 300);
        // Somebody touches the record, and may have put the member back.
        play.edit("alpha", &json!({}), 400);
        let plan = play.plan();
        assert_eq!(plan.pairs[0].conflicts[0].by, Decision::Unheeded);
        play.carry(&plan, 500);
        assert_eq!(play.fields("beta").value(3), &json!(["VIP"]));
        assert_eq!(told(mapping, &play.plan()), Vec::<String>::new());
    }
}
