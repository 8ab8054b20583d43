//! What the doctor found, as a list to go through.

use std::io;

use serde_json::json;

use super::Screen;
use super::value::count;
use crate::config::system::Health;
use crate::engine::doctor::Finding;

/// Where something was found.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The account.
    pub account: &'a str,
    /// The system or the mapping.
    pub about: &'a str,
}

/// What was told so far.
#[derive(Debug, Default)]
pub struct Told {
    /// The account told of last.
    account: String,
    /// What does not work.
    pub failures: usize,
    /// What should be looked at.
    pub warnings: usize,
}

/// Lists what was found in one place.
///
/// # Errors
/// When nobody reads any more.
pub fn findings(screen: &mut Screen, place: Place<'_>, found: &[Finding], told: &mut Told) -> io::Result<()> {
    told.failures += found.iter().filter(|one| one.is == Health::Failure).count();
    told.warnings += found.iter().filter(|one| one.is == Health::Warning).count();
    let paint = screen.paint();
    if screen.is_json() {
        return found.iter().try_for_each(|one| {
            screen.json(&json!({
                "account": place.account, "about": place.about, "is": one.is.word(), "text": one.text, "hint": one.hint,
            }))
        });
    }
    if found.is_empty() {
        return Ok(());
    }
    if told.account != place.account {
        place.account.clone_into(&mut told.account);
        screen.line(&paint.bold(format!("Account {}", place.account)))?;
    }
    screen.line(&format!("  {}", paint.name(place.about)))?;
    for one in found {
        let word = format!("{:<7}", one.is.word());
        let word = match one.is {
            Health::Well => paint.good(word),
            Health::Note => paint.dim(word),
            Health::Warning => paint.warn(word),
            Health::Failure => paint.bad(word),
        };
        screen.line(&format!("    {word}  {}", one.text))?;
        if let Some(hint) = &one.hint {
            screen.line(&format!("             {}", paint.dim(hint)))?;
        }
    }
    Ok(())
}

/// Says how it went.
///
/// # Errors
/// When nobody reads any more.
pub fn end(screen: &mut Screen, told: &Told) -> io::Result<()> {
    let (failures, warnings) = (told.failures, told.warnings);
    if screen.is_json() {
        return screen.json(&json!({ "failures": failures, "warnings": warnings }));
    }
    let text = format!("{}, {}", count(failures, "failure"), count(warnings, "warning"));
    let paint = screen.paint();
    screen.line(&if failures > 0 { paint.bad(text) } else { paint.good(text) })
}
