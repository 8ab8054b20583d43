//! What can be said of scripts without running them: which functions a rule comes to, what it may
//! give, and which keys it writes.
//!
//! All of it leans to silence: what cannot be told apart from a meant thing is not complained of.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTFlags, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::host::line_and_column;
use super::token::tokens;
use super::{Rule, RuleSet, Script};
use crate::diagnostic::Place;

/// A function by its script and its name.
pub type Named = (String, String);

impl RuleSet {
    /// Every function of every script, and where it stands.
    pub fn defined(&self) -> Vec<(Named, Place)> {
        let all = self.scripts.iter().flat_map(|(name, script)| {
            let named = script.functions.iter().filter(|function| !function.name.contains('$'));
            named.map(|function| {
                let place = Place::at(&script.file, &script.text, function.line, 1);
                ((name.clone(), function.name.clone()), place)
            })
        });
        all.collect()
    }

    /// Where a rule stands.
    pub fn place_of(&self, rule: &Rule) -> Place {
        let script = self.scripts.get(&rule.script);
        let function = script.and_then(|script| script.functions.iter().find(|one| one.name == rule.function));
        match (script, function) {
            (Some(script), Some(function)) => Place::at(&script.file, &script.text, function.line, 1),
            _ => Place::file(&rule.script),
        }
    }

    /// The functions that these rules come to, themselves included.
    pub fn reached<'a>(&self, rules: impl IntoIterator<Item = &'a Rule>) -> BTreeSet<Named> {
        let mut open: Vec<Named> = rules.into_iter().map(|rule| (rule.script.clone(), rule.function.clone())).collect();
        let mut found = BTreeSet::new();
        while let Some(next) = open.pop() {
            let Some(script) = self.scripts.get(&next.0).filter(|_| !found.contains(&next)) else { continue };
            let names = mentioned(&script.body(&next.1)).into_iter();
            let own = names.filter(|name| script.functions.iter().any(|function| function.name == *name));
            open.extend(own.map(|name| (next.0.clone(), name)));
            found.insert(next);
        }
        found
    }

    /// The words of functions, without comments and spaces: what uses them changes when these do.
    pub fn words_of(&self, functions: &BTreeSet<Named>) -> Vec<&str> {
        let mut found = Vec::new();
        for (script, function) in functions {
            let words = self.scripts.get(script).map_or_else(Vec::new, |script| tokens(&script.text));
            let all = words.chunk_by(|_, next| next.text != "fn");
            let own = all.filter(|words| matches!(words, [_, name, ..] if name.text == *function));
            found.extend(own.flatten().map(|word| word.text));
        }
        found
    }

    /// The names that these functions ask `param(…)` for, and where. `None` when one of them is not
    /// written out: then nobody knows what is asked.
    pub fn parameters_asked(&self, functions: &BTreeSet<Named>) -> Option<Vec<(String, Place)>> {
        let mut asked = Some(Vec::new());
        for (script, function) in functions {
            let Some(script) = self.scripts.get(script) else { continue };
            script.body(function).walk(&mut |path: &[ASTNode<'_>]| {
                let Some(call) = call_of(path).filter(|call| call.name == "param") else { return true };
                match (call.args.first(), &mut asked) {
                    (Some(Expr::StringConstant(name, position)), Some(list)) => {
                        list.push((name.to_string(), script.place(*position)));
                    }
                    _ => asked = None,
                }
                true
            });
        }
        asked
    }

    /// The members that a rule names of one of its parameters, each once, and where. None where it gives the parameter
    /// another value, or members of its own.
    pub fn members_named(&self, rule: &Rule, parameter: usize) -> Vec<(String, Place)> {
        let Some(script) = self.scripts.get(&rule.script) else { return Vec::new() };
        let look = script.look(&rule.function, parameter).filter(|look| !look.is_changed);
        let named = look.into_iter().flat_map(|look| look.members);
        named.map(|(member, position)| (member, script.place(position))).collect()
    }

    /// The keys that a rule puts into the maps it gives, as far as they are written out.
    pub fn keys_given(&self, rule: &Rule) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for (script, function) in self.reached([rule]) {
            let Some(script) = self.scripts.get(&script) else { continue };
            script.body(&function).walk(&mut |path: &[ASTNode<'_>]| {
                match path.last() {
                    Some(ASTNode::Expr(Expr::Map(map, _))) => {
                        keys.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
                    }
                    Some(ASTNode::Stmt(Stmt::Assignment(both))) => keys.extend(key_of(&both.1.lhs)),
                    _ => {}
                }
                true
            });
        }
        keys
    }

    /// The names that these functions fill in the text of a parameter, by `fill(param("…"), #{ … })`; only where all of
    /// that is written out.
    pub fn filled(&self, functions: &BTreeSet<Named>) -> BTreeMap<String, BTreeSet<String>> {
        let mut filled: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
        for (script, function) in functions {
            let Some(script) = self.scripts.get(script) else { continue };
            script.body(function).walk(&mut |path: &[ASTNode<'_>]| {
                let call = call_of(path).filter(|call| call.name == "fill");
                let Some([Expr::FnCall(asked, _), values]) = call.map(|call| &*call.args) else { return true };
                let Some(Expr::StringConstant(name, _)) = asked.args.first().filter(|_| asked.name == "param") else {
                    return true;
                };
                let known = filled.entry(name.to_string()).or_insert_with(|| Some(BTreeSet::new()));
                match (known.as_mut(), values) {
                    (Some(known), Expr::Map(map, _)) => known.extend(map.0.iter().map(|(key, _)| key.name.to_string())),
                    _ => *known = None,
                }
                true
            });
        }
        filled.into_iter().filter_map(|(name, known)| Some((name, known?))).collect()
    }

    /// True when a rule may give a text, such as a reason; false when it surely never does.
    pub fn may_give_text(&self, rule: &Rule) -> bool {
        self.scripts.get(&rule.script).is_none_or(|script| script.gives_text(&rule.function, &mut BTreeSet::new()))
    }
}

