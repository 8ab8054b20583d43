//! `depara sync` under `kill -9`.
//!
//! The child that is killed is the built binary, on a workspace as `depara init` writes it, with a
//! store on disk. The sandboxes live in another process, this one, behind sockets: what a child sent
//! before it died has had its effect. It is killed at random moments while records are born and while
//! edits travel, more than 300 times in all. Then holds, behind each round of edits:
//!
//! - I2: no record is there twice, each record has at most one link, every create had one effect.
//! - I3: every value a person typed is on both sides, or in a conflict, or its record waits with a reason.
//! - I7: both systems hold, to the letter, what they hold after the same edits without a kill.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::panic;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use depara::clock::Clock;
use depara::record::Side;
use depara::reference::folded;
use depara::sandbox::people::{self, Story};
use depara::sandbox::serve::{Served, serve};
use depara::sandbox::{Answer, Faults, Omie, Ploomes, Request, Sandbox, Tally};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::truth::{Truth, complain_twice};

/// Towns, each with its first load and its rounds of edits.
const TOWNS: u64 = 4;
/// Towns at most.
const TOWNS_MAX: u64 = 12;
/// Kills of a first load, and of each round of edits behind it, at most.
const KILLS: [usize; 3] = [42, 24, 24];
/// Calls of a cycle, before and while it begins to write.
const CALLS_FEW: usize = 24;
/// Writes that a child may make before it is killed, so that much is left for the next.
const WRITES_FEW: usize = 2;
/// Kills in all, at least: a child may end before its time.
const KILLED_MIN: usize = 300;
/// Edits of a round.
const EDITS: i64 = 30;
/// How long a call takes, for the systems.
const CALL_MS: i64 = 7;
/// A day.
const DAY_MS: i64 = 86_400_000;
/// Between two children, for the systems: nobody asks the same within a minute.
const PAUSE_MS: i64 = 600_000;
/// Cycles until everything is settled, at most.
const CYCLES_MAX: usize = 8;

/// Requests that the story of a broken limit tells at most.
const ASKED_MAX: usize = 60;

/// A sandbox that tells of each call whether it wrote, and of each broken limit how it came.
struct Watched<S> {
    sandbox: S,
    said: Sender<bool>,
    /// What was asked last.
    asked: VecDeque<String>,
    broken: Vec<String>,
}

impl<S: Sandbox> Watched<S> {
    fn new(sandbox: S, said: Sender<bool>) -> Self {
        Self { sandbox, said, asked: VecDeque::new(), broken: Vec::new() }
    }
    fn note(&mut self, what: String) {
        self.asked.push_back(what);
        if self.asked.len() > ASKED_MAX {
            self.asked.pop_front();
        }
    }
}

impl<S: Sandbox> Sandbox for Watched<S> {
    fn name(&self) -> &'static str {
        self.sandbox.name()
    }
    fn answer(&mut self, now: Timestamp, request: &Request) -> Answer {
        let writes = |sandbox: &S| sandbox.tally().writes.values().sum::<u64>();
        let broken = |sandbox: &S| sandbox.tally().broken.values().sum::<u64>();
        let (before, kept) = (writes(&self.sandbox), broken(&self.sandbox));
        let answer = self.sandbox.answer(now, request);
        let Request { method, path, query, .. } = request;
        self.note(format!("{now} {method} {path} {query} {}", String::from_utf8_lossy(&request.body)));
        if broken(&self.sandbox) > kept {
            let story: Vec<&str> = self.asked.iter().map(String::as_str).collect();
            self.broken.push(story.join("\n"));
        }
        // Before the answer leaves, so that a child may die without having seen it.
        let _heard = self.said.send(writes(&self.sandbox) > before).is_ok();
        answer
    }
    fn tally(&self) -> &Tally {
        self.sandbox.tally()
    }
    fn faults(&mut self) -> &mut Faults {
        self.sandbox.faults()
    }
}

