//! The inbox: open cases by urgency, filtered, counted.

use super::render::{Page, network_title};
use super::session::LoggedIn;
use super::storms;
use super::view::{self, Deadline, When};
use crate::domain::case::State as CaseState;
use crate::domain::obligation::Owing;
use crate::domain::{CaseId, text};
use crate::speech::Catalogue;
use crate::store::inbox::{self, CaseLine, Filter};
use crate::store::mentions::{self, MentionRow};
use crate::store::{StoreError, cases, looks};
use crate::web::front::Shared;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Cases on one page.
const PAGE: i64 = 50;
/// Graphemes of a preview.
const PREVIEW: usize = 220;

/// What the filter asks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Asked {
    #[serde(default)]
    brand: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    mine: String,
    #[serde(default)]
    page: i64,
}

/// A case as a line of the inbox.
#[derive(Serialize)]
struct Line {
    id: String,
    brand: String,
    network: String,
    author: String,
    handle: String,
    preview: String,
    owing: &'static str,
    owing_class: String,
    state: &'static str,
    attention: String,
    handed: String,
    severity: i64,
    severity_word: &'static str,
    first_look: bool,
    muted: bool,
    topic: &'static str,
    risks: Vec<&'static str>,
    language: String,
    private: bool,
    deadline: Option<Deadline>,
    since: When,
}

/// A choice of a filter.
#[derive(Serialize)]
struct Choice {
    value: String,
    text: String,
}

/// Shows the inbox.
pub async fn show(
    State(front): State<Shared>,
    agent: LoggedIn,
    Query(asked): Query<Asked>,
) -> Response {
    let page = Page::in_language(agent.language);
    match listed(&front, &agent, &page, asked).await {
        Ok(response) => response,
        Err(e) => page.fails(&e),
    }
}

async fn listed(
    front: &Shared,
    agent: &LoggedIn,
    page: &Page,
    asked: Asked,
) -> Result<Response, StoreError> {
    let (deps, words, now) = (&front.web.deps, page.words, front.now());
    let filter = Filter {
        brand: asked.brand.clone(),
        state: match asked.state.as_str() {
            "" => "open".to_owned(),
            "all" => String::new(),
            state => state.to_owned(),
        },
        channel: asked.channel.clone(),
        language: asked.language.clone(),
        taken_by: if asked.mine.is_empty() { String::new() } else { agent.name.clone() },
        sorted_as: String::new(),
        now,
    };
    let number = asked.page.clamp(0, 10_000);
    let mut tx = deps.store.read().await?;
    let mut rows = inbox::by_urgency(&mut tx, &filter, PAGE + 1, number * PAGE).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let everything = Filter { brand: asked.brand.clone(), ..Filter::default() };
    let counts = inbox::counts(&mut tx, &everything, now).await?;
    let languages = inbox::languages(&mut tx).await?;
    let looks: Vec<String> =
        looks::asked(&mut tx).await?.into_iter().map(|look| look.channel).collect();
    let storms = storms::now(&mut tx, front, words, &asked.brand).await?;
    let ids: Vec<CaseId> = rows.iter().filter_map(|c| c.id.parse().ok()).collect();
    let newest = newest(&mut tx, &ids).await?;
    drop(tx);
    let lines: Vec<Line> =
        rows.iter().map(|c| line(front, agent, words, c, newest.get(&c.id))).collect();
    let choice =
        |value: &str, text: &str| Choice { value: value.to_owned(), text: text.to_owned() };
    let brands: Vec<Choice> = deps.brands.values().map(|b| choice(&b.name, &b.title)).collect();
    let channels: Vec<Choice> = deps.channels.keys().map(|name| choice(name, name)).collect();
    let languages: Vec<Choice> = languages.iter().map(|l| choice(l, l)).collect();
    let promised = |state: &str, key: &'static str| choice(state, words.get(key));
    let tray = [
        choice("look", words.owing(Owing::Look)),
        choice("question", words.owing(Owing::Question)),
        promised("promised", "screen.promised"),
        promised("broken", "screen.promise_broken"),
        promised("follow_up", "screen.follow_up_state"),
    ];
    let tray = tray.into_iter();
    let states = CaseState::ALL.iter().map(|s| choice(s.as_str(), words.state(*s)));
    let states: Vec<Choice> = tray.chain(states).collect();
    let filtered = !asked.brand.is_empty()
        || !asked.state.is_empty()
        || !asked.channel.is_empty()
        || !asked.language.is_empty()
        || !asked.mine.is_empty();
    let step = |to: i64| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("brand", &asked.brand),
            ("state", &asked.state),
            ("channel", &asked.channel),
            ("language", &asked.language),
            ("mine", &asked.mine),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/?{}", query.append_pair("page", &to.to_string()).finish())
    };
    let values = context! {
        here => "inbox",
        agent => agent.name,
        csrf => agent.csrf,
        lines,
        open => counts.open,
        complaints => counts.complaints,
        overdue => counts.overdue,
        muted => counts.muted,
        looks,
        storms,
        brands,
        channels,
        languages,
        states,
        asked => &asked,
        filtered,
        next => more.then(|| step(number + 1)),
        before => (number > 0).then(|| step(number - 1)),
    };
    Ok(page.show(StatusCode::OK, "inbox", values))
}

