//! `plan --against`: what an edit of the workspace changes in records and in price.

use serde_json::{Value, json};

use super::cycle::town;
use super::{Workspace, run};

/// How many lists each system was asked for.
fn lists(systems: &super::Systems) -> [u64; 2] {
    use depara::sandbox::Sandbox as _;
    let of = |calls: &std::collections::BTreeMap<String, u64>, kind: &str| calls.get(kind).copied().unwrap_or(0);
    [of(&systems.omie().tally().calls, "ListarClientes"), of(&systems.ploomes().tally().calls, "GET Contacts")]
}

#[test]
fn the_same_workspace_sends_the_same_and_the_systems_are_asked_once() {
    let systems = town();
    let (here, there) = (Workspace::of(&systems), Workspace::bare());
    here.sync();
    here.sync();
    let client = systems.client("Hotel Central", "00000000000191", &json!({}));
    let other = there.path("").display().to_string();
    std::fs::remove_file(there.path("depara.yaml")).unwrap();
    let (store, asked, listed) = (here.store(), systems.writes_asked(), lists(&systems));
    let told = here.run(&["plan", "--against", &other]).ended(0);
    told.says(&["against", "no difference: both versions would send the same", "price  1 call, "]);
    assert_eq!(systems.writes_asked(), asked, "only reads are sent");
    assert!(store == here.store(), "the store is the same, byte for byte");
    assert_eq!(lists(&systems), listed.map(|calls| calls + 1), "each list is read once for both");
    assert!(systems.omie().client(client).is_some() && !there.path(".depara").exists());
}

#[test]
fn an_edit_shows_what_it_changes_in_records_and_in_price() {
    let systems = town();
    let (here, there) = (Workspace::of(&systems), Workspace::bare());
    here.sync();
    here.sync();
    let other = there.path("").display().to_string();
    std::fs::remove_file(there.path("depara.yaml")).unwrap();
    systems.contact("Doceria Nova", "60701190000104", &json!({ "Email": "d@nova.example" }));
    here.mapping("email <=> Email:", "email => Email:");
    let told = here.run(&["plan", "--against", &other]).ended(4);
    told.says(&["Doceria Nova", "~ create in omie.clientes", "email  d@nova.example → –", "price  "]);
    let told = here.run(&["plan", "--against", &other, "--format", "json"]).ended(4);
    let [found] = told.json().try_into().unwrap();
    assert_eq!((&found["differs"], &found["mapping"]), (&json!(true), &json!("omie-ploomes/clientes")));
    let records = found["records"].as_array().unwrap();
    let born = records.iter().find(|one| one["name"] == "Doceria Nova").unwrap_or_else(|| panic!("{found}"));
    let parts: Vec<&Value> = born["changes"].as_array().unwrap().iter().filter(|one| !one["part"].is_null()).collect();
    assert!(parts.iter().any(|one| one["part"] == "email" && one["here"].is_null()), "{born}");
    assert!(found["here"]["price"]["ms"].is_u64() && found["reads"].as_u64().unwrap() > 0);

    // What only one version reads is said, and read for both.
    here.mapping("email => Email:", "contato => Note: { label: Contato }\n  email => Email:");
    let told = here.run(&["plan", "--against", &other]).ended(4);
    told.says(&["note: of omie.clientes only one version reads contato", "note: of ploomes.contacts only one"]);
}

#[test]
fn a_version_that_is_none_or_runs_other_mappings_is_said() {
    let systems = town();
    let (here, there) = (Workspace::of(&systems), Workspace::bare());
    let other = there.path("").display().to_string();
    there.accounts(&systems.account("acme").replace("omie-ploomes/clientes", "omie-auvo/clientes"));
    there.edit("depara.yaml", |text| {
        text.replace("    mappings:", "      auvo: { api_key: x, api_token: y }\n    mappings:")
    });
    let told = here.run(&["plan", "--against", &other]).ended(4);
    told.says(&["the other version does not run this mapping", "omie-auvo/clientes: only the other version runs"]);
    let missing = here.path("nowhere").display().to_string();
    here.run(&["plan", "--against", &missing]).ended(2).complains(&["there is no folder"]);
    here.run(&["plan", "--against", &other, "--full"]).ended(2);
    there.mapping("canon: email", "cannon: email");
    here.run(&["plan", "--against", &other]).ended(1).says(&["unknown key `cannon`"]);
    run(&["plan", "--help"]).ended(0).says(&["--against <DIR>", "ends with 4 when something differs"]);
}
