//! One company of a history: its account with the systems, what people do in them, and what is noted of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::cast::Stage;
use super::script::Script;
use super::story::{Kind, Story};
use super::wire::{Member, Wire, held};
use crate::clock::Clock;
use crate::connector::{is_signed_as_ours, plain};
use crate::sandbox::town::Town;

/// Newcomers whom no other system knows have numbers from here on.
const STRANGERS: u64 = 1_000;

/// Something a person did to a record.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) at_ms: i64,
    /// `system.resource`.
    pub(super) place: String,
    pub(super) id: String,
    /// The record before; nothing when it was made.
    pub(super) before: Option<Value>,
    /// The record after; nothing when it was deleted.
    pub(super) after: Option<Value>,
    /// The system shows as its author what stands for every application.
    pub(super) signed_as_ours: bool,
}

/// One company.
pub(super) struct Company<'a> {
    pub(super) stage: &'a Stage,
    /// The name of its account.
    pub(super) account: String,
    /// What stands before names of its systems where several companies play.
    pub(super) prefix: String,
    pub(super) town: Town,
    pub(super) members: BTreeMap<&'static str, Member>,
    pub(super) wire: Wire,
    /// What its people did, in the order of time.
    pub(super) deeds: Vec<Deed>,
    /// Resources people work in, as `system` and `resource`.
    pub(super) places: Vec<(&'static str, String)>,
    /// Who is known where, by place.
    identities: BTreeMap<String, BTreeSet<u64>>,
}

impl<'a> Company<'a> {
    /// A company before the first cycle, with its records. Every company has records of the same ids.
    pub(super) fn new(
        (stage, script): (&'a Stage, &'a Script),
        number: usize,
        (clock, story): (&Clock, &Arc<Mutex<Story>>),
        random: &mut Rng,
    ) -> Result<Self, String> {
        let account = stage.account(0, script.cast, number).ok_or("there is nothing to play")?;
        let prefix = if script.accounts > 1 { format!("{}, ", account.name) } else { String::new() };
        let town = stage.town(script.cast);
        let members: BTreeMap<&'static str, Member> =
            town.members().into_iter().map(|member| (member.name, member.people)).collect();
        let dawn = clock.now();
        let mut habits = Vec::new();
        for (name, member) in &members {
            let told = held(member).settle_in(dawn - SignedDuration::from_hours(24 * 30), random);
            habits.push(format!("{prefix}{name}: {}", told.join(", ")));
        }
        let secrets = account.systems.into_values().flat_map(|access| access.secrets.into_values());
        let wire = Wire {
            clock: clock.clone(),
            story: Arc::clone(story),
            random: Arc::new(Mutex::new(Rng::with_seed(random.u64(..)))),
            ours: Arc::default(),
            shared: Arc::new(shared(stage, script.cast)),
            secrets: Arc::new(secrets.map(|secret| secret.expose_secret().to_owned()).collect()),
            prefix: prefix.clone().into(),
        };
        for habit in habits {
            held(story).tell(clock.now_ms(), &habit);
        }
        let places = places(stage, script.cast, &members);
        let (deeds, identities) = (Vec::new(), BTreeMap::new());
        let mut company = Self { stage, account: account.name, prefix, town, members, wire, deeds, places, identities };
        company.populate(script.records, dawn, random)?;
        Ok(company)
    }

    /// Records that people made in the days before.
    fn populate(&mut self, records: usize, dawn: Timestamp, random: &mut Rng) -> Result<(), String> {
        for at in 0..records {
            for place in self.places.clone() {
                let now = dawn - SignedDuration::from_mins(random.i64(5..20_000));
                let mut random = random.fork();
                // Every other one is known in all systems.
                let known = u64::try_from(at).unwrap_or(u64::MAX);
                let identity = if random.bool() { known } else { self.stranger(&mut random) };
                self.make(now, &place, identity, &mut random)?;
            }
        }
        Ok(())
    }

    /// A record as the engine reads it.
    pub(super) fn plain(&self, (system, resource): (&str, &str), body: Value) -> Value {
        match self.stage.state(0).and_then(|workspace| workspace.project.systems.get(system)) {
            Some(system) => plain(system, resource, body),
            None => body,
        }
    }

