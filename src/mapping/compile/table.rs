//! The table of a line: found, and with one way back for each value.

use std::collections::BTreeMap;

use super::Builder;
use crate::config::line::{FieldSpec, TablePairs, TableSpec};
use crate::config::mapping::Arrow;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::record::Side;

impl Builder<'_> {
    /// The pairs of a field's table, left value and right value.
    pub(super) fn table(&mut self, spec: &FieldSpec) -> Option<TablePairs> {
        let table = match spec.table.as_ref()? {
            TableSpec::Pairs(table) => table.clone(),
            TableSpec::Named((name, place)) => {
                let Some(table) = self.known.project.tables.get(name) else {
                    if self.known.project.is_torn_table(name) {
                        return None;
                    }
                    let plain = Diagnostic::new(Code::UnknownTable, place, format!("no table is named `{name}`"));
                    let near = plain.did_you_mean(name, self.known.project.tables.keys().map(String::as_str));
                    self.complaints.push(near);
                    return None;
                };
                table.clone()
            }
        };
        if spec.arrow == Arrow::Both {
            self.complain_way_back(&table);
        } else if !table.back.is_empty() {
            let plain =
                Diagnostic::new(Code::UnreachableOption, &table.place, "`back` never acts: the line points one way");
            self.complaints.push(plain.hint("drop it, or write `<=>`"));
        }
        Some(table)
    }

    fn complain_way_back(&mut self, table: &TablePairs) {
        let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
        for ((left, _), (right, place)) in &table.pairs {
            let first = seen.insert(right, place);
            if let Some(first) = first
                && !table.back.iter().any(|(value, _)| value == right)
            {
                let sentence =
                    format!("`{right}` comes from several values and does not say which one it goes back to");
                self.complaints.push(
                    Diagnostic::new(Code::TableWayBack, place, sentence)
                        .related(first, "also from here")
                        .hint(format!("add `back: {{ {right}: {left} }}`, or point the line one way")),
                );
            }
        }
    }
}

/// This side's value and the shared value. The shared value speaks the right side's words.
pub(super) fn pairs_of(table: &TablePairs, side: Side) -> Vec<(String, String)> {
    match side {
        Side::Left => {
            let back = table.back.iter().map(|(right, left)| (left.clone(), right.clone()));
            let pairs = table.pairs.iter().map(|((left, _), (right, _))| (left.clone(), right.clone()));
            back.chain(pairs).collect()
        }
        Side::Right => Vec::new(),
    }
}
