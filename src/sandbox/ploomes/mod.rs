//! An imitation of Ploomes: contacts and the lists around them, behind an OData API.
//!
//! A plain state machine: every answer follows from the seed, the requests and their moments. What
//! nobody could settle about the real system is a switch. It never reads a clock or a file, and
//! shares nothing with the engine it tests.

mod contacts;
mod filter;
mod folk;
mod grammar;
mod hooks;
mod lists;
mod odata;
mod page;
mod person;
mod refusal;
mod render;
mod reply;
mod row;
mod schema;
mod switches;
mod world;
mod write;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use self::filter::Judge;
use self::odata::Options;
use self::refusal::Refusal;
use self::reply::{Route, Writable};
use self::row::Row;
use self::world::World;
use self::write::{Body, Writer};
use super::hook::{Hook, Outbox};
use super::{Answer, CallKind, Fault, Faults, Request, Sandbox, Tally};

pub use self::switches::{Switches, TypeChange};

/// The key that opens the account unless another is set.
pub const USER_KEY: &str = "demo-user-key";

/// An imitated Ploomes account.
#[derive(Debug)]
pub struct Ploomes {
    /// The doubtful points; free to turn at any time.
    pub switches: Switches,
    world: World,
    tally: Tally,
    faults: Faults,
    user_key: String,
    /// The user whose key is used.
    integration: i64,
    /// The person who acts inside the web application.
    person: i64,
    /// Moments of the requests of the last minute, in milliseconds.
    recent: VecDeque<i64>,
    /// Until when a call is shut out, in milliseconds, by kind.
    shut: BTreeMap<String, i64>,
    outbox: Outbox,
    /// How often in a row each webhook failed.
    hook_failures: BTreeMap<i64, u32>,
}

