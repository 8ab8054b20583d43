//! `estoque/consulta`: how much there is of a product, where, and on which day.
//!
//! Stock moves without the product's record changing. What is available is what lies there less
//! what is reserved; what is on its way to a client is told apart and taken off nowhere.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};
use serde_json::{Value, json};

use super::book::{Dialect, Entry, block, cents, items, paged, put, whole, word};
use super::page::{Page, read_date};
use super::product;
use super::refusal::Refusal;
use super::schema::{Fields, int, text};
use super::{Ask, Omie, Reply, wire};

/// How much there is of a product at a location.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// What lies there.
    pub physical: f64,
    /// What is reserved of it.
    pub reserved: f64,
    /// What sales orders still wait for.
    pub pending: f64,
    /// What is the least there should be.
    pub least: f64,
    /// What one costs on average.
    pub cost: f64,
}

impl Level {
    fn available(self) -> f64 {
        self.physical - self.reserved
    }
}

/// The stock of all products.
#[derive(Debug)]
pub(super) struct Stock {
    /// Locations by number; the first is the usual one.
    locations: Vec<i64>,
    /// By product and location, each level with the moment since when it holds.
    levels: BTreeMap<(i64, i64), Vec<(DateTime, Level)>>,
}

impl Stock {
    /// The usual location alone.
    pub(super) fn new(location: i64) -> Self {
        Self { locations: vec![location], levels: BTreeMap::new() }
    }

    /// The locations; the first is the usual one.
    pub(super) fn locations(&self) -> &[i64] {
        &self.locations
    }

    /// Adds a location.
    pub(super) fn add_location(&mut self, location: i64) {
        self.locations.push(location);
    }

    /// Sets a level from a moment on.
    pub(super) fn set(&mut self, product: i64, location: i64, since: DateTime, level: Level) {
        self.levels.entry((product, location)).or_default().push((since, level));
    }

    /// Whether a product ever had a level.
    pub(super) fn moved(&self, product: i64) -> bool {
        self.levels.range((product, i64::MIN)..=(product, i64::MAX)).next().is_some()
    }

    /// The level of a product at a location by the end of a day.
    fn level(&self, product: i64, location: i64, until: DateTime) -> Option<Level> {
        let levels = self.levels.get(&(product, location))?;
        levels.iter().rev().find(|(since, _)| *since <= until).map(|(_, level)| *level)
    }
}

/// One line of a position.
struct Line<'a> {
    product: &'a Entry,
    location: i64,
    level: Level,
}

/// Rows of a page that shows everything, whatever is asked.
const ALL_ROWS: usize = 50;

/// `ListarPosEstoque`.
pub(super) fn list(omie: &mut Omie, ask: &Ask) -> Reply {
    let fields = &ask.fields;
    let number = usize::try_from(int(fields, "nPagina")).unwrap_or_default().max(1);
    let everything = text(fields, "cExibeTodos") == "S";
    let size = match usize::try_from(int(fields, "nRegPorPagina")).unwrap_or_default() {
        size if size == 0 || everything => ALL_ROWS,
        size => size.min(omie.switches.page_cap),
    };
    let day = day(fields, "dDataPosicao", ask)?;
    let until = last_moment(day, ask);
    let locations = locations(omie, fields)?;
    let wanted = items(block(fields, "lista_produtos"));
    let products = omie.trade.products.fitting(ask, |row| {
        (wanted.is_empty() || wanted.iter().any(|key| names(key, row)))
            && (text(fields, "cTipoItem").is_empty() || text(&row.fields, "tipoItem") == text(fields, "cTipoItem"))
            && (text(fields, "cExibeApenasPDV") != "S"
                || word(block(&row.fields, "recomendacoes_fiscais"), "cupom_fiscal") == "S")
    });
    let usual = omie.trade.stock.locations().first().copied();
    let mut lines = Vec::new();
    for product in &products {
        for location in &locations {
            let level = omie.trade.stock.level(product.id, *location, until);
            // A product that never moved is shown at the usual location, when all are shown.
            let unmoved = everything && Some(*location) == usual && !omie.trade.stock.moved(product.id);
            if let Some(level) = level.or_else(|| unmoved.then(Level::default)) {
                lines.push(Line { product: product.as_ref(), location: *location, level });
            }
        }
    }
    let page = Page { number, size: size.max(1) };
    let body = paged(page, (Dialect::Hungarian, "produtos"), (ask, &lines), shape)?;
    let mut body: Value = serde_json::from_str(&body).unwrap_or_default();
    put(&mut body, "dDataPosicao", day.strftime("%d/%m/%Y").to_string());
    Ok(wire::text(&body))
}

