//! One listing, page after page: which page comes next, and whether every record was seen.
//!
//! Pure. Systems keep no snapshot for us: rows move between pages while we read. What can be seen
//! of that makes the listing incomplete; the kind `moments` is built so that nothing can be lost.

use serde_json::Value;

use super::outcome::Row;
use crate::config::system::Paging;
use crate::config::template::Inputs;
use crate::path::Path;

/// Where one listing stands.
#[derive(Debug)]
pub(super) struct Pager<'a> {
    paging: &'a Paging,
    since_ms: Option<i64>,
    page: u64,
    skip: u64,
    read: u64,
    first_total: Option<u64>,
    last_total: Option<u64>,
    end: End,
    /// Something was seen that should not be: fewer rows than before, or rows out of order.
    disturbed: bool,
}

/// How a listing ended, or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Natural,
    CutShort,
}

impl<'a> Pager<'a> {
    /// Before the first page.
    pub(super) fn new(paging: &'a Paging, since_ms: Option<i64>) -> Self {
        let page = match paging {
            Paging::Pages { first, .. } => *first,
            Paging::None | Paging::Skip { .. } | Paging::Moments { .. } => 1,
        };
        Self {
            paging,
            since_ms,
            page,
            skip: 0,
            read: 0,
            first_total: None,
            last_total: None,
            end: End::Open,
            disturbed: false,
        }
    }

    /// What the templates of the next page see.
    pub(super) fn inputs(&self) -> Inputs {
        let mut inputs = Inputs::new();
        if let Some(size) = self.paging.size() {
            inputs.insert("page", Value::from(self.page));
            inputs.insert("size", Value::from(size));
            inputs.insert("skip", Value::from(self.skip));
        }
        if let Some(since_ms) = self.since_ms {
            inputs.insert("since", Value::from(since_ms));
        }
        inputs
    }

    /// Pages read so far.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// True when no page is left to read.
    pub(super) fn is_over(&self) -> bool {
        self.end != End::Open
    }

    /// Gives up before the end.
    pub(super) const fn stop(&mut self) {
        self.end = End::CutShort;
    }

    /// True when every record was seen, also those that came meanwhile: one of them does not stand in for another.
    pub(super) fn is_complete(&self, unique: u64) -> bool {
        let enough = self.first_total.max(self.last_total).is_none_or(|total| unique >= total);
        self.end == End::Natural && enough && !self.disturbed
    }

    /// Takes note of a page without rows.
    pub(super) fn nothing(&mut self) {
        self.read += 1;
        self.end = End::Natural;
        // A page that was announced and is not there: rows have moved to the left.
        if self.read > 1 && matches!(self.paging, Paging::Pages { pages: Some(_), .. }) {
            self.disturbed = true;
        }
    }

    /// Takes note of a page.
    pub(super) fn turn(&mut self, answer: &Value, rows: &[Row]) {
        self.read += 1;
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let over = match self.paging {
            Paging::None => true,
            Paging::Pages { size, pages, rows: total, .. } => {
                let total = number(total.as_ref(), answer);
                self.note_total(total);
                self.skip += count;
                let last = number(pages.as_ref(), answer);
                let short = || total.map_or(count < *size, |total| self.skip >= total);
                let done = last.map_or_else(short, |last| self.page >= last);
                self.page += 1;
                done || count == 0
            }
            Paging::Skip { size, rows: total } => {
                let total = number(total.as_ref(), answer);
                self.note_total(total);
                self.skip += count;
                total.map_or(count < *size, |total| self.skip >= total) || count == 0
            }
            Paging::Moments { size, rows: total } => {
                // A total of a page counts what is left from the start of its window: only the first
                // one counts all.
                let total = number(total.as_ref(), answer);
                self.first_total = self.first_total.or(total);
                let left = total.map(|total| total.saturating_sub(self.skip));
                let over = left.map_or(count < *size, |left| count >= left) || count == 0;
                self.advance(rows, count);
                over
            }
        };
        if over {
            self.end = End::Natural;
        }
    }

    fn note_total(&mut self, total: Option<u64>) {
        let Some(total) = total else { return };
        self.first_total = self.first_total.or(Some(total));
        if self.last_total.is_some_and(|before| total < before) {
            self.disturbed = true;
        }
        self.last_total = Some(total);
    }

    /// Moves the window to the last moment seen. Rows of that very moment come once more, for some
    /// of them may be on the next page; a moment that fills whole pages is passed by counting.
    fn advance(&mut self, rows: &[Row], count: u64) {
        let moments: Vec<i64> = rows.iter().filter_map(|row| row.changed_ms).collect();
        if moments.len() != rows.len() || !moments.is_sorted() {
            self.disturbed = true;
        }
        let (Some(first), Some(last)) = (moments.first().copied(), moments.last().copied()) else {
            self.skip += count;
            return;
        };
        if self.since_ms.is_some_and(|since_ms| last <= since_ms) {
            self.skip += count;
        } else {
            self.since_ms = Some(last);
            self.skip = if first == last { count } else { 0 };
        }
    }
}

/// The number at a path; of several places the first that holds one.
fn number(path: Option<&Path>, answer: &Value) -> Option<u64> {
    let single = |value: &Value| match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let found = path?.look(answer)?;
    found.as_array().map_or_else(|| single(&found), |all| all.iter().find_map(single))
}
