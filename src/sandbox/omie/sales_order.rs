//! `produtos/pedido`: sales orders.
//!
//! An alteration names items by their integration code and must not send what the account fills
//! itself. An invoiced or cancelled order takes no change; cancelling keeps the stage.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::book::{
    Blocks, Dialect, Entry, block, cents, decimal, items, merged, paged, put, whole, without_empty, word,
};
use super::page::{Page, Window, read_date};
use super::record::{Author, Stamp, stamps};
use super::refusal::Refusal;
use super::schema::{Fields, int, is_empty, object, text};
use super::service_order::one_of;
use super::trade::{Noun, not_to_send};
use super::{Ask, Omie, Reply, product, wire};

/// How faults speak of sales orders.
const NOUN: Noun = Noun { name: "Pedido", ending: 'o', id: "codigo_pedido", code: "codigo_pedido_integracao" };

/// Stages that a write may set; `60` comes with the invoice.
const STAGES: [&str; 6] = ["00", "10", "20", "50", "70", "80"];

/// How a write merges.
const BLOCKS: Blocks = Blocks {
    head: "cabecalho",
    own: &[
        "codigo_pedido",
        "numero_pedido",
        "sequencial",
        "quantidade_itens",
        "codigo_cliente_integracao",
        "codigo_empresa",
    ],
    code: NOUN.code,
    apart: &["det", "total_pedido", "infoCadastro"],
};

/// `IncluirPedido`.
pub(super) fn include(omie: &mut Omie, ask: &Ask) -> Reply {
    let head = block(&ask.fields, "cabecalho");
    if whole(head, "codigo_pedido") != 0 {
        return Err(Refusal::not_on_include("codigo_pedido"));
    }
    if word(head, "codigo_pedido_integracao").is_empty() {
        return Err(Refusal::required("codigo_pedido_integracao"));
    }
    let mut order = Fields::from([("cabecalho", json!({ "origem_pedido": "API" }))]);
    omie.fill_sales_order(&mut order, &ask.fields, (None, ask.stamp.local.date()))?;
    let numbers = omie.trade.sales_orders.rows().filter_map(|row| number(&row.fields).parse::<i64>().ok());
    let number = numbers.max().unwrap_or(100) + 1;
    let id = omie.trade.sales_orders.next(omie.rng.i64(1..4_000));
    if let Some(head) = order.get_mut("cabecalho") {
        put(head, "numero_pedido", number.to_string());
    }
    omie.trade.sales_orders.add(id, order, ask.stamp);
    omie.sales_order_told(id, "Pedido cadastrado com sucesso!")
}

/// `AlterarPedidoVenda`.
pub(super) fn alter(omie: &mut Omie, ask: &Ask) -> Reply {
    let head = block(&ask.fields, "cabecalho");
    let own = ["numero_pedido", "sequencial"].into_iter().find(|tag| head.get(*tag).is_some_and(|it| !is_empty(it)));
    let own = own.or_else(|| ["total_pedido", "infoCadastro"].into_iter().find(|tag| ask.fields.contains_key(tag)));
    let keys = || items(block(&ask.fields, "det")).iter().filter_map(|item| item.get("ide"));
    let of_item = |tag: &&str| keys().any(|key| whole(key, tag) != 0);
    if let Some(tag) = own.or_else(|| ["codigo_item", "id_ordem_producao"].into_iter().find(of_item)) {
        return Err(not_to_send(tag, "alteração"));
    }
    let id =
        NOUN.find(&omie.trade.sales_orders, whole(head, "codigo_pedido"), word(head, "codigo_pedido_integracao"))?;
    omie.change_sales_order(id, &ask.fields, ask.stamp)?;
    omie.sales_order_told(id, "Pedido alterado com sucesso!")
}

/// `ExcluirPedido`.
pub(super) fn exclude(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(omie, &ask.fields)?;
    omie.open_sales_order(id)?;
    let told = omie.sales_order_told(id, "Pedido excluído com sucesso!");
    omie.trade.sales_orders.remove(id);
    told
}

