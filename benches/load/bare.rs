//! A client that does at its edges what a cycle does there, and nothing else: it sends the same requests and reads each
//! answer as JSON; where it has a store, it writes the same intents and answers there, and flushes as often.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use depara::config::system::{Limits, Method};
use depara::connector::transport::{Transport, WireAnswer, WireRequest};
use depara::store::{Batch, Error, MemoryStore, Pair, SledStore, Store, Tree, Turn};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::house::{cycle, runner};

const LIMITS: Limits = Limits { timeout_ms: 60_000, connect_ms: 10_000, body_max: 20_000_000, pages_max: 5_000 };
/// Writes under way together, as the system files allow.
const AT_ONCE: [usize; 2] = [1, 3];

/// What happens at the edges of a cycle.
#[derive(Clone)]
enum Act {
    /// A request to one of the two systems.
    Send(usize, WireRequest),
    /// A batch for the store.
    Write(Batch),
    /// What was written is made durable.
    Flush,
}

type Notes = Arc<Mutex<Vec<Act>>>;

/// Notes what a cycle over `store` does with the systems at `from`, then does the same with those at `to`, `runs`
/// times; what is kept, in a new store in `keeps`.
pub(crate) async fn run([store, keeps]: [Option<&Path>; 2], runs: usize, from: [&str; 2], to: [&str; 2]) {
    let mut acts = noted(store, from).await;
    let keeps = keeps.map(|folder| SledStore::open(folder).unwrap());
    acts.retain(|act| keeps.is_some() || matches!(act, Act::Send(..)));
    for act in &mut acts {
        if let Act::Send(at, request) = act {
            request.url = request.url.replacen(from[*at], to[*at], 1);
        }
    }
    let clients = [0, 1].map(|at| Transport::http(to[at], &LIMITS).unwrap());
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let acts = acts.clone();
        let started = Instant::now();
        play(&clients, acts, keeps.as_ref()).await;
        best = best.min(started.elapsed().as_secs_f64() * 1_000.0);
    }
    let sent = acts.iter().filter(|act| matches!(act, Act::Send(..))).count();
    println!("{}", json!({ "ms": best, "sent": sent }));
}

/// What one cycle of the engine does at its edges, in its order.
async fn noted(store: Option<&Path>, addresses: [&str; 2]) -> Vec<Act> {
    let notes = Notes::default();
    let inner: Box<dyn Store> = match store {
        Some(folder) => Box::new(SledStore::open(folder).unwrap()),
        None => Box::new(MemoryStore::new()),
    };
    let store = Arc::new(Noting { inner, notes: Arc::clone(&notes) });
    let mut runner = runner(store, addresses, |inner| {
        let (notes, left) = (Arc::clone(&notes), addresses[0].to_owned());
        Transport::InProcess(Arc::new(move |request: WireRequest| {
            let at = usize::from(!request.url.starts_with(&left));
            notes.lock().unwrap().push(Act::Send(at, request.clone()));
            let inner = inner.clone();
            Box::pin(async move { inner.send(request, &LIMITS).await })
        }))
    });
    cycle(&mut runner).await;
    std::mem::take(&mut notes.lock().unwrap())
}

/// A store that notes what is written to it.
struct Noting {
    inner: Box<dyn Store>,
    notes: Notes,
}

impl Store for Noting {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.inner.get(tree, key)
    }

    fn scan(&self, tree: Tree, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        self.inner.scan(tree, prefix, after, limit)
    }

    fn scan_back(&self, tree: Tree, prefix: &[u8], before: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, Error> {
        self.inner.scan_back(tree, prefix, before, limit)
    }

    fn write(&self, batch: Batch) -> Result<(), Error> {
        self.notes.lock().unwrap().push(Act::Write(batch.clone()));
        self.inner.write(batch)
    }

    fn flush(&self) -> Result<(), Error> {
        self.notes.lock().unwrap().push(Act::Flush);
        self.inner.flush()
    }

    fn turn(&self) -> Turn<'_> {
        self.inner.turn()
    }
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

/// Reads both systems at once, each page after the one before; then does the rest in its order, so many writes at once.
/// A flush waits for what is under way: what the next group asks for is written before it leaves.
async fn play(clients: &[Transport; 2], acts: Vec<Act>, store: Option<&SledStore>) {
    let reading = acts.iter().take_while(|act| !matches!(act, Act::Send(_, request) if is_write(request))).count();
    let (reading, writing) = acts.split_at(reading);
    let reads = [0, 1].map(|side| async move {
        for act in reading {
            if let Act::Send(at, request) = act
                && *at == side
            {
                send(&clients[side], request).await;
            }
        }
    });
    let [left, right] = reads;
    tokio::join!(left, right);
    let turns = AT_ONCE.map(|count| Arc::new(Semaphore::new(count)));
    let mut under_way = JoinSet::new();
    for act in reading.iter().filter(|act| !matches!(act, Act::Send(..))).chain(writing) {
        match (act, store) {
            (Act::Send(at, request), _) => {
                let (client, turns, request) = (clients[*at].clone(), Arc::clone(&turns[*at]), request.clone());
                under_way.spawn(async move {
                    let _turn = turns.acquire().await.unwrap();
                    send(&client, &request).await;
                });
            }
            (Act::Write(batch), Some(store)) => store.write(batch.clone()).unwrap(),
            (Act::Flush, Some(store)) => {
                while under_way.join_next().await.is_some() {}
                store.flush().unwrap();
            }
            (Act::Write(_) | Act::Flush, None) => {}
        }
    }
    under_way.join_all().await;
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
