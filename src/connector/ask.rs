//! One call, asked until it is answered: through the gate, out, judged, and again where that does no harm.

use std::hash::{Hash as _, Hasher as _};
use std::sync::PoisonError;

use fnv::FnvHasher;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Connector;
use super::memory::Rest;
use super::outcome::{Cause, Failure, Outcome, Row};
use super::request;
use super::response::{self, Again, Verdict};
use super::row::{self, author_of};
use super::transport::WireRequest;
use crate::config::system::{Call, Frame, Login, Meaning, On, Ours, Resource};
use crate::config::template::Inputs;
use crate::flaw::{self, Flaw};

/// How a call ended.
pub(super) enum Answered {
    /// The system answered, or did not.
    Verdict(Box<Verdict>),
    /// It was not asked: this kind of call rests.
    Rest(Rest),
    /// It could not be asked.
    Unasked(String),
}

impl Connector {
    /// Asks until there is an answer to work with, or no try is left. Where a login gives a token, the
    /// call carries it; one that the system does not take is renewed once.
    pub(super) async fn ask(&self, call: &Call, mut inputs: Inputs) -> Answered {
        let system = &self.inner.system;
        let Some(login) = &system.login else { return self.ask_as((&system.frame, call), inputs).await };
        let mut renewed = false;
        loop {
            let token = match self.token(login).await {
                Ok(token) => token,
                Err(answered) => return answered,
            };
            inputs.insert("token", Value::from(token.expose_secret()));
            let answered = self.ask_as((&system.frame, call), inputs.clone()).await;
            let Answered::Verdict(verdict) = &answered else { return answered };
            if verdict.meaning != Meaning::Unauthorised || renewed {
                return answered;
            }
            self.inner.token.forget(&token).await;
            renewed = true;
        }
    }

    /// The token in force; logs in when there is none, or when its end is near. Who comes meanwhile
    /// waits for the same one.
    async fn token(&self, login: &Login) -> Result<SecretString, Answered> {
        let mut held = self.inner.token.hold().await;
        let now_ms = self.inner.clock.now_ms();
        if let Some(token) = held.good(now_ms) {
            return Ok(token);
        }
        let verdict = match self.ask_as((&Frame::default(), &login.call), Inputs::new()).await {
            Answered::Verdict(verdict) => verdict,
            answered @ (Answered::Rest(_) | Answered::Unasked(_)) => return Err(answered),
        };
        let found = verdict.rows.first().and_then(|answer| login.at.peek(answer)).and_then(Value::as_str);
        match (verdict.meaning, found) {
            (Meaning::Done, Some(token)) => Ok(self.inner.token.keep(&mut held, token, now_ms, login)),
            (meaning, _) => Err(Answered::Verdict(Box::new(refused_login(*verdict, meaning)))),
        }
    }

    /// True when a login gave a token that is in force: then the credentials themselves are good.
    pub async fn is_logged_in(&self) -> bool {
        self.inner.token.hold().await.good(self.inner.clock.now_ms()).is_some()
    }

    async fn ask_as(&self, (frame, call): (&Frame, &Call), inputs: Inputs) -> Answered {
        let inner = &self.inner;
        let request = match request::build(&inner.system, &inner.base_url, &inner.keys, (frame, call), inputs) {
            Ok(request) => request,
            Err(error) => return Answered::Unasked(inner.keys.scrub(&error.to_string())),
        };
        let own = print(&request);
        let retry = inner.system.retry;
        let mut attempt = 1;
        loop {
            // A write is only made again at once where the system says that it did not take it.
            let print = (call.on == On::Read || attempt == 1).then_some(own);
            let turn = match inner.gate.enter(&call.name, print, retry.longest_ms).await {
                Ok(turn) => turn,
                Err(rest) => return Answered::Rest(rest),
            };
            self.count(&call.name);
            let mut verdict = tokio::select! {
                verdict = self.send(call, request.clone()) => verdict,
                // A read that nobody waits for does no harm; a write is always heard to its end.
                () = inner.gate.closing(), if call.on == On::Read => return Answered::Rest(inner.gate.rest_of_closed()),
            };
            inner.gate.leave(&call.name, print, verdict.heard());
            drop(turn);
            verdict.tries = attempt;
            match self.pause(call, &verdict, attempt) {
                Some(pause_ms) => {
                    inner.gate.pause(&call.name, i64::try_from(pause_ms).unwrap_or(i64::MAX), &verdict.text).await;
                }
                None => return Answered::Verdict(Box::new(verdict)),
            }
            attempt += 1;
        }
    }