/// `ConsultarPedido`, which leaves out what is empty.
pub(super) fn show(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(omie, &ask.fields)?;
    let shown = omie.trade.sales_orders.get(id).map_or(Value::Null, |row| without_empty(&shape(row)));
    Ok(wire::text(&json!({ "pedido_venda_produto": shown })))
}

/// `TrocarEtapaPedido`.
pub(super) fn move_stage(omie: &mut Omie, ask: &Ask) -> Reply {
    let id = found(omie, &ask.fields)?;
    let stage = Fields::from([("cabecalho", json!({ "etapa": text(&ask.fields, "etapa") }))]);
    omie.change_sales_order(id, &stage, ask.stamp)?;
    omie.sales_order_told(id, "Etapa do pedido alterada com sucesso!")
}

/// `ListarPedidos`.
pub(super) fn list(omie: &mut Omie, ask: &Ask) -> Reply {
    let mut fields = ask.fields.clone();
    // An end without a start starts today.
    if text(&fields, "filtrar_por_data_de").is_empty() && !text(&fields, "filtrar_por_data_ate").is_empty() {
        fields.insert("filtrar_por_data_de", json!(ask.stamp.local.strftime("%d/%m/%Y").to_string()));
    }
    let window = Window::read(&fields)?;
    let page = Page::read(&fields, omie.switches.page_cap);
    let by_expectation = omie.switches.trade.orders_filtered_by_expectation;
    let (client, seller) = (int(&fields, "filtrar_por_cliente"), int(&fields, "filtrar_por_vendedor"));
    let (low, high) = (int(&fields, "numero_pedido_de"), int(&fields, "numero_pedido_ate"));
    let mut rows = omie.trade.sales_orders.fitting(ask, |row| {
        let (head, more) = (block(&row.fields, "cabecalho"), block(&row.fields, "informacoes_adicionais"));
        let number = number(&row.fields).parse().unwrap_or_default();
        let state = match text(&fields, "status_pedido") {
            "" => true,
            "FATURADO" | "AUTORIZADO" => row.billed.is_some(),
            "CANCELADO" => row.cancelled.is_some(),
            _ => false,
        };
        let expected = || read_date(word(head, "data_previsao")).flatten().map(|day| day.at(0, 0, 0, 0));
        let inside = if by_expectation {
            expected().is_some_and(|day| window.covers(day))
        } else {
            window.holds(row.created, row.changed)
        };
        (window.is_open() || inside)
            && (text(&fields, "apenas_importado_api") != "S" || row.created.by == Author::Api)
            && (client == 0 || client == whole(head, "codigo_cliente"))
            && (seller == 0 || seller == whole(more, "codVend"))
            && (text(&fields, "etapa").is_empty() || text(&fields, "etapa") == stage(row))
            && (low == 0 || low <= number)
            && (high == 0 || number <= high)
            && state
    });
    if text(&fields, "ordem_descrescente") == "S" {
        rows.reverse();
    }
    paged(page, (Dialect::Snake, "pedido_venda_produto"), (ask, &rows), |row| {
        let mut shown = shape(row);
        if text(&fields, "apenas_resumo") == "S" {
            for tag in ["det", "total_pedido", "lista_parcelas", "departamentos"] {
                shown.as_object_mut().and_then(|shown| shown.remove(tag));
            }
        }
        shown
    })
}

/// The order that one of its three keys names.
fn found(omie: &Omie, key: &Fields) -> Result<i64, Refusal> {
    let (id, code) = (int(key, "codigo_pedido"), text(key, "codigo_pedido_integracao"));
    let wanted = text(key, "numero_pedido").trim_start_matches('0');
    if id == 0 && code.is_empty() && !wanted.is_empty() {
        let row = omie.trade.sales_orders.rows().find(|row| number(&row.fields) == wanted);
        let lost = || Refusal::client(105, &format!("Pedido não cadastrado para o Número [{wanted}] !"));
        return row.map(|row| row.id).ok_or_else(lost);
    }
    NOUN.find(&omie.trade.sales_orders, id, code)
}

