//! HTTP requests and responses as plain values.

use super::secret::Secret;
use std::fmt;
use url::Url;

/// The methods that networks and notifiers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create or act.
    Post,
    /// Create or replace: naturally idempotent.
    Put,
    /// Change a part.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// The method's token.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// What a request carries.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON text.
    Json(Vec<u8>),
    /// A form, URL-encoded.
    Form(Vec<(String, String)>),
    /// Anything else, with its media type.
    Bytes(&'static str, Vec<u8>),
}

/// A request to be sent by the engine.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers that may be logged and taped.
    pub headers: Vec<(&'static str, String)>,
    /// Headers that may not.
    pub secret_headers: Vec<(&'static str, Secret)>,
    /// The URL itself is a credential (webhook addresses): only its host may be shown.
    pub secret_url: bool,
    /// The body.
    pub body: Body,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Request {
        Request {
            method,
            url,
            headers: Vec::new(),
            secret_headers: Vec::new(),
            secret_url: false,
            body: Body::None,
        }
    }

    /// A `GET`.
    pub fn get(url: Url) -> Request {
        Request::new(Method::Get, url)
    }

    /// A `POST` of JSON.
    pub fn post_json(url: Url, body: &impl serde::Serialize) -> Request {
        let json = serde_json::to_vec(body).unwrap_or_default();
        Request { body: Body::Json(json), ..Request::new(Method::Post, url) }
    }

    /// Adds a header that may be shown.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a header that may not be shown.
    pub fn secret_header(mut self, name: &'static str, value: Secret) -> Request {
        self.secret_headers.push((name, value));
        self
    }

    /// Signs with a token (RFC 6750, 2.1).
    pub fn bearer(self, token: &str) -> Request {
        self.secret_header("authorization", Secret::new(format!("Bearer {token}")))
    }

    /// The address for logs and errors: without the query, which may hold tokens, and with the
    /// host alone where the path is a credential.
    pub fn shown_url(&self) -> String {
        let host = self.url.host_str().unwrap_or("?");
        let port = self.url.port().map(|p| format!(":{p}")).unwrap_or_default();
        let path = if self.secret_url { "/…" } else { self.url.path() };
        format!("{}://{host}{port}{path}", self.url.scheme())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.shown_url())
    }
}

/// What came back.
#[derive(Clone, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, values as sent (bytes outside ASCII replaced).
    pub headers: Vec<(String, String)>,
    /// The body, decompressed, capped by the engine.
    pub body: Vec<u8>,
    /// Where it came from after redirects, for relative links and moved feeds.
    pub url: Option<Url>,
}

impl Response {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let url = Url::parse("https://host.example/hooks/T0/abc?token=tk_9").unwrap();
        let mut request = Request::get(url).bearer("tk_1");
        assert_eq!(request.secret_headers[0].1.expose(), "Bearer tk_1");
        assert_eq!(format!("{request:?}"), "GET https://host.example/hooks/T0/abc");
        request.secret_url = true;
        assert_eq!(format!("{request:?}"), "GET https://host.example/…");
    }
}
