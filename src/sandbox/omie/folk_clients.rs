//! What people type into clients, and who sells to them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Omie;
use super::folk::word_at;
use super::merge::same;
use crate::sandbox::folk::{Blank, COLLEAGUES, Company, Edit, Field, fits, flag_of, one_in, pick, pool, put_at, spelt};

const fn field(path: &'static str, blank: Blank, draw: fn(&mut fastrand::Rng) -> Value) -> Field {
    Field { path, blank, draw }
}

/// The plain fields; the last ones are in no mapping.
pub(super) const FIELDS: &[Field] = &[
    field("razao_social", Blank::Never, |random| typed(random, pool::NAMES, 60)),
    field("nome_fantasia", Blank::Text, |random| typed(random, pool::NAMES, 100)),
    field("email", Blank::Text, emails),
    field("homepage", Blank::Text, |random| typed(random, pool::SITES, 100)),
    field("cnae", Blank::Text, |random| json!(pick(random, pool::CNAES))),
    field("endereco", Blank::Text, |random| typed(random, pool::STREETS, 60)),
    field("endereco_numero", Blank::Text, |random| json!(pick(random, pool::NUMBERS))),
    field("complemento", Blank::Text, |random| typed(random, pool::COMPLEMENTS, 60)),
    field("bairro", Blank::Text, |random| typed(random, pool::DISTRICTS, 60)),
    field("cep", Blank::Text, |random| json!(pick(random, pool::CEPS))),
    field("inativo", Blank::Never, |random| flag_of(random.bool())),
    field("contato", Blank::Text, |random| typed(random, pool::PEOPLE, 100)),
    field("observacao", Blank::Text, |random| json!(pick(random, pool::NOTES))),
    field("inscricao_estadual", Blank::Text, |random| json!(random.u32(100_000..999_999).to_string())),
    field("valor_limite_credito", Blank::Zero, |random| json!(pick(random, pool::PRICES))),
    field("recomendacoes.email_fatura", Blank::Text, |random| json!(pick(random, pool::EMAILS))),
    field("optante_simples_nacional", Blank::Text, |random| flag_of(random.bool())),
];

