//! `[lookup]`: the company's own system that says who a customer is.

use super::check::check;
use super::form::{Field, Form};
use super::problem::Problems;
use super::section::Sections;
use super::tables::{Shape, may, must};
use crate::domain::time::{DAY, SECOND};
use crate::lookup::Settings;
use crate::wire::{KeyKind, Secret};
use std::sync::Arc;

/// Alerts wait for an answer, so no answer is waited for any longer.
const MOST_WAIT: i64 = 2 * SECOND;

/// `[lookup]`, where it is written.
#[derive(Clone)]
pub struct LookupConfig {
    /// Whom to ask, and with which secret.
    pub settings: Arc<Settings>,
    /// How long an answer is waited for, in milliseconds.
    pub timeout_ms: i64,
    /// How long what it said is not asked again, in milliseconds.
    pub keep_ms: i64,
    /// Whether alerts tell it.
    pub in_alerts: bool,
}

/// The section.
pub(super) const SHAPE: Shape = Shape {
    kind: "lookup",
    named: false,
    doc: "Your own system that says who a customer is. It is asked when a case opens: a signed POST \
          of {network, handle, author_id, mail, order_numbers}, answered by JSON with any of since \
          (a day), value (low, normal, high, vip), order {number, state}, link (https) and name; by \
          404 or {} for who is unknown.",
    example: "",
    fields: FIELDS,
};

const FIELDS: &[Field] = &[
    must(
        "url",
        Form::Plain(KeyKind::Url),
        "Where it is asked.",
        r#""https://crm.acme.example/ascolto""#,
    ),
    must(
        "secret",
        Form::Plain(KeyKind::Secret),
        "Signing secret, shared with it (Standard Webhooks 1.0): `whsec_` and the base64 of 24 to 64 \
         random bytes.",
        r#""whsec_YW4gZXhhbXBsZSwgbm90IGEgc2VjcmV0IQ==""#,
    ),
    may(
        "timeout",
        Form::Duration,
        "How long an answer is waited for, 2s at most: alerts wait as long. Default 2s.",
        r#""2s""#,
    ),
    may(
        "keep",
        Form::Duration,
        "How long its answer holds before it is asked again; that somebody is unknown holds an hour. \
         Default 24h.",
        r#""24h""#,
    ),
    may(
        "in_alerts",
        Form::Plain(KeyKind::Flag),
        "Whether alerts tell what it said, on one line; the case page does in any case. Default true.",
        "true",
    ),
];

/// Reads the section; `None` where there is none, or it does not do.
pub(super) fn read(sections: &Sections, problems: &mut Problems) -> Option<LookupConfig> {
    let section = sections.of("lookup").next()?;
    let keys = check(section, section.shape.fields, false, problems);
    let timeout_ms: i64 = keys.get("timeout").unwrap_or(MOST_WAIT);
    if timeout_ms > MOST_WAIT {
        let remedy = "Write 2s or less, as in timeout = \"2s\".";
        let what = "alerts would wait for it for too long";
        problems.add(&keys.place("timeout"), keys.key("timeout"), what, remedy);
    }
    let (url, secret): (Option<String>, Option<Secret>) = (keys.get("url"), keys.get("secret"));
    let (url, secret) = url.zip(secret)?;
    match Settings::new(&url, secret) {
        Ok(settings) => Some(LookupConfig {
            settings: Arc::new(settings),
            timeout_ms,
            keep_ms: keys.get("keep").unwrap_or(DAY),
            in_alerts: keys.get("in_alerts").unwrap_or(true),
        }),
        Err((key, what, remedy)) => {
            problems.add(&keys.place(key), keys.key(key), what, remedy);
            None
        }
    }
}
