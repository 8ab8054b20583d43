//! Point 12 and the tasks of points 5 and 8: writes, lines, visits, deletions.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::auvo::Visit;

#[test]
fn a_task_reads_as_the_sheet_has_it() {
    let mut desk = Desk::new();
    let (customer, (guid, code)) = (desk.customer("Aurora"), desk.product("Filtro", 45.9));
    let kind: i64 = desk.auvo.named("taskTypes", "Preventiva").unwrap().parse().unwrap();
    let user: i64 = desk.auvo.named("users", "Técnica Um").unwrap().parse().unwrap();
    desk.auvo
        .person_edits(
            desk.now,
            "customers",
            &customer.to_string(),
            &json!({ "address": "Rua A, 10", "externalId": "C1" }),
        )
        .unwrap();
    let office = desk.auvo.integration_user_id();
    desk.at("2026-02-10T12:10:00Z");
    let made = desk.good(
        "POST /tasks/",
        json!({ "externalId": "T-31", "idUserFrom": office, "idUserTo": user,
        "customerId": customer, "taskType": kind, "priority": 2, "taskDate": "2026-02-12T14:00:00",
        "orientation": "Preventiva mensal", "address": "outra",
        "taskProducts": [{ "productId": guid, "quantity": 2, "value": 45.9 }] }),
    );
    let line = json!({ "productId": guid, "code": code, "name": "Filtro", "description": "", "externalCode": "P-Filtro",
        "quantity": 2.0, "unitaryValue": 45.9, "totalValue": 91.8, "userResponsible": made["products"][0]["userResponsible"],
        "userResponsibleCode": office, "dateRegister": "2026-02-10T09:10:00", "dateEdit": "0001-01-01T00:00:00",
        "discount": { "value": 0.0, "type": "Valor" } });
    assert_eq!(made["products"], json!([line]));
    let mut rest = made.clone();
    for (name, value) in [
        ("userFromName", json!("Escritório")),
        ("userToName", json!("Técnica Um")),
        ("idUserTo", json!(user)),
        ("customerDescription", json!("Aurora")),
        ("customerExternalId", json!("C1")),
        ("address", json!("Rua A, 10")),
        ("taskTypeDescription", json!("Preventiva")),
        ("estimatedDuration", json!("01:30:00")),
        ("creationDate", json!("2026-02-10T09:10:00")),
        ("taskDate", json!("2026-02-12T14:00:00")),
        ("dateLastUpdate", json!("2026-02-10T09:10:00")),
        ("deliveredOnSmarthPhone", json!(false)),
        ("deliveredDate", json!("0001-01-01T00:00:00")),
        ("checkInDate", json!("")),
        ("checkOutDate", json!("")),
        ("visualizedDate", json!("")),
        ("displacementStart", json!("")),
        ("duration", json!("")),
        ("durationDecimal", json!("")),
        ("expense", json!("0,00")),
        ("ticketId", json!(0)),
        ("services", json!([])),
        (
            "summary",
            json!({ "totalProducts": 91.8, "totalServices": 0.0, "totalAdditionalCosts": 0.0,
            "totalValue": 91.8, "discount": { "value": 0.0, "type": "Valor" } }),
        ),
        ("taskStatus", json!(1)),
        ("finished", json!(false)),
        ("reschedulingHistory", json!([])),
        ("pendency", json!("")),
    ] {
        assert_eq!(rest[name].take(), value, "{name}");
    }
    assert!(made["taskUrl"].as_str().unwrap().starts_with("https://app.auvo.com.br/informacoes/tarefa/"));
    assert!(made["survey"].as_str().unwrap().len() > 36);
    assert!(["taskProducts", "taskDiscount", "_discount"].iter().all(|name| made.get(name).is_none()));
    assert_eq!(desk.get(&format!("/tasks/{}", made["taskID"])), made);
}