/// When a child is killed.
#[derive(Clone, Copy)]
enum Moment {
    /// At one of its calls, of whatever kind.
    Call(usize),
    /// At one of its writes.
    Write(usize),
}

/// The fields that people edit, as both systems name them.
const FIELDS: [(&str, &str); 4] =
    [("nome_fantasia", "Name"), ("email", "Email"), ("homepage", "Website"), ("razao_social", "LegalName")];
/// The writes by which a record is born.
const CREATES: [&str; 2] = ["IncluirCliente", "POST Contacts"];

/// How a town ended: what both systems hold, and how many records were born in each by a client.
struct End {
    truth: Truth,
    creates: [u64; 2],
}

/// Two served sandboxes and a workspace that reaches them.
struct Town {
    omie: Arc<Mutex<Watched<Omie>>>,
    ploomes: Arc<Mutex<Watched<Ploomes>>>,
    story: Story,
    codes: Vec<i64>,
    contacts: Vec<i64>,
    /// What people typed in this round, by where: the side, the record and the field.
    typed: BTreeMap<(Side, i64, usize), String>,
    /// The time of the systems, which passes from call to call.
    time_ms: Arc<AtomicI64>,
    born_ms: i64,
    said: Receiver<bool>,
    dir: TempDir,
    /// They stop when dropped, before the runtime they live in.
    served: [Served; 2],
    _runtime: tokio::runtime::Runtime,
}

impl Town {
    fn build(seed: u64, born: Timestamp) -> Self {
        let (mut omie, mut ploomes) = (Omie::new(seed), Ploomes::new(seed));
        let story = people::populate(&mut omie, &mut ploomes, seed, 0, born).unwrap();
        omie.switches.upper_case_text = seed.is_multiple_of(2);
        (omie.switches.limits_enforced, ploomes.switches.limits_enforced) = (false, false);
        let codes = omie.clients().map(|client| client["codigo_cliente_omie"].as_i64().unwrap()).collect();
        let contacts = ploomes.contacts().collect();
        let (say, said) = mpsc::channel();
        let omie = Arc::new(Mutex::new(Watched::new(omie, say.clone())));
        let ploomes = Arc::new(Mutex::new(Watched::new(ploomes, say)));
        let born_ms = born.as_millisecond();
        let time_ms = Arc::new(AtomicI64::new(born_ms));
        let passing = Arc::clone(&time_ms);
        let time = move || Timestamp::from_millisecond(passing.fetch_add(CALL_MS, Ordering::SeqCst)).unwrap();
        let (time, address) = (Arc::new(time), (Ipv4Addr::LOCALHOST, 0).into());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let served = runtime.block_on(async {
            [
                serve(omie.clone(), address, time.clone()).await.unwrap(),
                serve(ploomes.clone(), address, time).await.unwrap(),
            ]
        });
        let dir = TempDir::new().unwrap();
        workspace(dir.path(), &served);
        Self {
            omie,
            ploomes,
            story,
            codes,
            contacts,
            time_ms,
            born_ms,
            said,
            dir,
            served,
            typed: BTreeMap::new(),
            _runtime: runtime,
        }
    }

