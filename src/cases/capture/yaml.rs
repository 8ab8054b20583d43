//! Writes a case as people write one: what fits stands in one line, the rest below its key.

use serde_json::Value;

/// Most letters of a line that holds more than one value.
const WIDTH: usize = 110;
/// Words that are no texts when nothing stands around them.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "nan", "inf"];

/// A file: the comments above it, and its keys.
pub(super) fn text(head: &str, entries: &[(&'static str, Value)]) -> String {
    let mut text = head.to_owned();
    for (key, value) in entries {
        entry(key, value, "", 0, &mut text);
    }
    text
}

fn entry(key: &str, value: &Value, before: &str, level: usize, text: &mut String) {
    let start = format!("{}{before}{}:", " ".repeat(level), scalar(key));
    let line = flow(value);
    let inner = level + before.len() + 2;
    match value {
        Value::Object(map) if !fits(&start, &line) => {
            text.push_str(&format!("{start}\n"));
            map.iter().for_each(|(key, value)| entry(key, value, "", inner, text));
        }
        Value::Array(list) if !fits(&start, &line) => {
            text.push_str(&format!("{start}\n"));
            list.iter().for_each(|one| item(one, inner, text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            text.push_str(&format!("{start} {line}\n"));
        }
    }
}

fn item(value: &Value, level: usize, text: &mut String) {
    let start = format!("{}-", " ".repeat(level));
    let line = flow(value);
    match value {
        Value::Object(map) if !fits(&start, &line) => {
            for (at, (key, value)) in map.iter().enumerate() {
                let (before, level) = if at == 0 { ("- ", level) } else { ("", level + 2) };
                entry(key, value, before, level, text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            text.push_str(&format!("{start} {line}\n"));
        }
    }
}

fn fits(start: &str, line: &str) -> bool {
    start.chars().count() + 1 + line.chars().count() <= WIDTH
}

fn flow(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            format!("{{ {} }}", joined(pairs.collect()))
        }
        Value::Array(list) => format!("[{}]", joined(list.iter().map(flow).collect())),
        Value::String(text) => scalar(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A text as it stands where nobody can mistake it, else in quotes.
fn scalar(text: &str) -> String {
    let plain = |sign: char| sign.is_alphanumeric() || " -_./".contains(sign);
    let is_plain = text.starts_with(char::is_alphabetic)
        && text.chars().all(plain)
        && !text.ends_with(' ')
        && !text.contains(" -")
        && !RESERVED.contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::located;
    use crate::diagnostic::Diagnostics;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_as_it_was() {
        let long = "palavra ".repeat(12);
        let value = json!({
            "texts": ["Ana", "", " x ", "a: b", "# c", "true", "No", "7", "00012", "1.5", "~", "-", "é\n\"ü\"", "@x", "a, b", "[", "S"],
            "rows": [{ "Id": 7, "Name": long.trim(), "List": [{ "a": long.trim(), "b": [] }] }, { "Id": 8 }, []],
            "@odata.count": { "a b": long, "c": null, "d": -1.5, "e": {}, "f": true },
            "date": "2026-02-12T14:00:00", "url": "https://x.example/a?b=c&d",
        });
        let entries = [("case", Value::from("one: two")), ("deep", value.clone())];
        let text = text("# head\n", &entries);
        let tree = located::parse("x.yaml", &text, &mut Diagnostics::default()).unwrap();
        assert_eq!(tree.json(), json!({ "case": "one: two", "deep": value }), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
