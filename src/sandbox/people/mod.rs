//! Sample records for both sandboxes, and what people do with them afterwards.
//!
//! `populate` fills two accounts from a seed: a third of the records on both sides, a third only in
//! Omie, a third only in Ploomes, and among them at least two that show each rule of the mapping.
//! `edit_round` is the second act. The [`Story`] tells which record shows what.

mod field_round;
pub mod fieldwork;
mod round;
mod sample;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use self::field_round::{Systems, field_round};
pub use self::round::edit_round;
use self::sample::{Maker, Sample, put, without};
use super::{Omie, Ploomes};

/// What a record shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// A client with a main and a delivery address.
    DeliveryToo,
    /// A client with nothing but a delivery address.
    DeliveryOnly,
    /// A contact with one to five phones.
    PhonesMany,
    /// A contact with a fax among its first three phones.
    FaxCounts,
    /// A contact whose fax is its fourth phone.
    FaxTooLate,
    /// An inactive client.
    Inactive,
    /// Seller and user of one e-mail in different case.
    OwnerInOtherCase,
    /// A contact whose user has no seller.
    OwnerWithoutSeller,
    /// A client whose seller has no user.
    SellerWithoutUser,
    /// A contact without `LegalName`.
    NoLegalName,
    /// A record on both sides, equal, tied by its document.
    TwinByDocument,
    /// A record on both sides whose contact carries the client's code, and no document.
    TwinByKey,
    /// A record on both sides that differs in a field or two.
    TwinDiffering,
    /// A record on both sides, almost empty on one of them.
    TwinSparse,
    /// Two contacts with the document of one client.
    Ambiguous,
    /// A contact whose user's seller is inactive.
    SellerInactive,
    /// A client whose seller's user is suspended.
    UserSuspended,
    /// Tags in another case, and tags that Ploomes does not know.
    TagsMixed,
    /// A contact without a document, where Omie demands one.
    NoDocument,
    /// A name that Omie shows with HTML entities.
    HtmlName,
    /// A CEP that begins with zero.
    CepWithZero,
    /// A plain client that only Omie has.
    OnlyOmie,
    /// A plain contact that only Ploomes has.
    OnlyPloomes,
}

impl Shows {
    /// The rule of the mapping it belongs to; 0 for the plain ones.
    pub fn rule(self) -> u8 {
        match self {
            Self::OnlyOmie | Self::OnlyPloomes => 0,
            Self::DeliveryToo | Self::DeliveryOnly => 1,
            Self::PhonesMany | Self::FaxCounts | Self::FaxTooLate => 2,
            Self::Inactive => 3,
            Self::OwnerInOtherCase | Self::OwnerWithoutSeller | Self::SellerWithoutUser => 4,
            Self::NoLegalName | Self::HtmlName => 5,
            Self::TwinByDocument | Self::TwinByKey | Self::TwinDiffering | Self::TwinSparse | Self::Ambiguous => 7,
            Self::SellerInactive | Self::UserSuspended => 8,
            Self::TagsMixed => 9,
            Self::NoDocument => 10,
            Self::CepWithZero => 11,
        }
    }

    /// The same in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::DeliveryToo => "a client with a delivery address beside its own",
            Self::DeliveryOnly => "a client with only a delivery address",
            Self::PhonesMany => "contacts with one to five phones",
            Self::FaxCounts => "a fax among the first three phones",
            Self::FaxTooLate => "a fax as the fourth phone",
            Self::Inactive => "an inactive client",
            Self::OwnerInOtherCase => "seller and user share an e-mail, written in different case",
            Self::OwnerWithoutSeller => "a user who is no seller",
            Self::SellerWithoutUser => "a seller who is no user",
            Self::NoLegalName => "a contact without legal name",
            Self::TwinByDocument => "twins by document",
            Self::TwinByKey => "twins by the code in `Key`",
            Self::TwinDiffering => "twins that differ in a field or two",
            Self::TwinSparse => "twins of which one is almost empty",
            Self::Ambiguous => "two contacts share the document of one client",
            Self::SellerInactive => "a contact whose seller is inactive in Omie",
            Self::UserSuspended => "a client whose seller's user is suspended in Ploomes",
            Self::TagsMixed => "tags in other case, and tags unknown in Ploomes",
            Self::NoDocument => "a contact without the document that Omie demands",
            Self::HtmlName => "a name with an ampersand",
            Self::CepWithZero => "a CEP that begins with zero",
            Self::OnlyOmie => "a client that only Omie has",
            Self::OnlyPloomes => "a contact that only Ploomes has",
        }
    }
}

/// The records that show one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Codes of clients in Omie.
    pub omie: Vec<i64>,
    /// Ids of contacts in Ploomes; of twins in the order of `omie`.
    pub ploomes: Vec<i64>,
}

