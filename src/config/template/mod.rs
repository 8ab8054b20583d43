//! Templates: values of a system file in which `{…}` holds an expression.
//!
//! A text that is one `{expression}` and nothing else keeps the type of its value; any other text
//! is put together. `{{` and `}}` stand for the braces themselves. Expressions are Rhai, compiled
//! once when the file is read, and spend from the budget of rules; they see the names of their
//! place, call a handful of functions, and reach nothing else.

mod compile;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rhai::{AST, Array, Dynamic, Engine, EvalAltResult, Position, Scope};
use serde_json::{Map, Value};

use crate::config::located::{Located, Node};
use crate::diagnostic::Diagnostics;
use crate::rules::host;
use compile::Compiler;

/// What expressions may see: values by name.
pub type Inputs = BTreeMap<&'static str, Value>;

/// What a template may spend and call; one for each system, for dates are told in its zone.
pub struct Host {
    engine: Engine,
    known: BTreeSet<String>,
}

/// The names an expression may use in its place.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Every name.
    pub names: &'a [&'static str],
    /// What may follow `secret.`.
    pub secrets: &'a [String],
}

/// A value, some of it computed.
#[derive(Clone, Debug)]
pub enum Template {
    /// As written.
    Fixed(Value),
    /// One expression, whose value keeps its type.
    Computed(Expression),
    /// A text with expressions in it.
    Text(Vec<Piece>),
    /// A list of templates.
    List(Vec<Self>),
    /// A map of templates; an expression that gives nothing leaves its key out.
    Map(Vec<(String, Self)>),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Piece {
    /// As written.
    Plain(String),
    /// Computed.
    Computed(Expression),
}

/// One compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
    names: Vec<&'static str>,
    ast: Arc<AST>,
}

/// An expression that failed while it was computed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{{{expression}}}` cannot be computed: {text}")]
pub struct Error {
    expression: String,
    text: String,
    misfit: bool,
}

/// What `int` throws: the value is at fault, not the expression.
#[derive(Clone)]
struct Misfit(String);

impl Error {
    /// True when a value is of a kind that can stand in no such request, so that no record has it.
    pub const fn is_misfit(&self) -> bool {
        self.misfit
    }
}

impl Host {
    /// A host whose dates are told in `zone`.
    pub fn new(zone: &TimeZone) -> Self {
        let mut engine = host::bare();
        register_functions(&mut engine, zone);
        let known = engine
            .gen_fn_signatures(true)
            .iter()
            .filter_map(|signature| signature.split('(').next().map(|name| name.trim().to_owned()))
            .collect();
        Self { engine, known }
    }

    /// The same for expressions over whole answers, which are as large as the system lets them be.
    pub fn roomy(zone: &TimeZone) -> Self {
        let mut host = Self::new(zone);
        host.engine.set_max_array_size(0).set_max_map_size(0).set_max_string_size(0);
        host
    }

