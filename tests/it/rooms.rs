//! Alerts by servers that nobody here wrote: a room of Matrix's Synapse, and Apprise.

use crate::doubles::ntfy::Ntfy;
use crate::doubles::{client, read_json, ready, told, with_json};
use crate::scene::{COMPLAINT, Scene};
use serde_json::{Value, json};

/// Hands a complaint over to the house.
async fn complains(s: &Scene, id: &str, text: &str) {
    let mention = json!([{
        "network": "forum", "channel": "post", "external_id": id, "kind": "post",
        "visibility": "public", "author": { "id": id, "handle": id, "name": id }, "text": text,
        "created_at": s.deps.now(), "url": format!("https://forum.example/{id}"),
        "thread_id": id, "attachments": [],
    }]);
    let answer = s.api("POST", "/api/v1/mentions", mention).await;
    assert_eq!(answer["new"], 1, "{answer}");
    s.drain().await;
}

/// Does something with the only case in that state, as a colleague does in the inbox.
async fn acts(s: &Scene, act: &str, body: Value) {
    let case = s.case("waiting").await;
    let id = case["case"]["id"].as_str().unwrap().to_owned();
    s.api("POST", &format!("/api/v1/cases/{id}/{act}"), body).await;
    s.poll().await;
}

/// Somebody with an account on the homeserver.
struct Account {
    url: String,
    id: String,
    token: String,
}

impl Account {
    async fn register(url: &str, name: &str) -> Account {
        let body = json!({
            "username": name, "password": format!("{name} has a password"),
            "auth": { "type": "m.login.dummy" },
        });
        let request = client().post(format!("{url}/_matrix/client/v3/register"));
        let made = read_json(with_json(request, &body).send().await).await.expect("an answer");
        let text = |key: &str| made[key].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Account { url: url.to_owned(), id: text("user_id"), token: text("access_token") }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = client().post(format!("{}/_matrix/client/v3/{path}", self.url));
        let request = with_json(request.bearer_auth(&self.token), body);
        read_json(request.send().await).await.expect("an answer")
    }

    /// What was written into a room, oldest first.
    async fn reads(&self, room: &str) -> Vec<Value> {
        let path = format!("rooms/{room}/messages?dir=b&limit=100");
        let request = client().get(format!("{}/_matrix/client/v3/{path}", self.url));
        let read = read_json(request.bearer_auth(&self.token).send().await).await.expect("JSON");
        let mut events = read["chunk"].as_array().expect("events").clone();
        events.retain(|event| event["type"] == "m.room.message");
        events.reverse();
        events
    }
}

/// A room with the bot and an agent of the team in it.
async fn room(test: &str) -> (Account, Account, String) {
    let url = told("ASCOLTO_TEST_MATRIX", "Matrix homeserver");
    ready("matrix", &format!("{url}/health")).await;
    let bot = Account::register(&url, &format!("bot-{test}")).await;
    let ann = Account::register(&url, &format!("ann-{test}")).await;
    let made = bot.post("createRoom", &json!({ "name": "Social", "invite": [ann.id] })).await;
    let room = made["room_id"].as_str().expect("a room").to_owned();
    let joined = ann.post(&format!("rooms/{room}/join"), &json!({})).await;
    assert_eq!(joined["room_id"], room.as_str(), "{joined}");
    (bot, ann, room)
}

fn table(bot: &Account, room: &str) -> String {
    format!(
        "notifier = \"matrix\"\nserver = \"{}\"\ntoken = \"{}\"\nroom = \"{room}\"\n",
        bot.url, bot.token
    )
}

#[tokio::test]
async fn an_alert_in_a_matrix_room_stands_once_and_is_changed_in_place() {
    let (bot, ann, room) = room("changes").await;
    let s = Scene::telling("network = \"ingest\"", &[], &table(&bot, &room)).await;
    complains(&s, "gino", &format!("@room Acme <b>{COMPLAINT}</b>")).await;
    let stands = ann.reads(&room).await;
    assert_eq!(stands.len(), 1, "{stands:?}");
    let (first, content) = (stands[0]["event_id"].clone(), &stands[0]["content"]);
    assert_eq!(content["m.mentions"], json!({}), "nobody is pinged by what a customer writes");
    assert!(content["formatted_body"].as_str().unwrap().contains("&lt;b&gt;"), "{content}");
    acts(&s, "take", Value::Null).await;
    let stands = ann.reads(&room).await;
    assert_eq!(stands.len(), 2, "{stands:?}");
    assert_eq!(stands[1]["content"]["m.relates_to"]["event_id"], first);
    assert_eq!(stands[1]["content"]["m.relates_to"]["rel_type"], "m.replace");
    let told = stands[1]["content"]["m.new_content"]["body"].as_str().unwrap();
    assert!(told.contains("ada"), "who took it: {told}");
    assert_eq!(s.ntfy.delivered().len(), 1);
}

#[tokio::test]
async fn apprise_passes_an_alert_on_to_the_services_with_the_tag() {
    let url = told("ASCOLTO_TEST_APPRISE", "Apprise API server");
    ready("apprise", &format!("{url}/status")).await;
    let phone = Ntfy::start(None).await;
    let service = phone.url.replace("http://", "ntfy://");
    let urls =
        json!({ "urls": [format!("oncall={service}/team-topic"), "other=json://127.0.0.1:9"] });
    let request = client().put(format!("{url}/add/passes-on"));
    assert!(with_json(request, &urls).send().await.expect("an answer").status().is_success());
    let table = format!(
        "notifier = \"apprise\"\nserver = \"{url}\"\nkey = \"passes-on\"\ntag = \"oncall\""
    );
    let s = Scene::telling("network = \"ingest\"", &[], &table).await;
    complains(&s, "gino", &format!("Acme, {COMPLAINT}")).await;
    let passed = phone.delivered();
    assert_eq!(passed.len(), 1, "{passed:?}");
    assert_eq!(passed[0]["topic"], "team-topic");
    let message = passed[0]["message"].as_str().unwrap();
    assert!(message.contains("gino: Acme") && message.contains("/cases/"), "{message}");
    acts(&s, "take", Value::Null).await;
    assert_eq!(phone.delivered().len(), 2, "what cannot be changed is followed by a short word");
}
