//! The small lists of an account: what it starts with, and how tags and interaction records change.
//!
//! Ids follow from the seed and are large, so that nobody can write them into a mapping; only the
//! phone types 1 and 2, the contact types 1 and 2 and Brazil (76) are the same everywhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::contacts::BRAZIL;
use super::hooks;
use super::refusal::Refusal;
use super::row::{Cell, List, Row, midnight};
use super::schema::Table;
use super::world::World;
use super::write::{Body, Writer};
use crate::sandbox::places;

/// Fills a new account and tells the ids of its integration user and of its owner.
pub(super) fn seed(world: &mut World) -> (i64, i64) {
    named(world, Table::Account, &["Conta de demonstração"]);
    for (id, name) in [(1, "Empresa"), (2, "Pessoa")] {
        world.put(Table::ContactType, Row::default().with("Id", id).with("Name", name));
    }
    for (id, name) in [(1, "Comercial"), (2, "Celular")] {
        world.put(Table::PhoneType, Row::default().with("Id", id).with("Name", name));
    }
    named(world, Table::PhoneType, &["Residencial", "Fax", "Recado"]);
    named(world, Table::Relationship, &["Cliente", "Parceiro", "Revendedor", "Fornecedor"]);
    named(world, Table::LineOfBusiness, &["Comércio", "Indústria", "Serviços"]);
    named(world, Table::Origin, &["Indicação", "Site", "Feira"]);
    for (name, prospect, discarded) in [("Ativo", false, false), ("Inativo", false, true), ("Prospect", true, false)] {
        let id = world.new_id(Table::Status);
        let row = Row::default().with("Id", id).with("Name", name).with("Label", name).with("Color", "#336699");
        world.put(Table::Status, row.with("Prospect", prospect).with("Discarded", discarded));
    }
    places(world);
    fields(world);
    hooks::seed(world);
    let integration = user(world, "Integração Omie", "Integracao@Aurora.example", false);
    let owner = user(world, "Helena Prado", "helena.prado@aurora.example", false);
    user(world, "Otávio Reis", "Otavio.Reis@aurora.example", true);
    for (id, flag) in [(integration, "Integration"), (owner, "AccountOwner")] {
        if let Some(row) = world.row(Table::User, id).cloned() {
            world.put(Table::User, row.with(flag, true));
        }
    }
    (integration, owner)
}

/// Adds a user and tells its id.
pub(super) fn user(world: &mut World, name: &str, email: &str, suspended: bool) -> i64 {
    let id = world.new_id(Table::User);
    let mut row = Row::default().with("Id", id).with("Name", name).with("Email", email).with("Language", "pt-BR");
    row.set("Suspended", Some(Cell::Flag(suspended)));
    let off = ["Integration", "NativeIntegration", "GoogleAuthenticatorConfigured", "AccountOwner", "ActiveSmtp"];
    for flag in off.into_iter().chain(["Editable", "ResetPassword", "NoLogin"]) {
        row.set(flag, Some(Cell::Flag(false)));
    }
    for moment in ["CreateDate", "UpdateDate", "LastUpdateDate"] {
        row.set(moment, Some(Cell::Moment(FOUNDED)));
    }
    world.put(Table::User, row);
    id
}

/// When the account was opened: 2 January 2024, 09:00 in Brasília.
const FOUNDED: i64 = 1_704_196_800_000;

fn named(world: &mut World, table: Table, names: &[&str]) {
    for name in names {
        let id = world.new_id(table);
        world.put(table, Row::default().with("Id", id).with("Name", *name));
    }
}

