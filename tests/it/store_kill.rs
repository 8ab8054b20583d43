//! The store under `kill -9`.
//!
//! A child process, which is this same binary, writes numbered batches and says each number once
//! it is flushed. It is killed at a random moment. The store must then open, and hold exactly what
//! a store in memory holds after the same batches: all that were said, and at most those that were
//! under way, each whole.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use depara::link::{Half, Link};
use depara::record::{Body, Side, Sides};
use depara::store::{Change, Entry, Error, Intent, Ledger, Mark, MemoryStore, SledStore, Store, Tree, Wait, Waiting};
use serde_json::json;
use tempfile::TempDir;

const ROUNDS: u32 = 120;
/// A new folder every so often, so that stores are also killed young and checks stay quick.
const ROUNDS_OF_A_STORE: u32 = 8;
/// How many batches the child writes, at most, before it flushes.
const UNFLUSHED: u64 = 3;
const SCOPE: &str = "acme/clients";
/// Where the child finds its store; without it, the child has nothing to do.
const DIR: &str = "DEPARA_TEST_KILL_DIR";

#[test]
fn a_killed_store_opens_with_every_acknowledged_batch_and_no_half_one() {
    let mut random = fastrand::Rng::with_seed(20_260_101);
    let (mut dir, mut model, mut written) = (TempDir::new().unwrap(), Model::default(), 0);
    for round in 0..ROUNDS {
        if round % ROUNDS_OF_A_STORE == 0 {
            written += model.batches;
            (dir, model) = (TempDir::new().unwrap(), Model::default());
        }
        // Some children are killed before they can say anything, while the store is being born.
        let wait_for_start = random.u8(0..8) != 0;
        let acknowledged = run_and_kill(dir.path(), wait_for_start, Duration::from_micros(random.u64(5_000..60_000)));

        let store: Arc<dyn Store> = Arc::new(SledStore::open(dir.path()).unwrap());
        let found = numbers(&Ledger::new(Arc::clone(&store), SCOPE));
        let said = acknowledged.unwrap_or(model.batches);
        assert!((said..=said + UNFLUSHED).contains(&found), "round {round}: {said} said, {found} found");
        model.grow(found);
        for tree in Tree::ALL {
            assert_eq!(
                contents(&*store, tree),
                contents(&*model.store, tree),
                "round {round}, batch {found}, {tree:?}"
            );
        }
    }
    written += model.batches;
    assert!(written > u64::from(ROUNDS), "the children hardly wrote: {written} batches");
}

