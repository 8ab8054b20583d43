//! The De × Para as Markdown.

use super::told::{Page, Row, Section};
use super::words::{Word, Words};
use crate::cli::render::value::wrapped;

/// Columns of running text.
const WIDTH: usize = 116;
/// Between what is said of one thing.
const BETWEEN: &str = " · ";

/// All of it.
pub(super) fn page(page: &Page) -> String {
    let mut text = format!("## De × Para\n\n{}\n", wrapped(&words(&page.legend), WIDTH).join("\n"));
    for one in &page.sections {
        text.push('\n');
        text.push_str(&section(one));
    }
    text
}

/// One mapping.
pub(super) fn section(one: &Section) -> String {
    let mut text = format!("### {}\n\n{}.\n", words(&one.title), words(&Words::joined(one.frame.clone(), BETWEEN)));
    for note in &one.notes {
        line(&mut text, &format!("- {}", words(note)));
    }
    text.push('\n');
    row(&mut text, one.heading.each_ref().map(words));
    line(&mut text, "|---|---|:-:|---|---|");
    for Row { indent, cells, way } in &one.rows {
        let [name, left, arrow, right] = cells.each_ref().map(words);
        let name = if *indent { format!("↳ {name}") } else { name };
        row(&mut text, [name, left, arrow, right, words(&Words::joined(way.clone(), BETWEEN))]);
    }
    if let Some((heading, all)) = &one.parameters {
        line(&mut text, &format!("\n{}\n", words(heading)));
        for parameter in all {
            line(&mut text, &format!("- {}", words(parameter)));
        }
    }
    text
}

fn words(all: &Words) -> String {
    all.0.iter().map(said).collect()
}

/// A piece of a sentence, without a sign that would end a cell or begin a tag.
fn said(word: &Word) -> String {
    match word {
        Word::Said(text) => text.replace('|', "\\|").replace('<', "\\<"),
        Word::Code(text) => code(text),
        Word::Strong(text) => format!("**{}**", text.replace('|', "\\|").replace('<', "\\<")),
        Word::Slanted(text) => format!("*{}*", text.replace('|', "\\|").replace('<', "\\<")),
        Word::File(text, file) => format!("[{}]({file})", code(text)),
    }
}

fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A row of a table.
fn row(text: &mut String, cells: [String; 5]) {
    let cells = cells.map(|cell| if cell.is_empty() { " |".to_owned() } else { format!(" {cell} |") });
    line(text, &format!("|{}", cells.concat()));
}
