//! What a system file may say, and how it is told what is wrong with it.

use super::*;
use crate::diagnostic::Code;

const GOOD: &str = r#"
system: shop
base_url: https://shop.example/
secrets: [token]
request: { headers: { Authorization: "Bearer {secret.token}" } }
outcomes:
  - { is: throttled, status: [429, 5xx], text: 'wait (?P<seconds>\d+)' }
resources:
  orders:
    path: /orders
    id: id
    records: rows
    list: { query: { page: "{page}" }, paging: { pages: { size: 50, pages: total } } }
    create: { answer: { id: id } }
    shape: { name: text 60, price: { kind: number, empty: 0, required: true } }
"#;

fn load(text: &str) -> (Option<System>, Diagnostics) {
    let mut complaints = Diagnostics::default();
    let system = System::load("shop.yaml", text, &mut complaints);
    (system, complaints)
}

/// What is said, one line for each complaint, about the good file with one text replaced.
fn said(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    let (system, complaints) = load(&GOOD.replace(from, to));
    assert!(system.is_none());
    let line = |one: &crate::diagnostic::Diagnostic| {
        let place = one.place.as_ref().unwrap();
        format!(
            "{}:{} [{}] {} ({})",
            place.line,
            place.column,
            one.code,
            one.sentence,
            one.hint.as_deref().unwrap_or("-")
        )
    };
    complaints.list.iter().map(line).collect()
}

#[test]
fn a_join_names_a_list_and_leaves_no_window() {
    let join = "    records: rows\n    join: { stock: { of: stocks, by: id } }";
    let lines = said("    records: rows", join);
    assert_eq!(lines, ["13:13 [unknown-resource] no resource `stocks` can be listed (-)"]);
    let window = "{ page: \"{page}\" }, window: { query: { since: \"{since}\" } }";
    let text = GOOD.replace("    records: rows", "    records: rows\n    join: { again: { of: orders, by: id } }");
    let (system, complaints) = load(&text.replace("{ page: \"{page}\" }", window));
    assert!(system.is_none());
    assert_eq!(complaints.list.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::UnreachableOption]);
}

#[test]
fn a_thin_list_needs_a_way_to_the_whole_record() {
    let lines = said("{ page: \"{page}\" }", "{ page: \"{page}\" }, thin: true");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("[missing-key] a `thin` list needs a `fetch`"), "{lines:?}");
}

#[test]
fn a_login_says_where_its_token_stands_and_how_long_it_lives() {
    let auth = "secrets: [token]\nauth: { token: { path: /login, query: { key: \"{secret.token}\" } } }";
    assert_eq!(said("secrets: [token]", auth).len(), 2, "`at` and `lives`");
    let long = "secrets: [token]\nauth: { token: { path: /login, at: token, lives: 3m, early: 3m } }";
    assert_eq!(said("secrets: [token]", long), ["5:16 [bad-value] a token is renewed before it lives (-)"]);
    assert!(said("{secret.token}", "{token}")[0].contains("token"), "no login gives one");
}

#[test]
fn a_good_file_loads_with_its_defaults() {
    let (system, complaints) = load(GOOD);
    assert!(complaints.is_clean(), "{complaints}");
    let system = system.unwrap();
    assert_eq!((system.title.as_str(), system.base_url.as_str()), ("shop", "https://shop.example"));
    let orders = &system.resources["orders"];
    assert!(orders.can_list() && orders.can_create() && !orders.can_update() && !orders.can_fetch());
    assert_eq!(orders.list.as_ref().unwrap().name, "list orders");
    assert_eq!(orders.create.as_ref().unwrap().method, Method::Post);
    assert_eq!((orders.shape["name"].kind, orders.shape["name"].max), (Kind::Text, Some(60)));
    assert!(orders.shape["price"].required);
    assert_eq!(system.outcomes[0].status, [(429, 429), (500, 599)]);
}

