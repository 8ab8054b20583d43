//! Webhooks of Ploomes: who listens, what they are told, when they are switched off.
//!
//! Writes through the API fire them as people's do. A call is a hint: it may come twice, late or
//! never, and its body is flatter than the record and tells local time without an offset.

use serde_json::{Map, Value, json};

use super::Ploomes;
use super::odata::Options;
use super::refusal::Refusal;
use super::render;
use super::row::{Cell, List, Row};
use super::schema::{Link, Table, schema};
use super::write::{Body, Writer};
use crate::sandbox::hook::Hook;

/// A change that listeners may want to hear of.
#[derive(Debug)]
pub(super) struct Event {
    table: Table,
    old: Option<Row>,
    new: Option<Row>,
    by: i64,
}

/// What happened, by the number that a webhook names.
const ACTIONS: &[(i64, &str)] = &[(1, "Create"), (2, "Update"), (3, "Delete")];

impl Event {
    fn action(&self) -> (i64, &'static str) {
        match (&self.old, &self.new) {
            (None, _) => (1, "Create"),
            (Some(_), Some(_)) => (2, "Update"),
            (Some(_), None) => (3, "Delete"),
        }
    }

    /// The number of the kind of record, and its name.
    fn entity(&self) -> (i64, &'static str) {
        if self.table == Table::Contact { (1, "Contacts") } else { (36, "InteractionRecords") }
    }
}

/// Fills the list of actions.
pub(super) fn seed(world: &mut super::world::World) {
    for (id, name) in ACTIONS {
        world.put(Table::WebhookAction, Row::default().with("Id", *id).with("Name", *name));
    }
}

impl Writer<'_> {
    /// Tells of a change, when anybody listens.
    pub(super) fn tell(&mut self, table: Table, id: i64, old: Option<Row>) {
        if !self.world.rows(Table::Webhook).is_empty() {
            let new = self.world.row(table, id).cloned();
            self.world.events.push(Event { table, old, new, by: self.author });
        }
    }

    /// Makes a webhook and tells its id.
    pub(super) fn create_webhook(&mut self, body: &Body) -> Result<i64, Refusal> {
        let mut row = Row::default().with("Active", true).with("UserWebhook", false);
        self.assign(Table::Webhook, body, &mut row)?;
        for name in ["EntityId", "ActionId", "CallbackUrl"] {
            row.get(name).ok_or_else(|| Refusal::Invalid(format!("O campo {name} é obrigatório.")))?;
        }
        let id = self.world.new_id(Table::Webhook);
        row.set("CreatorId", Some(Cell::Integer(self.author)));
        row.set("CreateDate", Some(Cell::Moment(self.now)));
        self.world.put(Table::Webhook, row.with("Id", id));
        Ok(id)
    }

    /// Changes a webhook.
    pub(super) fn update_webhook(&mut self, id: i64, body: &Body) -> Result<(), Refusal> {
        let mut row = self.world.row(Table::Webhook, id).ok_or(Refusal::Gone)?.clone();
        self.assign(Table::Webhook, body, &mut row)?;
        self.world.put(Table::Webhook, row);
        Ok(())
    }

    /// Deletes a webhook.
    pub(super) fn delete_webhook(&mut self, id: i64) -> Result<(), Refusal> {
        self.world.take(Table::Webhook, id).map(|_| ()).ok_or(Refusal::Gone)
    }
}

impl Ploomes {
    /// Turns what happened since the last call into calls to those who listen.
    pub(super) fn fire(&mut self) {
        for event in std::mem::take(&mut self.world.events) {
            let ((action, verb), (entity, name)) = (event.action(), event.entity());
            let listening = |row: &&Row| {
                row.integer("EntityId") == Some(entity)
                    && row.integer("ActionId") == Some(action)
                    && row.get("Active") == Some(&Cell::Flag(true))
            };
            let hooks = self.world.rows(Table::Webhook).values().filter(listening).map(|row| {
                let body = json!({
                    "Action": verb, "Entity": name, "SecondaryEntityId": null, "AccountId": 1,
                    "ActionUserId": event.by, "WebhookId": row.id(), "WebhookCreatorId": row.integer("CreatorId"),
                    "Old": event.old.as_ref().map(|old| self.flat(event.table, old)),
                    "New": event.new.as_ref().map(|new| self.flat(event.table, new)),
                });
                let key = row.text("ValidationKey").map(|key| ("x-ploomes-validation-key".to_owned(), key.to_owned()));
                let url = row.text("CallbackUrl").unwrap_or_default().to_owned();
                Hook { listener: row.id(), url, headers: key.into_iter().collect(), body: body.to_string() }
            });
            for hook in hooks.collect::<Vec<_>>() {
                self.outbox.push(hook, self.switches.delivery);
            }
        }
    }

    /// A record as a webhook tells it: whole, flat, local time, nothing that depends on the reader.
    fn flat(&self, table: Table, row: &Row) -> Value {
        let mut text = String::new();
        render::record(self.judge(), table, row, &Options::default(), &mut text);
        let mut flat: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
        flat.retain(|name, _| name != "Editable" && name != "Deletable");
        let moments = schema(table).columns.iter().filter(|column| column.kind == super::schema::Kind::Moment);
        for name in moments.map(|column| column.name) {
            if let Some(Value::String(moment)) = flat.get_mut(name) {
                *moment = moment.trim_end_matches("-03:00").to_owned();
            }
        }
        for nav in schema(table).navs.iter().filter(|nav| !matches!(nav.link, Link::One(..) | Link::NoOne)) {
            let value = match nav.link {
                Link::Owned(_, List::OtherProperties) => properties(row.list(List::OtherProperties)),
                Link::Owned(_, List::Tags) => reduced(row.list(List::Tags), "TagId"),
                Link::Owned(_, List::Phones) => reduced(row.list(List::Phones), "PhoneNumber"),
                Link::One(..) | Link::People | Link::Records | Link::NoOne | Link::NoneOf => json!([]),
            };
            flat.insert(nav.name.to_owned(), value);
        }
        Value::Object(flat)
    }

    /// Takes note of how a listener answered: one that fails too often in a row is switched off,
    /// and nobody is told.
    pub(super) fn listened(&mut self, listener: i64, well: bool) {
        let failures = self.hook_failures.entry(listener).or_default();
        *failures = if well { 0 } else { *failures + 1 };
        if *failures >= self.switches.hook_failures_max
            && let Some(row) = self.world.row(Table::Webhook, listener).cloned()
        {
            self.world.put(Table::Webhook, row.with("Active", false));
        }
    }
}

fn reduced(rows: &[Row], column: &str) -> Value {
    rows.iter().map(|row| json!({ column: row.get(column).map(scalar) })).collect()
}

/// Custom fields by their key, each with the one value it holds.
fn properties(rows: &[Row]) -> Value {
    let slots = ["StringValue", "BigStringValue", "IntegerValue", "DecimalValue", "DateTimeValue", "BoolValue"];
    let value = |row: &Row| slots.iter().find_map(|slot| row.get(slot)).map(scalar);
    let members = rows.iter().filter_map(|row| Some((row.text("FieldKey")?.to_owned(), value(row)?)));
    Value::Object(members.collect())
}

fn scalar(cell: &Cell) -> Value {
    match cell {
        Cell::Integer(value) => json!(value),
        Cell::Decimal(value) => json!(value),
        Cell::Text(value) => json!(value),
        Cell::Flag(value) => json!(value),
        Cell::Moment(value) => {
            let mut text = String::new();
            super::row::written(*value, &mut text);
            json!(text.trim_end_matches("-03:00"))
        }
    }
}
