//! Where the pure part meets the world: cycles, their execution and their schedule.
//!
//! One cycle: settle what an earlier life left open, gather, reconcile, guard, execute. The plan
//! decides everything; the executor obeys and reports; memory moves on a confirmed answer only.

pub mod births;
pub mod capture;
mod carry;
mod closer;
pub mod compare;
mod conclude;
pub mod crew;
pub mod doctor;
mod execute;
mod gather;
pub mod listing;
mod newcomers;
pub mod price;
mod recover;
pub mod reference;
pub mod report;
pub mod sample;
pub mod schedule;
mod tell;
pub mod turn;
mod waiting;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Instrument as _;

use crate::clock::Clock;
use crate::config::account;
use crate::connector::{Connector, Failure};
use crate::flaw::{self, Flaw};
use crate::mapping::Mapping;
use crate::record::{Side, Sides};
use crate::store::Ledger;
use crate::sync::guard::{Halt, guard};
use crate::sync::{Plan, Snapshot};
use births::Births;
pub use gather::Hidden;
use listing::Listings;
use reference::{Cache, Links};
pub use report::Report;

/// One mapping of one account, ready to run. At most one cycle of it runs at a time: `&mut self`.
#[cfg_attr(test, derive(Clone))]
pub struct Runner {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The account.
    pub account: String,
    /// A connector to every system the mapping speaks of, by name.
    pub connectors: BTreeMap<String, Connector>,
    /// Rows of references read a moment ago, shared by the mappings of an account.
    pub cache: Cache,
    /// Lists that it shares with other mappings of the account.
    pub listings: Listings,
    /// Whose turn it is to bear records.
    pub births: Births,
    /// Where links live.
    pub ledger: Ledger,
    /// The links of the mappings it looks into, by name.
    pub links: BTreeMap<String, Links>,
    /// The most lines its journal keeps.
    pub journal_max: u64,
    /// The other mappings that join a resource it joins.
    pub siblings: Vec<Sibling>,
    /// The time.
    pub clock: Clock,
    /// How its last cycle went.
    pub last: Option<turn::Last>,
    /// Records that did not show when they were asked for, since a cycle last came to its end.
    pub hidden: Hidden,
    /// Set when the process is asked to stop: the step in hand is finished, no other is begun.
    pub stop: Arc<AtomicBool>,
}

/// Another mapping of the account, by a resource that both join.
#[derive(Clone)]
pub struct Sibling {
    /// What is remembered of it.
    pub ledger: Ledger,
    /// The side of the resource here.
    pub side: Side,
    /// Its side there.
    pub there: Side,
}

/// How one cycle is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Compare everything, not only what changed.
    pub full: bool,
    /// Go beyond the mapping's limits this once.
    pub accept: bool,
}

/// Why a cycle could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system did not answer a read.
    #[error(transparent)]
    Read(#[from] Failure),
    /// The store did not work.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The account gives no access to a system.
    #[error("the account has no connector to `{system}`")]
    NoConnector {
        /// The system.
        system: String,
    },
    /// A reference that had rows shows none.
    #[error("`{reference}` suddenly shows no row at all; if that is so, `--accept` goes on without it")]
    Vanished {
        /// The reference.
        reference: String,
    },
    /// A reference was read with holes: a value that is not found may well be there.
    #[error("`{reference}` showed fewer rows than it announced")]
    Torn {
        /// The reference.
        reference: String,
    },
    /// A record that was asked for by its id is not there.
    #[error("`{resource}` shows no record `{id}`")]
    Absent {
        /// The resource.
        resource: String,
        /// The id.
        id: String,
    },
    /// Looking things up never came to an end.
    #[error("the lookups of `{mapping}` never settle")]
    Lookups {
        /// The mapping.
        mapping: String,
    },
}

impl Error {
    /// What failed; of the store also from what, and what a person can do about it.
    pub fn told(&self) -> String {
        let mut text = self.to_string();
        if let Self::Store(error) = self {
            let mut cause = error.source();
            while let Some(next) = cause {
                text = format!("{text}: {next}");
                cause = next.source();
            }
            text = error.hint().map_or_else(|| text.clone(), |hint| format!("{text}; {hint}"));
        }
        text
    }
}

/// A plan with what it was made from.
pub struct Prepared {
    /// What was read.
    pub snapshot: Snapshot,
    /// What is intended.
    pub plan: Plan,
    /// Why it must not be carried out.
    pub halt: Option<Halt>,
    /// Everything was compared.
    pub full: bool,
    /// Everything is to be compared in the next cycle: a record that waits did not show when it was asked for.
    pub doubt: bool,
    /// Linked records that were seen and had not changed.
    pub unchanged: u64,
    /// The moment each list was read at, in milliseconds since 1970.
    pub read_ms: Sides<i64>,
    /// The moment from which they are read again if this reading does not count; none before the first whole one.
    pub from_ms: Option<Sides<i64>>,
    /// Listings that did not show all they announced, or creations without an answer.
    pub loose_ends: u64,
    /// The first of them, in words.
    pub loose: Option<String>,
}

impl Runner {
    /// The runner of a mapping that shares nothing with another one.
    pub fn alone(
        mapping: Arc<Mapping>,
        account: &str,
        connectors: BTreeMap<String, Connector>,
        ledger: Ledger,
        clock: Clock,
    ) -> Self {
        Self {
            mapping,
            account: account.to_owned(),
            connectors,
            cache: Cache::default(),
            listings: Listings::default(),
            births: Births::default(),
            ledger,
            links: BTreeMap::new(),
            journal_max: account::JOURNAL,
            siblings: Vec::new(),
            clock,
            last: None,
            hidden: Hidden::default(),
            stop: Arc::default(),
        }
    }

