//! What people do in a history, and what is noted of it.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;

use super::story::Kind;
use super::wire::held;
use super::world::{Deed, World};

/// Newcomers whom no other system knows have numbers from here on.
const STRANGERS: u64 = 1_000;

impl World<'_> {
    /// Who comes next to a place: often somebody another system knows already.
    pub(super) fn newcomer(&self, place: &(&'static str, String), random: &mut Rng) -> u64 {
        let here = self.identities.get(&named(place));
        let known = self.identities.values().flatten().filter(|one| here.is_none_or(|here| !here.contains(one)));
        let known: Vec<u64> = known.copied().collect();
        match random.choice(known).filter(|_| random.bool()) {
            Some(one) => one,
            None => self.stranger(random),
        }
    }

    /// Somebody nobody knows yet.
    pub(super) fn stranger(&self, random: &mut Rng) -> u64 {
        loop {
            let one = random.u64(STRANGERS..STRANGERS * 1_000);
            if !self.identities.values().any(|known| known.contains(&one)) {
                return one;
            }
        }
    }

    /// A person makes a record.
    pub(super) fn add(&mut self, now: Timestamp, place: &(&'static str, String), identity: u64, random: &mut Rng) {
        let (system, resource) = place;
        let Some(member) = self.members.get(system).cloned() else { return };
        let mut member = held(&member);
        self.identities.entry(named(place)).or_default().insert(identity);
        match member.invent(now, resource, identity, random) {
            Ok(Some(id)) => {
                let after = member.shown(resource, &id);
                drop(member);
                self.note(now, place, &id, (None, after), "a person makes it");
            }
            Ok(None) => {}
            Err(text) => self.breaks("I1", format!("{} takes no new record: {text}", named(place))),
        }
    }

    /// A person edits a record.
    pub(super) fn edit(&mut self, random: &mut Rng) {
        let Some((place, id)) = self.any_record(random) else { return };
        let now = self.wire.clock.now();
        let Some(member) = self.members.get(place.0).cloned() else { return };
        let mut member = held(&member);
        let before = member.shown(&place.1, &id);
        match member.tinker(now, &place.1, &id, random) {
            Ok(text) => {
                let after = member.shown(&place.1, &id);
                drop(member);
                self.note(now, &place, &id, (before, after), &text);
            }
            Err(text) => self.breaks("I1", format!("{} {id} takes no edit: {text}", named(&place))),
        }
    }

    /// A person undoes the last edit of a record.
    pub(super) fn change_back(&mut self, random: &mut Rng) {
        let edits = self.deeds.iter().filter(|deed| deed.before.is_some() && deed.after.is_some()).cloned();
        let edits: Vec<Deed> = edits.collect();
        let Some(deed) = random.choice(edits) else { return };
        let Some(place) = self.places.iter().find(|place| named(place) == deed.place).cloned() else { return };
        let Some(member) = self.members.get(place.0).cloned() else { return };
        let now = self.wire.clock.now();
        let mut member = held(&member);
        let (Some(before), Some(was)) = (member.shown(&place.1, &deed.id), deed.before) else { return };
        match member.put_back(now, (&place.1, &deed.id), &was, random) {
            Ok(Some(text)) => {
                let after = member.shown(&place.1, &deed.id);
                drop(member);
                self.note(now, &place, &deed.id, (Some(before), after), &text);
            }
            Ok(None) => {}
            Err(text) => self.breaks("I1", format!("{} {} takes nothing back: {text}", deed.place, deed.id)),
        }
    }

    /// A person deletes a record.
    pub(super) fn remove(&mut self, random: &mut Rng) {
        let Some((place, id)) = self.any_record(random) else { return };
        let now = self.wire.clock.now();
        let Some(member) = self.members.get(place.0).cloned() else { return };
        let mut member = held(&member);
        let before = member.shown(&place.1, &id);
        if member.remove(now, &place.1, &id) {
            drop(member);
            self.note(now, &place, &id, (before, None), "a person deletes it");
        }
    }

    /// Some record that is there.
    fn any_record(&self, random: &mut Rng) -> Option<((&'static str, String), String)> {
        let place = random.choice(&self.places)?.clone();
        let ids = held(self.members.get(place.0)?).ids(&place.1);
        Some((place, random.choice(ids)?))
    }

    fn note(
        &mut self,
        now: Timestamp,
        place: &(&'static str, String),
        id: &str,
        (before, after): (Option<Value>, Option<Value>),
        text: &str,
    ) {
        let read = |body: Option<Value>| body.map(|body| self.plain((place.0, &place.1), body));
        let (before, after) = (read(before), read(after));
        let place = named(place);
        held(&self.wire.story).note(
            now.as_millisecond(),
            Kind::Deed,
            &[place.as_bytes(), id.as_bytes(), text.as_bytes()],
            || {
                let made = after.as_ref().filter(|_| before.is_none()).map(ToString::to_string);
                (format!("{place} {id}: {text}"), made.unwrap_or_else(|| id.to_owned()))
            },
        );
        // What a system refused is no deed.
        if before != after {
            self.deeds.push(Deed { at_ms: now.as_millisecond(), place, id: id.to_owned(), before, after });
        }
    }
}

/// `system.resource`.
pub(super) fn named((system, resource): &(&'static str, String)) -> String {
    format!("{system}.{resource}")
}
