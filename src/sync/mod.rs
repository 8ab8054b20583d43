//! The heart: what was read becomes a plan. Pure and synchronous; no clock, no await, no log.

mod birth;
pub mod guard;
pub mod merge;
pub mod pair;
pub mod plan;
pub mod settle;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::link::Link;
use crate::mapping::field::{Fields, Trouble};
use crate::mapping::{Mapping, NewRow};
use crate::record::{Record, Side, Sides};
use crate::reference::Want;
use pair::{Ambiguous, Taken};
use plan::{Held, Origin, Planned, Planner, References, Seen};

/// All that one cycle read.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The links of which a record was seen, changed or gone.
    pub links: Vec<Link>,
    /// The records concerned, by id: both of each link, and every unlinked one.
    pub records: Sides<BTreeMap<String, Record>>,
    /// Keys of all linked records.
    pub taken: Sides<Taken>,
    /// Linked records confirmed to be gone.
    pub gone: Sides<BTreeSet<String>>,
    /// Linked records that were asked for and not shown, and that no complete list says to be gone.
    pub missed: Sides<BTreeSet<String>>,
    /// Records whose write was refused, with the print of what was refused.
    pub blocked: Sides<BTreeMap<String, u64>>,
    /// How people settled conflicts: by left id and field name.
    pub answers: BTreeMap<(String, String), Side>,
    /// Who won a conflict that is not settled yet, and the values it was decided for.
    pub decided: BTreeMap<(String, String), (Side, Sides<Value>)>,
    /// Rows of reference resources.
    pub references: References,
    /// Whether each listing showed everything there is.
    pub complete: Sides<bool>,
    /// How many records each listing showed.
    pub listed: Sides<u64>,
    /// How many links the store holds.
    pub linked: u64,
    /// When the reading began, in milliseconds since 1970.
    pub now_ms: i64,
}

/// What a cycle intends.
#[derive(Debug, Default, PartialEq)]
pub struct Plan {
    /// Rows of references to make first.
    pub rows: Vec<NewRow>,
    /// The pairs with anything to do, to remember or to tell.
    pub pairs: Vec<Planned>,
    /// Records of which nobody can say what they are the twin of.
    pub ambiguous: Vec<Ambiguous>,
    /// Records that a rule keeps from being read, with the reason.
    pub unreadable: Vec<(Side, String, Trouble)>,
    /// Pairs of which an image was older than one seen before.
    pub late: Vec<Sides<String>>,
}

/// Turns what was read into a plan, or into what must be looked up first.
///
/// # Errors
/// The rows nobody knows yet; fetch them into the snapshot's references and ask again.
pub fn reconcile(mapping: &Mapping, snapshot: &Snapshot) -> Result<Plan, BTreeSet<Want>> {
    let mut plan = Plan::default();
    let mut planner = Planner { mapping, snapshot, rows: Vec::new() };
    let linked: Sides<BTreeSet<&str>> =
        Sides::each(|side| snapshot.links.iter().map(|link| link.ids.get(side).as_str()).collect());

    for link in &snapshot.links {
        linked_pair(&mut planner, link, &mut plan);
    }

    let mut unlinked: Sides<BTreeMap<String, Fields>> = Sides::default();
    for side in Side::BOTH {
        for record in snapshot.records.get(side).values().filter(|one| !linked.get(side).contains(one.id.as_str())) {
            match mapping.read(side, &record.id, &record.body.value(), &snapshot.references) {
                Ok(fields) => {
                    unlinked.get_mut(side).insert(record.id.clone(), fields);
                }
                Err(trouble) => plan.unreadable.push((side, record.id.clone(), trouble)),
            }
        }
    }
    unlinked_records(&mut planner, &unlinked, &mut plan);
    plan.rows = planner.rows;
    let wanted = snapshot.references.take_wanted();
    if wanted.is_empty() { Ok(plan) } else { Err(wanted) }
}

