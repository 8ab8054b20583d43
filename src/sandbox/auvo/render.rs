//! Records as the API shows them: names of what they refer to, prices as texts, the spellings that
//! differ between accounts. Members of the server's own are left away.

use serde_json::{Value, json};

use super::filter::Judge;
use super::price;
use super::quotations;
use super::row::{Row, items, number, rename, set, text, whole};
use super::schema::Table;
use super::switches::Switches;
use super::tasks;
use super::world::World;

/// A record as a list shows it.
pub(super) fn listed(world: &World, switches: &Switches, table: Table, stored: &Row) -> Row {
    let mut row = shown(world, switches, table, stored);
    if table == Table::Quotation && switches.quotation_rows_thin {
        for lines in ["products", "services", "aditionalCosts", "summary"] {
            row.remove(lines);
        }
    }
    row
}

/// A record as it is shown by itself.
pub(super) fn shown(world: &World, switches: &Switches, table: Table, stored: &Row) -> Row {
    let mut row = match table {
        Table::Customer => customer(switches, stored),
        Table::Team => team(world, stored),
        Table::Product => product(switches, stored),
        Table::Service => {
            let mut row = stored.clone();
            set(&mut row, "price", price::shown(number(stored, "price"), switches.service_price));
            row
        }
        Table::Task | Table::DeletedTask => task(world, switches, stored),
        Table::Quotation => quotations::shown(world, switches, stored),
        Table::Group
        | Table::User
        | Table::Segment
        | Table::Keyword
        | Table::TaskType
        | Table::Category
        | Table::WebHook => stored.clone(),
    };
    row.retain(|name, _| !name.starts_with('_'));
    row
}

/// A record as the answer to a write of it.
pub(super) fn written(world: &World, switches: &Switches, method: &str, (table, stored): (Table, &Row)) -> Value {
    let mut row = shown(world, switches, table, stored);
    if table == Table::Customer && method != "PUT" && switches.customer_answer_says_name {
        rename(&mut row, "description", "name");
    }
    if table == Table::Group && switches.group_answer_nested {
        return json!({ "clientGroupSearchReturn": row });
    }
    Value::Object(row)
}

fn customer(switches: &Switches, stored: &Row) -> Row {
    let mut row = stored.clone();
    if !switches.legal_name_shown {
        row.remove("legalName");
    }
    if switches.customer_portal_names {
        rename(&mut row, "id", "customerId");
        rename(&mut row, "description", "name");
    }
    row
}

fn team(world: &World, stored: &Row) -> Row {
    let mut row = stored.clone();
    for (ids, names) in [("_participants", "teamUsers"), ("_managers", "teamManagers")] {
        let users = items(stored, ids).iter().filter_map(Value::as_i64);
        let users = users.filter_map(|id| world.row(Table::User, id)).map(|user| json!(text(user, "name")));
        set(&mut row, names, users.collect::<Vec<_>>());
    }
    row
}

fn product(switches: &Switches, stored: &Row) -> Row {
    let mut row = stored.clone();
    for name in ["unitaryValue", "unitaryCost"] {
        set(&mut row, name, price::shown(number(stored, name), switches.product_price));
    }
    if switches.product_id_shown {
        set(&mut row, "id", whole(stored, "code"));
    }
    if switches.product_code_text {
        set(&mut row, "code", whole(stored, "code").to_string());
    }
    row
}

fn task(world: &World, switches: &Switches, stored: &Row) -> Row {
    let mut row = stored.clone();
    let of = |table: Table, by: &str, name: &str| {
        let other = world.row(table, whole(stored, by));
        other.map_or("", |other| text(other, name)).to_owned()
    };
    set(&mut row, "userFromName", of(Table::User, "idUserFrom", "name"));
    set(&mut row, "userToName", of(Table::User, "idUserTo", "name"));
    set(&mut row, "customerDescription", of(Table::Customer, "customerId", "description"));
    set(&mut row, "customerExternalId", of(Table::Customer, "customerId", "externalId"));
    set(&mut row, "taskTypeDescription", of(Table::TaskType, "taskType", "description"));
    let planned = of(Table::TaskType, "taskType", "standartTime");
    set(&mut row, "estimatedDuration", if planned.is_empty() { "00:00:00".to_owned() } else { planned });
    let judge = Judge { world, switches };
    set(&mut row, "keyWordsDescriptions", judge.keywords(stored).map(Value::from).collect::<Vec<_>>());
    set(&mut row, "summary", tasks::summary(stored));
    row
}
