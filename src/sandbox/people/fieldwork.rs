//! Technicians join: the goods and services of Omie, and an Auvo account with customers, tasks and
//! quotations around the clients that Omie has already.
//!
//! `equip` fills what [`super::populate`] leaves empty; the [`Fieldwork`] tells which task and which
//! quotation shows what. Tasks are of the day of `now`, but for one that yesterday left behind.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::sample::{Maker, Sample, put};
use super::{Shows, Story};
use crate::sandbox::auvo::Visit;
use crate::sandbox::omie::Level;
use crate::sandbox::{Auvo, Omie};

/// What a task or a quotation shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A task finished on site, with products that Omie sells.
    Finished,
    /// A task that the office closed, without lines.
    Closed,
    /// A task finished at a customer that only Auvo has.
    AtNewCustomer,
    /// A finished task with a product that only Auvo has.
    OwnProduct,
    /// A finished task with nothing but a service that only Auvo has.
    OwnService,
    /// A task finished at a customer without the document that Omie demands.
    NoDocument,
    /// A finished task for nobody.
    NoCustomer,
    /// A task that nobody has begun.
    Open,
    /// A task whose technician is on the way.
    OnTheWay,
    /// A task that is being worked at.
    CheckedIn,
    /// A task that rests.
    Paused,
    /// A task that was left and is not finished.
    CheckedOut,
    /// A task finished yesterday.
    Yesterday,
    /// A quotation that is being written.
    Draft,
    /// A quotation that was sent.
    Sent,
    /// An approved quotation, with products that Omie sells.
    Approved,
    /// An approved quotation with a product that only Auvo has.
    ApprovedOwnProduct,
    /// A quotation that was declined.
    Declined,
}

impl Job {
    const fn is_quotation(self) -> bool {
        matches!(self, Self::Draft | Self::Sent | Self::Approved | Self::ApprovedOwnProduct | Self::Declined)
    }
}

/// What `equip` made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fieldwork {
    /// Numbers of the products in Omie, by code.
    pub products: BTreeMap<&'static str, i64>,
    /// Numbers of the services in Omie, by name.
    pub services: BTreeMap<&'static str, i64>,
    /// Clients of Omie that Auvo has too, with their ids there: by document, or by external code.
    pub twins: Vec<(i64, i64)>,
    /// Customers that only Auvo has; the last one has no document.
    pub alone: Vec<i64>,
    /// Tasks and quotations by what they show.
    pub jobs: BTreeMap<Job, i64>,
}

impl Fieldwork {
    /// What there is: a sentence, and how many of them.
    pub fn shows(&self) -> [(&'static str, usize); 5] {
        let quotations = self.jobs.keys().filter(|job| job.is_quotation()).count();
        [
            ("a product or service that Omie sells", self.products.len() + self.services.len()),
            ("a client of Omie that is a customer in Auvo", self.twins.len()),
            ("a customer that only Auvo has", self.alone.len()),
            ("a task of a technician", self.jobs.len() - quotations),
            ("a quotation", quotations),
        ]
    }
}

/// Goods of Omie: code, name, price, what lies in stock and whether the point of sale shows them.
const GOODS: [(&str, &str, f64, Option<f64>, bool); 9] = [
    ("F-100", "Filtro de ar", 45.9, Some(120.0), true),
    ("F-110", "Filtro de óleo", 38.5, Some(64.0), false),
    ("M-200", "Motor 1/4 CV", 389.0, Some(7.0), true),
    ("C-300", "Compressor rotativo", 1_249.9, Some(3.0), false),
    ("G-400", "Gás R-410A 1 kg", 96.0, Some(0.0), true),
    ("T-500", "Termostato digital", 129.0, None, false),
    ("V-600", "Ventilador & hélice", 212.35, Some(11.5), true),
    ("K-700", "Correia dentada", 27.8, Some(40.0), false),
    ("S-800", "Suporte de parede", 59.9, Some(18.0), true),
];
/// The product that nobody sells any more.
const RETIRED: &str = "S-800";
/// The product that lies at two places.
const SCATTERED: &str = "K-700";

/// The product that both have, alike but for the stock.
const SHARED: &str = "F-100";
/// The product that both have, by another name and price.
pub(super) const DIFFERING: &str = "M-200";
/// The product that only Auvo has.
const OWN: &str = "AV-1";
/// The service that only Auvo has.
const OWN_SERVICE: &str = "Diária de guindaste";
/// Clients of Omie that Auvo has too, at least.
const TWINS_MIN: usize = 4;
/// Customers with a document that only Auvo has, at least.
const ALONE_MIN: usize = 2;

/// Services of Omie: name and price.
const SERVICES: [(&str, f64); 4] =
    [("Visita técnica", 120.0), ("Limpeza de filtro", 80.0), ("Hora técnica", 95.5), ("Instalação de split", 450.0)];

/// Fills Omie with goods and services, and Auvo with customers, tasks and quotations.
///
/// # Errors
///
/// What a system says about a sample; that would be a mistake in this module.
pub fn equip(
    omie: &mut Omie,
    auvo: &mut Auvo,
    story: &Story,
    (seed, records): (u64, usize),
    now: Timestamp,
) -> Result<Fieldwork, String> {
    let past = now - SignedDuration::from_hours(20 * 24);
    let mut site = Site { omie, auvo, past, now, maker: Maker::apart(seed), made: Fieldwork::default() };
    site.goods(u32::try_from(records / 20).unwrap_or(u32::MAX))?;
    site.services()?;
    site.customers(story, records)?;
    site.tasks()?;
    site.quotations()?;
    Ok(site.made)
}

/// The day of a moment in Brasília.
pub(super) fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::fixed(Offset::constant(-3))).date()
}

