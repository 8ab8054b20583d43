//! What a script can see, call and spend.
//!
//! Values go in, a value comes out. A script has no print, no import, no eval, no clock, no file
//! and no network; operations, depth, texts and collections are bounded. The limits and the
//! packages were chosen so that neither time nor memory nor the stack can run away: `eval` aside,
//! Rhai's own defaults bound none of them.

use std::sync::Arc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FuncRegistration, ImmutableString, Map, NativeCallContext, Position,
    def_package,
};
use serde_json::{Number, Value};

use crate::phone;
use crate::reference::{References, folded};

/// Most operations one call of a rule may spend.
pub const OPERATIONS_MAX: u64 = 100_000;
const CALL_LEVELS_MAX: usize = 16;
const EXPRESSION_DEPTH_MAX: usize = 32;
const TEXT_MAX: usize = 64 * 1024;
const COLLECTION_MAX: usize = 1_000;
/// Deepest nest of lists and maps that a script may give. JSON is read to a depth of 128.
const DEPTH_MAX: usize = 64;

/// Functions of the language itself that a walk over a script finds as calls.
pub const LANGUAGE_FUNCTIONS: [&str; 8] =
    ["call", "curry", "Fn", "is_def_var", "is_def_fn", "type_of", "is_shared", "tag"];

/// Words of the language that no script may use.
pub const TAKEN_AWAY: [&str; 6] = ["curry", "eval", "print", "debug", "import", "export"];

def_package! {
    /// What a script finds of the language, in one module: a function is looked for in each anew at every call.
    LanguagePackage(module): ArithmeticPackage, LogicPackage, BasicStringPackage, MoreStringPackage, BasicArrayPackage,
        BasicMapPackage, BasicMathPackage, BasicIteratorPackage, BasicFnPackage {}
}

/// An engine with the house's limits and functions.
pub fn engine() -> Engine {
    let mut engine = bare();
    register(&mut engine);
    engine
}

/// An engine with the house's limits that reaches nothing: what rules and the expressions of system
/// files have in common.
pub fn bare() -> Engine {
    let mut engine = Engine::new_raw();
    LanguagePackage::new().register_into_engine(&mut engine);
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALL_LEVELS_MAX)
        .set_max_expr_depths(EXPRESSION_DEPTH_MAX, EXPRESSION_DEPTH_MAX)
        .set_max_string_size(TEXT_MAX)
        .set_max_array_size(COLLECTION_MAX)
        .set_max_map_size(COLLECTION_MAX)
        .set_max_modules(0)
        .set_strict_variables(true);
    for word in TAKEN_AWAY {
        engine.disable_symbol(word);
    }
    told("digits", &["text: &str", "String"], "The digits of a text or a number; none of nothing.")
        .register_into_engine(&mut engine, |text: &str| -> String {
            text.chars().filter(char::is_ascii_digit).collect()
        });
    register_replace(&mut engine);
    engine
}

/// Rhai looks at the length of a text when it is there, and this one may be the square of the largest.
fn register_replace(engine: &mut Engine) {
    const ABOUT: &str = "Replaces every occurrence of a text by another, in place.";
    told("replace", &["text: &mut ImmutableString", "old: &str", "new: &str", "()"], ABOUT)
        .register_into_engine(engine, |text: &mut ImmutableString, old: &str, new: &str| replace(text, old, new));
    told("replace", &["text: &mut ImmutableString", "old: &str", "new: char", "()"], ABOUT)
        .register_into_engine(engine, |text: &mut ImmutableString, old: &str, new: char| {
            replace(text, old, new.encode_utf8(&mut [0; 4]))
        });
    told("replace", &["text: &mut ImmutableString", "old: char", "new: &str", "()"], ABOUT)
        .register_into_engine(engine, |text: &mut ImmutableString, old: char, new: &str| {
            replace(text, old.encode_utf8(&mut [0; 4]), new)
        });
}

fn replace(text: &mut ImmutableString, old: &str, new: &str) -> Result<(), Box<EvalAltResult>> {
    let longest = text.matches(old).count().saturating_mul(new.len()).saturating_add(text.len());
    if longest > 2 * TEXT_MAX {
        return Err(too_long());
    }
    if !text.is_empty() {
        *text = text.replace(old, new).into();
    }
    Ok(())
}

fn too_long() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorDataTooLarge("Length of string".to_owned(), Position::NONE))
}

