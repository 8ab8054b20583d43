//! The eleven rules seen working against the sandboxes: real records, cycles, and what both sides
//! hold afterwards. Every scenario ends with one more cycle that writes nothing.

use depara::engine::Report;
use depara::record::Side;
use depara::sandbox::{Omie, Ploomes};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::house::{House, tags};

/// A custom field of the sandbox's Ploomes.
const CUSTOM: &str = "contact_C41F9E07-62B8-4D3A-8F15-0B7D9E3A4C22";

struct Scene {
    house: House,
}

impl Scene {
    /// Two accounts after people prepared them.
    fn new<T>(prepare: impl FnOnce(&mut Omie, &mut Ploomes, Timestamp) -> T) -> (Self, T) {
        let mut made = None;
        let house = House::build(|omie, ploomes, clock| made = Some(prepare(omie, ploomes, clock.now())));
        (Self { house }, made.unwrap())
    }

    /// Cycles until nothing is written, and once more. Gives the reports of those that wrote.
    async fn settle(&mut self) -> Vec<Report> {
        let mut busy = Vec::new();
        for _ in 0..4 {
            let report = self.house.cycle().await;
            assert_eq!((&report.failed, &report.halted), (&None, &None));
            if report.is_quiet() {
                let again = self.house.cycle().await;
                assert!(again.is_quiet(), "{again:?}");
                return busy;
            }
            busy.push(report);
        }
        panic!("the two sides never settle: {busy:?}");
    }

    fn client(&self, code: i64) -> Value {
        self.house.omie.lock().unwrap().client(code).unwrap()
    }

    fn contact(&self, id: i64) -> Value {
        self.house.ploomes.lock().unwrap().contact(id).unwrap()
    }

    /// A person edits a client.
    fn in_omie(&self, code: i64, patch: &Value) {
        self.house.omie.lock().unwrap().person_edits(self.house.clock.now(), code, patch).unwrap();
    }

    /// A person edits a contact.
    fn in_ploomes(&self, id: i64, patch: &Value) {
        self.house.ploomes.lock().unwrap().person_edits(self.house.clock.now(), id, patch).unwrap();
    }

    /// The contact of a client.
    fn contact_of(&self, code: i64) -> i64 {
        let link = self.house.runner.ledger.link(Side::Left, &code.to_string()).unwrap();
        link.unwrap_or_else(|| panic!("client {code} has no twin")).ids.right.parse().unwrap()
    }

    /// The client of a contact.
    fn client_of(&self, id: i64) -> i64 {
        let link = self.house.runner.ledger.link(Side::Right, &id.to_string()).unwrap();
        link.unwrap_or_else(|| panic!("contact {id} has no twin")).ids.left.parse().unwrap()
    }

    fn is_linked(&self, id: i64) -> bool {
        self.house.runner.ledger.link(Side::Right, &id.to_string()).unwrap().is_some()
    }

    /// How many records there are, clients first.
    fn counts(&self) -> (usize, usize) {
        (self.house.omie.lock().unwrap().client_count(), self.house.ploomes.lock().unwrap().contacts().count())
    }

    /// How often a method of Omie was called.
    fn calls(&self, method: &str) -> u64 {
        use depara::sandbox::Sandbox;
        self.house.omie.lock().unwrap().tally().calls.get(method).copied().unwrap_or(0)
    }

    fn told(&self, contact: i64) -> Vec<String> {
        let records = self.house.ploomes.lock().unwrap().interaction_records(contact);
        records.iter().map(|record| record["Content"].as_str().unwrap().to_owned()).collect()
    }

    /// How often the journal of a contact tells of an event.
    fn journalled(&self, contact: i64, event: &str) -> usize {
        let entries = self.house.runner.ledger.journal_of(Side::Right, &contact.to_string(), 200).unwrap();
        entries.iter().filter(|entry| entry.event == event).count()
    }
}

/// A record holds all that the expectation says; what is expected empty may be absent.
#[track_caller]
fn holds(found: &Value, expected: &Value) {
    for (name, expected) in expected.as_object().unwrap() {
        let found = &found[name];
        match expected {
            Value::Object(_) => holds(found, expected),
            Value::Null => assert!(found.is_null() || found == "" || found == 0, "{name}: {found}"),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                assert_eq!(found, expected, "{name}");
            }
        }
    }
}