    fn compute(&self, expression: &Expression, inputs: &Inputs) -> Result<Value, Error> {
        // A bare name needs no engine, and its value stays digit for digit what it was.
        if let Some(value) = inputs.get(expression.source.as_str()) {
            return Ok(value.clone());
        }
        let failed = |text: String| Error { expression: expression.source.clone(), text, misfit: false };
        let mut scope = Scope::new();
        for name in &expression.names {
            let value = inputs.get(name).unwrap_or(&Value::Null);
            scope.push_dynamic(*name, host::to_dynamic(value));
        }
        let found: Dynamic =
            self.engine.eval_ast_with_scope(&mut scope, &expression.ast).map_err(|error: Box<EvalAltResult>| {
                match misfit(&error) {
                    Some(text) => Error { misfit: true, ..failed(text) },
                    None => failed(error.to_string()),
                }
            })?;
        host::from_dynamic(&found).map_err(|error| failed(error.to_string()))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

fn misfit(error: &EvalAltResult) -> Option<String> {
    if let EvalAltResult::ErrorRuntime(thrown, _) = error.unwrap_inner() {
        return thrown.clone().try_cast::<Misfit>().map(|Misfit(text)| text);
    }
    None
}

fn register_functions(engine: &mut Engine, zone: &TimeZone) {
    let zone = zone.clone();
    engine.register_fn("date", move |ms: i64, form: &str| -> Result<String, Box<EvalAltResult>> {
        let moment = Timestamp::from_millisecond(ms).map_err(|error| error.to_string())?;
        let written = jiff::fmt::strtime::format(form, &moment.to_zoned(zone.clone()));
        written.map_err(|error| error.to_string().into())
    });
    engine.register_fn("iso", |ms: i64| -> Result<String, Box<EvalAltResult>> {
        let moment = Timestamp::from_millisecond(ms).map_err(|error| error.to_string())?;
        Ok(moment.to_string())
    });
    engine.register_fn("quote", |text: &str| format!("'{}'", text.replace('\'', "''")));
    engine.register_fn("int", |number: i64| number);
    engine.register_fn("int", |text: &str| -> Result<i64, Box<EvalAltResult>> {
        let number = text.trim().parse::<i64>();
        number.map_err(|_error| {
            let thrown = Dynamic::from(Misfit(format!("`{text}` is no whole number")));
            Box::new(EvalAltResult::ErrorRuntime(thrown, Position::NONE))
        })
    });
    engine.register_fn("entries", |map: rhai::Map| -> Array {
        let entry = |(key, value): (rhai::Identifier, Dynamic)| [("key".into(), key.into()), ("value".into(), value)];
        map.into_iter().map(|one| Dynamic::from_map(entry(one).into_iter().collect())).collect()
    });
    engine.register_fn("distinct", |list: Array| counted(&list).into_iter().map(|(value, _)| value).collect::<Array>());
    engine.register_fn("doubled", |list: Array| {
        let several = counted(&list).into_iter().filter(|(_, count)| *count > 1);
        several.map(|(value, _)| value).collect::<Array>()
    });
    engine.register_fn("json", |value: Dynamic| -> Result<String, Box<EvalAltResult>> {
        Ok(host::from_dynamic(&value)?.to_string())
    });
    engine.register_fn("join", |list: Array, between: &str| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
    });
}

/// The values of a list that say something, each once with how often it stands there.
fn counted(list: &Array) -> Vec<(Dynamic, usize)> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut found: Vec<(Dynamic, usize)> = Vec::new();
    for value in list {
        let text = value.to_string();
        if value.is_unit() || text.trim().is_empty() {
            continue;
        }
        match places.get(&text).and_then(|at| found.get_mut(*at)) {
            Some((_, count)) => *count += 1,
            None => {
                places.insert(text, found.len());
                found.push((value.clone(), 1));
            }
        }
    }
    found
}

impl Template {
    /// Compiles a written value, or complains.
    pub fn lower(written: &Located, host: &Host, names: Names<'_>, complaints: &mut Diagnostics) -> Option<Self> {
        match &written.node {
            Node::Text(text) => Compiler { host, names, at: &written.place }.text(text, complaints),
            Node::List(list) => {
                let list: Vec<_> = list.iter().filter_map(|item| Self::lower(item, host, names, complaints)).collect();
                Some(Self::List(list))
            }
            Node::Map(map) => Some(Self::Map(
                map.iter()
                    .filter_map(|(key, value)| {
                        Self::lower(value, host, names, complaints).map(|value| (key.text.clone(), value))
                    })
                    .collect(),
            )),
            Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Decimal(_) => Some(Self::Fixed(written.json())),
        }
    }

    /// The template that gives one input as it is.
    pub fn name(name: &'static str, host: &Host) -> Option<Self> {
        let mut scope = Scope::new();
        scope.push_dynamic(name, Dynamic::UNIT);
        let ast = host.engine.compile_with_scope(&scope, name).ok()?;
        Some(Self::Computed(Expression { source: name.to_owned(), names: vec![name], ast: Arc::new(ast) }))
    }

