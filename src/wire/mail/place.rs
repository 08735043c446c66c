//! How settings name a mail server: `host:port`, and how the line to it is kept private.

use super::Tls;
use serde::Deserialize;
use url::{Host, Url};

/// How the line to a mail server is to be kept private, as settings say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsChoice {
    /// As the port says.
    #[default]
    Auto,
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS.
    Starttls,
    /// None; spoken to our own house only.
    None,
}

impl TlsChoice {
    /// What that means for a server on this port.
    pub fn on(self, port: u16) -> Tls {
        match (self, port) {
            (TlsChoice::Implicit, _) => Tls::Implicit,
            (TlsChoice::Starttls, _) | (TlsChoice::Auto, 143 | 587 | 25) => Tls::Start,
            (TlsChoice::Auto, _) => Tls::Implicit,
            (TlsChoice::None, _) => Tls::None,
        }
    }
}

/// Host and port of `mail.example`, `mail.example:993` or `[::1]:993`; `usual` is the port where
/// none is written. `None` for what names no server.
pub fn mail_place(place: &str, usual: u16) -> Option<(String, u16)> {
    // A URL without a meaning of its own: it knows how hosts and ports are written.
    let url = Url::parse(&format!("mail://{}", place.trim())).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !bare || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return None;
    }
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let known = host.parse::<std::net::IpAddr>().is_ok() || Host::parse(&host).is_ok();
    known.then(|| (host, url.port().unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_and_a_port_and_nothing_else() {
        let place = |text| mail_place(text, 465);
        assert_eq!(place(" mail.example "), Some(("mail.example".to_owned(), 465)));
        assert_eq!(place("127.0.0.1:1025"), Some(("127.0.0.1".to_owned(), 1025)));
        assert_eq!(place("[::1]:1143"), Some(("::1".to_owned(), 1143)));
        for none in ["", "smtp://x/y", "x/y", "me@x", "x:0x", "x?y", "a b"] {
            assert_eq!(place(none), None, "{none:?}");
        }
    }

    #[test]
    fn the_port_says_how_a_line_is_kept_private_unless_settings_do() {
        assert_eq!(TlsChoice::Auto.on(587), Tls::Start);
        assert_eq!(TlsChoice::Auto.on(465), Tls::Implicit);
        assert_eq!(TlsChoice::Implicit.on(587), Tls::Implicit);
        assert_eq!(TlsChoice::Starttls.on(465), Tls::Start);
        assert_eq!(TlsChoice::None.on(465), Tls::None);
    }
}
