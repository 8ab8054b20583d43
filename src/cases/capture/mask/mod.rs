//! Masks what records say of people, so that a case from life tells nobody whose life it was.
//!
//! Equal values get equal masks wherever they stand, and different ones different masks, so that what
//! a plan compares stays as equal or as different as it was. A mask is made under a key: without it
//! nobody can try all documents there are and see which one gives this mask. Lengths, upper and lower
//! case, accents on vowels, blanks and signs stay; check digits are right where they were right.

mod document;

use std::collections::BTreeSet;
use std::hash::Hasher;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::phone;
use crate::reference::folded;

/// What a mask is made under: whoever has it can make the same masks again.
pub type Key = [u64; 2];

const VOWELS: &[u8] = b"aeiou";
const CONSONANTS: &[u8] = b"bcdfghjklmnpqrstvwxyz";
const DIGITS: &[u8] = b"0123456789";
const LATIN: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
/// Shorter words tell nothing: `de`, `SP`, `S/A`.
const WORD_MIN: usize = 3;
/// Shorter numbers tell nothing, unless they are ids: house numbers, codes, amounts.
const NUMBER_MIN: usize = 8;
/// A number in a place for phones is told by fewer digits.
const PHONE_MIN: usize = 5;
/// Words that addresses on the web are made of.
const WEB: [&str; 9] = ["http", "https", "www", "com", "net", "org", "gov", "edu", "example"];

/// The parts of a text, whichever comes first.
static PARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let email = r"[^\s@,;:<>()]+@[^\s@,;:<>()]+\.[^\s@,;:<>()]+";
    let moment =
        r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?\b|\b\d{2}/\d{2}/\d{4}\b";
    let document = r"\b[0-9A-Za-z]{2}\.[0-9A-Za-z]{3}\.[0-9A-Za-z]{3}/[0-9A-Za-z]{4}-\d{2}\b";
    let word = r"[\p{L}\p{M}\d]*\p{L}[\p{L}\p{M}\d]*";
    let number = r"\+?\(?\d[\d().\-/ ]*\d|\d";
    let first = format!("(?P<email>{email})|(?P<moment>{moment})|(?P<document>{document})");
    Regex::new(&format!("{first}|(?P<word>{word})|(?P<number>{number})")).ok()
});

/// Words with letters, inside an e-mail.
static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{L}\p{M}\d]+").ok());

/// Where a text stands, as far as its mask goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Anywhere.
    #[default]
    Any,
    /// In a place for a phone.
    Phone,
}

/// Masks the values of one capture.
#[derive(Debug, Default)]
pub(super) struct Mask {
    /// What masks are made under.
    pub(super) key: Key,
    /// Folded words, and the digits of numbers, that stay as they are.
    pub(super) kept: BTreeSet<String>,
    /// Numbers that are ids, however short.
    pub(super) ids: BTreeSet<String>,
}

impl Mask {
    /// Keeps the words and numbers of a text as they are.
    pub(super) fn keep(&mut self, text: &str) {
        let Some(parts) = PARTS.as_ref() else { return };
        for found in parts.captures_iter(text) {
            let all = found.get(0).map_or("", |all| all.as_str());
            self.kept.insert(if found.name("number").is_some() {
                digits(all)
            } else if found.name("document").is_some() {
                folded(&without_signs(all))
            } else {
                folded(all)
            });
        }
    }

