//! What a write leaves behind before it leaves the house, and what is made of that afterwards: one
//! thing goes wrong at one moment.

use std::sync::atomic::Ordering;

use depara::engine::{Options, Report};
use depara::record::Side;
use depara::sandbox::{Omie, Ploomes, Sandbox as _};
use depara::store::Wait;
use serde_json::{Value, json};

use crate::house::House;

/// A client and its contact, linked and at rest, in an Omie that writes in capitals.
async fn pair() -> (House, i64, i64) {
    let mut ids = (0, 0);
    let mut house = House::build(|omie, ploomes, clock| {
        omie.switches.upper_case_text = true;
        ids.0 = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        ids.1 = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
    });
    settle(&mut house).await;
    (house, ids.0, ids.1)
}

pub(crate) fn client(name: &str) -> Value {
    json!({ "razao_social": name, "nome_fantasia": name, "cnpj_cpf": "11222333000181" })
}

pub(crate) fn contact(name: &str) -> Value {
    json!({ "TypeId": 1, "Name": name, "LegalName": name, "Register": "11222333000181" })
}

pub(crate) async fn settle(house: &mut House) {
    for _ in 0..8 {
        let report = house.cycle().await;
        assert_eq!((&report.failed, &report.halted), (&None, &None));
        if report.is_quiet() && report.deferred == 0 {
            return;
        }
    }
    panic!("it never settles");
}

pub(crate) fn strike(house: &House, rule: &str) {
    house.omie.lock().unwrap().faults().add_text(rule).unwrap();
    house.ploomes.lock().unwrap().faults().add_text(rule).unwrap();
}

fn calm(house: &House) {
    house.omie.lock().unwrap().faults().clear();
    house.ploomes.lock().unwrap().faults().clear();
}

pub(crate) fn types_in_ploomes(house: &House, id: i64, patch: &Value) {
    house.ploomes.lock().unwrap().person_edits(house.clock.now(), id, patch).unwrap();
}

pub(crate) fn types_in_omie(house: &House, code: i64, patch: &Value) {
    house.omie.lock().unwrap().person_edits(house.clock.now(), code, patch).unwrap();
}

fn names(house: &House, code: i64, id: i64) -> (Value, Value) {
    let client = house.omie.lock().unwrap().client(code).unwrap();
    let contact = house.ploomes.lock().unwrap().contact(id).unwrap();
    (client["nome_fantasia"].clone(), contact["Name"].clone())
}

pub(crate) fn conflicts(house: &House) -> usize {
    house.runner.ledger.conflicts(None, usize::MAX).unwrap().len()
}

pub(crate) fn count(omie: &Omie, ploomes: &Ploomes) -> (usize, usize) {
    (omie.client_count(), ploomes.contacts().count())
}

#[tokio::test]
async fn what_a_system_makes_of_an_update_is_no_edit_though_its_answer_is_lost() {
    let (mut house, code, id) = pair().await;
    types_in_ploomes(&house, id, &json!({ "Name": "Padaria Nova" }));
    strike(&house, "lose-answer:AlterarCliente:1");
    house.cycle().await;
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("PADARIA NOVA"), json!("Padaria Nova")));
    assert_eq!(conflicts(&house), 0);
}

#[tokio::test]
async fn what_a_system_makes_of_a_newborn_is_no_edit_though_its_answer_is_lost() {
    let mut id = 0;
    let mut house = House::build(|omie, ploomes, clock| {
        omie.switches.upper_case_text = true;
        id = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
        omie.faults().add_text("lose-answer:IncluirCliente:1").unwrap();
    });
    house.cycle().await;
    settle(&mut house).await;
    assert_eq!(count(&house.omie.lock().unwrap(), &house.ploomes.lock().unwrap()), (1, 1));
    assert_eq!(house.ploomes.lock().unwrap().contact(id).unwrap()["Name"], "Padaria Aurora");
    assert_eq!(conflicts(&house), 0);
}

#[tokio::test]
async fn a_person_who_edits_behind_a_lost_update_is_heard() {
    let (mut house, code, id) = pair().await;
    types_in_ploomes(&house, id, &json!({ "Name": "Padaria Nova" }));
    strike(&house, "lose-answer:AlterarCliente:1");
    house.cycle().await;
    types_in_omie(&house, code, &json!({ "nome_fantasia": "Padaria do Omie" }));
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("Padaria do Omie"), json!("Padaria do Omie")));
}

