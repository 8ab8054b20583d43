//! One invented company or person, told in the words of either system.
//!
//! Everything follows from a number and a seed. Documents carry right check digits, mail and web
//! addresses end in `.example`, dial and postal codes fit the state.

use serde_json::{Value, json};

use crate::sandbox::document::completed;
use crate::sandbox::places::{CITIES, City, plain_upper};

/// An invented company or person.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Company (Pessoa Jurídica) or person.
    pub(super) company: bool,
    /// Trade name, or the name of a person.
    pub(super) name: String,
    /// Legal name.
    pub(super) legal: String,
    /// CNPJ or CPF, digits only.
    pub(super) document: String,
    /// E-mail.
    pub(super) email: String,
    /// Web site, empty for persons.
    pub(super) website: String,
    /// Street.
    pub(super) street: &'static str,
    /// House number.
    pub(super) number: String,
    /// Complement.
    pub(super) complement: &'static str,
    /// District.
    pub(super) district: &'static str,
    /// CEP, eight digits.
    pub(super) cep: String,
    /// City.
    pub(super) city: &'static City,
    /// Numbers as people write them (`3000-1000`), each with its type in Ploomes.
    pub(super) phones: Vec<(String, &'static str)>,
    /// CNAE code, empty for persons.
    pub(super) cnae: &'static str,
    /// Free tags.
    pub(super) tags: Vec<&'static str>,
    /// E-mail of who sells to it.
    pub(super) seller: Option<&'static str>,
}

/// A prime step visits every number of eight digits once.
const STEP: u64 = 7_654_321;

/// Makes samples; no two share a document.
#[derive(Debug)]
pub(super) struct Maker {
    rng: fastrand::Rng,
    made: u64,
    offset: u64,
}

