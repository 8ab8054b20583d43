//! Normal forms in which two values are compared.
//!
//! A canon says when two texts mean the same (`11.222.333/0001-81` and `11222333000181`) and what
//! of a value travels. A form that only one mapping needs is a rule, not a canon.

use serde_json::Value;

use crate::phone;
use crate::reference::{folded, scalar_text};

/// A built-in normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canon {
    /// Equal when letter for letter equal, spaces around aside. The default.
    Plain,
    /// Equal without regard to case, accents and repeated spaces.
    Text,
    /// Equal when the digits are: codes.
    Digits,
    /// A CPF or a CNPJ: equal when letters and digits are, without regard to case and mask.
    DocumentBr,
    /// Equal without regard to case.
    Email,
    /// A Brazilian phone: equal when the digits after country code and trunk zero are. One that is
    /// not Brazilian, or lacks its area code, travels as it was typed.
    PhoneBr,
    /// A Brazilian postcode: eight digits, leading zeros kept.
    Cep,
    /// An amount: equal to the cent.
    Money,
    /// A city: equal without regard to case, accents and a state in brackets.
    City,
    /// A web address: equal without regard to case, scheme and a slash at the end.
    Url,
}

impl Canon {
    /// Every canon with its word.
    pub const ALL: [(&'static str, Self); 10] = [
        ("plain", Self::Plain),
        ("text", Self::Text),
        ("digits", Self::Digits),
        ("document_br", Self::DocumentBr),
        ("email", Self::Email),
        ("phone_br", Self::PhoneBr),
        ("cep", Self::Cep),
        ("money", Self::Money),
        ("city", Self::City),
        ("url", Self::Url),
    ];

    /// The canon of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, canon)| *canon)
    }

    /// The normal form of a value; the empty text when there is none.
    pub fn form(self, value: &Value) -> String {
        let Some(text) = scalar_text(value) else {
            return if value.is_null() { String::new() } else { value.to_string() };
        };
        match self {
            Self::Plain => text.trim().to_owned(),
            Self::Text => folded(&text),
            Self::Digits => or_words(digits(&text), &text),
            Self::DocumentBr => document(&text),
            Self::Email => text.trim().to_lowercase(),
            Self::PhoneBr => phone::plain(&text),
            Self::Cep => or_words(cep(&text), &text),
            Self::Money => money(&text),
            Self::City => or_whole(folded(text.split('(').next().unwrap_or_default()), &text),
            Self::Url => or_whole(url(&text), &text),
        }
    }

    /// What of a value travels: its form where the form is a value of its own, else the trimmed text.
    pub fn carry(self, value: Value) -> Value {
        let Value::String(text) = &value else {
            return match self {
                Self::Cep | Self::Digits | Self::DocumentBr if value.is_number() => nonempty(self.form(&value)),
                Self::Plain
                | Self::Text
                | Self::Digits
                | Self::DocumentBr
                | Self::Email
                | Self::PhoneBr
                | Self::Cep
                | Self::Money
                | Self::City
                | Self::Url => value,
            };
        };
        match self {
            Self::Digits | Self::DocumentBr | Self::Email | Self::Cep => nonempty(self.form(&value)),
            Self::PhoneBr if phone::is_national(&phone::plain(text)) => nonempty(self.form(&value)),
            Self::Plain | Self::Text | Self::PhoneBr | Self::Money | Self::City | Self::Url => {
                if text.trim().len() == text.len() && !text.is_empty() {
                    value
                } else {
                    nonempty(text.trim().to_owned())
                }
            }
        }
    }

    /// True when two values mean the same.
    pub fn same(self, one: &Value, other: &Value) -> bool {
        one == other || self.form(one) == self.form(other)
    }
}

fn nonempty(text: String) -> Value {
    if text.is_empty() { Value::Null } else { Value::String(text) }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn document(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// A form that came to nothing is no form: a text that says something is never the same as none.
fn or_whole(form: String, text: &str) -> String {
    if form.is_empty() { text.trim().to_owned() } else { form }
}

/// The same of digits: words in their place say something, signs and zeros do not.
fn or_words(form: String, text: &str) -> String {
    if text.contains(char::is_alphabetic) { or_whole(form, text) } else { form }
}

fn cep(text: &str) -> String {
    let all = digits(text);
    if all.is_empty() || all.bytes().all(|digit| digit == b'0') { String::new() } else { format!("{all:0>8}") }
}

fn money(text: &str) -> String {
    let plain = text.trim();
    plain.parse::<f64>().map_or_else(|_| plain.to_owned(), |amount| format!("{amount:.2}"))
}

fn url(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let bare = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    bare.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_canon_knows_what_means_the_same() {
        for (canon, one, other, same) in [
            (Canon::Plain, json!(" Ana "), json!("Ana"), true),
            (Canon::Plain, json!("Ana"), json!("ANA"), false),
            (Canon::Plain, json!(7), json!("7"), true),
            (Canon::Text, json!("São  Paulo"), json!("SAO PAULO"), true),
            (Canon::Digits, json!("11.222.333/0001-81"), json!("11222333000181"), true),
            (Canon::DocumentBr, json!("11.222.333/0001-81"), json!(11_222_333_000_181_i64), true),
            (Canon::DocumentBr, json!("12.abc.345/01DE-35"), json!("12ABC34501DE35"), true),
            (Canon::DocumentBr, json!("12ABC34501DE35"), json!("123450135"), false),
            (Canon::Email, json!("Ana@Ex.com"), json!("ana@ex.com "), true),
            (Canon::PhoneBr, json!("+55 (11) 3000-1000"), json!("1130001000"), true),
            (Canon::PhoneBr, json!("011 3000-1000"), json!("1130001000"), true),
            (Canon::PhoneBr, json!("0800 123 4567"), json!("8001234567"), false),
            (Canon::PhoneBr, json!("com a Ana"), json!(null), false),
            (Canon::Cep, json!("01310-100"), json!(1_310_100), true),
            (Canon::Cep, json!("00000000"), json!(null), true),
            (Canon::Cep, json!("sem CEP"), json!(null), false),
            (Canon::Digits, json!("12.345-6"), json!(123_456), true),
            (Canon::Digits, json!("ISENTO"), json!(null), false),
            (Canon::Digits, json!("-"), json!(null), true),
            (Canon::Plain, json!(10), json!(10.0), true),
            (Canon::Plain, json!(10.5), json!("10.5"), true),
            (Canon::Money, json!(10), json!("10.001"), true),
            (Canon::City, json!("SAO PAULO (SP)"), json!("São Paulo"), true),
            (Canon::Url, json!("https://Ex.com/"), json!("ex.com"), true),
            (Canon::Url, json!("ex.com/a"), json!("ex.com/b"), false),
            (Canon::Url, json!("http://"), json!(null), false),
            (Canon::City, json!("(SP)"), json!(null), false),
        ] {
            assert_eq!(canon.same(&one, &other), same, "{canon:?} {one} {other}");
        }
    }

    #[test]
    fn what_travels_keeps_leading_zeros_and_typed_letters() {
        assert_eq!(Canon::Cep.carry(json!(1_310_100)), json!("01310100"));
        assert_eq!(Canon::Text.carry(json!(" São Paulo ")), json!("São Paulo"));
        assert_eq!(Canon::Digits.carry(json!("  ")), Value::Null);
        assert_eq!(Canon::PhoneBr.carry(json!("+55 (11) 3000-1000")), json!("1130001000"));
        assert_eq!(Canon::PhoneBr.carry(json!(" 3000-1000 r. 22 ")), json!("3000-1000 r. 22"));
    }
}
