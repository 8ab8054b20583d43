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
