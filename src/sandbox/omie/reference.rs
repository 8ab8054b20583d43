//! Sellers, cities and countries, categories and current accounts: what clients and orders refer to.
//!
//! A listing of sellers that finds none is a good answer with an empty list, unlike clients.

use serde_json::{Value, json};

use super::page::{Page, Window};
use super::record::{Extras, Stamp, html_escaped, id};
use super::refusal::Refusal;
use super::schema::text;
use super::{Ask, Omie, Reply, wire};
use crate::sandbox::places::{CITIES, COUNTRIES, plain_upper};

/// A seller.
#[derive(Clone, Debug)]
pub(super) struct Seller {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) inactive: bool,
    pub(super) created: Stamp,
    pub(super) changed: Stamp,
}

/// `ListarVendedores`.
pub(super) fn list_sellers(omie: &mut Omie, ask: &Ask) -> Reply {
    let window = Window::read(&ask.fields)?;
    let page = Page::read(&ask.fields, omie.switches.page_cap);
    let extras = omie.extras();
    let email = text(&ask.fields, "filtrar_por_email").to_lowercase();
    let name = text(&ask.fields, "filtrar_por_nome").to_lowercase();
    let fits = |seller: &Seller| {
        (window.is_open() || window.holds(seller.created, seller.changed))
            && (email.is_empty() || seller.email.to_lowercase() == email)
            && seller.name.to_lowercase().contains(&name)
            && !ask.disturbed.empty
            && ask.disturbed.stale_ms.is_none_or(|moment| seller.created.at_ms <= moment)
    };
    let fitting = omie.sellers.iter().filter(|(_, seller)| fits(seller));
    let rows: Vec<Value> = fitting.map(|(code, seller)| seller_row(*code, seller, extras)).collect();
    Ok(paged(page, &rows, "cadastro", ask.disturbed.shift))
}

fn seller_row(code: i64, seller: &Seller, extras: Extras) -> Value {
    let name = if extras.raw_names { seller.name.clone() } else { html_escaped(&seller.name) };
    json!({
        "codigo": id(code, extras.ids_as_text),
        "codInt": "",
        "nome": name,
        "email": seller.email,
        "inativo": if seller.inactive { "S" } else { "N" },
        "fatura_pedido": "N",
        "visualiza_pedido": "N",
        "comissao": 0,
    })
}

/// `PesquisarCidades`.
pub(super) fn list_cities(omie: &mut Omie, ask: &Ask) -> Reply {
    let page = Page::read(&ask.fields, omie.switches.page_cap);
    let wanted = |name| plain_upper(text(&ask.fields, name));
    let part = wanted("filtrar_cidade_contendo");
    let whole = wanted("filtrar_por_cidade");
    let uf = wanted("filtrar_por_uf");
    let fitting = CITIES.iter().filter(|city| {
        let name = plain_upper(city.name);
        name.contains(&part)
            && (whole.is_empty() || name == whole)
            && (uf.is_empty() || city.uf == uf)
            && !ask.disturbed.empty
    });
    let rows: Vec<Value> = fitting
        .map(|city| {
            json!({
                "cCod": super::merge::city_code(city),
                "cNome": plain_upper(city.name),
                "cUF": city.uf,
                "nCodIBGE": format!("{:07}", city.ibge),
                "nCodSIAFI": city.ibge % 10_000,
            })
        })
        .collect();
    if page.range(rows.len(), 0).is_empty() {
        return Err(Refusal::no_rows(page.number));
    }
    Ok(paged(page, &rows, "lista_cidades", ask.disturbed.shift))
}

/// `ListarPaises`, which knows no pages.
pub(super) fn list_countries(_: &mut Omie, ask: &Ask) -> Reply {
    let wanted = |name| plain_upper(text(&ask.fields, name));
    let code = wanted("filtrar_por_codigo");
    let name = wanted("filtrar_por_descricao");
    let iso = wanted("filtrar_por_codigo_iso");
    let fitting = COUNTRIES.iter().filter(|country| {
        (code.is_empty() || country.bacen == code)
            && plain_upper(country.name).contains(&name)
            && (iso.is_empty() || country.iso2 == iso)
            && !ask.disturbed.empty
    });
    let rows: Vec<Value> = fitting
        .map(|country| {
            json!({
                "cCodigo": country.bacen,
                "cDescricao": plain_upper(country.name),
                "cCodigoISO": country.iso2,
            })
        })
        .collect();
    Ok(wire::text(&json!({ "lista_paises": rows })))
}

/// `ListarCategorias`.
pub(super) fn list_categories(omie: &mut Omie, ask: &Ask) -> Reply {
    let page = Page::read(&ask.fields, omie.switches.page_cap);
    let fitting = omie.trade.categories.iter().filter(|_| !ask.disturbed.empty);
    let rows: Vec<Value> = fitting
        .map(|(code, name)| json!({ "codigo": code, "descricao": name, "conta_receita": "S", "conta_inativa": "N" }))
        .collect();
    Ok(paged(page, &rows, "categoria_cadastro", ask.disturbed.shift))
}

/// `ListarContasCorrentes`: one, of no bank.
pub(super) fn list_accounts(omie: &mut Omie, ask: &Ask) -> Reply {
    let page = Page::read(&ask.fields, omie.switches.page_cap);
    let number = id(omie.trade.account, omie.extras().ids_as_text);
    let row = json!({ "nCodCC": number, "cCodCCInt": "", "descricao": "Caixinha", "tipo": "CX", "inativo": "N" });
    let rows: Vec<Value> = std::iter::once(row).filter(|_| !ask.disturbed.empty).collect();
    Ok(paged(page, &rows, "ListarContasCorrentes", ask.disturbed.shift))
}

fn paged(page: Page, rows: &[Value], list: &str, shift: i64) -> String {
    let range = page.range(rows.len(), shift);
    let shown: Vec<String> = rows.get(range).unwrap_or_default().iter().map(wire::text).collect();
    let head = page.head(rows.len(), shown.len());
    format!("{head},\"{list}\":[{}]}}", shown.join(","))
}
