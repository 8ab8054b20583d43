//! The main job against the sandboxes, cycle by cycle.

use depara::sandbox::people;

use crate::house::House;

#[tokio::test]
async fn clients_move_both_ways_and_then_nothing_moves() {
    let mut story = None;
    let mut house = House::build(|omie, ploomes, clock| {
        story = Some(people::populate(omie, ploomes, 7, 120, clock.now()).unwrap());
    });
    let mut quiet = false;
    for turn in 0..6 {
        let report = house.cycle().await;
        eprintln!("{turn}: {}", serde_json::to_string(&report).unwrap());
        assert_eq!(report.failed, None);
        quiet = report.is_quiet();
        if quiet && turn > 1 {
            break;
        }
    }
    assert!(quiet, "the two sides settle");
    let moment = house.clock.now();
    let story = story.unwrap();
    let edits = {
        let (mut omie, mut ploomes) = (house.omie.lock().unwrap(), house.ploomes.lock().unwrap());
        people::edit_round(&mut omie, &mut ploomes, &story, moment).unwrap()
    };
    assert!(edits.len() > 5);
    for turn in 0..6 {
        let report = house.cycle().await;
        eprintln!("edit {turn}: {}", serde_json::to_string(&report).unwrap());
        assert_eq!(report.failed, None);
        quiet = report.is_quiet();
        if quiet && turn > 0 {
            break;
        }
    }
    assert!(quiet, "the two sides settle after the edits");
    let (omie, ploomes) = (house.omie.lock().unwrap(), house.ploomes.lock().unwrap());
    use depara::sandbox::Sandbox;
    assert!(omie.tally().broken.is_empty(), "{:?}", omie.tally().broken);
    assert!(ploomes.tally().broken.is_empty(), "{:?}", ploomes.tally().broken);
}
