//! Why a request is refused, and with which status and text.

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A field or navigation property that does not exist.
    Unknown {
        /// The name as written.
        name: String,
        /// The type it was looked for on.
        on: &'static str,
    },
    /// A query option that cannot be read.
    Query(String),
    /// A body that is no JSON object, or a value of the wrong JSON type.
    Format,
    /// A value the account does not accept.
    Invalid(String),
    /// Something this key may not do.
    Forbidden,
    /// A record that is not there.
    Gone,
    /// A verb the table does not have.
    Verb,
}

impl Refusal {
    /// A value the account does not accept.
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    /// The HTTP status.
    pub(super) fn status(&self, unknown_is_forbidden: bool) -> u16 {
        match self {
            Self::Unknown { .. } if unknown_is_forbidden => 403,
            Self::Forbidden => 403,
            Self::Unknown { .. } | Self::Query(_) | Self::Format | Self::Invalid(_) => 400,
            Self::Gone => 404,
            Self::Verb => 405,
        }
    }

    /// The text in `value`.
    pub(super) fn text(&self, unknown_is_forbidden: bool) -> String {
        match self {
            Self::Unknown { .. } if unknown_is_forbidden => FORBIDDEN.to_owned(),
            Self::Unknown { name, on } => {
                format!(
                    "The query specified in the URI is not valid. Could not find a property named '{name}' on type 'Ploomes.{on}'."
                )
            }
            Self::Query(text) => format!("The query specified in the URI is not valid. {text}"),
            Self::Format => "Your request has a wrong format".to_owned(),
            Self::Invalid(text) => text.clone(),
            Self::Forbidden => FORBIDDEN.to_owned(),
            Self::Gone => "The requested resource was not found".to_owned(),
            Self::Verb => "The requested resource does not support this http method".to_owned(),
        }
    }
}

const FORBIDDEN: &str = "Your request has been forbidden";
