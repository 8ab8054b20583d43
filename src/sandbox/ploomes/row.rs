//! One stored record: typed cells by column name, and the rows it owns.
//!
//! Sparse: a null is an absent cell, so that a hundred thousand contacts fit in memory. Moments are
//! milliseconds since the epoch, rounded as SQL Server rounds a `datetime`.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// A value that is not null.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// A whole number.
    Integer(i64),
    /// A number with decimals.
    Decimal(f64),
    /// A text.
    Text(Box<str>),
    /// Yes or no.
    Flag(bool),
    /// An instant in milliseconds since the epoch.
    Moment(i64),
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

/// The lists a row may own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Phones of a contact.
    Phones,
    /// Tags of a contact.
    Tags,
    /// Custom fields of a contact.
    OtherProperties,
}

/// A stored record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// Sorted by name.
    cells: Vec<(&'static str, Cell)>,
    lists: Vec<(List, Vec<Row>)>,
}

impl Row {
    /// Puts a cell and hands the row on.
    pub(super) fn with(mut self, column: &'static str, cell: impl Into<Cell>) -> Self {
        self.set(column, Some(cell.into()));
        self
    }

    /// The cell of a column; `None` is null.
    pub(super) fn get(&self, column: &str) -> Option<&Cell> {
        let at = self.cells.binary_search_by(|(name, _)| (*name).cmp(column)).ok()?;
        self.cells.get(at).map(|(_, cell)| cell)
    }

    /// Puts a cell, or clears it.
    pub(super) fn set(&mut self, column: &'static str, cell: Option<Cell>) {
        match (self.cells.binary_search_by(|(name, _)| (*name).cmp(column)), cell) {
            (Ok(at), Some(cell)) => {
                if let Some(slot) = self.cells.get_mut(at) {
                    slot.1 = cell;
                }
            }
            (Ok(at), None) => {
                self.cells.remove(at);
            }
            (Err(at), Some(cell)) => self.cells.insert(at, (column, cell)),
            (Err(_), None) => {}
        }
    }

    /// A whole number or an instant.
    pub(super) fn integer(&self, column: &str) -> Option<i64> {
        match self.get(column)? {
            Cell::Integer(value) | Cell::Moment(value) => Some(*value),
            Cell::Decimal(_) | Cell::Text(_) | Cell::Flag(_) => None,
        }
    }

    /// A text.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        match self.get(column)? {
            Cell::Text(value) => Some(value),
            Cell::Integer(_) | Cell::Decimal(_) | Cell::Flag(_) | Cell::Moment(_) => None,
        }
    }

    /// The id, zero when the row has none.
    pub(super) fn id(&self) -> i64 {
        self.integer("Id").unwrap_or_default()
    }

    /// Gives back the room that growing left over.
    pub(super) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
        self.lists.shrink_to_fit();
        for (_, rows) in &mut self.lists {
            rows.shrink_to_fit();
            rows.iter_mut().for_each(Self::shrink);
        }
    }

    /// The rows of a list.
    pub(super) fn list(&self, list: List) -> &[Row] {
        self.lists.iter().find(|(own, _)| *own == list).map_or(&[], |(_, rows)| rows.as_slice())
    }

    /// Replaces a list.
    pub(super) fn set_list(&mut self, list: List, rows: Vec<Row>) {
        self.lists.retain(|(own, _)| *own != list);
        if !rows.is_empty() {
            self.lists.push((list, rows));
        }
    }
}

/// A moment as SQL Server keeps it: 1/300 s, shown as x.xx0, x.xx3 or x.xx7.
pub(super) fn stamp(now: Timestamp) -> i64 {
    let ticks = (now.as_millisecond().saturating_mul(3) + 5).div_euclid(10);
    ticks.saturating_mul(20).saturating_add(3).div_euclid(6)
}

/// A moment as the API writes it: Brasília offset, trailing zeros of the fraction trimmed.
pub(super) fn written(moment: i64, out: &mut String) {
    let moment = Timestamp::from_millisecond(moment).unwrap_or(Timestamp::UNIX_EPOCH);
    let local = BRASILIA.to_datetime(moment);
    let (date, time) = (local.date(), local.time());
    let millis = i32::from(time.millisecond());
    // Writing into a String cannot fail.
    let mut done = write!(out, "{date}T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    if millis > 0 {
        let fraction = format!("{millis:03}");
        done = done.and_then(|()| write!(out, ".{}", fraction.trim_end_matches('0')));
    }
    debug_assert!(done.is_ok());
    out.push_str("-03:00");
}

/// Reads a moment of a request body: with offset, without (Brasília), or a bare date.
pub(super) fn read(text: &str) -> Option<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    let local = text.parse::<DateTime>().ok().or_else(|| text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))?;
    BRASILIA.to_timestamp(local).ok().map(Timestamp::as_millisecond)
}

/// Midnight in Brasília of the day of a moment.
pub(super) fn midnight(moment: i64) -> i64 {
    let day_ms = 86_400_000;
    let offset_ms = 10_800_000;
    (moment - offset_ms).div_euclid(day_ms) * day_ms + offset_ms
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

const BRASILIA: Offset = Offset::constant(-3);

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = String::new();
        written(stamp(text.parse().unwrap()), &mut out);
        out
    }

    #[test]
    fn stamps_end_in_0_3_or_7_and_lose_trailing_zeros() {
        assert_eq!(shown("2026-03-02T12:15:30.121Z"), "2026-03-02T09:15:30.12-03:00");
        assert_eq!(shown("2026-03-02T12:15:30.122Z"), "2026-03-02T09:15:30.123-03:00");
        assert_eq!(shown("2026-03-02T12:15:30.126Z"), "2026-03-02T09:15:30.127-03:00");
        assert_eq!(shown("2026-03-02T12:15:30.999Z"), "2026-03-02T09:15:31-03:00");
        assert_eq!(shown("2026-03-02T02:00:00Z"), "2026-03-01T23:00:00-03:00");
    }

    #[test]
    fn dates_without_offset_are_those_of_brasilia() {
        assert_eq!(read("2017-08-30"), read("2017-08-30T03:00:00Z"));
        assert_eq!(read("2017-08-30T10:00:00"), read("2017-08-30T10:00:00-03:00"));
        assert_eq!(read("yesterday"), None);
        assert_eq!(Some(midnight(read("2017-08-30T10:00:00").unwrap())), read("2017-08-30"));
    }

    #[test]
    fn null_is_an_absent_cell() {
        let mut row = Row::default().with("Name", "a").with("Id", 3);
        assert_eq!((row.id(), row.text("Name")), (3, Some("a")));
        row.set("Name", None);
        assert_eq!(row.get("Name"), None);
    }
}
