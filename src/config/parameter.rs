//! Parameters: what a mapping leaves to each account, declared in the mapping and given in the
//! account file.

use serde_json::{Map, Value};

use super::located::{Located, Node, QUOTED};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};

/// A parameter, as declared.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `title:`, for people; the name when absent.
    pub title: String,
    /// `kind:`, what values it takes.
    pub kind: Kind,
    /// `required: true`: an account must give it.
    pub required: bool,
    /// `default:`, its value where the account gives none; null when there is none.
    pub default: Value,
    /// `choices:`, the rows that say what may be given.
    pub choices: Option<Choices>,
    /// Where it was declared.
    pub place: Place,
}

/// The reference whose rows say what may be given.
#[derive(Clone, Debug)]
pub struct Choices {
    /// `of:`, `system.resource`.
    pub of: String,
    /// `by:`, the field of a row that is given.
    pub by: String,
    /// `show:`, the field that tells people what it is; it may be given as well.
    pub show: Option<String>,
    /// Where it was written.
    pub place: Place,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// A list of texts and numbers.
    List,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Text, Self::Integer, Self::Number, Self::Bool, Self::List];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::List => "list",
        }
    }

    /// The value, when it is of this kind.
    fn value(self, given: &Located) -> Option<Value> {
        match (self, &given.node) {
            (Self::Text, Node::Text(_) | Node::Integer(_)) => Some(Value::from(text_of(&given.node))),
            (Self::Integer | Self::Number, Node::Integer(_))
            | (Self::Number, Node::Decimal(_))
            | (Self::Bool, Node::Bool(_)) => Some(given.json()),
            (Self::List, Node::List(list)) => {
                list.iter().all(|one| matches!(one.node, Node::Text(_) | Node::Integer(_))).then(|| given.json())
            }
            (Self::List, Node::Text(_) | Node::Integer(_)) => Some(Value::Array(vec![given.json()])),
            _ => None,
        }
    }
}

fn text_of(node: &Node) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::Integer(number) => number.to_string(),
        Node::Null | Node::Bool(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => String::new(),
    }
}

/// Lowers `parameters:` of a mapping.
pub fn declared(value: &Located, complaints: &mut Diagnostics) -> Vec<Parameter> {
    let mut found = Vec::new();
    for (word, value) in value.map(complaints).unwrap_or_default().to_vec() {
        let Some(mut entries) = value.entries(complaints) else { continue };
        let title = entries.take("title").and_then(|value| value.text(complaints));
        let kind = entries.take("kind").and_then(|value| read_kind(value, complaints)).unwrap_or(Kind::Text);
        let required = entries.take("required").and_then(|value| value.boolean(complaints)).unwrap_or(false);
        let default = entries.take("default").and_then(|value| fitting(&word.text, kind, value, complaints));
        let choices = entries.take("choices").and_then(|value| read_choices(value, complaints));
        entries.finish(complaints);
        found.push(Parameter {
            title: title.unwrap_or_else(|| word.text.clone()),
            name: word.text,
            kind,
            required,
            default: default.unwrap_or_default(),
            choices,
            place: word.place,
        });
    }
    found
}

fn read_choices(value: &Located, complaints: &mut Diagnostics) -> Option<Choices> {
    let mut entries = value.entries(complaints)?;
    let of = entries.need("of", complaints);
    let place = of.map_or_else(|| value.place.clone(), |of| of.place.clone());
    let of = of.and_then(|of| of.text(complaints));
    let by = entries.need("by", complaints).and_then(|by| by.text(complaints));
    let show = entries.take("show").and_then(|show| show.text(complaints));
    entries.finish(complaints);
    Some(Choices { of: of?, by: by?, show, place })
}

fn read_kind(value: &Located, complaints: &mut Diagnostics) -> Option<Kind> {
    let text = value.text(complaints)?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == text);
    if kind.is_none() {
        let plain = Diagnostic::new(Code::BadValue, &value.place, format!("`{text}` is no kind of parameter"));
        complaints.push(plain.hint(format!("a kind is one of: {}", Kind::ALL.map(Kind::word).join(", "))));
    }
    kind
}

fn fitting(name: &str, kind: Kind, given: &Located, complaints: &mut Diagnostics) -> Option<Value> {
    let value = kind.value(given);
    if value.is_none() {
        let sentence = format!("the parameter `{name}` is no {}", kind.word());
        let plain = Diagnostic::new(Code::WrongType, &given.place, sentence);
        let is_number = matches!(given.node, Node::Decimal(_));
        complaints.push(if is_number && kind == Kind::Text { plain.hint(QUOTED) } else { plain });
    }
    value
}

/// What is given, over what the mapping declares.
pub fn overlay(
    mapping: &str,
    declared: &[Parameter],
    given: &Located,
    complaints: &mut Diagnostics,
) -> Map<String, Value> {
    let mut values: Map<String, Value> =
        declared.iter().map(|parameter| (parameter.name.clone(), parameter.default.clone())).collect();
    let written = if given.node == Node::Null { &[] } else { given.map(complaints).unwrap_or_default() };
    for (word, value) in written {
        let Some(parameter) = declared.iter().find(|one| one.name == word.text) else {
            let sentence = format!("`{mapping}` has no parameter `{}`", word.text);
            let plain = Diagnostic::new(Code::UnknownKey, &word.place, sentence);
            complaints.push(plain.did_you_mean(&word.text, declared.iter().map(|one| one.name.as_str())));
            continue;
        };
        if let Some(value) = fitting(&word.text, parameter.kind, value, complaints) {
            values.insert(word.text.clone(), value);
        }
    }
    values
}

/// The parameters of one account, with a complaint for each that is missing. `place` is where the
/// account enables the mapping.
pub fn settle(
    mapping: &str,
    declared: &[Parameter],
    given: &Located,
    place: &Place,
    complaints: &mut Diagnostics,
) -> Map<String, Value> {
    let values = overlay(mapping, declared, given, complaints);
    let written = given.json();
    let missing = |one: &&Parameter| one.required && written.get(&one.name).is_none();
    let missing: Vec<&Parameter> = declared.iter().filter(missing).collect();
    if let Some(first) = missing.first() {
        let told: Vec<String> = missing.iter().map(|one| format!("`{}`: {}", one.name, one.title)).collect();
        let plural = if missing.len() == 1 { "" } else { "s" };
        let sentence = format!("`{mapping}` needs the parameter{plural} {}", told.join("; "));
        let lines: Vec<String> = missing.iter().map(|one| format!("`{}: …`", one.name)).collect();
        complaints.push(
            Diagnostic::new(Code::MissingParameter, place, sentence)
                .related(&first.place, "declared here")
                .hint(format!("write {} under the mapping, for this account", lines.join(" and "))),
        );
    }
    values
}

/// What stands in braces in a text.
pub fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}
