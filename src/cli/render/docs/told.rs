//! What is told of a mapping: which field becomes which, and what happens on the way.
//!
//! Everything is said by the mapping, its system files and the comments above its rules. The words
//! around it are of the language that is asked for.

use super::words::{Word, Words};
use crate::cli::arguments::Language;
use crate::config::line::Missing;
use crate::config::mapping::{Arrow, Span};
use crate::config::parameter::Parameter;
use crate::mapping::canon::Canon;
use crate::mapping::field::{At, End, Field, Lookup, Policy, View};
use crate::mapping::{AtBirth, Mapping};
use crate::record::{Side, Sides};
use crate::reference::is_links;
use crate::rules::Rule;
use crate::workspace::Workspace;

/// The De × Para of a workspace.
pub(super) struct Page {
    pub(super) language: Language,
    /// How it is read.
    pub(super) legend: Words,
    pub(super) sections: Vec<Section>,
}

/// The De × Para of one mapping.
pub(super) struct Section {
    /// Its name, as files call it.
    pub(super) name: String,
    /// Its name for people.
    pub(super) title: Words,
    /// The file, the two resources and the schedule.
    pub(super) frame: Vec<Words>,
    /// What is said of it as a whole.
    pub(super) notes: Vec<Words>,
    /// The heading of its table.
    pub(super) heading: [Words; 5],
    /// Its lines.
    pub(super) rows: Vec<Row>,
    /// What it leaves to each account, under a heading.
    pub(super) parameters: Option<(Words, Vec<Words>)>,
}

/// A line of a mapping, or the head of a group.
pub(super) struct Row {
    /// It belongs to the group above it.
    pub(super) indent: bool,
    /// Name, left, arrow, right.
    pub(super) cells: [Words; 4],
    /// What happens on the way, one after the other.
    pub(super) way: Vec<Words>,
}

/// The De × Para of every mapping, or of one.
pub(super) fn page(workspace: &Workspace, only: Option<&str>, language: Language) -> Page {
    let wanted = workspace.mappings.values().filter(|one| only.is_none_or(|name| name == one.name));
    let sections = wanted.map(|mapping| section(workspace, mapping, language)).collect();
    let slanted = Word::Slanted(language.say("italics", "itálico").to_owned());
    let legend = Words::said(language.say(LEGEND[0].0, LEGEND[0].1)).and(Words(vec![slanted]));
    Page { language, legend: legend.say(language.say(LEGEND[1].0, LEGEND[1].1)), sections }
}

/// Before and behind the word for slanted letters.
const LEGEND: [(&str, &str); 2] = [
    (
        "⇔ goes both ways. ⇒ and ⇐ go one way: an edit on the receiving side is put back, unless the mapping says that \
         it stays. Names in ",
        "⇔ vai nos dois sentidos. ⇒ e ⇐ vão num só: uma edição no lado que recebe é desfeita, a não ser que o \
         mapeamento diga que fica. Nomes em ",
    ),
    (
        " are members of what the rule of their group reads and writes.",
        " são membros do que a regra do grupo lê e escreve.",
    ),
];

/// The De × Para of one mapping.
pub(super) fn section(workspace: &Workspace, mapping: &Mapping, language: Language) -> Section {
    let titles = mapping.sides.as_ref().map(|end| {
        let system = workspace.project.systems.get(&end.system);
        Words::prose(system.map_or(end.system.as_str(), |system| &system.title))
    });
    let teller = Teller { workspace, mapping, language, titles };
    let (left, right) = (teller.title(Side::Left), teller.title(Side::Right));
    let (field, way) = (teller.say("field", "campo"), teller.say("on the way", "no caminho"));
    Section {
        name: mapping.name.clone(),
        title: Words::prose(&mapping.title),
        frame: teller.frame(),
        notes: teller.notes(),
        heading: [Words::said(field), left, Words::default(), right, Words::said(way)],
        rows: teller.rows(),
        parameters: teller.parameters(),
    }
}

/// One mapping on its way into words.
struct Teller<'a> {
    workspace: &'a Workspace,
    mapping: &'a Mapping,
    language: Language,
    titles: Sides<Words>,
}

