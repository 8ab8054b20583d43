//! A case that could notice a survivor, to be finished by its author.

use super::bench::{Bench, Mutant};
use crate::cases::judge::system;
use crate::config::files::Files;
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

/// A case of a mapping that uses the file, with nothing in it yet.
fn frame(bench: &Bench<'_>, mutant: &Mutant<'_>) -> String {
    let file = &*mutant.place.file;
    let script = file.strip_prefix("scripts/").and_then(|name| name.strip_suffix(".rhai")).unwrap_or_default();
    let mut specs = bench.workspace.project.mappings.iter();
    let spec = specs.find(|spec| *spec.file == *file || spec.scripts.iter().any(|(name, _)| name == script));
    let Some(mapping) = spec.and_then(|spec| bench.workspace.mappings.get(&spec.name)) else {
        return "case: …\nmapping: …\nexpect: { nothing: true }".to_owned();
    };
    let record = |side: Side| format!("{}: {{ {}: 1 }}", system(mapping, side), mapping.sides.get(side).id);
    let [left, right] = Side::BOTH.map(record);
    format!("case: …\nmapping: {}\n{left}\n{right}\nbase: {{}}\nexpect: {{ nothing: true }}", mapping.name)
}
