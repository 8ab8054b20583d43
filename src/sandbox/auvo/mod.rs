//! An imitation of Auvo, where field technicians work: customers, products, services, tasks,
//! quotations and the small registries around them.
//!
//! A plain state machine: every answer follows from the seed, the requests and their moments. What
//! the public material leaves open, or tells in two ways, is a field of [`Switches`]. The order of a
//! call: rate, path, bearer, faults, verb, content type, business rules, effect. Never reads a
//! clock, never panics on what a client sends. Not imitated: attachments, questionnaires,
//! equipment, additional costs, stock by employee, writes of quotations, tasks for several users
//! at once, `/customers/complete`; and no user can be added, for all seats are taken.

mod customers;
mod filter;
mod folk;
mod folk_jobs;
mod folk_records;
mod hooks;
mod list;
mod login;
mod moment;
mod patch;
mod person;
mod price;
mod query;
mod quotations;
mod refusal;
mod render;
mod route;
mod row;
mod schema;
mod seed;
mod switches;
mod tables;
mod tasks;
#[cfg(test)]
mod tests;
mod visit;
mod world;
mod write;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Value, json};

use self::list::Lister;
use self::login::{Bearers, Login};
use self::refusal::Refusal;
use self::route::{LineKind, Route};
use self::row::{Row, any_case};
use self::schema::{Table, Verb, schema};
pub use self::switches::{Credentials, LoginForm, OverCap, PostedNumber, PriceForm, SortKey, Switches};
pub use self::visit::Visit;
use self::world::World;
use self::write::Writer;
use super::hook::Outbox;
use super::{Answer, CallKind, Fault, Faults, Hook, Request, Sandbox, Tally, memory};

/// One Auvo account.
#[derive(Debug)]
pub struct Auvo {
    /// How this account behaves; may be changed at any time.
    pub switches: Switches,
    /// What it accepts; `demo-key` and `demo-token` at first.
    pub credentials: Credentials,
    world: World,
    bearers: Bearers,
    outbox: Outbox,
    rng: fastrand::Rng,
    tally: Tally,
    faults: Faults,
    /// The user whose keys are used.
    integration: i64,
    /// The person who acts inside the web application.
    person: i64,
    /// Moments of the requests of the last minute, in milliseconds.
    recent: VecDeque<i64>,
    /// Until when a call is shut out and when that was last said, in milliseconds, by kind.
    shut: BTreeMap<String, (i64, i64)>,
}

/// A minute.
const MINUTE_MS: i64 = 60_000;

/// As long as an answer may be on its way, in milliseconds.
const ON_THE_WAY_MS: i64 = 2_000;

/// What a request gets when nothing is wrong with it: a status and what stands in `result`.
type Reply = Result<(u16, Option<Value>), Refusal>;