    /// A value with all that it holds masked.
    pub(super) fn value(&self, value: &Value, place: Place) -> Value {
        match value {
            Value::String(text) => Value::from(self.text(text, place)),
            Value::Number(number) => self.numeral(&number.to_string(), place),
            Value::Array(list) => list.iter().map(|one| self.value(one, place)).collect(),
            Value::Object(map) => map.iter().map(|(key, one)| (key.clone(), self.value(one, place))).collect(),
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    /// A number: what stands before its point is masked.
    fn numeral(&self, text: &str, place: Place) -> Value {
        let (sign, bare) = text.strip_prefix('-').map_or(("", text), |bare| ("-", bare));
        let end = bare.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(bare.len());
        let (whole, rest) = bare.split_at_checked(end).unwrap_or((bare, ""));
        serde_json::from_str(&format!("{sign}{}{rest}", self.number(whole, place))).unwrap_or_default()
    }

    /// A text with its words and numbers masked. Digits of other scripts become those of ours.
    pub(super) fn text(&self, text: &str, place: Place) -> String {
        let text: &str = &text.chars().map(|sign| other_digit(sign).unwrap_or(sign)).collect::<String>();
        let all = digits(text);
        if place == Place::Phone && all.len() >= PHONE_MIN && !text.contains('@') {
            return self.number(text, place);
        }
        let Some(parts) = PARTS.as_ref() else { return String::new() };
        let masked = |found: &Captures<'_>| {
            let all = found.get(0).map_or("", |all| all.as_str());
            if found.name("email").is_some() {
                self.email(all)
            } else if found.name("document").is_some() {
                self.document(all, place)
            } else if found.name("word").is_some() {
                self.word(all)
            } else if found.name("number").is_some() {
                self.number(all, place)
            } else {
                all.to_owned()
            }
        };
        parts.replace_all(text, masked).into_owned()
    }

    /// Every word of an e-mail, however short, but what each address ends with.
    fn email(&self, text: &str) -> String {
        let Some(runs) = RUNS.as_ref().filter(|_| !self.kept.contains(&folded(text))) else { return text.to_owned() };
        let host = text.find('@').and_then(|at| text.get(at..)?.find('.').map(|dot| at + dot)).unwrap_or(text.len());
        let masked = |found: &Captures<'_>| {
            let (all, at) = found.get(0).map_or(("", 0), |all| (all.as_str(), all.start()));
            let ending = at > host && (all.len() < WORD_MIN || WEB.contains(&folded(all).as_str()));
            if ending { all.to_owned() } else { self.letters(all) }
        };
        runs.replace_all(text, masked).into_owned()
    }

    /// A word; a CNPJ with letters is one too.
    fn word(&self, text: &str) -> String {
        let plain = folded(text);
        let is_short = plain.is_ascii() && plain.len() < WORD_MIN;
        let stays = is_short || WEB.contains(&plain.as_str()) || self.kept.contains(&plain);
        if stays {
            return text.to_owned();
        }
        // Branches with and without letters may be of one company.
        let root = |root: &str| if has_letter(root) { self.letters(root) } else { self.digits(root) };
        document::masked(text, root).unwrap_or_else(|| self.letters(text))
    }

    /// A CNPJ in its signs.
    fn document(&self, text: &str, place: Place) -> String {
        let bare = without_signs(text);
        if !has_letter(&bare) {
            return self.number(text, place);
        }
        let masked = self.word(&bare);
        let mut masks = masked.chars();
        text.chars()
            .map(|sign| if sign.is_ascii_alphanumeric() { masks.next().unwrap_or(sign) } else { sign })
            .collect()
    }

    /// Letters become letters, vowels vowels, and digits digits.
    fn letters(&self, text: &str) -> String {
        let text: String = text.nfc().collect();
        let mut bytes: Vec<u8> = text
            .chars()
            .filter_map(plain)
            .filter_map(|letter| u8::try_from(letter.to_ascii_lowercase()).ok())
            .collect();
        self.shuffle("word", &mut bytes);
        let mut masks = bytes.into_iter();
        let one = |letter: char| plain(letter).and_then(|_| masks.next()).map_or(letter, |mask| dressed(letter, mask));
        text.chars().map(one).collect()
    }

