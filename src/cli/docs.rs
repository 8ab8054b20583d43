//! `depara docs`: the De × Para of the mappings, as Markdown or as one HTML page.

use serde_json::json;

use super::arguments::{DocsArguments, Global};
use super::render::{Screen, docs};
use super::{Exit, open};

/// Writes the De × Para of every mapping of the workspace, or of one.
pub(super) fn run(global: &Global, arguments: &DocsArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let workspace = open::offline(global, screen)?;
    let only = arguments.mapping.as_deref();
    if let Some(wanted) = only.filter(|wanted| !workspace.mappings.contains_key(*wanted)) {
        let known: Vec<&str> = workspace.mappings.keys().map(String::as_str).collect();
        return Err(open::unknown("mapping", wanted, &known));
    }
    if arguments.html {
        let html = docs::html(&workspace, only, arguments.language);
        if screen.is_json() { screen.json(&json!({ "html": html }))? } else { screen.text(&html)? }
    } else if screen.is_json() {
        for mapping in workspace.mappings.values().filter(|one| only.is_none_or(|name| name == one.name)) {
            let markdown = docs::section(&workspace, mapping, arguments.language);
            screen.json(&json!({ "mapping": mapping.name, "title": mapping.title, "markdown": markdown }))?;
        }
    } else {
        screen.text(&docs::page(&workspace, only, arguments.language))?;
    }
    Ok(Exit::Done)
}
