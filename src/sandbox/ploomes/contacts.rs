//! Contacts: how they are born, changed and deleted.
//!
//! A PATCH is partial for scalars, replaces `Phones` and `Tags` when it names them, and merges
//! `OtherProperties` by key. `Register` and its mirrors `CNPJ` and `CPF` always agree.

use super::refusal::Refusal;
use super::row::{Cell, List, Row, digits};
use super::schema::{Link, Table, schema};
use super::switches::TypeChange;
use super::write::{Body, Writer, members};
use crate::sandbox::document;

impl Writer<'_> {
    /// Makes a contact and tells its id.
    pub(super) fn create_contact(&mut self, body: &Body) -> Result<i64, Refusal> {
        let mut row = Row::default()
            .with("ClassId", 0)
            .with("TasksOrdination", 2)
            .with("HasScheduledTasks", false)
            .with("Editable", true)
            .with("Deletable", true);
        row.set("StatusId", self.first_status().map(Cell::Integer));
        self.fill(body, &mut row)?;
        self.check_contact(&row)?;
        let id = self.world.new_id(Table::Contact);
        row.set("Id", Some(Cell::Integer(id)));
        for list in [List::Phones, List::Tags, List::OtherProperties] {
            let mut rows = row.list(list).to_vec();
            rows.iter_mut().for_each(|row| row.set("ContactId", Some(Cell::Integer(id))));
            row.set_list(list, rows);
        }
        self.stamp_birth(&mut row);
        self.world.remember(self.now, id);
        self.world.put(Table::Contact, row);
        self.tell(Table::Contact, id, None);
        Ok(id)
    }

    /// Changes a contact.
    pub(super) fn update_contact(&mut self, id: i64, body: &Body) -> Result<(), Refusal> {
        let old = self.world.row(Table::Contact, id).ok_or(Refusal::Gone)?.clone();
        let mut row = old.clone();
        self.fill(body, &mut row)?;
        if row.integer("TypeId") != old.integer("TypeId") {
            match self.switches.type_change {
                TypeChange::Ignore => row.set("TypeId", old.get("TypeId").cloned()),
                TypeChange::Refuse => {
                    return Err(Refusal::invalid("Não é permitido alterar o tipo do cliente (TypeId)."));
                }
                TypeChange::Allow => {}
            }
        }
        self.check_contact(&row)?;
        if self.switches.idle_patch_touches || !says_the_same(&old, &row) {
            self.stamp_change(&mut row);
            self.world.remember(self.now, id);
            self.world.put(Table::Contact, row);
            self.tell(Table::Contact, id, Some(old));
        }
        Ok(())
    }

    /// Deletes a contact; nothing of it stays.
    pub(super) fn delete_contact(&mut self, id: i64) -> Result<(), Refusal> {
        if self.world.row(Table::Contact, id).is_none() {
            return Err(Refusal::Gone);
        }
        self.world.remember(self.now, id);
        let old = self.world.take(Table::Contact, id);
        self.tell(Table::Contact, id, old);
        Ok(())
    }

    /// The status a contact gets when none is sent.
    fn first_status(&self) -> Option<i64> {
        self.world.rows(Table::Status).keys().next().copied()
    }

    fn fill(&mut self, body: &Body, row: &mut Row) -> Result<(), Refusal> {
        self.assign(Table::Contact, body, row)?;
        mirror_documents(body, row);
        self.derive_places(body, row);
        if let Some(phones) = members(body, "Phones")? {
            let rows = phones.into_iter().map(|phone| self.phone(phone, row.id())).collect::<Result<_, _>>()?;
            row.set_list(List::Phones, rows);
        }
        if let Some(tags) = members(body, "Tags")? {
            let rows = self.tags(&tags, row.id())?;
            row.set_list(List::Tags, rows);
        }
        if let Some(properties) = members(body, "OtherProperties")? {
            let rows = self.other_properties(&properties, row)?;
            row.set_list(List::OtherProperties, rows);
        }
        Ok(())
    }

    /// A city brings its state and country along, unless the body names them.
    fn derive_places(&self, body: &Body, row: &mut Row) {
        if !body.contains_key("CityId") || !self.switches.places_derived {
            return;
        }
        let Some(city) = row.integer("CityId").and_then(|id| self.world.row(Table::City, id)) else { return };
        for column in ["StateId", "CountryId"] {
            if !body.contains_key(column) {
                row.set(column, city.get(column).cloned());
            }
        }
    }

    fn phone(&mut self, body: &Body, contact: i64) -> Result<Row, Refusal> {
        let mut row = Row::default().with("TypeId", 1).with("CountryId", BRAZIL);
        self.assign(Table::Phone, body, &mut row)?;
        let Some(number) = row.text("PhoneNumber").filter(|number| !number.trim().is_empty()) else {
            return Err(Refusal::invalid("O campo PhoneNumber é obrigatório."));
        };
        let search = digits(number).parse().ok().map(Cell::Integer);
        row.set("SearchPhoneNumber", search);
        row.set("Id", Some(Cell::Integer(self.world.new_id(Table::Phone))));
        row.set("ContactId", Some(Cell::Integer(contact)));
        Ok(row)
    }

    fn tags(&mut self, bodies: &[&Body], contact: i64) -> Result<Vec<Row>, Refusal> {
        let mut rows: Vec<Row> = Vec::new();
        for body in bodies {
            let mut row = Row::default();
            self.assign(Table::ContactTag, body, &mut row)?;
            let tag = row.integer("TagId").ok_or(Refusal::Format)?;
            if rows.iter().all(|other| other.integer("TagId") != Some(tag)) {
                let id = self.world.new_id(Table::ContactTag);
                rows.push(row.with("Id", id).with("ContactId", contact));
            }
        }
        Ok(rows)
    }

    fn other_properties(&mut self, bodies: &[&Body], contact: &Row) -> Result<Vec<Row>, Refusal> {
        let replaced = self.switches.other_properties_replaced;
        let mut rows = if replaced { Vec::new() } else { contact.list(List::OtherProperties).to_vec() };
        for body in bodies {
            let mut row = Row::default();
            self.assign(Table::OtherProperty, body, &mut row)?;
            let key = row.text("FieldKey").ok_or(Refusal::Format)?.to_owned();
            let unknown = || Refusal::Invalid(format!("The field '{key}' does not exist."));
            let field = self.world.find(Table::Field, "Key", &key).ok_or_else(unknown)?;
            rows.retain(|other| other.text("FieldKey") != Some(key.as_str()));
            let slots = ["StringValue", "BigStringValue", "IntegerValue", "DecimalValue", "DateTimeValue", "BoolValue"];
            if slots.iter().any(|slot| row.get(slot).is_some()) {
                let id = self.world.new_id(Table::OtherProperty);
                rows.push(row.with("Id", id).with("FieldId", field).with("ContactId", contact.id()));
            }
        }
        Ok(rows)
    }

    fn check_contact(&self, row: &Row) -> Result<(), Refusal> {
        let required = ["TypeId", "Name"].into_iter().chain(self.switches.required.iter().map(String::as_str));
        for column in required {
            let blank = row.text(column).is_some_and(|text| text.trim().is_empty());
            let owned = |nav: &&super::schema::Nav| nav.name == column && matches!(nav.link, Link::Owned(..));
            let list = schema(Table::Contact).navs.iter().find(owned);
            let listed = list.is_some_and(|nav| !self.world.many(row, nav).is_empty());
            if (row.get(column).is_none() || blank) && !listed {
                return Err(Refusal::Invalid(format!("O campo {column} é obrigatório.")));
            }
        }
        if self.switches.documents_checked
            && let Some(register) = row.text("Register")
            && !document::is_valid(&register.replace(['.', '-', '/'], ""))
        {
            return Err(Refusal::invalid("O CPF / CNPJ informado é inválido."));
        }
        self.check_unique(row)
    }

    fn check_unique(&self, row: &Row) -> Result<(), Refusal> {
        for column in &self.switches.unique {
            let Some(own) = row.get(column) else { continue };
            let mut others = self.world.rows(Table::Contact).values().filter(|other| other.id() != row.id());
            let judge = super::filter::Judge { world: self.world, case_sensitive: false, accents_ignored: false };
            let same = |other: &Row| {
                other.get(column).and_then(|other| judge.compare(other, own)) == Some(std::cmp::Ordering::Equal)
            };
            if others.any(same) {
                let text = format!("Já existe um cliente com o mesmo valor no campo {column}.");
                return Err(Refusal::Invalid(text));
            }
        }
        Ok(())
    }
}

