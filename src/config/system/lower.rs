//! From the written system to the compiled one: all that is said once for the whole system.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use regex::Regex;
use serde_json::Value;

use super::call::LIST;
use super::idle::complain_outcomes;
use super::login::login;
use super::probe::probes;
use super::resource;
use super::{By, Frame, Limits, Meaning, Method, On, Pace, Pattern, Rate, Retry, System, TextForm};
use crate::config::address::address;
use crate::config::located::{Entries, Located, Node};
use crate::config::template::{Host, Names, Template};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::path::Path;

/// Names an expression of the frame may use.
const FRAME: &[&str] = &["secret", "name", "body"];
/// The same, where a login gives a token.
const FRAME_WITH_TOKEN: &[&str] = &["secret", "name", "body", "token"];

/// What the parts of a system file need to know of the whole.
#[derive(Clone)]
pub(super) struct Whole<'a> {
    pub(super) host: &'a Host,
    pub(super) secrets: &'a [String],
    pub(super) method: Option<Method>,
    pub(super) records: Option<Path>,
    /// What a list may speak of.
    pub(super) list: &'static [&'static str],
}

impl Whole<'_> {
    pub(super) const fn names<'b>(&'b self, names: &'b [&'static str]) -> Names<'b> {
        Names { names, secrets: self.secrets }
    }
}

/// Lowers a system file.
pub(super) fn system(file: &str, written: &Located, complaints: &mut Diagnostics) -> Option<System> {
    let mut entries = written.entries(complaints)?;
    let name = entries.need("system", complaints).and_then(|at| at.text(complaints));
    let title = entries.take("title").and_then(|at| at.text(complaints));
    let base_url = entries.need("base_url", complaints);
    let base_url = base_url.and_then(|at| address(&at.text(complaints)?, &at.place, complaints));
    let secrets: Vec<String> = entries
        .take("secrets")
        .map(|at| at.texts(complaints).into_iter().map(|(text, _)| text).collect())
        .unwrap_or_default();
    let zone = entries.take("zone").and_then(|at| zone(at, complaints)).unwrap_or(TimeZone::UTC);
    let host = Host::new(&zone);
    let text = entries.take("text").and_then(|at| word(at, &TEXT_FORMS, complaints)).unwrap_or(TextForm::Plain);
    let empty = entries.take("empty").map_or(Value::Null, Located::json);
    let limits = limits(entries.take("limits"), complaints);
    let retry = retry(entries.take("retry"), complaints);
    let pace = pace(entries.take("pace"), complaints);
    let login = entries.take("auth").and_then(|at| login(at, &host, &secrets, complaints));
    let names = Names { names: if login.is_some() { FRAME_WITH_TOKEN } else { FRAME }, secrets: &secrets };
    let frame = frame(entries.take("request"), &host, names, complaints);
    let outcomes_at = entries.take("outcomes");
    let outcomes = outcomes_at.map(|at| patterns(at, complaints)).unwrap_or_default();
    let message = entries.take("message").map(|at| paths(at, complaints)).unwrap_or_default();
    let records = entries.take("records").and_then(|at| path(at, complaints));
    let whole = Whole { host: &host, secrets: &secrets, method: frame.method, records, list: LIST };
    let written = entries.need("resources", complaints);
    let resources = written.map(|at| resources(at, &whole, complaints));
    let written = written.and_then(|at| at.map(&mut Diagnostics::default())).unwrap_or_default().to_vec();
    let probes = entries.take("probes").map(|at| probes(at, &written, &whole, complaints)).unwrap_or_default();
    if let (Some(at), Some(resources)) = (outcomes_at, &resources) {
        complain_outcomes(at, resources.values(), &probes, complaints);
    }
    entries.finish(complaints);
    let name = name?;
    Some(System {
        title: title.unwrap_or_else(|| name.clone()),
        name,
        file: file.into(),
        base_url: base_url?,
        secrets,
        zone,
        empty,
        text,
        limits,
        retry,
        pace,
        login,
        frame,
        outcomes,
        message,
        resources: resources?,
        probes,
        host: Arc::new(host),
    })
}

