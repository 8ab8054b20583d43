//! `explain`, `links`, `quarantine` and `conflicts`: what people ask afterwards.

use depara::sandbox::{Fault, Sandbox as _};
use serde_json::{Value, json};

use super::{Systems, Workspace, place};

/// The mapping of the clients.
const MAPPING: &str = "mappings/omie-ploomes/clientes.yaml";

/// A document that Omie demands is missing, a seller is inactive, two contacts share a document.
struct Scene {
    systems: Systems,
    workspace: Workspace,
    client: i64,
    twin: i64,
    refused: i64,
    held: i64,
    shared: i64,
}

fn scene() -> Scene {
    let systems = Systems::open();
    systems.omie().switches.required_on_include.push("cnpj_cpf".to_owned());
    let now = systems.now();
    systems.omie().add_seller(now, "Diego Ramos", "diego@aurora.example", true);
    systems.ploomes().add_user("Diego Ramos", "diego@aurora.example", false);
    let client = systems.client("Padaria Aurora", "11222333000181", &json!({ "email": "a@aurora.example" }));
    let twin = systems.contact("Padaria Aurora", "11222333000181", &json!({ "Email": "b@aurora.example" }));
    let refused = systems.contact("Bar Sem Papel", "", &json!({}));
    let held = systems.contact("Hotel Parado", "00000000000191", &json!({ "Owner": "diego@aurora.example" }));
    systems.client("Lojas Iguais", "11444777000161", &json!({}));
    let shared = systems.contact("Lojas Iguais Matriz", "11444777000161", &json!({}));
    systems.contact("Lojas Iguais Filial", "11444777000161", &json!({}));
    let workspace = Workspace::of(&systems);
    Scene { systems, workspace, client, twin, refused, held, shared }
}

impl Scene {
    /// A client entered long ago, and seen by no listing since: as if a filter had hidden it until now.
    fn old_client(&self) -> i64 {
        let old = self.systems.now() - jiff::SignedDuration::from_hours(24 * 30);
        let client = json!({ "razao_social": "Antiga Ltda", "nome_fantasia": "Antiga", "cnpj_cpf": "19131243000197" });
        self.systems.omie().person_adds(old, &client).unwrap()
    }

    fn explain(&self, resource: &str, id: i64, more: &[&str]) -> super::Told {
        self.workspace.run(&[&["explain", resource, &id.to_string()], more].concat()).ended(0)
    }
}

#[test]
fn every_standing_of_a_record_is_explained() {
    let scene = scene();
    scene.explain("omie.clientes", scene.client, &[]).says(&[
        "never seen",
        "no cycle of this mapping has ever come to its end",
        "`depara sync` runs one",
    ]);
    let report = scene.workspace.sync();
    assert_eq!((&report["quarantined"], &report["held"], &report["ambiguous"]), (&json!(1), &json!(1), &json!(3)));

    let twin = scene.twin.to_string();
    scene.explain("omie.clientes", scene.client, &[]).says(&[
        "linked",
        &twin,
        "Padaria Aurora",
        "a key joins them",
        "updated in ploomes",
    ]);
    let field = scene.explain("omie.clientes", scene.client, &["Email"]);
    let line = place(MAPPING, "email <=> Email");
    let field = field.says(&["email <=> Email", &line, "b@aurora.example"]);
    assert!(!field.out.contains("Bairro"), "one field alone:\n{}", field.out);
    let rule = place("scripts/omie-ploomes/clientes.rhai", "fn skip_inactive_seller(");
    scene.explain("ploomes.contacts", scene.held, &[]).prose().says(&[
        &format!("held by the rule at {rule} since 20"),
        "not sent to omie",
        "vendedor inativo no Omie: diego@aurora.example",
        "the rule: May a contact",
    ]);
    scene.explain("ploomes.contacts", scene.refused, &[]).says(&[
        "in quarantine since 20",
        "refused by omie",
        "O preenchimento da tag [cnpj_cpf] é obrigatório!",
        "depara quarantine retry",
        "reported to people",
    ]);
    scene.explain("ploomes.contacts", scene.shared, &[]).says(&["ambiguous", "11444777000161", "is shared by"]);
    scene.explain("omie.clientes", 42, &[]).prose().says(&[
        "never seen",
        "out of the window",
        "depara sync --full",
        "holds no such id",
    ]);
    let told = scene.explain("ploomes.contacts", scene.held, &["--format", "json"]);
    let [known] = told.json().try_into().unwrap();
    assert_eq!((&known["standing"], &known["system"]), (&json!("held"), &json!("ploomes")));
    assert_eq!(known["waiting"]["reason"], "vendedor inativo no Omie: diego@aurora.example");
    let reason = &known["reason"];
    assert_eq!((&reason["kind"], &reason["words"]), (&json!("held"), &known["waiting"]["reason"]));
    assert_eq!((&reason["place"], &reason["since_ms"]), (&json!(rule), &known["waiting"]["since_ms"]));
}

