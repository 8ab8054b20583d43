//! The writes of `geral/clientes`.
//!
//! Each checks everything before it changes anything. A good answer says who was written and that
//! it went well; it does not carry the record.

use serde_json::{Value, json};

use super::hooks::Topic;
use super::merge::{document, masked, merge, newborn};
use super::record::{Client, Stamp, code, id, seller};
use super::refusal::Refusal;
use super::schema::{Fields, is_empty, text};
use super::{Ask, Duplicate, Omie, Reply, wire};

/// `IncluirCliente`.
pub(super) fn include(omie: &mut Omie, ask: &Ask) -> Reply {
    if code(&ask.fields) != 0 {
        return Err(Refusal::not_on_include("codigo_cliente_omie"));
    }
    let mut fields = newborn();
    merge(&mut fields, &ask.fields, &omie.switches)?;
    required(&fields, &omie.switches.required_on_include)?;
    let integration = text(&fields, "codigo_cliente_integracao");
    if let Some(existing) = omie.clients.integrated(integration) {
        return Err(Refusal::duplicate_integration(integration, existing));
    }
    omie.check_document(&fields)?;
    omie.check_seller(&fields, 0)?;
    let code = omie.birth(fields, ask.stamp);
    omie.status(code, "Cliente cadastrado com sucesso!")
}

/// `AlterarCliente`.
pub(super) fn alter(omie: &mut Omie, ask: &Ask) -> Reply {
    let code = omie.client_of(&ask.fields)?.code;
    omie.alter_client(code, ask)
}

/// `UpsertCliente`: by integration code, else by id, else a new client.
pub(super) fn upsert(omie: &mut Omie, ask: &Ask) -> Reply {
    let integration = text(&ask.fields, "codigo_cliente_integracao");
    match omie.clients.integrated(integration) {
        Some(code) => omie.alter_client(code, ask),
        None if integration.is_empty() && code(&ask.fields) != 0 => alter(omie, ask),
        None => include(omie, &without_code(ask)),
    }
}

/// `UpsertClienteCpfCnpj`: by document, else a new client.
pub(super) fn upsert_by_document(omie: &mut Omie, ask: &Ask) -> Reply {
    let document = document(text(&ask.fields, "cnpj_cpf"));
    match omie.clients.documented(&document).map(|client| client.code) {
        Some(code) => omie.alter_client(code, ask),
        None => include(omie, &without_code(ask)),
    }
}

/// `ExcluirCliente`.
pub(super) fn exclude(omie: &mut Omie, ask: &Ask) -> Reply {
    let code = omie.client_of(&ask.fields)?.code;
    let done = omie.status(code, "Cliente excluído com sucesso!");
    omie.tell(Topic::Excluded, code, ask.stamp.by);
    omie.clients.remove(code);
    done
}

/// `AssociarCodIntCliente`: here the id is the key and the integration code the value.
pub(super) fn associate(omie: &mut Omie, ask: &Ask) -> Reply {
    let code = code(&ask.fields);
    let integration = text(&ask.fields, "codigo_cliente_integracao");
    let client = omie.clients.get(code).ok_or_else(|| Refusal::no_client(code))?;
    if let Some(other) = omie.clients.integrated(integration).filter(|other| *other != code) {
        return Err(Refusal::duplicate_integration(integration, other));
    }
    let mut fields = client.fields.clone();
    fields.insert("codigo_cliente_integracao", Value::from(integration));
    omie.clients.change(code, fields, ask.stamp);
    omie.tell(Topic::Altered, code, ask.stamp.by);
    omie.status(code, "Código de Integração associado ao Cliente sucesso!")
}

fn without_code(ask: &Ask) -> Ask {
    let mut fields = ask.fields.clone();
    fields.remove("codigo_cliente_omie");
    Ask { fields, stamp: ask.stamp, disturbed: ask.disturbed }
}

fn required(fields: &Fields, tags: &[String]) -> Result<(), Refusal> {
    let filled = |tag: &String| fields.get(tag.as_str()).is_some_and(|value| !is_empty(value));
    match tags.iter().find(|tag| !filled(tag)) {
        Some(tag) => Err(Refusal::required(tag)),
        None => Ok(()),
    }
}

impl Omie {
    /// Gives a new client its code.
    pub(super) fn birth(&mut self, fields: Fields, stamp: Stamp) -> i64 {
        self.last_client += self.rng.i64(1..4_000);
        self.clients.add(Client::new(self.last_client, fields, stamp));
        self.tell(Topic::Included, self.last_client, stamp.by);
        self.last_client
    }

    fn alter_client(&mut self, code: i64, ask: &Ask) -> Reply {
        let client = self.clients.get(code).ok_or_else(|| Refusal::no_client(code))?;
        let (old_seller, old_document) = (client.seller(), text(&client.fields, "cnpj_cpf"));
        let mut fields = client.fields.clone();
        merge(&mut fields, &ask.fields, &self.switches)?;
        required(&fields, &self.switches.required_on_alter)?;
        if text(&fields, "cnpj_cpf") != old_document {
            self.check_document(&fields)?;
        }
        self.check_seller(&fields, old_seller)?;
        if fields != client.fields || self.switches.noop_moves_stamp {
            self.clients.change(code, fields, ask.stamp);
            self.tell(Topic::Altered, code, ask.stamp.by);
        }
        self.status(code, "Cliente alterado com sucesso!")
    }

    fn check_document(&self, fields: &Fields) -> Result<(), Refusal> {
        let document = text(fields, "cnpj_cpf");
        if document.is_empty() || !self.switches.unique_document {
            return Ok(());
        }
        match self.clients.documented(document) {
            Some(twin) => {
                let integration = text(&twin.fields, "codigo_cliente_integracao");
                Err(match self.switches.duplicate {
                    Duplicate::Named => Refusal::duplicate_document(&masked(document), twin.code, integration),
                    Duplicate::Older => Refusal::older_duplicate(twin.code),
                })
            }
            None => Ok(()),
        }
    }

    /// Refuses a write that sets a seller who is unknown or gone; one who stays is not looked at.
    fn check_seller(&self, fields: &Fields, old: i64) -> Result<(), Refusal> {
        let new = seller(fields);
        if new == 0 || new == old {
            return Ok(());
        }
        match self.sellers.get(&new) {
            None => Err(Refusal::no_seller()),
            Some(seller) if seller.inactive && self.switches.inactive_seller_refused => Err(Refusal::inactive_seller()),
            Some(_) => Ok(()),
        }
    }

    fn status(&self, code: i64, text: &str) -> Reply {
        let client = self.clients.get(code);
        let integration = client.and_then(|it| it.fields.get("codigo_cliente_integracao"));
        Ok(wire::text(&json!({
            "codigo_cliente_omie": id(code, self.switches.ids_as_text),
            "codigo_cliente_integracao": integration.and_then(Value::as_str).unwrap_or_default(),
            "codigo_status": "0",
            "descricao_status": text,
        })))
    }
}
