//! The one integration test binary.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests may fail loudly")]

mod auvo_calls;
mod binary;
mod cases;
mod connectors;
mod cycles;
mod demo_seen;
mod diagnostics;
mod docs;
mod faults;
mod field_seen;
mod goods_seen;
mod hostile;
mod house;
mod kill;
mod laws;
mod lies;
mod lines;
mod mutants;
mod omie_trade_calls;
mod one_way;
mod orders_seen;
mod play;
mod preview;
mod readme;
mod rules_seen;
mod served;
mod shipped;
mod simulated;
mod store_kill;
mod switches;
mod tidy;
mod traces;
mod trio;
mod truth;
