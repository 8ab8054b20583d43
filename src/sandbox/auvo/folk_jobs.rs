//! What people do with tasks and quotations: plan, visit, finish, offer.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::row::{text, whole};
use super::schema::Table;
use super::{Auvo, Visit, moment};
use crate::sandbox::folk::{Blank, Edit, Field, one_in, pick, pool};

const fn field(path: &'static str, blank: Blank, draw: fn(&mut fastrand::Rng) -> Value) -> Field {
    Field { path, blank, draw }
}

/// The plain fields of a task.
pub(super) const TASK: &[Field] = &[
    field("orientation", Blank::Never, |random| json!(pick(random, pool::NOTES))),
    field("priority", Blank::Never, |random| json!(random.u8(1..=3))),
    field("sendSatisfactionSurvey", Blank::Never, |random| json!(random.bool())),
    field("financialCategory", Blank::Text, |random| json!(pick(random, pool::TAGS))),
];

/// The plain fields of a quotation.
pub(super) const QUOTATION: &[Field] = &[
    field("observations", Blank::Text, |random| json!(pick(random, pool::NOTES))),
    field("internalNote", Blank::Null, |random| json!(pick(random, pool::NOTES))),
    field("descount", Blank::Zero, |random| json!(pick(random, &[0.5, 1.0, 5.0]))),
    field("expireDate", Blank::Text, |random| json!(format!("2030-01-0{}T00:00:00", random.u8(1..9)))),
];

/// Whose lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    OfTask,
    OfQuotation,
}

impl Auvo {
    /// A new task.
    pub(super) fn plan(&self, now: Timestamp, edit: &mut Edit, random: &mut fastrand::Rng) {
        edit.add("orientation", json!(pick(random, pool::NOTES)));
        edit.add("taskType", json!(self.some_id(Table::TaskType, random)));
        self.replan(now, edit, random);
        self.whom(edit, random);
        if !one_in(random, 3) {
            self.change_lines(Lines::OfTask, edit, random);
        }
        if one_in(random, 4) {
            edit.add("keyWords", json!([self.some_id(Table::Keyword, random).to_string()]));
        }
    }

    /// A new quotation.
    pub(super) fn quote(&self, edit: &mut Edit, random: &mut fastrand::Rng) {
        self.whom(edit, random);
        self.change_lines(Lines::OfQuotation, edit, random);
        edit.add("observations", json!(pick(random, pool::NOTES)));
        if one_in(random, 3) {
            self.move_stage(edit, random);
        }
    }

    /// The customer, or nobody.
    fn whom(&self, edit: &mut Edit, random: &mut fastrand::Rng) {
        let nobody = one_in(random, 8);
        let customer = if nobody { 0 } else { self.some_id(Table::Customer, random) };
        edit.set("customerId", json!(customer));
    }

    /// The day, the technician, or both.
    pub(super) fn replan(&self, now: Timestamp, edit: &mut Edit, random: &mut fastrand::Rng) {
        let days = pick(random, &[0, 0, 0, 0, -1, 1, 2]);
        let day = now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        edit.set("taskDate", json!(moment::local(day)));
        if random.bool() {
            edit.set("idUserTo", json!(self.some_id(Table::User, random)));
        }
    }

    /// Other products and services, or none.
    pub(super) fn change_lines(&self, lines: Lines, edit: &mut Edit, random: &mut fastrand::Rng) {
        let of_task = lines == Lines::OfTask;
        let (amount, price) = if of_task { ("quantity", "value") } else { ("amount", "unitaryValue") };
        let mut drawn = |table: Table, key: &str, own: &str| -> Value {
            let mut seen = Vec::new();
            let count = random.u8(..3);
            let rows = (0..count).filter_map(|_| self.some(table, random)).collect::<Vec<_>>();
            for thing in rows {
                let id = thing.get(own).cloned().unwrap_or_default();
                if seen.iter().any(|line: &Value| line.get(key) == Some(&id)) {
                    continue;
                }
                let mut line = json!({ key: id, amount: pick(random, pool::AMOUNTS) });
                if one_in(random, 3) {
                    crate::sandbox::folk::put_at(&mut line, price, json!(pick(random, pool::PRICES)));
                }
                seen.push(line);
            }
            json!(seen)
        };
        let products = drawn(Table::Product, "productId", if of_task { "productId" } else { "code" });
        let services = drawn(Table::Service, "serviceId", "id");
        let (of_goods, of_labour) = if of_task { ("taskProducts", "taskServices") } else { ("products", "services") };
        edit.set(of_goods, products);
        edit.set(of_labour, services);
    }

    /// Another stage.
    pub(super) fn move_stage(&self, edit: &mut Edit, random: &mut fastrand::Rng) {
        let stage = random.choice(&self.world.stages).map_or("", |stage| text(stage, "description"));
        edit.set("currentStage", json!(stage));
    }

    /// The next step of a visit, whatever it is.
    pub(super) fn visit_on(&mut self, now: Timestamp, id: &str, random: &mut fastrand::Rng) -> Result<String, String> {
        let number = id.parse().ok().ok_or_else(|| format!("`{id}` is no task"))?;
        let status = self.world.row(Table::Task, number).map_or(0, |row| whole(row, "taskStatus"));
        let note = pick(random, pool::NOTES).to_owned();
        let pend = Visit::Pend(note.clone());
        let close = Visit::Close(note.clone());
        let steps = match status {
            1 => vec![Visit::Deliver, Visit::View, Visit::Displace, Visit::CheckIn, close],
            2 => vec![Visit::CheckIn, Visit::CheckIn, close],
            3 => vec![Visit::Pause(note.clone()), Visit::CheckOut, Visit::Finish(note), pend],
            4 => vec![Visit::Finish(note), close, pend],
            6 => vec![Visit::Resume, Visit::Resume, close],
            _ => vec![pend],
        };
        let step = random.choice(steps).unwrap_or(Visit::View);
        self.visit(now, number, &step)?;
        Ok(format!("{step:?}"))
    }
}
