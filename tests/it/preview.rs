//! A plan as people read it before it is carried out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use depara::cli::arguments::Format;
use depara::cli::render::Screen;
use depara::cli::render::difference::{self, Change, Compared, Version, difference};
use depara::cli::render::plan::plan;
use depara::config::files;
use depara::config::system::{By, Pace, Rate};
use depara::diagnostic::Diagnostics;
use depara::engine::compare::{Made, reads_differ};
use depara::engine::price::{Calls, Price, price, writes};
use depara::link::{Half, Link};
use depara::mapping::Mapping;
use depara::record::{Body, Record, Sides};
use depara::reference::References;
use depara::sync::guard::{Halt, guard};
use depara::sync::{Plan, Snapshot, reconcile};
use depara::workspace::Workspace;
use serde_json::{Value, json};

fn mapping() -> Arc<Mapping> {
    edited(&[])
}

/// The mapping with some of its text replaced.
fn edited(edits: &[(&str, &str)]) -> Arc<Mapping> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken/_workspace");
    let mut complaints = Diagnostics::default();
    let mut read = files::disk(&root, &mut complaints);
    let text = read.get_mut("mappings/erp-crm/clients.yaml").unwrap();
    for (from, to) in edits {
        assert!(text.contains(from), "{from} is not in\n{text}");
        *text = text.replace(from, to);
    }
    let workspace = Workspace::compile(&read, &|_| Some("x".to_owned()), complaints);
    let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
    workspace.mappings.get("erp-crm/clients").unwrap().clone()
}

/// What a plan costs where each system takes sixty calls a minute and two lists were read.
fn cost(mapping: &Mapping, plan: &Plan) -> Price {
    let rate = Rate { calls: 60, per_ms: 60_000, by: By::All };
    let pace = Pace { windows: vec![rate], ..Pace::default() };
    let lists = [("crm", "list contacts"), ("erp", "list clients")];
    let reads = lists.map(|(system, call)| (system.to_owned(), [(call.to_owned(), 1)].into()));
    price(&reads.into(), &writes(mapping, plan, |_| None), |_| Some(&pace))
}

fn record(id: &str, changed_ms: i64, body: &Value) -> (String, Record) {
    (
        id.to_owned(),
        Record {
            id: id.to_owned(),
            changed_ms: Some(changed_ms),
            ours: false,
            sibling: false,
            author: None,
            body: Body::pack(body),
        },
    )
}

/// A linked pair whose base is a name on both sides.
fn link(mapping: &Mapping, ids: Sides<&str>, name: &str) -> Link {
    let half = || {
        let known = mapping
            .fields
            .iter()
            .map(|field| (field.key.clone(), if field.name == "name" { json!(name) } else { Value::Null }));
        Half { fields: known.collect::<BTreeMap<_, _>>().into(), ..Half::default() }
    };
    Link { ids: ids.map(str::to_owned), base: Sides::each(|_| half()), gone: Sides::default(), held: [].into() }
}

fn snapshot(mapping: &Mapping) -> Snapshot {
    let mut references = References::default();
    references.put_whole("erp.sellers", vec![json!({ "code": 7, "email": "ana@ex.com" })]);
    references.put_whole("crm.users", vec![json!({ "Id": 3, "Email": "ANA@ex.com" })]);
    Snapshot {
        links: vec![link(mapping, Sides::new("1", "10"), "Aurora"), link(mapping, Sides::new("2", "20"), "Boa Vista")],
        records: Sides::new(
            [
                record("1", 5, &json!({ "id": 1, "name": "Aurora Padaria" })),
                record("2", 5, &json!({ "id": 2, "name": "Boa Vista Bar" })),
                record("3", 5, &json!({ "id": 3, "name": "Cabral", "seller": 7 })),
                record("4", 5, &json!({ "id": 4, "name": "Dois" })),
                record("5", 5, &json!({ "id": 5, "name": "Érico", "seller": 99 })),
                record("6", 5, &json!({ "id": 6, "name": "Fonte" })),
            ]
            .into(),
            [
                record("10", 4, &json!({ "Id": 10, "Name": "Aurora" })),
                record("20", 9, &json!({ "Id": 20, "Name": "Bar Boa Vista" })),
                record("40", 4, &json!({ "Id": 40, "Name": "Dois" })),
                record("41", 4, &json!({ "Id": 41, "Name": "Dois" })),
                record("60", 4, &json!({ "Id": 60, "Name": "Fonte", "OwnerId": 3 })),
            ]
            .into(),
        ),
        references: Arc::new(references),
        linked: 2,
        ..Snapshot::default()
    }
}

fn shown(format: Format, halt: Option<&Halt>) -> String {
    shown_of(&mapping(), format, halt)
}

fn shown_of(mapping: &Mapping, format: Format, halt: Option<&Halt>) -> String {
    let snapshot = snapshot(mapping);
    let made: Plan = reconcile(mapping, &snapshot).unwrap();
    assert_eq!(guard(mapping, &snapshot, &made), None);
    let (mut screen, told) = Screen::captured(format);
    plan(&mut screen, (mapping, "acme"), &snapshot, (&made, halt), &cost(mapping, &made)).unwrap();
    told.text()
}

#[test]
fn what_a_newborn_record_holds_besides_its_lines_is_shown() {
    let mapping = edited(&[("fields:\n", "birth: { crm: { Kind: F } }\nfields:\n")]);
    let text = shown_of(&mapping, Format::Json, None);
    let read: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let writes = read["records"].as_array().unwrap().iter().flat_map(|pair| pair["writes"].as_array().unwrap());
    let born: Vec<&Value> = writes.filter(|write| write["act"] == "create").map(|write| &write["fields"][0]).collect();
    assert_eq!(born.len(), 1, "{text}");
    for field in born {
        assert_eq!((&field["field"], &field["new"], &field["cause"]), (&json!("Kind"), &json!("F"), &json!("born")));
        assert_eq!(field["place"], "mappings/erp-crm/clients.yaml:8");
    }
}

