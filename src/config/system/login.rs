//! A login: the call that gives a token, which the other calls carry.

use super::call::{Call, Method, On};
use super::lower::{method, pairs, path};
use crate::config::located::Located;
use crate::config::template::{Host, Names, Template};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::path::Path;

/// The name a login is counted and paced by.
const NAME: &str = "login";
const NAMES: &[&str] = &["secret", "name"];

/// How to get a token, and how long it is good for.
#[derive(Clone, Debug)]
pub struct Login {
    /// The call. Nothing of the frame is put around it.
    pub call: Call,
    /// Where its answer holds the token.
    pub at: Path,
    /// How long a token lives.
    pub lives_ms: u64,
    /// How long before its end another one is asked for.
    pub early_ms: u64,
}

/// Lowers `auth: { token: … }`.
pub(super) fn login(written: &Located, host: &Host, secrets: &[String], complaints: &mut Diagnostics) -> Option<Login> {
    let mut kinds = written.entries(complaints)?;
    let token = kinds.need("token", complaints);
    kinds.finish(complaints);
    let token = token?;
    let mut entries = token.entries(complaints)?;
    let names = Names { names: NAMES, secrets };
    let method = entries.take("method").and_then(|at| method(at, complaints)).unwrap_or(Method::Post);
    let to = entries.need("path", complaints).and_then(|at| Template::lower(at, host, names, complaints));
    let query = entries.take("query").map(|at| pairs(at, host, names, complaints)).unwrap_or_default();
    let body = entries.take("body").and_then(|at| Template::lower(at, host, names, complaints));
    let at = entries.need("at", complaints).and_then(|at| path(at, complaints));
    let lives_ms = entries.need("lives", complaints).and_then(|at| at.duration_ms(complaints));
    let early_ms = entries.take("early").and_then(|at| at.duration_ms(complaints)).unwrap_or(0);
    entries.finish(complaints);
    if lives_ms.is_some_and(|lives_ms| early_ms >= lives_ms) {
        complaints.push(Diagnostic::new(Code::BadValue, &token.place, "a token is renewed before it lives"));
    }
    // Asking twice does no harm.
    let call = Call::plain(NAME.to_owned(), On::Read, (method, to?), query, body);
    Some(Login { call, at: at?, lives_ms: lives_ms?, early_ms })
}
