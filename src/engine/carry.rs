//! Carrying the steps of one pair to the systems, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tracing::Instrument as _;

use super::recover::is_older;
use crate::connector::{Connector, Outcome, Row, Sent};
use crate::mapping::LATER;
use crate::record::{Side, Sides};
use crate::sync::plan::{Act, Step};

/// What carrying needs to know, the same for every pair of a cycle.
#[derive(Clone)]
pub(super) struct Carrier {
    /// The connector and the resource of each side.
    pub(super) ends: Sides<(Connector, Arc<str>)>,
    /// Where newborn records of each side carry our key.
    pub(super) keys: Sides<Option<Arc<str>>>,
    /// Rows made before.
    pub(super) rows: Arc<Rows>,
    /// Sides that must not be asked any more in this cycle.
    pub(super) closed: Sides<Arc<AtomicBool>>,
    /// The process is asked to stop.
    pub(super) stop: Arc<AtomicBool>,
}

/// Ids of rows that were made, or why one was refused: by reference and folded value.
pub(super) type Rows = BTreeMap<(String, String), Result<Value, String>>;

/// What became of one step.
pub(super) struct Carried {
    pub(super) step: Step,
    pub(super) outcome: Outcome,
    /// The call that carried it.
    pub(super) sent: Sent,
}

impl Carrier {
    /// Sends the steps of one pair. A stamp waits for its birth and is not tried without it.
    pub(super) async fn carry(self, ids: Sides<Option<String>>, steps: Vec<Step>) -> Vec<Carried> {
        let mut ids = ids;
        let mut carried = Vec::with_capacity(steps.len());
        for step in steps {
            let (outcome, sent) = self.send(&ids, &step).instrument(self.span(&ids, &step)).await;
            if matches!(outcome, Outcome::Blocked { .. } | Outcome::Unauthorised { .. }) {
                self.closed.get(step.side).store(true, Ordering::SeqCst);
            }
            if let (Act::Create { .. }, Outcome::Done { id: Some(id), .. }) = (&step.act, &outcome) {
                *ids.get_mut(step.side) = Some(id.clone());
            }
            let failed = !matches!(outcome, Outcome::Done { .. } | Outcome::Empty);
            let birth = matches!(step.act, Act::Create { .. });
            carried.push(Carried { step, outcome, sent });
            if failed && birth {
                break;
            }
        }
        carried
    }

    fn span(&self, ids: &Sides<Option<String>>, step: &Step) -> tracing::Span {
        let act = match step.act {
            Act::Create { .. } => "create",
            Act::Update => "update",
            Act::Stamp => "stamp",
        };
        let (connector, resource) = self.ends.get(step.side);
        let [left, right] = [&ids.left, &ids.right].map(|id| id.as_deref().unwrap_or_default());
        tracing::info_span!("step", act, system = connector.system().name, resource = &**resource, left, right)
    }

    async fn send(&self, ids: &Sides<Option<String>>, step: &Step) -> (Outcome, Sent) {
        let (outcome, sent) = self.try_send(ids, step).await.unwrap_or_else(|outcome| (outcome, Sent::default()));
        tracing::debug!(outcome = outcome.word(), "a step was answered");
        (outcome, sent)
    }

    /// Sends a step; an error is the outcome of one that no call was made for.
    async fn try_send(&self, ids: &Sides<Option<String>>, step: &Step) -> Result<(Outcome, Sent), Outcome> {
        let unsent = |text: &str| Err(Outcome::Failed { text: text.to_owned() });
        if self.stop.load(Ordering::SeqCst) {
            return unsent("the process was asked to stop");
        }
        if self.closed.get(step.side).load(Ordering::SeqCst) {
            return unsent("the system asked to be left in peace");
        }
        let mut body = step.body.value();
        self.fill(&mut body, ids)?;
        let (connector, resource) = self.ends.get(step.side);
        match (&step.act, ids.get(step.side)) {
            (Act::Create { key }, _) => {
                let (outcome, sent) = connector.make(resource, &body).await;
                Ok((self.own(step.side, key, (outcome, &sent)).await, sent))
            }
            (Act::Update | Act::Stamp, Some(id)) => Ok(connector.change(resource, id, &body).await),
            (Act::Update | Act::Stamp, None) => unsent("waits for an id"),
        }
    }

    /// A double that carries the key of this very creation is the creation: something on its way delivered it twice. One
    /// that is older, and nobody remembers, holds something else than was sent: like one that does not show it is left to
    /// the search for what was never answered.
    async fn own(&self, side: Side, key: &str, (outcome, sent): (Outcome, &Sent)) -> Outcome {
        let (Outcome::Duplicate { id: Some(id), key: named, text }, Some(by)) = (&outcome, self.keys.get(side)) else {
            return outcome;
        };
        let (connector, resource) = self.ends.get(side);
        let is_ours = match named {
            Some(named) => named == key,
            None => {
                let found = connector.find(resource, by, &[key.to_owned()]).await;
                found.is_ok_and(|rows| rows.iter().any(|row| row.id == *id))
            }
        };
        if !is_ours {
            return outcome;
        }
        let shown = connector.fetch(resource, std::slice::from_ref(id)).await.unwrap_or_default();
        let is_old = |row: &Row| sent.served_ms.is_some_and(|served_ms| is_older(row, served_ms));
        match shown.into_iter().next().filter(|row| !is_old(row)) {
            Some(row) => Outcome::Done { id: Some(row.id), row: None },
            None => Outcome::Unknown { text: text.clone() },
        }
    }

    /// Puts in what is only known now: ids of newborn records and of newly made rows.
    fn fill(&self, body: &mut Value, ids: &Sides<Option<String>>) -> Result<(), Outcome> {
        match body {
            Value::Object(map) => {
                if let Some(later) = map.get(LATER) {
                    let known = self.later(later, ids)?;
                    *body = known;
                    return Ok(());
                }
                map.values_mut().try_for_each(|inner| self.fill(inner, ids))
            }
            Value::Array(list) => list.iter_mut().try_for_each(|inner| self.fill(inner, ids)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn later(&self, later: &Value, ids: &Sides<Option<String>>) -> Result<Value, Outcome> {
        let text = |key: &str| later.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let waits = |what: String| Outcome::Failed { text: format!("waits for {what}") };
        let reference = text("reference");
        if !reference.is_empty() {
            let value = text("value");
            return match self.rows.get(&(reference.clone(), value.clone())) {
                Some(Ok(id)) => Ok(id.clone()),
                // It will be refused again: the record waits for a change of its own.
                Some(Err(text)) => Err(Outcome::Refused { text: format!("`{value}` in {reference}: {text}") }),
                None => Err(waits(format!("`{value}` in {reference}"))),
            };
        }
        let side = if text("id") == "left" { Side::Left } else { Side::Right };
        let id = ids.get(side).clone().ok_or_else(|| waits(format!("the id on the {side} side")))?;
        let as_text = later.get("text").and_then(Value::as_bool).unwrap_or(true);
        let number = id.parse::<i64>().ok().filter(|_| !as_text);
        Ok(number.map_or_else(|| Value::from(id), Value::from))
    }
}
