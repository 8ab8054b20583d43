//! JSON Patch, as Auvo takes it: an array of operations on the members of one record.
//!
//! The path stands with or without its slash, in any case. All operations are read before any is
//! carried out.

use serde_json::Value;

use super::refusal::Refusal;
use super::row::{Row, text};
use super::schema::Table;
use super::schema::schema;
use super::switches::Switches;

/// The members that a patch changes, under their names in reading, without those that are taken
/// and not stored.
pub(super) fn read(table: Table, body: &Value, switches: &Switches) -> Result<Row, Refusal> {
    let unread = || Refusal::rule("The JSON patch document was malformed and could not be parsed.");
    let mut fields = Row::default();
    for operation in body.as_array().ok_or_else(unread)? {
        let operation = operation.as_object().ok_or_else(unread)?;
        let (name, value) = operated(table, operation, switches)?;
        fields.insert(name.to_owned(), value);
    }
    let name = schema(table).name;
    if switches.patch_ignored.iter().any(|ignored| ignored == name) {
        return Ok(Row::default());
    }
    let dropped = |member: &str| switches.patch_ignored.iter().any(|ignored| *ignored == format!("{name}.{member}"));
    Ok(fields.into_iter().filter(|(member, _)| !dropped(member)).collect())
}

fn operated(table: Table, operation: &Row, switches: &Switches) -> Result<(&'static str, Value), Refusal> {
    let path = text(operation, "path").trim_start_matches('/');
    let lost = || Refusal::rule(format!("The target location specified by path segment '{path}' was not found."));
    let member = schema(table).member(path).filter(|member| member.patched).ok_or_else(lost)?;
    let value = operation.get("value").cloned().unwrap_or_default();
    let value = match text(operation, "op").to_lowercase().as_str() {
        "replace" => value,
        "add" if !switches.patch_replaces_only => value,
        "remove" if !switches.patch_replaces_only => Value::Null,
        other => return Err(Refusal::rule(format!("Invalid JsonPatch operation '{other}'."))),
    };
    Ok((member.name, member.cell(&value, switches.digits_only)?))
}