/// Number and name of type of every phone.
fn phones(contact: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = contact["Phones"].as_array().unwrap();
    rows.iter().map(|phone| (text(&phone["PhoneNumber"]), text(&phone["Type"]["Name"]))).collect()
}

fn company(name: &str, document: &str) -> Value {
    json!({ "razao_social": format!("{name} Ltda"), "nome_fantasia": name, "cnpj_cpf": document })
}

fn contact(name: &str, document: &str) -> Value {
    json!({ "TypeId": 1, "Name": name, "LegalName": format!("{name} Ltda"), "Register": document })
}

/// A record with more members.
fn with(mut record: Value, more: &Value) -> Value {
    let map = record.as_object_mut().unwrap();
    map.extend(more.as_object().unwrap().clone());
    record
}

const DOCUMENT: &str = "11222333000181";
const OTHER_DOCUMENT: &str = "11444777000161";

#[tokio::test]
async fn rule_01_the_first_address_is_integrated_and_the_other_never_touched() {
    let delivery = json!({ "entEndereco": "Rua do Galpão", "entNumero": "900", "entBairro": "Industrial", "entCEP": "13010000", "entCidade": "CAMPINAS (SP)", "entEstado": "SP" });
    let registration = json!({ "endereco": "Rua das Flores", "endereco_numero": "45", "complemento": "Sala 2", "bairro": "Centro", "cep": "01310100", "cidade_ibge": "3550308" });
    let (mut scene, (both, only)) = Scene::new(|omie, _, now| {
        let two = with(with(company("Aurora", DOCUMENT), &registration), &json!({ "enderecoEntrega": delivery }));
        let one = with(company("Boreal", OTHER_DOCUMENT), &json!({ "enderecoEntrega": delivery }));
        (omie.person_adds(now, &two).unwrap(), omie.person_adds(now, &one).unwrap())
    });
    scene.settle().await;
    let (twin, other) = (scene.contact_of(both), scene.contact_of(only));
    let first = json!({ "StreetAddress": "Rua das Flores", "StreetAddressNumber": "45", "StreetAddressLine2": "Sala 2", "Neighborhood": "Centro", "ZipCode": 1_310_100, "City": { "IBGECode": 3_550_308 }, "State": { "Short": "SP" } });
    holds(&scene.contact(twin), &first);
    let galpao = json!({ "StreetAddress": "Rua do Galpão", "StreetAddressNumber": "900", "Neighborhood": "Industrial", "ZipCode": 13_010_000, "City": { "IBGECode": 3_509_502 } });
    holds(&scene.contact(other), &galpao);

    // Ploomes edits: the registration changes for the one, the delivery address for the other.
    scene.in_ploomes(twin, &json!({ "StreetAddress": "Rua Nova" }));
    scene.in_ploomes(other, &json!({ "StreetAddressNumber": "901", "ZipCode": 1_310_100, "City": 3_550_308 }));
    scene.settle().await;
    let (client, thin) = (scene.client(both), scene.client(only));
    holds(&client, &with(registration.clone(), &json!({ "endereco": "Rua Nova", "enderecoEntrega": delivery })));
    let moved = json!({ "entEndereco": "Rua do Galpão", "entNumero": "901", "entBairro": "Industrial", "entCEP": "01310100", "entCidade": "SAO PAULO (SP)", "entEstado": "SP" });
    holds(&thin, &json!({ "endereco": null, "cidade": null, "cep": null, "enderecoEntrega": moved }));

    // A change of the second address in Omie goes nowhere.
    scene.in_omie(both, &json!({ "enderecoEntrega": { "entNumero": "902" } }));
    assert!(scene.settle().await.is_empty());
    holds(&scene.contact(twin), &json!({ "StreetAddress": "Rua Nova", "StreetAddressNumber": "45" }));
    assert_eq!(scene.client(both)["enderecoEntrega"]["entNumero"], "902");
}

