//! The De × Para of mappings as Markdown: which field becomes which, and what happens on the way.
//!
//! Everything is said by the mapping, its system files and the comments above its rules. The words
//! around it are of the language that is asked for.

use std::fmt::Write as _;

use serde_json::Value;

use super::value::wrapped;
use crate::cli::arguments::Language;
use crate::config::line::Missing;
use crate::config::mapping::{Arrow, Span};
use crate::config::parameter::Parameter;
use crate::mapping::Mapping;
use crate::mapping::canon::Canon;
use crate::mapping::field::{At, End, Field, Lookup, Policy, View};
use crate::record::{Side, Sides};
use crate::reference::{is_links, scalar_text};
use crate::rules::Rule;
use crate::workspace::Workspace;

/// The De × Para of a workspace: of every mapping, or of one.
pub fn page(workspace: &Workspace, only: Option<&str>, language: Language) -> String {
    let legend = wrapped(language.say(LEGEND.0, LEGEND.1), WIDTH).join("\n");
    let mut text = format!("## De × Para\n\n{legend}\n");
    for mapping in workspace.mappings.values().filter(|one| only.is_none_or(|name| name == one.name)) {
        text.push('\n');
        text.push_str(&section(workspace, mapping, language));
    }
    text
}

/// Columns of running text.
const WIDTH: usize = 116;

const LEGEND: (&str, &str) = (
    "⇔ goes both ways. ⇒ and ⇐ go one way: an edit on the receiving side is put back, unless the mapping says that it \
     stays. Names in *italics* are members of what the rule of their group reads and writes.",
    "⇔ vai nos dois sentidos. ⇒ e ⇐ vão num só: uma edição no lado que recebe é desfeita, a não ser que o mapeamento \
     diga que fica. Nomes em *itálico* são membros do que a regra do grupo lê e escreve.",
);

/// The De × Para of one mapping.
pub fn section(workspace: &Workspace, mapping: &Mapping, language: Language) -> String {
    let titles = mapping.sides.as_ref().map(|end| {
        let system = workspace.project.systems.get(&end.system);
        prose(system.map_or(end.system.as_str(), |system| &system.title))
    });
    let writer = Writer { workspace, mapping, language, titles };
    let mut text = format!("### {}\n\n{}\n", prose(&mapping.title), writer.frame());
    for note in writer.notes() {
        line(&mut text, &format!("- {note}"));
    }
    text.push('\n');
    text.push_str(&writer.table());
    let parameters = writer.parameters();
    if !parameters.is_empty() {
        text.push('\n');
        text.push_str(&parameters);
    }
    text
}

/// One mapping on its way into words.
struct Writer<'a> {
    workspace: &'a Workspace,
    mapping: &'a Mapping,
    language: Language,
    titles: Sides<String>,
}

