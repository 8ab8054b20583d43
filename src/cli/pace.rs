//! What the systems were asked lately, kept in a file beside the store from one command to the next.
//!
//! A system goes on counting when a command ends: it answers a like read once a minute, and locks out
//! whoever fails too often. The store itself is left alone, for a plan must not touch it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::config::account::AccountFile;
use crate::connector::{Connector, Memory};
use crate::engine::crew::Way;

/// What is known of the pace, by account and system.
#[derive(Default)]
pub(super) struct Notes {
    path: Option<PathBuf>,
    known: BTreeMap<Way, Memory>,
}

impl Notes {
    /// The notes beside a store; none when they cannot be read.
    pub(super) fn beside(dir: &Path, accounts: &AccountFile) -> Self {
        let path = dir.join(format!("{}.pace", accounts.store));
        let known = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let known: Vec<(Way, Memory)> = known;
        Self { path: Some(path), known: known.into_iter().collect() }
    }

    /// Tells a connector what was asked before it was opened.
    pub(super) fn tell(&self, way: &Way, connector: &Connector) {
        if let Some(memory) = self.known.get(way) {
            connector.recall(memory.clone());
        }
    }

    /// Takes note of what connectors asked.
    pub(super) fn note(&mut self, connectors: &BTreeMap<Way, Connector>) {
        self.known.extend(connectors.iter().map(|(way, connector)| (way.clone(), connector.memory())));
    }

    /// Takes note of what connectors asked, and writes it down.
    pub(super) fn keep(&mut self, connectors: &BTreeMap<Way, Connector>) {
        self.note(connectors);
        if let Some(path) = &self.path
            && let Err(error) = write(path, &self.known)
        {
            tracing::warn!(%error, "the pace of the systems cannot be noted: the next command may have to wait");
        }
    }
}

/// Writes whole or not at all.
fn write(path: &Path, known: &BTreeMap<Way, Memory>) -> io::Result<()> {
    let all: Vec<_> = known.iter().collect();
    let fresh = path.with_extension("pace.new");
    fs::write(&fresh, serde_json::to_vec(&all)?)?;
    fs::rename(fresh, path)
}
