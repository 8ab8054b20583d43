//! Rows of reference resources (sellers, users, cities…), and finding one of them by a value.
//!
//! A reference is either there as a whole, or asked for value by value. In the second case a value
//! nobody asked for yet is *wanted*: it is noted, the edge fetches it, and the pure part runs again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds a text for comparison: trimmed, lower case, without accents, single spaces.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        let lower = text.trim().to_ascii_lowercase();
        return if lower.contains("  ") { lower.split_whitespace().collect::<Vec<_>>().join(" ") } else { lower };
    }
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True for the links of a mapping; other references are `system.resource`.
pub fn is_links(name: &str) -> bool {
    name.contains('/')
}

/// A scalar as text; nothing for null, lists and maps.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // Systems show one number as 10 and as 10.0.
        Value::Number(number) => Some(without_point(number.to_string())),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text of a whole number, of one that has a point too.
fn without_point(mut text: String) -> String {
    if text.ends_with(".0") {
        text.truncate(text.len() - 2);
    }
    text
}

/// A row that was looked for and is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// The reference, `system.resource`.
    pub reference: String,
    /// The field of the row it was looked for by.
    pub field: String,
    /// The value looked for.
    pub value: String,
}

/// What one reconciliation may look at besides the records: rows, the account's parameters, the day.
#[derive(Debug, Default)]
pub struct References {
    /// The parameters of the mapping, as the account gives them.
    pub parameters: Map<String, Value>,
    /// The day of the cycle, as `2026-03-02`, in the zone of the mapping's left system.
    pub today: Option<String>,
    known: BTreeMap<String, Known>,
    wanted: Mutex<BTreeSet<Want>>,
    /// Why nobody can say whether there is a row that was looked for.
    silence: Mutex<Option<String>>,
    /// The rows that were given, where somebody wants to know.
    given: Option<Mutex<BTreeMap<String, BTreeSet<usize>>>>,
}

/// What one reconciliation knows of a reference.
#[derive(Debug, Default)]
struct Known {
    table: Arc<Table>,
    /// These are all rows there are; otherwise what is not found may be there.
    whole: bool,
    /// What was asked for, found or not: field and folded value.
    asked: BTreeSet<(String, String)>,
    /// What could not be asked for in this cycle, likewise, and why.
    unanswered: BTreeMap<(String, String), String>,
}

/// Rows of a reference, and where each value stands among them.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Arc<Value>>,
    index: Mutex<HashMap<String, Arc<Index>>>,
}

type Index = HashMap<String, Vec<usize>>;

impl References {
    /// Without any row yet.
    pub fn of(parameters: Map<String, Value>, today: Option<String>) -> Self {
        Self { parameters, today, ..Self::default() }
    }

    /// The same, and from now on takes note of the rows it gives.
    #[must_use]
    pub fn noting(self) -> Self {
        Self { given: Some(Mutex::default()), ..self }
    }

    /// The rows that were given since they are noted, of each reference in the order it has them.
    pub fn given(&self) -> BTreeMap<String, Vec<Value>> {
        let Some(given) = &self.given else { return BTreeMap::new() };
        let rows = |name: &str, places: &BTreeSet<usize>| {
            let table = self.known.get(name).map(|known| &known.table);
            places.iter().filter_map(|at| table?.rows.get(*at)).map(|row| (**row).clone()).collect()
        };
        let given = given.lock().unwrap_or_else(PoisonError::into_inner);
        given.iter().map(|(name, places)| (name.clone(), rows(name, places))).collect()
    }

    /// Puts in the rows of a reference. They are `whole` when no other is there; of others, what is not
    /// found is wanted.
    pub fn put(&mut self, name: &str, table: Arc<Table>, whole: bool) {
        self.known.insert(name.to_owned(), Known { table, whole, ..Known::default() });
    }

    /// Puts in a reference as a whole.
    pub fn put_whole(&mut self, name: &str, rows: Vec<Value>) {
        self.put(name, Arc::new(Table::of(rows)), true);
    }

    /// Adds rows that were asked for, and remembers what was asked, found or not.
    pub fn put_found(&mut self, name: &str, rows: Vec<Value>, asked: impl IntoIterator<Item = (String, String)>) {
        let known = self.known.entry(name.to_owned()).or_default();
        if !rows.is_empty() {
            known.table = Arc::new(known.table.with(rows));
        }
        known.asked.extend(asked.into_iter().map(|(field, value)| (field, folded(&value))));
    }

    /// Takes note of what could not be asked for, and why: whether there is such a row, nobody can say in this cycle.
    pub fn put_unanswered(&mut self, name: &str, asked: impl IntoIterator<Item = (String, String)>, why: &str) {
        let known = self.known.entry(name.to_owned()).or_default();
        known.unanswered.extend(asked.into_iter().map(|(field, value)| ((field, folded(&value)), why.to_owned())));
    }

    /// Why nobody can say whether there is a row that was looked for since this was asked last; forgets it.
    pub fn take_silence(&self) -> Option<String> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How many rows each whole reference has.
    pub fn whole(&self) -> BTreeMap<String, u64> {
        let whole = self.known.iter().filter(|(_, known)| known.whole);
        whole.map(|(name, known)| (name.clone(), u64::try_from(known.table.rows.len()).unwrap_or(u64::MAX))).collect()
    }

    /// Every row that is known, by reference.
    pub fn all(&self) -> BTreeMap<String, Vec<Value>> {
        let rows = |known: &Known| known.table.rows.iter().map(|row| (**row).clone()).collect();
        self.known.iter().map(|(name, known)| (name.clone(), rows(known))).collect()
    }

