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
use crate::config::parameter::{Kind, Parameter};
use crate::config::system::System;
use crate::diagnostic::Diagnostics;
use crate::editor::{self, Tongue};
use crate::mapping::Mapping;
use crate::workspace::Workspace;

/// What a folder under version control must not hold.
const IGNORE_FILE: &str = ".gitignore";
const IGNORED: &str = ".depara/\n.depara.pace\n.depara.salt\n";

/// Writes a workspace into a folder; touches nothing that is there.
pub(super) fn run(folder: &Path, screen: &mut Screen) -> anyhow::Result<Exit> {
    let mut files = files::carried();
    let account = account_file(&files)?;
    files.insert(ACCOUNT_FILE.to_owned(), account);
    let seen = editor::files(Tongue::English).into_iter();
    files.extend(seen.map(|(name, text)| (format!("{}/{name}", editor::FOLDER), text)));
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
        mappings.push_str(&enabled(mapping));
    }
    let systems: String = used.iter().map(|system| access(system)).collect();
    let none = |text: String| if text.is_empty() { "      {}\n".to_owned() } else { text };
    // Where nothing runs, the key stands empty.
    let runs = mappings.lines().any(|line| !line.trim_start().starts_with('#'));
    let mappings = if runs { mappings } else { format!("{mappings}      {{}}\n") };
    Ok(format!("{HEAD}store: {STORE}\n{ACCOUNTS}{}{MAPPINGS}{mappings}", none(systems)))
}

/// The entry of a mapping; one that needs parameters waits until somebody gives them.
fn enabled(mapping: &Mapping) -> String {
    let (title, name) = (&mapping.title, &mapping.name);
    let required: Vec<&Parameter> = mapping.declared.iter().filter(|parameter| parameter.required).collect();
    if required.is_empty() {
        return format!("      # {title}\n      {name}: {{}}\n");
    }
    let mut text = format!(
        "      # {title}: runs once these are given and their lines are no comments any more;\n      \
         # `depara docs --mapping {name}` tells what else may be given.\n      # {name}:\n"
    );
    for parameter in required {
        let value = match parameter.kind {
            Kind::Text => "\"\"",
            Kind::Integer | Kind::Number => "0",
            Kind::Bool => "false",
            Kind::List => "[]",
        };
        // A comment ends with its line.
        let about = parameter.title.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("      #   {}: {value} # {about}\n", parameter.name));
    }
    text
}

const HEAD: &str = "\
# yaml-language-server: $schema=schema/depara.json
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

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = "
system: NAME
base_url: https://NAME.example.com
secrets: [key]
resources: { things: { id: id, path: /things, list: { records: rows }, create: { answer: { id: id } }, update: {} } }
";
    const ORDERS: &str = r#"
mapping: erp-field/orders
title: Orders
link: erp.things <= field.things
parameters:
  stage: { title: Stage, default: "10" }
  account: { title: "The account\n of the books", kind: integer, required: true }
  category: { title: Category, required: true }
fields: { name <= name: {} }
"#;

    fn files(mappings: &[&str]) -> Files {
        let mut files: Files = ["erp", "field"]
            .map(|name| (format!("mappings/systems/{name}.yaml"), SYSTEM.replace("NAME", name)))
            .into_iter()
            .collect();
        for (at, text) in mappings.iter().enumerate() {
            files.insert(format!("mappings/erp-field/{at}.yaml"), (*text).to_owned());
        }
        files
    }

    /// What runs when the account file is the one that was written, after an edit.
    fn runs(mappings: &[&str], edit: impl Fn(String) -> String) -> Vec<String> {
        let mut files = files(mappings);
        let written = edit(account_file(&files).unwrap());
        files.insert(ACCOUNT_FILE.to_owned(), written.clone());
        let secret = |_: &str| Some("secret".to_owned());
        let workspace = Workspace::compile(&files, &secret, Diagnostics::default());
        let workspace = workspace.unwrap_or_else(|complaints| panic!("{complaints}\n{written}"));
        let account = workspace.project.accounts.unwrap().accounts.remove(0);
        account.mappings.into_iter().map(|enabled| enabled.name.0).collect()
    }

    #[test]
    fn a_mapping_that_needs_parameters_waits_for_them() {
        let people = "mapping: erp-field/people\nlink: erp.things <=> field.things\nfields: { name <=> name: {} }\n";
        assert_eq!(runs(&[ORDERS, people], |text| text), ["erp-field/people"]);
        assert_eq!(runs(&[ORDERS], |text| text), Vec::<String>::new());
        let given = |text: String| {
            assert!(text.contains("# erp-field/orders:") && text.contains("# The account of the books\n"), "{text}");
            assert!(!text.contains("stage"), "{text}");
            text.replace("# erp-field/orders:", "erp-field/orders:")
                .replace("#   account: 0", "  account: 7")
                .replace("#   category: \"\"", "  category: \"1.01\"")
                .replace("      {}\n", "")
        };
        assert_eq!(runs(&[ORDERS], given), ["erp-field/orders"]);
    }
}
