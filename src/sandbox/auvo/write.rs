//! How records are born, changed and deleted, whatever they are.
//!
//! Reads the body, fills the record, lets its own table add what only that table knows, checks it,
//! stamps it, stores it. Nothing is stored when anything is refused.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::moment;
use super::price;
use super::refusal::Refusal;
use super::row::{Row, any_case, digits, items, set, text};
use super::schema::{Kind, Member, Table, schema};
use super::switches::Switches;
use super::world::World;
use crate::sandbox::document;

/// One write in progress: who writes, when, where.
pub(super) struct Writer<'a> {
    /// The records.
    pub(super) world: &'a mut World,
    /// The doubtful points.
    pub(super) switches: &'a Switches,
    /// The user who writes.
    pub(super) author: i64,
    /// Whether a person writes inside the web application; else the API.
    pub(super) by_person: bool,
    /// The moment.
    pub(super) now: String,
    /// The moment, in milliseconds.
    pub(super) at_ms: i64,
}

impl<'a> Writer<'a> {
    /// The API at work, in the name of a user.
    pub(super) fn new(world: &'a mut World, switches: &'a Switches, author: i64, now: Timestamp) -> Self {
        let (at_ms, now) = (now.as_millisecond(), moment::local(now));
        Self { world, switches, author, by_person: false, now, at_ms }
    }

    /// Makes a record; tells its id.
    pub(super) fn create(&mut self, table: Table, body: &Row) -> Result<i64, Refusal> {
        let mut fields = schema(table).read(body, self.switches.digits_only)?;
        if table == Table::Product && !self.by_person {
            for name in ["unitaryValue", "unitaryCost"] {
                if let Some(price) = any_case(body, name).and_then(Value::as_f64) {
                    set(&mut fields, name, price::posted(price, self.switches.posted_number));
                }
            }
        }
        self.make(table, body, fields)
    }

    fn make(&mut self, table: Table, body: &Row, fields: Row) -> Result<i64, Refusal> {
        require(table, &fields)?;
        let mut row = schema(table).newborn();
        let id = self.world.new_id(table);
        self.birth(table, id, &mut row);
        self.fill(table, &mut row, fields)?;
        self.check(table, id, &row)?;
        self.store(table, id, row);
        if table == Table::Group {
            self.gather_clients(id, body);
        }
        Ok(id)
    }

    /// Changes the record that a body names, or makes one; tells its id and whether it is new.
    pub(super) fn upsert(&mut self, table: Table, body: &Row) -> Result<(i64, bool), Refusal> {
        let fields = schema(table).read(body, self.switches.digits_only)?;
        let Some(id) = self.named(table, body, &fields)? else {
            return Ok((self.make(table, body, fields)?, true));
        };
        let fields = if table == Table::Customer { self.replaced(body, fields) } else { fields };
        self.change(table, id, fields)?;
        Ok((id, false))
    }

    /// The record that the keys of a body name.
    fn named(&self, table: Table, body: &Row, fields: &Row) -> Result<Option<i64>, Refusal> {
        let schema = schema(table);
        let sent = any_case(body, "id").or_else(|| any_case(body, schema.id));
        let sent = sent.filter(|id| !id.is_null() && id.as_i64() != Some(0) && id.as_str() != Some(""));
        if let Some(id) = sent {
            let text = id.as_str().map_or_else(|| id.to_string(), str::to_lowercase);
            return self.key(table, &text).ok_or(Refusal::Gone).map(Some);
        }
        if table == Table::Task && !self.switches.task_put_by_external_id {
            return Ok(None);
        }
        let by = |member: &'static str| self.world.find(table, member, text(fields, member));
        let by_document = table == Table::Customer && any_case(body, "identifierBycpfCnpj") == Some(&json!(true));
        Ok(by(schema.key).or_else(|| by_document.then(|| by("cpfCnpj")).flatten()))
    }

    /// The key under which the record of a path's id is kept.
    pub(super) fn key(&self, table: Table, id: &str) -> Option<i64> {
        key(self.world, table, id)
    }

