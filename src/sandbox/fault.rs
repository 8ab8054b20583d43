//! Faults a sandbox injects on demand: which, into which calls, how often.
//!
//! A closed set, drawn from rules in the order they were added; chance comes from a seed, so the
//! same calls meet the same faults. Knows nothing of any system: each sandbox decides what a fault
//! looks like in its own wording. Never reads a clock.

use std::collections::BTreeMap;
use std::fmt;

use super::memory::Memory;
use super::{Answer, Request};

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A write is refused for business reasons, with this text.
    Refuse(String),
    /// The answer takes this many milliseconds longer.
    Delay(u64),
    /// The call is refused for its rate; seconds to wait, 0 where the answer names none.
    Throttle(u64),
    /// The caller is shut out of this call for this many seconds.
    Block(u64),
    /// The call takes effect, then the connection closes without an answer.
    LoseAnswer,
    /// The connection closes before the call has any effect.
    DropBefore,
    /// A proxy answers 502 with HTML; no effect.
    BadGateway,
    /// A write takes effect, then the answer is the system's internal error.
    BrokenAfterCommit,
    /// The call takes effect, its answer is cut in the middle.
    Truncate,
    /// A listing shows the records as they were this many seconds ago.
    StaleList(u64),
    /// Rows move while a listing is paged: positive, that many rows are missed by each later page;
    /// negative, repeated.
    ShiftPages(i64),
    /// A listing comes back empty.
    EmptyList,
    /// A page of HTML with status 200 stands in the place of the answer; no effect.
    Html,
    /// The rows of a listing lack one member, which follows from this number.
    MissingField(u64),
    /// A read is answered with what the same question was answered the last time, if it was.
    RepeatAnswer,
    /// A proxy delivers a write twice; the first answer counts, or the second.
    DeliverTwice(Counts),
}

/// Which answer to a call that was delivered twice the caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// The first.
    First,
    /// The second.
    Second,
}

/// What a call does, as far as faults care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// Reads one record.
    Read,
    /// Lists records.
    List,
    /// Changes something.
    Write,
}

/// How often a rule strikes.
#[derive(Clone, Debug, PartialEq)]
pub enum Often {
    /// The next so many calls it matches.
    Next(u64),
    /// Each call it matches, with this chance between 0 and 1.
    Chance(f64),
    /// Each call it matches.
    Always,
}

/// One rule: this fault, into these calls, so often.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// A part of the call's kind (`IncluirCliente`, `GET Contacts`); `None` matches every call.
    pub call: Option<String>,
    /// How often.
    pub often: Often,
}

/// What strikes one call: delays add up, of the others the first rule wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strike {
    /// Milliseconds on top of the usual time.
    pub delay_ms: u64,
    /// What goes wrong beside that.
    pub fault: Option<Fault>,
}

/// The rules of a sandbox and the count of what they injected.
#[derive(Clone, Debug)]
pub struct Faults {
    rules: Vec<Rule>,
    injected: BTreeMap<&'static str, u64>,
    memory: Memory,
    /// The call in hand is delivered twice.
    twice: Option<Counts>,
    /// The second delivery is in hand: nothing strikes it.
    again: bool,
    rng: fastrand::Rng,
}

/// A fault rule that could not be read from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FaultError {}

/// Each kind in its text form, with what its detail means.
const KNOWN: &[(&str, &str)] = &[
    ("refuse", "text of the refusal"),
    ("delay", "milliseconds"),
    ("throttle", "seconds to wait, 0 for none named"),
    ("block", "seconds"),
    ("lose-answer", ""),
    ("drop-before", ""),
    ("bad-gateway", ""),
    ("broken-after-commit", ""),
    ("truncate", ""),
    ("stale-list", "seconds of lag"),
    ("shift-pages", "rows missed per page, negative for rows repeated"),
    ("empty-list", ""),
    ("html", ""),
    ("missing-field", "a number that chooses the member"),
    ("repeat-answer", ""),
    ("deliver-twice", "1 when the first answer counts, 2 when the second does"),
];

