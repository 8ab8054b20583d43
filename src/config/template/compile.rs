//! From a text with braces to pieces: where an expression begins and ends, whether it compiles,
//! and where in the file its mistakes stand.

use std::sync::Arc;

use rhai::{AST, ASTNode, Dynamic, Expr, Position, Scope, Stmt};
use serde_json::Value;

use super::{Expression, Host, Names, Piece, Template};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};

/// Compiles the expressions of one text.
pub(super) struct Compiler<'a> {
    pub(super) host: &'a Host,
    pub(super) names: Names<'a>,
    pub(super) at: &'a Place,
}

impl Compiler<'_> {
    /// Compiles the text, or complains.
    pub(super) fn text(&self, text: &str, complaints: &mut Diagnostics) -> Option<Template> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            let doubled = matches!((c, chars.peek()), ('{', Some((_, '{'))) | ('}', Some((_, '}'))));
            if doubled {
                chars.next();
                plain.push(c);
            } else if c == '{' {
                let from = start + 1;
                let rest = text.get(from..).unwrap_or_default();
                let Some(length) = expression_length(rest) else {
                    let place = self.within(text.get(..start).unwrap_or_default(), complaints);
                    complaints.push(
                        Diagnostic::new(Code::BadValue, &place, "this brace is never closed")
                            .hint("write `{{` for a brace that stands for itself"),
                    );
                    return None;
                };
                let source = rest.get(..length).unwrap_or_default();
                let expression = self.expression(source, text.get(..from).unwrap_or_default(), complaints)?;
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Computed(expression));
                while chars.peek().is_some_and(|(at, _)| *at <= from + length) {
                    chars.next();
                }
            } else {
                plain.push(c);
            }
        }
        Some(assemble(pieces, plain))
    }

    fn expression(&self, source: &str, before: &str, complaints: &mut Diagnostics) -> Option<Expression> {
        let mut scope = Scope::new();
        for name in self.names.names {
            scope.push_dynamic(*name, Dynamic::UNIT);
        }
        let ast = match self.host.engine.compile_with_scope(&scope, source) {
            Ok(ast) => ast,
            Err(error) => {
                let place = self.inside(source, before, error.position(), complaints);
                complaints.push(
                    Diagnostic::new(Code::RhaiSyntax, &place, lower_first(&error.err_type().to_string()))
                        .hint(format!("names known here: {}", self.names.names.join(", "))),
                );
                return None;
            }
        };
        for (name, position) in called(&ast) {
            if !self.host.known.contains(&name) {
                let place = self.inside(source, before, position, complaints);
                let known = self.host.known.iter().map(String::as_str);
                complaints.push(
                    Diagnostic::new(Code::RhaiUnknownFunction, &place, format!("unknown function `{name}`"))
                        .did_you_mean(&name, known),
                );
            }
        }
        self.secrets(source, before, complaints);
        // Only what is spoken of is handed over: a large body is not copied for a mere date.
        let names = self.names.names.iter().copied().filter(|name| source.contains(name)).collect();
        Some(Expression { source: source.trim().to_owned(), names, ast: Arc::new(ast) })
    }

    fn secrets(&self, source: &str, before: &str, complaints: &mut Diagnostics) {
        for (at, word) in source.match_indices("secret.") {
            let tail = source.get(at + word.len()..).unwrap_or_default();
            let name: String = tail.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !self.names.secrets.contains(&name) {
                let reached = format!("{before}{}", source.get(..at).unwrap_or_default());
                let place = self.within(&reached, complaints);
                let known = self.names.secrets.iter().map(String::as_str);
                let plain = Diagnostic::new(Code::UnknownField, &place, format!("`secrets` has no `{name}`"));
                complaints.push(if self.names.secrets.is_empty() {
                    let hint = "write `secrets: [NAME, …]` at the top of the file";
                    plain.hint(hint).because(format!("secrets of {}", place.file))
                } else {
                    plain.did_you_mean(&name, known)
                });
            }
        }
    }

    /// The place of a position inside an expression.
    fn inside(&self, source: &str, before: &str, position: Position, complaints: &Diagnostics) -> Place {
        let line = position.line().unwrap_or(1);
        let column = position.position().unwrap_or(1);
        let mut reached = before.to_owned();
        for (index, row) in source.split_inclusive('\n').enumerate() {
            if index + 1 < line {
                reached.push_str(row);
            } else if index + 1 == line {
                reached.extend(row.chars().take(column.saturating_sub(1)));
            }
        }
        self.within(&reached, complaints)
    }

    /// The place that lies after `before`, a beginning of the text written at `self.at`.
    fn within(&self, before: &str, complaints: &Diagnostics) -> Place {
        let Some(file) = complaints.sources.get(&self.at.file) else { return self.at.clone() };
        let quoted = file.get(self.at.span.start..).is_some_and(|rest| rest.starts_with(['"', '\'']));
        let rows = before.matches('\n').count();
        let last = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let column = if rows == 0 { self.at.column + usize::from(quoted) + last } else { last + 1 };
        Place::at(&self.at.file, file, self.at.line + rows, column)
    }
}

fn assemble(mut pieces: Vec<Piece>, rest: String) -> Template {
    if pieces.is_empty() {
        return Template::Fixed(Value::String(rest));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    match <[Piece; 1]>::try_from(pieces) {
        Ok([Piece::Computed(expression)]) => Template::Computed(expression),
        Ok([Piece::Plain(plain)]) => Template::Fixed(Value::String(plain)),
        Err(pieces) => Template::Text(pieces),
    }
}

/// How long the expression at the start of `text` is, up to the brace that closes it.
fn expression_length(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

/// The functions an expression calls by name, and where.
fn called(ast: &AST) -> Vec<(String, Position)> {
    let mut found = Vec::new();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        let call = match nodes.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at) | Expr::MethodCall(call, at))) => Some((call, at)),
            Some(ASTNode::Stmt(Stmt::FnCall(call, at))) => Some((call, at)),
            _ => None,
        };
        if let Some((call, at)) = call
            && call.name.starts_with(|c: char| c.is_alphabetic())
        {
            found.push((call.name.to_string(), *at));
        }
        true
    });
    found
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
