//! Complaints for those who show them beside the files: annotations of a GitHub workflow, and SARIF for
//! code scanning. Files are named from where the reader stands, not from the workspace.

use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::diagnostic::also;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::pages;

/// One complaint as a command of a GitHub workflow.
pub(super) fn github(dir: &Path, one: &Diagnostic) -> String {
    let property = |text: &str| escaped(text).replace(':', "%3A").replace(',', "%2C");
    let place = one.place.as_ref().map(|place| {
        format!("file={},line={},col={},", property(&seen_from(dir, &place.file)), place.line, place.column)
    });
    let parts = [Some(one.sentence.clone()), one.hint.clone(), also(one)];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
    format!("::{} {}title={}::{}", one.weight.word(), place.unwrap_or_default(), one.code, escaped(&text))
}

/// A text as a workflow reads it in one line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// All complaints as one SARIF log.
pub(super) fn sarif(dir: &Path, list: &Diagnostics) -> Value {
    let results: Vec<Value> = list.list.iter().map(|one| result(dir, one, list)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.map(rule).to_vec(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    let page = pages::english(code);
    json!({
        "id": code.text(),
        "shortDescription": { "text": pages::headline(page) },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": code.weight().word() },
    })
}

fn result(dir: &Path, one: &Diagnostic, all: &Diagnostics) -> Value {
    let text = one.hint.as_ref().map_or_else(|| one.sentence.clone(), |hint| format!("{} ({hint})", one.sentence));
    let mut told = json!({
        "ruleId": one.code.text(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == one.code),
        "level": one.weight.word(),
        "message": { "text": text },
        "locations": one.place.iter().map(|place| location(dir, place, all)).collect::<Vec<_>>(),
    });
    let also = one.also.iter().map(|place| (place, "the same mistake shows here"));
    let related = one.related.iter().map(|(place, how)| (place, how.as_str())).chain(also).map(|(place, how)| {
        let mut other = location(dir, place, all);
        if let Some(other) = other.as_object_mut() {
            other.insert("message".to_owned(), json!({ "text": how }));
        }
        other
    });
    let related: Vec<Value> = related.collect();
    if let Some(map) = told.as_object_mut().filter(|_| !related.is_empty()) {
        map.insert("relatedLocations".to_owned(), json!(related));
    }
    told
}

fn location(dir: &Path, place: &Place, all: &Diagnostics) -> Value {
    let mut region = json!({ "startLine": place.line, "startColumn": place.column });
    let marked = all.sources.get(&place.file).and_then(|text| text.get(place.span.clone()));
    let first = marked.and_then(|text| text.lines().next()).map(|line| line.trim_end().chars().count());
    if let (Some(length), Some(map)) = (first.filter(|length| *length > 0), region.as_object_mut()) {
        map.insert("endColumn".to_owned(), json!(place.column + length));
    }
    let uri = seen_from(dir, &place.file).replace('%', "%25").replace(' ', "%20");
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri }, "region": region } })
}

/// A file of the workspace from where the reader stands, with `/` between folders.
fn seen_from(dir: &Path, file: &str) -> String {
    let here = |part: &Component<'_>| !matches!(part, Component::CurDir);
    let whole: PathBuf = dir.join(file).components().filter(here).collect();
    whole.display().to_string().replace('\\', "/")
}