fn register(engine: &mut Engine) {
    const DIGITS: &str = "The digits of a text or a number; none of nothing.";
    const FOLD: &str = "A text in lower case, without accents and outer blanks; nothing is the empty text.";
    told("digits", &["number: i64", "String"], DIGITS).register_into_engine(engine, |number: i64| number.to_string());
    told("digits", &["nothing: ()", "String"], DIGITS).register_into_engine(engine, |(): ()| String::new());
    told("fold", &["text: &str", "String"], FOLD).register_into_engine(engine, |text: &str| folded(text));
    told("fold", &["nothing: ()", "String"], FOLD).register_into_engine(engine, |(): ()| String::new());
    told("is_blank", &["value: Dynamic", "bool"], "True for nothing, and for an empty text, list or map.")
        .register_into_engine(engine, |value: Dynamic| is_blank(&value));
    told("or_empty", &["value: Dynamic", "String"], "A value as text; nothing is the empty text.")
        .register_into_engine(engine, |value: Dynamic| text_of(&value));
    told("phone_br", &["value: Dynamic", "String"], "A Brazilian phone number as digits, without the country's.")
        .register_into_engine(engine, |value: Dynamic| phone::plain(&text_of(&value)));
    told("is_phone_br", &["value: Dynamic", "bool"], "True for a whole Brazilian number, area code included.")
        .register_into_engine(engine, |value: Dynamic| phone::is_national(&text_of(&value)));
    let row = "The row of `system.resource`, or of the links of a mapping, whose field holds the value; or `()`.";
    told("find", &["reference: &str", "field: &str", "value: Dynamic", "Dynamic"], row)
        .register_into_engine(engine, find);
    let all = "Every row of `system.resource`, or of the links of a mapping, whose field holds the value.";
    told("rows", &["reference: &str", "field: &str", "value: Dynamic", "Array"], all)
        .register_into_engine(engine, rows);
    told("param", &["name: &str", "Dynamic"], "What the account gives, else the default of the mapping, else `()`.")
        .register_into_engine(engine, param);
    told("today", &["Dynamic"], "The day of the cycle, as `2026-03-02`.").register_into_engine(engine, today);
    let filled = "The template with each `{name}` replaced. A line that names values, all of them blank, is left out.";
    told("fill", &["template: Dynamic", "values: Map", "String"], filled).register_into_engine(engine, fill);
}

/// A function with the names of its parameters, what it gives and what it is for, as editors show them.
fn told(name: &str, parameters: &[&str], about: &str) -> FuncRegistration {
    FuncRegistration::new(name).with_params_info(parameters).with_comments([format!("/// {about}")])
}

/// A value as text; nothing becomes the empty text.
fn text_of(value: &Dynamic) -> String {
    if value.is_unit() { String::new() } else { value.to_string() }
}

fn is_blank(value: &Dynamic) -> bool {
    value.is_unit()
        || value.read_lock::<ImmutableString>().is_some_and(|text| text.trim().is_empty())
        || value.read_lock::<Array>().is_some_and(|list| list.is_empty())
        || value.read_lock::<Map>().is_some_and(|map| map.is_empty())
}

/// `find("system.resource", "field", value)`: the row that holds the value, or `()`.
#[expect(clippy::needless_pass_by_value, reason = "Rhai hands the call context and values over by value")]
fn find(context: NativeCallContext<'_>, reference: &str, field: &str, value: Dynamic) -> Dynamic {
    let found = looked_at(&context).and_then(|references| references.find(reference, field, &text_of(&value)));
    found.map_or(Dynamic::UNIT, |row| to_dynamic(&row))
}

/// `rows("system.resource", "field", value)`: every row that holds the value.
#[expect(clippy::needless_pass_by_value, reason = "Rhai hands the call context and values over by value")]
fn rows(context: NativeCallContext<'_>, reference: &str, field: &str, value: Dynamic) -> Array {
    let found = looked_at(&context).map(|references| references.rows(reference, field, &text_of(&value)));
    found.unwrap_or_default().iter().map(|row| to_dynamic(row)).collect()
}

/// `param("name")`: what the account gives, else the default of the mapping, else `()`.
#[expect(clippy::needless_pass_by_value, reason = "Rhai hands the call context over by value")]
fn param(context: NativeCallContext<'_>, name: &str) -> Dynamic {
    let found = looked_at(&context).and_then(|references| references.parameters.get(name).map(to_dynamic));
    found.unwrap_or(Dynamic::UNIT)
}

/// `today()`: the day of the cycle, as `2026-03-02`.
#[expect(clippy::needless_pass_by_value, reason = "Rhai hands the call context over by value")]
fn today(context: NativeCallContext<'_>) -> Dynamic {
    let found = looked_at(&context).and_then(|references| references.today.clone());
    found.map_or(Dynamic::UNIT, Dynamic::from)
}

fn looked_at(context: &NativeCallContext<'_>) -> Option<Arc<References>> {
    context.tag().and_then(|tag| tag.read_lock::<Arc<References>>().map(|held| Arc::clone(&held)))
}

/// `fill(template, values)`: the template with each `{name}` replaced. A line that names values, all
/// of them blank, is left out.
#[expect(clippy::needless_pass_by_value, reason = "Rhai hands values over by value")]
fn fill(template: Dynamic, values: Map) -> Result<String, Box<EvalAltResult>> {
    let template = text_of(&template);
    let (mut lines, mut length) = (Vec::new(), 0);
    for line in template.lines() {
        let filled = filled_line(line, &values)?;
        length += filled.as_ref().map_or(0, String::len);
        if length > TEXT_MAX {
            return Err(too_long());
        }
        lines.extend(filled);
    }
    Ok(lines.join("\n"))
}

