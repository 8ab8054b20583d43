//! Where a system is reached: `https://app.example.com/v1`.

use std::net::IpAddr;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};

/// Reads an address, without the `/` at its end; complains of what is none, and of one that everybody on the way can
/// read along.
pub(super) fn address(text: &str, place: &Place, complaints: &mut Diagnostics) -> Option<String> {
    let text = text.trim_end_matches('/');
    let is_plain = text.starts_with("http://");
    if host(text).is_empty() || !(is_plain || text.starts_with("https://")) {
        let plain = Diagnostic::new(Code::BadValue, place, format!("`{text}` is no address"));
        complaints.push(plain.hint("an address begins with `https://`"));
        return None;
    }
    if is_plain && !is_loopback(text) {
        let sentence = format!("what goes to `{text}` can be read on the way, secrets and all");
        complaints.push(Diagnostic::new(Code::PlainHttp, place, sentence).hint("begin it with `https://`"));
    }
    Some(text.to_owned())
}

/// True when an address is one of this machine.
pub fn is_loopback(address: &str) -> bool {
    let host = host(address);
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

/// The host of an address: behind a login, before the port.
fn host(address: &str) -> &str {
    let behind = address.split_once("://").map_or("", |(_, behind)| behind);
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for here in ["http://127.0.0.1:4001/api", "http://localhost", "http://[::1]:80/", "https://LOCALHOST/x"] {
            assert!(is_loopback(here), "{here}");
        }
        for away in ["http://127.0.0.1.evil.example", "http://localhost.example:80", "http://127.0.0.1@evil.example"] {
            assert!(!is_loopback(away), "{away}");
        }
    }
}
