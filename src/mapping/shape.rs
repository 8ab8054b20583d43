//! The kind and length that a system takes.

use serde_json::Value;

use super::field::{End, Field, Slot, Trouble, is_empty};
use crate::config::system::Kind;
use crate::reference::scalar_text;

/// A value in the kind and length the side takes; and what the side will hold then, where that is
/// not what was given.
pub(super) fn shaped(field: &Field, end: &End, given: &Value, value: Value) -> Result<(Value, Option<Value>), Trouble> {
    let full = scalar_text(&value).map(|text| text.trim().chars().count());
    let wire = shape_value(value, &end.slot, Some(end.cut))
        .map_err(|reason| Trouble::at(&field.place, format!("{} {reason}", field.label)))?;
    if is_empty(&wire) || wire == end.slot.empty {
        return Ok((wire, (!is_empty(given)).then_some(Value::Null)));
    }
    let length = scalar_text(&wire).map(|text| text.chars().count());
    let becomes = (length < full && wire.is_string()).then(|| field.canon.carry(wire.clone()));
    Ok((wire, becomes))
}

/// Gives a value the kind and length that a system takes; `cut` says whether a line cuts, nothing where no line could.
pub(super) fn shape_value(value: Value, slot: &Slot, cut: Option<bool>) -> Result<Value, String> {
    if is_empty(&value) || slot.empty == value {
        return Ok(slot.empty.clone());
    }
    let Some(text) = scalar_text(&value) else {
        let fits = match slot.kind {
            None | Some(Kind::Any) => true,
            Some(Kind::List) => value.is_array(),
            Some(Kind::Map) => value.is_object(),
            Some(Kind::Text | Kind::Integer | Kind::Number | Kind::Bool) => false,
        };
        return if fits { Ok(value) } else { Err("is a list or a map, which cannot stand there".to_owned()) };
    };
    match slot.kind {
        None | Some(Kind::Any) => Ok(value),
        Some(Kind::List | Kind::Map) => Err(format!("`{text}` is a single value, which cannot stand there")),
        Some(Kind::Text) => fit(&text, slot.max, cut),
        Some(Kind::Integer | Kind::Number) if value.is_number() => Ok(value),
        Some(Kind::Integer) => {
            text.trim().parse::<i64>().map_or_else(|_| Err(format!("`{text}` is no whole number")), |n| Ok(n.into()))
        }
        Some(Kind::Number) => {
            let number = text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            number.map_or_else(|| Err(format!("`{text}` is no number")), |number| Ok(number.into()))
        }
        Some(Kind::Bool) => match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("`{text}` is neither true nor false")),
        },
    }
}

fn fit(text: &str, max: Option<usize>, cut: Option<bool>) -> Result<Value, String> {
    let length = text.chars().count();
    match max {
        Some(max) if length > max && cut == Some(true) => {
            Ok(Value::from(text.chars().take(max).collect::<String>().trim_end()))
        }
        Some(max) if length > max => {
            let advice = if cut.is_some() { " (`cut:` would cut it)" } else { "" };
            Err(format!("has {length} characters, {max} fit{advice}"))
        }
        _ => Ok(Value::from(text)),
    }
}

/// True when a side already holds a value, whatever type it shows it in.
pub(super) fn same_wire(wire: &Value, old: &Value, slot: &Slot) -> bool {
    let blank = |value: &Value| is_empty(value) || slot.empty == *value;
    if blank(wire) && blank(old) {
        return true;
    }
    match (wire, old) {
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => wire == old,
        _ => scalar_text(wire) == scalar_text(old),
    }
}
