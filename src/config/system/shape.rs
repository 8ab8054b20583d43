//! From the written shape of a resource to the compiled one: its fields, one on each line.
//!
//! `nome: text 60 required` says the kind, the most characters, and what else is to be known. What
//! needs a value of its own is written as a map: `{ kind: number, empty: 0 }`. Habits, what the system
//! makes of a value, stand behind it too: `text 20 document_br`.

use std::collections::BTreeMap;

use super::lower::{positive, to_usize, word};
use super::{Habit, Kind, Shape};
use crate::config::located::{Located, Node, Word};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::path::Path;

const KINDS: [(&str, Kind); 7] = [
    ("text", Kind::Text),
    ("integer", Kind::Integer),
    ("number", Kind::Number),
    ("bool", Kind::Bool),
    ("list", Kind::List),
    ("map", Kind::Map),
    ("any", Kind::Any),
];

/// What may stand behind a kind, beside the habits.
const MARKS: [&str; 3] = ["required", "read_only", "unique"];

/// Lowers `shape:`.
pub(super) fn shapes(at: &Located, complaints: &mut Diagnostics) -> BTreeMap<String, Shape> {
    let mut found = BTreeMap::new();
    for (key, value) in at.map(complaints).unwrap_or_default() {
        let path = match Path::parse(&key.text, &key.place) {
            Ok(path) => path,
            Err(diagnostic) => {
                complaints.push(*diagnostic);
                continue;
            }
        };
        let shape = match &value.node {
            Node::Text(text) => short(text, &path, (key, value), complaints),
            Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => {
                long(&path, (key, value), complaints)
            }
        };
        if let Some(shape) = shape {
            found.insert(key.text.clone(), shape);
        }
    }
    found
}

/// `text 60 required`, or just `integer`.
fn short(text: &str, path: &Path, (key, at): (&Word, &Located), complaints: &mut Diagnostics) -> Option<Shape> {
    let mut words = text.split_whitespace();
    let written = Located { node: Node::Text(words.next().unwrap_or_default().to_owned()), place: at.place.clone() };
    let mut shape = Shape::of(word(&written, &KINDS, complaints)?, path.clone(), key.place.clone());
    for mark in words {
        match mark {
            "required" => shape.required = true,
            "read_only" => shape.read_only = true,
            "unique" => shape.unique = true,
            _ if mark.contains('|') => shape.values = mark.split('|').map(str::to_owned).collect(),
            _ => match (Habit::named(mark), mark.parse::<usize>()) {
                (Some(habit), _) => shape.habits.push(habit),
                (None, Ok(max)) if shape.kind == Kind::Text => shape.max = Some(max),
                (None, Ok(_) | Err(_)) => {
                    let plain = Diagnostic::new(Code::BadValue, &at.place, format!("`{text}` is no shape"));
                    let near = plain.did_you_mean(mark, MARKS.into_iter().chain(Habit::ALL.map(|(word, _)| word)));
                    let hint = "write a kind, how many characters, and marks, such as `text 60 required`";
                    complaints.push(if near.hint.is_none() { near.hint(hint) } else { near });
                    return None;
                }
            },
        }
    }
    complain_habits(&shape, at, complaints);
    Some(shape)
}

/// A habit that can never act where it stands.
fn complain_habits(shape: &Shape, at: &Located, complaints: &mut Diagnostics) {
    for (word, habit) in Habit::ALL.iter().filter(|(_, habit)| shape.habits.contains(habit)) {
        let fits = match shape.kind {
            Kind::Text => !habit.is_of_numbers() && (*habit != Habit::Cut || shape.max.is_some()),
            Kind::List => !habit.is_of_numbers() && *habit != Habit::Cut,
            Kind::Number | Kind::Integer => habit.is_of_numbers(),
            Kind::Any => true,
            Kind::Bool | Kind::Map => false,
        };
        if !fits {
            let hint = match habit {
                Habit::Cut => "say behind `text` how many characters it takes, or drop it",
                Habit::Decimal | Habit::DecimalBr => "it is made of a `number`: drop it, or correct the kind",
                Habit::Upper | Habit::Unaccented | Habit::Trimmed | Habit::Digits | Habit::DocumentBr => {
                    "it is made of a `text` or of a `list` of texts: drop it, or correct the kind"
                }
            };
            let sentence = format!("`{word}` never acts on `{}`", shape.path);
            complaints.push(Diagnostic::new(Code::UnreachableOption, &at.place, sentence).hint(hint));
        }
    }
}

fn long(path: &Path, (key, at): (&Word, &Located), complaints: &mut Diagnostics) -> Option<Shape> {
    let mut entries = at.entries(complaints)?;
    let kind = entries.need("kind", complaints).and_then(|at| word(at, &KINDS, complaints));
    let max = entries.take("max").and_then(|at| positive(at, complaints)).map(to_usize);
    let empty = entries.take("empty").map(Located::json);
    let values = entries.take("values").map(|at| at.texts(complaints)).unwrap_or_default();
    let habits = entries.take("habits").map(|at| habits(at, complaints)).unwrap_or_default();
    let mut mark = |name| entries.take(name).and_then(|at: &Located| at.boolean(complaints)).unwrap_or(false);
    let (required, read_only, unique) = (mark("required"), mark("read_only"), mark("unique"));
    entries.finish(complaints);
    let shape = Shape {
        max,
        empty,
        values: values.into_iter().map(|(text, _)| text).collect(),
        required,
        read_only,
        unique,
        habits,
        ..Shape::of(kind?, path.clone(), key.place.clone())
    };
    complain_habits(&shape, at, complaints);
    Some(shape)
}

/// One habit or a list of them.
fn habits(at: &Located, complaints: &mut Diagnostics) -> Vec<Habit> {
    let mut found = Vec::new();
    for (text, place) in at.texts(complaints) {
        let written = Located { node: Node::Text(text), place };
        found.extend(word(&written, &Habit::ALL, complaints));
    }
    found
}
