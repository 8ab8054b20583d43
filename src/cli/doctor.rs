//! `depara doctor`: is an account ready, and what does it turn out to be? End to end, with reads alone.
//!
//! What an account still lacks (a variable, a parameter) is a finding here and keeps nothing else from
//! being looked at; any other mistake of the files is for `check`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use secrecy::ExposeSecret as _;

use super::arguments::{DoctorArguments, Global};
use super::open::{self, environment};
use super::pace::Notes;
use super::render::diagnostic::complaints;
use super::render::doctor::{self as shown, Place};
use super::render::{Screen, progress};
use super::runners::{block_on, connector};
use super::{Exit, Stop};
use crate::clock::Clock;
use crate::config::account::{self, Access, Account};
use crate::config::files::{self, ACCOUNT_FILE, Files};
use crate::config::located;
use crate::config::parameter::{self, Parameter};
use crate::config::system::Health;
use crate::connector::Connector;
use crate::diagnostic::{Code, Diagnostics, Weight};
use crate::engine::crew::{Crew, Scope, crew};
use crate::engine::doctor::{Doctor, Finding, is_whole};
use crate::engine::turn::in_order;
use crate::mapping::Mapping;
use crate::reference::is_links;
use crate::store::Store;
use crate::workspace::Workspace;

/// Stands before the name of a variable that is not set or empty.
const UNSET: &str = "\u{1}unset:";

/// Looks at the chosen accounts.
pub(super) fn run(global: &Global, asked: &DoctorArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let workspace = workspace(&global.dir, screen)?;
    let accounts = open::accounts(&global.dir, &workspace)?;
    let names: Vec<&str> = accounts.accounts.iter().map(|account| account.name.as_str()).collect();
    if let Some(wanted) = asked.account.as_ref().filter(|wanted| !names.contains(&wanted.as_str())) {
        return Err(open::unknown("account", wanted, &names));
    }
    let store = open::store_untouched(&global.dir, accounts)?;
    let mut notes = Notes::beside(&global.dir, accounts);
    let mut told = shown::Told::default();
    let chosen = accounts.accounts.iter().filter(|one| asked.account.as_ref().is_none_or(|wanted| *wanted == one.name));
    for account in chosen {
        let visit = Visit { workspace: &workspace, account, store: &store };
        block_on(visit.run(&mut notes, &mut told, screen))?;
    }
    shown::end(screen, &told)?;
    Ok(if told.failures > 0 { Exit::Failed } else { Exit::Done })
}

/// The workspace, where an account may lack what it must give.
fn workspace(dir: &Path, screen: &mut Screen) -> anyhow::Result<Workspace> {
    open::need_folder(dir)?;
    let env =
        |name: &str| environment(name).filter(|value| !value.is_empty()).or_else(|| Some(format!("{UNSET}{name}")));
    let mut met = Diagnostics::default();
    let mut files = files::workspace(dir, &mut met);
    let mut found = match Workspace::compile(&files, &env, met.clone()) {
        Ok(workspace) => return Ok(workspace),
        Err(found) => found,
    };
    found.list.retain(|one| one.weight == Weight::Error);
    if found.list.iter().all(|one| one.code == Code::MissingParameter)
        && let Some(text) = files.remove(ACCOUNT_FILE)
        && let Ok(workspace) = lenient(&files, &text, &env, met)
    {
        return Ok(workspace);
    }
    complaints(screen, &found)?;
    Err(Stop::Told(Exit::Failed).into())
}

/// The same without the account file, which is read by itself.
fn lenient(
    files: &Files,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
    met: Diagnostics,
) -> Result<Workspace, Diagnostics> {
    let mut workspace = Workspace::compile(files, env, met)?;
    let mut known = Diagnostics::default();
    let tree = located::parse(ACCOUNT_FILE, text, &mut known);
    let mut accounts = tree.map(|tree| account::read(&tree, env, &mut known));
    for enabled in accounts.iter_mut().flat_map(|file| &mut file.accounts).flat_map(|account| &mut account.mappings) {
        let (name, place) = &enabled.name;
        if let Some(spec) = workspace.project.mappings.iter().find(|spec| spec.name == *name) {
            enabled.parameters = parameter::settle(name, &spec.parameters, &enabled.given, place, &mut known);
        }
    }
    workspace.project.accounts = accounts;
    Ok(workspace)
}

