//! The report: the share unheard with its parts, what the blind samples say, what was heard and what
//! was sorted out; as a page, and as a file that needs nothing of this server.

use super::render::Page;
use super::session::LoggedIn;
use super::view;
use crate::domain::ledger::Share;
use crate::domain::sample::Estimate;
use crate::domain::text::one_line;
use crate::domain::time::DAY;
use crate::domain::{Brand, Instant, Lang};
use crate::speech::Catalogue;
use crate::store::ledger::{self, BrandReport, Missed, Part, Report};
use crate::web::front::Shared;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The spans that the page offers, in days; 0 is all time.
const SPANS: [i64; 4] = [30, 90, 365, 0];

/// What is asked for.
#[derive(Deserialize)]
pub struct Asked {
    days: Option<i64>,
}

#[derive(Serialize)]
struct Span {
    days: i64,
    text: String,
}

#[derive(Serialize)]
struct Shown {
    title: String,
    complaints: String,
    questions: String,
    parts: Vec<Line>,
    beside: Vec<String>,
    missed: Vec<String>,
    heard: Vec<Count>,
    rules: Vec<Count>,
}

#[derive(Serialize)]
struct Line {
    text: &'static str,
    complaints: u64,
    questions: u64,
}

#[derive(Serialize)]
struct Count {
    name: String,
    count: u64,
}

/// Shows the page.
pub async fn show(
    State(front): State<Shared>,
    agent: LoggedIn,
    Query(asked): Query<Asked>,
) -> Response {
    let page = Page::in_language(agent.language);
    let days = asked.days.filter(|days| SPANS.contains(days)).unwrap_or(SPANS[0]);
    let now = front.now();
    let from = (days > 0).then(|| now - days * DAY);
    let read = async {
        let mut tx = front.web.deps.store.read().await?;
        ledger::report(&mut tx, now, (from, None)).await
    };
    let report = match read.await {
        Ok(report) => report,
        Err(e) => return page.fails(&e),
    };
    let span = |days: i64| Span {
        days,
        text: match days {
            0 => page.words.get("screen.report_always").to_owned(),
            days => page.words.fill("screen.days", &[("count", &days.to_string())]),
        },
    };
    let (written, brands) = figures(&report, &front.web.deps.brands, page.words);
    let values = context! {
        here => "report",
        agent => agent.name,
        csrf => agent.csrf,
        spans => SPANS.map(span),
        days,
        written,
        brands,
    };
    page.show(StatusCode::OK, "report", values)
}

/// The report as a page of its own.
pub fn file(
    report: &Report,
    brands: &BTreeMap<String, Brand>,
    language: Lang,
) -> Result<String, minijinja::Error> {
    let page = Page::in_language(language);
    let (written, brands) = figures(report, brands, page.words);
    page.text("report_file", context! { written, brands })
}

fn figures(
    report: &Report,
    brands: &BTreeMap<String, Brand>,
    words: &'static Catalogue,
) -> (String, Value) {
    let time = |at: Instant| at.to_string();
    let from = report.from.map_or_else(|| words.get("screen.report_beginning").to_owned(), time);
    let to = report.to.unwrap_or(report.now).to_string();
    let written = words.fill("screen.report_written", &[("from", &from), ("to", &to)]);
    let shown: Vec<Shown> = report.brands.iter().map(|b| shown(b, brands, words)).collect();
    (written, Value::from_serialize(shown))
}