#[test]
fn a_value_is_followed_to_who_changed_it_and_the_call_that_carried_it() {
    let scene = scene();
    scene.workspace.sync();
    let now = scene.systems.now();
    let phone = json!({ "Phones": [{ "PhoneNumber": "(11) 91234-5678", "TypeId": 2 }] });
    scene.systems.ploomes().person_edits(now, scene.twin, &phone).unwrap();
    scene.workspace.sync();
    let line = place(MAPPING, "telefone1 <=> telefone1");
    let [read, write] =
        ["fn read_contact_phones(", "fn write_omie_phones("].map(|words| place("scripts/phones.rhai", words));
    scene.explain("omie.clientes", scene.client, &["Telefone"]).prose().says(&[
        &format!("telefone1 <=> telefone1 · {line}"),
        "last seen 11912345678 11912345678",
        "last agreed 11912345678 (sent) 11912345678",
        "changed in ploomes; ploomes says that ",
        " touched the record last, at 20",
        "omie: (empty) → 11912345678, in cycle 2 at 20",
        &format!("by the line {line}, through {read} and {write}"),
        "carried by AlterarCliente: done, at the first try",
        "nothing waits",
    ]);
    let told = scene.explain("omie.clientes", scene.client, &["Telefone", "--format", "json"]);
    let [known] = told.json().try_into().unwrap();
    let value = &known["value"];
    assert_eq!(value["last_seen"], json!({ "left": "11912345678", "right": "11912345678" }));
    assert_eq!(value["base"], value["last_seen"]);
    let origin = &value["origin"];
    assert_eq!(
        (&origin["from"], &origin["to"], &origin["why"]),
        (&json!("ploomes"), &json!("omie"), &json!("changed"))
    );
    assert_eq!(origin["call"], json!({ "name": "AlterarCliente", "outcome": "done", "tries": 1 }));
    // The system keeps its stamps in steps of a few milliseconds.
    let changed_ms = origin["who"]["changed_ms"].as_i64().unwrap();
    assert!((changed_ms - now.as_millisecond()).abs() < 20, "{origin}");
    assert!(origin["who"]["author"].is_string() && origin["who"]["ours"] == false);
    assert_eq!(known["reason"]["kind"], "settled");
    // What neither side ever changed, and what was told to a newborn.
    scene.explain("omie.clientes", scene.client, &["Nome"]).says(&["it never moved: both sides held the same"]);
    let born = scene.systems.client("Doceria Nova", "60701190000104", &json!({ "email": "d@nova.example" }));
    scene.workspace.sync();
    scene.explain("omie.clientes", born, &["Email"]).says(&[
        "born of the record in omie",
        "born in ploomes with all its fields, in cycle 3",
        "carried by create contacts: done",
    ]);
}

