//! Histories: whole accounts under random edits, faults and crashes, each from one seed, checked
//! against what must always hold.
//!
//! One history runs in one thread under paused time: the real engine and its schedule over the
//! sandboxes, called in process. Equal seeds make equal histories, byte for byte. After the edits all
//! comes to rest; then the judge reads both sides once more. See [`INVARIANTS`].

#[cfg(test)]
mod alarm_tests;
mod audit;
mod cast;
mod company;
mod doubles;
mod excuses;
mod judge;
#[cfg(test)]
mod judge_tests;
mod life;
mod many;
mod places;
mod process;
mod script;
mod sets;
mod shrink;
mod story;
mod unspoken;
mod wire;
mod world;

pub use cast::{Error, Stage, account_file};
pub use many::{Total, many};
pub use script::{Act, Script, Setting, Severity, What, script};
pub use shrink::shrunk;
pub use story::{Counts, Line, about};

use story::Story;
use world::World;

/// What must hold in every history.
pub const INVARIANTS: [(&str, &str); 10] = [
    ("I1", "it settles: long after the last edit nothing is written any more and no cycle fails"),
    ("I2", "no duplicate: one record per identity and link on each side, one effect of every creation"),
    ("I3", "no lost edit: what people typed is on both sides, or told as a conflict, or waits with a reason"),
    ("I4", "no gift: every value was typed by a person, or follows by a rule from one that was"),
    ("I5", "one way stays one way, and what no mapping speaks of never changes"),
    ("I6", "the systems count no limit that was broken"),
    ("I7", "a crash at any point changes nothing about the end"),
    ("I8", "a plan writes nothing, neither to a system nor to the store"),
    ("I9", "a halted cycle writes nothing, and a record that cannot move delays no other"),
    ("I10", "the same seed makes the same history, byte for byte"),
];

/// One history in so many is played twice, for I10.
const TWICE: u64 = 50;

/// Something that must hold and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which of [`INVARIANTS`].
    pub invariant: &'static str,
    /// How.
    pub sentence: String,
    /// Ids of the records concerned.
    pub concerns: Vec<String>,
}

impl Broken {
    /// The same, told with the name of its account.
    fn of(self, prefix: &str) -> Self {
        Self { sentence: format!("{prefix}{}", self.sentence), ..self }
    }
}

/// What came of a history.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What does not hold.
    pub broken: Vec<Broken>,
    /// A print of everything that happened.
    pub print: u64,
    /// What happened, by name.
    pub counts: Counts,
    /// Every line of it, when it was told.
    pub lines: Vec<Line>,
    truth: audit::Truth,
}

/// Plays the history of a seed, with all that must be compared with it.
pub fn history(stage: &Stage, script: &Script) -> Outcome {
    let mut outcome = play(stage, script, false);
    if script.calm && outcome.broken.is_empty() && script.acts.iter().any(|act| matches!(act.what, What::Crash { .. }))
    {
        let undisturbed = play(stage, &script.without_crashes(), false);
        outcome.broken.extend(undisturbed.broken.iter().cloned());
        if undisturbed.truth != outcome.truth {
            outcome.broken.push(other_end(&undisturbed.truth, &outcome.truth));
        }
    }
    if script.seed.is_multiple_of(TWICE) && play(stage, script, false).print != outcome.print {
        let sentence = "played twice, it went two ways".to_owned();
        outcome.broken.push(Broken { invariant: "I10", sentence, concerns: Vec::new() });
    }
    outcome
}

/// Plays a script once. With `told`, every line of what happened is kept.
pub fn play(stage: &Stage, script: &Script, told: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let story = if told { Story::told() } else { Story::default() };
    match runtime {
        Ok(runtime) => runtime.block_on(lived(stage, script, story)),
        Err(error) => failed(error.to_string()),
    }
}

async fn lived(stage: &Stage, script: &Script, story: Story) -> Outcome {
    let mut world = match World::new(stage, script, story) {
        Ok(world) => world,
        Err(error) => return failed(error),
    };
    let mut truth = audit::Truth::new();
    let lived = match world.play().await {
        Ok(()) => world.audit().await.map(|found| truth = found),
        Err(error) => Err(error),
    };
    if let Err(error) = lived {
        world.breaks("I1", error);
    }
    let (broken, counts, story) = world.into_parts();
    Outcome { broken, print: story.print(), counts, lines: story.into_lines(), truth }
}

fn failed(error: String) -> Outcome {
    let broken = vec![Broken { invariant: "I1", sentence: error, concerns: Vec::new() }];
    Outcome { broken, ..Outcome::default() }
}

fn other_end(undisturbed: &audit::Truth, crashed: &audit::Truth) -> Broken {
    let only = |one: &audit::Truth, other: &audit::Truth| {
        let lines = one.iter().filter(|(line, times)| other.get(*line) != Some(times));
        lines.map(|(line, times)| format!("{times} times {line}")).collect::<Vec<_>>().join("; ")
    };
    let (without, with) = (only(undisturbed, crashed), only(crashed, undisturbed));
    let sentence = format!("without crashes the end is [{without}], with them [{with}]");
    Broken { invariant: "I7", sentence, concerns: Vec::new() }
}