    async fn send(&self, call: &Call, request: WireRequest) -> Verdict {
        let inner = &self.inner;
        let started_ms = inner.clock.now_ms();
        let answer = self.transport.send(request, &inner.system.limits).await;
        let now_ms = inner.clock.now_ms();
        let mut verdict = response::judge(&inner.system, call, answer, now_ms);
        // Scrubbed before it is cut: half a secret would not be known for one.
        verdict.text = response::cut(&inner.token.scrub(inner.keys.scrub(&verdict.text)));
        tracing::debug!(
            system = inner.system.name,
            call = call.name,
            meaning = ?verdict.meaning,
            ms = now_ms - started_ms,
            "A call was answered."
        );
        verdict
    }

    /// How long to wait before the next try; `None` when there is none.
    fn pause(&self, call: &Call, verdict: &Verdict, attempt: u32) -> Option<u64> {
        let inner = &self.inner;
        let retry = inner.system.retry;
        if let Some(wait_ms) = verdict.wait_ms
            && verdict.again == Again::All
        {
            let until_ms = inner.clock.now_ms().saturating_add(i64::try_from(wait_ms).unwrap_or(i64::MAX / 4));
            inner.gate.rest(&call.name, verdict.by, Rest { text: verdict.text.clone(), until_ms });
        }
        let may = match verdict.again {
            Again::No => false,
            Again::Reads => call.on == On::Read || flaw::is(Flaw::LostCreateRepeated),
            Again::All => true,
        };
        if !may || attempt >= retry.attempts {
            return None;
        }
        match verdict.wait_ms {
            Some(wait_ms) if wait_ms > retry.longest_ms => None,
            // At least what the system names, and not all of us in the same instant.
            Some(wait_ms) => Some(wait_ms.saturating_add(self.random(0, 1_000))),
            None => {
                let doubled = retry.first_ms.saturating_mul(1_u64.checked_shl(attempt - 1).unwrap_or(u64::MAX));
                Some(self.random(1, doubled.min(retry.longest_ms).max(1)))
            }
        }
    }

    fn random(&self, low: u64, high: u64) -> u64 {
        self.inner.random.lock().unwrap_or_else(PoisonError::into_inner).u64(low..=high)
    }

    fn count(&self, call: &str) {
        for calls in &self.counts {
            let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
            *calls.entry(call.to_owned()).or_insert(0) += 1;
        }
    }

    /// The outcome of a write.
    pub(super) fn outcome(&self, resource: &Resource, call: &Call, id: Option<&str>, answered: Answered) -> Outcome {
        let verdict = match answered {
            Answered::Verdict(verdict) => *verdict,
            Answered::Rest(Rest { text, until_ms }) => return Outcome::Blocked { text, until_ms },
            Answered::Unasked(text) => return Outcome::Failed { text },
        };
        let until_ms = self.until_ms(&verdict);
        let Verdict { meaning, text, .. } = &verdict;
        let text = text.clone();
        match meaning {
            Meaning::Done => self.done(resource, call, id, verdict),
            Meaning::Empty => Outcome::Empty,
            Meaning::Gone => Outcome::Gone { text },
            Meaning::Stale => Outcome::Stale { text },
            Meaning::Duplicate => Outcome::Duplicate { id: verdict.id, key: verdict.key, text },
            Meaning::Refused => Outcome::Refused { text },
            Meaning::Throttled => Outcome::Throttled { text, until_ms },
            Meaning::Blocked => Outcome::Blocked { text, until_ms },
            Meaning::Unauthorised => Outcome::Unauthorised { text },
            Meaning::Failed => Outcome::Failed { text },
            Meaning::Unknown => Outcome::Unknown { text },
        }
    }

