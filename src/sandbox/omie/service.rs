//! `servicos/servico`: the catalogue of services, as it reads.
//!
//! People write it; the methods that write it are not imitated.

use serde_json::{Value, json};

use super::book::{Dialect, Entry, block, merged, paged, put, word};
use super::page::{Page, Window};
use super::product::Pattern;
use super::record::{Author, Stamp, stamps};
use super::refusal::Refusal;
use super::schema::{Fields, int, is_empty, text};
use super::trade::Noun;
use super::{Ask, Omie, Reply, wire};

/// How faults speak of services.
const NOUN: Noun = Noun { name: "Serviço", ending: 'o', id: "nCodServ", code: "cCodIntServ" };

/// `ListarCadastroServico`.
pub(super) fn list(omie: &mut Omie, ask: &Ask) -> Reply {
    let fields = &ask.fields;
    let window = |kind: &str| {
        let tags = [("d", "Inicial"), ("h", "Inicial"), ("d", "Final"), ("h", "Final")];
        let tags = tags.map(|(what, end)| format!("{what}{kind}{end}"));
        Window::named(fields, &tags.each_ref().map(String::as_str))
    };
    let (included, altered) = (window("Inclusao")?, window("Alteracao")?);
    let number = usize::try_from(int(fields, "nPagina")).unwrap_or_default().max(1);
    let size = match usize::try_from(int(fields, "nRegPorPagina")).unwrap_or_default() {
        0 => 50,
        size => size.min(omie.switches.page_cap).max(1),
    };
    let named = Pattern::read(text(fields, "cDescricao"))?.into_prefix();
    let rows = omie.trade.services.fitting(ask, |row| {
        let head = block(&row.fields, "cabecalho");
        let equals = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        included.within(row.created)
            && altered.within(row.changed)
            && equals(word(head, "cCodigo"), text(fields, "cCodigo"))
            && equals(inactive(row), text(fields, "inativo"))
            && named.fits(word(head, "cDescricao"))
    });
    paged(Page { number, size }, (Dialect::Hungarian, "cadastros"), (ask, &rows), |row| shape(row))
}

/// `ConsultarCadastroServico`.
pub(super) fn show(omie: &mut Omie, ask: &Ask) -> Reply {
    let (id, code) = (int(&ask.fields, "nCodServ"), text(&ask.fields, "cCodIntServ"));
    let id = omie.service_named(id, code)?;
    Ok(wire::text(&omie.trade.services.get(id).map_or(Value::Null, shape)))
}

fn inactive(row: &Entry) -> &str {
    if text(&row.fields, "inativo") == "S" { "S" } else { "N" }
}

/// A service as the API shows it.
pub(super) fn shape(row: &Entry) -> Value {
    let mut info = stamps(row.created, row.changed, if row.created.by == Author::Api { "S" } else { "N" });
    put(&mut info, "inativo", inactive(row));
    json!({
        "intListar": { "cCodIntServ": text(&row.fields, "cCodIntServ"), "nCodServ": row.id },
        "cabecalho": block(&row.fields, "cabecalho"),
        "descricao": block(&row.fields, "descricao"),
        "impostos": block(&row.fields, "impostos"),
        "info": info,
        "produtosUtilizados": {},
        "viaUnica": {},
    })
}

impl Omie {
    /// The service that a number or an integration code names.
    pub(super) fn service_named(&self, id: i64, code: &str) -> Result<i64, Refusal> {
        if !code.is_empty() && id == 0 && self.trade.services.integrated(code).is_none() {
            let text =
                format!("Serviço não cadastrado para o Código de integração do Serviço [{code}] ! Tag [cCodIntServ]!");
            return Err(Refusal::client(5002, &text));
        }
        NOUN.find(&self.trade.services, id, if id == 0 { code } else { "" })
    }

    /// Enters a service, or changes the one of that number; gives its number.
    pub(super) fn keep_service(&mut self, id: Option<i64>, sent: &Fields, stamp: Stamp) -> Result<i64, Refusal> {
        let old = id.and_then(|id| self.trade.services.get(id)).map(|row| row.fields.clone());
        let mut fields = old.unwrap_or_else(|| {
            ["cabecalho", "descricao", "impostos"].into_iter().map(|name| (name, json!({}))).collect()
        });
        for (tag, value) in sent {
            let value = if value.is_object() { merged(block(&fields, tag), value, true) } else { value.clone() };
            fields.insert(tag, value);
        }
        if block(&fields, "cabecalho").get("cDescricao").is_none_or(is_empty) {
            return Err(Refusal::required("cDescricao"));
        }
        NOUN.unique(&self.trade.services, text(&fields, "cCodIntServ"), id.unwrap_or_default(), |_| "")?;
        if let Some(id) = id {
            self.trade.services.change(id, fields, stamp);
            return Ok(id);
        }
        let id = self.trade.services.next(self.rng.i64(1..4_000));
        self.trade.services.add(id, fields, stamp);
        Ok(id)
    }
}
