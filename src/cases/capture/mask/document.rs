//! Brazilian documents, CPF and CNPJ: masked with the check digits that belong to the mask.
//!
//! A CNPJ may hold letters before its check digits; a letter counts as its place after `0` in ASCII.

/// Weights of the check digits of a CNPJ; those of the first are these without the first.
const CNPJ: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/// The mask of a document, when these signs are one with right check digits. Of a CNPJ the branch
/// stays, so that branches of one company still are.
pub(super) fn masked(bare: &str, mask: impl Fn(&str) -> String) -> Option<String> {
    let (root, branch) = match bare.len() {
        11 => bare.split_at_checked(9)?,
        14 => bare.split_at_checked(8)?,
        _ => return None,
    };
    if !is_document(bare) {
        return None;
    }
    let branch = if bare.len() == 14 { branch.get(..4)? } else { "" };
    completed(&format!("{}{branch}", mask(root)))
}

/// True for a document, without its signs, whose check digits are right.
pub(super) fn is_document(bare: &str) -> bool {
    let body = bare.len().checked_sub(2).and_then(|end| bare.get(..end));
    body.and_then(completed).is_some_and(|whole| whole == bare)
}

/// A document with its two check digits behind it.
fn completed(body: &str) -> Option<String> {
    let is_cpf = body.len() == 9 && body.bytes().all(|sign| sign.is_ascii_digit());
    let is_cnpj = body.len() == 12 && body.bytes().all(|sign| sign.is_ascii_alphanumeric());
    let mut whole = body.to_owned();
    for _ in 0..2 {
        let values = whole.bytes().rev().map(|sign| u32::from(sign.to_ascii_uppercase() - b'0'));
        let sum: u32 = match (is_cpf, is_cnpj) {
            (true, _) => (2..).zip(values).map(|(weight, value)| weight * value).sum(),
            (_, true) => CNPJ.iter().rev().zip(values).map(|(weight, value)| weight * value).sum(),
            (false, false) => return None,
        };
        let rest = sum % 11;
        whole.push(char::from_digit(if rest < 2 { 0 } else { 11 - rest }, 10)?);
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_known_and_made() {
        for right in ["52998224725", "11144477735", "11222333000181", "11444777000161", "12ABC34501DE35"] {
            assert!(is_document(right), "{right}");
        }
        assert!(is_document("12abc34501de35"), "the case of letters says nothing");
        for wrong in
            ["52998224726", "11222333000182", "1122233300018", "", "12ABC34501DE36", "12ABC34501DEA5", "12ABÇ3450DE35"]
        {
            assert!(!is_document(wrong), "{wrong}");
            assert_eq!(masked(wrong, str::to_owned), None);
        }
        let other = masked("11222333000181", |_| "11444777".to_owned());
        assert_eq!(other.as_deref(), Some("11444777000161"));
        assert_eq!(masked("52998224725", |_| "111444777".to_owned()).as_deref(), Some("11144477735"));
        assert_eq!(masked("12ABC34501DE35", |_| "11222333".to_owned()).as_deref(), Some("1122233301DE39"));
    }
}
