//! Where a value sits inside a body.
//!
//! A path is a JSONPath (RFC 9535); `a.b[0].c` is short for `$.a.b[0].c`. A path that only names
//! keys and indexes is compiled to steps and may be written to; any other may only be read.

use std::borrow::Cow;
use std::fmt;

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

impl Path {
    /// Compiles a path, or says what is wrong with it.
    ///
    /// # Errors
    /// A diagnostic at `place` when the text is no JSONPath.
    pub fn parse(text: &str, place: &Place) -> Result<Self, Box<Diagnostic>> {
        let full = if text.starts_with('$') { text.to_owned() } else { format!("$.{text}") };
        let Ok(query) = parse_json_path(&full) else {
            let plain = Diagnostic::new(Code::BadPath, place, format!("`{text}` is no path"));
            return Err(Box::new(plain.hint("a path reads like `a.b[0].c`; quote an odd key as `['two words']`")));
        };
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
    fn accents_are_letters_and_nonsense_is_refused() {
        assert_eq!(path("endereço").root(), Some("endereço"));
        assert!(Path::parse("a..[", &Place::file("x.yaml")).is_err());
    }
}
