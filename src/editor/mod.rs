//! What editors need of us: JSON Schemas of the files people write, definitions of the functions that
//! rules may call, and one layout for YAML.

mod flow;
pub mod layout;
pub mod schema;

use std::collections::BTreeMap;

use crate::rules;

/// The folder of a workspace that editors look into.
pub const FOLDER: &str = "schema";
/// The definitions of the functions that rules may call.
pub const DEFINITIONS: &str = "rules.d.rhai";

/// A language of the descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// English.
    English,
    /// Brazilian Portuguese.
    Portuguese,
}

/// The files that editors look into, by their names inside [`FOLDER`].
pub fn files(tongue: Tongue) -> BTreeMap<String, String> {
    let schemas = schema::KINDS.iter().map(|kind| (format!("{}.json", kind.name), schema::text(kind, tongue)));
    schemas.chain([(DEFINITIONS.to_owned(), rules::definitions::text())]).collect()
}
