//! `depara links --import`: takes up the links that `--export` wrote.
//!
//! The file is read twice. First every line is judged, and all complaints are told at once; nothing
//! is written as long as there is one. Then what is new is written, a hundred links at a time, each
//! hundred whole or not at all. A link that is there already stays as it is, so that an import which
//! was cut short is done again and ends as if it had not been. Where anything is new, the next cycle
//! compares everything, since nobody knows how the records of those links stand to each other now.

use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::arguments::{Global, ScopeArguments};
use super::export::{Home, Line, VERSION};
use super::links::{homes, uncompared};
use super::open::{accounts, offline, scopes, store, store_to_read};
use super::render::diagnostic::complaints;
use super::render::{Screen, link};
use super::{Exit, Stop};
use crate::clock::Clock;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::record::Side;
use crate::reference::scalar_text;
use crate::store::{Change, Entry, Error};

/// How many links are written at a time.
const BATCH: usize = 100;

/// What there is to do about a line that is none.
const AS_WRITTEN: &str = "`depara links --export` writes such lines; put this one back as it was, or take it out";

/// The version alone, of a line that may be too new to read.
#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Takes up the links of a file.
pub(super) fn run(global: &Global, chosen: &ScopeArguments, file: &Path, screen: &mut Screen) -> anyhow::Result<Exit> {
    let workspace = offline(global, screen)?;
    let accounts = accounts(&global.dir, &workspace)?;
    // A store that is not there yet is only made for links that are well, and every line of a file must be.
    let all = ScopeArguments::default();
    let seen = homes(scopes(accounts, &workspace, &store_to_read(&global.dir, accounts)?, &all)?);
    let unread = |error: anyhow::Error| match error.downcast::<io::Error>() {
        Ok(error) => {
            let sentence = format!("failed to read `{}`: {error}", file.display());
            Stop::failed(sentence, "name a file that `depara links --export FILE` wrote")
        }
        Err(other) => other,
    };
    let found = opened(file).and_then(|lines| check(&file.display().to_string(), lines, &seen)).map_err(unread)?;
    drop(seen);
    if !found.is_clean() {
        complaints(screen, &found)?;
        return Err(Stop::Told(Exit::Failed).into());
    }
    let store = store(&global.dir, accounts)?;
    let taken = take_up(opened(file)?, &homes(scopes(accounts, &workspace, &store, chosen)?))?;
    store.flush()?;
    link::imported(screen, &taken)?;
    Ok(Exit::Done)
}

fn opened(file: &Path) -> anyhow::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(file)?))
}

/// Says everything that is wrong with the lines of a file.
fn check(file: &str, lines: impl BufRead, homes: &[Home]) -> anyhow::Result<Diagnostics> {
    let file: Arc<str> = file.into();
    let mut judge = Judge { homes, stood: HashMap::new() };
    let mut found = Diagnostics::default();
    for (number, bytes) in (1..).zip(lines.split(b'\n')) {
        let Ok(text) = String::from_utf8(bytes?) else {
            let place = Place { line: number, ..Place::file(&file) };
            found.list.push(Diagnostic::new(Code::BadValue, &place, "the line is no UTF-8").hint(AS_WRITTEN));
            continue;
        };
        if !text.trim().is_empty() {
            for mut one in judge.line(number, &text)? {
                if let Some(place) = &mut one.place {
                    place.file = Arc::clone(&file);
                }
                found.list.push(one);
            }
        }
    }
    Ok(found)
}

/// What became of the lines of a file, in links.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// They are new.
    pub imported: usize,
    /// They were there, and stay as they are.
    pub there: usize,
    /// They are of mappings or accounts that nobody asked for.
    pub others: usize,
}

