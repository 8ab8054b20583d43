//! `depara sync`.

use super::Exit;
use super::arguments::{CycleArguments, Global};
use super::render::Screen;

/// Runs one cycle of each mapping.
pub(super) fn run(
    _global: &Global,
    _arguments: &CycleArguments,
    _accept: bool,
    _screen: &mut Screen,
) -> anyhow::Result<Exit> {
    anyhow::bail!("the engine is missing")
}
