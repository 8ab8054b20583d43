//! What a new account has before anybody works in it: people, teams, kinds of tasks, stages.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::row::{Row, object, set};
use super::schema::Table;
use super::switches::Switches;
use super::world::World;
use super::write::Writer;

/// Fills an account; tells the user whose keys are used and the person who acts inside.
pub(super) fn fill(world: &mut World) -> (i64, i64) {
    let switches = Switches::default();
    let mut writer = Writer::new(world, &switches, 0, Timestamp::UNIX_EPOCH);
    writer.by_person = true;
    let mut add = |table, body: Value| writer.create(table, &object(body)).unwrap_or_default();
    let mut user = |name: &str, job: &str, login: &str| {
        let email = format!("{login}@firma.example");
        let body = json!({ "name": name, "smartPhoneNumber": "62900000001", "culture": "pt-BR", "jobPosition": job,
            "login": login, "email": email });
        add(Table::User, body)
    };
    let office = user("Escritório", "Administração", "escritorio");
    let person = user("Paula Prado", "Atendimento", "paula.prado");
    let first = user("Técnica Um", "Técnica", "tec.um");
    let second = user("Técnico Dois", "Técnico", "tec.dois");
    add(Table::Team, json!({ "description": "Campo", "participants": [first, second], "managers": [person] }));
    for (name, time) in [("Preventiva", "01:30:00"), ("Corretiva", "02:00:00"), ("Instalação", "04:00:00")] {
        add(Table::TaskType, json!({ "description": name, "standartTime": time }));
    }
    for (table, name) in [
        (Table::Group, "Contratos"),
        (Table::Group, "Avulsos"),
        (Table::Segment, "Comércio"),
        (Table::Segment, "Indústria"),
        (Table::Keyword, "garantia"),
        (Table::Keyword, "urgente"),
        (Table::Category, "Peças"),
    ] {
        add(table, json!({ "description": name }));
    }
    for (name, changes_stock, cancelled) in [
        ("Em elaboração", false, false),
        ("Enviado", false, false),
        ("Aprovado", true, false),
        ("Recusado", false, true),
    ] {
        add_stage(world, name, changes_stock, cancelled);
    }
    promote(world, office);
    (office, person)
}

/// Adds a stage after the others; tells its id.
pub(super) fn add_stage(world: &mut World, name: &str, changes_stock: bool, cancelled: bool) -> i64 {
    let id = world.new_id(Table::Group);
    let open = !changes_stock && !cancelled;
    let stage = json!({ "id": id, "description": name, "position": world.stages.len() + 1,
        "changeStock": changes_stock, "isCancelled": cancelled, "editAllowed": open });
    world.stages.push(object(stage));
    id
}

/// Makes a user an administrator.
fn promote(world: &mut World, user: i64) {
    let Some(mut row) = world.row(Table::User, user).cloned() else { return };
    administer(&mut row);
    world.put(0, Table::User, user, row);
}

fn administer(row: &mut Row) {
    set(row, "_type", 3);
    set(row, "userType", json!({ "userTypeId": 3, "description": "administrator" }));
}
