//! `run`: the service from its first cycle to its last step.

use depara::sandbox::{Fault, Sandbox as _, people};
use jiff::ToSpan as _;
use serde_json::{Value, json};

use super::{Running, Systems, Workspace, until};

fn started(workspace: &Workspace, more: &[&str]) -> Running {
    Running::start(workspace.command(&[&["run"], more].concat()))
}

#[test]
fn the_first_cycle_comes_at_once_and_the_next_ones_by_schedule() {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    let workspace = Workspace::of(&systems);
    workspace.mapping("every: 10m", "every: 1s");
    let mut service = started(&workspace, &["--format", "json", "--log-format", "json"]);
    let first: Value = serde_json::from_str(&service.says(&["clientes"])).unwrap();
    assert_eq!(first["created"]["ploomes"], 1);
    let client = systems.client("Mercado Ipê", "11444777000161", &json!({}));
    let later = service.says(&[r#""ploomes":1},"updated""#]);
    assert!(later.contains(r#""created":{"omie":0,"ploomes":1}"#), "{later}");
    assert!(systems.omie().client(client).is_some());
    service.signal("TERM");
    let told = service.end().ended(0);
    assert!(told.err.lines().count() >= 4);
    for line in told.err.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
}

#[test]
fn a_signal_ends_it_with_the_step_in_hand_and_the_next_start_goes_on() {
    for signal in ["TERM", "INT"] {
        let systems = Systems::open();
        let long_ago = systems.now() - 1.hour();
        people::crowd(&mut systems.omie(), 1, 6, long_ago).unwrap();
        // Writes that are heard late: the signal comes while they are under way.
        systems.ploomes().faults().add_text("delay:POST Contacts:*:800").unwrap();
        let workspace = Workspace::of(&systems);
        // One after the other, so that not all of them are in hand.
        workspace.edit("mappings/systems/ploomes.yaml", |text| {
            text.replacen("\nrequest:", "\npace: { at_once: { all: 1 } }\n\nrequest:", 1)
        });
        let mut service = started(&workspace, &[]);
        service.logs(&["a mapping is served"]);
        until(|| systems.ploomes().tally().calls.contains_key("POST Contacts"));
        service.signal(signal);
        let told = service.end().ended(0);
        assert!(told.err.contains("told to stop: the step in hand is finished"), "{}", told.err);
        let born = systems.ploomes().contacts().count();
        assert!((1..6).contains(&born), "{signal}: what was in hand, and not all: {born}");
        systems.ploomes().faults().clear();
        let links = |count: usize| workspace.run(&["links"]).ended(0).says(&[&format!("{count} link")]);
        links(born);
        workspace.run(&["sync"]).ended(0);
        assert_eq!(systems.ploomes().contacts().count(), 6);
        links(6);
    }
}

#[test]
fn who_tells_twice_does_not_wait_and_nothing_is_made_twice() {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    systems.ploomes().faults().next(Fault::Delay(600_000), "POST Contacts", 1);
    let workspace = Workspace::of(&systems);
    let mut service = started(&workspace, &[]);
    until(|| systems.ploomes().contacts().count() == 1);
    service.signal("TERM");
    service.logs(&["told to stop: the step in hand is finished"]);
    service.signal("TERM");
    let told = service.end().ended(1);
    assert!(told.err.contains("told to stop at once"), "{}", told.err);
    // The contact was made, and nobody heard of it: it is found by the id it carries.
    workspace.run(&["sync"]).ended(0);
    workspace.run(&["links"]).ended(0).says(&["1 link", "Padaria Aurora"]);
    assert_eq!(systems.ploomes().contacts().count(), 1);
}

#[test]
fn a_stop_waits_for_no_read_and_for_no_pace() {
    let systems = Systems::open();
    systems.omie().faults().next(Fault::Delay(600_000), "ListarClientes", 1);
    let workspace = Workspace::of(&systems);
    let mut service = started(&workspace, &[]);
    service.logs(&["a mapping is served"]);
    until(|| systems.calls()[0] > 0);
    service.signal("TERM");
    let told = service.end().ended(0);
    assert!(told.err.contains("the cycle was broken off"), "{}", told.err);
}

#[test]
fn a_sound_edit_is_taken_over_and_a_broken_one_is_complained_about() {
    let systems = Systems::open();
    let workspace = Workspace::of(&systems);
    let mut service = started(&workspace, &["--format", "json"]);
    service.says(&["clientes"]);
    workspace.mapping("label: Bairro }", "labell: Bairro }");
    service.logs(&["an edit has complaints", "unknown key `labell`"]);
    workspace.mapping("labell: Bairro }", "label: Bairro } # as it was");
    service.logs(&["the workspace was edited and checks clean: it is in force now"]);
    let full: Value = serde_json::from_str(&service.says(&["clientes"])).unwrap();
    assert_eq!(full["failed"], Value::Null);

    // What cannot be served is no sound edit either.
    let accounts = workspace.read("depara.yaml");
    std::fs::remove_file(workspace.path("depara.yaml")).unwrap();
    service.logs(&["an edit has complaints", "there is no `depara.yaml`"]);
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    std::fs::write(workspace.path("depara.yaml"), accounts + "# again\n").unwrap();
    service.logs(&["it is in force now"]);
    service.says(&[r#""created":{"omie":0,"ploomes":1}"#]);
    service.signal("INT");
    service.end().ended(0);
}

#[test]
fn who_is_told_to_stop_while_an_edit_waits_finishes_the_step_in_hand() {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    let workspace = Workspace::of(&systems);
    systems.ploomes().faults().next(Fault::Delay(4_000), "POST Contacts", 1);
    let mut service = started(&workspace, &[]);
    until(|| systems.ploomes().contacts().count() == 1);
    workspace.mapping("label: Bairro }", "label: Bairro } # edited");
    service.logs(&["the workspace was edited and checks clean: cycles under way end first"]);
    service.signal("TERM");
    let told = service.end().ended(0);
    assert!(told.err.contains("told to stop: the step in hand is finished"), "{}", told.err);
    assert!(!told.err.contains("it is in force now"), "{}", told.err);
    workspace.run(&["links"]).ended(0).says(&["1 link", "Padaria Aurora"]);
}

#[test]
fn an_edit_that_is_taken_back_while_it_waits_is_none() {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    let workspace = Workspace::of(&systems);
    systems.ploomes().faults().next(Fault::Delay(6_000), "POST Contacts", 1);
    let mut service = started(&workspace, &[]);
    until(|| systems.ploomes().contacts().count() == 1);
    workspace.mapping("label: Bairro }", "label: Bairro } # edited");
    service.logs(&["the workspace was edited and checks clean: cycles under way end first"]);
    workspace.mapping("label: Bairro } # edited", "label: Bairro }");
    service.logs(&["the workspace was edited again meanwhile"]);
    service.logs(&["a mapping is served"]);
    service.signal("TERM");
    let told = service.end().ended(0);
    assert!(!told.err.contains("it is in force now"), "{}", told.err);
}

#[test]
fn an_account_that_runs_nothing_any_more_is_served_no_more_and_comes_back() {
    let systems = Systems::open();
    let workspace = Workspace::of(&systems);
    let mut service = started(&workspace, &[]);
    service.logs(&["the cycle ended"]);
    let accounts = workspace.read("depara.yaml");
    let (head, _) = accounts.split_once("    mappings:").unwrap();
    std::fs::write(workspace.path("depara.yaml"), format!("{head}    mappings: {{}}\n")).unwrap();
    service.logs(&["nothing is served until one does"]);
    service.logs(&["it is in force now"]);
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    std::fs::write(workspace.path("depara.yaml"), accounts).unwrap();
    service.logs(&["it is in force now"]);
    service.logs(&["created=1"]);
    service.signal("TERM");
    service.end().ended(0);
}

#[test]
fn it_survives_a_system_that_is_away_at_the_start() {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    let workspace = Workspace::of(&systems);
    workspace.mapping("every: 10m", "every: 1s");
    systems.ploomes().faults().add_text("drop-before:*:*").unwrap();
    let mut service = started(&workspace, &[]);
    service.logs(&["the cycle failed and is tried again at its next turn", "`ploomes` got no usable answer"]);
    systems.ploomes().faults().clear();
    service.logs(&["the cycle ended", "created=1"]);
    service.signal("TERM");
    service.end().ended(0);
    assert_eq!(systems.ploomes().contacts().count(), 1);
}