impl Maker {
    /// A maker whose samples follow from the seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let offset = rng.u64(0..100_000_000);
        Self { rng, made: 0, offset }
    }

    /// Another maker of the same seed, whose documents are none of the first million of the other.
    pub(super) fn apart(seed: u64) -> Self {
        let Self { rng, made, offset } = Self::new(seed);
        Self { rng, made, offset: offset + STEP * 1_000_000 }
    }

    /// The next company, or person.
    pub(super) fn next(&mut self, company: bool) -> Sample {
        let city = self.pick(CITIES).unwrap_or(&CAPITAL);
        let mut sample = Sample {
            company,
            name: String::new(),
            legal: String::new(),
            document: self.document(company),
            email: String::new(),
            website: String::new(),
            street: self.word(STREETS),
            number: self.rng.u32(1..3_000).to_string(),
            complement: self.word(COMPLEMENTS),
            district: self.word(DISTRICTS),
            cep: format!("{}{:06}", codes(city.uf).1, self.rng.u32(10..999_999)),
            city,
            phones: vec![self.phone("Comercial"), self.phone("Celular")],
            cnae: if company { self.word(CNAES) } else { "" },
            tags: vec![self.word(TAGS)],
            seller: None,
        };
        self.name(&mut sample);
        sample
    }

    /// A document that no other sample has.
    pub(super) fn document(&mut self, company: bool) -> String {
        self.made += 1;
        let number = (self.offset + self.made * STEP) % 100_000_000;
        if company { completed(&format!("{number:08}0001")) } else { completed(&format!("{number:08}7")) }
    }

    /// A phone number of a type.
    pub(super) fn phone(&mut self, kind: &'static str) -> (String, &'static str) {
        let first = if kind == "Celular" {
            format!("9{}", self.rng.u32(8000..9999))
        } else {
            self.rng.u32(3000..3999).to_string()
        };
        (format!("{first}-{:04}", self.rng.u32(0..9999)), kind)
    }

    /// A number below a limit, and zero when the limit is zero.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.rng.usize(..limit) }
    }

    fn name(&mut self, sample: &mut Sample) {
        let made = usize::try_from(self.made).unwrap_or_default();
        if sample.company {
            // Each kind meets each title once before a number is needed.
            let title = made / KINDS.len() + 3 * (made % KINDS.len());
            let (kind, which) = (nth(KINDS, made), nth(TITLES, title));
            let round = made / (KINDS.len() * TITLES.len());
            let again = if round == 0 { String::new() } else { format!(" {}", round + 1) };
            sample.name = format!("{kind} {which}{again}");
            sample.legal = format!("{} {}", sample.name, self.word(SUFFIXES));
            let site = slug(&format!("{} {}", sample.name, sample.city.name));
            sample.email = format!("contato@{site}.example");
            sample.website = format!("https://www.{site}.example");
        } else {
            let (first, last) = (self.word(FIRST), self.word(LAST));
            sample.name = format!("{first} {} {last}", self.word(LAST));
            sample.legal = sample.name.clone();
            sample.email = format!("{}.{}@correio.example", slug(&sample.name).replace('-', "."), self.made);
        }
    }

    fn pick<T>(&mut self, from: &'static [T]) -> Option<&'static T> {
        from.get(self.below(from.len()))
    }

    fn word(&mut self, from: &'static [&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }
}

impl Sample {
    /// The sample as a client of Omie; `seller` is the code of its seller there.
    pub(super) fn omie(&self, seller: Option<i64>) -> Value {
        let ddd = codes(self.city.uf).0;
        let system = if self.tags.len().is_multiple_of(2) { "Fornecedor" } else { "Cliente" };
        let tags: Vec<Value> = [system].iter().chain(&self.tags).map(|tag| json!({ "tag": tag })).collect();
        let mut client = json!({
            "razao_social": self.legal, "nome_fantasia": self.name, "cnpj_cpf": self.document, "email": self.email,
            "homepage": self.website, "endereco": self.street, "endereco_numero": self.number,
            "complemento": self.complement, "bairro": self.district, "cep": self.cep,
            "cidade_ibge": self.city.ibge.to_string(), "estado": self.city.uf, "cnae": self.cnae, "tags": tags,
        });
        let plain = self.phones.iter().filter(|(_, kind)| *kind != "Fax").take(2);
        let fax = self.phones.iter().filter(|(_, kind)| *kind == "Fax").take(1);
        for ((number, _), slot) in plain.zip(["telefone1", "telefone2"]).chain(fax.zip(["fax"])) {
            put(&mut client, &format!("{slot}_ddd"), json!(ddd));
            put(&mut client, &format!("{slot}_numero"), json!(number));
        }
        if let Some(code) = seller {
            put(&mut client, "recomendacoes", json!({ "codigo_vendedor": code }));
        }
        without_blanks(client)
    }

    /// The sample as a contact of Ploomes, in the words of a person there.
    pub(super) fn ploomes(&self) -> Value {
        let ddd = codes(self.city.uf).0;
        let phone =
            |(number, kind): &(String, &str)| json!({ "PhoneNumber": format!("({ddd}) {number}"), "Type": kind });
        let legal = if self.company { json!(self.legal) } else { Value::Null };
        without_blanks(json!({
            "TypeId": if self.company { 1 } else { 2 }, "Name": self.name, "LegalName": legal,
            "Register": self.document, "Email": self.email, "Website": self.website, "StreetAddress": self.street,
            "StreetAddressNumber": self.number, "StreetAddressLine2": self.complement, "Neighborhood": self.district,
            "ZipCode": self.cep.parse::<u32>().ok(), "City": self.city.ibge, "CNAECode": self.cnae,
            "Owner": self.seller, "Tags": self.tags, "Phones": self.phones.iter().map(phone).collect::<Vec<_>>(),
        }))
    }

    /// The delivery address of a client of Omie, here the address of the sample.
    pub(super) fn delivery(&self) -> Value {
        json!({
            "entEndereco": self.street, "entNumero": self.number, "entBairro": self.district, "entCEP": self.cep,
            "entCidade": format!("{} ({})", plain_upper(self.city.name), self.city.uf), "entEstado": self.city.uf,
        })
    }
}

/// Puts a member into an object.
pub(super) fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// Takes members out of an object.
pub(super) fn without(mut object: Value, names: &[&str]) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
    object
}

fn without_blanks(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    }
    object
}

