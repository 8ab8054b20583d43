//! The store when something is wrong with it, or when it is lost: what people are told, and how they
//! get their links back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;

use depara::store::{Batch, Ledger, SledStore, Store, Tree};
use serde_json::{Value, json};

use super::cycle::town;
use super::{Running, Systems, Workspace, told};

/// Cycles until one writes nothing.
fn settled(systems: &Systems, workspace: &Workspace) {
    for _ in 0..5 {
        let before = systems.writes_asked();
        let report = workspace.sync();
        // What is put off is for the next cycle: the first one only finds that nobody made it.
        if systems.writes_asked() == before && report["deferred"] == 0 {
            return;
        }
    }
    panic!("it never settles");
}

fn pairs(workspace: &Workspace) -> Vec<[Value; 2]> {
    let lines = workspace.run(&["links", "list", "--format", "json"]).ended(0).json();
    lines.iter().map(|link| [link["left"]["id"].clone(), link["right"]["id"].clone()]).collect()
}

/// How many records each side has.
fn records(systems: &Systems) -> [usize; 2] {
    [systems.omie().clients().count(), systems.ploomes().contacts().count()]
}

#[test]
fn exported_links_come_into_a_new_store_and_the_next_cycle_writes_nothing() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    settled(&systems, &workspace);
    let (before, records_before) = (pairs(&workspace), records(&systems));
    assert_eq!(before.len(), 3);
    let file = workspace.path("links.jsonl").display().to_string();
    workspace.run(&["links", "--export", &file]).ended(0).says(&["wrote 3 links", "links.jsonl"]);
    let printed = workspace.run(&["links", "--export"]).ended(0);
    assert_eq!(printed.out, workspace.read("links.jsonl"), "the same on standard output");
    assert!(!workspace.path("links.jsonl.part").exists());

    fs::remove_dir_all(workspace.path(".depara")).unwrap();
    let good = workspace.read("links.jsonl");
    // Without the store, the last export is all there is.
    workspace
        .run(&["links", "--export", &file])
        .ended(1)
        .complains(&["links.jsonl` holds links and the store has none"]);
    assert_eq!(workspace.read("links.jsonl"), good);
    // Whatever is wrong with the file, no store is made.
    fs::write(workspace.path("bad.jsonl"), good.replacen("acme", "acmee", 1) + "{").unwrap();
    let bad = workspace.path("bad.jsonl").display().to_string();
    workspace.run(&["links", "--import", &bad]).ended(1).says(&[
        "no account is named `acmee`",
        "did you mean `acme`?",
        "bad.jsonl:1:18",
        "this is no link",
        "bad.jsonl:4:1",
    ]);
    assert!(!workspace.path(".depara").exists());
    workspace.run(&["links", "--import", "/nowhere"]).ended(1).complains(&["failed to read `/nowhere`", "--export"]);
    workspace.run(&["links", "--import", &file, "list"]).ended(2).complains(&["go without"]);

    workspace.run(&["links", "--import", &file]).ended(0).says(&["took up 3 links", "nothing was sent"]);
    assert_eq!(pairs(&workspace), before);
    let asked = systems.writes_asked();
    workspace.run(&["plan"]).ended(0).says(&["nothing to send"]);
    workspace.sync();
    assert_eq!((systems.writes_asked(), records(&systems)), (asked, records_before));
    workspace.run(&["links", "--import", &file]).ended(0).says(&["took up 0 links, 3 were there"]);
    // Whoever wants one account's links of a file has the other ones passed over.
    workspace.edit("depara.yaml", |text| format!("{text}{}", systems.account("outra")));
    let only = ["links", "--import", &file, "--account", "outra"];
    workspace.run(&only).ended(0).says(&["took up 0 links, 3 of others were passed over"]);
    workspace.edit("depara.yaml", |text| text.replace(&systems.account("outra"), ""));
    // What a base is for: an edit is known as one, and goes the one way.
    let client = before[0][0].as_str().unwrap().parse().unwrap();
    systems.omie().person_edits(systems.now(), client, &json!({ "email": "novo@aurora.example" })).unwrap();
    let report = workspace.sync();
    assert_eq!((&report["updated"], &report["conflicts"]), (&json!({ "omie": 0, "ploomes": 1 }), &json!(0)));
}

