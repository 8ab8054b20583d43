//! What people do with products, their stock, services and orders.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Omie;
use super::book::{Entry, block, items, whole, word};
use super::stock::Level;
use crate::sandbox::folk::{Blank, Edit, Field, fits, flag_of, one_in, pick, pool, product_code, service_name, spelt};

const fn field(path: &'static str, blank: Blank, draw: fn(&mut fastrand::Rng) -> Value) -> Field {
    Field { path, blank, draw }
}

/// The fields of a product; the last ones are in no mapping.
pub(super) const PRODUCT: &[Field] = &[
    field("descricao", Blank::Never, |random| typed(random, pool::GOODS, 120)),
    field("valor_unitario", Blank::Zero, |random| json!(pick(random, pool::PRICES))),
    field("inativo", Blank::Never, |random| flag_of(random.bool())),
    field("recomendacoes_fiscais.cupom_fiscal", Blank::Never, |random| flag_of(random.bool())),
    field("marca", Blank::Text, |random| json!(pick(random, pool::PEOPLE))),
    field("descr_detalhada", Blank::Text, |random| json!(pick(random, pool::NOTES))),
    field("peso_liq", Blank::Zero, |random| json!(pick(random, pool::AMOUNTS))),
];

/// The fields of a service; the last ones are in no mapping.
pub(super) const SERVICE: &[Field] = &[
    field("cabecalho.cDescricao", Blank::Never, |random| typed(random, pool::LABOURS, 100)),
    field("cabecalho.nPrecoUnit", Blank::Zero, |random| json!(pick(random, pool::PRICES))),
    field("inativo", Blank::Never, |random| flag_of(random.bool())),
    field("descricao.cDescrCompleta", Blank::Text, |random| json!(pick(random, pool::NOTES))),
    field("impostos.nAliqISS", Blank::Zero, |random| json!(pick(random, pool::AMOUNTS))),
];

fn typed(random: &mut fastrand::Rng, pool: &[&'static str], most: usize) -> Value {
    let text = pick(random, pool);
    json!(fits(&spelt(random, text), most))
}

/// A product; its code follows from the identity.
pub(super) fn product(identity: u64, random: &mut fastrand::Rng) -> Value {
    let name = pick(random, pool::GOODS);
    json!({
        "codigo": product_code(identity), "descricao": fits(&format!("{} {identity}", spelt(random, name)), 120),
        "unidade": "UN", "ncm": "84159090", "valor_unitario": pick(random, pool::PRICES),
        "inativo": flag_of(one_in(random, 8)),
        "recomendacoes_fiscais": { "cupom_fiscal": flag_of(one_in(random, 2)) },
    })
}

/// A service; its name follows from the identity.
pub(super) fn service(identity: u64, random: &mut fastrand::Rng) -> Value {
    json!({ "cabecalho": {
        "cDescricao": service_name(identity), "cCodigo": format!("S-{identity:04}"),
        "nPrecoUnit": pick(random, pool::PRICES), "cCodLC116": "14.01", "cIdTrib": "01", "cCodServMun": "1401",
    } })
}

impl Omie {
    /// A person counts a product, at one location or another.
    pub(super) fn count_stock(&mut self, now: Timestamp, product: i64, random: &mut fastrand::Rng) -> String {
        let location = random.choice(self.trade.stock.locations()).copied();
        let physical = f64::from(random.u8(..60)) / 2.0;
        let reserved = if one_in(random, 3) { f64::from(random.u8(..5)) } else { 0.0 };
        self.person_counts_stock(now, product, location, Level { physical, reserved, ..Level::default() });
        format!("counts {physical}, {reserved} of them reserved")
    }

    /// A person edits, invoices or cancels an order; tells what came of it.
    pub(super) fn tinker_with_order(
        &mut self,
        now: Timestamp,
        (resource, id): (&str, i64),
        random: &mut fastrand::Rng,
    ) -> String {
        let sale = resource == "pedidos";
        let book = if sale { &self.trade.sales_orders } else { &self.trade.service_orders };
        let Some(row) = book.get(id).cloned() else { return "looks for it in vain".to_owned() };
        if row.billed.is_some() || row.cancelled.is_some() {
            return "looks at it, for it is closed".to_owned();
        }
        let mut edit = Edit::new();
        match random.u8(..8) {
            0 if self.person_invoices(now, id) => return "invoices it".to_owned(),
            1 if self.person_cancels(now, id) => return "cancels it".to_owned(),
            2 | 3 => quantity(&row, sale, &mut edit, random),
            4 => {
                let stage = pick(random, &["10", "20", "50"]);
                edit.set(if sale { "cabecalho.etapa" } else { "Cabecalho.cEtapa" }, json!(stage));
            }
            5 => {
                let tag = if sale { "informacoes_adicionais.contato" } else { "InformacoesAdicionais.cContato" };
                edit.set(tag, json!(pick(random, pool::PEOPLE)));
            }
            _ => {
                let tag = if sale { "observacoes.obs_venda" } else { "Observacoes.cObsOS" };
                edit.set(tag, json!(pick(random, pool::NOTES)));
            }
        }
        let done = if sale {
            self.person_edits_sales_order(now, id, &edit.patch)
        } else {
            self.person_edits_service_order(now, id, &edit.patch)
        };
        // An order names others, who may be gone or inactive by now.
        match done {
            Ok(()) => edit.told(),
            Err(text) => format!("tries {}, which is refused: {text}", edit.told()),
        }
    }
}

/// Another quantity of one of the lines.
fn quantity(row: &Entry, sale: bool, edit: &mut Edit, random: &mut fastrand::Rng) {
    let amount = pick(random, pool::AMOUNTS);
    let lines = items(block(&row.fields, if sale { "det" } else { "ServicosPrestados" }));
    let Some(line) = random.choice(lines) else { return };
    if sale {
        let key = word(line.get("ide").unwrap_or(&Value::Null), "codigo_item_integracao");
        let product = whole(line.get("produto").unwrap_or(&Value::Null), "codigo_produto");
        let line = json!({ "ide": { "codigo_item_integracao": key, "acao_item": "A" },
            "produto": { "codigo_produto": product, "quantidade": amount } });
        edit.add("det", json!([line]));
    } else {
        let line = json!({ "nSeqItem": whole(line, "nSeqItem"), "cAcaoItem": "A", "nQtde": amount });
        edit.add("ServicosPrestados", json!([line]));
    }
    edit.say(format!("{amount} of a line"));
}