impl Fault {
    /// The name in the text form.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refuse(_) => "refuse",
            Self::Delay(_) => "delay",
            Self::Throttle(_) => "throttle",
            Self::Block(_) => "block",
            Self::LoseAnswer => "lose-answer",
            Self::DropBefore => "drop-before",
            Self::BadGateway => "bad-gateway",
            Self::BrokenAfterCommit => "broken-after-commit",
            Self::Truncate => "truncate",
            Self::StaleList(_) => "stale-list",
            Self::ShiftPages(_) => "shift-pages",
            Self::EmptyList => "empty-list",
            Self::Html => "html",
            Self::MissingField(_) => "missing-field",
            Self::RepeatAnswer => "repeat-answer",
            Self::DeliverTwice(_) => "deliver-twice",
        }
    }

    /// Tells whether this fault can happen to such a call.
    fn suits(&self, kind: CallKind) -> bool {
        match self {
            Self::Refuse(_) | Self::BrokenAfterCommit | Self::DeliverTwice(_) => kind == CallKind::Write,
            Self::StaleList(_) | Self::ShiftPages(_) | Self::EmptyList | Self::MissingField(_) => {
                kind == CallKind::List
            }
            Self::RepeatAnswer => kind != CallKind::Write,
            Self::Delay(_)
            | Self::Throttle(_)
            | Self::Block(_)
            | Self::LoseAnswer
            | Self::DropBefore
            | Self::BadGateway
            | Self::Html
            | Self::Truncate => true,
        }
    }

    fn parse(name: &str, detail: Option<&str>) -> Result<Self, FaultError> {
        let seconds = |default| number(name, detail, default);
        let bare = |fault| match detail {
            None | Some("") => Ok(fault),
            Some(text) => Err(FaultError(format!("fault `{name}` takes no detail, got `{text}`"))),
        };
        match name {
            "refuse" => {
                let text = detail.filter(|text| !text.is_empty());
                Ok(Self::Refuse(text.unwrap_or("ERROR: Registro recusado!").to_owned()))
            }
            "delay" => Ok(Self::Delay(number(name, detail, 1_000)?)),
            "throttle" => Ok(Self::Throttle(seconds(0)?)),
            "block" => Ok(Self::Block(seconds(1_800)?)),
            "lose-answer" => bare(Self::LoseAnswer),
            "drop-before" => bare(Self::DropBefore),
            "bad-gateway" => bare(Self::BadGateway),
            "broken-after-commit" => bare(Self::BrokenAfterCommit),
            "truncate" => bare(Self::Truncate),
            "stale-list" => Ok(Self::StaleList(seconds(60)?)),
            "shift-pages" => Ok(Self::ShiftPages(number(name, detail, 1)?)),
            "empty-list" => bare(Self::EmptyList),
            "html" => bare(Self::Html),
            "missing-field" => Ok(Self::MissingField(number(name, detail, 0)?)),
            "repeat-answer" => bare(Self::RepeatAnswer),
            "deliver-twice" => match number(name, detail, 1)? {
                1 => Ok(Self::DeliverTwice(Counts::First)),
                2 => Ok(Self::DeliverTwice(Counts::Second)),
                other => Err(FaultError(format!("fault `{name}` takes 1 or 2 as its detail, got `{other}`"))),
            },
            unknown => Err(FaultError(format!("unknown fault `{unknown}`; {}", known()))),
        }
    }
}

impl Rule {
    /// Reads `kind[:call[:often[:detail]]]`, as in `refuse:IncluirCliente:1:ERROR: …`.
    ///
    /// `call` is a part of the call's kind or `*`; `often` is a count (default 1), a percentage
    /// (`5%`) or `*`.
    ///
    /// # Errors
    ///
    /// Says what is wrong and what is known.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let mut parts = text.trim().splitn(4, ':');
        let name = parts.next().unwrap_or_default().trim();
        let call = parts.next().map(str::trim).filter(|call| !call.is_empty() && *call != "*");
        let often = Often::parse(parts.next().map_or("1", str::trim))?;
        let fault = Fault::parse(name, parts.next().map(str::trim))?;
        Ok(Self { fault, call: call.map(str::to_owned), often })
    }

    fn suits(&self, call: &str, kind: CallKind) -> bool {
        self.fault.suits(kind) && self.call.as_deref().is_none_or(|part| call.contains(part))
    }
}

