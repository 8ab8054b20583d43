//! What an account turns out to be, before anything is sent: its credentials, what it may read, who has
//! no twin, what a first run would do.
//!
//! Sends only reads, one after the other, and leaves the store as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::reference::Cache;
use super::{Options, Prepared, Runner};
use crate::clock::Clock;
use crate::config::parameter::Choices;
use crate::config::system::{Health, Load};
use crate::connector::{Cause, Connector, Failure};
use crate::mapping::Mapping;
use crate::mapping::field::{Field, is_empty};
use crate::record::{Side, Sides};
use crate::reference::{Table, folded, is_links, scalar_text};
use crate::sync::plan::{Act, Origin};

/// Most names that one sentence tells.
const NAMES: usize = 5;
/// Most choices that are told.
const CHOICES: usize = 40;

/// One thing that turned out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether anybody need care.
    pub is: Health,
    /// One sentence.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// Something that turned out.
    pub fn new(is: Health, text: impl Into<String>) -> Self {
        Self { is, text: text.into(), hint: None }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Looks at one account.
pub struct Doctor {
    /// The connectors of the account, by system.
    pub connectors: BTreeMap<String, Connector>,
    /// Where references are kept for the plans that follow.
    pub cache: Cache,
    /// The time.
    pub clock: Clock,
    /// What was read.
    known: BTreeMap<String, Arc<Table>>,
    /// Systems that let somebody in.
    open: BTreeSet<String>,
    /// Systems that let nobody in.
    shut: BTreeSet<String>,
}

impl Doctor {
    /// Before anything was asked.
    pub const fn new(connectors: BTreeMap<String, Connector>, cache: Cache, clock: Clock) -> Self {
        Self { connectors, cache, clock, known: BTreeMap::new(), open: BTreeSet::new(), shut: BTreeSet::new() }
    }

    /// Whether the account may be used at all, what of these references it may read, and what it answers
    /// to the probes of its system.
    pub async fn system(&mut self, name: &str, references: &BTreeSet<String>) -> Vec<Finding> {
        let Some(connector) = self.connectors.get(name).cloned() else { return Vec::new() };
        let (mut read, mut found) = (Vec::new(), Vec::new());
        for reference in references.iter().filter(|one| one.split_once('.').is_some_and(|(of, _)| of == name)) {
            match self.read(&connector, reference).await {
                Ok(rows) => {
                    self.open.insert(name.to_owned());
                    read.push(format!("{rows} {}", title_of(&connector, reference)));
                }
                Err(failure) => {
                    let shut = self.shuts(&connector, &failure).await;
                    found.push(self.refused(&failure));
                    if shut {
                        return found;
                    }
                }
            }
        }
        if !read.is_empty() {
            found.insert(0, Finding::new(Health::Well, format!("the credentials are good; read: {}", read.join(", "))));
        }
        for probe in &connector.system().probes {
            match connector.probe(probe).await {
                Ok(told) => {
                    self.open.insert(name.to_owned());
                    found.extend(told.into_iter().map(|one| Finding::new(one.is, format!("{} {}", one.ask, one.text))));
                }
                Err(failure) if self.shuts(&connector, &failure).await => {
                    found.push(unauthorised(&failure));
                    return found;
                }
                Err(failure) => found.extend(probe.questions.iter().map(|question| {
                    Finding::new(Health::Warning, format!("{} cannot be asked: {}", question.ask, failure.cause.text()))
                })),
            }
        }
        found
    }

    /// True when nothing more is to be asked of a system: who fails too often may be locked out.
    async fn shuts(&mut self, connector: &Connector, failure: &Failure) -> bool {
        if connector.is_logged_in().await {
            self.open.insert(failure.system.clone());
        }
        let shut = self.is_shut_out(failure);
        if shut {
            self.shut.insert(failure.system.clone());
        }
        shut
    }

    /// True when a system takes no question at all; one that answered others closes only this one.
    fn is_shut_out(&self, failure: &Failure) -> bool {
        matches!(failure.cause, Cause::Unauthorised { .. }) && !self.open.contains(&failure.system)
    }

    fn refused(&self, failure: &Failure) -> Finding {
        if self.is_shut_out(failure) { unauthorised(failure) } else { unread(failure) }
    }

    /// The first of these systems that let nobody in.
    pub fn shut<'a>(&self, systems: &'a BTreeSet<String>) -> Option<&'a String> {
        systems.iter().find(|system| self.shut.contains(*system))
    }

    async fn read(&mut self, connector: &Connector, reference: &str) -> Result<usize, Failure> {
        let resource = reference.split_once('.').map_or("", |(_, resource)| resource);
        let (now_ms, mut rows) = (self.clock.now_ms(), Vec::new());
        let mut take = |page: Vec<crate::connector::Row>| rows.extend(page.into_iter().map(|row| row.body));
        connector.list(resource, None, &mut take).await?;
        let table = Arc::new(Table::of(rows));
        self.cache.keep_whole(reference, now_ms, &table);
        let count = table.rows().len();
        self.known.insert(reference.to_owned(), table);
        Ok(count)
    }

    /// What an account may give for a parameter: the value and its name, in the order of the system.
    pub fn choices(&self, choices: &Choices) -> Vec<String> {
        let rows = self.known.get(&choices.of).map(|table| table.rows()).unwrap_or_default();
        let cell = |row: &Value, key: &str| row.get(key).filter(|value| !is_empty(value)).and_then(scalar_text);
        let told = rows.iter().filter_map(|row| {
            let value = cell(row, &choices.by)?;
            let name = choices.show.as_ref().and_then(|key| cell(row, key));
            Some(name.map_or_else(|| value.clone(), |name| format!("{value} ({name})")))
        });
        shortened(&told.collect::<Vec<_>>(), CHOICES)
    }

    /// What of a given parameter no row offers.
    pub fn unknown(&self, choices: &Choices, value: &Value) -> Vec<String> {
        let Some(table) = self.known.get(&choices.of) else { return Vec::new() };
        let keys = std::iter::once(&choices.by).chain(&choices.show);
        let known: BTreeSet<String> = keys
            .flat_map(|key| table.rows().iter().filter_map(move |row| row.get(key)))
            .filter_map(scalar_text)
            .map(|text| folded(&text))
            .collect();
        let given = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        given.iter().filter_map(scalar_text).filter(|text| !known.contains(&folded(text))).collect()
    }

    /// What a first run of a mapping would do, and whom its lookups find on one side only.
    pub async fn mapping(&self, runner: &mut Runner) -> Vec<Finding> {
        let mut found = match runner.plan(Options { full: true, accept: false }).await {
            Ok(made) => planned(&runner.mapping, &made),
            Err(super::Error::Read(failure)) => vec![self.refused(&failure)],
            Err(error) => vec![Finding::new(Health::Failure, format!("cannot be planned: {}", error.told()))],
        };
        for field in &runner.mapping.fields {
            found.extend(self.twins(field));
        }
        found
    }

    /// Whom the lookups of a line find: rows that cannot be told apart, words of a table that nobody has,
    /// rows of one side that the other lacks.
    fn twins(&self, field: &Field) -> Vec<Finding> {
        let lists = Sides::each(|side| self.list(field, side));
        let mut found = Vec::new();
        for side in Side::BOTH {
            let Some(list) = lists.get(side) else { continue };
            let doubled: Vec<String> =
                list.rows.values().filter(|all| all.len() > 1).flat_map(|all| all.first().cloned()).collect();
            if !doubled.is_empty() {
                let text = format!(
                    "{}: {} of several {}: {}",
                    field.label,
                    list.by,
                    list.name,
                    shortened(&doubled, NAMES).join(", ")
                );
                found.push(Finding::new(Health::Warning, text).hint("the first of them is taken"));
            }
            // A table of this side speaks of its rows; that of the other side of what they are known by.
            let (own, other) = (&field.ends.get(side).table, &field.ends.get(side.other()).table);
            let words =
                own.iter().map(|(here, _)| here).chain(other.iter().filter(|_| own.is_empty()).map(|(_, word)| word));
            let missing: Vec<&str> = words.filter(|word| !list.has(field, word)).map(String::as_str).collect();
            if !missing.is_empty() {
                let text =
                    format!("{}: no row of {} has the {} {}", field.label, list.name, list.by, missing.join(", "));
                found.push(
                    Finding::new(Health::Warning, text)
                        .hint("make it there, or put the name it has there into the table"),
                );
            }
        }
        let (Some(left), Some(right)) = (&lists.left, &lists.right) else { return found };
        if field.flows_to(Side::Right) {
            found.extend(without_twin(field, left, right));
        }
        if field.flows_to(Side::Left) {
            found.extend(without_twin(field, right, left));
        }
        found
    }

    /// The rows that a line looks into on one side, where all of them were read.
    fn list(&self, field: &Field, side: Side) -> Option<List> {
        let lookup = field.ends.get(side).lookup.as_ref().filter(|lookup| !is_links(&lookup.reference))?;
        let table = self.known.get(&lookup.reference)?;
        let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for value in table.rows().iter().filter_map(|row| row.get(&lookup.by)).filter(|value| !is_empty(value)) {
            let form = field.canon.form(value);
            rows.entry(form).or_default().extend(scalar_text(value));
        }
        Some(List { name: lookup.reference.clone(), by: lookup.by.clone(), rows })
    }
}

