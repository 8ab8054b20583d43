//! The second act among goods, tasks and quotations: what people do in all three systems.
//!
//! Every edit is one sentence and one change. What an edit needs and another system has not told
//! Auvo, or Omie, yet (a product, an order) is left out.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fieldwork::{DIFFERING, Fieldwork, Job, day, line_of, product_of};
use super::sample::Maker;
use super::{Shows, Story};
use crate::sandbox::auvo::Visit;
use crate::sandbox::omie::Level;
use crate::sandbox::{Auvo, Omie, Ploomes};

/// The three systems.
pub struct Systems<'a> {
    /// Where the books are.
    pub omie: &'a mut Omie,
    /// Where the sellers work.
    pub ploomes: &'a mut Ploomes,
    /// Where the technicians work.
    pub auvo: &'a mut Auvo,
}

/// Edits goods, tasks, quotations and clients in all three systems; tells what people did.
///
/// # Errors
///
/// What a system says about an edit, or that the story misses a record.
pub fn field_round(
    systems: Systems<'_>,
    story: &Story,
    fieldwork: &Fieldwork,
    now: Timestamp,
) -> Result<Vec<String>, String> {
    let mut round = Round { systems, story, fieldwork, now, told: Vec::new() };
    round.goods()?;
    round.clients()?;
    round.tasks()?;
    round.orders()?;
    round.quotations()?;
    Ok(round.told)
}

struct Round<'a> {
    systems: Systems<'a>,
    story: &'a Story,
    fieldwork: &'a Fieldwork,
    now: Timestamp,
    told: Vec<String>,
}

