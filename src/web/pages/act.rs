//! Action links out of alerts: the page shows what will happen, and one click lets it happen once.
//!
//! A scanner that opens every link only gets the page: `GET` changes nothing.

use super::render::{Page, asked_language};
use super::woken;
use crate::domain::text;
use crate::links::{Act as Link, Action, LinkFault};
use crate::pipeline::acts::{self, ActError};
use crate::store::cases::CaseFile;
use crate::store::{StoreError, access, cases, drafts, mentions};
use crate::web::front::Shared;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use minijinja::context;
use serde::Deserialize;

/// How long a snooze may be, in hours.
const SNOOZES: [i64; 4] = [1, 4, 24, 72];

/// What the confirming form sends.
#[derive(Default, Deserialize)]
pub struct Confirmed {
    #[serde(default)]
    note: String,
    #[serde(default)]
    hours: i64,
    /// Up to where the page showed the case.
    #[serde(default)]
    seen: Option<i64>,
}

/// A link that holds, and the page for its reader.
struct Opened {
    action: Action,
    page: Page,
    token: String,
}

/// Shows what a link will do.
pub async fn show(
    State(front): State<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    match open(&front, token, &headers).await {
        Err(told) => told,
        Ok(opened) => opened.ask(&front, StatusCode::OK, "").await,
    }
}

/// Lets it happen.
pub async fn act(
    State(front): State<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Confirmed>,
) -> Response {
    let opened = match open(&front, token, &headers).await {
        Err(told) => return told,
        Ok(opened) => opened,
    };
    let note = form.note.trim();
    if opened.action.act == Link::Waive && note.is_empty() {
        let why = opened.page.words.get("screen.reason_needed");
        return opened.ask(&front, StatusCode::UNPROCESSABLE_ENTITY, why).await;
    }
    match opened.carry_out(&front, note, form.hours, form.seen).await {
        Ok(true) => opened.done(&front),
        Ok(false) => opened.used(&front),
        Err(ActError::Stale(_)) => {
            let why = opened.page.words.get("link.changed");
            opened.ask(&front, StatusCode::CONFLICT, why).await
        }
        Err(ActError::Store(e)) => opened.page.fails(&e),
        Err(e) => opened.ask(&front, StatusCode::CONFLICT, &e.to_string()).await,
    }
}

async fn open(front: &Shared, token: String, headers: &HeaderMap) -> Result<Opened, Response> {
    let deps = &front.web.deps;
    let action = deps.signer.check(&token, front.now()).map_err(|fault| {
        let page = Page::for_visitor(headers);
        let back = match &fault {
            LinkFault::Expired { case } if case.0 > 0 => deps.links.case(*case),
            _ => deps.links.inbox(),
        };
        let status = match fault {
            LinkFault::Expired { .. } => StatusCode::GONE,
            LinkFault::Forged => StatusCode::NOT_FOUND,
        };
        page.says_text(status, page.words.get(fault.key()), &back)
    })?;
    let language = deps.recipients.get(&action.recipient).map(|r| r.language);
    let page = Page::in_language(language.unwrap_or_else(|| asked_language(headers)));
    let opened = Opened { action, page, token };
    let used = async {
        let mut tx = deps.store.read().await?;
        access::is_used(&mut tx, &opened.action.nonce).await
    };
    match used.await {
        Ok(false) => Ok(opened),
        Ok(true) => Err(opened.used(front)),
        Err(e) => Err(opened.page.fails(&e)),
    }
}

impl Opened {
    /// The page with the confirming button; `why` says what stood against the click before.
    async fn ask(&self, front: &Shared, status: StatusCode, why: &str) -> Response {
        match self.asked(front, status, why).await {
            Ok(response) => response,
            Err(e) => self.page.fails(&e),
        }
    }

