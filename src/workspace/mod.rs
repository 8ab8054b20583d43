//! A whole workspace, compiled: what every command starts from.

mod blanks;
mod unused;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::config::account::Account;
use crate::config::files::{self, Files};
use crate::config::{self, Project};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::mapping::compile::{Known, compile};
use crate::mapping::{End, Mapping, Mappings};
use crate::record::Side;
use crate::reference::is_links;
use crate::rules::RuleSet;

/// A workspace without errors.
pub struct Workspace {
    /// As written.
    pub project: Project,
    /// The mappings, compiled.
    pub mappings: Mappings,
    /// The scripts, compiled.
    pub rules: Arc<RuleSet>,
    /// What runs and should be looked at.
    pub warnings: Diagnostics,
}

impl Workspace {
    /// Loads the workspace at `root`, over what the binary carries.
    ///
    /// # Errors
    /// Every complaint there is, warnings among them.
    pub fn open(root: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Diagnostics> {
        let mut complaints = Diagnostics::default();
        let files = files::workspace(root, &mut complaints);
        Self::compile(&files, env, complaints)
    }

    /// Compiles files that were read already, with the complaints met so far.
    ///
    /// # Errors
    /// Every complaint there is, warnings among them.
    pub fn compile(
        files: &Files,
        env: &dyn Fn(&str) -> Option<String>,
        mut complaints: Diagnostics,
    ) -> Result<Self, Diagnostics> {
        let project = config::load(files, env, &mut complaints);
        let scripts = project.scripts.iter().map(|(name, file, text)| (name.as_str(), file.as_str(), text.as_str()));
        let rules = Arc::new(RuleSet::compile(scripts, &mut complaints));
        let known = Known { project: &project, rules: &rules };
        let mut mappings: Mappings = BTreeMap::new();
        for spec in &project.mappings {
            if let Some(mapping) = compile(spec, &known, &mut complaints) {
                mappings.insert(mapping.name.clone(), Arc::new(mapping));
            }
        }
        complain_links(&project, &mappings, &mut complaints);
        complain_pairs(&project, &mappings, &mut complaints);
        complain_logins(&project, &mappings, &mut complaints);
        blanks::complain(&project, &mappings, &rules, &mut complaints);
        // What an error keeps from being read would look unused.
        if complaints.is_sound() {
            unused::complain(&project, &mappings, &rules, &mut complaints);
        }
        complaints.sort();
        if complaints.is_sound() {
            Ok(Self { project, mappings, rules, warnings: complaints })
        } else {
            Err(complaints)
        }
    }
}

/// A mapping that looks into the links of another runs where that one does.
fn complain_links(project: &Project, mappings: &Mappings, complaints: &mut Diagnostics) {
    for account in project.accounts.iter().flat_map(|file| &file.accounts) {
        for (name, place) in account.mappings.iter().map(|enabled| &enabled.name) {
            let Some(mapping) = mappings.get(name) else { continue };
            let runs = |other: &String| account.mappings.iter().any(|enabled| enabled.name.0 == *other);
            for other in mapping.references.iter().filter(|other| is_links(other) && !runs(other)) {
                let sentence = format!("`{name}` follows the links of `{other}`, which this account does not run");
                let hint = format!("add `{other}: {{}}` under `mappings:` of account `{}`", account.name);
                complaints.push(Diagnostic::new(Code::MissingKey, place, sentence).hint(hint));
            }
        }
    }
}

/// Two mappings of one account join the same resources. Each keeps its own links, so what one makes the other
/// takes for new, unless both leave records out on a side they share.
fn complain_pairs(project: &Project, mappings: &Mappings, complaints: &mut Diagnostics) {
    for account in project.accounts.iter().flat_map(|file| &file.accounts) {
        let mut before: Vec<&Mapping> = Vec::new();
        for (name, place) in account.mappings.iter().map(|enabled| &enabled.name) {
            let Some(mapping) = mappings.get(name) else { continue };
            for other in before.iter().filter(|other| is_same_pair(mapping, other) && !is_split(mapping, other)) {
                let sentence = format!(
                    "`{name}` joins {} and {}, and so does `{}`: records would be doubled",
                    mapping.sides.left.name(),
                    mapping.sides.right.name(),
                    other.name
                );
                let hint = "join them into one mapping, or split the records by a `keep` rule in each";
                complaints.push(Diagnostic::new(Code::SamePair, place, sentence).hint(hint));
            }
            before.push(mapping);
        }
    }
}

/// Two accounts write to one resource of one login. Each keeps its own links, and what one puts into a record the other
/// takes for an edit, unless a rule leaves records out there.
fn complain_logins(project: &Project, mappings: &Mappings, complaints: &mut Diagnostics) {
    let accounts: Vec<&Account> = project.accounts.iter().flat_map(|file| &file.accounts).collect();
    for (at, account) in accounts.iter().enumerate() {
        for (name, place) in account.mappings.iter().map(|enabled| &enabled.name) {
            let Some(mapping) = mappings.get(name) else { continue };
            let of = |other: &&&Account| other.mappings.iter().any(|enabled| enabled.name.0 == *name);
            for other in accounts.iter().take(at).filter(of) {
                let is_shared = |side: &Side| {
                    let end = mapping.sides.get(*side);
                    mapping.flows_to(*side) && end.keep.is_none() && is_one_login(account, other, &end.system)
                };
                let Some(side) = Side::BOTH.into_iter().find(is_shared) else { continue };
                let sentence = format!(
                    "`{}` and `{}` run `{name}` with one login to `{}`: what one writes the other takes for an edit",
                    other.name,
                    account.name,
                    mapping.sides.get(side).system
                );
                let hint = "run it for one of them, or tell whose a record is by a `keep` rule and a parameter";
                complaints.push(Diagnostic::new(Code::SharedLogin, place, sentence).hint(hint));
            }
        }
    }
}

/// True when two accounts reach a system at one place with the same secrets.
fn is_one_login(one: &Account, other: &Account, system: &str) -> bool {
    let access = |account: &Account| {
        let access = account.systems.get(system)?;
        let secrets: Vec<String> = access.secrets.values().map(|secret| secret.expose_secret().to_owned()).collect();
        let is_known = !secrets.is_empty() && secrets.iter().all(|secret| !secret.is_empty());
        is_known.then(|| (secrets, access.base_url.clone()))
    };
    access(one).is_some_and(|known| access(other) == Some(known))
}

fn ends(mapping: &Mapping) -> [&End; 2] {
    Side::BOTH.map(|side| mapping.sides.get(side))
}

fn is_same_pair(one: &Mapping, other: &Mapping) -> bool {
    let pair = |mapping| {
        let mut names = ends(mapping).map(End::name);
        names.sort();
        names
    };
    pair(one) == pair(other)
}

/// True when both leave records out on one resource.
fn is_split(one: &Mapping, other: &Mapping) -> bool {
    let keeps = |mapping, name: &str| ends(mapping).iter().any(|end| end.keep.is_some() && end.name() == name);
    ends(one).iter().map(|end| end.name()).any(|name| keeps(one, &name) && keeps(other, &name))
}
