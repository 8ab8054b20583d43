//! Records a second through read → merge → plan, one core, for the shipped clients mapping.
//!
//! What is planned was read by a real cycle from the sandboxes: sample clients with every kind of
//! value, each with a seller. An item is a record, so a pair counts twice. `cargo bench --bench plan`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark may fail loudly")]

#[expect(dead_code, clippy::indexing_slicing, reason = "the tests use the rest, and may fail loudly")]
#[path = "../tests/it/house.rs"]
mod house;

use depara::connector::Row;
use depara::engine::Options;
use depara::mapping::Mapping;
use depara::record::{Record, Side, Sides};
use depara::sandbox::{Omie, Ploomes, people};
use depara::sync::{Plan, Snapshot, reconcile};
use divan::Bencher;
use divan::counter::ItemsCount;
use house::House;
use jiff::Timestamp;
use serde_json::json;
use tokio::runtime::Runtime;

/// Clients, contacts or pairs of each benchmark.
const COUNT: usize = 1_000;
/// The e-mail of everybody's seller and user.
const SELLER: &str = "ana.lima@aurora.example";

fn main() {
    divan::main();
}

/// Linked pairs of which one field was edited, on this side or on that.
#[divan::bench]
fn linked_and_changed(bencher: Bencher<'_, '_>) {
    let (house, snapshot) = linked(COUNT);
    measure(bencher, &house, &snapshot, 2 * COUNT, |plan| plan.counts().updates.left + plan.counts().updates.right);
}

/// Linked pairs that are compared field by field although nothing moved.
#[divan::bench]
fn linked_and_compared(bencher: Bencher<'_, '_>) {
    let (mut house, mut snapshot) = linked(1);
    Runtime::new().unwrap().block_on(house.settle()).unwrap();
    snapshot.links.clear();
    house.runner.ledger.each_link(|link| snapshot.links.push(link)).unwrap();
    for side in Side::BOTH {
        let rows = rows(&house, side);
        let records = rows.into_iter().map(|row| (row.id.clone(), record(&house.runner.mapping, side, row)));
        *snapshot.records.get_mut(side) = records.collect();
    }
    measure(bencher, &house, &snapshot, 2 * COUNT, |plan| COUNT as u64 - plan.pairs.len() as u64);
}

/// Twins that meet for the first time.
#[divan::bench]
fn first_meetings(bencher: Bencher<'_, '_>) {
    let (house, snapshot) = gathered(House::build(twins));
    measure(bencher, &house, &snapshot, 2 * COUNT, |plan| plan.pairs.len() as u64);
}

/// Clients without a contact: each is born in Ploomes.
#[divan::bench]
fn births_in_ploomes(bencher: Bencher<'_, '_>) {
    let (house, snapshot) = gathered(House::build(|omie, ploomes, clock| {
        clients(omie, clock.now());
        ploomes.add_user("Ana", SELLER, false);
    }));
    measure(bencher, &house, &snapshot, COUNT, |plan| plan.counts().creates.right);
}

/// Contacts without a client: each is born in Omie, which a rule decides that sees the whole contact.
#[divan::bench]
fn births_in_omie(bencher: Bencher<'_, '_>) {
    let (house, snapshot) = gathered(House::build(|omie, ploomes, clock| {
        contacts(ploomes, clock.now());
        omie.add_seller(clock.now(), "Ana", SELLER, false);
    }));
    measure(bencher, &house, &snapshot, COUNT, |plan| plan.counts().creates.left);
}

/// Linked clients as the pages bring them, unchanged: known by their print and let go.
#[divan::bench]
fn unchanged_and_let_go(bencher: Bencher<'_, '_>) {
    let house = House::build(twins);
    let mapping = &house.runner.mapping;
    let rows = Sides::each(|side| rows(&house, side));
    bencher.counter(ItemsCount::new(2 * COUNT)).with_inputs(|| rows.clone()).bench_values(|rows| {
        let print = |side: Side, row: Row| record(mapping, side, row).body.print(mapping.print);
        let left = rows.left.into_iter().map(|row| print(Side::Left, row));
        left.chain(rows.right.into_iter().map(|row| print(Side::Right, row))).fold(0, u64::wrapping_add)
    });
}

/// Plans a snapshot again and again; `found` must count one thing for each client or pair.
fn measure(bencher: Bencher<'_, '_>, house: &House, snapshot: &Snapshot, items: usize, found: impl Fn(&Plan) -> u64) {
    let mapping = &house.runner.mapping;
    let plan = || reconcile(mapping, snapshot).unwrap_or_else(|wanted| panic!("{wanted:?}"));
    assert_eq!(found(&plan()), COUNT as u64, "the plan is not of the kind that is measured");
    bencher.counter(ItemsCount::new(items)).bench(plan);
}

/// What a cycle would plan from.
fn gathered(mut house: House) -> (House, Snapshot) {
    let prepared = Runtime::new().unwrap().block_on(house.runner.plan(Options::default())).unwrap();
    (house, prepared.snapshot)
}

/// Twins that were linked and came to rest; then people edit the number of the house of some.
fn linked(edited: usize) -> (House, Snapshot) {
    let mut house = House::build(twins);
    Runtime::new().unwrap().block_on(house.settle()).unwrap();
    let now = house.clock.now();
    let codes: Vec<i64> = {
        let omie = house.omie.lock().unwrap();
        omie.clients().filter_map(|client| client.get("codigo_cliente_omie")?.as_i64()).collect()
    };
    let ids: Vec<i64> = house.ploomes.lock().unwrap().contacts().collect();
    for (at, (code, id)) in codes.into_iter().zip(ids).take(edited).enumerate() {
        if at % 2 == 0 {
            house.omie.lock().unwrap().person_edits(now, code, &json!({ "endereco_numero": "77-B" })).unwrap();
        } else {
            let patch = json!({ "StreetAddressNumber": "77-B" });
            house.ploomes.lock().unwrap().person_edits(now, id, &patch).unwrap();
        }
    }
    house.clock.skip_ms(600_000);
    gathered(house)
}

fn rows(house: &House, side: Side) -> Vec<Row> {
    let end = house.runner.mapping.sides.get(side);
    let mut rows = Vec::new();
    let connector = house.runner.connectors.get(&end.system).unwrap();
    let mut take = |page: Vec<Row>| rows.extend(page);
    Runtime::new().unwrap().block_on(connector.list(&end.resource, None, &mut take)).unwrap();
    rows
}

fn record(mapping: &Mapping, side: Side, row: Row) -> Record {
    let body = mapping.project(side, &row.body);
    Record { id: row.id, changed_ms: row.changed_ms, ours: row.ours, sibling: false, author: None, body }
}

fn twins(omie: &mut Omie, ploomes: &mut Ploomes, clock: &depara::clock::Clock) {
    clients(omie, clock.now());
    contacts(ploomes, clock.now());
}

fn clients(omie: &mut Omie, now: Timestamp) {
    let seller = omie.add_seller(now, "Ana", SELLER, false);
    for code in people::crowd(omie, 7, COUNT, now).unwrap() {
        omie.person_edits(now, code, &json!({ "recomendacoes": { "codigo_vendedor": seller } })).unwrap();
    }
}

fn contacts(ploomes: &mut Ploomes, now: Timestamp) {
    ploomes.add_user("Ana", SELLER, false);
    for id in people::crowd_of_contacts(ploomes, 7, COUNT, now).unwrap() {
        ploomes.person_edits(now, id, &json!({ "Owner": SELLER })).unwrap();
    }
}
