//! The checklist of the sheet, point by point, through the door a client uses.

mod faults;
mod hooks;
mod switches;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Ploomes, TypeChange, USER_KEY};
use crate::sandbox::{Answer, Fault, Request, Sandbox};

fn at(second: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T12:00:00.121Z".parse().unwrap();
    start + SignedDuration::from_secs(second)
}

fn ask_raw(ploomes: &mut Ploomes, second: i64, call: &str, body: &str) -> Answer {
    let (method, url) = call.split_once(' ').unwrap();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: BTreeMap::from([("user-key".to_owned(), USER_KEY.to_owned())]),
        body: body.as_bytes().to_vec(),
    };
    ploomes.answer(at(second), &request)
}

fn ask(ploomes: &mut Ploomes, second: i64, call: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = ask_raw(ploomes, second, call, &body);
    let mut told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.status, told.get_mut("value").map(Value::take).unwrap_or_default())
}

fn get(ploomes: &mut Ploomes, call: &str) -> Vec<Value> {
    let (status, value) = ask(ploomes, 500, &format!("GET {call}"), &Value::Null);
    assert_eq!(status, 200, "{call}: {value}");
    value.as_array().unwrap().clone()
}

fn padaria(ploomes: &Ploomes) -> Value {
    json!({
        "TypeId": 1, "Name": "Padaria Ação", "LegalName": "Ação Ltda", "Register": "11222333000181",
        "ZipCode": 1_310_100, "CityId": ploomes.city_id(3_550_308), "StreetAddressNumber": "45", "Unheard": 1,
        "Phones": [{ "PhoneNumber": "(11) 3000-1000", "TypeId": 1, "CountryId": 76 }, { "PhoneNumber": "(11) 98000-1000" }],
    })
}

/// An account with one contact, born at second 0.
fn account() -> (Ploomes, i64) {
    let mut ploomes = Ploomes::new(7);
    let body = padaria(&ploomes);
    let (status, value) = ask(&mut ploomes, 0, "POST /Contacts", &body);
    assert_eq!(status, 200, "{value}");
    (ploomes, value[0]["Id"].as_i64().unwrap())
}

fn patch(ploomes: &mut Ploomes, id: i64, body: Value) -> (u16, Value) {
    let (status, value) = ask(ploomes, 60, &format!("PATCH /Contacts({id})?$expand=Phones,Tags($expand=Tag)"), &body);
    (status, value.get(0).cloned().unwrap_or(value))
}

#[test]
fn the_key_opens_the_door_under_any_prefix() {
    let mut ploomes = Ploomes::new(1);
    let mut request = Request { method: "GET".to_owned(), path: "/api/v9/Self".to_owned(), ..Request::default() };
    assert_eq!(ploomes.answer(at(0), &request).status, 401);
    request.headers.insert("user-key".to_owned(), "wrong".to_owned());
    assert_eq!(ploomes.answer(at(0), &request).status, 401);
    ploomes.set_user_key("wrong");
    let answer = ploomes.answer(at(0), &request);
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(told["@odata.context"], "https://public5-api2.ploomes.com/$metadata#Self");
    assert_eq!(told["value"][0]["Id"], ploomes.integration_user_id());
    assert_eq!(told["value"][0]["Integration"], true);
    assert_eq!(ploomes.tally().calls["GET Self"], 3);
}

#[test]
fn a_contact_is_born_with_everything_the_server_adds() {
    let (mut ploomes, id) = account();
    let born = &get(&mut ploomes, &format!("/Contacts?$filter=Id eq {id}"))[0];
    assert_eq!((&born["CNPJ"], &born["CPF"]), (&json!("11222333000181"), &Value::Null));
    assert_eq!((&born["CountryId"], &born["StatusId"]), (&json!(76), &json!(ploomes.status_id("ativo"))));
    assert!(born["StateId"].as_i64() > Some(1_000_000));
    assert_eq!((&born["UpdaterId"], &born["CreatorId"]), (&Value::Null, &json!(ploomes.integration_user_id())));
    assert_eq!(
        (&born["CreateDate"], &born["LastUpdateDate"]),
        (&json!("2026-03-02T09:00:00.12-03:00"), &born["CreateDate"])
    );
    assert!(born.get("Phones").is_none() && born.get("City").is_none() && born.get("Unheard").is_none());
    assert_eq!(ploomes.tally().writes["POST Contacts"], 1);
}

