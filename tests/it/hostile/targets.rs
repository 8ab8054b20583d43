//! Hostile bytes and what is done with them: one function for each way in, called by the tests here
//! and by the fuzzers of `fuzz/` alike.
//!
//! A function panics when the product does, or when something outgrows its budget: requests, rows,
//! characters. No clock is looked at, so that what is found here is found everywhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, LazyLock, Mutex};

use depara::cases;
use depara::cli::render::diagnostic::drawn;
use depara::clock::Clock;
use depara::config::files::{self, Files};
use depara::config::located::{self, Located};
use depara::config::system::System;
use depara::config::template::{Host, Inputs, Names, Template};
use depara::connector::transport::{Transport, WireAnswer};
use depara::connector::{Connector, Credentials, Row};
use depara::diagnostic::{Diagnostics, Place};
use depara::path::Path;
use depara::record::{Record, Side, Sides};
use depara::reference::References;
use depara::rules::{Consulted, RuleSet};
use depara::store::{Batch, Ledger, MemoryStore, Store, Tree};
use depara::sync::{Snapshot, reconcile};
use depara::workspace::Workspace;
use serde_json::Value;

/// A way in: the name of its corpus, and what is done with an input.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Every way in.
pub(crate) const TARGETS: [Target; 6] = [
    ("workspace", workspace),
    ("answer", answer),
    ("rule", rule),
    ("path", path),
    ("template", template),
    ("stored", stored),
];

/// What stands between two parts of an input.
const BETWEEN: &[u8] = b"\n--\n";
/// Most requests one question may cost here, where a list has at most twelve pages.
const REQUESTS_MAX: usize = 2_000;
/// Longest text, as JSON, that a rule or a template may give.
const GIVEN_MAX: usize = 1 << 20;

/// The parts of an input.
fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        found.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    found.push(rest);
    found
}

/// A JSON value, or the bytes as a text.
fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into())
}

/// Draws complaints as people see them.
fn tell(complaints: &Diagnostics) {
    for one in complaints.list.iter().take(20) {
        assert!(!drawn(one, complaints, false).is_empty());
    }
}

/// Files over the smallest workspace. A line `#@ path` or `//@ path` begins a file; what stands
/// before the first is the mapping.
pub(crate) fn workspace(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut written: BTreeMap<&str, String> = BTreeMap::new();
    let mut path = "mappings/erp-crm/clients.yaml";
    for line in text.split_inclusive('\n') {
        if let Some(named) = line.strip_prefix("#@ ").or_else(|| line.strip_prefix("//@ ")) {
            path = named.trim();
            written.entry(path).or_default();
        } else {
            written.entry(path).or_default().push_str(line);
        }
    }
    let mut files = smallest();
    files.extend(written.into_iter().map(|(path, text)| (path.to_owned(), text)));
    match Workspace::compile(&files, &|_| Some("s3cret".to_owned()), Diagnostics::default()) {
        Ok(workspace) => tell(&cases::run(&workspace, None).complaints),
        Err(complaints) => tell(&complaints),
    }
}

/// The smallest workspace.
pub(crate) fn smallest() -> Files {
    let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    Files::from([
        text("depara.yaml", include_str!("../../broken/_workspace/depara.yaml")),
        text("mappings/systems/erp.yaml", include_str!("../../broken/_workspace/mappings/systems/erp.yaml")),
        text("mappings/systems/crm.yaml", include_str!("../../broken/_workspace/mappings/systems/crm.yaml")),
        text("mappings/tables/yes.yaml", include_str!("../../broken/_workspace/mappings/tables/yes.yaml")),
        text("mappings/erp-crm/clients.yaml", include_str!("../../broken/_workspace/mappings/erp-crm/clients.yaml")),
        text("scripts/names.rhai", include_str!("../../broken/_workspace/scripts/names.rhai")),
    ])
}

/// What the binary carries, with lists of at most twelve pages.
static CARRIED: LazyLock<Workspace> = LazyLock::new(|| {
    let mut files = files::carried();
    files.retain(|path, _| !path.starts_with("tests/"));
    for text in files.values_mut() {
        *text = text.replace("pages_max: 5000", "pages_max: 12");
    }
    Workspace::compile(&files, &|_| None, Diagnostics::default()).unwrap_or_else(|complaints| panic!("{complaints}"))
});

/// The name that is meant, or some name.
fn pick<'a>(names: impl Iterator<Item = &'a String>, word: &str) -> &'a str {
    let names: Vec<&String> = names.collect();
    let any = || names[word.bytes().map(usize::from).sum::<usize>() % names.len()];
    names.iter().find(|name| name.as_str() == word).copied().unwrap_or_else(any)
}

