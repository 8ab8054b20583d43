//! The page of every code: what it means, an example that earns it, and the repair. In English and in
//! Portuguese, as the files under `src/pages`.

use include_dir::{Dir, include_dir};

use crate::diagnostic::Code;

static ENGLISH: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/pages/en");
static PORTUGUESE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/pages/pt");

/// The English page of a code; empty when nobody wrote it.
pub fn english(code: Code) -> &'static str {
    text(&ENGLISH, code)
}

/// The Portuguese page of a code; empty when nobody wrote it.
pub fn portuguese(code: Code) -> &'static str {
    text(&PORTUGUESE, code)
}

/// What a page says of its code in one sentence: the heading, without the code.
pub fn headline(page: &str) -> &str {
    page.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, said)| said)
}

fn text(folder: &Dir<'static>, code: Code) -> &'static str {
    folder.get_file(format!("{code}.md")).and_then(include_dir::File::contents_utf8).unwrap_or_default()
}
