//! The limits of X, the month's budget, and what a refusal means.
//!
//! Requests are limited per endpoint and 15 minutes (docs.x.com, rate limits, August 2026), posts
//! read per billing month (3,000,000 on pay-per-use), and money by credits paid in advance. What an
//! answer cost is the posts on it; the month's bucket is charged with these after each answer, and
//! corrected by the usage that X itself tells at every log-in.

use super::super::json::{self, Id};
use super::login::Facts;
use super::page::Problem;
use super::settings::Settings;
use crate::domain::Instant;
use crate::domain::time::{DAY, MINUTE};
use crate::wire::{Bucket, BucketRule, Counts, Ctx, Fault, Next, Price, Response, Told};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// `GET /2/users/:id/mentions`: 300 by a user's token, 450 by the app's.
const MENTIONS: Bucket = Bucket("mentions");
/// `GET /2/tweets/search/recent`: 450 by the app's token.
const SEARCH: Bucket = Bucket("search");
/// `GET /2/tweets`: 3,500 by the app's token.
const LOOKUP: Bucket = Bucket("lookup");
/// `GET /2/users/:id/tweets`: 900 by a user's token.
const TIMELINE: Bucket = Bucket("timeline");
/// `POST /2/tweets`: 100 by a user's token.
const POST: Bucket = Bucket("post");
/// Who we are and what we used: 50 (usage), 75 (me) and 300 (by handle) in 15 minutes.
const ACCOUNT: Bucket = Bucket("account");
/// Posts read in the billing month.
const MONTH: Bucket = Bucket("month");

/// What a question costs; of the month what its answer holds.
pub(super) const MENTIONS_ONE: &[(Bucket, u32)] = &[(MENTIONS, 1), (MONTH, 0)];
/// What a search costs.
pub(super) const SEARCH_ONE: &[(Bucket, u32)] = &[(SEARCH, 1), (MONTH, 0)];
/// What a look-up costs.
pub(super) const LOOKUP_ONE: &[(Bucket, u32)] = &[(LOOKUP, 1), (MONTH, 0)];
/// What a page of our own posts costs.
pub(super) const TIMELINE_ONE: &[(Bucket, u32)] = &[(TIMELINE, 1), (MONTH, 0)];
/// What a post costs.
pub(super) const POST_ONE: &[(Bucket, u32)] = &[(POST, 1)];
/// What a question about the account costs.
pub(super) const ACCOUNT_ONE: &[(Bucket, u32)] = &[(ACCOUNT, 1)];

const fn per_quarter(bucket: Bucket, limit: u32, reserve: u32) -> BucketRule {
    BucketRule { bucket, counts: Counts::Token, limit, window_ms: 15 * MINUTE, reserve }
}

/// The limits; what is kept back is for replies.
pub(super) const BUCKETS: &[BucketRule] = &[
    per_quarter(MENTIONS, 300, 30),
    per_quarter(SEARCH, 450, 150),
    per_quarter(LOOKUP, 3_500, 500),
    per_quarter(TIMELINE, 900, 100),
    per_quarter(POST, 100, 0),
    per_quarter(ACCOUNT, 50, 10),
    BucketRule {
        bucket: MONTH,
        counts: Counts::Token,
        limit: 3_000_000,
        window_ms: CYCLE,
        reserve: 500,
    },
];

/// A billing month at its longest.
const CYCLE: i64 = 31 * DAY;
/// How much longer a search waits between polls at most, and how much a mention lane.
const SLOWEST_SEARCH: i64 = 16;
const SLOWEST_MENTIONS: i64 = 8;
/// How soon credits are looked for again once they are used up.
const CREDITS_AFTER: i64 = 15 * MINUTE;

/// What X says of the billing month (`GET /2/usage/tweets`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Usage {
    /// Posts read so far.
    pub used: u64,
    /// When the month ends.
    pub until: Instant,
}

impl Usage {
    /// Reads the answer.
    pub(super) fn read(body: &[u8], now: Instant) -> Result<Usage, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            project_usage: Id,
            /// Days until the month ends.
            cap_reset_day: Option<i64>,
        }
        let Answer { data } = json::answer(body, "the used budget")?;
        let used: Result<u64, _> = data.project_usage.0.parse();
        let used = used.map_err(|_| Fault::bug("the used budget is no whole number"))?;
        let days = data.cap_reset_day.filter(|days| (0..=31).contains(days));
        let until = match days {
            Some(days) => Instant(now.0 - now.0.rem_euclid(DAY)) + days.max(1) * DAY,
            None => month_end(now),
        };
        Ok(Usage { used, until })
    }

    /// How many times the plan is used: 1,000 where the month's budget would last just as long
    /// as the month.
    fn ahead(&self, budget: u32, now: Instant) -> i128 {
        let elapsed = CYCLE - (self.until - now).clamp(0, CYCLE);
        // The first day decides nothing.
        let elapsed = i128::from(elapsed.max(DAY));
        let plan = i128::from(budget.max(1)) * elapsed;
        i128::from(self.used) * 1_000 * i128::from(CYCLE) / plan
    }
}

