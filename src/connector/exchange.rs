//! A written exchange: what is asked, what the system answers, what must come of it.
//!
//! An exchange runs through the real request builder, pace and judge, with a transport that plays
//! the written answers under a clock that skips. No socket, no waiting.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::transport::{Transport, WireAnswer, WireRequest};
use super::{Connector, Credentials, Failure, Listing, Outcome, Row};
use crate::clock::Clock;
use crate::config::located::{self, Entries, Located, Node};
use crate::config::system::System;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// One exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What it shows.
    pub title: String,
    /// The system it speaks with.
    pub system: String,
    now: Timestamp,
    ask: Ask,
    answers: Vec<WireAnswer>,
    sent: Vec<Value>,
    expect: Value,
}

/// What is asked.
#[derive(Clone, Debug)]
enum Ask {
    List { resource: String, since_ms: Option<i64> },
    Fetch { resource: String, ids: Vec<String> },
    Find { resource: String, by: String, values: Vec<String> },
    Create { resource: String, body: Value },
    Update { resource: String, id: String, body: Value },
}

/// What came of it.
enum Came {
    Rows(Vec<Row>, Option<Listing>),
    Outcome(Outcome),
    Failure(Failure),
}

/// When an exchange happens that does not say when.
const NOW: &str = "2026-10-10T12:00:00-03:00";

impl Exchange {
    /// Reads an exchange; complains about all that is wrong with it.
    pub fn load(file: &str, text: &str, complaints: &mut Diagnostics) -> Option<Self> {
        let before = complaints.list.len();
        let written = located::parse(file, text, complaints)?;
        let mut entries = written.entries(complaints)?;
        let title = entries.need("exchange", complaints).and_then(|at| at.text(complaints));
        let system = entries.need("system", complaints).and_then(|at| at.text(complaints));
        let now = entries.take("now").and_then(|at| moment(at, complaints));
        let ask = entries.need("do", complaints).and_then(|at| ask(at, complaints));
        let list = entries.need("answers", complaints).and_then(|at| at.list(complaints)).unwrap_or_default();
        let answers = list.iter().filter_map(|at| answer(at, complaints)).collect();
        let sent = entries.take("sent").and_then(|at| at.list(complaints)).unwrap_or_default();
        let sent = sent.iter().map(Located::json).collect();
        let expect = entries.need("expect", complaints).map(Located::json);
        entries.finish(complaints);
        let now = now.or_else(|| NOW.parse().ok())?;
        let found = Self { title: title?, system: system?, now, ask: ask?, answers, sent, expect: expect? };
        (complaints.list.len() == before).then_some(found)
    }

    /// Runs it; gives every difference from what was expected.
    pub async fn run(&self, system: Arc<System>) -> Vec<String> {
        let sent: Arc<Mutex<Vec<WireRequest>>> = Arc::default();
        let secrets: BTreeMap<String, SecretString> =
            system.secrets.iter().map(|name| (name.clone(), SecretString::from(secret(name)))).collect();
        let names: Vec<String> = system.secrets.clone();
        let base_url = system.base_url.clone();
        let clock = Clock::starting_at(self.now).skipping();
        let transport = player(self.answers.clone(), Arc::clone(&sent));
        let credentials = Credentials { secrets, base_url: None };
        let connector = match Connector::open_with(transport, system, credentials, clock.clone(), 1) {
            Ok(connector) => connector,
            Err(error) => return vec![error.to_string()],
        };
        let came = self.perform(&connector).await;
        let mut differences = Vec::new();
        let waited_ms = clock.now_ms() - self.now.as_millisecond();
        compare(&came, &self.expect, waited_ms, &mut differences);
        let sent = sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if sent.len() != self.answers.len() {
            differences.push(format!("{} requests were sent for {} answers", sent.len(), self.answers.len()));
        }
        for (index, wanted) in self.sent.iter().enumerate() {
            match sent.get(index) {
                Some(request) => compare_request(index, request, wanted, &base_url, &mut differences),
                None => differences.push(format!("request {index} was not sent")),
            }
        }
        for name in names {
            if words_of(&came).is_some_and(|text| text.contains(&secret(&name))) {
                differences.push(format!("the secret `{name}` shows"));
            }
        }
        differences
    }

