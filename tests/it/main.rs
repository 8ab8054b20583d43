//! The one integration test binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail loudly")]

mod binary;
mod cases;
mod connectors;
mod cycles;
mod diagnostics;
mod house;
mod preview;
mod shipped;
mod store_kill;
mod tidy;
