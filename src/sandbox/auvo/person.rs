//! People at work inside the web application, and what they see there.
//!
//! The same rules as the API, without its limits and traps. Records are named by the resource and
//! the id that paths use (`customers`, `5001`); a service's id is a GUID. A person may write
//! quotations too: `products` and `services` as lines of `productId` (the code) or `serviceId`,
//! `amount` and `unitaryValue`, and `currentStage` by its name.

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::Refusal;
use super::row::{Row, text};
use super::schema::{TABLES, Table, schema};
use super::write::{Writer, key};
use super::{Auvo, render, seed};

impl Auvo {
    /// A person adds a record; tells its id.
    ///
    /// # Errors
    ///
    /// The text of the refusal, or that there is no such resource.
    pub fn person_adds(&mut self, now: Timestamp, resource: &str, record: &Value) -> Result<String, String> {
        let table = table(resource)?;
        let body = record.as_object().ok_or("a record is an object")?;
        let mut body = body.clone();
        if table == Table::Task {
            body.entry("idUserFrom").or_insert_with(|| self.person.into());
            body.entry("orientation").or_insert_with(|| "Visita".into());
            body.entry("priority").or_insert_with(|| 2.into());
        } else if table == Table::Quotation {
            body.entry("requesterUserId").or_insert_with(|| self.person.into());
        }
        let id = self.hand(now).create(table, &body).map_err(|refusal| refusal.text())?;
        Ok(self.path_id(table, id))
    }

    /// A person edits a record: members that are named change, the others stay.
    ///
    /// # Errors
    ///
    /// The text of the refusal, or that there is no such record.
    pub fn person_edits(&mut self, now: Timestamp, resource: &str, id: &str, patch: &Value) -> Result<(), String> {
        let table = table(resource)?;
        let body = patch.as_object().ok_or("a patch is an object")?;
        let key = key(&self.world, table, id).ok_or("there is no such record")?;
        let fields = schema(table).read(body, self.switches.digits_only);
        let changed = fields.and_then(|fields| self.hand(now).change(table, key, fields));
        changed.map(drop).map_err(|refusal: Refusal| refusal.text())
    }

    /// A person deletes a record; tells whether it was there.
    pub fn person_deletes(&mut self, now: Timestamp, resource: &str, id: &str) -> bool {
        let found = table(resource).ok().and_then(|table| Some((table, key(&self.world, table, id)?)));
        found.is_some_and(|(table, key)| self.hand(now).delete(table, key).is_ok())
    }

    /// A person moves a quotation to the stage of a name.
    ///
    /// # Errors
    ///
    /// When there is no such quotation, or no such stage.
    pub fn person_moves_quotation(&mut self, now: Timestamp, id: &str, stage: &str) -> Result<(), String> {
        self.person_edits(now, "quotations", id, &serde_json::json!({ "currentStage": stage }))
    }

    /// Adds a stage of quotations after the others; tells its id.
    pub fn add_stage(&mut self, name: &str, changes_stock: bool, cancelled: bool) -> i64 {
        seed::add_stage(&mut self.world, name, changes_stock, cancelled)
    }

    /// A record as the API shows it.
    pub fn record(&self, resource: &str, id: &str) -> Option<Value> {
        let table = table(resource).ok()?;
        let row = self.world.row(table, key(&self.world, table, id)?)?;
        Some(Value::Object(render::shown(&self.world, &self.switches, table, row)))
    }

    /// The ids of all records of a resource, as paths use them.
    pub fn records(&self, resource: &str) -> Vec<String> {
        let Ok(table) = table(resource) else { return Vec::new() };
        self.world.rows(table).keys().map(|id| self.path_id(table, *id)).collect()
    }

    /// The id of the first record of that name: a `description`, a `name` or a `title`.
    pub fn named(&self, resource: &str, name: &str) -> Option<String> {
        let table = table(resource).ok()?;
        let called = |row: &Row| ["description", "name", "title"].iter().any(|member| text(row, member) == name);
        let found = self.world.rows(table).iter().find(|(_, row)| called(row));
        found.map(|(id, _)| self.path_id(table, *id))
    }

    /// The id of the user whose keys are used.
    pub fn integration_user_id(&self) -> i64 {
        self.integration
    }

    /// The id of the person who acts inside the web application.
    pub fn person_id(&self) -> i64 {
        self.person
    }

    /// Forgets every bearer that was given out.
    pub fn revoke_bearers(&mut self) {
        self.bearers.revoke();
    }

    fn hand(&mut self, now: Timestamp) -> Writer<'_> {
        Writer { by_person: true, ..Writer::new(&mut self.world, &self.switches, self.person, now) }
    }

    fn path_id(&self, table: Table, id: i64) -> String {
        let row = self.world.row(table, id).filter(|_| table == Table::Service);
        row.map_or_else(|| id.to_string(), |row| text(row, "id").to_owned())
    }
}

fn table(resource: &str) -> Result<Table, String> {
    let found = TABLES.into_iter().find(|table| schema(*table).name.eq_ignore_ascii_case(resource));
    found.ok_or_else(|| format!("there is no resource `{resource}`"))
}