#[tokio::test]
async fn rule_01_an_address_cleared_in_ploomes_leaves_the_second_one_of_omie() {
    let delivery = json!({ "entEndereco": "Rua do Galpão", "entCidade": "CAMPINAS (SP)", "entEstado": "SP" });
    let (mut scene, code) = Scene::new(|omie, _, now| {
        let address =
            json!({ "endereco": "Rua Um", "cep": "01310100", "cidade_ibge": "3550308", "enderecoEntrega": delivery });
        omie.person_adds(now, &with(company("Aurora", DOCUMENT), &address)).unwrap()
    });
    scene.settle().await;
    let id = scene.contact_of(code);
    scene.in_ploomes(id, &json!({ "StreetAddress": null, "ZipCode": null, "CityId": null, "StateId": null }));
    scene.settle().await;
    let cleared = json!({ "endereco": null, "cep": null, "cidade": null, "cidade_ibge": null, "estado": null });
    holds(&scene.client(code), &with(cleared, &json!({ "enderecoEntrega": delivery })));
    holds(&scene.contact(id), &json!({ "StreetAddress": null, "ZipCode": null, "CityId": null }));
}

#[tokio::test]
async fn rule_02_three_phones_count_and_the_others_stay_with_their_types() {
    let kinds = ["Comercial", "Fax", "Celular", "Residencial", "Recado"];
    let numbers = ["(11) 3000-1000", "(11) 3000-1001", "(11) 98000-1002", "(11) 3000-1003", "+1 (555) 123-4567"];
    let (mut scene, id) = Scene::new(|_, ploomes, now| {
        let list: Vec<Value> =
            numbers.iter().zip(kinds).map(|(number, kind)| json!({ "PhoneNumber": number, "Type": kind })).collect();
        let more = json!({ "Phones": list, "OtherProperties": [{ "FieldKey": CUSTOM, "DecimalValue": 1500.5 }] });
        ploomes.person_adds(now, &with(contact("Aurora", DOCUMENT), &more)).unwrap()
    });
    scene.settle().await;
    let code = scene.client_of(id);
    let held = json!({ "telefone1_ddd": "11", "telefone1_numero": "3000-1000", "telefone2_ddd": "11", "telefone2_numero": "98000-1002", "fax_ddd": "11", "fax_numero": "3000-1001" });
    holds(&scene.client(code), &held);

    // Omie changes a phone: the number is replaced where it stands, all else stays.
    scene.in_omie(code, &json!({ "telefone2_numero": "97777-0000" }));
    scene.settle().await;
    let mut expected: Vec<(String, String)> =
        numbers.iter().zip(kinds).map(|(number, kind)| ((*number).to_owned(), kind.to_owned())).collect();
    expected[2].0 = "(11) 97777-0000".to_owned();
    assert_eq!(phones(&scene.contact(id)), expected);
    assert_eq!(scene.contact(id)["OtherProperties"][0]["DecimalValue"], 1500.5);

    // Ploomes changes the fifth: it does not count.
    let mut list = scene.contact(id)["Phones"].clone();
    list[4]["PhoneNumber"] = json!("(11) 3000-5555");
    scene.in_ploomes(id, &json!({ "Phones": list }));
    assert!(scene.settle().await.is_empty());
    holds(&scene.client(code), &with(held, &json!({ "telefone2_numero": "97777-0000" })));

    // Omie clears the fax: only the fax goes, and the fourth phone comes forward without a place.
    scene.in_omie(code, &json!({ "fax_ddd": "", "fax_numero": "" }));
    scene.settle().await;
    let left: Vec<String> = phones(&scene.contact(id)).into_iter().map(|(number, _)| number).collect();
    assert_eq!(left, ["(11) 3000-1000", "(11) 97777-0000", "(11) 3000-1003", "(11) 3000-5555"]);
    holds(
        &scene.client(code),
        &json!({ "telefone1_numero": "3000-1000", "telefone2_numero": "97777-0000", "fax_numero": null }),
    );
}

#[tokio::test]
async fn rule_03_omie_decides_the_status() {
    let (mut scene, (off, on)) = Scene::new(|omie, _, now| {
        let inactive = with(company("Aurora", DOCUMENT), &json!({ "inativo": "S" }));
        (omie.person_adds(now, &inactive).unwrap(), omie.person_adds(now, &company("Boreal", OTHER_DOCUMENT)).unwrap())
    });
    scene.settle().await;
    let status = |scene: &Scene, code| scene.contact(scene.contact_of(code))["Status"]["Name"].clone();
    assert_eq!((status(&scene, off), status(&scene, on)), (json!("Inativo"), json!("Ativo")));

    scene.in_omie(off, &json!({ "inativo": "N" }));
    scene.in_ploomes(scene.contact_of(on), &json!({ "Status": "Prospect" }));
    let before = scene.client(on);
    scene.settle().await;
    assert_eq!((status(&scene, off), status(&scene, on)), (json!("Ativo"), json!("Ativo")));
    assert_eq!(scene.client(on), before, "Omie never hears of it");
}

