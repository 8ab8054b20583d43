//! The connector against the imitation of Auvo: its login, its lists, its writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use depara::clock::Clock;
use depara::config::files;
use depara::connector::{Cause, Connector, Credentials, Outcome, Row};
use depara::sandbox::{Auvo, Sandbox};
use serde_json::{Value, json};

use crate::house::{transport, workspace};

struct Desk {
    auvo: Arc<Mutex<Auvo>>,
    clock: Clock,
    connector: Connector,
}

impl Desk {
    fn with_token(token: &str, prepare: impl FnOnce(&mut Auvo, &Clock)) -> Self {
        let clock = Clock::starting_at("2026-11-03T12:00:00Z".parse().unwrap()).skipping();
        let mut auvo = Auvo::new(3);
        prepare(&mut auvo, &clock);
        let auvo = Arc::new(Mutex::new(auvo));
        let system = workspace(&files::carried()).project.systems.get("auvo").unwrap().clone();
        let secrets = BTreeMap::from([
            ("api_key".to_owned(), "demo-key".into()),
            ("api_token".to_owned(), token.to_owned().into()),
        ]);
        let credentials = Credentials { secrets, base_url: None };
        let reach = transport(Arc::clone(&auvo), clock.clone());
        let connector = Connector::open_with(reach, system, credentials, clock.clone(), 1).unwrap();
        Self { auvo, clock, connector }
    }

    fn new(prepare: impl FnOnce(&mut Auvo, &Clock)) -> Self {
        Self::with_token("demo-token", prepare)
    }

    async fn list(&self, resource: &str, since_ms: Option<i64>) -> Vec<Row> {
        let mut rows = Vec::new();
        let listing = self.connector.list(resource, since_ms, &mut |page| rows.extend(page)).await.unwrap();
        assert!(listing.complete, "{listing:?}");
        rows
    }

    fn logins(&self) -> u64 {
        self.connector.calls().get("login").copied().unwrap_or(0)
    }

    async fn create(&self, resource: &str, body: Value) -> Row {
        done(self.connector.create(resource, &body).await)
    }

    async fn update(&self, resource: &str, id: &str, body: Value) -> Row {
        done(self.connector.update(resource, id, &body).await)
    }

    fn assert_kept(&self) {
        assert_eq!(self.auvo.lock().unwrap().tally().broken, BTreeMap::new());
    }
}

fn done(outcome: Outcome) -> Row {
    let Outcome::Done { row: Some(row), .. } = outcome else { panic!("{outcome:?}") };
    row
}

fn customers(auvo: &mut Auvo, clock: &Clock, count: usize) {
    for at in 0..count {
        let customer = json!({ "name": format!("Cliente {at}"), "externalId": at.to_string() });
        auvo.person_adds(clock.now(), "customers", &customer).unwrap();
    }
}

#[tokio::test]
async fn one_login_serves_all_calls_until_its_end_is_near() {
    let desk = Desk::new(|auvo, clock| customers(auvo, clock, 1));
    for resource in ["customers", "users", "customer_groups", "task_types"] {
        desk.list(resource, None).await;
    }
    assert_eq!(desk.logins(), 1);
    desk.clock.skip_ms(26 * 60_000);
    desk.list("customers", None).await;
    assert_eq!(desk.logins(), 1);
    desk.clock.skip_ms(60_000);
    desk.list("customers", None).await;
    assert_eq!(desk.logins(), 2, "renewed three minutes before its end");
    desk.assert_kept();
}

#[tokio::test]
async fn many_calls_at_once_wait_for_one_login() {
    let desk = Desk::new(|_, _| {});
    let creates = (0..5).map(|at| {
        let connector = desk.connector.clone();
        tokio::spawn(
            async move { connector.create("customers", &json!({ "description": format!("Nova {at}") })).await },
        )
    });
    for create in creates.collect::<Vec<_>>() {
        done(create.await.unwrap());
    }
    assert_eq!(desk.logins(), 1);
}

#[tokio::test]
async fn a_bearer_that_is_taken_away_is_renewed_once() {
    let desk = Desk::new(|auvo, clock| customers(auvo, clock, 1));
    desk.list("customers", None).await;
    desk.auvo.lock().unwrap().revoke_bearers();
    assert!(!desk.list("users", None).await.is_empty());
    assert_eq!(desk.logins(), 2);
}

#[tokio::test]
async fn a_wrong_token_is_said_and_shows_nowhere() {
    let desk = Desk::with_token("wrong-token", |_, _| {});
    let failure = desk.connector.list("customers", None, &mut |_| {}).await.unwrap_err();
    assert!(matches!(failure.cause, Cause::Unauthorised { .. }), "{failure:?}");
    assert!(!failure.to_string().contains("wrong-token"), "{failure}");
    let outcome = desk.connector.create("customers", &json!({ "description": "Nova" })).await;
    assert!(matches!(outcome, Outcome::Unauthorised { .. }), "{outcome:?}");
}

