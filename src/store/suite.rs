//! What every engine must do, and the ledger on top of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::link::{Half, Link};
use crate::record::{Body, Side, Sides};

/// An empty store of one engine; the folder goes when it goes.
struct Engine {
    name: &'static str,
    store: Arc<dyn Store>,
    _dir: Option<TempDir>,
}

impl Engine {
    fn ledger(&self, scope: &str) -> Ledger {
        Ledger::new(Arc::clone(&self.store), scope)
    }
}

/// One of each.
fn engines() -> [Engine; 3] {
    let dir = TempDir::new().unwrap();
    let on_disk = SledStore::open(&dir.path().join("store")).unwrap();
    [
        Engine { name: "memory", store: Arc::new(MemoryStore::new()), _dir: None },
        Engine { name: "fragile", store: Arc::new(FragileStore::open(&Disk::new(), Arc::new(|| true))), _dir: None },
        Engine { name: "sled", store: Arc::new(on_disk), _dir: Some(dir) },
    ]
}

fn link(left: &str, right: &str) -> Link {
    let half = |name: &str| Half { fields: BTreeMap::from([("name".into(), json!(name))]).into(), ..Half::default() };
    Link {
        ids: Sides::new(left.into(), right.into()),
        base: Sides::new(half(left), half(right)),
        gone: Sides::default(),
        held: BTreeMap::new(),
    }
}

fn entry(at_ms: i64, left: Option<&str>, right: Option<&str>, event: &str) -> Entry {
    let ids = Sides::new(left.map(str::to_owned), right.map(str::to_owned));
    Entry { at_ms, cycle: 1, ids, event: event.into(), details: json!({}) }
}

fn waiting(side: Side, id: &str) -> Waiting {
    Waiting {
        side,
        id: id.into(),
        kind: Wait::Held,
        reason: "vendedor inativo".into(),
        place: None,
        since_ms: 1,
        last_ms: 2,
        changed_ms: None,
        body: None,
        print: 3,
        reported: BTreeSet::new(),
        tries: 0,
        outcome: None,
    }
}

fn conflict(id: &str, open: bool) -> Conflict {
    Conflict {
        id: id.into(),
        at_ms: 1,
        ids: Sides::new(Some("1".into()), Some("2".into())),
        field: "name".into(),
        label: "Nome".into(),
        values: Sides::new(json!("a"), json!("b")),
        base: Sides::new(None, Some(json!("c"))),
        winner: None,
        policy: "ask".into(),
        answered: None,
        open,
    }
}

fn intent(key: &str) -> Intent {
    let body = Body::pack(&json!({ "name": "a" }));
    let base = Sides::default();
    let from = "1".into();
    Intent {
        key: key.into(),
        side: Side::Right,
        from,
        integration: None,
        body,
        at_ms: 1,
        place: None,
        base,
        missed: false,
    }
}

fn events(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.event.as_str()).collect()
}

#[test]
fn engines_agree_with_a_sorted_map_over_a_random_history() {
    let mut random = fastrand::Rng::with_seed(7);
    let engines = engines();
    let mut model: BTreeMap<(Tree, Vec<u8>), Vec<u8>> = BTreeMap::new();
    let letters = [0, 1, b'a', 0xfe, 0xff];
    let bytes = |random: &mut fastrand::Rng, most: usize| -> Vec<u8> {
        (0..random.usize(0..=most)).map(|_| letters[random.usize(0..letters.len())]).collect()
    };
    for round in 0..400 {
        let mut batch = Batch::default();
        for _ in 0..random.usize(0..12) {
            let (tree, key) = (Tree::ALL[random.usize(1..4)], bytes(&mut random, 5));
            if random.u8(0..3) == 0 {
                batch.remove(tree, &key);
                model.remove(&(tree, key));
            } else {
                let value = vec![random.u8(..); random.usize(0..200)];
                batch.put(tree, &key, value.clone());
                model.insert((tree, key), value);
            }
        }
        let (tree, prefix, edge) = (Tree::ALL[random.usize(1..4)], bytes(&mut random, 2), bytes(&mut random, 5));
        let (limit, edge) = (random.usize(0..9), random.bool().then_some(edge));
        let all: Vec<Pair> = model
            .iter()
            .filter(|((of, key), _)| *of == tree && key.starts_with(&prefix))
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        let behind = all.iter().filter(|(key, _)| edge.as_ref().is_none_or(|edge| key > edge));
        let before = all.iter().rev().filter(|(key, _)| edge.as_ref().is_none_or(|edge| key < edge));
        let (behind, before): (Vec<_>, Vec<_>) = (behind.take(limit).collect(), before.take(limit).collect());
        for Engine { name, store, .. } in &engines {
            store.write(batch.clone()).unwrap();
            let found = store.scan(tree, &prefix, edge.as_deref(), limit).unwrap();
            assert_eq!(found.iter().collect::<Vec<_>>(), behind, "{name}, round {round}");
            let found = store.scan_back(tree, &prefix, edge.as_deref(), limit).unwrap();
            assert_eq!(found.iter().collect::<Vec<_>>(), before, "{name}, round {round}, back");
            assert_eq!(store.get(tree, &prefix).unwrap(), model.get(&(tree, prefix.clone())).cloned(), "{name}");
        }
    }
}

