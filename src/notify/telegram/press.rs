//! Presses of buttons: fetching them, and telling whoever pressed what came of it.
//!
//! The cursor is the number of the update to ask for next. Telegram forgets whatever lies before the
//! number that it is asked for, and the number of what was carried out is sent with the next question
//! only. Numbers begin anew, at random, when nothing came for a week, so after six days without one
//! no number is sent.

use super::super::form::fitted;
use super::answer::{foreign, is_done, read};
use super::message::{Button, Keyboard, still};
use super::{Settings, TO_PRESS};
use crate::domain::text::one_line;
use crate::domain::time::DAY;
use crate::domain::{Instant, Lang};
use crate::speech::Catalogue;
use crate::wire::{
    Answer, Ask, Asks, Back, Ctx, Fault, Fetched, Form, Got, Press, Pressed, Step, Talk,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The most that is handed out at once.
const PAGE: usize = 100;
/// After so long without an update its number may be a new one.
const FORGET: i64 = 6 * DAY;
/// The longest that an answer may wait, in seconds: the engine's own patience ends at 30.
const LONGEST_WAIT: u32 = 20;
/// As whom administrators press who do not show themselves; it is the same everywhere.
const ANONYMOUS: i64 = 1_087_968_824;
/// The longest text that appears when a button was pressed.
const MOST_TOAST: usize = 200;
/// What a second press says. Nothing else is taken for what somebody said.
const SURE: &str = "sure";
const HOURS: [&str; 2] = ["1", "4"];
const MORNING: &str = "morning";

/// Where listening stands; as JSON it is the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The number to ask for next.
    next: i64,
    /// When an update was heard last.
    heard: Instant,
}

/// Fetches what was pressed.
pub(super) struct Listener {
    mark: Option<Mark>,
    /// The cursor as it came.
    cursor: String,
    wait_s: u32,
}

impl Listener {
    /// From the cursor on. Without one, or with one that cannot be read, from what waits there:
    /// it was pressed within a day, and below alerts of ours.
    pub(super) fn new(cursor: Option<&str>, wait_s: u32) -> Listener {
        let cursor = cursor.unwrap_or_default().to_owned();
        let mark = serde_json::from_str(&cursor).ok();
        Listener { mark, cursor, wait_s: wait_s.min(LONGEST_WAIT) }
    }
}

