//! The stored forms: what the ledger keeps beside links, and the envelope of every value.
//!
//! A form only ever grows by fields with a default. A change that an older reader would misread
//! raises [`FORM`]; what is written then still reads every older form.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{Error, Tree, key};
use crate::link::Half;
use crate::record::{Body, Side, Sides};

/// The version of the forms.
pub(super) const FORM: u32 = 1;

/// How far all was surely seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The moment up to which each side was read, in milliseconds since 1970.
    pub read_ms: Sides<i64>,
    /// The moment from which each side is read next: an empty list proves nothing. Older marks have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to_ms: Option<Sides<i64>>,
    /// The print of the mapping under which the bases were made.
    pub mapping: u64,
    /// When everything was last compared with everything.
    #[serde(default)]
    pub full_ms: Option<i64>,
    /// How many rows each reference that is read as a whole had.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<String, u64>,
}

impl Mark {
    /// The moment from which each list is read next, in milliseconds since 1970.
    pub fn back_to_ms(&self) -> Sides<i64> {
        self.back_to_ms.unwrap_or(self.read_ms)
    }
}

/// Why a record waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// A rule or a missing value keeps it.
    Held,
    /// It refers to something that is not there yet.
    Deferred,
    /// The other system refused it.
    Quarantined,
    /// It could be one of several; a person must say which.
    Ambiguous,
    /// A rule says that it takes no part in the mapping.
    LeftOut,
}

/// A record that did not move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The side the record lives on.
    pub side: Side,
    /// Its id there.
    pub id: String,
    /// Why it waits.
    pub kind: Wait,
    /// The reason, in the business user's words.
    pub reason: String,
    /// File and line of the rule or field that kept it.
    #[serde(default)]
    pub place: Option<String>,
    /// Since when it waits.
    pub since_ms: i64,
    /// When it was last looked at.
    pub last_ms: i64,
    /// The body that would have been sent or read again.
    #[serde(default)]
    pub body: Option<Body>,
    /// When the record had last changed, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_ms: Option<i64>,
    /// The print of the record when it was kept: it is tried again when this changes.
    pub print: u64,
    /// The prints of the refusals that were reported to people.
    #[serde(default, deserialize_with = "prints")]
    pub reported: BTreeSet<u64>,
    /// How often it was tried.
    pub tries: u32,
    /// How the other system answered, in its own words.
    #[serde(default)]
    pub outcome: Option<String>,
}

/// Both sides left the base, for different values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// Unique, and sorts by time; see [`Conflict::name`].
    pub id: String,
    /// When it was seen.
    pub at_ms: i64,
    /// The ids of the pair.
    pub ids: Sides<Option<String>>,
    /// The key of the field.
    pub field: String,
    /// The name of the field for people.
    pub label: String,
    /// What each side held.
    pub values: Sides<Value>,
    /// What each side had held before.
    pub base: Sides<Option<Value>>,
    /// Who won; `None` while nobody has.
    pub winner: Option<Side>,
    /// How it was settled, or is to be.
    pub policy: String,
    /// What a person answered.
    #[serde(default)]
    pub answered: Option<Answer>,
    /// Nobody has won yet, or the answer was not carried out yet.
    pub open: bool,
}

impl Conflict {
    /// A name for a conflict: the moment, then a print of the pair and the field. The same conflict
    /// seen twice at one moment has one name.
    pub fn name(at_ms: i64, ids: &Sides<Option<String>>, field: &str) -> String {
        let mut hasher = DefaultHasher::new();
        (ids, field).hash(&mut hasher);
        let print = hasher.finish() >> 16;
        format!("{:012x}-{print:012x}", at_ms.max(0))
    }
}

/// A person's answer to a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whose value shall stand.
    pub side: Side,
    /// When it was given.
    pub at_ms: i64,
}

/// The line written before a create leaves the house.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Unique among the intents of a scope.
    pub key: String,
    /// The side the record is to be created on.
    pub side: Side,
    /// The id of the record it is created from, on the other side.
    pub from: String,
    /// The integration key it is created under, where the system has such a field.
    #[serde(default)]
    pub integration: Option<String>,
    /// The body that was to be sent.
    pub body: Body,
    /// When.
    pub at_ms: i64,
    /// Where it was to be sent.
    #[serde(default)]
    pub place: Option<String>,
    /// What both sides are to hold once it is there: the base of its link when it is found again.
    #[serde(default, skip_serializing_if = "is_bare")]
    pub base: Sides<Half>,
    /// A search has found nothing of it: one more, and it never happened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missed: bool,
}

/// Prints as they are written now, and the one or none that was kept at first.
fn prints<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<u64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(list) => list.iter().filter_map(Value::as_u64).collect(),
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            one.as_u64().into_iter().collect()
        }
    })
}