    fn done(&self, resource: &Resource, call: &Call, id: Option<&str>, verdict: Verdict) -> Outcome {
        let body = verdict.body;
        let record = call.answer_record.as_ref().and_then(|path| path.get(&body)).filter(serde_json::Value::is_object);
        let record = record.map(|mut record| {
            if self.inner.system.text == crate::config::system::TextForm::Html {
                row::decode(&mut record);
            }
            record
        });
        if let Some(record) = &record {
            self.learn(resource, record);
        }
        let learned = self.learned();
        let row: Option<Row> =
            record.and_then(|record| row::row(&self.inner.system, resource, learned.as_deref(), record));
        let row = row.map(|mut row| {
            self.attach(resource, &mut row);
            row
        });
        let answered = call.answer_id.as_ref().and_then(|path| path.peek(&body)).and_then(row::text_of);
        let found = answered.filter(|id| !id.is_empty()).or_else(|| row.as_ref().map(|row| row.id.clone()));
        match found.or_else(|| id.map(str::to_owned)) {
            Some(id) => Outcome::Done { id: Some(id), row },
            None => Outcome::Unknown { text: "the answer does not name the new record".to_owned() },
        }
    }

    /// Learns from the answer to a write of ours by what name the system knows us.
    fn learn(&self, resource: &Resource, record: &serde_json::Value) {
        if let Some(author) = &resource.author
            && author.ours == Ours::Learned
            && let Some(name) = author_of(author, record)
        {
            *self.inner.learned.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
        }
    }

    /// The name by which the system knows us, once it is known.
    pub(super) fn learned(&self) -> Option<String> {
        self.inner.learned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn until_ms(&self, verdict: &Verdict) -> i64 {
        let wait_ms = verdict.wait_ms.unwrap_or(self.inner.system.retry.longest_ms);
        self.inner.clock.now_ms().saturating_add(i64::try_from(wait_ms).unwrap_or(i64::MAX / 4))
    }

    /// The rows of a read, or why there are none; `None` says that there is nothing of the kind.
    pub(super) fn read(&self, call: &Call, answered: Answered) -> Result<Option<Verdict>, Failure> {
        let verdict = match answered {
            Answered::Verdict(verdict) => *verdict,
            Answered::Rest(Rest { text, until_ms }) => {
                return Err(self.failure(&call.name, Cause::Blocked { text, until_ms }));
            }
            Answered::Unasked(text) => return Err(self.failure(&call.name, Cause::Unasked { text })),
        };
        let until_ms = self.until_ms(&verdict);
        let text = verdict.text.clone();
        let cause = match verdict.meaning {
            Meaning::Done => return Ok(Some(verdict)),
            Meaning::Empty | Meaning::Gone => return Ok(None),
            Meaning::Unauthorised => Cause::Unauthorised { text },
            Meaning::Blocked => Cause::Blocked { text, until_ms },
            Meaning::Throttled => Cause::Throttled { text, until_ms },
            Meaning::Unknown => Cause::Unreachable { text },
            Meaning::Failed if verdict.again == Again::All => Cause::Unreachable { text },
            Meaning::Failed | Meaning::Refused | Meaning::Stale | Meaning::Duplicate => Cause::Refused { text },
        };
        Err(self.failure(&call.name, cause))
    }

    /// A failure of this system.
    pub(super) fn failure(&self, call: &str, cause: Cause) -> Failure {
        Failure { system: self.inner.system.name.clone(), call: call.to_owned(), cause }
    }
}

/// What a login without a token means for the call that wanted it: nothing of it has happened.
fn refused_login(verdict: Verdict, meaning: Meaning) -> Verdict {
    let meaning = match meaning {
        Meaning::Throttled | Meaning::Blocked => meaning,
        Meaning::Unknown | Meaning::Failed => Meaning::Failed,
        Meaning::Done
        | Meaning::Empty
        | Meaning::Gone
        | Meaning::Stale
        | Meaning::Duplicate
        | Meaning::Refused
        | Meaning::Unauthorised => Meaning::Unauthorised,
    };
    let said = if verdict.text.is_empty() { String::new() } else { format!(": {}", verdict.text) };
    Verdict { meaning, again: Again::All, text: format!("the login gave no token{said}"), ..verdict }
}

/// What makes two requests the same.
fn print(request: &WireRequest) -> u64 {
    let mut hasher = FnvHasher::default();
    (request.method.text(), &request.url, &request.body).hash(&mut hasher);
    hasher.finish()
}
