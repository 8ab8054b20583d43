//! What stands in a workspace and is never used: scripts, functions, tables, parameters, outcomes.

use std::collections::BTreeSet;

use crate::config::Project;
use crate::config::line::{FieldSpec, LineSpec, TableSpec};
use crate::config::system::Pattern;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::mapping::Mappings;
use crate::rules::RuleSet;
use crate::rules::reach::Named;

/// Complains about everything that is never used. To be asked of a workspace without errors.
pub(super) fn complain(project: &Project, mappings: &Mappings, rules: &RuleSet, complaints: &mut Diagnostics) {
    rules.complain_idle(complaints);
    complain_tables(project, complaints);
    let mut used: BTreeSet<Named> = BTreeSet::new();
    for spec in &project.mappings {
        let Some(mapping) = mappings.get(&spec.name) else { continue };
        let reached = rules.reached(mapping.called());
        for (script, place) in &spec.scripts {
            if !reached.iter().any(|(name, _)| name == script) {
                let sentence = format!("this mapping takes no rule from `{script}`");
                complaints.push(Diagnostic::new(Code::UnusedScript, place, sentence).hint("drop it from `scripts:`"));
            }
        }
        if let Some(asked) = rules.parameters_asked(&reached) {
            let mut texts: Vec<&str> =
                spec.birth.left.iter().chain(&spec.birth.right).filter_map(|(_, value)| value.as_str()).collect();
            let asked: Vec<String> = asked.into_iter().map(|(name, _)| format!("{{{name}}}")).collect();
            texts.extend(asked.iter().map(String::as_str));
            for one in &spec.parameters {
                if !texts.iter().any(|text| text.contains(&format!("{{{}}}", one.name))) {
                    let sentence = format!("nothing reads the parameter `{}`", one.name);
                    let plain = Diagnostic::new(Code::UnusedParameter, &one.place, sentence);
                    complaints.push(plain.hint(format!(
                        "use it as `{{{0}}}` under `birth:` or as `param(\"{0}\")` in a rule, or drop it",
                        one.name
                    )));
                }
            }
        }
        used.extend(reached);
    }
    complain_functions(project, rules, &used, complaints);
    for system in project.systems.values() {
        complain_outcomes(&system.outcomes, complaints);
    }
}

fn complain_functions(project: &Project, rules: &RuleSet, used: &BTreeSet<Named>, complaints: &mut Diagnostics) {
    let named = |script: &str| project.mappings.iter().any(|spec| spec.scripts.iter().any(|(name, _)| name == script));
    for (script, file, _) in project.scripts.iter().filter(|(script, ..)| !named(script)) {
        let sentence = format!("no mapping names the script `{script}`");
        let plain = Diagnostic::new(Code::UnusedScript, &Place::file(file), sentence);
        complaints.push(plain.hint("name it under `scripts:` of a mapping, or remove the file"));
    }
    for (function, place) in rules.defined() {
        // A script that gives nothing at all is told of as a whole.
        if !used.contains(&function) && used.iter().any(|(script, _)| *script == function.0) {
            let sentence = format!("nothing calls the rule `{}`", function.1);
            complaints
                .push(Diagnostic::new(Code::UnusedRule, &place, sentence).hint("name it in a mapping, or drop it"));
        }
    }
}

fn complain_tables(project: &Project, complaints: &mut Diagnostics) {
    let lines = project.mappings.iter().flat_map(|spec| &spec.lines).flat_map(|line| match line {
        LineSpec::Field(field) => std::slice::from_ref(&**field),
        LineSpec::Group(group) => &group.fields,
    });
    let named = |field: &FieldSpec| match &field.table {
        Some(TableSpec::Named((name, _))) => Some(name.clone()),
        Some(TableSpec::Pairs(_)) | None => None,
    };
    let used: BTreeSet<String> = lines.filter_map(named).collect();
    for (name, table) in project.tables.iter().filter(|(name, _)| !used.contains(*name)) {
        let sentence = format!("no line names the table `{name}`");
        let plain = Diagnostic::new(Code::UnusedTable, &Place::file(&table.place.file), sentence);
        complaints.push(plain.hint(format!("write `table: {name}` in a line, or remove the file")));
    }
}

/// The first outcome that fits is taken: one behind another that fits wherever it does is never.
fn complain_outcomes(outcomes: &[Pattern], complaints: &mut Diagnostics) {
    for (at, outcome) in outcomes.iter().enumerate() {
        if let Some(first) = outcomes.iter().take(at).find(|earlier| covers(earlier, outcome)) {
            let sentence = "no answer comes to this outcome: an earlier one takes all that fit";
            let plain = Diagnostic::new(Code::UnreachableBranch, &outcome.place, sentence);
            complaints.push(plain.related(&first.place, "taken here").hint("put the narrower of the two first"));
        }
    }
}

fn covers(wide: &Pattern, narrow: &Pattern) -> bool {
    let inside = |(from, to): &(u16, u16)| wide.status.iter().any(|(first, last)| first <= from && to <= last);
    let status = wide.status.is_empty() || (!narrow.status.is_empty() && narrow.status.iter().all(inside));
    let texts = |one: &Pattern| one.text.as_ref().map(|text| text.as_str().to_owned());
    let fields = |one: &Pattern| -> BTreeSet<(String, String)> {
        one.fields.iter().map(|(path, regex)| (path.text().to_owned(), regex.as_str().to_owned())).collect()
    };
    status
        && (wide.text.is_none() || texts(wide) == texts(narrow))
        && fields(wide).is_subset(&fields(narrow))
        && (wide.on.is_none() || wide.on == narrow.on)
        && (wide.call.is_none() || wide.call == narrow.call)
}