fn linked_pair(planner: &mut Planner<'_>, link: &Link, plan: &mut Plan) {
    let (mapping, snapshot) = (planner.mapping, planner.snapshot);
    let records = Sides::each(|side| snapshot.records.get(side).get(link.ids.get(side)));
    let (Some(left), Some(right)) = (records.left, records.right) else {
        let is_in = |ids: &Sides<BTreeSet<String>>, side: Side| ids.get(side).contains(link.ids.get(side));
        for side in Side::BOTH {
            let missed = is_in(&snapshot.missed, side);
            if !missed && !is_in(&snapshot.gone, side) {
                continue;
            }
            if !link.gone.get(side) {
                let sure = !missed || link.base.get(side).missed;
                plan.pairs.push(if sure { vanished(mapping, link, side, records) } else { missing(link, side) });
            } else if let Some(record) = records.get(side.other()) {
                plan.pairs.extend(widowed(mapping, link, side.other(), record));
            }
        }
        return;
    };
    match both(mapping, Sides::new(left, right), &snapshot.references) {
        Ok(read) => {
            let seen = Sides::new(seen_of(left, &read.left), seen_of(right, &read.right));
            let late = |side: Side| settle::is_late(mapping, link.base.get(side), seen.get(side), snapshot.now_ms);
            if late(Side::Left) || late(Side::Right) {
                plan.late.push(link.ids.clone());
            } else {
                plan.pairs.extend(planner.joined(Some(link), seen));
            }
        }
        Err((side, trouble)) => plan.unreadable.push((side, link.ids.get(side).clone(), trouble)),
    }
}

/// A record that is gone. Its twin, where it was read, does not ask for it again until it changes.
fn vanished(mapping: &Mapping, link: &Link, side: Side, records: Sides<Option<&Record>>) -> Planned {
    let reason = format!("gone on the {side} side");
    let held = vec![Held { side: side.other(), field: None, reason, place: None }];
    let mut link = settle::gone(link, side);
    if let Some(record) = records.get(side.other()) {
        link.base.get_mut(side.other()).print = record.body.print(mapping.print);
    }
    Planned { held, ..remembered(link, Origin::Gone) }
}

/// A record whose twin was not shown when it was asked for. One bad answer proves nothing: it is asked for
/// once more when this record is listed again.
fn missing(link: &Link, side: Side) -> Planned {
    let mut link = link.clone();
    link.base.get_mut(side).missed = true;
    link.base.get_mut(side.other()).print = 0;
    remembered(link, Origin::Linked)
}

/// A record whose twin is known to be gone, and was asked for once more in vain: the question is not
/// put again until the record changes.
fn widowed(mapping: &Mapping, link: &Link, side: Side, record: &Record) -> Option<Planned> {
    let print = record.body.print(mapping.print);
    let mut link = link.clone();
    let before = std::mem::replace(&mut link.base.get_mut(side).print, print);
    (before != print).then(|| remembered(link, Origin::Linked))
}

fn remembered(link: Link, origin: Origin) -> Planned {
    Planned {
        ids: link.ids.clone().map(Some),
        name: String::new(),
        origin,
        link: Some(link),
        remember: true,
        steps: Vec::new(),
        conflicts: Vec::new(),
        held: Vec::new(),
        quarantined: false,
    }
}

fn unlinked_records(planner: &mut Planner<'_>, unlinked: &Sides<BTreeMap<String, Fields>>, plan: &mut Plan) {
    let (mapping, snapshot) = (planner.mapping, planner.snapshot);
    let pairs = pair::pair(mapping, snapshot, unlinked);
    plan.ambiguous = pairs.ambiguous;
    let bodies = |side: Side, id: &str| snapshot.records.get(side).get(id).map(|record| (record, record.body.value()));
    for ids in &pairs.matched {
        let found = Sides::new(bodies(Side::Left, &ids.left), bodies(Side::Right, &ids.right));
        let fields = Sides::new(unlinked.left.get(&ids.left), unlinked.right.get(&ids.right));
        if let (Some(left), Some(right), Some(l), Some(r)) = (&found.left, &found.right, fields.left, fields.right) {
            let seen = Sides::new(
                Seen { record: left.0, body: &left.1, fields: l },
                Seen { record: right.0, body: &right.1, fields: r },
            );
            plan.pairs.extend(planner.joined(None, seen));
        }
    }
    // A record that nothing may be born from is nobody's business while it is alone.
    for side in Side::BOTH.into_iter().filter(|side| mapping.flows_to(side.other())) {
        for id in pairs.alone.get(side) {
            if let (Some((record, body)), Some(fields)) = (bodies(side, id), unlinked.get(side).get(id)) {
                plan.pairs.push(planner.alone(side, Seen { record, body: &body, fields }));
            }
        }
    }
}

type Read = (Value, Fields);

fn both(mapping: &Mapping, records: Sides<&Record>, references: &References) -> Result<Sides<Read>, (Side, Trouble)> {
    let read = |side: Side| {
        let record = records.get(side);
        let body = record.body.value();
        let fields = mapping.read(side, &record.id, &body, references).map_err(|trouble| (side, trouble))?;
        Ok((body, fields))
    };
    Ok(Sides::new(read(Side::Left)?, read(Side::Right)?))
}

const fn seen_of<'a>(record: &'a Record, (body, fields): &'a Read) -> Seen<'a> {
    Seen { record, body, fields }
}
