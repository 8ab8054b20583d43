//! Every record of the imitated account, and the indices by which writes find them.
//!
//! `put` and `take` are the only ways in and out, so an index can never disagree with the records,
//! and what a record was before is kept for lists that lag behind. Ids follow from the seed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::row::{Row, text};
use super::schema::Table;

/// The records of an account.
#[derive(Debug)]
pub(super) struct World {
    tables: BTreeMap<Table, BTreeMap<i64, Row>>,
    indices: BTreeMap<(Table, &'static str), BTreeMap<String, BTreeSet<i64>>>,
    next: BTreeMap<Table, i64>,
    /// Earlier states, oldest first; `None` is: was not there.
    past: VecDeque<Past>,
    /// The stages of quotations, in their order.
    pub(super) stages: Vec<Row>,
    /// What happened to customers and tasks since somebody listens.
    pub(super) events: Vec<Event>,
    rng: fastrand::Rng,
    salt: u64,
}

/// Something that happened to a customer or a task.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// When, in milliseconds.
    pub(super) at_ms: i64,
    /// What kind of record it happened to.
    pub(super) table: Table,
    /// What.
    pub(super) action: Action,
    /// The record after it; before it, when it is gone.
    pub(super) row: Row,
}

/// What can happen to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Included,
    Altered,
    Excluded,
}

impl Action {
    /// Its number in the API.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Included => 1,
            Self::Altered => 2,
            Self::Excluded => 3,
        }
    }
}

/// What a record was before a moment.
type Past = (i64, Table, i64, Option<Row>);

/// Earlier states kept.
const PAST_MAX: usize = 2_000;

/// The members by which writes find records.
const INDEXED: &[(Table, &str)] = &[
    (Table::Customer, "externalId"),
    (Table::Customer, "cpfCnpj"),
    (Table::Category, "externalId"),
    (Table::Product, "externalId"),
    (Table::Product, "productId"),
    (Table::Service, "id"),
    (Table::Service, "externalCode"),
    (Table::Task, "externalId"),
];

static NO_ROWS: BTreeMap<i64, Row> = BTreeMap::new();

