//! The pages of codes, one or the list of all.

use std::io;

use serde_json::json;

use super::Screen;
use crate::cli::arguments::Language;
use crate::diagnostic::Code;
use crate::pages;

/// The page of a code.
///
/// # Errors
/// When nobody reads any more.
pub fn one(screen: &mut Screen, code: Code, language: Language) -> io::Result<()> {
    let page = of(code, language);
    if screen.is_json() {
        let (weight, said) = (code.weight().word(), pages::headline(page));
        return screen.json(&json!({ "code": code.text(), "weight": weight, "sentence": said, "markdown": page }));
    }
    screen.text(page)
}

/// Every code with its sentence.
///
/// # Errors
/// When nobody reads any more.
pub fn list(screen: &mut Screen, language: Language) -> io::Result<()> {
    let width = Code::ALL.iter().map(|code| code.text().len()).max().unwrap_or_default();
    for code in Code::ALL {
        let said = pages::headline(of(code, language));
        if screen.is_json() {
            screen.json(&json!({ "code": code.text(), "weight": code.weight().word(), "sentence": said }))?;
        } else {
            let name = screen.paint().name(format!("{:width$}", code.text()));
            screen.line(&format!("{name}  {said}"))?;
        }
    }
    Ok(())
}

fn of(code: Code, language: Language) -> &'static str {
    match language {
        Language::En => pages::english(code),
        Language::Pt => pages::portuguese(code),
    }
}
