//! What people type into customers, products and services.

use serde_json::{Value, json};

use super::Auvo;
use super::folk::list_of;
use super::schema::Table;
use crate::sandbox::folk::{
    Blank, Company, Edit, Field, one_in, pick, pool, product_code, put_at, service_name, spelt,
};

const fn field(path: &'static str, blank: Blank, draw: fn(&mut fastrand::Rng) -> Value) -> Field {
    Field { path, blank, draw }
}

/// What is shown in another form than it is typed in.
pub(super) const PRICES: [&str; 4] = ["unitaryValue", "unitaryCost", "price", "descount"];

/// The plain fields of a customer; the last ones are in no mapping.
pub(super) const CUSTOMER: &[Field] = &[
    field("description", Blank::Never, |random| typed(random, pool::NAMES)),
    field("cpfCnpj", Blank::Text, |random| json!(Company::some_other(random).document)),
    field("address", Blank::Text, |random| json!(address(random))),
    field("adressComplement", Blank::Text, |random| typed(random, pool::COMPLEMENTS)),
    field("active", Blank::Never, |random| json!(random.bool())),
    field("email", Blank::List, emails),
    field("note", Blank::Text, |random| json!(pick(random, pool::NOTES))),
    field("manager", Blank::Text, |random| typed(random, pool::PEOPLE)),
    field("legalName", Blank::Text, |random| typed(random, pool::NAMES)),
    field("maximumVisitTime", Blank::Zero, |random| json!(random.u8(..4))),
];

/// The fields of a product; the last ones are in no mapping.
pub(super) const PRODUCT: &[Field] = &[
    field("name", Blank::Never, |random| typed(random, pool::GOODS)),
    field("unitaryValue", Blank::Zero, |random| json!(pick(random, pool::PRICES))),
    field("totalStock", Blank::Zero, |random| json!(pick(random, pool::AMOUNTS))),
    field("active", Blank::Never, |random| json!(random.bool())),
    field("description", Blank::Text, |random| json!(pick(random, pool::NOTES))),
    field("unitaryCost", Blank::Zero, |random| json!(pick(random, pool::PRICES))),
    field("minimumStock", Blank::Zero, |random| json!(pick(random, pool::AMOUNTS))),
];

/// The fields of a service; the last one is in no mapping.
pub(super) const SERVICE: &[Field] = &[
    field("title", Blank::Never, |random| typed(random, pool::LABOURS)),
    field("price", Blank::Zero, |random| json!(pick(random, pool::PRICES))),
    field("active", Blank::Never, |random| json!(random.bool())),
    field("description", Blank::Text, |random| json!(pick(random, pool::NOTES))),
];

fn typed(random: &mut fastrand::Rng, pool: &[&'static str]) -> Value {
    let text = pick(random, pool);
    json!(spelt(random, text))
}

fn emails(random: &mut fastrand::Rng) -> Value {
    let first = pick(random, pool::EMAILS);
    if one_in(random, 3) { json!([first, pick(random, pool::EMAILS)]) } else { json!([first]) }
}

/// An address in one line, as most people write it and as some do.
fn address(random: &mut fastrand::Rng) -> String {
    let (street, number) = (pick(random, pool::STREETS), pick(random, pool::NUMBERS));
    let district = pick(random, pool::DISTRICTS);
    let cep = pick(random, pool::CEPS);
    match random.u8(..6) {
        0 => street.to_owned(),
        1 => format!("{street} {number}, perto da praça"),
        _ => {
            let (first, rest) = cep.split_at_checked(5).unwrap_or((cep, ""));
            format!("{street}, {number}, {district}, São Paulo - SP, {first}-{rest}")
        }
    }
}

/// A customer that nobody has seen before, unless somebody is asked for twice.
pub(super) fn customer(auvo: &Auvo, identity: u64, random: &mut fastrand::Rng) -> Value {
    let company = Company::of(identity);
    let mut customer = json!({ "name": spelt(random, &company.name) });
    let mut edit = Edit::new();
    for _ in 0..random.u8(..5) {
        match random.choice(CUSTOMER) {
            Some(field) if !["description", "cpfCnpj"].contains(&field.path) => {
                edit.change(field, &customer, random);
            }
            _ => customer_lists(auvo, &customer, &mut edit, random),
        }
    }
    for (name, value) in edit.patch.as_object().into_iter().flatten() {
        put_at(&mut customer, name, value.clone());
    }
    if !one_in(random, 10) {
        let document = if random.bool() { company.document.clone() } else { company.masked() };
        put_at(&mut customer, "cpfCnpj", json!(document));
    }
    customer
}

/// Changes phones, groups, the segment, contacts, or the external code.
pub(super) fn customer_lists(auvo: &Auvo, kept: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
    match random.u8(..10) {
        0..=4 => phones(kept, edit, random),
        5 | 6 => {
            let group = auvo.some_id(Table::Group, random);
            edit.set("groupsId", if one_in(random, 3) { json!([]) } else { json!([group]) });
        }
        7 => edit.set("segmentId", json!(auvo.some_id(Table::Segment, random))),
        8 => edit.set("contacts", json!([{ "name": pick(random, pool::PEOPLE), "phone": "11987654321" }])),
        _ if one_in(random, 4) => edit.set("externalId", json!("")),
        _ => edit.set("managersId", json!([auvo.some_id(Table::User, random)])),
    }
}

/// Adds a phone at the front or the end, or takes one away.
fn phones(kept: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
    let mut phones = list_of(kept, "phoneNumber");
    if phones.len() > 5 || (!phones.is_empty() && one_in(random, 3)) {
        phones.remove(random.usize(..phones.len()));
    } else {
        let (ddd, number) = pick(random, pool::PHONES);
        let phone = json!(format!("({ddd}) {number}"));
        if random.bool() { phones.insert(0, phone) } else { phones.push(phone) }
    }
    edit.set("phoneNumber", json!(phones));
}

/// A product; its external code follows from the identity.
pub(super) fn product(identity: u64, random: &mut fastrand::Rng) -> Value {
    let name = pick(random, pool::GOODS);
    json!({ "externalId": product_code(identity), "name": format!("{} {identity}", spelt(random, name)),
        "unitaryValue": pick(random, pool::PRICES), "totalStock": pick(random, pool::AMOUNTS),
        "active": !one_in(random, 8) })
}

/// A service; its title follows from the identity.
pub(super) fn service(identity: u64, random: &mut fastrand::Rng) -> Value {
    json!({ "title": service_name(identity), "price": pick(random, pool::PRICES), "active": !one_in(random, 8) })
}
