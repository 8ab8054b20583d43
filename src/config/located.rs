//! YAML with places: a tree in which every key and every value knows where it was written.
//!
//! This is the only file that knows the YAML library. Nothing is derived straight from YAML: serde
//! stops at the first error, and we want them all. The tree is lowered by hand with [`Entries`],
//! which complains about unknown, missing and misspelt keys and goes on.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_yaml::{DuplicateKeyPolicy, Location, Spanned};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, nearest};

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The value.
    pub node: Node,
    /// Where it was written.
    pub place: Place,
}

/// What to do about a number where a text belongs: `1.10` would come back as `1.1`.
pub(super) const QUOTED: &str = "write it in quotes: a number loses the zeros at its end";

/// A YAML value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Nothing.
    Null,
    /// `true` or `false`, and no other word.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Decimal(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Located>),
    /// A map, in the order written.
    Map(Vec<(Word, Located)>),
}

/// A key and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The key.
    pub text: String,
    /// Where it was written.
    pub place: Place,
}

/// Deepest nest of maps and lists in a file. The library goes down by calls of its own, and a nest of
/// its default depth does not fit the stack of a thread.
const DEPTH_MAX: usize = 24;

/// Reads one file. Complains and gives `None` when it is no YAML.
pub fn parse(file: &str, text: &str, complaints: &mut Diagnostics) -> Option<Located> {
    let name = complaints.remember(file, text);
    let options = serde_yaml::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
        budget: serde_yaml::budget! { max_depth: DEPTH_MAX },
    };
    match serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Some(Placer { file: name, text }.locate(raw, complaints)),
        Err(error) => {
            let place = error.location().map_or_else(
                || Place::file(file),
                |at| Place::at(&name, text, to_usize(at.line()), to_usize(at.column())),
            );
            let sentence = first_line(&error.to_string());
            let hint = hint_for(text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default());
            complaints.push(Diagnostic::new(Code::YamlSyntax, &place, sentence).hint(hint));
            None
        }
    }
}

/// What most likely is wrong with a line that is no YAML.
fn hint_for(line: &str) -> &'static str {
    let blanks = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
    if blanks.contains('\t') {
        "write blanks in place of the tab"
    } else if line.matches('"').count() % 2 == 1 {
        "this line opens a quote and does not close it, or the other way round"
    } else {
        "check the indentation, quotes and brackets of this line and the one above"
    }
}

/// What the reader says, without the place it names: that is told in its own way.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let said = line.split_once(" at line ").map_or(line, |(said, _)| said);
    said.trim_end_matches('.').to_owned()
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The tree as the YAML library gives it.
enum Raw {
    Null,
    Bool(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or_else(|_| Raw::Text(value.to_string()), Raw::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Decimal(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

struct Placer<'a> {
    file: Arc<str>,
    text: &'a str,
}

impl Placer<'_> {
    fn place(&self, at: &Location) -> Place {
        let (line, column) = (to_usize(at.line()), to_usize(at.column()));
        let span = at.span();
        match (span.byte_offset(), span.byte_len()) {
            (Some(offset), Some(length)) => {
                let start = to_usize(offset).min(self.text.len());
                let end = start.saturating_add(to_usize(length)).min(self.text.len());
                Place { file: Arc::clone(&self.file), line, column, span: start..end }
            }
            _ => Place::at(&self.file, self.text, line, column),
        }
    }

    fn locate(&self, raw: Spanned<Raw>, complaints: &mut Diagnostics) -> Located {
        let place = self.place(&raw.referenced);
        let node = match raw.value {
            Raw::Null => Node::Null,
            Raw::Bool(value) => Node::Bool(value),
            Raw::Integer(value) => self.integer(value, &raw.defined),
            Raw::Decimal(value) => Node::Decimal(value),
            Raw::Text(value) => Node::Text(value),
            Raw::List(list) => Node::List(list.into_iter().map(|item| self.locate(item, complaints)).collect()),
            Raw::Map(entries) => self.locate_map(entries, complaints),
        };
        Located { node, place }
    }

    /// A number that is written in another way than numbers are, such as `0x1F` or `+17`, is the text it is.
    fn integer(&self, value: i64, defined: &Location) -> Node {
        let written = self.text.get(self.place(defined).span).unwrap_or_default();
        let is_word = written.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'+' || sign == b'-');
        if written.is_empty() || !is_word || written == value.to_string() {
            return Node::Integer(value);
        }
        Node::Text(written.to_owned())
    }

    fn locate_map(&self, entries: Vec<(Spanned<String>, Spanned<Raw>)>, complaints: &mut Diagnostics) -> Node {
        let mut map: Vec<(Word, Located)> = Vec::with_capacity(entries.len());
        let mut seen: HashMap<String, Place> = HashMap::new();
        for (key, value) in entries {
            let word = Word { place: self.place(&key.referenced), text: key.value };
            let value = self.locate(value, complaints);
            if let Some(first) = seen.get(&word.text) {
                complaints.push(
                    Diagnostic::new(Code::DuplicateKey, &word.place, format!("`{}` stands twice here", word.text))
                        .related(first, "first written here")
                        .hint("keep one of the two"),
                );
                // What stands under the second header is there, whatever becomes of the header.
                if let (Some((_, Located { node: Node::Map(kept), .. })), Node::Map(more)) =
                    (map.iter_mut().find(|(known, _)| known.text == word.text), value.node)
                {
                    let new = |(word, _): &(Word, Located)| !kept.iter().any(|(known, _)| known.text == word.text);
                    let new: Vec<_> = more.into_iter().filter(new).collect();
                    kept.extend(new);
                }
            } else {
                seen.insert(word.text.clone(), word.place.clone());
                map.push((word, value));
            }
        }
        Node::Map(map)
    }
}

impl Located {
    /// What kind of value this is, in words.
    pub const fn kind(&self) -> &'static str {
        match self.node {
            Node::Null => "nothing",
            Node::Bool(_) => "true or false",
            Node::Integer(_) | Node::Decimal(_) => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Map(_) => "a map",
        }
    }

