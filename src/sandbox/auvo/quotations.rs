//! Quotations: written by people alone, read by the API.
//!
//! Product lines carry the numeric code and no name, where the lines of tasks carry the GUID. What
//! approval is called is the account's choice of stages.

use serde_json::{Value, json};

use super::moment;
use super::price::{self, rounded};
use super::refusal::Refusal;
use super::row::{Row, any_case, items, number, object, objects, rename, set, text, whole};
use super::schema::Table;
use super::switches::{PriceForm, Switches};
use super::world::World;
use super::write::Writer;

impl Writer<'_> {
    /// What the server adds to a new quotation.
    pub(super) fn new_quotation(&mut self, row: &mut Row) {
        let stage = self.world.stages.first().map_or("", |stage| text(stage, "description"));
        let shown = json!({
            "registerDate": self.now, "requestDate": self.now, "requesterUserId": self.author, "_stage": stage,
            "publicLink": "", "payment": null, "aditionalCosts": [], "contacts": [], "alterations": [],
            "products": [], "services": [],
        });
        row.extend(object(shown));
    }

    /// The stage and the lines of a quotation.
    pub(super) fn fill_quotation(&mut self, row: &mut Row, fields: &Row) -> Result<(), Refusal> {
        if let Some(wanted) = fields.get("currentStage").and_then(Value::as_str) {
            let known = self.world.stages.iter().map(|stage| text(stage, "description"));
            let mut same = known.filter(|known| known.eq_ignore_ascii_case(wanted));
            let stage = same.next().ok_or_else(|| Refusal::dangling("stage", wanted))?.to_owned();
            set(row, "_stage", stage);
        }
        let guid = self.world.row(Table::User, whole(row, "requesterUserId")).map_or("", |user| text(user, "_guid"));
        set(row, "responsibleEmployeeId", guid.to_owned());
        for (name, table) in [("products", Table::Product), ("services", Table::Service)] {
            if let Some(lines) = fields.get(name).and_then(Value::as_array) {
                let lines = lines.iter().filter_map(Value::as_object);
                let lines = lines.map(|line| self.quoted(table, line)).collect::<Result<Vec<_>, _>>()?;
                set(row, name, lines);
            }
        }
        Ok(())
    }

    fn quoted(&self, table: Table, body: &Row) -> Result<Value, Refusal> {
        let of_product = table == Table::Product;
        let (key, id) = if of_product {
            ("productId", any_case(body, "productId").map(ToString::to_string))
        } else {
            ("serviceId", any_case(body, "serviceId").and_then(Value::as_str).map(str::to_lowercase))
        };
        let found = id.as_deref().and_then(|id| self.key(table, id)).and_then(|id| self.world.row(table, id));
        let thing = found.ok_or_else(|| Refusal::dangling(key, id.unwrap_or_default()))?;
        let (price, code) = if of_product { ("unitaryValue", "externalId") } else { ("price", "externalCode") };
        let said = |name: &str| any_case(body, name).and_then(Value::as_f64);
        let unit = said("unitaryValue").unwrap_or_else(|| number(thing, price));
        let discount = any_case(body, "unitaryDiscount").cloned();
        let mut line = object(json!({
            "externalCode": text(thing, code), "amount": said("amount").unwrap_or(1.0), "unitaryValue": unit,
            "unitaryDiscount": discount.unwrap_or_else(|| json!({ "type": "Percentual", "value": 0.0 })),
        }));
        if of_product {
            set(&mut line, key, whole(thing, "code"));
        } else {
            set(&mut line, key, text(thing, "id"));
            set(&mut line, "name", text(thing, "title"));
            set(&mut line, "description", text(thing, "description"));
            set(&mut line, "dateRegister", self.now.as_str());
        }
        Ok(Value::Object(line))
    }
}

/// A quotation as the API shows it.
pub(super) fn shown(world: &World, switches: &Switches, stored: &Row) -> Row {
    let mut row = stored.clone();
    let customer = world.row(Table::Customer, whole(stored, "customerId"));
    let of_customer = |name: &str| customer.map_or("", |customer| text(customer, name)).to_owned();
    set(&mut row, "customerName", of_customer("description"));
    set(&mut row, "customerExternalId", of_customer("externalId"));
    set(&mut row, "taskId", items(stored, "taskIds").first().cloned().unwrap_or_else(|| json!(0)));
    set(&mut row, "summary", summary(stored));
    set(&mut row, "descount", price::shown(number(stored, "descount"), PriceForm::Dot));
    let stage = world.stages.iter().find(|stage| text(stage, "description") == text(stored, "_stage"));
    set(&mut row, "currentStage", stage.cloned().map_or(Value::Null, Value::Object));
    for name in ["products", "services"] {
        let lines = objects(stored, name).map(|line| {
            let mut line = line.clone();
            let unit = price::shown(number(&line, "unitaryValue"), PriceForm::Dot);
            set(&mut line, "unitaryValue", unit);
            if switches.quotation_old_names {
                rename(&mut line, "unitaryValue", "UnitaryValue");
                rename(&mut line, "amount", "amout");
            }
            Value::Object(line)
        });
        set(&mut row, name, lines.collect::<Vec<_>>());
    }
    if !switches.quotation_moments {
        for name in ["registerDate", "requestDate", "expireDate", "lastUpdateDate"] {
            set(&mut row, name, moment::day(text(stored, name)));
        }
    }
    if switches.quotation_old_names {
        rename(&mut row, "taskId", "taskID");
        rename(&mut row, "currentStage", "CurrentStage");
    }
    row
}

fn summary(quotation: &Row) -> Value {
    let sums = |name: &str| {
        let of_line = |line: &Row| {
            let gross = number(line, "amount") * number(line, "unitaryValue");
            let discount = line.get("unitaryDiscount").and_then(Value::as_object);
            let value = discount.map(|discount| number(discount, "value")).unwrap_or_default();
            let percent = discount.is_some_and(|discount| text(discount, "type") == "Percentual");
            (gross, gross - if percent { gross * value / 100.0 } else { value })
        };
        objects(quotation, name).map(of_line).fold((0.0, 0.0), |sum, line| (sum.0 + line.0, sum.1 + line.1))
    };
    let (products, services) = (sums("products"), sums("services"));
    let discount = number(quotation, "descount");
    json!({
        "totalProducts": rounded(products.1), "totalServices": rounded(services.1), "totalAdditionalCosts": 0.0,
        "grossTotalValue": rounded(products.0 + services.0),
        "netTotalValue": rounded(products.1 + services.1 - discount),
        "discount": { "type": "Monetario", "value": discount },
    })
}
