//! Laws of the pure core when memory lies: bases that hold what no side ever held, halves that are
//! missing, prints of other lines, values that are wrongly said to be on their way.
//!
//! A store that was put back from a backup, or written under an older mapping, looks like this. What
//! the base says may then decide who wins; it may never end up in a record.

use depara::link::{Half, Link};
use depara::record::Sides;
use proptest::prelude::*;

use crate::laws::{Story, any_habits, both, config, nothing_foreign, nothing_given, settle, story};
use crate::play::{LINES, Play, told};

/// How each half of a base lies: what it holds, and a lie for each line.
#[derive(Clone, Debug)]
struct Lies {
    picks: [Vec<u8>; 2],
    kinds: [Vec<u8>; 2],
    seen_ms: [Option<i64>; 2],
    print: u64,
}

fn lies() -> impl Strategy<Value = Lies> {
    let bytes = || prop::collection::vec(any::<u8>(), LINES);
    let seen = || prop::option::of(0..3_000_i64);
    ((bytes(), bytes()), (bytes(), bytes()), (seen(), seen()), any::<u64>()).prop_map(|(picks, kinds, seen, print)| {
        Lies { picks: picks.into(), kinds: kinds.into(), seen_ms: seen.into(), print }
    })
}

/// Two records linked by a base that lies.
fn begin(story: &Story, lies: &Lies, mirrored: bool) -> Play {
    let mut play = story.begin(mirrored);
    let mut other = story.clone();
    other.first = lies.picks.clone();
    let liar = other.begin(mirrored);
    let mut base: Sides<Half> = Sides::default();
    for (at, system) in ["alpha", "beta"].into_iter().enumerate() {
        let (truth, lie) = (play.fields(system), liar.fields(system));
        let half = base.get_mut(play.side(system));
        half.seen_ms = lies.seen_ms[at];
        half.print = lies.print;
        for (number, kind) in lies.kinds[at].iter().enumerate() {
            let label = format!("F{number}");
            let index = play.mapping.fields.iter().position(|field| field.label == label).unwrap();
            let key = play.mapping.fields[index].key.clone();
            match kind % 5 {
                0 => {}
                1 => half.set(&key, truth.value(index).clone()),
                2 => half.set(&format!("{key}0"), lie.value(index).clone()),
                3 => {
                    half.expected.insert(key.clone());
                    half.set(&key, lie.value(index).clone());
                }
                _ => half.set(&key, lie.value(index).clone()),
            }
        }
    }
    let id = |system: &str| if system == "alpha" { "1".to_owned() } else { "2".to_owned() };
    let ids = Sides::new(id(&play.mapping.sides.left.system), id(&play.mapping.sides.right.system));
    play.link = Some(Link { ids, base, gone: Sides::default(), held: Default::default() });
    play
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn a_base_that_lies_settles_and_gives_nothing(mut story in story(any_habits()), lies in lies()) {
        story.present = (true, true);
        let run = || -> Result<(), TestCaseError> {
            let (mut play, mut mirrored) = (begin(&story, &lies, false), begin(&story, &lies, true));
            let then = both(&play);
            nothing_foreign(&story, &play, &then, &play.plan())?;
            let plans = (play.plan(), mirrored.plan());
            prop_assert_eq!(told(&play.mapping, &plans.0), told(&mirrored.mapping, &plans.1));
            settle(&mut play, 4_001)?;
            settle(&mut mirrored, 4_001)?;
            for system in ["alpha", "beta"] {
                prop_assert_eq!(play.body(system), mirrored.body(system));
            }
            if story.is_plain() {
                nothing_given(&story, &play, &then)?;
            }
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(format!("{error}\n{}\n{story:#?}\n{lies:#?}", story.pair().text)))?;
    }
}