fn names(key: &Value, row: &Entry) -> bool {
    let said = |tag: &str, own: &str| !word(key, tag).is_empty() && word(key, tag) == text(&row.fields, own);
    whole(key, "nCodProd") == row.id || said("cCodInt", "codigo_produto_integracao") || said("cCodigo", "codigo")
}

fn shape(line: &Line<'_>) -> Value {
    let Line { product, location, level } = line;
    let of = |tag| text(&product.fields, tag);
    json!({
        "nCodProd": product.id, "cCodInt": of("codigo_produto_integracao"), "cCodigo": of("codigo"),
        "cDescricao": of("descricao"), "nPrecoUnitario": product.fields.get("valor_unitario").cloned().unwrap_or(json!(0)),
        "nSaldo": level.available(), "nCMC": level.cost, "nPendente": level.pending, "estoque_minimo": level.least,
        "codigo_local_estoque": location, "reservado": level.reserved, "fisico": level.physical,
    })
}

/// `PosicaoEstoque`.
pub(super) fn position(omie: &mut Omie, ask: &Ask) -> Reply {
    let fields = &ask.fields;
    if text(fields, "data").is_empty() {
        return Err(Refusal::required("data"));
    }
    let until = last_moment(day(fields, "data", ask)?, ask);
    let product = product::NOUN.find(&omie.trade.products, int(fields, "id_prod"), text(fields, "cod_int"))?;
    let locations = locations(omie, fields)?;
    let levels = locations.iter().filter_map(|location| omie.trade.stock.level(product, *location, until));
    let sum = levels.fold(Level::default(), |sum, level| Level {
        physical: sum.physical + level.physical,
        reserved: sum.reserved + level.reserved,
        pending: sum.pending + level.pending,
        least: sum.least + level.least,
        cost: level.cost,
    });
    Ok(wire::text(&json!({
        "codigo_status": "0", "descricao_status": "", "saldo": sum.available(), "cmc": cents(sum.cost),
        "pendente": sum.pending, "estoque_minimo": sum.least, "codigo_local_estoque": locations.first(),
        "reservado": sum.reserved, "fisico": sum.physical,
    })))
}

/// The locations that a request is about.
fn locations(omie: &Omie, fields: &Fields) -> Result<Vec<i64>, Refusal> {
    let (one, several) = (int(fields, "codigo_local_estoque"), text(fields, "lista_local_estoque"));
    let known = omie.trade.stock.locations();
    if one != 0 && !several.is_empty() {
        let text = "As tags [codigo_local_estoque] e [lista_local_estoque] não devem ser informadas juntas!";
        return Err(Refusal::client(1073, text));
    }
    let wanted: Vec<i64> = match several {
        "" if one == 0 && omie.switches.trade.stock_of_all_locations => known.to_vec(),
        "" if one == 0 => known.iter().take(1).copied().collect(),
        "" => vec![one],
        "TODOS" => known.to_vec(),
        list => list.split(',').map(|id| id.trim().parse().unwrap_or_default()).collect(),
    };
    match wanted.iter().find(|id| !known.contains(id)) {
        Some(id) => Err(Refusal::client(1070, &format!("O local de estoque [{id}] não foi encontrado!"))),
        None => Ok(wanted),
    }
}

/// The day that a request is about; today when it says none.
fn day(fields: &Fields, tag: &str, ask: &Ask) -> Result<Date, Refusal> {
    let day = read_date(text(fields, tag)).ok_or_else(|| Refusal::bad_date(tag))?;
    Ok(day.unwrap_or_else(|| ask.stamp.local.date()))
}

/// The last moment of a day; of a listing that lags, no later than its moment.
fn last_moment(day: Date, ask: &Ask) -> DateTime {
    let end = day.to_datetime(Time::constant(23, 59, 59, 0));
    let Some(stale_ms) = ask.disturbed.stale_ms else { return end };
    let lag = jiff::SignedDuration::from_millis(ask.stamp.at_ms - stale_ms);
    end.min(ask.stamp.local.checked_sub(lag).unwrap_or(end))
}
