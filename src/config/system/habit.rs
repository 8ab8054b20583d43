//! What a system makes of a value it is given: capitals, a mask, a cut. Pure.
//!
//! A habit is said of a place in a shape. It stands in for the system where none is asked: when cases
//! look at a second plan, and when `depara check --laws` asks what comes back of what was written.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// One thing that a system makes of what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Capitals.
    Upper,
    /// No accents.
    Unaccented,
    /// No blanks at either end.
    Trimmed,
    /// What is longer than the place is cut.
    Cut,
    /// Nothing but digits.
    Digits,
    /// A CPF or a CNPJ with its mask; what is neither stays.
    DocumentBr,
    /// A number shown as `1012.50`.
    Decimal,
    /// A number shown as `1.012,50`.
    DecimalBr,
}

impl Habit {
    /// Every habit with its word.
    pub const ALL: [(&'static str, Self); 8] = [
        ("upper", Self::Upper),
        ("unaccented", Self::Unaccented),
        ("trimmed", Self::Trimmed),
        ("cut", Self::Cut),
        ("digits", Self::Digits),
        ("document_br", Self::DocumentBr),
        ("decimal", Self::Decimal),
        ("decimal_br", Self::DecimalBr),
    ];

    /// The habit of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, habit)| *habit)
    }

    /// True for what is made of numbers; the others are made of texts.
    pub const fn is_of_numbers(self) -> bool {
        match self {
            Self::Decimal | Self::DecimalBr => true,
            Self::Upper | Self::Unaccented | Self::Trimmed | Self::Cut | Self::Digits | Self::DocumentBr => false,
        }
    }

    /// What the system shows of a value it was given; `max` is how many characters the place takes. Of a
    /// list it is made of each text.
    #[must_use]
    pub fn shown(self, given: Value, max: Option<usize>) -> Value {
        match given {
            Value::String(text) if !self.is_of_numbers() => Value::String(self.of_text(&text, max)),
            Value::Array(list) => list.into_iter().map(|item| self.shown(item, max)).collect(),
            Value::Number(number) if self.is_of_numbers() => {
                number.as_f64().map_or_else(|| Value::Number(number.clone()), |amount| self.of_amount(amount))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => given,
        }
    }

    fn of_text(self, text: &str, max: Option<usize>) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Unaccented => text.nfd().filter(|c| !is_combining_mark(*c)).nfc().collect(),
            Self::Trimmed => text.trim().to_owned(),
            Self::Cut => text.chars().take(max.unwrap_or(usize::MAX)).collect(),
            Self::Digits => text.chars().filter(char::is_ascii_digit).collect(),
            Self::DocumentBr => masked(text),
            Self::Decimal | Self::DecimalBr => text.to_owned(),
        }
    }

    fn of_amount(self, amount: f64) -> Value {
        let plain = format!("{amount:.2}");
        if self != Self::DecimalBr {
            return Value::String(plain);
        }
        let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        Value::String(format!("{sign}{grouped},{cents}"))
    }
}

/// A document with its mask. A CNPJ may hold letters.
fn masked(text: &str) -> String {
    let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let pattern = match bare.len() {
        11 if bare.bytes().all(|byte| byte.is_ascii_digit()) => "###.###.###-##",
        14 => "##.###.###/####-##",
        _ => return text.to_owned(),
    };
    let mut letters = bare.chars().map(|letter| letter.to_ascii_uppercase());
    pattern.chars().filter_map(|sign| if sign == '#' { letters.next() } else { Some(sign) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_habit_makes_of_a_value_what_its_system_shows() {
        for (habit, given, shown) in [
            (Habit::Upper, json!("São"), json!("SÃO")),
            (Habit::Unaccented, json!("São"), json!("Sao")),
            (Habit::Trimmed, json!(" Ana "), json!("Ana")),
            (Habit::Cut, json!("ações"), json!("açõ")),
            (Habit::Digits, json!(["(11) 3000-1000", "x"]), json!(["1130001000", ""])),
            (Habit::DocumentBr, json!("11222333000181"), json!("11.222.333/0001-81")),
            (Habit::DocumentBr, json!("12abc34501de35"), json!("12.ABC.345/01DE-35")),
            (Habit::DocumentBr, json!("529.982.247-25"), json!("529.982.247-25")),
            (Habit::DocumentBr, json!("12"), json!("12")),
            (Habit::Decimal, json!(250), json!("250.00")),
            (Habit::DecimalBr, json!(1_234_567.5), json!("1.234.567,50")),
            (Habit::DecimalBr, json!(-12), json!("-12,00")),
            (Habit::DecimalBr, json!("12"), json!("12")),
            (Habit::Upper, json!(null), json!(null)),
        ] {
            assert_eq!(habit.shown(given.clone(), Some(3)), shown, "{habit:?} {given}");
        }
    }
}