#[test]
fn a_value_that_both_sides_changed_names_the_policy_and_the_loser() {
    let scene = scene();
    scene.workspace.sync();
    let told = scene.explain("ploomes.contacts", scene.twin, &["Email", "--format", "json"]);
    let [known] = told.json().try_into().unwrap();
    let origin = &known["value"]["origin"];
    assert_eq!((&origin["why"], &origin["policy"]), (&json!("won"), &json!("newest")));
    let (old, new) = (origin["old"].as_str().unwrap(), origin["new"].as_str().unwrap());
    assert!([old, new].contains(&"a@aurora.example") && [old, new].contains(&"b@aurora.example"), "{origin}");
    scene
        .explain("ploomes.contacts", scene.twin, &["Email"])
        .says(&["both sides had changed it", "decided by the policy `newest`"]);
}

#[test]
fn a_refused_change_shows_what_both_sides_hold_and_the_call() {
    let scene = scene();
    scene.workspace.sync();
    let now = scene.systems.now();
    scene.systems.omie().faults().next(Fault::Refuse("nome já usado".to_owned()), "AlterarCliente", 1);
    scene.systems.ploomes().person_edits(now, scene.twin, &json!({ "Name": "Aurora Pães" })).unwrap();
    scene.workspace.sync();
    let told = scene.explain("ploomes.contacts", scene.twin, &["Nome"]);
    told.prose().says(&[
        "in quarantine since",
        "nome já usado",
        "last seen Padaria Aurora Aurora Pães",
        "last agreed Padaria Aurora Padaria Aurora",
    ]);
    let asked_for_the_twin = scene.explain("omie.clientes", scene.client, &[]);
    asked_for_the_twin.prose().says(&["in quarantine since", "refused by omie, in its own words: nome já usado"]);
}

#[test]
fn a_plan_that_a_guard_refused_and_a_cycle_that_failed_are_the_reason() {
    let scene = scene();
    scene.workspace.mapping("on_conflict: newest", "on_conflict: newest\nlimits: { creates: 0 }");
    scene.workspace.run(&["sync"]).ended(3);
    scene.workspace.run(&["sync"]).ended(3);
    scene.explain("ploomes.contacts", scene.held, &[]).prose().says(&[
        "never seen: a guard refused the plan of cycle 1 at 20",
        "omie.clientes would get",
        "the limit is 0",
        "depara sync --accept",
    ]);
    let told = scene.explain("ploomes.contacts", scene.held, &["--format", "json"]);
    assert_eq!(told.json()[0]["reason"]["kind"], "guard");
    scene.workspace.run(&["sync", "--accept"]).ended(0);
    scene.explain("ploomes.contacts", scene.held, &[]).says(&["held by the rule at"]);
    // A list that cannot be read is the reason for what nobody has seen.
    scene.systems.ploomes().faults().next(Fault::BadGateway, "GET Contacts", 20);
    scene.workspace.run(&["sync"]).ended(1);
    scene
        .explain("ploomes.contacts", 42, &[])
        .says(&["never seen: no cycle has come to its end since", "`list contacts`"]);
}

#[test]
fn a_record_out_of_the_window_is_found_by_a_full_comparison() {
    let scene = scene();
    scene.workspace.sync();
    let code = scene.old_client();
    assert_eq!(scene.workspace.sync()["created"], json!({ "omie": 0, "ploomes": 0 }));
    scene
        .explain("omie.clientes", code, &[])
        .prose()
        .says(&["never seen", "it is out of the window until `depara sync --full`"]);
    scene.workspace.run(&["sync", "--full"]).ended(0);
    scene.explain("omie.clientes", code, &[]).says(&["linked", "Antiga", "created in ploomes"]);
    scene.explain("omie.clientes", code, &["Nome"]).says(&["nome_fantasia <=> Name", "created in ploomes"]);
}

