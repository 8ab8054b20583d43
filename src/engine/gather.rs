//! Reading both sides: what changed, what is not linked, what waits, what is gone.
//!
//! Records that are linked and hold what they held are dropped page by page, so that a quiet cycle
//! costs its pages and no memory. An absence is a suspicion: it is confirmed by asking for the
//! record itself.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::listing::Read;
use super::{Error, Options, Runner, Sibling};
use crate::config::mapping::Span;
use crate::config::system::Resource;
use crate::connector::{Listing, Row};
use crate::flaw::{self, Flaw};
use crate::link::Link;
use crate::mapping::Mapping;
use crate::record::{Record, Side, Sides};
use crate::store::{Change, Mark, Wait, Waiting};
use crate::sync::pair::take_keys;
use crate::sync::plan::{Origin, Planned};
use crate::sync::{Plan, Snapshot};

/// Ids of records of each side.
type Ids = Sides<BTreeSet<String>>;

/// Records that did not show when they were asked for, shared by the copies of a runner.
pub type Hidden = Arc<Mutex<Ids>>;

/// What was gathered.
pub(crate) struct Gathered {
    pub(crate) snapshot: Snapshot,
    pub(super) full: bool,
    pub(super) unchanged: u64,
    /// The moment the lists were read at.
    pub(super) read_ms: Sides<i64>,
    /// The moment from which they are read again if this reading does not count; none before the first whole one.
    pub(super) from_ms: Option<Sides<i64>>,
    pub(super) loose_ends: u64,
    /// The first of them, in words.
    pub(super) loose: Option<String>,
    /// How many rows each whole reference had.
    pub(super) known: BTreeMap<String, u64>,
    /// Records that wait and were not read: they are remembered as they were when they were kept back.
    remembered: Ids,
    /// One of them did not show when it was asked for.
    pub(super) doubt: bool,
}

/// What is known of one linked record while the pages come in.
#[derive(Clone, Copy)]
struct Known {
    print: u64,
    seen: bool,
}

/// What one side's pages leave behind.
#[derive(Default)]
struct Catch {
    known: HashMap<Box<str>, Known>,
    records: BTreeMap<String, Record>,
    unchanged: u64,
    rows: u64,
    /// The moment its list was read at.
    read_ms: i64,
    /// What is not linked and last changed before it is history.
    from_ms: Option<i64>,
}

impl Catch {
    /// Takes one page: keeps what changed or is not linked.
    fn take(&mut self, mapping: &Mapping, side: Side, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            let record = record_of(mapping, side, row);
            if let Some(known) = self.known.get_mut(record.id.as_str()) {
                known.seen = true;
                if known.print == record.body.print(mapping.print) {
                    self.unchanged += 1;
                    continue;
                }
            } else if record.changed_ms.is_some_and(|changed_ms| self.from_ms.is_some_and(|from| changed_ms < from)) {
                continue;
            }
            self.records.insert(record.id.clone(), record);
        }
    }
}

/// A row as a record: only what the mapping speaks of is kept.
pub(super) fn record_of(mapping: &Mapping, side: Side, row: Row) -> Record {
    let body = mapping.project(side, &row.body);
    Record { id: row.id, changed_ms: row.changed_ms, ours: row.ours, sibling: false, author: row.author, body }
}

