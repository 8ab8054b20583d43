//! `plan` and `sync`: what they print, what they send, and how they end.

use depara::sandbox::{Fault, Sandbox as _};
use serde_json::{Value, json};

use super::{Running, SECRETS, Systems, Workspace, until};

/// Records on both sides, some of them twins; nobody refuses any.
pub(super) fn town() -> Systems {
    let systems = Systems::open();
    systems.client(
        "Padaria Aurora",
        "11222333000181",
        &json!({ "email": "a@aurora.example", "tags": [{ "tag": "VIP" }] }),
    );
    systems.client("Mercado Ipê", "11444777000161", &json!({ "email": "ipe@omie.example" }));
    systems.contact("Mercado Ipê", "11444777000161", &json!({ "Email": "ipe@ploomes.example" }));
    systems.contact("Bar Boa Vista", "19131243000197", &json!({}));
    systems
}

fn total(map: &Value) -> u64 {
    map.as_object().unwrap().values().map(|number| number.as_u64().unwrap()).sum()
}

#[test]
fn a_cycle_is_one_object_on_one_line_and_the_next_one_writes_nothing() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    let report = workspace.sync();
    assert_eq!((&report["mapping"], &report["account"]), (&json!("omie-ploomes/clientes"), &json!("acme")));
    assert_eq!(report["read"], json!({ "omie": 2, "ploomes": 2 }));
    assert_eq!(report["created"], json!({ "omie": 1, "ploomes": 1 }));
    let [omie, ploomes] = systems.calls();
    assert_eq!(report["calls"], json!({ "omie": omie, "ploomes": ploomes }));
    assert_eq!((&report["linked"], &report["conflicts"]), (&json!(1), &json!(1)));
    for key in ["held", "deferred", "quarantined", "ambiguous"] {
        assert_eq!(report[key], 0, "{key}");
    }
    assert_eq!(report["halted"], Value::Null);
    assert!(report["ms"].is_u64());
    // Omie gave the newborn client a country of its own: that moves once, and then nothing does.
    workspace.sync();
    let quiet = workspace.sync();
    assert_eq!((total(&quiet["created"]), total(&quiet["updated"])), (0, 0));
    workspace.run(&["sync"]).ended(0).says(&["nothing written", "omie", "ploomes"]);
}

#[test]
fn a_plan_sends_only_reads_leaves_the_store_alone_and_is_what_is_sent() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    workspace.run(&["plan"]).ended(0).says(&["Padaria Aurora", "create in ploomes.contacts", "a@aurora.example"]);
    assert!(!workspace.path(".depara").exists(), "a plan makes no store");
    workspace.sync();
    workspace.sync();

    let now = systems.now();
    let code = systems.client("Hotel Central", "00000000000191", &json!({}));
    let first = systems.ploomes().contacts().next().unwrap();
    systems.ploomes().person_edits(now, first, &json!({ "Email": "novo@novo.example" })).unwrap();
    let (store, asked) = (workspace.store(), systems.writes_asked());
    let calls = systems.calls();
    let told = workspace.run(&["plan", "--format", "json"]).ended(0);
    let [plan] = told.json().try_into().unwrap();
    let read = [systems.calls()[0] - calls[0], systems.calls()[1] - calls[1]];
    let human = workspace.run(&["plan"]).ended(0).says(&[
        "→ novo@novo.example",
        "changed in ploomes",
        "price: ",
        "AlterarCliente",
        "create contacts",
    ]);
    assert!(human.out.lines().all(|line| line.chars().count() <= 100), "{}", human.out);
    assert_eq!(systems.writes_asked(), asked, "only reads are sent");
    assert!(store == workspace.store(), "the store is the same, byte for byte");

    let report = workspace.sync();
    let sent = systems.writes_asked();
    let price = |system: &str, what: &str| {
        let kinds = plan["price"]["systems"][system]["kinds"].as_array().unwrap().iter();
        kinds.map(|kind| kind[what].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!([price("omie", "writes"), price("ploomes", "writes")], [sent[0] - asked[0], sent[1] - asked[1]]);
    assert_eq!([price("omie", "reads"), price("ploomes", "reads")], read, "what the plan itself has read");
    let of = |verb: &str| plan["totals"][verb].clone();
    assert_eq!((of("create"), of("update")), (json!({ "ploomes": 1 }), json!({ "omie": 1 })));
    assert_eq!(
        (&report["created"], &report["updated"]),
        (&json!({ "omie": 0, "ploomes": 1 }), &json!({ "omie": 1, "ploomes": 0 }))
    );
    let change = plan["records"].as_array().unwrap().iter().flat_map(|one| one["writes"].as_array().unwrap());
    let change = change.filter(|one| one["act"] == "update").flat_map(|one| one["fields"].as_array().unwrap());
    let change: Vec<_> = change.map(|one| [&one["label"], &one["new"]]).collect();
    assert_eq!(change, [[&json!("Email"), &json!("novo@novo.example")]]);
    let (ploomes, key) = (systems.ploomes(), code.to_string());
    let born = ploomes.contacts().filter_map(|id| ploomes.contact(id));
    assert_eq!(born.filter(|contact| contact["Key"] == key).count(), 1);
    drop(ploomes);
    workspace.run(&["plan"]).ended(0).says(&["nothing to send"]);
}

#[test]
fn a_creation_without_an_answer_is_in_the_plan() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    systems.ploomes().faults().add_text("lose-answer:POST Contacts:1").unwrap();
    workspace.run(&["sync"]).ended(0);
    let told = workspace.run(&["plan"]).ended(0).says(&["! unanswered", "searches for it", "unanswered 1"]);
    workspace.run(&["quarantine", "list", "--all"]).ended(0).says(&["unanswered", "searches for it"]);
    workspace.run(&["quarantine"]).ended(0).says(&["0 refused records"]);
    assert!(!told.out.contains("nothing to send"), "{}", told.out);
    let [plan] = workspace.run(&["plan", "--format", "json"]).ended(0).json().try_into().unwrap();
    assert_eq!(plan["totals"]["unanswered"], 1);
    workspace.run(&["doctor"]).says(&["settle 1 creations without an answer"]);
    workspace.run(&["sync"]).ended(0);
    workspace.run(&["plan"]).ended(0).says(&["nothing to send"]);
}

