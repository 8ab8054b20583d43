//! `servicos/os`: service orders.
//!
//! Head and notes merge; services and products are addressed one by one. Totals, stamps and the
//! number are the account's own. An invoiced or cancelled order takes no change.

use serde_json::{Value, json};

use super::book::{Blocks, Dialect, Entry, block, cents, decimal, items, merged, paged, put, whole, word};
use super::page::{Page, Window};
use super::record::{Author, Stamp};
use super::refusal::Refusal;
use super::schema::{Fields, int, is_empty, object, text};
use super::trade::Noun;
use super::{Ask, Omie, Reply, wire};

/// How faults speak of service orders.
const NOUN: Noun = Noun { name: "OS", ending: 'a', id: "nCodOS", code: "cCodIntOS" };

/// Stages that a write may set; `60` comes with the invoice.
const STAGES: [&str; 6] = ["00", "10", "20", "30", "40", "50"];

/// What becomes of the products of an order.
const PRODUCT_ACTIONS: [&str; 3] = ["EST", "REM", "PED"];

/// How a write merges.
const BLOCKS: Blocks = Blocks {
    head: "Cabecalho",
    own: &["nCodOS", "cNumOS", "cCodIntCli", "cDescParc", "nValorTotal", "nValorTotalImpRet"],
    code: NOUN.code,
    apart: &["ServicosPrestados", "produtosUtilizados", "InfoCadastro"],
};

/// `IncluirOS`.
pub(super) fn include(omie: &mut Omie, ask: &Ask) -> Reply {
    if whole(block(&ask.fields, "Cabecalho"), "nCodOS") != 0 {
        return Err(Refusal::not_on_include("nCodOS"));
    }
    let mut order = Fields::from([("Cabecalho", json!({ "cEtapa": "10" }))]);
    omie.fill_service_order(&mut order, &ask.fields, None)?;
    let number = omie.trade.service_orders.rows().filter_map(|row| number(&row.fields).parse::<i64>().ok()).max();
    let id = omie.trade.service_orders.next(omie.rng.i64(1..4_000));
    if let Some(head) = order.get_mut("Cabecalho") {
        put(head, "cNumOS", (number.unwrap_or(100) + 1).to_string());
    }
    omie.trade.service_orders.add(id, order, ask.stamp);
    omie.service_order_told(id, "Ordem de Serviço cadastrado com sucesso!")
}

/// `AlterarOS`.
pub(super) fn alter(omie: &mut Omie, ask: &Ask) -> Reply {
    let head = block(&ask.fields, "Cabecalho");
    let id = NOUN.find(&omie.trade.service_orders, whole(head, "nCodOS"), word(head, "cCodIntOS"))?;
    omie.change_service_order(id, &ask.fields, ask.stamp)?;
    omie.service_order_told(id, "Ordem de Serviço alterada com sucesso!")
}

/// `ExcluirOS`.
pub(super) fn exclude(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(omie, &ask.fields)?;
    omie.open_service_order(id)?;
    let told = omie.service_order_told(id, "Ordem de Serviço excluída com sucesso!");
    omie.trade.service_orders.remove(id);
    told
}

/// `ConsultarOS`.
pub(super) fn show(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(omie, &ask.fields)?;
    Ok(wire::text(&omie.trade.service_orders.get(id).map_or(Value::Null, shape)))
}

/// `StatusOS`.
pub(super) fn status(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(omie, &ask.fields)?;
    let Some(row) = omie.trade.service_orders.get(id) else { return Err(Refusal::broken()) };
    let head = block(&row.fields, "Cabecalho");
    let mut told = info(row);
    for (tag, value) in [
        ("nCodOS", json!(id)),
        ("cCodIntOS", json!(word(head, "cCodIntOS"))),
        ("cNumOS", json!(padded(word(head, "cNumOS")))),
        ("cEtapa", json!(stage(row))),
        ("nValorTot", json!(decimal(head, "nValorTotal"))),
        ("ListaRpsNfse", json!([])),
    ] {
        put(&mut told, tag, value);
    }
    Ok(wire::text(&told))
}

