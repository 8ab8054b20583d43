//! `depara conflicts`: fields that both sides changed.

use serde_json::json;

use super::arguments::{ConflictsArguments, ConflictsVerb, Global, ListArguments};
use super::links::side_named;
use super::open::remembered;
use super::render::{Screen, conflict};
use super::{Exit, Stop};
use crate::clock::Clock;
use crate::engine::crew::Scope;
use crate::record::Side;
use crate::store::{Answer, Change, Conflict, Entry};

/// How many conflicts one reading takes at a time.
const PAGE: usize = 256;

/// Lists, shows or answers.
pub(super) fn run(global: &Global, arguments: &ConflictsArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    let (_, scopes) = remembered(global, &arguments.scope, screen)?;
    match &arguments.verb {
        None => list(&scopes, ListArguments::default(), false, screen),
        Some(ConflictsVerb::List { list: how, open }) => list(&scopes, *how, *open, screen),
        Some(ConflictsVerb::Show { id }) => {
            let (scope, found) = one(&scopes, id)?;
            conflict::show(screen, scope, &found)?;
            Ok(Exit::Done)
        }
        Some(ConflictsVerb::Answer { id, side }) => {
            let (scope, found) = one(&scopes, id)?;
            answer(scope, found, side, screen)
        }
    }
}

fn list(scopes: &[Scope], how: ListArguments, open: bool, screen: &mut Screen) -> anyhow::Result<Exit> {
    for scope in scopes {
        let (mut shown, mut total) = (Vec::new(), 0_usize);
        each(scope, |found| {
            if !open || found.open {
                total += 1;
                shown.extend((shown.len() < how.limit).then_some(found));
            }
            true
        })?;
        let waiting = scope.ledger.open_conflicts()?.len();
        conflict::list(screen, scope, &shown, (total, waiting))?;
    }
    Ok(Exit::Done)
}

fn answer(scope: &Scope, found: Conflict, word: &str, screen: &mut Screen) -> anyhow::Result<Exit> {
    let sides = &scope.mapping.sides;
    let Some(side) = side_named(scope, word) else {
        let hint = format!("write `{}`, `{}`, `left` or `right`", sides.left.system, sides.right.system);
        return Err(Stop::usage(format!("`{word}` is no side of `{}`", scope.mapping.name), hint));
    };
    if !found.open {
        let sentence = format!("the conflict `{}` is settled already ({})", found.id, found.policy);
        return Err(Stop::failed(sentence, "edit the record where it is wrong: the edit travels like any other"));
    }
    if is_on_its_way(scope, &found)? {
        let sentence =
            format!("the conflict `{}` is decided ({}), and the write is on its way", found.id, found.policy);
        return Err(Stop::failed(sentence, "after the next cycle, edit the record where it is wrong"));
    }
    if scope.mapping.keyed(&found.field).is_none() {
        let sentence =
            format!("no line has the field of the conflict `{}` any more: {} does not move", found.id, found.label);
        return Err(Stop::failed(sentence, "put the line back, or edit the records where they are wrong"));
    }
    let at_ms = Clock::machine().now_ms();
    let mut answered = beside(scope, &found)?;
    answered.insert(0, found);
    let mut batch = Vec::new();
    for one in &mut answered {
        one.answered = Some(Answer { side, at_ms });
        batch.push(Change::PutConflict(one.clone()));
        batch.push(Change::Journal(Entry {
            at_ms,
            cycle: 0,
            ids: one.ids.clone(),
            event: "ConflictAnswered".to_owned(),
            details: json!({ "conflict": one.id, "field": one.field, "side": side }),
        }));
    }
    scope.ledger.write(batch)?;
    scope.ledger.flush()?;
    for one in &answered {
        conflict::answered(screen, scope, one)?;
    }
    Ok(Exit::Done)
}

/// True for a conflict that was decided, while the write that settles it waits to be seen: an answer would come too late.
fn is_on_its_way(scope: &Scope, found: &Conflict) -> anyhow::Result<bool> {
    let (Some(winner), Some(left)) = (found.winner, &found.ids.left) else { return Ok(false) };
    let link = scope.ledger.link(Side::Left, left)?;
    Ok(link.is_some_and(|link| link.base.get(winner.other()).is_on_its_way(&found.field)))
}

/// The open conflicts of fields that win or lose together with that of a conflict, on the same pair.
fn beside(scope: &Scope, found: &Conflict) -> anyhow::Result<Vec<Conflict>> {
    let index = |one: &Conflict| scope.mapping.keyed(&one.field).map(|(index, _)| index);
    let Some(own) = index(found) else { return Ok(Vec::new()) };
    let members = scope.mapping.together(&own);
    let mut open = scope.ledger.open_conflicts()?;
    open.retain(|one| {
        let is_member = index(one).is_some_and(|index| members.contains(&index));
        one.id != found.id && one.ids == found.ids && is_member
    });
    Ok(open)
}

/// Shows conflicts, the newest first, for as long as somebody wants more.
pub(super) fn each(scope: &Scope, mut wants: impl FnMut(Conflict) -> bool) -> anyhow::Result<()> {
    let mut before: Option<String> = None;
    loop {
        let page = scope.ledger.conflicts(before.as_deref(), PAGE)?;
        let Some(last) = page.last().map(|one| one.id.clone()) else { return Ok(()) };
        for one in page {
            if !wants(one) {
                return Ok(());
            }
        }
        before = Some(last);
    }
}

/// The one conflict whose id begins so.
fn one<'a>(scopes: &'a [Scope], id: &str) -> anyhow::Result<(&'a Scope, Conflict)> {
    let mut found: Vec<(&Scope, Conflict)> = Vec::new();
    for scope in scopes {
        each(scope, |one| {
            if one.id.starts_with(id) {
                found.push((scope, one));
            }
            true
        })?;
    }
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(Stop::usage(format!("several conflicts begin with `{id}`"), "write more of it")),
        (None, _) => Err(Stop::failed(format!("no conflict begins with `{id}`"), "`depara conflicts` lists them")),
    }
}
