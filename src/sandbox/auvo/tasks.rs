//! Tasks: what the office writes into them, and their lines of products and services.
//!
//! Writing and reading use different names (`taskProducts` becomes `products`). No write of the API
//! reaches the status of a task: only a visit does.

use serde_json::{Value, json};

use super::customers::geocoded;
use super::moment::NEVER;
use super::price::rounded;
use super::refusal::Refusal;
use super::route::LineKind;
use super::row::{Row, any_case, flag, items, number, object, set, text, whole};
use super::schema::Table;
use super::write::Writer;

impl LineKind {
    /// The member of a task that shows the lines.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Services => "services",
        }
    }

    /// The member of a body that writes them.
    pub(super) fn written(self) -> &'static str {
        match self {
            Self::Products => "taskProducts",
            Self::Services => "taskServices",
        }
    }

    /// The member of a shown line that holds the GUID of what it is of.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Products => "productId",
            Self::Services => "id",
        }
    }
}

impl Writer<'_> {
    /// What the server adds to a new task.
    pub(super) fn new_task(&mut self, row: &mut Row) {
        let page = self.world.new_guid();
        let key: String = self.world.new_guid().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let planned = json!({
            "creationDate": self.now, "taskDate": self.now, "priority": 1, "checkinType": 1, "attachments": [],
            "questionnaires": [], "ticketId": 0, "ticketTitle": "", "expense": "0,00", "products": [], "services": [],
            "additionalCosts": [], "openedOnLocation": false, "timeControl": [], "reschedulingHistory": [],
            "survey": format!("https://app.auvo.com.br/pesquisasatisfacao/formulario/{page}"),
            "taskUrl": format!("https://app.auvo.com.br/informacoes/tarefa/{page}?chave={key}"), "_discount": 0.0,
        });
        let visited = json!({
            "taskStatus": 1, "finished": false, "report": "", "pendency": "", "reasonForPause": "",
            "deliveredOnSmarthPhone": false, "deliveredDate": NEVER, "visualized": false, "visualizedDate": "",
            "displacementStart": "", "checkIn": false, "checkInDate": "", "checkInDistance": 0, "checkOut": false,
            "checkOutDate": "", "checkOutDistance": 0, "duration": "", "durationDecimal": "", "inputedKm": 0.0,
            "adoptedKm": 0.0, "signatureUrl": "", "signatureName": "", "signatureDocument": "", "_office": false,
        });
        row.extend(object(planned));
        row.extend(object(visited));
    }

    /// What the fields of a task bring along.
    pub(super) fn fill_task(&mut self, row: &mut Row, before: &Row, fields: &Row) -> Result<(), Refusal> {
        if !(1..=3).contains(&whole(row, "priority")) {
            return Err(Refusal::value("priority", row.get("priority").unwrap_or(&Value::Null)));
        }
        if !items(row, "equipmentsId").is_empty() {
            return Err(Refusal::Deep { name: "equipmentsId", text: "Equipment does not belong to customer" });
        }
        self.place(row, before, fields);
        if text(row, "taskDate").is_empty() {
            set(row, "taskDate", self.now.as_str());
        }
        let stored = before.contains_key("dateLastUpdate");
        if stored && text(before, "taskDate") != text(row, "taskDate") {
            self.reschedule(row, before)?;
        }
        for kind in [LineKind::Products, LineKind::Services] {
            if let Some(lines) = fields.get(kind.written()).filter(|lines| !lines.is_null()) {
                set(row, kind.shown(), json!([]));
                self.merge_lines(row, kind, lines)?;
            }
        }
        if let Some(discount) = fields.get("taskDiscount").and_then(Value::as_object) {
            let value = amount(any_case(discount, "value"))?.unwrap_or_default();
            let percent = any_case(discount, "type").and_then(Value::as_i64) == Some(1);
            let sum = summed(row, "products") + summed(row, "services");
            set(row, "_discount", rounded(if percent { sum * value / 100.0 } else { value }));
        }
        Ok(())
    }

    /// A task lies where its customer is; without one, where it was told, geocoded when needed.
    fn place(&self, row: &mut Row, before: &Row, fields: &Row) {
        let customer = whole(row, "customerId");
        if customer != whole(before, "customerId")
            && let Some(customer) = self.world.row(Table::Customer, customer)
        {
            for name in ["address", "latitude", "longitude"] {
                set(row, name, customer.get(name).cloned().unwrap_or_default());
            }
        } else if text(row, "address") != text(before, "address") && !fields.contains_key("latitude") {
            let (latitude, longitude) = geocoded(text(row, "address"));
            set(row, "latitude", latitude);
            set(row, "longitude", longitude);
        }
    }

    fn reschedule(&self, row: &mut Row, before: &Row) -> Result<(), Refusal> {
        if flag(before, "checkIn") && self.switches.checked_in_keeps_date {
            return Err(Refusal::rule("The task was already checked in and cannot be rescheduled."));
        }
        let mut history = items(row, "reschedulingHistory").to_vec();
        let name = self.world.row(Table::User, self.author).map_or("", |user| text(user, "name"));
        history.push(json!({
            "idUser": self.author, "userName": name, "oldScheduledDate": text(before, "taskDate"),
            "newScheduledDate": text(row, "taskDate"), "registerDate": self.now,
        }));
        set(row, "reschedulingHistory", history);
        Ok(())
    }

    /// Puts lines into a task: one of the same product or service is changed, the others are added.
    pub(super) fn merge_lines(&mut self, row: &mut Row, kind: LineKind, sent: &Value) -> Result<(), Refusal> {
        let wrong = || Refusal::value(kind.written(), sent);
        let mut lines = items(row, kind.shown()).to_vec();
        for line in sent.as_array().ok_or_else(wrong)? {
            let mut line = self.line(kind, line.as_object().ok_or_else(wrong)?)?;
            let known = lines.iter_mut().find(|own| own.get(kind.key()) == line.get(kind.key()));
            if let Some(known) = known {
                set(&mut line, "dateRegister", known.get("dateRegister").cloned().unwrap_or_default());
                set(&mut line, "dateEdit", self.now.as_str());
                *known = Value::Object(line);
            } else {
                lines.push(Value::Object(line));
            }
        }
        set(row, kind.shown(), lines);
        Ok(())
    }

    /// A line as a task shows it, from a line as a body writes it.
    fn line(&self, kind: LineKind, body: &Row) -> Result<Row, Refusal> {
        let (name, table) = match kind {
            LineKind::Products => ("productId", Table::Product),
            LineKind::Services => ("serviceId", Table::Service),
        };
        let guid = any_case(body, name).and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let known = self.world.find(table, kind.key(), &guid).and_then(|id| self.world.row(table, id));
        let thing = known.ok_or_else(|| Refusal::dangling(name, &guid))?;
        let (title, price) = match kind {
            LineKind::Products => ("name", "unitaryValue"),
            LineKind::Services => ("title", "price"),
        };
        let quantity = amount(any_case(body, "quantity"))?.unwrap_or(1.0);
        let price = amount(any_case(body, "value"))?.unwrap_or_else(|| number(thing, price));
        let gross = rounded(quantity * price);
        let discount = amount(any_case(body, "discountValue"))?.unwrap_or_default();
        let percent = any_case(body, "discountType").and_then(Value::as_i64) == Some(1);
        let discount = rounded(if percent { gross * discount / 100.0 } else { discount });
        let guid_of = self.world.row(Table::User, self.author).map_or("", |user| text(user, "_guid"));
        let mut line = object(json!({
            "name": text(thing, title), "quantity": quantity, "unitaryValue": price,
            "totalValue": rounded(gross - discount), "userResponsible": guid_of, "userResponsibleCode": self.author,
            "dateRegister": self.now, "dateEdit": NEVER, "discount": { "value": discount, "type": "Valor" },
        }));
        set(&mut line, kind.key(), guid);
        if kind == LineKind::Products {
            set(&mut line, "code", whole(thing, "code"));
            set(&mut line, "description", text(thing, "description"));
            set(&mut line, "externalCode", text(thing, "externalId"));
        }
        Ok(line)
    }

    /// Changes the lines of a task through their own path.
    pub(super) fn put_lines(&mut self, id: i64, kind: LineKind, body: &Value) -> Result<(), Refusal> {
        let mut row = self.world.row(Table::Task, id).ok_or(Refusal::Gone)?.clone();
        let lines = body.as_object().and_then(|body| any_case(body, kind.written()));
        let lacking = || Refusal::value(kind.written(), &Value::Null);
        self.merge_lines(&mut row, kind, lines.ok_or_else(lacking)?)?;
        self.store(Table::Task, id, row);
        Ok(())
    }

    /// Takes lines away from a task.
    pub(super) fn take_lines(&mut self, id: i64, kind: LineKind, body: &Value) -> Result<(), Refusal> {
        let mut row = self.world.row(Table::Task, id).ok_or(Refusal::Gone)?.clone();
        let wrong = || Refusal::value(kind.shown(), body);
        let guids = body.as_array().ok_or_else(wrong)?.iter().map(|guid| guid.as_str().map(str::to_lowercase));
        let guids: Vec<String> = guids.collect::<Option<_>>().ok_or_else(wrong)?;
        let gone = |line: &Value| {
            line.get(kind.key()).and_then(Value::as_str).is_some_and(|id| guids.iter().any(|it| it == id))
        };
        let kept: Vec<Value> = items(&row, kind.shown()).iter().filter(|line| !gone(line)).cloned().collect();
        set(&mut row, kind.shown(), kept);
        self.store(Table::Task, id, row);
        Ok(())
    }
}

/// The sum of a task, computed from its lines.
pub(super) fn summary(task: &Row) -> Value {
    let (products, services) = (summed(task, "products"), summed(task, "services"));
    let discount = number(task, "_discount");
    json!({
        "totalProducts": products, "totalServices": services, "totalAdditionalCosts": 0.0,
        "totalValue": rounded(products + services - discount), "discount": { "value": discount, "type": "Valor" },
    })
}

fn summed(task: &Row, lines: &str) -> f64 {
    let totals = items(task, lines).iter().filter_map(|line| line.get("totalValue").and_then(Value::as_f64));
    rounded(totals.sum())
}

/// A quantity or a price of a line: a number, or a text of one.
fn amount(value: Option<&Value>) -> Result<Option<f64>, Refusal> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let read = || value.as_str().and_then(|text| text.trim().replace(',', ".").parse().ok());
    value.as_f64().or_else(read).map(Some).ok_or_else(|| Refusal::value("value", value))
}
