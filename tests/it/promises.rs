//! What `depara check --laws` finds: each law with its witness in a small world, the engine that must
//! come to rest, and the shipped mappings.

use std::collections::BTreeMap;

use depara::cases::laws::{Cause, Line, Report, Way, laws};
use depara::cli::arguments::Format;
use depara::cli::render::{Screen, laws as drawn};
use depara::config::files::{self, Files};
use depara::config::line::Law;
use depara::diagnostic::{Code, Diagnostics};
use depara::record::Side;
use depara::workspace::Workspace;
use serde_json::{Value, json};

const ERP: &str = "
system: erp
title: The Erp
base_url: https://erp.example.com
resources:
  people:
    id: id
    path: /people
    list: { records: rows }
    create: { answer: { id: id } }
    update: { path: '/one/{id}' }
    shape:
      id: integer read_only
      name: text 20 required
      legal: text 20
      city: text 20
      mail: text 20
      note: text 5
      since: text 25
      kind: text 1 S|N
      seller: integer
      price: number
      lost: text 20
      words: text 20
      tags: list
      one: text 20
      two: text 20
  sellers: { id: code, path: /sellers, list: { records: rows }, reference: all, shape: { code: integer, mail: text 80 unique } }
";

const CRM: &str = "
system: crm
base_url: https://crm.example.com
resources:
  contacts:
    id: Id
    path: /contacts
    list: { records: rows }
    create: { answer: { id: Id } }
    update: { path: '/one/{id}' }
    shape:
      Id: integer read_only
      Name: text 20 required
      Legal: text 20 upper
      City: text 20 upper unaccented
      Mail: text 20
      Note: text 9
      Since: text 25
      Kind: bool
      Owner: integer
      Price: { kind: number, habits: decimal_br }
      Lost: text 20
      Words: text 20 digits
      Tags: list upper
      One: text 20
      Two: text 20
  users: { id: Id, path: /users, list: { records: rows }, reference: all, shape: { Id: integer, Mail: text 80 unique } }
";