impl Talk<Fetched> for Listener {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Fetched> {
        #[derive(Serialize)]
        struct Question {
            #[serde(skip_serializing_if = "Option::is_none")]
            offset: Option<i64>,
            limit: usize,
            timeout: u32,
            allowed_updates: [&'static str; 1],
        }
        let question = Question {
            offset: self.mark.filter(|mark| cx.now - mark.heard < FORGET).map(|mark| mark.next),
            limit: PAGE,
            timeout: self.wait_s,
            allowed_updates: ["callback_query"],
        };
        Step::Ask(vec![cx.settings::<Settings>().ask("getUpdates", &question, 0, &[])])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Fetched>, Fault> {
        #[derive(Deserialize)]
        struct Updates {
            result: Vec<Box<RawValue>>,
        }
        #[derive(Deserialize)]
        struct Numbered {
            update_id: i64,
        }
        #[derive(Deserialize)]
        struct Update {
            callback_query: Option<Query>,
        }
        let Updates { result } = read(&got.http()?.body).ok_or_else(foreign)?;
        let numbers = result.iter().filter_map(|raw| read::<Numbered>(raw.get().as_bytes()));
        let Some(newest) = numbers.map(|update| update.update_id).max() else {
            if !result.is_empty() {
                return Err(Fault::bug("updates came without a single readable number"));
            }
            let cursor = self.cursor.clone();
            return Ok(Step::Done(Fetched { presses: Vec::new(), cursor }));
        };
        // What cannot be read is passed over: nobody could be told anything about it.
        let updates = result.iter().filter_map(|raw| read::<Update>(raw.get().as_bytes()));
        let queries = updates.filter_map(|update| update.callback_query);
        let presses = queries.filter_map(Query::press).collect();
        let mark = Mark { next: newest.saturating_add(1), heard: cx.now };
        let cursor = serde_json::to_string(&mark).unwrap_or_default();
        Ok(Step::Done(Fetched { presses, cursor }))
    }
}

/// A press as Telegram tells it. Whatever can be missing is optional.
#[derive(Deserialize)]
struct Query {
    id: String,
    from: User,
    message: Option<Shown>,
    data: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
}

/// The message with the button. Of one that Telegram no longer shows only the place is told, with a
/// date of 0.
#[derive(Deserialize)]
struct Shown {
    message_id: Option<i64>,
    chat: Chat,
    date: Option<i64>,
    #[serde(default)]
    is_topic_message: bool,
    message_thread_id: Option<i64>,
    #[serde(default)]
    reply_markup: Keyboard,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
}

impl Query {
    /// The press; `None` for what no button of ours brings.
    fn press(self) -> Option<Press> {
        let shown = self.message?;
        let (did, language) = pressed(&self.data?);
        let rows = shown.reply_markup.inline_keyboard;
        let told = rows
            .iter()
            .flatten()
            .find_map(|button| button.callback_data.as_deref().and_then(|data| pressed(data).1));
        let place = Place {
            query: self.id.clone(),
            chat: shown.chat.id,
            message: shown.message_id,
            topic: shown.message_thread_id.filter(|_| shown.is_topic_message),
            seen: shown.date != Some(0),
            rows,
            language: language.or(told).map(|language| language.as_str().to_owned()),
        };
        // Behind that number stands anybody who hides, so it may never be somebody's own.
        let by = if self.from.id == ANONYMOUS { String::new() } else { self.from.id.to_string() };
        let name = format!("{} {}", self.from.first_name, self.from.last_name);
        Some(Press {
            key: self.id,
            by,
            name: one_line(&name, 60),
            did,
            back: Back(serde_json::to_string(&place).unwrap_or_default()),
        })
    }
}

/// What a button's data says, and in which language the alert was told. What it says beside the
/// token is one of a few words that we wrote there; everything else is no button of ours, and its
/// token will not hold.
fn pressed(data: &str) -> (Pressed, Option<Lang>) {
    let (token, said) = data.split_once(':').unwrap_or((data, ""));
    let hours = HOURS.iter().any(|hours| said.strip_suffix('h') == Some(*hours));
    if hours || said == SURE || said == MORNING {
        let (button, said) = (token.to_owned(), said.to_owned());
        return (Pressed::Form { button, said }, None);
    }
    match Lang::SERVED.into_iter().find(|language| language.as_str() == said) {
        Some(language) => (Pressed::Button(token.to_owned()), Some(language)),
        None => (Pressed::Button(data.to_owned()), None),
    }
}

/// Where a press came from, kept for its answer.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    query: String,
    chat: i64,
    message: Option<i64>,
    topic: Option<i64>,
    /// Telegram still shows the message.
    seen: bool,
    rows: Vec<Vec<Button>>,
    language: Option<String>,
}

impl Place {
    fn of(press: &Press) -> Option<Place> {
        serde_json::from_str(&press.back.0).ok()
    }
}

/// Whether a press comes from the chat of these settings. Of a message that is no longer shown
/// nobody says in which topic it stands; its button's token tells.
pub(super) fn is_from(press: &Press, settings: &Settings) -> bool {
    Place::of(press).is_some_and(|place| {
        place.chat == settings.chat && (!place.seen || place.topic == settings.topic)
    })
}

/// Tells whoever pressed what came of it, and opens what is asked next.
pub(super) struct Told {
    asks: Vec<Ask>,
}

impl Told {
    /// `None` for a press that is not Telegram's.
    pub(super) fn new(press: &Press, answer: &Answer, settings: &Settings) -> Option<Told> {
        #[derive(Serialize)]
        struct Toast<'a> {
            callback_query_id: &'a str,
            text: String,
            /// In the middle of the screen, to be closed by hand.
            show_alert: bool,
        }
        let place = Place::of(press)?;
        let language = place.language.as_deref().and_then(Lang::parse).unwrap_or(Lang::EN);
        let words = Catalogue::of(language);
        // Without a name nobody acts, whatever was found out about the press.
        let hidden = press.by.is_empty();
        let form = answer.form.as_ref().filter(|_| !hidden);
        let text = match form {
            _ if hidden => words.get("alert.anonymous").to_owned(),
            Some(form) => question(form),
            None => answer.text.clone(),
        };
        let toast = Toast {
            callback_query_id: &place.query,
            text: fitted(&one_line(&text, MOST_TOAST), MOST_TOAST, str::to_owned),
            show_alert: hidden || (!answer.done && form.is_none()),
        };
        let mut asks = vec![settings.ask("answerCallbackQuery", &toast, 0, TO_PRESS)];
        asks.extend(form.and_then(|form| next(press, form, &answer.link, &place, words, settings)));
        Some(Told { asks })
    }
}

