//! Check digits of CNPJ and CPF. A CNPJ may hold letters before them.

/// Whether a bare text is a CNPJ or a CPF with the right check digits.
pub(in crate::sandbox) fn is_valid(bare: &str) -> bool {
    let body = match bare.len() {
        14 => bare.get(..12).filter(|body| body.bytes().all(|sign| sign.is_ascii_alphanumeric())),
        11 => bare.get(..9).filter(|body| body.bytes().all(|sign| sign.is_ascii_digit())),
        _ => None,
    };
    body.is_some_and(|body| completed(body) == bare)
}

/// Puts the two check digits after the twelve signs of a CNPJ or the nine digits of a CPF.
pub(in crate::sandbox) fn completed(body: &str) -> String {
    // The weights of a CNPJ start again after 9, those of a CPF do not.
    let last = if body.len() == 12 { 9 } else { 11 };
    let mut whole = body.to_owned();
    for _ in 0..2 {
        let weights = (2..=last).cycle();
        // A letter counts as its place after `0` in ASCII.
        let values = whole.bytes().rev().map(|sign| u32::from(sign.to_ascii_uppercase().saturating_sub(b'0')));
        let sum: u32 = values.zip(weights).map(|(value, weight)| value * weight).sum();
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
        for right in ["11222333000181", "11444777000161", "52998224725", "12ABC34501DE35"] {
            assert!(is_valid(right), "{right}");
        }
        for wrong in ["11222333000182", "11444777000162", "52998224726", "5299822472A", "12ABC34501DE36", "123"] {
            assert!(!is_valid(wrong), "{wrong}");
        }
    }
}
