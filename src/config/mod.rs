//! YAML as written, and a whole workspace loaded: a [`Project`] or every complaint at once.

pub mod account;
pub mod address;
pub mod files;
pub mod line;
pub mod located;
pub mod mapping;
pub mod parameter;
pub mod system;
pub mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use account::AccountFile;
use files::{ACCOUNT_FILE, Files};
use line::TablePairs;
use located::Located;
use mapping::MappingSpec;
use system::System;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// A workspace as written: every file read, nothing compiled that needs the rules.
#[derive(Debug, Default)]
pub struct Project {
    /// The systems by name.
    pub systems: BTreeMap<String, Arc<System>>,
    /// The shared tables by name.
    pub tables: BTreeMap<String, TablePairs>,
    /// The mappings, in the order of their files.
    pub mappings: Vec<MappingSpec>,
    /// The scripts: name, file, text.
    pub scripts: Vec<(String, String, String)>,
    /// The cases: file and tree.
    pub cases: Vec<(String, Located)>,
    /// The explanations of mutants that survive: file and tree.
    pub mutants: Vec<(String, Located)>,
    /// The account file; `None` when there is none.
    pub accounts: Option<AccountFile>,
    /// Files of systems, tables and mappings that were complained about and gave nothing. What leads to them
    /// is no second mistake.
    pub torn: BTreeSet<String>,
}

impl Project {
    /// True when a system has a file, which was complained about.
    pub fn is_torn(&self, system: &str) -> bool {
        self.torn.contains(&format!("mappings/systems/{system}.yaml"))
    }

    /// True when a table has a file, which was complained about.
    pub fn is_torn_table(&self, table: &str) -> bool {
        self.torn.contains(&format!("mappings/tables/{table}.yaml"))
    }

    /// True when the file of some mapping was complained about: it may be the one a name leads to.
    pub fn has_torn_mapping(&self) -> bool {
        self.torn.iter().any(|path| matches!(kind_of(path), Kind::Mapping))
    }
}

/// Reads all files of a workspace. `env` answers `${NAME}` in the account file.
pub fn load(files: &Files, env: &dyn Fn(&str) -> Option<String>, complaints: &mut Diagnostics) -> Project {
    let mut project = Project::default();
    let unread = complaints.list.iter().filter(|one| one.code == Code::Unreadable);
    project.torn.extend(unread.filter_map(|one| one.place.as_ref().map(|place| place.file.to_string())));
    for (path, text) in files {
        match kind_of(path) {
            Kind::System => {
                if let Some(system) = System::load(path, text, complaints) {
                    let twin = project.systems.insert(system.name.clone(), Arc::new(system));
                    complain_twin(twin.map(|twin| (twin.name.clone(), "system")), path, complaints);
                } else {
                    project.torn.insert(path.clone());
                }
            }
            Kind::Table(name) => {
                if let Some(tree) = located::parse(path, text, complaints)
                    && let Some(pairs) = line::read_pairs(&tree, complaints)
                {
                    project.tables.insert(name, pairs);
                } else {
                    project.torn.insert(path.clone());
                }
            }
            Kind::Mapping => {
                if let Some(tree) = located::parse(path, text, complaints)
                    && let Some(spec) = MappingSpec::read(&tree, path, complaints)
                {
                    let twin = project.mappings.iter().find(|one| one.name == spec.name);
                    complain_twin(twin.map(|twin| (twin.name.clone(), "mapping")), path, complaints);
                    project.mappings.push(spec);
                } else {
                    project.torn.insert(path.clone());
                }
            }
            Kind::Script(name) => project.scripts.push((name, path.clone(), text.clone())),
            Kind::Case => {
                if let Some(tree) = located::parse(path, text, complaints) {
                    project.cases.push((path.clone(), tree));
                }
            }
            Kind::Mutants => {
                if let Some(tree) = located::parse(path, text, complaints) {
                    project.mutants.push((path.clone(), tree));
                }
            }
            Kind::Accounts => {
                if let Some(tree) = located::parse(path, text, complaints) {
                    project.accounts = Some(account::read(&tree, env, complaints));
                }
            }
            Kind::Other => complain_unused(path, complaints),
        }
    }
    complain_choices(&project, complaints);
    settle_parameters(&mut project, complaints);
    complain_accounts(&project, complaints);
    project
}

