//! What rules look at and are not shown: it would be nothing, whatever the record holds.

use std::collections::BTreeSet;

use super::Builder;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::mapping::End;
use crate::record::{Side, Sides};
use crate::rules::Rule;

/// A rule that is given a part of a record.
struct Sight<'a> {
    rule: &'a Rule,
    /// Which of its parameters that is.
    parameter: usize,
    /// Where it is asked.
    place: &'a Place,
    /// The members it is given.
    shown: BTreeSet<&'a str>,
    /// What to do about another one.
    hint: &'static str,
}

impl Builder<'_> {
    /// Complains of rules that name a member of a record which they are never given.
    pub(super) fn sights(&mut self, sides: &Sides<End>) {
        let mut found = Vec::new();
        for sight in Side::BOTH.into_iter().flat_map(|side| self.sights_of(side, sides)) {
            for (member, place) in self.known.rules.members_named(sight.rule, sight.parameter) {
                if sight.shown.contains(member.as_str()) {
                    continue;
                }
                let sentence = format!("`{}` is given no `{member}` in {}", sight.rule.function, self.spec.name);
                found.push(
                    Diagnostic::new(Code::RuleBlind, &place, sentence)
                        .related(sight.place, "asked here")
                        .hint(sight.hint),
                );
            }
        }
        found.into_iter().for_each(|one| self.complaints.push(one));
    }

    /// The rules that are given a record of a side.
    fn sights_of<'a>(&'a self, side: Side, sides: &'a Sides<End>) -> Vec<Sight<'a>> {
        // What is misspelt, or stands where nobody reads it, is complained about, and is no second mistake.
        if self.has_lost_lines() || !self.unknown.get(side).is_empty() {
            return Vec::new();
        }
        let end = sides.get(side);
        let roots = || end.roots.iter().map(String::as_str).collect::<BTreeSet<&str>>();
        let keep = end.keep.as_ref().zip(self.spec.keep.get(side).as_ref());
        let create = sides.get(side.other()).create.as_ref().zip(self.spec.create.get(side.other()).as_ref());
        let mut found: Vec<Sight<'a>> = Vec::new();
        for (rule, hook) in [keep, create].into_iter().flatten() {
            let hint = "let it see more by `{ name: rule, of: [path] }`, or drop the question";
            found.push(Sight { rule, parameter: 0, place: &hook.rule.1, shown: roots(), hint });
        }
        for field in &self.fields {
            let Some(rule) = &field.ends.get(side).hold else { continue };
            let hint = "it sees what the lines speak of: add a line, or drop the question";
            found.push(Sight { rule, parameter: 1, place: &field.place, shown: roots(), hint });
        }
        for view in self.views.iter().filter(|view| view.side == side) {
            let shown = || view.of.iter().map(|(path, _)| path.text()).collect();
            let hint = "add it under `of:`, or drop the question";
            found.push(Sight { rule: &view.read, parameter: 0, place: &view.place, shown: shown(), hint });
            let write = view.write.iter();
            found.extend(write.map(|rule| Sight { rule, parameter: 1, place: &view.place, shown: shown(), hint }));
        }
        found
    }
}
