//! Alerts as incidents of PagerDuty: opened, acknowledged once somebody is on the case, resolved once
//! nothing is owed any more; who acknowledges an incident there takes the case here.
//!
//! Facts: developer.pagerduty.com (Events API v2, webhooks v3). Events of one `dedup_key` belong to one
//! incident as long as it is open; a trigger after that opens another one. Each attempt says how the
//! case stands when it is made, not when it was first asked for, so a late one of a case that has
//! ended is a resolve, and a change that need not be noticed never triggers. There is no event that
//! takes an acknowledgement back: an incident whose case is free again stays acknowledged until its
//! service's own time for that, or until the alert rings again.
//!
//! An incident that somebody resolves there is no answer to the customer: the case stays as it is, and
//! the next alert that rings opens a new incident.

mod event;
mod hook;

use super::form::words;
use crate::domain::text::one_line;
use crate::domain::time::MINUTE;
use crate::wire::{
    Acts, Alert, Ask, Bucket, BucketRule, Called, Counts, Ctx, Delivered, Fault, Got, HookRequest,
    Key, KeyFault, KeyKind, Next, Notifier, NotifierMeta, Request, Response, Secret, Step, Talk,
    Via, read_settings,
};
use event::{Act, Event, dedup_key};
use serde::Deserialize;
use std::any::Any;
use url::Url;

/// Opens incidents, and hears who takes them.
pub(super) struct PagerDuty;

/// About 120 events a minute for an integration key, counted over the last sixty seconds.
const EVENTS: Bucket = Bucket("events");
const ONE: &[(Bucket, u32)] = &[(EVENTS, 1)];

static META: NotifierMeta = NotifierMeta {
    name: "pagerduty",
    title: "PagerDuty",
    about: "Opens an incident for each alert, acknowledges it once somebody takes the case and \
            resolves it once nothing is owed any more. With a v3 webhook for \
            `incident.acknowledged` to `/hooks/recipient/NAME` and its `webhook_secret`, whoever \
            acknowledges the incident takes the case, if known by `ascolto user known NAME \
            pagerduty:USERID`. An incident that is resolved by hand is no answer: the case stays \
            owed. Where a service puts several alerts into one incident, its acknowledgement names \
            one of them at most. Everything else is done by the links in the incident.",
    docs: "https://developer.pagerduty.com/docs/events-api-v2/overview/",
    buckets: &[BucketRule {
        bucket: EVENTS,
        counts: Counts::Token,
        limit: 120,
        window_ms: MINUTE,
        reserve: 0,
    }],
    keys: &[
        Key {
            name: "routing_key",
            kind: KeyKind::Secret,
            required: true,
            doc: "Integration key of a service's Events API v2 integration: 32 letters and digits.",
            example: "\"e93facc04764012d7bfb002500d5d1a6\"",
        },
        Key {
            name: "region",
            kind: KeyKind::Text,
            required: false,
            doc: "Where the account is served: `us` or `eu`. Default: us.",
            example: "\"eu\"",
        },
        Key {
            name: "webhook_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "Secret that PagerDuty shows when the webhook is made; without it no call is \
                  believed. Default: none.",
            example: "\"an-example-webhook-secret\"",
        },
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: false,
            doc: "Address of the Events API in place of the region's, for a proxy. Default: that \
                  of the region.",
            example: "\"https://events.eu.pagerduty.com\"",
        },
    ],
    edits: true,
    dedups: true,
    acts: Acts::Inbound,
    confirms: false,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    routing_key: Secret,
    region: Option<String>,
    webhook_secret: Option<Secret>,
    server: Option<Url>,
}

struct Settings {
    routing_key: Secret,
    webhook_secret: Option<Secret>,
    /// Where events are sent.
    enqueue: Url,
}

