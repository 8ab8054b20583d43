//! `schema`, `fmt`, `completions` and `man`: what people's editors, shells and manuals get.

use std::fs;

use serde_json::{Value, json};

use super::{Workspace, run};

#[test]
fn a_new_workspace_has_the_schemas_and_the_command_writes_them_anew() {
    let workspace = Workspace::bare();
    let english = workspace.read("schema/mapping.json");
    assert!(english.contains("Which field of one resource becomes which of another"));
    assert!(workspace.read("depara.yaml").starts_with("# yaml-language-server: $schema=schema/depara.json\n"));
    workspace.run(&["schema", "--language", "pt"]).ended(0).says(&["mapping.json", "rules.d.rhai"]);
    assert!(workspace.read("schema/mapping.json").contains("Qual campo de um recurso vira qual do outro"));
    let told = workspace.run(&["schema", "mapping"]).ended(0);
    assert_eq!(told.out, english, "one that is printed writes nothing");
    assert!(serde_json::from_str::<Value>(&told.out).is_ok());
    workspace.run(&["schema", "rules"]).ended(0).says(&["fn phone_br(value: ?) -> String;"]);
    workspace
        .run(&["schema", "maping"])
        .ended(2)
        .complains(&["no schema is named `maping`", "did you mean `mapping`?"]);
    // What editors look into is no file of ours.
    workspace.run(&["check"]).ended(0);
}

#[test]
fn fmt_lays_files_out_and_leaves_what_it_cannot_read() {
    let workspace = Workspace::bare();
    workspace.run(&["fmt", "--check"]).ended(0).says(&["0 would change"]);
    let before = workspace.read("mappings/omie-ploomes/clientes.yaml");
    workspace.edit("mappings/omie-ploomes/clientes.yaml", |text| {
        text.replacen("bairro <=> Neighborhood: { label: Bairro }", "bairro<=>Neighborhood:   {label: Bairro}", 1)
    });
    let torn = "system: erp\nresources: { a: [ }\n".to_owned();
    fs::write(workspace.path("mappings/systems/erp.yaml"), &torn).unwrap();
    let file = "mappings/omie-ploomes/clientes.yaml";
    let told = workspace.run(&["fmt", "--check", "--format", "json"]).ended(1).json();
    let told: Vec<&Value> = told.iter().filter(|one| one["became"] != "unchanged").collect();
    assert_eq!(told[0], &json!({ "file": file, "became": "would change", "reason": null }));
    assert_eq!((told.len(), told[1]["became"].as_str()), (2, Some("left")));
    assert_ne!(workspace.read(file), before, "a check writes nothing");
    let place = workspace.path(file).display().to_string();
    workspace
        .run(&["fmt", &place])
        .ended(0)
        .says(&["laid out mappings/omie-ploomes/clientes.yaml", "1 file, 1 laid out"]);
    assert_eq!(workspace.read(file), before);
    let words = ["left as it is mappings/systems/erp.yaml: line 2:", "0 laid out, 1 left as they are"];
    workspace.run(&["fmt"]).ended(1).says(&words);
    assert_eq!(workspace.read("mappings/systems/erp.yaml"), torn);
    fs::write(workspace.path("mappings/systems/latin.yaml"), b"S: \xe7\n").unwrap();
    let unread = ["mappings/systems/latin.yaml", "cannot be read: it is no UTF-8 text", "save the file as UTF-8"];
    let latin = workspace.path("mappings/systems/latin.yaml").display().to_string();
    workspace.run(&["fmt", &latin]).ended(1).says(&unread);
    workspace.run(&["fmt"]).ended(1).says(&unread);
    workspace.run(&["fmt", "/nowhere/at/all"]).ended(2).complains(&["`/nowhere/at/all` cannot be read"]);
    let scripts = workspace.path("scripts").display().to_string();
    workspace.run(&["fmt", &scripts]).ended(2).complains(&["no YAML file of the workspace is there"]);
}

#[test]
fn shells_and_manuals_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        run(&["completions", shell]).ended(0).says(&["depara", "quarantine", "sandbox"]);
    }
    run(&["completions", "cmd"]).ended(2);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("man").display().to_string();
    run(&["man", &place]).ended(0).says(&["manual pages written"]);
    let page = |name: &str| fs::read_to_string(folder.path().join("man").join(name)).unwrap();
    assert!(page("depara.1").contains("depara\\-simulate(1)"));
    assert!(page("depara-fmt.1").contains("never changes what they say"));
}
