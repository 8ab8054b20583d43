//! The parts of a mapping file that a case can touch: lines, options, pairs of a table, rules, paths.
//!
//! What the service alone does (`schedule`, `limits`, `refused`) is no part: no case comes to it.

use std::collections::BTreeMap;

use crate::config::line::TablePairs;
use crate::config::located::{Located, Node, Word};
use crate::config::mapping::{MappingSpec, SideNames, split_arrow};
use crate::diagnostic::Place;
use crate::record::{Side, Sides};

/// One part, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) place: Place,
    pub(super) what: What,
}

/// When a case touches a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Whenever the mapping runs.
    Always,
    /// One of these lines carries a value.
    Lines(Vec<String>),
    /// A value of the line stands in this pair of its table.
    Pair(String, Sides<String>),
    /// A value of the line has no twin.
    Missing(String),
    /// An empty value of the line has one in its stead.
    Fallback(String),
    /// Both sides changed the line; any line where none is named.
    Conflict(Option<String>),
    /// Two records are known by this key.
    Key(Sides<String>),
    /// One of these rules is called.
    Rule(Vec<String>),
    /// A record of that side holds something there.
    Path(Side, String),
    /// A record is born on that side.
    Birth(Side),
    /// The parameter has a value.
    Parameter(String),
}

impl What {
    /// Why a part counts as untouched, in words.
    pub(super) fn lack(&self) -> String {
        match self {
            Self::Always => "no case runs this mapping".to_owned(),
            Self::Lines(_) => "no case carries a value through this line".to_owned(),
            Self::Pair(_, pair) => format!("no case carries `{}` or `{}`", pair.left, pair.right),
            Self::Missing(_) => "no case has a value without a twin here".to_owned(),
            Self::Fallback(_) => "no case lacks the value that this one stands in for".to_owned(),
            Self::Conflict(_) => "no case changes both sides at once".to_owned(),
            Self::Key(_) => "no case finds twins by this key".to_owned(),
            Self::Rule(names) => format!("no case comes to `{}`", names.join("` or `")),
            Self::Path(_, path) => format!("no case has anything at `{path}`"),
            Self::Birth(_) => "no case has a record born here".to_owned(),
            Self::Parameter(name) => format!("no case gives `{name}` a value"),
        }
    }
}

/// The parts of a mapping, in the order written, with those of the tables it names.
pub(super) fn parts(spec: &MappingSpec, tables: &BTreeMap<String, TablePairs>) -> Vec<Part> {
    let mut walk = Walk { names: SideNames::of(&spec.link), tables, found: Vec::new() };
    for (word, value) in entries(&spec.tree) {
        match word.text.as_str() {
            "fields" => entries(value).iter().for_each(|(word, value)| walk.line(word, value)),
            "match" => walk.keys(value),
            "rules" => entries(value).iter().flat_map(|(_, sides)| entries(sides)).for_each(|(_, rule)| {
                walk.rule(rule, &[""]);
            }),
            "birth" => walk.sided(value, |walk, side, born| {
                entries(born).iter().for_each(|(word, _)| walk.add(&word.place, What::Birth(side)));
            }),
            "parameters" => {
                for (word, _) in entries(value) {
                    walk.add(&word.place, What::Parameter(word.text.clone()));
                }
            }
            "on_conflict" => walk.policy(value, &word.place, None),
            "schedule" | "limits" | "refused" => {}
            _ => walk.add(&word.place, What::Always),
        }
    }
    walk.found
}

/// The entries of a map; none of anything else.
pub(super) fn entries(value: &Located) -> &[(Word, Located)] {
    if let Node::Map(map) = &value.node { map } else { &[] }
}

/// The items of a list; none of anything else.
pub(super) fn items(value: &Located) -> &[Located] {
    if let Node::List(list) = &value.node { list } else { &[] }
}

/// A text, or a whole number as one.
pub(super) fn text(value: &Located) -> String {
    match &value.node {
        Node::Text(text) => text.clone(),
        Node::Integer(number) => number.to_string(),
        Node::Null | Node::Bool(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => String::new(),
    }
}

/// The lines of a group; `None` for a line of its own.
pub(super) fn members<'a>(word: &Word, value: &'a Located) -> Option<&'a [(Word, Located)]> {
    let inner = entries(value).iter().find(|(key, _)| key.text == "fields")?;
    split_arrow(&word.text).is_none().then(|| entries(&inner.1))
}