#[test]
fn wrong_types_and_a_missing_author_bring_the_server_down() {
    let mut desk = Desk::new();
    let office = desk.auvo.integration_user_id();
    let good = json!({ "idUserFrom": office, "orientation": "x", "priority": 1 });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let statuses = [
        with("idUserFrom", json!(office.to_string())),
        with("customerId", json!("5")),
        with("idUserFrom", Value::Null),
        with("orientation", Value::Null),
        with("customerId", json!(5)),
        with("equipmentsId", json!([5])),
    ];
    let statuses = statuses.map(|body| desk.call("POST /tasks", &body).0);
    assert_eq!(statuses, [500, 500, 500, 400, 400, 400]);
    assert!(desk.auvo.records("tasks").is_empty());
    let made = desk.good("POST /tasks", with("address", json!("Rua B, 1")));
    assert_eq!((&made["idUserTo"], &made["userToName"], &made["customerId"]), (&json!(0), &json!(""), &json!(0)));
    assert!(made["latitude"].as_f64().unwrap() < 0.0);
}

#[test]
fn a_list_of_tasks_wants_a_window_or_a_customer() {
    let mut desk = Desk::new();
    let customer = desk.customer("a");
    let task = desk.task(customer, "2026-02-12T14:00:00");
    let told = "Start date and end date are required when customerId is not provided";
    let refused = json!({ "message": told, "target": null, "errorCode": 168, "errors": null });
    for query in ["", "?paramFilter=%7B%7D", "?startDate=2020-01-01&endDate=2099-01-01"] {
        assert_eq!(desk.call(&format!("GET /tasks/{query}"), &Value::Null), (400, refused.clone()), "{query}");
    }
    let alone = encoded(&json!({ "dateLastUpdate": "2020-01-01" }).to_string());
    assert_eq!(desk.call(&format!("GET /tasks/?paramFilter={alone}"), &Value::Null).0, 400);
    assert_eq!(desk.rows("/tasks", &json!({ "customerId": customer }))[0]["taskID"], task);
    assert_eq!(desk.count("/tasks", &ever()), 1);
    let end = |desk: &mut Desk, end: &str| desk.count("/tasks", &json!({ "StartDate": "2026-02-12", "EndDate": end }));
    assert_eq!((end(&mut desk, "2026-02-12T23:59:59"), end(&mut desk, "2026-02-12T14:00:00")), (1, 1));
    assert_eq!(end(&mut desk, "2026-02-12"), 0);
    desk.auvo.switches.bare_end_takes_day = true;
    assert_eq!(end(&mut desk, "2026-02-12"), 1);
    desk.auvo.switches.end_inclusive = false;
    assert_eq!(end(&mut desk, "2026-02-12T14:00:00"), 0);
}

