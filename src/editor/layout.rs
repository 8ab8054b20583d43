//! One layout for YAML: two blanks a level, one blank where one is enough, no blank where none is needed.
//!
//! Only blanks and empty lines are ever changed. What would come out is read again and compared with what
//! was written; where the two are not surely the same, the file is left as it is.

use serde_json::Value;

use super::flow::Flow;
use crate::config::located;
use crate::config::mapping::{spaced_arrow, spaced_keys};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Blanks of one level.
const STEP: usize = 2;

/// Why a file is left as it is.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// It cannot be read.
    Broken(Box<Diagnostic>),
    /// Nobody can be sure that it would still say the same.
    Unsure,
}

/// A file as it should be laid out.
///
/// # Errors
/// Why it must be left as it is.
pub fn laid(file: &str, text: &str) -> Result<String, Refusal> {
    let before = meaning(file, text)?;
    let found = whole(text);
    let same = meaning(file, &found).is_ok_and(|after| after == before);
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    if same && letters(&found) == letters(text) && whole(&found) == found { Ok(found) } else { Err(Refusal::Unsure) }
}

/// What a file says, however it is laid out.
fn meaning(file: &str, text: &str) -> Result<Value, Refusal> {
    let mut complaints = Diagnostics::default();
    let tree = located::parse(file, text, &mut complaints);
    let (Some(tree), None) = (tree, complaints.list.first()) else {
        return Err(complaints.list.into_iter().next().map_or(Refusal::Unsure, |one| Refusal::Broken(Box::new(one))));
    };
    let mut said = spaced_keys(&tree.json());
    let space = |text: &mut Value| {
        if let Some(spaced) = text.as_str().and_then(spaced_arrow) {
            *text = spaced.into();
        }
    };
    said.get_mut("link").into_iter().for_each(space);
    said.get_mut("match").and_then(Value::as_array_mut).into_iter().flatten().for_each(space);
    Ok(said)
}

fn whole(text: &str) -> String {
    let mut layout = Layout { lines: text.lines().collect(), ..Layout::default() };
    while layout.at < layout.lines.len() {
        layout.step();
    }
    let levels = std::mem::take(&mut layout.levels);
    while layout.waiting.pop_if(|one| one.is_none()).is_some() {}
    layout.flush(&levels, (0, 0));
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    layout.out.iter().flat_map(|line| [line.as_str(), end]).collect()
}

/// A map or list that is open: where its entries stand, and where they should.
#[derive(Clone, Copy)]
struct Level {
    from: usize,
    to: usize,
    list: bool,
}

#[derive(Default)]
struct Layout<'a> {
    lines: Vec<&'a str>,
    /// The line to be looked at next.
    at: usize,
    out: Vec<String>,
    levels: Vec<Level>,
    /// Comments whose place the next entry tells, with their columns; and empty lines.
    waiting: Vec<Option<(usize, &'a str)>>,
    /// The key of the file we are under.
    section: &'a str,
}

