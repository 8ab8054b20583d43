//! Complaints, drawn over the author's own text.

use std::io;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::mask::masked;
use super::value::count;
use super::{Screen, annotation};
use crate::cli::arguments::Format;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Weight};

/// The most other places of one mistake that are named; JSON and SARIF name them all.
const ALSO_MAX: usize = 8;

/// Prints every complaint; the list holds what they point into.
///
/// # Errors
/// When nobody reads any more.
pub fn complaints(screen: &mut Screen, list: &Diagnostics) -> io::Result<()> {
    complaints_seen_from(Path::new(""), list, screen)
}

/// Prints every complaint about the workspace in a folder, for readers who stand outside of it.
///
/// # Errors
/// When nobody reads any more.
pub fn complaints_seen_from(dir: &Path, list: &Diagnostics, screen: &mut Screen) -> io::Result<()> {
    match screen.format() {
        Format::Human => {
            for one in &list.list {
                let text = drawn(one, list, screen.paint().colour);
                screen.text(&format!("{text}\n\n"))?;
            }
        }
        Format::Json => list.list.iter().try_for_each(|one| screen.json(&as_json(one)))?,
        Format::Github => list.list.iter().try_for_each(|one| screen.line(&annotation::github(dir, one)))?,
        Format::Sarif => screen.json(&annotation::sarif(dir, list))?,
    }
    Ok(())
}

/// One complaint as text.
pub fn drawn(one: &Diagnostic, all: &Diagnostics, colour: bool) -> String {
    let level = match one.weight {
        Weight::Error => Level::ERROR,
        Weight::Warning => Level::WARNING,
    };
    let mut first = Group::with_title(level.primary_title(one.sentence.as_str()).id(one.code.text()));
    let mut second = None;
    if let Some(place) = &one.place {
        let related = one.related.as_ref();
        let inside = related.filter(|(other, _)| other.file == place.file);
        first = first.element(shown(place, inside, all));
        if let Some((other, how)) = related.filter(|_| inside.is_none()) {
            second =
                Some(Group::with_title(Level::NOTE.secondary_title(how.as_str())).element(shown(other, None, all)));
        }
    }
    let hint = one.hint.as_ref().map(|hint| Level::HELP.message(hint.as_str()));
    let also = also(one).map(|text| Level::NOTE.message(text));
    for message in hint.into_iter().chain(also) {
        match second.take() {
            Some(group) => second = Some(group.element(message)),
            None => first = first.element(message),
        }
    }
    let groups: Vec<Group<'_>> = std::iter::once(first).chain(second).collect();
    render(&groups, colour)
}

/// Where else the mistake shows, in one sentence.
pub(super) fn also(one: &Diagnostic) -> Option<String> {
    let here = one.place.as_ref().map(|place| &place.file);
    let mut last = here;
    let mut places: Vec<String> = Vec::new();
    for place in one.also.iter().take(ALSO_MAX) {
        let name = if last == Some(&place.file) { String::new() } else { format!("{}:", place.file) };
        last = Some(&place.file);
        places.push(format!("{name}{}:{}", place.line, place.column));
    }
    let more = one.also.len().saturating_sub(ALSO_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!places.is_empty()).then(|| format!("the same mistake shows at {}{rest}", places.join(", ")))
}

fn render(groups: &[Group<'_>], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(groups)
}

/// The excerpt a place points into, or only its name when its text is not known.
fn shown<'a>(place: &'a Place, inside: Option<&'a (Place, String)>, all: &Diagnostics) -> Element<'a> {
    let text = all.sources.get(&place.file).filter(|text| !text.trim().is_empty());
    let Some(text) = text.filter(|_| !place.span.is_empty() || place.line > 1) else {
        return Origin::path(&*place.file).line(place.line).char_column(place.column).into();
    };
    let mut snippet = Snippet::source(masked(&place.file, text))
        .path(&*place.file)
        .annotation(AnnotationKind::Primary.span(one_line(text, &place.span)));
    if let Some((other, how)) = inside {
        snippet = snippet.annotation(AnnotationKind::Context.span(one_line(text, &other.span)).label(how.as_str()));
    }
    snippet.into()
}

/// A span, cut where its first line ends: the caret shows where to look, not how much there is.
fn one_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let whole = text.get(start..span.end.min(text.len())).unwrap_or_default();
    let length = whole.lines().next().map_or(0, |line| line.trim_end().len());
    start..start + length
}

/// One complaint as an object.
fn as_json(one: &Diagnostic) -> Value {
    let place = |place: &Place| {
        json!({
            "file": &*place.file,
            "line": place.line,
            "column": place.column,
            "start": place.span.start,
            "end": place.span.end,
        })
    };
    json!({
        "weight": one.weight.word(),
        "code": one.code.text(),
        "sentence": one.sentence,
        "place": one.place.as_ref().map(place),
        "hint": one.hint,
        "also": one.also.iter().map(place).collect::<Vec<_>>(),
        "related": one.related.as_ref().map(|(at, how)| json!({ "place": place(at), "how": how })),
    })
}

/// Ends a check with its count.
///
/// # Errors
/// When nobody reads any more.
pub fn verdict(screen: &mut Screen, files: usize, found: &Diagnostics) -> io::Result<()> {
    let (errors, warnings) = (found.count(Weight::Error), found.count(Weight::Warning));
    if screen.format() != Format::Human {
        return Ok(());
    }
    let paint = screen.paint();
    let files = count(files, "file");
    let text = match (errors, warnings) {
        (0, 0) => paint.good(format!("{files} checked, no complaints")),
        (0, some) => format!("{files} checked, {}", paint.warn(count(some, "warning"))),
        (some, 0) => format!("{files} checked, {}", paint.bad(count(some, "error"))),
        (some, more) => {
            format!("{files} checked, {}, {}", paint.bad(count(some, "error")), paint.warn(count(more, "warning")))
        }
    };
    screen.line(&text)?;
    // What keeps everything from starting comes first.
    match found.list.iter().min_by_key(|one| one.weight) {
        Some(first) => {
            screen.note(&format!("`depara check --explain {}` says what it means, and how to repair it", first.code))
        }
        None => Ok(()),
    }
}
