//! Who plays: the mappings of a workspace that sandboxes can play, and how an analyst might edit them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::account::Account;
use crate::config::files::{ACCOUNT_FILE, Files};
use crate::config::mapping::Arrow;
use crate::diagnostic::Diagnostics;
use crate::mapping::Mapping;
use crate::mapping::field::{At, Field};
use crate::record::Side;
use crate::reference::is_links;
use crate::sandbox::town::Town;
use crate::workspace::Workspace;

/// Edits of the workspace that histories take over in mid-run.
const EDITS: usize = 2;

/// Every town of every history has this seed: what differs is drawn from the seed of the history.
const TOWN: u64 = 1;

/// A workspace ready to be played.
pub struct Stage {
    /// As it stands, then as somebody edited it.
    states: Vec<Workspace>,
    /// Names of mappings that play together.
    casts: Vec<Vec<String>>,
    /// Mappings that no sandbox can play.
    pub left_out: Vec<String>,
}

/// Why a workspace cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not check clean.
    #[error("the workspace has complaints:\n{0}")]
    Complaints(Diagnostics),
    /// No sandbox imitates what a mapping joins.
    #[error("no mapping joins two systems that a sandbox imitates; known: {known}")]
    NothingToPlay {
        /// The systems that are imitated.
        known: String,
    },
    /// There is no such mapping among those that can be played.
    #[error("no mapping that sandboxes can play is named `{wanted}`")]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// Those there are.
        known: Vec<String>,
    },
}

impl Stage {
    /// Compiles a workspace, with an account of the sandboxes in the place of its own.
    ///
    /// # Errors
    /// When it has complaints, or nothing in it can be played.
    pub fn open(files: &Files, mapping: Option<&str>) -> Result<Self, Error> {
        let mut files = files.clone();
        files.remove(ACCOUNT_FILE);
        let compile = |files: &Files| Workspace::compile(files, &|_| None, Diagnostics::default());
        let bare = compile(&files).map_err(Error::Complaints)?;
        let town = Town::empty(TOWN, |_| true);
        let members = town.members();
        let addresses = members.iter().map(|one| (one.name, format!("http://{}.sandbox", one.name))).collect();
        files.insert(ACCOUNT_FILE.to_owned(), account_file(&town, &bare, &addresses));
        let whole = compile(&files).map_err(Error::Complaints)?;
        let playing: Vec<String> = account(&whole)
            .map_or_else(Vec::new, |account| account.mappings.iter().map(|enabled| enabled.name.0.clone()).collect());
        if playing.is_empty() {
            let known: Vec<&str> = members.iter().map(|one| one.name).collect();
            return Err(Error::NothingToPlay { known: known.join(", ") });
        }
        let casts = match mapping {
            Some(wanted) if !playing.iter().any(|name| name == wanted) => {
                return Err(Error::Unknown { wanted: wanted.to_owned(), known: playing });
            }
            Some(wanted) => vec![with_links(&whole, wanted)],
            None => {
                let mut casts: Vec<Vec<String>> = playing.iter().map(|name| with_links(&whole, name)).collect();
                casts.extend((playing.len() > 1).then(|| playing.clone()));
                casts
            }
        };
        let left_out = whole.mappings.keys().filter(|name| !playing.contains(name)).cloned().collect();
        let edited = (0..EDITS).filter_map(|turn| compile(&edited(&files, &whole, turn)).ok());
        let edited: Vec<Workspace> = edited.collect();
        Ok(Self { states: std::iter::once(whole).chain(edited).collect(), casts, left_out })
    }

    /// The mappings of a cast.
    pub(super) fn cast(&self, number: usize) -> &[String] {
        number.checked_rem(self.casts.len()).and_then(|at| self.casts.get(at)).map_or(&[], Vec::as_slice)
    }

    /// The workspace after so many edits; the first state is the one that stands.
    pub(super) fn state(&self, number: usize) -> Option<&Workspace> {
        number.checked_rem(self.states.len()).and_then(|at| self.states.get(at))
    }

    /// Keys of the lines that a mapping lost by an edit.
    pub(super) fn lost_lines(&self, state: usize, mapping: &str) -> BTreeSet<String> {
        let lines = |state: usize| {
            let mapping = self.state(state).and_then(|workspace| workspace.mappings.get(mapping));
            let fields = mapping.into_iter().flat_map(|mapping| &mapping.fields);
            fields.map(|field| field.key.clone()).collect::<BTreeSet<_>>()
        };
        if state.checked_rem(self.states.len()) == Some(0) {
            return BTreeSet::new();
        }
        lines(0).difference(&lines(state)).cloned().collect()
    }

