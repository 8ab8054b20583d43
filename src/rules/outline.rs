//! Where the statements of a script begin and end, and what its branches ask.
//!
//! The tree of the language knows where most things begin and nothing of where they end. This one knows
//! both and nothing else: it leans to silence where a script is written as nobody writes one.

use std::ops::Range;

use super::token::{Kind, Token};

/// A statement inside a function, as tokens; with its semicolon, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The function it stands in.
    pub(super) function: usize,
    pub(super) tokens: Range<usize>,
}

/// What an `if` asks, as tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) tokens: Range<usize>,
    /// There is an `else`.
    pub(super) answered: bool,
}

/// What stands in a script.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    /// The names of its functions.
    pub(super) functions: Vec<&'a str>,
    /// Their statements, in the order written.
    pub(super) statements: Vec<Statement>,
    /// What they ask.
    pub(super) questions: Vec<Question>,
}

/// Finds what stands in a script.
pub(super) fn outline<'a>(tokens: &[Token<'a>]) -> Outline<'a> {
    let mut reader = Reader { tokens, found: Outline::default(), function: None, depth: 0 };
    let mut at = 0;
    while at < tokens.len() {
        at = reader.block(at) + 1;
    }
    reader.found
}

/// Deepest nest that is looked into: no script that compiles has a deeper one.
const DEPTH_MAX: usize = 200;

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    found: Outline<'a>,
    /// The function that is gone over.
    function: Option<usize>,
    depth: usize,
}

impl<'a> Reader<'_, 'a> {
    fn text(&self, at: usize) -> &'a str {
        let token = self.tokens.get(at).filter(|token| !matches!(token.kind, Kind::Text | Kind::Chunk | Kind::Letter));
        token.map_or("", |token| token.text)
    }

    fn ends(&self, at: usize) -> bool {
        at >= self.tokens.len() || matches!(self.text(at), "}" | ")" | "]")
    }

    /// Goes over statements; gives where the brace stands that ends them.
    fn block(&mut self, mut at: usize) -> usize {
        self.depth += 1;
        while self.depth < DEPTH_MAX && !self.ends(at) {
            if matches!(self.text(at), ";" | ",") {
                at += 1;
                continue;
            }
            let (first, slot) = (at, self.found.statements.len());
            if let Some(function) = self.function.filter(|_| !self.declares(at)) {
                self.found.statements.push(Statement { function, tokens: first..first });
            }
            at = self.statement(at).max(first + 1);
            at += usize::from(self.text(at) == ";");
            if let Some(statement) = self.found.statements.get_mut(slot).filter(|one| one.tokens.start == first) {
                statement.tokens.end = at;
            }
        }
        self.depth -= 1;
        at
    }

    fn declares(&self, at: usize) -> bool {
        self.text(at) == "fn" || (self.text(at) == "private" && self.text(at + 1) == "fn")
    }

    /// Goes over one statement; gives what comes behind it.
    fn statement(&mut self, at: usize) -> usize {
        match self.text(at) {
            "if" => self.branches(at),
            "switch" => self.arms(at),
            "{" => self.block(at + 1) + 1,
            "while" | "for" | "loop" => self.body(at + 1),
            "try" => {
                let next = self.body(at + 1);
                if self.text(next) == "catch" { self.body(next + 1) } else { next }
            }
            "do" => {
                let next = self.body(at + 1);
                self.value(next, "")
            }
            "private" if self.declares(at) => self.statement(at + 1),
            "fn" => {
                self.function = Some(self.found.functions.len());
                self.found.functions.push(self.text(at + 1));
                let next = self.body(at + 1);
                self.function = None;
                next
            }
            _ => self.value(at, ""),
        }
    }

    /// Goes over what stands before a block, and over the block.
    fn body(&mut self, at: usize) -> usize {
        let brace = self.value(at, "{");
        if self.text(brace) == "{" { self.block(brace + 1) + 1 } else { brace }
    }

    /// Goes over a value, up to what ends it or to a sign that stops it.
    fn value(&mut self, mut at: usize, stop: &str) -> usize {
        while !self.ends(at) && self.text(at) != ";" && (stop.is_empty() || self.text(at) != stop) {
            at = match self.text(at) {
                "(" | "[" | "?[" | "#{" => self.group(at + 1) + 1,
                "{" | "${" => self.block(at + 1) + 1,
                "if" => self.branches(at),
                "switch" => self.arms(at),
                _ => at + 1,
            };
        }
        at
    }

    /// Goes over what stands between brackets; gives where the closing one stands.
    fn group(&mut self, mut at: usize) -> usize {
        self.depth += 1;
        while self.depth < DEPTH_MAX && !self.ends(at) {
            at = self.value(at, "").max(at);
            at += usize::from(self.text(at) == ";");
        }
        self.depth -= 1;
        at
    }

    fn branches(&mut self, mut at: usize) -> usize {
        loop {
            let brace = self.value(at + 1, "{");
            let slot = self.found.questions.len();
            self.found.questions.push(Question { tokens: at + 1..brace, answered: false });
            if self.text(brace) != "{" {
                return brace;
            }
            at = self.block(brace + 1) + 1;
            if self.text(at) != "else" {
                return at;
            }
            if let Some(question) = self.found.questions.get_mut(slot) {
                question.answered = true;
            }
            at += 1;
            if self.text(at) != "if" {
                return if self.text(at) == "{" { self.block(at + 1) + 1 } else { at };
            }
        }
    }

    fn arms(&mut self, at: usize) -> usize {
        let mut at = self.value(at + 1, "{") + 1;
        while !self.ends(at) {
            if self.text(at) != "=>" {
                at += 1;
            } else if self.text(at + 1) == "{" {
                at = self.block(at + 2) + 1;
            } else {
                at = self.value(at + 1, ",");
            }
        }
        at + 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    fn told(script: &str) -> Vec<String> {
        let tokens = tokens(script);
        let found = outline(&tokens);
        let text = |range: &Range<usize>| {
            let spans = tokens.get(range.clone()).unwrap();
            script.get(spans.first().unwrap().span.start..spans.last().unwrap().span.end).unwrap().to_owned()
        };
        found.statements.iter().map(|one| text(&one.tokens)).collect()
    }

    #[test]
    fn every_statement_of_a_function_is_found_with_its_end() {
        let script = "fn a(v) { let x = if v { 1 } else { #{ b: 2 } }; for y in v { y } [x, 3] }
            x;
            private fn b() { v.map(|c| { d; e }); switch v { 1 => f, 2 => { g; } } while h { i += 1; } }";
        let found = told(script);
        for wanted in [
            "let x = if v { 1 } else { #{ b: 2 } };",
            "1",
            "#{ b: 2 }",
            "for y in v { y }",
            "y",
            "[x, 3]",
            "v.map(|c| { d; e });",
            "d;",
            "e",
            "switch v { 1 => f, 2 => { g; } }",
            "g;",
            "while h { i += 1; }",
            "i += 1;",
        ] {
            assert!(found.iter().any(|one| one == wanted), "`{wanted}` is not in {found:#?}");
        }
        assert_eq!(found.len(), 13, "{found:#?}");
    }

    #[test]
    fn what_an_if_asks_is_found_and_whether_it_has_an_else() {
        let script = "fn a() { if b && #{} == c { 1 } else if !d { 2 } else { 3 } if e { 4 } }";
        let tokens = tokens(script);
        let asked: Vec<(usize, bool)> =
            outline(&tokens).questions.iter().map(|one| (one.tokens.len(), one.answered)).collect();
        assert_eq!(asked, [(6, true), (2, true), (1, false)]);
    }
}