/// `TrocarEtapaOS`, whose answer uses names of its own.
pub(super) fn move_stage(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(omie, &ask.fields)?;
    let stage = Fields::from([("Cabecalho", json!({ "cEtapa": text(&ask.fields, "cEtapa") }))]);
    omie.change_service_order(id, &stage, ask.stamp)?;
    let head = omie.trade.service_orders.get(id).map(|row| block(&row.fields, "Cabecalho")).unwrap_or(&Value::Null);
    Ok(wire::text(&json!({
        "nCodOS": id, "cCodIntOS": word(head, "cCodIntOS"), "cNumOS": padded(word(head, "cNumOS")),
        "codigo_status": "0", "descricao_status": "Etapa da Ordem de Serviço alterada com sucesso!",
    })))
}

/// `ListarOS`.
pub(super) fn list(omie: &mut Omie, ask: &Ask) -> Reply {
    let fields = &ask.fields;
    let window = Window::read(fields)?;
    let page = Page::read(fields, omie.switches.page_cap);
    let on = |name| text(fields, name) == "S";
    let (client, wanted) = (int(fields, "filtrar_por_cliente"), items(block(fields, "filtrar_por_codigo")));
    let mut rows = omie.trade.service_orders.fitting(ask, |row| {
        let head = block(&row.fields, "Cabecalho");
        let named = |key: &Value| {
            let code = word(key, "cCodIntOS");
            whole(key, "nCodOS") == row.id || (!code.is_empty() && code == word(head, "cCodIntOS"))
        };
        let state = match (row.cancelled, row.billed) {
            (Some(_), _) => "C",
            (None, Some(_)) => "F",
            (None, None) => "N",
        };
        let equals = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        (window.is_open() || window.holds(row.created, row.changed))
            && (!on("apenas_importado_api") || row.created.by == Author::Api)
            && (client == 0 || client == whole(head, "nCodCli"))
            && equals(text(fields, "filtrar_por_etapa"), stage(row))
            && equals(text(fields, "filtrar_por_status"), state)
            && (wanted.is_empty() || wanted.iter().any(named))
    });
    if on("ordem_decrescente") || on("ordem_descrescente") {
        rows.reverse();
    }
    paged(page, (Dialect::Snake, "osCadastro"), (ask, &rows), |row| {
        let mut shown = shape(row);
        let hidden = [("produtosUtilizados", "cExibirProdutos"), ("despesasReembolsaveis", "cExibirDespesas")];
        for (tag, _) in hidden.into_iter().filter(|(_, flag)| !on(flag)) {
            shown.as_object_mut().and_then(|shown| shown.remove(tag));
        }
        shown
    })
}

/// The order that one of its three keys names.
fn found(omie: &Omie, key: &Fields) -> Result<i64, Refusal> {
    let (id, code, wanted) = (int(key, "nCodOS"), text(key, "cCodIntOS"), text(key, "cNumOS").trim_start_matches('0'));
    if id == 0 && code.is_empty() && !wanted.is_empty() {
        let row = omie.trade.service_orders.rows().find(|row| number(&row.fields) == wanted);
        let lost = || Refusal::client(105, &format!("OS não cadastrada para o Número [{wanted}] !"));
        return row.map(|row| row.id).ok_or_else(lost);
    }
    NOUN.find(&omie.trade.service_orders, id, code)
}

fn number(fields: &Fields) -> &str {
    word(block(fields, "Cabecalho"), "cNumOS")
}

/// A number as the answers to writes have it.
fn padded(number: &str) -> String {
    format!("{number:0>15}")
}

fn stage(row: &Entry) -> &str {
    if row.billed.is_some() { "60" } else { word(block(&row.fields, "Cabecalho"), "cEtapa") }
}

fn info(row: &Entry) -> Value {
    let flag = |yes: bool| if yes { "S" } else { "N" };
    let mut info = json!({
        "cCancelada": flag(row.cancelled.is_some()), "cFaturada": flag(row.billed.is_some()), "cAmbiente": "P",
        "cOrigem": if row.created.by == Author::Api { "API" } else { "ERP" },
    });
    let moments =
        [("Inc", Some(row.created)), ("Alt", Some(row.changed)), ("Fat", row.billed), ("Canc", row.cancelled)];
    for (what, stamp) in moments {
        let Some(stamp) = stamp else { continue };
        put(&mut info, &format!("dDt{what}"), stamp.local.strftime("%d/%m/%Y").to_string());
        put(&mut info, &format!("cHr{what}"), stamp.local.strftime("%H:%M:%S").to_string());
    }
    put(&mut info, "uInc", row.created.by.code());
    put(&mut info, "uAlt", row.changed.by.code());
    info
}

