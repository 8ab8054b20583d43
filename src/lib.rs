//! depara.
pub mod cli;
pub mod clock;
pub mod config;
pub mod connector;
pub mod diagnostic;
pub mod engine;
pub mod link;
pub mod mapping;
pub mod path;
pub mod record;
pub mod reference;
pub mod rules;
pub mod sandbox;
pub mod store;
pub mod sync;
pub mod workspace;
