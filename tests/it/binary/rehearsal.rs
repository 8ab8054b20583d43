//! `demo` and `sandbox`: what a stranger tries first.

use serde_json::Value;
use tempfile::TempDir;

use super::{Running, Workspace, depara, run, told};

#[test]
fn the_demo_shows_the_main_job_and_settles() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().display().to_string();
    let told = run(&["demo", "--records", "30", "--dir", &dir]).ended(0);
    let words = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in [
        "created",
        "updated",
        "calls spent",
        "twins linked",
        "put back",
        "Inativo → Ativo",
        "conflicts",
        "held",
        "refused",
        "O preenchimento da tag [cnpj_cpf] é obrigatório!",
        "o tipo de pessoa não muda no Ploomes",
        "Motor do depósito → Motor 1/4 CV",
        "What became of auvo.quotations: ",
        "no pedidos, held: só há serviços: um pedido de venda não leva serviços",
        "já está faturada e não pode ser alterada!",
        "no pedidos, left out: o tipo Preventiva não é enviado",
        "One more cycle wrote nothing: all sides agree.",
        "depara init",
    ] {
        assert!(words.contains(word), "`{word}` is not in\n{}", told.out);
    }
    assert!(told.out.lines().count() < 200, "it stays short");
    assert!(told.out.lines().all(|line| line.chars().count() <= 110), "{}", told.out);
    assert_eq!(told.err, "", "nobody is warned");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn the_demo_prints_a_report_per_cycle_and_at_last_that_it_settled() {
    let told = run(&["demo", "--records", "30", "--format", "json"]).ended(0);
    let lines = told.json();
    let (last, cycles) = lines.split_last().unwrap();
    assert_eq!(last["settled"], true);
    assert!(cycles.len() >= 4);
    let sum = |of: &str, system: &str| cycles.iter().filter_map(|one| one[of][system].as_u64()).sum::<u64>();
    for system in ["omie", "ploomes"] {
        assert!(sum("created", system) > 5 && sum("updated", system) > 5, "{system}");
    }
    let quiet = cycles.last().unwrap();
    for of in ["created", "updated"] {
        assert!(quiet[of].as_object().unwrap().values().all(|number| number == 0), "{quiet}");
    }
    assert!(quiet["calls"]["omie"].as_u64().unwrap() > 0);
}

#[test]
fn the_kept_demo_serves_the_other_commands_until_it_is_stopped() {
    let temp = TempDir::new().unwrap();
    let mut command = depara(&["demo", "--keep", "--records", "30"]);
    command.env("TMPDIR", temp.path());
    let mut demo = Running::start(command);
    let line = demo.says(&["depara --dir", "links"]);
    let dir = line.split_whitespace().nth(2).unwrap().to_owned();
    demo.says(&["until Ctrl-C"]);
    let with = |arguments: &[&str]| told(depara(&[arguments, &["--dir", &dir]].concat()));
    with(&["check"]).ended(0);
    with(&["links"]).ended(0).says(&["links"]);
    with(&["quarantine", "list", "--all"]).ended(0).says(&["refused", "ambiguous"]);
    with(&["conflicts"]).ended(0).says(&["won (newest)"]);
    with(&["plan", "--mapping", "omie-ploomes/clientes"]).ended(0).says(&["nothing to send"]);
    let mapping = std::path::Path::new(&dir).join("mappings/omie-ploomes/clientes.yaml");
    let text = std::fs::read_to_string(&mapping).unwrap();
    std::fs::write(&mapping, text.replace("once: true", "onse: true")).unwrap();
    with(&["sync"]).ended(1).says(&["did you mean `once`?"]);
    demo.signal("INT");
    let told = demo.end().ended(0);
    told.says(&["the sandboxes are stopped", &dir]);
    with(&["links"]).ended(1);
    std::fs::write(&mapping, std::fs::read_to_string(&mapping).unwrap().replace("onse: true", "once: true")).unwrap();
    with(&["links"]).ended(0);
}

#[test]
fn sandboxes_are_served_as_the_command_line_says() {
    let arguments = [
        "sandbox",
        "--port",
        "0",
        "--seed",
        "5",
        "--records",
        "30",
        "--limits",
        "off",
        "--fault",
        "refuse:IncluirCliente:1:ERROR: hoje não!",
    ];
    let mut sandbox = Running::start(depara(&arguments));
    sandbox.says(&["until Ctrl-C"]);
    // What it prints is an account file, as it stands.
    let workspace = Workspace::bare();
    std::fs::write(workspace.path("depara.yaml"), &sandbox.heard[0]).unwrap();
    let told = workspace.run(&["sync", "--format", "json"]).ended(0);
    let created: u64 = told.json().iter().filter_map(|report| report["created"]["omie"].as_u64()).sum();
    assert!(created > 5, "{}", told.out);
    let refused = workspace.run(&["quarantine"]).ended(0);
    refused.says(&["ERROR: hoje não!"]);
    sandbox.signal("TERM");
    assert_eq!(sandbox.end_with_secrets().code, 0);
}

#[test]
fn a_sandbox_writes_the_account_file_that_the_shell_has_just_emptied() {
    let workspace = Workspace::bare();
    std::fs::write(workspace.path("depara.yaml"), "").unwrap();
    let dir = workspace.path("").display().to_string();
    let mut sandbox = Running::start(depara(&["sandbox", "--dir", &dir, "--port", "0", "--records", "1"]));
    sandbox.says(&["until Ctrl-C"]);
    assert!(sandbox.heard[0].contains("omie-ploomes/clientes: {}"), "{}", sandbox.heard[0]);
    sandbox.signal("TERM");
    assert_eq!(sandbox.end_with_secrets().code, 0);
}

#[test]
fn a_sandbox_says_what_it_cannot_do() {
    run(&["sandbox", "omi"]).ended(2).complains(&["there is no sandbox of `omi`", "did you mean `omie`?"]);
    run(&["sandbox", "--fault", "nonsense", "--port", "0"])
        .ended(2)
        .complains(&["unknown fault `nonsense`", "`lose-answer`"]);
    run(&["sandbox", "--port", "65535"]).ended(2).complains(&["no port is left", "--port"]);
    run(&["sandbox", "--help"]).ended(0).says(&["KIND[:CALL[:OFTEN[:DETAIL]]]", "lose-answer", "stale-list"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    run(&["sandbox", "--port", &port]).ended(1).complains(&[&format!("127.0.0.1:{port}"), "--port"]);
    let told = Running::start(depara(&["sandbox", "omie", "--port", "0", "--records", "1", "--format", "json"]))
        .says(&["addresses"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["addresses"]["omie"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{told}");
    assert_eq!(told["addresses"].as_object().unwrap().len(), 1);
    let mut auvo = Running::start(depara(&["sandbox", "auvo", "--port", "0", "--records", "1"]));
    auvo.says(&["until Ctrl-C"]);
    let account = &auvo.heard[0];
    assert!(account.contains("/v2\" }") && !account.contains("omie:"), "{account}");
    auvo.signal("TERM");
    assert_eq!(auvo.end_with_secrets().code, 0);
}
