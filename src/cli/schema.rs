//! `depara schema`: what editors look into.

use std::fs;

use anyhow::Context as _;
use serde_json::json;

use super::arguments::{Global, Language, SchemaArguments};
use super::render::Screen;
use super::{Exit, open};
use crate::editor::{self, Tongue};

/// Writes the schemas and definitions into the workspace, over those that are there; or prints one.
pub(super) fn run(global: &Global, arguments: &SchemaArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let files = editor::files(match arguments.language {
        Language::En => Tongue::English,
        Language::Pt => Tongue::Portuguese,
    });
    if let Some(wanted) = &arguments.name {
        let named = |file: &str| file.split('.').next() == Some(wanted);
        let Some(text) = files.iter().find(|(file, _)| named(file)).map(|(_, text)| text) else {
            let known: Vec<&str> = files.keys().filter_map(|file| file.split('.').next()).collect();
            return Err(open::unknown("schema", wanted, &known));
        };
        screen.text(text)?;
        return Ok(Exit::Done);
    }
    open::need_files(&global.dir)?;
    let folder = global.dir.join(editor::FOLDER);
    let write = |(file, text): (&String, &String)| {
        let path = folder.join(file);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("failed to write `{}`", path.display()))
    };
    files.iter().try_for_each(write)?;
    if screen.is_json() {
        let names: Vec<&String> = files.keys().collect();
        screen.json(&json!({ "folder": folder.display().to_string(), "written": names }))?;
    } else {
        for file in files.keys() {
            screen.line(&format!("  {}", screen.paint().name(folder.join(file).display())))?;
        }
    }
    Ok(Exit::Done)
}
