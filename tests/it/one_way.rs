//! Links that point one way: who is born, what is put back, parameters, births, links of other
//! mappings. A small world, played by cases.

use depara::cases::{self, Tested};
use depara::config::files::Files;
use depara::diagnostic::{Code, Diagnostics};
use depara::workspace::Workspace;

const SYSTEMS: [(&str, &str); 2] = [
    (
        "mappings/systems/erp.yaml",
        "
system: erp
base_url: https://erp.example.com
resources:
  clients: { id: id, path: /clients, list: { records: rows }, create: { answer: { id: id } }, update: { path: '/one/{id}' } }
  orders:
    id: head.id
    path: /orders
    list: { records: rows }
    create: { answer: { id: id } }
    update: { path: '/one/{id}' }
    shape: { head.client: integer, head.stage: text required, head.account: integer, head.note: any, text: any, day: any }
",
    ),
    (
        "mappings/systems/field.yaml",
        "
system: field
base_url: https://field.example.com
resources:
  people: { id: id, path: /people, list: { records: rows }, create: { answer: { id: id } } }
  jobs: { id: id, path: /jobs, list: { records: rows } }
  goods:
    id: id
    path: /goods
    list: { records: rows }
    create: { answer: { id: id }, without: [price] }
    update: { path: '/one/{id}' }
    shape: { name: any, price: number }
",
    ),
];

const ORDERS: &str = "
mapping: erp-field/orders
link: erp.orders <= field.jobs
scripts: [orders]
schedule: { every: 10m, window: today }
put_back: false
parameters:
  stage: { title: Stage, default: '10' }
  account: { title: Account, kind: integer, required: true }
  status: { title: Chosen, kind: list }
birth:
  erp: { head.stage: '{stage}', head.account: '{account}', head.note: 'made for {account}' }
rules: { keep: { field: { name: chosen, of: [status] } } }
fields:
  head.client <= person: { lookup: { field: erp-field/clients }, missing: hold }
  text <= text: { label: Text }
  day <= made: { once: true, rule: { field: made } }
";

const CLIENTS: &str = "
mapping: erp-field/clients
link: erp.clients <=> field.people
fields:
  name <=> name:
";

const GOODS: &str = "
mapping: erp-field/goods
link: erp.clients => field.goods
fields:
  name => name: { label: Name }
  price => price: { label: Price, canon: money }
";

const SCRIPT: &str = r#"
fn chosen(job) {
    let wanted = param("status");
    if wanted == () || job.status in wanted { () } else { `status ${job.status}` }
}
fn read_made(day) { if day < today() { today() } else { day } }
"#;

fn workspace(more: &[(&str, &str)]) -> Result<Workspace, Diagnostics> {
    let mut files = Files::new();
    let base = [
        ("mappings/erp-field/orders.yaml", ORDERS),
        ("mappings/erp-field/clients.yaml", CLIENTS),
        ("mappings/erp-field/goods.yaml", GOODS),
        ("scripts/orders.rhai", SCRIPT),
    ];
    for (path, text) in SYSTEMS.iter().chain(&base).chain(more) {
        files.insert((*path).to_owned(), (*text).to_owned());
    }
    Workspace::compile(&files, &|_| None, Diagnostics::default())
}

fn play(cases: &[&str]) -> Tested {
    let paths: Vec<String> = (0..cases.len()).map(|at| format!("tests/cases/{at}.yaml")).collect();
    let more: Vec<(&str, &str)> = paths.iter().map(String::as_str).zip(cases.iter().copied()).collect();
    let workspace = workspace(&more).unwrap_or_else(|complaints| panic!("{complaints}"));
    cases::run(&workspace, None)
}

fn passes(case: &str) {
    let tested = play(&[case]);
    assert!(tested.is_clean(), "{}{:#?}", tested.complaints, tested.outcomes);
    assert_eq!(tested.outcomes.len(), 1);
}

const JOB: &str = "
mapping: erp-field/orders
parameters: { account: 7, stage: '20', status: [done] }
today: '2026-03-02'
lookups: { erp-field/clients: [{ erp: '71', field: '5' }] }
";

