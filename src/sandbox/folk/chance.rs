//! Draws from pools, and from what an account may be.

use serde_json::{Value, json};

/// Draws one of a pool.
pub(in crate::sandbox) fn pick<T: Copy + Default>(random: &mut fastrand::Rng, pool: &[T]) -> T {
    if pool.is_empty() { T::default() } else { pool.get(random.usize(..pool.len())).copied().unwrap_or_default() }
}

/// Happens once in so many times.
pub(in crate::sandbox) fn one_in(random: &mut fastrand::Rng, times: u32) -> bool {
    random.u32(..times.max(1)) == 0
}

/// What is not as usual in an account, as `name = value`.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Told(pub(in crate::sandbox) Vec<String>);

/// Once in so many times, sets a switch to one of these and tells it.
pub(in crate::sandbox) fn roll<T: Clone + std::fmt::Debug>(
    random: &mut fastrand::Rng,
    told: &mut Told,
    (name, switch): (&str, &mut T),
    times: u32,
    others: &[T],
) {
    if one_in(random, times)
        && let Some(other) = random.choice(others)
    {
        *switch = other.clone();
        told.0.push(format!("{name} = {switch:?}"));
    }
}

/// A text as another person would spell it: now and then in capitals, or in none.
pub(in crate::sandbox) fn spelt(random: &mut fastrand::Rng, text: &str) -> String {
    match random.u8(..16) {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        _ => text.to_owned(),
    }
}

/// As much of a text as a field takes.
pub(in crate::sandbox) fn fits(text: &str, most: usize) -> String {
    text.chars().take(most).collect::<String>().trim_end().to_owned()
}

/// The text of a value, empty where it is none.
pub(in crate::sandbox) fn text_of(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Brazil's way to write a flag.
pub(in crate::sandbox) fn flag_of(yes: bool) -> Value {
    json!(if yes { "S" } else { "N" })
}
