//! A history as it happens: people, systems and the process between them, under paused time.

mod rest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::Broken;
use super::cast::Stage;
use super::company::{Company, of_account};
use super::life::Life;
use super::process::{Kit, Process, Said};
use super::script::{Act, Script, What};
use super::story::{Counts, Kind, Story};
use super::wire::{Cycle, Member, held, writes_of};
use crate::clock::Clock;
use crate::config::account::Account;
use crate::connector::Memory;
use crate::engine::Report;
use crate::engine::crew::{Crew, Scope, Way};
use crate::mapping::Mapping;
use crate::store::{Change, Disk, FragileStore, Store, Wait, Waiting};

/// When histories begin: a working day, nine o'clock in Brasília.
pub(super) const DAWN: &str = "2026-11-03T12:00:00Z";

/// Counts histories in which what the schedule had left over came with a comparison of everything.
pub(super) const LEFT_OVER: &str = "full comparisons that found more to do";

/// Counts cycles that a guard halted.
const HALTED: &str = "cycles that were halted";

/// All there is in a history.
pub(super) struct World<'a> {
    pub(super) stage: &'a Stage,
    pub(super) script: &'a Script,
    /// The companies whose accounts the process serves.
    pub(super) companies: Vec<Company<'a>>,
    /// The true time, by which systems live.
    pub(super) clock: Clock,
    story: Arc<Mutex<Story>>,
    pub(super) disk: Arc<Disk>,
    pub(super) broken: Vec<Broken>,
    pub(super) counts: Counts,
    began: Instant,
    random: Rng,
    process: Option<Process>,
    /// When a process that died starts again.
    up_at: Option<Instant>,
    /// The state of the workspace, and the one to be taken over.
    state: usize,
    next_state: Option<usize>,
    /// How far the clock of the machine is from the truth, in milliseconds.
    skew_ms: i64,
    /// The most it ever was.
    pub(super) skew_most_ms: u64,
    /// How the next death comes: with the power or without, and how long the process stays down.
    power: bool,
    down_ms: u64,
    memory: BTreeMap<Way, Memory>,
    /// Accounts and mappings of which cycles failed lately, and why.
    failed: BTreeMap<(String, String), String>,
}

impl<'a> World<'a> {
    /// The world before the first cycle.
    pub(super) fn new(stage: &'a Stage, script: &'a Script, story: Story) -> Result<Self, String> {
        let clock = Clock::starting_at(DAWN.parse().unwrap_or_default());
        let story = Arc::new(Mutex::new(story));
        let mut random = Rng::with_seed(script.seed ^ 0x5eed);
        let mut companies = Vec::new();
        for number in 0..script.accounts {
            companies.push(Company::new((stage, script), number, (&clock, &story), &mut random)?);
        }
        Ok(Self {
            stage,
            script,
            companies,
            clock,
            story,
            disk: Disk::new(),
            broken: Vec::new(),
            counts: Counts::new(),
            began: Instant::now(),
            random,
            process: None,
            up_at: None,
            state: 0,
            next_state: None,
            skew_ms: 0,
            skew_most_ms: 0,
            power: false,
            down_ms: 0,
            memory: BTreeMap::new(),
            failed: BTreeMap::new(),
        })
    }

    /// What is left of it: what is broken, the counts and the story.
    pub(super) fn into_parts(mut self) -> (Vec<Broken>, Counts, Story) {
        for (_, member) in self.members() {
            for (fault, times) in held(&member).faults().injected() {
                *self.counts.entry(format!("fault {fault}")).or_default() += times;
            }
        }
        self.process = None;
        let story = std::mem::take(&mut *held(&self.story));
        (self.broken, self.counts, story)
    }

