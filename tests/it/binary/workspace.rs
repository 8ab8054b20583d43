//! `init`, `check`, `test`, and what a workspace on disk does to everything else.

use serde_json::json;

use super::{Running, Systems, Workspace, place, run};

#[test]
fn a_new_workspace_holds_all_that_the_binary_carries_and_is_sound() {
    let workspace = Workspace::bare();
    for file in [
        "depara.yaml",
        ".gitignore",
        "mappings/omie-ploomes/clientes.yaml",
        "mappings/systems/omie.yaml",
        "scripts/omie-ploomes/clientes.rhai",
        "tests/cases/omie-ploomes/clientes/nothing-changed.yaml",
    ] {
        assert!(workspace.path(file).is_file(), "{file}");
    }
    // Its secrets are not set here: that is said, and is no mistake of the files.
    workspace.run(&["check"]).ended(0).says(&["OMIE_APP_KEY", "PLOOMES_USER_KEY", "1 warning"]);
    workspace.run(&["test"]).ended(0).says(&[" cases passed, 0 failed"]);
    let tested = workspace.run(&["test", "omie-ploomes/clientes/nothing-changed", "--format", "json"]).ended(0);
    assert_eq!(tested.json(), [json!({ "passed": 1, "failed": 0 })]);
    let empty = "case: x\nmapping: omie-ploomes/clientes\nexpect: { nothing: true }\n";
    std::fs::write(workspace.path("tests/cases/torn.yaml"), empty).unwrap();
    workspace.run(&["test", "torn"]).ended(1).says(&["0 cases passed, 0 failed, 1 file not run"]);
}

#[test]
fn init_replaces_no_file() {
    let workspace = Workspace::bare();
    let before = workspace.read("depara.yaml");
    std::fs::remove_file(workspace.path("scripts/phones.rhai")).unwrap();
    let dir = workspace.path("").display().to_string();
    run(&["init", &dir]).ended(1).complains(&["would be overwritten", "nothing was written"]);
    assert_eq!(workspace.read("depara.yaml"), before);
    assert!(!workspace.path("scripts/phones.rhai").exists(), "nothing at all was written");
}

#[test]
fn all_complaints_come_at_once_and_nothing_is_started() {
    let systems = Systems::open();
    let workspace = Workspace::of(&systems);
    workspace.mapping("label: Nome,", "labell: Nome,");
    workspace.mapping("canon: email", "canon: emial");
    workspace.edit("scripts/omie-ploomes/clientes.rhai", |text| text.replacen("fold(seller", "fodl(seller", 1));
    let seller = place("scripts/omie-ploomes/clientes.rhai", "fold(seller");
    let words = ["unknown-key", "did you mean `label`?", "unknown-canon", "did you mean `email`?", "`fodl`", &seller];
    for verb in ["check", "plan", "sync", "run", "test", "links"] {
        workspace.run(&[verb]).ended(1).says(&words);
    }
    let told = workspace.run(&["check", "--format", "json"]).ended(1);
    let mut codes: Vec<String> = told.json().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    assert_eq!(codes, ["rhai-unknown-function", "unknown-canon", "unknown-key"]);
    let places: Vec<bool> = told.json().iter().map(|one| one["place"]["line"].as_u64().unwrap() > 1).collect();
    assert_eq!(places, [true; 3]);
    assert_eq!(systems.calls(), [0, 0]);
    assert!(!workspace.path(".depara").exists());
}

#[test]
fn a_missing_secret_is_named_with_its_account_and_nothing_is_started() {
    let systems = Systems::open();
    let workspace = Workspace::of(&systems);
    workspace.edit("depara.yaml", |text| text.replace("demo-user-key", "\"${NOBODY_SET_THIS}\""));
    for verb in ["plan", "sync", "run"] {
        workspace.run(&[verb]).ended(1).says(&["`NOBODY_SET_THIS`", "account `acme`", "is not set"]);
    }
    assert_eq!(systems.calls(), [0, 0]);
    workspace.run(&["check"]).ended(0).says(&["warning[missing-secret]", "1 warning"]);
    let mut command = workspace.command(&["check"]);
    command.env("NOBODY_SET_THIS", "");
    super::told(command).ended(0).says(&["warning[missing-secret]", "is not set or empty"]);
    let mut command = workspace.command(&["sync"]);
    command.env("NOBODY_SET_THIS", "demo-user-key");
    super::told(command).ended(0);
}

#[test]
fn an_edited_line_changes_what_is_sent_and_an_edited_rule_what_waits() {
    let systems = Systems::open();
    let workspace = Workspace::of(&systems);
    workspace
        .mapping("email <=> Email: { label: Email, canon: email }", "email <= Email: { label: Email, canon: email }");
    let client = systems.client("Padaria Aurora", "11222333000181", &json!({ "email": "a@aurora.example" }));
    assert_eq!(workspace.sync()["created"], json!({ "omie": 0, "ploomes": 1 }));
    let born = |systems: &Systems| {
        let ploomes = systems.ploomes();
        let id = ploomes.contacts().next().unwrap();
        ploomes.contact(id).unwrap()
    };
    assert_eq!((&born(&systems)["Name"], &born(&systems)["Email"]), (&json!("Padaria Aurora"), &json!(null)));

    // The same binary, another line.
    workspace.mapping("email <= Email", "email <=> Email");
    let moved = systems.now();
    systems.omie().person_edits(moved, client, &json!({ "email": "b@aurora.example" })).unwrap();
    assert_eq!(workspace.sync()["updated"], json!({ "omie": 0, "ploomes": 1 }));
    assert_eq!(born(&systems)["Email"], "b@aurora.example");

    workspace.edit("scripts/omie-ploomes/clientes.rhai", |text| {
        text.replacen(
            "fn skip_inactive_seller(contact) {",
            "fn skip_inactive_seller(contact) {\n    return \"hoje não\";",
            1,
        )
    });
    systems.contact("Bar Boa Vista", "11444777000161", &json!({}));
    let report = workspace.sync();
    assert_eq!((&report["created"], &report["held"]), (&json!({ "omie": 0, "ploomes": 0 }), &json!(1)));
    workspace.run(&["quarantine", "list", "--all"]).ended(0).says(&["hoje não", "Bar Boa Vista"]);
}

