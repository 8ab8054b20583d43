//! `depara check`: everything that is wrong with a workspace, at once; and what each code means.

use super::arguments::{CheckArguments, Global, Language};
use super::open::{all_complaints, need_files, unknown};
use super::render::diagnostic::{complaints_seen_from, verdict};
use super::render::{Screen, page};
use super::{Exit, Stop, laws};
use crate::diagnostic::{Code, Diagnostics, Weight};

/// Checks a workspace, or explains a code.
pub(super) fn run(global: &Global, arguments: &CheckArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    if let Some(word) = &arguments.explain {
        return explain(word, arguments.language, screen);
    }
    let dir = arguments.folder.as_deref().unwrap_or(&global.dir);
    need_files(dir)?;
    let denied = denied(&arguments.deny)?;
    let (files, mut found) = all_complaints(dir);
    // Laws of lines that do not compile would be laws of something else.
    if arguments.laws && found.is_sound() {
        let told = laws::run((dir, &files), arguments, screen)?;
        found.sources.extend(told.sources);
        told.list.into_iter().for_each(|one| found.push(one));
        found.sort();
    }
    deny(&mut found, &denied);
    complaints_seen_from(dir, &found, screen)?;
    verdict(screen, files.len(), &found)?;
    Ok(if found.is_sound() { Exit::Done } else { Exit::Failed })
}

fn explain(word: &str, language: Language, screen: &mut Screen) -> anyhow::Result<Exit> {
    if word.is_empty() {
        page::list(screen, language)?;
        return Ok(Exit::Done);
    }
    let Some(code) = Code::named(word) else {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.text()).collect();
        return Err(unknown("code", word, &known));
    };
    page::one(screen, code, language)?;
    Ok(Exit::Done)
}

/// The codes that are taken for errors.
fn denied(words: &[String]) -> anyhow::Result<Vec<Code>> {
    let mut codes = Vec::new();
    for word in words {
        match (word.as_str(), Code::named(word)) {
            ("warnings", _) => codes.extend(Code::ALL.iter().filter(|code| code.weight() == Weight::Warning)),
            (_, Some(code)) => codes.push(code),
            (_, None) => {
                let hint = "write `warnings`, or one of the codes that `depara check --explain` lists";
                return Err(Stop::usage(format!("`{word}` is nothing that can be denied"), hint));
            }
        }
    }
    Ok(codes)
}

/// A variable that is not set here says nothing of what is written: only its own code denies it.
fn deny(found: &mut Diagnostics, denied: &[Code]) {
    for one in found.list.iter_mut().filter(|one| denied.contains(&one.code)) {
        one.weight = Weight::Error;
    }
}
