//! Which lines of mappings, tables and scripts no case touches.
//!
//! A line of a script is touched when every statement on it ran; a line of a mapping when every part
//! on it was touched: its value travelled, its pair was looked up, its rule was called.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::touched::{Touches, touches};
use crate::diagnostic::Place;
use crate::workspace::Workspace;

/// What the cases touch of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The file.
    pub file: String,
    /// How many of its lines a case could touch.
    pub lines: usize,
    /// Those that none touches: why, and where.
    pub untouched: BTreeMap<usize, (Place, String)>,
}

/// Says of every mapping, table and script whose file holds `filter` what these cases touch.
pub fn coverage(workspace: &Workspace, cases: &[Case], filter: Option<&str>) -> Vec<Covered> {
    let touches = touches(workspace, cases);
    // A table that two mappings share is touched when either is.
    let mut found: BTreeMap<(String, usize, usize), (Place, Option<String>)> = BTreeMap::new();
    for (place, lack) in places(workspace, cases, &touches) {
        let key = (place.file.to_string(), place.line, place.column);
        let told = found.entry(key).or_insert_with(|| (place, lack.clone()));
        told.1 = told.1.take().and(lack);
    }
    let mut files: BTreeMap<String, (BTreeSet<usize>, Covered)> = BTreeMap::new();
    for ((file, ..), (place, lack)) in found {
        let fresh = || (BTreeSet::new(), Covered { file: file.clone(), lines: 0, untouched: BTreeMap::new() });
        let (lines, covered) = files.entry(file.clone()).or_insert_with(fresh);
        lines.insert(place.line);
        covered.lines = lines.len();
        if let Some(lack) = lack {
            covered.untouched.entry(place.line).or_insert((place, lack));
        }
    }
    let wanted = |covered: &Covered| filter.is_none_or(|word| covered.file.contains(word));
    files.into_values().map(|(_, covered)| covered).filter(wanted).collect()
}

/// Everything that can be touched, each with why it is not, if it is not.
fn places(workspace: &Workspace, cases: &[Case], touches: &Touches) -> Vec<(Place, Option<String>)> {
    let mut found = Vec::new();
    let spots: BTreeSet<usize> = touches.by_case.iter().flat_map(|one| &one.spots).copied().collect();
    for (at, spot) in touches.marks.spots.iter().enumerate() {
        let lack = (!spots.contains(&at)).then(|| "no case comes to this".to_owned());
        found.push((spot.place.clone(), lack));
    }
    for spec in &workspace.project.mappings {
        let mine = cases.iter().zip(&touches.by_case).filter(|(case, _)| case.mapping.name == spec.name);
        let touched: BTreeSet<usize> = mine.flat_map(|(_, one)| &one.parts).copied().collect();
        for (at, part) in touches.parts.get(&spec.name).into_iter().flatten().enumerate() {
            let lack = (!touched.contains(&at)).then(|| part.what.lack());
            found.push((part.place.clone(), lack));
        }
    }
    found
}
