//! The one reason that `explain` gives, out of all that memory may hold at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use depara::cli::explain::Known;
use depara::cli::explain::reason::{Reason, why};
use depara::config::files;
use depara::diagnostic::Diagnostics;
use depara::link::{Half, Link, UnderWay};
use depara::mapping::Mapping;
use depara::record::{Body, Side, Sides};
use depara::store::{Conflict, Entry, Intent, Mark, Wait, Waiting};
use depara::workspace::Workspace;

const NOW: i64 = 1_000_000_000;

fn mapping(name: &str) -> Arc<Mapping> {
    Workspace::compile(&files::carried(), &|_| None, Diagnostics::default()).unwrap().mappings[name].clone()
}

fn known(side: Side) -> Known {
    Known {
        side,
        id: "7".to_owned(),
        link: None,
        waiting: None,
        twin_waiting: None,
        intent: None,
        conflicts: Vec::new(),
        journal: Vec::new(),
        cycles: Vec::new(),
        mark: None,
    }
}

fn entry(at_ms: i64, event: &str, details: Value) -> Entry {
    Entry { at_ms, cycle: 4, ids: Sides::default(), event: event.to_owned(), details }
}

fn mark(mapping: &Mapping, read_ms: i64) -> Mark {
    Mark {
        read_ms: Sides::new(read_ms, read_ms),
        back_to_ms: None,
        mapping: mapping.print,
        full_ms: Some(1),
        rows: BTreeMap::new(),
    }
}

fn link() -> Link {
    let ids = Sides::new("7".to_owned(), "8".to_owned());
    Link { ids, base: Sides::default(), gone: Sides::default(), held: BTreeMap::new() }
}

fn waiting(kind: Wait) -> Waiting {
    let text = json!({
        "side": "left", "id": "7", "kind": kind, "reason": "falta CPF", "place": "scripts/a.rhai:3",
        "since_ms": 5, "last_ms": 6, "print": 0, "tries": 1,
    });
    serde_json::from_value(text).unwrap()
}

/// Takes away the nearest reason, one after the other, and sees which is the next.
#[test]
fn of_a_record_without_a_twin_the_nearest_reason_counts() {
    let mapping = mapping("omie-ploomes/clientes");
    let mut known = known(Side::Left);
    known.waiting = Some(waiting(Wait::Quarantined));
    known.intent = Some(Intent {
        key: "k".to_owned(),
        side: Side::Right,
        from: "7".to_owned(),
        integration: None,
        body: Body::pack(&Value::Null),
        at_ms: 3,
        place: None,
        base: Sides::default(),
        missed: false,
    });
    known.cycles = vec![
        entry(NOW, "RowCreated", json!({})),
        entry(NOW - 1, "CycleHalted", json!({ "why": "too many" })),
        entry(NOW - 2, "CycleFailed", json!({ "why": "no answer" })),
    ];
    known.journal = vec![entry(9, "StepDeferred", json!({ "why": "too fast" }))];
    known.mark = Some(mark(&mapping, NOW - 50));
    let mut told = Vec::new();
    let clear: [fn(&mut Known); 6] = [
        |known| known.waiting = None,
        |known| known.intent = None,
        |known| known.mark.as_mut().unwrap().read_ms = Sides::new(NOW + 1, NOW + 1),
        |known| known.journal.clear(),
        |known| known.mark = None,
        |known| known.cycles.clear(),
    ];
    for clear in clear {
        told.push(why(&mapping, &known, None, NOW).word());
        clear(&mut known);
    }
    told.push(why(&mapping, &known, None, NOW).word());
    assert_eq!(told, ["quarantined", "under_way", "guard", "told", "unseen", "guard", "never_ran"]);
}

