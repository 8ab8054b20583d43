//! What `init` wrote.

use std::io;
use std::path::Path;

use serde_json::json;

use super::Screen;
use super::value::count;
use crate::config::files::Files;

/// Lists the files of a new workspace and the next steps.
///
/// # Errors
/// When nobody reads any more.
pub fn written(screen: &mut Screen, folder: &Path, files: &Files) -> io::Result<()> {
    if screen.is_json() {
        let paths: Vec<&String> = files.keys().collect();
        return screen.json(&json!({ "folder": folder.display().to_string(), "written": paths }));
    }
    let paint = screen.paint();
    for path in files.keys() {
        screen.line(&format!("  {}", paint.name(path)))?;
    }
    screen.line(&format!("{} written to {}", count(files.len(), "file"), folder.display()))?;
    screen.line("next:")?;
    let dir = folder.display();
    for (command, what) in [
        (format!("depara check {dir}"), "is everything well written?"),
        (format!("depara test {dir}"), "do the rules do what the cases say?"),
        (format!("depara plan --dir {dir}"), "what would be sent? (needs the variables named in depara.yaml)"),
    ] {
        screen.line(&format!("  {}  {}", paint.bold(command), paint.dim(what)))?;
    }
    Ok(())
}