#[test]
fn a_person_type_that_changed_is_explained_and_the_other_fields_move() {
    let scene = scene();
    scene.workspace.sync();
    let (now, code) = (scene.systems.now(), scene.client);
    let edit =
        json!({ "cnpj_cpf": "529.982.247-25", "bairro": "Bairro Novo", "endereco": "Rua Um", "cep": "01310100" });
    scene.systems.omie().person_edits(now, code, &edit).unwrap();
    scene.workspace.sync();
    let contact = scene.systems.ploomes().contact(scene.twin).unwrap();
    assert_eq!((&contact["Neighborhood"], &contact["TypeId"]), (&json!("Bairro Novo"), &json!(1)));
    assert_eq!(contact["Register"], "11222333000181");
    for (resource, id) in [("omie.clientes", code), ("ploomes.contacts", scene.twin)] {
        scene.explain(resource, id, &[]).says(&["held", "CNPJ / CPF", "o tipo de pessoa não muda no Ploomes"]);
    }
    scene
        .explain("ploomes.contacts", scene.twin, &["CNPJ / CPF"])
        .says(&["o tipo de pessoa não muda", "Ploomes cannot change it"]);
    let waiting = scene.workspace.run(&["quarantine", "list", "--all"]).ended(0);
    waiting.says(&["6 waiting", "CNPJ / CPF: o tipo de pessoa não muda no Ploomes"]);
    scene.explain("ploomes.contacts", scene.twin, &["Tipo de pessoa"]).says(&["told at birth only"]);
}

#[test]
fn what_is_put_back_is_said() {
    let scene = scene();
    scene.workspace.sync();
    let now = scene.systems.now();
    scene.systems.ploomes().person_edits(now, scene.twin, &json!({ "Status": "Inativo" })).unwrap();
    scene.workspace.run(&["plan"]).ended(0).says(&["Inativo → Ativo", "only omie may: put back"]);
    let report = scene.workspace.sync();
    assert_eq!((&report["put_back"], &report["updated"]["ploomes"]), (&json!(1), &json!(1)));
    let status = scene.explain("ploomes.contacts", scene.twin, &["Inativo ⇒ Status"]);
    status.says(&["Inativo → Ativo", "put back", "an edit in ploomes is put back"]);
}

#[test]
fn a_refused_record_is_listed_shown_and_retried() {
    let scene = scene();
    let Scene { workspace, systems, refused, .. } = &scene;
    workspace.sync();
    let words = ["Bar Sem Papel", "O preenchimento da tag [cnpj_cpf] é obrigatório!", "1 refused record"];
    workspace.run(&["quarantine"]).ended(0).says(&words);
    let all = workspace.run(&["quarantine", "list", "--all"]).ended(0);
    let all = all.says(&["refused", "held", "ambiguous", "5 waiting", "Hotel Parado", "Lojas Iguais Filial"]);
    assert!(all.out.lines().all(|line| line.chars().count() <= 120), "{}", all.out);
    workspace
        .run(&["quarantine", "show", &refused.to_string()])
        .ended(0)
        .says(&["\"Name\": \"Bar Sem Papel\"", "tried once"]);
    workspace.run(&["quarantine", "show", "42"]).ended(1).complains(&["no refused record has the id `42`"]);
    workspace.run(&["quarantine", "retry"]).ended(2);
    assert_eq!(systems.ploomes().interaction_records(*refused).len(), 1);

    // Left alone it is not sent again; asked for, it is, and the same refusal is not told twice.
    let [asked, _] = systems.writes_asked();
    workspace.sync();
    assert_eq!(systems.writes_asked()[0], asked);
    workspace.run(&["quarantine", "retry", &refused.to_string()]).ended(0).says(&["1 record will be tried again"]);
    assert_eq!(workspace.sync()["quarantined"], 1);
    assert_eq!(systems.writes_asked()[0], asked + 1);
    assert_eq!(systems.ploomes().interaction_records(*refused).len(), 1);

    let now = systems.now();
    systems.ploomes().person_edits(now, *refused, &json!({ "Register": "19131243000197" })).unwrap();
    let report = workspace.sync();
    assert_eq!((&report["created"]["omie"], &report["quarantined"]), (&json!(1), &json!(0)));
    workspace.run(&["quarantine"]).ended(0).says(&["0 refused records"]);
    let past = scene.explain("ploomes.contacts", *refused, &[]);
    past.says(&["linked", "created in omie", "a person asked to try again", "refused: ERROR"]);
}

