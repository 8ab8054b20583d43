//! Reads the query of a list: page, size, order, selected members, `paramFilter`.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::row::Row;
use super::schema::Schema;

/// What a list is asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    /// The page, from 1.
    pub(super) page: usize,
    /// Rows a page shall hold.
    pub(super) size: usize,
    /// Last first.
    pub(super) descending: bool,
    /// The members to show; all when empty.
    pub(super) select: Vec<String>,
    /// `paramFilter`, where there is one.
    pub(super) filter: Option<Row>,
}

/// The parameters of a query, their names in small letters.
pub(super) fn params(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let split = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    split.map(|(name, value)| (decoded(name).to_lowercase(), decoded(value))).collect()
}

/// One parameter.
pub(super) fn param<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// Reads the query of a list.
pub(super) fn read(schema: &Schema, query: &str) -> Result<Query, Refusal> {
    let params = params(query);
    let number = |name: &'static str, unsaid: usize| match param(&params, &name.to_lowercase()) {
        None | Some("") => Ok(unsaid),
        Some(text) => text.trim().parse().map_or_else(|_| Err(Refusal::value(name, &json!(text))), Ok),
    };
    let descending = match param(&params, "order").map(str::to_lowercase).as_deref() {
        None | Some("" | "asc" | "0") => false,
        Some("desc" | "1") => true,
        Some(text) => return Err(Refusal::value("order", &json!(text))),
    };
    let selected = param(&params, "selectfields").unwrap_or_default().split(',').map(str::trim);
    Ok(Query {
        page: number("page", 1)?.max(1),
        size: number("pageSize", 10)?.max(1),
        descending,
        select: selected.filter(|name| schema.selects && !name.is_empty()).map(str::to_lowercase).collect(),
        filter: param(&params, "paramfilter").map(|text| filter(schema, text)).transpose()?,
    })
}

fn filter(schema: &Schema, text: &str) -> Result<Row, Refusal> {
    match serde_json::from_str(text) {
        Ok(Value::Object(filter)) => Ok(filter),
        _ => Err(missing_filter(schema)),
    }
}

/// The complaint about a filter that is missing or cannot be read.
pub(super) fn missing_filter(schema: &Schema) -> Refusal {
    Refusal::rule(format!("The paramFilter is required as {} string json.", schema.param))
}

/// Percent-decodes; what is no escape stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if *byte == b'+' { b' ' } else { *byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::auvo::tables::CUSTOMER;

    #[test]
    fn a_query_is_read_in_any_case_with_its_defaults() {
        let query =
            read(&CUSTOMER, "ParamFilter=%7B%22description%22%3A%22A%C3%A7%C3%A3o+1%22%7D&PageSize=50").unwrap();
        assert_eq!((query.page, query.size, query.descending), (1, 50, false));
        assert_eq!(Value::Object(query.filter.unwrap()), json!({ "description": "Ação 1" }));
        let query = read(&CUSTOMER, "page=3&order=desc&selectFields=id,%20Email").unwrap();
        assert_eq!((query.page, query.size, query.descending), (3, 10, true));
        assert_eq!(query.select, ["id", "email"]);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for query in ["paramFilter={id:1", "paramFilter=[]", "page=x", "order=up", "paramFilter="] {
            assert_eq!(read(&CUSTOMER, query).unwrap_err().status(), 400, "{query}");
        }
    }
}