impl Notifier for PagerDuty {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let wrong = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let key = raw.routing_key.expose();
        if key.len() != 32 || !key.chars().all(|c| c.is_ascii_alphanumeric()) {
            let why = "is no integration key; write the 32 letters and digits that the service \
                       shows for its Events API v2 integration";
            return Err(wrong("routing_key", why));
        }
        let host = match raw.region.as_deref() {
            None | Some("us") => "https://events.pagerduty.com",
            Some("eu") => "https://events.eu.pagerduty.com",
            Some(_) => return Err(wrong("region", "is no region; write us or eu")),
        };
        if raw.webhook_secret.as_ref().is_some_and(|secret| secret.expose().trim().is_empty()) {
            return Err(wrong("webhook_secret", "is empty; write it, or leave the key out"));
        }
        let host = Url::parse(host).expect("it is an address");
        let mut enqueue = raw.server.unwrap_or(host);
        let bare = enqueue.has_host() && enqueue.path() == "/" && enqueue.query().is_none();
        if !matches!(enqueue.scheme(), "https" | "http") || !bare {
            return Err(wrong("server", "write the bare address, without a path"));
        }
        enqueue.set_path("/v2/enqueue");
        let Raw { routing_key, webhook_secret, .. } = raw;
        Ok(Box::new(Settings { routing_key, webhook_secret, enqueue }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let key = dedup_key(alert.of.as_ref().unwrap_or(&alert.key));
        let act = if alert.of.is_some() { Act::of_change(alert) } else { Some(Act::Trigger) };
        Box::new(say(alert, act, key, cx))
    }

    fn edit(
        &self,
        alert: &Alert,
        remote: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        let known = Some(remote).filter(|remote| !remote.is_empty())?;
        Some(Box::new(say(alert, Act::of_change(alert), known.to_owned(), cx)))
    }

    fn vouches(&self, cx: &Ctx<'_>) -> bool {
        let settings: &Settings = cx.settings();
        settings.webhook_secret.is_some()
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> Called {
        let settings: &Settings = cx.settings();
        hook::take(req, settings.webhook_secret.as_ref(), cx.now)
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        let (next, why) = match res.status {
            400 => refusal(res),
            401 | 403 => {
                (Next::Auth, "PagerDuty refuses the key; copy `routing_key` again".to_owned())
            }
            404 => {
                let why = "no Events API is at this address; correct `server` or `region`";
                (Next::Gone, why.to_owned())
            }
            _ => return None,
        };
        Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
    }
}

/// The conversation that says an event of one incident. What need not be said asks nothing.
fn say(alert: &Alert, act: Option<Act>, key: String, cx: &Ctx<'_>) -> Say {
    let settings: &Settings = cx.settings();
    let nothing = Ask { via: Via::Nothing, tag: 0, spend: &[], auth: false };
    let ask = act.map_or(nothing, |act| {
        let event = Event::new(act, alert, settings.routing_key.expose(), &key, words(alert));
        let via = Via::Http(Request::post_json(settings.enqueue.clone(), &event));
        Ask { via, tag: 0, spend: ONE, auth: false }
    });
    Say { ask, key }
}

struct Say {
    ask: Ask,
    key: String,
}

impl Talk<Delivered> for Say {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Delivered> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Delivered>, Fault> {
        #[derive(Deserialize)]
        struct Taken {
            status: String,
        }
        if let Got::Http(res) = got {
            let taken = serde_json::from_slice::<Taken>(&res.body);
            // Whatever else answers 200 (a proxy, a log-in page) has told nobody.
            if !taken.is_ok_and(|taken| taken.status == "success") {
                return Err(Fault::refused(
                    "the answer is not PagerDuty's; correct `server` or `region`",
                ));
            }
        }
        Ok(Step::Done(Delivered { remote: self.key.clone() }))
    }
}

/// What PagerDuty has against an event.
fn refusal(res: &Response) -> (Next, String) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Invalid {
        message: String,
        errors: Vec<String>,
    }
    let Invalid { message, errors } = serde_json::from_slice(&res.body).unwrap_or_default();
    let said = if errors.is_empty() { message } else { errors.join("; ") };
    let said = one_line(&said, 200);
    if said.contains("routing_key") || said.to_lowercase().contains("invalid routing key") {
        return (Next::Auth, format!("PagerDuty refuses the key: {said}; correct `routing_key`"));
    }
    (Next::Refused, format!("PagerDuty refuses the event: {said}"))
}

#[cfg(test)]
mod tests;
