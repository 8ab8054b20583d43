//! A client that sends the requests of a cycle and does nothing else.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use depara::config::system::{Limits, Method};
use depara::connector::transport::{Transport, WireAnswer, WireRequest};
use depara::store::{MemoryStore, SledStore, Store};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::house::{cycle, runner};

const LIMITS: Limits = Limits { timeout_ms: 60_000, connect_ms: 10_000, body_max: 20_000_000, pages_max: 5_000 };
/// Writes under way together, as the system files allow.
const AT_ONCE: [usize; 2] = [1, 3];

/// Notes what a cycle asks the systems at `from`, then asks the same of those at `to`.
pub(crate) async fn run(store: Option<&Path>, runs: usize, from: [&str; 2], to: [&str; 2]) {
    let requests = noted(store, from).await;
    let sent = requests.len();
    let sides = [0, 1].map(|at| {
        let here = requests.iter().filter(|request| request.url.starts_with(from[at]));
        let there =
            here.map(|request| WireRequest { url: request.url.replacen(from[at], to[at], 1), ..request.clone() });
        there.partition::<Vec<_>, _>(|request| !is_write(request))
    });
    let clients = [0, 1].map(|at| Transport::http(to[at], &LIMITS).unwrap());
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let [left, right] = sides.clone();
        let started = Instant::now();
        tokio::join!(read(&clients[0], &left.0), read(&clients[1], &right.0));
        tokio::join!(write(&clients[0], left.1, AT_ONCE[0]), write(&clients[1], right.1, AT_ONCE[1]));
        best = best.min(started.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("{}", json!({ "ms": best, "sent": sent }));
}

/// What one cycle of the engine sends.
async fn noted(store: Option<&Path>, addresses: [&str; 2]) -> Vec<WireRequest> {
    let store: Arc<dyn Store> = match store {
        Some(folder) => Arc::new(SledStore::open(folder).unwrap()),
        None => Arc::new(MemoryStore::new()),
    };
    let notes: Arc<Mutex<Vec<WireRequest>>> = Arc::default();
    let mut runner = runner(store, addresses, |inner| {
        let notes = Arc::clone(&notes);
        Transport::InProcess(Arc::new(move |request: WireRequest| {
            notes.lock().unwrap().push(request.clone());
            let inner = inner.clone();
            Box::pin(async move { inner.send(request, &LIMITS).await })
        }))
    });
    cycle(&mut runner).await;
    let mut notes = notes.lock().unwrap();
    std::mem::take(&mut *notes)
}

/// The write of a client or a contact. The few new rows of references come one after the other, like
/// the reads: their ids follow from their order.
fn is_write(request: &WireRequest) -> bool {
    let body: Value = request.body.as_ref().map(|body| serde_json::from_slice(body).unwrap()).unwrap_or_default();
    match body.get("call").and_then(Value::as_str) {
        Some(call) => ["IncluirCliente", "AlterarCliente"].contains(&call),
        None => request.method != Method::Get && request.url.contains("/Contacts"),
    }
}

/// Sends requests one after the other.
async fn read(client: &Transport, requests: &[WireRequest]) {
    for request in requests {
        send(client, request).await;
    }
}

/// Sends requests in their order, so many at once.
async fn write(client: &Transport, requests: Vec<WireRequest>, at_once: usize) {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..at_once {
        let (client, requests, next) = (client.clone(), Arc::clone(&requests), Arc::clone(&next));
        workers.spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                send(&client, request).await;
            }
        });
    }
    workers.join_all().await;
}

/// Sends a request and reads its answer.
async fn send(client: &Transport, request: &WireRequest) {
    let WireAnswer::Answer { status, body, .. } = client.send(request.clone(), &LIMITS).await else {
        panic!("no answer to {request:?}");
    };
    // An empty list may be told as a failure.
    assert!(status == 200 || !is_write(request), "{}", String::from_utf8_lossy(&body));
    drop(serde_json::from_slice::<Value>(&body).unwrap());
}
