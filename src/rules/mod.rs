//! The edge rules: every script compiled once, then called.
//!
//! A rule is a Rhai function that a mapping names. The set knows its scripts, their functions and
//! where each stands; a failing rule answers with script, line and column.

pub mod change;
pub mod definitions;
pub mod host;
mod idle;
pub mod mark;
mod outline;
pub mod reach;
mod token;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::iter;
use std::sync::Arc;

use rhai::{
    AST, ASTNode, CallFnOptions, Dynamic, Engine, EvalAltResult, Expr, FnCallExpr, ParseErrorType, Scope, Stmt,
};
use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, nearest};
use crate::reference::References;
use host::{from_dynamic, line_and_column, to_dynamic};

/// Every script of a workspace, compiled.
pub struct RuleSet {
    engine: Arc<Engine>,
    scripts: BTreeMap<String, Arc<Script>>,
}

struct Script {
    file: Arc<str>,
    text: Arc<str>,
    ast: AST,
    functions: Vec<Function>,
}

struct Function {
    name: String,
    parameters: usize,
    line: usize,
    comment: Comment,
}

/// What stands above a function, without the comment marks.
#[derive(Default)]
struct Comment {
    said: String,
    /// The same in Portuguese, from a row `/// pt: …` on.
    portuguese: String,
}

/// A function of a script, ready to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    script: String,
    /// The function's name.
    pub function: String,
    /// `file:line` of the function, for people.
    pub place: String,
    /// Of each parameter, the members that the function looks at; `None` where it may look at any.
    looks_at: Arc<[Option<BTreeSet<String>>]>,
}

/// A reference that a script names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consulted {
    /// `system.resource`, or a mapping.
    pub name: String,
    /// The field that one row is looked for by, where it is written out, and where.
    pub field: Option<(String, Place)>,
    /// Where it was named.
    pub place: Place,
}

/// A value that a rule is given.
pub enum Given<'a> {
    /// A value of its own.
    Value(Dynamic),
    /// A value of a record, of which the rule is handed no more than it looks at.
    Part(&'a Value),
}

impl Given<'_> {
    /// A map of values by name; what is missing is there as nothing.
    pub fn named<'b>(values: impl Iterator<Item = (&'b str, Option<Cow<'b, Value>>)>) -> Self {
        let named = values.map(|(name, value)| (name.into(), value.map_or(Dynamic::UNIT, |value| to_dynamic(&value))));
        Self::Value(Dynamic::from_map(named.collect()))
    }

    fn handed(self, looks_at: Option<&BTreeSet<String>>) -> Dynamic {
        match (self, looks_at) {
            (Self::Value(value), _) => value,
            (Self::Part(Value::Object(map)), Some(members)) => {
                let named = members.iter().filter_map(|name| Some((name.as_str().into(), to_dynamic(map.get(name)?))));
                Dynamic::from_map(named.collect())
            }
            (Self::Part(value), _) => to_dynamic(value),
        }
    }
}

impl<'a> From<&'a Value> for Given<'a> {
    fn from(value: &'a Value) -> Self {
        Self::Part(value)
    }
}

/// A rule that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct Error {
    /// The script file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What went wrong.
    pub message: String,
}

