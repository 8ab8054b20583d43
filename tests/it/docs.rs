//! What `depara docs` says of a mapping: every option of the language, in a small world.

use depara::cli::arguments::Language;
use depara::cli::render::docs;
use depara::config::files::Files;
use depara::diagnostic::Diagnostics;
use depara::workspace::Workspace;

const ERP: &str = "
system: erp
title: The Erp
base_url: https://erp.example.com
resources:
  people: { id: id, path: /people, list: { records: rows }, create: { answer: { id: id } }, update: {} }
  stages: { id: id, path: /stages, list: { records: rows } }
  orders:
    id: id
    path: /orders
    list: { records: rows }
    create: { answer: { id: id } }
    update: {}
    shape: { code: any, client: any, stage: any, stage_id: any, street: any, note: text 20 }
";

const FIELD: &str = "
system: field
base_url: https://field.example.com
resources:
  users: { id: id, path: /users, list: { records: rows } }
  jobs: { id: id, path: /jobs, list: { records: rows } }
  remarks: { id: id, path: /remarks, create: { answer: { id: id } } }
";

const PEOPLE: &str = "
mapping: erp-field/people
title: People ⇒ Users
link: erp.people => field.users
fields:
  id => Name: {}
";

const ORDERS: &str = r#"
mapping: erp-field/orders
title: Orders | ⇐ Jobs
link: erp.orders <= field.jobs
put_back: false
scripts: [orders]
schedule: { every: 90s, window: today, full: 1d }
match: [code <=> number, note <=> text]
parameters:
  stage: { title: "Stage\n of a | new order", default: "10" }
  account: { title: Account, kind: integer, required: true }
  text: { title: Text, default: "one\ntwo" }
birth: { erp: { stage: "{stage}" } }
rules: { keep: { field: chosen }, create: { erp: bare } }
fields:
  code <= number: { label: Number | code, canon: digits, table: { 1: 2, 3: 4 }, once: true }
  client <= person: { lookup: { field: erp-field/people }, missing: hold }
  stage_id <= stage: { label: Stage, lookup: { erp: stages by name }, missing: keep, hold: { erp: open } }
  note <= text: { label: Note, cut: { erp: true } }
  place:
    group: true
    rule: { field: { name: place, of: [street, town] } }
    fields:
      street <= street: { label: Street }
"#;

const SCRIPT: &str = "
/// Which jobs? Those with a < b | `a < b`,
/// and no others.
fn chosen(job) { () }
fn bare(job) { () }
/// Is it open?
fn open(value, order) { () }
/// Reads the place.
fn read_place(job) { job }
";

fn world() -> Workspace {
    let files = [
        ("mappings/systems/erp.yaml", ERP),
        ("mappings/systems/field.yaml", FIELD),
        ("mappings/erp-field/people.yaml", PEOPLE),
        ("mappings/erp-field/orders.yaml", ORDERS),
        ("scripts/orders.rhai", SCRIPT),
    ];
    let files: Files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Workspace::compile(&files, &|_| None, Diagnostics::default()).unwrap_or_else(|complaints| panic!("{complaints}"))
}

const ORDERS_TOLD: &str = r#"### Orders \| ⇐ Jobs

[`erp-field/orders`](mappings/erp-field/orders.yaml) · The Erp `orders` ⇐ field `jobs` · every 90 s · since midnight · everything compared every 1 d.
- Twins are recognised by Number \| code, then by Note.
- The Erp, before a birth: `bare`
- The Erp: What people change there stays.
- The Erp: At birth it also gets `stage` = `{stage}`.
- field, who takes part: Which jobs? Those with a \< b \| `a < b`, and no others.

| field | The Erp | | field | on the way |
|---|---|:-:|---|---|
| Number \| code | `code` | ⇐ | `number` | compared as `digits` · `1` = `2`, `3` = `4` · only at birth |
| client | `client` | ⇐ | `person` | through the links of `erp-field/people` · no twin: waits |
| Stage | `stage_id` | ⇐ | `stage` | The Erp `stages` by `name` · The Erp, before a write: Is it open? · no twin: stays as it is |
| Note | `note` | ⇐ | `text` | The Erp: cut to 20 |
| **place** | | | `street`, `town` | wins or loses a conflict as a whole · field: Reads the place. |
| ↳ Street | `street` | ⇐ | *street* | |

Parameters, given per account:

- `stage` (text, default `10`): Stage of a \| new order
- `account` (integer, required): Account
- `text` (text, default `one ↵ two`): Text
"#;

#[test]
fn a_mapping_is_told_whole() {
    let world = world();
    let told = docs::section(&world, &world.mappings["erp-field/orders"], Language::En);
    assert_eq!(told, ORDERS_TOLD);
}

#[test]
fn the_words_around_it_are_of_the_language_and_the_table_has_the_same_shape() {
    let world = world();
    let (english, portuguese) = (docs::page(&world, None, Language::En), docs::page(&world, None, Language::Pt));
    for words in ["só no nascimento", "sem par: espera", "Parâmetros, dados por conta:", "obrigatório"] {
        assert!(portuguese.contains(words), "{words}: {portuguese}");
    }
    for words in ["only at birth", "no twin", "required", "What people"] {
        assert!(!portuguese.contains(words), "{words}: {portuguese}");
    }
    let rows = |text: &str| -> Vec<usize> { text.lines().map(|line| line.matches('|').count()).collect() };
    let (_, english) = english.split_once("###").unwrap();
    let (_, portuguese) = portuguese.split_once("###").unwrap();
    assert_eq!(rows(english), rows(portuguese));
    assert!(docs::page(&world, Some("erp-field/people"), Language::En).contains("### People"));
    assert!(!docs::page(&world, Some("erp-field/people"), Language::En).contains("### Orders"));
}
