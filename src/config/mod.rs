//! YAML as written.
pub mod located;
