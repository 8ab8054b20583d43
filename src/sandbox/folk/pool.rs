//! What people type: small pools of values, so that two people sometimes type the same.

/// Trade and legal names: accents, ampersands, quotes, and more than sixty characters.
#[rustfmt::skip]
pub(in crate::sandbox) const NAMES: &[&str] = &[
    "Casa Nova", "Água & Gás Conceição", "SÃO JOÃO MATERIAIS", "comercial útil", "D'Ávila Móveis", "Bar \"O Porto\"",
    "Irmãos Gonçalves & Filhos Comércio de Materiais para Construção e Acabamentos do Interior", "Padaria Três Corações",
];

pub(in crate::sandbox) const EMAILS: &[&str] = &[
    "contato@casanova.example",
    "Financeiro@CasaNova.example",
    "vendas@porto.example",
    "compras+nfe@gas.example",
    "ANA@IRMAOS.EXAMPLE",
];

pub(in crate::sandbox) const SITES: &[&str] =
    &["https://www.casanova.example", "www.casanova.example", "HTTP://Porto.Example/", "irmaos.example/loja?a=1&b=2"];

#[rustfmt::skip]
pub(in crate::sandbox) const STREETS: &[&str] = &[
    "Rua das Flores", "Avenida Brasil", "RUA XV DE NOVEMBRO", "Praça José & Maria", "Rodovia do Café km 12",
    "Avenida Presidente Juscelino Kubitschek de Oliveira Filho do Norte", "Travessa d'Ajuda",
];

pub(in crate::sandbox) const NUMBERS: &[&str] = &["10", "S/N", "1500", "25-A", "km 3,5", "007"];
pub(in crate::sandbox) const COMPLEMENTS: &[&str] = &["Sala 2", "Galpão B", "fundos", "Loja 14 & 15", "APTO 301"];
pub(in crate::sandbox) const DISTRICTS: &[&str] = &["Centro", "Jardim América", "VILA NOVA", "São José", "Água Verde"];
/// The first two begin with zero.
pub(in crate::sandbox) const CEPS: &[&str] = &["01310100", "04538133", "80420090", "30130010", "60165121"];
/// Capitals, and one of two cities of one name.
pub(in crate::sandbox) const CITIES: &[i64] = &[3_550_308, 4_106_902, 3_106_200, 2_304_400, 2_303_501];
/// Dial code and number, as two fields hold them.
#[rustfmt::skip]
pub(in crate::sandbox) const PHONES: &[(&str, &str)] = &[
    ("11", "3000-1000"), ("11", "99888-7766"), ("41", "3222-3333"), ("31", "98765-4321"), ("85", "32001234"),
    ("21", "2555-0001"),
];
pub(in crate::sandbox) const CNAES: &[&str] = &["1091102", "4711302", "4771701", "0111301"];
pub(in crate::sandbox) const TAGS: &[&str] = &["VIP", "vip", "Atacado", "Varejo", "Licitação", "P&D"];
pub(in crate::sandbox) const PEOPLE: &[&str] = &["Ana", "João d'Ávila", "CONCEIÇÃO", "Zé"];
pub(in crate::sandbox) const NOTES: &[&str] =
    &["Ligar antes", "Chamar na portaria", "Paga à vista & leva", "linha um\nlinha dois"];
pub(in crate::sandbox) const PRICES: &[f64] = &[0.1, 9.99, 45.9, 100.0, 1_234.5, 0.29, 12_345.67];
pub(in crate::sandbox) const AMOUNTS: &[f64] = &[1.0, 2.0, 0.5, 12.0, 3.25];
#[rustfmt::skip]
pub(in crate::sandbox) const GOODS: &[&str] = &[
    "Filtro de ar", "Motor 1/4 CV", "Gás R-410A 1 kg", "Ventilador & hélice", "CORREIA", "Tubo 3/4\" galvanizado",
    "Compressor rotativo de alta eficiência para câmaras frias de médio e grande porte, 380 V trifásico, com óleo",
];
#[rustfmt::skip]
pub(in crate::sandbox) const LABOURS: &[&str] = &[
    "Visita técnica", "Limpeza & higienização", "HORA TÉCNICA", "instalação", "Manutenção preventiva de câmaras",
    "Diária de guindaste",
];
