//! Values, moments and counts as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::mapping::field::{is_empty, raw_of};

/// Longest text shown whole.
const SHOWN: usize = 60;

/// A value of a field on one line.
pub(super) fn value(value: &Value) -> String {
    if is_empty(value) {
        return "(empty)".to_owned();
    }
    if let Some(raw) = raw_of(value) {
        return format!("(no twin for {})", self::value(raw));
    }
    match value {
        Value::String(text) => short(text),
        Value::Array(list) => short(&list.iter().map(self::value).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => short(&value.to_string()),
    }
}

/// A text on one line, cut where it is longer than people read.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    let cut: String = line.chars().take(SHOWN - 1).collect();
    format!("{}…", cut.trim_end())
}

/// A text in lines of at most `width` columns; a longer word stays whole.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A moment, in the zone of the machine.
pub(super) fn moment(ms: i64) -> String {
    let Ok(at) = Timestamp::from_millisecond(ms) else { return ms.to_string() };
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A length of time.
pub(super) fn length(ms: u64) -> String {
    let (seconds, tenths) = (ms / 1_000, ms % 1_000 / 100);
    match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{seconds}.{tenths} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A number with its word, such as `1 link` or `3 links`.
pub(super) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_read_like_words() {
        assert_eq!(value(&json!(null)), "(empty)");
        assert_eq!(value(&json!(["a", "b"])), "a, b");
        assert_eq!(value(&json!({"unresolved": 7})), "(no twin for 7)");
        assert_eq!(value(&json!({"a": {"b": 1}})), r#"{"a":{"b":1}}"#);
        assert_eq!(value(&json!("two\n lines")), "two lines");
        assert_eq!(value(&json!("x".repeat(99))).chars().count(), 60);
    }

    #[test]
    fn long_texts_are_wrapped_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("overlong a", 4), ["overlong", "a"]);
    }

    #[test]
    fn lengths_read_like_words() {
        assert_eq!([length(7), length(1_250), length(61_000)], ["7 ms", "1.2 s", "1 min 1 s"]);
    }
}
