//! What cases are worth: the lines they touch, and the changes they notice.

use std::collections::BTreeSet;
use std::path::Path;

use depara::cases;
use depara::cases::coverage::{Covered, coverage};
use depara::cases::mutants::{Tried, mutants};
use depara::config::files::{self, Files};
use depara::diagnostic::Diagnostics;
use depara::workspace::Workspace;

fn shipped() -> Files {
    let mut complaints = Diagnostics::default();
    let files = files::workspace(Path::new(env!("CARGO_MANIFEST_DIR")), &mut complaints);
    assert!(complaints.is_clean(), "{complaints}");
    files
}

fn compiled(files: &Files) -> Workspace {
    let workspace = Workspace::compile(files, &|_| None, Diagnostics::default());
    workspace.unwrap_or_else(|complaints| panic!("{complaints}"))
}

fn covered(files: &Files) -> Vec<Covered> {
    let workspace = compiled(files);
    let mut complaints = Diagnostics::default();
    let cases = cases::read(&workspace, &mut complaints);
    assert!(complaints.is_clean(), "{complaints}");
    coverage(&workspace, &cases, None)
}

fn tried(files: &Files, filter: &str) -> Tried {
    let tried = mutants(&compiled(files), files, Some(filter), 2, &|_, _| {});
    tried.unwrap_or_else(|tested| panic!("{tested:?}"))
}

fn untouched(files: &Files) -> Vec<String> {
    let files = covered(files);
    files.iter().flat_map(|covered| covered.untouched.values()).map(|(at, lack)| format!("{at} {lack}")).collect()
}

/// One system on both sides, a mapping with a table, a fallback and a rule, and one case.
fn little() -> Files {
    let system = "system: erp
base_url: https://erp.example.com
resources:
  clients:
    id: id
    path: /clients
    list: { records: rows }
    create: { answer: { id: id } }
";
    let mapping = "mapping: erp-crm/clients
link: erp.clients <=> crm.clients
scripts: [names]
fields:
  id => key: {}
  name <=> name: { rule: { right: short } }
  active <=> state:
    table:
      S: open
      N: closed
    missing: keep
";
    let script = "fn read_short(name) {
    if name == () { return \"\"; }
    name
}

fn write_short(name, old) {
    if name.len() > 5 { name.sub_string(0, 5) } else { name }
}
";
    let case = "case: a client is born
mapping: erp-crm/clients
left: { id: 1, name: Aurora Ltda, active: S }
expect: { create: { right: { name: Auror, state: open } } }
";
    [
        ("mappings/systems/erp.yaml", system.to_owned()),
        ("mappings/systems/crm.yaml", system.replace("erp", "crm")),
        ("mappings/erp-crm/clients.yaml", mapping.to_owned()),
        ("scripts/names.rhai", script.to_owned()),
        ("tests/cases/erp-crm/born.yaml", case.to_owned()),
    ]
    .map(|(path, text)| (path.to_owned(), text))
    .into()
}

#[test]
fn the_shipped_cases_touch_every_line() {
    let files = covered(&shipped());
    let untouched: Vec<_> = files.iter().filter(|covered| !covered.untouched.is_empty()).collect();
    assert!(untouched.is_empty(), "{untouched:#?}");
    assert!(files.len() >= 20 && files.iter().all(|covered| covered.lines > 0), "{files:#?}");
}