struct Walk<'a> {
    names: SideNames<'a>,
    tables: &'a BTreeMap<String, TablePairs>,
    found: Vec<Part>,
}

impl Walk<'_> {
    fn add(&mut self, place: &Place, what: What) {
        self.found.push(Part { place: place.clone(), what });
    }

    fn sided(&mut self, value: &Located, mut one: impl FnMut(&mut Self, Side, &Located)) {
        for (word, value) in entries(value) {
            if let Some(side) = self.names.side(&word.text) {
                one(self, side, value);
            }
        }
    }

    fn keys(&mut self, value: &Located) {
        for item in items(value) {
            if let Some((paths, _)) = split_arrow(&text(item)) {
                self.add(&item.place, What::Key(paths));
            }
        }
    }

    /// A rule by its name, or a map that names it and the paths it sees.
    fn rule(&mut self, value: &Located, halves: &[&str]) {
        let named = entries(value).iter().find(|(word, _)| word.text == "name").map_or(value, |(_, name)| name);
        let name = text(named);
        self.add(&named.place, What::Rule(halves.iter().map(|half| format!("{half}{name}")).collect()));
    }

    fn policy(&mut self, value: &Located, place: &Place, line: Option<String>) {
        self.add(place, What::Conflict(line));
        for (_, rule) in entries(value) {
            self.rule(rule, &[""]);
        }
    }

    fn line(&mut self, word: &Word, value: &Located) {
        let name = |word: &Word| split_arrow(&word.text).map(|(paths, _)| paths.left).unwrap_or_default();
        let Some(inner) = members(word, value) else {
            self.field(&name(word), word, value);
            return;
        };
        self.add(&word.place, What::Lines(inner.iter().map(|(word, _)| name(word)).collect()));
        for (_, value) in entries(value).iter().filter(|(key, _)| key.text == "rule") {
            self.sided(value, |walk, side, view| {
                walk.rule(view, &["read_", "write_"]);
                let of = entries(view).iter().filter(|(word, _)| word.text == "of");
                for path in of.flat_map(|(_, paths)| items(paths)) {
                    walk.add(&path.place, What::Path(side, text(path)));
                }
            });
        }
        inner.iter().for_each(|(word, value)| self.field(&name(word), word, value));
    }

    fn field(&mut self, name: &str, word: &Word, value: &Located) {
        self.add(&word.place, What::Lines(vec![name.to_owned()]));
        for (word, value) in entries(value) {
            match word.text.as_str() {
                "table" => self.pairs(name, value),
                "missing" => self.add(&word.place, What::Missing(name.to_owned())),
                "if_empty" => self.add(&word.place, What::Fallback(name.to_owned())),
                "hold" => self.sided(value, |walk, _, rule| walk.rule(rule, &[""])),
                "rule" => self.sided(value, |walk, _, rule| walk.rule(rule, &["read_", "write_"])),
                "on_conflict" => self.policy(value, &word.place, Some(name.to_owned())),
                _ => self.add(&word.place, What::Lines(vec![name.to_owned()])),
            }
        }
    }

    fn pairs(&mut self, name: &str, table: &Located) {
        let shared = self.tables.get(&text(table));
        for ((left, place), (right, _)) in shared.into_iter().flat_map(|table| &table.pairs) {
            self.add(place, What::Pair(name.to_owned(), Sides::new(left.clone(), right.clone())));
        }
        for (word, value) in entries(table) {
            let back = entries(value).iter().map(|(right, left)| (right, Sides::new(text(left), right.text.clone())));
            let pair = (word, Sides::new(word.text.clone(), text(value)));
            let pairs: Vec<_> = if matches!(value.node, Node::Map(_)) { back.collect() } else { vec![pair] };
            for (word, pair) in pairs {
                self.add(&word.place, What::Pair(name.to_owned(), pair));
            }
        }
    }
}
