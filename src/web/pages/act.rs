//! Action links out of alerts: the page shows what will happen, and one click lets it happen once.
//!
//! A scanner that opens every link only gets the page: `GET` changes nothing, and nothing on the page
//! acts by itself. Where the alert stood in a room whose service vouches for people, whoever follows
//! its link must be logged in, and it acts in that name.

use super::render::{Page, asked_language, network_title};
use super::session::{self, LoggedIn};
use super::{limit, view, woken};
use crate::domain::case::{State as Stand, link_of};
use crate::domain::{Instant, text};
use crate::links::{Act as Link, Action, LinkFault, path};
use crate::pipeline::acts::{self, ActError, Holder};
use crate::store::cases::CaseFile;
use crate::store::mentions::MentionRow;
use crate::store::{StoreError, Tx, access, cases, drafts, mentions};
use crate::web::front::Shared;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use minijinja::context;
use serde::{Deserialize, Serialize};

/// What the confirming form sends; each act reads its own fields.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Confirmed {
    /// Why.
    #[serde(default)]
    note: String,
    /// Until when: `1h`, `4h`, `morning`.
    #[serde(default)]
    until: String,
    /// Until which day, in place of that.
    #[serde(default)]
    day: String,
    /// The reply, as it was edited.
    #[serde(default)]
    text: String,
    /// Where it was answered.
    #[serde(default)]
    url: String,
    /// To whom it is handed over.
    #[serde(default)]
    to: String,
    /// Up to where the page showed the case.
    #[serde(default)]
    seen: Option<i64>,
    /// Of which session the form was, where one is needed.
    #[serde(default, skip_serializing)]
    csrf: String,
}

impl Confirmed {
    /// What is said beside an act.
    fn said(&self, act: Link) -> &str {
        match act {
            Link::Waive | Link::NotComplaint | Link::NotAboutUs => &self.note,
            Link::Snooze if self.day.trim().is_empty() => &self.until,
            Link::Snooze => &self.day,
            Link::Edit { .. } => &self.text,
            Link::Answered => &self.url,
            Link::HandOver => &self.to,
            Link::Take | Link::Ack | Link::Publish { .. } | Link::Woken { .. } => "",
        }
    }
}

/// A link that holds, and the page for its reader.
struct Opened {
    action: Action,
    /// In whose name it acts.
    agent: String,
    /// What its form must bring where it acts in the name of who is logged in; else empty.
    csrf: String,
    page: Page,
    token: String,
}

/// Shows what a link will do.
pub async fn show(
    State(front): State<Shared>,
    Path(token): Path<String>,
    who: Option<LoggedIn>,
    headers: HeaderMap,
) -> Response {
    match open(&front, token, who, &headers).await {
        Err(told) => told,
        Ok(opened) => opened.ask(&front, StatusCode::OK, "", None).await,
    }
}

/// Lets it happen.
pub async fn act(
    State(front): State<Shared>,
    Path(token): Path<String>,
    who: Option<LoggedIn>,
    headers: HeaderMap,
    Form(form): Form<Confirmed>,
) -> Response {
    let opened = match open(&front, token, who, &headers).await {
        Err(told) => return told,
        Ok(opened) => opened,
    };
    if !opened.csrf.is_empty() && !session::same(&form.csrf, &opened.csrf) {
        return opened.page.says(StatusCode::FORBIDDEN, "screen.forbidden");
    }
    match opened.carry_out(&front, &form).await {
        Ok(true) => opened.done(&front).await,
        Ok(false) => opened.over(&front, "link.used").await,
        Err(ActError::Store(e)) => opened.page.fails(&e),
        Err(refused) => opened.refuse(&front, &refused, &form).await,
    }
}

