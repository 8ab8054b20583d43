//! Every fault of the sandboxes, into everything, while records are born and while people edit:
//! nothing is lost, nothing is there twice, and the end is the one of a town without faults.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use depara::engine::Report;
use jiff::Timestamp;
use depara::sandbox::people::{self, Story};
use depara::sandbox::Sandbox as _;
use depara::store::{Change, Wait};

use crate::house::House;
use crate::truth::{Truth, complain_twice};

/// Cycles until everything is settled, at most: a block of half an hour is waited for.
const CYCLES_MAX: usize = 24;

/// When people edit: a window behind the first load, and before all is compared again.
const EDITS: &str = "2026-11-02T23:00:00Z";

/// When the faults strike.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Load,
    Edits,
    Both,
}

/// A house full of people.
struct Play {
    house: House,
    story: Story,
}

impl Play {
    fn open(seed: u64, upper_case: bool) -> Self {
        let mut story = None;
        let house = House::build(|omie, ploomes, clock| {
            omie.switches.upper_case_text = upper_case;
            story = Some(people::populate(omie, ploomes, seed, 0, clock.now()).unwrap());
        });
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

    async fn cycles(&mut self, count: usize) {
        for _ in 0..count {
            self.cycle().await;
        }
    }

    async fn cycle(&mut self) -> Report {
        let report = self.house.cycle().await;
        if std::env::var_os("PLAY").is_some() {
            eprintln!("{}", serde_json::to_string(&report).unwrap());
        }
        report
    }

    /// Cycles until one writes nothing and leaves nothing over; one more must write nothing either.
    async fn settle(&mut self) {
        self.calm();
        self.retry();
        if std::env::var_os("FULL").is_some() {
        self.house.clock.skip_ms(600_000);
        self.house.runner.cycle(depara::engine::Options { full: true, accept: true }).await;
        }
        let mut last = Report::default();
        for _ in 0..CYCLES_MAX {
            last = self.cycle().await;
            if last.is_quiet() && last.failed.is_none() && last.halted.is_none() && last.deferred == 0 {
                let again = self.cycle().await;
                assert!(again.is_quiet() && again.failed.is_none(), "it writes again: {again:?}");
                return;
            }
        }
        panic!("it never settles: {last:?}");
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

    /// People edit at the same moment in every history, and the cycles go on right behind it.
    fn edit(&self) {
        let moment: Timestamp = EDITS.parse().unwrap();
        let wait_ms = moment.as_millisecond() - self.house.clock.now_ms();
        self.house.clock.skip_ms(u64::try_from(wait_ms).unwrap());
        let (mut omie, mut ploomes) = (self.house.omie.lock().unwrap(), self.house.ploomes.lock().unwrap());
        people::edit_round(&mut omie, &mut ploomes, &self.story, moment).unwrap();
    }

    fn truth(&self) -> Truth {
        Truth::of(&self.house.omie.lock().unwrap(), &self.house.ploomes.lock().unwrap())
    }

    fn complaints(&self) -> Vec<String> {
        let (omie, ploomes) = (self.house.omie.lock().unwrap(), self.house.ploomes.lock().unwrap());
        let mut found = complain_twice(&omie, &ploomes);
        found.extend(omie.tally().broken.iter().map(|(limit, count)| format!("Omie: {limit} broken {count} times")));
        found.extend(ploomes.tally().broken.iter().map(|(limit, count)| format!("Ploomes: {limit}, {count} times")));
        found
    }
}

/// Both ends of a town that nothing happens to: after the first load, and after the edits.
async fn undisturbed(seed: u64, upper_case: bool) -> [Truth; 2] {
    static KNOWN: OnceLock<std::sync::Mutex<BTreeMap<(u64, bool), [Truth; 2]>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Default::default);
    if let Some(ends) = known.lock().unwrap().get(&(seed, upper_case)) {
        return ends.clone();
    }
    let mut play = Play::open(seed, upper_case);
    play.settle().await;
    let loaded = play.truth();
    play.edit();
    play.settle().await;
    let ends = [loaded, play.truth()];
    known.lock().unwrap().insert((seed, upper_case), ends.clone());
    ends
}

async fn survives(rules: &[&str], seed: u64, act: Act, upper_case: bool) {
    let name = format!("{rules:?}, seed {seed}, {act:?}");
    let ends = undisturbed(seed, upper_case).await;
    let mut play = Play::open(seed, upper_case);
    if act != Act::Edits {
        play.strike(rules);
        play.cycles(3).await;
    }
    play.settle().await;
    assert_eq!(play.truth().differences(&ends[0]), Vec::<String>::new(), "{name}: after the first load");
    play.edit();
    if act != Act::Load {
        play.strike(rules);
        play.cycles(3).await;
    }
    play.settle().await;
    assert_eq!(play.truth().differences(&ends[1]), Vec::<String>::new(), "{name}: after the edits");
    assert_eq!(play.complaints(), Vec::<String>::new(), "{name}");
}

async fn matrix(rules: &[&str]) {
    for seed in [1, 2] {
        for act in [Act::Load, Act::Edits] {
            survives(rules, seed, act, seed == 2).await;
        }
    }
}

macro_rules! faults {
    ($($name:ident: $rules:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            matrix(&$rules).await;
        }
    )*};
}

faults! {
    nothing: [];
    refuse: ["refuse:*:30%"];
    delay: ["delay:*:30%:40000"];
    throttle: ["throttle:*:30%:7"];
    throttle_unnamed: ["throttle:*:30%"];
    block: ["block:Cliente:1:120", "block:Contacts:1:120"];
    lose_answer: ["lose-answer:*:30%"];
    drop_before: ["drop-before:*:30%"];
    bad_gateway: ["bad-gateway:*:30%"];
    broken_after_commit: ["broken-after-commit:*:30%"];
    truncate: ["truncate:*:30%"];
    stale_list: ["stale-list:*:50%:900"];
    shift_pages: ["shift-pages:*:50%:1"];
    shift_pages_back: ["shift-pages:*:50%:-1"];
    empty_list: ["empty-list:*:30%"];
}
