//! From a call of a system file to a request: templates computed, address put together.

use serde_json::{Map, Value};

use super::auth::Keys;
use super::transport::WireRequest;
use crate::config::system::{Call, Frame, System};
use crate::config::template::{Error, Host, Inputs, Template, plain};

/// Characters that need no escape in a path, beside letters and digits.
pub(super) const PATH: &str = "/-._~()@$',:";
/// Characters that need no escape in a query, beside letters and digits.
pub(super) const QUERY: &str = "-._~()$',/:@";

/// Puts a request together.
pub(super) fn build(
    system: &System,
    base_url: &str,
    keys: &Keys,
    (frame, call): (&Frame, &Call),
    mut inputs: Inputs,
) -> Result<WireRequest, Error> {
    let host = &system.host;
    inputs.insert("secret", keys.value());
    inputs.entry("token").or_insert(Value::Null);
    inputs.insert("name", Value::from(call.name.as_str()));

    let mut url = format!("{base_url}{}", call.path.text(host, &inputs, &segment)?);
    let window = call.window.as_ref().filter(|_| inputs.contains_key("since"));
    let added = window.map(|window| window.query.as_slice()).unwrap_or_default();
    let mut separator = '?';
    let own = |name: &String| added.iter().any(|(own, _)| own == name);
    let whole = frame.query.iter().chain(&call.query).filter(|(name, _)| !own(name));
    for (name, template) in whole.chain(added) {
        let value = template.value(host, &inputs)?;
        if !value.is_null() {
            url.push(separator);
            url.push_str(&encode(name, QUERY));
            url.push('=');
            url.push_str(&encode(&plain(&value), QUERY));
            separator = '&';
        }
    }
    let added = window.and_then(|window| window.body.as_ref());
    let body = body(host, (frame, call), added, &mut inputs)?;
    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    if body.is_some() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    for (name, template) in &frame.headers {
        headers.push((name.to_lowercase(), plain(&template.value(host, &inputs)?)));
    }
    Ok(WireRequest { method: call.method, url, headers, body: body.map(|body| body.to_string().into_bytes()) })
}

/// A piece of a path. What is computed, such as an id, stays where it stands: it has no `/` that leads
/// elsewhere, and is neither nothing nor a step up, which no escape keeps an address from taking.
fn segment(text: String, computed: bool) -> Result<String, String> {
    match text.as_str() {
        "" | "." | ".." if computed => Err(format!("`{text}` cannot stand in a path")),
        text if computed => Ok(encode(text, PATH).replace('/', "%2F")),
        text => Ok(encode(text, PATH)),
    }
}

fn body(
    host: &Host,
    (frame, call): (&Frame, &Call),
    added: Option<&Template>,
    inputs: &mut Inputs,
) -> Result<Option<Value>, Error> {
    let inner = call.body.as_ref().map(|template| template.value(host, inputs)).transpose()?;
    let added = added.map(|template| template.value(host, inputs)).transpose()?;
    let inner = match (inner, added) {
        (inner, None) => inner,
        (None, Some(added)) => Some(added),
        (Some(mut inner), Some(added)) => {
            merge(&mut inner, added);
            Some(inner)
        }
    };
    let Some(frame) = &frame.body else { return Ok(inner) };
    // The frame puts its own around what the call gave; a call that gave nothing sends an empty map.
    inputs.insert("body", inner.unwrap_or_else(|| Value::Object(Map::new())));
    frame.value(host, inputs).map(Some)
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => into.extend(from),
        (into, from) => *into = from,
    }
}

/// Escapes a text for an address; letters, digits and `safe` stay.
pub(super) fn encode(text: &str, safe: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || safe.contains(c) {
            escaped.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_change_an_address_is_escaped() {
        assert_eq!(encode("Name eq 'A&B + ção'", QUERY), "Name%20eq%20'A%26B%20%2B%20%C3%A7%C3%A3o'");
        assert_eq!(encode("/Contacts@Status", PATH), "/Contacts@Status");
    }

    #[test]
    fn a_computed_piece_of_a_path_leads_nowhere_else() {
        let spelled = |text: &str, computed| segment(text.to_owned(), computed);
        assert_eq!(spelled("/services/", false).unwrap(), "/services/");
        assert_eq!(spelled("a/../b c", true).unwrap(), "a%2F..%2Fb%20c");
        for step in ["", ".", ".."] {
            assert_eq!(spelled(step, true).unwrap_err(), format!("`{step}` cannot stand in a path"));
        }
    }
}