/// An order as the API shows it.
pub(super) fn shape(row: &Entry) -> Value {
    let mut shown = object(row.fields.clone());
    let mut head = block(&row.fields, "Cabecalho").clone();
    put(&mut head, "nCodOS", row.id);
    put(&mut head, "cEtapa", stage(row));
    put(&mut shown, "Cabecalho", head);
    put(&mut shown, "InfoCadastro", info(row));
    shown
}

impl Omie {
    /// Changes an order that is still open.
    pub(super) fn change_service_order(&mut self, id: i64, sent: &Fields, stamp: Stamp) -> Result<(), Refusal> {
        self.open_service_order(id)?;
        let old = self.trade.service_orders.get(id).map(|row| row.fields.clone()).unwrap_or_default();
        let mut order = old.clone();
        self.fill_service_order(&mut order, sent, Some(id))?;
        if order != old || self.switches.noop_moves_stamp {
            self.trade.service_orders.change(id, order, stamp);
        }
        Ok(())
    }

    /// Refuses an order that is invoiced or cancelled.
    fn open_service_order(&self, id: i64) -> Result<(), Refusal> {
        let row = self.trade.service_orders.get(id);
        let closed = |what: &str| {
            let number = row.map(|row| number(&row.fields)).unwrap_or_default();
            let text = format!("A Ordem de Serviço [{number}] já está {what} e não pode ser alterada!");
            Err(Refusal::client(1000, &text))
        };
        match row {
            Some(row) if row.cancelled.is_some() => closed("cancelada"),
            Some(row) if row.billed.is_some() => closed("faturada"),
            _ => Ok(()),
        }
    }

    /// Puts what was sent into an order; `own` is its number when it is no new one.
    fn fill_service_order(&mut self, order: &mut Fields, sent: &Fields, own: Option<i64>) -> Result<(), Refusal> {
        BLOCKS.merge(order, sent, self.switches.empty_clears);
        let head = block(sent, "Cabecalho");
        if own.is_none() || whole(head, "nCodCli") != 0 || !word(head, "cCodIntCli").is_empty() {
            let client = self.client_named(whole(head, "nCodCli"), word(head, "cCodIntCli"))?;
            order.entry("Cabecalho").and_modify(|head| put(head, "nCodCli", client));
        }
        self.check_head(order, own)?;
        let services = self.services_sent(order, items(block(sent, "ServicosPrestados")), own.is_some())?;
        if services.is_empty() && self.switches.trade.service_order_needs_service {
            return Err(Refusal::client(1000, "É obrigatório informar ao menos um serviço na Ordem de Serviço!"));
        }
        let total: f64 = services.iter().map(worth).sum();
        order.insert("ServicosPrestados", Value::Array(services));
        self.products_sent(order, block(sent, "produtosUtilizados"), own.is_some())?;
        order.entry("Cabecalho").and_modify(|head| {
            put(head, "nValorTotal", cents(total));
            put(head, "nValorTotalImpRet", 0);
        });
        Ok(())
    }

    fn check_head(&self, order: &Fields, own: Option<i64>) -> Result<(), Refusal> {
        let (head, more) = (block(order, "Cabecalho"), block(order, "InformacoesAdicionais"));
        NOUN.unique(&self.trade.service_orders, word(head, "cCodIntOS"), own.unwrap_or_default(), number)?;
        if word(head, "dDtPrevisao").is_empty() {
            return Err(Refusal::required("dDtPrevisao"));
        }
        if super::page::read_date(word(head, "dDtPrevisao")).is_none() {
            return Err(Refusal::bad_date("dDtPrevisao"));
        }
        if !STAGES.contains(&word(head, "cEtapa")) {
            return Err(one_of("cEtapa", word(head, "cEtapa"), &STAGES));
        }
        if word(head, "cCodParc").is_empty() && whole(head, "nQtdeParc") == 0 {
            return Err(Refusal::required("cCodParc"));
        }
        if word(more, "cCodCateg").is_empty() {
            return Err(demanded("o código da Categoria", "cCodCateg"));
        }
        self.category_named(word(more, "cCodCateg"), "cCodCateg")?;
        if whole(more, "nCodCC") != 0 {
            self.account_named(whole(more, "nCodCC"), "nCodCC")?;
        } else if self.switches.trade.service_order_needs_account {
            return Err(demanded("o código da Conta Corrente", "nCodCC"));
        }
        self.seller_named(whole(head, "nCodVend"))
    }

