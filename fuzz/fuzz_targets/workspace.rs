//! Bytes for the target `workspace`.
#![no_main]

#[path = "../../tests/it/hostile/targets.rs"]
#[expect(dead_code, reason = "each binary runs one target of all")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::workspace(bytes));
