//! The shape of the house: who may import whom, which words stand where, how long a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Plain values; they import nothing above them.
const WORDS: [&str; 6] = ["record", "diagnostic", "path", "link", "reference", "flaw"];

/// What a module may import besides itself. A module that is not here may not exist.
fn table() -> BTreeMap<&'static str, Vec<&'static str>> {
    let with_words = |more: &[&'static str]| [&WORDS[..], more].concat();
    BTreeMap::from([
        ("record", vec![]),
        ("diagnostic", vec![]),
        ("reference", vec![]),
        ("flaw", vec![]),
        ("clock", vec![]),
        ("phone", vec![]),
        ("path", vec!["diagnostic"]),
        ("pages", vec!["diagnostic"]),
        ("link", vec!["record"]),
        ("config", vec!["path", "diagnostic", "record", "rules"]),
        ("rules", vec!["record", "diagnostic", "reference", "phone"]),
        ("mapping", with_words(&["config", "rules", "phone"])),
        ("sync", with_words(&["mapping", "config"])),
        ("editor", vec!["config", "diagnostic", "rules"]),
        ("workspace", with_words(&["config", "rules", "mapping"])),
        ("connector", with_words(&["config", "clock"])),
        ("store", vec!["link", "record", "flaw"]),
        ("engine", with_words(&["connector", "sync", "store", "mapping", "rules", "config", "clock"])),
        ("cases", with_words(&["sync", "mapping", "rules", "config", "workspace", "phone"])),
        (
            "cli",
            with_words(&[
                "cases",
                "clock",
                "config",
                "connector",
                "editor",
                "engine",
                "mapping",
                "pages",
                "rules",
                "sandbox",
                "simulate",
                "store",
                "sync",
                "workspace",
            ]),
        ),
        ("sandbox", vec![]),
        (
            "simulate",
            with_words(&["clock", "config", "connector", "engine", "mapping", "sandbox", "store", "sync", "workspace"]),
        ),
        ("lib", vec![]),
        ("main", vec![]),
    ])
}

/// Names that say nothing about what is inside.
const BANNED: [&str; 6] = ["utils", "util", "common", "helpers", "manager", "misc"];

/// Most lines of a file.
const LINES_MAX: usize = 600;

struct File {
    name: String,
    module: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn files(folder: &str) -> Vec<File> {
    let base = root().join(folder);
    let mut paths = Vec::new();
    collect(&base, &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let inner = path.strip_prefix(&base).unwrap();
        let module = inner.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        File { name: format!("{folder}/{}", inner.display()), module, text: fs::read_to_string(&path).unwrap() }
    };
    paths.into_iter().map(read).collect()
}

/// The lines of a file that are no comment, with their numbers.
fn code(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let lines = file.text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn said(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn nobody_imports_what_lies_above() {
    let (table, import) = (table(), Regex::new(r"\bcrate::(\w+|\{)").unwrap());
    let mut complaints = Vec::new();
    for file in files("src") {
        let Some(allowed) = table.get(file.module.as_str()) else {
            complaints.push(format!("{}: the table of layers has no `{}`", file.name, file.module));
            continue;
        };
        for (line, text) in code(&file) {
            for found in import.captures_iter(text) {
                let other = &found[1];
                if other == "{" {
                    complaints.push(format!("{}:{line}: write one `use crate::…` for each module", file.name));
                } else if other != file.module && !allowed.contains(&other) {
                    complaints.push(format!("{}:{line}: `{}` may not import `{other}`", file.name, file.module));
                }
            }
        }
    }
    said(&complaints);
}

#[test]
fn the_pure_part_knows_no_edge() {
    let edge = Regex::new(r"\b(tokio|reqwest|sled|tracing)\b").unwrap();
    let mut complaints = Vec::new();
    for file in files("src").iter().filter(|file| ["sync", "mapping", "rules"].contains(&file.module.as_str())) {
        for (line, text) in code(file) {
            if let Some(word) = edge.find(text) {
                complaints.push(format!("{}:{line}: `{}` has no place here", file.name, word.as_str()));
            }
        }
    }
    said(&complaints);
}

#[test]
fn each_library_of_the_edge_is_known_to_one_file() {
    let homes = [
        (r"\breqwest::", "src/connector/transport.rs"),
        (r"\bserde_yaml::", "src/config/located.rs"),
        (r"\bsled::\{?(Config|Db|Batch|Tree|open)", "src/store/sled.rs"),
        (r"\bannotate_snippets::", "src/cli/render/diagnostic.rs"),
        (r"\bjsonpath_rust::", "src/path.rs"),
    ];
    let mut complaints = Vec::new();
    for (pattern, home) in homes {
        let pattern = Regex::new(pattern).unwrap();
        for file in files("src").iter().filter(|file| file.name != home && !file.name.starts_with("src/sandbox/")) {
            complaints.extend(
                code(file)
                    .filter(|(_, text)| pattern.is_match(text))
                    .map(|(line, text)| format!("{}:{line}: only {home} may say `{}`", file.name, text.trim())),
            );
        }
    }
    said(&complaints);
}

#[test]
fn only_the_sandbox_names_a_system() {
    let systems: BTreeSet<String> = fs::read_dir(root().join("mappings/systems"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_lowercase())
        .collect();
    assert!(!systems.is_empty());
    let mut complaints = Vec::new();
    for file in files("src").iter().filter(|file| file.module != "sandbox") {
        for (at, line) in file.text.lines().enumerate() {
            let low = line.to_lowercase();
            complaints.extend(
                systems
                    .iter()
                    .filter(|system| low.contains(system.as_str()))
                    .map(|system| format!("{}:{}: names the system `{system}`", file.name, at + 1)),
            );
        }
    }
    said(&complaints);
}

#[test]
fn files_are_named_opened_and_bounded() {
    let mut complaints = Vec::new();
    for file in files("src").into_iter().chain(files("tests/it")) {
        let stem = Path::new(&file.name).file_stem().unwrap().to_str().unwrap().to_owned();
        if BANNED.contains(&stem.as_str()) {
            complaints.push(format!("{}: `{stem}` says nothing about what is inside", file.name));
        }
        if !file.text.starts_with("//!") {
            complaints.push(format!("{}: begins without saying what it is", file.name));
        }
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            complaints.push(format!("{}: {lines} lines, at most {LINES_MAX}", file.name));
        }
    }
    said(&complaints);
}