    fn misfit(&self, wanted: &str) -> Diagnostic {
        Diagnostic::new(Code::WrongType, &self.place, format!("expected {wanted}, found {}", self.kind()))
    }

    fn wrong(&self, wanted: &str, complaints: &mut Diagnostics) {
        let plain = self.misfit(wanted);
        complaints.push(match (&self.node, wanted) {
            (Node::Bool(flag), "a text") => plain.hint(format!("write it in quotes: `\"{flag}\"`")),
            (Node::Decimal(_), "a text") => plain.hint(QUOTED),
            (Node::Text(text), "true or false") => match text.to_lowercase().as_str() {
                "yes" | "on" | "sim" | "s" | "y" => plain.hint("write `true`"),
                "no" | "off" | "não" | "nao" | "n" => plain.hint("write `false`"),
                _ => plain.hint("write `true` or `false`, without quotes"),
            },
            _ => plain,
        });
    }

    /// The text here, or a complaint. A number is accepted as its digits.
    pub fn text(&self, complaints: &mut Diagnostics) -> Option<String> {
        match &self.node {
            Node::Text(text) => Some(text.clone()),
            Node::Integer(number) => Some(number.to_string()),
            Node::Null | Node::Bool(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => {
                self.wrong("a text", complaints);
                None
            }
        }
    }

    /// The whole number here, zero or more, or a complaint.
    pub fn count(&self, complaints: &mut Diagnostics) -> Option<u64> {
        if let Node::Integer(number) = self.node
            && let Ok(number) = u64::try_from(number)
        {
            return Some(number);
        }
        self.wrong("a whole number, zero or more", complaints);
        None
    }

    /// `true` or `false`, or a complaint.
    pub fn boolean(&self, complaints: &mut Diagnostics) -> Option<bool> {
        if let Node::Bool(value) = self.node {
            return Some(value);
        }
        self.wrong("true or false", complaints);
        None
    }

    /// The members of a list, or a complaint.
    pub fn list(&self, complaints: &mut Diagnostics) -> Option<&[Self]> {
        if let Node::List(list) = &self.node {
            return Some(list);
        }
        self.wrong("a list", complaints);
        None
    }

    /// The texts of a list, or complaints; one text alone is a list of one.
    pub fn texts(&self, complaints: &mut Diagnostics) -> Vec<(String, Place)> {
        if let Node::Text(text) = &self.node {
            return vec![(text.clone(), self.place.clone())];
        }
        let list = self.list(complaints).unwrap_or_default().to_vec();
        list.iter().filter_map(|item| item.text(complaints).map(|text| (text, item.place.clone()))).collect()
    }

    /// The entries of a map, or a complaint.
    pub fn map(&self, complaints: &mut Diagnostics) -> Option<&[(Word, Self)]> {
        if let Node::Map(map) = &self.node {
            return Some(map);
        }
        self.wrong("a map", complaints);
        None
    }

    /// The entries of a map, or a complaint that says what to write.
    pub fn map_hinting(&self, hint: &str, complaints: &mut Diagnostics) -> Option<&[(Word, Self)]> {
        if let Node::Map(map) = &self.node {
            return Some(map);
        }
        complaints.push(self.misfit("a map").hint(hint));
        None
    }

    /// The entries of a map, to be taken by name.
    pub fn entries(&self, complaints: &mut Diagnostics) -> Option<Entries<'_>> {
        self.map(complaints).map(|map| Entries {
            place: &self.place,
            left: map.iter().collect(),
            known: Vec::new(),
            missing: Vec::new(),
            before: complaints.list.len(),
        })
    }

