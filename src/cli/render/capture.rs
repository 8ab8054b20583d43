//! A captured case.

use std::io;
use std::path::Path;

use serde_json::json;

use super::Screen;

/// Prints the case, or where it was written.
///
/// # Errors
/// When nobody reads any more.
pub fn written(screen: &mut Screen, mapping: &str, text: &str, file: Option<&Path>) -> io::Result<()> {
    if screen.is_json() {
        let file = file.map(|file| file.display().to_string());
        return screen.json(&json!({ "mapping": mapping, "file": file, "case": text }));
    }
    let Some(file) = file else { return screen.text(text) };
    for note in text.lines().filter_map(|line| line.strip_prefix("# Note: ")) {
        screen.line(&screen.paint().warn(format!("note: {note}")))?;
    }
    screen.line(&format!("a case of {mapping} written to {}", file.display()))
}
