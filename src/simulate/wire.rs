//! The way between the engine and the sandboxes: in this process, with the delays of a network, and
//! with a step of the process's life before each call leaves and after each answer comes.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::life::Life;
use super::story::Story;
use crate::clock::Clock;
use crate::connector::transport::{Transport, WireAnswer, WireRequest};
use crate::sandbox::{People, Request};

/// A sandbox and its people, shared.
pub(super) type Member = Arc<Mutex<dyn People>>;

/// Half of the shortest and of the longest way to a system and back, in milliseconds.
const WAY_MS: std::ops::Range<u64> = 10..150;

/// What every call of a history goes through.
#[derive(Clone)]
pub(super) struct Wire {
    /// The true time, by which systems live.
    pub(super) clock: Clock,
    pub(super) story: Arc<Mutex<Story>>,
    pub(super) random: Arc<Mutex<fastrand::Rng>>,
    pub(super) ours: Arc<Mutex<Ours>>,
}

/// What calls did to records.
#[derive(Default)]
pub(super) struct Ours {
    /// When they made one, in milliseconds since 1970, by `system.resource` and id.
    pub(super) births: BTreeMap<(String, String), i64>,
    /// When they may have changed one, likewise.
    pub(super) writes: BTreeMap<(String, String), Vec<i64>>,
    /// From when to when cycles ran.
    pub(super) cycles: Vec<(i64, i64)>,
}

impl Ours {
    /// True when a cycle began and ended between two moments.
    pub(super) fn ran_between(&self, from_ms: i64, to_ms: i64) -> bool {
        self.cycles.iter().any(|(began_ms, ended_ms)| *began_ms >= from_ms && *ended_ms <= to_ms)
    }

    /// True when a cycle that had begun before a moment wrote to a record after it: what a person typed
    /// in between it cannot have seen, and no system offers a write that only goes if nothing changed.
    pub(super) fn raced(&self, place: &str, id: &str, at_ms: i64) -> bool {
        let writes = self.writes.get(&(place.to_owned(), id.to_owned())).map_or(&[][..], Vec::as_slice);
        writes
            .iter()
            .filter(|write_ms| **write_ms >= at_ms)
            .any(|write_ms| self.cycles.iter().any(|(from_ms, to_ms)| *from_ms <= at_ms && write_ms <= to_ms))
    }
}

impl Wire {
    /// The way to one system for one life of the process.
    pub(super) fn to(&self, member: &Member, life: &Arc<Life>) -> Transport {
        let (wire, member, life) = (self.clone(), Arc::clone(member), Arc::clone(life));
        Transport::InProcess(Arc::new(move |request| {
            let (wire, member, life) = (wire.clone(), Arc::clone(&member), Arc::clone(&life));
            Box::pin(async move {
                if !life.step() {
                    return pending().await;
                }
                wire.pass(0).await;
                let answer = wire.ask(&member, &request);
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

    /// Notes which records a write named, and the newest of each resource; one that a person made is
    /// never asked for as ours.
    fn note_write(&self, member: &dyn People, request: &Request, now_ms: i64) {
        let mut ours = held(&self.ours);
        let said = format!("{} {}", request.path, String::from_utf8_lossy(&request.body));
        for resource in member.resources() {
            let place = format!("{}.{resource}", member.name());
            let ids = member.ids(resource);
            if let Some(id) = ids.last() {
                ours.births.entry((place.clone(), id.clone())).or_insert(now_ms);
            }
            for id in ids.into_iter().filter(|id| said.contains(id.as_str())) {
                ours.writes.entry((place.clone(), id)).or_default().push(now_ms);
            }
        }
    }

    /// The effect of a call: its answer, and how long that takes.
    fn ask(&self, member: &Member, wire: &WireRequest) -> (WireAnswer, u64) {
        let (path, query) = wire.url.split_once('?').unwrap_or((&wire.url, ""));
        let path = path.splitn(4, '/').nth(3).map(|inner| format!("/{inner}")).unwrap_or_default();
        let request = Request {
            method: wire.method.text().to_owned(),
            path,
            query: query.to_owned(),
            headers: wire.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect(),
            body: wire.body.clone().unwrap_or_default(),
        };
        let now = self.clock.now();
        let mut member = held(member);
        let writes = writes_of(&*member);
        let answer = member.deliver(now, &request);
        if writes_of(&*member) > writes {
            self.note_write(&*member, &request, now.as_millisecond());
        }
        let parts = [wire.url.as_bytes(), &request.body, &answer.status.to_be_bytes(), &answer.body];
        held(&self.story).note(now.as_millisecond(), &parts, || {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let outcome = if answer.lost { "no answer".to_owned() } else { answer.status.to_string() };
            let call = format!("{}: {} {} → {outcome}", member.name(), request.method, request.path);
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

/// Writes of clients that took effect.
pub(super) fn writes_of(member: &dyn People) -> u64 {
    member.tally().writes.values().sum()
}

/// What is behind a lock: everything runs in one thread, and one that died under it is a failure anyway.
pub(super) fn held<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
