//! Reads a `$filter` against a schema.
//!
//! Every name is resolved and every literal is checked against its column here: a quoted date, a
//! date without offset or an unknown field is refused before a row is looked at.

use jiff::Timestamp;

use super::filter::{Filter, Operator, Path, TextTest};
use super::refusal::Refusal;
use super::row::Cell;
use super::schema::{Kind, Nav, Table, schema};

/// Parentheses inside one another, at most.
const DEPTH_MAX: usize = 40;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Colon,
    Word(String),
    Quoted(String),
    Literal(Cell),
}

/// Reads a filter on a table.
pub(super) fn filter(table: Table, text: &str) -> Result<Filter, Refusal> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), scopes: vec![(String::new(), table)], depth: 0 };
    let filter = parser.either()?;
    match parser.tokens.next() {
        None => Ok(filter),
        Some(token) => Err(unexpected(Some(&token))),
    }
}

/// Resolves a path such as `City/IBGECode` on a table.
pub(super) fn path(table: Table, scope: usize, words: &str) -> Result<Path, Refusal> {
    let (table, steps, last) = walk(table, words)?;
    let unknown = || Refusal::Unknown { name: last.to_owned(), on: schema(table).name };
    let column = schema(table).column(last).ok_or_else(unknown)?;
    Ok(Path { scope, steps, column })
}

/// Follows all but the last word of a path.
fn walk(mut table: Table, words: &str) -> Result<(Table, Vec<&'static Nav>, &str), Refusal> {
    let mut steps = Vec::new();
    let mut rest = words;
    while let Some((step, tail)) = rest.split_once('/') {
        let unknown = || Refusal::Unknown { name: step.to_owned(), on: schema(table).name };
        let nav = schema(table).nav(step).ok_or_else(unknown)?;
        table = nav.leads_to().ok_or_else(unknown)?;
        steps.push(nav);
        rest = tail;
    }
    Ok((table, steps, rest))
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        let token = match first {
            ' ' | '\t' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            ':' => Token::Colon,
            '\'' => quoted(&mut rest)?,
            '0'..='9' | '-' => {
                let more = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '+');
                literal(run(first, &mut rest, more))?
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                Token::Word(run(first, &mut rest, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '@')))
            }
            other => return Err(Refusal::Query(format!("Syntax error: character '{other}' is not valid."))),
        };
        found.push(token);
    }
    Ok(found)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn run(first: char, rest: &mut Chars<'_>, more: impl Fn(&char) -> bool) -> String {
    let mut word = String::from(first);
    while let Some(next) = rest.next_if(&more) {
        word.push(next);
    }
    word
}

fn quoted(rest: &mut Chars<'_>) -> Result<Token, Refusal> {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        if next != '\'' {
            text.push(next);
        } else if rest.next_if_eq(&'\'').is_some() {
            text.push('\'');
        } else {
            return Ok(Token::Quoted(text));
        }
    }
    Err(Refusal::Query("There is an unterminated string literal.".to_owned()))
}

fn literal(word: String) -> Result<Token, Refusal> {
    if let Ok(number) = word.parse::<i64>() {
        return Ok(Token::Literal(Cell::Integer(number)));
    }
    let numeric = word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
    if let (true, Ok(number)) = (numeric, word.parse::<f64>()) {
        return Ok(Token::Literal(Cell::Decimal(number)));
    }
    match word.parse::<Timestamp>() {
        Ok(moment) => Ok(Token::Literal(Cell::Moment(moment.as_millisecond()))),
        Err(_) => Err(Refusal::Query(format!("Unrecognized 'Edm.DateTimeOffset' literal '{word}'."))),
    }
}

fn unexpected(token: Option<&Token>) -> Refusal {
    let text = match token {
        None => "Syntax error: unexpected end of the filter.".to_owned(),
        Some(Token::Word(word)) => format!("Syntax error near '{word}'."),
        Some(token) => format!("Syntax error near {token:?}."),
    };
    Refusal::Query(text)
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    /// Range variables, the listed table first.
    scopes: Vec<(String, Table)>,
    depth: usize,
}

