//! People work in each system for a while, with many seeds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::sandbox::{Auvo, Omie, People, Ploomes};

const SEEDS: u64 = 50;

fn systems(seed: u64) -> [Box<dyn People>; 3] {
    [Box::new(Omie::new(seed)), Box::new(Ploomes::new(seed)), Box::new(Auvo::new(seed))]
}

/// What people did, and what there is in the end.
#[derive(Debug, Default, PartialEq)]
struct History {
    told: Vec<String>,
    left: BTreeMap<String, Value>,
}

/// Some work with one seed; whatever a system refuses without a rule fails here.
fn work(people: &mut dyn People, seed: u64) -> History {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut history = History::default();
    history.told.extend(people.settle_in(now, &mut random));
    for identity in 0..20 {
        for resource in people.resources() {
            now += SignedDuration::from_millis(1_300);
            if let Some(id) = people.invent(now, resource, identity, &mut random).unwrap() {
                assert_eq!(people.ids(resource).last(), Some(&id), "the newest comes last");
                assert!(people.shown(resource, &id).is_some());
            }
        }
    }
    for turn in 0..300 {
        now += SignedDuration::from_millis(7_700);
        let Some(resource) = random.choice(people.resources()).copied() else { continue };
        let Some(id) = random.choice(people.ids(resource)) else { continue };
        let before = if turn % 5 == 0 { people.shown(resource, &id).unwrap() } else { Value::Null };
        let told = people.tinker(now, resource, &id, &mut random);
        history.told.push(format!("{resource} {id}: {}", told.unwrap()));
        if turn % 5 == 0
            && let Some(back) = people.put_back(now, (resource, &id), &before, &mut random).unwrap()
        {
            history.told.push(format!("{resource} {id}: {back}"));
        }
        if turn % 25 == 0 && people.remove(now, resource, &id) {
            assert!(people.shown(resource, &id).is_none());
            assert!(!people.ids(resource).contains(&id));
            history.told.push(format!("{resource} {id}: deletes it"));
        }
    }
    for resource in people.resources() {
        for id in people.ids(resource) {
            let shown = people.shown(resource, &id).unwrap();
            history.left.insert(format!("{resource} {id}"), shown);
        }
    }
    history
}

/// The members that people set or cleared.
fn touched(told: &[String]) -> BTreeSet<String> {
    let what = told.iter().filter_map(|text| text.split_once(": ")).flat_map(|(_, what)| what.split(", "));
    let names = what.filter_map(|part| part.split_once(" = ").map(|(name, _)| name.to_owned()));
    names.filter(|name| !name.contains(' ')).collect()
}

#[test]
fn people_touch_many_fields_and_are_refused_by_rules_alone() {
    for (at, fields_min) in [30, 24, 34].into_iter().enumerate() {
        let (mut fields, mut refused, mut all) = (BTreeSet::new(), 0, 0);
        for seed in 0..SEEDS {
            let people = &mut systems(seed)[at];
            let History { told, left } = work(people.as_mut(), seed);
            fields.extend(touched(&told));
            refused += told.iter().filter(|text| text.contains("refused")).count();
            all += told.len();
            assert!(left.len() > 4, "{} with seed {seed}", people.name());
        }
        assert!(fields.len() >= fields_min, "{}: {fields:?}", systems(0)[at].name());
        assert!(refused * 12 < all, "{refused} of {all}");
    }
}

#[test]
fn one_seed_tells_one_history() {
    for seed in 0..5 {
        for (mut people, mut again) in systems(seed).into_iter().zip(systems(seed)) {
            assert_eq!(work(people.as_mut(), seed), work(again.as_mut(), seed), "{} with seed {seed}", people.name());
        }
    }
}

#[test]
fn one_identity_is_one_company_in_every_system() {
    let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let documents = |seed: u64| {
        let members = ["cnpj_cpf", "Register", "cpfCnpj"];
        systems(seed).into_iter().zip(members).map(move |(mut people, member)| {
            let resource = people.resources()[0];
            let mut random = fastrand::Rng::with_seed(seed);
            let id = people.invent(now, resource, 5, &mut random).unwrap().unwrap();
            digits(people.shown(resource, &id).unwrap()[member].as_str().unwrap_or_default())
        })
    };
    let all: BTreeSet<String> = (0..30).flat_map(documents).filter(|text| !text.is_empty()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
}