fn filled_line(line: &str, values: &Map) -> Result<Option<String>, Box<EvalAltResult>> {
    let (mut filled, mut named, mut told) = (String::new(), false, false);
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let value = values.get(name.trim()).map(text_of).unwrap_or_default();
        named = true;
        told |= !value.trim().is_empty();
        filled.push_str(value.trim());
        if filled.len() > TEXT_MAX {
            return Err(too_long());
        }
        rest = tail;
    }
    filled.push_str(rest);
    Ok((told || !named).then(|| filled.trim_end().to_owned()))
}

/// JSON as a script sees it. Faster than going through serde.
pub fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| number.as_f64().map_or(Dynamic::UNIT, Dynamic::from_float), Dynamic::from_int),
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => Dynamic::from_array(list.iter().map(to_dynamic).collect()),
        Value::Object(map) => {
            Dynamic::from_map(map.iter().map(|(key, value)| (key.as_str().into(), to_dynamic(value))).collect())
        }
    }
}

/// What a script gave, as JSON.
///
/// # Errors
/// When it is no value that a record could hold, or nested deeper than what is kept could be read again.
pub fn from_dynamic(value: &Dynamic) -> Result<Value, Box<EvalAltResult>> {
    json_within(value, DEPTH_MAX)
}

fn json_within(value: &Dynamic, depth: usize) -> Result<Value, Box<EvalAltResult>> {
    let inner = |value: &Dynamic| match depth.checked_sub(1) {
        Some(depth) => json_within(value, depth),
        None => Err(format!("what is given is nested deeper than {DEPTH_MAX} levels").into()),
    };
    if let Some(list) = value.read_lock::<Array>() {
        return list.iter().map(inner).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        let members = map.iter().map(|(key, value)| Ok((key.to_string(), inner(value)?)));
        return members.collect::<Result<_, _>>().map(Value::Object);
    }
    scalar(value).ok_or_else(|| {
        let found = value.as_float().map_or_else(|_| value.type_name().to_owned(), |number| number.to_string());
        format!("`{found}` is given, which no record can hold").into()
    })
}

/// A single value; nothing of one that no record can hold.
fn scalar(value: &Dynamic) -> Option<Value> {
    if value.is_unit() {
        return Some(Value::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Some(flag.into());
    }
    if let Ok(number) = value.as_int() {
        return Some(number.into());
    }
    if let Ok(number) = value.as_float() {
        return Number::from_f64(number).map(Value::Number);
    }
    if let Ok(letter) = value.as_char() {
        return Some(letter.to_string().into());
    }
    value.read_lock::<ImmutableString>().map(|text| text.as_str().into())
}

/// A position as line and column, both from 1; 1:1 when unknown.
pub fn line_and_column(position: Position) -> (usize, usize) {
    (position.line().unwrap_or(1), position.position().unwrap_or(1).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_survive_the_way_in_and_out() {
        let value = json!({"a": [1, 2.5, "é", null, true], "b": {"c": ""}});
        assert_eq!(from_dynamic(&to_dynamic(&value)).unwrap(), value);
        for odd in [Dynamic::from(f64::NAN), Dynamic::from(f64::INFINITY), Dynamic::from(std::time::Duration::ZERO)] {
            assert!(from_dynamic(&Dynamic::from_array(vec![odd])).is_err());
        }
    }

    #[test]
    fn a_line_without_any_of_its_values_is_left_out() {
        let values = to_dynamic(&json!({"code": 55, "seller": " ", "day": "02/03"})).cast::<Map>();
        let text = "Task {code} of {day}\nSeller: {seller}\n\nFixed {\nNobody {nobody}";
        assert_eq!(fill(text.into(), values).unwrap(), "Task 55 of 02/03\n\nFixed {");
    }

    #[test]
    fn what_a_script_must_not_have_is_not_there() {
        let engine = engine();
        for script in ["sleep(1)", "timestamp()", "eval(\"1\")", "import \"x\" as y;", "print(1)", "exit()"] {
            assert!(engine.eval::<Dynamic>(script).is_err(), "{script}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_to_be_kept_is_an_error() {
        let nested = |depth: u32| format!("let a = 1; let i = 0; while i < {depth} {{ a = [a]; i += 1; }} a");
        let given = |depth| from_dynamic(&engine().eval::<Dynamic>(&nested(depth)).unwrap());
        assert!(given(64).is_ok());
        assert!(given(65).unwrap_err().to_string().contains("deeper than 64"));
    }

    #[test]
    fn nothing_runs_away() {
        let engine = engine();
        for script in [
            "loop {}",
            "let a = []; loop { a.push(1); }",
            "let t = \"xxxxxxxx\"; loop { t += t; }",
            "let m = #{}; let i = 0; loop { m[\"\" + i] = i; i += 1; }",
            "fn f(n) { f(n + 1) } f(0)",
            "let t = \"xxxxxxxx\"; while t.len() < 50000 { t += t; } t.replace(\"x\", t);",
            "let t = \"{a}{a}{a}{a}\"; while t.len() < 50000 { t += t; } fill(t, #{ a: t })",
            "let a = [1, 2, 3]; let f = Fn(\"digits\"); loop { f = f.curry(a); }",
        ] {
            assert!(engine.eval::<Dynamic>(script).is_err(), "{script}");
        }
    }
}