/// A question to a shipped system, `system resource act value…`, and its answers. With `again` among
/// the values the answers come round and round.
pub(crate) fn answer(bytes: &[u8]) {
    let parts = parts(bytes);
    let asked = String::from_utf8_lossy(parts[0]);
    let mut words = asked.split_whitespace();
    let mut word = || words.next().unwrap_or_default();
    let system = &CARRIED.project.systems[pick(CARRIED.project.systems.keys(), word())];
    let resource = pick(system.resources.keys(), word());
    let act = word();
    let values: Vec<String> = words.map(str::to_owned).take(120).collect();
    let again = values.iter().any(|value| value == "again");
    let answers: VecDeque<WireAnswer> = parts[1..].iter().map(|part| written(part)).collect();
    let sent = Arc::new(Mutex::new(0));
    let connector = open(system, answers, again, &sent);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (rows, said) = runtime.block_on(ask(&connector, resource, act, &values));
    let sent = *sent.lock().unwrap();
    assert!(sent <= REQUESTS_MAX, "{sent} requests for one question");
    for secret in &system.secrets {
        assert!(!said.contains(&format!("SECRET/{secret}")), "`{secret}` shows in {said}");
    }
    taken_in(&system.name, resource, &rows);
}

/// An answer as written: a line `status header: value | header: value`, then the body.
fn written(part: &[u8]) -> WireAnswer {
    let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
    let line = String::from_utf8_lossy(&part[..end]);
    let (status, headers) = line.split_once(' ').unwrap_or((&line, ""));
    let headers = headers.split('|').filter_map(|header| header.split_once(':'));
    let headers = headers.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect();
    let body = part.get(end + 1..).unwrap_or_default().to_vec();
    match status {
        "lost" => WireAnswer::Lost { text: "connection reset".to_owned() },
        "unreachable" => WireAnswer::Unreachable { text: "connection refused".to_owned() },
        "timeout" => WireAnswer::Timeout,
        "too_long" => WireAnswer::TooLong { status: 200 },
        _ => WireAnswer::Answer { status: status.parse().unwrap_or(200), headers, body },
    }
}

/// A connector that hears these answers and counts its requests.
fn open(system: &Arc<System>, answers: VecDeque<WireAnswer>, again: bool, sent: &Arc<Mutex<usize>>) -> Connector {
    let (answers, sent) = (Mutex::new(answers), Arc::clone(sent));
    let transport = Transport::InProcess(Arc::new(move |_| {
        *sent.lock().unwrap() += 1;
        let mut answers = answers.lock().unwrap();
        let next = answers.pop_front();
        if again {
            answers.extend(next.clone());
        }
        Box::pin(async move { next.unwrap_or(WireAnswer::Lost { text: "no answer is written".to_owned() }) })
    }));
    let secrets = system.secrets.iter().map(|name| (name.clone(), format!("SECRET/{name}").into())).collect();
    let clock = Clock::starting_at("2026-11-02T12:00:00Z".parse().unwrap()).skipping();
    Connector::open_with(transport, Arc::clone(system), Credentials { secrets, base_url: None }, clock, 1).unwrap()
}

/// What came of a question: rows, and what was said.
async fn ask(connector: &Connector, resource: &str, act: &str, values: &[String]) -> (Vec<Row>, String) {
    let body = || json(values.join(" ").as_bytes());
    let mut rows = Vec::new();
    let said = match act {
        "create" => format!("{:?}", connector.create(resource, &body()).await),
        "update" => format!("{:?}", connector.update(resource, "7", &body()).await),
        "fetch" => match connector.fetch(resource, values).await {
            Ok(found) => {
                rows = found;
                String::new()
            }
            Err(failure) => failure.to_string(),
        },
        "find" => {
            let finds = &connector.system().resources[resource].find;
            let by = if finds.is_empty() { "" } else { pick(finds.keys(), values.first().map_or("", |by| by)) };
            match connector.find(resource, by, values.get(1..).unwrap_or_default()).await {
                Ok(found) => {
                    rows = found;
                    String::new()
                }
                Err(failure) => failure.to_string(),
            }
        }
        _ => {
            let since_ms = values.first().and_then(|text| text.parse().ok());
            let listing = connector.list(resource, since_ms, &mut |page| rows.extend(page)).await;
            listing.err().map(|failure| failure.to_string()).unwrap_or_default()
        }
    };
    (rows, said)
}