/// Gives each account the parameters of the mappings it runs.
fn settle_parameters(project: &mut Project, complaints: &mut Diagnostics) {
    let Project { accounts, mappings, .. } = project;
    for enabled in accounts.iter_mut().flat_map(|file| &mut file.accounts).flat_map(|account| &mut account.mappings) {
        let (name, place) = &enabled.name;
        if let Some(spec) = mappings.iter().find(|spec| spec.name == *name && !spec.torn) {
            enabled.parameters = parameter::settle(name, &spec.parameters, &enabled.given, place, complaints);
        }
    }
}

/// What offers values for a parameter must be a resource that can be listed, and hold those fields.
fn complain_choices(project: &Project, complaints: &mut Diagnostics) {
    for choices in project.mappings.iter().flat_map(|spec| &spec.parameters).filter_map(|one| one.choices.as_ref()) {
        let (system, name) = choices.of.split_once('.').unwrap_or((&choices.of, ""));
        let Some(system) = project.systems.get(system) else {
            if !project.is_torn(system) {
                let plain =
                    Diagnostic::new(Code::UnknownSystem, &choices.place, format!("no system is named `{system}`"));
                let near = plain.did_you_mean(system, project.systems.keys().map(String::as_str));
                complaints.push(near.because(format!("name {system}")));
            }
            continue;
        };
        let listed = || system.resources.values().filter(|resource| resource.can_list());
        let Some(resource) = listed().find(|resource| resource.name == name) else {
            let sentence = format!("no resource `{name}` of `{}` can be listed", system.name);
            let plain = Diagnostic::new(Code::UnknownResource, &choices.place, sentence);
            let near = plain.did_you_mean(name, listed().map(|resource| resource.name.as_str()));
            complaints.push(near.because(format!("name {}", choices.of)));
            continue;
        };
        for field in std::iter::once(&choices.by).chain(&choices.show) {
            if !resource.shape.is_empty() && !resource.shape.contains_key(field) {
                let plain =
                    Diagnostic::new(Code::UnknownPath, &choices.place, format!("`{}` has no `{field}`", choices.of));
                complaints.push(plain.did_you_mean(field, resource.shape.keys().map(String::as_str)));
            }
        }
    }
}

enum Kind {
    System,
    Table(String),
    Mapping,
    Script(String),
    Case,
    Mutants,
    Accounts,
    Other,
}

fn kind_of(path: &str) -> Kind {
    let yaml = |inner: &str| inner.strip_suffix(".yaml").map(str::to_owned);
    if path == ACCOUNT_FILE {
        Kind::Accounts
    } else if path.starts_with("tests/cases/") && path.ends_with(".yaml") {
        Kind::Case
    } else if path.starts_with("tests/mutants/") && path.ends_with(".yaml") {
        Kind::Mutants
    } else if let Some(name) = path.strip_prefix("scripts/").and_then(|inner| inner.strip_suffix(".rhai")) {
        Kind::Script(name.to_owned())
    } else if let Some(name) = path.strip_prefix("mappings/tables/").and_then(yaml) {
        Kind::Table(name)
    } else if path.starts_with("mappings/systems/") && path.ends_with(".yaml") {
        Kind::System
    } else if path.starts_with("mappings/") && path.ends_with(".yaml") {
        Kind::Mapping
    } else {
        Kind::Other
    }
}

