//! What an Omie account trades with: products, their stock, services, service orders, sales orders;
//! and the methods that reach them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::book::{Book, block, word};
use super::method::{Ask, Method, Reply};
use super::refusal::Refusal;
use super::schema::{Complex, Fields, text};
use super::stock::Stock;
use super::wire::Status;
use super::{Omie, goods_schema, os_schema, product, sales_order, sales_order_schema, service, service_order, stock};
use crate::sandbox::CallKind;
use CallKind::{List, Read, Write};

/// What differs between accounts, or is not publicly known, about trade.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact of an account")]
pub struct TradeSwitches {
    /// `ListarProdutos` hides what no point of sale sells, unless asked not to. Default true.
    pub point_of_sale_only: bool,
    /// Stock without a location named is that of all; else of the usual one. Default false.
    pub stock_of_all_locations: bool,
    /// A service order needs a current account. Default true.
    pub service_order_needs_account: bool,
    /// A service order needs a service. Default false.
    pub service_order_needs_service: bool,
    /// A service of the catalogue still needs its taxation told in each order. Default false.
    pub taxation_told_again: bool,
    /// A sales order expected before today is refused. Default true.
    pub past_expectation_refused: bool,
    /// Sales orders are filtered by the day they are expected; else by inclusion and change. Default false.
    pub orders_filtered_by_expectation: bool,
}

impl Default for TradeSwitches {
    fn default() -> Self {
        Self {
            point_of_sale_only: true,
            stock_of_all_locations: false,
            service_order_needs_account: true,
            service_order_needs_service: false,
            taxation_told_again: false,
            past_expectation_refused: true,
            orders_filtered_by_expectation: false,
        }
    }
}

/// The trade of an account.
#[derive(Debug)]
pub(super) struct Trade {
    pub(super) products: Book,
    pub(super) services: Book,
    pub(super) service_orders: Book,
    pub(super) sales_orders: Book,
    pub(super) stock: Stock,
    /// Categories by code.
    pub(super) categories: BTreeMap<&'static str, &'static str>,
    /// The one current account.
    pub(super) account: i64,
    /// The last number of an item of an order.
    pub(super) last_item: i64,
}

impl Trade {
    /// No records; numbers follow from the chance given.
    pub(super) fn new(rng: &mut fastrand::Rng) -> Self {
        Self {
            products: Book::new(rng.i64(4_100_000_000..4_900_000_000), |fields| {
                text(fields, "codigo_produto_integracao")
            }),
            services: Book::new(rng.i64(3_000_000_000..3_900_000_000), |fields| text(fields, "cCodIntServ")),
            service_orders: Book::new(rng.i64(7_000_000_000..7_900_000_000), |fields| {
                word(block(fields, "Cabecalho"), "cCodIntOS")
            }),
            sales_orders: Book::new(rng.i64(8_000_000_000..8_900_000_000), |fields| {
                word(block(fields, "cabecalho"), "codigo_pedido_integracao")
            }),
            stock: Stock::new(rng.i64(1_000_000_000..1_900_000_000)),
            categories: BTreeMap::from([
                ("1.01.01", "Clientes - Venda de Mercadoria"),
                ("1.01.02", "Clientes - Serviços Prestados"),
                ("1.01.03", "Clientes - Revenda"),
            ]),
            account: rng.i64(2_000_000_000..2_900_000_000),
            last_item: rng.i64(6_500_000_000..6_900_000_000),
        }
    }
}

const fn method(
    service: &'static str,
    name: &'static str,
    kind: CallKind,
    takes: &'static Complex,
    run: fn(&mut Omie, &Ask) -> Reply,
) -> Method {
    Method { service, name, kind, takes, mandatory: !matches!(kind, List), run }
}

