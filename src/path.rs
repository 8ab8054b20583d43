//! Where a value sits inside a body.
//!
//! A path is a JSONPath (RFC 9535); `a.b[0].c` is short for `$.a.b[0].c`. A path that only names
//! keys and indexes is compiled to steps and may be written to; any other may only be read.
//!
//! A path costs no more than a few looks at each value of the body: one that branches again and
//! again, which RFC 9535 allows, would find more than any memory holds.

use std::borrow::Cow;
use std::fmt;

use jsonpath_rust::parser::model::{Comparable, Filter, FilterAtom, FnArg, Literal, Test, TestFunction};
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::{Map, Value};

use crate::diagnostic::{Code, Diagnostic, Place};

/// A compiled path.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    text: Box<str>,
    form: Form,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Steps(Box<[Step]>),
    Query(Box<JpQuery>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(Box<str>),
    Index(usize),
}

/// Largest index a path may name.
const INDEX_MAX: i64 = 999;
/// Longest path, in bytes.
const TEXT_MAX: usize = 1_000;
/// Deepest nest of brackets.
const NEST_MAX: usize = 8;
/// Most selectors between two brackets.
const SELECTORS_MAX: usize = 16;

impl Path {
    /// Compiles a path, or says what is wrong with it.
    ///
    /// # Errors
    /// A diagnostic at `place` when the text is no JSONPath.
    pub fn parse(text: &str, place: &Place) -> Result<Self, Box<Diagnostic>> {
        let wrong = |sentence, hint: &str| Box::new(Diagnostic::new(Code::BadPath, place, sentence).hint(hint));
        if text.len() > TEXT_MAX || nest(text) > NEST_MAX {
            let start: String = text.chars().take(40).collect();
            let hint = format!("at most {TEXT_MAX} bytes and {NEST_MAX} brackets within each other");
            return Err(wrong(format!("the path `{start}…` is too long or too deep"), &hint));
        }
        let full = if text.starts_with('$') { text.to_owned() } else { format!("$.{text}") };
        let Ok(query) = parse_json_path(&full) else {
            let hint = "a path reads like `a.b[0].c`; quote an odd key as `['two words']`";
            return Err(wrong(format!("`{text}` is no path"), hint));
        };
        if !Cost::of(&query).is_low() {
            let hint = "at most one `..`, one list of selectors, and in a filter neither `$` nor a computed pattern";
            return Err(wrong(format!("`{text}` would look at the same values again and again"), hint));
        }
        let steps: Option<Box<[Step]>> = query.segments.iter().map(step).collect();
        let form = steps.map_or_else(|| Form::Query(Box::new(query)), Form::Steps);
        Ok(Self { text: text.into(), form })
    }

    /// As written.
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// True when a value can be written here.
    pub const fn is_writable(&self) -> bool {
        matches!(self.form, Form::Steps(_))
    }

    /// True when this is a place inside a row of a list that is named by its number.
    pub fn is_in_list(&self) -> bool {
        matches!(&self.form, Form::Steps(steps) if steps.iter().any(|step| matches!(step, Step::Index(_))))
    }

    /// The key of the body this path starts at; `None` when it may start anywhere.
    pub fn root(&self) -> Option<&str> {
        match &self.form {
            Form::Steps(steps) => match steps.first() {
                Some(Step::Key(key)) => Some(key),
                Some(Step::Index(_)) | None => None,
            },
            Form::Query(query) => match query.segments.first() {
                Some(Segment::Selector(Selector::Name(name))) => Some(name.trim_matches(['\'', '"'])),
                _ => None,
            },
        }
    }

    /// The keys this path begins with, as far as it only names keys.
    pub fn keys(&self) -> Vec<&str> {
        match &self.form {
            Form::Steps(steps) => steps
                .iter()
                .map_while(|step| match step {
                    Step::Key(key) => Some(&**key),
                    Step::Index(_) => None,
                })
                .collect(),
            Form::Query(_) => self.root().into_iter().collect(),
        }
    }

    /// The value here; several matches come as a list, none as `None`.
    pub fn get(&self, body: &Value) -> Option<Value> {
        match &self.form {
            Form::Steps(_) => self.peek(body).cloned(),
            Form::Query(query) => {
                let found = js_path_process(query, body).ok()?;
                let list: Vec<Value> = found.into_iter().map(|hit| hit.val().clone()).collect();
                if list.is_empty() { None } else { Some(Value::Array(list)) }
            }
        }
    }