fn shown(of: &BrandReport, brands: &BTreeMap<String, Brand>, words: &'static Catalogue) -> Shown {
    let share = &of.share;
    let title = brands.get(&share.brand).map_or(&share.brand, |b| &b.title);
    let not = [share.not_complaint, share.not_about_us].map(|n| n.to_string());
    let unhearable = view::span(share.unhearable_ms, words);
    let heard = |(network, stands): (&String, &BTreeMap<_, u64>)| Count {
        name: network.clone(),
        count: stands.values().sum(),
    };
    let rule = |s: &ledger::SortedOut| Count {
        name: match s.exclusion.as_str() {
            "" => s.rule.clone(),
            phrase => format!("{} ({})", s.rule, one_line(phrase, 60)),
        },
        count: u64::try_from(s.mentions).unwrap_or(0),
    };
    Shown {
        title: title.clone(),
        complaints: percent(&share.complaints, words),
        questions: percent(&share.questions, words),
        parts: parts(&share.complaints, &share.questions, words),
        beside: vec![
            words.fill("screen.share_left_it", &[("complaint", &not[0]), ("about", &not[1])]),
            words.fill("screen.share_unhearable", &[("time", &unhearable)]),
        ],
        missed: share.missed.as_ref().map_or_else(Vec::new, |m| missed(m, words)),
        heard: of.heard.iter().map(heard).collect(),
        rules: of.sorted_out.iter().map(rule).collect(),
    }
}

fn percent(share: &Share, words: &'static Catalogue) -> String {
    match share.share() {
        Some(part) => words.fill(
            "screen.share_percent",
            &[
                ("percent", &format!("{:.1}", part * 100.0)),
                ("unheard", &share.unheard.to_string()),
                ("due", &share.due.to_string()),
            ],
        ),
        None => words.get("screen.share_none").to_owned(),
    }
}

/// A part of a share.
type Of = fn(&Share) -> u64;

fn parts(complaints: &Share, questions: &Share, words: &'static Catalogue) -> Vec<Line> {
    let rows: [(&'static str, Of); 12] = [
        ("screen.share_due", |s| s.due),
        ("screen.share_answered", |s| s.answered),
        ("screen.share_unheard", |s| s.unheard),
        ("screen.share_left", Share::left),
        ("screen.share_late", |s| s.late),
        ("screen.share_by_choice", |s| s.by_choice),
        ("screen.share_withdrawn", |s| s.withdrawn),
        ("screen.share_muted", |s| s.muted),
        ("screen.share_in_time", |s| s.in_time),
        ("screen.share_answered_early", |s| s.answered_early),
        ("screen.share_ended_early", |s| s.ended_early),
        ("screen.share_baseline", |s| s.baseline),
    ];
    let line = |(key, of): (&'static str, Of)| Line {
        text: words.get(key),
        complaints: of(complaints),
        questions: of(questions),
    };
    rows.map(line).into_iter().collect()
}

/// What the blind samples say, a sentence each.
fn missed(missed: &Missed, words: &'static Catalogue) -> Vec<String> {
    let waiting = missed.waiting.to_string();
    let Some(whole) = &missed.estimate else {
        return vec![words.fill("screen.missed_nobody", &[("count", &waiting)])];
    };
    let weeks = missed.weeks.to_string();
    let mut lines = vec![
        told(whole, "screen.missed_whole", "", words),
        words.fill(
            "screen.missed_by",
            &[
                ("labelled", &whole.labelled.to_string()),
                ("found", &whole.found.to_string()),
                ("weeks", &weeks),
                ("waiting", &waiting),
            ],
        ),
    ];
    let part = |part: &Part| {
        let name = match part.name.as_str() {
            "" => words.get("screen.missed_unknown").to_owned(),
            name => one_line(name, 40),
        };
        match &part.estimate {
            Some(of) => told(of, "screen.missed_part", &name, words),
            None => {
                let more = part.more.to_string();
                words.fill("screen.missed_more", &[("name", &name), ("count", &more)])
            }
        }
    };
    lines.extend(missed.by_network.iter().map(part));
    lines.extend(missed.by_language.iter().map(part));
    lines
}

fn told(of: &Estimate, key: &str, name: &str, words: &'static Catalogue) -> String {
    let [missed, low, high, all] = [of.missed, of.low, of.high, of.mentions].map(|n| n.to_string());
    words.fill(
        key,
        &[("missed", &missed), ("low", &low), ("high", &high), ("of", &all), ("name", name)],
    )
}