impl Ploomes {
    /// A new account with users, statuses, phone types, places and fields, and without contacts.
    pub fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let (integration, person) = lists::seed(&mut world);
        Self {
            switches: Switches::default(),
            world,
            tally: Tally::default(),
            faults: Faults::new(seed),
            user_key: USER_KEY.to_owned(),
            integration,
            person,
            recent: VecDeque::new(),
            shut: BTreeMap::new(),
            outbox: Outbox::default(),
            hook_failures: BTreeMap::new(),
        }
    }

    /// Sets the key that opens the account.
    pub fn set_user_key(&mut self, key: &str) {
        key.clone_into(&mut self.user_key);
    }

    /// Refuses what never reaches a record: wrong key, too many requests, a call shut out.
    fn gate(&mut self, now: Timestamp, kind: &str, request: &Request) -> Option<Answer> {
        if request.headers.get("user-key") != Some(&self.user_key) {
            return Some(reply::said(401, "Invalid User-Key"));
        }
        let now = now.as_millisecond();
        // It says neither why nor for how long: who asks again breaks no limit.
        if self.shut.get(kind).is_some_and(|until| now < *until) {
            return Some(reply::refused(&Refusal::Forbidden, false));
        }
        while self.recent.front().is_some_and(|at| now - at >= MINUTE_MS) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.switches.requests_per_minute {
            *self.tally.broken.entry("rate".to_owned()).or_default() += 1;
            if self.switches.limits_enforced {
                let oldest = self.recent.front().copied().unwrap_or(now);
                let wait_ms = u64::try_from(oldest + MINUTE_MS - now).unwrap_or_default();
                return Some(self.throttled(wait_ms.div_ceil(1000)));
            }
        }
        self.recent.push_back(now);
        None
    }

    fn throttled(&self, wait_s: u64) -> Answer {
        let mut answer = if self.switches.throttle_html {
            reply::page(429, "Too Many Requests")
        } else {
            reply::said(429, "API calls quota exceeded")
        };
        if self.switches.retry_after && wait_s > 0 {
            answer.headers.insert("retry-after".to_owned(), wait_s.to_string());
        }
        answer
    }

    /// Answers a request that passed the gate.
    fn serve(&mut self, now: Timestamp, request: &Request, strike: Option<&Fault>) -> Answer {
        let route = odata::decoded(&request.path, false).ok().and_then(|path| reply::route(&path));
        let Some(route) = route else { return reply::nowhere() };
        if request.method == "GET" && route.id.is_some() && !self.switches.get_by_key {
            return reply::nowhere();
        }
        let lag_s = match strike {
            Some(Fault::StaleList(lag_s)) => i64::try_from(*lag_s).unwrap_or(i64::MAX),
            _ => 0,
        };
        let newer = if lag_s > 0 {
            self.world.rewind(now.as_millisecond().saturating_sub(lag_s.saturating_mul(1000)))
        } else {
            Vec::new()
        };
        let answer = self.dispatch(now, &route, request, strike);
        self.world.restore(newer);
        self.fire();
        answer.unwrap_or_else(|refusal| reply::refused(&refusal, self.switches.unknown_field_forbidden))
    }

    fn dispatch(
        &mut self,
        now: Timestamp,
        route: &Route,
        request: &Request,
        strike: Option<&Fault>,
    ) -> Result<Answer, Refusal> {
        let options = odata::options(route.resource.table, &request.query)?;
        if self.switches.any_forbidden && request.query.contains("/any(") {
            return Err(Refusal::Forbidden);
        }
        match request.method.as_str() {
            "GET" => Ok(reply::json(200, self.list(route, options, strike))),
            "POST" if route.id.is_none() => {
                let id = self.create(now, route, &body(&request.body)?)?;
                self.wrote(route, "POST");
                Ok(reply::json(self.switches.post_status, self.show(route, id, &options)))
            }
            "PATCH" => {
                let id = self.update(now, route, &body(&request.body)?)?;
                self.wrote(route, "PATCH");
                match self.switches.patch_status {
                    204 => Ok(Answer { status: 204, ..Answer::default() }),
                    status => Ok(reply::json(status, self.show(route, id, &options))),
                }
            }
            "DELETE" => {
                self.delete(now, route)?;
                self.wrote(route, "DELETE");
                Ok(Answer { status: 200, ..Answer::default() })
            }
            _ => Err(Refusal::Verb),
        }
    }

    fn judge(&self) -> Judge<'_> {
        let Switches { case_sensitive, accents_ignored, .. } = self.switches;
        Judge { world: &self.world, case_sensitive, accents_ignored }
    }

    fn list(&self, route: &Route, mut options: Options, strike: Option<&Fault>) -> String {
        let resource = route.resource;
        let mut top = options.top;
        if resource.paged {
            top = Some(top.unwrap_or(self.switches.page_default).min(self.switches.page_max));
        }
        match strike {
            Some(Fault::EmptyList) => top = Some(0),
            // Rows before the page came or went while it was turned.
            Some(Fault::ShiftPages(by)) if options.skip > 0 => {
                options.skip = options.skip.saturating_add_signed(isize::try_from(*by).unwrap_or_default());
            }
            _ => {}
        }
        let judge = self.judge();
        let of_id = |id: i64| self.world.row(resource.table, id).into_iter().collect::<Vec<&Row>>();
        let page = match (resource.name, route.id) {
            ("Self", _) => page::sorted(judge, of_id(self.integration), &options, top),
            (_, Some(id)) => page::sorted(judge, of_id(id), &options, top),
            (_, None) => page::page(judge, resource.table, &options, top),
        };
        let mut told = render::envelope(judge, (resource.table, resource.name), &options, &page);
        let shown = options.skip + page.rows.len();
        let is_full = top.is_some_and(|top| page.rows.len() >= top);
        if self.switches.next_link && resource.paged && page.count.map_or(is_full, |count| shown < count) {
            told.pop();
            told.push_str(&render::next(resource.name, shown));
        }
        told
    }

    /// One record as the answer to its write.
    fn show(&self, route: &Route, id: i64, options: &Options) -> String {
        let rows = self.world.row(route.resource.table, id).into_iter().collect();
        let page = page::Page { rows, count: None };
        render::envelope(self.judge(), (route.resource.table, route.resource.name), options, &page)
    }

    fn create(&mut self, now: Timestamp, route: &Route, body: &Body) -> Result<i64, Refusal> {
        let mut writer = Writer::new(&mut self.world, &self.switches, self.integration, now);
        match route.resource.writable.ok_or(Refusal::Verb)? {
            Writable::Contact => writer.create_contact(body),
            Writable::Tag => writer.create_tag(body),
            Writable::Record => writer.create_record(body),
            Writable::Webhook => writer.create_webhook(body),
        }
    }

    fn update(&mut self, now: Timestamp, route: &Route, body: &Body) -> Result<i64, Refusal> {
        let id = route.id.ok_or(Refusal::Verb)?;
        let mut writer = Writer::new(&mut self.world, &self.switches, self.integration, now);
        match route.resource.writable.ok_or(Refusal::Verb)? {
            Writable::Contact => writer.update_contact(id, body),
            Writable::Tag => writer.update_tag(id, body),
            Writable::Record => writer.update_record(id, body),
            Writable::Webhook => writer.update_webhook(id, body),
        }?;
        Ok(id)
    }

    fn delete(&mut self, now: Timestamp, route: &Route) -> Result<(), Refusal> {
        let id = route.id.ok_or(Refusal::Verb)?;
        let mut writer = Writer::new(&mut self.world, &self.switches, self.integration, now);
        match route.resource.writable.ok_or(Refusal::Verb)? {
            Writable::Contact => writer.delete_contact(id),
            Writable::Tag => writer.delete_tag(id),
            Writable::Record => writer.delete_record(id),
            Writable::Webhook => writer.delete_webhook(id),
        }
    }

    fn wrote(&mut self, route: &Route, method: &str) {
        *self.tally.writes.entry(format!("{method} {}", route.resource.name)).or_default() += 1;
    }

    /// The answer a fault puts in the place of the effect.
    fn struck_before(&mut self, now: Timestamp, kind: &str, fault: &Fault) -> Option<Answer> {
        match fault {
            Fault::Refuse(text) => Some(reply::said(400, text)),
            Fault::Throttle(wait_s) => Some(self.throttled(*wait_s)),
            Fault::Block(wait_s) => {
                let wait_ms = i64::try_from(wait_s.saturating_mul(1000)).unwrap_or(i64::MAX);
                self.shut.insert(kind.to_owned(), now.as_millisecond().saturating_add(wait_ms));
                Some(reply::refused(&Refusal::Forbidden, false))
            }
            Fault::DropBefore => Some(Answer { lost: true, ..reply::page(502, "Bad Gateway") }),
            Fault::BadGateway => Some(reply::page(502, "Bad Gateway")),
            Fault::Html => Some(reply::page(200, "Ploomes")),
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
}

/// A minute.
const MINUTE_MS: i64 = 60_000;

impl Sandbox for Ploomes {
    fn name(&self) -> &'static str {
        "ploomes"
    }

    fn answer(&mut self, now: Timestamp, request: &Request) -> Answer {
        let route = odata::decoded(&request.path, false).ok().and_then(|path| reply::route(&path));
        let name = route.map_or("?", |route| route.resource.name);
        let kind = format!("{} {name}", request.method);
        *self.tally.calls.entry(kind.clone()).or_default() += 1;
        if let Some(refused) = self.gate(now, &kind, request) {
            return refused;
        }
        self.faults.asked(Some(request));
        let strike = self.faults.strike(&kind, call_kind(&request.method, name));
        let fault = strike.fault.as_ref();
        let mut answer = match fault.and_then(|fault| self.struck_before(now, &kind, fault)) {
            Some(answer) => answer,
            None => self.serve(now, request, fault),
        };
        answer.delay_ms += strike.delay_ms;
        match fault {
            Some(Fault::LoseAnswer) => answer.lost = true,
            Some(Fault::Truncate) => answer.body.truncate(answer.body.len() / 2),
            Some(Fault::MissingField(number)) => reply::lacking(&mut answer, *number),
            Some(Fault::BrokenAfterCommit) => {
                answer = Answer { delay_ms: answer.delay_ms, ..reply::said(500, "An error has occurred.") }
            }
            _ => {}
        }
        self.faults.answered(&answer);
        answer
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn due_hooks(&mut self, _: Timestamp) -> Vec<Hook> {
        self.outbox.take()
    }

    fn hook_answered(&mut self, _: Timestamp, hook: &Hook, well: bool) {
        self.listened(hook.listener, well);
    }
}

fn call_kind(method: &str, name: &str) -> CallKind {
    match (method, name) {
        ("GET", "Self" | "Account") => CallKind::Read,
        ("GET", _) => CallKind::List,
        _ => CallKind::Write,
    }
}

fn body(bytes: &[u8]) -> Result<Body, Refusal> {
    serde_json::from_slice(bytes).map_or(Err(Refusal::Format), Ok)
}

#[cfg(test)]
mod tests;