#[test]
fn tasks_are_found_by_what_people_ask_for() {
    let mut desk = Desk::new();
    let customer = desk.customer("a");
    let [user, kind, word] = [("users", "Técnica Um"), ("taskTypes", "Corretiva"), ("keywords", "urgente")]
        .map(|(resource, name)| desk.auvo.named(resource, name).unwrap());
    let [group, team] = [("customerGroups", "Contratos"), ("teams", "Campo")]
        .map(|(resource, name)| desk.auvo.named(resource, name).unwrap().parse::<i64>().unwrap());
    desk.good("PUT /customers", json!({ "id": customer, "replaceData": false, "groupsId": [group] }));
    let (mine, other) = (desk.task(customer, "2026-02-12"), desk.task(0, "2026-02-13"));
    let kind: i64 = kind.parse().unwrap();
    let user: i64 = user.parse().unwrap();
    let body = json!({ "externalId": "T-1", "taskType": kind, "idUserTo": user, "keyWords": [word], "priority": 3 });
    desk.auvo.person_edits(desk.now, "tasks", &mine.to_string(), &body).unwrap();
    for (key, value) in [
        ("customerGroupId", json!(group)),
        ("teamId", json!(team)),
        ("type", json!(kind)),
        ("idUserTo", json!(user)),
        ("typeList", json!(format!("{kind},7"))),
        ("tags", json!("URGENTE,x")),
        ("externalId", json!("T-1,T-2")),
        ("priority", json!(3)),
        ("taskID", json!(mine)),
    ] {
        let found = desk.rows("/tasks", &ever_and(key, value));
        assert!(found.len() == 1 && found[0]["taskID"] == mine, "{key}: {}", found.len());
    }
    assert_eq!(desk.count("/tasks", &ever_and("dateLastUpdate", json!("2026-02-10T09:00:00"))), 2);
    assert_eq!(desk.rows("/tasks", &ever())[0]["keyWordsDescriptions"], json!(["urgente"]));
    desk.auvo.visit(desk.now, other, &Visit::Close("ok".to_owned())).unwrap();
    desk.auvo.visit(desk.now, mine, &Visit::CheckIn).unwrap();
    let found = [0, 1, 2, 3, 4, 5, 6, 7].map(|code| desk.count("/tasks", &ever_and("status", json!(code))));
    assert_eq!(found, [1, 0, 1, 1, 2, 0, 2, 1]);
    desk.auvo.visit(desk.now, mine, &Visit::Finish("ok".to_owned())).unwrap();
    desk.auvo.visit(desk.now, mine, &Visit::Pend("falta peça".to_owned())).unwrap();
    let found = [1, 2, 3, 5, 7].map(|code| desk.count("/tasks", &ever_and("status", json!(code))));
    assert_eq!(found, [1, 1, 2, 1, 0]);
}

#[test]
fn a_visit_leaves_its_marks_in_order() {
    let mut desk = Desk::new();
    let task = desk.task(0, "2026-02-10T10:00:00");
    let step = |desk: &mut Desk, at: &str, step: Visit| {
        desk.now = format!("2026-02-10T{at}Z").parse().unwrap();
        desk.auvo.visit(desk.now, task, &step).unwrap();
        desk.auvo.record("tasks", &task.to_string()).unwrap()
    };
    let row = step(&mut desk, "13:00:00", Visit::Deliver);
    assert_eq!((&row["deliveredOnSmarthPhone"], &row["deliveredDate"]), (&json!(true), &json!("2026-02-10T10:00:00")));
    let row = step(&mut desk, "13:01:00", Visit::View);
    assert_eq!((&row["visualizedDate"], &row["taskStatus"]), (&json!("2026-02-10T10:01:00"), &json!(1)));
    let row = step(&mut desk, "13:02:00", Visit::Displace);
    assert_eq!((&row["displacementStart"], &row["taskStatus"]), (&json!("2026-02-10T10:02:00"), &json!(2)));
    let row = step(&mut desk, "13:30:00", Visit::CheckIn);
    assert_eq!(
        (&row["checkIn"], &row["checkInDate"], &row["taskStatus"]),
        (&json!(true), &json!("2026-02-10T10:30:00"), &json!(3))
    );
    let row = step(&mut desk, "14:00:00", Visit::Pause("almoço".to_owned()));
    assert_eq!((&row["taskStatus"], &row["reasonForPause"]), (&json!(6), &json!("almoço")));
    assert!(desk.auvo.visit(desk.now, task, &Visit::CheckOut).is_err());
    let row = step(&mut desk, "15:00:00", Visit::Resume);
    assert_eq!((&row["taskStatus"], &row["duration"]), (&json!(3), &json!("")));
    let row = step(&mut desk, "15:50:00", Visit::CheckOut);
    assert_eq!(
        (&row["taskStatus"], &row["duration"], &row["durationDecimal"]),
        (&json!(4), &json!("02:20:00"), &json!("2.33333333333333"))
    );
    let row = step(&mut desk, "15:51:00", Visit::Finish("Trocado".to_owned()));
    assert_eq!((&row["taskStatus"], &row["finished"], &row["report"]), (&json!(5), &json!(true), &json!("Trocado")));
    assert_eq!(
        (&row["checkOutDate"], &row["dateLastUpdate"]),
        (&json!("2026-02-10T12:50:00"), &json!("2026-02-10T12:51:00"))
    );
    for step in [Visit::Displace, Visit::CheckIn, Visit::Finish(String::new()), Visit::Close(String::new())] {
        assert!(desk.auvo.visit(desk.now, task, &step).is_err(), "{step:?}");
    }
    assert!(desk.auvo.visit(desk.now, 1, &Visit::View).is_err());
}

