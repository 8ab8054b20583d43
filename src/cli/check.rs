//! `depara check`: everything that is wrong with a workspace, at once.

use std::path::Path;

use super::Exit;
use super::open::{all_complaints, need_files};
use super::render::Screen;
use super::render::diagnostic::{Weight, complaints, verdict};

/// Checks a workspace. A variable that is not set here is only a warning: the files are well.
pub(super) fn run(dir: &Path, screen: &mut Screen) -> anyhow::Result<Exit> {
    need_files(dir)?;
    let (files, written, unset) = all_complaints(dir);
    complaints(screen, Weight::Error, &written)?;
    complaints(screen, Weight::Warning, &unset)?;
    verdict(screen, files.len(), written.list.len(), unset.list.len())?;
    Ok(if written.is_clean() { Exit::Done } else { Exit::Failed })
}