    /// Every system of every company, as stories name it.
    pub(super) fn members(&self) -> Vec<(String, Member)> {
        let of = |company: &Company<'_>| {
            let named = company.members.iter().map(|(name, one)| (format!("{}{name}", company.prefix), one.clone()));
            named.collect::<Vec<_>>()
        };
        self.companies.iter().flat_map(of).collect()
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
        let true_ms = self.clock.now_ms();
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
        let Some(workspace) = self.stage.state(state) else { return Err("there is nothing to play".to_owned()) };
        let (accounts, memory) = (self.accounts(state), &self.memory);
        let kit = Kit { workspace, script: self.script, accounts: &accounts, companies: &self.companies, memory };
        kit.crew(store, clock, life)
    }

    fn accounts(&self, state: usize) -> Vec<Account> {
        (0..self.companies.len()).filter_map(|number| self.stage.account(state, self.script.cast, number)).collect()
    }

    fn die(&mut self) {
        let Some(process) = self.process.take() else { return };
        self.note_end(&process);
        // Nobody reports the cycles that died with it.
        let poll_ms = i64::try_from(self.poll_ms()).unwrap_or(i64::MAX);
        let died_ms = self.clock.now_ms();
        for company in &self.companies {
            let from_ms = died_ms.saturating_sub(poll_ms);
            let cycle = Cycle { mapping: None, from_ms, to_ms: died_ms, done: false, without: BTreeSet::new() };
            held(&company.wire.ours).cycles.push(cycle);
        }
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
        let ended_ms = self.clock.now_ms();
        let took_ms = i64::try_from(report.ms).unwrap_or(i64::MAX);
        let mapping = Some(report.mapping.clone());
        let done = report.failed.is_none() && report.halted.is_none();
        let without = self.stage.lost_lines(self.state, &report.mapping);
        let cycle = Cycle { mapping, from_ms: ended_ms.saturating_sub(took_ms), to_ms: ended_ms, done, without };
        let company = of_account(&self.companies, &report.account);
        let prefix = company.map(|company| company.prefix.clone()).unwrap_or_default();
        if let Some(company) = company {
            held(&company.wire.ours).cycles.push(cycle);
        }
        self.add_to("cycles that failed", u64::from(report.failed.is_some()));
        let scope = (report.account.clone(), report.mapping.clone());
        self.failed.extend(report.failed.clone().map(|reason| (scope, reason)));
        self.add_to(HALTED, u64::from(report.halted.is_some()));
        if report.halted.is_some() && !report.is_quiet() {
            self.breaks("I9", format!("a halted cycle of {} wrote", report.mapping));
        }
        let kind = if report.is_quiet() && report.failed.is_none() && report.halted.is_none() {
            Kind::Idle
        } else {
            Kind::Cycle
        };
        held(&self.story).note(ended_ms, kind, &[], || {
            let reason = report.failed.as_ref().or(report.halted.as_ref()).cloned().unwrap_or_default();
            let numbers = format!("created {:?}, updated {:?}", report.created, report.updated);
            (format!("a cycle of {prefix}{} ends: {numbers}", report.mapping), reason)
        });
    }

    fn act(&mut self, act: &Act) {
        let mut random = Rng::with_seed(act.seed);
        self.add_to(act.what.name(), 1);
        match &act.what {
            What::Add => self.somewhere(&mut random, Company::add),
            What::Edit => self.somewhere(&mut random, Company::edit),
            What::ChangeBack => self.somewhere(&mut random, Company::change_back),
            What::Remove => self.somewhere(&mut random, Company::remove),
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
            What::Expire => self.members().iter().for_each(|(_, member)| held(member).expire_tokens()),
            What::SetClock(by_ms) => self.set_clock(*by_ms),
        }
    }

    /// People of one of the companies do something.
    fn somewhere(&mut self, random: &mut Rng, work: impl Fn(&mut Company<'a>, &mut Rng) -> Result<(), String>) {
        let company = match self.companies.as_mut_slice() {
            [one] => Some(one),
            several => random.choice(several),
        };
        if let Some(Err(text)) = company.map(|company| work(company, random)) {
            self.breaks("I1", text);
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
        self.skew_most_ms = self.skew_most_ms.max(self.skew_ms.unsigned_abs());
        if let (Some(process), Ok(forward_ms)) = (&self.process, u64::try_from(by_ms)) {
            process.clock.skip_ms(forward_ms);
        }
    }

    fn look(&mut self) {
        let lives: crate::store::Lives = Arc::new(|| true);
        let store: Arc<dyn Store> = Arc::new(FragileStore::open(&self.disk, lives));
        let members = self.members();
        if let Some(process) = &mut self.process {
            process.look(store, move || members.iter().map(|(_, member)| writes_of(&*held(member))).sum());
        }
    }

    fn strike(&mut self, rule: &str, random: &mut Rng) {
        let Some((name, member)) = random.choice(self.members()) else { return };
        match held(&member).faults().add_text(rule) {
            Ok(()) => self.tell(&format!("calls to {name} meet `{rule}` from now on")),
            Err(error) => self.breaks("I1", error.to_string()),
        }
    }

    fn calm(&mut self) {
        self.members().iter().for_each(|(_, member)| held(member).faults().clear());
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
        let Some(workspace) = self.stage.state(0) else { return Vec::new() };
        self.accounts(0).iter().flat_map(|account| Scope::of(account, &workspace.mappings, &store)).collect()
    }

    /// Writes of clients that took effect, by system.
    fn writes(&self) -> Vec<(String, u64)> {
        self.members().into_iter().map(|(name, member)| (name, writes_of(&*held(&member)))).collect()
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
        held(&self.story).tell(self.clock.now_ms(), text);
    }
}
