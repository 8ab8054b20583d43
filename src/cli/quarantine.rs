//! `depara quarantine`: records that a system refused.

use serde_json::json;

use super::arguments::{Global, ListArguments, QuarantineArguments, QuarantineVerb};
use super::links::sides_of;
use super::open::remembered;
use super::render::{Screen, quarantine};
use super::{Exit, Stop};
use crate::clock::Clock;
use crate::engine::crew::Scope;
use crate::record::Sides;
use crate::store::{Change, Entry, Wait, Waiting};

/// Lists, shows or lets try again.
pub(super) fn run(global: &Global, arguments: &QuarantineArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let (_, scopes) = remembered(global, &arguments.scope, screen)?;
    match &arguments.verb {
        None => list(&scopes, ListArguments::default(), false, screen),
        Some(QuarantineVerb::List { list: how, all }) => list(&scopes, *how, *all, screen),
        Some(QuarantineVerb::Show { id }) => {
            for (scope, waiting) in named(&scopes, id, true)? {
                quarantine::show(screen, scope, &waiting)?;
            }
            Ok(Exit::Done)
        }
        Some(QuarantineVerb::Retry { id, all: _ }) => retry(&scopes, id.as_deref(), screen),
    }
}

fn list(scopes: &[Scope], how: ListArguments, all: bool, screen: &mut Screen) -> anyhow::Result<Exit> {
    for scope in scopes {
        let (mut shown, mut total) = (Vec::new(), 0_usize);
        scope.ledger.each_waiting(|waiting| {
            if all || waiting.kind == Wait::Quarantined {
                total += 1;
                shown.extend((shown.len() < how.limit).then_some(waiting));
            }
        })?;
        // What waits of a linked record is one of its fields, and kept on its link.
        let (mut links, mut intents) = (Vec::new(), Vec::new());
        if all {
            intents = scope.ledger.intents()?;
            total += intents.len();
            intents.truncate(how.limit.saturating_sub(shown.len()));
            scope.ledger.each_link(|link| {
                total += link.held.len();
                let room = how.limit.saturating_sub(shown.len() + intents.len() + links.len());
                links.extend((!link.held.is_empty() && room > 0).then_some(link));
            })?;
        }
        quarantine::list(screen, scope, (&shown, &intents, &links), (total, all))?;
    }
    Ok(Exit::Done)
}

/// A print of zero is no record's: what carries it is tried again in the next cycle. What was
/// reported to people stays noted, so that the same refusal is not reported twice.
fn retry(scopes: &[Scope], id: Option<&str>, screen: &mut Screen) -> anyhow::Result<Exit> {
    let chosen = match id {
        Some(id) => named(scopes, id, false)?,
        None => {
            let mut all = Vec::new();
            for scope in scopes {
                scope.ledger.each_waiting(|waiting| {
                    all.extend((waiting.kind == Wait::Quarantined).then_some((scope, waiting)));
                })?;
            }
            all
        }
    };
    let at_ms = Clock::machine().now_ms();
    for (scope, waiting) in &chosen {
        let mut ids = Sides::new(None, None);
        *ids.get_mut(waiting.side) = Some(waiting.id.clone());
        let details = json!({ "by": "a person" });
        let entry = Entry { at_ms, cycle: 0, ids, event: "RetryAsked".to_owned(), details };
        let freed = Waiting { print: 0, ..waiting.clone() };
        scope.ledger.write(vec![Change::PutWaiting(freed), Change::Journal(entry)])?;
        scope.ledger.flush()?;
    }
    let list: Vec<&Waiting> = chosen.iter().map(|(_, waiting)| waiting).collect();
    quarantine::freed(screen, &list)?;
    Ok(Exit::Done)
}

/// The waiting records of an id, or of its twin; only refused ones unless `any`.
fn named<'a>(scopes: &'a [Scope], id: &str, any: bool) -> anyhow::Result<Vec<(&'a Scope, Waiting)>> {
    let mut found = Vec::new();
    for scope in scopes {
        for (side, id) in sides_of(scope, id) {
            let own = scope.ledger.waiting(side, id)?;
            let twin = match scope.ledger.link(side, id)? {
                Some(link) => scope.ledger.waiting(side.other(), link.ids.get(side.other()))?,
                None => None,
            };
            let waiting = own.into_iter().chain(twin).filter(|one| any || one.kind == Wait::Quarantined);
            found.extend(waiting.map(|one| (scope, one)));
        }
    }
    if found.is_empty() {
        let sentence = format!("no refused record has the id `{id}`");
        let hint =
            "`depara quarantine` lists them; of any other, `depara explain RESOURCE ID` says what waits, and why";
        return Err(Stop::failed(sentence, hint));
    }
    Ok(found)
}
