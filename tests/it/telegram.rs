//! The whole way on a Telegram Bot API simulator that nobody here wrote: one complaint, one alert,
//! one reply below it; what is confirmed to Telegram was committed before, over a restart too.

use crate::doubles::proxy::Proxy;
use crate::doubles::trouble::Trouble;
use crate::doubles::{client, read_json, ready, told, with_json};
use crate::scene::{COMPLAINT, Scene};
use crate::town::{Plan, Town};
use ascolto::clock::Clock;
use ascolto::domain::time::SECOND;
use ascolto::fetch::{Peer, Purpose};
use ascolto::links;
use ascolto::pipeline::acts::Act;
use ascolto::wire::{Answer, Pressed};
use reqwest::Method;
use serde_json::{Value, json};

/// The one who writes to the bot.
const JO: i64 = 4_711;

/// A bot of the simulator, as its users see it. Each test has one of its own, by its token.
struct Bot {
    url: String,
    token: &'static str,
    client: reqwest::Client,
}

impl Bot {
    async fn start(token: &'static str) -> Bot {
        let url = told("ASCOLTO_TEST_TELEGRAM", "Telegram simulator");
        ready("telegram", &url).await;
        Bot { url, token, client: client() }
    }

    /// The channel that hears the bot by an address of the API.
    fn channel(&self, api: &str) -> String {
        format!("network = \"telegram\"\ntoken = \"{}\"\napi = \"{api}\"", self.token)
    }

    async fn ask(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/{path}", self.url));
        let answer = read_json(with_json(request, body).send().await).await;
        answer.filter(|answer| answer["ok"] == true).expect("the simulator does it")
    }

    /// Jo writes to the bot, or to a group that it is in.
    async fn hears(&self, chat: &Value, text: &str) {
        let jo = json!({ "id": JO, "first_name": "Jo", "username": "jo_rossi", "is_bot": false });
        let message = json!({
            "botToken": self.token, "from": jo, "chat": chat, "text": text,
            "date": Clock::System.now().0 / SECOND,
        });
        self.ask("sendMessage", &message).await;
    }

    /// What stands in all chats: of users, and of the bot.
    async fn standing(&self) -> (Vec<Value>, Vec<Value>) {
        let history = self.ask("getUpdatesHistory", &json!({ "token": self.token })).await;
        let all = history["result"].as_array().cloned().unwrap_or_default();
        all.into_iter().partition(|entry| entry["message"]["chat_id"].is_null())
    }
}

fn private() -> Value {
    json!({ "id": JO, "type": "private", "first_name": "Jo", "username": "jo_rossi" })
}

#[tokio::test]
async fn a_complaint_to_the_bot_becomes_an_alert_and_exactly_one_reply() {
    let bot = Bot::start("1001:a-reply").await;
    let s = Scene::open(&bot.channel(&bot.url), &[]).await;
    bot.hears(&private(), COMPLAINT).await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "an alert within one poll");
    let told = s.ntfy.delivered()[0].to_string().to_lowercase();
    assert!(!told.contains("settimana"), "private words go to no shared room: {told}");
    s.publish_the_draft().await;
    let (asked, replies) = bot.standing().await;
    assert_eq!((asked.len(), replies.len()), (1, 1), "{replies:?}");
    let reply = &replies[0]["message"];
    assert_eq!(reply["chat_id"], JO);
    assert_eq!(reply["reply_parameters"]["message_id"], asked[0]["messageId"], "{reply}");
    s.case("answered").await;
    for _ in 0..6 {
        s.poll().await;
    }
    assert_eq!(bot.standing().await.1.len(), 1, "and is never sent again");
    assert_eq!(s.ntfy.delivered().len(), 1, "our own reply is no mention");
    assert_eq!(s.mentions().await, 1);
}

#[tokio::test]
async fn of_a_group_only_what_names_the_brand_is_owed_an_answer() {
    let bot = Bot::start("1002:a-group").await;
    let s = Scene::open(&bot.channel(&bot.url), &[]).await;
    let group = json!({ "id": -1_001_234_567_i64, "type": "supergroup", "title": "Quartiere" });
    bot.hears(&group, "Che bella giornata al parco").await;
    bot.hears(&group, &format!("Acme, {COMPLAINT}")).await;
    s.poll().await;
    assert_eq!(s.mentions().await, 2);
    assert_eq!(s.ntfy.delivered().len(), 1);
    s.publish_the_draft().await;
    let (_, replies) = bot.standing().await;
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert_eq!(replies[0]["message"]["chat_id"], -1_001_234_567_i64);
    s.case("answered").await;
}

