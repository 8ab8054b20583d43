//! A history as it happens: people, systems and the process between them, under paused time.

mod rest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::Broken;
use super::cast::Stage;
use super::life::Life;
use super::process::{Kit, Process, Said};
use super::script::{Act, Script, What};
use super::story::{Counts, Kind, Story};
use super::wire::{Cycle, Member, Wire, held, writes_of};
use crate::clock::Clock;
use crate::config::account::Account;
use crate::connector::{Memory, plain};
use crate::engine::Report;
use crate::engine::crew::{Crew, Scope, Way};
use crate::mapping::Mapping;
use crate::sandbox::town::Town;
use crate::store::{Change, Disk, FragileStore, Store, Wait, Waiting};

/// When histories begin: a working day, nine o'clock in Brasília.
pub(super) const DAWN: &str = "2026-11-03T12:00:00Z";

/// Counts histories in which what the schedule had left over came with a comparison of everything.
pub(super) const LEFT_OVER: &str = "full comparisons that found more to do";

/// Counts cycles that a guard halted.
const HALTED: &str = "cycles that were halted";

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
}

/// All there is in a history.
pub(super) struct World<'a> {
    pub(super) stage: &'a Stage,
    pub(super) script: &'a Script,
    pub(super) town: Town,
    pub(super) members: BTreeMap<&'static str, Member>,
    pub(super) wire: Wire,
    pub(super) disk: Arc<Disk>,
    pub(super) deeds: Vec<Deed>,
    pub(super) broken: Vec<Broken>,
    pub(super) counts: Counts,
    began: Instant,
    random: fastrand::Rng,
    /// Resources people work in, as `system` and `resource`.
    pub(super) places: Vec<(&'static str, String)>,
    /// Who is known where, by place.
    pub(super) identities: BTreeMap<String, BTreeSet<u64>>,
    process: Option<Process>,
    /// When a process that died starts again.
    up_at: Option<Instant>,
    /// The state of the workspace, and the one to be taken over.
    state: usize,
    next_state: Option<usize>,
    /// How far the clock of the machine is from the truth, in milliseconds.
    skew_ms: i64,
    /// How the next death comes: with the power or without, and how long the process stays down.
    power: bool,
    down_ms: u64,
    memory: BTreeMap<Way, Memory>,
    /// Mappings of which cycles failed lately, and why.
    failed: BTreeMap<String, String>,
}

impl<'a> World<'a> {
    /// The world before the first cycle.
    pub(super) fn new(stage: &'a Stage, script: &'a Script, story: Story) -> Result<Self, String> {
        let dawn: Timestamp = DAWN.parse().unwrap_or_default();
        let clock = Clock::starting_at(dawn);
        let mut random = fastrand::Rng::with_seed(script.seed ^ 0x5eed);
        let town = stage.town(script.cast);
        let members: BTreeMap<&'static str, Member> =
            town.members().into_iter().map(|member| (member.name, member.people)).collect();
        let mut habits = Vec::new();
        for (name, member) in &members {
            let told = held(member).settle_in(dawn - SignedDuration::from_hours(24 * 30), &mut random);
            habits.push(format!("{name}: {}", told.join(", ")));
        }
        let wire = Wire {
            clock,
            story: Arc::new(Mutex::new(story)),
            random: Arc::new(Mutex::new(fastrand::Rng::with_seed(random.u64(..)))),
            ours: Arc::default(),
            shared: Arc::new(shared(stage, script.cast)),
            secrets: Arc::new(secrets(stage, script.cast)),
        };
        let mut world = Self {
            places: places(stage, script.cast, &members),
            stage,
            script,
            town,
            members,
            wire,
            disk: Disk::new(),
            deeds: Vec::new(),
            broken: Vec::new(),
            counts: Counts::new(),
            began: Instant::now(),
            random,
            identities: BTreeMap::new(),
            process: None,
            up_at: None,
            state: 0,
            next_state: None,
            skew_ms: 0,
            power: false,
            down_ms: 0,
            memory: BTreeMap::new(),
            failed: BTreeMap::new(),
        };
        for habit in habits {
            world.tell(&habit);
        }
        world.populate(dawn);
        Ok(world)
    }

