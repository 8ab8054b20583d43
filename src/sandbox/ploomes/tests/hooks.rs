//! Webhooks: who is told what, in which shape, and how delivery goes wrong.

use serde_json::{Value, json};

use super::{account, ask, at, get, patch};
use crate::sandbox::ploomes::Ploomes;
use crate::sandbox::{Delivery, Hook, Sandbox};

fn listen(ploomes: &mut Ploomes, entity: i64, action: i64) -> i64 {
    let body =
        json!({ "EntityId": entity, "ActionId": action, "CallbackUrl": "http://x/h", "ValidationKey": "s3cret" });
    let (status, made) = ask(ploomes, 1, "POST /Webhooks", &body);
    assert_eq!((status, &made[0]["Active"], &made[0]["UserWebhook"]), (200, &json!(true), &json!(false)));
    made[0]["Id"].as_i64().unwrap()
}

fn told(ploomes: &mut Ploomes) -> Vec<Value> {
    let due = ploomes.due_hooks(at(0));
    due.iter().map(|hook: &Hook| serde_json::from_str(&hook.body).unwrap()).collect()
}

#[test]
fn a_listener_hears_of_its_own_kind_of_change_whoever_made_it() {
    let (mut ploomes, id) = account();
    patch(&mut ploomes, id, json!({ "Name": "unheard" }));
    assert!(told(&mut ploomes).is_empty(), "nobody listens yet");
    let hook = listen(&mut ploomes, 1, 2);
    patch(&mut ploomes, id, json!({ "Name": "from the API" }));
    ploomes.person_edits(at(70), id, &json!({ "Name": "by hand" })).unwrap();
    ploomes.person_adds(at(71), &json!({ "TypeId": 1, "Name": "other" })).unwrap();
    let heard = told(&mut ploomes);
    assert_eq!(heard.len(), 2, "{heard:?}");
    let api = ploomes.integration_user_id();
    let (first, second) = (&heard[0], &heard[1]);
    assert_eq!(
        (&first["Action"], &first["Entity"], &first["WebhookId"]),
        (&json!("Update"), &json!("Contacts"), &json!(hook))
    );
    assert_eq!((&first["ActionUserId"], &first["New"]["UpdaterId"]), (&json!(api), &json!(api)));
    assert_eq!((&first["Old"]["Name"], &first["New"]["Name"]), (&json!("unheard"), &json!("from the API")));
    assert_ne!(second["ActionUserId"], json!(api));
    assert!(told(&mut ploomes).is_empty(), "each is given once");
    patch(&mut ploomes, id, json!({ "Name": "by hand" }));
    assert_eq!(told(&mut ploomes).len(), 1, "a write of nothing is a write");
    ploomes.switches.idle_patch_touches = false;
    patch(&mut ploomes, id, json!({ "Name": "by hand" }));
    assert!(told(&mut ploomes).is_empty());
}

#[test]
fn births_deaths_and_records_are_heard_of_and_a_silenced_listener_hears_nothing() {
    let (mut ploomes, id) = account();
    let hooks = [listen(&mut ploomes, 1, 1), listen(&mut ploomes, 1, 3), listen(&mut ploomes, 36, 1)];
    let other = ploomes.person_adds(at(5), &json!({ "TypeId": 1, "Name": "other" })).unwrap();
    ask(&mut ploomes, 6, "POST /InteractionRecords", &json!({ "ContactId": id, "Content": "x" }));
    ploomes.person_deletes(at(7), other);
    let heard = told(&mut ploomes);
    let words: Vec<[&Value; 2]> = heard.iter().map(|told| [&told["Action"], &told["Entity"]]).collect();
    assert_eq!(words, [["Create", "Contacts"], ["Create", "InteractionRecords"], ["Delete", "Contacts"]]);
    assert_eq!(
        (&heard[0]["Old"], &heard[2]["New"], &heard[2]["Old"]["Id"]),
        (&Value::Null, &Value::Null, &json!(other))
    );
    ask(&mut ploomes, 8, &format!("PATCH /Webhooks({})", hooks[0]), &json!({ "Active": false }));
    ask(&mut ploomes, 8, &format!("DELETE /Webhooks({})", hooks[1]), &Value::Null);
    let other = ploomes.person_adds(at(9), &json!({ "TypeId": 1, "Name": "third" })).unwrap();
    ploomes.person_deletes(at(9), other);
    assert!(told(&mut ploomes).is_empty());
    assert_eq!(ask(&mut ploomes, 9, "POST /Webhooks", &json!({ "EntityId": 1 })).0, 400);
    assert_eq!(get(&mut ploomes, "/Webhooks@Actions?$orderby=Id")[1]["Name"], "Update");
}

#[test]
fn the_body_is_whole_flat_and_without_offsets() {
    let (mut ploomes, id) = account();
    listen(&mut ploomes, 1, 2);
    let tag = ploomes.add_tag("VIP");
    let key = get(&mut ploomes, "/Fields?$filter=Dynamic eq true&$orderby=Id")[0]["Key"].as_str().unwrap().to_owned();
    let body = json!({ "Tags": [{ "TagId": tag }], "OtherProperties": [{ "FieldKey": key, "StringValue": "ISENTO" }] });
    patch(&mut ploomes, id, body);
    let hook = ploomes.due_hooks(at(0)).remove(0);
    assert_eq!(hook.headers, [("x-ploomes-validation-key".to_owned(), "s3cret".to_owned())]);
    let new = &serde_json::from_str::<Value>(&hook.body).unwrap()["New"];
    assert_eq!((&new["CreateDate"], &new["ZipCode"]), (&json!("2026-03-02T09:00:00.12"), &json!(1_310_100)));
    assert_eq!((&new["Tags"], &new["OtherProperties"]), (&json!([{ "TagId": tag }]), &json!({ key: "ISENTO" })));
    assert_eq!(new["Phones"][0], json!({ "PhoneNumber": "(11) 3000-1000" }));
    assert_eq!((&new["Contacts"], new.get("Editable"), new.get("City")), (&json!([]), None, None));
}

#[test]
fn delivery_may_double_turn_around_or_lose_and_a_failing_listener_is_switched_off() {
    let (mut ploomes, id) = account();
    let listener = listen(&mut ploomes, 1, 2);
    let mut names = |delivery: Delivery| {
        ploomes.switches.delivery = delivery;
        for name in ["A", "B"] {
            patch(&mut ploomes, id, json!({ "Name": name }));
        }
        told(&mut ploomes).iter().map(|told| told["New"]["Name"].as_str().unwrap().to_owned()).collect::<String>()
    };
    let all = [Delivery::Once, Delivery::Twice, Delivery::Backwards, Delivery::Never].map(&mut names);
    assert_eq!(all, ["AB", "AABB", "BA", ""]);

    ploomes.switches.delivery = Delivery::Once;
    ploomes.switches.hook_failures_max = 2;
    for (well, left) in [(false, 1), (true, 1), (false, 1), (false, 1), (false, 0)] {
        patch(&mut ploomes, id, json!({ "Name": "C" }));
        let due = ploomes.due_hooks(at(0));
        assert_eq!(due.len(), left);
        due.iter().for_each(|hook| ploomes.hook_answered(at(0), hook, well));
    }
    let hooks = get(&mut ploomes, &format!("/Webhooks?$filter=Id eq {listener}"));
    assert_eq!(hooks[0]["Active"], false);
}
