//! The filters of a list: read from `paramFilter` once, then asked of each row.
//!
//! Keys in any case; an unknown key is not read, and neither is null, an empty text or a zero id.

use serde_json::{Value, json};

use super::moment;
use super::refusal::Refusal;
use super::row::{Row, any_case, flag, items, number, objects, text, whole};
use super::schema::{By, Filter, Schema, Table};
use super::switches::Switches;
use super::world::World;

/// A filter and what it wants.
#[derive(Debug)]
pub(super) struct Wanted {
    member: &'static str,
    want: Want,
}

#[derive(Debug)]
enum Want {
    Whole(Vec<i64>),
    Part(String),
    Exact(Vec<String>),
    Flag(bool),
    Holds(i64),
    Since(String),
    Until(String),
    CustomerGroup(i64),
    Team(i64),
    Progress(i64),
    Tags(Vec<String>),
    LowStock,
    Products(Vec<i64>),
    Stage(Vec<String>),
}

/// Reads the filters of a list.
pub(super) fn read(schema: &Schema, body: &Row, switches: &Switches) -> Result<Vec<Wanted>, Refusal> {
    let mut wanted = Vec::new();
    for filter in schema.filters {
        let said = any_case(body, filter.key).filter(|value| !is_nothing(filter, value));
        if let Some(value) = said.filter(|_| switches.quotation_update_filter || !is_quotation_update(filter)) {
            let name = || Refusal::value(&format!("paramFilter.{}", filter.key), value);
            let want = want(filter, value, switches).ok_or_else(name)?;
            wanted.push(Wanted { member: filter.member, want });
        }
    }
    Ok(wanted)
}

fn is_quotation_update(filter: &Filter) -> bool {
    filter.member == "lastUpdateDate"
}

fn is_nothing(filter: &Filter, value: &Value) -> bool {
    let zero_id = filter.by == By::Whole && value.as_i64() == Some(0);
    let any_stock = filter.by == By::LowStock && value.as_bool() == Some(false);
    value.is_null() || value.as_str() == Some("") || zero_id || any_stock || value.as_array().is_some_and(Vec::is_empty)
}

fn want(filter: &Filter, value: &Value, switches: &Switches) -> Option<Want> {
    let one = || value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let low = |text: &str| text.trim().to_lowercase();
    let between_commas = || value.as_str().map(|text| text.split(',').map(low).collect::<Vec<_>>());
    let moment = || value.as_str().and_then(moment::read);
    Some(match filter.by {
        By::Whole => Want::Whole(vec![one()?]),
        By::Wholes => Want::Whole(wholes(value)?),
        By::Part => Want::Part(low(value.as_str()?)),
        By::Exact => Want::Exact(vec![low(value.as_str()?)]),
        By::OneOf => Want::Exact(between_commas()?),
        By::Flag => Want::Flag(value.as_bool()?),
        By::Holds => Want::Holds(one()?),
        By::Since => Want::Since(start(moment()?, switches)),
        By::Until => Want::Until(end(value.as_str()?, switches)?),
        By::CustomerGroup => Want::CustomerGroup(one()?),
        By::Team => Want::Team(one()?),
        By::Progress => Want::Progress(one().filter(|code| (0..=7).contains(code))?),
        By::Tags => Want::Tags(between_commas()?),
        By::LowStock => value.as_bool().map(|_| Want::LowStock)?,
        By::Products => Want::Products(wholes(value)?),
        By::Stage => Want::Stage(between_commas()?),
    })
}

fn wholes(value: &Value) -> Option<Vec<i64>> {
    match value {
        Value::Array(list) => list.iter().map(Value::as_i64).collect(),
        Value::String(text) => text.split(',').map(|item| item.trim().parse().ok()).collect(),
        Value::Number(one) => one.as_i64().map(|one| vec![one]),
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    }
}

fn start(moment: String, switches: &Switches) -> String {
    if switches.dates_by_day { moment::day(&moment).to_owned() } else { moment }
}

fn end(text: &str, switches: &Switches) -> Option<String> {
    let moment = moment::read(text)?;
    let whole_day = switches.dates_by_day || (switches.bare_end_takes_day && moment::is_day(text));
    Some(if whole_day { moment::day_end(&moment) } else { moment })
}

/// Looks at rows with the account around them.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    /// The records.
    pub(super) world: &'a World,
    /// The doubtful points.
    pub(super) switches: &'a Switches,
}

impl Judge<'_> {
    /// Whether a row is what all filters want.
    pub(super) fn accepts(&self, wanted: &[Wanted], row: &Row) -> bool {
        wanted.iter().all(|wanted| self.accepts_one(wanted, row))
    }

    fn accepts_one(&self, wanted: &Wanted, row: &Row) -> bool {
        let own = || text(row, wanted.member).to_lowercase();
        let id = whole(row, wanted.member);
        match &wanted.want {
            Want::Whole(ids) => ids.contains(&id),
            Want::Part(part) => own().contains(part.as_str()),
            Want::Exact(texts) => texts.contains(&own()),
            Want::Flag(want) => flag(row, wanted.member) == *want,
            Want::Holds(id) => items(row, wanted.member).contains(&json!(id)),
            Want::Since(moment) => text(row, wanted.member) >= moment.as_str(),
            Want::Until(moment) => self.until(text(row, wanted.member), moment),
            Want::CustomerGroup(group) => self.lists(Table::Customer, id, "groupsId", *group),
            Want::Team(team) => self.lists(Table::Team, *team, "_participants", id),
            Want::Progress(code) => progress(row, *code),
            Want::Tags(names) => self.keywords(row).any(|name| names.contains(&name.to_lowercase())),
            Want::LowStock => number(row, "totalStock") < number(row, "minimumStock"),
            Want::Products(codes) => objects(row, "products").any(|line| codes.contains(&whole(line, "productId"))),
            Want::Stage(names) => names.contains(&own()),
        }
    }

    fn until(&self, moment: &str, end: &str) -> bool {
        if self.switches.end_inclusive { moment <= end } else { moment < end }
    }

    fn lists(&self, table: Table, id: i64, member: &str, wanted: i64) -> bool {
        self.world.row(table, id).is_some_and(|row| items(row, member).contains(&json!(wanted)))
    }

    /// The names of a task's keywords.
    pub(super) fn keywords<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = &'r str> {
        let ids = items(row, "keyWords").iter().filter_map(|id| id.as_str()?.parse().ok());
        ids.filter_map(|id| self.world.row(Table::Keyword, id)).map(|keyword| text(keyword, "description"))
    }
}

/// Whether a task is as far as the filter's code says.
fn progress(task: &Row, code: i64) -> bool {
    let (finished, by_office) = (flag(task, "finished"), flag(task, "_office"));
    let started = matches!(whole(task, "taskStatus"), 2..=4 | 6);
    match code {
        0 => !finished,
        1 => finished && !by_office,
        2 => finished && by_office,
        3 => finished,
        5 => !text(task, "pendency").is_empty(),
        6 => finished || started,
        7 => started,
        _ => true,
    }
}
