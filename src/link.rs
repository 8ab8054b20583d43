//! A left id and a right id known to be one thing, and what each side held when they last agreed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::record::{Side, Sides};

/// Two ids known to be one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The ids, each as its system writes it.
    pub ids: Sides<String>,
    /// What each side held at the last confirmed agreement.
    pub base: Sides<Half>,
    /// On which sides the record was seen to be gone. A link with a dead side is a tombstone: it
    /// keeps the living record from being taken for newborn.
    #[serde(default)]
    pub gone: Sides<bool>,
    /// Fields that wait, with the reason in the business user's words. A link that waits is looked
    /// at whenever one of its records is seen, changed or not.
    #[serde(default)]
    pub held: BTreeMap<String, String>,
}

impl Link {
    /// True when one side's record is gone.
    pub const fn is_tombstone(&self) -> bool {
        self.gone.left || self.gone.right
    }

    /// True when nothing is known of what a side's record holds, which is still there: it was never compared.
    pub fn is_barely_linked(&self, side: Side) -> bool {
        !self.gone.get(side) && self.base.get(side).fields.is_empty()
    }
}

/// A link without its values: enough to tell a record that did not change from one that did.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Outline {
    /// The ids, each as its system writes it.
    pub ids: Sides<String>,
    /// The prints of both halves.
    pub base: Sides<Print>,
    /// On which sides the record was seen to be gone.
    #[serde(default)]
    pub gone: Sides<bool>,
}

/// The print of a half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Print {
    /// See [`Half::print`].
    #[serde(default)]
    pub print: u64,
}

/// What one side held at the last confirmed agreement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Half {
    /// Shared values by field key. A key carries the print of its line: when the line changes, the
    /// old value is not found and the field meets again as if for the first time. Copies of a link share them
    /// until one of them learns something new.
    pub fields: Arc<BTreeMap<String, Value>>,
    /// Keys of values that we sent and that no answer has confirmed yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub expected: BTreeSet<String>,
    /// Writes of this side that left and were not seen yet, by field key. What became of those that are
    /// not expected, for no answer came, shows when the record next passes by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub under_way: BTreeMap<String, UnderWay>,
    /// The print of the body these values were read from; zero when none was seen since a write.
    #[serde(default)]
    pub print: u64,
    /// When the record had last changed in the newest image of it that we saw, in milliseconds since
    /// 1970. An older image is a late one and proves nothing.
    #[serde(default)]
    pub seen_ms: Option<i64>,
    /// When the last write of ours to it was answered or shown to have arrived, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrote_ms: Option<i64>,
    /// By when writes of ours had changed it, by the clock of its system, in milliseconds since 1970: the last one was
    /// answered then, or can no longer arrive later. Nothing where nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by_ms: Option<i64>,
    /// It was asked for by its id and not shown, once. Only what is not shown twice counts as gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missed: bool,
    /// Keys of values that only stood in for an empty one: who types just that makes it a value of its own.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub borrowed: BTreeSet<String>,
}

impl Half {
    /// Remembers a value.
    pub fn set(&mut self, key: &str, value: Value) {
        if self.fields.get(key) != Some(&value) {
            Arc::make_mut(&mut self.fields).insert(key.to_owned(), value);
        }
    }

    /// Forgets a value.
    pub fn unset(&mut self, key: &str) {
        if self.fields.contains_key(key) {
            Arc::make_mut(&mut self.fields).remove(key);
        }
    }

    /// True while a write of ours waits to be seen.
    pub fn waits(&self) -> bool {
        !self.expected.is_empty() || !self.under_way.is_empty()
    }

    /// True while a write of a value waits to be seen.
    pub fn is_on_its_way(&self, key: &str) -> bool {
        self.expected.contains(key) || self.under_way.contains_key(key)
    }

    /// True when a write of this half left, or was answered, after a moment.
    pub fn is_written_after(&self, at_ms: i64) -> bool {
        self.wrote_ms > Some(at_ms) || self.under_way.values().any(|sent| sent.at_ms > at_ms)
    }

    /// True when a write of this half may have come after what the half of another mapping, of the same
    /// record, waits to see.
    pub fn may_follow(&self, other: &Self) -> bool {
        let left_ms = other.under_way.values().map(|sent| sent.at_ms).min();
        !self.under_way.is_empty() || self.wrote_ms > left_ms
    }
}

/// A value that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnderWay {
    /// What the written side held before.
    pub before: Value,
    /// What it was to hold.
    pub becomes: Value,
    /// What the giving side held, which may be empty; nothing where the field only reads otherwise along
    /// with others.
    #[serde(default, deserialize_with = "held", skip_serializing_if = "Option::is_none")]
    pub given: Option<Value>,
    /// What stood in the places of the group that the write was to empty, as the side showed it; null where it was to
    /// empty none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub emptied: Value,
    /// When it left, in milliseconds since 1970.
    pub at_ms: i64,
}

/// An empty value that was held is not the same as none.
fn held<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}
