//! `depara demo`.

use super::Exit;
use super::arguments::{DemoArguments, Global};
use super::render::Screen;

/// Shows the main job on sandboxes.
pub(super) fn run(_global: &Global, _arguments: &DemoArguments, _screen: &mut Screen) -> anyhow::Result<Exit> {
    anyhow::bail!("the engine is missing")
}
