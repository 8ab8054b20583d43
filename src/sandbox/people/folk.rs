//! People at work in a system, at random: what a simulated history lets them do, the same for all.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::sample::{Maker, Sample};
use crate::sandbox::{Omie, Ploomes, Sandbox};

/// People at work in a system.
pub trait People: Sandbox {
    /// The resources they work in, by the names of the shipped system files.
    fn resources(&self) -> &'static [&'static str];
    /// Draws how the system behaves, and fills what people need: sellers, users, tags.
    fn settle_in(&mut self, now: Timestamp, random: &mut fastrand::Rng);
    /// Ids of the records there are, in the order of their making.
    fn ids(&self, resource: &str) -> Vec<String>;
    /// A record as a fetch shows it at this moment, whatever lists show.
    fn shown(&self, resource: &str, id: &str) -> Option<Value>;
    /// A person makes a record. The same identity in two systems is the same company.
    ///
    /// # Errors
    /// What the system says.
    fn invent(
        &mut self,
        now: Timestamp,
        resource: &str,
        identity: u64,
        random: &mut fastrand::Rng,
    ) -> Result<String, String>;
    /// A person edits a value or two of a record; says what was done.
    ///
    /// # Errors
    /// What the system says.
    fn tinker(
        &mut self,
        now: Timestamp,
        resource: &str,
        id: &str,
        random: &mut fastrand::Rng,
    ) -> Result<String, String>;
    /// A person puts back members as they were shown before.
    ///
    /// # Errors
    /// What the system says.
    fn put_back(&mut self, now: Timestamp, resource: &str, id: &str, was: &Value) -> Result<(), String>;
    /// A person deletes a record; false where nobody can.
    fn remove(&mut self, now: Timestamp, resource: &str, id: &str) -> bool;
    /// Every token in use ends now.
    fn expire_tokens(&mut self) {}
}

const MAILS: [&str; 5] = ["ana@s.example", "bruno@s.example", "carla@s.example", "diego@s.example", "elisa@s.example"];

fn sample(identity: u64, random: &mut fastrand::Rng) -> Sample {
    let mut sample = Maker::new(identity).next(!identity.is_multiple_of(4));
    if random.u8(0..3) == 0 {
        sample.email = format!("x{}@novo.example", random.u8(..));
    }
    sample
}

fn no() -> String {
    "nobody works there".to_owned()
}

impl People for Omie {
    fn resources(&self) -> &'static [&'static str] {
        &["clientes"]
    }

    fn settle_in(&mut self, now: Timestamp, random: &mut fastrand::Rng) {
        self.switches.upper_case_text = random.u8(0..4) == 0;
        self.switches.page_cap = *random.choice(&[3, 10, 100]).unwrap_or(&100);
        for (at, mail) in MAILS.iter().enumerate().take(4) {
            self.add_seller(now, mail, &mail.to_uppercase(), at == 3);
        }
    }

    fn ids(&self, _resource: &str) -> Vec<String> {
        self.clients().filter_map(|one| one.get("codigo_cliente_omie").map(ToString::to_string)).collect()
    }

    fn shown(&self, _resource: &str, id: &str) -> Option<Value> {
        self.client(id.parse().ok()?)
    }

    fn invent(&mut self, now: Timestamp, resource: &str, identity: u64, random: &mut fastrand::Rng) -> Result<String, String> {
        let _unused = resource;
        let sellers: Vec<i64> = self.sellers().collect();
        let seller = random.choice(sellers).filter(|_| random.bool());
        self.person_adds(now, &sample(identity, random).omie(seller)).map(|code| code.to_string())
    }

    fn tinker(&mut self, now: Timestamp, _resource: &str, id: &str, random: &mut fastrand::Rng) -> Result<String, String> {
        let n = random.u8(0..30);
        let sellers: Vec<i64> = self.sellers().collect();
        let patch = match random.u8(0..12) {
            0 => json!({ "nome_fantasia": format!("Nome {n}") }),
            1 => json!({ "email": format!("e{n}@x.example") }),
            2 => json!({ "homepage": if n < 5 { String::new() } else { format!("https://h{n}.example") } }),
            3 => json!({ "telefone1_ddd": "11", "telefone1_numero": format!("3000-10{n:02}") }),
            4 => json!({ "telefone2_ddd": "11", "telefone2_numero": format!("3000-20{n:02}") }),
            5 => json!({ "razao_social": format!("Razão {n} Ltda") }),
            6 => json!({ "tags": [{ "tag": "Cliente" }, { "tag": tag(n) }] }),
            7 => json!({ "recomendacoes": { "codigo_vendedor": random.choice(sellers).unwrap_or(0) } }),
            8 => json!({ "inativo": if n % 2 == 0 { "S" } else { "N" } }),
            9 => json!({ "complemento": if n < 8 { String::new() } else { format!("Sala {n}") } }),
            10 => json!({ "bairro": format!("Bairro {n}"), "endereco": format!("Rua {n}") }),
            _ => json!({ "observacao": format!("nota {n}") }),
        };
        self.person_edits(now, id.parse().map_err(|_| no())?, &patch)?;
        Ok(patch.to_string())
    }

    fn put_back(&mut self, now: Timestamp, _resource: &str, id: &str, was: &Value) -> Result<(), String> {
        let mut patch = was.clone();
        if let Some(map) = patch.as_object_mut() {
            map.retain(|key, _| !matches!(key.as_str(), "info" | "codigo_cliente_omie"));
        }
        self.person_edits(now, id.parse().map_err(|_| no())?, &patch)
    }

    fn remove(&mut self, now: Timestamp, _resource: &str, id: &str) -> bool {
        id.parse().is_ok_and(|id| self.person_deletes(now, id))
    }
}

