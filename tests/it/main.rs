//! The one integration test binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail loudly")]

<<<<<<< HEAD
mod cases;
=======
mod connectors;
mod cycles;
mod house;
mod shipped;
>>>>>>> main
mod store_kill;
