//! The built binary as a stranger uses it: a child process, a workspace in a folder of its own, and
//! sandboxes served by this process on ports that are free.

mod against;
mod capture;
mod check;
mod cycle;
mod doctor;
mod editors;
mod explain;
mod rehearsal;
mod service;
mod simulate;
mod store;
mod workspace;
mod worth;

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use depara::clock::Clock;
use depara::sandbox::serve::{Served, serve};
use depara::sandbox::{Omie, Ploomes, Sandbox};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The secrets of the account that all workspaces begin with; no output may ever hold one.
const SECRETS: [&str; 4] = ["demo-key", "demo-secret", "demo-user-key", "demo-token"];

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the first line of a shipped file that holds these words stands, as `file:line`.
fn place(file: &str, words: &str) -> String {
    let files = depara::config::files::carried();
    let line = files[file].lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}"));
    format!("{file}:{}", line + 1)
}

/// What a finished command left behind.
struct Told {
    code: i32,
    out: String,
    err: String,
}

impl Told {
    /// The lines of JSON it printed.
    fn json(&self) -> Vec<Value> {
        let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.out.lines().map(read).collect()
    }

    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self.no_secrets()
    }

    #[track_caller]
    fn no_secrets(self) -> Self {
        for secret in SECRETS {
            assert!(!self.out.contains(secret), "{secret} in standard output:\n{}", self.out);
            assert!(!self.err.contains(secret), "{secret} in standard error:\n{}", self.err);
        }
        self
    }

    #[track_caller]
    fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word), "`{word}` is not in\n{}", self.out);
        }
        self
    }

    /// The same words on one line: where they are wrapped is nobody's business.
    fn prose(mut self) -> Self {
        self.out = self.out.split_whitespace().collect::<Vec<_>>().join(" ");
        self
    }

    #[track_caller]
    fn complains(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in\n{}", self.err);
        }
        self
    }
}

/// The binary, with nothing of this process's surroundings.
fn depara(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depara"));
    command.args(arguments).env_clear().env("TZ", "UTC").stdin(Stdio::null());
    command
}

fn told(mut command: Command) -> Told {
    let done = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
}

fn run(arguments: &[&str]) -> Told {
    told(depara(arguments))
}

/// Two sandboxes, served.
struct Systems {
    omie: Arc<Mutex<Omie>>,
    ploomes: Arc<Mutex<Ploomes>>,
    served: [Served; 2],
    clock: Clock,
    runtime: Option<Runtime>,
}

impl Drop for Systems {
    fn drop(&mut self) {
        // Whatever answer is still under way is waited for by nobody.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Systems {
    /// Empty sandboxes that let clients break their limits.
    fn open() -> Self {
        let (mut omie, mut ploomes) = (Omie::new(1), Ploomes::new(1));
        omie.switches.limits_enforced = false;
        ploomes.switches.limits_enforced = false;
        let (omie, ploomes) = (Arc::new(Mutex::new(omie)), Arc::new(Mutex::new(ploomes)));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = runtime.block_on(async { Clock::machine() });
        let time = clock.clone();
        let time = Arc::new(move || time.now());
        let address = ([127, 0, 0, 1], 0).into();
        let served = runtime.block_on(async {
            [
                serve(Arc::clone(&omie) as _, address, time.clone()).await.unwrap(),
                serve(Arc::clone(&ploomes) as _, address, time).await.unwrap(),
            ]
        });
        Self { omie, ploomes, served, clock, runtime: Some(runtime) }
    }

    fn omie(&self) -> MutexGuard<'_, Omie> {
        self.omie.lock().unwrap()
    }

    fn ploomes(&self) -> MutexGuard<'_, Ploomes> {
        self.ploomes.lock().unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A client that somebody entered in Omie an hour ago.
    fn client(&self, name: &str, document: &str, more: &Value) -> i64 {
        let mut client = json!({ "razao_social": format!("{name} Ltda"), "nome_fantasia": name, "cnpj_cpf": document });
        merge(&mut client, more);
        self.omie().person_adds(self.now() - 1.hour(), &client).unwrap()
    }

    /// A contact that somebody entered in Ploomes an hour ago.
    fn contact(&self, name: &str, document: &str, more: &Value) -> i64 {
        let mut contact = json!({ "TypeId": 1, "Name": name, "LegalName": format!("{name} Ltda") });
        if !document.is_empty() {
            merge(&mut contact, &json!({ "Register": document }));
        }
        merge(&mut contact, more);
        self.ploomes().person_adds(self.now() - 1.hour(), &contact).unwrap()
    }

