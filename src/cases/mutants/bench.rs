//! What mutants are made of and tried on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::edit::{edits, table_edits};
use super::wanted;
use crate::cases::touched::{Touched, Touches, touches};
use crate::cases::{Case, read, read_one};
use crate::config::Project;
use crate::config::line::{LineSpec, TablePairs, TableSpec};
use crate::config::located::Located;
use crate::config::mapping::MappingSpec;
use crate::diagnostic::{Diagnostics, Place};
use crate::mapping::compile::{Known, compile};
use crate::mapping::{Mapping, Mappings};
use crate::rules::RuleSet;
use crate::rules::change::Change;
use crate::workspace::Workspace;

/// A changed thing.
pub(super) struct Mutant<'a> {
    pub(super) place: Place,
    /// What it is.
    pub(super) words: String,
    /// What a case must show that notices it.
    pub(super) aim: String,
    how: How<'a>,
}

enum How<'a> {
    Mapping(&'a MappingSpec, Box<Located>),
    Table(&'a str, TablePairs),
    Script(&'a str, Change),
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It means nothing: the compiler refuses it.
    Refused,
    /// A case fails.
    Killed,
    /// None does; these come to the line.
    Survived(Vec<usize>),
}

/// What mutants are tried on.
pub(super) struct Bench<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) cases: Vec<Case>,
    touches: Touches,
}

impl<'a> Bench<'a> {
    /// Of a workspace whose cases all pass.
    pub(super) fn of(workspace: &'a Workspace) -> Self {
        let cases = read(workspace, &mut Diagnostics::default());
        Self { touches: touches(workspace, &cases), workspace, cases }
    }

