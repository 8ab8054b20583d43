//! What the verbs start from: a workspace that checks clean, its store, and the chosen mappings.

use std::path::Path;
use std::sync::Arc;

use super::arguments::{Global, ScopeArguments};
use super::render::Screen;
use super::render::diagnostic::complaints;
use super::{Exit, Stop};
use crate::cases;
use crate::config::account::AccountFile;
use crate::config::files::{self, ACCOUNT_FILE, Files};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Weight, nearest};
use crate::engine::crew::Scope;
use crate::engine::turn::in_order;
use crate::store::{Ledger, MemoryStore, SledStore, Store};
use crate::workspace::Workspace;

/// Stands in for a variable that is not set, where nothing is sent.
const UNSET: &str = "unset";

/// The environment as the account file may use it.
pub fn environment(name: &str) -> Option<String> {
    // The one reading of the environment that `config` gets as an argument.
    std::env::var_os(name).and_then(|value| value.into_string().ok())
}

/// The environment where nothing is sent: what is not set there, or empty, is something.
pub(super) fn anything(name: &str) -> Option<String> {
    environment(name).filter(|value| !value.is_empty()).or_else(|| Some(UNSET.to_owned()))
}

/// Opens the workspace with its secrets, for verbs that speak with systems.
///
/// # Errors
/// [`Stop::Told`] when it has complaints; they are printed.
pub fn workspace(global: &Global, screen: &mut Screen) -> anyhow::Result<Workspace> {
    workspace_and_files(global, screen).map(|(workspace, _)| workspace)
}

/// The same, with the files it was made from.
///
/// # Errors
/// [`Stop::Told`] when it has complaints; they are printed.
pub fn workspace_and_files(global: &Global, screen: &mut Screen) -> anyhow::Result<(Workspace, Files)> {
    opened(&global.dir, &environment, screen)
}

/// Opens the workspace for verbs that send nothing: no secret need be set.
///
/// # Errors
/// [`Stop::Told`] when it has complaints; they are printed.
pub fn offline(global: &Global, screen: &mut Screen) -> anyhow::Result<Workspace> {
    offline_and_files(global, screen).map(|(workspace, _)| workspace)
}

/// The same, with the files it was made from.
///
/// # Errors
/// [`Stop::Told`] when it has complaints; they are printed.
pub fn offline_and_files(global: &Global, screen: &mut Screen) -> anyhow::Result<(Workspace, Files)> {
    offline_at(&global.dir, screen)
}

/// The same of any folder.
///
/// # Errors
/// [`Stop::Told`] when it has complaints; they are printed.
pub fn offline_at(dir: &Path, screen: &mut Screen) -> anyhow::Result<(Workspace, Files)> {
    opened(dir, &anything, screen)
}

/// The workspace as if it had no account yet: the file of them may be what is about to be written.
///
/// # Errors
/// [`Stop::Told`] when it has complaints; they are printed.
pub fn without_accounts(global: &Global, screen: &mut Screen) -> anyhow::Result<Workspace> {
    need_folder(&global.dir)?;
    let mut complaints = Diagnostics::default();
    let mut files = files::workspace(&global.dir, &mut complaints);
    files.remove(ACCOUNT_FILE);
    compiled(&files, &anything, complaints, screen)
}

fn opened(dir: &Path, env: &dyn Fn(&str) -> Option<String>, screen: &mut Screen) -> anyhow::Result<(Workspace, Files)> {
    need_folder(dir)?;
    let mut complaints = Diagnostics::default();
    let files = files::workspace(dir, &mut complaints);
    Ok((compiled(&files, env, complaints, screen)?, files))
}

/// Compiles files that were read already, with the complaints met so far.
///
/// # Errors
/// [`Stop::Told`] when there are complaints; they are printed.
pub(super) fn compiled(
    files: &Files,
    env: &dyn Fn(&str) -> Option<String>,
    met: Diagnostics,
    screen: &mut Screen,
) -> anyhow::Result<Workspace> {
    match Workspace::compile(files, env, met) {
        Ok(workspace) => Ok(workspace),
        Err(mut found) => {
            found.list.retain(|one| one.weight == Weight::Error);
            complaints(screen, &found)?;
            Err(Stop::Told(Exit::Failed).into())
        }
    }
}

