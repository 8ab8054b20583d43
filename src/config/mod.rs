//! YAML as written.
pub mod located;
pub mod system;
pub mod template;
