//! Paths, and what the shape of a resource says of them: whether they are there, and whether we may
//! write to them. A resource that declares no shape knows every path.

use super::Builder;
use crate::config::system::Resource;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::path::Path;
use crate::record::Side;

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// What stands there is read.
    Read,
    /// It is read, and written into records that are there.
    Write,
    /// It is written into newborn records.
    Birth,
}

impl Use {
    /// Of a path of a line, by whether anything flows to it.
    pub(super) const fn of(flows: bool) -> Self {
        if flows { Self::Write } else { Self::Read }
    }
}

impl Builder<'_> {
    /// A path of the record on a side, which its resource must know.
    pub(super) fn known_path(&mut self, side: Side, text: &str, place: &Place, what: Use) -> Option<Path> {
        let path = self.path(text, place, what)?;
        let (system, resource) = *self.resources.get(side);
        if !resource.knows(&path) {
            complain_unknown(&system.name, resource, text, place, self.complaints);
            self.unknown.get_mut(side).push(text.to_owned());
        }
        Some(path)
    }

    pub(super) fn complain_read_only(&mut self, side: Side, text: &str, place: &Place) {
        let (system, resource) = *self.resources.get(side);
        let sentence = format!("`{text}` is read-only in `{}.{}`: nothing can flow there", system.name, resource.name);
        let plain = Diagnostic::new(Code::ReadOnlyPath, place, sentence);
        let shape = resource.shape.get(text).map(|shape| shape.place.clone());
        let told = plain.hint("turn the arrow away from it, or drop the line");
        self.complaints.push(match shape {
            Some(shape) => told.related(&shape, "declared here"),
            None => told,
        });
    }

    pub(super) fn path(&mut self, text: &str, place: &Place, what: Use) -> Option<Path> {
        match Path::parse(text, place) {
            Ok(path) if what != Use::Read && !path.is_writable() => {
                let sentence = format!("nothing can be written to `{text}`");
                self.complaints.push(
                    Diagnostic::new(Code::BadPath, place, sentence)
                        .hint("name keys only, or point the arrow away from it"),
                );
                None
            }
            Ok(path) if what == Use::Write && path.is_in_list() => {
                let sentence = format!("what is written to `{text}` would be all that is left of its list");
                self.complaints.push(Diagnostic::new(Code::BadPath, place, sentence).hint(
                    "give the list to a rule `of:` a group, which writes all of it, or point the arrow away from it",
                ));
                None
            }
            Ok(path) => Some(path),
            Err(diagnostic) => {
                self.complaints.push(*diagnostic);
                None
            }
        }
    }
}

/// Complains about a path a resource does not have.
pub(crate) fn complain_unknown(
    system: &str,
    resource: &Resource,
    text: &str,
    place: &Place,
    complaints: &mut Diagnostics,
) {
    let sentence = format!("`{system}.{}` has no field `{text}`", resource.name);
    let plain = Diagnostic::new(Code::UnknownPath, place, sentence);
    let near = plain.did_you_mean(text, resource.shape.keys().map(String::as_str));
    let hint =
        format!("its fields stand under `shape:` in {}; add one that the system really has", resource.place.file);
    complaints.push(if near.hint.is_none() { near.hint(hint) } else { near });
}
