//! What an answer means: status, reason and fields against the patterns of the system file.
//!
//! Pure. The connector judges and the engine decides; an answer that makes no sense is never
//! taken for success, and for a write never taken for failure either.

use jiff::Timestamp;
use jiff::civil::Time;
use regex::Captures;
use serde_json::Value;

use super::content::{Content, content};
use super::row::{decode, rows_of, text_of};
use super::transport::WireAnswer;
use crate::config::system::{By, Call, Meaning, On, Pattern, System, TextForm};

/// Most characters of a reason.
const REASON_MAX: usize = 500;
/// How long a system that blocks us without saying how long is left in peace; whoever names more is
/// asked again after this time as well.
pub(super) const BLOCK_MS: u64 = 1_800_000;

/// A judged answer.
#[derive(Debug)]
pub(super) struct Verdict {
    /// What it means.
    pub(super) meaning: Meaning,
    /// Who may try again.
    pub(super) again: Again,
    /// The reason, in the system's words where it gave any.
    pub(super) text: String,
    /// The id it names.
    pub(super) id: Option<String>,
    /// The key it names.
    pub(super) key: Option<String>,
    /// How long it asks us to wait.
    pub(super) wait_ms: Option<u64>,
    /// Whom the wait binds.
    pub(super) by: By,
    /// It counts as a failing answer.
    pub(super) counts: bool,
    /// How often the call was sent until this answer.
    pub(super) tries: u32,
    /// When it was given, by the clock of the system, in milliseconds since 1970.
    pub(super) served_ms: Option<i64>,
    /// The rows of a read.
    pub(super) rows: Vec<Value>,
    /// The rest of the answer.
    pub(super) body: Value,
}

/// Who may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Nobody: it would be the same.
    No,
    /// Reads, which do no harm twice.
    Reads,
    /// Everybody: certainly nothing happened.
    All,
}

/// An answer taken apart.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    content: Content,
}

/// Judges an answer.
pub(super) fn judge(system: &System, call: &Call, answer: WireAnswer, now_ms: i64) -> Verdict {
    match answer {
        WireAnswer::Answer { status, headers, body } => {
            judge_answer(system, call, Answer { status, headers, content: content(&body) }, now_ms)
        }
        WireAnswer::Unreachable { text } => {
            Verdict { again: Again::All, ..Verdict::new(Meaning::Failed, format!("no connection: {text}")) }
        }
        WireAnswer::Lost { text } => Verdict::new(Meaning::Unknown, format!("the answer is lost: {text}")),
        WireAnswer::Timeout => {
            Verdict::new(Meaning::Unknown, format!("no answer within {} ms", system.limits.timeout_ms))
        }
        WireAnswer::TooLong { status } => {
            let text = format!("HTTP {status}: the answer is longer than {} bytes", system.limits.body_max);
            Verdict { again: Again::No, ..Verdict::new(Meaning::Unknown, text) }
        }
    }
}

/// What an answer was, as a system that counts failing ones sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A good one.
    Good,
    /// One that counts as failing.
    Failing,
    /// Neither.
    Neither,
    /// It never came, or nobody can read it: nobody knows which it was.
    Nothing,
}

impl Verdict {
    /// What the answer was, as a system that counts failing ones sees it.
    pub(super) const fn heard(&self) -> Heard {
        match self.meaning {
            Meaning::Done => Heard::Good,
            _ if self.counts => Heard::Failing,
            Meaning::Unknown => Heard::Nothing,
            Meaning::Empty
            | Meaning::Gone
            | Meaning::Stale
            | Meaning::Duplicate
            | Meaning::Refused
            | Meaning::Throttled
            | Meaning::Blocked
            | Meaning::Unauthorised
            | Meaning::Failed => Heard::Neither,
        }
    }

    fn new(meaning: Meaning, text: String) -> Self {
        let again = match meaning {
            Meaning::Throttled | Meaning::Blocked => Again::All,
            Meaning::Unknown => Again::Reads,
            Meaning::Done
            | Meaning::Empty
            | Meaning::Gone
            | Meaning::Stale
            | Meaning::Duplicate
            | Meaning::Refused
            | Meaning::Unauthorised
            | Meaning::Failed => Again::No,
        };
        Self {
            meaning,
            again,
            text,
            id: None,
            key: None,
            wait_ms: None,
            by: By::Call,
            counts: false,
            tries: 1,
            served_ms: None,
            rows: Vec::new(),
            body: Value::Null,
        }
    }
}

