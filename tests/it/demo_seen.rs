//! The demo's story, value by value: what the first load makes of every kind of sample record, and
//! what becomes of every edit of its second act.

use depara::record::Side;
use depara::sandbox::people::{self, Shows, Story};
use serde_json::{Value, json};

use crate::house::{House, tags};

/// What a contact or client of the story holds.
struct Told {
    house: House,
    story: Story,
}

impl Told {
    fn code(&self, shows: Shows, at: usize) -> i64 {
        self.story.shown[&shows].omie[at]
    }

    fn id(&self, shows: Shows, at: usize) -> i64 {
        self.story.shown[&shows].ploomes[at]
    }

    fn client(&self, code: i64) -> Value {
        self.house.omie.lock().unwrap().client(code).unwrap()
    }

    fn contact(&self, id: i64) -> Value {
        self.house.ploomes.lock().unwrap().contact(id).unwrap()
    }

    /// The client of a contact, as it is.
    fn client_of(&self, id: i64) -> Value {
        let link = self.house.runner.ledger.link(Side::Right, &id.to_string()).unwrap();
        self.client(link.unwrap_or_else(|| panic!("contact {id} has no twin")).ids.left.parse().unwrap())
    }

    /// The contact of a client, as it is.
    fn contact_of(&self, code: i64) -> Value {
        let link = self.house.runner.ledger.link(Side::Left, &code.to_string()).unwrap();
        self.contact(link.unwrap_or_else(|| panic!("client {code} has no twin")).ids.right.parse().unwrap())
    }

    fn waits(&self, id: i64) -> Option<String> {
        self.house.runner.ledger.waiting(Side::Right, &id.to_string()).unwrap().map(|waiting| waiting.reason)
    }

    async fn settle(&mut self) {
        for _ in 0..5 {
            let report = self.house.cycle().await;
            assert_eq!((&report.failed, &report.halted), (&None, &None));
            if report.is_quiet() {
                let again = self.house.cycle().await;
                assert!(again.is_quiet(), "{again:?}");
                return;
            }
        }
        panic!("the two sides never settle");
    }
}

/// Digits of a phone.
fn number(ddd: &Value, rest: &Value) -> String {
    format!("{ddd}{rest}").chars().filter(char::is_ascii_digit).collect()
}

async fn loaded() -> Told {
    let mut story = None;
    let house = House::build(|omie, ploomes, clock| {
        story = Some(people::populate(omie, ploomes, 7, 0, clock.now()).unwrap());
    });
    let mut told = Told { house, story: story.unwrap() };
    told.settle().await;
    told
}

#[tokio::test]
async fn the_first_load_shows_every_rule() {
    let told = loaded().await;
    let both = told.contact_of(told.code(Shows::DeliveryToo, 0));
    let client = told.client(told.code(Shows::DeliveryToo, 0));
    assert_eq!(both["StreetAddress"], client["endereco"]);
    assert_ne!(client["enderecoEntrega"]["entEndereco"], Value::Null);
    let client = told.client(told.code(Shows::DeliveryOnly, 0));
    let only = told.contact_of(told.code(Shows::DeliveryOnly, 0));
    assert_eq!(only["StreetAddress"], client["enderecoEntrega"]["entEndereco"]);
    assert_eq!(client["endereco"], "");

    let id = told.id(Shows::FaxCounts, 0);
    let (client, contact) = (told.client_of(id), told.contact(id));
    let held = number(&Value::Null, &contact["Phones"][1]["PhoneNumber"]);
    assert_eq!(number(&client["fax_ddd"], &client["fax_numero"]), held, "the fax is the second phone");
    let late = told.client_of(told.id(Shows::FaxTooLate, 0));
    assert_eq!(late["fax_numero"].as_str().unwrap_or_default(), "");

    assert_eq!(told.contact_of(told.code(Shows::Inactive, 0))["Status"]["Name"], "Inativo");
    let owner = told.contact_of(told.code(Shows::OwnerInOtherCase, 0));
    assert_eq!(owner["Owner"]["Email"].as_str().unwrap().to_lowercase(), "ana.lima@aurora.example");
    assert_eq!(told.contact_of(told.code(Shows::SellerWithoutUser, 0))["OwnerId"], Value::Null);
    let id = told.id(Shows::OwnerWithoutSeller, 0);
    assert_eq!(told.client_of(id).pointer("/recomendacoes/codigo_vendedor").and_then(Value::as_i64).unwrap_or(0), 0);
    assert_eq!(told.contact(id)["Owner"]["Email"], "gabriela.couto@aurora.example");
    let id = told.id(Shows::NoLegalName, 0);
    assert_eq!(told.client_of(id)["razao_social"], told.contact(id)["Name"]);
    assert_eq!(told.contact(id)["LegalName"], Value::Null);

    for shows in [Shows::TwinByDocument, Shows::TwinByKey, Shows::TwinDiffering, Shows::TwinSparse, Shows::HtmlName] {
        let (code, id) = (told.code(shows, 0), told.id(shows, 0));
        assert_eq!(told.contact_of(code)["Id"], id, "{shows:?}");
        assert_eq!(told.contact(id)["Key"], code.to_string(), "{shows:?}");
    }
    for at in 0..2 {
        assert!(told.waits(told.id(Shows::Ambiguous, at)).unwrap().contains("is shared by"));
    }
    assert_eq!(
        told.waits(told.id(Shows::SellerInactive, 0)).unwrap(),
        "vendedor inativo no Omie: Diego.Ramos@aurora.example"
    );
    let suspended = told.contact_of(told.code(Shows::UserSuspended, 0));
    assert_eq!(suspended["Owner"]["Email"], "elisa.torres@aurora.example");
    let tagged = told.contact_of(told.code(Shows::TagsMixed, 0));
    assert_eq!(tags(&tagged), ["atacado", "contrato mensal", "licitação", "vip"]);
    let refused = told.id(Shows::NoDocument, 0);
    assert!(told.waits(refused).unwrap().contains("cnpj_cpf"));
    assert_eq!(told.house.ploomes.lock().unwrap().interaction_records(refused).len(), 1);
    let zero = told.code(Shows::CepWithZero, 0);
    assert_eq!(
        (told.client(zero)["cep"].clone(), told.contact_of(zero)["ZipCode"].clone()),
        (json!("01310100"), json!(1_310_100))
    );
}

