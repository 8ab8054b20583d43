//! Every fault of the sandboxes, into everything, while records are born and while people edit:
//! nothing is lost, nothing is there twice, and the end is the one of a town without faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use depara::clock::Clock;
use depara::config::files;
use depara::connector::transport::{Transport, WireAnswer};
use depara::engine::{Options, Report};
use depara::record::{Side, Sides};
use depara::sandbox::people::{self, Story};
use depara::sandbox::{Faults, Omie, Ploomes, Sandbox as _};
use depara::store::{Change, Wait};
use depara::workspace::Workspace;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::house::{House, census, workspace};
use crate::truth::{Truth, complain_twice};

/// Cycles under fire.
const CYCLES: usize = 3;
/// Cycles until everything is settled, at most: a block of half an hour is waited for.
const CYCLES_MAX: usize = 24;
/// The time between two cycles, in milliseconds.
const CYCLE_MS: u64 = 600_000;
/// How far a stale listing lags, in milliseconds.
const LAG_MS: u64 = 900_000;
/// When people edit: a window behind the first load, and before all is compared again.
const EDITS: &str = "2026-11-02T23:00:00Z";

/// The town whose first listing has holes.
const HOLES: u64 = 2;

/// How far back listings look.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Window {
    /// Hardly behind the watermark: one that moves too early loses something.
    Short,
    /// Farther than any listing lags.
    Usual,
}

/// A house full of people.
struct Play {
    house: House,
    story: Story,
}

impl Play {
    /// Some towns have an Omie that writes in capitals what applications send.
    fn open(seed: u64, window: Window) -> Self {
        static SHORT: OnceLock<Workspace> = OnceLock::new();
        let short = || {
            let mut files = files::carried();
            let text = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
            *text = text.replace("window: 5h,", "window: 1m, overlap: 1m,");
            workspace(&files)
        };
        let mut story = None;
        let prepare = |omie: &mut Omie, ploomes: &mut Ploomes, clock: &Clock| {
            omie.switches.upper_case_text = seed.is_multiple_of(2);
            // Small pages, so that there are several.
            (omie.switches.page_cap, ploomes.switches.page_max) = (15, 20);
            (*omie.faults(), *ploomes.faults()) = (Faults::new(seed), Faults::new(seed + 1));
            story = Some(people::populate(omie, ploomes, seed, 0, clock.now()).unwrap());
        };
        let house = match window {
            Window::Short => House::build_on(SHORT.get_or_init(short), prepare),
            Window::Usual => House::build(prepare),
        };
        Self { house, story: story.unwrap() }
    }

    fn strike(&self, rules: &[&str]) {
        for rule in rules {
            self.house.omie.lock().unwrap().faults().add_text(rule).unwrap();
            self.house.ploomes.lock().unwrap().faults().add_text(rule).unwrap();
        }
    }

    fn calm(&self) {
        self.house.omie.lock().unwrap().faults().clear();
        self.house.ploomes.lock().unwrap().faults().clear();
    }

    /// Some cycles under fire. One that fails says why, and the next one goes on.
    async fn suffer(&mut self, rules: &[&str]) {
        self.strike(rules);
        for _ in 0..CYCLES {
            self.house.cycle().await;
        }
        self.calm();
    }

    /// Cycles until one writes nothing and leaves nothing over; one more must write nothing either.
    async fn settle(&mut self) {
        self.retry();
        let mut last = Report::default();
        for _ in 0..CYCLES_MAX {
            last = self.house.cycle().await;
            if last.is_quiet() && last.failed.is_none() && last.halted.is_none() && last.deferred == 0 {
                let again = self.house.cycle().await;
                assert!(again.is_quiet() && again.failed.is_none(), "it writes again: {again:?}");
                return;
            }
        }
        panic!("it never settles: {last:?}");
    }

