//! The answers of X around its posts: lists, look-ups, problems, and what each entry is.

use super::super::json::{self, Id};
use super::settings::Settings;
use super::wire::{Known, Post};
use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::wire::{Ctx, Fault, Heard, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One page of a list of posts, newest first.
pub(super) struct Listing {
    /// The posts as they came.
    pub entries: Vec<Box<RawValue>>,
    /// What stands beside them.
    pub known: Known,
    /// The token of the next page.
    pub next: Option<String>,
}

/// Reads a list of posts. An empty page carries no `data` at all, so `meta` must say that it is
/// empty. Errors beside the posts are about what they refer to and cost nothing here.
pub(super) fn listing(body: &[u8], what: &str) -> Result<Listing, Fault> {
    #[derive(Deserialize)]
    struct Envelope {
        data: Option<Vec<Box<RawValue>>>,
        includes: Option<Box<RawValue>>,
        meta: Meta,
    }
    #[derive(Deserialize)]
    struct Meta {
        result_count: Option<u64>,
        next_token: Option<String>,
    }
    let Envelope { data, includes, meta } = json::answer(body, what)?;
    let entries = data.unwrap_or_default();
    if entries.is_empty() && meta.result_count != Some(0) {
        return Err(Fault::bug(format!("{what} came without posts, and not as an empty page")));
    }
    let next = meta.next_token.filter(|token| !token.is_empty());
    Ok(Listing { entries, known: Known::read(includes), next })
}

/// Errors by which a post is not shown any more: deleted, protected, suspended or withheld, after
/// each of which X's terms want it deleted.
const GONE: [&str; 3] =
    ["resource-not-found", "not-authorized-for-resource", "resource-unavailable"];

/// Reads the look-up of one post; `None` where it is not shown any more: deleted, protected,
/// suspended or withheld.
pub(super) fn looked_up(body: &[u8]) -> Result<Option<(Post, Known)>, Fault> {
    #[derive(Deserialize)]
    struct Envelope {
        data: Option<Vec<Box<RawValue>>>,
        includes: Option<Box<RawValue>>,
        errors: Option<Vec<Box<RawValue>>>,
    }
    let Envelope { data, includes, errors } = json::answer(body, "the post")?;
    if let Some(raw) = data.iter().flatten().next() {
        let post: Post = json::entry(raw)
            .map_err(|why| Fault::bug(format!("the post cannot be read: {why}")))?;
        return Ok((!post.is_withheld()).then(|| (post, Known::read(includes))));
    }
    let mut problems = errors.iter().flatten().filter_map(|raw| json::entry::<Problem>(raw).ok());
    if problems.any(|problem| GONE.iter().any(|kind| problem.is(kind))) {
        return Ok(None);
    }
    Err(Fault::bug("a post was asked about, and neither it nor a reason came"))
}

/// The look-up of several posts: what is shown, and the ids that are not shown any more.
pub(super) struct LookedUp {
    /// The posts as they came.
    pub entries: Vec<Box<RawValue>>,
    /// What stands beside them.
    pub known: Known,
    /// The ids of which an error of its own says that they are gone.
    pub missing: Vec<String>,
}

/// Reads the look-up of several posts. What is neither shown nor named by an error is in neither
/// list: nothing was said of it.
pub(super) fn looked_up_all(body: &[u8]) -> Result<LookedUp, Fault> {
    #[derive(Deserialize)]
    struct Envelope {
        data: Option<Vec<Box<RawValue>>>,
        includes: Option<Box<RawValue>>,
        errors: Option<Vec<Box<RawValue>>>,
    }
    /// An error about one post names it by either key.
    #[derive(Deserialize)]
    struct About {
        #[serde(rename = "type")]
        kind: String,
        resource_id: Option<Id>,
        value: Option<Id>,
    }
    let Envelope { data, includes, errors } = json::answer(body, "the posts")?;
    if data.is_none() && errors.is_none() {
        return Err(Fault::bug("posts were asked about, and neither they nor reasons came"));
    }
    let about = errors.iter().flatten().filter_map(|raw| json::entry::<About>(raw).ok());
    let gone =
        about.filter(|about| GONE.iter().any(|kind| about.kind.rsplit('/').next() == Some(*kind)));
    let missing = gone.filter_map(|about| about.resource_id.or(about.value)).map(|id| id.0);
    Ok(LookedUp {
        missing: missing.collect(),
        entries: data.unwrap_or_default(),
        known: Known::read(includes),
    })
}

/// Only the place in the order, so that an unreadable entry still has one.
pub(super) struct Place {
    pub id: String,
    pub created_at: Option<Instant>,
}

/// The place of an entry in the order, as far as it can be read.
pub(super) fn place(raw: &RawValue) -> Option<Place> {
    #[derive(Deserialize)]
    struct Whole {
        id: Id,
        created_at: Instant,
    }
    #[derive(Deserialize)]
    struct Named {
        id: Id,
    }
    let whole = json::entry(raw).map(|Whole { id, created_at }| (id, Some(created_at)));
    let named = whole.or_else(|_| json::entry(raw).map(|Named { id }| (id, None)));
    let (id, created_at) = named.ok()?;
    Some(Place { id: id.0, created_at })
}

/// What one post of a list is.
pub(super) fn heard(
    post: &Post,
    known: &Known,
    settings: &Settings,
    cx: &Ctx<'_>,
) -> Result<Heard, String> {
    let (origin, external_id) = (String::new(), post.chain().to_owned());
    if post.is_withheld() {
        return Ok(Heard::Gone { origin, external_id });
    }
    let author = &post.author_id.0;
    if let Some(of) = post.reference("retweeted") {
        let of = known.chain(of).to_owned();
        return Ok(Heard::Repost { origin, of, reach: known.followers(author).unwrap_or(0) });
    }
    if settings.is_own(author, cx) {
        return Ok(Heard::Own { origin, external_id });
    }
    let mention = post.mention(known)?;
    Ok(if post.is_edited() { Heard::Edited(mention) } else { Heard::Mention(mention) })
}

/// X's own words about what went wrong (docs.x.com, response codes and errors).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    errors: Option<Vec<Box<RawValue>>>,
}