    async fn asked(
        &self,
        front: &Shared,
        status: StatusCode,
        why: &str,
    ) -> Result<Response, StoreError> {
        let deps = &front.web.deps;
        let Action { act, case, .. } = &self.action;
        if let Link::Woken { alert } = act {
            return Ok(woken::ask(deps, &self.page, *alert, &self.token).await);
        }
        let mut tx = deps.store.read().await?;
        let loaded = cases::load(&mut tx, &[*case]).await?;
        let Some(file) = loaded.first() else {
            let text = self.page.words.get("screen.not_found");
            return Ok(self.page.says_text(StatusCode::NOT_FOUND, text, &deps.links.inbox()));
        };
        let said = said(&mut tx, file).await?;
        let draft = match act {
            Link::Publish { .. } => drafts::draft(&mut tx, *case).await?,
            _ => None,
        };
        // A draft that changed is shown as it is now, and can be published from the case only.
        let stale = matches!(act, Link::Publish { draft_rev } if *draft_rev != file.draft_rev);
        let why = if stale { self.page.words.get("link.changed") } else { why };
        let brand = deps.brands.get(&file.case.brand);
        let values = context! {
            act => act.name(),
            token => self.token,
            case_link => deps.links.case(*case),
            brand => brand.map_or(file.case.brand.as_str(), |b| b.title.as_str()),
            network => super::render::network_title(deps, &file.case.channel, &file.case.network),
            author => author(file),
            said,
            draft => draft.map(|d| d.text),
            hours => SNOOZES,
            seen => file.events,
            open => file.case.owed().next().is_some() && !stale,
            state => file.case.state().as_str(),
            why,
        };
        Ok(self.page.show(status, "act", values))
    }

    /// Acts once. `false`: somebody used the link before.
    async fn carry_out(
        &self,
        front: &Shared,
        note: &str,
        hours: i64,
        seen: Option<i64>,
    ) -> Result<bool, ActError> {
        let deps = &front.web.deps;
        let Action { act, case, recipient, nonce, .. } = &self.action;
        let agent = format!("link:{recipient}");
        // Used up before it acts: two clicks at once cannot both act.
        let mut tx = deps.store.begin().await?;
        let mine = access::use_link(&mut tx, nonce, front.now()).await?;
        tx.commit().await?;
        if !mine {
            return Ok(false);
        }
        let said = match act {
            Link::Snooze if SNOOZES.contains(&hours) => format!("{hours}h"),
            Link::Snooze => format!("{}h", SNOOZES[0]),
            _ => note.to_owned(),
        };
        let done = acts::carry_out(deps, *act, *case, &agent, &said, seen).await;
        if let Err(e) = done {
            // Refused, so nothing happened: the link stays good for another try.
            let mut tx = deps.store.begin().await?;
            access::free_link(&mut tx, nonce).await?;
            tx.commit().await?;
            return Err(e);
        }
        Ok(true)
    }

    fn done(&self, front: &Shared) -> Response {
        let words = self.page.words;
        let key = match self.action.act {
            Link::Publish { .. } => "screen.publishing",
            _ => "screen.saved",
        };
        self.page.says_text(StatusCode::OK, words.get(key), &self.back(front))
    }

    /// Where the reader can go on.
    fn back(&self, front: &Shared) -> String {
        let links = &front.web.deps.links;
        match self.action.act {
            Link::Woken { .. } => links.inbox(),
            _ => links.case(self.action.case),
        }
    }

    fn used(&self, front: &Shared) -> Response {
        let text = self.page.words.get("link.used");
        self.page.says_text(StatusCode::GONE, text, &self.back(front))
    }
}

/// What the customer wrote, the newest that is owed; nothing of it where it is private, because
/// nobody knows who holds the link.
async fn said(tx: &mut crate::store::Tx, file: &CaseFile) -> Result<String, StoreError> {
    let owed = file.case.owed().max_by_key(|o| o.since).or(file.case.obligations.last());
    let Some(owed) = owed else { return Ok(String::new()) };
    let row = mentions::by_id(tx, owed.mention).await?;
    let row = row.filter(|r| r.visibility != "private" && r.gone_at.is_none());
    Ok(row.map(|r| text::cut_graphemes(&r.text, 1_000)).unwrap_or_default())
}

fn author(file: &CaseFile) -> String {
    match (file.author_name.as_str(), file.author_handle.as_str()) {
        ("", "") => file.case.author.clone(),
        (name, "") => name.to_owned(),
        ("", handle) => format!("@{handle}"),
        (name, handle) => format!("{name} (@{handle})"),
    }
}
