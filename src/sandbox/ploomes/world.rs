//! Every record of the imitated account, and the indices that make a page cheap.
//!
//! Contacts are kept in three orders: by id, by last update, and in the scattered but stable order
//! that a listing without `$orderby` shows. `put` and `take` are the only ways in and out, so the
//! orders can never disagree with the records.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::hooks::Event;
use super::row::Row;
use super::schema::{Link, Nav, Table};

/// The records of an account.
#[derive(Debug)]
pub(super) struct World {
    tables: BTreeMap<Table, BTreeMap<i64, Row>>,
    by_update: BTreeSet<(i64, i64)>,
    by_scatter: BTreeSet<(u64, i64)>,
    records_of: BTreeMap<i64, BTreeSet<i64>>,
    people_of: BTreeMap<i64, BTreeSet<i64>>,
    next: BTreeMap<Table, i64>,
    /// Earlier states of contacts, oldest first; `None` is: was not there.
    past: VecDeque<(i64, i64, Option<Row>)>,
    /// Changes that listeners have not been told of.
    pub(super) events: Vec<Event>,
    rng: fastrand::Rng,
    salt: u64,
}

/// Earlier states kept.
const PAST_MAX: usize = 2_000;

static NO_ROWS: BTreeMap<i64, Row> = BTreeMap::new();

impl World {
    /// An account without records, whose ids follow from the seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let salt = rng.u64(..) | 1;
        Self {
            tables: BTreeMap::new(),
            by_update: BTreeSet::new(),
            by_scatter: BTreeSet::new(),
            records_of: BTreeMap::new(),
            people_of: BTreeMap::new(),
            next: BTreeMap::new(),
            past: VecDeque::new(),
            events: Vec::new(),
            rng,
            salt,
        }
    }

    /// A new id: large, never the same from seed to seed, growing with gaps.
    pub(super) fn new_id(&mut self, table: Table) -> i64 {
        let step = self.rng.i64(1..=7);
        let start = self.rng.i64(10_000_000..90_000_000);
        let next = self.next.entry(table).or_insert(start);
        *next += step;
        *next
    }

    /// The records of one kind, by id.
    pub(super) fn rows(&self, table: Table) -> &BTreeMap<i64, Row> {
        self.tables.get(&table).unwrap_or(&NO_ROWS)
    }

    /// One record.
    pub(super) fn row(&self, table: Table, id: i64) -> Option<&Row> {
        self.rows(table).get(&id)
    }

    /// The first record whose text column reads so, case apart.
    pub(super) fn find(&self, table: Table, column: &str, text: &str) -> Option<i64> {
        let wanted = text.to_lowercase();
        let hit = |row: &&Row| row.text(column).is_some_and(|own| own.to_lowercase() == wanted);
        self.rows(table).values().find(hit).map(Row::id)
    }

    /// Stores a record under its id.
    pub(super) fn put(&mut self, table: Table, mut row: Row) {
        row.shrink();
        let id = row.id();
        if let Some(old) = self.tables.entry(table).or_default().remove(&id) {
            self.forget(table, &old);
        }
        if table == Table::Contact {
            self.by_update.insert((updated(&row), id));
            self.by_scatter.insert((self.scatter(id), id));
            if let Some(company) = row.integer("CompanyId") {
                self.people_of.entry(company).or_default().insert(id);
            }
        } else if table == Table::InteractionRecord {
            self.records_of.entry(row.integer("ContactId").unwrap_or_default()).or_default().insert(id);
        }
        self.tables.entry(table).or_default().insert(id, row);
    }

    /// Takes a record out.
    pub(super) fn take(&mut self, table: Table, id: i64) -> Option<Row> {
        let row = self.tables.get_mut(&table)?.remove(&id)?;
        self.forget(table, &row);
        Some(row)
    }

    fn forget(&mut self, table: Table, row: &Row) {
        let id = row.id();
        if table == Table::Contact {
            self.by_update.remove(&(updated(row), id));
            self.by_scatter.remove(&(self.scatter(id), id));
            if let Some(people) = row.integer("CompanyId").and_then(|company| self.people_of.get_mut(&company)) {
                people.remove(&id);
            }
        } else if table == Table::InteractionRecord
            && let Some(records) = row.integer("ContactId").and_then(|contact| self.records_of.get_mut(&contact))
        {
            records.remove(&id);
        }
    }

    /// The one record a navigation property leads to.
    pub(super) fn one(&self, row: &Row, nav: &Nav) -> Option<&Row> {
        match nav.link {
            Link::One(table, by) => self.row(table, row.integer(by)?),
            Link::Owned(..) | Link::People | Link::Records | Link::NoOne | Link::NoneOf => None,
        }
    }

    /// The records a navigation property leads to.
    pub(super) fn many<'a>(&'a self, row: &'a Row, nav: &Nav) -> Vec<&'a Row> {
        let of = |index: &BTreeMap<i64, BTreeSet<i64>>, table| {
            let ids = index.get(&row.id()).into_iter().flatten();
            ids.filter_map(|id| self.row(table, *id)).collect()
        };
        match nav.link {
            Link::Owned(_, list) => row.list(list).iter().collect(),
            Link::People => of(&self.people_of, Table::Contact),
            Link::Records => of(&self.records_of, Table::InteractionRecord),
            Link::One(..) | Link::NoOne | Link::NoneOf => Vec::new(),
        }
    }

    /// Remembers the state of a contact before a change, for listings that lag behind.
    pub(super) fn remember(&mut self, now: i64, contact: i64) {
        if self.past.len() >= PAST_MAX {
            self.past.pop_front();
        }
        self.past.push_back((now, contact, self.row(Table::Contact, contact).cloned()));
    }

    /// Puts the contacts back to an earlier moment and tells the states to restore with
    /// [`World::restore`].
    pub(super) fn rewind(&mut self, moment: i64) -> Vec<(i64, Option<Row>)> {
        let undone = self.past.iter().rev().take_while(|(at, ..)| *at > moment);
        // Of the changes of one contact the oldest counts.
        let then: BTreeMap<i64, &Option<Row>> = undone.map(|(_, id, before)| (*id, before)).collect();
        let then: Vec<_> = then.into_iter().map(|(id, before)| (id, before.clone())).collect();
        then.into_iter().map(|(id, before)| (id, self.exchange(id, before))).collect()
    }

    /// Undoes a rewind.
    pub(super) fn restore(&mut self, states: Vec<(i64, Option<Row>)>) {
        for (id, state) in states {
            self.exchange(id, state);
        }
    }

    fn exchange(&mut self, contact: i64, state: Option<Row>) -> Option<Row> {
        let old = self.take(Table::Contact, contact);
        if let Some(row) = state {
            self.put(Table::Contact, row);
        }
        old
    }

    /// Ids of contacts last updated within these bounds, oldest first.
    pub(super) fn updated_within(&self, low: i64, high: i64) -> impl DoubleEndedIterator<Item = i64> + '_ {
        let high = high.max(low);
        self.by_update.range((low, i64::MIN)..=(high, i64::MAX)).map(|(_, id)| *id)
    }

    /// Ids of all contacts in the order of a listing without `$orderby`.
    pub(super) fn scattered(&self) -> impl Iterator<Item = i64> + '_ {
        self.by_scatter.iter().map(|(_, id)| *id)
    }

    /// Where an id stands in a listing without `$orderby`: stable, and not by id.
    pub(super) fn scatter(&self, id: i64) -> u64 {
        let mixed = (id.unsigned_abs() ^ self.salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }
}

