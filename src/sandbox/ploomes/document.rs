//! Check digits of CNPJ and CPF.

/// Whether digits are a CNPJ or a CPF with the right check digits.
pub(in crate::sandbox) fn is_valid(digits: &str) -> bool {
    let body = match digits.len() {
        14 => digits.get(..12),
        11 => digits.get(..9),
        _ => None,
    };
    body.is_some_and(|body| completed(body) == digits)
}

/// Puts the two check digits after the twelve digits of a CNPJ or the nine of a CPF.
pub(in crate::sandbox) fn completed(body: &str) -> String {
    // The weights of a CNPJ start again after 9, those of a CPF do not.
    let last = if body.len() == 12 { 9 } else { 11 };
    let mut whole = body.to_owned();
    for _ in 0..2 {
        let weights = (2..=last).cycle();
        let values = whole.chars().rev().filter_map(|digit| digit.to_digit(10));
        let sum: u32 = values.zip(weights).map(|(digit, weight)| digit * weight).sum();
        let check = match sum % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        };
        whole.push(char::from_digit(check, 10).unwrap_or('0'));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_documents_are_told_from_wrong_ones() {
        assert_eq!(completed("112223330001"), "11222333000181");
        assert_eq!(completed("111444777"), "11144477735");
        assert!(is_valid("11222333000181") && is_valid("52998224725"));
        assert!(!is_valid("11222333000182") && !is_valid("52998224726") && !is_valid("123"));
    }
}
