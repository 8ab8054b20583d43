//! What `doctor` asks an account of each system, answered by sandboxes that are one way and the other.

use std::collections::BTreeSet;

use depara::clock::Clock;
use depara::engine::doctor::Doctor;
use depara::engine::reference::Cache;
use depara::sandbox::auvo::{OverCap, PriceForm};
use depara::sandbox::people::{self, fieldwork};
use depara::sandbox::{Auvo, Omie, Ploomes};
use serde_json::json;

use crate::trio::Trio;

/// What an account answers, each line with its word.
async fn answers(system: &str, prepare: impl FnOnce(&mut Omie, &mut Ploomes, &mut Auvo, &Clock)) -> String {
    let trio = Trio::build("{ omie-ploomes/clientes: {} }", prepare);
    let runner = trio.runner("omie-ploomes/clientes").await;
    let connectors = runner.lock().await.connectors.clone();
    let mut doctor = Doctor::new(connectors, Cache::default(), trio.clock.clone());
    let found = doctor.system(system, &BTreeSet::new()).await;
    trio.assert_kept();
    found.into_iter().map(|one| format!("{}: {}\n", one.is.word(), one.text)).collect()
}

#[track_caller]
fn says(found: &str, lines: &[&str]) {
    for line in lines {
        assert!(found.contains(line), "`{line}` is not in\n{found}");
    }
}

#[tokio::test(start_paused = true)]
async fn omie_answers_both_ways() {
    let usual = answers("omie", |omie, _, _, clock| {
        people::crowd(omie, 1, 120, clock.now()).unwrap();
    });
    says(
        &usual.await,
        &[
            "ok: How many clients does a page hold at most? 100: more are cut in silence.",
            "ok: Are ids numbers or texts? Numbers.",
            "ok: Does one CPF or CNPJ stand in one client alone? Yes, among 100.",
        ],
    );
    let other = answers("omie", |omie, _, _, clock| {
        (omie.switches.page_cap, omie.switches.ids_as_text) = (500, true);
        people::crowd(omie, 1, 120, clock.now()).unwrap();
        omie.switches.unique_document = false;
        for name in ["Aurora", "Aurora Filial"] {
            let client = json!({ "razao_social": name, "nome_fantasia": name, "cnpj_cpf": "11222333000181" });
            omie.person_adds(clock.now(), &client).unwrap();
        }
    });
    says(
        &other.await,
        &[
            "ok: How many clients does a page hold at most? More than 100: 122 came.",
            "ok: Are ids numbers or texts? Texts.",
            "warning: Does one CPF or CNPJ stand in one client alone? No, not 11.222.333/0001-81: twins",
        ],
    );
    let empty = answers("omie", |_, _, _, _| {}).await;
    assert_eq!(empty.matches("note: ").count(), 2, "{empty}");
}

#[tokio::test(start_paused = true)]
async fn ploomes_answers_both_ways() {
    let usual = answers("ploomes", |_, ploomes, _, clock| {
        people::crowd_of_contacts(ploomes, 1, 310, clock.now()).unwrap();
    });
    says(
        &usual.await,
        &[
            "ok: How many contacts does a page hold at most? 300: more are cut in silence.",
            "ok: Which type of phone is a fax? That with the Id ",
            "ok: Do filters mind upper and lower case? No.",
        ],
    );
    let other = answers("ploomes", |_, ploomes, _, clock| {
        people::crowd_of_contacts(ploomes, 1, 310, clock.now()).unwrap();
        (ploomes.switches.page_max, ploomes.switches.case_sensitive) = (1_000, true);
    });
    says(
        &other.await,
        &[
            "ok: How many contacts does a page hold at most? More than 300.",
            "note: Do filters mind upper and lower case? Yes, or no type",
        ],
    );
}

/// Customers, goods and quotations.
fn field(omie: &mut Omie, ploomes: &mut Ploomes, auvo: &mut Auvo, clock: &Clock) {
    let story = people::populate(omie, ploomes, 1, 0, clock.now()).unwrap();
    fieldwork::equip(omie, auvo, &story, (1, 0), clock.now()).unwrap();
    for number in 0..110 {
        let customer = json!({ "name": format!("Cliente {number}"), "externalId": format!("x{number}") });
        auvo.person_adds(clock.now(), "customers", &customer).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn auvo_answers_in_all_its_ways() {
    let usual = answers("auvo", field).await;
    says(
        &usual,
        &[
            "ok: How many customers does a page hold at most? 100: more are cut in silence.",
            "ok: Under which names are customers shown? `id` and `description`.",
            "ok: Is an externalId one customer's alone? Yes, among 100.",
            "ok: How are prices written? As texts, such as `",
            "ok: Which stages do quotations have? ",
            "ok: Do rows of the list hold their lines? Yes.",
        ],
    );
    assert!(usual.contains("Aprovado"), "{usual}");
    let other = answers("auvo", |omie, ploomes, auvo, clock| {
        field(omie, ploomes, auvo, clock);
        (auvo.switches.over_cap, auvo.switches.product_price) = (OverCap::Refuse, PriceForm::Number);
        (auvo.switches.quotation_rows_thin, auvo.switches.quotation_old_names) = (true, true);
    });
    let other = other.await;
    says(
        &other,
        &[
            "ok: How many customers does a page hold at most? 100: more are refused.",
            "ok: How are prices written? As numbers, such as ",
            "ok: Do rows of the list hold their lines? No; each is read by itself.",
        ],
    );
    assert!(other.contains("Aprovado"), "{other}");
    let third = answers("auvo", |omie, ploomes, auvo, clock| {
        (auvo.switches.over_cap, auvo.switches.customer_portal_names) = (OverCap::Allow, true);
        for name in ["Um", "Outro"] {
            auvo.person_adds(clock.now(), "customers", &json!({ "name": name, "externalId": "x1" })).unwrap();
        }
        field(omie, ploomes, auvo, clock);
    });
    says(
        &third.await,
        &[
            "ok: How many customers does a page hold at most? More than 100.",
            "ok: Under which names are customers shown? `customerId` and `name`",
            "warning: Is an externalId one customer's alone? No, not x1: twins",
        ],
    );
}