#[test]
fn a_value_that_only_stands_in_for_an_empty_one_is_shown_as_empty() {
    let systems = Systems::open();
    systems.client("Padaria Aurora", "11222333000181", &json!({}));
    systems.contact("Padaria Aurora", "11222333000181", &json!({ "LegalName": null }));
    let told = Workspace::of(&systems).run(&["plan", "--format", "json"]).ended(0);
    let [plan] = told.json().try_into().unwrap();
    let fields = plan["records"][0]["writes"][0]["fields"].as_array().unwrap();
    let legal = fields.iter().find(|field| field["label"] == "Razão Social").unwrap();
    assert_eq!((&legal["old"], &legal["new"]), (&Value::Null, &json!("Padaria Aurora Ltda")));
}

#[test]
fn a_guard_halts_with_three_and_accept_goes_beyond_it_once() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    workspace.mapping("on_conflict: newest", "on_conflict: newest\nlimits: { creates: 0 }");
    workspace.run(&["plan"]).ended(3).says(&["halted", "the limit is 0"]);
    let told = workspace.run(&["sync", "--format", "json"]).ended(3);
    let [halted] = told.json().try_into().unwrap();
    assert!(halted["halted"].as_str().unwrap().contains("would get 1 new records, the limit is 0"), "{halted}");
    assert_eq!(systems.writes_asked(), [0, 0]);
    workspace.run(&["sync"]).ended(3).says(&["halted", "depara sync --accept"]);
    let told = workspace.run(&["sync", "--accept", "--format", "json"]).ended(0);
    assert_eq!(told.json()[0]["created"], json!({ "omie": 1, "ploomes": 1 }));
    workspace.run(&["sync"]).ended(0);
    systems.client("Hotel Central", "00000000000191", &json!({}));
    workspace.run(&["sync"]).ended(3);
}

#[test]
fn one_account_with_wrong_credentials_stops_in_the_system_s_words_and_the_others_go_on() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    let wrong = |account: &str, from: &str| systems.account(account).replace(from, "a-wrong-secret");
    workspace.accounts(&format!(
        "{}{}{}",
        wrong("one", "demo-secret"),
        wrong("two", "demo-user-key"),
        systems.account("three")
    ));
    for verb in ["plan", "sync"] {
        let told = workspace.run(&[verb, "--format", "json", "--log", "trace", "--log-format", "json"]).ended(1);
        assert!(!format!("{}{}", told.out, told.err).contains("a-wrong-secret"));
        let lines = told.json();
        let failed = |at: usize| lines[at]["failed"].as_str().unwrap_or_default();
        assert!(failed(0).contains("A chave de acesso está inválida"), "{}", told.out);
        assert!(failed(1).contains("Invalid User-Key"), "{}", told.out);
        assert_eq!((&lines[2]["account"], failed(2)), (&json!("three"), ""), "{}", told.out);
    }
    assert_eq!(systems.omie().client_count(), 3, "the third account was served");
    workspace.run(&["plan"]).ended(1).says(&["failed", "Invalid User-Key", "three"]);
}