fn places(world: &mut World) {
    for country in places::COUNTRIES {
        let id = if country.iso2 == "BR" { BRAZIL } else { world.new_id(Table::Country) };
        let row = Row::default().with("Id", id).with("Name", country.name).with("Short2", country.iso2);
        let mask = (id == BRAZIL).then(|| Cell::from("(99) 99999-9999"));
        let mut row = row;
        row.set("PhoneMask", mask);
        world.put(Table::Country, row);
    }
    let mut states = BTreeMap::new();
    for state in places::STATES {
        let id = world.new_id(Table::State);
        let row = Row::default().with("Id", id).with("Name", state.name).with("Short", state.uf);
        world.put(Table::State, row.with("CountryId", BRAZIL));
        states.insert(state.uf, id);
    }
    for (city, row) in places::CITIES.iter().zip(CITY_ROWS.iter()) {
        let id = world.new_id(Table::City);
        let state = states.get(city.uf).copied().unwrap_or_default();
        world.put(Table::City, row.clone().with("Id", id).with("StateId", state));
    }
}

/// Cities as every account has them, but for the ids.
static CITY_ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let row = |city: &places::City| {
        let row = Row::default().with("Id", 0).with("Name", &*city.name.to_uppercase()).with("CountryId", BRAZIL);
        let row = row.with("StateId", 0).with("IBGECode", i64::from(city.ibge)).with("Editable", false);
        row.with("LastUpdateDate", Cell::Moment(FOUNDED))
    };
    places::CITIES.iter().map(row).collect()
});

/// Native keys of contact fields with the kind of their value.
const NATIVE: &[(&str, &str, i64)] = &[
    ("contact_name", "Nome", 1),
    ("contact_legal_name", "Razão social", 1),
    ("contact_cnpj", "CNPJ", 12),
    ("contact_cpf", "CPF", 11),
    ("contact_email", "E-mail", 1),
    ("contact_website", "Website", 1),
    ("contact_note", "Observações", 2),
    ("contact_phones", "Telefones", 7),
    ("contact_street_address", "Endereço", 17),
    ("contact_street_address_number", "Número", 1),
    ("contact_street_address_line2", "Complemento", 1),
    ("contact_neighborhood", "Bairro", 1),
    ("contact_zipcode", "CEP", 4),
    ("contact_city", "Cidade", 7),
    ("contact_state", "Estado", 7),
    ("contact_country", "País", 7),
    ("contact_tags", "Marcadores", 7),
    ("contact_owner", "Responsável", 7),
    ("contact_status", "Status", 7),
    ("contact_type", "Tipo", 7),
    ("contact_cnae_code", "Código CNAE", 1),
    ("contact_key", "Chave externa", 1),
    ("contact_create_date", "Criado em", 8),
    ("contact_last_update_date", "Atualizado em", 8),
];

/// Custom fields of the account: key, name, kind.
const CUSTOM: &[(&str, &str, i64)] = &[
    ("contact_5B0A7C52-1D6E-4C0B-9A53-8E2F6D1C0A11", "Inscrição estadual", 1),
    ("contact_C41F9E07-62B8-4D3A-8F15-0B7D9E3A4C22", "Limite de crédito", 5),
];

fn fields(world: &mut World) {
    let types = [(1, "String"), (2, "BigString"), (4, "Integer"), (5, "Decimal"), (7, "Integer"), (8, "DateTime")];
    for (id, native) in types.into_iter().chain([(11, "String"), (12, "String"), (17, "String")]) {
        let row = Row::default().with("Id", id).with("Name", native).with("NativeType", native);
        world.put(Table::FieldType, row);
    }
    let native = NATIVE.iter().map(|field| (field, false));
    for ((key, name, kind), dynamic) in native.chain(CUSTOM.iter().map(|field| (field, true))) {
        let id = world.new_id(Table::Field);
        let mut row = Row::default().with("Id", id).with("Key", *key).with("Name", *name).with("Label", *name);
        row = row.with("EntityId", CONTACTS).with("TypeId", *kind).with("Dynamic", dynamic);
        row = row.with("Required", matches!(*key, "contact_name" | "contact_type"));
        for flag in ["Multiple", "Unique", "Hidden", "Disabled", "SendExternalKey"] {
            row.set(flag, Some(Cell::Flag(false)));
        }
        world.put(Table::Field, row);
    }
}

/// The number of contacts among the kinds of records (`EntityId`).
const CONTACTS: i64 = 1;

