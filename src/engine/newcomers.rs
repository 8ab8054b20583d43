//! Who has come since the lists were read: in a cycle that takes long, people make records as well, and nobody is born
//! beside a twin.

use std::sync::Arc;

use super::execute::Work;
use super::{Error, Report, Runner};
use crate::record::{Record, Side, Sides};
use crate::reference::References;
use crate::sync::pair::{Taken, key_form};
use crate::sync::plan::{Act, Planned};

/// Births are planned from lists that are good for so long: five minutes.
const FRESH_MS: i64 = 300_000;

/// What is known of the newcomers of a side.
pub(super) struct Newcomers {
    /// When it was last looked who has come.
    listed_ms: i64,
    /// Their keys.
    keys: Taken,
    /// Why nobody can tell any more.
    trouble: Option<String>,
}

impl Newcomers {
    pub(super) fn since(read_ms: Sides<i64>) -> Sides<Self> {
        read_ms.map(|listed_ms| Self { listed_ms, keys: Taken::default(), trouble: None })
    }
}

impl Runner {
    /// Leaves out the births whose twin has come since the lists were read: the next cycle joins them.
    pub(super) async fn not_forestalled<'a>(
        &self,
        work: &mut Work,
        group: Vec<&'a Planned>,
        report: &mut Report,
    ) -> Result<Vec<&'a Planned>, Error> {
        let born = |planned: &Planned, side: Side| {
            planned.steps.iter().any(|step| step.side == side && matches!(step.act, Act::Create { .. }))
        };
        for side in Side::BOTH.into_iter().filter(|side| group.iter().any(|planned| born(planned, *side))) {
            self.look_who_has_come(work, side).await?;
        }
        let mut rest = Vec::with_capacity(group.len());
        for planned in group {
            let why = Side::BOTH.into_iter().filter(|side| born(planned, *side)).find_map(|side| {
                let newcomers = work.newcomers.get(side);
                newcomers.trouble.clone().or_else(|| self.forestalled_by(work, planned, side))
            });
            match why {
                Some(why) => work.put_off(planned, why, report),
                None => rest.push(planned),
            }
        }
        Ok(rest)
    }

    async fn look_who_has_come(&self, work: &mut Work, side: Side) -> Result<(), Error> {
        let newcomers = work.newcomers.get_mut(side);
        let is_fresh = self.clock.now_ms().saturating_sub(newcomers.listed_ms) < FRESH_MS;
        if is_fresh || newcomers.trouble.is_some() {
            return Ok(());
        }
        match self.changed_since(side, newcomers.listed_ms).await {
            Ok(None) => {}
            Ok(Some((listed_ms, records))) => {
                newcomers.listed_ms = listed_ms;
                for record in &records {
                    for (key, form) in self.keys_of(side, record, &work.snapshot.references) {
                        newcomers.keys.insert(key, &form, &record.id);
                    }
                }
            }
            Err(Error::Read(failure)) => newcomers.trouble = Some(failure.to_string()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn keys_of(&self, side: Side, record: &Record, references: &Arc<References>) -> Vec<(usize, String)> {
        let Ok(fields) = self.mapping.read(side, &record.id, &record.body.value(), references) else {
            return Vec::new();
        };
        let keys = self.mapping.keys.iter();
        keys.filter_map(|key| Some((*key, key_form(&self.mapping, *key, &fields)?))).collect()
    }

    fn forestalled_by(&self, work: &Work, planned: &Planned, side: Side) -> Option<String> {
        let from = side.other();
        let record = work.snapshot.records.get(from).get(planned.ids.get(from).as_deref()?)?;
        let keys = self.keys_of(from, record, &work.snapshot.references);
        let twin = keys.iter().find_map(|(key, form)| work.newcomers.get(side).keys.get(*key, form))?;
        Some(format!("{} {twin} has come since it was read", self.mapping.sides.get(side).name()))
    }
}