/// How a function looks at one of its parameters.
#[derive(Default)]
struct Look {
    /// The members it names, each once, and where.
    members: Vec<(String, Position)>,
    /// It gives it another value, or members of its own.
    is_changed: bool,
    /// Places where it stands, and those of them where a member is named.
    stands: usize,
    named: usize,
    /// A function of its own takes it along.
    is_shared: bool,
}

impl Script {
    /// The members that a function looks at of one of its parameters, where all it does with it is to look at members.
    pub(super) fn looks_at(&self, function: &str, parameter: usize) -> Option<BTreeSet<String>> {
        let look = self.look(function, parameter)?;
        let is_part = look.stands == look.named && !look.is_changed && !look.is_shared;
        is_part.then(|| look.members.into_iter().map(|(member, _)| member).collect())
    }

    fn look(&self, function: &str, parameter: usize) -> Option<Look> {
        let body = self.body(function);
        let name = body.iter_functions().find(|one| one.name == function)?.params.get(parameter).copied()?;
        let mut look = Look::default();
        let is_it = |expr: &Expr| matches!(expr, Expr::Variable(variable, ..) if variable.1 == name);
        body.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::Var(both, ..))) => look.is_changed |= both.0.name == name,
                Some(ASTNode::Stmt(Stmt::Assignment(both))) => {
                    let target = &both.1.lhs;
                    let into = if let Expr::Dot(all, ..) | Expr::Index(all, ..) = target { &all.lhs } else { target };
                    look.is_changed |= is_it(into);
                }
                Some(ASTNode::Stmt(Stmt::Share(_))) => look.is_shared = true,
                Some(ASTNode::Expr(Expr::Dot(both, ..) | Expr::Index(both, ..))) if is_it(&both.lhs) => {
                    let Some((member, position)) = member_of(&both.rhs) else { return true };
                    look.named += 1;
                    if !look.members.iter().any(|(known, _)| *known == member) {
                        look.members.push((member, position));
                    }
                }
                Some(ASTNode::Expr(Expr::Variable(variable, ..))) => look.stands += usize::from(variable.1 == name),
                _ => {}
            }
            true
        });
        Some(look)
    }

    fn body(&self, function: &str) -> AST {
        one_function(&self.ast, function)
    }

    pub(super) fn place(&self, position: Position) -> Place {
        let (line, column) = line_and_column(position);
        Place::at(&self.file, &self.text, line, column)
    }

    /// `seen` are functions looked through already: what they give is known of.
    fn gives_text(&self, function: &str, seen: &mut BTreeSet<String>) -> bool {
        if !seen.insert(function.to_owned()) {
            return false;
        }
        let (mut returned, mut last) = (false, false);
        self.body(function).walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::Return(Some(value), flags, _))) if !flags.contains(ASTFlags::BREAK) => {
                    returned |= self.is_text(value, seen);
                }
                _ => {}
            }
            if let [ASTNode::Stmt(stmt)] = path {
                last = self.ends_in_text(stmt, seen);
            }
            true
        });
        returned || last
    }

    /// True when the value a statement leaves may be a text.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the language's own enums may grow, and most of them says nothing here"
    )]
    fn ends_in_text(&self, stmt: &Stmt, seen: &mut BTreeSet<String>) -> bool {
        let mut tail = |block: &[Stmt]| block.last().is_some_and(|last| self.ends_in_text(last, seen));
        match stmt {
            Stmt::Expr(value) => self.is_text(value, seen),
            Stmt::FnCall(call, _) => self.call_gives_text(call, seen),
            Stmt::If(flow, _) => tail(flow.body.statements()) || tail(flow.branch.statements()),
            Stmt::Block(block) => tail(block.statements()),
            Stmt::Switch(..) | Stmt::TryCatch(..) | Stmt::While(..) | Stmt::Do(..) => true,
            _ => false,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the language's own enums may grow, and most of them says nothing here"
    )]
    fn is_text(&self, value: &Expr, seen: &mut BTreeSet<String>) -> bool {
        match value {
            Expr::Unit(_)
            | Expr::BoolConstant(..)
            | Expr::IntegerConstant(..)
            | Expr::FloatConstant(..)
            | Expr::And(..)
            | Expr::Or(..) => false,
            Expr::StringConstant(text, _) => !text.is_empty(),
            Expr::FnCall(call, _) => self.call_gives_text(call, seen),
            Expr::Stmt(block) => block.statements().last().is_some_and(|last| self.ends_in_text(last, seen)),
            _ => true,
        }
    }

    fn call_gives_text(&self, call: &FnCallExpr, seen: &mut BTreeSet<String>) -> bool {
        const JUDGING: [&str; 9] = ["==", "!=", "<", ">", "<=", ">=", "!", "is_blank", "is_phone_br"];
        if self.functions.iter().any(|function| function.name == *call.name) {
            return self.gives_text(&call.name, seen);
        }
        !JUDGING.contains(&call.name.as_str())
    }
}

