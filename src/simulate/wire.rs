//! The way between the engine and the sandboxes: in this process, with the delays of a network, and
//! with a step of the process's life before each call leaves and after each answer comes.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::life::Life;
use super::story::{Kind, Story};
use crate::clock::Clock;
use crate::connector::transport::{Transport, WireAnswer, WireRequest};
use crate::sandbox::{People, Request};

/// A sandbox and its people, shared.
pub(super) type Member = Arc<Mutex<dyn People>>;

/// Half of the shortest and of the longest way to a system and back, in milliseconds.
const WAY_MS: std::ops::Range<u64> = 10..150;

/// An answer that takes as long is not waited for: what system files allow.
pub(super) const PATIENCE_MS: u64 = 60_000;

/// A list that is said to be empty.
pub(super) const EMPTY_LIST: &str = "empty-list";
/// Records are shown as they were before.
pub(super) const OLD_NEWS: [&str; 2] = ["repeat-answer", "stale-list"];
/// Faults of which nobody can tell that they struck.
pub(super) const LIES: [&str; 3] = [EMPTY_LIST, OLD_NEWS[0], OLD_NEWS[1]];

/// What every call of a history goes through.
#[derive(Clone)]
pub(super) struct Wire {
    /// The true time, by which systems live.
    pub(super) clock: Clock,
    pub(super) story: Arc<Mutex<Story>>,
    pub(super) random: Arc<Mutex<fastrand::Rng>>,
    pub(super) ours: Arc<Mutex<Ours>>,
    /// Places that several mappings speak of: what one of them does there is news for the others.
    pub(super) shared: Arc<BTreeSet<String>>,
    /// What no story shows.
    pub(super) secrets: Arc<Vec<String>>,
    /// What stands before the name of a system in a story.
    pub(super) prefix: Arc<str>,
}

/// What a call of a mapping made of a record.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub(super) at_ms: i64,
    pub(super) mapping: Arc<str>,
    /// `system.resource`, and the id.
    pub(super) record: (String, String),
    /// As the system showed it before and after.
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// One cycle, or what a process that died may have been at.
pub(super) struct Cycle {
    /// Its mapping; any when nobody can tell.
    pub(super) mapping: Option<String>,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    /// True when it came to its end: neither it failed, nor was it halted, nor did the process die.
    pub(super) done: bool,
    /// Keys of lines that its mapping did not have: somebody had edited it.
    pub(super) without: BTreeSet<String>,
}

impl Cycle {
    pub(super) fn is_of(&self, mapping: &str) -> bool {
        self.mapping.as_ref().is_none_or(|own| own == mapping)
    }
}

/// A moment in milliseconds since 1970, and the mapping that wrote then.
type Write = (i64, Arc<str>);

/// What calls did to records.
#[derive(Default)]
pub(super) struct Ours {
    /// When they made one, in milliseconds since 1970, by `system.resource` and id.
    pub(super) births: BTreeMap<(String, String), i64>,
    /// When a mapping may have changed one, and which, likewise.
    pub(super) writes: BTreeMap<(String, String), Vec<Write>>,
    /// Those of them whose answer said nothing.
    pub(super) unheard: BTreeSet<Write>,
    /// Records that one creation made when it was delivered twice, likewise.
    pub(super) doubles: BTreeSet<(String, String)>,
    /// Answers of which nobody can tell that they are not true: the fault, the system, and when, in milliseconds
    /// since 1970.
    pub(super) lies: BTreeSet<(&'static str, String, i64)>,
    /// What they made of records in places that several mappings speak of, in the order of time.
    pub(super) effects: Vec<Effect>,
    pub(super) cycles: Vec<Cycle>,
}

impl Ours {
    /// True when a cycle of a mapping began and came to its end between two moments.
    pub(super) fn ran_between(&self, mapping: &str, from_ms: i64, to_ms: i64) -> bool {
        self.whole_between(mapping, from_ms, to_ms).next().is_some()
    }

