//! The connector as its callers see it, over a transport that plays a small shop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::transport::{Answering, Transport, WireAnswer, WireRequest};
use super::{Batches, Cause, Connector, Credentials, Error, Outcome, Row};
use crate::clock::Clock;
use crate::config::system::System;
use crate::diagnostic::Diagnostics;

const SHOP: &str = r#"
system: shop
base_url: https://shop.example
secrets: [token]
limits: { pages_max: 3 }
retry: { attempts: 4, first: 1s, longest: 60s }
pace:
  windows: [{ calls: 10, per: 60s }]
  same_call: 61s
  failures: { calls: 3, per: 30m, by: call }
request: { headers: { Authorization: "Bearer {secret.token}" } }
message: [error]
resources:
  orders:
    path: /orders
    id: id
    records: rows
    author: { at: by }
    list: { query: { page: "{page}" }, paging: { pages: { size: 2, pages: pages } } }
    fetch: { many: 50, query: { ids: "{ids.join(\",\")}" } }
    create: { answer: { record: order } }
  goods:
    path: /goods
    id: id
    records: rows
    join: { stock: { of: stock, by: [good, place] } }
    list: { query: { page: "{page}" }, paging: { pages: { size: 2, pages: pages } } }
    fetch: { many: 50, query: { ids: "{ids.join(\",\")}" } }
  stock:
    path: /stock
    id: good
    records: rows
    list: { query: { page: "{page}" }, paging: { pages: { size: 2, pages: pages, rows: total } } }
"#;

type Shop = Arc<dyn Fn(&WireRequest) -> (u16, Value) + Send + Sync>;

type Sent = Arc<Mutex<Vec<(i64, WireRequest)>>>;

/// A connector to a shop, the requests it sent and when, and its clock.
fn open(shop: Shop) -> (Connector, Sent, Clock) {
    let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
    let (connector, sent) = open_as(credentials("hush-hush"), &clock, shop);
    (connector, sent, clock)
}

fn open_as(credentials: Credentials, clock: &Clock, shop: Shop) -> (Connector, Sent) {
    let mut complaints = Diagnostics::default();
    let system = System::load("shop.yaml", SHOP, &mut complaints);
    assert!(complaints.is_clean(), "{complaints}");
    let sent: Sent = Arc::default();
    let (log, at) = (Arc::clone(&sent), clock.clone());
    let transport = Transport::InProcess(Arc::new(move |request| -> Answering {
        let (status, body) = shop(&request);
        log.lock().unwrap().push((at.now_ms(), request));
        Box::pin(async move { WireAnswer::Answer { status, headers: Vec::new(), body: body.to_string().into_bytes() } })
    }));
    let connector = Connector::open_with(transport, Arc::new(system.unwrap()), credentials, clock.clone(), 7).unwrap();
    (connector, sent)
}

fn credentials(token: &str) -> Credentials {
    let secrets = BTreeMap::from([("token".to_owned(), SecretString::from(token))]);
    Credentials { secrets, base_url: None }
}

async fn list(connector: &Connector) -> (Vec<Row>, super::Listing) {
    let mut rows = Vec::new();
    let listing = connector.list("orders", None, &mut |page| rows.extend(page)).await.unwrap();
    (rows, listing)
}

#[tokio::test(start_paused = true)]
async fn the_same_list_is_not_read_twice_within_a_minute() {
    let (connector, sent, _) = open(Arc::new(|_| (200, json!({"pages": 1, "rows": [{"id": 1}]}))));
    for _ in 0..3 {
        list(&connector).await;
    }
    let times: Vec<i64> = sent.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 61_000, 122_000]);
    assert_eq!(connector.calls(), BTreeMap::from([("list orders".to_owned(), 3)]));
}

