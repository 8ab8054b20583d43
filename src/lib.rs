//! depara.
pub mod clock;
pub mod config;
pub mod connector;
pub mod diagnostic;
pub mod link;
pub mod path;
pub mod record;