    /// A number in its signs: a document, a phone, a postcode, an id; a short one stays.
    fn number(&self, text: &str, place: Place) -> String {
        let plain = digits(text);
        let least = if place == Place::Phone { PHONE_MIN } else { NUMBER_MIN };
        let is_short = plain.len() < least && !self.ids.contains(&plain);
        if is_short || self.kept.contains(&plain) || is_one_digit(&plain) {
            return text.to_owned();
        }
        let national = phone::plain(text);
        let masked = if let Some(masked) = document::masked(&plain, |root| self.digits(root)).filter(|_| {
            // A number of eleven digits may be both.
            place != Place::Phone
        }) {
            masked
        } else if phone::is_national(&national) {
            let (head, local) = plain.split_at_checked(plain.len() - national.len() + 2).unwrap_or((&plain, ""));
            format!("{head}{}", self.local(local))
        } else if plain.len() == 8 || (plain.len() == 9 && plain.starts_with('9')) {
            self.local(&plain)
        } else {
            self.digits(&plain)
        };
        let mut masks = masked.chars();
        text.chars().map(|sign| if sign.is_ascii_digit() { masks.next().unwrap_or(sign) } else { sign }).collect()
    }

    /// A phone without its area code, or a postcode: the first digit says what kind it is, and stays.
    fn local(&self, number: &str) -> String {
        let (first, rest) = number.split_at_checked(1).unwrap_or((number, ""));
        let mut bytes = rest.as_bytes().to_vec();
        self.shuffle("local", &mut bytes);
        format!("{first}{}", String::from_utf8_lossy(&bytes))
    }