#[test]
fn every_complaint_has_its_place_and_its_hint() {
    assert_eq!(
        said("records: rows", "recrods: rows"),
        ["12:5 [unknown-key] unknown key `recrods` (did you mean `records`?)"]
    );
    assert_eq!(
        said("is: throttled", "is: throtled"),
        ["7:11 [bad-value] `throtled` means nothing here (did you mean `throttled`?)"]
    );
    assert_eq!(
        said("secret.token", "secret.tokn"),
        ["5:47 [unknown-field] `secrets` has no `tokn` (did you mean `token`?)"]
    );
    assert_eq!(
        said("{page}", "{pge}")[0],
        "13:30 [rhai-syntax] undefined variable: pge (names known here: secret, name, page, size, skip, now)"
    );
    assert_eq!(
        said("{page}", "{dgits(1)}")[0],
        "13:30 [rhai-unknown-function] unknown function `dgits` (did you mean `digits`?)"
    );
    assert_eq!(
        said("{page}", "{page"),
        ["13:29 [bad-value] this brace is never closed (write `{{` for a brace that stands for itself)"]
    );
    assert_eq!(
        said("5xx", "50x"),
        ["7:36 [bad-value] `50x` is no status (write a number such as 404, or a class such as 5xx)"]
    );
    assert_eq!(
        said("(?P<seconds>", "(?P<seconds"),
        ["7:48 [bad-value] no regular expression: invalid capture group character (-)"]
    );
    assert_eq!(said("text 60", "txt 60")[0], "15:20 [bad-value] `txt` means nothing here (did you mean `text`?)");
    assert_eq!(said("{ answer: { id: id } }", "{}").len(), 1);
    assert_eq!(said("pages: { size: 50, pages: total }", "moments: { size: 50 }").len(), 1);
    assert_eq!(said("https://", "ftp://").len(), 1);
}

#[test]
fn what_can_never_act_is_said() {
    assert_eq!(
        said("is: throttled,", "is: throttled, call: list order,"),
        [
            "7:28 [unreachable-option] no call is named `list order`: this outcome never comes (did you mean `list orders`?)"
        ]
    );
    assert_eq!(
        said("(?P<seconds>", "(?P<pause>"),
        [
            "7:48 [unreachable-option] nobody reads what `pause` captures (what is read is called id, key, seconds, time)"
        ]
    );
    let window = "{ page: \"{page}\" }, window: { query: { since: always } }";
    assert_eq!(
        said("{ page: \"{page}\" }", window),
        [
            "13:48 [unreachable-option] this `window` never says `{since}`: it asks for the same, whatever was seen before \
         (put `{since}` where the system takes a moment)"
        ]
    );
    for (call, name) in [("fetch: {}", "ids"), ("update: {}", "id"), ("find: { code: {} }", "values")] {
        let lines = said("    create:", &format!("    {call}\n    create:"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(&format!("this call never says `{{{name}}}`")), "{lines:?}");
    }
    assert_eq!(
        said("    id: id\n", "    id: id\n    names: { one: x, two: x }\n"),
        ["12:27 [duplicate-name] `x` is `one` already, and cannot be `two` as well (leave one of them)"]
    );
    for line in ["changed: { at: [id, nam] }", "author: { at: nam }"] {
        let lines = said("    id: id\n", &format!("    id: id\n    {line}\n"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("the `shape` of `orders` has no `nam` (did you mean `name`?)"), "{lines:?}");
    }
    let lines = said("create: {", "create: { without: nam,");
    assert!(lines[0].contains("[unknown-path]"), "{lines:?}");
}

#[test]
fn all_complaints_come_at_once() {
    let broken = GOOD.replace("    id: id\n", "").replace("https://", "").replace("text 60", "text long");
    let (_, complaints) = load(&broken);
    let codes: Vec<Code> = complaints.list.iter().map(|one| one.code).collect();
    assert_eq!(codes, [Code::BadValue, Code::MissingKey, Code::BadValue]);
}