/// The newest mention of each case, one that is owed before any other.
pub(super) async fn newest(
    tx: &mut crate::store::Tx,
    ids: &[CaseId],
) -> Result<HashMap<String, MentionRow>, StoreError> {
    let owed: std::collections::HashSet<String> = cases::load(tx, ids)
        .await?
        .iter()
        .flat_map(|f| f.case.owed().map(|o| o.mention.to_string()))
        .collect();
    let mut newest: HashMap<String, MentionRow> = HashMap::new();
    // Oldest first: a later one takes the place of an earlier one of the same rank.
    for row in mentions::of_cases(tx, ids).await? {
        let Some(case) = row.case_id.clone() else { continue };
        let rank = |r: &MentionRow| owed.contains(&r.id);
        let stays = newest.get(&case).is_some_and(|old| rank(old) && !rank(&row));
        if !stays {
            newest.insert(case, row);
        }
    }
    Ok(newest)
}

fn line(
    front: &Shared,
    agent: &LoggedIn,
    words: &'static Catalogue,
    c: &CaseLine,
    mention: Option<&MentionRow>,
) -> Line {
    let deps = &front.web.deps;
    let zone = view::zone(deps, &c.brand);
    let (author, handle) = view::author(&c.author_name, &c.author_handle);
    let owing = c.owing.as_deref().and_then(|o| o.parse::<Owing>().ok());
    let state = c.state.parse::<CaseState>().ok();
    let until = || view::when(c.attention_until, &zone, words).text;
    let attention = match state {
        Some(CaseState::Taken) if c.attention_by == agent.name => {
            words.get("screen.taken_by_you").to_owned()
        }
        Some(CaseState::Taken) => words.fill("screen.taken_by", &[("name", &c.attention_by)]),
        Some(CaseState::Snoozed) => words.fill("screen.snoozed_until", &[("time", &until())]),
        Some(CaseState::Moved) => words.fill("screen.moved_until", &[("time", &until())]),
        _ => String::new(),
    };
    let network = network_title(deps, &c.channel, &c.network);
    let preview = mention.map_or(String::new(), |m| {
        let blanked = view::blanked(m, &network, words);
        blanked.unwrap_or_else(|| text::one_line(&m.text, PREVIEW))
    });
    let severity = u8::try_from(c.severity).unwrap_or(3);
    Line {
        id: c.id.clone(),
        brand: view::brand_title(deps, &c.brand).to_owned(),
        network,
        author: if author.is_empty() { words.get("screen.nameless").to_owned() } else { author },
        handle,
        preview: if preview.is_empty() { words.get("screen.no_text").to_owned() } else { preview },
        owing: owing.map_or("", |o| words.owing(o)),
        owing_class: c.owing.clone().unwrap_or_default(),
        state: state.map_or("", |s| words.state(s)),
        attention,
        handed: match c.handed_to.as_str() {
            "" => String::new(),
            to => words.fill("screen.handed_to", &[("name", to)]),
        },
        severity: c.severity,
        severity_word: words.severity(severity),
        first_look: c.first_look,
        muted: c.muted_until > front.now().0,
        topic: mention.map_or("", |m| view::topic(m, words)),
        risks: mention.map_or_else(Vec::new, |m| view::risks(m, words)),
        language: mention.map_or(String::new(), |m| m.language().to_string()),
        private: mention.is_some_and(|m| m.visibility == "private"),
        deadline: c.deadline.map(|at| view::deadline(at, front.now(), &zone, words)),
        since: view::when(mention.map_or(c.opened_at, |m| m.created_at), &zone, words),
    }
}
