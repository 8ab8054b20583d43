//! depara.
pub mod clock;
pub mod config;
pub mod diagnostic;
pub mod link;
pub mod path;
pub mod record;
pub mod store;