impl<'a> Layout<'a> {
    fn step(&mut self) {
        let line = self.take();
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            self.waiting.push((!text.is_empty()).then(|| (indent(line), text)));
            return;
        }
        let from = indent(line);
        let before = self.levels.clone();
        let to = self.enter(from, is_item(text));
        self.flush(&before, (from, to));
        self.entry(text, from, to);
    }

    fn take(&mut self) -> &'a str {
        let line = self.lines.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        line
    }

    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    /// Where an entry at a column should stand.
    fn enter(&mut self, from: usize, list: bool) -> usize {
        while self.levels.pop_if(|top| top.from > from || (top.from == from && top.list && !list)).is_some() {}
        match self.levels.last() {
            Some(top) if top.from == from && top.list == list => top.to,
            parent => {
                let to = parent.map_or(0, |parent| parent.to + STEP);
                self.levels.push(Level { from, to, list });
                to
            }
        }
    }

    /// Writes comments and empty lines that waited for the next entry, which stands at a column.
    fn flush(&mut self, before: &[Level], (from, to): (usize, usize)) {
        for one in std::mem::take(&mut self.waiting) {
            match one {
                None if self.out.last().is_none_or(String::is_empty) => {}
                None => self.out.push(String::new()),
                Some((column, text)) => {
                    let own = before.iter().rev().find(|level| level.from == column && column != from);
                    let column = own.map_or(to, |level| level.to);
                    self.out.push(format!("{}{text}", blanks(column)));
                }
            }
        }
    }

    /// Lays out one entry: marks of a list, a key, a value; all of them may be missing.
    fn entry(&mut self, text: &'a str, mut from: usize, mut to: usize) {
        let (mut out, mut text) = (blanks(to), text);
        // What the value must be further right than.
        let mut parent = from;
        while is_item(text) && text != "-" {
            let rest = text.get(1..).unwrap_or_default();
            let inner = rest.trim_start();
            if inner.starts_with('#') {
                break;
            }
            out.push_str("- ");
            parent = from;
            from += 1 + rest.len() - inner.len();
            to += STEP;
            text = inner;
            if split_key(text).is_some() || is_item(text) {
                self.levels.push(Level { from, to, list: is_item(text) });
            }
        }
        let Some((key, value)) = split_key(text) else {
            match arrow_in(text).filter(|_| self.section == "match") {
                Some(spaced) => self.out.push(format!("{out}{spaced}")),
                None => self.value(out, text, (parent, from, to)),
            }
            return;
        };
        if to == 0 {
            self.section = key;
        }
        out.push_str(&arrow_in(key).filter(|_| self.section == "fields").unwrap_or_else(|| key.to_owned()));
        out.push(':');
        let said = value.trim_start();
        if said.is_empty() || said.starts_with('#') {
            self.out.push(out + value);
            return;
        }
        out.push(' ');
        match arrow_in(said).filter(|_| to == 0 && key == "link") {
            Some(spaced) => self.out.push(format!("{out}{spaced}")),
            None => self.value(out, said, (from, from, to)),
        }
    }

    /// Lays out a value behind what was written of its line. `parent` is the column that its further lines
    /// are right of, `from` and `to` are where its entry stands and should.
    fn value(&mut self, out: String, value: &'a str, (parent, from, to): (usize, usize, usize)) {
        let bare = without_marks(value);
        let head = value.get(..value.len() - bare.len()).unwrap_or_default();
        let inner = if parent == from { to + STEP } else { to };
        match bare.chars().next() {
            Some('|' | '>') => {
                self.out.push(out + value);
                self.block(bare, parent, if parent == from { (from, to) } else { (parent, to - STEP) });
            }
            Some('{' | '[') => self.flow(out + head, bare, (from, to)),
            Some(quote @ ('"' | '\'')) => {
                let mut open = !closes(bare.get(1..).unwrap_or_default(), quote);
                self.out.push(out + value);
                while open && self.at < self.lines.len() {
                    let line = self.take();
                    open = !closes(line, quote);
                    self.out.push(if line.trim().is_empty() {
                        String::new()
                    } else {
                        blanks(inner) + line.trim_start()
                    });
                }
            }
            Some('#') | None => self.out.push(out + value),
            Some(_) => {
                self.out.push(out + value);
                self.folded(parent, inner);
            }
        }
    }

    /// The further lines of a text without quotes.
    fn folded(&mut self, parent: usize, to: usize) {
        loop {
            let rest = self.lines.get(self.at..).unwrap_or_default();
            let empty = rest.iter().take_while(|line| line.trim().is_empty()).count();
            let goes_on = |line: &&&str| indent(line) > parent && !line.trim_start().starts_with('#');
            let Some(line) = rest.get(empty).filter(goes_on) else { return };
            self.out.extend(std::iter::repeat_n(String::new(), empty));
            self.out.push(blanks(to) + line.trim());
            self.at += empty + 1;
        }
    }

    /// The lines of a text that is kept as it stands.
    fn block(&mut self, head: &str, parent: usize, (from, to): (usize, usize)) {
        let head = head.split('#').next().unwrap_or_default().trim();
        let told = head.chars().any(|letter| letter.is_ascii_digit());
        let mut lines = Vec::new();
        let mut first = None;
        while let Some(line) = self.peek() {
            let empty = line.trim().is_empty();
            if !empty && indent(line) < first.unwrap_or(parent + 1) {
                break;
            }
            if !empty && !told {
                first.get_or_insert(indent(line));
            }
            lines.push(line);
            self.at += 1;
        }
        if !head.contains('+') {
            while lines.pop_if(|line| line.trim().is_empty()).is_some() {
                self.at -= 1;
            }
        }
        let (old, new) = if told { (from, to) } else { (first.unwrap_or(parent), to + STEP) };
        for line in lines {
            let inside = line.get(old..).unwrap_or_default();
            self.out.push(if inside.is_empty() { String::new() } else { blanks(new) + inside });
        }
    }

    /// A map in braces or a list in brackets.
    fn flow(&mut self, head: String, value: &str, (from, to): (usize, usize)) {
        let mut flow = Flow::new();
        self.out.push(format!("{head}{}", flow.line(value)));
        while !flow.is_closed() && self.at < self.lines.len() {
            let line = self.take();
            let laid = flow.line(line.trim_start());
            let column = (indent(line) + to).saturating_sub(from);
            self.out.push(if laid.is_empty() { String::new() } else { format!("{}{laid}", blanks(column)) });
        }
    }
}