impl Round<'_> {
    fn job(&self, job: Job) -> Result<i64, String> {
        self.fieldwork.jobs.get(&job).copied().ok_or_else(|| format!("the story has no {job:?}"))
    }

    fn in_auvo(&mut self, (resource, id): (&str, i64), patch: &Value, what: &str) -> Result<(), String> {
        self.systems.auvo.person_edits(self.now, resource, &id.to_string(), patch)?;
        let one = resource.trim_end_matches('s');
        self.told.push(format!("Auvo, {one} {id}: {what}"));
        Ok(())
    }

    /// Stock moves without its product, a price changes, a copy is edited.
    fn goods(&mut self) -> Result<(), String> {
        let number = |code: &str| self.fieldwork.products.get(code).copied().ok_or(format!("no product `{code}`"));
        let (oil, motor) = (number("F-110")?, number("C-300")?);
        let level = Level { physical: 59.0, ..Level::default() };
        self.systems.omie.person_counts_stock(self.now, oil, None, level);
        self.told.push(format!("Omie, product {oil}: five were sold, 59 are left"));
        self.systems.omie.person_edits_product(self.now, motor, &json!({ "valor_unitario": 1_199.0 }))?;
        self.told.push(format!("Omie, product {motor}: the price was lowered"));
        let copy = product_of(self.systems.auvo, DIFFERING).and_then(|row| row.get("code")?.as_i64());
        let copy = copy.ok_or("Auvo lost a product")?;
        let patch = json!({ "name": "Motor do depósito" });
        self.in_auvo(("products", copy), &patch, "its name was changed, which Omie decides")
    }

    fn clients(&mut self) -> Result<(), String> {
        let (_, twin) = self.fieldwork.twins.first().copied().ok_or("Auvo has no twin")?;
        self.in_auvo(("customers", twin), &json!({ "phoneNumber": ["11988887777"] }), "the phone was changed")?;
        let nobody = self.fieldwork.alone.last().copied().ok_or("Auvo has no customer of its own")?;
        let document = Maker::apart(self.now.as_millisecond().unsigned_abs()).document(false);
        self.in_auvo(("customers", nobody), &json!({ "cpfCnpj": document }), "the missing CPF was filled in")?;
        let shown = self.story.shown.get(&Shows::OnlyPloomes).and_then(|shown| shown.ploomes.get(1));
        let contact = shown.copied().ok_or("the story has no contact that only Ploomes has")?;
        self.systems.ploomes.person_edits(self.now, contact, &json!({ "Email": "obras@caminho.example" }))?;
        self.told.push(format!("Ploomes, contact {contact}: the e-mail was changed, and Auvo learns it through Omie"));
        Ok(())
    }

    fn tasks(&mut self) -> Result<(), String> {
        let open = self.job(Job::Open)?;
        let service = self.systems.auvo.named("services", "Visita técnica");
        let line = service.map(|id| json!({ "serviceId": id, "quantity": 1 }));
        if let Some(line) = line {
            self.in_auvo(("tasks", open), &json!({ "taskServices": [line] }), "a service was added")?;
        }
        for step in [Visit::CheckIn, Visit::Finish("Instalado".to_owned())] {
            self.systems.auvo.visit(self.now, open, &step)?;
        }
        self.told.push(format!("Auvo, task {open}: it was finished"));
        let task = self.job(Job::OwnService)?;
        if let Some(id) = self.systems.auvo.named("services", "Hora técnica") {
            let patch = json!({ "taskServices": [{ "serviceId": id, "quantity": 3 }] });
            self.in_auvo(("tasks", task), &patch, "its service became one that Omie knows")?;
        }
        let task = self.job(Job::OwnProduct)?;
        let patch = json!({ "taskProducts": [line_of(self.systems.auvo, DIFFERING, 2.0)] });
        self.in_auvo(("tasks", task), &patch, "its products became one that Omie knows")
    }

    /// One order is invoiced before its task changes, another is not.
    fn orders(&mut self) -> Result<(), String> {
        let task = self.job(Job::Closed)?;
        for (kind, id) in self.orders_of(task) {
            self.systems.omie.person_invoices(self.now, id);
            self.told.push(format!("Omie, {kind} {id}: it was invoiced"));
        }
        let patch = json!({ "orientation": "Verificar o equipamento e o quadro elétrico" });
        self.in_auvo(("tasks", task), &patch, "the description was changed")?;
        let task = self.job(Job::Finished)?;
        let patch = json!({ "taskProducts": [line_of(self.systems.auvo, DIFFERING, 3.0)] });
        self.in_auvo(("tasks", task), &patch, "three motors were used, and no filter")?;
        let task = self.job(Job::AtNewCustomer)?;
        if self.systems.auvo.person_deletes(self.now, "tasks", &task.to_string()) {
            self.told.push(format!("Auvo, task {task}: it was deleted"));
        }
        Ok(())
    }

    /// The orders that were made of a task: their integration code ends with its id.
    fn orders_of(&self, task: i64) -> Vec<(&'static str, i64)> {
        let of = |order: &Value, code: &str, id: &str| {
            let code = order.pointer(code).and_then(Value::as_str).unwrap_or_default();
            let is_of = code.rsplit('-').next() == Some(task.to_string().as_str());
            order.pointer(id).and_then(Value::as_i64).filter(|_| is_of)
        };
        let omie = &self.systems.omie;
        let services = omie.service_orders().filter_map(|one| of(&one, "/Cabecalho/cCodIntOS", "/Cabecalho/nCodOS"));
        let sales = omie
            .sales_orders()
            .filter_map(|one| of(&one, "/cabecalho/codigo_pedido_integracao", "/cabecalho/codigo_pedido"));
        services.map(|id| ("service order", id)).chain(sales.map(|id| ("sales order", id))).collect()
    }

    fn quotations(&mut self) -> Result<(), String> {
        let sent = self.job(Job::Sent)?;
        self.systems.auvo.person_moves_quotation(self.now, &sent.to_string(), "Aprovado")?;
        self.told.push(format!("Auvo, quotation {sent}: it was approved on {}", day(self.now)));
        let draft = self.job(Job::Draft)?;
        self.systems.auvo.person_moves_quotation(self.now, &draft.to_string(), "Enviado")?;
        self.told.push(format!("Auvo, quotation {draft}: it was sent"));
        Ok(())
    }
}