/// A folder that is not there is a slip of the keys, not an empty workspace.
pub(super) fn need_folder(dir: &Path) -> anyhow::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let sentence = format!("there is no folder `{}`", dir.display());
    Err(Stop::usage(sentence, format!("`depara init {}` makes a workspace there", dir.display())))
}

/// A folder without any file of a workspace is another folder than the one that was meant: what the
/// binary carries would be judged in its place.
pub(super) fn need_files(dir: &Path) -> anyhow::Result<()> {
    need_folder(dir)?;
    if has_files(dir) {
        return Ok(());
    }
    let sentence = format!("there is no workspace in `{}`", dir.display());
    let parts = files::FOLDERS.map(|folder| format!("{folder}/")).join(", ");
    Err(Stop::usage(sentence, format!("name the folder that holds {parts} or {ACCOUNT_FILE}")))
}

/// True for a folder with any file of a workspace in it.
pub(super) fn has_files(dir: &Path) -> bool {
    files::FOLDERS.iter().chain([&ACCOUNT_FILE]).any(|one| dir.join(one).exists())
}

/// All complaints of a workspace, those about its cases among them. A variable that is not set here is
/// only a warning: the files are well.
pub(super) fn all_complaints(dir: &Path) -> (Files, Diagnostics) {
    let mut read = Diagnostics::default();
    let files = files::workspace(dir, &mut read);
    let mut found = match Workspace::compile(&files, &anything, read.clone()) {
        Ok(workspace) => {
            let mut found = workspace.warnings.clone();
            cases::read(&workspace, &mut found);
            cases::mutants::explained(&workspace, &mut found);
            found
        }
        Err(found) => found,
    };
    let unset = Workspace::compile(&files, &environment, read).err().unwrap_or_default();
    let unset = unset.list.into_iter().filter(|one| one.code == Code::MissingSecret && !found.list.contains(one));
    if let Some(one) = together(unset.collect()) {
        found.push(Diagnostic { weight: Weight::Warning, ..one });
    }
    found.sort();
    (files, found)
}

/// Variables that are not set, in one complaint: on most machines that only check, none is.
fn together(mut unset: Vec<Diagnostic>) -> Option<Diagnostic> {
    let names: Vec<String> =
        unset.iter().filter_map(|one| Some(format!("`{}`", one.sentence.split('`').nth(1)?))).collect();
    if unset.len() < 2 {
        return unset.pop();
    }
    let sentence =
        format!("{} environment variables that accounts need are not set or empty: {}", unset.len(), names.join(", "));
    let hint = Some("`plan`, `sync` and `run` need them; `check` and `test` do without".to_owned());
    unset.into_iter().next().map(|first| Diagnostic { sentence, hint, ..first })
}

/// The accounts of a workspace.
///
/// # Errors
/// When it has no account file.
pub fn accounts<'a>(dir: &Path, workspace: &'a Workspace) -> anyhow::Result<&'a AccountFile> {
    workspace.project.accounts.as_ref().ok_or_else(|| {
        let sentence = format!("there is no `{ACCOUNT_FILE}` in `{}`", dir.display());
        Stop::usage(sentence, "`depara init FOLDER` writes one; --dir says which folder to use")
    })
}

/// Opens the store, and makes it when it is not there.
///
/// # Errors
/// When it is in use, damaged or cannot be written.
pub fn store(dir: &Path, accounts: &AccountFile) -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(SledStore::open(&dir.join(&accounts.store))?))
}

/// Opens the store to look at it: where none is, an empty one in memory stands in for it.
///
/// # Errors
/// When it is in use or damaged.
pub fn store_to_read(dir: &Path, accounts: &AccountFile) -> anyhow::Result<Arc<dyn Store>> {
    if dir.join(&accounts.store).is_dir() { store(dir, accounts) } else { Ok(Arc::new(MemoryStore::default())) }
}

/// Opens the store so that it stays as it is, byte for byte.
///
/// # Errors
/// When it is in use or damaged.
pub fn store_untouched(dir: &Path, accounts: &AccountFile) -> anyhow::Result<Arc<dyn Store>> {
    let dir = dir.join(&accounts.store);
    if dir.is_dir() { Ok(Arc::new(SledStore::open_copy(&dir)?)) } else { Ok(Arc::new(MemoryStore::default())) }
}