    /// The services of an order after what was sent.
    fn services_sent(&mut self, order: &Fields, sent: &[Value], alters: bool) -> Result<Vec<Value>, Refusal> {
        let mut services = items(block(order, "ServicosPrestados")).to_vec();
        for item in sent {
            let sequence = whole(item, "nSeqItem");
            let action = if alters { word(item, "cAcaoItem") } else { "I" };
            if alters && sequence == 0 && action != "I" {
                return Err(Refusal::required("nSeqItem"));
            }
            if !alters && whole(item, "nIdItem") != 0 {
                return Err(Refusal::not_on_include("nIdItem"));
            }
            let place = services.iter().position(|own| whole(own, "nSeqItem") == sequence);
            let lost = || {
                Refusal::client(
                    1000,
                    &format!("Item [{sequence}] não encontrado na Ordem de Serviço! - tag: [nSeqItem]"),
                )
            };
            match action {
                "I" => {
                    let next = services.iter().map(|own| whole(own, "nSeqItem")).max().unwrap_or_default() + 1;
                    let mut item = self.service_item(item)?;
                    put(&mut item, "nSeqItem", if sequence == 0 { next } else { sequence });
                    put(&mut item, "nIdItem", self.next_item());
                    services.push(item);
                }
                "E" => drop(services.remove(place.ok_or_else(lost)?)),
                "A" | "" => {
                    let own = place.and_then(|place| services.get_mut(place)).ok_or_else(lost)?;
                    *own = self.service_item(&merged(own, item, false))?;
                }
                other => return Err(one_of("cAcaoItem", other, &["A", "E", "I"])),
            }
        }
        Ok(services)
    }

    /// A service of an order, filled up from the catalogue.
    fn service_item(&self, sent: &Value) -> Result<Value, Refusal> {
        let mut item = sent.clone();
        item.as_object_mut().and_then(|item| item.remove("cAcaoItem"));
        let (id, code) = (whole(sent, "nCodServico"), word(sent, "cCodIntServico"));
        let catalogued = id != 0 || !code.is_empty();
        if decimal(sent, "nQtde") == 0.0 {
            return Err(Refusal::required("nQtde"));
        }
        if !catalogued || self.switches.trade.taxation_told_again {
            for (what, tag) in
                [("Código do Serviço LC116", "cCodServLC116"), ("Tipo de Tributação de serviço", "cTribServ")]
            {
                if word(sent, tag).is_empty() {
                    let text = format!("É obrigatório o {what}, tag [{tag}], na inclusão!");
                    return Err(Refusal::client(1000, &text));
                }
            }
        }
        if catalogued {
            let id = self.service_named(id, code)?;
            let known = self.trade.services.get(id);
            if known.is_some_and(|row| text(&row.fields, "inativo") == "S") {
                return Err(Refusal::client(115, &format!("O serviço [{id}] está inativo !")));
            }
            let head = known.map(|row| block(&row.fields, "cabecalho")).unwrap_or(&Value::Null);
            put(&mut item, "nCodServico", id);
            for (tag, from) in [
                ("nValUnit", "nPrecoUnit"),
                ("cDescServ", "cDescricao"),
                ("cCodServLC116", "cCodLC116"),
                ("cCodServMun", "cCodServMun"),
                ("cTribServ", "cIdTrib"),
                ("cCodigo", "cCodigo"),
            ] {
                if item.get(tag).is_none_or(is_empty) {
                    put(&mut item, tag, head.get(from).cloned().unwrap_or(Value::Null));
                }
            }
        }
        match ["nValUnit", "cDescServ", "cCodServMun"].into_iter().find(|tag| item.get(*tag).is_none_or(is_empty)) {
            Some(tag) if !catalogued => Err(Refusal::required(tag)),
            _ => Ok(item),
        }
    }

