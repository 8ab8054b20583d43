//! Making a history that broke shorter: acts are left out as long as the same thing breaks.

use super::{Script, Stage, history};

/// Histories played to make one shorter, at most.
const TRIES_MAX: usize = 400;

/// The shortest script found that breaks the same invariant.
pub fn shrunk(stage: &Stage, script: &Script, invariant: &str) -> Script {
    let mut tries = 0;
    let mut breaks = |candidate: &Script| {
        tries += 1;
        tries <= TRIES_MAX && history(stage, candidate).broken.iter().any(|one| one.invariant == invariant)
    };
    let mut shortest = script.clone();
    let mut size = shortest.acts.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < shortest.acts.len() {
            let kept = shortest.acts.iter().enumerate().filter(|(at, _)| !(start..start + size).contains(at));
            let candidate = Script { acts: kept.map(|(_, act)| act.clone()).collect(), ..shortest.clone() };
            if breaks(&candidate) {
                shortest = candidate;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
    shortest
}