    fn omie(&self) -> MutexGuard<'_, Watched<Omie>> {
        self.omie.lock().unwrap()
    }

    fn ploomes(&self) -> MutexGuard<'_, Watched<Ploomes>> {
        self.ploomes.lock().unwrap()
    }

    /// Starts a cycle, some time after the last for the systems.
    fn start(&self) -> Child {
        self.time_ms.fetch_add(PAUSE_MS, Ordering::SeqCst);
        while self.said.try_recv().is_ok() {}
        self.omie().note("a child begins".to_owned());
        self.ploomes().note("a child begins".to_owned());
        depara(self.dir.path(), &["sync", "--format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs a cycle and kills it at a moment, so much later; tells whether it lived to be killed.
    fn kill(&self, at: Moment, delay: Duration) -> bool {
        let mut child = self.start();
        let (Moment::Call(mut left) | Moment::Write(mut left)) = at;
        while left > 0 {
            match self.said.recv_timeout(Duration::from_millis(20)) {
                Ok(wrote) => left -= usize::from(wrote || matches!(at, Moment::Call(_))),
                Err(_) if child.try_wait().unwrap().is_none() => {}
                Err(_) => break,
            }
        }
        let end = Instant::now() + delay;
        while self.said.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok() {}
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        self.let_land();
        if ended.is_some() {
            report(&output.stdout, &output.stderr);
        }
        ended.is_none()
    }

    /// Waits until what a dead child sent has had its effect. On a busy machine a call of its may still
    /// lie in a socket; answered only after the next child began, it would be one that nobody sent. Each
    /// sandbox answers on one thread, in turn; the first to be asked may still overtake, the third not.
    fn let_land(&self) {
        for served in self.served.iter().cycle().take(3 * self.served.len()) {
            let mut stream = TcpStream::connect(served.address).unwrap();
            stream.write_all(b"GET /_sandbox HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            assert!(stream.read_to_end(&mut Vec::new()).unwrap() > 0);
        }
    }

    /// Runs a cycle to its end.
    fn cycle(&self) -> Value {
        let output = self.start().wait_with_output().unwrap();
        report(&output.stdout, &output.stderr)
    }

    fn writes(&self) -> [Tally; 2] {
        [self.omie().tally().clone(), self.ploomes().tally().clone()]
    }

    /// Runs cycles until one writes nothing and leaves nothing over; one more writes nothing either.
    fn settle(&self) {
        for _ in 0..CYCLES_MAX {
            let before = self.writes().map(|tally| tally.writes);
            let report = self.cycle();
            if self.writes().map(|tally| tally.writes) == before && report["deferred"] == 0 {
                self.cycle();
                assert_eq!(self.writes().map(|tally| tally.writes), before, "it writes again");
                return;
            }
        }
        panic!("it never settles");
    }

    fn end(&self) -> End {
        let creates = self.writes().map(|tally| {
            let creates = tally.writes.iter().filter(|(kind, _)| CREATES.contains(&kind.as_str()));
            creates.map(|(_, count)| count).sum()
        });
        End { truth: Truth::of(&self.omie().sandbox, &self.ploomes().sandbox), creates }
    }

    /// What a command prints as lines of JSON.
    fn told(&self, arguments: &[&str]) -> Vec<Value> {
        let all = [arguments, &["--limit", "100000", "--format", "json"]].concat();
        let output = depara(self.dir.path(), &all).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    /// The other id of each linked record; complains of a record with two links.
    fn links(&self, found: &mut Vec<String>) -> BTreeMap<(Side, String), String> {
        let mut twins = BTreeMap::new();
        for link in self.told(&["links", "list"]) {
            let id = |side: Side| link[side.to_string()]["id"].as_str().unwrap().to_owned();
            for side in Side::BOTH {
                if twins.insert((side, id(side)), id(side.other())).is_some() {
                    found.push(format!("two links of the {side} record {}", id(side)));
                }
            }
        }
        twins
    }

    /// Complains of what people typed last and is neither on both sides, nor in a conflict, nor waits.
    fn lost(&self, twins: &BTreeMap<(Side, String), String>) -> Vec<String> {
        let conflicts: BTreeSet<(Side, String, String)> = self
            .told(&["conflicts", "list"])
            .iter()
            .flat_map(|one| {
                Side::BOTH.map(|side| (side, &one["ids"][side.to_string()], &one["values"][side.to_string()]))
            })
            .filter_map(|(side, id, value)| Some((side, id.as_str()?.to_owned(), plain(value))))
            .collect();
        let mut waiting = BTreeSet::new();
        for one in self.told(&["quarantine", "list", "--all"]) {
            assert!(one["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{one}");
            waiting.insert(one["id"].as_str().unwrap().to_owned());
        }
        let held = |side: Side, id: &str, field: usize| match side {
            Side::Left => plain(&self.omie().sandbox.client(id.parse().unwrap()).unwrap()[FIELDS[field].0]),
            Side::Right => plain(&self.ploomes().sandbox.contact(id.parse().unwrap()).unwrap()[FIELDS[field].1]),
        };
        let mut lost = Vec::new();
        for ((side, id, field), typed) in &self.typed {
            let (id, wanted) = (id.to_string(), plain(&json!(typed)));
            let twin = twins.get(&(*side, id.clone()));
            let both = twin.is_some_and(|twin| {
                [held(*side, &id, *field), held(side.other(), twin, *field)].iter().all(|held| *held == wanted)
            });
            let waits = waiting.contains(&id) || twin.is_some_and(|twin| waiting.contains(twin));
            if !both && !waits && !conflicts.contains(&(*side, id.clone(), wanted)) {
                let now = twin.map(|twin| [held(*side, &id, *field), held(side.other(), twin, *field)]);
                lost.push(format!("`{typed}` of the {side} record {id} is lost, the two hold {now:?}"));
            }
        }
        lost
    }

    fn complaints(&self) -> Vec<String> {
        let mut found = complain_twice(&self.omie().sandbox, &self.ploomes().sandbox);
        let twins = self.links(&mut found);
        found.extend(self.lost(&twins));
        found.extend(self.omie().broken.iter().chain(&self.ploomes().broken).cloned());
        found
    }

    /// People edit, the same at the same time in every history of a town: a day for each round.
    fn edit(&mut self, seed: u64, round: i64) {
        self.time_ms.store(self.born_ms + round * DAY_MS, Ordering::SeqCst);
        let now = Timestamp::from_millisecond(self.born_ms + round * DAY_MS).unwrap();
        if round == 1 {
            people::edit_round(&mut self.omie().sandbox, &mut self.ploomes().sandbox, &self.story, now).unwrap();
        }
        self.typed.clear();
        let mut random = fastrand::Rng::with_seed(seed * 100 + round.unsigned_abs());
        for number in 0..EDITS {
            let now = now + SignedDuration::from_secs(number);
            let values = [
                format!("Nome {round} de {number}"),
                format!("e{round}.{number}@typed.example"),
                format!("https://w{round}-{number}.example"),
                format!("Razão {round} de {number}"),
            ];
            let field = random.usize(0..FIELDS.len());
            let (value, (left, right)) = (&values[field], FIELDS[field]);
            let place = if random.bool() {
                let code = *random.choice(&self.codes).unwrap();
                self.omie().sandbox.person_edits(now, code, &json!({ left: value })).unwrap();
                (Side::Left, code, field)
            } else {
                let id = *random.choice(&self.contacts).unwrap();
                self.ploomes().sandbox.person_edits(now, id, &json!({ right: value })).unwrap();
                (Side::Right, id, field)
            };
            self.typed.insert(place, value.clone());
        }
    }
}

/// A value as it may be written otherwise on the other side: in capitals, or an address without its kind.
fn plain(value: &Value) -> String {
    let text = folded(value.as_str().unwrap_or_default());
    text.trim_start_matches("https://").trim_end_matches('/').to_owned()
}

/// The built binary.
fn depara(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depara"));
    command.current_dir(dir).args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// A workspace as `depara init` writes it, that reaches the sandboxes and takes no time: no pace, no
/// pause before another try, no wait for a creation whose process is dead.
fn workspace(dir: &Path, served: &[Served; 2]) {
    assert!(depara(dir, &["init", "."]).output().unwrap().status.success());
    let set = |file: &str, key: &str, value: &str| {
        let text = fs::read_to_string(dir.join(file)).unwrap();
        fs::write(dir.join(file), with_key(&text, key, value)).unwrap();
    };
    for file in ["mappings/systems/omie.yaml", "mappings/systems/ploomes.yaml"] {
        set(file, "pace", "{ at_once: { call: 1, all: 4 } }");
        set(file, "retry", "{ attempts: 5, first: 10ms, longest: 1s }");
    }
    set("mappings/omie-ploomes/clientes.yaml", "limits", "{ unknown: 50ms }");
    let [omie, ploomes] = [served[0].url(), served[1].url()];
    let account = format!(
        "store: sled:.depara\naccounts:\n  - account: acme\n    systems:\n      \
         omie: {{ app_key: demo-key, app_secret: demo-secret, base_url: \"{omie}/api/v1\" }}\n      \
         ploomes: {{ user_key: demo-user-key, base_url: \"{ploomes}\" }}\n    \
         mappings:\n      omie-ploomes/clientes: {{}}\n"
    );
    fs::write(dir.join("depara.yaml"), account).unwrap();
}

/// A YAML text whose key at the top has this value.
fn with_key(text: &str, key: &str, value: &str) -> String {
    let mut inside = false;
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| {
            if !line.starts_with([' ', '#']) {
                inside = line.starts_with(&format!("{key}:"));
            }
            !inside
        })
        .collect();
    format!("{}\n{key}: {value}\n", kept.join("\n"))
}

/// The report of a cycle that ended by itself, which must have ended well.
fn report(stdout: &[u8], stderr: &[u8]) -> Value {
    let report: Value = serde_json::from_slice(stdout).unwrap_or_else(|_| {
        panic!("no report: {} {}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr))
    });
    assert_eq!((&report["failed"], &report["halted"]), (&Value::Null, &Value::Null), "{report}");
    report
}

/// The ends of a town that nobody kills anything in: behind the load, and behind each round of edits.
fn undisturbed(seed: u64, born: Timestamp) -> Vec<End> {
    let mut town = Town::build(seed, born);
    let mut ends = Vec::new();
    for round in 0..KILLS.len() {
        if round > 0 {
            town.edit(seed, i64::try_from(round).unwrap());
        }
        town.settle();
        ends.push(town.end());
    }
    assert_eq!(town.complaints(), Vec::<String>::new());
    ends
}

/// Kills children all the way; tells how many.
fn disturbed(seed: u64, born: Timestamp, ends: &[End]) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut town = Town::build(seed, born);
    let mut killed = 0;
    for (round, (kills, end)) in KILLS.iter().zip(ends).enumerate() {
        if round > 0 {
            town.edit(seed, i64::try_from(round).unwrap());
        }
        for _ in 0..*kills {
            let at = match random.u8(0..4) {
                0 => Moment::Call(random.usize(0..CALLS_FEW)),
                _ => Moment::Write(random.usize(1..=WRITES_FEW)),
            };
            let lived = town.kill(at, Duration::from_micros(random.u64(0..3_000)));
            killed += usize::from(lived);
            if !lived && matches!(at, Moment::Write(_)) {
                // Nothing is left to write.
                break;
            }
        }
        town.settle();
        let now = town.end();
        let differences = now.truth.differences(&end.truth);
        assert_eq!(differences, Vec::<String>::new(), "seed {seed}, round {round}, behind {killed} kills");
        assert_eq!(now.creates, end.creates, "records born, seed {seed}, round {round}, behind {killed} kills");
        assert_eq!(town.complaints(), Vec::<String>::new(), "seed {seed}, round {round}");
    }
    killed
}

#[test]
fn a_killed_process_loses_nothing_and_makes_nothing_twice() {
    let born = Clock::machine().now();
    let towns = (1..=TOWNS).map(|seed| thread::spawn(move || disturbed(seed, born, &undisturbed(seed, born))));
    let towns: Vec<_> = towns.collect();
    // The words of a thread that fell over are those of the test.
    let ended = towns.into_iter().map(|town| town.join().unwrap_or_else(|words| panic::resume_unwind(words)));
    let mut killed: usize = ended.sum();
    // Where the machine is busy, many children end before their time: more towns then.
    for seed in TOWNS + 1..=TOWNS_MAX {
        if killed < KILLED_MIN {
            killed += disturbed(seed, born, &undisturbed(seed, born));
        }
    }
    println!("{killed} were killed");
    assert!(killed >= KILLED_MIN, "only {killed} were killed");
}