    /// A length of time such as `10m`, `5h`, `90s`, `300ms` or `1d`, in milliseconds, or a complaint.
    pub fn duration_ms(&self, complaints: &mut Diagnostics) -> Option<u64> {
        let text = self.text(complaints)?;
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(split);
        let factor = match unit.trim() {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            "d" => Some(86_400_000),
            _ => None,
        };
        let length = digits.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
        if length.is_none() {
            complaints.push(
                Diagnostic::new(Code::BadValue, &self.place, format!("`{text}` is no length of time"))
                    .hint("write a number and ms, s, m, h or d, such as `10m`"),
            );
        }
        length
    }

    /// The value as JSON, places forgotten.
    pub fn json(&self) -> Value {
        match &self.node {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::from(*value),
            Node::Integer(value) => Value::from(*value),
            Node::Decimal(value) => Value::from(*value),
            Node::Text(value) => Value::from(value.as_str()),
            Node::List(list) => list.iter().map(Self::json).collect(),
            Node::Map(map) => Value::Object(map.iter().map(|(key, value)| (key.text.clone(), value.json())).collect()),
        }
    }
}

/// Begins the cause of keys that stand in a map which knows nothing like them.
const STRAY: &str = "stray keys in";

/// The entries of one map, taken key by key; what nobody took is unknown.
pub struct Entries<'a> {
    place: &'a Place,
    left: Vec<&'a (Word, Located)>,
    known: Vec<&'static str>,
    /// Keys that must be there and were not, and the sentences that say so.
    missing: Vec<(&'static str, String)>,
    /// How many complaints there were before it was read.
    before: usize,
}