impl People for Ploomes {
    fn resources(&self) -> &'static [&'static str] {
        &["contacts"]
    }

    fn settle_in(&mut self, _now: Timestamp, random: &mut fastrand::Rng) {
        self.switches.page_max = *random.choice(&[4, 20, 300]).unwrap_or(&300);
        for mail in MAILS.iter().skip(1) {
            self.add_user(mail, mail, false);
        }
    }

    fn ids(&self, _resource: &str) -> Vec<String> {
        self.contacts().map(|id| id.to_string()).collect()
    }

    fn shown(&self, _resource: &str, id: &str) -> Option<Value> {
        self.contact(id.parse().ok()?)
    }

    fn invent(&mut self, now: Timestamp, _resource: &str, identity: u64, random: &mut fastrand::Rng) -> Result<String, String> {
        let mut sample = sample(identity, random);
        sample.seller = random.choice(&MAILS[1..]).copied().filter(|_| random.bool());
        self.person_adds(now, &sample.ploomes()).map(|id| id.to_string())
    }

    fn tinker(&mut self, now: Timestamp, _resource: &str, id: &str, random: &mut fastrand::Rng) -> Result<String, String> {
        let n = random.u8(0..30);
        let patch = match random.u8(0..12) {
            0 => json!({ "Name": format!("Nome {n}") }),
            1 => json!({ "Email": format!("e{n}@x.example") }),
            2 => json!({ "Website": if n < 5 { Value::Null } else { json!(format!("https://h{n}.example")) } }),
            3 => json!({ "Phones": [{ "PhoneNumber": format!("(11) 3000-10{n:02}"), "Type": "Comercial" }] }),
            4 => json!({ "Phones": [{ "PhoneNumber": format!("(11) 3000-10{n:02}"), "Type": "Fax" }, { "PhoneNumber": "(11) 3000-2000", "Type": "Celular" }, { "PhoneNumber": "(11) 3000-2001", "Type": "Celular" }, { "PhoneNumber": "(11) 3000-2002", "Type": "Celular" }] }),
            5 => json!({ "LegalName": if n < 5 { Value::Null } else { json!(format!("Razão {n} Ltda")) } }),
            6 => json!({ "Tags": [tag(n)] }),
            7 => json!({ "Owner": MAILS[usize::from(1 + n % 4)] }),
            8 => json!({ "Status": if n % 2 == 0 { "Inativo" } else { "Ativo" } }),
            9 => json!({ "StreetAddressLine2": if n < 8 { Value::Null } else { json!(format!("Sala {n}")) } }),
            10 => json!({ "Neighborhood": format!("Bairro {n}"), "StreetAddress": format!("Rua {n}") }),
            _ => json!({ "Note": format!("nota {n}") }),
        };
        self.person_edits(now, id.parse().map_err(|_| no())?, &patch)?;
        Ok(patch.to_string())
    }

    fn put_back(&mut self, now: Timestamp, _resource: &str, id: &str, was: &Value) -> Result<(), String> {
        let keep = ["Name", "Email", "Website", "LegalName", "StreetAddressLine2", "Neighborhood", "StreetAddress", "StatusId", "OwnerId"];
        let mut patch = was.clone();
        if let Some(map) = patch.as_object_mut() {
            map.retain(|key, _| keep.contains(&key.as_str()));
        }
        self.person_edits(now, id.parse().map_err(|_| no())?, &patch)
    }

    fn remove(&mut self, now: Timestamp, _resource: &str, id: &str) -> bool {
        id.parse().is_ok_and(|id| self.person_deletes(now, id))
    }
}

fn tag(n: u8) -> &'static str {
    ["VIP", "Ouro", "Prata"].get(usize::from(n % 3)).copied().unwrap_or_default()
}