const TEXT_FORMS: [(&str, TextForm); 2] = [("plain", TextForm::Plain), ("html", TextForm::Html)];

const METHODS: [(&str, Method); 4] =
    [("GET", Method::Get), ("POST", Method::Post), ("PUT", Method::Put), ("PATCH", Method::Patch)];

const BYS: [(&str, By); 3] = [("call", By::Call), ("all", By::All), ("address", By::Address)];

const ONS: [(&str, On); 2] = [("read", On::Read), ("write", On::Write)];

const MEANINGS: [(&str, Meaning); 11] = [
    ("done", Meaning::Done),
    ("empty", Meaning::Empty),
    ("gone", Meaning::Gone),
    ("stale", Meaning::Stale),
    ("duplicate", Meaning::Duplicate),
    ("refused", Meaning::Refused),
    ("throttled", Meaning::Throttled),
    ("blocked", Meaning::Blocked),
    ("unauthorised", Meaning::Unauthorised),
    ("failed", Meaning::Failed),
    ("unknown", Meaning::Unknown),
];

/// One of a closed set of words, or a complaint.
pub(super) fn word<T: Copy>(at: &Located, known: &[(&str, T)], complaints: &mut Diagnostics) -> Option<T> {
    let text = at.text(complaints)?;
    let found = known.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let plain = Diagnostic::new(Code::BadValue, &at.place, format!("`{text}` means nothing here"))
            .did_you_mean(&text, words.iter().copied());
        let hinted = if plain.hint.is_none() { plain.hint(format!("one of: {}", words.join(", "))) } else { plain };
        complaints.push(hinted);
    }
    found
}

/// A path, or a complaint.
pub(super) fn path(at: &Located, complaints: &mut Diagnostics) -> Option<Path> {
    let text = at.text(complaints)?;
    Path::parse(&text, &at.place).map_err(|diagnostic| complaints.push(*diagnostic)).ok()
}

/// One path or a list of them, or complaints.
pub(super) fn paths(at: &Located, complaints: &mut Diagnostics) -> Vec<Path> {
    let texts = at.texts(complaints);
    let mut found = Vec::with_capacity(texts.len());
    for (text, place) in texts {
        match Path::parse(&text, &place) {
            Ok(path) => found.push(path),
            Err(diagnostic) => complaints.push(*diagnostic),
        }
    }
    found
}

/// A method, or a complaint.
pub(super) fn method(at: &Located, complaints: &mut Diagnostics) -> Option<Method> {
    word(at, &METHODS, complaints)
}

/// The members of a map, each a template.
pub(super) fn pairs(
    at: &Located,
    host: &Host,
    names: Names<'_>,
    complaints: &mut Diagnostics,
) -> Vec<(String, Template)> {
    let map = at.map(complaints).unwrap_or_default().to_vec();
    map.iter()
        .filter_map(|(key, value)| {
            Template::lower(value, host, names, complaints).map(|value| (key.text.clone(), value))
        })
        .collect()
}

/// A whole number above zero, or a complaint.
pub(super) fn positive(at: &Located, complaints: &mut Diagnostics) -> Option<u64> {
    let number = at.count(complaints)?;
    if number == 0 {
        complaints.push(Diagnostic::new(Code::BadValue, &at.place, "zero means nothing here"));
        return None;
    }
    Some(number)
}

fn zone(at: &Located, complaints: &mut Diagnostics) -> Option<TimeZone> {
    let text = at.text(complaints)?;
    let found = TimeZone::get(&text).ok();
    if found.is_none() {
        complaints.push(
            Diagnostic::new(Code::BadValue, &at.place, format!("`{text}` is no time zone"))
                .hint("a zone has a name such as `America/Sao_Paulo`"),
        );
    }
    found
}