/// The methods of trade.
#[rustfmt::skip]
pub(super) const METHODS: &[Method] = &[
    method("geral/produtos", "ListarProdutos", List, &goods_schema::PRODUCT_LIST, product::list),
    method("geral/produtos", "ConsultarProduto", Read, &goods_schema::PRODUCT_KEY, product::show),
    method("geral/produtos", "IncluirProduto", Write, &goods_schema::PRODUCT, product::include),
    method("geral/produtos", "AlterarProduto", Write, &goods_schema::PRODUCT, product::alter),
    method("geral/produtos", "ExcluirProduto", Write, &goods_schema::PRODUCT_KEY, product::exclude),
    method("estoque/consulta", "ListarPosEstoque", List, &goods_schema::STOCK_LIST, stock::list),
    method("estoque/consulta", "PosicaoEstoque", Read, &goods_schema::STOCK_POSITION, stock::position),
    method("servicos/servico", "ListarCadastroServico", List, &goods_schema::SERVICE_LIST, service::list),
    method("servicos/servico", "ConsultarCadastroServico", Read, &goods_schema::SERVICE_KEY, service::show),
    method("servicos/os", "IncluirOS", Write, &os_schema::ORDER, service_order::include),
    method("servicos/os", "AlterarOS", Write, &os_schema::ORDER, service_order::alter),
    method("servicos/os", "ExcluirOS", Write, &os_schema::KEY, service_order::exclude),
    method("servicos/os", "ConsultarOS", Read, &os_schema::KEY, service_order::show),
    method("servicos/os", "ListarOS", List, &os_schema::LIST, service_order::list),
    method("servicos/os", "StatusOS", Read, &os_schema::STATUS, service_order::status),
    method("servicos/os", "TrocarEtapaOS", Write, &os_schema::STAGE, service_order::move_stage),
    method("produtos/pedido", "IncluirPedido", Write, &sales_order_schema::ORDER, sales_order::include),
    method("produtos/pedido", "AlterarPedidoVenda", Write, &sales_order_schema::ORDER, sales_order::alter),
    method("produtos/pedido", "ExcluirPedido", Write, &sales_order_schema::KEY, sales_order::exclude),
    method("produtos/pedido", "ConsultarPedido", Read, &sales_order_schema::KEY, sales_order::show),
    method("produtos/pedido", "ListarPedidos", List, &sales_order_schema::LIST, sales_order::list),
    method("produtos/pedido", "TrocarEtapaPedido", Write, &sales_order_schema::STAGE, sales_order::move_stage),
];

/// How the answer to a write tells how it went.
pub(super) fn status(method: &Method) -> Status {
    let service_order = json!({ "cCodIntOS": "", "nCodOS": 0, "cNumOS": "" });
    let (keys, code, text) = match (method.service, method.name) {
        ("servicos/os", "TrocarEtapaOS") => (service_order, "codigo_status", "descricao_status"),
        ("servicos/os", _) => (service_order, "cCodStatus", "cDescStatus"),
        ("produtos/pedido", _) => {
            let keys = json!({ "codigo_pedido": 0, "codigo_pedido_integracao": "", "numero_pedido": "" });
            (keys, "codigo_status", "descricao_status")
        }
        ("geral/produtos", _) => {
            let keys = json!({ "codigo_produto": 0, "codigo_produto_integracao": "" });
            (keys, "codigo_status", "descricao_status")
        }
        _ => {
            let keys = json!({ "codigo_cliente_omie": 0, "codigo_cliente_integracao": "" });
            (keys, "codigo_status", "descricao_status")
        }
    };
    Status { keys, code, text }
}

/// How the faults about a kind of record speak.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noun {
    /// `Produto`, `OS`.
    pub(super) name: &'static str,
    /// `o` or `a`.
    pub(super) ending: char,
    /// The tag of the number.
    pub(super) id: &'static str,
    /// The tag of the integration code.
    pub(super) code: &'static str,
}

impl Noun {
    /// The record that a number and an integration code name; the integration code goes first.
    pub(super) fn find(self, book: &Book, id: i64, code: &str) -> Result<i64, Refusal> {
        let Self { name, ending, .. } = self;
        if code.is_empty() && id == 0 {
            let tags = format!("[{}] ou [{}]", self.id, self.code);
            return Err(Refusal::client(1000, &format!("O preenchimento das tags {tags} é obrigatório!")));
        }
        if code.is_empty() {
            let lost = || Refusal::client(105, &format!("{name} não cadastrad{ending} para o Código [{id}] !"));
            return book.get(id).map(|row| row.id).ok_or_else(lost);
        }
        let text = format!("{name} não cadastrad{ending} para o Código de Integração [{code}] !");
        book.integrated(code).ok_or_else(|| Refusal::client(103, &text))
    }

