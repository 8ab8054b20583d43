//! People at work in a system, at random: what a simulated history lets them do.
//!
//! The trait knows no system; each sandbox says what people do in it. Everything is drawn from the
//! chance that is handed in, so that one seed tells one history. What people type comes from small
//! pools: two of them sometimes type the same.

mod chance;
mod company;
mod edit;
pub(in crate::sandbox) mod pool;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::Value;

pub(in crate::sandbox) use self::chance::{Told, fits, flag_of, one_in, pick, roll, spelt, text_of};
pub(in crate::sandbox) use self::company::{COLLEAGUES, Company, product_code, service_name};
pub(in crate::sandbox) use self::edit::{Blank, Edit, Field, at, put_at};
use super::{Request, Sandbox};

/// People at work in a system.
pub trait People: Sandbox {
    /// The resources people work in, by the names of the shipped system files; what others are made
    /// of comes first.
    fn resources(&self) -> &'static [&'static str];

    /// Draws how this system behaves in this history and who works there; tells what is not as usual.
    fn settle_in(&mut self, now: Timestamp, random: &mut fastrand::Rng) -> Vec<String>;

    /// Members and parts of a resource that the system fills itself where nobody says anything.
    fn fills(&self, resource: &str) -> &'static [&'static str];

    /// Members of a resource that the system itself keeps up: stamps, counts, what follows from others.
    fn keeps(&self, resource: &str) -> &'static [&'static str];

    /// False for a call that writes something beside a record and only names it, such as a note about it.
    fn writes_record(&self, _request: &Request) -> bool {
        true
    }

    /// Ids of the living records, in the order of their making.
    fn ids(&self, resource: &str) -> Vec<String>;

    /// A record as a fetch by id shows it at this moment, whatever lists show.
    fn shown(&self, resource: &str, id: &str) -> Option<Value>;

    /// A person adds a made-up record; tells its id, or nothing where people add none or are refused.
    ///
    /// The same identity in two systems is the same company, product or service, so that twins meet;
    /// everything else is drawn.
    ///
    /// # Errors
    ///
    /// What the system says and no rule of the account explains; that would be a mistake in here.
    fn invent(
        &mut self,
        now: Timestamp,
        resource: &str,
        identity: u64,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String>;

    /// A person edits a value or two of a record; tells what was done, or tried and refused.
    ///
    /// # Errors
    ///
    /// As [`People::invent`], or that there is no such record.
    fn tinker(
        &mut self,
        now: Timestamp,
        resource: &str,
        id: &str,
        random: &mut fastrand::Rng,
    ) -> Result<String, String>;

    /// A person puts one value of a record, named by resource and id, back to what it was `before`, as
    /// [`People::shown`] showed it; tells what was done, or nothing where no value people write differs.
    ///
    /// # Errors
    ///
    /// As [`People::tinker`].
    fn put_back(
        &mut self,
        now: Timestamp,
        record: (&str, &str),
        before: &Value,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String>;

    /// True when lists of a resource are shut out for no other reason than that it is empty.
    fn shuts_out(&self, _resource: &str) -> bool {
        false
    }

    /// A person deletes a record; tells whether it is gone.
    fn remove(&mut self, now: Timestamp, resource: &str, id: &str) -> bool;

    /// Every token in use ends now.
    fn expire_tokens(&mut self) {}
}