/// One account, looked at.
struct Visit<'a> {
    workspace: &'a Workspace,
    account: &'a Account,
    store: &'a Arc<dyn Store>,
}

impl Visit<'_> {
    async fn run(&self, notes: &mut Notes, told: &mut shown::Told, screen: &mut Screen) -> anyhow::Result<()> {
        let clock = Clock::machine();
        let mut reached: BTreeMap<String, Connector> = BTreeMap::new();
        for (system, access) in &self.account.systems {
            match self.opened(system, access, &clock, notes) {
                Ok(found) => reached.extend(found.map(|found| (system.clone(), found))),
                Err(finding) => self.tell(system, vec![finding], told, screen)?,
            }
        }
        let scopes = in_order(
            Scope::of(self.account, &self.workspace.mappings, self.store).collect(),
            |one| &one.mapping.name,
            |one, other| one.mapping.references.contains(other),
        );
        let (ready, waiting): (Vec<Scope>, Vec<Scope>) = scopes.into_iter().partition(|scope| {
            lacking(&scope.mapping).is_empty() && scope.mapping.systems().iter().all(|one| reached.contains_key(one))
        });
        let waiting: Vec<Arc<Mapping>> = waiting.into_iter().map(|scope| scope.mapping).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let open = |_: &Account, name: &str, _: &Access| anyhow::Ok(reached.get(name).cloned());
        let Crew { runners, .. } = crew(&self.workspace.mappings, ready, &clock, &stop, open)?;
        let cache = runners.first().map(|runner| runner.cache.clone()).unwrap_or_default();
        let mut doctor = Doctor::new(reached.clone(), cache, clock);
        let references = self.references(&reached);
        let way = |(system, one): (&String, &Connector)| ((self.account.name.clone(), system.clone()), one.clone());
        let ways = reached.iter().map(way).collect();
        for system in reached.keys() {
            let name = format!("doctor of {}", self.account.name);
            let work = progress::during(&name, &reached, doctor.system(system, &references));
            let found = notes.during(&ways, &stop, Box::pin(work)).await?;
            self.tell(system, found, told, screen)?;
        }
        for mapping in self.asking(&waiting, &reached) {
            let enabled = waiting.iter().any(|one| one.name == mapping.name);
            self.tell(&mapping.name, missing(&mapping, enabled, &doctor), told, screen)?;
        }
        for mapping in waiting.iter().filter(|one| lacking(one).is_empty()) {
            self.tell(&mapping.name, vec![unready(mapping, &reached)], told, screen)?;
        }
        for mut runner in runners {
            let mapping = Arc::clone(&runner.mapping);
            if let Some(system) = doctor.shut(&mapping.systems()) {
                let text = format!("not planned: {system} lets nobody in");
                self.tell(&mapping.name, vec![Finding::new(Health::Note, text)], told, screen)?;
                continue;
            }
            let mut found = unknown_choices(&mapping, &doctor);
            let name = format!("plan of {}", self.account.name);
            let own = runner.connectors.clone();
            let work = progress::during(&name, &own, doctor.mapping(&mut runner));
            found.extend(notes.during(&ways, &stop, Box::pin(work)).await?);
            self.tell(&mapping.name, found, told, screen)?;
        }
        Ok(())
    }

    /// A connector, or what it lacks; nothing for a system that no file describes.
    fn opened(&self, name: &str, access: &Access, clock: &Clock, notes: &Notes) -> Result<Option<Connector>, Finding> {
        let given = access.secrets.values().map(|secret| secret.expose_secret()).chain(access.base_url.as_deref());
        let unset: Vec<String> =
            given.filter_map(|text| Some(text.split_once(UNSET)?.1)).map(|name| format!("`{name}`")).collect();
        if !unset.is_empty() {
            let (noun, verb) = if unset.len() == 1 { ("variable", "is") } else { ("variables", "are") };
            let text = format!("no credentials: the environment {noun} {} {verb} not set or empty", unset.join(", "));
            return Err(Finding::new(Health::Failure, text).hint("set it before starting: `export NAME=…`"));
        }
        connector(self.workspace, self.account, (name, access), clock, notes).map_err(|error| {
            let text = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
            Finding::new(Health::Failure, text).hint(format!("see {name} under `systems:` in {ACCOUNT_FILE}"))
        })
    }

    /// The references that are read as wholes: what mappings look into, and what offers parameters.
    fn references(&self, reached: &BTreeMap<String, Connector>) -> BTreeSet<String> {
        let enabled = self.account.mappings.iter().filter_map(|one| self.workspace.mappings.get(&one.name.0));
        let looked = enabled.flat_map(|mapping| mapping.references.iter().cloned());
        let near = self
            .workspace
            .mappings
            .values()
            .filter(|mapping| mapping.systems().iter().all(|one| reached.contains_key(one)));
        let offered =
            near.flat_map(|mapping| &mapping.declared).filter_map(|one| one.choices.as_ref().map(|one| one.of.clone()));
        let whole = |name: &String| {
            let system = name.split_once('.').and_then(|(system, _)| reached.get(system));
            !is_links(name) && system.is_some_and(|connector| is_whole(connector, name))
        };
        looked.chain(offered).filter(whole).collect()
    }

    /// Mappings that lack a parameter: those of the account, and those it could run.
    fn asking(&self, waiting: &[Arc<Mapping>], reached: &BTreeMap<String, Connector>) -> Vec<Arc<Mapping>> {
        let runs = |name: &str| self.account.mappings.iter().any(|one| one.name.0 == name);
        let could = self.workspace.mappings.values().filter(|one| {
            !runs(&one.name)
                && !lacking(one).is_empty()
                && one.systems().iter().all(|system| reached.contains_key(system))
        });
        waiting.iter().chain(could).filter(|one| !lacking(one).is_empty()).cloned().collect()
    }

    fn tell(
        &self,
        about: &str,
        found: Vec<Finding>,
        told: &mut shown::Told,
        screen: &mut Screen,
    ) -> anyhow::Result<()> {
        let place = Place { account: &self.account.name, about };
        shown::findings(screen, place, &found, told).map_err(Into::into)
    }
}

