//! Hides what an account file holds before any of it is shown: it may hold secrets in plain words.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::config::files::ACCOUNT_FILE;

/// Keys whose values are no secrets.
const OPEN: [&str; 3] = ["store", "account", "base_url"];

/// A key, a place for a variable, a quoted text or a bare word, whichever comes first.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let key = r#"(?P<key>["']?[A-Za-z_][\w./-]*["']?\s*:)(?P<end>\s|$)"#;
    let open = r"\$\{[^}\n]*\}";
    let word = r#""(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[^\s{}\[\],"'#]+"#;
    Regex::new(&format!("(?m){key}|(?P<open>{open})|(?P<word>{word})")).ok()
});

/// The text of a file as it may be shown. It keeps its length in bytes, so that places still fit.
pub(super) fn masked(file: &str, text: &str) -> String {
    let Some(words) = WORDS.as_ref().filter(|_| file == ACCOUNT_FILE) else { return text.to_owned() };
    // The key whose value comes, and where it ends.
    let (mut key, mut behind) = (String::new(), 0);
    let hide = |found: &Captures<'_>| {
        let (all, at) = found.get(0).map_or(("", 0), |all| (all.as_str(), all.start()));
        if let Some(named) = found.name("key") {
            key = named.as_str().trim_end_matches(':').trim().trim_matches(['"', '\'']).to_owned();
            behind = named.end();
            return all.to_owned();
        }
        let is_line = text.get(behind..at).is_some_and(|between| !between.contains('\n'));
        // An address may hold a login.
        let is_open = is_line && OPEN.contains(&key.as_str()) && !all.contains('@');
        let plain = all == "-" || all == "<<" || found.name("open").is_some();
        if plain || is_open { all.to_owned() } else { hidden(all) }
    };
    words.replace_all(text, hide).into_owned()
}

/// Stars for a word; what stands in `${…}` inside quotes is only a name and stays.
fn hidden(word: &str) -> String {
    let inner = word.trim_matches(['"', '\'']);
    if inner.starts_with("${") && inner.find('}') == Some(inner.len().saturating_sub(1)) {
        return word.to_owned();
    }
    "*".repeat(word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_stars_and_names_stay() {
        let text = "store: sled:.depara\naccounts:\n  - account: acme\n    systems:\n      erp: { key: \"s3cr:t, é\", other: '${NAME}', third: p/q=, base_url: http://x:1 }\n";
        let shown = masked(ACCOUNT_FILE, text);
        assert_eq!(shown.len(), text.len());
        for gone in ["s3cr", "p/q"] {
            assert!(!shown.contains(gone), "{shown}");
        }
        for kept in ["sled:.depara", "account: acme", "'${NAME}'", "http://x:1", "key:"] {
            assert!(shown.contains(kept), "{shown}");
        }
        assert_eq!(masked("mappings/x.yaml", text), text);
    }

    #[test]
    fn a_line_without_its_colon_hides_the_word_all_the_same() {
        for text in [
            "    app_key hunter2hunter2\n",
            "    base_url: http://x:1\n    app_key hunter2hunter2\n",
            "    app_key: &hunter2hunter2\n",
            "    base_url: http://x:hunter@erp.example\n",
        ] {
            assert!(!masked(ACCOUNT_FILE, text).contains("hunter"), "{text}");
        }
    }
}