impl Runner {
    /// Reads what one cycle needs. Sends only reads and leaves the store as it is.
    pub(crate) async fn gather(&self, options: Options) -> Result<Gathered, Error> {
        let began_ms = self.clock.now_ms();
        let mark = self.ledger.mark()?;
        let full = options.full || self.is_full_due(mark.as_ref(), began_ms);
        let (mut catches, linked) = self.known()?;
        let since = self.since(mark.as_ref(), full, began_ms)?;
        self.leave_history(&mut catches, since)?;
        let (left, right) = tokio::join!(
            self.list(Side::Left, since.map(|since| since.left), &mut catches.left),
            self.list(Side::Right, since.map(|since| since.right), &mut catches.right),
        );
        let mut listings = Sides::new(left?, right?);
        // One that always shows everything, and shows nothing where records are linked, is not all there is.
        for side in Side::BOTH.into_iter().filter(|_| since.is_some() && linked > 0 && !options.accept) {
            let listing = listings.get_mut(side);
            listing.complete &= listing.rows > 0 || !self.mapping.is_listed(side) || self.can_list_changes(side)?;
        }
        let whole = listings.left.complete && listings.right.complete;
        if !whole {
            let (mapping, left, right) = (&self.mapping.name, listings.left, listings.right);
            tracing::warn!(mapping, ?left, ?right, "a listing has holes, what is not linked waits for the next cycle");
        }
        let mut snapshot = Snapshot { linked, now_ms: began_ms, ..Snapshot::default() };
        // Without a list, or with a window, nobody can tell what is not there.
        snapshot.complete = Sides::each(|side| since.is_none() && whole && self.mapping.is_listed(side));
        snapshot.listed = Sides::each(|side| catches.get(side).rows);
        let read_ms = Sides::each(|side| catches.get(side).read_ms.min(began_ms));
        let from_ms = mark.as_ref().map(Mark::back_to_ms);
        let unchanged = catches.left.unchanged.max(catches.right.unchanged);
        let suspects = Sides::each(|side| {
            suspects(catches.get(side), *snapshot.complete.get(side) || flaw::is(Flaw::AbsenceIsDeath))
        });
        snapshot.records = catches.map(|catch| catch.records);

        let (attention, remembered) = self.waiting(&mut snapshot)?;
        self.answers(&mut snapshot)?;
        self.links(&mut snapshot, attention)?;
        if !whole && !flaw::is(Flaw::BornInHoles) {
            leave_unlinked(&mut snapshot);
        }
        for side in Side::BOTH {
            self.confirm_gone(&mut snapshot, side, suspects.get(side), options).await?;
        }
        self.counterparts(&mut snapshot).await?;
        self.beside(&mut snapshot)?;
        let open = self.leave_open(&mut snapshot)?;
        if snapshot.records.left.len() + snapshot.records.right.len() > 0 {
            snapshot.references = Arc::new(self.references()?);
        }
        let known = mark.map(|mark| mark.rows).filter(|_| !options.accept).unwrap_or_default();
        let torn: Vec<Side> = Side::BOTH.into_iter().filter(|side| !listings.get(*side).complete).collect();
        let loose = torn.first().map(|side| self.torn(*side, *listings.get(*side)));
        let loose =
            loose.or_else(|| (open > 0).then(|| "a creation without an answer is still searched for".to_owned()));
        let loose_ends = open + u64::try_from(torn.len()).unwrap_or(0);
        let doubt = false;
        Ok(Gathered { snapshot, full, unchanged, read_ms, from_ms, loose_ends, loose, known, remembered, doubt })
    }

    /// Reads what is remembered and is to move after all: it moves as it is by now. One that is not shown goes on
    /// waiting, with whom it would have been joined to, until everything was compared. True when there was any.
    pub(super) async fn read_again(&self, gathered: &mut Gathered, plan: &Plan) -> Result<bool, Error> {
        let moves = |planned: &&Planned| planned.origin == Origin::Matched || !planned.steps.is_empty();
        let moving: Vec<&Planned> = plan.pairs.iter().filter(moves).collect();
        let mut any = false;
        for side in Side::BOTH {
            let remembered = gathered.remembered.get_mut(side);
            let of = |planned: &&Planned| planned.ids.get(side).clone();
            let ids: Vec<String> = moving.iter().filter_map(of).filter(|id| remembered.remove(id)).collect();
            if ids.is_empty() || !self.can_fetch(side)? {
                continue;
            }
            any = true;
            let hidden = self.fetch(&mut gathered.snapshot, side, ids).await?;
            gathered.doubt |= !hidden.is_empty();
            gathered.snapshot.open.get_mut(side).extend(hidden);
        }
        Ok(any)
    }

