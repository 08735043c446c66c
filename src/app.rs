//! The one place that knows everyone: builds the house, starts it in order, stops it in reverse.

use crate::classify::{Classifier, Scope};
use crate::clock::Clock;
use crate::config::{Config, Registry};
use crate::domain::Lang;
use crate::draft::Drafts;
use crate::fetch::{Engine, Link, Settings, Transport};
use crate::ids::Ids;
use crate::links::{Links, Signer};
use crate::pipeline::{
    Channel, Corrections, Deps, Fresh, Handover, Lookup, NoKeep, Recipient, StoreKeep, learn,
    reconnect, rounds, runner,
};
use crate::store::{Store, StoreError, credentials, lanes, looks, own, trays};
use crate::web::Web;
use crate::wire::{Ctx, Secret};
use crate::{handover, networks, notify};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a lane that only receives is called.
pub const INGEST_LANE: &str = "ingest";
/// As many alerts or threads as one step takes at most: none waits for another's slow answer.
pub const HANDS: usize = 100;
/// How many changes a slow live page may fall behind before it is told to reload.
const CHANGES: usize = 1_024;

/// Why the house could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A setting that only shows its fault when it is used, or data that the binary carries.
    #[error("{0}")]
    Setting(String),
}

/// The networks, notifiers and ticket systems that this version has.
pub fn registry() -> Registry {
    Registry {
        network: networks::network,
        networks: || networks::NETWORKS.iter().map(|n| n.meta().name).collect(),
        notifier: notify::notifier,
        notifiers: || notify::NOTIFIERS.iter().map(|n| n.meta().name).collect(),
        ticket_system: handover::system,
        ticket_systems: || handover::SYSTEMS.iter().map(|s| s.meta().name).collect(),
    }
}

/// Lets every part of the process speak TLS by one provider. Calling it twice does no harm.
pub fn install_tls() {
    // An error says that a provider is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// What differs between production, the demo and tests.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub ids: Ids,
    /// The name under which leases are taken.
    pub instance: String,
    /// How many conversations with the outside a step holds side by side; with one, a run can be
    /// repeated to the letter.
    pub hands: usize,
    /// Where the terminal notifier's lines go.
    pub say: Arc<dyn Fn(&str) + Send + Sync>,
    /// The outside; `None`: the real network as the configuration wants it.
    pub transport: Option<Arc<dyn Transport>>,
}

impl Surroundings {
    /// Those of production.
    pub fn real() -> Surroundings {
        Surroundings {
            clock: Clock::System,
            ids: Ids::system(),
            instance: host_name(),
            hands: HANDS,
            say: Arc::new(print),
            transport: None,
        }
    }
}

/// A line on stdout. Whoever read there may be gone; that is no reason to stop the house.
fn print(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "ascolto".to_owned(),
        name => name.to_owned(),
    }
}