    /// How many writes of each kind the systems were asked for.
    fn writes_asked(&self) -> [u64; 2] {
        let of = |sandbox: &dyn Sandbox, kinds: &[&str]| {
            let calls = sandbox.tally().calls.iter();
            calls.filter(|(kind, _)| kinds.iter().any(|one| kind.starts_with(one))).map(|(_, count)| *count).sum()
        };
        [
            of(&*self.omie(), &["Incluir", "Alterar", "Upsert"]),
            of(&*self.ploomes(), &["POST", "PATCH", "PUT", "DELETE"]),
        ]
    }

    /// How many calls there were of all kinds.
    fn calls(&self) -> [u64; 2] {
        [self.omie().tally().calls.values().sum(), self.ploomes().tally().calls.values().sum()]
    }

    fn addresses(&self) -> [String; 2] {
        [format!("{}/api/v1", self.served[0].url()), self.served[1].url()]
    }

    /// An account of these systems, as `depara.yaml` writes it.
    fn account(&self, name: &str) -> String {
        let [omie, ploomes] = self.addresses();
        format!(
            "  - account: {name}\n    systems:\n      omie: {{ app_key: demo-key, app_secret: demo-secret, base_url: \"{omie}\" }}\n      \
             ploomes: {{ user_key: demo-user-key, base_url: \"{ploomes}\" }}\n    mappings: {{ omie-ploomes/clientes: {{}} }}\n"
        )
    }
}

fn merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

/// A workspace on disk.
struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// Made by `depara init`, for the account `acme` of these systems. Its system files are edited so
    /// that nothing waits: what is on disk is what counts.
    fn of(systems: &Systems) -> Self {
        let workspace = Self::bare();
        workspace.accounts(&systems.account("acme"));
        workspace
    }

    fn bare() -> Self {
        let workspace = Self { folder: TempDir::new().unwrap() };
        run(&["init", &workspace.path("").display().to_string()]).ended(0);
        for system in ["omie", "ploomes"] {
            workspace.edit(&format!("mappings/systems/{system}.yaml"), |text| {
                let (before, pace) = text.split_once("\npace:").unwrap();
                let (_, after) = pace.split_once("\n\n").unwrap();
                format!("{before}\n{after}").replace("attempts: 5, first: 2s", "attempts: 2, first: 1ms")
            });
        }
        workspace
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn accounts(&self, accounts: &str) {
        std::fs::write(self.path("depara.yaml"), format!("store: sled:.depara\naccounts:\n{accounts}")).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    #[track_caller]
    fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        let before = self.read(file);
        let after = change(before.clone());
        assert_ne!(before, after, "the edit of {file} changes nothing");
        std::fs::write(self.path(file), after).unwrap();
    }

    fn mapping(&self, from: &str, to: &str) {
        self.edit("mappings/omie-ploomes/clientes.yaml", |text| text.replacen(from, to, 1));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = depara(arguments);
        command.arg("--dir").arg(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Told {
        told(self.command(arguments))
    }

    /// One cycle, as the object it prints.
    #[track_caller]
    fn sync(&self) -> Value {
        let told = self.run(&["sync", "--format", "json"]).ended(0);
        let [report] = told.json().try_into().unwrap();
        report
    }

    /// Every file of the store with its bytes.
    fn store(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.path(".depara"), &mut files);
        files.sort();
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
}

/// A command that goes on until it is told to stop.
struct Running {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
    heard: [String; 2],
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, out, err, heard: Default::default() }
    }

    /// Waits for a line with these words on standard output.
    #[track_caller]
    fn says(&mut self, words: &[&str]) -> String {
        next(&self.out, &mut self.heard[0], words)
    }

    /// Waits for a line with these words in the log.
    #[track_caller]
    fn logs(&mut self, words: &[&str]) -> String {
        next(&self.err, &mut self.heard[1], words)
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// What it left behind, once it has ended by itself.
    #[track_caller]
    fn end(self) -> Told {
        self.end_with_secrets().no_secrets()
    }

    /// The same of a command that prints the secrets of its own sandboxes.
    #[track_caller]
    fn end_with_secrets(mut self) -> Told {
        let mut status = None;
        until(|| {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let code = status.and_then(|status| status.code()).unwrap_or(-1);
        let [mut out, mut err] = std::mem::take(&mut self.heard);
        self.out.iter().for_each(|line| out.push_str(&(line + "\n")));
        self.err.iter().for_each(|line| err.push_str(&(line + "\n")));
        Told { code, out, err }
    }
}

/// Waits until something is so.
#[track_caller]
fn until(mut so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "it never came about");
        std::thread::yield_now();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nobody behind.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

#[track_caller]
fn next(from: &Receiver<String>, heard: &mut String, words: &[&str]) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let line = from.recv_timeout(left).unwrap_or_else(|_| panic!("no line with {words:?} came; heard:\n{heard}"));
        heard.push_str(&line);
        heard.push('\n');
        if words.iter().all(|word| line.contains(word)) {
            return line;
        }
    }
}