#[tokio::test]
async fn rule_04_people_are_matched_by_mail_and_never_made() {
    let (mut scene, (ana, bruno, client, alone, lonely)) = Scene::new(|omie, ploomes, now| {
        let ana = omie.add_seller(now, "Ana", "Ana.Lima@Ex.com", false);
        let bruno = omie.add_seller(now, "Bruno", "bruno@ex.com", false);
        let fabio = omie.add_seller(now, "Fábio", "fabio@ex.com", false);
        ploomes.add_user("Ana", "ANA.LIMA@ex.COM", false);
        ploomes.add_user("Bruno", "Bruno@Ex.com", false);
        ploomes.add_user("Gabriela", "gabriela@ex.com", false);
        let of = |code: i64| json!({ "recomendacoes": { "codigo_vendedor": code, "gerar_boletos": "S" } });
        let client = omie.person_adds(now, &with(company("Aurora", DOCUMENT), &of(ana))).unwrap();
        let alone = omie.person_adds(now, &with(company("Boreal", OTHER_DOCUMENT), &of(fabio))).unwrap();
        let lonely = with(contact("Cruzeiro", "11333555000100"), &json!({ "Owner": "gabriela@ex.com" }));
        (ana, bruno, client, alone, ploomes.person_adds(now, &lonely).unwrap())
    });
    let people = |scene: &Scene| scene.house.omie.lock().unwrap().sellers().count();
    assert_eq!(people(&scene), 3);
    scene.settle().await;
    let seller = |scene: &Scene, code| scene.client(code)["recomendacoes"]["codigo_vendedor"].clone();
    let id = scene.contact_of(client);
    assert_eq!(scene.contact(id)["Owner"]["Email"], "ANA.LIMA@ex.COM");
    holds(&scene.contact(scene.contact_of(alone)), &json!({ "OwnerId": null }));
    holds(&scene.client(scene.client_of(lonely)), &json!({ "recomendacoes": { "codigo_vendedor": null } }));

    // Other edits do not carry the emptiness back.
    scene.in_omie(alone, &json!({ "email": "novo@ex.com" }));
    scene.in_omie(scene.client_of(lonely), &json!({ "email": "outro@ex.com" }));
    scene.in_ploomes(scene.contact_of(alone), &json!({ "Website": "boreal.ex" }));
    scene.settle().await;
    assert_eq!(scene.contact(lonely)["Owner"]["Email"], "gabriela@ex.com");
    assert_ne!(seller(&scene, alone), json!(0));
    assert_eq!(scene.client(alone)["homepage"], "boreal.ex");

    // A new owner reaches Omie, a new seller reaches Ploomes; the rest of `recomendacoes` stays.
    scene.in_ploomes(id, &json!({ "Owner": "bruno@ex.com" }));
    scene.settle().await;
    holds(&scene.client(client), &json!({ "recomendacoes": { "codigo_vendedor": bruno, "gerar_boletos": "S" } }));
    scene.in_omie(client, &json!({ "recomendacoes": { "codigo_vendedor": ana } }));
    scene.settle().await;
    assert_eq!(scene.contact(id)["Owner"]["Email"], "ANA.LIMA@ex.COM");
    assert_eq!(people(&scene), 3);
}

#[tokio::test]
async fn rule_05_the_copy_of_the_name_never_comes_back() {
    let (mut scene, id) = Scene::new(|_, ploomes, now| {
        let bare = with(contact("Aurora", DOCUMENT), &json!({ "LegalName": null }));
        ploomes.person_adds(now, &bare).unwrap()
    });
    scene.settle().await;
    let code = scene.client_of(id);
    let names = |scene: &Scene| {
        let client = scene.client(code);
        (client["nome_fantasia"].clone(), client["razao_social"].clone(), scene.contact(id)["LegalName"].clone())
    };
    assert_eq!(names(&scene), (json!("Aurora"), json!("Aurora"), Value::Null));
    scene.in_ploomes(id, &json!({ "Name": "Aurora & Filhos" }));
    scene.settle().await;
    assert_eq!(scene.contact(id)["LegalName"], Value::Null);
    holds(
        &scene.client(code),
        &json!({ "nome_fantasia": "Aurora &amp; Filhos", "razao_social": "Aurora &amp; Filhos" }),
    );
    scene.in_ploomes(id, &json!({ "LegalName": "Aurora Comércio Ltda" }));
    scene.settle().await;
    assert_eq!(scene.client(code)["razao_social"], "Aurora Comércio Ltda");
    scene.in_ploomes(id, &json!({ "LegalName": null }));
    scene.settle().await;
    assert_eq!(scene.client(code)["razao_social"], "Aurora &amp; Filhos");
    assert_eq!(scene.contact(id)["LegalName"], Value::Null);
    scene.in_omie(code, &json!({ "razao_social": "Aurora Panificação Ltda" }));
    scene.settle().await;
    assert_eq!(scene.contact(id)["LegalName"], "Aurora Panificação Ltda");
}

