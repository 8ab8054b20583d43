//! All sandboxes together, filled with sample people: what a demo or a person at a desk starts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::people::{self, Shows, Story};
use super::serve::Shared;
use super::{Omie, Ploomes};

/// The sandboxes and the story of their people.
pub struct Town {
    omie: Arc<Mutex<Omie>>,
    ploomes: Arc<Mutex<Ploomes>>,
    story: Story,
}

/// One sandbox, ready to be served.
pub struct Member {
    /// The name of the system it imitates.
    pub name: &'static str,
    /// The sandbox.
    pub sandbox: Shared,
    /// What comes before the paths of its calls.
    pub base_path: &'static str,
    /// The secrets it takes.
    pub secrets: BTreeMap<&'static str, &'static str>,
}

impl Town {
    /// Builds the sandboxes and fills them: the same seed makes the same town.
    ///
    /// # Errors
    /// When a sandbox refuses its own sample data.
    pub fn build(seed: u64, records: usize, now: Timestamp) -> Result<Self, String> {
        let (mut omie, mut ploomes) = (Omie::new(seed), Ploomes::new(seed));
        let story = people::populate(&mut omie, &mut ploomes, seed, records, now)?;
        Ok(Self { omie: Arc::new(Mutex::new(omie)), ploomes: Arc::new(Mutex::new(ploomes)), story })
    }

    /// Lets clients break the limits; they are still counted.
    pub fn lift_limits(&self) {
        self.omie.lock().unwrap_or_else(PoisonError::into_inner).switches.limits_enforced = false;
        self.ploomes.lock().unwrap_or_else(PoisonError::into_inner).switches.limits_enforced = false;
    }

    /// The sandboxes, in the order they are served.
    pub fn members(&self) -> Vec<Member> {
        vec![
            Member {
                name: "omie",
                sandbox: Arc::clone(&self.omie) as Shared,
                base_path: "/api/v1",
                secrets: BTreeMap::from([("app_key", "demo-key"), ("app_secret", "demo-secret")]),
            },
            Member {
                name: "ploomes",
                sandbox: Arc::clone(&self.ploomes) as Shared,
                base_path: "",
                secrets: BTreeMap::from([("user_key", super::ploomes::USER_KEY)]),
            },
        ]
    }

    /// People edit on both sides; says what they did.
    ///
    /// # Errors
    /// When a sandbox refuses an edit of its own sample people.
    pub fn edit(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let mut omie = self.omie.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ploomes = self.ploomes.lock().unwrap_or_else(PoisonError::into_inner);
        people::edit_round(&mut omie, &mut ploomes, &self.story, now)
    }

    /// What the sample records show: a sentence, and how many of them.
    pub fn shows(&self) -> Vec<(&'static str, usize)> {
        let shown = self.story.shown.iter();
        shown.map(|(what, ids): (&Shows, _)| (what.text(), ids.omie.len().max(ids.ploomes.len()))).collect()
    }

    /// An account file that reaches the sandboxes at these addresses and runs these mappings.
    pub fn account_file<'a>(
        &self,
        addresses: &BTreeMap<&str, String>,
        mappings: impl IntoIterator<Item = &'a str>,
    ) -> String {
        let mut text = String::from("store: sled:.depara\naccounts:\n  - account: demo\n    systems:\n");
        for member in self.members() {
            let base = addresses.get(member.name).map(String::as_str).unwrap_or_default();
            let mut entries: Vec<String> =
                member.secrets.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            entries.push(format!("base_url: \"{base}{}\"", member.base_path));
            // Writing into a text cannot fail.
            let _written = writeln!(text, "      {}: {{ {} }}", member.name, entries.join(", "));
        }
        text.push_str("    mappings:\n");
        for mapping in mappings {
            let _written = writeln!(text, "      {mapping}: {{}}");
        }
        text
    }
}
