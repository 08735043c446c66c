//! That the double refuses what Slack refuses, and brings presses as Slack brings them.

use super::*;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

async fn ask(slack: &Slack, token: &str, method: &str, body: &Value) -> Value {
    let request = super::super::client().post(format!("{}/api/{method}", slack.url));
    let request = super::super::with_json(request.bearer_auth(token), body);
    super::super::read_json(request.send().await).await.expect("Slack answers JSON")
}

/// A message with a button.
fn good() -> Value {
    json!({ "channel": CHANNEL, "text": "A complaint", "blocks": [
        { "type": "section", "text": { "type": "plain_text", "text": "gino: no parcel" } },
        { "type": "actions", "block_id": "acts-en", "elements": [
            { "type": "button", "action_id": "take", "value": "tok",
              "text": { "type": "plain_text", "text": "Take" } },
        ] },
    ] })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut body = good();
    *body.pointer_mut(pointer).expect("it stands there") = value;
    body
}

#[tokio::test]
async fn it_refuses_what_slack_refuses() {
    let slack = Slack::start().await;
    let button = good()["blocks"][1]["elements"][0].clone();
    let section = good()["blocks"][0].clone();
    let text = |length: usize| json!({ "type": "plain_text", "text": "x".repeat(length) });
    for (error, body) in [
        ("channel_not_found", with("/channel", json!("alerts"))),
        ("no_text", with("/text", json!(""))),
        ("msg_too_long", with("/text", json!("x".repeat(4_001)))),
        ("invalid_arguments", json!({ "channel": CHANNEL, "text": "a", "colour": "red" })),
        ("invalid_blocks", with("/blocks", json!(vec![section; 51]))),
        ("invalid_blocks", with("/blocks/0/type", json!("image"))),
        ("invalid_blocks", with("/blocks/0/text", text(3_001))),
        ("invalid_blocks", with("/blocks/0/text", text(0))),
        ("invalid_blocks", with("/blocks/0/text/type", json!("html"))),
        ("invalid_blocks", with("/blocks/1/elements", json!(vec![button.clone(); 2]))),
        ("invalid_blocks", with("/blocks/1/elements", json!([]))),
        ("invalid_blocks", with("/blocks/1/elements/0/text", text(76))),
        ("invalid_blocks", with("/blocks/1/elements/0/value", json!("x".repeat(2_001)))),
        ("invalid_blocks", with("/blocks/1/elements/0/text/type", json!("mrkdwn"))),
        ("thread_not_found", json!({ "channel": CHANNEL, "text": "a", "thread_ts": "1.1" })),
    ] {
        let answer = ask(&slack, TOKEN, "chat.postMessage", &body).await;
        assert_eq!((&answer["ok"], &answer["error"]), (&json!(false), &json!(error)), "{answer}");
    }
    assert_eq!(
        ask(&slack, "xoxb-wrong", "chat.postMessage", &good()).await["error"],
        "invalid_auth"
    );
    let other = ask(&slack, APP_TOKEN, "chat.postMessage", &good()).await;
    assert_eq!(other["error"], "not_allowed_token_type");
    assert_eq!(ask(&slack, TOKEN, "chat.delete", &json!({})).await["error"], "unknown_method");
    assert!(slack.standing().is_empty());

    let posted = ask(&slack, TOKEN, "chat.postMessage", &good()).await;
    let ts = posted["ts"].as_str().expect("it stands there").to_owned();
    let change = json!({ "channel": CHANNEL, "ts": ts, "text": "Taken", "blocks": [] });
    assert_eq!(ask(&slack, TOKEN, "chat.update", &change).await["ok"], true);
    let word = json!({ "channel": CHANNEL, "thread_ts": ts, "text": "again" });
    assert_eq!(ask(&slack, TOKEN, "chat.postMessage", &word).await["ok"], true);
    let standing = slack.standing();
    let [stands] = standing.as_slice() else { panic!("one message stands") };
    assert_eq!((stands.text.as_str(), stands.edits, &stands.blocks), ("Taken", 1, &json!([])));
    assert_eq!(slack.thread(&ts), ["again"]);
    slack.refuse("ratelimited");
    assert_eq!(ask(&slack, TOKEN, "chat.update", &change).await["error"], "ratelimited");
    slack.delete(&ts);
    assert_eq!(ask(&slack, TOKEN, "chat.update", &change).await["error"], "message_not_found");
    let stranger = json!({ "channel": CHANNEL, "user": "ann", "text": "a" });
    let answer = ask(&slack, TOKEN, "chat.postEphemeral", &stranger).await;
    assert_eq!(answer["error"], "user_not_in_channel");
}

#[tokio::test]
async fn a_press_goes_by_the_socket_and_opens_a_form_once() {
    let slack = Slack::start().await;
    ask(&slack, TOKEN, "chat.postMessage", &good()).await;
    let way = ask(&slack, APP_TOKEN, "apps.connections.open", &json!({})).await;
    let url = way["url"].as_str().expect("it names the way");
    let mut socket = connect(url).await;
    let mut next = async || -> Value {
        let message = socket.next().await.expect("it is open").expect("it is whole");
        serde_json::from_str(message.to_text().expect("text")).expect("JSON")
    };
    assert_eq!(next().await["type"], "hello");
    let id = slack.press("take", "U1");
    let envelope = next().await;
    assert_eq!(envelope["envelope_id"], json!(id));
    let payload = &envelope["payload"];
    assert_eq!(payload["actions"][0]["value"], "tok");
    assert_eq!((&payload["user"]["id"], &payload["user"]["team_id"]), (&json!("U1"), &json!(TEAM)));
    let input = json!({ "type": "input", "block_id": "said",
        "label": { "type": "plain_text", "text": "Why?" },
        "element": { "type": "plain_text_input", "action_id": "said", "max_length": 10 } });
    let label = json!({ "type": "plain_text", "text": "Send" });
    let view = json!({ "type": "modal", "callback_id": "a", "private_metadata": "m",
        "title": label, "submit": label, "close": label, "blocks": [input] });
    let open = json!({ "trigger_id": payload["trigger_id"], "view": view });
    let mut long = open.clone();
    long["view"]["blocks"][0]["element"]["initial_value"] = json!("x".repeat(11));
    assert_eq!(ask(&slack, TOKEN, "views.open", &open).await["ok"], true);
    assert_eq!(ask(&slack, TOKEN, "views.open", &open).await["error"], "expired_trigger_id");
    assert_eq!(slack.view().expect("it is open")["private_metadata"], "m");
    slack.submit(&json!({ "said": "spam" }), "U1");
    let sent = next().await["payload"].clone();
    assert_eq!(sent["view"]["state"]["values"]["said"]["said"]["value"], "spam");
    long["trigger_id"] = sent["trigger_id"].clone();
    assert_eq!(ask(&slack, TOKEN, "views.open", &long).await["error"], "invalid_arguments");
    let ack = json!({ "envelope_id": id });
    socket.send(Message::text(ack.to_string())).await.expect("it is open");
    assert_eq!(slack.acks.wait_for(1).await, [ack]);
}
