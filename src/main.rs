//! depara.
fn main() {}
