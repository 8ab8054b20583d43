//! The De × Para of mappings, told once and written as Markdown or as one HTML page.

mod html;
mod markdown;
mod told;
mod words;

use crate::cli::arguments::Language;
use crate::mapping::Mapping;
use crate::workspace::Workspace;

/// The De × Para of a workspace as Markdown: of every mapping, or of one.
pub fn page(workspace: &Workspace, only: Option<&str>, language: Language) -> String {
    markdown::page(&told::page(workspace, only, language))
}

/// The De × Para of one mapping as Markdown.
pub fn section(workspace: &Workspace, mapping: &Mapping, language: Language) -> String {
    markdown::section(&told::section(workspace, mapping, language))
}

/// The De × Para of a workspace as one HTML page: of every mapping, or of one.
pub fn html(workspace: &Workspace, only: Option<&str>, language: Language) -> String {
    html::page(&told::page(workspace, only, language))
}