impl RuleSet {
    /// Compiles scripts given as (name, file, text). Complains about every one that does not parse
    /// or that calls a function nobody has.
    pub fn compile<'a>(
        scripts: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
        complaints: &mut Diagnostics,
    ) -> Self {
        let engine = Arc::new(host::engine());
        let mut set = Self { engine, scripts: BTreeMap::new() };
        let native = native_functions(&set.engine);
        for (name, file, text) in scripts {
            let file = complaints.remember(file, text);
            match set.engine.compile(text) {
                Ok(ast) => {
                    let script = Script { functions: functions_of(&ast, text), file, text: text.into(), ast };
                    complain_unknown_functions(&script, &native, complaints);
                    set.scripts.insert(name.to_owned(), Arc::new(script));
                }
                Err(error) => {
                    let (line, column) = line_and_column(error.position());
                    let sentence = lower_first(&error.err_type().to_string());
                    let plain = Diagnostic::new(Code::RhaiSyntax, &Place::at(&file, text, line, column), sentence);
                    let outside = matches!(error.err_type(), ParseErrorType::VariableUndefined(_));
                    let hint =
                        "a function sees its parameters and what it names itself; what several need is a function";
                    complaints.push(if outside { plain.hint(hint) } else { plain });
                }
            }
        }
        set
    }

    /// True when a script of this name was compiled.
    pub fn has_script(&self, name: &str) -> bool {
        self.scripts.contains_key(name)
    }

    /// The names of all scripts.
    pub fn script_names(&self) -> impl Iterator<Item = &str> {
        self.scripts.keys().map(String::as_str)
    }

    /// How many parameters the first function of a name takes in these scripts.
    pub fn parameters_of(&self, scripts: &[String], function: &str) -> Option<usize> {
        let all = scripts.iter().filter_map(|name| self.scripts.get(name)).flat_map(|script| &script.functions);
        all.into_iter().find(|one| one.name == function).map(|one| one.parameters)
    }

    /// Finds a function with so many parameters in the named scripts, in their order.
    ///
    /// # Errors
    /// A diagnostic at `place`, with the nearest name, when there is none or its parameters differ.
    pub fn find(
        &self,
        scripts: &[String],
        function: &str,
        parameters: usize,
        place: &Place,
    ) -> Result<Rule, Box<Diagnostic>> {
        let mut known = Vec::new();
        for name in scripts {
            let Some(script) = self.scripts.get(name) else { continue };
            for candidate in &script.functions {
                if candidate.name != function {
                    known.push(candidate.name.as_str());
                    continue;
                }
                let here = format!("{}:{}", script.file, candidate.line);
                if candidate.parameters == parameters {
                    let looks_at = (0..parameters).map(|parameter| script.looks_at(function, parameter)).collect();
                    return Ok(Rule { script: name.clone(), function: function.to_owned(), place: here, looks_at });
                }
                let sentence =
                    format!("rule `{function}` takes {} parameters, and is given {parameters}", candidate.parameters);
                let at = Place::at(&script.file, &script.text, candidate.line, 1);
                let plain = Diagnostic::new(Code::RuleArity, place, sentence).related(&at, "written here");
                return Err(Box::new(plain.because(format!("function {function}"))));
            }
        }
        let plain = Diagnostic::new(Code::UnknownRule, place, format!("no script has a rule `{function}`"));
        let elsewhere = self.scripts.iter().find(|(_, script)| {
            script.functions.iter().any(|one| one.name == function && one.parameters == parameters)
        });
        let is_hollow = |name: &&String| self.scripts.get(*name).is_some_and(|script| script.functions.is_empty());
        let hollow = scripts.iter().find(is_hollow);
        // What the two rules of a line begin with makes them no nearer to each other.
        let start = ["read_", "write_"].into_iter().find(|start| function.starts_with(start)).unwrap_or_default();
        let rest = known.iter().filter_map(|name| name.strip_prefix(start));
        let near = nearest(function.strip_prefix(start).unwrap_or(function), rest);
        let (hint, cause) = if let Some((name, _)) = elsewhere {
            let hint = format!("`{name}` has it: name that script under `scripts:`");
            (hint, format!("script {name} in {}", place.file))
        } else if let Some(name) = hollow {
            (format!("`{name}` holds no rule at all"), format!("hollow script {name}"))
        } else {
            let write = || format!("write `fn {function}(…)` in one of: {}", scripts.join(", "));
            (near.map_or_else(write, |near| format!("did you mean `{start}{near}`?")), format!("function {function}"))
        };
        Err(Box::new(plain.hint(hint).because(cause)))
    }

    /// What the author wrote above a rule, without the comment marks and the words in Portuguese.
    pub fn comment_of(&self, rule: &Rule) -> &str {
        self.comment(rule).map_or("", |comment| &comment.said)
    }

    /// What the author wrote of a rule in Portuguese, from `/// pt:` on; empty when nothing.
    pub fn portuguese_of(&self, rule: &Rule) -> &str {
        self.comment(rule).map_or("", |comment| &comment.portuguese)
    }

    fn comment(&self, rule: &Rule) -> Option<&Comment> {
        let functions = &self.scripts.get(&rule.script)?.functions;
        functions.iter().find(|function| function.name == rule.function).map(|function| &function.comment)
    }

    /// The references that scripts name in `find(…)` and `rows(…)`, with the field they look by.
    pub fn references_of(&self, scripts: &[String]) -> Vec<Consulted> {
        let mut found = Vec::new();
        for script in scripts.iter().filter_map(|name| self.scripts.get(name)) {
            script.ast.walk(&mut |path: &[ASTNode<'_>]| {
                if let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) = path.last()
                    && matches!(call.name.as_str(), "find" | "rows")
                    && let Some(Expr::StringConstant(name, position)) = call.args.first()
                {
                    let field = match call.args.get(1) {
                        // `rows` gives them all: nothing is lost where several are alike.
                        Some(Expr::StringConstant(field, at)) if call.name == "find" => {
                            Some((field.to_string(), script.place(*at)))
                        }
                        _ => None,
                    };
                    found.push(Consulted { name: name.to_string(), field, place: script.place(*position) });
                }
                true
            });
        }
        found
    }

    /// The texts that scripts are made with: what they compare with, and what they write.
    pub fn texts_of(&self, scripts: &[String]) -> Vec<&str> {
        let texts =
            scripts.iter().filter_map(|name| self.scripts.get(name)).flat_map(|script| token::texts(&script.text));
        texts.collect()
    }

    /// Calls a rule with values; `references` is what `find` looks into.
    ///
    /// # Errors
    /// What went wrong and where in the script.
    pub fn call<const N: usize>(
        &self,
        rule: &Rule,
        arguments: [Given<'_>; N],
        references: &Arc<References>,
    ) -> Result<Value, Error> {
        let looks_at = rule.looks_at.iter().map(Option::as_ref).chain(iter::repeat(None));
        let given: Vec<Dynamic> =
            arguments.into_iter().zip(looks_at).map(|(one, members)| one.handed(members)).collect();
        let Some(script) = self.scripts.get(&rule.script) else {
            let message = "the script is not loaded".to_owned();
            return Err(Error { file: rule.script.clone(), line: 1, column: 1, message });
        };
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(true).with_tag(Arc::clone(references));
        self.engine
            .call_fn_with_options::<Dynamic>(options, &mut Scope::new(), &script.ast, &rule.function, given)
            .and_then(|answer| from_dynamic(&answer))
            .map_err(|error| self.locate(script, rule, *error))
    }

    /// Calls a rule that gives a reason to stop something, or `()` to let it pass.
    ///
    /// # Errors
    /// What went wrong and where in the script; an answer that is neither goes wrong as well.
    pub fn reason<const N: usize>(
        &self,
        rule: &Rule,
        arguments: [Given<'_>; N],
        references: &Arc<References>,
    ) -> Result<Option<String>, Error> {
        match self.call(rule, arguments, references)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                let Place { file, line, column, .. } = self.place_of(rule);
                let message =
                    format!("`{}` gave {other}, which is no reason: a text stops, () lets pass", rule.function);
                Err(Error { file: file.to_string(), line, column, message })
            }
        }
    }

    /// An error with its place; with that of the rule where the error names none, as what takes too long.
    fn locate(&self, script: &Script, rule: &Rule, error: EvalAltResult) -> Error {
        let mut inner = error;
        let mut position = inner.position();
        while let EvalAltResult::ErrorInFunctionCall(_, _, cause, _) = inner {
            inner = *cause;
            position = if inner.position().is_none() { position } else { inner.position() };
        }
        let (line, column) = if position.is_none() {
            let place = self.place_of(rule);
            (place.line, place.column)
        } else {
            line_and_column(position)
        };
        inner.clear_position();
        Error { file: script.file.to_string(), line, column, message: lower_first(&inner.to_string()) }
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().collect::<String>() + letters.as_str())
}

