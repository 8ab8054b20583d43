//! Places of Brazil that the sandboxes know: a sample of cities, all states, some countries.
//!
//! City codes are those of the IBGE, whose last digit is a check digit (tested below); country
//! codes are those of the Central Bank. Two cities called Cascavel are here on purpose: a name
//! alone does not name a city. Never complete, never read from a file.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct City {
    /// Code of the IBGE, seven digits.
    pub ibge: u32,
    /// Name with accents.
    pub name: &'static str,
    /// Two letters of its state.
    pub uf: &'static str,
}

impl City {
    const fn new(ibge: u32, name: &'static str, uf: &'static str) -> Self {
        Self { ibge, name, uf }
    }
}

/// A country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// Code of the Central Bank, four digits.
    pub bacen: &'static str,
    /// Name in Portuguese.
    pub name: &'static str,
    /// Two-letter ISO code.
    pub iso2: &'static str,
}

impl Country {
    const fn new(bacen: &'static str, name: &'static str, iso2: &'static str) -> Self {
        Self { bacen, name, iso2 }
    }
}

/// A state: its two letters and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Two letters.
    pub uf: &'static str,
    /// Name with accents.
    pub name: &'static str,
}

impl State {
    const fn new(uf: &'static str, name: &'static str) -> Self {
        Self { uf, name }
    }
}

/// The city of an IBGE code.
pub fn city_by_ibge(ibge: u32) -> Option<&'static City> {
    CITIES.iter().find(|city| city.ibge == ibge)
}

/// Upper case without accents, the way public registries write names.
pub fn plain_upper(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_uppercase).collect()
}

/// The cities, by code.
pub const CITIES: &[City] = &[
    City::new(1100122, "Ji-Paraná", "RO"),
    City::new(1100205, "Porto Velho", "RO"),
    City::new(1200401, "Rio Branco", "AC"),
    City::new(1302603, "Manaus", "AM"),
    City::new(1400100, "Boa Vista", "RR"),
    City::new(1500800, "Ananindeua", "PA"),
    City::new(1501402, "Belém", "PA"),
    City::new(1600303, "Macapá", "AP"),
    City::new(1721000, "Palmas", "TO"),
    City::new(2105302, "Imperatriz", "MA"),
    City::new(2111300, "São Luís", "MA"),
    City::new(2211001, "Teresina", "PI"),
    City::new(2303501, "Cascavel", "CE"),
    City::new(2304400, "Fortaleza", "CE"),
    City::new(2408003, "Mossoró", "RN"),
    City::new(2408102, "Natal", "RN"),
    City::new(2504009, "Campina Grande", "PB"),
    City::new(2507507, "João Pessoa", "PB"),
    City::new(2604106, "Caruaru", "PE"),
    City::new(2607901, "Jaboatão dos Guararapes", "PE"),
    City::new(2609600, "Olinda", "PE"),
    City::new(2611606, "Recife", "PE"),
    City::new(2704302, "Maceió", "AL"),
    City::new(2800308, "Aracaju", "SE"),
    City::new(2910800, "Feira de Santana", "BA"),
    City::new(2927408, "Salvador", "BA"),
    City::new(2933307, "Vitória da Conquista", "BA"),
    City::new(3106200, "Belo Horizonte", "MG"),
    City::new(3118601, "Contagem", "MG"),
    City::new(3136702, "Juiz de Fora", "MG"),
    City::new(3170206, "Uberlândia", "MG"),
    City::new(3205002, "Serra", "ES"),
    City::new(3205200, "Vila Velha", "ES"),
    City::new(3205309, "Vitória", "ES"),
    City::new(3301702, "Duque de Caxias", "RJ"),
    City::new(3303302, "Niterói", "RJ"),
    City::new(3303500, "Nova Iguaçu", "RJ"),
    City::new(3303906, "Petrópolis", "RJ"),
    City::new(3304557, "Rio de Janeiro", "RJ"),
    City::new(3506003, "Bauru", "SP"),
    City::new(3509502, "Campinas", "SP"),
    City::new(3518800, "Guarulhos", "SP"),
    City::new(3525904, "Jundiaí", "SP"),
    City::new(3526902, "Limeira", "SP"),
    City::new(3534401, "Osasco", "SP"),
    City::new(3538709, "Piracicaba", "SP"),
    City::new(3543402, "Ribeirão Preto", "SP"),
    City::new(3545803, "Santa Bárbara d'Oeste", "SP"),
    City::new(3547809, "Santo André", "SP"),
    City::new(3548500, "Santos", "SP"),
    City::new(3548708, "São Bernardo do Campo", "SP"),
    City::new(3549805, "São José do Rio Preto", "SP"),
    City::new(3549904, "São José dos Campos", "SP"),
    City::new(3550308, "São Paulo", "SP"),
    City::new(3552205, "Sorocaba", "SP"),
    City::new(4104808, "Cascavel", "PR"),
    City::new(4106902, "Curitiba", "PR"),
    City::new(4113700, "Londrina", "PR"),
    City::new(4115200, "Maringá", "PR"),
    City::new(4119905, "Ponta Grossa", "PR"),
    City::new(4202404, "Blumenau", "SC"),
    City::new(4204202, "Chapecó", "SC"),
    City::new(4205407, "Florianópolis", "SC"),
    City::new(4208203, "Itajaí", "SC"),
    City::new(4209102, "Joinville", "SC"),
    City::new(4304606, "Canoas", "RS"),
    City::new(4305108, "Caxias do Sul", "RS"),
    City::new(4314407, "Pelotas", "RS"),
    City::new(4314902, "Porto Alegre", "RS"),
    City::new(5002704, "Campo Grande", "MS"),
    City::new(5003702, "Dourados", "MS"),
    City::new(5103403, "Cuiabá", "MT"),
    City::new(5201108, "Anápolis", "GO"),
    City::new(5201405, "Aparecida de Goiânia", "GO"),
    City::new(5208707, "Goiânia", "GO"),
    City::new(5300108, "Brasília", "DF"),
];

