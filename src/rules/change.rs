//! Scripts with one thing changed: what `depara test --mutants` tries.
//!
//! A change is made in the text. Whether the script still means anything is for the compiler to say.

use std::ops::Range;
use std::sync::Arc;

use super::outline::{Outline, outline};
use super::token::{Kind, Token, tokens};
use super::{RuleSet, Script, functions_of};
use crate::diagnostic::Place;

/// One thing changed in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What of the script's text is taken out.
    pub span: Range<usize>,
    /// What is put there.
    pub with: String,
    /// What it is, in words: `with `<=` instead of `<``.
    pub words: String,
    /// What a case must show that notices it.
    pub aim: &'static str,
}

/// Longest piece of a script that is shown in words.
const SHOWN_MAX: usize = 48;

/// Every change of one thing that a script allows.
pub fn changes(text: &str) -> Vec<Change> {
    let tokens = tokens(text);
    let outline = outline(&tokens);
    let inside = functions_span(&outline, &tokens);
    let mut found: Vec<Change> = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(at, _)| inside.iter().any(|one| one.contains(at))) {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        found.extend(other_tokens(token, before).into_iter().map(|with| instead(token, &with)));
        if token.text == "??" && token.kind == Kind::Sign {
            found.extend(without_fallback(text, &tokens, at));
        }
    }
    for question in &outline.questions {
        let Some(span) = span_of(&tokens, &question.tokens) else { continue };
        let asked = text.get(span.clone()).unwrap_or_default();
        let answers = if question.answered { &["true", "false"][..] } else { &["true"][..] };
        let constant = answers.iter().filter(|answer| **answer != asked);
        found.extend(constant.map(|answer| Change {
            span: span.clone(),
            with: (*answer).to_owned(),
            words: format!("when `if {}` is always {answer}", shown(asked)),
            aim: "records for which this question is answered the other way",
        }));
    }
    for statement in &outline.statements {
        let Some(span) = span_of(&tokens, &statement.tokens) else { continue };
        let old = text.get(span.clone()).unwrap_or_default();
        // A block that ends in nothing gives nothing too.
        if old == "()" {
            continue;
        }
        let words = format!("without `{}`", shown(old));
        let aim = "records in which it shows that this was done";
        found.push(Change { span, with: String::new(), words, aim });
    }
    found.sort_by_key(|change| (change.span.start, change.span.end));
    found
}

/// The tokens of functions: what stands outside of them never runs.
fn functions_span(outline: &Outline<'_>, tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for statement in &outline.statements {
        match spans.last_mut().filter(|last| last.end >= statement.tokens.start) {
            Some(last) => last.end = last.end.max(statement.tokens.end),
            None => spans.push(statement.tokens.clone()),
        }
    }
    spans.retain(|span| span.end <= tokens.len());
    spans
}

fn span_of(tokens: &[Token<'_>], range: &Range<usize>) -> Option<Range<usize>> {
    let inside = tokens.get(range.clone())?;
    Some(inside.first()?.span.start..inside.last()?.span.end)
}

/// What may stand in place of a token.
fn other_tokens(token: &Token<'_>, before: Option<&Token<'_>>) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match (token.kind, token.text) {
        (Kind::Sign, "<") => one("<="),
        (Kind::Sign, "<=") => one("<"),
        (Kind::Sign, ">") => one(">="),
        (Kind::Sign, ">=") => one(">"),
        (Kind::Sign, "==") => one("!="),
        (Kind::Sign, "!=") => one("=="),
        (Kind::Sign, "&&") => one("||"),
        (Kind::Sign, "||") => one("&&"),
        (Kind::Sign, "!") => one(""),
        (Kind::Word, "true") => one("false"),
        (Kind::Word, "false") => one("true"),
        // The name of a member is no value.
        (Kind::Word, _) if before.is_some_and(|sign| sign.text == ".") => Vec::new(),
        (Kind::Number, digits) => beside(digits),
        (Kind::Text, "\"\"") => Vec::new(),
        (Kind::Text, _) => one("\"\""),
        (Kind::Letter, _) => one("'\\u0000'"),
        (Kind::Chunk, _) => one(""),
        (Kind::Sign | Kind::Word, _) => Vec::new(),
    }
}

/// One more and one less.
fn beside(digits: &str) -> Vec<String> {
    let (whole, cents) = digits.split_once('.').map_or((digits, ""), |(whole, cents)| (whole, cents));
    let point = if cents.is_empty() { "" } else { "." };
    let Ok(number) = whole.parse::<i64>() else { return Vec::new() };
    [number.checked_add(1), number.checked_sub(1)]
        .into_iter()
        .flatten()
        .map(|other| if other < 0 { format!("({other}{point}{cents})") } else { format!("{other}{point}{cents}") })
        .collect()
}

