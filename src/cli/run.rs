//! `depara run`.

use super::Exit;
use super::arguments::{Global, ScopeArguments};
use super::render::Screen;

/// Runs as a service.
pub(super) fn run(_global: &Global, _arguments: &ScopeArguments, _screen: &mut Screen) -> anyhow::Result<Exit> {
    anyhow::bail!("the engine is missing")
}