struct Site<'a> {
    omie: &'a mut Omie,
    auvo: &'a mut Auvo,
    /// When the shelves were filled.
    past: Timestamp,
    now: Timestamp,
    maker: Maker,
    made: Fieldwork,
}

impl Site<'_> {
    /// Products of Omie, `more` beside those with a name, and their stock.
    fn goods(&mut self, more: u32) -> Result<(), String> {
        let second = self.omie.add_stock_location();
        for (code, name, price, stock, shown) in GOODS {
            let flag = |yes: bool| if yes { "S" } else { "N" };
            let product = json!({ "codigo": code, "descricao": name, "unidade": "UN", "ncm": "84159090",
                "valor_unitario": price, "inativo": flag(code == RETIRED),
                "recomendacoes_fiscais": { "cupom_fiscal": flag(shown) } });
            let id = self.omie.person_adds_product(self.past, &product)?;
            if let Some(physical) = stock {
                self.omie.person_counts_stock(
                    self.past,
                    id,
                    None,
                    Level { physical, cost: price / 2.0, ..Level::default() },
                );
            }
            if code == SCATTERED {
                let level = Level { physical: 12.0, reserved: 2.0, ..Level::default() };
                self.omie.person_counts_stock(self.past, id, Some(second), level);
            }
            self.made.products.insert(code, id);
        }
        for number in 1..=more {
            let product = json!({ "codigo": format!("P-{number:03}"), "descricao": format!("Peça {number:03}"),
                "unidade": "UN", "ncm": "84159090", "valor_unitario": 10.0 + f64::from(number) });
            self.omie.person_adds_product(self.past, &product)?;
        }
        // Auvo knows two of them, one by another name and price, and has one of its own.
        for (code, name, price) in [(SHARED, "Filtro de ar", 45.9), (DIFFERING, "Motor", 350.0), (OWN, "Fita", 9.9)] {
            let product = json!({ "externalId": code, "name": name, "unitaryValue": price, "totalStock": 1 });
            self.auvo.person_adds(self.past, "products", &product)?;
        }
        Ok(())
    }

    fn services(&mut self) -> Result<(), String> {
        for (at, (name, price)) in SERVICES.into_iter().enumerate() {
            let head = json!({ "cDescricao": name, "cCodigo": format!("S-{}", at + 1), "nPrecoUnit": price,
                "cCodLC116": "14.01", "cIdTrib": "01", "cCodServMun": "1401" });
            let id = self.omie.person_adds_service(self.past, &json!({ "cabecalho": head }))?;
            self.made.services.insert(name, id);
        }
        self.auvo.person_adds(self.past, "services", &json!({ "title": OWN_SERVICE, "price": 300.0 }))?;
        Ok(())
    }

    /// Customers of Auvo: every fourth client of Omie, and some whom nobody else knows.
    fn customers(&mut self, story: &Story, records: usize) -> Result<(), String> {
        let clients = |shows| story.shown.get(&shows).map(|shown| shown.omie.as_slice()).unwrap_or_default();
        let both = clients(Shows::OnlyOmie).iter().chain(clients(Shows::TwinByDocument));
        for (at, code) in both.take(TWINS_MIN.max(records / 10)).enumerate() {
            let client = self.omie.client(*code).unwrap_or_default();
            let word = |tag: &str| client.get(tag).and_then(Value::as_str).unwrap_or_default();
            // Some are told by the code that an earlier import left, the others by their document.
            let document: String = word("cnpj_cpf").chars().filter(char::is_ascii_digit).collect();
            let (code_there, document) = if at % 3 == 1 { (code.to_string(), "") } else { (String::new(), &*document) };
            let phone = format!("{}{}", word("telefone1_ddd"), word("telefone1_numero"));
            let mut customer = json!({ "name": word("razao_social"), "externalId": code_there, "cpfCnpj": document,
                "phoneNumber": [phone], "email": [word("email")], "groupsId": [self.group("Contratos")] });
            if at % 3 == 2 {
                put(&mut customer, "note", json!("Chamar na portaria"));
                put(&mut customer, "phoneNumber", json!([]));
            }
            let id = self.add(self.past, "customers", &customer)?;
            self.made.twins.push((*code, id));
        }
        for at in 0..ALONE_MIN.max(records / 30) {
            self.alone(at)?;
        }
        let nobody = json!({ "name": "Cliente de balcão", "groupsId": [self.group("Avulsos")] });
        let id = self.add(self.past, "customers", &nobody)?;
        self.made.alone.push(id);
        Ok(())
    }

    fn alone(&mut self, at: usize) -> Result<(), String> {
        let sample = self.maker.next(true);
        let title = sample.name.split_once(' ').map_or(sample.name.as_str(), |(_, title)| title);
        let Sample { street, number, district, city, cep, .. } = &sample;
        let cep = cep.split_at_checked(5).map_or(cep.clone(), |(first, rest)| format!("{first}-{rest}"));
        let customer = json!({
            "name": format!("Condomínio {title}"), "cpfCnpj": sample.document, "phoneNumber": [format!("1139{at:06}")],
            "email": [format!("sindico.{at}@condominio.example")], "groupsId": [self.group("Avulsos")],
            "address": format!("{street}, {number}, {district}, {} - {}, {cep}", city.name, city.uf),
        });
        let id = self.add(self.past, "customers", &customer)?;
        self.made.alone.push(id);
        Ok(())
    }

    fn tasks(&mut self) -> Result<(), String> {
        let (shared, differing) = (self.product_line(SHARED, 2.0)?, self.product_line(DIFFERING, 1.0)?);
        let own = self.product_line(OWN, 1.0)?;
        let service = self.auvo.named("services", OWN_SERVICE).ok_or("the service is gone")?;
        let service = json!([{ "serviceId": service, "quantity": 1 }]);
        let nothing = json!([]);
        let (both, first) = (json!([shared, differing]), json!([shared]));
        let twin = |at: usize| self.made.twins.get(at).map(|(_, id)| *id).unwrap_or_default();
        let (one, two, three) = (twin(0), twin(1), twin(2));
        let new = self.made.alone.first().copied().unwrap_or_default();
        let nobody = self.made.alone.last().copied().unwrap_or_default();
        let done = || Visit::Finish("Feito".to_owned());
        let lunch = || Visit::Pause("Almoço".to_owned());
        let site = || vec![Visit::CheckIn, done()];
        for (job, kind, customer, products, services, steps) in [
            (Job::Finished, "Instalação", one, &both, &nothing, site()),
            (
                Job::Closed,
                "Preventiva",
                two,
                &nothing,
                &nothing,
                vec![Visit::Close("Resolvido por telefone".to_owned())],
            ),
            (Job::AtNewCustomer, "Instalação", new, &first, &nothing, site()),
            (Job::OwnProduct, "Corretiva", two, &json!([shared, own]), &nothing, site()),
            (Job::OwnService, "Instalação", three, &nothing, &service, site()),
            (Job::NoDocument, "Corretiva", nobody, &first, &nothing, site()),
            (Job::NoCustomer, "Preventiva", 0, &first, &nothing, site()),
            (Job::Open, "Instalação", one, &first, &nothing, vec![]),
            (Job::OnTheWay, "Preventiva", two, &nothing, &nothing, vec![Visit::Displace]),
            (Job::CheckedIn, "Corretiva", three, &first, &nothing, vec![Visit::Displace, Visit::CheckIn]),
            (Job::Paused, "Corretiva", new, &nothing, &nothing, vec![Visit::CheckIn, lunch()]),
            (Job::CheckedOut, "Preventiva", one, &nothing, &nothing, vec![Visit::CheckIn, Visit::CheckOut]),
        ] {
            self.task(self.now, (job, kind, customer), (products, services), &steps)?;
        }
        let yesterday = self.now - SignedDuration::from_hours(26);
        self.task(yesterday, (Job::Yesterday, "Preventiva", one), (&first, &nothing), &site())
    }

    fn task(
        &mut self,
        now: Timestamp,
        (job, kind, customer): (Job, &str, i64),
        (products, services): (&Value, &Value),
        steps: &[Visit],
    ) -> Result<(), String> {
        let kind = self.id_of("taskTypes", kind)?;
        let technician = self.id_of("users", "Técnica Um")?;
        let task = json!({ "customerId": customer, "taskType": kind, "idUserTo": technician,
            "orientation": "Verificar o equipamento", "taskDate": format!("{}T09:00:00", day(now)),
            "taskProducts": products, "taskServices": services });
        let id = self.add(now, "tasks", &task)?;
        for step in steps {
            self.auvo.visit(now, id, step)?;
        }
        self.made.jobs.insert(job, id);
        Ok(())
    }

    fn quotations(&mut self) -> Result<(), String> {
        let code = |site: &Self, code: &str| site.product_code(code);
        let (shared, differing, own) = (code(self, SHARED)?, code(self, DIFFERING)?, code(self, OWN)?);
        let twin = |at: usize| self.made.twins.get(at).map(|(_, id)| *id).unwrap_or_default();
        for (job, customer, lines, stage) in [
            (Job::Draft, twin(0), [(shared, 4.0), (differing, 1.0)], "Em elaboração"),
            (Job::Sent, twin(1), [(shared, 10.0), (differing, 2.0)], "Enviado"),
            (Job::Approved, twin(2), [(shared, 6.0), (differing, 1.0)], "Aprovado"),
            (Job::ApprovedOwnProduct, twin(1), [(shared, 1.0), (own, 3.0)], "Aprovado"),
            (Job::Declined, twin(0), [(shared, 1.0), (differing, 9.0)], "Recusado"),
        ] {
            let lines = lines.map(|(product, amount)| json!({ "productId": product, "amount": amount }));
            let quotation = json!({ "customerId": customer, "products": lines, "currentStage": stage });
            let id = self.add(self.now, "quotations", &quotation)?;
            self.made.jobs.insert(job, id);
        }
        Ok(())
    }

    /// Adds a record to Auvo whose id is a number.
    fn add(&mut self, now: Timestamp, resource: &str, record: &Value) -> Result<i64, String> {
        let id = self.auvo.person_adds(now, resource, record)?;
        id.parse().map_err(|error| format!("`{id}` is no id of Auvo: {error}"))
    }

    fn group(&self, name: &str) -> i64 {
        self.id_of("customerGroups", name).unwrap_or_default()
    }

    fn id_of(&self, resource: &str, name: &str) -> Result<i64, String> {
        let id = self.auvo.named(resource, name).and_then(|id| id.parse().ok());
        id.ok_or_else(|| format!("{resource} has no `{name}`"))
    }

    fn product_code(&self, code: &str) -> Result<i64, String> {
        product_of(self.auvo, code)
            .and_then(|row| row.get("code")?.as_i64())
            .ok_or_else(|| format!("no product `{code}`"))
    }

    fn product_line(&self, code: &str, quantity: f64) -> Result<Value, String> {
        line_of(self.auvo, code, quantity).ok_or_else(|| format!("no product `{code}`"))
    }
}

/// A product of Auvo by its external code.
pub(super) fn product_of(auvo: &Auvo, code: &str) -> Option<Value> {
    let all = auvo.records("products").into_iter().filter_map(|id| auvo.record("products", &id));
    all.into_iter().find(|row| row.get("externalId").and_then(Value::as_str) == Some(code))
}

/// A line of a task with a product of Auvo.
pub(super) fn line_of(auvo: &Auvo, code: &str, quantity: f64) -> Option<Value> {
    let guid = product_of(auvo, code)?.get("productId")?.clone();
    Some(json!({ "productId": guid, "quantity": quantity }))
}
