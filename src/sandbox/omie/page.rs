//! What listings share: the page asked for and the window of dates.
//!
//! A page beyond the last is the listing's own business; here it is only a range without rows.

use jiff::civil::{Date, DateTime, Time};

use super::record::Stamp;
use super::refusal::Refusal;
use super::schema::{Fields, int, text};

/// Rows of a page where none are asked for.
const ROWS_DEFAULT: usize = 50;

/// Which rows of a listing an answer holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// Counted from 1.
    pub(super) number: usize,
    /// Rows a page.
    pub(super) size: usize,
}

impl Page {
    /// Reads `pagina` and `registros_por_pagina`; more than `cap` rows is silently `cap`.
    pub(super) fn read(fields: &Fields, cap: usize) -> Self {
        let whole = |name| usize::try_from(int(fields, name)).unwrap_or_default();
        let size = match whole("registros_por_pagina") {
            0 => ROWS_DEFAULT,
            size => size,
        };
        Self { number: whole("pagina").max(1), size: size.min(cap).max(1) }
    }

    /// Pages that so many rows take.
    pub(super) fn pages(self, total: usize) -> usize {
        total.div_ceil(self.size)
    }

    /// The rows of this page, moved by `shift` on every page but the first.
    pub(super) fn range(self, total: usize, shift: i64) -> std::ops::Range<usize> {
        let start = (self.number - 1).saturating_mul(self.size);
        let shift = isize::try_from(if self.number > 1 { shift } else { 0 }).unwrap_or_default();
        let start = start.saturating_add_signed(shift).min(total);
        start..start.saturating_add(self.size).min(total)
    }

    /// The beginning of an answer, up to and without the list.
    pub(super) fn head(self, total: usize, rows: usize) -> String {
        format!(
            r#"{{"pagina":{},"total_de_paginas":{},"registros":{rows},"total_de_registros":{total}"#,
            self.number,
            self.pages(total)
        )
    }
}

/// The window of a listing, both ends included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    from: Option<DateTime>,
    until: Option<DateTime>,
    included_only: bool,
}

impl Window {
    /// Reads the `filtrar_por_*` and `filtrar_apenas_*` tags; an hour without its day says nothing.
    pub(super) fn read(fields: &Fields) -> Result<Self, Refusal> {
        let tags = ["filtrar_por_data_de", "filtrar_por_hora_de", "filtrar_por_data_ate", "filtrar_por_hora_ate"];
        let included_only = text(fields, "filtrar_apenas_inclusao") == "S";
        Ok(Self { included_only, ..Self::named(fields, &tags)? })
    }

    /// Reads the day and hour of either end from these tags.
    pub(super) fn named(fields: &Fields, tags: &[&str; 4]) -> Result<Self, Refusal> {
        let end = |day: &str, hour: &str, default: Time| {
            let date = read_date(text(fields, day)).ok_or_else(|| Refusal::bad_date(day))?;
            let time = read_time(text(fields, hour)).ok_or_else(|| Refusal::bad_date(hour))?;
            Ok(date.map(|date| date.to_datetime(time.unwrap_or(default))))
        };
        let [from_day, from_hour, until_day, until_hour] = tags;
        let last = Time::constant(23, 59, 59, 0);
        let (from, until) = (end(from_day, from_hour, Time::midnight())?, end(until_day, until_hour, last)?);
        Ok(Self { from, until, included_only: false })
    }

    /// Tells whether every record is in it.
    pub(super) fn is_open(self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Tells whether a moment is within it.
    pub(super) fn within(self, stamp: Stamp) -> bool {
        self.covers(stamp.local)
    }

    /// The same of a moment that nobody stamped.
    pub(super) fn covers(self, moment: DateTime) -> bool {
        self.from.is_none_or(|from| from <= moment) && self.until.is_none_or(|until| moment <= until)
    }

    /// Tells whether a record was included, or else altered, within it.
    pub(super) fn holds(self, created: Stamp, changed: Stamp) -> bool {
        self.within(created) || (!self.included_only && self.within(changed))
    }
}

/// A `dd/mm/aaaa`; `Some(None)` when empty, `None` when it is no date after 1900.
pub(super) fn read_date(typed: &str) -> Option<Option<Date>> {
    if typed.is_empty() {
        return Some(None);
    }
    let mut parts = typed.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (date.year() > 1900 && parts.next().is_none()).then_some(Some(date))
}

/// An `hh:mm:ss`; `Some(None)` when empty, `None` when it is no time.
fn read_time(typed: &str) -> Option<Option<Time>> {
    if typed.is_empty() {
        return Some(None);
    }
    let mut parts = typed.split(':');
    let (hour, minute) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let second = parts.next().map_or(Some(0), |second| second.parse().ok())?;
    Time::new(hour, minute, second, 0).ok().map(Some)
}
