//! Finds out what a request is about, and dresses what it gets as an HTTP answer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::refusal::Refusal;
use super::render;
use super::schema::Table;
use crate::sandbox::{Answer, memory};

/// What a request names: a resource, maybe one record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The resource.
    pub(super) resource: Resource,
    /// The id between parentheses.
    pub(super) id: Option<i64>,
}

/// A resource that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Its name in the URL.
    pub(super) name: &'static str,
    /// What its records are.
    pub(super) table: Table,
    /// Whether its pages have a size limit.
    pub(super) paged: bool,
    /// What a write makes, where writes are served.
    pub(super) writable: Option<Writable>,
}

/// What a client may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writable {
    /// A contact.
    Contact,
    /// A tag.
    Tag,
    /// An interaction record.
    Record,
    /// A webhook.
    Webhook,
}

const fn list(name: &'static str, table: Table) -> Resource {
    Resource { name, table, paged: false, writable: None }
}

const fn written(name: &'static str, table: Table, writable: Writable) -> Resource {
    Resource { name, table, paged: false, writable: Some(writable) }
}

/// Every resource.
const RESOURCES: &[Resource] = &[
    list("Account", Table::Account),
    Resource { paged: true, ..list("Cities", Table::City) },
    list("Cities@Countries", Table::Country),
    list("Cities@Countries@States", Table::State),
    Resource { paged: true, ..written("Contacts", Table::Contact, Writable::Contact) },
    list("Contacts@LinesOfBusiness", Table::LineOfBusiness),
    list("Contacts@Origins", Table::Origin),
    list("Contacts@Relationships", Table::Relationship),
    list("Contacts@Status", Table::Status),
    list("Contacts@Types", Table::ContactType),
    list("Fields", Table::Field),
    written("InteractionRecords", Table::InteractionRecord, Writable::Record),
    list("PhoneTypes", Table::PhoneType),
    list("Self", Table::User),
    written("Tags", Table::Tag, Writable::Tag),
    list("Users", Table::User),
    written("Webhooks", Table::Webhook, Writable::Webhook),
    list("Webhooks@Actions", Table::WebhookAction),
];

/// Reads the end of a decoded path; what stands before it may be anything.
pub(super) fn route(path: &str) -> Option<Route> {
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let (name, id) = match last.split_once('(') {
        Some((name, key)) => (name, Some(key.strip_suffix(')')?.parse().ok()?)),
        None => (last, None),
    };
    let resource = RESOURCES.iter().find(|resource| resource.name == name)?;
    Some(Route { resource: *resource, id })
}

/// A JSON answer.
pub(super) fn json(status: u16, body: String) -> Answer {
    answer(status, "application/json; odata.metadata=minimal", body)
}

/// The answer to a refused request.
pub(super) fn refused(refusal: &Refusal, unknown_is_forbidden: bool) -> Answer {
    json(refusal.status(unknown_is_forbidden), render::refusal(&refusal.text(unknown_is_forbidden)))
}

/// A refusal by status and text.
pub(super) fn said(status: u16, text: &str) -> Answer {
    json(status, render::refusal(text))
}

/// Lets the rows of a list lack a member.
pub(super) fn lacking(answer: &mut Answer, number: u64) {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return };
    if let Some(rows) = body.get_mut("value") {
        memory::lacking(rows, number, &["Id"]);
        answer.body = body.to_string().into_bytes();
    }
}

/// A page of the web server or of a proxy before it.
pub(super) fn page(status: u16, title: &str) -> Answer {
    let body = format!(
        "<!DOCTYPE html>\r\n<html><head><title>{status} - {title}</title></head>\r\n<body><h1>Server Error</h1><h2>{status} - {title}</h2></body></html>\r\n"
    );
    answer(status, "text/html", body)
}

/// The page of a path that leads nowhere.
pub(super) fn nowhere() -> Answer {
    page(404, "File or directory not found.")
}

fn answer(status: u16, kind: &str, body: String) -> Answer {
    let headers = BTreeMap::from([("content-type".to_owned(), kind.to_owned())]);
    Answer { status, headers, body: body.into_bytes(), ..Answer::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_is_found_at_the_end_of_any_prefix() {
        let found = |path| route(path).map(|route| (route.resource.name, route.id));
        assert_eq!(found("/Contacts"), Some(("Contacts", None)));
        assert_eq!(found("/any/api/Contacts(12)"), Some(("Contacts", Some(12))));
        assert_eq!(found("/Cities@Countries@States/"), Some(("Cities@Countries@States", None)));
        assert_eq!(found("/Contacts(x)"), None);
        assert_eq!(found("/Contacts(12)/Win"), None);
    }
}
