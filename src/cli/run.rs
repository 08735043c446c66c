//! `ascolto run`: the daemon, from its start over reloads to a clean stop.

use super::failure::Failure;
use super::{Global, house, out};
use crate::app::{self, Running, Surroundings};
use crate::config::{self, Config};
use crate::observe::field;
use crate::store::{Store, reloads};
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

/// Runs until it is stopped.
pub(super) fn run(global: &Global) -> Result<(), Failure> {
    let config = house::load(global)?;
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.enable_all().build().map_err(|e| house::no_runtime(&e))?;
    let end = runtime.block_on(serve(global, config));
    // A look-up of a name that hangs in a thread of its own must not hold up the end.
    runtime.shutdown_timeout(Duration::from_millis(500));
    end
}

/// Why the daemon ends, or what it does instead.
enum Told {
    Terminate,
    Interrupt,
    Reload,
    /// A loop of the house stopped all others.
    Halted,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn listen() -> Result<Signals, Failure> {
        let to = |kind| {
            signal(kind)
                .map_err(|e| Failure::outside(format!("signals cannot be listened to: {e}")))
        };
        Ok(Signals {
            terminate: to(SignalKind::terminate())?,
            interrupt: to(SignalKind::interrupt())?,
            reload: to(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self, running: &Running, asked: &mut Asked) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Terminate,
            _ = self.interrupt.recv() => Told::Interrupt,
            _ = self.reload.recv() => Told::Reload,
            () = asked.anew() => Told::Reload,
            () = running.stopping().cancelled_owned() => Told::Halted,
        }
    }

    /// Waits until somebody wants the end at once.
    async fn impatience(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Notices through the store that a command wants a reload: no command knows our process.
struct Asked {
    store: Store,
    seen: Option<Vec<u8>>,
}

impl Asked {
    async fn listen(store: &Store) -> Result<Asked, Failure> {
        let seen = reloads::last(&mut store.read().await?).await?;
        Ok(Asked { store: store.clone(), seen })
    }

    /// Waits for the next wish. A store that fails is told by all that need it more.
    async fn anew(&mut self) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let Ok(mut tx) = self.store.read().await else { continue };
            if let Ok(last) = reloads::last(&mut tx).await
                && last != self.seen
            {
                self.seen = last;
                return;
            }
        }
    }
}

async fn serve(global: &Global, mut config: Config) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let store = house::open(&config).await?;
    let mut asked = Asked::listen(&store).await?;
    let mut running = start(&config, &store).await?;
    let _watchdog = Watchdog::start();
    notify(&[NotifyState::Ready]);
    let end = loop {
        match signals.next(&running, &mut asked).await {
            Told::Terminate => break Ok(()),
            Told::Interrupt => break Err(Failure::interrupted()),
            Told::Halted => {
                break Err(Failure::outside("it stopped itself; the log above says why"));
            }
            Told::Reload => {
                notify_reloading();
                (running, config) = reload(global, running, config, &store).await?;
                notify(&[NotifyState::Ready]);
            }
        }
    };
    notify(&[NotifyState::Stopping]);
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => end,
        () = signals.impatience() => Err(Failure::interrupted()),
    }
}

/// Builds the house over the store and starts its loops.
async fn start(config: &Config, store: &Store) -> Result<Running, Failure> {
    for warning in config.warnings.iter().chain(&config.holes(house::now())) {
        tracing::warn!("{warning}");
    }
    let print = |line: &str| drop(out::line(line));
    let around = Surroundings { say: Arc::new(print), ..Surroundings::real() };
    let deps = Arc::new(app::build(config, store.clone(), around).await?);
    tracing::info!(
        { field::VERSION } = env!("CARGO_PKG_VERSION"),
        { field::BRANDS } = deps.brands.len(),
        { field::CHANNELS } = deps.channels.len(),
        { field::RECIPIENTS } = deps.recipients.len(),
        "listening"
    );
    let running = Running::start(deps);
    match running.serve(config, None).await {
        Ok(address) => {
            tracing::info!({ field::ADDRESS } = %address, "inbox and API are served");
            Ok(running)
        }
        Err(why) => {
            // The loops run already; a reload that fails here must not leave them beside the old.
            running.drain().await;
            Err(Failure::outside(why))
        }
    }
}

/// Takes up a changed configuration. While that is wrong, everything goes on as it was.
async fn reload(
    global: &Global,
    running: Running,
    old: Config,
    store: &Store,
) -> Result<(Running, Config), Failure> {
    let new = match config::load(&global.config, config::from_env(), &app::registry()) {
        Ok(new) => new,
        Err(problems) => {
            for problem in &problems {
                tracing::error!("{problem}");
            }
            tracing::error!("the changed configuration is wrong; the one before stays in force");
            return Ok((running, old));
        }
    };
    if new.store.url.expose() != old.store.url.expose() {
        tracing::warn!("another [store] url takes effect with the next start, not with a reload");
    }
    running.drain().await;
    match start(&new, store).await {
        Ok(running) => {
            tracing::info!("the configuration is reloaded");
            Ok((running, new))
        }
        Err(failure) => {
            failure
                .log("the changed configuration cannot be used; the one before is taken up again");
            Ok((start(&old, store).await?, old))
        }
    }
}

/// Tells systemd, where it started us and asked to be told.
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!({ field::ERROR } = %error, "systemd cannot be told how the service stands");
    }
}

/// systemd wants the time with it, to tell this reload from the one before.
fn notify_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// Shows systemd that the process is not stuck, twice as often as it asks.
struct Watchdog(JoinHandle<()>);

impl Watchdog {
    fn start() -> Option<Watchdog> {
        let every = sd_notify::watchdog_enabled()? / 2;
        Some(Watchdog(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every.max(Duration::from_millis(1)));
            loop {
                ticks.tick().await;
                notify(&[NotifyState::Watchdog]);
            }
        })))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.abort();
    }
}
