//! Who or what an identity is, the same in every system.

use super::pool::LABOURS;
use crate::sandbox::document::completed;

/// A company, or a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Company {
    /// A person, with a CPF.
    pub(in crate::sandbox) person: bool,
    /// Its name.
    pub(in crate::sandbox) name: String,
    /// CPF or CNPJ, digits only, with right check digits.
    pub(in crate::sandbox) document: String,
}

/// A prime step visits every number of eight digits once.
const STEP: u64 = 7_654_321;

const KINDS: &[&str] = &["Padaria", "Oficina", "Farmácia", "Clínica", "Hotel", "Ótica", "Gráfica"];
const TITLES: &[&str] = &["Aurora", "São Jorge", "Três Irmãos", "Ipê & Cia", "Boa Vista", "do Vale"];

impl Company {
    /// The company of an identity; every fourth is a person.
    pub(in crate::sandbox) fn of(identity: u64) -> Self {
        let nth = |pool: &[&'static str], at: u64| {
            let at = usize::try_from(at).unwrap_or_default() % pool.len().max(1);
            pool.get(at).copied().unwrap_or_default()
        };
        let number = 10_000_000 + identity.wrapping_mul(STEP) % 90_000_000;
        let person = identity % 4 == 3;
        let stem = if person { format!("{number:08}7") } else { format!("{number:08}0001") };
        let kinds = u64::try_from(KINDS.len()).unwrap_or(1);
        let name = format!("{} {} {identity}", nth(KINDS, identity), nth(TITLES, identity / kinds));
        Self { person, name, document: completed(&stem) }
    }

    /// Another one whom nobody else knows, but for chance.
    pub(in crate::sandbox) fn some_other(random: &mut fastrand::Rng) -> Self {
        Self::of(random.u64(1_000_000..2_000_000))
    }

    /// The document with a wrong last digit.
    pub(in crate::sandbox) fn mistyped(&self) -> String {
        let stem = self.document.get(..self.document.len().saturating_sub(1)).unwrap_or_default();
        let last = if self.document.ends_with('9') { '0' } else { '9' };
        format!("{stem}{last}")
    }

    /// The document with its mask, as many people type it.
    pub(in crate::sandbox) fn masked(&self) -> String {
        let pattern = if self.person { "###.###.###-##" } else { "##.###.###/####-##" };
        let mut digits = self.document.chars();
        pattern.chars().filter_map(|c| if c == '#' { digits.next() } else { Some(c) }).collect()
    }
}

/// The code of a product.
pub(in crate::sandbox) fn product_code(identity: u64) -> String {
    format!("P-{identity:04}")
}

/// The name of a service.
pub(in crate::sandbox) fn service_name(identity: u64) -> String {
    let at = usize::try_from(identity).unwrap_or_default() % LABOURS.len().max(1);
    format!("{} {identity}", LABOURS.get(at).copied().unwrap_or_default())
}

/// Somebody who sells or works in the field, in whatever system.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Colleague {
    /// The name.
    pub(in crate::sandbox) name: &'static str,
    /// The address, in lower case.
    pub(in crate::sandbox) email: &'static str,
}

/// All of them; which system knows whom is drawn.
pub(in crate::sandbox) const COLLEAGUES: [Colleague; 5] = [
    Colleague { name: "Ana Lima", email: "ana.lima@aurora.example" },
    Colleague { name: "Bruno Melo", email: "bruno.melo@aurora.example" },
    Colleague { name: "Carla Nunes", email: "carla.nunes@aurora.example" },
    Colleague { name: "Diego Ramos", email: "diego.ramos@aurora.example" },
    Colleague { name: "Elisa Torres", email: "elisa.torres@aurora.example" },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Company;

    #[test]
    fn no_two_identities_share_a_name_or_a_document() {
        let all: Vec<Company> = (0..5_000).map(Company::of).collect();
        assert_eq!(all.iter().map(|one| &one.document).collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.iter().map(|one| &one.name).collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|one| one.document.len() == if one.person { 11 } else { 14 }));
        assert!(all.iter().all(|one| one.mistyped() != one.document));
    }
}
