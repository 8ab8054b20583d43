//! The second act: what people do on both sides after the first load.
//!
//! Every edit is one sentence and one change. Nothing here knows what depara will make of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::sample::{Maker, put};
use super::{Shows, Story, seller};
use crate::sandbox::{Omie, Ploomes};

/// Edits records on both sides; tells what people did, in the order they did it.
///
/// # Errors
///
/// What a system says about an edit, or that the story misses a record.
pub fn edit_round(
    omie: &mut Omie,
    ploomes: &mut Ploomes,
    story: &Story,
    now: Timestamp,
) -> Result<Vec<String>, String> {
    let mut round = Round { omie, ploomes, story, now, told: Vec::new() };
    round.simple_edits()?;
    round.tags()?;
    round.status()?;
    round.conflict()?;
    round.address()?;
    round.person_type()?;
    round.owner()?;
    round.ways_out()?;
    Ok(round.told)
}

struct Round<'a> {
    omie: &'a mut Omie,
    ploomes: &'a mut Ploomes,
    story: &'a Story,
    now: Timestamp,
    told: Vec<String>,
}

impl Round<'_> {
    /// The code of the n-th client that shows something.
    fn client(&self, shows: Shows, at: usize) -> Result<i64, String> {
        let shown = self.story.shown.get(&shows).and_then(|shown| shown.omie.get(at));
        shown.copied().ok_or_else(|| format!("the story has no client number {at} of {shows:?}"))
    }

    /// The id of the n-th contact that shows something.
    fn contact(&self, shows: Shows, at: usize) -> Result<i64, String> {
        let shown = self.story.shown.get(&shows).and_then(|shown| shown.ploomes.get(at));
        shown.copied().ok_or_else(|| format!("the story has no contact number {at} of {shows:?}"))
    }

    fn in_omie(&mut self, code: i64, patch: &Value, what: &str) -> Result<(), String> {
        self.omie.person_edits(self.now, code, patch)?;
        self.told.push(format!("Omie, client {code}: {what}"));
        Ok(())
    }

    fn in_ploomes(&mut self, id: i64, patch: &Value, what: &str) -> Result<(), String> {
        self.ploomes.person_edits(self.now, id, patch)?;
        self.told.push(format!("Ploomes, contact {id}: {what}"));
        Ok(())
    }

    fn simple_edits(&mut self) -> Result<(), String> {
        let code = self.client(Shows::OnlyOmie, 0)?;
        self.in_omie(code, &json!({ "nome_fantasia": "Nome Novo do Cliente" }), "the trade name was changed")?;
        let code = self.client(Shows::TwinByDocument, 0)?;
        self.in_omie(code, &json!({ "email": "financeiro@novo.example" }), "the e-mail was changed")?;

        let id = self.contact(Shows::OnlyPloomes, 0)?;
        let contact = self.ploomes.contact(id).unwrap_or_default();
        let mut phones = contact.get("Phones").cloned().unwrap_or_default();
        if let Some(first) = phones.get_mut(0) {
            put(first, "PhoneNumber", json!("(11) 3999-0001"));
        }
        self.in_ploomes(id, &json!({ "Phones": phones }), "the first phone was changed")
    }

    fn tags(&mut self) -> Result<(), String> {
        let code = self.client(Shows::TwinByDocument, 1)?;
        let mut tags = self.omie.client(code).and_then(|client| client.get("tags").cloned()).unwrap_or_default();
        if let Some(tags) = tags.as_array_mut() {
            tags.push(json!({ "tag": "Black Friday" }));
        }
        self.in_omie(code, &json!({ "tags": tags }), "the tag `Black Friday` was added")?;

        let id = self.contact(Shows::TwinByDocument, 1)?;
        let contact = self.ploomes.contact(id).unwrap_or_default();
        let mut tags = contact.get("Tags").cloned().unwrap_or_default();
        if let Some(tags) = tags.as_array_mut() {
            tags.push(json!("Prioridade"));
        }
        self.in_ploomes(id, &json!({ "Tags": tags }), "the marcador `Prioridade` was added")
    }

    fn status(&mut self) -> Result<(), String> {
        let code = self.client(Shows::TwinByDocument, 2)?;
        self.in_omie(code, &json!({ "inativo": "S" }), "it was made inactive")?;
        let id = self.contact(Shows::TwinByDocument, 3)?;
        self.in_ploomes(id, &json!({ "Status": "Inativo" }), "the status was set to `Inativo`, which Omie decides")
    }

    fn conflict(&mut self) -> Result<(), String> {
        let code = self.client(Shows::TwinByDocument, 4)?;
        self.in_omie(code, &json!({ "email": "omie@conflito.example" }), "the e-mail was changed")?;
        let id = self.contact(Shows::TwinByDocument, 4)?;
        // Omie keeps seconds: the later edit must be later by one.
        self.now += SignedDuration::from_secs(1);
        let patch = json!({ "Email": "ploomes@conflito.example" });
        self.in_ploomes(id, &patch, "the e-mail of the same record was changed too, a second later")
    }

    fn address(&mut self) -> Result<(), String> {
        let id = self.contact(Shows::TwinByDocument, 5)?;
        let patch = json!({
            "StreetAddress": "Rua da Mudança", "StreetAddressNumber": "100", "StreetAddressLine2": null,
            "Neighborhood": "Batel", "ZipCode": 80_420_090, "City": 4_106_902,
        });
        self.in_ploomes(id, &patch, "it moved to Curitiba")
    }

    fn person_type(&mut self) -> Result<(), String> {
        let code = self.client(Shows::TwinByDocument, 6)?;
        let mut maker = Maker::new(self.now.as_millisecond().unsigned_abs());
        let patch = json!({ "cnpj_cpf": maker.document(false), "bairro": "Bairro Novo" });
        self.in_omie(code, &patch, "its CNPJ became a CPF, and the district was changed")
    }

    fn owner(&mut self) -> Result<(), String> {
        let id = self.contact(Shows::TwinByDocument, 7)?;
        self.in_ploomes(id, &json!({ "Owner": seller::CARLA }), "Carla Nunes took it over")
    }

    fn ways_out(&mut self) -> Result<(), String> {
        let id = self.contact(Shows::NoDocument, 0)?;
        let mut maker = Maker::new(self.now.as_millisecond().unsigned_abs() ^ 0x5EED);
        let patch = json!({ "Register": maker.document(true) });
        self.in_ploomes(id, &patch, "the missing CNPJ was filled in")?;
        let diego = self.story.sellers.get(seller::DIEGO).copied().unwrap_or_default();
        if !self.omie.set_seller_inactive(self.now, diego, false) {
            return Err(format!("there is no seller {diego}"));
        }
        self.told.push(format!("Omie, seller {diego}: Diego Ramos became active again"));
        Ok(())
    }
}
