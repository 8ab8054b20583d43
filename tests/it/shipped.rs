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