impl<'a> Entries<'a> {
    /// Takes a key that need not be there.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Located> {
        self.known.push(key);
        let at = self.left.iter().position(|(word, _)| word.text == key)?;
        let (_, value) = self.left.remove(at);
        Some(value)
    }

    /// Takes a key that must be there, or complains.
    pub fn need(&mut self, key: &'static str, complaints: &mut Diagnostics) -> Option<&'a Located> {
        let found = self.take(key);
        if found.is_none() {
            let sentence = format!("`{key}` is missing");
            self.missing.push((key, sentence.clone()));
            complaints.push(Diagnostic::new(Code::MissingKey, self.place, sentence));
        }
        found
    }

    /// Takes every entry whose key fits.
    pub fn take_where(&mut self, fits: impl Fn(&str) -> bool) -> Vec<&'a (Word, Located)> {
        let (taken, left) = self.left.iter().partition(|(word, _)| fits(&word.text));
        self.left = left;
        taken
    }

    /// Takes all that is left, whatever its key.
    pub fn rest(&mut self) -> Vec<&'a (Word, Located)> {
        std::mem::take(&mut self.left)
    }

    /// Complains about every key that nobody took.
    pub fn finish(self, complaints: &mut Diagnostics) {
        for (word, _) in &self.left {
            // A key under a wrong name is one mistake: it is not missing too.
            let meant = nearest(&word.text, self.missing.iter().map(|(key, _)| *key));
            if let Some((_, sentence)) = self.missing.iter().find(|(key, _)| meant == Some(*key)) {
                let told = |one: &Diagnostic| one.place.as_ref() == Some(self.place) && one.sentence == *sentence;
                complaints.list.retain(|one| !told(one));
            }
            let mut known = self.known.clone();
            known.sort_unstable();
            let plain = Diagnostic::new(Code::UnknownKey, &word.place, format!("unknown key `{}`", word.text))
                .did_you_mean(&word.text, known.iter().copied());
            let known = known.join(", ");
            // Keys that are like none of these came here together, under a wrong header.
            complaints.push(if plain.hint.is_none() {
                plain.hint(format!("known here: {known}")).because(format!("{STRAY} {} {known}", self.place.file))
            } else {
                plain
            });
        }
        self.complain_orphans(complaints);
    }

    /// What stood under a header that is gone stands under the one before it: that is one mistake.
    fn complain_orphans(&self, complaints: &mut Diagnostics) {
        let stray = |one: &Diagnostic| one.cause.clone().filter(|cause| cause.starts_with(STRAY));
        let Some(cause) = complaints.list.iter().skip(self.before).find_map(stray) else { return };
        let told = |one: &&mut Diagnostic| {
            one.place.as_ref() == Some(self.place) && self.missing.iter().any(|(_, sentence)| *sentence == one.sentence)
        };
        if let Some(missing) = complaints.list.iter_mut().find(told) {
            missing.cause = Some(cause);
            missing.hint = Some("the lines named here seem to belong under it".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Located>, Diagnostics) {
        let mut complaints = Diagnostics::default();
        let tree = parse("x.yaml", text, &mut complaints);
        (tree, complaints)
    }

    #[test]
    fn words_that_other_readers_bend_stay_what_was_written() {
        let (tree, complaints) = read("a: no\nb: 01310100\nc: S\nd: 10\ne: 1_000\nf: true\n");
        assert!(complaints.is_clean(), "{complaints}");
        let json = tree.unwrap().json();
        assert_eq!(json, serde_json::json!({"a":"no","b":"01310100","c":"S","d":10,"e":"1_000","f":true}));
    }

    #[test]
    fn a_number_that_is_typed_as_none_is_a_text() {
        for typed in ["17", "-5", "007", "0x1F", "+17", "0o17", "0"] {
            for written in [format!("a: {typed}"), format!("{{ a: {typed} }}"), format!("a: &x {typed}\nb: *x")] {
                let (tree, mut complaints) = read(&written);
                let Node::Map(map) = tree.unwrap().node else { panic!() };
                let found: Vec<_> = map.iter().map(|(_, value)| value.text(&mut complaints).unwrap()).collect();
                assert!(found.iter().all(|found| found == typed), "{written}: {found:?}");
                assert!(complaints.is_clean(), "{complaints}");
            }
        }
        assert_eq!(read("[0, -5]").0.unwrap().json(), serde_json::json!([0, -5]));
    }

    #[test]
    fn keys_and_values_know_their_places() {
        let (tree, _) = read("a:\n  çb <=> c: { d: 1 }\n");
        let tree = tree.unwrap();
        let Node::Map(outer) = &tree.node else { panic!() };
        let Node::Map(inner) = &outer[0].1.node else { panic!() };
        assert_eq!((inner[0].0.place.line, inner[0].0.place.column), (2, 3));
        assert_eq!(inner[0].0.text, "çb <=> c");
    }

    #[test]
    fn a_key_written_twice_shows_both_places_and_the_first_counts() {
        let (tree, complaints) = read("a: 1\nb: 2\na: 3\n");
        assert_eq!(complaints.list[0].code, Code::DuplicateKey);
        assert_eq!(complaints.list[0].place.as_ref().unwrap().line, 3);
        assert_eq!(tree.unwrap().json(), serde_json::json!({"a":1,"b":2}));
    }

    #[test]
    fn a_file_nested_without_end_is_one_complaint() {
        let nested = |depth: usize| (0..depth).map(|at| format!("{}a:\n", " ".repeat(at))).collect::<String>();
        assert!(read(&nested(DEPTH_MAX)).0.is_some());
        for depth in [DEPTH_MAX + 1, 100] {
            let (tree, complaints) = read(&nested(depth));
            assert_eq!((tree.is_none(), complaints.list[0].code), (true, Code::YamlSyntax));
        }
    }

    #[test]
    fn a_broken_file_is_one_complaint_with_a_line() {
        let (tree, complaints) = read("a: [1, 2\nb: 3\n");
        assert!(tree.is_none());
        assert_eq!(complaints.list[0].code, Code::YamlSyntax);
    }

    #[test]
    fn a_line_that_is_no_yaml_is_told_what_most_likely_is_wrong_with_it() {
        for (text, hint) in
            [("a:\n\tb: 1\n", "tab"), ("a: { b: \"x, c: 1 }\n", "quote"), ("a: [1, 2\nb: 3\n", "brackets")]
        {
            let (_, complaints) = read(text);
            let [one] = &complaints.list[..] else { panic!("{complaints}") };
            assert!(one.hint.as_ref().is_some_and(|told| told.contains(hint)), "{complaints}");
            assert!(!one.sentence.contains("line"), "{complaints}");
        }
    }

    #[test]
    fn lengths_of_time_are_milliseconds() {
        let (tree, mut complaints) = read("[10m, 5h, 300ms, 3x]");
        let Some(Located { node: Node::List(list), .. }) = tree else { panic!() };
        let found: Vec<_> = list.iter().map(|item| item.duration_ms(&mut complaints)).collect();
        assert_eq!(found, [Some(600_000), Some(18_000_000), Some(300), None]);
        assert_eq!(complaints.list.len(), 1);
    }
}