/// Builds everything over an open store and makes brands, channels and lanes known there.
///
/// # Errors
/// When the store fails, or a setting shows its fault only now.
pub async fn build(
    config: &Config,
    store: Store,
    around: Surroundings,
) -> Result<Deps, BuildError> {
    install_tls();
    let transport = match around.transport {
        Some(transport) => transport,
        None => transport(config)?,
    };
    let keep = Arc::new(StoreKeep(store.clone()));
    let engine = Engine::new(transport, keep, around.clock.clone(), around.ids.clone(), around.say);
    let channels: BTreeMap<String, Channel> = config
        .channels
        .values()
        .filter(|c| !c.disabled)
        .map(|c| {
            let channel = Channel {
                name: c.name.clone(),
                brand: c.brand.clone(),
                network: c.network,
                link: Link::new(&c.name, c.settings.clone(), c.own.clone()),
                every_ms: c.every_ms,
                probe_every_ms: c.probe_every_ms,
                granted_by: c.granted_by.clone(),
                owner: c.owner.clone(),
                given: c.given.clone(),
                connected: AtomicI64::new(0),
                first_look_ms: c.first_look_ms.or_else(|| c.network.first_look_ms()),
            };
            (c.name.clone(), channel)
        })
        .collect();
    let recipients: BTreeMap<String, Recipient> = config
        .recipients
        .values()
        .map(|r| {
            let recipient = Recipient {
                name: r.name.clone(),
                notifier: r.notifier,
                // Limits are counted by name; a channel may bear the same one.
                link: Link::new(format!("recipient:{}", r.name), r.settings.clone(), Vec::new()),
                language: r.language.unwrap_or_else(|| language_of(config, &r.name)),
                at_most: r.at_most,
                quiet: r.quiet.clone(),
                agent: r.agent.clone(),
                zone: r.zone.clone(),
            };
            (r.name.clone(), recipient)
        })
        .collect();
    let handovers: BTreeMap<String, Handover> = config
        .handovers
        .values()
        .map(|h| {
            let handover = Handover {
                name: h.name.clone(),
                system: h.system,
                link: Link::new(format!("handover:{}", h.name), h.settings.clone(), Vec::new()),
                language: h.language,
                may_see_private: h.may_see_private,
            };
            (h.name.clone(), handover)
        })
        .collect();
    let scopes: Result<BTreeMap<String, Scope>, String> =
        config.brands.values().map(|b| Ok((b.name.clone(), Scope::of(b)?))).collect();
    let scopes = scopes.map_err(BuildError::Setting)?;
    let mut tx = store.begin().await?;
    let key = lanes::kept(&mut tx, "link_key", &around.ids.bytes::<32>()).await?;
    tx.commit().await?;
    let classifier = if config.encoder { Classifier::shipped() } else { Classifier::lean() };
    let deps = Deps {
        store,
        engine,
        clock: around.clock,
        ids: around.ids,
        instance: around.instance,
        hands: around.hands,
        brands: config.brands.clone(),
        scopes,
        channels,
        recipients,
        rotas: config.rotas.clone(),
        handovers,
        classifier: Arc::new(classifier.map_err(BuildError::Setting)?),
        corrections: Corrections::default(),
        drafts: Drafts::new().map_err(BuildError::Setting)?,
        lookup: config
            .lookup
            .clone()
            .map(|l| Lookup::new(l.settings, l.timeout_ms, l.keep_ms, l.in_alerts)),
        links: Links::new(&config.web.public_url).map_err(BuildError::Setting)?,
        signer: Signer::new(&key),
        fresh: Fresh::default(),
        bell: Notify::new(),
        changes: broadcast::Sender::new(CHANGES),
    };
    register(&deps).await?;
    Ok(deps)
}

/// An engine that remembers nothing, for what is asked before there is a channel.
///
/// # Errors
/// When a setting of the network shows its fault only now.
pub fn engine(config: &Config, around: Surroundings) -> Result<Engine, BuildError> {
    install_tls();
    let transport = match around.transport {
        Some(transport) => transport,
        None => transport(config)?,
    };
    Ok(Engine::new(transport, Arc::new(NoKeep), around.clock, around.ids, around.say))
}

/// The real network as the configuration wants it.
fn transport(config: &Config) -> Result<Arc<dyn Transport>, BuildError> {
    let defaults = Settings::default();
    let user_agent = match &config.fetch.user_agent_contact {
        Some(contact) => format!("{} ({contact})", defaults.user_agent),
        None => defaults.user_agent.clone(),
    };
    let settings = Settings {
        user_agent,
        timeout_ms: config.fetch.timeout_ms,
        allow_private: config.fetch.allow_private.clone(),
        ..defaults
    };
    settings.transport().map_err(BuildError::Setting)
}

/// A recipient speaks the language of the first brand that names it, itself or by its escalation.
fn language_of(config: &Config, recipient: &str) -> Lang {
    let named = |b: &&crate::domain::Brand| {
        let mut levels = b.escalation.iter().flat_map(|e| e.everybody(&config.rotas));
        let on_call = b.on_call.as_deref();
        let turns = on_call.and_then(|name| config.rotas.get(name)).into_iter();
        b.recipients.iter().any(|r| r == recipient)
            || b.lead == recipient
            || levels.any(|name| name == recipient)
            || on_call == Some(recipient)
            || turns.flat_map(|rota| rota.everybody()).any(|name| name == recipient)
    };
    config.brands.values().find(named).map_or(Lang::EN, |b| b.language)
}

