//! Asking what only an account knows: one page of a list with other parameters, never a write.

use serde_json::Value;

use super::ask::Answered;
use super::paging::Pager;
use super::{Connector, Inputs};
use crate::config::system::{Health, Meaning, Probe, Question};
use crate::config::template::{Host, plain};

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
        let inputs = self.now(Pager::new(&probe.call.paging, None).inputs());
        let unasked = match self.ask(&probe.call, inputs).await {
            Answered::Verdict(verdict) => {
                let rows = if verdict.meaning == Meaning::Done { verdict.rows } else { Vec::new() };
                let reason = Value::from(verdict.text.as_str());
                let outcome = Value::from(verdict.meaning.word());
                let seen = Inputs::from([
                    ("rows", rows.into()),
                    ("body", verdict.body),
                    ("outcome", outcome),
                    ("reason", reason),
                ]);
                let host = Host::roomy(&self.system().zone);
                return probe.questions.iter().map(|question| answered(question, &host, &seen)).collect();
            }
            Answered::Rest(rest) => rest.text,
            Answered::Unasked(text) => text,
        };
        let told = |question: &Question| question.told(Health::Warning, format!("cannot be asked: {unasked}"));
        probe.questions.iter().map(told).collect()
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
