//! Complaints to the authors of YAML and Rhai.
//!
//! A complaint has a stable code, a place, one sentence and at most one hint. All complaints of a
//! workspace are gathered before anybody is told, so that one run shows them all. Nothing here
//! prints; `cli::render` draws them with the author's own text.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What is wrong, as a closed set; the text form is stable and names a file of `tests/broken`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The file is no YAML.
    YamlSyntax,
    /// A key stands twice in one map.
    DuplicateKey,
    /// A key nobody reads.
    UnknownKey,
    /// A key that must be there is not.
    MissingKey,
    /// A value of another kind than the key wants.
    WrongType,
    /// A value of the right kind that means nothing here.
    BadValue,
    /// A field line without a readable arrow.
    BadArrow,
    /// A path that is no JSONPath, or one that cannot be written to.
    BadPath,
    /// A system no file describes.
    UnknownSystem,
    /// A resource its system file does not describe.
    UnknownResource,
    /// A mapping no file describes.
    UnknownMapping,
    /// A field no line gives.
    UnknownField,
    /// A canon that does not exist.
    UnknownCanon,
    /// A table no file describes.
    UnknownTable,
    /// A rule no script holds.
    UnknownRule,
    /// A script file that is not there.
    UnknownScript,
    /// A lookup that names no reference.
    UnknownLookup,
    /// A match key that no field carries.
    UnmatchedKey,
    /// A rule with another number of parameters than its hook gives.
    RuleArity,
    /// A table under `<=>` whose way back is not one value.
    TableWayBack,
    /// A script that does not parse.
    RhaiSyntax,
    /// A script that calls a function nobody has.
    RhaiUnknownFunction,
    /// A name used twice where it must be unique.
    DuplicateName,
    /// An option that can never act where it stands.
    UnreachableOption,
    /// A secret or an environment variable that is not set.
    MissingSecret,
    /// A parameter that a mapping needs and an account does not give.
    MissingParameter,
    /// A file or folder that cannot be read.
    Unreadable,
    /// A path that the shape of its resource does not have.
    UnknownPath,
    /// A line that flows to what its system alone writes.
    ReadOnlyPath,
    /// Two lines that write one place.
    WrittenTwice,
    /// A value a new record must have and nothing gives.
    RequiredUnfed,
    /// A value in a table that its side cannot hold.
    TableMisfit,
    /// A table that does not say what becomes of a value in none of its pairs.
    TableOpen,
    /// A text that may be longer than its place on the other side.
    TooLong,
    /// A lookup by a field that several rows may share.
    LookupNotUnique,
    /// A rule that must give a reason and never can.
    RuleSilent,
    /// A rule that looks at what it is never given.
    RuleBlind,
    /// Times that work against each other.
    ScheduleConflict,
    /// Two mappings of an account that join the same resources.
    SamePair,
    /// Two accounts that write to the same resource of the same login.
    SharedLogin,
    /// An address that everybody on the way can read along.
    PlainHttp,
    /// A parameter that is asked for and not declared.
    UnknownParameter,
    /// A parameter nothing reads.
    UnusedParameter,
    /// A function of a script that nothing calls.
    UnusedRule,
    /// A script that a mapping names and takes nothing from, or that no mapping names.
    UnusedScript,
    /// A table no line names.
    UnusedTable,
    /// A lookup of a script whose answer nothing reads.
    UnusedLookup,
    /// A file of a workspace that its name or place keeps from being read.
    UnusedFile,
    /// A branch that nothing can come to.
    UnreachableBranch,
    /// A line whose values fare worse than it promises.
    LawBroken,
    /// A line that loses values and does not say so.
    LawUnsaid,
    /// A line that is written again after it was written.
    NeverAtRest,
}