impl Writer<'_> {
    fn say(&self, english: &'static str, portuguese: &'static str) -> &'static str {
        self.language.say(english, portuguese)
    }

    fn title(&self, side: Side) -> &str {
        self.titles.get(side)
    }

    /// The file, the two resources and the schedule.
    fn frame(&self) -> String {
        let mapping = self.mapping;
        let resource = |side: Side| format!("{} {}", self.title(side), code(&mapping.sides.get(side).resource));
        let link = format!("{} {} {}", resource(Side::Left), mark(mapping.arrow), resource(Side::Right));
        let schedule = mapping.schedule;
        let mut parts = vec![
            format!("[{}]({})", code(&mapping.name), mapping.file),
            link,
            format!("{} {}", self.say("every", "a cada"), span(schedule.every_ms)),
            match schedule.window {
                Span::Last(ms) => format!("{} {}", self.say("window", "janela"), span(ms)),
                Span::Today => self.say("since midnight", "desde a meia-noite").to_owned(),
            },
        ];
        if let Some(ms) = schedule.full_ms {
            parts.push(format!("{} {}", self.say("everything compared every", "tudo é comparado a cada"), span(ms)));
        }
        if mapping.arrow == Arrow::Both {
            parts.push(self.policy(&mapping.policy));
        }
        format!("{}.", parts.join(" · "))
    }

    fn policy(&self, policy: &Policy) -> String {
        let wins = match policy {
            Policy::Newest => self.say("the newest wins", "vale o mais novo").to_owned(),
            Policy::Wins(side) => format!("{} {}", self.title(*side), self.say("wins", "vence")),
            Policy::Ask => self.say("a person decides", "uma pessoa decide").to_owned(),
            Policy::Rule(rule) => self.rule(rule),
        };
        format!("{}: {wins}", self.say("conflict", "conflito"))
    }

    /// What is said of the mapping as a whole.
    fn notes(&self) -> Vec<String> {
        let mapping = self.mapping;
        let mut notes = Vec::new();
        if !mapping.keys.is_empty() {
            let keys = mapping.keys.iter().filter_map(|key| mapping.fields.get(*key)).map(|field| prose(&field.label));
            let then = self.say(", then by ", ", depois por ");
            let keys = keys.collect::<Vec<_>>().join(then);
            notes.push(format!("{} {keys}.", self.say("Twins are recognised by", "Pares são reconhecidos por")));
        }
        for side in Side::BOTH {
            let end = mapping.sides.get(side);
            let title = self.title(side);
            if let Some(rule) = &end.keep {
                notes.push(format!("{title}, {}: {}", self.say("who takes part", "quem participa"), self.rule(rule)));
            }
            if let Some(rule) = &end.create {
                notes.push(format!("{title}, {}: {}", self.say("before a birth", "antes de nascer"), self.rule(rule)));
            }
            if !mapping.put_back && mapping.flows_to(side) {
                let words = self.say("What people change there stays", "O que as pessoas mudam lá fica");
                notes.push(format!("{title}: {words}."));
            }
            if !end.birth.is_empty() {
                let pairs = end.birth.iter().map(|(path, value)| format!("{} = {}", code(path.text()), written(value)));
                let words = self.say("At birth it also gets", "Ao nascer recebe também");
                notes.push(format!("{title}: {words} {}.", pairs.collect::<Vec<_>>().join(", ")));
            }
            if let Some(report) = &end.report {
                let words = self.say("What it refuses is reported in", "O que ele recusa é dito em");
                let place = code(&format!("{}.{}", report.system, report.resource));
                notes.push(format!("{title}: {words} {place}."));
            }
        }
        notes
    }

    fn table(&self) -> String {
        let mut text = String::new();
        let (left, right) = (self.title(Side::Left), self.title(Side::Right));
        let (field, way) = (self.say("field", "campo"), self.say("on the way", "no caminho"));
        row(&mut text, [field, left, "", right, way]);
        line(&mut text, "|---|---|:-:|---|---|");
        let mut within: Option<&str> = None;
        for field in &self.mapping.fields {
            let group = self.mapping.group_of(field);
            if group != within
                && let Some(name) = group
            {
                self.group_row(&mut text, field, name);
            }
            within = group;
            let Sides { left, right } = Sides::each(|side| place(field.ends.get(side)));
            let (label, arrow) = (prose(&field.label), mark(field.arrow));
            let indent = if group.is_some() { "↳ " } else { "" };
            row(&mut text, [&format!("{indent}{label}"), &left, arrow, &right, &self.way(field)]);
        }
        text
    }

    fn view_of(&self, field: &Field, side: Side) -> Option<&View> {
        match &field.ends.get(side).at {
            At::Member { view, .. } => self.mapping.views.get(*view),
            At::Path(_) => None,
        }
    }

    fn group_row(&self, text: &mut String, first: &Field, name: &str) {
        let views = Sides::each(|side| self.view_of(first, side));
        let paths = views.as_ref().map(|view| {
            let of = view.map(|view| view.of.as_slice()).unwrap_or_default();
            of.iter().map(|(path, _)| code(path.text())).collect::<Vec<_>>().join(", ")
        });
        let mut said = Vec::new();
        if first.together.is_some() {
            said.push(self.say("wins or loses a conflict as a whole", "ganha ou perde um conflito inteiro").to_owned());
        }
        for side in Side::BOTH {
            let Some(view) = views.get(side) else { continue };
            said.extend(self.read_and_write(side, Some(&view.read), view.write.as_ref()));
        }
        let name = format!("**{}**", prose(name));
        row(text, [&name, &paths.left, "", &paths.right, &said.join(" · ")]);
    }

    /// What a value goes through between the two sides.
    fn way(&self, field: &Field) -> String {
        let mut said = Vec::new();
        if field.canon != Canon::Plain {
            let word = Canon::ALL.iter().find(|(_, canon)| *canon == field.canon).map_or("", |(word, _)| word);
            said.push(format!("{} {}", self.say("compared as", "comparado como"), code(word)));
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
            said.push(self.say("only at birth", "só no nascimento").to_owned());
        }
        said.extend(field.policy.as_ref().map(|policy| self.policy(policy)));
        said.join(" · ")
    }

    fn set(&self, field: &Field) -> String {
        let members = Side::BOTH.into_iter().filter_map(|side| {
            field.ends.get(side).member.as_ref().map(|member| format!("{} {}", self.title(side), code(member)))
        });
        let members: Vec<String> = members.collect();
        let mut text = self.say("a set", "um conjunto").to_owned();
        if !members.is_empty() {
            let _written = write!(text, " ({})", members.join(", "));
        }
        let except: Vec<String> = field.ends.left.except.iter().map(|word| code(word)).collect();
        if !except.is_empty() {
            let _written = write!(text, "; {} {}", self.say("never travel:", "nunca viajam:"), except.join(", "));
        }
        text
    }

    fn lookup(&self, side: Side, lookup: &Lookup) -> String {
        if is_links(&lookup.reference) {
            let words = self.say("through the links of", "pelos vínculos de");
            return format!("{words} {}", code(&lookup.reference));
        }
        let resource = lookup.reference.split_once('.').map_or(lookup.reference.as_str(), |(_, resource)| resource);
        let (title, by) = (self.title(side), self.say("by", "por"));
        let made = if lookup.create.is_some() { self.say(", made if missing", ", criado se falta") } else { "" };
        format!("{title} {} {by} {}{made}", code(resource), code(&lookup.by))
    }

    /// What the rules of one side decide, in their own words.
    fn read_and_write(&self, side: Side, read: Option<&Rule>, write: Option<&Rule>) -> Option<String> {
        let mut said: Vec<String> = read.into_iter().chain(write).map(|rule| self.rule(rule)).collect();
        said.dedup();
        (!said.is_empty()).then(|| format!("{}: {}", self.title(side), said.join(" ")))
    }

    /// What may keep a value from being written on a side, or change it there.
    fn bounds(&self, side: Side, end: &End) -> Vec<String> {
        let title = self.title(side);
        let mut said = Vec::new();
        if let Some(lender) = end.if_empty.and_then(|lender| self.mapping.fields.get(lender)) {
            let words = self.say("if empty, gets", "se vazio, recebe");
            said.push(format!("{title}: {words} {}", prose(&lender.label)));
        }
        if let Some(rule) = &end.hold {
            said.push(format!("{title}, {}: {}", self.say("before a write", "antes de escrever"), self.rule(rule)));
        }
        if let Some(max) = end.slot.max.filter(|_| end.cut) {
            said.push(format!("{title}: {} {max}", self.say("cut to", "cortado em")));
        }
        said
    }

    /// What a value becomes that has no twin on the other side.
    fn without_twin(&self, field: &Field) -> Option<String> {
        let ends = [&field.ends.left, &field.ends.right];
        if ends.iter().all(|end| end.lookup.is_none()) {
            return None;
        }
        let becomes = match field.ends.left.missing {
            Missing::Empty => self.say("empty", "vazio"),
            Missing::Keep => self.say("stays as it is", "fica como está"),
            Missing::Hold => self.say("waits", "espera"),
        };
        Some(format!("{}: {becomes}", self.say("no twin", "sem par")))
    }

    fn parameters(&self) -> String {
        let mut text = String::new();
        if !self.mapping.declared.is_empty() {
            line(&mut text, self.say("Parameters, given per account:", "Parâmetros, dados por conta:"));
            text.push('\n');
        }
        for parameter in &self.mapping.declared {
            line(&mut text, &format!("- {}", self.parameter(parameter)));
        }
        text
    }

    fn parameter(&self, parameter: &Parameter) -> String {
        let mut traits = vec![parameter.kind.word().to_owned()];
        if parameter.required {
            traits.push(self.say("required", "obrigatório").to_owned());
        }
        if !parameter.default.is_null() {
            traits.push(format!("{} {}", self.say("default", "padrão"), written(&parameter.default)));
        }
        format!("{} ({}): {}", code(&parameter.name), traits.join(", "), prose(&parameter.title))
    }

    /// What the author wrote above a rule, or its name.
    fn rule(&self, rule: &Rule) -> String {
        let comment = self.workspace.rules.comment_of(rule);
        if comment.is_empty() { code(&rule.function) } else { prose(&comment) }
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
fn place(end: &End) -> String {
    match &end.at {
        At::Path(path) => code(path.text()),
        At::Member { name, .. } => format!("*{}*", prose(name)),
    }
}

/// The pairs of a table, the value of this side first.
fn pairs(end: &End) -> Option<String> {
    let mut said: Vec<String> = Vec::new();
    for (here, there) in &end.table {
        let pair = format!("{} = {}", code(here), code(there));
        if !said.contains(&pair) {
            said.push(pair);
        }
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// A value as it stands in YAML, on one line.
fn written(value: &Value) -> String {
    if let Value::Array(list) = value {
        return list.iter().map(written).collect::<Vec<_>>().join(", ");
    }
    match scalar_text(value) {
        Some(text) if text.is_empty() => code("\"\""),
        text => code(&text.unwrap_or_else(|| value.to_string())),
    }
}

/// A length of time in the largest unit that needs no fraction.
fn span(ms: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let fitting = units.into_iter().find(|(unit, _)| ms > 0 && ms.is_multiple_of(*unit));
    fitting.map_or_else(|| format!("{ms} ms"), |(unit, word)| format!("{} {word}", ms / unit))
}

/// A name or value in the letters of a machine.
fn code(text: &str) -> String {
    let one_line = text.trim().split('\n').map(str::trim).collect::<Vec<_>>().join(" ↵ ").replace('|', "\\|");
    if one_line.contains('`') { format!("`` {one_line} ``") } else { format!("`{one_line}`") }
}

/// Words that stand in a cell of a table: on one line, without a sign that would end the cell or begin a tag.
fn prose(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    // What stands between backticks is code already.
    let parts = one_line.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 0 { part.replace('<', "\\<") } else { part.to_owned() })
        .collect::<Vec<_>>()
        .join("`")
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A row of a table.
fn row(text: &mut String, cells: [&str; 5]) {
    let cells = cells.map(|cell| if cell.is_empty() { " |".to_owned() } else { format!(" {cell} |") });
    line(text, &format!("|{}", cells.concat()));
}