#[tokio::test]
async fn rule_06_a_change_of_person_stays_in_omie_and_the_rest_moves() {
    let (mut scene, code) = Scene::new(|omie, _, now| omie.person_adds(now, &company("Aurora", DOCUMENT)).unwrap());
    scene.settle().await;
    let id = scene.contact_of(code);
    holds(&scene.contact(id), &json!({ "TypeId": 1, "Register": DOCUMENT }));
    let edit = json!({ "cnpj_cpf": "529.982.247-25", "bairro": "Bairro Novo", "email": "novo@ex.com" });
    scene.in_omie(code, &edit);
    scene.settle().await;
    let expected = json!({ "TypeId": 1, "Register": DOCUMENT, "Neighborhood": "Bairro Novo", "Email": "novo@ex.com" });
    holds(&scene.contact(id), &expected);
    holds(&scene.client(code), &json!({ "pessoa_fisica": "S", "cnpj_cpf": "529.982.247-25" }));
    let link = scene.house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().unwrap();
    let reason = "o tipo de pessoa não muda no Ploomes: lá é pessoa jurídica, no Omie agora é física; o documento não foi enviado";
    assert_eq!(link.held["cnpj_cpf"], reason, "what `explain` says");
    assert_eq!(scene.journalled(id, "FieldHeld"), 1, "told once, not in every cycle");

    // Back to a company, with another document: it goes, and nothing is held any more.
    scene.in_omie(code, &json!({ "cnpj_cpf": OTHER_DOCUMENT }));
    scene.settle().await;
    holds(&scene.contact(id), &json!({ "TypeId": 1, "Register": OTHER_DOCUMENT }));
    assert!(scene.house.runner.ledger.link(Side::Left, &code.to_string()).unwrap().unwrap().held.is_empty());
}

#[tokio::test]
async fn rule_06_types_that_differ_from_the_start_are_told_once() {
    let (mut scene, id) = Scene::new(|omie, ploomes, now| {
        let code = omie.person_adds(now, &company("Aurora", "529.982.247-25")).unwrap();
        ploomes.person_adds(now, &with(contact("Aurora", DOCUMENT), &json!({ "Key": code.to_string() }))).unwrap()
    });
    scene.in_ploomes(id, &json!({ "Website": "aurora.ex" }));
    scene.in_omie(scene.contact(id)["Key"].as_str().unwrap().parse().unwrap(), &json!({ "bairro": "Centro" }));
    scene.settle().await;
    for _ in 0..3 {
        assert!(scene.house.cycle().await.is_quiet());
    }
    holds(&scene.contact(id), &json!({ "TypeId": 1, "Register": DOCUMENT, "Neighborhood": "Centro" }));
    let code = scene.client_of(id);
    holds(&scene.client(code), &json!({ "cnpj_cpf": "529.982.247-25", "homepage": "aurora.ex" }));
    assert_eq!(scene.house.runner.ledger.conflicts(None, 10).unwrap().len(), 1);
    assert_eq!((scene.journalled(id, "FieldHeld"), scene.journalled(id, "ConflictSettled")), (1, 0));
}