    /// A record as the engine reads it.
    pub(super) fn plain(&self, (system, resource): (&str, &str), body: Value) -> Value {
        match self.stage.state(0).and_then(|workspace| workspace.project.systems.get(system)) {
            Some(system) => plain(system, resource, body),
            None => body,
        }
    }

    /// Resources people work in.
    pub(super) fn places(&self) -> &[(&'static str, String)] {
        &self.places
    }

    /// What is left of it: what is broken, the counts and the story.
    pub(super) fn into_parts(mut self) -> (Vec<Broken>, Counts, Story) {
        for member in self.members.values() {
            for (fault, times) in held(member).faults().injected() {
                *self.counts.entry(format!("fault {fault}")).or_default() += times;
            }
        }
        self.process = None;
        let story = std::mem::take(&mut *held(&self.wire.story));
        (self.broken, self.counts, story)
    }

    /// Records that people made in the days before.
    fn populate(&mut self, dawn: Timestamp) {
        for at in 0..self.script.records {
            for place in self.places.clone() {
                let now = dawn - SignedDuration::from_mins(self.random.i64(5..20_000));
                let mut random = self.random.fork();
                // Every other one is known in all systems.
                let known = u64::try_from(at).unwrap_or(u64::MAX);
                let identity = if random.bool() { known } else { self.stranger(&mut random) };
                self.add(now, &place, identity, &mut random);
            }
        }
    }

    /// Lives through the acts, then comes to rest.
    pub(super) async fn play(&mut self) -> Result<(), String> {
        self.start(0)?;
        for act in &self.script.acts {
            self.until(act.at_ms).await?;
            self.act(act);
        }
        self.until(self.script.rest_ms).await?;
        self.rest().await
    }

    async fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        process.stop();
        loop {
            match process.next(true).await {
                Said::Ended | Said::Died => break,
                said @ (Said::Cycle(_) | Said::Broken(..)) => self.hear(said),
            }
        }
        self.note_end(&process);
    }

    /// Lets time pass until a moment, in milliseconds since the start.
    async fn until(&mut self, at_ms: u64) -> Result<(), String> {
        let until = self.began + Duration::from_millis(at_ms);
        loop {
            let next_state = self.next_state;
            let said = match &mut self.process {
                Some(process) => tokio::select! {
                    biased;
                    said = process.next(next_state.is_some()) => said,
                    () = sleep_until(until) => return Ok(()),
                },
                None => {
                    let up_at = self.up_at.unwrap_or(until);
                    sleep_until(up_at.min(until)).await;
                    if up_at > until {
                        return Ok(());
                    }
                    self.start(self.state)?;
                    continue;
                }
            };
            match (said, next_state) {
                (Said::Died, _) => self.die(),
                (Said::Ended, Some(state)) => {
                    if let Some(process) = self.process.take() {
                        self.note_end(&process);
                    }
                    self.next_state = None;
                    self.start(state)?;
                }
                (said, _) => self.hear(said),
            }
        }
    }

    /// Starts the process on a state of the workspace.
    fn start(&mut self, state: usize) -> Result<(), String> {
        self.up_at = None;
        self.state = state;
        let life = Arc::new(Life::default());
        let lives = Arc::clone(&life);
        let store: Arc<dyn Store> = Arc::new(FragileStore::open(&self.disk, Arc::new(move || lives.step())));
        let true_ms = self.wire.clock.now_ms();
        let moment = Timestamp::from_millisecond(true_ms.saturating_add(self.skew_ms)).unwrap_or_default();
        let clock = Clock::starting_at(moment);
        let crew = self.crew(state, &store, &clock, &life)?;
        self.tell("the process starts");
        self.process = Some(Process::start(crew, clock, life));
        Ok(())
    }

    /// Runners over a store.
    pub(super) fn crew(
        &self,
        state: usize,
        store: &Arc<dyn Store>,
        clock: &Clock,
        life: &Arc<Life>,
    ) -> Result<Crew, String> {
        let (Some(workspace), Some(account)) = (self.stage.state(state), self.account(state)) else {
            return Err("there is nothing to play".to_owned());
        };
        let kit = Kit {
            workspace,
            script: self.script,
            account: &account,
            wire: &self.wire,
            members: &self.members,
            memory: &self.memory,
        };
        kit.crew(store, clock, life)
    }

