//! The log on standard error: what is logged, and for whom it is written.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::Stop;
use super::arguments::{Colour, Global, LogFormat};

/// What is logged when nobody says.
const QUIET: &str = "warn";

/// Starts the log. A second start in one process changes nothing.
pub(super) fn start(global: &Global) -> anyhow::Result<()> {
    let wanted = global.log.as_deref().filter(|level| !level.trim().is_empty()).unwrap_or(QUIET);
    let filter = EnvFilter::try_new(wanted).map_err(|error| {
        let sentence = format!("`{wanted}` is no log level: {error}");
        Stop::usage(sentence, "write error, warn, info, debug or trace; or `depara=debug,warn`")
    })?;
    let colour = match global.color {
        Colour::Auto => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        Colour::Never => false,
        Colour::Always => true,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colour);
    let started = match global.log_format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).try_init(),
    };
    // A log that runs already is as good.
    match started {
        Ok(()) | Err(_) => Ok(()),
    }
}
