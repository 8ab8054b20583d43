//! What `equip` and the second act in the field promise, seen through the doors of the sandboxes.

use serde_json::{Value, json};

use super::fieldwork::{Fieldwork, Job, equip};
use super::{Shows, Story, Systems, field_round, populate};
use crate::sandbox::{Auvo, Omie, Ploomes};

fn now() -> jiff::Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

struct House {
    omie: Omie,
    ploomes: Ploomes,
    auvo: Auvo,
    story: Story,
    fieldwork: Fieldwork,
}

fn house(seed: u64, records: usize) -> House {
    let (mut omie, mut ploomes, mut auvo) = (Omie::new(seed), Ploomes::new(seed), Auvo::new(seed));
    let story = populate(&mut omie, &mut ploomes, seed, records, now()).unwrap();
    let fieldwork = equip(&mut omie, &mut auvo, &story, (seed, records), now()).unwrap();
    House { omie, ploomes, auvo, story, fieldwork }
}

impl House {
    fn edit(&mut self) -> Vec<String> {
        let systems = Systems { omie: &mut self.omie, ploomes: &mut self.ploomes, auvo: &mut self.auvo };
        let later = now() + jiff::SignedDuration::from_hours(1);
        field_round(systems, &self.story, &self.fieldwork, later).unwrap()
    }

    fn job(&self, resource: &str, job: Job) -> Value {
        self.auvo.record(resource, &self.fieldwork.jobs[&job].to_string()).unwrap()
    }
}

#[test]
fn the_same_seed_equips_alike() {
    assert_eq!(house(5, 60).fieldwork, house(5, 60).fieldwork);
    assert_ne!(house(5, 60).fieldwork, house(6, 60).fieldwork);
}

#[test]
fn tasks_stand_where_the_story_says_and_are_of_the_day() {
    let house = house(1, 60);
    for (job, status) in [
        (Job::Open, 1),
        (Job::OnTheWay, 2),
        (Job::CheckedIn, 3),
        (Job::CheckedOut, 4),
        (Job::Finished, 5),
        (Job::Closed, 5),
        (Job::Paused, 6),
    ] {
        let task = house.job("tasks", job);
        assert_eq!(task["taskStatus"], status, "{job:?}");
        let of_today = |name: &str| task[name].as_str().unwrap().starts_with("2026-03-02T");
        assert!(of_today("taskDate") && of_today("dateLastUpdate"), "{job:?}: {task}");
    }
    assert!(house.job("tasks", Job::Yesterday)["dateLastUpdate"].as_str().unwrap().starts_with("2026-03-01T"));
    let lines = house.job("tasks", Job::Finished)["products"].clone();
    assert_eq!((&lines[0]["externalCode"], &lines[0]["quantity"]), (&json!("F-100"), &json!(2.0)));
    assert_eq!(lines[0]["totalValue"], 91.8);
    assert_eq!(house.job("tasks", Job::OwnService)["services"].as_array().unwrap().len(), 1);
    assert_eq!(house.job("tasks", Job::NoCustomer)["customerId"], 0);
    for (job, stage) in [(Job::Draft, "Em elaboração"), (Job::Approved, "Aprovado"), (Job::Declined, "Recusado")] {
        assert_eq!(house.job("quotations", job)["currentStage"]["description"], stage);
    }
}

#[test]
fn some_customers_are_twins_and_some_are_alone() {
    let house = house(2, 120);
    let digits = |value: &Value| value.as_str().unwrap().chars().filter(char::is_ascii_digit).collect::<String>();
    assert_eq!(house.fieldwork.twins.len(), 12);
    for (at, (code, id)) in house.fieldwork.twins.iter().enumerate() {
        let (client, customer) =
            (house.omie.client(*code).unwrap(), house.auvo.record("customers", &id.to_string()).unwrap());
        if at % 3 == 1 {
            assert_eq!(customer["externalId"], code.to_string());
        } else {
            assert_eq!(digits(&customer["cpfCnpj"]), digits(&client["cnpj_cpf"]));
        }
        assert_eq!(customer["groupsId"].as_array().unwrap().len(), 1);
    }
    let known: Vec<String> = house.omie.clients().map(|client| digits(&client["cnpj_cpf"])).collect();
    let (nobody, alone) = house.fieldwork.alone.split_last().unwrap();
    for id in alone {
        let customer = house.auvo.record("customers", &id.to_string()).unwrap();
        let document = digits(&customer["cpfCnpj"]);
        assert!(document.len() == 14 && !known.contains(&document), "{customer}");
    }
    assert_eq!(house.auvo.record("customers", &nobody.to_string()).unwrap()["cpfCnpj"], "");
}

#[test]
fn goods_are_sold_retired_hidden_and_counted() {
    let house = house(1, 100);
    let product = |code: &str| house.omie.product(house.fieldwork.products[code]).unwrap();
    assert_eq!((&product("S-800")["inativo"], &product("F-100")["inativo"]), (&json!("S"), &json!("N")));
    let sold = |code: &str| product(code)["recomendacoes_fiscais"]["cupom_fiscal"].clone();
    assert_eq!((sold("F-100"), sold("F-110")), (json!("S"), json!("N")));
    assert_eq!(house.omie.stock_locations().len(), 2);
    let service = house.omie.service(house.fieldwork.services["Visita técnica"]).unwrap();
    assert_eq!(service["cabecalho"]["nPrecoUnit"], 120.0);
    assert_eq!(house.auvo.records("products").len(), 3);
}

#[test]
fn the_second_act_edits_all_three() {
    let mut house = house(3, 60);
    let told = house.edit();
    for word in
        ["Omie, product", "Auvo, product", "Auvo, customer", "Auvo, task", "Auvo, quotation", "Ploomes, contact"]
    {
        assert!(told.iter().any(|line| line.starts_with(word)), "{word}: {told:#?}");
    }
    assert_eq!(house.job("tasks", Job::Open)["taskStatus"], 5);
    assert_eq!(house.job("quotations", Job::Sent)["currentStage"]["description"], "Aprovado");
    assert_eq!(house.omie.product(house.fieldwork.products["C-300"]).unwrap()["valor_unitario"], 1_199.0);
    let contact = house.story.shown[&Shows::OnlyPloomes].ploomes[1];
    assert_eq!(house.ploomes.contact(contact).unwrap()["Email"], "obras@caminho.example");
    let nobody = house.fieldwork.alone.last().unwrap();
    let filled = house.auvo.record("customers", &nobody.to_string()).unwrap();
    assert_eq!(filled["cpfCnpj"].as_str().unwrap().len(), 11);
    let gone = house.fieldwork.jobs[&Job::AtNewCustomer];
    assert_eq!(house.auvo.record("tasks", &gone.to_string()), None);
}

#[test]
fn the_smallest_house_has_a_second_act() {
    assert!(house(1, 0).edit().len() > 10);
}