/// Why a mapping is not planned whose systems were not opened.
fn unready(mapping: &Mapping, reached: &BTreeMap<String, Connector>) -> Finding {
    let shut: Vec<String> = mapping.systems().into_iter().filter(|one| !reached.contains_key(one)).collect();
    let verb = if shut.len() == 1 { "is" } else { "are" };
    Finding::new(Health::Note, format!("not planned: {} {verb} not ready, as said above", shut.join(" and ")))
}

/// The parameters that an account must give and does not.
fn lacking(mapping: &Mapping) -> Vec<&Parameter> {
    mapping
        .declared
        .iter()
        .filter(|one| one.required && mapping.parameters.get(&one.name).is_none_or(|value| value.is_null()))
        .collect()
}

fn missing(mapping: &Mapping, enabled: bool, doctor: &Doctor) -> Vec<Finding> {
    let one = |parameter: &&Parameter| {
        let Parameter { name, title, .. } = parameter;
        let offered = parameter.choices.as_ref().map(|choices| doctor.choices(choices)).unwrap_or_default();
        let (is, text) = if enabled {
            (Health::Failure, format!("the parameter `{name}` is missing: {title}"))
        } else {
            (Health::Note, format!("does not run; would need `{name}`: {title}"))
        };
        let there = if offered.is_empty() { String::new() } else { format!("; there are: {}", offered.join(", ")) };
        Finding::new(is, text).hint(format!("write `{name}: …` under `{}:` in {ACCOUNT_FILE}{there}", mapping.name))
    };
    lacking(mapping).iter().map(one).collect()
}

/// Values that an account gives and its system does not offer.
fn unknown_choices(mapping: &Mapping, doctor: &Doctor) -> Vec<Finding> {
    let mut found = Vec::new();
    for parameter in &mapping.declared {
        let (Some(choices), Some(value)) = (&parameter.choices, mapping.parameters.get(&parameter.name)) else {
            continue;
        };
        for word in doctor.unknown(choices, value) {
            let text = format!("the parameter `{}` is `{word}`, which {} does not hold", parameter.name, choices.of);
            let hint = format!("there are: {}", doctor.choices(choices).join(", "));
            found.push(Finding::new(Health::Failure, text).hint(hint));
        }
    }
    found
}
