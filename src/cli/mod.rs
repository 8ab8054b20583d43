//! The command line: arguments in, words and an exit code out.
//!
//! One short function for each verb; each asks the rooms below for values and hands them to
//! [`render`], the only place that prints. Errors of any kind end here, in words and a code.

mod against;
pub mod arguments;
mod capture;
mod check;
mod conflicts;
mod demo;
mod docs;
mod doctor;
pub mod explain;
mod export;
mod fmt;
mod import;
mod init;
mod links;
mod log;
pub mod open;
mod pace;
mod plan;
mod quarantine;
pub mod render;
mod run;
mod runners;
mod sandbox;
mod schema;
mod shell;
mod signal;
mod simulate;
mod sync;
mod test;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::Parser as _;

use crate::store;
use arguments::{Arguments, Command, Format, PlanArguments};
use render::Screen;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done,
    /// There were complaints or failures.
    Failed,
    /// The command line made no sense.
    Usage,
    /// A guard refused a plan.
    Halted,
    /// Two versions of a workspace would not send the same.
    Differs,
}

impl Exit {
    /// The worse of two ends.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Done, other) => other,
            (Self::Halted | Self::Differs, Self::Failed | Self::Usage) => other,
            (Self::Halted | Self::Differs | Self::Failed | Self::Usage, _) => self,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Halted => 3,
            Exit::Differs => 4,
        })
    }
}

/// Why a verb stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// People were told why already.
    #[error("stopped")]
    Told(Exit),
    /// What was asked for is not there.
    #[error("{sentence}")]
    Usage {
        /// One sentence.
        sentence: String,
        /// What to do about it.
        hint: String,
    },
    /// What was asked for is there, and cannot be done.
    #[error("{sentence}")]
    Failed {
        /// One sentence.
        sentence: String,
        /// What to do about it.
        hint: String,
    },
}

impl Stop {
    /// What was asked for is not there.
    pub fn usage(sentence: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self::Usage { sentence: sentence.into(), hint: hint.into() }.into()
    }

    /// What was asked for is there, and cannot be done.
    pub fn failed(sentence: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self::Failed { sentence: sentence.into(), hint: hint.into() }.into()
    }
}

/// Reads the command line and does what it says.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => return render::usage(&error),
    };
    let mut screen = Screen::standard(&arguments.global);
    let done = log::start(&arguments.global, &arguments.command).and_then(|()| obey(&arguments, &mut screen));
    done.unwrap_or_else(|error| explained(&error, &mut screen))
}

/// Does what parsed arguments say.
///
/// # Errors
/// Whatever stopped the verb; [`Stop`] and store errors say what to do about it.
pub fn obey(arguments: &Arguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let global = &arguments.global;
    if matches!(global.format, Format::Github | Format::Sarif) && !matches!(arguments.command, Command::Check(_)) {
        return Err(Stop::usage(
            "this command prints no complaints of a workspace",
            "`--format human` or `--format json`",
        ));
    }
    match &arguments.command {
        Command::Demo(demo) => demo::run(global, demo, screen),
        Command::Init { folder } => init::run(folder, screen),
        Command::Check(check) => check::run(global, check, screen),
        Command::Test(test) => test::run(global, test, screen),
        Command::Doctor(doctor) => doctor::run(global, doctor, screen),
        Command::Plan(PlanArguments { cycle, against: Some(dir) }) => against::run(global, cycle, dir, screen),
        Command::Plan(PlanArguments { cycle, against: None }) => plan::run(global, cycle, screen),
        Command::Sync { cycle, accept } => sync::run(global, cycle, *accept, screen),
        Command::Run(scope) => run::run(global, scope, screen),
        Command::Explain { resource, id, field, scope } => {
            explain::run(global, scope, (resource, id, field.as_deref()), screen)
        }
        Command::Capture(capture) => capture::run(global, capture, screen),
        Command::Links(links) => links::run(global, links, screen),
        Command::Quarantine(quarantine) => quarantine::run(global, quarantine, screen),
        Command::Conflicts(conflicts) => conflicts::run(global, conflicts, screen),
        Command::Docs(docs) => docs::run(global, docs, screen),
        Command::Simulate(simulate) => simulate::run(global, simulate, screen),
        Command::Sandbox(sandbox) => sandbox::run(global, sandbox, screen),
        Command::Schema(schema) => schema::run(global, schema, screen),
        Command::Fmt(fmt) => fmt::run(global, fmt, screen),
        Command::Completions { shell } => shell::completions(*shell, screen),
        Command::Man { folder } => shell::man(folder, screen),
    }
}

/// Says what stopped a verb, and how that ends.
fn explained(error: &anyhow::Error, screen: &mut Screen) -> Exit {
    // Whoever read us has had enough: `depara links | head` is no failure.
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return Exit::Done;
    }
    let (exit, sentence, hint) = match error.downcast_ref::<Stop>() {
        Some(Stop::Told(exit)) => return *exit,
        Some(Stop::Usage { sentence, hint }) => (Exit::Usage, sentence.clone(), Some(hint.clone())),
        Some(Stop::Failed { sentence, hint }) => (Exit::Failed, sentence.clone(), Some(hint.clone())),
        None => {
            let stored = error.downcast_ref::<store::Error>();
            let hint = stored.and_then(store::Error::hint).map(str::to_owned);
            let sentence = if stored.is_some() { format!("failed to {error:#}") } else { format!("{error:#}") };
            (Exit::Failed, sentence, hint)
        }
    };
    match screen.error(&sentence, hint.as_deref()) {
        Ok(()) | Err(_) => exit,
    }
}