fn limits(written: Option<&Located>, complaints: &mut Diagnostics) -> Limits {
    let mut found = Limits { timeout_ms: 60_000, connect_ms: 10_000, body_max: 20_000_000, pages_max: 5_000 };
    let Some(mut entries) = written.and_then(|at| at.entries(complaints)) else { return found };
    set(&mut found.timeout_ms, duration(&mut entries, "timeout", complaints));
    set(&mut found.connect_ms, duration(&mut entries, "connect", complaints));
    set(&mut found.body_max, entries.take("body_max").and_then(|at| positive(at, complaints)));
    set(&mut found.pages_max, entries.take("pages_max").and_then(|at| positive(at, complaints)));
    entries.finish(complaints);
    found
}

fn retry(written: Option<&Located>, complaints: &mut Diagnostics) -> Retry {
    let mut found = Retry { attempts: 5, first_ms: 1_000, longest_ms: 60_000 };
    let Some(mut entries) = written.and_then(|at| at.entries(complaints)) else { return found };
    let attempts = entries.take("attempts").and_then(|at| positive(at, complaints));
    set(&mut found.attempts, attempts.map(|number| u32::try_from(number).unwrap_or(u32::MAX)));
    set(&mut found.first_ms, duration(&mut entries, "first", complaints));
    set(&mut found.longest_ms, duration(&mut entries, "longest", complaints));
    entries.finish(complaints);
    found
}

fn set<T>(into: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *into = value;
    }
}

fn duration(entries: &mut Entries<'_>, key: &'static str, complaints: &mut Diagnostics) -> Option<u64> {
    entries.take(key).and_then(|at| at.duration_ms(complaints))
}

fn pace(written: Option<&Located>, complaints: &mut Diagnostics) -> Pace {
    let mut found = Pace::default();
    let Some(mut entries) = written.and_then(|at| at.entries(complaints)) else { return found };
    if let Some(list) = entries.take("windows").and_then(|at| at.list(complaints)) {
        found.windows = list.iter().filter_map(|at| rate(at, complaints)).collect();
    }
    if let Some(mut at_once) = entries.take("at_once").and_then(|at| at.entries(complaints)) {
        found.at_once_call = at_once.take("call").and_then(|at| positive(at, complaints)).map(to_usize);
        found.at_once_all = at_once.take("all").and_then(|at| positive(at, complaints)).map(to_usize);
        at_once.finish(complaints);
    }
    if let Some(mut spacing) = entries.take("spacing").and_then(|at| at.entries(complaints)) {
        set(&mut found.spacing_call_ms, duration(&mut spacing, "call", complaints));
        set(&mut found.spacing_all_ms, duration(&mut spacing, "all", complaints));
        spacing.finish(complaints);
    }
    set(&mut found.same_call_ms, duration(&mut entries, "same_call", complaints));
    found.failures = entries.take("failures").and_then(|at| rate(at, complaints));
    entries.finish(complaints);
    found
}

fn rate(at: &Located, complaints: &mut Diagnostics) -> Option<Rate> {
    let mut entries = at.entries(complaints)?;
    let calls = entries.need("calls", complaints).and_then(|at| positive(at, complaints));
    let per_ms = entries.need("per", complaints).and_then(|at| at.duration_ms(complaints));
    let by = entries.take("by").and_then(|at| word(at, &BYS, complaints)).unwrap_or(By::All);
    entries.finish(complaints);
    Some(Rate { calls: to_usize(calls?), per_ms: per_ms?, by })
}

/// A number of things held in memory.
pub(super) fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn frame(written: Option<&Located>, host: &Host, names: Names<'_>, complaints: &mut Diagnostics) -> Frame {
    let mut found = Frame::default();
    let Some(mut entries) = written.and_then(|at| at.entries(complaints)) else { return found };
    found.method = entries.take("method").and_then(|at| method(at, complaints));
    found.headers = entries.take("headers").map(|at| pairs(at, host, names, complaints)).unwrap_or_default();
    found.query = entries.take("query").map(|at| pairs(at, host, names, complaints)).unwrap_or_default();
    found.body = entries.take("body").and_then(|at| Template::lower(at, host, names, complaints));
    entries.finish(complaints);
    found
}

fn patterns(at: &Located, complaints: &mut Diagnostics) -> Vec<Pattern> {
    let list = at.list(complaints).unwrap_or_default().to_vec();
    list.iter().filter_map(|at| pattern(at, complaints)).collect()
}