#[tokio::test]
async fn what_is_taken_back_behind_a_lost_update_is_taken_back_everywhere() {
    let (mut house, code, id) = pair().await;
    types_in_ploomes(&house, id, &json!({ "Name": "Padaria Nova" }));
    strike(&house, "lose-answer:AlterarCliente:1");
    house.cycle().await;
    types_in_ploomes(&house, id, &json!({ "Name": "Padaria Aurora" }));
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("PADARIA AURORA"), json!("Padaria Aurora")));
}

#[tokio::test]
async fn who_takes_back_before_a_lost_update_while_another_types_behind_it_is_told() {
    let (mut house, code, id) = pair().await;
    types_in_omie(&house, code, &json!({ "nome_fantasia": "Padaria do Omie" }));
    strike(&house, "lose-answer:PATCH Contacts:1");
    house.cycle().await;
    assert_eq!(names(&house, code, id).1, json!("Padaria do Omie"), "it arrived");
    types_in_omie(&house, code, &json!({ "nome_fantasia": "Padaria Aurora" }));
    house.clock.skip_ms(60_000);
    types_in_ploomes(&house, id, &json!({ "Name": "Padaria Nova" }));
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("PADARIA NOVA"), json!("Padaria Nova")));
    assert_eq!(conflicts(&house), 1);
}

#[tokio::test]
async fn who_types_one_value_of_an_update_that_never_arrived_takes_nothing_back() {
    let (mut house, code, id) = pair().await;
    let typed = json!({ "nome_fantasia": "Padaria do Omie", "endereco_numero": "1500" });
    types_in_omie(&house, code, &typed);
    strike(&house, "drop-before:PATCH Contacts:1");
    house.cycle().await;
    assert_eq!(names(&house, code, id).1, json!("Padaria Aurora"), "it never arrived");
    types_in_ploomes(&house, id, &json!({ "StreetAddressNumber": "1500" }));
    settle(&mut house).await;
    let contact = house.ploomes.lock().unwrap().contact(id).unwrap();
    assert_eq!(contact["Name"], typed["nome_fantasia"]);
}

#[tokio::test]
async fn who_types_an_address_much_like_one_that_never_arrived_takes_nothing_back() {
    let (mut house, code, id) = pair().await;
    let typed = json!({
        "nome_fantasia": "Padaria do Omie", "endereco": "Rua do Omie", "endereco_numero": "1500", "complemento": "fundos"
    });
    types_in_omie(&house, code, &typed);
    strike(&house, "drop-before:PATCH Contacts:1");
    house.cycle().await;
    let alike = json!({ "StreetAddress": "Rua Velha", "StreetAddressNumber": "1500", "StreetAddressLine2": "fundos" });
    types_in_ploomes(&house, id, &alike);
    settle(&mut house).await;
    let contact = house.ploomes.lock().unwrap().contact(id).unwrap();
    assert_eq!(contact["Name"], typed["nome_fantasia"]);
}

#[tokio::test]
async fn a_name_that_is_cleared_clears_nothing_that_it_stands_in_for() {
    let mut ids = (0, 0);
    let mut house = House::build(|_, ploomes, clock| {
        let nameless = json!({ "TypeId": 1, "Name": "Padaria Aurora", "Register": "11222333000181" });
        ids.1 = ploomes.person_adds(clock.now(), &nameless).unwrap();
    });
    settle(&mut house).await;
    ids.0 = house.omie.lock().unwrap().clients().next().unwrap()["codigo_cliente_omie"].as_i64().unwrap();
    types_in_ploomes(&house, ids.1, &json!({ "Name": "Padaria Nova" }));
    house.clock.skip_ms(60_000);
    types_in_omie(&house, ids.0, &json!({ "nome_fantasia": "" }));
    let calls = |house: &House| house.omie.lock().unwrap().tally().calls.get("AlterarCliente").copied();
    let before = calls(&house);
    for _ in 0..3 {
        house.cycle().await;
    }
    assert_eq!(house.omie.lock().unwrap().client(ids.0).unwrap()["razao_social"], "Padaria Aurora");
    assert_eq!(calls(&house), before, "nothing of it goes to Omie");
}

