//! `capture`: a case from life, written for whoever repairs a mapping.

use serde_json::json;

use super::{Systems, Workspace};

/// A workspace whose two records are linked, and one was edited since.
fn linked() -> (Systems, Workspace, String) {
    let systems = Systems::open();
    let client = systems.client("Padaria Aurora", "11222333000181", &json!({ "email": "anabeatriz@aurora.com.br" }));
    let workspace = Workspace::of(&systems);
    workspace.sync();
    let now = systems.now();
    systems.omie().person_edits(now, client, &json!({ "email": "biancarosa@aurora.com.br" })).unwrap();
    (systems, workspace, client.to_string())
}

#[test]
fn a_record_and_its_twin_become_a_case_that_passes_at_once() {
    let (systems, workspace, client) = linked();
    let (writes, store) = (systems.writes_asked(), workspace.store());
    let file = workspace.path("tests/cases/omie-ploomes/clientes/from-life.yaml").display().to_string();
    let capture = ["capture", "omie.clientes", &client, "--mapping", "omie-ploomes/clientes"];
    let told = workspace.run(&[&capture[..], &["--out", &file]].concat()).ended(0);
    told.says(&["a case of omie-ploomes/clientes written to"]);
    let written = workspace.read("tests/cases/omie-ploomes/clientes/from-life.yaml");
    for word in ["Aurora", "aurora", "anabeatriz@", "biancarosa@", "11222333", "11.222.333", &client] {
        assert!(!written.contains(word), "`{word}` stands in\n{written}");
    }
    assert!(written.contains("expect:\n  update:") || written.contains("expect: { update:"), "{written}");
    workspace.run(&["test", "from-life"]).ended(0).says(&["1 case passed, 0 failed"]);
    workspace.run(&["fmt", "--check"]).ended(0);
    workspace.run(&["check", "--deny", "warnings"]).ended(0);
    // The same masks once more, and others under another key.
    assert_eq!(workspace.run(&capture).ended(0).out, written);
    assert_eq!(systems.writes_asked(), writes, "only reads are sent");
    assert_eq!(workspace.store(), store, "the store stays as it is");
    workspace.run(&["test", "from-life"]).ended(0);
    std::fs::remove_file(workspace.path(".depara.salt")).unwrap();
    assert_ne!(workspace.run(&capture).ended(0).out, written);
    assert!(workspace.read(".gitignore").contains(".depara.salt"));
}

#[test]
fn a_file_that_is_there_stays_until_somebody_says_so() {
    let (systems, workspace, client) = linked();
    std::fs::write(workspace.path("mine.yaml"), "mine").unwrap();
    let (calls, name) = (systems.calls(), workspace.path("mine.yaml").display().to_string());
    let capture = ["capture", "omie.clientes", &client, "--out", &name];
    workspace.run(&capture).ended(1).complains(&["is there already; nothing was written", "--force"]);
    assert_eq!((workspace.read("mine.yaml").as_str(), systems.calls()), ("mine", calls));
    workspace.run(&[&capture[..], &["--force"]].concat()).ended(0);
    assert!(workspace.read("mine.yaml").starts_with("# yaml-language-server"));
}

#[test]
fn what_leads_nowhere_is_said() {
    let (_systems, workspace, client) = linked();
    workspace.run(&["capture", "omie.clients", &client]).ended(2).complains(&["did you mean `omie.clientes`?"]);
    workspace.run(&["capture", "omie.clientes", "77"]).ended(1).complains(&["`omie.clientes` shows no record `77`"]);
    workspace
        .run(&["capture", "omie.clientes", &client, "--keep", "Nom"])
        .ended(2)
        .complains(&["did you mean `Nome`?"]);
    let told = workspace.run(&["capture", "omie.clientes", &client, "--keep", "Nome", "--format", "json"]).ended(0);
    let told = told.json();
    assert_eq!((&told[0]["mapping"], &told[0]["file"]), (&json!("omie-ploomes/clientes"), &json!(null)));
    assert!(told[0]["case"].as_str().unwrap().contains("Padaria Aurora"), "{}", told[0]["case"]);
}

#[test]
fn what_in_life_is_ambiguous_is_told_as_such() {
    let systems = Systems::open();
    let client = systems.client("Padaria Aurora", "11222333000181", &json!({})).to_string();
    for name in ["Padaria Aurora", "Aurora Filial"] {
        systems.contact(name, "11222333000181", &json!({}));
    }
    let workspace = Workspace::of(&systems);
    let capture = ["capture", "omie.clientes", &client];
    let told = workspace.run(&capture).ended(0).out;
    assert!(!told.contains("# Note:"), "no cycle has seen it: {told}");
    workspace.sync();
    workspace.run(&capture).ended(0).says(&["# Note: in life nothing is done, for others share a key of this record"]);
}
