//! Blanks inside `{ … }` and `[ … ]`: one behind a comma and a colon, one inside braces, none inside
//! brackets.

/// What stands before the place we are at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing yet on this line.
    Start,
    Brace,
    Bracket,
    Comma,
    Colon,
    /// The end of a quoted text, or of a map or list.
    Closed,
    Plain,
}

/// A flow map or list, line by line.
pub(super) struct Flow {
    depth: usize,
    /// The quote we are inside of.
    quote: Option<char>,
}

impl Flow {
    pub(super) const fn new() -> Self {
        Self { depth: 0, quote: None }
    }

    /// True when all that was opened is closed.
    pub(super) const fn is_closed(&self) -> bool {
        self.depth == 0
    }

    /// One line of it, without the blanks at its ends; what follows the end of the whole is kept.
    pub(super) fn line(&mut self, text: &str) -> String {
        let (mut out, mut before, mut blanks) = (String::new(), Before::Start, String::new());
        if self.quote.is_some() {
            before = Before::Plain;
        }
        let mut letters = text.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            if let Some(quote) = self.quote {
                out.push(letter);
                let escapes =
                    (quote == '"' && letter == '\\') || (quote == '\'' && letter == '\'' && next == Some('\''));
                if escapes {
                    out.extend(letters.next().map(|(_, escaped)| escaped));
                } else if letter == quote {
                    self.quote = None;
                    before = Before::Closed;
                }
                continue;
            }
            if letter.is_whitespace() {
                blanks.push(letter);
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            if letter == '#' && (!blanks.is_empty() || before == Before::Start) || self.is_closed() && !out.is_empty() {
                return format!("{out}{blanks}{}", rest.trim_end());
            }
            out.push_str(between(before, letter, is_colon(letter, next, before), &blanks));
            blanks.clear();
            out.push(letter);
            before = self.take(letter, next, before);
        }
        if self.quote.is_some() { format!("{out}{blanks}") } else { out }
    }

    /// What a letter outside of quotes is.
    fn take(&mut self, letter: char, next: Option<char>, before: Before) -> Before {
        match letter {
            '{' | '[' => {
                self.depth += 1;
                if letter == '{' { Before::Brace } else { Before::Bracket }
            }
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                Before::Closed
            }
            ',' => Before::Comma,
            '"' | '\'' if before != Before::Plain => {
                self.quote = Some(letter);
                before
            }
            ':' if is_colon(letter, next, before) => Before::Colon,
            _ => Before::Plain,
        }
    }
}

fn is_colon(letter: char, next: Option<char>, before: Before) -> bool {
    letter == ':' && (before == Before::Closed || next.is_none_or(|next| next.is_whitespace() || ",}]".contains(next)))
}

/// The blanks before a letter.
fn between(before: Before, letter: char, colon: bool, blanks: &str) -> &str {
    match (before, letter) {
        (Before::Start, _) | (Before::Brace, '}') | (_, ']' | ',') => "",
        _ if colon => "",
        (Before::Bracket, _) => "",
        (Before::Brace | Before::Comma | Before::Colon, _) | (_, '}') => " ",
        (Before::Closed | Before::Plain, _) => blanks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_stand_where_they_should_and_texts_stay() {
        for (written, laid) in [
            ("{a: 1,b:  2}", "{ a: 1, b: 2 }"),
            ("{  }", "{}"),
            ("[ a ,b,  c d  e ]", "[a, b, c d  e]"),
            ("[ { tag : x },[] ]", "[{ tag: x }, []]"),
            (r#"{"a":1, 'it''s {x}' : "b,c\"{  }" }"#, r#"{ "a": 1, 'it''s {x}': "b,c\"{  }" }"#),
            ("{ url: http://x.y:80/z, at: 10:30, c:}", "{ url: http://x.y:80/z, at: 10:30, c: }"),
            ("[a#b, c] # see {x,y}", "[a#b, c] # see {x,y}"),
            ("{ a: &x [1,2], b: *x , it's: 1}", "{ a: &x [1, 2], b: *x, it's: 1 }"),
        ] {
            let mut flow = Flow::new();
            assert_eq!((flow.line(written).as_str(), flow.is_closed()), (laid, true), "{written}");
            assert_eq!(Flow::new().line(laid), laid);
        }
    }

    #[test]
    fn a_quote_may_go_on_in_the_next_line() {
        let mut flow = Flow::new();
        let lines = ["[ a,", "\"b,", "c\" ,d ]"].map(|line| flow.line(line));
        assert_eq!(lines, ["[a,", "\"b,", "c\", d]"]);
        assert!(flow.is_closed());
    }
}