    /// Asks for what a list shows as if a write of ours had never come: the list may lag, or the system left the record
    /// as it was. True when there was any.
    pub(super) async fn look_again(&self, snapshot: &mut Snapshot, plan: &Plan) -> Result<bool, Error> {
        let mut any = false;
        for side in Side::BOTH {
            let listed = plan.late.iter().filter(|late| *late.listed.get(side));
            let ids: Vec<String> = listed.map(|late| late.ids.get(side).clone()).collect();
            if ids.is_empty() || !self.can_fetch(side)? {
                continue;
            }
            any = true;
            self.fetch(snapshot, side, ids).await?;
        }
        if any {
            self.beside(snapshot)?;
        }
        Ok(any)
    }

    /// Reads records by their ids; tells which of them did not show.
    pub(super) async fn fetch(
        &self,
        snapshot: &mut Snapshot,
        side: Side,
        ids: Vec<String>,
    ) -> Result<BTreeSet<String>, Error> {
        let rows = self.ask_for(side, &ids).await?;
        let mut hidden = BTreeSet::from_iter(ids);
        snapshot.fetched.get_mut(side).extend(hidden.iter().cloned());
        for record in rows.into_iter().map(|row| record_of(&self.mapping, side, row)) {
            hidden.remove(&record.id);
            snapshot.records.get_mut(side).insert(record.id.clone(), record);
        }
        Ok(hidden)
    }

    /// Asks for records by their ids. What did not show is not asked for again until a cycle has come to its end and
    /// remembers it: a cycle that is halted, or fails, comes again and again, and each miss may be a failing answer.
    pub(super) async fn ask_for(&self, side: Side, ids: &[String]) -> Result<Vec<Row>, Error> {
        let mut asked: BTreeSet<String> = ids.iter().cloned().collect();
        asked.retain(|id| !self.hidden().get(side).contains(id));
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let (connector, resource) = self.end(side)?;
        let rows = connector.fetch(resource, &Vec::from_iter(asked.iter().cloned())).await?;
        for row in &rows {
            asked.remove(&row.id);
        }
        self.hidden().get_mut(side).extend(asked);
        Ok(rows)
    }

    pub(super) fn forget_hidden(&self) {
        *self.hidden() = Ids::default();
    }