/// Writes the links of a file that belong into these homes and are not there yet.
fn take_up(lines: impl BufRead, homes: &[Home]) -> anyhow::Result<Taken> {
    let mut taken = Taken::default();
    let mut batches: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
    let at_ms = Clock::machine().now_ms();
    for text in lines.lines() {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&text)?;
        let Some((at, home)) = home_of(homes, &line) else {
            taken.others += 1;
            continue;
        };
        if home.ledger.link(Side::Left, &line.ids.left)?.is_some() {
            taken.there += 1;
            continue;
        }
        taken.imported += 1;
        let ids = line.ids.clone().map(Some);
        let details = json!({ "by": "a person" });
        let batch = match batches.entry(at) {
            // With the first of them, so that an import which is cut short leaves none uncompared.
            Vacant(batch) => batch.insert(uncompared(&home.ledger)?.into_iter().collect()),
            Occupied(batch) => batch.into_mut(),
        };
        for side in Side::BOTH {
            // Who waited for a twin has one now.
            let id = line.ids.get(side);
            let waits = home.ledger.waiting(side, id)?.is_some();
            batch.extend(waits.then(|| Change::RemoveWaiting { side, id: id.clone() }));
        }
        batch.push(Change::PutLink(line.link()));
        batch.push(Change::Journal(Entry { at_ms, cycle: 0, ids, event: "LinkImported".to_owned(), details }));
        if batch.len() >= 2 * BATCH {
            home.ledger.write(std::mem::take(batch))?;
        }
    }
    for (at, batch) in batches {
        homes.get(at).map_or(Ok(()), |home| home.ledger.write(batch))?;
    }
    Ok(taken)
}

/// Where a line belongs.
fn home_of<'a>(homes: &'a [Home], line: &Line) -> Option<(usize, &'a Home)> {
    homes.iter().enumerate().find(|(_, home)| home.account == line.account && home.mapping == line.mapping)
}

/// What the lines are judged by: the store, and the lines before.
struct Judge<'a> {
    homes: &'a [Home],
    /// In which line the id of a side stood.
    stood: HashMap<(usize, Side, String), usize>,
}

impl Judge<'_> {
    /// What is wrong with a line.
    fn line(&mut self, number: usize, text: &str) -> Result<Vec<Diagnostic>, Error> {
        let complain = |column, code, sentence: String| Diagnostic::new(code, &at(number, column), sentence);
        if let Ok(Version { v }) = serde_json::from_str(text)
            && v != VERSION
        {
            let sentence = format!("the line has version {v}, this depara knows version {VERSION}");
            let one = complain(column_of(text, &["v"], &v.to_string()), Code::BadValue, sentence);
            return Ok(vec![one.hint("use the depara that wrote it, or a newer one")]);
        }
        let line: Line = match serde_json::from_str(text) {
            Ok(line) => line,
            Err(error) => {
                let words = error.to_string();
                let words = words.split_once(" at line ").map_or(&*words, |(words, _)| words);
                let column = text.char_indices().take_while(|(byte, _)| *byte < error.column()).count().max(1);
                return Ok(vec![
                    complain(column, Code::BadValue, format!("this is no link: {words}")).hint(AS_WRITTEN),
                ]);
            }
        };
        let Some((at_home, home)) = home_of(self.homes, &line) else {
            return Ok(vec![self.homeless(number, text, &line)]);
        };
        let mut found = Vec::new();
        for side in Side::BOTH {
            let (id, other) = (line.ids.get(side), line.ids.get(side.other()));
            let column = column_of(text, &["ids", &side.to_string()], &json!(id).to_string());
            if id.is_empty() {
                found.push(complain(column, Code::BadValue, format!("the {side} id is empty")).hint(AS_WRITTEN));
            }
            let told = home.own.get(side).as_ref().and_then(|key| line.base.get(side).fields.get(key));
            if let Some(told) = told.and_then(scalar_text).filter(|told| told != id) {
                let sentence = format!("the {side} id is `{id}`, and what the line remembers is of `{told}`");
                found.push(complain(column, Code::BadValue, sentence).hint(AS_WRITTEN));
            }
            if let Some(before) = self.stood.insert((at_home, side, id.clone()), number) {
                let sentence = format!("the {side} id `{id}` stands in line {before} already");
                found.push(
                    complain(column, Code::DuplicateName, sentence).hint("a record has one link: leave one line"),
                );
            }
            let linked = home.ledger.link(side, id)?.map(|link| link.ids.get(side.other()).clone());
            if let Some(linked) = linked.filter(|linked| linked != other) {
                let sentence =
                    format!("the {side} id `{id}` is linked with `{linked}` in the store, here with `{other}`");
                let hint = format!("take the line out, or `depara links forget {side}:{id}` first");
                found.push(complain(column, Code::DuplicateName, sentence).hint(hint));
            }
        }
        Ok(found)
    }

    /// A line of an account or a mapping that is not here.
    fn homeless(&self, number: usize, text: &str, line: &Line) -> Diagnostic {
        let of_account = self.homes.iter().filter(|home| home.account == line.account);
        let known: Vec<&str> = of_account.map(|home| home.mapping.as_str()).collect();
        let (key, word, code, sentence, known) = if known.is_empty() {
            let known = self.homes.iter().map(|home| home.account.as_str()).collect();
            ("account", &line.account, Code::BadValue, format!("no account is named `{}`", line.account), known)
        } else {
            let sentence = format!("account `{}` runs no mapping `{}`", line.account, line.mapping);
            ("mapping", &line.mapping, Code::UnknownMapping, sentence, known)
        };
        let place = at(number, column_of(text, &[key], &json!(word).to_string()));
        let one = Diagnostic::new(code, &place, sentence).hint("name it in `depara.yaml`, or take the line out");
        one.did_you_mean(word, known)
    }
}

