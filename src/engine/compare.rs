//! Two versions of a mapping, planned on one reading: what does an edit change?
//!
//! The systems are read once, with all that either version speaks of, and everything is compared: which
//! records happened to change lately is nobody's edit. What the versions look up is asked once as well.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use super::gather::Gathered;
use super::reference::Links;
use super::{Error, Options, Runner};
use crate::config::mapping::Span;
use crate::connector::Connector;
use crate::mapping::{Mapping, print_of};
use crate::record::{Record, Side, Sides};
use crate::sync::guard::{Halt, guard};
use crate::sync::pair::take_keys;
use crate::sync::{Plan, Snapshot};

/// Another version of a mapping.
pub struct Version {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The links of the mappings it looks into, by name.
    pub links: BTreeMap<String, Links>,
    /// Connectors to systems that it alone speaks of.
    pub connectors: BTreeMap<String, Connector>,
}

/// A plan with what it was made from.
pub struct Made {
    /// What was read, as this version sees it.
    pub snapshot: Snapshot,
    /// What is intended.
    pub plan: Plan,
    /// Why it must not be carried out.
    pub halt: Option<Halt>,
}

impl Runner {
    /// Plans this version of the mapping, then another, on one reading; sends only reads and leaves the
    /// store as it is.
    ///
    /// # Errors
    /// When a system cannot be read or the store does not work.
    pub async fn plan_both(&self, other: Version) -> Result<[Made; 2], Error> {
        let there = self.with(other.mapping, other.links, other.connectors);
        let reading = there.with(Arc::new(whole(&self.mapping, &there.mapping)), BTreeMap::new(), BTreeMap::new());
        let Gathered { snapshot, known, .. } = reading.gather(Options { full: true, accept: false }).await?;
        let mut here = self.made(&snapshot, self.references()?.into(), &known).await?;
        let mut asked = mem::take(&mut here.snapshot.references);
        if let Some(asked) = Arc::get_mut(&mut asked) {
            asked.parameters = there.mapping.parameters.clone();
        }
        let mut there = there.made(&snapshot, asked, &known).await?;
        // What both looked up answers for either.
        here.snapshot.references = Arc::clone(&there.snapshot.references);
        there.snapshot.now_ms = here.snapshot.now_ms;
        Ok([here, there])
    }

    /// The same runner with another version of its mapping.
    fn with(&self, mapping: Arc<Mapping>, links: BTreeMap<String, Links>, more: BTreeMap<String, Connector>) -> Self {
        let mut connectors = self.connectors.clone();
        connectors.extend(more);
        Self {
            cache: self.cache.clone(),
            listings: self.listings.clone(),
            births: self.births.clone(),
            links,
            siblings: self.siblings.clone(),
            journal_max: self.journal_max,
            stop: Arc::clone(&self.stop),
            ..Self::alone(mapping, &self.account, connectors, self.ledger.clone(), self.clock.clone())
        }
    }

    /// The plan of this version, made on what was read for both.
    async fn made(
        &self,
        read: &Snapshot,
        references: Arc<crate::reference::References>,
        known: &BTreeMap<String, u64>,
    ) -> Result<Made, Error> {
        let mut snapshot = self.seen(read)?;
        snapshot.references = references;
        let plan = self.reconcile(&mut snapshot, known).await?;
        let halt = guard(&self.mapping, &snapshot, &plan);
        Ok(Made { snapshot, plan, halt })
    }

    /// What was read for both, as this version sees it.
    fn seen(&self, read: &Snapshot) -> Result<Snapshot, Error> {
        let mapping = &self.mapping;
        let mut taken = Sides::default();
        self.ledger.each_link(|link| take_keys(mapping, &link, &mut taken))?;
        let linked: Sides<BTreeSet<&String>> =
            Sides::each(|side| read.links.iter().map(|link| link.ids.get(side)).collect());
        let records = Sides::each(|side| {
            let all = read.records.get(side).iter();
            // A side that this version does not list shows it the twins of others alone.
            let shown = all.filter(|(id, _)| mapping.is_listed(side) || linked.get(side).contains(id));
            let cut = |record: &Record| {
                let body = mapping.project(side, &record.body.value());
                Record { body, ..record.clone() }
            };
            shown.map(|(id, record)| (id.clone(), cut(record))).collect()
        });
        Ok(Snapshot {
            links: read.links.clone(),
            records,
            open: read.open.clone(),
            unanswered: read.unanswered.clone(),
            taken,
            fetched: read.fetched.clone(),
            gone: read.gone.clone(),
            missed: read.missed.clone(),
            barely_linked: read.barely_linked.clone(),
            blocked: read.blocked.clone(),
            answers: read.answers.clone(),
            decided: read.decided.clone(),
            references: Arc::default(),
            complete: Sides::each(|side| *read.complete.get(side) && mapping.is_listed(side)),
            listed: read.listed,
            linked: read.linked,
            now_ms: read.now_ms,
        })
    }
}

/// A mapping that reads what either of two speaks of, and takes no record for unchanged.
fn whole(one: &Mapping, other: &Mapping) -> Mapping {
    let mut whole = one.clone();
    for side in Side::BOTH {
        whole.sides.get_mut(side).roots.extend(other.sides.get(side).roots.iter().cloned());
    }
    whole.print = print_of(&("both", one.print, other.print));
    whole.put_back |= other.put_back;
    whole.limits.gone = whole.limits.gone.max(other.limits.gone);
    if matches!(other.schedule.window, Span::Last(_)) {
        whole.schedule.window = other.schedule.window;
    }
    whole
}

/// What makes two versions read other things, in words: what was read is all that either needs.
pub fn reads_differ(one: &Mapping, other: &Mapping) -> Vec<String> {
    let mut found = Vec::new();
    let names = |mapping: &Mapping, side: Side| mapping.sides.get(side).roots.clone();
    for side in Side::BOTH {
        let name = one.sides.get(side).name();
        let (here, there) = (names(one, side), names(other, side));
        let only: Vec<&str> = here.symmetric_difference(&there).map(String::as_str).collect();
        if !only.is_empty() {
            found.push(format!("of {name} only one version reads {}", only.join(", ")));
        }
        if one.is_listed(side) != other.is_listed(side) {
            found.push(format!("only one version lists {name}"));
        }
    }
    let only: Vec<&str> = one.references.symmetric_difference(&other.references).map(String::as_str).collect();
    if !only.is_empty() {
        found.push(format!("only one version looks into {}", only.join(", ")));
    }
    found
}
