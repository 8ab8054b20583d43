//! Each switch that no other test turns: what the account does at both of its positions.

use serde_json::{Value, json};

use super::{account, ask, ask_raw, at, get, padaria, patch};
use crate::sandbox::ploomes::Ploomes;

#[test]
fn pages_are_as_long_as_the_account_says_and_small_lists_have_none() {
    let mut ploomes = Ploomes::new(1);
    for number in 0..7 {
        ploomes.person_adds(at(number), &json!({ "TypeId": 2, "Name": "P" })).unwrap();
    }
    (ploomes.switches.page_max, ploomes.switches.page_default) = (5, 3);
    assert_eq!(get(&mut ploomes, "/Contacts").len(), 3);
    assert_eq!(get(&mut ploomes, "/Contacts?$top=300&$orderby=Id").len(), 5);
    assert_eq!(get(&mut ploomes, "/Cities?$top=300&$orderby=Id").len(), 5);
    assert!(get(&mut ploomes, "/Cities@Countries@States").len() > 5);
    let mut next = |query: &str, named: bool| {
        ploomes.switches.next_link = named;
        let answer = ask_raw(&mut ploomes, 1, &format!("GET /Contacts?{query}"), "");
        serde_json::from_slice::<Value>(&answer.body).unwrap()["@odata.nextLink"].as_str().map(str::to_owned)
    };
    assert_eq!(next("$top=5", false), None);
    for (query, end) in [("$top=5", Some(5)), ("$top=2&$skip=4&$count=true", Some(6)), ("$top=5&$skip=5", None)] {
        let wanted = end.map(|skip| format!("https://public5-api2.ploomes.com/Contacts?$skip={skip}"));
        assert_eq!(next(query, true), wanted, "{query}");
    }
}

#[test]
fn a_filter_minds_the_case_where_the_account_does() {
    let (mut ploomes, _) = account();
    let found = |ploomes: &mut Ploomes, name: &str| get(ploomes, &format!("/Contacts?$filter=Name eq '{name}'")).len();
    assert_eq!((found(&mut ploomes, "PADARIA AÇÃO"), found(&mut ploomes, "Padaria Acao")), (1, 0));
    ploomes.switches.case_sensitive = true;
    assert_eq!((found(&mut ploomes, "PADARIA AÇÃO"), found(&mut ploomes, "Padaria Ação")), (0, 1));
    ploomes.switches.accents_ignored = true;
    assert_eq!((found(&mut ploomes, "padaria acao"), found(&mut ploomes, "Padaria Acao")), (0, 1));
    ploomes.switches.case_sensitive = false;
    assert_eq!(found(&mut ploomes, "PADARIA ACAO"), 1);
}

#[test]
fn a_filter_with_any_may_be_forbidden() {
    let (mut ploomes, _) = account();
    let call = "GET /Contacts?$filter=Phones/any(p: p/TypeId eq 1)";
    assert_eq!(ask(&mut ploomes, 1, call, &Value::Null).0, 200);
    ploomes.switches.any_forbidden = true;
    let refused = (403, json!("Your request has been forbidden"));
    assert_eq!(ask(&mut ploomes, 1, call, &Value::Null), refused);
}

#[test]
fn a_patch_answers_the_record_or_nothing() {
    let (mut ploomes, id) = account();
    assert_eq!(patch(&mut ploomes, id, json!({ "Name": "A" })).1["Name"], "A");
    ploomes.switches.patch_status = 204;
    let answer = ask_raw(&mut ploomes, 70, &format!("PATCH /Contacts({id})"), "{\"Name\":\"B\"}");
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(ploomes.contact(id).unwrap()["Name"], "B");
}

#[test]
fn a_city_brings_its_state_along_or_not() {
    let mut ploomes = Ploomes::new(3);
    let body = padaria(&ploomes);
    for (derived, state) in [(true, json!("SP")), (false, Value::Null)] {
        ploomes.switches.places_derived = derived;
        let (_, born) = ask(&mut ploomes, 0, "POST /Contacts?$expand=State", &body);
        assert_eq!(born[0]["State"].get("Short").cloned().unwrap_or_default(), state);
    }
}

#[test]
fn an_account_may_take_fewer_calls_a_minute() {
    let mut ploomes = Ploomes::new(1);
    ploomes.switches.requests_per_minute = 2;
    let statuses = [0, 1, 2, 61].map(|second| ask_raw(&mut ploomes, second, "GET /Self", "").status);
    assert_eq!(statuses, [200, 200, 429, 200]);
}