/// A place in a line; the file is told later.
fn at(line: usize, column: usize) -> Place {
    Place { line, column, ..Place::file("") }
}

/// The column of a value behind the keys that lead to it.
fn column_of(text: &str, keys: &[&str], value: &str) -> usize {
    let mut at = 0;
    for word in keys.iter().map(|key| json!(key).to_string()).chain([value.to_owned()]) {
        at += text.get(at..).and_then(|rest| rest.find(&word)).unwrap_or(0);
    }
    text.get(..at).map_or(1, |before| before.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::super::export::each_line;
    use super::*;
    use crate::link::{Half, Link};
    use crate::record::Sides;
    use crate::store::{Ledger, Mark, MemoryStore, Store, Waiting};

    const GOOD: &str = r#"{"v":1,"account":"acme","mapping":"a/b","ids":{"left":"1","right":"é"}}"#;

    /// The homes of a store: two mappings of one account.
    fn fresh() -> Vec<Home> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let home = |mapping: &str| Home {
            account: "acme".into(),
            mapping: mapping.into(),
            ledger: Ledger::new(Arc::clone(&store), &format!("acme/{mapping}")),
            own: Sides::new(Some("code#0".to_owned()), None),
        };
        ["a/b", "a/c"].map(home).into()
    }

    /// A link of each kind: plain, buried, waiting, with writes under way and digits at their limits.
    fn links() -> [Link; 3] {
        let read = |text: &str| serde_json::from_str(text).unwrap();
        [
            read(
                r#"{"ids":{"left":"1","right":"a"},"base":{"left":{"fields":{"name#f":"Ana","fee#0":1.10},"expected":["name#f"],"under_way":{"name#f":{"before":"Ana","becomes":"Bia","given":"Bia","at_ms":5}},"print":18446744073709551615,"seen_ms":4},"right":{"fields":{},"print":0}}}"#,
            ),
            read(
                r#"{"ids":{"left":"2","right":"b"},"base":{"left":{"fields":{}},"right":{"fields":{}}},"gone":{"left":false,"right":true}}"#,
            ),
            read(
                r#"{"ids":{"left":"3","right":"c"},"base":{"left":{"fields":{}},"right":{"fields":{}}},"held":{"owner":"sem vendedor"}}"#,
            ),
        ]
    }

    fn exported(homes: &[Home]) -> String {
        let mut text = String::new();
        each_line(homes, |line| {
            text += &(serde_json::to_string(line)? + "\n");
            Ok(())
        })
        .unwrap();
        text
    }

    fn taken(imported: usize, there: usize, others: usize) -> Taken {
        Taken { imported, there, others }
    }

    fn complaints_about(text: &[u8], homes: &[Home]) -> String {
        check("links.jsonl", text, homes).unwrap().to_string()
    }

    #[test]
    fn what_leaves_comes_back_the_same_and_only_once() {
        let (old, new) = (fresh(), fresh());
        for (home, link) in old.iter().cycle().zip(links()) {
            home.ledger.write(vec![Change::PutLink(link)]).unwrap();
        }
        let text = exported(&old);
        assert_eq!(text.lines().count(), 3);
        assert_eq!(complaints_about(text.as_bytes(), &new), "");
        assert_eq!(take_up(text.as_bytes(), &new).unwrap(), taken(3, 0, 0));
        for (old, new) in old.iter().zip(&new) {
            assert_eq!(old.ledger.links(None, 9).unwrap(), new.ledger.links(None, 9).unwrap());
        }
        assert_eq!(new[0].ledger.journal(9).unwrap()[0].event, "LinkImported");
        // Again: nothing is new, and nothing complains.
        assert_eq!(complaints_about(text.as_bytes(), &new), "");
        assert_eq!(take_up(text.as_bytes(), &new).unwrap(), taken(0, 3, 0));
        assert_eq!(exported(&new), text);
    }

    /// Writes a watermark into each home.
    fn mark(homes: &[Home]) -> Mark {
        let read_ms = Sides::new(5, 6);
        let mark = Mark { read_ms, back_to_ms: None, mapping: 7, full_ms: Some(4), rows: BTreeMap::new() };
        for home in homes {
            home.ledger.write(vec![Change::PutMark(mark.clone())]).unwrap();
        }
        mark
    }

    #[test]
    fn who_asks_for_one_mapping_takes_up_its_links_alone_and_every_line_is_judged() {
        let homes = fresh();
        let other = GOOD.replace("a/b", "a/c");
        assert_eq!(complaints_about(other.as_bytes(), &homes), "");
        assert_eq!(take_up(format!("{GOOD}\n{other}\n").as_bytes(), &homes[1..]).unwrap(), taken(1, 0, 1));
        let counts: Vec<usize> = homes.iter().map(|home| home.ledger.link_count().unwrap()).collect();
        assert_eq!(counts, [0, 1]);
    }

    #[test]
    fn a_link_that_is_there_keeps_its_newer_base_and_nothing_is_compared_for_it() {
        let homes = fresh();
        let [newer, ..] = links();
        homes[0].ledger.write(vec![Change::PutLink(newer.clone())]).unwrap();
        let mark = mark(&homes);
        let text = GOOD.replace('é', "a");
        assert_eq!(complaints_about(text.as_bytes(), &homes), "");
        assert_eq!(take_up(text.as_bytes(), &homes).unwrap(), taken(0, 1, 0));
        assert_eq!(homes[0].ledger.link(Side::Left, "1").unwrap(), Some(newer));
        assert_eq!(homes[0].ledger.mark().unwrap(), Some(mark));
    }

    #[test]
    fn where_a_link_is_new_everything_is_compared_next() {
        let homes = fresh();
        let mark = mark(&homes);
        assert_eq!(take_up(GOOD.as_bytes(), &homes).unwrap(), taken(1, 0, 0));
        assert_eq!(homes[0].ledger.mark().unwrap(), Some(Mark { full_ms: None, ..mark.clone() }));
        assert_eq!(homes[1].ledger.mark().unwrap(), Some(mark));
    }

    #[test]
    fn who_was_refused_a_twin_waits_no_more_once_there_is_one() {
        let homes = fresh();
        let refused: Waiting = serde_json::from_value(json!({
            "side": "right", "id": "é", "kind": "quarantined", "reason": "no document", "since_ms": 1, "last_ms": 1,
            "print": 5, "tries": 1,
        }))
        .unwrap();
        homes[0].ledger.write(vec![Change::PutWaiting(refused)]).unwrap();
        assert_eq!(take_up(GOOD.as_bytes(), &homes).unwrap(), taken(1, 0, 0));
        assert_eq!(homes[0].ledger.waiting(Side::Right, "é").unwrap(), None);
    }

    #[test]
    fn a_line_of_version_1_is_read_and_a_link_without_a_base_has_none() {
        let homes = fresh();
        assert_eq!(complaints_about(GOOD.as_bytes(), &homes), "");
        assert_eq!(take_up(GOOD.as_bytes(), &homes).unwrap(), taken(1, 0, 0));
        let link = homes[0].ledger.link(Side::Right, "é").unwrap().unwrap();
        assert_eq!((link.is_tombstone(), link.base), (false, Sides::<Half>::default()));
    }

    #[test]
    fn many_links_are_taken_up_in_several_batches() {
        let homes = fresh();
        let lines = (0..250).map(|number| {
            let mapping = if number % 3 == 0 { "a/c" } else { "a/b" };
            format!("{{\"v\":1,\"account\":\"acme\",\"mapping\":\"{mapping}\",\"ids\":{{\"left\":\"{number}\",\"right\":\"r{number}\"}}}}\n\n")
        });
        assert_eq!(take_up(lines.collect::<String>().as_bytes(), &homes).unwrap(), taken(250, 0, 0));
        let counts: Vec<usize> = homes.iter().map(|home| home.ledger.link_count().unwrap()).collect();
        assert_eq!(counts, [166, 84]);
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_its_place() {
        let homes = fresh();
        homes[0].ledger.write(vec![Change::PutLink(links()[0].clone())]).unwrap();
        let text = [
            &GOOD.replace("acme", "acmee"),
            &GOOD.replace("a/b", "a/d"),
            &GOOD.replace("\"v\":1", "\"v\":2"),
            &GOOD.replace("\"v\":1,", ""),
            &GOOD.replace("ids", "idss"),
            "{\"v\":1,",
            GOOD,
            &GOOD.replace("\"1\"", "\"7\""),
            &GOOD.replace('é', ""),
            &GOOD.replace("}}", "},\"base\":{\"left\":{\"fields\":{\"code#0\":\"5\"}},\"right\":{\"fields\":{}}}}"),
        ];
        let said = complaints_about(text.join("\n").as_bytes(), &homes);
        let expected = "\
links.jsonl:1:18: [bad-value] no account is named `acmee`
  hint: did you mean `acme`?
links.jsonl:2:35: [unknown-mapping] account `acme` runs no mapping `a/d`
  hint: did you mean `a/b`?
links.jsonl:3:6: [bad-value] the line has version 2, this depara knows version 1
  hint: use the depara that wrote it, or a newer one
";
        assert!(said.starts_with(expected), "{said}");
        for words in [
            "links.jsonl:4:65: [bad-value] this is no link: missing field `v`",
            "links.jsonl:5:46: [bad-value] this is no link: unknown field `idss`",
            "links.jsonl:6:7: [bad-value] this is no link: EOF while parsing",
            "links.jsonl:7:55: [duplicate-name] the left id `1` is linked with `a` in the store, here with `é`",
            "`depara links forget left:1` first",
            "links.jsonl:8:67: [duplicate-name] the right id `é` stands in line 7 already",
            "links.jsonl:9:55: [duplicate-name] the left id `1` stands in line 7 already",
            "links.jsonl:9:67: [bad-value] the right id is empty",
            "links.jsonl:10:55: [bad-value] the left id is `1`, and what the line remembers is of `5`",
        ] {
            assert!(said.contains(words), "`{words}` is not in\n{said}");
        }
        assert!(complaints_about(b"\n\xff\n", &homes).starts_with("links.jsonl:2:1: [bad-value] the line is no UTF-8"));
    }
}
