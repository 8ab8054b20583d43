//! Texts that rules fill: each `{name}` in them must be one that the rule fills, for what it does not know is nothing,
//! and its line is left out in silence.

use serde_json::Value;

use crate::config::Project;
use crate::config::account::Enabled;
use crate::config::located::Node;
use crate::config::parameter::{Parameter, named};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::mapping::Mappings;
use crate::rules::RuleSet;

/// Complains about what the texts of mappings and accounts name and no rule fills.
pub(super) fn complain(project: &Project, mappings: &Mappings, rules: &RuleSet, complaints: &mut Diagnostics) {
    for spec in &project.mappings {
        let Some(mapping) = mappings.get(&spec.name) else { continue };
        let filled = rules.filled(&rules.reached(mapping.called()));
        for one in &spec.parameters {
            let Some(known) = filled.get(&one.name) else { continue };
            let accounts = project.accounts.iter().flat_map(|file| &file.accounts);
            let enabled = accounts.flat_map(|account| &account.mappings).filter(|enabled| enabled.name.0 == spec.name);
            let given = enabled.filter_map(|enabled| given(enabled, one));
            for (text, place) in given.chain(one.default.as_str().map(|text| (text, &one.place))) {
                for name in named(text).map(str::trim).filter(|name| !known.contains(*name)) {
                    let sentence = format!("`{}` names `{{{name}}}`, which no rule fills", one.name);
                    let plain = Diagnostic::new(Code::UnknownParameter, place, sentence);
                    let near = plain.did_you_mean(name, known.iter().map(String::as_str));
                    let all = known.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
                    let hint = format!("there are {all}");
                    complaints.push(if near.hint.is_none() { near.hint(hint) } else { near });
                }
            }
        }
    }
}

/// The text that an account gives for a parameter, and where.
fn given<'a>(enabled: &'a Enabled, parameter: &Parameter) -> Option<(&'a str, &'a Place)> {
    let text = enabled.parameters.get(&parameter.name).and_then(Value::as_str)?;
    let Node::Map(entries) = &enabled.given.node else { return None };
    entries.iter().find(|(key, _)| key.text == parameter.name).map(|(_, value)| (text, &value.place))
}
