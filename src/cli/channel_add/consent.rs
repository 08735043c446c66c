//! Leads a person through a network's consent page, which then hands out what is not typed.

use super::super::ask::Asker;
use super::super::failure::Failure;
use super::super::{house, out};
use super::callback::Callback;
use crate::app;
use crate::config::{ChannelConfig, Config};
use crate::fetch::Engine;
use crate::ids::Ids;
use crate::wire::{Consent, Errand, Fault, Network, Next, Proofs, Secret};
use std::sync::Arc;

/// What stands for the secret while the channel is checked without it.
const LATER: &str = "handed-out-later";

/// A consent page that somebody wants to be led through.
pub(super) struct Door {
    /// What the network says of it.
    pub consent: &'static Consent,
    title: &'static str,
    back: Callback,
}

impl Door {
    /// The page, if the network has one and it is wanted: by `--consent`, or by a person on a
    /// terminal who is offered it.
    pub(super) fn wanted(
        network: &dyn Network,
        is_said: bool,
        port: u16,
        ask: &mut Asker,
    ) -> Result<Option<Door>, Failure> {
        let meta = network.meta();
        let Some(consent) = network.consent() else {
            if is_said {
                return Err(Failure::usage(format!(
                    "{} has no consent page; leave --consent out",
                    meta.title
                )));
            }
            return Ok(None);
        };
        if !is_said {
            if !ask.is_terminal() {
                return Ok(None);
            }
            out::say(&format!(
                "\n{} itself can hand out `{}`: you open its page in a browser, log in there and \
                 allow what is listed above. Else you make it yourself and type it here.",
                meta.title, consent.key
            ));
            if !ask.says_yes("open its page? (yes or no)")? {
                return Ok(None);
            }
        }
        let back = Callback::keep(port)?;
        if !consent.before.is_empty() {
            out::say(&format!("\n{}", consent.before(back.address())));
        }
        Ok(Some(Door { consent, title: meta.title, back }))
    }

    /// What stands for the secret until it is handed out.
    pub(super) fn later() -> Secret {
        Secret::new(LATER)
    }

    /// Leads through the page until it hands the secret out. On a terminal a person may try again.
    pub(super) fn lead(
        &self,
        config: &Config,
        channel: &str,
        ask: &mut Asker,
    ) -> Result<Secret, Failure> {
        let Some(channel) = config.channels.get(channel) else {
            return Err(Failure::usage(format!("the channel {channel} is not configured")));
        };
        let around = house::surroundings();
        let ids = around.ids.clone();
        let engine = app::engine(config, around)?;
        loop {
            let failure = match house::wait(self.once(&engine, channel, &ids, ask)) {
                Ok(secret) => return Ok(secret),
                Err(failure) if ask.is_terminal() => failure,
                Err(failure) => return Err(failure),
            };
            out::say(&format!("\n{}", failure.why()));
            if !ask.says_yes("open the page once more? (yes or no)")? {
                return Err(failure);
            }
        }
    }

    /// Once through the page, with proofs of its own.
    async fn once(
        &self,
        engine: &Engine,
        channel: &ChannelConfig,
        ids: &Ids,
        ask: &mut Asker,
    ) -> Result<Secret, Failure> {
        let name = channel.network.meta().name;
        let (given, redirect) = (&channel.given, self.back.address());
        let told = |fault: Fault| failed(self.title, &fault);
        let client = match self.consent.client(given).map_err(Failure::usage)? {
            Some(client) => client,
            None => {
                let talk = self.consent.register(given, redirect).map_err(Failure::usage)?;
                let Some(talk) = talk else {
                    return Err(Failure::usage(format!("no app of {} is named", self.title)));
                };
                engine.consent(name, talk).await.map_err(told)?
            }
        };
        let proofs = Proofs::new(ids.bytes(), ids.bytes());
        let errand = Errand::new(self.consent, given, client, redirect, proofs);
        let errand = Arc::new(errand.map_err(Failure::usage)?);
        out::say(&format!(
            "\nOpen this address in a browser, and allow what it asks for:\n\n{}\n\n{} then sends \
             the browser to {redirect}, which is waited for here for five minutes. Where the \
             browser runs on another machine it finds nothing there: copy the address at which it \
             ended, and paste it here at once, since it is good for half a minute only.",
            errand.page(),
            self.title
        ));
        let code = self.back.code(&errand, ask).await?;
        let secret = engine.consent(name, errand.exchange(&code)).await.map_err(told)?;
        out::say(&format!("{} handed out `{}`", self.title, self.consent.key));
        Ok(secret)
    }
}

/// Why the server behind the page gave nothing.
fn failed(title: &str, fault: &Fault) -> Failure {
    let why = format!("{title}: {}", fault.why);
    match fault.next {
        Next::Auth | Next::Refused | Next::Gone | Next::Expired => Failure::no(why),
        Next::Retry { .. } | Next::Throttled { .. } | Next::Bug => Failure::outside(why),
    }
}
