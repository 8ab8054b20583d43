//! Asking what only an account knows: one page of a list with other parameters, never a write.

use serde_json::Value;

use super::ask::Answered;
use super::memory::Rest;
use super::paging::Pager;
use super::response::Verdict;
use super::{Cause, Connector, Failure, Inputs};
use crate::config::system::{Call, Health, Meaning, Probe, Question};
use crate::config::template::{Host, Template, plain};

/// What an account answers to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The question.
    pub ask: String,
    /// Whether anybody need care.
    pub is: Health,
    /// The answer, in words.
    pub text: String,
}

impl Connector {
    /// Asks what a probe asks. Whatever the system makes of the question is an answer.
    ///
    /// # Errors
    /// When it cannot be asked, or the credentials are not good for it.
    pub async fn probe(&self, probe: &Probe) -> Result<Vec<Probed>, Failure> {
        let seen = self.seen(probe).await.map_err(|cause| self.failure(&probe.call.name, cause))?;
        let host = Host::roomy(&self.system().zone);
        let told = probe.questions.iter().map(|question| match &seen {
            Some(seen) => answered(question, &host, seen),
            None => {
                let text = format!("It cannot be told: no row of {} serves to ask it.", probe.resource);
                question.told(Health::Note, text)
            }
        });
        Ok(told.collect())
    }

    /// What the answers look at; nothing where there is nothing to ask with.
    async fn seen(&self, probe: &Probe) -> Result<Option<Inputs>, Cause> {
        let known = match &probe.known {
            Some(known) => self.known(probe, known).await?,
            None => Value::Null,
        };
        if probe.known.is_some() && known.is_null() {
            return Ok(None);
        }
        let mut inputs = self.now(Pager::new(&probe.call.paging, None).inputs());
        inputs.insert("known", known.clone());
        let verdict = self.first_page(&probe.call, inputs).await?;
        let rows = if verdict.meaning == Meaning::Done { verdict.rows } else { Vec::new() };
        Ok(Some(Inputs::from([
            ("rows", rows.into()),
            ("body", verdict.body),
            ("outcome", Value::from(verdict.meaning.word())),
            ("reason", Value::from(verdict.text)),
            ("known", known),
        ])))
    }

    /// What is asked with, out of the first page of the list as it is.
    async fn known(&self, probe: &Probe, known: &Template) -> Result<Value, Cause> {
        let resource = self.system().resources.get(&probe.resource);
        let Some(list) = resource.and_then(|resource| resource.list.as_ref()) else { return Ok(Value::Null) };
        let verdict = self.first_page(list, self.now(Pager::new(&list.paging, None).inputs())).await?;
        if !matches!(verdict.meaning, Meaning::Done | Meaning::Empty) {
            return Err(Cause::Refused { text: verdict.text });
        }
        if verdict.rows.is_empty() {
            return Ok(Value::Null);
        }
        let host = Host::roomy(&self.system().zone);
        known
            .value(&host, &Inputs::from([("rows", verdict.rows.into())]))
            .map_err(|error| Cause::Unasked { text: error.to_string() })
    }

    async fn first_page(&self, call: &Call, inputs: Inputs) -> Result<Verdict, Cause> {
        match self.ask(call, inputs).await {
            Answered::Verdict(verdict) if verdict.meaning == Meaning::Unauthorised => {
                Err(Cause::Unauthorised { text: verdict.text })
            }
            Answered::Verdict(verdict) => Ok(*verdict),
            Answered::Rest(Rest { text, until_ms }) => Err(Cause::Blocked { text, until_ms }),
            Answered::Unasked(text) => Err(Cause::Unasked { text }),
        }
    }
}

/// The first answer that fits.
fn answered(question: &Question, host: &Host, seen: &Inputs) -> Probed {
    for answer in &question.answers {
        let fits = answer.when.as_ref().map_or(Ok(Value::Bool(true)), |when| when.value(host, seen));
        let said = match fits {
            Ok(Value::Bool(true)) => answer.say.value(host, seen),
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        return match said {
            Ok(text) => question.told(answer.is, plain(&text)),
            Err(error) => question.told(Health::Warning, format!("the answer cannot be read: {error}")),
        };
    }
    let reason = seen.get("reason").and_then(Value::as_str).filter(|reason| !reason.is_empty());
    question.told(Health::Warning, reason.map_or_else(|| "it cannot be told".to_owned(), str::to_owned))
}

impl Question {
    fn told(&self, is: Health, text: String) -> Probed {
        Probed { ask: self.ask.clone(), is, text }
    }
}
