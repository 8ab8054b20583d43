//! Words as they are told: plain ones, and names in the letters of a machine. What signs they need in
//! Markdown or in HTML is for the writer of the page to know.

use serde_json::Value;

use crate::reference::scalar_text;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Plain words.
    Said(String),
    /// A name or value in the letters of a machine.
    Code(String),
    /// A name that stands out.
    Strong(String),
    /// A name that is only spoken of.
    Slanted(String),
    /// A name in the letters of a machine, and the file it stands in.
    File(String, String),
}

/// A sentence, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(pub(super) Vec<Word>);

impl Words {
    /// Plain words.
    pub(super) fn said(text: impl Into<String>) -> Self {
        Self::default().say(text)
    }

    /// A name or value in the letters of a machine.
    pub(super) fn code(text: &str) -> Self {
        Self(vec![Word::Code(one_line(text))])
    }

    /// What an author wrote: what stands between backticks is code.
    pub(super) fn prose(text: &str) -> Self {
        let whole = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let parts: Vec<&str> = whole.split('`').collect();
        let mut words = Self::default();
        for (at, part) in parts.iter().enumerate() {
            words = match at % 2 {
                0 => words.say(*part),
                // A backtick without its twin is a backtick.
                _ if at + 1 == parts.len() => words.say(format!("`{part}")),
                _ => words.and(Self(vec![Word::Code((*part).to_owned())])),
            };
        }
        words
    }

    /// A value as it stands in YAML.
    pub(super) fn written(value: &Value) -> Self {
        if let Value::Array(list) = value {
            return Self::joined(list.iter().map(Self::written), ", ");
        }
        match scalar_text(value) {
            Some(text) if text.is_empty() => Self::code("\"\""),
            text => Self::code(&text.unwrap_or_else(|| value.to_string())),
        }
    }

    /// Several, with a sign between them.
    pub(super) fn joined(all: impl IntoIterator<Item = Self>, sign: &str) -> Self {
        let mut words = Self::default();
        for one in all {
            words = if words.0.is_empty() { one } else { words.say(sign).and(one) };
        }
        words
    }

    /// Adds plain words.
    pub(super) fn say(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Word::Said(before)) => before.push_str(&text),
            Some(Word::Code(_) | Word::Strong(_) | Word::Slanted(_) | Word::File(..)) | None => {
                self.0.push(Word::Said(text));
            }
        }
        self
    }

    /// Adds others.
    pub(super) fn and(mut self, other: Self) -> Self {
        for word in other.0 {
            match word {
                Word::Said(text) => self = self.say(text),
                Word::Code(_) | Word::Strong(_) | Word::Slanted(_) | Word::File(..) => self.0.push(word),
            }
        }
        self
    }

    /// True where nothing is said.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text of several lines on one.
pub(super) fn one_line(text: &str) -> String {
    text.trim().split('\n').map(str::trim).collect::<Vec<_>>().join(" ↵ ")
}