    /// Compares everything, as every day.
    async fn compare(&mut self) {
        self.house.clock.skip_ms(CYCLE_MS);
        let report = self.house.runner.cycle(Options { full: true, accept: false }).await;
        assert_eq!((report.failed, report.halted), (None, None));
    }

    /// A person asks that what was refused is tried again.
    fn retry(&self) {
        let ledger = &self.house.runner.ledger;
        let mut refused = Vec::new();
        ledger.each_waiting(|waiting| refused.extend((waiting.kind == Wait::Quarantined).then_some(waiting))).unwrap();
        for mut waiting in refused {
            waiting.print = 0;
            ledger.write(vec![Change::PutWaiting(waiting)]).unwrap();
        }
    }

    /// People edit at the same moment in every history.
    fn edit(&self) {
        let moment: Timestamp = EDITS.parse().unwrap();
        let wait_ms = moment.as_millisecond() - self.house.clock.now_ms();
        self.house.clock.skip_ms(u64::try_from(wait_ms).unwrap());
        let (mut omie, mut ploomes) = (self.house.omie.lock().unwrap(), self.house.ploomes.lock().unwrap());
        people::edit_round(&mut omie, &mut ploomes, &self.story, moment).unwrap();
        // Two edits of one thing, of which a lagging listing shows only one, are beyond anybody's help.
        self.house.clock.skip_ms(LAG_MS - CYCLE_MS + 2_000);
    }

    fn truth(&self) -> Truth {
        Truth::of(&self.house.omie.lock().unwrap(), &self.house.ploomes.lock().unwrap())
    }

    fn complaints(&self) -> Vec<String> {
        let (omie, ploomes) = (self.house.omie.lock().unwrap(), self.house.ploomes.lock().unwrap());
        let mut found = complain_twice(&omie, &ploomes);
        found.extend(omie.tally().broken.iter().map(|(limit, count)| format!("Omie: {limit} broken {count} times")));
        found.extend(ploomes.tally().broken.iter().map(|(limit, count)| format!("Ploomes: {limit}, {count} times")));
        found.extend(self.house.runner.ledger.open_conflicts().unwrap().iter().map(|one| format!("open: {one:?}")));
        found
    }
}

/// Both ends of a town that nothing happens to: after the first load, and after the edits.
async fn undisturbed(seed: u64) -> [Truth; 2] {
    static KNOWN: OnceLock<Mutex<BTreeMap<u64, [Truth; 2]>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Default::default);
    if let Some(ends) = known.lock().unwrap().get(&seed) {
        return ends.clone();
    }
    let mut play = Play::open(seed, Window::Usual);
    play.settle().await;
    let loaded = play.truth();
    play.edit();
    play.settle().await;
    let ends = [loaded, play.truth()];
    known.lock().unwrap().insert(seed, ends.clone());
    ends
}

/// Lets the faults of an act strike while it lasts; its end is the one of a town without faults.
async fn survives(seed: u64, strikes: [&[&str]; 2], window: Window) {
    let ends = undisturbed(seed).await;
    let mut play = Play::open(seed, window);
    for (act, (rules, end)) in ["the load", "the edits"].into_iter().zip(strikes.into_iter().zip(&ends)) {
        if act == "the edits" {
            play.edit();
        }
        play.suffer(rules).await;
        play.settle().await;
        if strikes.iter().flat_map(|rules| rules.iter()).any(|rule| rule.starts_with("empty-list")) {
            // What was told to have no twin is looked for again when everything is compared.
            play.compare().await;
            play.settle().await;
        }
        assert_eq!(play.truth().differences(end), Vec::<String>::new(), "{strikes:?}, seed {seed}: behind {act}");
    }
    assert_eq!(play.complaints(), Vec::<String>::new(), "{strikes:?}, seed {seed}");
}

/// Faults while records are born, and while people edit.
async fn matrix(rules: &[&str], window: Window) {
    survives(1, [rules, &[]], window).await;
    survives(2, [&[], rules], window).await;
}

