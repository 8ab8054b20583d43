//! Asking what only an account knows: one page of a list with other parameters, never a
//! write.

use serde_json::Value;

use super::ask::Answered;
use super::paging::Pager;
use super::response::Verdict;
use super::{Connector, Inputs};
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
    /// Asks what a probe asks. Whatever comes back is an answer.
    pub async fn probe(&self, probe: &Probe) -> Vec<Probed> {
        let all = |is: Health, text: String| probe.questions.iter().map(|one| one.told(is, text.clone())).collect();
        match self.seen(probe).await {
            Ok(Some(seen)) => {
                let host = Host::roomy(&self.system().zone);
                probe.questions.iter().map(|question| answered(question, &host, &seen)).collect()
            }
            Ok(None) => all(Health::Note, format!("It cannot be told: no row of {} serves to ask it.", probe.resource)),
            Err(text) => all(Health::Warning, format!("cannot be asked: {text}")),
        }
    }

    /// What the answers look at; nothing where there is nothing to ask with.
    async fn seen(&self, probe: &Probe) -> Result<Option<Inputs>, String> {
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
    async fn known(&self, probe: &Probe, known: &Template) -> Result<Value, String> {
        let resource = self.system().resources.get(&probe.resource);
        let Some(list) = resource.and_then(|resource| resource.list.as_ref()) else { return Ok(Value::Null) };
        let verdict = self.first_page(list, self.now(Pager::new(&list.paging, None).inputs())).await?;
        if !matches!(verdict.meaning, Meaning::Done | Meaning::Empty) {
            return Err(verdict.text);
        }
        if verdict.rows.is_empty() {
            return Ok(Value::Null);
        }
        let host = Host::roomy(&self.system().zone);
        known.value(&host, &Inputs::from([("rows", verdict.rows.into())])).map_err(|error| error.to_string())
    }

    async fn first_page(&self, call: &Call, inputs: Inputs) -> Result<Verdict, String> {
        match self.ask(call, inputs).await {
            Answered::Verdict(verdict) => Ok(*verdict),
            Answered::Rest(rest) => Err(rest.text),
            Answered::Unasked(text) => Err(text),
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