#[test]
fn an_order_is_born_with_its_parameters_and_the_linked_client() {
    passes(&format!(
        "{JOB}
case: birth
right: {{ id: 1, person: 5, text: a, made: '2026-03-01', status: done }}
expect:
  exactly: true
  create:
    erp:
      head: {{ client: 71, stage: '20', account: 7, note: made for 7 }}
      text: a
      day: '2026-03-02'
"
    ));
}

#[test]
fn a_job_whose_client_is_not_linked_waits_and_one_that_nobody_chose_is_left_out() {
    passes(&format!(
        "{JOB}
case: waits
right: [{{ id: 1, person: 6, text: a, status: done }}, {{ id: 2, person: 5, text: a, status: open }}]
expect: {{ held: {{ erp: [head.client has no known value on the other side, status open] }} }}
"
    ));
}

#[test]
fn an_edit_on_the_receiving_side_stays_and_gives_way_to_a_new_one() {
    let pair = "
left: { head: { id: 9, client: 71 }, text: typed, day: '2026-03-05' }
right: { id: 1, person: 5, text: TEXT, made: '2026-03-01', status: done }
base: { left: { text: a }, right: { text: a } }
";
    passes(&format!("{JOB}\ncase: stays\n{}expect: {{ nothing: true }}\n", pair.replace("TEXT", "a")));
    passes(&format!(
        "{JOB}\ncase: gives way\n{}expect: {{ update: {{ erp: {{ text: b }} }} }}\n",
        pair.replace("TEXT", "b")
    ));
}

#[test]
fn nothing_is_born_from_the_receiving_side_and_its_edits_are_put_back() {
    passes("mapping: erp-field/goods\ncase: alone\nright: { id: 1, name: a, price: 2 }\nexpect: { nothing: true }\n");
    passes(
        "mapping: erp-field/goods
case: put back
left: { id: 1, name: a, price: 2 }
right: { id: 2, name: b, price: 2 }
base: { left: {}, right: { name: a } }
expect: { update: { field: { name: a } } }
",
    );
}

#[test]
fn what_a_creation_must_not_carry_is_sent_right_after_it() {
    passes(
        "mapping: erp-field/goods
case: two steps
left: { id: 1, name: a, price: 2.5 }
expect: { exactly: true, create: { field: { name: a } }, update: { field: { price: 2.5 } } }
",
    );
}

#[test]
fn what_points_against_the_link_or_leads_nowhere_is_complained_of() {
    let wrong = [
        (
            "mappings/erp-field/goods.yaml",
            "
mapping: erp-field/goods
link: erp.clients => field.goods
put_back: true
birth: { erp: { x: 1 }, field: { y: '{size}' } }
fields:
  name <= name:
  seller => seller: { lookup: { erp: erp-field/sellers } }
",
        ),
        (
            "mappings/erp-field/clients.yaml",
            "
mapping: erp-field/clients
link: erp.clients <=> field.people
put_back: false
parameters: { size: { kind: big, default: [1] } }
fields:
  name <=> name:
",
        ),
        (
            "depara.yaml",
            "
accounts:
  - account: acme
    systems: { erp: {}, field: {} }
    mappings: { erp-field/orders: { acount: 1, status: [[1]] } }
",
        ),
    ];
    let complaints = workspace(&wrong).err().unwrap();
    let mut found: Vec<(Code, &str)> = complaints.list.iter().map(|one| (one.code, one.sentence.as_str())).collect();
    found.sort_unstable();
    let expected = [
        (Code::UnknownKey, "`erp-field/orders` has no parameter `acount`"),
        (Code::UnknownParameter, "no parameter is named `size`"),
        (Code::WrongType, "the parameter `size` is no text"),
        (Code::WrongType, "the parameter `status` is no list"),
        (Code::BadValue, "`big` is no kind of parameter"),
        (Code::UnknownMapping, "no mapping is named `erp-field/sellers`"),
        (Code::UnreachableOption, "`put_back` never acts under `<=>`"),
        (Code::UnreachableOption, "`link` points one way, and 2 places here need the other"),
        (Code::MissingParameter, "`erp-field/orders` needs the parameter `account`: Account"),
    ];
    for one in expected {
        assert!(found.contains(&one), "{one:?} is not among {found:#?}");
    }
}
