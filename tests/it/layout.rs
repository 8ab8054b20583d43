//! The layout of YAML: it is stable, it says the same, it keeps every comment, and the shipped files have it.

use std::fs;
use std::path::Path;

use depara::config::files;
use depara::config::located;
use depara::config::mapping::MappingSpec;
use depara::diagnostic::Diagnostics;
use depara::editor::layout::{Refusal, laid};
use proptest::prelude::*;
use regex::Regex;

/// All YAML there is: shipped, of the small workspace, and broken.
fn all() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> =
        files::carried().into_iter().filter(|(file, _)| file.ends_with(".yaml")).collect();
    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    found.extend(files::disk(&broken.join("_workspace"), &mut Diagnostics::default()));
    for entry in fs::read_dir(broken).unwrap() {
        let path = entry.unwrap().path();
        if let (true, Ok(text)) = (path.extension().is_some_and(|one| one == "yaml"), fs::read_to_string(&path)) {
            found.push((path.display().to_string(), text));
        }
    }
    found.retain(|(file, _)| file.ends_with(".yaml"));
    assert!(found.len() > 300);
    found
}

/// What a text says; blanks around arrows say nothing.
fn said(text: &str) -> Option<String> {
    let mut complaints = Diagnostics::default();
    let tree = located::parse("x.yaml", text, &mut complaints).filter(|_| complaints.is_clean());
    let arrow = Regex::new(" *(<=>|=>|<=) *").unwrap();
    tree.map(|tree| arrow.replace_all(&tree.json().to_string(), "$1").into_owned())
}

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment.trim()).collect()
}

/// What holds of every layout, whatever it was made of.
#[track_caller]
fn sound(file: &str, text: &str) -> Option<String> {
    let found = match laid(file, text) {
        Ok(found) => found,
        Err(Refusal::Broken(_)) => {
            assert!(said(text).is_none(), "{file} can be read, and is called broken");
            return None;
        }
        Err(Refusal::Unsure) => return None,
    };
    assert_eq!(said(&found), said(text), "{file}");
    assert_eq!(comments(&found), comments(text), "{file}");
    assert_eq!(laid(file, &found).ok().as_deref(), Some(&*found), "{file} is laid out again otherwise");
    Some(found)
}

#[test]
fn the_shipped_files_are_laid_out() {
    for (file, text) in files::carried().iter().filter(|(file, _)| file.ends_with(".yaml")) {
        assert!(laid(file, text).ok().as_ref() == Some(text), "`depara fmt` would change {file}");
    }
}

#[test]
fn what_comes_out_is_stable_and_says_the_same() {
    let laid_out = all().iter().filter_map(|(file, text)| sound(file, text)).count();
    assert!(laid_out > 300, "{laid_out}");
}

/// The same file as somebody else may have written it.
fn loosened(text: &str, wide: usize) -> String {
    let mut loose = String::from("\n");
    for line in text.lines() {
        let inner = line.trim_start_matches(' ');
        loose.push_str(&" ".repeat((line.len() - inner.len()) * wide));
        if inner.starts_with('#') {
            loose.push_str(&format!("{inner}\n"));
            continue;
        }
        loose.push_str(&inner.replacen(": ", ":   ", 1).replacen("{ ", "{", 1));
        loose.push_str(if inner.is_empty() { "\n\n" } else { "  \n" });
    }
    loose
}

#[test]
fn a_file_that_was_written_loosely_comes_back() {
    let (mut tried, mut back) = (0, 0);
    for (file, text) in files::carried().iter().filter(|(file, _)| file.ends_with(".yaml")) {
        for wide in [1, 3] {
            let loose = loosened(text, wide);
            if said(&loose).is_some() && said(&loose) == said(text) {
                tried += 1;
                back += usize::from(sound(file, &loose).as_ref() == Some(text));
            }
        }
    }
    assert!(tried > 600 && back == tried, "{back} of {tried} came back");
}

#[test]
fn people_write_yaml_in_many_ways() {
    let written = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout/loose.yaml")).unwrap();
    let found = sound("mappings/a/b.yaml", &written).unwrap();
    insta::assert_snapshot!(found);
}

#[test]
fn ends_of_lines_stay_what_they_were() {
    assert_eq!(laid("x.yaml", "a:   1\r\n\r\n\r\nb: 2").unwrap(), "a: 1\r\n\r\nb: 2\r\n");
    assert_eq!(laid("x.yaml", "").unwrap(), "");
}

#[test]
fn blanks_around_an_arrow_make_no_other_mapping() {
    let prints = |text: &str| {
        let mut complaints = Diagnostics::default();
        let tree = located::parse("m.yaml", text, &mut complaints).unwrap();
        let spec = MappingSpec::read(&tree, "m.yaml", &mut complaints).unwrap();
        assert!(complaints.is_clean(), "{complaints}");
        spec.json
    };
    let loose = "mapping: a/b\nlink: a.x <=> b.y\nfields: { n: { fields: { c=>d: {} } }, x<=>y: {} }\n";
    let neat = "mapping: a/b\nlink: a.x <=> b.y\nfields: { n: { fields: { c => d: {} } }, x <=> y: {} }\n";
    assert_eq!(prints(loose), prints(neat));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_written_falls_over_or_changes_its_meaning(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "a: ", "b:", "- ", "  ", "\n", "\n\n", "\"x ", "\"", "'", "{", "}", "[", "]", ", ", "# c\n", " # d\n",
                "|\n", ">-\n", "|2\n", "x", "é <=> y", "&k ", "*k", "1", "link: a<=>b\n", "match:\n", "fields:\n", "? ", "---\n", "\t",
            ]),
            0..24,
        ),
    ) {
        sound("mappings/a/b.yaml", &parts.concat());
    }
}
