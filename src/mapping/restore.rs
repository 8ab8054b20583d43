//! What a record must have held to read as it once did: the way back from a base to a body.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::field::{Fields, Trouble};
use super::{Mapping, Standing};
use crate::record::Side;
use crate::reference::References;

impl Mapping {
    /// What a body must hold otherwise so that these fields read as they did. What only the system
    /// itself writes, or no rule writes back, is left as it is.
    ///
    /// # Errors
    /// Trouble when a rule fails or a text is too long.
    pub fn restored(
        &self,
        side: Side,
        (body, fields): (&Value, &Fields),
        then: &BTreeMap<usize, Value>,
        references: &Arc<References>,
    ) -> Result<Value, Trouble> {
        let mut free = self.clone();
        for field in &mut free.fields {
            let end = field.ends.get_mut(side);
            // What people may not write today may well have stood there.
            end.hold = None;
            end.slot.read_only = false;
        }
        let ids: BTreeSet<usize> =
            self.fields.iter().enumerate().filter(|(_, field)| field.ends.get(side).is_id).map(|(at, _)| at).collect();
        let then = then.iter().filter(|(at, _)| !ids.contains(at)).map(|(at, value)| (*at, value.clone())).collect();
        let standing = Standing { body, fields, first: &BTreeSet::new(), agreed: None };
        Ok(free.write(side, &then, Some(standing), references)?.body)
    }
}