/// One of several errors. A wrong parameter is named by either key.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrong {
    message: Option<String>,
    parameter: Option<String>,
    parameters: Option<Box<RawValue>>,
}

impl Problem {
    /// Reads the problem of an answer; nothing known if it carries none.
    pub(super) fn of(res: &Response) -> Problem {
        json::answer(&res.body, "the problem").unwrap_or_default()
    }

    /// Whether it is of the type whose address ends so.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.as_deref().and_then(|address| address.rsplit('/').next()) == Some(kind)
    }

    fn wrong(&self) -> impl Iterator<Item = Wrong> {
        self.errors.iter().flatten().filter_map(|raw| json::entry::<Wrong>(raw).ok())
    }

    /// Whether that parameter of the request is what is wrong.
    pub(super) fn blames(&self, parameter: &str) -> bool {
        self.wrong().any(|wrong| {
            let quoted = format!("\"{parameter}\"");
            wrong.parameter.as_deref() == Some(parameter)
                || wrong.parameters.is_some_and(|all| all.get().contains(&quoted))
        })
    }

    /// Whether its words hold all of these, in any case.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        let text = self.text().to_lowercase();
        words.iter().all(|word| text.contains(word))
    }

    fn text(&self) -> String {
        let wrong = self.wrong().find_map(|wrong| wrong.message);
        let said = [wrong, self.detail.clone(), self.title.clone()];
        said.into_iter().flatten().find(|text| !text.trim().is_empty()).unwrap_or_default()
    }

    /// Its words for a person, without any credential that they may repeat.
    pub(super) fn shown(&self, settings: &Settings, cx: &Ctx<'_>) -> String {
        let text = settings.redacted(&self.text(), cx);
        if text.is_empty() { "no reason given".to_owned() } else { one_line(&text, 200) }
    }
}
