//! Webhooks of Omie: registered by hand, strictly in order, tried again until they are taken.
//!
//! The event is the client as a listing shows it. Who did it is a hint: every application goes by
//! one name.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Omie;
use super::record::{Author, Extras};
use super::wire;
use crate::sandbox::hook::{Delivery, Hook};

/// What happened to a client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Topic {
    Included,
    Altered,
    Excluded,
}

impl Topic {
    fn text(self) -> &'static str {
        match self {
            Self::Included => "ClienteFornecedor.Incluido",
            Self::Altered => "ClienteFornecedor.Alterado",
            Self::Excluded => "ClienteFornecedor.Excluido",
        }
    }
}

impl Omie {
    /// A person registers a listener in the portal, which asks it at once whether it is there.
    pub fn person_registers_hook(&mut self, url: &str) {
        self.listener = Some(url.to_owned());
        self.post(&json!({ "ping": "omie" }));
    }

    /// Tells of a change, when anybody listens. A client is told of before it is gone.
    pub(super) fn tell(&mut self, topic: Topic, code: i64, by: Author) {
        let (true, Some(client)) = (self.listener.is_some(), self.clients.get(code)) else { return };
        let event = client.shape(Extras { notes: true, ..self.extras() });
        let number = self.rng.u128(..);
        let parts = [number >> 96, (number >> 80) & 0xFFFF, (number >> 64) & 0xFFFF, (number >> 48) & 0xFFFF];
        let [a, b, c, d] = parts;
        let author = match by {
            Author::Api => json!({ "email": "no-reply@omie.com.br", "name": "Integração", "userId": 89 }),
            Author::Person(number) => json!({ "email": "pessoa@aurora.example", "name": "Pessoa", "userId": number }),
        };
        self.post(&json!({
            "messageId": format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{:012x}", number & 0xFFFF_FFFF_FFFF),
            "topic": topic.text(), "event": event, "author": author, "appKey": self.credentials.app_key,
            "appHash": "aurora", "origin": "omie-connect-2.0",
        }));
    }

    fn post(&mut self, body: &Value) {
        if let Some(url) = self.listener.clone() {
            let hook = Hook { listener: 0, url, headers: Vec::new(), body: wire::text(body) };
            let twice = self.switches.hooks_twice;
            self.outbox.push(hook, if twice { Delivery::Twice } else { Delivery::Once });
        }
    }

    /// The first call, unless it is under way or rests.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Hook> {
        self.outbox.first(now.as_millisecond()).into_iter().collect()
    }

    /// Takes note of how the listener answered.
    pub(super) fn listened(&mut self, now: Timestamp, well: bool) {
        self.outbox.answered(now.as_millisecond(), well, self.switches.hook_retry_s.saturating_mul(1_000));
    }
}
