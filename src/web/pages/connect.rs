//! Connect links: the owner of a channel puts a new credential in the browser, without a log-in
//! to us, or has the network's own page hand it out. The page shows the one channel of its link;
//! what is put is tried before it is kept.

use super::render::{Page, asked_language, network_title};
use super::view;
use crate::domain::text::one_line;
use crate::links::{Connect, ConnectFault};
use crate::pipeline::Channel;
use crate::pipeline::consent::{self, ConsentError};
use crate::pipeline::reconnect::{self, ReconnectError};
use crate::store::{StoreError, credentials, lanes};
use crate::web::front::{self, Shared};
use crate::wire::{NoCode, Secret};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{Extensions, HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use minijinja::context;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// One secret that can be put.
#[derive(Serialize)]
struct Asked {
    name: &'static str,
    doc: &'static str,
}

/// A link that works, and the page for its reader.
struct Opened<'a> {
    front: &'a Shared,
    link: Connect,
    channel: &'a Channel,
    page: Page,
    token: String,
    from: IpAddr,
}

/// Shows the channel and asks for its new credential.
pub async fn show(
    State(front): State<Shared>,
    Path(token): Path<String>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let checked = front.web.deps.signer.check_connect(&token, front.now());
    match open(&front, checked, &extensions, &headers).await {
        Err(told) => told,
        Ok(opened) => opened.ask(StatusCode::OK, "").await,
    }
}

/// Tries the new credential, and keeps it if the network takes it.
pub async fn connect(
    State(front): State<Shared>,
    Path(token): Path<String>,
    extensions: Extensions,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    let checked = front.web.deps.signer.check_connect(&token, front.now());
    match open(&front, checked, &extensions, &headers).await {
        Err(told) => told,
        Ok(opened) => opened.put(fields).await,
    }
}

/// The browser of a channel's owner comes back from the network's consent page.
pub async fn come_back(
    State(front): State<Shared>,
    uri: Uri,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let mut said = url::form_urlencoded::parse(query.as_bytes());
    let state = said.find(|(name, _)| name == "state").map(|(_, state)| state.into_owned());
    let state = state.unwrap_or_default();
    let checked = front.web.deps.signer.check_consent(&state, front.now());
    match open(&front, checked, &extensions, &headers).await {
        Err(told) => told,
        Ok(opened) => opened.take(&state, query).await,
    }
}

/// What a link opens; anything else is told, and counted where we did not make it.
async fn open<'a>(
    front: &'a Shared,
    checked: Result<Connect, ConnectFault>,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<Opened<'a>, Response> {
    let deps = &front.web.deps;
    let (now, from) = (front.now(), front::address(extensions, headers));
    let visitor = Page::for_visitor(headers);
    let back = deps.links.coverage();
    if let Some(seconds) = front.throttle.wait(from, now) {
        let text = visitor.words.fill("screen.login_often", &[("seconds", &seconds.to_string())]);
        let told = visitor.says_text(StatusCode::TOO_MANY_REQUESTS, &text, &back);
        return Err(([(header::RETRY_AFTER, seconds.to_string())], told).into_response());
    }
    let link = checked.map_err(|fault| match fault {
        ConnectFault::Forged => {
            front.throttle.failed(from, now);
            let text = visitor.words.get("screen.connect_forged");
            visitor.says_text(StatusCode::NOT_FOUND, text, &back)
        }
        ConnectFault::Expired { channel } => {
            let text = visitor.words.fill("screen.connect_expired", &[("channel", &channel)]);
            visitor.says_text(StatusCode::GONE, &text, &back)
        }
    })?;
    let language = deps.recipients.get(&link.recipient).map(|r| r.language);
    let page = Page::in_language(language.unwrap_or_else(|| asked_language(headers)));
    let known = deps.channels.get(&link.channel);
    let Some(channel) = known.filter(|c| !reconnect::asks(c, now).is_empty()) else {
        let text = page.words.fill("screen.connect_gone", &[("channel", &link.channel)]);
        return Err(page.says_text(StatusCode::NOT_FOUND, &text, &back));
    };
    match reconnect::works(deps, &link).await {
        Ok(true) => {
            let token = deps.signer.sign_connect(&link);
            Ok(Opened { front, link, channel, page, token, from })
        }
        Ok(false) => Err(used(&page, &back)),
        Err(e) => Err(page.fails(&e)),
    }
}

fn used(page: &Page, back: &str) -> Response {
    page.says_text(StatusCode::GONE, page.words.get("screen.connect_used"), back)
}