pub(super) fn one_function(ast: &AST, function: &str) -> AST {
    let mut one = ast.clone_functions_only();
    one.retain_functions(|_, _, name, _| name == function);
    one
}

fn call_of<'a>(path: &[ASTNode<'a>]) -> Option<&'a FnCallExpr> {
    match path.last() {
        Some(
            ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)),
        ) => Some(call),
        _ => None,
    }
}

/// Every name a body mentions that may be a function: calls, variables, and texts given to `Fn`.
fn mentioned(body: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    body.walk(&mut |path: &[ASTNode<'_>]| {
        names.extend(call_of(path).map(|call| call.name.to_string()));
        match path.last() {
            Some(ASTNode::Expr(Expr::Variable(variable, ..))) => drop(names.insert(variable.1.to_string())),
            Some(ASTNode::Expr(Expr::StringConstant(text, _))) => drop(names.insert(text.to_string())),
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                names.extend(value.read_lock::<rhai::FnPtr>().map(|pointer| pointer.fn_name().to_owned()));
            }
            _ => {}
        }
        true
    });
    names
}

/// The member that `.name`, `.name.more` or `["name"]` names, and where.
fn member_of(named: &Expr) -> Option<(String, Position)> {
    if let Expr::Dot(both, ..) | Expr::Index(both, ..) = named {
        return member_of(&both.lhs);
    }
    if let Expr::Property(names, position) = named {
        return Some((names.2.to_string(), *position));
    }
    if let Expr::StringConstant(text, position) = named { Some((text.to_string(), *position)) } else { None }
}

