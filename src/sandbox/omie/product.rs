//! `geral/produtos`: what a product must have, how it reads, which ones a listing hides.

use serde_json::{Value, json};

use super::book::{Book, Dialect, Entry, block, items, merged, paged, put, whole, word};
use super::page::{Page, Window};
use super::record::{Author, Stamp, html_escaped, stamps};
use super::refusal::Refusal;
use super::schema::{Fields, int, is_empty, object, text};
use super::trade::{Noun, not_to_send};
use super::{Ask, Omie, Reply, wire};

/// How faults speak of products.
pub(super) const NOUN: Noun =
    Noun { name: "Produto", ending: 'o', id: "codigo_produto", code: "codigo_produto_integracao" };

/// What a product must have when it is included.
const REQUIRED: [&str; 5] = ["codigo", "descricao", "unidade", "ncm", "valor_unitario"];

/// What a write may send and nobody stores.
const UNSTORED: [&str; 7] = [
    "codigo_produto",
    "descricao_familia",
    "codInt_familia",
    "inativo",
    "importado_api",
    "quantidade_estoque",
    "estoque_minimo",
];

/// `ListarProdutos`.
pub(super) fn list(omie: &mut Omie, ask: &Ask) -> Reply {
    let window = Window::read(&ask.fields)?;
    let page = Page::read(&ask.fields, omie.switches.page_cap);
    let wanted = |name| text(&ask.fields, name);
    let sold_only = match wanted("filtrar_apenas_omiepdv") {
        "" => omie.switches.trade.point_of_sale_only,
        flag => flag == "S",
    };
    let named = Pattern::read(wanted("filtrar_apenas_descricao"))?;
    let codes = items(block(&ask.fields, "produtosPorCodigo"));
    let equals = |row: &Entry, name: &str, wanted: &str| wanted.is_empty() || text(&row.fields, name) == wanted;
    let mut rows = omie.trade.products.fitting(ask, |row| {
        (window.is_open() || window.holds(row.created, row.changed))
            && (!sold_only || word(block(&row.fields, "recomendacoes_fiscais"), "cupom_fiscal") == "S")
            && (wanted("apenas_importado_api") != "S" || row.created.by == Author::Api)
            && equals(row, "tipoItem", wanted("filtrar_apenas_tipo"))
            && equals(row, "inativo", wanted("inativo"))
            && equals(row, "ean", wanted("ean"))
            && (wanted("ncm").is_empty() || digits(text(&row.fields, "ncm")) == digits(wanted("ncm")))
            && named.fits(text(&row.fields, "descricao"))
            && (codes.is_empty() || codes.iter().any(|key| names(key, row)))
    });
    if wanted("ordem_decrescente") == "S" {
        rows.reverse();
    }
    let html = omie.switches.html_names;
    paged(page, (Dialect::Snake, "produto_servico_cadastro"), (ask, &rows), |row| shape(row, html))
}

fn names(key: &Value, row: &Entry) -> bool {
    let said = |tag: &str| !word(key, tag).is_empty() && word(key, tag) == text(&row.fields, tag);
    whole(key, "codigo_produto") == row.id || said("codigo_produto_integracao") || said("codigo")
}

/// `ConsultarProduto`.
pub(super) fn show(omie: &mut Omie, ask: &Ask) -> Reply {
    let row = omie.trade.products.get(found(&omie.trade.products, &ask.fields)?);
    Ok(wire::text(&row.map_or(Value::Null, |row| whole_shape(row, omie.switches.html_names))))
}

/// `IncluirProduto`.
pub(super) fn include(omie: &mut Omie, ask: &Ask) -> Reply {
    if int(&ask.fields, "codigo_produto") != 0 {
        return Err(not_to_send("codigo_produto", "inclusão"));
    }
    let id = omie.new_product(&ask.fields, ask.stamp)?;
    omie.told(id, "Produto cadastrado com sucesso!")
}

/// `AlterarProduto`.
pub(super) fn alter(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = NOUN.find(
        &omie.trade.products,
        int(&ask.fields, "codigo_produto"),
        text(&ask.fields, "codigo_produto_integracao"),
    )?;
    omie.change_product(id, &ask.fields, ask.stamp)?;
    omie.told(id, "Produto alterado com sucesso!")
}

/// `ExcluirProduto`.
pub(super) fn exclude(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(&omie.trade.products, &ask.fields)?;
    if omie.trade.stock.moved(id) {
        let text = format!("O produto [{id}] possui movimentação de estoque e não pode ser excluído !");
        return Err(Refusal::client(1000, &text));
    }
    let told = omie.told(id, "Produto excluído com sucesso!");
    omie.trade.products.remove(id);
    told
}

/// The product that one of its three keys names.
pub(super) fn found(book: &Book, key: &Fields) -> Result<i64, Refusal> {
    let (id, code, sku) = (int(key, "codigo_produto"), text(key, "codigo_produto_integracao"), text(key, "codigo"));
    if id == 0 && code.is_empty() && !sku.is_empty() {
        let twin = book.rows().find(|row| text(&row.fields, "codigo") == sku).map(|row| row.id);
        return twin.ok_or_else(|| Refusal::client(105, &format!("Produto não cadastrado para o Código [{sku}] !")));
    }
    NOUN.find(book, id, code)
}

impl Omie {
    /// Enters a product; gives its number.
    pub(super) fn new_product(&mut self, sent: &Fields, stamp: Stamp) -> Result<i64, Refusal> {
        let fields = self.filled(Fields::new(), sent, 0)?;
        let id = self.trade.products.next(self.rng.i64(1..4_000));
        self.trade.products.add(id, fields, stamp);
        Ok(id)
    }

