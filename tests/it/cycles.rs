//! The main job against the sandboxes, cycle by cycle.

use depara::sandbox::{Sandbox as _, people};
use serde_json::{Value, json};

use crate::house::House;

#[tokio::test]
async fn clients_move_both_ways_and_then_nothing_moves() {
    let mut story = None;
    let mut house = House::build(|omie, ploomes, clock| {
        story = Some(people::populate(omie, ploomes, 7, 120, clock.now()).unwrap());
    });
    let mut quiet = false;
    for turn in 0..6 {
        let report = house.cycle().await;
        eprintln!("{turn}: {}", serde_json::to_string(&report).unwrap());
        assert_eq!(report.failed, None);
        quiet = report.is_quiet();
        if quiet && turn > 1 {
            break;
        }
    }
    assert!(quiet, "the two sides settle");
    let moment = house.clock.now();
    let story = story.unwrap();
    let edits = {
        let (mut omie, mut ploomes) = (house.omie.lock().unwrap(), house.ploomes.lock().unwrap());
        people::edit_round(&mut omie, &mut ploomes, &story, moment).unwrap()
    };
    assert!(edits.len() > 5);
    for turn in 0..6 {
        let report = house.cycle().await;
        eprintln!("edit {turn}: {}", serde_json::to_string(&report).unwrap());
        assert_eq!(report.failed, None);
        quiet = report.is_quiet();
        if quiet && turn > 0 {
            break;
        }
    }
    assert!(quiet, "the two sides settle after the edits");
    let (omie, ploomes) = (house.omie.lock().unwrap(), house.ploomes.lock().unwrap());
    assert!(omie.tally().broken.is_empty(), "{:?}", omie.tally().broken);
    assert!(ploomes.tally().broken.is_empty(), "{:?}", ploomes.tally().broken);
}

/// Somebody touches a record that Omie refuses before every cycle, so that it is refused in every one.
#[tokio::test]
async fn a_record_that_is_always_refused_delays_no_other() {
    let mut ids = None;
    let mut house = House::build(|omie, ploomes, clock| {
        omie.switches.required_on_include.push("email".to_owned());
        let refused = json!({ "TypeId": 1, "Name": "Recusada", "Register": "11222333000181" });
        let other = json!({ "TypeId": 1, "Name": "Outra", "Register": "19131243000197", "Email": "outra@ex.com" });
        let mut add = |contact: &Value| ploomes.person_adds(clock.now(), contact).unwrap();
        ids = Some((add(&refused), add(&other)));
    });
    let (refused, other) = ids.unwrap();
    for turn in 1..6 {
        let report = house.cycle().await;
        let (mut ploomes, omie) = (house.ploomes.lock().unwrap(), house.omie.lock().unwrap());
        assert_eq!(
            (report.failed, omie.tally().calls["IncluirCliente"]),
            (None, turn + 1),
            "one birth and its refusals"
        );
        let name = if turn == 1 { "Outra".to_owned() } else { format!("Outra {}", turn - 1) };
        let names: Vec<String> =
            omie.clients().map(|client| client["nome_fantasia"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, [name], "after cycle {turn}");
        drop(omie);
        let now = house.clock.now();
        ploomes.person_edits(now, refused, &json!({ "Name": format!("Recusada {turn}") })).unwrap();
        ploomes.person_edits(now, other, &json!({ "Name": format!("Outra {turn}") })).unwrap();
    }
}

#[tokio::test]
async fn a_journal_keeps_as_many_lines_as_it_is_told_to() {
    let mut id = None;
    let mut house = House::build(|_, ploomes, clock| {
        let contact =
            json!({ "TypeId": 1, "Name": "Aurora", "LegalName": "Aurora Ltda", "Register": "11222333000181" });
        id = Some(ploomes.person_adds(clock.now(), &contact).unwrap());
    });
    house.runner.journal_max = 3;
    for name in ["Um", "Dois", "Três", "Quatro", "Cinco"] {
        house.cycle().await;
        let now = house.clock.now();
        house.ploomes.lock().unwrap().person_edits(now, id.unwrap(), &json!({ "Name": name })).unwrap();
    }
    house.cycle().await;
    let kept = house.runner.ledger.journal(100).unwrap();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(kept[0].details["fields"]["Nome"]["new"], "Cinco", "the newest stay: {kept:?}");
}
