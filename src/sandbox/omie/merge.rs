//! What a write does to a client's fields, and what Omie makes of them.
//!
//! A write names some tags; the others stay, also inside nested objects. Documents lose their mask,
//! CEPs theirs, a city becomes `NAME (UF)` with its IBGE code and its state. Pure: fields in,
//! fields out.

use serde_json::{Map, Value, json};

use super::Switches;
use super::refusal::Refusal;
use super::schema::{Fields, is_empty, text};
use crate::sandbox::document::is_valid;
use crate::sandbox::places::{CITIES, COUNTRIES, City, plain_upper};

/// Brazil, by the code of the Central Bank.
const BRAZIL: &str = "1058";

/// The fields of a client before its first write.
pub(super) fn newborn() -> Fields {
    let defaults = [("bloquear_faturamento", "N"), ("codigo_pais", BRAZIL), ("inativo", "N")];
    defaults.into_iter().map(|(tag, value)| (tag, Value::from(value))).collect()
}

/// Merges a write into the fields.
///
/// # Errors
///
/// An unknown city or country, or a document that is none where documents are checked.
pub(super) fn merge(fields: &mut Fields, patch: &Fields, switches: &Switches) -> Result<(), Refusal> {
    for (tag, value) in patch {
        match *tag {
            // Read-only, write-only, deprecated, or settled elsewhere.
            "codigo_cliente_omie"
            | "info"
            | "pessoa_fisica"
            | "exterior"
            | "importado_api"
            | "bloqueado"
            | "logradouro"
            | "separar_endereco"
            | "pesquisar_cep"
            | "cidade"
            | "cidade_ibge"
            | "estado" => {}
            "codigo_cliente_integracao" if is_empty(value) => {}
            "tags" => labels(fields, value, switches),
            "caracteristicas" => traits(fields, value),
            "recomendacoes" | "enderecoEntrega" | "dadosBancarios" => {
                nested(fields, tag, value, switches);
            }
            _ => set(fields, tag, cleaned(tag, value, switches)?, switches),
        }
    }
    place(fields, patch, switches)
}

/// The document without its mask; anything that is neither CPF nor CNPJ stays as typed.
pub(super) fn document(typed: &str) -> String {
    let bare: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    match bare.len() {
        11 | 14 => bare.to_ascii_uppercase(),
        _ => typed.to_owned(),
    }
}

/// The document with its mask.
pub(super) fn masked(document: &str) -> String {
    let pattern = match document.len() {
        11 => "###.###.###-##",
        14 => "##.###.###/####-##",
        _ => return document.to_owned(),
    };
    let mut digits = document.chars();
    pattern.chars().filter_map(|c| if c == '#' { digits.next() } else { Some(c) }).collect()
}

fn set(fields: &mut Fields, tag: &'static str, value: Value, switches: &Switches) {
    if !is_empty(&value) {
        fields.insert(tag, value);
    } else if switches.empty_clears {
        match newborn().remove(tag) {
            Some(default) => drop(fields.insert(tag, default)),
            None => drop(fields.remove(tag)),
        }
    }
}

fn cleaned(tag: &str, value: &Value, switches: &Switches) -> Result<Value, Refusal> {
    let Some(typed) = value.as_str() else {
        return Ok(value.clone());
    };
    let clean = match tag {
        "cnpj_cpf" => {
            let document = document(typed);
            if switches.document_checked && !document.is_empty() && !is_valid(&document) {
                return Err(Refusal::bad_document(typed));
            }
            document
        }
        "cep" => digits(typed),
        "codigo_pais" if !typed.is_empty() => {
            let number = typed.trim_start_matches('0');
            let found = COUNTRIES.iter().find(|it| it.bacen.trim_start_matches('0') == number);
            found.ok_or_else(|| Refusal::no_country(typed))?.bacen.to_owned()
        }
        "razao_social" | "nome_fantasia" | "contato" | "endereco" | "endereco_numero" | "bairro" | "complemento"
            if switches.upper_case_text =>
        {
            typed.to_uppercase()
        }
        _ => typed.to_owned(),
    };
    Ok(Value::String(clean))
}

fn nested(fields: &mut Fields, tag: &'static str, value: &Value, switches: &Switches) {
    let Value::Object(patch) = value else {
        return;
    };
    let mut merged = match fields.remove(tag) {
        Some(Value::Object(old)) => old,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if name == "entSepararEndereco" {
            continue;
        }
        if !is_empty(value) {
            merged.insert(name.clone(), value.clone());
        } else if switches.empty_clears {
            merged.remove(name);
        }
    }
    if !merged.is_empty() {
        fields.insert(tag, Value::Object(merged));
    }
}

fn labels(fields: &mut Fields, value: &Value, switches: &Switches) {
    let old = if switches.tags_replace { None } else { fields.remove("tags") };
    let old = old.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let new = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let names = old.iter().chain(new).filter_map(|row| row.get("tag")?.as_str());
    put_labels(fields, names.map(str::to_owned).collect());
}

