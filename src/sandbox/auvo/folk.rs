//! People at work in Auvo: the office and the technicians.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Auvo;
use super::folk_jobs::Lines;
use super::row::{Row, items};
use super::schema::{Table, schema};
use super::{folk_jobs, folk_records};
use crate::sandbox::folk::{Blank, COLLEAGUES, Edit, Field, People, one_in, spelt};

/// What people of this system work in.
const RESOURCES: [&str; 5] = ["customers", "products", "services", "tasks", "quotations"];

/// How refusals go that a rule of the account explains.
const RULES: [&str; 4] = ["There is already", "was already checked in", "is not valid", "maximum length"];

impl People for Auvo {
    fn resources(&self) -> &'static [&'static str] {
        &RESOURCES
    }

    fn settle_in(&mut self, now: Timestamp, random: &mut fastrand::Rng) -> Vec<String> {
        let mut told = self.switches.draw(random);
        for colleague in COLLEAGUES.iter().filter(|_| !one_in(random, 3)).collect::<Vec<_>>() {
            let email = spelt(random, colleague.email);
            let user = json!({ "name": colleague.name, "smartPhoneNumber": "62900000002", "culture": "pt-BR",
                "jobPosition": "Técnico", "login": colleague.email, "email": email });
            if self.person_adds(now, "users", &user).is_ok() {
                told.push(format!("technician {email}"));
            }
        }
        told
    }

    fn fills(&self, resource: &str) -> &'static [&'static str] {
        match resource {
            "customers" => &["active"],
            _ => &[],
        }
    }

    fn keeps(&self, resource: &str) -> &'static [&'static str] {
        match resource {
            "customers" => &["dateLastUpdate", "latitude", "longitude"],
            "tasks" => &["customerExternalId", "customerDescription"],
            "quotations" => &["customerExternalId", "customerName"],
            _ => &[],
        }
    }

    fn ids(&self, resource: &str) -> Vec<String> {
        if RESOURCES.contains(&resource) { self.records(resource) } else { Vec::new() }
    }

    fn shown(&self, resource: &str, id: &str) -> Option<Value> {
        if RESOURCES.contains(&resource) { self.record(resource, id) } else { None }
    }

    fn invent(
        &mut self,
        now: Timestamp,
        resource: &str,
        identity: u64,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String> {
        let mut edit = Edit::new();
        let record = match resource {
            "customers" => folk_records::customer(self, identity, random),
            "products" => folk_records::product(identity, random),
            "services" => folk_records::service(identity, random),
            "tasks" => {
                self.plan(now, &mut edit, random);
                edit.patch
            }
            "quotations" => {
                self.quote(&mut edit, random);
                edit.patch
            }
            _ => return Ok(None),
        };
        match self.person_adds(now, resource, &record) {
            Err(text) if by_rule(&text) => Ok(None),
            made => made.map(Some),
        }
    }

    fn tinker(
        &mut self,
        now: Timestamp,
        resource: &str,
        id: &str,
        random: &mut fastrand::Rng,
    ) -> Result<String, String> {
        let kept = self.kept(resource, id).ok_or_else(|| format!("{resource} has no {id}"))?;
        if resource == "tasks" && random.bool() {
            return self.visit_on(now, id, random);
        }
        let mut edit = Edit::new();
        for _ in 0..random.u8(1..=2) {
            match random.u8(..4) {
                0 if resource == "customers" => folk_records::customer_lists(self, &kept, &mut edit, random),
                0 | 1 if resource == "tasks" => self.change_lines(Lines::OfTask, &mut edit, random),
                0 | 1 if resource == "quotations" => self.change_lines(Lines::OfQuotation, &mut edit, random),
                2 if resource == "quotations" => self.move_stage(&mut edit, random),
                2 if resource == "tasks" => self.replan(now, &mut edit, random),
                _ => {
                    if let Some(field) = random.choice(fields(resource)) {
                        edit.change(field, &kept, random);
                    }
                }
            }
        }
        self.write(now, (resource, id), &edit)
    }

    fn put_back(
        &mut self,
        now: Timestamp,
        (resource, id): (&str, &str),
        before: &Value,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String> {
        let shown = self.shown(resource, id).ok_or_else(|| format!("{resource} has no {id}"))?;
        // A price is shown in another form than it is typed in.
        let plain = fields(resource).iter().filter(|field| !folk_records::PRICES.contains(&field.path));
        let paths = plain.map(|field| (field.path, field.blank));
        let lists = [("groupsId", Blank::List)].into_iter().filter(|_| resource == "customers");
        let mut edit = Edit::new();
        if !edit.put_back(paths.chain(lists), (before, &shown), random) {
            return Ok(None);
        }
        self.write(now, (resource, id), &edit).map(Some)
    }

    fn remove(&mut self, now: Timestamp, resource: &str, id: &str) -> bool {
        RESOURCES.contains(&resource) && self.person_deletes(now, resource, id)
    }

    fn expire_tokens(&mut self) {
        self.revoke_bearers();
    }
}

impl Auvo {
    /// A record as it is kept.
    fn kept(&self, resource: &str, id: &str) -> Option<Value> {
        let table = folk_table(resource)?;
        let row = self.world.row(table, super::write::key(&self.world, table, id)?)?;
        Some(Value::Object(row.clone()))
    }

    pub(super) fn write(
        &mut self,
        now: Timestamp,
        (resource, id): (&str, &str),
        edit: &Edit,
    ) -> Result<String, String> {
        match self.person_edits(now, resource, id, &edit.patch) {
            Ok(()) => Ok(edit.told()),
            Err(text) if by_rule(&text) => Ok(format!("tries {}, which is refused: {text}", edit.told())),
            Err(text) => Err(text),
        }
    }

    /// One of the records of a kind.
    pub(super) fn some(&self, table: Table, random: &mut fastrand::Rng) -> Option<&Row> {
        random.choice(self.world.rows(table).values().collect::<Vec<_>>())
    }

    /// The number of one of the records of a kind, zero where there is none.
    pub(super) fn some_id(&self, table: Table, random: &mut fastrand::Rng) -> i64 {
        random.choice(self.world.rows(table).keys().collect::<Vec<_>>()).copied().unwrap_or_default()
    }
}

fn folk_table(resource: &str) -> Option<Table> {
    let tables = [Table::Customer, Table::Product, Table::Service, Table::Task, Table::Quotation];
    tables.into_iter().find(|table| schema(*table).name == resource)
}

fn fields(resource: &str) -> &'static [Field] {
    match resource {
        "customers" => folk_records::CUSTOMER,
        "products" => folk_records::PRODUCT,
        "services" => folk_records::SERVICE,
        "tasks" => folk_jobs::TASK,
        "quotations" => folk_jobs::QUOTATION,
        _ => &[],
    }
}

fn by_rule(text: &str) -> bool {
    RULES.iter().any(|rule| text.contains(rule))
}

/// The items of a list member of a record.
pub(super) fn list_of(record: &Value, name: &str) -> Vec<Value> {
    record.as_object().map(|row| items(row, name).to_vec()).unwrap_or_default()
}
