//! The alarm works.

use super::*;
use crate::config::files::{Files, carried};
use crate::flaw::Flaw;
use std::sync::Mutex;

const FLAWS: [Flaw; 26] = [
    Flaw::BaseAtSend,
    Flaw::IntentNotFlushed,
    Flaw::NothingFlushed,
    Flaw::EchoIsEdit,
    Flaw::OneBase,
    Flaw::AbsenceIsDeath,
    Flaw::ListReplaced,
    Flaw::FallbackComesBack,
    Flaw::MarkOnFailure,
    Flaw::LostCreateForgotten,
    Flaw::LostCreateRepeated,
    Flaw::LoserNotTold,
    Flaw::TombstoneForgotten,
    Flaw::MappingEditUnnoticed,
    Flaw::PaceForgotten,
    Flaw::StaleAccepted,
    Flaw::RemovedReturns,
    Flaw::OneWayBack,
    Flaw::BornInHoles,
    Flaw::EmptyWins,
    Flaw::ClearedNotSent,
    Flaw::PlanWrites,
    Flaw::HaltIgnored,
    Flaw::RefusedAgain,
    Flaw::TwoAtOnce,
    Flaw::FirstOfMany,
];

fn stage(edits: &[(&str, &str)]) -> Stage {
    let mut files: Files = carried();
    let name = files.keys().filter(|name| name.ends_with("/clientes.yaml")).next_back().unwrap().clone();
    for (path, text) in files.iter_mut().filter(|(path, _)| path.starts_with("systems/") || **path == name) {
        for (from, to) in edits {
            if text.contains(from) {
                eprintln!("edited {path}");
            }
            *text = text.replace(from, to);
        }
    }
    let name = name.strip_prefix("mappings/").unwrap().strip_suffix(".yaml").unwrap();
    Stage::open(&files, Some(name)).unwrap()
}

#[test]
fn blind() {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let max: u64 = var("SEEDS").parse().unwrap_or(100);
    let first: u64 = var("FIRST").parse().unwrap_or(1);
    let wanted = var("FLAWS");
    let all = var("ALL") == "1";
    let faults = match var("FAULTS").as_str() {
        "harsh" => Severity::Harsh,
        "none" => Severity::None,
        _ => Severity::Mild,
    };
    let edits: Vec<(String, String)> =
        var("EDITS").split(';').filter_map(|e| e.split_once('>').map(|(a, b)| (a.to_owned(), b.to_owned()))).collect();
    let edits: Vec<(&str, &str)> = edits.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let stage = stage(&edits);
    let mut queue: Vec<Option<Flaw>> = FLAWS
        .into_iter()
        .map(Some)
        .filter(|f| wanted.is_empty() || wanted.split(',').any(|w| w == format!("{:?}", f.unwrap())))
        .collect();
    if wanted.split(',').any(|w| w == "None") {
        queue.push(None);
    }
    queue.reverse();
    let queue = Mutex::new(queue);
    let work = || {
        while let Some(flaw) = {
            let next = queue.lock().unwrap().pop();
            next
        } {
            let _on = flaw.map(Flaw::on);
            let mut played = 0;
            let mut hits = 0;
            let begin = std::time::Instant::now();
            let mut said = String::new();
            for seed in first..first + max {
                played += 1;
                let outcome = history(&stage, &script(seed, &Setting { faults, ..Setting::default() }));
                if let Some(one) = outcome.broken.first() {
                    hits += 1;
                    let inv: BTreeSet<_> = outcome.broken.iter().map(|o| o.invariant).collect();
                    if all {
                        println!("   {flaw:?} {seed} {inv:?} {}", one.sentence);
                    }
                    said = format!("{inv:?} {}", one.sentence.chars().take(150).collect::<String>());
                    if !all {
                        break;
                    }
                }
            }
            println!(
                "{flaw:?} {faults:?}: hits {hits} of {played} seeds, {:.1}s: {said}",
                begin.elapsed().as_secs_f32()
            );
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            std::thread::Builder::new().stack_size(8 << 20).spawn_scoped(scope, work).unwrap();
        }
    });
}