/// Makes brands, channels and lanes known to the store, and gives back the leases that a dead
/// process of the same name left.
async fn register(deps: &Deps) -> Result<(), StoreError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    own::free_leases(&mut tx, &deps.instance).await?;
    for brand in deps.brands.values() {
        lanes::add_brand(&mut tx, &brand.name, deps.ids.bytes(), now).await?;
        if let Some(next) = brand.next_look_digest(now) {
            trays::plan(&mut tx, &brand.name, next, now).await?;
        }
        rounds::plan(&mut tx, brand, now).await?;
    }
    for channel in deps.channels.values() {
        let meta = channel.network.meta();
        lanes::add_channel(&mut tx, &channel.name, &channel.brand, meta.name, now).await?;
        reconnect::end_stale(&mut tx, channel).await?;
        if !reconnect::asks(channel, now).is_empty() {
            credentials::add(&mut tx, &channel.name, now).await?;
        }
        let settings = channel.link.settings();
        let cx = Ctx { settings: &*settings, session: None, now, own: &channel.link.own, seed: 0 };
        let since = now - channel.first_look_ms.unwrap_or(0);
        let mut is_new = false;
        for lane in channel.network.lanes(&cx) {
            let (name, settle) = (&channel.name, lane.settle_ms);
            lanes::add_lane_since(&mut tx, name, &lane.id, true, settle, now, since).await?;
            // Another instance may have added it a moment ago, and begun the first look then.
            let row = lanes::lane(&mut tx, name, &lane.id).await?;
            is_new |= row.is_some_and(|row| row.added_at == now.0);
        }
        if is_new && since < now {
            looks::begin(&mut tx, &channel.name, &channel.brand, since, now).await?;
        }
        for lane in channel.network.hinted(&cx) {
            lanes::add_lane(&mut tx, &channel.name, lane, false, 0, now).await?;
        }
        if !meta.can.poll {
            lanes::add_lane(&mut tx, &channel.name, INGEST_LANE, false, 0, now).await?;
        }
    }
    reconnect::learn(deps, &mut tx).await?;
    learn::catch_up(deps, &mut tx).await?;
    tx.commit().await
}

/// The running house.
pub struct Running {
    deps: Arc<Deps>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    /// Starts the loops of the pipeline.
    pub fn start(deps: Arc<Deps>) -> Running {
        let stop = CancellationToken::new();
        let tasks = runner::start(&deps, &stop);
        Running { deps, stop, tasks }
    }

    /// Cancelled when the house stops, by whoever stops it.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves inbox and API beside the loops, until the house stops; gives the address.
    ///
    /// # Errors
    /// When the address cannot be listened on, with what to do.
    pub async fn serve(&self, config: &Config, once: Option<Secret>) -> Result<SocketAddr, String> {
        let wanted = config.web.listen;
        let taken = |e| {
            format!(
                "{wanted} cannot be listened on: {e}. Is another Ascolto running there? Change [web] listen"
            )
        };
        let listener = tokio::net::TcpListener::bind(wanted).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let web = Web {
            deps: self.deps.clone(),
            session_hours: config.web.session_hours,
            secure_cookies: config.web.public_url.starts_with("https:"),
            once,
        };
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            if let Err(error) = crate::web::serve(listener, web, stop.clone()).await {
                tracing::error!(error = %error, "inbox and API stopped");
                stop.cancel();
            }
        });
        Ok(address)
    }

    /// What it works with.
    pub fn deps(&self) -> &Arc<Deps> {
        &self.deps
    }

    /// Lets every loop end its batch, at most eight seconds; the store stays open for a next start.
    /// What was cut off is a row with a lease that the next start takes up.
    pub async fn drain(&self) {
        self.stop.cancel();
        let drained = tokio::time::timeout(std::time::Duration::from_secs(8), self.tasks.wait());
        if drained.await.is_err() {
            tracing::warn!("some work did not end in time; it is taken up at the next start");
        }
    }

    /// Drains and closes the store.
    pub async fn stop(self) {
        self.drain().await;
        self.deps.store.close().await;
    }
}