    /// Changes a product: what is not named stays.
    pub(super) fn change_product(&mut self, id: i64, sent: &Fields, stamp: Stamp) -> Result<(), Refusal> {
        let old = self.trade.products.get(id).map(|row| row.fields.clone()).unwrap_or_default();
        let fields = self.filled(old.clone(), sent, id)?;
        if fields != old || self.switches.noop_moves_stamp {
            self.trade.products.change(id, fields, stamp);
        }
        Ok(())
    }

    /// The fields of a product after a write, if it may be.
    pub(super) fn filled(&self, mut fields: Fields, sent: &Fields, own: i64) -> Result<Fields, Refusal> {
        for (tag, value) in sent.iter().filter(|(tag, _)| !UNSTORED.contains(tag)) {
            let inner = || merged(block(&fields, tag), value, self.switches.empty_clears);
            let value = if value.is_object() { inner() } else { value.clone() };
            if !is_empty(&value) {
                fields.insert(tag, value);
            } else if self.switches.empty_clears {
                fields.remove(tag);
            }
        }
        let lacking = REQUIRED.iter().find(|tag| fields.get(**tag).is_none_or(is_empty) && **tag != "valor_unitario");
        if let Some(tag) = lacking.or_else(|| REQUIRED.iter().find(|tag| own == 0 && !sent.contains_key(**tag))) {
            return Err(Refusal::required(tag));
        }
        NOUN.unique(&self.trade.products, text(&fields, "codigo_produto_integracao"), own, |_| "")?;
        let sku = text(&fields, "codigo");
        if let Some(twin) = self.trade.products.rows().find(|row| row.id != own && text(&row.fields, "codigo") == sku) {
            let text = format!("Produto já cadastrado para o Código [{sku}] com o Id [{}] !", twin.id);
            return Err(Refusal::client(102, &text));
        }
        Ok(fields)
    }

    fn told(&self, id: i64, words: &str) -> Reply {
        let row = self.trade.products.get(id);
        let code = row.map(|row| text(&row.fields, "codigo_produto_integracao")).unwrap_or_default();
        Ok(wire::text(&json!({
            "codigo_produto": id, "codigo_produto_integracao": code, "codigo_status": "0", "descricao_status": words,
        })))
    }
}

/// A product as a listing shows it.
fn shape(row: &Entry, html: bool) -> Value {
    let mut shown = object(row.fields.clone());
    for (tag, value) in [
        ("codigo_produto_integracao", json!("")),
        ("ean", json!("")),
        ("valor_unitario", json!(0)),
        ("codigo_familia", json!(0)),
        ("descricao_familia", json!("")),
        ("tipoItem", json!("00")),
        ("marca", json!("")),
        ("modelo", json!("")),
        ("inativo", json!("N")),
        ("bloqueado", json!("N")),
        ("bloquear_exclusao", json!("N")),
    ] {
        if shown.get(tag).is_none() {
            put(&mut shown, tag, value);
        }
    }
    if html {
        put(&mut shown, "descricao", html_escaped(text(&row.fields, "descricao")));
    }
    let api = if row.created.by == Author::Api { "S" } else { "N" };
    put(&mut shown, "codigo_produto", row.id);
    put(&mut shown, "ncm", masked_ncm(text(&row.fields, "ncm")));
    // Kept for old clients; the truth is in the stock service.
    put(&mut shown, "quantidade_estoque", 0);
    put(&mut shown, "estoque_minimo", 0);
    put(&mut shown, "importado_api", api);
    put(&mut shown, "info", stamps(row.created, row.changed, api));
    shown
}

/// A product as it is shown by itself.
pub(super) fn whole_shape(row: &Entry, html: bool) -> Value {
    let mut shown = shape(row, html);
    put(&mut shown, "imagens", json!([]));
    put(&mut shown, "caracteristicas", json!([]));
    for tag in ["videos", "tabelas_preco", "componentes_kit", "medicamento"] {
        put(&mut shown, tag, Value::Null);
    }
    shown
}

/// Eight digits as `3923.21.90`; anything else as it is.
fn masked_ncm(ncm: &str) -> String {
    let bare = digits(ncm);
    match (bare.get(..4), bare.get(4..6), bare.get(6..8)) {
        (Some(a), Some(b), Some(c)) if bare.len() == 8 => format!("{a}.{b}.{c}"),
        _ => ncm.to_owned(),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// `TEXT`, `TEXT%`, `%TEXT` or `%TEXT%`.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    open_start: bool,
    open_end: bool,
}

impl Pattern {
    /// Reads a pattern; fewer than three characters are refused.
    pub(super) fn read(typed: &str) -> Result<Self, Refusal> {
        let text = typed.trim_matches('%').to_lowercase();
        if !typed.is_empty() && text.chars().count() < 3 {
            let text = "O filtro da descrição deve ter pelo menos 3 caracteres além do caractere [%]!";
            return Err(Refusal::client(1010, text));
        }
        let open = typed.is_empty();
        Ok(Self { text, open_start: open || typed.starts_with('%'), open_end: open || typed.ends_with('%') })
    }

    /// Lets anything follow.
    pub(super) fn into_prefix(self) -> Self {
        Self { open_end: true, ..self }
    }

    /// Tells whether a text is so.
    pub(super) fn fits(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        match (self.open_start, self.open_end) {
            (true, true) => text.contains(&self.text),
            (true, false) => text.ends_with(&self.text),
            (false, true) => text.starts_with(&self.text),
            (false, false) => text == self.text,
        }
    }
}