const PEOPLE: &str = "
mapping: erp-crm/people
title: People ⇔ Contacts
link: erp.people <=> crm.contacts
scripts: [rules]
fields:
  name <=> Name: { label: Name, law: exact }
  legal <=> Legal: { label: Legal }
  city <=> City: { label: City, canon: text }
  mail <=> Mail: { label: Mail, canon: email }
  note <=> Note: { label: Note, cut: { erp: true }, law: { erp: loses, crm: exact } }
  since <=> Since: { label: Since, rule: { erp: day } }
  kind <=> Kind: { label: Kind, table: { S: \"true\", N: \"false\" } }
  seller <=> Owner: { label: Seller, lookup: { erp: sellers by mail, crm: users by Mail }, missing: empty }
  price <=> Price: { label: Price, canon: money, rule: { crm: price } }
  lost <=> Lost: { label: Lost, rule: { crm: lost } }
  words => Words: { label: Words }
  pair:
    rule: { erp: { name: pair, of: [one, two] } }
    fields:
      one <=> One: { label: One }
      two <=> Two: { label: Two }
";

const RULES: &str = "
/// The day of a moment.
fn read_day(value) { if value == () { () } else { value.sub_string(0, 10) } }
fn write_day(value, old) { value }
/// Takes nothing.
fn read_lost(value) { value }
fn write_lost(value, old) { () }
/// A price of Brazil as a number.
fn read_price(shown) {
    if type_of(shown) != \"string\" { return shown; }
    let plain = shown;
    plain.replace(\".\", \"\");
    plain.replace(\",\", \".\");
    parse_float(plain)
}
fn write_price(value, old) { value }
/// Two names that change places.
fn read_pair(record) { #{ one: record.two, two: record.one } }
fn write_pair(pair, old) { #{ two: pair.one, one: pair.two } }
";

fn world(mapping: &str) -> Workspace {
    world_of(mapping, RULES)
}

fn world_of(mapping: &str, rules: &str) -> Workspace {
    let files = [
        ("mappings/systems/erp.yaml", ERP),
        ("mappings/systems/crm.yaml", CRM),
        ("mappings/erp-crm/people.yaml", mapping),
        ("scripts/rules.rhai", rules),
    ];
    let files: Files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Workspace::compile(&files, &|_| None, Diagnostics::default()).unwrap_or_else(|complaints| panic!("{complaints}"))
}

fn told(mapping: &str) -> (Report, Diagnostics) {
    let (mut reports, found) = laws(&world(mapping), None, &BTreeMap::new());
    (reports.remove(0), found)
}

fn line<'a>(report: &'a Report, label: &str) -> &'a Line {
    report.lines.iter().find(|line| line.label == label).unwrap()
}

fn way<'a>(report: &'a Report, label: &str, side: Side) -> &'a Way {
    line(report, label).ways.get(side).as_ref().unwrap()
}

#[test]
fn each_line_is_told_what_comes_back_of_its_values() {
    let (report, _) = told(PEOPLE);
    for (label, left, right) in [
        ("Name", Some(Law::Exact), Some(Law::Exact)),
        // Its system writes it in capitals.
        ("Legal", Some(Law::Exact), Some(Law::Loses)),
        ("City", Some(Law::Exact), Some(Law::Canon)),
        ("Mail", Some(Law::Canon), Some(Law::Canon)),
        ("Note", Some(Law::Loses), Some(Law::Exact)),
        ("Since", Some(Law::Loses), Some(Law::Loses)),
        ("Kind", Some(Law::Exact), Some(Law::Exact)),
        ("Seller", Some(Law::Exact), Some(Law::Exact)),
        ("Price", Some(Law::Exact), Some(Law::Canon)),
        ("Lost", Some(Law::Exact), Some(Law::Never)),
        ("Words", None, Some(Law::Loses)),
        ("One", Some(Law::Exact), Some(Law::Exact)),
    ] {
        let found = [Side::Left, Side::Right].map(|side| line(&report, label).ways.get(side).as_ref());
        let found = found.map(|way| way.and_then(|way| way.law));
        assert_eq!(found, [left, right], "{label}: {:#?}", line(&report, label).ways);
    }
    assert_eq!(line(&report, "One").group.as_deref(), Some("pair"));
    assert!(report.lines.iter().all(|line| line.ways.right.as_ref().unwrap().tried > 0));
}

#[test]
fn a_witness_is_the_smallest_value_and_says_what_made_the_difference() {
    let (report, _) = told(PEOPLE);
    let witness = |label, side| way(&report, label, side).witness.clone().unwrap();
    let legal = witness("Legal", Side::Right);
    assert_eq!((legal.given, legal.held, legal.cause), (json!("a"), json!("A"), Cause::Habit));
    let city = witness("City", Side::Right);
    assert_eq!((city.given, city.held, city.back), (json!("a"), json!("A"), Some(json!("A"))));
    let note = witness("Note", Side::Left);
    assert_eq!((note.given, note.held, note.cause), (json!("xxxxxx"), json!("xxxxx"), Cause::Cut));
    assert_eq!(witness("Lost", Side::Right).cause, Cause::Line);
    assert_eq!(witness("Since", Side::Right).cause, Cause::Reading);
    let seller = way(&report, "Seller", Side::Right);
    assert!(seller.twinless.count > 0 && seller.tried > 0, "{seller:#?}");
    assert_eq!(way(&report, "Name", Side::Right).witness, None);
}

#[test]
fn a_promise_that_is_broken_is_an_error_and_a_loss_nobody_promised_is_a_warning() {
    let (_, found) = told(PEOPLE);
    let unsaid: Vec<&str> =
        found.list.iter().filter(|one| one.code == Code::LawUnsaid).map(|one| one.sentence.as_str()).collect();
    assert_eq!(unsaid.len(), found.list.len(), "{found}");
    assert_eq!(unsaid[0], "Legal loses detail to crm, and does not say so: `\"a\"` → `\"A\"`");
    assert!(unsaid.iter().any(|one| one.starts_with("Lost never arrives in crm, and does not say so")), "{unsaid:?}");
    assert!(!unsaid.iter().any(|one| one.starts_with("Note")), "{unsaid:?}");

    let (_, found) = told(&PEOPLE.replace("label: City, canon: text", "label: City, canon: text, law: exact"));
    let broken: Vec<_> = found.list.iter().filter(|one| one.code == Code::LawBroken).collect();
    let [broken] = &broken[..] else { panic!("{found}") };
    assert!(broken.sentence.starts_with("City promises `exact` of what goes to crm, and it is `canon`"), "{found}");
    assert_eq!(broken.place.as_ref().unwrap().line, 9);
}

#[test]
fn a_promise_is_no_other_line() {
    let key = |mapping: &str| world(mapping).mappings["erp-crm/people"].fields[0].key.clone();
    assert_eq!(key(PEOPLE), key(&PEOPLE.replace(", law: exact", "")));
}

#[test]
fn an_engine_that_writes_twice_is_told_with_the_value() {
    let (report, found) =
        told(&PEOPLE.replace("  words => Words: { label: Words }", "  words <= Name: { label: Words }"));
    let one = report.unsettled.iter().find(|one| report.lines[one.field].label == "Words").unwrap();
    assert_eq!((one.from, one.again.0), (Side::Left, Side::Left));
    assert!(found.list.iter().any(|one| one.code == Code::NeverAtRest), "{found}");
    assert!(told(PEOPLE).0.unsettled.is_empty());
}

#[test]
fn people_see_a_table_and_programs_every_line() {
    let (report, _) = told(PEOPLE);
    let (mut screen, captured) = Screen::captured(Format::Human);
    drawn::reports(&mut screen, std::slice::from_ref(&report)).unwrap();
    insta::assert_snapshot!(captured.text());
    let (mut screen, captured) = Screen::captured(Format::Json);
    drawn::reports(&mut screen, std::slice::from_ref(&report)).unwrap();
    let lines: Vec<Value> = captured.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), report.lines.len() + 1);
    assert_eq!(lines[1]["to_right"]["witness"]["cause"], "so the system keeps it");
    assert_eq!(lines.last().unwrap()["unsettled"], json!([]));
}