/// How many times longer than usual to wait between two polls, so that the budget lasts: once the
/// plan is overrun searches wait in that ratio, mentions half as long.
pub(super) fn slowdown(cx: &Ctx<'_>, addressed: bool) -> i64 {
    let budget = cx.settings::<Settings>().budget_reads;
    let Some((budget, usage)) = budget.zip(Facts::of(cx).usage) else { return 1 };
    let ahead = usage.ahead(budget, cx.now);
    let (each, slowest) =
        if addressed { (2_000, SLOWEST_MENTIONS) } else { (1_000, SLOWEST_SEARCH) };
    let times = (ahead + each - 1) / each;
    i64::try_from(times).unwrap_or(slowest).clamp(1, slowest)
}

/// Whether posts may be read again only to see whether they still stand, each of which is paid for
/// like a new one: while less than half of what the budget allows so far is used, so that polls
/// always have the other half. Without a budget nobody said what it may cost.
pub(super) fn has_room(cx: &Ctx<'_>) -> bool {
    let Some(budget) = cx.settings::<Settings>().budget_reads else { return false };
    Facts::of(cx).usage.is_none_or(|usage| usage.ahead(budget, cx.now) < 500)
}

/// What an answer cost of the month: each post on it, also those that others refer to. X bills a
/// post once a day however often it is read, so this is too much rather than too little.
pub(super) fn cost(res: &Response) -> Vec<(Bucket, u32)> {
    type Posts = Option<Vec<IgnoredAny>>;
    #[derive(Default, Deserialize)]
    struct Answer {
        data: Posts,
        includes: Option<Beside>,
    }
    #[derive(Default, Deserialize)]
    struct Beside {
        tweets: Posts,
        posts: Posts,
    }
    let posts = matches!(spot(res), Spot::Bucket(MENTIONS | SEARCH | LOOKUP | TIMELINE));
    if !posts || !res.is_success() {
        return Vec::new();
    }
    // What cannot be read is told where it is read; its cost comes with the next usage.
    let Answer { data, includes } = serde_json::from_slice(&res.body).unwrap_or_default();
    let Beside { tweets, posts } = includes.unwrap_or_default();
    let count = [data, tweets, posts].iter().flatten().map(Vec::len).sum::<usize>();
    vec![(MONTH, u32::try_from(count).unwrap_or(u32::MAX))]
}

/// How many of a bucket a channel may spend: of the month what its budget says.
pub(super) fn limit(rule: &BucketRule, cx: &Ctx<'_>) -> u32 {
    let budget = cx.settings::<Settings>().budget_reads.filter(|_| rule.bucket == MONTH);
    budget.map_or(rule.limit, |budget| budget.min(rule.limit))
}

/// What its units cost: docs.x.com, pay-per-use since February 2026, unless the settings know
/// better. Own mentions may be cheaper, and replies with a link dearer.
pub(super) fn prices(cx: &Ctx<'_>) -> Vec<Price> {
    let settings = cx.settings::<Settings>();
    let price = |bucket, unit, thousandths: u32| Price {
        bucket,
        unit,
        micros: i64::from(thousandths) * 1_000,
        currency: "USD",
    };
    vec![price(MONTH, "post read", settings.price_read), price(POST, "reply", settings.price_reply)]
}

/// The first instant of the next calendar month, UTC.
fn month_end(now: Instant) -> Instant {
    let utc = jiff::tz::TimeZone::UTC;
    let next = now.timestamp().to_zoned(utc.clone()).date().last_of_month().tomorrow();
    let start = next.and_then(|day| day.to_zoned(utc));
    start.map_or(now + CYCLE, |start| Instant(start.timestamp().as_millisecond()))
}

/// What an answer is to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spot {
    Bucket(Bucket),
    Usage,
    Token,
    Other,
}