#[tokio::test]
async fn pages_are_read_to_the_end_and_no_row_is_no_error() {
    let desk = Desk::new(|auvo, clock| customers(auvo, clock, 200));
    let before = desk.connector.calls();
    let rows = desk.list("customers", None).await;
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), 200);
    assert_eq!((before.get("list customers"), desk.connector.calls().get("list customers")), (None, Some(&2)));
    for resource in ["products", "services", "tasks", "quotations"] {
        assert_eq!(desk.list(resource, None).await.len(), 0, "{resource}");
        assert_eq!(desk.list(resource, Some(desk.clock.now_ms())).await.len(), 0, "{resource}");
    }
    assert_eq!(desk.connector.fetch("customers", &["999999".to_owned()]).await.unwrap(), []);
    desk.assert_kept();
}

#[tokio::test]
async fn what_changed_since_a_moment_is_read_alone() {
    let desk = Desk::new(|auvo, clock| {
        customers(auvo, clock, 2);
        auvo.person_adds(clock.now(), "tasks", &json!({ "orientation": "Visita", "taskDate": "2026-11-01T09:00:00" }))
            .unwrap();
    });
    desk.clock.skip_ms(3_600_000);
    let since = desk.clock.now_ms();
    assert_eq!((desk.list("customers", Some(since)).await.len(), desk.list("tasks", Some(since)).await.len()), (0, 0));
    {
        let mut auvo = desk.auvo.lock().unwrap();
        let (customer, task) = (auvo.records("customers")[0].clone(), auvo.records("tasks")[0].clone());
        auvo.person_edits(desk.clock.now(), "customers", &customer, &json!({ "note": "novo" })).unwrap();
        auvo.person_edits(desk.clock.now(), "tasks", &task, &json!({ "orientation": "Outra" })).unwrap();
    }
    assert_eq!(desk.list("customers", Some(since)).await.len(), 1);
    assert_eq!(desk.list("tasks", Some(since)).await.len(), 1);
    assert_eq!(desk.list("tasks", None).await.len(), 1);
}

#[tokio::test]
async fn a_customer_is_made_changed_and_found() {
    let desk = Desk::new(|_, _| {});
    let born = json!({ "description": "Aurora", "externalId": "77", "cpfCnpj": "11222333000181", "phoneNumber": ["6230001000"] });
    let row = desk.create("customers", born).await;
    assert_eq!((&row.body["description"], &row.body["externalId"]), (&json!("Aurora"), &json!("77")));
    let row = desk.update("customers", &row.id, json!({ "description": "Boreal", "active": false })).await;
    assert_eq!((&row.body["description"], &row.body["active"]), (&json!("Boreal"), &json!(false)));
    let fetched = desk.connector.fetch("customers", std::slice::from_ref(&row.id)).await.unwrap();
    assert_eq!(fetched[0].body["description"], "Boreal");
    assert_eq!(fetched[0].body["phoneNumber"], json!(["6230001000"]));
    let by_code = desk.connector.find("customers", "externalId", &["77".to_owned(), "78".to_owned()]).await.unwrap();
    let by_document = desk.connector.find("customers", "cpfCnpj", &["11.222.333/0001-81".to_owned()]).await.unwrap();
    assert_eq!((by_code.len(), by_document.len()), (1, 1));
    let outcome = desk.connector.update("customers", "999999", &json!({ "active": true })).await;
    assert!(matches!(outcome, Outcome::Gone { .. }), "{outcome:?}");
    desk.assert_kept();
}

#[tokio::test]
async fn a_product_gets_its_price_after_its_birth() {
    let desk = Desk::new(|_, _| {});
    let row = desk.create("products", json!({ "name": "Filtro", "externalId": "FLT-01", "totalStock": 3 })).await;
    let row = desk.update("products", &row.id, json!({ "unitaryValue": 45.9 })).await;
    assert_eq!(row.body["unitaryValue"], "45,90");
    let found = desk.connector.find("products", "externalId", &["FLT-01".to_owned()]).await.unwrap();
    assert_eq!(found.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), [row.id]);
}

#[tokio::test]
async fn a_service_is_made_and_changed() {
    let desk = Desk::new(|_, _| {});
    let row = desk.create("services", json!({ "title": "Visita", "price": 250.5, "externalCode": "omie-1" })).await;
    let row = desk.update("services", &row.id, json!({ "title": "Visita técnica" })).await;
    assert_eq!((&row.body["title"], &row.body["price"]), (&json!("Visita técnica"), &json!("250.50")));
    let found = desk.connector.find("services", "externalCode", &["omie-1".to_owned()]).await.unwrap();
    let fetched = desk.connector.fetch("services", std::slice::from_ref(&row.id)).await.unwrap();
    assert_eq!((found.len(), fetched.len()), (1, 1));
}

#[tokio::test]
async fn a_change_without_effect_shows_in_its_answer() {
    let desk = Desk::new(|auvo, _| auvo.switches.patch_ignored = vec!["customers".to_owned()]);
    let row = desk.create("customers", json!({ "description": "Aurora" })).await;
    let row = desk.update("customers", &row.id, json!({ "description": "Boreal" })).await;
    assert_eq!(row.body["description"], "Aurora");
}