    /// True when no system lied about what it has in such a cycle.
    pub(super) fn ran_truly_between(&self, mapping: &str, systems: [&str; 2], from_ms: i64, to_ms: i64) -> bool {
        let lied = |cycle: &Cycle| {
            let mut lies = systems.into_iter().flat_map(|system| self.lies_of(&LIES, system));
            lies.any(|lie_ms| (cycle.from_ms..=cycle.to_ms).contains(&lie_ms))
        };
        self.whole_between(mapping, from_ms, to_ms).any(|cycle| !lied(cycle))
    }

    /// True when such a cycle also had a line of the mapping.
    pub(super) fn saw_between(&self, mapping: &str, line: &str, from_ms: i64, to_ms: i64) -> bool {
        self.whole_between(mapping, from_ms, to_ms).any(|cycle| !cycle.without.contains(line))
    }

    fn whole_between(&self, mapping: &str, from_ms: i64, to_ms: i64) -> impl Iterator<Item = &Cycle> {
        let own = self.cycles.iter().filter(move |cycle| cycle.done && cycle.is_of(mapping));
        own.filter(move |cycle| cycle.from_ms >= from_ms && cycle.to_ms <= to_ms)
    }

    /// When a record was written, by whatever mapping.
    pub(super) fn writes_to(&self, record: &(String, String)) -> impl Iterator<Item = i64> {
        self.writes.get(record).into_iter().flatten().map(|(write_ms, _)| *write_ms)
    }

    /// True when a cycle of a mapping that came to its end began between two moments.
    pub(super) fn began_between(&self, mapping: &str, from_ms: i64, to_ms: i64) -> bool {
        let mut own = self.cycles.iter().filter(|cycle| cycle.done && cycle.is_of(mapping));
        own.any(|cycle| (from_ms..=to_ms).contains(&cycle.from_ms))
    }

    /// True when a cycle of a mapping may have been under way between two moments, and read what stood there then.
    pub(super) fn may_have_seen_between(&self, mapping: &str, from_ms: i64, to_ms: i64) -> bool {
        let mut own = self.cycles.iter().filter(|cycle| cycle.is_of(mapping));
        own.any(|cycle| cycle.from_ms <= to_ms && from_ms <= cycle.to_ms)
    }

    /// When cycles of a mapping broke off: what they had sent nobody remembers.
    pub(super) fn unfinished(&self, mapping: &str) -> impl Iterator<Item = i64> {
        self.cycles.iter().filter(move |cycle| !cycle.done && cycle.is_of(mapping)).map(|cycle| cycle.to_ms)
    }

    /// True when the first whole cycle of a mapping since a moment lacked a line.
    pub(super) fn first_lacked(&self, mapping: &str, line: &str, from_ms: i64) -> bool {
        let mut own = self.cycles.iter().filter(|cycle| cycle.done && cycle.is_of(mapping));
        own.find(|cycle| cycle.from_ms >= from_ms).is_some_and(|cycle| cycle.without.contains(line))
    }

    /// When a mapping had last written to a record before a moment, if nobody knew of that write by then: it was
    /// in no cycle that came to its end and none did since, or its answer said nothing and no cycle has looked.
    pub(super) fn forgot(&self, mapping: &str, place: &str, id: &str, at_ms: i64) -> Option<i64> {
        let writes = self.writes.get(&(place.to_owned(), id.to_owned())).map_or(&[][..], Vec::as_slice);
        let last = writes.iter().rev().find(|(write_ms, by)| *write_ms <= at_ms && **by == *mapping);
        let is_unknown = |write: &&Write| {
            let mut own = self.cycles.iter().filter(|cycle| cycle.done && cycle.is_of(mapping));
            !own.any(|cycle| write.0 <= cycle.to_ms && cycle.to_ms <= at_ms)
                || (self.unheard.contains(*write) && !self.ran_between(mapping, write.0, at_ms))
        };
        last.filter(is_unknown).map(|(write_ms, _)| *write_ms)
    }

    /// When a system lied in one of these ways.
    pub(super) fn lies_of(&self, lies: &[&str], system: &str) -> impl Iterator<Item = i64> {
        let such = self.lies.iter().filter(move |(lie, name, _)| lies.contains(lie) && name == system);
        such.map(|(_, _, at_ms)| *at_ms)
    }

