//! What the systems were asked lately, kept in a file beside the store from one command to the next.
//!
//! A system goes on counting when a command ends: it answers a like read once a minute, and locks out
//! whoever fails too often. So it is written down each second while a command asks, for a process may be killed at any
//! moment. The store itself is left alone, for a plan must not touch it.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, io};

use super::Stop;
use super::export::private;
use super::signal::{self, Signals};
use crate::config::account::AccountFile;
use crate::connector::{Connector, Memory};
use crate::engine::crew::Way;

/// How often what was asked is written down.
const KEPT: Duration = Duration::from_secs(1);

/// What is known of the pace, by account and system.
#[derive(Default)]
pub(super) struct Notes {
    path: Option<PathBuf>,
    known: BTreeMap<Way, Memory>,
    /// What was written last.
    written: Vec<u8>,
}

impl Notes {
    /// The notes beside a store; none when they cannot be read.
    pub(super) fn beside(dir: &Path, accounts: &AccountFile) -> Self {
        let path = dir.join(format!("{}.pace", accounts.store));
        let known = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let known: Vec<(Way, Memory)> = known;
        Self { path: Some(path), known: known.into_iter().collect(), written: Vec::new() }
    }

    /// Tells a connector what was asked before it was opened, by other accounts of the system as well.
    pub(super) fn tell(&self, way: &Way, connector: &Connector) {
        let mut memory = self.known.get(way).cloned().unwrap_or_default();
        for (_, other) in self.known.iter().filter(|(other, _)| other.1 == way.1) {
            memory.learn(other);
        }
        connector.recall(memory);
    }

    /// Takes note of what connectors asked, and writes it down where it is news.
    pub(super) fn keep(&mut self, connectors: &BTreeMap<Way, Connector>) {
        self.known.extend(connectors.iter().map(|(way, connector)| (way.clone(), connector.memory())));
        let Some(path) = &self.path else { return };
        let text = serde_json::to_vec(&self.known.iter().collect::<Vec<_>>()).unwrap_or_default();
        if text == self.written {
            return;
        }
        match write(path, &text) {
            Ok(()) => self.written = text,
            Err(error) => {
                tracing::warn!(%error, "the pace of the systems cannot be noted: the next command may have to wait");
            }
        }
    }

    /// Does some work with connectors, and keeps meanwhile what they ask. Who is told to stop finishes the step in
    /// hand; who is told twice does not.
    ///
    /// # Errors
    /// When told twice.
    pub(super) async fn during<T>(
        &mut self,
        connectors: &BTreeMap<Way, Connector>,
        stop: &AtomicBool,
        work: impl Future<Output = T>,
    ) -> anyhow::Result<T> {
        let mut signals = Signals::listen()?;
        tokio::pin!(work);
        let done = loop {
            tokio::select! {
                done = &mut work => break Ok(done),
                () = tokio::time::sleep(KEPT) => self.keep(connectors),
                () = signals.told() => {
                    if stop.swap(true, Ordering::SeqCst) {
                        let hint = "what is under way is searched for at the next start";
                        break Err(Stop::failed("told to stop at once", hint));
                    }
                    signal::wind_down(connectors.values());
                }
            }
        };
        self.keep(connectors);
        done
    }
}

/// Writes whole or not at all.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("pace.new");
    private(&fresh)?.write_all(text)?;
    fs::rename(fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_is_written_down_while_more_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.pace");
        let mut notes = Notes { path: Some(path.clone()), ..Notes::default() };
        let work = async {
            tokio::time::sleep(KEPT + KEPT / 2).await;
            path.exists()
        };
        assert!(notes.during(&BTreeMap::new(), &AtomicBool::new(false), work).await.unwrap());
    }
}