impl Often {
    fn parse(text: &str) -> Result<Self, FaultError> {
        let wrong = || {
            let help = "a count, a percentage such as `5%`, or `*`";
            FaultError(format!("`{text}` does not say how often; expected {help}"))
        };
        if text == "*" {
            return Ok(Self::Always);
        }
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().ok().map(Self::Next).ok_or_else(wrong);
        };
        let percent = percent.trim().parse::<f64>().ok();
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(wrong)?;
        Ok(Self::Chance(percent / 100.0))
    }

    /// Tells whether the rule strikes now, and uses up one of its counted strikes.
    fn strikes(&mut self, rng: &mut fastrand::Rng) -> bool {
        match self {
            Self::Next(0) => false,
            Self::Next(left) => {
                *left -= 1;
                true
            }
            Self::Chance(chance) => rng.f64() < *chance,
            Self::Always => true,
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Faults {
    /// No rules; chance will come from `seed`.
    pub fn new(seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        let (rules, injected, memory) = (Vec::new(), BTreeMap::new(), Memory::default());
        Self { rules, injected, memory, twice: None, again: false, rng }
    }

    /// Adds a rule after the others.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Adds a fault for the next `times` calls whose kind contains `call` (`*` for every call).
    pub fn next(&mut self, fault: Fault, call: &str, times: u64) {
        let call = (call != "*").then(|| call.to_owned());
        self.add(Rule { fault, call, often: Often::Next(times) });
    }

    /// Adds a rule written as text (see [`Rule::parse`]).
    ///
    /// # Errors
    ///
    /// Says what is wrong and what is known.
    pub fn add_text(&mut self, text: &str) -> Result<(), FaultError> {
        Rule::parse(text).map(|rule| self.add(rule))
    }

    /// Forgets all rules; the counts stay.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Draws what strikes this call.
    pub fn strike(&mut self, call: &str, kind: CallKind) -> Strike {
        let mut strike = Strike::default();
        if self.again {
            return strike;
        }
        for rule in &mut self.rules {
            let delays = matches!(rule.fault, Fault::Delay(_));
            if (strike.fault.is_some() && !delays) || !rule.suits(call, kind) {
                continue;
            }
            if rule.fault == Fault::RepeatAnswer && self.memory.answered().is_none() {
                continue;
            }
            if !rule.often.strikes(&mut self.rng) {
                continue;
            }
            *self.injected.entry(rule.fault.name()).or_default() += 1;
            if let Fault::Delay(ms) = &rule.fault {
                strike.delay_ms += ms;
            } else {
                strike.fault = Some(rule.fault.clone());
            }
        }
        self.rules.retain(|rule| rule.often != Often::Next(0));
        if let Some(Fault::DeliverTwice(counts)) = strike.fault {
            self.twice = Some(counts);
        }
        strike
    }

    /// Tells once whether the call in hand is delivered twice; the second delivery begins.
    pub(super) fn begin_second(&mut self) -> Option<Counts> {
        self.again = self.twice.is_some();
        self.twice.take()
    }

    /// The second delivery is over.
    pub(super) const fn end_second(&mut self) {
        self.again = false;
    }

    /// True while the second delivery of a call is in hand.
    pub(super) const fn is_second(&self) -> bool {
        self.again
    }

    /// Hears the question that is asked next; `None` where an answer must never be repeated.
    pub(super) fn asked(&mut self, request: Option<&Request>) {
        // Nothing is kept that no rule will ask for.
        let repeats = self.rules.iter().any(|rule| rule.fault == Fault::RepeatAnswer);
        self.memory.ask(request.filter(|_| repeats));
    }

    /// Hears the answer to the question asked last.
    pub(super) fn answered(&mut self, answer: &Answer) {
        self.memory.keep(answer);
    }

    /// The answer to the same question from the last time.
    pub(super) fn repeated(&self) -> Answer {
        self.memory.answered().cloned().unwrap_or_default()
    }

    /// How many of each kind were injected, by the names of the text form.
    pub fn injected(&self) -> &BTreeMap<&'static str, u64> {
        &self.injected
    }
}

/// The kinds and their details, for help texts.
pub fn known() -> String {
    let each = KNOWN.iter().map(|(name, detail)| match *detail {
        "" => format!("`{name}`"),
        detail => format!("`{name}` ({detail})"),
    });
    format!("known: {}", each.collect::<Vec<_>>().join(", "))
}

fn number<T: std::str::FromStr>(name: &str, detail: Option<&str>, default: T) -> Result<T, FaultError> {
    let Some(text) = detail.filter(|text| !text.is_empty()) else {
        return Ok(default);
    };
    text.parse()
        .ok()
        .ok_or_else(|| FaultError(format!("fault `{name}` takes a whole number as its detail, got `{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_rule_strikes_its_calls_and_then_no_more() {
        let mut faults = Faults::new(1);
        faults.add_text("lose-answer:IncluirCliente:2").unwrap();
        let strike = |faults: &mut Faults, call| faults.strike(call, CallKind::Write).fault;
        assert_eq!(strike(&mut faults, "AlterarCliente"), None);
        assert_eq!(strike(&mut faults, "IncluirCliente"), Some(Fault::LoseAnswer));
        assert_eq!(strike(&mut faults, "IncluirCliente"), Some(Fault::LoseAnswer));
        assert_eq!(strike(&mut faults, "IncluirCliente"), None);
        assert_eq!(faults.injected().get("lose-answer"), Some(&2));
    }

    #[test]
    fn delays_add_up_and_the_first_other_fault_wins() {
        let mut faults = Faults::new(1);
        for text in ["delay:*:*:30", "empty-list:*:1", "truncate", "delay:Listar:*:5"] {
            faults.add_text(text).unwrap();
        }
        let first = faults.strike("ListarClientes", CallKind::List);
        assert_eq!(first, Strike { delay_ms: 35, fault: Some(Fault::EmptyList) });
        // An empty list says nothing about a write; the next rule strikes it.
        let second = faults.strike("IncluirCliente", CallKind::Write);
        assert_eq!(second, Strike { delay_ms: 30, fault: Some(Fault::Truncate) });
    }

    #[test]
    fn chance_follows_the_seed() {
        let draw = |seed| {
            let mut faults = Faults::new(seed);
            faults.add_text("throttle:*:25%:7").unwrap();
            let strikes = (0..400).map(|_| faults.strike("GET Contacts", CallKind::Read).fault);
            strikes.map(|fault| fault.is_some()).collect::<Vec<_>>()
        };
        let hits = draw(3).iter().filter(|hit| **hit).count();
        assert!((60..140).contains(&hits), "{hits}");
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn a_read_is_repeated_only_when_it_was_answered_before() {
        let mut faults = Faults::new(1);
        let question = Request { path: "/a".to_owned(), ..Request::default() };
        let mut ask = |kind| {
            faults.asked(Some(&question));
            let strike = faults.strike("GET a", kind).fault;
            faults.answered(&Answer { status: 200, ..Answer::default() });
            strike
        };
        assert_eq!(ask(CallKind::List), None, "nobody asked for it yet, and nothing is kept");
        faults.add_text("repeat-answer").unwrap();
        let mut ask = |kind| {
            faults.asked(Some(&question));
            let strike = faults.strike("GET a", kind).fault;
            faults.answered(&Answer { status: 200, ..Answer::default() });
            strike
        };
        assert_eq!(ask(CallKind::List), None, "a rule that cannot strike is not used up");
        assert_eq!(ask(CallKind::Write), None);
        assert_eq!(ask(CallKind::List), Some(Fault::RepeatAnswer));
        assert_eq!(ask(CallKind::List), None);
    }

    #[test]
    fn a_refusal_keeps_its_colons_and_a_wrong_rule_says_what_is_known() {
        let rule = Rule::parse("refuse:IncluirCliente:1:ERROR: a: b").unwrap();
        assert_eq!(rule.fault, Fault::Refuse("ERROR: a: b".to_owned()));
        let error = Rule::parse("lose-anser:*").unwrap_err().to_string();
        assert!(error.starts_with("unknown fault `lose-anser`; known: `refuse`"), "{error}");
        assert!(Rule::parse("delay:*:often").unwrap_err().to_string().contains("`5%`"));
        assert!(Rule::parse("delay:*:101%").is_err());
        assert!(Rule::parse("delay:*:1:soon").unwrap_err().to_string().contains("whole number"));
        assert!(Rule::parse("truncate:*:1:x").is_err());
        assert!(Rule::parse("deliver-twice:*:1:3").unwrap_err().to_string().contains("1 or 2"));
    }

    #[test]
    fn every_known_name_is_read_back() {
        for (name, _) in KNOWN {
            assert_eq!(Rule::parse(name).unwrap().fault.name(), *name);
        }
    }
}