    /// True when a cycle of a mapping that had begun before a moment, or was the first after it and was shown what
    /// had been before, wrote to a record after it: what was typed in between it cannot have seen, and no system
    /// offers a write that only goes if nothing changed.
    pub(super) fn raced(&self, mapping: &str, place: &str, id: &str, at_ms: i64) -> bool {
        let writes = self.writes.get(&(place.to_owned(), id.to_owned())).map_or(&[][..], Vec::as_slice);
        let mut later = writes.iter().filter(|(write_ms, by)| *write_ms >= at_ms && **by == *mapping);
        let system = place.split('.').next().unwrap_or_default();
        later.any(|(write_ms, _)| {
            let mut own = self.cycles.iter().filter(|cycle| cycle.is_of(mapping) && *write_ms <= cycle.to_ms);
            own.any(|cycle| {
                let during = cycle.from_ms.max(at_ms)..=*write_ms;
                let is_old = || self.lies_of(&OLD_NEWS, system).any(|lie_ms| during.contains(&lie_ms));
                cycle.from_ms <= at_ms || (is_old() && !self.ran_between(mapping, at_ms, cycle.from_ms))
            })
        })
    }
}

impl Wire {
    /// The way to one system for one mapping, in one life of the process.
    pub(super) fn to(&self, member: &Member, life: &Arc<Life>, mapping: &str) -> Transport {
        let (wire, member, life) = (self.clone(), Arc::clone(member), Arc::clone(life));
        let mapping: Arc<str> = mapping.into();
        Transport::InProcess(Arc::new(move |request| {
            let (wire, member, life) = (wire.clone(), Arc::clone(&member), Arc::clone(&life));
            let mapping = Arc::clone(&mapping);
            Box::pin(async move {
                if !life.step() {
                    return pending().await;
                }
                wire.pass(0).await;
                let answer = wire.ask(&member, &mapping, &request);
                wire.pass(answer.1).await;
                if !life.step() {
                    return pending().await;
                }
                answer.0
            })
        }))
    }

    /// Half the way, and what the system takes longer.
    async fn pass(&self, more_ms: u64) {
        let way_ms = held(&self.random).u64(WAY_MS);
        tokio::time::sleep(Duration::from_millis(way_ms + more_ms)).await;
    }

    /// What stands where several mappings write, of the records that a request names.
    fn shared_of(&self, member: &dyn People, request: &Request) -> Standing {
        let said = said(request);
        let shared = member.resources().iter().map(|resource| (*resource, format!("{}.{resource}", member.name())));
        let shared = shared.filter(|(_, place)| self.shared.contains(place));
        shared
            .flat_map(|(resource, place)| {
                let ids = member.ids(resource);
                // The newest tells a birth.
                let newest = ids.last().cloned();
                let named = ids.into_iter().filter(|id| Some(id) == newest.as_ref() || said.contains(id.as_str()));
                let shown = named.map(|id| ((place.clone(), id.clone()), member.shown(resource, &id)));
                shown.collect::<Vec<_>>()
            })
            .collect()
    }

    /// Notes what a write did: to the records that it names, and to the newest of each resource; one that
    /// a person made is never asked for as ours.
    fn note_write(
        &self,
        member: &dyn People,
        (mapping, request): (&Arc<str>, &Request),
        before: &Standing,
        at_ms: i64,
    ) {
        let mut ours = held(&self.ours);
        let said = said(request);
        for resource in member.resources() {
            let place = format!("{}.{resource}", member.name());
            let ids = member.ids(resource);
            if let Some(id) = ids.last() {
                ours.births.entry((place.clone(), id.clone())).or_insert(at_ms);
            }
            for id in ids.into_iter().filter(|id| member.writes_record(request) && said.contains(id.as_str())) {
                ours.writes.entry((place.clone(), id)).or_default().push((at_ms, Arc::clone(mapping)));
            }
        }
        for (record, after) in self.shared_of(member, request) {
            let before = before.get(&record).cloned().flatten();
            // What a record shows of another one is no change of its own.
            let is_own = before.is_none() || said.contains(record.1.as_str());
            if is_own && before != after {
                ours.effects.push(Effect { at_ms, mapping: Arc::clone(mapping), record, before, after });
            }
        }
    }

