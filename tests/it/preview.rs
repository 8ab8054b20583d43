//! A plan as people read it before it is carried out.

use std::path::Path;
use std::sync::Arc;

use depara::cli::arguments::Format;
use depara::cli::render::Screen;
use depara::cli::render::plan::plan;
use depara::config::files;
use depara::diagnostic::Diagnostics;
use depara::link::{Half, Link};
use depara::mapping::Mapping;
use depara::record::{Body, Record, Sides};
use depara::reference::References;
use depara::sync::guard::{Halt, guard};
use depara::sync::{Plan, Snapshot, reconcile};
use depara::workspace::Workspace;
use serde_json::{Value, json};

fn mapping() -> Arc<Mapping> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken/_workspace");
    let mut complaints = Diagnostics::default();
    let read = files::disk(&root, &mut complaints);
    let workspace = Workspace::compile(&read, &|_| Some("x".to_owned()), complaints);
    let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
    workspace.mappings.get("erp-crm/clients").unwrap().clone()
}

fn record(id: &str, changed_ms: i64, body: &Value) -> (String, Record) {
    (
        id.to_owned(),
        Record { id: id.to_owned(), changed_ms: Some(changed_ms), ours: false, sibling: false, body: Body::pack(body) },
    )
}

/// A linked pair whose base is a name on both sides.
fn link(mapping: &Mapping, ids: Sides<&str>, name: &str) -> Link {
    let half = || {
        let known = mapping
            .fields
            .iter()
            .map(|field| (field.key.clone(), if field.name == "name" { json!(name) } else { Value::Null }));
        Half { fields: known.collect(), ..Half::default() }
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
    let mapping = mapping();
    let snapshot = snapshot(&mapping);
    let made: Plan = reconcile(&mapping, &snapshot).unwrap();
    assert_eq!(guard(&mapping, &snapshot, &made), None);
    let (mut screen, told) = Screen::captured(format);
    plan(&mut screen, (&mapping, "acme"), &snapshot, &made, halt).unwrap();
    told.text()
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
    assert_eq!(read["price"], json!({ "crm": 2, "erp": 2 }));
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
    plan(&mut screen, (&mapping, "acme"), &Snapshot::default(), &Plan::default(), None).unwrap();
    assert!(told.text().contains("nothing to send"), "{}", told.text());
}
