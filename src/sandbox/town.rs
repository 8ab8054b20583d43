//! All sandboxes together, filled with sample people: what a demo or a person at a desk starts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::people::fieldwork::{self, Fieldwork};
use super::people::{self, Shows, Story};
use super::serve::Shared;
use super::{Auvo, Omie, Ploomes};

/// The sandboxes and the story of their people.
pub struct Town {
    omie: Arc<Mutex<Omie>>,
    ploomes: Arc<Mutex<Ploomes>>,
    /// Where technicians work, if they do.
    field: Option<(Arc<Mutex<Auvo>>, Fieldwork)>,
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
    /// Builds the sandboxes of the systems that are wanted and fills them: the same seed makes the
    /// same town. Those of clients are always there; the one of technicians only when it is wanted.
    ///
    /// # Errors
    /// When a sandbox refuses its own sample data.
    pub fn build(seed: u64, records: usize, now: Timestamp, wanted: impl Fn(&str) -> bool) -> Result<Self, String> {
        let (mut omie, mut ploomes) = (Omie::new(seed), Ploomes::new(seed));
        let story = people::populate(&mut omie, &mut ploomes, seed, records, now)?;
        let field = if wanted(AUVO) {
            let mut auvo = Auvo::new(seed);
            let fieldwork = fieldwork::equip(&mut omie, &mut auvo, &story, (seed, records), now)?;
            Some((Arc::new(Mutex::new(auvo)), fieldwork))
        } else {
            None
        };
        Ok(Self { omie: Arc::new(Mutex::new(omie)), ploomes: Arc::new(Mutex::new(ploomes)), field, story })
    }

    /// How long after a moment the work of its day is certainly seen on that day, in milliseconds:
    /// nothing but for the last hours before midnight, when it is better to begin with the next day.
    pub fn opens_in_ms(now: Timestamp) -> u64 {
        const DAY_MS: i64 = 86_400_000;
        const LATE_MS: i64 = 22 * 3_600_000;
        // Brasília keeps three hours behind, the year round.
        let since_midnight_ms = (now.as_millisecond() - 3 * 3_600_000).rem_euclid(DAY_MS);
        let wait_ms = if since_midnight_ms < LATE_MS { 0 } else { DAY_MS - since_midnight_ms };
        u64::try_from(wait_ms).unwrap_or(0)
    }

    /// Lets clients break the limits; they are still counted.
    pub fn lift_limits(&self) {
        held(&self.omie).switches.limits_enforced = false;
        held(&self.ploomes).switches.limits_enforced = false;
        if let Some((auvo, _)) = &self.field {
            held(auvo).switches.limits_enforced = false;
        }
    }

    /// The sandboxes, in the order they are served.
    pub fn members(&self) -> Vec<Member> {
        let mut members = vec![
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
        ];
        members.extend(self.field.as_ref().map(|(auvo, _)| Member {
            name: AUVO,
            sandbox: Arc::clone(auvo) as Shared,
            base_path: "/v2",
            secrets: BTreeMap::from([("api_key", "demo-key"), ("api_token", "demo-token")]),
        }));
        members
    }

    /// People edit in all systems; says what they did.
    ///
    /// # Errors
    /// When a sandbox refuses an edit of its own sample people.
    pub fn edit(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let (mut omie, mut ploomes) = (held(&self.omie), held(&self.ploomes));
        let mut told = people::edit_round(&mut omie, &mut ploomes, &self.story, now)?;
        if let Some((auvo, fieldwork)) = &self.field {
            let systems = people::Systems { omie: &mut omie, ploomes: &mut ploomes, auvo: &mut held(auvo) };
            told.extend(people::field_round(systems, &self.story, fieldwork, now)?);
        }
        Ok(told)
    }

    /// What the sample records show: a sentence, and how many of them.
    pub fn shows(&self) -> Vec<(&'static str, usize)> {
        let shown = self.story.shown.iter();
        let clients = shown.map(|(what, ids): (&Shows, _)| (what.text(), ids.omie.len().max(ids.ploomes.len())));
        clients.chain(self.field.iter().flat_map(|(_, fieldwork)| fieldwork.shows())).collect()
    }

    /// An account file that reaches the sandboxes that have an address and runs these mappings, each
    /// given with the names of its parameters.
    pub fn account_file<'a>(
        &self,
        addresses: &BTreeMap<&str, String>,
        mappings: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>,
    ) -> String {
        let mut text = String::from("store: sled:.depara\naccounts:\n  - account: demo\n    systems:\n");
        for member in self.members() {
            let Some(base) = addresses.get(member.name) else { continue };
            let mut entries: Vec<String> =
                member.secrets.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            entries.push(format!("base_url: \"{base}{}\"", member.base_path));
            // Writing into a text cannot fail.
            let _written = writeln!(text, "      {}: {{ {} }}", member.name, entries.join(", "));
        }
        let mut mappings = mappings.into_iter().peekable();
        text.push_str(if mappings.peek().is_some() { "    mappings:\n" } else { "    mappings: {}\n" });
        for (mapping, parameters) in mappings {
            let given =
                parameters.iter().filter_map(|name| Some(format!("{name}: {}", self.parameter(mapping, name)?)));
            let given: Vec<String> = given.collect();
            let given = if given.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", given.join(", ")) };
            let _written = writeln!(text, "      {mapping}: {given}");
        }
        text
    }

    /// What the account of these people says of a mapping's parameter, as YAML.
    fn parameter(&self, mapping: &str, name: &str) -> Option<String> {
        let text = match (mapping, name) {
            (_, "conta_corrente") => held(&self.omie).current_account().to_string(),
            (_, "categoria") => "\"1.01.02\"".to_owned(),
            (_, "status") => "[Finalizada]".to_owned(),
            // What is installed is sold, too.
            (SALES, "tipos") => "[Instalação]".to_owned(),
            _ => return None,
        };
        Some(text)
    }
}

/// The system of the technicians.
const AUVO: &str = "auvo";
/// The mapping that makes sales of tasks.
const SALES: &str = "omie-auvo/tarefas-pedido";

fn held<T>(sandbox: &Mutex<T>) -> MutexGuard<'_, T> {
    sandbox.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Town;

    #[test]
    fn a_late_town_opens_on_the_next_day() {
        let at = |time: &str| Town::opens_in_ms(format!("2026-03-03T{time}Z").parse().unwrap());
        // In UTC; Brasília is three hours behind.
        assert_eq!([at("12:00:00"), at("00:59:59"), at("03:00:00")], [0, 0, 0]);
        assert_eq!([at("01:00:00"), at("02:59:00")], [7_200_000, 60_000]);
    }
}
