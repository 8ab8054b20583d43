//! What the body of an answer holds: JSON as far as anybody can read it.

use std::borrow::Cow;

use serde_json::Value;

/// Deepest nest of an answer that makes sense. JSON is read to a depth of 128, and what is kept of an
/// answer lies within a form of the store: one any deeper could be written and never read again.
const DEPTH_MAX: usize = 64;

/// What the body of an answer holds.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Value),
    /// What begins as JSON and is none: it breaks off, is nested too deep, or holds letters of another encoding.
    Torn,
    /// Some other text, such as a page.
    Other(String),
}

/// Reads a body.
pub(super) fn content(body: &[u8]) -> Content {
    // Some servers lead with a byte order mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = String::from_utf8_lossy(body);
    // Letters that were lost would be taken for an edit (RFC 8259, section 8.1: JSON is UTF-8).
    let is_whole = matches!(text, Cow::Borrowed(_));
    let text = text.trim_ascii();
    if text.is_empty() {
        return Content::Empty;
    }
    let json = serde_json::from_str(text).or_else(|_| serde_json::from_str(&in_pairs(text)));
    match json {
        Ok(json) if is_whole && is_within(&json, DEPTH_MAX) => Content::Json(json),
        Ok(_) => Content::Torn,
        Err(_) if text.starts_with(['{', '[']) => Content::Torn,
        Err(_) => Content::Other(text.to_owned()),
    }
}

/// True when no list or map stands deeper.
fn is_within(json: &Value, depth: usize) -> bool {
    let inner = |json: &Value| depth.checked_sub(1).is_some_and(|depth| is_within(json, depth));
    match json {
        Value::Array(list) => list.iter().all(inner),
        Value::Object(map) => map.values().all(inner),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// A text that was cut inside a letter of two halves, such as an emoji, holds an escape of one half, which is no letter
/// (RFC 8259, section 8.2). The sign for what cannot be shown stands in its place, so that one such text does not make
/// a whole list unreadable.
fn in_pairs(text: &str) -> String {
    let (mut mended, mut rest) = (String::new(), text);
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        let length = match (half(escape), escape.get(6..).and_then(half)) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(Half::High | Half::Low), _) => {
                mended += before;
                mended += "\\ufffd";
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            // What is escaped may be a backslash.
            (None, _) => escape.char_indices().nth(2).map_or(escape.len(), |(at, _)| at),
        };
        let (kept, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        mended += before;
        mended += kept;
        rest = behind;
    }
    mended + rest
}

enum Half {
    High,
    Low,
}

/// The half of a letter whose escape a text begins with.
fn half(text: &str) -> Option<Half> {
    let code = u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    match code {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &str) -> Content {
        content(body.as_bytes())
    }

    #[test]
    fn half_a_letter_makes_nothing_else_unreadable() {
        let (whole, high, low) = (r"\ud83d\ude00", r"\ud83d", r"\ude00");
        for (shown, meant) in [
            (format!("a{whole}b"), "a\u{1f600}b"),
            (format!("a{high}"), "a\u{fffd}"),
            (format!("{low}é"), "\u{fffd}é"),
            (format!("{high}{whole}"), "\u{fffd}\u{1f600}"),
            (format!("{high}\\n\\\\{low}\\\""), "\u{fffd}\n\\\u{fffd}\""),
            (format!("{high}\\\\ud83d"), "\u{fffd}\\ud83d"),
        ] {
            assert_eq!(read(&format!(r#"["{shown}", 1]"#)), Content::Json(json!([meant, 1])), "{shown}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        assert_eq!((read(" \n"), read("\u{feff}")), (Content::Empty, Content::Empty));
        assert_eq!(read("\u{feff}{}"), Content::Json(json!({})));
        assert_eq!((read(r#"{"a": 1"#), read(r#"["\"#)), (Content::Torn, Content::Torn));
        assert_eq!(read(&format!("{}{}", "[".repeat(66), "]".repeat(66))), Content::Torn);
        assert_eq!(content(b"[\"Jo\xe3o\"]"), Content::Torn, "ISO 8859-1");
        assert_eq!(read("<p>Gateway</p>"), Content::Other("<p>Gateway</p>".to_owned()));
    }
}
