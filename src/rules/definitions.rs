//! What scripts may call, as definitions for Rhai's language server.

use super::host;

const HEAD: &str = "\
// What a rule of this workspace may call, for the language server of Rhai; no script of its own.
// Written by `depara schema`.
";

/// Kinds of numbers that no value of a rule has.
const STRANGE: [&str; 10] = ["i8", "i16", "i32", "i128", "u8", "u16", "u32", "u64", "u128", "f32"];

/// Every function that a rule may call, with what it takes, gives and is for: just those of the engine
/// that runs the rules. Operators, and forms of a function for numbers that no rule meets, are left out.
pub fn text() -> String {
    let definitions = host::engine().definitions().with_headers(true).static_module();
    let mut text = HEAD.to_owned();
    for block in definitions.split("\n\n").filter(|block| is_met(block)) {
        text.extend(block.lines().flat_map(|line| [line.trim_end(), "\n"]));
        text.push('\n');
    }
    text.truncate(text.trim_end().len() + 1);
    text
}

fn is_met(block: &str) -> bool {
    let declared = block.lines().last().unwrap_or_default();
    let words = declared.split(|c: char| !c.is_alphanumeric() && c != '_');
    let unheard = |word: &str| STRANGE.contains(&word) || host::TAKEN_AWAY.contains(&word);
    !declared.starts_with("op ") && !words.into_iter().any(unheard)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names and numbers of parameters, with what is said above each.
    fn defined(text: &str) -> Vec<(String, usize, bool)> {
        let mut told = false;
        let mut found = Vec::new();
        for line in text.lines() {
            if let Some((name, rest)) = line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
                let inside = rest.split_once(") ->").unwrap().0;
                let name = name.trim_start_matches("get ").trim_start_matches("set ").to_owned();
                found.push((name, inside.matches(": ").count(), told));
            }
            told = line.starts_with("///");
        }
        found
    }

    #[test]
    fn they_are_those_of_the_engine() {
        let defined: BTreeSet<_> = defined(&text()).into_iter().map(|(name, count, _)| (name, count)).collect();
        let callable = super::super::native_functions(&host::engine());
        let callable: BTreeSet<_> = callable
            .into_iter()
            .map(|(name, count)| (name.trim_start_matches("get$").trim_start_matches("set$").to_owned(), count))
            .filter(|(name, _)| super::super::is_word(name) && !host::TAKEN_AWAY.contains(&name.as_str()))
            .collect();
        assert!(callable.contains(&("phone_br".to_owned(), 1)) && callable.len() > 100);
        let apart: Vec<_> = defined.symmetric_difference(&callable).collect();
        assert!(apart.is_empty(), "{apart:?}");
    }

    #[test]
    fn every_function_of_the_house_says_what_it_is_for() {
        let own = host::engine().definitions().include_standard_packages(false).static_module();
        let own = defined(&own);
        assert!(own.iter().any(|(name, ..)| name == "phone_br"));
        let silent: BTreeSet<_> = own.into_iter().filter(|(_, _, told)| !told).collect();
        assert_eq!(silent, BTreeSet::new());
    }
}
