//! `depara links`: which records are known to be one thing.

use serde_json::json;

use super::arguments::{Global, LinksArguments, LinksVerb, ListArguments};
use super::export::Home;
use super::open::remembered;
use super::render::{Screen, link};
use super::{Exit, Stop, export, import};
use crate::clock::Clock;
use crate::engine::crew::Scope;
use crate::link::Link;
use crate::record::{Side, Sides};
use crate::store::{Change, Entry, Error, Ledger, Mark};

/// Lists, shows, forgets, exports or imports links.
pub(super) fn run(global: &Global, arguments: &LinksArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    if arguments.verb.is_some() && (arguments.export.is_some() || arguments.import.is_some()) {
        return Err(Stop::usage("--export and --import go without a word", "say only what is to be done"));
    }
    if let Some(file) = &arguments.import {
        return import::run(global, &arguments.scope, file, screen);
    }
    let (_, scopes) = remembered(global, &arguments.scope, screen)?;
    if let Some(file) = &arguments.export {
        export::run(&homes(scopes), file.as_deref(), screen)?;
        return Ok(Exit::Done);
    }
    match &arguments.verb {
        None => list(&scopes, ListArguments::default(), screen),
        Some(LinksVerb::List(how)) => list(&scopes, *how, screen),
        Some(LinksVerb::Show { id }) => {
            let (scope, found) = one(&scopes, id)?;
            link::show(screen, scope, &found)?;
            Ok(Exit::Done)
        }
        Some(LinksVerb::Forget { id }) => {
            let (scope, found) = one(&scopes, id)?;
            forget(scope, &found, screen)
        }
    }
}

/// The scopes as places that links leave and come to.
pub(super) fn homes(scopes: Vec<Scope>) -> Vec<Home> {
    let home = |Scope { account, mapping, ledger }: Scope| {
        let own = |side: Side| mapping.fields.iter().find(|field| field.ends.get(side).is_id);
        let own = Sides::each(|side| own(side).map(|field| field.key.clone()));
        Home { account: account.name, mapping: mapping.name.clone(), ledger, own }
    };
    scopes.into_iter().map(home).collect()
}

fn list(scopes: &[Scope], how: ListArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    for scope in scopes {
        let links = scope.ledger.links(None, how.limit)?;
        link::list(screen, scope, &links, scope.ledger.link_count()?)?;
    }
    Ok(Exit::Done)
}

fn forget(scope: &Scope, found: &Link, screen: &mut Screen) -> anyhow::Result<Exit> {
    let entry = Entry {
        at_ms: Clock::machine().now_ms(),
        cycle: 0,
        ids: found.ids.clone().map(Some),
        event: "LinkForgotten".to_owned(),
        details: json!({ "by": "a person" }),
    };
    let mut batch = vec![Change::RemoveLink(found.ids.clone()), Change::Journal(entry)];
    // Else one of them, if it alone changes, would be taken for a record without a twin.
    batch.extend(uncompared(&scope.ledger)?);
    scope.ledger.write(batch)?;
    scope.ledger.flush()?;
    link::forgotten(screen, scope, found)?;
    Ok(Exit::Done)
}

/// The watermark, if there is one, as of a store that has yet to compare everything: for whoever changed by hand
/// what is linked.
pub(super) fn uncompared(ledger: &Ledger) -> Result<Option<Change>, Error> {
    Ok(ledger.mark()?.map(|mark| Change::PutMark(Mark { full_ms: None, ..mark })))
}

/// The one link of a record, wherever it is.
fn one<'a>(scopes: &'a [Scope], id: &str) -> anyhow::Result<(&'a Scope, Link)> {
    let mut found: Vec<(&Scope, Link)> = Vec::new();
    for scope in scopes {
        for (side, id) in sides_of(scope, id) {
            let link = scope.ledger.link(side, id)?;
            found.extend(link.map(|link| (scope, link)));
        }
    }
    found.dedup_by(|one, other| one.1 == other.1 && one.0.ledger.scope() == other.0.ledger.scope());
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => {
            Err(Stop::usage(format!("several links hold `{id}`"), "say which: `SYSTEM:ID`, --mapping, --account"))
        }
        (None, _) => Err(Stop::failed(
            format!("no link holds `{id}`"),
            "`depara links` lists them; `depara explain SYSTEM.RESOURCE ID` says why a record has none",
        )),
    }
}

/// The sides an id may stand for: both, or the one of the system it names.
pub(super) fn sides_of<'a>(scope: &Scope, id: &'a str) -> Vec<(Side, &'a str)> {
    let named = id.split_once(':').and_then(|(word, inner)| side_named(scope, word).map(|side| (side, inner)));
    named.map_or_else(|| Side::BOTH.into_iter().map(|side| (side, id)).collect(), |one| vec![one])
}

/// The side of a word: a system of the mapping, `left` or `right`.
pub(super) fn side_named(scope: &Scope, word: &str) -> Option<Side> {
    let sides = &scope.mapping.sides;
    match word {
        "left" => Some(Side::Left),
        "right" => Some(Side::Right),
        _ if sides.left.system == sides.right.system => None,
        _ => Side::BOTH.into_iter().find(|side| sides.get(*side).system == word),
    }
}
