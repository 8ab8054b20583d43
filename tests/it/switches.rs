//! The main job under every doubtful fact: each position of each switch of both sandboxes.
//!
//! Nobody outside knows how the real systems behave on these points. Whatever the answer is, the
//! two sides must settle without a duplicate and without a broken limit; where a position makes
//! some write impossible, that record waits with the words of the system and the others go on.

use depara::sandbox::omie::{self, Duplicate, Forgiven, OverLength, Refused};
use depara::sandbox::ploomes::{self, TypeChange};
use depara::sandbox::{Omie, Ploomes, Sandbox, people};
use jiff::Timestamp;
use serde_json::json;

use crate::house::{House, census, differences};

/// One position of one switch.
struct Turned {
    name: &'static str,
    turn: fn(&mut omie::Switches, &mut ploomes::Switches),
    /// Words of a refusal that this position brings; empty for none beyond the usual.
    refusal: &'static str,
    /// Limits that cannot be kept when the system's limit is lower than the published one.
    breaks: &'static [&'static str],
    /// The system ignores a part of what is written and says that all is well: the sides differ in one
    /// record, and people find what did not arrive in the list of conflicts.
    ignores: bool,
}

const fn turned(name: &'static str, turn: fn(&mut omie::Switches, &mut ploomes::Switches)) -> Turned {
    Turned { name, turn, refusal: "", breaks: &[], ignores: false }
}

const fn ignoring(turned: Turned) -> Turned {
    Turned { ignores: true, ..turned }
}

const fn refusing(turned: Turned, refusal: &'static str) -> Turned {
    Turned { refusal, ..turned }
}

const fn breaking(turned: Turned, breaks: &'static [&'static str]) -> Turned {
    Turned { breaks, ..turned }
}

/// Positions of the switches of Omie.
const OMIE: &[Turned] = &[
    turned("as likely", |_, _| {}),
    turned("no tag beyond the names is required", |omie, _| omie.required_on_include.truncate(2)),
    refusing(
        turned("an e-mail is required of new clients", |omie, _| {
            omie.required_on_include.push("email".to_owned());
        }),
        "[email] é obrigatório",
    ),
    refusing(
        turned("an e-mail is required of altered clients", |omie, _| {
            omie.required_on_alter.push("email".to_owned());
        }),
        "[email] é obrigatório",
    ),
    turned("documents need not be unique", |omie, _| omie.unique_document = false),
    turned("check digits are verified", |omie, _| omie.document_checked = true),
    ignoring(turned("an empty value clears nothing", |omie, _| omie.empty_clears = false)),
    ignoring(turned("tags are added", |omie, _| omie.tags_replace = false)),
    turned("a write of nothing moves no stamp", |omie, _| omie.noop_moves_stamp = false),
    turned("an inactive seller may be set", |omie, _| omie.inactive_seller_refused = false),
    turned("texts come back in upper case", |omie, _| omie.upper_case_text = true),
    turned("names come back raw", |omie, _| omie.html_names = false),
    turned("limits are only counted", |omie, _| omie.limits_enforced = false),
    turned("a repeated write is redundant", |omie, _| omie.redundant_writes = true),
    turned("long text is cut", |omie, _| omie.over_length = OverLength::Cut),
    turned("failures are forgiven after a good call", |omie, _| omie.forgiven = Forgiven::AfterSuccess),
    turned("failures are never forgiven within a day", |omie, _| omie.forgiven = Forgiven::AfterSeconds(86_400)),
    turned("pages of twenty", |omie, _| omie.page_cap = 20),
    turned("pages of five hundred", |omie, _| omie.page_cap = 500),
    turned("refusals come with HTTP 200", |omie, _| omie.refused = Refused::FaultWithin200),
    turned("refusals come as a status within success", |omie, _| omie.refused = Refused::StatusWithin200),
    turned("duplicates are told in old words", |omie, _| omie.duplicate = Duplicate::Older),
    refusing(
        turned("the number of an address is short", |omie, _| omie.number_max = 10),
        "[endereco_numero] excede o limite de 10 caracteres",
    ),
    turned("ids are texts", |omie, _| omie.ids_as_text = true),
    turned("calls take their time", |omie, _| omie.latency_ms = 900),
];

