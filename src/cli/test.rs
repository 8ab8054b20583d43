//! `depara test`: the cases of a workspace.

use std::path::Path;

use super::Exit;
use super::arguments::Global;
use super::render::Screen;

/// Runs the cases.
pub(super) fn run(
    _global: &Global,
    _folder: Option<&Path>,
    _filter: Option<&str>,
    _screen: &mut Screen,
) -> anyhow::Result<Exit> {
    anyhow::bail!("the cases are missing")
}
