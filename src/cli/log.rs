//! The log on standard error: what is logged, and for whom it is written.

use std::fmt;
use std::io::{self, IsTerminal};

use jiff::tz::TimeZone;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::Stop;
use super::arguments::{Colour, Command, Global, LogFormat};
use super::render::progress;
use crate::clock::Clock;

/// Starts the log. A second start in one process changes nothing.
///
/// A bare level is ours alone: other libraries are asked by name, for what they write at `trace` may
/// hold what passes through them.
pub(super) fn start(global: &Global, command: &Command) -> anyhow::Result<()> {
    // The service speaks through its log, all others through their answer.
    // What goes wrong in a simulated history is no news of this machine.
    let usual = if matches!(command, Command::Run(_)) {
        "info"
    } else if matches!(command, Command::Simulate(_)) {
        "off"
    } else {
        "warn"
    };
    let wanted = global.log.as_deref().map(str::trim).filter(|level| !level.is_empty()).unwrap_or(usual);
    let bare = wanted.parse::<LevelFilter>().is_ok();
    let words = |error: &dyn std::fmt::Display| {
        let sentence = format!("`{wanted}` is no log level: {error}");
        Stop::usage(sentence, "write error, warn, info, debug or trace; or `depara=debug,hyper=info`")
    };
    // Such a word would be the name of a library, and all others would fall silent.
    let is_level = |word: &&str| word.contains('=') || word.trim().parse::<LevelFilter>().is_ok();
    if let Some(word) = wanted.split(',').find(|word| !is_level(word)) {
        return Err(words(&format!("nothing is logged at `{}`", word.trim())));
    }
    let filter = EnvFilter::builder().parse(if bare { format!("warn,depara={wanted}") } else { wanted.to_owned() });
    let filter = filter.map_err(|error| words(&error))?;
    let colour = match global.color {
        Colour::Auto => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        Colour::Never => false,
        Colour::Always => true,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(progress::beside).with_ansi(colour);
    let started = match global.log_format {
        LogFormat::Text => log.with_target(false).with_timer(Seconds).compact().try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).try_init(),
    };
    // A log that runs already is as good.
    match started {
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The moment as people read it: the zone of the machine, to the second.
struct Seconds;

impl FormatTime for Seconds {
    fn format_time(&self, to: &mut Writer<'_>) -> fmt::Result {
        write!(to, "{}", Clock::machine().now().to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S"))
    }
}