#[test]
fn expansions_shape_lists_and_answers_to_writes() {
    let (mut ploomes, id) = account();
    let body = padaria(&ploomes);
    let call =
        "POST /Contacts?$select=Id,Name&$expand=Phones($expand=Type;$select=SearchPhoneNumber),City($select=IBGECode)";
    let answer = ask_raw(&mut ploomes, 1, call, &body.to_string());
    assert!(answer.body.is_ascii() && String::from_utf8_lossy(&answer.body).contains("A\\u00e7\\u00e3o"));
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(
        told["@odata.context"]
            .as_str()
            .unwrap()
            .ends_with("#Contacts(Id,Name,Phones(SearchPhoneNumber,Type),City(IBGECode))")
    );
    let made = &told["value"][0];
    assert_eq!(made["City"], json!({ "IBGECode": 3_550_308 }));
    assert_eq!(
        made["Phones"][0],
        json!({ "SearchPhoneNumber": 1_130_001_000, "Type": { "Id": 1, "Name": "Comercial" } })
    );
    assert_eq!(made.as_object().unwrap().len(), 4);
    let (_, patched) =
        ask(&mut ploomes, 2, &format!("PATCH /Contacts({id})?$expand=Owner,Phones($filter=TypeId eq 2)"), &json!({}));
    assert_eq!((&patched[0]["Owner"], &patched[0]["Phones"]), (&Value::Null, &json!([])));
    let found = get(
        &mut ploomes,
        "/Contacts?$filter=City/IBGECode eq 3550308 and Phones/any(p: p/SearchPhoneNumber eq 1130001000)&$top=0&$count=true",
    );
    assert!(found.is_empty());
    let counted = ask_raw(&mut ploomes, 3, "GET /Contacts?$top=0&$count=true&preload=true", "");
    assert!(String::from_utf8_lossy(&counted.body).contains("\"@odata.count\":2"));
}

#[test]
fn a_patch_changes_what_it_names_and_stamps_it() {
    let (mut ploomes, id) = account();
    let (status, now) = patch(&mut ploomes, id, json!({ "LegalName": null, "CPF": "52998224725" }));
    assert_eq!((status, &now["Name"], &now["LegalName"]), (200, &json!("Padaria Ação"), &Value::Null));
    assert_eq!((&now["Register"], &now["CNPJ"]), (&json!("52998224725"), &Value::Null));
    assert_eq!(now["UpdaterId"], ploomes.integration_user_id());
    assert_eq!(now["LastUpdateDate"], "2026-03-02T09:01:00.12-03:00");
    assert_eq!(now["CreateDate"], "2026-03-02T09:00:00.12-03:00");
    assert_eq!(now["Phones"].as_array().unwrap().len(), 2);
}

#[test]
fn phones_and_tags_are_replaced_with_new_rows() {
    let (mut ploomes, id) = account();
    let tag = ploomes.add_tag("VIP");
    let (_, before) = patch(&mut ploomes, id, json!({ "Tags": [{ "TagId": tag, "Tag": { "Name": "vip" } }] }));
    assert_eq!(before["Tags"][0]["Tag"]["Name"], "VIP");
    let (_, after) = patch(&mut ploomes, id, json!({ "Phones": [{ "PhoneNumber": "(11) 3000-1000" }], "Tags": null }));
    assert_eq!((after["Phones"].as_array().unwrap().len(), &after["Tags"]), (1, &json!([])));
    assert_ne!(after["Phones"][0]["Id"], before["Phones"][0]["Id"]);
}