#[tokio::test]
async fn a_conflict_whose_write_loses_its_answer_is_told_once_with_both_values() {
    let (mut house, code, id) = pair().await;
    types_in_omie(&house, code, &json!({ "nome_fantasia": "Padaria do Omie" }));
    house.clock.skip_ms(2_000);
    types_in_ploomes(&house, id, &json!({ "Name": "Padaria do Ploomes" }));
    strike(&house, "lose-answer:AlterarCliente:1");
    house.cycle().await;
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("PADARIA DO PLOOMES"), json!("Padaria do Ploomes")));
    let told = house.runner.ledger.conflicts(None, usize::MAX).unwrap();
    let told: Vec<_> = told.iter().map(|one| (&one.values.left, &one.values.right, one.open)).collect();
    assert_eq!(told, [(&json!("Padaria do Omie"), &json!("Padaria do Ploomes"), false)]);
}

#[tokio::test]
async fn a_listing_that_lags_behind_our_own_writes_is_late_whoever_wrote_before() {
    let (mut house, code, id) = pair().await;
    for name in ["Padaria Um", "Padaria Dois"] {
        types_in_ploomes(&house, id, &json!({ "Name": name }));
        house.cycle().await;
    }
    // The client as the first of the two writes left it.
    strike(&house, "stale-list:ListarClientes:1:900");
    house.cycle().await;
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("PADARIA DOIS"), json!("Padaria Dois")));
}

#[tokio::test]
async fn a_write_that_a_system_makes_nothing_of_keeps_nobody_waiting() {
    let (mut house, code, id) = pair().await;
    house.omie.lock().unwrap().switches.noop_moves_stamp = false;
    types_in_omie(&house, code, &json!({ "nome_fantasia": "PADARIA" }));
    settle(&mut house).await;
    // In capitals it is what the client is called already: nothing moves there, not even the stamp.
    types_in_ploomes(&house, id, &json!({ "Name": "Padaria" }));
    settle(&mut house).await;
    types_in_ploomes(&house, id, &json!({ "Email": "nova@padaria.example" }));
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("PADARIA"), json!("Padaria")));
    assert_eq!(house.omie.lock().unwrap().client(code).unwrap()["email"], "nova@padaria.example");
}

/// A contact held back because its seller is inactive in Omie; then the seller is active again, and
/// the contact is far out of the window.
async fn released() -> House {
    let mut seller = 0;
    let mut house = House::build(|omie, ploomes, clock| {
        seller = omie.add_seller(clock.now(), "Ana", "ana@ex.example", true);
        ploomes.add_user("Ana", "ana@ex.example", false);
        let mut contact = contact("Padaria Aurora");
        contact["Owner"] = json!("ana@ex.example");
        ploomes.person_adds(clock.now(), &contact).unwrap();
    });
    settle(&mut house).await;
    let mut held = Vec::new();
    house.runner.ledger.each_waiting(|waiting| held.push(waiting.kind)).unwrap();
    assert_eq!((held, house.omie.lock().unwrap().client_count()), (vec![Wait::Held], 0));
    house.clock.skip_ms(8 * 3_600_000);
    settle(&mut house).await;
    house.omie.lock().unwrap().set_seller_inactive(house.clock.now(), seller, false);
    house
}

#[tokio::test]
async fn what_waited_is_not_forgotten_when_its_write_fails() {
    for rule in ["drop-before:IncluirCliente:9", "bad-gateway:IncluirCliente:9", "throttle:IncluirCliente:9:1"] {
        let mut house = released().await;
        strike(&house, rule);
        house.cycle().await;
        assert_eq!(house.omie.lock().unwrap().client_count(), 0, "{rule}");
        calm(&house);
        settle(&mut house).await;
        assert_eq!(house.omie.lock().unwrap().client_count(), 1, "{rule}");
    }
}

#[tokio::test]
async fn a_record_that_one_answer_left_out_is_not_gone_for_good() {
    let (mut house, code, id) = pair().await;
    house.clock.skip_ms(8 * 3_600_000);
    settle(&mut house).await;
    types_in_omie(&house, code, &json!({ "nome_fantasia": "Padaria do Omie" }));
    // The listing of what changed is empty anyway; the contact is then asked for by its id.
    strike(&house, "empty-list:GET Contacts:2");
    house.cycle().await;
    let link = house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().unwrap();
    assert!(!link.is_tombstone(), "one answer proves nothing");
    calm(&house);
    settle(&mut house).await;
    assert_eq!(names(&house, code, id), (json!("Padaria do Omie"), json!("Padaria do Omie")));
}

