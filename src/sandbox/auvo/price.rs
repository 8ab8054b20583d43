//! Prices: numbers that are shown as texts of some culture and read back from them.

use serde_json::{Value, json};

use super::switches::{PostedNumber, PriceForm};

/// A price as it is shown.
pub(super) fn shown(price: f64, form: PriceForm) -> Value {
    match form {
        PriceForm::Comma => json!(grouped(price, '.', ',')),
        PriceForm::Dollar => json!(format!("${}", grouped(price, ',', '.'))),
        PriceForm::Dot => json!(format!("{price:.2}")),
        PriceForm::Number => json!(price),
    }
}

/// Reads a price: a number as it stands, a text as people of Brazil write it.
pub(super) fn read(value: &Value) -> Option<f64> {
    let Some(text) = value.as_str() else { return value.as_f64() };
    let text = text.trim().trim_start_matches("R$").trim_start();
    text.replace('.', "").replace(',', ".").parse().ok().filter(|price: &f64| price.is_finite())
}

/// What a POST makes of a price it was sent as a number.
pub(super) fn posted(price: f64, as_what: PostedNumber) -> f64 {
    match as_what {
        PostedNumber::TimesTen => rounded(price * 10.0),
        PostedNumber::PointLost => price.to_string().replace('.', "").parse().unwrap_or(price),
        PostedNumber::Right => price,
    }
}

/// A sum of money to the cent.
pub(super) fn rounded(sum: f64) -> f64 {
    // Zero has one sign only: the sum of nothing is a negative one.
    (sum * 100.0).round() / 100.0 + 0.0
}

fn grouped(price: f64, thousands: char, decimal: char) -> String {
    let plain = format!("{:.2}", price.abs());
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let mut text = String::from(if price < 0.0 { "-" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(thousands);
        }
        text.push(digit);
    }
    text.push(decimal);
    text + cents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_shown_in_each_form() {
        let all = |price| {
            [PriceForm::Comma, PriceForm::Dollar, PriceForm::Dot, PriceForm::Number].map(|form| shown(price, form))
        };
        assert_eq!(all(1234.5), [json!("1.234,50"), json!("$1,234.50"), json!("1234.50"), json!(1234.5)]);
        assert_eq!(all(0.0), [json!("0,00"), json!("$0.00"), json!("0.00"), json!(0.0)]);
        assert_eq!(shown(-1_000_000.0, PriceForm::Comma), "-1.000.000,00");
        assert_eq!(json!(rounded([0.0; 0].iter().sum())).to_string(), "0.0");
    }

    #[test]
    fn a_text_is_read_the_brazilian_way() {
        assert_eq!(read(&json!("1.234,50")), Some(1234.5));
        assert_eq!(read(&json!("12.50")), Some(1250.0));
        assert_eq!(read(&json!(12.5)), Some(12.5));
        assert_eq!(read(&json!("x")), None);
        assert_eq!(read(&json!(null)), None);
    }

    #[test]
    fn a_posted_number_is_spoilt_as_the_switch_says() {
        let spoilt = |prices: &[f64], by| prices.iter().map(|price| json!(posted(*price, by))).collect::<Vec<_>>();
        assert_eq!(spoilt(&[12.5, 45.99], PostedNumber::TimesTen), [json!(125.0), json!(459.9)]);
        assert_eq!(spoilt(&[12.5, 12.55, 12.0], PostedNumber::PointLost), [json!(125.0), json!(1255.0), json!(12.0)]);
        assert_eq!(spoilt(&[12.5], PostedNumber::Right), [json!(12.5)]);
    }
}
