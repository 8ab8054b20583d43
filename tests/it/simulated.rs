//! Histories of the shipped workspace: what must always hold holds, and what does not is told.

use depara::config::files::{self, Files};
use depara::simulate::{Setting, Severity, Stage, about, history, many, play, script, shrunk};

/// The mapping whose histories are played here; the gate plays those of all.
const MAPPING: &str = "omie-ploomes/clientes";

fn stage(files: &Files) -> Stage {
    Stage::open(files, Some(MAPPING)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_must_hold_holds_in_every_history() {
    let stage = stage(&files::carried());
    for (faults, seeds) in [(Severity::None, 1..9), (Severity::Mild, 101..117), (Severity::Harsh, 201..217)] {
        let setting = Setting { faults, ..Setting::default() };
        let total = many(&stage, &setting, seeds, 2, |_| true).unwrap();
        assert_eq!(total.broken, [], "{faults:?}");
    }
}

#[test]
fn what_one_mapping_writes_the_next_one_carries_on() {
    let stage = Stage::open(&files::carried(), None).unwrap_or_else(|error| panic!("{error}"));
    for (faults, seeds) in [(Severity::None, 1..7), (Severity::Mild, 1..13), (Severity::Harsh, 1..7)] {
        let setting = Setting { faults, ..Setting::default() };
        let total = many(&stage, &setting, seeds, 2, |_| true).unwrap();
        assert_eq!(total.broken, [], "{faults:?}");
    }
}

/// Each of them showed a defect once: of the engine (114, 326, 1815, 4068, 5001, 6240, 6880, 7649, 8282, 9684, 22671,
/// 102575, 113594, 117954, 203989, 221323, 243163, 253310, 266763, 359184, 412422, 426371, 446344, 467338, 477959,
/// 523331, 528061, 654732, 690369, 697848, 723483, 766903, 798514, 832696, 873114, 990035, 1018855, 1058282, 1113531,
/// 1133816, 1187772; of all mappings 9024, 27561, 31688, 34804, 47914, 60915, 82739, 104584, and all that are rare and
/// harsh but 219125, 232120 and 501172), of a system file (6576), of a rule (1060, 6783, 10587, 20412, 441393) or of the
/// judge.
#[test]
fn seeds_that_broke_once_hold() {
    let one = stage(&files::carried());
    let all = Stage::open(&files::carried(), None).unwrap_or_else(|error| panic!("{error}"));
    let hourly = |faults| Setting { faults, every: Some(60), ..Setting::default() };
    let rare = || Setting { every: Some(240), ..Setting::default() };
    let rare_and_harsh = || Setting { faults: Severity::Harsh, ..rare() };
    let kept = [
        (
            &one,
            hourly(Severity::Mild),
            &[
                555, 1650, 1789, 6240, 6791, 6880, 7649, 8282, 9684, 10587, 11964, 20412, 22015, 22671, 52343, 102575,
                103076, 111206, 113594, 117954, 118332, 118471, 122551, 131363, 139004, 142498, 203989, 205977, 211876,
                212664, 213464, 221323, 237724, 240191, 240319, 241685, 243163, 247838, 253310, 258812, 263530, 265469,
                266763, 284434, 286926, 296356, 306606, 316949, 324257, 333498, 359184, 362446,
            ][..],
        ),
        (&one, hourly(Severity::Harsh), &[114, 326, 546, 1060, 1126][..]),
        (
            &one,
            rare(),
            &[
                5001, 5054, 6576, 6783, 7443, 9684, 411312, 412422, 415584, 421853, 422708, 424755, 426371, 433853,
                438317, 441393, 446344, 451791, 467338, 467943, 474938, 477959, 480090, 491722, 493324, 498175, 509080,
                523331, 528061, 569363, 571486, 572382, 616818, 621142, 624927, 643581, 647686, 654732, 662886, 684912,
                685524, 690369, 697848, 714665, 723483, 750364, 754737, 760550, 766903, 770817, 775476, 798514, 799895,
                800558, 813104, 823288, 832696, 841202, 848178, 873114, 890715, 978283, 990035, 995456, 996786,
                1018855, 1027790, 1058282, 1085990, 1087381, 1104527, 1104581, 1113531, 1114256, 1121515, 1133816,
                1148884, 1187772, 1198318,
            ][..],
        ),
        (&one, Setting::default(), &[1815, 3966]),
        (&one, Setting { faults: Severity::Harsh, ..Setting::default() }, &[388]),
        (&all, Setting::default(), &[3122, 4068]),
        (&all, hourly(Severity::Mild), &[5001]),
        (&all, hourly(Severity::Harsh), &[9013, 9024]),
        (
            &all,
            rare(),
            &[
                21223, 22803, 24283, 25545, 27561, 29297, 31688, 34804, 41416, 42956, 46988, 47914, 50364, 54866,
                56991, 60915, 69838, 74916, 76239, 82739, 104584,
            ],
        ),
        (
            &all,
            rare_and_harsh(),
            &[
                203434, 204827, 208105, 208737, 208908, 211791, 214544, 219125, 224516, 227320, 228904, 232120, 237060,
                256046, 279131, 286684, 291664, 298164, 372720, 384654, 389672, 396599, 397046, 435848, 440605,
            ],
        ),
        (&all, Setting { accounts: 2, ..rare_and_harsh() }, &[501172]),
        (
            &all,
            Setting { records: 30, days: 2, ..rare_and_harsh() },
            &[
                610106, 611218, 612643, 613143, 614812, 616108, 616356, 616412, 617288, 617744, 624380, 640075, 640812,
                641051,
            ],
        ),
    ];
    for (stage, setting, seeds) in kept {
        for seed in seeds {
            assert_eq!(history(stage, &script(*seed, &setting)).broken, [], "seed {seed}");
        }
    }
}

#[test]
fn one_seed_is_one_history_to_the_byte() {
    let stage = stage(&files::carried());
    let setting = Setting { faults: Severity::Harsh, ..Setting::default() };
    for seed in 1..4 {
        let [one, other] = [true, false].map(|told| play(&stage, &script(seed, &setting), told));
        assert_eq!((one.print, one.counts), (other.print, other.counts), "seed {seed}");
        assert_ne!(one.print, play(&stage, &script(seed + 1, &setting), false).print);
    }
}

/// The shipped workspace with a rule that makes every text longer on its way.
fn with_a_rule_that_never_settles() -> Files {
    let mut files = files::carried();
    let mapping = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
    let line = "  homepage <=> Website: { label: Website, canon: url }\n";
    assert!(mapping.contains(line));
    *mapping =
        mapping.replace(line, "  homepage <=> Website: { label: Website, canon: plain, rule: { ploomes: longer } }\n");
    let rules = files.get_mut("scripts/omie-ploomes/clientes.rhai").unwrap();
    rules.push_str("\nfn read_longer(value) { value }\nfn write_longer(value, old) { value + \"x\" }\n");
    files
}

#[test]
fn a_rule_that_gives_what_nobody_typed_is_found_and_its_story_is_short() {
    let stage = stage(&with_a_rule_that_never_settles());
    let setting = Setting { faults: Severity::None, ..Setting::default() };
    let found = (1..60).find_map(|seed| {
        let script = script(seed, &setting);
        let broken = history(&stage, &script).broken.into_iter().next()?;
        Some((script, broken))
    });
    let (whole, broken) = found.expect("no history breaks");
    let short = shrunk(&stage, &whole, broken.invariant);
    assert!(short.acts.len() < whole.acts.len(), "{} acts of {}", short.acts.len(), whole.acts.len());
    let told = play(&stage, &short, true);
    let again = told.broken.iter().find(|one| one.invariant == broken.invariant).expect("the short one does not break");
    let lines: Vec<String> = about(&told.lines, &again.concerns).iter().map(ToString::to_string).collect();
    assert!(lines.iter().any(|line| line.contains("a person makes it")), "{lines:#?}");
    assert!(lines.last().unwrap().contains("is broken"), "{lines:#?}");
}

#[test]
fn a_mapping_that_no_sandbox_can_play_is_named() {
    let Err(error) = Stage::open(&files::carried(), Some("omie-ploomes/clients")) else { panic!("it was played") };
    assert_eq!(error.to_string(), "no mapping that sandboxes can play is named `omie-ploomes/clients`");
    let mut files = files::carried();
    files.retain(|name, _| !name.starts_with("mappings/omie"));
    let Err(error) = Stage::open(&files, None) else { panic!("nothing was played") };
    assert!(error.to_string().starts_with("no mapping joins two systems that a sandbox imitates"), "{error}");
}
