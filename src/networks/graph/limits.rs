//! The limits of the Graph API, what its headers tell of them, and what its errors mean.
//!
//! Meta tells no number of requests that are left but how many percent of the window are used
//! (rate limiting, business use cases): our own figure is a measure to take percents of. At 75
//! percent polling pauses, and the rest is for replies.

use super::super::json;
use super::{App, is_question};
use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::wire::{Bucket, BucketRule, Counts, Fault, Next, Response, Told};
use serde::Deserialize;
use std::collections::BTreeMap;

/// All requests by a token.
pub(in crate::networks) const CALLS: Bucket = Bucket("calls");
/// Comments that we write.
pub(in crate::networks) const WRITES: Bucket = Bucket("writes");
/// What a question costs.
pub(in crate::networks) const ASK: &[(Bucket, u32)] = &[(CALLS, 1)];
/// What a comment costs.
pub(in crate::networks) const WRITE: &[(Bucket, u32)] = &[(CALLS, 1), (WRITES, 1)];

/// What ten people who had to do with the Page that day give it in an hour: 4,800 requests each in
/// 24 hours. Smaller Pages are told by the headers.
const MEASURE: u32 = 2_000;
/// The buckets of a channel.
pub(in crate::networks) const BUCKETS: &[BucketRule] = &[
    BucketRule {
        bucket: CALLS,
        counts: Counts::Token,
        limit: MEASURE,
        window_ms: HOUR,
        reserve: MEASURE / 4,
    },
    // Meta names no figure; more comments than this look like a machine's.
    BucketRule { bucket: WRITES, counts: Counts::Token, limit: 200, window_ms: HOUR, reserve: 0 },
];

/// After a limit without a figure, and how long a told usage is believed: windows are rolling, so
/// it falls by itself.
const WAIT: i64 = 10 * MINUTE;
/// After Meta has stopped an account's writing for its policies.
const BLOCKED: i64 = 6 * HOUR;

/// How much of a limit is used, in percent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    call_count: f64,
    total_time: f64,
    total_cputime: f64,
    /// Minutes until the limit opens again, if it is used up.
    estimated_time_to_regain_access: f64,
}

/// What all headers of an answer tell together: the worst percentage and the longest wait.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Used {
    percent: f64,
    minutes: f64,
    known: bool,
}

impl Used {
    fn of(res: &Response) -> Used {
        let mut used = Used::default();
        for name in ["x-app-usage", "x-page-usage"] {
            let usage: Option<Usage> =
                res.header(name).and_then(|text| serde_json::from_str(text).ok());
            usage.into_iter().for_each(|usage| used.add(&usage));
        }
        type ById = BTreeMap<String, Vec<Usage>>;
        let by_id: Option<ById> = res
            .header("x-business-use-case-usage")
            .and_then(|text| serde_json::from_str(text).ok());
        by_id.iter().flat_map(|all| all.values().flatten()).for_each(|usage| used.add(usage));
        used
    }

    fn add(&mut self, usage: &Usage) {
        let worst = usage.call_count.max(usage.total_time).max(usage.total_cputime);
        self.percent = self.percent.max(worst);
        self.minutes = self.minutes.max(usage.estimated_time_to_regain_access);
        self.known = true;
    }

    /// How long until the limit opens, if that is told. A day at most: a wrong header must not
    /// silence a channel for years.
    fn wait(&self) -> Option<i64> {
        (self.minutes > 0.0).then(|| ((self.minutes * MINUTE as f64) as i64).clamp(MINUTE, DAY))
    }
}

/// What an answer's headers say of the limits.
pub(in crate::networks) fn told(res: &Response, now: Instant) -> Vec<Told> {
    let used = Used::of(res);
    if !used.known {
        return Vec::new();
    }
    let free = (100.0 - used.percent).clamp(0.0, 100.0) / 100.0;
    let remaining = (f64::from(MEASURE) * free) as u32;
    vec![Told { bucket: CALLS, remaining, reset: now + used.wait().unwrap_or(WAIT) }]
}