#[tokio::test]
async fn one_that_is_gone_is_asked_for_again_only_when_its_twin_changes() {
    let (mut house, code, id) = pair().await;
    let mut other = client("Oficina");
    other["cnpj_cpf"] = json!("11444777000161");
    let other = house.omie.lock().unwrap().person_adds(house.clock.now(), &other).unwrap();
    settle(&mut house).await;
    let mut turn = 0;
    // Somebody always works in Omie: an empty list is a failing answer, and a good one would be sought.
    let mut busy = async |house: &mut House| {
        turn += 1;
        types_in_omie(house, other, &json!({ "bairro": format!("Bairro {turn}") }));
        house.cycle().await.calls["omie"]
    };
    let quiet = busy(&mut house).await;
    house.omie.lock().unwrap().person_deletes(house.clock.now(), code);
    for name in ["Padaria Nova", "Padaria Velha"] {
        types_in_ploomes(&house, id, &json!({ "Name": name }));
        assert!(busy(&mut house).await > quiet, "it is asked for");
        busy(&mut house).await;
        assert_eq!(busy(&mut house).await, quiet, "it is asked for twice at the most, and that is all");
    }
}

#[tokio::test]
async fn a_set_that_keeps_what_was_taken_out_is_told() {
    let (mut house, code, id) = pair().await;
    house.omie.lock().unwrap().switches.tags_replace = false;
    types_in_omie(&house, code, &json!({ "tags": [{ "tag": "VIP" }, { "tag": "Varejo" }] }));
    settle(&mut house).await;
    types_in_ploomes(&house, id, &json!({ "Tags": [] }));
    settle(&mut house).await;
    assert_eq!(conflicts(&house), 1, "Omie adds tags and takes none away");
}

#[tokio::test]
async fn who_puts_back_what_a_lost_write_took_out_of_a_set_is_heard_though_others_change_it_too() {
    let (mut house, code, id) = pair().await;
    types_in_ploomes(&house, id, &json!({ "Tags": ["VIP", "Varejo"] }));
    settle(&mut house).await;
    types_in_ploomes(&house, id, &json!({ "Tags": ["VIP"] }));
    strike(&house, "lose-answer:AlterarCliente:1");
    house.cycle().await;
    types_in_ploomes(&house, id, &json!({ "Tags": ["VIP", "Varejo"] }));
    types_in_omie(&house, code, &json!({ "tags": [{ "tag": "VIP" }, { "tag": "Feira" }] }));
    settle(&mut house).await;
    let mut tags = house.omie.lock().unwrap().client(code).unwrap()["tags"].clone();
    tags.as_array_mut().unwrap().sort_by_key(ToString::to_string);
    assert_eq!(tags, json!([{ "tag": "Feira" }, { "tag": "VIP" }, { "tag": "Varejo" }]));
}

#[tokio::test]
async fn a_set_of_two_edits_that_keeps_what_was_taken_out_is_told() {
    for lost in [false, true] {
        let (mut house, code, id) = pair().await;
        house.omie.lock().unwrap().switches.tags_replace = false;
        types_in_omie(&house, code, &json!({ "tags": [{ "tag": "VIP" }] }));
        settle(&mut house).await;
        types_in_omie(
            &house,
            code,
            &json!({ "tags": [{ "tag": "VIP" }, { "tag": "Varejo" }], "homepage": "aurora.ex" }),
        );
        types_in_ploomes(&house, id, &json!({ "Tags": [], "Email": "aurora@ex.com" }));
        if lost {
            strike(&house, "lose-answer:PATCH Contacts:1");
        }
        house.cycle().await;
        settle(&mut house).await;
        assert_eq!(conflicts(&house), 1, "lost: {lost}, Omie adds tags and takes none away");
    }
}

/// A client and its contact meet at different addresses, and nobody finds a city at first.
async fn meeting_without_cities() -> (House, i64, i64) {
    let mut ids = (0, 0);
    let mut house = House::build(|omie, ploomes, clock| {
        let mut contact = contact("Padaria Aurora");
        contact["StreetAddress"] = json!("Rua Velha");
        contact["City"] = json!(3_550_308);
        ids.1 = ploomes.person_adds(clock.now(), &contact).unwrap();
        clock.skip_ms(60_000);
        let mut client = client("Padaria Aurora");
        client["endereco"] = json!("Rua Nova");
        client["cidade_ibge"] = json!("3509502");
        ids.0 = omie.person_adds(clock.now(), &client).unwrap();
    });
    strike(&house, "empty-list:GET Cities:*");
    assert_eq!(house.cycle().await.failed, None);
    calm(&house);
    (house, ids.0, ids.1)
}

