//! Every shipped case, and the runner itself.

use std::path::Path;

use depara::cases::{self, Tested};
use depara::config::files::{self, Files};
use depara::diagnostic::Diagnostics;
use depara::workspace::Workspace;

fn shipped() -> Files {
    let mut complaints = Diagnostics::default();
    let files = files::workspace(Path::new(env!("CARGO_MANIFEST_DIR")), &mut complaints);
    assert!(complaints.is_clean(), "{complaints}");
    files
}

fn run(files: &Files, filter: Option<&str>) -> Tested {
    let workspace = Workspace::compile(files, &|_| None, Diagnostics::default());
    cases::run(&workspace.unwrap_or_else(|complaints| panic!("{complaints}")), filter)
}

fn told(tested: &Tested) -> String {
    let mut text = tested.complaints.to_string();
    for outcome in &tested.outcomes {
        for failure in &outcome.failures {
            let (place, what) = (&failure.place, &failure.what);
            text += &format!(
                "{place}: {}: {what}\n  expected {}\n  found {}\n",
                outcome.title, failure.expected, failure.found
            );
        }
    }
    text
}

#[test]
fn every_shipped_case_passes() {
    let tested = run(&shipped(), None);
    assert!(tested.is_clean(), "\n{}", told(&tested));
    assert!(tested.outcomes.len() >= 80, "{} cases", tested.outcomes.len());
}

#[test]
fn of_a_value_that_stands_there_no_rule_is_asked_whether_it_waits() {
    let mut files = shipped();
    let rules = files.get_mut("scripts/addresses.rhai").unwrap();
    let head = "fn named_city(code, client) {\n";
    assert!(rules.contains(head));
    *rules = rules.replace(head, &format!("{head}    throw \"asked\";\n"));
    // The street moves, and the city is empty on both sides.
    let tested = run(&files, Some("rule-01-typed-beside-the-delivery-address"));
    assert_eq!((tested.outcomes.len(), told(&tested)), (1, String::new()));
    let tested = run(&files, Some("rule-01-delivery-city-without-a-name"));
    assert!(told(&tested).contains("asked"), "{}", told(&tested));
}
