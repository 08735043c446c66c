//! The blind sample: one mention at a time that nothing was owed for, without what it was judged to be,
//! and four buttons for what it is.

use super::render::{Page, network_title};
use super::session::{LoggedIn, Posted};
use super::sorted_out::refusal;
use super::view::{self, When};
use crate::domain::sample::Said;
use crate::domain::{CaseId, MentionId};
use crate::pipeline::acts::ActError;
use crate::pipeline::owed;
use crate::store::mentions::MentionRow;
use crate::store::{StoreError, samples};
use crate::web::front::Shared;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;
use serde::{Deserialize, Serialize};

/// What happened before this look.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    opened: Option<CaseId>,
}

/// What is shown of a mention: nothing that would tell what it was judged to be.
#[derive(Serialize)]
struct Shown {
    id: String,
    brand: String,
    network: String,
    author: String,
    text: String,
    link: String,
    when: When,
}

/// Shows the next one.
pub async fn show(
    State(front): State<Shared>,
    agent: LoggedIn,
    Query(asked): Query<Asked>,
) -> Response {
    render(&front, &agent, asked.opened, StatusCode::OK, "").await
}

/// Keeps what was said of one, and goes on with the next.
pub async fn label(State(front): State<Shared>, posted: Posted) -> Response {
    let words = Page::in_language(posted.agent.language).words;
    let said = posted.field("said").parse::<Said>().map_err(ActError::Invalid);
    let id = posted.field("mention").parse::<MentionId>().map_err(ActError::Invalid);
    let done = match (id, said) {
        (Ok(id), Ok(said)) => owed::label(&front.web.deps, id, &posted.agent.name, said).await,
        (Err(e), _) | (_, Err(e)) => Err(e),
    };
    match done {
        Ok(None) => Redirect::to("/sample").into_response(),
        Ok(Some(case)) => Redirect::to(&format!("/sample?opened={case}")).into_response(),
        Err(refused) => {
            let (status, why) = refusal(&refused);
            let notice = words.fill("screen.not_saved", &[("why", &why)]);
            render(&front, &posted.agent, None, status, &notice).await
        }
    }
}

async fn render(
    front: &Shared,
    agent: &LoggedIn,
    opened: Option<CaseId>,
    status: StatusCode,
    notice: &str,
) -> Response {
    let page = Page::in_language(agent.language);
    let (next, left) = match next(front).await {
        Ok(found) => found,
        Err(e) => return page.fails(&e),
    };
    let values = context! {
        here => "sample",
        agent => agent.name,
        csrf => agent.csrf,
        mention => next.map(|row| shown(front, &page, &row)),
        left,
        opened => opened.map(|case| case.to_string()),
        notice,
    };
    page.show(status, "sample", values)
}

/// The next one of the first brand that has any, and how many wait in all.
async fn next(front: &Shared) -> Result<(Option<MentionRow>, i64), StoreError> {
    let mut tx = front.web.deps.store.read().await?;
    let (mut next, mut left) = (None, 0);
    for brand in front.web.deps.brands.keys() {
        left += samples::left(&mut tx, brand, "").await?;
        if next.is_none() {
            let waiting = samples::waiting(&mut tx, brand, 1).await?;
            next = waiting.into_iter().next().map(|row| row.mention);
        }
    }
    Ok((next, left))
}

fn shown(front: &Shared, page: &Page, m: &MentionRow) -> Shown {
    let (deps, words) = (&front.web.deps, page.words);
    let (author, handle) = view::author(&m.author_name, &m.author_handle);
    let author = if author.is_empty() { handle } else { author };
    Shown {
        id: m.id.clone(),
        brand: view::brand_title(deps, &m.brand).to_owned(),
        network: network_title(deps, &m.channel, &m.network),
        author: if author.is_empty() { words.get("screen.nameless").to_owned() } else { author },
        text: if m.text.trim().is_empty() {
            words.get("screen.no_text").to_owned()
        } else {
            m.text.clone()
        },
        link: view::link(&m.url).to_owned(),
        when: view::when(m.created_at, &view::zone(deps, &m.brand), words),
    }
}
