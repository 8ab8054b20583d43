//! The secrets of one account: given to templates, and to nobody else.
//!
//! Every text that leaves the connector passes [`Keys::scrub`] first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::sync::PoisonError;

use fnv::FnvHasher;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use super::request::{PATH, QUERY, encode};
use crate::config::system::Login;

/// Tokens that are remembered so that none of them shows: an answer may be as late as a few logins.
const GIVEN_MAX: usize = 4;

/// What an account gives to speak with one system.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// Its secrets, by the names of the system file.
    pub secrets: BTreeMap<String, SecretString>,
    /// Another address than that of the system file.
    pub base_url: Option<String>,
}

impl Credentials {
    /// A print of all that is given.
    pub(super) fn print(&self) -> u64 {
        let mut hasher = FnvHasher::default();
        self.base_url.hash(&mut hasher);
        for (name, secret) in &self.secrets {
            (name, secret.expose_secret()).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// The secrets in use.
pub(super) struct Keys {
    secrets: BTreeMap<String, SecretString>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Takes the secrets; gives the names of those that are missing or empty.
    pub(super) fn new(wanted: &[String], secrets: BTreeMap<String, SecretString>) -> Result<Self, Vec<String>> {
        let given = |name: &String| secrets.get(name).is_some_and(|secret| !secret.expose_secret().is_empty());
        let missing: Vec<String> = wanted.iter().filter(|name| !given(name)).cloned().collect();
        if missing.is_empty() { Ok(Self { secrets }) } else { Err(missing) }
    }

    /// The secrets as templates see them.
    pub(super) fn value(&self) -> Value {
        let members = self.secrets.iter().map(|(name, secret)| (name.clone(), Value::from(secret.expose_secret())));
        Value::Object(members.collect())
    }

    /// The text without any secret.
    pub(super) fn scrub(&self, text: &str) -> String {
        self.secrets.values().fold(text.to_owned(), |text, secret| without(text, secret.expose_secret()))
    }
}

/// The text without a secret: as it is, and as it stands in an address, in JSON and in a page.
fn without(text: String, secret: &str) -> String {
    if secret.is_empty() || text.is_empty() {
        return text;
    }
    let json = Value::from(secret).to_string();
    let page = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut forms = ["", QUERY, PATH].map(|plain| encode(secret, plain)).to_vec();
    forms.extend([secret.to_owned(), json.get(1..json.len() - 1).unwrap_or(secret).to_owned(), page]);
    // What is part of a longer form would leave the rest of it.
    forms.sort_by_key(|form| Reverse(form.len()));
    forms.iter().fold(text, |text, form| text.replace(form, "***"))
}

/// The token of a login, shared by all calls.
#[derive(Default)]
pub(super) struct Token {
    held: Mutex<Held>,
    /// Every token that was given lately: none of them may show.
    given: std::sync::Mutex<VecDeque<SecretString>>,
}

/// What is held of a token while nobody else asks for it.
#[derive(Default)]
pub(super) struct Held {
    token: Option<(SecretString, i64)>,
}

impl Token {
    /// Keeps a token that was given at a moment.
    pub(super) fn keep(&self, held: &mut Held, token: &str, now_ms: i64, login: &Login) -> SecretString {
        let good_ms = i64::try_from(login.lives_ms.saturating_sub(login.early_ms)).unwrap_or(i64::MAX);
        let token = SecretString::from(token);
        held.token = Some((token.clone(), now_ms.saturating_add(good_ms)));
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.push_back(token.clone());
        if given.len() > GIVEN_MAX {
            given.pop_front();
        }
        token
    }

    /// The text without any token that was given lately.
    pub(super) fn scrub(&self, text: String) -> String {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.iter().fold(text, |text, token| without(text, token.expose_secret()))
    }

    /// Holds it: others wait.
    pub(super) async fn hold(&self) -> MutexGuard<'_, Held> {
        self.held.lock().await
    }

    /// Forgets a token that the system does not take, unless there is another one by now.
    pub(super) async fn forget(&self, refused: &SecretString) {
        let mut held = self.held.lock().await;
        if held.token.as_ref().is_some_and(|(token, _)| token.expose_secret() == refused.expose_secret()) {
            held.token = None;
        }
    }
}

impl Held {
    /// The token, when it is good for a while yet.
    pub(super) fn good(&self, now_ms: i64) -> Option<SecretString> {
        self.token.as_ref().filter(|(_, until_ms)| now_ms < *until_ms).map(|(token, _)| token.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_survives_a_scrub_nor_shows_in_debug() {
        let secrets = BTreeMap::from([("key".to_owned(), SecretString::from("a/b c"))]);
        let shown = format!("{:?}", Credentials { secrets: secrets.clone(), base_url: None });
        assert!(!shown.contains("a/b c"), "{shown}");
        let keys = Keys::new(&["key".to_owned()], secrets).unwrap();
        assert_eq!(keys.scrub("refused a/b c at ?k=a%2Fb%20c"), "refused *** at ?k=***");
        assert!(!format!("{keys:?}").contains("a/b c"));
        let keys = |secret: &str| {
            Keys::new(&["key".to_owned()], BTreeMap::from([("key".to_owned(), SecretString::from(secret))])).unwrap()
        };
        assert_eq!(
            keys("ab/cd+e==").scrub("Cannot GET /people?apiKey=ab/cd%2Be%3D%3D&limit=1"),
            "Cannot GET /people?apiKey=***&limit=1"
        );
        assert_eq!(keys("p\"a\\s<").scrub(r#"{"key":"p\"a\\s<"} p&quot;a\s&lt;"#), r#"{"key":"***"} ***"#);
    }

    #[test]
    fn missing_and_empty_secrets_are_named() {
        let secrets = BTreeMap::from([("key".to_owned(), SecretString::from(""))]);
        let missing = Keys::new(&["key".to_owned(), "other".to_owned()], secrets).unwrap_err();
        assert_eq!(missing, ["key", "other"]);
    }
}