impl Writer<'_> {
    /// Makes a tag and tells its id.
    pub(super) fn create_tag(&mut self, body: &Body) -> Result<i64, Refusal> {
        let mut row = Row::default().with("Color", "#000000").with("EntityId", CONTACTS);
        self.assign(Table::Tag, body, &mut row)?;
        let Some(name) = row.text("Name").filter(|name| !name.trim().is_empty()) else {
            return Err(Refusal::invalid("O campo Name é obrigatório."));
        };
        if self.switches.tag_names_unique && self.world.find(Table::Tag, "Name", name).is_some() {
            return Err(Refusal::invalid("Já existe um marcador com esse nome."));
        }
        let id = self.world.new_id(Table::Tag);
        self.world.put(Table::Tag, row.with("Id", id));
        Ok(id)
    }

    /// Renames or recolours a tag.
    pub(super) fn update_tag(&mut self, id: i64, body: &Body) -> Result<(), Refusal> {
        let mut row = self.world.row(Table::Tag, id).ok_or(Refusal::Gone)?.clone();
        self.assign(Table::Tag, body, &mut row)?;
        self.world.put(Table::Tag, row);
        Ok(())
    }

    /// Deletes a tag and takes it off every contact.
    pub(super) fn delete_tag(&mut self, id: i64) -> Result<(), Refusal> {
        self.world.take(Table::Tag, id).ok_or(Refusal::Gone)?;
        let carries = |row: &Row| row.integer("TagId") == Some(id);
        let contacts = self.world.rows(Table::Contact).values();
        let tagged: Vec<Row> = contacts.filter(|row| row.list(List::Tags).iter().any(carries)).cloned().collect();
        for mut contact in tagged {
            let left = contact.list(List::Tags).iter().filter(|row| !carries(row)).cloned().collect();
            contact.set_list(List::Tags, left);
            self.world.put(Table::Contact, contact);
        }
        Ok(())
    }

    /// Writes an interaction record; its contact learns of it.
    pub(super) fn create_record(&mut self, body: &Body) -> Result<i64, Refusal> {
        let mut row = Row::default().with("TypeId", 1).with("VerifiedCheckIn", false).with("Editable", true);
        row.set("Date", Some(Cell::Moment(midnight(self.now))));
        self.assign(Table::InteractionRecord, body, &mut row)?;
        let contact = row.integer("ContactId").ok_or_else(|| Refusal::invalid("O campo ContactId é obrigatório."))?;
        if body.get("Content").and_then(Value::as_str).is_none_or(|content| content.trim().is_empty()) {
            return Err(Refusal::invalid("O campo Content é obrigatório."));
        }
        let id = self.world.new_id(Table::InteractionRecord);
        self.stamp_birth(&mut row);
        self.world.put(Table::InteractionRecord, row.with("Id", id));
        if let Some(mut contact) = self.world.row(Table::Contact, contact).cloned() {
            contact.set("LastInteractionRecordId", Some(Cell::Integer(id)));
            if self.switches.record_touches_contact {
                contact.set("LastUpdateDate", Some(Cell::Moment(self.now)));
            }
            self.world.remember(self.now, contact.id());
            self.world.put(Table::Contact, contact);
        }
        self.tell(Table::InteractionRecord, id, None);
        Ok(id)
    }

    /// Changes an interaction record.
    pub(super) fn update_record(&mut self, id: i64, body: &Body) -> Result<(), Refusal> {
        let old = self.world.row(Table::InteractionRecord, id).ok_or(Refusal::Gone)?.clone();
        let mut row = old.clone();
        self.assign(Table::InteractionRecord, body, &mut row)?;
        self.stamp_change(&mut row);
        self.world.put(Table::InteractionRecord, row);
        self.tell(Table::InteractionRecord, id, Some(old));
        Ok(())
    }

    /// Deletes an interaction record.
    pub(super) fn delete_record(&mut self, id: i64) -> Result<(), Refusal> {
        let old = self.world.take(Table::InteractionRecord, id).ok_or(Refusal::Gone)?;
        self.tell(Table::InteractionRecord, id, Some(old));
        Ok(())
    }
}
