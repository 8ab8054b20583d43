//! `doctor`: the first contact with an account.

use serde_json::{Value, json};

use super::{Running, Systems, Workspace, depara};

/// Two twins, one client alone, and a seller whom only Omie knows.
fn systems() -> Systems {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    systems.contact("Padaria Aurora", "11222333000181", &json!({}));
    systems.client("Mercado Ipê", "11444777000161", &json!({}));
    systems
}

#[test]
fn an_account_is_looked_at_end_to_end_with_reads_alone() {
    let systems = systems();
    let workspace = Workspace::of(&systems);
    let told = workspace.run(&["doctor"]).ended(0).says(&[
        "Account acme",
        "the credentials are good; read: ",
        "Vendedores",
        "Which type of phone is a fax? That with the Id ",
        "a run would link 1, create 1 in ploomes",
        "2 and 1 read",
        "0 failures",
    ]);
    assert_eq!(told.err, "");
    assert_eq!(systems.writes_asked(), [0, 0], "only reads are sent");
    assert!(!workspace.path(".depara").exists(), "the store is left alone");
    workspace.mapping("S: Inativo", "S: Desligado");
    workspace
        .run(&["doctor"])
        .ended(0)
        .says(&["no row of ploomes.contact_status has the Name Desligado", "2 warnings"]);
    let told = workspace.run(&["doctor", "--format", "json"]).ended(0).json();
    let (last, findings) = told.split_last().unwrap();
    assert_eq!(last["failures"], 0);
    assert!(findings.iter().all(|one| one["account"] == "acme" && one["text"].is_string()), "{findings:?}");
    let about: Vec<&Value> = findings.iter().map(|one| &one["about"]).collect();
    for name in ["omie", "ploomes", "omie-ploomes/clientes"] {
        assert!(about.contains(&&json!(name)), "{about:?}");
    }
}

#[test]
fn what_an_account_lacks_is_said_and_the_rest_is_looked_at() {
    let systems = systems();
    let workspace = Workspace::of(&systems);
    workspace.edit("depara.yaml", |text| text.replace("demo-user-key", "\"${NOBODY_SET_THIS}\""));
    let told = workspace.run(&["doctor"]).ended(1);
    told.says(&[
        "no credentials: the environment variable `NOBODY_SET_THIS` is not set",
        "Vendedores",
        "not planned: ploomes is not ready, as said above",
        "1 failure",
    ]);
    let mut wrong = workspace.command(&["doctor"]);
    wrong.env("NOBODY_SET_THIS", "another-key");
    super::told(wrong).ended(1).says(&[
        "ploomes",
        "the credentials are not good",
        "not planned: ploomes lets nobody in",
    ]);
    workspace.run(&["doctor", "--account", "acmee"]).ended(2).complains(&["did you mean `acme`?"]);
    workspace.mapping("label: Nome,", "labell: Nome,");
    workspace.run(&["doctor"]).ended(1).says(&["unknown-key", "did you mean `label`?"]);
}

#[test]
fn a_missing_parameter_is_told_with_what_may_be_given() {
    let mut sandbox = Running::start(depara(&["sandbox", "--port", "0", "--records", "30", "--limits", "off"]));
    sandbox.says(&["until Ctrl-C"]);
    let workspace = Workspace::bare();
    let account = sandbox.heard[0].clone();
    let (before, number) = account.split_once("conta_corrente: ").unwrap();
    assert!(before.contains("categoria"));
    let number: String = number.chars().take_while(char::is_ascii_digit).collect();
    let without =
        account.replace("status: [Finalizada], tipos: [Instalação], categoria: \"1.01.02\", ", "tipos: [Nunca], ");
    let without = without.replace(
        &format!("categoria: \"1.01.02\", conta_corrente: {number} }}\n      omie-auvo/orcamentos-pedido"),
        "}\n      omie-auvo/orcamentos-pedido",
    );
    std::fs::write(workspace.path("depara.yaml"), without).unwrap();
    let told = workspace.run(&["doctor"]).ended(1).says(&[
        "the parameter `categoria` is missing: Código da categoria no Omie",
        "1.01.02 (Clientes - Serviços Prestados)",
        "the parameter `conta_corrente` is missing",
        &format!("{number} (Caixinha)"),
        "a run would",
        "ploomes.users have no twin in omie.vendedores: ",
    ]);
    assert!(told.out.contains("omie-auvo/orcamentos-os"), "{}", told.out);
    let right = account.replace("tipos: [Instalação]", "tipos: [Nunca]");
    std::fs::write(workspace.path("depara.yaml"), right).unwrap();
    workspace
        .run(&["doctor"])
        .ended(1)
        .says(&["the parameter `tipos` is `Nunca`, which auvo.task_types does not hold", "Instalação"]);
    sandbox.signal("TERM");
    assert_eq!(sandbox.end_with_secrets().code, 0);
}
