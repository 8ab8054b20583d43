//! An edit in the making: a patch, and the words for it.
//!
//! Members are named by their path inside a record (`cabecalho.nPrecoUnit`).

use serde_json::{Map, Value, json};

use super::chance::one_in;

/// How a member is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Blank {
    /// Nobody empties it.
    Never,
    /// With an empty text.
    Text,
    /// With null.
    Null,
    /// With zero.
    Zero,
    /// With an empty list.
    List,
}

impl Blank {
    fn value(self) -> Option<Value> {
        match self {
            Self::Never => None,
            Self::Text => Some(json!("")),
            Self::Null => Some(Value::Null),
            Self::Zero => Some(json!(0)),
            Self::List => Some(json!([])),
        }
    }
}

/// A member that people change.
#[derive(Clone, Copy)]
pub(in crate::sandbox) struct Field {
    /// Its path.
    pub(in crate::sandbox) path: &'static str,
    /// How it is emptied.
    pub(in crate::sandbox) blank: Blank,
    /// What people put into it.
    pub(in crate::sandbox) draw: fn(&mut fastrand::Rng) -> Value,
}

/// An edit in the making.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Edit {
    /// What is sent.
    pub(in crate::sandbox) patch: Value,
    told: Vec<String>,
}

impl Edit {
    /// Nothing yet.
    pub(in crate::sandbox) fn new() -> Self {
        Self { patch: Value::Object(Map::new()), told: Vec::new() }
    }

    /// Sets a member, or empties it.
    pub(in crate::sandbox) fn set(&mut self, path: &str, value: Value) {
        let empty = value.is_null() || value == json!("") || value == json!([]);
        self.told.push(if empty { format!("clears {path}") } else { format!("{path} = {value}") });
        put_at(&mut self.patch, path, value);
    }

    /// Sets a member without a word.
    pub(in crate::sandbox) fn add(&mut self, path: &str, value: Value) {
        put_at(&mut self.patch, path, value);
    }

    /// Says something of it.
    pub(in crate::sandbox) fn say(&mut self, text: impl Into<String>) {
        self.told.push(text.into());
    }

    /// What was done.
    pub(in crate::sandbox) fn told(&self) -> String {
        self.told.join(", ")
    }

    /// Changes a member: empties it, changes its case, or types something else.
    pub(in crate::sandbox) fn change(&mut self, field: &Field, shown: &Value, random: &mut fastrand::Rng) {
        let old = at(shown, field.path).and_then(Value::as_str).unwrap_or_default();
        if one_in(random, 6)
            && let Some(blank) = field.blank.value()
        {
            self.set(field.path, blank);
        } else if old.chars().filter(|c| c.is_alphabetic()).count() > 2 && one_in(random, 8) {
            let upper = old.to_uppercase();
            let other = if upper == old { old.to_lowercase() } else { upper };
            self.set(field.path, json!(other));
        } else {
            self.set(field.path, (field.draw)(random));
        }
    }

    /// Puts one of these members back to what it was; tells whether one differed.
    pub(in crate::sandbox) fn put_back(
        &mut self,
        fields: impl Iterator<Item = (&'static str, Blank)>,
        (before, shown): (&Value, &Value),
        random: &mut fastrand::Rng,
    ) -> bool {
        let filled = |path: &str| at(before, path).filter(|value| !value.is_null()).cloned();
        let back = fields.filter(|(path, _)| at(before, path) != at(shown, path));
        let back: Vec<_> =
            back.filter_map(|(path, blank)| Some((path, filled(path).or_else(|| blank.value())?))).collect();
        let Some((path, old)) = random.choice(back) else { return false };
        self.set(path, old);
        self.say("as it was before");
        true
    }
}

/// The value at a path.
pub(in crate::sandbox) fn at<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(record, |inner, name| inner.get(name))
}

/// Puts a value at a path; objects on the way are made.
pub(in crate::sandbox) fn put_at(record: &mut Value, path: &str, value: Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Some(object) = record.as_object_mut() else { return };
    match rest {
        None => drop(object.insert(first.to_owned(), value)),
        Some(rest) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            put_at(inner, rest, value);
        }
    }
}
