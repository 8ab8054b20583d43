//! The runners of an account file: for each mapping of each account its memory and its connectors, the
//! latter opened once for each account and shared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::births::{Births, born_in};
use super::listing::Listings;
use super::reference::{Cache, Links};
use super::{Runner, Sibling};
use crate::clock::Clock;
use crate::config::account::{Access, Account};
use crate::connector::Connector;
use crate::flaw::{self, Flaw};
use crate::mapping::{Mapping, Mappings};
use crate::record::Side;
use crate::store::{Ledger, Store};

/// One mapping of one account.
pub struct Scope {
    /// The account.
    pub account: Account,
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// What is remembered of it.
    pub ledger: Ledger,
}

impl Scope {
    /// The name of a scope in the store.
    pub fn name(account: &str, mapping: &str) -> String {
        if flaw::is(Flaw::AccountForgotten) {
            return mapping.to_owned();
        }
        format!("{account}/{mapping}")
    }

    /// The scopes of an account, in the order written.
    pub fn of<'a>(
        account: &'a Account,
        mappings: &'a Mappings,
        store: &'a Arc<dyn Store>,
    ) -> impl Iterator<Item = Self> + 'a {
        account.mappings.iter().filter_map(move |enabled| {
            let mapping = mappings.get(&enabled.name.0)?;
            let ledger = Ledger::new(Arc::clone(store), &Self::name(&account.name, &mapping.name));
            let mapping = Arc::new(mapping.of_account(enabled.parameters.clone()));
            Some(Self { account: account.clone(), mapping, ledger })
        })
    }
}

/// An account and a system.
pub type Way = (String, String);

/// Runners, and the connectors they share.
pub struct Crew {
    /// The runners, in the order of their scopes.
    pub runners: Vec<Runner>,
    /// The connectors, by account and system.
    pub connectors: BTreeMap<Way, Connector>,
}

/// Opens what each scope needs; `open` opens a connector.
///
/// # Errors
/// What `open` says.
pub fn crew<E>(
    mappings: &Mappings,
    scopes: Vec<Scope>,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
    mut open: impl FnMut(&Account, &str, &Access) -> Result<Option<Connector>, E>,
) -> Result<Crew, E> {
    let mut connectors = BTreeMap::<Way, Connector>::new();
    let mut caches: BTreeMap<String, (Cache, Listings, Births)> = BTreeMap::new();
    let lists = count(&scopes, listed);
    let births = count(&scopes, born_in);
    let mut runners = Vec::new();
    for Scope { account, mapping, ledger } in scopes {
        if !caches.contains_key(&account.name) {
            for (system, access) in &account.systems {
                let Some(opened) = open(&account, system, access)? else { continue };
                connectors.values().for_each(|other| opened.share(other));
                connectors.insert((account.name.clone(), system.clone()), opened);
            }
        }
        let (cache, listings, births) = caches.entry(account.name.clone()).or_insert_with(|| {
            let shared = |found: &Counts| {
                let several = found.iter().filter(|((of, _), mappings)| *of == account.name && **mappings > 1);
                several.map(|((_, name), _)| name.clone()).collect::<Vec<_>>()
            };
            (Cache::default(), Listings::of(shared(&lists)), Births::of(shared(&births)))
        });
        let systems = mapping.systems();
        let own = connectors.iter().filter(|((of, name), _)| *of == account.name && systems.contains(name));
        let own = own.map(|((_, system), connector)| (system.clone(), connector.counting_apart())).collect();
        runners.push(Runner {
            cache: cache.clone(),
            listings: listings.clone(),
            births: births.clone(),
            links: links(mappings, &account.name, &mapping, &ledger),
            siblings: siblings(mappings, &account.name, &mapping, &ledger),
            journal_max: account.journal_max,
            stop: Arc::clone(stop),
            ..Runner::alone(mapping, &account.name, own, ledger, clock.clone())
        });
    }
    Ok(Crew { runners, connectors })
}

/// How many mappings, by account and resource.
type Counts = BTreeMap<(String, String), usize>;

/// How many mappings of an account speak of each resource in some way.
fn count(scopes: &[Scope], of: impl Fn(&Mapping) -> Vec<String>) -> Counts {
    let mut found = Counts::new();
    for Scope { account, mapping, .. } in scopes {
        for name in of(mapping) {
            *found.entry((account.name.clone(), name)).or_default() += 1;
        }
    }
    found
}

/// What a mapping reads the list of.
fn listed(mapping: &Mapping) -> Vec<String> {
    let sides = Side::BOTH.into_iter().filter(|side| mapping.is_listed(*side));
    sides.map(|side| mapping.sides.get(side).name()).collect()
}

/// The other mappings that join a resource of a mapping, where the account keeps what it knows of them.
fn siblings(mappings: &Mappings, account: &str, mapping: &Mapping, ledger: &Ledger) -> Vec<Sibling> {
    let mut found = Vec::new();
    for other in mappings.values().filter(|other| other.name != mapping.name) {
        for (side, there) in Side::BOTH.into_iter().flat_map(|side| Side::BOTH.map(|there| (side, there))) {
            if mapping.sides.get(side).name() == other.sides.get(there).name() {
                found.push(Sibling { ledger: ledger.of_scope(&Scope::name(account, &other.name)), side, there });
            }
        }
    }
    found
}

/// The links that a mapping looks into, where the account keeps them.
pub fn links(mappings: &Mappings, account: &str, mapping: &Mapping, ledger: &Ledger) -> BTreeMap<String, Links> {
    let others = mapping.references.iter().filter_map(|name| mappings.get(name));
    others
        .map(|other| {
            let ledger = ledger.of_scope(&Scope::name(account, &other.name));
            (other.name.clone(), Links { ledger, systems: other.sides.as_ref().map(|end| end.system.clone()) })
        })
        .collect()
}
