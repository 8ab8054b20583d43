//! A compiled `$filter`, and what it says about a row.
//!
//! Names are resolved when the filter is read (`grammar.rs`), so judging a row cannot fail. Text is
//! compared, unless the account does otherwise, without case but with accents, as a SQL Server collation of the kind `CI_AS` does.

use std::cmp::Ordering;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::row::{Cell, Row};
use super::schema::{Column, Nav};
use super::world::World;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

/// A test of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    /// `contains`.
    Contains,
    /// `startswith`.
    Starts,
    /// `endswith`.
    Ends,
}

/// A column, maybe at the end of navigation properties.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// Which row it starts from: 0 is the listed one, higher are those of lambdas.
    pub(super) scope: usize,
    /// The navigation properties to follow.
    pub(super) steps: Vec<&'static Nav>,
    /// The column.
    pub(super) column: &'static Column,
}

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
    /// A column against a literal; `None` is null.
    Compare(Path, Operator, Option<Cell>),
    /// A test of a text column.
    Text(TextTest, Path, String),
    /// Some row of a list meets the condition, or exists.
    Any(usize, &'static Nav, Option<Box<Filter>>),
}

/// What judging a row needs.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    /// The records.
    pub(super) world: &'a World,
    /// Whether texts are compared with case.
    pub(super) case_sensitive: bool,
    /// Whether texts are compared without accents.
    pub(super) accents_ignored: bool,
}

impl<'a> Judge<'a> {
    /// Whether a row meets a filter.
    pub(super) fn accepts(&self, filter: Option<&Filter>, row: &'a Row) -> bool {
        filter.is_none_or(|filter| self.meets(filter, &mut vec![row]))
    }

    fn meets(&self, filter: &Filter, rows: &mut Vec<&'a Row>) -> bool {
        match filter {
            Filter::And(a, b) => self.meets(a, rows) && self.meets(b, rows),
            Filter::Or(a, b) => self.meets(a, rows) || self.meets(b, rows),
            Filter::Not(inner) => !self.meets(inner, rows),
            Filter::Compare(path, operator, literal) => self.holds(self.cell(path, rows), *operator, literal.as_ref()),
            Filter::Text(test, path, wanted) => match self.cell(path, rows) {
                Some(Cell::Text(text)) => {
                    let (text, wanted) = (self.fold(text), self.fold(wanted));
                    match test {
                        TextTest::Contains => text.contains(&wanted),
                        TextTest::Starts => text.starts_with(&wanted),
                        TextTest::Ends => text.ends_with(&wanted),
                    }
                }
                Some(Cell::Integer(_) | Cell::Decimal(_) | Cell::Flag(_) | Cell::Moment(_)) | None => false,
            },
            Filter::Any(scope, nav, inner) => {
                let Some(row) = rows.get(*scope).copied() else { return false };
                let members = self.world.many(row, nav);
                let Some(inner) = inner else { return !members.is_empty() };
                members.into_iter().any(|member| {
                    rows.push(member);
                    let met = self.meets(inner, rows);
                    rows.pop();
                    met
                })
            }
        }
    }

    /// The cell at the end of a path.
    pub(super) fn cell(&self, path: &Path, rows: &[&'a Row]) -> Option<&'a Cell> {
        let mut row = *rows.get(path.scope)?;
        for nav in &path.steps {
            row = self.world.one(row, nav)?;
        }
        row.get(path.column.name)
    }

    fn holds(&self, cell: Option<&Cell>, operator: Operator, literal: Option<&Cell>) -> bool {
        let order = match (cell, literal) {
            (None, None) => Some(Ordering::Equal),
            (Some(cell), Some(literal)) => self.compare(cell, literal),
            (None, Some(_)) | (Some(_), None) => None,
        };
        match operator {
            Operator::Eq => order == Some(Ordering::Equal),
            Operator::Ne => order != Some(Ordering::Equal),
            Operator::Gt => order == Some(Ordering::Greater),
            Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)) && cell.is_some(),
            Operator::Lt => order == Some(Ordering::Less),
            Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)) && cell.is_some(),
        }
    }

    /// Orders two cells of one column; kinds that do not compare have no order.
    pub(super) fn compare(&self, a: &Cell, b: &Cell) -> Option<Ordering> {
        match (a, b) {
            (Cell::Integer(a) | Cell::Moment(a), Cell::Integer(b) | Cell::Moment(b)) => Some(a.cmp(b)),
            (Cell::Text(a), Cell::Text(b)) if a.is_ascii() && b.is_ascii() && !self.case_sensitive => {
                let lower = |byte: u8| byte.to_ascii_lowercase();
                Some(a.bytes().map(lower).cmp(b.bytes().map(lower)))
            }
            (Cell::Text(a), Cell::Text(b)) => Some(self.fold(a).cmp(&self.fold(b))),
            (Cell::Flag(a), Cell::Flag(b)) => Some(a.cmp(b)),
            (Cell::Decimal(a), Cell::Decimal(b)) => a.partial_cmp(b),
            (Cell::Decimal(a), Cell::Integer(b)) => a.partial_cmp(&(*b as f64)),
            (Cell::Integer(a), Cell::Decimal(b)) => (*a as f64).partial_cmp(b),
            (Cell::Integer(_) | Cell::Decimal(_) | Cell::Text(_) | Cell::Flag(_) | Cell::Moment(_), _) => None,
        }
    }

    fn fold(&self, text: &str) -> String {
        let text = if self.accents_ignored {
            text.nfd().filter(|letter| !is_combining_mark(*letter)).collect()
        } else {
            text.to_owned()
        };
        if self.case_sensitive { text } else { text.to_lowercase() }
    }
}

/// The values of one column of the listed row that a filter lets through, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The lowest.
    pub(super) low: i64,
    /// The highest.
    pub(super) high: i64,
    /// The bounds say all that the filter says.
    pub(super) exact: bool,
}

impl Bounds {
    const ALL: Self = Self { low: i64::MIN, high: i64::MAX, exact: false };

    /// Whether nothing is known.
    pub(super) fn are_open(&self) -> bool {
        self.low == i64::MIN && self.high == i64::MAX
    }

    /// Reads the bounds of a column off a filter.
    pub(super) fn of(filter: Option<&Filter>, column: &str) -> Self {
        match filter {
            None => Self { exact: true, ..Self::ALL },
            Some(Filter::And(a, b)) => {
                let (a, b) = (Self::of(Some(a), column), Self::of(Some(b), column));
                Self { low: a.low.max(b.low), high: a.high.min(b.high), exact: a.exact && b.exact }
            }
            Some(Filter::Or(a, b)) => {
                let (a, b) = (Self::of(Some(a), column), Self::of(Some(b), column));
                Self { low: a.low.min(b.low), high: a.high.max(b.high), exact: false }
            }
            Some(Filter::Compare(path, operator, Some(Cell::Integer(value) | Cell::Moment(value))))
                if path.scope == 0 && path.steps.is_empty() && path.column.name == column =>
            {
                Self::comparison(*operator, *value)
            }
            Some(Filter::Compare(..) | Filter::Not(_) | Filter::Text(..) | Filter::Any(..)) => Self::ALL,
        }
    }

    fn comparison(operator: Operator, value: i64) -> Self {
        let (low, high) = match operator {
            Operator::Eq => (value, value),
            Operator::Gt => (value.saturating_add(1), i64::MAX),
            Operator::Ge => (value, i64::MAX),
            Operator::Lt => (i64::MIN, value.saturating_sub(1)),
            Operator::Le => (i64::MIN, value),
            Operator::Ne => return Self::ALL,
        };
        Self { low, high, exact: true }
    }
}
