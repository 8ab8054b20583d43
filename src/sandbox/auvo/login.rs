//! The login: a key and a token for a bearer that lives half an hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::moment;
use super::switches::{Credentials, LoginForm};

/// How long a bearer lives, in seconds.
const LIFE_S: i64 = 1_800;

/// The bearers that were given out, and until when they are good, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Bearers(BTreeMap<String, i64>);

/// How a login goes.
pub(super) enum Login {
    /// A parameter is missing; its name.
    Lacking(&'static str),
    /// Nobody has such keys.
    Unknown,
    /// The keys are good.
    Known,
}

/// Looks at the keys of a login.
pub(super) fn judge(good: &Credentials, key: Option<&str>, token: Option<&str>) -> Login {
    let filled = |sent: Option<&str>| sent.is_some_and(|text| !text.is_empty());
    if !filled(key) {
        Login::Lacking("apiKey")
    } else if !filled(token) {
        Login::Lacking("apiToken")
    } else if key == Some(good.api_key.as_str()) && token == Some(good.api_token.as_str()) {
        Login::Known
    } else {
        Login::Unknown
    }
}

impl Bearers {
    /// Gives out a bearer; the answer that tells it.
    pub(super) fn issue(&mut self, now: Timestamp, word: &str, form: LoginForm) -> Value {
        let bearer = format!("eyJhbGciOiJSUzI1NiJ9.{word}.c2ln");
        let ends = now.checked_add(SignedDuration::from_secs(LIFE_S)).unwrap_or(now);
        self.0.retain(|_, end| *end > now.as_millisecond());
        self.0.insert(bearer.clone(), ends.as_millisecond());
        match form {
            LoginForm::Naive => json!({
                "authenticated": true, "created": moment::spaced(now), "expiration": moment::spaced(ends),
                "accessToken": bearer, "message": "OK",
            }),
            LoginForm::Zoned => {
                json!({ "expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "accessToken": bearer })
            }
        }
    }

    /// Whether a header bears a good bearer.
    pub(super) fn admits(&self, now: Timestamp, header: Option<&String>) -> bool {
        let bearer =
            header.and_then(|header| header.split_once(' ')).filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
        let end = bearer.and_then(|(_, bearer)| self.0.get(bearer.trim()));
        end.is_some_and(|end| now.as_millisecond() < *end)
    }

    /// Forgets all bearers.
    pub(super) fn revoke(&mut self) {
        self.0.clear();
    }
}
