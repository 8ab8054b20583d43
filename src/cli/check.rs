//! `depara check`: everything that is wrong with a workspace, at once.

use std::path::Path;

use super::Exit;
use super::open::{all_complaints, need_files};
use super::render::Screen;
use super::render::diagnostic::{complaints, verdict};

/// Checks a workspace.
pub(super) fn run(dir: &Path, screen: &mut Screen) -> anyhow::Result<Exit> {
    need_files(dir)?;
    let (files, found) = all_complaints(dir);
    complaints(screen, &found)?;
    verdict(screen, files.len(), &found)?;
    Ok(if found.is_sound() { Exit::Done } else { Exit::Failed })
}