    /// What was asked for in the links of other mappings and is not linked.
    pub fn unlinked(&self) -> BTreeSet<Want> {
        let links = self.known.iter().filter(|(name, _)| is_links(name));
        let unmet = links.flat_map(|(reference, known)| {
            let unmet = known.asked.iter().filter(|(field, value)| !known.table.index_by(field).contains_key(value));
            unmet.map(|(field, value)| Want {
                reference: reference.clone(),
                field: field.clone(),
                value: value.clone(),
            })
        });
        unmet.collect()
    }

    /// The first row whose field holds a value, compared without regard to case and accents where none holds it letter
    /// by letter. Notes a want when nobody knows whether there is one.
    pub fn find(&self, name: &str, field: &str, value: &str) -> Option<Arc<Value>> {
        self.look_up(name, field, value, |rows| {
            let all: Vec<&Arc<Value>> = rows.collect();
            let is_exact = |row: &&&Arc<Value>| row.get(field).and_then(scalar_text).is_some_and(|text| text == value);
            all.iter().find(is_exact).or(all.first()).map(|row| Arc::clone(row))
        })
    }

    /// All rows whose field holds a value, found as [`References::find`] does.
    pub fn rows(&self, name: &str, field: &str, value: &str) -> Vec<Arc<Value>> {
        self.look_up(name, field, value, |rows| rows.cloned().collect())
    }

    fn look_up<T: Default>(
        &self,
        name: &str,
        field: &str,
        value: &str,
        take: impl FnOnce(&mut dyn Iterator<Item = &Arc<Value>>) -> T,
    ) -> T {
        let sought = folded(value);
        if sought.is_empty() {
            return T::default();
        }
        if let Some(Known { table, whole, asked, unanswered }) = self.known.get(name) {
            let index = table.index_by(field);
            if let Some(places) = index.get(&sought) {
                if let Some(given) = &self.given {
                    let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
                    given.entry(name.to_owned()).or_default().extend(places);
                }
                return take(&mut places.iter().filter_map(|at| table.rows.get(*at)));
            }
            let question = (field.to_owned(), sought);
            if let Some(why) = unanswered.get(&question) {
                *self.silence.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
                return T::default();
            }
            if *whole || asked.contains(&question) {
                return T::default();
            }
        }
        let want = Want { reference: name.to_owned(), field: field.to_owned(), value: value.trim().to_owned() };
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(want);
        T::default()
    }

    /// What was looked for and is not known; forgets it.
    pub fn take_wanted(&self) -> BTreeSet<Want> {
        std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Table {
    /// A table of these rows.
    pub fn of(rows: Vec<Value>) -> Self {
        Self { rows: rows.into_iter().map(Arc::new).collect(), ..Self::default() }
    }

    /// Its rows.
    pub fn rows(&self) -> &[Arc<Value>] {
        &self.rows
    }

    /// The table with more rows; one that it has is not taken twice.
    #[must_use]
    pub fn with(&self, more: Vec<Value>) -> Self {
        let mut rows = self.rows.clone();
        let mut prints: HashSet<String> = rows.iter().map(|row| row.to_string()).collect();
        rows.extend(more.into_iter().filter(|row| prints.insert(row.to_string())).map(Arc::new));
        Self { rows, ..Self::default() }
    }

    fn index_by(&self, field: &str) -> Arc<Index> {
        let mut known = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = known.get(field) {
            return Arc::clone(index);
        }
        let mut index = Index::new();
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(text) = row.get(field).and_then(scalar_text) {
                index.entry(folded(&text)).or_default().push(at);
            }
        }
        let index = Arc::new(index);
        known.insert(field.to_owned(), Arc::clone(&index));
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_found_without_regard_to_case_and_accents() {
        let mut references = References::default();
        references
            .put_whole("crm.phone_types", vec![json!({"Id": 1, "Name": "Celular"}), json!({"Id": 7, "Name": "FÁX"})]);
        let row = references.find("crm.phone_types", "Name", "fax").unwrap();
        assert_eq!(row.get("Id"), Some(&json!(7)));
        assert_eq!(references.find("crm.phone_types", "Name", "telex"), None);
        references.put_whole("crm.sellers", vec![json!({"Id": "aX"}), json!({"Id": "Ax"})]);
        for (sought, found) in [("aX", "aX"), ("Ax", "Ax"), ("AX", "aX")] {
            assert_eq!(references.find("crm.sellers", "Id", sought).unwrap()["Id"], found);
        }
        assert!(references.take_wanted().is_empty(), "a whole reference leaves nothing to want");
    }

    #[test]
    fn what_nobody_asked_for_is_wanted_once_and_a_miss_is_remembered() {
        let mut references = References::default();
        assert_eq!(references.find("crm.cities", "IBGECode", "3550308"), None);
        let wanted = references.take_wanted();
        assert_eq!(wanted.len(), 1);
        let asked = [("IBGECode".to_owned(), "3550308".to_owned()), ("IBGECode".to_owned(), "1".to_owned())];
        references.put_found("crm.cities", vec![json!({"Id": 9, "IBGECode": 3_550_308})], asked);
        assert!(references.find("crm.cities", "IBGECode", "3550308").is_some());
        assert_eq!(references.find("crm.cities", "IBGECode", "1"), None);
        assert!(references.take_wanted().is_empty());
    }
}
