//! Survivors that somebody explains, in files under `tests/mutants`.

use crate::config::located::Located;
use crate::diagnostic::{Diagnostics, Place};
use crate::workspace::Workspace;

/// Changes of one line that no case need notice, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// `file:`, the mapping, table or script.
    pub file: String,
    /// `line:`, as it is written there, so that the explanation moves with it.
    pub line: String,
    /// `change:`, one or a list, in the words of the report.
    pub changes: Vec<String>,
    /// `reason:`.
    pub reason: String,
    /// Where it is explained.
    pub place: Place,
}

impl Explained {
    /// Which of its changes this is, if any.
    pub(super) fn explains(&self, place: &Place, line: &str, words: &str) -> Option<usize> {
        let here = *place.file == self.file && line == self.line.trim();
        self.changes.iter().position(|change| here && change == words)
    }
}

/// Reads every explanation of a workspace; complains about those that cannot be read.
pub fn explained(workspace: &Workspace, complaints: &mut Diagnostics) -> Vec<Explained> {
    let mut found = Vec::new();
    for (_, tree) in &workspace.project.mutants {
        let Some(mut entries) = tree.entries(complaints) else { continue };
        let file = entries.need("file", complaints).and_then(|value| value.text(complaints));
        let list = entries.need("survivors", complaints).and_then(|value| value.list(complaints)).unwrap_or_default();
        entries.finish(complaints);
        let file = file.unwrap_or_default();
        found.extend(list.iter().filter_map(|one| read(&file, one, complaints)));
    }
    found
}

fn read(file: &str, one: &Located, complaints: &mut Diagnostics) -> Option<Explained> {
    let mut entries = one.entries(complaints)?;
    let line = entries.need("line", complaints).and_then(|value| value.text(complaints));
    let changes = entries.need("change", complaints).map(|value| value.texts(complaints));
    let reason = entries.need("reason", complaints).and_then(|value| value.text(complaints));
    entries.finish(complaints);
    let changes = changes?.into_iter().map(|(text, _)| text).collect();
    Some(Explained { file: file.to_owned(), line: line?, changes, reason: reason?, place: one.place.clone() })
}
