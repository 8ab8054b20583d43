//! `depara fmt`: the YAML files of a workspace, laid out in one way.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use super::arguments::{FmtArguments, Global};
use super::render::Screen;
use super::render::diagnostic::complaints;
use super::render::layout::{self, Became};
use super::{Exit, Stop, open};
use crate::config::files;
use crate::diagnostic::Diagnostics;
use crate::editor::layout::laid;

/// Lays out the files, or says which would change.
pub(super) fn run(global: &Global, arguments: &FmtArguments, screen: &mut Screen) -> anyhow::Result<Exit> {
    // As of other verbs, the one folder that is named may be the workspace itself.
    let (dir, paths) = match &arguments.paths[..] {
        [folder] if open::has_files(folder) => (folder, &[][..]),
        paths => (&global.dir, paths),
    };
    open::need_files(dir)?;
    let wanted = paths.iter().map(|path| whole(path)).collect::<anyhow::Result<Vec<PathBuf>>>()?;
    let mut unread = Diagnostics::default();
    let mut files = files::disk(dir, &mut unread);
    files.retain(|file, _| file.ends_with(".yaml"));
    if !wanted.is_empty() {
        let root = whole(dir)?;
        let is_wanted = |file: &str| wanted.iter().any(|path| root.join(file).starts_with(path));
        files.retain(|file, _| is_wanted(file));
        unread.list.retain(|one| one.place.as_ref().is_some_and(|place| is_wanted(&place.file)));
        if files.is_empty() && unread.is_clean() {
            let sentence = "no YAML file of the workspace is there";
            return Err(Stop::usage(sentence, "name files or folders of it; --dir says which workspace"));
        }
    }
    complaints(screen, &unread)?;
    let (mut changed, mut left) = (0, 0);
    let number = files.len();
    for (file, text) in files {
        let became = match laid(&file, &text) {
            Ok(laid) if laid == text => Became::Same,
            Ok(laid) => {
                changed += 1;
                if !arguments.check {
                    let path = dir.join(&file);
                    fs::write(&path, laid).with_context(|| format!("failed to write `{}`", path.display()))?;
                }
                if arguments.check { Became::Otherwise } else { Became::Laid }
            }
            Err(refusal) => {
                left += 1;
                Became::Left(refusal)
            }
        };
        layout::file(screen, &file, &became)?;
    }
    layout::verdict(screen, (number, changed, left), arguments.check)?;
    let failed = left > 0 || (arguments.check && changed > 0) || !unread.is_clean();
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn whole(path: &std::path::Path) -> anyhow::Result<PathBuf> {
    path.canonicalize().map_err(|error| {
        Stop::usage(format!("`{}` cannot be read: {error}", path.display()), "name files or folders that are there")
    })
}
