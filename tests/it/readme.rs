//! What the READMEs say of the shipped mappings is what the mappings say.

use std::fs;
use std::path::{Path, PathBuf};

use depara::cli::arguments::Language;
use depara::cli::render::docs;
use depara::config::files;
use depara::diagnostic::Diagnostics;
use depara::workspace::Workspace;
use regex::Regex;

const READMES: [&str; 2] = ["README.md", "README.pt-BR.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_de_para_is_what_the_mappings_say() {
    let workspace = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
    let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
    for (file, command, language) in
        [("README.md", "docs", Language::En), ("README.pt-BR.md", "docs --language pt", Language::Pt)]
    {
        let (start, end) = (format!("<!-- depara {command} -->\n"), format!("<!-- end of depara {command} -->\n"));
        let text = read(file);
        let after = text.split_once(&start).unwrap_or_else(|| panic!("{file} has no line {start}")).1;
        let block = after.split_once(&end).unwrap_or_else(|| panic!("{file} has no line {end}")).0;
        let page = docs::page(&workspace, None, language);
        let other = page.lines().zip(block.lines()).find(|(said, shown)| said != shown);
        assert!(
            page == block,
            "{file} shows another De × Para than the mappings say, first here: {other:#?}\n\
             put what `cargo run -- {command}` prints between the two comments in {file}"
        );
    }
}

#[test]
fn the_model_of_a_system_is_sound() {
    for file in READMES {
        let text = read(file);
        let (_, model) = text.split_once("```yaml\nsystem: crm").unwrap_or_else(|| panic!("{file} shows no system"));
        let (model, _) = model.split_once("```").unwrap();
        let mut files = files::carried();
        files.insert("mappings/systems/crm.yaml".to_owned(), format!("system: crm{model}"));
        let workspace = Workspace::compile(&files, &|_| None, Diagnostics::default());
        workspace.unwrap_or_else(|complaints| panic!("{file}: {complaints}"));
    }
}

#[test]
fn every_link_leads_to_what_it_names() {
    let link = Regex::new(r"\[`([^`]+)`\]\(([^)#]+)(?:#L(\d+))?\)").unwrap();
    for file in READMES {
        let text = read(file);
        let mut lines_named = 0;
        for found in link.captures_iter(&text) {
            let (words, path) = (&found[1], &found[2]);
            assert!(root().join(path).exists(), "{file}: there is no {path}");
            let Some(number) = found.get(3) else { continue };
            lines_named += 1;
            let number: usize = number.as_str().parse().unwrap();
            let target = read(path);
            let line = target.lines().nth(number - 1).unwrap_or_default();
            let here = target.lines().position(|line| line.contains(words)).map(|at| at + 1);
            assert!(
                line.contains(words),
                "{file}: `{words}` is not in line {number} of {path}, but {here:?}: `{line}`"
            );
        }
        assert!(lines_named >= 11, "{file} leads to only {lines_named} lines");
    }
}

#[test]
fn the_rules_have_the_cases_they_are_said_to_have() {
    let cases: Vec<String> = fs::read_dir(root().join("tests/cases/omie-ploomes/clientes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for file in READMES {
        let text = read(file);
        for rule in 1..=11 {
            let prefix = format!("rule-{rule:02}-");
            assert!(text.contains(&prefix), "{file} names no case of rule {rule}");
            assert!(cases.iter().any(|case| case.starts_with(&prefix)), "there is no case of rule {rule}");
        }
    }
}
