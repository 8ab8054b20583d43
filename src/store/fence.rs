//! A fence around code of others that panics on damaged files: a panic becomes an error, and does
//! not reach the terminal. Panics of all other threads and places are shown as ever.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// True while this thread is behind the fence, where a panic becomes an error.
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Calls something that may panic, and returns the message of the panic if it does. What the call
/// left half done is the caller's to distrust.
pub(super) fn fenced<T>(operation: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !FENCED.get() {
                usual(info);
            }
        }));
    });
    let outer = FENCED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(operation));
    FENCED.set(outer);
    result.map_err(|payload| message(payload.as_ref()))
}

/// The words of a panic.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(fenced(|| 1), Ok(1));
        assert_eq!(fenced(|| -> u8 { panic!("page {} is gone", 7) }), Err("page 7 is gone".into()));
        assert!(!FENCED.get());
    }
}
