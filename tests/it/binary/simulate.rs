//! `simulate`: what it prints of a workspace that breaks something, for programs and for people.

use super::Workspace;

/// Histories of the mapping of clients in a workspace whose system files forget the pace.
const HASTE: [&str; 5] = ["simulate", "--mapping", "omie-ploomes/clientes", "--faults", "none"];

#[test]
fn what_broke_is_told_as_lines_of_json_with_the_command_that_replays_it() {
    let workspace = Workspace::bare();
    let told = workspace.run(&[&HASTE[..], &["--seeds", "2", "--format", "json"]].concat());
    assert_eq!(told.code, 1, "{}", told.err);
    let lines = told.json();
    let (numbers, stories) = lines.split_first().unwrap();
    assert_eq!(numbers["broken"].as_array().unwrap().first().unwrap()["invariant"], "I6", "{numbers}");
    let story = stories.first().unwrap();
    assert!(story["sentence"].as_str().unwrap().contains("limits that were broken"), "{}", story["sentence"]);

    let replay: Vec<&str> = story["replay"].as_str().unwrap().split(' ').skip(1).collect();
    let told = workspace.run(&[&replay[..], &["--format", "json"]].concat());
    assert_eq!((told.code, &told.json()[0]["invariant"]), (1, &story["invariant"]), "{}", told.err);
    let told = workspace.run(&replay);
    assert!(told.code == 1 && told.out.contains("breaks I6"), "{}", told.out);
}