impl Code {
    /// Every code, in the order of the enum.
    pub const ALL: [Self; 52] = [
        Self::YamlSyntax,
        Self::DuplicateKey,
        Self::UnknownKey,
        Self::MissingKey,
        Self::WrongType,
        Self::BadValue,
        Self::BadArrow,
        Self::BadPath,
        Self::UnknownSystem,
        Self::UnknownResource,
        Self::UnknownMapping,
        Self::UnknownField,
        Self::UnknownCanon,
        Self::UnknownTable,
        Self::UnknownRule,
        Self::UnknownScript,
        Self::UnknownLookup,
        Self::UnmatchedKey,
        Self::RuleArity,
        Self::TableWayBack,
        Self::RhaiSyntax,
        Self::RhaiUnknownFunction,
        Self::DuplicateName,
        Self::UnreachableOption,
        Self::MissingSecret,
        Self::MissingParameter,
        Self::Unreadable,
        Self::UnknownPath,
        Self::ReadOnlyPath,
        Self::WrittenTwice,
        Self::RequiredUnfed,
        Self::TableMisfit,
        Self::TableOpen,
        Self::TooLong,
        Self::LookupNotUnique,
        Self::RuleSilent,
        Self::RuleBlind,
        Self::ScheduleConflict,
        Self::SamePair,
        Self::SharedLogin,
        Self::PlainHttp,
        Self::UnknownParameter,
        Self::UnusedParameter,
        Self::UnusedRule,
        Self::UnusedScript,
        Self::UnusedTable,
        Self::UnusedLookup,
        Self::UnusedFile,
        Self::UnreachableBranch,
        Self::LawBroken,
        Self::LawUnsaid,
        Self::NeverAtRest,
    ];

    /// The stable text form, as printed and as named in `tests/broken`.
    pub const fn text(self) -> &'static str {
        match self {
            Self::YamlSyntax => "yaml-syntax",
            Self::DuplicateKey => "duplicate-key",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::BadValue => "bad-value",
            Self::BadArrow => "bad-arrow",
            Self::BadPath => "bad-path",
            Self::UnknownSystem => "unknown-system",
            Self::UnknownResource => "unknown-resource",
            Self::UnknownMapping => "unknown-mapping",
            Self::UnknownField => "unknown-field",
            Self::UnknownCanon => "unknown-canon",
            Self::UnknownTable => "unknown-table",
            Self::UnknownRule => "unknown-rule",
            Self::UnknownScript => "unknown-script",
            Self::UnknownLookup => "unknown-lookup",
            Self::UnmatchedKey => "unmatched-key",
            Self::RuleArity => "rule-arity",
            Self::TableWayBack => "table-way-back",
            Self::RhaiSyntax => "rhai-syntax",
            Self::RhaiUnknownFunction => "rhai-unknown-function",
            Self::DuplicateName => "duplicate-name",
            Self::UnreachableOption => "unreachable-option",
            Self::MissingSecret => "missing-secret",
            Self::MissingParameter => "missing-parameter",
            Self::Unreadable => "unreadable",
            Self::UnknownPath => "unknown-path",
            Self::ReadOnlyPath => "read-only-path",
            Self::WrittenTwice => "written-twice",
            Self::RequiredUnfed => "required-unfed",
            Self::TableMisfit => "table-misfit",
            Self::TableOpen => "table-open",
            Self::TooLong => "too-long",
            Self::LookupNotUnique => "lookup-not-unique",
            Self::RuleSilent => "rule-silent",
            Self::RuleBlind => "rule-blind",
            Self::ScheduleConflict => "schedule-conflict",
            Self::SamePair => "same-pair",
            Self::SharedLogin => "shared-login",
            Self::PlainHttp => "plain-http",
            Self::UnknownParameter => "unknown-parameter",
            Self::UnusedParameter => "unused-parameter",
            Self::UnusedRule => "unused-rule",
            Self::UnusedScript => "unused-script",
            Self::UnusedTable => "unused-table",
            Self::UnusedLookup => "unused-lookup",
            Self::UnusedFile => "unused-file",
            Self::UnreachableBranch => "unreachable-branch",
            Self::LawBroken => "law-broken",
            Self::LawUnsaid => "law-unsaid",
            Self::NeverAtRest => "never-at-rest",
        }
    }

    /// The code of a text form.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.text() == text)
    }

    /// How much its complaints weigh. What may be meant as it stands is only a warning.
    pub const fn weight(self) -> Weight {
        match self {
            Self::TableOpen
            | Self::TooLong
            | Self::LookupNotUnique
            | Self::RuleSilent
            | Self::RuleBlind
            | Self::ScheduleConflict
            | Self::SamePair
            | Self::SharedLogin
            | Self::PlainHttp
            | Self::UnusedParameter
            | Self::UnusedRule
            | Self::UnusedScript
            | Self::UnusedTable
            | Self::UnusedLookup
            | Self::UnusedFile
            | Self::UnreachableBranch
            | Self::LawUnsaid => Weight::Warning,
            Self::YamlSyntax
            | Self::DuplicateKey
            | Self::UnknownKey
            | Self::MissingKey
            | Self::WrongType
            | Self::BadValue
            | Self::BadArrow
            | Self::BadPath
            | Self::UnknownSystem
            | Self::UnknownResource
            | Self::UnknownMapping
            | Self::UnknownField
            | Self::UnknownCanon
            | Self::UnknownTable
            | Self::UnknownRule
            | Self::UnknownScript
            | Self::UnknownLookup
            | Self::UnmatchedKey
            | Self::RuleArity
            | Self::TableWayBack
            | Self::RhaiSyntax
            | Self::RhaiUnknownFunction
            | Self::DuplicateName
            | Self::UnreachableOption
            | Self::MissingSecret
            | Self::MissingParameter
            | Self::Unreadable
            | Self::UnknownPath
            | Self::ReadOnlyPath
            | Self::WrittenTwice
            | Self::RequiredUnfed
            | Self::TableMisfit
            | Self::UnknownParameter
            | Self::LawBroken
            | Self::NeverAtRest => Weight::Error,
        }
    }
}