    /// The value here, copied only where several matches come as a list.
    pub fn look<'a>(&self, body: &'a Value) -> Option<Cow<'a, Value>> {
        match &self.form {
            Form::Steps(_) => self.peek(body).map(Cow::Borrowed),
            Form::Query(_) => self.get(body).map(Cow::Owned),
        }
    }

    /// The value here without a copy, when the path only names keys and indexes.
    pub fn peek<'a>(&self, body: &'a Value) -> Option<&'a Value> {
        let Form::Steps(steps) = &self.form else { return None };
        steps.iter().try_fold(body, |at, step| match step {
            Step::Key(key) => at.as_object()?.get(&**key),
            Step::Index(index) => at.as_array()?.get(*index),
        })
    }

    /// Writes a value here, making maps and lists on the way. Does nothing on a read-only path.
    pub fn set(&self, body: &mut Value, value: Value) {
        let Form::Steps(steps) = &self.form else { return };
        let mut at = body;
        for step in steps {
            at = match step {
                Step::Key(key) => child_of_map(at, key),
                Step::Index(index) => match child_of_list(at, *index) {
                    Some(child) => child,
                    None => return,
                },
            };
        }
        *at = value;
    }

    /// Takes the value out of a map and leaves no trace of it; nothing where none stands.
    pub fn take(&self, body: &mut Value) -> Option<Value> {
        let Form::Steps(steps) = &self.form else { return None };
        let (last, way) = steps.split_last()?;
        let at = way.iter().try_fold(body, |at, step| match step {
            Step::Key(key) => at.as_object_mut()?.get_mut(&**key),
            Step::Index(index) => at.as_array_mut()?.get_mut(*index),
        })?;
        match last {
            Step::Key(key) => at.as_object_mut()?.remove(&**key),
            Step::Index(_) => None,
        }
    }
}

/// How deep the brackets of a text stand within each other.
fn nest(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// How often a query may look at one value of a body.
#[derive(Default)]
struct Cost {
    /// `..`, which looks at every value below.
    descents: usize,
    /// Lists of selectors, each of which may find the same value again.
    lists: usize,
    /// A filter does for each value what may cost as much as the whole body.
    boundless: bool,
}

impl Cost {
    fn of(query: &JpQuery) -> Self {
        let mut cost = Self::default();
        cost.segments(&query.segments);
        cost
    }

    const fn is_low(&self) -> bool {
        self.descents <= 1 && self.lists <= 1 && !self.boundless
    }

    fn segments(&mut self, segments: &[Segment]) {
        segments.iter().for_each(|segment| self.segment(segment));
    }

    fn segment(&mut self, segment: &Segment) {
        match segment {
            Segment::Descendant(inner) => {
                self.descents += 1;
                self.segment(inner);
            }
            Segment::Selector(selector) => self.selector(selector),
            Segment::Selectors(selectors) => {
                self.lists += 1;
                self.boundless |= selectors.len() > SELECTORS_MAX;
                selectors.iter().for_each(|selector| self.selector(selector));
            }
        }
    }

    fn selector(&mut self, selector: &Selector) {
        match selector {
            Selector::Filter(filter) => self.filter(filter),
            Selector::Name(_) | Selector::Wildcard | Selector::Index(_) | Selector::Slice(..) => {}
        }
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::Or(parts) | Filter::And(parts) => parts.iter().for_each(|part| self.filter(part)),
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (left, right) = comparison.vals();
                for side in [left, right] {
                    match side {
                        Comparable::Function(function) => self.function(function),
                        Comparable::Literal(_) | Comparable::SingularQuery(_) => {}
                    }
                }
            }
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::RelQuery(segments) => self.segments(segments),
            Test::AbsQuery(_) => self.boundless = true,
            Test::Function(function) => self.function(function),
        }
    }

    fn function(&mut self, function: &TestFunction) {
        match function {
            TestFunction::Length(argument) => self.argument(argument),
            TestFunction::Value(argument) | TestFunction::Count(argument) => self.argument(argument),
            TestFunction::Search(argument, pattern) | TestFunction::Match(argument, pattern) => {
                self.argument(argument);
                // The pattern is compiled for each value, so it has to be small: `{9999}` is not.
                let small = matches!(pattern, FnArg::Literal(Literal::String(text)) if !text.contains('{'));
                self.boundless |= !small;
            }
            // Not of the standard, and as long as two lists of the body multiplied.
            TestFunction::Custom(..) => self.boundless = true,
        }
    }

    fn argument(&mut self, argument: &FnArg) {
        match argument {
            FnArg::Literal(_) => {}
            FnArg::Test(test) => self.test(test),
            FnArg::Filter(filter) => self.filter(filter),
        }
    }
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Selector(Selector::Name(name)) => Some(Step::Key(name.trim_matches(['\'', '"']).into())),
        Segment::Selector(Selector::Index(index)) if (0..=INDEX_MAX).contains(index) => {
            usize::try_from(*index).ok().map(Step::Index)
        }
        Segment::Descendant(_) | Segment::Selector(_) | Segment::Selectors(_) => None,
    }
}

