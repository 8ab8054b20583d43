//! The schemas that editors look into say what the loader says: the same keys, no shipped file refused,
//! and each way of writing a file wrongly that a schema can see is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, SchemaIndex, Schemas};
use depara::cases;
use depara::config::files::{self, Files};
use depara::config::located::{self, Located};
use depara::config::mapping::MappingSpec;
use depara::config::system::System;
use depara::config::{account, line};
use depara::diagnostic::{Code, Diagnostics};
use depara::editor::schema::{KINDS, Kind, of};
use depara::editor::{self, Tongue};
use depara::workspace::Workspace;
use serde_json::{Value, json};

/// A key that is like no other.
const NOBODYS: &str = "qqqqqqqqqqqqqqqq";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn kind_of(file: &str) -> Option<&'static Kind> {
    let name = match file {
        "depara.yaml" => "depara",
        file if !file.ends_with(".yaml") => return None,
        file if file.starts_with("mappings/systems/") => "system",
        file if file.starts_with("mappings/tables/") => "table",
        file if file.starts_with("mappings/") => "mapping",
        file if file.starts_with("tests/mutants/") => "mutants",
        _ => "case",
    };
    KINDS.iter().find(|kind| kind.name == name)
}

fn parsed(file: &str, text: &str) -> Option<Located> {
    located::parse(file, text, &mut Diagnostics::default())
}

/// The shipped files, and those of the small workspace that broken files stand in.
fn sound() -> Files {
    let mut files = files::carried();
    let mut unread = Diagnostics::default();
    files.extend(files::disk(&root().join("tests/broken/_workspace"), &mut unread));
    files.retain(|file, _| kind_of(file).is_some());
    assert!(files.len() > 100);
    files
}

struct Judge {
    schemas: Schemas,
    by_kind: BTreeMap<&'static str, SchemaIndex>,
}

impl Judge {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let mut by_kind = BTreeMap::new();
        for kind in &KINDS {
            let place = format!("https://depara.example/{}.json", kind.name);
            compiler.add_resource(&place, of(kind, Tongue::English)).unwrap();
            by_kind.insert(kind.name, compiler.compile(&place, &mut schemas).unwrap());
        }
        Self { schemas, by_kind }
    }

    fn refusal(&self, kind: &Kind, value: &Value) -> Option<String> {
        self.schemas.validate(value, self.by_kind[kind.name]).err().map(|error| error.to_string())
    }
}

#[test]
fn no_sound_file_is_refused() {
    let judge = Judge::new();
    for (file, text) in sound() {
        let refusal = judge.refusal(kind_of(&file).unwrap(), &parsed(&file, &text).unwrap().json());
        assert!(refusal.is_none(), "{file}: {}", refusal.unwrap());
    }
}

#[test]
fn what_is_written_wrongly_is_seen_where_a_schema_can_see_it() {
    let judge = Judge::new();
    let mut missed = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(root().join("tests/broken")).unwrap().map(|one| one.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let file = text.lines().next().unwrap().trim_start_matches('#').trim().to_owned();
        let (Some(kind), Some(tree)) = (kind_of(&file), parsed(&file, &text)) else { continue };
        let seen = judge.refusal(kind, &tree.json()).is_some();
        let code = Code::named(name.split('.').next().unwrap()).unwrap();
        let of_form =
            [Code::UnknownKey, Code::MissingKey, Code::WrongType, Code::BadArrow, Code::BadValue].contains(&code);
        assert!(!seen || of_form, "the schema refuses {name}, which is well formed");
        if !seen && of_form {
            missed.push(name);
        }
    }
    assert_eq!(missed, Vec::<String>::new());
}

/// What the loader says of a file of a kind.
fn loaded(kind: &Kind, text: &str, workspace: &mut Workspace) -> Diagnostics {
    let (file, mut found) = ("file.yaml", Diagnostics::default());
    if kind.name == "system" {
        System::load(file, text, &mut found);
        return found;
    }
    let tree = located::parse(file, text, &mut found).unwrap();
    match kind.name {
        "mapping" => drop(MappingSpec::read(&tree, file, &mut found)),
        "table" => drop(line::read_pairs(&tree, &mut found)),
        "depara" => drop(account::read(&tree, &|_| Some("set".to_owned()), &mut found)),
        "mutants" => {
            workspace.project.mutants = vec![(file.to_owned(), tree)];
            cases::mutants::explained(workspace, &mut found);
        }
        _ => {
            workspace.project.cases = vec![(file.to_owned(), tree)];
            cases::read(workspace, &mut found);
        }
    }
    found
}