#[test]
fn a_failing_case_shows_expected_and_found_side_by_side() {
    let workspace = Workspace::bare();
    workspace.edit("tests/cases/omie-ploomes/clientes/conflict-newest-in-omie.yaml", |text| {
        text.replace("conflict: {", "held: { omie: nunca }, conflict: {")
    });
    workspace.run(&["test", "omie-ploomes/clientes/conflict-newest-in-omie"]).ended(1).says(&[
        "expected",
        "found",
        "nunca",
        "0 cases passed, 1 failed",
    ]);
}

#[test]
fn a_store_in_use_is_an_error_and_other_workspaces_are_left_in_peace() {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    let (busy, other) = (Workspace::of(&systems), Workspace::of(&Systems::open()));
    let mut service = Running::start(busy.command(&["run"]));
    service.logs(&["the cycle ended"]);
    for verb in ["sync", "plan", "links", "run"] {
        busy.run(&[verb]).ended(1).complains(&["it is in use by another process", "stop the other depara"]);
    }
    // The other one meets systems of its own, which are gone by now: its failure is its own.
    other.run(&["sync"]).ended(1).says(&["got no usable answer"]);
    let peaceful = Systems::open();
    peaceful.client("Mercado Ipê", "11444777000161", &json!({}));
    other.accounts(&peaceful.account("acme"));
    assert_eq!(other.sync()["created"], json!({ "omie": 0, "ploomes": 1 }));
    service.signal("TERM");
    service.end().ended(0);
    busy.run(&["links"]).ended(0).says(&["Padaria Aurora", "1 link"]);
    other.run(&["links"]).ended(0).says(&["Mercado Ipê", "1 link"]);
}

#[test]
fn a_slip_of_the_keys_is_usage_and_says_what_was_meant() {
    let systems = Systems::open();
    let workspace = Workspace::of(&systems);
    run(&["snyc"]).ended(2).complains(&["sync"]);
    run(&["sync", "--dir", "/nowhere/at/all"]).ended(2).complains(&["there is no folder", "depara init"]);
    workspace.run(&["sync", "--account", "acmee"]).ended(2).complains(&["did you mean `acme`?"]);
    workspace.run(&["sync", "--mapping", "omie-ploomes/clients"]).ended(2).complains(&["`omie-ploomes/clientes`"]);
    // What is carried must not be judged in the place of what was meant.
    let inner = workspace.path("mappings").display().to_string();
    run(&["check", &inner]).ended(2).complains(&["there is no workspace in", "depara.yaml"]);
    run(&["test", &inner]).ended(2).complains(&["there is no workspace in"]);
    workspace.run(&["test", "rul-01"]).ended(2).complains(&["no case holds `rul-01`"]);
    workspace.run(&["explain", "omie.clients", "1"]).ended(2).complains(&["did you mean `omie.clientes`?"]);
    // Fields of several accounts are named once.
    workspace.edit("depara.yaml", |text| {
        let (head, account) = text.split_once("accounts:\n").unwrap();
        format!("{head}accounts:\n{account}{}", account.replace("acme", "other"))
    });
    let told = workspace.run(&["explain", "omie.clientes", "1", "zzzz"]).ended(2);
    assert_eq!(told.err.matches("Tipo de pessoa").count(), 1, "{}", told.err);
    workspace.run(&["sync", "--log", "inof"]).ended(2).complains(&["`inof` is no log level", "info"]);
    workspace.run(&["sync", "--log", "depara=loud"]).ended(2).complains(&["is no log level"]);
    std::fs::remove_file(workspace.path("depara.yaml")).unwrap();
    workspace.run(&["sync"]).ended(2).complains(&["there is no `depara.yaml`"]);
    assert_eq!(systems.calls(), [0, 0]);
}

#[test]
fn the_de_para_is_written_without_any_secret() {
    let workspace = Workspace::bare();
    workspace.mapping("label: Nome,", "label: Nome de fantasia,");
    workspace.run(&["docs"]).ended(0).says(&["# De × Para", "| Nome de fantasia | `nome_fantasia` | ⇔ | `Name` |"]);
    workspace.run(&["docs", "--language", "pt"]).ended(0).says(&["| campo | Omie |"]);
    workspace.run(&["docs", "--html"]).ended(0).says(&["<!DOCTYPE html>", "<th scope=\"row\">Nome de fantasia</th>"]);
    let told = workspace.run(&["docs", "--mapping", "omie-ploomes/clientes", "--format", "json"]).ended(0);
    assert_eq!(told.json()[0]["mapping"], "omie-ploomes/clientes");
    workspace.run(&["docs", "--mapping", "omie-ploomes/cliente"]).ended(2).complains(&["did you mean"]);
}