    /// The products that an order uses, after what was sent.
    fn products_sent(&mut self, order: &mut Fields, sent: &Value, alters: bool) -> Result<(), Refusal> {
        if is_empty(sent) {
            return Ok(());
        }
        let mut used = block(order, "produtosUtilizados").clone();
        let mut products = items(used.get("produtoUtilizado").unwrap_or(&Value::Null)).to_vec();
        used = merged(&used, &super::book::without_empty(sent), false);
        let action = word(&used, "cAcaoProdUtilizados");
        if action.is_empty() {
            return Err(Refusal::required("cAcaoProdUtilizados"));
        }
        if !PRODUCT_ACTIONS.contains(&action) {
            return Err(one_of("cAcaoProdUtilizados", action, &PRODUCT_ACTIONS));
        }
        if action != "EST" && word(&used, "cCodCategRem").is_empty() {
            return Err(Refusal::required("cCodCategRem"));
        }
        for item in items(sent.get("produtoUtilizado").unwrap_or(&Value::Null)) {
            let id = whole(item, "nIdItemPU");
            let action = if alters { word(item, "cAcaoItemPU") } else { "I" };
            if !alters && id != 0 {
                return Err(Refusal::not_on_include("nIdItemPU"));
            }
            let place = products.iter().position(|own| whole(own, "nIdItemPU") == id);
            let lost = || {
                Refusal::client(1000, &format!("Item [{id}] não encontrado na Ordem de Serviço! - tag: [nIdItemPU]"))
            };
            match action {
                "I" => {
                    let mut item = self.used_product(item)?;
                    put(&mut item, "nIdItemPU", self.next_item());
                    products.push(item);
                }
                "E" => drop(products.remove(place.ok_or_else(lost)?)),
                "A" | "" => {
                    let own = place.and_then(|place| products.get_mut(place)).ok_or_else(lost)?;
                    *own = self.used_product(&merged(own, item, false))?;
                }
                other => return Err(one_of("cAcaoItemPU", other, &["A", "E", "I"])),
            }
        }
        put(&mut used, "produtoUtilizado", products);
        order.insert("produtosUtilizados", used);
        Ok(())
    }

    fn used_product(&self, sent: &Value) -> Result<Value, Refusal> {
        if whole(sent, "nCodProdutoPU") == 0 {
            return Err(Refusal::required("nCodProdutoPU"));
        }
        if decimal(sent, "nQtdePU") == 0.0 {
            return Err(Refusal::required("nQtdePU"));
        }
        self.product_named(whole(sent, "nCodProdutoPU"), "")?;
        let mut item = sent.clone();
        item.as_object_mut().and_then(|item| item.remove("cAcaoItemPU"));
        Ok(item)
    }

    fn service_order_told(&self, id: i64, words: &str) -> Reply {
        let head = self.trade.service_orders.get(id).map(|row| block(&row.fields, "Cabecalho")).unwrap_or(&Value::Null);
        Ok(wire::text(&json!({
            "cCodIntOS": word(head, "cCodIntOS"), "nCodOS": id, "cNumOS": padded(word(head, "cNumOS")),
            "cCodStatus": "0", "cDescStatus": words,
        })))
    }
}

fn worth(item: &Value) -> f64 {
    let gross = decimal(item, "nQtde") * decimal(item, "nValUnit") + decimal(item, "nValorAcrescimos");
    let rate = if word(item, "cTpDesconto") == "P" { decimal(item, "nAliqDesconto") } else { 0.0 };
    gross - gross * rate / 100.0 - decimal(item, "nValorDesconto")
}

fn demanded(what: &str, tag: &str) -> Refusal {
    Refusal::client(1000, &format!("É obrigatório informar {what}, tag [{tag}], na inclusão!"))
}

/// Refuses a value that is not among the valid ones.
pub(super) fn one_of(tag: &str, value: &str, valid: &[&str]) -> Refusal {
    let valid = valid.iter().map(|value| format!("[{value}]")).collect::<Vec<_>>().join(", ");
    Refusal::client(105, &format!("O valor [{value}] da tag [{tag}] é inválido! Valores válidos: {valid}"))
}
