//! The one integration test binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail loudly")]

mod cases;
mod connectors;
mod cycles;
mod diagnostics;
mod faults;
mod house;
mod preview;
mod readme;
mod served;
mod shipped;
mod store_kill;
mod switches;
mod tidy;
mod truth;