fn spot(res: &Response) -> Spot {
    let Some(url) = &res.url else { return Spot::Other };
    let path: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    match path.as_slice() {
        [_, "users", _, "mentions"] => Spot::Bucket(MENTIONS),
        [_, "users", _, "tweets"] => Spot::Bucket(TIMELINE),
        [_, "tweets", "search", "recent"] => Spot::Bucket(SEARCH),
        [_, "tweets"] if url.query().is_some() => Spot::Bucket(LOOKUP),
        [_, "tweets"] => Spot::Bucket(POST),
        [_, "usage", "tweets"] => Spot::Usage,
        [_, "oauth2", "token"] => Spot::Token,
        _ => Spot::Other,
    }
}

/// When the limit of an answer opens again: seconds since 1970.
fn reset(res: &Response) -> Option<Instant> {
    let seconds: i64 = res.header("x-rate-limit-reset")?.trim().parse().ok()?;
    Some(Instant(seconds.checked_mul(1_000)?))
}

/// What an answer's headers, and the usage itself, say of the limits.
pub(super) fn told(res: &Response, cx: &Ctx<'_>) -> Vec<Told> {
    let told = match spot(res) {
        Spot::Bucket(bucket) => {
            let remaining =
                res.header("x-rate-limit-remaining").and_then(|n| n.trim().parse().ok());
            remaining.zip(reset(res)).map(|(remaining, reset)| Told { bucket, remaining, reset })
        }
        Spot::Usage if res.is_success() => {
            let budget = cx.settings::<Settings>().budget_reads;
            budget.zip(Usage::read(&res.body, cx.now).ok()).map(|(budget, usage)| {
                let left = u64::from(budget).saturating_sub(usage.used);
                let remaining = u32::try_from(left).unwrap_or(u32::MAX);
                Told { bucket: MONTH, remaining, reset: usage.until }
            })
        }
        _ => None,
    };
    told.into_iter().collect()
}

/// What a refusal means where RFC 9110 does not say it.
pub(super) fn fault(res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
    if res.is_success() {
        return None;
    }
    let settings = cx.settings::<Settings>();
    let problem = Problem::of(res);
    let at = spot(res);
    let refused = |why: String| Some(Fault::refused(why));
    match res.status {
        400 | 401 | 403 if at == Spot::Token => Some(Fault::new(
            Next::Auth,
            format!(
                "the refresh token of @{} is refused (HTTP {}); check client_id and \
                 client_secret, or connect the profile again and write the new refresh_token",
                settings.handle, res.status
            ),
        )),
        400 if problem.blames("since_id")
            || problem.blames("next_token")
            || problem.blames("pagination_token")
            || problem.blames("start_time") =>
        {
            let said = problem.shown(settings, cx);
            Some(Fault::new(Next::Expired, format!("X no longer goes on there: {said}")))
        }
        401 => Some(Fault::new(
            Next::Auth,
            "a token is refused (HTTP 401); check `token` in the developer console, and \
             connect the profile again if it was disconnected",
        )),
        402 => Some(Fault::new(
            Next::Retry { after: Some(CREDITS_AFTER) },
            "the app's credits are used up (HTTP 402); buy credits in X's developer console",
        )),
        403 if problem.says(&["duplicate content"]) => {
            refused("X takes no second post with the same text; change it (HTTP 403)".to_owned())
        }
        403 if problem.says(&["reply", "not allowed"]) => refused(
            "X lets an app answer only where the author mentioned or quoted the brand and lets \
             it reply; answer by hand (HTTP 403)"
                .to_owned(),
        ),
        400 | 403 => {
            refused(format!("X refuses it: {} (HTTP {})", problem.shown(settings, cx), res.status))
        }
        429 if problem.is("usage-capped") || problem.says(&["usage cap"]) => {
            let known = Facts::of(cx).usage.map(|usage| usage.until).filter(|end| *end > cx.now);
            let until = known.unwrap_or_else(|| month_end(cx.now));
            let next = Next::Throttled { bucket: Some(MONTH), until };
            Some(Fault::new(
                next,
                "the month's posts are used up (HTTP 429); raise the cap in X's developer console",
            ))
        }
        429 => {
            // A day at most: a wrong header must not silence a channel for years.
            let until = reset(res).filter(|until| *until > cx.now)?.min(cx.now + DAY);
            let bucket = match at {
                Spot::Bucket(bucket) => Some(bucket),
                _ => None,
            };
            Some(Fault::new(Next::Throttled { bucket, until }, "the limit is used up (HTTP 429)"))
        }
        _ => None,
    }
}
