//! All sandboxes together: filled with sample people, as a demo or a person at a desk starts them, or
//! with nothing but people at work, as a simulation does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::people::fieldwork::{self, Fieldwork};
use super::people::{self, Shows, Story};
use super::serve::Shared;
use super::{Auvo, Omie, People, Ploomes};

/// The sandboxes and the story of their people.
pub struct Town {
    omie: Option<Arc<Mutex<Omie>>>,
    ploomes: Option<Arc<Mutex<Ploomes>>>,
    /// Where technicians work.
    auvo: Option<Arc<Mutex<Auvo>>>,
    story: Story,
    fieldwork: Fieldwork,
}

/// One sandbox, ready to be served.
pub struct Member {
    /// The name of the system it imitates.
    pub name: &'static str,
    /// The sandbox.
    pub sandbox: Shared,
    /// The same sandbox, for the people who work in it.
    pub people: Arc<Mutex<dyn People>>,
    /// What comes before the paths of its calls.
    pub base_path: &'static str,
    /// The secrets it takes.
    pub secrets: BTreeMap<&'static str, &'static str>,
}

impl Member {
    fn of<S: People + 'static>(
        sandbox: &Arc<Mutex<S>>,
        base_path: &'static str,
        secrets: impl Into<BTreeMap<&'static str, &'static str>>,
    ) -> Self {
        let name = held(sandbox).name();
        let (shared, people) = (Arc::clone(sandbox), Arc::clone(sandbox));
        Self { name, sandbox: shared, people, base_path, secrets: secrets.into() }
    }
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
        let mut auvo = wanted(AUVO).then(|| Auvo::new(seed));
        let fieldwork = match &mut auvo {
            Some(auvo) => fieldwork::equip(&mut omie, auvo, &story, (seed, records), now)?,
            None => Fieldwork::default(),
        };
        let (omie, ploomes, auvo) = (Some(shared(omie)), Some(shared(ploomes)), auvo.map(shared));
        Ok(Self { omie, ploomes, auvo, story, fieldwork })
    }

    /// Builds the sandboxes of the systems that are wanted and leaves them empty, for
    /// [`Member::people`] to settle in.
    pub fn empty(seed: u64, wanted: impl Fn(&str) -> bool) -> Self {
        Self {
            omie: wanted(OMIE).then(|| shared(Omie::new(seed))),
            ploomes: wanted(PLOOMES).then(|| shared(Ploomes::new(seed))),
            auvo: wanted(AUVO).then(|| shared(Auvo::new(seed))),
            story: Story::default(),
            fieldwork: Fieldwork::default(),
        }
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
        if let Some(omie) = &self.omie {
            held(omie).switches.limits_enforced = false;
        }
        if let Some(ploomes) = &self.ploomes {
            held(ploomes).switches.limits_enforced = false;
        }
        if let Some(auvo) = &self.auvo {
            held(auvo).switches.limits_enforced = false;
        }
    }

    /// The sandboxes, in the order they are served.
    pub fn members(&self) -> Vec<Member> {
        let key = [("app_key", "demo-key"), ("app_secret", "demo-secret")];
        let omie = self.omie.as_ref().map(|omie| Member::of(omie, "/api/v1", key));
        let key = [("user_key", super::ploomes::USER_KEY)];
        let ploomes = self.ploomes.as_ref().map(|ploomes| Member::of(ploomes, "", key));
        let key = [("api_key", "demo-key"), ("api_token", "demo-token")];
        let auvo = self.auvo.as_ref().map(|auvo| Member::of(auvo, "/v2", key));
        omie.into_iter().chain(ploomes).chain(auvo).collect()
    }

    /// People edit in all systems, as the story tells; says what they did.
    ///
    /// # Errors
    /// When a sandbox refuses an edit of its own sample people.
    pub fn edit(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let (Some(omie), Some(ploomes)) = (&self.omie, &self.ploomes) else { return Ok(Vec::new()) };
        let (mut omie, mut ploomes) = (held(omie), held(ploomes));
        let mut told = people::edit_round(&mut omie, &mut ploomes, &self.story, now)?;
        if let Some(auvo) = &self.auvo {
            let systems = people::Systems { omie: &mut omie, ploomes: &mut ploomes, auvo: &mut held(auvo) };
            told.extend(people::field_round(systems, &self.story, &self.fieldwork, now)?);
        }
        Ok(told)
    }

    /// What the sample records show: a sentence, and how many of them.
    pub fn shows(&self) -> Vec<(&'static str, usize)> {
        let shown = self.story.shown.iter();
        let clients = shown.map(|(what, ids): (&Shows, _)| (what.text(), ids.omie.len().max(ids.ploomes.len())));
        clients.chain(self.auvo.iter().flat_map(|_| self.fieldwork.shows())).collect()
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
            (_, "conta_corrente") => held(self.omie.as_ref()?).current_account().to_string(),
            (_, "categoria") => "\"1.01.02\"".to_owned(),
            (_, "status") => "[Finalizada]".to_owned(),
            // What is installed is sold, too.
            (SALES, "tipos") => "[Instalação]".to_owned(),
            _ => return None,
        };
        Some(text)
    }
}

/// The system of the books.
const OMIE: &str = "omie";
/// The system of the sellers.
const PLOOMES: &str = "ploomes";
/// The system of the technicians.
const AUVO: &str = "auvo";
/// The mapping that makes sales of tasks.
const SALES: &str = "omie-auvo/tarefas-pedido";

fn shared<T>(sandbox: T) -> Arc<Mutex<T>> {
    Arc::new(Mutex::new(sandbox))
}

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

    #[test]
    fn an_empty_town_has_whom_it_was_asked_for_and_nothing_else() {
        let town = Town::empty(1, |system| system != "ploomes");
        let members = town.members();
        assert_eq!(members.iter().map(|member| member.name).collect::<Vec<_>>(), ["omie", "auvo"]);
        for member in &members {
            let people = member.people.lock().unwrap();
            assert!(people.resources().iter().all(|resource| people.ids(resource).is_empty()));
        }
        let addresses = [("omie", "http://o".to_owned()), ("auvo", "http://a".to_owned())].into();
        let file = town.account_file(&addresses, [("omie-auvo/tarefas-os", vec!["conta_corrente"])]);
        assert!(file.contains("base_url: \"http://a/v2\"") && file.contains("{ conta_corrente: "), "{file}");
        assert!(!file.contains("ploomes"));
    }
}
