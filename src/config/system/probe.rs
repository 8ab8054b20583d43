//! Probes: what nobody knows of a system but an account of it, and how to ask without changing anything.
//!
//! A probe is the list of a resource with other parameters, so that it can only ever read. Where what is
//! asked for must be there, `known` takes it from the list as it is, which is read before.

use super::call::PROBED;
use super::lower::{Whole, word};
use super::resource::resource;
use super::{Answer, Call, Health, Probe, Question};
use crate::config::located::{Located, Node, Word};
use crate::config::template::{Names, Template};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// What an answer may look at.
const NAMES: &[&str] = &["rows", "body", "outcome", "reason", "known"];
/// What is known may be taken from.
const KNOWN: &[&str] = &["rows"];

const HEALTHS: [(&str, Health); 4] =
    [("ok", Health::Well), ("note", Health::Note), ("warning", Health::Warning), ("failure", Health::Failure)];

/// Lowers `probes:`; `resources` are as written.
pub(super) fn probes(
    at: &Located,
    resources: &[(Word, Located)],
    whole: &Whole<'_>,
    complaints: &mut Diagnostics,
) -> Vec<Probe> {
    let list = at.list(complaints).unwrap_or_default().to_vec();
    list.iter().filter_map(|at| probe(at, resources, whole, complaints)).collect()
}

fn probe(
    at: &Located,
    resources: &[(Word, Located)],
    whole: &Whole<'_>,
    complaints: &mut Diagnostics,
) -> Option<Probe> {
    let mut entries = at.entries(complaints)?;
    let of = entries.need("of", complaints);
    let known = entries.take("known");
    let mut own = whole.clone();
    if known.is_some() {
        own.list = PROBED;
    }
    let known = known.and_then(|at| Template::lower(at, whole.host, Names { names: KNOWN, secrets: &[] }, complaints));
    let changes: Vec<(Word, Located)> = ["path", "query", "body", "records"]
        .into_iter()
        .filter_map(|key| {
            entries.take(key).map(|at| (Word { text: key.to_owned(), place: at.place.clone() }, at.clone()))
        })
        .collect();
    let questions =
        entries.need("questions", complaints).and_then(|at| at.map(complaints)).unwrap_or_default().to_vec();
    let questions = questions.iter().map(|(word, at)| question(word, at, whole, complaints)).collect();
    entries.finish(complaints);
    let of = of?;
    let name = of.text(complaints)?;
    let found = resources.iter().find(|(word, at)| word.text == name && member(at, "list").is_some());
    let Some((word, written)) = found else {
        let listed =
            resources.iter().filter(|(_, at)| member(at, "list").is_some()).map(|(word, _)| word.text.as_str());
        let sentence = format!("no resource `{name}` can be listed");
        complaints.push(Diagnostic::new(Code::UnknownResource, &of.place, sentence).did_you_mean(&name, listed));
        return None;
    };
    let call = changed(word, written, &changes, &own, complaints)?;
    Some(Probe { resource: name, known, call, questions })
}

/// The list of a resource with other parameters.
fn changed(
    word: &Word,
    written: &Located,
    changes: &[(Word, Located)],
    whole: &Whole<'_>,
    complaints: &mut Diagnostics,
) -> Option<Call> {
    let list = Word { text: "list".to_owned(), place: word.place.clone() };
    let changes = Located { node: Node::Map(changes.to_vec()), place: written.place.clone() };
    let over = Located { node: Node::Map(vec![(list, changes)]), place: written.place.clone() };
    let mut own = Diagnostics { sources: complaints.sources.clone(), ..Diagnostics::default() };
    let call = resource(word, &overlaid(written, &over), whole, &mut own).and_then(|resource| resource.list);
    // What is wrong with the resource itself was said already.
    for one in own.list {
        if !complaints.list.iter().any(|said| (said.code, &said.place) == (one.code, &one.place)) {
            complaints.push(one);
        }
    }
    call
}

fn question(word: &Word, at: &Located, whole: &Whole<'_>, complaints: &mut Diagnostics) -> Question {
    let answers = at.list(complaints).unwrap_or_default().to_vec();
    let answers = answers.iter().filter_map(|at| answer(at, whole, complaints)).collect();
    Question { ask: word.text.clone(), answers }
}

fn answer(at: &Located, whole: &Whole<'_>, complaints: &mut Diagnostics) -> Option<Answer> {
    let names = Names { names: NAMES, secrets: &[] };
    let mut entries = at.entries(complaints)?;
    let when = entries.take("when").map(|at| Template::lower(at, whole.host, names, complaints));
    let is = entries.take("is").and_then(|at| word(at, &HEALTHS, complaints)).unwrap_or(Health::Well);
    let say = entries.need("say", complaints).and_then(|at| Template::lower(at, whole.host, names, complaints));
    entries.finish(complaints);
    Some(Answer { when: when.flatten(), is, say: say? })
}

/// A member of a written map.
pub(super) fn member<'a>(at: &'a Located, key: &str) -> Option<&'a Located> {
    match &at.node {
        Node::Map(map) => map.iter().find(|(word, _)| word.text == key).map(|(_, value)| value),
        Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) | Node::Text(_) | Node::List(_) => None,
    }
}

/// A written value with the members of another laid over it.
fn overlaid(base: &Located, over: &Located) -> Located {
    let (Node::Map(base_map), Node::Map(over_map)) = (&base.node, &over.node) else { return over.clone() };
    let mut map = base_map.clone();
    for (word, value) in over_map {
        match map.iter_mut().find(|(known, _)| known.text == word.text) {
            Some((_, slot)) => *slot = overlaid(slot, value),
            None => map.push((word.clone(), value.clone())),
        }
    }
    Located { node: Node::Map(map), place: base.place.clone() }
}
