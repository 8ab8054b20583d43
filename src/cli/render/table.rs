//! Columns that stand under each other.

use super::Paint;

/// Rows of cells; the first row is the heading.
#[derive(Default)]
pub(super) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
}

impl Table {
    /// A table with a heading.
    pub(super) fn new(heading: &[&str]) -> Self {
        Self { heading: heading.iter().map(|cell| (*cell).to_owned()).collect(), ..Self::default() }
    }

    /// Puts the numbers of some columns to the right.
    #[must_use]
    pub(super) fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.right = columns.into_iter().collect();
        self
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, each with its indent.
    pub(super) fn lines(&self, indent: usize, paint: Paint) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).chain([self.heading.len()]).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&self.heading]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let draw = |row: &[String]| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
                if self.right.contains(&column) { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            format!("{}{}", " ".repeat(indent), line.trim_end())
        };
        let heading = self.heading.iter().any(|cell| !cell.is_empty()).then(|| paint.dim(draw(&self.heading)));
        heading.into_iter().chain(self.rows.iter().map(|row| draw(row))).collect()
    }
}