#[test]
fn custom_fields_are_merged_by_key() {
    let (mut ploomes, id) = account();
    let fields = get(&mut ploomes, "/Fields?$filter=EntityId eq 1 and Dynamic eq true&$expand=Type&$orderby=Id");
    assert_eq!(fields[0]["Type"]["NativeType"], "String");
    let key = |at: usize| fields[at]["Key"].clone();
    let both = json!({ "OtherProperties": [{ "FieldKey": key(0), "StringValue": "ISENTO" }, { "FieldKey": key(1), "DecimalValue": 1.5 }] });
    patch(&mut ploomes, id, both);
    patch(&mut ploomes, id, json!({ "OtherProperties": [{ "FieldKey": key(0), "StringValue": "123" }] }));
    let kept = ploomes.contact(id).unwrap()["OtherProperties"].clone();
    assert_eq!((kept.as_array().unwrap().len(), &kept[1]["StringValue"]), (2, &json!("123")));
    ploomes.switches.other_properties_replaced = true;
    patch(&mut ploomes, id, json!({ "OtherProperties": [{ "FieldKey": key(0), "StringValue": "1" }] }));
    assert_eq!(ploomes.contact(id).unwrap()["OtherProperties"].as_array().unwrap().len(), 1);
}

#[test]
fn wrong_types_and_unknown_ids_are_refused() {
    let (mut ploomes, id) = account();
    for body in
        [json!({ "ZipCode": "01310-100" }), json!({ "StreetAddressNumber": 45 }), json!({ "Phones": "x" }), json!([])]
    {
        assert_eq!(patch(&mut ploomes, id, body), (400, json!("Your request has a wrong format")));
    }
    for name in ["CityId", "OwnerId", "StatusId", "StateId"] {
        assert_eq!(patch(&mut ploomes, id, json!({ name: 5 })).0, 400, "{name}");
    }
    let lists = [json!({ "Tags": [{ "TagId": 5 }] }), json!({ "Phones": [{ "PhoneNumber": "1", "TypeId": 999 }] })];
    for body in lists.into_iter().chain([json!({ "OtherProperties": [{ "FieldKey": "x" }] })]) {
        assert_eq!(patch(&mut ploomes, id, body).0, 400);
    }
    assert_eq!(ploomes.contact(id).unwrap()["UpdaterId"], Value::Null);
    ploomes.switches.zip_code_coerced = true;
    assert_eq!(patch(&mut ploomes, id, json!({ "ZipCode": "01310-100" })).1["ZipCode"], 1_310_100);
    ploomes.switches.unknown_member_refused = true;
    assert_eq!(patch(&mut ploomes, id, json!({ "Unheard": 1 })).0, 400);
}

#[test]
fn name_and_type_are_required_and_the_type_stays() {
    let (mut ploomes, id) = account();
    for body in [
        json!({ "TypeId": 1 }),
        json!({ "Name": "x" }),
        json!({ "TypeId": 1, "Name": " " }),
        json!({ "TypeId": 3, "Name": "x" }),
    ] {
        assert_eq!(ask(&mut ploomes, 1, "POST /Contacts", &body).0, 400, "{body}");
    }
    assert_eq!(patch(&mut ploomes, id, json!({ "TypeId": 2 })).0, 400);
    assert_eq!(patch(&mut ploomes, id, json!({ "TypeId": 1 })).0, 200);
    ploomes.switches.type_change = TypeChange::Ignore;
    assert_eq!(patch(&mut ploomes, id, json!({ "TypeId": 2, "Name": "y" })).1["TypeId"], 1);
    ploomes.switches.type_change = TypeChange::Allow;
    assert_eq!(patch(&mut ploomes, id, json!({ "TypeId": 2 })).1["TypeId"], 2);
}

#[test]
fn fields_may_be_unique_required_or_checked() {
    let (mut ploomes, _) = account();
    let body = padaria(&ploomes);
    assert_eq!(ask(&mut ploomes, 1, "POST /Contacts", &body).0, 200);
    ploomes.switches.unique = vec!["CNPJ".to_owned()];
    assert_eq!(ask(&mut ploomes, 1, "POST /Contacts", &body).0, 400);
    ploomes.switches = super::Switches { required: vec!["Email".to_owned()], ..Default::default() };
    assert_eq!(ask(&mut ploomes, 1, "POST /Contacts", &body).0, 400);
    ploomes.switches = super::Switches { documents_checked: true, post_status: 201, ..Default::default() };
    assert_eq!(ask(&mut ploomes, 1, "POST /Contacts", &body).0, 201);
    let wrong = json!({ "TypeId": 1, "Name": "x", "CNPJ": "11222333000182" });
    assert_eq!(ask(&mut ploomes, 1, "POST /Contacts", &wrong).0, 400);
}

