//! Moments as Auvo keeps them: a text without a zone, on the clocks of Brasília.
//!
//! `yyyy-MM-ddTHH:mm:ss`, three hours behind UTC all the year; such texts sort as their moments do.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// What stands where some moments have not come yet.
pub(super) const NEVER: &str = "0001-01-01T00:00:00";

/// A moment as a text.
pub(super) fn local(now: Timestamp) -> String {
    text(Offset::constant(-3).to_datetime(now))
}

/// A moment as the login and the registries show it.
pub(super) fn spaced(now: Timestamp) -> String {
    local(now).replace('T', " ")
}

/// Reads a day or a moment without a zone.
pub(super) fn read(text: &str) -> Option<String> {
    let text_ = text.trim();
    if is_day(text_) {
        let day: Date = text_.parse().ok()?;
        return Some(self::text(day.at(0, 0, 0, 0)));
    }
    text_.parse().ok().map(self::text)
}

/// Whether a text is a day without a time.
pub(super) fn is_day(text: &str) -> bool {
    text.trim().len() == "2026-01-31".len()
}

/// The last second of the day of a moment.
pub(super) fn day_end(moment: &str) -> String {
    format!("{}T23:59:59", day(moment))
}

/// The day of a moment.
pub(super) fn day(moment: &str) -> &str {
    moment.split('T').next().unwrap_or(moment)
}

/// Seconds from one moment to another; `None` when either is no moment.
pub(super) fn seconds_between(from: &str, to: &str) -> Option<i64> {
    let (from, to): (DateTime, DateTime) = (from.parse().ok()?, to.parse().ok()?);
    Some(to.duration_since(from).as_secs())
}

fn text(moment: DateTime) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_text_of_brasilia() {
        let midnight: Timestamp = "2026-02-10T02:59:59.9Z".parse().unwrap();
        assert_eq!(local(midnight), "2026-02-09T23:59:59");
        assert_eq!(spaced(midnight), "2026-02-09 23:59:59");
    }

    #[test]
    fn days_and_moments_are_read_and_zones_are_not() {
        assert_eq!(read("2026-02-10").as_deref(), Some("2026-02-10T00:00:00"));
        assert_eq!(read("2026-02-10T08:30:00.250").as_deref(), Some("2026-02-10T08:30:00"));
        assert_eq!(read("2026-02-10T08:30:00Z"), None);
        assert_eq!(read("10/02/2026"), None);
        assert_eq!(seconds_between("2026-02-10T08:30:00", "2026-02-10T09:00:01"), Some(1_801));
    }
}
