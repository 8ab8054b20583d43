//! The only place that prints. Everything else hands over values.
//!
//! A [`Screen`] is where words go: a terminal, a pipe, or a test's memory. It knows whether people
//! or programs read it, and whether colours are wanted; nobody else asks.

mod annotation;
pub mod capture;
pub mod case;
pub mod conflict;
pub mod coverage;
pub mod demo;
pub mod diagnostic;
pub mod difference;
pub mod docs;
pub mod doctor;
pub mod explain;
pub mod init;
mod journal;
pub mod laws;
pub mod layout;
pub mod link;
mod mask;
pub mod mutant;
mod origin;
pub mod page;
pub mod plan;
pub mod preview;
pub mod progress;
pub mod quarantine;
mod reason;
pub mod report;
pub mod simulate;
mod table;
mod value;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::arguments::{Colour, Format, Global};

/// Where words go.
pub struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    format: Format,
    paint: Paint,
    paint_err: Paint,
}

impl Screen {
    /// The terminal or the pipes the program was started with.
    pub fn standard(global: &Global) -> Self {
        let quiet = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = |terminal: bool| match global.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !quiet,
        };
        Self {
            paint: Paint { colour: coloured(io::stdout().is_terminal()) },
            paint_err: Paint { colour: coloured(io::stderr().is_terminal()) },
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            format: global.format,
        }
    }

    /// A screen whose words can be read back, without colours.
    pub fn captured(format: Format) -> (Self, Captured) {
        let captured = Captured::default();
        let paint = Paint { colour: false };
        let (out, err) = (Box::new(captured.clone()), Box::new(captured.clone()));
        (Self { out, err, format, paint, paint_err: paint }, captured)
    }

    /// True when a program reads.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// How the answer is printed.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The colours of the answer.
    pub const fn paint(&self) -> Paint {
        self.paint
    }

    /// Prints a text as it is.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// Prints one line for people.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(format!("{}\n", harmless(text)).as_bytes())?;
        self.out.flush()
    }

    /// Prints one JSON value on one line.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(value).map_err(io::Error::other)?;
        self.out.write_all(format!("{text}\n").as_bytes())?;
        self.out.flush()
    }

    /// Tells people something beside the answer, such as that nothing was found. Programs are not told.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        if self.is_json() { Ok(()) } else { self.line(&self.paint.dim(text)) }
    }

    /// Prints why nothing more is done, with what to do about it.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn error(&mut self, sentence: &str, hint: Option<&str>) -> io::Result<()> {
        let mut text = format!("{}: {sentence}\n", self.paint_err.bad("error"));
        if let Some(hint) = hint {
            text.push_str(&format!("  {}: {hint}\n", self.paint_err.bold("help")));
        }
        self.err.write_all(harmless(&text).as_bytes())?;
        self.err.flush()
    }
}

/// The text without what a terminal obeys but colours: what people type into a name must not clear, move or turn round
/// what stands on the screen.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_obeyed = |one: char| {
        (one.is_control() && one != '\n' && one != '\t')
            || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(one) = rest.chars().next() {
        let length = colour(rest).unwrap_or(one.len_utf8());
        let (part, behind) = rest.split_at(length);
        let escaped = is_obeyed(one) && length == one.len_utf8();
        if escaped {
            shown.extend(one.escape_unicode());
        } else {
            shown += part;
        };
        rest = behind;
    }
    Cow::Owned(shown)
}

/// The length of the sequence that changes a colour, where a text begins with one.
fn colour(text: &str) -> Option<usize> {
    let digits = text.strip_prefix("\u{1b}[")?;
    let end = digits.find(|one: char| !one.is_ascii_digit() && one != ';')?;
    digits.get(end..)?.starts_with('m').then_some(end + 3)
}

/// What a captured screen was told.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// All words so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether there are any.
    pub colour: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &dyn fmt::Display) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    /// What the eye should find first.
    pub fn bold(self, text: impl fmt::Display) -> String {
        self.wrap("1", &text)
    }

    /// What the eye may skip.
    pub fn dim(self, text: impl fmt::Display) -> String {
        self.wrap("2", &text)
    }

    /// What is new or well.
    pub fn good(self, text: impl fmt::Display) -> String {
        self.wrap("32", &text)
    }

    /// What waits for somebody.
    pub fn warn(self, text: impl fmt::Display) -> String {
        self.wrap("33", &text)
    }

    /// What is wrong or goes away.
    pub fn bad(self, text: impl fmt::Display) -> String {
        self.wrap("31", &text)
    }

    /// What is a name.
    pub fn name(self, text: impl fmt::Display) -> String {
        self.wrap("36", &text)
    }
}

/// Prints what clap says about a command line, or the help that was asked for.
pub(super) fn usage(error: &clap::Error) -> super::Exit {
    // Help goes to standard output and is no failure; nothing is lost when nobody reads it.
    let told = error.print();
    match (told, error.use_stderr()) {
        (Ok(()) | Err(_), true) => super::Exit::Usage,
        (Ok(()) | Err(_), false) => super::Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_but_colours() {
        let painted = Paint { colour: true }.bad("São João\n\tAção");
        assert_eq!(harmless(&painted), painted);
        assert_eq!(harmless("a\u{1b}[2J\u{1b}]0;b\u{7}\u{202e}c"), "a\\u{1b}[2J\\u{1b}]0;b\\u{7}\\u{202e}c");
    }
}