/// How much a complaint weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing starts before it is gone.
    Error,
    /// It runs; somebody should look.
    Warning,
}

impl Weight {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the workspace.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Bytes of the file that the place covers; empty when only a point is known.
    pub span: Range<usize>,
}

impl Place {
    /// The place of a whole file.
    pub fn file(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1, span: 0..0 }
    }

    /// The place at a line and a column of a text, both from 1.
    pub fn at(file: &Arc<str>, text: &str, line: usize, column: usize) -> Self {
        let (mut offset, mut length) = (0, 0);
        for (index, row) in text.split_inclusive('\n').enumerate() {
            if index + 1 == line {
                let before = row.char_indices().nth(column.saturating_sub(1));
                offset += before.map_or(row.trim_end().len(), |(at, _)| at);
                length = usize::from(before.is_some());
                break;
            }
            offset += row.len();
        }
        Self { file: Arc::clone(file), line, column, span: offset..offset + length }
    }

    /// The place of a piece of a text.
    pub fn over(file: &Arc<str>, text: &str, span: Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let row = before.rsplit('\n').next().unwrap_or_default();
        let (line, column) = (before.matches('\n').count() + 1, row.chars().count() + 1);
        Self { file: Arc::clone(file), line, column, span }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong.
    pub code: Code,
    /// How much it weighs; as much as its code, unless somebody says otherwise.
    pub weight: Weight,
    /// Where; `None` for what no file holds, such as the environment.
    pub place: Option<Place>,
    /// One sentence, lower-case, without a period.
    pub sentence: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Another place that has to do with it, and how.
    pub related: Option<(Place, String)>,
    /// The mistake behind it, where others may come of the same one.
    pub cause: Option<String>,
    /// Where else the same mistake shows.
    pub also: Vec<Place>,
}

impl Diagnostic {
    /// A complaint at a place.
    pub fn new(code: Code, place: &Place, sentence: impl Into<String>) -> Self {
        Self {
            code,
            weight: code.weight(),
            place: Some(place.clone()),
            sentence: sentence.into(),
            hint: None,
            related: None,
            cause: None,
            also: Vec::new(),
        }
    }