fn typed(random: &mut fastrand::Rng, pool: &[&'static str], most: usize) -> Value {
    let text = pick(random, pool);
    json!(fits(&spelt(random, text), most))
}

/// One address, or two with a comma.
fn emails(random: &mut fastrand::Rng) -> Value {
    let first = pick(random, pool::EMAILS);
    if one_in(random, 4) { json!(format!("{first},{}", pick(random, pool::EMAILS))) } else { json!(first) }
}

/// Sellers: most colleagues, some inactive, their addresses in any case.
pub(super) fn hire(omie: &mut Omie, now: Timestamp, random: &mut fastrand::Rng) -> Vec<String> {
    let mut told = Vec::new();
    for colleague in COLLEAGUES.iter().filter(|_| !one_in(random, 4)).collect::<Vec<_>>() {
        let email = spelt(random, colleague.email);
        let inactive = one_in(random, 5);
        omie.add_seller(now, colleague.name, &email, inactive);
        told.push(format!("seller {email}{}", if inactive { " (inactive)" } else { "" }));
    }
    told
}

/// A client that nobody has seen before, unless somebody is asked for twice.
pub(super) fn invented(omie: &Omie, identity: u64, random: &mut fastrand::Rng) -> Value {
    let company = Company::of(identity);
    let legal = if company.person { company.name.clone() } else { format!("{} Ltda", company.name) };
    let legal = fits(&spelt(random, &legal), 60);
    let name = spelt(random, &company.name);
    let mut client = json!({ "razao_social": legal, "nome_fantasia": name });
    if !one_in(random, 10) {
        let document = if random.bool() { company.document.clone() } else { company.masked() };
        put_at(&mut client, "cnpj_cpf", json!(document));
    }
    let mut edit = Edit::new();
    for _ in 0..random.u8(..6) {
        some(omie, &client, &mut edit, random);
    }
    for (name, value) in edit.patch.as_object().into_iter().flatten() {
        if !["razao_social", "cnpj_cpf"].contains(&name.as_str()) {
            put_at(&mut client, name, value.clone());
        }
    }
    client
}

/// Changes something about a client.
pub(super) fn edit(omie: &Omie, kept: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
    if one_in(random, 16) {
        document(omie, edit, random);
    } else {
        some(omie, kept, edit, random);
    }
}

fn some(omie: &Omie, kept: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
    match random.u8(..20) {
        0 | 1 => address(edit, random),
        2 | 3 => phone(edit, random),
        4 | 5 => tags(kept, edit, random),
        6 => seller(omie, edit, random),
        7 => delivery(edit, random),
        8 => {
            let content = if one_in(random, 3) { "" } else { pick(random, pool::NOTES) };
            edit.set("caracteristicas", json!([{ "campo": "Porte", "conteudo": fits(content, 60) }]));
        }
        _ => {
            if let Some(field) = random.choice(FIELDS) {
                edit.change(field, kept, random);
            }
        }
    }
}

/// Another document: of another company or person, none, or a mistyped one where nobody looks.
fn document(omie: &Omie, edit: &mut Edit, random: &mut fastrand::Rng) {
    let other = Company::some_other(random);
    let typed = match random.u8(..6) {
        0 | 1 => String::new(),
        2 if !omie.switches.document_checked => other.mistyped(),
        _ => other.masked(),
    };
    edit.set("cnpj_cpf", json!(typed));
}

/// A seller becomes inactive, or active again.
pub(super) fn reassign(omie: &mut Omie, now: Timestamp, random: &mut fastrand::Rng) -> Option<String> {
    let code = random.choice(omie.sellers().collect::<Vec<_>>())?;
    let inactive = !omie.sellers.get(&code)?.inactive;
    omie.set_seller_inactive(now, code, inactive);
    Some(format!("makes seller {code} {}", if inactive { "inactive" } else { "active again" }))
}

fn address(edit: &mut Edit, random: &mut fastrand::Rng) {
    edit.set("endereco", typed(random, pool::STREETS, 60));
    edit.set("endereco_numero", json!(pick(random, pool::NUMBERS)));
    edit.set("bairro", typed(random, pool::DISTRICTS, 60));
    edit.set("cep", json!(pick(random, pool::CEPS)));
    edit.set("cidade_ibge", json!(pick(random, pool::CITIES).to_string()));
}

fn phone(edit: &mut Edit, random: &mut fastrand::Rng) {
    let slot = pick(random, &["telefone1", "telefone1", "telefone2", "fax"]);
    let (ddd, number) = if one_in(random, 4) { ("", "") } else { pick(random, pool::PHONES) };
    edit.set(&format!("{slot}_ddd"), json!(ddd));
    edit.set(&format!("{slot}_numero"), json!(number));
}

/// Adds a tag, or takes one away.
fn tags(kept: &Value, edit: &mut Edit, random: &mut fastrand::Rng) {
    let old = kept.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut names: Vec<String> = old.iter().map(|row| word_at(row, "tag").to_owned()).collect();
    if !names.is_empty() && one_in(random, 3) {
        names.swap_remove(random.usize(..names.len()));
    } else {
        let other = pick(random, &["Cliente", "Fornecedor"]);
        let name = if one_in(random, 4) { other } else { pick(random, pool::TAGS) };
        names.retain(|own| !same(own, name));
        names.push(name.to_owned());
    }
    edit.set("tags", names.iter().map(|name| json!({ "tag": name })).collect());
}

/// Another seller, or none.
fn seller(omie: &Omie, edit: &mut Edit, random: &mut fastrand::Rng) {
    let sellers: Vec<i64> = omie.sellers().collect();
    let code = if one_in(random, 4) { 0 } else { random.choice(sellers).unwrap_or_default() };
    edit.set("recomendacoes.codigo_vendedor", json!(code));
}

/// The address for deliveries, or none.
fn delivery(edit: &mut Edit, random: &mut fastrand::Rng) {
    let empty = one_in(random, 4);
    let told = |value: Value| if empty { json!("") } else { value };
    edit.set("enderecoEntrega.entEndereco", told(typed(random, pool::STREETS, 60)));
    edit.set("enderecoEntrega.entNumero", told(json!(pick(random, pool::NUMBERS))));
    edit.set("enderecoEntrega.entCEP", told(json!(pick(random, pool::CEPS))));
    edit.set("enderecoEntrega.entCidade", told(json!("SAO PAULO (SP)")));
    edit.set("enderecoEntrega.entEstado", told(json!("SP")));
}
