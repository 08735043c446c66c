//! A company's own system that says who a customer is: takes nothing but a signed question of the
//! documented shape, and answers 404 for whom it does not know.

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// With which it checks signatures.
pub const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
/// All that a question may hold.
const FIELDS: [&str; 5] = ["network", "handle", "author_id", "mail", "order_numbers"];

/// One question.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What was asked; null if it was no JSON.
    pub question: Value,
    /// What is wrong with it; `None` if it was taken.
    pub fault: Option<String>,
}

/// The system.
pub struct Crm {
    /// Where it is asked.
    pub url: String,
    /// Every question.
    pub log: Log<Asked>,
    /// What goes wrong.
    pub script: Script,
    shared: Shared,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Asked>,
    script: Script,
    webhook: Arc<Webhook>,
    customers: Arc<Mutex<HashMap<String, Value>>>,
}

impl Crm {
    /// Starts it without any customer.
    pub async fn start() -> Crm {
        let shared = Shared {
            log: Log::default(),
            script: Script::default(),
            webhook: Arc::new(Webhook::new(SECRET).expect("it is a secret")),
            customers: Arc::default(),
        };
        let router = Router::new().route("/who", post(who)).with_state(shared.clone());
        let server = Server::start(router).await;
        Crm {
            url: format!("{}/who", server.url),
            log: shared.log.clone(),
            script: shared.script.clone(),
            shared,
            _server: server,
        }
    }

    /// The author with this id is that customer.
    pub fn knows(&self, author: &str, customer: Value) {
        let mut customers = self.shared.customers.lock().unwrap_or_else(PoisonError::into_inner);
        customers.insert(author.to_owned(), customer);
    }
}

async fn who(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trouble: Option<Trouble> = shared.script.take();
    let question: Value = serde_json::from_slice(&body).unwrap_or_default();
    let fault = fault(&shared, &headers, &body, &question).err();
    shared.log.add(Asked { question: question.clone(), fault: fault.clone() });
    through(trouble, &line, async {
        if let Some(why) = fault {
            return (StatusCode::BAD_REQUEST, why).into_response();
        }
        let customers = shared.customers.lock().unwrap_or_else(PoisonError::into_inner);
        let author = question["author_id"].as_str().unwrap_or_default();
        match customers.get(author) {
            Some(customer) => Json(customer.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    })
    .await
}

fn fault(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    question: &Value,
) -> Result<(), String> {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|v| v.to_str().ok()).filter(|v| !v.is_empty());
        value.ok_or_else(|| format!("no {name} header"))
    };
    let id = text(HEADER_WEBHOOK_ID)?;
    let sent = text(HEADER_WEBHOOK_TIMESTAMP)?;
    let sent: i64 = sent.parse().map_err(|_| format!("{sent} are no seconds"))?;
    if id.contains('.') {
        return Err(format!("{id} may not contain a full stop"));
    }
    let right = shared.webhook.sign(id, sent, body).map_err(|e| e.to_string())?;
    if text(HEADER_WEBHOOK_SIGNATURE)? != right {
        return Err("the signature is not ours".to_owned());
    }
    if !text(header::CONTENT_TYPE.as_str())?.starts_with("application/json") {
        return Err("the body is not called JSON".to_owned());
    }
    let fields = question.as_object().ok_or("the question is no JSON object")?;
    if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(format!("unknown field {unknown}"));
    }
    let is_text = |key: &str| question[key].is_string();
    let mail = fields.get("mail").is_none_or(|m| m.as_str().is_some_and(|m| m.contains('@')));
    let numbers = question["order_numbers"].as_array();
    let numbers = numbers.is_some_and(|list| list.iter().all(Value::is_string));
    let right = is_text("network") && is_text("handle") && is_text("author_id") && mail && numbers;
    if right { Ok(()) } else { Err("a field is absent or has the wrong form".to_owned()) }
}

#[tokio::test]
async fn only_a_signed_question_of_the_right_shape_is_answered() {
    let crm = Crm::start().await;
    crm.knows("109", serde_json::json!({ "value": "vip" }));
    let signer = Webhook::new(SECRET).unwrap();
    let client = super::client();
    let whole = r#"{"network":"x","handle":"jo","author_id":"109","order_numbers":[]}"#;
    let ask = async |signed: &str, body: &str| {
        let request = client.post(&crm.url).header("content-type", "application/json");
        let signature = signer.sign("msg_1", 7, signed.as_bytes()).unwrap();
        let request = request.header(HEADER_WEBHOOK_ID, "msg_1");
        let request = request.header(HEADER_WEBHOOK_TIMESTAMP, 7);
        let request = request.header(HEADER_WEBHOOK_SIGNATURE, signature).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(whole, whole).await, 200);
    assert_eq!(ask("{}", whole).await, 400, "another text was signed");
    for bad in [
        "[]",
        r#"{"network":"x","handle":"jo","author_id":"109"}"#,
        r#"{"network":"x","handle":"jo","author_id":109,"order_numbers":[]}"#,
        r#"{"network":"x","handle":"jo","author_id":"109","order_numbers":[1]}"#,
        r#"{"network":"x","handle":"jo","author_id":"109","order_numbers":[],"mail":null}"#,
        r#"{"network":"x","handle":"jo","author_id":"109","order_numbers":[],"text":"hi"}"#,
    ] {
        assert_eq!(ask(bad, bad).await, 400, "{bad}");
    }
    let stranger = whole.replace("109", "110");
    assert_eq!(ask(&stranger, &stranger).await, 404);
    crm.script.then(Trouble::Refuse(503, None));
    assert_eq!(ask(whole, whole).await, 503);
    assert_eq!(crm.log.all().iter().filter(|asked| asked.fault.is_none()).count(), 3);
}
