//! The page of a list and the envelope around it.

use serde_json::{Value, json};

use super::filter::{self, Judge, Wanted};
use super::query::{Query, missing_filter};
use super::refusal::Refusal;
use super::render;
use super::row::{Row, any_case};
use super::schema::{Table, schema};
use super::switches::{OverCap, SortKey, Switches};
use super::world::World;
use crate::sandbox::Fault;

/// One list being answered.
pub(super) struct Lister<'a> {
    /// The records.
    pub(super) world: &'a World,
    /// The doubtful points.
    pub(super) switches: &'a Switches,
    /// What goes wrong with it.
    pub(super) fault: Option<&'a Fault>,
}

impl Lister<'_> {
    /// The page of a table.
    pub(super) fn page(&self, table: Table, query: &Query) -> Result<Value, Refusal> {
        let wanted = self.wanted(table, query)?;
        let rows = self.rows(table, query, &wanted);
        self.enveloped(table, query, &rows)
    }

    /// The customers of a group.
    pub(super) fn clients(&self, group: i64, query: &Query) -> Result<Value, Refusal> {
        self.world.row(Table::Group, group).ok_or(Refusal::Gone)?;
        let mut filter = Row::default();
        filter.insert("groupId".to_owned(), json!(group));
        let wanted = filter::read(schema(Table::Customer), &filter, self.switches)?;
        let rows = self.rows(Table::Customer, query, &wanted);
        self.enveloped(Table::Customer, query, &rows)
    }

    fn wanted(&self, table: Table, query: &Query) -> Result<Vec<Wanted>, Refusal> {
        let none = Row::default();
        let filter = query.filter.as_ref().unwrap_or(&none);
        let tasks = matches!(table, Table::Task | Table::DeletedTask);
        if tasks {
            windowed(filter)?;
        } else if query.filter.is_none() && !self.switches.filter_optional && table != Table::Quotation {
            return Err(missing_filter(schema(table)));
        }
        filter::read(schema(table), filter, self.switches)
    }

    fn rows(&self, table: Table, query: &Query, wanted: &[Wanted]) -> Vec<&Row> {
        let judge = Judge { world: self.world, switches: self.switches };
        let found = self.world.rows(table).iter().filter(|(_, row)| judge.accepts(wanted, row));
        let mut rows: Vec<(u64, &Row)> = found.map(|(id, row)| (self.rank(*id), row)).collect();
        if self.switches.sort == SortKey::Scattered {
            rows.sort_by_key(|(rank, _)| *rank);
        }
        if query.descending {
            rows.reverse();
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn rank(&self, id: i64) -> u64 {
        match self.switches.sort {
            SortKey::Id => id.unsigned_abs(),
            SortKey::Scattered => self.world.scatter(id),
        }
    }

    fn enveloped(&self, table: Table, query: &Query, rows: &[&Row]) -> Result<Value, Refusal> {
        let name = schema(table).name;
        // All groups come at once, whatever page is asked for.
        let paged = table != Table::Group;
        let size = if paged { self.size(name, query.size)? } else { rows.len() };
        let skipped = if paged { self.skipped((query.page - 1).saturating_mul(size)) } else { 0 };
        let empty = self.fault == Some(&Fault::EmptyList);
        let shown = rows.iter().skip(skipped).take(if empty { 0 } else { size });
        let shown: Vec<Value> = shown.map(|row| self.shown(table, row, query)).collect();
        if shown.is_empty() && self.switches.empty_is_404 {
            return Err(Refusal::Gone);
        }
        if !paged {
            return Ok(json!({ "entityList": shown }));
        }
        let (order, word) = if query.descending { (1, "Desc") } else { (0, "Asc") };
        let title: String = name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect();
        let link = |rel: &str, page: usize| {
            let address = format!("https://api.auvo.com.br/v2/{title}/?Page={page}&PageSize={size}&Order={word}");
            json!({ "href": address, "rel": rel, "method": "GET" })
        };
        let more = skipped + shown.len() < rows.len() && !shown.is_empty();
        let mut links = vec![link("self", query.page)];
        links.extend(more.then(|| link("nextPage", query.page + 1)));
        let paging = json!({ "order": order, "pageSize": size, "page": query.page, "totalItems": rows.len() });
        Ok(json!({ "entityList": shown, "pagedSearchReturnData": paging, "links": links }))
    }

    fn shown(&self, table: Table, row: &Row, query: &Query) -> Value {
        let shown = render::listed(self.world, self.switches, table, row);
        if query.select.is_empty() {
            return Value::Object(shown);
        }
        let kept = shown.into_iter().filter(|(name, _)| query.select.contains(&name.to_lowercase()));
        Value::Object(kept.collect())
    }

    fn size(&self, name: &str, asked: usize) -> Result<usize, Refusal> {
        let cap = self.switches.page_cap.max(1);
        if asked <= cap || self.switches.uncapped.iter().any(|free| free == name) {
            return Ok(asked);
        }
        match self.switches.over_cap {
            OverCap::Clamp => Ok(cap),
            OverCap::Refuse => Err(Refusal::value("pageSize", &json!(asked))),
            OverCap::Allow => Ok(asked),
        }
    }

    /// Rows before the page; some came or went while the list was paged.
    fn skipped(&self, rows: usize) -> usize {
        match self.fault {
            Some(Fault::ShiftPages(by)) if rows > 0 => {
                rows.saturating_add_signed(isize::try_from(*by).unwrap_or_default())
            }
            _ => rows,
        }
    }
}

/// A list of tasks names a window of dates, or a customer.
fn windowed(filter: &Row) -> Result<(), Refusal> {
    let said = |key: &str| any_case(filter, key).is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
    let customer = any_case(filter, "customerId").is_some_and(|value| !value.is_null() && value.as_i64() != Some(0));
    if customer || (said("startDate") && said("endDate")) {
        return Ok(());
    }
    let text = "Start date and end date are required when customerId is not provided";
    Err(Refusal::Rule(168, text.to_owned()))
}
