//! A client as Omie keeps and shows it.
//!
//! Kept are the fields that hold something; shown is the full record: computed flags, masks,
//! stamps, keys that are always there. The shown text is made once per change, so that a listing is
//! little more than copying. One earlier version stays for listings that lag.

use std::collections::HashMap;

use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

use super::merge::masked;
use super::schema::{self, BANK, CLIENT, Fields, Kind, Shown, int, is_empty, text};
use super::wire;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// Any application that came through the API.
    Api,
    /// A person, by number.
    Person(u32),
}

impl Author {
    /// How stamps write it.
    pub(super) fn code(self) -> String {
        match self {
            Self::Api => "WEBSERVICE".to_owned(),
            Self::Person(number) => format!("P{number:09}"),
        }
    }
}

/// When and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Milliseconds since 1970.
    pub(super) at_ms: i64,
    /// Local time of Brasília, whole seconds.
    pub(super) local: DateTime,
    /// Who.
    pub(super) by: Author,
}

/// A client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) code: i64,
    pub(super) fields: Fields,
    pub(super) created: Stamp,
    pub(super) changed: Stamp,
    /// The version before the last change.
    before: Option<Box<(Fields, Stamp)>>,
    /// The shape shown last as JSON text, and what was asked of it.
    line: Option<(Extras, Box<str>)>,
}

/// What a caller asked to see beside the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for alone")]
pub(super) struct Extras {
    pub(super) notes: bool,
    pub(super) traits: bool,
    pub(super) raw_names: bool,
    pub(super) ids_as_text: bool,
}

impl Client {
    pub(super) fn new(code: i64, fields: Fields, created: Stamp) -> Self {
        Self { code, fields, created, changed: created, before: None, line: None }
    }

    /// Replaces the fields, keeping the version before.
    pub(super) fn change(&mut self, fields: Fields, stamp: Stamp) {
        let old = std::mem::replace(&mut self.fields, fields);
        self.before = Some(Box::new((old, self.changed)));
        self.changed = stamp;
        self.line = None;
    }

    /// The record as it was at a moment: nothing before its birth.
    pub(super) fn at(&self, moment_ms: i64) -> Option<Self> {
        if self.created.at_ms > moment_ms {
            return None;
        }
        let mut then = self.clone();
        if let (true, Some(before)) = (self.changed.at_ms > moment_ms, &self.before) {
            then.fields = before.0.clone();
            then.changed = before.1;
            then.line = None;
        }
        Some(then)
    }

    /// The seller in charge, 0 for none.
    pub(super) fn seller(&self) -> i64 {
        seller(&self.fields)
    }

    /// The shape as JSON text.
    pub(super) fn line(&mut self, extras: Extras) -> &str {
        let kept = self.line.take().filter(|(asked, _)| *asked == extras);
        let line = kept.unwrap_or_else(|| {
            let stamps = (self.created, self.changed);
            (extras, wire::text(&shape(self.code, &self.fields, stamps, extras)).into())
        });
        &self.line.insert(line).1
    }

    /// The record as answers show it.
    pub(super) fn shape(&self, extras: Extras) -> Value {
        shape(self.code, &self.fields, (self.created, self.changed), extras)
    }
}

/// The seller that fields name, 0 for none.
pub(super) fn seller(fields: &Fields) -> i64 {
    let advice = fields.get("recomendacoes");
    advice.and_then(|it| it.get("codigo_vendedor")?.as_i64()).unwrap_or_default()
}

fn shape(code: i64, fields: &Fields, (created, changed): (Stamp, Stamp), extras: Extras) -> Value {
    let mut shown = Map::new();
    for tag in CLIENT.tags {
        let value = fields.get(tag.name).filter(|value| !is_empty(value));
        let wanted = match tag.shown {
            Shown::Always => true,
            Shown::WhenSet => value.is_some(),
            Shown::WithNotes => extras.notes && value.is_some(),
            Shown::WithTraits => extras.traits && value.is_some(),
            Shown::Never => false,
        };
        if wanted {
            let value = value.map_or_else(|| empty(tag.kind), |value| dressed(tag.name, value, extras));
            shown.insert(tag.name.to_owned(), value);
        }
    }
    let abroad = text(fields, "estado") == "EX" || text(fields, "codigo_pais") != "1058";
    let person = text(fields, "cnpj_cpf").len() == 11;
    let api = flag(created.by == Author::Api);
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("codigo_cliente_omie", id(code, extras.ids_as_text));
    put("pessoa_fisica", Value::from(flag(person)));
    put("exterior", Value::from(flag(abroad)));
    put("dadosBancarios", bank(fields.get("dadosBancarios")));
    put("info", stamps(created, changed, api));
    Value::Object(shown)
}

/// An id as answers write it.
pub(super) fn id(code: i64, as_text: bool) -> Value {
    if as_text { Value::from(code.to_string()) } else { Value::from(code) }
}

fn flag(yes: bool) -> &'static str {
    if yes { "S" } else { "N" }
}