    fn hidden(&self) -> MutexGuard<'_, Ids> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn can_fetch(&self, side: Side) -> Result<bool, Error> {
        let (connector, resource) = self.end(side)?;
        Ok(connector.system().resources.get(resource).is_some_and(Resource::can_fetch))
    }

    fn can_list_changes(&self, side: Side) -> Result<bool, Error> {
        let (connector, resource) = self.end(side)?;
        Ok(connector.system().resources.get(resource).is_some_and(Resource::can_list_changes))
    }

    /// Says of a list that it did not show all it announced.
    fn torn(&self, side: Side, Listing { rows, pages, .. }: Listing) -> String {
        let name = self.mapping.sides.get(side).name();
        format!("the list of {name} stopped at page {pages}, after {rows} records, before it had shown all there are")
    }

    /// Everything is compared at first, when the mapping was edited, as often as it says, and where all was read at a
    /// moment that has not come yet: the clock was put back since, and nobody knows how far all was seen.
    fn is_full_due(&self, mark: Option<&Mark>, now_ms: i64) -> bool {
        let Some(mark) = mark else { return true };
        let every = self.mapping.schedule.full_ms.and_then(|every| i64::try_from(every).ok());
        let last = mark.full_ms.unwrap_or(0);
        (mark.mapping != self.mapping.print && !flaw::is(Flaw::MappingEditUnnoticed))
            || mark.full_ms.is_none()
            || last.max(mark.read_ms.left).max(mark.read_ms.right) > now_ms
            || every.is_some_and(|every| now_ms.saturating_sub(last) >= every)
    }

    /// From where each side is read: behind the watermark, and never less far than the window;
    /// nothing when everything is.
    fn since(&self, mark: Option<&Mark>, full: bool, now_ms: i64) -> Result<Option<Sides<i64>>, Error> {
        let schedule = self.mapping.schedule;
        let window = match schedule.window {
            Span::Last(_) if full => return Ok(None),
            Span::Last(ms) => now_ms.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)),
            Span::Today => self.midnight(now_ms)?,
        };
        let back = |back_to_ms: i64| back_to_ms.saturating_sub(self.overlap_ms()).min(window);
        Ok(Some(mark.map_or(Sides::new(window, window), |mark| mark.back_to_ms().map(back))))
    }

    fn overlap_ms(&self) -> i64 {
        i64::try_from(self.mapping.schedule.overlap_ms).unwrap_or(i64::MAX)
    }

    /// Where nothing but today is read, the first day is the one on which it was first tried.
    pub(super) fn note_first_day(&self) -> Result<(), Error> {
        if self.mapping.schedule.window != Span::Today || self.ledger.mark()?.is_some() {
            return Ok(());
        }
        let read_ms = self.midnight(self.clock.now_ms())?.saturating_add(self.overlap_ms());
        let (read_ms, mapping) = (Sides::new(read_ms, read_ms), self.mapping.print);
        let mark = Mark { read_ms, back_to_ms: None, mapping, full_ms: None, rows: BTreeMap::new() };
        Ok(self.ledger.write(vec![Change::PutMark(mark)])?)
    }

    /// Where history never moves, no row of it does either, though a system that heeds no window lists it.
    fn leave_history(&self, catches: &mut Sides<Catch>, since: Option<Sides<i64>>) -> Result<(), Error> {
        let Some(since) = since.filter(|_| self.mapping.schedule.window == Span::Today) else { return Ok(()) };
        for side in Side::BOTH.into_iter().filter(|side| self.mapping.flows_to(side.other())) {
            catches.get_mut(side).from_ms = Some(self.midnight(*since.get(side))?);
        }
        Ok(())
    }

    /// The last midnight where the giving side is.
    fn midnight(&self, now_ms: i64) -> Result<i64, Error> {
        let giving = if self.mapping.flows_to(Side::Left) { Side::Right } else { Side::Left };
        let zone = self.end(giving)?.0.system().zone.clone();
        let moment = Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(zone);
        Ok(moment.start_of_day().map_or(now_ms, |midnight| midnight.timestamp().as_millisecond()))
    }

    /// What the store knows of linked records, and how many links are alive.
    fn known(&self) -> Result<(Sides<Catch>, u64), Error> {
        let mut catches: Sides<Catch> = Sides::default();
        let mut linked = 0;
        self.ledger.each_outline(|link| {
            linked += u64::from(link.gone == Sides::default());
            for side in Side::BOTH {
                let seen = *link.gone.get(side);
                // A record that was gone and is seen again is looked at, whatever it holds.
                let known = Known { print: if seen { 0 } else { link.base.get(side).print }, seen };
                catches.get_mut(side).known.insert(link.ids.get(side).as_str().into(), known);
            }
        })?;
        Ok((catches, linked))
    }

    /// Reads one side's list, or takes it as another mapping read it a moment ago.
    async fn list(&self, side: Side, since_ms: Option<i64>, catch: &mut Catch) -> Result<Listing, Error> {
        catch.read_ms = self.clock.now_ms();
        if !self.mapping.is_listed(side) {
            return Ok(Listing { rows: 0, pages: 0, complete: true });
        }
        let (connector, resource) = self.end(side)?;
        let mapping = &self.mapping;
        let mut shared = self.listings.hold(&mapping.sides.get(side).name()).await;
        let now_ms = self.clock.now_ms();
        let known = shared.as_deref().and_then(Option::as_ref).filter(|read| read.serves(now_ms, since_ms));
        if let Some(read) = known {
            let (read_ms, listing) = read.told();
            catch.take(mapping, side, read.rows());
            (catch.read_ms, catch.rows) = (read_ms, listing.rows);
            return Ok(listing);
        }
        catch.read_ms = now_ms;
        let mut fresh = shared.as_ref().map(|_| Read::begin(now_ms, since_ms));
        let mut take = |rows: Vec<Row>| {
            if let Some(fresh) = &mut fresh {
                fresh.keep(&rows);
            }
            catch.take(mapping, side, rows);
        };
        let listing = connector.list(resource, since_ms, &mut take).await?;
        catch.rows = listing.rows;
        if let Some(slot) = &mut shared {
            **slot = fresh.and_then(|fresh| fresh.end(listing));
        }
        Ok(listing)
    }

    /// What changed on a side since a moment, and when that was listed; nothing where no list can be cut to changes.
    pub(super) async fn changed_since(&self, side: Side, ms: i64) -> Result<Option<(i64, Vec<Record>)>, Error> {
        if !self.can_list_changes(side)? {
            return Ok(None);
        }
        let mut catch = Catch::default();
        self.list(side, Some(ms.saturating_sub(self.overlap_ms())), &mut catch).await?;
        Ok(Some((catch.read_ms, catch.records.into_values().collect())))
    }

    /// Brings back the records that wait. Says which linked ones must be looked at, and which of the others are
    /// only remembered.
    fn waiting(&self, snapshot: &mut Snapshot) -> Result<(Ids, Ids), Error> {
        let (mut attention, mut remembered) = <(Ids, Ids)>::default();
        let mut all: Vec<Waiting> = Vec::new();
        self.ledger.each_waiting(|waiting| all.push(waiting))?;
        for waiting in all {
            let (side, id) = (waiting.side, waiting.id);
            if waiting.kind == Wait::Quarantined {
                snapshot.blocked.get_mut(side).insert(id.clone(), waiting.print);
            }
            if self.ledger.link(side, &id)?.is_some() {
                if waiting.kind == Wait::Deferred || waiting.print == 0 {
                    attention.get_mut(side).insert(id);
                }
            } else if let Some(body) = waiting.body
                // In a complete listing a record that is not there any more waits no longer.
                && !snapshot.complete.get(side)
            {
                let record = Record {
                    id: id.clone(),
                    changed_ms: waiting.changed_ms,
                    ours: false,
                    sibling: false,
                    author: None,
                    body,
                };
                if let Entry::Vacant(free) = snapshot.records.get_mut(side).entry(id) {
                    remembered.get_mut(side).insert(free.key().clone());
                    free.insert(record);
                }
            }
        }
        Ok((attention, remembered))
    }

    fn answers(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        for conflict in self.ledger.open_conflicts()? {
            let Some(left) = conflict.ids.left.clone() else { continue };
            let slot = (left, conflict.field.split('#').next().unwrap_or_default().to_owned());
            match (conflict.answered, conflict.winner) {
                (Some(answer), _) => {
                    snapshot.answers.insert(slot, (answer.side, Some(conflict.values)));
                }
                (None, Some(winner)) => drop(snapshot.decided.insert(slot, (winner, conflict.values))),
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// The links of all records at hand, and of those that need attention.
    fn links(&self, snapshot: &mut Snapshot, mut attention: Ids) -> Result<(), Error> {
        let answered = snapshot.answers.keys().map(|(left, _)| left.clone());
        attention.left.extend(answered);
        let mut links: BTreeMap<String, Link> = BTreeMap::new();
        let mut unlinked = false;
        for side in Side::BOTH {
            for id in snapshot.records.get(side).keys().chain(attention.get(side)) {
                match self.ledger.link(side, id)? {
                    Some(link) => {
                        links.insert(link.ids.left.clone(), link);
                    }
                    None => unlinked = true,
                }
            }
        }
        if unlinked {
            let (mapping, taken, barely) = (&self.mapping, &mut snapshot.taken, &mut snapshot.barely_linked);
            self.ledger.each_link(|link| {
                take_keys(mapping, &link, taken);
                for side in Side::BOTH.into_iter().filter(|side| link.is_barely_linked(*side)) {
                    barely.get_mut(side).push(link.ids.get(side).clone());
                }
            })?;
        }
        snapshot.links = links.into_values().collect();
        Ok(())
    }

    /// Asks for linked records that a complete listing did not show.
    async fn confirm_gone(
        &self,
        snapshot: &mut Snapshot,
        side: Side,
        suspects: &[String],
        options: Options,
    ) -> Result<(), Error> {
        if suspects.is_empty() {
            return Ok(());
        }
        let limit = usize::try_from(self.mapping.limits.gone).unwrap_or(usize::MAX);
        // Beyond the limit, and where nothing is listed at all, the guard halts whatever the answer is: no
        // call is spent on it, unless somebody lets it go on.
        let halts = (suspects.len() > limit || *snapshot.listed.get(side) == 0) && !options.accept;
        let there: BTreeSet<String> = if halts || flaw::is(Flaw::AbsenceIsDeath) {
            BTreeSet::new()
        } else {
            self.ask_for(side, suspects).await?.into_iter().map(|row| row.id).collect()
        };
        for id in suspects.iter().filter(|id| !there.contains(*id)) {
            snapshot.gone.get_mut(side).insert(id.clone());
            if let Some(link) = self.ledger.link(side, id)?
                && !snapshot.links.iter().any(|one| one.ids == link.ids)
            {
                snapshot.links.push(link);
            }
        }
        Ok(())
    }

    /// Reads the other record of every pair of which only one was seen.
    async fn counterparts(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        for side in Side::BOTH {
            let missing: Vec<String> = snapshot
                .links
                .iter()
                .map(|link| link.ids.get(side))
                .filter(|id| !snapshot.records.get(side).contains_key(*id) && !snapshot.gone.get(side).contains(*id))
                .cloned()
                .collect();
            if missing.is_empty() {
                continue;
            }
            let hidden = self.fetch(snapshot, side, missing).await?;
            snapshot.missed.get_mut(side).extend(hidden);
        }
        Ok(())
    }

    /// Marks the records that wait to be seen as this mapping wrote them, and that another mapping may have
    /// written since: one login writes for all, and what the other one wrote is news here.
    pub(super) fn beside(&self, snapshot: &mut Snapshot) -> Result<(), Error> {
        if flaw::is(Flaw::SiblingIsEcho) {
            return Ok(());
        }
        for Sibling { ledger, side, there } in &self.siblings {
            for link in &snapshot.links {
                let (own, id) = (link.base.get(*side), link.ids.get(*side));
                let Some(record) = snapshot.records.get_mut(*side).get_mut(id) else { continue };
                if own.waits() && record.ours && !record.sibling {
                    let theirs = ledger.link(*there, id)?;
                    record.sibling = theirs.is_some_and(|theirs| theirs.base.get(*there).may_follow(own));
                }
            }
        }
        Ok(())
    }

    /// Tells what an unanswered creation was made from, and what may have come of it: nothing is created twice.
    fn leave_open(&self, snapshot: &mut Snapshot) -> Result<u64, Error> {
        let intents = self.ledger.intents()?;
        for intent in &intents {
            snapshot.open.get_mut(intent.side.other()).insert(intent.from.clone());
            snapshot.unanswered.push((intent.side.other(), intent.from.clone()));
            if let Some(search) = self.search_by(intent.side) {
                let key = search.key_of(intent);
                let records = snapshot.records.get(intent.side).values();
                let carriers = records.filter(|record| search.found_in(&record.body.value()) == key);
                snapshot.open.get_mut(intent.side).extend(carriers.map(|record| record.id.clone()));
            }
        }
        Ok(u64::try_from(intents.len()).unwrap_or(u64::MAX))
    }
}

/// Leaves aside what is not linked: in a listing with holes nobody can tell who is alone.
pub(super) fn leave_unlinked(snapshot: &mut Snapshot) {
    for side in Side::BOTH {
        let linked: BTreeSet<&String> = snapshot.links.iter().map(|link| link.ids.get(side)).collect();
        snapshot.records.get_mut(side).retain(|id, _| linked.contains(id));
    }
}

fn suspects(catch: &Catch, complete: bool) -> Vec<String> {
    if !complete {
        return Vec::new();
    }
    let mut ids: Vec<String> =
        catch.known.iter().filter(|(_, known)| !known.seen).map(|(id, _)| id.to_string()).collect();
    ids.sort();
    ids
}