/// Street and city of a client and of its contact.
fn addresses(house: &House, code: i64, id: i64) -> [(Value, Value); 2] {
    let client = house.omie.lock().unwrap().client(code).unwrap();
    let contact = house.ploomes.lock().unwrap().contact(id).unwrap();
    let cities = (client["cidade_ibge"].clone(), contact["City"]["IBGECode"].clone());
    [(client["endereco"].clone(), cities.0), (contact["StreetAddress"].clone(), cities.1)]
}

#[tokio::test]
async fn a_city_that_won_goes_once_it_is_found() {
    let (mut house, code, id) = meeting_without_cities().await;
    let [_, contact] = addresses(&house, code, id);
    assert_eq!(contact, (json!("Rua Nova"), json!(3_550_308)), "without a twin it wipes nothing");
    settle(&mut house).await;
    let [client, contact] = addresses(&house, code, id);
    assert_eq!(client, (json!("Rua Nova"), json!("3509502")));
    assert_eq!(contact, (json!("Rua Nova"), json!(3_509_502)));
    assert!(house.runner.ledger.open_conflicts().unwrap().is_empty());
}

#[tokio::test]
async fn an_address_typed_while_a_city_that_won_is_sought_is_heard() {
    let (mut house, code, id) = meeting_without_cities().await;
    types_in_ploomes(&house, id, &json!({ "StreetAddress": "Rua Terceira", "City": 3_518_800 }));
    settle(&mut house).await;
    let [client, contact] = addresses(&house, code, id);
    assert_eq!(contact, (json!("Rua Terceira"), json!(3_518_800)));
    assert_eq!(client, (json!("Rua Terceira"), json!("3518800")));
}

#[tokio::test]
async fn a_city_that_nobody_finds_by_its_name_goes_once_it_is_found() {
    let (mut house, code, id) = pair().await;
    strike(&house, "empty-list:PesquisarCidades:*");
    let delivery = json!({ "entEndereco": "Rua Nova", "entCidade": "CAMPINAS (SP)", "entEstado": "SP" });
    types_in_omie(&house, code, &json!({ "enderecoEntrega": delivery }));
    assert_eq!(house.cycle().await.failed, None);
    types_in_ploomes(&house, id, &json!({ "StreetAddressNumber": "12" }));
    settle(&mut house).await;
    let client = house.omie.lock().unwrap().client(code).unwrap();
    assert_eq!(client["enderecoEntrega"]["entNumero"], "12");
    assert_eq!(client["enderecoEntrega"]["entCidade"], "CAMPINAS (SP)", "what was not found is not touched");
    calm(&house);
    settle(&mut house).await;
    let [_, contact] = addresses(&house, code, id);
    assert_eq!(contact, (json!("Rua Nova"), json!(3_509_502)));
}

#[tokio::test]
async fn a_tag_that_is_refused_holds_up_its_record_alone() {
    let mut house = House::build(|omie, _, clock| {
        for (at, tags) in [json!([{ "tag": "Proibida" }]), json!([])].into_iter().enumerate() {
            let mut client = client(&format!("Padaria {at}"));
            (client["tags"], client["cnpj_cpf"]) = (tags, json!(["11222333000181", "11444777000161"][at]));
            omie.person_adds(clock.now(), &client).unwrap();
        }
    });
    strike(&house, "refuse:POST Tags:*:Nome proibido.");
    settle(&mut house).await;
    assert_eq!(house.ploomes.lock().unwrap().contacts().count(), 1);
    let mut refused = Vec::new();
    house.runner.ledger.each_waiting(|waiting| refused.push((waiting.kind, waiting.reason))).unwrap();
    assert!(matches!(&refused[..], [(Wait::Quarantined, reason)] if reason.contains("Nome proibido.")), "{refused:?}");
    let report: Report = house.cycle().await;
    assert_eq!((report.quarantined, report.calls["ploomes"] < 10), (1, true), "it is not sent again: {report:?}");
}

