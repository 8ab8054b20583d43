//! Every code a complaint can have: a file of `tests/broken` that earns it, and what people see.
//!
//! A broken file says in its first line which file of `tests/broken/_workspace` it stands for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use depara::cli::render::diagnostic::drawn;
use depara::config::files;
use depara::diagnostic::{Code, Diagnostics};
use depara::workspace::Workspace;

fn broken() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

/// The broken file of a code.
fn file_of(code: Code) -> Option<PathBuf> {
    ["yaml", "rhai"].iter().map(|ending| broken().join(format!("{code}.{ending}"))).find(|path| path.is_file())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// What the small workspace complains of with one of its files in another form.
fn complaints_with(change: Option<&Path>) -> Diagnostics {
    let folder = tempfile::tempdir().unwrap();
    copy(&broken().join("_workspace"), folder.path());
    if let Some(file) = change {
        let bytes = fs::read(file).unwrap();
        let first = String::from_utf8_lossy(&bytes).lines().next().unwrap().to_owned();
        fs::write(folder.path().join(first.trim_start_matches(['#', '/']).trim()), bytes).unwrap();
    }
    let mut found = Diagnostics::default();
    let read = files::disk(folder.path(), &mut found);
    let env = |name: &str| ["ERP_KEY", "CRM_TOKEN"].contains(&name).then(|| "s3cret".to_owned());
    Workspace::compile(&read, &env, found).map_or_else(|found| found, |workspace| workspace.warnings)
}

fn text_of(all: &Diagnostics) -> String {
    all.list.iter().map(|one| drawn(one, all, false)).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_workspace_itself_is_clean() {
    let all = complaints_with(None);
    assert!(all.is_clean(), "{all}");
}

#[test]
fn every_code_has_a_file_that_earns_it_and_a_snapshot() {
    for code in Code::ALL {
        let file = file_of(code).unwrap_or_else(|| panic!("no file of tests/broken earns `{code}`"));
        let all = complaints_with(Some(&file));
        assert!(all.list.iter().any(|one| one.code == code), "{} earns no `{code}`:\n{all}", file.display());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(broken());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_input_file(&file);
        settings.bind(|| insta::assert_snapshot!(code.text(), text_of(&all)));
    }
}

#[test]
fn every_file_belongs_to_a_code() {
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.text()).collect();
    for entry in fs::read_dir(broken()).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(path.is_dir() || codes.contains(stem), "{} belongs to no code", path.display());
    }
}

#[test]
fn no_complaint_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    copy(&broken().join("_workspace"), folder.path());
    for text in [
        "accounts:\n  - account: acme\n    systems: { erp: { kee: hunter2hunter2 } }\n    mappings: {}\n",
        "accounts:\n  - account: acme\n    systems:\n      erp:\n        key hunter2hunter2\n      crm: 1\n",
        "accounts:\n  - account: acme\n    systems:\n      erp: { key: \"hunter2hunter2 }\n",
    ] {
        fs::write(folder.path().join("depara.yaml"), text).unwrap();
        let mut found = Diagnostics::default();
        let read = files::disk(folder.path(), &mut found);
        let all = Workspace::compile(&read, &|_| None, found).err().unwrap();
        assert!(!text_of(&all).contains("hunter"), "{}", text_of(&all));
    }
}
