//! From a web page to the feed that it names.

use super::super::html::{attribute, each_tag};
use url::Url;

/// The media types of feeds.
const TYPES: [&str; 3] = ["application/rss+xml", "application/atom+xml", "application/feed+json"];
/// So far into an answer its kind shows.
const HEAD: usize = 2_048;

/// Whether an answer is a web page and no feed.
pub(super) fn is_page(body: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&body[..body.len().min(HEAD)]).to_ascii_lowercase();
    let first = |names: &[&str]| names.iter().filter_map(|name| head.find(name)).min();
    let page = first(&["<!doctype html", "<html", "<head", "<body"]);
    let feed = first(&["<rss", "<feed", "<rdf:rdf", "<entry"]);
    page.is_some_and(|page| feed.is_none_or(|feed| page < feed))
}

/// The first feed that a page names in a `link rel="alternate"`.
pub(super) fn named_feed(body: &[u8], base: &Url) -> Option<Url> {
    let html = String::from_utf8_lossy(body);
    let mut found = None;
    each_tag(&html, |name, attributes| {
        if name != "link" || found.is_some() {
            return;
        }
        let value = |key| attribute(attributes, key).unwrap_or_default().to_ascii_lowercase();
        let kind = value("type");
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let alternate = value("rel").split_whitespace().any(|word| word == "alternate");
        if alternate && TYPES.contains(&kind) {
            found = attribute(attributes, "href")
                .and_then(|href| base.join(href.trim()).ok())
                .filter(|url| matches!(url.scheme(), "http" | "https"));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_name_their_feed() {
        let page = b"<!DOCTYPE html><html><head><link rel=stylesheet href=a.css><LINK REL='alternate home' type='application/rss+xml; charset=utf-8' href='/feed?a=1&amp;b=2'></head>";
        let base = Url::parse("https://shop.example/blog/").unwrap();
        assert!(is_page(page));
        assert_eq!(named_feed(page, &base).unwrap().as_str(), "https://shop.example/feed?a=1&b=2");
        assert_eq!(
            named_feed(b"<link rel=alternate type=application/rss+xml href=javascript:x()>", &base),
            None
        );
    }

    #[test]
    fn feeds_are_no_pages() {
        assert!(!is_page(b"<?xml version='1.0'?><rss><channel><description>&lt;html> <html>"));
        assert!(is_page(b"<?xml version='1.0'?><!DOCTYPE html PUBLIC ''><html>"));
        assert!(!is_page(b"{\"version\":\"https://jsonfeed.org/version/1.1\"}"));
    }
}