fn number(fields: &Fields) -> &str {
    word(block(fields, "cabecalho"), "numero_pedido")
}

fn stage(row: &Entry) -> &str {
    if row.billed.is_some() { "60" } else { word(block(&row.fields, "cabecalho"), "etapa") }
}

fn info(row: &Entry) -> Value {
    let flag = |yes: bool| if yes { "S" } else { "N" };
    let mut info = stamps(row.created, row.changed, flag(row.created.by == Author::Api));
    for (tag, yes) in [
        ("cancelado", row.cancelled.is_some()),
        ("faturado", row.billed.is_some()),
        ("autorizado", row.billed.is_some()),
        ("denegado", false),
        ("devolvido", false),
        ("devolvido_parcial", false),
    ] {
        put(&mut info, tag, flag(yes));
    }
    for (what, stamp) in [("Fat", row.billed), ("Can", row.cancelled)] {
        let Some(stamp) = stamp else { continue };
        put(&mut info, &format!("d{what}"), stamp.local.strftime("%d/%m/%Y").to_string());
        put(&mut info, &format!("h{what}"), stamp.local.strftime("%H:%M:%S").to_string());
        put(&mut info, &format!("u{what}"), stamp.by.code());
    }
    info
}

/// An order as a listing shows it.
pub(super) fn shape(row: &Entry) -> Value {
    let mut shown = object(row.fields.clone());
    let details = items(block(&row.fields, "det"));
    let sum = |tag: &str| -> f64 {
        cents(details.iter().filter_map(|item| item.get("produto")).map(|item| decimal(item, tag)).sum())
    };
    let (gross, net) = (sum("valor_mercadoria"), sum("valor_total"));
    let mut head = block(&row.fields, "cabecalho").clone();
    for (tag, value) in [
        ("codigo_pedido", json!(row.id)),
        ("etapa", json!(stage(row))),
        ("quantidade_itens", json!(details.len())),
        ("importado_api", json!(if row.created.by == Author::Api { "S" } else { "N" })),
        ("bloqueado", json!("")),
        ("encerrado", json!("")),
    ] {
        put(&mut head, tag, value);
    }
    put(&mut shown, "cabecalho", head);
    let total = json!({ "valor_mercadorias": gross, "valor_descontos": cents(gross - net), "valor_total_pedido": net });
    put(&mut shown, "total_pedido", total);
    put(&mut shown, "infoCadastro", info(row));
    for tag in ["lista_parcelas", "observacoes", "frete"] {
        if shown.get(tag).is_none() {
            put(&mut shown, tag, json!({}));
        }
    }
    shown
}

impl Omie {
    /// Changes an order that is still open.
    pub(super) fn change_sales_order(&mut self, id: i64, sent: &Fields, stamp: Stamp) -> Result<(), Refusal> {
        self.open_sales_order(id)?;
        let old = self.trade.sales_orders.get(id).map(|row| row.fields.clone()).unwrap_or_default();
        let mut order = old.clone();
        self.fill_sales_order(&mut order, sent, (Some(id), stamp.local.date()))?;
        if order != old || self.switches.noop_moves_stamp {
            self.trade.sales_orders.change(id, order, stamp);
        }
        Ok(())
    }

    /// Refuses an order that is invoiced or cancelled.
    fn open_sales_order(&self, id: i64) -> Result<(), Refusal> {
        let row = self.trade.sales_orders.get(id);
        let closed = |what: &str| {
            let number = row.map(|row| number(&row.fields)).unwrap_or_default();
            Err(Refusal::client(1000, &format!("O Pedido [{number}] já está {what} e não pode ser alterado!")))
        };
        match row {
            Some(row) if row.cancelled.is_some() => closed("cancelado"),
            Some(row) if row.billed.is_some() => closed("faturado"),
            _ => Ok(()),
        }
    }

