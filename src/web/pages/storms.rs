//! Storms: all of them, one with its members, and what the inbox says of those that stand.

use super::inbox;
use super::render::Page;
use super::session::LoggedIn;
use super::view::{self, Deadline, When};
use crate::domain::case::State as CaseState;
use crate::domain::storm::StormKind;
use crate::domain::{CaseId, StormId, text};
use crate::pipeline::Deps;
use crate::speech::Catalogue;
use crate::store::inbox::{CaseLine, of_storm};
use crate::store::mentions::MentionRow;
use crate::store::storms::{self, Figures, StormRow};
use crate::store::{StoreError, Tx};
use crate::web::front::Shared;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;
use serde::{Deserialize, Serialize};

/// Storms, or members, on one page.
const PAGE: i64 = 100;
/// Storms that the inbox shows.
const SHOWN: i64 = 5;
/// Graphemes of a preview.
const PREVIEW: usize = 160;

/// A storm as pages show it.
#[derive(Serialize)]
pub struct Shown {
    id: String,
    brand: String,
    /// "A storm at Acme since …: 40 complaints that say the same."
    now: String,
    campaign: String,
    figures: String,
    over: Option<When>,
}

/// A member of a storm.
#[derive(Serialize)]
struct Member {
    id: String,
    author: String,
    preview: String,
    state: &'static str,
    attention: String,
    deadline: Option<Deadline>,
}

/// Which page of the members.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    page: i64,
}

/// The storms that stand, for the head of the inbox; `brand` empty for all.
pub async fn now(
    tx: &mut Tx,
    front: &Shared,
    words: &'static Catalogue,
    brand: &str,
) -> Result<Vec<Shown>, StoreError> {
    let standing = storms::standing(tx, brand, SHOWN).await?;
    shown(tx, front, words, &standing).await
}

/// Shows all storms, the newest first.
pub async fn list(State(front): State<Shared>, agent: LoggedIn) -> Response {
    let page = Page::in_language(agent.language);
    let read = async {
        let mut tx = front.web.deps.store.read().await?;
        let rows = storms::newest(&mut tx, "", None, PAGE).await?;
        shown(&mut tx, &front, page.words, &rows).await
    };
    match read.await {
        Ok(storms) => {
            let values = context! {
                here => "storms",
                agent => agent.name,
                csrf => agent.csrf,
                storms,
            };
            page.show(StatusCode::OK, "storms", values)
        }
        Err(e) => page.fails(&e),
    }
}

/// Shows one storm with its members.
pub async fn show(
    State(front): State<Shared>,
    agent: LoggedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let page = Page::in_language(agent.language);
    let Ok(id) = id.parse::<StormId>() else {
        return page.says(StatusCode::NOT_FOUND, "screen.not_found");
    };
    let number = asked.page.clamp(0, 10_000);
    match read(&front, &page, id, number).await {
        Ok(Some((storm, mut members))) => {
            let more = members.len() > PAGE as usize;
            members.truncate(PAGE as usize);
            let values = context! {
                here => "storms",
                agent => agent.name,
                csrf => agent.csrf,
                storm,
                members,
                next => more.then(|| format!("/storms/{id}?page={}", number + 1)),
                before => (number > 0).then(|| format!("/storms/{id}?page={}", number - 1)),
            };
            page.show(StatusCode::OK, "storm", values)
        }
        Ok(None) => page.says(StatusCode::NOT_FOUND, "screen.not_found"),
        Err(e) => page.fails(&e),
    }
}

/// A storm and a page of its members, with one more where there are more.
async fn read(
    front: &Shared,
    page: &Page,
    id: StormId,
    number: i64,
) -> Result<Option<(Shown, Vec<Member>)>, StoreError> {
    let mut tx = front.web.deps.store.read().await?;
    let Some(row) = storms::by_id(&mut tx, id).await? else { return Ok(None) };
    let cases = of_storm(&mut tx, &row.id, front.now(), PAGE + 1, number * PAGE).await?;
    let ids: Vec<CaseId> = cases.iter().filter_map(|c| c.id.parse().ok()).collect();
    let newest = inbox::newest(&mut tx, &ids).await?;
    let members = cases.iter().map(|c| member(front, page.words, c, newest.get(&c.id))).collect();
    let storm = shown(&mut tx, front, page.words, std::slice::from_ref(&row)).await?.pop();
    Ok(storm.map(|storm| (storm, members)))
}

fn member(
    front: &Shared,
    words: &'static Catalogue,
    c: &CaseLine,
    mention: Option<&MentionRow>,
) -> Member {
    let zone = view::zone(&front.web.deps, &c.brand);
    let (name, handle) = view::author(&c.author_name, &c.author_handle);
    let preview = mention.map(|m| {
        let blanked = view::blanked(m, &c.network, words);
        blanked.unwrap_or_else(|| text::one_line(&m.text, PREVIEW))
    });
    let state = c.state.parse::<CaseState>();
    Member {
        id: c.id.clone(),
        author: match (name, handle) {
            (name, _) if name.is_empty() => words.get("screen.nameless").to_owned(),
            (name, handle) => format!("{name} {handle}").trim_end().to_owned(),
        },
        preview: preview.unwrap_or_default(),
        state: state.map_or("", |state| words.state(state)),
        attention: c.attention_by.clone(),
        deadline: c.deadline.map(|at| view::deadline(at, front.now(), &zone, words)),
    }
}

/// Storms in words, with how their members stand.
async fn shown(
    tx: &mut Tx,
    front: &Shared,
    words: &'static Catalogue,
    rows: &[StormRow],
) -> Result<Vec<Shown>, StoreError> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let figures = storms::figures(tx, &row.id, front.now()).await?;
        all.push(in_words(&front.web.deps, words, row, figures));
    }
    Ok(all)
}

fn in_words(deps: &Deps, words: &'static Catalogue, row: &StormRow, figures: Figures) -> Shown {
    let zone = view::zone(deps, &row.brand);
    let brand = view::brand_title(deps, &row.brand);
    let what = match (row.kind.parse::<StormKind>(), row.topic()) {
        (Ok(StormKind::Like), _) => words.get("screen.storm_like").to_owned(),
        (Ok(StormKind::Topic), Some(topic)) => {
            words.fill("screen.storm_topic", &[("topic", words.topic(topic))])
        }
        _ => words.get("screen.storm_rate").to_owned(),
    };
    let since = view::when(row.began_at, &zone, words).text;
    let [count, owed, overdue, ended] =
        [figures.members, figures.owed, figures.overdue, figures.members - figures.owed]
            .map(|n| n.to_string());
    let now = words.fill(
        "screen.storm_now",
        &[("brand", brand), ("since", &since), ("count", &count), ("what", &what)],
    );
    let figures = words.fill(
        "screen.storm_figures",
        &[("count", &count), ("owed", &owed), ("overdue", &overdue), ("ended", &ended)],
    );
    Shown {
        id: row.id.clone(),
        brand: brand.to_owned(),
        now,
        campaign: row.campaign.clone(),
        figures,
        over: row.ended_at.map(|at| view::when(at, &zone, words)),
    }
}