#[tokio::test]
async fn rule_07_twins_are_linked_and_nobody_is_made_twice() {
    let (mut scene, (one, two, by_key, by_document)) = Scene::new(|omie, ploomes, now| {
        let one = omie.person_adds(now, &company("Aurora", DOCUMENT)).unwrap();
        let two = omie.person_adds(now, &company("Boreal", OTHER_DOCUMENT)).unwrap();
        let key = json!({ "TypeId": 1, "Name": "Aurora", "Key": one.to_string() });
        let by_key = ploomes.person_adds(now, &key).unwrap();
        let by_document = ploomes.person_adds(now, &contact("Boreal", "11.444.777/0001-61")).unwrap();
        (one, two, by_key, by_document)
    });
    scene.settle().await;
    assert_eq!(scene.counts(), (2, 2));
    assert_eq!((scene.contact_of(one), scene.contact_of(two)), (by_key, by_document));
    holds(&scene.contact(by_key), &json!({ "Key": one.to_string(), "Register": DOCUMENT, "LegalName": "Aurora Ltda" }));
    assert_eq!(scene.contact(by_document)["Key"], two.to_string());

    // A copy of a contact, and a second one with the same document, become nobody's client.
    let now = scene.house.clock.now();
    let (copy, again) = {
        let mut ploomes = scene.house.ploomes.lock().unwrap();
        let copy = json!({ "TypeId": 1, "Name": "Aurora (cópia)", "Key": one.to_string() });
        (
            ploomes.person_adds(now, &copy).unwrap(),
            ploomes.person_adds(now, &contact("Boreal 2", OTHER_DOCUMENT)).unwrap(),
        )
    };
    assert!(scene.settle().await.is_empty());
    assert_eq!(scene.counts(), (2, 4));
    for id in [copy, again] {
        let waiting = scene.house.runner.ledger.waiting(Side::Right, &id.to_string()).unwrap().unwrap();
        assert!(waiting.reason.contains("is shared by"), "{}", waiting.reason);
    }
    // One born in Ploomes gets the id of its newborn twin.
    let id = scene.house.ploomes.lock().unwrap().person_adds(now, &contact("Cruzeiro", "11333555000100")).unwrap();
    scene.settle().await;
    assert_eq!(scene.contact(id)["Key"], scene.client_of(id).to_string());
    assert_eq!(scene.counts(), (3, 5));
}

#[tokio::test]
async fn rule_08_an_inactive_seller_holds_a_birth_until_it_is_active() {
    let (mut scene, (diego, id, code)) = Scene::new(|omie, ploomes, now| {
        let diego = omie.add_seller(now, "Diego", "diego@ex.com", true);
        let elisa = omie.add_seller(now, "Elisa", "elisa@ex.com", false);
        ploomes.add_user("Diego", "Diego@Ex.com", false);
        ploomes.add_user("Elisa", "elisa@ex.com", true);
        let owned = with(contact("Aurora", DOCUMENT), &json!({ "Owner": "diego@ex.com" }));
        let id = ploomes.person_adds(now, &owned).unwrap();
        let sold = with(company("Boreal", OTHER_DOCUMENT), &json!({ "recomendacoes": { "codigo_vendedor": elisa } }));
        (diego, id, omie.person_adds(now, &sold).unwrap())
    });
    scene.settle().await;
    assert!(!scene.is_linked(id));
    let waiting = scene.house.runner.ledger.waiting(Side::Right, &id.to_string()).unwrap().unwrap();
    assert_eq!(waiting.reason, "vendedor inativo no Omie: Diego@Ex.com");
    assert_eq!(scene.calls("IncluirCliente"), 0);
    // The reverse is no obstacle.
    assert_eq!(scene.contact(scene.contact_of(code))["Owner"]["Email"], "elisa@ex.com");

    let now = scene.house.clock.now();
    assert!(scene.house.omie.lock().unwrap().set_seller_inactive(now, diego, false));
    scene.settle().await;
    assert_eq!(scene.client(scene.client_of(id))["recomendacoes"]["codigo_vendedor"], diego);
    assert!(scene.house.runner.ledger.waiting(Side::Right, &id.to_string()).unwrap().is_none());
}

