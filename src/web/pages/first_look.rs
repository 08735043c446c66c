//! The first look at a channel: its figures, and the three buttons of the one choice about it.

use super::render::{Page, network_title};
use super::session::{LoggedIn, Posted};
use super::view;
use crate::domain::Instant;
use crate::domain::first_look::Opening;
use crate::links::path;
use crate::pipeline::acts::ActError;
use crate::pipeline::first_look;
use crate::store::looks::LookRow;
use crate::store::{StoreError, lanes, looks};
use crate::web::front::Shared;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;

/// Shows the figures and, while it waits, the choice.
pub async fn show(
    State(front): State<Shared>,
    agent: LoggedIn,
    Path(name): Path<String>,
) -> Response {
    render(&front, &agent, &name, StatusCode::OK, "").await
}

/// Carries out what the form asks and shows the channel as it stands then.
pub async fn choose(
    State(front): State<Shared>,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let agent = &posted.agent;
    let words = Page::in_language(agent.language).words;
    let chosen = match posted.field("open").parse::<Opening>() {
        Ok(opening) => first_look::choose(&front.web.deps, &name, &agent.name, opening).await,
        Err(why) => Err(ActError::Invalid(why)),
    };
    let (status, why) = match chosen {
        Ok(()) => return Redirect::to(&path::FIRST_LOOK.replace("{name}", &name)).into_response(),
        Err(ActError::Unknown(why)) => (StatusCode::NOT_FOUND, why),
        Err(ActError::Invalid(why)) => (StatusCode::UNPROCESSABLE_ENTITY, why),
        Err(ActError::Store(e)) => {
            tracing::error!(error = %e, "a choice about a first look failed");
            (StatusCode::SERVICE_UNAVAILABLE, e.to_string())
        }
        Err(other) => (StatusCode::CONFLICT, other.to_string()),
    };
    let notice = words.fill("screen.not_saved", &[("why", &why)]);
    render(&front, agent, &name, status, &notice).await
}

async fn render(
    front: &Shared,
    agent: &LoggedIn,
    name: &str,
    status: StatusCode,
    notice: &str,
) -> Response {
    let page = Page::in_language(agent.language);
    match read(front, name).await {
        Ok(Some((look, network))) => {
            let deps = &front.web.deps;
            let zone = view::zone(deps, &look.brand);
            let when = |at: i64| view::when(at, &zone, page.words);
            let told_at = look.asked_at.map_or_else(|| front.now(), Instant);
            let values = context! {
                here => "coverage",
                agent => agent.name,
                csrf => agent.csrf,
                channel => look.channel,
                brand => view::brand_title(deps, &look.brand),
                network => network_title(deps, &look.channel, &network),
                state => look.state,
                figures => first_look::figures(page.words, &look, &look.figures(), told_at),
                began => when(look.began_at),
                chosen_by => look.chosen_by,
                chosen_at => look.chosen_at.map(when),
                notice,
            };
            page.show(status, "first_look", values)
        }
        Ok(None) => page.says(StatusCode::NOT_FOUND, "screen.not_found"),
        Err(e) => page.fails(&e),
    }
}

/// The first look of a channel that matters most, and the channel's network.
async fn read(front: &Shared, name: &str) -> Result<Option<(LookRow, String)>, StoreError> {
    let mut tx = front.web.deps.store.read().await?;
    let Some(look) = looks::of_channel(&mut tx, name).await?.into_iter().next() else {
        return Ok(None);
    };
    let channel = lanes::channel(&mut tx, name).await?;
    Ok(Some((look, channel.map_or_else(String::new, |c| c.network))))
}