/// Replaces the tags, each once whatever its case.
pub(super) fn put_labels(fields: &mut Fields, names: Vec<String>) {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !name.is_empty() && !kept.iter().any(|other| same(other, &name)) {
            kept.push(name);
        }
    }
    if kept.is_empty() {
        fields.remove("tags");
    } else {
        fields.insert("tags", kept.iter().map(|name| json!({ "tag": name })).collect());
    }
}

/// The tags of a client.
pub(super) fn label_names(fields: &Fields) -> Vec<String> {
    let rows = fields.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    rows.iter().filter_map(|row| row.get("tag")?.as_str()).map(str::to_owned).collect()
}

/// Compares two labels the way Omie does, without regard to case.
pub(super) fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

/// Characteristics go one by one: an empty content deletes, an unknown name is created.
fn traits(fields: &mut Fields, value: &Value) {
    let word = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut rows = match fields.remove("caracteristicas") {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    };
    for row in value.as_array().map(Vec::as_slice).unwrap_or_default() {
        let Some(name) = word(row, "campo") else {
            continue;
        };
        let content = word(row, "conteudo").unwrap_or_default();
        rows.retain(|old| word(old, "campo").as_ref() != Some(&name));
        if !content.is_empty() {
            rows.push(json!({ "campo": name, "conteudo": content }));
        }
    }
    if !rows.is_empty() {
        fields.insert("caracteristicas", Value::Array(rows));
    }
}

/// Settles city, IBGE code and state, which follow one another.
fn place(fields: &mut Fields, patch: &Fields, switches: &Switches) -> Result<(), Refusal> {
    let state = patch.get("estado").and_then(Value::as_str);
    let state = state.filter(|state| !state.is_empty()).map(str::to_uppercase);
    let uf = state.clone().unwrap_or_else(|| text(fields, "estado").to_owned());
    let (code, name) = (text(patch, "cidade_ibge"), text(patch, "cidade"));
    if uf == "EX" && code.is_empty() && !name.is_empty() {
        // Abroad a city is only a name.
        put(fields, plain_upper(name), String::new(), uf);
        return Ok(());
    }
    let typed = if code.is_empty() { (name, "cidade") } else { (code, "cidade_ibge") };
    if !typed.0.is_empty() {
        let city = find_city(typed.0, &uf).ok_or_else(|| Refusal::no_city(typed.0, typed.1))?;
        put(fields, city_code(city), format!("{:07}", city.ibge), city.uf.to_owned());
        return Ok(());
    }
    let named = |tag| patch.contains_key(tag);
    if (named("cidade") || named("cidade_ibge")) && switches.empty_clears {
        put(fields, String::new(), String::new(), uf.clone());
    }
    if text(fields, "cidade").is_empty() && named("estado") {
        let cleared = state.is_none() && switches.empty_clears;
        put(fields, String::new(), String::new(), if cleared { String::new() } else { uf });
    }
    Ok(())
}

fn put(fields: &mut Fields, city: String, ibge: String, uf: String) {
    for (tag, value) in [("cidade", city), ("cidade_ibge", ibge), ("estado", uf)] {
        if value.is_empty() {
            fields.remove(tag);
        } else {
            fields.insert(tag, Value::String(value));
        }
    }
}

/// A city the way Omie writes it: `SAO PAULO (SP)`.
pub(super) fn city_code(city: &City) -> String {
    format!("{} ({})", plain_upper(city.name), city.uf)
}

/// Finds a city by its IBGE code, its `NAME (UF)` or its name, which may need the state.
fn find_city(typed: &str, uf: &str) -> Option<&'static City> {
    if let Ok(ibge) = typed.trim().parse::<u32>() {
        return CITIES.iter().find(|city| city.ibge == ibge);
    }
    let plain = plain_upper(typed.trim());
    let (name, given) = match plain.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        Some((name, given)) => (name.to_owned(), Some(given.to_owned())),
        None => (plain, None),
    };
    let mut found = CITIES
        .iter()
        .filter(|city| plain_upper(city.name) == name && given.as_ref().is_none_or(|given| given == city.uf));
    let first = found.next()?;
    match found.next() {
        None => Some(first),
        Some(second) => [first, second].into_iter().find(|city| city.uf == uf),
    }
}

