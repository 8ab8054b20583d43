//! `check` as programs and pipelines read it: warnings, what is denied, annotations, explanations.

use serde_json::json;

use super::{Systems, Workspace, run};

/// A workspace with one warning and nothing else.
fn warned() -> Workspace {
    let workspace = Workspace::of(&Systems::open());
    workspace.edit("mappings/omie-auvo/clientes.yaml", |text| {
        text.replace("{ label: Complemento, cut: { omie: false } }", "{ label: Complemento }")
    });
    workspace
}

#[test]
fn a_warning_stops_nothing_until_it_is_denied() {
    let workspace = warned();
    let told = workspace.run(&["check"]).ended(0);
    told.says(&["warning[too-long]", "1 warning", "`depara check --explain too-long`"]);
    for deny in ["warnings", "too-long"] {
        workspace.run(&["check", "--deny", deny]).ended(1).says(&["error[too-long]", "1 error"]);
    }
    workspace.run(&["check", "--deny", "table-open"]).ended(0).says(&["warning[too-long]"]);
    workspace.run(&["check", "--deny", "too-lang"]).ended(2).complains(&["`too-lang` is nothing that can be denied"]);
    let links = workspace.run(&["links"]).ended(0);
    assert!(!links.out.contains("too-long"), "{}", links.out);
}

#[test]
fn a_variable_that_is_not_set_is_denied_by_its_own_code_alone() {
    let workspace = Workspace::bare();
    workspace.run(&["check", "--deny", "warnings"]).ended(0).says(&["warning[missing-secret]"]);
    workspace.run(&["check", "--deny", "missing-secret"]).ended(1).says(&["error[missing-secret]"]);
}

#[test]
fn github_is_told_in_commands_of_its_workflows() {
    let workspace = warned();
    workspace.mapping("canon: email", "canon: emial");
    let told = workspace.run(&["check", "--format", "github"]).ended(1);
    let [warning, error] = told.out.lines().collect::<Vec<_>>()[..] else { panic!("{}", told.out) };
    assert!(warning.starts_with("::warning file=") && warning.contains(",title=too-long::"), "{warning}");
    let dir = workspace.path("").display().to_string();
    let file = format!("{}/mappings/omie-ploomes/clientes.yaml", dir.trim_end_matches('/'));
    assert!(error.starts_with(&format!("::error file={file},line=")), "{error}");
    assert!(error.ends_with("title=unknown-canon::no canon is named `emial`%0Adid you mean `email`?"), "{error}");
    workspace.run(&["links", "--format", "github"]).ended(2).complains(&["--format json"]);
}

#[test]
fn sarif_is_one_log_whose_results_point_into_the_files() {
    let workspace = warned();
    let told = workspace.run(&["check", "--format", "sarif"]).ended(0);
    let [log] = &told.json()[..] else { panic!("{}", told.out) };
    let run = &log["runs"][0];
    assert_eq!((&log["version"], run["results"].as_array().unwrap().len()), (&json!("2.1.0"), 1));
    let (result, rules) = (&run["results"][0], run["tool"]["driver"]["rules"].as_array().unwrap());
    assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
    assert_eq!((&result["ruleId"], &result["level"]), (&json!("too-long"), &json!("warning")));
    assert!(rules.iter().all(|rule| rule["shortDescription"]["text"].as_str().is_some_and(|text| !text.is_empty())));
    let at = &result["locations"][0]["physicalLocation"];
    let line = at["region"]["startLine"].as_u64().and_then(|line| usize::try_from(line).ok()).unwrap();
    let text = workspace.read("mappings/omie-auvo/clientes.yaml");
    assert!(text.lines().nth(line - 1).unwrap().contains("complemento <=>"), "{at}");
    let key = "complemento <=> adressComplement".chars().count();
    assert_eq!(at["region"]["endColumn"], json!(3 + key));
    assert_eq!(result["relatedLocations"][0]["message"]["text"], json!("declared here"));
}

#[test]
fn a_case_that_leads_nowhere_is_no_surprise_of_the_tests() {
    let workspace = Workspace::of(&Systems::open());
    workspace.edit("tests/cases/omie-ploomes/clientes/nothing-changed.yaml", |text| {
        text.replace("mapping: omie-ploomes/clientes", "mapping: omie-ploomes/cliente")
    });
    workspace.run(&["check"]).ended(1).says(&["unknown-mapping", "nothing-changed.yaml", "omie-ploomes/clientes"]);
}

#[test]
fn a_code_is_explained_in_both_languages_and_all_are_listed() {
    run(&["check", "--explain", "rule-silent"]).ended(0).says(&["# rule-silent: ", "## Repair"]);
    run(&["check", "--explain", "rule-silent", "--language", "pt"]).ended(0).says(&["## Conserto"]);
    run(&["check", "--explain", "rule-silnt"]).ended(2).complains(&["did you mean `rule-silent`?"]);
    let told = run(&["check", "--explain", "--format", "json"]).ended(0);
    assert!(told.json().contains(&json!({
        "code": "yaml-syntax", "weight": "error", "sentence": "the file is no YAML"
    })));
}

#[test]
fn laws_are_told_of_each_line_and_a_broken_promise_fails() {
    let workspace = Workspace::of(&Systems::open());
    let laws = ["check", "--laws", "--mapping", "omie-auvo/servicos"];
    workspace.run(&laws).ended(0).says(&["one write", "no complaints"]);
    let told = workspace.run(&[&laws[..], &["--format", "json"]].concat()).ended(0).json();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!((&told[0]["to_right"]["law"], &told[0]["to_left"]), (&json!("exact"), &json!(null)));
    workspace.edit("mappings/omie-auvo/servicos.yaml", |text| text.replace("canon: money", "canon: money, law: exact"));
    workspace.run(&laws).ended(1).says(&["error[law-broken]", "Preço unitário promises `exact`"]);
    workspace.run(&["check"]).ended(0);
    workspace.run(&["check", "--laws", "--mapping", "omie-auvo/servico"]).ended(2).complains(&["did you mean"]);
    workspace.run(&["check", "--live"]).ended(2).complains(&["--laws"]);
}

#[test]
fn laws_are_tried_on_the_records_of_an_account_and_nothing_is_written() {
    let systems = Systems::open();
    systems.client(
        "Padaria Aurora",
        "11222333000181",
        &json!({ "telefone1_ddd": "11", "telefone1_numero": "30001000" }),
    );
    systems.contact("Confeitaria Ideal", "11444777000161", &json!({ "Email": "Ideal@Ex.com" }));
    let workspace = Workspace::of(&systems);
    let laws = ["check", "--laws", "--mapping", "omie-ploomes/clientes", "--format", "json"];
    let records = |told: super::Told| told.ended(0).json().last().unwrap()["records"].as_u64().unwrap();
    let without = records(workspace.run(&laws));
    let with = records(workspace.run(&[&laws[..], &["--live"]].concat()));
    assert_eq!(with, without + 2);
    assert_eq!(systems.writes_asked(), [0, 0]);
    assert!(!workspace.path(".depara").exists(), "looking at records makes no store");
}
