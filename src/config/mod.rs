//! YAML as written.
pub mod line;
pub mod located;
pub mod mapping;
pub mod system;
pub mod template;
