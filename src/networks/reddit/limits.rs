//! The limits of Reddit, and what a refusal means.
//!
//! A client may ask 100 times a minute, averaged over ten; the headers tell what is left. Besides
//! there is a limit for posting, which depends on the account and is told only when it is met,
//! inside of an answer with status 200.

use super::super::json;
use super::settings::Settings;
use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::wire::{Bucket, BucketRule, Counts, Ctx, Fault, Next, Response, Told};
use serde::Deserialize;
use serde_json::value::RawValue;

/// All calls of a client.
const API: Bucket = Bucket("api");
/// Comments and messages of an account.
const POSTS: Bucket = Bucket("posts");
/// The cost of a question and of a comment.
pub(super) const ONE: &[(Bucket, u32)] = &[(API, 1)];
/// What a comment costs.
pub(super) const COMMENT: &[(Bucket, u32)] = &[(API, 1), (POSTS, 1)];

/// The limits. That for posting is ours: no figure is published, and who posts faster than one
/// comment in ten seconds is taken for a machine.
pub(super) const BUCKETS: &[BucketRule] = &[
    BucketRule {
        bucket: API,
        counts: Counts::Token,
        limit: 1_000,
        window_ms: 10 * MINUTE,
        reserve: 200,
    },
    BucketRule {
        bucket: POSTS,
        counts: Counts::Token,
        limit: 60,
        window_ms: 10 * MINUTE,
        reserve: 0,
    },
];

/// Where comments are posted.
const COMMENT_PATH: &str = "/api/comment";
/// How long to wait where Reddit says that we post too fast, and not how long.
const TOO_FAST: i64 = 10 * MINUTE;

/// What the headers say: figures that may be fractions; the reset is in seconds from now.
pub(super) fn told(res: &Response, cx: &Ctx<'_>) -> Vec<Told> {
    let remaining = number(res, "x-ratelimit-remaining");
    let told = remaining.zip(reset(res, cx.now));
    told.map(|(left, reset)| Told { bucket: API, remaining: left as u32, reset })
        .into_iter()
        .collect()
}

fn number(res: &Response, header: &str) -> Option<f64> {
    let number: f64 = res.header(header)?.trim().parse().ok()?;
    // No limit and no window is anywhere near that: a figure beyond it is damaged.
    (0.0..1e8).contains(&number).then_some(number)
}

fn reset(res: &Response, now: Instant) -> Option<Instant> {
    let seconds = number(res, "x-ratelimit-reset")?;
    // A day at most: a wrong header must not silence a channel for years.
    Some(now + ((seconds * 1_000.0).ceil() as i64).min(DAY))
}

/// The answer of a form: errors, and what was made.
#[derive(Deserialize)]
pub(super) struct Formal<T> {
    /// All of it.
    pub json: Outcome<T>,
}

/// What a form came to.
#[derive(Deserialize)]
pub(super) struct Outcome<T> {
    /// Each a list: its name, its words, the field that it is about.
    #[serde(default)]
    errors: Vec<Box<RawValue>>,
    /// The seconds to wait, beside a `RATELIMIT`.
    ratelimit: Option<f64>,
    /// What was made.
    pub data: Option<T>,
}

/// What an error inside of an answer means.
fn refusal<T>(outcome: &Outcome<T>, now: Instant) -> Option<Fault> {
    let first = outcome.errors.first()?;
    let said: Vec<Option<String>> = json::entry(first).unwrap_or_default();
    let mut said = said.into_iter().map(Option::unwrap_or_default);
    let (name, words) = (said.next().unwrap_or_default(), said.next().unwrap_or_default());
    Some(match name.as_str() {
        "RATELIMIT" => {
            let told = outcome.ratelimit.filter(|seconds| (0.0..1e6).contains(seconds));
            let told = told.map(|seconds| (seconds * 1_000.0).ceil() as i64);
            let wait = told.or_else(|| wait(&words)).unwrap_or(TOO_FAST);
            let until = now + (wait + SECOND).min(DAY);
            let next = Next::Throttled { bucket: Some(POSTS), until };
            Fault::new(next, "Reddit lets this account post only now and then; it goes out later")
        }
        "DELETED_COMMENT" | "DELETED_LINK" => {
            Fault::new(Next::Gone, "it was deleted before the reply went out")
        }
        "THREAD_LOCKED" => Fault::refused("moderators locked the thread; nobody can answer there"),
        "TOO_OLD" => Fault::refused("the thread is archived; nobody can answer there any more"),
        "USER_BLOCKED" => Fault::refused("the author blocks the brand's account"),
        "USER_REQUIRED" => Fault::new(Next::Auth, "Reddit does not take the token for an account"),
        _ => Fault::refused(format!(
            "Reddit refuses it: {}",
            one_line(&format!("{name} {words}"), 200)
        )),
    })
}

