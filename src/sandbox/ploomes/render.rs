//! Writes rows as the API does: all columns, nulls included, expanded properties after them.
//!
//! Non-ASCII letters leave as `\uXXXX`, so the output is plain ASCII.

use std::fmt::Write as _;

use super::filter::Judge;
use super::odata::{Expand, Options};
use super::page::{Page, sorted};
use super::row::{Cell, Row, written};
use super::schema::{Link, Table, schema};

/// Where `@odata.context` claims to live; never the host that was called.
const CONTEXT: &str = "https://public5-api2.ploomes.com/$metadata#";

/// The envelope of a list, a created or an updated record.
pub(super) fn envelope(judge: Judge<'_>, (table, set): (Table, &str), options: &Options, page: &Page<'_>) -> String {
    let mut out = String::with_capacity(256 + page.rows.len() * 2048);
    out.push_str("{\"@odata.context\":");
    text(&format!("{CONTEXT}{set}{}", options.projection()), &mut out);
    if let Some(count) = page.count {
        push(&mut out, format_args!(",\"@odata.count\":{count}"));
    }
    out.push_str(",\"value\":[");
    for (at, row) in page.rows.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        record(judge, table, row, options, &mut out);
    }
    out.push_str("]}");
    out
}

/// The end of an envelope that names the page after so many rows.
pub(super) fn next(set: &str, skip: usize) -> String {
    let host = CONTEXT.trim_end_matches("$metadata#");
    format!(",\"@odata.nextLink\":\"{host}{set}?$skip={skip}\"}}")
}

/// The envelope of a refusal: `value` is a text.
pub(super) fn refusal(message: &str) -> String {
    let mut out = String::new();
    out.push_str("{\"@odata.context\":");
    text(&format!("{CONTEXT}Edm.String"), &mut out);
    out.push_str(",\"value\":");
    text(message, &mut out);
    out.push('}');
    out
}

/// One record.
pub(super) fn record<'a>(judge: Judge<'a>, table: Table, row: &'a Row, options: &Options, out: &mut String) {
    let mut comma = "";
    out.push('{');
    for column in schema(table).columns.iter().filter(|column| options.shows(column.name)) {
        name(comma, column.name, out);
        cell(row.get(column.name), out);
        comma = ",";
    }
    for expand in &options.expand {
        name(comma, expand.nav.name, out);
        navigation(judge, row, expand, out);
        comma = ",";
    }
    out.push('}');
}

fn navigation<'a>(judge: Judge<'a>, row: &'a Row, expand: &Expand, out: &mut String) {
    let many = match expand.nav.link {
        Link::One(..) | Link::NoOne => false,
        Link::Owned(..) | Link::People | Link::Records | Link::NoneOf => true,
    };
    let goal = expand.nav.leads_to().unwrap_or(Table::Account);
    if !many {
        match judge.world.one(row, expand.nav) {
            Some(one) => record(judge, goal, one, &expand.options, out),
            None => out.push_str("null"),
        }
        return;
    }
    let mut rows = judge.world.many(row, expand.nav);
    if expand.options.order.is_empty() {
        rows.retain(|row| judge.accepts(expand.options.filter.as_ref(), row));
        rows.truncate(expand.options.top.unwrap_or(usize::MAX));
    } else {
        rows = sorted(judge, rows, &expand.options, expand.options.top).rows;
    }
    out.push('[');
    for (at, member) in rows.into_iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        record(judge, goal, member, &expand.options, out);
    }
    out.push(']');
}

/// A member's name; plain pushes, for a page has twenty thousand of them.
fn name(comma: &str, name: &str, out: &mut String) {
    out.push_str(comma);
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

fn cell(cell: Option<&Cell>, out: &mut String) {
    match cell {
        None => out.push_str("null"),
        Some(Cell::Integer(value)) => push(out, format_args!("{value}")),
        Some(Cell::Decimal(value)) => push(out, format_args!("{value:?}")),
        Some(Cell::Flag(value)) => out.push_str(if *value { "true" } else { "false" }),
        Some(Cell::Text(value)) => text(value, out),
        Some(Cell::Moment(value)) => {
            out.push('"');
            written(*value, out);
            out.push('"');
        }
    }
}

fn text(value: &str, out: &mut String) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    push(out, format_args!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let done = out.write_fmt(text);
    debug_assert!(done.is_ok(), "writing into a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_leave_as_escapes_and_come_back_as_letters() {
        let mut out = String::new();
        let said = "Ação \"1\"\\ 😀\n\u{1}";
        text(said, &mut out);
        assert!(out.is_ascii() && out.contains("\\u00e7"));
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), said);
    }
}
