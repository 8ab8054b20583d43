//! A record: a JSON object in the spelling that reading shows.
//!
//! Members that begin with `_` are the server's own and never shown.

use serde_json::{Map, Value};

/// A record, and any other JSON object.
pub(super) type Row = Map<String, Value>;

/// A text member, empty where there is none.
pub(super) fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number, zero where there is none.
pub(super) fn whole(row: &Row, name: &str) -> i64 {
    row.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// A number, zero where there is none.
pub(super) fn number(row: &Row, name: &str) -> f64 {
    row.get(name).and_then(Value::as_f64).unwrap_or_default()
}

/// A flag, false where there is none.
pub(super) fn flag(row: &Row, name: &str) -> bool {
    row.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// The items of a list member.
pub(super) fn items<'a>(row: &'a Row, name: &str) -> &'a [Value] {
    row.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The objects of a list member.
pub(super) fn objects<'a>(row: &'a Row, name: &str) -> impl Iterator<Item = &'a Row> {
    items(row, name).iter().filter_map(Value::as_object)
}

/// Sets a member.
pub(super) fn set(row: &mut Row, name: &str, value: impl Into<Value>) {
    row.insert(name.to_owned(), value.into());
}

/// Gives a member another name.
pub(super) fn rename(row: &mut Row, from: &str, to: &str) {
    if let Some(value) = row.remove(from) {
        row.insert(to.to_owned(), value);
    }
}

/// A member whose name may be written in any case.
pub(super) fn any_case<'a>(body: &'a Row, name: &str) -> Option<&'a Value> {
    body.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// An object, as a row.
pub(super) fn object(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Row::default(),
    }
}
