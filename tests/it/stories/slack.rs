//! A case in a Slack channel: one message that changes, a word in its thread for what rings, and
//! presses that come back with whoever Slack vouches for.

use crate::doubles::slack::{self, CHANNEL, Slack};
use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::domain::time::MINUTE;
use ascolto::fetch::{Peer, Purpose};
use ascolto::links::Act as Link;
use ascolto::pipeline::acts::Act;
use ascolto::wire::{Answer, Asks, Called, Form, Frame, HookRequest, Method, Press, Pressed};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna! <!channel> <@U1> ``` <https://evil.example|Apri>"}"#;

/// A town whose brand is told in a channel.
async fn with_a_desk(script: &str) -> (Town, Slack) {
    let slack = Slack::start().await;
    let more = format!("[recipient.desk]\n{}", slack.recipient());
    let plan = Plan { script, recipients: &["desk"], more: &more, ..Plan::default() };
    (Town::of(plan).await, slack)
}

/// The names of the buttons of the only message.
fn buttons(slack: &Slack) -> Vec<String> {
    let standing = slack.standing();
    assert_eq!(standing.len(), 1, "{standing:?}");
    let rows = standing[0].blocks.as_array().unwrap().iter().filter(|b| b["type"] == "actions");
    let all = rows.flat_map(|row| row["elements"].as_array().unwrap());
    all.map(|button| button["action_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_case_is_one_message_that_changes_as_it_moves() {
    let (t, slack) = with_a_desk(COMPLAINT).await;
    t.pass(4).await;
    assert!(buttons(&slack).contains(&"take".to_owned()), "{:?}", buttons(&slack));
    t.act("p1", "ada", Act::Take).await.unwrap();
    let taken = &slack.standing()[0];
    assert_eq!(taken.edits, 1);
    assert!(taken.text.starts_with("Preso in carico da ada: acme"), "{}", taken.text);
    t.pass(1).await;
    let url = "https://social.example/@acme/9".to_owned();
    t.act("p1", "ada", Act::Answered(url.clone())).await.unwrap();
    let answered = &slack.standing()[0];
    assert!(answered.blocks.to_string().contains(&format!("<{url}>")), "{}", answered.blocks);
    assert_eq!(buttons(&slack), ["open", "original"], "nothing is left to do");
    assert!(slack.thread(&answered.ts).is_empty(), "nothing rang");
    assert_eq!(t.updates("p1").await, ["case_moved sent", "case_moved sent"]);
    for call in slack.log.all() {
        assert_eq!(call.answer["ok"], true, "{}: {}", call.method, call.answer);
        let text = call.body["text"].as_str().unwrap();
        assert!(!text.contains('<'), "it could ping: {text}");
        let read = call.body["blocks"].to_string().matches("\"mrkdwn\"").count();
        let ours = usize::from(call.body["blocks"].to_string().contains(&url));
        assert_eq!(read, ours, "only what holds a link of ours is read as markup");
    }
    t.close().await;
}

#[tokio::test]
async fn what_rings_is_said_in_the_thread_of_its_message() {
    let again = r#"{"at":10,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"p1","lang":"it","text":"@acme ancora niente, pacco sempre perso e nessuno risponde, vergogna!"}"#;
    let (t, slack) = with_a_desk(&format!("{COMPLAINT}\n{again}")).await;
    t.pass(15).await;
    let standing = slack.standing();
    assert_eq!((standing.len(), standing[0].edits), (1, 1));
    let words = slack.thread(&standing[0].ts);
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(words[0].starts_with("Reclama di nuovo: acme"), "{words:?}");
    assert!(slack.log.all().iter().all(|call| call.body["channel"] == CHANNEL));
    t.close().await;
}

#[tokio::test]
async fn a_limit_is_waited_for_however_slack_says_it() {
    let (t, slack) = with_a_desk(COMPLAINT).await;
    slack.script.then(Trouble::Refuse(429, Some(30)));
    slack.refuse("ratelimited");
    t.pass(6).await;
    let told: Vec<Value> =
        slack.log.all().into_iter().map(|call| call.answer["ok"].clone()).collect();
    assert_eq!(told, [Value::Null, json!(false), json!(true)]);
    assert_eq!(slack.standing().len(), 1);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.close().await;
}

/// What the app does by hand in these tests: reads a message of the socket.
async fn frame(t: &Town, socket: &mut WebSocketStream<TcpStream>) -> Frame {
    let message = socket.next().await.expect("it is open").expect("it is whole");
    let desk = &t.deps.recipients["desk"];
    let owned = t.deps.engine.ctx(Peer::Notifier(desk.notifier), &desk.link).await.unwrap();
    desk.notifier.frame(message.to_text().unwrap().as_bytes(), &owned.cx())
}

/// Acknowledges a press and answers whoever pressed.
async fn reply(t: &Town, socket: &mut WebSocketStream<TcpStream>, press: &Press, answer: &Answer) {
    let desk = &t.deps.recipients["desk"];
    let peer = Peer::Notifier(desk.notifier);
    let owned = t.deps.engine.ctx(peer, &desk.link).await.unwrap();
    let ack = String::from_utf8(desk.notifier.acked(press, answer, &owned.cx())).unwrap();
    socket.send(Message::text(ack)).await.unwrap();
    if let Some(talk) = desk.notifier.answer(press, answer, &owned.cx()) {
        let talk = t.deps.engine.begin(peer, &desk.link, talk, Purpose::Alert, None);
        talk.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_press_comes_back_by_the_socket_and_whoever_pressed_is_told() {
    let (t, slack) = with_a_desk(COMPLAINT).await;
    t.pass(4).await;
    let desk = &t.deps.recipients["desk"];
    let peer = Peer::Notifier(desk.notifier);
    let owned = t.deps.engine.ctx(peer, &desk.link).await.unwrap();
    let way = desk.notifier.socket(&owned.cx()).expect("it has a token for it");
    let way = t.deps.engine.begin(peer, &desk.link, way, Purpose::LogIn, None);
    let way = way.finish().await.unwrap();
    let mut socket = slack::connect(way.open.request.url.as_str()).await;
    assert_eq!(frame(&t, &mut socket).await, Frame::default(), "a greeting");

    let id = slack.press("take", "U1");
    let press = frame(&t, &mut socket).await.press.expect("it is a press");
    assert_eq!(press.by, "U1");
    let Pressed::Button(token) = &press.did else { panic!("{press:?}") };
    let button = t.deps.signer.check_button(token, "desk", t.deps.now()).unwrap();
    assert_eq!((button.act, button.case), (Link::Take, t.id("p1").await));
    let done = Answer { text: "Preso in carico".into(), done: true, ..Answer::default() };
    reply(&t, &mut socket, &press, &done).await;
    assert_eq!(slack.acks.wait_for(1).await, [json!({ "envelope_id": id })]);
    assert_eq!(slack.whispers("U1"), ["Preso in carico"]);

    slack.press("waive", "U1");
    let press = frame(&t, &mut socket).await.press.expect("it is a press");
    let Pressed::Button(token) = press.did.clone() else { panic!("{press:?}") };
    let form = Form {
        title: "Nessuna risposta necessaria".into(),
        label: "Perché?".into(),
        text: String::new(),
        send: "Conferma".into(),
        button: token.clone(),
        asks: Asks::Reason,
        limit: None,
    };
    reply(&t, &mut socket, &press, &Answer { form: Some(form), ..Answer::default() }).await;
    assert_eq!(slack.view().unwrap()["close"]["text"], "Annulla", "in the recipient's language");
    slack.submit(&json!({ "said": "spam" }), "U1");
    let sent = frame(&t, &mut socket).await.press.expect("it is a press");
    assert_eq!(sent.did, Pressed::Form { button: token, said: "spam".into() });
    assert_ne!(sent.key, press.key);
    let late = Answer { text: "Nel frattempo ha risposto ada".into(), ..Answer::default() };
    reply(&t, &mut socket, &sent, &late).await;
    let told = slack.acks.wait_for(3).await[2].clone();
    assert_eq!(told["payload"]["errors"]["said"], "Nel frattempo ha risposto ada");
    assert_eq!(slack.whispers("U1").len(), 1, "it is said where it was written");

    slack.press("take", "T9/U1");
    let guest = frame(&t, &mut socket).await.press.expect("it is a press");
    assert_eq!(guest.by, "T9/U1", "nobody of ours");
    slack.press("open", "U1");
    let opened = frame(&t, &mut socket).await;
    assert!(opened.press.is_none() && opened.answer.is_some(), "it opened a page");
    slack.say(json!({ "type": "disconnect", "reason": "refresh_requested" }));
    assert!(frame(&t, &mut socket).await.ends);
    t.close().await;
}

#[tokio::test]
async fn a_signed_call_brings_the_same_press() {
    let (t, slack) = with_a_desk(COMPLAINT).await;
    t.pass(4).await;
    let desk = &t.deps.recipients["desk"];
    let owned = t.deps.engine.ctx(Peer::Notifier(desk.notifier), &desk.link).await.unwrap();
    let payload = slack.pressed("take", "U1");
    let called = |at| {
        let (headers, body) = slack::signed(&payload, at);
        let req = HookRequest {
            method: Method::Post,
            query: &[],
            headers: &headers,
            body: body.as_bytes(),
        };
        desk.notifier.hook(&req, &owned.cx())
    };
    let Called::Presses(presses) = called(t.deps.now()) else { panic!("it is genuine") };
    assert!(presses.len() == 1 && desk.notifier.is_mine(&presses[0], &owned.cx()));
    assert_eq!(presses[0].by, "U1");
    assert_eq!(Called::Presses(presses), called(t.deps.now()), "brought again it is the same");
    assert!(matches!(called(t.deps.now() - 6 * MINUTE), Called::Refuse(_)), "a recording");
    t.close().await;
}