    async fn perform(&self, connector: &Connector) -> Came {
        match &self.ask {
            Ask::List { resource, since_ms } => {
                let mut rows = Vec::new();
                let listing = connector.list(resource, *since_ms, &mut |page| rows.extend(page)).await;
                listing.map_or_else(Came::Failure, |listing| Came::Rows(rows, Some(listing)))
            }
            Ask::Fetch { resource, ids } => {
                connector.fetch(resource, ids).await.map_or_else(Came::Failure, |rows| Came::Rows(rows, None))
            }
            Ask::Find { resource, by, values } => {
                connector.find(resource, by, values).await.map_or_else(Came::Failure, |rows| Came::Rows(rows, None))
            }
            Ask::Create { resource, body } => Came::Outcome(connector.create(resource, body).await),
            Ask::Update { resource, id, body } => Came::Outcome(connector.update(resource, id, body).await),
        }
    }
}

/// The secret that an exchange uses; it must never show.
fn secret(name: &str) -> String {
    format!("SECRET/{name}")
}

/// A transport that plays answers in order and keeps the requests.
fn player(answers: Vec<WireAnswer>, sent: Arc<Mutex<Vec<WireRequest>>>) -> Transport {
    let answers: Arc<Mutex<VecDeque<WireAnswer>>> = Arc::new(Mutex::new(answers.into()));
    Transport::InProcess(Arc::new(move |request| {
        sent.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let next = answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = next.unwrap_or(WireAnswer::Lost { text: "no answer is written".to_owned() });
        Box::pin(async move { answer })
    }))
}

fn moment(at: &Located, complaints: &mut Diagnostics) -> Option<Timestamp> {
    let text = at.text(complaints)?;
    let found = text.parse::<Timestamp>().ok();
    if found.is_none() {
        complaints.push(
            Diagnostic::new(Code::BadValue, &at.place, format!("`{text}` is no moment"))
                .hint("write it as `2026-10-10T12:00:00-03:00`"),
        );
    }
    found
}

fn ask(at: &Located, complaints: &mut Diagnostics) -> Option<Ask> {
    let mut entries = at.entries(complaints)?;
    let mut take = |key, complaints: &mut Diagnostics| entries.take(key).and_then(|at| at.text(complaints));
    let list = take("list", complaints);
    let fetch = take("fetch", complaints);
    let find = take("find", complaints);
    let create = take("create", complaints);
    let update = take("update", complaints);
    let found = if let Some(resource) = list {
        let since = entries.take("since").and_then(|at| moment(at, complaints));
        Some(Ask::List { resource, since_ms: since.map(Timestamp::as_millisecond) })
    } else if let Some(resource) = fetch {
        Some(Ask::Fetch { resource, ids: texts(&mut entries, "ids", complaints) })
    } else if let Some(resource) = find {
        let by = entries.need("by", complaints).and_then(|at| at.text(complaints));
        by.map(|by| Ask::Find { resource, by, values: texts(&mut entries, "values", complaints) })
    } else if let Some(resource) = create {
        entries.need("body", complaints).map(|at| Ask::Create { resource, body: at.json() })
    } else if let Some(resource) = update {
        let id = entries.need("id", complaints).and_then(|at| at.text(complaints));
        let body = entries.need("body", complaints).map(Located::json);
        id.zip(body).map(|(id, body)| Ask::Update { resource, id, body })
    } else {
        let sentence = "an exchange asks for one of `list`, `fetch`, `find`, `create`, `update`";
        complaints.push(Diagnostic::new(Code::MissingKey, &at.place, sentence));
        None
    };
    entries.finish(complaints);
    found
}

