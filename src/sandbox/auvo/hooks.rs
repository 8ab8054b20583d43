//! Webhooks: who asked to be told of customers and tasks, and what they are told.
//!
//! There are none for products, services and quotations. A call that fails is not made again, and
//! none is signed.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::moment;
use super::refusal::Refusal;
use super::row::{Row, any_case, flag, set, text, whole};
use super::schema::{Table, schema};
use super::world::Event;
use super::write::Writer;
use super::{Auvo, render};
use crate::sandbox::hook::Hook;

/// What can be listened to: its number, its word where it has one, its words in the two bodies.
const ENTITIES: &[(i64, &str, &str, &str)] = &[
    (1, "User", "Usuarios", "user"),
    (4, "Task", "Tarefas", "task"),
    (7, "Customer", "Cliente", "customer"),
    (27, "27", "", ""),
    (50, "50", "", ""),
    (62, "62", "", ""),
];

/// What can happen: its number, its word, its word in the newer body.
const ACTIONS: &[(i64, &str, &str)] =
    &[(1, "Inclusao", "created"), (2, "Alteracao", "updated"), (3, "Exclusao", "deleted")];

impl Writer<'_> {
    /// Registers a listener, or changes the one that the body names; tells its id and whether it is
    /// new.
    pub(super) fn register(&mut self, body: &Row) -> Result<(i64, bool), Refusal> {
        let entity = any_case(body, "entity").and_then(|sent| {
            let named = |entity: &&(i64, &str, &str, &str)| is_called(sent, entity.0, entity.1);
            ENTITIES.iter().find(named).map(|entity| entity.1)
        });
        let action = any_case(body, "action").and_then(|sent| {
            let named = |action: &&(i64, &str, &str)| is_called(sent, action.0, action.1);
            ACTIONS.iter().find(named).map(|action| action.1)
        });
        let wrong = |name: &str| Refusal::value(name, any_case(body, name).unwrap_or(&Value::Null));
        let (entity, action) = (entity.ok_or_else(|| wrong("entity"))?, action.ok_or_else(|| wrong("action"))?);
        let fields = schema(Table::WebHook).read(body, false)?;
        let url = text(&fields, "urlResponse");
        if url.is_empty() || (self.switches.hooks_over_https && !url.starts_with("https://")) {
            return Err(wrong("targetUrl"));
        }
        let known = any_case(body, "id").and_then(Value::as_i64).filter(|id| *id != 0);
        let mut others = self.world.rows(Table::WebHook).iter().filter(|(id, _)| Some(**id) != known);
        if others.any(|(_, other)| text(other, "entity") == entity && text(other, "action") == action) {
            return Err(Refusal::Rule(1026, "There is already a webhook for this entity and action.".to_owned()));
        }
        let mut row = match known {
            Some(id) => self.world.row(Table::WebHook, id).ok_or(Refusal::Gone)?.clone(),
            None => Row::default(),
        };
        if known.is_none() {
            set(&mut row, "id", self.world.new_id(Table::WebHook));
            set(&mut row, "userId", self.author);
            set(&mut row, "creationDate", self.now.replace('T', " "));
            set(&mut row, "deleteDate", Value::Null);
        }
        set(&mut row, "entity", entity);
        set(&mut row, "action", action);
        set(&mut row, "urlResponse", url);
        set(&mut row, "active", fields.get("active").and_then(Value::as_bool).unwrap_or(true));
        let id = whole(&row, "id");
        self.store(Table::WebHook, id, row);
        Ok((id, known.is_none()))
    }
}

fn is_called(sent: &Value, number: i64, word: &str) -> bool {
    sent.as_i64() == Some(number) || sent.as_str().is_some_and(|sent| sent.eq_ignore_ascii_case(word))
}

impl Auvo {
    /// Turns what happened into calls to those who listen, and gives away all that wait.
    pub(super) fn due(&mut self) -> Vec<Hook> {
        for event in std::mem::take(&mut self.world.events) {
            for listener in self.world.rows(Table::WebHook).values().cloned().collect::<Vec<_>>() {
                if let Some(body) = self.told(&event, &listener) {
                    let url = text(&listener, "urlResponse").to_owned();
                    let headers = vec![("x-auvo-delivery-attempt".to_owned(), "1".to_owned())];
                    let hook = Hook { listener: whole(&listener, "id"), url, headers, body: body.to_string() };
                    self.outbox.push(hook, self.switches.hook_delivery);
                }
            }
        }
        self.outbox.take()
    }

    /// What a listener is told of an event; nothing when it did not ask for it.
    fn told(&mut self, event: &Event, listener: &Row) -> Option<Value> {
        let entity = ENTITIES.iter().find(|entity| entity.1 == text(listener, "entity"))?;
        let action = ACTIONS.iter().find(|action| action.1 == text(listener, "action"))?;
        let table = if entity.1 == "Task" { Table::Task } else { Table::Customer };
        let listened = matches!(entity.1, "Task" | "Customer") && flag(listener, "active");
        if !listened || event.table != table || event.action.number() != action.0 {
            return None;
        }
        let at = Timestamp::from_millisecond(event.at_ms).unwrap_or_default();
        let id = whole(&event.row, schema(table).id);
        if self.switches.hooks_in_portal_form {
            let occurred = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let mut data = json!({ "customerId": id });
            if table == Table::Task {
                data = json!({ "taskId": id, "customerId": whole(&event.row, "customerId") });
            }
            let (name, delivery) = (format!("{}.{}", entity.3, action.2), format!("{:032x}", self.rng.u128(..)));
            return Some(json!({ "event": name, "occurredAt": occurred, "deliveryId": delivery, "data": data }));
        }
        let shown = render::shown(&self.world, &self.switches, table, &event.row);
        Some(json!({ "result": {
            "EntityType": entity.2, "Action": action.1, "EntityId": id, "UserAdminId": self.integration,
            "WebhookId": whole(listener, "id"), "Date": moment::local(at), "Entities": [shown],
        } }))
    }
}
