//! People at work in Ploomes: contacts, and what hangs on them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Ploomes;
use super::row::Row;
use super::schema::Table;
use super::write::Writer;
use crate::sandbox::folk::{
    Blank, COLLEAGUES, Company, Edit, Field, People, one_in, pick, pool, put_at, spelt, text_of,
};

use crate::sandbox::Request;
const fn field(path: &'static str, blank: Blank, draw: fn(&mut fastrand::Rng) -> Value) -> Field {
    Field { path, blank, draw }
}

/// The plain fields; the last ones are in no mapping.
const FIELDS: &[Field] = &[
    field("Name", Blank::Never, |random| typed(random, pool::NAMES)),
    field("LegalName", Blank::Null, |random| typed(random, pool::NAMES)),
    field("Email", Blank::Null, |random| json!(pick(random, pool::EMAILS))),
    field("Website", Blank::Null, |random| typed(random, pool::SITES)),
    field("CNAECode", Blank::Null, |random| json!(pick(random, pool::CNAES))),
    field("StreetAddress", Blank::Null, |random| typed(random, pool::STREETS)),
    field("StreetAddressNumber", Blank::Null, |random| json!(pick(random, pool::NUMBERS))),
    field("StreetAddressLine2", Blank::Null, |random| typed(random, pool::COMPLEMENTS)),
    field("Neighborhood", Blank::Null, |random| typed(random, pool::DISTRICTS)),
    field("ZipCode", Blank::Null, zip_code),
    field("Note", Blank::Null, |random| json!(pick(random, pool::NOTES))),
    field("Skype", Blank::Null, |random| json!(pick(random, pool::PEOPLE))),
    field("Birthday", Blank::Null, |random| json!(format!("19{}-06-0{}", random.u8(60..99), random.u8(1..9)))),
    field("EmailMarketing", Blank::Null, |random| json!(random.bool())),
    field("CNAESecondary", Blank::Null, |random| json!(pick(random, pool::CNAES))),
];

/// What else is put back to what it was.
const BACK: [(&str, Blank); 6] = [
    ("Phones", Blank::List),
    ("Tags", Blank::List),
    ("OwnerId", Blank::Null),
    ("StatusId", Blank::Null),
    ("CityId", Blank::Null),
    ("Register", Blank::Null),
];

/// Stamps, the rows of what a contact names, and what follows from the document.
const KEPT: &[&str] = &[
    "LastUpdateDate",
    "UpdaterId",
    "LastInteractionRecordId",
    "City",
    "State",
    "Country",
    "Status",
    "Owner",
    "CPF",
    "CNPJ",
];

/// How refusals begin that a rule of the account explains.
const RULES: [&str; 3] = ["O campo ", "Já existe ", "O CPF / CNPJ "];

