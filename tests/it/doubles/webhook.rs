//! A receiver of Standard Webhooks: checks every signature with the reference library.
//!
//! Time comes from the test's clock, so a signature made at rehearsed time is neither too old nor
//! from the future. Rules: the Standard Webhooks specification.

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use ascolto::clock::Clock;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use serde_json::Value;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};
use std::sync::Arc;

/// How far a timestamp may be from now, in seconds.
const TOLERANCE: i64 = 5 * 60;
/// The longest body that receivers are asked to take.
const MOST_BODY: usize = 20_000;

/// One delivery.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The `webhook-id`: the same for every attempt at one alert.
    pub id: String,
    /// The body; null if it was not JSON.
    pub body: Value,
    /// What is wrong with it; `None` if it was taken.
    pub fault: Option<String>,
    /// Whether it arrived, whatever was answered.
    pub delivered: bool,
}

/// The receiver.
pub struct Receiver {
    /// Where to send to.
    pub url: String,
    /// Every request.
    pub log: Log<Delivery>,
    /// What goes wrong.
    pub script: Script,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Delivery>,
    script: Script,
    clock: Clock,
    webhook: Arc<Webhook>,
}

impl Receiver {
    /// Starts it with a secret of the form `whsec_…`.
    pub async fn start(secret: &str, clock: Clock) -> Receiver {
        let webhook = Webhook::new(secret).expect("tests give secrets of the form whsec_BASE64");
        let shared = Shared {
            log: Log::default(),
            script: Script::default(),
            clock,
            webhook: Arc::new(webhook),
        };
        let router = Router::new().route("/hook", post(receive)).with_state(shared.clone());
        let server = Server::start(router).await;
        let url = format!("{}/hook", server.url);
        Receiver { url, log: shared.log, script: shared.script, _server: server }
    }

    /// The ids of the deliveries that arrived, in order, repeats included.
    pub fn delivered(&self) -> Vec<String> {
        self.log.all().into_iter().filter(|d| d.delivered).map(|d| d.id).collect()
    }
}

async fn receive(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trouble = shared.script.take();
    let fault = fault(&shared, &headers, &body).err();
    shared.log.add(Delivery {
        id: text(&headers, HEADER_WEBHOOK_ID).unwrap_or_default().to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        delivered: fault.is_none() && trouble.is_none_or(Trouble::carries_out),
        fault: fault.clone(),
    });
    through(trouble, &line, async {
        match fault {
            Some(why) => (StatusCode::BAD_REQUEST, why).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        }
    })
    .await
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, String> {
    let value = headers.get(name).and_then(|v| v.to_str().ok());
    value.filter(|v| !v.is_empty()).ok_or_else(|| format!("no {name} header"))
}

fn fault(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    let id = text(headers, HEADER_WEBHOOK_ID)?;
    if id.contains('.') {
        return Err(format!("{HEADER_WEBHOOK_ID} {id} may not contain a full stop"));
    }
    let sent: i64 = text(headers, HEADER_WEBHOOK_TIMESTAMP)?
        .parse()
        .map_err(|_| format!("{HEADER_WEBHOOK_TIMESTAMP} is not in seconds"))?;
    let off = sent - shared.clock.now().0 / 1000;
    if off.abs() > TOLERANCE {
        return Err(format!("the timestamp is {off} s from now"));
    }
    let right = shared.webhook.sign(id, sent, body).map_err(|e| e.to_string())?;
    if !text(headers, HEADER_WEBHOOK_SIGNATURE)?.split(' ').any(|given| given == right) {
        return Err("the signature is not ours".to_owned());
    }
    if !text(headers, header::CONTENT_TYPE.as_str())?.starts_with("application/json") {
        return Err("the body is not called JSON".to_owned());
    }
    if body.len() >= MOST_BODY {
        return Err(format!("the body has {} bytes, not under {MOST_BODY}", body.len()));
    }
    let read: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    for (field, fits) in [
        ("type", read["type"].is_string()),
        ("timestamp", read["timestamp"].is_string()),
        ("data", read["data"].is_object()),
    ] {
        if !fits {
            return Err(format!("{field} is absent or has the wrong form"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn only_what_is_signed_complete_and_in_time_is_taken() {
    let clock = Clock::manual(ascolto::domain::Instant(1_000_000_000));
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
    let receiver = Receiver::start(secret, clock).await;
    let signer = Webhook::new(secret).unwrap();
    let client = super::client();
    let whole = r#"{"type":"complaint.unanswered","timestamp":"1970-01-12T13:46:40Z","data":{}}"#;
    let send = async |id: &str, at: i64, signed: &str, body: &str| {
        let request = client.post(&receiver.url).header("content-type", "application/json");
        let signature = format!("v1,AAAA {}", signer.sign(id, at, signed.as_bytes()).unwrap());
        let request = request.header(HEADER_WEBHOOK_ID, id).header(HEADER_WEBHOOK_TIMESTAMP, at);
        let request = request.header(HEADER_WEBHOOK_SIGNATURE, signature).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("msg_1", 1_000_000, whole, whole).await, 204);
    assert_eq!(send("msg_1", 1_000_301, whole, whole).await, 400, "from the future");
    assert_eq!(send("msg_1", 999_699, whole, whole).await, 400, "too old");
    assert_eq!(send("msg_1", 1_000_000, "{}", whole).await, 400, "another text was signed");
    assert_eq!(send("msg.1", 1_000_000, whole, whole).await, 400, "a full stop in the id");
    assert_eq!(send("msg_1", 1_000_000, "{}", "{}").await, 400, "no type");
    receiver.script.then(Trouble::Refuse(503, Some(5))).then(Trouble::FailAfter);
    assert_eq!(send("msg_2", 1_000_000, whole, whole).await, 503);
    assert_eq!(send("msg_2", 1_000_300, whole, whole).await, 500);
    assert_eq!(receiver.delivered(), ["msg_1", "msg_2"]);
    let log = receiver.log.all();
    assert!(log[3].fault.as_ref().is_some_and(|f| f.contains("signature")));
    assert_eq!(log[7].body["type"], "complaint.unanswered");
}
