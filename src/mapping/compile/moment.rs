//! The times of a mapping, which must leave each other something to do; and the parameters its rules
//! ask for.

use std::collections::BTreeSet;

use super::Builder;
use crate::config::mapping::Span;
use crate::diagnostic::{Code, Diagnostic};
use crate::record::Side;

impl Builder<'_> {
    pub(super) fn moments(&mut self) {
        let Some(place) = self.spec.scheduled.clone() else { return };
        let schedule = self.spec.schedule;
        let mut complain = |sentence: String, hint: &str| {
            self.complaints.push(Diagnostic::new(Code::ScheduleConflict, &place, sentence).hint(hint));
        };
        for side in Side::BOTH {
            let (system, resource) = *self.resources.get(side);
            let pause = system.pace.same_call_ms;
            if resource.can_list() && schedule.every_ms < pause {
                let (every, pause) = (told(schedule.every_ms), told(pause));
                let sentence =
                    format!("`every` is {every}, and `{}` answers the same question once in {pause}", system.name);
                complain(sentence, "write a longer `every`");
            }
        }
        if schedule.full_ms.is_some_and(|full| full <= schedule.every_ms) {
            let sentence = "`full` is no longer than `every`: each cycle compares everything, and `window` never acts";
            complain(sentence.to_owned(), "write a longer `full`, such as `1d`");
        } else if let Span::Last(window) = schedule.window {
            if window < schedule.every_ms {
                let sentence = "`window` is shorter than `every`: each cycle looks back further than that anyway";
                complain(sentence.to_owned(), "write a `window` of several cycles, or drop it");
            } else if window < schedule.overlap_ms {
                let sentence = "`window` is shorter than `overlap`: each cycle looks back further than that anyway";
                complain(sentence.to_owned(), "write a longer `window`, or a shorter `overlap`");
            }
        }
    }

    /// Every parameter that a rule asks for is declared: what is not is nothing, in silence.
    pub(super) fn parameters(&mut self) {
        if self.spec.torn {
            return;
        }
        let reached = self.known.rules.reached(&self.called);
        let mut told = BTreeSet::new();
        for (name, place) in self.known.rules.parameters_asked(&reached).unwrap_or_default() {
            if self.spec.parameters.iter().any(|one| one.name == name) || !told.insert(name.clone()) {
                continue;
            }
            let sentence = format!("`{}` declares no parameter `{name}`", self.spec.name);
            let plain = Diagnostic::new(Code::UnknownParameter, &place, sentence);
            let near = plain.did_you_mean(&name, self.spec.parameters.iter().map(|one| one.name.as_str()));
            let hint = format!("declare it under `parameters:` in {}", self.spec.file);
            let told = if near.hint.is_none() { near.hint(hint) } else { near };
            self.complaints.push(told.because(format!("parameter asked at {place}")));
        }
    }
}

/// A length of time as people write it.
fn told(ms: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{ms}ms"), |(unit, word)| format!("{}{word}", ms / unit))
}