#[tokio::test]
async fn the_second_act_reaches_the_other_side() {
    let mut told = loaded().await;
    let twins = Shows::TwinByDocument;
    let before = told.client(told.code(twins, 5));
    let moment = told.house.clock.now();
    {
        let (mut omie, mut ploomes) = (told.house.omie.lock().unwrap(), told.house.ploomes.lock().unwrap());
        people::edit_round(&mut omie, &mut ploomes, &told.story, moment).unwrap();
    }
    told.settle().await;

    assert_eq!(told.contact_of(told.code(Shows::OnlyOmie, 0))["Name"], "Nome Novo do Cliente");
    assert_eq!(told.contact(told.id(twins, 0))["Email"], "financeiro@novo.example");
    let client = told.client_of(told.id(Shows::OnlyPloomes, 0));
    assert_eq!((&client["telefone1_ddd"], &client["telefone1_numero"]), (&json!("11"), &json!("3999-0001")));

    let (client, contact) = (told.client(told.code(twins, 1)), told.contact(told.id(twins, 1)));
    for tag in ["black friday", "prioridade"] {
        assert!(tags(&client).iter().any(|one| one == tag) && tags(&contact).iter().any(|one| one == tag), "{tag}");
    }
    assert_eq!(told.contact(told.id(twins, 2))["Status"]["Name"], "Inativo");
    assert_eq!(told.contact(told.id(twins, 3))["Status"]["Name"], "Ativo");
    assert_eq!(told.client(told.code(twins, 3))["inativo"], "N");

    assert_eq!(told.client(told.code(twins, 4))["email"], "ploomes@conflito.example");
    assert_eq!(told.contact(told.id(twins, 4))["Email"], "ploomes@conflito.example");
    let conflicts = told.house.runner.ledger.conflicts(None, 100).unwrap();
    let kept = conflicts.iter().find(|one| one.values.left == json!("omie@conflito.example")).unwrap();
    assert_eq!((kept.winner, &kept.values.right), (Some(Side::Right), &json!("ploomes@conflito.example")));

    let moved = told.client(told.code(twins, 5));
    for (tag, value) in [
        ("endereco", "Rua da Mudança"),
        ("endereco_numero", "100"),
        ("bairro", "Batel"),
        ("cep", "80420090"),
        ("cidade", "CURITIBA (PR)"),
        ("cidade_ibge", "4106902"),
        ("estado", "PR"),
    ] {
        assert_eq!(moved[tag], value, "{tag}");
    }
    assert_eq!(moved["complemento"].as_str().unwrap_or_default(), "");
    for tag in
        ["nome_fantasia", "razao_social", "cnpj_cpf", "email", "cnae", "tags", "telefone1_numero", "recomendacoes"]
    {
        assert_eq!(moved[tag], before[tag], "{tag} was not touched");
    }

    let (client, contact) = (told.client(told.code(twins, 6)), told.contact(told.id(twins, 6)));
    assert_eq!((&client["pessoa_fisica"], &contact["TypeId"]), (&json!("S"), &json!(1)));
    assert_eq!(contact["Register"].as_str().unwrap().len(), 14, "the old document stays");
    assert_eq!(contact["Neighborhood"], "Bairro Novo");
    let link = told.house.runner.ledger.link(Side::Left, &told.code(twins, 6).to_string()).unwrap().unwrap();
    assert!(link.held["cnpj_cpf"].contains("o tipo de pessoa não muda no Ploomes"));

    let carla = told.story.sellers["carla.nunes@aurora.example"];
    assert_eq!(told.client(told.code(twins, 7))["recomendacoes"]["codigo_vendedor"], carla);

    let corrected = told.id(Shows::NoDocument, 0);
    let digits = |text: &Value| text.as_str().unwrap().chars().filter(char::is_ascii_digit).collect::<String>();
    assert_eq!(digits(&told.client_of(corrected)["cnpj_cpf"]), told.contact(corrected)["Register"]);
    assert_eq!(told.waits(corrected), None);
    let diego = told.story.sellers["diego.ramos@aurora.example"];
    for at in 0..2 {
        let id = told.id(Shows::SellerInactive, at);
        assert_eq!(told.client_of(id)["recomendacoes"]["codigo_vendedor"], diego);
        assert_eq!(told.waits(id), None);
    }
}