    /// Every change of one thing in the files whose name holds `filter`.
    pub(super) fn mutants(&self, filter: Option<&str>) -> Vec<Mutant<'a>> {
        let mut found = Vec::new();
        let project = &self.workspace.project;
        for spec in project.mappings.iter().filter(|spec| wanted(filter, &spec.file)) {
            found.extend(edits(spec).into_iter().map(|edit| Mutant {
                place: edit.place,
                words: edit.words,
                aim: edit.aim,
                how: How::Mapping(spec, Box::new(edit.tree)),
            }));
        }
        for (name, table) in project.tables.iter().filter(|(_, table)| wanted(filter, &table.place.file)) {
            found.extend(table_edits(table).into_iter().map(|edit| Mutant {
                place: edit.place,
                words: edit.words,
                aim: edit.aim,
                how: How::Table(name, edit.pairs),
            }));
        }
        for (name, ..) in project.scripts.iter().filter(|(_, file, _)| wanted(filter, file)) {
            found.extend(self.workspace.rules.changes(name).into_iter().map(|(place, change)| Mutant {
                place,
                words: change.words.clone(),
                aim: change.aim.to_owned(),
                how: How::Script(name, change),
            }));
        }
        found
    }

    /// Tries one.
    pub(super) fn fate(&self, mutant: &Mutant<'_>) -> Fate {
        match &mutant.how {
            How::Mapping(spec, tree) => self.fate_of_mapping(mutant, spec, tree),
            How::Table(name, pairs) => self.fate_of_table(mutant, name, pairs),
            How::Script(name, change) => match self.workspace.rules.changed(name, change) {
                Some(rules) => self.fate_of_script(&mutant.place, Arc::new(rules)),
                None => Fate::Refused,
            },
        }
    }

    /// Only the cases that come to the statement can notice what changes in it.
    fn fate_of_script(&self, place: &Place, rules: Arc<RuleSet>) -> Fate {
        let around =
            |at: &&Place| at.file == place.file && at.span.start <= place.span.start && place.span.end <= at.span.end;
        let spots = self.touches.marks.spots.iter().enumerate().filter(|(_, spot)| around(&&spot.place));
        let spot = spots.min_by_key(|(_, spot)| spot.place.span.len()).map(|(at, _)| at);
        let comes = |case: &usize| {
            spot.is_some_and(|spot| self.touches.by_case.get(*case).is_some_and(|one| one.spots.contains(&spot)))
        };
        let reached: Vec<usize> = (0..self.cases.len()).filter(comes).collect();
        let mut mappings: BTreeMap<&str, Arc<Mapping>> = BTreeMap::new();
        for case in reached.iter().filter_map(|at| self.cases.get(*at)) {
            let changed = || Arc::new(Mapping { rules: Arc::clone(&rules), ..(*case.mapping).clone() });
            // Parameters differ from case to case.
            let mapping = match mappings.get(case.mapping.name.as_str()) {
                Some(mapping) if mapping.print == case.mapping.print => Arc::clone(mapping),
                Some(_) | None => changed(),
            };
            mappings.insert(&case.mapping.name, Arc::clone(&mapping));
            if !case.on(mapping).run().failures.is_empty() {
                return Fate::Killed;
            }
        }
        Fate::Survived(reached)
    }

    fn fate_of_mapping(&self, mutant: &Mutant<'_>, spec: &MappingSpec, tree: &Located) -> Fate {
        let mut complaints = Diagnostics::default();
        let changed = MappingSpec::read(tree, &spec.file, &mut complaints).filter(|_| complaints.is_sound());
        let Some(changed) = changed else { return Fate::Refused };
        self.fate_among(vec![changed], &self.workspace.project, self.touching(&mutant.place))
    }

    fn fate_of_table(&self, mutant: &Mutant<'_>, name: &str, pairs: &TablePairs) -> Fate {
        let old = &self.workspace.project;
        let mut project = Project { systems: old.systems.clone(), tables: old.tables.clone(), ..Project::default() };
        project.mappings.clone_from(&old.mappings);
        project.tables.insert(name.to_owned(), pairs.clone());
        let users: Vec<MappingSpec> = old.mappings.iter().filter(|spec| names_table(spec, name)).cloned().collect();
        self.fate_among(users, &project, self.touching(&mutant.place))
    }

    /// Runs the cases of changed mappings, those that touch the line first.
    fn fate_among(&self, specs: Vec<MappingSpec>, project: &Project, touching: Vec<usize>) -> Fate {
        let (mut complaints, rules) = (Diagnostics::default(), Arc::clone(&self.workspace.rules));
        let mut mappings = Mappings::new();
        for spec in &specs {
            let known = Known { project, rules: &rules };
            let Some(mapping) = compile(spec, &known, &mut complaints) else { return Fate::Refused };
            mappings.insert(spec.name.clone(), Arc::new(mapping));
        }
        let project = Project { mappings: specs, ..Project::default() };
        let changed = Workspace { project, mappings, rules, warnings: Diagnostics::default() };
        let concerned =
            |at: &usize| self.cases.get(*at).is_some_and(|case| changed.mappings.contains_key(&case.mapping.name));
        let rest = (0..self.cases.len()).filter(|at| concerned(at) && !touching.contains(at));
        for at in touching.iter().copied().chain(rest) {
            let Some((file, tree)) = self.workspace.project.cases.get(at) else { continue };
            // A case that cannot be read any more speaks of what was changed.
            let case = read_one(file, tree, &changed, &mut Diagnostics::default());
            if case.is_none_or(|case| !case.run().failures.is_empty()) {
                return Fate::Killed;
            }
        }
        Fate::Survived(touching)
    }

    /// The cases that touch something on a line of a mapping or a table.
    fn touching(&self, place: &Place) -> Vec<usize> {
        let touches = |case: &Case, touched: &Touched| {
            let parts = self.touches.parts.get(&case.mapping.name).map(Vec::as_slice).unwrap_or_default();
            let mut places = touched.parts.iter().filter_map(|part| parts.get(*part)).map(|part| &part.place);
            places.any(|at| at.file == place.file && at.line == place.line)
        };
        let all = self.cases.iter().zip(&self.touches.by_case).enumerate();
        all.filter(|(_, (case, touched))| touches(case, touched)).map(|(at, _)| at).collect()
    }
}

fn names_table(spec: &MappingSpec, table: &str) -> bool {
    let fields = spec.lines.iter().flat_map(|line| match line {
        LineSpec::Field(field) => std::slice::from_ref(&**field),
        LineSpec::Group(group) => &group.fields,
    });
    let mut tables = fields.filter_map(|field| field.table.as_ref());
    tables.any(|one| matches!(one, TableSpec::Named((name, _)) if name == table))
}
