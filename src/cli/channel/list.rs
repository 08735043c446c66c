//! `ascolto channel list`: how every channel fares, as the store and the configuration know it.

use super::budget::{Books, Limit};
use super::table;
use crate::cli::failure::Failure;
use crate::cli::{house, out};
use crate::config::Config;
use crate::domain::Instant;
use crate::domain::public::PublicChannel;
use crate::domain::text::one_line;
use crate::pipeline::pace::FORGOTTEN;
use crate::store::Tx;
use crate::store::costs::{self, PaceRow};
use crate::store::coverage::{self, GapRow};
use crate::store::credentials::{self, CredentialRow};
use crate::store::lanes::{self, ChannelRow, LaneRow};
use crate::store::rhythm::{self, SilenceRow};
use serde::Serialize;

/// Prints them as a table, or as JSON.
pub(super) fn list(config: &Config, json: bool) -> Result<(), Failure> {
    house::wait(house::over_store(config, async |store| {
        let channels = Standing::of_all(&mut store.read().await?, config).await?;
        let public: Vec<NotHeard<'_>> =
            config.brands.values().flat_map(|b| &b.public).map(NotHeard::of).collect();
        if json {
            let heard = channels.iter().map(Line::Channel);
            let all: Vec<Line<'_>> = heard.chain(public.iter().map(Line::Public)).collect();
            out::json(&all)
        } else {
            out::text(&table::shown(&channels, &public))
        }
    }))
}

/// One element of the JSON list.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Channel(&'a Standing),
    Public(&'a NotHeard<'a>),
}

/// A public channel that no connector hears.
#[derive(Serialize)]
pub(super) struct NotHeard<'a> {
    /// `not_heard`, where a channel that is heard has its own.
    state: &'static str,
    #[serde(flatten)]
    pub public: &'a PublicChannel,
}

impl NotHeard<'_> {
    fn of(public: &PublicChannel) -> NotHeard<'_> {
        NotHeard { state: "not_heard", public }
    }
}

/// How one channel fares.
#[derive(Serialize)]
pub(super) struct Standing {
    pub name: String,
    pub brand: String,
    pub network: String,
    pub state: String,
    /// Still in the configuration and not disabled.
    pub read: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fault: String,
    pub fault_since: Option<Instant>,
    pub heard_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    pub lanes: Vec<LaneStanding>,
    pub limits: Vec<Limit>,
}

#[derive(Serialize)]
pub(super) struct Credential {
    /// `unknown`, `good`, `dead`.
    pub state: String,
    pub since: Option<Instant>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fault: String,
    pub asked_at: Option<Instant>,
    pub ends_at: Option<Instant>,
}

#[derive(Serialize)]
pub(super) struct LaneStanding {
    pub lane: String,
    pub polled: bool,
    /// Up to here everything is accounted for, as heard or as a gap.
    pub covered_to: Option<Instant>,
    next_poll: Option<Instant>,
    /// The pace that the plans of the limits give it, once it spent from one.
    pub pace: Option<Pace>,
    /// Silent since then, for longer than its own history explains.
    pub doubtful_since: Option<Instant>,
    pub open_gaps: usize,
    pub open_gaps_ms: i64,
    /// Every hole, oldest first, whatever became of it.
    pub gaps: Vec<Gap>,
}

#[derive(Serialize)]
pub(super) struct Pace {
    /// How often it would be read by itself.
    pub every_ms: i64,
    /// How often it is read, so that the limit lasts.
    pub planned_ms: i64,
    /// The limit whose plan is the slowest.
    pub limit: String,
}

#[derive(Serialize)]
pub(super) struct Gap {
    pub from: Instant,
    pub to: Instant,
    pub reason: String,
    pub state: String,
    backfilled: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What the store knows of all channels and lanes.
struct Rows {
    lanes: Vec<LaneRow>,
    gaps: Vec<GapRow>,
    silences: Vec<SilenceRow>,
    paces: Vec<PaceRow>,
    credentials: Vec<CredentialRow>,
}

impl Standing {
    async fn of_all(tx: &mut Tx, config: &Config) -> Result<Vec<Standing>, Failure> {
        let now = house::now();
        let rows = Rows {
            lanes: lanes::lanes(tx).await?,
            gaps: coverage::gaps(tx).await?,
            silences: rhythm::standing(tx).await?,
            paces: costs::paces(tx, now - FORGOTTEN).await?,
            credentials: credentials::all(tx).await?,
        };
        let books = Books::read(tx, now).await?;
        let channels = lanes::channels(tx).await?;
        Ok(channels.into_iter().map(|c| Standing::of(c, config, &rows, &books)).collect())
    }

    fn of(row: ChannelRow, config: &Config, rows: &Rows, books: &Books) -> Standing {
        let configured = config.channels.get(&row.name);
        let credential = rows.credentials.iter().find(|c| c.channel == row.name);
        let lanes = rows.lanes.iter().filter(|l| l.channel == row.name);
        Standing {
            read: configured.is_some_and(|c| !c.disabled),
            granted_by: configured.and_then(|c| c.granted_by.clone()),
            owner: configured.and_then(|c| c.owner.clone()),
            credential: credential.map(Credential::of),
            lanes: lanes.map(|lane| LaneStanding::of(lane, rows)).collect(),
            limits: configured.map(|c| books.limits(c)).unwrap_or_default(),
            name: row.name,
            brand: row.brand,
            network: row.network,
            state: row.state,
            fault: one_line(&row.fault, 300),
            fault_since: row.fault_at.map(Instant),
            heard_at: row.heard_at.map(Instant),
        }
    }
}

impl Credential {
    fn of(row: &CredentialRow) -> Credential {
        Credential {
            state: row.state.clone(),
            since: row.since.map(Instant),
            fault: one_line(&row.fault, 300),
            asked_at: row.asked_at.map(Instant),
            ends_at: row.ends_at.map(Instant),
        }
    }
}

impl LaneStanding {
    fn of(lane: &LaneRow, rows: &Rows) -> LaneStanding {
        let mine = |channel: &str, name: &str| channel == lane.channel && name == lane.lane;
        let gaps = rows.gaps.iter().filter(|g| mine(&g.channel, &g.lane));
        let open = gaps.clone().filter(|g| g.state == "open");
        let silence = rows.silences.iter().find(|s| mine(&s.channel, &s.lane));
        let pace = rows.paces.iter().find(|p| mine(&p.channel, &p.lane));
        LaneStanding {
            lane: one_line(&lane.lane, 100),
            polled: lane.polled,
            covered_to: lane.polled.then_some(Instant(lane.covered_to)),
            next_poll: lane.polled.then_some(Instant(lane.next_at)),
            pace: pace.map(Pace::of),
            doubtful_since: silence.map(|s| Instant(s.since)),
            open_gaps: open.clone().count(),
            open_gaps_ms: open.map(|g| g.to_at.saturating_sub(g.from_at)).sum(),
            gaps: gaps.map(Gap::of).collect(),
        }
    }
}

impl Pace {
    fn of(row: &PaceRow) -> Pace {
        Pace { every_ms: row.every_ms, planned_ms: row.planned_ms, limit: row.bucket.clone() }
    }
}

impl Gap {
    fn of(row: &GapRow) -> Gap {
        Gap {
            from: Instant(row.from_at),
            to: Instant(row.to_at),
            reason: one_line(&row.reason, 300),
            state: row.state.clone(),
            backfilled: row.backfilled,
            note: one_line(&row.note, 300),
        }
    }
}