#[tokio::test]
async fn a_refusal_whose_report_loses_its_answer_is_told_once() {
    let mut id = 0;
    let mut house = House::build(|omie, ploomes, clock| {
        omie.switches.required_on_include.push("cnpj_cpf".to_owned());
        id = ploomes.person_adds(clock.now(), &json!({ "TypeId": 1, "Name": "Sem Documento" })).unwrap();
        ploomes.faults().add_text("lose-answer:POST InteractionRecords:1").unwrap();
    });
    settle(&mut house).await;
    house.cycle().await;
    assert_eq!(house.ploomes.lock().unwrap().interaction_records(id).len(), 1);
}

#[tokio::test]
async fn a_stop_in_the_middle_leaves_nothing_half_done() {
    let mut house = House::build(|omie, _, clock| {
        for at in 0..90 {
            let mut client = client(&format!("Padaria {at}"));
            client["cnpj_cpf"] = json!(format!("{:014}", 11_222_333_000_000_u64 + at));
            omie.person_adds(clock.now(), &client).unwrap();
        }
    });
    let (stop, ploomes) = (house.runner.stop.clone(), house.ploomes.clone());
    let watch = async {
        while ploomes.lock().unwrap().contacts().count() < 10 {
            tokio::task::yield_now().await;
        }
        stop.store(true, Ordering::SeqCst);
    };
    let (report, ()) = tokio::join!(house.runner.cycle(Options::default()), watch);
    let born = ploomes.lock().unwrap().contacts().count();
    assert!((10..64).contains(&born), "the steps in hand end, no other begins: {born}");
    assert_eq!(u64::try_from(born).unwrap(), report.created["ploomes"]);
    assert_eq!(house.runner.ledger.link_count().unwrap(), born);
    assert!(house.runner.ledger.intents().unwrap().is_empty() && house.runner.ledger.mark().unwrap().is_none());
    house.runner.stop.store(false, Ordering::SeqCst);
    settle(&mut house).await;
    assert_eq!(ploomes.lock().unwrap().contacts().count(), 90);
}

#[tokio::test]
async fn what_a_system_takes_and_leaves_as_it_was_is_told_once() {
    let (mut house, code, id) = pair().await;
    types_in_omie(&house, code, &json!({ "email": "ana@aurora.example" }));
    settle(&mut house).await;
    house.omie.lock().unwrap().switches.empty_clears = false;
    types_in_ploomes(&house, id, &json!({ "Email": "" }));
    settle(&mut house).await;
    let told = house.runner.ledger.conflicts(None, usize::MAX).unwrap();
    let told: Vec<_> =
        told.iter().map(|one| (one.label.as_str(), one.open, &one.values.left, &one.values.right)).collect();
    assert_eq!(told, [("Email", false, &json!("ana@aurora.example"), &Value::Null)]);
    let (client, contact) =
        (house.omie.lock().unwrap().client(code).unwrap(), house.ploomes.lock().unwrap().contact(id).unwrap());
    assert_eq!((&client["email"], contact["Email"].as_str().unwrap_or_default()), (&json!("ana@aurora.example"), ""));
}

#[tokio::test]
async fn what_left_no_trace_under_a_persons_name_is_told_and_not_taken_for_an_edit() {
    let (mut house, code, id) = pair().await;
    types_in_omie(&house, code, &json!({ "email": "ana@aurora.example" }));
    settle(&mut house).await;
    {
        let mut omie = house.omie.lock().unwrap();
        (omie.switches.empty_clears, omie.switches.noop_moves_stamp) = (false, false);
    }
    types_in_ploomes(&house, id, &json!({ "Email": "" }));
    house.cycle().await;
    // Neither the stamp nor the author moved, as where a list lags: the record itself is asked for.
    assert_eq!(house.cycle().await.late, 0);
    settle(&mut house).await;
    let told = house.runner.ledger.conflicts(None, usize::MAX).unwrap();
    let told: Vec<_> = told.iter().map(|one| (one.label.as_str(), one.open)).collect();
    let email = house.ploomes.lock().unwrap().contact(id).unwrap()["Email"].clone();
    assert_eq!((told, email.as_str().unwrap_or_default()), (vec![("Email", false)], ""));
}

