//! One item as its system shows it, and the pair of sides everything here is said twice for.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use fnv::FnvHasher;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One of the two ends of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The first resource of `link:`.
    Left,
    /// The second resource of `link:`.
    Right,
}

impl Side {
    /// Both sides, left first.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// The opposite side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
        })
    }
}

/// A thing said once for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sides<T> {
    /// What is true on the left.
    pub left: T,
    /// What is true on the right.
    pub right: T,
}

impl<T> Sides<T> {
    /// Pairs two things, left first.
    pub const fn new(left: T, right: T) -> Self {
        Self { left, right }
    }

    /// Says the same for both sides by asking for each.
    pub fn each(mut make: impl FnMut(Side) -> T) -> Self {
        Self { left: make(Side::Left), right: make(Side::Right) }
    }

    /// The thing on one side.
    pub const fn get(&self, side: Side) -> &T {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// The thing on one side, to change it.
    pub const fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }

    /// References to both things.
    pub const fn as_ref(&self) -> Sides<&T> {
        Sides { left: &self.left, right: &self.right }
    }

    /// Changes both things alike.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Sides<U> {
        Sides { left: change(self.left), right: change(self.right) }
    }
}

/// One item as its system shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The system's own id, as text.
    pub id: String,
    /// When the record last changed, in milliseconds since 1970, as its system says.
    pub changed_ms: Option<i64>,
    /// The last change was made through the credentials we use, as far as the system can tell.
    pub ours: bool,
    /// Who made the last change, as the system names people.
    pub author: Option<Box<str>>,
    /// Another mapping of the account may have written it after this one did.
    pub sibling: bool,
    /// The body, packed.
    pub body: Body,
}

/// A body that is unpacked when it is first looked into.
#[derive(Debug)]
pub struct Unpacked<'a> {
    body: &'a Body,
    value: OnceCell<Value>,
}

impl<'a> From<&'a Body> for Unpacked<'a> {
    fn from(body: &'a Body) -> Self {
        Self { body, value: OnceCell::new() }
    }
}

impl Deref for Unpacked<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value.get_or_init(|| self.body.value())
    }
}

/// A JSON body kept as compact text: a tenth of the memory of a tree, and what will be sent anyway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body(Box<str>);

impl Body {
    /// Packs a value. Keys of a map are in alphabetical order, so equal values pack to equal texts.
    pub fn pack(value: &Value) -> Self {
        Self::packed(value)
    }

    /// Packs of a map what stands under some of its keys.
    pub fn pack_part(map: &Map<String, Value>, keys: &BTreeSet<String>) -> Self {
        let part: BTreeMap<&String, &Value> = keys.iter().filter_map(|key| map.get_key_value(key)).collect();
        Self::packed(&part)
    }

    /// JSON values and maps of them always have a text.
    fn packed(value: &impl Serialize) -> Self {
        Self(serde_json::to_string(value).unwrap_or_default().into_boxed_str())
    }

    /// The value.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or(Value::Null)
    }

    /// The compact JSON text.
    pub const fn text(&self) -> &str {
        &self.0
    }

    /// A print of the content: equal bodies have equal prints.
    pub fn print(&self, salt: u64) -> u64 {
        let mut hasher = FnvHasher::default();
        salt.hash(&mut hasher);
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

/// Rows of reference resources (sellers, users, cities…), by `system.resource`.
pub type Rows = BTreeMap<String, Vec<Value>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_equal_content_have_one_print_whatever_the_order_of_keys() {
        let one = Body::pack(&serde_json::from_str(r#"{"b":1,"a":[1.50,"é"]}"#).unwrap());
        let two = Body::pack(&serde_json::from_str(r#"{"a":[1.5,"\u00e9"],"b":1}"#).unwrap());
        assert_eq!(one.print(7), two.print(7));
        assert_ne!(one.print(7), one.print(8));
        assert_eq!(one.value(), two.value());
    }
}