#[test]
fn a_link_is_found_from_both_sides_and_listed_in_order() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        let many: Vec<Link> = (0..600).map(|n| link(&format!("l{n:04}"), &format!("r{n}"))).collect();
        ledger.write(many.iter().cloned().map(Change::PutLink).collect()).unwrap();
        assert_eq!(ledger.link(Side::Left, "l0007").unwrap(), Some(many[7].clone()));
        assert_eq!(ledger.link(Side::Right, "r599").unwrap(), Some(many[599].clone()));
        assert_eq!(ledger.link(Side::Right, "l0007").unwrap(), None);
        assert_eq!(ledger.links(Some("l0007"), 2).unwrap(), many[8..10]);
        let mut seen = Vec::new();
        ledger.each_link(|link| seen.push(link)).unwrap();
        assert_eq!(seen, many, "{}", engine.name);
        assert_eq!(ledger.link_count().unwrap(), 600);
    }
}

#[test]
fn a_link_whose_right_id_changes_leaves_no_old_entry_in_the_index() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        ledger.write(vec![Change::PutLink(link("1", "a"))]).unwrap();
        ledger.write(vec![Change::PutLink(link("1", "b"))]).unwrap();
        assert_eq!(ledger.link(Side::Right, "a").unwrap(), None);
        assert_eq!(ledger.link(Side::Right, "b").unwrap(), Some(link("1", "b")));

        // The same within one batch, and `a` is free for another.
        let changes = [link("1", "c"), link("1", "d"), link("2", "a"), link("3", "c")];
        ledger.write(changes.into_iter().map(Change::PutLink).collect()).unwrap();
        assert_eq!(ledger.link(Side::Right, "d").unwrap(), Some(link("1", "d")));
        assert_eq!(ledger.link(Side::Right, "c").unwrap(), Some(link("3", "c")));
        assert_eq!(ledger.link(Side::Right, "b").unwrap(), None);
        assert_eq!(ledger.link_count().unwrap(), 3);
    }
}

#[test]
fn a_right_record_gets_no_second_link_and_nothing_of_that_batch_is_written() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        ledger.write(vec![Change::PutLink(link("1", "a"))]).unwrap();
        let before = print(&*engine.store).unwrap();
        let error = ledger.write(vec![Change::PutLink(link("2", "b")), Change::PutLink(link("3", "a"))]).unwrap_err();
        assert_eq!(error.to_string(), "link `3` with `a`: `a` is already linked with `1`");
        assert_eq!(print(&*engine.store).unwrap(), before);

        let moved = vec![Change::RemoveLink(Sides::new("1".into(), "a".into())), Change::PutLink(link("3", "a"))];
        ledger.write(moved).unwrap();
        assert_eq!(ledger.link(Side::Left, "1").unwrap(), None);
        assert_eq!(ledger.link(Side::Right, "a").unwrap(), Some(link("3", "a")));
        // A link that is another by now stays.
        ledger.write(vec![Change::RemoveLink(Sides::new("3".into(), "z".into()))]).unwrap();
        assert_eq!(ledger.link(Side::Left, "3").unwrap(), Some(link("3", "a")));
    }
}

#[test]
fn marks_and_intents_come_back_as_they_were_put() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        let rows = BTreeMap::from([("crm.users".to_owned(), 6)]);
        let mark = Mark { read_ms: Sides::new(5, 6), back_to_ms: None, mapping: u64::MAX, full_ms: None, rows };
        assert_eq!(ledger.mark().unwrap(), None);
        ledger.write(vec![Change::PutMark(mark.clone()), Change::PutIntent(intent("k"))]).unwrap();
        assert_eq!(ledger.mark().unwrap(), Some(mark));
        assert_eq!(ledger.intents().unwrap(), [intent("k")]);
        ledger.write(vec![Change::RemoveIntent { key: "k".into() }]).unwrap();
        assert_eq!(ledger.intents().unwrap(), []);
    }
}