#[test]
fn a_lost_store_is_made_again_from_the_two_sides_without_any_duplicate() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    settled(&systems, &workspace);
    let (before, records_before, asked) = (pairs(&workspace), records(&systems), systems.writes_asked());
    fs::rename(workspace.path(".depara"), workspace.path(".depara-lost")).unwrap();
    workspace.run(&["plan"]).ended(0).says(&["nothing to send"]);
    let report = workspace.sync();
    assert_eq!((&report["linked"], &report["conflicts"]), (&json!(3), &json!(0)), "{report}");
    assert_eq!((systems.writes_asked(), records(&systems)), (asked, records_before));
    assert_eq!(pairs(&workspace), before);
    settled(&systems, &workspace);
    assert_eq!(records(&systems), records_before);
}

/// A workspace with a store that holds links.
fn filled() -> (Systems, Workspace) {
    let systems = town();
    let workspace = Workspace::of(&systems);
    workspace.sync();
    (systems, workspace)
}

#[test]
fn a_damaged_store_is_said_with_what_to_do_and_stays_as_it_is() {
    let (systems, workspace) = filled();
    let calls = systems.calls();
    let db = workspace.path(".depara/db");
    fs::File::options().write(true).open(&db).unwrap().set_len(300).unwrap();
    for verb in ["plan", "sync", "links"] {
        let words = ["failed to use the store in", "it is damaged", "from a backup", "depara links --import"];
        workspace.run(&[verb]).ended(1).complains(&words);
    }
    assert_eq!(systems.calls(), calls, "nothing was sent");
}

#[test]
fn what_is_remembered_is_for_nobody_else() {
    let (_systems, workspace) = filled();
    workspace.run(&["links", "--export", &workspace.path("links").display().to_string()]).ended(0);
    for file in [".depara", ".depara.pace", "links"] {
        let mode = fs::metadata(workspace.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}: {mode:o}");
    }
}

#[test]
fn links_made_the_other_way_round_are_not_read_and_other_names_are_warned_of() {
    let (systems, workspace) = filled();
    let calls = systems.calls();
    let joined = |left: &str, right: &str| {
        let store: Arc<dyn Store> = Arc::new(SledStore::open(&workspace.path(".depara")).unwrap());
        Ledger::new(store, "acme/omie-ploomes/clientes").next_cycle([left.into(), right.into()]).unwrap();
    };
    joined("ploomes.contacts", "omie.clientes");
    for verb in ["plan", "sync", "links"] {
        let words = ["`acme/omie-ploomes/clientes` has links whose left side is `ploomes.contacts`", "in that order"];
        workspace.run(&[verb]).ended(1).complains(&words);
    }
    assert_eq!(systems.calls(), calls, "nothing was sent");
    joined("omie.customers", "ploomes.contacts");
    let words = ["the links were made between other resources", "omie.customers and ploomes.contacts"];
    workspace.run(&["sync"]).ended(0).complains(&words);
    assert!(!workspace.run(&["sync"]).ended(0).err.contains("other resources"), "it is said once");
}

#[test]
fn what_was_renamed_is_warned_of() {
    let (_systems, workspace) = filled();
    workspace.edit("depara.yaml", |text| text.replacen("acme", "acme-sul", 1));
    let words = ["what was renamed begins anew", "acme-sul/omie-ploomes/clientes", "acme/omie-ploomes/clientes"];
    workspace.run(&["plan"]).complains(&words);
}