    /// Reads and plans; sends only reads and leaves the store as it is.
    ///
    /// # Errors
    /// When a system cannot be read or the store does not work.
    pub async fn plan(&mut self, options: Options) -> Result<Prepared, Error> {
        if flaw::is(Flaw::PlanWrites) {
            self.ledger.next_cycle(self.mapping.ends())?;
        }
        let mut gathered = self.gather(options).await?;
        let mut plan = self.reconcile(&mut gathered.snapshot, &gathered.known).await?;
        while self.read_again(&mut gathered, &plan).await?
            || self.look_again(&mut gathered.snapshot, &plan).await?
            || self.look_behind_absences(&mut gathered).await?
            || self.look_closer(&mut gathered, &plan).await?
            || self.look_who_is_barely_linked(&mut gathered.snapshot, &plan).await?
        {
            plan = self.reconcile(&mut gathered.snapshot, &gathered.known).await?;
        }
        let halt = guard(&self.mapping, &gathered.snapshot, &plan);
        Ok(Prepared {
            halt,
            plan,
            snapshot: gathered.snapshot,
            full: gathered.full,
            doubt: gathered.doubt,
            unchanged: gathered.unchanged,
            read_ms: gathered.read_ms,
            from_ms: gathered.from_ms,
            loose_ends: gathered.loose_ends,
            loose: gathered.loose,
        })
    }

    /// Runs one cycle.
    pub async fn cycle(&mut self, options: Options) -> Report {
        let _turn = self.births.turn(&self.mapping).await;
        self.clock.catch_up();
        let began_ms = self.clock.now_ms();
        let calls = self.calls();
        let mut report = self.blank_report();
        let span = tracing::info_span!("cycle", mapping = self.mapping.name, account = self.account);
        match self.try_cycle(options, &mut report).instrument(span).await {
            Ok(()) => {}
            Err(error) => report.failed = Some(self.failed(&error)),
        }
        for (system, made) in self.calls() {
            let before = calls.get(&system).copied().unwrap_or(0);
            report.calls.insert(system, made.saturating_sub(before));
        }
        report.ms = u64::try_from(self.clock.now_ms().saturating_sub(began_ms)).unwrap_or(0);
        report
    }

    async fn try_cycle(&mut self, options: Options, report: &mut Report) -> Result<(), Error> {
        self.note_first_day()?;
        self.recover().await?;
        let prepared = Box::pin(self.plan(options)).await?;
        report.unlinked = prepared.snapshot.references.unlinked();
        report.full = prepared.full;
        report.unchanged = prepared.unchanged;
        for side in Side::BOTH {
            *report.read.entry(self.mapping.sides.get(side).system.clone()).or_default() +=
                *prepared.snapshot.listed.get(side);
        }
        match prepared.halt.as_ref().filter(|_| !options.accept) {
            Some(halt) => {
                report.halted = Some(halt.reason.clone());
                self.tell_of_cycle(self.ledger.next_cycle(self.mapping.ends())?, "CycleHalted", &halt.reason)?;
                if flaw::is(Flaw::HaltIgnored) {
                    return self.execute(prepared, report).await;
                }
                Ok(())
            }
            None => {
                self.execute(prepared, report).await?;
                self.forget_hidden();
                Ok(())
            }
        }
    }

    /// Notes why a cycle could not go on, as far as the store can be written, and says it.
    fn failed(&self, error: &Error) -> String {
        let text = error.told();
        if !matches!(error, Error::Store(_))
            && let Err(error) = self.tell_of_cycle(0, "CycleFailed", &text)
        {
            tracing::warn!(mapping = self.mapping.name, reason = error.told(), "the journal cannot be written");
        }
        text
    }

    fn blank_report(&self) -> Report {
        let systems = || Side::BOTH.map(|side| (self.mapping.sides.get(side).system.clone(), 0)).into_iter().collect();
        Report {
            mapping: self.mapping.name.clone(),
            account: self.account.clone(),
            read: systems(),
            created: systems(),
            updated: systems(),
            ..Report::default()
        }
    }

    /// Calls made so far, by system and kind.
    pub fn calls_by_kind(&self) -> price::Calls {
        self.connectors.iter().map(|(name, connector)| (name.clone(), connector.calls())).collect()
    }

    /// What a plan costs: the calls made since `before`, which read, and those that carry it.
    pub fn price(&self, before: &price::Calls, plan: &Plan) -> price::Price {
        let system = |name: &str| self.connectors.get(name).map(Connector::system);
        let writes = price::writes(&self.mapping, plan, system);
        price::price(&price::since(before, self.calls_by_kind()), &writes, |name| system(name).map(|one| &one.pace))
    }

    /// Calls made so far, by system.
    fn calls(&self) -> BTreeMap<String, u64> {
        self.connectors.iter().map(|(name, connector)| (name.clone(), connector.calls().values().sum())).collect()
    }

    /// The connector of a system.
    fn connector(&self, system: &str) -> Result<&Connector, Error> {
        self.connectors.get(system).ok_or_else(|| Error::NoConnector { system: system.to_owned() })
    }

    /// The connector of a side, and its resource.
    fn end(&self, side: Side) -> Result<(&Connector, &str), Error> {
        let end = self.mapping.sides.get(side);
        Ok((self.connector(&end.system)?, &end.resource))
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