/// Reads rows as every mapping that lists their resource does, and plans with them, twice.
fn taken_in(system: &str, resource: &str, rows: &[Row]) {
    for mapping in CARRIED.mappings.values() {
        for side in Side::BOTH {
            let end = mapping.sides.get(side);
            if end.system != system || end.resource != resource {
                continue;
            }
            let mut references = References::default();
            for name in &mapping.references {
                references.put_whole(name, rows.iter().take(20).map(|row| row.body.clone()).collect());
            }
            let mut snapshot = Snapshot { now_ms: 1_000, references: Arc::new(references), ..Snapshot::default() };
            for row in rows.iter().take(20) {
                let body = mapping.project(side, &row.body);
                let read = mapping.read(side, &row.id, &row.body, &snapshot.references);
                let again = mapping.read(side, &row.id, &body.value(), &snapshot.references);
                assert_eq!(read, again, "a record reads otherwise than what is kept of it");
                read.iter().flat_map(|fields| &fields.values).for_each(kept);
                let record = Record {
                    id: row.id.clone(),
                    changed_ms: row.changed_ms,
                    ours: row.ours,
                    sibling: false,
                    author: None,
                    body,
                };
                snapshot.records.get_mut(side).insert(row.id.clone(), record);
            }
            assert_eq!(reconcile(mapping, &snapshot), reconcile(mapping, &snapshot));
        }
    }
}

/// A value can be read again from within any form of the store.
fn kept(value: &Value) {
    bounded_within(&(0..16).fold(value.clone(), |inner, _| Value::Array(vec![inner])), usize::MAX);
}

/// A script, then a value its functions are called with. Without a function it is the body of one.
pub(crate) fn rule(bytes: &[u8]) {
    let parts = parts(bytes);
    let text = String::from_utf8_lossy(parts[0]);
    let text = if text.contains("fn ") { text.into_owned() } else { format!("fn rule(value) {{\n{text}\n}}") };
    let value = parts.get(1).map_or(Value::Null, |part| json(part));
    let mut complaints = Diagnostics::default();
    let rules = RuleSet::compile([("script", "scripts/script.rhai", text.as_str())], &mut complaints);
    tell(&complaints);
    tell_references(&rules);
    let names: BTreeSet<&str> = text.split("fn ").skip(1).map(|rest| rest.split('(').next().unwrap().trim()).collect();
    let scripts = ["script".to_owned()];
    let place = Place::file("mappings/m.yaml");
    let mut references = References::default();
    references.put_whole("erp.sellers", value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]));
    let references = Arc::new(references);
    for name in names.into_iter().take(8) {
        let answers = [
            rules.find(&scripts, name, 0, &place).map(|rule| rules.call(&rule, [], &references)),
            rules.find(&scripts, name, 1, &place).map(|rule| rules.call(&rule, [(&value).into()], &references)),
            rules
                .find(&scripts, name, 2, &place)
                .map(|rule| rules.call(&rule, [(&value).into(), (&Value::Null).into()], &references)),
        ];
        for given in answers.into_iter().flatten().flatten() {
            bounded(&given);
        }
    }
}

fn tell_references(rules: &RuleSet) {
    let names: Vec<String> = rules.script_names().map(str::to_owned).collect();
    for Consulted { name, place, .. } in rules.references_of(&names) {
        assert!(place.line > 0, "`{name}` stands nowhere");
    }
}

/// A value that a script gave is of a size to be kept, and is still itself when read back.
fn bounded(given: &Value) {
    bounded_within(given, GIVEN_MAX);
}

fn bounded_within(given: &Value, most: usize) {
    let text = given.to_string();
    assert!(text.len() <= most, "{} bytes were given", text.len());
    assert_eq!(serde_json::from_str::<Value>(&text).ok().as_ref(), Some(given), "what was given cannot be read back");
}

/// A path, then the JSON it is looked up in.
pub(crate) fn path(bytes: &[u8]) {
    let parts = parts(bytes);
    let text = String::from_utf8_lossy(parts[0]);
    let mut complaints = Diagnostics::default();
    let place = Place::at(&complaints.remember("m.yaml", &text), &text, 1, 1);
    let path = match Path::parse(&text, &place) {
        Ok(path) => path,
        Err(complaint) => {
            complaints.push(*complaint);
            return tell(&complaints);
        }
    };
    let body = parts.get(1).map_or(Value::Null, |part| json(part));
    let found = path.get(&body);
    assert_eq!(path.look(&body).map(std::borrow::Cow::into_owned), found);
    let (size, most) = (found.as_ref().map_or(0, |found| found.to_string().len()), 130 * (body.to_string().len() + 2));
    assert!(size <= most, "{size} bytes were found in {} of {text}", body.to_string().len());
    let mut changed = body.clone();
    path.set(&mut changed, Value::from("new"));
    if path.is_writable() {
        assert_eq!(path.peek(&changed), Some(&Value::from("new")));
        path.take(&mut changed);
    } else {
        assert_eq!(changed, body);
    }
    assert!(path.root().is_none_or(|root| root.len() <= text.len()));
}

