//! Why a request is refused, and in which of Auvo's shapes it is told.

use serde_json::{Value, json};

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A rule of the business, with the number of the error.
    Rule(u32, String),
    /// A value that is not what a member takes.
    Value {
        /// The member, or the parameter.
        name: String,
        /// What was sent.
        sent: String,
    },
    /// What is wrong with a member.
    Member {
        /// The member.
        name: String,
        /// What is wrong with it.
        text: String,
    },
    /// What is wrong with a member, told one level deeper.
    Deep {
        /// The member.
        name: &'static str,
        /// What is wrong with it.
        text: &'static str,
    },
    /// 400 without a word.
    Silent,
    /// No token, or an old one.
    Unauthorised,
    /// A record, a path or rows that are not there.
    Gone,
    /// A verb the resource does not have.
    Verb,
    /// A body that does not say it is JSON.
    Media,
    /// The server fell over.
    Broken,
}

impl Refusal {
    /// A rule of the business without a number of its own.
    pub(super) fn rule(text: impl Into<String>) -> Self {
        Self::Rule(0, text.into())
    }

    /// A value that is not what a member takes.
    pub(super) fn value(name: &str, sent: &Value) -> Self {
        let sent = sent.as_str().map_or_else(|| sent.to_string(), str::to_owned);
        Self::Value { name: name.to_owned(), sent }
    }

    /// A record that something names and that is not there.
    pub(super) fn dangling(name: &str, id: impl std::fmt::Display) -> Self {
        Self::rule(format!("The {name} {id} was not found."))
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Rule(..) | Self::Value { .. } | Self::Member { .. } | Self::Deep { .. } | Self::Silent => 400,
            Self::Unauthorised => 401,
            Self::Gone => 404,
            Self::Verb => 405,
            Self::Media => 415,
            Self::Broken => 500,
        }
    }

    /// The body, where there is one.
    pub(super) fn body(&self) -> Option<Value> {
        match self {
            Self::Rule(code, text) => {
                Some(json!({ "message": text, "target": null, "errorCode": code, "errors": null }))
            }
            Self::Value { name, sent } => Some(json!({ name: [format!("The value '{sent}' is not valid.")] })),
            Self::Member { name, text } => Some(json!({ name: [text] })),
            Self::Deep { name, text } => Some(json!({ "errors": { *name: [text] } })),
            Self::Silent | Self::Unauthorised | Self::Gone | Self::Verb | Self::Media | Self::Broken => None,
        }
    }

    /// What a person reads.
    pub(super) fn text(&self) -> String {
        if let Self::Rule(_, text) = self {
            return text.clone();
        }
        self.body().map_or_else(|| format!("refused with status {}", self.status()), |body| body.to_string())
    }
}
