//! Query options: `$filter`, `$select`, `$expand`, `$orderby`, `$top`, `$skip`, `$count`.
//!
//! Reads them against a schema; an unknown name is refused here, at every depth of an expansion.

use super::filter::{Filter, Path};
use super::grammar;
use super::refusal::Refusal;
use super::schema::{Nav, Table, schema};

/// What a request asks of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// The rows wanted.
    pub(super) filter: Option<Filter>,
    /// The columns wanted; all when missing.
    pub(super) select: Option<Vec<String>>,
    /// The navigation properties wanted.
    pub(super) expand: Vec<Expand>,
    /// The order wanted.
    pub(super) order: Vec<Order>,
    /// Rows wanted at most.
    pub(super) top: Option<usize>,
    /// Rows to pass over.
    pub(super) skip: usize,
    /// Whether the number of all rows is wanted.
    pub(super) count: bool,
}

/// One expanded navigation property.
#[derive(Clone, Debug)]
pub(super) struct Expand {
    /// The property.
    pub(super) nav: &'static Nav,
    /// What is wanted of its rows.
    pub(super) options: Options,
}

/// One sort key.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The column.
    pub(super) path: Path,
    /// Greatest first.
    pub(super) descending: bool,
}

/// Reads a raw query string.
pub(super) fn options(table: Table, query: &str) -> Result<Options, Refusal> {
    let mut options = Options::default();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decoded(name, true)?, decoded(value, true)?);
        // Parameters of the web application, such as `preload`, are not ours to judge.
        if name.starts_with('$') {
            options.set(table, &name, &value, 0)?;
        }
    }
    Ok(options)
}

/// Undoes percent-encoding; in a query a `+` is a blank.
pub(super) fn decoded(text: &str, plus_is_blank: bool) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'+' if plus_is_blank => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let code = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                code.ok_or_else(|| Refusal::Query("A percent sign is not followed by two digits.".to_owned()))?
            }
            other => other,
        };
        bytes.push(byte);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => Err(Refusal::Query("The query is not UTF-8.".to_owned())),
    }
}

impl Options {
    fn set(&mut self, table: Table, name: &str, value: &str, depth: usize) -> Result<(), Refusal> {
        let value = value.trim();
        let number = || {
            value
                .parse::<usize>()
                .map_err(|error| Refusal::Query(format!("Invalid value '{value}' for {name}: {error}.")))
        };
        match name {
            "$filter" => self.filter = Some(grammar::filter(table, value)?),
            "$select" => self.select = selection(table, value)?,
            "$expand" => self.expand = expansions(table, value, depth)?,
            "$orderby" => {
                let parts = pieces(value, ',');
                self.order = parts.iter().map(|part| order(table, part)).collect::<Result<_, _>>()?;
            }
            "$top" => self.top = Some(number()?),
            "$skip" => self.skip = number()?,
            "$count" => self.count = value == "true",
            _ => return Err(Refusal::Query(format!("The query parameter '{name}' is not supported."))),
        }
        Ok(())
    }

    /// The projection as `@odata.context` shows it, empty when everything is shown.
    pub(super) fn projection(&self) -> String {
        let selected = self.select.iter().flatten().cloned();
        let expanded = self.expand.iter().filter_map(|expand| {
            let inner = expand.options.projection();
            let plain = self.select.iter().flatten().any(|name| name == expand.nav.name) && inner.is_empty();
            (!plain).then(|| format!("{}{inner}", expand.nav.name))
        });
        let parts: Vec<String> = selected.chain(expanded).collect();
        if parts.is_empty() { String::new() } else { format!("({})", parts.join(",")) }
    }

    /// Whether a column is to be shown.
    pub(super) fn shows(&self, column: &str) -> bool {
        self.select.as_ref().is_none_or(|names| names.iter().any(|name| name == column))
    }
}

fn selection(table: Table, value: &str) -> Result<Option<Vec<String>>, Refusal> {
    if value == "*" {
        return Ok(None);
    }
    let mut names = Vec::new();
    for name in pieces(value, ',') {
        if schema(table).column(name).is_none() && schema(table).nav(name).is_none() {
            return Err(Refusal::Unknown { name: name.to_owned(), on: schema(table).name });
        }
        names.push(name.to_owned());
    }
    Ok(Some(names))
}

/// Expansions inside one another, at most.
const DEPTH_MAX: usize = 8;

fn expansions(table: Table, value: &str, depth: usize) -> Result<Vec<Expand>, Refusal> {
    if depth >= DEPTH_MAX {
        return Err(Refusal::Query("The expansion is too deep.".to_owned()));
    }
    let mut found = Vec::new();
    for part in pieces(value, ',') {
        let (name, inner) = match part.split_once('(') {
            Some((name, inner)) => (name.trim(), Some(inner)),
            None => (part, None),
        };
        let unknown = || Refusal::Unknown { name: name.to_owned(), on: schema(table).name };
        let nav = schema(table).nav(name).ok_or_else(unknown)?;
        let mut options = Options::default();
        if let Some(inner) = inner {
            let inner = inner
                .strip_suffix(')')
                .ok_or_else(|| Refusal::Query(format!("Unbalanced parentheses after '{name}'.")))?;
            let goal = nav.leads_to().unwrap_or(Table::Account);
            for option in pieces(inner, ';') {
                let (name, value) = option.split_once('=').unwrap_or((option, ""));
                options.set(goal, name.trim(), value, depth + 1)?;
            }
        }
        found.push(Expand { nav, options });
    }
    Ok(found)
}

fn order(table: Table, part: &str) -> Result<Order, Refusal> {
    let mut words = part.split_whitespace();
    let path = grammar::path(table, 0, words.next().unwrap_or_default())?;
    let descending = match words.next() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => return Err(Refusal::Query(format!("Syntax error near '{other}' in $orderby."))),
    };
    Ok(Order { path, descending })
}

/// Splits at a separator that stands outside of parentheses and quotes.
fn pieces(text: &str, separator: char) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut quoted) = (0_i32, false);
    let mut rest = text;
    let mut from = 0;
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            c if c == separator && depth == 0 && !quoted => {
                if let Some((piece, tail)) = rest.split_at_checked(at - from) {
                    found.push(piece.trim());
                    rest = tail.get(separator.len_utf8()..).unwrap_or_default();
                    from = at + separator.len_utf8();
                }
            }
            _ => {}
        }
    }
    found.push(rest.trim());
    found.retain(|piece| !piece.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_nest_with_semicolons() {
        let read = options(Table::Contact, "$select=Id,Name&$expand=Phones($expand=Type;$select=PhoneNumber,TypeId),City($select=Name;$filter=Name eq 'a;b')").unwrap();
        assert_eq!(read.expand.len(), 2);
        assert_eq!(read.projection(), "(Id,Name,Phones(PhoneNumber,TypeId,Type),City(Name))");
        assert!(options(Table::Contact, "preload=true&$top=0&$count=true").is_ok());
    }

    #[test]
    fn unknown_names_are_refused() {
        for query in [
            "$select=Active",
            "$expand=Telefones",
            "$expand=Phones($select=Ddd)",
            "$orderby=Nome",
            "$top=x",
            "$apply=x",
        ] {
            assert!(options(Table::Contact, query).is_err(), "{query}");
        }
        assert!(options(Table::User, "$select=Active").is_err());
    }
}