#[tokio::test]
async fn a_copy_retyped_in_capitals_beside_a_new_name_is_an_edit() {
    let mut id = 0;
    let mut house = House::build(|_, ploomes, clock| {
        let mut bare = contact("Padaria Aurora");
        bare["LegalName"] = Value::Null;
        id = ploomes.person_adds(clock.now(), &bare).unwrap();
    });
    house.cycle().await;
    let link = house.runner.ledger.link(Side::Right, &id.to_string()).unwrap().unwrap();
    let code = link.ids.left.parse().unwrap();
    types_in_omie(&house, code, &json!({ "nome_fantasia": "PADARIA DA ANA", "razao_social": "PADARIA AURORA" }));
    settle(&mut house).await;
    let contact = house.ploomes.lock().unwrap().contact(id).unwrap();
    assert_eq!((&contact["Name"], &contact["LegalName"]), (&json!("PADARIA DA ANA"), &json!("PADARIA AURORA")));
}

#[tokio::test]
async fn a_city_goes_once_it_is_found_where_the_street_is_in_capitals() {
    let (mut house, code, id) = pair().await;
    types_in_ploomes(&house, id, &json!({ "StreetAddress": "Rua Nova", "City": 3_509_502 }));
    settle(&mut house).await;
    types_in_omie(&house, code, &json!({ "endereco_numero": "12", "cidade_ibge": "3518800" }));
    strike(&house, "empty-list:GET Cities:*");
    assert_eq!(house.cycle().await.failed, None);
    assert_eq!(addresses(&house, code, id)[1], (json!("Rua Nova"), json!(null)), "nobody finds the city");
    calm(&house);
    settle(&mut house).await;
    let [client, contact] = addresses(&house, code, id);
    assert_eq!(client, (json!("RUA NOVA"), json!("3518800")));
    assert_eq!(contact, (json!("Rua Nova"), json!(3_518_800)));
}

#[tokio::test]
async fn a_legal_name_that_equals_the_new_name_is_no_copy_of_it() {
    let mut ids = (0, 0);
    let mut house = House::build(|_, ploomes, clock| {
        let contact = json!({ "TypeId": 1, "Name": "Padaria Aurora", "Register": "11222333000181" });
        ids.1 = ploomes.person_adds(clock.now(), &contact).unwrap();
    });
    settle(&mut house).await;
    ids.0 = house.omie.lock().unwrap().clients().next().unwrap()["codigo_cliente_omie"].as_i64().unwrap();
    types_in_omie(&house, ids.0, &json!({ "razao_social": "Móveis Aurora" }));
    types_in_ploomes(&house, ids.1, &json!({ "Name": "Móveis Aurora" }));
    settle(&mut house).await;
    types_in_omie(&house, ids.0, &json!({ "nome_fantasia": "Padaria" }));
    settle(&mut house).await;
    let client = house.omie.lock().unwrap().client(ids.0).unwrap();
    let contact = house.ploomes.lock().unwrap().contact(ids.1).unwrap();
    assert_eq!((&client["nome_fantasia"], &client["razao_social"]), (&json!("Padaria"), &json!("Móveis Aurora")));
    assert_eq!((&contact["Name"], &contact["LegalName"]), (&json!("Padaria"), &json!("Móveis Aurora")));
}

#[tokio::test]
async fn a_legal_name_typed_over_its_own_copy_is_an_edit() {
    let mut id = 0;
    let mut house = House::build(|_, ploomes, clock| {
        let mut bare = contact("Padaria Aurora");
        bare["LegalName"] = Value::Null;
        id = ploomes.person_adds(clock.now(), &bare).unwrap();
    });
    settle(&mut house).await;
    let code = house.omie.lock().unwrap().clients().next().unwrap()["codigo_cliente_omie"].as_i64().unwrap();
    types_in_omie(&house, code, &json!({ "razao_social": "Aurora Pães Ltda" }));
    house.clock.skip_ms(2_000);
    types_in_ploomes(&house, id, &json!({ "LegalName": "Padaria Aurora" }));
    settle(&mut house).await;
    let client = house.omie.lock().unwrap().client(code).unwrap();
    let contact = house.ploomes.lock().unwrap().contact(id).unwrap();
    assert_eq!((&client["razao_social"], &contact["LegalName"]), (&json!("Padaria Aurora"), &json!("Padaria Aurora")));
    assert_eq!(conflicts(&house), 1, "what it won against is told");
}