#[test]
fn unknown_names_in_a_query_are_refused() {
    let mut ploomes = Ploomes::new(1);
    for query in ["$select=Active", "$filter=Active eq true", "$expand=Papel"] {
        let (status, text) = ask(&mut ploomes, 0, &format!("GET /Users?{query}"), &Value::Null);
        assert!(status == 400 && text.is_string(), "{query}: {text}");
    }
    ploomes.switches.unknown_field_forbidden = true;
    let (status, text) = ask(&mut ploomes, 0, "GET /Users?$select=Active", &Value::Null);
    assert_eq!((status, text), (403, json!("Your request has been forbidden")));
}

#[test]
fn pages_are_cut_at_300_and_without_order_not_by_id() {
    let mut ploomes = Ploomes::new(1);
    for number in 0..310 {
        ploomes.person_adds(at(number), &json!({ "TypeId": 2, "Name": format!("P{number}") })).unwrap();
    }
    let ids = |rows: Vec<Value>| rows.iter().map(|row| row["Id"].as_i64().unwrap()).collect::<Vec<_>>();
    let first = ids(get(&mut ploomes, "/Contacts?$top=1000&$select=Id"));
    assert!(first.len() == 300 && !first.is_sorted());
    assert_eq!(ids(get(&mut ploomes, "/Contacts")), first);
    let rest = ids(get(&mut ploomes, "/Contacts?$skip=300&$orderby=LastUpdateDate,Id"));
    assert!(rest.len() == 10 && rest.is_sorted());
    assert!(get(&mut ploomes, "/Fields").len() > 20);
}

#[test]
fn a_record_is_not_read_by_key() {
    let (mut ploomes, id) = account();
    let call = format!("GET /Contacts({id})");
    let answer = ask_raw(&mut ploomes, 1, &call, "");
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (404, "text/html"));
    ploomes.switches.get_by_key = true;
    assert_eq!(ask(&mut ploomes, 1, &call, &Value::Null).1[0]["Id"], id);
    assert_eq!(ask_raw(&mut ploomes, 1, "GET /Nowhere", "").status, 404);
    assert_eq!(ask(&mut ploomes, 1, &format!("PUT /Contacts({id})"), &json!({})).0, 405);
}

#[test]
fn the_deleted_disappear() {
    let (mut ploomes, id) = account();
    let answer = ask_raw(&mut ploomes, 1, &format!("DELETE /Contacts({id})"), "");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(get(&mut ploomes, "/Contacts"), Vec::<Value>::new());
    assert_eq!(patch(&mut ploomes, id, json!({})).0, 404);
    assert_eq!(ask(&mut ploomes, 1, &format!("DELETE /Contacts({id})"), &Value::Null).0, 404);
}

#[test]
fn an_idle_patch_touches_unless_switched_off() {
    let (mut ploomes, id) = account();
    let same = json!({ "Name": "Padaria Ação", "Phones": padaria(&ploomes)["Phones"] });
    ploomes.switches.idle_patch_touches = false;
    assert_eq!(patch(&mut ploomes, id, same.clone()).1["UpdaterId"], Value::Null);
    ploomes.switches.idle_patch_touches = true;
    assert_eq!(patch(&mut ploomes, id, same).1["LastUpdateDate"], "2026-03-02T09:01:00.12-03:00");
}

#[test]
fn an_interaction_record_moves_its_contact() {
    let (mut ploomes, id) = account();
    assert_eq!(ask(&mut ploomes, 9, "POST /InteractionRecords", &json!({ "ContactId": 1, "Content": "x" })).0, 400);
    let (status, made) =
        ask(&mut ploomes, 9, "POST /InteractionRecords", &json!({ "ContactId": id, "Content": "Recusado" }));
    assert_eq!((status, &made[0]["Date"], &made[0]["TypeId"]), (200, &json!("2026-03-02T00:00:00-03:00"), &json!(1)));
    let contact = ploomes.contact(id).unwrap();
    assert_eq!(contact["LastInteractionRecordId"], made[0]["Id"]);
    assert_eq!(
        (&contact["LastUpdateDate"], &contact["UpdaterId"]),
        (&json!("2026-03-02T09:00:09.12-03:00"), &Value::Null)
    );
    assert_eq!(ploomes.interaction_records(id)[0]["Content"], "Recusado");
    ploomes.switches.record_touches_contact = false;
    ask(&mut ploomes, 20, "POST /InteractionRecords", &json!({ "ContactId": id, "Content": "De novo" }));
    assert_eq!(ploomes.contact(id).unwrap()["LastUpdateDate"], "2026-03-02T09:00:09.12-03:00");
}

