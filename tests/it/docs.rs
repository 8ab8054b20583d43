//! What `depara docs` says of a mapping: every option of the language, in a small world.

use std::collections::BTreeSet;

use depara::cli::arguments::Language;
use depara::cli::render::docs;
use depara::config::files::{self, Files};
use depara::diagnostic::Diagnostics;
use depara::workspace::Workspace;
use regex::Regex;

const ERP: &str = "
system: erp
title: The Erp
base_url: https://erp.example.com
resources:
  people: { id: id, path: /people, list: { records: rows }, create: { answer: { id: id } }, update: { path: '/one/{id}' } }
  stages: { id: id, path: /stages, list: { records: rows } }
  orders:
    id: id
    path: /orders
    list: { records: rows }
    create: { answer: { id: id } }
    update: { path: '/one/{id}' }
    shape: { code: any, client: any, stage: any, stage_id: any, street: any, note: text 20 }
";

const FIELD: &str = "
system: field
base_url: https://field.example.com
resources:
  users: { id: id, path: /users, list: { records: rows }, create: { answer: { id: id } } }
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
limits: { creates: 1000, gone: 3 }
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
/// pt: Lê o lugar,
/// com a rua.
fn read_place(job) { job }
";

fn world() -> Workspace {
    world_of(ORDERS)
}

fn world_of(orders: &str) -> Workspace {
    let files = [
        ("mappings/systems/erp.yaml", ERP),
        ("mappings/systems/field.yaml", FIELD),
        ("mappings/erp-field/people.yaml", PEOPLE),
        ("mappings/erp-field/orders.yaml", orders),
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
- A plan beyond 1,000 births, 5,000 changes, 3 disappearances, or with more than 500,000 records on a side, halts.

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
    assert!(portuguese.contains("Lê o lugar, com a rua. |"), "{portuguese}");
    assert!(portuguese.contains("Is it open?"), "the English words stand where there are no others: {portuguese}");
    for words in ["only at birth", "no twin", "required", "What people", "Reads the place"] {
        assert!(!portuguese.contains(words), "{words}: {portuguese}");
    }
    let rows = |text: &str| -> Vec<usize> { text.lines().map(|line| line.matches('|').count()).collect() };
    let (_, english) = english.split_once("###").unwrap();
    let (_, portuguese) = portuguese.split_once("###").unwrap();
    assert_eq!(rows(english), rows(portuguese));
    assert!(docs::page(&world, Some("erp-field/people"), Language::En).contains("### People"));
    assert!(!docs::page(&world, Some("erp-field/people"), Language::En).contains("### Orders"));
}

/// The tags of a page in their order, each with its attributes; fails where one is not closed in its turn.
fn tags(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let attribute = Regex::new(r#" ([a-z-]+)="([^"<>]*)""#).unwrap();
    let (mut open, mut found): (Vec<String>, Vec<_>) = (Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    while let Some((text, more)) = rest.split_once('<') {
        assert!(!text.contains('>'), "a sign that should be written otherwise: {text}");
        let (tag, more) = more.split_once('>').unwrap();
        rest = more;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name),
                "closed out of turn, before {}",
                more.lines().next().unwrap()
            );
            continue;
        }
        let name = tag.split(' ').next().unwrap().to_owned();
        let attributes: Vec<_> =
            attribute.captures_iter(tag).map(|one| (one[1].to_owned(), one[2].to_owned())).collect();
        let length: usize = attributes.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        assert_eq!(name.len() + length, tag.len(), "odd attributes: <{tag}>");
        if ["style", "script"].contains(&name.as_str()) {
            rest = rest.split_once(&format!("</{name}>")).unwrap().1;
        } else if !["meta", "wbr"].contains(&name.as_str()) {
            open.push(name.clone());
        }
        found.push((name, attributes));
    }
    assert_eq!(open, Vec::<String>::new(), "never closed");
    found
}

/// A page is whole by itself: what it leads to stands in it, and nothing is fetched.
fn stands_alone(page: &str) {
    let all = tags(page);
    let values = |wanted: &str| -> Vec<&str> {
        let attributes = all.iter().flat_map(|(_, attributes)| attributes);
        attributes.filter(|(key, _)| key == wanted).map(|(_, value)| value.as_str()).collect()
    };
    let (ids, ways) = (values("id"), values("href"));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "two anchors of one name: {ids:?}");
    for way in &ways {
        assert!(ids.contains(&way.strip_prefix('#').unwrap()), "{way} leads out of the page, or nowhere");
    }
    assert!(ways.len() >= 2 * ids.len() && !ids.is_empty());
    for outside in ["://", "url(", "@import", " src=", "<link", "<iframe", "<img"] {
        assert!(!page.contains(outside), "the page asks for something outside: {outside}");
    }
}

#[test]
fn the_html_page_is_well_formed_whole_by_itself_and_escaped() {
    let hostile = ORDERS.replace("label: Stage,", "label: \"<script>alert('x & y')</script>\",");
    let world = world_of(&hostile);
    for (language, code) in [(Language::En, "en"), (Language::Pt, "pt-BR")] {
        let page = docs::html(&world, None, language);
        stands_alone(&page);
        assert!(page.contains(&format!("<html lang=\"{code}\">")), "{page}");
        for words in [
            "<th scope=\"row\">&lt;script&gt;alert(&#39;x &amp; y&#39;)&lt;/script&gt;</th>",
            "Those with a &lt; b | <code>a &lt; b</code>, and no others.",
            "<tr class=\"group\"><th scope=\"row\"><strong>place</strong></th>",
            "<section id=\"m-erp-field-orders\">",
            "<code>one ↵ two</code>",
            "<p><code>1</code> = <code>2</code>, <code>3</code> = <code>4</code></p>",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert_eq!(page.matches("<script").count(), 1, "only the page's own script");
    }
    assert!(docs::html(&world, None, Language::Pt).contains("<p>só no nascimento</p>"));
    let one = docs::html(&world, Some("erp-field/people"), Language::En);
    stands_alone(&one);
    assert!(!one.contains("m-erp-field-orders"));
}

fn shipped() -> Workspace {
    Workspace::compile(&files::carried(), &|_| None, Diagnostics::default())
        .unwrap_or_else(|complaints| panic!("{complaints}"))
}

#[test]
fn every_rule_of_the_shipped_mappings_is_told_in_both_languages() {
    let workspace = shipped();
    for rule in workspace.mappings.values().flat_map(|mapping| mapping.called()) {
        assert!(!workspace.rules.comment_of(rule).is_empty(), "{}: `{}` says nothing", rule.place, rule.function);
        let portuguese = workspace.rules.portuguese_of(rule);
        assert!(!portuguese.is_empty(), "{}: `{}` has no `/// pt: …`", rule.place, rule.function);
    }
}

#[test]
fn the_html_page_of_the_shipped_mappings_tells_every_line() {
    let workspace = shipped();
    for language in [Language::En, Language::Pt] {
        let page = docs::html(&workspace, None, language);
        stands_alone(&page);
        // A long path breaks where its parts meet, and paper is no narrow screen.
        assert!(page.contains("<code>enderecoEntrega.<wbr>entEndereco</code>"));
        assert!(page.contains("@media screen and (max-width"));
        let lines: usize = workspace.mappings.values().map(|mapping| mapping.fields.len()).sum();
        assert!(page.matches("<th scope=\"row\">").count() >= lines);
        assert_eq!(page.matches("<section ").count(), workspace.mappings.len());
    }
}