#[tokio::test]
async fn a_refused_write_goes_when_it_is_asked_for_again() {
    matrix(&["refuse:*:30%"], Window::Short).await;
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_a_late_one_is_no_answer() {
    matrix(&["delay:*:20%:2500", "delay:Contacts:10%:61000"], Window::Short).await;
}

#[tokio::test]
async fn a_throttled_call_goes_later() {
    matrix(&["throttle:*:15%:7", "throttle:*:15%"], Window::Short).await;
}

#[tokio::test]
async fn a_blocked_call_rests() {
    matrix(&["block:Cliente:2:120", "block:Vendedores:1:60", "block:Contacts:1:30"], Window::Short).await;
}

#[tokio::test]
async fn an_answer_that_is_lost_took_effect_once() {
    matrix(&["lose-answer:*:30%"], Window::Short).await;
}

#[tokio::test]
async fn a_call_that_is_dropped_had_no_effect() {
    matrix(&["drop-before:*:30%"], Window::Short).await;
}

#[tokio::test]
async fn a_bad_gateway_had_no_effect() {
    matrix(&["bad-gateway:*:30%"], Window::Short).await;
}

#[tokio::test]
async fn a_broken_answer_took_effect_once() {
    matrix(&["broken-after-commit:*:30%"], Window::Short).await;
}

#[tokio::test]
async fn a_write_that_is_delivered_twice_takes_effect_once() {
    matrix(&["deliver-twice:Cliente:40%:1", "deliver-twice:PATCH:40%:1"], Window::Short).await;
    matrix(&["deliver-twice:Cliente:40%:2", "deliver-twice:PATCH:40%:2"], Window::Short).await;
}

/// Ploomes has no key of ours that must not be there twice: whoever is born twice is told.
#[tokio::test]
async fn a_contact_that_is_born_twice_is_told() {
    for counts in [1, 2] {
        let mut house = House::build(|omie, ploomes, clock| {
            people::populate(omie, ploomes, HOLES, 30, clock.now()).unwrap();
            ploomes.switches.unique = Vec::new();
        });
        let contacts = |house: &House| house.ploomes.lock().unwrap().contacts().count();
        house.cycle().await;
        house.settle().await.unwrap();
        let before = (contacts(&house), house.waiting().len());
        house.ploomes.lock().unwrap().faults().add_text(&format!("deliver-twice:POST Contacts:1:{counts}")).unwrap();
        let body = json!({ "razao_social": "Doca Ltda", "nome_fantasia": "Doca", "cnpj_cpf": "11.222.333/0001-81" });
        house.omie.lock().unwrap().person_adds(house.clock.now(), &body).unwrap();
        house.settle().await.unwrap();
        let waiting = house.waiting();
        assert_eq!((contacts(&house), waiting.len()), (before.0 + 2, before.1 + 1), "{waiting:?}");
        assert!(
            waiting.values().any(|reason| reason.contains("is shared by") && reason.contains("(linked)")),
            "{waiting:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_none() {
    matrix(&["truncate:*:30%"], Window::Short).await;
}

#[tokio::test]
async fn a_stale_listing_proves_nothing() {
    matrix(&["stale-list:*:50%:900"], Window::Usual).await;
}

#[tokio::test]
async fn pages_that_shift_lose_nothing_and_repeat_nothing() {
    matrix(&["shift-pages:*:30%:1", "shift-pages:*:30%:-1"], Window::Short).await;
}

#[tokio::test]
async fn an_empty_listing_empties_nothing() {
    for seed in 1..=2 {
        let records = ["empty-list:Cliente:30%", "empty-list:Contacts:30%"];
        survives(seed, [&records, &["empty-list:*:30%"]], Window::Usual).await;
    }
}

#[tokio::test]
async fn all_at_once() {
    let rules = [
        "refuse:*:4%",
        "delay:*:4%:40000",
        "throttle:*:4%:7",
        "throttle:*:4%",
        "block:Cliente:1%:60",
        "lose-answer:*:4%",
        "drop-before:*:4%",
        "bad-gateway:*:4%",
        "broken-after-commit:*:4%",
        "truncate:*:4%",
        "stale-list:*:4%:900",
        "shift-pages:*:4%:1",
        "empty-list:Cliente:4%",
        "empty-list:Contacts:4%",
    ];
    for seed in 1..=4 {
        survives(seed, [&rules, &rules], Window::Usual).await;
    }
}

/// A list that breaks off while nothing is known yet: whoever trusts it makes twins of what it hides.
#[tokio::test]
async fn a_first_listing_with_holes_makes_nothing_twice() {
    for fault in ["empty-list:GET Contacts:1", "shift-pages:GET Contacts:*:7", "empty-list:GET Tags:1"] {
        let mut house = House::build(|omie, ploomes, clock| {
            people::populate(omie, ploomes, HOLES, 60, clock.now()).unwrap();
            ploomes.switches.page_max = 20;
            ploomes.faults().add_text(fault).unwrap();
        });
        let count = |house: &House| {
            let (omie, ploomes) = (house.omie.lock().unwrap(), house.ploomes.lock().unwrap());
            let mut tags: Vec<String> = ploomes.tags().map(str::to_lowercase).collect();
            tags.sort();
            let all = tags.len();
            tags.dedup();
            (census(&omie, &ploomes), all - tags.len())
        };
        let (before, _) = count(&house);
        house.cycle().await;
        assert_ne!(house.ploomes.lock().unwrap().faults().injected().len(), 0);
        house.ploomes.lock().unwrap().faults().clear();
        house.settle().await.unwrap();
        let (after, same_tags) = count(&house);
        let more = |who: &String| after[who] > before.get(who).copied().unwrap_or(1);
        let doubled: Vec<&String> = after.keys().filter(|who| more(who)).collect();
        assert!(doubled.is_empty() && same_tags == 0, "{fault}: {doubled:?}, {same_tags} tags twice");
    }
}

/// Something a person typed.
#[derive(Debug)]
struct Typed {
    ids: Sides<i64>,
    side: Side,
    keys: Sides<&'static str>,
    value: String,
}

impl Play {
    /// A person types a value of its own into a record that is linked.
    fn type_into(&self, random: &mut fastrand::Rng, number: usize) -> Typed {
        let links = self.house.runner.ledger.links(None, usize::MAX).unwrap();
        let link = random.choice(&links).unwrap();
        let ids = link.ids.as_ref().map(|id| id.parse::<i64>().unwrap());
        let fields = [
            (Sides::new("nome_fantasia", "Name"), format!("Nome de número {number}")),
            (Sides::new("email", "Email"), format!("numero{number}@typed.example")),
            (Sides::new("homepage", "Website"), format!("https://numero{number}.example")),
            (Sides::new("razao_social", "LegalName"), format!("Razão de número {number}")),
        ];
        let (keys, value) = random.choice(fields).unwrap();
        let side = if random.bool() { Side::Left } else { Side::Right };
        let now = self.house.clock.now();
        let patch = json!({ *keys.get(side): value });
        match side {
            Side::Left => self.house.omie.lock().unwrap().person_edits(now, ids.left, &patch).unwrap(),
            Side::Right => self.house.ploomes.lock().unwrap().person_edits(now, ids.right, &patch).unwrap(),
        }
        Typed { ids, side, keys, value }
    }

    /// What both sides hold where somebody typed.
    fn held(&self, typed: &Typed) -> Sides<Value> {
        let client = self.house.omie.lock().unwrap().client(typed.ids.left).unwrap();
        let contact = self.house.ploomes.lock().unwrap().contact(typed.ids.right).unwrap();
        Sides::new(client[typed.keys.left].clone(), contact[typed.keys.right].clone())
    }

    /// A typed value stands where it was typed, and on the other side as far as that can hold it.
    fn is_everywhere(&self, typed: &Typed) -> bool {
        let held = self.held(typed);
        let arrived = held.get(typed.side.other());
        *held.get(typed.side) == typed.value && (*arrived == typed.value || *arrived == typed.value.to_uppercase())
    }

    /// Where a typed value is missing although nothing that people see says why.
    fn lost(&self, typed: &Typed) -> Option<String> {
        if self.is_everywhere(typed) {
            return None;
        }
        let (held, wanted) = (self.held(typed), Value::from(typed.value.as_str()));
        let conflicts = self.house.runner.ledger.conflicts(None, usize::MAX).unwrap();
        let told = conflicts.iter().any(|one| *one.values.get(typed.side) == wanted);
        (!told).then(|| format!("{typed:?} is {held:?}"))
    }
}

#[tokio::test]
async fn whatever_people_type_arrives_or_is_told() {
    for seed in 1..=4 {
        let mut play = Play::open(seed, Window::Usual);
        play.settle().await;
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut typed, mut number): (Vec<Typed>, usize) = (Vec::new(), 0);
        for _ in 0..6 {
            for _ in 0..6 {
                // A later word of a person replaces an earlier one that was to be seen there.
                let seen: Vec<bool> = typed.iter().map(|one| play.is_everywhere(one)).collect();
                number += 1;
                let next = play.type_into(&mut random, number);
                let mut seen = seen.into_iter();
                typed.retain(|one| {
                    let seen = seen.next().unwrap() || one.side == next.side;
                    one.ids != next.ids || one.keys != next.keys || !seen
                });
                typed.push(next);
                play.house.clock.skip_ms(1_500);
            }
            play.strike(&["lose-answer:*:12%", "broken-after-commit:*:12%", "drop-before:*:8%", "stale-list:*:8%:900"]);
            play.house.cycle().await;
            play.calm();
        }
        play.settle().await;
        let lost: Vec<String> = typed.iter().filter_map(|one| play.lost(one)).collect();
        assert_eq!(lost, Vec::<String>::new(), "seed {seed}");
        assert_eq!(play.complaints(), Vec::<String>::new(), "seed {seed}");
    }
}

/// Answers every creation as the first one was answered.
fn forgetful(system: Transport) -> Transport {
    let Transport::InProcess(send) = system else { unreachable!() };
    let first: Arc<Mutex<Option<WireAnswer>>> = Arc::default();
    Transport::InProcess(Arc::new(move |wire| {
        let is_birth = wire.method.text() == "POST" && wire.url.contains("/Contacts");
        let (answered, first) = (send(wire), Arc::clone(&first));
        Box::pin(async move {
            let answer = answered.await;
            if is_birth { first.lock().unwrap().get_or_insert(answer).clone() } else { answer }
        })
    }))
}

#[tokio::test]
async fn an_answer_that_names_the_twin_of_another_holds_its_own_record_alone() {
    let documents = ["11222333000181", "11444777000161", "19131243000197"];
    let prepare = |omie: &mut Omie, _: &mut Ploomes, clock: &Clock| {
        for (at, document) in documents.iter().enumerate() {
            let name = format!("Padaria {at}");
            let client = json!({ "razao_social": name, "nome_fantasia": name, "cnpj_cpf": document });
            omie.person_adds(clock.now(), &client).unwrap();
        }
    };
    let mut house = House::build_before(prepare, forgetful);
    for _ in 0..6 {
        assert_eq!(house.cycle().await.failed, None);
    }
    let links = house.runner.ledger.links(None, 10).unwrap();
    let twins: BTreeSet<&str> = links.iter().map(|link| link.ids.right.as_str()).collect();
    assert_eq!((links.len(), twins.len()), (3, 3), "each has met its own by its key");
    assert_eq!(house.ploomes.lock().unwrap().contacts().count(), 3, "nobody is made twice");
}