/// The key that an assignment to `map.key` or `map["key"]` writes.
fn key_of(target: &Expr) -> Option<String> {
    let (Expr::Dot(both, ..) | Expr::Index(both, ..)) = target else { return None };
    if let Expr::Property(names, _) = &both.rhs {
        return Some(names.2.to_string());
    }
    if let Expr::StringConstant(text, _) = &both.rhs { Some(text.to_string()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;

    fn compiled(text: &str) -> RuleSet {
        let mut complaints = Diagnostics::default();
        let set = RuleSet::compile([("s", "scripts/s.rhai", text)], &mut complaints);
        assert!(complaints.is_clean(), "{complaints}");
        set
    }

    fn gives(body: &str) -> bool {
        let set =
            compiled(&format!("fn asked(v) {{ {body} }} fn other(v) {{ if v {{ \"no\" }} }} fn deep(v) {{ deep(v) }}"));
        let rule = set.find(&["s".to_owned()], "asked", 1, &Place::file("m.yaml")).unwrap();
        set.may_give_text(&rule)
    }

    #[test]
    fn what_surely_gives_no_text_is_told_from_what_may() {
        for body in [
            "()",
            "true",
            "v < 3",
            "if v { true } else { () }",
            "return;",
            "v.name.len() < param(\"least\")",
            "deep(v)",
            "let x = \"no\";",
            "\"\"",
        ] {
            assert!(!gives(body), "`{body}` gives a text");
        }
        for body in [
            "v",
            "\"no\"",
            "if v { return \"no\"; }",
            "other(v)",
            "v.reason",
            "`${v}`",
            "switch v { 1 => \"no\", _ => () }",
        ] {
            assert!(gives(body), "`{body}` never gives a text");
        }
    }

    #[test]
    fn members_of_a_parameter_are_named_by_a_point_and_by_a_text() {
        for (body, named) in [
            ("v.a + v?.b.c + w.d", vec!["a", "b"]),
            ("if v[\"a.b\"] == () { v.a = 1; }", vec![]),
            ("v[\"a.b\"].c + v[\"a.b\"] + v[w]", vec!["a.b"]),
            ("let v = #{}; v.a", vec![]),
            ("w.map(|v| v.a)", vec![]),
            ("v.keys()", vec![]),
        ] {
            let set = compiled(&format!("fn asked(v, w) {{ {body} }}"));
            let rule = set.find(&["s".to_owned()], "asked", 2, &Place::file("m.yaml")).unwrap();
            let found: Vec<String> = set.members_named(&rule, 0).into_iter().map(|(name, _)| name).collect();
            assert_eq!(found, named, "{body}");
        }
    }

    #[test]
    fn a_parameter_is_handed_over_whole_where_more_than_named_members_may_be_looked_at() {
        let looked = |body: &str| {
            let set = compiled(&format!("fn asked(v, w) {{ {body} }} fn other(v) {{ v.b }}"));
            set.find(&["s".to_owned()], "asked", 2, &Place::file("m.yaml")).unwrap().looks_at.first().unwrap().clone()
        };
        let parts = [
            ("v.a + v?.b.c + w.d", vec!["a", "b"]),
            ("v[\"a.b\"].keys()", vec!["a.b"]),
            ("`${v.a}` + other(v.b)", vec!["a", "b"]),
            (
                "for x in v.list { if x == v.a { return #{ found: v.b }; } } switch v.c { 1 => v.d, _ => () }",
                vec!["a", "b", "c", "d", "list"],
            ),
            ("w.some(|v| v.a == 1)", vec![]),
            ("while w < v.a { try { w += v.b; } catch { throw v.c; } } v.d ?? v.e", vec!["a", "b", "c", "d", "e"]),
        ];
        for (body, members) in parts {
            assert_eq!(looked(body), Some(members.into_iter().map(str::to_owned).collect()), "{body}");
        }
        for body in [
            "v",
            "other(v)",
            "v.keys()",
            "v.a + v[w]",
            "\"a\" in v",
            "v == w",
            "`${v}`",
            "[v]",
            "#{ v: v }",
            "w.filter(|x| x == v.a)",
            "let x = v; x.a",
            "let v = w; v.a",
            "v.a = 1; v.a",
            "v = w; v.a",
            "return v",
            "switch v { 1 => 2, _ => v.a }",
            "for x in v { x }",
            "w.a = v",
            "w[v] = 1",
            "w.push(v)",
            "type_of(v)",
        ] {
            assert_eq!(looked(body), None, "{body}");
        }
    }

    #[test]
    fn a_function_is_reached_by_call_by_name_and_out_of_a_closure() {
        let text = "fn a(v) { v.map(Fn(\"b\")) + v.map(|x| c(x)) } fn b(v) { v } fn c(v) { Fn(\"d\") } fn d(v) { v } fn e(v) { v }";
        let set = compiled(text);
        let rule = set.find(&["s".to_owned()], "a", 1, &Place::file("m.yaml")).unwrap();
        let reached = set.reached([&rule]);
        let named = |name: &str| reached.contains(&("s".to_owned(), name.to_owned()));
        assert!(["a", "b", "c", "d"].into_iter().all(named), "{reached:?}");
        assert!(!named("e"));
    }
}