async fn open(
    front: &Shared,
    token: String,
    who: Option<LoggedIn>,
    headers: &HeaderMap,
) -> Result<Opened, Response> {
    let deps = &front.web.deps;
    let checked = deps.signer.check(&token, front.now());
    let late = matches!(checked, Err(LinkFault::Expired { .. }));
    // What ran out was made by us all the same, and says what it was for.
    let checked = if late { deps.signer.check(&token, Instant(i64::MIN)) } else { checked };
    let action = checked.map_err(|fault| {
        let page = Page::for_visitor(headers);
        let inbox = deps.links.inbox();
        page.says_text(StatusCode::NOT_FOUND, page.words.get(fault.key()), &inbox)
    })?;
    let language = deps.recipients.get(&action.recipient).map(|r| r.language);
    let page = Page::in_language(language.unwrap_or_else(|| asked_language(headers)));
    let (agent, csrf) = match acts::holder(deps, &action.recipient).await {
        Ok(Ok(Holder::Name(name))) => (name, String::new()),
        Ok(Ok(Holder::LoggedIn)) => match who {
            Some(LoggedIn { name, csrf, .. }) => (name, csrf),
            None => return Err(session::log_in_first(&path::ACT.replace("{token}", &token))),
        },
        Ok(Err(barred)) => {
            let text = barred.said(page.words);
            return Err(page.says_text(StatusCode::FORBIDDEN, &text, &deps.links.inbox()));
        }
        Err(e) => return Err(page.fails(&e)),
    };
    let opened = Opened { action, agent, csrf, page, token };
    if late {
        return Err(opened.over(front, "link.expired").await);
    }
    let used = async {
        let mut tx = deps.store.read().await?;
        access::is_used(&mut tx, &opened.action.nonce).await
    };
    match used.await {
        Ok(false) => Ok(opened),
        Ok(true) => Err(opened.over(front, "link.used").await),
        Err(e) => Err(opened.page.fails(&e)),
    }
}

impl Opened {
    /// The page with the confirming button; `why` says what stood against the click before, and
    /// `typed` what was written then.
    async fn ask(
        &self,
        front: &Shared,
        status: StatusCode,
        why: &str,
        typed: Option<&Confirmed>,
    ) -> Response {
        match self.asked(front, status, why, typed).await {
            Ok(response) => response,
            Err(e) => self.page.fails(&e),
        }
    }

    async fn asked(
        &self,
        front: &Shared,
        status: StatusCode,
        why: &str,
        typed: Option<&Confirmed>,
    ) -> Result<Response, StoreError> {
        let deps = &front.web.deps;
        let words = self.page.words;
        let Action { act, case, .. } = &self.action;
        if let Link::Woken { alert } = act {
            return Ok(woken::ask(deps, &self.page, *alert, &self.token, &self.csrf).await);
        }
        let mut tx = deps.store.read().await?;
        let Some(file) = cases::load(&mut tx, &[*case]).await?.pop() else {
            let text = words.get("link.no_case");
            return Ok(self.page.says_text(StatusCode::NOT_FOUND, text, &deps.links.inbox()));
        };
        let row = newest(&mut tx, &file).await?;
        let private = row.as_ref().is_some_and(|r| r.visibility == "private");
        let rev = match act {
            Link::Publish { draft_rev } | Link::Edit { draft_rev } => Some(*draft_rev),
            _ => None,
        };
        // A draft that answers something private is shown to nobody who only holds a link.
        let draft = match rev.filter(|_| !private) {
            Some(_) => drafts::draft(&mut tx, *case).await?,
            None => None,
        };
        drop(tx);
        // A draft that changed is shown as it is now, and can be published from the case only.
        let stale = rev.is_some_and(|rev| rev != file.draft_rev);
        let owes = file.case.owed().next().is_some();
        let open = owes && !stale && (rev.is_none() || !private);
        let why = match (stale, why) {
            (true, _) => words.get("link.changed").to_owned(),
            (false, "") if file.case.state() != Stand::Waiting => acts::stands(&file.case, words),
            (false, why) => why.to_owned(),
        };
        let of = row.as_ref().map_or(&file.case.channel, |r| &r.channel);
        let channel = deps.channels.get(of).filter(|c| c.network.meta().can.reply);
        let rule = match act {
            Link::Edit { .. } if open => Some(limit::of(deps, channel, row.as_ref()).await),
            _ => None,
        };
        let stored = draft.map(|d| d.text).unwrap_or_default();
        let text = typed.map_or(&stored, |t| &t.text);
        let zone = view::zone(deps, &file.case.brand);
        let named = link_of(&self.agent).is_none().then_some(&self.agent);
        let values = context! {
            act => act.name(),
            token => self.token,
            csrf => self.csrf,
            case_link => deps.links.case(*case),
            brand => view::brand_title(deps, &file.case.brand),
            network => network_title(deps, &file.case.channel, &file.case.network),
            author => author(&file),
            said => row.as_ref().map(said).unwrap_or_default(),
            draft => stored,
            text,
            typed => typed.cloned().unwrap_or_default(),
            systems => deps.brands.get(&file.case.brand).map_or(&[][..], |b| b.handovers.as_slice()),
            stale,
            open,
            seen => file.events,
            state => file.case.state().as_str(),
            why,
            named,
            button => match (rev, channel) {
                (Some(_), Some(channel)) => acts::publishing(deps, &file, channel, words),
                _ => words.get("link.confirm").to_owned(),
            },
            today => front.now().timestamp().to_zoned(zone).date().to_string(),
            editor => rule.map(|(rule, prefix)| context! {
                left => limit::left(rule, prefix, text),
                limit => rule.limit.saturating_sub(prefix),
                counting => limit::counting(rule.counting),
            }),
        };
        Ok(self.page.show(status, "act", values))
    }

