//! `Page`: a template filled in the reader's language; and the style sheet and script beside it.

use crate::domain::Lang;
use crate::pipeline::Deps;
use crate::speech::Catalogue;
use crate::store::StoreError;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use std::sync::LazyLock;

/// The templates. HTML is escaped by default; nothing is marked safe anywhere.
static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut all = Environment::new();
    all.set_undefined_behavior(UndefinedBehavior::Strict);
    all.set_auto_escape_callback(|_| AutoEscape::Html);
    all.set_trim_blocks(true);
    all.set_lstrip_blocks(true);
    for (name, text) in [
        ("base", include_str!("base.html")),
        ("says", include_str!("says.html")),
        ("act", include_str!("act.html")),
        ("woken", include_str!("woken.html")),
        ("connect", include_str!("connect.html")),
        ("deletion", include_str!("deletion.html")),
        ("login", include_str!("login.html")),
        ("desk", include_str!("desk.html")),
        ("inbox", include_str!("inbox.html")),
        ("case", include_str!("case.html")),
        ("coverage", include_str!("coverage.html")),
        ("first_look", include_str!("first_look.html")),
        ("storms", include_str!("storms.html")),
        ("storm", include_str!("storm.html")),
        ("sorted_out", include_str!("sorted_out.html")),
        ("sample", include_str!("sample.html")),
        ("figures", include_str!("figures.html")),
        ("report", include_str!("report.html")),
        ("report_file", include_str!("report_file.html")),
    ] {
        all.add_template(name, text)
            .expect("the templates are part of the program, and a test renders each of them");
    }
    all
});

/// A page for one reader.
pub struct Page {
    /// The reader's language.
    pub words: &'static Catalogue,
}

impl Page {
    /// In a language that we have screens in, else in English.
    pub fn in_language(language: Lang) -> Page {
        let language = if language == Lang::IT { Lang::IT } else { Lang::EN };
        Page { words: Catalogue::of(language) }
    }

    /// In the language that the browser asks for.
    pub fn for_visitor(headers: &HeaderMap) -> Page {
        Page::in_language(asked_language(headers))
    }

    /// Fills a template.
    pub fn show(&self, status: StatusCode, template: &str, values: Value) -> Response {
        match self.text(template, values) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(e) => {
                tracing::error!(template, error = %e, "a page could not be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, "this page failed; the log says why\n")
                    .into_response()
            }
        }
    }

    /// A filled template as text.
    pub fn text(&self, template: &str, values: Value) -> Result<String, minijinja::Error> {
        let words = self.words;
        let text = move |key: &str, places: Kwargs| -> Result<String, minijinja::Error> {
            let mut values = Vec::new();
            for name in places.args() {
                let value: Value = places.get(name)?;
                values.push((name.to_owned(), value.to_string()));
            }
            let places: Vec<(&str, &str)> =
                values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            Ok(words.fill(key, &places))
        };
        let base = context! {
            lang => words.language.as_str(),
            t => Value::from_function(text),
            stamp => *STAMP,
        };
        let all = context! { ..values, ..base };
        TEMPLATES.get_template(template).and_then(|t| t.render(all))
    }

    /// A page that says one thing by its key in the catalogue.
    pub fn says(&self, status: StatusCode, key: &str) -> Response {
        self.says_text(status, self.words.get(key), crate::links::path::INBOX)
    }

    /// A page that says that the store failed.
    pub fn fails(&self, e: &StoreError) -> Response {
        tracing::error!(error = %e, "a page failed");
        let text = self.words.fill("screen.failed", &[("why", &e.to_string())]);
        self.says_text(StatusCode::SERVICE_UNAVAILABLE, &text, crate::links::path::INBOX)
    }

    /// A page that says one thing, with a link to where the reader can go on.
    pub fn says_text(&self, status: StatusCode, text: &str, back: &str) -> Response {
        self.show(status, "says", context! { text, back })
    }
}

/// The first language of `Accept-Language` that we have screens in.
pub fn asked_language(headers: &HeaderMap) -> Lang {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let mut tags: Vec<(u32, Lang)> = asked
        .unwrap_or_default()
        .split(',')
        .filter_map(|part| {
            let (tag, weight) = part.trim().split_once(";q=").unwrap_or((part.trim(), "1"));
            let weight = weight.trim().parse::<f32>().ok()?;
            Some(((weight.clamp(0.0, 1.0) * 1e3) as u32, Lang::parse(tag)?))
        })
        .collect();
    // Stable: what is asked for equally goes by its order.
    tags.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let served = |l: &Lang| [Lang::IT, Lang::EN].contains(l);
    tags.into_iter().map(|(_, lang)| lang).find(served).unwrap_or(Lang::EN)
}

/// What people call the network of a case: of its channel, or as its mention names it.
pub fn network_title(deps: &Deps, channel: &str, network: &str) -> String {
    let meta = deps.channels.get(channel).map(|c| c.network.meta());
    meta.filter(|m| m.name == network).map_or(network.to_owned(), |m| m.title.to_owned())
}

const STYLE: &str = include_str!("../static/ascolto.css");
const SCRIPT: &str = include_str!("../static/ascolto.js");
const ICON: &str = include_str!("../static/ascolto.svg");

/// Changes with the files, so that a browser never keeps an old one.
static STAMP: LazyLock<String> = LazyLock::new(|| {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest([STYLE, SCRIPT, ICON].concat());
    digest[..6].iter().map(|b| format!("{b:02x}")).collect()
});

/// A static file.
pub async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let (form, text) = match file.as_str() {
        "ascolto.css" => ("text/css; charset=utf-8", STYLE),
        "ascolto.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "ascolto.svg" => ("image/svg+xml", ICON),
        _ => return super::not_found(&headers),
    };
    let kept = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    ([(header::CONTENT_TYPE, form), kept], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_browser_is_asked_for_its_language() {
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(text).unwrap());
            asked_language(&headers)
        };
        assert_eq!(asked("it-IT,it;q=0.9,en;q=0.8"), Lang::IT);
        assert_eq!(asked("de, en;q=0.3, it;q=0.7"), Lang::IT);
        assert_eq!(asked("fr"), Lang::EN);
        assert_eq!(asked(";;;q=x"), Lang::EN);
    }
}
