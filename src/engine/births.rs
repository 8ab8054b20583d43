//! Mappings of an account that bear records in the same resource take turns: two that plan at once would each bear the
//! one thing that both of them know of and the resource does not show yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::mapping::Mapping;
use crate::record::Side;

/// The turns, by `system.resource`. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct Births {
    turns: Arc<BTreeMap<String, Arc<Mutex<()>>>>,
}

impl Births {
    /// Turns for these resources.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self { turns: Arc::new(names.into_iter().map(|name| (name, Arc::default())).collect()) }
    }

    /// Waits until nobody else bears where a mapping does. Everybody takes them in the order of their names, so that no
    /// two wait for each other.
    pub(super) async fn turn(&self, mapping: &Mapping) -> Vec<OwnedMutexGuard<()>> {
        let names = born_in(mapping).into_iter().collect::<BTreeSet<String>>();
        let mut turn = Vec::new();
        for own in names.iter().filter_map(|name| self.turns.get(name)) {
            turn.push(Arc::clone(own).lock_owned().await);
        }
        turn
    }
}

/// Where a mapping bears records.
pub fn born_in(mapping: &Mapping) -> Vec<String> {
    let sides = Side::BOTH.into_iter().filter(|side| mapping.flows_to(*side));
    sides.map(|side| mapping.sides.get(side).name()).collect()
}