fn digits(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(old: Value, patch: Value, switches: &Switches) -> Result<Value, Refusal> {
        use super::super::schema::{CLIENT, object, read};
        let read = |value: &Value| read(&CLIENT, value.as_object().unwrap(), switches);
        let mut fields = read(&old).unwrap();
        merge(&mut fields, &read(&patch).unwrap(), switches)?;
        Ok(object(fields))
    }

    #[test]
    fn a_city_comes_from_any_of_its_three_forms() {
        let paulo = json!({ "cidade": "SAO PAULO (SP)", "cidade_ibge": "3550308", "estado": "SP" });
        for patch in [
            json!({ "cidade": "são paulo" }),
            json!({ "cidade": "SAO PAULO (SP)", "estado": "RJ" }),
            json!({ "cidade": "3550308" }),
            json!({ "cidade_ibge": "3550308", "cidade": "anything" }),
        ] {
            let old = json!({ "cidade": "RECIFE (PE)", "estado": "PE" });
            assert_eq!(merged(old, patch, &Switches::default()).unwrap(), paulo);
        }
    }

    #[test]
    fn a_city_name_of_two_states_needs_its_state_and_an_unknown_one_is_refused() {
        let ask = |patch| merged(json!({}), patch, &Switches::default());
        assert_eq!(ask(json!({ "cidade": "Cascavel", "estado": "CE" })).unwrap()["cidade_ibge"], "2303501");
        assert!(ask(json!({ "cidade": "Cascavel" })).is_err());
        assert!(ask(json!({ "cidade": "CAMPINAS (RJ)" })).is_err());
        assert!(ask(json!({ "cidade_ibge": "3550309" })).unwrap_err().text.contains("[cidade_ibge]"));
    }

    #[test]
    fn a_write_keeps_what_it_does_not_name_also_inside() {
        let old = json!({ "email": "a@x", "recomendacoes": { "codigo_vendedor": 7, "gerar_boletos": "S" } });
        let patch = json!({ "recomendacoes": { "codigo_vendedor": 0 }, "contato": "ANA" });
        let new = merged(old, patch, &Switches::default()).unwrap();
        let expected = json!({ "email": "a@x", "contato": "ANA", "recomendacoes": { "gerar_boletos": "S" } });
        assert_eq!(new, expected);
    }

    #[test]
    fn empties_clear_and_tags_replace_as_switched() {
        let old = || json!({ "email": "a@x", "inativo": "S", "tags": [{ "tag": "Cliente" }] });
        let patch = || json!({ "email": "", "inativo": "", "tags": [{ "tag": "VIP" }, { "tag": "vip" }] });
        let new = merged(old(), patch(), &Switches::default()).unwrap();
        assert_eq!(new, json!({ "inativo": "N", "tags": [{ "tag": "VIP" }] }));
        let switches = Switches { empty_clears: false, tags_replace: false, ..Switches::default() };
        let new = merged(old(), patch(), &switches).unwrap();
        let tags = json!([{ "tag": "Cliente" }, { "tag": "VIP" }]);
        assert_eq!(new, json!({ "email": "a@x", "inativo": "S", "tags": tags }));
    }

    #[test]
    fn abroad_a_city_is_only_a_name_and_a_country_is_found_with_or_without_zeros() {
        let patch = json!({ "cidade": "Córdoba", "estado": "EX", "codigo_pais": "639" });
        let new = merged(json!({}), patch, &Switches::default()).unwrap();
        let expected = json!({ "cidade": "CORDOBA", "estado": "EX", "codigo_pais": "0639" });
        assert_eq!(new, expected);
        let patch = json!({ "codigo_pais": "9999" });
        assert!(merged(json!({}), patch, &Switches::default()).is_err());
    }

    #[test]
    fn a_cleared_city_takes_its_code_and_leaves_its_state() {
        let old = || json!({ "cidade": "RECIFE (PE)", "cidade_ibge": "2611606", "estado": "PE" });
        let new = merged(old(), json!({ "cidade": "" }), &Switches::default()).unwrap();
        assert_eq!(new, json!({ "estado": "PE" }));
        let patch = json!({ "estado": "SP" });
        assert_eq!(merged(old(), patch, &Switches::default()).unwrap(), old(), "the city rules");
    }

    #[test]
    fn characteristics_are_replaced_and_deleted_one_by_one() {
        let row = |name, content| json!({ "campo": name, "conteudo": content });
        let old = json!({ "caracteristicas": [row("Cor", "Azul"), row("Porte", "G")] });
        let patch = json!({ "caracteristicas": [row("Cor", "Rosa"), row("Porte", "")] });
        let new = merged(old, patch, &Switches::default()).unwrap();
        assert_eq!(new, json!({ "caracteristicas": [row("Cor", "Rosa")] }));
    }

    #[test]
    fn documents_are_masked_and_checked() {
        assert_eq!(masked(&document("11444777000161")), "11.444.777/0001-61");
        assert_eq!(masked(&document("529.982.247-25")), "529.982.247-25");
        assert_eq!(masked(&document("12")), "12");
        let switches = Switches { document_checked: true, ..Switches::default() };
        assert!(merged(json!({}), json!({ "cnpj_cpf": "11.444.777/0001-62" }), &switches).is_err());
        assert!(merged(json!({}), json!({ "cnpj_cpf": "12.abc.345/01de-35" }), &switches).is_ok());
    }
}
