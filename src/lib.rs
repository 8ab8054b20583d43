//! depara: which field becomes which, kept true in both directions.
//!
//! Read both sides → a pure function turns (links with their bases, left, right) into a *plan* that
//! is plain data → a plain executor carries the plan out → memory of the last agreement moves only
//! on a confirmed answer. Beside it a second shape: the file as written → one checked, compiled form
//! → runtime, with every complaint pointing at a line.
//!
//! # What always holds
//!
//! 1. `sync`, `mapping` and `rules` do no I/O, hold no clock and spawn nothing.
//! 2. A plan decides everything; the executor obeys and reports. A dry run sends only reads.
//! 3. A base has one half per side: a field has moved on a side when that side differs from its own
//!    half.
//! 4. A base moves only on a confirmed outcome, to what the side now really holds.
//! 5. Equality is asked before conflict.
//! 6. Absence is a suspicion to confirm, never a cue to delete.
//! 7. No step is taken for an ambiguous pair.
//! 8. Empty is not delete; an edit to empty by a person does travel.
//! 9. Nothing is written that did not change; lists keep what the mapping does not speak of.
//! 10. One mapping of one account has at most one cycle running.
//! 11. Everything has a limit.
//! 12. A line that was edited meets again as if for the first time.
//! 13. One bad record delays no other.
//! 14. The engine names no system; the sandbox shares no code with what it tests.
//! 15. Stored forms carry a version.
//! 16. Same inputs, same plan.

// Words.
pub mod clock;
pub mod diagnostic;
mod flaw;
pub mod link;
pub mod pages;
pub mod path;
pub mod phone;
pub mod record;
pub mod reference;
// As written, and compiled.
pub mod config;
pub mod mapping;
pub mod rules;
pub mod workspace;
// The heart.
pub mod sync;
// Written examples of what it must do.
pub mod cases;
// What editors need.
pub mod editor;
// The edge.
pub mod cli;
pub mod connector;
pub mod engine;
pub mod store;
// Imitation systems.
pub mod sandbox;
// Histories of whole accounts.
pub mod simulate;

/// Bodies and fields are many small pieces: the allocator of the C library takes a fifth of a cycle for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