impl Opened<'_> {
    /// The page with the form; `why` says what stood against what was put before. What was put is
    /// never shown again.
    async fn ask(&self, status: StatusCode, why: &str) -> Response {
        match self.asked(status, why).await {
            Ok(response) => response,
            Err(e) => self.page.fails(&e),
        }
    }

    async fn asked(&self, status: StatusCode, why: &str) -> Result<Response, StoreError> {
        let deps = &self.front.web.deps;
        let name = self.channel.name.as_str();
        let mut tx = deps.store.read().await?;
        let row = lanes::channel(&mut tx, name).await?;
        let credential = credentials::one(&mut tx, name).await?;
        drop(tx);
        let zone = view::zone(deps, &self.channel.brand);
        let dead = credential.filter(credentials::CredentialRow::is_dead);
        let (fault, since) = match (&dead, &row) {
            (Some(dead), _) => (dead.fault.as_str(), dead.since),
            (None, Some(row)) => (row.fault.as_str(), row.fault_at),
            (None, None) => ("", None),
        };
        let keys = reconnect::asks(self.channel, self.front.now());
        let keys: Vec<Asked> =
            keys.into_iter().map(|k| Asked { name: k.name, doc: k.doc }).collect();
        let state = deps.signer.sign_consent(&self.link, deps.ids.bytes());
        let errand = consent::errand(deps, &self.link, &state).await?;
        let values = context! {
            token => self.token,
            consent => errand.map(|errand| errand.page().to_string()),
            channel => name,
            brand => view::brand_title(deps, &self.channel.brand),
            network => self.network(),
            state => row.as_ref().map_or("new", |row| row.state.as_str()),
            owner => self.channel.owner,
            granted_by => self.channel.granted_by,
            fault => one_line(fault, 300),
            since => since.map(|at| view::when(at, &zone, self.page.words)),
            keys,
            why,
        };
        Ok(self.page.show(status, "connect", values))
    }

    async fn put(&self, fields: HashMap<String, String>) -> Response {
        let secrets: BTreeMap<String, Secret> = fields
            .into_iter()
            .map(|(key, value)| (key, Secret::new(value.trim().to_owned())))
            .collect();
        // Counted before the try: tries that run side by side count too.
        self.front.throttle.failed(self.from, self.front.now());
        let put = reconnect::reconnect(&self.front.web.deps, &self.link, &secrets).await;
        self.tell(put).await
    }

    /// Puts what the consent page hands out.
    async fn take(&self, state: &str, query: &str) -> Response {
        let words = self.page.words;
        self.front.throttle.failed(self.from, self.front.now());
        let network = self.network();
        let refused = StatusCode::UNPROCESSABLE_ENTITY;
        match consent::come_back(&self.front.web.deps, &self.link, state, query).await {
            Ok(()) => self.tell(Ok(())).await,
            Err(ConsentError::Reconnect(why)) => self.tell(Err(why)).await,
            Err(ConsentError::NoCode(NoCode::Denied)) => {
                let text = words.fill("screen.connect_denied", &[("network", &network)]);
                self.ask(refused, &text).await
            }
            Err(ConsentError::NoCode(why)) => {
                let why = one_line(&why.to_string(), 300);
                let places = &[("network", network.as_str()), ("why", why.as_str())];
                self.ask(refused, &words.fill("screen.connect_no_code", places)).await
            }
        }
    }

    /// Tells what became of what was put.
    async fn tell(&self, put: Result<(), ReconnectError>) -> Response {
        let (deps, words) = (&self.front.web.deps, self.page.words);
        let (back, network) = (deps.links.coverage(), self.network());
        let (status, why) = match put {
            Ok(()) => {
                self.front.throttle.forget(self.from);
                let channel = self.channel.name.as_str();
                let text = words.fill("screen.connect_done", &[("channel", channel)]);
                return self.page.says_text(StatusCode::OK, &text, &back);
            }
            Err(ReconnectError::Used) => return used(&self.page, &back),
            Err(ReconnectError::Store(e)) => return self.page.fails(&e),
            Err(ReconnectError::Empty) => {
                (StatusCode::UNPROCESSABLE_ENTITY, words.get("screen.connect_empty").to_owned())
            }
            Err(ReconnectError::OtherProfile { theirs, ours }) => {
                let text = words.fill("screen.connect_other", &[("id", &theirs), ("own", &ours)]);
                (StatusCode::CONFLICT, text)
            }
            Err(ReconnectError::Unasked(why)) => {
                let why = one_line(&why, 300);
                let places = &[("network", network.as_str()), ("why", why.as_str())];
                (StatusCode::SERVICE_UNAVAILABLE, words.fill("screen.connect_unknown", places))
            }
            Err(ReconnectError::Refused(why)) => {
                let text = words.fill("screen.connect_refused", &[("why", &one_line(&why, 300))]);
                (StatusCode::UNPROCESSABLE_ENTITY, text)
            }
            Err(ReconnectError::Unknown(channel)) => {
                let text = words.fill("screen.connect_gone", &[("channel", &channel)]);
                return self.page.says_text(StatusCode::NOT_FOUND, &text, &back);
            }
        };
        self.ask(status, &why).await
    }

    fn network(&self) -> String {
        network_title(&self.front.web.deps, &self.channel.name, self.channel.network.meta().name)
    }
}
