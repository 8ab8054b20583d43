//! `depara.yaml`: where the store is, and one customer's credentials and mappings after the other.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::address::address;
use super::located::{Located, Word};
use super::mapping::Written;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};

/// The account file, compiled.
#[derive(Clone, Debug, Default)]
pub struct AccountFile {
    /// The folder of the store, relative to the file.
    pub store: String,
    /// The accounts, in the order written.
    pub accounts: Vec<Account>,
}

impl AccountFile {
    /// True when any account runs a mapping.
    pub fn runs_any(&self) -> bool {
        self.accounts.iter().any(|account| !account.mappings.is_empty())
    }
}

/// One customer.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// How its systems are reached, by system.
    pub systems: BTreeMap<String, Access>,
    /// The mappings it runs, with their parameters.
    pub mappings: Vec<Enabled>,
    /// The most lines that the journal of each of its mappings keeps.
    pub journal_max: u64,
}

/// How one system is reached for one account.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where it was written.
    pub place: Place,
    /// The secrets by name.
    pub secrets: BTreeMap<String, SecretString>,
    /// Where each secret was written.
    pub places: BTreeMap<String, Place>,
    /// Another place to reach the system at.
    pub base_url: Option<String>,
}

/// A mapping that an account runs.
#[derive(Clone, Debug)]
pub struct Enabled {
    /// The mapping.
    pub name: Written,
    /// Its parameters, as written.
    pub given: Located,
    /// Its parameters, over what the mapping declares; filled when all files are read.
    pub parameters: Map<String, Value>,
}

/// Lines a journal keeps when the file does not say.
pub const JOURNAL: u64 = 500_000;
/// The fewest lines a journal may be told to keep: with less it explains nothing.
const JOURNAL_LEAST: u64 = 1_000;

/// Where the store is when the file does not say.
pub const STORE: &str = "sled:.depara";

/// Lowers `depara.yaml`. `env` answers `${NAME}`.
pub fn read(tree: &Located, env: &dyn Fn(&str) -> Option<String>, complaints: &mut Diagnostics) -> AccountFile {
    let mut file = AccountFile { store: ".depara".to_owned(), accounts: Vec::new() };
    let Some(mut entries) = tree.entries(complaints) else { return file };
    if let Some(value) = entries.take("store")
        && let Some(text) = value.text(complaints)
    {
        match text.strip_prefix("sled:").filter(|folder| !folder.is_empty()) {
            Some(folder) => folder.clone_into(&mut file.store),
            None => complaints.push(
                Diagnostic::new(Code::BadValue, &value.place, format!("`{text}` is no store"))
                    .hint(format!("write `{STORE}`, a folder relative to this file")),
            ),
        }
    }
    for item in entries.need("accounts", complaints).and_then(|at| at.list(complaints)).unwrap_or_default().to_vec() {
        let Some(account) = read_account(&item, env, complaints) else { continue };
        if let Some(twin) = file.accounts.iter().find(|one| one.name == account.name) {
            let sentence = format!("the account `{}` is written twice", account.name);
            let plain = Diagnostic::new(Code::DuplicateName, &account.place, sentence);
            complaints.push(plain.related(&twin.place, "first written here"));
        } else {
            file.accounts.push(account);
        }
    }
    entries.finish(complaints);
    file
}

fn read_account(item: &Located, env: &dyn Fn(&str) -> Option<String>, complaints: &mut Diagnostics) -> Option<Account> {
    let mut entries = item.entries(complaints)?;
    let named = entries.need("account", complaints);
    let name = named.and_then(|value| value.text(complaints));
    // The store keeps what it knows under the two names with a `/` between them.
    let is_odd = |name: &&String| name.is_empty() || name.contains(|one: char| one == '/' || one.is_control());
    if let Some((name, value)) = name.as_ref().filter(is_odd).zip(named) {
        let plain = Diagnostic::new(
            Code::BadValue,
            &value.place,
            format!("`{}` is no name of an account", name.escape_debug()),
        );
        complaints.push(plain.hint("letters, digits and signs, but no `/`"));
    }
    let owner = name.clone().unwrap_or_default();
    let mut systems = BTreeMap::new();
    let written = entries.need("systems", complaints).and_then(|at| at.map(complaints)).unwrap_or_default();
    for (word, value) in written {
        if let Some(access) = read_access((word, value), &owner, env, complaints) {
            systems.insert(word.text.clone(), access);
        }
    }
    let mut mappings = Vec::new();
    let written = entries.need("mappings", complaints).and_then(|at| at.map(complaints)).unwrap_or_default();
    for (Word { text, place }, value) in written {
        mappings.push(Enabled { name: (text.clone(), place.clone()), given: value.clone(), parameters: Map::new() });
    }
    let journal_max = entries.take("journal").and_then(|at| journal(at, complaints)).unwrap_or(JOURNAL);
    entries.finish(complaints);
    let place = named.map_or_else(|| item.place.clone(), |value| value.place.clone());
    Some(Account { name: name?, place, systems, mappings, journal_max })
}

fn journal(at: &Located, complaints: &mut Diagnostics) -> Option<u64> {
    let lines = at.count(complaints)?;
    if lines < JOURNAL_LEAST {
        let sentence = format!("a journal of {lines} lines explains nothing");
        let hint = format!("at least {JOURNAL_LEAST}; without the key it is {JOURNAL}");
        complaints.push(Diagnostic::new(Code::BadValue, &at.place, sentence).hint(hint));
    }
    Some(lines.max(JOURNAL_LEAST))
}

