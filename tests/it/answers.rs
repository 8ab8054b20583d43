//! What people answered to conflicts, and what comes of it.

use std::sync::Arc;

use depara::mapping::Mapping;
use depara::mapping::field::Policy;
use depara::record::Side;
use depara::store::{Answer, Change, Conflict};
use serde_json::json;

use crate::house::House;
use crate::traces::{client, contact, settle, strike, types_in_omie, types_in_ploomes};

/// A pair with two e-mails, of which a person must choose one; and the contact's id.
async fn at_odds() -> (House, i64) {
    let (mut code, mut id) = (0, 0);
    let mut house = House::build(|omie, ploomes, clock| {
        code = omie.person_adds(clock.now(), &client("Padaria Aurora")).unwrap();
        id = ploomes.person_adds(clock.now(), &contact("Padaria Aurora")).unwrap();
    });
    house.runner.mapping = Arc::new(Mapping { policy: Policy::Ask, ..(*house.runner.mapping).clone() });
    settle(&mut house).await;
    types_in_omie(&house, code, &json!({ "email": "omie@ex.example" }));
    types_in_ploomes(&house, id, &json!({ "Email": "ploomes@ex.example" }));
    house.cycle().await;
    (house, id)
}

/// Lets Omie win the one conflict that is open.
fn answer(house: &House) -> Conflict {
    let [mut open] = <[_; 1]>::try_from(house.runner.ledger.open_conflicts().unwrap()).unwrap();
    open.answered = Some(Answer { side: Side::Left, at_ms: house.clock.now_ms() });
    house.runner.ledger.write(vec![Change::PutConflict(open.clone())]).unwrap();
    open
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_while_a_record_does_not_show() {
    let (mut house, id) = at_odds().await;
    let open = answer(&house);

    // Neither the list nor the question by id shows the contact.
    strike(&house, "empty-list:GET Contacts:2");
    house.cycle().await;
    assert_eq!(house.runner.ledger.open_conflicts().unwrap(), [open]);
    house.cycle().await;
    assert_eq!(house.runner.ledger.open_conflicts().unwrap(), []);
    assert_eq!(house.ploomes.lock().unwrap().contact(id).unwrap()["Email"], "omie@ex.example");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_one_to_the_values_that_were_seen() {
    let (mut house, id) = at_odds().await;
    let first = answer(&house);
    // Nobody has chosen against this one.
    types_in_ploomes(&house, id, &json!({ "Email": "outra@ex.example" }));
    house.cycle().await;
    let open = house.runner.ledger.open_conflicts().unwrap();
    assert_eq!(open.iter().map(|one| (&one.id, one.answered.is_some())).collect::<Vec<_>>(), [(&first.id, false)]);
    assert_eq!(open[0].values.right, "outra@ex.example");
    let told = house.runner.ledger.journal(20).unwrap();
    let found: Vec<_> = told.iter().filter(|entry| entry.event == "ConflictFound").map(|one| &one.details).collect();
    assert_eq!(found.iter().map(|details| details.get("void").is_some()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(house.ploomes.lock().unwrap().contact(id).unwrap()["Email"], "outra@ex.example");
    answer(&house);
    house.cycle().await;
    assert_eq!(house.runner.ledger.open_conflicts().unwrap(), []);
    assert_eq!(house.ploomes.lock().unwrap().contact(id).unwrap()["Email"], "omie@ex.example");
}

/// The sides agree by the hands of people before the answer was carried out: nobody says that it was.
#[tokio::test(start_paused = true)]
async fn an_answer_that_was_overtaken_was_not_carried_out() {
    let (mut house, id) = at_odds().await;
    answer(&house);
    types_in_ploomes(&house, id, &json!({ "Email": "omie@ex.example" }));
    house.cycle().await;
    let all = house.runner.ledger.conflicts(None, usize::MAX).unwrap();
    assert_eq!(
        all.iter().map(|one| (one.open, one.winner, one.answered.is_some())).collect::<Vec<_>>(),
        [(false, None, false)]
    );
}
