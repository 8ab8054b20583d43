//! The words of a script, each with where it begins and ends.
//!
//! The language's own tokens do not say where they end, and what changes or marks one thing in a script
//! must know. Comments and spaces are left out; the code inside `${…}` of a text is told like any other.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a word of the language.
    Word,
    /// A number.
    Number,
    /// A text in double quotes, quotes included.
    Text,
    /// What stands between backticks or beside a `${…}`.
    Chunk,
    /// A letter in single quotes, quotes included.
    Letter,
    /// Anything else.
    Sign,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

/// Signs of more than one letter, the longest first.
const SIGNS: [&str; 26] = [
    "??=", "<<=", ">>=", "**=", "..=", "...", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "?[", "+=", "-=",
    "*=", "/=", "%=", "::", "#{", "..", "<<", ">>",
];

/// The texts of a script, with the signs around them.
pub(super) fn texts(text: &str) -> Vec<&str> {
    let is_text = |kind| matches!(kind, Kind::Text | Kind::Chunk | Kind::Letter);
    tokens(text).into_iter().filter(|token| is_text(token.kind)).map(|token| token.text).collect()
}

/// The tokens of a script.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, at: 0, found: Vec::new(), open: Vec::new() };
    while let Some(first) = lexer.rest().chars().next() {
        lexer.one(first);
    }
    lexer.found
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Token<'a>>,
    /// The braces that are open: true for one inside a text.
    open: Vec<bool>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let span = self.at..self.at.saturating_add(length).min(self.text.len());
        let text = self.text.get(span.clone()).unwrap_or_default();
        self.at = span.end;
        self.found.push(Token { kind, text, span });
    }

    fn one(&mut self, first: char) {
        let rest = self.rest();
        if first.is_whitespace() {
            self.at += first.len_utf8();
        } else if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.at += comment(rest);
        } else if first.is_alphabetic() || first == '_' {
            self.push(Kind::Word, while_of(rest, |c| c.is_alphanumeric() || c == '_'));
        } else if first.is_ascii_digit() {
            self.push(Kind::Number, number(rest));
        } else if first == '"' {
            self.push(Kind::Text, quoted(rest, '"'));
        } else if first == '\'' {
            self.push(Kind::Letter, quoted(rest, '\''));
        } else if first == '`' {
            self.push(Kind::Sign, 1);
            self.chunk();
        } else {
            self.sign(first);
        }
    }

    fn sign(&mut self, first: char) {
        let long = SIGNS.iter().find(|sign| self.rest().starts_with(**sign));
        match first {
            '{' => self.open.push(false),
            '#' if long == Some(&"#{") => self.open.push(false),
            _ => {}
        }
        self.push(Kind::Sign, long.map_or(first.len_utf8(), |sign| sign.len()));
        if first == '}' && self.open.pop() == Some(true) {
            self.chunk();
        }
    }

    /// What stands in a text up to its end or up to the code inside it.
    fn chunk(&mut self) {
        let rest = self.rest();
        let (end, code) = (rest.find('`').unwrap_or(rest.len()), rest.find("${").unwrap_or(rest.len()));
        let length = end.min(code);
        if length > 0 {
            self.push(Kind::Chunk, length);
        }
        if code < end {
            self.open.push(true);
            self.push(Kind::Sign, 2);
        } else {
            self.push(Kind::Sign, 1);
        }
    }
}

fn while_of(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    let whole = while_of(text, |c| c.is_ascii_alphanumeric() || c == '_');
    let behind = text.get(whole..).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
    let cents = while_of(behind, |c| c.is_ascii_digit() || c == '_');
    if cents > 0 { whole + 1 + cents } else { whole }
}

/// How long a text in quotes is, with both of them.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// How long a comment is; comments nest.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        tokens(script).iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_numbers_texts_and_signs_are_told_apart() {
        let script = "let é2 = a?.b ?? #{ c: 1.5 }; // no\nif x[0]<=1..2 /* a /* b */ c */ { \"a\\\"}\" + '\\'' }";
        let wanted = [
            "let",
            "é2",
            "=",
            "a",
            "?.",
            "b",
            "??",
            "#{",
            "c",
            ":",
            "1.5",
            "}",
            ";",
            "if",
            "x",
            "[",
            "0",
            "]",
            "<=",
            "1",
            "..",
            "2",
            "{",
            "\"a\\\"}\"",
            "+",
            "'\\''",
            "}",
        ];
        assert_eq!(texts(script), wanted);
    }

    #[test]
    fn code_inside_a_text_is_told_like_any_other() {
        let script = "`a ${if b { `c${1}` } else { #{} }} d` + 1";
        let wanted = [
            "`", "a ", "${", "if", "b", "{", "`", "c", "${", "1", "}", "`", "}", "else", "{", "#{", "}", "}", "}",
            " d", "`", "+", "1",
        ];
        assert_eq!(texts(script), wanted);
        assert_eq!(texts("`open ${"), ["`", "open ", "${"]);
    }
}