impl Teller<'_> {
    fn say(&self, english: &'static str, portuguese: &'static str) -> &'static str {
        self.language.say(english, portuguese)
    }

    fn title(&self, side: Side) -> Words {
        self.titles.get(side).clone()
    }

    fn frame(&self) -> Vec<Words> {
        let mapping = self.mapping;
        let resource = |side: Side| self.title(side).say(" ").and(Words::code(&mapping.sides.get(side).resource));
        let schedule = mapping.schedule;
        let mut parts = vec![
            Words(vec![Word::File(mapping.name.clone(), mapping.file.to_string())]),
            resource(Side::Left).say(format!(" {} ", mark(mapping.arrow))).and(resource(Side::Right)),
            Words::said(format!("{} {}", self.say("every", "a cada"), span(schedule.every_ms))),
            Words::said(match schedule.window {
                Span::Last(ms) => format!("{} {}", self.say("window", "janela"), span(ms)),
                Span::Today => self.say("since midnight", "desde a meia-noite").to_owned(),
            }),
        ];
        if let Some(ms) = schedule.full_ms {
            let words = self.say("everything compared every", "tudo é comparado a cada");
            parts.push(Words::said(format!("{words} {}", span(ms))));
        }
        if mapping.arrow == Arrow::Both {
            parts.push(self.policy(&mapping.policy));
        }
        parts
    }

    fn policy(&self, policy: &Policy) -> Words {
        let words = Words::said(format!("{}: ", self.say("conflict", "conflito")));
        match policy {
            Policy::Newest => words.say(self.say("the newest wins", "vale o mais novo")),
            Policy::Wins(side) => words.and(self.title(*side)).say(" ").say(self.say("wins", "vence")),
            Policy::Ask => words.say(self.say("a person decides", "uma pessoa decide")),
            Policy::Rule(rule) => words.and(self.rule(rule)),
        }
    }

    /// What is said of the mapping as a whole.
    fn notes(&self) -> Vec<Words> {
        let mapping = self.mapping;
        let mut notes = Vec::new();
        if !mapping.keys.is_empty() {
            let keys = mapping.keys.iter().filter_map(|key| mapping.fields.get(*key));
            let keys = keys.map(|field| Words::prose(&field.label));
            let keys = Words::joined(keys, self.say(", then by ", ", depois por "));
            let words = self.say("Twins are recognised by ", "Pares são reconhecidos por ");
            notes.push(Words::said(words).and(keys).say("."));
        }
        for side in Side::BOTH {
            self.notes_of(side, &mut notes);
        }
        notes.push(self.limits());
        notes
    }

    fn notes_of(&self, side: Side, notes: &mut Vec<Words>) {
        let (mapping, end) = (self.mapping, self.mapping.sides.get(side));
        if let Some(rule) = &end.keep {
            let words = format!(", {}: ", self.say("who takes part", "quem participa"));
            notes.push(self.title(side).say(words).and(self.rule(rule)));
        }
        if let Some(rule) = &end.create {
            let words = format!(", {}: ", self.say("before a birth", "antes de nascer"));
            notes.push(self.title(side).say(words).and(self.rule(rule)));
        }
        let note = |english, portuguese| self.title(side).say(": ").say(self.say(english, portuguese));
        if !mapping.put_back && mapping.flows_to(side) {
            notes.push(note("What people change there stays.", "O que as pessoas mudam lá fica."));
        }
        if !end.birth.is_empty() {
            let pair = |one: &AtBirth| Words::code(one.path.text()).say(" = ").and(Words::written(&one.value));
            let pairs = Words::joined(end.birth.iter().map(pair), ", ");
            notes.push(note("At birth it also gets ", "Ao nascer recebe também ").and(pairs).say("."));
        }
        if let Some(report) = &end.report {
            let place = Words::code(&format!("{}.{}", report.system, report.resource));
            notes.push(note("What it refuses is reported in ", "O que ele recusa é dito em ").and(place).say("."));
        }
    }

    /// Beyond which plans are not carried out.
    fn limits(&self) -> Words {
        let limits = self.mapping.limits;
        let number = |count: u64| grouped(count, self.say(",", "."));
        let counts = [
            (limits.creates, self.say("births", "nascimentos")),
            (limits.updates, self.say("changes", "alterações")),
            (limits.gone, self.say("disappearances", "sumiços")),
        ];
        let counts = counts.map(|(count, word)| format!("{} {word}", number(count))).join(", ");
        let records = number(limits.records);
        Words::said(match self.language {
            Language::En => format!("A plan beyond {counts}, or with more than {records} records on a side, halts."),
            Language::Pt => format!("Um plano além de {counts}, ou com mais de {records} registros de um lado, para."),
        })
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut within: Option<&str> = None;
        for field in &self.mapping.fields {
            let group = self.mapping.group_of(field);
            if group != within
                && let Some(name) = group
            {
                rows.push(self.group_row(field, name));
            }
            within = group;
            let Sides { left, right } = Sides::each(|side| place(field.ends.get(side)));
            let cells = [Words::prose(&field.label), left, Words::said(mark(field.arrow)), right];
            rows.push(Row { indent: group.is_some(), cells, way: self.way(field) });
        }
        rows
    }

    fn view_of(&self, field: &Field, side: Side) -> Option<&View> {
        match &field.ends.get(side).at {
            At::Member { view, .. } => self.mapping.views.get(*view),
            At::Path(_) => None,
        }
    }

    fn group_row(&self, first: &Field, name: &str) -> Row {
        let views = Sides::each(|side| self.view_of(first, side));
        let Sides { left, right } = views.as_ref().map(|view| {
            let of = view.map(|view| view.of.as_slice()).unwrap_or_default();
            Words::joined(of.iter().map(|(path, _)| Words::code(path.text())), ", ")
        });
        let mut said = Vec::new();
        if first.together.is_some() {
            let whole = self.say("wins or loses a conflict as a whole", "ganha ou perde um conflito inteiro");
            said.push(Words::said(whole));
        }
        for side in Side::BOTH {
            let Some(view) = views.get(side) else { continue };
            said.extend(self.read_and_write(side, Some(&view.read), view.write.as_ref()));
        }
        let name = Words(vec![Word::Strong(plain(name))]);
        Row { indent: false, cells: [name, left, Words::default(), right], way: said }
    }

    /// What a value goes through between the two sides.
    fn way(&self, field: &Field) -> Vec<Words> {
        let mut said = Vec::new();
        if field.canon != Canon::Plain {
            let word = Canon::ALL.iter().find(|(_, canon)| *canon == field.canon).map_or("", |(word, _)| word);
            said.push(Words::said(self.say("compared as ", "comparado como ")).and(Words::code(word)));
        }
        if field.set {
            said.push(self.set(field));
        }
        for side in Side::BOTH {
            let end = field.ends.get(side);
            said.extend(pairs(end));
            said.extend(end.lookup.as_ref().map(|lookup| self.lookup(side, lookup)));
            said.extend(self.read_and_write(side, end.read.as_ref(), end.write.as_ref()));
            said.extend(self.bounds(side, end));
        }
        said.extend(self.without_twin(field));
        if field.once {
            said.push(Words::said(self.say("only at birth", "só no nascimento")));
        }
        said.extend(field.policy.as_ref().map(|policy| self.policy(policy)));
        said
    }

    fn set(&self, field: &Field) -> Words {
        let member = |side: Side| {
            let member = field.ends.get(side).member.as_ref();
            member.map(|member| self.title(side).say(" ").and(Words::code(member)))
        };
        let members = Words::joined(Side::BOTH.into_iter().filter_map(member), ", ");
        let mut words = Words::said(self.say("a set", "um conjunto"));
        if !members.is_empty() {
            words = words.say(" (").and(members).say(")");
        }
        let except = Words::joined(field.ends.left.except.iter().map(|word| Words::code(word)), ", ");
        if except.is_empty() { words } else { words.say(self.say("; never travel: ", "; nunca viajam: ")).and(except) }
    }

    fn lookup(&self, side: Side, lookup: &Lookup) -> Words {
        if is_links(&lookup.reference) {
            let words = self.say("through the links of ", "pelos vínculos de ");
            return Words::said(words).and(Words::code(&lookup.reference));
        }
        let resource = lookup.reference.split_once('.').map_or(lookup.reference.as_str(), |(_, resource)| resource);
        let made = if lookup.create.is_some() { self.say(", made if missing", ", criado se falta") } else { "" };
        let of = self.title(side).say(" ").and(Words::code(resource));
        of.say(self.say(" by ", " por ")).and(Words::code(&lookup.by)).say(made)
    }

    /// What the rules of one side decide, in their own words.
    fn read_and_write(&self, side: Side, read: Option<&Rule>, write: Option<&Rule>) -> Option<Words> {
        let mut said: Vec<Words> = read.into_iter().chain(write).map(|rule| self.rule(rule)).collect();
        said.dedup();
        (!said.is_empty()).then(|| self.title(side).say(": ").and(Words::joined(said, " ")))
    }

    /// What may keep a value from being written on a side, or change it there.
    fn bounds(&self, side: Side, end: &End) -> Vec<Words> {
        let mut said = Vec::new();
        if let Some(lender) = end.if_empty.and_then(|lender| self.mapping.fields.get(lender)) {
            let words = self.say(": if empty, gets ", ": se vazio, recebe ");
            said.push(self.title(side).say(words).and(Words::prose(&lender.label)));
        }
        if let Some(rule) = &end.hold {
            let words = self.say(", before a write: ", ", antes de escrever: ");
            said.push(self.title(side).say(words).and(self.rule(rule)));
        }
        if let Some(max) = end.slot.max.filter(|_| end.cut) {
            said.push(self.title(side).say(format!(": {} {max}", self.say("cut to", "cortado em"))));
        }
        said
    }

    /// What a value becomes that has no twin on the other side.
    fn without_twin(&self, field: &Field) -> Option<Words> {
        let ends = [&field.ends.left, &field.ends.right];
        if ends.iter().all(|end| end.lookup.is_none()) {
            return None;
        }
        let becomes = match field.ends.left.missing {
            Missing::Empty => self.say("empty", "vazio"),
            Missing::Keep => self.say("stays as it is", "fica como está"),
            Missing::Hold => self.say("waits", "espera"),
        };
        Some(Words::said(format!("{}: {becomes}", self.say("no twin", "sem par"))))
    }

    fn parameters(&self) -> Option<(Words, Vec<Words>)> {
        let heading = Words::said(self.say("Parameters, given per account:", "Parâmetros, dados por conta:"));
        let all: Vec<Words> = self.mapping.declared.iter().map(|one| self.parameter(one)).collect();
        (!all.is_empty()).then_some((heading, all))
    }

    fn parameter(&self, parameter: &Parameter) -> Words {
        let mut traits = vec![Words::said(parameter.kind.word())];
        if parameter.required {
            traits.push(Words::said(self.say("required", "obrigatório")));
        }
        if !parameter.default.is_null() {
            traits.push(Words::said(self.say("default ", "padrão ")).and(Words::written(&parameter.default)));
        }
        let name = Words::code(&parameter.name).say(" (").and(Words::joined(traits, ", "));
        name.say("): ").and(Words::prose(&parameter.title))
    }

    /// What the author wrote above a rule, in this language where it is there, or its name.
    fn rule(&self, rule: &Rule) -> Words {
        let rules = &self.workspace.rules;
        let own = match self.language {
            Language::En => "",
            Language::Pt => rules.portuguese_of(rule),
        };
        let comment = if own.is_empty() { rules.comment_of(rule) } else { own };
        if comment.is_empty() { Words::code(&rule.function) } else { Words::prose(comment) }
    }
}

