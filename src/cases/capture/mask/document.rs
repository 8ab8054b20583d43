//! Brazilian documents, CPF and CNPJ: masked with the check digits that belong to the mask.

/// Weights of the check digits of a CNPJ; those of the first are these without the first.
const CNPJ: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/// The mask of a document, when these digits are one with right check digits. Of a CNPJ the branch
/// stays, so that branches of one company still are.
pub(super) fn masked(digits: &str, mask: impl Fn(&str) -> String) -> Option<String> {
    let (root, branch) = match digits.len() {
        11 => digits.split_at_checked(9)?,
        14 => digits.split_at_checked(8)?,
        _ => return None,
    };
    if !is_document(digits) {
        return None;
    }
    let branch = if digits.len() == 14 { branch.get(..4)? } else { "" };
    completed(&format!("{}{branch}", mask(root)))
}

/// True for a document whose check digits are right.
pub(super) fn is_document(digits: &str) -> bool {
    let body = digits.len().checked_sub(2).and_then(|end| digits.get(..end));
    body.and_then(completed).is_some_and(|whole| whole == digits)
}

/// A document with its two check digits behind it.
fn completed(body: &str) -> Option<String> {
    let mut whole = body.to_owned();
    for _ in 0..2 {
        let values = whole.chars().filter_map(|digit| digit.to_digit(10));
        let sum: u32 = match body.len() {
            9 => (2..).zip(values.rev()).map(|(weight, value)| weight * value).sum(),
            12 => CNPJ.iter().rev().zip(values.rev()).map(|(weight, value)| weight * value).sum(),
            _ => return None,
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
        for right in ["52998224725", "11144477735", "11222333000181", "11444777000161"] {
            assert!(is_document(right), "{right}");
        }
        for wrong in ["52998224726", "11222333000182", "1122233300018", ""] {
            assert!(!is_document(wrong), "{wrong}");
            assert_eq!(masked(wrong, str::to_owned), None);
        }
        let other = masked("11222333000181", |_| "11444777".to_owned());
        assert_eq!(other.as_deref(), Some("11444777000161"));
        assert_eq!(masked("52998224725", |_| "111444777".to_owned()).as_deref(), Some("11144477735"));
    }
}
