//! `depara init`: an editable workspace, from what the binary carries.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::render::Screen;
use super::render::init::written;
use super::{Exit, Stop};
use crate::config::account::STORE;
use crate::config::files::{self, ACCOUNT_FILE, Files};
use crate::config::system::System;
use crate::diagnostic::Diagnostics;
use crate::workspace::Workspace;

/// What a folder under version control must not hold.
const IGNORE_FILE: &str = ".gitignore";
const IGNORED: &str = ".depara/\n.depara.pace\n";

/// Writes a workspace into a folder; touches nothing that is there.
pub(super) fn run(folder: &Path, screen: &mut Screen) -> anyhow::Result<Exit> {
    let mut files = files::carried();
    let account = account_file(&files)?;
    files.insert(ACCOUNT_FILE.to_owned(), account);
    let taken: Vec<&str> = files.keys().map(String::as_str).filter(|path| folder.join(path).exists()).collect();
    if let Some(first) = taken.first() {
        let more = if taken.len() > 1 { format!(" and {} more", taken.len() - 1) } else { String::new() };
        let sentence = format!("`{}`{more} would be overwritten; nothing was written", folder.join(first).display());
        return Err(Stop::failed(sentence, "name a new folder, or move these files away first"));
    }
    // An ignore file of the author's own stays as it is.
    if !folder.join(IGNORE_FILE).exists() {
        files.insert(IGNORE_FILE.to_owned(), IGNORED.to_owned());
    }
    write_all(folder, &files)?;
    written(screen, folder, &files)?;
    Ok(Exit::Done)
}

/// Writes files that are not there yet.
pub(super) fn write_all(folder: &Path, files: &Files) -> anyhow::Result<()> {
    files.iter().try_for_each(|(path, text)| {
        write(&folder.join(path), text).with_context(|| format!("failed to write `{}`", folder.join(path).display()))
    })
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // Whoever made the file since we looked keeps it.
    File::create_new(path)?.write_all(text.as_bytes())
}

/// The account file for the systems and mappings of a set of files.
fn account_file(files: &Files) -> anyhow::Result<String> {
    let workspace = Workspace::compile(files, &|_| None, Diagnostics::default())
        .map_err(|complaints| anyhow::anyhow!("what the binary carries does not check clean:\n{complaints}"))?;
    let mut used: Vec<&System> = Vec::new();
    let mut mappings = String::new();
    for mapping in workspace.mappings.values() {
        for end in [&mapping.sides.left, &mapping.sides.right] {
            let system = workspace.project.systems.get(&end.system);
            used.extend(system.filter(|one| used.iter().all(|known| known.name != one.name)).map(|one| &**one));
        }
        mappings.push_str(&format!("      # {}\n      {}: {{}}\n", mapping.title, mapping.name));
    }
    let systems: String = used.iter().map(|system| access(system)).collect();
    let none = |text: String| if text.is_empty() { "      {}\n".to_owned() } else { text };
    Ok(format!("{HEAD}store: {STORE}\n{ACCOUNTS}{}{MAPPINGS}{}", none(systems), none(mappings)))
}

const HEAD: &str = "\
# The workspace: where depara remembers, and for whom it works.
#
# `${NAME}` stands for an environment variable. It must be set before `depara plan`, `sync` and
# `run` start; `check` and `test` do without.

# Where links, watermarks and the journal are kept: a folder, relative to this file.
";

const ACCOUNTS: &str = "
# One entry for each customer; add more below. A name is only for people and for --account.
accounts:
  - account: acme
    # How each system is reached. `base_url` may be added to reach it at another address, such as
    # the one that `depara sandbox` prints.
    systems:
";

const MAPPINGS: &str = "    # The mappings that run for this customer.\n    mappings:\n";

/// One line that says how a system is reached.
fn access(system: &System) -> String {
    let variable = |secret: &str| format!("{}_{}", system.name, secret).to_uppercase().replace(['-', '.'], "_");
    let secrets = system.secrets.iter().map(|secret| format!("{secret}: \"${{{}}}\"", variable(secret)));
    let secrets = secrets.collect::<Vec<_>>().join(", ");
    let secrets = if secrets.is_empty() { "{}".to_owned() } else { format!("{{ {secrets} }}") };
    format!("      # {}, at {}\n      {}: {secrets}\n", system.title, system.base_url, system.name)
}