/// The wait in "try again in 9 minutes", in milliseconds.
fn wait(words: &str) -> Option<i64> {
    let words: Vec<&str> = words.split_whitespace().collect();
    words.windows(2).find_map(|pair| {
        let count = pair[0].parse::<i64>().ok().filter(|count| (0..100_000).contains(count))?;
        let unit = pair[1].trim_end_matches(|c: char| !c.is_alphabetic()).trim_end_matches('s');
        let unit = match unit {
            "millisecond" => 1,
            "second" => SECOND,
            "minute" => MINUTE,
            "hour" => HOUR,
            _ => return None,
        };
        Some(count * unit)
    })
}

/// What a refusal means where RFC 9110 does not say it; some come with status 200.
pub(super) fn fault(res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
    #[derive(Deserialize)]
    struct Named {
        reason: Option<String>,
    }
    #[derive(Deserialize)]
    struct Anything {}
    let path = res.url.as_ref().map(|url| url.path()).unwrap_or_default();
    let refused_token = || {
        let why = format!(
            "the refresh token of u/{} is refused (HTTP {}); check client_id and client_secret, \
             or connect the account again and write the new refresh_token",
            cx.settings::<Settings>().username,
            res.status
        );
        Some(Fault::new(Next::Auth, why))
    };
    match res.status {
        200..300 if path == super::login::PATH => {
            #[derive(Deserialize)]
            struct Failed {
                #[serde(rename = "error")]
                _error: Box<RawValue>,
            }
            json::answer::<Failed>(&res.body, "an error").ok().and_then(|_| refused_token())
        }
        200..300 if path == COMMENT_PATH => {
            let answer: Formal<Anything> = json::answer(&res.body, "the outcome").ok()?;
            refusal(&answer.json, cx.now)
        }
        200..300 => None,
        400 | 401 | 403 if path == super::login::PATH => refused_token(),
        401 => Some(Fault::new(
            Next::Auth,
            "the access token is refused (HTTP 401); if a new one is refused too, connect the \
             account again and write the new refresh_token",
        )),
        403 => {
            let named = json::answer::<Named>(&res.body, "the reason").ok();
            let reason = named.and_then(|named| named.reason).unwrap_or_default();
            let plain = reason.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '-');
            let why = match reason.as_str() {
                "private" => "the subreddit is private, and the account is no member".to_owned(),
                "banned" => "Reddit has closed the subreddit".to_owned(),
                "quarantined" => "the subreddit is quarantined; open it once by hand".to_owned(),
                other if plain && !other.is_empty() && other.len() < 40 => {
                    format!("Reddit refuses it: {other}")
                }
                _ => "Reddit refuses it; is the account banned there, or is a scope missing?"
                    .to_owned(),
            };
            Some(Fault::refused(format!("{why} (HTTP 403)")))
        }
        429 if res.header("retry-after").is_none() => {
            let until = reset(res, cx.now)?;
            let next = Next::Throttled { bucket: Some(API), until };
            Some(Fault::new(next, "the limit is used up (HTTP 429)"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_from_words() {
        let text = |time: &str| format!("you are doing that too much. try again in {time}.");
        assert_eq!(wait(&text("9 minutes")), Some(9 * MINUTE));
        assert_eq!(wait(&text("1 second")), Some(SECOND));
        assert_eq!(wait(&text("300 milliseconds")), Some(300));
        assert_eq!(wait(&text("a while")), None);
        assert_eq!(wait(&text("99999999999 hours")), None);
    }
}
