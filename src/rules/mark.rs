//! Scripts that tell which of their statements ran.
//!
//! A call is put before each statement, and nothing else changes: no line moves, and a rule answers what
//! it always did. Marked scripts are slower and are called by nobody but `depara test`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::outline::outline;
use super::token::tokens;
use super::{RuleSet, Script, functions_of, host};
use crate::diagnostic::Place;

/// The function that a marked script calls before each statement.
const RAN: &str = "__ran";

/// A statement.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The script.
    pub script: String,
    /// The function it stands in.
    pub function: String,
    /// Where it begins, and up to where it reaches.
    pub place: Place,
}

/// The statements of marked scripts.
pub struct Marks {
    /// All of them.
    pub spots: Vec<Spot>,
    ran: Arc<Mutex<BTreeSet<usize>>>,
}

impl Marks {
    /// Those that ran since this was last asked, by index.
    pub fn take(&self) -> BTreeSet<usize> {
        std::mem::take(&mut *self.ran.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RuleSet {
    /// The same rules, which tell what of them ran. A script whose marks would change what it means is
    /// left without.
    pub fn marked(&self) -> (Self, Marks) {
        let mut engine = host::engine();
        let ran = Arc::new(Mutex::new(BTreeSet::new()));
        let told = Arc::clone(&ran);
        engine.register_fn(RAN, move |spot: i64| {
            told.lock().unwrap_or_else(PoisonError::into_inner).extend(usize::try_from(spot));
        });
        engine.set_max_operations(host::OPERATIONS_MAX.saturating_mul(4));
        let mut spots = Vec::new();
        let mut scripts = self.scripts.clone();
        for (name, script) in &mut scripts {
            let before = spots.len();
            let text = script.marked(name, &mut spots);
            if let Ok(ast) = engine.compile(&text) {
                let functions = functions_of(&ast, &text);
                let (file, text) = (Arc::clone(&script.file), Arc::clone(&script.text));
                *script = Arc::new(Script { file, text, ast, functions });
            } else {
                spots.truncate(before);
            }
        }
        (Self { engine: Arc::new(engine), scripts }, Marks { spots, ran })
    }
}

impl Script {
    fn marked(&self, name: &str, spots: &mut Vec<Spot>) -> String {
        let tokens = tokens(&self.text);
        let outline = outline(&tokens);
        let (mut text, mut from) = (String::new(), 0);
        for statement in &outline.statements {
            let inside = tokens.get(statement.tokens.clone()).unwrap_or_default();
            let (Some(first), Some(last)) = (inside.first(), inside.last()) else { continue };
            text.push_str(self.text.get(from..first.span.start).unwrap_or_default());
            from = first.span.start;
            if write!(text, "{RAN}({});", spots.len()).is_err() {
                continue;
            }
            spots.push(Spot {
                script: name.to_owned(),
                function: outline.functions.get(statement.function).copied().unwrap_or_default().to_owned(),
                place: Place::over(&self.file, &self.text, first.span.start..last.span.end),
            });
        }
        text.push_str(self.text.get(from..).unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnostic::Diagnostics;

    #[test]
    fn what_ran_is_told_and_the_answer_stays() {
        let text = "fn pick(v) {\n  let x = if v > 1 { \"a\" } else { \"b\" };\n  for one in [x] {\n    if one == \"a\" { return 1; }\n  }\n  2\n}";
        let mut complaints = Diagnostics::default();
        let set = RuleSet::compile([("s", "scripts/s.rhai", text)], &mut complaints);
        let rule = set.find(&["s".to_owned()], "pick", 1, &Place::file("m.yaml")).unwrap();
        let (marked, marks) = set.marked();
        for (given, answer, lines) in [(2, 1, vec![2, 2, 3, 4, 4]), (1, 2, vec![2, 2, 3, 4, 6])] {
            assert_eq!(marked.call(&rule, [(&json!(given)).into()], &Arc::default()), Ok(json!(answer)));
            let ran = marks.take();
            let told: Vec<usize> =
                ran.iter().filter_map(|spot| marks.spots.get(*spot)).map(|spot| spot.place.line).collect();
            assert_eq!(told, lines);
        }
        assert!(marks.spots.iter().all(|spot| spot.function == "pick") && marks.take().is_empty());
    }
}
