//! Records that wait, and whom they meet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use depara::config::files;
use depara::engine::Options;
use depara::record::Side;
use depara::sandbox::{Omie, Ploomes, Request, Sandbox as _};
use depara::store::{Change, Wait};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::house::{House, workspace};
use crate::traces::{client, conflicts, contact, count, settle, strike, types_in_omie, types_in_ploomes};

/// A client that Ploomes refuses for want of an e-mail.
async fn refused() -> (House, i64) {
    let mut code = 0;
    let mut house = House::build(|omie, ploomes, clock| {
        ploomes.switches.required = vec!["Email".to_owned()];
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
    });
    // A side that shows nothing is compared twice.
    house.cycle().await;
    house.cycle().await;
    assert_eq!(counts(&house), (1, 0), "it is refused");
    (house, code)
}

fn counts(house: &House) -> (usize, usize) {
    count(&house.omie.lock().unwrap(), &house.ploomes.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_a_creation_is_open_is_not_born_on_the_other_side() {
    let mut house = House::build(|omie, ploomes, clock| {
        ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
        omie.faults().add_text("drop-before:IncluirCliente:1").unwrap();
    });
    house.cycle().await;
    house.omie.lock().unwrap().person_adds(house.clock.now(), &client("Padaria Aurora")).unwrap();
    house.clock.skip_ms(30_000);
    house.runner.cycle(Options::default()).await;
    assert_eq!(counts(&house), (1, 1));
    settle(&mut house).await;
    assert_eq!(counts(&house), (1, 1));
    assert_eq!(house.runner.ledger.link_count().unwrap(), 1);
}

#[tokio::test]
async fn who_waited_is_met_as_it_is_by_now() {
    let (mut house, code) = refused().await;
    types_in_omie(&house, code, &json!({ "endereco": "Rua do Omie" }));
    let mut typed = contact("Padaria Aurora");
    (typed["Email"], typed["StreetAddress"]) = (json!("ana@ex.example"), json!("Rua do Ploomes"));
    house.ploomes.lock().unwrap().person_adds(house.clock.now(), &typed).unwrap();
    // What was typed in Omie does not show in the list.
    strike(&house, "empty-list:ListarClientes:1");
    settle(&mut house).await;
    assert_eq!(conflicts(&house), 1, "one of two streets is told");
}

#[tokio::test]
async fn who_meets_one_that_waited_and_is_gone_is_born_on_the_other_side() {
    let (mut house, code) = refused().await;
    house.omie.lock().unwrap().person_deletes(house.clock.now(), code);
    let mut typed = contact("Padaria Aurora");
    typed["Email"] = json!("ana@ex.example");
    house.ploomes.lock().unwrap().person_adds(house.clock.now(), &typed).unwrap();
    settle(&mut house).await;
    assert_eq!(counts(&house), (1, 1), "the contact has a client of its own");
    assert_eq!(house.runner.ledger.link_count().unwrap(), 1);
    let mut waiting = 0;
    house.runner.ledger.each_waiting(|_| waiting += 1).unwrap();
    assert_eq!(waiting, 0, "nobody waits for a client that is gone");
}

#[tokio::test]
async fn who_shares_a_key_with_one_whose_twin_is_gone_is_told_which_link_to_forget() {
    let mut code = 0;
    let mut house = House::build(|omie, _, clock| {
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        omie.person_adds(clock.now(), &json!({ "razao_social": "Oficina", "nome_fantasia": "Oficina" })).unwrap();
    });
    settle(&mut house).await;
    let link = house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().unwrap();
    house.omie.lock().unwrap().person_deletes(house.clock.now(), code);
    // Who is gone shows when everything is compared.
    house.clock.skip_ms(86_400_000);
    settle(&mut house).await;
    let other = house.omie.lock().unwrap().person_adds(house.clock.now(), &client("Padaria Aurora Ltda")).unwrap();
    settle(&mut house).await;
    let (waiting, contact) = (house.waiting(), &link.ids.right);
    let told = format!(
        "ploomes.contacts {contact} (linked to omie.clientes {code}, which is gone; `depara links forget {contact}`"
    );
    assert!(waiting[&other.to_string()].contains(&told), "{waiting:?}");

    house.runner.ledger.write(vec![Change::RemoveLink(link.ids.clone())]).unwrap();
    types_in_ploomes(&house, contact.parse().unwrap(), &json!({ "Email": "ana@ex.example" }));
    settle(&mut house).await;
    assert_eq!(house.runner.ledger.link(Side::Left, &other.to_string()).unwrap().unwrap().ids.right, *contact);
    assert_eq!((counts(&house), house.waiting()), ((2, 2), BTreeMap::new()));
}

#[tokio::test]
async fn what_is_taken_out_of_a_set_is_taken_out_though_its_record_waited() {
    let mut code = 0;
    let mut house = House::build(|omie, _, clock| {
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    let link = house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().unwrap();
    let id = link.ids.right.parse().unwrap();
    let name = "Padaria Aurora e Irmãos Comércio de Pães, Bolos, Doces e Salgados do Interior";
    types_in_omie(&house, code, &json!({ "tags": [{ "tag": "VIP" }] }));
    types_in_ploomes(&house, id, &json!({ "LegalName": name, "Tags": ["VIP", "Varejo"] }));
    house.cycle().await;
    types_in_ploomes(&house, id, &json!({ "LegalName": "Padaria Aurora", "Tags": ["Varejo"] }));
    settle(&mut house).await;
    let tags = house.omie.lock().unwrap().client(code).unwrap()["tags"].clone();
    assert_eq!(tags, json!([{ "tag": "Varejo" }]));
}

#[tokio::test]
async fn what_both_had_of_a_set_is_known_though_no_answer_says_so() {
    let mut ids = (0, 0);
    let mut house = House::build(|omie, ploomes, clock| {
        let [mut client, mut contact] = [client("Padaria Aurora"), contact("Padaria Aurora")];
        client["tags"] = json!([{ "tag": "VIP" }]);
        contact["Tags"] = json!(["Varejo"]);
        ids.0 = omie.person_adds(clock.now(), &client).unwrap();
        ids.1 = ploomes.person_adds(clock.now(), &contact).unwrap();
    });
    strike(&house, "lose-answer:AlterarCliente:1");
    strike(&house, "drop-before:PATCH Contacts:*");
    house.cycle().await;
    house.omie.lock().unwrap().faults().clear();
    house.ploomes.lock().unwrap().faults().clear();
    types_in_ploomes(&house, ids.1, &json!({ "Tags": [] }));
    settle(&mut house).await;
    let tags = house.omie.lock().unwrap().client(ids.0).unwrap()["tags"].clone();
    assert_eq!(tags, json!([{ "tag": "VIP" }]), "what Omie got of Ploomes was taken out there");
}

#[tokio::test]
async fn who_shares_a_key_with_one_that_was_linked_by_a_refusal_is_told_and_not_born() {
    let mut house = House::build(|omie, ploomes, clock| {
        omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
        omie.faults().add_text("empty-list:ListarClientes:1").unwrap();
    });
    house.cycle().await;
    assert_eq!(house.runner.ledger.link_count().unwrap(), 1, "Omie names the one that is there");
    {
        let mut omie = house.omie.lock().unwrap();
        omie.switches.unique_document = false;
        omie.person_adds(house.clock.now(), &client("Padaria Aurora Ltda")).unwrap();
    }
    house.cycle().await;
    assert_eq!(counts(&house), (2, 1), "nobody says which of the two the contact is");
    let mut told = Vec::new();
    house.runner.ledger.each_waiting(|one| told.push(one.kind)).unwrap();
    assert_eq!(told, [Wait::Ambiguous]);
}

#[tokio::test]
async fn who_was_linked_by_a_refusal_is_asked_for_its_keys_before_another_one_is_born_for_them() {
    let mut code = 0;
    let mut house = House::build(|omie, ploomes, clock| {
        let mut other = client("Hotel Aurora");
        other["cnpj_cpf"] = json!("");
        // Too old to be listed again.
        let before = clock.now() - SignedDuration::from_hours(6);
        omie.person_adds(before, &other).unwrap();
        ploomes.person_adds(before, &contact("Padaria Aurora")).unwrap();
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        omie.faults().add_text("stale-list:ListarClientes:1:900").unwrap();
    });
    house.cycle().await;
    assert_eq!(house.runner.ledger.link_count().unwrap(), 2, "Omie names the one that is there");
    {
        let mut omie = house.omie.lock().unwrap();
        omie.person_deletes(house.clock.now(), code);
        omie.person_adds(house.clock.now(), &client("Padaria Aurora Ltda")).unwrap();
    }
    for _ in 0..2 {
        house.clock.skip_ms(60_000);
        house.runner.cycle(Options::default()).await;
    }
    assert_eq!(counts(&house), (2, 2));
}

#[tokio::test]
async fn a_creation_that_came_twice_is_known_by_the_key_that_the_refusal_names() {
    let mut house = House::build(|omie, ploomes, clock| {
        ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
        omie.faults().add_text("deliver-twice:IncluirCliente:1:2").unwrap();
    });
    let report = house.cycle().await;
    assert_eq!((report.created["omie"], counts(&house)), (1, (1, 1)));
    assert_eq!(house.omie.lock().unwrap().tally().calls["ListarClientes"], 2, "it is looked at");
}

/// A write of ours that came after a lost one makes us the author of what a person typed between them.
#[tokio::test]
async fn what_is_typed_over_a_lost_write_is_told_though_its_line_was_away_when_we_wrote_again() {
    let mut ids = (0, 0);
    let mut house = House::build(|omie, ploomes, clock| {
        ids.0 = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        ids.1 = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    strike(&house, "drop-before:AlterarCliente:1");
    types_in_ploomes(&house, ids.1, &json!({ "Website": "www.ploomes.example" }));
    house.cycle().await;
    types_in_omie(&house, ids.0, &json!({ "homepage": "www.omie.example" }));

    let mut files = files::carried();
    let text = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
    *text = text.replace("  homepage <=> Website: { label: Website, canon: url }\n", "");
    let without = workspace(&files).mappings["omie-ploomes/clientes"].clone();
    let mapping = std::mem::replace(&mut house.runner.mapping, without);
    types_in_ploomes(&house, ids.1, &json!({ "Email": "ana@ex.example" }));
    settle(&mut house).await;
    assert_eq!(conflicts(&house), 0);

    house.runner.mapping = mapping;
    settle(&mut house).await;
    assert_eq!(conflicts(&house), 1, "one of two addresses is told");
}

#[tokio::test]
async fn what_does_not_show_is_asked_for_once_while_plans_are_halted() {
    let mut codes = Vec::new();
    let mut house = House::build(|omie, _, clock| {
        for name in ["Padaria Aurora", "Oficina Aurora"] {
            let mut one = client(name);
            one["cnpj_cpf"] = json!("");
            codes.push(omie.person_adds(clock.now(), &one).unwrap());
        }
    });
    settle(&mut house).await;
    house.omie.lock().unwrap().person_deletes(house.clock.now(), codes[0]);
    let gone = house.runner.ledger.link(Side::Left, &codes[0].to_string()).unwrap().unwrap();
    types_in_ploomes(&house, gone.ids.right.parse().unwrap(), &json!({ "Email": "ana@ex.example" }));
    let mut mapping = (*house.runner.mapping).clone();
    mapping.limits.creates = 0;
    house.runner.mapping = std::sync::Arc::new(mapping);
    house.omie.lock().unwrap().person_adds(house.clock.now(), &client("Hotel Aurora")).unwrap();
    let asked = |house: &House| house.runner.calls_by_kind()["omie"].get("ListarClientes").copied().unwrap_or_default();
    let mut cost = Vec::new();
    for _ in 0..3 {
        let before = asked(&house);
        assert!(house.cycle().await.halted.is_some());
        cost.push(asked(&house) - before);
    }
    assert_eq!(cost[1..], [cost[0] - 1, cost[0] - 1], "who was not there once is not asked for again");
}

#[tokio::test]
async fn who_came_without_a_key_is_asked_for_before_anybody_is_born_beside() {
    let mut house = House::build(|omie, ploomes, clock| {
        omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
        omie.switches.unique_document = false;
        // The number that takes `Register` out of the list.
        ploomes.faults().add_text("missing-field:GET Contacts:1:23757000009").unwrap();
    });
    house.cycle().await;
    assert_eq!(counts(&house), (1, 1));
    assert_eq!(house.runner.ledger.link_count().unwrap(), 1);
}

#[tokio::test]
async fn where_a_list_leaves_out_the_key_of_all_nobody_is_born() {
    let twins = |omie: &mut Omie, ploomes: &mut Ploomes, now, from: u64| {
        for at in from..from + 12 {
            let (mut client, mut contact) = (client(&format!("Padaria {at}")), contact(&format!("Padaria {at}")));
            let document = format!("{:014}", 11_222_333_000_000_u64 + at);
            (client["cnpj_cpf"], contact["Register"]) = (json!(document), json!(document));
            omie.person_adds(now, &client).unwrap();
            ploomes.person_adds(now, &contact).unwrap();
        }
    };
    let mut house = House::build(|omie, _, _| omie.switches.unique_document = false);
    // Once while nothing is linked, once while some are.
    for linked in [0, 12] {
        twins(&mut house.omie.lock().unwrap(), &mut house.ploomes.lock().unwrap(), house.clock.now(), linked);
        // The number that takes `Register` out of the list.
        strike(&house, "missing-field:GET Contacts:1:23757000009");
        let report = house.cycle().await;
        let all = usize::try_from(linked).unwrap() + 12;
        assert_eq!((counts(&house), report.linked), ((all, all), 0), "{report:?}");
        let told = house.runner.ledger.journal(1).unwrap().remove(0);
        assert!(told.event == "CycleUnfinished" && told.details.to_string().contains("leaves out"), "{told:?}");
        settle(&mut house).await;
        assert_eq!((counts(&house), house.runner.ledger.link_count().unwrap()), ((all, all), all));
    }
}

#[tokio::test]
async fn nobody_is_born_beside_one_that_has_just_got_its_document() {
    let (mut code, mut id) = (0, 0);
    let mut house = House::build(|omie, ploomes, clock| {
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        id = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    types_in_ploomes(&house, id, &json!({ "Register": "33000167000101" }));
    let mut other = client("Oficina Aurora");
    other["cnpj_cpf"] = json!("33000167000101");
    house.omie.lock().unwrap().person_adds(house.clock.now(), &other).unwrap();
    house.cycle().await;
    house.cycle().await;
    assert_eq!(counts(&house), (2, 1));
}

#[tokio::test]
async fn a_refused_stamp_is_named_and_waits_no_more_once_it_is_written() {
    let mut house = House::build(|_, ploomes, clock| {
        ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
        ploomes.faults().add_text("refuse:PATCH Contacts:1").unwrap();
    });
    house.cycle().await;
    let waiting = house.runner.ledger.waitings(None, 9).unwrap();
    assert!(waiting.len() == 1 && !waiting[0].id.is_empty(), "{waiting:?}");
    house.cycle().await;
    assert_eq!(house.runner.ledger.waitings(None, 9).unwrap(), []);
}

#[tokio::test]
async fn what_an_answer_leaves_out_is_not_cleared() {
    // So few that each is asked for, and so many that some are.
    for count in [3, 12] {
        let mut house = House::build(|omie, _, clock| {
            for at in 0..count {
                let mut client = client(&format!("Padaria {at}"));
                client["cnpj_cpf"] = json!(format!("{:014}", 11_222_333_000_000_u64 + at));
                omie.person_adds(clock.now(), &client).unwrap();
            }
        });
        settle(&mut house).await;
        let (mut unfinished, clients) = (0, house.omie.lock().unwrap().clients().count());
        for number in 0..80 {
            strike(&house, &format!("missing-field:GET Contacts:1:{number}"));
            let report = house.runner.cycle(Options { full: true, ..Options::default() }).await;
            assert_eq!(report.updated, [("omie".into(), 0), ("ploomes".into(), 0)].into(), "{number}: {report:?}");
            unfinished += report.deferred;
        }
        assert_eq!(counts(&house), (clients, clients));
        assert!(unfinished > 0 || count < 10, "{unfinished}");
    }
}

#[tokio::test]
async fn who_comes_while_a_long_cycle_runs_is_not_born_beside_its_twin() {
    let named = |at: u64| format!("{:014}", 11_222_333_000_000_u64 + at);
    let mut house = House::build(|omie, _, clock| {
        for at in 0..150 {
            let mut client = client(&format!("Padaria {at}"));
            client["cnpj_cpf"] = json!(named(at));
            omie.person_adds(clock.now(), &client).unwrap();
        }
    });
    let (clock, ploomes) = (house.clock.clone(), house.ploomes.clone());
    let person = async {
        while ploomes.lock().unwrap().contacts().count() < 10 {
            tokio::task::yield_now().await;
        }
        let mut typed = contact("Padaria 149");
        typed["Register"] = json!(named(149));
        ploomes.lock().unwrap().person_adds(clock.now(), &typed).unwrap();
        clock.skip_ms(360_000);
    };
    let (report, ()) = tokio::join!(house.runner.cycle(Options::default()), person);
    assert_eq!((report.created["ploomes"], report.deferred), (149, 1), "{report:?}");
    settle(&mut house).await;
    assert_eq!(counts(&house), (150, 150));
    assert_eq!(house.runner.ledger.link_count().unwrap(), 150);
}

/// What another application does in Omie, for which it signs as we do.
fn another_application_types(house: &House, code: i64, patch: &serde_json::Value) {
    let mut client = patch.clone();
    client["codigo_cliente_omie"] = json!(code);
    let body = json!({
        "call": "AlterarCliente", "app_key": "demo-key", "app_secret": "demo-secret", "param": [client],
    });
    let request = Request::to("POST", "https://erp.example/api/v1/geral/clientes/", [], body.to_string().into_bytes());
    let answer = house.omie.lock().unwrap().answer(house.clock.now(), &request);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[tokio::test]
async fn what_another_application_types_over_our_write_is_no_echo_of_it() {
    let mut ids = (0, 0);
    let mut house = House::build(|omie, ploomes, clock| {
        ids.0 = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        ids.1 = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    types_in_ploomes(&house, ids.1, &json!({ "Website": "www.ploomes.example" }));
    house.cycle().await;
    house.clock.skip_ms(60_000);
    another_application_types(&house, ids.0, &json!({ "homepage": "www.loja.example" }));
    settle(&mut house).await;
    assert_eq!(house.ploomes.lock().unwrap().contact(ids.1).unwrap()["Website"], json!("www.loja.example"));
}

#[tokio::test]
async fn what_another_application_types_long_after_a_write_without_an_answer_is_no_echo_either() {
    let mut id = 0;
    let mut house = House::build(|omie, ploomes, clock| {
        id = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
        omie.faults().add_text("lose-answer:IncluirCliente:1").unwrap();
    });
    house.cycle().await;
    house.clock.skip_ms(3_600_000);
    let code = house.omie.lock().unwrap().clients().next().unwrap()["codigo_cliente_omie"].as_i64().unwrap();
    another_application_types(&house, code, &json!({ "homepage": "www.loja.example" }));
    settle(&mut house).await;
    assert_eq!(house.ploomes.lock().unwrap().contact(id).unwrap()["Website"], json!("www.loja.example"));

    strike(&house, "lose-answer:AlterarCliente:1");
    types_in_ploomes(&house, id, &json!({ "Website": "www.ploomes.example" }));
    house.cycle().await;
    house.clock.skip_ms(3_600_000);
    another_application_types(&house, code, &json!({ "homepage": "www.outra.example" }));
    settle(&mut house).await;
    let shown = house.ploomes.lock().unwrap().contact(id).unwrap()["Website"].clone();
    assert!(shown == json!("www.outra.example") || conflicts(&house) > 0, "{shown}");
}

#[tokio::test]
async fn an_old_record_with_our_key_is_met_and_not_taken_for_what_was_just_made() {
    // It does not show in the list; nor, the second time, where it is looked at by its id.
    for hidden in [1, 2] {
        let mut ids = (0, 0);
        let mut house = House::build(|omie, ploomes, clock| {
            let mut new = contact("Padaria Aurora");
            (new["Register"], new["Website"]) = (json!(""), json!("www.ploomes.example"));
            ids.1 = ploomes.person_adds(clock.now(), &new).unwrap();
            let mut old = client("Padaria Antiga");
            (old["cnpj_cpf"], old["homepage"]) = (json!(""), json!("www.omie.example"));
            old["codigo_cliente_integracao"] = json!(format!("ploomes-contacts-{}", ids.1));
            ids.0 = omie.person_adds(clock.now(), &old).unwrap();
            clock.skip_ms(3_600_000);
            omie.faults().add_text(&format!("empty-list:ListarClientes:{hidden}")).unwrap();
        });
        settle(&mut house).await;
        assert_eq!(counts(&house), (1, 1));
        assert_eq!(house.omie.lock().unwrap().faults().injected()["empty-list"], hidden);
        assert_eq!(house.omie.lock().unwrap().client(ids.0).unwrap()["homepage"], json!("www.omie.example"));
        assert_eq!(conflicts(&house), 3, "name, legal name and homepage are told");
    }
}

#[tokio::test]
async fn nobody_is_buried_unasked_though_somebody_lets_a_halted_plan_go_on() {
    let mut codes = Vec::new();
    let mut house = House::build(|omie, _, clock| {
        for document in ["11222333000181", "11444777000161", "12345678000195"] {
            let mut one = client("Padaria Aurora");
            one["cnpj_cpf"] = json!(document);
            codes.push(omie.person_adds(clock.now(), &one).unwrap().to_string());
        }
    });
    settle(&mut house).await;
    Arc::make_mut(&mut house.runner.mapping).limits.gone = 1;
    strike(&house, "empty-list:ListarClientes:1");
    house.clock.skip_ms(600_000);
    let report = house.runner.cycle(Options { full: true, accept: true }).await;
    assert_eq!((report.failed, report.gone), (None, 0));
    for code in codes {
        assert!(!house.runner.ledger.link(Side::Left, &code).unwrap().unwrap().is_tombstone());
    }
}

#[tokio::test]
async fn a_conflict_ends_with_its_record() {
    let mut files = files::carried();
    let text = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
    *text = text.replace("on_conflict: newest", "on_conflict: ask");
    let mut ids = (0, 0);
    let mut house = House::build_on(&workspace(&files), |omie, ploomes, clock| {
        ids.0 = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        ids.1 = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    types_in_omie(&house, ids.0, &json!({ "homepage": "www.omie.example" }));
    types_in_ploomes(&house, ids.1, &json!({ "Website": "www.ploomes.example" }));
    house.cycle().await;
    let open = |house: &House| house.runner.ledger.open_conflicts().unwrap().len();
    assert_eq!(open(&house), 1);
    house.omie.lock().unwrap().person_deletes(house.clock.now(), ids.0);
    house.clock.skip_ms(600_000);
    let report = house.runner.cycle(Options { full: true, accept: true }).await;
    assert_eq!((report.gone, open(&house)), (1, 0));
}

/// One cycle ran under a clock that was a year ahead. What was typed while depara stood still is older than any window.
#[tokio::test]
async fn a_clock_that_was_ahead_hides_no_edit() {
    let mut code = 0;
    let mut house = House::build(|omie, _, clock| {
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    let mut mark = house.runner.ledger.mark().unwrap().unwrap();
    let year_ms = 365 * 86_400_000;
    mark.read_ms = mark.read_ms.map(|ms| ms + year_ms);
    mark.full_ms = mark.full_ms.map(|ms| ms + year_ms);
    house.runner.ledger.write(vec![Change::PutMark(mark)]).unwrap();
    types_in_omie(&house, code, &json!({ "email": "novo@ex.example" }));
    house.clock.skip_ms(8 * 3_600_000);
    house.cycle().await;
    let ploomes = house.ploomes.lock().unwrap();
    let contact = ploomes.contacts().next().unwrap();
    assert_eq!(ploomes.contact(contact).unwrap()["Email"], "novo@ex.example");
}

/// No row of Ploomes has the name of one tag, and nothing says to make one: the line waits, or goes without that tag
/// where it says so. It stays where it was typed, though no answer shows what became of the other side.
#[tokio::test]
async fn a_tag_without_a_twin_waits_or_is_left_out_and_stays_where_it_was_typed() {
    for (missing, reached) in [("", json!(["VIP"])), ("\n    missing: empty", json!(["VIP", "Varejo"]))] {
        let mut files = files::carried();
        let mut change = |file: &str, from: &str, to: &str| {
            let text = files.get_mut(file).unwrap();
            assert!(text.contains(from), "{from}");
            *text = text.replace(from, to);
        };
        let update = "update: { path: \"/Contacts({id})\", query: { $expand: *whole }";
        change(
            "mappings/systems/ploomes.yaml",
            &format!("{update}, answer: {{ record: \"value[0]\" }} }}"),
            &format!("{update} }}"),
        );
        let clients = "mappings/omie-ploomes/clientes.yaml";
        change(clients, ", create: { Name: \"{value}\", EntityId: 1, Color: \"#3366CC\" }", "");
        change(clients, "ploomes: TagId }", &format!("ploomes: TagId }}{missing}"));
        let mut ids = (0, 0);
        let mut house = House::build_on(&workspace(&files), |omie, ploomes, clock| {
            let [mut client, mut contact] = [client("Padaria Aurora"), contact("Padaria Aurora")];
            client["tags"] = json!([{ "tag": "VIP" }, { "tag": "Varejo" }]);
            contact["Tags"] = json!(["VIP", "Varejo"]);
            ids.0 = omie.person_adds(clock.now(), &client).unwrap();
            ids.1 = ploomes.person_adds(clock.now(), &contact).unwrap();
        });
        settle(&mut house).await;
        types_in_omie(&house, ids.0, &json!({ "tags": [{ "tag": "VIP" }] }));
        settle(&mut house).await;
        let typed = json!([{ "tag": "Rural" }, { "tag": "VIP" }, { "tag": "Varejo" }]);
        types_in_omie(&house, ids.0, &json!({ "tags": typed }));
        settle(&mut house).await;
        types_in_ploomes(&house, ids.1, &json!({ "Email": "nova@ex.example" }));
        settle(&mut house).await;
        assert_eq!(house.omie.lock().unwrap().client(ids.0).unwrap()["tags"], typed, "{missing}");
        let contact = house.ploomes.lock().unwrap().contact(ids.1).unwrap();
        let mut tags: Vec<&Value> = contact["Tags"].as_array().unwrap().iter().map(|row| &row["Tag"]["Name"]).collect();
        tags.sort_by_key(|name| name.to_string());
        assert_eq!(json!(tags), reached, "{missing}");
    }
}

#[tokio::test]
async fn cities_that_nobody_knows_hold_up_their_own_records_alone() {
    let mut house = House::build(|omie, _, clock| {
        for at in 0..12 {
            let mut client = client(&format!("Padaria {at}"));
            client["cnpj_cpf"] = json!("");
            client["enderecoEntrega"] = json!({ "entEndereco": "Rua Um", "entCidade": format!("VILA {at} (SP)") });
            omie.person_adds(clock.now(), &client).unwrap();
        }
        omie.person_adds(clock.now(), &client("Aurora")).unwrap();
    });
    for _ in 0..3 {
        assert_eq!(house.cycle().await.failed, None);
    }
    let names = |house: &House| {
        let ploomes = house.ploomes.lock().unwrap();
        let name = |id| ploomes.contact(id).unwrap()["Name"].as_str().unwrap().to_owned();
        ploomes.contacts().map(name).collect::<BTreeSet<_>>()
    };
    assert!(names(&house).contains("Aurora"), "{:?}", names(&house));
    let mut reasons = Vec::new();
    house.runner.ledger.each_waiting(|waiting| reasons.push(waiting.reason)).unwrap();
    let is_told = |reason: &String| reason.contains("`PesquisarCidades` of `omie` is blocked until");
    assert!(!reasons.is_empty() && reasons.iter().all(is_told), "{reasons:?}");
    for _ in 0..12 {
        house.clock.skip_ms(32 * 60_000);
        assert_eq!(house.cycle().await.failed, None);
    }
    assert_eq!(names(&house).len(), 13, "each is asked for in its turn");
}