impl Parser {
    fn either(&mut self) -> Result<Filter, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Refusal::Query("The recursion limit has been exceeded.".to_owned()));
        }
        let mut left = self.both()?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, Refusal> {
        let mut left = self.negated()?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.negated()?));
        }
        Ok(left)
    }

    fn negated(&mut self) -> Result<Filter, Refusal> {
        let mut odd = false;
        while self.word("not") {
            odd = !odd;
        }
        let inner = self.primary()?;
        Ok(if odd { Filter::Not(Box::new(inner)) } else { inner })
    }

    fn primary(&mut self) -> Result<Filter, Refusal> {
        match self.tokens.next() {
            Some(Token::Open) => {
                let inner = self.either()?;
                self.take(&Token::Close)?;
                Ok(inner)
            }
            Some(Token::Word(word)) => {
                let test = match word.as_str() {
                    "contains" => Some(TextTest::Contains),
                    "startswith" => Some(TextTest::Starts),
                    "endswith" => Some(TextTest::Ends),
                    _ => None,
                };
                match (test, word.strip_suffix("/any")) {
                    (Some(test), _) => self.text_test(test),
                    (None, Some(list)) => self.any(list),
                    (None, None) => self.comparison(&word),
                }
            }
            other => Err(unexpected(other.as_ref())),
        }
    }

    fn text_test(&mut self, test: TextTest) -> Result<Filter, Refusal> {
        self.take(&Token::Open)?;
        let Some(Token::Word(word)) = self.tokens.next() else { return Err(unexpected(None)) };
        let path = self.path(&word)?;
        self.take(&Token::Comma)?;
        let Some(Token::Quoted(wanted)) = self.tokens.next() else { return Err(unexpected(None)) };
        self.take(&Token::Close)?;
        if path.column.kind != Kind::Text {
            return Err(mismatch(&path));
        }
        Ok(Filter::Text(test, path, wanted))
    }

    fn any(&mut self, list: &str) -> Result<Filter, Refusal> {
        let (scope, words) = self.scope(list);
        let (table, steps, last) = walk(self.table(scope), words)?;
        let unknown = || Refusal::Unknown { name: last.to_owned(), on: schema(table).name };
        let nav = schema(table).nav(last).filter(|_| steps.is_empty()).ok_or_else(unknown)?;
        self.take(&Token::Open)?;
        if self.tokens.next_if_eq(&Token::Close).is_some() {
            return Ok(Filter::Any(scope, nav, None));
        }
        let Some(Token::Word(variable)) = self.tokens.next() else { return Err(unexpected(None)) };
        self.take(&Token::Colon)?;
        self.scopes.push((variable, nav.leads_to().ok_or_else(unknown)?));
        let inner = self.either()?;
        self.scopes.pop();
        self.take(&Token::Close)?;
        Ok(Filter::Any(scope, nav, Some(Box::new(inner))))
    }

    fn comparison(&mut self, word: &str) -> Result<Filter, Refusal> {
        let path = self.path(word)?;
        let operator = match self.tokens.peek() {
            Some(Token::Word(word)) => operator(word),
            _ => None,
        };
        let Some(operator) = operator else {
            // A yes-or-no column may stand alone.
            return match path.column.kind {
                Kind::Flag => Ok(Filter::Compare(path, Operator::Eq, Some(Cell::Flag(true)))),
                Kind::Integer | Kind::Decimal | Kind::Text | Kind::Moment => Err(unexpected(self.tokens.peek())),
            };
        };
        self.tokens.next();
        let literal = match self.tokens.next() {
            Some(Token::Literal(cell)) => Some(cell),
            Some(Token::Quoted(text)) => Some(Cell::Text(text.into())),
            Some(Token::Word(word)) if word == "null" => None,
            Some(Token::Word(word)) if word == "true" || word == "false" => Some(Cell::Flag(word == "true")),
            other => return Err(unexpected(other.as_ref())),
        };
        let fits = match (&literal, path.column.kind) {
            (None, _)
            | (Some(Cell::Integer(_) | Cell::Decimal(_)), Kind::Integer | Kind::Decimal)
            | (Some(Cell::Text(_)), Kind::Text)
            | (Some(Cell::Flag(_)), Kind::Flag)
            | (Some(Cell::Moment(_)), Kind::Moment) => true,
            (Some(_), _) => false,
        };
        if fits { Ok(Filter::Compare(path, operator, literal)) } else { Err(mismatch(&path)) }
    }

    fn path(&self, words: &str) -> Result<Path, Refusal> {
        let (scope, words) = self.scope(words);
        path(self.table(scope), scope, words)
    }

    /// Splits a range variable off a path; without one the listed table is meant.
    fn scope<'a>(&self, words: &'a str) -> (usize, &'a str) {
        let named = words.split_once('/').and_then(|(first, rest)| {
            let at = self.scopes.iter().rposition(|(variable, _)| variable == first)?;
            Some((at, rest))
        });
        named.unwrap_or((0, words))
    }

    fn table(&self, scope: usize) -> Table {
        self.scopes.get(scope).map_or(Table::Account, |(_, table)| *table)
    }

    fn word(&mut self, word: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Word(own) if own == word)).is_some()
    }

    fn take(&mut self, token: &Token) -> Result<(), Refusal> {
        match self.tokens.next() {
            Some(found) if found == *token => Ok(()),
            other => Err(unexpected(other.as_ref())),
        }
    }
}

