//! What people do inside Omie: no call, no limit, no fault.
//!
//! Their changes carry a person's code in the stamps, and none of the demands that an account makes
//! of applications. Also the way tests and the demo look at the truth.

use jiff::Timestamp;
use serde_json::Value;

use super::hooks::Topic;
use super::merge::{merge, newborn};
use super::record::{Author, Client, Extras, Stamp};
use super::reference::Seller;
use super::refusal::Refusal;
use super::schema::{self, CLIENT, Fields};
use super::{Omie, Switches};

/// The one person who acts here.
pub(super) const PERSON: Author = Author::Person(4_321_007);

impl Omie {
    /// A person enters a client, in the shape the API takes; gives its code.
    ///
    /// # Errors
    ///
    /// What Omie says about an unknown tag, city or country, or a text that is too long.
    pub fn person_adds(&mut self, now: Timestamp, client: &Value) -> Result<i64, String> {
        let patch = typed(client)?;
        let fields = merged(newborn(), &patch)?;
        let stamp = self.hand(now);
        Ok(self.birth(fields, stamp))
    }

    /// A person edits a client: tags that are named change, the others stay.
    ///
    /// # Errors
    ///
    /// As [`Omie::person_adds`], or that there is no such client.
    pub fn person_edits(&mut self, now: Timestamp, code: i64, patch: &Value) -> Result<(), String> {
        let patch = typed(patch)?;
        let client = self.clients.get(code).ok_or_else(|| Refusal::no_client(code).text)?;
        let fields = merged(client.fields.clone(), &patch)?;
        self.clients.change(code, fields, self.hand(now));
        self.tell(Topic::Altered, code, self.hands);
        Ok(())
    }

    /// A person deletes a client; tells whether it was there.
    pub fn person_deletes(&mut self, _now: Timestamp, code: i64) -> bool {
        self.tell(Topic::Excluded, code, self.hands);
        self.clients.remove(code)
    }

    /// A client as `ConsultarCliente` shows it.
    pub fn client(&self, code: i64) -> Option<Value> {
        self.clients.get(code).map(|client| self.whole(client))
    }

    /// All clients as `ConsultarCliente` shows them, by code.
    pub fn clients(&self) -> impl Iterator<Item = Value> + '_ {
        self.clients.rows().iter().map(|client| self.whole(client))
    }

    /// How many clients there are.
    pub fn client_count(&self) -> usize {
        self.clients.rows().len()
    }

    /// A person adds a seller; gives its code.
    pub fn add_seller(&mut self, now: Timestamp, name: &str, email: &str, inactive: bool) -> i64 {
        self.last_seller += self.rng.i64(1..4_000);
        let stamp = self.hand(now);
        let (name, email) = (name.to_owned(), email.to_owned());
        let seller = Seller { name, email, inactive, created: stamp, changed: stamp };
        self.sellers.insert(self.last_seller, seller);
        self.last_seller
    }

    /// A person makes a seller inactive or active; tells whether there is such a seller.
    pub fn set_seller_inactive(&mut self, now: Timestamp, code: i64, inactive: bool) -> bool {
        let changed = self.hand(now);
        let seller = self.sellers.get_mut(&code);
        seller.map(|seller| (seller.inactive, seller.changed) = (inactive, changed)).is_some()
    }

    /// The codes of the sellers.
    pub fn sellers(&self) -> impl Iterator<Item = i64> + '_ {
        self.sellers.keys().copied()
    }

    /// Lets somebody else do what the person does until told otherwise: another application, or the person again.
    pub(super) fn lend_hands(&mut self, to_application: bool) {
        self.hands = if to_application { Author::Api } else { PERSON };
    }

    /// The stamp of who acts here.
    pub(super) fn hand(&self, now: Timestamp) -> Stamp {
        self.stamp(now, self.hands)
    }

    fn whole(&self, client: &Client) -> Value {
        client.shape(Extras { notes: true, traits: true, ..self.extras() })
    }
}

fn typed(value: &Value) -> Result<Fields, String> {
    let object = value.as_object().ok_or("a client is an object")?;
    schema::read(&CLIENT, object, &Switches::default()).map_err(|refusal| refusal.text)
}

/// A person's write merges like any other and is bound by none of the account's demands.
fn merged(mut fields: Fields, patch: &Fields) -> Result<Fields, String> {
    merge(&mut fields, patch, &Switches::default()).map_err(|refusal| refusal.text)?;
    Ok(fields)
}