/// Positions of the switches of Ploomes.
const PLOOMES: &[Turned] = &[
    turned("a POST answers 201", |_, ploomes| ploomes.post_status = 201),
    turned("a PATCH answers nothing", |_, ploomes| ploomes.patch_status = 204),
    turned("a city brings nothing along", |_, ploomes| ploomes.places_derived = false),
    turned("pages of forty", |_, ploomes| ploomes.page_max = 40),
    turned("pages of ten when nothing is said", |_, ploomes| ploomes.page_default = 10),
    turned("a page names the next one", |_, ploomes| ploomes.next_link = true),
    turned("filters mind no accents", |_, ploomes| ploomes.accents_ignored = true),
    turned("filters mind the case", |_, ploomes| ploomes.case_sensitive = true),
    turned("unknown fields are forbidden", |_, ploomes| ploomes.unknown_field_forbidden = true),
    turned("unknown members are refused", |_, ploomes| ploomes.unknown_member_refused = true),
    turned("a CEP as text is taken", |_, ploomes| ploomes.zip_code_coerced = true),
    turned("check digits are verified", |_, ploomes| ploomes.documents_checked = true),
    turned("custom fields are replaced", |_, ploomes| ploomes.other_properties_replaced = true),
    turned("a changed type is ignored", |_, ploomes| ploomes.type_change = TypeChange::Ignore),
    turned("a changed type is taken", |_, ploomes| ploomes.type_change = TypeChange::Allow),
    turned("an idle patch touches nothing", |_, ploomes| ploomes.idle_patch_touches = false),
    turned("a record touches no contact", |_, ploomes| ploomes.record_touches_contact = false),
    turned("a contact is read by its key", |_, ploomes| ploomes.get_by_key = true),
    turned("filters with any are forbidden", |_, ploomes| ploomes.any_forbidden = true),
    turned("tags have one name each", |_, ploomes| ploomes.tag_names_unique = true),
    turned("documents are unique", |_, ploomes| ploomes.unique = vec!["CNPJ".to_owned(), "CPF".to_owned()]),
    turned("external keys are unique", |_, ploomes| ploomes.unique = vec!["Key".to_owned()]),
    refusing(
        turned("an e-mail is required", |_, ploomes| ploomes.required = vec!["Email".to_owned()]),
        "O campo Email é obrigatório",
    ),
    turned("limits are only counted", |_, ploomes| ploomes.limits_enforced = false),
    turned("a 429 names no seconds", |_, ploomes| ploomes.retry_after = false),
    breaking(
        turned("forty calls a minute, and a 429 that names no seconds", |_, ploomes| {
            (ploomes.requests_per_minute, ploomes.retry_after) = (40, false);
        }),
        &["rate"],
    ),
    breaking(
        turned("forty calls a minute, and a page for a 429", |_, ploomes| {
            (ploomes.requests_per_minute, ploomes.throttle_html) = (40, true);
        }),
        &["rate"],
    ),
];

/// A client and a contact that lack an e-mail, and twins of which the client does.
struct Bare {
    client: i64,
    contact: i64,
    twin: i64,
}

fn bare_people(omie: &mut Omie, ploomes: &mut Ploomes, now: Timestamp) -> Bare {
    let client = json!({ "razao_social": "Bar do Zé Ltda", "nome_fantasia": "Bar do Zé", "cnpj_cpf": "11222333000181",
        "tags": [{ "tag": "Boteco" }], "homepage": "https://bar.example" });
    let contact = json!({ "TypeId": 1, "Name": "Oficina \"Dois\" & Cia", "Register": "34028316000103",
        "Website": "https://oficina.example", "Tags": ["Frota", "vip"], "StreetAddress": "Rua Dois",
        "StreetAddressNumber": "22", "ZipCode": 1_310_100, "City": 3_550_308,
        "Phones": [{ "PhoneNumber": "(11) 3000-1000" }, { "PhoneNumber": "(11) 98000-1000", "TypeId": 2 }] });
    let twin = json!({ "razao_social": "Casa Três Ltda", "nome_fantasia": "Casa Três", "cnpj_cpf": "60746948000112" });
    omie.person_adds(now, &twin).unwrap();
    let twin = json!({ "TypeId": 1, "Name": "Casa Três", "LegalName": "Casa Três Ltda", "Register": "60746948000112" });
    Bare {
        client: omie.person_adds(now, &client).unwrap(),
        contact: ploomes.person_adds(now, &contact).unwrap(),
        twin: ploomes.person_adds(now, &twin).unwrap(),
    }
}

