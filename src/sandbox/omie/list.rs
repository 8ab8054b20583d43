//! `ListarClientes` and `ConsultarCliente`.
//!
//! A listing without filters copies the lines of its page and looks at no other record. An empty
//! page is a refusal.

use serde_json::Value;

use super::merge::{document, label_names, same};
use super::page::{Page, Window};
use super::record::{Client, Extras, code};
use super::refusal::Refusal;
use super::schema::{Fields, text};
use super::{Ask, Omie, Reply, wire};

/// A page of clients.
pub(super) fn list_clients(omie: &mut Omie, ask: &Ask) -> Reply {
    let filter = Filter::read(&ask.fields)?;
    let page = Page::read(&ask.fields, omie.switches.page_cap);
    let extras = filter.extras(omie.extras());
    let on = |name| text(&ask.fields, name) == "S";
    let backwards = on("ordem_decrescente") || on("ordem_descrescente");
    let disturbed = ask.disturbed;

    let mut lagging: Vec<Client> = Vec::new();
    if let Some(moment_ms) = disturbed.stale_ms {
        lagging = omie.clients.rows().iter().filter_map(|row| row.at(moment_ms)).collect();
    }
    let rows = match disturbed.stale_ms {
        Some(_) => lagging.as_mut_slice(),
        None => omie.clients.rows_mut(),
    };
    let picked = filter.pick(rows);
    let total = match (&picked, disturbed.empty) {
        (_, true) => 0,
        (Some(picked), false) => picked.len(),
        (None, false) => rows.len(),
    };
    let range = page.range(total, disturbed.shift);
    if range.is_empty() {
        return Err(Refusal::no_rows(page.number));
    }
    let mut body = page.head(total, range.len());
    body.push_str(r#","clientes_cadastro":["#);
    for (place, index) in range.enumerate() {
        let index = if backwards { total - 1 - index } else { index };
        let index = picked.as_ref().map_or(Some(index), |picked| picked.get(index).copied());
        let Some(row) = index.and_then(|index| rows.get_mut(index)) else {
            continue;
        };
        if place > 0 {
            body.push(',');
        }
        body.push_str(row.line(extras));
    }
    body.push_str(r#"],"cDesStatus":" Elapsed time: 0.07"}"#);
    Ok(body)
}

/// One client, with everything.
pub(super) fn show_client(omie: &mut Omie, ask: &Ask) -> Reply {
    let client = omie.client_of(&ask.fields)?;
    Ok(wire::text(&client.shape(Extras { notes: true, traits: true, ..omie.extras() })))
}

impl Omie {
    /// The client that the two keys of a request name; the integration code goes first.
    pub(super) fn client_of(&self, fields: &Fields) -> Result<&Client, Refusal> {
        let (code, integration) = (code(fields), text(fields, "codigo_cliente_integracao"));
        if integration.is_empty() && code == 0 {
            return Err(Refusal::key_required());
        }
        if integration.is_empty() {
            return self.clients.get(code).ok_or_else(|| Refusal::no_client(code));
        }
        let found = self.clients.integrated(integration).and_then(|it| self.clients.get(it));
        let client = found.ok_or_else(|| Refusal::no_integration(integration))?;
        if code != 0 && code != client.code {
            return Err(Refusal::other_client(integration, code));
        }
        Ok(client)
    }
}

/// What a listing is narrowed to.
struct Filter<'a> {
    window: Window,
    fields: &'a Fields,
    by: Option<&'a Value>,
    codes: &'a [Value],
}

impl<'a> Filter<'a> {
    fn read(fields: &'a Fields) -> Result<Self, Refusal> {
        let codes = fields.get("clientesPorCodigo").and_then(Value::as_array);
        Ok(Self {
            window: Window::read(fields)?,
            fields,
            by: fields.get("clientesFiltro").filter(|by| by.as_object().is_some_and(|by| !by.is_empty())),
            codes: codes.map(Vec::as_slice).unwrap_or_default(),
        })
    }

    fn imported_only(&self) -> bool {
        text(self.fields, "apenas_importado_api") == "S"
    }

    fn extras(&self, usual: Extras) -> Extras {
        let on = |name| text(self.fields, name) == "S";
        Extras { notes: on("exibir_obs"), traits: on("exibir_caracteristicas"), ..usual }
    }

    /// The places of the rows that fit; `None` when all do.
    fn pick(&self, rows: &[Client]) -> Option<Vec<usize>> {
        let open = self.window.is_open() && self.by.is_none() && self.codes.is_empty();
        if open && !self.imported_only() {
            return None;
        }
        let fitting = rows.iter().enumerate().filter(|(_, row)| self.fits(row));
        Some(fitting.map(|(index, _)| index).collect())
    }

    fn fits(&self, row: &Client) -> bool {
        (self.window.is_open() || self.window.holds(row.created, row.changed))
            && (!self.imported_only() || row.created.by == super::Author::Api)
            && (self.codes.is_empty() || self.codes.iter().any(|key| names(key, row)))
            && self.by.is_none_or(|by| matches(by, row))
    }
}

/// Tells whether one of `clientesPorCodigo` is this client.
fn names(key: &Value, row: &Client) -> bool {
    let code = key.get("codigo_cliente_omie").and_then(Value::as_i64).unwrap_or_default();
    let integration = word(key, "codigo_cliente_integracao");
    code == row.code || (!integration.is_empty() && integration == text(&row.fields, "codigo_cliente_integracao"))
}

/// Applies the keys of `clientesFiltro` that Omie heeds; the others have no effect.
fn matches(by: &Value, row: &Client) -> bool {
    let holds = |name: &str| {
        let (wanted, found) = (word(by, name), text(&row.fields, name));
        wanted.is_empty() || found.to_lowercase().contains(&wanted.to_lowercase())
    };
    let equals = |name: &str| {
        let wanted = word(by, name);
        wanted.is_empty() || wanted == text(&row.fields, name)
    };
    let code = by.get("codigo_cliente_omie").and_then(Value::as_i64).unwrap_or_default();
    let bare = |typed: &str| document(typed).trim_start_matches('0').to_owned();
    let wanted = word(by, "cnpj_cpf");
    let labels = by.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let known = || label_names(&row.fields);
    (code == 0 || code == row.code)
        && equals("codigo_cliente_integracao")
        && equals("inativo")
        && holds("razao_social")
        && holds("nome_fantasia")
        && (wanted.is_empty() || bare(wanted) == bare(text(&row.fields, "cnpj_cpf")))
        && (labels.is_empty() || labels.iter().any(|label| known().iter().any(|name| same(name, word(label, "tag")))))
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
