//! The heart: what was read becomes a plan. Pure and synchronous; no clock, no await, no log.

mod arrived;
mod birth;
mod decide;
mod draft;
pub mod guard;
pub mod merge;
pub mod pair;
pub mod plan;
pub mod settle;
pub mod unheeded;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::link::Link;
use crate::mapping::field::{Fields, Trouble};
use crate::mapping::{Mapping, NewRow};
use crate::record::{Record, Side, Sides, Unpacked};
use crate::reference::Want;
pub use draft::Draft;
use pair::{Ambiguous, Taken};
use plan::{Held, Origin, Planned, Planner, References, Seen};

/// Whom people let win, by left id and field name, and the values they saw; nothing where any will do.
pub type Answers = BTreeMap<(String, String), (Side, Option<Sides<Value>>)>;

/// All that one cycle read.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The links of which a record was seen, changed or gone.
    pub links: Vec<Link>,
    /// The records concerned, by id: both of each link, and every unlinked one.
    pub records: Sides<BTreeMap<String, Record>>,
    /// Records of creations without an answer, what they were made from and what may have come of them, and those that
    /// do not show just now: nothing is planned for them, and nothing is born that shares a key with them.
    pub open: Sides<BTreeSet<String>>,
    /// The side and the record of which a creation was sent whose answer is not known.
    pub unanswered: Vec<(Side, String)>,
    /// Keys of all linked records.
    pub taken: Sides<Taken>,
    /// Records that were asked for by their ids: what they show is no list that lags.
    pub fetched: Sides<BTreeSet<String>>,
    /// Linked records confirmed to be gone.
    pub gone: Sides<BTreeSet<String>>,
    /// Linked records that were asked for and not shown, and that no complete list says to be gone.
    pub missed: Sides<BTreeSet<String>>,
    /// Linked records that were never compared, where there are others that are not linked.
    pub barely_linked: Sides<Vec<String>>,
    /// Records whose write was refused, with the print of what was refused.
    pub blocked: Sides<BTreeMap<String, u64>>,
    /// How people settled conflicts.
    pub answers: Answers,
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
    /// Records that a rule keeps from being read, or a row nobody could look for, with the reason.
    pub unreadable: Vec<(Side, String, Trouble)>,
    /// Pairs of which an image was older than one seen before.
    pub late: Vec<Late>,
    /// Pairs of which one record is open: they meet once more is known of it.
    pub open: Vec<Sides<String>>,
}

/// A pair that is left as it is, for its image lags.
#[derive(Debug, PartialEq, Eq)]
pub struct Late {
    /// The pair.
    pub ids: Sides<String>,
    /// The sides on which a write waits to be seen and that were only listed.
    pub listed: Sides<bool>,
}

/// Turns what was read into a plan, or into what must be looked up first.
///
/// # Errors
/// The rows nobody knows yet; fetch them into the snapshot's references and ask again.
pub fn reconcile(mapping: &Mapping, snapshot: &Snapshot) -> Result<Plan, BTreeSet<Want>> {
    Draft::default().finish(mapping, snapshot)
}

impl Plan {
    fn of(pair: impl IntoIterator<Item = Planned>) -> Self {
        Self { pairs: pair.into_iter().collect(), ..Self::default() }
    }

    /// Adds another part of the plan.
    fn add(&mut self, part: Self) {
        let Self { rows, pairs, ambiguous, unreadable, late, open } = part;
        plan::add_rows(&mut self.rows, rows);
        self.pairs.extend(pairs);
        self.ambiguous.extend(ambiguous);
        self.unreadable.extend(unreadable);
        self.late.extend(late);
        self.open.extend(open);
    }
}

fn linked_pair(planner: &mut Planner<'_>, link: &Link) -> Plan {
    let (mapping, snapshot) = (planner.mapping, planner.snapshot);
    let records = Sides::each(|side| snapshot.records.get(side).get(link.ids.get(side)));
    let (Some(left), Some(right)) = (records.left, records.right) else {
        return Plan::of(unseen(planner, link, records));
    };
    match both(mapping, Sides::new(left, right), &snapshot.references) {
        Ok(read) => {
            let seen = Sides::new(seen_of(left, &read.left), seen_of(right, &read.right));
            let fetched = Sides::each(|side| snapshot.fetched.get(side).contains(link.ids.get(side)));
            let late = Sides::each(|side| {
                settle::is_late(mapping, link.base.get(side), (seen.get(side), *fetched.get(side)), snapshot.now_ms)
            });
            if late.left || late.right {
                let waits = |side: Side| !link.base.get(side).expected.is_empty() && !fetched.get(side);
                let listed = Sides::each(|side| *late.get(side) && waits(side));
                Plan { late: vec![Late { ids: link.ids.clone(), listed }], ..Plan::default() }
            } else {
                let planned = planner.joined(Some(link), seen);
                Plan::of(planned.map(|planned| Planned { now: read.map(|(_, fields)| fields), ..planned }))
            }
        }
        Err((side, trouble)) => {
            Plan { unreadable: vec![(side, link.ids.get(side).clone(), trouble)], ..Plan::default() }
        }
    }
}

/// A pair of which not both records were shown: what is known of each now. Nothing when that is no more than before.
fn unseen(planner: &Planner<'_>, link: &Link, records: Sides<Option<&Record>>) -> Option<Planned> {
    let snapshot = planner.snapshot;
    let mut planned = remembered(link.clone(), Origin::Unseen);
    let mut next = link.clone();
    for side in Side::BOTH {
        let is_in = |ids: &Sides<BTreeSet<String>>| ids.get(side).contains(link.ids.get(side));
        let missed = is_in(&snapshot.missed);
        if !missed && !is_in(&snapshot.gone) {
            continue;
        }
        let print = records.get(side.other()).map(|record| record.body.print(planner.mapping.print));
        let twin = side.other();
        if !link.gone.get(side) && missed && !link.base.get(side).missed {
            // One bad answer proves nothing: it is asked for once more when its twin is listed again.
            next.base.get_mut(side).missed = true;
            next.base.get_mut(twin).print = 0;
            continue;
        }
        if !link.gone.get(side) {
            next = settle::gone(&next, side);
            planned.origin = Origin::Gone;
            let reason = format!("gone on the {side} side");
            planned.held.push(Held { side: twin, field: None, reason, place: None });
        }
        // The twin does not ask for it again until it changes.
        if let Some(print) = print {
            next.base.get_mut(twin).print = print;
        }
    }
    (next != *link).then_some(Planned { link: Some(next), ..planned })
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
        now: Sides::default(),
    }
}

type Read<'a> = (Unpacked<'a>, Fields);

fn both<'a>(
    mapping: &Mapping,
    records: Sides<&'a Record>,
    references: &References,
) -> Result<Sides<Read<'a>>, (Side, Trouble)> {
    let read = |side: Side| {
        let record = *records.get(side);
        let body = Unpacked::from(&record.body);
        let fields = mapping.read(side, &record.id, &body, references).map_err(|trouble| (side, trouble))?;
        Ok((body, fields))
    };
    Ok(Sides::new(read(Side::Left)?, read(Side::Right)?))
}

const fn seen_of<'a>(record: &'a Record, (body, fields): &'a Read<'a>) -> Seen<'a> {
    Seen { record, body, fields }
}
