//! Turns the members of a JSON body into cells, and says what the account does not take.
//!
//! Shared by every table that can be written. Types are strict, as those of the real deserializer:
//! a number is not a text and a text is not a number.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::row::{Cell, Row, read, stamp};
use super::schema::{Access, Column, Kind, Table, schema};
use super::switches::Switches;
use super::world::World;

/// A JSON object.
pub(super) type Body = Map<String, Value>;

/// One write in progress: who writes, when, where.
pub(super) struct Writer<'a> {
    /// The records.
    pub(super) world: &'a mut World,
    /// The doubtful points.
    pub(super) switches: &'a Switches,
    /// The id of the user who writes.
    pub(super) author: i64,
    /// The moment, rounded as the server rounds it.
    pub(super) now: i64,
}

impl<'a> Writer<'a> {
    /// A writer at a moment.
    pub(super) fn new(world: &'a mut World, switches: &'a Switches, author: i64, now: jiff::Timestamp) -> Self {
        Self { world, switches, author, now: stamp(now) }
    }

    /// Writes the scalar members of a body into a row.
    pub(super) fn assign(&self, table: Table, body: &Body, row: &mut Row) -> Result<(), Refusal> {
        for (name, value) in body {
            if let Some(column) = schema(table).column(name) {
                if column.access != Access::Server {
                    let cell = self.cell(table, column, value)?;
                    row.set(column.name, cell);
                }
            } else if schema(table).nav(name).is_none() && self.switches.unknown_member_refused {
                let text = format!("The property '{name}' does not exist on type 'Ploomes.{}'.", schema(table).name);
                return Err(Refusal::invalid(text));
            }
        }
        Ok(())
    }

    /// Reads one member as the cell of a column; `None` is null.
    fn cell(&self, table: Table, column: &Column, value: &Value) -> Result<Option<Cell>, Refusal> {
        let text = value.as_str();
        let cell = match column.kind {
            _ if value.is_null() => return Ok(None),
            Kind::Integer => {
                let zip = (table, column.name) == (Table::Contact, "ZipCode") && self.switches.zip_code_coerced;
                let coerced = || text.filter(|_| zip).and_then(|text| super::row::digits(text).parse().ok());
                value.as_i64().or_else(coerced).map(Cell::Integer)
            }
            Kind::Decimal => value.as_f64().map(Cell::Decimal),
            Kind::Text => text.map(Cell::from),
            Kind::Flag => value.as_bool().map(Cell::Flag),
            Kind::Moment => text.and_then(read).map(Cell::Moment),
        };
        let cell = cell.ok_or(Refusal::Format)?;
        if let (Access::Names(goal), Cell::Integer(id)) = (column.access, &cell)
            && self.world.row(goal, *id).is_none()
        {
            let text = format!("The value {id} of '{}' does not exist.", column.name);
            return Err(Refusal::Invalid(text));
        }
        Ok(Some(cell))
    }

    /// Stamps a new row.
    pub(super) fn stamp_birth(&self, row: &mut Row) {
        row.set("CreatorId", Some(Cell::Integer(self.author)));
        row.set("CreateDate", Some(Cell::Moment(self.now)));
        row.set("LastUpdateDate", Some(Cell::Moment(self.now)));
    }

    /// Stamps a changed row.
    pub(super) fn stamp_change(&self, row: &mut Row) {
        row.set("UpdaterId", Some(Cell::Integer(self.author)));
        row.set("LastUpdateDate", Some(Cell::Moment(self.now)));
    }
}

/// The members of a list property: absent, or the objects of the array; null is an empty list.
pub(super) fn members<'b>(body: &'b Body, name: &str) -> Result<Option<Vec<&'b Body>>, Refusal> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Vec::new())),
        Some(Value::Array(items)) => {
            let objects: Option<Vec<_>> = items.iter().map(Value::as_object).collect();
            objects.map(Some).ok_or(Refusal::Format)
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => Err(Refusal::Format),
    }
}