/// The mappings and accounts that were asked for, in the order of the account file.
///
/// # Errors
/// When a name leads nowhere.
pub fn scopes(
    accounts: &AccountFile,
    workspace: &Workspace,
    store: &Arc<dyn Store>,
    chosen: &ScopeArguments,
) -> anyhow::Result<Vec<Scope>> {
    let mut found = Vec::new();
    let mut known: (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for account in &accounts.accounts {
        known.0.push(&account.name);
        known.1.extend(account.mappings.iter().map(|enabled| enabled.name.0.as_str()));
        if chosen.account.as_ref().is_none_or(|wanted| *wanted == account.name) {
            let fits = |scope: &Scope| chosen.mapping.as_ref().is_none_or(|wanted| *wanted == scope.mapping.name);
            found.extend(Scope::of(account, &workspace.mappings, store).filter(fits));
        }
    }
    if let Some(wanted) = chosen.account.as_ref().filter(|wanted| !known.0.contains(&wanted.as_str())) {
        return Err(unknown("account", wanted, &known.0));
    }
    if let Some(wanted) = chosen.mapping.as_ref().filter(|_| found.is_empty()) {
        return Err(unknown("enabled mapping", wanted, &known.1));
    }
    let found = in_order(found, |one| &one.mapping.name, |one, other| one.mapping.references.contains(other));
    if found.is_empty() {
        let hint = format!("name one under `mappings:` of an account in {ACCOUNT_FILE}");
        return Err(Stop::failed("no account runs any mapping", hint));
    }
    warn_of_renamed(accounts, workspace, store, &found)?;
    refuse_swapped(&found)?;
    Ok(found)
}

/// Ends where the store's links were made with the sides the other way round: every id in it would be looked for in
/// the wrong system. Other resources than before are warned of: they may be the same ones, renamed.
fn refuse_swapped(found: &[Scope]) -> anyhow::Result<()> {
    for Scope { account, mapping, ledger } in found {
        let now = mapping.ends();
        let Some(was) = ledger.ends()?.filter(|was| *was != now) else { continue };
        let (is, [left, right]) = (Scope::name(&account.name, &mapping.name), &was);
        if [right, left] == [&now[0], &now[1]] {
            let hint = format!("write `link: {left} … {right}` in that order again, or give the mapping a new name");
            return Err(Stop::failed(format!("`{is}` has links whose left side is `{left}`"), hint));
        }
        let (now, was) = (now.join(" and "), was.join(" and "));
        tracing::warn!(mapping = is, now, was, "the links were made between other resources");
    }
    Ok(())
}

/// Says where a store knows nothing of what is run, and something of what looks like the same by another name: what is
/// renamed begins anew, and records meet for the first time.
fn warn_of_renamed(
    accounts: &AccountFile,
    workspace: &Workspace,
    store: &Arc<dyn Store>,
    found: &[Scope],
) -> anyhow::Result<()> {
    let known = Ledger::scopes(&**store)?;
    let is_account = |name: &str| accounts.accounts.iter().any(|account| account.name == name);
    for scope in found {
        let (account, mapping) = (&scope.account.name, &scope.mapping.name);
        if known.contains(&Scope::name(account, mapping)) {
            continue;
        }
        let old = known.iter().filter_map(|known| known.split_once('/')).find(|(of, name)| {
            (name == mapping && !is_account(of)) || (of == account && !workspace.mappings.contains_key(*name))
        });
        if let Some((of, name)) = old {
            let (now, was) = (Scope::name(account, mapping), Scope::name(of, name));
            tracing::warn!(now, was, "the store knows nothing by this name: what was renamed begins anew");
        }
    }
    Ok(())
}

/// The scopes of a workspace for a verb that only looks at, or notes something in, the store.
///
/// # Errors
/// When the workspace has complaints, a name leads nowhere, or the store cannot be opened.
pub(super) fn remembered(
    global: &Global,
    chosen: &ScopeArguments,
    screen: &mut Screen,
) -> anyhow::Result<(Workspace, Vec<Scope>)> {
    let workspace = offline(global, screen)?;
    let accounts = accounts(&global.dir, &workspace)?;
    let store = store_to_read(&global.dir, accounts)?;
    let scopes = scopes(accounts, &workspace, &store, chosen)?;
    Ok((workspace, scopes))
}

pub(super) fn unknown(kind: &str, wanted: &str, known: &[&str]) -> anyhow::Error {
    let near = nearest(wanted, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let hint =
        near.unwrap_or_else(|| format!("known: {}", if known.is_empty() { "none".into() } else { known.join(", ") }));
    Stop::usage(format!("no {kind} is named `{wanted}`"), hint)
}
