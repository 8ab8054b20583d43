//! A case that could notice a survivor, to be finished by its author.

use super::bench::{Bench, Mutant};
use crate::cases::judge::system;
use crate::config::files::Files;
use crate::mapping::field::At;
use crate::record::Side;

/// The shortest case that comes to the line, under a new title and with what is to be changed in it;
/// where none does, the frame of one.
pub(super) fn of(bench: &Bench<'_>, files: &Files, mutant: &Mutant<'_>, reached: &[usize]) -> String {
    let place = &mutant.place;
    let texts = reached.iter().filter_map(|at| {
        let case = bench.cases.get(*at)?;
        Some((case, files.get(&case.file)?.as_str()))
    });
    let nearest = texts.min_by_key(|(_, text)| text.len());
    let head = format!(
        "# {}:{} {}: no case fails.\n# Show {}, and expect what must come of it.\n",
        place.file, place.line, mutant.words, mutant.aim
    );
    match nearest {
        Some((case, text)) => {
            // Editors look for the schema in the first line.
            let schema = text.lines().next().filter(|line| line.contains("$schema="));
            let schema = schema.map(|line| format!("{line}\n")).unwrap_or_default();
            format!("{schema}{head}# It begins as {} does.\n{}", case.file, renamed(text))
        }
        None => format!("{head}{}", frame(bench, mutant)),
    }
}

/// A case under a title that is still to be found.
fn renamed(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        lines.push(if line.starts_with("case:") { "case: …" } else { line });
    }
    lines.join("\n")
}

/// A case of a mapping that uses the file, with nothing in it yet but the place of the line's value.
fn frame(bench: &Bench<'_>, mutant: &Mutant<'_>) -> String {
    let file = &*mutant.place.file;
    let script = file.strip_prefix("scripts/").and_then(|name| name.strip_suffix(".rhai")).unwrap_or_default();
    let mut specs = bench.workspace.project.mappings.iter();
    let spec = specs.find(|spec| *spec.file == *file || spec.scripts.iter().any(|(name, _)| name == script));
    let Some(mapping) = spec.and_then(|spec| bench.workspace.mappings.get(&spec.name)) else {
        return "case: …\nmapping: …\nexpect: { nothing: true }".to_owned();
    };
    let lines = mapping.fields.iter().filter(|field| field.place.file == mutant.place.file);
    let line = lines.filter(|field| field.place.line <= mutant.place.line).max_by_key(|field| field.place.line);
    let record = |side: Side| {
        let value = line.and_then(|field| value_at(&field.ends.get(side).at)).unwrap_or_default();
        format!("{}: {{ {}: 1{value} }}", system(mapping, side), mapping.sides.get(side).id)
    };
    let [left, right] = Side::BOTH.map(record);
    format!("case: …\nmapping: {}\n{left}\n{right}\nbase: {{}}\nexpect: {{ nothing: true }}", mapping.name)
}

/// A value still to be found, at a path of keys alone.
fn value_at(at: &At) -> Option<String> {
    let At::Path(path) = at else { return None };
    let keys = path.keys();
    let (last, outer) = keys.split_last().filter(|_| keys.join(".") == path.text())?;
    let inmost = format!("{last}: …");
    Some(outer.iter().rev().fold(inmost, |inner, key| format!("{key}: {{ {inner} }}"))).map(|text| format!(", {text}"))
}
