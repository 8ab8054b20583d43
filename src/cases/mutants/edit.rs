//! Mappings with one thing changed.
//!
//! A change is made in the tree of the file, so that it is one however the file is typed. Whether the
//! mapping still means anything is for the compiler to say.

use crate::cases::parts::{entries, items, members, text};
use crate::config::line::TablePairs;
use crate::config::located::{Located, Node, Word};
use crate::config::mapping::{Arrow, MappingSpec, split_arrow};
use crate::diagnostic::Place;

/// One thing changed in a mapping.
pub(super) struct Edit {
    /// Where.
    pub(super) place: Place,
    /// What it is, in words.
    pub(super) words: String,
    /// What a case must show that notices it.
    pub(super) aim: String,
    /// The file as it is then.
    pub(super) tree: Located,
}

/// One thing changed in a table that mappings share.
pub(super) struct TableEdit {
    pub(super) place: Place,
    pub(super) words: String,
    pub(super) aim: String,
    pub(super) pairs: TablePairs,
}

/// The ways to a place in a tree: which entry or item, from the top.
type Way = Vec<usize>;

/// Every change of one thing in a mapping.
pub(super) fn edits(spec: &MappingSpec) -> Vec<Edit> {
    let systems = [spec.link.left.system.as_str(), spec.link.right.system.as_str()];
    let sides = if systems[0] == systems[1] { ["left", "right"] } else { systems };
    let mut walk = Walk { tree: &spec.tree, sides, found: Vec::new() };
    for (at, (word, value)) in entries(&spec.tree).iter().enumerate() {
        match word.text.as_str() {
            "link" => walk.arrow_of_link(&[at], value),
            "put_back" => walk.flip(&[at], word, value, "an edit on the receiving side"),
            "on_conflict" => walk.policy(&[at], value, "records that both sides changed"),
            "match" => walk.each_item(&[at], value, "two records that only this key makes twins"),
            "rules" => walk.hooks(&[at], value),
            "birth" => walk.births(&[at], value),
            "parameters" => walk.parameters(&[at], value),
            "fields" => walk.lines(&[at], value),
            _ => {}
        }
    }
    walk.found
}

struct Walk<'a> {
    tree: &'a Located,
    sides: [&'a str; 2],
    found: Vec<Edit>,
}

