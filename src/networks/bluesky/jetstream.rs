//! Jetstream: which posts of the whole network's stream wake which lane.
//!
//! Facts: github.com/bluesky-social/jetstream. It sends every public post as one message of JSON;
//! its filter by DID is by who writes, so mentions cannot be filtered there, and are found here. A
//! post that names the brand wakes the notifications, one that holds a search's words wakes that
//! search; what was written is read from the lists alone. Anybody can write anything into a post:
//! what cannot be read wakes nothing, and polling hears of it all the same.

use super::super::json;
use super::{Settings, listen, wire};
use crate::domain::time::SECOND;
use crate::wire::{Ctx, Request, StreamOp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The network's view, which is polled, shows a post a moment after the stream does. No figure is
/// published; notifications and searches are usually there within this.
const LAG: i64 = 3 * SECOND;
/// Longer messages are not sent to us: a post's text has at most 3,000 bytes.
const LONGEST: usize = 64 * 1024;
/// The feature of a text by which it names a profile.
const MENTION: &str = "app.bsky.richtext.facet#mention";

/// The stream, where the settings name one. It is another server's, so it is not signed. Messages
/// are asked for uncompressed: compression needs a dictionary that the server may change.
pub(super) fn stream(cx: &Ctx<'_>) -> Option<StreamOp> {
    let mut url = cx.settings::<Settings>().stream.clone()?;
    url.query_pairs_mut()
        .append_pair("wantedCollections", wire::POST)
        .append_pair("maxMessageSizeBytes", &LONGEST.to_string());
    Some(StreamOp::web_socket(Request::get(url), LAG))
}

/// What happened in somebody's repository.
#[derive(Deserialize)]
struct Event {
    did: String,
    commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    collection: String,
    record: Option<Box<RawValue>>,
}

/// A post, each part read by itself: one that cannot be read costs the others nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Post {
    text: Option<Box<RawValue>>,
    facets: Option<Box<RawValue>>,
    reply: Option<Box<RawValue>>,
    embed: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Facet {
    features: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(rename = "$type")]
    kind: String,
    did: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    root: Uri,
    parent: Uri,
}

#[derive(Deserialize)]
struct Uri {
    uri: String,
}

/// What is quoted; beside media it stands one level deeper.
#[derive(Deserialize)]
struct Embed {
    record: Quoted,
}

#[derive(Deserialize)]
struct Quoted {
    uri: Option<String>,
    record: Option<Uri>,
}

/// The lanes that a message wakes.
pub(super) fn wakes(message: &[u8], cx: &Ctx<'_>) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(message) else { return Vec::new() };
    let searches = cx.settings::<Settings>().search.iter();
    let searches: Vec<(&String, Vec<String>)> =
        searches.map(|term| (term, words(term))).filter(|(_, words)| !words.is_empty()).collect();
    let own: Vec<&str> =
        cx.own.iter().map(String::as_str).filter(|id| id.starts_with("did:")).collect();
    // Hardly any of the network's posts concern us, so most are left without being parsed.
    let lower = text.to_ascii_lowercase();
    let named = own.iter().any(|did| text.contains(did));
    let found = searches.iter().any(|(_, words)| words.iter().all(|w| lower.contains(plain(w))));
    if !named && !found {
        return Vec::new();
    }
    let Some(post) = post(message, &own) else { return Vec::new() };
    let mut lanes = Vec::new();
    if named && concerns(&post, &own) {
        lanes.push(listen::MENTIONS.to_owned());
    }
    let said: String = part(post.text.as_deref()).unwrap_or_default();
    let said = said.to_lowercase();
    for (term, words) in &searches {
        if words.iter().all(|word| said.contains(word.as_str())) {
            lanes.push(format!("{}{term}", listen::SEARCH));
        }
    }
    lanes
}

/// The post that somebody else wrote.
fn post(message: &[u8], own: &[&str]) -> Option<Post> {
    let event: Event = json::answer(message, "a message of the stream").ok()?;
    let commit = event.commit.filter(|commit| commit.collection == wire::POST)?;
    if own.contains(&event.did.as_str()) {
        return None;
    }
    part(commit.record.as_deref())
}

/// One part of a post, if it can be read.
fn part<T: DeserializeOwned>(raw: Option<&RawValue>) -> Option<T> {
    json::entry(raw?).ok()
}

/// The entries of a list that can be read.
fn each<T: DeserializeOwned>(raw: &[Box<RawValue>]) -> impl Iterator<Item = T> {
    raw.iter().filter_map(|raw| json::entry(raw).ok())
}

/// Whether a post mentions, answers or quotes one of us.
fn concerns(post: &Post, own: &[&str]) -> bool {
    let ours = |uri: &str| {
        let of = uri.strip_prefix("at://").and_then(|rest| rest.split('/').next());
        of.is_some_and(|did| own.contains(&did))
    };
    let facets: Vec<Box<RawValue>> = part(post.facets.as_deref()).unwrap_or_default();
    let names_us = each::<Facet>(&facets).any(|facet| {
        each::<Feature>(&facet.features).any(|feature| {
            feature.kind == MENTION && feature.did.as_deref().is_some_and(|did| own.contains(&did))
        })
    });
    let answers_us = part::<Place>(post.reply.as_deref())
        .is_some_and(|place| ours(&place.parent.uri) || ours(&place.root.uri));
    let quotes_us = part::<Embed>(post.embed.as_deref()).is_some_and(|embed| {
        let Quoted { uri, record } = embed.record;
        uri.or(record.map(|of| of.uri)).is_some_and(|uri| ours(&uri))
    });
    names_us || answers_us || quotes_us
}

/// What a text must hold so that a search can find it: its phrases and words in lower case. Its
/// operators (`from:`, `lang:`) narrow it further, which only the network's search can tell, and
/// what it excludes (`-word`) is no condition here: a wake too many costs one reading.
fn words(term: &str) -> Vec<String> {
    let mut words = Vec::new();
    // Every second part stands between quotation marks.
    for (n, part) in term.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(part.trim().to_lowercase());
            continue;
        }
        let single = part.split_whitespace();
        let single = single.filter(|word| !word.starts_with('-') && !word.contains(':'));
        words.extend(single.map(|word| word.trim_start_matches(['#', '@']).to_lowercase()));
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The longest part of a word that JSON writes as it is, whoever wrote the JSON.
fn plain(word: &str) -> &str {
    let parts = word.split(|c: char| !c.is_ascii_alphanumeric());
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
