//! Redaction: keeps credentials out of error texts and tapes, by value and by name.

use crate::domain::text::one_line;
use crate::wire::{Body, Request, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands where a secret stood.
pub(super) const MASK: &str = "[secret]";

/// Shorter values are not looked for: they would shred the text around them and guard nothing.
const SHORTEST: usize = 4;

/// How many graphemes of an error text are kept; the rest is usually a page of HTML.
const LONGEST_WHY: usize = 400;

/// The secret values that are known, each in every form in which it may stand in a text.
#[derive(Clone, Default)]
pub(super) struct Redactor {
    /// Longest first, so that a value that contains another one is masked whole.
    needles: Vec<Secret>,
}

impl Redactor {
    /// Knows the secrets of one request.
    pub(super) fn of(request: &Request) -> Redactor {
        let mut redactor = Redactor::default();
        redactor.watch(request);
        redactor
    }

    /// Learns the secrets of a request: its secret headers, its URL where that is a credential,
    /// and what stands under a secret name in its query, form or JSON.
    pub(super) fn watch(&mut self, request: &Request) {
        for (_, value) in &request.secret_headers {
            self.add_credential(value.expose());
        }
        for (name, value) in &request.headers {
            if is_secret_name(name) {
                self.add_credential(value);
            }
        }
        if let Some(password) = request.url.password() {
            self.add(password);
        }
        if request.secret_url {
            self.add(request.url.path().trim_start_matches('/'));
            request.url.query().inspect(|query| self.add(query));
        }
        for (name, value) in request.url.query_pairs() {
            if request.secret_url || is_secret_param(&name) {
                self.add(&value);
            }
        }
        match &request.body {
            Body::Form(fields) => {
                fields.iter().filter(|(n, _)| is_secret_param(n)).for_each(|(_, v)| self.add(v));
            }
            Body::Json(json) => self.watch_json(json),
            Body::None | Body::Bytes(..) => {}
        }
    }

    /// Learns what stands under a secret name in JSON, for example a log-in's answer.
    pub(super) fn watch_json(&mut self, json: &[u8]) {
        if let Ok(value) = serde_json::from_slice::<serde_json::Value>(json) {
            self.watch_value(&value);
        }
    }

    fn watch_value(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text) if is_secret_name(name) => self.add(text),
                        _ => self.watch_value(value),
                    }
                }
            }
            serde_json::Value::Array(values) => values.iter().for_each(|v| self.watch_value(v)),
            _ => {}
        }
    }

    /// Learns a header's credential: the whole value, what follows the scheme (`Bearer`), and
    /// the password inside of `Basic`.
    fn add_credential(&mut self, value: &str) {
        self.add(value);
        let Some((scheme, rest)) = value.split_once(' ') else { return };
        self.add(rest);
        if scheme.eq_ignore_ascii_case("basic")
            && let Ok(pair) = STANDARD.decode(rest.trim())
            && let Some((_, password)) = String::from_utf8_lossy(&pair).split_once(':')
        {
            self.add(password);
        }
    }

    /// Learns one value in its plain, percent-encoded, JSON and base64 form.
    pub(super) fn add(&mut self, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        let quoted = serde_json::Value::from(value).to_string();
        let forms = [
            value.to_owned(),
            url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
            quoted.trim_matches('"').to_owned(),
            STANDARD.encode(value),
        ];
        for form in forms {
            if self.needles.iter().all(|known| known.expose() != form) {
                self.needles.push(Secret::new(form));
            }
        }
        self.needles.sort_by_key(|known| std::cmp::Reverse(known.expose().len()));
    }

    /// Masks every known value.
    pub(super) fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for needle in &self.needles {
            if text.contains(needle.expose()) {
                text = text.replace(needle.expose(), MASK);
            }
        }
        text
    }

    /// Whether a known value stands in a text.
    pub(super) fn finds_in(&self, text: &str) -> bool {
        self.needles.iter().any(|needle| text.contains(needle.expose()))
    }

    /// An error text for people: known values masked, queries of addresses cut off, one line.
    pub(super) fn why(&self, text: &str) -> String {
        let words = text.split_whitespace().map(without_query).collect::<Vec<_>>();
        one_line(&self.mask(&words.join(" ")), LONGEST_WHY)
    }
}

/// A word without the query and the user of an address in it.
fn without_query(word: &str) -> String {
    let Some(at) = word.find("://") else { return word.to_owned() };
    let (scheme, rest) = word.split_at(at + 3);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let host_ends = rest.find('/').unwrap_or(rest.len());
    let rest = rest[..host_ends].rfind('@').map_or(rest, |user_ends| &rest[user_ends + 1..]);
    format!("{scheme}{rest}")
}

/// Whether a header or a JSON field of that name holds a credential.
pub(super) fn is_secret_name(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "authorization",
        "token",
        "secret",
        "password",
        "passwd",
        "apikey",
        "jwt",
        "assertion",
        "cookie",
        "credential",
        "routingkey",
    ];
    // Page marks are often called tokens; without them a taped walk could not be replayed.
    const MARKS: [&str; 4] = ["next", "page", "sync", "continu"];
    let plain = plain(name);
    PARTS.iter().any(|part| plain.contains(part)) && !MARKS.iter().any(|mark| plain.contains(mark))
}

/// Whether a form field or a query parameter of that name holds a credential. In JSON `code` and
/// `key` mean anything; here they are grants and keys.
pub(super) fn is_secret_param(name: &str) -> bool {
    const NAMES: [&str; 7] =
        ["code", "codeverifier", "key", "sig", "signature", "sid", "sessionid"];
    NAMES.contains(&plain(name).as_str()) || is_secret_name(name)
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let url = Url::parse("https://u:pa55@h.example/a?access_token=q%2Fery&limit=40").unwrap();
        let request = Request::get(url)
            .secret_header("authorization", Secret::new("Basic dXNlcjpodW50ZXIy"))
            .header("x-api-key", "plain-key");
        let text = "hunter2 dXNlcjpodW50ZXIy q/ery q%2Fery plain-key pa55 limit=40";
        let masked = Redactor::of(&request).mask(text);
        assert_eq!(masked, format!("{} limit=40", [MASK; 6].join(" ")));
    }

    #[test]
    fn a_secret_address_shows_its_host_only() {
        let url = Url::parse("https://hooks.example/T0/abcd?x=9876").unwrap();
        let mut request = Request::get(url);
        request.secret_url = true;
        let why = Redactor::of(&request).why("no answer from https://hooks.example/T0/abcd?x=9876");
        assert_eq!(why, "no answer from https://hooks.example/[secret]");
    }

    #[test]
    fn page_marks_are_no_secrets() {
        for name in ["next_token", "pageToken", "nextPageToken", "limit", "status"] {
            assert!(!is_secret_name(name), "{name}");
        }
        for name in
            ["access_token", "Set-Cookie", "accessJwt", "client-secret", "X-API-Key", "routing_key"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        assert!(is_secret_param("key") && !is_secret_name("key"));
        assert!(is_secret_param("code_verifier"));
    }

    #[test]
    fn errors_lose_queries_users_and_line_breaks() {
        let why = Redactor::default().why("at\nhttps://me:pw@h.example/p?token=1#x failed");
        assert_eq!(why, "at https://h.example/p failed");
    }
}