fn empty(kind: Kind) -> Value {
    match kind {
        Kind::Text(_) => Value::from(""),
        Kind::Flag => Value::from("N"),
        Kind::Int | Kind::Decimal => Value::from(0),
        Kind::One(_) => Value::Object(Map::new()),
        Kind::Many(_) => Value::Array(Vec::new()),
    }
}

fn dressed(tag: &str, value: &Value, extras: Extras) -> Value {
    match (tag, value) {
        ("cnpj_cpf", Value::String(document)) => Value::String(masked(document)),
        ("razao_social" | "nome_fantasia" | "contato", Value::String(name)) if !extras.raw_names => {
            Value::String(html_escaped(name))
        }
        ("recomendacoes", Value::Object(advice)) => {
            let mut advice = advice.clone();
            if let Some(seller) = advice.get_mut("codigo_vendedor") {
                *seller = id(seller.as_i64().unwrap_or_default(), extras.ids_as_text);
            }
            advice.entry("gerar_boletos").or_insert_with(|| Value::from("N"));
            Value::Object(advice)
        }
        _ => value.clone(),
    }
}

/// Names come out as HTML, the way they were typed into a page once.
pub(super) fn html_escaped(name: &str) -> String {
    name.replace('&', "&amp;").replace('"', "&quot;")
}

fn bank(value: Option<&Value>) -> Value {
    let mut fields: Fields = BANK.tags.iter().map(|tag| (tag.name, empty(tag.kind))).collect();
    for (name, field) in &mut fields {
        if let Some(value) = value.and_then(|bank| bank.get(*name)) {
            *field = value.clone();
        }
    }
    schema::object(fields)
}

/// When and by whom a record was included and altered.
pub(super) fn stamps(created: Stamp, changed: Stamp, api: &str) -> Value {
    json!({
        "cImpAPI": api,
        "dInc": created.local.strftime("%d/%m/%Y").to_string(),
        "hInc": created.local.strftime("%H:%M:%S").to_string(),
        "uInc": created.by.code(),
        "dAlt": changed.local.strftime("%d/%m/%Y").to_string(),
        "hAlt": changed.local.strftime("%H:%M:%S").to_string(),
        "uAlt": changed.by.code(),
    })
}

/// The clients, in the order of their codes, findable by their keys.
#[derive(Debug, Default)]
pub(super) struct Clients {
    rows: Vec<Client>,
    by_integration: HashMap<String, i64>,
    by_document: HashMap<String, Vec<i64>>,
}

impl Clients {
    /// All, by code.
    pub(super) fn rows(&self) -> &[Client] {
        &self.rows
    }

    /// All, by code.
    pub(super) fn rows_mut(&mut self) -> &mut [Client] {
        &mut self.rows
    }

    pub(super) fn get(&self, code: i64) -> Option<&Client> {
        self.rows.get(self.index(code)?)
    }

    /// The code under an integration code.
    pub(super) fn integrated(&self, integration: &str) -> Option<i64> {
        self.by_integration.get(integration).copied()
    }

    /// The first client entered with this document.
    pub(super) fn documented(&self, document: &str) -> Option<&Client> {
        self.get(*self.by_document.get(document)?.first()?)
    }

    /// Adds a client whose code is higher than all before.
    pub(super) fn add(&mut self, client: Client) {
        self.enter(client.code, &client.fields);
        self.rows.push(client);
    }

    /// Replaces the fields of a client.
    pub(super) fn change(&mut self, code: i64, fields: Fields, stamp: Stamp) {
        let Some(index) = self.index(code) else {
            return;
        };
        let Some(old) = self.rows.get(index).map(|row| keys(&row.fields)) else {
            return;
        };
        self.leave(code, &old);
        self.enter(code, &fields);
        if let Some(row) = self.rows.get_mut(index) {
            row.change(fields, stamp);
        }
    }

    /// Removes a client; tells whether it was there.
    pub(super) fn remove(&mut self, code: i64) -> bool {
        let Some(index) = self.index(code) else {
            return false;
        };
        let row = self.rows.remove(index);
        self.leave(code, &keys(&row.fields));
        true
    }

    fn index(&self, code: i64) -> Option<usize> {
        self.rows.binary_search_by_key(&code, |row| row.code).ok()
    }

    fn enter(&mut self, code: i64, fields: &Fields) {
        let (integration, document) = keys(fields);
        if !integration.is_empty() {
            self.by_integration.insert(integration, code);
        }
        if !document.is_empty() {
            self.by_document.entry(document).or_default().push(code);
        }
    }

    fn leave(&mut self, code: i64, (integration, document): &(String, String)) {
        if self.by_integration.get(integration) == Some(&code) {
            self.by_integration.remove(integration);
        }
        if let Some(codes) = self.by_document.get_mut(document) {
            codes.retain(|other| *other != code);
        }
    }
}

fn keys(fields: &Fields) -> (String, String) {
    let word = |tag| text(fields, tag).to_owned();
    (word("codigo_cliente_integracao"), word("cnpj_cpf"))
}

/// The code that fields name, 0 for none.
pub(super) fn code(fields: &Fields) -> i64 {
    int(fields, "codigo_cliente_omie")
}