impl World {
    /// An account without records.
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let salt = rng.u64(..) | 1;
        let (tables, indices, next) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { tables, indices, next, past: VecDeque::new(), stages: Vec::new(), events: Vec::new(), rng, salt }
    }

    /// A new id: never the same from seed to seed, growing with gaps.
    pub(super) fn new_id(&mut self, table: Table) -> i64 {
        let start = match table {
            Table::Customer => self.rng.i64(4_000_000..9_000_000),
            Table::Task | Table::DeletedTask => self.rng.i64(30_000_000..70_000_000),
            Table::Product | Table::Quotation => self.rng.i64(100_000..900_000),
            Table::Group
            | Table::User
            | Table::Team
            | Table::Segment
            | Table::Keyword
            | Table::TaskType
            | Table::Category
            | Table::Service
            | Table::WebHook => self.rng.i64(10_000..90_000),
        };
        let step = self.rng.i64(1..=7);
        let next = self.next.entry(table).or_insert(start);
        *next += step;
        *next
    }

    /// A new GUID.
    pub(super) fn new_guid(&mut self) -> String {
        let bits = self.rng.u128(..);
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// The records of one kind, by id.
    pub(super) fn rows(&self, table: Table) -> &BTreeMap<i64, Row> {
        self.tables.get(&table).unwrap_or(&NO_ROWS)
    }

    /// One record.
    pub(super) fn row(&self, table: Table, id: i64) -> Option<&Row> {
        self.rows(table).get(&id)
    }

    /// The first record whose indexed member reads so; an empty text finds nothing.
    pub(super) fn find(&self, table: Table, member: &'static str, text: &str) -> Option<i64> {
        self.indices.get(&(table, member))?.get(text)?.first().copied()
    }

    /// Stores a record.
    pub(super) fn put(&mut self, at_ms: i64, table: Table, id: i64, row: Row) {
        let included = self.row(table, id).is_none();
        self.happen(at_ms, table, if included { Action::Included } else { Action::Altered }, &row);
        let old = self.exchange(table, id, Some(row));
        self.remember((at_ms, table, id, old));
    }

    /// Takes a record out.
    pub(super) fn take(&mut self, at_ms: i64, table: Table, id: i64) -> Option<Row> {
        let old = self.exchange(table, id, None)?;
        self.happen(at_ms, table, Action::Excluded, &old);
        self.remember((at_ms, table, id, Some(old.clone())));
        Some(old)
    }

    /// Where an id stands in an order that follows nothing: stable, and not by id.
    pub(super) fn scatter(&self, id: i64) -> u64 {
        let mixed = (id.unsigned_abs() ^ self.salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    /// Puts everything back to an earlier moment and tells what to restore with
    /// [`World::restore`].
    pub(super) fn rewind(&mut self, moment_ms: i64) -> Vec<(Table, i64, Option<Row>)> {
        let undone = self.past.iter().rev().take_while(|(at, ..)| *at > moment_ms);
        // Of the changes of one record the oldest counts.
        let then: BTreeMap<(Table, i64), &Option<Row>> =
            undone.map(|(_, table, id, before)| ((*table, *id), before)).collect();
        let then: Vec<_> = then.into_iter().map(|(key, before)| (key, before.clone())).collect();
        then.into_iter().map(|((table, id), before)| (table, id, self.exchange(table, id, before))).collect()
    }

    /// Undoes a rewind.
    pub(super) fn restore(&mut self, states: Vec<(Table, i64, Option<Row>)>) {
        for (table, id, state) in states {
            self.exchange(table, id, state);
        }
    }

    fn happen(&mut self, at_ms: i64, table: Table, action: Action, row: &Row) {
        if matches!(table, Table::Customer | Table::Task) && !self.rows(Table::WebHook).is_empty() {
            self.events.push(Event { at_ms, table, action, row: row.clone() });
        }
    }

    fn remember(&mut self, past: Past) {
        if self.past.len() >= PAST_MAX {
            self.past.pop_front();
        }
        self.past.push_back(past);
    }

    fn exchange(&mut self, table: Table, id: i64, state: Option<Row>) -> Option<Row> {
        let old = self.tables.entry(table).or_default().remove(&id);
        for (_, member) in INDEXED.iter().filter(|(of, _)| *of == table) {
            let index = self.indices.entry((table, *member)).or_default();
            let name = |row: &Option<Row>| row.as_ref().map(|row| text(row, member).to_owned()).unwrap_or_default();
            let (before, after) = (name(&old), name(&state));
            if let Some(ids) = index.get_mut(&before) {
                ids.remove(&id);
                if ids.is_empty() {
                    index.remove(&before);
                }
            }
            if !after.is_empty() {
                index.entry(after).or_default().insert(id);
            }
        }
        if let Some(row) = state {
            self.tables.entry(table).or_default().insert(id, row);
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::auvo::row::set;

    fn called(name: &str) -> Row {
        let mut row = Row::default();
        set(&mut row, "externalId", name);
        row
    }

    #[test]
    fn an_index_follows_every_change() {
        let mut world = World::new(1);
        world.put(1, Table::Customer, 5, called("a"));
        world.put(2, Table::Customer, 4, called("a"));
        assert_eq!(world.find(Table::Customer, "externalId", "a"), Some(4));
        world.put(3, Table::Customer, 4, called(""));
        assert_eq!(world.find(Table::Customer, "externalId", "a"), Some(5));
        assert_eq!(world.find(Table::Customer, "externalId", ""), None);
        assert!(world.take(4, Table::Customer, 5).is_some());
        assert_eq!(world.find(Table::Customer, "externalId", "a"), None);
    }

    #[test]
    fn what_was_comes_back_and_goes_again() {
        let mut world = World::new(1);
        world.put(1, Table::Customer, 5, called("a"));
        world.put(2, Table::Customer, 5, called("b"));
        world.take(3, Table::Customer, 5);
        world.put(4, Table::Customer, 6, called("c"));
        let now = world.rewind(1);
        assert_eq!(world.find(Table::Customer, "externalId", "a"), Some(5));
        assert_eq!(world.rows(Table::Customer).len(), 1);
        world.restore(now);
        assert_eq!(world.rows(Table::Customer).keys().copied().collect::<Vec<_>>(), [6]);
        assert_eq!(world.find(Table::Customer, "externalId", "a"), None);
    }

    #[test]
    fn ids_differ_from_seed_to_seed() {
        let (mut one, mut two) = (World::new(1), World::new(2));
        assert_ne!(one.new_id(Table::Task), two.new_id(Table::Task));
        let guid = one.new_guid();
        assert_ne!(guid, two.new_guid());
        assert_eq!(guid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