#[test]
fn a_task_closed_from_the_office_has_no_visit() {
    let mut desk = Desk::new();
    let task = desk.task(0, "2026-02-10T10:00:00");
    desk.auvo.visit(desk.now, task, &Visit::Close("cliente resolveu".to_owned())).unwrap();
    let row = desk.get(&format!("/tasks/{task}"));
    assert_eq!((&row["finished"], &row["taskStatus"], &row["checkIn"]), (&json!(true), &json!(5), &json!(false)));
    assert_eq!((&row["duration"], &row["checkOutDate"]), (&json!(""), &json!("")));
}

#[test]
fn another_date_is_remembered_and_no_write_reaches_the_status() {
    let mut desk = Desk::new();
    let task = desk.task(0, "2026-02-12T14:00:00");
    let path = format!("/tasks/{task}");
    desk.at("2026-02-10T13:00:00Z");
    let (_, told) = desk.patch(&path, "/taskDate", json!("2026-02-13T08:00:00"));
    let office = desk.auvo.integration_user_id();
    let history = json!([{ "idUser": office, "userName": "Escritório", "oldScheduledDate": "2026-02-12T14:00:00",
        "newScheduledDate": "2026-02-13T08:00:00", "registerDate": "2026-02-10T10:00:00" }]);
    assert_eq!(told["result"]["reschedulingHistory"], history);
    for member in ["taskStatus", "finished", "checkIn", "report", "taskEndDate", "estimatedDuration"] {
        assert_eq!(desk.patch(&path, member, json!(5)).0, 400, "{member}");
    }
    let (status, told) = desk.call("PUT /tasks", &json!({ "id": task, "taskStatus": 5, "orientation": "nova" }));
    assert_eq!(
        (status, &told["result"]["taskStatus"], &told["result"]["orientation"]),
        (200, &json!(1), &json!("nova"))
    );
    desk.auvo.switches.checked_in_keeps_date = true;
    desk.auvo.visit(desk.now, task, &Visit::CheckIn).unwrap();
    assert_eq!(desk.patch(&path, "taskDate", json!("2026-02-14")).0, 400);
    assert_eq!(desk.patch(&path, "orientation", json!("x")).0, 200);
}

#[test]
fn a_put_finds_a_task_by_external_id_too_unless_switched_off() {
    let mut desk = Desk::new();
    let office = desk.auvo.integration_user_id();
    let body = json!({ "externalId": "T-1", "idUserFrom": office, "orientation": "x", "priority": 1 });
    assert_eq!(desk.call("PUT /tasks", &body).0, 201);
    assert_eq!(desk.call("PUT /tasks", &body).0, 200);
    desk.auvo.switches.task_put_by_external_id = false;
    assert_eq!(desk.call("PUT /tasks", &body).0, 201);
    assert_eq!(desk.auvo.records("tasks").len(), 2);
}

