//! What was found of the values that go to one side, and what is told of it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::config::line::Law;
use crate::diagnostic::Place;

/// What becomes of the values that go to a side.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The worst that was found; nothing when no value was tried.
    pub law: Option<Law>,
    /// What the line promises, and where.
    pub stated: Option<(Law, Place)>,
    /// How many different values arrived, or should have.
    pub tried: usize,
    /// The smallest value that shows it, where it is not exact.
    pub witness: Option<Witness>,
    /// Values that have no twin on this side: the line's `missing` says what becomes of them.
    pub twinless: Aside,
    /// Values that wait, because a rule says so or they do not fit.
    pub waiting: Aside,
}

/// Values that nothing is said of by the law.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aside {
    /// How many.
    pub count: usize,
    /// The smallest, with the reason where there is one.
    pub example: Option<(Value, String)>,
}

impl Aside {
    pub(super) fn add(&mut self, value: &Value, reason: &str) {
        self.count += 1;
        if self.example.as_ref().is_none_or(|(held, _)| size(value) < size(held)) {
            self.example = Some((value.clone(), reason.to_owned()));
        }
    }
}

/// A value that shows a law.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// What the giving side showed.
    pub given: Value,
    /// What the receiving side shows then.
    pub held: Value,
    /// What the giving side would show if it came back; nothing where it does not.
    pub back: Option<Value>,
    /// What makes the difference.
    pub cause: Cause,
}

/// What makes the difference between what was given and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It means the same in the line's canon.
    Form,
    /// A habit of the receiving system.
    Habit,
    /// The line, its rule or its table.
    Line,
    /// The line may cut it.
    Cut,
    /// Its group's rule, which changes what it did not read.
    Home,
    /// Reading it: what is read says less than what the record shows.
    Reading,
}

impl Cause {
    /// In words.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Form => "the same in another form",
            Self::Habit => "so the system keeps it",
            Self::Line => "so the line or its rule writes it",
            Self::Cut => "the line cuts it",
            Self::Home => "so the rule writes back over what it was read from",
            Self::Reading => "less is read than it shows",
        }
    }
}

impl Witness {
    /// In one line: what went, what arrived, what came back.
    pub fn told(&self) -> String {
        let back = self.back.as_ref().map(|back| format!(" → {}", brief(back))).unwrap_or_default();
        format!("{} → {}{back}", brief(&self.given), brief(&self.held))
    }
}

/// Longest text of a value that is told.
const BRIEF_MAX: usize = 60;

/// A value on one line, not too long.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= BRIEF_MAX {
        return format!("`{text}`");
    }
    let start: String = text.chars().take(BRIEF_MAX - 1).collect();
    format!("`{start}…`")
}

/// How small a value is: short ones first.
pub(super) fn size(value: &Value) -> (usize, String) {
    let text = value.to_string();
    (text.chars().count(), text)
}

/// What is gathered about the values that go to a side.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    tried: usize,
    arrived: bool,
    /// What the side held then, in the form in which it is compared.
    held: BTreeSet<String>,
    worst: Option<(Law, Option<Witness>)>,
    pub(super) twinless: Aside,
    pub(super) waiting: Aside,
}

impl Tally {
    /// Notes what became of one value that arrived, or should have.
    pub(super) fn note(&mut self, law: Law, arrived: bool, held: String, witness: Witness) {
        self.tried += 1;
        self.weigh(law, arrived, held, witness);
    }

    /// A loss found on the way back: the value itself is counted where it came from.
    pub(super) fn lost(&mut self, held: String, witness: Witness) {
        self.weigh(Law::Loses, false, held, witness);
    }

    fn weigh(&mut self, law: Law, arrived: bool, held: String, witness: Witness) {
        self.arrived |= arrived;
        self.held.insert(held);
        let smaller = |old: &Option<Witness>| old.as_ref().is_none_or(|old| size(&witness.given) < size(&old.given));
        let better = match &self.worst {
            None => true,
            Some((worst, old)) => law > *worst || (law == *worst && smaller(old)),
        };
        if better {
            self.worst = Some((law, (law > Law::Exact).then_some(witness)));
        }
    }

    /// True when any value was met, whatever became of it.
    pub(super) const fn is_met(&self) -> bool {
        self.tried + self.waiting.count + self.twinless.count > 0
    }

    /// What is told of it.
    pub(super) fn way(&self, stated: Option<(Law, Place)>) -> Way {
        let never = self.tried > 0 && !self.arrived && self.held.len() == 1 && (self.tried > 1 || self.holds_nothing());
        let law = self.worst.as_ref().map(|(law, _)| if never { Law::Never } else { *law });
        Way {
            law,
            stated,
            tried: self.tried,
            witness: self.worst.as_ref().and_then(|(_, witness)| witness.clone()),
            twinless: self.twinless.clone(),
            waiting: self.waiting.clone(),
        }
    }

    fn holds_nothing(&self) -> bool {
        self.held.iter().all(String::is_empty)
    }
}