fn blanks(number: usize) -> String {
    " ".repeat(number)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// A text without quotes and marks, with one blank on each side of its arrow; a comment behind it stays.
fn arrow_in(text: &str) -> Option<String> {
    let end = text.find(" #").unwrap_or(text.len());
    let (said, comment) = text.split_at_checked(end)?;
    let plain = !said.starts_with(['"', '\'', '{', '[', '&', '*', '!', '|', '>', '#', '?']);
    let blanks = said.get(said.trim_end().len()..).filter(|_| !comment.is_empty()).unwrap_or_default();
    spaced_arrow(said).filter(|_| plain).map(|spaced| format!("{spaced}{blanks}{comment}"))
}

/// A value without the anchor and tag before it.
fn without_marks(value: &str) -> &str {
    let mut rest = value;
    while rest.starts_with(['&', '!']) {
        rest = rest.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
    }
    rest
}

/// True when a text that began inside quotes ends in this line.
fn closes(text: &str, quote: char) -> bool {
    end_of_quoted(text, quote).is_some()
}

/// Where a text that began inside quotes ends.
fn end_of_quoted(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let doubled = quote == '\'' && letter == '\'' && letters.peek().is_some_and(|(_, next)| *next == '\'');
        if doubled || (quote == '"' && letter == '\\') {
            letters.next();
        } else if letter == quote {
            return Some(at);
        }
    }
    None
}

/// The key of an entry, and all behind its colon.
fn split_key(text: &str) -> Option<(&str, &str)> {
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    let quoted = text.chars().next().filter(|first| ['"', '\''].contains(first));
    if let Some(quote) = quoted {
        let end = end_of_quoted(text.get(1..)?, quote)? + 2;
        let value = text.get(end..)?.trim_start().strip_prefix(':')?;
        return is_end(value).then_some((text.get(..end)?, value));
    }
    if text.starts_with(['{', '[', '#', '|', '>']) {
        return None;
    }
    let found = text.match_indices(':').find(|(at, _)| is_end(text.get(at + 1..).unwrap_or_default()))?.0;
    let key = text.get(..found)?.trim_end();
    (!key.contains(" #")).then_some((key, text.get(found + 1..)?))
}