    /// Puts what was sent into an order; `own` is its number when it is no new one.
    fn fill_sales_order(
        &mut self,
        order: &mut Fields,
        sent: &Fields,
        (own, today): (Option<i64>, Date),
    ) -> Result<(), Refusal> {
        BLOCKS.merge(order, sent, self.switches.empty_clears);
        let head = block(sent, "cabecalho");
        let (client, code) = (whole(head, "codigo_cliente"), word(head, "codigo_cliente_integracao"));
        // A quotation may do without a client.
        let nobody = client == 0 && code.is_empty();
        let quotation = word(block(order, "cabecalho"), "etapa") == "00";
        if !nobody {
            let client = self.client_named(client, code)?;
            order.entry("cabecalho").and_modify(|head| put(head, "codigo_cliente", client));
        } else if whole(block(order, "cabecalho"), "codigo_cliente") == 0 && !quotation {
            return Err(Refusal::required("codigo_cliente"));
        }
        let moved = own.is_none() || head.get("data_previsao").is_some();
        self.check_order(order, (own, moved.then_some(today)))?;
        let details = self.details_sent(order, items(block(sent, "det")), own.is_some())?;
        if details.is_empty() {
            return Err(Refusal::required("det"));
        }
        order.insert("det", Value::Array(details));
        Ok(())
    }

    fn check_order(&self, order: &Fields, (own, since): (Option<i64>, Option<Date>)) -> Result<(), Refusal> {
        let (head, more) = (block(order, "cabecalho"), block(order, "informacoes_adicionais"));
        NOUN.unique(&self.trade.sales_orders, word(head, "codigo_pedido_integracao"), own.unwrap_or_default(), number)?;
        let in_head = ["data_previsao", "etapa", "codigo_parcela"].into_iter().map(|tag| (head, tag));
        let in_more = ["codigo_categoria", "codigo_conta_corrente"].into_iter().map(|tag| (more, tag));
        let mut demanded = in_head.chain(in_more);
        if let Some((_, tag)) = demanded.find(|(block, tag)| block.get(*tag).is_none_or(is_empty)) {
            return Err(Refusal::required(tag));
        }
        let expected = read_date(word(head, "data_previsao")).ok_or_else(|| Refusal::bad_date("data_previsao"))?;
        let past = expected.zip(since).is_some_and(|(expected, today)| expected < today);
        if past && self.switches.trade.past_expectation_refused {
            let text = "A data de previsão deve ser maior ou igual à data de hoje! - tag: [data_previsao]";
            return Err(Refusal::client(1000, text));
        }
        if !STAGES.contains(&word(head, "etapa")) {
            return Err(one_of("etapa", word(head, "etapa"), &STAGES));
        }
        if word(head, "codigo_parcela") == "999" {
            self.check_instalments(order)?;
        }
        let freight = block(order, "frete");
        if !is_empty(freight) && word(freight, "modalidade").is_empty() {
            return Err(Refusal::required("modalidade"));
        }
        self.category_named(word(more, "codigo_categoria"), "codigo_categoria")?;
        self.account_named(whole(more, "codigo_conta_corrente"), "codigo_conta_corrente")?;
        self.seller_named(whole(more, "codVend"))
    }

    fn check_instalments(&self, order: &Fields) -> Result<(), Refusal> {
        if whole(block(order, "cabecalho"), "qtde_parcelas") == 0 {
            return Err(Refusal::required("qtde_parcelas"));
        }
        let instalments = items(block(order, "lista_parcelas").get("parcela").unwrap_or(&Value::Null));
        if instalments.is_empty() {
            return Err(Refusal::required("lista_parcelas"));
        }
        let demanded = ["numero_parcela", "valor", "percentual", "data_vencimento"];
        let lacking = |one: &Value| demanded.into_iter().find(|tag| one.get(*tag).is_none_or(is_empty));
        instalments.iter().find_map(lacking).map_or(Ok(()), |tag| Err(Refusal::required(tag)))
    }

