//! Customers: their place on the map, their contacts, and what a PUT of one means.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::row::{Row, any_case, items, set, text, whole};
use super::schema::{Table, schema};
use super::write::Writer;

impl Writer<'_> {
    /// What the server adds to a new customer.
    pub(super) fn new_customer(&mut self, row: &mut Row) {
        let (visit, unit) = if self.by_person { (1, 3) } else { (0, 1) };
        set(row, "maximumVisitTime", visit);
        set(row, "unitMaximumTime", unit);
        set(row, "creationDate", self.now.as_str());
        set(row, "contacts", json!([]));
        set(row, "uriAttachments", json!([]));
    }

    /// A customer's place and contacts.
    pub(super) fn fill_customer(&mut self, row: &mut Row, before: &Row, fields: &Row) -> Result<(), Refusal> {
        let moved = text(row, "address") != text(before, "address");
        if moved && !fields.contains_key("latitude") {
            let (latitude, longitude) = geocoded(text(row, "address"));
            set(row, "latitude", latitude);
            set(row, "longitude", longitude);
        }
        match fields.get("contacts") {
            None => Ok(()),
            Some(Value::Null) => {
                set(row, "contacts", json!([]));
                Ok(())
            }
            Some(sent) => self.merge_contacts(row, sent),
        }
    }

    /// Contacts with an id are changed, the others added.
    fn merge_contacts(&mut self, row: &mut Row, sent: &Value) -> Result<(), Refusal> {
        let wrong = || Refusal::value("contacts", sent);
        let mut contacts = items(row, "contacts").to_vec();
        for contact in sent.as_array().ok_or_else(wrong)? {
            let contact = contact.as_object().ok_or_else(wrong)?;
            let id = any_case(contact, "id").and_then(Value::as_i64).filter(|id| *id != 0);
            let known = id.and_then(|id| contacts.iter_mut().find(|own| own.get("id") == Some(&json!(id))));
            let mut fresh = json!({ "id": 0, "name": "", "jobPosition": "", "email": "", "phone": "" });
            let own = match known {
                Some(own) => own,
                None if id.is_some() => return Err(Refusal::dangling("contact", id.unwrap_or_default())),
                None => &mut fresh,
            };
            let Some(own) = own.as_object_mut() else { continue };
            for name in ["name", "jobPosition", "email", "phone"] {
                if let Some(value) = any_case(contact, name) {
                    set(own, name, value.as_str().ok_or_else(wrong)?);
                }
            }
            if text(own, "name").trim().is_empty() {
                let text = "The Name field is required.".to_owned();
                return Err(Refusal::Member { name: "contacts.name".to_owned(), text });
            }
            if whole(own, "id") == 0 {
                set(own, "id", self.world.new_id(Table::Segment));
                contacts.push(fresh);
            }
        }
        set(row, "contacts", contacts);
        Ok(())
    }

    /// What a PUT means: with `replaceData`, members that are left out are cleared.
    pub(super) fn replaced(&self, body: &Row, mut fields: Row) -> Row {
        let said = |name: &str| any_case(body, name).and_then(Value::as_bool);
        if said("replaceData").unwrap_or(self.switches.replace_data) {
            let kept = ["externalId", "description", "active", "latitude", "longitude"];
            for member in schema(Table::Customer).members.iter().filter(|member| !kept.contains(&member.name)) {
                fields.entry(member.name.to_owned()).or_insert(Value::Null);
            }
        }
        if text(&fields, "description").trim().is_empty() {
            fields.remove("description");
        }
        if text(&fields, "legalName").is_empty() && said("allowLegalNameClear") != Some(true) {
            fields.remove("legalName");
        }
        fields
    }
}

/// Where an address lies, as an invented map has it; nowhere when there is none.
pub(super) fn geocoded(address: &str) -> (f64, f64) {
    if address.trim().is_empty() {
        return (0.0, 0.0);
    }
    let mixed = address.bytes().fold(17_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let (north, east) = (f64::from(mixed % 3_000) / 100.0, f64::from(mixed / 3_000 % 3_000) / 100.0);
    (-3.0 - north, -38.0 - east)
}
