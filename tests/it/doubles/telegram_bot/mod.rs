//! A Bot API server as a bot of alerts meets it: messages, buttons, presses, and nothing more.
//!
//! It refuses what the server refuses, in its words, and also what the server would pass over
//! (fields that it does not know). It keeps what stands, and finds in plain text what Telegram finds
//! there. Rules: core.telegram.org/bots/api (10.1) and the server's source.

mod house;

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use house::{House, Standing, shown};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One call of a method.
#[derive(Clone, Debug)]
pub struct Called {
    /// The method.
    pub method: String,
    /// Its parameters; null if they were no JSON.
    pub body: Value,
    /// Why it was refused.
    pub refused: Option<String>,
}

/// The server, with one bot.
pub struct TelegramBot {
    /// Its address.
    pub url: String,
    /// Every call.
    pub log: Log<Called>,
    /// What goes wrong below the API.
    pub script: Script,
    shared: Shared,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Called>,
    script: Script,
    token: Arc<str>,
    state: Arc<Mutex<House>>,
}

impl TelegramBot {
    /// Starts it; the bot has this token and was let into these chats.
    pub async fn start(token: &str, chats: &[i64]) -> TelegramBot {
        let house = House { chats: chats.iter().copied().collect(), ..House::default() };
        let shared = Shared {
            log: Log::default(),
            script: Script::default(),
            token: token.into(),
            state: Arc::new(Mutex::new(house)),
        };
        let router = Router::new().route("/{bot}/{method}", post(call));
        let server = Server::start(router.with_state(shared.clone())).await;
        TelegramBot {
            url: server.url.clone(),
            log: shared.log.clone(),
            script: shared.script.clone(),
            shared,
            _server: server,
        }
    }

    fn house(&self) -> MutexGuard<'_, House> {
        self.shared.house()
    }

    /// A topic is opened in the groups.
    pub fn open_topic(&self, topic: i64) {
        self.house().topics.insert(topic);
    }

    /// The bot is shown out of all chats, or let in again.
    pub fn shut_out(&self, out: bool) {
        self.house().shut_out = out;
    }

    /// A group becomes a supergroup.
    pub fn moves(&self, from: i64, to: i64) {
        self.house().moved.insert(from, to);
    }

    /// So many of the next writing calls are too much: wait for 14 seconds, each time.
    pub fn floods(&self, calls: u32) {
        self.house().floods = calls;
    }

    /// Somebody deletes a message.
    pub fn delete(&self, chat: i64, id: i64) {
        self.house().messages.remove(&(chat, id)).expect("there was one");
    }

    /// The bot's messages in a chat, oldest first.
    pub fn standing(&self, chat: i64) -> Vec<Standing> {
        let house = self.house();
        let of = house.messages.iter().filter(|((place, _), _)| *place == chat);
        of.map(|(_, message)| message.clone()).collect()
    }

    /// What appeared to those who pressed, in order.
    pub fn toasts(&self) -> Vec<Value> {
        self.house().toasts.clone()
    }

    /// Whom Telegram called because `@name` stood in a text.
    pub fn called(&self) -> Vec<String> {
        self.house().called.clone()
    }

    /// Somebody presses the button with this label. Gives the press's id.
    pub fn press(&self, chat: i64, id: i64, user: i64, label: &str) -> String {
        let message = self.house().messages.get(&(chat, id)).cloned().expect("it stands");
        let button = message.rows.iter().flatten().find(|button| button["text"] == label);
        let button = button.unwrap_or_else(|| panic!("no button {label}: {message:?}"));
        let data = button["callback_data"].as_str().expect("it is no link").to_owned();
        self.press_data(chat, id, user, &data)
    }

    /// Somebody's program claims that a button with this data was pressed.
    pub fn press_data(&self, chat: i64, id: i64, user: i64, data: &str) -> String {
        let mut house = self.house();
        house.numbers += 1;
        let (number, query) = (house.numbers, format!("query{}", house.numbers));
        let message = house.messages.get(&(chat, id)).map_or_else(
            || json!({ "chat": { "id": chat, "type": "supergroup" }, "message_id": id, "date": 0 }),
            |message| shown(chat, message),
        );
        house.updates.push(json!({ "update_id": 700_000 + number, "callback_query": {
            "id": query, "chat_instance": "5", "data": data, "message": message,
            "from": { "id": user, "is_bot": false, "first_name": format!("User {user}") },
        } }));
        house.open.insert(query.clone());
        query
    }
}

impl Shared {
    fn house(&self) -> MutexGuard<'_, House> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn call(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path((bot, method)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let trouble = shared.script.take();
    let read: Value = serde_json::from_slice(&body).unwrap_or_default();
    let stays_out = trouble.is_some_and(|trouble: Trouble| !trouble.carries_out());
    let answer = match bot.strip_prefix("bot") {
        Some(token) if token == &*shared.token && stays_out => Ok(Value::Null),
        Some(token) if token == &*shared.token => shared.house().carry_out(&method, &read),
        Some(token) if token.contains(':') => Err((401, "Unauthorized".to_owned(), Value::Null)),
        _ => Err((404, "Not Found".to_owned(), Value::Null)),
    };
    let refused = answer.as_ref().err().map(|(_, words, _)| words.clone());
    shared.log.add(Called { method, body: read, refused });
    through(trouble, &line, async {
        match answer {
            Ok(result) => Json(json!({ "ok": true, "result": result })).into_response(),
            Err((code, description, parameters)) => {
                let mut problem =
                    json!({ "ok": false, "error_code": code, "description": description });
                if !parameters.is_null() {
                    problem["parameters"] = parameters;
                }
                let status = StatusCode::from_u16(code).expect("a status that exists");
                (status, Json(problem)).into_response()
            }
        }
    })
    .await
}