fn child_of_map<'a>(at: &'a mut Value, key: &str) -> &'a mut Value {
    if !at.is_object() {
        *at = Value::Object(Map::new());
    }
    match at {
        Value::Object(map) => map.entry(key).or_insert(Value::Null),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => other,
    }
}

fn child_of_list(at: &mut Value, index: usize) -> Option<&mut Value> {
    if !at.is_array() {
        *at = Value::Array(Vec::new());
    }
    let list = at.as_array_mut()?;
    while list.len() <= index {
        list.push(Value::Null);
    }
    list.get_mut(index)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Path {
        Path::parse(text, &Place::file("x.yaml")).unwrap()
    }

    #[test]
    fn the_short_form_and_the_full_form_find_the_same_value() {
        let body = json!({"a": {"b": [{"c": 1}]}});
        assert_eq!(path("a.b[0].c").get(&body), Some(json!(1)));
        assert_eq!(path("$.a.b[0].c").get(&body), Some(json!(1)));
        assert_eq!(path("a.b[1].c").get(&body), None);
        assert_eq!(path("$['a']['b']").get(&body), Some(json!([{"c": 1}])));
    }

    #[test]
    fn a_query_reads_a_list_and_cannot_be_written() {
        let body = json!({"tags": [{"tag": "A"}, {"tag": "B"}]});
        let tags = path("tags[*].tag");
        assert_eq!(tags.get(&body), Some(json!(["A", "B"])));
        assert!(!tags.is_writable());
        assert_eq!(tags.root(), Some("tags"));
    }

    #[test]
    fn writing_makes_what_is_missing_and_keeps_what_is_there() {
        let mut body = json!({"a": {"z": 1}});
        path("a.b[1].c").set(&mut body, json!(2));
        assert_eq!(body, json!({"a": {"z": 1, "b": [null, {"c": 2}]}}));
    }

    #[test]
    fn what_is_taken_out_is_gone() {
        let mut body = json!({"a": {"b": 1, "c": 2}});
        assert_eq!(path("a.b").take(&mut body), Some(json!(1)));
        assert_eq!((path("a.x").take(&mut body), &body), (None, &json!({"a": {"c": 2}})));
    }

    #[test]
    fn a_path_that_looks_again_and_again_is_refused() {
        let refused = |text: &str| Path::parse(text, &Place::file("x.yaml")).is_err();
        let long = format!("a{}", ".a".repeat(500));
        let deep = format!("${}@.a{}", "[?".repeat(9), "]".repeat(9));
        let many = format!("$[{}0]", "0,".repeat(16));
        let again = ["$..a..b", "$[0,0][0,0]", "$[?$.a]", "$[?match(@.a, @.b)]", "$[?search(@.a, '(x{99}){99}')]"];
        for text in again.into_iter().chain(["$[?subset_of(@.a, @.b)]", &long, &deep, &many]) {
            assert!(refused(text), "{text}");
        }
        for text in ["$..a", "$['a', 'b'][*].c", "$[?@.a == $.b]", "$[?search(@.a, '^x+')].b", "$[?length(@.a) > 2]"] {
            assert!(!refused(text), "{text}");
        }
    }

    #[test]
    fn accents_are_letters_and_nonsense_is_refused() {
        assert_eq!(path("endereço").root(), Some("endereço"));
        assert!(Path::parse("a..[", &Place::file("x.yaml")).is_err());
    }
}