    /// Acts once. `false`: somebody used the link before.
    async fn carry_out(&self, front: &Shared, form: &Confirmed) -> Result<bool, ActError> {
        let deps = &front.web.deps;
        let Action { act, case, nonce, .. } = &self.action;
        // Used up before it acts: two clicks at once cannot both act.
        let mut tx = deps.store.begin().await?;
        let mine = access::use_link(&mut tx, nonce, front.now()).await?;
        tx.commit().await?;
        if !mine {
            return Ok(false);
        }
        let said = form.said(*act);
        let done = acts::carry_out(deps, *act, *case, &self.agent, said, form.seen).await;
        if let Err(e) = done {
            // Refused, so nothing happened: the link stays good for another try.
            let mut tx = deps.store.begin().await?;
            access::free_link(&mut tx, nonce).await?;
            tx.commit().await?;
            return Err(e);
        }
        Ok(true)
    }

    /// Says what stands against the act; what was written stays.
    async fn refuse(&self, front: &Shared, refused: &ActError, form: &Confirmed) -> Response {
        let (deps, words) = (&front.web.deps, self.page.words);
        let Action { act, case, .. } = &self.action;
        let status = match refused {
            ActError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::CONFLICT,
        };
        match acts::against(deps, *act, *case, &self.agent, refused, words).await {
            Ok(why) => self.ask(front, status, &why, Some(form)).await,
            Err(e) => self.page.fails(&e),
        }
    }

    async fn done(&self, front: &Shared) -> Response {
        let key = match self.action.act {
            Link::Publish { .. } | Link::Edit { .. } => "screen.publishing",
            _ => "screen.saved",
        };
        self.tell(front, StatusCode::OK, key).await
    }

    /// The link does nothing any more: what happened meanwhile.
    async fn over(&self, front: &Shared, key: &str) -> Response {
        self.tell(front, StatusCode::GONE, key).await
    }

    /// Says one thing, and how the case stands now.
    async fn tell(&self, front: &Shared, status: StatusCode, key: &str) -> Response {
        let (deps, words) = (&front.web.deps, self.page.words);
        let Action { act, case, .. } = &self.action;
        let (stands, back) = match act {
            Link::Woken { .. } => (Ok(String::new()), deps.links.inbox()),
            _ => (acts::stands_now(deps, *case, words).await, deps.links.case(*case)),
        };
        match stands {
            Ok(stands) => {
                let text = format!("{} {stands}", words.get(key));
                self.page.says_text(status, text.trim_end(), &back)
            }
            Err(e) => self.page.fails(&e),
        }
    }
}

/// The mention that a reply would answer, as `acts::publish` chooses.
async fn newest(tx: &mut Tx, file: &CaseFile) -> Result<Option<MentionRow>, StoreError> {
    let owed = file.case.owed().max_by_key(|o| o.since).or(file.case.obligations.last());
    match owed {
        Some(owed) => mentions::by_id(tx, owed.mention).await,
        None => Ok(None),
    }
}

/// What the customer wrote; nothing of it where it is private, because nobody knows who holds the
/// link.
fn said(row: &MentionRow) -> String {
    if row.visibility == "private" || row.gone_at.is_some() {
        return String::new();
    }
    text::cut_graphemes(&row.text, 1_000)
}

fn author(file: &CaseFile) -> String {
    match view::author(&file.author_name, &file.author_handle) {
        (name, _) if name.is_empty() => file.case.author.clone(),
        (name, handle) if handle.is_empty() => name,
        (name, handle) => format!("{name} ({handle})"),
    }
}