    /// Refuses an integration code that another record has.
    pub(super) fn unique(self, book: &Book, code: &str, own: i64, number: fn(&Fields) -> &str) -> Result<(), Refusal> {
        let Some(other) = book.integrated(code).filter(|other| *other != own) else { return Ok(()) };
        let Self { name, ending, .. } = self;
        let number = book.get(other).map(|row| number(&row.fields)).unwrap_or_default();
        let tail = if number.is_empty() { String::new() } else { format!(" e Número [{number}]") };
        let text =
            format!("{name} já cadastrad{ending} para o Código de Integração [{code}], Código [{other}]{tail} !");
        Err(Refusal::client(102, &text))
    }
}

/// Refuses a tag that a write must not send.
pub(super) fn not_to_send(tag: &str, when: &str) -> Refusal {
    Refusal::client(1000, &format!("A tag [{tag}] não deve ser enviada na {when}!"))
}

/// Refuses something that a record names and that is not there.
pub(super) fn lost(what: &str, tag: &str) -> Refusal {
    Refusal::client(1070, &format!("{what} não foi encontrado! - tag: [{tag}]"))
}

/// Writes ids as text: here every whole number of ten digits is one.
pub(super) fn ids_as_text(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            Value::Object(object.into_iter().map(|(name, value)| (name, ids_as_text(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(ids_as_text).collect()),
        Value::Number(number) if number.as_i64() > Some(999_999_999) => Value::String(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

impl Omie {
    /// The client that the head of an order names, by number or integration code.
    pub(super) fn client_named(&self, id: i64, code: &str) -> Result<i64, Refusal> {
        if code.is_empty() || id != 0 {
            return self.clients.get(id).map(|client| client.code).ok_or_else(|| Refusal::no_client(id));
        }
        self.clients.integrated(code).ok_or_else(|| Refusal::no_integration(code))
    }

    /// A seller that an order names must be there and active.
    pub(super) fn seller_named(&self, id: i64) -> Result<(), Refusal> {
        match self.sellers.get(&id) {
            _ if id == 0 => Ok(()),
            None => Err(Refusal::client(1070, "O vendedor não foi encontrado! - tag: [codVend]")),
            Some(seller) if seller.inactive && self.switches.inactive_seller_refused => {
                Err(Refusal::client(115, "O vendedor está inativo! - tag: [codVend]"))
            }
            Some(_) => Ok(()),
        }
    }

    /// A product that an order names must be there and active.
    pub(super) fn product_named(&self, id: i64, code: &str) -> Result<i64, Refusal> {
        let id = product::NOUN.find(&self.trade.products, id, code)?;
        let row = self.trade.products.get(id).ok_or_else(|| lost("O produto", "codigo_produto"))?;
        if text(&row.fields, "inativo") == "S" {
            let (sku, code) = (text(&row.fields, "codigo"), text(&row.fields, "codigo_produto_integracao"));
            let text = format!("O produto [{sku}] está inativo !(Id: [{id}] / Integração: [{code}])");
            return Err(Refusal::client(115, &text));
        }
        Ok(id)
    }

    /// A category that an order names must be there.
    pub(super) fn category_named(&self, code: &str, tag: &str) -> Result<(), Refusal> {
        let known = self.trade.categories.contains_key(code);
        if known { Ok(()) } else { Err(lost(&format!("O código da Categoria [{code}]"), tag)) }
    }

    /// A current account that an order names must be there.
    pub(super) fn account_named(&self, id: i64, tag: &str) -> Result<(), Refusal> {
        if self.trade.account == id { Ok(()) } else { Err(lost(&format!("O código da Conta Corrente [{id}]"), tag)) }
    }

    /// The next number of an item.
    pub(super) fn next_item(&mut self) -> i64 {
        self.trade.last_item += self.rng.i64(1..40);
        self.trade.last_item
    }
}
