//! What the binary carries checks clean.

use std::collections::BTreeMap;
use std::sync::Arc;

use depara::config::files;
use depara::diagnostic::Diagnostics;
use depara::mapping::Sent;
use depara::record::Side;
use depara::reference::References;
use depara::workspace::Workspace;
use serde_json::{Value, json};

fn carried() -> Workspace {
    let opened = Workspace::compile(&files::carried(), &|_| None, Diagnostics::default());
    opened.unwrap_or_else(|complaints| panic!("{complaints}"))
}

/// What the lines of a mapping are known by in a base, after an edit of the files and with other parameters.
fn keys(mapping: &str, edit: (&str, &str), parameters: Value) -> BTreeMap<String, String> {
    let mut files = files::carried();
    assert!(files.values().any(|text| text.contains(edit.0)), "nobody writes `{}`", edit.0);
    files.values_mut().for_each(|text| *text = text.replace(edit.0, edit.1));
    let workspace = Workspace::compile(&files, &|_| None, Diagnostics::default());
    let mapping = &workspace.unwrap_or_else(|complaints| panic!("{complaints}")).mappings[mapping];
    let mut given = mapping.parameters.clone();
    given.extend(parameters.as_object().unwrap().clone());
    mapping.of_account(given).fields.into_iter().map(|field| (field.name, field.key)).collect()
}

#[test]
fn a_line_is_another_one_when_what_it_sees_or_comes_to_changes_and_not_with_a_comment() {
    let changed = |mapping: &str, edit: (&str, &str), parameters: Value| -> Vec<String> {
        let before = keys(mapping, ("fn", "fn"), json!({}));
        let after = keys(mapping, edit, parameters);
        after.into_iter().filter(|(name, key)| before[name] != *key).map(|(name, _)| name).collect()
    };
    let (clients, orders) = ("omie-ploomes/clientes", "omie-auvo/tarefas-os");
    let phones = ["fax", "telefone1", "telefone2"];
    let same = |text: &'static str| (text, text);
    assert_eq!(changed(clients, ("/// Reads the phones", "// Reads  the phones"), json!({})), [""; 0]);
    assert_eq!(changed(clients, ("    #{ telefone1: one", "\n  // so\n  #{  telefone1: one"), json!({})), [""; 0]);
    assert_eq!(
        changed(clients, ("of: [telefone1_ddd, telefone1_numero, ", "of: [telefone1_numero, "), json!({})),
        phones
    );
    assert_eq!(
        changed(clients, ("fn joined(area, number) {", "fn joined(area, number) { digits(area);"), json!({})),
        phones
    );
    let asked = changed(orders, same("fn"), json!({ "codigo_lc116": "7.02" }));
    assert!(!asked.is_empty() && asked.len() < keys(orders, same("fn"), json!({})).len(), "{asked:?}");
    assert_eq!(changed(orders, same("fn"), json!({ "aprovado": ["nobody asks"] })), [""; 0]);
}

#[test]
fn the_shipped_workspace_checks_clean() {
    let workspace = carried();
    assert!(workspace.mappings.contains_key("omie-ploomes/clientes"));
}

/// A person who edits a newborn record at once must not make its other values look typed there.
#[test]
fn what_a_rule_writes_in_other_words_is_known_as_what_it_reads_as() {
    let workspace = carried();
    let mapping = &workspace.mappings["omie-auvo/clientes"];
    let at = |label: &str| mapping.field_named(label).unwrap();
    let mut references = References::default();
    let cities = [("cCod".to_owned(), "SAO PAULO (SP)".to_owned())];
    references.put_found("omie.cidades", vec![json!({ "cCod": "SAO PAULO (SP)" })], cities);
    let references = Arc::new(references);
    let write = |line: &str| {
        let typed = [("Nome", json!("Aurora")), ("Endereço", json!(line))];
        let typed: BTreeMap<usize, Value> = typed.into_iter().map(|(label, value)| (at(label), value)).collect();
        let draft = mapping.write(Side::Left, &typed, None, &references).unwrap();
        draft.sent[&at("Endereço")].clone()
    };
    let read = "Rodovia do Café, 10 - Centro, SAO PAULO - SP, 01310-100";
    assert_eq!(write("Rodovia do Café, 10, Centro, São Paulo - SP, 01310-100"), Sent::Written(Some(json!(read))));
    assert_eq!(write(read), Sent::Written(None));
}
