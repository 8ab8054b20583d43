//! `depara sandbox`.

use super::Exit;
use super::arguments::{Global, SandboxArguments};
use super::render::Screen;

/// Serves imitation systems.
pub(super) fn run(_global: &Global, _arguments: &SandboxArguments, _screen: &mut Screen) -> anyhow::Result<Exit> {
    anyhow::bail!("the engine is missing")
}