fn texts(entries: &mut Entries<'_>, key: &'static str, complaints: &mut Diagnostics) -> Vec<String> {
    let found = entries.need(key, complaints).map(|at| at.texts(complaints)).unwrap_or_default();
    found.into_iter().map(|(text, _)| text).collect()
}

fn answer(at: &Located, complaints: &mut Diagnostics) -> Option<WireAnswer> {
    let mut entries = at.entries(complaints)?;
    let nothing = entries.take("nothing").and_then(|at| at.text(complaints).map(|text| (text, &at.place)));
    let status = entries.take("status").and_then(|at| at.count(complaints)).unwrap_or(200);
    let headers = entries.take("headers").and_then(|at| at.map(complaints)).unwrap_or_default();
    let headers = headers
        .iter()
        .filter_map(|(name, value)| value.text(complaints).map(|value| (name.text.to_lowercase(), value)))
        .collect();
    // A text is sent as it is, anything else as JSON.
    let body = entries.take("body").map_or_else(Vec::new, |at| match &at.node {
        Node::Text(text) => text.clone().into_bytes(),
        Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => {
            at.json().to_string().into_bytes()
        }
    });
    entries.finish(complaints);
    let Some((word, place)) = nothing else {
        return Some(WireAnswer::Answer { status: u16::try_from(status).unwrap_or(0), headers, body });
    };
    match word.as_str() {
        "lost" => Some(WireAnswer::Lost { text: "connection reset".to_owned() }),
        "unreachable" => Some(WireAnswer::Unreachable { text: "connection refused".to_owned() }),
        "timeout" => Some(WireAnswer::Timeout),
        "too_long" => Some(WireAnswer::TooLong { status: 200 }),
        _ => {
            complaints.push(
                Diagnostic::new(Code::BadValue, place, format!("`{word}` means nothing here"))
                    .did_you_mean(&word, ["lost", "unreachable", "timeout", "too_long"])
                    .hint("one of: lost, unreachable, timeout, too_long"),
            );
            None
        }
    }
}

fn words_of(came: &Came) -> Option<String> {
    match came {
        Came::Rows(..) => None,
        Came::Outcome(outcome) => outcome.text().map(str::to_owned),
        Came::Failure(failure) => Some(failure.to_string()),
    }
}

/// Compares what came with what was expected, key by key.
fn compare(came: &Came, expect: &Value, waited_ms: i64, differences: &mut Vec<String>) {
    let found = describe(came, waited_ms);
    let Some(wanted) = expect.as_object() else {
        differences.push("`expect` is no map".to_owned());
        return;
    };
    for (key, wanted) in wanted {
        let found = found.get(key).unwrap_or(&Value::Null);
        let same = match (key.as_str(), wanted, found) {
            ("text", Value::String(part), Value::String(text)) => text.contains(part.as_str()),
            ("waited", Value::Number(least), Value::Number(found)) => found.as_f64() >= least.as_f64(),
            ("rows", Value::Array(wanted), Value::Array(found)) => {
                wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| row_is(wanted, found))
            }
            _ => wanted == found,
        };
        if !same {
            differences.push(format!("{key}: expected {wanted}, found {found}"));
        }
    }
    // A failure or an outcome nobody expected is told with its words.
    let kinds = ["outcome", "failure", "rows", "complete"];
    if !kinds.iter().any(|kind| wanted.contains_key(*kind)) {
        differences.push(format!("`expect` names none of {}; found {found}", kinds.join(", ")));
    } else if !differences.is_empty() {
        differences.push(format!("found in all: {found}"));
    }
}

/// A row is its id alone, or as much of the row as is written.
fn row_is(wanted: &Value, found: &Value) -> bool {
    if wanted.is_object() { holds(found, wanted) } else { found.get("id") == Some(wanted) }
}