#[test]
fn a_newer_store_is_said_with_what_to_do() {
    let (systems, workspace) = filled();
    let calls = systems.calls();
    let store = SledStore::open(&workspace.path(".depara")).unwrap();
    let mut batch = Batch::default();
    batch.put(Tree::Meta, b"version", b"2".to_vec());
    store.write(batch).unwrap();
    drop(store);
    for verb in ["plan", "sync", "links"] {
        let words = ["it has version 2, this depara knows version 1", "use the depara that wrote it"];
        workspace.run(&[verb]).ended(1).complains(&words);
    }
    assert_eq!(systems.calls(), calls, "nothing was sent");
}

#[test]
fn a_store_that_cannot_be_made_is_said_with_what_to_do() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    // A path through a file: nobody makes a folder there, not even the superuser.
    workspace.edit("depara.yaml", |text| text.replace("sled:.depara", "sled:depara.yaml/store"));
    let words = ["failed to open the store in", "depara.yaml/store", "see that the folder may be written to"];
    workspace.run(&["sync"]).ended(1).complains(&words);
    assert_eq!(systems.calls(), [0, 0]);
}

#[test]
fn a_copy_without_a_place_is_said_with_what_to_do() {
    let (_systems, workspace) = filled();
    let mut command = workspace.command(&["plan"]);
    command.env("TMPDIR", workspace.path("depara.yaml"));
    told(command).ended(1).complains(&["failed to copy the store into", "TMPDIR"]);
}

/// The same command where no file may become longer than so many blocks: what a full disk is to a
/// process, without a disk to fill.
fn cramped(command: &Command, blocks: u32) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args()).env_clear().env("TZ", "UTC");
    shell
}

#[test]
fn a_full_disk_is_said_with_what_to_do_and_nothing_is_lost() {
    let systems = Systems::open();
    for number in 0..30_i64 {
        systems.client(&format!("Cliente {number}"), &document(number), &json!({}));
    }
    let workspace = Workspace::of(&systems);
    let told = told(cramped(&workspace.command(&["sync"]), 250)).ended(1);
    let all = format!("{}{}", told.out, told.err);
    assert!(all.contains("the store in") && all.contains("the disk is not full"), "{all}");
    // There is room again. Creations of which nobody knows are not waited for: the process is gone.
    workspace.mapping("\non_conflict:", "\nlimits: { unknown: 1ms }\non_conflict:");
    settled(&systems, &workspace);
    assert_eq!(records(&systems), [30, 30]);
    assert_eq!(pairs(&workspace).len(), 30);
}

/// A CNPJ with its digits of check.
fn document(number: i64) -> String {
    let mut digits: Vec<i64> =
        format!("{:08}0001", 10_000_000 + number).bytes().map(|byte| i64::from(byte - b'0')).collect();
    for _ in 0..2 {
        let weights = (2..=9).cycle();
        let sum: i64 = digits.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum();
        digits.push(if sum % 11 < 2 { 0 } else { 11 - sum % 11 });
    }
    digits.iter().map(i64::to_string).collect()
}

#[test]
fn a_copy_of_the_store_is_for_nobody_else_and_goes_when_told_to_stop() {
    let systems = town();
    let workspace = Workspace::of(&systems);
    let pace = "\npace: { same_call: 5m }\n\nrequest:";
    workspace.edit("mappings/systems/omie.yaml", |text| text.replacen("\nrequest:", pace, 1));
    workspace.sync();
    let temporary = tempfile::tempdir().unwrap();
    // Left by a process that was killed.
    let left = temporary.path().join("depara-copy-4294967295-0");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("store"), "").unwrap();
    let copies = || fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap()).collect::<Vec<_>>();
    let mut command = workspace.command(&["plan"]);
    let mut plan = {
        command.env("TMPDIR", temporary.path());
        Running::start(command)
    };
    plan.logs(&["waiting before the next call", "the same was asked a moment ago"]);
    let [copy] = copies().try_into().unwrap();
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    plan.signal("TERM");
    plan.end().ended(1).says(&["the process was asked to stop"]);
    assert!(copies().is_empty());
}