fn pattern(at: &Located, complaints: &mut Diagnostics) -> Option<Pattern> {
    let before = complaints.list.len();
    let mut entries = at.entries(complaints)?;
    let is = entries.need("is", complaints).and_then(|at| word(at, &MEANINGS, complaints));
    let status = entries.take("status").map(|at| statuses(at, complaints)).unwrap_or_default();
    let text = entries.take("text").and_then(|at| regex(at, complaints));
    let mut fields = Vec::new();
    for (key, value) in entries.take("field").and_then(|at| at.map(complaints)).unwrap_or_default() {
        match (Path::parse(&key.text, &key.place), regex(value, complaints)) {
            (Ok(path), Some(regex)) => fields.push((path, regex)),
            (Ok(_), None) => {}
            (Err(diagnostic), _) => complaints.push(*diagnostic),
        }
    }
    let on = entries.take("on").and_then(|at| word(at, &ONS, complaints));
    let call = entries.take("call").and_then(|at| at.text(complaints));
    let counts = entries.take("counts").and_then(|at| at.boolean(complaints));
    let wait_ms = duration(&mut entries, "wait", complaints);
    let by = entries.take("by").and_then(|at| word(at, &BYS, complaints)).unwrap_or(By::Call);
    entries.finish(complaints);
    // What was complained about may be what it is known by.
    if status.is_empty() && text.is_none() && fields.is_empty() && complaints.list.len() == before {
        complaints.push(
            Diagnostic::new(Code::MissingKey, &at.place, "this outcome says not by what it is known")
                .hint("give at least one of `status`, `text` and `field`"),
        );
    }
    Some(Pattern { status, text, fields, on, call, is: is?, counts, wait_ms, by, place: at.place.clone() })
}

fn regex(at: &Located, complaints: &mut Diagnostics) -> Option<Regex> {
    let text = at.text(complaints)?;
    match Regex::new(&text) {
        Ok(regex) => Some(regex),
        Err(error) => {
            let last = error.to_string();
            let reason = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            complaints.push(Diagnostic::new(Code::BadValue, &at.place, format!("no regular expression: {reason}")));
            None
        }
    }
}

fn statuses(at: &Located, complaints: &mut Diagnostics) -> Vec<(u16, u16)> {
    let single = std::slice::from_ref(at);
    let list = if let Node::List(list) = &at.node { list.as_slice() } else { single };
    list.iter().filter_map(|at| status(at, complaints)).collect()
}

fn status(at: &Located, complaints: &mut Diagnostics) -> Option<(u16, u16)> {
    let text = at.text(complaints)?;
    let class = text.strip_suffix("xx").and_then(|class| class.parse::<u16>().ok()).filter(|class| *class < 10);
    let exact = text.parse::<u16>().ok().filter(|code| (100..600).contains(code));
    let found = class.map(|class| (class * 100, class * 100 + 99)).or_else(|| exact.map(|code| (code, code)));
    if found.is_none() {
        complaints.push(
            Diagnostic::new(Code::BadValue, &at.place, format!("`{text}` is no status"))
                .hint("write a number such as 404, or a class such as 5xx"),
        );
    }
    found
}

fn resources(at: &Located, whole: &Whole<'_>, complaints: &mut Diagnostics) -> BTreeMap<String, super::Resource> {
    let map = at.map(complaints).unwrap_or_default().to_vec();
    let found: BTreeMap<String, super::Resource> = map
        .iter()
        .filter_map(|(name, value)| {
            resource::resource(name, value, whole, complaints).map(|resource| (name.text.clone(), resource))
        })
        .collect();
    let listed: Vec<&str> =
        map.iter().filter(|(_, at)| at.json().get("list").is_some()).map(|(name, _)| name.text.as_str()).collect();
    for join in found.values().flat_map(|resource| &resource.joins).filter(|join| !listed.contains(&&*join.of)) {
        let plain =
            Diagnostic::new(Code::UnknownResource, &join.place, format!("no resource `{}` can be listed", join.of));
        complaints.push(plain.did_you_mean(&join.of, listed.iter().copied()));
    }
    found
}
