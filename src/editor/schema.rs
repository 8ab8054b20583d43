//! JSON Schemas of the files that people write, made of `keys.yaml`.
//!
//! The schema says which keys there are, what they take and what they are for. Whether a name leads
//! anywhere is for `depara check` to say.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Tongue;
use crate::config::located::{self, Located, Node};
use crate::config::system::Habit;
use crate::diagnostic::Diagnostics;

const KEYS: &str = include_str!("keys.yaml");
const ARROWS: &str = "<=>|=>|<=|⇔|⇒|⇐";
/// Any other key than those that are named.
const REST: &str = "*";

/// A kind of file.
pub struct Kind {
    /// Its name, which is also that of its schema.
    pub name: &'static str,
    /// Where such files are.
    pub files: &'static str,
    root: &'static str,
}

/// The kinds of files that people write as YAML.
pub const KINDS: [Kind; 6] = [
    Kind { name: "mapping", files: "mappings/**/*.yaml", root: "Mapping" },
    Kind { name: "system", files: "mappings/systems/*.yaml", root: "System" },
    Kind { name: "table", files: "mappings/tables/*.yaml", root: "Table" },
    Kind { name: "case", files: "tests/cases/**/*.yaml", root: "Case" },
    Kind { name: "mutants", files: "tests/mutants/**/*.yaml", root: "Mutants" },
    Kind { name: "depara", files: "depara.yaml", root: "Accounts" },
];

/// The schema of a kind, as it stands in its file.
pub fn text(kind: &Kind, tongue: Tongue) -> String {
    serde_json::to_string_pretty(&of(kind, tongue)).map(|text| text + "\n").unwrap_or_default()
}

/// The schema of a kind.
pub fn of(kind: &Kind, tongue: Tongue) -> Value {
    let mut complaints = Diagnostics::default();
    let written = located::parse("keys.yaml", KEYS, &mut complaints);
    let book = Book { entries: written.as_ref().map(entries_of).unwrap_or_default(), tongue };
    let mut wanted = vec![kind.root.to_owned()];
    let (mut seen, mut definitions) = (BTreeSet::new(), Map::new());
    while let Some(name) = wanted.pop() {
        if seen.insert(name.clone()) {
            definitions.insert(name.clone(), book.definition(&name, &mut wanted));
        }
    }
    let mut schema = definitions.remove(kind.root).unwrap_or_default();
    if let Some(map) = schema.as_object_mut() {
        map.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
        map.insert("title".to_owned(), format!("depara: {}", kind.files).into());
        map.insert("definitions".to_owned(), definitions.into());
    }
    schema
}

fn entries_of(at: &Located) -> &[(located::Word, Located)] {
    match &at.node {
        Node::Map(map) => map,
        Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::Text(_) | Node::List(_) => &[],
    }
}

struct Book<'a> {
    entries: &'a [(located::Word, Located)],
    tongue: Tongue,
}

impl Book<'_> {
    fn definition(&self, name: &str, wanted: &mut Vec<String>) -> Value {
        let Some((_, at)) = self.entries.iter().find(|(word, _)| word.text == name) else { return json!(true) };
        if let Node::List(_) = at.node {
            return self.takes(&texts(at, self.tongue).0, wanted);
        }
        let (mut properties, mut required, mut more) = (Map::new(), Vec::new(), json!(false));
        let mut about = String::new();
        for (word, line) in entries_of(at) {
            let (takes, said) = texts(line, self.tongue);
            if word.text == "about" {
                about = said;
                continue;
            }
            let mut schema = self.takes(&takes, wanted);
            if let Some(map) = schema.as_object_mut() {
                map.insert("description".to_owned(), said.into());
            }
            let key = word.text.strip_suffix('!').inspect(|key| required.push(Value::from(*key)));
            match key.unwrap_or(&word.text) {
                REST => more = schema,
                key => drop(properties.insert(key.to_owned(), schema)),
            }
        }
        let mut found = json!({
            "type": "object",
            "description": about,
            "properties": properties,
            "additionalProperties": more,
        });
        if let Some(map) = found.as_object_mut().filter(|_| !required.is_empty()) {
            map.insert("required".to_owned(), required.into());
        }
        found
    }

    /// The schema of what a key takes; names of other entries that it speaks of become wanted.
    fn takes(&self, text: &str, wanted: &mut Vec<String>) -> Value {
        if let Some(of) = text.strip_prefix("list of ") {
            return json!({ "type": "array", "items": self.takes(of, wanted) });
        }
        if text.contains(" or ") {
            let any: Vec<Value> = text.split(" or ").map(|one| self.takes(one, wanted)).collect();
            return json!({ "anyOf": any });
        }
        if let Some(of) = text.strip_prefix("map of ").or_else(|| text.strip_prefix("sides of ")) {
            return json!({ "type": "object", "additionalProperties": self.takes(of, wanted) });
        }
        if text.contains('|') {
            return json!({ "enum": text.split('|').collect::<Vec<_>>() });
        }
        match text {
            "arrows" | "lines" => self.lines(text == "lines", wanted),
            "texts" => json!({ "anyOf": [plain("text"), { "type": "array", "items": plain("text") }] }),
            "rows" => json!({ "type": "array", "items": { "type": "object" } }),
            name if self.entries.iter().any(|(word, _)| word.text == name) => {
                wanted.push(name.to_owned());
                json!({ "$ref": format!("#/definitions/{name}") })
            }
            word => plain(word),
        }
    }

    /// Lines have an arrow in their key; groups have none.
    fn lines(&self, groups: bool, wanted: &mut Vec<String>) -> Value {
        let field = json!({ "anyOf": [self.takes("Field", wanted), { "type": "null" }] });
        let more = if groups { self.takes("Group", wanted) } else { json!(false) };
        json!({ "type": "object", "patternProperties": { ARROWS: field }, "additionalProperties": more })
    }
}

/// What a line takes, and what it says in a language.
fn texts(line: &Located, tongue: Tongue) -> (String, String) {
    let mut unheard = Diagnostics::default();
    let words = line.texts(&mut unheard);
    let word = |at: usize| words.get(at).map(|(text, _)| text.clone()).unwrap_or_default();
    (word(0), word(if tongue == Tongue::English { 1 } else { 2 }))
}

/// A value that is no other entry.
fn plain(word: &str) -> Value {
    let pattern = |text: &str| json!({ "type": "string", "pattern": text });
    match word {
        // Digits are a text too.
        "text" => json!({ "type": ["string", "integer"] }),
        "count" => json!({ "type": "integer", "minimum": 0 }),
        "number" => json!({ "type": "integer", "minimum": 1 }),
        "bool" => json!({ "type": "boolean" }),
        "object" => json!({ "type": "object" }),
        "duration" => pattern(r"^[0-9]+\s*(ms|s|m|h|d)$"),
        "moment" => pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:"),
        "arrow" => pattern(&format!(r"^\s*\S.*({ARROWS}).*\S\s*$")),
        "both" => pattern(r"^\s*\S.*(<=>|⇔).*\S\s*$"),
        "store" => pattern("^sled:.+"),
        "shape" => {
            let habits = Habit::ALL.map(|(word, _)| word).join("|");
            let mark = format!(r"required|read_only|unique|{habits}|[0-9]+|\S*\|\S*");
            pattern(&format!(r"^\s*(text|integer|number|bool|list|map|any)(\s+({mark}))*\s*$"))
        }
        "today" => json!({ "const": "today" }),
        _ => json!({}),
    }
}
