//! What `populate` promises, seen through the doors of both sandboxes.

use serde_json::Value;

use super::{Shows, edit_round, populate, seller};
use crate::sandbox::{Omie, Ploomes};

fn now() -> jiff::Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn filled(seed: u64, records: usize) -> (Omie, Ploomes, super::Story) {
    let (mut omie, mut ploomes) = (Omie::new(seed), Ploomes::new(seed));
    let story = populate(&mut omie, &mut ploomes, seed, records, now()).unwrap();
    (omie, ploomes, story)
}

const ALL: [Shows; 23] = [
    Shows::DeliveryToo,
    Shows::DeliveryOnly,
    Shows::PhonesMany,
    Shows::FaxCounts,
    Shows::FaxTooLate,
    Shows::Inactive,
    Shows::OwnerInOtherCase,
    Shows::OwnerWithoutSeller,
    Shows::SellerWithoutUser,
    Shows::NoLegalName,
    Shows::TwinByDocument,
    Shows::TwinByKey,
    Shows::TwinDiffering,
    Shows::TwinSparse,
    Shows::Ambiguous,
    Shows::SellerInactive,
    Shows::UserSuspended,
    Shows::TagsMixed,
    Shows::NoDocument,
    Shows::HtmlName,
    Shows::CepWithZero,
    Shows::OnlyOmie,
    Shows::OnlyPloomes,
];

#[test]
fn every_rule_has_its_records() {
    for seed in [1, 2] {
        let (omie, ploomes, story) = filled(seed, 300);
        for shows in ALL {
            let shown = &story.shown[&shows];
            assert!(shown.omie.len().max(shown.ploomes.len()) >= 2, "{shows:?}");
            assert!(shown.omie.iter().all(|code| omie.client(*code).is_some()));
            assert!(shown.ploomes.iter().all(|id| ploomes.contact(*id).is_some()));
        }
        assert_eq!((omie.client_count(), ploomes.contacts().count()), (200, 200));
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    assert_eq!(filled(5, 100).2.shown, filled(5, 100).2.shown);
    assert_ne!(filled(5, 100).2.shown, filled(6, 100).2.shown);
}

#[test]
fn records_show_what_the_story_says() {
    let (omie, ploomes, story) = filled(3, 120);
    let contact = |shows, at: usize| ploomes.contact(story.shown[&shows].ploomes[at]).unwrap();
    let client = |shows, at: usize| omie.client(story.shown[&shows].omie[at]).unwrap();
    assert_eq!(contact(Shows::SellerInactive, 0)["Owner"]["Email"], "Diego.Ramos@aurora.example");
    assert_eq!(contact(Shows::FaxTooLate, 0)["Phones"][3]["Type"]["Name"], "Fax");
    assert_eq!(contact(Shows::NoLegalName, 0)["LegalName"], Value::Null);
    assert_eq!(contact(Shows::NoDocument, 0)["Register"], Value::Null);
    assert_eq!(contact(Shows::Ambiguous, 0)["CNPJ"], contact(Shows::Ambiguous, 1)["CNPJ"]);
    assert_eq!(contact(Shows::CepWithZero, 0)["ZipCode"], 1_310_100);
    assert_eq!(client(Shows::CepWithZero, 0)["cep"], "01310100");
    assert_eq!(contact(Shows::TwinByKey, 0)["Key"], story.shown[&Shows::TwinByKey].omie[0].to_string());
    assert_eq!(client(Shows::Inactive, 0)["inativo"], "S");
    assert_eq!(client(Shows::UserSuspended, 0)["recomendacoes"]["codigo_vendedor"], story.sellers[seller::ELISA]);
    assert_eq!(client(Shows::HtmlName, 0)["nome_fantasia"], "Silva &amp; Filhos");
    assert!(client(Shows::DeliveryToo, 0)["enderecoEntrega"]["entEndereco"].is_string());
    let only = client(Shows::DeliveryOnly, 0);
    assert!(only["enderecoEntrega"]["entCidade"].as_str().unwrap().ends_with(')'), "{only}");
    assert_eq!((only["endereco"].as_str(), only["cidade"].as_str()), (Some(""), Some("")));
}

#[test]
fn the_smallest_story_has_a_second_act() {
    let (mut omie, mut ploomes, story) = filled(1, 0);
    assert!(ALL.iter().all(|shows| story.shown.contains_key(shows)));
    assert!(edit_round(&mut omie, &mut ploomes, &story, now()).is_ok());
}

#[test]
fn the_second_act_edits_both_sides() {
    let (mut omie, mut ploomes, story) = filled(3, 120);
    let later = now() + jiff::SignedDuration::from_hours(1);
    let told = edit_round(&mut omie, &mut ploomes, &story, later).unwrap();
    assert!(told.len() >= 13 && told.iter().any(|line| line.contains("Curitiba")), "{told:#?}");
    let twins = &story.shown[&Shows::TwinByDocument];
    let moved = ploomes.contact(twins.ploomes[5]).unwrap();
    assert_eq!((moved["State"]["Short"].as_str(), moved["ZipCode"].as_i64()), (Some("PR"), Some(80_420_090)));
    assert_eq!(omie.client(twins.omie[6]).unwrap()["pessoa_fisica"], "S");
    let tags = ploomes.contact(twins.ploomes[1]).unwrap()["Tags"].as_array().unwrap().len();
    assert_eq!(tags, 2);
    assert!(ploomes.contact(story.shown[&Shows::NoDocument].ploomes[0]).unwrap()["CNPJ"].is_string());
}