/// What `populate` made.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The records by what they show.
    pub shown: BTreeMap<Shows, Shown>,
    /// Codes of the sellers in Omie, by e-mail in lower case.
    pub sellers: BTreeMap<&'static str, i64>,
}

/// E-mails of those who sell, in lower case.
mod seller {
    pub(super) const ANA: &str = "ana.lima@aurora.example";
    pub(super) const BRUNO: &str = "bruno.melo@aurora.example";
    pub(super) const CARLA: &str = "carla.nunes@aurora.example";
    /// Inactive in Omie, active in Ploomes.
    pub(super) const DIEGO: &str = "diego.ramos@aurora.example";
    /// Active in Omie, suspended in Ploomes.
    pub(super) const ELISA: &str = "elisa.torres@aurora.example";
    /// Only in Omie.
    pub(super) const FABIO: &str = "fabio.pires@aurora.example";
    /// Only in Ploomes.
    pub(super) const GABRIELA: &str = "gabriela.couto@aurora.example";
}

/// Records of each rule at least.
const EACH_MIN: usize = 2;
/// Equal twins at least: the second act touches that many.
const TWINS_MIN: usize = 8;
/// The days before `now` over which the records were made.
const DAYS: i64 = 60;

/// Fills both accounts with `records` sample records, more when the rules need more.
///
/// Omie is set to demand a CPF or CNPJ of new clients.
///
/// # Errors
///
/// What a system says about a sample; that would be a mistake in this module.
pub fn populate(
    omie: &mut Omie,
    ploomes: &mut Ploomes,
    seed: u64,
    records: usize,
    now: Timestamp,
) -> Result<Story, String> {
    if !omie.switches.required_on_include.iter().any(|tag| tag == "cnpj_cpf") {
        omie.switches.required_on_include.push("cnpj_cpf".to_owned());
    }
    let step_ms = DAYS * 86_400_000 / (2 * i64::try_from(records).unwrap_or(i64::MAX / 4) + 200);
    let moment = now - SignedDuration::from_hours(DAYS * 24);
    let step = SignedDuration::from_millis(step_ms);
    let mut scene = Scene { omie, ploomes, maker: Maker::new(seed), moment, step, story: Story::default() };
    scene.hire();
    for tag in ["vip", "ATACADO", "Varejo"] {
        scene.ploomes.add_tag(tag);
    }
    let each = EACH_MIN.max(records / 200);
    for _ in 0..each {
        scene.addresses()?;
        scene.phones()?;
        scene.owners()?;
        scene.names()?;
        scene.odd_twins()?;
        scene.clashes()?;
    }
    let third = records / 3;
    while scene.count(Shows::TwinByDocument) < TWINS_MIN || scene.twins() < third {
        scene.equal_twins()?;
    }
    while scene.omie.client_count() < 2 * third || scene.count(Shows::OnlyOmie) < EACH_MIN {
        scene.only_omie()?;
    }
    while scene.ploomes.contacts().count() < 2 * third || scene.count(Shows::OnlyPloomes) < EACH_MIN {
        scene.only_ploomes()?;
    }
    Ok(scene.story)
}

/// Adds `count` plain clients to Omie and nothing else; tells their codes.
///
/// # Errors
///
/// As [`populate`].
pub fn crowd(omie: &mut Omie, seed: u64, count: usize, now: Timestamp) -> Result<Vec<i64>, String> {
    let mut maker = Maker::new(seed);
    (0..count).map(|at| omie.person_adds(now, &maker.next(at % 4 > 0).omie(None))).collect()
}

/// Adds `count` plain contacts to Ploomes and nothing else; tells their ids.
///
/// # Errors
///
/// As [`populate`].
pub fn crowd_of_contacts(ploomes: &mut Ploomes, seed: u64, count: usize, now: Timestamp) -> Result<Vec<i64>, String> {
    let mut maker = Maker::new(seed);
    (0..count).map(|at| ploomes.person_adds(now, &maker.next(at % 4 > 0).ploomes())).collect()
}

/// The making of a story.
struct Scene<'a> {
    omie: &'a mut Omie,
    ploomes: &'a mut Ploomes,
    maker: Maker,
    moment: Timestamp,
    step: SignedDuration,
    story: Story,
}

