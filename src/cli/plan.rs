//! `depara plan`.

use super::Exit;
use super::arguments::{CycleArguments, Global};
use super::render::Screen;

/// Shows what cycles would send.
pub(super) fn run(_global: &Global, _arguments: &CycleArguments, _screen: &mut Screen) -> anyhow::Result<Exit> {
    anyhow::bail!("the engine is missing")
}