#[tokio::test(start_paused = true)]
async fn a_window_holds_for_all_calls_of_all_copies() {
    let (connector, sent, _) = open(Arc::new(|_| (200, json!({"order": {"id": 1}}))));
    let mut set = tokio::task::JoinSet::new();
    for number in 0..25 {
        let connector = connector.clone();
        set.spawn(async move { connector.create("orders", &json!({ "number": number })).await });
    }
    assert!(set.join_all().await.iter().all(|outcome| matches!(outcome, Outcome::Done { .. })));
    let times: Vec<i64> = sent.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert!(times.iter().all(|from| times.iter().filter(|at| (*from..=from + 60_000).contains(at)).count() <= 10));
    assert!(times.iter().max().unwrap() < &121_000, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn whose_calls_are_counted_apart_share_the_window_and_not_the_count() {
    let (connector, sent, _) = open(Arc::new(|_| (200, json!({"order": {"id": 1}}))));
    let [one, other] = [(); 2].map(|()| connector.counting_apart());
    for number in 0..12 {
        let by = if number < 7 { &one } else { &other };
        by.clone().create("orders", &json!({ "number": number })).await;
    }
    let made = |by: &Connector| by.calls().get("create orders").copied();
    assert_eq!((made(&one), made(&other), made(&connector)), (Some(7), Some(5), Some(12)));
    assert_eq!(sent.lock().unwrap().iter().filter(|(at_ms, _)| *at_ms >= 60_000).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_budget_of_failing_answers_is_kept_and_other_calls_go_on() {
    let (connector, sent, _) = open(Arc::new(|request| match request.method.text() {
        "GET" => (200, json!({"rows": [{"id": 1}]})),
        _ => (422, json!({"error": "no price"})),
    }));
    for _ in 0..3 {
        assert_eq!(connector.create("orders", &json!({})).await, Outcome::Refused { text: "no price".to_owned() });
    }
    let Outcome::Blocked { until_ms, text } = connector.create("orders", &json!({})).await else { panic!() };
    assert_eq!((until_ms, sent.lock().unwrap().len()), (1_800_001, 3));
    assert!(text.contains("3 failing answers"), "{text}");
    assert_eq!(connector.fetch("orders", &["1".to_owned()]).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn corrected_credentials_do_not_pay_for_what_the_wrong_ones_spent() {
    let refused: Shop = Arc::new(|_| (422, json!({"error": "unknown key"})));
    let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
    let (wrong, _) = open_as(credentials("wrong"), &clock, Arc::clone(&refused));
    for _ in 0..3 {
        wrong.create("orders", &json!({})).await;
    }
    for (token, is_blocked) in [("wrong", true), ("hush-hush", false)] {
        let (next, _) = open_as(credentials(token), &clock, Arc::clone(&refused));
        next.recall(wrong.memory());
        let outcome = next.create("orders", &json!({})).await;
        assert_eq!(matches!(outcome, Outcome::Blocked { .. }), is_blocked, "{token}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_ids_go_in_batches_each_id_once() {
    let (connector, sent, _) = open(Arc::new(|request| {
        let ids = request.url.split("ids=").nth(1).unwrap().split(',');
        (200, json!({"rows": ids.map(|id| json!({"id": id})).collect::<Vec<_>>()}))
    }));
    let ids: Vec<String> = (0..120).chain(0..5).map(|id: u32| id.to_string()).collect();
    let rows = connector.fetch("orders", &ids).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id.clone()).collect::<BTreeSet<_>>().len(), 120);
    assert_eq!((rows.len(), sent.lock().unwrap().len()), (120, 3));
    let batches = Batches { page: Some(2), fetch: Some(50), find: BTreeMap::new() };
    assert_eq!(connector.calls_per("orders"), batches);
}

#[tokio::test(start_paused = true)]
async fn a_list_without_an_end_stops_at_the_limit_and_is_not_complete() {
    let (connector, _, _) = open(Arc::new(|request| {
        let page: u64 = request.url.split("page=").nth(1).unwrap().parse().unwrap();
        (200, json!({"pages": 1_000_000, "rows": [{"id": page}]}))
    }));
    let (rows, listing) = list(&connector).await;
    assert_eq!((rows.len(), listing.pages, listing.complete), (3, 3, false));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_grew_is_whole_when_the_newcomer_was_seen_beside_all_others() {
    for (second, whole) in [([3, 4], true), ([4, 5], false)] {
        let (connector, _, _) = open(Arc::new(move |request| {
            let (total, goods) = match request.url.split("page=").nth(1).unwrap() {
                "1" => (4, vec![1, 2]),
                "2" => (5, second.to_vec()),
                _ => (5, vec![5]),
            };
            let rows: Vec<Value> = goods.into_iter().map(|good| json!({"good": good})).collect();
            (200, json!({"pages": 3, "total": total, "rows": rows}))
        }));
        let listing = connector.list("stock", None, &mut |_| {}).await.unwrap();
        assert_eq!(listing.complete, whole, "{second:?}: {listing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_back_off_and_the_same_seed_waits_the_same() {
    let run = || async {
        let (connector, sent, _) = open(Arc::new(|_| (429, json!({"error": "slow down"}))));
        let outcome = connector.create("orders", &json!({})).await;
        let times: Vec<i64> = sent.lock().unwrap().iter().map(|(at, _)| *at).collect();
        (outcome.word(), times)
    };
    let (word, first) = run().await;
    assert_eq!(word, "blocked", "the third failing answer spends the budget before the tries are spent");
    assert_eq!(first, run().await.1);
    assert!(first.windows(2).zip([1_000, 2_000]).all(|(two, most)| two[1] - two[0] <= most), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn what_our_own_writes_are_signed_with_is_known_afterwards() {
    let (connector, _, clock) = open(Arc::new(|request| match request.method.text() {
        "GET" => (200, json!({"pages": 1, "rows": [{"id": 1, "by": 900}, {"id": 2, "by": 5}]})),
        _ => (200, json!({"order": {"id": 1, "by": 900}})),
    }));
    let ours = |rows: Vec<Row>| rows.iter().map(|row| row.ours).collect::<Vec<_>>();
    assert_eq!(ours(list(&connector).await.0), [false, false]);
    let Outcome::Done { row: Some(row), .. } = connector.create("orders", &json!({})).await else { panic!() };
    assert!(row.ours);
    clock.skip_ms(61_000);
    assert_eq!(ours(list(&connector).await.0), [true, false]);
}

/// Goods 1 and 2, and three rows of stock on two pages, of which so many are announced.
fn depot(total: u64) -> Shop {
    Arc::new(move |request| {
        let row = |good: u64, place: u64, held: u64| json!({"good": good, "place": place, "held": held});
        match (request.url.contains("/stock"), request.url.ends_with("page=2")) {
            (false, _) => (200, json!({"pages": 1, "rows": [{"id": 1}, {"id": 2}]})),
            (true, false) => (200, json!({"pages": 2, "total": total, "rows": [row(1, 7, 5), row(1, 8, 6)]})),
            (true, true) => (200, json!({"pages": 2, "total": total, "rows": [row(1, 8, 6), row(3, 7, 1)]})),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn records_carry_the_rows_that_are_joined_to_them() {
    let (connector, sent, _) = open(depot(3));
    let mut rows = Vec::new();
    let listing = connector.list("goods", Some(0), &mut |page| rows.extend(page)).await.unwrap();
    assert!(listing.complete, "a row that comes twice is one row");
    let held =
        |row: &Row| row.body["stock"].as_array().unwrap().iter().map(|one| one["held"].clone()).collect::<Vec<_>>();
    assert_eq!(rows.iter().map(held).collect::<Vec<_>>(), [vec![json!(5), json!(6)], vec![]]);
    let before = sent.lock().unwrap().len();
    let fetched = connector.fetch("goods", &["1".to_owned()]).await.unwrap();
    assert_eq!(held(&fetched[0]).len(), 2);
    assert_eq!(sent.lock().unwrap().len(), before + 1, "one that is fetched gets the rows of the last listing");
    let (fresh, _, _) = open(depot(3));
    assert_eq!(held(&fresh.fetch("goods", &["1".to_owned()]).await.unwrap()[0]).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_record_is_given_while_joined_rows_are_missing() {
    let (connector, _, _) = open(depot(4));
    let failure = connector.list("goods", None, &mut |_| panic!("nothing is given")).await.unwrap_err();
    assert!(failure.to_string().contains("`stock` showed fewer rows"), "{failure}");
    assert!(connector.fetch("goods", &["1".to_owned()]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn no_secret_shows_anywhere() {
    let (connector, sent, _) = open(Arc::new(|_| (422, json!({"error": "bad token hush-hush"}))));
    let outcome = connector.create("orders", &json!({})).await;
    let failure = connector.fetch("orders", &["1".to_owned()]).await.unwrap_err();
    let request = sent.lock().unwrap()[0].1.clone();
    assert!(request.headers.contains(&("authorization".to_owned(), "Bearer hush-hush".to_owned())));
    for shown in [format!("{outcome:?}"), format!("{failure:?} {failure}"), format!("{request:?} {connector:?}")] {
        assert!(!shown.contains("hush"), "{shown}");
    }
    assert_eq!(outcome, Outcome::Refused { text: "bad token ***".to_owned() });
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_a_cut_would_halve_does_not_show_either() {
    let (connector, _, _) = open(Arc::new(|_| (422, json!({"error": format!("{}hush-hush", "x".repeat(496))}))));
    let Outcome::Refused { text } = connector.create("orders", &json!({})).await else { panic!() };
    assert!(!text.contains("hush") && text.chars().count() <= 501, "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_no_file_describes_cannot_be_asked() {
    let (connector, sent, _) = open(Arc::new(|_| (200, json!({}))));
    let failure = connector.find("orders", "number", &[]).await.unwrap_err();
    assert!(matches!(failure.cause, Cause::Unasked { .. }), "{failure}");
    assert!(matches!(connector.update("orders", "1", &json!({})).await, Outcome::Failed { .. }));
    assert!(sent.lock().unwrap().is_empty());
}

#[test]
fn a_connector_opens_only_with_all_it_needs() {
    let mut complaints = Diagnostics::default();
    let system = Arc::new(System::load("shop.yaml", SHOP, &mut complaints).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let clock = runtime.block_on(async { Clock::starting_at(Timestamp::UNIX_EPOCH) });
    let without = Connector::open(Arc::clone(&system), Credentials::default(), clock.clone(), 1).unwrap_err();
    assert_eq!(without, Error::MissingSecrets { system: "shop".to_owned(), names: vec!["token".to_owned()] });
    let elsewhere = Credentials { base_url: Some("shop.example".to_owned()), ..credentials("hush-hush") };
    let error = Connector::open(system, elsewhere, clock, 1).unwrap_err();
    assert!(matches!(error, Error::BadAddress { .. }), "{error}");
}

#[test]
fn a_connector_and_its_futures_may_cross_threads() {
    fn crosses<T: Send>(_: &T) {}
    fn check(connector: &Connector) {
        let mut page = |_: Vec<Row>| {};
        crosses(&connector.list("orders", None, &mut page));
        crosses(&connector.create("orders", &Value::Null));
    }
    crosses(&(check as fn(&Connector)));
}

#[tokio::test(start_paused = true)]
async fn a_write_says_which_call_carried_it_and_after_how_many_tries() {
    let asked = Arc::new(Mutex::new(0));
    let (connector, _, _) = open(Arc::new(move |_| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        if *asked < 3 { (429, json!({"error": "slow down"})) } else { (200, json!({"order": {"id": 1, "by": "Ana"}})) }
    }));
    let (outcome, sent) = connector.make("orders", &json!({})).await;
    let Outcome::Done { row: Some(row), .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((sent.call.as_str(), sent.tries, row.author.as_deref()), ("create orders", 3, Some("Ana")));
    // What could not be asked was carried by nothing.
    let (_, sent) = connector.change("orders", "1", &json!({})).await;
    assert_eq!((sent.call.as_str(), sent.tries), ("", 0));
}