/// The numbers that the bot's updates were asked for from, in order.
fn offsets(proxy: &Proxy) -> Vec<Option<i64>> {
    let asked = proxy.log.all().into_iter().filter(|passed| passed.path.ends_with("/getUpdates"));
    asked
        .map(|passed| {
            let body: Value = serde_json::from_slice(&passed.body).expect("a question in JSON");
            body["offset"].as_i64()
        })
        .collect()
}

#[tokio::test]
async fn only_what_was_committed_is_confirmed_over_a_restart_too() {
    let bot = Bot::start("1003:a-restart").await;
    let proxy = Proxy::start(&bot.url).await;
    let mut s = Scene::open(&bot.channel(&proxy.url), &[]).await;
    bot.hears(&private(), "Buongiorno, a che ora aprite domani?").await;
    s.poll().await;
    assert_eq!(s.mentions().await, 1);
    assert_eq!(offsets(&proxy), [None, None], "nothing was committed before these questions");
    s.restart().await;
    bot.hears(&private(), "E la domenica siete aperti?").await;
    s.poll().await;
    assert_eq!(s.mentions().await, 2, "each once");
    let (asked, _) = bot.standing().await;
    let next = |of: &Value| of["updateId"].as_i64().map(|number| number + 1);
    assert_eq!(offsets(&proxy), [None, None, next(&asked[0])]);
    // An answer that never comes confirms nothing: the same is asked for again.
    proxy.next(Method::POST, "/bot1003:a-restart/getUpdates", Trouble::CutAfter);
    s.poll().await;
    s.restart().await;
    s.poll().await;
    assert_eq!(offsets(&proxy)[3..], [next(&asked[1]), next(&asked[1])]);
    assert_eq!(s.mentions().await, 2);
}

#[tokio::test]
async fn an_alert_is_pressed_and_moves_in_its_place() {
    let bot = Bot::start("1004:a-desk").await;
    let more = format!(
        "[recipient.desk]\nnotifier = \"telegram\"\ntoken = \"{}\"\nchat = {JO}\nserver = \"{}\"\n",
        bot.token, bot.url
    );
    let script = json!({ "at": 2, "do": "post", "id": "p1", "author": "jo", "handle": "jo",
        "lang": "it", "text": format!("@acme {COMPLAINT}") });
    let (script, recipients) = (script.to_string(), ["desk"]);
    let plan = Plan { script: &script, recipients: &recipients, more: &more, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(4).await;
    let (_, told) = bot.standing().await;
    assert_eq!(told.len(), 1, "{told:?}");
    let message = &told[0]["message"];
    let data = message["reply_markup"]["inline_keyboard"][0][0]["callback_data"].clone();
    let press = json!({
        "botToken": bot.token, "data": data,
        "from": { "id": 42, "first_name": "Ada", "is_bot": false },
        "message": { "message_id": told[0]["messageId"], "date": 1, "chat": { "id": JO },
                     "reply_markup": message["reply_markup"] },
    });
    bot.ask("sendCallback", &press).await;
    let desk = &t.deps.recipients["desk"];
    let peer = Peer::Notifier(desk.notifier);
    let talk = {
        let owned = t.deps.engine.ctx(peer, &desk.link).await.unwrap();
        desk.notifier.hear(None, 0, &owned.cx()).unwrap()
    };
    let talk = t.deps.engine.begin(peer, &desk.link, talk, Purpose::Alert, None);
    let fetched = talk.finish().await.unwrap();
    let [press] = fetched.presses.as_slice() else { panic!("{fetched:?}") };
    let Pressed::Button(token) = &press.did else { panic!("{press:?}") };
    let button = t.deps.signer.check_button(token, "desk", t.deps.now()).unwrap();
    assert_eq!((press.by.as_str(), button.act), ("42", links::Act::Take));
    let done = Answer { text: "Preso in carico".into(), done: true, ..Answer::default() };
    let talk = {
        let owned = t.deps.engine.ctx(peer, &desk.link).await.unwrap();
        desk.notifier.answer(press, &done, &owned.cx()).unwrap()
    };
    t.deps.engine.begin(peer, &desk.link, talk, Purpose::Alert, None).finish().await.unwrap();
    t.act("p1", "ada", Act::Take).await.unwrap();
    let (_, told) = bot.standing().await;
    assert_eq!(told.len(), 1, "{told:?}");
    let text = told[0]["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("Preso in carico da ada: acme"), "{text}");
    t.close().await;
}
