//! What `init` wrote.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::json;

use super::Screen;
use super::value::count;
use crate::cli::init::Way;
use crate::config::files::Files;

/// Where the cases are.
const CASES: &str = "tests/cases/";

/// Lists the files of a new workspace and the next steps.
///
/// # Errors
/// When nobody reads any more.
pub fn written(screen: &mut Screen, folder: &Path, files: &Files, ways: &[Way]) -> io::Result<()> {
    if screen.is_json() {
        let paths: Vec<&String> = files.keys().collect();
        let unset: Vec<&String> = ways.iter().flat_map(|way| &way.unset).collect();
        return screen.json(&json!({ "folder": folder.display().to_string(), "written": paths, "unset": unset }));
    }
    let paint = screen.paint();
    // Cases are many: a folder of them is one line.
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    for path in files.keys() {
        let name = match path.rsplit_once('/') {
            Some((parent, _)) if path.starts_with(CASES) => format!("{parent}/"),
            Some(_) | None => path.clone(),
        };
        *listed.entry(name).or_default() += 1;
    }
    for (name, number) in &listed {
        let cases =
            if name.ends_with('/') { format!("  {}", paint.dim(count(*number, "case"))) } else { String::new() };
        screen.line(&format!("  {}{cases}", paint.name(name)))?;
    }
    screen.line(&format!("{} written to {}\n", count(files.len(), "file"), folder.display()))?;
    for way in ways {
        let said = if way.unset.is_empty() {
            "its credentials are in the environment".to_owned()
        } else {
            format!("not set: {}", way.unset.join(", "))
        };
        screen.line(&format!("  {}  {}", paint.name(&way.system), paint.dim(said)))?;
    }
    screen.line("\nNext:")?;
    let dir = folder.display();
    let next = [
        (format!("depara check {dir}"), "is everything well written?"),
        (format!("depara test {dir}"), "do the rules do what the cases say?"),
        ("depara sandbox".to_owned(), "imitation systems to try it on, and the account file for them"),
        (format!("depara doctor --dir {dir}"), "what is an account like, and what does it lack? sends only reads"),
        (format!("depara plan --dir {dir}"), "what would be sent? needs the variables named in depara.yaml"),
        (format!("depara run --dir {dir}"), "works by the mappings' schedules until told to stop"),
    ];
    let width = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    next.iter().try_for_each(|(command, what)| screen.line(&format!("  {command:<width$}  {}", paint.dim(what))))
}
