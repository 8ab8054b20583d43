//! What a technician does at a customer's, and what it leaves in the task.

use jiff::Timestamp;

use super::Auvo;
use super::moment;
use super::row::{Row, set, text, whole};
use super::schema::Table;
use super::write::Writer;

/// A step of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The task reaches the technician's phone.
    Deliver,
    /// The technician opens it.
    View,
    /// The technician sets out.
    Displace,
    /// The technician arrives.
    CheckIn,
    /// The work stops, for a reason.
    Pause(String),
    /// The work goes on.
    Resume,
    /// The technician leaves.
    CheckOut,
    /// The task is finished on site, with a report.
    Finish(String),
    /// The office finishes the task: no visit is needed.
    Close(String),
    /// Something stays to be done, for a reason.
    Pend(String),
}

const OPENED: i64 = 1;
const IN_DISPLACEMENT: i64 = 2;
const CHECKED_IN: i64 = 3;
const CHECKED_OUT: i64 = 4;
const FINISHED: i64 = 5;
const PAUSED: i64 = 6;

impl Auvo {
    /// A technician, or the office, takes a task one step further.
    ///
    /// # Errors
    ///
    /// When there is no such task, or it is not where that step begins.
    pub fn visit(&mut self, now: Timestamp, task: i64, step: &Visit) -> Result<(), String> {
        let mut row = self.world.row(Table::Task, task).ok_or("there is no such task")?.clone();
        let moment = moment::local(now);
        if !take(&mut row, step, &moment) {
            return Err(format!("{step:?} does not follow status {}", whole(&row, "taskStatus")));
        }
        Writer::new(&mut self.world, &self.switches, self.person, now).store(Table::Task, task, row);
        Ok(())
    }
}

/// Takes the step; tells whether it begins where the task is.
fn take(task: &mut Row, step: &Visit, now: &str) -> bool {
    let status = whole(task, "taskStatus");
    match step {
        Visit::Deliver => happen(task, "deliveredOnSmarthPhone", "deliveredDate", now),
        Visit::View => happen(task, "visualized", "visualizedDate", now),
        Visit::Displace if status == OPENED => {
            set(task, "displacementStart", now);
            set(task, "taskStatus", IN_DISPLACEMENT);
        }
        Visit::CheckIn if matches!(status, OPENED | IN_DISPLACEMENT) => {
            happen(task, "checkIn", "checkInDate", now);
            set(task, "taskStatus", CHECKED_IN);
        }
        Visit::Pause(reason) if status == CHECKED_IN => {
            set(task, "reasonForPause", reason.as_str());
            set(task, "taskStatus", PAUSED);
        }
        Visit::Resume if status == PAUSED => {
            set(task, "reasonForPause", "");
            set(task, "taskStatus", CHECKED_IN);
        }
        Visit::CheckOut if status == CHECKED_IN => leave(task, now),
        Visit::Finish(report) if matches!(status, CHECKED_IN | CHECKED_OUT) => {
            if status == CHECKED_IN {
                leave(task, now);
            }
            finish(task, report, false);
        }
        Visit::Close(report) if status != FINISHED => finish(task, report, true),
        Visit::Pend(reason) => set(task, "pendency", reason.as_str()),
        Visit::Displace
        | Visit::CheckIn
        | Visit::Pause(_)
        | Visit::Resume
        | Visit::CheckOut
        | Visit::Finish(_)
        | Visit::Close(_) => return false,
    }
    true
}

fn happen(task: &mut Row, what: &str, when: &str, now: &str) {
    set(task, what, true);
    set(task, when, now);
}

fn leave(task: &mut Row, now: &str) {
    happen(task, "checkOut", "checkOutDate", now);
    set(task, "taskStatus", CHECKED_OUT);
    let seconds = moment::seconds_between(text(task, "checkInDate"), now).unwrap_or_default().max(0);
    let span = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    set(task, "duration", span);
    set(task, "durationDecimal", hours(seconds));
}

fn finish(task: &mut Row, report: &str, by_office: bool) {
    set(task, "report", report);
    set(task, "finished", true);
    set(task, "taskStatus", FINISHED);
    set(task, "_office", by_office);
}

/// Seconds as hours, with 15 significant digits.
fn hours(seconds: i64) -> String {
    let seconds = f64::from(i32::try_from(seconds).unwrap_or(i32::MAX));
    let rounded = format!("{:.14e}", seconds / 3_600.0);
    rounded.parse::<f64>().unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::hours;

    #[test]
    fn hours_have_fifteen_significant_digits() {
        assert_eq!(hours(8_400), "2.33333333333333");
        assert_eq!(hours(600), "0.166666666666667");
        assert_eq!([hours(1_800), hours(0), hours(36_000)], ["0.5", "0", "10"]);
    }
}
