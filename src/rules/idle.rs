//! What stands in a script and never acts: branches that nothing can come to, and lookups whose answer
//! nobody reads.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, FnCallExpr, OptimizationLevel, Position, Stmt, SwitchCasesCollection};

use super::reach::one_function;
use super::{RuleSet, Script, host};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

impl RuleSet {
    /// Complains about what stands in scripts and never acts.
    pub fn complain_idle(&self, complaints: &mut Diagnostics) {
        // The usual engine drops dead branches as it compiles.
        let mut engine = host::engine();
        engine.set_optimization_level(OptimizationLevel::None);
        for script in self.scripts.values() {
            let Ok(whole) = engine.compile(&*script.text) else { continue };
            for function in &script.functions {
                let mut before = None;
                let (mut read, mut kept) = (BTreeSet::new(), Vec::new());
                one_function(&whole, &function.name).walk(&mut |path: &[ASTNode<'_>]| {
                    if let [ASTNode::Stmt(stmt)] = path {
                        complain_after(before.replace(Step::of(stmt)), stmt, script, complaints);
                    }
                    complain_branches(path, script, complaints);
                    match path.last() {
                        Some(ASTNode::Expr(Expr::Variable(variable, ..))) => {
                            read.insert(variable.1.to_string());
                        }
                        Some(ASTNode::Stmt(Stmt::Var(named, ..))) => {
                            kept.extend(lookup_in(&named.1).map(|at| (named.0.name.to_string(), at)));
                        }
                        _ => {}
                    }
                    true
                });
                for (_, at) in kept.into_iter().filter(|(name, _)| !read.contains(name)) {
                    complain_unread(at, script, complaints);
                }
            }
        }
    }
}

/// What a statement means for the one after it.
struct Step {
    /// Nothing in the same block comes after it.
    leaves: bool,
    /// All it does is to look something up.
    lookup: Option<Position>,
}

impl Step {
    #[expect(clippy::wildcard_enum_match_arm, reason = "most statements of the language look nothing up")]
    fn of(stmt: &Stmt) -> Self {
        let lookup = match stmt {
            Stmt::FnCall(call, at) => is_lookup(call).then_some(*at),
            Stmt::Expr(value) => lookup_in(value),
            _ => None,
        };
        Self { leaves: matches!(stmt, Stmt::Return(..) | Stmt::BreakLoop(..)), lookup }
    }
}

fn is_lookup(call: &FnCallExpr) -> bool {
    matches!(call.name.as_str(), "find" | "rows")
}

/// Where a value is looked up that is nothing else than a lookup, or a part of its answer.
#[expect(clippy::wildcard_enum_match_arm, reason = "most values of the language are no lookup")]
fn lookup_in(value: &Expr) -> Option<Position> {
    match value {
        Expr::FnCall(call, at) => is_lookup(call).then_some(*at),
        Expr::Dot(both, ..) | Expr::Index(both, ..) => lookup_in(&both.lhs),
        _ => None,
    }
}

fn complain_unread(at: Position, script: &Script, complaints: &mut Diagnostics) {
    let plain = Diagnostic::new(Code::UnusedLookup, &script.place(at), "nothing reads what is looked up here");
    complaints.push(plain.hint("use the answer, or drop the lookup"));
}

fn complain_after(before: Option<Step>, stmt: &Stmt, script: &Script, complaints: &mut Diagnostics) {
    let Some(before) = before.filter(|_| !matches!(stmt, Stmt::Noop(_))) else { return };
    if let Some(at) = before.lookup {
        complain_unread(at, script, complaints);
    }
    if before.leaves {
        let sentence = "nothing comes to this statement: the one before it leaves";
        let plain = Diagnostic::new(Code::UnreachableBranch, &script.place(stmt.position()), sentence);
        complaints.push(plain.hint("put it before, or drop it"));
    }
}

