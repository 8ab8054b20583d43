//! `depara simulate`: random histories of the workspace, each from a seed, checked against what must
//! always hold.

use std::num::NonZero;
use std::thread;
use std::time::Instant;

use super::arguments::{Global, SimulateArguments};
use super::render::diagnostic::complaints;
use super::render::{Screen, simulate};
use super::{Exit, Stop, open};
use crate::config::files;
use crate::diagnostic::Diagnostics;
use crate::simulate::{Error, Script, Setting, Stage, Total, history, many, play, script, shrunk};

/// Histories that broke and are told.
const TOLD_MAX: usize = 3;
/// After so many that broke no more are played.
const BROKEN_MAX: usize = 20;

/// Plays histories.
pub(super) fn run(global: &Global, arguments: &SimulateArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let stage = stage(global, arguments.mapping.as_deref(), screen)?;
    let setting = Setting {
        days: arguments.days,
        records: arguments.records,
        accounts: arguments.accounts,
        faults: arguments.faults.severity(),
        every: arguments.every,
    };
    for name in &stage.left_out {
        screen.note(&format!("`{name}` is not played: no sandbox imitates what it joins"))?;
    }
    if let Some(only) = &arguments.only {
        return replay(&stage, &script(arguments.seed.unwrap_or(1), &setting).only(only), arguments, screen);
    }
    let (first, count) = match (arguments.seed, arguments.seeds) {
        (Some(seed), count) => (seed, count.unwrap_or(1)),
        (None, count) => (1, count.unwrap_or(SEEDS)),
    };
    let threads = arguments.threads.or_else(|| thread::available_parallelism().ok().map(NonZero::get)).unwrap_or(1);
    let began = Instant::now();
    let line = simulate::Line::draw(count);
    let total = many(&stage, &setting, first..first.saturating_add(count), threads, |total| {
        line.show(total);
        total.broken.len() < BROKEN_MAX
    })?;
    line.clear();
    simulate::total(screen, &total, began.elapsed())?;
    tell(&stage, &setting, &total, arguments, screen)?;
    Ok(if total.broken.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Histories when nobody says how many.
const SEEDS: u64 = 100;

fn stage(global: &Global, mapping: Option<&str>, screen: &mut Screen) -> anyhow::Result<Stage> {
    open::need_folder(&global.dir)?;
    let mut met = Diagnostics::default();
    let files = files::workspace(&global.dir, &mut met);
    if !met.is_clean() {
        complaints(screen, &met)?;
        return Err(Stop::Told(Exit::Failed).into());
    }
    match Stage::open(&files, mapping) {
        Ok(stage) => Ok(stage),
        Err(Error::Complaints(found)) => {
            complaints(screen, &found)?;
            Err(Stop::Told(Exit::Failed).into())
        }
        Err(Error::Unknown { wanted, known }) => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            Err(open::unknown("mapping that sandboxes can play", &wanted, &known))
        }
        Err(error @ Error::NothingToPlay { .. }) => {
            Err(Stop::failed(error.to_string(), "histories are played on `depara sandbox`'s imitations"))
        }
    }
}

/// Tells the first histories that broke, as short as they can be made.
fn tell(
    stage: &Stage,
    setting: &Setting,
    total: &Total,
    arguments: &SimulateArguments,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    for (seed, broken) in total.broken.iter().take(TOLD_MAX) {
        let Some(first) = broken.first() else { continue };
        let short = shrunk(stage, &script(*seed, setting), first.invariant);
        let outcome = play(stage, &short, true);
        let still = outcome.broken.iter().find(|one| one.invariant == first.invariant).unwrap_or(first);
        simulate::story(screen, *seed, still, &outcome.lines, &command(&short, arguments))?;
    }
    Ok(())
}

/// Plays one history, and tells it.
fn replay(stage: &Stage, script: &Script, arguments: &SimulateArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let broken = history(stage, script).broken;
    let told = play(stage, script, true);
    if broken.is_empty() {
        simulate::sound(screen, script.seed)?;
        return Ok(Exit::Done);
    }
    for one in &broken {
        simulate::story(screen, script.seed, one, &told.lines, &command(script, arguments))?;
    }
    Ok(Exit::Failed)
}

/// The command that plays a history again.
fn command(script: &Script, arguments: &SimulateArguments) -> String {
    let mut text = format!(
        "depara simulate --seed {} --days {} --records {} --faults {}",
        script.seed,
        arguments.days,
        arguments.records,
        arguments.faults.word()
    );
    if arguments.accounts > 1 {
        text.push_str(&format!(" --accounts {}", arguments.accounts));
    }
    if let Some(minutes) = arguments.every {
        text.push_str(&format!(" --every {minutes}"));
    }
    if let Some(mapping) = &arguments.mapping {
        text.push_str(&format!(" --mapping {mapping}"));
    }
    let acts: Vec<String> = script.acts.iter().map(|act| act.number.to_string()).collect();
    text.push_str(&format!(" --only {}", acts.join(",")));
    text.trim_end().to_owned()
}
