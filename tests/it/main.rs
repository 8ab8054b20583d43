//! The one integration test binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail loudly")]

mod cases;
mod connectors;
mod cycles;
mod demo_seen;
mod diagnostics;
mod house;
mod laws;
mod play;
mod preview;
mod rules_seen;
mod shipped;
mod store_kill;
mod tidy;
