//! Who has come since the lists were read: in a cycle that takes long, people make records as well, and nobody is born
//! beside a twin.

use super::execute::Work;
use super::{Error, Report, Runner};
use crate::record::{Side, Sides};
use crate::sync::pair::Taken;
use crate::sync::plan::Planned;

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
        for side in Side::BOTH.into_iter().filter(|side| group.iter().any(|planned| planned.bears(*side))) {
            self.look_who_has_come(work, side).await?;
        }
        let mut rest = Vec::with_capacity(group.len());
        for planned in group {
            let why = Side::BOTH.into_iter().filter(|side| planned.bears(*side)).find_map(|side| {
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
                    if let Some(image) = self.image(side, record, &work.snapshot) {
                        newcomers.keys.insert_all(&self.mapping, &image.fields, &record.id);
                    }
                }
            }
            Err(Error::Read(failure)) => newcomers.trouble = Some(failure.to_string()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn forestalled_by(&self, work: &Work, planned: &Planned, side: Side) -> Option<String> {
        let keys = &work.newcomers.get(side).keys;
        if keys.is_empty() {
            return None;
        }
        let from = side.other();
        let twin = keys.holder(&self.mapping, planned.now.get(from))?;
        Some(format!("{} {twin} has come since the lists were read", self.mapping.sides.get(side).name()))
    }
}
