//! What the READMEs say of the shipped mapping is what the mapping says.

use std::fs;
use std::path::{Path, PathBuf};

use depara::config::files;
use depara::config::mapping::Arrow;
use depara::diagnostic::Diagnostics;
use depara::mapping::Mapping;
use depara::mapping::canon::Canon;
use depara::mapping::field::{At, End, Field};
use depara::record::{Side, Sides};
use depara::workspace::Workspace;
use regex::Regex;

const READMES: [&str; 2] = ["README.md", "README.pt-BR.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Where a value sits on a side, as a table shows it.
fn place(mapping: &Mapping, end: &End) -> String {
    match &end.at {
        At::Path(path) => format!("`{path}`"),
        At::Member { view, name } => {
            let rule = &mapping.views.get(*view).unwrap().read.function;
            format!("`{name}` *({})*", rule.trim_start_matches("read_"))
        }
    }
}

/// What happens to a value on its way.
fn way(mapping: &Mapping, field: &Field) -> String {
    let mut said = Vec::new();
    if field.canon != Canon::Plain {
        said.extend(Canon::ALL.iter().find(|(_, canon)| *canon == field.canon).map(|(word, _)| (*word).to_owned()));
    }
    for end in [&field.ends.left, &field.ends.right] {
        if !end.table.is_empty() {
            let pairs: Vec<String> = end.table.iter().map(|(here, there)| format!("{here} = {there}")).collect();
            said.push(pairs.join(", "));
        }
    }
    for end in [&field.ends.left, &field.ends.right] {
        said.extend(end.lookup.as_ref().map(|lookup| format!("{} by {}", lookup.reference, lookup.by)));
        said.extend(end.if_empty.map(|lender| format!("if_empty: {}", mapping.fields.get(lender).unwrap().label)));
        said.extend(end.hold.as_ref().map(|rule| format!("hold: {}", rule.function)));
    }
    if field.once {
        said.push("once".to_owned());
    }
    said.join(" · ")
}

fn table(mapping: &Mapping) -> String {
    let mut text = String::new();
    for field in &mapping.fields {
        let arrow = match field.arrow {
            Arrow::Both => "⇔",
            Arrow::ToRight => "⇒",
            Arrow::ToLeft => "⇐",
        };
        let Sides { left, right } = Sides::each(|side: Side| place(mapping, field.ends.get(side)));
        text += &format!("| {} | {left} | {arrow} | {right} | {} |\n", field.label, way(mapping, field));
    }
    text
}

#[test]
fn the_table_of_fields_is_what_the_mapping_says() {
    let workspace = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
    let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}"));
    let table = table(&workspace.mappings["omie-ploomes/clientes"]);
    for file in READMES {
        assert!(read(file).contains(&table), "{file} shows another table than this:\n{table}");
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