/// Opens the store. A process that another test of the parent is just starting holds, for a moment,
/// all that the parent held open: the lock as well.
fn opened(dir: &Path) -> SledStore {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match SledStore::open(dir) {
            Err(Error::InUse { .. }) if Instant::now() < until => thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

/// The child. Run by cargo as any test, it does nothing.
#[test]
fn writer() {
    let Some(dir) = env::var_os(DIR) else { return };
    let store = Arc::new(opened(Path::new(&dir)));
    let ledger = Ledger::new(store, SCOPE);
    let mut number = numbers(&ledger);
    println!("\nsaid {number}");
    let mut random = fastrand::Rng::new();
    loop {
        for _ in 0..random.u64(1..=UNFLUSHED) {
            number += 1;
            ledger.write(batch(number)).unwrap();
        }
        ledger.flush().unwrap();
        println!("said {number}");
    }
}

/// The same batches in memory.
struct Model {
    store: Arc<dyn Store>,
    batches: u64,
}

impl Default for Model {
    fn default() -> Self {
        Self { store: Arc::new(MemoryStore::new()), batches: 0 }
    }
}

impl Model {
    fn grow(&mut self, batches: u64) {
        let ledger = Ledger::new(Arc::clone(&self.store), SCOPE);
        while self.batches < batches {
            self.batches += 1;
            ledger.write(batch(self.batches)).unwrap();
        }
    }
}

/// What a batch of this number changes: new links, a link whose right id moves on, a step's worth
/// of everything else, and values that later batches overwrite and remove.
fn batch(number: u64) -> Vec<Change> {
    let at_ms = i64::try_from(number).unwrap();
    let body = Body::pack(&json!({ "name": "x".repeat(400), "number": number }));
    let mut changes: Vec<Change> =
        (0..8).map(|n| Change::PutLink(link(format!("{number}-{n}"), format!("r{number}-{n}"), number))).collect();
    let moving = number % 5;
    changes.push(Change::PutLink(link(format!("moving {moving}"), format!("moved {number}"), number)));
    changes.push(Change::PutMark(Mark {
        read_ms: Sides::new(at_ms, at_ms),
        back_to_ms: None,
        mapping: number,
        full_ms: None,
        rows: BTreeMap::new(),
    }));
    changes.push(Change::PutIntent(Intent {
        key: number.to_string(),
        side: Side::Right,
        from: "1".into(),
        integration: None,
        body: body.clone(),
        at_ms,
        place: None,
        base: Sides::default(),
        missed: false,
    }));
    changes.push(Change::RemoveIntent { key: (number - 1).to_string() });
    changes.push(Change::PutWaiting(Waiting {
        side: Side::Left,
        id: (number % 7).to_string(),
        kind: Wait::Quarantined,
        reason: format!("refused {number}"),
        place: None,
        since_ms: at_ms,
        last_ms: at_ms,
        body: Some(body),
        changed_ms: None,
        print: number,
        reported: std::collections::BTreeSet::new(),
        tries: 1,
        outcome: None,
    }));
    changes.push(Change::RemoveWaiting { side: Side::Left, id: ((number + 3) % 7).to_string() });
    let ids = Sides::new(Some(format!("{number}-0")), None);
    let details = json!({ "number": number });
    changes.push(Change::Journal(Entry { at_ms, cycle: 1, ids, event: "RecordCreated".into(), details }));
    changes
}

fn link(left: String, right: String, number: u64) -> Link {
    let fields = BTreeMap::from([("name".to_owned(), json!("y".repeat(100))), ("number".to_owned(), json!(number))]);
    let half = Half { fields: fields.into(), ..Half::default() };
    let base = Sides::new(half.clone(), half);
    Link { ids: Sides::new(left, right), base, gone: Sides::default(), held: BTreeMap::new() }
}

/// The number of the last batch in a store.
fn numbers(ledger: &Ledger) -> u64 {
    ledger.mark().unwrap().map_or(0, |mark| mark.mapping)
}

/// Everything the scope has in a tree.
fn contents(store: &dyn Store, tree: Tree) -> Vec<(String, Vec<u8>)> {
    let pairs = store.scan(tree, format!("{SCOPE}\0").as_bytes(), None, usize::MAX).unwrap();
    pairs.into_iter().map(|(key, value)| (key.escape_ascii().to_string(), value)).collect()
}

/// Starts a child and kills it so long after its start, or after its first word; returns the last
/// number it said.
fn run_and_kill(dir: &Path, wait_for_start: bool, delay: Duration) -> Option<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["store_kill::writer", "--exact", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (say, said) = mpsc::channel();
    let listener = thread::spawn(move || {
        let numbers = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("said ")?.parse::<u64>().ok());
        // The receiver may have gone first.
        numbers.map(|number| say.send(number)).all(|sent| sent.is_ok())
    });
    let mut last = wait_for_start.then(|| said.recv_timeout(Duration::from_secs(30)).unwrap());
    listen(&said, delay, &mut last);
    child.kill().unwrap();
    child.wait().unwrap();
    // What was said before the kill and is still in the pipe.
    assert!(listener.join().unwrap());
    said.try_iter().last().or(last)
}

/// Listens for so long.
fn listen(said: &Receiver<u64>, delay: Duration, last: &mut Option<u64>) {
    let end = Instant::now() + delay;
    loop {
        match said.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(number) => *last = Some(number),
            Err(RecvTimeoutError::Timeout) => return,
            Err(RecvTimeoutError::Disconnected) => panic!("the child stopped by itself, having said {last:?}"),
        }
    }
}
