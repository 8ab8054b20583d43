//! People at work inside the web application, and what they see there.
//!
//! The same rules as the API, under a person's name and without its limits. A person speaks in
//! names: beside the members of a POST, a contact may carry `"Status": "Inativo"`,
//! `"Owner": "ana@x.example"`, `"City": 3550308` (IBGE), `"Tags": ["VIP"]` (made if missing) and
//! `"Type": "Fax"` in a phone.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::odata::Options;
use super::refusal::Refusal;
use super::row::Row;
use super::schema::Table;
use super::write::{Body, Writer};
use super::{Ploomes, lists, odata, render};

/// All that belongs to a contact.
static WHOLE: LazyLock<Options> = LazyLock::new(|| {
    let expand = "$expand=Phones($expand=Type),Tags($expand=Tag),City,State,Country,Owner,Status,OtherProperties";
    odata::options(Table::Contact, expand).unwrap_or_default()
});

impl Ploomes {
    /// A person adds a contact; tells its id.
    ///
    /// # Errors
    ///
    /// The text of the refusal.
    pub fn person_adds(&mut self, now: Timestamp, contact: &Value) -> Result<i64, String> {
        let body = self.spoken(contact).map_err(|refusal| refusal.text(false))?;
        let mut writer = Writer::new(&mut self.world, &self.switches, self.person, now);
        let made = writer.create_contact(&body).map_err(|refusal| refusal.text(false));
        self.fire();
        made
    }

    /// A person edits a contact.
    ///
    /// # Errors
    ///
    /// The text of the refusal.
    pub fn person_edits(&mut self, now: Timestamp, id: i64, patch: &Value) -> Result<(), String> {
        let body = self.spoken(patch).map_err(|refusal| refusal.text(false))?;
        let mut writer = Writer::new(&mut self.world, &self.switches, self.person, now);
        let changed = writer.update_contact(id, &body).map_err(|refusal| refusal.text(false));
        self.fire();
        changed
    }

    /// A person deletes a contact; tells whether it was there.
    pub fn person_deletes(&mut self, now: Timestamp, id: i64) -> bool {
        let mut writer = Writer::new(&mut self.world, &self.switches, self.person, now);
        let was_there = writer.delete_contact(id).is_ok();
        self.fire();
        was_there
    }

    /// A contact with its phones, tags, city, state, country, owner and status in full.
    pub fn contact(&self, id: i64) -> Option<Value> {
        self.shown(Table::Contact, self.world.row(Table::Contact, id)?, &WHOLE)
    }

    /// The ids of all contacts, ascending.
    pub fn contacts(&self) -> impl Iterator<Item = i64> + '_ {
        self.world.rows(Table::Contact).keys().copied()
    }

    /// The interaction records of a contact, oldest first.
    pub fn interaction_records(&self, contact: i64) -> Vec<Value> {
        let rows = self.world.rows(Table::InteractionRecord).values();
        let own = rows.filter(|row| row.integer("ContactId") == Some(contact));
        own.filter_map(|row| self.shown(Table::InteractionRecord, row, &Options::default())).collect()
    }

    /// Adds a user; tells its id.
    pub fn add_user(&mut self, name: &str, email: &str, suspended: bool) -> i64 {
        lists::user(&mut self.world, name, email, suspended)
    }

    /// Suspends a user, or lets it back; tells whether it is there.
    pub fn suspend_user(&mut self, id: i64, suspended: bool) -> bool {
        let Some(row) = self.world.row(Table::User, id).cloned() else { return false };
        self.world.put(Table::User, row.with("Suspended", suspended));
        true
    }

    /// Adds a tag (Marcador) for contacts; tells its id.
    pub fn add_tag(&mut self, name: &str) -> i64 {
        let id = self.world.new_id(Table::Tag);
        let row = Row::default().with("Id", id).with("Name", name).with("Color", "#000000");
        self.world.put(Table::Tag, row.with("EntityId", 1));
        id
    }

    /// The id of a tag, case apart.
    pub fn tag_id(&self, name: &str) -> Option<i64> {
        self.world.find(Table::Tag, "Name", name)
    }

    /// The names of all tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> + '_ {
        self.world.rows(Table::Tag).values().filter_map(|row| row.text("Name"))
    }

    /// The id of a city by its IBGE code.
    pub fn city_id(&self, ibge: i64) -> Option<i64> {
        let mut cities = self.world.rows(Table::City).values();
        cities.find(|row| row.integer("IBGECode") == Some(ibge)).map(Row::id)
    }

    /// The id of a status by name, case apart.
    pub fn status_id(&self, name: &str) -> Option<i64> {
        self.world.find(Table::Status, "Name", name)
    }

    /// The id of a phone type by name, case apart.
    pub fn phone_type_id(&self, name: &str) -> Option<i64> {
        self.world.find(Table::PhoneType, "Name", name)
    }

    /// Drops a phone type, case apart; tells whether it was there.
    pub fn drop_phone_type(&mut self, name: &str) -> bool {
        self.phone_type_id(name).and_then(|id| self.world.take(Table::PhoneType, id)).is_some()
    }

    /// The id of a user by e-mail, case apart.
    pub fn user_id(&self, email: &str) -> Option<i64> {
        self.world.find(Table::User, "Email", email)
    }

    /// The id of the user whose key the API takes.
    pub fn integration_user_id(&self) -> i64 {
        self.integration
    }

    fn shown(&self, table: Table, row: &Row, options: &Options) -> Option<Value> {
        let mut out = String::new();
        render::record(self.judge(), table, row, options, &mut out);
        serde_json::from_str(&out).ok()
    }

    /// Turns the names a person uses into ids.
    fn spoken(&mut self, said: &Value) -> Result<Body, Refusal> {
        let mut body = said.as_object().ok_or(Refusal::Format)?.clone();
        for (name, column) in [("Status", "StatusId"), ("Owner", "OwnerId"), ("City", "CityId")] {
            let id = match body.remove(name) {
                None => continue,
                Some(Value::String(text)) if name == "Status" => self.status_id(&text),
                Some(Value::String(text)) => self.user_id(&text),
                Some(Value::Number(ibge)) => ibge.as_i64().and_then(|ibge| self.city_id(ibge)),
                Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => return Err(Refusal::Format),
            };
            let id = id.ok_or_else(|| Refusal::Invalid(format!("Nothing is called so: {name} {said}.")))?;
            body.insert(column.to_owned(), json!(id));
            // Who chooses a city sees its state along with it.
            if name == "City"
                && let Some(state) = self.world.row(Table::City, id).and_then(|city| city.integer("StateId"))
            {
                body.entry("StateId").or_insert(json!(state));
            }
        }
        if let Some(Value::Array(phones)) = body.get_mut("Phones") {
            phones.iter_mut().filter_map(Value::as_object_mut).for_each(|phone| self.spoken_phone(phone));
        }
        if let Some(Value::Array(tags)) = body.get_mut("Tags") {
            for tag in tags {
                if let Some(name) = tag.as_str() {
                    let id = self.tag_id(name).unwrap_or_else(|| self.add_tag(name));
                    *tag = json!({ "TagId": id });
                }
            }
        }
        Ok(body)
    }

    fn spoken_phone(&self, phone: &mut Map<String, Value>) {
        let kind = phone.get("Type").and_then(Value::as_str).and_then(|name| self.phone_type_id(name));
        if let Some(kind) = kind {
            phone.insert("TypeId".to_owned(), json!(kind));
        }
    }
}
