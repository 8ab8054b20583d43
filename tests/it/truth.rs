//! What both sandboxes hold in the end, up to ids: what any two histories of one town must share.

use std::collections::{BTreeMap, BTreeSet};

use depara::sandbox::{Omie, Ploomes};
use serde_json::{Map, Value};

/// What both systems hold, without ids and stamps, in an order of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Truth {
    pub(crate) clients: Vec<String>,
    pub(crate) contacts: Vec<String>,
}

/// What a client says, beside ids and stamps.
const CLIENT: &[&str] = &[
    "razao_social",
    "nome_fantasia",
    "cnpj_cpf",
    "telefone1_ddd",
    "telefone1_numero",
    "telefone2_ddd",
    "telefone2_numero",
    "fax_ddd",
    "fax_numero",
    "email",
    "homepage",
    "endereco",
    "endereco_numero",
    "bairro",
    "complemento",
    "estado",
    "cidade",
    "cidade_ibge",
    "cep",
    "codigo_pais",
    "cnae",
    "inativo",
    "pessoa_fisica",
    "recomendacoes",
    "enderecoEntrega",
];
/// What a contact says, beside ids and stamps.
const CONTACT: &[&str] = &[
    "TypeId",
    "Name",
    "LegalName",
    "Register",
    "CNPJ",
    "CPF",
    "Email",
    "Website",
    "StreetAddress",
    "StreetAddressNumber",
    "StreetAddressLine2",
    "Neighborhood",
    "ZipCode",
    "CityId",
    "StateId",
    "CountryId",
    "OwnerId",
    "StatusId",
    "CNAECode",
];

fn picked(record: &Value, keys: &[&str]) -> Map<String, Value> {
    keys.iter().map(|key| ((*key).to_owned(), record.get(*key).cloned().unwrap_or_default())).collect()
}

/// The folded names in a list, whose order and case mean nothing.
fn names<'a>(rows: Option<&'a Value>, name: impl Fn(&'a Value) -> Option<&'a Value>) -> Value {
    let rows = rows.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: BTreeSet<String> =
        rows.iter().filter_map(|row| name(row)?.as_str()).map(depara::reference::folded).collect();
    names.into_iter().collect()
}

fn client(record: &Value) -> String {
    let mut said = picked(record, CLIENT);
    said.insert("tags".to_owned(), names(record.get("tags"), |row| row.get("tag")));
    Value::Object(said).to_string()
}

fn contact(record: &Value) -> String {
    let mut said = picked(record, CONTACT);
    said.insert("Tags".to_owned(), names(record.get("Tags"), |row| row.get("Tag")?.get("Name")));
    let phones = record.get("Phones").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let phones = phones.iter().map(|phone| Value::Object(picked(phone, &["PhoneNumber", "TypeId"]))).collect();
    said.insert("Phones".to_owned(), phones);
    Value::Object(said).to_string()
}

impl Truth {
    pub(crate) fn of(omie: &Omie, ploomes: &Ploomes) -> Self {
        let mut clients: Vec<String> = omie.clients().map(|record| client(&record)).collect();
        let mut contacts: Vec<String> =
            ploomes.contacts().filter_map(|id| ploomes.contact(id)).map(|record| contact(&record)).collect();
        clients.sort();
        contacts.sort();
        Self { clients, contacts }
    }

    /// What only one of two truths holds, each told as shortly as it can be.
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (what, id, held, wanted) in [
            ("client", "cnpj_cpf", &self.clients, &expected.clients),
            ("contact", "Register", &self.contacts, &expected.contacts),
        ] {
            let (extra, mut missing) = (without(held, wanted), without(wanted, held));
            for record in extra {
                let twin = missing.iter().position(|other| other[id] == record[id]);
                match twin.map(|at| missing.remove(at)) {
                    Some(other) => found.push(format!("{what} {}: {}", record[id], changes(&record, &other))),
                    None => found.push(format!("{what} too many: {record}")),
                }
            }
            found.extend(missing.iter().map(|record| format!("{what} missing: {record}")));
        }
        found
    }
}

/// The records of one list that another has not, or has less often.
fn without(list: &[String], other: &[String]) -> Vec<Value> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    other.iter().for_each(|one| *counts.entry(one).or_default() += 1);
    let mut left = Vec::new();
    for one in list {
        match counts.get_mut(one).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => left.push(serde_json::from_str(one).unwrap()),
        }
    }
    left
}

fn changes(record: &Value, expected: &Value) -> String {
    let keys = expected.as_object().into_iter().flatten().filter(|(key, value)| record[key.as_str()] != **value);
    keys.map(|(key, value)| format!("{key} is {}, not {value}", record[key.as_str()])).collect::<Vec<_>>().join("; ")
}

/// Complains about a contact that carries the code of another's client, or one that nobody knows,
/// about two clients of one integration code, and about two tags of one name.
pub(crate) fn complain_twice(omie: &Omie, ploomes: &Ploomes) -> Vec<String> {
    let mut found = Vec::new();
    let mut keys: BTreeMap<String, i64> = BTreeMap::new();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    for id in ploomes.contacts() {
        let key = text(ploomes.contact(id).unwrap_or_default().get("Key"));
        let code = key.parse::<i64>().unwrap_or_default();
        if key.is_empty() {
            continue;
        }
        if omie.client(code).is_none() {
            found.push(format!("contact {id} carries the code `{key}` of nobody"));
        }
        if let Some(other) = keys.insert(key.clone(), id) {
            found.push(format!("contacts {other} and {id} both carry `{key}`"));
        }
    }
    let mut tags: BTreeSet<String> = BTreeSet::new();
    found.extend(
        ploomes.tags().filter(|tag| !tags.insert(depara::reference::folded(tag))).map(|tag| format!("{tag} twice")),
    );
    let mut codes: BTreeMap<String, Value> = BTreeMap::new();
    for client in omie.clients() {
        let (integration, code) =
            (text(client.get("codigo_cliente_integracao")), client["codigo_cliente_omie"].clone());
        if integration.is_empty() {
            continue;
        }
        if let Some(other) = codes.insert(integration.clone(), code.clone()) {
            found.push(format!("clients {other} and {code} both carry `{integration}`"));
        }
    }
    found
}