#[test]
fn a_line_that_no_case_touches_is_told_with_the_reason() {
    let told = untouched(&little());
    insta::assert_snapshot!(told.join("\n"), @r#"
    mappings/erp-crm/clients.yaml:10:7 no case carries `N` or `closed`
    mappings/erp-crm/clients.yaml:11:5 no case has a value without a twin here
    scripts/names.rhai:2:21 no case comes to this
    scripts/names.rhai:7:56 no case comes to this
    "#);
}

#[test]
fn a_change_that_no_case_notices_is_named_with_a_case_that_could() {
    let tried = tried(&little(), "");
    let told: BTreeSet<String> =
        tried.survivors.iter().map(|one| format!("{} {} [{}]", one.place, one.words, one.reached)).collect();
    insta::assert_snapshot!(told.into_iter().collect::<Vec<_>>().join("\n"), @r#"
    mappings/erp-crm/clients.yaml:10:7 without `N: closed` [0]
    mappings/erp-crm/clients.yaml:11:14 with `empty` instead of `keep` [0]
    mappings/erp-crm/clients.yaml:11:14 with `hold` instead of `keep` [0]
    mappings/erp-crm/clients.yaml:5:3 with `<=>` instead of `=>` [1]
    mappings/erp-crm/clients.yaml:5:3 with `<=` instead of `=>` [1]
    mappings/erp-crm/clients.yaml:5:3 without `id => key` [1]
    mappings/erp-crm/clients.yaml:6:3 with `=>` instead of `<=>` [1]
    mappings/erp-crm/clients.yaml:7:3 with `=>` instead of `<=>` [1]
    scripts/names.rhai:2:13 with `!=` instead of `==` [1]
    scripts/names.rhai:2:21 without `return "";` [0]
    scripts/names.rhai:2:5 without `if name == () { return ""; }` [1]
    scripts/names.rhai:2:8 when `if name == ()` is always true [1]
    scripts/names.rhai:3:5 without `name` [1]
    scripts/names.rhai:7:19 with `>=` instead of `>` [1]
    scripts/names.rhai:7:21 with `4` instead of `5` [1]
    scripts/names.rhai:7:21 with `6` instead of `5` [1]
    scripts/names.rhai:7:56 without `name` [0]
    scripts/names.rhai:7:8 when `if name.len() > 5` is always true [1]
    "#);
    let unseen = tried.survivors.iter().find(|one| one.words == "without `N: closed`").unwrap();
    insta::assert_snapshot!(unseen.skeleton, @r#"
    # mappings/erp-crm/clients.yaml:10 without `N: closed`: no case fails.
    # Show a record with this value, and expect what must come of it.
    case: …
    mapping: erp-crm/clients
    erp: { id: 1, active: … }
    crm: { id: 1, state: … }
    base: {}
    expect: { nothing: true }
    "#);
    let border = tried.survivors.iter().find(|one| one.words == "with `6` instead of `5`").unwrap();
    insta::assert_snapshot!(border.skeleton, @r#"
    # scripts/names.rhai:7 with `6` instead of `5`: no case fails.
    # Show records for which the one number and the other lead elsewhere, and expect what must come of it.
    # It begins as tests/cases/erp-crm/born.yaml does.
    case: …
    mapping: erp-crm/clients
    left: { id: 1, name: Aurora Ltda, active: S }
    expect: { create: { right: { name: Auror, state: open } } }
    "#);
}

#[test]
fn a_survivor_is_explained_once_and_an_explanation_must_be_needed() {
    let mut files = little();
    let explained = "file: scripts/names.rhai
survivors:
  - line: if name == () { return \"\"; }
    change: [\"without `return \\\"\\\";`\", without `name`]
    reason: nobody reads it
";
    files.insert("tests/mutants/names.yaml".to_owned(), explained.to_owned());
    let tried = tried(&files, "names.rhai");
    let reasons: Vec<_> = tried.survivors.iter().filter_map(|one| one.reason.as_deref()).collect();
    assert_eq!(reasons, ["nobody reads it"]);
    let stale: Vec<_> = tried.stale.iter().flat_map(|one| &one.changes).collect();
    assert_eq!(stale, ["without `name`"]);
    assert!(!tried.is_clean());
}

#[test]
fn an_explanation_that_cannot_be_read_is_complained_about() {
    let mut files = little();
    files.insert(
        "tests/mutants/names.yaml".to_owned(),
        "file: scripts/names.rhai\nsurvivors: [{ lin: x }]\n".to_owned(),
    );
    let mut complaints = Diagnostics::default();
    cases::mutants::explained(&compiled(&files), &mut complaints);
    assert!(complaints.to_string().contains("unknown key `lin`"), "{complaints}");
}

#[test]
fn a_table_that_mappings_share_is_looked_at_in_its_own_file() {
    let mut files = little();
    let written = files.get("mappings/erp-crm/clients.yaml").unwrap();
    let (before, _) = written.split_once("    table:").unwrap();
    let shared = format!("{before}    table: states\n    missing: keep\n");
    files.insert("mappings/erp-crm/clients.yaml".to_owned(), shared);
    files.insert("mappings/tables/states.yaml".to_owned(), "S: open\nN: closed\n".to_owned());
    let told = untouched(&files);
    assert!(told.contains(&"mappings/tables/states.yaml:2:1 no case carries `N` or `closed`".to_owned()), "{told:?}");
    let tried = tried(&files, "states.yaml");
    assert_eq!(tried.mutants, 3);
    let told: Vec<_> = tried.survivors.iter().map(|one| (one.place.line, one.words.as_str(), one.reached)).collect();
    assert_eq!(told, [(2, "without `N: closed`", 0)]);
}

#[test]
fn the_shipped_cases_notice_what_changes_or_it_is_explained() {
    let tried = tried(&shipped(), "");
    let open: Vec<_> = tried.survivors.iter().filter(|one| one.reason.is_none()).collect();
    assert!(open.is_empty() && tried.stale.is_empty(), "{open:#?} {:#?}", tried.stale);
    assert!(tried.mutants >= 2_000, "{} mutants", tried.mutants);
    assert!(tried.survivors.len() * 20 <= tried.mutants, "{} of {} survive", tried.survivors.len(), tried.mutants);
}
