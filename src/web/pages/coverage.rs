//! The coverage page: which channels hear, how far each lane was read, and where holes are.

use super::render::{Page, network_title};
use super::session::LoggedIn;
use super::view::{self, When};
use crate::domain::Instant;
use crate::domain::public::PublicChannel;
use crate::domain::text::one_line;
use crate::pipeline::first_look;
use crate::store::coverage::GapRow;
use crate::store::credentials::CredentialRow;
use crate::store::lanes::{ChannelRow, LaneRow};
use crate::store::looks::LookRow;
use crate::store::rhythm::{self, SilenceRow};
use crate::store::{StoreError, coverage, credentials, lanes, looks};
use crate::web::front::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;

#[derive(Serialize)]
struct Channel {
    name: String,
    brand: String,
    network: String,
    state: String,
    fault: String,
    fault_at: Option<When>,
    granted_by: Option<String>,
    owner: Option<String>,
    credential: Option<Credential>,
    first_look: Option<Look>,
    lanes: Vec<Lane>,
}

/// The newest first look, or the one that waits for a choice.
#[derive(Serialize)]
struct Look {
    figures: String,
    waits: bool,
}

#[derive(Serialize)]
struct Credential {
    dead: bool,
    fault: String,
    asked_at: Option<When>,
    ends_at: Option<When>,
    connected_by: String,
}

#[derive(Serialize)]
struct Lane {
    name: String,
    polled: bool,
    covered_to: When,
    last_poll: Option<When>,
    doubtful: Option<When>,
    gaps: Vec<Gap>,
}

/// A public channel that no connector hears.
#[derive(Serialize)]
struct Public {
    title: String,
    brand: String,
    url: String,
    link: String,
    stopgap: &'static str,
    note: String,
}

#[derive(Serialize)]
struct Gap {
    from: When,
    to: When,
    lasted: String,
    reason: String,
    state: String,
    backfilled: i64,
    note: String,
}

/// What the page is made of.
struct Read {
    channels: Vec<ChannelRow>,
    lanes: Vec<LaneRow>,
    gaps: Vec<GapRow>,
    silences: Vec<SilenceRow>,
    credentials: Vec<CredentialRow>,
    looks: Vec<LookRow>,
}

/// Shows the page.
pub async fn show(State(front): State<Shared>, agent: LoggedIn) -> Response {
    let page = Page::in_language(agent.language);
    let read = async {
        let mut tx = front.web.deps.store.read().await?;
        Ok::<_, StoreError>(Read {
            channels: lanes::channels(&mut tx).await?,
            lanes: lanes::lanes(&mut tx).await?,
            gaps: coverage::gaps(&mut tx).await?,
            silences: rhythm::standing(&mut tx).await?,
            credentials: credentials::all(&mut tx).await?,
            looks: looks::all(&mut tx).await?,
        })
    };
    let read = match read.await {
        Ok(read) => read,
        Err(e) => return page.fails(&e),
    };
    let channels: Vec<Channel> =
        read.channels.iter().map(|c| channel(&front, &page, c, &read)).collect();
    let brands = front.web.deps.brands.values();
    let not_heard: Vec<Public> =
        brands.flat_map(|b| b.public.iter().map(move |p| public(&b.title, p))).collect();
    let values = context! {
        here => "coverage",
        agent => agent.name,
        csrf => agent.csrf,
        channels,
        not_heard,
    };
    page.show(StatusCode::OK, "coverage", values)
}

fn public(brand: &str, channel: &PublicChannel) -> Public {
    Public {
        title: channel.title.clone(),
        brand: brand.to_owned(),
        url: channel.url.clone(),
        link: view::link(&channel.url).to_owned(),
        stopgap: channel.stopgap.as_str(),
        note: channel.note.clone(),
    }
}

fn channel(front: &Shared, page: &Page, c: &ChannelRow, read: &Read) -> Channel {
    let (deps, words) = (&front.web.deps, page.words);
    let zone = view::zone(deps, &c.brand);
    let when = |at: i64| view::when(at, &zone, words);
    let gap = |g: &GapRow| Gap {
        from: when(g.from_at),
        to: when(g.to_at),
        lasted: view::span(g.to_at - g.from_at, words),
        reason: words.cause(&g.reason).to_owned(),
        state: g.state.clone(),
        backfilled: g.backfilled,
        note: words.cause(&g.note).to_owned(),
    };
    let silence = |l: &LaneRow| {
        let mine = |s: &&SilenceRow| s.channel == l.channel && s.lane == l.lane;
        read.silences.iter().find(mine).map(|s| when(s.since))
    };
    let lane = |l: &LaneRow| Lane {
        name: l.lane.clone(),
        polled: l.polled,
        covered_to: when(l.covered_to),
        last_poll: l.finished_at.map(when),
        doubtful: silence(l),
        gaps: read
            .gaps
            .iter()
            .filter(|g| g.channel == l.channel && g.lane == l.lane)
            .map(gap)
            .collect(),
    };
    let credential = |row: &CredentialRow| Credential {
        dead: row.is_dead(),
        fault: one_line(&row.fault, 300),
        asked_at: row.asked_at.map(when),
        ends_at: row.ends_at.map(when),
        connected_by: row.connected_by.clone(),
    };
    let configured = deps.channels.get(&c.name);
    let own = || read.looks.iter().filter(|l| l.channel == c.name);
    let newest = own().find(|l| l.state == "asked").or_else(|| own().next());
    let told = newest.and_then(|l| Some((l, Instant(l.asked_at?))));
    Channel {
        first_look: told.map(|(l, at)| Look {
            figures: first_look::figures(words, l, &l.figures(), at),
            waits: l.state == "asked",
        }),
        name: c.name.clone(),
        brand: view::brand_title(deps, &c.brand).to_owned(),
        network: network_title(deps, &c.name, &c.network),
        state: c.state.clone(),
        fault: c.fault.clone(),
        fault_at: c.fault_at.map(when),
        granted_by: configured.and_then(|c| c.granted_by.clone()),
        owner: configured.and_then(|c| c.owner.clone()),
        credential: read.credentials.iter().find(|row| row.channel == c.name).map(credential),
        lanes: read.lanes.iter().filter(|l| l.channel == c.name).map(lane).collect(),
    }
}
