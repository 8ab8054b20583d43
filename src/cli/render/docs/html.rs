//! The De × Para as one HTML page that needs nothing else: no other file, no network, no script.
//!
//! The style and a small script that finds lines stand in files beside this one and travel inside the
//! page. Without the script nothing is missing but the field to type into.

use std::fmt::Write as _;

use super::told::{Page, Row, Section};
use super::words::{Word, Words};
use crate::cli::arguments::Language;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// All of it.
pub(super) fn page(page: &Page) -> String {
    let language = page.language;
    let code = language.say("en", "pt-BR");
    let (contents, find) = (language.say("Contents", "Conteúdo"), language.say("Find a line", "Achar uma linha"));
    let none = language.say("No line holds that.", "Nenhuma linha tem isso.");
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>De × Para</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>De × Para</h1>\n<p>{}</p>\n</header>\n",
        words(&page.legend)
    );
    text.push_str(&format!("<nav aria-label=\"{contents}\">\n<h2>{contents}</h2>\n<ol>\n"));
    for one in &page.sections {
        let (anchor, title, name) = (anchor(&one.name), words(&one.title), escaped(&one.name));
        add(&mut text, &format!("<li><a href=\"#{anchor}\">{title}</a> <code>{name}</code></li>"));
    }
    add(&mut text, "</ol>\n</nav>");
    add(&mut text, &format!("<main data-find=\"{find}\" data-none=\"{none}\">"));
    for one in &page.sections {
        section(&mut text, one, language);
    }
    text.push_str(&format!("</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"));
    text
}

fn section(text: &mut String, one: &Section, language: Language) {
    let anchor = anchor(&one.name);
    add(text, &format!("<section id=\"{anchor}\">"));
    add(text, &format!("<h2><a href=\"#{anchor}\">{}</a></h2>", words(&one.title)));
    add(text, "<ul class=\"frame\">");
    one.frame.iter().for_each(|part| add(text, &format!("<li>{}</li>", words(part))));
    add(text, "</ul>\n<ul class=\"notes\">");
    one.notes.iter().for_each(|note| add(text, &format!("<li>{}</li>", words(note))));
    add(text, "</ul>\n<table>\n<thead>");
    let heading = one.heading.iter().map(|cell| match cell.is_empty() {
        true => format!("<th scope=\"col\"><span class=\"far\">{}</span></th>", language.say("way", "sentido")),
        false => format!("<th scope=\"col\">{}</th>", words(cell)),
    });
    add(text, &format!("<tr>{}</tr>\n</thead>\n<tbody>", heading.collect::<String>()));
    one.rows.iter().for_each(|line| row(text, line, &one.heading));
    add(text, "</tbody>\n</table>");
    if let Some((heading, all)) = &one.parameters {
        add(text, &format!("<h3>{}</h3>\n<ul class=\"parameters\">", words(heading)));
        all.iter().for_each(|parameter| add(text, &format!("<li>{}</li>", words(parameter))));
        add(text, "</ul>");
    }
    add(text, "</section>");
}

/// A line. Where the page is narrow each cell is told by what heads its column.
fn row(text: &mut String, Row { indent, cells, way }: &Row, heading: &[Words; 5]) {
    let is_group = cells.first().is_some_and(|name| matches!(name.0.as_slice(), [Word::Strong(_)]));
    let class = match (is_group, indent) {
        (true, _) => " class=\"group\"",
        (false, true) => " class=\"member\"",
        (false, false) => "",
    };
    let mut line = format!("<tr{class}>");
    for (at, (cell, head)) in cells.iter().zip(heading).enumerate() {
        let (tag, scope) = if at == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
        let label = if at == 0 || head.is_empty() { String::new() } else { format!(" data-head=\"{}\"", plain(head)) };
        let class = if at == 2 { " class=\"way\"" } else { "" };
        let _written = write!(line, "<{tag}{scope}{class}{label}>{}</{tag}>", words(cell));
    }
    let head = heading.last().map(plain).unwrap_or_default();
    let way: String = way.iter().map(|one| format!("<p>{}</p>", words(one))).collect();
    add(text, &format!("{line}<td data-head=\"{head}\">{way}</td></tr>"));
}

fn words(all: &Words) -> String {
    all.0.iter().map(said).collect()
}

fn said(word: &Word) -> String {
    match word {
        Word::Said(text) => escaped(text),
        // A long path breaks at its dots.
        Word::Code(text) | Word::File(text, _) => format!("<code>{}</code>", escaped(text).replace('.', ".<wbr>")),
        Word::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
        Word::Slanted(text) => format!("<em>{}</em>", escaped(text)),
    }
}

/// The words alone, as an attribute holds them.
fn plain(all: &Words) -> String {
    let text = all.0.iter().map(|word| match word {
        Word::Said(text) | Word::Code(text) | Word::Strong(text) | Word::Slanted(text) | Word::File(text, _) => text,
    });
    text.map(|text| escaped(text)).collect()
}

/// A text without any sign that HTML takes for its own.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// The name of a mapping as an anchor: every other sign is a dash.
fn anchor(name: &str) -> String {
    let sign = |letter: char| if letter.is_alphanumeric() { letter } else { '-' };
    format!("m-{}", name.chars().map(sign).collect::<String>())
}

fn add(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