    /// Changes a record; tells whether anything moved.
    pub(super) fn change(&mut self, table: Table, id: i64, fields: Row) -> Result<bool, Refusal> {
        let old = self.world.row(table, id).ok_or(Refusal::Gone)?.clone();
        let mut row = old.clone();
        self.fill(table, &mut row, fields)?;
        self.check(table, id, &row)?;
        let moved = row != old;
        if moved || self.switches.idle_write_moves_date {
            self.store(table, id, row);
        }
        Ok(moved)
    }

    /// Deletes a record; a deleted task is kept among the deleted.
    pub(super) fn delete(&mut self, table: Table, id: i64) -> Result<(), Refusal> {
        let row = self.world.take(self.at_ms, table, id).ok_or(Refusal::Gone)?;
        if table == Table::Task {
            self.store(Table::DeletedTask, id, row);
        }
        Ok(())
    }

    /// Stamps a record and stores it.
    pub(super) fn store(&mut self, table: Table, id: i64, mut row: Row) {
        if !schema(table).changed.is_empty() {
            set(&mut row, schema(table).changed, self.now.as_str());
        }
        self.world.put(self.at_ms, table, id, row);
    }

    /// What the server adds to a new record.
    fn birth(&mut self, table: Table, id: i64, row: &mut Row) {
        set(row, schema(table).id, id);
        match table {
            Table::Customer => self.new_customer(row),
            Table::Team => set(row, "creationDate", self.now.as_str()),
            Table::Segment | Table::Keyword => set(row, "registrationDate", self.now.as_str()),
            Table::TaskType => self.new_task_type(row),
            Table::Product => {
                set(row, "productId", self.world.new_guid());
                for (name, value) in
                    [("imageUrl", json!("")), ("uriAttachments", json!([])), ("employeesStock", json!([]))]
                {
                    set(row, name, value);
                }
                set(row, "productSpecifications", json!([]));
            }
            Table::Service => set(row, "id", self.world.new_guid()),
            Table::Task | Table::DeletedTask => self.new_task(row),
            Table::User => self.new_user(row),
            Table::Quotation => self.new_quotation(row),
            Table::Group | Table::Category | Table::WebHook => {}
        }
    }

    /// Puts fields into a record, with what its own table makes of them.
    fn fill(&mut self, table: Table, row: &mut Row, fields: Row) -> Result<(), Refusal> {
        let before = row.clone();
        for (name, value) in &fields {
            let Some(member) = schema(table).member(name).filter(|member| member.kind != Kind::Inner) else { continue };
            self.check_references(member, value)?;
            let value = if value.is_null() { member.kind.empty() } else { value.clone() };
            row.insert(name.clone(), value);
        }
        match table {
            Table::Customer => self.fill_customer(row, &before, &fields),
            Table::Product => {
                if let Some(specifications) = fields.get("productSpecifications").filter(|list| list.is_array()) {
                    set(row, "productSpecifications", specifications.clone());
                }
                Ok(())
            }
            Table::Task | Table::DeletedTask => self.fill_task(row, &before, &fields),
            Table::Quotation => self.fill_quotation(row, &fields),
            Table::Group
            | Table::User
            | Table::Team
            | Table::Segment
            | Table::Keyword
            | Table::TaskType
            | Table::Category
            | Table::Service
            | Table::WebHook => Ok(()),
        }
    }