/// The lines of the group.
const LISTED: &str = "      one <=> One: { label: One }
      two <=> Two: { label: Two }
";

#[test]
fn a_rule_that_writes_over_what_it_did_not_read_is_told_with_the_path() {
    let world = |write: &str| {
        let rules = RULES.replace("#{ two: pair.one, one: pair.two }", write);
        world_of(&PEOPLE.replace("of: [one, two]", "of: [one, two, words]"), &rules)
    };
    let (reports, found) = laws(&world("#{ two: pair.one, one: pair.two }"), None, &BTreeMap::new());
    assert!(way(&reports[0], "One", Side::Left).law == Some(Law::Exact), "{found}");
    let (reports, found) = laws(&world("#{ two: pair.one, one: pair.two, words: () }"), None, &BTreeMap::new());
    let told = way(&reports[0], "One", Side::Left);
    let witness = told.witness.as_ref().unwrap();
    assert_eq!((told.law, witness.cause), (Some(Law::Loses), Cause::Home));
    assert!(witness.given.get("words").is_some() && witness.held["words"] != witness.given["words"], "{witness:?}");
    assert!(found.list.iter().any(|one| one.code == Code::LawUnsaid && one.sentence.starts_with("One")), "{found}");
}

#[test]
fn a_line_alone_in_its_group_is_only_written_when_it_changes() {
    let rules = RULES.replace("#{ two: pair.one, one: pair.two }", "#{ two: pair.one, one: () }");
    let alone = PEOPLE.replace(LISTED, "      one <=> One: { label: One }\n");
    let (reports, _) = laws(&world_of(&alone, &rules), None, &BTreeMap::new());
    assert_eq!(way(&reports[0], "One", Side::Left).law, Some(Law::Exact));
}

#[test]
fn a_line_that_the_rule_of_its_group_gives_nothing_is_told() {
    let rules = RULES.replace("#{ one: record.two, two: record.one }", "#{ one: record.two, tow: record.one }");
    let (reports, found) = laws(&world_of(PEOPLE, &rules), None, &BTreeMap::new());
    let unread: Vec<_> = reports[0].lines.iter().filter(|line| line.unread.left).map(|line| &line.label).collect();
    assert_eq!(unread, ["Two"]);
    let one_way = PEOPLE.replace("two <=> Two", "two => Two");
    let (_, found_one_way) = laws(&world_of(&one_way, &rules), None, &BTreeMap::new());
    for found in [found, found_one_way] {
        let told: Vec<_> = found.list.iter().filter(|one| one.sentence.starts_with("Two ")).collect();
        assert_eq!(told.len(), 1, "{found}");
    }
}

#[test]
fn the_shipped_mappings_keep_what_they_promise() {
    let workspace = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
    let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
    let (reports, found) = laws(&workspace, None, &BTreeMap::new());
    assert!(found.is_clean(), "{found}");
    assert_eq!(reports.len(), workspace.mappings.len());
    for line in reports.iter().flat_map(|report| &report.lines) {
        for way in [&line.ways.left, &line.ways.right].into_iter().flatten() {
            assert!(way.law.is_some(), "no value was tried on {}", line.label);
        }
    }
    assert!(reports.iter().all(|report| report.runs > 90), "{:?}", reports.iter().map(|one| one.runs).max());
}