#[test]
fn people_read_a_plan_record_by_record_and_field_by_field() {
    insta::assert_snapshot!(shown(Format::Human, None));
}

#[test]
fn programs_read_a_plan_as_one_line() {
    let text = shown(Format::Json, Some(&Halt { reason: "too much".to_owned() }));
    assert_eq!(text.lines().count(), 1);
    let read: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["halted"], "too much");
    let price = &read["price"];
    assert_eq!((&price["calls"], &price["ms"]), (&json!(6), &json!(3_000)));
    assert_eq!(
        price["systems"]["crm"]["kinds"],
        json!([
            { "call": "create contacts", "reads": 0, "writes": 1, "ms": 1_000 },
            { "call": "list contacts", "reads": 1, "writes": 0, "ms": 1_000 },
            { "call": "update contacts", "reads": 0, "writes": 1, "ms": 1_000 },
        ])
    );
    let update = &read["records"][0]["writes"][0];
    assert_eq!((&update["act"], &update["to"]), (&json!("update"), &json!("crm.contacts")));
    let field = &update["fields"][0];
    assert_eq!(
        (&field["old"], &field["new"], &field["cause"]),
        (&json!("Aurora"), &json!("Aurora Padaria"), &json!("changed"))
    );
}

#[test]
fn an_empty_plan_says_so() {
    let mapping = mapping();
    let (mut screen, told) = Screen::captured(Format::Human);
    plan(&mut screen, (&mapping, "acme"), &Snapshot::default(), (&Plan::default(), None), &Price::default()).unwrap();
    assert!(told.text().contains("nothing to send"), "{}", told.text());
}

/// What a version plans on the records of `snapshot`.
fn made(mapping: &Mapping) -> Made {
    let snapshot = snapshot(mapping);
    let plan = reconcile(mapping, &snapshot).unwrap();
    let halt = guard(mapping, &snapshot, &plan);
    Made { snapshot, plan, halt }
}

fn compared(format: Format, here: &Mapping, there: &Mapping) -> (bool, String) {
    let (present, past) = (made(here), made(there));
    let version = |mapping, made| Version { mapping, made, price: cost_of_sending(mapping, &made.plan) };
    let compared = Compared {
        account: "acme",
        dir: "../main",
        here: version(here, &present),
        there: version(there, &past),
        reads: 4,
        notes: reads_differ(here, there),
    };
    let (mut screen, told) = Screen::captured(format);
    let differs = difference::told(&mut screen, &compared).unwrap();
    (differs, told.text())
}

fn cost_of_sending(mapping: &Mapping, plan: &Plan) -> Price {
    let pace = Pace { spacing_all_ms: 500, ..Pace::default() };
    price(&Calls::new(), &writes(mapping, plan, |_| None), |_| Some(&pace))
}

#[test]
fn two_versions_that_send_the_same_do_not_differ() {
    let (mapping, other) = (mapping(), edited(&[("link:", "title: Another title\nlink:")]));
    assert_eq!(difference((&mapping, &made(&mapping).plan), (&other, &made(&other).plan)), []);
    let (differs, text) = compared(Format::Human, &mapping, &other);
    assert!(!differs && text.contains("no difference: both versions would send the same"), "{text}");
}

#[test]
fn people_read_what_an_edit_changes_record_by_record_and_part_by_part() {
    let (here, there) = (edited(EDIT), mapping());
    let (differs, text) = compared(Format::Human, &here, &there);
    assert!(differs);
    insta::assert_snapshot!(text);
}

/// Érico's seller has no twin: with the edit he is born without one, and so nothing holds him.
const EDIT: &[(&str, &str)] = &[("crm: users by Email }", "crm: users by Email }, missing: empty")];

#[test]
fn what_one_version_alone_sends_has_a_side_and_its_parts_too() {
    let (here, there) = (edited(EDIT), mapping());
    let shifts = difference((&here, &made(&here).plan), (&there, &made(&there).plan));
    let [shift] = &shifts[..] else { panic!("{shifts:?}") };
    assert_eq!((shift.name.as_str(), shift.ids.left.as_deref()), ("Érico", Some("5")));
    let of = |what: &str, part: Option<&str>| {
        let found = shift.changes.iter().find(|one| one.what == what && one.part.as_deref() == part);
        found.map(|Change { there, here, .. }| (there.clone(), here.clone()))
    };
    assert_eq!(of("create in crm.contacts", None), Some((None, Some(json!(true)))));
    assert_eq!(of("create in crm.contacts", Some("Name")), Some((None, Some(json!("Érico")))));
    assert_eq!(of("held", None), Some((Some(json!("seller has no known value on the other side")), None)));
    // The other way round it is the other one that sends.
    let back = difference((&there, &made(&there).plan), (&here, &made(&here).plan));
    assert!(back[0].changes.iter().any(|one| one.what == "create in crm.contacts" && one.here.is_none()));
    let (differs, text) = compared(Format::Json, &here, &there);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert!(differs && text.lines().count() == 1);
    assert_eq!((&told["differs"], &told["records"][0]["name"]), (&json!(true), &json!("Érico")));
    assert_eq!(
        (&told["here"]["price"]["calls"], &told["there"]["price"]["calls"], &told["here"]["totals"]["create"]["crm"]),
        (&json!(5), &json!(4), &json!(2))
    );
}