fn nth(from: &[&'static str], at: usize) -> &'static str {
    from.get(at % from.len().max(1)).copied().unwrap_or_default()
}

/// A name as a host name shows it.
fn slug(text: &str) -> String {
    let plain = plain_upper(text).to_lowercase();
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Dial code and the start of the CEP of a state.
fn codes(uf: &str) -> (&'static str, &'static str) {
    let found = CODES.iter().find(|(state, ..)| *state == uf);
    found.map_or(("11", "01"), |(_, dial, cep)| (dial, cep))
}

const CAPITAL: City = City { ibge: 3_550_308, name: "São Paulo", uf: "SP" };

#[rustfmt::skip]
const CODES: &[(&str, &str, &str)] = &[
    ("RO", "69", "76"), ("AC", "68", "69"), ("AM", "92", "69"), ("RR", "95", "69"), ("PA", "91", "66"), ("AP", "96", "68"),
    ("TO", "63", "77"), ("MA", "98", "65"), ("PI", "86", "64"), ("CE", "85", "60"), ("RN", "84", "59"), ("PB", "83", "58"),
    ("PE", "81", "50"), ("AL", "82", "57"), ("SE", "79", "49"), ("BA", "71", "40"), ("MG", "31", "30"), ("ES", "27", "29"),
    ("RJ", "21", "20"), ("SP", "11", "01"), ("PR", "41", "80"), ("SC", "48", "88"), ("RS", "51", "90"), ("MS", "67", "79"),
    ("MT", "65", "78"), ("GO", "62", "74"), ("DF", "61", "70"),
];

#[rustfmt::skip]
const KINDS: &[&str] = &[
    "Padaria", "Mercado", "Oficina", "Farmácia", "Papelaria", "Metalúrgica", "Transportes", "Clínica", "Restaurante",
    "Auto Peças", "Construtora", "Laticínios", "Gráfica", "Livraria", "Hotel", "Móveis", "Confecções", "Agropecuária", "Ótica",
];

#[rustfmt::skip]
const TITLES: &[&str] = &[
    "Aurora", "São Jorge", "Boa Vista", "Três Irmãos", "Primavera", "do Vale", "Santa Luzia", "Ipê", "Horizonte", "Nova Era",
    "Central", "Estrela do Sul", "Pioneira", "Progresso", "União", "Girassol", "Mar Azul", "Serra Verde", "Bom Jesus", "Ideal",
];

const SUFFIXES: &[&str] = &["Ltda", "Comércio Ltda", "ME", "EIRELI", "S.A."];

#[rustfmt::skip]
const FIRST: &[&str] = &[
    "Adriana", "Beatriz", "Caio", "Débora", "Everton", "Fátima", "Gustavo", "Heloísa", "Ícaro", "Joana", "Kleber", "Lúcia",
    "Márcio", "Natália", "Osvaldo", "Patrícia", "Renato", "Simone", "Tadeu", "Vera",
];

#[rustfmt::skip]
const LAST: &[&str] = &[
    "Almeida", "Barbosa", "Cardoso", "Dias", "Esteves", "Farias", "Gonçalves", "Lacerda", "Magalhães", "Nogueira", "Peixoto",
    "Queirós", "Rezende", "Simões", "Teixeira", "Vasconcelos",
];

#[rustfmt::skip]
const STREETS: &[&str] = &[
    "Rua das Flores", "Avenida Brasil", "Rua Sete de Setembro", "Avenida Getúlio Vargas", "Rua XV de Novembro",
    "Travessa do Comércio", "Rua Dom Pedro II", "Avenida das Nações", "Alameda dos Ipês", "Rodovia do Café km 12",
];

const DISTRICTS: &[&str] =
    &["Centro", "Jardim América", "Vila Nova", "Boa Esperança", "Distrito Industrial", "São José"];
const COMPLEMENTS: &[&str] = &["", "", "Sala 2", "Galpão B", "Loja 14", "Apto 301", "Fundos"];
const CNAES: &[&str] = &["1091102", "4711302", "4771701", "4520001", "5611201", "4761003", "2511000", "4930202"];
const TAGS: &[&str] = &["VIP", "Atacado", "Varejo", "Revenda"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn samples_follow_from_the_seed_and_share_no_document() {
        let documents = |seed| {
            let mut maker = Maker::new(seed);
            (0..500).map(|n| maker.next(n % 3 > 0).document).collect::<Vec<_>>()
        };
        assert_eq!(documents(4), documents(4));
        assert_ne!(documents(4), documents(5));
        assert_eq!(documents(4).into_iter().collect::<BTreeSet<_>>().len(), 500);
    }

    #[test]
    fn both_systems_hear_the_same_in_their_own_words() {
        let mut sample = Maker::new(1).next(true);
        sample.phones.push(("3000-9999".to_owned(), "Fax"));
        let (client, contact) = (sample.omie(Some(9)), sample.ploomes());
        assert_eq!(client["cnpj_cpf"], contact["Register"]);
        assert_eq!(
            (&client["recomendacoes"]["codigo_vendedor"], &client["fax_numero"]),
            (&json!(9), &json!("3000-9999"))
        );
        let ddd = client["telefone1_ddd"].as_str().unwrap();
        let number = client["telefone1_numero"].as_str().unwrap();
        assert_eq!(contact["Phones"][0]["PhoneNumber"], format!("({ddd}) {number}"));
        let person = Maker::new(1).next(false).ploomes();
        assert!(person.get("LegalName").is_none() && person.get("Website").is_none());
    }
}
