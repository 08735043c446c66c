//! What rules sorted out, each with the rule and the words it saw, and the button by which one is
//! owed an answer after all.

use super::render::{Page, network_title};
use super::session::{LoggedIn, Posted};
use super::view::{self, Piece, Reason, When};
use crate::domain::MentionId;
use crate::domain::obligation::Owing;
use crate::domain::text::one_line;
use crate::pipeline::acts::ActError;
use crate::pipeline::owed;
use crate::store::StoreError;
use crate::store::unowed::{self, SortedRow};
use crate::web::front::Shared;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;
use serde::{Deserialize, Serialize};

/// Mentions on one page.
const PAGE: i64 = 30;
/// Graphemes of a text: who sorts through many reads its beginning.
const PREVIEW: usize = 500;

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    rule: String,
    before: Option<MentionId>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    brand: String,
    network: String,
    author: String,
    rule: String,
    language: String,
    pieces: Vec<Piece>,
    why: Vec<Reason>,
    link: String,
    when: When,
}

#[derive(Serialize)]
struct Rule {
    name: String,
    text: String,
    count: i64,
}

/// Shows the newest, of one rule or of all.
pub async fn show(
    State(front): State<Shared>,
    agent: LoggedIn,
    Query(asked): Query<Asked>,
) -> Response {
    render(&front, &agent, &asked, StatusCode::OK, "").await
}

/// One of them is owed an answer: its case opens.
pub async fn owe(State(front): State<Shared>, posted: Posted) -> Response {
    let words = Page::in_language(posted.agent.language).words;
    let owing = match posted.field("as") {
        "complaint" => Ok(Owing::Complaint),
        "question" => Ok(Owing::Question),
        _ => Err(ActError::Invalid(words.get("screen.forbidden").to_owned())),
    };
    let id = posted.field("mention").parse::<MentionId>().map_err(ActError::Invalid);
    let done = match (id, owing) {
        (Ok(id), Ok(owing)) => owed::owe(&front.web.deps, id, &posted.agent.name, owing).await,
        (Err(e), _) | (_, Err(e)) => Err(e),
    };
    match done {
        Ok(case) => Redirect::to(&format!("/cases/{case}")).into_response(),
        Err(refused) => {
            let (status, why) = refusal(&refused);
            let notice = words.fill("screen.not_saved", &[("why", &why)]);
            render(&front, &posted.agent, &Asked::default(), status, &notice).await
        }
    }
}

/// How a page answers an act that was refused.
pub(super) fn refusal(refused: &ActError) -> (StatusCode, String) {
    let status = match refused {
        ActError::Unknown(_) => StatusCode::NOT_FOUND,
        ActError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        ActError::NotAllowed(_) | ActError::Stale(_) => StatusCode::CONFLICT,
        ActError::Store(e) => {
            tracing::error!(error = %e, "an act failed");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    (status, refused.to_string())
}

async fn render(
    front: &Shared,
    agent: &LoggedIn,
    asked: &Asked,
    status: StatusCode,
    notice: &str,
) -> Response {
    let page = Page::in_language(agent.language);
    let read = async {
        let mut tx = front.web.deps.store.read().await?;
        let rows = unowed::sorted(&mut tx, "", &asked.rule, asked.before, PAGE).await?;
        Ok::<_, StoreError>((rows, unowed::counts(&mut tx, "").await?))
    };
    let (rows, counts) = match read.await {
        Ok(read) => read,
        Err(e) => return page.fails(&e),
    };
    let last = rows.last().filter(|_| i64::try_from(rows.len()).is_ok_and(|n| n == PAGE));
    let next = last.map(|row| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("rule", &asked.rule).append_pair("before", &row.mention.id);
        format!("/sorted-out?{}", query.finish())
    });
    let mentions: Vec<Shown> = rows.iter().map(|row| shown(front, &page, row)).collect();
    let rule = |c: unowed::CountRow| Rule {
        text: rule_text(&page, &c.sorted_as),
        name: c.sorted_as,
        count: c.mentions,
    };
    let values = context! {
        here => "sorted",
        agent => agent.name,
        csrf => agent.csrf,
        rules => counts.into_iter().map(rule).collect::<Vec<_>>(),
        rule => asked.rule,
        mentions,
        next,
        notice,
    };
    page.show(status, "sorted_out", values)
}

/// What a rule is called; one of another version stays as it is.
fn rule_text(page: &Page, name: &str) -> String {
    let key = format!("screen.sorted_{name}");
    match page.words.get(&key) {
        same if same == key => name.to_owned(),
        text => text.to_owned(),
    }
}

fn shown(front: &Shared, page: &Page, row: &SortedRow) -> Shown {
    let (deps, words) = (&front.web.deps, page.words);
    let m = &row.mention;
    let (author, handle) = view::author(&m.author_name, &m.author_handle);
    let network = network_title(deps, &m.channel, &m.network);
    let text = view::blanked(m, &network, words).unwrap_or_else(|| one_line(&m.text, PREVIEW));
    let text = if text.is_empty() { words.get("screen.no_text").to_owned() } else { text };
    Shown {
        id: m.id.clone(),
        brand: view::brand_title(deps, &m.brand).to_owned(),
        author: [author, handle]
            .iter()
            .find(|name| !name.is_empty())
            .map_or_else(|| words.get("screen.nameless").to_owned(), |name| one_line(name, 60)),
        rule: rule_text(page, &row.sorted_as),
        language: m.language().to_string(),
        pieces: view::marked(&text, &view::why(m)),
        why: view::reasons(m, words),
        link: view::link(&m.url).to_owned(),
        when: view::when(m.created_at, &view::zone(deps, &m.brand), words),
        network,
    }
}