#[test]
fn what_waits_is_found_by_record_and_listed_left_first() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        let (left, right) = (waiting(Side::Left, "8"), waiting(Side::Right, "7"));
        ledger.write(vec![Change::PutWaiting(right.clone()), Change::PutWaiting(left.clone())]).unwrap();
        assert_eq!(ledger.waiting(Side::Right, "7").unwrap().as_ref(), Some(&right));
        assert_eq!(ledger.waiting(Side::Left, "7").unwrap(), None);
        assert_eq!(ledger.waitings(None, 9).unwrap(), [left.clone(), right.clone()]);
        assert_eq!(ledger.waitings(Some((Side::Left, "8")), 9).unwrap(), [right]);
        ledger.write(vec![Change::RemoveWaiting { side: Side::Right, id: "7".into() }]).unwrap();
        assert_eq!(ledger.waitings(None, 9).unwrap(), [left]);
    }
}

#[test]
fn conflicts_are_listed_newest_first_and_open_ones_apart() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        let (open, settled) = (conflict("1", true), conflict("2", false));
        ledger.write(vec![Change::PutConflict(open.clone()), Change::PutConflict(settled.clone())]).unwrap();
        assert_eq!(ledger.conflict("1").unwrap().as_ref(), Some(&open));
        assert_eq!(ledger.conflicts(None, 9).unwrap(), [settled.clone(), open.clone()]);
        assert_eq!(ledger.conflicts(Some("2"), 9).unwrap(), std::slice::from_ref(&open));
        assert_eq!(ledger.open_conflicts().unwrap(), [open]);
        ledger.write(vec![Change::RemoveConflict { id: "1".into() }]).unwrap();
        assert_eq!(ledger.conflicts(None, 9).unwrap(), [settled]);
    }
}

#[test]
fn the_journal_is_read_by_time_and_by_record() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        // Ids of which one begins like another, the same id on both sides, and a clock set back.
        let entries = [
            entry(5, Some("1"), None, "first"),
            entry(5, Some("1"), Some("1"), "second"),
            entry(-5, Some("1\0"), None, "long ago"),
            entry(9, Some("12"), Some("9"), "third"),
            entry(7, None, None, "nobody"),
        ];
        ledger.write(entries.map(Change::Journal).into()).unwrap();
        assert_eq!(events(&ledger.journal(9).unwrap()), ["third", "nobody", "second", "first", "long ago"]);
        assert_eq!(events(&ledger.journal(1).unwrap()), ["third"]);
        assert_eq!(events(&ledger.journal_of(Side::Left, "1", 9).unwrap()), ["second", "first"]);
        assert_eq!(events(&ledger.journal_of(Side::Left, "1", 1).unwrap()), ["second"]);
        assert_eq!(events(&ledger.journal_of(Side::Right, "1", 9).unwrap()), ["second"]);
        assert_eq!(events(&ledger.journal_of(Side::Left, "12", 9).unwrap()), ["third"]);
        assert_eq!(events(&ledger.journal_of(Side::Left, "9", 9).unwrap()), [""; 0]);
        assert_eq!(events(&ledger.journal_of_cycles(9).unwrap()), ["nobody"]);
        ledger.trim_journal(1).unwrap();
        assert_eq!(events(&ledger.journal_of_cycles(9).unwrap()), [""; 0]);
    }
}

#[test]
fn trimming_forgets_the_oldest_with_their_trails_and_spares_open_conflicts() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        let other = engine.ledger("acme/others");
        other.write(vec![Change::Journal(entry(1, Some("1"), None, "other"))]).unwrap();
        let changes = (0..700).map(|n| Change::Journal(entry(n, Some("1"), Some(&n.to_string()), &n.to_string())));
        ledger.write(changes.collect()).unwrap();
        assert_eq!(ledger.trim_journal(700).unwrap(), 0);
        assert_eq!(ledger.trim_journal(10).unwrap(), 690);
        assert_eq!(ledger.trim_journal(10).unwrap(), 0);
        assert_eq!(ledger.journal(1000).unwrap().len(), 10);
        assert_eq!(events(&ledger.journal_of(Side::Left, "1", 1000).unwrap()).last(), Some(&"690"));
        let trails = engine.store.scan(Tree::Trail, &key::scope("acme/clients"), None, 1000).unwrap();
        assert_eq!(trails.len(), 20);
        assert_eq!(ledger.trim_journal(0).unwrap(), 10);
        assert_eq!(other.journal(9).unwrap().len(), 1);

        let changes = (0..9).map(|n| Change::PutConflict(conflict(&n.to_string(), n % 3 == 0)));
        ledger.write(changes.collect()).unwrap();
        assert_eq!(ledger.trim_conflicts(2).unwrap(), 4);
        let left: Vec<String> = ledger.conflicts(None, 99).unwrap().into_iter().map(|conflict| conflict.id).collect();
        assert_eq!(left, ["8", "7", "6", "3", "0"]);
    }
}

