//! Cases from life: what is captured from sandboxes full of sample people passes, and tells nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use depara::cases;
use depara::cases::capture::{Key, Life, written};
use depara::config::{files, located};
use depara::diagnostic::Diagnostics;
use depara::engine::capture::Capture;
use depara::mapping::Mapping;
use depara::record::Side;
use depara::sandbox::Omie;
use depara::sandbox::people::{self, Systems, fieldwork};
use depara::workspace::Workspace;
use regex::Regex;
use serde_json::{Value, json};

use crate::house::{House, workspace};
use crate::trio::Trio;

const KEY: Key = [3, 5];

fn case_of(workspace: &Workspace, mapping: &Arc<Mapping>, taken: &Capture, keep: &[usize]) -> String {
    let Capture { snapshot, plan, rows, ambiguous } = taken;
    let life = Life { mapping, snapshot, plan, rows, keep, ambiguous: *ambiguous };
    written(workspace, &life, KEY).unwrap_or_else(|why| panic!("{why}"))
}

/// Every text of a value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Number(number) => drop(found.insert(number.to_string())),
        Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
        Value::Object(map) => map.values().for_each(|one| texts(one, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// What the records and rows of a capture say of people: documents, e-mails, phones, names.
fn personal(taken: &Capture) -> BTreeSet<String> {
    let telling = Regex::new(r"@|\d{8}|\d[\d.\-/ ()]{9,}|^(\p{Lu}\p{L}{3,} ){1,4}\p{L}{4,}").unwrap();
    let moment = Regex::new(r"^\d{4}-\d\d-\d\d|^\d\d/\d\d/\d{4}|^0+$").unwrap();
    let mut all = BTreeSet::new();
    for side in Side::BOTH {
        taken.snapshot.records.get(side).values().for_each(|record| texts(&record.body.value(), &mut all));
    }
    taken.rows.values().flatten().for_each(|row| texts(row, &mut all));
    let halves = taken.snapshot.links.iter().flat_map(|link| [&link.base.left, &link.base.right]);
    halves.flat_map(|half| half.fields.values()).for_each(|value| texts(value, &mut all));
    all.retain(|text| telling.is_match(text) && !moment.is_match(text) && !text.contains("(99)"));
    all
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Nothing of the people is left, and what is written is a case of the workspace that passes.
fn assert_well(workspace: &mut Workspace, taken: &Capture, text: &str) {
    let folded = text.to_lowercase();
    let numbers: BTreeSet<String> =
        Regex::new(r"\d[\d.\-/ ()]*\d").unwrap().find_iter(text).map(|found| digits(found.as_str())).collect();
    for word in personal(taken) {
        assert!(!folded.contains(&word.to_lowercase()), "`{word}` stands in\n{text}");
        let plain = digits(&word);
        assert!(plain.len() < 8 || word.contains('@') || !numbers.contains(&plain), "`{word}` stands in\n{text}");
    }
    let tree = located::parse("tests/cases/life.yaml", text, &mut Diagnostics::default()).unwrap();
    workspace.project.cases = vec![("tests/cases/life.yaml".to_owned(), tree)];
    let tested = cases::run(workspace, None);
    assert!(tested.is_clean(), "{tested:?}\n{text}");
    assert_eq!(tested.outcomes.len(), 1);
}

/// A document whose check digits are right.
fn is_document(digits: &str) -> bool {
    let values: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let last = if values.len() == 14 { 9 } else { 11 };
    (1..=2).all(|check| {
        let body = &values[..values.len() - check];
        let sum: u32 = body.iter().rev().zip((2..=last).cycle()).map(|(value, weight)| value * weight).sum();
        let right = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
        values[values.len() - check] == right
    })
}

/// The documents in a text.
fn documents(text: &str) -> Vec<String> {
    let document = Regex::new(r#""(\d{14}|\d\d\.\d{3}\.\d{3}/\d{4}-\d\d|\d{3}\.\d{3}\.\d{3}-\d\d)""#).unwrap();
    document.captures_iter(text).map(|found| digits(&found[1])).collect()
}

/// What a case expects, as its title says it.
fn kinds_of(text: &str) -> Vec<String> {
    let title = text.lines().find(|line| line.starts_with("case:")).unwrap().trim_end_matches('"');
    title.rsplit(": ").next().unwrap().split(", ").map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn clients_and_contacts_become_cases_that_pass_and_tell_nobody() {
    let mut story = None;
    let mut house = House::build(|omie, ploomes, clock| {
        story = Some(people::populate(omie, ploomes, 7, 0, clock.now()).unwrap());
    });
    let story = story.unwrap();
    for _ in 0..3 {
        house.cycle().await;
    }
    // What people do now stands against what the two held before.
    let now = house.clock.now();
    people::edit_round(&mut house.omie.lock().unwrap(), &mut house.ploomes.lock().unwrap(), &story, now).unwrap();
    let mut workspace = workspace(&files::carried());
    let mapping = Arc::clone(&house.runner.mapping);
    let mut asked: Vec<(Side, String)> =
        house.runner.ledger.links(None, 1_000).unwrap().into_iter().map(|link| (Side::Left, link.ids.left)).collect();
    house.runner.ledger.each_waiting(|one| asked.push((one.side, one.id))).unwrap();
    let (mut kinds, mut seen) = (BTreeSet::new(), 0);
    for (side, id) in asked {
        let taken = house.runner.capture(side, &id).await.unwrap();
        let text = case_of(&workspace, &mapping, &taken, &[]);
        assert_well(&mut workspace, &taken, &text);
        assert_eq!(text, case_of(&workspace, &mapping, &taken, &[]), "twice is the same");
        let found = documents(&text);
        seen += found.len();
        assert!(found.iter().all(|one| is_document(one)), "{text}");
        kinds.extend(kinds_of(&text));
        assert_eq!(text.contains("# Note"), taken.ambiguous, "{text}");
    }
    assert!(seen > 20, "only {seen} documents were seen");
    for kind in ["nothing", "update", "create", "conflict", "held", "waits", "new rows"] {
        assert!(kinds.contains(kind), "no captured case has {kind}: {kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn goods_tasks_and_quotations_become_cases_that_pass_and_tell_nobody() {
    let order = format!("categoria: \"1.01.02\", conta_corrente: {}", Omie::new(1).current_account());
    let mappings = format!(
        "{{ omie-auvo/clientes: {{}}, omie-auvo/produtos: {{}}, omie-auvo/servicos: {{}}, \
         omie-auvo/tarefas-os: {{ {order}, status: [Finalizada] }}, omie-auvo/orcamentos-pedido: {{ {order} }} }}"
    );
    let mut told = None;
    let trio = Trio::build(&mappings, |omie, ploomes, auvo, clock| {
        let story = people::populate(omie, ploomes, 1, 0, clock.now()).unwrap();
        let fieldwork = fieldwork::equip(omie, auvo, &story, (1, 0), clock.now()).unwrap();
        told = Some((story, fieldwork));
    });
    trio.settle().await;
    let (story, fieldwork) = told.unwrap();
    let now = trio.clock.now();
    {
        let (mut omie, mut ploomes, mut auvo) =
            (trio.omie.lock().unwrap(), trio.ploomes.lock().unwrap(), trio.auvo.lock().unwrap());
        let systems = Systems { omie: &mut omie, ploomes: &mut ploomes, auvo: &mut auvo };
        people::field_round(systems, &story, &fieldwork, now).unwrap();
    }
    let mut workspace = workspace(&files::carried());
    let (mut kinds, mut gone, mut notes) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    for name in ["omie-auvo/clientes", "omie-auvo/produtos", "omie-auvo/tarefas-os", "omie-auvo/orcamentos-pedido"] {
        let runner = trio.runner(name).await;
        let runner = runner.lock().await;
        let links = runner.ledger.links(None, 6).unwrap().into_iter().map(|link| (Side::Right, link.ids.right));
        let mut asked: Vec<(Side, String)> = links.collect();
        runner.ledger.each_waiting(|one| asked.push((one.side, one.id))).unwrap();
        for (side, id) in asked.into_iter().take(10) {
            let taken = match runner.capture(side, &id).await {
                Ok(taken) => taken,
                Err(error) => {
                    gone.push(error.told());
                    continue;
                }
            };
            let text = case_of(&workspace, &runner.mapping, &taken, &[]);
            assert_well(&mut workspace, &taken, &text);
            kinds.extend(kinds_of(&text).into_iter().map(|kind| format!("{name} {kind}")));
            notes.extend(text.lines().filter(|line| line.starts_with("# Note")).map(str::to_owned));
        }
    }
    for kind in [
        "omie-auvo/clientes create",
        "omie-auvo/produtos update",
        "omie-auvo/tarefas-os held",
        "omie-auvo/tarefas-os nothing",
        "omie-auvo/orcamentos-pedido create",
    ] {
        assert!(kinds.contains(kind), "no captured case is {kind}: {kinds:?}");
    }
    // What a rule reads and none writes back has no body that it once was.
    let lost = |note: &&String| note.contains("what auvo held before of") && note.contains("cannot be told");
    assert_eq!(notes.iter().filter(lost).count(), notes.len(), "{notes:#?}");
    assert_eq!(notes.len(), 2, "{notes:#?}");
    assert!(gone.iter().all(|told| told.starts_with("`auvo.tasks` shows no record")) && gone.len() == 1, "{gone:?}");
}

#[tokio::test(start_paused = true)]
async fn a_field_that_is_kept_stands_as_it_is_wherever_it_stands() {
    let mut house = House::build(|omie, ploomes, clock| {
        let now = clock.now();
        let client = json!({ "razao_social": "MARIA SOUZA LTDA", "nome_fantasia": "Maria Souza", "cnpj_cpf": "11222333000181",
            "email": "maria@souza.com.br" });
        omie.person_adds(now, &client).unwrap();
        ploomes
            .person_adds(now, &json!({ "TypeId": 1, "Name": "Maria de Souza", "Register": "11222333000181" }))
            .unwrap();
    });
    house.cycle().await;
    let runner = &house.runner;
    let id = runner.ledger.links(None, 1).unwrap()[0].ids.left.clone();
    let taken = runner.capture(Side::Left, &id).await.unwrap();
    let workspace = workspace(&files::carried());
    let masked = case_of(&workspace, &runner.mapping, &taken, &[]);
    for word in ["aria", "ouza", "MARIA", "11222333", "11.222.333"] {
        assert!(!masked.contains(word), "{word} stands in\n{masked}");
    }
    let name = runner.mapping.field_named("Nome").unwrap();
    let kept = case_of(&workspace, &runner.mapping, &taken, &[name]);
    assert!(kept.contains("nome_fantasia: Maria") && kept.contains("Name: Maria"), "{kept}");
    assert!(!kept.contains("maria@") && !kept.contains("11222333"), "{kept}");
}