/// Every map of a value that a schema describes, by the name of its description.
fn maps(schema: &Value, whole: &Value, name: &str, value: &Value, at: String, found: &mut Vec<(String, String)>) {
    if let Some(place) = schema["$ref"].as_str() {
        let name = place.rsplit('/').next().unwrap();
        return maps(&whole["definitions"][name], whole, name, value, at, found);
    }
    for one in schema["anyOf"].as_array().into_iter().flatten() {
        maps(one, whole, name, value, at.clone(), found);
    }
    if let (Some(list), true) = (value.as_array(), schema["items"].is_object()) {
        for (index, value) in list.iter().enumerate() {
            maps(&schema["items"], whole, name, value, format!("{at}/{index}"), found);
        }
    }
    let (Some(map), Some("object")) = (value.as_object(), schema["type"].as_str()) else { return };
    if schema["properties"].is_object() {
        found.push((name.to_owned(), at.clone()));
    }
    for (key, value) in map {
        let arrow = key.contains("=>") || key.contains("<=");
        let pattern = schema["patternProperties"].as_object().and_then(|map| map.values().next()).filter(|_| arrow);
        let next = schema["properties"].get(key).or(pattern).unwrap_or(&schema["additionalProperties"]);
        maps(next, whole, name, value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
    }
}

/// Files that use what no shipped file does.
fn rare() -> Vec<(&'static str, Value)> {
    let call = json!({ "path": "/x", "paging": { "pages": { "size": 1 } } });
    vec![
        (
            "mappings/rare.yaml",
            json!({
                "mapping": "a/b", "link": "a.x <=> b.y", "on_conflict": { "rule": "wins" },
                "rules": { "keep": { "a": { "name": "keeps", "of": ["x"] } } }, "limits": {},
                "fields": { "x <=> x": { "table": { "a": "b" } } },
            }),
        ),
        (
            "mappings/systems/rare.yaml",
            json!({
                "system": "a", "base_url": "https://a", "secrets": "k", "limits": {}, "retry": {},
                "auth": { "token": { "path": "/t", "at": "t", "lives": "1h" } },
                "pace": { "windows": [{ "calls": 1, "per": "1s" }], "at_once": {}, "spacing": {} },
                "request": {}, "outcomes": [{ "is": "done", "status": 200 }],
                "resources": { "x": {
                    "id": "id", "changed": { "at": "c" }, "author": { "at": "u" }, "list": call, "fetch": { "path": "/x" },
                    "create": { "path": "/x", "answer": { "id": "id" } }, "update": { "path": "/x" },
                    "join": { "j": { "of": "x", "by": "id" } }, "shape": { "id": { "kind": "text" } },
                } },
            }),
        ),
    ]
}

#[test]
fn the_keys_are_those_that_the_loader_knows() {
    let carried = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
    let mut workspace = carried.unwrap_or_else(|complaints| panic!("{complaints}"));
    let read = |(file, text): (String, String)| (kind_of(&file).unwrap(), parsed(&file, &text).unwrap().json());
    let rare = rare().into_iter().map(|(file, value)| (file.to_owned(), value.to_string()));
    let specimens: Vec<_> = rare.chain(sound()).map(read).collect();
    let mut open = BTreeSet::new();
    for kind in &KINDS {
        let schema = of(kind, Tongue::English);
        let mut asked = BTreeSet::new();
        for (_, value) in specimens.iter().filter(|(one, _)| one.name == kind.name) {
            let mut found = Vec::new();
            maps(&schema, &schema, kind.name, value, String::new(), &mut found);
            for (name, at) in found {
                if !asked.insert(name.clone()) {
                    continue;
                }
                let mut probe = value.clone();
                probe.pointer_mut(&at).unwrap()[NOBODYS] = Value::Null;
                let said = loaded(kind, &probe.to_string(), &mut workspace);
                let complaint = said.list.iter().find(|one| one.sentence == format!("unknown key `{NOBODYS}`"));
                let Some(complaint) = complaint else {
                    open.insert(name);
                    continue;
                };
                let hint = complaint.hint.clone().unwrap();
                let known: BTreeSet<&str> = hint.strip_prefix("known here: ").unwrap().split(", ").collect();
                let described = if name == kind.name { &schema } else { &schema["definitions"][&name] };
                let described: BTreeSet<&str> =
                    described["properties"].as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(known, described, "the loader's keys and those of src/editor/keys.yaml, in {name}");
            }
        }
        let definitions = schema["definitions"].as_object().unwrap();
        let silent = definitions.iter().filter(|(name, one)| one["properties"].is_object() && !asked.contains(*name));
        let silent: Vec<_> = silent.map(|(name, _)| name).collect();
        assert_eq!(silent, Vec::<&String>::new(), "no file that this test reads has these");
    }
    // These take any other key.
    assert_eq!(open, BTreeSet::from(["Access".to_owned(), "Table".to_owned(), "table".to_owned()]));
}

#[test]
fn every_key_is_described_in_both_languages() {
    for kind in &KINDS {
        let [english, portuguese] = [Tongue::English, Tongue::Portuguese].map(|tongue| of(kind, tongue));
        let all = |schema: &Value| {
            let whole = std::iter::once((kind.name.to_owned(), schema.clone()));
            let more = schema["definitions"].as_object().unwrap().iter();
            let maps: Vec<_> = whole.chain(more.map(|(name, one)| (name.clone(), one.clone()))).collect();
            let mut said = BTreeMap::new();
            for (name, one) in maps {
                for (key, inner) in one["properties"].as_object().into_iter().flatten() {
                    said.insert(format!("{name}.{key}"), inner["description"].as_str().unwrap_or_default().to_owned());
                }
            }
            said
        };
        let (english, portuguese) = (all(&english), all(&portuguese));
        for (key, said) in &english {
            assert!(said.ends_with('.') || said.ends_with("}`."), "{key}: {said}");
            assert!(portuguese[key].ends_with('.') && portuguese[key] != *said, "{key}: {}", portuguese[key]);
        }
    }
}

#[test]
fn the_repository_holds_what_the_command_writes() {
    for (name, text) in editor::files(Tongue::English) {
        let held = fs::read_to_string(root().join(editor::FOLDER).join(&name)).unwrap_or_default();
        assert!(held == text, "schema/{name} is old: `cargo run -- schema` writes it anew");
    }
}

#[test]
fn every_shipped_file_leads_to_its_schema() {
    for (file, text) in files::carried().iter().filter(|(file, _)| kind_of(file).is_some()) {
        let first = text.lines().next().unwrap();
        let place = first.strip_prefix("# yaml-language-server: $schema=");
        let place = place.unwrap_or_else(|| panic!("{file} begins without naming its schema: {first}"));
        let up = "../".repeat(file.matches('/').count());
        assert_eq!(place, format!("{up}schema/{}.json", kind_of(file).unwrap().name), "{file}");
    }
}