    /// Who comes next to a place: often somebody another system knows already.
    fn newcomer(&self, place: &(&'static str, String), random: &mut Rng) -> u64 {
        let here = self.identities.get(&named(place));
        let known = self.identities.values().flatten().filter(|one| here.is_none_or(|here| !here.contains(one)));
        let known: Vec<u64> = known.copied().collect();
        match random.choice(known).filter(|_| random.bool()) {
            Some(one) => one,
            None => self.stranger(random),
        }
    }

    /// Somebody nobody knows yet.
    fn stranger(&self, random: &mut Rng) -> u64 {
        loop {
            let one = random.u64(STRANGERS..STRANGERS * 1_000);
            if !self.identities.values().any(|known| known.contains(&one)) {
                return one;
            }
        }
    }

    /// A person makes a record, of somebody whom another system often knows already.
    pub(super) fn add(&mut self, random: &mut Rng) -> Result<(), String> {
        let Some(place) = random.choice(&self.places).cloned() else { return Ok(()) };
        let identity = self.newcomer(&place, random);
        self.make(self.wire.clock.now(), &place, identity, random)
    }

    fn make(
        &mut self,
        now: Timestamp,
        place: &(&'static str, String),
        identity: u64,
        random: &mut Rng,
    ) -> Result<(), String> {
        let (system, resource) = place;
        let Some(member) = self.members.get(system).cloned() else { return Ok(()) };
        let mut member = held(&member);
        self.identities.entry(named(place)).or_default().insert(identity);
        match member.invent(now, resource, identity, random) {
            Ok(Some(id)) => {
                let after = member.shown(resource, &id);
                drop(member);
                self.note(now, place, &id, (None, after), "a person makes it");
            }
            Ok(None) => {}
            Err(text) => return Err(format!("{}{} takes no new record: {text}", self.prefix, named(place))),
        }
        Ok(())
    }

    /// A person edits a record.
    pub(super) fn edit(&mut self, random: &mut Rng) -> Result<(), String> {
        let Some((place, id)) = self.any_record(random) else { return Ok(()) };
        let now = self.wire.clock.now();
        let Some(member) = self.members.get(place.0).cloned() else { return Ok(()) };
        let mut member = held(&member);
        let before = member.shown(&place.1, &id);
        match member.tinker(now, &place.1, &id, random) {
            Ok(text) => {
                let after = member.shown(&place.1, &id);
                drop(member);
                self.note(now, &place, &id, (before, after), &text);
            }
            Err(text) => return Err(format!("{}{} {id} takes no edit: {text}", self.prefix, named(&place))),
        }
        Ok(())
    }

    /// A person undoes the last edit of a record.
    pub(super) fn change_back(&mut self, random: &mut Rng) -> Result<(), String> {
        let edits = self.deeds.iter().filter(|deed| deed.before.is_some() && deed.after.is_some()).cloned();
        let edits: Vec<Deed> = edits.collect();
        let Some(deed) = random.choice(edits) else { return Ok(()) };
        let Some(place) = self.places.iter().find(|place| named(place) == deed.place).cloned() else { return Ok(()) };
        let Some(member) = self.members.get(place.0).cloned() else { return Ok(()) };
        let now = self.wire.clock.now();
        let mut member = held(&member);
        let (Some(before), Some(was)) = (member.shown(&place.1, &deed.id), deed.before) else { return Ok(()) };
        match member.put_back(now, (&place.1, &deed.id), &was, random) {
            Ok(Some(text)) => {
                let after = member.shown(&place.1, &deed.id);
                drop(member);
                self.note(now, &place, &deed.id, (Some(before), after), &text);
            }
            Ok(None) => {}
            Err(text) => {
                return Err(format!("{}{} {} takes nothing back: {text}", self.prefix, deed.place, deed.id));
            }
        }
        Ok(())
    }

    /// A person deletes a record.
    pub(super) fn remove(&mut self, random: &mut Rng) -> Result<(), String> {
        let Some((place, id)) = self.any_record(random) else { return Ok(()) };
        let now = self.wire.clock.now();
        let Some(member) = self.members.get(place.0).cloned() else { return Ok(()) };
        let mut member = held(&member);
        let before = member.shown(&place.1, &id);
        if member.remove(now, &place.1, &id) {
            drop(member);
            self.note(now, &place, &id, (before, None), "a person deletes it");
        }
        Ok(())
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
        let system = self.stage.state(0).and_then(|workspace| workspace.project.systems.get(place.0));
        let signed = |body: &Value| system.is_some_and(|system| is_signed_as_ours(system, &place.1, body));
        let signed_as_ours = after.as_ref().is_some_and(signed);
        let (place, prefix) = (named(place), &self.prefix);
        held(&self.wire.story).note(
            now.as_millisecond(),
            Kind::Deed,
            &[place.as_bytes(), id.as_bytes(), text.as_bytes()],
            || {
                let made = after.as_ref().filter(|_| before.is_none()).map(ToString::to_string);
                (format!("{prefix}{place} {id}: {text}"), made.unwrap_or_else(|| id.to_owned()))
            },
        );
        // What a system refused is no deed.
        if before != after {
            let (at_ms, id) = (now.as_millisecond(), id.to_owned());
            self.deeds.push(Deed { at_ms, place, id, before, after, signed_as_ours });
        }
    }
}

/// The company of an account.
pub(super) fn of_account<'c, 'a>(companies: &'c [Company<'a>], account: &str) -> Option<&'c Company<'a>> {
    companies.iter().find(|company| company.account == account)
}

/// `system.resource`.
pub(super) fn named((system, resource): &(&'static str, String)) -> String {
    format!("{system}.{resource}")
}

/// Where people work of what a cast joins.
fn places(stage: &Stage, cast: usize, members: &BTreeMap<&'static str, Member>) -> Vec<(&'static str, String)> {
    let workspace = stage.state(0);
    let mappings = stage.cast(cast).iter().filter_map(|name| workspace?.mappings.get(name));
    let ends = mappings.flat_map(|mapping| [&mapping.sides.left, &mapping.sides.right]);
    let mut places: Vec<(&'static str, String)> = Vec::new();
    for end in ends {
        let Some((system, member)) = members.get_key_value(end.system.as_str()) else { continue };
        let place = (*system, end.resource.clone());
        if held(member).resources().contains(&end.resource.as_str()) && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Places that several mappings of a cast join with others.
fn shared(stage: &Stage, cast: usize) -> BTreeSet<String> {
    let workspace = stage.state(0);
    let mappings = stage.cast(cast).iter().filter_map(|name| workspace?.mappings.get(name));
    let (mut once, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for place in mappings.flat_map(|mapping| [mapping.sides.left.name(), mapping.sides.right.name()]) {
        if !once.insert(place.clone()) {
            shared.insert(place);
        }
    }
    shared
}