#[test]
fn the_121st_request_of_a_minute_is_refused() {
    let mut ploomes = Ploomes::new(1);
    for _ in 0..120 {
        assert_eq!(ask_raw(&mut ploomes, 10, "GET /Self", "").status, 200);
    }
    let refused = ask_raw(&mut ploomes, 40, "GET /Self", "");
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "30"));
    ploomes.switches.retry_after = false;
    ploomes.switches.throttle_html = true;
    let refused = ask_raw(&mut ploomes, 40, "GET /Self", "");
    assert!(!refused.headers.contains_key("retry-after") && refused.body.starts_with(b"<!DOCTYPE"));
    ploomes.switches.limits_enforced = false;
    assert_eq!(ask_raw(&mut ploomes, 41, "GET /Self", "").status, 200);
    assert_eq!(ploomes.tally().broken["rate"], 3);
    ploomes.switches.limits_enforced = true;
    assert_eq!(ask_raw(&mut ploomes, 70, "GET /Self", "").status, 200);
}

#[test]
fn tags_are_made_by_post() {
    let mut ploomes = Ploomes::new(1);
    let (status, made) = ask(&mut ploomes, 0, "POST /Tags", &json!({ "Name": "Atacado", "EntityId": 1 }));
    assert_eq!((status, &made[0]["Id"]), (200, &json!(ploomes.tag_id("ATACADO"))));
    assert_eq!(ask(&mut ploomes, 0, "POST /Tags", &json!({ "Name": "atacado" })).0, 200);
    ploomes.switches.tag_names_unique = true;
    assert_eq!(ask(&mut ploomes, 0, "POST /Tags", &json!({ "Name": "atacado" })).0, 400);
    assert_eq!(ask(&mut ploomes, 0, "POST /Users", &json!({})).0, 405);
}

#[test]
fn the_lists_hold_what_a_client_looks_up() {
    let mut ploomes = Ploomes::new(1);
    let other = Ploomes::new(2);
    assert_ne!(ploomes.status_id("Ativo"), other.status_id("Ativo"));
    assert_ne!(ploomes.phone_type_id("fax"), other.phone_type_id("fax"));
    let state = &get(&mut ploomes, "/Cities@Countries@States?$filter=CountryId eq 76 and Short eq 'SP'")[0];
    let city = &get(&mut ploomes, "/Cities?$filter=IBGECode eq 3550308&$expand=State")[0];
    assert_eq!((&city["Name"], &city["State"]), (&json!("SÃO PAULO"), state));
    let users = get(&mut ploomes, "/Users?$orderby=Id&$select=Email,Integration,Suspended");
    assert!(users.iter().any(|user| user["Integration"] == true) && users.iter().any(|user| user["Suspended"] == true));
    assert!(users.iter().any(|user| user["Email"].as_str().unwrap().chars().any(char::is_uppercase)));
    assert_eq!(get(&mut ploomes, "/Users?$filter=Email eq 'HELENA.prado@aurora.example'").len(), 1);
}