fn judge_answer(system: &System, call: &Call, answer: Answer, now_ms: i64) -> Verdict {
    let said = reason(system, &answer);
    let matched = system.outcomes.iter().find_map(|pattern| matches(pattern, call, &answer, said.as_deref()));
    let text = said.unwrap_or_else(|| format!("HTTP {}", answer.status));
    let named_ms = matched.as_ref().and_then(|found| found.pattern.wait_ms);
    let mut verdict = match matched {
        Some(found) => {
            let mut verdict = Verdict::new(found.pattern.is, text);
            verdict.id = found.id;
            verdict.key = found.key;
            verdict.by = found.pattern.by;
            verdict.counts = found.pattern.counts.unwrap_or(answer.status >= 400);
            verdict.wait_ms = found.wait_ms.or_else(|| until(system, found.time.as_deref(), now_ms));
            verdict
        }
        None => by_status(call, &answer, text),
    };
    if matches!(verdict.meaning, Meaning::Throttled | Meaning::Blocked) && verdict.wait_ms.is_none() {
        verdict.wait_ms = retry_after(&answer.headers, now_ms).or(named_ms);
    }
    if verdict.meaning == Meaning::Blocked {
        verdict.wait_ms = verdict.wait_ms.or(Some(BLOCK_MS));
    }
    verdict.wait_ms = verdict.wait_ms.map(|wait_ms| wait_ms.min(BLOCK_MS));
    if let Content::Json(body) = answer.content {
        verdict.body = body;
    }
    verdict.served_ms = header(&answer.headers, "date").and_then(moment_ms);
    take_rows(system, call, &mut verdict);
    verdict
}

/// What a pattern found.
struct Found<'a> {
    pattern: &'a Pattern,
    id: Option<String>,
    key: Option<String>,
    wait_ms: Option<u64>,
    time: Option<String>,
}

fn matches<'a>(pattern: &'a Pattern, call: &Call, answer: &Answer, said: Option<&str>) -> Option<Found<'a>> {
    let here = pattern.on.is_none_or(|on| on == call.on) && pattern.call.as_ref().is_none_or(|name| *name == call.name);
    let status =
        pattern.status.is_empty() || pattern.status.iter().any(|(low, high)| (*low..=*high).contains(&answer.status));
    if !here || !status {
        return None;
    }
    for (path, regex) in &pattern.fields {
        let Content::Json(body) = &answer.content else { return None };
        // A good answer may hold all its rows here: they are looked at, not copied.
        let text = match path.peek(body) {
            Some(value) => text_of(value),
            None => path.get(body).as_ref().and_then(text_of),
        };
        if !regex.is_match(&text?) {
            return None;
        }
    }
    let mut found = Found { pattern, id: None, key: None, wait_ms: None, time: None };
    if let Some(regex) = &pattern.text {
        let captures = regex.captures(said?)?;
        found.id = captured(&captures, "id");
        found.key = captured(&captures, "key").map(|key| key.trim().to_owned());
        found.wait_ms = captured(&captures, "seconds").and_then(|text| milliseconds(&text));
        found.time = captured(&captures, "time");
    }
    Some(found)
}

fn captured(captures: &Captures<'_>, name: &str) -> Option<String> {
    captures.name(name).map(|found| found.as_str().to_owned())
}

/// What a status means that no pattern speaks of.
fn by_status(call: &Call, answer: &Answer, text: String) -> Verdict {
    let is_json = matches!(answer.content, Content::Json(_));
    let is_empty = matches!(answer.content, Content::Empty);
    let meaning = match answer.status {
        200..=299 if is_json || (is_empty && call.on == On::Write) => Meaning::Done,
        // Accepted, yet the answer makes no sense: the effect is not known.
        200..=299 => Meaning::Unknown,
        300..=399 => Meaning::Failed,
        401 => Meaning::Unauthorised,
        // A page for people says that the address is wrong, not that the record is no more.
        404 | 410 if call.on == On::Write && (is_json || is_empty) => Meaning::Gone,
        404 | 405 | 410 => Meaning::Failed,
        408 => Meaning::Unknown,
        412 => Meaning::Stale,
        425 | 429 => Meaning::Throttled,
        400..=499 => Meaning::Refused,
        _ => Meaning::Unknown,
    };
    let text = match (meaning, answer.status) {
        (Meaning::Unknown, 200..=299) => format!("the answer is no JSON: {text}"),
        _ => text,
    };
    Verdict { counts: answer.status >= 400, ..Verdict::new(meaning, text) }
}