    fn without_secrets(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "…"))
    }

    /// Notes the two newest of each resource where nobody has seen either.
    fn note_doubles(&self, member: &dyn People, at_ms: i64) {
        let mut ours = held(&self.ours);
        for resource in member.resources() {
            let place = format!("{}.{resource}", member.name());
            let newest = member.ids(resource).into_iter().rev().take(2).map(|id| (place.clone(), id));
            let newest: Vec<_> = newest.filter(|record| !ours.births.contains_key(record)).collect();
            if newest.len() == 2 {
                ours.births.extend(newest.iter().map(|record| (record.clone(), at_ms)));
                ours.doubles.extend(newest);
            }
        }
    }

    /// The effect of a call: its answer, and how long that takes.
    fn ask(&self, member: &Member, mapping: &Arc<str>, wire: &WireRequest) -> (WireAnswer, u64) {
        let body = wire.body.clone().unwrap_or_default();
        let request = Request::to(wire.method.text(), &wire.url, &wire.headers, body);
        let now = self.clock.now();
        let mut member = held(member);
        let writes = writes_of(&*member);
        let before = self.shared_of(&*member, &request);
        let twice = times(&mut *member, "deliver-twice");
        let lied = LIES.map(|lie| times(&mut *member, lie));
        let answer = member.deliver(now, &request);
        if times(&mut *member, "deliver-twice") > twice {
            self.note_doubles(&*member, now.as_millisecond());
        }
        for (lie, before) in LIES.into_iter().zip(lied) {
            if times(&mut *member, lie) > before {
                held(&self.ours).lies.insert((lie, member.name().to_owned(), now.as_millisecond()));
            }
        }
        let wrote = writes_of(&*member) > writes;
        if wrote {
            self.note_write(&*member, (mapping, &request), &before, now.as_millisecond());
            let says = answer.body.is_empty() || serde_json::from_slice::<Value>(&answer.body).is_ok();
            let late = answer.delay_ms >= PATIENCE_MS;
            if answer.lost || late || !says || !(200..300).contains(&answer.status) {
                held(&self.ours).unheard.insert((now.as_millisecond(), Arc::clone(mapping)));
            }
        }
        let parts = [wire.url.as_bytes(), &request.body, &answer.status.to_be_bytes(), &answer.body];
        let kind = match answer.status {
            _ if wrote => Kind::Write,
            200..300 if !answer.lost => Kind::Read,
            _ => Kind::Failed,
        };
        held(&self.story).note(now.as_millisecond(), kind, &parts, || {
            let text = |bytes: &[u8]| self.without_secrets(&String::from_utf8_lossy(bytes));
            let outcome = if answer.lost { "no answer".to_owned() } else { answer.status.to_string() };
            let call = format!("{}{}: {} {} → {outcome}", self.prefix, member.name(), request.method, request.path);
            let query = self.without_secrets(&request.query);
            (call, format!("{query} {} → {}", text(&request.body), text(&answer.body)))
        });
        let told = if answer.lost {
            WireAnswer::Lost { text: "the connection was closed".to_owned() }
        } else {
            let headers = answer.headers.into_iter().collect();
            WireAnswer::Answer { status: answer.status, headers, body: answer.body }
        };
        (told, answer.delay_ms)
    }
}

/// Records as their system shows them, by `system.resource` and id.
type Standing = BTreeMap<(String, String), Option<Value>>;

/// All in which a request may name a record.
fn said(request: &Request) -> String {
    format!("{} {}", request.path, String::from_utf8_lossy(&request.body))
}

/// How often a fault struck.
pub(super) fn times(member: &mut dyn People, fault: &str) -> u64 {
    member.faults().injected().get(fault).copied().unwrap_or(0)
}

/// Writes of clients that took effect.
pub(super) fn writes_of(member: &dyn People) -> u64 {
    member.tally().writes.values().sum()
}

/// What is behind a lock: everything runs in one thread, and one that died under it is a failure anyway.
pub(super) fn held<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