#[test]
fn a_conflict_keeps_both_values_after_the_newest_won() {
    let scene = scene();
    let Scene { workspace, systems, client, twin, .. } = &scene;
    workspace.sync();
    workspace.run(&["conflicts", "list", "--open"]).ended(0).says(&["0 conflicts shown, 0 open"]);
    let now = systems.now();
    systems.omie().person_edits(now, *client, &json!({ "email": "omie@conflito.example" })).unwrap();
    let later = now + jiff::SignedDuration::from_secs(2);
    systems.ploomes().person_edits(later, *twin, &json!({ "Email": "ploomes@conflito.example" })).unwrap();
    assert_eq!(workspace.sync()["conflicts"], 1);
    assert_eq!(systems.omie().client(*client).unwrap()["email"], "ploomes@conflito.example");
    let both = ["Padaria Aurora", "Email", "omie@conflito.example", "ploomes@conflito.example", "ploomes won (newest)"];
    workspace.run(&["conflicts"]).ended(0).says(&both);
    let told = workspace.run(&["conflicts", "--format", "json"]).ended(0);
    let newest = &told.json()[0];
    assert_eq!(newest["values"], json!({ "left": "omie@conflito.example", "right": "ploomes@conflito.example" }));
    let id = newest["id"].as_str().unwrap();
    workspace.run(&["conflicts", "show", id]).ended(0).says(&both[1..]);
    workspace.run(&["conflicts", "answer", id, "omie"]).ended(1).complains(&["is settled already (newest)"]);
    let journal = scene.explain("omie.clientes", *client, &["Email"]);
    journal.says(&["changed on both sides: omie omie@conflito.example, ploomes ploomes@conflito.example"]);
}

#[test]
fn a_conflict_whose_write_is_on_its_way_takes_no_answer() {
    let scene = scene();
    let Scene { workspace, systems, client, twin, .. } = &scene;
    workspace.sync();
    let now = systems.now();
    systems.omie().person_edits(now, *client, &json!({ "email": "omie@conflito.example" })).unwrap();
    let later = now + jiff::SignedDuration::from_secs(2);
    systems.ploomes().person_edits(later, *twin, &json!({ "Email": "ploomes@conflito.example" })).unwrap();
    systems.omie().faults().add_text("lose-answer:AlterarCliente:1").unwrap();
    workspace.run(&["sync"]);
    let told = workspace.run(&["conflicts", "list", "--open", "--format", "json"]).ended(0);
    let [open]: [Value; 1] = told.json().try_into().unwrap();
    let id = open["id"].as_str().unwrap();
    workspace.run(&["conflicts", "answer", id, "omie"]).ended(1).complains(&["the write is on its way", "next cycle"]);
    workspace.sync();
    assert_eq!(systems.omie().client(*client).unwrap()["email"], "ploomes@conflito.example");
    workspace.run(&["conflicts"]).ended(0).says(&["0 open"]);
}