    fn check_references(&self, member: &Member, value: &Value) -> Result<(), Refusal> {
        let Some(table) = member.kind.refers_to() else { return Ok(()) };
        let id = |item: &Value| item.as_i64().or_else(|| item.as_str()?.parse().ok()).unwrap_or(-1);
        let mut ids = match value {
            Value::Array(items) => items.iter().map(id).collect(),
            Value::Null => Vec::new(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![id(value)],
        };
        // Zero names nobody.
        ids.retain(|id| *id != 0 && self.world.row(table, *id).is_none());
        match ids.first() {
            None => Ok(()),
            // A segment that is not there is refused without a word.
            Some(_) if table == Table::Segment => Err(Refusal::Silent),
            Some(id) => Err(Refusal::dangling(member.name, id)),
        }
    }

    fn check(&self, table: Table, id: i64, row: &Row) -> Result<(), Refusal> {
        let taken = |member: &'static str| {
            let own = text(row, member);
            self.world.find(table, member, own).is_some_and(|other| other != id)
        };
        let unique =
            matches!(table, Table::Customer | Table::Product | Table::Task) && self.switches.unique_external_id;
        if unique && taken("externalId") {
            return Err(Refusal::rule("There is already a record with this externalId."));
        }
        if table == Table::Service && taken("externalCode") {
            return Err(Refusal::rule("There is already a service with this externalCode."));
        }
        if table == Table::Customer && self.switches.document_checked {
            let number = digits(text(row, "cpfCnpj"));
            let wrong = !number.is_empty() && !document::is_valid(&number);
            return if wrong { Err(Refusal::rule("The cpfCnpj is not valid.")) } else { Ok(()) };
        }
        Ok(())
    }

    /// A new group takes in the customers that its body names.
    fn gather_clients(&mut self, group: i64, body: &Row) {
        let clients = any_case(body, "clientsId").and_then(Value::as_array).into_iter().flatten();
        let clients: Vec<i64> = clients.filter_map(Value::as_i64).collect();
        for client in clients {
            if let Some(mut row) = self.world.row(Table::Customer, client).cloned() {
                let mut groups = items(&row, "groupsId").to_vec();
                groups.push(json!(group));
                set(&mut row, "groupsId", groups);
                self.store(Table::Customer, client, row);
            }
        }
    }

    fn new_task_type(&mut self, row: &mut Row) {
        for name in ["standartTime", "toleranceTime"] {
            set(row, name, "00:00:00");
        }
        set(row, "creatorId", self.author);
        set(row, "creationDate", self.now.as_str());
        let requirements = json!({
            "fillReport": false, "getSignature": false, "fillRolledKilometer": false, "emailTheTask": false,
            "minimumNumberOfPhotos": 0, "requiredQuestionnaires": [],
        });
        set(row, "requirements", requirements);
    }

    fn new_user(&mut self, row: &mut Row) {
        set(row, "_guid", self.world.new_guid());
        set(row, "_type", 1);
        set(row, "culture", "pt-BR");
        set(row, "userType", json!({ "userTypeId": 1, "description": "user" }));
        set(row, "workDaysOfWeek", json!([2, 3, 4, 5, 6]));
        let hours = [("startWorkHour", "08:00:00"), ("endWorkHour", "18:00:00")];
        let lunch = [("startLunchHour", "12:00:00"), ("endLunchHour", "13:00:00")];
        for (name, hour) in hours.into_iter().chain(lunch).chain([("pictureUrl", "")]) {
            set(row, name, hour);
        }
        set(row, "checkInManual", true);
        set(row, "gpsFrequency", 300);
    }
}

/// The key under which the record of a path's id is kept.
pub(super) fn key(world: &World, table: Table, id: &str) -> Option<i64> {
    if table == Table::Service {
        return world.find(table, "id", id);
    }
    id.parse().ok().filter(|id| world.row(table, *id).is_some())
}

/// Demands what a new record must have.
pub(super) fn require(table: Table, fields: &Row) -> Result<(), Refusal> {
    let filled = |name: &&str| {
        fields
            .get(*name)
            .is_some_and(|value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()))
    };
    let Some(lacking) = schema(table).required.iter().find(|name| !filled(name)) else { return Ok(()) };
    if table == Table::Task && *lacking == "idUserFrom" {
        // The server falls over where it should complain.
        return Err(Refusal::Broken);
    }
    let text = format!("The {lacking} field is required.");
    Err(Refusal::Member { name: (*lacking).to_owned(), text })
}
