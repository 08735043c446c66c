//! Lookup: one signed question to the company's own system: who is this customer? Pure.
//!
//! The question is a `POST` of JSON, signed by Standard Webhooks 1.0, and every field of the answer may
//! be missing. An answer is as hostile as anything from outside: what does not read as it should is
//! left out. Who is unknown is answered by 404, 204 or `{}`.

use crate::domain::customer::{CustomerFacts, Order, inert};
use crate::domain::time::MINUTE;
use crate::wire::{
    Ask, Body, Bucket, BucketRule, Counts, Ctx, Fault, Got, Method, Request, Secret, Step, Talk,
    Via,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

/// What is asked.
const ASK: Bucket = Bucket("ask");

/// No system of a company is asked more often, so that a wave of complaints is none of questions.
pub static BUCKETS: &[BucketRule] =
    &[BucketRule { bucket: ASK, counts: Counts::Token, limit: 600, window_ms: MINUTE, reserve: 0 }];

/// A longer answer is none, in bytes.
const MOST_BYTES: usize = 16 * 1024;
/// A longer address is none, in bytes.
const MOST_LINK: usize = 500;
/// The longest number of an order, state and name, in characters.
const MOST_NUMBER: usize = 40;
const MOST_TEXT: usize = 60;
/// Nobody has been a customer for longer.
const OLDEST: i16 = 1900;

/// Whom to ask.
pub struct Settings {
    url: Url,
    /// Checked to be `whsec_` and base64.
    secret: Secret,
}

impl Settings {
    /// Checks address and secret.
    ///
    /// # Errors
    /// The key that does not do, what is wrong with it, and what to write.
    pub fn new(
        url: &str,
        secret: Secret,
    ) -> Result<Settings, (&'static str, &'static str, &'static str)> {
        let url = Url::parse(url)
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or(("url", "no address", "Write one that begins with https://."))?;
        let key = secret.expose().strip_prefix("whsec_").and_then(|k| STANDARD.decode(k).ok());
        if !key.is_some_and(|k| (24..=64).contains(&k.len())) {
            let remedy = "Write whsec_ and the base64 of 24 to 64 random bytes, for example from \
                          `openssl rand -base64 32`, the same on both sides.";
            return Err(("secret", "no signing secret", remedy));
        }
        Ok(Settings { url, secret })
    }
}

/// What is told of whom we ask about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The network's name.
    pub network: String,
    /// The handle there; of a mail its address.
    pub handle: String,
    /// The author's id there.
    pub author_id: String,
    /// An address of mail, where one was written or written from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Numbers in what was written that may be those of orders, without blanks and dashes.
    pub order_numbers: Vec<String>,
}

/// The conversation: one question, one answer.
pub struct Asking {
    id: String,
    question: Question,
}

impl Asking {
    /// Asks under an id (`msg_…`), which holds no full stop.
    pub fn new(id: String, question: Question) -> Asking {
        Asking { id, question }
    }
}

impl Talk<CustomerFacts> for Asking {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<CustomerFacts> {
        let settings: &Settings = cx.settings();
        let seconds = cx.now.0.div_euclid(1_000);
        let json = serde_json::to_vec(&self.question).unwrap_or_default();
        let signature = standardwebhooks::Webhook::new(settings.secret.expose())
            .and_then(|hook| hook.sign(&self.id, seconds, &json))
            .expect("the secret was checked when it was read, and JSON is UTF-8");
        let mut request = Request::new(Method::Post, settings.url.clone())
            .header("accept", "application/json")
            .header("webhook-id", self.id.clone())
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signature);
        request.body = Body::Json(json);
        let ask = Ask { via: Via::Http(request), tag: 0, spend: &[(ASK, 1)], auth: false };
        Step::Ask(vec![ask])
    }

    fn read(&mut self, _: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<CustomerFacts>, Fault> {
        let res = got.http()?;
        if res.status == 204 {
            return Ok(Step::Done(CustomerFacts::default()));
        }
        if res.body.len() > MOST_BYTES {
            return Err(Fault::bug(format!("the answer is longer than {MOST_BYTES} bytes")));
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice(&res.body) else {
            return Err(Fault::bug("the answer is no JSON object; let [lookup] url answer one"));
        };
        let today = cx.now.timestamp().to_zoned(TimeZone::UTC).date();
        Ok(Step::Done(facts(&fields, today)))
    }
}

/// What of an answer reads as it should.
fn facts(fields: &Map<String, Value>, today: Date) -> CustomerFacts {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    // Somewhere it is tomorrow already.
    let last = today.tomorrow().unwrap_or(today);
    let since: Option<Date> = text("since").trim().parse().ok();
    CustomerFacts {
        since: since.filter(|day| day.year() >= OLDEST && *day <= last),
        value: text("value").trim().to_ascii_lowercase().parse().ok(),
        order: fields.get("order").and_then(order),
        link: link(text("link")).unwrap_or_default(),
        name: inert(text("name"), MOST_TEXT),
    }
}

fn order(value: &Value) -> Option<Order> {
    let number = match value.get("number")? {
        Value::String(text) => inert(text, MOST_NUMBER),
        Value::Number(number) => inert(&number.to_string(), MOST_NUMBER),
        _ => return None,
    };
    let state = value.get("state").and_then(Value::as_str).unwrap_or_default();
    (!number.is_empty()).then(|| Order { number, state: inert(state, MOST_TEXT) })
}

/// An https address without a log-in in it.
fn link(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok().filter(|_| text.len() <= MOST_LINK)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.host_str().is_some();
    (url.scheme() == "https" && plain).then(|| url.to_string())
}

#[cfg(test)]
mod tests;