#[test]
fn lines_are_merged_and_taken_away_by_guid() {
    let mut desk = Desk::new();
    let ((guid, _), service) = (desk.product("Filtro", 45.9), desk.service("Limpeza", 100.0));
    let task = desk.task(0, "2026-02-12");
    let products = format!("PUT /tasks/{task}/products");
    desk.good(&products, json!({ "taskProducts": [{ "productId": guid, "quantity": "2" }] }));
    let line =
        json!({ "productId": guid.to_uppercase(), "quantity": 3, "value": 10, "discountType": 1, "discountValue": 10 });
    let told = desk.good(&products, json!({ "TaskProducts": [line] }));
    let line = &told["products"][0];
    assert_eq!(
        (told["products"].as_array().unwrap().len(), &line["quantity"], &line["totalValue"]),
        (1, &json!(3.0), &json!(27.0))
    );
    assert_ne!(line["dateEdit"], "0001-01-01T00:00:00");
    let told = desk.good(
        &format!("PUT /tasks/{task}/services"),
        json!({ "taskServices": [{ "serviceId": service, "quantity": 1.5 }] }),
    );
    let line = &told["services"][0];
    assert_eq!((&line["id"], &line["name"], &line["totalValue"]), (&json!(service), &json!("Limpeza"), &json!(150.0)));
    assert!(line.get("code").is_none() && line.get("serviceId").is_none());
    assert_eq!((&told["summary"]["totalServices"], &told["summary"]["totalValue"]), (&json!(150.0), &json!(177.0)));
    assert_eq!(desk.call(&products, &json!({ "taskProducts": [{ "productId": "nobody" }] })).0, 400);
    assert_eq!(desk.call(&products, &json!({})).0, 400);
    assert_eq!(desk.call(&format!("DELETE /tasks/{task}/products"), &json!([guid])), (204, Value::Null));
    desk.auvo.switches.line_delete_shows_task = true;
    let (status, told) = desk.call(&format!("DELETE /tasks/{task}/services"), &json!([service]));
    assert_eq!((status, &told["result"]["services"], &told["result"]["products"]), (200, &json!([]), &json!([])));
}

#[test]
fn people_change_lines_and_a_discount_takes_from_the_sum() {
    let mut desk = Desk::new();
    let (guid, _) = desk.product("Filtro", 50.0);
    let task = desk.auvo.person_adds(desk.now, "tasks", &json!({ "taskDate": "2026-02-12" })).unwrap();
    let edit =
        json!({ "taskProducts": [{ "productId": guid, "quantity": 4 }], "taskDiscount": { "type": 1, "value": 25 } });
    desk.auvo.person_edits(desk.now, "tasks", &task, &edit).unwrap();
    let row = desk.get(&format!("/tasks/{task}"));
    assert_eq!((&row["summary"]["totalProducts"], &row["summary"]["totalValue"]), (&json!(200.0), &json!(150.0)));
    assert_eq!(
        (&row["userFromName"], &row["products"][0]["userResponsibleCode"]),
        (&json!("Paula Prado"), &json!(desk.auvo.person_id()))
    );
    assert!(desk.auvo.person_edits(desk.now, "tasks", &task, &json!({ "priority": 4 })).is_err());
}

#[test]
fn deleted_tasks_are_listed_apart() {
    let mut desk = Desk::new();
    let (one, two) = (desk.task(0, "2026-02-12"), desk.task(0, "2026-02-12"));
    assert_eq!(desk.count("/tasks/GetDeletedTasks", &ever()), 0);
    desk.at("2026-02-11T12:00:00Z");
    assert_eq!(desk.call(&format!("DELETE /tasks/{one}"), &Value::Null).0, 204);
    assert!(desk.auvo.person_deletes(desk.now, "tasks", &two.to_string()));
    assert_eq!((desk.count("/tasks", &ever()), desk.call(&format!("GET /tasks/{one}"), &Value::Null).0), (0, 404));
    let gone = desk.rows("/tasks/getdeletedtasks", &ever_and("dateLastUpdate", json!("2026-02-11")));
    assert_eq!((gone.len(), &gone[0]["taskID"], &gone[0]["orientation"]), (2, &json!(one), &json!("Visita")));
    assert_eq!(desk.call("GET /tasks/GetDeletedTasks", &Value::Null).0, 400);
    assert_eq!(desk.auvo.tally().calls["GET tasks/GetDeletedTasks"], 3);
}
