//! Brazilian phone numbers in their plain form: area code and number, digits only.

/// The digits of a phone without country code 55 and trunk zero; those of another country keep
/// their plus sign. Words without any digit are no phone, but they are not nothing: they stay.
pub fn plain(text: &str) -> String {
    let all: String = text.chars().filter(char::is_ascii_digit).collect();
    if all.is_empty() {
        return text.trim().to_owned();
    }
    if text.trim_start().starts_with('+') && !all.starts_with("55") {
        return format!("+{all}");
    }
    let home = if all.len() >= 12 { all.strip_prefix("55").unwrap_or(&all) } else { &all };
    // 0800 and its like are numbers of their own, not an area code behind a trunk zero.
    match home.strip_prefix('0') {
        Some(rest) if home.len() >= 11 && has_area(rest) => rest.to_owned(),
        Some(_) | None => home.to_owned(),
    }
}

/// True for the plain form of a number that splits into an area code and a number.
pub fn is_national(plain: &str) -> bool {
    let third = plain.as_bytes().get(2).copied().unwrap_or_default();
    let fits = match plain.len() {
        10 => third > b'1',
        11 => third == b'9',
        _ => false,
    };
    fits && has_area(plain) && plain.bytes().all(|digit| digit.is_ascii_digit())
}

/// Area codes have no zero.
fn has_area(digits: &str) -> bool {
    digits.bytes().take(2).all(|digit| (b'1'..=b'9').contains(&digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_however_they_are_typed() {
        for (typed, expected, national) in [
            ("(11) 3000-1000", "1130001000", true),
            ("+55 11 3000-1000", "1130001000", true),
            ("011 3000 1000", "1130001000", true),
            ("11 98000-1000", "11980001000", true),
            ("55 99999-1234", "55999991234", true),
            ("5511980001000", "11980001000", true),
            ("0800 123 4567", "08001234567", false),
            ("+1 (555) 123-4567", "+15551234567", false),
            ("3000-1000", "30001000", false),
            ("11 3000-1000 r. 22", "113000100022", false),
            (" com a Ana ", "com a Ana", false),
            ("", "", false),
        ] {
            assert_eq!(plain(typed), expected, "{typed}");
            assert_eq!(is_national(&plain(typed)), national, "{typed}");
        }
    }
}
