//! From the body of an answer to rows: where they stand, their ids, moments and authors.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};
use serde_json::{Number, Value};

use super::outcome::Row;
use crate::config::system::{Author, Changed, Form, Ours, Resource, System};
use crate::path::Path;

/// Takes the rows out of an answer; one record alone is a list of one.
pub(super) fn rows_of(records: Option<&Path>, body: &mut Value) -> Option<Vec<Value>> {
    let found = match records {
        None => Some(body.take()),
        Some(path) => take(path, body),
    };
    match found? {
        Value::Array(rows) => Some(rows),
        record @ Value::Object(_) => Some(vec![record]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Takes a value out, without a copy where the path is a plain key.
fn take(path: &Path, body: &mut Value) -> Option<Value> {
    match (path.root(), body) {
        (Some(root), Value::Object(map)) if root == path.text() => map.remove(root),
        (_, body) => path.get(body),
    }
}

/// Gives the members that an answer calls otherwise the names that the mappings know.
pub(super) fn rename(resource: &Resource, body: &mut Value) {
    let Some(map) = body.as_object_mut() else { return };
    for (name, here) in &resource.names {
        if !map.contains_key(name)
            && let Some(value) = map.remove(here)
        {
            map.insert(name.clone(), value);
        }
    }
}

/// Makes a row of a record; `None` when it has no id.
pub(super) fn row(system: &System, resource: &Resource, learned: Option<&str>, mut body: Value) -> Option<Row> {
    rename(resource, &mut body);
    let id = resource.id.peek(&body).and_then(text_of).filter(|id| !id.is_empty())?;
    let changed_ms = resource.changed.as_ref().and_then(|changed| moment(changed, &system.zone, &body));
    let author = resource.author.as_ref().and_then(|author| author_of(author, &body));
    let ours = resource.author.as_ref().is_some_and(|one| is_ours(one, learned, author.as_deref()));
    Some(Row { id, changed_ms, ours, author: author.map(String::into_boxed_str), body })
}

pub(super) fn is_ours(author: &Author, learned: Option<&str>, found: Option<&str>) -> bool {
    match &author.ours {
        Ours::Is(ours) => found.is_some_and(|found| found == ours),
        Ours::Learned => found.is_some() && found == learned,
    }
}

/// Who a record says changed it last.
pub(super) fn author_of(author: &Author, body: &Value) -> Option<String> {
    author.at.iter().find_map(|path| path.peek(body).and_then(text_of).filter(|text| !text.is_empty()))
}

fn moment(changed: &Changed, zone: &TimeZone, body: &Value) -> Option<i64> {
    let parts: Vec<String> = changed.at.iter().filter_map(|path| path.peek(body).and_then(text_of)).collect();
    let text = parts.join(" ");
    let local = |time: DateTime| Some(time.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond());
    match &changed.form {
        Form::Iso => match text.parse::<Timestamp>() {
            Ok(moment) => Some(moment.as_millisecond()),
            Err(_) => text.parse::<DateTime>().ok().and_then(local),
        },
        Form::Pattern(form) => strtime::parse(form, &text).and_then(|parsed| parsed.to_datetime()).ok().and_then(local),
    }
}

/// Whole numbers from here on stand in no float apart from each other.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A scalar as text; nothing for what is none, nor for a number too large to be told from its neighbours.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) if is_blurred(number) => None,
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_blurred(number: &Number) -> bool {
    number.is_f64() && number.as_f64().is_none_or(|float| float.abs() >= WHOLE_MAX)
}

/// Decodes the HTML entities of every text in a value, once.
pub(super) fn decode(value: &mut Value) {
    match value {
        Value::String(text) => {
            if text.contains('&') {
                *text = decode_text(text);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(decode),
        Value::Object(map) => map.values_mut().for_each(decode),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Longest name of an entity that is looked for.
const ENTITY_MAX: usize = 10;

fn decode_text(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        // Looked for nearby only: a text of nothing but `&` would else be read through for each of them.
        let end = after.bytes().take(ENTITY_MAX + 1).position(|byte| byte == b';');
        let entity = end.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?)));
        match entity.and_then(|(name, tail)| character(name).map(|c| (c, tail))) {
            Some((c, tail)) => {
                decoded.push(c);
                rest = tail;
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let code = name.strip_prefix('#')?;
            let number = match code.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => code.parse::<u32>().ok()?,
            };
            char::from_u32(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entities_are_decoded_once_and_a_plain_ampersand_stays() {
        let mut value = json!({"a": ["A &amp; B", "&quot;x&quot; &#233;&#xE9;"], "b": "AT&T; &amp;amp; &"});
        decode(&mut value);
        assert_eq!(value, json!({"a": ["A & B", "\"x\" éé"], "b": "AT&T; &amp; &"}));
    }

    #[test]
    fn a_number_too_large_for_a_float_is_no_id() {
        let read = |text: &str| text_of(&serde_json::from_str(text).unwrap());
        assert_eq!(read("18446744073709551615").as_deref(), Some("18446744073709551615"));
        assert_eq!(read("1.5").as_deref(), Some("1.5"));
        assert_eq!((read("18446744073709551616"), read("18446744073709551617")), (None, None));
    }

    #[test]
    fn moments_are_read_with_an_offset_or_in_the_zone() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        let path = |text| Path::parse(text, &crate::diagnostic::Place::file("x")).unwrap();
        let iso = Changed { at: vec![path("at")], form: Form::Iso };
        let three = moment(&iso, &zone, &json!({"at": "2022-12-15T14:59:45.13-03:00"}));
        assert_eq!(three, Some(1_671_127_185_130));
        assert_eq!(moment(&iso, &zone, &json!({"at": "2022-12-15T14:59:45.13"})), three);
        let parts = Changed { at: vec![path("d"), path("h")], form: Form::Pattern("%d/%m/%Y %H:%M:%S".to_owned()) };
        assert_eq!(moment(&parts, &zone, &json!({"d": "15/12/2022", "h": "14:59:45"})), Some(1_671_127_185_000));
        assert_eq!(moment(&parts, &zone, &json!({"d": "", "h": ""})), None);
    }
}