/// True for a base that says nothing.
fn is_bare(base: &Sides<Half>) -> bool {
    *base == Sides::default()
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at_ms: i64,
    /// In which cycle; zero outside of any.
    pub cycle: u64,
    /// The records it speaks of.
    pub ids: Sides<Option<String>>,
    /// What happened: noun and past verb, such as `RecordCreated`.
    pub event: String,
    /// The facts.
    #[serde(default)]
    pub details: Value,
}

/// What a scope counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// The number of the last cycle.
    pub(super) cycle: u64,
    /// The number of the next journal entry.
    pub(super) next: u64,
    /// How many entries the journal holds.
    pub(super) kept: u64,
    /// The resources that the last cycle joined, left and right; of a cycle of long ago nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ends: Option<[String; 2]>,
}

/// A value with the version of its form.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    v: u32,
    form: T,
}

/// The version alone, of a form that may be too new to read.
#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// The bytes of a value.
pub(super) fn pack<T: Serialize>(tree: Tree, at: &[u8], form: T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&Envelope { v: FORM, form }).map_err(|source| Error::Form { key: key::show(tree, at), source })
}

/// The value of bytes.
pub(super) fn unpack<T: DeserializeOwned>(tree: Tree, at: &[u8], bytes: &[u8]) -> Result<T, Error> {
    let read = serde_json::from_slice::<Envelope<T>>(bytes);
    let version = match &read {
        Ok(envelope) => envelope.v,
        Err(_) => serde_json::from_slice::<Version>(bytes).map_or(FORM, |version| version.v),
    };
    if version > FORM {
        return Err(Error::NewerForm { key: key::show(tree, at), found: version });
    }
    read.map(|envelope| envelope.form).map_err(|source| Error::Form { key: key::show(tree, at), source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::link::{Link, Outline, UnderWay};

    /// Reads a form as version 1 wrote it. The texts below are never edited: they are on people's
    /// disks. A change that breaks one needs a new version of the form.
    fn first<T: DeserializeOwned>(text: &str) -> T {
        unpack(Tree::Meta, b"x", text.as_bytes()).unwrap()
    }

    /// Reads a form of version 1 and sees that it is still written the same.
    fn still<T: DeserializeOwned + Serialize>(text: &str) -> T {
        let form: T = first(text);
        assert_eq!(String::from_utf8(pack(Tree::Meta, b"x", &form).unwrap()).unwrap(), text);
        form
    }

    #[test]
    fn links_of_version_1_are_read() {
        let text = r#"{"v":1,"form":{"ids":{"left":"1","right":"a"},"base":{"left":{"fields":{"name#f":"Ana","fee#0":1.10},"expected":["name#f"],"print":18446744073709551615},"right":{"fields":{},"print":0}},"gone":{"left":false,"right":true},"held":{"owner":"sem vendedor"}}}"#;
        let link: Link = first(text);
        assert_eq!(link.ids, Sides::new("1".into(), "a".into()));
        assert_eq!(link.base.left.fields.get("fee#0"), Some(&json!(1.1)));
        assert!(link.base.left.expected.contains("name#f"));
        assert_eq!(link.base.left.print, u64::MAX);
        assert!(link.is_tombstone());
        assert_eq!(link.held.get("owner").map(String::as_str), Some("sem vendedor"));

        let outline: Outline = first(text);
        let prints = outline.base.map(|half| half.print);
        assert_eq!((outline.ids, prints, outline.gone), (link.ids, Sides::new(u64::MAX, 0), link.gone));
    }

    #[test]
    fn marks_of_version_1_are_read() {
        let mark: Mark =
            still(r#"{"v":1,"form":{"read_ms":{"left":5,"right":-6},"mapping":18446744073709551615,"full_ms":7}}"#);
        assert_eq!(
            mark,
            Mark {
                read_ms: Sides::new(5, -6),
                back_to_ms: None,
                mapping: u64::MAX,
                full_ms: Some(7),
                rows: BTreeMap::new()
            }
        );
    }

    #[test]
    fn waiting_of_version_1_is_read() {
        let waiting: Waiting = first(
            r#"{"v":1,"form":{"side":"right","id":"7","kind":"quarantined","reason":"falta CPF","place":"a.yaml:3","since_ms":1,"last_ms":2,"body":"{\"a\":1}","print":3,"reported":4,"tries":5,"outcome":"refused"}}"#,
        );
        assert_eq!((waiting.side, waiting.kind, waiting.tries), (Side::Right, Wait::Quarantined, 5));
        assert_eq!(waiting.reported, BTreeSet::from([4]));
        assert_eq!(waiting.body.map(|body| body.value()), Some(json!({ "a": 1 })));
        for kind in ["held", "deferred", "quarantined", "ambiguous"] {
            first::<Wait>(&format!(r#"{{"v":1,"form":"{kind}"}}"#));
        }
    }

    #[test]
    fn conflicts_of_version_1_are_read() {
        let conflict: Conflict = still(
            r#"{"v":1,"form":{"id":"01-02","at_ms":1,"ids":{"left":"1","right":null},"field":"name","label":"Nome","values":{"left":"a","right":null},"base":{"left":null,"right":"c"},"winner":"left","policy":"ask","answered":{"side":"left","at_ms":9},"open":true}}"#,
        );
        assert_eq!(conflict.answered, Some(Answer { side: Side::Left, at_ms: 9 }));
        assert_eq!(conflict.values, Sides::new(json!("a"), Value::Null));
    }

    #[test]
    fn intents_of_version_1_are_read() {
        let intent: Intent = still(
            r#"{"v":1,"form":{"key":"k","side":"left","from":"7","integration":"dp-7","body":"{}","at_ms":1,"place":"clients"}}"#,
        );
        assert_eq!((intent.side, intent.integration.as_deref()), (Side::Left, Some("dp-7")));
    }

    #[test]
    fn what_version_1_grew_by_is_read() {
        let link: Link = still(
            r#"{"v":1,"form":{"ids":{"left":"1","right":"a"},"base":{"left":{"fields":{},"under_way":{"name#f":{"before":"Ana","becomes":"Bia","given":"Bia","at_ms":5}},"print":0,"seen_ms":4},"right":{"fields":{},"print":0,"seen_ms":null}},"gone":{"left":false,"right":false},"held":{}}}"#,
        );
        let sent = link.base.left.under_way.get("name#f").unwrap();
        assert_eq!((&sent.before, &sent.becomes, sent.at_ms), (&json!("Ana"), &json!("Bia"), 5));
        let intent: Intent = still(
            r#"{"v":1,"form":{"key":"k","side":"left","from":"7","integration":null,"body":"{}","at_ms":1,"place":null,"base":{"left":{"fields":{"name#f":"Bia"},"expected":["name#f"],"print":0,"seen_ms":null},"right":{"fields":{"name#f":"Bia"},"print":9,"seen_ms":8}}}}"#,
        );
        assert_eq!(intent.base.right.fields.get("name#f"), Some(&json!("Bia")));
        let intent: Intent = still(
            r#"{"v":1,"form":{"key":"k","side":"left","from":"7","integration":null,"body":"{}","at_ms":1,"place":null,"missed":true}}"#,
        );
        assert!(intent.missed);
        let mark: Mark =
            still(r#"{"v":1,"form":{"read_ms":{"left":5,"right":-6},"mapping":1,"full_ms":7,"rows":{"crm.users":6}}}"#);
        assert_eq!(mark.rows.get("crm.users"), Some(&6));
        let mark: Mark = still(
            r#"{"v":1,"form":{"read_ms":{"left":5,"right":6},"back_to_ms":{"left":4,"right":3},"mapping":1,"full_ms":7}}"#,
        );
        assert_eq!(mark.back_to_ms(), Sides::new(4, 3));
    }

    #[test]
    fn an_empty_value_that_was_given_is_not_none() {
        for given in [None, Some(Value::Null), Some(json!(""))] {
            let sent = UnderWay {
                before: json!("Ana"),
                becomes: Value::Null,
                given,
                emptied: json!({ "cep": "1" }),
                at_ms: 5,
            };
            let bytes = pack(Tree::Meta, b"x", &sent).unwrap();
            assert_eq!(unpack::<UnderWay>(Tree::Meta, b"x", &bytes).unwrap(), sent);
        }
    }

    #[test]
    fn entries_and_tallies_of_version_1_are_read() {
        let entry: Entry = still(
            r#"{"v":1,"form":{"at_ms":1,"cycle":2,"ids":{"left":"1","right":null},"event":"RecordCreated","details":{"calls":1}}}"#,
        );
        assert_eq!((entry.event.as_str(), entry.details), ("RecordCreated", json!({ "calls": 1 })));
        let tally: Tally = still(r#"{"v":1,"form":{"cycle":1,"next":2,"kept":3}}"#);
        assert_eq!(tally, Tally { cycle: 1, next: 2, kept: 3, ends: None });
        let tally: Tally = still(r#"{"v":1,"form":{"cycle":1,"next":2,"kept":3,"ends":["a.b","c.d"]}}"#);
        assert_eq!(tally.ends, Some(["a.b".to_owned(), "c.d".to_owned()]));
    }
}