fn updated(row: &Row) -> i64 {
    row.integer("LastUpdateDate").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ploomes::row::Cell;

    fn contact(id: i64, at: i64) -> Row {
        Row::default().with("Id", id).with("LastUpdateDate", Cell::Moment(at))
    }

    #[test]
    fn the_orders_follow_every_change() {
        let mut world = World::new(1);
        world.put(Table::Contact, contact(1, 30));
        world.put(Table::Contact, contact(2, 20));
        world.put(Table::Contact, contact(3, 10));
        world.put(Table::Contact, contact(3, 40));
        assert_eq!(world.updated_within(0, 35).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(world.updated_within(0, 99).collect::<Vec<_>>(), [2, 1, 3]);
        assert!(world.take(Table::Contact, 1).is_some());
        assert_eq!(world.scattered().count(), 2);
        assert_eq!(world.updated_within(0, 99).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn the_unordered_order_is_stable_and_not_by_id() {
        let mut world = World::new(9);
        (1..=50).for_each(|id| world.put(Table::Contact, contact(id, 0)));
        let first: Vec<_> = world.scattered().collect();
        assert!(!first.is_sorted());
        world.put(Table::Contact, contact(7, 99));
        assert_eq!(world.scattered().collect::<Vec<_>>(), first);
    }

    #[test]
    fn ids_differ_from_seed_to_seed() {
        assert_ne!(World::new(1).new_id(Table::Status), World::new(2).new_id(Table::Status));
    }
}