fn functions_of(ast: &AST, text: &str) -> Vec<Function> {
    let rows: Vec<&str> = text.lines().collect();
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        if let Some(name) = declared(row) {
            lines.entry(name).or_insert(index);
        }
    }
    let found = ast.iter_functions().map(|function| {
        let index = lines.get(function.name).copied().unwrap_or(0);
        Function {
            name: function.name.to_owned(),
            parameters: function.params.len(),
            line: index + 1,
            comment: comment_above(rows.get(..index).unwrap_or_default()),
        }
    });
    found.collect()
}

/// The name of the function that a row declares.
fn declared(row: &str) -> Option<&str> {
    let rest = row.trim_start().strip_prefix("private ").unwrap_or_else(|| row.trim_start());
    let (name, _) = rest.strip_prefix("fn ")?.split_once('(')?;
    Some(name.trim())
}

fn comment_above(rows: &[&str]) -> Comment {
    let above = rows.iter().rev().map_while(|row| row.trim_start().strip_prefix("//"));
    let mut rows: Vec<&str> = above.map(|row| row.trim_start_matches('/').trim()).collect();
    rows.reverse();
    let mut comment = Comment::default();
    let mut part = &mut comment.said;
    for row in rows {
        let words = row.strip_prefix("pt:").map(str::trim_start);
        if words.is_some() {
            part = &mut comment.portuguese;
        }
        if !part.is_empty() {
            part.push(' ');
        }
        part.push_str(words.unwrap_or(row));
    }
    comment
}