#[test]
fn a_system_that_is_away_fails_the_cycle_cleanly_and_the_next_one_works() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    let [omie, _] = systems.addresses();
    let accounts = workspace.read("depara.yaml");
    workspace.edit("depara.yaml", |text| text.replace(&omie, "http://127.0.0.1:1/api/v1"));
    workspace.run(&["sync"]).ended(1).says(&["failed", "`omie` got no usable answer"]);
    assert_eq!(systems.writes_asked(), [0, 0]);
    std::fs::write(workspace.path("depara.yaml"), accounts).unwrap();
    assert_eq!(workspace.sync()["created"], json!({ "omie": 1, "ploomes": 1 }));

    // Away in the middle of the writes: what was not sent is sent later, and nothing twice.
    systems.client("Hotel Central", "00000000000191", &json!({}));
    systems.ploomes().faults().next(Fault::BadGateway, "POST Contacts", 20);
    let told = workspace.run(&["sync", "--format", "json"]);
    assert_eq!(told.json()[0]["created"]["ploomes"], 0, "{}", told.out);
    systems.ploomes().faults().clear();
    workspace.mapping("on_conflict: newest", "on_conflict: newest\nlimits: { unknown: 1s }");
    until(|| workspace.run(&["sync", "--format", "json"]).json()[0]["created"]["ploomes"] == 1);
    assert_eq!(systems.ploomes().contacts().count(), 4);
}

#[test]
fn no_secret_is_ever_printed() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    systems.omie().faults().next(Fault::Refuse(SECRETS[..2].join(" ")), "*", 1);
    for arguments in [
        ["plan", "--log", "trace"],
        ["sync", "--log", "trace"],
        ["plan", "--log=trace,hyper=trace,reqwest=trace", "--format=json"],
        ["sync", "--log=trace,hyper_util=trace,hyper=trace", "--log-format=json"],
        ["quarantine", "list", "--all"],
        ["conflicts", "--log", "trace"],
        ["check", "--log", "trace"],
    ] {
        let told = workspace.run(&arguments).no_secrets();
        assert!(told.code <= 1);
    }
    let noted = workspace.read(".depara.pace");
    assert!(SECRETS.iter().all(|secret| !noted.contains(secret)), "{noted}");
    // Not even where the complaint is about the very line.
    workspace.edit("depara.yaml", |text| text.replace("app_key: demo-key", "app_kee: demo-key"));
    workspace.run(&["check"]).no_secrets().ended(1);
    workspace.edit("depara.yaml", |text| text.replace("app_kee: demo-key", "app_key: [demo-key]"));
    workspace.run(&["check"]).no_secrets().ended(1);
}

#[test]
fn the_log_is_one_object_on_each_line_with_its_cycle_and_its_step() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    let told = workspace.run(&["sync", "--log", "debug", "--log-format", "json"]).ended(0);
    let lines: Vec<Value> = told.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named =
        |line: &Value, name: &str| line["spans"].as_array().into_iter().flatten().any(|span| span["name"] == name);
    let steps: Vec<&Value> = lines.iter().filter(|line| line["message"] == "a step was answered").collect();
    assert!(steps.len() >= 4, "{}", told.err);
    assert!(steps.iter().all(|line| named(line, "cycle") && named(line, "step")), "{}", told.err);
    let calls: Vec<&Value> = lines.iter().filter(|line| line["message"] == "A call was answered.").collect();
    assert!(calls.len() > steps.len() && calls.iter().all(|line| named(line, "cycle")), "{}", told.err);
}

#[test]
fn what_was_asked_a_moment_ago_is_not_asked_again_by_the_next_command() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    let pace = "\npace: { same_call: 5m }\n\nrequest:";
    workspace.edit("mappings/systems/omie.yaml", |text| text.replacen("\nrequest:", pace, 1));
    workspace.run(&["plan"]).ended(0);
    let mut sync = Running::start(workspace.command(&["sync"]));
    sync.logs(&["waiting before the next call", "omie", "ListarClientes", "the same was asked a moment ago"]);
    assert!(workspace.read(".depara.pace").contains("ListarClientes"));
    assert_eq!(systems.omie().tally().broken.get("redundant"), None);
    assert_eq!(systems.writes_asked(), [0, 0]);
}

#[test]
fn a_block_is_remembered_by_the_next_command() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    systems.omie().faults().next(Fault::Block(1_800), "ListarClientes", 1);
    let blocked = ["failed", "`ListarClientes` of `omie` is blocked until", "bloqueada por consumo indevido"];
    workspace.run(&["sync"]).ended(1).says(&blocked);
    let [calls, _] = systems.calls();
    workspace.run(&["sync"]).ended(1).says(&blocked);
    workspace.run(&["plan"]).ended(1).says(&blocked);
    assert_eq!(systems.calls()[0], calls, "a call during a block would make it longer");
}