fn instead(token: &Token<'_>, new: &str) -> Change {
    let old = shown(token.text);
    let words = if new.is_empty() { format!("without `{old}`") } else { format!("with `{new}` instead of `{old}`") };
    let aim = match (token.kind, token.text) {
        (Kind::Number, _) => "records for which the one number and the other lead elsewhere",
        (Kind::Text | Kind::Chunk | Kind::Letter, _) => "records for which this text makes a difference",
        (Kind::Sign, "<" | "<=" | ">" | ">=") => "a record that stands just at the border",
        (Kind::Sign, "&&" | "||") => "records for which one half is true and the other is not",
        (Kind::Sign | Kind::Word, _) => "records for which the answer is the other one",
    };
    Change { span: token.span.clone(), with: new.to_owned(), words, aim }
}

/// `a ?? b` without `?? b`.
fn without_fallback(text: &str, tokens: &[Token<'_>], at: usize) -> Option<Change> {
    let mut depth = 0_usize;
    let ends = |token: &Token<'_>| {
        matches!(token.text, ";" | "," | "??" | ")" | "]" | "}" | "{" | "&&" | "||") && token.kind == Kind::Sign
    };
    let mut end = at;
    for (index, token) in tokens.iter().enumerate().skip(at + 1) {
        match token.text {
            "(" | "[" | "?[" | "#{" => depth += 1,
            ")" | "]" | "}" if depth > 0 => depth -= 1,
            _ if depth == 0 && ends(token) => break,
            _ => {}
        }
        end = index;
    }
    let span = span_of(tokens, &(at..end + 1))?;
    let words = format!("without the fallback `{}`", shown(text.get(span.clone())?));
    let aim = "records that lack the first of the two";
    Some(Change { span, with: String::new(), words, aim })
}

/// A piece of a script on one line.
fn shown(piece: &str) -> String {
    let flat = piece.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= SHOWN_MAX {
        return flat;
    }
    let cut: String = flat.chars().take(SHOWN_MAX).collect();
    format!("{}…", cut.trim_end())
}

impl RuleSet {
    /// The changes that one script allows, each with its place.
    pub fn changes(&self, script: &str) -> Vec<(Place, Change)> {
        let Some(script) = self.scripts.get(script) else { return Vec::new() };
        let placed = changes(&script.text).into_iter();
        placed.map(|change| (Place::over(&script.file, &script.text, change.span.clone()), change)).collect()
    }

    /// The rules with one thing changed in one script. `None` when it means nothing then.
    pub fn changed(&self, name: &str, change: &Change) -> Option<Self> {
        let script = self.scripts.get(name)?;
        let before = script.text.get(..change.span.start)?;
        let after = script.text.get(change.span.end..)?;
        let text = format!("{before}{}{after}", change.with);
        let ast = self.engine.compile(&text).ok()?;
        let functions = functions_of(&ast, &text);
        let changed = Script { file: Arc::clone(&script.file), text: text.into(), ast, functions };
        let mut scripts = self.scripts.clone();
        scripts.insert(name.to_owned(), Arc::new(changed));
        Some(Self { engine: Arc::clone(&self.engine), scripts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_at_a_time_changes() {
        let text = "fn a(v) { if v.x <= 1 && !b(\"t\") { return `m ${v ?? c(1, 2)}`; } true }\nconst C = 1;";
        let told: Vec<String> = changes(text)
            .iter()
            .map(|change| format!("{} ⇒ {}", change.words, text.get(change.span.clone()).unwrap()))
            .collect();
        for wanted in [
            "with `<` instead of `<=` ⇒ <=",
            "with `2` instead of `1` ⇒ 1",
            "with `0` instead of `1` ⇒ 1",
            "with `||` instead of `&&` ⇒ &&",
            "without `!` ⇒ !",
            "with `\"\"` instead of `\"t\"` ⇒ \"t\"",
            "when `if v.x <= 1 && !b(\"t\")` is always true ⇒ v.x <= 1 && !b(\"t\")",
            "without `m` ⇒ m ",
            "without the fallback `?? c(1, 2)` ⇒ ?? c(1, 2)",
            "without `return `m ${v ?? c(1, 2)}`;` ⇒ return `m ${v ?? c(1, 2)}`;",
            "with `false` instead of `true` ⇒ true",
        ] {
            assert!(told.iter().any(|one| one == wanted), "`{wanted}` is not in {told:#?}");
        }
        assert!(changes("const C = 1;\nfn a() {}").is_empty());
    }
}
