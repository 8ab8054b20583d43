//! The page of a listing.
//!
//! A page in the order of an index is walked, never sorted, so that reading a large account page
//! by page stays cheap; whatever the way taken, the filter has the last word.

use std::cmp::Ordering;

use super::filter::{Bounds, Judge};
use super::odata::{Options, Order};
use super::row::Row;
use super::schema::Table;

/// The order in which an index can hand out contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    Scattered,
    ById {
        descending: bool,
    },
    ByUpdate {
        descending: bool,
    },
    /// By no index: gather, then sort.
    Sorted,
}

fn walk(order: &[Order]) -> Walk {
    let plain = |order: &Order| if order.path.steps.is_empty() { order.path.column.name } else { "" };
    match order {
        [] => Walk::Scattered,
        [first, ..] if plain(first) == "Id" => Walk::ById { descending: first.descending },
        [first] if plain(first) == "LastUpdateDate" => Walk::ByUpdate { descending: first.descending },
        [first, then, ..]
            if plain(first) == "LastUpdateDate" && plain(then) == "Id" && first.descending == then.descending =>
        {
            Walk::ByUpdate { descending: first.descending }
        }
        _ => Walk::Sorted,
    }
}

/// A page and, when asked for, the number of all rows that match.
pub(super) struct Page<'a> {
    /// The rows.
    pub(super) rows: Vec<&'a Row>,
    /// The number of all matches.
    pub(super) count: Option<usize>,
}

/// Finds the rows of a listing; `top` is the size of the page after the server's own limit.
pub(super) fn page<'a>(judge: Judge<'a>, table: Table, options: &Options, top: Option<usize>) -> Page<'a> {
    let all = judge.world.rows(table);
    if table != Table::Contact {
        let rows = sorted(judge, all.values().collect(), options, top);
        return rows;
    }
    let ids = Bounds::of(options.filter.as_ref(), "Id");
    let updates = Bounds::of(options.filter.as_ref(), "LastUpdateDate");
    if ids.low > ids.high || updates.low > updates.high {
        return cut(std::iter::empty(), options, top);
    }
    let filter = options.filter.as_ref();
    let get = move |id: i64| all.get(&id);
    match walk(&options.order) {
        Walk::ById { descending } => {
            let filter = filter.filter(|_| !ids.exact);
            let rows = all.range(ids.low..=ids.high).map(|(_, row)| row);
            if descending {
                cut(rows.rev().filter(|row| judge.accepts(filter, row)), options, top)
            } else {
                cut(rows.filter(|row| judge.accepts(filter, row)), options, top)
            }
        }
        Walk::ByUpdate { descending } if ids.are_open() && updates.exact => {
            // Passed-over rows are never looked at: only their ids are counted.
            let within = judge.world.updated_within(updates.low, updates.high);
            let ids: Page<'a> =
                if descending { cut_ids(within.rev(), get, options, top) } else { cut_ids(within, get, options, top) };
            ids
        }
        Walk::ByUpdate { descending } if ids.are_open() => {
            let rows = judge.world.updated_within(updates.low, updates.high);
            if descending {
                cut(rows.rev().filter_map(get).filter(|row| judge.accepts(filter, row)), options, top)
            } else {
                cut(rows.filter_map(get).filter(|row| judge.accepts(filter, row)), options, top)
            }
        }
        Walk::Scattered if filter.is_none() => {
            cut(judge.world.scattered().filter_map(get).filter(|row| judge.accepts(filter, row)), options, top)
        }
        Walk::ByUpdate { .. } | Walk::Scattered | Walk::Sorted => {
            let rows = if ids.are_open() && !updates.are_open() {
                judge.world.updated_within(updates.low, updates.high).filter_map(get).collect()
            } else {
                all.range(ids.low..=ids.high).map(|(_, row)| row).collect()
            };
            sorted(judge, rows, options, top)
        }
    }
}

