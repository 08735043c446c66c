//! `Hop`: one request of a chain of redirects, and what the next one may still carry.

use crate::wire::{Body, Method, Request};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use url::Url;

/// What goes along to another server: nothing that says who we are there.
const HARMLESS: [&str; 8] = [
    "accept",
    "accept-language",
    "if-none-match",
    "if-modified-since",
    // The handshake of a WebSocket (RFC 6455, 4.1); its key is new each time.
    "connection",
    "upgrade",
    "sec-websocket-version",
    "sec-websocket-key",
];

/// The request as it is sent to one server.
pub(super) struct Hop<'a> {
    request: &'a Request,
    method: Method,
    url: Url,
    /// Still the server that the request was built for.
    home: bool,
    /// Whether the body still goes along.
    body: bool,
}

impl<'a> Hop<'a> {
    /// The request as it was built.
    pub(super) fn first(request: &'a Request) -> Hop<'a> {
        let url = request.url.clone();
        Hop { request, method: request.method, url, home: true, body: true }
    }

    /// Where it goes.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The host, for errors.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or("?")
    }

    /// Makes it ready to be sent.
    ///
    /// # Errors
    /// The name of a header that cannot be sent.
    pub(super) fn build(&self, client: &reqwest::Client) -> Result<reqwest::Request, String> {
        let method = match self.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut headers = HeaderMap::new();
        let body = match &self.request.body {
            _ if !self.body => None,
            Body::None => None,
            Body::Json(json) => Some(("application/json", json.clone())),
            Body::Form(fields) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                let form = form.extend_pairs(fields).finish().into_bytes();
                Some(("application/x-www-form-urlencoded", form))
            }
            Body::Bytes(media, bytes) => Some((*media, bytes.clone())),
        };
        if let Some((media, _)) = &body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        }
        for (name, value) in &self.request.headers {
            if self.may_carry(name) {
                let (name, value) = header(name, value)?;
                headers.insert(name, value);
            }
        }
        for (name, value) in &self.request.secret_headers {
            if self.home {
                let (name, mut value) = header(name, value.expose())?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        let mut builder = client.request(method, self.url.clone()).headers(headers);
        if let Some((_, bytes)) = body {
            builder = builder.body(bytes);
        }
        builder.build().map_err(|_| "the request cannot be built from its address".to_owned())
    }

    fn may_carry(&self, name: &str) -> bool {
        (self.home || HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(name)))
            && (self.body || !name.to_ascii_lowercase().starts_with("content-"))
    }

    /// The next hop, if this answer is a redirect that may be followed. Otherwise the answer
    /// stands as it is, and a redirect among answers is a fault that says so.
    ///
    /// Methods change as RFC 9110, 15.4 says: 303 asks for a GET, 301 and 302 turn a POST into
    /// one, 307 and 308 change nothing. A body never goes to another server: what it holds was
    /// meant for the first.
    pub(super) fn after(&self, answer: &reqwest::Response) -> Option<Hop<'a>> {
        let to_get = match answer.status().as_u16() {
            303 => true,
            301 | 302 => self.method == Method::Post,
            307 | 308 => false,
            _ => return None,
        };
        let location = String::from_utf8_lossy(answer.headers().get(LOCATION)?.as_bytes());
        let mut url = self.url.join(&location).ok()?;
        let home = self.home && same_server(&self.url, &url);
        if !home {
            // A user and password that another server writes into an address are not ours.
            url.set_username("").and_then(|()| url.set_password(None)).ok()?;
        }
        let body = self.body && !to_get;
        let carries = body && self.request.body != Body::None;
        if carries && !home {
            return None;
        }
        let method = if to_get { Method::Get } else { self.method };
        Some(Hop { request: self.request, method, url, home, body })
    }
}

/// The same scheme, host and port; going from plain HTTP to TLS on the usual ports is allowed,
/// since it shows nothing to anybody new.
fn same_server(from: &Url, to: &Url) -> bool {
    let ports = (from.port_or_known_default(), to.port_or_known_default());
    let upgrade =
        (from.scheme(), to.scheme()) == ("http", "https") && ports == (Some(80), Some(443));
    from.host() == to.host() && (upgrade || (from.scheme() == to.scheme() && ports.0 == ports.1))
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || format!("the value for the header `{name}` has a character that cannot be sent");
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    Ok((known, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_server_or_its_tls_side_keeps_credentials() {
        let same = |a: &str, b: &str| same_server(&Url::parse(a).unwrap(), &Url::parse(b).unwrap());
        assert!(same("https://a.example/x", "https://a.example:443/y"));
        assert!(same("http://a.example/", "https://a.example/"));
        assert!(!same("https://a.example/", "http://a.example/"));
        assert!(!same("https://a.example/", "https://b.a.example/"));
        assert!(!same("http://a.example:8080/", "https://a.example/"));
        assert!(!same("https://a.example/", "https://a.example:8443/"));
    }
}
