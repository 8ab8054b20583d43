//! An imitation of the Omie ERP: clients, sellers, tags, cities, countries, products and
//! their stock, services, service orders, sales orders.
//!
//! Built from public material. What that material leaves open is a field of [`Switches`], with the
//! likelier answer as its default. The order of a call: envelope, credentials, block, faults,
//! limits, unknown tags, business rules, effect. Every answer of HTTP 500 counts as a failed call,
//! as it does there. Never reads a clock, never panics on what a client sends.

mod book;
mod folk;
mod folk_clients;
mod folk_trade;
mod goods_schema;
mod hooks;
mod limit;
mod list;
mod merge;
mod method;
mod os_schema;
mod page;
mod person;
mod product;
mod record;
mod reference;
mod refusal;
mod sales_order;
mod sales_order_schema;
mod schema;
mod service;
mod service_order;
mod stock;
mod switches;
mod tag;
#[cfg(test)]
mod tests;
mod trade;
mod trader;
mod wire;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use self::limit::{BLOCK_S, Broken, Limits};
use self::method::{Ask, Disturbed, METHODS, Method, Reply};
use self::record::{Author, Clients, Extras, Stamp};
use self::reference::Seller;
use self::refusal::Refusal;
pub use self::stock::Level;
pub use self::switches::{Credentials, Duplicate, Forgiven, OverLength, Refused, Switches};
pub use self::trade::TradeSwitches;
use self::trade::{METHODS as TRADE_METHODS, Trade};
use self::wire::Call;
use super::hook::{Hook, Outbox};
use super::{Answer, CallKind, Fault, Faults, People, Request, Sandbox, Tally};

/// One Omie account.
#[derive(Debug)]
pub struct Omie {
    /// How this account behaves; may be changed at any time.
    pub switches: Switches,
    /// What it accepts; `demo-key` and `demo-secret` at first.
    pub credentials: Credentials,
    zone: TimeZone,
    rng: fastrand::Rng,
    /// Who does what no client of the API does.
    hands: Author,
    last_client: i64,
    last_seller: i64,
    clients: Clients,
    sellers: BTreeMap<i64, Seller>,
    labels: BTreeMap<String, i64>,
    trade: Trade,
    /// Where changes are told.
    listener: Option<String>,
    outbox: Outbox,
    limits: Limits,
    faults: Faults,
    tally: Tally,
}

