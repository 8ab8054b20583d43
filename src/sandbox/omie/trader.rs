//! What people do with the trade of an account, and what they see of it.
//!
//! As in the API, under a person's code and without its limits; they alone make a product or a
//! service inactive, count stock, invoice and cancel.

use jiff::Timestamp;
use serde_json::Value;

use super::schema::{self, Complex, Fields};
use super::stock::Level;
use super::{Omie, goods_schema, os_schema, product, sales_order, sales_order_schema, service, service_order};

impl Omie {
    /// A person enters a product; gives its number.
    ///
    /// # Errors
    ///
    /// What Omie says about a tag that is missing, unknown or taken.
    pub fn person_adds_product(&mut self, now: Timestamp, product: &Value) -> Result<i64, String> {
        let (fields, stamp) = (self.typed(&goods_schema::PRODUCT, product)?, self.hand(now));
        let id = self.new_product(&fields, stamp).map_err(|refusal| refusal.text)?;
        self.set_inactive(id, &fields);
        Ok(id)
    }

    /// A person edits a product.
    ///
    /// # Errors
    ///
    /// As [`Omie::person_adds_product`], or that there is no such product.
    pub fn person_edits_product(&mut self, now: Timestamp, id: i64, patch: &Value) -> Result<(), String> {
        let old = self.trade.products.get(id).ok_or("there is no such product")?.fields.clone();
        let (sent, stamp) = (self.typed(&goods_schema::PRODUCT, patch)?, self.hand(now));
        let mut fields = self.filled(old.clone(), &sent, id).map_err(|refusal| refusal.text)?;
        if let Some(flag) = sent.get("inativo") {
            fields.insert("inativo", flag.clone());
        }
        if fields != old || self.switches.noop_moves_stamp {
            self.trade.products.change(id, fields, stamp);
        }
        Ok(())
    }

    /// Only people make a product inactive.
    fn set_inactive(&mut self, id: i64, sent: &Fields) {
        if let (Some(flag), Some(row)) = (sent.get("inativo"), self.trade.products.get_mut(id)) {
            row.fields.insert("inativo", flag.clone());
        }
    }

    /// A product as `ConsultarProduto` shows it.
    pub fn product(&self, id: i64) -> Option<Value> {
        self.trade.products.get(id).map(|row| product::whole_shape(row, self.switches.html_names))
    }

    /// A person adds a stock location; gives its number.
    pub fn add_stock_location(&mut self) -> i64 {
        let last = self.trade.stock.locations().iter().max().copied().unwrap_or_default();
        let location = last + self.rng.i64(1..4_000);
        self.trade.stock.add_location(location);
        location
    }

    /// The stock locations; the first is the usual one.
    pub fn stock_locations(&self) -> Vec<i64> {
        self.trade.stock.locations().to_vec()
    }

    /// A person counts a product at a location, the usual one when none is named. The product's own
    /// record does not change.
    pub fn person_counts_stock(&mut self, now: Timestamp, product: i64, location: Option<i64>, level: Level) {
        let location = location.or_else(|| self.trade.stock.locations().first().copied()).unwrap_or_default();
        let since = self.hand(now).local;
        self.trade.stock.set(product, location, since, level);
    }

    /// A person enters a service (`cCodIntServ`, `inativo`, `cabecalho`, `descricao`, `impostos`);
    /// gives its number.
    ///
    /// # Errors
    ///
    /// What Omie says about a tag that is missing, unknown or taken.
    pub fn person_adds_service(&mut self, now: Timestamp, service: &Value) -> Result<i64, String> {
        let (fields, stamp) = (self.typed(&goods_schema::SERVICE, service)?, self.hand(now));
        self.keep_service(None, &fields, stamp).map_err(|refusal| refusal.text)
    }

    /// A person edits a service.
    ///
    /// # Errors
    ///
    /// As [`Omie::person_adds_service`], or that there is no such service.
    pub fn person_edits_service(&mut self, now: Timestamp, id: i64, patch: &Value) -> Result<(), String> {
        self.trade.services.get(id).ok_or("there is no such service")?;
        let (fields, stamp) = (self.typed(&goods_schema::SERVICE, patch)?, self.hand(now));
        self.keep_service(Some(id), &fields, stamp).map(drop).map_err(|refusal| refusal.text)
    }

    /// A service as `ConsultarCadastroServico` shows it.
    pub fn service(&self, id: i64) -> Option<Value> {
        self.trade.services.get(id).map(service::shape)
    }

    /// A person edits a service order.
    ///
    /// # Errors
    ///
    /// What Omie says, or that there is no such order.
    pub fn person_edits_service_order(&mut self, now: Timestamp, id: i64, patch: &Value) -> Result<(), String> {
        self.trade.service_orders.get(id).ok_or("there is no such order")?;
        let (fields, stamp) = (self.typed(&os_schema::ORDER, patch)?, self.hand(now));
        self.change_service_order(id, &fields, stamp).map_err(|refusal| refusal.text)
    }

    /// A person edits a sales order.
    ///
    /// # Errors
    ///
    /// What Omie says, or that there is no such order.
    pub fn person_edits_sales_order(&mut self, now: Timestamp, id: i64, patch: &Value) -> Result<(), String> {
        self.trade.sales_orders.get(id).ok_or("there is no such order")?;
        let (fields, stamp) = (self.typed(&sales_order_schema::ORDER, patch)?, self.hand(now));
        self.change_sales_order(id, &fields, stamp).map_err(|refusal| refusal.text)
    }

    /// A person invoices an order, of services or of sales; tells whether there is such an order.
    pub fn person_invoices(&mut self, now: Timestamp, id: i64) -> bool {
        let stamp = self.hand(now);
        let trade = &mut self.trade;
        let row = trade.service_orders.get_mut(id).or_else(|| trade.sales_orders.get_mut(id));
        row.map(|row| (row.billed, row.changed) = (Some(stamp), stamp)).is_some()
    }

    /// A person cancels an order, of services or of sales; tells whether there is such an order.
    pub fn person_cancels(&mut self, now: Timestamp, id: i64) -> bool {
        let stamp = self.hand(now);
        let trade = &mut self.trade;
        let row = trade.service_orders.get_mut(id).or_else(|| trade.sales_orders.get_mut(id));
        row.map(|row| (row.cancelled, row.changed) = (Some(stamp), stamp)).is_some()
    }

    /// A service order as `ConsultarOS` shows it.
    pub fn service_order(&self, id: i64) -> Option<Value> {
        self.trade.service_orders.get(id).map(service_order::shape)
    }

    /// All service orders as `ConsultarOS` shows them, by number.
    pub fn service_orders(&self) -> impl Iterator<Item = Value> + '_ {
        self.trade.service_orders.rows().map(service_order::shape)
    }

    /// A sales order as a listing shows it.
    pub fn sales_order(&self, id: i64) -> Option<Value> {
        self.trade.sales_orders.get(id).map(sales_order::shape)
    }

    /// All sales orders as a listing shows them, by number.
    pub fn sales_orders(&self) -> impl Iterator<Item = Value> + '_ {
        self.trade.sales_orders.rows().map(sales_order::shape)
    }

    /// The number of the current account.
    pub fn current_account(&self) -> i64 {
        self.trade.account
    }

    fn typed(&self, complex: &'static Complex, value: &Value) -> Result<Fields, String> {
        let object = value.as_object().ok_or("a record is an object")?;
        schema::read(complex, object, &self.switches).map_err(|refusal| refusal.text)
    }
}