impl Talk<()> for Told {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<()> {
        Step::Ask(self.asks.clone())
    }

    fn read(&mut self, tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        is_done(&got.http()?)?;
        let more = usize::from(tag) + 1 < self.asks.len();
        Ok(if more { Step::Ask(Vec::new()) } else { Step::Done(()) })
    }
}

/// What is asked, on one line: what is public says so before it is done.
fn question(form: &Form) -> String {
    match form.asks {
        Asks::Sure => format!("{} {}", form.title, form.label),
        _ => form.title.clone(),
    }
}

/// Asks what the act needs: by more buttons, or by the way to the page where it is written.
fn next(
    press: &Press,
    form: &Form,
    link: &str,
    place: &Place,
    words: &Catalogue,
    settings: &Settings,
) -> Option<Ask> {
    #[derive(Serialize)]
    struct Markup {
        chat_id: i64,
        message_id: i64,
        reply_markup: Keyboard,
    }
    let choices = choices(form, link, words);
    if let (Some(message_id), true, true) = (place.message, place.seen, !choices.is_empty())
        && !place.rows.is_empty()
    {
        let mut rows: Vec<Vec<Button>> =
            place.rows.iter().filter(|row| !is_choice(row)).cloned().collect();
        rows.extend(choices);
        let reply_markup = Keyboard { inline_keyboard: rows };
        let markup = Markup { chat_id: place.chat, message_id, reply_markup };
        return Some(settings.ask("editMessageReplyMarkup", &markup, 1, TO_PRESS));
    }
    let who = still(&one_line(&press.name, 60));
    let title = still(&one_line(&question(form), 300));
    let mut text = if who.is_empty() { title } else { format!("{who}: {title}") };
    let mut rows = choices;
    if rows.is_empty() {
        match Button::open(words.get("alert.open"), link) {
            Some(open) => rows.push(vec![open]),
            // The toast has said what is asked; there is no way to it from here.
            None if link.is_empty() => return None,
            None => text = format!("{text}\n{link}"),
        }
    }
    let keyboard = (!rows.is_empty()).then_some(Keyboard { inline_keyboard: rows });
    let mut message = settings.new_message(text);
    if let Some(id) = place.message {
        message = message.below(id);
    }
    Some(settings.ask("sendMessage", &message.with(keyboard), 1, TO_PRESS))
}

/// What is chosen by a second press; nothing where something must be written.
fn choices(form: &Form, link: &str, words: &Catalogue) -> Vec<Vec<Button>> {
    let choice = |label: &str, said: &str| Button::press(label, format!("{}:{said}", form.button));
    let rows = match form.asks {
        Asks::Sure => vec![vec![choice(&format!("✓ {}", form.send), SURE)]],
        Asks::Until => {
            let hours = |n: &&str| {
                let label = words.fill("link.until_hours", &[("count", *n)]);
                choice(&label, &format!("{n}h"))
            };
            let morning = choice(words.get("link.until_morning"), MORNING);
            let day = Button::open(words.get("link.until_day"), link);
            vec![HOURS.iter().map(hours).collect(), vec![morning, day]]
        }
        _ => Vec::new(),
    };
    let rows = rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>());
    rows.filter(|row| is_choice(row)).collect()
}

/// Whether a row of buttons was opened by a press.
fn is_choice(row: &[Button]) -> bool {
    let data = row.iter().filter_map(|button| button.callback_data.as_deref());
    data.map(pressed).any(|(did, _)| matches!(did, Pressed::Form { .. }))
}

#[cfg(test)]
mod tests;