/// The rows of a reference by what they are known by.
struct List {
    name: String,
    by: String,
    rows: BTreeMap<String, Vec<String>>,
}

impl List {
    fn has(&self, field: &Field, word: &str) -> bool {
        self.rows.contains_key(&field.canon.form(&Value::from(word)))
    }
}

fn without_twin(field: &Field, here: &List, there: &List) -> Option<Finding> {
    let lacking = here.rows.iter().filter(|(form, _)| !there.rows.contains_key(*form));
    let lacking: Vec<String> = lacking.filter_map(|(_, all)| all.first().cloned()).collect();
    let (all, label) = (here.rows.len(), &field.label);
    if lacking.is_empty() {
        let text = format!("{label}: each of {all} {} has a twin in {}", here.name, there.name);
        return (all > 0).then(|| Finding::new(Health::Well, text));
    }
    let (count, names) = (lacking.len(), shortened(&lacking, NAMES).join(", "));
    let text = format!("{label}: {count} of {all} {} have no twin in {}: {names}", here.name, there.name);
    Some(Finding::new(Health::Warning, text).hint(format!("give both the same {} where they are the same", here.by)))
}

/// What a first run would do.
fn planned(mapping: &Mapping, made: &Prepared) -> Vec<Finding> {
    let plan = &made.plan;
    let with = |origin: Origin| plan.pairs.iter().filter(|one| one.origin == origin).count();
    let steps = |side: Side, wanted: fn(&Act) -> bool| {
        plan.pairs.iter().flat_map(|one| &one.steps).filter(|step| step.side == side && wanted(&step.act)).count()
    };
    let mut told = vec![(with(Origin::Matched), "link".to_owned(), String::new())];
    for side in Side::BOTH {
        let place = format!(" in {}", mapping.sides.get(side).system);
        told.push((steps(side, |act| matches!(act, Act::Create { .. })), "create".to_owned(), place.clone()));
        told.push((steps(side, |act| matches!(act, Act::Update)), "update".to_owned(), place));
    }
    told.push((made.snapshot.unanswered.len(), "settle".to_owned(), " creations without an answer".to_owned()));
    let told = told.into_iter().filter(|(count, ..)| *count > 0);
    let told = told.map(|(count, what, place)| format!("{what} {count}{place}")).collect::<Vec<_>>().join(", ");
    let listed = format!("{} and {} read", made.snapshot.listed.left, made.snapshot.listed.right);
    let told = if told.is_empty() { "would do nothing".to_owned() } else { format!("would {told}") };
    let mut found = vec![Finding::new(Health::Well, format!("a run {told}; {listed}"))];
    let held = plan.pairs.iter().filter(|one| !one.held.is_empty() && one.origin != Origin::LeftOut).count();
    let look = format!("`depara plan --mapping {}` names them", mapping.name);
    for (count, is, text) in [
        (plan.ambiguous.len(), Health::Warning, "ambiguous: several records share a key"),
        (plan.unreadable.len(), Health::Warning, "cannot be read, or look for what cannot be asked for"),
        (held, Health::Note, "wait, or a field of them does"),
        (with(Origin::LeftOut), Health::Note, "take no part"),
    ] {
        if count > 0 {
            found.push(Finding::new(is, format!("{count} {text}")).hint(look.clone()));
        }
    }
    if let Some(halt) = &made.halt {
        let hint = format!("look at `depara plan --mapping {}`, then `depara sync --accept` once", mapping.name);
        found.push(Finding::new(Health::Warning, format!("a run would halt: {}", halt.reason)).hint(hint));
    }
    found
}

fn title_of(connector: &Connector, reference: &str) -> String {
    let resource = reference.split_once('.').and_then(|(_, name)| connector.system().resources.get(name));
    resource.and_then(|resource| resource.title.clone()).unwrap_or_else(|| reference.to_owned())
}

/// True for a resource that is read as a whole.
pub fn is_whole(connector: &Connector, reference: &str) -> bool {
    let resource = reference.split_once('.').and_then(|(_, name)| connector.system().resources.get(name));
    resource.is_some_and(|resource| resource.reference == Load::All && resource.can_list())
}

fn unauthorised(failure: &Failure) -> Finding {
    Finding::new(Health::Failure, format!("the credentials are not good: {failure}"))
        .hint("see which variables depara.yaml names, and whether they hold what the system gave out")
}

fn unread(failure: &Failure) -> Finding {
    Finding::new(Health::Failure, format!("cannot be read: {failure}"))
        .hint("see whether the account has the right to it, then try again")
}

fn shortened(all: &[String], most: usize) -> Vec<String> {
    let rest = all.len().saturating_sub(most);
    let more = (rest > 0).then(|| format!("and {rest} more"));
    all.iter().take(most).cloned().chain(more).collect()
}
