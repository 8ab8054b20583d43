//! `geral/clientetag`: labels of a client one by one, the safe way to add and to take away.

use serde_json::{Value, json};

use super::hooks::Topic;
use super::merge::{label_names, put_labels, same};
use super::schema::{Fields, int, text};
use super::{Ask, Omie, Reply, wire};

/// `IncluirTags`.
pub(super) fn include(omie: &mut Omie, ask: &Ask) -> Reply {
    relabel(omie, ask, "Tags incluídas com sucesso!", |old, asked| {
        old.into_iter().chain(asked.iter().cloned()).collect()
    })
}

/// `ExcluirTags`.
pub(super) fn exclude(omie: &mut Omie, ask: &Ask) -> Reply {
    relabel(omie, ask, "Tags excluídas com sucesso!", |old, asked| {
        old.into_iter().filter(|name| !asked.iter().any(|gone| same(gone, name))).collect()
    })
}

/// `ListarTags`.
pub(super) fn list(omie: &mut Omie, ask: &Ask) -> Reply {
    let client = omie.client_of(&client_key(&ask.fields))?;
    let code = client.code;
    let integration = text(&client.fields, "codigo_cliente_integracao").to_owned();
    let names = label_names(&client.fields);
    let rows: Vec<Value> = names.iter().map(|name| json!({ "nCodTag": omie.label_code(name), "tag": name })).collect();
    let body = json!({ "nCodCliente": code, "cCodIntCliente": integration, "tagsLista": rows });
    Ok(wire::text(&body))
}

fn relabel(omie: &mut Omie, ask: &Ask, text: &str, change: impl Fn(Vec<String>, &[String]) -> Vec<String>) -> Reply {
    let client = omie.client_of(&client_key(&ask.fields))?;
    let code = client.code;
    let mut fields = client.fields.clone();
    let rows = ask.fields.get("tags").and_then(Value::as_array).map(Vec::as_slice);
    let rows = rows.unwrap_or_default().iter();
    let asked: Vec<String> = rows.filter_map(|row| row.get("tag")?.as_str().map(str::to_owned)).collect();
    let names = change(label_names(&fields), &asked);
    put_labels(&mut fields, names);
    let integration = fields.get("codigo_cliente_integracao").cloned().unwrap_or_default();
    let body = json!({
        "nCodCliente": code,
        "cCodIntCliente": integration.as_str().unwrap_or_default(),
        "cCodStatus": "0",
        "cDesStatus": text,
    });
    omie.clients.change(code, fields, ask.stamp);
    omie.tell(Topic::Altered, code, ask.stamp.by);
    Ok(wire::text(&body))
}

/// The two keys of a client, which have names of their own here.
fn client_key(fields: &Fields) -> Fields {
    let integration = text(fields, "cCodIntCliente").to_owned();
    [
        ("codigo_cliente_omie", Value::from(int(fields, "nCodCliente"))),
        ("codigo_cliente_integracao", Value::from(integration)),
    ]
    .into()
}

impl Omie {
    /// The code of a label, made when it is first seen.
    fn label_code(&mut self, name: &str) -> i64 {
        let next = 70_000_000 + i64::try_from(self.labels.len()).unwrap_or_default() * 17;
        *self.labels.entry(name.to_lowercase()).or_insert(next)
    }
}