    /// The account of a state, with the mappings of a cast alone; others of other companies have a name of their
    /// own and are alike.
    pub(super) fn account(&self, state: usize, cast: usize, company: usize) -> Option<Account> {
        let mut account = self.state(state).and_then(account)?.clone();
        if company > 0 {
            account.name = format!("{}-{}", account.name, company + 1);
        }
        let names = self.cast(cast);
        account.mappings.retain(|enabled| names.contains(&enabled.name.0));
        Some(account)
    }

    /// The systems that a cast speaks with.
    pub(super) fn systems(&self, cast: usize) -> BTreeSet<String> {
        let workspace = self.state(0);
        let mappings = self.cast(cast).iter().filter_map(|name| workspace?.mappings.get(name));
        mappings.flat_map(|mapping| mapping.systems()).collect()
    }

    /// A town for one history.
    pub(super) fn town(&self, cast: usize) -> Town {
        let systems = self.systems(cast);
        Town::empty(TOWN, |name| systems.contains(name))
    }
}

fn account(workspace: &Workspace) -> Option<&Account> {
    workspace.project.accounts.as_ref().and_then(|file| file.accounts.first())
}

/// A mapping with those whose links it follows.
fn with_links(workspace: &Workspace, name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    let mut next = 0;
    while let Some(mapping) = names.get(next).and_then(|name| workspace.mappings.get(name)) {
        for other in mapping.references.iter().filter(|other| is_links(other)) {
            if !names.contains(other) {
                names.push(other.clone());
            }
        }
        next += 1;
    }
    names
}

/// An account file that reaches what is served, and runs the mappings between what is served.
pub fn account_file(town: &Town, workspace: &Workspace, addresses: &BTreeMap<&'static str, String>) -> String {
    let reached = |system: &str| addresses.contains_key(system) && workspace.project.systems.contains_key(system);
    let known = addresses.iter().filter(|(system, _)| reached(system));
    let known: BTreeMap<&str, String> = known.map(|(system, address)| (*system, address.clone())).collect();
    let between = |mapping: &&Arc<Mapping>| Side::BOTH.iter().all(|side| reached(&mapping.sides.get(*side).system));
    let mappings = workspace.mappings.values().filter(between);
    let names = mappings.map(|mapping| {
        (mapping.name.as_str(), mapping.declared.iter().map(|parameter| parameter.name.as_str()).collect())
    });
    town.account_file(&known, names)
}

/// The workspace after an edit: in each mapping one line fewer, another one in each turn.
fn edited(files: &Files, workspace: &Workspace, turn: usize) -> Files {
    let mut files = files.clone();
    for mapping in workspace.mappings.values() {
        let Some(text) = files.get_mut(&*mapping.file) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let free: Vec<usize> = removable(mapping, &lines).collect();
        let Some(line) = turn.checked_rem(free.len()).and_then(|at| free.get(at)) else { continue };
        let kept = lines.iter().enumerate().filter(|(at, _)| at + 1 != *line);
        *text = kept.map(|(_, line)| format!("{line}\n")).collect();
    }
    files
}

/// Lines that can go without anybody missing them: both ways, on a line of their own, no key, and
/// nothing that a newborn record must have.
fn removable<'a>(mapping: &'a Mapping, lines: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    let lent: BTreeSet<usize> = mapping
        .fields
        .iter()
        .flat_map(|field| [field.ends.left.if_empty, field.ends.right.if_empty])
        .flatten()
        .collect();
    mapping.fields.iter().enumerate().filter_map(move |(index, field)| {
        let plain = field.arrow == Arrow::Both
            && Side::BOTH.iter().all(|side| matches!(field.ends.get(*side).at, At::Path(_)))
            && !mapping.keys.contains(&index)
            && !feeds_required(mapping, field)
            && !lent.contains(&index);
        let line = Some(field.place.line).filter(|_| plain)?;
        let text = lines.get(line.checked_sub(1)?)?;
        (text.starts_with("  ") && !text.starts_with("   ") && text.trim_end().ends_with('}')).then_some(line)
    })
}

fn feeds_required(mapping: &Mapping, field: &Field) -> bool {
    Side::BOTH.iter().any(|side| match &field.ends.get(*side).at {
        At::Path(path) => mapping.sides.get(*side).required.iter().any(|(needed, _)| needed.text() == path.text()),
        At::Member { .. } => false,
    })
}
