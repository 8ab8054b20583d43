//! What questions were answered with, for a cache gone wrong; and rows that lose a member.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

use fnv::FnvHasher;
use serde_json::Value;

use super::{Answer, Request};

/// The last good answer to each question.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    answers: BTreeMap<u64, Answer>,
    /// The question that is being answered.
    question: Option<u64>,
}

/// Answers kept; with more, all are forgotten.
const ANSWERS_MAX: usize = 200;

impl Memory {
    /// Hears a question, or that this one is none of its business.
    pub(super) fn ask(&mut self, request: Option<&Request>) {
        self.question = request.map(|request| {
            let mut hasher = FnvHasher::default();
            (&request.method, &request.path, &request.query, &request.body).hash(&mut hasher);
            hasher.finish()
        });
    }

    /// The answer from the last time.
    pub(super) fn answered(&self) -> Option<&Answer> {
        self.answers.get(&self.question?)
    }

    /// Keeps an answer, if it is a good one.
    pub(super) fn keep(&mut self, answer: &Answer) {
        let good = answer.status == 200 && !answer.lost;
        let Some(question) = self.question.take().filter(|_| good) else { return };
        if self.answers.len() >= ANSWERS_MAX {
            self.answers.clear();
        }
        self.answers.insert(question, answer.clone());
    }
}

/// A list whose rows lack the member that a number chooses: never one of these, and the same one for
/// the same number as long as rows have it.
pub(super) fn lacking(rows: &mut Value, number: u64, kept: &[&str]) {
    let Some(rows) = rows.as_array_mut() else { return };
    let named = rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys());
    let chance = |name: &&String| {
        let mut hasher = FnvHasher::default();
        (number, name).hash(&mut hasher);
        hasher.finish()
    };
    let Some(gone) = named.filter(|name| !kept.contains(&name.as_str())).min_by_key(chance).cloned() else { return };
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.remove(&gone);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_lack_one_member_and_never_their_id() {
        let all = json!([{ "id": 1, "a": 1, "b": 2 }, { "id": 2, "b": 3 }]);
        let mut seen = std::collections::BTreeSet::new();
        for number in 0..20 {
            let mut rows = all.clone();
            lacking(&mut rows, number, &["id"]);
            let mut again = all.clone();
            lacking(&mut again, number, &["id"]);
            assert_eq!(rows, again);
            assert_ne!(rows, all);
            assert_eq!((&rows[0]["id"], &rows[1]["id"]), (&json!(1), &json!(2)));
            seen.insert(rows.to_string());
        }
        assert_eq!(seen.len(), 2, "now one member, now the other");
    }

    #[test]
    fn only_a_good_answer_to_the_same_question_is_kept() {
        let mut memory = Memory::default();
        let question = |path: &str| Request { path: path.to_owned(), ..Request::default() };
        let said = |status, body: &str| Answer { status, body: body.into(), ..Answer::default() };
        let mut hear = |path: &str, answer: &Answer| {
            memory.ask(Some(&question(path)));
            let before = memory.answered().map(|answer| answer.body.clone());
            memory.keep(answer);
            before
        };
        assert_eq!(hear("/a", &said(200, "1")), None);
        assert_eq!(hear("/b", &said(500, "2")), None);
        assert_eq!(hear("/b", &said(200, "3")), None);
        assert_eq!(hear("/a", &said(200, "4")), Some(b"1".to_vec()));
        assert_eq!(hear("/a", &said(200, "5")), Some(b"4".to_vec()));
    }
}
