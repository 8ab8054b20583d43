//! What a case expects, from what a plan does.

use serde_json::{Map, Value};

use super::super::{Fact, Kind};

/// Facts as `expect:` says them.
pub(super) fn tree(facts: &[Fact]) -> Value {
    let mut tree = Map::new();
    for fact in facts {
        let (word, about) = fact.what.split_once(' ').unwrap_or((&fact.what, ""));
        match fact.kind {
            Kind::Linked | Kind::Quarantined | Kind::Ambiguous => {
                tree.insert(word.to_owned(), fact.value.clone());
            }
            Kind::NewRow => {
                add(&mut tree, "new_rows", about.trim_start_matches("row "), vec![fact.value.clone()].into());
            }
            Kind::Held => add(&mut tree, word, about, Value::from(reason(&fact.text()))),
            Kind::Create { .. } | Kind::Update | Kind::Stamp | Kind::Conflict => {
                add(&mut tree, word, about, fact.value.clone());
            }
        }
    }
    if tree.contains_key("create") {
        tree.insert("exactly".to_owned(), Value::Bool(true));
    }
    if tree.is_empty() {
        tree.insert("nothing".to_owned(), Value::Bool(true));
    }
    Value::Object(tree)
}

/// Several about the same thing are a list.
fn add(tree: &mut Map<String, Value>, word: &str, about: &str, value: Value) {
    let slot = tree.entry(word).or_insert_with(|| Value::Object(Map::new()));
    let Some(map) = slot.as_object_mut() else { return };
    let all = match (map.remove(about), value) {
        (None, value) => value,
        (Some(Value::Array(mut list)), Value::Array(more)) => {
            list.extend(more);
            Value::Array(list)
        }
        (Some(Value::Array(mut list)), one) => {
            list.push(one);
            Value::Array(list)
        }
        (Some(first), one) => Value::Array(vec![first, one]),
    };
    map.insert(about.to_owned(), all);
}

/// A reason without the place that gives it: lines move.
fn reason(text: &str) -> &str {
    let place = text.rsplit_once(" (").filter(|(_, place)| place.ends_with(')') && place.contains(':'));
    place.map_or(text, |(reason, _)| reason)
}

/// What the plan of the masks does otherwise than the plan of the records.
pub(super) fn otherwise(plain: &[Fact], masked: &[Fact]) -> Vec<String> {
    let outlines = |facts: &[Fact]| -> Vec<String> { facts.iter().map(outline).collect() };
    let (mut plain, mut found) = (outlines(plain), Vec::new());
    for one in outlines(masked) {
        match plain.iter().position(|other| *other == one) {
            Some(at) => drop(plain.remove(at)),
            None => found.push(format!("only with masks: {one}")),
        }
    }
    let lost = plain.into_iter().map(|one| format!("only without masks: {one}"));
    lost.chain(found).map(|one| format!("{one}; --keep FIELD tells a field as it is")).collect()
}

/// What a fact is about, without any value.
fn outline(fact: &Fact) -> String {
    match &fact.value {
        Value::Object(map) => format!("{} of {}", fact.what, map.keys().cloned().collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => fact.what.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_become_what_a_case_expects() {
        let facts = [
            Fact::found(Kind::NewRow, "new row crm.tags", json!("A")),
            Fact::found(Kind::NewRow, "new row crm.tags", json!("B")),
            Fact::found(Kind::Linked, "linked", json!(true)),
            Fact::found(Kind::Update, "update crm", json!({ "Name": "Ana" })),
            Fact::found(Kind::Held, "waits Seller", json!("no (seller) (scripts/a.rhai:7:1)")),
            Fact::found(Kind::Held, "held crm", json!("one (a:1)")),
            Fact::found(Kind::Held, "held crm", json!("two")),
        ];
        let expected = json!({
            "new_rows": { "crm.tags": ["A", "B"] }, "linked": true, "update": { "crm": { "Name": "Ana" } },
            "waits": { "Seller": "no (seller)" }, "held": { "crm": ["one", "two"] }
        });
        assert_eq!(tree(&facts), expected);
        assert_eq!(tree(&[]), json!({ "nothing": true }));
        assert_eq!(otherwise(&facts, &facts), Vec::<String>::new());
        let said = otherwise(&facts[2..4], &facts[3..5]);
        assert!(
            said[0].starts_with("only without masks: linked") && said[1].starts_with("only with masks: waits Seller"),
            "{said:?}"
        );
    }
}