/// The country whose id is the same in every account.
pub(super) const BRAZIL: i64 = 76;

/// Keeps `Register`, `CNPJ` and `CPF` agreeing; `Register` rules when several are sent.
fn mirror_documents(body: &Body, row: &mut Row) {
    let sent = |name: &str| body.get(name).is_some();
    if !sent("Register") {
        if !sent("CNPJ") && !sent("CPF") {
            return;
        }
        let written = ["CNPJ", "CPF"].into_iter().filter(|name| sent(name));
        let register = written.filter_map(|name| row.get(name)).next().cloned();
        row.set("Register", register);
    }
    let number = digits(row.text("Register").unwrap_or_default());
    for (name, length) in [("CNPJ", 14), ("CPF", 11)] {
        let mirrored = (number.len() == length).then(|| Cell::from(number.as_str()));
        row.set(name, mirrored);
    }
}

/// Whether two states of a contact differ in nothing but the ids of their list rows.
fn says_the_same(old: &Row, new: &Row) -> bool {
    let plain = |row: &Row| {
        let mut row = row.clone();
        for list in [List::Phones, List::Tags, List::OtherProperties] {
            let mut rows = row.list(list).to_vec();
            rows.iter_mut().for_each(|row| row.set("Id", None));
            row.set_list(list, Vec::new());
            row.set_list(list, rows);
        }
        row
    };
    plain(old) == plain(new)
}