    /// True when an expression in it speaks of a name.
    pub fn says(&self, name: &str) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Computed(expression) => expression.names.contains(&name),
            Self::Text(pieces) => pieces.iter().any(|piece| match piece {
                Piece::Plain(_) => false,
                Piece::Computed(expression) => expression.names.contains(&name),
            }),
            Self::List(list) => list.iter().any(|item| item.says(name)),
            Self::Map(map) => map.iter().any(|(_, item)| item.says(name)),
        }
    }

    /// Computes the value as a text, of pieces that are spelled one by one; `spell` is told which of them
    /// are computed. What is not put together of pieces is one piece, taken as written.
    ///
    /// # Errors
    /// When an expression fails or spends more than its budget, or a piece cannot be spelled.
    pub fn text(
        &self,
        host: &Host,
        inputs: &Inputs,
        spell: &dyn Fn(String, bool) -> Result<String, String>,
    ) -> Result<String, Error> {
        let refused = |source: &str, text| Error { expression: source.to_owned(), text, misfit: false };
        let Self::Text(pieces) = self else {
            let text = plain(&self.value(host, inputs)?);
            return spell(text.clone(), false).map_err(|why| refused(&text, why));
        };
        let mut text = String::new();
        for piece in pieces {
            let spelled = match piece {
                Piece::Plain(plain) => spell(plain.clone(), false).map_err(|why| refused(plain, why)),
                Piece::Computed(expression) => {
                    let found = plain(&host.compute(expression, inputs)?);
                    spell(found, true).map_err(|why| refused(&expression.source, why))
                }
            };
            text.push_str(&spelled?);
        }
        Ok(text)
    }

    /// Computes the value.
    ///
    /// # Errors
    /// When an expression fails or spends more than its budget.
    pub fn value(&self, host: &Host, inputs: &Inputs) -> Result<Value, Error> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Computed(expression) => host.compute(expression, inputs),
            Self::Text(_) => self.text(host, inputs, &|text, _| Ok(text)).map(Value::String),
            Self::List(list) => list.iter().map(|item| item.value(host, inputs)).collect(),
            Self::Map(map) => {
                let mut found = Map::new();
                for (key, template) in map {
                    let value = template.value(host, inputs)?;
                    if !(value.is_null() && matches!(template, Self::Computed(_))) {
                        found.insert(key.clone(), value);
                    }
                }
                Ok(Value::Object(found))
            }
        }
    }
}

/// A scalar as the text it has in a URL or a header; nothing is the empty text.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(text: &str, inputs: &Inputs) -> Result<Value, Error> {
        let host = Host::new(&TimeZone::get("America/Sao_Paulo").unwrap());
        let mut complaints = Diagnostics::default();
        let written = crate::config::located::parse("x.yaml", text, &mut complaints).unwrap();
        let names = Names { names: &["since", "ids", "body", "id"], secrets: &[] };
        let template = Template::lower(&written, &host, names, &mut complaints);
        assert!(complaints.is_clean(), "{complaints}");
        template.unwrap().value(&host, inputs)
    }

    #[test]
    fn one_expression_keeps_its_type_and_any_other_text_is_put_together() {
        let inputs = Inputs::from([("ids", json!(["7", "8"])), ("since", json!(1_000)), ("id", json!("x"))]);
        let found = value(
            r##"
list: "{ids.map(|id| #{code: int(id)})}"
text: "a{{b}} {ids.len()} {id}!"
date: '{date(since, "%d/%m/%Y %H:%M:%S")}'
iso: "{iso(since)}"
odata: '{ids.map(|it| "Id eq " + quote(it + "''")).join(" or ")}'
number: 3
nothing: "{()}"
empty: null
"##,
            &inputs,
        );
        assert_eq!(
            found.unwrap(),
            json!({
                "list": [{"code": 7}, {"code": 8}],
                "text": "a{b} 2 x!",
                "date": "31/12/1969 21:00:01",
                "iso": "1970-01-01T00:00:01Z",
                "odata": "Id eq '7''' or Id eq '8'''",
                "number": 3,
                "empty": null,
            })
        );
    }

    #[test]
    fn a_bare_name_passes_the_value_through_to_the_last_digit() {
        let body = json!({"big": 18_446_744_073_709_551_615_u64, "money": 0.1});
        assert_eq!(value("'{body}'", &Inputs::from([("body", body.clone())])).unwrap(), body);
    }

    #[test]
    fn a_failing_or_endless_expression_is_an_error() {
        let inputs = Inputs::from([("id", json!("x"))]);
        assert!(value("'{int(id)}'", &inputs).unwrap_err().to_string().contains("`x` is no whole number"));
        let endless = value("'{let n = 0; while true { n += 1 }; n}'", &inputs);
        assert!(endless.unwrap_err().to_string().contains("operations"));
    }
}