/// A file under a name that nobody looks for is left out in silence otherwise.
fn complain_unused(path: &str, complaints: &mut Diagnostics) {
    let place = crate::diagnostic::Place::file(path);
    let plain = Diagnostic::new(Code::UnusedFile, &place, "no file is read under this name");
    complaints.push(plain.hint("name it `.yaml` under mappings or tests/cases, or `.rhai` under scripts"));
}

fn complain_twin(twin: Option<(String, &str)>, path: &str, complaints: &mut Diagnostics) {
    if let Some((name, kind)) = twin {
        let place = crate::diagnostic::Place::file(path);
        let sentence = format!("the {kind} `{name}` is described by two files");
        complaints.push(Diagnostic::new(Code::DuplicateName, &place, sentence).hint("rename or remove one of them"));
    }
}

/// Every name an account uses must lead somewhere, and every secret must be there.
fn complain_accounts(project: &Project, complaints: &mut Diagnostics) {
    for account in project.accounts.iter().flat_map(|file| &file.accounts) {
        for enabled in &account.mappings {
            let (name, place) = &enabled.name;
            let Some(mapping) = project.mappings.iter().find(|spec| spec.name == *name) else {
                if project.has_torn_mapping() {
                    continue;
                }
                let plain = Diagnostic::new(Code::UnknownMapping, place, format!("no mapping is named `{name}`"));
                let near = plain.did_you_mean(name, project.mappings.iter().map(|spec| spec.name.as_str()));
                complaints.push(near.because(format!("name {name}")));
                continue;
            };
            // A system under a wrong name is told as such.
            let astray = account.systems.keys().any(|name| !project.systems.contains_key(name));
            for end in [&mapping.link.left, &mapping.link.right].into_iter().filter(|_| !astray) {
                if project.systems.contains_key(&end.system) && !account.systems.contains_key(&end.system) {
                    let sentence =
                        format!("account `{}` runs `{name}` without access to `{}`", account.name, end.system);
                    complaints.push(
                        Diagnostic::new(Code::MissingKey, place, sentence)
                            .hint(format!("add `{}:` under `systems:` of this account", end.system))
                            .because(format!("access of {} to {}", account.name, end.system)),
                    );
                }
            }
        }
        complain_access(project, account, complaints);
    }
}

fn complain_access(project: &Project, account: &account::Account, complaints: &mut Diagnostics) {
    for (name, access) in &account.systems {
        let Some(system) = project.systems.get(name) else {
            let is_mapping = project.mappings.iter().any(|spec| spec.name == *name);
            // Without `mappings:`, what should stand there stands here; that the key is missing was told.
            if project.is_torn(name) || (is_mapping && account.mappings.is_empty()) {
                continue;
            }
            let sentence = format!("account `{}` has access to `{name}`, which no file describes", account.name);
            let plain = Diagnostic::new(Code::UnknownSystem, &access.place, sentence);
            let near = plain.did_you_mean(name, project.systems.keys().map(String::as_str));
            let told = if is_mapping { near.hint("a mapping stands under `mappings:`") } else { near };
            complaints.push(told.because(format!("name {name}")));
            continue;
        };
        // Each secret under a wrong name is one that is missing.
        let astray = access.places.keys().filter(|given| !system.secrets.contains(*given)).count();
        for secret in system.secrets.iter().filter(|secret| !access.secrets.contains_key(*secret)).skip(astray) {
            let sentence = format!("account `{}` gives no `{secret}` for `{name}`", account.name);
            complaints.push(Diagnostic::new(Code::MissingSecret, &account.place, sentence));
        }
        for (given, place) in access.places.iter().filter(|(given, _)| !system.secrets.contains(given)) {
            let plain = Diagnostic::new(Code::UnknownKey, place, format!("`{name}` has no secret `{given}`"));
            let known = system.secrets.iter().map(String::as_str).chain(std::iter::once("base_url"));
            complaints.push(plain.did_you_mean(given, known));
        }
    }
}