    fn account(&self, state: usize) -> Option<Account> {
        self.stage.account(state, self.script.cast)
    }

    fn die(&mut self) {
        let Some(process) = self.process.take() else { return };
        self.note_end(&process);
        // Nobody reports the cycles that died with it.
        let poll_ms = i64::try_from(self.poll_ms()).unwrap_or(i64::MAX);
        let died_ms = self.wire.clock.now_ms();
        let cycle = Cycle { mapping: None, from_ms: died_ms.saturating_sub(poll_ms), to_ms: died_ms, done: false };
        held(&self.wire.ours).cycles.push(cycle);
        if self.power {
            let kept = self.random.usize(0..=self.disk.unflushed());
            self.disk.cut_power(kept);
        }
        if let Some(state) = self.next_state.take() {
            self.state = state;
        }
        self.up_at = Some(Instant::now() + Duration::from_millis(self.down_ms));
        self.tell(if self.power { "the power fails" } else { "the process dies" });
    }

    fn note_end(&mut self, process: &Process) {
        self.memory = process.memory();
        self.add_to("calls", process.calls());
    }

    /// Has another state of the workspace taken over once the cycles in hand are done.
    fn reload(&mut self, state: usize) {
        match &self.process {
            Some(_) if state == self.state && self.next_state.is_none() => {}
            Some(process) => {
                process.stop();
                self.next_state = Some(state);
            }
            None => self.state = state,
        }
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Cycle(report) => self.hear_report(&report),
            Said::Broken(invariant, sentence) => self.breaks(invariant, sentence),
            Said::Died | Said::Ended => {}
        }
    }

    fn hear_report(&mut self, report: &Report) {
        self.add_to("cycles", 1);
        let ended_ms = self.wire.clock.now_ms();
        let took_ms = i64::try_from(report.ms).unwrap_or(i64::MAX);
        let mapping = Some(report.mapping.clone());
        let done = report.failed.is_none() && report.halted.is_none();
        let cycle = Cycle { mapping, from_ms: ended_ms.saturating_sub(took_ms), to_ms: ended_ms, done };
        held(&self.wire.ours).cycles.push(cycle);
        self.add_to("cycles that failed", u64::from(report.failed.is_some()));
        self.failed.extend(report.failed.clone().map(|reason| (report.mapping.clone(), reason)));
        self.add_to(HALTED, u64::from(report.halted.is_some()));
        if report.halted.is_some() && !report.is_quiet() {
            self.breaks("I9", format!("a halted cycle of {} wrote", report.mapping));
        }
        let (at_ms, story) = (self.wire.clock.now_ms(), Arc::clone(&self.wire.story));
        let kind = if report.is_quiet() && report.failed.is_none() && report.halted.is_none() {
            Kind::Idle
        } else {
            Kind::Cycle
        };
        held(&story).note(at_ms, kind, &[], || {
            let reason = report.failed.as_ref().or(report.halted.as_ref()).cloned().unwrap_or_default();
            let numbers = format!("created {:?}, updated {:?}", report.created, report.updated);
            (format!("a cycle of {} ends: {numbers}", report.mapping), reason)
        });
    }

    fn act(&mut self, act: &Act) {
        let mut random = fastrand::Rng::with_seed(act.seed);
        self.add_to(act.what.name(), 1);
        match &act.what {
            What::Add => {
                if let Some(place) = random.choice(&self.places).cloned() {
                    let identity = self.newcomer(&place, &mut random);
                    self.add(self.wire.clock.now(), &place, identity, &mut random);
                }
            }
            What::Edit => self.edit(&mut random),
            What::ChangeBack => self.change_back(&mut random),
            What::Remove => self.remove(&mut random),
            What::Strike(rule) => self.strike(rule, &mut random),
            What::Calm => self.calm(),
            What::Crash { steps, power, down_ms } => self.crash(*steps, *power, *down_ms),
            What::Reload => self.reload(random.usize(..)),
            What::Trigger { full } => {
                if let Some(process) = &mut self.process {
                    process.trigger(Some(random.usize(..)), *full);
                }
            }
            What::Look => self.look(),
            What::Expire => self.members.values().for_each(|member| held(member).expire_tokens()),
            What::SetClock(by_ms) => self.set_clock(*by_ms),
        }
    }

    /// The process dies later; by then it may have done any number of steps.
    fn crash(&mut self, steps: u64, power: bool, down_ms: u64) {
        let Some(process) = &self.process else { return };
        process.life.end_in(steps);
        self.power = power;
        self.down_ms = down_ms;
    }

    /// A running process follows a clock set forward; one set back shows after the next start only.
    fn set_clock(&mut self, by_ms: i64) {
        self.skew_ms += by_ms;
        if let (Some(process), Ok(forward_ms)) = (&self.process, u64::try_from(by_ms)) {
            process.clock.skip_ms(forward_ms);
        }
    }

    fn look(&mut self) {
        let lives: crate::store::Lives = Arc::new(|| true);
        let store: Arc<dyn Store> = Arc::new(FragileStore::open(&self.disk, lives));
        let members: Vec<Member> = self.members.values().cloned().collect();
        if let Some(process) = &mut self.process {
            process.look(store, move || members.iter().map(|member| writes_of(&*held(member))).sum());
        }
    }

    fn strike(&mut self, rule: &str, random: &mut fastrand::Rng) {
        let members: Vec<(&'static str, Member)> =
            self.members.iter().map(|(name, one)| (*name, one.clone())).collect();
        let Some((name, member)) = random.choice(members) else { return };
        match held(&member).faults().add_text(rule) {
            Ok(()) => self.tell(&format!("calls to {name} meet `{rule}` from now on")),
            Err(error) => self.breaks("I1", error.to_string()),
        }
    }

    fn calm(&mut self) {
        self.members.values().for_each(|member| held(member).faults().clear());
    }

    /// How long the slowest mapping waits between two cycles, in milliseconds.
    fn poll_ms(&self) -> u64 {
        self.mappings().map(|mapping| self.script.on(mapping).schedule.every_ms).max().unwrap_or(600_000).max(60_000)
    }

    fn mappings(&self) -> impl Iterator<Item = &'a Arc<Mapping>> + use<'a> {
        let workspace = self.stage.state(0);
        let names = self.stage.cast(self.script.cast);
        names.iter().filter_map(move |name| workspace?.mappings.get(name))
    }

    /// A person asks that what was refused is tried again.
    fn retry(&mut self) -> Result<(), String> {
        for scope in self.scopes() {
            let mut refused = Vec::new();
            let found = scope.ledger.each_waiting(|one| refused.extend((one.kind == Wait::Quarantined).then_some(one)));
            found.map_err(|error| error.to_string())?;
            let freed = refused.into_iter().map(|one| Change::PutWaiting(Waiting { print: 0, ..one }));
            scope.ledger.write(freed.collect()).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// What is remembered of each mapping.
    pub(super) fn scopes(&self) -> Vec<Scope> {
        let lives: crate::store::Lives = Arc::new(|| true);
        let store: Arc<dyn Store> = Arc::new(FragileStore::open(&self.disk, lives));
        match (self.stage.state(0), self.account(0)) {
            (Some(workspace), Some(account)) => Scope::of(&account, &workspace.mappings, &store).collect(),
            _ => Vec::new(),
        }
    }

    /// Writes of clients that took effect, by system.
    fn writes(&self) -> Vec<(&'static str, u64)> {
        self.members.iter().map(|(name, member)| (*name, writes_of(&*held(member)))).collect()
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    fn add_to(&mut self, name: &str, count: u64) {
        *self.counts.entry(name.to_owned()).or_default() += count;
    }

    pub(super) fn breaks(&mut self, invariant: &'static str, sentence: String) {
        self.tell(&format!("{invariant} is broken: {sentence}"));
        self.broken.push(Broken { invariant, sentence, concerns: Vec::new() });
    }

    /// Writes a line of the story.
    pub(super) fn tell(&self, text: &str) {
        held(&self.wire.story)
            .note(self.wire.clock.now_ms(), Kind::Event, &[text.as_bytes()], || (text.to_owned(), String::new()));
    }
}

/// What no story shows.
fn secrets(stage: &Stage, cast: usize) -> Vec<String> {
    let access = stage.account(0, cast).map(|account| account.systems).unwrap_or_default();
    let secrets = access.into_values().flat_map(|access| access.secrets.into_values());
    secrets.map(|secret| secret.expose_secret().to_owned()).collect()
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
