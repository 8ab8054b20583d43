//! `depara init`: an editable workspace, from what the binary carries and what the environment holds.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::open::environment;
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
    let (account, ways) = account_file(&files, &|name| environment(name).is_some_and(|value| !value.is_empty()))?;
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
    written(screen, folder, &files, &ways)?;
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

/// A system, and the variables that are to hold its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The system.
    pub system: String,
    /// The variables that are not set.
    pub unset: Vec<String>,
}

/// The account file for the systems and mappings of a set of files. Where the environment holds the
/// credentials of some systems, the others stand as comments.
fn account_file(files: &Files, is_set: &dyn Fn(&str) -> bool) -> anyhow::Result<(String, Vec<Way>)> {
    let workspace = Workspace::compile(files, &|_| None, Diagnostics::default())
        .map_err(|complaints| anyhow::anyhow!("what the binary carries does not check clean:\n{complaints}"))?;
    let mut used: Vec<&System> = Vec::new();
    for mapping in workspace.mappings.values() {
        for end in [&mapping.sides.left, &mapping.sides.right] {
            let system = workspace.project.systems.get(&end.system);
            used.extend(system.filter(|one| used.iter().all(|known| known.name != one.name)).map(|one| &**one));
        }
    }
    let unset =
        |system: &System| variables(system).into_iter().map(|(_, name)| name).filter(|name| !is_set(name)).collect();
    let ways: Vec<Way> = used.iter().map(|one| Way { system: one.name.clone(), unset: unset(one) }).collect();
    let reached: Vec<&str> = ways.iter().filter(|way| way.unset.is_empty()).map(|way| way.system.as_str()).collect();
    // Where nothing is known, nothing is left out.
    let is_reached = |name: &str| reached.is_empty() || reached.contains(&name);
    let systems: String = used.iter().map(|system| access(system, is_reached(&system.name))).collect();
    let enabled = |mapping: &Mapping| {
        let missing: Vec<String> = mapping.systems().into_iter().filter(|name| !is_reached(name)).collect();
        enabled(mapping, &missing)
    };
    let mappings: String = workspace.mappings.values().map(|mapping| enabled(mapping)).collect();
    let none = |text: String| {
        let runs = text.lines().any(|line| !line.trim_start().starts_with('#'));
        // Where nothing stands, the key stands empty.
        if runs { text } else { format!("{text}      {{}}\n") }
    };
    Ok((format!("{HEAD}store: {STORE}\n{ACCOUNTS}{}{MAPPINGS}{}", none(systems), none(mappings)), ways))
}

/// The entry of a mapping; one that needs parameters, or systems that are not reached, waits for them.
fn enabled(mapping: &Mapping, missing: &[String]) -> String {
    let (title, name) = (&mapping.title, &mapping.name);
    if !missing.is_empty() {
        let missing = missing.join(" and ");
        return format!(
            "      # {title}: runs once {missing} stands above and this is no comment.\n      # {name}: {{}}\n"
        );
    }
    let required: Vec<&Parameter> = mapping.declared.iter().filter(|parameter| parameter.required).collect();
    if required.is_empty() {
        return format!("      # {title}\n      {name}: {{}}\n");
    }
    let mut text = format!(
        "      # {title}: runs once these are given and their lines are no comments any more;\n      \
         # `depara doctor` lists what may be given.\n      # {name}:\n"
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
# One entry for each customer; add more below. The store keeps what it knows by the name: one that is
# renamed begins anew.
accounts:
  - account: acme
    # How each system is reached. `base_url` may be added to reach it at another address, such as
    # the one that `depara sandbox` prints.
    systems:
";

const MAPPINGS: &str = "    # The mappings that run for this customer.\n    mappings:\n";

/// One line that says how a system is reached.
fn access(system: &System, is_reached: bool) -> String {
    let secrets = variables(system).into_iter().map(|(secret, name)| format!("{secret}: \"${{{name}}}\""));
    let secrets = secrets.collect::<Vec<_>>().join(", ");
    let secrets = if secrets.is_empty() { "{}".to_owned() } else { format!("{{ {secrets} }}") };
    let (title, address, name) = (&system.title, &system.base_url, &system.name);
    if is_reached {
        return format!("      # {title}, at {address}\n      {name}: {secrets}\n");
    }
    format!("      # {title}, at {address}: its variables were not set.\n      # {name}: {secrets}\n")
}

/// The secrets of a system, each with the variable that is to hold it.
fn variables(system: &System) -> Vec<(&str, String)> {
    let variable = |secret: &str| format!("{}_{}", system.name, secret).to_uppercase().replace(['-', '.'], "_");
    system.secrets.iter().map(|secret| (secret.as_str(), variable(secret))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = "
system: NAME
base_url: https://NAME.example.com
secrets: [key]
resources: { things: { id: id, path: /things, list: { records: rows }, create: { answer: { id: id } }, update: { path: '/one/{id}' } } }
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
        let written = edit(account_file(&files, &|_| false).unwrap().0);
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

    #[test]
    fn what_the_environment_holds_decides_which_systems_are_reached() {
        let people = "mapping: erp-field/people\nlink: erp.things <=> field.things\nfields: { name <=> name: {} }\n";
        let (text, ways) = account_file(&files(&[people]), &|name| name == "ERP_KEY").unwrap();
        for line in [
            "      erp: { key: \"${ERP_KEY}\" }\n",
            "      # field: {",
            "      # erp-field/people: {}\n",
            "runs once field stands above",
        ] {
            assert!(text.contains(line), "`{line}` is not in\n{text}");
        }
        let unset = |way: &Way| (way.system.clone(), way.unset.clone());
        let expected = [("erp".to_owned(), vec![]), ("field".to_owned(), vec!["FIELD_KEY".to_owned()])];
        assert_eq!(ways.iter().map(unset).collect::<Vec<_>>(), expected);
        let (all, _) = account_file(&files(&[people]), &|_| true).unwrap();
        assert_eq!(all, account_file(&files(&[people]), &|_| false).unwrap().0, "who knows nothing leaves nothing out");
        assert!(all.contains("\n      erp-field/people: {}\n"), "{all}");
    }
}