/// What people take away, and what they write longer or otherwise than before.
fn bare_edits(omie: &mut Omie, ploomes: &mut Ploomes, bare: &Bare, now: Timestamp) {
    let patch = json!({ "homepage": "", "tags": [], "nome_fantasia": "Bar & Lanches \"do Zé\"" });
    omie.person_edits(now, bare.client, &patch).unwrap();
    let patch = json!({ "Website": null, "Tags": ["VIP"], "Phones": [{ "PhoneNumber": "(11) 98000-1000", "TypeId": 2 }],
        "StreetAddressNumber": "22 fundos, portão azul" });
    let edited = ploomes.person_edits(now, bare.contact, &patch);
    let patch = json!({ "LegalName": "Casa Três Comércio Ltda", "ZipCode": 80_420_090, "City": 4_106_902 });
    // Where the account wants an e-mail, people cannot save these contacts either.
    let edited = edited.and_then(|()| ploomes.person_edits(now, bare.twin, &patch));
    assert!(edited.is_ok() || ploomes.switches.required == ["Email"], "{edited:?}");
}

async fn try_one(turned: &Turned) -> Result<(), String> {
    let mut people = None;
    let mut house = House::build(|omie, ploomes, clock| {
        let story = people::populate(omie, ploomes, 11, 60, clock.now()).unwrap();
        people = Some((story, bare_people(omie, ploomes, clock.now())));
        (turned.turn)(&mut omie.switches, &mut ploomes.switches);
    });
    let (story, bare) = people.unwrap();
    let before = census(&house.omie.lock().unwrap(), &house.ploomes.lock().unwrap());
    house.settle().await.map_err(|text| format!("first load: {text}"))?;
    let after = census(&house.omie.lock().unwrap(), &house.ploomes.lock().unwrap());
    let doubled: Vec<_> =
        after.iter().filter(|(who, count)| **count > 1 && **count > before.get(*who).copied().unwrap_or(0)).collect();
    if !doubled.is_empty() {
        return Err(format!("duplicates: {doubled:?}"));
    }
    let moment = house.clock.now();
    {
        let (mut omie, mut ploomes) = (house.omie.lock().unwrap(), house.ploomes.lock().unwrap());
        people::edit_round(&mut omie, &mut ploomes, &story, moment).map_err(|text| format!("edits: {text}"))?;
        bare_edits(&mut omie, &mut ploomes, &bare, moment);
    }
    house.settle().await.map_err(|text| format!("edits: {text}"))?;

    let (omie, ploomes) = (house.omie.lock().unwrap(), house.ploomes.lock().unwrap());
    let waiting = house.waiting();
    let wrong = differences(&omie, &ploomes, &waiting);
    if wrong.len() != usize::from(turned.ignores) {
        return Err(format!("{} differ: {}", wrong.len(), wrong.join("; ")));
    }
    let conflicts = house.runner.ledger.conflicts(None, usize::MAX).unwrap();
    let unheeded = conflicts.iter().filter(|one| one.policy.contains("kept what it had")).count();
    if turned.ignores != (unheeded > 0) {
        return Err(format!("{unheeded} values are told to have been left as they were"));
    }
    let broken: Vec<&String> = omie.tally().broken.keys().chain(ploomes.tally().broken.keys()).collect();
    if broken != turned.breaks {
        return Err(format!("broken limits: {:?} {:?}", omie.tally().broken, ploomes.tally().broken));
    }
    let said = waiting.values().any(|text| text.contains(turned.refusal));
    if !turned.refusal.is_empty() && !said {
        return Err(format!("nobody waits with `{}`: {waiting:?}", turned.refusal));
    }
    Ok(())
}

async fn try_all(all: &[Turned]) {
    let mut wrong = Vec::new();
    for turned in all {
        if let Err(text) = try_one(turned).await {
            wrong.push(format!("{}: {text}", turned.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_main_job_settles_however_omie_behaves() {
    try_all(OMIE).await;
}

#[tokio::test]
async fn the_main_job_settles_however_ploomes_behaves() {
    try_all(PLOOMES).await;
}