fn complain_branches(path: &[ASTNode<'_>], script: &Script, complaints: &mut Diagnostics) {
    let blocks: Vec<&[Stmt]> = match path.last() {
        Some(ASTNode::Stmt(Stmt::If(flow, _))) => {
            complain_constant(&flow.expr, script, complaints);
            vec![flow.body.statements(), flow.branch.statements()]
        }
        Some(ASTNode::Stmt(Stmt::While(flow, _) | Stmt::Do(flow, ..) | Stmt::TryCatch(flow, _))) => {
            vec![flow.body.statements(), flow.branch.statements()]
        }
        Some(ASTNode::Stmt(Stmt::For(each, _))) => vec![each.2.body.statements()],
        Some(ASTNode::Stmt(Stmt::Block(block)) | ASTNode::Expr(Expr::Stmt(block))) => vec![block.statements()],
        Some(ASTNode::Stmt(Stmt::Switch(both, _))) => {
            complain_arms(&both.1, script, complaints);
            Vec::new()
        }
        _ => Vec::new(),
    };
    for block in blocks {
        for pair in block.windows(2) {
            if let [first, second] = pair {
                complain_after(Some(Step::of(first)), second, script, complaints);
            }
        }
    }
}

fn complain_constant(condition: &Expr, script: &Script, complaints: &mut Diagnostics) {
    if let Expr::BoolConstant(flag, position) = condition {
        let sentence = format!("this condition is always {flag}: one of its branches is never taken");
        let plain = Diagnostic::new(Code::UnreachableBranch, &script.place(*position), sentence);
        complaints.push(plain.hint("drop the condition, or write what it should ask"));
    }
}

/// The first arm with a value takes it, unless it asks for more.
fn complain_arms(arms: &SwitchCasesCollection, script: &Script, complaints: &mut Diagnostics) {
    for same in arms.cases.values() {
        let same: Vec<_> = same.blocks.iter().filter_map(|index| arms.expressions.get(*index)).collect();
        let first = same.iter().position(|arm| matches!(arm.lhs, Expr::BoolConstant(true, _)));
        for arm in same.iter().skip(first.map_or(same.len(), |first| first + 1)) {
            let sentence = "nothing comes to this case: one before it takes the same value";
            let plain = Diagnostic::new(Code::UnreachableBranch, &script.place(arm.rhs.start_position()), sentence);
            complaints.push(plain.hint("give the two different values, or drop one of them"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_of(body: &str) -> Vec<Code> {
        let mut complaints = Diagnostics::default();
        let text = format!("fn a(v) {{ {body} }}");
        let set = RuleSet::compile([("s", "scripts/s.rhai", text.as_str())], &mut complaints);
        assert!(complaints.is_clean(), "{complaints}");
        set.complain_idle(&mut complaints);
        assert!(complaints.list.iter().all(|one| one.place.as_ref().is_some_and(|place| place.column > 1)));
        complaints.list.iter().map(|one| one.code).collect()
    }

    #[test]
    fn branches_that_nothing_comes_to_are_told_wherever_they_stand() {
        for (body, count) in [
            ("return v; v", 1),
            ("if v { throw v; v }", 1),
            ("for x in v { break; x }", 1),
            ("if true { v }", 1),
            ("while v { if false { 1 } }", 1),
            ("switch v { \"a\" => 1, \"b\" => 2, \"a\" => { 3 } }", 1),
            ("switch v { 1 | 2 => 1, 2 => 2, _ => 3 }", 1),
            ("if v { return 1; } 2", 0),
            ("loop { break; }", 0),
            ("switch v { 1 if v > 0 => 1, 1 => 2, _ => 3 }", 0),
        ] {
            assert_eq!(complaints_of(body), vec![Code::UnreachableBranch; count], "{body}");
        }
    }

    #[test]
    fn lookups_that_nobody_reads_are_told() {
        for (body, count) in [
            ("let row = find(\"a.b\", \"c\", v); v", 1),
            ("let row = find(\"a.b\", \"c\", v)?.d; v", 1),
            ("find(\"a.b\", \"c\", v); v", 1),
            ("if v { rows(\"a.b\", \"c\", v); 1 } else { 2 }", 1),
            ("let row = find(\"a.b\", \"c\", v); row", 0),
            ("let row = find(\"a.b\", \"c\", v); `${row}`", 0),
            ("let row = find(\"a.b\", \"c\", v); v.map(|one| one + row)", 0),
            ("if find(\"a.b\", \"c\", v) == () { 1 } else { 2 }", 0),
            ("find(\"a.b\", \"c\", v)", 0),
        ] {
            assert_eq!(complaints_of(body), vec![Code::UnusedLookup; count], "{body}");
        }
    }
}