impl Auvo {
    /// A new account with users, a team, task types, groups, segments, keywords, a category and
    /// stages; without customers, products, services, tasks and quotations.
    pub fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let (integration, person) = seed::fill(&mut world);
        let (api_key, api_token) = ("demo-key".to_owned(), "demo-token".to_owned());
        Self {
            switches: Switches::default(),
            credentials: Credentials { api_key, api_token },
            world,
            bearers: Bearers::default(),
            outbox: Outbox::default(),
            rng: fastrand::Rng::with_seed(seed),
            tally: Tally::default(),
            faults: Faults::new(seed),
            integration,
            person,
            recent: VecDeque::new(),
            shut: BTreeMap::new(),
        }
    }

    /// Refuses what never reaches a record: too many requests, a call shut out.
    fn limited(&mut self, now_ms: i64, kind: &str) -> Option<Answer> {
        if let Some((_, told_ms)) = self.shut.get_mut(kind).filter(|(until_ms, _)| now_ms < *until_ms) {
            // It never says for how long: who waits for the minute that it counts by can know no better. Nor
            // does a call know that is on its way while the first refusal comes back.
            if (ON_THE_WAY_MS..MINUTE_MS).contains(&(now_ms - *told_ms)) {
                *self.tally.broken.entry("blocked".to_owned()).or_default() += 1;
            }
            *told_ms = now_ms;
            return Some(self.throttled());
        }
        while self.recent.front().is_some_and(|at| now_ms - at >= MINUTE_MS) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.switches.requests_per_minute {
            *self.tally.broken.entry("rate".to_owned()).or_default() += 1;
            if self.switches.limits_enforced {
                return Some(self.throttled());
            }
        }
        self.recent.push_back(now_ms);
        None
    }

    fn throttled(&self) -> Answer {
        json_answer(self.switches.rate_status, &json!({ "error": "Rate limit temporarily exceeded" }))
    }

    fn log_in(&mut self, now: Timestamp, request: &Request) -> Answer {
        let sent: Row = match request.method.as_str() {
            "GET" => query::params(&request.query).into_iter().map(|(name, text)| (name, Value::from(text))).collect(),
            "POST" if !says_json(request) => return refused(&Refusal::Media),
            "POST" => serde_json::from_slice(&request.body).unwrap_or_default(),
            _ => return refused(&Refusal::Verb),
        };
        let word = |name: &str| any_case(&sent, name).and_then(Value::as_str);
        match login::judge(&self.credentials, word("apiKey"), word("apiToken")) {
            Login::Lacking(name) => refused(&Refusal::value(name, &json!("\"\""))),
            Login::Unknown => Answer { status: self.switches.unknown_keys_status, ..Answer::default() },
            Login::Known => {
                let word = format!("{:032x}", self.rng.u128(..));
                let told = self.bearers.issue(now, &word, self.switches.login_form);
                json_answer(200, &json!({ "result": told }))
            }
        }
    }

    /// Answers a request that passed the limits.
    fn serve(&mut self, now: Timestamp, request: &Request, route: &Route, fault: Option<&Fault>) -> Answer {
        if self.switches.broken_resources.iter().any(|name| name == route.name()) {
            return refused(&Refusal::Broken);
        }
        let newer = match fault {
            Some(Fault::StaleList(lag_s)) => {
                let lag_ms = i64::try_from(lag_s.saturating_mul(1_000)).unwrap_or(i64::MAX);
                self.world.rewind(now.as_millisecond().saturating_sub(lag_ms))
            }
            _ => Vec::new(),
        };
        let reply = self.dispatch(now, request, route, fault);
        self.world.restore(newer);
        match reply {
            Ok((status, Some(result))) => json_answer(status, &json!({ "result": result })),
            Ok((status, None)) => Answer { status, ..Answer::default() },
            Err(refusal) => refused(&refusal),
        }
    }

    fn dispatch(&mut self, now: Timestamp, request: &Request, route: &Route, fault: Option<&Fault>) -> Reply {
        match (route, request.method.as_str()) {
            (Route::All(table), "GET") => self.list(*table, Verb::List, request, fault),
            (Route::Deleted, "GET") => self.list(Table::DeletedTask, Verb::List, request, fault),
            (Route::Clients(group), "GET") => {
                let query = query::read(schema(Table::Customer), &request.query)?;
                let group = write::key(&self.world, Table::Group, group).ok_or(Refusal::Gone)?;
                let lister = Lister { world: &self.world, switches: &self.switches, fault };
                Ok((200, Some(lister.clients(group, &query)?)))
            }
            (Route::One(table, id), "GET") => {
                demand(*table, Verb::Read)?;
                let row = self.world.row(*table, self.found(*table, id)?).ok_or(Refusal::Gone)?;
                Ok((200, Some(Value::Object(render::shown(&self.world, &self.switches, *table, row)))))
            }
            (Route::All(table), "POST") => self.create(now, request, *table),
            (Route::All(table), "PUT") => self.upsert(now, request, *table),
            (Route::One(table, id), "PATCH") => self.patch(now, request, *table, id),
            (Route::One(table, id), "DELETE") => {
                demand(*table, Verb::Delete)?;
                let id = self.found(*table, id)?;
                self.writer(now).delete(*table, id)?;
                self.wrote("DELETE", route);
                Ok((204, None))
            }
            (Route::Lines(id, kind), "PUT" | "DELETE") => self.lines(now, request, id, *kind),
            _ => Err(Refusal::Verb),
        }
    }

    fn list(&self, table: Table, verb: Verb, request: &Request, fault: Option<&Fault>) -> Reply {
        demand(table, verb)?;
        let query = query::read(schema(table), &request.query)?;
        let lister = Lister { world: &self.world, switches: &self.switches, fault };
        Ok((200, Some(lister.page(table, &query)?)))
    }

    fn create(&mut self, now: Timestamp, request: &Request, table: Table) -> Reply {
        demand(table, Verb::Create)?;
        let body = object_of(request)?;
        if table == Table::User {
            write::require(table, &schema(table).read(&body, false)?)?;
            // All seats are taken.
            return Err(Refusal::Rule(56, "The account has reached it's maximum users limit".to_owned()));
        }
        if table == Table::WebHook {
            let (id, new) = self.writer(now).register(&body)?;
            self.wrote("POST", &Route::All(table));
            return Ok((if new { 201 } else { 200 }, Some(self.written("POST", table, id)?)));
        }
        let made = self.writer(now).create(table, &body);
        // The server falls over wrong types of a new task instead of complaining.
        let falls = |refusal: &Refusal| table == Table::Task && matches!(refusal, Refusal::Value { .. });
        let id = made.map_err(|refusal| if falls(&refusal) { Refusal::Broken } else { refusal })?;
        self.wrote("POST", &Route::All(table));
        Ok((201, Some(self.written("POST", table, id)?)))
    }

    fn upsert(&mut self, now: Timestamp, request: &Request, table: Table) -> Reply {
        demand(table, Verb::Upsert)?;
        let body = object_of(request)?;
        let (id, new) = self.writer(now).upsert(table, &body)?;
        self.wrote("PUT", &Route::All(table));
        Ok((if new { 201 } else { 200 }, Some(self.written("PUT", table, id)?)))
    }

    fn patch(&mut self, now: Timestamp, request: &Request, table: Table, id: &str) -> Reply {
        demand(table, Verb::Patch)?;
        let body = body_of(request)?;
        let id = self.found(table, id)?;
        let fields = patch::read(table, &body, &self.switches)?;
        if !fields.is_empty() {
            self.writer(now).change(table, id, fields)?;
            self.wrote("PATCH", &Route::All(table));
        }
        Ok((200, Some(self.written("PATCH", table, id)?)))
    }

    fn lines(&mut self, now: Timestamp, request: &Request, task: &str, kind: LineKind) -> Reply {
        let body = body_of(request)?;
        let id = self.found(Table::Task, task)?;
        let deletes = request.method == "DELETE";
        let mut writer = self.writer(now);
        if deletes {
            writer.take_lines(id, kind, &body)?;
        } else {
            writer.put_lines(id, kind, &body)?;
        }
        self.wrote(&request.method, &Route::Lines(String::new(), kind));
        if deletes && !self.switches.line_delete_shows_task {
            return Ok((204, None));
        }
        Ok((200, Some(self.written("PUT", Table::Task, id)?)))
    }

    fn writer(&mut self, now: Timestamp) -> Writer<'_> {
        Writer::new(&mut self.world, &self.switches, self.integration, now)
    }

    /// The key of the record of a path's id; what is no id at all is refused as such.
    fn found(&self, table: Table, id: &str) -> Result<i64, Refusal> {
        if table != Table::Service && id.parse::<i64>().is_err() {
            return Err(Refusal::value("id", &json!(id)));
        }
        write::key(&self.world, table, id).ok_or(Refusal::Gone)
    }

    fn written(&self, method: &str, table: Table, id: i64) -> Result<Value, Refusal> {
        let row = self.world.row(table, id).ok_or(Refusal::Gone)?;
        Ok(render::written(&self.world, &self.switches, method, (table, row)))
    }

    fn wrote(&mut self, method: &str, route: &Route) {
        *self.tally.writes.entry(format!("{method} {}", route.name())).or_default() += 1;
    }

    /// The answer a fault puts in the place of the effect.
    fn struck_before(&mut self, now: Timestamp, kind: &str, fault: &Fault) -> Option<Answer> {
        match fault {
            Fault::Refuse(text) => Some(refused(&Refusal::rule(text.as_str()))),
            Fault::Throttle(_) => Some(self.throttled()),
            Fault::Block(wait_s) => {
                let wait_ms = i64::try_from(wait_s.saturating_mul(1_000)).unwrap_or(i64::MAX);
                let now_ms = now.as_millisecond();
                self.shut.insert(kind.to_owned(), (now_ms.saturating_add(wait_ms), now_ms));
                Some(self.throttled())
            }
            Fault::DropBefore => Some(Answer { lost: true, ..gateway(self.switches.gateway_status) }),
            Fault::BadGateway => Some(gateway(self.switches.gateway_status)),
            Fault::Html => Some(gateway(200)),
            Fault::RepeatAnswer => Some(self.faults.repeated()),
            Fault::Delay(_)
            | Fault::LoseAnswer
            | Fault::BrokenAfterCommit
            | Fault::Truncate
            | Fault::StaleList(_)
            | Fault::ShiftPages(_)
            | Fault::EmptyList
            | Fault::MissingField(_)
            | Fault::DeliverTwice(_) => None,
        }
    }

    /// Carries a call through the faults.
    fn perform(&mut self, now: Timestamp, kind: &str, request: &Request, route: &Route) -> Answer {
        // A login is never repeated: its answer lets somebody in.
        self.faults.asked(Some(request).filter(|_| *route != Route::Login));
        let strike = self.faults.strike(kind, call_kind(&request.method, route));
        let fault = strike.fault.as_ref();
        let mut answer = match fault.and_then(|fault| self.struck_before(now, kind, fault)) {
            Some(answer) => answer,
            None if *route == Route::Login => self.log_in(now, request),
            None => self.serve(now, request, route, fault),
        };
        answer.delay_ms = strike.delay_ms + self.switches.latency_ms;
        match fault {
            Some(Fault::LoseAnswer) => answer.lost = true,
            Some(Fault::Truncate) => answer.body.truncate(answer.body.len() / 2),
            Some(Fault::MissingField(number)) => lacking(&mut answer, *number),
            Some(Fault::BrokenAfterCommit) => {
                answer = Answer { delay_ms: answer.delay_ms, ..refused(&Refusal::Broken) };
            }
            _ => {}
        }
        self.faults.answered(&answer);
        answer
    }
}