/// All states and the federal district, by letters.
pub const STATES: &[State] = &[
    State::new("AC", "Acre"),
    State::new("AL", "Alagoas"),
    State::new("AM", "Amazonas"),
    State::new("AP", "Amapá"),
    State::new("BA", "Bahia"),
    State::new("CE", "Ceará"),
    State::new("DF", "Distrito Federal"),
    State::new("ES", "Espírito Santo"),
    State::new("GO", "Goiás"),
    State::new("MA", "Maranhão"),
    State::new("MG", "Minas Gerais"),
    State::new("MS", "Mato Grosso do Sul"),
    State::new("MT", "Mato Grosso"),
    State::new("PA", "Pará"),
    State::new("PB", "Paraíba"),
    State::new("PE", "Pernambuco"),
    State::new("PI", "Piauí"),
    State::new("PR", "Paraná"),
    State::new("RJ", "Rio de Janeiro"),
    State::new("RN", "Rio Grande do Norte"),
    State::new("RO", "Rondônia"),
    State::new("RR", "Roraima"),
    State::new("RS", "Rio Grande do Sul"),
    State::new("SC", "Santa Catarina"),
    State::new("SE", "Sergipe"),
    State::new("SP", "São Paulo"),
    State::new("TO", "Tocantins"),
];

/// Some countries, Brazil first.
pub const COUNTRIES: &[Country] = &[
    Country::new("1058", "Brasil", "BR"),
    Country::new("0639", "Argentina", "AR"),
    Country::new("0973", "Bolívia", "BO"),
    Country::new("1490", "Canadá", "CA"),
    Country::new("1589", "Chile", "CL"),
    Country::new("1600", "China", "CN"),
    Country::new("1694", "Colômbia", "CO"),
    Country::new("2399", "Equador", "EC"),
    Country::new("2453", "Espanha", "ES"),
    Country::new("2496", "Estados Unidos", "US"),
    Country::new("2755", "França", "FR"),
    Country::new("0230", "Alemanha", "DE"),
    Country::new("3867", "Itália", "IT"),
    Country::new("3999", "Japão", "JP"),
    Country::new("4936", "México", "MX"),
    Country::new("5738", "Países Baixos", "NL"),
    Country::new("5860", "Paraguai", "PY"),
    Country::new("5894", "Peru", "PE"),
    Country::new("6076", "Portugal", "PT"),
    Country::new("6289", "Reino Unido", "GB"),
    Country::new("7676", "Suíça", "CH"),
    Country::new("8451", "Uruguai", "UY"),
    Country::new("8508", "Venezuela", "VE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The check digit of the IBGE: weights 1 and 2 over six digits, digits of products summed.
    fn check_digit(ibge: u32) -> u32 {
        let mut rest = ibge / 10;
        let mut sum = 0;
        for weight in [2, 1, 2, 1, 2, 1] {
            let product = (rest % 10) * weight;
            sum += product / 10 + product % 10;
            rest /= 10;
        }
        (10 - sum % 10) % 10
    }

    #[test]
    fn every_city_code_carries_its_check_digit_and_a_known_state() {
        for city in CITIES {
            assert_eq!(city.ibge % 10, check_digit(city.ibge), "{}", city.name);
            assert!(STATES.iter().any(|state| state.uf == city.uf), "{}", city.name);
        }
        assert!(CITIES.is_sorted_by(|a, b| a.ibge < b.ibge));
    }

    #[test]
    fn every_state_has_a_city() {
        assert_eq!(STATES.len(), 27);
        for state in STATES {
            assert!(CITIES.iter().any(|city| city.uf == state.uf), "{}", state.uf);
        }
    }

    #[test]
    fn names_lose_accents_and_case() {
        assert_eq!(plain_upper("São João d'Água"), "SAO JOAO D'AGUA");
        assert_eq!(city_by_ibge(3_550_308).map(|city| city.name), Some("São Paulo"));
    }
}
