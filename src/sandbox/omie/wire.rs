//! The envelope of Omie: one POST with `call`, `app_key`, `app_secret` and `param`.
//!
//! Reads a request into a call and writes answers the way a PHP server does: non-ASCII and `/`
//! escaped. Knows no method and no rule.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Refused;
use super::refusal::Refusal;
use crate::sandbox::{Answer, Request, memory};

/// A call as it came in.
#[derive(Debug)]
pub(super) struct Call {
    /// `geral/clientes` and the like.
    pub(super) service: String,
    /// The method.
    pub(super) name: String,
    pub(super) app_key: String,
    pub(super) app_secret: String,
    /// Whatever stood in `param`.
    pub(super) param: Value,
}

/// Reads the envelope.
///
/// # Errors
///
/// The answer for what is no call at all.
pub(super) fn read(request: &Request) -> Result<Call, Answer> {
    let path = request.path.strip_prefix("/api/v1").unwrap_or(&request.path);
    if request.method != "POST" {
        return Err(html(200, "Omie", "Documentation of this service."));
    }
    let Some(service) = path.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) else {
        let mut answer = html(301, "301 Moved Permanently", "");
        answer.headers.insert("location".to_owned(), format!("{}/", request.path));
        return Err(answer);
    };
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return Err(refuse(&Refusal::caller("JSON request with SyntaxError")));
    };
    let Value::Object(mut body) = body else {
        return Err(refuse(&Refusal::caller("Invalid JSON Object")));
    };
    let mut word = |key: &str| match body.remove(key) {
        Some(Value::String(text)) => text,
        // Keys are sent as numbers by some clients.
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
    };
    let (name, app_key, app_secret) = (word("call"), word("app_key"), word("app_secret"));
    let param = body.remove("param").unwrap_or_default();
    Ok(Call { service: service.to_owned(), name, app_key, app_secret, param })
}

/// The one object of `param`.
///
/// # Errors
///
/// When `param` is not a list of exactly one object, or is empty where the method needs something.
pub(super) fn param(param: &Value, mandatory: bool) -> Result<&Map<String, Value>, Refusal> {
    let Value::Array(list) = param else {
        return Err(Refusal::caller("Invalid JSON Object"));
    };
    match list.as_slice() {
        [] => Err(Refusal::no_param()),
        [Value::Object(object)] if mandatory && object.is_empty() => Err(Refusal::no_param()),
        [Value::Object(object)] => Ok(object),
        _ => Err(Refusal::caller("Invalid JSON Object")),
    }
}

/// A good answer.
pub(super) fn done(body: String) -> Answer {
    Answer { status: 200, headers: json_headers(), body: body.into_bytes(), ..Answer::default() }
}

/// A refusal.
pub(super) fn refuse(refusal: &Refusal) -> Answer {
    if refusal.status == 429 {
        return page(429, "text/plain", refusal.text.clone());
    }
    let fault = json!({ "faultstring": refusal.text, "faultcode": refusal.code });
    let body = text(&fault).into_bytes();
    Answer { status: refusal.status, headers: json_headers(), body, ..Answer::default() }
}

/// Dresses a refusal as the account does.
pub(super) fn dress(answer: &mut Answer, refused: Refused, status: Option<Status>) {
    let fault: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = fault.get("faultcode").and_then(Value::as_str).and_then(|code| code.strip_prefix("SOAP-ENV:Client-"));
    // A broken back end, a limit and a caller's mistake look the same everywhere.
    let code = code.filter(|code| !["6", "1880", "71", "5001"].contains(code));
    match (refused, code, status) {
        (Refused::StatusWithin200, Some(code), Some(Status { keys, code: code_tag, text: text_tag })) => {
            let reason = fault.get("faultstring").and_then(Value::as_str).unwrap_or_default();
            let mut status = keys;
            if let Some(status) = status.as_object_mut() {
                status.insert(code_tag.to_owned(), code.into());
                status.insert(text_tag.to_owned(), reason.trim_start_matches("ERROR: ").into());
            }
            (answer.status, answer.body) = (200, text(&status).into_bytes());
        }
        (Refused::FaultWithin200, Some(_), _) => answer.status = 200,
        (Refused::Fault | Refused::FaultWithin200 | Refused::StatusWithin200, ..) => {}
    }
}

/// What names a record, in whatever listing.
const IDS: [&str; 11] = [
    "codigo_cliente_omie",
    "codigo_produto",
    "nCodProd",
    "codigo_local_estoque",
    "codigo",
    "cCod",
    "cCodigo",
    "nCodTag",
    "intListar",
    "Cabecalho",
    "cabecalho",
];

/// Lets the rows of a listing lack a member.
pub(super) fn lacking(answer: &mut Answer, number: u64) {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&answer.body) else { return };
    body.values_mut().for_each(|rows| memory::lacking(rows, number, &IDS));
    answer.body = text(&Value::Object(body)).into_bytes();
}

/// How the answer to a write tells how it went.
#[derive(Debug)]
pub(super) struct Status {
    /// The keys of the record, empty.
    pub(super) keys: Value,
    /// The tag of the code, `"0"` when all is well.
    pub(super) code: &'static str,
    /// The tag of the words.
    pub(super) text: &'static str,
}

/// A page of a proxy or of the documentation.
pub(super) fn html(status: u16, title: &str, text: &str) -> Answer {
    let head = format!("<html><head><title>{title}</title></head>");
    page(status, "text/html", format!("{head}<body><h1>{title}</h1>{text}</body></html>"))
}

/// A JSON text in pure ASCII, slashes escaped.
pub(super) fn text(value: &Value) -> String {
    let plain = value.to_string();
    if plain.bytes().all(|byte| byte.is_ascii() && byte != b'/') {
        return plain;
    }
    let mut escaped = String::with_capacity(plain.len() + plain.len() / 16);
    for c in plain.chars() {
        if c == '/' {
            escaped.push_str("\\/");
        } else if c.is_ascii() {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing into a text cannot fail.
                let _written = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

fn page(status: u16, content_type: &str, text: String) -> Answer {
    let headers = [("content-type".to_owned(), content_type.to_owned())].into();
    Answer { status, headers, body: text.into_bytes(), ..Answer::default() }
}

fn json_headers() -> BTreeMap<String, String> {
    let pairs = [
        ("content-type", "application/json; encoding=UTF-8"),
        ("cache-control", "no-store, no-cache, must-revalidate"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