#[tokio::test]
async fn it_refuses_what_the_server_refuses_and_keeps_what_stands() {
    let bot = TelegramBot::start("1:right", &[-5]).await;
    bot.open_topic(7);
    let client = super::client();
    let ask = async |token: &str, method: &str, body: &Value| {
        let request = client.post(format!("{}/bot{token}/{method}", bot.url));
        let answer = super::with_json(request, body).send().await;
        super::read_json(answer).await.unwrap()
    };
    let rows = json!([[{ "text": "Take", "callback_data": "t1" }]]);
    let good = json!({ "chat_id": -5, "text": "no parcel", "message_thread_id": 7,
        "reply_markup": { "inline_keyboard": rows } });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    let button = |button: Value| json!({ "inline_keyboard": [[button]] });
    for (bad, words) in [
        (json!([]), "no JSON object"),
        (with("parse_mode", json!("HTML")), "no parameter"),
        (with("text", json!(" ")), "text is empty"),
        (with("text", json!("😀".repeat(2_049))), "too long"),
        (with("chat_id", json!(5)), "chat not found"),
        (with("message_thread_id", json!(8)), "thread not found"),
        (with("reply_parameters", json!({ "message_id": 99 })), "replied not found"),
        (with("reply_markup", button(json!({ "text": "x" }))), "one thing"),
        (with("reply_markup", button(json!({ "text": "", "url": "https://a.b" }))), "empty"),
        (
            with("reply_markup", button(json!({ "text": "x", "callback_data": "x".repeat(65) }))),
            "BUTTON_DATA_INVALID",
        ),
        (
            with("reply_markup", button(json!({ "text": "x", "url": "http://localhost:7070/" }))),
            "Wrong HTTP URL",
        ),
    ] {
        let answer = ask("1:right", "sendMessage", &bad).await;
        assert!(answer["description"].as_str().unwrap().contains(words), "{words}: {answer}");
    }
    assert_eq!(ask("1:wrong", "sendMessage", &good).await["error_code"], 401);
    assert_eq!(ask("wrong", "sendMessage", &good).await["error_code"], 404);
    assert_eq!(ask("1:right", "sendPhoto", &good).await["error_code"], 404);
    bot.floods(1);
    assert_eq!(ask("1:right", "sendMessage", &good).await["parameters"]["retry_after"], 14);
    assert!(bot.standing(-5).is_empty());
    let sent = ask("1:right", "sendMessage", &good).await;
    let id = sent["result"]["message_id"].as_i64().unwrap();
    let edit = json!({ "chat_id": -5, "message_id": id, "text": "no parcel",
        "reply_markup": { "inline_keyboard": rows } });
    let same = ask("1:right", "editMessageText", &edit).await;
    assert!(same["description"].as_str().unwrap().contains("not modified"), "{same}");
    let query = bot.press(-5, id, 42, "Take");
    let get = |offset: i64| json!({ "offset": offset, "allowed_updates": ["callback_query"] });
    let updates = ask("1:right", "getUpdates", &get(0)).await;
    let update = &updates["result"][0];
    assert_eq!(update["callback_query"]["message"]["reply_markup"]["inline_keyboard"], rows);
    assert_eq!(ask("1:right", "getUpdates", &get(0)).await, updates, "until it is confirmed");
    let next = update["update_id"].as_i64().unwrap() + 1;
    assert_eq!(ask("1:right", "getUpdates", &get(next)).await["result"], json!([]));
    let toast = json!({ "callback_query_id": query, "text": "Taken" });
    assert_eq!(ask("1:right", "answerCallbackQuery", &toast).await["ok"], true);
    let again = ask("1:right", "answerCallbackQuery", &toast).await;
    assert!(again["description"].as_str().unwrap().contains("query is too old"), "{again}");
    let plain = json!({ "chat_id": -5, "message_id": id, "text": "Taken" });
    assert_eq!(ask("1:right", "editMessageText", &plain).await["ok"], true);
    assert_eq!(bot.standing(-5)[0].rows, Vec::<Vec<Value>>::new(), "no buttons, none are left");
    assert!(bot.called().is_empty());
    ask("1:right", "sendMessage", &with("text", json!("(@ada) a@b.example @\u{2060}bob"))).await;
    assert_eq!(bot.called(), ["ada"]);
    bot.delete(-5, id);
    let gone = ask("1:right", "editMessageText", &edit).await;
    assert!(gone["description"].as_str().unwrap().contains("to edit not found"), "{gone}");
}