#[test]
fn of_a_linked_record_what_keeps_the_field_counts_before_what_keeps_the_record() {
    let mapping = mapping("omie-ploomes/clientes");
    let email = mapping.field_named("email").unwrap();
    let mut known = known(Side::Left);
    known.mark = Some(mark(&mapping, NOW));
    known.link = Some(link());
    known.waiting = Some(waiting(Wait::Quarantined));
    let word = |known: &Known, field| why(&mapping, known, field, NOW).word();
    assert_eq!(word(&known, Some(email)), "quarantined");
    known.journal = vec![entry(9, "RecordRefused", json!({ "fields": { "Nome": {} } }))];
    assert_eq!((word(&known, Some(email)), word(&known, None)), ("settled", "quarantined"));
    known.waiting = None;

    let sent = UnderWay { before: json!("a"), becomes: json!("b"), given: None, emptied: json!(null), at_ms: 8 };
    let half = Half { under_way: BTreeMap::from([(mapping.fields[email].key.clone(), sent)]), ..Half::default() };
    known.link.as_mut().unwrap().base.right = half;
    assert_eq!(
        why(&mapping, &known, Some(email), NOW),
        Reason::UnderWay { to: Side::Right, since_ms: 8, birth: false }
    );
    known.link.as_mut().unwrap().base.right.expected.insert(mapping.fields[email].key.clone());
    assert_eq!(word(&known, Some(email)), "settled", "it was answered, and will be seen");

    let conflict = json!({
        "id": "01", "at_ms": 2, "ids": { "left": "7", "right": "8" }, "field": "email#1", "label": "Email",
        "values": { "left": "a", "right": "b" }, "base": { "left": null, "right": null }, "winner": null,
        "policy": "ask", "open": true,
    });
    known.conflicts = vec![serde_json::from_value::<Conflict>(conflict).unwrap()];
    assert_eq!((word(&known, Some(email)), word(&known, Some(0))), ("conflict", "settled"));

    known.link.as_mut().unwrap().held.insert("email".to_owned(), "sem arroba".to_owned());
    let told = json!({ "field": "Email", "why": "sem arroba", "place": "scripts/a.rhai:9" });
    known.journal.insert(0, entry(77, "FieldHeld", told));
    let held = why(&mapping, &known, Some(email), NOW);
    assert_eq!((held.word(), held.place(), held.since_ms()), ("held", Some("scripts/a.rhai:9"), Some(77)));
    known.link.as_mut().unwrap().gone.right = true;
    assert_eq!(word(&known, Some(email)), "gone");
}

#[test]
fn what_flows_one_way_or_is_told_once_says_so() {
    let clients = mapping("omie-ploomes/clientes");
    let status = clients.field_named("inativo").unwrap();
    let born = clients.field_named("pessoa_fisica").unwrap();
    let mut one = known(Side::Right);
    one.link = Some(link());
    assert_eq!(why(&clients, &one, Some(status), NOW).word(), "one_way");
    one.side = Side::Left;
    assert_eq!(why(&clients, &one, Some(status), NOW).word(), "settled");
    assert_eq!(why(&clients, &one, Some(born), NOW).word(), "once");
    let orders = mapping("omie-auvo/tarefas-os");
    assert_eq!(why(&orders, &known(Side::Left), None, NOW).word(), "one_way");
    // Tasks flow, and are listed since midnight alone.
    let mut task = known(Side::Right);
    task.mark = Some(mark(&orders, NOW));
    assert!(matches!(why(&orders, &task, None, NOW), Reason::Unseen { from_ms: None, full_ms: None, .. }));
}

#[test]
fn of_a_mapping_that_was_edited_nobody_says_that_all_has_moved() {
    let mapping = mapping("omie-ploomes/clientes");
    let mut one = known(Side::Left);
    one.mark = Some(Mark { mapping: mapping.print + 1, ..mark(&mapping, NOW) });
    assert_eq!(why(&mapping, &one, None, NOW).word(), "edited");
}

#[test]
fn a_window_begins_where_the_lists_begin() {
    let mapping = mapping("omie-ploomes/clientes");
    let mut one = known(Side::Left);
    one.mark = Some(mark(&mapping, NOW));
    let (window, overlap) = (18_000_000, 600_000);
    let from = |one: &Known, now_ms| {
        let Reason::Unseen { from_ms, .. } = why(&mapping, one, None, now_ms) else { panic!("it is seen") };
        from_ms
    };
    assert_eq!(from(&one, NOW), Some(NOW - window), "never less far than the window");
    let late = NOW + 3 * window;
    assert_eq!(from(&one, late), Some(NOW - overlap), "after a stop it begins behind the watermark");
}
