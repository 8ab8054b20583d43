//! What a case may expect of a plan, as facts that are compared one by one.

use serde_json::Value;

use crate::diagnostic::Place;

/// One thing a plan does, or is expected to do.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// What kind of thing.
    pub(super) kind: Kind,
    /// What it is about, such as `update crm`.
    pub(super) what: String,
    /// The body, the reason, the winner or the number.
    pub(super) value: Value,
    /// Where the case says so.
    pub(super) place: Option<Place>,
}

/// The kinds of things a plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A record is born; `whole` when the body is given to the last field.
    Create {
        /// Compared as a whole.
        whole: bool,
    },
    /// A record changes.
    Update,
    /// The giving record gets the id of the newborn. May be left unsaid.
    Stamp,
    /// A record or a field waits.
    Held,
    /// Both sides changed a field.
    Conflict,
    /// A record of which nobody can say what it is the twin of.
    Ambiguous,
    /// Two records are found to be one thing.
    Linked,
    /// A refused write is not tried again.
    Quarantined,
    /// A row of a reference is made.
    NewRow,
}

impl Kind {
    /// True for what a system would receive.
    pub(super) const fn sends(self) -> bool {
        match self {
            Self::Create { .. } | Self::Update | Self::Stamp | Self::NewRow => true,
            Self::Held | Self::Conflict | Self::Ambiguous | Self::Linked | Self::Quarantined => false,
        }
    }
}

impl Fact {
    /// A thing a plan does.
    pub(super) fn found(kind: Kind, what: impl Into<String>, value: Value) -> Self {
        Self { kind, what: what.into(), value, place: None }
    }

    /// What it is, for people.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
            }
        }
    }

    /// True when something found is what this fact expects.
    pub(super) fn accepts(&self, found: &Self) -> bool {
        if self.what != found.what {
            return false;
        }
        match self.kind {
            Kind::Create { whole: false } | Kind::Stamp => holds(&found.value, &self.value),
            Kind::Held => {
                let words = crate::reference::folded(&self.text());
                crate::reference::folded(&found.text()).contains(&words)
            }
            Kind::Create { whole: true }
            | Kind::Update
            | Kind::Conflict
            | Kind::Ambiguous
            | Kind::Linked
            | Kind::Quarantined
            | Kind::NewRow => found.value == self.value,
        }
    }
}

/// True when a body holds all that a part of it says.
fn holds(body: &Value, part: &Value) -> bool {
    match (body, part) {
        (Value::Object(body), Value::Object(part)) => {
            part.iter().all(|(key, part)| holds(body.get(key).unwrap_or(&Value::Null), part))
        }
        _ => body == part,
    }
}