fn take_rows(system: &System, call: &Call, verdict: &mut Verdict) {
    if call.on != On::Read || verdict.meaning != Meaning::Done {
        return;
    }
    match rows_of(call.records.as_ref(), &mut verdict.body) {
        Some(mut rows) => {
            if system.text == TextForm::Html {
                rows.iter_mut().for_each(decode);
            }
            verdict.rows = rows;
        }
        None => {
            let at = call.records.as_ref().map_or("$", |path| path.text());
            let text = format!("the answer has no rows at `{at}`");
            *verdict = Verdict { counts: verdict.counts, ..Verdict::new(Meaning::Unknown, text) };
        }
    }
}

/// The reason an answer gives: what stands at the `message` paths, else the text of what is no JSON.
fn reason(system: &System, answer: &Answer) -> Option<String> {
    match &answer.content {
        Content::Empty => None,
        Content::Torn => Some(format!("HTTP {}: it breaks off, or is torn", answer.status)),
        Content::Other(text) => Some(format!("HTTP {}: {}", answer.status, readable(text))),
        Content::Json(body) => {
            let mut found: Vec<String> = Vec::new();
            for path in &system.message {
                // Only texts are reasons: the same key may hold the rows of a good answer.
                if let Some(Value::String(text)) = path.peek(body) {
                    let mut value = Value::String(text.trim().to_owned());
                    if system.text == TextForm::Html {
                        decode(&mut value);
                    }
                    if let Value::String(text) = value
                        && !text.is_empty()
                        && !found.contains(&text)
                    {
                        found.push(text);
                    }
                }
            }
            if !found.is_empty() {
                return Some(found.join("; "));
            }
            (answer.status >= 400).then(|| format!("HTTP {}: {body}", answer.status))
        }
    }
}

/// The words of a page, without its tags.
fn readable(text: &str) -> String {
    let (mut words, mut depth) = (String::new(), 0_usize);
    for c in text.chars().take(20_000) {
        match c {
            '<' => depth += 1,
            '>' if depth > 0 => {
                depth -= 1;
                words.push(' ');
            }
            _ if depth == 0 => words.push(c),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A reason no longer than people read.
pub(super) fn cut(text: &str) -> String {
    if text.chars().count() <= REASON_MAX {
        return text.to_owned();
    }
    text.chars().take(REASON_MAX).chain(std::iter::once('…')).collect()
}

/// How long until a time of day in the system's zone, today or tomorrow.
fn until(system: &System, time: Option<&str>, now_ms: i64) -> Option<u64> {
    let time = time?.parse::<Time>().ok()?;
    let now = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(system.zone.clone());
    let today = now.date().to_datetime(time).to_zoned(system.zone.clone()).ok()?;
    let day_ms = 86_400_000;
    let wait = today.timestamp().as_millisecond() - now_ms;
    // Clocks differ: a time that has just passed is now, not tomorrow.
    let wait = if wait < -day_ms / 2 { wait + day_ms } else { wait };
    u64::try_from(wait.max(0)).ok()
}

/// The header that names seconds, or a date.
fn retry_after(headers: &[(String, String)], now_ms: i64) -> Option<u64> {
    let value = header(headers, "retry-after")?;
    if value.trim().bytes().all(|byte| byte.is_ascii_digit()) {
        return milliseconds(value);
    }
    u64::try_from((moment_ms(value)? - now_ms).max(0)).ok()
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A date as headers write it, in milliseconds since 1970.
fn moment_ms(text: &str) -> Option<i64> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond())
}

/// Seconds written as digits; nothing for more than can be counted.
fn milliseconds(text: &str) -> Option<u64> {
    text.trim().parse::<u64>().ok()?.checked_mul(1_000)
}