/// True when `found` has all that `wanted` has.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| found.get(key).is_some_and(|found| holds(found, wanted)))
        }
        (found, wanted) => found == wanted,
    }
}

fn describe(came: &Came, waited_ms: i64) -> Value {
    let mut found = match came {
        Came::Rows(rows, listing) => serde_json::json!({
            "rows": rows.iter().map(describe_row).collect::<Vec<_>>(),
            "complete": listing.map(|listing| listing.complete),
            "pages": listing.map(|listing| listing.pages),
        }),
        Came::Outcome(outcome) => {
            let (id, row) = match outcome {
                Outcome::Done { id, row } => (id.clone(), row.as_ref().map(describe_row)),
                Outcome::Duplicate { id, .. } => (id.clone(), None),
                Outcome::Empty
                | Outcome::Gone { .. }
                | Outcome::Stale { .. }
                | Outcome::Refused { .. }
                | Outcome::Throttled { .. }
                | Outcome::Blocked { .. }
                | Outcome::Unauthorised { .. }
                | Outcome::Failed { .. }
                | Outcome::Unknown { .. } => (None, None),
            };
            serde_json::json!({ "outcome": outcome.word(), "text": outcome.text(), "id": id, "row": row })
        }
        Came::Failure(failure) => {
            serde_json::json!({ "failure": failure.cause.word(), "text": failure.to_string() })
        }
    };
    if let Value::Object(map) = &mut found {
        map.insert("waited".to_owned(), Value::from(waited_ms / 1_000));
    }
    found
}

fn describe_row(row: &Row) -> Value {
    let changed = row.changed_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).map(|at| at.to_string());
    serde_json::json!({ "id": row.id, "changed": changed, "ours": row.ours, "body": row.body })
}

fn compare_request(index: usize, request: &WireRequest, wanted: &Value, base_url: &str, differences: &mut Vec<String>) {
    let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let query: serde_json::Map<String, Value> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), Value::from(decode(value))))
        .collect();
    let headers: serde_json::Map<String, Value> =
        request.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let body = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or(Value::Null);
    let found = serde_json::json!({
        "method": request.method.text(),
        "path": decode(path.strip_prefix(base_url).unwrap_or(path)),
        "query": query,
        "headers": headers,
        "body": body,
    });
    for (key, wanted) in wanted.as_object().into_iter().flatten() {
        let found = found.get(key).unwrap_or(&Value::Null);
        let same = if key == "headers" { holds(found, wanted) } else { found == wanted };
        if !same {
            differences.push(format!("request {index}, {key}: expected {wanted}, sent {found}"));
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            let code = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
            bytes.extend(code);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn load_system(name: &str) -> Arc<System> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = format!("mappings/systems/{name}.yaml");
        let mut complaints = Diagnostics::default();
        let system = System::load(&file, &fs::read_to_string(root.join(&file)).unwrap(), &mut complaints);
        assert!(complaints.is_clean(), "{complaints}");
        Arc::new(system.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn every_written_exchange_goes_as_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
        let mut failed = Vec::new();
        let mut count = 0;
        for system in fs::read_dir(&folder).unwrap() {
            let system = system.unwrap().path();
            let loaded = load_system(system.file_name().unwrap().to_str().unwrap());
            for file in fs::read_dir(&system).unwrap() {
                let path = file.unwrap().path();
                let name = path.strip_prefix(&folder).unwrap().display().to_string();
                let mut complaints = Diagnostics::default();
                let exchange = Exchange::load(&name, &fs::read_to_string(&path).unwrap(), &mut complaints);
                assert!(complaints.is_clean(), "{complaints}");
                let exchange = exchange.unwrap();
                assert_eq!(exchange.system, loaded.name, "{name}");
                let differences = exchange.run(Arc::clone(&loaded)).await;
                if !differences.is_empty() {
                    failed.push(format!("{name}\n  {}", differences.join("\n  ")));
                }
                count += 1;
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        assert!(count >= 30, "only {count} exchanges were found");
    }
}