#[test]
fn faults_strike_before_or_after_the_effect() {
    let (mut ploomes, id) = account();
    let mut struck = |fault: Fault, call: &str| {
        ploomes.faults().next(fault, "*", 1);
        let before = ploomes.contacts().count();
        let body = padaria(&ploomes).to_string();
        let answer = ask_raw(&mut ploomes, 30, call, &body);
        (answer, ploomes.contacts().count() - before)
    };
    let (lost, made) = struck(Fault::LoseAnswer, "POST /Contacts");
    assert_eq!((lost.lost, made), (true, 1));
    let (dropped, made) = struck(Fault::DropBefore, "POST /Contacts");
    assert_eq!((dropped.lost, made), (true, 0));
    let (broken, made) = struck(Fault::BrokenAfterCommit, "POST /Contacts");
    assert_eq!((broken.status, made), (500, 1));
    let (cut, made) = struck(Fault::Truncate, "POST /Contacts");
    assert!(serde_json::from_slice::<Value>(&cut.body).is_err() && made == 1);
    assert_eq!(struck(Fault::Refuse("Não".to_owned()), "POST /Contacts").0.status, 400);
    assert_eq!(struck(Fault::Throttle(7), "GET /Contacts").0.headers["retry-after"], "7");
    assert_eq!(struck(Fault::BadGateway, "GET /Contacts").0.status, 502);
    let empty = struck(Fault::EmptyList, "GET /Contacts").0;
    assert!(String::from_utf8_lossy(&empty.body).ends_with("\"value\":[]}"));
    let stale = struck(Fault::StaleList(20), "GET /Contacts?$select=Id").0;
    assert!(String::from_utf8_lossy(&stale.body).ends_with(&format!("[{{\"Id\":{id}}}]}}")));
    assert_eq!(ploomes.contacts().count(), 4);
    ploomes.faults().next(Fault::Block(5), "GET Tags", 1);
    let statuses = [30, 31, 36].map(|second| ask_raw(&mut ploomes, second, "GET /Tags", "").status);
    assert_eq!((statuses, ploomes.tally().broken.len()), ([403, 403, 200], 0));
}

#[test]
fn a_shifted_page_misses_or_repeats_rows() {
    let mut ploomes = Ploomes::new(1);
    let ids: Vec<i64> =
        (0..6).map(|n| ploomes.person_adds(at(n), &json!({ "TypeId": 2, "Name": "P" })).unwrap()).collect();
    for (by, expected) in [(1, ids[3]), (-1, ids[1])] {
        ploomes.faults().next(Fault::ShiftPages(by), "GET Contacts", 1);
        assert_eq!(get(&mut ploomes, "/Contacts?$orderby=Id&$top=2&$skip=2")[0]["Id"], expected);
    }
}

#[test]
fn people_speak_in_names() {
    let (mut ploomes, id) = account();
    let said = json!({
        "Status": "inativo", "Owner": "HELENA.PRADO@aurora.example", "City": 4_106_902, "Tags": ["vip", "Novo"],
        "Phones": [{ "PhoneNumber": "(41) 3000-1000", "Type": "fax" }],
    });
    ploomes.person_edits(at(5), id, &said).unwrap();
    let contact = ploomes.contact(id).unwrap();
    assert_eq!((&contact["Status"]["Name"], &contact["State"]["Short"]), (&json!("Inativo"), &json!("PR")));
    assert_eq!(
        (&contact["Phones"][0]["Type"]["Name"], &contact["Tags"][1]["Tag"]["Name"]),
        (&json!("Fax"), &json!("Novo"))
    );
    assert_eq!(contact["UpdaterId"], contact["OwnerId"]);
    assert!(ploomes.person_edits(at(5), id, &json!({ "Owner": "nobody@aurora.example" })).is_err());
    assert!(ploomes.person_deletes(at(6), id) && !ploomes.person_deletes(at(7), id));
}

/// A page deep in a large account costs what its own rows cost (measured apart; here it must merely be right).
#[test]
fn a_cursor_walks_the_whole_account_once() {
    let mut ploomes = Ploomes::new(1);
    ploomes.switches.limits_enforced = false;
    for number in 0..650 {
        ploomes.person_adds(at(number / 3), &json!({ "TypeId": 2, "Name": "P" })).unwrap();
    }
    let mut seen = Vec::new();
    for skip in [0, 300, 600] {
        let call = format!(
            "/Contacts?$filter=LastUpdateDate%20ge%202026-03-02T09:00:00-03:00&$orderby=LastUpdateDate,Id&$top=300&$skip={skip}&$select=Id"
        );
        seen.extend(get(&mut ploomes, &call).iter().map(|row| row["Id"].as_i64().unwrap()));
    }
    assert_eq!(seen, ploomes.contacts().collect::<Vec<_>>());
}
