//! What the binary carries checks clean.

use depara::config::files;
use depara::diagnostic::Diagnostics;
use depara::workspace::Workspace;

#[test]
fn the_shipped_workspace_checks_clean() {
    let opened = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
    let workspace = opened.unwrap_or_else(|complaints| panic!("{complaints}"));
    assert!(workspace.mappings.contains_key("omie-ploomes/clientes"));
}
