//! Values that want a closer look: shares, rates, zones, databases, hosts, domains and the words of people.

use super::{Value, Wrong, each};
use crate::config::duration::parse_duration;
use crate::config::problem::nearest;
use crate::config::section::Raw;
use crate::domain::PerMillion;
use crate::domain::delivery::Rate;
use crate::wire::Secret;
use jiff::tz::TimeZone;
use std::net::IpAddr;

pub(super) fn share(share: f64) -> Result<Value, Wrong> {
    if !(0.0..=1.0).contains(&share) {
        return Err(format!("{share} is no share between 0 and 1").into());
    }
    Ok(Value::Share(PerMillion::from_share(share)))
}

pub(super) fn by_severity(raw: &Raw) -> Result<Value, Wrong> {
    if let Raw::Text(text) = raw {
        return Ok(Value::BySeverity([parse_duration(text)?; 3]));
    }
    let list: Vec<i64> = each(raw, parse_duration)?;
    let count = list.len();
    list.try_into()
        .map(Value::BySeverity)
        .map_err(|_| format!("{count} durations where one or three belong").into())
}

/// `20/h`, `100/d`, `5/15m`.
pub(super) fn rate(text: &str) -> Result<Value, Wrong> {
    let wrong = || Wrong::from(format!("`{text}` is no rate"));
    let (most, span) = text.trim().split_once('/').ok_or_else(wrong)?;
    let most: i64 = most.trim().parse().map_err(|_| wrong())?;
    if most < 1 {
        return Err(format!("{most} is too few: nothing would ever be told").into());
    }
    let span = span.trim();
    let one = if span.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "1" };
    let window_ms = parse_duration(&format!("{one}{span}")).map_err(|_| wrong())?;
    Ok(Value::Rate(Rate { most, window_ms }))
}

pub(super) fn zone(text: &str) -> Result<Value, Wrong> {
    TimeZone::get(text).map(Value::Zone).map_err(|_| {
        let known: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let meant = nearest(text, known.iter().map(String::as_str));
        Wrong {
            what: format!("`{text}` is no time zone"),
            remedy: meant.map(|name| format!("Did you mean `{name}`?")),
        }
    })
}

pub(super) fn database(text: &str) -> Result<Value, Wrong> {
    let good = match text.split_once(':') {
        // Readers and the writer are several connections: in memory each would see its own.
        Some(("sqlite", ":memory:")) => {
            let remedy = "Name a file, as in \"sqlite:ascolto.db\".".to_owned();
            return Err(Wrong { what: "a database in memory".to_owned(), remedy: Some(remedy) });
        }
        Some(("sqlite", path)) => !path.trim_start_matches('/').is_empty(),
        Some(("postgres" | "postgresql", _)) => {
            url::Url::parse(text).is_ok_and(|url| url.has_host())
        }
        _ => false,
    };
    if good {
        Ok(Value::Secret(Secret::new(text)))
    } else {
        Err("no database that Ascolto knows".to_owned().into())
    }
}

/// A host, an address or a network (`10.0.0.0/8`), with a port or without. `fetch/` reads it in
/// full; here is caught what would match nothing: an address of the web, a half-written network.
pub(super) fn host(text: &str) -> Result<String, String> {
    let net = text.split_once('/').map(|(address, bits)| {
        let most = address.parse().map(|ip: IpAddr| if ip.is_ipv4() { 32 } else { 128 });
        bits.parse::<u8>().is_ok_and(|bits| most.is_ok_and(|most| bits <= most))
    });
    let odd = |c: char| c.is_whitespace() || "@?#*".contains(c);
    if net.unwrap_or(true) && !text.is_empty() && !text.contains(odd) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no host and no network"))
    }
}

/// Words that can be found in a text: signs alone never are.
pub(in crate::config) fn phrase(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_alphanumeric) {
        Ok(text.trim().to_owned())
    } else {
        Err(format!("`{text}` has no letter and no digit: it would never be found"))
    }
}

/// A domain in small letters. `www.` is taken off: who links to the brand may leave it out.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let name = text.trim().to_lowercase();
    let name = name.strip_prefix("www.").unwrap_or(&name);
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    if name.contains('.') && name.split('.').all(label) {
        Ok(name.to_owned())
    } else {
        Err(format!("`{text}` is no domain"))
    }
}

pub(super) fn is_web(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}