/// Filters, sorts and cuts rows that no index orders; also used for the rows of an expansion.
pub(super) fn sorted<'a>(judge: Judge<'a>, mut rows: Vec<&'a Row>, options: &Options, top: Option<usize>) -> Page<'a> {
    rows.retain(|row| judge.accepts(options.filter.as_ref(), row));
    if options.order.is_empty() {
        rows.sort_by_key(|row| judge.world.scatter(row.id()));
    } else {
        rows.sort_by(|a, b| ranked(judge, &options.order, a, b));
    }
    cut(rows.into_iter(), options, top)
}

fn ranked<'a>(judge: Judge<'a>, orders: &[Order], a: &'a Row, b: &'a Row) -> Ordering {
    for order in orders {
        let ranking = match (judge.cell(&order.path, &[a]), judge.cell(&order.path, &[b])) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => judge.compare(a, b).unwrap_or(Ordering::Equal),
        };
        if ranking != Ordering::Equal {
            return if order.descending { ranking.reverse() } else { ranking };
        }
    }
    judge.world.scatter(a.id()).cmp(&judge.world.scatter(b.id()))
}

fn cut<'a>(rows: impl Iterator<Item = &'a Row>, options: &Options, top: Option<usize>) -> Page<'a> {
    let top = top.unwrap_or(usize::MAX);
    let mut count = 0_usize;
    let mut kept = Vec::new();
    for row in rows {
        if count >= options.skip && kept.len() < top {
            kept.push(row);
        } else if kept.len() >= top && !options.count {
            break;
        }
        count += 1;
    }
    Page { rows: kept, count: options.count.then_some(count) }
}

fn cut_ids<'a>(
    ids: impl Iterator<Item = i64>,
    get: impl Fn(i64) -> Option<&'a Row>,
    options: &Options,
    top: Option<usize>,
) -> Page<'a> {
    let mut ids = ids;
    let passed = ids.by_ref().take(options.skip).count();
    let rows: Vec<&Row> = ids.by_ref().take(top.unwrap_or(usize::MAX)).filter_map(get).collect();
    let count = options.count.then(|| passed + rows.len() + ids.count());
    Page { rows, count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ploomes::odata::options;
    use crate::sandbox::ploomes::row::Cell;
    use crate::sandbox::ploomes::world::World;

    fn listed(query: &str) -> Vec<i64> {
        let mut world = World::new(3);
        for id in 1..=9 {
            let row = Row::default().with("Id", id).with("LastUpdateDate", Cell::Moment((20 - id) / 2 * 1000));
            world.put(Table::Contact, row.with("Name", if id % 2 == 0 { "b" } else { "A" }));
        }
        let options = options(Table::Contact, query).unwrap();
        let judge = Judge { world: &world, case_sensitive: false, accents_ignored: false };
        page(judge, Table::Contact, &options, options.top).rows.iter().map(|row| row.id()).collect()
    }

    #[test]
    fn pages_follow_the_order_asked_for() {
        assert_eq!(listed("$orderby=Id&$top=3&$skip=2"), [3, 4, 5]);
        assert_eq!(listed("$orderby=Id desc&$top=2"), [9, 8]);
        assert_eq!(listed("$orderby=LastUpdateDate,Id&$top=4"), [9, 7, 8, 5]);
        assert_eq!(listed("$orderby=LastUpdateDate desc,Id&$top=3"), [1, 2, 3]);
        assert_eq!(listed("$orderby=Name,Id&$top=6"), [1, 3, 5, 7, 9, 2]);
    }

    #[test]
    fn an_index_never_changes_what_a_filter_says() {
        let since = "$filter=LastUpdateDate%20ge%201970-01-01T00:00:08Z";
        assert_eq!(listed(&format!("{since}&$orderby=LastUpdateDate,Id")), [3, 4, 1, 2]);
        assert_eq!(listed(&format!("{since} and Name eq 'a'&$orderby=LastUpdateDate,Id")), [3, 1]);
        assert_eq!(listed(&format!("{since}&$orderby=Id")), [1, 2, 3, 4]);
        assert_eq!(listed("$filter=Id gt 3 and Id lt 3&$orderby=Id"), Vec::<i64>::new());
        assert_eq!(listed("$filter=Id eq 3 or Id eq 8&$orderby=Id"), [3, 8]);
        let mut free = listed(since);
        free.sort_unstable();
        assert_eq!(free, [1, 2, 3, 4]);
    }
}