#[test]
fn scopes_are_strangers_even_when_one_begins_like_another() {
    for engine in engines() {
        let names = ["acme/c", "acme/clients", "acme/clients\0x"];
        for name in names {
            engine.ledger(name).write(vec![Change::PutLink(link("1", name))]).unwrap();
        }
        assert_eq!(Ledger::scopes(&*engine.store).unwrap(), ["acme/c", "acme/clients", "acme/clients\u{fffd}x"]);
        for name in names {
            assert_eq!(engine.ledger(name).links(None, 9).unwrap(), [link("1", name)]);
        }
    }
}

#[test]
fn cycles_are_numbered_without_a_gap_or_a_twin_under_many_hands() {
    for engine in engines() {
        let hands: Vec<_> = (0..4_u8)
            .map(|hand| {
                // Each hand has a ledger of its own: it is the store that keeps them apart.
                let ledger = engine.ledger("acme/clients");
                let note = move |n| Change::Journal(entry(1, None, None, &format!("{hand} {n}")));
                std::thread::spawn(move || -> Vec<u64> {
                    let turn = |n| {
                        ledger.write(vec![note(n)]).unwrap();
                        ledger.next_cycle(["erp.clients".into(), "crm.contacts".into()]).unwrap()
                    };
                    (0..50).map(turn).collect()
                })
            })
            .collect();
        let mut numbers: Vec<u64> = hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
        assert_eq!(engine.ledger("acme/clients").journal(999).unwrap().len(), 200, "{}", engine.name);
    }
}

#[test]
fn reading_leaves_no_trace_and_a_copy_has_the_same_print_and_its_own_life() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        ledger.write(vec![Change::PutLink(link("1", "a")), Change::Journal(entry(1, Some("1"), None, "x"))]).unwrap();
        let before = print(&*engine.store).unwrap();
        ledger.link(Side::Right, "a").unwrap();
        ledger.journal_of(Side::Left, "1", 9).unwrap();
        ledger.write(Vec::new()).unwrap();
        assert_eq!(ledger.trim_journal(5).unwrap(), 0);
        let copy: Arc<dyn Store> = Arc::new(MemoryStore::copy_of(&*engine.store).unwrap());
        assert_eq!(print(&*copy).unwrap(), before);

        Ledger::new(Arc::clone(&copy), "acme/clients").write(vec![Change::PutLink(link("2", "b"))]).unwrap();
        assert_ne!(print(&*copy).unwrap(), before);
        assert_eq!(print(&*engine.store).unwrap(), before, "{}", engine.name);
    }
}

#[test]
fn a_form_too_new_or_unreadable_is_an_error_that_names_its_key() {
    for engine in engines() {
        let ledger = engine.ledger("acme/clients");
        let hold = |value: &[u8]| {
            let mut batch = Batch::default();
            batch.put(Tree::Links, b"acme/clients\x001", value.to_vec());
            engine.store.write(batch).unwrap();
            ledger.link(Side::Left, "1").unwrap_err()
        };
        for newer in [&br#"{"v":2,"form":{"ids":[]}}"#[..], br#"{"v":2,"packed":"x"}"#] {
            let error = hold(newer);
            assert!(matches!(error, Error::NewerForm { found: 2, .. }), "{error:?}");
            assert!(error.to_string().contains(r"`Links/acme/clients\x001`"), "{error}");
        }
        let error = hold(b"\xff{");
        assert!(matches!(&error, Error::Form { key, .. } if key == r"Links/acme/clients\x001"), "{error:?}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn names_of_conflicts_sort_by_time_and_tell_fields_apart() {
    let ids = Sides::new(Some("1".into()), None);
    let name = Conflict::name(1_700_000_000_000, &ids, "name");
    assert_eq!(name, Conflict::name(1_700_000_000_000, &ids, "name"));
    assert_ne!(name, Conflict::name(1_700_000_000_000, &ids, "email"));
    assert!(name < Conflict::name(1_700_000_000_001, &ids, "name"));
}