fn operator(word: &str) -> Option<Operator> {
    match word {
        "eq" => Some(Operator::Eq),
        "ne" => Some(Operator::Ne),
        "gt" => Some(Operator::Gt),
        "ge" => Some(Operator::Ge),
        "lt" => Some(Operator::Lt),
        "le" => Some(Operator::Le),
        _ => None,
    }
}

fn mismatch(path: &Path) -> Refusal {
    let name = path.column.name;
    Refusal::Query(format!("A binary operator with incompatible types was detected at '{name}'."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ploomes::filter::{Bounds, Judge};
    use crate::sandbox::ploomes::row::{List, Row};
    use crate::sandbox::ploomes::world::World;

    fn judged(text: &str, case_sensitive: bool) -> bool {
        let mut world = World::new(1);
        world.put(Table::City, Row::default().with("Id", 9).with("IBGECode", 3_550_308));
        let phone = Row::default().with("PhoneNumber", "(11) 3000-1000").with("TypeId", 1);
        let mut row = Row::default().with("Id", 5).with("Name", "Padaria D'Água").with("CityId", 9);
        row.set(
            "LastUpdateDate",
            Some(Cell::Moment("2026-03-02T12:00:00Z".parse::<Timestamp>().unwrap().as_millisecond())),
        );
        row.set_list(List::Phones, vec![phone]);
        let filter = filter(Table::Contact, text).unwrap();
        Judge { world: &world, case_sensitive, accents_ignored: false }.accepts(Some(&filter), &row)
    }

    #[test]
    fn operators_and_precedence() {
        for text in [
            "Id eq 5",
            "Id ne 4 and Id gt 4 and Id ge 5 and Id lt 6 and Id le 5",
            "Id eq 5 or Id eq 6 and Id eq 7",
            "not (Id eq 6) and Id lt 5.5",
            "Email eq null and Name ne null",
            "Email ne 'x'",
        ] {
            assert!(judged(text, false), "{text}");
        }
        for text in ["(Id eq 5 or Id eq 6) and Id eq 7", "not Id eq 5", "Email gt 'a'", "Name eq null"] {
            assert!(!judged(text, false), "{text}");
        }
    }

    #[test]
    fn texts_are_compared_without_case_but_with_accents() {
        assert!(judged("Name eq 'PADARIA d''Água'", false));
        assert!(!judged("Name eq 'PADARIA d''Água'", true));
        assert!(!judged("Name eq 'Padaria D''Agua'", false));
        assert!(judged("contains(Name,'ria') and startswith(Name,'pad') and endswith(Name,'ÁGUA')", false));
    }

    #[test]
    fn dates_are_compared_as_instants() {
        assert!(judged("LastUpdateDate eq 2026-03-02T09:00:00-03:00", false));
        assert!(judged("LastUpdateDate lt 2026-03-02T12:00:00.01Z", false));
        assert!(filter(Table::Contact, "LastUpdateDate ge '2026-03-02T00:00:00Z'").is_err());
        assert!(filter(Table::Contact, "LastUpdateDate ge 2026-03-02").is_err());
        assert!(filter(Table::Contact, "LastUpdateDate ge 2026-03-02T00:00:00").is_err());
    }

    #[test]
    fn paths_and_lambdas_are_followed() {
        assert!(judged("City/IBGECode eq 3550308", false));
        assert!(judged("Phones/any(p: p/PhoneNumber eq '(11) 3000-1000' and p/TypeId eq 1)", false));
        assert!(!judged("Phones/any(p: p/TypeId eq 2)", false));
        assert!(judged("Phones/any() and not Tags/any(t: t/TagId eq 5)", false));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "Active eq true",
            "Id eq 'x'",
            "Name eq 5",
            "Id eq",
            "(Id eq 5",
            "Id eq 5 and",
            "Name eq 'x",
            "City/Nome eq 'x'",
        ] {
            assert!(filter(Table::Contact, text).is_err(), "{text}");
        }
        assert!(filter(Table::Contact, &"(".repeat(5000)).is_err());
    }

    #[test]
    fn bounds_are_read_off_the_filter() {
        let of = |text: &str| {
            let bounds = Bounds::of(Some(&filter(Table::Contact, text).unwrap()), "Id");
            (bounds.low, bounds.high, bounds.exact)
        };
        assert_eq!(of("Id gt 4 and Id le 9"), (5, 9, true));
        assert_eq!(of("Id eq 4 and Name eq 'x'"), (4, 4, false));
        assert_eq!(of("Id eq 4 or Id eq 9"), (4, 9, false));
        assert_eq!(of("not (Id eq 4)"), (i64::MIN, i64::MAX, false));
    }
}