#[tokio::test]
async fn rule_09_tags_are_one_set_and_those_of_the_system_survive() {
    let (mut scene, (code, id)) = Scene::new(|omie, ploomes, now| {
        let tagged = json!({ "tags": [{ "tag": "Cliente" }, { "tag": "VIP" }, { "tag": "Licitação" }] });
        let code = omie.person_adds(now, &with(company("Aurora", DOCUMENT), &tagged)).unwrap();
        let tagged = with(contact("Aurora", DOCUMENT), &json!({ "Tags": ["vip", "Feira"] }));
        (code, ploomes.person_adds(now, &tagged).unwrap())
    });
    let marcadores = |scene: &Scene| scene.house.ploomes.lock().unwrap().tags().count();
    let before = marcadores(&scene);
    scene.settle().await;
    assert_eq!(tags(&scene.client(code)), ["cliente", "feira", "licitação", "vip"]);
    assert_eq!(tags(&scene.contact(id)), ["feira", "licitação", "vip"]);
    assert_eq!(marcadores(&scene), before + 1, "only the missing one is made");

    scene.in_ploomes(id, &json!({ "Tags": ["Feira", "licitação", "Fornecedor"] }));
    scene.in_omie(code, &json!({ "tags": [{ "tag": "Cliente" }, { "tag": "VIP" }, { "tag": "Licitação" }, { "tag": "Feira" }, { "tag": "Atacado" }] }));
    scene.settle().await;
    assert_eq!(tags(&scene.client(code)), ["atacado", "cliente", "feira", "licitação"]);
    assert_eq!(tags(&scene.contact(id)), ["atacado", "feira", "fornecedor", "licitação"]);
}

#[tokio::test]
async fn rule_10_a_refused_birth_is_told_once_for_each_reason_and_goes_when_corrected() {
    let (mut scene, id) = Scene::new(|omie, ploomes, now| {
        omie.switches.required_on_include.extend(["cnpj_cpf".to_owned(), "email".to_owned()]);
        ploomes.person_adds(now, &with(contact("Aurora", DOCUMENT), &json!({ "Register": null }))).unwrap()
    });
    assert!(scene.settle().await.is_empty());
    let told = scene.told(id);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("O Omie recusou este cadastro: ") && told[0].contains("cnpj_cpf"), "{told:?}");
    let title = scene.house.ploomes.lock().unwrap().interaction_records(id)[0]["Title"].clone();
    assert_eq!(title, "Cadastro recusado pelo Omie");
    assert_eq!(scene.calls("IncluirCliente"), 1, "not sent again until it changes");
    let waiting = |scene: &Scene| scene.house.runner.ledger.waiting(Side::Right, &id.to_string()).unwrap();
    assert_eq!(waiting(&scene).unwrap().outcome.as_deref(), Some("refused"));

    // Changed, and refused for the same reason: sent again, not told again.
    scene.in_ploomes(id, &json!({ "Name": "Aurora II" }));
    assert!(scene.settle().await.is_empty());
    assert_eq!((scene.calls("IncluirCliente"), scene.told(id).len()), (2, 1));

    // Changed, and refused for another reason: told once more.
    scene.in_ploomes(id, &json!({ "Register": DOCUMENT }));
    assert!(scene.settle().await.is_empty());
    let told = scene.told(id);
    assert!(told.len() == 2 && told[1].contains("email"), "{told:?}");
    assert_eq!(scene.calls("IncluirCliente"), 3);

    // Refused for the first reason again: it was told.
    scene.in_ploomes(id, &json!({ "Register": null }));
    assert!(scene.settle().await.is_empty());
    assert_eq!((scene.calls("IncluirCliente"), scene.told(id).len()), (4, 2), "{:?}", scene.told(id));

    // Corrected: it goes, and nothing waits.
    scene.in_ploomes(id, &json!({ "Register": DOCUMENT, "Email": "contato@aurora.ex" }));
    scene.settle().await;
    holds(&scene.client(scene.client_of(id)), &json!({ "nome_fantasia": "Aurora II", "email": "contato@aurora.ex" }));
    assert!(waiting(&scene).is_none());
    assert_eq!(scene.told(id).len(), 2);
}

#[tokio::test]
async fn rule_10_a_refused_change_waits_and_the_other_direction_goes_on() {
    let (mut scene, code) = Scene::new(|omie, _, now| {
        omie.switches.required_on_alter.push("email".to_owned());
        let client = with(company("Aurora", DOCUMENT), &json!({ "email": "a@ex.com" }));
        omie.person_adds(now, &client).unwrap()
    });
    scene.settle().await;
    let id = scene.contact_of(code);
    scene.in_ploomes(id, &json!({ "Email": null, "Website": "aurora.ex" }));
    assert!(scene.settle().await.is_empty());
    let alters = scene.calls("AlterarCliente");
    assert_eq!(scene.told(id).len(), 1, "{:?}", scene.told(id));
    holds(&scene.client(code), &json!({ "email": "a@ex.com", "homepage": null }));

    scene.in_omie(code, &json!({ "bairro": "Centro" }));
    scene.settle().await;
    assert_eq!(scene.contact(id)["Neighborhood"], "Centro");
    assert_eq!(scene.calls("AlterarCliente"), alters, "the refused change is not sent again");
    scene.in_ploomes(id, &json!({ "Email": "b@ex.com" }));
    scene.settle().await;
    holds(&scene.client(code), &json!({ "email": "b@ex.com", "homepage": "aurora.ex", "bairro": "Centro" }));
    assert!(scene.house.runner.ledger.waiting(Side::Right, &id.to_string()).unwrap().is_none());
    assert_eq!(scene.told(id).len(), 1);
}