    /// Digits become digits; a leading zero stays one, and no other becomes one.
    fn digits(&self, number: &str) -> String {
        let mut bytes = number.as_bytes().to_vec();
        // Another turn leads away from what would say that there is nothing.
        for _ in 0..3 {
            self.shuffle("number", &mut bytes);
            if !is_one_digit(&String::from_utf8_lossy(&bytes)) {
                break;
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Turns each sign within its class by an amount that follows from the key and all signs before it,
    /// once from either end: every sign depends on all others, and no two texts become one.
    fn shuffle(&self, kind: &str, text: &mut [u8]) {
        for pass in [0_u8, 1] {
            let before = text.to_vec();
            for (at, slot) in text.iter_mut().enumerate() {
                let is_first = if pass == 0 { at == 0 } else { at + 1 == before.len() };
                let class = class_of(*slot, kind == "number" && is_first);
                let seen = before.get(..at).unwrap_or_default();
                if let Some(place) = class.iter().position(|sign| sign == slot) {
                    let turn = self.amount(kind, pass, before.len(), seen);
                    let place = place + usize::try_from(turn % 1_000_003).unwrap_or(0);
                    *slot = class.get(place % class.len()).copied().unwrap_or(*slot);
                }
            }
            text.reverse();
        }
    }

    #[expect(deprecated, reason = "the one keyed hash of the standard library whose outcome is written down for good")]
    fn amount(&self, kind: &str, pass: u8, length: usize, seen: &[u8]) -> u64 {
        let mut hasher = std::hash::SipHasher::new_with_keys(self.key[0], self.key[1]);
        hasher.write(kind.as_bytes());
        hasher.write(&[0, pass]);
        hasher.write(length.to_string().as_bytes());
        hasher.write(&[0]);
        hasher.write(seen);
        hasher.finish()
    }
}

/// A letter or digit as a plain one; one of another script becomes one of ours.
fn plain(letter: char) -> Option<char> {
    let bare = letter.nfd().next()?;
    if bare.is_ascii_alphanumeric() || !bare.is_alphabetic() {
        return Some(bare).filter(char::is_ascii_alphanumeric);
    }
    LATIN.get(usize::try_from(u32::from(bare)).ok()? % LATIN.len()).copied().map(char::from)
}

/// A digit of another script as one of ours.
fn other_digit(sign: char) -> Option<char> {
    if !sign.is_numeric() || sign.is_ascii_digit() {
        return None;
    }
    DIGITS.get(usize::try_from(u32::from(sign)).ok()? % DIGITS.len()).copied().map(char::from)
}

fn class_of(sign: u8, is_leading: bool) -> &'static [u8] {
    match sign {
        b'0' if is_leading => b"0",
        b'1'..=b'9' if is_leading => b"123456789",
        b'0'..=b'9' => DIGITS,
        _ if VOWELS.contains(&sign) => VOWELS,
        _ => CONSONANTS,
    }
}

/// A mask in the case of a letter, and with its accents where one letter can carry them.
fn dressed(letter: char, mask: u8) -> char {
    let mask = char::from(mask);
    let mask = if letter.is_uppercase() { mask.to_ascii_uppercase() } else { mask };
    let marks = letter.nfd().filter(|one| is_combining_mark(*one));
    let mut whole = std::iter::once(mask).chain(marks).nfc();
    whole.next().filter(|_| whole.next().is_none()).unwrap_or(mask)
}

/// The letters and digits of a document.
fn without_signs(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// `00000000000` and its like say that there is none.
fn is_one_digit(number: &str) -> bool {
    let mut all = number.bytes();
    all.next().is_none_or(|first| all.all(|digit| digit == first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mask() -> Mask {
        let mut mask = Mask { key: [7, 11], ..Mask::default() };
        mask.keep("Inativo Tarefa do campo: fax");
        mask
    }

    #[test]
    fn what_is_the_same_stays_the_same_however_it_is_typed() {
        let mask = mask();
        let any = |text: &str| mask.text(text, Place::Any);
        let phone = |text: &str| mask.text(text, Place::Phone);
        assert_eq!(folded(&any("São Paulo")), folded(&any("SAO PAULO (SP)")).replace(" (sp)", ""));
        assert_eq!(digits(&any("11.222.333/0001-81")), any("11222333000181"));
        assert_eq!(any("Ana.Souza@Ex.com.br").to_lowercase(), any("ana.souza@ex.com.br"));
        assert_eq!(any("ana@ex.com, bia@ex.com"), format!("{}, {}", any("ana@ex.com"), any("bia@ex.com")));
        for typed in ["(11) 98000-1000", "+55 11 98000-1000", "011 98000 1000", "11980001000"] {
            assert_eq!(phone::plain(&phone(typed)), phone::plain(&phone("11 980001000")), "{typed}");
        }
        assert_eq!(format!("(11) {}", phone("98000-1000")), phone("(11) 98000-1000"));
        let line = "RUA DAS FLORES, 10 - CENTRO, CAMPINAS - SP, 13010-000";
        let parts = format!(
            "{}, 10 - {}, {} - SP, {}",
            any("RUA DAS FLORES"),
            any("CENTRO"),
            any("CAMPINAS"),
            any("13010-000")
        );
        assert_eq!(any(line), parts);
        assert_eq!(digits(&any("13010-000")), any("13010000"));
    }

    #[test]
    fn nothing_of_a_person_is_left() {
        let mask = mask();
        for (text, place) in [
            ("Maria", Place::Any),
            ("ÀÉÎÕÜ", Place::Any),
            ("jo@bb.com.br", Place::Any),
            ("a1b2c3d4", Place::Any),
            ("11222333000181", Place::Any),
            ("52998224725", Place::Any),
            ("(11) 3000-1000", Place::Any),
            ("+1 (555) 123-4567", Place::Any),
            ("0800 123 4567", Place::Phone),
            ("Иванов", Place::Any),
            ("李明", Place::Any),
            ("１１２２２３３３０００１８１", Place::Any),
            ("01310-100", Place::Any),
        ] {
            let masked = mask.text(text, place);
            assert_ne!(masked, text);
            assert_eq!(masked.chars().count(), text.chars().count(), "{text} became {masked}");
            let same_kind = |(one, other): (char, char)| {
                one.is_uppercase() == other.is_uppercase()
                    && one.is_alphabetic() == other.is_alphabetic()
                    && (one.is_alphanumeric() || one == other)
            };
            assert!(text.chars().zip(masked.chars()).all(same_kind), "{text} became {masked}");
        }
    }

    #[test]
    fn a_number_is_hidden_before_its_point_and_behind_its_sign() {
        let masked = |value: Value| mask().value(&value, Place::Any);
        let whole = masked(json!(11_222_333_000_181_u64));
        assert_ne!(whole, json!(11_222_333_000_181_u64));
        assert_eq!(masked(json!(-11_222_333_000_181_i64)).to_string(), format!("-{whole}"));
        assert_eq!(masked(json!(11_222_333_000_181.0)).to_string(), format!("{whole}.0"));
    }

    #[test]
    fn a_document_with_letters_stays_one_of_its_form() {
        let mask = mask();
        let any = |text: &str| mask.text(text, Place::Any);
        let masked = any("12ABC34501DE35");
        assert!(document::is_document(&masked), "{masked}");
        assert_eq!(masked.get(8..12), Some("01DE"), "the branch stays");
        assert_ne!(masked, "12ABC34501DE35");
        let signed = any("12.ABC.345/01DE-35");
        assert_eq!(
            (without_signs(&signed), signed.replace(char::is_alphanumeric, "")),
            (masked.clone(), "../-".to_owned())
        );
        assert_eq!(any("12ABC34501DE35, 12.ABC.345/01DE-35"), format!("{masked}, {signed}"));
        assert_eq!(any("12abc34501de35"), masked.to_lowercase());
        // Another branch of the company, and one without letters of a company without any.
        assert_eq!(any("12ABC345000269").get(..8), masked.get(..8));
        assert_eq!(any("1122233301DE39").get(..8), any("11222333000181").get(..8));
        // What follows a document is no part of it.
        let (document, phone) = (any("11.222.333/0001-81"), any("3000-1000"));
        assert_eq!(any("11.222.333/0001-81 / 3000-1000"), format!("{document} / {phone}"));
        // With wrong check digits it is a word, however it is typed.
        assert_eq!(without_signs(&any("12.ABC.345/01DE-36")), any("12ABC34501DE36"));
        let mut knowing = Mask { key: [7, 11], ..Mask::default() };
        knowing.keep("12.ABC.345/01DE-35 11.222.333/0001-81");
        for kept in ["12ABC34501DE35", "12.abc.345/01de-35", "11222333000181"] {
            assert_eq!(knowing.text(kept, Place::Any), kept);
        }
    }

    #[test]
    fn what_rules_must_know_stays() {
        let mask = mask();
        for text in [
            "Inativo",
            "FAX",
            "SP",
            "",
            "  ",
            "2026-02-12T14:00:00",
            "12/02/2026",
            "00000000000",
            "1.234,56",
            "1.01.02",
        ] {
            assert_eq!(mask.text(text, Place::Any), text);
        }
        for value in [json!(true), json!(null), json!(12.5), json!(7), json!(-5)] {
            assert_eq!(mask.value(&value, Place::Any), value);
        }
    }

    #[test]
    fn no_two_values_get_one_mask_and_another_key_gives_others() {
        let mask = mask();
        let numbers = (0..10_000).map(|number| format!("{number:04}")).filter(|number| !is_one_digit(number));
        let all: BTreeSet<String> = numbers.map(|number| mask.digits(&number)).collect();
        assert_eq!(all.len(), 9_990);
        let words: BTreeSet<String> =
            ["mara", "mari", "mora", "nara", "maré", "aram"].map(|word| mask.letters(word)).into();
        assert_eq!(words.len(), 6);
        let other = Mask { key: [7, 12], ..Mask::default() };
        assert_ne!(other.text("Maria 52998224725", Place::Any), mask.text("Maria 52998224725", Place::Any));
    }

    #[test]
    fn ids_are_renamed_alike_as_numbers_and_as_texts() {
        let mask = Mask { ids: BTreeSet::from(["900001".to_owned()]), ..mask() };
        let number = mask.value(&json!(900_001), Place::Any);
        assert_ne!(number, json!(900_001));
        assert_eq!(mask.text("tasks-900001", Place::Any).rsplit('-').next(), Some(number.to_string().as_str()));
        assert_eq!(mask.value(&json!(900_002), Place::Any), json!(900_002), "it is no id");
    }
}