/// Most unknown functions that are told of one script.
const UNKNOWN_MAX: usize = 50;

/// Names and numbers of parameters of the functions every script has.
fn native_functions(engine: &Engine) -> Vec<(String, usize)> {
    engine
        .gen_fn_signatures(true)
        .iter()
        .filter_map(|signature| {
            let (name, rest) = signature.split_once('(')?;
            let depth_of = |c: char| match c {
                '(' | '<' | '[' => 1,
                ')' | '>' | ']' => -1,
                _ => 0,
            };
            let (mut depth, mut commas, mut any) = (0_i32, 0, false);
            for c in rest.chars() {
                if depth == 0 && c == ')' {
                    break;
                }
                depth += depth_of(c);
                commas += usize::from(depth == 0 && c == ',');
                any |= !c.is_whitespace();
            }
            let name = name.trim_start_matches("get ").trim_start_matches("set ").trim();
            Some((name.to_owned(), if any { commas + 1 } else { 0 }))
        })
        .collect()
}

fn complain_unknown_functions(script: &Script, native: &[(String, usize)], complaints: &mut Diagnostics) {
    let own = script.functions.iter().map(|function| (function.name.as_str(), function.parameters));
    let all: Vec<(&str, usize)> = own.chain(native.iter().map(|(name, count)| (name.as_str(), *count))).collect();
    let known: HashSet<(&str, usize)> = all.iter().copied().collect();
    let mut met: BTreeSet<((usize, usize), String, usize)> = BTreeSet::new();
    let mut meet = |call: &FnCallExpr, extra: usize, position: rhai::Position| {
        let (name, given) = (call.name.as_str(), call.args.len() + extra);
        let is_own = call.op_token.is_some() || host::LANGUAGE_FUNCTIONS.contains(&name) || !is_word(name);
        if !is_own && !known.contains(&(name, given)) {
            met.insert((line_and_column(position), name.to_owned(), given));
        }
    };
    script.ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position)) | ASTNode::Stmt(Stmt::FnCall(call, position))) => {
                meet(call, 0, *position);
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => meet(call, 1, *position),
            _ => {}
        }
        true
    });
    // The functions of a script are walked in no order of their own.
    let mut told = HashSet::new();
    for ((line, column), name, given) in &met {
        // One function that is not there is one mistake, however often it is called.
        if told.len() == UNKNOWN_MAX || !told.insert((name, given)) {
            continue;
        }
        let same = all.iter().find(|(known, _)| known == name);
        let plural = if *given == 1 { "value" } else { "values" };
        let sentence = format!("no function `{name}` takes {given} {plural}");
        let place = Place::at(&script.file, &script.text, *line, *column);
        let plain = Diagnostic::new(Code::RhaiUnknownFunction, &place, sentence).because(format!("function {name}"));
        complaints.push(match same {
            Some((_, count)) => plain.hint(format!("`{name}` takes {count}, the one before the dot included")),
            None => plain.did_you_mean(name, all.iter().map(|(known, _)| *known).filter(|known| is_word(known))),
        });
    }
}

