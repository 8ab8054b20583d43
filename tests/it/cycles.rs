//! The main job against the sandboxes, cycle by cycle.

use depara::engine::Options;
use depara::record::{Side, Sides};
use depara::sandbox::{Sandbox as _, people};
use depara::sync::reconcile;
use serde_json::{Value, json};

use crate::house::House;
use crate::traces::{client, contact, settle, types_in_omie};

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

/// Rows are looked up while a plan is made, also before all that waits is known, and what wanted none is not planned
/// again.
#[tokio::test]
async fn a_plan_made_in_rounds_is_the_plan_of_all_rows_at_once() {
    let mut house = House::build(|omie, ploomes, clock| {
        people::populate(omie, ploomes, 7, 600, clock.now()).unwrap();
    });
    for cycles in 0..2 {
        let prepared = house.runner.plan(Options { full: true, accept: false }).await.unwrap();
        assert!(prepared.plan.pairs.len() > 5, "there is something to plan after {cycles} cycles");
        assert_eq!(Ok(prepared.plan), reconcile(&house.runner.mapping, &prepared.snapshot));
        house.cycle().await;
    }
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

/// What did not come to its end is told once, with the reason and how far it came.
#[tokio::test]
async fn a_list_with_holes_is_told_in_the_journal_of_cycles() {
    let mut house = House::build(|omie, ploomes, clock| {
        people::populate(omie, ploomes, 2, 60, clock.now()).unwrap();
        omie.switches.page_cap = 20;
        omie.faults().add_text("shift-pages:ListarClientes:*:3").unwrap();
    });
    for _ in 0..3 {
        house.cycle().await;
    }
    let told = house.runner.ledger.journal_of_cycles(100).unwrap();
    let unfinished: Vec<_> = told.iter().filter(|entry| entry.event == "CycleUnfinished").collect();
    let [one] = &unfinished[..] else { panic!("told once: {told:?}") };
    let why = one.details["why"].as_str().unwrap();
    assert!(why.starts_with("the list of omie.clientes stopped at page "), "{why}");
    assert_eq!(house.runner.ledger.mark().unwrap(), None);
}

/// Nothing is planned for a newcomer that could be the twin of several, but the keys of linked ones are read for it.
#[tokio::test]
async fn a_city_is_asked_for_once_in_a_cycle() {
    let mut code = 0;
    let mut house = House::build(|omie, _, clock| {
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    let delivery = json!({ "entEndereco": "Rua Nova", "entCidade": "CAMPINAS (SP)", "entEstado": "SP" });
    types_in_omie(&house, code, &json!({ "enderecoEntrega": delivery }));
    house.ploomes.lock().unwrap().switches.unique = Vec::new();
    house.ploomes.lock().unwrap().person_adds(house.clock.now(), &contact("Another one")).unwrap();
    assert_eq!(house.cycle().await.failed, None);
    assert_eq!(house.omie.lock().unwrap().tally().calls["PesquisarCidades"], 1);
}

/// A pair that was taken out on both sides is done with: who comes after it is no twin of somebody who is gone.
#[tokio::test]
async fn who_is_entered_anew_after_both_were_deleted_is_born_on_the_other_side() {
    for at_once in [true, false] {
        let mut code = 0;
        let mut house = House::build(|omie, ploomes, clock| {
            code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
            // An empty list is believed only when it comes twice: somebody else stays on both sides.
            omie.person_adds(clock.now(), &json!({ "razao_social": "Oficina", "nome_fantasia": "Oficina" })).unwrap();
            ploomes.person_adds(clock.now(), &json!({ "Name": "Floricultura", "TypeId": 1 })).unwrap();
        });
        settle(&mut house).await;
        let link = house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().unwrap();
        assert!(house.omie.lock().unwrap().person_deletes(house.clock.now(), code));
        let mut gone = 0;
        if !at_once {
            gone += house.runner.cycle(Options { full: true, accept: false }).await.gone;
        }
        assert!(house.ploomes.lock().unwrap().person_deletes(house.clock.now(), link.ids.right.parse().unwrap()));
        gone += house.runner.cycle(Options { full: true, accept: false }).await.gone;
        let link = house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().unwrap();
        assert_eq!((link.gone, gone), (Sides::new(true, true), if at_once { 1 } else { 2 }), "at once: {at_once}");

        let code = house.omie.lock().unwrap().person_adds(house.clock.now(), &client("Padaria Aurora")).unwrap();
        settle(&mut house).await;
        assert!(house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().is_some(), "{:?}", house.waiting());
    }
}