#[test]
fn a_conflict_left_to_people_waits_and_is_answered() {
    let scene = scene();
    let Scene { workspace, systems, client, twin, .. } = &scene;
    workspace.mapping(
        "email <=> Email: { label: Email, canon: email }",
        "email <=> Email: { label: Email, canon: email, on_conflict: ask }",
    );
    assert_eq!(workspace.sync()["conflicts"], 1);
    let email = |systems: &Systems| systems.omie().client(*client).unwrap()["email"].clone();
    assert_eq!(email(systems), "a@aurora.example");
    let told = workspace.run(&["conflicts", "list", "--open", "--format", "json"]).ended(0);
    let [open]: [Value; 1] = told.json().try_into().unwrap();
    let id = open["id"].as_str().unwrap();
    workspace.run(&["conflicts", "show", id]).ended(0).says(&[
        "a@aurora.example",
        "b@aurora.example",
        "depara conflicts answer",
    ]);
    workspace
        .run(&["conflicts", "answer", id, "nobody"])
        .ended(2)
        .complains(&["`nobody` is no side", "`omie`, `ploomes`"]);
    workspace.run(&["conflicts", "answer", id, "ploomes"]).ended(0).says(&["the next cycle carries it out"]);
    workspace.sync();
    assert_eq!(
        (email(systems), &systems.ploomes().contact(*twin).unwrap()["Email"]),
        (json!("b@aurora.example"), &json!("b@aurora.example"))
    );
    workspace.run(&["conflicts"]).ended(0).says(&["ploomes, as answered", "0 open"]);
}

#[test]
fn an_answer_to_a_part_of_an_address_answers_all_of_it() {
    let scene = scene();
    let Scene { workspace, systems, client, twin, .. } = &scene;
    workspace.mapping("on_conflict: newest", "on_conflict: ask");
    let (client, twin) = (*client, *twin);
    let typed = json!({ "endereco": "Rua Um", "endereco_numero": "1", "bairro": "Centro" });
    systems.omie().person_edits(systems.now(), client, &typed).unwrap();
    let typed = json!({ "StreetAddress": "Rua Nove", "StreetAddressNumber": "9", "Neighborhood": "Jardim" });
    systems.ploomes().person_edits(systems.now(), twin, &typed).unwrap();
    workspace.sync();
    let open = || workspace.run(&["conflicts", "list", "--open", "--format", "json"]).ended(0).json();
    let street = open().into_iter().find(|one| one["label"] == "Endereço").unwrap();
    let answered = workspace.run(&["conflicts", "answer", street["id"].as_str().unwrap(), "omie"]).ended(0);
    answered.says(&["Endereço: omie was answered", "Número: omie was answered", "Bairro: omie was answered"]);
    workspace.sync();
    let contact = systems.ploomes().contact(twin).unwrap();
    let [street, number, part] = ["StreetAddress", "StreetAddressNumber", "Neighborhood"].map(|name| &contact[name]);
    assert_eq!([street, number, part], ["Rua Um", "1", "Centro"]);
    assert_eq!(open().iter().filter(|one| one["label"] != "Email").count(), 0);
}

#[test]
fn links_are_listed_shown_and_forgotten() {
    let scene = scene();
    let Scene { workspace, client, twin, .. } = &scene;
    workspace.sync();
    let (client, twin) = (client.to_string(), twin.to_string());
    workspace.run(&["links"]).ended(0).says(&[&client, &twin, "Padaria Aurora", "1 link"]);
    let shown = workspace.run(&["links", "show", &twin, "--format", "json"]).ended(0);
    assert_eq!(shown.json()[0]["left"]["id"], client);
    workspace.run(&["links", "show", "42"]).ended(1).complains(&["no link holds `42`"]);
    scene.old_client();
    workspace.sync();
    let whose = ["--mapping", "omie-ploomes/clientes", "--account", "acme"];
    workspace.run(&[&["links", "forget", &format!("omie:{client}")], &whose[..]].concat()).ended(0).says(&["forgot"]);
    workspace.run(&["links"]).ended(0).says(&["0 links"]);
    // Whoever is forgotten may be out of the window, as the old client is: everything is compared.
    assert_eq!(workspace.sync()["created"], json!({ "omie": 0, "ploomes": 1 }));
    workspace.run(&["links"]).ended(0).says(&["2 links"]);
}