impl Sandbox for Auvo {
    fn name(&self) -> &'static str {
        "auvo"
    }

    fn answer(&mut self, now: Timestamp, request: &Request) -> Answer {
        let route = Route::read(&request.path);
        let kind = format!("{} {}", request.method, route.as_ref().map_or("?", Route::name));
        *self.tally.calls.entry(kind.clone()).or_default() += 1;
        let mut answer = match (self.limited(now.as_millisecond(), &kind), route) {
            (Some(refusal), _) => refusal,
            (None, None) => refused(&Refusal::Gone),
            (None, Some(route)) => {
                if route == Route::Login || self.bearers.admits(now, request.headers.get("authorization")) {
                    self.perform(now, &kind, request, &route)
                } else {
                    refused(&Refusal::Unauthorised)
                }
            }
        };
        answer.headers.insert("x-request-id".to_owned(), format!("{:016x}", self.rng.u64(..)));
        answer
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn due_hooks(&mut self, _now: Timestamp) -> Vec<Hook> {
        self.due()
    }
}

fn call_kind(method: &str, route: &Route) -> CallKind {
    match (method, route) {
        (_, Route::Login) | ("GET", Route::One(..)) => CallKind::Read,
        ("GET", _) => CallKind::List,
        _ => CallKind::Write,
    }
}