    /// A complaint about something outside every file.
    pub fn nowhere(code: Code, sentence: impl Into<String>) -> Self {
        let place = Place::file("");
        Self { place: None, ..Self::new(code, &place, sentence) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the mistake behind it: complaints that come of one mistake are told as one.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The mistake behind it: where nobody names it, one sentence of one code in one line, or in all
    /// files where the sentence is about a name.
    fn mistake(&self) -> String {
        let line = self.place.as_ref().map(|at| format!("{}:{}", at.file, at.line)).unwrap_or_default();
        let named = || format!("{} {}", self.code, self.sentence);
        match &self.cause {
            Some(cause) => cause.clone(),
            None if self.code.text().starts_with("unknown-") => named(),
            None => format!("{} {line}", named()),
        }
    }

    /// Adds `did you mean`, when one of the known words is near enough.
    #[must_use]
    pub fn did_you_mean<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(word, known) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// Adds another place that has to do with it.
    #[must_use]
    pub fn related(mut self, place: &Place, how: impl Into<String>) -> Self {
        self.related = Some((place.clone(), how.into()));
        self
    }
}

/// The known word nearest to a misspelt one, if any is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let near = candidate.to_lowercase();
        // Two letters that changed places are one slip of the fingers, however short the word is.
        let slip = if folded.chars().count() > 2 && strsim::osa_distance(&folded, &near) == 1 { 0.85 } else { 0.0 };
        let score = strsim::jaro_winkler(&folded, &near).max(slip);
        if score > 0.8 && best.is_none_or(|(so_far, _)| score > so_far) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// All complaints of one workspace, with the texts they point into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    /// The complaints, in the order they were found.
    pub list: Vec<Diagnostic>,
    /// The text of every file read, by name.
    pub sources: BTreeMap<Arc<str>, Arc<str>>,
}

impl Diagnostics {
    /// Adds a complaint.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// How many complaints weigh so much.
    pub fn count(&self, weight: Weight) -> usize {
        self.list.iter().filter(|one| one.weight == weight).count()
    }

    /// True when nothing stands against a start.
    pub fn is_sound(&self) -> bool {
        self.count(Weight::Error) == 0
    }

    /// True when nobody complained.
    pub const fn is_clean(&self) -> bool {
        self.list.is_empty()
    }

    /// Remembers a file's text, so that complaints can show it.
    pub fn remember(&mut self, file: &str, text: &str) -> Arc<str> {
        let name: Arc<str> = file.into();
        self.sources.insert(Arc::clone(&name), text.into());
        name
    }

    /// Puts the complaints in the order of files and lines, and those of one mistake together.
    pub fn sort(&mut self) {
        let order = |at: &Place| (Arc::clone(&at.file), at.line, at.column);
        self.list.sort_by_key(|one| (one.place.as_ref().map(order), one.code));
        self.gather();
        for one in &mut self.list {
            one.also.sort_by_key(order);
        }
    }

    /// One complaint for each mistake, at its first place: the others are named there.
    fn gather(&mut self) {
        let mut gathered: Vec<Diagnostic> = Vec::with_capacity(self.list.len());
        let mut mistakes: HashMap<String, usize> = HashMap::new();
        for one in std::mem::take(&mut self.list) {
            let at = *mistakes.entry(one.mistake()).or_insert(gathered.len());
            let Some(first) = gathered.get_mut(at) else {
                gathered.push(one);
                continue;
            };
            first.weight = first.weight.min(one.weight);
            for place in one.place.into_iter().chain(one.also) {
                if first.place.as_ref() != Some(&place) && !first.also.contains(&place) {
                    first.also.push(place);
                }
            }
        }
        self.list = gathered;
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.list {
            if let Some(place) = &diagnostic.place {
                write!(f, "{place}: ")?;
            }
            writeln!(f, "[{}] {}", diagnostic.code, diagnostic.sentence)?;
            if let Some(hint) = &diagnostic.hint {
                writeln!(f, "  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour_and_nonsense_finds_none() {
        assert_eq!(nearest("canom", ["canon", "label"]), Some("canon"));
        assert_eq!(nearest("epr", ["crm", "erp"]), Some("erp"));
        assert_eq!(nearest("zzz", ["canon", "label"]), None);
    }

    #[test]
    fn a_line_and_a_column_become_bytes_past_accents() {
        let place = Place::at(&"x.yaml".into(), "é: 1\nção: 2\n", 2, 4);
        assert_eq!(place.span, 11..12);
    }
}
