//! What goes wrong with answers and leaves the account as it was.

use serde_json::{Value, json};

use super::{account, ask, ask_raw, get};
use crate::sandbox::Sandbox;

#[test]
fn pages_of_html_lost_members_and_repeated_answers() {
    let (mut ploomes, id) = account();
    ploomes.faults().add_text("html:Contacts:2").unwrap();
    let page = ask_raw(&mut ploomes, 1, "GET /Contacts", "");
    assert!(page.status == 200 && page.body.starts_with(b"<!DOCTYPE html>"));
    let change = format!("PATCH /Contacts({id})");
    assert_eq!(ask(&mut ploomes, 2, &change, &json!({ "Email": "a@x.example" })), (200, Value::Null));
    let all = get(&mut ploomes, "/Contacts");
    assert_eq!(all[0]["Email"], Value::Null, "nothing was written");

    for number in 0..20 {
        ploomes.faults().add_text(&format!("missing-field:GET Contacts:1:{number}")).unwrap();
        let rows = get(&mut ploomes, "/Contacts");
        let (thin, whole) = (rows[0].as_object().unwrap(), all[0].as_object().unwrap());
        assert_eq!((thin.len(), thin.get("Id")), (whole.len() - 1, whole.get("Id")));
    }

    ploomes.faults().add_text("repeat-answer:GET Contacts").unwrap();
    assert_eq!(get(&mut ploomes, "/Contacts"), all, "nothing was kept yet");
    ask(&mut ploomes, 3, &change, &json!({ "Email": "b@x.example" }));
    assert_eq!(get(&mut ploomes, "/Contacts"), all);
    assert_eq!(get(&mut ploomes, "/Contacts")[0]["Email"], "b@x.example");
}