/// An error of the Graph API.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrong {
    code: i64,
    error_subcode: Option<i64>,
    message: Option<String>,
    error_user_msg: Option<String>,
}

/// What a refusal means, by its code (developers.facebook.com, error handling); `None` where the
/// answer carries none and the status must do.
pub(in crate::networks) fn fault(res: &Response, app: App<'_>, now: Instant) -> Option<Fault> {
    #[derive(Deserialize)]
    struct Answer {
        error: Wrong,
    }
    if res.is_success() {
        return None;
    }
    let Answer { error } = json::answer(&res.body, "the error").ok()?;
    let reads = res.url.as_ref().is_some_and(is_question);
    let words = error.error_user_msg.or(error.message).unwrap_or_default();
    let words = match one_line(&app.redacted(&words), 200) {
        words if words.is_empty() => "no reason given".to_owned(),
        words => words,
    };
    let why = |what: &str| format!("{what}: {words} (code {})", error.code);
    let fault = |next: Next, what: &str| Some(Fault::new(next, why(what)));
    let closed = |wait: i64| Next::Throttled { bucket: Some(CALLS), until: now + wait };
    match error.code {
        190 | 102 => fault(Next::Auth, token(error.error_subcode)),
        3 | 10 | 200..=299 => fault(
            Next::Auth,
            "the token lacks a permission; connect again and allow what the docs list",
        ),
        1 | 2 => fault(Next::Retry { after: None }, "Meta's servers have trouble"),
        4 | 17 | 32 | 341 | 613 | 80000..=80099 => {
            fault(closed(Used::of(res).wait().unwrap_or(WAIT)), "the limit is used up")
        }
        368 if reads => {
            fault(Next::Retry { after: Some(HOUR) }, "Meta has blocked the account for a while")
        }
        368 => {
            let next = Next::Throttled { bucket: Some(WRITES), until: now + BLOCKED };
            fault(next, "Meta has stopped the account's writing for a while; look there why")
        }
        506 => fault(Next::Refused, "Meta takes the same text no second time; change it"),
        12 => fault(Next::Refused, "Meta has withdrawn this from its API"),
        100 if goes_on(res) => fault(Next::Expired, "Meta does not know the page any more"),
        // A post that is deleted while its comments are being read must not stop the walk.
        100 if error.error_subcode == Some(33) && reads && is_list(res) => {
            fault(Next::Expired, "a post of the list is not there any more")
        }
        100 if error.error_subcode == Some(33) => fault(Next::Gone, "it is not there any more"),
        _ if res.status >= 500 || matches!(res.status, 401 | 429) => None,
        _ => fault(Next::Refused, "Meta refuses it"),
    }
}

/// Whether a question asked for a list's further page.
fn goes_on(res: &Response) -> bool {
    let named = |url: &url::Url| {
        url.query_pairs().any(|(name, _)| matches!(&*name, "after" | "__paging_token"))
    };
    res.url.as_ref().is_some_and(named)
}

/// Whether a question was about what stands below something.
fn is_list(res: &Response) -> bool {
    let last = res.url.as_ref().and_then(|url| url.path_segments()?.next_back());
    matches!(last, Some("comments" | "replies"))
}

/// What ended a token, by the error's subcode, and what to do.
fn token(subcode: Option<i64>) -> &'static str {
    match subcode {
        Some(458) => "the app was removed from the account; connect it again",
        Some(459 | 464) => "Meta wants to see a person log in; do so on its site, then check again",
        Some(460) => "the password was changed; connect again and write the new token",
        Some(463) => "the token has run out; write a new one, best of a system user",
        Some(492) => {
            "the token's person has no role on the Page any more; ask for it, or use another"
        }
        _ => "the token is refused; connect again and write the new one",
    }
}