static HOST: LazyLock<Host> = LazyLock::new(|| Host::new(&jiff::tz::TimeZone::UTC));

/// A value of a system file as YAML, then what its expressions see as `body`.
pub(crate) fn template(bytes: &[u8]) {
    let parts = parts(bytes);
    let text = String::from_utf8_lossy(parts[0]);
    let mut complaints = Diagnostics::default();
    let names = Names { names: &["body", "ids", "id", "since", "now"], secrets: &["key".to_owned()] };
    let written: Option<Located> = located::parse("mappings/systems/x.yaml", &text, &mut complaints);
    let lowered = written.and_then(|at| Template::lower(&at, &HOST, names, &mut complaints));
    tell(&complaints);
    let Some(lowered) = lowered else { return };
    let body = parts.get(1).map_or(Value::Null, |part| json(part));
    let ids = body.as_array().cloned().unwrap_or_default();
    let now = body.as_i64().unwrap_or(1_790_000_000_000);
    let inputs = Inputs::from([
        ("ids", Value::Array(ids)),
        ("id", Value::from("7")),
        ("since", Value::from(now)),
        ("now", Value::from(now)),
        ("body", body),
    ]);
    // A template may hold many expressions, each with a budget of its own.
    match lowered.value(&HOST, &inputs) {
        Ok(value) => assert!(value.to_string().len() <= GIVEN_MAX * (1 + text.len())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What may lie in a store: parts of a line `tree key` and a value.
pub(crate) fn stored(bytes: &[u8]) {
    let store = Arc::new(MemoryStore::new());
    let mut batch = Batch::default();
    for part in parts(bytes).into_iter().take(200) {
        let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
        let (tree, key) = part[..end].split_first().map_or((0, &[][..]), |(tree, key)| (*tree, key));
        let tree = Tree::ALL[usize::from(tree.wrapping_sub(b'1')) % Tree::ALL.len()];
        let key = [b"a/m\0", key.strip_prefix(b" ").unwrap_or(key)].concat();
        let key = &key[..key.len().min(200)];
        batch.put(tree, key, part.get(end + 1..).unwrap_or_default().to_vec());
    }
    store.write(batch).unwrap();
    let ledger = Ledger::new(Arc::clone(&store) as Arc<dyn Store>, "a/m");
    let mut ids = vec!["1".to_owned()];
    drop(ledger.each_link(|link| ids.extend([link.ids.left.clone(), link.ids.right])));
    let mut wrong: Vec<String> = Vec::new();
    let mut note = |error: Option<depara::store::Error>| wrong.extend(error.map(|error| error.to_string()));
    for id in ids.iter().take(8) {
        for side in Side::BOTH {
            note(ledger.link(side, id).err());
            note(ledger.waiting(side, id).err());
            note(ledger.journal_of(side, id, 10).err());
        }
        note(ledger.conflict(id).err());
    }
    note(Ledger::scopes(&*store).err());
    note(ledger.each_outline(drop).err());
    note(ledger.each_waiting(drop).err());
    note(ledger.link_count().err());
    note(ledger.links(Some("1"), 5).err());
    note(ledger.waitings(Some((Side::Right, "1")), 5).err());
    note(ledger.conflicts(None, 5).err());
    note(ledger.mark().err());
    note(ledger.intents().err());
    note(ledger.open_conflicts().err());
    note(ledger.journal(5).err());
    note(ledger.next_cycle(["a.b".into(), "c.d".into()]).err());
    note(ledger.trim_journal(1).err());
    note(ledger.trim_conflicts(1).err());
    assert!(wrong.iter().all(|error| error.len() < 4_096), "an error tells too much");
    relinked(&ledger);
}

/// Plans with links as they were stored.
fn relinked(ledger: &Ledger) {
    let Some(mapping) = CARRIED.mappings.values().next() else { return };
    let mut links = Vec::new();
    drop(ledger.each_link(|link| links.push(link)));
    links.truncate(8);
    let mut snapshot = Snapshot { now_ms: 1_000, ..Snapshot::default() };
    for link in &links {
        for side in Side::BOTH {
            let id = link.ids.get(side).clone();
            let body = mapping.project(side, &serde_json::json!({ "nome": "a", "name": "b" }));
            let record =
                Record { id: id.clone(), changed_ms: Some(900), ours: false, sibling: false, author: None, body };
            snapshot.records.get_mut(side).insert(id, record);
        }
    }
    snapshot.linked = u64::try_from(links.len()).unwrap();
    snapshot.complete = Sides::new(true, true);
    snapshot.links = links;
    assert_eq!(reconcile(mapping, &snapshot), reconcile(mapping, &snapshot));
}