impl Scene<'_> {
    /// Sellers and users, some on one side only.
    fn hire(&mut self) {
        let sellers = [
            ("Ana Lima", seller::ANA, seller::ANA, false),
            ("Bruno Melo", seller::BRUNO, "Bruno.Melo@Aurora.example", false),
            ("Carla Nunes", seller::CARLA, seller::CARLA, false),
            ("Diego Ramos", seller::DIEGO, seller::DIEGO, true),
            ("Elisa Torres", seller::ELISA, seller::ELISA, false),
            ("Fábio Pires", seller::FABIO, seller::FABIO, false),
        ];
        for (name, key, email, inactive) in sellers {
            let code = self.omie.add_seller(self.moment, name, email, inactive);
            self.story.sellers.insert(key, code);
        }
        let users = [
            ("Ana Lima", "Ana.Lima@AURORA.example", false),
            ("Bruno Melo", seller::BRUNO, false),
            ("Carla Nunes", seller::CARLA, false),
            ("Diego Ramos", "Diego.Ramos@aurora.example", false),
            ("Elisa Torres", seller::ELISA, true),
            ("Gabriela Couto", seller::GABRIELA, false),
        ];
        for (name, email, suspended) in users {
            self.ploomes.add_user(name, email, suspended);
        }
    }

    fn company(&mut self) -> Sample {
        self.maker.next(true)
    }

    fn tick(&mut self) -> Timestamp {
        self.moment += self.step;
        self.moment
    }

    fn count(&self, shows: Shows) -> usize {
        self.story.shown.get(&shows).map_or(0, |shown| shown.omie.len().max(shown.ploomes.len()))
    }

    /// Records that are on both sides.
    fn twins(&self) -> usize {
        let kinds = [Shows::TwinByDocument, Shows::TwinByKey, Shows::TwinDiffering, Shows::TwinSparse];
        let more = [Shows::OwnerInOtherCase, Shows::TagsMixed, Shows::HtmlName, Shows::CepWithZero];
        kinds.into_iter().chain(more).map(|shows| self.count(shows)).sum()
    }

    /// Puts a client into Omie.
    fn client(&mut self, shows: Shows, client: &Value) -> Result<i64, String> {
        let moment = self.tick();
        let code = self.omie.person_adds(moment, client)?;
        self.story.shown.entry(shows).or_default().omie.push(code);
        Ok(code)
    }

    /// Puts a contact into Ploomes.
    fn contact(&mut self, shows: Shows, contact: &Value) -> Result<i64, String> {
        let moment = self.tick();
        let id = self.ploomes.person_adds(moment, contact)?;
        self.story.shown.entry(shows).or_default().ploomes.push(id);
        Ok(id)
    }

    /// The sample as a client, with its seller.
    fn as_client(&self, sample: &Sample) -> Value {
        sample.omie(sample.seller.and_then(|email| self.story.sellers.get(email).copied()))
    }

    fn twin(&mut self, shows: Shows, sample: &Sample) -> Result<(), String> {
        self.client(shows, &self.as_client(sample))?;
        self.contact(shows, &sample.ploomes())?;
        Ok(())
    }

    /// Rule 1 and 11.
    fn addresses(&mut self) -> Result<(), String> {
        let (own, delivery) = (self.company(), self.company());
        let mut client = self.as_client(&own);
        put(&mut client, "enderecoEntrega", delivery.delivery());
        self.client(Shows::DeliveryToo, &client)?;

        let own = self.company();
        let address =
            ["endereco", "endereco_numero", "complemento", "bairro", "cep", "cidade", "cidade_ibge", "estado"];
        let mut client = without(self.as_client(&own), &address);
        put(&mut client, "enderecoEntrega", own.delivery());
        self.client(Shows::DeliveryOnly, &client)?;

        let mut own = self.company();
        own.cep = "01310100".to_owned();
        if let Some(capital) = super::places::city_by_ibge(3_550_308) {
            own.city = capital;
        }
        self.twin(Shows::CepWithZero, &own)
    }

    /// Rule 2.
    fn phones(&mut self) -> Result<(), String> {
        let lists: [(Shows, &[&'static str]); 5] = [
            (Shows::PhonesMany, &["Celular"]),
            (Shows::PhonesMany, &["Comercial", "Celular", "Residencial", "Recado", "Comercial"]),
            (Shows::FaxCounts, &["Comercial", "Fax", "Celular"]),
            (Shows::FaxCounts, &["Fax", "Comercial"]),
            (Shows::FaxTooLate, &["Comercial", "Celular", "Residencial", "Fax"]),
        ];
        for (shows, kinds) in lists {
            let mut sample = self.company();
            sample.phones = kinds.iter().map(|kind| self.maker.phone(kind)).collect();
            self.contact(shows, &sample.ploomes())?;
        }
        Ok(())
    }

    /// Rules 3, 4 and 8.
    fn owners(&mut self) -> Result<(), String> {
        let mut client = self.company().omie(None);
        put(&mut client, "inativo", json!("S"));
        self.client(Shows::Inactive, &client)?;

        for email in [seller::ANA, seller::BRUNO] {
            let sample = Sample { seller: Some(email), ..self.company() };
            self.twin(Shows::OwnerInOtherCase, &sample)?;
        }
        let owned = [(Shows::OwnerWithoutSeller, seller::GABRIELA), (Shows::SellerInactive, seller::DIEGO)];
        for (shows, email) in owned {
            let sample = Sample { seller: Some(email), ..self.company() };
            self.contact(shows, &sample.ploomes())?;
        }
        for (shows, email) in [(Shows::SellerWithoutUser, seller::FABIO), (Shows::UserSuspended, seller::ELISA)] {
            let sample = Sample { seller: Some(email), ..self.company() };
            self.client(shows, &self.as_client(&sample))?;
        }
        Ok(())
    }

    /// Rules 5, 9 and 10.
    fn names(&mut self) -> Result<(), String> {
        let sample = self.company();
        self.contact(Shows::NoLegalName, &without(sample.ploomes(), &["LegalName"]))?;

        let mut sample = self.company();
        let again = self.count(Shows::HtmlName);
        sample.name = if again == 0 { "Silva & Filhos".to_owned() } else { format!("Silva & Filhos {}", again + 1) };
        sample.legal = format!("{} Ltda", sample.name);
        self.twin(Shows::HtmlName, &sample)?;

        let mut sample = self.company();
        sample.tags = vec!["VIP", "Contrato Mensal", "Licitação"];
        self.client(Shows::TagsMixed, &self.as_client(&sample))?;
        sample.tags = vec!["vIp", "atacado"];
        self.contact(Shows::TagsMixed, &sample.ploomes())?;

        let sample = self.company();
        self.contact(Shows::NoDocument, &without(sample.ploomes(), &["Register"]))?;
        Ok(())
    }

    /// Rule 7: twins that are not equal.
    fn odd_twins(&mut self) -> Result<(), String> {
        let sample = self.company();
        let code = self.client(Shows::TwinByKey, &self.as_client(&sample))?;
        let mut contact = without(sample.ploomes(), &["Register"]);
        put(&mut contact, "Key", json!(code.to_string()));
        self.contact(Shows::TwinByKey, &contact)?;

        let sample = self.company();
        self.client(Shows::TwinDiffering, &self.as_client(&sample))?;
        let mut contact = sample.ploomes();
        put(&mut contact, "Email", json!(format!("vendas.{}", sample.email)));
        put(&mut contact, "StreetAddressNumber", json!("S/N"));
        self.contact(Shows::TwinDiffering, &contact)?;

        // Once almost empty in Ploomes, once in Omie.
        let sample = self.company();
        let thin = json!({ "TypeId": 1, "Name": sample.name, "Register": sample.document });
        self.client(Shows::TwinSparse, &self.as_client(&sample))?;
        self.contact(Shows::TwinSparse, &thin)?;
        let sample = self.company();
        let thin = json!({ "razao_social": sample.legal, "nome_fantasia": sample.name, "cnpj_cpf": sample.document });
        self.client(Shows::TwinSparse, &thin)?;
        self.contact(Shows::TwinSparse, &sample.ploomes())?;
        Ok(())
    }

    /// Rule 7: one document, two contacts.
    fn clashes(&mut self) -> Result<(), String> {
        let sample = self.company();
        self.client(Shows::Ambiguous, &self.as_client(&sample))?;
        for branch in ["Matriz", "Filial"] {
            let again = Sample { name: format!("{} {branch}", sample.name), ..sample.clone() };
            self.contact(Shows::Ambiguous, &again.ploomes())?;
        }
        Ok(())
    }

    fn equal_twins(&mut self) -> Result<(), String> {
        // The second act turns the first ones, companies all, into something else.
        let company = self.count(Shows::TwinByDocument) < TWINS_MIN || self.maker.below(5) > 0;
        let mut sample = self.maker.next(company);
        sample.seller = self.some_seller();
        self.twin(Shows::TwinByDocument, &sample)
    }

    fn only_omie(&mut self) -> Result<(), String> {
        let company = self.maker.below(4) > 0;
        let mut sample = self.maker.next(company);
        sample.seller = self.some_seller();
        self.client(Shows::OnlyOmie, &self.as_client(&sample))?;
        Ok(())
    }

    fn only_ploomes(&mut self) -> Result<(), String> {
        let company = self.maker.below(4) > 0;
        let mut sample = self.maker.next(company);
        sample.seller = self.some_seller();
        self.contact(Shows::OnlyPloomes, &sample.ploomes())?;
        Ok(())
    }

    fn some_seller(&mut self) -> Option<&'static str> {
        [seller::ANA, seller::BRUNO, seller::CARLA].get(self.maker.below(5)).copied()
    }
}

#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod tests;