impl Omie {
    /// An empty account; ids follow from the seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let app_key = "demo-key".to_owned();
        let app_secret = "demo-secret".to_owned();
        // The zone is compiled in; the offset it has had since 2019 stands in if it is not.
        let brasilia = TimeZone::fixed(Offset::constant(-3));
        Self {
            switches: Switches::default(),
            credentials: Credentials { app_key, app_secret },
            zone: TimeZone::get("America/Sao_Paulo").unwrap_or(brasilia),
            last_client: rng.i64(5_500_000_000..6_400_000_000),
            last_seller: rng.i64(3_100_000_000..3_900_000_000),
            clients: Clients::default(),
            sellers: BTreeMap::new(),
            labels: BTreeMap::new(),
            // Chance of its own: what is there longer keeps its numbers.
            trade: Trade::new(&mut fastrand::Rng::with_seed(seed ^ 0x07AD_E000)),
            listener: None,
            outbox: Outbox::default(),
            limits: Limits::default(),
            faults: Faults::new(rng.u64(..)),
            tally: Tally::default(),
            hands: person::PERSON,
            rng,
        }
    }

    fn stamp(&self, now: Timestamp, by: Author) -> Stamp {
        let at_ms = now.as_millisecond();
        let local = self.zone.to_datetime(now);
        let local = local.with().subsec_nanosecond(0).build().unwrap_or(local);
        Stamp { at_ms, local, by }
    }

    /// What an answer shows of a client, beside what the caller asked for.
    fn extras(&self) -> Extras {
        let Switches { html_names, ids_as_text, .. } = self.switches;
        Extras { raw_names: !html_names, ids_as_text, ..Extras::default() }
    }

    fn receive(&mut self, now: Timestamp, call: &Call) -> Answer {
        *self.tally.calls.entry(call.name.clone()).or_default() += 1;
        let good = &self.credentials;
        if call.app_key != good.app_key || call.app_secret != good.app_secret {
            return wire::refuse(&Refusal::unauthorised());
        }
        let now_ms = now.as_millisecond();
        if let Some((seconds, told)) = self.limits.blocked(now_ms, &call.name) {
            if told {
                self.broke("blocked");
            }
            return wire::refuse(&Refusal::blocked(seconds));
        }
        let found = METHODS.iter().chain(TRADE_METHODS).find(|it| it.service == call.service && it.name == call.name);
        let (mut answer, struck) = match found {
            Some(method) => self.perform(now, call, method),
            None => {
                let text = format!("ERROR: Method \"{}\" not exists", call.name);
                (wire::refuse(&Refusal::caller(&text)), false)
            }
        };
        let writes = found.is_some_and(|method| method.kind == CallKind::Write);
        self.judge(now_ms, (&call.name, writes || struck), answer.status);
        // However it is dressed, a refusal has been counted as one.
        if answer.status == 500 {
            let writes = found.filter(|method| method.kind == CallKind::Write);
            wire::dress(&mut answer, self.switches.refused, writes.map(trade::status));
        }
        answer
    }

    /// Carries a call through faults and limits; tells whether a fault kept it from having any effect.
    fn perform(&mut self, now: Timestamp, call: &Call, method: &Method) -> (Answer, bool) {
        let now_ms = now.as_millisecond();
        let strike = self.faults.strike(method.name, method.kind);
        let delay_ms = strike.delay_ms + self.switches.latency_ms;
        if let Some(answer) = self.stopped(now_ms, method, strike.fault.as_ref()) {
            return (Answer { delay_ms, ..answer }, true);
        }
        if let Some(refusal) = self.limited(now_ms, call, method) {
            return (wire::refuse(&refusal), false);
        }
        if delay_ms > 0 {
            self.limits.busy(method.name, now_ms + i64::try_from(delay_ms).unwrap_or(i64::MAX / 2));
        }
        let reply = self.run(now, call, method, strike.fault.as_ref());
        let mut answer = reply.map_or_else(|refusal| wire::refuse(&refusal), wire::done);
        match strike.fault {
            Some(Fault::LoseAnswer) => answer.lost = true,
            Some(Fault::BrokenAfterCommit) => answer = wire::refuse(&Refusal::broken()),
            Some(Fault::Truncate) => answer.body.truncate(answer.body.len() / 2),
            Some(Fault::MissingField(number)) => wire::lacking(&mut answer, number),
            Some(
                Fault::Refuse(_)
                | Fault::Delay(_)
                | Fault::Throttle(_)
                | Fault::Block(_)
                | Fault::DropBefore
                | Fault::BadGateway
                | Fault::StaleList(_)
                | Fault::ShiftPages(_)
                | Fault::EmptyList
                | Fault::Html
                | Fault::RepeatAnswer
                | Fault::DeliverTwice(_),
            )
            | None => {}
        }
        (Answer { delay_ms, ..answer }, false)
    }

    /// The answer of a fault that keeps the call from having any effect.
    fn stopped(&mut self, now_ms: i64, method: &Method, fault: Option<&Fault>) -> Option<Answer> {
        match fault? {
            Fault::DropBefore => Some(Answer { lost: true, ..wire::html(502, "", "") }),
            Fault::BadGateway => Some(wire::html(502, "502 Bad Gateway", "<hr>nginx")),
            Fault::Throttle(0) => Some(wire::refuse(&Refusal::too_many())),
            Fault::Throttle(seconds) => {
                let seconds = i64::try_from(*seconds).unwrap_or(BLOCK_S);
                Some(wire::refuse(&Refusal::redundant(seconds)))
            }
            Fault::Block(seconds) => {
                let seconds = i64::try_from(*seconds).unwrap_or(BLOCK_S);
                self.limits.block(now_ms, method.name, seconds);
                Some(wire::refuse(&Refusal::blocked(seconds)))
            }
            Fault::Refuse(text) => Some(wire::refuse(&Refusal::verbatim(text))),
            Fault::Html => Some(wire::html(200, "Omie", "Estamos em manuten\u{e7}\u{e3}o.")),
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

    /// Counts a call against the limits; the refusal when one is broken and enforced.
    fn limited(&mut self, now_ms: i64, call: &Call, method: &Method) -> Option<Refusal> {
        let repeatable = method.kind != CallKind::Write || self.switches.redundant_writes;
        let repeated = repeatable.then(|| format!("{} {}", method.name, call.param));
        // What was delivered twice was called once.
        let broken = if self.faults.is_second() { None } else { self.limits.check(now_ms, method.name, repeated) }?;
        self.broke(broken.name());
        let refusal = match broken {
            Broken::RateTotal | Broken::Rate => Refusal::too_many(),
            Broken::Serialised => Refusal::serialised(),
            Broken::Redundant(seconds) => Refusal::redundant(seconds),
        };
        self.switches.limits_enforced.then_some(refusal)
    }

    fn run(&mut self, now: Timestamp, call: &Call, method: &Method, fault: Option<&Fault>) -> Reply {
        let param = wire::param(&call.param, method.mandatory)?;
        let fields = schema::read(method.takes, param, &self.switches)?;
        let stamp = self.stamp(now, Author::Api);
        let mut disturbed = Disturbed::default();
        if let Some(Fault::StaleList(seconds)) = fault {
            let lag_ms = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
            disturbed.stale_ms = Some(stamp.at_ms.saturating_sub(lag_ms));
        } else if let Some(Fault::ShiftPages(rows)) = fault {
            disturbed.shift = *rows;
        } else if let Some(Fault::EmptyList) = fault {
            disturbed.empty = true;
        }
        let mut reply = (method.run)(self, &Ask { stamp, fields, disturbed })?;
        if self.switches.ids_as_text && TRADE_METHODS.iter().any(|traded| traded.name == method.name) {
            reply = wire::text(&trade::ids_as_text(serde_json::from_str(&reply).unwrap_or_default()));
        }
        if method.kind == CallKind::Write {
            *self.tally.writes.entry(method.name.to_owned()).or_default() += 1;
        }
        Ok(reply)
    }

    /// Counts good and failed calls; the tenth failed one brings the block.
    fn judge(&mut self, now_ms: i64, (method, forced): (&str, bool), status: u16) {
        let forgiven = self.switches.forgiven;
        if status == 200 {
            self.limits.succeeded(method, forgiven);
        }
        if status == 500
            && let Some(took_ms) = self.limits.failed(now_ms, method, forgiven)
        {
            // Where only a good answer makes them forgotten, writes that are refused one by one over hours
            // add up whatever a client does, and so do lists of what is empty and what faults strike.
            let barren = folk::listed(method).is_some_and(|resource| self.ids(resource).is_empty());
            if took_ms < BLOCK_S * 1_000 || !(forced || barren) {
                self.broke("misuse");
            }
            let seconds = if self.switches.limits_enforced { BLOCK_S } else { 0 };
            self.limits.block(now_ms, method, seconds);
            if barren {
                self.limits.note_barren(method);
            }
        }
    }

    fn broke(&mut self, limit: &str) {
        *self.tally.broken.entry(limit.to_owned()).or_default() += 1;
    }
}

impl Sandbox for Omie {
    fn name(&self) -> &'static str {
        "omie"
    }

    fn answer(&mut self, now: Timestamp, request: &Request) -> Answer {
        match wire::read(request) {
            Ok(call) => {
                self.faults.asked(Some(request));
                let answer = self.receive(now, &call);
                self.faults.answered(&answer);
                answer
            }
            Err(answer) => {
                *self.tally.calls.entry("(unreadable)".to_owned()).or_default() += 1;
                answer
            }
        }
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }

    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn due_hooks(&mut self, now: Timestamp) -> Vec<Hook> {
        self.due(now)
    }

    fn hook_answered(&mut self, now: Timestamp, _: &Hook, well: bool) {
        self.listened(now, well);
    }

    fn register_hook(&mut self, url: &str) -> bool {
        self.person_registers_hook(url);
        true
    }
}
