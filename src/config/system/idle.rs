//! What of a system file can never act: a request that does not say whom it asks for, an outcome of a call that
//! nobody makes, a path that no record has.

use std::collections::BTreeSet;

use super::call::Call;
use super::probe::member;
use super::{Probe, Resource};
use crate::config::located::{Located, Word};
use crate::config::template::Template;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::path::Path;

/// What a text of an outcome may capture.
const CAPTURES: [&str; 4] = ["id", "key", "seconds", "time"];

/// Complains about a resource.
pub(super) fn complain_resource(resource: &Resource, written: &Located, complaints: &mut Diagnostics) {
    complain_names(written, complaints);
    let window = member(written, "list").and_then(|list| member(list, "window"));
    if let (Some(at), Some(window)) = (window, resource.list.as_ref().and_then(|list| list.window.as_ref())) {
        let says = |template: &Template| template.says("since");
        if !window.query.iter().map(|(_, template)| template).chain(&window.body).any(says) {
            let sentence = "this `window` never says `{since}`: it asks for the same, whatever was seen before";
            complaints.push(unreachable(&at.place, sentence).hint("put `{since}` where the system takes a moment"));
        }
    }
    let finds = member(written, "find");
    let finds =
        resource.find.iter().map(|(by, call)| (finds.and_then(|finds| member(finds, by)), Some(call), "values"));
    let calls = [
        (member(written, "fetch"), resource.fetch.as_ref(), "ids"),
        (member(written, "update"), resource.update.as_ref(), "id"),
    ];
    for (at, call, name) in calls.into_iter().chain(finds) {
        if let (Some(at), Some(call)) = (at, call)
            && !says(call, name)
        {
            let sentence = format!("this call never says `{{{name}}}`: it is the same for every record");
            let hint = format!("put `{{{name}}}` into its `path`, `query` or `body`");
            complaints.push(unreachable(&at.place, &sentence).hint(hint));
        }
    }
    let at = |key: &str| member(written, key).and_then(|at| member(at, "at"));
    let without = member(written, "create").and_then(|create| member(create, "without"));
    for at in [at("changed"), at("author"), without].into_iter().flatten() {
        for (text, place) in at.texts(&mut Diagnostics::default()) {
            if Path::parse(&text, &place).is_ok_and(|path| !resource.knows(&path)) {
                let sentence = format!("the `shape` of `{}` has no `{text}`", resource.name);
                let plain = Diagnostic::new(Code::UnknownPath, &place, sentence);
                complaints.push(plain.did_you_mean(&text, resource.shape.keys().map(String::as_str)));
            }
        }
    }
}

fn says(call: &Call, name: &str) -> bool {
    let query = call.query.iter().map(|(_, template)| template);
    query.chain([&call.path]).chain(&call.body).any(|template| template.says(name))
}

/// Complains about two members that are read from one.
fn complain_names(written: &Located, complaints: &mut Diagnostics) {
    let names = member(written, "names").and_then(|at| at.map(&mut Diagnostics::default())).unwrap_or_default();
    let mut seen: Vec<(String, &Word)> = Vec::new();
    for (name, at) in names {
        let Some(here) = at.text(&mut Diagnostics::default()) else { continue };
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == here) {
            let sentence = format!("`{here}` is `{}` already, and cannot be `{}` as well", first.text, name.text);
            let complaint = Diagnostic::new(Code::DuplicateName, &at.place, sentence);
            complaints.push(complaint.related(&first.place, "given here").hint("leave one of them"));
        } else {
            seen.push((here, name));
        }
    }
}

/// Complains about outcomes.
pub(super) fn complain_outcomes<'a>(
    written: &Located,
    resources: impl Iterator<Item = &'a Resource>,
    probes: &'a [Probe],
    complaints: &mut Diagnostics,
) {
    let calls = resources.flat_map(Resource::calls).chain(probes.iter().map(|probe| &probe.call));
    let calls: BTreeSet<&str> = calls.map(|call| call.name.as_str()).collect();
    for outcome in written.list(&mut Diagnostics::default()).unwrap_or_default() {
        if let Some(at) = member(outcome, "call")
            && let Some(name) = at.text(&mut Diagnostics::default()).filter(|name| !calls.contains(name.as_str()))
        {
            let plain = unreachable(&at.place, &format!("no call is named `{name}`: this outcome never comes"));
            complaints.push(plain.did_you_mean(&name, calls.iter().copied()));
        }
        let text = member(outcome, "text").and_then(|at| Some((at, at.text(&mut Diagnostics::default())?)));
        let Some((at, regex)) = text.and_then(|(at, text)| Some((at, regex::Regex::new(&text).ok()?))) else {
            continue;
        };
        for name in regex.capture_names().flatten().filter(|name| !CAPTURES.contains(name)) {
            let plain = unreachable(&at.place, &format!("nobody reads what `{name}` captures"));
            let near = plain.did_you_mean(name, CAPTURES);
            let hint = format!("what is read is called {}", CAPTURES.join(", "));
            complaints.push(if near.hint.is_none() { near.hint(hint) } else { near });
        }
    }
}

fn unreachable(place: &Place, sentence: &str) -> Diagnostic {
    Diagnostic::new(Code::UnreachableOption, place, sentence)
}