/// The arrow as people draw it.
const fn mark(arrow: Arrow) -> &'static str {
    match arrow {
        Arrow::Both => "⇔",
        Arrow::ToRight => "⇒",
        Arrow::ToLeft => "⇐",
    }
}

/// Where a value sits on a side.
fn place(end: &End) -> Words {
    match &end.at {
        At::Path(path) => Words::code(path.text()),
        At::Member { name, .. } => Words(vec![Word::Slanted(plain(name))]),
    }
}

/// A name on one line.
fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The pairs of a table, the value of this side first.
fn pairs(end: &End) -> Option<Words> {
    let mut said: Vec<Words> = Vec::new();
    for (here, there) in &end.table {
        let pair = Words::code(here).say(" = ").and(Words::code(there));
        if !said.contains(&pair) {
            said.push(pair);
        }
    }
    (!said.is_empty()).then(|| Words::joined(said, ", "))
}

/// A length of time in the largest unit that needs no fraction.
fn span(ms: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let fitting = units.into_iter().find(|(unit, _)| ms > 0 && ms.is_multiple_of(*unit));
    fitting.map_or_else(|| format!("{ms} ms"), |(unit, word)| format!("{} {word}", ms / unit))
}

/// A number with a sign between its thousands.
fn grouped(number: u64, sign: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(sign);
        }
        text.push(digit);
    }
    text
}
