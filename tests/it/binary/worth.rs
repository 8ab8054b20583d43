//! `test --coverage` and `test --mutants`: how they end, and what programs read.

use super::Workspace;

#[test]
fn an_untouched_line_and_a_survivor_fail_the_command_and_programs_read_them() {
    let workspace = Workspace::bare();
    workspace.run(&["test", "--coverage"]).ended(0).says(&["scripts/prices.rhai", "the cases touch "]);
    workspace.run(&["test", "--mutants", "prices.rhai"]).ended(0).says(&[" mutants killed (", " explained, 0 survive"]);

    let script = "scripts/prices.rhai";
    let more = "fn write_price(price, old) {\n    if price == 77777 { return 1; }\n";
    workspace.edit(script, |text| text.replace("fn write_price(price, old) {\n", more));
    let told = workspace.run(&["test", "--coverage", "prices.rhai", "--format", "json"]).ended(1).json();
    assert_eq!(told[0]["place"], "scripts/prices.rhai:16:25", "{told:?}");
    assert_eq!((&told[1]["files"][0]["file"], told.len()), (&script.into(), 2), "{told:?}");

    let told = workspace.run(&["test", "--mutants", "prices.rhai", "--format", "json"]).ended(1).json();
    let numbers = told.last().unwrap();
    assert_eq!(numbers["stale"], 0, "{numbers}");
    let survivor = told.iter().find(|one| one["change"] == "with `77778` instead of `77777`").unwrap();
    assert!(survivor["reason"].is_null() && survivor["cases"].as_u64().unwrap() > 0, "{survivor}");
    assert!(survivor["skeleton"].as_str().unwrap().contains("\ncase: …\n"), "{survivor}");
    workspace.run(&["test", "--mutants", "prices.rhai"]).ended(1).says(&["with `77778` instead of `77777`: all "]);

    workspace
        .run(&["test", "--mutants", "pricez"])
        .ended(2)
        .complains(&["no mapping and no script has a file that holds"]);
}