/// Refuses a verb that a resource does not have.
fn demand(table: Table, verb: Verb) -> Result<(), Refusal> {
    if schema(table).has(verb) { Ok(()) } else { Err(Refusal::Verb) }
}

fn says_json(request: &Request) -> bool {
    request.headers.get("content-type").is_some_and(|kind| kind.to_lowercase().contains("json"))
}

/// The body of a write.
fn body_of(request: &Request) -> Result<Value, Refusal> {
    if !says_json(request) {
        return Err(Refusal::Media);
    }
    let unread = |_| Refusal::Member { name: String::new(), text: "A non-empty request body is required.".to_owned() };
    serde_json::from_slice(&request.body).map_err(unread)
}

/// The body of a write that takes one object.
fn object_of(request: &Request) -> Result<Row, Refusal> {
    let body = body_of(request)?;
    body.as_object().cloned().ok_or_else(|| Refusal::value("body", &body))
}

fn json_answer(status: u16, body: &Value) -> Answer {
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json; charset=utf-8".to_owned())]);
    Answer { status, headers, body: body.to_string().into_bytes(), ..Answer::default() }
}

/// Lets the rows of a list lack a member, but for what names them.
fn lacking(answer: &mut Answer, number: u64) {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return };
    if let Some(rows) = body.pointer_mut("/result/entityList") {
        let ids = ["id", "customerId", "userID", "code", "productId", "taskID", "publicId"];
        memory::lacking(rows, number, &ids);
        answer.body = body.to_string().into_bytes();
    }
}

fn refused(refusal: &Refusal) -> Answer {
    let bare = Answer { status: refusal.status(), ..Answer::default() };
    refusal.body().map_or(bare, |body| json_answer(refusal.status(), &body))
}

fn gateway(status: u16) -> Answer {
    let body = format!("<html><head><title>{status}</title></head><body>Gateway</body></html>");
    let headers = BTreeMap::from([("content-type".to_owned(), "text/html".to_owned())]);
    Answer { status, headers, body: body.into_bytes(), ..Answer::default() }
}