    /// The items of an order after what was sent.
    fn details_sent(&mut self, order: &Fields, sent: &[Value], alters: bool) -> Result<Vec<Value>, Refusal> {
        let mut details = items(block(order, "det")).to_vec();
        for item in sent {
            let key = item.get("ide").unwrap_or(&Value::Null);
            let code = word(key, "codigo_item_integracao");
            if code.is_empty() {
                return Err(Refusal::required("codigo_item_integracao"));
            }
            let named = |own: &Value| own.get("ide").is_some_and(|key| word(key, "codigo_item_integracao") == code);
            let place = details.iter().position(named);
            let takes_away = alters && word(key, "acao_item") == "E";
            match place {
                Some(place) if takes_away => drop(details.remove(place)),
                None if takes_away => {
                    let text = format!("Item não cadastrado para o Código de Integração [{code}] !");
                    return Err(Refusal::client(103, &text));
                }
                Some(_) if !alters => {
                    let text = format!("Item já cadastrado para o Código de Integração [{code}] !");
                    return Err(Refusal::client(102, &text));
                }
                Some(place) => {
                    let old = details.get(place).cloned().unwrap_or_default();
                    let new = self.detail(&merged(&old, item, false))?;
                    if let Some(own) = details.get_mut(place) {
                        *own = new;
                    }
                }
                None => {
                    let mut item = self.detail(item)?;
                    let number = self.next_item();
                    if let Some(key) = item.get_mut("ide") {
                        put(key, "codigo_item", number);
                    }
                    details.push(item);
                }
            }
        }
        Ok(details)
    }

    /// An item with what the catalogue and the sums add.
    fn detail(&self, sent: &Value) -> Result<Value, Refusal> {
        let line = sent.get("produto").unwrap_or(&Value::Null);
        let (id, code) = (whole(line, "codigo_produto"), word(line, "codigo_produto_integracao"));
        if id == 0 && code.is_empty() {
            return Err(Refusal::required("codigo_produto"));
        }
        if let Some(tag) = ["quantidade", "valor_unitario"].into_iter().find(|tag| decimal(line, tag) == 0.0) {
            return Err(Refusal::required(tag));
        }
        let id = self.product_named(id, if id == 0 { code } else { "" })?;
        let known = self.trade.products.get(id).map(|row| product::whole_shape(row, false)).unwrap_or_default();
        let mut line = line.clone();
        put(&mut line, "codigo_produto", id);
        for tag in ["codigo", "descricao", "unidade", "ncm", "ean"] {
            if word(&line, tag).is_empty() {
                put(&mut line, tag, word(&known, tag));
            }
        }
        let gross = cents(decimal(&line, "quantidade") * decimal(&line, "valor_unitario"));
        let discount = match word(&line, "tipo_desconto") {
            "P" => cents(gross * decimal(&line, "percentual_desconto") / 100.0),
            _ => decimal(&line, "valor_desconto"),
        };
        put(&mut line, "valor_desconto", discount);
        put(&mut line, "valor_mercadoria", gross);
        put(&mut line, "valor_total", cents(gross - discount));
        let mut item = sent.clone();
        put(&mut item, "produto", line);
        item.get_mut("ide").and_then(Value::as_object_mut).and_then(|key| key.remove("acao_item"));
        Ok(item)
    }

    fn sales_order_told(&self, id: i64, words: &str) -> Reply {
        let head = self.trade.sales_orders.get(id).map(|row| block(&row.fields, "cabecalho")).unwrap_or(&Value::Null);
        Ok(wire::text(&json!({
            "codigo_pedido": id, "codigo_pedido_integracao": word(head, "codigo_pedido_integracao"),
            "codigo_status": "0", "descricao_status": words, "numero_pedido": word(head, "numero_pedido"),
        })))
    }
}