fn typed(random: &mut fastrand::Rng, pool: &[&'static str]) -> Value {
    let text = pick(random, pool);
    json!(spelt(random, text))
}

/// A number: zeros in front are lost.
fn zip_code(random: &mut fastrand::Rng) -> Value {
    json!(pick(random, pool::CEPS).parse::<u32>().ok())
}

impl People for Ploomes {
    fn resources(&self) -> &'static [&'static str] {
        &["contacts"]
    }

    fn writes_record(&self, request: &Request) -> bool {
        !request.path.starts_with("/InteractionRecords")
    }

    fn settle_in(&mut self, _: Timestamp, random: &mut fastrand::Rng) -> Vec<String> {
        let mut told = self.switches.draw(random);
        for colleague in COLLEAGUES.iter().filter(|_| !one_in(random, 4)).collect::<Vec<_>>() {
            let email = spelt(random, colleague.email);
            let suspended = one_in(random, 5);
            self.add_user(colleague.name, &email, suspended);
            told.push(format!("user {email}{}", if suspended { " (suspended)" } else { "" }));
        }
        for tag in pool::TAGS {
            if random.bool() && self.tag_id(tag).is_none() {
                self.add_tag(tag);
            }
        }
        told
    }

    fn fills(&self, resource: &str) -> &'static [&'static str] {
        match resource {
            "contacts" => &["StateId", "CountryId", "TypeId", "StatusId"],
            _ => &[],
        }
    }

    fn keeps(&self, resource: &str) -> &'static [&'static str] {
        match resource {
            "contacts" => KEPT,
            _ => &[],
        }
    }

    fn ids(&self, resource: &str) -> Vec<String> {
        let known = resource == "contacts";
        self.contacts().filter(|_| known).map(|id| id.to_string()).collect()
    }

    fn shown(&self, resource: &str, id: &str) -> Option<Value> {
        if resource == "contacts" { self.contact(id.parse().ok()?) } else { None }
    }

    fn invent(
        &mut self,
        now: Timestamp,
        resource: &str,
        identity: u64,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String> {
        if resource != "contacts" {
            return Ok(None);
        }
        let contact = self.invented(identity, random);
        match self.person_adds(now, &contact) {
            Err(text) if by_rule(&text) => Ok(None),
            made => made.map(|id| Some(id.to_string())),
        }
    }

    fn tinker(
        &mut self,
        now: Timestamp,
        resource: &str,
        id: &str,
        random: &mut fastrand::Rng,
    ) -> Result<String, String> {
        let shown = self.shown(resource, id).ok_or_else(|| format!("{resource} has no {id}"))?;
        let number = number(id)?;
        if one_in(random, 20) {
            return self.note_down(now, number, random);
        }
        if one_in(random, 40)
            && let Some(told) = self.reassign(random)
        {
            return Ok(told);
        }
        let mut edit = Edit::new();
        for _ in 0..random.u8(1..=2) {
            if one_in(random, 16) {
                self.document(&mut edit, random);
            } else {
                self.change_something(&shown, &mut edit, random);
            }
        }
        self.write(now, number, &edit)
    }

    fn put_back(
        &mut self,
        now: Timestamp,
        (resource, id): (&str, &str),
        before: &Value,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String> {
        let shown = self.shown(resource, id).ok_or_else(|| format!("{resource} has no {id}"))?;
        let mut edit = Edit::new();
        let fields = FIELDS.iter().map(|field| (field.path, field.blank)).chain(BACK);
        if !edit.put_back(fields, (before, &shown), random) {
            return Ok(None);
        }
        self.write(now, number(id)?, &edit).map(Some)
    }

    fn remove(&mut self, now: Timestamp, resource: &str, id: &str) -> bool {
        resource == "contacts" && id.parse().is_ok_and(|id| self.person_deletes(now, id))
    }
}

impl Ploomes {
    /// A contact that nobody has seen before, unless somebody is asked for twice.
    fn invented(&self, identity: u64, random: &mut fastrand::Rng) -> Value {
        let company = Company::of(identity);
        let required = |column: &str| self.switches.required.iter().any(|name| name == column);
        let mut contact = json!({ "TypeId": if company.person { 2 } else { 1 } });
        let mut edit = Edit::new();
        for _ in 0..random.u8(..6) {
            self.change_something(&contact, &mut edit, random);
        }
        contact = merged(contact, edit.patch);
        put_at(&mut contact, "Name", json!(spelt(random, &company.name)));
        if required("Register") || !one_in(random, 10) {
            let document = if random.bool() { company.document.clone() } else { company.masked() };
            put_at(&mut contact, "Register", json!(document));
        }
        if required("Email") {
            put_at(&mut contact, "Email", json!(format!("contato@{}.example", company.document)));
        }
        contact
    }

    fn change_something(&self, shown: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
        match random.u8(..20) {
            0 | 1 => address(edit, random),
            2..=4 => phones(shown, edit, random),
            5 | 6 => tags(shown, edit, random),
            7 => self.owner(edit, random),
            8 => edit.set("Status", json!(pick(random, &["Ativo", "Inativo", "Prospect"]))),
            9 => self.custom_field(edit, random),
            10 => self.listed(edit, random),
            _ => {
                if let Some(field) = random.choice(FIELDS) {
                    edit.change(field, shown, random);
                }
            }
        }
    }

    fn write(&mut self, now: Timestamp, id: i64, edit: &Edit) -> Result<String, String> {
        match self.person_edits(now, id, &edit.patch) {
            Ok(()) => Ok(edit.told()),
            Err(text) if by_rule(&text) => Ok(format!("tries {}, which is refused: {text}", edit.told())),
            Err(text) => Err(text),
        }
    }

    /// A person writes down what was spoken; the contact says so.
    fn note_down(&mut self, now: Timestamp, contact: i64, random: &mut fastrand::Rng) -> Result<String, String> {
        let body = json!({ "ContactId": contact, "Content": pick(random, pool::NOTES) });
        let body = body.as_object().cloned().unwrap_or_default();
        let mut writer = Writer::new(&mut self.world, &self.switches, self.person, now);
        writer.create_record(&body).map_err(|refusal| refusal.text(false))?;
        self.fire();
        Ok("writes down what was spoken".to_owned())
    }

    /// Another document, none, or a mistyped one where nobody looks.
    fn document(&self, edit: &mut Edit, random: &mut fastrand::Rng) {
        let other = Company::some_other(random);
        let typed = match random.u8(..6) {
            0 | 1 => Value::Null,
            2 if !self.switches.documents_checked => json!(other.mistyped()),
            _ => json!(other.masked()),
        };
        edit.set("Register", typed);
    }

    /// A user is suspended, or comes back.
    fn reassign(&mut self, random: &mut fastrand::Rng) -> Option<String> {
        let id = self.some(Table::User, random).filter(|id| ![self.integration, self.person].contains(id))?;
        let suspended = self.world.row(Table::User, id)?.get("Suspended") != Some(&true.into());
        self.suspend_user(id, suspended);
        Some(format!("{} user {id}", if suspended { "suspends" } else { "lets back" }))
    }

    fn owner(&self, edit: &mut Edit, random: &mut fastrand::Rng) {
        let user = self.some(Table::User, random).filter(|_| !one_in(random, 4));
        edit.set("OwnerId", json!(user));
    }

    fn custom_field(&self, edit: &mut Edit, random: &mut fastrand::Rng) {
        let custom = |row: &&Row| row.get("Dynamic") == Some(&true.into());
        let fields: Vec<&Row> = self.world.rows(Table::Field).values().filter(custom).collect();
        let Some(field) = random.choice(fields) else { return };
        let (key, decimal) = (field.text("Key").unwrap_or_default(), field.integer("TypeId") == Some(5));
        let value = if decimal { json!(pick(random, pool::PRICES)) } else { json!(pick(random, pool::NOTES)) };
        let value = if one_in(random, 4) { Value::Null } else { value };
        let slot = if decimal { "DecimalValue" } else { "StringValue" };
        edit.set("OtherProperties", json!([{ "FieldKey": key, slot: value }]));
    }

    /// A choice from one of the small lists that no mapping speaks of.
    fn listed(&self, edit: &mut Edit, random: &mut fastrand::Rng) {
        let lists = [
            ("OriginId", Table::Origin),
            ("LineOfBusinessId", Table::LineOfBusiness),
            ("RelationshipId", Table::Relationship),
        ];
        if let Some((column, table)) = random.choice(lists) {
            edit.set(column, json!(self.some(table, random)));
        }
    }

    fn some(&self, table: Table, random: &mut fastrand::Rng) -> Option<i64> {
        random.choice(self.world.rows(table).keys().collect::<Vec<_>>()).copied()
    }
}

fn number(id: &str) -> Result<i64, String> {
    id.parse().ok().ok_or_else(|| format!("`{id}` is no id of Ploomes"))
}

fn by_rule(text: &str) -> bool {
    RULES.iter().any(|rule| text.starts_with(rule))
}

fn merged(mut contact: Value, patch: Value) -> Value {
    if let (Some(contact), Value::Object(patch)) = (contact.as_object_mut(), patch) {
        contact.extend(patch);
    }
    contact
}

fn address(edit: &mut Edit, random: &mut fastrand::Rng) {
    edit.set("StreetAddress", typed(random, pool::STREETS));
    edit.set("StreetAddressNumber", json!(pick(random, pool::NUMBERS)));
    edit.set("Neighborhood", typed(random, pool::DISTRICTS));
    edit.set("ZipCode", zip_code(random));
    edit.set("City", json!(pick(random, pool::CITIES)));
}

/// Adds a phone, or takes one away.
fn phones(shown: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
    let mut phones = items(shown, "Phones");
    if phones.len() > 5 || (!phones.is_empty() && one_in(random, 3)) {
        let gone = phones.remove(random.usize(..phones.len()));
        edit.say(format!("takes the phone {} away", text_of(gone.get("PhoneNumber"))));
    } else {
        let (ddd, number) = pick(random, pool::PHONES);
        let kind = pick(random, &["Comercial", "Celular", "Fax", "Residencial"]);
        let phone = json!({ "PhoneNumber": format!("({ddd}) {number}"), "Type": kind });
        edit.say(format!("adds the phone ({ddd}) {number}, {kind}"));
        if one_in(random, 3) { phones.insert(0, phone) } else { phones.push(phone) }
    }
    edit.add("Phones", json!(phones));
}

/// Adds a tag, or takes one away.
fn tags(shown: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
    let mut tags = items(shown, "Tags");
    if !tags.is_empty() && one_in(random, 3) {
        tags.remove(random.usize(..tags.len()));
        edit.say("takes a tag away");
    } else {
        let tag = pick(random, pool::TAGS);
        edit.say(format!("adds the tag {tag}"));
        tags.push(json!(tag));
    }
    edit.add("Tags", json!(tags));
}

fn items(shown: &Value, name: &str) -> Vec<Value> {
    shown.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}