#[tokio::test]
async fn rule_11_places_are_found_by_ibge_code_and_postcodes_keep_their_zeros() {
    let (mut scene, code) = Scene::new(|omie, _, now| {
        let place = json!({ "endereco": "Av. Paulista", "cep": "01310-100", "cidade": "São Paulo", "estado": "SP" });
        omie.person_adds(now, &with(company("Aurora", DOCUMENT), &place)).unwrap()
    });
    scene.settle().await;
    let id = scene.contact_of(code);
    let paulo = json!({ "ZipCode": 1_310_100, "City": { "IBGECode": 3_550_308 }, "State": { "Short": "SP" }, "Country": { "Short2": "BR" } });
    holds(&scene.contact(id), &paulo);

    scene.in_ploomes(id, &json!({ "StreetAddressNumber": "1578" }));
    scene.settle().await;
    let kept = scene.client(code);
    holds(
        &kept,
        &json!({ "endereco_numero": "1578", "cidade": "SAO PAULO (SP)", "cidade_ibge": "3550308", "codigo_pais": "1058" }),
    );
    assert_eq!(kept["cep"].as_str().unwrap().replace('-', ""), "01310100");

    scene.in_ploomes(id, &json!({ "City": 4_106_902, "ZipCode": 80_420_090 }));
    scene.settle().await;
    holds(
        &scene.client(code),
        &json!({ "cidade": "CURITIBA (PR)", "cidade_ibge": "4106902", "estado": "PR", "cep": "80420090" }),
    );

    scene.in_omie(code, &json!({ "cidade_ibge": "3550308", "cep": "01001000" }));
    scene.settle().await;
    holds(&scene.contact(id), &with(paulo, &json!({ "ZipCode": 1_001_000 })));

    // Abroad there is a country and no city; the city and the state that were there go.
    scene.in_omie(code, &json!({ "cidade": "Córdoba", "estado": "EX", "codigo_pais": "0639", "cep": "" }));
    scene.settle().await;
    holds(
        &scene.contact(id),
        &json!({ "CityId": null, "StateId": null, "ZipCode": null, "Country": { "Short2": "AR" } }),
    );
    assert_eq!(scene.calls("PesquisarCidades"), 0, "nobody looks for a place abroad");
}

#[tokio::test]
async fn of_two_edits_the_newest_wins_and_both_values_are_kept() {
    let (mut scene, code) = Scene::new(|omie, _, now| {
        let client = with(company("Aurora", DOCUMENT), &json!({ "email": "velho@ex.com" }));
        omie.person_adds(now, &client).unwrap()
    });
    scene.settle().await;
    let id = scene.contact_of(code);
    scene.in_omie(code, &json!({ "email": "omie@ex.com", "homepage": "aurora.ex" }));
    scene.house.clock.skip_ms(5_000);
    scene.in_ploomes(id, &json!({ "Email": "ploomes@ex.com", "CNAECode": "1091102" }));
    scene.settle().await;
    holds(&scene.client(code), &json!({ "email": "ploomes@ex.com", "homepage": "aurora.ex", "cnae": "1091102" }));
    holds(&scene.contact(id), &json!({ "Email": "ploomes@ex.com", "Website": "aurora.ex" }));
    let conflicts = scene.house.runner.ledger.conflicts(None, 10).unwrap();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    let kept = &conflicts[0];
    assert_eq!((kept.label.as_str(), kept.winner, kept.open), ("Email", Some(Side::Right), false));
    assert_eq!((&kept.values.left, &kept.values.right), (&json!("omie@ex.com"), &json!("ploomes@ex.com")));
    assert_eq!(kept.base.left, Some(json!("velho@ex.com")));
}
