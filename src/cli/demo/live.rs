//! The live demo: the day runs by the clock, alerts stream here, the inbox is in the browser.

use super::Failure;
use super::house;
use super::out;
use crate::app::{self, Running, Surroundings};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::Instant;
use crate::domain::time::MINUTE;
use crate::ids::Ids;
use crate::store::Store;
use crate::store::access::{self, AgentRow};
use crate::wire::Secret;
use std::sync::Arc;

/// Who the demo's one-time link logs in.
const AGENT: &str = "demo";

/// Plays the day until somebody ends it.
pub(super) fn play(
    config: &Config,
    start: Instant,
    speed: i64,
    language: &str,
) -> Result<(), Failure> {
    house::wait(async {
        let ids = Ids::system();
        let around = Surroundings {
            clock: Clock::scaled(start - MINUTE, speed),
            ids: ids.clone(),
            instance: "demo".to_owned(),
            hands: app::HANDS,
            say: Arc::new(|line| drop(out::line(line))),
            transport: None,
        };
        let store = Store::open(config.store.url.expose()).await?;
        let deps = Arc::new(app::build(config, store, around).await?);
        let mut tx = deps.store.begin().await?;
        let agent = AgentRow {
            name: AGENT.to_owned(),
            // No password opens this door: the one-time link does, once.
            password: "!".to_owned(),
            role: "lead".to_owned(),
            language: language.to_owned(),
            added_at: deps.now().0,
        };
        access::add_agent(&mut tx, &agent).await?;
        tx.commit().await?;
        let once: String = ids.bytes::<16>().iter().map(|b| format!("{b:02x}")).collect();
        let running = Running::start(deps.clone());
        let address = running
            .serve(config, Some(Secret::new(once.clone())))
            .await
            .map_err(Failure::outside)?;
        out::line(&format!(
            "The day has begun; {speed} rehearsed minutes pass in one. Alerts appear here, and you \
             are the team:\n\n    http://{address}/login/once/{once}\n\nThe link works once. Ctrl-C ends the day."
        ))?;
        // Ending by hand is how this demo ends; a failure to listen for it ends it too.
        drop(tokio::signal::ctrl_c().await);
        running.stop().await;
        Ok(())
    })
}
