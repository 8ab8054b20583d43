//! `depara completions` and `depara man`: what shells and manuals need, from the arguments themselves.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use serde_json::json;

use super::Exit;
use super::arguments::Arguments;
use super::render::Screen;

/// Prints what a shell needs to complete commands and options.
pub(super) fn completions(shell: clap_complete::Shell, screen: &mut Screen) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "depara", &mut script);
    screen.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Writes one manual page for each command, over those that are there.
pub(super) fn man(folder: &Path, screen: &mut Screen) -> anyhow::Result<Exit> {
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Arguments::command(), folder));
    written.with_context(|| format!("failed to write into `{}`", folder.display()))?;
    if screen.is_json() {
        screen.json(&json!({ "folder": folder.display().to_string() }))?;
    } else {
        screen
            .line(&format!("manual pages written to {0}; `man -l {0}/depara.1` shows the first", folder.display()))?;
    }
    Ok(Exit::Done)
}
