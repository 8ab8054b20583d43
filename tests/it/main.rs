//! The one integration test binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail loudly")]

mod connectors;
mod diagnostics;
mod store_kill;
