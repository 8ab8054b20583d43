//! Whole cycles, measured in one table: time, calls, peak memory.
//!
//! The systems are the sandboxes, served on loopback by a process of their own, with no latency and
//! limits off; what makes calls wait is off in the engine too, how many may be under way together is
//! not. Each line's engine is a fresh process with its store on disk, so that its peak memory is its
//! own. The bare client sends the same requests, as many at once, reads each answer as JSON, and does
//! nothing else (`calls`), or keeps the same intents and answers as well, in a store on disk with as many flushes
//! (`kept`). Times are the best of a few runs. `cargo bench --bench load -- 10000 100000`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that measures may fail loudly"
)]

mod bare;
mod house;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Runs of which the best counts.
const RUNS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(8 << 20).enable_all().build().unwrap();
    match words.as_slice() {
        ["systems", left, right] => runtime.block_on(house::serve(left.parse().unwrap(), right.parse().unwrap())),
        ["engine", store, runs, left, right] => {
            runtime.block_on(house::cycles(Path::new(store), runs.parse().unwrap(), [left, right]));
        }
        ["bare", store, keeps, runs, from_left, from_right, left, right] => {
            let stores = [store, keeps].map(|store| Some(*store).filter(|store| *store != "-").map(Path::new));
            runtime.block_on(bare::run(stores, runs.parse().unwrap(), [from_left, from_right], [left, right]));
        }
        [] => table(&[10_000]),
        counts => table(&counts.iter().map(|count| count.parse().unwrap()).collect::<Vec<_>>()),
    }
}

/// A process that serves both systems until it is dropped.
struct Systems {
    process: Child,
    addresses: [String; 2],
}

impl Systems {
    fn start(left: usize, right: usize) -> Self {
        let mut process =
            me(&["systems", &left.to_string(), &right.to_string()]).stdin(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        Self { addresses: [next(), next()], process }
    }
}

impl Drop for Systems {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

fn me(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).stdout(Stdio::piped());
    command
}

/// Runs a role in a process of its own and reads what it found.
fn ask(arguments: &[&str]) -> Value {
    let mut process = me(arguments).spawn().unwrap();
    let mut text = String::new();
    process.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(process.wait().unwrap().success(), "{arguments:?} failed: {text}");
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

fn table(counts: &[usize]) {
    println!("{:<44} {:>9} {:>9} {:>6} {:>9} {:>6} {:>9}", "", "engine", "calls", "ratio", "kept", "ratio", "peak");
    for count in counts {
        let folder = tempfile::tempdir().unwrap();
        let store = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let loaded = first_load(&format!("first load of {count} clients from Omie"), (*count, 0), &store("left"));
        unchanged(&format!("unchanged cycle over {count} links"), &loaded, &store("left"), *count);
        drop(loaded);
        first_load(&format!("first load of {count} contacts from Ploomes"), (0, *count), &store("right"));
    }
}

/// One side full, the other empty: everything is born. Gives the systems of the last run.
fn first_load(title: &str, (left, right): (usize, usize), store: &str) -> Systems {
    let (mut engine, mut calls, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = None;
    for run in 0..RUNS {
        let systems = Systems::start(left, right);
        let folder = if run + 1 == RUNS { store.to_owned() } else { format!("{store}{run}") };
        engine.push(ask(&["engine", &folder, "1", &systems.addresses[0], &systems.addresses[1]]));
        last = Some(systems);
        for (keeps, bare) in [("-".to_owned(), &mut calls), (format!("{store}-kept{run}"), &mut kept)] {
            let [from, to] = [0; 2].map(|_| Systems::start(left, right));
            let [from, to] = [&from.addresses, &to.addresses];
            bare.push(ask(&["bare", "-", &keeps, "1", &from[0], &from[1], &to[0], &to[1]]));
        }
    }
    line(title, &engine, &calls, &kept);
    last.unwrap()
}

/// Nothing happened since: the first cycles confirm what was written, then the measured ones begin.
fn unchanged(title: &str, systems: &Systems, store: &str, count: usize) {
    let [left, right] = &systems.addresses;
    let settled = ask(&["engine", store, "2", left, right]);
    assert_eq!(settled["unchanged"], count, "the links did not come to rest: {settled}");
    let engine: Vec<Value> = (0..RUNS).map(|_| ask(&["engine", store, "3", left, right])).collect();
    let bare: Vec<Value> = (0..RUNS).map(|_| ask(&["bare", store, "-", "3", left, right, left, right])).collect();
    line(title, &engine, &bare, &[]);
}

fn line(title: &str, engine: &[Value], calls: &[Value], kept: &[Value]) {
    let best = |runs: &[Value]| runs.iter().filter_map(|run| run["ms"].as_f64()).fold(f64::INFINITY, f64::min);
    let peak = engine.iter().filter_map(|run| run["peak_kb"].as_u64()).max().unwrap_or_default();
    let own = best(engine);
    let bare = |runs: &[Value]| match runs {
        [] => format!("{:>9} {:>6}", "-", "-"),
        _ => format!("{:>6.0} ms {:>6.2}", best(runs), own / best(runs)),
    };
    println!("{title:<44} {own:>6.0} ms {} {} {:>6} MB", bare(calls), bare(kept), peak / 1_000);
    let last = engine.last().unwrap();
    let made: BTreeMap<String, u64> = serde_json::from_value(last["calls"].clone()).unwrap();
    let made: Vec<String> = made.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    println!("    calls: {}", made.join(", "));
    println!(
        "    report: {}",
        json!({ "created": last["created"], "linked": last["linked"], "unchanged": last["unchanged"] })
    );
    for bare in calls.iter().chain(kept) {
        assert_eq!(last["sent"], bare["sent"], "the bare client sent other calls");
    }
}