impl Walk<'_> {
    fn edit(&mut self, place: &Place, words: String, aim: &str, change: impl FnOnce(&mut Located)) {
        let mut tree = self.tree.clone();
        change(&mut tree);
        self.found.push(Edit { place: place.clone(), words, aim: aim.to_owned(), tree });
    }

    /// Drops an entry or an item.
    fn drop(&mut self, way: &[usize], place: &Place, what: &str, aim: &str) {
        self.edit(place, format!("without `{what}`"), aim, |tree| {
            let Some((last, parent)) = way.split_last() else { return };
            match at_mut(tree, parent).map(|parent| &mut parent.node) {
                Some(Node::Map(map)) if *last < map.len() => drop(map.remove(*last)),
                Some(Node::List(list)) if *last < list.len() => drop(list.remove(*last)),
                _ => {}
            }
        });
    }

    fn value(&mut self, way: &[usize], place: &Place, (old, new): (&str, Node), aim: &str) {
        let words = format!("with `{}` instead of `{old}`", shown(&new));
        self.edit(place, words, aim, |tree| {
            if let Some(value) = at_mut(tree, way) {
                value.node = new;
            }
        });
    }

    fn flip(&mut self, way: &[usize], word: &Word, value: &Located, aim: &str) {
        if let Node::Bool(flag) = value.node {
            let old = format!("{}: {flag}", word.text);
            let words = format!("with `{}: {}` instead of `{old}`", word.text, !flag);
            self.edit(&word.place, words, aim, |tree| {
                if let Some(value) = at_mut(tree, way) {
                    value.node = Node::Bool(!flag);
                }
            });
        }
    }

    fn arrow_of_link(&mut self, way: &[usize], value: &Located) {
        let aim = "a record that is born or changed on the side the arrow no longer leads from";
        for (words, new) in other_arrows(&text(value)) {
            self.edit(&value.place, words, aim, |tree| {
                if let Some(value) = at_mut(tree, way) {
                    value.node = Node::Text(new);
                }
            });
        }
    }

    fn policy(&mut self, way: &[usize], value: &Located, aim: &str) {
        let old = text(value);
        if old.is_empty() {
            return;
        }
        let words = ["newest", self.sides[0], self.sides[1], "ask"].map(str::to_owned);
        for word in words.into_iter().filter(|word| *word != old) {
            self.value(way, &value.place, (&old, Node::Text(word)), aim);
        }
    }

    fn each_item(&mut self, way: &[usize], value: &Located, aim: &str) {
        for (at, item) in items(value).iter().enumerate() {
            self.drop(&under(way, at), &item.place, &text(item), aim);
        }
        for at in 1..items(value).len() {
            let Some(item) = items(value).get(at) else { continue };
            let words = format!("with `{}` before the key above it", text(item));
            let aim = "a record that one key makes the twin of one record and the other of another";
            self.edit(&item.place, words, aim, |tree| {
                if let Some(Node::List(list)) = at_mut(tree, way).map(|list| &mut list.node) {
                    list.swap(at - 1, at);
                }
            });
        }
    }

    fn hooks(&mut self, way: &[usize], value: &Located) {
        for (at, (_, sides)) in entries(value).iter().enumerate() {
            for (inner, (word, rule)) in entries(sides).iter().enumerate() {
                let what = format!("{}: {}", word.text, rule_name(rule));
                self.drop(&under(&under(way, at), inner), &word.place, &what, "a record that the rule stops");
            }
        }
    }

    fn births(&mut self, way: &[usize], value: &Located) {
        for (at, (_, born)) in entries(value).iter().enumerate() {
            for (inner, (word, value)) in entries(born).iter().enumerate() {
                let what = format!("{}: {}", word.text, text(value));
                let aim = "a record that is born, compared with `exactly: true`";
                self.drop(&under(&under(way, at), inner), &word.place, &what, aim);
            }
        }
    }

    fn parameters(&mut self, way: &[usize], value: &Located) {
        for (at, (_, declared)) in entries(value).iter().enumerate() {
            for (inner, (word, value)) in
                entries(declared).iter().enumerate().filter(|(_, (word, _))| word.text == "default")
            {
                let what = format!("default: {}", one_line(&text(value)));
                let aim = "an account that does not give this parameter";
                self.drop(&under(&under(way, at), inner), &word.place, &what, aim);
            }
        }
    }

    fn lines(&mut self, way: &[usize], value: &Located) {
        for (at, (word, value)) in entries(value).iter().enumerate() {
            let way = under(way, at);
            let Some(inner) = members(word, value) else {
                self.line(&way, word, value);
                continue;
            };
            for (at, (key, value)) in entries(value).iter().enumerate() {
                let way = under(&way, at);
                match key.text.as_str() {
                    "group" => self.flip(&way, key, value, "one member changed here and another one there"),
                    "rule" => self.views(&way, value),
                    "fields" => {
                        for (at, (word, value)) in inner.iter().enumerate() {
                            self.line(&under(&way, at), word, value);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// The paths that the rules of a group see.
    fn views(&mut self, way: &[usize], value: &Located) {
        for (at, (_, view)) in entries(value).iter().enumerate() {
            for (inner, (word, of)) in entries(view).iter().enumerate().filter(|(_, (word, _))| word.text == "of") {
                let way = under(&under(way, at), inner);
                for (at, path) in items(of).iter().enumerate() {
                    let aim = "a record that holds something at this path";
                    self.drop(&under(&way, at), &path.place, &format!("{}: {}", word.text, text(path)), aim);
                }
            }
        }
    }

    fn line(&mut self, way: &[usize], word: &Word, value: &Located) {
        let aim = "a record in which this value changes";
        self.drop(way, &word.place, &word.text, aim);
        for (words, new) in other_arrows(&word.text) {
            let aim = "a pair in which this value changed on the other side alone";
            self.edit(&word.place, words, aim, |tree| {
                if let Some(key) = key_mut(tree, way) {
                    key.text = new;
                }
            });
        }
        for (at, (word, value)) in entries(value).iter().enumerate() {
            self.option(&under(way, at), word, value);
        }
    }

    fn option(&mut self, way: &[usize], word: &Word, value: &Located) {
        let what = format!("{}: {}", word.text, one_line(&text(value)));
        let what = what.trim_end_matches(": ");
        match word.text.as_str() {
            "canon" => self.drop(way, &word.place, what, "a value typed in two ways that mean the same"),
            "once" => self.drop(way, &word.place, what, "a linked pair in which this value changes"),
            "set" => self.drop(way, &word.place, what, "members added on one side and taken out on the other"),
            "missing" => {
                for word in ["empty", "keep", "hold"].into_iter().filter(|word| *word != text(value)) {
                    let aim = "a value without a twin on the other side, which holds something";
                    self.value(way, &value.place, (&text(value), Node::Text(word.to_owned())), aim);
                }
            }
            "on_conflict" => self.policy(way, value, "this value changed on both sides"),
            "table" => self.table(way, value),
            "hold" | "if_empty" | "rule" => {
                for (at, (side, value)) in entries(value).iter().enumerate() {
                    let what = format!("{}: {{ {}: {} }}", word.text, side.text, rule_name(value));
                    let aim = "a record for which it makes a difference whether this is here";
                    self.drop(&under(way, at), &side.place, &what, aim);
                }
            }
            "cut" => {
                for (at, (side, value)) in entries(value).iter().enumerate() {
                    self.flip(&under(way, at), side, value, "a text longer than the other side takes");
                }
            }
            "except" => {
                for (at, (_, value)) in entries(value).iter().enumerate() {
                    let way = under(way, at);
                    for (at, item) in items(value).iter().enumerate() {
                        let what = format!("except: {}", text(item));
                        self.drop(&under(&way, at), &item.place, &what, "a record with this member");
                    }
                }
            }
            "lookup" => self.lookup(way, value),
            _ => {}
        }
    }

    fn lookup(&mut self, way: &[usize], value: &Located) {
        for (at, (side, lookup)) in entries(value).iter().enumerate() {
            let way = under(way, at);
            let written = text(lookup);
            let aim = "a row that only the record itself carries";
            if let Some((short, _)) = written.split_once(" in ") {
                self.value(&way, &lookup.place, (&written, Node::Text(short.to_owned())), aim);
            }
            if !written.is_empty() {
                let what = format!("lookup: {{ {}: {written} }}", side.text);
                self.drop(&way, &side.place, &what, "a record whose value is looked up");
            }
            for (at, (word, value)) in entries(lookup).iter().enumerate() {
                let way = under(&way, at);
                match word.text.as_str() {
                    "in" => self.drop(&way, &word.place, &format!("in: {}", text(value)), aim),
                    "create" => self.drop(&way, &word.place, "create", "a value of which nobody has a row yet"),
                    _ => {}
                }
            }
        }
    }

    fn table(&mut self, way: &[usize], value: &Located) {
        let pairs = entries(value);
        for (at, (word, value)) in pairs.iter().enumerate() {
            let way = under(way, at);
            if matches!(value.node, Node::Map(_)) {
                for (at, (right, left)) in entries(value).iter().enumerate() {
                    let what = format!("back: {{ {}: {} }}", right.text, text(left));
                    self.drop(&under(&way, at), &right.place, &what, "the right value that goes back to this one");
                }
                continue;
            }
            let what = format!("{}: {}", word.text, text(value));
            self.drop(&way, &word.place, &what, "a record with this value");
        }
        for at in 1..pairs.len() {
            let Some([(one, first), (other, second)]) = pairs.get(at - 1..=at) else { continue };
            if matches!(first.node, Node::Map(_)) || matches!(second.node, Node::Map(_)) || first.node == second.node {
                continue;
            }
            let words = format!("with the values of `{}` and `{}` swapped", one.text, other.text);
            let aim = "a record with one of these values";
            self.edit(&one.place, words, aim, |tree| {
                if let Some(Node::Map(map)) = at_mut(tree, way).map(|table| &mut table.node)
                    && let Some([(_, one), (_, other)]) = map.get_mut(at - 1..=at)
                {
                    std::mem::swap(&mut one.node, &mut other.node);
                }
            });
        }
    }
}

/// Every change of one thing in a table that mappings share.
pub(super) fn table_edits(table: &TablePairs) -> Vec<TableEdit> {
    let mut found = Vec::new();
    let mut add = |place: &Place, words: String, aim: &str, pairs: TablePairs| {
        found.push(TableEdit { place: place.clone(), words, aim: aim.to_owned(), pairs });
    };
    for (at, ((left, place), (right, _))) in table.pairs.iter().enumerate() {
        let mut without = table.clone();
        without.pairs.remove(at);
        add(place, format!("without `{left}: {right}`"), "a record with this value", without);
        let Some(((other, _), (second, _))) = table.pairs.get(at + 1).filter(|(_, (second, _))| second != right) else {
            continue;
        };
        let mut swapped = table.clone();
        if let Some([(_, one), (_, two)]) = swapped.pairs.get_mut(at..=at + 1) {
            (one.0, two.0) = (second.clone(), right.clone());
        }
        let words = format!("with the values of `{left}` and `{other}` swapped");
        add(place, words, "a record with one of these values", swapped);
    }
    for (at, (right, left)) in table.back.iter().enumerate() {
        let mut without = table.clone();
        without.back.remove(at);
        let aim = "the right value that goes back to this one";
        add(&table.place, format!("without `back: {{ {right}: {left} }}`"), aim, without);
    }
    found
}

fn under(way: &[usize], at: usize) -> Way {
    way.iter().copied().chain(std::iter::once(at)).collect()
}

fn at_mut<'a>(tree: &'a mut Located, way: &[usize]) -> Option<&'a mut Located> {
    way.iter().try_fold(tree, |node, at| match &mut node.node {
        Node::Map(map) => map.get_mut(*at).map(|(_, value)| value),
        Node::List(list) => list.get_mut(*at),
        Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::Text(_) => None,
    })
}

fn key_mut<'a>(tree: &'a mut Located, way: &[usize]) -> Option<&'a mut Word> {
    let (last, parent) = way.split_last()?;
    match &mut at_mut(tree, parent)?.node {
        Node::Map(map) => map.get_mut(*last).map(|(word, _)| word),
        Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::Text(_) | Node::List(_) => None,
    }
}

/// A line with each other arrow, and what that is in words.
fn other_arrows(line: &str) -> Vec<(String, String)> {
    let Some(old) = ["<=>", "⇔", "=>", "⇒", "<=", "⇐"].into_iter().find(|arrow| line.contains(arrow)) else {
        return Vec::new();
    };
    let turned = |new: &&str| arrow_of(&line.replacen(old, new, 1)) != arrow_of(line);
    let others = ["<=>", "=>", "<="].into_iter().filter(turned);
    others.map(|new| (format!("with `{new}` instead of `{old}`"), line.replacen(old, new, 1))).collect()
}

fn arrow_of(line: &str) -> Option<Arrow> {
    split_arrow(line).map(|(_, arrow)| arrow)
}

/// The name of a rule, written alone or in a map.
fn rule_name(value: &Located) -> String {
    entries(value).iter().find(|(word, _)| word.text == "name").map_or_else(|| text(value), |(_, name)| text(name))
}

fn shown(node: &Node) -> String {
    match node {
        Node::Text(text) => one_line(text),
        Node::Bool(flag) => flag.to_string(),
        Node::Null | Node::Integer(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => String::new(),
    }
}

fn one_line(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    if first.len() == text.trim_end().len() { first.to_owned() } else { format!("{first} …") }
}