fn is_word(name: &str) -> bool {
    name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compile(text: &str) -> (RuleSet, Diagnostics) {
        let mut complaints = Diagnostics::default();
        let set = RuleSet::compile([("s", "scripts/s.rhai", text)], &mut complaints);
        (set, complaints)
    }

    fn rule(set: &RuleSet, name: &str, parameters: usize) -> Rule {
        set.find(&["s".to_owned()], name, parameters, &Place::file("m.yaml")).unwrap()
    }

    #[test]
    fn a_rule_gets_values_and_gives_one() {
        let (set, complaints) = compile("fn tidy(value) { fold(value) + digits(\"a1-2\") }");
        assert!(complaints.is_clean(), "{complaints}");
        let answer = set.call(&rule(&set, "tidy", 1), [(&json!(" ÁB ")).into()], &Arc::default());
        assert_eq!(answer, Ok(json!("ab12")));
    }

    #[test]
    fn a_rule_finds_rows_of_references() {
        let (set, _) = compile("fn inactive(mail) { find(\"erp.sellers\", \"email\", mail)?.inativo == \"S\" }");
        let mut references = References::default();
        references.put_whole("erp.sellers", vec![json!({"email": "ana@ex.com", "inativo": "S"})]);
        let references = Arc::new(references);
        let inactive = rule(&set, "inactive", 1);
        assert_eq!(set.call(&inactive, [(&json!("ANA@ex.com")).into()], &references), Ok(json!(true)));
        assert_eq!(set.call(&inactive, [(&json!("bob@ex.com")).into()], &references), Ok(json!(false)));
    }

    #[test]
    fn a_failing_rule_says_where_even_inside_another_function() {
        let (set, _) = compile("fn outer(v) {\n  inner(v)\n}\n\nfn inner(v) {\n  let n = v / 0;\n  n\n}");
        let error = set.call(&rule(&set, "outer", 1), [(&json!(1)).into()], &Arc::default()).unwrap_err();
        assert_eq!((error.line, error.column), (6, 13), "{error}");
    }

    #[test]
    fn unknown_functions_are_said_before_anything_runs() {
        let (_, complaints) = compile("fn tidy(v) {\n  v.to_uper() + digitz(v) + digits(v, 2)\n}");
        let found: Vec<_> = complaints.list.iter().map(|one| (one.code, one.hint.clone())).collect();
        assert_eq!(found.len(), 3, "{complaints}");
        assert_eq!(found[0], (Code::RhaiUnknownFunction, Some("did you mean `to_upper`?".into())));
        assert_eq!(found[1], (Code::RhaiUnknownFunction, Some("did you mean `digits`?".into())));
    }

    #[test]
    fn a_rule_with_other_parameters_is_another_rule() {
        let (set, _) = compile("/// Says nothing.\nfn tidy(a, b) { () }");
        let error = set.find(&["s".to_owned()], "tidy", 1, &Place::file("m.yaml")).unwrap_err();
        assert_eq!(error.code, Code::RuleArity);
        assert_eq!(set.comment_of(&rule(&set, "tidy", 2)), "Says nothing.");
    }

    #[test]
    fn a_comment_goes_on_in_portuguese_from_pt_on() {
        let (set, _) = compile(
            "/// Says pt: nothing,\n/// at all.\n/// pt: Não diz nada,\n/// de jeito nenhum.\nfn both(v) { () }\n\n\
             /// Says nothing.\nfn english(v) { () }\n\n// pt:Não diz nada.\nfn portuguese(v) { () }\nfn none(v) { () }",
        );
        let said = |name: &str| {
            let rule = rule(&set, name, 1);
            (set.comment_of(&rule).to_owned(), set.portuguese_of(&rule).to_owned())
        };
        let expected = |english: &str, portuguese: &str| (english.to_owned(), portuguese.to_owned());
        assert_eq!(said("both"), expected("Says pt: nothing, at all.", "Não diz nada, de jeito nenhum."));
        assert_eq!(said("english"), expected("Says nothing.", ""));
        assert_eq!(said("portuguese"), expected("", "Não diz nada."));
        assert_eq!(said("none"), expected("", ""));
    }
}
