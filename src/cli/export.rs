//! `depara links --export`: every link as one line of JSON, for a store that may be lost.
//!
//! A line stands by itself: its version, the account and the mapping, both ids, and what the store
//! knows of the link: what each side held when they last agreed, which side is gone, which fields
//! wait. Watermarks, the journal and what waits stay behind: a cycle finds them again. Lines come in
//! the order of accounts, mappings and left ids, so that two exports can be compared.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Stop;
use super::render::{Screen, link};
use crate::link::{Half, Link};
use crate::record::Sides;
use crate::store::Ledger;

/// The version of a line.
pub(super) const VERSION: u32 = 1;

/// The links of one mapping of one account.
pub(super) struct Home {
    pub(super) account: String,
    pub(super) mapping: String,
    pub(super) ledger: Ledger,
    /// The key of the field that is a record's own id, where a line moves it.
    pub(super) own: Sides<Option<String>>,
}

/// A link as it travels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) v: u32,
    pub(super) account: String,
    pub(super) mapping: String,
    pub(super) ids: Sides<String>,
    /// Without it, the two meet as if for the first time.
    #[serde(default)]
    pub(super) base: Sides<Half>,
    #[serde(default)]
    gone: Sides<bool>,
    #[serde(default)]
    held: BTreeMap<String, String>,
}

impl Line {
    fn of(home: &Home, link: Link) -> Self {
        let Link { ids, base, gone, held } = link;
        Self { v: VERSION, account: home.account.clone(), mapping: home.mapping.clone(), ids, base, gone, held }
    }

    /// The link.
    pub(super) fn link(self) -> Link {
        Link { ids: self.ids, base: self.base, gone: self.gone, held: self.held }
    }
}

/// Opens a file anew, for nobody else on the machine.
pub(super) fn private(path: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes every link into a file, or where answers go.
pub(super) fn run(homes: &[Home], file: Option<&Path>, screen: &mut Screen) -> anyhow::Result<()> {
    let Some(file) = file else {
        each_line(homes, |line| screen.json(line))?;
        return Ok(());
    };
    // An earlier export stays as it is until the new one is whole.
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    let failed = |error: io::Error| {
        let sentence = format!("failed to write `{}`: {error}", file.display());
        Stop::failed(sentence, "see that the folder may be written to and that the disk is not full")
    };
    let mut out = BufWriter::new(private(Path::new(&beside)).map_err(failed)?);
    let count = each_line(homes, |line| {
        serde_json::to_writer(&mut out, line)?;
        out.write_all(b"\n")
    });
    // What the store says reads as ever; the rest is about the file.
    let count = count.map_err(|error| match error.downcast::<io::Error>() {
        Ok(error) => failed(error),
        Err(other) => other,
    })?;
    // A store that is away, or another one, has no links: the last export is worth more than that.
    if count == 0 && fs::metadata(file).is_ok_and(|known| known.len() > 0) {
        fs::remove_file(&beside).map_err(failed)?;
        let sentence = format!("`{}` holds links and the store has none: it stays as it is", file.display());
        return Err(Stop::failed(sentence, "see that `store:` names the right folder, or move the file away"));
    }
    let end = || {
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&beside, file)
    };
    end().map_err(failed)?;
    link::exported(screen, count, file)?;
    Ok(())
}

/// Shows every link as it travels; says how many there are.
pub(super) fn each_line(homes: &[Home], mut tell: impl FnMut(&Line) -> io::Result<()>) -> anyhow::Result<usize> {
    let mut count = 0;
    for home in homes {
        let mut told = Ok(());
        home.ledger.each_link(|link| {
            if told.is_ok() {
                told = tell(&Line::of(home, link));
                count += 1;
            }
        })?;
        told?;
    }
    Ok(count)
}