fn read_access(
    (name, value): (&Word, &Located),
    account: &str,
    env: &dyn Fn(&str) -> Option<String>,
    complaints: &mut Diagnostics,
) -> Option<Access> {
    let (secrets, places) = (BTreeMap::new(), BTreeMap::new());
    let mut access = Access { place: name.place.clone(), secrets, base_url: None, places };
    for (word, value) in value.map(complaints)? {
        let Some(text) = value.text(complaints) else { continue };
        let known = complaints.list.len();
        let filled = fill(&text, &value.place, account, env, complaints);
        if word.text == "base_url" {
            // Only what is filled in can be judged.
            let is_whole = complaints.list.len() == known;
            access.base_url = is_whole.then(|| address(&filled, &value.place, complaints)).flatten();
        } else {
            access.secrets.insert(word.text.clone(), SecretString::from(filled));
            access.places.insert(word.text.clone(), word.place.clone());
        }
    }
    Some(access)
}

/// Replaces `${NAME}` by the variable; complains, naming variable and account, when it is not set.
fn fill(
    text: &str,
    place: &Place,
    account: &str,
    env: &dyn Fn(&str) -> Option<String>,
    complaints: &mut Diagnostics,
) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            complaints.push(Diagnostic::new(Code::BadValue, place, "`${` is never closed").hint("write `${NAME}`"));
            return filled;
        };
        match env(name).filter(|value| !value.is_empty()) {
            Some(value) => filled.push_str(&value),
            None => complaints.push(
                Diagnostic::new(
                    Code::MissingSecret,
                    place,
                    format!("the environment variable `{name}`, which account `{account}` needs, is not set or empty"),
                )
                .hint(format!("set it before starting: `export {name}=…`")),
            ),
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::located::parse;

    fn journal_of(line: &str) -> (Option<u64>, Diagnostics) {
        let mut complaints = Diagnostics::default();
        let text = format!("accounts:\n  - account: acme\n    systems: {{}}\n    mappings: {{}}\n{line}");
        let tree = parse("depara.yaml", &text, &mut complaints).unwrap();
        let file = read(&tree, &|_| None, &mut complaints);
        (file.accounts.first().map(|account| account.journal_max), complaints)
    }

    #[test]
    fn an_account_has_a_name_of_its_own_in_the_store() {
        for (name, sound) in
            [("acme", true), ("Padaria São José 2", true), ("acme/x", false), ("\"\"", false), ("\"a\\nb\"", false)]
        {
            let mut complaints = Diagnostics::default();
            let text = format!("accounts:\n  - {{ account: {name}, systems: {{}}, mappings: {{}} }}\n");
            let tree = parse("depara.yaml", &text, &mut complaints).unwrap();
            read(&tree, &|_| None, &mut complaints);
            assert_eq!(complaints.is_sound(), sound, "{name}: {complaints}");
        }
    }

    #[test]
    fn an_account_reaches_its_systems_at_addresses() {
        for (url, base_url) in [
            ("https://erp.example/v1/", Some("https://erp.example/v1")),
            ("erp.example", None),
            ("https://", None),
            ("ftp://erp.example", None),
        ] {
            let mut complaints = Diagnostics::default();
            let text = format!(
                "accounts:\n  - {{ account: a, systems: {{ erp: {{ base_url: \"{url}\" }} }}, mappings: {{}} }}\n"
            );
            let tree = parse("depara.yaml", &text, &mut complaints).unwrap();
            let file = read(&tree, &|_| None, &mut complaints);
            assert_eq!(file.accounts[0].systems["erp"].base_url.as_deref(), base_url, "{url}");
            assert_eq!(complaints.is_clean(), base_url.is_some(), "{url}: {complaints}");
        }
    }

    #[test]
    fn an_address_is_judged_once_its_variables_are_set() {
        let read_with = |host: Option<&str>| {
            let mut complaints = Diagnostics::default();
            let text =
                "accounts:\n  - { account: a, systems: { erp: { base_url: \"https://${HOST}/v1\" } }, mappings: {} }\n";
            let tree = parse("depara.yaml", text, &mut complaints).unwrap();
            read(&tree, &|_| host.map(str::to_owned), &mut complaints);
            complaints.list.iter().map(|one| one.code).collect::<Vec<_>>()
        };
        assert_eq!(read_with(None), [Code::MissingSecret]);
        assert_eq!(read_with(Some("/")), [Code::BadValue]);
        assert_eq!(read_with(Some("erp.example")), []);
    }

    #[test]
    fn an_account_says_how_many_lines_its_journals_keep() {
        let (journal, complaints) = journal_of("");
        assert!(complaints.is_clean() && journal == Some(JOURNAL));
        let (journal, complaints) = journal_of("    journal: 20000");
        assert!(complaints.is_clean() && journal == Some(20_000));
        for (wrong, code) in [("999", Code::BadValue), ("lots", Code::WrongType), ("-1", Code::WrongType)] {
            let (_, complaints) = journal_of(&format!("    journal: {wrong}"));
            let [one] = &complaints.list[..] else { panic!("{wrong}: {complaints}") };
            let line = one.place.as_ref().map(|place| place.line);
            assert_eq!((line, one.code), (Some(5), code), "{complaints}");
        }
    }
}
